//! Matrix products with the same bits on every machine.
//!
//! Each value is the sum of its products in order, each rounded, as three plain loops would compute
//! it. Columns are computed in parallel by vector instructions, which does not change any sum.

use crate::Real;
use hinton_tensor::simd::{self, Kernel};

/// Columns that are done side by side.
pub(crate) const LANES: usize = 16;

/// The left matrix of a product.
#[derive(Debug, Clone, Copy)]
pub enum Left<'a, R> {
    /// A matrix whose rows are contiguous.
    Rows {
        /// The values.
        values: &'a [R],
        /// Length of a row.
        inner: usize,
    },
    /// A matrix whose columns are contiguous: the transpose of the stored one.
    Columns {
        /// The values.
        values: &'a [R],
        /// Length of a column.
        outer: usize,
    },
}

impl<'a, R> Left<'a, R> {
    /// A matrix of rows of `inner` values.
    pub fn rows(values: &'a [R], inner: usize) -> Self {
        Left::Rows { values, inner }
    }

    /// The transpose of a matrix of rows of `outer` values.
    pub fn columns(values: &'a [R], outer: usize) -> Self {
        Left::Columns { values, outer }
    }

    /// Rows and columns of the matrix.
    fn shape(&self) -> (usize, usize) {
        match self {
            Left::Rows { values, inner } => (values.len() / (*inner).max(1), *inner),
            Left::Columns { values, outer } => (*outer, values.len() / (*outer).max(1)),
        }
    }
}

/// `out = left * right`; `right` and `out` have rows of `columns` values.
/// # Panics
/// Panics if the lengths do not match.
/// When the lengths do not fit one another.
pub fn product<R: Real>(left: Left<'_, R>, right: &[R], out: &mut [R], columns: usize) {
    check(&left, right, out, columns);
    if small(left, right, out, columns) {
        return;
    }
    simd::run(Product { left, right, out, columns, adds: false });
}

/// `out += left * right`: each sum continues from the existing value.
///
/// # Panics
/// Panics if the lengths do not match.
pub fn add_product<R: Real>(left: Left<'_, R>, right: &[R], out: &mut [R], columns: usize) {
    check(&left, right, out, columns);
    simd::run(Product { left, right, out, columns, adds: true });
}

fn check<R>(left: &Left<'_, R>, right: &[R], out: &[R], columns: usize) {
    let (rows, inner) = left.shape();
    assert_eq!((right.len(), out.len()), (inner * columns, rows * columns), "shapes of a product");
}

/// A product; see [`product`].
struct Product<'a, R> {
    left: Left<'a, R>,
    right: &'a [R],
    out: &'a mut [R],
    columns: usize,
    adds: bool,
}

impl<R: Real> Kernel for Product<'_, R> {
    type Output = ();

    #[inline(always)]
    fn run<const WIDE: bool>(mut self) {
        let (_, inner) = self.left.shape();
        let mut panel = vec![[R::ZERO; LANES]; inner];
        let mut first = 0;
        while first < self.columns {
            let lanes = LANES.min(self.columns - first);
            for (lane, row) in panel.iter_mut().zip(self.right.chunks_exact(self.columns)) {
                lane[..lanes].copy_from_slice(&row[first..first + lanes]);
                lane[lanes..].fill(R::ZERO);
            }
            match WIDE {
                true => self.panel::<8>(&panel, first, lanes),
                false => self.panel::<4>(&panel, first, lanes),
            }
            first += lanes;
        }
    }
}

