//! Estimates the largest singular values of a large matrix from its products with a few random
//! vectors (Halko, Martinsson and Tropp 2011, algorithm 4.4). They are singular values of the
//! matrix restricted to a subspace, so none is too large. Those that stand out are accurate to many
//! digits; those of noise are a few percent too small.

use hinton_tensor::spectrum::Spectrum;
use hinton_tensor::{Tensor, TensorError, Work, read_values, share_out};

use super::{Found, of_values, pause};
use crate::product::{Left, add_product, product};
use crate::random::Random;

/// Values that are given, and vectors beyond them that make them better.
const KEPT: usize = 64;
const BEYOND: usize = 16;
/// Times that the subspace is sent through the matrix and back.
const ROUNDS: usize = 1;
/// Parts that rows are divided into, each summed alone: fixed, as part of the order of additions.
const PARTS: usize = 8;
/// Values that are read at once.
const PIECE: usize = 1 << 18;

/// Rows of a few values each.
struct Thin {
    values: Vec<f64>,
    width: usize,
}

pub(super) fn spectrum(
    matrix: &Tensor,
    rows: usize,
    columns: usize,
    work: Work<'_>,
) -> Result<Found, TensorError> {
    let width = (KEPT + BEYOND).min(rows.min(columns));
    if width == 0 {
        return Ok(Found::Spectrum(Spectrum::exact(rows, columns, Vec::new(), matrix.dtype())));
    }
    let mut random = Random::of(1, "spectrum");
    let values = (0..columns * width).map(|_| random.normal()).collect();
    let mut right = Thin { values, width };
    let mut facts = Facts::default();
    for round in 0..=ROUNDS {
        let (mut left, seen) = forth(matrix, &right, (rows, columns), work)?;
        if round == 0 {
            facts = seen;
            if facts.odd > 0 {
                return Ok(Found::NotFinite(facts.odd));
            }
            if facts.largest == 0.0 {
                let zeros = vec![0.0; width];
                let found = Spectrum::sketched((rows, columns), zeros, 0.0, matrix.dtype());
                return Ok(Found::Spectrum(found));
            }
        }
        orthogonal(&mut left, work)?;
        right = back(matrix, &left, (rows, columns), work)?;
        if round < ROUNDS {
            orthogonal(&mut right, work)?;
        }
    }
    let mut singular = of_values(&mut right.values, columns, width, work)?;
    singular.truncate(KEPT.min(width));
    let squares = facts.squares.max(singular.iter().map(|value| value * value).sum());
    Ok(Found::Spectrum(Spectrum::sketched((rows, columns), singular, squares, matrix.dtype())))
}

/// What the first pass sees of the values.
#[derive(Debug, Clone, Copy, Default)]
struct Facts {
    odd: u64,
    largest: f64,
    squares: f64,
}

impl Facts {
    fn add(&mut self, values: &[f64]) {
        for value in values {
            self.odd += u64::from(!value.is_finite());
            self.largest = self.largest.max(value.abs());
            self.squares += value * value;
        }
    }

    fn join(&mut self, other: &Facts) {
        self.odd += other.odd;
        self.largest = self.largest.max(other.largest);
        self.squares += other.squares;
    }
}

/// Ranges of rows, the same for any number of threads.
fn parts(rows: usize) -> Vec<std::ops::Range<usize>> {
    let each = rows.div_ceil(PARTS).max(1);
    (0..rows).step_by(each).map(|first| first..rows.min(first + each)).collect()
}

/// The matrix times what lies to its right.
fn forth(
    matrix: &Tensor,
    right: &Thin,
    (rows, columns): (usize, usize),
    work: Work<'_>,
) -> Result<(Thin, Facts), TensorError> {
    let width = right.width;
    let at_once = (PIECE / columns).max(1);
    type Done = Result<(Vec<f64>, Facts), TensorError>;
    let done: Vec<Done> = share_out(parts(rows), work.threads, |part| {
        let mut out = vec![0.0; part.len() * width];
        let mut facts = Facts::default();
        let mut values = Vec::new();
        for first in part.clone().step_by(at_once) {
            pause(work)?;
            let count = at_once.min(part.end - first);
            values.resize(count * columns, 0.0);
            read_values(matrix, first as u64 * columns as u64, &mut values)?;
            facts.add(&values);
            let out = &mut out[(first - part.start) * width..][..count * width];
            product(Left::rows(&values, columns), &right.values, out, width);
        }
        Ok((out, facts))
    });
    let mut values = Vec::with_capacity(rows * width);
    let mut facts = Facts::default();
    for one in done {
        let (out, seen) = one?;
        values.extend(out);
        facts.join(&seen);
    }
    Ok((Thin { values, width }, facts))
}

/// The transposed matrix times what lies to its left.
fn back(
    matrix: &Tensor,
    left: &Thin,
    (rows, columns): (usize, usize),
    work: Work<'_>,
) -> Result<Thin, TensorError> {
    let width = left.width;
    let at_once = (PIECE / columns).max(1);
    type Done = Result<Vec<f64>, TensorError>;
    let done: Vec<Done> = share_out(parts(rows), work.threads, |part| {
        let mut out = vec![0.0; columns * width];
        let mut values = Vec::new();
        for first in part.clone().step_by(at_once) {
            pause(work)?;
            let count = at_once.min(part.end - first);
            values.resize(count * columns, 0.0);
            read_values(matrix, first as u64 * columns as u64, &mut values)?;
            let left = &left.values[first * width..][..count * width];
            add_product(Left::columns(&values, columns), left, &mut out, width);
        }
        Ok(out)
    });
    let mut values = vec![0.0; columns * width];
    for one in done {
        values.iter_mut().zip(one?).for_each(|(sum, value)| *sum += value);
    }
    Ok(Thin { values, width })
}

/// Makes the columns orthogonal and of length 1, twice over so that they are it to the last bits
/// (Giraud and others 2005). Columns that are nothing but rounding become zeros.
fn orthogonal(thin: &mut Thin, work: Work<'_>) -> Result<(), TensorError> {
    let (width, count) = (thin.width, thin.values.len() / thin.width);
    let mut columns: Vec<Vec<f64>> = (0..width)
        .map(|column| (0..count).map(|row| thin.values[row * width + column]).collect())
        .collect();
    for at in 0..width {
        pause(work)?;
        let (before, rest) = columns.split_at_mut(at);
        let Some(column) = rest.first_mut() else { break };
        let whole = super::reflect::dot(column, column).sqrt();
        for _ in 0..2 {
            for other in before.iter() {
                let share = super::reflect::dot(other, column);
                column.iter_mut().zip(other).for_each(|(value, other)| *value -= share * other);
            }
        }
        let left = super::reflect::dot(column, column).sqrt();
        let scale = if left > whole * 1e-13 { 1.0 / left } else { 0.0 };
        column.iter_mut().for_each(|value| *value *= scale);
    }
    for (row, values) in thin.values.chunks_exact_mut(width).enumerate() {
        values.iter_mut().zip(&columns).for_each(|(value, column)| *value = column[row]);
    }
    Ok(())
}
