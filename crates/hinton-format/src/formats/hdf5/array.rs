//! Indexes of chunks that are arrays: a place for each chunk, in the order of the grid.

use super::chunks::{Chunk, Grid};
use super::file::{Fields, H5File};
use crate::Error;

/// What an array's header says of its elements.
struct Elements {
    filtered: bool,
    size: usize,
    /// Elements of a page, as a power of two.
    page_bits: u32,
}

impl Elements {
    /// Reads one: the chunk's address, and where chunks are filtered its size and mask.
    fn read(&self, fields: &mut Fields<'_>, grid: &Grid<'_>) -> Result<Option<Chunk>, Error> {
        let offset = fields.frame().offset_size;
        let address = fields.address()?;
        let (size, mask) = if self.filtered {
            (fields.uint(self.size - offset - 4)?, fields.u32()?)
        } else {
            (grid.chunk_bytes, 0)
        };
        Ok(address.map(|at| Chunk { at, size, mask }))
    }

    fn check(&self, fields: &Fields<'_>, client: u8, grid: &Grid<'_>) -> Result<(), Error> {
        let offset = fields.frame().offset_size;
        let sizes = if self.filtered { offset + 5..=offset + 12 } else { offset..=offset };
        if client > 1 || self.filtered != grid.filtered || !sizes.contains(&self.size) {
            return Err(fields.wrong("the index of chunks and their filters do not agree"));
        }
        Ok(())
    }
}

/// Chunks as they are found, with what their numbers mean.
struct Out<'a, 'g> {
    grid: &'a Grid<'g>,
    /// Chunks along each axis, in the order in which the array counts them.
    counts: Vec<Option<u64>>,
    /// Which axis of the grid each of them is.
    axes: Vec<usize>,
    found: &'a mut Vec<(u64, Chunk)>,
}

impl Out<'_, '_> {
    /// Takes element `index` of the array.
    fn take(&mut self, index: u64, chunk: Option<Chunk>) {
        let Some(chunk) = chunk else { return };
        let mut place = vec![0; self.axes.len()];
        let mut rest = index;
        for (axis, count) in self.axes.iter().zip(&self.counts).rev() {
            match count {
                Some(0) => return,
                Some(count) => {
                    place[*axis] = rest % count;
                    rest /= count;
                }
                // Only the first may be without a bound; it takes what is left.
                None => {
                    place[*axis] = rest;
                    rest = 0;
                }
            }
        }
        if rest == 0
            && let Some(number) = self.grid.number(&place)
        {
            self.found.push((number, chunk));
        }
    }
}

/// A fixed array: one block, in pages where it is long.
pub(super) fn fixed(
    file: &H5File,
    at: u64,
    grid: &Grid<'_>,
    found: &mut Vec<(u64, Chunk)>,
) -> Result<(), Error> {
    let (offset, length) = (file.frame.offset_size as u64, file.frame.length_size as u64);
    let head = file.checked_block(at, 12 + length + offset, "fixed array")?;
    let mut fields = Fields::new(&head, at, file.frame, "fixed array");
    fields.signature(b"FAHD")?;
    fields.version(0..=0)?;
    let client = fields.u8()?;
    let elements = Elements {
        filtered: client == 1,
        size: usize::from(fields.u8()?),
        page_bits: u32::from(fields.u8()?),
    };
    elements.check(&fields, client, grid)?;
    let count = fields.length()?;
    let Some(block) = fields.address()? else { return Ok(()) };
    let axes = (0..grid.chunks.extent.len()).collect();
    let mut out = Out { grid, counts: grid.most_counts(), axes, found };

    let prefix = 6 + offset;
    let size = elements.size as u64;
    let page = 1u64.checked_shl(elements.page_bits).unwrap_or(u64::MAX);
    let too_large = || fields.wrong(format!("a fixed array of {count} chunks"));
    if count <= page {
        let len = count.checked_mul(size).and_then(|len| len.checked_add(prefix + 4));
        let bytes = file.checked_block(block, len.ok_or_else(too_large)?, "fixed array")?;
        let mut fields = Fields::new(&bytes, block, file.frame, "fixed array");
        fields.signature(b"FADB")?;
        fields.take(prefix as usize - 4)?;
        for index in 0..count {
            out.take(index, elements.read(&mut fields, grid)?);
        }
        return Ok(());
    }
    let pages = count.div_ceil(page);
    let bitmap = pages.div_ceil(8);
    let bytes = file.checked_block(block, prefix + bitmap + 4, "fixed array")?;
    let mut fields = Fields::new(&bytes, block, file.frame, "fixed array");
    fields.signature(b"FADB")?;
    fields.take(prefix as usize - 4)?;
    let written = fields.take(bitmap as usize)?;
    let page_bytes = page.checked_mul(size).and_then(|len| len.checked_add(4));
    let page_bytes = page_bytes.ok_or_else(too_large)?;
    for number in 0..pages {
        if !bit(written, number) {
            continue;
        }
        let first = number * page;
        let here = page.min(count - first);
        let start = number
            .checked_mul(page_bytes)
            .and_then(|start| (block + prefix + bitmap + 4).checked_add(start));
        let start = start.ok_or_else(too_large)?;
        let bytes = file.checked_block(start, here * size + 4, "page of a fixed array")?;
        let mut fields = Fields::new(&bytes, start, file.frame, "page of a fixed array");
        for index in first..first + here {
            out.take(index, elements.read(&mut fields, grid)?);
        }
    }
    Ok(())
}

