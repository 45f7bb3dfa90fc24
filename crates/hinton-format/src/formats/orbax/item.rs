//! One item of a checkpoint: a tree of arrays in one folder.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::tree::{self, Kind, Leaf, Tree};
use super::{METADATA, SHARDING};
use crate::container::ocdbt::{self, MANIFEST};
use crate::formats::flax;
use crate::formats::zarr::{Files, Keyed, Node, Nodes, Store, V2_ARRAY, V3_NODE, text};
use crate::source::file::Entry;
use crate::source::{Folder, read_vec};
use crate::{Error, ErrorKind, Input, Limits, Warning};

/// The tree of Orbax before it wrote `_METADATA`: MessagePack, as Flax writes it, with words where
/// arrays lie elsewhere.
const OLD_TREE: &str = "checkpoint";
const PLACEHOLDER: &str = "PLACEHOLDER://";
/// Where texts of the tree lie.
const STRINGS: &str = "_strings.json";

/// Whether a folder with these entries is an item.
pub(super) fn is_item(entries: &[Entry], folder: &dyn Folder) -> bool {
    let has = |name: &str| entries.iter().any(|entry| !entry.is_dir && entry.name == name);
    let arrays = || {
        let folders = entries.iter().filter(|entry| entry.is_dir).take(16);
        let described = |name: String| folder.file(&name).is_ok_and(|file| file.is_some());
        folders.map(|entry| &entry.name).any(|name| described(format!("{name}/{V2_ARRAY}")))
    };
    has(METADATA) || has(MANIFEST) || has(SHARDING) || has(OLD_TREE) && arrays()
}

/// What has been found of a checkpoint.
pub(super) struct Found<'a> {
    pub(super) nodes: Nodes<'a>,
    pub(super) files: Vec<String>,
    pub(super) warnings: Vec<Warning>,
}

/// Adds an item; `prefix` begins the names of all that is in it.
///
/// # Errors
/// Returns an error if something of it is missing or damaged.
pub(super) fn add(
    folder: &Arc<dyn Folder>,
    prefix: &str,
    found: &mut Found<'_>,
    limits: &Limits,
) -> Result<(), Error> {
    let tree = read_tree(&**folder, prefix, found, limits)?;
    let in_database = tree.as_ref().is_some_and(|tree| tree.in_database);
    let (store, keys) = if in_database || folder.file(MANIFEST)?.is_some() {
        database(folder, found, limits)?
    } else {
        files(folder, found)?
    };
    let mut claimed = BTreeSet::new();
    let mut strings = None;
    for leaf in tree.iter().flat_map(|tree| &tree.leaves) {
        let name = format!("{prefix}{}", leaf.name);
        if leaf.kind != Kind::Empty && !claimed.insert((leaf.kind, leaf.key.as_str())) {
            let said = format!(
                "its values would be under the key {:?}, as those of an earlier name are: left out",
                leaf.key
            );
            found.warnings.push(Warning::about(name, said).as_fault());
            continue;
        }
        match leaf.kind {
            Kind::Empty => {}
            Kind::Text => {
                if strings.is_none() {
                    strings = Some(optional(&**folder, STRINGS, &mut found.nodes)?);
                }
                match strings.as_ref().and_then(|strings| strings.get(&leaf.key)) {
                    Some(value) => found.nodes.note(name, text(value))?,
                    None => {
                        let said = "the tree lists it as a text, but it is missing";
                        found.warnings.push(Warning::about(name, said).as_fault());
                    }
                }
            }
            Kind::Array => {
                if found.nodes.add(&store, &leaf.key, &name)? == Node::Nothing {
                    let said = "the tree lists it, but there are no values of it";
                    found.warnings.push(Warning::about(name, said).as_fault());
                }
            }
        }
    }
    if let Some(custom) = tree.as_ref().map(|tree| &tree.custom) {
        for (key, value) in custom.as_object().into_iter().flatten() {
            found.nodes.note(format!("{prefix}{key}"), text(value))?;
        }
    }
    let more: Vec<&String> =
        keys.iter().filter(|key| !claimed.contains(&(Kind::Array, key.as_str()))).collect();
    if tree.is_none() && !more.is_empty() {
        let said = format!(
            "there is no {METADATA}: names are made of the keys, in which a dot may part two names \
             or belong to one"
        );
        found.warnings.push(Warning::file(said));
    }
    for key in more {
        let name = format!("{prefix}{}", key.replace('.', "/"));
        let name = if name.is_empty() { "array" } else { &name };
        if found.nodes.add(&store, key, name)? == Node::Array && tree.is_some() {
            let said = "the tree does not list it: its name is made of its key";
            found.warnings.push(Warning::about(name, said));
        }
    }
    Ok(())
}

