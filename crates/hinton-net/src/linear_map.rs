//! What a matrix does to space: singular values and determinant.

/// Sweeps after which rotations are given up; eight are the most that were seen.
const MOST_SWEEPS: usize = 60;

/// The singular values of a matrix of `rows` by `columns` values, row-major, largest first: the
/// factors by which it stretches space. Computed by one-sided Jacobi rotations (Hestenes 1958),
/// which are accurate to the last few bits for small values too.
///
/// # Panics
/// Panics if there are not `rows * columns` values.
pub fn singular_values(matrix: &[f64], rows: usize, columns: usize) -> Vec<f64> {
    assert_eq!(matrix.len(), rows * columns, "values of a matrix");
    // Columns of the taller one of the matrix and its transpose, each a vector.
    let (count, length) = (rows.min(columns), rows.max(columns));
    let value = |vector: usize, at: usize| match rows >= columns {
        true => matrix[at * columns + vector],
        false => matrix[vector * columns + at],
    };
    let mut vectors: Vec<Vec<f64>> =
        (0..count).map(|vector| (0..length).map(|at| value(vector, at)).collect()).collect();
    for _ in 0..MOST_SWEEPS {
        if !sweep(&mut vectors) {
            break;
        }
    }
    let mut values: Vec<f64> = vectors.iter().map(|vector| dot(vector, vector).sqrt()).collect();
    values.sort_by(|a, b| b.total_cmp(a));
    values
}

/// Turns every pair of vectors until they are at right angles; whether any had to be turned.
fn sweep(vectors: &mut [Vec<f64>]) -> bool {
    let mut turned = false;
    for second in 1..vectors.len() {
        for first in 0..second {
            let (left, right) = vectors.split_at_mut(second);
            let (one, two) = (&mut left[first], &mut right[0]);
            let (a, b, along) = (dot(one, one), dot(two, two), dot(one, two));
            // False for NaN, which no rotation mends.
            if along.abs() > 1e-15 * (a * b).sqrt() {
                turned = true;
                rotate(one, two, a, b, along);
            }
        }
    }
    turned
}

fn rotate(one: &mut [f64], two: &mut [f64], a: f64, b: f64, along: f64) {
    let zeta = (b - a) / (2.0 * along);
    let tangent = zeta.signum() / (zeta.abs() + (1.0 + zeta * zeta).sqrt());
    let cosine = 1.0 / (1.0 + tangent * tangent).sqrt();
    let sine = cosine * tangent;
    for (x, y) in one.iter_mut().zip(two) {
        (*x, *y) = (cosine * *x - sine * *y, sine * *x + cosine * *y);
    }
}

fn dot(one: &[f64], two: &[f64]) -> f64 {
    one.iter().zip(two).map(|(x, y)| x * y).sum()
}

/// The determinant of a square matrix, row-major: the factor by which it changes areas and volumes,
/// negative if it mirrors. Computed by Gaussian elimination with the largest pivot.
///
/// # Panics
/// Panics if there are not `side * side` values.
pub fn determinant(matrix: &[f64], side: usize) -> f64 {
    assert_eq!(matrix.len(), side * side, "values of a square matrix");
    let mut rows: Vec<Vec<f64>> = matrix.chunks(side.max(1)).map(<[f64]>::to_vec).collect();
    let mut product = 1.0;
    for column in 0..side {
        let largest =
            |a: &usize, b: &usize| rows[*a][column].abs().total_cmp(&rows[*b][column].abs());
        let pivot = (column..side).max_by(largest).unwrap_or(column);
        if rows[pivot][column] == 0.0 {
            return 0.0;
        }
        if pivot != column {
            rows.swap(pivot, column);
            product = -product;
        }
        product *= rows[column][column];
        let (done, rest) = rows.split_at_mut(column + 1);
        let top = &done[column];
        for row in rest {
            let factor = row[column] / top[column];
            row.iter_mut()
                .zip(top)
                .skip(column)
                .for_each(|(value, above)| *value -= factor * above);
        }
    }
    product
}

/// The principal components of rows of `width` values: the directions of largest variance, and
/// their shares of it.
#[derive(Debug, Clone, PartialEq)]
pub struct Principal {
    /// The mean of the rows.
    pub mean: Vec<f64>,
    /// Unit vectors in descending order of variance; the largest component of each is positive.
    pub directions: Vec<Vec<f64>>,
    /// The share of the total variance along each direction, 0 to 1; all 0 if there is no variance.
    pub shares: Vec<f64>,
}

