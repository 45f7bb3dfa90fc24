//! Reduces a matrix to a band with as many diagonals as reflections are applied at once, by
//! reflections from both sides (Grosser and Lang 1999): the bulk of the work, in blocks.

use hinton_tensor::{Cancelled, Work};

use super::reflect::factor;
use super::strips::Strips;
use super::{WIDTH, pause};

/// An upper triangle that is zero beyond its first [`WIDTH`] superdiagonals: row by row, from
/// `WIDTH` columns before the diagonal to `2 WIDTH` behind it, where the chase has room.
pub(super) struct Band {
    pub(super) rows: Vec<[f64; ROOM]>,
}

/// Places of a row of a band.
pub(super) const ROOM: usize = 3 * WIDTH;

/// Takes all but an upper triangle away, from the left alone: the matrix, at least as high as wide,
/// becomes square with the same singular values.
pub(super) fn to_square(matrix: &mut Strips, work: Work<'_>) -> Result<(), Cancelled> {
    for first in (0..matrix.columns).step_by(WIDTH) {
        pause(work)?;
        left(matrix, first, work.threads);
    }
    let side = matrix.columns;
    matrix.strips.iter_mut().for_each(|strip| strip.truncate(side));
    matrix.rows = side;
    Ok(())
}

/// The band with the same singular values as the matrix, which is at least as high as wide.
pub(super) fn to_band(mut matrix: Strips, work: Work<'_>) -> Result<Band, Cancelled> {
    let side = matrix.columns;
    let mut first = 0;
    while first < side {
        pause(work)?;
        left(&mut matrix, first, work.threads);
        if first + WIDTH < side {
            right(&mut matrix, first, work.threads);
        }
        first += WIDTH;
    }
    let row = |row: usize| {
        let mut line = [0.0; ROOM];
        for column in row..side.min(row + WIDTH + 1) {
            line[column - row + WIDTH] = matrix.get(row, column);
        }
        line
    };
    Ok(Band { rows: (0..side).map(row).collect() })
}

/// Clears the panel of columns from `first` on below the diagonal.
fn left(matrix: &mut Strips, first: usize, threads: usize) {
    let columns = first..matrix.columns.min(first + WIDTH);
    let mut panel: Vec<Vec<f64>> = columns
        .clone()
        .map(|column| (first..matrix.rows).map(|row| matrix.get(row, column)).collect())
        .collect();
    let (block, triangle) = factor(&mut panel);
    for (column, values) in columns.zip(triangle) {
        for row in first..matrix.rows {
            matrix.set(row, column, values.get(row - first).copied().unwrap_or(0.0));
        }
    }
    if first + WIDTH < matrix.columns {
        matrix.reflect_rows(&block, first, first + WIDTH, threads);
    }
}

/// Clears the panel of rows from `first` on, behind the band.
fn right(matrix: &mut Strips, first: usize, threads: usize) {
    let start = first + WIDTH;
    let rows = first..start;
    let mut panel: Vec<Vec<f64>> = rows
        .clone()
        .map(|row| (start..matrix.columns).map(|column| matrix.get(row, column)).collect())
        .collect();
    let (block, triangle) = factor(&mut panel);
    for (row, values) in rows.zip(triangle) {
        for column in start..matrix.columns {
            matrix.set(row, column, values.get(column - start).copied().unwrap_or(0.0));
        }
    }
    matrix.reflect_columns(&block, start, start, threads);
}
