//! What can go wrong while a film is written.

use crate::RenderError;

/// Why a frame could not be made, in the words of whoever makes frames.
pub type SourceError = Box<dyn std::error::Error + Send + Sync>;

/// A film could not be written.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FilmError {
    /// There is nothing to show.
    #[error("a film has at least one frame, and there is none")]
    Empty,
    /// A frame could not be made.
    #[error("frame {frame}: {error}")]
    Source {
        /// Which, from 0.
        frame: usize,
        /// Why.
        error: SourceError,
    },
    /// A frame could not be drawn.
    #[error("frame {frame}: {error}")]
    Render {
        /// Which, from 0.
        frame: usize,
        /// Why.
        error: RenderError,
    },
    /// A frame has another size than the first.
    #[error(
        "frame {frame} has {} x {} pixels and the first {} x {}: all frames of a film have one size",
        size.0, size.1, first.0, first.1
    )]
    SizeChanged {
        /// Which, from 0.
        frame: usize,
        /// Its pixels across and down.
        size: (usize, usize),
        /// Those of the first frame.
        first: (usize, usize),
    },
    /// The format cannot hold so large a picture or so long a film.
    #[error("{output} cannot hold {what}: the most is {most}")]
    Limit {
        /// Name of the output's row.
        output: &'static str,
        /// What is too large.
        what: String,
        /// What it can hold.
        most: &'static str,
    },
    /// A library that encodes refused.
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
    /// The caller asked to stop.
    #[error("the film was stopped before its end")]
    Cancelled,
}
