//! Why a run could not be opened or written.

use std::io;
use std::path::{Path, PathBuf};

use hinton_format::{Error, ErrorKind, io_fault};

/// A run could not be opened or written.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RunError {
    /// A file or folder cannot be read, or is no run.
    #[error(transparent)]
    Read(#[from] Error),
    /// What was asked for does not fit: options that contradict, a step number that is taken.
    #[error("{message}")]
    Request {
        /// What was asked and why it cannot be, in one sentence.
        message: String,
        /// What to do, where that is known.
        cure: Option<String>,
    },
    /// A file of a run folder cannot be written.
    #[error("{}: it cannot be written: {}", path.display(), io_fault(source))]
    Write {
        /// The file or folder.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The caller stopped the work.
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

    /// The kind of a [`RunError::Read`]; `None` for the others.
    pub fn read_kind(&self) -> Option<ErrorKind> {
        match self {
            RunError::Read(error) => Some(error.kind()),
            _ => None,
        }
    }

    /// What to do about it, where that is known.
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
