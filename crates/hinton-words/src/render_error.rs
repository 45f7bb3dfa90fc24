//! Errors of rendering.

/// Maximum side length in pixels: the limit of PNG viewers, sixel and 16-bit fields.
pub const MOST_SIDE: u32 = 65_535;
/// Maximum total number of pixels: 1.6 GB of memory.
pub const MOST_PIXELS: u64 = 400_000_000;

/// The limits on the size of bitmaps.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum PixelLimit {
    /// A side must be positive and at most [`MOST_SIDE`] pixels.
    Side,
    /// The total must be at most [`MOST_PIXELS`].
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

/// A scene could not be rendered.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum RenderError {
    /// The picture would have too many pixels.
    #[error("a picture of {width:.0} x {height:.0} pixels cannot be drawn: {limit}")]
    TooLarge {
        /// Width in pixels.
        width: f64,
        /// Height in pixels.
        height: f64,
        /// The limit that is exceeded.
        limit: PixelLimit,
    },
    /// The page of a vector picture is too large for programs that show it, or has no size.
    #[error(
        "a page of {width:.0} x {height:.0} points cannot be written: a side is more than 0 and at \
         most {most} points"
    )]
    PageTooLarge {
        /// Width in points.
        width: f64,
        /// Height in points.
        height: f64,
        /// Maximum side length in points.
        most: u32,
    },
    /// An encoder failed.
    #[error("cannot write {output}: {why}")]
    Encode {
        /// Name of the output's row.
        output: &'static str,
        /// What the encoder said.
        why: String,
    },
}

impl RenderError {
    /// What to do about it, if known.
    pub fn help(&self) -> Option<&'static str> {
        match self {
            RenderError::TooLarge { .. } => Some("ask for another `size` or `dpi`"),
            RenderError::PageTooLarge { .. } => Some("ask for another `size`"),
            RenderError::Encode { .. } => None,
        }
    }
}
