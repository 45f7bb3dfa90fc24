//! Frames as raw pixels at a constant frame rate, for another program to encode.

use super::gif::{SameSize, on_white, told};
use super::pipeline::{self, Steps};
use super::{FilmError, FilmOptions, FilmReport, FrameSource, Watch};
use crate::raster::Artist;
use hinton_scene::Scene;

/// A drawn picture of a film.
#[derive(Debug, Clone, Copy)]
pub struct RawPicture<'a> {
    /// Width in pixels, even.
    pub width: usize,
    /// Height in pixels, even.
    pub height: usize,
    /// Red, green and blue of every pixel, row by row.
    pub rgb: &'a [u8],
    /// For how many periods of the frame rate it is shown, at least one.
    pub beats: u64,
}

/// Receives the pictures of a film in order.
pub type TakePicture<'a> = &'a mut dyn FnMut(RawPicture<'_>) -> std::io::Result<()>;

struct Drawn {
    size: (usize, usize),
    rgb: Vec<u8>,
    duration_ms: u32,
}

/// Draws a film and passes its pictures to `take`, in order. Transparent pages become white. Sides
/// are made even, as video requires, by adding a line in the page's colour. Frames begin and end at
/// multiples of the period: there are `millihertz` periods in a thousand seconds. Rounding applies
/// to the end of each frame, not to its length.
///
/// # Errors
/// Returns an error if there are no frames, a frame cannot be made or has a different size, or
/// `take` or `watch` stops the work.
pub fn raw_pictures(
    source: &dyn FrameSource,
    options: &FilmOptions,
    millihertz: u32,
    take: TakePicture<'_>,
    watch: Watch,
) -> Result<FilmReport, FilmError> {
    if source.is_empty() {
        return Err(FilmError::Empty);
    }
    let mut size = SameSize::default();
    let steps = Steps {
        worker: Artist::default,
        draw: |artist: &mut Artist, index| draw(artist, source, index, options.dpi),
        order: |index, drawn: Drawn| {
            size.check(index, drawn.size)?;
            Ok(drawn)
        },
        encode: |_: &mut Artist, drawn| Ok(drawn),
    };
    let mut report = FilmReport { frames: source.len(), ..FilmReport::default() };
    let mut beats = Beats::new(millihertz);
    pipeline::run(source.len(), options.threads, steps, |index, drawn: Drawn| {
        let (width, height) = drawn.size;
        let beats = beats.next(drawn.duration_ms);
        take(RawPicture { width, height, rgb: &drawn.rgb, beats })?;
        (report.width, report.height) = drawn.size;
        report.pictures += 1;
        told(watch, index + 1)
    })?;
    report.duration_ms = beats.stored_ms();
    Ok(report)
}

fn draw(
    artist: &mut Artist,
    source: &dyn FrameSource,
    index: usize,
    dpi: f64,
) -> Result<Drawn, FilmError> {
    let frame = source.frame(index).map_err(|error| FilmError::Source { frame: index, error })?;
    let scale = dpi / 72.0;
    let scene = even_sides(on_white(frame.scene), scale);
    let canvas =
        artist.draw(&scene, scale).map_err(|error| FilmError::Render { frame: index, error })?;
    let rgb = canvas.pixels().iter().flat_map(|&[red, green, blue, _]| [red, green, blue]);
    let size = (canvas.width(), canvas.height());
    Ok(Drawn { size, rgb: rgb.collect(), duration_ms: frame.duration_ms })
}

/// The scene on a page with even numbers of pixels: most video has a colour for every two both ways,
/// so an odd page gets a line more.
pub(super) fn even_sides(mut scene: Scene, scale: f64) -> Scene {
    for side in [&mut scene.width, &mut scene.height] {
        let pixels = (*side * scale).round();
        if pixels % 2.0 == 1.0 {
            *side = (pixels + 1.0) / scale;
        }
    }
    scene
}

/// Times as numbers of beats.
struct Beats {
    millihertz: u64,
    /// When the last picture ends, milliseconds.
    exact: u64,
    /// Beats so far.
    counted: u64,
}

impl Beats {
    fn new(millihertz: u32) -> Self {
        Beats { millihertz: u64::from(millihertz.max(1)), exact: 0, counted: 0 }
    }

    fn next(&mut self, ms: u32) -> u64 {
        self.exact += u64::from(ms);
        let end = (self.exact * self.millihertz + 500_000) / 1_000_000;
        let beats = end.saturating_sub(self.counted).max(1);
        self.counted += beats;
        beats
    }

    fn stored_ms(&self) -> u64 {
        (self.counted * 1_000_000 + self.millihertz / 2) / self.millihertz
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ends_are_rounded_to_beats() {
        let mut beats = Beats::new(30_000);
        assert_eq!([33, 34, 33, 33, 1000].map(|ms| beats.next(ms)), [1, 1, 1, 1, 30]);
        assert_eq!(beats.stored_ms(), 1133);
        let mut beats = Beats::new(5_000);
        assert_eq!([10, 10, 10, 1000].map(|ms| beats.next(ms)), [1, 1, 1, 2]);
    }

    #[test]
    fn odd_pages_get_a_line_more() {
        let scene = Scene {
            width: 10.5,
            height: 20.0,
            background: None,
            title: String::new(),
            description: String::new(),
            items: Vec::new(),
        };
        let scene = even_sides(scene, 2.0);
        assert_eq!((scene.width, scene.height), (11.0, 20.0));
    }
}
