//! Training, one optimisation step at a time.

mod native;
mod optimizer;
mod tape;

use crate::{Array, NetError, Network};

pub use native::NativeTrainer;
pub use optimizer::{OPTIMIZERS, Optimizer, OptimizerRow};
pub use tape::{Score, gradients, scores};

/// Trains a network step by step. It keeps network, optimiser and data on the device on which it
/// computes, which may be other than the processor.
pub trait Trainer {
    /// Number of optimisation steps done.
    fn steps(&self) -> u64;

    /// Does one optimisation step on the points with these indices; the loss is the mean of theirs.
    ///
    /// If the loss or a gradient is not finite, the weights stay unchanged.
    fn step(&mut self, batch: &[u32]) -> StepReport;

    /// Evaluates the network on the points with these indices.
    fn evaluate(&self, points: &[u32]) -> Evaluation;

    /// The network in its current state.
    fn network(&self) -> &Network<f32>;

    /// The state of the optimiser, with names such as `exp_avg.0.weight`, in the network's order.
    fn memory(&self) -> Vec<Array<f32>>;

    /// Restores parameters and optimiser state, with the names that [`Network::arrays`] and
    /// [`Trainer::memory`] give.
    ///
    /// # Errors
    /// Returns an error if a name is missing, or a shape is different.
    fn restore(
        &mut self,
        steps: u64,
        parameters: &[Array<f32>],
        memory: &[Array<f32>],
    ) -> Result<(), NetError>;
}

/// The results of one optimisation step.
#[derive(Debug, Clone, PartialEq)]
pub struct StepReport {
    /// Loss and accuracy on its points, before the weights changed.
    pub score: Score,
    /// The norm of the whole gradient.
    pub norm: f64,
    /// The norm of each parameter's gradient, in the network's order.
    pub norms: Vec<f64>,
    /// What is not finite, if something is: the weights have then not changed.
    pub diverged: Option<Diverged>,
}

/// Why a step was not taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Diverged {
    /// The parameter whose values or gradient are not finite; `None` if only the loss is not.
    pub parameter: Option<String>,
    /// What is not finite, for the user: `the loss`, `the gradient of 0.weight`.
    pub what: String,
}

/// The quality of a network's predictions.
#[derive(Debug, Clone, PartialEq)]
pub struct Evaluation {
    /// Loss and accuracy.
    pub score: Score,
    /// Number of points of each class (rows) that were predicted as each class (columns).
    pub confusion: Vec<u32>,
}
