//! Writes pictures and films to files.

use std::cell::Cell;
use std::fs::{self, File};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::ops::ControlFlow;
use std::path::Path;

use hinton_render::films::{
    FILMS, FilmError, FilmOptions, FilmReport, FilmRow, FilmWriter, FrameSource, TakePicture,
    Watch, raw_pictures, writer,
};
use hinton_render::{OUTPUTS, OutputRow, RenderOptions};
use hinton_weights::{Error, Sink, make_folder, write_bytes, write_with};

use crate::Picture;

/// The output with this name.
///
/// # Errors
/// Returns an error if the name is unknown; the error lists the known ones.
pub fn output_named(name: &str) -> Result<&'static OutputRow, Error> {
    OUTPUTS.iter().find(|output| output.name.eq_ignore_ascii_case(name)).ok_or_else(|| {
        let names: Vec<&str> = OUTPUTS.iter().map(|output| output.name).collect();
        let help = format!("there are {}", names.join(", "));
        Error::request(format!("there is no output {name:?}"), help)
    })
}

/// The output that a file's extension selects.
///
/// # Errors
/// Returns an error if the extension is unknown or missing; the error lists the known ones.
pub fn output_for(path: &Path) -> Result<&'static OutputRow, Error> {
    let extension = path.extension().and_then(|extension| extension.to_str()).unwrap_or_default();
    let fits = |output: &&OutputRow| {
        output.extensions.iter().any(|known| known.eq_ignore_ascii_case(extension))
    };
    OUTPUTS.iter().find(fits).ok_or_else(|| {
        let known: Vec<String> =
            OUTPUTS.iter().flat_map(|output| output.extensions).map(|e| format!(".{e}")).collect();
        let message = match extension {
            "" => format!("{}: the name has no extension to choose the output", path.display()),
            other => format!("{}: no output has the extension .{other}", path.display()),
        };
        Error::request(message, format!("there are {}", known.join(", ")))
    })
}

/// Renders a picture to bytes, in one of the [`OUTPUTS`].
///
/// # Errors
/// Returns an error if the picture is too large or cannot be encoded.
pub fn render(
    picture: &Picture,
    output: &OutputRow,
    options: &RenderOptions,
) -> Result<Vec<u8>, Error> {
    Ok((output.write)(&picture.scene, options)?)
}

/// Saves a picture at the resolution it was drawn for.
///
/// The file's extension selects the output.
///
/// # Errors
/// Returns the errors of [`save_with`].
pub fn save(picture: &Picture, path: impl AsRef<Path>) -> Result<(), Error> {
    save_with(picture, path, &picture.render_options())
}

/// Saves a picture with the given options.
///
/// The file's extension selects the output.
///
/// # Errors
/// Returns an error if no output has the extension, the picture cannot be encoded, or the file
/// cannot be written. A file that existed before is then unchanged.
pub fn save_with(
    picture: &Picture,
    path: impl AsRef<Path>,
    options: &RenderOptions,
) -> Result<(), Error> {
    let path = path.as_ref();
    let bytes = render(picture, output_for(path)?, options)?;
    write_bytes(path, &bytes)
}

/// How a film is saved.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct FilmSettings {
    /// How often it plays; 0 means forever.
    pub loops: u16,
    /// Whether the pictures of a folder are limited to 256 colours, as in a GIF.
    pub indexed: bool,
}

impl FilmSettings {
    /// Plays `loops` times, 0 meaning forever; `indexed` limits the pictures of a folder to 256
    /// colours.
    pub fn new(loops: u16, indexed: bool) -> Self {
        FilmSettings { loops, indexed }
    }
}

/// The output for films that a file name selects: by its extension, or a folder of pictures if it
/// has no extension or ends with a slash.
///
/// # Errors
/// Returns an error if the extension is unknown; the error lists the known ones.
pub fn film_output_for(path: &Path) -> Result<&'static FilmRow, Error> {
    let is_folder = path.as_os_str().to_string_lossy().ends_with(['/', std::path::MAIN_SEPARATOR]);
    let extension = path.extension().and_then(|extension| extension.to_str());
    let fits = |output: &&FilmRow| match extension {
        Some(extension) if !(is_folder || path.is_dir()) => {
            output.extensions.iter().any(|known| known.eq_ignore_ascii_case(extension))
        }
        _ => output.is_folder(),
    };
    FILMS.iter().find(fits).ok_or_else(|| {
        let known: Vec<String> =
            FILMS.iter().flat_map(|output| output.extensions).map(|e| format!(".{e}")).collect();
        Error::request(
            format!("{}: no output of films has this extension", path.display()),
            match extension {
                Some(mp4) if mp4.eq_ignore_ascii_case("mp4") => format!(
                    "this program was built without MP4: build it with the feature mp4 and a C++ \
                     compiler, or choose {}",
                    known.join(", ")
                ),
                _ => format!("there are {}, and a folder such as frames/", known.join(", ")),
            },
        )
    })
}

