//! A matrix in strips of eight columns, and how a block of reflections is applied to it from both
//! sides.
#![allow(clippy::needless_range_loop)] // Indices are those of the formulas.

use hinton_tensor::share_out;

use super::WIDTH;
use super::reflect::Block;
use hinton_tensor::simd::{self, Kernel};

/// Columns of a strip.
pub(super) const STRIP: usize = 8;
/// Rows of a piece of work.
const ROWS: usize = 64;

/// A matrix: strip by strip, in each row by row, eight columns side by side. The columns that fill the
/// last strip are zeros.
pub(super) struct Strips {
    pub(super) rows: usize,
    pub(super) columns: usize,
    pub(super) strips: Vec<Vec<[f64; STRIP]>>,
}

impl Strips {
    /// A matrix of values, row by row; its transpose where that is asked for.
    pub(super) fn new(values: &[f64], rows: usize, columns: usize, transposed: bool) -> Strips {
        let (tall, wide) = if transposed { (columns, rows) } else { (rows, columns) };
        let mut strips = vec![vec![[0.0; STRIP]; tall]; wide.div_ceil(STRIP)];
        for (row, line) in values.chunks_exact(columns.max(1)).enumerate() {
            for (column, value) in line.iter().enumerate() {
                let (i, j) = if transposed { (column, row) } else { (row, column) };
                strips[j / STRIP][i][j % STRIP] = *value;
            }
        }
        Strips { rows: tall, columns: wide, strips }
    }

    pub(super) fn get(&self, row: usize, column: usize) -> f64 {
        self.strips[column / STRIP][row][column % STRIP]
    }

    pub(super) fn set(&mut self, row: usize, column: usize, value: f64) {
        self.strips[column / STRIP][row][column % STRIP] = value;
    }

    /// Reflects the rows from `row` on, of the columns from `column` on (a multiple of eight).
    pub(super) fn reflect_rows(
        &mut self,
        block: &Block,
        row: usize,
        column: usize,
        threads: usize,
    ) {
        let strips: Vec<_> = self.strips[column / STRIP..].iter_mut().collect();
        share_out(strips, threads, |strip: &mut Vec<[f64; STRIP]>| {
            simd::run(Rows { block, strip: &mut strip[row..] });
        });
    }

    /// Reflects the columns from `column` on (a multiple of eight), of the rows from `row` on.
    pub(super) fn reflect_columns(
        &mut self,
        block: &Block,
        row: usize,
        column: usize,
        threads: usize,
    ) {
        let strips = &self.strips[column / STRIP..];
        let pieces: Vec<usize> = (row..self.rows).step_by(ROWS).collect();
        let last = self.rows;
        // A V T, row by row.
        let moved: Vec<Vec<[f64; WIDTH]>> = share_out(pieces, threads, |first| {
            let rows = first..last.min(first + ROWS);
            simd::run(Across { block, strips, rows })
        });
        let moved: Vec<[f64; WIDTH]> = moved.into_iter().flatten().collect();
        // The vectors the other way: for each strip, and each vector, its eight values.
        let turned: Vec<[[f64; STRIP]; WIDTH]> = block
            .v
            .chunks(STRIP)
            .map(|rows| {
                let mut turned = [[0.0; STRIP]; WIDTH];
                for (lane, row) in rows.iter().enumerate() {
                    (0..WIDTH).for_each(|j| turned[j][lane] = row[j]);
                }
                turned
            })
            .collect();
        let strips: Vec<_> = self.strips[column / STRIP..].iter_mut().zip(&turned).collect();
        share_out(
            strips,
            threads,
            |(strip, turned): (&mut Vec<[f64; STRIP]>, &[[f64; STRIP]; WIDTH])| {
                simd::run(Less { strip: &mut strip[row..], left: &moved, right: turned });
            },
        );
    }
}

/// `strip -= V Tᵀ (Vᵀ strip)`.
struct Rows<'a> {
    block: &'a Block,
    strip: &'a mut [[f64; STRIP]],
}

