//! A cache of what was computed ahead, so that a model that was looked at before need not be read
//! again: statistics, problems and coarse cells of every tensor of a checkpoint.
//!
//! One entry a checkpoint, found by its files (path, length, time of the last change, number in the
//! file system). In it each tensor is identified by name, dtype, shape and first byte. The entry is
//! the length of a JSON object (64 bits, little-endian), the object, and the pyramids one behind
//! the other. Numbers that must come back to the last bit are written as their 64 bits.

use std::fmt::Write as _;

use hinton::files::file_state;
use hinton_tensor::Pyramid;
use serde_json::{Value, json};

use crate::events::watched;
use crate::known::{Fault, Row};
use crate::sources::{Entry, Holds, Sources};

/// Increased when the same files give other results.
const VERSION: u32 = 1;
/// Below this number of bytes a checkpoint is read about as fast as its entry.
const LEAST: u64 = 32 << 20;
/// Keys of checkpoints with more files than have room in this many bytes are not made.
const LONGEST_KEY: usize = 64 << 10;

/// A cache that outlives the viewer, provided by the program.
pub trait Cache: Send + Sync {
    /// The bytes stored under a key; `None` if there are none (any more).
    fn load(&self, key: &str) -> Option<Vec<u8>>;

    /// Stores bytes under a key. It may decide not to, and discard them at any time.
    fn store(&self, key: &str, bytes: &[u8]);
}

/// What was computed about a tensor.
pub(crate) struct Cached {
    pub(crate) tensor: usize,
    pub(crate) row: Row,
    pub(crate) faults: Box<[Fault]>,
    pub(crate) pyramid: Pyramid,
}

/// The key of a checkpoint; `None` if it is not worth an entry, or its files cannot be identified.
pub(crate) fn key_of(sources: &Sources, source: usize) -> Option<String> {
    let opened = sources.all.get(source)?;
    let of_source = |entry: &&Entry| entry.source == source;
    let bytes: u64 = sources.tensors.iter().filter(of_source).map(|entry| entry.bytes).sum();
    let files = watched(opened);
    // Nothing would tell that a checkpoint without files has changed.
    if !matches!(opened.holds, Holds::File(_)) || bytes < LEAST || files.is_empty() {
        return None;
    }
    let version = env!("CARGO_PKG_VERSION");
    let mut key = format!("hinton view, version {version}.{VERSION}\n{}\n", opened.path.display());
    for path in files {
        let state = file_state(&path)?;
        let (len, changed, number) = (state.len, state.changed, state.number);
        writeln!(key, "{} {len} {changed} {number}", path.display()).ok()?;
    }
    (key.len() <= LONGEST_KEY).then_some(key)
}

/// The entry with what is known of a checkpoint.
pub(crate) fn entry_of<'k>(
    sources: &Sources,
    known: impl Iterator<Item = (usize, &'k Row, &'k [Fault], &'k Pyramid)>,
) -> Vec<u8> {
    let mut pyramids = Vec::new();
    let mut tensors = Vec::new();
    for (tensor, row, faults, pyramid) in known {
        let bytes = pyramid.to_bytes();
        tensors.push(json!({
            "is": identity(&sources.tensors[tensor]),
            "row": row.to_cache(),
            "faults": faults.iter().map(Fault::to_cache).collect::<Vec<_>>(),
            "pyramid": bytes.len(),
        }));
        pyramids.extend(bytes);
    }
    let head = json!({ "tensors": tensors }).to_string();
    let mut entry = (head.len() as u64).to_le_bytes().to_vec();
    entry.extend(head.as_bytes());
    entry.extend(pyramids);
    entry
}

/// What an entry holds of the tensors of a checkpoint; what is damaged, or of tensors that it does
/// not have, is left out.
pub(crate) fn read(sources: &Sources, source: usize, entry: &[u8]) -> Vec<Cached> {
    let (Some(head), mut pyramids) = parts(entry) else { return Vec::new() };
    let listed = head["tensors"].as_array().map_or(&[][..], Vec::as_slice);
    let mut found = Vec::new();
    let mut own = sources.tensors.iter().enumerate().filter(|(_, entry)| entry.source == source);
    for listed in listed {
        let len = listed["pyramid"].as_u64().and_then(|len| usize::try_from(len).ok());
        let Some((bytes, rest)) = len.and_then(|len| pyramids.split_at_checked(len)) else { break };
        pyramids = rest;
        // Both are in the order of the file.
        let is = listed["is"].as_str();
        let Some((tensor, _)) = own.find(|(_, entry)| Some(identity(entry).as_str()) == is) else {
            break;
        };
        let row = Row::from_cache(&listed["row"]);
        let faults = listed["faults"].as_array();
        let faults = faults.and_then(|faults| faults.iter().map(Fault::from_cache).collect());
        if let (Some(row), Some(faults), Ok(pyramid)) = (row, faults, Pyramid::from_bytes(bytes)) {
            found.push(Cached { tensor, row, faults, pyramid });
        }
    }
    found
}

/// The object at the beginning of an entry, and what follows.
fn parts(entry: &[u8]) -> (Option<Value>, &[u8]) {
    let Some((len, rest)) = entry.split_first_chunk() else { return (None, &[]) };
    let len = usize::try_from(u64::from_le_bytes(*len)).unwrap_or(usize::MAX);
    let Some((head, pyramids)) = rest.split_at_checked(len) else { return (None, &[]) };
    (serde_json::from_slice(head).ok(), pyramids)
}

/// What a tensor is, within its checkpoint.
fn identity(entry: &Entry) -> String {
    let Entry { name, dtype, shape, matrix, first_byte, .. } = entry;
    format!("{name} {dtype} {shape:?} {matrix:?} {first_byte:?}")
}
