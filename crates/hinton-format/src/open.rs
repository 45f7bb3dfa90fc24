//! Opening a path: file or folder, whatever it is.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use hinton_tensor::Bytes;

use crate::{Checkpoint, Error, Limits};

/// One file to be opened: its bytes, and what it is called.
#[derive(Clone)]
pub struct Input {
    /// The path as people gave it, for names and errors.
    pub name: String,
    /// Where it lies, for formats whose data lies in files beside it; `None` for memory.
    pub path: Option<PathBuf>,
    /// Its bytes (inflated, where it came gzipped).
    pub data: Arc<dyn Bytes>,
}

/// Opens a file or a folder that holds a checkpoint. Reads headers and no values.
///
/// # Errors
/// [`Error`] names the file, what was expected and found, and the cure.
pub fn open(_path: &Path, _limits: &Limits) -> Result<Checkpoint, Error> {
    Err(Error::malformed("soon"))
}

/// Opens bytes under a name: decides by content which format they are.
///
/// # Errors
/// As [`open`].
pub fn open_input(_input: &Input, _limits: &Limits) -> Result<Checkpoint, Error> {
    Err(Error::malformed("soon"))
}
