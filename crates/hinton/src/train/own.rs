//! Reads the user's own training data: a file of arrays or a table, with inputs and labels chosen
//! by name.

use std::path::Path;

use hinton_format::{Checkpoint, Limits};
use hinton_net::Shape;
use hinton_net::data::{DataSet, Inputs};
use hinton_tensor::{Dtype, Tensor};

use crate::Error;
use hinton_draw::training::Columns;

/// Most values of inputs that are taken.
const MOST_VALUES: u64 = 1 << 30;
/// Most classes.
const MOST_CLASSES: usize = 1000;
/// What stands before the names of columns of words in the metadata of a table.
const WORDS: &str = "text.";
/// Names that inputs often have, and labels.
const INPUTS: [&str; 10] = [
    "x_train",
    "X_train",
    "train_images",
    "x",
    "X",
    "images",
    "data",
    "inputs",
    "features",
    "input",
];
const LABELS: [&str; 12] = [
    "y_train",
    "train_labels",
    "y",
    "Y",
    "labels",
    "label",
    "target",
    "targets",
    "class",
    "classes",
    "species",
    "category",
];

/// The user's own training data.
#[derive(Debug)]
pub struct Own {
    /// The points.
    pub data: DataSet,
    /// What was assumed, one sentence each.
    pub notes: Vec<String>,
}

/// Reads training data from any file that [`open`](crate::open) reads: an array, or columns, of
/// inputs and one of labels.
///
/// Bytes are divided by 255. Arrays of three axes are pictures `[points, height, width]`, those of
/// four `[points, channels, height, width]`. Labels are whole numbers, or one column per class.
///
/// # Errors
/// Returns an error if a name is missing (the error lists the existing ones), the numbers of points
/// differ, or a value is not finite.
pub fn own(path: &Path, columns: &Columns) -> Result<Own, Error> {
    let file = hinton_format::open(path, &Limits::default())?;
    let mut own = own_of(&file, columns)?;
    own.data.name = path.file_name().unwrap_or(path.as_os_str()).to_string_lossy().into_owned();
    Ok(own)
}

/// As [`own`], for an open file or for arrays in memory.
///
/// # Errors
/// Returns the errors of [`own`].
pub fn own_of(file: &Checkpoint, columns: &Columns) -> Result<Own, Error> {
    let path = Path::new(&file.path);
    let mut notes: Vec<String> = file.warnings.iter().map(ToString::to_string).collect();
    let source = Source { path, file, table: table(file)? };
    let (inputs, labels) = match &source.table {
        Some(table) => source.columns(table, columns, &mut notes)?,
        None => source.arrays(columns, &mut notes)?,
    };
    let (labels, classes) = classes(labels, path)?;
    let (input, inputs, count) = points(inputs, path, &mut notes)?;
    if count != labels.len() {
        return Err(Error::unfit(
            format!("{}: {count} points, but {} labels", path.display(), labels.len()),
            "choose arrays of as many rows with `inputs` and `labels`",
        ));
    }
    let name = file.path.clone();
    Ok(Own { data: DataSet { name, input, classes, inputs, labels }, notes })
}

/// Inputs before they are points.
enum Given {
    Array(Tensor),
    Table { width: usize, values: Vec<f64>, names: Vec<String> },
}

/// Labels before they are classes.
enum Marks {
    Numbers(Vec<f64>),
    Names(Vec<String>),
}

/// A table: names of its columns, perhaps names of its rows, and its values.
struct Table {
    names: Vec<String>,
    rows: Option<Vec<String>>,
    /// Columns of words: their names and what stands in them.
    words: Vec<(String, Vec<String>)>,
    tensor: Tensor,
}

fn table(file: &Checkpoint) -> Result<Option<Table>, Error> {
    let texts = |key: &str| {
        let text = file.metadata.iter().find(|(name, _)| name == key).map(|(_, value)| value)?;
        serde_json::from_str::<Vec<String>>(text).ok()
    };
    let [tensor] = &file.tensors[..] else { return Ok(None) };
    let [_, columns] = tensor.shape()[..] else { return Ok(None) };
    if file.format != "csv" {
        return Ok(None);
    }
    let names = texts("columns").filter(|names| names.len() == columns);
    let names = names.unwrap_or_else(|| (0..columns).map(|column| column.to_string()).collect());
    let words = file
        .metadata
        .iter()
        .filter_map(|(key, _)| Some((key.strip_prefix(WORDS)?.to_owned(), texts(key)?)));
    let words = words.collect();
    Ok(Some(Table { names, rows: texts("rows"), words, tensor: tensor.clone() }))
}

struct Source<'a> {
    path: &'a Path,
    file: &'a Checkpoint,
    table: Option<Table>,
}

