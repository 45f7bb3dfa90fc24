//! Reads points and their labels from a file, or labels from a file next to it.

use std::path::{Path, PathBuf};

use hinton_format::Checkpoint;
use hinton_tensor::{Dtype, Tensor};
use hinton_weights::{Error, is_file};

use super::points::too_many;
use super::{Normalize, PointRequest, PointSet, Values};

/// Names of a file of points and of the file of their labels, by what differs.
const LABELS_BESIDE: &[(&str, &str)] = &[
    ("images-idx3", "labels-idx1"),
    ("images-idx4", "labels-idx1"),
    ("images", "labels"),
    ("features", "labels"),
    ("inputs", "labels"),
    ("inputs", "targets"),
    ("points", "labels"),
    ("x_", "y_"),
    ("X_", "y_"),
    ("_x", "_y"),
    ("_X", "_y"),
];
/// A packed file may lie beside one that is not.
const PACKED: &str = ".gz";
/// Most distinct words of a column that is taken as labels.
const MOST_WORDS: usize = 256;

/// Labels before they are classes.
enum Marks {
    Numbers(Vec<f64>),
    Words(Vec<String>),
}

/// The points of a file, its labels if there are any, and where those were found.
struct Found {
    points: Tensor,
    labels: Option<(Marks, String)>,
}

/// The rows of `width` values of a file, perhaps with one more for the label.
pub(super) fn points(path: &Path, request: &PointRequest, width: usize) -> Result<PointSet, Error> {
    points_in(&hinton_weights::open(path)?, Some(path), request, width)
}

/// The same of what has been opened; `path` is the file beside which labels may lie.
pub(super) fn points_in(
    file: &Checkpoint,
    path: Option<&Path>,
    request: &PointRequest,
    width: usize,
) -> Result<PointSet, Error> {
    let name = file.path.clone();
    let Found { points: tensor, labels: own_labels } = found(file, width)?;
    let shape = tensor.shape().to_vec();
    let rows = shape.first().copied().unwrap_or(0);
    let found: usize = shape.iter().skip(1).product();
    let has_labels = found == width + 1 && shape.len() == 2;
    if !(found == width || has_labels || (shape.len() == 1 && width == 1)) {
        return Err(Error::unfit(
            format!(
                "{name}: points of the wrong width: the network takes {width} values a point, the \
                 file has shape {}",
                hinton_chart::shape_text(&shape)
            ),
            format!("give rows of {width} values, or of {} with a label in the last", width + 1),
        ));
    }
    let kept = request.count.map_or(rows, |count| count.min(rows));
    if kept.saturating_mul(found.max(1)) > 1 << 31 {
        return Err(too_many(kept));
    }
    let part = match kept < rows {
        true => tensor.slice(&first_rows(kept)?)?,
        false => tensor.clone(),
    };
    let mut values = match part.dtype() {
        // Held as they are in the file: many points are long lists.
        Dtype::F32 | Dtype::F16 | Dtype::Bf16 => Values::from(part.to_f32()?),
        _ => Values::from(part.to_f64()?),
    };
    // In pictures the folder is of no interest.
    let shown = path.and_then(Path::file_name);
    let shown = shown.map_or(name.clone(), |file| file.to_string_lossy().into_owned());
    let mut notes = Vec::new();
    if kept < rows {
        notes.push(format!("{shown}: the first {kept} of {rows} points"));
    }
    let mut labels = None;
    if has_labels {
        labels = Some(classes(&values.map_rows(found, [width; 2], |label, _| label), &name)?);
        values = match values {
            Values::F32(values) => without_last(&values, found).into(),
            Values::F64(values) => without_last(&values, found).into(),
        };
        notes.push(format!("{shown}: the last of {found} columns is taken as the label"));
    } else if request.labels.is_none() {
        let marks = own_labels.or_else(|| beside(path?, rows));
        if let Some((marks, from)) = marks.filter(|(marks, _)| marks.len() >= kept) {
            labels = Some(marks.first(kept).classes(&from)?);
            // Of labels that were given beside the points there is nothing to say.
            notes.extend(path.map(|_| format!("labels from {from}")));
        }
    }
    let is_bytes = tensor.dtype() == Dtype::U8;
    if is_bytes && request.normalize != Normalize::Raw {
        values = values.iter().map(|value| value / 255.0).collect::<Vec<f64>>().into();
        notes.push(format!("{shown}: bytes are divided by 255"));
    }
    if let Some(path) = &request.labels {
        let column = only_tensor(&hinton_weights::open(path)?)?.to_f64()?;
        if column.len() < kept {
            return Err(Error::unfit(
                format!(
                    "{}: expected a label for each of {kept} points, found {}",
                    path.display(),
                    column.len()
                ),
                "",
            ));
        }
        labels = Some(classes(&column[..kept], &path.display().to_string())?);
    }
    if let (Some((_, names)), Some(path)) = (&mut labels, path) {
        name_classes(path, names);
    }
    let mut set = PointSet::new(shown, width, values);
    set.labels = labels;
    set.image = match shape[..] {
        [_, height, width] | [_, 1, height, width] | [_, height, width, 1] => Some((height, width)),
        _ => None,
    };
    set.is_bytes = is_bytes;
    set.notes = notes;
    Ok(set)
}

