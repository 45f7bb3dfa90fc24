//! Reads the graph of an ONNX file: its steps, and which of its values are constants.

use std::collections::{BTreeMap, BTreeSet};

use hinton_format::container::protobuf::{Field, Message, Value as WireValue, Wire};
use hinton_weights::Error;

use super::bound::Size;

/// Most steps.
const MOST_NODES: usize = 10_000;

/// A step of the graph.
#[derive(Debug, Clone)]
pub(super) struct Node {
    pub(super) operator: String,
    pub(super) inputs: Vec<String>,
    /// The value that it makes.
    pub(super) output: String,
    /// Whether the second matrix of Gemm is turned.
    pub(super) is_turned: bool,
    /// Attributes that are integers or lists of them.
    pub(super) numbers: BTreeMap<String, Vec<i64>>,
    /// The size of a constant.
    pub(super) constant: Option<Size>,
}

impl Node {
    /// An attribute as lengths: as many as there are axes, `other` where it says nothing.
    pub(super) fn lengths(&self, name: &str, axes: usize, other: usize) -> Vec<usize> {
        let list = self.numbers.get(name).map_or(&[][..], Vec::as_slice);
        let length = |axis| list.get(axis).map(|&number| usize::try_from(number).unwrap_or(0));
        (0..axes).map(|axis| length(axis).unwrap_or(other)).collect()
    }
}

/// The steps of the graph, and the names of its constants.
pub(super) fn read_graph(wire: &Wire) -> Result<(Vec<Node>, BTreeSet<String>), Error> {
    let mut nodes = Vec::new();
    let mut constants = BTreeSet::new();
    for field in wire.fields(wire.root()) {
        let field = field?;
        if field.number != 7 {
            continue;
        }
        for field in wire.fields(wire.enter(&field)?) {
            let field = field?;
            match field.number {
                1 if nodes.len() < MOST_NODES => nodes.push(read_node(wire, &field)?),
                5 => {
                    constants.extend(texts(wire, wire.enter(&field)?, 8)?);
                }
                _ => {}
            }
        }
    }
    Ok((nodes, constants))
}

/// The texts of one field of a message.
fn texts(wire: &Wire, message: Message, number: u64) -> Result<Vec<String>, Error> {
    let mut found = Vec::new();
    for field in wire.fields(message) {
        let field = field?;
        if field.number == number {
            found.push(wire.text(&field)?);
        }
    }
    Ok(found)
}

fn read_node(wire: &Wire, field: &Field) -> Result<Node, Error> {
    let message = wire.enter(field)?;
    let first = |number| {
        Ok::<_, Error>(texts(wire, message, number)?.into_iter().next().unwrap_or_default())
    };
    let mut numbers = BTreeMap::new();
    let mut constant = None;
    for field in wire.fields(message) {
        let field = field?;
        if field.number == 5 {
            read_attribute(wire, wire.enter(&field)?, &mut numbers, &mut constant)?;
        }
    }
    let is_turned = numbers.get("transB").is_some_and(|turn| *turn != [0]);
    let inputs = texts(wire, message, 1)?;
    let (operator, output) = (first(4)?, first(2)?);
    Ok(Node { operator, inputs, output, is_turned, numbers, constant })
}

/// An attribute: integers, or the value of a constant, whose size counts
/// (`AttributeProto` of <https://github.com/onnx/onnx/blob/main/onnx/onnx.proto>).
fn read_attribute(
    wire: &Wire,
    attribute: Message,
    numbers: &mut BTreeMap<String, Vec<i64>>,
    constant: &mut Option<Size>,
) -> Result<(), Error> {
    /// Most integers of an attribute: two for each axis.
    const MOST: usize = 64;
    let mut integers = Vec::new();
    let mut listed = 0usize;
    for field in wire.fields(attribute) {
        let field = field?;
        match field.number {
            // One number or text; a list of floats, integers or texts.
            2..=4 => {
                *constant = Some(Size::of(Vec::new()));
                if field.number == 3 {
                    integers.push(field.integer()?);
                }
            }
            7 | 8 => {
                // Each has a byte at least.
                listed = listed.saturating_add(match field.value {
                    WireValue::Bytes(start, end) => {
                        usize::try_from(end - start).unwrap_or(usize::MAX)
                    }
                    _ => 1,
                });
                *constant = Some(Size::at_most(listed));
                if field.number == 8 {
                    wire.integers(&field, &mut integers, MOST)?;
                }
            }
            5 => {
                let mut dims = Vec::new();
                for field in wire.fields(wire.enter(&field)?) {
                    let field = field?;
                    if field.number == 1 {
                        wire.integers(&field, &mut dims, MOST)?;
                    }
                }
                let dims = dims.iter().map(|&dim| usize::try_from(dim).unwrap_or(usize::MAX));
                *constant = Some(Size::of(dims.collect()));
            }
            _ => {}
        }
    }
    let name = texts(wire, attribute, 1)?.into_iter().next().unwrap_or_default();
    numbers.insert(name, integers.into_iter().map(u64::cast_signed).collect());
    Ok(())
}