/// Computes the `count` principal components from the covariance of rows, `width * width` values in
/// row-major order: by Jacobi rotations for narrow rows, and by repeated products (orthogonal
/// iteration) for wide ones.
pub fn principal(mean: Vec<f64>, covariance: &[f64], count: usize) -> Principal {
    let width = mean.len();
    let count = count.min(width);
    let total: f64 = (0..width).map(|at| covariance[at * width + at]).sum();
    let mut directions = start_directions(covariance, width, count);
    let mut before = vec![0.0; count];
    for round in 0..MOST_ROUNDS {
        for direction in &mut directions {
            *direction = times(covariance, width, direction);
        }
        let lengths = orthonormal(&mut directions);
        let moved =
            lengths.iter().zip(&before).any(|(now, then)| (now - then).abs() > 1e-13 * now.abs());
        before = lengths;
        if !moved && round > 3 {
            break;
        }
    }
    rotate_within(covariance, width, &mut directions);
    let share = |direction: &Vec<f64>| {
        let variance = dot(direction, &times(covariance, width, direction));
        if total > 0.0 { (variance / total).clamp(0.0, 1.0) } else { 0.0 }
    };
    let mut found: Vec<(f64, Vec<f64>)> =
        directions.into_iter().map(|direction| (share(&direction), signed(direction))).collect();
    found.sort_by(|a, b| b.0.total_cmp(&a.0));
    let (shares, directions) = found.into_iter().unzip();
    Principal { mean, directions, shares }
}

/// Rounds of orthogonal iteration; with a spare direction or two it takes a few dozen.
const MOST_ROUNDS: usize = 500;

/// The columns of the largest diagonal entries: always somewhere along the directions sought.
fn start_directions(covariance: &[f64], width: usize, count: usize) -> Vec<Vec<f64>> {
    let mut order: Vec<usize> = (0..width).collect();
    let diagonal = |at: usize| covariance[at * width + at];
    order.sort_by(|&a, &b| diagonal(b).total_cmp(&diagonal(a)).then(a.cmp(&b)));
    let unit = |at: usize| {
        // A little of everything, so that no direction is missed by symmetry.
        let mut direction: Vec<f64> =
            (0..width).map(|other| 1e-3 * (1.0 + ((other * 7 + at * 13) % 11) as f64)).collect();
        direction[at] = 1.0;
        direction
    };
    let mut directions: Vec<Vec<f64>> = order.into_iter().take(count).map(unit).collect();
    orthonormal(&mut directions);
    directions
}

fn times(matrix: &[f64], width: usize, vector: &[f64]) -> Vec<f64> {
    matrix.chunks(width.max(1)).map(|row| dot(row, vector)).collect()
}

/// Makes vectors orthonormal (Gram and Schmidt, twice); their lengths before. What is left of none is
/// replaced by an axis that is not yet spanned.
fn orthonormal(vectors: &mut [Vec<f64>]) -> Vec<f64> {
    let mut lengths = Vec::with_capacity(vectors.len());
    for at in 0..vectors.len() {
        let (before, rest) = vectors.split_at_mut(at);
        let vector = &mut rest[0];
        let whole = dot(vector, vector).sqrt();
        let left = without(vector, before);
        lengths.push(left);
        if left > 1e-12 * whole && left > 0.0 {
            vector.iter_mut().for_each(|value| *value /= left);
            continue;
        }
        for axis in 0..vector.len() {
            vector.fill(0.0);
            vector[axis] = 1.0;
            let left = without(vector, before);
            if left > 0.5 / (vector.len() as f64).sqrt() {
                vector.iter_mut().for_each(|value| *value /= left);
                break;
            }
        }
    }
    lengths
}

/// Takes away what lies along the others; the length of what is left.
fn without(vector: &mut [f64], others: &[Vec<f64>]) -> f64 {
    for other in others.iter().chain(others) {
        let along = dot(vector, other);
        vector.iter_mut().zip(other).for_each(|(value, part)| *value -= along * part);
    }
    dot(vector, vector).sqrt()
}

