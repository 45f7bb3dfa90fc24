//! Simplifies a view: neighbouring axes that are contiguous in memory become one.

use std::ops::Range;

use super::{Piece, Source};
use crate::{TensorError, View};

/// Axes from slow to fast, and the element at coordinate zero.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Layout {
    /// Length and stride of each axis; never empty.
    axes: Vec<(u64, i64)>,
    first: u64,
}

impl Layout {
    /// The elements in C order.
    pub(crate) fn c_order(view: &View) -> Self {
        let axes = view.shape.iter().map(|&len| len as u64).zip(view.strides.iter().copied());
        Layout { axes: join(axes), first: view.offset }
    }

    /// The elements in the order of memory, each stored one once, and how often the view repeats
    /// them (axes of stride zero). For work that does not care about order.
    pub(crate) fn memory_order(view: &View) -> (Self, u64) {
        let mut first = view.offset;
        let mut repeats = 1u64;
        let mut axes = Vec::new();
        for (&len, &stride) in view.shape.iter().zip(&view.strides) {
            let len = len as u64;
            if stride == 0 && len > 1 {
                repeats = repeats.saturating_mul(len);
            } else if stride < 0 && len > 0 {
                first = first.wrapping_add_signed(stride.wrapping_mul(len as i64 - 1));
                axes.push((len, -stride));
            } else {
                axes.push((len, stride));
            }
        }
        axes.sort_by_key(|&(_, stride)| std::cmp::Reverse(stride));
        (Layout { axes: join(axes), first }, repeats)
    }

    /// Number of elements.
    pub(crate) fn elements(&self) -> u64 {
        self.axes.iter().map(|&(len, _)| len).product()
    }

    /// Where the elements `range` of this layout's order lie, where they lie one after another.
    pub(crate) fn stretch(&self, range: &Range<u64>) -> Option<Range<u64>> {
        match self.axes.as_slice() {
            [(_, 1)] => {
                Some(self.first.checked_add(range.start)?..self.first.checked_add(range.end)?)
            }
            _ => None,
        }
    }

    /// Loads the elements `range`, numbered in this layout's order.
    pub(crate) fn load<'t>(
        &self,
        source: &Source<'t>,
        range: Range<u64>,
        piece: &mut Piece<'t>,
    ) -> Result<(), TensorError> {
        let at = Odometer::new(self, range.start);
        let count = range.end - range.start;
        if self.inner().1 == 1
            && at.left() >= count
            && let Some(bytes) = source.borrow(at.element, count)
        {
            piece.lend(bytes);
            return Ok(());
        }
        let out = piece.room(count as usize * source.size());
        self.load_into(source, range.start, out)
    }

    /// Fills `out` with the elements from number `start` on.
    pub(crate) fn load_into(
        &self,
        source: &Source<'_>,
        start: u64,
        mut out: &mut [u8],
    ) -> Result<(), TensorError> {
        let mut at = Odometer::new(self, start);
        let mut columns = self.columns(source);
        while !out.is_empty() {
            if let Some(columns) = &mut columns
                && at.inner == 0
            {
                let rows = columns.rows(at.rows_left(), out.len());
                if rows >= FEWEST_ROWS {
                    let (now, later) = out.split_at_mut(rows * columns.row);
                    columns.load(source, at.element, now)?;
                    (0..rows).for_each(|_| at.next_run());
                    out = later;
                    continue;
                }
            }
            let run = at.left().min((out.len() / source.size()) as u64) as usize;
            let (now, later) = out.split_at_mut(run * source.size());
            source.run(at.element, self.inner().1, now)?;
            at.next_run();
            out = later;
        }
        Ok(())
    }

    /// How many stripes of this many elements are best loaded at once, on this many threads: several where
    /// that reads more of each column, as in a matrix in Fortran's order, else one.
    pub(crate) fn stripes_at_once(&self, source: &Source<'_>, stripe: u64, threads: usize) -> u64 {
        let Some(columns) = self.columns(source) else { return 1 };
        let rows = columns.rows(u64::MAX, BAND) as u64;
        let wanted = rows.saturating_mul(columns.len as u64) / stripe.max(1);
        // Enough pieces of work for every thread.
        let stripes = self.elements() / stripe.max(1);
        wanted.min(stripes / (4 * threads.max(1) as u64)).max(1)
    }

    /// Whether it is read by columns, each far from the next.
    pub(crate) fn jumps(&self, source: &Source<'_>) -> bool {
        self.columns(source).is_some()
    }

    /// Rows whose values lie far apart while those of a column lie side by side, as in a matrix in
    /// Fortran's order.
    fn columns(&self, source: &Source<'_>) -> Option<Columns> {
        let &[.., (_, 1), (len, stride)] = self.axes.as_slice() else { return None };
        let len = usize::try_from(len).ok()?;
        let row = len.checked_mul(source.size())?;
        (stride != 1 && source.is_byte_sized()).then(|| Columns {
            len,
            stride,
            row,
            columns: Vec::new(),
        })
    }

    fn inner(&self) -> (u64, i64) {
        self.axes.last().copied().unwrap_or((1, 1))
    }
}

