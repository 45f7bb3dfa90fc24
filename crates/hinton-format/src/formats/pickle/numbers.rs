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
    pub(super) fn note(&mut self, pickle: &Pickle<'_>, id: Id, max_axes: usize) {
        let Some(items) = pickle.sequence(id) else { return };
        let Some(&first) = items.first() else { return };
        let mut shape = vec![items.len()];
        if is_number(pickle.node(first)) {
            if !items.iter().all(|&item| is_number(pickle.node(item))) {
                return;
            }
        } else {
            let Some(inner) = self.of.get(&first) else { return };
            if !items.iter().all(|item| self.of.get(item) == Some(inner)) {
                return;
            }
            shape.extend(&self.shapes[*inner as usize]);
        }
        if shape.len() > max_axes || element_count(&shape).is_none() {
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

fn is_number(node: &Node) -> bool {
    matches!(node, Node::Int(_) | Node::Float(_) | Node::Bool(_))
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
            _ => return Ok(Leaf::unsupported("a list of nothing")),
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
    let numbers = flatten(pickle, id);
    let (dtype, bytes) = pack(&numbers);
    let raw = Raw { len: bytes.len() as u64, data: Arc::new(Memory::new(bytes)), start: 0 };
    let view = View::packed(&shape);
    Ok(Leaf::Tensor(reader.tensor(name, (dtype, Endian::Little), view, &raw)?, None))
}

/// The numbers of a nested list in C order.
fn flatten<'p>(pickle: &'p Pickle<'_>, id: Id) -> Vec<&'p Node> {
    let mut out = Vec::new();
    let mut open = vec![pickle.sequence(id).unwrap_or(&[]).iter()];
    while let Some(rest) = open.last_mut() {
        match rest.next() {
            None => {
                open.pop();
            }
            Some(&item) => match pickle.sequence(item) {
                Some(items) => open.push(items.iter()),
                None => out.push(pickle.node(item)),
            },
        }
    }
    out
}

fn pack(numbers: &[&Node]) -> (Dtype, Vec<u8>) {
    if numbers.iter().all(|node| matches!(node, Node::Bool(_))) {
        let bytes = numbers.iter().map(|node| u8::from(matches!(node, Node::Bool(true))));
        return (Dtype::Bool, bytes.collect());
    }
    let integers: Option<Vec<i64>> = numbers.iter().map(|node| as_i64(node)).collect();
    if let Some(integers) = integers {
        return (Dtype::I64, integers.iter().flat_map(|value| value.to_le_bytes()).collect());
    }
    let bytes = numbers.iter().flat_map(|node| as_f64(node).to_le_bytes()).collect();
    (Dtype::F64, bytes)
}

fn as_i64(node: &Node) -> Option<i64> {
    match node {
        Node::Int(value) => i64::try_from(*value).ok(),
        Node::Bool(value) => Some(i64::from(*value)),
        _ => None,
    }
}

fn as_f64(node: &Node) -> f64 {
    match node {
        Node::Float(value) => *value,
        Node::Int(value) => *value as f64,
        Node::Bool(true) => 1.0,
        _ => 0.0,
    }
}