/// Turns directions among themselves until the covariance between any two is zero.
fn rotate_within(covariance: &[f64], width: usize, directions: &mut [Vec<f64>]) {
    for _ in 0..MOST_SWEEPS {
        let mut turned = false;
        for second in 1..directions.len() {
            for first in 0..second {
                let (left, right) = directions.split_at_mut(second);
                let (one, two) = (&mut left[first], &mut right[0]);
                let seen = times(covariance, width, one);
                let (a, along) = (dot(one, &seen), dot(two, &seen));
                let b = dot(two, &times(covariance, width, two));
                if along.abs() > 1e-14 * (a.abs() + b.abs()) {
                    turned = true;
                    rotate(one, two, a, b, along);
                }
            }
        }
        if !turned {
            break;
        }
    }
}

fn signed(mut direction: Vec<f64>) -> Vec<f64> {
    let largest = direction
        .iter()
        .copied()
        .fold(0.0, |most: f64, value| if value.abs() > most.abs() + 1e-9 { value } else { most });
    if largest < 0.0 {
        direction.iter_mut().for_each(|value| *value = -*value);
    }
    direction
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::Random;

    #[test]
    fn stretches_are_those_of_the_notebook() {
        let near = |got: &[f64], want: &[f64]| {
            assert_eq!(got.len(), want.len());
            for (got, want) in got.iter().zip(want) {
                assert!((got - want).abs() < 1e-12 * want.abs().max(1.0), "{got} {want}");
            }
        };
        // W^T W = [[45, 36], [36, 45]] has eigenvalues 81 and 9.
        near(&singular_values(&[3.0, 0.0, 0.0, 3.0, 6.0, 6.0], 3, 2), &[9.0, 3.0]);
        near(&singular_values(&[3.0, 0.0, 6.0, 0.0, 3.0, 6.0], 2, 3), &[9.0, 3.0]);
        near(&singular_values(&[1.0, 2.0, 2.0, 4.0], 2, 2), &[5.0, 0.0]);
        near(&singular_values(&[0.0; 4], 2, 2), &[0.0, 0.0]);
        assert_eq!(determinant(&[0.0, 2.0, 3.0, 0.0], 2), -6.0);
        assert_eq!(determinant(&[1.0, 2.0, 2.0, 4.0], 2), 0.0);
        assert_eq!(determinant(&[], 0), 1.0);
        assert!(singular_values(&[f64::NAN, 1.0, 1.0, 1.0], 2, 2)[0].is_nan());
    }

    #[test]
    fn the_product_of_the_stretches_is_the_determinant() {
        let mut random = Random::new(4);
        for side in 1..9 {
            let matrix: Vec<f64> = (0..side * side).map(|_| random.normal()).collect();
            let product: f64 = singular_values(&matrix, side, side).iter().product();
            let determinant = determinant(&matrix, side).abs();
            assert!((product / determinant - 1.0).abs() < 1e-9, "{side}");
            let squares: f64 = matrix.iter().map(|x| x * x).sum();
            let sum: f64 = singular_values(&matrix, side, side).iter().map(|x| x * x).sum();
            assert!((sum / squares - 1.0).abs() < 1e-12, "{side}");
        }
    }

    #[test]
    fn directions_are_those_of_largest_variance() {
        let mut random = Random::new(9);
        let width = 12;
        // A covariance with known directions: Q diag(v) Q^T.
        let mut axes: Vec<Vec<f64>> =
            (0..width).map(|_| (0..width).map(|_| random.normal()).collect()).collect();
        orthonormal(&mut axes);
        let variance = |at: usize| 10.0 / (at + 1) as f64;
        let mut covariance = vec![0.0; width * width];
        for (at, axis) in axes.iter().enumerate() {
            for row in 0..width {
                for column in 0..width {
                    covariance[row * width + column] += variance(at) * axis[row] * axis[column];
                }
            }
        }
        let found = principal(vec![0.0; width], &covariance, 3);
        let total: f64 = (0..width).map(variance).sum();
        for (at, axis) in axes.iter().enumerate().take(3) {
            assert!((found.shares[at] - variance(at) / total).abs() < 1e-9, "{:?}", found.shares);
            assert!((dot(&found.directions[at], axis).abs() - 1.0).abs() < 1e-6, "{at}");
        }
        let nothing = principal(vec![0.0; 3], &[0.0; 9], 3);
        assert_eq!(nothing.shares, [0.0; 3]);
        assert!(nothing.directions.iter().all(|d| (dot(d, d) - 1.0).abs() < 1e-9));
        let one = principal(vec![0.0], &[4.0], 3);
        assert_eq!((one.shares, one.directions), (vec![1.0], vec![vec![1.0]]));
    }
}
