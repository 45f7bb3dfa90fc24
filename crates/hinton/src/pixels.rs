//! Pictures as arrays of pixels, for programs that go on with them.

use hinton_render::{RenderOptions, raster};

use crate::{Error, Picture};

/// The pixels of a picture.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pixels {
    /// Pixels across.
    pub width: usize,
    /// Pixels down.
    pub height: usize,
    /// Red, green, blue and opacity (255 covers) of every pixel, a row after another from the top.
    pub rgba: Vec<u8>,
}

/// The pixels of a picture, the same that PNG has.
///
/// # Errors
/// When the picture is too large.
pub fn pixels(picture: &Picture, options: &RenderOptions) -> Result<Pixels, Error> {
    let canvas = raster::draw(&picture.scene, options.dpi / 72.0)?;
    let rgba = canvas.pixels().as_flattened().to_vec();
    Ok(Pixels { width: canvas.width(), height: canvas.height(), rgba })
}
