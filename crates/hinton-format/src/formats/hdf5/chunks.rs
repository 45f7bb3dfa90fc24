//! Where the chunks of a dataset lie: the kinds of index that HDF5 has had.

use std::collections::BTreeSet;

use super::array;
use super::btree2;
use super::file::{Fields, H5File};
use super::layout::{Chunks, Index, Space};
use crate::Error;

/// A chunk, as stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Chunk {
    /// Byte of the file at which it starts.
    pub(super) at: u64,
    /// Bytes it takes there.
    pub(super) size: u64,
    /// Filters that it did not go through, as bits.
    pub(super) mask: u32,
}

/// The chunks that were written, by their number in C order over the grid of chunks.
#[derive(Debug, Default)]
pub(super) struct Table(Vec<(u64, Chunk)>);

impl Table {
    /// The chunk of that number; `None` where it was never written.
    pub(super) fn find(&self, number: u64) -> Option<Chunk> {
        let at = self.0.binary_search_by_key(&number, |(number, _)| *number).ok()?;
        Some(self.0[at].1)
    }
}

/// The grid of chunks that a dataset is cut into.
pub(super) struct Grid<'a> {
    pub(super) space: &'a Space,
    pub(super) chunks: &'a Chunks,
    /// Bytes of a chunk before filters.
    pub(super) chunk_bytes: u64,
    pub(super) filtered: bool,
}

impl Grid<'_> {
    /// Chunks along each axis.
    fn counts(&self) -> Vec<u64> {
        let axes = self.space.dims.iter().zip(&self.chunks.extent);
        axes.map(|(dim, extent)| dim.div_ceil(*extent)).collect()
    }

    /// Chunks along each axis when it has grown as far as it may; `None` without a bound.
    pub(super) fn most_counts(&self) -> Vec<Option<u64>> {
        let axes = self.space.most.iter().zip(&self.chunks.extent);
        axes.map(|(most, extent)| most.map(|most| most.div_ceil(*extent))).collect()
    }

    /// The number of the chunk at a place in the grid; `None` outside the dataset.
    pub(super) fn number(&self, place: &[u64]) -> Option<u64> {
        let mut number = 0u64;
        for (at, count) in place.iter().zip(self.counts()) {
            if *at >= count {
                return None;
            }
            number = number.checked_mul(count)?.checked_add(*at)?;
        }
        Some(number)
    }
}

/// Reads the index of a dataset.
pub(super) fn table(file: &H5File, grid: &Grid<'_>) -> Result<Table, Error> {
    let mut found = Vec::new();
    if let Some(at) = grid.chunks.at {
        match grid.chunks.index {
            Index::Tree1 => {
                Tree1 { file, grid, found: &mut found, seen: BTreeSet::new() }.node(at, None)?
            }
            Index::Single(filtered) => {
                let (size, mask) = filtered.unwrap_or((grid.chunk_bytes, 0));
                found.push((0, Chunk { at, size, mask }));
            }
            Index::Implicit => return Err(Error::malformed("an implicit index has no table")),
            Index::Fixed => array::fixed(file, at, grid, &mut found)?,
            Index::Extensible => array::extensible(file, at, grid, &mut found)?,
            Index::Tree2 => tree2(file, at, grid, &mut found)?,
        }
    }
    found.sort_by_key(|(number, _)| *number);
    if let Some(pair) = found.windows(2).find(|pair| pair[0].0 == pair[1].0) {
        let message = format!("chunk {} is there twice", pair[0].0);
        return Err(Error::malformed(message).at_byte(pair[1].1.at));
    }
    let have = file.data.len();
    for (number, Chunk { at, size, .. }) in &found {
        if at.checked_add(*size).is_none_or(|end| end > have) {
            let message =
                format!("chunk {number} of {size} bytes at byte {at}, the file has {have}");
            return Err(Error::malformed(message).at_byte(*at));
        }
    }
    Ok(Table(found))
}

