//! Computes one tile: reads it piece by piece, counts and folds the values.

use std::ops::Range;

use super::Fold;
use super::cells::{NOTHING, Odd, Sums, Tile, any_odd, neutral};
use super::direct::{self, Stored};
use super::plan::{PIECE, Plan};
use crate::decode::le;
use crate::read::{Piece, Source, Turn};
use crate::summary::{Counter, Moments};
use crate::{Dtype, TensorError};

/// Columns folded at once: four rows of them, and their sums, stay in the fastest cache.
const DECODED: usize = 1024;
/// Most rows of a piece.
const ROWS: usize = 1 << 13;

/// A thread's own state.
pub(super) struct Worker<'t> {
    pub(super) counter: Option<Counter>,
    pub(super) moments: Vec<(u64, Moments)>,
    pub(super) tiles: Vec<Tile>,
    piece: Piece<'t>,
    values: Vec<f32>,
    wide: Vec<f64>,
    columns: Sums,
}

impl Worker<'_> {
    pub(super) fn new(fold: Fold, with_ends: bool, counter: Option<Counter>) -> Self {
        Worker {
            counter,
            moments: Vec::new(),
            tiles: Vec::new(),
            piece: Piece::default(),
            values: Vec::new(),
            wide: Vec::new(),
            columns: Sums::new(fold, with_ends, 0),
        }
    }
}

/// What folding a tile needs to know.
pub(super) struct Job<'a, 't> {
    pub(super) source: &'a Source<'t>,
    pub(super) plan: &'a Plan,
    pub(super) dtype: Dtype,
    pub(super) fold: Fold,
    /// Whether cells are to be folded again: of [`Fold::Rms`], with the ends of their values.
    pub(super) again: bool,
}

/// Rows of a piece: one behind the other, or as they lie in memory.
struct Rows<'p> {
    bytes: &'p [u8],
    /// Bytes from the beginning of a row to that of the next.
    pitch: usize,
    /// Bytes of a row.
    len: usize,
}

impl<'p> Rows<'p> {
    /// The bytes that lie together.
    fn parts(&self) -> impl Iterator<Item = &'p [u8]> + use<'p> {
        let (pitch, len) = match self.pitch == self.len {
            true => (self.bytes.len().max(1), self.bytes.len()),
            false => (self.pitch, self.len),
        };
        self.bytes.chunks(pitch).map(move |part| &part[..len])
    }
}

/// Which cells rows of values belong to, and how they are taken.
#[derive(Clone, Copy)]
struct Cells {
    cell_row: usize,
    /// The first column of values.
    first_col: usize,
    /// Rows decoded at once.
    at_once: usize,
}

/// A tile being folded.
struct Open {
    rows: Range<usize>,
    cols: Range<usize>,
    /// Columns of values.
    span: Range<usize>,
    sums: Vec<Sums>,
    odd: Odd,
}

impl Open {
    fn cell(&self, cell_row: usize, cell_col: usize) -> usize {
        (cell_row - self.rows.start) * self.cols.len() + cell_col - self.cols.start
    }
}