/// From how many rows on a block of them is read by its columns.
const FEWEST_ROWS: usize = 4;
/// Most rows of a block: far apart, as much is read of a column at once as a disk or a packed file likes.
const MOST_ROWS: usize = 1024;
/// Most bytes of values that are loaded at once for the sake of long columns.
const BAND: usize = 16 << 20;
/// Bytes of a row that are written at once: a cache line.
const LINE: usize = 64;

/// Reads blocks of rows column by column: a value on its own costs as much as several side by side.
struct Columns {
    /// Values of a row, and how far they are apart.
    len: usize,
    stride: i64,
    /// Bytes of a row.
    row: usize,
    /// Neighbouring columns, one after another.
    columns: Vec<u8>,
}

impl Columns {
    /// Rows of the next block, where this many are left and this many bytes are wanted.
    fn rows(&self, left: u64, bytes: usize) -> usize {
        let fit = bytes.checked_div(self.row).unwrap_or(0).min(MOST_ROWS);
        usize::try_from(left).map_or(fit, |left| fit.min(left))
    }

    /// Fills `out` with whole rows, the first value of which is `element`.
    fn load(
        &mut self,
        source: &Source<'_>,
        element: u64,
        out: &mut [u8],
    ) -> Result<(), TensorError> {
        let size = source.size();
        let height = out.len() / self.row * size;
        let at_once = (LINE / size).max(1);
        for first in (0..self.len).step_by(at_once) {
            let count = at_once.min(self.len - first);
            self.columns.resize(count * height, 0);
            for (column, values) in (first..).zip(self.columns.chunks_exact_mut(height)) {
                let start = element.wrapping_add_signed(self.stride.wrapping_mul(column as i64));
                source.run(start, 1, values)?;
            }
            let place = Place { row: self.row, at: first * size, height };
            match size {
                1 => transpose::<1>(&self.columns, &place, out),
                2 => transpose::<2>(&self.columns, &place, out),
                4 => transpose::<4>(&self.columns, &place, out),
                8 => transpose::<8>(&self.columns, &place, out),
                _ => transpose::<16>(&self.columns, &place, out),
            }
        }
        Ok(())
    }
}

/// Where a few columns go: bytes of a row, the byte of it at which they begin, bytes of a column.
struct Place {
    row: usize,
    at: usize,
    height: usize,
}

/// Puts columns of values of `N` bytes into rows. The size is known when this is compiled: a copy of unknown
/// length for each value takes more time than all else that is done with it.
fn transpose<const N: usize>(columns: &[u8], place: &Place, out: &mut [u8]) {
    let columns: Vec<&[[u8; N]]> =
        columns.chunks_exact(place.height).map(|column| column.as_chunks::<N>().0).collect();
    let width = columns.len() * N;
    for (row, line) in out.chunks_exact_mut(place.row).enumerate() {
        let values = line[place.at..place.at + width].as_chunks_mut::<N>().0;
        for (value, column) in values.iter_mut().zip(&columns) {
            *value = column[row];
        }
    }
}

/// Leaves out axes of length 1 and joins neighbours that one stride can express.
fn join(axes: impl IntoIterator<Item = (u64, i64)>) -> Vec<(u64, i64)> {
    let mut joined: Vec<(u64, i64)> = Vec::new();
    let axes: Vec<(u64, i64)> = axes.into_iter().collect();
    // An empty tensor may have other axes of any length, whose product nothing has checked.
    if axes.iter().any(|&(len, _)| len == 0) {
        return vec![(0, 1)];
    }
    for (len, stride) in axes {
        if len == 1 {
            continue;
        }
        match joined.last_mut() {
            Some(outer) if Some(outer.1) == stride.checked_mul(len as i64) => {
                *outer = (outer.0 * len, stride);
            }
            _ => joined.push((len, stride)),
        }
    }
    if joined.is_empty() {
        joined.push((1, 1));
    }
    joined
}

/// A coordinate that walks run by run.
struct Odometer<'l> {
    layout: &'l Layout,
    /// Coordinates of all axes but the fastest.
    outer: Vec<u64>,
    /// Coordinate of the fastest axis.
    inner: u64,
    /// The element here.
    element: u64,
}

