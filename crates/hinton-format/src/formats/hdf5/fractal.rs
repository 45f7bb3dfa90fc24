//! Fractal heaps: where groups and objects with many links or attributes keep them.

use super::btree2;
use super::file::{Fields, Frame, H5File};
use crate::{Error, ErrorKind};

/// The header of a fractal heap.
pub(super) struct FractalHeap {
    at: u64,
    frame: Frame,
    id_len: usize,
    /// Width of the table of blocks, and the size of its first ones.
    width: u64,
    start_size: u64,
    max_direct: u64,
    /// Bytes of an offset into the heap, and of an object's length.
    offset_size: usize,
    length_size: usize,
    root: Option<u64>,
    root_rows: u64,
    huge: Option<u64>,
}

impl FractalHeap {
    pub(super) fn read(file: &H5File, at: u64) -> Result<FractalHeap, Error> {
        let frame = file.frame;
        let (offset, length) = (frame.offset_size as u64, frame.length_size as u64);
        let len = 26 + 3 * offset + 12 * length;
        let bytes = file.block(at, len - 4, "fractal heap")?;
        let mut fields = Fields::new(&bytes, at, frame, "fractal heap");
        fields.signature(b"FRHP")?;
        fields.version(0..=0)?;
        let id_len = usize::from(fields.u16()?);
        let filters = fields.u16()?;
        if filters != 0 {
            let message = "the names or attributes of a group are compressed";
            return Err(Error::new(ErrorKind::Unsupported, message).at_byte(at));
        }
        file.checked_block(at, len, "fractal heap")?;
        fields.u8()?;
        let max_object = u64::from(fields.u32()?);
        fields.length()?;
        let huge = fields.address()?;
        fields.length()?;
        fields.address()?;
        for _ in 0..8 {
            fields.length()?;
        }
        let width = u64::from(fields.u16()?);
        let (start_size, max_direct) = (fields.length()?, fields.length()?);
        let heap_bits = u64::from(fields.u16()?);
        fields.u16()?;
        let root = fields.address()?;
        let root_rows = u64::from(fields.u16()?);
        let sound = width.is_power_of_two()
            && start_size.is_power_of_two()
            && max_direct.is_power_of_two()
            && start_size <= max_direct
            && max_direct <= 1 << 32
            && (1..=64).contains(&heap_bits);
        if !sound {
            return Err(fields.wrong("the fractal heap's table has an impossible shape"));
        }
        let direct_size = u64::from(max_direct.ilog2()).div_ceil(8);
        let length_size = direct_size.min(u64::from(max_object.max(1).ilog2()) / 8 + 1) as usize;
        let offset_size = heap_bits.div_ceil(8) as usize;
        Ok(FractalHeap {
            at,
            frame,
            id_len,
            width,
            start_size,
            max_direct,
            offset_size,
            length_size,
            root,
            root_rows,
            huge,
        })
    }

    /// The object that an identifier names.
    pub(super) fn object(&self, file: &H5File, id: &[u8]) -> Result<Vec<u8>, Error> {
        let wrong = |message: &str| Error::malformed(message.to_owned()).at_byte(self.at);
        let id = id.get(..self.id_len).ok_or_else(|| wrong("an identifier is too short"))?;
        let (&first, rest) = id.split_first().ok_or_else(|| wrong("identifiers have no bytes"))?;
        let mut fields = Fields::new(rest, self.at, self.frame, "heap identifier");
        match (first >> 4) & 3 {
            0 => {
                let offset = fields.uint(self.offset_size)?;
                let length = fields.uint(self.length_size)?;
                self.managed(file, offset, length)
            }
            1 => self.huge(file, &mut fields),
            2 => {
                let low = usize::from(first & 15);
                let len = match self.id_len {
                    ..=18 => low + 1,
                    _ => (low << 8 | usize::from(fields.u8()?)) + 1,
                };
                Ok(fields.take(len)?.to_vec())
            }
            _ => Err(wrong("an identifier is of no known kind")),
        }
    }

    /// An object in the heap's blocks: each row of a block's table has blocks twice as large as
    /// the row before (the first two alike); the rows of large ones hold tables in turn.
    fn managed(&self, file: &H5File, offset: u64, length: u64) -> Result<Vec<u8>, Error> {
        let outside = || {
            Error::malformed(format!("the fractal heap has nothing at offset {offset}"))
                .at_byte(self.at)
        };
        let mut block = self.root.ok_or_else(outside)?;
        let mut rows = self.root_rows;
        let (mut rest, mut size) = (offset, self.start_size);
        let head = 5 + self.frame.offset_size as u64 + self.offset_size as u64;
        let direct_rows = u64::from(self.max_direct.ilog2() - self.start_size.ilog2()) + 2;
        while rows > 0 {
            let first_row = self.width.checked_mul(self.start_size).ok_or_else(outside)?;
            let row = if rest < first_row { 0 } else { u64::from((rest / first_row).ilog2()) + 1 };
            if row >= rows {
                return Err(outside());
            }
            // No overflow: the row starts at or before `rest`.
            let row_start = if row == 0 { 0 } else { first_row << (row - 1) };
            size = if row == 0 { self.start_size } else { self.start_size << (row - 1) };
            let column = (rest - row_start) / size;
            rest -= row_start + column * size;
            let entry = (row * self.width + column) * self.frame.offset_size as u64;
            let signature = file.block(block, 4, "indirect block")?;
            Fields::new(&signature, block, self.frame, "indirect block").signature(b"FHIB")?;
            let at = block.checked_add(head).and_then(|at| at.checked_add(entry));
            let at = at.ok_or_else(outside)?;
            let address = file.block(at, self.frame.offset_size as u64, "indirect block")?;
            block = Fields::new(&address, at, self.frame, "indirect block")
                .needed_address("heap's block")?;
            if row < direct_rows {
                break;
            }
            let below = u64::from((size / first_row).checked_ilog2().ok_or_else(outside)?) + 1;
            if below >= rows {
                return Err(outside());
            }
            rows = below;
        }
        let signature = file.block(block, 4, "direct block")?;
        Fields::new(&signature, block, self.frame, "direct block").signature(b"FHDB")?;
        let end = rest.checked_add(length).filter(|end| *end <= size);
        let at = block.checked_add(rest).filter(|_| rest >= head && end.is_some());
        file.block(at.ok_or_else(outside)?, length, "heap's object")
    }

    /// An object too large for the blocks, found directly or in a B-tree by its number.
    fn huge(&self, file: &H5File, fields: &mut Fields<'_>) -> Result<Vec<u8>, Error> {
        let direct = self.frame.offset_size + self.frame.length_size;
        if self.id_len > direct {
            let at = fields.needed_address("heap's object")?;
            let len = fields.length()?;
            return file.block(at, len, "heap's object");
        }
        let number = fields.uint((self.id_len - 1).min(self.frame.length_size))?;
        let tree = self.huge.ok_or_else(|| fields.wrong("there is no tree of large objects"))?;
        let records = btree2::records(file, tree, &[1])?;
        for (bytes, at) in records.iter() {
            let mut record = Fields::new(bytes, at, self.frame, "large object");
            let (at, len) = (record.address()?, record.length()?);
            if record.length()? == number
                && let Some(at) = at
            {
                return file.block(at, len, "heap's object");
            }
        }
        Err(fields.wrong(format!("the heap has no large object {number}")))
    }
}
