//! The links of a group: from a symbol table (old), from messages, or from a fractal heap (many).

use std::collections::BTreeSet;

use hinton_tensor::natural_cmp;

use super::btree2;
use super::file::{Fields, H5File};
use super::fractal::FractalHeap;
use super::heap::LocalHeap;
use super::object::{Object, kind};
use crate::{Error, ErrorKind};

/// A name in a group, and what it stands for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Link {
    pub(super) name: String,
    pub(super) target: Target,
    /// Its place among the group's links in the order they were made, where that is kept.
    order: Option<u64>,
}

/// What a link stands for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Target {
    /// The object header at that byte of the file.
    Object(u64),
    /// A path in the same file.
    Soft(String),
    /// A path in another file; never followed.
    External { file: String },
    /// A kind that a program defines.
    Other(u8),
}

/// Whether the object is a group.
pub(super) fn is_group(object: &Object) -> bool {
    [kind::SYMBOL_TABLE, kind::LINK_INFO, kind::LINK].into_iter().any(|kind| object.has(kind))
}

/// The links of a group: in the order they were made where the file keeps it, else by name, with
/// numbers in names by size.
pub(super) fn links(file: &H5File, object: &Object) -> Result<Vec<Link>, Error> {
    let mut links = Vec::new();
    if let Some(message) = object.find(file, kind::SYMBOL_TABLE)? {
        let mut fields = message.fields(file, "symbol table");
        let tree = fields.needed_address("group's B-tree")?;
        let heap = LocalHeap::read(file, fields.needed_address("group's heap")?)?;
        SymbolTable { file, heap, links: &mut links, seen: BTreeSet::new() }.node(tree, None)?;
    }
    for message in object.messages.iter().filter(|message| message.kind == kind::LINK) {
        links.push(link(&mut message.fields(file, "link"))?);
    }
    if let Some(message) = object.find(file, kind::LINK_INFO)? {
        let mut fields = message.fields(file, "link info");
        fields.version(0..=0)?;
        if fields.u8()? & 1 != 0 {
            fields.u64()?;
        }
        if let (Some(heap), Some(tree)) = (fields.address()?, fields.address()?) {
            dense_links(file, heap, tree, &mut links)?;
        }
    }
    if links.iter().all(|link| link.order.is_some()) {
        links.sort_by_key(|link| link.order);
    } else {
        links.sort_by(|a, b| natural_cmp(&a.name, &b.name));
    }
    Ok(links)
}

fn dense_links(file: &H5File, heap: u64, tree: u64, links: &mut Vec<Link>) -> Result<(), Error> {
    let heap = FractalHeap::read(file, heap)?;
    let records = btree2::records(file, tree, &[5])?;
    for (record, at) in records.iter() {
        // A hash of the name, then the identifier in the heap.
        let bytes = heap.object(file, record.get(4..).unwrap_or(&[]))?;
        links.push(link(&mut Fields::new(&bytes, at, file.frame, "link"))?);
    }
    Ok(())
}

/// A link message.
fn link(fields: &mut Fields<'_>) -> Result<Link, Error> {
    fields.version(1..=1)?;
    let flags = fields.u8()?;
    let kind = if flags & 8 == 0 { 0 } else { fields.u8()? };
    let order = if flags & 4 == 0 { None } else { Some(fields.u64()?) };
    if flags & 16 != 0 {
        fields.u8()?;
    }
    let len = fields.uint(1 << (flags & 3))?;
    let name = fields.take(usize::try_from(len).unwrap_or(usize::MAX))?;
    let name = String::from_utf8_lossy(name).into_owned();
    let target = match kind {
        0 => Target::Object(fields.needed_address("linked object")?),
        1 => {
            let len = usize::from(fields.u16()?);
            Target::Soft(String::from_utf8_lossy(fields.take(len)?).into_owned())
        }
        64 => {
            let len = usize::from(fields.u16()?);
            // A byte of version and flags, then the file's name and the path, each ended by zero.
            let value = fields.take(len)?.get(1..).unwrap_or(&[]);
            let file = value.split(|byte| *byte == 0).next().unwrap_or(&[]);
            Target::External { file: String::from_utf8_lossy(file).into_owned() }
        }
        other => Target::Other(other),
    };
    Ok(Link { name, target, order })
}

/// The links of an old group: a B-tree of nodes full of symbols, their names in a heap.
struct SymbolTable<'a> {
    file: &'a H5File,
    heap: LocalHeap,
    links: &'a mut Vec<Link>,
    seen: BTreeSet<u64>,
}

impl SymbolTable<'_> {
    /// Reads a node, which must stand at that level.
    fn node(&mut self, at: u64, level: Option<u8>) -> Result<(), Error> {
        let (offset, length) = (self.file.frame.offset_size, self.file.frame.length_size);
        if !self.seen.insert(at) {
            let message = "a node of the group's B-tree is its own child or another's";
            return Err(Error::malformed(message).at_byte(at));
        }
        let head_len = 8 + 2 * offset;
        let head = self.file.block(at, head_len as u64, "B-tree node")?;
        let mut fields = Fields::new(&head, at, self.file.frame, "B-tree node");
        fields.signature(b"TREE")?;
        let (kind, found, count) = (fields.u8()?, fields.u8()?, usize::from(fields.u16()?));
        if kind != 0 || level.is_some_and(|level| level != found) {
            return Err(fields.wrong("a node of the group's B-tree is of another kind or level"));
        }
        let len = (count * (offset + length)) as u64;
        let bytes = self.file.block(at + head_len as u64, len, "B-tree node")?;
        let mut fields = Fields::new(&bytes, at, self.file.frame, "B-tree node");
        for _ in 0..count {
            fields.length()?;
            let child = fields.needed_address("B-tree node")?;
            match found.checked_sub(1) {
                Some(below) => self.node(child, Some(below))?,
                None => self.symbols(child)?,
            }
        }
        Ok(())
    }

    fn symbols(&mut self, at: u64) -> Result<(), Error> {
        let head = self.file.block(at, 8, "symbol node")?;
        let mut fields = Fields::new(&head, at, self.file.frame, "symbol node");
        fields.signature(b"SNOD")?;
        fields.take(2)?;
        let count = u64::from(fields.u16()?);
        let size = 2 * self.file.frame.offset_size as u64 + 24;
        let bytes = self.file.block(at + 8, count * size, "symbol node")?;
        let mut fields = Fields::new(&bytes, at + 8, self.file.frame, "symbol node");
        for _ in 0..count {
            let name = self.heap.text(fields.offset()?)?;
            let address = fields.address()?;
            let cached = fields.u32()?;
            fields.u32()?;
            let mut scratch = Fields::new(fields.take(16)?, at + 8, self.file.frame, "symbol node");
            let target = match (cached, address) {
                (2, _) => Target::Soft(self.heap.text(u64::from(scratch.u32()?))?),
                (_, Some(address)) => Target::Object(address),
                (_, None) => {
                    return Err(Error::new(
                        ErrorKind::Malformed,
                        format!("the link {name:?} leads nowhere"),
                    )
                    .at_byte(at));
                }
            };
            self.links.push(Link { name, target, order: None });
        }
        Ok(())
    }
}
