//! A dataset in chunks as plain bytes in C order: a read decodes the chunks it touches, once each.

use std::ops::Range;
use std::sync::OnceLock;

use hinton_tensor::{Bytes, ReadError};

use super::chunks::{self, Chunk, Grid, Table};
use super::file::H5File;
use super::filters::{self, Filter};
use super::layout::{Chunks, Index, Space};
use crate::source::read_vec;

/// A dataset in chunks.
pub(super) struct Chunked {
    file: H5File,
    /// Tells the chunks of datasets apart in the file's cache.
    id: u64,
    space: Space,
    chunks: Chunks,
    filters: Vec<Filter>,
    /// Bytes of an element where no chunk was written; empty for zeros.
    fill: Vec<u8>,
    axes: Vec<Axis>,
    /// Bytes of a chunk before filters.
    chunk_bytes: usize,
    /// Bytes of the dataset.
    len: u64,
    /// Bytes of the chunks that lie beside each other along all axes but the first.
    row: usize,
    table: OnceLock<Result<Table, ReadError>>,
}

/// An axis of the dataset in bytes. The last axes that chunks span whole are joined into one, so
/// that long runs are copied at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Axis {
    /// Length of the axis, and of a chunk along it.
    len: u64,
    chunk: u64,
    /// Bytes between neighbours: in the dataset, and in a chunk.
    stride: u64,
    chunk_stride: u64,
    /// Chunks between neighbours of the grid.
    grid_stride: u64,
}

/// What a dataset in chunks is made of.
pub(super) struct Parts {
    pub(super) file: H5File,
    pub(super) id: u64,
    pub(super) space: Space,
    pub(super) chunks: Chunks,
    pub(super) filters: Vec<Filter>,
    pub(super) fill: Vec<u8>,
}

impl Chunked {
    /// Puts it together; `None` where its sizes cannot be counted.
    pub(super) fn new(parts: Parts) -> Option<Self> {
        let Parts { file, id, space, chunks, filters, fill } = parts;
        let element = chunks.element;
        let chunk_bytes =
            chunks.extent.iter().try_fold(element, |size, extent| size.checked_mul(*extent))?;
        let len = space.dims.iter().try_fold(element, |size, dim| size.checked_mul(*dim))?;
        let axes = axes(&space.dims, &chunks.extent, element)?;
        let beside: u64 = axes.first()?.grid_stride;
        let row = beside.saturating_mul(chunk_bytes).min(file.limits.held_bytes);
        Some(Chunked {
            file,
            id,
            space,
            filters,
            fill,
            axes,
            chunk_bytes: usize::try_from(chunk_bytes).ok()?,
            len,
            row: usize::try_from(row).ok()?,
            table: OnceLock::new(),
            chunks,
        })
    }

    fn grid(&self) -> Grid<'_> {
        Grid {
            space: &self.space,
            chunks: &self.chunks,
            chunk_bytes: self.chunk_bytes as u64,
            filtered: !self.filters.is_empty(),
        }
    }

    /// The stored chunk of that number; `None` where it was never written.
    fn chunk(&self, number: u64) -> Result<Option<Chunk>, ReadError> {
        if self.chunks.index == Index::Implicit {
            return Ok(chunks::implicit(&self.file, &self.grid(), &self.place(number)));
        }
        let table = self.table.get_or_init(|| {
            let table = chunks::table(&self.file.afresh(), &self.grid());
            table.map_err(|error| ReadError {
                offset: error.byte().unwrap_or(0),
                len: 0,
                why: format!("the index of its chunks: {}", error.message()),
            })
        });
        table.as_ref().map(|table| table.find(number)).map_err(Clone::clone)
    }

    /// The place of a chunk in the grid of all axes.
    fn place(&self, number: u64) -> Vec<u64> {
        let mut rest = number;
        let counts = self.space.dims.iter().zip(&self.chunks.extent).rev();
        let mut place: Vec<u64> = counts
            .map(|(dim, extent)| {
                let count = dim.div_ceil(*extent).max(1);
                let at = rest % count;
                rest /= count;
                at
            })
            .collect();
        place.reverse();
        place
    }

    /// Copies what a chunk has of the bytes `wanted` to `buf`, which starts at `wanted.start`.
    fn copy(&self, number: u64, part: &Part, wanted: &Range<u64>, buf: &mut [u8]) -> Answer {
        let Some(chunk) = self.chunk(number)? else {
            part.runs(&self.axes, wanted, |at, _, len| {
                self.put_fill(at, &mut buf[(at - wanted.start) as usize..][..len]);
                Ok(())
            })?;
            return Ok(());
        };
        let plain = self.filters.is_empty() || self.is_plain_edge(number);
        if plain {
            if chunk.size < self.chunk_bytes as u64 {
                let why = format!("it has {} bytes, expected {}", chunk.size, self.chunk_bytes);
                return Err(wrong(number, &chunk, &why));
            }
            return part.runs(&self.axes, wanted, |at, inside, len| {
                let to = &mut buf[(at - wanted.start) as usize..][..len];
                self.file.data.read_at(chunk.at + inside, to)
            });
        }
        let slot = self.file.cache.slot((self.id, number), self.chunk_bytes, self.row);
        let decoded = slot.get_or_init(|| self.decode(number, &chunk));
        let bytes = decoded.as_ref().map_err(Clone::clone)?;
        part.runs(&self.axes, wanted, |at, inside, len| {
            let to = &mut buf[(at - wanted.start) as usize..][..len];
            to.copy_from_slice(&bytes[inside as usize..][..len]);
            Ok(())
        })
    }

    fn decode(&self, number: u64, chunk: &Chunk) -> Result<Vec<u8>, ReadError> {
        let stored = read_vec(&*self.file.data, chunk.at, chunk.size)?;
        filters::undo(&self.filters, chunk.mask, stored, self.chunk_bytes)
            .map_err(|why| wrong(number, chunk, &why))
    }

    /// Whether the chunk reaches over the edge and was left unfiltered for it.
    fn is_plain_edge(&self, number: u64) -> bool {
        self.chunks.plain_edges && {
            let axes = self.space.dims.iter().zip(&self.chunks.extent);
            self.place(number).iter().zip(axes).any(|(at, (dim, extent))| (at + 1) * extent > *dim)
        }
    }

    fn put_fill(&self, at: u64, out: &mut [u8]) {
        if self.fill.is_empty() {
            out.fill(0);
            return;
        }
        put_fill(&self.fill, at, out);
    }
}

