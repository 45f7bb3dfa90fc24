//! Traces points through a network.

use std::ops::ControlFlow;
use std::sync::atomic::{AtomicBool, Ordering};

use hinton_tensor::{Cancelled, Work, share_out};

use crate::{NetError, Network, Real};

/// Points that go through all steps together: so few that they stay in a processor's own memory.
const STRIPE: usize = 2048;

/// Most values after all steps together: 2 GiB in double precision.
const MOST_VALUES: usize = 1 << 28;

/// The points after every step of a network.
#[derive(Debug, Clone, PartialEq)]
pub struct Trace<R> {
    /// Number of points.
    pub points: usize,
    /// Number of values of a point after each step.
    pub widths: Vec<usize>,
    /// The values after each step, point after point.
    pub values: Vec<Vec<R>>,
}

/// Why points could not be traced through a network.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum TraceError {
    /// The points do not fit the network.
    #[error(transparent)]
    Net(#[from] NetError),
    /// The result would have more values than the limit.
    #[error(
        "{points} points after every step are {values} values, the limit is {MOST_VALUES}; send fewer points"
    )]
    Many {
        /// Number of points.
        points: usize,
        /// Number of values in all steps.
        values: usize,
    },
    /// The work was cancelled.
    #[error(transparent)]
    Cancelled(#[from] Cancelled),
}

impl<R: Real> Network<R> {
    /// Computes the points after every step, in stripes on the threads of `work`; the result is the
    /// same for any number of threads. Points may have another precision than the network computes
    /// in. The memory used is that of the values.
    ///
    /// ```
    /// use hinton_net::{Init, Network};
    /// use hinton_tensor::Work;
    ///
    /// let network = Network::<f64>::from_spec("2-3-tanh", &Init::default(), 7).unwrap();
    /// let trace = network.trace(&[0.5, -1.0, 2.0, 0.25], Work::quiet()).unwrap();
    /// assert_eq!(trace.widths, [3, 3]);
    /// assert_eq!(trace.values[1].len(), 6);
    /// ```
    ///
    /// # Errors
    /// Returns an error if the values are not a whole number of points, there would be too many, or
    /// the work was cancelled.
    pub fn trace<I: Real>(&self, input: &[I], work: Work<'_>) -> Result<Trace<R>, TraceError> {
        let points = self.points(input)?;
        let widths: Vec<usize> = self.steps().iter().map(|step| step.output.width()).collect();
        let values = widths.iter().fold(0usize, |sum, width| sum.saturating_add(*width));
        let values = values.saturating_mul(points);
        if values > MOST_VALUES {
            return Err(TraceError::Many { points, values });
        }
        let mut after: Vec<Vec<R>> =
            widths.iter().map(|width| vec![R::ZERO; points * width]).collect();
        if widths.is_empty() {
            return Ok(Trace { points, widths, values: after });
        }
        let mut outputs: Vec<_> = after
            .iter_mut()
            .zip(&widths)
            .map(|(values, width)| values.chunks_mut(STRIPE * width.max(&1)))
            .collect();
        let stripes: Vec<(&[I], Vec<&mut [R]>)> = input
            .chunks(STRIPE * self.input().width())
            .map(|stripe| (stripe, outputs.iter_mut().filter_map(Iterator::next).collect()))
            .collect();
        let stopped = AtomicBool::new(false);
        share_out(stripes, work.threads, |(stripe, outputs)| {
            if stopped.load(Ordering::Relaxed) {
                return;
            }
            let input: Vec<R> = stripe.iter().map(|&value| R::of(value.f64())).collect();
            self.trace_stripe(&input, outputs);
            let bytes = size_of_val(stripe) as u64;
            if let ControlFlow::Break(()) = work.progress.advance(bytes) {
                stopped.store(true, Ordering::Relaxed);
            }
        });
        drop(outputs);
        if stopped.into_inner() {
            return Err(Cancelled.into());
        }
        Ok(Trace { points, widths, values: after })
    }

    fn trace_stripe(&self, input: &[R], outputs: Vec<&mut [R]>) {
        let points = input.len() / self.input().width();
        let mut before = input;
        for (step, output) in self.steps().iter().zip(outputs) {
            self.step(step, before, points, output);
            before = output;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Init;

    #[test]
    fn stripes_and_threads_change_nothing() {
        let network =
            Network::<f64>::from_spec("2-3-tanh-3-softmax-2", &Init::default(), 1).unwrap();
        let input: Vec<f64> = (0..2 * 5001).map(|at| f64::from(at) * 1e-3 - 5.0).collect();
        let one = network.trace(&input, Work::quiet()).unwrap();
        assert_eq!(one.widths, [3, 3, 3, 3, 2]);
        assert_eq!(one.points, 5001);
        assert_eq!(one.values[4], network.forward(&input).unwrap());
        for threads in [2, 5] {
            assert_eq!(network.trace(&input, Work::on(threads)).unwrap(), one);
        }
        let single: Vec<f32> = input.iter().map(|&value| value as f32).collect();
        let rounded: Vec<f64> = single.iter().map(|&value| f64::from(value)).collect();
        assert_eq!(network.trace(&single, Work::on(2)), network.trace(&rounded, Work::quiet()));
        assert!(network.trace(&[1.0; 3], Work::quiet()).is_err());
        assert_eq!(network.trace::<f64>(&[], Work::quiet()).unwrap().points, 0);
    }
}