/// The output for films with this name.
///
/// # Errors
/// Returns an error if the name is unknown; the error lists the known ones.
pub fn film_output_named(name: &str) -> Result<&'static FilmRow, Error> {
    FILMS.iter().find(|output| output.name.eq_ignore_ascii_case(name)).ok_or_else(|| {
        let names: Vec<&str> = FILMS.iter().map(|output| output.name).collect();
        let help = format!("there are {}", names.join(", "));
        Error::request(format!("there is no output of films {name:?}"), help)
    })
}

/// Renders a film that is a single file to bytes.
///
/// `watch` is called with the number of frames done.
///
/// # Errors
/// Returns the errors of [`save_film`]; and an error if the output is a folder of pictures.
pub fn film_bytes(
    film: &mut dyn Playable,
    output: &FilmRow,
    settings: FilmSettings,
    watch: Watch<'_>,
) -> Result<(Vec<u8>, FilmReport), Error> {
    let FilmWriter::File(write) = writer(output) else {
        let help = "name a folder to write them to";
        return Err(Error::request(format!("{} is a folder of pictures", output.name), help));
    };
    let options = film_options(film, output, settings)?;
    let mut bytes = io::Cursor::new(Vec::new());
    let report = write(film, &mut bytes, &options, watch)?;
    Ok((bytes.into_inner(), report))
}

/// A film that can be saved.
pub trait Playable: FrameSource {
    /// The resolution it is made for, in pixels per inch.
    fn dpi(&self) -> f64;

    /// Frames per second, not counting frames that are held longer.
    fn rate(&self) -> f64;

    /// The number of threads to make it with.
    fn threads(&self) -> usize;

    /// Limits the colours of the film, so that a file with 256 colours keeps the ones that carry
    /// meaning.
    ///
    /// # Errors
    /// Returns an error if its contents cannot be computed.
    fn limit_colors(&mut self) -> Result<(), Error>;
}

impl<F: Playable + ?Sized> Playable for &mut F {
    fn dpi(&self) -> f64 {
        (**self).dpi()
    }

    fn rate(&self) -> f64 {
        (**self).rate()
    }

    fn threads(&self) -> usize {
        (**self).threads()
    }

    fn limit_colors(&mut self) -> Result<(), Error> {
        (**self).limit_colors()
    }
}

/// Saves a film in the format of the path's extension: GIF, animated PNG, WebP … A path without an
/// extension is a folder of pictures.
///
/// Each file is written completely or not at all, and memory is bounded however long the film is.
///
/// # Errors
/// Returns an error if the extension is unknown, a frame cannot be made, the format cannot hold the
/// film, or the file cannot be written.
pub fn save_film(film: &mut dyn Playable, path: impl AsRef<Path>) -> Result<FilmReport, Error> {
    let path = path.as_ref();
    let mut watch = |_, _| ControlFlow::Continue(());
    save_film_with(film, path, film_output_for(path)?, FilmSettings::default(), &mut watch)
}

/// Called with the number of frames done and of bytes written; `Break` stops the film.
pub type FilmWatch<'a> = &'a mut dyn FnMut(usize, u64) -> ControlFlow<()>;

