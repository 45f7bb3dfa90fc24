//! Singular values of a matrix, and measures derived from them. They are computed elsewhere.

use crate::Dtype;

/// Fewest values that a power law is fitted to.
const FEWEST: usize = 10;
/// Most beginnings that are tried for it.
const TRIED: usize = 200;

/// The singular values of a matrix.
#[derive(Debug, Clone, PartialEq)]
pub struct Spectrum {
    /// The singular values in descending order: all of them, or the largest.
    pub values: Vec<f64>,
    /// Rows and columns of the matrix.
    pub shape: (usize, usize),
    /// Whether only the largest are known, and only as lower estimates.
    pub is_sketch: bool,
    /// Sum of the squares of all entries, which equals that of all singular values.
    pub squares: f64,
    /// Relative rounding error of the entries as stored.
    pub precision: f64,
}

/// A power law for the density of the eigenvalues of `WᵀW`, the squared singular values, above some
/// value.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PowerLaw {
    /// The exponent of the density.
    pub alpha: f64,
    /// Number of the largest values that it is fitted to.
    pub count: usize,
    /// Largest distance between the fitted and the actual distribution (Kolmogorov–Smirnov), 0 to
    /// 1.
    pub distance: f64,
}

impl Spectrum {
    /// From all singular values of a matrix with this shape, in descending order.
    pub fn exact(rows: usize, columns: usize, values: Vec<f64>, dtype: Dtype) -> Spectrum {
        let squares = values.iter().map(|value| value * value).sum();
        let precision = precision(dtype);
        Spectrum { values, shape: (rows, columns), is_sketch: false, squares, precision }
    }

    /// From the largest singular values of a matrix, and the sum of the squares of its entries.
    pub fn sketched(
        shape: (usize, usize),
        values: Vec<f64>,
        squares: f64,
        dtype: Dtype,
    ) -> Spectrum {
        Spectrum { values, shape, is_sketch: true, squares, precision: precision(dtype) }
    }

    /// Number of singular values of the matrix.
    pub fn count(&self) -> usize {
        self.shape.0.min(self.shape.1)
    }

    /// The largest singular value; 0 for an empty matrix.
    pub fn largest(&self) -> f64 {
        self.values.first().copied().unwrap_or(0.0)
    }

    /// The rounding error: singular values up to this are zero in effect. It is the largest one
    /// times the longer side times the relative rounding error of the entries, as in numpy's
    /// `matrix_rank`.
    pub fn rounding(&self) -> f64 {
        self.largest() * self.shape.0.max(self.shape.1) as f64 * self.precision
    }

    /// Number of singular values above the rounding error; `None` if not all are known.
    pub fn rank(&self) -> Option<usize> {
        let least = self.rounding();
        (!self.is_sketch).then(|| self.values.iter().filter(|value| **value > least).count())
    }

    /// `exp` of the entropy of the values as shares of their sum (Roy and Vetterli 2007): the
    /// number of directions that matter. `None` if not all values are known, or all are zero.
    pub fn effective_rank(&self) -> Option<f64> {
        let sum: f64 = self.values.iter().map(|value| value / self.largest()).sum();
        if self.is_sketch || self.largest() == 0.0 {
            return None;
        }
        let term = |value: &f64| {
            let share = value / self.largest() / sum;
            if share > 0.0 { -share * libm::log(share) } else { 0.0 }
        };
        Some(libm::exp(self.values.iter().map(term).sum()))
    }

    /// Sum of all squares divided by the largest square: at most the rank, and insensitive to small
    /// values. `None` if all values are zero.
    pub fn stable_rank(&self) -> Option<f64> {
        let ratio = self.squares.sqrt() / self.largest();
        (self.largest() > 0.0).then_some(ratio * ratio)
    }

    /// The largest value divided by the smallest: infinite if the smallest is 0, `None` if it is
    /// unknown or all are zero.
    pub fn condition(&self) -> Option<f64> {
        let least = *self.values.last()?;
        (!self.is_sketch && self.largest() > 0.0).then(|| self.largest() / least)
    }

    /// The largest singular value expected of noise with the same shape and root mean square: `s
    /// (√m + √n)`, the edge of Marchenko and Pastur (1967). 0 if all values are zero.
    pub fn noise_edge(&self) -> f64 {
        let (rows, columns) = (self.shape.0 as f64, self.shape.1 as f64);
        let rms = (self.squares / (rows * columns).max(1.0)).sqrt();
        rms * (rows.sqrt() + columns.sqrt())
    }

