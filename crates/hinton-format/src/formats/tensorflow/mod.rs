//! TensorFlow: checkpoints (a table of names beside the values), SavedModels and frozen graphs.
//!
//! Layouts: <https://github.com/tensorflow/tensorflow/tree/master/tensorflow/core/protobuf> and
//! `tensor_bundle.h`, `saved_tensor_slice.proto`, `graph.proto` there.

mod bundle;
mod dtype;
mod graph;
mod objects;
mod old;
mod proto;

use super::FormatRow;
use crate::container::protobuf::{Sketch, sketch, sketch_head};
use crate::container::table;
use crate::{Head, Sniff};

pub use self::bundle::index_of;

/// The row of checkpoints.
pub(crate) const CHECKPOINT: FormatRow = FormatRow {
    name: "tfcheckpoint",
    about: "a TensorFlow checkpoint: names in NAME.index, values in NAME.data-*",
    help: "Read: version 2 (.index and the .data files beside it, named by their number, which hold \
           the values) and version 1 (one table with everything), plain or packed with Snappy, both \
           byte orders; every dtype of numbers; partitioned variables are joined. Variables are \
           named as the checkpoint names them; where an object graph tells what a variable was \
           called in the program, `variables` in the metadata lists it. Texts are skipped with a \
           warning. Layout: tensor_bundle.h and saved_tensor_slice.proto of TensorFlow",
    quantised: "",
    extensions: &["index", "ckpt"],
    sniff: sniff_checkpoint,
    open: bundle::open,
};

/// The row of graphs.
pub(crate) const GRAPH: FormatRow = FormatRow {
    name: "tfgraph",
    about: "a TensorFlow graph with constants: SavedModel or frozen .pb",
    help: "Read: the constants (Const) of a frozen graph and of its functions, named as their nodes, \
           those of a function below FUNCTION/; of a SavedModel (saved_model.pb, or its folder) the \
           variables in variables/ beside it, and the constants of more than one value. Raw and \
           typed values, and values that are stored once and repeated. Texts are skipped with a \
           warning. Layout: graph.proto, saved_model.proto and tensor.proto of TensorFlow",
    quantised: "",
    extensions: &["pb"],
    sniff: sniff_graph,
    open: graph::open,
};

/// A table begins with the entry whose key is empty: a bundle's header, or the list of the tensors
/// of version 1.
fn sniff_checkpoint(head: &Head<'_>) -> Sniff {
    let whole = head.len == Some(head.bytes.len() as u64);
    let is_table = whole && head.bytes.ends_with(&table::MAGIC);
    let [0, 0, rest @ ..] = head.bytes else {
        // A packed block tells nothing.
        return if is_table && head.has_extension(CHECKPOINT.extensions) {
            Sniff::Likely
        } else {
            Sniff::No
        };
    };
    let Some((len, from)) = crate::container::protobuf::varint(rest) else { return Sniff::No };
    let value = &rest[from..rest.len().min(from.saturating_add(len as usize))];
    let fields = sketch(value, Some(len)).unwrap_or_default();
    let header = |field: &Sketch<'_>| matches!((field.number, field.kind), (1 | 2, 0) | (3, 2));
    let slices = |field: &Sketch<'_>| (field.number, field.kind) == (1, 2);
    if fields.is_empty() || !(fields.iter().all(header) || fields.iter().all(slices)) {
        Sniff::No
    } else if is_table {
        Sniff::Certain
    } else {
        Sniff::Likely
    }
}

fn sniff_graph(head: &Head<'_>) -> Sniff {
    let Some(fields) = sketch_head(head, GRAPH.extensions) else { return Sniff::No };
    if graph::is_saved_model(&fields) || graph::is_graph(&fields) {
        Sniff::Likely
    } else {
        Sniff::No
    }
}
