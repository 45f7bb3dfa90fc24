//! Rows that are mostly zero, such as pictures of digits, and their products.
//!
//! Products with zeros are skipped. That does not change any bit: adding zero leaves a sum
//! unchanged, provided that the other factor is finite.

use crate::Real;
use crate::product::{LANES, scaled};
use hinton_tensor::simd::{self, Kernel};

/// Rows that are done side by side.
const ROWS: usize = 4;

/// Rows of which only the nonzero values are stored.
#[derive(Debug, Clone, PartialEq)]
pub struct SparseRows<R> {
    width: usize,
    /// Where each row begins in the other two, and the end of the last.
    starts: Vec<u32>,
    columns: Vec<u16>,
    values: Vec<R>,
}

impl<R: Real> SparseRows<R> {
    /// The rows of a dense matrix with `width` columns. `None` if it is too wide or too large, or
    /// if more than a third of it is not zero, in which case dense rows are better.
    pub fn new<T: Copy>(
        values: &[T],
        width: usize,
        is_zero: impl Fn(T) -> bool,
        real: impl Fn(T) -> R,
    ) -> Option<Self> {
        let count = values.iter().filter(|value| !is_zero(**value)).count();
        let is_apt = (32..=1 << 16).contains(&width)
            && count <= values.len() / 3
            && u32::try_from(count).is_ok();
        if !is_apt {
            return None;
        }
        let mut rows = SparseRows {
            width,
            starts: vec![0],
            columns: vec![0; count + width],
            values: vec![R::ZERO; count + width],
        };
        let mut at = 0;
        for row in values.chunks_exact(width) {
            let columns = &mut rows.columns[at..at + width];
            let kept = &mut rows.values[at..at + width];
            let mut next = 0;
            // Written always and kept if it is not zero: whether it is cannot be foreseen.
            for (column, value) in row.iter().enumerate() {
                columns[next] = column as u16;
                kept[next] = real(*value);
                next += usize::from(!is_zero(*value));
            }
            at += next;
            rows.starts.push(at as u32);
        }
        rows.columns.truncate(count);
        rows.values.truncate(count);
        Some(rows)
    }

    /// Number of rows.
    pub fn len(&self) -> usize {
        self.starts.len() - 1
    }

    /// Whether there are no rows.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Number of values in a row, including zeros.
    pub fn width(&self) -> usize {
        self.width
    }

    /// The columns and values of a row that are not zero.
    #[inline(always)]
    pub fn row(&self, row: usize) -> (&[u16], &[R]) {
        let range = self.starts[row] as usize..self.starts[row + 1] as usize;
        (&self.columns[range.clone()], &self.values[range])
    }

    /// Writes a row, including its zeros.
    pub fn write(&self, row: usize, out: &mut [R]) {
        out.fill(R::ZERO);
        let (columns, values) = self.row(row);
        columns.iter().zip(values).for_each(|(column, value)| out[usize::from(*column)] = *value);
    }
}

/// Computes `out = rows * right` for the rows `which`; like [`crate::product::product`].
///
/// # Panics
/// Panics if the lengths do not match.
pub fn product<R: Real>(
    rows: &SparseRows<R>,
    which: &[u32],
    right: &[R],
    out: &mut [R],
    columns: usize,
) {
    assert_eq!((right.len(), out.len()), (rows.width * columns, which.len() * columns));
    simd::run(Product { rows, which, right, out, columns });
}

/// Computes `out += rowsᵀ * right` for the rows `which`; like [`crate::product::add_product`].
///
/// # Panics
/// Panics if the lengths do not match.
pub fn add_transposed_product<R: Real>(
    rows: &SparseRows<R>,
    which: &[u32],
    right: &[R],
    out: &mut [R],
    columns: usize,
) {
    assert_eq!((right.len(), out.len()), (which.len() * columns, rows.width * columns));
    simd::run(Transposed { rows, which, right, out, columns });
}

struct Product<'a, R> {
    rows: &'a SparseRows<R>,
    which: &'a [u32],
    right: &'a [R],
    out: &'a mut [R],
    columns: usize,
}

