//! Marks the tensors that hold codes with a remark, so that a picture of codes is not mistaken for
//! one of weights.
//!
//! Codes of a weight that was decoded name that weight. Others are recognised by name: integer
//! tensors that are called packed, or that are next to a scale. If the name identifies the library,
//! the remark names it.

use std::collections::{BTreeMap, BTreeSet};

use hinton_tensor::{Dtype, Stored, Tensor};

use crate::formats::notes::Skipped;
use crate::{Checkpoint, Warning};

/// A library whose layout is not decoded, told by what lies beside the codes.
struct Known {
    /// The ending of the codes' name.
    ending: &'static str,
    /// The ending of a tensor beside it; empty where the codes alone tell.
    beside: &'static str,
    name: &'static str,
}

const KNOWN: &[Known] = &[
    Known { ending: ".q_weight", beside: ".q_scale_max", name: "EXL2" },
    Known { ending: ".trellis", beside: ".suh", name: "EXL3" },
    Known { ending: ".B", beside: ".s", name: "Marlin" },
    Known { ending: ".W_q", beside: "", name: "HQQ" },
    Known { ending: ".weight", beside: ".weight_scale", name: "BitNet" },
    Known { ending: "._data._data", beside: "._shift", name: "quanto" },
    Known { ending: ".Qidxs", beside: "", name: "QuIP#" },
    Known { ending: ".codes", beside: ".codebooks", name: "AQLM" },
    Known { ending: ".qweight", beside: ".lookup_table", name: "SqueezeLLM" },
];

const UNKNOWN: &str =
    "codes of a quantised weight, shown as stored: hinton does not know their layout";

/// Words in the last part of a name that say that integers are packed codes.
const WORDS: [&str; 7] = ["qweight", "q_weight", "packed", "codes", "w_q", "qdata", "quantized"];
/// Last parts of names that may be codes, where a scale lies beside them.
const PLAIN: [&str; 6] = ["weight", "kernel", "B", "_data", "data", "weights"];
/// Words in the last part of a name that say that it is a scale.
const SCALES: [&str; 3] = ["scale", "absmax", "zero"];

/// Remarks on every tensor of codes; of those that no weight stands beside, a warning too.
pub(super) fn remark(checkpoint: &mut Checkpoint) {
    let mut remarks: BTreeMap<String, String> = BTreeMap::new();
    for weight in checkpoint.tensors.iter().filter(|tensor| tensor.is_derived()) {
        for part in weight.stored().map(Stored::parts).unwrap_or_default() {
            if is_codes(part) {
                let text = format!("codes of {}, shown as stored", weight.name());
                remarks.entry(part.name().to_owned()).or_insert(text);
            }
        }
    }
    let mut unknown = Skipped::default();
    let names: BTreeSet<&str> = checkpoint.tensors.iter().map(Tensor::name).collect();
    for tensor in checkpoint.tensors.iter().filter(|tensor| is_codes(tensor)) {
        if remarks.contains_key(tensor.name()) {
            continue;
        }
        if let Some(text) = smell(tensor, &names) {
            unknown.add(tensor.name(), text.as_str());
            remarks.insert(tensor.name().to_owned(), text);
        }
    }
    if remarks.is_empty() {
        return;
    }
    for tensor in &mut checkpoint.tensors {
        if let Some(text) = remarks.get(tensor.name()).filter(|_| !tensor.is_derived()) {
            *tensor = tensor.clone().remarked(text.as_str());
        }
    }
    // Where the reader said why a weight could not be decoded, that is enough.
    let said: BTreeSet<String> =
        checkpoint.warnings.iter().map(|warning| warning.subject.clone()).collect();
    let new = unknown.warnings().into_iter();
    let new: Vec<Warning> =
        new.filter(|one| one.subject.is_empty() || !said.contains(&one.subject)).collect();
    checkpoint.warnings.extend(new);
}

/// Whether it may hold codes of many values: numbers of a few bits or integers, of one axis or more.
fn is_codes(tensor: &Tensor) -> bool {
    let dtype = tensor.dtype();
    let is_narrow = dtype.bits() <= 8 && dtype != Dtype::F8E8m0;
    let is_integer = dtype.is_integer() && dtype != Dtype::Bool;
    // Small numbers beside the codes (zero points, shapes, groups) are no matrices.
    let is_long = tensor.shape().len() > 1 || tensor.elements() > 64;
    (is_narrow || is_integer) && is_long && !is_part(last(tensor.name()))
}

/// Whether that last part of a name is of what lies beside codes.
fn is_part(last: &str) -> bool {
    const OTHERS: [&str; 8] =
        ["scale", "zero", "g_idx", "absmax", "biases", "_shape", "map", "shift"];
    OTHERS.iter().any(|word| last.to_ascii_lowercase().contains(word))
}

fn last(name: &str) -> &str {
    name.rsplit(['.', '/']).next().unwrap_or(name)
}

/// What is said of a tensor that was not decoded and looks like codes.
fn smell(tensor: &Tensor, names: &BTreeSet<&str>) -> Option<String> {
    let name = tensor.name();
    let known = KNOWN.iter().find(|row| {
        name.strip_suffix(row.ending).is_some_and(|stem| {
            let beside = format!("{stem}{}", row.beside);
            row.beside.is_empty() || names.contains(beside.as_str())
        })
    });
    let is_integer = tensor.dtype().is_integer();
    if let Some(row) = known.filter(|_| is_integer) {
        return Some(format!("packed codes of {}, shown as stored", row.name));
    }
    let own = last(name);
    let stem = &name[..name.len() - own.len()];
    let is_scale = |other: &str| {
        let rest = other.strip_prefix(stem).filter(|rest| !rest.contains(['.', '/']));
        rest.is_some_and(|rest| {
            // An activation's scale says nothing of the weight.
            let rest = rest.to_ascii_lowercase();
            !rest.contains("input") && !rest.contains("output") && {
                SCALES.iter().any(|word| rest.contains(word))
            }
        })
    };
    let below = || names.range(stem..).take_while(|other| other.starts_with(stem)).take(64);
    let lower = own.to_ascii_lowercase();
    let says = is_integer && WORDS.iter().any(|word| lower.contains(word));
    let beside = PLAIN.contains(&own) && below().any(|other| is_scale(other));
    match says || beside {
        true => Some(UNKNOWN.to_owned()),
        false => None,
    }
}
