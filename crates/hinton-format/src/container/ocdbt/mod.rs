//! OCDBT, TensorStore's database in files: a manifest names the root of a B+tree, whose nodes and
//! larger values lie in log files.
//!
//! Layout: <https://google.github.io/tensorstore/kvstore/ocdbt/index.html>

mod block;
mod manifest;
mod node;
mod paths;

use std::collections::BTreeMap;
use std::sync::Arc;

use hinton_tensor::{Bytes, Memory};

use self::block::CUT;
pub(crate) use self::block::is_manifest;
use self::node::{Child, Found, Node};
use self::paths::Place;
use crate::source::{Folder, Part};
use crate::{Error, ErrorKind, Limits};

/// The file that names everything else.
pub const MANIFEST: &str = "manifest.ocdbt";

/// What each node and each key costs of the budget besides its bytes, so that small ones cannot be
/// read forever.
const NODE_COST: u64 = 256;
const KEY_COST: u64 = 64;
/// Most entries of a node or a table; TensorStore reads no more either.
const MOST_ENTRIES: usize = 1 << 20;

/// A value and where it lies.
#[derive(Clone)]
pub struct Value {
    /// Its bytes.
    pub data: Arc<dyn Bytes>,
    /// The file that they lie in, below the folder.
    pub file: Arc<str>,
}

impl std::fmt::Debug for Value {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} bytes in {:?}", self.data.len(), self.file)
    }
}

/// The keys and values of the newest version of a database.
#[derive(Debug, Default)]
pub struct Database {
    /// Sorted by key.
    pub entries: BTreeMap<Vec<u8>, Value>,
    /// The files that were opened, below the folder, in order.
    pub files: Vec<Arc<str>>,
}

/// Reads every node of the newest version, and no value but those that lie in nodes. Checksums are
/// compared.
///
/// # Errors
/// Where a file is missing, cut or damaged or leads out of the folder, or where the nodes take more
/// than `limits.header_bytes`.
pub fn read(folder: &dyn Folder, limits: &Limits) -> Result<Database, Error> {
    let root = manifest::root(folder, limits)?;
    let mut reader = Reader {
        folder,
        limits,
        budget: limits.header_bytes,
        open: BTreeMap::new(),
        found: Database::default(),
    };
    reader.found.files.push(MANIFEST.into());
    if let Some(root) = root {
        reader.tree(root)?;
    }
    Ok(reader.found)
}

struct Reader<'a> {
    folder: &'a dyn Folder,
    limits: &'a Limits,
    /// Bytes that nodes and keys may still take.
    budget: u64,
    open: BTreeMap<Arc<str>, Arc<dyn Bytes>>,
    found: Database,
}

impl Reader<'_> {
    /// Reads a tree, the first keys first. The heights of nodes fall, so it ends.
    fn tree(&mut self, root: Child) -> Result<(), Error> {
        if usize::from(root.height) > self.limits.depth {
            let (height, limit) = (root.height, self.limits.depth);
            let message = format!("the tree is {height} nodes high, the limit is {limit}");
            return Err(Error::new(ErrorKind::Limit, message).in_file(MANIFEST));
        }
        let mut left = vec![root];
        while let Some(child) = left.pop() {
            let file = child.place.file.clone();
            let named =
                |error: Error| error.at_byte(child.place.start).in_file(&self.folder.shown(&file));
            let data = self.bytes(&child.place).map_err(named)?;
            spend(&mut self.budget, NODE_COST).map_err(named)?;
            let node = node::read(&*data, &child, &mut self.budget).map_err(named)?;
            match node {
                // The last is taken first.
                Node::Inner(children) => left.extend(children.into_iter().rev()),
                Node::Leaf { body, entries } => {
                    let body: Arc<dyn Bytes> = Arc::new(Memory::new(body));
                    for (key, found) in entries {
                        self.entry(key, found, &body, &file)?;
                    }
                }
            }
        }
        Ok(())
    }

    fn entry(
        &mut self,
        key: Vec<u8>,
        found: Found,
        body: &Arc<dyn Bytes>,
        node: &Arc<str>,
    ) -> Result<(), Error> {
        let value = match found {
            Found::Here { start, len } => {
                Value { data: Arc::new(Part::new(body.clone(), start, len)?), file: node.clone() }
            }
            Found::There(place) => {
                let named = |error: Error| {
                    let name = String::from_utf8_lossy(&key).into_owned();
                    error.for_tensor(name).in_file(&self.folder.shown(&place.file))
                };
                let data = self.bytes(&place).map_err(named)?;
                Value { data, file: place.file }
            }
        };
        if self.found.entries.insert(key, value).is_some() {
            let message = "two nodes of the tree have the same key";
            return Err(Error::malformed(message).cure(CUT));
        }
        Ok(())
    }

    /// The bytes of a place, whose file is opened once.
    fn bytes(&mut self, place: &Place) -> Result<Arc<dyn Bytes>, Error> {
        let data = match self.open.get(&place.file) {
            Some(data) => data.clone(),
            None => {
                let Some(data) = self.folder.file(&place.file)? else {
                    let name = &place.file;
                    let message = "the file is missing; it holds a node of the tree, or a value";
                    return Err(Error::new(ErrorKind::Io, message)
                        .cure(format!("copy {name:?} into the folder again")));
                };
                self.open.insert(place.file.clone(), data.clone());
                self.found.files.push(place.file.clone());
                data
            }
        };
        let have = data.len();
        if place.start.checked_add(place.len).is_none_or(|end| end > have) {
            let (start, len) = (place.start, place.len);
            let message =
                format!("it should have {len} bytes at byte {start}, the file has {have} in all");
            return Err(Error::malformed(message).at_byte(start).cure(CUT));
        }
        Ok(Arc::new(Part::new(data, place.start, place.len)?))
    }
}

/// Takes bytes of what may still be read.
fn spend(budget: &mut u64, cost: u64) -> Result<(), Error> {
    match budget.checked_sub(cost) {
        Some(left) => {
            *budget = left;
            Ok(())
        }
        None => {
            let message = "the nodes of the tree take more bytes than the limit for an index";
            Err(Error::new(ErrorKind::Limit, message))
        }
    }
}
