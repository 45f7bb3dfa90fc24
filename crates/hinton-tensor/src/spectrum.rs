//! Singular values of a matrix, and what they say of it. How they are computed is no matter here.

use crate::Dtype;

/// Fewest values that a power law is fitted to.
const FEWEST: usize = 10;
/// Most beginnings that are tried for it.
const TRIED: usize = 200;

/// Singular values of a matrix.
#[derive(Debug, Clone, PartialEq)]
pub struct Spectrum {
    /// The values, falling; all of them, or the largest.
    pub values: Vec<f64>,
    /// Rows and columns of the matrix.
    pub shape: (usize, usize),
    /// Whether they are the largest alone, and estimates that are not too large.
    pub is_sketch: bool,
    /// Sum of the squares of all entries, which is that of all singular values.
    pub squares: f64,
    /// Relative rounding of the entries as they are stored.
    pub precision: f64,
}

/// A power law that the density of the eigenvalues of `WᵀW`, the squared singular values, follows from
/// some value on.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PowerLaw {
    /// The exponent of the density.
    pub alpha: f64,
    /// How many of the largest values it is fitted to.
    pub count: usize,
    /// Largest distance between the fitted and the true distribution (Kolmogorov and Smirnov), 0 to 1.
    pub distance: f64,
}

impl Spectrum {
    /// All singular values of a matrix of that shape, falling.
    pub fn exact(rows: usize, columns: usize, values: Vec<f64>, dtype: Dtype) -> Spectrum {
        let squares = values.iter().map(|value| value * value).sum();
        let precision = precision(dtype);
        Spectrum { values, shape: (rows, columns), is_sketch: false, squares, precision }
    }

    /// The largest singular values of a matrix, and the sum of the squares of its entries.
    pub fn sketched(
        shape: (usize, usize),
        values: Vec<f64>,
        squares: f64,
        dtype: Dtype,
    ) -> Spectrum {
        Spectrum { values, shape, is_sketch: true, squares, precision: precision(dtype) }
    }

    /// How many singular values the matrix has.
    pub fn count(&self) -> usize {
        self.shape.0.min(self.shape.1)
    }

    /// The largest; 0 of an empty matrix.
    pub fn largest(&self) -> f64 {
        self.values.first().copied().unwrap_or(0.0)
    }

    /// Values up to this are rounding of the entries: the largest, times the longer side, times the
    /// relative rounding of the entries, as numpy's `matrix_rank` has it.
    pub fn rounding(&self) -> f64 {
        self.largest() * self.shape.0.max(self.shape.1) as f64 * self.precision
    }

    /// How many values are larger than rounding; `None` where not all are known.
    pub fn rank(&self) -> Option<usize> {
        let least = self.rounding();
        (!self.is_sketch).then(|| self.values.iter().filter(|value| **value > least).count())
    }

    /// `exp` of the entropy of the values as shares of their sum (Roy and Vetterli 2007): how many
    /// directions matter. `None` where not all values are known, or all are zero.
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

    /// Sum of all squares over the largest square: never more than the rank, and little moved by small
    /// values. `None` where all values are zero.
    pub fn stable_rank(&self) -> Option<f64> {
        let ratio = self.squares.sqrt() / self.largest();
        (self.largest() > 0.0).then_some(ratio * ratio)
    }

    /// The largest over the smallest: infinite where the smallest is 0, `None` where it is not known or
    /// all are zero.
    pub fn condition(&self) -> Option<f64> {
        let least = *self.values.last()?;
        (!self.is_sketch && self.largest() > 0.0).then(|| self.largest() / least)
    }

    /// Where the singular values of noise end that has the same size and root mean square: `s (√m + √n)`,
    /// the edge of Marchenko and Pastur (1967). 0 where all values are zero.
    pub fn noise_edge(&self) -> f64 {
        let (rows, columns) = (self.shape.0 as f64, self.shape.1 as f64);
        let rms = (self.squares / (rows * columns).max(1.0)).sqrt();
        rms * (rows.sqrt() + columns.sqrt())
    }

    /// How many of the known values lie above that edge.
    pub fn above_noise(&self) -> usize {
        let edge = self.noise_edge();
        self.values.iter().filter(|value| **value > edge).count()
    }

    /// Share of the sum of squares that the first values have.
    pub fn energy(&self, first: usize) -> f64 {
        let known: f64 = self.values.iter().take(first).map(|value| value * value).sum();
        if self.squares > 0.0 { (known / self.squares).min(1.0) } else { 0.0 }
    }

    /// A power law fitted to the largest eigenvalues, its beginning chosen so that the fit is closest
    /// (Clauset, Shalizi and Newman 2009). A heuristic: that it fits best does not say that it fits.
    /// `None` where fewer than 10 values are larger than rounding, or not all are known.
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
