//! Runs of tensors that are in memory.

use hinton_format::{Checkpoint, Limits};
use hinton_tensor::Tensor;

use crate::run::Sources;
use crate::scan::{Scan, oddities};
use crate::{Metrics, Run, RunError, RunKind, Step};

/// Makes a run from steps and their tensors, in ascending order of their numbers; `path` is its
/// name.
///
/// # Errors
/// Returns [`RunError::Request`] if there are no steps, or a number is smaller than the one before
/// it.
pub fn run_of(path: &str, steps: Vec<(Step, Vec<Tensor>)>) -> Result<Run, RunError> {
    if steps.is_empty() {
        return Err(RunError::request("a run without steps", "give at least one step"));
    }
    let numbers = || steps.iter().map(|(step, _)| step.number);
    if let Some((before, after)) = numbers().zip(numbers().skip(1)).find(|pair| pair.0 > pair.1) {
        return Err(RunError::request(
            format!("step {after} stands behind step {before}"),
            "give the steps in the order of their numbers",
        ));
    }
    let mut scan = Scan::default();
    for (index, (_, tensors)) in steps.iter().enumerate() {
        scan.add(index, tensors.iter());
    }
    let tensors = scan.finish();
    let (steps, sources): (Vec<Step>, Vec<Vec<Tensor>>) = steps.into_iter().unzip();
    Ok(Run {
        path: path.to_owned(),
        kind: RunKind::Memory,
        warnings: oddities(&tensors, &steps),
        steps,
        trained: None,
        settings: None,
        metrics: Metrics::default(),
        axis: "step".to_owned(),
        logs: Vec::new(),
        tensors,
        sources: Sources::Memory(sources),
        limits: Limits::default(),
    })
}

/// The tensors of a step as a checkpoint.
pub(crate) fn checkpoint(path: &str, tensors: Vec<Tensor>) -> Checkpoint {
    Checkpoint {
        path: path.to_owned(),
        format: "memory",
        metadata: Vec::new(),
        tensors,
        files: Vec::new(),
        warnings: Vec::new(),
    }
}
