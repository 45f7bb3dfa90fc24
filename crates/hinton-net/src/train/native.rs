//! Training on the CPU.

use std::sync::Arc;

use std::ops::Range;

use hinton_tensor::share_out;

use super::tape::{best, gradients, score, scores};
use super::{Diverged, Evaluation, Optimizer, OptimizerRow, Score, StepReport, Trainer};
use crate::data::{DataSet, Inputs, Rows};
use crate::{Array, NetError, Network};
use hinton_tensor::simd::{self, Kernel};

/// Points that are evaluated at once.
const EVALUATED: usize = 256;
/// Multiplications of a batch that are worth another thread.
const WORTH_A_THREAD: usize = 40_000_000;
/// Parts of a batch where it is shared out; fixed, so that sums are folded alike on any machine.
const PARTS: usize = 4;

/// Trains on the CPU. The same data, seed and settings give the same bits on every machine and with
/// any number of threads.
#[derive(Debug)]
pub struct NativeTrainer {
    data: Arc<DataSet>,
    network: Network<f32>,
    optimizer: Optimizer,
    threads: usize,
    gradient: Vec<f32>,
    /// The gradients of parts of a batch, kept because making them again costs more than their sums.
    parts: Vec<Vec<f32>>,
    /// Where each parameter lies, and its name.
    parameters: Vec<(String, Range<usize>)>,
    /// Multiplications for each point, about.
    work: usize,
}

impl NativeTrainer {
    /// A trainer that has done no steps yet.
    ///
    /// # Errors
    /// Returns an error if the network does not take the data's points, or does not give one score
    /// per class.
    pub fn new(
        data: impl Into<Arc<DataSet>>,
        network: Network<f32>,
        row: &'static OptimizerRow,
        rate: f64,
        threads: usize,
    ) -> Result<Self, NetError> {
        let data = data.into();
        fits(&network, &data)?;
        let parameters = network.parameters().into_iter();
        let parameters = parameters.map(|(name, _, at)| (name, at)).collect();
        let weights = network.values().len();
        let work = network.steps().iter().map(work).sum();
        Ok(NativeTrainer {
            data,
            optimizer: Optimizer::new(row, rate, weights),
            threads: threads.max(1),
            gradient: vec![0.0; weights],
            parts: Vec::new(),
            network,
            parameters,
            work,
        })
    }

    /// Calls with some points as a network takes them.
    fn with_rows<T>(&self, which: &[u32], todo: impl FnOnce(Rows<'_, f32>) -> T) -> T {
        match &self.data.inputs {
            Inputs::Sparse(rows) => todo(Rows::Sparse(rows, which)),
            inputs => todo(Rows::Dense(&inputs.gather(which))),
        }
    }

    fn labels(&self, which: &[u32]) -> Vec<u32> {
        which.iter().map(|point| self.data.labels[*point as usize]).collect()
    }

    /// The loss of a batch, and in `gradient` that of its mean.
    fn gradient(&self, batch: &[u32], gradient: &mut [f32], buffers: &mut Vec<Vec<f32>>) -> Score {
        let share = 1.0 / batch.len().max(1) as f32;
        let own = |part: &[u32], by_values: &mut [f32]| {
            let labels = self.labels(part);
            self.with_rows(part, |rows| gradients(&self.network, rows, &labels, share, by_values))
        };
        // Decided by the work alone and not by the threads, for it decides how sums are folded.
        if self.work * batch.len() < WORTH_A_THREAD {
            gradient.fill(0.0);
            return own(batch, gradient);
        }
        let pieces = batch.chunks(batch.len().div_ceil(PARTS));
        buffers.resize_with(PARTS, || vec![0.0; gradient.len()]);
        let scores =
            share_out(pieces.zip(&mut *buffers).collect(), self.threads, |(part, buffer)| {
                buffer.fill(0.0);
                (own(part, buffer), &*buffer)
            });
        gradient.fill(0.0);
        let mut all = Score::default();
        for (score, by_values) in scores {
            all = all.and(score);
            gradient.iter_mut().zip(by_values).for_each(|(sum, value)| *sum += *value);
        }
        all
    }

    /// What is not finite, if the loss or the gradient's length is not.
    fn diverged(&self, score: &Score, norms: &[f64]) -> Option<Diverged> {
        let norm: f64 = norms.iter().sum();
        if score.loss.is_finite() && norm.is_finite() {
            return None;
        }
        let values = self.network.values();
        let bad = |at: &Range<usize>| values[at.clone()].iter().any(|value| !value.is_finite());
        let weights = self.parameters.iter().find(|(_, at)| bad(at));
        let named = |(name, _): &(String, Range<usize>), what: String| {
            Some(Diverged { parameter: Some(name.clone()), what })
        };
        if let Some(found) = weights {
            return named(found, format!("values of {}", found.0));
        }
        let gradients = self.parameters.iter().zip(norms);
        match gradients.filter(|(_, norm)| !norm.is_finite()).map(|(found, _)| found).next() {
            Some(found) => named(found, format!("the gradient of {}", found.0)),
            None => Some(Diverged { parameter: None, what: "the loss".to_owned() }),
        }
    }
}

impl Trainer for NativeTrainer {
    fn steps(&self) -> u64 {
        self.optimizer.steps
    }

