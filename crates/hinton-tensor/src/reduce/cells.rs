//! Rows of values folded into cells.

use std::ops::Range;

use super::{Fold, Mark};

/// What sums begin with: adding it changes no value, not even the sign of a zero.
const NOTHING: f64 = -0.0;

/// What the values of each cell (or of each column, on the way there) have come to.
pub(super) struct Sums {
    fold: Fold,
    /// Sums; for [`Fold::Ink`] of the positive parts.
    sum: Vec<f64>,
    /// For [`Fold::Ink`]: sums of the negative parts' magnitudes.
    negative: Vec<f64>,
    low: Vec<f32>,
    high: Vec<f32>,
}

impl Sums {
    pub(super) fn new(fold: Fold, len: usize) -> Self {
        let mut sums = Sums { fold, sum: vec![], negative: vec![], low: vec![], high: vec![] };
        sums.clear(len);
        sums
    }

    /// Begins again, for `len` cells.
    pub(super) fn clear(&mut self, len: usize) {
        let refill = |list: &mut Vec<f64>| {
            list.clear();
            list.resize(len, NOTHING);
        };
        match self.fold {
            Fold::Mean => refill(&mut self.sum),
            Fold::Ink => {
                refill(&mut self.sum);
                refill(&mut self.negative);
            }
            Fold::Extreme | Fold::Max | Fold::Min => {
                self.low.clear();
                self.low.resize(len, f32::INFINITY);
                self.high.clear();
                self.high.resize(len, f32::NEG_INFINITY);
            }
        }
    }

    /// Adds a row, value by value. What is not finite has been [replaced](neutral).
    pub(super) fn add_row(&mut self, row: &[f32]) {
        match self.fold {
            Fold::Mean => {
                for (sum, &value) in self.sum.iter_mut().zip(row) {
                    *sum += f64::from(value);
                }
            }
            Fold::Ink => {
                let sums = self.sum.iter_mut().zip(&mut self.negative);
                for ((positive, negative), &value) in sums.zip(row) {
                    *positive += f64::from(if value > 0.0 { value } else { 0.0 });
                    *negative += f64::from(if value < 0.0 { -value } else { 0.0 });
                }
            }
            Fold::Extreme | Fold::Max | Fold::Min => {
                let ends = self.low.iter_mut().zip(&mut self.high);
                for ((low, high), &value) in ends.zip(row) {
                    *low = if value < *low { value } else { *low };
                    *high = if value > *high { value } else { *high };
                }
            }
        }
    }

    /// Adds the columns of `others` to cells of `width` columns each; the first of them is column
    /// `first`, counted from cell 0.
    pub(super) fn add_columns(&mut self, others: &Sums, first: usize, width: usize) {
        match self.fold {
            Fold::Mean => fold_into(&mut self.sum, &others.sum, first, width, total),
            Fold::Ink => {
                fold_into(&mut self.sum, &others.sum, first, width, total);
                fold_into(&mut self.negative, &others.negative, first, width, total);
            }
            Fold::Extreme | Fold::Max | Fold::Min => {
                fold_into(&mut self.low, &others.low, first, width, |cell, columns| {
                    columns.iter().fold(cell, |low, &value| if value < low { value } else { low })
                });
                fold_into(&mut self.high, &others.high, first, width, |cell, columns| {
                    columns.iter().fold(cell, |high, &v| if v > high { v } else { high })
                });
            }
        }
    }

    /// The value of a cell of `finite` values, and its negative plane (0 where there is none).
    pub(super) fn value(&self, cell: usize, finite: u64) -> (f32, f32) {
        if finite == 0 {
            return (f32::NAN, f32::NAN);
        }
        let mean = |sums: &[f64]| (sums[cell] / finite as f64) as f32;
        match self.fold {
            Fold::Mean => (mean(&self.sum), 0.0),
            Fold::Ink => (mean(&self.sum), mean(&self.negative)),
            Fold::Max => (self.high[cell], 0.0),
            Fold::Min => (self.low[cell], 0.0),
            // Of equal magnitudes the positive value, whatever the order.
            Fold::Extreme if self.high[cell] >= -self.low[cell] => (self.high[cell], 0.0),
            Fold::Extreme => (self.low[cell], 0.0),
        }
    }
}

