//! Tensors that the file stores as several: sparse and nested ones, and those of classes that wrap
//! others (DTensor, torchao's quantised weights). Their parts are listed, under names of their own.

use crate::container::pickle::{Id, Node, Object, Pickle};
use crate::formats::unpickle::Label;

enum Kind {
    Sparse,
    Nested,
    /// A class around other tensors, made by a call with a state.
    Wrapper,
    /// A parameter whose tensor is one of the others.
    Parameter(Id),
}

/// Whether an object that makes a tensor stores it as several.
pub(super) fn is_composite(pickle: &Pickle<'_>, object: &Object) -> bool {
    kind(pickle, object).is_some()
}

fn kind(pickle: &Pickle<'_>, object: &Object) -> Option<Kind> {
    match pickle.global_name(object.callable)? {
        ("torch._utils", "_rebuild_parameter" | "_rebuild_parameter_with_state") => {
            let data = *pickle.args(object).first()?;
            let (inner, _) = pickle.object(data)?;
            plain_kind(pickle, inner).map(|_| Kind::Parameter(data))
        }
        _ => plain_kind(pickle, object),
    }
}

fn plain_kind(pickle: &Pickle<'_>, object: &Object) -> Option<Kind> {
    match pickle.global_name(object.callable)? {
        ("torch._utils", "_rebuild_sparse_tensor" | "_rebuild_sparse_csr_tensor") => {
            Some(Kind::Sparse)
        }
        ("torch._utils", "_rebuild_nested_tensor") => Some(Kind::Nested),
        ("torch._tensor", "_rebuild_from_type" | "_rebuild_from_type_v2") => {
            let function = pickle.global_name(*pickle.args(object).first()?)?;
            match function {
                ("torch._utils", name) if name != "_rebuild_wrapper_subclass" => None,
                _ => Some(Kind::Wrapper),
            }
        }
        _ => None,
    }
}

/// The parts of a composite tensor; `None` where the object is none.
pub(super) fn parts(pickle: &Pickle<'_>, object: &Object) -> Option<Vec<(Label, Id)>> {
    let args = pickle.args(object);
    let words = |names: &[&'static str], parts: &[Id]| {
        names.iter().zip(parts).map(|(name, part)| (Label::Word(name), *part)).collect()
    };
    Some(match kind(pickle, object)? {
        Kind::Parameter(data) => vec![(Label::Same, data)],
        Kind::Nested => words(&["buffer", "sizes", "strides", "offsets"], args),
        Kind::Sparse => {
            let parts = args.get(1).and_then(|&parts| pickle.sequence(parts)).unwrap_or(&[]);
            words(sparse_names(&layout(pickle, args)), parts)
        }
        Kind::Wrapper => wrapped(pickle, args),
    })
}

fn sparse_names(layout: &str) -> &'static [&'static str] {
    match layout {
        "sparse_csr" | "sparse_bsr" => &["crow_indices", "col_indices", "values"],
        "sparse_csc" | "sparse_bsc" => &["ccol_indices", "row_indices", "values"],
        _ => &["indices", "values"],
    }
}

/// The layout of a sparse tensor, without `torch.`.
fn layout(pickle: &Pickle<'_>, args: &[Id]) -> String {
    let called = args.first().and_then(|&layout| pickle.object(layout));
    let text = called.and_then(|(call, _)| pickle.text_start(*pickle.args(call).first()?, 64));
    let text = text.map_or(String::new(), |(text, _)| text.into_owned());
    text.strip_prefix("torch.").unwrap_or(&text).to_owned()
}

/// The attributes of a wrapper: of its state, or, where that has none, of the arguments.
fn wrapped(pickle: &Pickle<'_>, args: &[Id]) -> Vec<(Label, Id)> {
    let dict = |id: &Id| match pickle.node(*id) {
        Node::Dict(pairs) => pairs.as_slice(),
        _ => &[],
    };
    let mut pairs: Vec<(Id, Id)> = match args.get(3).map(|&state| pickle.node(state)) {
        // A pair of attributes, and of those in slots.
        Some(Node::Tuple(halves)) => halves.iter().take(2).flat_map(dict).copied().collect(),
        Some(Node::Dict(pairs)) => pairs.clone(),
        _ => Vec::new(),
    };
    if pairs.is_empty() {
        let arguments = args.get(2).and_then(|&inner| pickle.sequence(inner)).unwrap_or(&[]);
        pairs = arguments.iter().take(16).flat_map(dict).copied().collect();
    }
    if is_distributed(pickle, args) {
        let local = pairs.iter().find(|(key, _)| {
            pickle.text_start(*key, 64).is_some_and(|(key, _)| key == "_local_tensor")
        });
        return local.map(|(_, part)| (Label::Same, *part)).into_iter().collect();
    }
    pairs.into_iter().map(|(key, part)| (Label::Key(key), part)).collect()
}

fn is_distributed(pickle: &Pickle<'_>, args: &[Id]) -> bool {
    let class = args.get(1).and_then(|&class| pickle.global_name(class));
    class.is_some_and(|(module, name)| module.starts_with("torch.distributed") && name == "DTensor")
}

/// What the user should know about a composite tensor; `None` if the object is none, or the note comes
/// with its parts.
pub(super) fn note(pickle: &Pickle<'_>, object: &Object) -> Option<String> {
    let args = pickle.args(object);
    Some(match kind(pickle, object)? {
        Kind::Parameter(_) => return None,
        Kind::Nested => "a nested tensor, listed as the parts that the file stores".to_owned(),
        Kind::Sparse => {
            let layout = layout(pickle, args);
            let kind = layout.strip_prefix("sparse_").unwrap_or("").to_uppercase();
            let kind = if kind.is_empty() { String::new() } else { format!(" ({kind})") };
            let size = args.get(1).and_then(|&parts| {
                let sizes = |part: &&Id| {
                    pickle.object(**part).is_some_and(|(_, name)| name == Some(("torch", "Size")))
                };
                pickle.sequence(parts)?.iter().take(8).find(sizes).copied()
            });
            let shape = size.and_then(|size| shape(pickle, size)).unwrap_or_default();
            format!("a sparse tensor{kind}{shape}, listed as the parts that the file stores")
        }
        Kind::Wrapper => {
            let class = args.get(1).and_then(|&class| pickle.global(class));
            let class = class.map_or("tensor of some class".to_owned(), |class| class.shown());
            // Class, dtype, size, …
            let sizes = args.get(2).and_then(|&inner| pickle.sequence(inner));
            let shape = sizes.and_then(|inner| shape(pickle, *inner.get(2)?)).unwrap_or_default();
            match is_distributed(pickle, args) {
                true => format!("the part that one process had of a {class}{shape}"),
                false => format!("a {class}{shape}, listed as the parts that the file stores"),
            }
        }
    })
}

/// ` of shape [2, 3]`.
fn shape(pickle: &Pickle<'_>, id: Id) -> Option<String> {
    let id = match pickle.object(id) {
        Some((object, Some(("torch", "Size")))) => *pickle.args(object).first()?,
        _ => id,
    };
    let lengths = pickle.sequence(id)?.iter().take(64).map(|&length| pickle.int(length));
    Some(format!(" of shape {:?}", lengths.collect::<Option<Vec<i128>>>()?))
}