impl Marks {
    fn len(&self) -> usize {
        match self {
            Marks::Numbers(numbers) => numbers.len(),
            Marks::Words(words) => words.len(),
        }
    }

    fn first(mut self, count: usize) -> Self {
        match &mut self {
            Marks::Numbers(numbers) => numbers.truncate(count),
            Marks::Words(words) => words.truncate(count),
        }
        self
    }

    fn classes(self, name: &str) -> Result<(Vec<u32>, Vec<String>), Error> {
        let words = match self {
            Marks::Numbers(numbers) => return classes(&numbers, name),
            Marks::Words(words) => words,
        };
        let mut names = words.clone();
        names.sort_by(|a, b| hinton_run::natural_cmp(a, b).then_with(|| a.cmp(b)));
        names.dedup();
        let place = |word: &String| names.iter().position(|name| name == word).unwrap_or(0) as u32;
        Ok((words.iter().map(place).collect(), names))
    }
}

/// The names of the classes of a data set that is known by the name of its folder.
fn name_classes(path: &Path, names: &mut Vec<String>) {
    let folder = path.parent().and_then(Path::file_name).and_then(|name| name.to_str());
    let Some(row) = folder.and_then(hinton_weights::data_sets::row) else { return };
    let known = row.classes();
    let are_numbers = names.iter().enumerate().all(|(at, name)| name.parse() == Ok(at));
    if are_numbers && known.len() == names.len() {
        *names = known.iter().map(ToString::to_string).collect();
    }
}

/// The labels in a file beside the points, where its name says that it holds them and their number
/// fits.
fn beside(path: &Path, rows: usize) -> Option<(Marks, String)> {
    let candidates = names_beside(path);
    let path = candidates.into_iter().find(|candidate| is_file(candidate))?;
    let file = hinton_weights::open(&path).ok()?;
    let [tensor] = file.tensors.as_slice() else { return None };
    if tensor.shape() != [rows] || !tensor.dtype().is_integer() {
        return None;
    }
    let name = path.file_name()?.to_string_lossy().into_owned();
    Some((Marks::Numbers(tensor.to_f64().ok()?), name))
}

/// What a file of labels beside that of the points would be called.
fn names_beside(path: &Path) -> Vec<PathBuf> {
    let Some(name) = path.file_name().and_then(|name| name.to_str()) else { return Vec::new() };
    let mut found = Vec::new();
    for (points, labels) in LABELS_BESIDE {
        if !name.contains(points) {
            continue;
        }
        let other = name.replacen(points, labels, 1);
        let packed = match other.strip_suffix(PACKED) {
            Some(plain) => plain.to_owned(),
            None => format!("{other}{PACKED}"),
        };
        found.extend([path.with_file_name(other), path.with_file_name(packed)]);
    }
    found
}

/// Rows of `width` numbers without their last.
fn without_last<T: Copy>(values: &[T], width: usize) -> Vec<T> {
    values.chunks_exact(width).flat_map(|row| &row[..width - 1]).copied().collect()
}

fn first_rows(count: usize) -> Result<hinton_tensor::Slice, Error> {
    let text = format!("[:{count}]");
    text.parse().map_err(|error| Error::request(format!("`count={count}`: {error}"), ""))
}

