//! The outputs: one file and one row each.

pub mod base64;
mod dots;
mod font;
mod grid;
mod marks;
mod number;
mod pdf;
pub(crate) mod png;
mod row;
mod svg;
pub mod terminal;

use hinton_scene::{Rect, visible};

use crate::{RenderError, raster};

pub use dots::MOST_PATH_DOTS;
pub use row::OutputRow;

/// Options of rendering a scene.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct RenderOptions {
    /// Resolution of bitmaps in pixels per inch; at 72 a point is a pixel.
    pub dpi: f64,
    /// The capabilities of the terminal.
    pub terminal: terminal::TerminalOptions,
}

impl Default for RenderOptions {
    fn default() -> Self {
        RenderOptions { dpi: 144.0, terminal: terminal::TerminalOptions::default() }
    }
}

/// Every output.
pub const OUTPUTS: &[OutputRow] = &[png::ROW, svg::ROW, pdf::ROW, terminal::ROW];

/// The largest page of the vector outputs: what PDF 1.7 lets a page be (its annex C).
const MOST_POINTS: u32 = 14_400;

/// Checks that a page of this size in points can be written as vectors (SVG, PDF, the terminal),
/// before anything is read or drawn.
///
/// # Errors
/// Returns [`RenderError::PageTooLarge`] for a page without a size, or one that programs cannot
/// show.
pub fn check_page(width: f64, height: f64) -> Result<(), RenderError> {
    let fits = |side: f64| side > 0.0 && side <= f64::from(MOST_POINTS);
    if fits(width) && fits(height) {
        return Ok(());
    }
    Err(RenderError::PageTooLarge { width, height, most: MOST_POINTS })
}

/// Checks that a page of this size in points can be drawn as pixels, at `dpi` pixels per inch,
/// before anything is read or drawn.
///
/// # Errors
/// [`RenderError::TooLarge`], which names the exceeded limit.
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