/// Bits of a bitmap go from the highest of each byte down.
fn bit(bitmap: &[u8], number: u64) -> bool {
    bitmap.get((number / 8) as usize).is_some_and(|byte| byte >> (7 - number % 8) & 1 == 1)
}

/// An extensible array, as its header describes it.
struct Extensible<'f> {
    file: &'f H5File,
    elements: Elements,
    /// Bytes of an element's number.
    number_size: u64,
    /// Elements of the smallest data blocks.
    block_least: u64,
    /// Elements that may have been written.
    end: u64,
}

/// An extensible array: the first chunks in the index block, the next in data blocks that the index
/// block names, the rest in data blocks of super blocks, each level larger than the last.
pub(super) fn extensible(
    file: &H5File,
    at: u64,
    grid: &Grid<'_>,
    found: &mut Vec<(u64, Chunk)>,
) -> Result<(), Error> {
    let (offset, length) = (file.frame.offset_size as u64, file.frame.length_size as u64);
    let head = file.checked_block(at, 16 + 6 * length + offset, "extensible array")?;
    let mut fields = Fields::new(&head, at, file.frame, "extensible array");
    fields.signature(b"EAHD")?;
    fields.version(0..=0)?;
    let client = fields.u8()?;
    let size = usize::from(fields.u8()?);
    let bits = u32::from(fields.u8()?);
    let in_index = u64::from(fields.u8()?);
    let block_least = u64::from(fields.u8()?);
    let pointers_least = u64::from(fields.u8()?);
    let page_bits = u32::from(fields.u8()?);
    let elements = Elements { filtered: client == 1, size, page_bits };
    elements.check(&fields, client, grid)?;
    for _ in 0..4 {
        fields.length()?;
    }
    let end = fields.length()?;
    fields.length()?;
    let Some(index) = fields.address()? else { return Ok(()) };
    let sound = block_least.is_power_of_two()
        && pointers_least.is_power_of_two()
        && pointers_least >= 2
        && (1..=64).contains(&bits)
        && bits >= block_least.ilog2();
    if !sound {
        return Err(fields.wrong("the extensible array has an impossible shape"));
    }

    let array =
        Extensible { file, elements, number_size: u64::from(bits).div_ceil(8), block_least, end };
    // The axis without a bound counts slowest.
    let free = grid.space.most.iter().position(Option::is_none).unwrap_or(0);
    let mut axes: Vec<usize> = (0..grid.chunks.extent.len()).collect();
    if free < axes.len() {
        axes[..=free].rotate_right(1);
    }
    let most = grid.most_counts();
    let counts = axes.iter().map(|axis| most[*axis]).collect();
    let mut out = Out { grid, counts, axes, found };

    let levels = u64::from(bits - block_least.ilog2()) + 1;
    let direct_levels = 2 * u64::from(pointers_least.ilog2());
    let direct = 2 * (pointers_least - 1);
    let indirect = levels.saturating_sub(direct_levels);
    let len = 6 + offset + in_index * size as u64 + (direct + indirect) * offset + 4;
    let bytes = file.checked_block(index, len, "index block")?;
    let mut fields = Fields::new(&bytes, index, file.frame, "index block");
    fields.signature(b"EAIB")?;
    fields.take(2 + offset as usize)?;
    for number in 0..in_index {
        out.take(number, array.elements.read(&mut fields, grid)?);
    }
    let mut first = in_index;
    for level in 0..levels.min(direct_levels) {
        for _ in 0..array.blocks(level) {
            let block = fields.address()?;
            first = array.data_block(block, first, level, None, &mut out)?;
        }
    }
    for level in direct_levels..levels {
        if first >= end {
            break;
        }
        let block = fields.address()?;
        first = array.super_block(block, first, level, &mut out)?;
    }
    Ok(())
}

