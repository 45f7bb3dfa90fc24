//! Nodes of the B+tree: keys that share their starts, and where children or values lie.

use hinton_tensor::Bytes;

use super::block::{Fields, Kind, body};
use super::paths::{Paths, Place};
use super::{KEY_COST, spend};
use crate::{Error, ErrorKind};

/// Longest key.
const LONGEST: usize = 65_535;

/// Where a node lies, and what its parent says of it.
pub(super) struct Child {
    pub(super) place: Place,
    /// Levels below it.
    pub(super) height: u8,
    /// What all keys in it begin with.
    pub(super) prefix: Vec<u8>,
}

/// A node.
pub(super) enum Node {
    Inner(Vec<Child>),
    /// The unpacked body, in which short values lie, and keys with their values.
    Leaf {
        body: Vec<u8>,
        entries: Vec<(Vec<u8>, Found)>,
    },
}

/// Where a value lies.
pub(super) enum Found {
    /// In the body of the node.
    Here {
        start: u64,
        len: u64,
    },
    There(Place),
}

/// Reads the node that `data` is.
///
/// # Errors
/// Returns an error if it is damaged, of another height than its parent says, or takes more than
/// the budget.
pub(super) fn read(data: &dyn Bytes, from: &Child, budget: &mut u64) -> Result<Node, Error> {
    let body = body(data, Kind::Node, budget)?;
    let mut fields = Fields::new(&body, "node of a B+tree");
    let height = fields.u8()?;
    if height != from.height {
        let message = format!("its height is {height}, its parent says {}", from.height);
        return Err(fields.wrong(&message));
    }
    let paths = Paths::read(&mut fields, &from.place.base, budget)?;
    let count = fields.count(2)?;
    if count == 0 {
        return Err(fields.wrong("it has no entries"));
    }
    match height.checked_sub(1) {
        Some(below) => inner(&mut fields, &paths, count, from, below, budget).map(Node::Inner),
        None => {
            let entries = leaf(&mut fields, &paths, count, from, budget)?;
            Ok(Node::Leaf { body, entries })
        }
    }
}

/// Reads the suffixes of keys and puts the keys together.
fn keys(
    fields: &mut Fields<'_>,
    prefix: &[u8],
    shared: &[usize],
    own: &[usize],
    budget: &mut u64,
) -> Result<Vec<Vec<u8>>, Error> {
    let mut keys: Vec<Vec<u8>> = Vec::new();
    for (at, len) in own.iter().enumerate() {
        let kept = at.checked_sub(1).map_or(0, |before| shared[before]);
        let before = keys.last().map_or(prefix, Vec::as_slice);
        let Some(start) = before.get(..prefix.len() + kept) else {
            return Err(fields.wrong("a key shares more with the one before than it has"));
        };
        let size = start.len() + len;
        if size > LONGEST {
            return Err(fields.wrong(&format!("a key has {size} bytes, the longest may {LONGEST}")));
        }
        spend(budget, size as u64 + KEY_COST)?;
        let key = [start, fields.take(*len)?].concat();
        if at > 0 && *key <= *before {
            return Err(fields.wrong("its keys are not in order"));
        }
        keys.push(key);
    }
    Ok(keys)
}

fn inner(
    fields: &mut Fields<'_>,
    paths: &Paths,
    count: usize,
    from: &Child,
    below: u8,
    budget: &mut u64,
) -> Result<Vec<Child>, Error> {
    let (shared, own) = (fields.lengths(count - 1)?, fields.lengths(count)?);
    let common = fields.lengths(count)?;
    let keys = keys(fields, &from.prefix, &shared, &own, budget)?;
    let (files, starts) = (fields.varints(count)?, fields.varints(count)?);
    let lens = fields.varints(count)?;
    // Statistics: keys, bytes of the tree, bytes of values.
    fields.varints(count.saturating_mul(3))?;
    fields.end()?;
    let mut children = Vec::new();
    for (at, key) in keys.into_iter().enumerate() {
        let prefix = key.get(..from.prefix.len() + common[at]);
        let prefix = prefix.ok_or_else(|| fields.wrong("a key is shorter than its start"))?;
        let place = paths.place(fields, files[at], starts[at], lens[at])?;
        children.push(Child { place, height: below, prefix: prefix.to_vec() });
    }
    Ok(children)
}

fn leaf(
    fields: &mut Fields<'_>,
    paths: &Paths,
    count: usize,
    from: &Child,
    budget: &mut u64,
) -> Result<Vec<(Vec<u8>, Found)>, Error> {
    let (shared, own) = (fields.lengths(count - 1)?, fields.lengths(count)?);
    let keys = keys(fields, &from.prefix, &shared, &own, budget)?;
    let lens = fields.varints(count)?;
    let kinds = fields.take(count)?;
    if let Some(kind) = kinds.iter().find(|kind| **kind > 1) {
        let message = format!("a value is stored in way {kind}; 0 (here) and 1 (there) are read");
        return Err(Error::new(ErrorKind::Unsupported, message));
    }
    let far = kinds.iter().filter(|kind| **kind == 1).count();
    let (files, starts) = (fields.varints(far)?, fields.varints(far)?);
    let mut places = files.into_iter().zip(starts);
    let mut entries = Vec::new();
    for ((key, len), kind) in keys.into_iter().zip(lens).zip(kinds) {
        // As many places were read as there are values elsewhere.
        let place = if *kind == 1 { places.next() } else { None };
        let found = match place {
            Some((file, start)) => Found::There(paths.place(fields, file, start, len)?),
            None => {
                let start = fields.at() as u64;
                fields.take(usize::try_from(len).unwrap_or(usize::MAX))?;
                Found::Here { start, len }
            }
        };
        entries.push((key, found));
    }
    fields.end()?;
    Ok(entries)
}