type Answer = Result<(), ReadError>;

fn wrong(number: u64, chunk: &Chunk, why: &str) -> ReadError {
    ReadError {
        offset: chunk.at,
        len: chunk.size,
        why: format!("chunk {number} of the dataset is damaged: {why}"),
    }
}

/// Repeats a pattern over bytes that start at `at`.
fn put_fill(pattern: &[u8], at: u64, out: &mut [u8]) {
    let phase = (at % pattern.len() as u64) as usize;
    for (byte, value) in out.iter_mut().zip(pattern.iter().cycle().skip(phase)) {
        *byte = *value;
    }
}

/// The axes in bytes, from the slowest on.
fn axes(dims: &[u64], extents: &[u64], element: u64) -> Option<Vec<Axis>> {
    // (length, chunk, chunks along it), the last first; the bytes of an element begin.
    let mut joined: Vec<(u64, u64, u64)> = vec![(element, element, 1)];
    for (dim, extent) in dims.iter().zip(extents).rev() {
        let count = dim.div_ceil(*extent);
        match joined.last_mut() {
            Some(last) if last.0 == last.1 => {
                *last = (last.0.checked_mul(*dim)?, last.1.checked_mul(*extent)?, count);
            }
            _ => joined.push((*dim, *extent, count)),
        }
    }
    let (mut stride, mut chunk_stride, mut grid_stride) = (1u64, 1u64, 1u64);
    let mut axes = Vec::new();
    for (len, chunk, count) in joined {
        axes.push(Axis { len, chunk, stride, chunk_stride, grid_stride });
        stride = stride.checked_mul(len)?;
        chunk_stride = chunk_stride.checked_mul(chunk)?;
        grid_stride = grid_stride.checked_mul(count)?;
    }
    axes.reverse();
    Some(axes)
}

/// What a chunk covers of a range of bytes: along each axis from where to where.
struct Part {
    from: Vec<u64>,
    to: Vec<u64>,
}

impl Part {
    /// Calls `put` for each run of bytes: where it starts in the dataset and in the chunk, and its
    /// length.
    fn runs(
        &self,
        axes: &[Axis],
        wanted: &Range<u64>,
        mut put: impl FnMut(u64, u64, usize) -> Answer,
    ) -> Answer {
        let last = axes.len() - 1;
        let mut at = self.from.clone();
        loop {
            let place = |stride: fn(&Axis) -> u64, at: &dyn Fn(usize) -> u64| -> u64 {
                axes.iter().enumerate().map(|(axis, a)| stride(a) * at(axis)).sum()
            };
            let start = place(|axis| axis.stride, &|axis| at[axis]);
            let inside = place(|axis| axis.chunk_stride, &|axis| at[axis] % axes[axis].chunk);
            let end = start + (self.to[last] - self.from[last]);
            let (first, end) = (start.max(wanted.start), end.min(wanted.end));
            if first < end {
                put(first, inside + (first - start), (end - first) as usize)?;
            }
            if !step(&mut at[..last], &self.from, &self.to) {
                return Ok(());
            }
        }
    }
}