impl Kernel for Rows<'_> {
    type Output = ();

    #[inline(always)]
    fn run<const WIDE: bool>(self) {
        let sums = match WIDE {
            true => sums::<WIDTH>(&self.block.v, self.strip, 0),
            false => {
                let mut all = [[0.0; STRIP]; WIDTH];
                for part in 0..WIDTH / PART {
                    let some = sums::<PART>(&self.block.v, self.strip, part * PART);
                    all[part * PART..][..PART].copy_from_slice(&some);
                }
                all
            }
        };
        let mut right = [[0.0; STRIP]; WIDTH];
        for j in 0..WIDTH {
            for (k, sums) in sums.iter().enumerate().take(j + 1) {
                let t = self.block.t[k][j];
                (0..STRIP).for_each(|lane| right[j][lane] += t * sums[lane]);
            }
        }
        less(self.strip, &self.block.v, &right);
    }
}

/// Vectors that are done at once where registers are few.
const PART: usize = 8;

/// `Vᵀ strip` for some of the vectors.
#[inline(always)]
fn sums<const COUNT: usize>(
    v: &[[f64; WIDTH]],
    strip: &[[f64; STRIP]],
    first: usize,
) -> [[f64; STRIP]; COUNT] {
    let mut sums = [[0.0; STRIP]; COUNT];
    for (v, row) in v.iter().zip(strip) {
        let Some((v, _)) = v[first..].split_first_chunk::<COUNT>() else { break };
        for j in 0..COUNT {
            for lane in 0..STRIP {
                sums[j][lane] += v[j] * row[lane];
            }
        }
    }
    sums
}

/// `strip -= left right`.
#[inline(always)]
fn less(strip: &mut [[f64; STRIP]], left: &[[f64; WIDTH]], right: &[[f64; STRIP]; WIDTH]) {
    let right = *right;
    for (row, left) in strip.iter_mut().zip(left) {
        let mut values = *row;
        for j in 0..WIDTH {
            for lane in 0..STRIP {
                values[lane] -= left[j] * right[j][lane];
            }
        }
        *row = values;
    }
}

/// `strip -= left right`, as a kernel.
struct Less<'a> {
    strip: &'a mut [[f64; STRIP]],
    left: &'a [[f64; WIDTH]],
    right: &'a [[f64; STRIP]; WIDTH],
}

impl Kernel for Less<'_> {
    type Output = ();

    #[inline(always)]
    fn run<const WIDE: bool>(self) {
        less(self.strip, self.left, self.right);
    }
}

/// `(A V) T` for some rows.
struct Across<'a> {
    block: &'a Block,
    strips: &'a [Vec<[f64; STRIP]>],
    rows: std::ops::Range<usize>,
}

impl Kernel for Across<'_> {
    type Output = Vec<[f64; WIDTH]>;

    #[inline(always)]
    fn run<const WIDE: bool>(self) -> Self::Output {
        match WIDE {
            true => self.groups::<8>(),
            false => self.groups::<2>(),
        }
    }
}

impl Across<'_> {
    #[inline(always)]
    fn groups<const COUNT: usize>(&self) -> Vec<[f64; WIDTH]> {
        let mut all = Vec::with_capacity(self.rows.len());
        let mut row = self.rows.start;
        while row + COUNT <= self.rows.end {
            all.extend(self.group::<COUNT>(row));
            row += COUNT;
        }
        while row < self.rows.end {
            all.extend(self.group::<1>(row));
            row += 1;
        }
        all
    }

    #[inline(always)]
    fn group<const COUNT: usize>(&self, row: usize) -> [[f64; WIDTH]; COUNT] {
        let mut sums = [[0.0; WIDTH]; COUNT];
        for (strip, v) in self.strips.iter().zip(self.block.v.chunks(STRIP)) {
            let Some((values, _)) = strip[row..].split_first_chunk::<COUNT>() else { break };
            for (lane, v) in v.iter().enumerate() {
                for (sums, values) in sums.iter_mut().zip(values) {
                    for j in 0..WIDTH {
                        sums[j] += values[lane] * v[j];
                    }
                }
            }
        }
        let mut out = [[0.0; WIDTH]; COUNT];
        for (out, sums) in out.iter_mut().zip(&sums) {
            for k in 0..WIDTH {
                for j in k..WIDTH {
                    out[j] += sums[k] * self.block.t[k][j];
                }
            }
        }
        out
    }
}