impl<'l> Odometer<'l> {
    fn new(layout: &'l Layout, index: u64) -> Self {
        let mut rest = index;
        let mut element = layout.first;
        let mut coordinates = vec![0; layout.axes.len()];
        for (coordinate, &(len, stride)) in coordinates.iter_mut().zip(&layout.axes).rev() {
            *coordinate = rest % len.max(1);
            rest /= len.max(1);
            element = element.wrapping_add_signed(stride.wrapping_mul(*coordinate as i64));
        }
        let inner = coordinates.pop().unwrap_or(0);
        Odometer { layout, outer: coordinates, inner, element }
    }

    /// Elements left in this run.
    fn left(&self) -> u64 {
        self.layout.inner().0 - self.inner
    }

    /// Runs left in the axis around the fastest.
    fn rows_left(&self) -> u64 {
        let axes = &self.layout.axes;
        let len = axes.len().checked_sub(2).map_or(1, |outer| axes[outer].0);
        len - self.outer.last().copied().unwrap_or(0)
    }

    /// To the start of the next run.
    fn next_run(&mut self) {
        let (_, stride) = self.layout.inner();
        self.element = back(self.element, self.inner, stride);
        self.inner = 0;
        for (coordinate, &(len, stride)) in self.outer.iter_mut().zip(&self.layout.axes).rev() {
            self.element = self.element.wrapping_add_signed(stride);
            *coordinate += 1;
            if *coordinate < len {
                return;
            }
            self.element = back(self.element, len, stride);
            *coordinate = 0;
        }
    }
}

fn back(element: u64, steps: u64, stride: i64) -> u64 {
    element.wrapping_add_signed(stride.wrapping_mul(steps as i64).wrapping_neg())
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::{Dtype, Endian, Memory, Tensor};

    /// A tensor of 2-byte integers, 0, 1, 2 … where they lie, seen through a view.
    fn numbered(view: View, endian: Endian, count: u16) -> Tensor {
        let bytes = |number: u16| match endian {
            Endian::Little => number.to_le_bytes(),
            Endian::Big => number.to_be_bytes(),
        };
        let data: Vec<u8> = (0..count).flat_map(bytes).collect();
        Tensor::new("w", "f", Dtype::U16, endian, view, 0, Arc::new(Memory::new(data))).unwrap()
    }

    #[test]
    fn blocks_of_rows_are_what_single_values_are() {
        let fortran = |shape: &[usize]| View::packed_fortran(shape);
        let flipped = View { shape: vec![5, 30, 7], strides: vec![210, 1, -30], offset: 180 };
        for view in [fortran(&[40, 9]), fortran(&[9, 40]), fortran(&[3, 70, 4]), flipped] {
            let elements = view.shape.iter().product::<usize>() as u64;
            for endian in [Endian::Little, Endian::Big] {
                let tensor = numbered(view.clone(), endian, 1050);
                let layout = Layout::c_order(&view);
                for source in [Source::new(&tensor), Source::read_apart(&tensor)] {
                    for (start, end) in [(0, elements), (5, elements - 3), (17, 18), (1, 200)] {
                        let mut out = vec![0; (end - start) as usize * 2];
                        layout.load_into(&source, start, &mut out).unwrap();
                        let found = out.as_chunks::<2>().0.iter().map(|v| u16::from_le_bytes(*v));
                        let expected =
                            (start..end).map(|index| Odometer::new(&layout, index).element as u16);
                        assert!(found.eq(expected), "{view:?} {start}..{end}");
                    }
                }
            }
        }
    }

    #[test]
    fn columns_of_values_of_every_size_become_rows() {
        for dtype in [Dtype::U8, Dtype::F16, Dtype::F32, Dtype::F64, Dtype::C128] {
            let size = dtype.bits() as usize / 8;
            let data: Vec<u8> = (0..40 * 9 * size).map(|at| (at % 251) as u8).collect();
            let view = View::packed_fortran(&[40, 9]);
            let memory = Arc::new(Memory::new(data.clone()));
            let tensor =
                Tensor::new("w", "f", dtype, Endian::Little, view.clone(), 0, memory).unwrap();
            let mut out = vec![0; data.len()];
            let source = Source::new(&tensor);
            Layout::c_order(&view).load_into(&source, 0, &mut out).unwrap();
            for (index, value) in out.chunks_exact(size).enumerate() {
                let (row, column) = (index / 9, index % 9);
                let from = (column * 40 + row) * size;
                assert_eq!(value, &data[from..from + size], "{dtype} {row} {column}");
            }
        }
    }
}
