//! JSON of nested lists of numbers: weights as they are written by hand, `{"W1": [[0.1, 0.2], …]}`,
//! `network2.save` of "Neural Networks and Deep Learning", `toJSON` of brain.js.

mod printed;

use std::fmt;
use std::sync::Arc;

use hinton_tensor::{Dtype, Endian, Memory, Tensor, View};
use serde::Deserializer;
use serde::de::{DeserializeSeed, Error as _, MapAccess, SeqAccess, Visitor};

use super::notes::{check_path, distinct};
use super::{FormatRow, json_byte};
use crate::lookalike;
use crate::source::{read_head, read_vec};
use crate::words::json_fault;
use crate::{Checkpoint, Error, ErrorKind, Head, Input, Limits, Sniff, Warning};

/// The row of the table.
pub(crate) const ROW: FormatRow = FormatRow {
    name: "json",
    about: "nested lists of numbers in JSON, as small networks are written by hand",
    help: "Read: every list of numbers, and lists of such lists of one length, as an array of f64 named by \
           its path: `W1`, `layers.1.weights`. Lists of different shapes are arrays of their own, by their \
           position. true and false are 1 and 0; null, NaN and Infinity are NaN where a number could stand. \
           Texts and single numbers are left out. Arrays as numpy, PyTorch and JAX print them (`[[1. 2.]`, \
           `tensor([[1., 2.]])`) are read too, where nothing of them is left out. A file is taken for weights only where a list of lists of \
           numbers is near its start, or where it is one list of numbers. Layout: RFC 8259",
    quantised: "",
    extensions: &["weights.json"],
    sniff,
    open,
};

/// Deepest nesting.
const DEEPEST: usize = 32;

/// A list of lists of numbers, or a list of numbers alone.
fn sniff(head: &Head<'_>) -> Sniff {
    let Some(text) = lookalike::text(head) else { return Sniff::No };
    let text = text.trim_start();
    if printed::begins(text) && text[1..].contains('[') {
        return Sniff::Likely;
    }
    if !text.starts_with(['{', '[']) {
        return Sniff::No;
    }
    let is_number = |rest: &str| {
        let first = rest.trim_start().bytes().next();
        first.is_some_and(|byte| byte.is_ascii_digit() || byte == b'-')
    };
    let is_matrix = |rest: &str| rest.trim_start().strip_prefix('[').is_some_and(is_number);
    let inside = text.split('[').skip(1).count();
    let lists = text.match_indices('[').map(|(at, _)| &text[at + 1..]);
    let found = lists.clone().any(is_matrix) || text.strip_prefix('[').is_some_and(is_number);
    match found && inside > 0 {
        true => Sniff::Likely,
        false => Sniff::No,
    }
}