impl Source<'_> {
    fn missing(&self, what: &str, name: &str, there: &[String]) -> Error {
        let message = format!("{}: there is no {what} {name:?}", self.path.display());
        Error::missing(message, format!("there are {}", there.join(", ")))
    }

    /// Inputs and labels of a table.
    fn columns(
        &self,
        table: &Table,
        asked: &Columns,
        notes: &mut Vec<String>,
    ) -> Result<(Given, Marks), Error> {
        let all: Vec<String> =
            table.names.iter().chain(table.words.iter().map(|words| &words.0)).cloned().collect();
        let words = |name: &str| table.words.iter().find(|words| words.0 == name.trim());
        let find = |name: &str| {
            if let (Some((name, words)), None) =
                (words(name), table.names.iter().position(|own| own == name.trim()))
            {
                let first = words.first().map_or("", String::as_str);
                let message =
                    format!("{}: column {name} holds words: {first:?}", self.path.display());
                return Err(Error::unfit(message, "inputs are numbers; words can be labels"));
            }
            let at = table.names.iter().position(|own| own == name.trim());
            at.ok_or_else(|| self.missing("column", name.trim(), &all))
        };
        let width = table.names.len();
        let values = table.tensor.to_f64()?;
        let column = |at: usize| values.iter().skip(at).step_by(width).copied().collect::<Vec<_>>();
        let guessed = LABELS.iter().find_map(|name| table.names.iter().position(|own| own == name));
        let known = LABELS.iter().find_map(|name| words(name));
        let named = match (&asked.labels, guessed, table.words.as_slice()) {
            (Some(name), ..) => words(name),
            (None, None, [only]) if table.rows.is_none() && known.is_none() => {
                notes.push(format!("the words of column {} are taken as labels", only.0));
                Some(only)
            }
            (None, None, _) => known,
            (None, Some(_), _) => None,
        };
        let (label, marks) = match (&asked.labels, guessed, &table.rows) {
            _ if named.is_some() => (None, named.map(|words| Marks::Names(words.1.clone()))),
            (Some(name), ..) => (Some(find(name)?), None),
            (None, Some(at), _) => (Some(at), None),
            (None, None, Some(rows)) => {
                notes.push("the names of the rows are taken as labels".to_owned());
                (None, Some(Marks::Names(rows.clone())))
            }
            (None, None, None) => {
                let last = width - 1;
                notes.push(format!(
                    "the last column, {}, is taken as the label; `labels=NAME` chooses another",
                    table.names[last]
                ));
                (Some(last), None)
            }
        };
        let inputs: Vec<usize> = match &asked.inputs {
            Some(names) => names.split(',').map(find).collect::<Result<_, _>>()?,
            None => (0..width).filter(|at| Some(*at) != label).collect(),
        };
        if inputs.is_empty() {
            let message = format!("{}: no column is left for inputs", self.path.display());
            return Err(Error::unfit(message, "name them: `inputs=a,b`"));
        }
        let rows = values.chunks_exact(width);
        let kept = rows.flat_map(|row| inputs.iter().map(|at| row[*at])).collect();
        let names = inputs.iter().map(|at| table.names[*at].clone()).collect();
        let marks = match (marks, label) {
            (Some(marks), _) => marks,
            (None, Some(label)) => Marks::Numbers(column(label)),
            (None, None) => Marks::Numbers(Vec::new()),
        };
        Ok((Given::Table { width: inputs.len(), values: kept, names }, marks))
    }

    /// Inputs and labels that are arrays.
    fn arrays(&self, asked: &Columns, notes: &mut Vec<String>) -> Result<(Given, Marks), Error> {
        let tensors = &self.file.tensors;
        let there: Vec<String> =
            tensors.iter().map(|t| format!("{} {:?}", t.name(), t.shape())).collect();
        let named = |name: &str| {
            let found = tensors.iter().find(|tensor| tensor.name() == name);
            found.cloned().ok_or_else(|| self.missing("array", name, &there))
        };
        let guess = |names: &[&str]| {
            names
                .iter()
                .find_map(|name| tensors.iter().find(|tensor| tensor.name() == *name))
                .cloned()
        };
        let labels = match &asked.labels {
            Some(name) if tensors.iter().any(|tensor| tensor.name() == name) => Some(named(name)?),
            Some(name) => match hinton_format::open(Path::new(name), &Limits::default()) {
                Ok(file) => file.tensors.into_iter().next(),
                Err(_) if there.len() > 1 => return Err(self.missing("array", name, &there)),
                Err(error) => return Err(error.into()),
            },
            None => guess(&LABELS),
        };
        let inputs = match &asked.inputs {
            Some(name) => Some(named(name)?),
            None => guess(&INPUTS).or_else(|| {
                let other = |tensor: &&Tensor| {
                    labels.as_ref().is_none_or(|labels| labels.name() != tensor.name())
                        && tensor.shape().len() >= 2
                };
                let mut others = tensors.iter().filter(other);
                let first = others.next().cloned();
                first.filter(|_| others.next().is_none())
            }),
        };
        let (Some(inputs), Some(labels)) = (inputs, labels) else {
            return Err(Error::unfit(
                format!(
                    "{}: which array holds the inputs, and which the labels? There are {}",
                    self.path.display(),
                    there.join(", ")
                ),
                "name them: `inputs=x` `labels=y`; labels may be a file of their own",
            ));
        };
        if asked.inputs.is_none() || asked.labels.is_none() {
            let (inputs, labels) = (inputs.name(), labels.name());
            notes.push(format!("{inputs} is taken as the inputs, {labels} as the labels"));
        }
        Ok((Given::Array(inputs), Marks::Numbers(flat_labels(&labels)?)))
    }
}

