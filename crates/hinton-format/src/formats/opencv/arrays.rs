//! The arrays of a FileStorage: its matrices, and its sequences of numbers, put together where they
//! are alike.

use std::collections::BTreeMap;

use hinton_tensor::{Dtype, element_count};

use super::number::{base64_len, count, dtype, number, words};
use super::tree::{Kind, Label, Place};
use crate::formats::notes::{Skipped, check_path};
use crate::{Error, ErrorKind, Limits};

/// A stretch of the text that says some values.
#[derive(Debug, Clone)]
pub(super) struct Piece {
    pub(super) start: u32,
    pub(super) end: u32,
    /// Whether it is base64, whose first bytes repeat the type.
    pub(super) is_binary: bool,
}

/// Values in the order of the text.
#[derive(Debug)]
pub(super) struct Array {
    /// Without axes where it is a single number.
    pub(super) shape: Vec<usize>,
    pub(super) dtype: Dtype,
    pub(super) pieces: Vec<Piece>,
}

/// Arrays by their place below a node.
type Placed = Vec<(String, Array)>;

/// From how many on matrices that differ in their number of rows are put one below another.
const MANY: usize = 64;

pub(super) struct Arrays<'a> {
    limits: &'a Limits,
    /// Bytes of names that may still be made: a name may stand before those of many.
    names: u64,
    pub(super) skipped: Skipped,
    /// Single texts by their places.
    pub(super) texts: Vec<(String, String)>,
}

/// What is wrong with a node.
fn wrong(place: Place<'_>, why: String) -> Error {
    Error::malformed(why).at_byte(place.range().start.into())
}

impl<'a> Arrays<'a> {
    pub(super) fn new(limits: &'a Limits) -> Self {
        let (skipped, texts) = (Skipped::default(), Vec::new());
        Arrays { limits, names: limits.header_bytes, skipped, texts }
    }

    /// All arrays at and below a node. `path` is its own place, as far as that is known.
    pub(super) fn of(&mut self, place: Place<'_>, path: &str) -> Result<Placed, Error> {
        let range = place.range();
        let alone = |shape: Vec<usize>, is_real: bool| {
            let dtype = if is_real { Dtype::F64 } else { Dtype::I32 };
            let pieces = vec![Piece { start: range.start, end: range.end, is_binary: false }];
            vec![(String::new(), Array { shape, dtype, pieces })]
        };
        Ok(match (place.label(), place.kind()) {
            (Label::Matrix | Label::NdMatrix, Kind::Map) => {
                let matrix = self.matrix(place, path).map_err(|error| error.for_tensor(path))?;
                matrix.map(|array| (String::new(), array)).into_iter().collect()
            }
            (Label::Sparse, _) => {
                self.skipped.add(path, "skipped: it is sparse");
                Vec::new()
            }
            (_, Kind::Number { is_real }) => alone(Vec::new(), is_real),
            (_, Kind::Numbers { count, is_real }) => alone(vec![count as usize], is_real),
            (_, Kind::Map) => self.map(place, path)?,
            (_, Kind::Sequence) => self.sequence(place, path)?,
            (_, Kind::Text) => {
                self.text(place, path);
                Vec::new()
            }
            (_, Kind::Binary) => {
                self.skipped.add(path, "skipped: bytes of no matrix");
                Vec::new()
            }
        })
    }

    /// Keeps a text that says something of what is around it.
    fn text(&mut self, place: Place<'_>, path: &str) {
        const LONGEST: usize = 400;
        let text = place.text();
        let is_kept =
            !text.is_empty() && text.len() <= LONGEST && self.texts.len() < super::MOST_TEXTS;
        if is_kept && let Ok(text) = std::str::from_utf8(text) {
            self.texts.push((path.to_owned(), text.to_owned()));
        }
    }

    /// A name below another.
    fn joined(&mut self, path: &str, name: &str) -> Result<String, Error> {
        let joined = match (path, name) {
            ("", name) => name.to_owned(),
            (path, "") => path.to_owned(),
            _ => format!("{path}.{name}"),
        };
        check_path(&joined)?;
        self.names = self.names.checked_sub(joined.len() as u64).ok_or_else(|| {
            let limit = self.limits.header_bytes;
            Error::new(
                ErrorKind::Limit,
                format!("its names have more than {limit} bytes, the limit"),
            )
        })?;
        Ok(joined)
    }

