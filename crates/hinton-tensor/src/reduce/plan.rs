//! Plans which values make which cell, and the order in which they are read.
//!
//! A plan depends only on the tensor and the request, never on the number of threads; hence neither
//! do the sums.

use std::ops::Range;

use super::{GridRequest, TileRequest};
use crate::{Tensor, View};

/// Bytes of a tile, about: what one turn of a thread reads.
const TILE: u64 = 1 << 20;
/// A row of cells of more bytes than this is cut into several tiles where rows of cells are few.
const WIDE: u64 = 4 << 20;
/// Bytes at once: they stay in the cache between statistics and folding.
pub(super) const PIECE: u64 = 512 << 10;
/// Fewest tiles of a tensor worth cutting.
const TILES: usize = 16;
/// Bytes below which a tile is not worth a thread's turn.
const SMALL: u64 = 64 << 10;
/// Least bytes of a cell of a sample where bytes are far: a read of fewer costs no less.
const LEAST_READ: u64 = 64 << 10;
/// Columns of values of a tile where cells are anchored to the tensor, unless a cell has more.
const ANCHORED: usize = 4096;

/// One axis: its values and the cells they make.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Axis {
    /// Number of values.
    pub(super) len: usize,
    /// Elements between them.
    pub(super) stride: i64,
    /// Values of a cell (the last may have fewer).
    pub(super) block: usize,
    /// Values of a cell that are read.
    pub(super) read: usize,
    /// Whether those lie side by side, in the middle of the cell, and not evenly in it: where a read
    /// elsewhere costs as much as many bytes here.
    pub(super) side_by_side: bool,
    /// How often the axis is repeated: a stride of zero is read once.
    pub(super) repeats: usize,
}

impl Axis {
    fn new(len: usize, stride: i64, most: usize) -> Self {
        if stride == 0 && len > 1 {
            return Axis { repeats: len, ..Axis::of_blocks(1, 1, 1) };
        }
        Axis::of_blocks(len, stride, len.div_ceil(most.max(1)).max(1))
    }

    fn of_blocks(len: usize, stride: i64, block: usize) -> Self {
        Axis { len, stride, block, read: block, side_by_side: false, repeats: 1 }
    }

    /// Reads only so many of the values of each cell that all of them have about `most` bytes.
    fn sample(&mut self, most: u64, row_bytes: u64) {
        let share = most as f64 / row_bytes as f64 / self.len as f64;
        self.read = ((self.block as f64 * share) as usize).clamp(1, self.block);
    }

    /// Makes no more cells than can be distinguished by reads that are far from each other.
    fn no_more_cells(&mut self, most: u64) {
        let most = usize::try_from(most).unwrap_or(usize::MAX).max(1);
        if self.cells() > most {
            self.block = self.len.div_ceil(most);
        }
    }

    /// Number of cells.
    pub(super) fn cells(&self) -> usize {
        self.len.div_ceil(self.block)
    }

    /// Values of one cell.
    pub(super) fn values(&self, cell: usize) -> Range<usize> {
        let first = cell * self.block;
        first..self.len.min(first.saturating_add(self.block))
    }

    /// How many values of a cell are read.
    pub(super) fn read_of(&self, cell: usize) -> usize {
        if self.read == self.block {
            return self.values(cell).len();
        }
        let share = self.values(cell).len() as u128 * self.read as u128 / self.block as u128;
        (share as usize).max(1)
    }

    /// The `index`-th value that is read of a cell: they lie evenly in it, or in its middle.
    pub(super) fn value_read(&self, cell: usize, index: usize) -> usize {
        let values = self.values(cell);
        if self.read == self.block {
            return values.start + index;
        }
        if self.side_by_side {
            return values.start + (values.len() - self.read_of(cell)) / 2 + index;
        }
        let steps = (2 * index as u128 + 1) * values.len() as u128;
        values.start + (steps / (2 * self.read_of(cell) as u128)) as usize
    }

    /// How many values are read of all cells.
    pub(super) fn all_read(&self) -> usize {
        if self.read == self.block {
            return self.len;
        }
        let cells = self.cells();
        self.read_of(0) * (cells - 1) + self.read_of(cells - 1)
    }
}

/// How a matrix is read and folded.
#[derive(Debug, Clone)]
pub(super) struct Plan {
    /// The slower axis in memory.
    pub(super) rows: Axis,
    /// The faster axis in memory.
    pub(super) cols: Axis,
    /// Whether `rows` is the tensor's second axis.
    pub(super) transposed: bool,
    pub(super) offset: u64,
    /// Rows and columns of cells of a tile.
    pub(super) tile: (usize, usize),
    /// How many rows of values are folded before their columns are added up, where that must not
    /// depend on the width of the matrix.
    pub(super) at_once: Option<usize>,
}

