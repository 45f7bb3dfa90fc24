//! The outputs: one file each, one row each.

mod base64;
mod font;
mod grid;
mod number;
mod pdf;
pub(crate) mod png;
mod svg;
pub mod terminal;

use hinton_scene::{Rect, Scene, visible};

use crate::RenderError;

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

/// Refuses a page without a size, or one that viewers of vector pictures cannot show.
fn check_page(scene: &Scene) -> Result<(), RenderError> {
    let fits = |side: f64| side > 0.0 && side <= f64::from(MOST_POINTS);
    if fits(scene.width) && fits(scene.height) {
        return Ok(());
    }
    Err(RenderError::PageTooLarge { width: scene.width, height: scene.height, most: MOST_POINTS })
}

/// Whether a rectangle is one.
fn is_finite(rect: Rect) -> bool {
    [rect.x, rect.y, rect.w, rect.h].iter().all(|number| number.is_finite())
}

/// A title or description with what is hidden made visible, line by line.
fn readable(text: &str) -> String {
    text.split('\n').map(visible).collect::<Vec<_>>().join("\n")
}
