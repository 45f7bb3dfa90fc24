//! B-trees of version 2: sorted records of one size.

use std::collections::BTreeSet;

use super::file::{Fields, H5File};
use crate::Error;

/// The records of a tree, one after another.
pub(super) struct Records {
    /// What kind of records.
    pub(super) kind: u8,
    /// Bytes of one.
    pub(super) size: usize,
    bytes: Vec<u8>,
    at: u64,
}

impl Records {
    /// Each record, with a byte of the file for errors.
    pub(super) fn iter(&self) -> impl Iterator<Item = (&[u8], u64)> {
        self.bytes.chunks_exact(self.size).map(|record| (record, self.at))
    }
}

/// What a node of each level may hold; the widths of numbers follow from it.
struct Level {
    /// Most records of a node.
    most: u64,
    /// Bytes of the number of records below a node.
    total_size: usize,
    total: u64,
}

/// All records of the tree at that byte, in order; its kind must be one of those.
pub(super) fn records(file: &H5File, at: u64, kinds: &[u8]) -> Result<Records, Error> {
    let (offset, length) = (file.frame.offset_size as u64, file.frame.length_size as u64);
    let head = file.checked_block(at, 22 + offset + length, "B-tree")?;
    let mut fields = Fields::new(&head, at, file.frame, "B-tree");
    fields.signature(b"BTHD")?;
    fields.version(0..=0)?;
    let kind = fields.u8()?;
    if !kinds.contains(&kind) {
        return Err(fields.wrong(format!("a B-tree of kind {kind}, expected one of {kinds:?}")));
    }
    let node_size = u64::from(fields.u32()?);
    let size = usize::from(fields.u16()?);
    let depth = usize::from(fields.u16()?);
    fields.u16()?;
    let root = fields.address()?;
    let count = u64::from(fields.u16()?);
    if size == 0 || depth > 32 || node_size < 16 + size as u64 {
        return Err(fields.wrong("the B-tree has an impossible shape"));
    }
    let mut tree = Tree {
        file,
        kind,
        size,
        levels: levels(node_size, size as u64, depth, offset)
            .ok_or_else(|| fields.wrong("the B-tree's nodes are too small for its depth"))?,
        out: Records { kind, size, bytes: Vec::new(), at },
        seen: BTreeSet::new(),
    };
    if let Some(root) = root {
        tree.node(root, count, depth)?;
    }
    Ok(tree.out)
}

fn levels(node: u64, record: u64, depth: usize, offset: u64) -> Option<Vec<Level>> {
    let width = |count: u64| count.max(1).ilog2() as usize / 8 + 1;
    let most = (node - 10) / record;
    let number = width(most) as u64;
    let mut levels = vec![Level { most, total_size: 0, total: most }];
    for _ in 0..depth {
        let below = levels.last()?;
        let pointer = offset + number + below.total_size as u64;
        let most = node.checked_sub(10 + pointer)? / (record + pointer);
        let total = (most + 1).saturating_mul(below.total).saturating_add(most);
        levels.push(Level { most, total_size: width(total), total });
    }
    Some(levels)
}

struct Tree<'f> {
    file: &'f H5File,
    kind: u8,
    size: usize,
    levels: Vec<Level>,
    out: Records,
    seen: BTreeSet<u64>,
}

impl Tree<'_> {
    /// Reads a node that stands `level` above the leaves; no deeper than `levels`.
    fn node(&mut self, at: u64, count: u64, level: usize) -> Result<(), Error> {
        let wrong = |message: &str| Error::malformed(message.to_owned()).at_byte(at);
        if !self.seen.insert(at) {
            return Err(wrong("a node of the B-tree is its own child or another's"));
        }
        if count > self.levels[level].most {
            return Err(wrong("a node of the B-tree claims more records than fit"));
        }
        let number = self.levels[0].most.max(1).ilog2() as usize / 8 + 1;
        let total = if level > 0 { self.levels[level - 1].total_size } else { 0 };
        let pointer = self.file.frame.offset_size + number + total;
        let pointers = if level > 0 { (count + 1) * pointer as u64 } else { 0 };
        let len = 6 + count * self.size as u64 + pointers + 4;
        let bytes = self.file.checked_block(at, len, "B-tree node")?;
        let mut fields = Fields::new(&bytes, at, self.file.frame, "B-tree node");
        fields.signature(if level == 0 { b"BTLF" } else { b"BTIN" })?;
        fields.version(0..=0)?;
        if fields.u8()? != self.kind {
            return Err(wrong("a node of the B-tree is of another kind than the tree"));
        }
        let records = fields.take(count as usize * self.size)?;
        if level == 0 {
            self.out.bytes.extend(records);
            return Ok(());
        }
        let mut between = records.chunks_exact(self.size);
        for _ in 0..=count {
            let child = fields.needed_address("B-tree node")?;
            let count = fields.uint(number)?;
            fields.take(total)?;
            self.node(child, count, level - 1)?;
            self.out.bytes.extend(between.next().unwrap_or(&[]));
        }
        Ok(())
    }
}
