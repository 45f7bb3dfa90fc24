//! Errors of opening and writing runs.

use std::io;
use std::path::{Path, PathBuf};

use hinton_format::{Error, ErrorKind, io_fault};

/// A run could not be opened or written.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RunError {
    /// A file or folder cannot be read, or is not a run.
    #[error(transparent)]
    Read(#[from] Error),
    /// The request is invalid: options that contradict each other, a step number that is taken.
    #[error("{message}")]
    Request {
        /// What was requested, and why it is not possible, in one sentence.
        message: String,
        /// What to do about it, if known.
        cure: Option<String>,
    },
    /// A file of a run folder cannot be written.
    #[error("{}: it cannot be written: {}", path.display(), io_fault(source))]
    Write {
        /// The file or folder.
        path: PathBuf,
        /// The error of the operating system.
        source: io::Error,
    },
    /// The caller cancelled the work.
    #[error("the work was cancelled")]
    Cancelled,
}

impl RunError {
    pub(crate) fn request(message: impl Into<String>, cure: impl Into<String>) -> Self {
        RunError::Request { message: message.into(), cure: Some(cure.into()) }
    }

    pub(crate) fn write(path: &Path, source: io::Error) -> Self {
        RunError::Write { path: path.to_owned(), source }
    }

    /// The kind of a [`RunError::Read`]; `None` for other errors.
    pub fn read_kind(&self) -> Option<ErrorKind> {
        match self {
            RunError::Read(error) => Some(error.kind()),
            _ => None,
        }
    }

    /// What to do about it, if known.
    pub fn cure_text(&self) -> Option<&str> {
        match self {
            RunError::Read(error) => error.cure_text(),
            RunError::Request { cure, .. } => cure.as_deref(),
            RunError::Write { source, .. } => match source.kind() {
                io::ErrorKind::NotFound | io::ErrorKind::NotADirectory => {
                    Some("record in a folder, or in one that can be made")
                }
                io::ErrorKind::PermissionDenied => Some("record in a folder that is yours"),
                io::ErrorKind::StorageFull => Some("make room on the disk, or record elsewhere"),
                _ => None,
            },
            RunError::Cancelled => None,
        }
    }
}