/// As [`save_film`], with an output and settings that you choose, and a `watch` that may stop it.
///
/// # Errors
/// Returns the errors of [`save_film`], and an error if `watch` stopped it.
pub fn save_film_with(
    film: &mut dyn Playable,
    path: &Path,
    output: &FilmRow,
    settings: FilmSettings,
    watch: FilmWatch<'_>,
) -> Result<FilmReport, Error> {
    let options = film_options(film, output, settings)?;
    let bytes = Cell::new(0);
    let watch: Watch<'_> = &mut |done| watch(done, bytes.get());
    match writer(output) {
        FilmWriter::File(write) => {
            let mut report = None;
            write_with(path, |out| {
                let mut out = Counting { out, bytes: &bytes };
                let written = write(film, &mut out, &options, watch);
                report = Some(written.map_err(|error| film_error(path, error))?);
                Ok(())
            })?;
            Ok(report.unwrap_or_default())
        }
        FilmWriter::Folder(write) => {
            make_folder(path)?;
            let mut failed = None;
            let mut each = |name: &str, picture: &[u8]| {
                bytes.set(bytes.get() + picture.len() as u64);
                write_bytes(&path.join(name), picture).map_err(|error| {
                    failed = Some(error);
                    io::Error::other("a picture could not be written")
                })
            };
            let report = write(film, &mut each, &options, watch);
            let mut report = match (report, failed) {
                (_, Some(error)) => return Err(error),
                (report, None) => report.map_err(|error| film_error(path, error))?,
            };
            report.notes.extend(older_frames(path, report.pictures));
            Ok(report)
        }
    }
}

/// Counts the bytes that pass; those at the start that are written again at the end count twice.
struct Counting<'a> {
    out: &'a mut dyn Sink,
    bytes: &'a Cell<u64>,
}

impl Write for Counting<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.out.write(bytes)?;
        self.bytes.set(self.bytes.get() + written as u64);
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}

impl Seek for Counting<'_> {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        self.out.seek(to)
    }
}

/// Options for an output; the film keeps to the colours that it can hold.
fn film_options(
    film: &mut dyn Playable,
    output: &FilmRow,
    settings: FilmSettings,
) -> Result<FilmOptions, Error> {
    let indexed = settings.indexed && output.is_folder();
    if output.mime == "image/gif" || indexed {
        film.limit_colors()?;
    }
    Ok(FilmOptions {
        dpi: film.dpi(),
        loop_count: settings.loops,
        threads: film.threads(),
        indexed,
        ..FilmOptions::default()
    })
}

/// Draws a film and passes its pictures to `take`, in order and as raw pixels, for another program
/// to encode at [`frame_rate`].
///
/// `watch` is called with the number of frames done.
///
/// # Errors
/// Returns an error if a frame cannot be made, or `take` or `watch` stops it.
pub fn film_pictures(
    film: &dyn Playable,
    take: TakePicture<'_>,
    watch: Watch<'_>,
) -> Result<FilmReport, FilmError> {
    let options =
        FilmOptions { dpi: film.dpi(), threads: film.threads(), ..FilmOptions::default() };
    raw_pictures(film, &options, frame_rate(film), take, watch)
}

/// The number of frames in a thousand seconds, for outputs with a constant frame rate.
pub fn frame_rate(film: &dyn Playable) -> u32 {
    (film.rate() * 1000.0).round().max(1.0) as u32
}

fn film_error(path: &Path, error: FilmError) -> Error {
    match error {
        FilmError::Write(error) => Error::write(path, error),
        other => Error::Film(other),
    }
}

/// Says when a folder holds more pictures than were written: an earlier film was longer.
fn older_frames(folder: &Path, written: usize) -> Option<String> {
    let is_frame = |name: &str| name.starts_with("frame_") && name.ends_with(".png");
    let entries = fs::read_dir(folder).ok()?.flatten();
    let count = entries.filter(|entry| is_frame(&entry.file_name().to_string_lossy())).count();
    (count > written).then(|| {
        format!(
            "{}: {} pictures of an earlier film are still there",
            folder.display(),
            count - written
        )
    })
}

/// Whether a file is a WebP that is as long as its header says
/// (<https://developers.google.com/speed/webp/docs/riff_container>).
pub fn is_whole_webp(path: &Path) -> bool {
    let head = || {
        let mut file = File::open(path)?;
        let mut head = [0; 12];
        file.read_exact(&mut head)?;
        Ok::<_, io::Error>((head, file.metadata()?.len()))
    };
    let Ok((head, len)) = head() else { return false };
    let [b'R', b'I', b'F', b'F', a, b, c, d, b'W', b'E', b'B', b'P'] = head else { return false };
    // The length behind the first 8 bytes, which is even.
    u64::from(u32::from_le_bytes([a, b, c, d])).next_multiple_of(2) + 8 == len
}