/// The tree, of either age.
fn read_tree(
    folder: &dyn Folder,
    prefix: &str,
    found: &mut Found<'_>,
    limits: &Limits,
) -> Result<Option<Tree>, Error> {
    if let Some(data) = folder.file(METADATA)? {
        found.files.push(folder.shown(METADATA));
        let named = |error: Error| error.in_file(&folder.shown(METADATA));
        let len = data.len();
        if len > limits.header_bytes {
            let limit = limits.header_bytes;
            let message = format!("the tree has {len} bytes, the limit is {limit}");
            return Err(named(Error::new(ErrorKind::Limit, message)));
        }
        found.nodes.spend(len).map_err(named)?;
        let text = read_vec(&*data, 0, len)?;
        return tree::parse(&text, limits).map(Some).map_err(named);
    }
    match folder.file(OLD_TREE)? {
        Some(data) => {
            let name = folder.shown(OLD_TREE);
            let input = Input { name: name.clone(), path: None, data };
            let opened = (flax::ROW.open)(&input, limits).map_err(|error| error.in_file(&name))?;
            found.files.push(name);
            found.warnings.extend(opened.warnings);
            let tensors = opened.tensors.into_iter();
            let named = tensors.map(|tensor| {
                let name = format!("{prefix}{}", tensor.name());
                tensor.named(name)
            });
            found.nodes.tensors.extend(named);
            let mut tree = Tree::default();
            for (name, value) in opened.metadata {
                match value.strip_prefix(PLACEHOLDER) {
                    Some(key) => {
                        let key = key.to_owned();
                        tree.leaves.push(Leaf { name, key, kind: Kind::Array });
                    }
                    None => found.nodes.note(format!("{prefix}{name}"), value)?,
                }
            }
            Ok(Some(tree))
        }
        None => Ok(None),
    }
}

/// Where arrays lie, and the keys of all that are found without the tree.
type Arrays = (Arc<dyn Store>, BTreeSet<String>);

/// Arrays in a database.
fn database(
    folder: &Arc<dyn Folder>,
    found: &mut Found<'_>,
    limits: &Limits,
) -> Result<Arrays, Error> {
    let database = ocdbt::read(&**folder, limits)?;
    found.files.extend(database.files.iter().map(|name| folder.shown(name)));
    let keys = database.entries.keys().filter_map(|key| {
        let key = std::str::from_utf8(key).ok()?;
        match key.rsplit_once('/') {
            Some((array, V2_ARRAY | V3_NODE)) => Some(array.to_owned()),
            None if [V2_ARRAY, V3_NODE].contains(&key) => Some(String::new()),
            _ => None,
        }
    });
    let keys = keys.collect();
    Ok((Arc::new(Keyed { database, folder: folder.clone() }), keys))
}

/// Arrays in folders.
fn files(folder: &Arc<dyn Folder>, found: &mut Found<'_>) -> Result<Arrays, Error> {
    let mut keys = BTreeSet::new();
    for entry in folder.list("")?.into_iter().filter(|entry| entry.is_dir) {
        for described in [V2_ARRAY, V3_NODE] {
            if folder.file(&format!("{}/{described}", entry.name))?.is_some() {
                keys.insert(entry.name.clone());
            }
        }
    }
    found.files.push(folder.shown(""));
    Ok((Arc::new(Files(folder.clone())), keys))
}

/// A file of JSON that need not be there.
pub(super) fn optional(
    folder: &dyn Folder,
    name: &str,
    nodes: &mut Nodes<'_>,
) -> Result<serde_json::Value, Error> {
    match folder.file(name)? {
        Some(data) => nodes.json(&*data).map_err(|error| error.in_file(&folder.shown(name))),
        None => Ok(serde_json::Value::Null),
    }
}
