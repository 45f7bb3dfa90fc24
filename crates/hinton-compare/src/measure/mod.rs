//! Measures how far two tensors of the same shape are apart, in one pass.

mod histogram;
mod kernel;
mod lines;
mod pass;
mod repeats;
mod sample;

use hinton_tensor::{Tensor, TensorError, Work};

use crate::Noise;
pub use histogram::{Bin, Histogram, JOINT, Joint};
pub use lines::{Line, Lines};
pub(crate) use pass::coordinates;
pub(crate) use sample::readable;
pub use sample::{Sample, relative_error};

/// The measures of two tensors of the same shape. The difference is the second minus the first.
///
/// Non-finite values are counted. Norms, sums and the largest difference cover the positions whose
/// values are finite in both tensors.
#[derive(Debug, Clone, PartialEq)]
pub struct Measures {
    /// Number of values in each tensor.
    pub elements: u64,
    /// Number of positions with equal values: the same bits once decoded, or NaN in both.
    pub equal: u64,
    /// Number of positions whose values are equal or differ by at most one step of the coarser
    /// dtype: the distance between neighbouring numbers at the larger magnitude (1 for integers).
    pub within_step: u64,
    /// Euclidean norm of the first tensor.
    pub norm_a: f64,
    /// Euclidean norm of the second tensor.
    pub norm_b: f64,
    /// Euclidean norm of the difference.
    pub norm_difference: f64,
    /// Σ a·b.
    pub dot: f64,
    /// Mean of the difference.
    pub mean_difference: f64,
    /// The largest difference, and its position.
    pub largest: Option<Largest>,
    /// Number of positions that are positive in one tensor and negative in the other.
    pub sign_flips: u64,
    /// Counts of non-finite values.
    pub odd: Odd,
    /// Changes along axis 0, for tensors with at least two axes (and at most [`MOST_ROWS`]
    /// indices).
    pub rows: Option<Lines>,
    /// Changes along axis 1, likewise (at most [`MOST_COLUMNS`] indices).
    pub columns: Option<Lines>,
    /// The error that a cast to the coarser of the two dtypes would cause.
    pub noise: Noise,
}

/// The results of one pass over two tensors.
#[derive(Debug, Clone, PartialEq)]
pub struct Measured {
    /// The measures: a few hundred bytes.
    pub measures: Measures,
    /// Histogram of the differences.
    pub histogram: Histogram,
    /// Joint histogram of the values.
    pub joint: Joint,
}

/// The maximum length of axis 0 for which changes are reported by row.
pub const MOST_ROWS: usize = 4 << 20;
/// The maximum length of axis 1 for which changes are reported by column.
pub const MOST_COLUMNS: usize = 1 << 20;

/// The largest difference between two tensors.
#[derive(Debug, Clone, PartialEq)]
pub struct Largest {
    /// Its magnitude.
    pub magnitude: f64,
    /// Coordinates of the first position that has it, in C order of the tensors compared.
    pub at: Vec<usize>,
    /// The value of the first tensor there.
    pub a: f64,
    /// The value of the second tensor there.
    pub b: f64,
}

/// Counts of non-finite values in two tensors.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Odd {
    /// Number of values that are NaN in the first.
    pub nan_a: u64,
    /// Number of values that are NaN in the second.
    pub nan_b: u64,
    /// Number of infinities in the first.
    pub inf_a: u64,
    /// Number of infinities in the second.
    pub inf_b: u64,
    /// Number of positions where only the second is NaN.
    pub nan_came: u64,
    /// Number of positions where only the first is NaN.
    pub nan_went: u64,
    /// Number of positions where the second is infinite and the first is finite.
    pub inf_came: u64,
    /// Number of positions where the first is infinite and the second is finite.
    pub inf_went: u64,
    /// Coordinates of the first position where one is finite and the other is not.
    pub first: Option<Vec<usize>>,
}

impl Odd {
    /// Number of positions where one is NaN or infinite and the other is not.
    pub fn changed(&self) -> u64 {
        self.nan_came + self.nan_went + self.inf_came + self.inf_went
    }
}

impl Measures {
    /// Number of positions whose values are not equal.
    pub fn changed(&self) -> u64 {
        self.elements - self.equal
    }

    /// Whether all values are equal.
    pub fn is_same(&self) -> bool {
        self.changed() == 0
    }

    /// The share of positions whose values are not equal, 0 to 1.
    pub fn changed_share(&self) -> f64 {
        if self.elements == 0 { 0.0 } else { self.changed() as f64 / self.elements as f64 }
    }

    /// The norm of the difference divided by the norm of the first: 0.01 is a change of 1 %. `None`
    /// if the first is all zeros and the difference is not.
    pub fn relative(&self) -> Option<f64> {
        if self.norm_difference == 0.0 {
            return Some(0.0);
        }
        (self.norm_a > 0.0).then(|| self.norm_difference / self.norm_a)
    }

    /// The cosine of the angle between both tensors as vectors; `None` if either is all zeros.
    pub fn cosine(&self) -> Option<f64> {
        let norms = self.norm_a * self.norm_b;
        (norms > 0.0).then(|| (self.dot / norms).clamp(-1.0, 1.0))
    }

    /// Signal-to-noise ratio of the first to the difference, in decibels; `None` if either is zero.
    pub fn snr_db(&self) -> Option<f64> {
        let relative = self.relative().filter(|relative| *relative > 0.0 && self.norm_a > 0.0)?;
        Some(-20.0 * libm::log10(relative))
    }
}

/// Compares two tensors of the same shape; their dtypes may differ. Reads each value once, on all
/// threads of `work`; the result is the same for any number of threads.
///
/// # Errors
/// Returns an error if the shapes differ, bytes cannot be read, the work was cancelled, or a tensor
/// is a view that repeats a few values very often.
pub fn measure(a: &Tensor, b: &Tensor, work: Work<'_>) -> Result<Measured, TensorError> {
    let (a, b, repeats) = repeats::without(a, b)?;
    let (a, b) = (&sample::readable(&a)?, &sample::readable(&b)?);
    let found = if sample::is_better_turned(a, b) {
        let (a, b) = (a.transpose()?, b.transpose()?);
        pass::turned_back(pass::run(&a, &b, a.shape(), work)?)
    } else {
        pass::run(a, b, a.shape(), work)?
    };
    Ok(repeats.applied(found))
}

/// Measures tensors as [`measure`] does, reporting rows, columns and coordinates for another shape
/// with the same number of values: that of a tensor whose axes were split to reorder its rows.
///
/// If the number of values differs, the tensors' own shape is used.
///
/// # Errors
/// Returns the errors of [`measure`].
pub fn measure_as(
    a: &Tensor,
    b: &Tensor,
    shape: &[usize],
    work: Work<'_>,
) -> Result<Measured, TensorError> {
    let (one, other, repeats) = repeats::without(a, b)?;
    let count = shape.iter().try_fold(1u64, |count, &len| count.checked_mul(len as u64));
    if shape == a.shape() || !repeats.is_none() || count != Some(a.elements()) {
        return measure(a, b, work);
    }
    pass::run(&sample::readable(&one)?, &sample::readable(&other)?, shape, work)
}
