//! Folds rows of values into cells.

use std::ops::Range;

use super::{Fold, Foldable, Mark};
use crate::simd::{self, Kernel};

/// What sums begin with: adding it changes no value, not even the sign of a zero.
pub(super) const NOTHING: f64 = -0.0;

/// What the values of each cell (or of each column, on the way there) have come to.
pub(super) struct Sums {
    pub(super) fold: Fold,
    /// Sums; for [`Fold::Ink`] of the positive parts.
    pub(super) sum: Vec<f64>,
    /// For [`Fold::Ink`]: sums of the negative parts' magnitudes.
    pub(super) negative: Vec<f64>,
    /// For [`Fold::Rms`]: sums of all magnitudes, and of squares.
    pub(super) magnitudes: Vec<f64>,
    pub(super) squares: Vec<f64>,
    pub(super) low: Vec<f32>,
    pub(super) high: Vec<f32>,
    /// For [`Fold::Rms`]: whether least and greatest values are taken too, so that cells can be folded
    /// again.
    pub(super) with_ends: bool,
}

impl Sums {
    pub(super) fn new(fold: Fold, with_ends: bool, len: usize) -> Self {
        let mut sums = Sums {
            fold,
            with_ends,
            sum: vec![],
            negative: vec![],
            magnitudes: vec![],
            squares: vec![],
            low: vec![],
            high: vec![],
        };
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
            Fold::Rms => {
                refill(&mut self.sum);
                refill(&mut self.magnitudes);
                refill(&mut self.squares);
            }
            Fold::Extreme | Fold::Max | Fold::Min => {}
        }
        if self.with_ends || matches!(self.fold, Fold::Extreme | Fold::Max | Fold::Min) {
            self.low.clear();
            self.low.resize(len, f32::INFINITY);
            self.high.clear();
            self.high.resize(len, f32::NEG_INFINITY);
        }
    }

    /// Whether every value that came into sums was finite. Finite `f32` never add up to an infinite
    /// `f64`.
    pub(super) fn are_finite(&self) -> bool {
        let sums = if self.fold == Fold::Rms { &self.squares } else { &self.sum };
        sums.iter().all(|sum| sum.is_finite())
    }

    /// Adds rows of as many values as there are sums, four at a time where there are four. What is
    /// not finite has been [replaced](neutral).
    pub(super) fn add_rows(&mut self, rows: &[f32], width: usize) {
        simd::run(AddRows { sums: self, rows, width });
    }

    #[inline(always)]
    fn add<const N: usize>(&mut self, rows: [&[f32]; N]) {
        match self.fold {
            Fold::Mean => add_sums(&mut self.sum, rows, |value| value),
            Fold::Ink => {
                add_sums(&mut self.sum, rows, |value| if value > 0.0 { value } else { 0.0 });
                add_sums(&mut self.negative, rows, |value| if value < 0.0 { -value } else { 0.0 });
            }
            Fold::Rms => {
                add_moments(&mut self.sum, &mut self.magnitudes, &mut self.squares, rows);
            }
            Fold::Extreme | Fold::Max | Fold::Min => self.take_ends(rows),
        }
    }

    #[inline(always)]
    fn take_ends<const N: usize>(&mut self, rows: [&[f32]; N]) {
        take_ends(&mut self.low, rows, |value, low| value < low);
        take_ends(&mut self.high, rows, |value, high| value > high);
    }

    /// Takes the ends of rows, where they are taken beside sums. What is not finite has been replaced
    /// by NaN.
    pub(super) fn add_ends(&mut self, rows: &[f32], width: usize) {
        simd::run(AddEnds { sums: self, rows, width });
    }

    /// Adds the columns of `others` to cells of `width` columns each; the first of them is column
    /// `first`, counted from cell 0.
    pub(super) fn add_columns(&mut self, others: &Sums, first: usize, width: usize) {
        simd::run(AddColumns { sums: self, others, first, width });
    }

    /// A cell as sums that can be folded again, of [`Fold::Rms`] with ends.
    pub(super) fn foldable(&self, cell: usize, finite: u64, mark: Mark) -> Foldable {
        let sums = (self.sum[cell], self.magnitudes[cell], self.squares[cell]);
        Foldable::new(sums, (self.low[cell], self.high[cell]), finite, mark)
    }

    /// The value of each cell onto the end of `values`; for [`Fold::Ink`] its negative plane, and
    /// for [`Fold::Rms`] its balance of signs, onto that of `second`. `finite` tells how many values
    /// a cell has.
    pub(super) fn finish(
        &self,
        finite: impl Fn(usize) -> u64,
        values: &mut Vec<f32>,
        second: &mut Vec<f32>,
    ) {
        let means = |sums: &[f64], into: &mut Vec<f32>| {
            let mean = |(cell, sum): (usize, &f64)| match finite(cell) {
                0 => f32::NAN,
                count => (sum / count as f64) as f32,
            };
            into.extend(sums.iter().enumerate().map(mean));
        };
        let ends = || self.low.iter().zip(&self.high).map(|(&low, &high)| (low, high));
        // Without a finite value the ends are still where they began.
        let known = |(low, high): (f32, f32), end: f32| if low <= high { end } else { f32::NAN };
        match self.fold {
            Fold::Mean => means(&self.sum, values),
            Fold::Ink => {
                means(&self.sum, values);
                means(&self.negative, second);
            }
            Fold::Rms => {
                let rms = |(cell, squares): (usize, &f64)| match finite(cell) {
                    0 => f32::NAN,
                    count => (squares / count as f64).sqrt() as f32,
                };
                values.extend(self.squares.iter().enumerate().map(rms));
                let balance = |(sum, magnitudes): (&f64, &f64)| match *magnitudes > 0.0 {
                    true => (sum / magnitudes).clamp(-1.0, 1.0) as f32,
                    false => 0.0,
                };
                second.extend(self.sum.iter().zip(&self.magnitudes).map(balance));
            }
            Fold::Max => values.extend(ends().map(|ends| known(ends, ends.1))),
            Fold::Min => values.extend(ends().map(|ends| known(ends, ends.0))),
            // Of equal magnitudes the positive value, whatever the order.
            Fold::Extreme => values.extend(
                ends().map(|(low, high)| known((low, high), if high >= -low { high } else { low })),
            ),
        }
    }
}

