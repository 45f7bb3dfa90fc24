//! Points after every step.

use std::ops::ControlFlow;
use std::sync::atomic::{AtomicBool, Ordering};

use hinton_tensor::{Cancelled, Work, share_out};

use crate::{NetError, Network, Real};

/// Points that go through all steps together: so few that they stay in a processor's own memory.
const STRIPE: usize = 2048;

/// Points after every step of a network.
#[derive(Debug, Clone, PartialEq)]
pub struct Trace<R> {
    /// How many points.
    pub points: usize,
    /// Values of a point: of the input, then after each step.
    pub widths: Vec<usize>,
    /// Rows of so many values, point after point: the input, then after each step.
    pub values: Vec<Vec<R>>,
}

/// Why points could not be traced.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum TraceError {
    /// The points do not fit the network.
    #[error(transparent)]
    Net(#[from] NetError),
    /// The work was stopped.
    #[error(transparent)]
    Cancelled(#[from] Cancelled),
}

impl<R: Real> Network<R> {
    /// The points after every step, in stripes on the threads of `work`; the values do not depend on
    /// how many there are. Memory is that of the values themselves.
    ///
    /// ```
    /// use hinton_net::{Init, Network};
    /// use hinton_tensor::Work;
    ///
    /// let network = Network::<f64>::from_spec("2-3-tanh", &Init::default(), 7).unwrap();
    /// let trace = network.trace(vec![0.5, -1.0, 2.0, 0.25], Work::quiet()).unwrap();
    /// assert_eq!(trace.widths, [2, 3, 3]);
    /// assert_eq!(trace.values[2].len(), 6);
    /// ```
    ///
    /// # Errors
    /// When the values are no whole number of points, or the work was stopped.
    pub fn trace(&self, input: Vec<R>, work: Work<'_>) -> Result<Trace<R>, TraceError> {
        let points = self.points(&input)?;
        let mut widths = vec![self.input().width()];
        widths.extend(self.steps().iter().map(|step| step.output.width()));
        let mut after: Vec<Vec<R>> =
            widths[1..].iter().map(|width| vec![R::ZERO; points * width]).collect();
        let mut outputs: Vec<_> = after
            .iter_mut()
            .zip(&widths[1..])
            .map(|(values, width)| values.chunks_mut(STRIPE * width.max(&1)))
            .collect();
        let stripes: Vec<(&[R], Vec<&mut [R]>)> = input
            .chunks(STRIPE * widths[0])
            .map(|stripe| (stripe, outputs.iter_mut().filter_map(Iterator::next).collect()))
            .collect();
        let stopped = AtomicBool::new(false);
        share_out(stripes, work.threads, |(stripe, outputs)| {
            if stopped.load(Ordering::Relaxed) {
                return;
            }
            self.trace_stripe(stripe, outputs);
            let bytes = size_of_val(stripe) as u64;
            if let ControlFlow::Break(()) = work.progress.advance(bytes) {
                stopped.store(true, Ordering::Relaxed);
            }
        });
        drop(outputs);
        if stopped.into_inner() {
            return Err(Cancelled.into());
        }
        let values = std::iter::once(input).chain(after).collect();
        Ok(Trace { points, widths, values })
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
        let one = network.trace(input.clone(), Work::quiet()).unwrap();
        assert_eq!(one.widths, [2, 3, 3, 3, 3, 2]);
        assert_eq!(one.points, 5001);
        assert_eq!(one.values[5], network.forward(&input).unwrap());
        for threads in [2, 5] {
            assert_eq!(network.trace(input.clone(), Work::on(threads)).unwrap(), one);
        }
        assert!(network.trace(vec![1.0; 3], Work::quiet()).is_err());
        assert_eq!(network.trace(Vec::new(), Work::quiet()).unwrap().points, 0);
    }
}
