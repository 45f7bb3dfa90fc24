//! An array stored in chunks, as plain bytes in C order: which chunks a range touches, and where
//! the bytes of each go.

use std::ops::Range;

use hinton_tensor::{Bytes, ReadError, range_end};

pub(crate) type Answer = Result<(), ReadError>;

/// How an array is cut into chunks.
pub(crate) struct ChunkGrid {
    axes: Vec<Axis>,
    /// Bytes of the array.
    len: u64,
    /// Bytes of a chunk.
    chunk_bytes: usize,
    /// Bytes of the chunks that lie side by side along all axes but the first.
    row: usize,
}

/// An axis of the array in bytes. The last axes that chunks span whole are joined into one, so
/// that long runs are copied at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Axis {
    /// Length of the axis, and of a chunk along it.
    len: u64,
    chunk: u64,
    /// Bytes between neighbours: in the array, and in a chunk.
    stride: u64,
    chunk_stride: u64,
    /// Chunks between neighbours of the grid.
    grid_stride: u64,
}

impl ChunkGrid {
    /// An array of `dims` elements of `element` bytes in chunks of `extents`, none of which is 0;
    /// `None` where its sizes cannot be counted. A row of chunks is planned as at most `most_row`
    /// bytes.
    pub(crate) fn new(dims: &[u64], extents: &[u64], element: u64, most_row: u64) -> Option<Self> {
        let bytes =
            |dims: &[u64]| dims.iter().try_fold(element, |size, dim| size.checked_mul(*dim));
        let (chunk_bytes, len) = (bytes(extents)?, bytes(dims)?);
        let axes = axes(dims, extents, element)?;
        let row = axes.first()?.grid_stride.saturating_mul(chunk_bytes).min(most_row);
        Some(ChunkGrid {
            axes,
            len,
            chunk_bytes: usize::try_from(chunk_bytes).ok()?,
            row: usize::try_from(row).ok()?,
        })
    }

    /// Bytes of the array.
    pub(crate) fn len(&self) -> u64 {
        self.len
    }

    /// Bytes of a chunk.
    pub(crate) fn chunk_bytes(&self) -> usize {
        self.chunk_bytes
    }

    /// Bytes of a row of chunks, which reading in order comes back to.
    pub(crate) fn row(&self) -> usize {
        self.row
    }

    /// Fills `buf` with the bytes that start at `offset`: `copy` is called with the number of each
    /// chunk that they touch, in C order over the grid, and with the piece that it has of them.
    ///
    /// # Errors
    /// Returns an error if the range leaves the array, and those of `copy`.
    pub(crate) fn read(
        &self,
        offset: u64,
        buf: &mut [u8],
        mut copy: impl FnMut(u64, Piece<'_>) -> Answer,
    ) -> Answer {
        let len = buf.len() as u64;
        let end = range_end(offset, len, self.len)?;
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
            let (mut start, mut stop) = (Vec::new(), Vec::new());
            let mut number = 0;
            for (index, axis) in self.axes.iter().enumerate() {
                let at = place[index] * axis.chunk;
                start.push(at.max(low[index]));
                stop.push((at.saturating_add(axis.chunk)).min(high[index] + 1));
                number += place[index] * axis.grid_stride;
            }
            let wanted = offset..end;
            copy(number, Piece { axes: &self.axes, from: start, to: stop, wanted, buf })?;
            if !step(&mut place, &from, &to) {
                return Ok(());
            }
        }
    }
}

/// The place of a chunk in the grid, along each axis, by its number in C order.
pub(crate) fn place(dims: &[u64], extents: &[u64], number: u64) -> Vec<u64> {
    let mut rest = number;
    let axes = dims.iter().zip(extents).rev();
    let mut place: Vec<u64> = axes
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

/// What a chunk has of a range of bytes.
pub(crate) struct Piece<'a> {
    axes: &'a [Axis],
    /// Along each axis from where to where.
    from: Vec<u64>,
    to: Vec<u64>,
    wanted: Range<u64>,
    /// The bytes `wanted`.
    buf: &'a mut [u8],
}