/// Adds rows of values to the sums of their columns.
struct AddRows<'a> {
    sums: &'a mut Sums,
    rows: &'a [f32],
    width: usize,
}

impl Kernel for AddRows<'_> {
    type Output = ();

    #[inline(always)]
    fn run<const WIDE: bool>(self) {
        let AddRows { sums, rows, width } = self;
        let (fours, rest) = in_fours(rows, width);
        for [a, b, c, d] in fours {
            sums.add([a, b, c, d]);
        }
        for row in rest {
            sums.add([row]);
        }
    }
}

/// Takes the ends of rows of values into those of their columns.
struct AddEnds<'a> {
    sums: &'a mut Sums,
    rows: &'a [f32],
    width: usize,
}

impl Kernel for AddEnds<'_> {
    type Output = ();

    #[inline(always)]
    fn run<const WIDE: bool>(self) {
        let AddEnds { sums, rows, width } = self;
        let (fours, rest) = in_fours(rows, width);
        for four in fours {
            sums.take_ends(four);
        }
        for row in rest {
            sums.take_ends([row]);
        }
    }
}

/// Adds the sums of columns to those of the cells that the columns belong to.
struct AddColumns<'a> {
    sums: &'a mut Sums,
    others: &'a Sums,
    first: usize,
    width: usize,
}

impl Kernel for AddColumns<'_> {
    type Output = ();

    #[inline(always)]
    fn run<const WIDE: bool>(self) {
        let AddColumns { sums, others, first, width } = self;
        match sums.fold {
            Fold::Mean => fold_into(&mut sums.sum, &others.sum, first, width, total),
            Fold::Ink => {
                fold_into(&mut sums.sum, &others.sum, first, width, total);
                fold_into(&mut sums.negative, &others.negative, first, width, total);
            }
            Fold::Rms => {
                fold_into(&mut sums.sum, &others.sum, first, width, total);
                fold_into(&mut sums.magnitudes, &others.magnitudes, first, width, total);
                fold_into(&mut sums.squares, &others.squares, first, width, total);
            }
            Fold::Extreme | Fold::Max | Fold::Min => {}
        }
        if sums.with_ends || matches!(sums.fold, Fold::Extreme | Fold::Max | Fold::Min) {
            fold_into(&mut sums.low, &others.low, first, width, |cell, columns| {
                columns.iter().fold(cell, |low, &value| if value < low { value } else { low })
            });
            fold_into(&mut sums.high, &others.high, first, width, |cell, columns| {
                columns.iter().fold(cell, |high, &v| if v > high { v } else { high })
            });
        }
    }
}

