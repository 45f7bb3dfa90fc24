//! The numbers and texts beside the arrays: epoch, learning rate, arguments.

use std::collections::HashSet;
use std::fmt::Write;

use super::numbers::{self, Number};
use super::parts::{Label, parts};
use super::reader::Reader;
use super::walk::{Found, Map, key_text};
use super::{library, numpy};
use crate::container::pickle::{Id, Node, Pickle};
use crate::{Error, Warning};

/// Most entries that are listed.
const ENTRIES: usize = 300;
/// Most nodes that are looked at for them: those that are no arrays, and all together.
const VISITS: usize = 20_000;
const STEPS: usize = 10_000_000;
/// Most bytes of a value, and of a part of a name.
const VALUE_BYTES: usize = 1000;
const NAME_BYTES: usize = 200;
/// Deepest nesting that is looked into.
const DEPTH: usize = 16;

/// Adds every plain value outside the arrays, under its dotted name, in the file's order. Long
/// values are cut; past a bound the rest is counted in a warning.
///
/// # Errors
/// Returns an error if a number of numpy has not the bytes of its type.
pub(super) fn collect(reader: &mut Reader<'_>, map: &Map, found: &mut Found) -> Result<(), Error> {
    let pickle = reader.pickle;
    if map.is_leaf(reader, pickle.root()) {
        return Ok(());
    }
    let (mut visits, mut steps) = (0, 0);
    let mut name = String::new();
    let mut cut = false;
    let mut way = vec![(transparent_parts(reader, pickle.root()).into_iter(), 0)];
    while let Some((rest, name_len)) = way.last_mut() {
        let Some((label, part)) = rest.next() else {
            way.pop();
            continue;
        };
        steps += 1;
        if map.is_leaf(reader, part) && steps < STEPS {
            continue;
        }
        visits += 1;
        if visits > VISITS || steps >= STEPS || found.metadata.len() >= ENTRIES {
            cut = true;
            break;
        }
        let parent_len = *name_len;
        name.truncate(parent_len);
        append(&mut name, pickle, label);
        let text = match number_text(reader, part)? {
            Some(text) => Some(text),
            None => value(reader, part),
        };
        if let Some(value) = text {
            found.metadata.push((name.clone(), value));
            continue;
        }
        let inner = transparent_parts(reader, part);
        if inner.is_empty() {
            continue;
        }
        if way.len() >= DEPTH {
            cut = true;
            continue;
        }
        way.push((inner.into_iter(), name.len()));
    }
    if cut {
        found.warnings.push(Warning::file(format!(
            "the file holds more settings than the {} that are listed",
            found.metadata.len()
        )));
    }
    Ok(())
}

/// The whole pickle as text, where it is a plain value or a list of them.
///
/// # Errors
/// Returns the errors of [`collect`].
pub(crate) fn plain_value(reader: &mut Reader<'_>) -> Result<Option<String>, Error> {
    let root = reader.pickle.root();
    Ok(number_text(reader, root)?.or_else(|| value(reader, root)))
}

/// A number of numpy as text.
fn number_text(reader: &mut Reader<'_>, id: Id) -> Result<Option<String>, Error> {
    if !reader.is_scalar(id) {
        return Ok(None);
    }
    Ok(numbers::number(reader, id)?.map(|number| match number {
        Number::Bool(value) => value.to_string(),
        Number::Int(value) => value.to_string(),
        Number::Float(value) => format!("{value:?}"),
    }))
}

fn append(name: &mut String, pickle: &Pickle<'_>, label: Label) {
    let text = match label {
        Label::Same => return,
        Label::Index(index) => index.to_string(),
        Label::Key(key) => match short_text(pickle, key, NAME_BYTES) {
            Some(text) => text,
            None => key_text(pickle, key, NAME_BYTES),
        },
        Label::Word(word) => word.to_owned(),
    };
    if !name.is_empty() {
        name.push('.');
    }
    name.push_str(&text);
}