impl<R: Real> Product<'_, R> {
    /// All rows of some columns.
    #[inline(always)]
    fn panel<const ROWS: usize>(&mut self, panel: &[[R; LANES]], first: usize, lanes: usize) {
        let (rows, _) = self.left.shape();
        let mut row = 0;
        while row + ROWS <= rows {
            self.tile::<ROWS>(panel, row, first, lanes);
            row += ROWS;
        }
        while row < rows {
            self.tile::<1>(panel, row, first, lanes);
            row += 1;
        }
    }

    /// Some rows of some columns, their sums in registers.
    #[inline(always)]
    fn tile<const ROWS: usize>(
        &mut self,
        panel: &[[R; LANES]],
        row: usize,
        first: usize,
        lanes: usize,
    ) {
        let mut sums = [[R::ZERO; LANES]; ROWS];
        if self.adds {
            for (index, sums) in sums.iter_mut().enumerate() {
                let out = &self.out[(row + index) * self.columns + first..][..lanes];
                sums[..lanes].copy_from_slice(out);
            }
        }
        match self.left {
            Left::Rows { values, inner } => {
                let rows: [&[R]; ROWS] =
                    std::array::from_fn(|index| &values[(row + index) * inner..][..inner]);
                for (at, right) in panel.iter().enumerate() {
                    for (sums, row) in sums.iter_mut().zip(&rows) {
                        *sums = scaled(*sums, row[at], right);
                    }
                }
            }
            Left::Columns { values, outer } => {
                for (column, right) in values.chunks_exact(outer).zip(panel) {
                    let Some((left, _)) = column[row..].split_first_chunk::<ROWS>() else { break };
                    for (sums, left) in sums.iter_mut().zip(left) {
                        *sums = scaled(*sums, *left, right);
                    }
                }
            }
        }
        for (index, sums) in sums.iter().enumerate() {
            let out = &mut self.out[(row + index) * self.columns + first..][..lanes];
            out.copy_from_slice(&sums[..lanes]);
        }
    }
}

/// `sums + left * right`. Arrays come and go by value, for then they stay in registers.
#[inline(always)]
pub(crate) fn scaled<R: Real>(mut sums: [R; LANES], left: R, right: &[R; LANES]) -> [R; LANES] {
    let right = *right;
    for lane in 0..LANES {
        sums[lane] += left * right[lane];
    }
    sums
}

/// Maps of at most 4 to at most 4 dimensions, as they move points in the plane and in space: there
/// vectors run over the points. Tells whether it was such a map.
fn small<R: Real>(left: Left<'_, R>, right: &[R], out: &mut [R], columns: usize) -> bool {
    let Left::Rows { values, inner } = left else { return false };
    macro_rules! small {
        ($($inner:literal $columns:literal),*) => {
            match (inner, columns) {
                $(($inner, $columns) => {
                    simd::run(Small::<R, $inner, $columns> { values, right, out })
                })*
                _ => return false,
            }
        };
    }
    small!(1 1, 1 2, 1 3, 1 4, 2 1, 2 2, 2 3, 2 4, 3 1, 3 2, 3 3, 3 4, 4 1, 4 2, 4 3, 4 4);
    true
}

struct Small<'a, R, const INNER: usize, const COLUMNS: usize> {
    values: &'a [R],
    right: &'a [R],
    out: &'a mut [R],
}

impl<R: Real, const INNER: usize, const COLUMNS: usize> Kernel for Small<'_, R, INNER, COLUMNS> {
    type Output = ();

    #[inline(always)]
    fn run<const WIDE: bool>(self) {
        let mut right = [[R::ZERO; COLUMNS]; INNER];
        for (row, values) in right.iter_mut().zip(self.right.chunks_exact(COLUMNS)) {
            row.copy_from_slice(values);
        }
        let (points, _) = self.values.as_chunks::<INNER>();
        let (outs, _) = self.out.as_chunks_mut::<COLUMNS>();
        for (out, point) in outs.iter_mut().zip(points) {
            for column in 0..COLUMNS {
                let mut sum = R::ZERO;
                for inner in 0..INNER {
                    sum += point[inner] * right[inner][column];
                }
                out[column] = sum;
            }
        }
    }
}

/// Adds `bias` to every row of its length; does nothing if it is empty.
pub fn add_to_rows<R: Real>(rows: &mut [R], bias: &[R]) {
    if bias.is_empty() {
        return;
    }
    for row in rows.chunks_exact_mut(bias.len()) {
        row.iter_mut().zip(bias).for_each(|(value, bias)| *value += *bias);
    }
}