    /// Number of known values above the noise edge.
    pub fn above_noise(&self) -> usize {
        let edge = self.noise_edge();
        self.values.iter().filter(|value| **value > edge).count()
    }

    /// Share of the sum of squares in the first `first` values, 0 to 1.
    pub fn energy(&self, first: usize) -> f64 {
        let known: f64 = self.values.iter().take(first).map(|value| value * value).sum();
        if self.squares > 0.0 { (known / self.squares).min(1.0) } else { 0.0 }
    }

    /// Fits a power law to the largest eigenvalues, starting where the fit is closest (Clauset,
    /// Shalizi and Newman 2009). It is a heuristic: the best fit need not be a good one. `None` if
    /// fewer than 10 values are above the rounding error, or not all are known.
    pub fn power_law(&self) -> Option<PowerLaw> {
        let count = self.rank()?;
        if count < FEWEST {
            return None;
        }
        let logs: Vec<f64> =
            self.values[..count].iter().map(|value| 2.0 * libm::log(*value)).collect();
        let mut sum = vec![0.0; count + 1];
        logs.iter().enumerate().for_each(|(at, log)| sum[at + 1] = sum[at] + log);
        let step = ((count - FEWEST) / TRIED).max(1);
        let fit = |tail: usize| {
            let least = logs[tail - 1];
            let spread = sum[tail] - tail as f64 * least;
            let slope = (spread > 0.0).then(|| tail as f64 / spread)?;
            let distance = |(at, log): (usize, &f64)| {
                let expected = libm::exp(-slope * (log - least));
                let (before, after) = (at as f64 / tail as f64, (at + 1) as f64 / tail as f64);
                (expected - before).abs().max((expected - after).abs())
            };
            let distance = logs[..tail].iter().enumerate().map(distance).fold(0.0, f64::max);
            Some(PowerLaw { alpha: 1.0 + slope, count: tail, distance })
        };
        let fits = (FEWEST..=count).step_by(step).filter_map(fit);
        fits.min_by(|a, b| a.distance.total_cmp(&b.distance))
    }
}

/// Relative rounding of the values of a dtype: the distance of 1 to the next value.
fn precision(dtype: Dtype) -> f64 {
    match dtype.bits() {
        _ if dtype.is_integer() => f64::EPSILON,
        64.. => f64::EPSILON,
        32 => f64::from(f32::EPSILON),
        _ if dtype == Dtype::Bf16 => 1.0 / 128.0,
        16 => 1.0 / 1024.0,
        _ => 1.0 / 8.0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(values: &[f64]) -> Spectrum {
        Spectrum::exact(values.len(), values.len(), values.to_vec(), Dtype::F64)
    }

    #[test]
    fn figures_are_those_of_their_formulas() {
        let even = of(&[2.0; 8]);
        assert!((even.effective_rank().unwrap() - 8.0).abs() < 1e-12);
        assert!((even.stable_rank().unwrap() - 8.0).abs() < 1e-12);
        assert_eq!((even.condition(), even.rank()), (Some(1.0), Some(8)));
        let one = of(&[3.0, 0.0, 0.0]);
        assert!((one.effective_rank().unwrap() - 1.0).abs() < 1e-12);
        assert_eq!((one.stable_rank(), one.condition()), (Some(1.0), Some(f64::INFINITY)));
        assert_eq!((one.rank(), one.energy(1), one.above_noise()), (Some(1), 1.0, 0));
        let none = of(&[0.0, 0.0]);
        assert_eq!(
            (none.effective_rank(), none.stable_rank(), none.condition()),
            (None, None, None)
        );
        assert_eq!((none.rank(), none.noise_edge(), none.power_law()), (Some(0), 0.0, None));
        let sketch = Spectrum::sketched((9, 9), vec![2.0, 1.0], 10.0, Dtype::F32);
        assert_eq!((sketch.rank(), sketch.condition(), sketch.energy(2)), (None, None, 0.5));
    }

    #[test]
    fn a_power_law_is_found_where_there_is_one() {
        // Eigenvalues at the quantiles of a density with exponent 3.
        let values: Vec<f64> =
            (1..=400).map(|rank| ((f64::from(rank) - 0.5) / 400.0f64).powf(-0.5 / 2.0)).collect();
        let law = of(&values).power_law().unwrap();
        assert!((law.alpha - 3.0).abs() < 0.1 && law.distance < 0.02, "{law:?}");
        assert!(law.count > 100, "{law:?}");
    }
}
