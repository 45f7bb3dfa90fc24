//! Films: scenes with times, written as one file or as a folder of pictures.
//!
//! Frames are asked for, drawn and encoded on several threads and written in order; only a few are
//! in memory at a time. Nothing depends on how many threads there are.

mod apng;
mod clock;
mod colors;
mod delta;
mod error;
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
mod strip;
mod webp;
#[cfg(feature = "mp4")]
mod yuv;

use std::io::{Seek, Write};
use std::ops::ControlFlow;

use hinton_scene::Scene;

pub use colors::{FilmColors, map_levels};
pub use error::{FilmError, SourceError};
pub use raw::{RawPicture, TakePicture, raw_pictures};
pub use strip::{StripOptions, strip};

/// One picture of a film and how long it is shown.
#[derive(Debug, Clone, PartialEq)]
pub struct Frame {
    /// The picture; all of a film have one size in pixels.
    pub scene: Scene,
    /// How long it is shown, milliseconds.
    pub duration_ms: u32,
}

/// Where frames come from. They are asked for about in order, by several threads at once, and most
/// only once.
pub trait FrameSource: Sync {
    /// How many there are.
    fn len(&self) -> usize;

    /// Frame `index`, the same whenever it is asked for.
    ///
    /// # Errors
    /// Whatever keeps it from being made; the film ends with it.
    fn frame(&self, index: usize) -> Result<Frame, SourceError>;

    /// Whether there are none.
    fn is_empty(&self) -> bool {
        self.len() == 0
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
    /// Pixels to the inch; 72 makes a point a pixel.
    pub dpi: f64,
    /// How often the film plays; 0 is for ever. Not told by outputs that have no such field.
    pub loop_count: u16,
    /// Threads that build, draw and encode; 0 is as 1.
    pub threads: usize,
    /// The colours of all frames, for outputs of 256 colours. With `None` all frames are asked for
    /// once more, before the first is drawn, to find them.
    pub colors: Option<FilmColors>,
    /// Whether `frames` writes the pictures that `gif` has, of at most 256 colours.
    pub indexed: bool,
}

impl Default for FilmOptions {
    fn default() -> Self {
        FilmOptions { dpi: 144.0, loop_count: 0, threads: 1, colors: None, indexed: false }
    }
}

/// What was written.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct FilmReport {
    /// Pixels across.
    pub width: usize,
    /// Pixels down.
    pub height: usize,
    /// Frames that were asked for.
    pub frames: usize,
    /// Pictures in the file: frames that look like the one before are not stored again, and the time
    /// of the one before grows.
    pub pictures: usize,
    /// How long the film plays as stored, milliseconds.
    pub duration_ms: u64,
    /// What the reader should know: times that could not be kept, colours that were merged.
    pub notes: Vec<String>,
}

/// Told how many frames are done, after each; `Break` ends the film with [`FilmError::Cancelled`].
pub type Watch<'a> = &'a mut dyn FnMut(usize) -> ControlFlow<()>;

/// Where a film is written: the sizes at its start are filled in at the end. After an error what it
/// holds is not a film, so callers write to a temporary file and rename it.
pub trait Sink: Write + Seek {}

impl<T: Write + Seek> Sink for T {}

/// Takes the files of a folder, in order: a name without a folder, and the bytes.
pub type Folder<'a> = &'a mut dyn FnMut(&str, &[u8]) -> std::io::Result<()>;

/// A way to write a film to one file.
pub type WriteFile =
    fn(&dyn FrameSource, &mut dyn Sink, &FilmOptions, Watch) -> Result<FilmReport, FilmError>;

/// A way to write a film to a folder.
pub type WriteFolder =
    fn(&dyn FrameSource, Folder, &FilmOptions, Watch) -> Result<FilmReport, FilmError>;

/// What a row writes.
#[derive(Debug, Clone, Copy)]
pub enum FilmWriter {
    /// One file.
    File(WriteFile),
    /// A folder of files.
    Folder(WriteFolder),
}

/// A way to write a film.
#[derive(Debug, Clone, Copy)]
pub struct FilmRow {
    /// Its name.
    pub name: &'static str,
    /// One line.
    pub about: &'static str,
    /// A paragraph: what is kept, what it is good for.
    pub help: &'static str,
    /// Extensions that choose it, without the dot; none for a folder.
    pub extensions: &'static [&'static str],
    /// Media type.
    pub mime: &'static str,
    /// Writes the film. Errors: [`FilmError`] of every kind.
    pub write: FilmWriter,
}

/// Every way to write a film.
pub const FILMS: &[FilmRow] = &[
    gif::ROW,
    apng::ROW,
    webp::ROW,
    #[cfg(feature = "mp4")]
    mp4::ROW,
    frames::ROW,
];