/// The parts of containers, and of the few classes that are plain bags of values.
fn transparent_parts(reader: &Reader<'_>, id: Id) -> Vec<(Label, Id)> {
    let pickle = reader.pickle;
    let Some((object, callable)) = pickle.object(id) else { return parts(reader, id) };
    if numpy::objects(pickle, object).is_some() {
        return parts(reader, id);
    }
    match callable {
        Some(("collections", "OrderedDict")) => {
            // Its state is `_metadata` of torch, version numbers that tell the user nothing.
            let mut parts = parts(reader, id);
            let in_state: HashSet<Id> = object
                .state
                .iter()
                .take(4)
                .filter_map(|&state| match pickle.node(state) {
                    Node::Dict(pairs) => Some(pairs.iter().take(64).map(|pair| pair.0)),
                    _ => None,
                })
                .flatten()
                .collect();
            parts.retain(|(label, _)| !matches!(label, Label::Key(key) if in_state.contains(key)));
            parts
        }
        Some(
            ("collections", "defaultdict" | "Counter")
            | ("argparse", "Namespace")
            | ("types", "SimpleNamespace"),
        ) => parts(reader, id),
        _ => Vec::new(),
    }
}

/// A plain value as text; lists of plain values as JSON.
fn value(reader: &Reader<'_>, id: Id) -> Option<String> {
    let pickle = reader.pickle;
    if let Some(text) = short_text(pickle, id, VALUE_BYTES) {
        return Some(text);
    }
    match pickle.node(id) {
        Node::None | Node::Bool(_) | Node::Int(_) | Node::HugeInt | Node::Float(_) => {
            Some(scalar(pickle, id))
        }
        Node::Bytes(blob) | Node::ByteArray(blob) => {
            Some(format!("{} bytes", pickle.blob(blob).len()))
        }
        Node::List(items) => list(pickle, items),
        Node::Tuple(items) => list(pickle, items),
        Node::Set(items) => list(pickle, items),
        Node::FrozenSet(items) => list(pickle, items),
        Node::Global(_) => pickle.global(id).map(|global| global.shown()),
        Node::Object(object) => {
            if let Some(plain) = library::plain(reader.libraries, pickle, object) {
                return short_text(pickle, plain, VALUE_BYTES)
                    .or_else(|| list(pickle, pickle.sequence(plain)?));
            }
            match pickle.global_name(object.callable) {
                Some(("pathlib", _)) => {
                    let parts: Vec<_> = pickle
                        .args(object)
                        .iter()
                        .take(64)
                        .filter_map(|&arg| short_text(pickle, arg, VALUE_BYTES))
                        .collect();
                    Some(parts.join("/").replacen("//", "/", 1))
                }
                _ => None,
            }
        }
        _ => None,
    }
}

fn scalar(pickle: &Pickle<'_>, id: Id) -> String {
    match pickle.node(id) {
        Node::Bool(value) => value.to_string(),
        Node::Int(value) => value.to_string(),
        Node::HugeInt => "an integer of more than 128 bits".to_owned(),
        Node::Float(value) => format!("{value:?}"),
        _ => "null".to_owned(),
    }
}

/// A list of numbers and texts as JSON, cut; `None` where it holds anything else or nothing.
fn list(pickle: &Pickle<'_>, items: &[Id]) -> Option<String> {
    let mut out = String::from("[");
    for (index, &item) in items.iter().enumerate() {
        if index > 0 {
            out.push(',');
        }
        if let Some(text) = short_text(pickle, item, VALUE_BYTES) {
            out.push_str(&serde_json::to_string(&text).ok()?);
        } else if matches!(
            pickle.node(item),
            Node::None | Node::Bool(_) | Node::Int(_) | Node::Float(_)
        ) {
            out.push_str(&scalar(pickle, item));
        } else {
            return None;
        }
        if out.len() > VALUE_BYTES {
            let _ = write!(out, "… ({} values)", items.len());
            return Some(out);
        }
    }
    out.push(']');
    (!items.is_empty()).then_some(out)
}

/// A text, or its start and a word about its length.
fn short_text(pickle: &Pickle<'_>, id: Id, most: usize) -> Option<String> {
    let (text, len) = pickle.text_start(id, most)?;
    Some(if len > most { format!("{text}… ({len} bytes)") } else { text.into_owned() })
}
