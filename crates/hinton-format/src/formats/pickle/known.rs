//! The classes and functions whose meaning hinton knows; every other one is named to people.

use super::numpy;
use super::walk::Found;
use crate::Warning;
use crate::container::pickle::{Global, Pickle};
use crate::formats::pytorch;

/// Most names that a warning lists.
const MOST: usize = 60;

/// Whether hinton knows what a class or function stands for.
fn is_known(global: &Global) -> bool {
    let (module, name) = (global.module.as_str(), global.name.as_str());
    if numpy::is_array(module, name) || pytorch::is_tensor(module, name) {
        return true;
    }
    match module {
        "collections" => matches!(name, "OrderedDict" | "defaultdict" | "Counter"),
        "copy_reg" | "copyreg" => name == "_reconstructor",
        "_codecs" => name == "encode",
        "array" => name == "array",
        "argparse" => name == "Namespace",
        "types" => name == "SimpleNamespace",
        "pathlib" => matches!(name, "PosixPath" | "WindowsPath" | "PurePosixPath"),
        "builtins" | "__builtin__" => matches!(
            name,
            "list"
                | "tuple"
                | "dict"
                | "set"
                | "frozenset"
                | "int"
                | "float"
                | "bool"
                | "str"
                | "bytes"
                | "bytearray"
                | "object"
                | "complex"
                | "slice"
                | "range"
                | "type"
                | "long"
        ),
        // Types and constants; what builds anything is called, and then it is not known.
        "numpy" => !global.called || name == "dtype",
        "torch" => !global.called || matches!(name, "Size" | "device" | "dtype"),
        "torch.cuda" | "torch.storage" => !global.called,
        "torch.serialization" => !global.called || name == "_get_layout",
        "torch.nn.parameter" => matches!(name, "Parameter" | "Buffer") && !global.called,
        "torch.jit._pickle" => true,
        _ => module.starts_with("__torch__."),
    }
}

/// The first call of something unknown.
pub(super) fn first_unknown_call<'p>(pickle: &'p Pickle<'_>) -> Option<&'p Global> {
    pickle.globals().iter().find(|global| global.called && !is_known(global))
}

/// Whether it is the function that looks up attributes by name, which are named one by one.
fn is_getattr(global: &Global) -> bool {
    matches!(&*global.module, "builtins" | "__builtin__") && global.name == "getattr"
}

/// Up to 60 names, and how many more there are.
fn listed(names: &[String]) -> String {
    let more = names.len().saturating_sub(MOST);
    let listed = names[..names.len() - more].join(", ");
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    format!("{listed}{more}")
}

/// Names what was not loaded.
pub(super) fn warn(pickle: &Pickle<'_>, found: &mut Found) {
    let unknown: Vec<&Global> = pickle.globals().iter().filter(|g| !is_known(g)).collect();
    for (called, what) in [
        (true, "not called, so that only what the file stores in their objects is shown"),
        (false, "named by the pickle and not loaded"),
    ] {
        let names: Vec<String> = unknown
            .iter()
            .filter(|global| global.called == called && !is_getattr(global))
            .map(|global| global.shown())
            .collect();
        if names.is_empty() {
            continue;
        }
        found.warnings.push(Warning::file(format!("{what}: {}", listed(&names))));
    }
    if !pickle.attributes().is_empty() {
        let message = format!(
            "builtins.getattr would look these up, which is not done: {}",
            listed(pickle.attributes())
        );
        found.warnings.push(Warning::file(message));
    }
}
