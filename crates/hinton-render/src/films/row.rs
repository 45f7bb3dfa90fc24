//! The row of an output for films.

use super::{FilmError, FilmOptions, FilmReport, Folder, FrameSource, Sink, Watch};

/// Writes a film to one file.
pub type WriteFile =
    fn(&dyn FrameSource, &mut dyn Sink, &FilmOptions, Watch) -> Result<FilmReport, FilmError>;

/// Writes a film to a folder.
pub type WriteFolder =
    fn(&dyn FrameSource, Folder, &FilmOptions, Watch) -> Result<FilmReport, FilmError>;

/// Whether an output writes a file or a folder.
#[derive(Debug, Clone, Copy)]
pub enum FilmWriter {
    /// One file.
    File(WriteFile),
    /// A folder of pictures.
    Folder(WriteFolder),
}

/// An output for films.
#[derive(Debug, Clone, Copy)]
pub struct FilmRow {
    /// Its name.
    pub name: &'static str,
    /// A description in one line.
    pub about: &'static str,
    /// A description in a paragraph: what is preserved, and what it is good for.
    pub help: &'static str,
    /// The extensions that select it, without the dot; none for a folder.
    pub extensions: &'static [&'static str],
    /// Media type.
    pub mime: &'static str,
    /// Writes the film. Can return any [`FilmError`].
    pub(crate) write: FilmWriter,
}

impl FilmRow {
    /// Whether it is a folder of pictures, rather than one file.
    pub fn is_folder(&self) -> bool {
        matches!(self.write, FilmWriter::Folder(_))
    }
}

/// What writes the films of this output.
pub fn writer(output: &FilmRow) -> FilmWriter {
    output.write
}