fn open(input: &Input, limits: &Limits) -> Result<Checkpoint, Error> {
    let len = input.data.len();
    if len > limits.text_bytes {
        let message = format!("the text has {len} bytes, the limit is {}", limits.text_bytes);
        return Err(Error::new(ErrorKind::Limit, message).cure("save it as .npy"));
    }
    let text = read_vec(&*input.data, 0, len)?;
    let mut reader = Reader {
        path: String::new(),
        depth: 0,
        found: Vec::new(),
        most: limits.tensors.min(MOST_ARRAYS),
    };
    let mut json = serde_json::Deserializer::from_slice(&text);
    let root = Place(&mut reader).deserialize(&mut json).and_then(|root| json.end().map(|()| root));
    let mut warnings = Vec::new();
    let found = match root {
        Ok(root) => {
            reader.keep(root).map_err(|why| Error::new(ErrorKind::Limit, why))?;
            reader.found
        }
        Err(error) => match printed_arrays(&text, limits.tensors.min(MOST_ARRAYS))? {
            Some(arrays) => {
                let message = "an array as it was printed: with the digits that were printed";
                warnings.push(Warning::file(message));
                arrays
            }
            None => {
                let byte = json_byte(&text, &error);
                let message = format!("it is not as expected: {}", json_fault(&error));
                return Err(Error::malformed(message).at_byte(byte));
            }
        },
    };
    let is_list = |(path, array): &(String, Array)| path.is_empty() || array.shape.len() > 1;
    if !found.iter().any(is_list) {
        let head = read_head(&*input.data, 4096)?;
        let head = Head { bytes: &head, len: Some(len), name: &input.name };
        let other = || Error::new(ErrorKind::Unrecognised, "the JSON holds no matrix of numbers");
        return Err(lookalike::find(&head, Sniff::Likely).unwrap_or_else(other));
    }
    let mut tensors = Vec::new();
    for (path, Array { shape, values }) in found {
        check_path(&path)?;
        let name = if path.is_empty() { input.stem().to_owned() } else { path };
        let bytes: Vec<u8> = values.iter().flat_map(|value| value.to_le_bytes()).collect();
        let (view, data) = (View::packed(&shape), Arc::new(Memory::new(bytes)));
        let file = input.name.as_str();
        tensors.push(Tensor::new(name, file, Dtype::F64, Endian::Little, view, 0, data)?);
    }
    distinct(&mut tensors, &mut warnings);
    Ok(Checkpoint::of_file(input, ROW.name, Vec::new(), tensors, warnings))
}

/// Most arrays of a text. A list of a few bytes costs a thousand as a tensor, and no one writes more by hand.
const MOST_ARRAYS: usize = 1 << 17;

/// The arrays of a text that Python printed, by their places where there are several; `None` where it
/// is no such text.
fn printed_arrays(text: &[u8], most: usize) -> Result<Option<Vec<(String, Array)>>, Error> {
    let Some(text) = std::str::from_utf8(text).ok().filter(|text| printed::begins(text)) else {
        return Ok(None);
    };
    let arrays = printed::read(text, most).map_err(|printed::Wrong { byte, why, kind }| {
        Error::new(kind, why)
            .at_byte(byte as u64)
            .cure("save the array itself, with numpy.save or torch.save")
    })?;
    let name = |index: usize| if arrays.len() == 1 { String::new() } else { index.to_string() };
    let names: Vec<String> = (0..arrays.len()).map(name).collect();
    Ok(Some(names.into_iter().zip(arrays).collect()))
}

/// Numbers in the order of the text.
#[derive(Debug, PartialEq)]
struct Array {
    shape: Vec<usize>,
    values: Vec<f64>,
}

/// What stands at a place.
enum Found {
    /// A number, or what stands for none.
    Number(f64),
    Array(Array),
    Other,
}

struct Reader {
    path: String,
    depth: usize,
    found: Vec<(String, Array)>,
    most: usize,
}

impl Reader {
    /// Keeps an array that nothing around it is a part of.
    fn keep(&mut self, found: Found) -> Result<(), String> {
        if let Found::Array(array) = found
            && !array.values.is_empty()
        {
            if self.found.len() >= self.most {
                return Err(format!("it has more than {} arrays, the limit", self.most));
            }
            self.found.push((self.path.clone(), array));
        }
        Ok(())
    }

    /// Does something at a place below.
    fn below<T>(&mut self, part: &str, work: impl FnOnce(&mut Self) -> T) -> T {
        let len = self.path.len();
        if len > 0 {
            self.path.push('.');
        }
        // A long name stands before all that is below it.
        let end = part.char_indices().map(|(at, _)| at).find(|at| *at > 1000);
        self.path.push_str(&part[..end.unwrap_or(part.len())]);
        let done = work(self);
        self.path.truncate(len);
        done
    }
}

struct Place<'r>(&'r mut Reader);

