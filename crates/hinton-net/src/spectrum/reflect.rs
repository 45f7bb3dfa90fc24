//! Householder reflections, several as one block: `I - V T Vᵀ` (Schreiber and Van Loan 1989).
#![allow(clippy::needless_range_loop)] // Indices are those of the formulas.

use super::WIDTH;

/// Lanes of a sum. Fixed, as part of the order of additions.
const LANES: usize = 8;

/// Up to [`WIDTH`] reflections as one.
pub(super) struct Block {
    /// The vectors, row by row, [`WIDTH`] values each: those that are missing are zeros.
    pub(super) v: Vec<[f64; WIDTH]>,
    /// The upper triangle that joins them.
    pub(super) t: [[f64; WIDTH]; WIDTH],
}

/// The scalar product, in a fixed order.
#[inline(always)]
pub(super) fn dot(a: &[f64], b: &[f64]) -> f64 {
    let ((a, rest_a), (b, rest_b)) = (a.as_chunks::<LANES>(), b.as_chunks::<LANES>());
    let mut sums = [0.0; LANES];
    for (a, b) in a.iter().zip(b) {
        for lane in 0..LANES {
            sums[lane] += a[lane] * b[lane];
        }
    }
    let tail: f64 = rest_a.iter().zip(rest_b).map(|(a, b)| a * b).sum();
    let pairs = [sums[0] + sums[4], sums[1] + sums[5], sums[2] + sums[6], sums[3] + sums[7]];
    (pairs[0] + pairs[2]) + (pairs[1] + pairs[3]) + tail
}

/// Makes the reflection that takes `x` to a multiple of the first axis; `x` becomes its vector, whose
/// first value is 1. Gives its factor, and that multiple. Factor 0 is no reflection.
#[inline(always)]
pub(super) fn reflection(x: &mut [f64]) -> (f64, f64) {
    let Some((first, rest)) = x.split_first_mut() else { return (0.0, 0.0) };
    let tail = dot(rest, rest);
    let alpha = *first;
    *first = 1.0;
    if tail == 0.0 {
        return (0.0, alpha);
    }
    let norm = (alpha * alpha + tail).sqrt();
    let beta = if alpha <= 0.0 { norm } else { -norm };
    let scale = 1.0 / (alpha - beta);
    rest.iter_mut().for_each(|value| *value *= scale);
    ((beta - alpha) / beta, beta)
}

/// Factors a panel of at most [`WIDTH`] columns into reflections and an upper triangle, of which column
/// `j` is given with `j + 1` values.
pub(super) fn factor(columns: &mut [Vec<f64>]) -> (Block, Vec<Vec<f64>>) {
    let height = columns.first().map_or(0, Vec::len);
    let mut t = [[0.0; WIDTH]; WIDTH];
    let mut triangle = Vec::with_capacity(columns.len());
    for j in 0..columns.len() {
        let (before, rest) = columns.split_at_mut(j);
        let Some((column, after)) = rest.split_first_mut() else { break };
        let mut above = column[..j.min(height)].to_vec();
        column[..j.min(height)].fill(0.0);
        if j >= height {
            triangle.push(above);
            continue;
        }
        let (tau, beta) = reflection(&mut column[j..]);
        above.push(beta);
        triangle.push(above);
        for other in after.iter_mut() {
            let share = tau * dot(&column[j..], &other[j..]);
            for (value, v) in other[j..].iter_mut().zip(&column[j..]) {
                *value -= share * v;
            }
        }
        // The column of T: -tau T Vᵀ v.
        let with: Vec<f64> = before.iter().map(|v| dot(&v[j..], &column[j..])).collect();
        for row in 0..j {
            let sum: f64 = (row..j).map(|k| t[row][k] * with[k]).sum();
            t[row][j] = -tau * sum;
        }
        t[j][j] = tau;
    }
    let mut v = vec![[0.0; WIDTH]; height];
    for (j, column) in columns.iter().enumerate() {
        v.iter_mut().zip(column).for_each(|(row, value)| row[j] = *value);
    }
    (Block { v, t }, triangle)
}
