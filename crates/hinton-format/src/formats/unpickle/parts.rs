//! What a node of a pickle contains: its parts, and what each is called there.

use super::numpy;
use super::reader::Reader;
use crate::container::pickle::{How, Id, Node, Object, Pickle};

/// A part of a container, and how it is named there.
#[derive(Clone, Copy)]
pub(crate) enum Label {
    /// By its position.
    Index(usize),
    /// By a key.
    Key(Id),
    /// By a word of ours.
    Word(&'static str),
    /// Not at all: it is the container itself in another guise.
    Same,
}

/// What a node contains, as far as the pickle itself says it: no call is guessed at.
pub(super) fn parts(reader: &Reader<'_>, id: Id) -> Vec<(Label, Id)> {
    let pickle = reader.pickle;
    match pickle.node(id) {
        Node::List(items) => indexed(items),
        Node::Tuple(items) | Node::FrozenSet(items) => indexed(items),
        Node::Set(items) => indexed(items),
        Node::Dict(pairs) => keyed(pairs),
        Node::Object(object) => object_parts(reader, object),
        _ => Vec::new(),
    }
}

fn indexed(items: &[Id]) -> Vec<(Label, Id)> {
    items.iter().enumerate().map(|(index, &item)| (Label::Index(index), item)).collect()
}

fn keyed(pairs: &[(Id, Id)]) -> Vec<(Label, Id)> {
    pairs.iter().map(|&(key, value)| (Label::Key(key), value)).collect()
}

fn object_parts(reader: &Reader<'_>, object: &Object) -> Vec<(Label, Id)> {
    let pickle = reader.pickle;
    let mut libraries = reader.libraries.iter();
    if let Some(parts) = libraries.find_map(|library| (library.parts)(pickle, object)) {
        return parts;
    }
    if let Some((items, shape)) = numpy::objects(pickle, object) {
        // One object is the object; a row of them may be a row of numbers.
        return match (shape, items) {
            ([], [only]) => vec![(Label::Same, *only)],
            ([_], _) => object_list(pickle, object),
            _ => indexed(items),
        };
    }
    let mut libraries = reader.libraries.iter();
    let held = libraries.find_map(|library| (library.holds)(pickle, object));
    let mut out = held.unwrap_or_else(|| among_arguments(pickle, object));
    if let Some(Node::Dict(pairs)) = object.kwargs.map(|kwargs| pickle.node(kwargs)) {
        out.extend(keyed(pairs));
    }
    for &state in &object.state {
        out.extend(state_parts(reader, state));
    }
    out.extend(indexed(&object.items));
    out.extend(keyed(&object.pairs));
    out
}

/// The contents among the arguments of a call that is not made.
fn among_arguments(pickle: &Pickle<'_>, object: &Object) -> Vec<(Label, Id)> {
    let args = pickle.args(object);
    match pickle.global_name(object.callable) {
        // Python 2 gives an OrderedDict its pairs as an argument.
        Some(("collections", "OrderedDict")) => args
            .first()
            .and_then(|&pairs| pickle.sequence(pairs))
            .unwrap_or(&[])
            .iter()
            .filter_map(|&pair| match pickle.sequence(pair) {
                Some(&[key, value]) => Some((Label::Key(key), value)),
                _ => None,
            })
            .collect(),
        // A subclass of dict, list or tuple before protocol 2: class, base, contents.
        Some(("copy_reg" | "copyreg", "_reconstructor")) => match args {
            [_, _, contents] => vec![(Label::Same, *contents)],
            _ => Vec::new(),
        },
        Some(("array", "array")) => match args {
            [_, list] => vec![(Label::Same, *list)],
            _ => Vec::new(),
        },
        // Paddle writes a tensor as a pair of its name and its values.
        Some(("builtins" | "__builtin__", "tuple")) if pair(pickle, args).is_some() => {
            pair(pickle, args).map(|values| (Label::Same, values)).into_iter().collect()
        }
        Some(("builtins" | "__builtin__", "list" | "tuple" | "dict" | "set" | "frozenset")) => {
            args.iter().map(|&arg| (Label::Same, arg)).collect()
        }
        // Named tuples: `__new__` gets the fields.
        _ if object.how == How::New => indexed(args),
        // Arrays of many libraries are calls with one of numpy's among the arguments (CuPy, Theano,
        // Flax's FrozenDict): the call is not made, what it is given is shown.
        _ => arguments(pickle, args),
    }
}

/// The arguments of a call that is not made; where only one can hold anything, it stands for all.
fn arguments(pickle: &Pickle<'_>, args: &[Id]) -> Vec<(Label, Id)> {
    let holds = |id: &&Id| {
        let node = pickle.node(**id);
        let sequence = matches!(node, Node::List(_) | Node::Tuple(_) | Node::Set(_));
        sequence || matches!(node, Node::Dict(_) | Node::Object(_) | Node::FrozenSet(_))
    };
    let mut holding = args.iter().filter(holds);
    match (holding.next(), holding.next()) {
        (Some(only), None) => vec![(Label::Same, *only)],
        _ => indexed(args),
    }
}

/// The second part of `tuple((text, values))`.
fn pair(pickle: &Pickle<'_>, args: &[Id]) -> Option<Id> {
    let [inner] = args else { return None };
    match *pickle.sequence(*inner)? {
        [name, values] if pickle.text_start(name, 1).is_some() => Some(values),
        _ => None,
    }
}

/// The list in the state of an array of objects.
fn object_list(pickle: &Pickle<'_>, object: &Object) -> Vec<(Label, Id)> {
    // Of joblib the array is an item.
    if let Some(&inner) = object.items.first() {
        return vec![(Label::Same, inner)];
    }
    let state = object.state.last().and_then(|&state| pickle.sequence(state));
    state.and_then(|state| state.last()).map(|&list| (Label::Same, list)).into_iter().collect()
}

/// The attributes that a state sets: a dict, or a pair of a dict and one for slots.
fn state_parts(reader: &Reader<'_>, state: Id) -> Vec<(Label, Id)> {
    let pickle = reader.pickle;
    match pickle.node(state) {
        Node::Dict(pairs) => attributes(reader, pairs),
        Node::Tuple(items) => match **items {
            [first, second] if is_dict_or_none(pickle, first) && is_dict(pickle, second) => {
                [first, second].into_iter().flat_map(|half| state_parts(reader, half)).collect()
            }
            _ => indexed(items),
        },
        Node::List(_) | Node::Object(_) => vec![(Label::Same, state)],
        _ => Vec::new(),
    }
}

fn is_dict(pickle: &Pickle<'_>, id: Id) -> bool {
    matches!(pickle.node(id), Node::Dict(_))
}

fn is_dict_or_none(pickle: &Pickle<'_>, id: Id) -> bool {
    matches!(pickle.node(id), Node::Dict(_) | Node::None)
}

/// Attributes under their names, except those that a library names as the object's own.
fn attributes(reader: &Reader<'_>, pairs: &[(Id, Id)]) -> Vec<(Label, Id)> {
    let pickle = reader.pickle;
    let is_own = |name: &str| reader.libraries.iter().any(|library| library.own.contains(&name));
    pairs
        .iter()
        .map(|&(key, value)| {
            let name = pickle.text(key);
            match name.as_deref() {
                Some(name) if is_own(name) => (Label::Same, value),
                _ => (Label::Key(key), value),
            }
        })
        .collect()
}