/// What stands for a value that is not finite: it changes no fold.
pub(super) fn neutral(fold: Fold) -> f32 {
    match fold {
        Fold::Mean | Fold::Ink => -0.0,
        Fold::Extreme | Fold::Max | Fold::Min => f32::NAN,
    }
}

/// Folds columns into the cells they belong to.
fn fold_into<T: Copy>(
    cells: &mut [T],
    columns: &[T],
    first: usize,
    width: usize,
    fold: impl Fn(T, &[T]) -> T,
) {
    let mut cell = first / width;
    // Columns of the first cell that are among these.
    let mut take = (width - first % width).min(columns.len());
    let mut rest = columns;
    while !rest.is_empty() {
        let (now, later) = rest.split_at(take);
        cells[cell] = fold(cells[cell], now);
        cell += 1;
        rest = later;
        take = width.min(rest.len());
    }
}

/// The sum of a cell and columns; long ones in lanes, always the same way.
fn total(cell: f64, columns: &[f64]) -> f64 {
    const LANES: usize = 8;
    if columns.len() < 4 * LANES {
        return columns.iter().fold(cell, |sum, value| sum + value);
    }
    let mut lanes = [NOTHING; LANES];
    let (chunks, rest) = columns.as_chunks::<LANES>();
    for chunk in chunks {
        for lane in 0..LANES {
            lanes[lane] += chunk[lane];
        }
    }
    rest.iter().chain(&lanes).fold(cell, |sum, value| sum + value)
}

/// Values that are not finite, cell by cell; takes no room while there are none.
#[derive(Default)]
pub(super) struct Odd {
    cells: Vec<OddCell>,
}

#[derive(Default, Clone, Copy)]
struct OddCell {
    nan: bool,
    pos_inf: bool,
    neg_inf: bool,
    count: u64,
}

impl Odd {
    /// Notes a value that is not finite, of one cell among `cells`.
    pub(super) fn note(&mut self, cell: usize, cells: usize, value: f32) {
        self.cells.resize(cells, OddCell::default());
        let odd = &mut self.cells[cell];
        odd.nan |= value.is_nan();
        odd.pos_inf |= value == f32::INFINITY;
        odd.neg_inf |= value == f32::NEG_INFINITY;
        odd.count += 1;
    }

    /// Whether there was none.
    pub(super) fn is_empty(&self) -> bool {
        self.cells.is_empty()
    }

    /// How many a cell has.
    pub(super) fn count(&self, cell: usize) -> u64 {
        self.cells.get(cell).map_or(0, |odd| odd.count)
    }

    /// A cell's mark.
    pub(super) fn mark(&self, cell: usize) -> Mark {
        let odd = self.cells.get(cell).copied().unwrap_or_default();
        match (odd.nan, odd.pos_inf, odd.neg_inf) {
            (true, _, _) => Mark::Nan,
            (_, true, true) => Mark::BothInf,
            (_, true, false) => Mark::PosInf,
            (_, false, true) => Mark::NegInf,
            _ => Mark::None,
        }
    }
}

/// Whether some value is NaN or infinite.
pub(super) fn any_odd(values: &[f32]) -> bool {
    values.iter().fold(false, |odd, value| odd | (value.to_bits() & 0x7FFF_FFFF > 0x7F7F_FFFF))
}

/// Cells folded from one tile, row by row.
pub(super) struct Tile {
    pub(super) rows: Range<usize>,
    pub(super) cols: Range<usize>,
    pub(super) values: Vec<f32>,
    /// For [`Fold::Ink`], else empty.
    pub(super) negative: Vec<f32>,
    /// Empty when every value is finite.
    pub(super) marks: Vec<Mark>,
}
