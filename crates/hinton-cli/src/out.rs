//! Standard output. A closed pipe is no error: whoever reads has read enough.

use std::io::{self, IsTerminal, Write};

use crate::failure::{Failure, plain};

/// Writes to standard output.
pub(crate) fn emit(bytes: &[u8]) -> Result<(), Failure> {
    let mut out = io::stdout().lock();
    finish(out.write_all(bytes).and_then(|()| out.flush()))
}

/// Refuses to fill a terminal with bytes that are no text.
pub(crate) fn refuse_terminal() -> Result<(), Failure> {
    if io::stdout().is_terminal() {
        return Err(Failure::usage(
            "standard output is a terminal, and these bytes are not text",
            "write to a file with -o FILE, or pipe them somewhere",
        ));
    }
    Ok(())
}

/// Writes a file's bytes to standard output.
pub(crate) fn emit_data(bytes: &[u8]) -> Result<(), Failure> {
    if std::str::from_utf8(bytes).is_err() {
        refuse_terminal()?;
    }
    emit(bytes)
}

/// What a write to standard output means for the command.
pub(crate) fn finish(result: io::Result<()>) -> Result<(), Failure> {
    match result {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            Err(Failure::work(format!("cannot write to standard output: {}", plain(&error))))
        }
        _ => Ok(()),
    }
}