    fn map(&mut self, place: Place<'_>, path: &str) -> Result<Placed, Error> {
        let mut all = Vec::new();
        let layers = layers(place);
        for child in place.children() {
            let name = String::from_utf8_lossy(child.name());
            let below = self.joined(path, &name)?;
            let is_weights = child.kind() == Kind::Sequence && name == "weights";
            if let Some(sizes) = layers.as_deref().filter(|_| is_weights)
                && child.children().count() + 1 == sizes.len()
            {
                for (index, layer) in child.children().enumerate() {
                    for (inner, array) in self.of(layer, &below)? {
                        let inner = self.joined(&index.to_string(), &inner)?;
                        let shape = [sizes[index].saturating_add(1), sizes[index + 1]];
                        all.push((self.joined(&name, &inner)?, shaped(array, &shape)));
                    }
                }
                continue;
            }
            // A factor and what is added, for each input and output.
            let is_scale = layers.is_some() && name.ends_with("_scale");
            for (inner, array) in self.of(child, &below)? {
                let pairs = array.shape.first().map_or(0, |len| len / 2);
                let array = if is_scale { shaped(array, &[pairs, 2]) } else { array };
                all.push((self.joined(&name, &inner)?, array));
            }
        }
        Ok(all)
    }

    fn sequence(&mut self, place: Place<'_>, path: &str) -> Result<Placed, Error> {
        // Arrays of one name, each with the item that it belongs to.
        let mut columns: Vec<(String, Vec<(usize, Array)>)> = Vec::new();
        let mut known: BTreeMap<String, usize> = BTreeMap::new();
        let mut items = 0;
        for (index, item) in place.children().enumerate() {
            items += 1;
            let below = self.joined(path, &index.to_string())?;
            for (order, (name, array)) in self.of(item, &below)?.into_iter().enumerate() {
                // Items mostly have the same names in the same order.
                let same = columns.get(order).is_some_and(|(other, _)| *other == name);
                let column = match (same, known.get(&name)) {
                    (true, _) => order,
                    (_, Some(column)) => *column,
                    _ => {
                        known.insert(name.clone(), columns.len());
                        columns.push((name, Vec::new()));
                        columns.len() - 1
                    }
                };
                columns[column].1.push((index, array));
            }
        }
        let mut all = Vec::new();
        let mut apart = Vec::new();
        for (order, (name, arrays)) in columns.into_iter().enumerate() {
            let first = &arrays[0].1;
            let of_first = |array: &Array| array.dtype == first.dtype;
            let like_first = |array: &Array| of_first(array) && array.shape == first.shape;
            let is_each = items > 1 && arrays.len() == items;
            let rows = |array: &Array| (array.shape.len() > 1).then(|| array.shape[1..].to_vec());
            if is_each && arrays.iter().all(|(_, array)| like_first(array)) {
                let mut shape = vec![items];
                shape.extend(&first.shape);
                all.push((name, stacked(arrays, shape)));
            } else if is_each
                && items >= MANY
                && rows(first).is_some()
                && arrays.iter().all(|(_, array)| of_first(array) && rows(array) == rows(first))
            {
                let count =
                    arrays.iter().fold(0usize, |sum, (_, one)| sum.saturating_add(one.shape[0]));
                let mut shape = vec![count];
                shape.extend(&first.shape[1..]);
                let subject = self.joined(path, &name)?;
                let why =
                    format!("the rows of {items} matrices of different lengths, one below another");
                self.skipped.add(subject, why);
                all.push((name, stacked(arrays, shape)));
            } else {
                for (index, array) in arrays {
                    apart.push((index, order, self.joined(&index.to_string(), &name)?, array));
                }
            }
        }
        apart.sort_by_key(|(index, order, ..)| (*index, *order));
        all.extend(apart.into_iter().map(|(.., name, array)| (name, array)));
        Ok(all)
    }

