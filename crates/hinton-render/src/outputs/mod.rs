//! The outputs: one file each, one row each.

pub mod base64;
mod font;
mod grid;
mod marks;
mod number;
mod pdf;
pub(crate) mod png;
mod svg;
pub mod terminal;

use hinton_scene::{Rect, Scene, visible};

use crate::{RenderError, raster};

/// What an output needs to know besides the scene.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct RenderOptions {
    /// Pixels to the inch in pictures of pixels; 72 makes a point a pixel.
    pub dpi: f64,
    /// What the terminal can do.
    pub terminal: terminal::TerminalOptions,
}

impl Default for RenderOptions {
    fn default() -> Self {
        RenderOptions { dpi: 144.0, terminal: terminal::TerminalOptions::default() }
    }
}

/// A way to write a scene.
pub struct OutputRow {
    /// Its name.
    pub name: &'static str,
    /// One line.
    pub about: &'static str,
    /// A paragraph: what is vector, what is pixels, what it is good for.
    pub help: &'static str,
    /// Extensions that choose it, without the dot.
    pub extensions: &'static [&'static str],
    /// Media type.
    pub mime: &'static str,
    /// Draws the scene.
    pub write: fn(&Scene, &RenderOptions) -> Result<Vec<u8>, RenderError>,
}

/// Every output.
pub const OUTPUTS: &[OutputRow] = &[png::ROW, svg::ROW, pdf::ROW, terminal::ROW];

/// The largest page of the vector outputs: what PDF 1.7 lets a page be (its annex C).
const MOST_POINTS: u32 = 14_400;

/// Whether a page of so many points can be written as vectors (SVG, PDF, the terminal), before
/// anything is read or drawn.
///
/// # Errors
/// [`RenderError::PageTooLarge`] for a page without a size, or one that viewers cannot show.
pub fn check_page(width: f64, height: f64) -> Result<(), RenderError> {
    let fits = |side: f64| side > 0.0 && side <= f64::from(MOST_POINTS);
    if fits(width) && fits(height) {
        return Ok(());
    }
    Err(RenderError::PageTooLarge { width, height, most: MOST_POINTS })
}

/// Whether a page of so many points can be drawn as pixels with `dpi` of them to the inch, before
/// anything is read or drawn.
///
/// # Errors
/// [`RenderError::TooLarge`], which names the limit that is broken.
pub fn check_size(width: f64, height: f64, dpi: f64) -> Result<(), RenderError> {
    raster::size(width, height, dpi / 72.0).map(|_| ())
}

/// Whether a rectangle is one.
fn is_finite(rect: Rect) -> bool {
    [rect.x, rect.y, rect.w, rect.h].iter().all(|number| number.is_finite())
}

/// A title or description with what is hidden made visible, line by line.
fn readable(text: &str) -> String {
    text.split('\n').map(visible).collect::<Vec<_>>().join("\n")
}