impl<R: Real> Kernel for Product<'_, R> {
    type Output = ();

    #[inline(always)]
    fn run<const WIDE: bool>(self) {
        let mut panel = vec![[R::ZERO; LANES]; self.rows.width];
        for first in (0..self.columns).step_by(LANES) {
            let lanes = LANES.min(self.columns - first);
            for (lane, row) in panel.iter_mut().zip(self.right.chunks_exact(self.columns)) {
                lane[..lanes].copy_from_slice(&row[first..first + lanes]);
            }
            let outs = self.out.chunks_mut(self.columns * ROWS);
            for (which, out) in self.which.chunks(ROWS).zip(outs) {
                let mut sums = [[R::ZERO; LANES]; ROWS];
                // Four sums at once, for each has to wait for its last addition.
                let mut rows: [(&[u16], &[R]); ROWS] = [(&[], &[]); ROWS];
                for (slot, row) in rows.iter_mut().zip(which) {
                    *slot = self.rows.row(*row as usize);
                }
                let common = rows.iter().map(|(columns, _)| columns.len()).min().unwrap_or(0);
                let heads = rows.map(|(columns, values)| (&columns[..common], &values[..common]));
                for at in 0..common {
                    for (sums, (columns, values)) in sums.iter_mut().zip(&heads) {
                        *sums = scaled(*sums, values[at], &panel[usize::from(columns[at])]);
                    }
                }
                for (sums, (columns, values)) in sums.iter_mut().zip(rows) {
                    let mut own = *sums;
                    for (column, value) in columns[common..].iter().zip(&values[common..]) {
                        own = scaled(own, *value, &panel[usize::from(*column)]);
                    }
                    *sums = own;
                }
                for (out, sums) in out.chunks_exact_mut(self.columns).zip(&sums) {
                    out[first..first + lanes].copy_from_slice(&sums[..lanes]);
                }
            }
        }
    }
}

struct Transposed<'a, R> {
    rows: &'a SparseRows<R>,
    which: &'a [u32],
    right: &'a [R],
    out: &'a mut [R],
    columns: usize,
}

impl<R: Real> Kernel for Transposed<'_, R> {
    type Output = ();

    #[inline(always)]
    fn run<const WIDE: bool>(self) {
        let mut panel = vec![[R::ZERO; LANES]; self.rows.width];
        for first in (0..self.columns).step_by(LANES) {
            let lanes = LANES.min(self.columns - first);
            for (lane, row) in panel.iter_mut().zip(self.out.chunks_exact(self.columns)) {
                lane[..lanes].copy_from_slice(&row[first..first + lanes]);
            }
            for (row, right) in self.which.iter().zip(self.right.chunks_exact(self.columns)) {
                let mut scale = [R::ZERO; LANES];
                scale[..lanes].copy_from_slice(&right[first..first + lanes]);
                let (columns, values) = self.rows.row(*row as usize);
                for (column, value) in columns.iter().zip(values) {
                    let sums = &mut panel[usize::from(*column)];
                    *sums = scaled(*sums, *value, &scale);
                }
            }
            for (lane, row) in panel.iter().zip(self.out.chunks_exact_mut(self.columns)) {
                row[first..first + lanes].copy_from_slice(&lane[..lanes]);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::product::{self as dense, Left};
    use crate::random::Random;

    #[test]
    fn products_are_those_of_dense_rows() {
        let mut random = Random::new(8);
        for (count, width, columns) in [(1, 32, 1), (9, 40, 10), (23, 784, 16), (6, 50, 37)] {
            let value = |random: &mut Random| match random.below(5) {
                0 => random.normal() as f32,
                _ => 0.0,
            };
            let values: Vec<f32> = (0..count * width).map(|_| value(&mut random)).collect();
            let rows = SparseRows::new(&values, width, |x| x == 0.0, |x| x).unwrap();
            assert_eq!(rows.len(), count);
            let which: Vec<u32> = random.order(count).into_iter().map(|row| row as u32).collect();
            let mut picked = vec![0.5; values.len()];
            for (row, out) in which.iter().zip(picked.chunks_mut(width)) {
                rows.write(*row as usize, out);
                assert_eq!(out, &values[*row as usize * width..][..width]);
            }
            let right: Vec<f32> = (0..width * columns).map(|_| random.normal() as f32).collect();
            let (mut ours, mut truth) = (vec![0.0; count * columns], vec![0.0; count * columns]);
            product(&rows, &which, &right, &mut ours, columns);
            dense::product(Left::rows(&picked, width), &right, &mut truth, columns);
            assert_eq!(ours, truth);
            let right = truth;
            let mut ours: Vec<f32> = (0..width * columns).map(|_| random.normal() as f32).collect();
            let mut truth = ours.clone();
            add_transposed_product(&rows, &which, &right, &mut ours, columns);
            dense::add_product(Left::columns(&picked, width), &right, &mut truth, columns);
            assert_eq!(ours, truth);
        }
        assert!(SparseRows::new(&[1.0f32; 64], 32, |x| x == 0.0, |x| x).is_none());
        assert!(SparseRows::new(&[0.0f32; 64], 2, |x| x == 0.0, |x| x).is_none());
    }
}