/// The points of a file: its only table, or the one array whose rows have the right width, with the
/// one array of whole numbers that has one for each of them.
fn found(file: &Checkpoint, width: usize) -> Result<Found, Error> {
    if let [tensor] = file.tensors.as_slice() {
        let labels = words(file, tensor.shape().first().copied().unwrap_or(0));
        return Ok(Found { points: tensor.clone(), labels });
    }
    let fits = |tensor: &&Tensor| {
        let shape = tensor.shape();
        shape.len() >= 2 && shape[1..].iter().product::<usize>() == width
    };
    let all: Vec<&Tensor> = file.tensors.iter().filter(fits).collect();
    // Of those to train on and those to test with, the latter are for looking.
    let for_tests: Vec<&Tensor> =
        all.iter().copied().filter(|tensor| tensor.name().contains("test")).collect();
    let points = match (all.as_slice(), for_tests.as_slice()) {
        ([only], _) | (_, [only]) => (*only).clone(),
        _ => return Ok(Found { points: only_table(file)?, labels: None }),
    };
    let is_label =
        |tensor: &&Tensor| tensor.shape() == [points.shape()[0]] && tensor.dtype().is_integer();
    let mut labels = file.tensors.iter().filter(is_label);
    let labels = match (labels.next(), labels.next()) {
        (Some(labels), None) => Some((Marks::Numbers(labels.to_f64()?), labels.name().to_owned())),
        _ => None,
    };
    Ok(Found { points, labels })
}

/// The only column of words of a table, where it has few different ones.
fn words(file: &Checkpoint, rows: usize) -> Option<(Marks, String)> {
    if file.format != "csv" {
        return None;
    }
    let mut columns = file.metadata.iter().filter_map(|(key, text)| {
        Some((key.strip_prefix("text.")?, serde_json::from_str::<Vec<String>>(text).ok()?))
    });
    let (name, words) = columns.next().filter(|(_, words)| words.len() == rows)?;
    let mut distinct: Vec<&String> = words.iter().collect();
    distinct.sort_unstable();
    distinct.dedup();
    let are_few = distinct.len() <= MOST_WORDS && distinct.len() * 2 <= rows.max(2);
    (columns.next().is_none() && are_few)
        .then(|| (Marks::Words(words.clone()), format!("column {name}")))
}

/// The only tensor with rows, whose width is looked at later, or the one tensor.
fn only_table(file: &Checkpoint) -> Result<Tensor, Error> {
    let mut tables = file.tensors.iter().filter(|tensor| tensor.shape().len() >= 2);
    match (tables.next(), tables.next()) {
        (Some(table), None) => Ok(table.clone()),
        _ => only_tensor(file),
    }
}

/// The one tensor of a file.
fn only_tensor(checkpoint: &Checkpoint) -> Result<Tensor, Error> {
    match checkpoint.tensors.as_slice() {
        [tensor] => Ok(tensor.clone()),
        [] => Err(Error::unfit(format!("{}: the file holds no numbers", checkpoint.path), "")),
        several => {
            let names: Vec<&str> = several.iter().take(5).map(Tensor::name).collect();
            Err(Error::unfit(
                format!(
                    "{}: expected one table of points, found {} tensors ({} …)",
                    checkpoint.path,
                    several.len(),
                    names.join(", ")
                ),
                "export the one that holds the points to a file of its own, such as points.npy",
            ))
        }
    }
}

/// Whole numbers as classes.
fn classes(column: &[f64], name: &str) -> Result<(Vec<u32>, Vec<String>), Error> {
    let mut distinct: Vec<i64> = Vec::with_capacity(column.len());
    for (at, &value) in column.iter().enumerate() {
        if value.fract() != 0.0 || value.abs() > 1e15 || value.is_nan() {
            return Err(Error::unfit(
                format!("{name}: the label of point {at} is {value}: expected a whole number"),
                "leave the column out, or color by `color=coordinate:K`",
            ));
        }
        distinct.push(value as i64);
    }
    let all = distinct.clone();
    distinct.sort_unstable();
    distinct.dedup();
    let place = |value: i64| distinct.binary_search(&value).unwrap_or(0) as u32;
    let classes = all.into_iter().map(place).collect();
    Ok((classes, distinct.iter().map(i64::to_string).collect()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_are_looked_for_under_the_names_that_people_give_them() {
        let names = |file: &str| -> Vec<String> {
            let found = names_beside(&Path::new("data").join(file));
            found.iter().map(|path| path.display().to_string()).collect()
        };
        let mnist = names("t10k-images-idx3-ubyte.gz");
        assert_eq!(mnist[..2], ["data/t10k-labels-idx1-ubyte.gz", "data/t10k-labels-idx1-ubyte"]);
        assert!(names("x_test.npy").contains(&"data/y_test.npy".to_owned()));
        assert!(names("weights.npy").is_empty());
    }
}
