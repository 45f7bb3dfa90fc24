//! Errors of writing films.

use crate::RenderError;

/// Why a frame could not be made; the error of the frame source.
pub type SourceError = Box<dyn std::error::Error + Send + Sync>;

/// A film could not be written.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FilmError {
    /// The film has no frames.
    #[error("the film has no frames")]
    Empty,
    /// A frame could not be made.
    #[error("frame {frame}: {error}")]
    Source {
        /// Index of the frame.
        frame: usize,
        /// The error.
        error: SourceError,
    },
    /// A frame could not be drawn.
    #[error("frame {frame}: {error}")]
    Render {
        /// Index of the frame.
        frame: usize,
        /// The error.
        error: RenderError,
    },
    /// A frame differs in size from the first.
    #[error(
        "frame {frame} has {} x {} pixels and the first {} x {}: all frames of a film have one size",
        size.0, size.1, first.0, first.1
    )]
    SizeChanged {
        /// Index of the frame.
        frame: usize,
        /// Its width and height in pixels.
        size: (usize, usize),
        /// The width and height of the first frame.
        first: (usize, usize),
    },
    /// The picture is too large or the film too long for the format.
    #[error("{output} cannot hold {what}: the most is {most}")]
    Limit {
        /// Name of the output's row.
        output: &'static str,
        /// What is too large.
        what: String,
        /// The format's limit.
        most: &'static str,
    },
    /// An encoder failed.
    #[error("cannot write {output}: {why}")]
    Encode {
        /// Name of the output's row.
        output: &'static str,
        /// What the encoder said.
        why: String,
    },
    /// The file could not be written.
    #[error("cannot write the film: {0}")]
    Write(#[from] std::io::Error),
    /// The caller cancelled the work.
    #[error("the film was stopped before its end")]
    Cancelled,
}
