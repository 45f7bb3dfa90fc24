//! Singular values of matrices: the factors by which a matrix stretches space.
//!
//! They are exact if the shorter side is at most [`EXACT_SIDE`] and the work is bounded:
//! reflections from both sides reduce the matrix to a band, in blocks (`band`), and then to two
//! diagonals (`chase`), whose singular values are computed one by one (`bisect`). All of it is in
//! `f64` and backward stable: the error of each value is a few roundings of the largest one, as in
//! LAPACK. Larger matrices are multiplied by a few random vectors, which gives the largest values
//! (`sketch`).
//!
//! Sums have a fixed order: the bits are the same on every machine and with any number of threads.

mod band;
mod bisect;
mod chase;
mod reflect;
mod sketch;
mod strips;

use std::ops::ControlFlow;

use hinton_tensor::spectrum::Spectrum;
use hinton_tensor::{Cancelled, Tensor, TensorError, Work, read_values};

use strips::Strips;

/// The longest short side of a matrix for which all singular values are computed.
pub const EXACT_SIDE: usize = 2048;
/// Most values of such a matrix, and most steps (long side times short side squared).
const EXACT_VALUES: u64 = 1 << 25;
const EXACT_STEPS: f64 = 7e10;
/// Reflections that are done at once, and superdiagonals of the band.
const WIDTH: usize = 16;
/// A matrix this many times as high as wide is made square first.
const TALL: f64 = 1.6;

/// Two diagonals of an otherwise empty square matrix.
struct Diagonals {
    main: Vec<f64>,
    upper: Vec<f64>,
}

/// The singular values of a matrix, or why it has none.
#[derive(Debug, Clone, PartialEq)]
pub enum Found {
    /// Its singular values.
    Spectrum(Spectrum),
    /// It has none, because this number of its values is NaN or infinite.
    NotFinite(u64),
}

/// Whether all singular values of a matrix of this shape are computed; if not, the largest are
/// estimated.
pub fn is_exact(rows: usize, columns: usize) -> bool {
    let (short, long) = (rows.min(columns), rows.max(columns));
    let steps = long as f64 * short as f64 * short as f64;
    let values = (rows as u64).checked_mul(columns as u64);
    short <= EXACT_SIDE && values.is_some_and(|n| n <= EXACT_VALUES) && steps <= EXACT_STEPS
}

/// Computes the singular values of a matrix, a tensor of two axes. Exact values take at most about
/// 10^11 multiplications and additions; estimates take four passes over the values. Memory is at
/// most 1 GB.
///
/// # Errors
/// Returns an error if the tensor does not have two axes, its values cannot be read, or the work
/// was cancelled.
pub fn spectrum(matrix: &Tensor, work: Work<'_>) -> Result<Found, TensorError> {
    let &[rows, columns] = matrix.shape() else {
        return Err(
            matrix.shape_error("singular values are those of a matrix, of two axes".to_owned())
        );
    };
    if !is_exact(rows, columns) {
        return sketch::spectrum(matrix, rows, columns, work);
    }
    pause(work)?;
    let mut values = vec![0.0; rows * columns];
    read_values(matrix, 0, &mut values)?;
    let odd = values.iter().filter(|value| !value.is_finite()).count() as u64;
    if odd > 0 {
        return Ok(Found::NotFinite(odd));
    }
    let singular = of_values(&mut values, rows, columns, work)?;
    Ok(Found::Spectrum(Spectrum::exact(rows, columns, singular, matrix.dtype())))
}

/// All singular values of finite values, row by row, falling. What is left of the values is scaled.
fn of_values(
    values: &mut [f64],
    rows: usize,
    columns: usize,
    work: Work<'_>,
) -> Result<Vec<f64>, Cancelled> {
    let largest = values.iter().fold(0.0f64, |largest, value| largest.max(value.abs()));
    if largest == 0.0 {
        return Ok(vec![0.0; rows.min(columns)]);
    }
    // By a power of two, which rounds nothing: squares and sums stay in range.
    let (down, up) = powers(largest);
    values.iter_mut().for_each(|value| *value = *value * down[0] * down[1]);
    let mut matrix = Strips::new(values, rows, columns, rows < columns);
    if matrix.rows as f64 > TALL * matrix.columns as f64 {
        band::to_square(&mut matrix, work)?;
    }
    let band = band::to_band(matrix, work)?;
    let diagonals = chase::to_diagonals(band, work)?;
    let mut found = bisect::values(&diagonals, work)?;
    found.iter_mut().for_each(|value| *value = *value * up[0] * up[1]);
    Ok(found)
}

/// Two powers of two whose product brings `largest` near 1, and two that take it back: one alone may
/// pass the range of `f64`.
fn powers(largest: f64) -> ([f64; 2], [f64; 2]) {
    let (_, exponent) = libm::frexp(largest);
    let half = exponent / 2;
    let power = |exponent: i32| libm::ldexp(1.0, exponent);
    ([power(-half), power(half - exponent)], [power(half), power(exponent - half)])
}

/// Stops where the work is to stop.
fn pause(work: Work<'_>) -> Result<(), Cancelled> {
    match work.progress.advance(0) {
        ControlFlow::Continue(()) => Ok(()),
        ControlFlow::Break(()) => Err(Cancelled),
    }
}

#[cfg(test)]
mod tests;