/// Adds every row, in order, to `sums`; does nothing if that is empty.
pub fn add_rows<R: Real>(rows: &[R], sums: &mut [R]) {
    if sums.is_empty() {
        return;
    }
    for row in rows.chunks_exact(sums.len()) {
        sums.iter_mut().zip(row).for_each(|(sum, value)| *sum += *value);
    }
}

/// The transpose of a matrix of `rows` by `columns` values.
pub fn transposed<R: Real>(values: &[R], rows: usize, columns: usize) -> Vec<R> {
    let mut out = vec![R::ZERO; rows * columns];
    for (row, values) in values.chunks_exact(columns.max(1)).take(rows).enumerate() {
        for (column, value) in values.iter().enumerate() {
            out[column * rows + row] = *value;
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::Random;

    fn random<R: Real>(random: &mut Random, count: usize) -> Vec<R> {
        // Some exact zeros of both signs, as pictures and relu have.
        let value = |random: &mut Random| match random.below(4) {
            0 => 0.0 * random.between(-1.0, 1.0),
            _ => random.normal(),
        };
        (0..count).map(|_| R::of(value(random))).collect()
    }

    fn plain<R: Real>(left: &[R], right: &[R], out: &mut [R], inner: usize, columns: usize) {
        for row in 0..out.len() / columns {
            for column in 0..columns {
                for at in 0..inner {
                    out[row * columns + column] +=
                        left[row * inner + at] * right[at * columns + column];
                }
            }
        }
    }

    fn is_exact<R: Real + Into<f64>>() {
        let mut source = Random::new(11);
        let sizes = [1, 2, 3, 4, 5, 8, 10, 15, 16, 17, 33, 50];
        for rows in sizes {
            for inner in [0, 1, 2, 3, 4, 7, 16, 65] {
                for columns in sizes {
                    let left: Vec<R> = random(&mut source, rows * inner);
                    let right: Vec<R> = random(&mut source, inner * columns);
                    let start: Vec<R> = random(&mut source, rows * columns);
                    let bits = |values: &[R]| -> Vec<u64> {
                        values.iter().map(|value| value.f64().to_bits()).collect()
                    };
                    let mut truth = vec![R::ZERO; rows * columns];
                    plain(&left, &right, &mut truth, inner, columns);
                    let mut added = start.clone();
                    plain(&left, &right, &mut added, inner, columns);
                    let turned = transposed(&left, rows, inner);
                    for which in [Left::rows(&left, inner), Left::columns(&turned, rows)] {
                        if inner == 0 {
                            // Zero values say nothing of how many rows they have.
                            continue;
                        }
                        let mut out = start.clone();
                        product(which, &right, &mut out, columns);
                        assert_eq!(bits(&out), bits(&truth), "{rows}x{inner}x{columns}");
                        let mut out = start.clone();
                        add_product(which, &right, &mut out, columns);
                        assert_eq!(bits(&out), bits(&added), "{rows}x{inner}x{columns}");
                    }
                }
            }
        }
    }

    #[test]
    fn every_bit_is_that_of_three_loops() {
        is_exact::<f32>();
        is_exact::<f64>();
    }

    #[derive(Clone)]
    struct Both<'a>(&'a [f32], &'a [f32]);

    impl Kernel for Both<'_> {
        type Output = Vec<u32>;

        #[inline(always)]
        fn run<const WIDE: bool>(self) -> Vec<u32> {
            let mut out = vec![0.1; 21 * 35];
            let left = Left::rows(self.0, 40);
            Product { left, right: self.1, out: &mut out, columns: 35, adds: true }.run::<WIDE>();
            out.iter().map(|value| crate::math::tanh_f32(*value).to_bits()).collect()
        }
    }

    #[test]
    fn all_vectors_give_the_same_bits() {
        let mut source = Random::new(5);
        let (left, right) = (random(&mut source, 21 * 40), random(&mut source, 40 * 35));
        let outputs = simd::run_all(Both(&left, &right));
        for (name, output) in &outputs {
            assert_eq!(output, &outputs[0].1, "{name}");
        }
    }
}
