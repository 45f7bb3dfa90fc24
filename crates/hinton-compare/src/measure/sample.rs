//! Samples of two tensors, read before all their values are.

use hinton_tensor::{Tensor, TensorError, View, read_values};

/// Runs of values, spread over the tensor.
const RUNS: u64 = 32;
/// Values of a run.
const RUN: u64 = 1024;
/// Most values of a tensor that are copied to memory to be read in another order.
const MOST_HELD: u64 = 8 << 20;

/// Values of two tensors of the same shape at the same positions: 32 ranges of 1,024 values, evenly
/// spread.
#[derive(Debug, Clone, Default)]
pub struct Sample {
    /// Values of the first tensor.
    pub a: Vec<f64>,
    /// Values of the second tensor.
    pub b: Vec<f64>,
}

impl Sample {
    /// Reads a sample. If the data can only be read forwards, it is one range at the start.
    ///
    /// # Errors
    /// Returns an error if bytes cannot be read.
    pub fn read(a: &Tensor, b: &Tensor) -> Result<Self, TensorError> {
        let elements = a.elements();
        let is_sequential = a.data().is_sequential() || b.data().is_sequential();
        let runs = if is_sequential { 1 } else { RUNS.min(elements.div_ceil(RUN)) };
        let mut sample = Sample::default();
        let mut values = vec![0.0; RUN.min(elements) as usize];
        for run in 0..runs {
            let last = elements - values.len() as u64;
            let first = if runs > 1 { spread(last, run, runs - 1) } else { 0 };
            read_values(a, first, &mut values)?;
            sample.a.extend_from_slice(&values);
            read_values(b, first, &mut values)?;
            sample.b.extend_from_slice(&values);
        }
        Ok(sample)
    }

    /// The norm of the difference divided by the norm of the first, over positions whose values are
    /// finite.
    pub fn relative(&self) -> f64 {
        let pairs = || self.a.iter().zip(&self.b).filter(|(a, b)| a.is_finite() && b.is_finite());
        let difference: f64 = pairs().map(|(a, b)| (b - a) * (b - a)).sum();
        let norm: f64 = pairs().map(|(a, _)| a * a).sum();
        if difference == 0.0 { 0.0 } else { (difference / norm).sqrt() }
    }

    /// Four times the root of the mean square of both sides, or their largest magnitude where that
    /// is less; 1 where there is nothing to go by.
    pub(super) fn range(&self) -> f64 {
        let values = || self.a.iter().chain(&self.b).filter(|value| value.is_finite());
        let most = values().map(|value| value.abs()).fold(0.0, f64::max);
        let count = values().count().max(1) as f64;
        // Divided by the largest first: squares neither vanish nor become infinite.
        let squares: f64 = values().map(|value| (value / most) * (value / most)).sum();
        let range = (4.0 * (squares / count).sqrt() * most).min(most);
        // Within what an f32 can divide by.
        if range > 1e-30 && range < 1e30 { range } else { 1.0 }
    }
}

/// `last * step / steps`, without overflow.
fn spread(last: u64, step: u64, steps: u64) -> u64 {
    (u128::from(last) * u128::from(step) / u128::from(steps)) as u64
}

/// The relative error of a [`Sample`] of two tensors.
///
/// # Errors
/// Returns an error if bytes cannot be read.
pub fn relative_error(a: &Tensor, b: &Tensor) -> Result<f64, TensorError> {
    Ok(Sample::read(a, b)?.relative())
}

/// A tensor whose values can be read in C order at no great cost: values that must be inflated or
/// decoded, and lie in another order, are brought to memory where they are few.
pub(crate) fn readable(tensor: &Tensor) -> Result<Tensor, TensorError> {
    match is_scattered(tensor) && tensor.elements() <= MOST_HELD {
        true => tensor.to_memory(),
        false => Ok(tensor.clone()),
    }
}

/// Whether both are better compared with their axes swapped: matrices of which one must be decoded
/// and lies the other way round.
pub(super) fn is_better_turned(a: &Tensor, b: &Tensor) -> bool {
    a.shape().len() == 2 && (is_scattered(a) || is_scattered(b))
}

/// Whether it is not addressable and neighbours on its last axis do not lie side by side.
fn is_scattered(tensor: &Tensor) -> bool {
    let View { strides, shape, .. } = tensor.view();
    let axes = || strides.iter().zip(shape).filter(|(_, len)| **len > 1);
    let is_turned = axes().next_back().is_some_and(|(stride, _)| *stride != 1);
    is_turned && tensor.elements() > 0 && tensor.data().slice(0..1).is_none()
}
