//! Statistics of checkpoints that are too large for one machine: planned in parts, computed
//! independently, and merged to exactly the bytes that one pass over the whole would give.
//!
//! A [`Task`] is a line of text that contains all that is needed, so any engine that maps a
//! function over a list can run the tasks, in any order and repeatedly. The result of a task is a
//! summary ([`do_task`]); [`merge`] combines summaries.

mod files;
mod merge;
mod plan;

use std::sync::Arc;

use hinton_format::summary::{SummaryFile, SummarySource};
use hinton_format::{Checkpoint, Input, Limits, open_input};
use hinton_tensor::{Memory, Work, examine_part, summarize_part};

use crate::Error;
pub use merge::{Merged, merge, merge_files};
pub use plan::{Piece, Task, part, plan};

/// The error message of a summary that is asked for values.
pub use hinton_format::summary::NO_VALUES;

/// Opens the bytes of a summary, as a checkpoint whose tensors have statistics but no values.
///
/// # Errors
/// Returns an error if the bytes are not a summary.
pub fn opened(name: &str, bytes: Vec<u8>) -> Result<Checkpoint, Error> {
    let data = Arc::new(Memory::new(bytes));
    let input = Input { name: name.to_owned(), path: None, data };
    Ok(open_input(&input, &Limits::default())?)
}

/// Runs a task on the checkpoint that it was planned for, and returns the bytes of a summary.
///
/// The same task gives the same bytes, with any number of threads.
///
/// # Errors
/// Returns an error if the checkpoint is not the one that was planned, its values cannot be read,
/// or the work was cancelled.
pub fn do_task(checkpoint: &Checkpoint, task: &Task, work: Work<'_>) -> Result<Vec<u8>, Error> {
    let source = SummarySource::of(checkpoint)?;
    let found = source.identity();
    if found != task.source {
        return Err(Error::unfit(
            format!(
                "{} is not the checkpoint that was planned: it is {found}, the task is of {}",
                checkpoint.path, task.source
            ),
            "the file was changed, or the plan is of another: plan again",
        ));
    }
    let mut file = SummaryFile { source: source.into(), parts: Default::default() };
    for piece in &task.pieces {
        let tensor = checkpoint.tensors.get(piece.tensor);
        let tensor = tensor.filter(|tensor| tensor.name() == piece.name).ok_or_else(|| {
            let Piece { tensor, name, .. } = piece;
            let message = format!("{}: tensor {tensor} is not {name:?}", checkpoint.path);
            Error::unfit(message, "the task was changed: plan again")
        })?;
        let take = if task.checks { examine_part } else { summarize_part };
        let known = take(tensor, piece.stripes.clone(), work)?;
        match file.parts.get_mut(&piece.tensor) {
            Some(part) => part.merge(&known).map_err(|error| {
                Error::unfit(format!("{:?}: {error}", piece.name), "plan again")
            })?,
            None => {
                file.parts.insert(piece.tensor, known);
            }
        }
    }
    Ok(file.encode())
}
