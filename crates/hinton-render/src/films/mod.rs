//! Writes films: scenes with durations, as one file or as a folder of pictures.
//!
//! Frames are requested, drawn and encoded on several threads, and written in order; only a few are
//! in memory at the same time. The result does not depend on the number of threads.

mod apng;
mod clock;
mod colors;
mod delta;
mod exact;
mod frames;
mod gif;
mod lzw;
#[cfg(feature = "mp4")]
mod mp4;
#[cfg(feature = "mp4")]
mod mux;
mod pipeline;
mod raw;
mod row;
mod strip;
mod webp;
#[cfg(feature = "mp4")]
mod yuv;

use std::io::{Seek, Write};
use std::ops::ControlFlow;

use hinton_scene::Scene;

pub use colors::{FilmColors, map_levels};
pub use hinton_words::{FilmError, SourceError};
pub use raw::{RawPicture, TakePicture, raw_pictures};
pub use row::{FilmRow, FilmWriter, WriteFile, WriteFolder, writer};
pub use strip::{StripOptions, strip};

/// A picture of a film, and how long it is shown.
#[derive(Debug, Clone, PartialEq)]
pub struct Frame {
    /// The picture; all pictures of a film have the same size in pixels.
    pub scene: Scene,
    /// How long it is shown, in milliseconds.
    pub duration_ms: u32,
}

/// Provides the frames of a film. They are requested roughly in order, by several threads at once,
/// and mostly only once.
pub trait FrameSource: Sync {
    /// Number of frames.
    fn len(&self) -> usize;

    /// Makes the frame at `index`; it must be the same whenever it is requested.
    ///
    /// # Errors
    /// Any reason why it cannot be made; it ends the film.
    fn frame(&self, index: usize) -> Result<Frame, SourceError>;

    /// Whether there are no frames.
    fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

impl<F: FrameSource + ?Sized> FrameSource for &mut F {
    fn len(&self) -> usize {
        (**self).len()
    }

    fn frame(&self, index: usize) -> Result<Frame, SourceError> {
        (**self).frame(index)
    }
}

impl FrameSource for Vec<Frame> {
    fn len(&self) -> usize {
        self.as_slice().len()
    }

    fn frame(&self, index: usize) -> Result<Frame, SourceError> {
        self.get(index).cloned().ok_or_else(|| format!("there is no frame {index}").into())
    }
}

/// How a film is written.
#[derive(Debug, Clone, PartialEq)]
pub struct FilmOptions {
    /// Resolution in pixels per inch; at 72 a point is a pixel.
    pub dpi: f64,
    /// How often the film plays; 0 means forever. Ignored by outputs that cannot store it.
    pub loop_count: u16,
    /// Number of threads that make, draw and encode frames; 0 counts as 1.
    pub threads: usize,
    /// The colours of all frames, for outputs with 256 colours. With `None`, all frames are
    /// requested an additional time, before the first is drawn, to find them.
    pub colors: Option<FilmColors>,
    /// Whether the output `frames` writes the pictures that `gif` would, with at most 256 colours.
    pub indexed: bool,
}

impl Default for FilmOptions {
    fn default() -> Self {
        FilmOptions { dpi: 144.0, loop_count: 0, threads: 1, colors: None, indexed: false }
    }
}

/// What was written, returned after a film is saved.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct FilmReport {
    /// Width in pixels.
    pub width: usize,
    /// Height in pixels.
    pub height: usize,
    /// Number of frames of the film.
    pub frames: usize,
    /// Number of pictures in the file. Frames that equal the previous one are not stored again; the
    /// previous one is shown longer.
    pub pictures: usize,
    /// The duration of the film as stored, in milliseconds.
    pub duration_ms: u64,
    /// Notes for the user: times that could not be kept, colours that were merged.
    pub notes: Vec<String>,
}

/// Called after each frame with the number of frames done; `Break` ends the film with
/// [`FilmError::Cancelled`].
pub type Watch<'a> = &'a mut dyn FnMut(usize) -> ControlFlow<()>;

/// The file that a film is written to; sizes at its start are filled in at the end. After an error
/// its contents are not a film, so write to a temporary file and rename it.
pub trait Sink: Write + Seek {}

impl<T: Write + Seek> Sink for T {}

/// Receives the files of a folder, in order: a name without a folder, and the bytes.
pub type Folder<'a> = &'a mut dyn FnMut(&str, &[u8]) -> std::io::Result<()>;

/// Every output for films.
pub const FILMS: &[FilmRow] = &[
    gif::ROW,
    apng::ROW,
    webp::ROW,
    #[cfg(feature = "mp4")]
    mp4::ROW,
    frames::ROW,
];
