//! Statistics of checkpoints that no one machine reads: planned in parts, each done by itself, merged
//! to the very bytes of the whole.
//!
//! A [`Task`] is a line of text and needs nothing else: any engine that runs a function over a list does
//! them, in any order, as often as it likes. What comes of one is a summary ([`do_task`]), and [`merge`]
//! makes one of many.

mod merge;
mod plan;

use std::sync::Arc;

use hinton_format::summary::{SummaryFile, SummarySource};
use hinton_format::{Checkpoint, Input, Limits, open_input};
use hinton_tensor::{Memory, Work, summarize_part};

use crate::Error;
pub use merge::{Merged, merge, merge_files};
pub use plan::{Piece, Task, part, plan};

/// What a summary says when it is asked for values.
pub use hinton_format::summary::NO_VALUES;

/// Opens the bytes of a summary: tensors with statistics and without values.
///
/// # Errors
/// When they are no summary.
pub fn opened(name: &str, bytes: Vec<u8>) -> Result<Checkpoint, Error> {
    let data = Arc::new(Memory::new(bytes));
    let input = Input { name: name.to_owned(), path: None, data };
    Ok(open_input(&input, &Limits::default())?)
}

/// Does a task on the checkpoint that it is of: the bytes of a summary. The same task gives the same bytes,
/// on any number of threads.
///
/// # Errors
/// When the checkpoint is not the one that was planned, its values cannot be read, or the work
/// was stopped.
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
        let known = summarize_part(tensor, piece.stripes.clone(), work)?;
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