impl<'de> DeserializeSeed<'de> for Place<'_> {
    type Value = Found;

    fn deserialize<D: Deserializer<'de>>(self, json: D) -> Result<Found, D::Error> {
        json.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Place<'_> {
    type Value = Found;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_bool<E>(self, value: bool) -> Result<Found, E> {
        Ok(Found::Number(f64::from(u8::from(value))))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Found, E> {
        Ok(Found::Number(value as f64))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Found, E> {
        Ok(Found::Number(value as f64))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Found, E> {
        Ok(Found::Number(value))
    }

    fn visit_unit<E>(self) -> Result<Found, E> {
        Ok(Found::Number(f64::NAN))
    }

    fn visit_str<E>(self, _text: &str) -> Result<Found, E> {
        Ok(Found::Other)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Found, A::Error> {
        let reader = self.0;
        enter(reader)?;
        while let Some(key) = map.next_key::<String>()? {
            reader.below(&key, |reader| {
                let found = map.next_value_seed(Place(&mut *reader))?;
                reader.keep(found).map_err(A::Error::custom)
            })?;
        }
        reader.depth -= 1;
        Ok(Found::Other)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Found, A::Error> {
        let reader = self.0;
        enter(reader)?;
        let mut all = Stack::default();
        let mut index = 0usize;
        loop {
            let name = index.to_string();
            let item = reader.below(&name, |reader| list.next_element_seed(Place(reader)))?;
            let Some(item) = item else { break };
            if let Some(apart) = all.push(item) {
                for (at, item) in apart {
                    let kept = reader.below(&at.to_string(), |reader| reader.keep(item));
                    kept.map_err(A::Error::custom)?;
                }
            }
            index += 1;
        }
        reader.depth -= 1;
        Ok(all.whole())
    }
}

fn enter<E: serde::de::Error>(reader: &mut Reader) -> Result<(), E> {
    reader.depth += 1;
    match reader.depth > DEEPEST {
        true => Err(E::custom(format!("lists and objects nest more than {DEEPEST} deep"))),
        false => Ok(()),
    }
}

/// The items of a list, for as long as they make one array.
#[derive(Default)]
struct Stack {
    count: usize,
    /// The shape of an item; none before the first.
    item: Option<Vec<usize>>,
    values: Vec<f64>,
    is_ragged: bool,
}

impl Stack {
    /// Adds an item. Where it does not fit, those that came before come back, each by itself, with it.
    fn push(&mut self, item: Found) -> Option<Vec<(usize, Found)>> {
        let index = self.count;
        self.count += 1;
        let (shape, values) = match item {
            Found::Number(value) if !self.is_ragged => (Vec::new(), vec![value]),
            Found::Array(array) if !self.is_ragged => (array.shape, array.values),
            Found::Number(_) => return None,
            other => return self.apart(index, other),
        };
        let own = self.item.get_or_insert_with(|| shape.clone());
        if *own == shape {
            self.values.extend(values);
            return None;
        }
        self.apart(index, Found::Array(Array { shape, values }))
    }

    fn apart(&mut self, index: usize, last: Found) -> Option<Vec<(usize, Found)>> {
        let mut all = Vec::new();
        if !self.is_ragged {
            self.is_ragged = true;
            let shape = self.item.take().unwrap_or_default();
            let values = std::mem::take(&mut self.values);
            let width: usize = shape.iter().product();
            if !shape.is_empty() && width > 0 {
                let part = |part: &[f64]| Array { shape: shape.clone(), values: part.to_vec() };
                all.extend(values.chunks(width).map(part).map(Found::Array).enumerate());
            }
        }
        // Single numbers among lists are no arrays.
        if !matches!(&last, Found::Array(array) if array.shape.is_empty()) {
            all.push((index, last));
        }
        Some(all)
    }

    fn whole(self) -> Found {
        if self.is_ragged || self.count == 0 {
            return Found::Other;
        }
        let shape = std::iter::once(self.count).chain(self.item.unwrap_or_default()).collect();
        Found::Array(Array { shape, values: self.values })
    }
}
