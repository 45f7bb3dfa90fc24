//! Which tensors of a run were learned.

use hinton_run::{Run, RunTensor};
use hinton_tensor::Tensor;
use hinton_tensor::outline::{Aside, Named, aside};

use crate::{Error, Selected, select};

/// The tensor that is a confusion matrix by its name.
pub fn confusion(run: &Run) -> Option<&str> {
    let is_one = |tensor: &&RunTensor| {
        let square = matches!(tensor.shape(), [rows, cols] if rows == cols && *rows > 1);
        square && tensor.name.to_ascii_lowercase().contains("confusion")
    };
    run.tensor_names().iter().find(is_one).map(|tensor| tensor.name.as_str())
}

/// The tensors that were learned, those with most axes' worth first: matrices and kernels in the
/// run's order, then vectors. No optimizer state, no counts.
pub fn learned(run: &Run) -> Vec<&RunTensor> {
    let is_learned = |tensor: &&RunTensor| {
        let named = Named { name: &tensor.name, shape: tensor.shape() };
        let is_state = aside(named, None) == Some(Aside::Optimizer);
        let is_float = tensor.dtype().is_some_and(|dtype| !dtype.is_integer());
        is_float && !is_state && confusion(run) != Some(&tensor.name)
    };
    let axes = |tensor: &&RunTensor| tensor.shape().len();
    let learned = || run.tensor_names().iter().filter(is_learned);
    let matrices = learned().filter(|tensor| axes(tensor) > 1);
    matrices.chain(learned().filter(|tensor| axes(tensor) <= 1)).collect()
}

/// What the patterns mean in a step, or what was learned of it. A pattern that means nothing in this
/// step may mean something in another.
pub fn chosen(
    run: &Run,
    at: usize,
    patterns: &[String],
    learned: &[String],
) -> Result<Vec<Selected>, Error> {
    let checkpoint = run.checkpoint(at)?;
    if patterns.is_empty() {
        let is_learned = |tensor: &&Tensor| learned.iter().any(|name| name == tensor.name());
        let found = checkpoint.tensors.iter().filter(is_learned);
        return Ok(found.cloned().map(Selected::whole).collect());
    }
    let mut chosen: Vec<Selected> = Vec::new();
    let mut error = None;
    for pattern in patterns {
        match select(&checkpoint, &[pattern]) {
            Ok(found) => chosen.extend(found),
            Err(why) => error = error.or(Some(why)),
        }
    }
    match error {
        Some(error) if chosen.is_empty() => Err(error),
        _ => Ok(chosen),
    }
}
