//! Variables that cannot be read: one hides no other, and it is an error where nothing else can be.

use crate::formats::notes::{Skipped, distinct};
use crate::{Checkpoint, Error, ErrorKind, Warning};

/// What is wrong with the first variable that cannot be read.
#[derive(Default)]
pub(super) struct Broken(Option<Error>);

impl Broken {
    /// Takes what became of a variable; one that is damaged is a warning, a limit stays an error.
    pub(super) fn guard(
        &mut self,
        done: Result<(), Error>,
        checkpoint: &mut Checkpoint,
    ) -> Result<(), Error> {
        match done {
            Err(error) if error.kind() != ErrorKind::Limit => {
                let name = error.tensor().unwrap_or_default().to_owned();
                let byte = error.byte().map_or(String::new(), |byte| format!(", at byte {byte}"));
                let message = format!("skipped, it cannot be read{byte}: {}", error.message());
                checkpoint.warnings.push(Warning::about(name, message).as_fault());
                self.0.get_or_insert(error);
                Ok(())
            }
            done => done,
        }
    }

    /// Ends the reading: the first error if there is no tensor, else a warning for what was skipped.
    pub(super) fn finish(self, skipped: Skipped, checkpoint: &mut Checkpoint) -> Result<(), Error> {
        match self.0 {
            Some(error) if checkpoint.tensors.is_empty() => return Err(error),
            _ => checkpoint.warnings.extend(skipped.warnings()),
        }
        distinct(&mut checkpoint.tensors, &mut checkpoint.warnings);
        Ok(())
    }
}