    fn step(&mut self, batch: &[u32]) -> StepReport {
        let mut gradient = std::mem::take(&mut self.gradient);
        let mut parts = std::mem::take(&mut self.parts);
        let score = self.gradient(batch, &mut gradient, &mut parts);
        (self.gradient, self.parts) = (gradient, parts);
        let squares: Vec<f64> = self
            .parameters
            .iter()
            .map(|(_, at)| simd::run(Squares(&self.gradient[at.clone()])))
            .collect();
        let norm = squares.iter().sum::<f64>().sqrt();
        let norms: Vec<f64> = squares.into_iter().map(f64::sqrt).collect();
        let diverged = self.diverged(&score, &norms);
        if diverged.is_none() {
            self.optimizer.step(self.network.values_mut(), &self.gradient);
        }
        StepReport { score, norm, norms, diverged }
    }

    fn evaluate(&self, points: &[u32]) -> Evaluation {
        let classes = self.network.output().width();
        let pieces: Vec<&[u32]> = points.chunks(EVALUATED).collect();
        let parts = share_out(pieces, self.threads, |part| {
            let labels = self.labels(part);
            let mut rows = self.with_rows(part, |rows| scores(&self.network, rows, part.len()));
            let guesses: Vec<usize> = rows.chunks_exact(classes).map(best).collect();
            (score(&mut rows, &labels), labels, guesses)
        });
        let mut all = Score::default();
        let mut confusion = vec![0u32; classes * classes];
        for (score, labels, guesses) in parts {
            all = all.and(score);
            for (label, guess) in labels.into_iter().zip(guesses) {
                confusion[label as usize * classes + guess] += 1;
            }
        }
        Evaluation { score: all, confusion }
    }

    fn network(&self) -> &Network<f32> {
        &self.network
    }

    fn memory(&self) -> Vec<Array<f32>> {
        let slots = self.optimizer.row.remembers.iter().zip(&self.optimizer.memory);
        let named = |(slot, values): (&&str, &Vec<f32>)| {
            let mut arrays = self.network.arrays_of(values);
            arrays.iter_mut().for_each(|array| array.name = format!("{slot}.{}", array.name));
            arrays
        };
        slots.flat_map(named).collect()
    }

    fn restore(
        &mut self,
        steps: u64,
        parameters: &[Array<f32>],
        memory: &[Array<f32>],
    ) -> Result<(), NetError> {
        let missing = |name: &str, arrays: &[Array<f32>]| {
            let names: Vec<&str> = arrays.iter().map(|array| array.name.as_str()).collect();
            NetError::Parameter {
                name: name.to_owned(),
                expected: "it among what is restored".to_owned(),
                found: if names.is_empty() { "nothing".to_owned() } else { names.join(", ") },
            }
        };
        let find = |name: &str, arrays: &'_ [Array<f32>]| {
            let found = arrays.iter().find(|array| array.name == name).cloned();
            found.ok_or_else(|| missing(name, arrays))
        };
        for (name, _) in &self.parameters {
            let array = find(name, parameters)?;
            self.network.set(name, &array.shape, &array.values)?;
        }
        for (slot, values) in self.optimizer.row.remembers.iter().zip(&mut self.optimizer.memory) {
            for (name, _) in &self.parameters {
                let array = find(&format!("{slot}.{name}"), memory)?;
                self.network.set_in(values, name, &array.shape, &array.values)?;
            }
        }
        self.optimizer.steps = steps;
        Ok(())
    }
}

/// Multiplications of a step for each point, about.
fn work(step: &crate::NetworkStep<f32>) -> usize {
    match step.layer.row().name {
        // A kernel is used at every place.
        "conv" => step.at.len() * step.output.width() / step.layer.parameters()[0].shape[0].max(1),
        _ => step.at.len(),
    }
}

fn fits(network: &Network<f32>, data: &DataSet) -> Result<(), NetError> {
    if network.input().width() != data.inputs.width() {
        return Err(NetError::Chain {
            step: "0".to_owned(),
            layer: network.spec(),
            expected: network.input().takes(),
            found: format!("{}, {}", data.name, data.input.takes()),
        });
    }
    let (scores, classes) = (network.output().width(), data.classes.len());
    if scores == classes {
        return Ok(());
    }
    Err(NetError::Spec {
        spec: network.spec(),
        why: format!("it gives {scores} scores, but {} has {classes} classes", data.name),
        help: format!("end the model with -{classes}"),
    })
}

/// The sum of squares, in 16 sums that are folded in order.
struct Squares<'a>(&'a [f32]);

impl Kernel for Squares<'_> {
    type Output = f64;

    #[inline(always)]
    fn run<const WIDE: bool>(self) -> f64 {
        let mut sums = [0.0f64; 16];
        let (whole, rest) = self.0.as_chunks::<16>();
        for values in whole {
            for lane in 0..16 {
                let value = f64::from(values[lane]);
                sums[lane] += value * value;
            }
        }
        let rest = rest.iter().map(|value| f64::from(*value) * f64::from(*value));
        sums.iter().sum::<f64>() + rest.sum::<f64>()
    }
}
