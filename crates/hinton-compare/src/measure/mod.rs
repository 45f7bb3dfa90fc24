//! How far two tensors of one shape are from each other: every measure in one pass.

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

/// What one pass over two tensors of one shape found. The difference is the second minus the first.
///
/// NaN and infinities are counted; norms, sums and the largest difference are of the places whose
/// values are finite on both sides.
#[derive(Debug, Clone, PartialEq)]
pub struct Measures {
    /// Values of each side.
    pub elements: u64,
    /// Places with equal values: the same bits once decoded, or NaN on both sides.
    pub equal: u64,
    /// Places whose values are equal or differ by at most one step of the coarser dtype: the
    /// distance of neighbouring numbers at the larger magnitude (1 for integers).
    pub within_step: u64,
    /// Euclidean norm of the first.
    pub norm_a: f64,
    /// Of the second.
    pub norm_b: f64,
    /// Of the difference.
    pub norm_difference: f64,
    /// Σ a·b.
    pub dot: f64,
    /// Mean of the difference.
    pub mean_difference: f64,
    /// The largest magnitude of a difference, and where.
    pub largest: Option<Largest>,
    /// Places that are positive on one side and negative on the other.
    pub sign_flips: u64,
    /// Values that are not finite.
    pub odd: Odd,
    /// Positions on axis 0, for tensors of two axes and more (at most
    /// [`MOST_ROWS`] of them).
    pub rows: Option<Lines>,
    /// Positions on axis 1, likewise (at most [`MOST_COLUMNS`]).
    pub columns: Option<Lines>,
    /// What a cast to the coarser of the two dtypes does by itself.
    pub noise: Noise,
}

/// What one pass over two tensors found.
#[derive(Debug, Clone, PartialEq)]
pub struct Measured {
    /// Its numbers: a few hundred bytes.
    pub measures: Measures,
    /// Differences by magnitude.
    pub histogram: Histogram,
    /// Values of the first against those of the second.
    pub joint: Joint,
}

/// Most positions on axis 0 for which changes are told by row.
pub const MOST_ROWS: usize = 4 << 20;
/// Most positions on axis 1 for which changes are told by column.
pub const MOST_COLUMNS: usize = 1 << 20;

/// The largest difference.
#[derive(Debug, Clone, PartialEq)]
pub struct Largest {
    /// Its magnitude.
    pub magnitude: f64,
    /// Coordinates of the first place that has it, in C order of the tensors compared.
    pub at: Vec<usize>,
    /// The value of the first there.
    pub a: f64,
    /// Of the second.
    pub b: f64,
}

/// Values that are not finite.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Odd {
    /// NaN in the first.
    pub nan_a: u64,
    /// NaN in the second.
    pub nan_b: u64,
    /// Infinities in the first.
    pub inf_a: u64,
    /// Infinities in the second.
    pub inf_b: u64,
    /// Places where only the second is NaN.
    pub nan_came: u64,
    /// Places where only the first is NaN.
    pub nan_went: u64,
    /// Places where the second is infinite and the first is not, nor NaN.
    pub inf_came: u64,
    /// Places where the first is infinite and the second is not, nor NaN.
    pub inf_went: u64,
    /// The first place where one side is finite and the other is not.
    pub first: Option<Vec<usize>>,
}

impl Odd {
    /// Places where one side is NaN or infinite and the other is not so.
    pub fn changed(&self) -> u64 {
        self.nan_came + self.nan_went + self.inf_came + self.inf_went
    }
}

impl Measures {
    /// Places whose values are not equal.
    pub fn changed(&self) -> u64 {
        self.elements - self.equal
    }

    /// Whether all values are equal.
    pub fn is_same(&self) -> bool {
        self.changed() == 0
    }

    /// The share of places whose values are not equal, 0 to 1.
    pub fn changed_share(&self) -> f64 {
        if self.elements == 0 { 0.0 } else { self.changed() as f64 / self.elements as f64 }
    }

    /// The norm of the difference over the norm of the first: 0.01 is a change of 1 %. `None` where
    /// the first is zero throughout and the difference is not.
    pub fn relative(&self) -> Option<f64> {
        if self.norm_difference == 0.0 {
            return Some(0.0);
        }
        (self.norm_a > 0.0).then(|| self.norm_difference / self.norm_a)
    }

    /// The cosine of the angle between both as vectors; `None` where one of them is zero throughout.
    pub fn cosine(&self) -> Option<f64> {
        let norms = self.norm_a * self.norm_b;
        (norms > 0.0).then(|| (self.dot / norms).clamp(-1.0, 1.0))
    }

    /// Signal to noise, the first to the difference, in decibels; `None` where either is zero.
    pub fn snr_db(&self) -> Option<f64> {
        let relative = self.relative().filter(|relative| *relative > 0.0 && self.norm_a > 0.0)?;
        Some(-20.0 * libm::log10(relative))
    }
}

/// Compares two tensors of the same shape; their dtypes may differ. Reads each value once, on all
/// threads of `work`; the result does not depend on their number.
///
/// # Errors
/// When the shapes differ, bytes cannot be read, the work is cancelled, or a tensor is a view that
/// repeats few values very often.
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

/// As [`measure`], with rows, columns and places as those of another shape of as many values: that of a
/// tensor whose axes were split to bring its rows into an order.
///
/// Where the numbers of values differ, the tensors' own shape is taken.
///
/// # Errors
/// As [`measure`].
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