/// Rows of `width` values, four at a time, and those left over.
#[inline(always)]
fn in_fours(
    rows: &[f32],
    width: usize,
) -> (impl Iterator<Item = [&[f32]; 4]>, impl Iterator<Item = &[f32]>) {
    let fours = rows.chunks_exact(4 * width);
    let rest = fours.remainder().chunks_exact(width);
    let fours = fours.map(move |four| {
        let (ab, cd) = four.split_at(2 * width);
        let ((a, b), (c, d)) = (ab.split_at(width), cd.split_at(width));
        [a, b, c, d]
    });
    (fours, rest)
}

/// Adds a part of each value to its column's sum.
#[inline(always)]
fn add_sums<const N: usize>(sums: &mut [f64], rows: [&[f32]; N], part: impl Fn(f32) -> f32) {
    let rows = rows.map(|row| &row[..sums.len()]);
    for (col, sum) in sums.iter_mut().enumerate() {
        let mut all = f64::from(part(rows[0][col]));
        for row in &rows[1..] {
            all += f64::from(part(row[col]));
        }
        *sum += all;
    }
}

/// Adds each value, its magnitude and its square to its column's sums.
#[inline(always)]
fn add_moments<const N: usize>(
    sums: &mut [f64],
    magnitudes: &mut [f64],
    squares: &mut [f64],
    rows: [&[f32]; N],
) {
    let rows = rows.map(|row| &row[..sums.len()]);
    let magnitudes = &mut magnitudes[..sums.len()];
    let squares = &mut squares[..sums.len()];
    for (col, sum) in sums.iter_mut().enumerate() {
        let first = f64::from(rows[0][col]);
        let (mut all, mut magnitude, mut square) = (first, first.abs(), first * first);
        for row in &rows[1..] {
            let value = f64::from(row[col]);
            all += value;
            magnitude += value.abs();
            square += value * value;
        }
        *sum += all;
        magnitudes[col] += magnitude;
        squares[col] += square;
    }
}

/// Puts a value in its column's place where it is `beyond` what is there.
#[inline(always)]
fn take_ends<const N: usize>(
    ends: &mut [f32],
    rows: [&[f32]; N],
    beyond: impl Fn(f32, f32) -> bool,
) {
    let rows = rows.map(|row| &row[..ends.len()]);
    for (col, end) in ends.iter_mut().enumerate() {
        for row in &rows {
            *end = if beyond(row[col], *end) { row[col] } else { *end };
        }
    }
}

/// What stands for a value that is not finite: it changes no fold. Ends are taken before sums, see
/// [`Sums::add_ends`].
pub(super) fn neutral(fold: Fold, with_ends: bool) -> f32 {
    match fold {
        _ if with_ends => f32::NAN,
        Fold::Mean | Fold::Ink | Fold::Rms => -0.0,
        Fold::Extreme | Fold::Max | Fold::Min => f32::NAN,
    }
}

/// Folds columns into the cells they belong to.
#[inline(always)]
fn fold_into<T: Copy>(
    cells: &mut [T],
    columns: &[T],
    first: usize,
    width: usize,
    fold: impl Fn(T, &[T]) -> T,
) {
    // What is left of a cell that others began.
    let begun = (width - first % width) % width;
    let (head, rest) = columns.split_at(begun.min(columns.len()));
    let cells = &mut cells[first / width..];
    if !head.is_empty() {
        cells[0] = fold(cells[0], head);
    }
    let cells = &mut cells[usize::from(begun > 0)..];
    // The commonest widths with a loop of known length: twice as fast.
    match width {
        1 => fold_whole::<T, 1>(cells, rest, fold),
        2 => fold_whole::<T, 2>(cells, rest, fold),
        3 => fold_whole::<T, 3>(cells, rest, fold),
        4 => fold_whole::<T, 4>(cells, rest, fold),
        5 => fold_whole::<T, 5>(cells, rest, fold),
        6 => fold_whole::<T, 6>(cells, rest, fold),
        7 => fold_whole::<T, 7>(cells, rest, fold),
        8 => fold_whole::<T, 8>(cells, rest, fold),
        _ => {
            for (cell, columns) in cells.iter_mut().zip(rest.chunks(width)) {
                *cell = fold(*cell, columns);
            }
        }
    }
}