/// One number for each point: labels as they are, or the place of the largest of a row.
fn flat_labels(labels: &Tensor) -> Result<Vec<f64>, Error> {
    let values = labels.to_f64()?;
    match labels.shape() {
        [_] | [_, 1] => Ok(values),
        [_, classes] => {
            let best = |row: &[f64]| {
                let largest = row.iter().copied().fold(f64::NEG_INFINITY, f64::max);
                row.iter().position(|value| *value == largest).unwrap_or(0) as f64
            };
            Ok(values.chunks_exact((*classes).max(1)).map(best).collect())
        }
        shape => Err(Error::unfit(
            format!("labels {} have shape {shape:?}", labels.name()),
            "labels are one whole number for each point, or one column for each class",
        )),
    }
}

/// Labels as classes: numbers in their order, names in the order of the alphabet.
fn classes(marks: Marks, path: &Path) -> Result<(Vec<u32>, Vec<String>), Error> {
    let wrong = |message: String| {
        let message = format!("{}: {message}", path.display());
        Err(Error::unfit(message, "labels are classes: a few whole numbers or names"))
    };
    let names: Vec<String> = match marks {
        Marks::Names(names) => names,
        Marks::Numbers(numbers) => {
            if let Some(at) = numbers.iter().position(|x| x.fract() != 0.0 || !x.is_finite()) {
                return wrong(format!("label {at} is {}, no whole number", numbers[at]));
            }
            numbers.iter().map(ToString::to_string).collect()
        }
    };
    let mut classes = names.clone();
    classes.sort_by(|a, b| hinton_run::natural_cmp(a, b).then_with(|| a.cmp(b)));
    classes.dedup();
    if classes.len() < 2 || classes.len() > MOST_CLASSES {
        return wrong(format!(
            "the labels are {} classes, expected 2 to {MOST_CLASSES}",
            classes.len()
        ));
    }
    let place = |name: &String| classes.iter().position(|class| class == name).unwrap_or(0) as u32;
    Ok((names.iter().map(place).collect(), classes))
}

/// The points, what one is, and how many there are.
fn points(
    given: Given,
    path: &Path,
    notes: &mut Vec<String>,
) -> Result<(Shape, Inputs, usize), Error> {
    let finite = |values: &[f32], width: usize, names: &[String]| {
        let Some(at) = values.iter().position(|value| !value.is_finite()) else { return Ok(()) };
        let (row, column) = (at / width.max(1), at % width.max(1));
        let column = names.get(column).cloned().unwrap_or_else(|| column.to_string());
        Err(Error::unfit(
            format!("{}: point {row} has {} in column {column}", path.display(), values[at]),
            "leave out or fill in what is missing before training",
        ))
    };
    let tensor = match given {
        Given::Table { width, values, names } => {
            let values: Vec<f32> = values.into_iter().map(|value| value as f32).collect();
            finite(&values, width, &names)?;
            let count = values.len() / width;
            return Ok((Shape::Flat(width), Inputs::new(width, values), count));
        }
        Given::Array(tensor) => tensor,
    };
    if tensor.elements() > MOST_VALUES {
        let message =
            format!("{}: {} has {} values", path.display(), tensor.name(), tensor.elements());
        return Err(Error::unfit(message, format!("at most {MOST_VALUES} are trained on")));
    }
    let (tensor, shape) = match *tensor.shape() {
        [_, width] => (tensor, Shape::Flat(width)),
        [_, height, width] => (tensor, Shape::Image { channels: 1, height, width }),
        [_, height, width, channels @ (1 | 3 | 4)] => {
            (tensor.permute(&[0, 3, 1, 2])?, Shape::Image { channels, height, width })
        }
        [_, channels, height, width] => (tensor, Shape::Image { channels, height, width }),
        ref shape => {
            let message = format!("inputs {} have shape {shape:?}", tensor.name());
            let help = "inputs are [points, values], or pictures [points, height, width]";
            return Err(Error::unfit(message, help));
        }
    };
    let (count, width) = (tensor.shape()[0], shape.width());
    if tensor.dtype() == Dtype::U8 {
        notes.push("bytes are divided by 255".to_owned());
        return Ok((shape, Inputs::of_bytes(width, &tensor.packed_bytes()?, 255.0), count));
    }
    let values = tensor.to_f32()?;
    finite(&values, width, &[])?;
    Ok((shape, Inputs::new(width, values), count))
}
