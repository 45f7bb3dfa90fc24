//! Shared by the lossless outputs: drawn frames, and what changed in each.

use std::sync::Arc;

use super::delta::{self, changed};
use super::gif::{SameSize, told};
use super::pipeline::{self, Steps};
use super::{FilmError, FilmOptions, FrameSource, Watch};
use crate::raster::Artist;
use crate::raster::canvas::{Bounds, Canvas};

/// The changed part of a frame.
pub(super) struct Cut {
    pub(super) at: Bounds,
    /// Whether clear pixels mean "as before".
    pub(super) over: bool,
    pub(super) pixels: Vec<[u8; 4]>,
}

/// A frame's changed part as an output encodes it.
pub(super) struct Picture {
    pub(super) at: Bounds,
    pub(super) over: bool,
    pub(super) bytes: Vec<u8>,
}

/// A frame, its time, and what changed; nothing when it looks like the one before.
pub(super) struct Part {
    pub(super) size: (usize, usize),
    pub(super) duration_ms: u32,
    pub(super) picture: Option<Picture>,
}

/// The changed part of a frame. Where more stayed than changed, and nothing lets through, what
/// stayed is left clear. `even` moves the corner to even places.
fn cut(before: Option<&Canvas>, canvas: &Canvas, even: bool) -> Option<Cut> {
    let width = canvas.width();
    let Some(before) = before else {
        return Some(Cut { at: canvas.bounds(), over: false, pixels: canvas.pixels().to_vec() });
    };
    let mut at = changed(before.pixels(), canvas.pixels(), width)?;
    if even {
        (at.x0, at.y0) = (at.x0 & !1, at.y0 & !1);
    }
    let (mut pixels, mut below) = (Vec::new(), Vec::new());
    delta::cut(canvas.pixels(), width, at, &mut pixels);
    delta::cut(before.pixels(), width, at, &mut below);
    let same = pixels.iter().zip(&below).filter(|(one, two)| one == two).count();
    let over = same * 2 > pixels.len() && pixels.iter().all(|pixel| pixel[3] == 255);
    if over {
        for (pixel, below) in pixels.iter_mut().zip(&below) {
            if pixel == below {
                *pixel = [0; 4];
            }
        }
    }
    Some(Cut { at, over, pixels })
}

/// Builds and draws a frame.
pub(super) fn draw(
    artist: &mut Artist,
    source: &dyn FrameSource,
    index: usize,
    dpi: f64,
) -> Result<(Canvas, u32), FilmError> {
    let frame = source.frame(index).map_err(|error| FilmError::Source { frame: index, error })?;
    let canvas = artist
        .draw_owned(&frame.scene, dpi / 72.0)
        .map_err(|error| FilmError::Render { frame: index, error })?;
    Ok((canvas, frame.duration_ms))
}

/// Draws all frames, finds what changed in each, encodes that, and delivers in order; with `even`,
/// what changed begins at even places.
pub(super) fn run(
    source: &dyn FrameSource,
    options: &FilmOptions,
    watch: Watch,
    even: bool,
    encode: impl Fn(&Cut) -> Result<Vec<u8>, FilmError> + Sync,
    mut deliver: impl FnMut(Part) -> Result<(), FilmError>,
) -> Result<(), FilmError> {
    let (mut before, mut size): (Option<Arc<Canvas>>, _) = (None, SameSize::default());
    let steps = Steps {
        worker: Artist::default,
        draw: |artist: &mut Artist, index| draw(artist, source, index, options.dpi),
        order: |index, (canvas, duration_ms): (Canvas, u32)| {
            size.check(index, (canvas.width(), canvas.height()))?;
            let canvas = Arc::new(canvas);
            Ok((before.replace(Arc::clone(&canvas)), canvas, duration_ms))
        },
        encode:
            |_: &mut Artist,
             (before, canvas, duration_ms): (Option<Arc<Canvas>>, Arc<Canvas>, u32)| {
                let picture = match cut(before.as_deref(), &canvas, even) {
                    Some(cut) => Some(Picture { at: cut.at, over: cut.over, bytes: encode(&cut)? }),
                    None => None,
                };
                let size = (canvas.width(), canvas.height());
                Ok(Part { size, duration_ms, picture })
            },
    };
    pipeline::run(source.len(), options.threads, steps, |index, part| {
        deliver(part)?;
        told(watch, index + 1)
    })
}
