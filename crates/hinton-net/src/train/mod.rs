//! Training: the shortest way to see a network learn.

mod native;
mod optimizer;
mod tape;

use crate::{Array, NetError, Network};

pub use native::NativeTrainer;
pub use optimizer::{OPTIMIZERS, Optimizer, OptimizerRow};
pub use tape::{Score, gradients, scores};

/// Something that trains a network, step by step. It keeps network, optimiser and data where it
/// computes, which may be another device than the processor.
pub trait Trainer {
    /// Optimisation steps done.
    fn steps(&self) -> u64;

    /// One optimisation step on the points of these numbers: the loss is the mean of theirs.
    ///
    /// Where the loss or a gradient is not finite the weights stay as they are.
    fn step(&mut self, batch: &[u32]) -> StepReport;

    /// How well the points of these numbers are told apart.
    fn evaluate(&self, points: &[u32]) -> Evaluation;

    /// The network as it is now.
    fn network(&self) -> &Network<f32>;

    /// What the optimiser remembers, as `exp_avg.0.weight`, in the network's order.
    fn memory(&self) -> Vec<Array<f32>>;

    /// Goes on from there: parameters and memory by the names that [`Network::arrays`] and
    /// [`Trainer::memory`] give.
    ///
    /// # Errors
    /// When a name is missing or a shape is another.
    fn restore(
        &mut self,
        steps: u64,
        parameters: &[Array<f32>],
        memory: &[Array<f32>],
    ) -> Result<(), NetError>;
}

/// What a step gave.
#[derive(Debug, Clone, PartialEq)]
pub struct StepReport {
    /// Loss and accuracy of its points, before the weights changed.
    pub score: Score,
    /// The length of the whole gradient.
    pub norm: f64,
    /// The length of each parameter's gradient, in the network's order.
    pub norms: Vec<f64>,
    /// What is not finite, if something is: then the weights have not changed.
    pub diverged: Option<Diverged>,
}

/// Why a step was not taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Diverged {
    /// The parameter whose values or gradient are not finite; none where only the loss is.
    pub parameter: Option<String>,
    /// What is not finite, for people: `the loss`, `the gradient of 0.weight`.
    pub what: String,
}

/// How well points are told apart.
#[derive(Debug, Clone, PartialEq)]
pub struct Evaluation {
    /// Loss and accuracy.
    pub score: Score,
    /// Points of each class (rows) that were taken for each class (columns).
    pub confusion: Vec<u32>,
}