impl Plan {
    /// The plan for a tensor of two axes, neither empty; `size` bytes an element.
    pub(super) fn new(
        tensor: &Tensor,
        request: &GridRequest,
        size: u64,
        in_order: bool,
    ) -> Option<Self> {
        let View { shape, strides, offset } = tensor.view();
        let (&[down, right], &[down_stride, right_stride]) = (&shape[..], &strides[..]) else {
            return None;
        };
        let rows = Axis::new(down, down_stride, request.max_rows);
        let cols = Axis::new(right, right_stride, request.max_cols);
        let (mut rows, cols, transposed) = in_memory_order(rows, cols);
        let row_bytes = (cols.len as u64).saturating_mul(size);
        if let Some(most) = request.sample_bytes.filter(|&most| tensor.byte_len() > most) {
            let jump = tensor.data().jump();
            if jump > 0 {
                // Reads with less than a jump between them would be one.
                rows.no_more_cells((tensor.byte_len() / (2 * jump)).min(most / LEAST_READ));
                rows.side_by_side = true;
            }
            rows.sample(most, row_bytes);
        }
        let tile = tile(&rows, &cols, row_bytes, in_order);
        Some(Plan { rows, cols, transposed, offset: *offset, tile, at_once: None })
    }

    /// The plan for a window of a tensor of two axes, not empty and inside it. In which order the
    /// values of a cell are added up depends on the block alone, not on the window.
    pub(super) fn of_window(tensor: &Tensor, request: &TileRequest, size: u64) -> Option<Self> {
        let View { strides, offset, .. } = tensor.view();
        let &[down, right] = &strides[..] else { return None };
        let window = &request.window;
        let first = |index: usize, stride: i64| stride.wrapping_mul(index as i64);
        let offset = offset
            .wrapping_add_signed(first(window.rows.start, down))
            .wrapping_add_signed(first(window.cols.start, right));
        let rows = Axis::of_blocks(window.rows.len(), down, window.block.0.max(1));
        let cols = Axis::of_blocks(window.cols.len(), right, window.block.1.max(1));
        let (mut rows, cols, transposed) = in_memory_order(rows, cols);
        let bytes = window.values().saturating_mul(size);
        if let Some(most) = request.sample_bytes.filter(|&most| bytes > most) {
            rows.side_by_side = tensor.data().jump() > 0;
            rows.sample(most, (cols.len as u64).saturating_mul(size));
        }
        let width = ANCHORED.max(cols.block);
        let at_once = usize::try_from(PIECE / (width as u64).saturating_mul(size)).unwrap_or(1);
        let at_once = (at_once / 4 * 4).max(1);
        let tall = (at_once / rows.read).clamp(1, rows.cells());
        let tile = (tall, (width / cols.block).min(cols.cells()));
        Some(Plan { rows, cols, transposed, offset, tile, at_once: Some(at_once) })
    }

    /// Tiles below and side by side.
    pub(super) fn tiles(&self) -> (u64, u64) {
        let (rows, cols) = (self.rows.cells().div_ceil(self.tile.0), self.cols.cells());
        (rows as u64, cols.div_ceil(self.tile.1) as u64)
    }

    /// The cells of one tile.
    pub(super) fn cells_of(&self, index: u64) -> (Range<usize>, Range<usize>) {
        let across = self.tiles().1;
        let part = |at: u64, len: usize, cells: usize| {
            let first = at as usize * len;
            first..cells.min(first + len)
        };
        (
            part(index / across, self.tile.0, self.rows.cells()),
            part(index % across, self.tile.1, self.cols.cells()),
        )
    }

    /// The element at a place.
    pub(super) fn element(&self, row: usize, col: usize) -> u64 {
        self.offset
            .wrapping_add_signed(self.rows.stride.wrapping_mul(row as i64))
            .wrapping_add_signed(self.cols.stride.wrapping_mul(col as i64))
    }

    /// The elements of each row that is read, from the first to the last, in the order in which rows
    /// are read.
    pub(super) fn rows_read(&self) -> impl Iterator<Item = Range<u64>> {
        let last = self.cols.len.saturating_sub(1);
        let cells = 0..self.rows.cells();
        let rows = cells.flat_map(move |cell| {
            (0..self.rows.read_of(cell)).map(move |index| self.rows.value_read(cell, index))
        });
        rows.map(move |row| {
            let (a, b) = (self.element(row, 0), self.element(row, last));
            a.min(b)..a.max(b).saturating_add(1)
        })
    }

    /// Whether rows lie one behind the other without a gap.
    pub(super) fn is_packed(&self) -> bool {
        self.cols.stride == 1 && self.rows.stride == self.cols.len as i64
    }
}

/// The axes by their distance in memory, the farther one first, and whether that swapped them.
fn in_memory_order(rows: Axis, cols: Axis) -> (Axis, Axis, bool) {
    let nearer = rows.stride.unsigned_abs() < cols.stride.unsigned_abs();
    let transposed = rows.len > 1 && (cols.len == 1 || nearer);
    if transposed { (cols, rows, true) } else { (rows, cols, false) }
}

fn tile(rows: &Axis, cols: &Axis, row_bytes: u64, in_order: bool) -> (usize, usize) {
    let cell_row = row_bytes.saturating_mul(rows.read as u64).max(1);
    let fill = |bytes: u64| usize::try_from(bytes / cell_row).unwrap_or(usize::MAX).max(1);
    let for_all_threads = rows.cells().div_ceil(TILES).max(fill(SMALL));
    let tall = fill(TILE).min(for_all_threads).min(rows.cells());
    if in_order || cell_row <= WIDE || rows.cells() >= 4 * TILES {
        return (tall, cols.cells());
    }
    let across = cell_row.div_ceil(WIDE);
    (1, cols.cells().div_ceil(usize::try_from(across).unwrap_or(usize::MAX)).max(1))
}