impl Piece<'_> {
    /// Most bytes that it is.
    pub(crate) fn len(&self) -> usize {
        self.buf.len()
    }

    /// Calls `put` for each run of bytes: where it starts in the array and in the chunk, and what
    /// it goes to.
    ///
    /// # Errors
    /// Those of `put`.
    pub(crate) fn fill(self, mut put: impl FnMut(u64, u64, &mut [u8]) -> Answer) -> Answer {
        let Piece { axes, from, to, wanted, buf } = self;
        let last = axes.len() - 1;
        let mut at = from.clone();
        loop {
            let place = |stride: fn(&Axis) -> u64, at: &dyn Fn(usize) -> u64| -> u64 {
                axes.iter().enumerate().map(|(axis, a)| stride(a) * at(axis)).sum()
            };
            let start = place(|axis| axis.stride, &|axis| at[axis]);
            let inside = place(|axis| axis.chunk_stride, &|axis| at[axis] % axes[axis].chunk);
            let end = start + (to[last] - from[last]);
            let (first, end) = (start.max(wanted.start), end.min(wanted.end));
            if first < end {
                let place = (first - wanted.start) as usize..(end - wanted.start) as usize;
                put(first, inside + (first - start), &mut buf[place])?;
            }
            if !step(&mut at[..last], &from, &to) {
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

/// Repeats a pattern over bytes that start at `at`; zeros where it is empty.
pub(crate) fn put_fill(pattern: &[u8], at: u64, out: &mut [u8]) {
    if pattern.is_empty() {
        out.fill(0);
        return;
    }
    let phase = (at % pattern.len() as u64) as usize;
    for (byte, value) in out.iter_mut().zip(pattern.iter().cycle().skip(phase)) {
        *byte = *value;
    }
}

/// Bytes that were never written: the fill value of each element.
pub(crate) struct Fill {
    pattern: Vec<u8>,
    len: u64,
}

impl Fill {
    /// `len` bytes of the pattern; of zeros where it is empty.
    pub(crate) fn new(pattern: Vec<u8>, len: u64) -> Self {
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
        range_end(offset, len, self.len)?;
        put_fill(&self.pattern, offset, buf);
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
    fn every_range_is_made_of_pieces_of_chunks() {
        let (dims, extents) = ([5u64, 7, 3], [2u64, 9, 2]);
        let grid = ChunkGrid::new(&dims, &extents, 2, u64::MAX).unwrap();
        // Element (i, j, k) has the value 100 i + 10 j + k, written twice.
        let value = |at: &[u64]| (100 * at[0] + 10 * at[1] + at[2]) as u8;
        let whole: Vec<u8> = (0..105)
            .flat_map(|at| {
                let value = value(&[at / 21, at / 3 % 7, at % 3]);
                [value, value]
            })
            .collect();
        for start in 0..whole.len() {
            for end in [start, start + 1, start + 17, whole.len()] {
                let end = end.min(whole.len());
                let mut buf = vec![0xee; end - start];
                let read = grid.read(start as u64, &mut buf, |number, piece| {
                    let corner = place(&dims, &extents, number);
                    piece.fill(|_, inside, out| {
                        for (byte, inside) in out.iter_mut().zip(inside..) {
                            let at = inside / 2;
                            let at = [at / 18, at / 2 % 9, at % 2];
                            let at: Vec<u64> = (0..3)
                                .map(|axis| corner[axis] * extents[axis] + at[axis])
                                .collect();
                            *byte = value(&at);
                        }
                        Ok(())
                    })
                });
                assert_eq!((read, &buf[..]), (Ok(()), &whole[start..end]), "{start}..{end}");
            }
        }
        assert!(grid.read(whole.len() as u64, &mut [0], |_, _| Ok(())).is_err());
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
