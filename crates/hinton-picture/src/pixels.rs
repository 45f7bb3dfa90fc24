//! Pictures as arrays of pixels, for further processing.

use hinton_render::{RenderOptions, raster};
use hinton_weights::Error;

use crate::Picture;

/// The pixels of a picture.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pixels {
    /// Width in pixels.
    pub width: usize,
    /// Height in pixels.
    pub height: usize,
    /// Red, green, blue and alpha (255 is opaque) of every pixel, row by row from the top.
    pub rgba: Vec<u8>,
}

/// Renders a picture to pixels, the same ones that a PNG file of it has.
///
/// # Errors
/// Returns an error if the picture is too large.
pub fn pixels(picture: &Picture, options: &RenderOptions) -> Result<Pixels, Error> {
    let canvas = raster::draw(&picture.scene, options.dpi / 72.0)?;
    let rgba = canvas.pixels().as_flattened().to_vec();
    Ok(Pixels { width: canvas.width(), height: canvas.height(), rgba })
}