#[inline(always)]
fn fold_whole<T: Copy, const WIDTH: usize>(
    cells: &mut [T],
    columns: &[T],
    fold: impl Fn(T, &[T]) -> T,
) {
    let (whole, rest) = columns.as_chunks::<WIDTH>();
    for (cell, columns) in cells.iter_mut().zip(whole) {
        *cell = fold(*cell, columns);
    }
    if !rest.is_empty()
        && let Some(cell) = cells.get_mut(whole.len())
    {
        *cell = fold(*cell, rest);
    }
}

/// The sum of a cell and columns; long ones in lanes, always the same way.
#[inline(always)]
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
    simd::run(AnyOdd(values))
}

#[derive(Clone)]
struct AnyOdd<'a>(&'a [f32]);

impl Kernel for AnyOdd<'_> {
    type Output = bool;

    #[inline(always)]
    fn run<const WIDE: bool>(self) -> bool {
        let greatest = self.0.iter().fold(0, |most, value| most.max(value.to_bits() & 0x7FFF_FFFF));
        greatest > 0x7F7F_FFFF
    }
}

/// Cells folded from one tile, row by row.
pub(super) struct Tile {
    pub(super) rows: Range<usize>,
    pub(super) cols: Range<usize>,
    pub(super) values: Vec<f32>,
    /// The negative plane of [`Fold::Ink`], the balance of [`Fold::Rms`]; else empty.
    pub(super) second: Vec<f32>,
    /// Empty when every value is finite.
    pub(super) marks: Vec<Mark>,
    /// The cells as sums, where they are to be folded again; else empty.
    pub(super) foldable: Vec<Foldable>,
}

#[cfg(test)]
mod tests {
    use super::*;

    /// All that is done with rows of columns on the way to cells of five columns.
    #[derive(Clone)]
    struct Folded<'a>(&'a [f32], Fold, bool);

    impl Kernel for Folded<'_> {
        type Output = (Vec<u64>, Vec<u32>, bool);

        #[inline(always)]
        fn run<const WIDE: bool>(self) -> Self::Output {
            let Folded(rows, fold, with_ends) = self;
            let width = 203;
            let mut columns = Sums::new(fold, with_ends, width);
            if with_ends {
                AddEnds { sums: &mut columns, rows, width }.run::<WIDE>();
            }
            AddRows { sums: &mut columns, rows, width }.run::<WIDE>();
            let mut sums = Sums::new(fold, with_ends, width.div_ceil(5) + 1);
            AddColumns { sums: &mut sums, others: &columns, first: 3, width: 5 }.run::<WIDE>();
            let wide = [&sums.sum, &sums.negative, &sums.magnitudes, &sums.squares];
            let narrow = [&sums.low, &sums.high];
            (
                wide.into_iter().flatten().map(|value| value.to_bits()).collect(),
                narrow.into_iter().flatten().map(|value| value.to_bits()).collect(),
                AnyOdd(rows).run::<WIDE>(),
            )
        }
    }

    #[test]
    fn every_set_of_vector_instructions_gives_the_same_bits() {
        let mut rows: Vec<f32> = (0..203 * 11)
            .map(|index: i32| (index.wrapping_mul(7919) % 1013 - 500) as f32 * 0.37)
            .collect();
        rows[100] = -0.0;
        for (fold, with_ends) in [
            (Fold::Mean, false),
            (Fold::Extreme, false),
            (Fold::Ink, false),
            (Fold::Rms, false),
            (Fold::Rms, true),
        ] {
            let found = simd::run_all(Folded(&rows, fold, with_ends));
            assert!(found.iter().all(|(_, bits)| *bits == found[0].1), "{fold:?}");
            assert!(!found[0].1.2 && found[0].1.0.len() + found[0].1.1.len() > 40);
        }
        rows[2000] = f32::NEG_INFINITY;
        assert!(simd::run_all(AnyOdd(&rows)).iter().all(|(_, odd)| *odd));
    }
}
