//! Standard output. A closed pipe is no error: whoever reads has read enough.

use std::io::{self, Write};

use crate::failure::Failure;

/// Writes to standard output.
pub(crate) fn emit(bytes: &[u8]) -> Result<(), Failure> {
    let mut out = io::stdout().lock();
    finish(out.write_all(bytes).and_then(|()| out.flush()))
}

/// What a write to standard output means for the command.
pub(crate) fn finish(result: io::Result<()>) -> Result<(), Failure> {
    match result {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            Err(Failure::work(format!("cannot write to standard output: {error}")))
        }
        _ => Ok(()),
    }
}