/// Moves to the next place in a box, the last axis fastest; false behind the last.
fn step(at: &mut [u64], from: &[u64], to: &[u64]) -> bool {
    for axis in (0..at.len()).rev() {
        at[axis] += 1;
        if at[axis] < to[axis] {
            return true;
        }
        at[axis] = from[axis];
    }
    false
}

impl Bytes for Chunked {
    fn len(&self) -> u64 {
        self.len
    }

    fn slice(&self, _range: Range<u64>) -> Option<&[u8]> {
        None
    }

    fn read_at(&self, offset: u64, buf: &mut [u8]) -> Result<(), ReadError> {
        let len = buf.len() as u64;
        let end = offset.checked_add(len).filter(|end| *end <= self.len);
        let end = end.ok_or_else(|| ReadError::past_end(offset, len, self.len))?;
        if len == 0 {
            return Ok(());
        }
        // The smallest box around the range: fixed before the first axis along which its ends
        // differ, whole behind it.
        let (mut low, mut high) = (Vec::new(), Vec::new());
        let (mut first, mut last, mut whole) = (offset, end - 1, false);
        for axis in &self.axes {
            let (from, to) =
                if whole { (0, axis.len - 1) } else { (first / axis.stride, last / axis.stride) };
            whole |= from != to;
            (first, last) = (first % axis.stride, last % axis.stride);
            low.push(from);
            high.push(to);
        }
        let chunk_of = |places: &[u64]| -> Vec<u64> {
            places.iter().zip(&self.axes).map(|(at, axis)| at / axis.chunk).collect()
        };
        let from = chunk_of(&low);
        let to: Vec<u64> = chunk_of(&high).iter().map(|at| at + 1).collect();
        let mut place = from.clone();
        loop {
            let mut part = Part { from: Vec::new(), to: Vec::new() };
            let mut number = 0;
            for (index, axis) in self.axes.iter().enumerate() {
                let start = place[index] * axis.chunk;
                part.from.push(start.max(low[index]));
                part.to.push((start.saturating_add(axis.chunk)).min(high[index] + 1));
                number += place[index] * axis.grid_stride;
            }
            self.copy(number, &part, &(offset..end), buf)?;
            if !step(&mut place, &from, &to) {
                return Ok(());
            }
        }
    }
}

/// Bytes that were never written: the fill value of each element.
pub(super) struct Fill {
    pattern: Vec<u8>,
    len: u64,
}

impl Fill {
    /// `len` bytes of the pattern; of zeros where it is empty.
    pub(super) fn new(pattern: Vec<u8>, len: u64) -> Self {
        Fill { pattern, len }
    }
}

impl Bytes for Fill {
    fn len(&self) -> u64 {
        self.len
    }

    fn slice(&self, _range: Range<u64>) -> Option<&[u8]> {
        None
    }

    fn read_at(&self, offset: u64, buf: &mut [u8]) -> Result<(), ReadError> {
        let len = buf.len() as u64;
        if offset.checked_add(len).is_none_or(|end| end > self.len) {
            return Err(ReadError::past_end(offset, len, self.len));
        }
        if self.pattern.is_empty() {
            buf.fill(0);
        } else {
            put_fill(&self.pattern, offset, buf);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn axes_that_chunks_span_are_joined() {
        let axis = |len, chunk, stride, chunk_stride, grid_stride| Axis {
            len,
            chunk,
            stride,
            chunk_stride,
            grid_stride,
        };
        assert_eq!(axes(&[], &[], 4), Some(vec![axis(4, 4, 1, 1, 1)]));
        assert_eq!(axes(&[6, 5], &[2, 5], 4), Some(vec![axis(120, 40, 1, 1, 1)]));
        assert_eq!(
            axes(&[6, 5, 7], &[2, 3, 7], 2),
            Some(vec![axis(6, 2, 70, 42, 2), axis(70, 42, 1, 1, 1)])
        );
        assert_eq!(axes(&[u64::MAX, 3], &[1, 1], 4), None);
    }

    #[test]
    fn fill_values_keep_their_phase() {
        let fill = Fill::new(vec![1, 2, 3, 4], 20);
        let mut buf = [0; 5];
        fill.read_at(6, &mut buf).unwrap();
        assert_eq!(buf, [3, 4, 1, 2, 3]);
        assert!(fill.read_at(16, &mut buf).is_err());
    }
}
