//! ONNX: a graph of operators as protocol buffers, with the weights as its initialisers.
//!
//! Layout: <https://github.com/onnx/onnx/blob/main/onnx/onnx.proto>; external data:
//! <https://github.com/onnx/onnx/blob/main/docs/ExternalData.md>.

mod dense;
mod dtype;
mod graph;
mod nbits;
pub(crate) mod ort;
mod tensor;

use self::graph::Reader;
use super::FormatRow;
use crate::container::protobuf::{Sketch, sketch, sketch_head};
use crate::{Checkpoint, Error, Head, Input, Limits, Sniff};

/// The row of the table.
pub(crate) const ROW: FormatRow = FormatRow {
    name: "onnx",
    about: "a graph of operators with its weights, by the ONNX project",
    help: "Read: initialisers and constants, in the main graph, in subgraphs (If, Loop, Scan), in \
           functions and in training graphs; raw, in typed fields, or in files beside the model \
           (external data), which are never looked for outside its folder. Every dtype; integers \
           of 4 and 2 bits are unpacked to i8 and u8. Sparse tensors are shown with their zeros. \
           A constant is named as its output, any other tensor of a node NODE.ATTRIBUTE; those of \
           a subgraph stand below NODE/ATTRIBUTE/, those of a function below FUNCTION/. A weight \
           that the graph itself dequantises by scale and zero point is listed as stored, and once \
           more dequantised, under the name that the graph gives it; so are codes in blocks of \
           MatMulNBits (2, 4 and 8 bits, as the matrix of a MatMul) and GatherBlockQuantized, as NAME \
           (dequantised). Texts are skipped with a \
           warning. Layout: onnx.proto of https://github.com/onnx/onnx",
    quantised: "DequantizeLinear, MatMulNBits, GatherBlockQuantized: as stored and dequantised",
    extensions: &["onnx"],
    sniff,
    open,
};

fn sniff(head: &Head<'_>) -> Sniff {
    match sketch_head(head, ROW.extensions) {
        Some(fields) if is_model(&fields) => Sniff::Likely,
        _ => Sniff::No,
    }
}

/// There is no magic number: the fields of `ModelProto` with their types, texts that are texts, and
/// a graph that begins like one.
fn is_model(fields: &[Sketch<'_>]) -> bool {
    let right = |field: &Sketch<'_>| match (field.number, field.kind) {
        (1, 0) => (1..=1000).contains(&field.integer),
        (5, 0) => true,
        (2..=4 | 6, 2) => field.is_text(),
        (7, 2) => sketch(field.content, None).is_some_and(|graph| is_graph(&graph)),
        (8 | 14 | 20 | 25 | 26, 2) => true,
        _ => false,
    };
    let graph = fields.iter().any(|field| field.number == 7);
    let version = fields.first().is_some_and(|field| (field.number, field.kind) == (1, 0));
    fields.iter().all(right) && (graph || (version && fields.len() > 1))
}

fn is_graph(fields: &[Sketch<'_>]) -> bool {
    fields.iter().all(|field| matches!((field.number, field.kind), (1 | 2 | 5 | 10..=16, 2)))
}

fn open(input: &Input, limits: &Limits) -> Result<Checkpoint, Error> {
    let mut reader = Reader::new(input, limits);
    reader.model()?;
    Ok(reader.finish(ROW.name))
}