/// The chunk of an implicit index, which needs no table: all lie one after another.
pub(super) fn implicit(file: &H5File, grid: &Grid<'_>, place: &[u64]) -> Option<Chunk> {
    let mut number = 0u64;
    for (at, count) in place.iter().zip(grid.most_counts()) {
        number = number.checked_mul(count?)?.checked_add(*at)?;
    }
    let at = grid.chunks.at?.checked_add(number.checked_mul(grid.chunk_bytes)?)?;
    let end = at.checked_add(grid.chunk_bytes)?;
    (end <= file.data.len()).then_some(Chunk { at, size: grid.chunk_bytes, mask: 0 })
}

/// A B-tree of version 1: keys are the sizes and places of chunks.
struct Tree1<'a> {
    file: &'a H5File,
    grid: &'a Grid<'a>,
    found: &'a mut Vec<(u64, Chunk)>,
    seen: BTreeSet<u64>,
}

impl Tree1<'_> {
    fn node(&mut self, at: u64, level: Option<u8>) -> Result<(), Error> {
        let frame = self.file.frame;
        if !self.seen.insert(at) {
            let message = "a node of the chunks' B-tree is its own child or another's";
            return Err(Error::malformed(message).at_byte(at));
        }
        let head_len = 8 + 2 * frame.offset_size;
        let head = self.file.block(at, head_len as u64, "chunks' B-tree")?;
        let mut fields = Fields::new(&head, at, frame, "chunks' B-tree");
        fields.signature(b"TREE")?;
        let (kind, found, count) = (fields.u8()?, fields.u8()?, usize::from(fields.u16()?));
        if kind != 1 || level.is_some_and(|level| level != found) {
            return Err(fields.wrong("a node of the chunks' B-tree is of another kind or level"));
        }
        let axes = self.grid.chunks.extent.len();
        let entry = 8 + 8 * (axes + 1) + frame.offset_size;
        let start = at + head_len as u64;
        let bytes = self.file.block(start, (count * entry) as u64, "chunks' B-tree")?;
        let mut fields = Fields::new(&bytes, start, frame, "chunks' B-tree");
        for _ in 0..count {
            let (size, mask) = (u64::from(fields.u32()?), fields.u32()?);
            let place: Result<Vec<u64>, Error> =
                self.grid.chunks.extent.iter().map(|extent| Ok(fields.u64()? / extent)).collect();
            let place = place?;
            fields.u64()?;
            let child = fields.needed_address("chunk")?;
            match found.checked_sub(1) {
                Some(below) => self.node(child, Some(below))?,
                None => {
                    if let Some(number) = self.grid.number(&place) {
                        self.found.push((number, Chunk { at: child, size, mask }));
                    }
                }
            }
        }
        Ok(())
    }
}

fn tree2(
    file: &H5File,
    at: u64,
    grid: &Grid<'_>,
    found: &mut Vec<(u64, Chunk)>,
) -> Result<(), Error> {
    let records = btree2::records(file, at, &[10, 11])?;
    let axes = grid.chunks.extent.len();
    // The width of sizes is nowhere written; it is what the other fields leave.
    let other = file.frame.offset_size + 8 * axes + if records.kind == 11 { 4 } else { 0 };
    let width = records.size.saturating_sub(other);
    if (records.kind == 11) != grid.filtered || width > 8 {
        let message = "the index of chunks and their filters do not agree";
        return Err(Error::malformed(message).at_byte(at));
    }
    for (bytes, at) in records.iter() {
        let mut fields = Fields::new(bytes, at, file.frame, "chunk");
        let address = fields.address()?;
        let (size, mask) = match records.kind {
            11 => (fields.uint(width)?, fields.u32()?),
            _ => (grid.chunk_bytes, 0),
        };
        let place: Result<Vec<u64>, Error> = (0..axes).map(|_| fields.u64()).collect();
        if let (Some(at), Some(number)) = (address, grid.number(&place?)) {
            found.push((number, Chunk { at, size, mask }));
        }
    }
    Ok(())
}
