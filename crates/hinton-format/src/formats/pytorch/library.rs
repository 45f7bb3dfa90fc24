//! What torch's objects are in a pickle: the row of it that the reader of pickles is given.

use super::{composite, rebuild};
use crate::container::pickle::{Global, Id, Object, Pickle};
use crate::formats::unpickle::{Label, Library, Parts};

/// PyTorch.
pub(crate) const LIBRARY: Library = Library {
    makes: rebuild::is_tensor,
    knows,
    build: rebuild::build,
    persistent: Some(rebuild::lone_storage),
    is_composite: composite::is_composite,
    parts: composite::parts,
    note: composite::note,
    holds,
    // The dictionaries in which `torch.nn.Module` stores what users call `0.weight`.
    own: &["_parameters", "_buffers", "_modules"],
    plain,
};

/// Types and constants are known; what builds anything is called, and then it is not known.
fn knows(global: &Global) -> bool {
    let name = global.name.as_str();
    match global.module.as_str() {
        "torch" => !global.called || matches!(name, "Size" | "device" | "dtype"),
        "torch.cuda" | "torch.storage" => !global.called,
        "torch.serialization" => !global.called || name == "_get_layout",
        "torch.nn.parameter" => matches!(name, "Parameter" | "Buffer") && !global.called,
        "torch.jit._pickle" => true,
        module => module.starts_with("__torch__."),
    }
}

/// What parameters, variables and the lists of TorchScript hold.
fn holds(pickle: &Pickle<'_>, object: &Object) -> Option<Parts> {
    let same = |id: &Id| (Label::Same, *id);
    let args = pickle.args(object);
    match pickle.global_name(object.callable)? {
        // Parameters and variables before torch 0.4: the tensor first.
        ("torch.nn.parameter", "Parameter" | "Buffer")
        | ("torch.autograd.variable" | "torch.autograd", "Variable") => {
            Some(args.first().map(same).into_iter().collect())
        }
        ("torch.jit._pickle", name) if name.starts_with("build_") => {
            Some(args.iter().map(same).collect())
        }
        _ => None,
    }
}

/// The lengths of a size, the name of a device.
fn plain(pickle: &Pickle<'_>, object: &Object) -> Option<Id> {
    let first = pickle.args(object).first().copied();
    match pickle.global_name(object.callable)? {
        ("torch", "Size") => Some(first.unwrap_or(object.args)),
        ("torch", "device") => first,
        _ => None,
    }
}