impl Extensible<'_> {
    /// Data blocks of a level.
    fn blocks(&self, level: u64) -> u64 {
        1 << (level / 2)
    }

    /// Elements of each data block of a level.
    fn block_elements(&self, level: u64) -> u64 {
        self.block_least.saturating_mul(1 << level.div_ceil(2))
    }

    /// Reads the blocks below a super block; the first element behind them.
    fn super_block(
        &self,
        at: Option<u64>,
        first: u64,
        level: u64,
        out: &mut Out<'_, '_>,
    ) -> Result<u64, Error> {
        let (blocks, per_block) = (self.blocks(level), self.block_elements(level));
        let after = first.saturating_add(blocks.saturating_mul(per_block));
        let Some(at) = at else { return Ok(after) };
        let offset = self.file.frame.offset_size as u64;
        let pages = per_block >> self.elements.page_bits.min(63);
        let bitmap = if pages > 1 || self.is_paged(per_block) { pages.div_ceil(8) } else { 0 };
        let prefix = 6 + offset + self.number_size;
        let maps = blocks.checked_mul(bitmap);
        let len = maps.and_then(|maps| {
            maps.checked_add(blocks.checked_mul(offset)?)?.checked_add(prefix + 4)
        });
        let len = len.ok_or_else(|| Error::malformed("a super block too large").at_byte(at))?;
        let bytes = self.file.checked_block(at, len, "super block")?;
        let mut fields = Fields::new(&bytes, at, self.file.frame, "super block");
        fields.signature(b"EASB")?;
        fields.take(prefix as usize - 4)?;
        let maps = fields.take((blocks * bitmap) as usize)?;
        let mut first = first;
        for number in 0..blocks {
            let map = &maps[(number * bitmap) as usize..((number + 1) * bitmap) as usize];
            first = self.data_block(fields.address()?, first, level, Some(map), out)?;
        }
        Ok(after)
    }

    fn is_paged(&self, per_block: u64) -> bool {
        1u64.checked_shl(self.elements.page_bits).is_some_and(|page| per_block > page)
    }

    /// Reads a data block; the first element behind it.
    fn data_block(
        &self,
        at: Option<u64>,
        first: u64,
        level: u64,
        pages: Option<&[u8]>,
        out: &mut Out<'_, '_>,
    ) -> Result<u64, Error> {
        let count = self.block_elements(level);
        let after = first.saturating_add(count);
        let Some(at) = at.filter(|_| first < self.end) else { return Ok(after) };
        let too_large = || Error::malformed("a data block too large").at_byte(at);
        let prefix = 6 + self.file.frame.offset_size as u64 + self.number_size;
        let size = self.elements.size as u64;
        if !self.is_paged(count) {
            let len = count.checked_mul(size).and_then(|len| len.checked_add(prefix + 4));
            let bytes = self.file.checked_block(at, len.ok_or_else(too_large)?, "data block")?;
            let mut fields = Fields::new(&bytes, at, self.file.frame, "data block");
            fields.signature(b"EADB")?;
            fields.take(prefix as usize - 4)?;
            for index in first..after {
                out.take(index, self.elements.read(&mut fields, out.grid)?);
            }
            return Ok(after);
        }
        let head = self.file.checked_block(at, prefix + 4, "data block")?;
        Fields::new(&head, at, self.file.frame, "data block").signature(b"EADB")?;
        let page = 1u64 << self.elements.page_bits;
        let page_bytes = page.checked_mul(size).and_then(|len| len.checked_add(4));
        let page_bytes = page_bytes.ok_or_else(too_large)?;
        for number in 0..count / page {
            let start = first.saturating_add(number.saturating_mul(page));
            if start >= self.end {
                break;
            }
            if pages.is_some_and(|pages| !bit(pages, number)) {
                continue;
            }
            let place =
                number.checked_mul(page_bytes).and_then(|skip| (at + prefix + 4).checked_add(skip));
            let place = place.ok_or_else(too_large)?;
            let bytes = self.file.checked_block(place, page_bytes, "page of a data block")?;
            let mut fields = Fields::new(&bytes, place, self.file.frame, "page of a data block");
            for index in start..start.saturating_add(page) {
                out.take(index, self.elements.read(&mut fields, out.grid)?);
            }
        }
        Ok(after)
    }
}