    /// A matrix, from its shape, its type and its values.
    fn matrix(&mut self, place: Place<'_>, path: &str) -> Result<Option<Array>, Error> {
        let child = |name: &str| {
            place.child(name).ok_or_else(|| wrong(place, format!("the matrix has no {name:?}")))
        };
        let size = |place: Place<'_>| -> Result<Vec<usize>, Error> {
            let sizes = words(place.text()).map(|word| {
                let text = std::str::from_utf8(word).ok()?;
                text.parse::<usize>().ok().filter(|size| *size < 1 << 31)
            });
            sizes.collect::<Option<_>>().ok_or_else(|| {
                let text =
                    String::from_utf8_lossy(place.text()).chars().take(40).collect::<String>();
                wrong(place, format!("{text:?} is not the size of a matrix"))
            })
        };
        let mut shape = match place.label() {
            Label::Matrix => [size(child("rows")?)?, size(child("cols")?)?].concat(),
            _ => size(child("sizes")?)?,
        };
        let is_flat = place.label() == Label::Matrix;
        if is_flat && shape.len() != 2 || shape.len() > self.limits.axes {
            return Err(wrong(place, format!("the matrix has {} axes", shape.len())));
        }
        let told = child("dt")?.text();
        let (letter, channels) = told.split_last().unwrap_or((&0, &[]));
        let channels = match std::str::from_utf8(channels) {
            Ok("") => Some(1),
            Ok(digits) => digits.parse::<usize>().ok(),
            Err(_) => None,
        };
        let (Some(dtype), Some(channels @ 1..)) = (dtype(*letter), channels) else {
            let told: String = String::from_utf8_lossy(told).chars().take(20).collect();
            self.skipped.add(path, format!("skipped: its type {told:?} is not supported"));
            return Ok(None);
        };
        if channels > 1 {
            shape.push(channels);
        }
        let needs =
            element_count(&shape).ok_or_else(|| wrong(place, format!("its shape is {shape:?}")))?;
        let data = child("data")?;
        let is_binary = data.kind() == Kind::Binary;
        let has = match data.kind() {
            Kind::Numbers { count, .. } => u64::from(count),
            Kind::Number { .. } => 1,
            Kind::Binary => {
                let bytes = (base64_len(data.text()) as u64).checked_sub(super::HEADER as u64);
                let each = dtype.bits() / 8;
                let bytes = bytes.filter(|bytes| bytes.is_multiple_of(each));
                bytes.ok_or_else(|| wrong(data, "its base64 is cut".to_owned()))? / each
            }
            Kind::Text if data.text().is_empty() => 0,
            Kind::Sequence if data.children().next().is_none() => 0,
            _ => return Err(wrong(data, "its data are not numbers".to_owned())),
        };
        if has != needs {
            let why = format!("{has} values, where its shape {shape:?} needs {needs}");
            return Err(
                wrong(data, why).cure("the file is cut or damaged: download or copy it again")
            );
        }
        let range = data.range();
        let pieces = vec![Piece { start: range.start, end: range.end, is_binary }];
        Ok(Some(Array { shape, dtype, pieces }))
    }
}

/// The numbers of units in the layers of a network, where a map is one: `layer_sizes`, as plain numbers or
/// (before OpenCV 3) as a matrix.
fn layers(place: Place<'_>) -> Option<Vec<usize>> {
    place.child("weights")?;
    let sizes = place.child("layer_sizes")?;
    let sizes = if sizes.kind() == Kind::Map { sizes.child("data")? } else { sizes };
    count(sizes.text())?;
    let size = |word: &[u8]| number(word).map(|(value, _)| value as usize);
    words(sizes.text()).map(size).collect()
}

/// The same values in that shape, where it has as many.
fn shaped(array: Array, shape: &[usize]) -> Array {
    match element_count(&array.shape) == element_count(shape) && !array.shape.is_empty() {
        true => Array { shape: shape.to_vec(), ..array },
        false => array,
    }
}

/// Arrays one after another.
fn stacked(arrays: Vec<(usize, Array)>, shape: Vec<usize>) -> Array {
    let dtype = arrays[0].1.dtype;
    let pieces = arrays.into_iter().flat_map(|(_, array)| array.pieces).collect();
    Array { shape, dtype, pieces }
}
