//! Orbax: checkpoints of JAX, folders with a tree of names and arrays of zarr in a database
//! (OCDBT) or in files.
//!
//! Layout: <https://orbax.readthedocs.io/en/latest/guides/checkpoint/checkpoint_format.html>

mod item;
mod step;
mod tree;

use std::sync::Arc;

use super::{FolderRow, FormatRow};
use crate::container::ocdbt::is_manifest;
use crate::{Checkpoint, Error, ErrorKind, Head, Input, Limits, Sniff, lookalike};

/// The row of the table.
pub(crate) const ROW: FormatRow = FormatRow {
    name: "orbax",
    about: "Orbax checkpoints of JAX: a folder with _METADATA, arrays in OCDBT or zarr",
    help: "Read: the folder of a step or of an item of it, as PyTreeCheckpointer, StandardCheckpointer \
           and CheckpointManager write them: arrays in OCDBT (manifest.ocdbt and the files that it \
           names, checksums compared) or in folders, of zarr 2 and 3. Arrays are named by the keys \
           of the tree (params/Dense_0/kernel), the optimizer's state too; of a step with several \
           items the name begins with the item's. Texts, JSON items, metrics and custom metadata \
           are metadata. A folder of one step opens as that step, a folder of several is a run. A \
           save that was not finished is refused. Layout: orbax.readthedocs.io, and \
           google.github.io/tensorstore/kvstore/ocdbt",
    quantised: "",
    extensions: &["ocdbt"],
    sniff,
    open,
};

/// How its folders are recognised and opened.
pub(crate) const FOLDER: FolderRow = FolderRow { holds: step::holds, open: step::open };

/// The tree of an item.
const METADATA: &str = "_METADATA";
/// How the arrays of an item lay on devices.
const SHARDING: &str = "_sharding";
/// What is said of a step.
const STEP_METADATA: &str = "_CHECKPOINT_METADATA";

fn sniff(head: &Head<'_>) -> Sniff {
    let is_json = lookalike::text(head).is_some_and(|text| text.trim_start().starts_with('{'));
    let says = |word: &[u8]| head.bytes.windows(word.len()).any(|part| part == word);
    let tells = says(b"\"tree_metadata\"") || says(b"\"item_handlers\"");
    if is_manifest(head.bytes) || is_json && tells { Sniff::Certain } else { Sniff::No }
}

/// A file stands for the folder that it lies in.
fn open(input: &Input, limits: &Limits) -> Result<Checkpoint, Error> {
    let Some(path) = &input.path else {
        let message = "this is one file of an Orbax checkpoint; the others are next to it";
        return Err(Error::new(ErrorKind::Unsupported, message).cure("open it as a file"));
    };
    let folder = path.folder();
    step::open(&folder.shown_folder(), Arc::new(folder), limits)
}
