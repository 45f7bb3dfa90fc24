//! Lists of numbers, nested or not, as `numpy.array` would read them.

use std::collections::HashMap;
use std::sync::Arc;

use hinton_tensor::{Dtype, Endian, Memory, View, element_count};

use super::reader::{Leaf, Raw, Reader};
use crate::Error;
use crate::container::pickle::{Id, Node, Pickle};

/// Shapes of the lists and tuples that hold nothing but numbers, found from the leaves up.
#[derive(Default)]
pub(super) struct Shapes {
    of: HashMap<Id, u32>,
    shapes: Vec<Vec<usize>>,
    ids: HashMap<Vec<usize>, u32>,
}

impl Shapes {
    /// Whether a node is a list or tuple of numbers, as far as has been noted.
    pub(super) fn is_array(&self, id: Id) -> bool {
        self.of.contains_key(&id)
    }

    /// Notes the shape of a list or tuple whose children have all been noted before. Nothing is
    /// noted where it is empty, ragged, or holds anything else.
    pub(super) fn note(&mut self, reader: &Reader<'_>, id: Id) {
        let pickle = reader.pickle;
        let Some(items) = pickle.sequence(id) else { return };
        let Some(&first) = items.first() else { return };
        let mut shape = vec![items.len()];
        if is_number(reader, first) {
            if !items.iter().all(|&item| is_number(reader, item)) {
                return;
            }
        } else {
            let Some(inner) = self.of.get(&first) else { return };
            if !items.iter().all(|item| self.of.get(item) == Some(inner)) {
                return;
            }
            shape.extend(&self.shapes[*inner as usize]);
        }
        if shape.len() > reader.limits.axes || element_count(&shape).is_none() {
            return;
        }
        let next = self.shapes.len() as u32;
        let index = *self.ids.entry(shape.clone()).or_insert(next);
        if index == next {
            self.shapes.push(shape);
        }
        self.of.insert(id, index);
    }
}

fn is_number(reader: &Reader<'_>, id: Id) -> bool {
    matches!(reader.pickle.node(id), Node::Int(_) | Node::Float(_) | Node::Bool(_))
        || reader.is_scalar(id)
}

/// A number of Python or numpy.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Number {
    Bool(bool),
    Int(i128),
    Float(f64),
}

/// The number at a node; `None` where there is none, or one that is not real.
pub(super) fn number(reader: &mut Reader<'_>, id: Id) -> Result<Option<Number>, Error> {
    match reader.pickle.node(id) {
        Node::Bool(value) => return Ok(Some(Number::Bool(*value))),
        Node::Int(value) => return Ok(Some(Number::Int(*value))),
        Node::Float(value) => return Ok(Some(Number::Float(*value))),
        _ if !reader.is_scalar(id) => return Ok(None),
        _ => {}
    }
    let Leaf::Tensor(tensor, _) = reader.build(id, "")? else { return Ok(None) };
    let dtype = tensor.dtype();
    if dtype.is_complex() {
        return Ok(None);
    }
    if !dtype.is_integer() {
        return Ok(tensor.to_f64()?.first().copied().map(Number::Float));
    }
    let bytes = tensor.packed_bytes()?;
    let is_signed = matches!(dtype, Dtype::I8 | Dtype::I16 | Dtype::I32 | Dtype::I64);
    let is_negative = is_signed && bytes.last().is_some_and(|byte| byte & 0x80 != 0);
    let mut wide = [if is_negative { 0xff } else { 0 }; 16];
    wide[..bytes.len()].copy_from_slice(&bytes);
    let value = i128::from_le_bytes(wide);
    Ok(Some(if dtype == Dtype::Bool { Number::Bool(value != 0) } else { Number::Int(value) }))
}

/// The tensor of a list for which [`Shapes::is_array`] holds: `i64` where all are integers, `bool`
/// where all are truth values, else `f64`.
pub(super) fn build(reader: &mut Reader<'_>, id: Id, name: &str) -> Result<Leaf, Error> {
    let pickle = reader.pickle;
    let mut shape = Vec::new();
    let mut first = id;
    while let Some(items) = pickle.sequence(first) {
        shape.push(items.len());
        match items.first() {
            Some(&inner) if shape.len() <= reader.limits.axes => first = inner,
            _ => return Ok(Leaf::unsupported("an empty list")),
        }
    }
    // Lists may share their parts, so a short stream can describe long lists.
    match element_count(&shape).and_then(|count| reader.numbers_left.checked_sub(count)) {
        Some(left) => reader.numbers_left = left,
        None => {
            return Ok(Leaf::unsupported(format!(
                "a list of shape {shape:?}: not read, the pickle's lists repeat their parts too \
                 often"
            )));
        }
    }
    let mut numbers = Vec::new();
    for item in flatten(pickle, id) {
        match number(reader, item)? {
            Some(number) => numbers.push(number),
            None => return Ok(Leaf::unsupported("a list of numbers that are not real: not read")),
        }
    }
    let (dtype, bytes) = pack(&numbers);
    let raw = Raw { len: bytes.len() as u64, data: Arc::new(Memory::new(bytes)), start: 0 };
    let view = View::packed(&shape);
    Ok(Leaf::Tensor(reader.tensor(name, (dtype, Endian::Little), view, &raw)?, None))
}

/// The numbers of a nested list in C order.
fn flatten(pickle: &Pickle<'_>, id: Id) -> Vec<Id> {
    let mut out = Vec::new();
    let mut open = vec![pickle.sequence(id).unwrap_or(&[]).iter()];
    while let Some(rest) = open.last_mut() {
        match rest.next() {
            None => {
                open.pop();
            }
            Some(&item) => match pickle.sequence(item) {
                Some(items) => open.push(items.iter()),
                None => out.push(item),
            },
        }
    }
    out
}

fn pack(numbers: &[Number]) -> (Dtype, Vec<u8>) {
    if numbers.iter().all(|number| matches!(number, Number::Bool(_))) {
        let bytes = numbers.iter().map(|number| u8::from(*number == Number::Bool(true)));
        return (Dtype::Bool, bytes.collect());
    }
    let integers: Option<Vec<i64>> = numbers.iter().map(|number| as_i64(*number)).collect();
    if let Some(integers) = integers {
        return (Dtype::I64, integers.iter().flat_map(|value| value.to_le_bytes()).collect());
    }
    let bytes = numbers.iter().flat_map(|number| as_f64(*number).to_le_bytes()).collect();
    (Dtype::F64, bytes)
}

fn as_i64(number: Number) -> Option<i64> {
    match number {
        Number::Int(value) => i64::try_from(value).ok(),
        Number::Bool(value) => Some(i64::from(value)),
        Number::Float(_) => None,
    }
}

fn as_f64(number: Number) -> f64 {
    match number {
        Number::Float(value) => value,
        Number::Int(value) => value as f64,
        Number::Bool(value) => f64::from(u8::from(value)),
    }
}
