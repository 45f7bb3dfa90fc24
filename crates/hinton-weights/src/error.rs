//! The error type of everything that opens, measures and draws.
//!
//! It is here, below charts and outputs, so that users have one type to match. What charts and
//! outputs say is in `hinton-words`.

use std::path::{Path, PathBuf};

use hinton_format::{Error as FormatError, io_fault};
use hinton_net::{NetError, TraceError};
use hinton_run::RunError;
use hinton_tensor::{ReadErrorKind, TensorError};
use hinton_words::{ChartError, FilmError, RenderError};

/// Everything that can go wrong between opening a file and saving a picture.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The file could not be opened.
    #[error(transparent)]
    Open(#[from] FormatError),
    /// A view does not fit a tensor, values cannot be read, or the work was cancelled.
    #[error(transparent)]
    Tensor(#[from] TensorError),
    /// An option is not understood, or a chart cannot show what it was given.
    #[error(transparent)]
    Chart(#[from] ChartError),
    /// A picture could not be encoded.
    #[error(transparent)]
    Render(#[from] RenderError),
    /// A run could not be opened or written.
    #[error(transparent)]
    Run(#[from] RunError),
    /// A network could not be built or used.
    #[error(transparent)]
    Net(#[from] NetError),
    /// A film could not be made.
    #[error(transparent)]
    Film(#[from] FilmError),
    /// The request cannot be understood, whatever the file holds.
    #[error("{message}")]
    Request {
        /// What was requested, and why it is not possible.
        message: String,
        /// What to do about it.
        help: Option<String>,
    },
    /// Something that was requested by name is missing: a tensor, a step, a file.
    #[error("{message}")]
    Missing {
        /// What was requested, and what exists.
        message: String,
        /// What to do about it.
        help: Option<String>,
    },
    /// The data does not fit the request: wrong shape, wrong type, too many values.
    #[error("{message}")]
    Unfit {
        /// What was requested, and what was found.
        message: String,
        /// What to do about it.
        help: Option<String>,
    },
    /// A file could not be written. A file that existed before is unchanged.
    #[error("cannot write {}: {why}", path.display())]
    Write {
        /// The file that was to be written.
        path: PathBuf,
        /// The reason, for the user.
        why: String,
        /// What to do about it.
        help: Option<String>,
        /// The error of the operating system.
        source: Option<std::io::Error>,
    },
}

/// What caused an [`Error`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Fault {
    /// The request makes no sense, whatever the file holds (a wrong command line).
    Request,
    /// The input is at fault, or the work failed.
    Work,
}

impl Error {
    /// The request cannot be understood; `help` says what to do, if it is not empty.
    pub fn request(message: impl Into<String>, help: impl Into<String>) -> Self {
        Error::Request { message: message.into(), help: some(help) }
    }

    /// Something that was requested by name is missing; `help` as above.
    pub fn missing(message: impl Into<String>, help: impl Into<String>) -> Self {
        Error::Missing { message: message.into(), help: some(help) }
    }

    /// The data does not fit the request; `help` as above.
    pub fn unfit(message: impl Into<String>, help: impl Into<String>) -> Self {
        Error::Unfit { message: message.into(), help: some(help) }
    }

    /// A file could not be written, for this reason.
    pub fn write(path: &Path, source: std::io::Error) -> Self {
        let help = match source.kind() {
            std::io::ErrorKind::NotFound => "make the folder first, or write elsewhere",
            std::io::ErrorKind::PermissionDenied => "write to a folder that is yours",
            std::io::ErrorKind::StorageFull => "make room on the disk, or write elsewhere",
            _ => "",
        };
        let why = match source.kind() {
            std::io::ErrorKind::NotFound => "there is no such folder".to_owned(),
            _ => io_fault(&source),
        };
        Error::Write { path: path.to_owned(), why, help: some(help), source: Some(source) }
    }

    /// What caused the error; on the command line it decides between exit codes 1 and 2.
    pub fn fault(&self) -> Fault {
        match self {
            Error::Request { .. }
            | Error::Chart(ChartError::Option { .. })
            | Error::Net(
                NetError::Spec { .. } | NetError::Chain { .. } | NetError::Option { .. },
            )
            | Error::Run(RunError::Request { .. }) => Fault::Request,
            _ => Fault::Work,
        }
    }

    /// What to do about the error, if anything can be done.
    pub fn help(&self) -> Option<&str> {
        match self {
            Error::Open(error) => error.cure_text(),
            Error::Run(error) => error.cure_text(),
            Error::Net(error) => error.help(),
            Error::Chart(error) => error.help(),
            Error::Render(error) | Error::Film(FilmError::Render { error, .. }) => error.help(),
            Error::Request { help, .. }
            | Error::Missing { help, .. }
            | Error::Unfit { help, .. }
            | Error::Write { help, .. } => help.as_deref(),
            Error::Tensor(TensorError::Read { source, .. })
                if source.kind == ReadErrorKind::NotStored =>
            {
                Some(OF_SUMMARIES)
            }
            // What reads from afar says itself what to do.
            Error::Tensor(TensorError::Read { file, .. }) if file.contains("://") => None,
            Error::Tensor(TensorError::Read { source, .. }) => source.kind.cure(),
            Error::Tensor(TensorError::OutOfMemory { .. }) => ReadErrorKind::Memory.cure(),
            _ => None,
        }
    }
}

impl From<TraceError> for Error {
    fn from(error: TraceError) -> Self {
        match error {
            TraceError::Net(error) => Error::Net(error),
            error @ TraceError::Many { .. } => Error::request(
                error.to_string(),
                "a smaller network, or fewer points, can be shown",
            ),
            TraceError::Cancelled(error) => Error::Tensor(error.into()),
        }
    }
}

/// What takes a summary, for who asked it for values.
const OF_SUMMARIES: &str = "a summary can be inspected (statistics), drawn (a histogram of one tensor, a profile of \
                            several), checked and compared";

fn some(text: impl Into<String>) -> Option<String> {
    Some(text.into()).filter(|text: &String| !text.is_empty())
}