impl<'t> Job<'_, 't> {
    /// Does one tile, reporting its bytes piece by piece; gives back those of the last piece.
    pub(super) fn tile(
        &self,
        worker: &mut Worker<'t>,
        turn: &mut Turn<'_>,
    ) -> Result<u64, TensorError> {
        let (rows, cols) = self.plan.cells_of(turn.index);
        let span = self.plan.cols.values(cols.start).start..self.plan.cols.values(cols.end - 1).end;
        let sums = rows.clone().map(|_| Sums::new(self.fold, self.again, cols.len())).collect();
        let mut open = Open { rows, cols, span, sums, odd: Odd::default() };
        let mut unreported = 0;
        let mut moments = Moments::default();
        let size = self.source.size() as u64;
        let row_bytes = open.span.len() as u64 * size;
        let read = &self.plan.rows;
        // (cell row, row) of the rows to read, in order.
        let mut left = open.rows.clone().flat_map(|cell| {
            (0..read.read_of(cell)).map(move |index| (cell, read.value_read(cell, index)))
        });
        let mut left = left.by_ref().peekable();
        let mut lines: Vec<(usize, usize)> = Vec::new();
        let fit = usize::try_from(PIECE / row_bytes).unwrap_or(ROWS).clamp(1, ROWS);
        let fit = self.plan.at_once.unwrap_or(fit);
        // Whole rows of cells where several fit.
        let fit = if fit > read.read { fit / read.read * read.read } else { fit };
        let width = usize::try_from(PIECE / size).unwrap_or(usize::MAX);
        while left.peek().is_some() {
            lines.clear();
            lines.extend(left.by_ref().take(fit));
            let mut first = open.span.start;
            while first < open.span.end {
                let part = first..open.span.end.min(first + width);
                first = part.end;
                turn.advance(std::mem::take(&mut unreported))?;
                let Worker { counter, piece, values, wide, columns, .. } = worker;
                let may_lie_apart = counter.as_ref().is_none_or(Counter::only_counts);
                let loaded = self.load(&lines, part.clone(), piece, may_lie_apart)?;
                if first == open.span.end && left.peek().is_none() {
                    turn.pass();
                }
                if let Some(counter) = counter {
                    loaded.parts().for_each(|bytes| moments.merge(&counter.add(bytes)));
                }
                unreported = (lines.len() * loaded.len) as u64;
                self.fold_piece(&loaded, (values, wide, columns), &mut open, &lines, part);
            }
        }
        worker.moments.push((turn.index, moments));
        worker.tiles.push(self.close(open));
        Ok(unreported)
    }

    /// Loads columns of some rows; where rows `may_lie_apart`, without a copy of those in memory.
    fn load<'p>(
        &self,
        lines: &[(usize, usize)],
        cols: Range<usize>,
        piece: &'p mut Piece<'t>,
        may_lie_apart: bool,
    ) -> Result<Rows<'p>, TensorError>
    where
        't: 'p,
    {
        let len = cols.len() * self.source.size();
        let (Some(&(_, first)), Some(&(_, last))) = (lines.first(), lines.last()) else {
            return Ok(Rows { bytes: &[], pitch: len.max(1), len });
        };
        let plan = self.plan;
        let together = last - first + 1 == lines.len();
        let whole = together && plan.is_packed() && cols.len() == plan.cols.len;
        let element = plan.element(first, cols.start);
        let pitch = usize::try_from(plan.rows.stride).unwrap_or(0);
        if plan.cols.stride == 1 && together && (whole || lines.len() == 1 || may_lie_apart) {
            let pitch = if lines.len() == 1 { cols.len() } else { pitch };
            let elements = (lines.len() - 1).saturating_mul(pitch).saturating_add(cols.len());
            if pitch >= cols.len()
                && let Some(bytes) = self.source.borrow(element, elements as u64)
            {
                return Ok(Rows { bytes, pitch: pitch * self.source.size(), len });
            }
        }
        let out = piece.room(lines.len() * len);
        if whole || (lines.len() == 1 && plan.cols.stride == 1) {
            self.source.run(element, 1, out)?;
        } else {
            for (out, &(_, row)) in out.chunks_exact_mut(len).zip(lines) {
                self.source.run(plan.element(row, cols.start), plan.cols.stride, out)?;
            }
        }
        Ok(Rows { bytes: piece.bytes(), pitch: len, len })
    }

    /// Folds the piece that holds columns `cols` of `lines`.
    fn fold_piece(
        &self,
        rows: &Rows<'_>,
        (values, wide, columns): (&mut Vec<f32>, &mut Vec<f64>, &mut Sums),
        open: &mut Open,
        lines: &[(usize, usize)],
        cols: Range<usize>,
    ) {
        let size = self.source.size();
        let block = self.plan.cols.block;
        // Whole cells at once where they are narrower.
        let chunk = if block < DECODED { DECODED / block * block } else { DECODED };
        let chunk = chunk.min(cols.len());
        // Sums are of four rows at a time: so many that no four are parted.
        let at_once = (DECODED / chunk / 4 * 4).max(4);
        for start in (0..cols.len()).step_by(chunk) {
            let width = chunk.min(cols.len() - start);
            let first_col = cols.start + start;
            columns.clear(width);
            let mut line = 0;
            for same in lines.chunk_by(|(one, _), (next, _)| one == next) {
                let cell_row = same[0].0;
                let stored = Stored {
                    dtype: self.dtype,
                    size,
                    bytes: &rows.bytes[line * rows.pitch + start * size..],
                    pitch: rows.pitch,
                    rows: same.len(),
                    width,
                };
                line += same.len();
                if !(direct::is_direct(self.dtype) && direct::add_rows(columns, stored)) {
                    columns.clear(width);
                    let cells = Cells { cell_row, first_col, at_once };
                    self.fold_decoded(stored, (values, wide, columns), open, cells);
                }
                let sums = &mut open.sums[cell_row - open.rows.start];
                sums.add_columns(columns, first_col - open.span.start, block);
                columns.clear(width);
            }
        }
    }

    /// Folds rows of one row of cells that are decoded first, as what is not finite must be replaced.
    fn fold_decoded(
        &self,
        stored: Stored<'_>,
        (values, wide, columns): (&mut Vec<f32>, &mut Vec<f64>, &mut Sums),
        open: &mut Open,
        Cells { cell_row, first_col, at_once }: Cells,
    ) {
        let width = stored.width;
        for first in (0..stored.rows).step_by(at_once) {
            let rows = at_once.min(stored.rows - first);
            values.resize(rows * width, 0.0);
            for (row, part) in (first..).zip(values.chunks_exact_mut(width)) {
                decode(self.dtype, stored.row(row), part, wide);
            }
            let is_odd = any_odd(values);
            if is_odd {
                self.replace(values, open, cell_row, first_col, width);
            }
            if self.again {
                columns.add_ends(values, width);
                // Ends pass over NaN, sums over nothing.
                if is_odd {
                    let odd = values.iter_mut().filter(|value| value.is_nan());
                    odd.for_each(|value| *value = NOTHING as f32);
                }
            }
            columns.add_rows(values, width);
        }
    }

    /// Notes what is not finite and puts something neutral in its place.
    fn replace(
        &self,
        values: &mut [f32],
        open: &mut Open,
        cell_row: usize,
        first_col: usize,
        width: usize,
    ) {
        let cells = open.rows.len() * open.cols.len();
        for (index, value) in values.iter_mut().enumerate() {
            if !value.is_finite() {
                let col = first_col + index % width;
                let cell = open.cell(cell_row, col / self.plan.cols.block);
                open.odd.note(cell, cells, *value);
                *value = neutral(self.fold, self.again);
            }
        }
    }

    /// The finished cells.
    fn close(&self, open: Open) -> Tile {
        let cells = open.rows.len() * open.cols.len();
        let widths = open.cols.clone().map(|col| self.plan.cols.values(col).len() as u64);
        let widths: Vec<u64> = widths.collect();
        let (mut values, mut second, mut foldable) = (Vec::new(), Vec::new(), Vec::new());
        match self.again {
            true => foldable.reserve_exact(cells),
            false => values.reserve_exact(cells),
        }
        for (sums, row) in open.sums.iter().zip(open.rows.clone()) {
            let read = self.plan.rows.read_of(row) as u64;
            let first = open.cell(row, open.cols.start);
            let finite = |index: usize| read * widths[index] - open.odd.count(first + index);
            match self.again {
                true => foldable.extend((0..widths.len()).map(|index| {
                    sums.foldable(index, finite(index), open.odd.mark(first + index))
                })),
                false => sums.finish(finite, &mut values, &mut second),
            }
        }
        let marks = match open.odd.is_empty() || self.again {
            true => Vec::new(),
            false => (0..cells).map(|cell| open.odd.mark(cell)).collect(),
        };
        Tile { rows: open.rows, cols: open.cols, values, second, marks, foldable }
    }
}

/// As `f32`; finite values stay finite.
fn decode(dtype: Dtype, bytes: &[u8], values: &mut [f32], wide: &mut Vec<f64>) {
    if !matches!(dtype, Dtype::F64 | Dtype::C64 | Dtype::C128) {
        return le::to_f32(dtype, bytes, values);
    }
    wide.resize(values.len(), 0.0);
    le::to_f64(dtype, bytes, wide);
    for (value, &wide) in values.iter_mut().zip(wide.iter()) {
        let narrow = wide as f32;
        let past = narrow.is_infinite() && wide.is_finite();
        *value = if past { f32::MAX.copysign(narrow) } else { narrow };
    }
}
