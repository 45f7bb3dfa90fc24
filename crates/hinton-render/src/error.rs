//! What can go wrong while drawing.

use crate::raster::canvas::{MOST_PIXELS, MOST_SIDE};

/// Limits of pictures of pixels.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum PixelLimit {
    /// A side is more than 0 and at most [`MOST_SIDE`] pixels.
    Side,
    /// All pixels are at most [`MOST_PIXELS`].
    Total,
}

impl std::fmt::Display for PixelLimit {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            PixelLimit::Side => write!(f, "a side is more than 0 and at most {MOST_SIDE} pixels"),
            PixelLimit::Total => write!(f, "{} megapixels is the most", MOST_PIXELS / 1_000_000),
        }
    }
}

/// A scene could not be drawn.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum RenderError {
    /// The picture would have more pixels than can be drawn.
    #[error("a picture of {width:.0} x {height:.0} pixels cannot be drawn: {limit}")]
    TooLarge {
        /// Pixels across.
        width: f64,
        /// Pixels down.
        height: f64,
        /// The limit that is broken.
        limit: PixelLimit,
    },
    /// The page of a vector picture is larger than its readers can show, or has no size.
    #[error(
        "a page of {width:.0} x {height:.0} points cannot be written: a side is more than 0 and at \
         most {most} points"
    )]
    PageTooLarge {
        /// Points across.
        width: f64,
        /// Points down.
        height: f64,
        /// Most points a side.
        most: u32,
    },
    /// A library that encodes refused.
    #[error("cannot write {output}: {why}")]
    Encode {
        /// Name of the output's row.
        output: &'static str,
        /// What the encoder said.
        why: String,
    },
}

impl RenderError {
    /// What to do about it, where that is known.
    pub fn help(&self) -> Option<&'static str> {
        match self {
            RenderError::TooLarge { .. } => Some("ask for another --size or --dpi"),
            RenderError::PageTooLarge { .. } => Some("ask for another --size"),
            RenderError::Encode { .. } => None,
        }
    }
}
