//! Zarr: folders of arrays in chunks, each a file of its own.
//!
//! Layout: <https://zarr-specs.readthedocs.io>

mod chunked;
mod codec;
mod meta;
mod nodes;
mod store;
mod streamed;
mod value;

use std::sync::Arc;

pub(crate) use self::meta::{V2_ARRAY, V3_NODE};
pub(crate) use self::nodes::{Node, Nodes, text};
pub(crate) use self::store::{Files, Keyed, Store};
use super::notes::distinct;
use super::{FolderRow, FormatRow, Holds};
use crate::source::Folder;
use crate::source::file::Entry;
use crate::{Checkpoint, Error, ErrorKind, Head, Input, Limits, Sniff, lookalike};

/// The row of the table.
pub(crate) const ROW: FormatRow = FormatRow {
    name: "zarr",
    about: "Zarr: a folder of arrays in chunks (.zarray or zarr.json, versions 2 and 3)",
    help: "Read: an array or a group of them as a folder, of version 2 (.zarray, .zgroup) and \
           version 3 (zarr.json, also with shards); every dtype of numbers, bfloat16 and 8-bit \
           floats too; either order of values; chunks as they are or packed with zstd, gzip, zlib, \
           LZ4 or Blosc (every codec of it), with CRC-32C. Chunks that are missing have the fill \
           value. Values are unpacked chunk by chunk when they are asked for. Arrays are named by \
           their path, attributes are metadata. Skipped with a warning: texts, records, other \
           codecs. A zip archive of a store opens too; one of several folders in it is named by its \
           path: x.zip/w.zarr. Links that lead out of the folder are not followed. Layout: zarr-specs.readthedocs.io",
    quantised: "",
    extensions: &["zarray", "zgroup"],
    sniff,
    open,
};

/// How its folders are recognised and opened.
pub(crate) const FOLDER: FolderRow = FolderRow { holds, open: open_folder };

/// Names of the files that tell a folder.
const V2_GROUP: &str = ".zgroup";
/// Most folders that are looked into.
const MOST_FOLDERS: usize = 100_000;

fn sniff(head: &Head<'_>) -> Sniff {
    let is_json = lookalike::text(head).is_some_and(|text| text.trim_start().starts_with('{'));
    let named = |name: &str| head.name.ends_with(name);
    let says = |word: &[u8]| head.bytes.windows(word.len()).any(|part| part == word);
    if is_json
        && (says(b"\"zarr_format\"")
            || [V2_ARRAY, V2_GROUP, V3_NODE].iter().any(|name| named(name)))
    {
        Sniff::Certain
    } else {
        Sniff::No
    }
}

/// A metadata file stands for the folder that it lies in.
fn open(input: &Input, limits: &Limits) -> Result<Checkpoint, Error> {
    let Some(path) = &input.path else {
        let message = "this describes an array or a group, whose values are next to it";
        return Err(Error::new(ErrorKind::Unsupported, message).cure("open it as a file"));
    };
    let folder = path.folder();
    open_folder(&folder.shown_folder(), Arc::new(folder), limits)
}

fn holds(_name: &str, entries: &[Entry], _folder: &dyn Folder) -> Holds {
    let tells = [V2_ARRAY, V2_GROUP, V3_NODE];
    let told = entries.iter().any(|entry| !entry.is_dir && tells.contains(&&*entry.name));
    if told { Holds::One } else { Holds::Nothing }
}

fn open_folder(name: &str, folder: Arc<dyn Folder>, limits: &Limits) -> Result<Checkpoint, Error> {
    let store: Arc<dyn Store> = Arc::new(Files(folder.clone()));
    let mut nodes = Nodes::new(limits);
    let mut walk = Walk { folder: &*folder, store, nodes: &mut nodes, limits, seen: 0 };
    walk.node("", stem(name), 0)?;
    let Nodes { mut tensors, metadata, skipped, .. } = nodes;
    let mut warnings = skipped.warnings();
    distinct(&mut tensors, &mut warnings);
    let files = vec![name.to_owned()];
    Ok(Checkpoint { path: name.to_owned(), format: ROW.name, metadata, tensors, files, warnings })
}

/// What a lone array in a folder is called: the folder's name without its ending.
fn stem(name: &str) -> &str {
    let mut parts = name.rsplit(['/', '\\']);
    match parts.find(|part| !part.is_empty() && *part != ".") {
        None | Some("..") => "array",
        Some(last) => last.strip_suffix(".zarr").filter(|stem| !stem.is_empty()).unwrap_or(last),
    }
}

/// Goes through the folders of groups. Those of arrays are not listed: they may have any number of
/// chunks.
struct Walk<'a, 'b> {
    folder: &'a dyn Folder,
    store: Arc<dyn Store>,
    nodes: &'a mut Nodes<'b>,
    limits: &'a Limits,
    /// Folders looked into.
    seen: usize,
}

impl Walk<'_, '_> {
    /// The node at `path`, and what is below it; `lone` names it where it is the root.
    fn node(&mut self, path: &str, lone: &str, depth: usize) -> Result<(), Error> {
        self.seen += 1;
        let limit = |message: String| Error::new(ErrorKind::Limit, message);
        if depth > self.limits.depth {
            let most = self.limits.depth;
            return Err(limit(format!("groups are nested deeper than {most}")));
        }
        if self.seen > MOST_FOLDERS {
            let message = format!("there are more than {MOST_FOLDERS} folders");
            return Err(limit(message).cure("open one of the groups in it"));
        }
        let name = if path.is_empty() { lone } else { path };
        let prefix = if path.is_empty() { String::new() } else { format!("{path}/") };
        let found = match self.nodes.add(&self.store, path, name) {
            // The rest can be read without what links lead to.
            Err(error) if error.kind() == ErrorKind::Refused && !path.is_empty() => {
                self.nodes.skipped.add(name, format!("skipped: {}", error.message()));
                return Ok(());
            }
            found => found?,
        };
        match found {
            Node::Array => return Ok(()),
            Node::Group => {}
            Node::Nothing if self.store.get(&format!("{prefix}{V2_GROUP}"))?.is_some() => {
                self.nodes.beside(&self.store, &prefix, name)?;
            }
            Node::Nothing if path.is_empty() => {
                let message =
                    format!("the folder holds no zarr: no {V2_ARRAY}, {V2_GROUP} or {V3_NODE}");
                return Err(
                    Error::new(ErrorKind::Unrecognised, message).cure("name another folder")
                );
            }
            Node::Nothing => return Ok(()),
        }
        for entry in self.folder.list(path)? {
            if entry.is_dir {
                self.node(&format!("{prefix}{}", entry.name), lone, depth + 1)?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lone_array_is_called_as_its_folder() {
        for (name, called) in [
            ("a/w.zarr", "w"),
            ("a/w.zarr/", "w"),
            ("a/w/.", "w"),
            (".", "array"),
            ("a/..", "array"),
            (".zarr", ".zarr"),
        ] {
            assert_eq!(stem(name), called, "{name}");
        }
    }
}
