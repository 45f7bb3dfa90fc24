//! The classes and functions whose meaning hinton knows; every other one is named in a warning.

use super::library::{Libraries, making};
use super::numpy;
use super::walk::Found;
use crate::container::pickle::{Global, Pickle};
use crate::{Error, ErrorKind, Warning};

/// Most names that a warning lists.
const MOST: usize = 60;

/// Whether hinton knows what a class or function stands for.
fn is_known(global: &Global, libraries: Libraries) -> bool {
    let (module, name) = (global.module.as_str(), global.name.as_str());
    if numpy::is_array(module, name) || making(libraries, module, name).is_some() {
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
        _ => libraries.iter().any(|library| (library.knows)(global)),
    }
}

/// The refusal of a pickle without any array that calls something unknown.
pub(crate) fn refused_call(pickle: &Pickle<'_>, libraries: Libraries) -> Option<Error> {
    let mut globals = pickle.globals().iter();
    let unknown = globals.find(|global| global.called && !is_known(global, libraries))?;
    let message = format!(
        "the pickle calls {}: refused, nothing was executed, and there is no array beside it",
        unknown.shown()
    );
    Some(Error::new(ErrorKind::Refused, message).at_byte(unknown.byte))
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
pub(super) fn warn(pickle: &Pickle<'_>, libraries: Libraries, found: &mut Found) {
    let globals = pickle.globals().iter();
    let unknown: Vec<&Global> = globals.filter(|global| !is_known(global, libraries)).collect();
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
