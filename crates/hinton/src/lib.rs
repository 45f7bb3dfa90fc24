//! Pictures of neural networks: turns the tensors of any weights file into charts.
//!
//! Open a file, select tensors, draw them, save the picture:
//!
//! ```
//! # let folder = std::env::temp_dir().join(format!("hinton-doc-{}", std::process::id()));
//! # std::fs::create_dir_all(&folder)?;
//! # let (model, picture_path) = (folder.join("digits.safetensors"), folder.join("weight.png"));
//! # hinton::export(hinton::train::digits("softmax", 1)?.tensors, &model)?;
//! use hinton::{DrawRequest, draw, open, save, select};
//!
//! let file = open(model)?;
//! let picture = draw(select(&file, &["weight"])?, &DrawRequest::chart("heatmap"))?;
//! save(&picture, picture_path)?;
//! # std::fs::remove_dir_all(&folder)?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! - [`open`] reads the headers of a file, but no values: safetensors, PyTorch, numpy, pickles,
//!   CSV, IDX …
//! - [`select`] picks tensors by name, glob and slice; [`tensor`] and [`tensor_of`] make them from
//!   arrays and slices in memory.
//! - [`draw`] lays them out by their shape, or as a [`DrawRequest`] says.
//! - [`save`] writes PNG, SVG or PDF, by the file's extension. A file is either written completely
//!   or not at all.
//! - [`inspect`](mod@inspect) and [`export`](mod@export) give statistics and the values themselves.
//!
//! The library prints nothing and reads neither the environment nor the clock. The same input gives
//! the same bytes.
#![forbid(unsafe_code)]

pub mod animate;
pub mod arrange;
pub mod check;
pub mod demo;
pub mod diff;
pub mod export;
pub mod fonts;
pub mod inspect;
pub mod runs;
pub mod settings;
pub mod space;
pub mod summary;
pub mod train;

mod draw;
mod error;
mod figure;
mod input;
mod names;
mod pixels;
mod poster;
mod repeated;
mod save;
mod select;
mod structure;

use std::path::Path;

pub use animate::{AnimateRequest, Film, animate};
pub use arrange::{Each, Order, OrderBy, Permute, Reshape};
pub use draw::{DrawRequest, Picture, draw, draw_arrangement, threads};
pub use error::{Error, Fault};
pub use export::export;
pub use figure::{PanelScale, draw_panels};
pub use input::{Element, tensor, tensor_of};
pub use names::{AxisNames, NamesOf, names_beside, names_of_table};
pub use pixels::{Pixels, pixels};
pub use poster::Poster;
pub use runs::{RunRequest, draw_runs};
pub use save::{
    CountedWatch, FilmSettings, Playable, film_bytes, film_output_for, film_output_named,
    film_pictures, frame_rate, is_whole_webp, make_folder, output_for, output_named, render, save,
    save_film, save_film_counted, save_with, write_by, write_bytes,
};
pub use select::{Selected, is_glob, select, select_from};
pub use settings::SETTINGS;

/// How points in space are drawn.
pub use hinton_chart::space as space_chart;
pub use hinton_chart::{
    Annotate, CHARTS, ChartError, ChartRow, ColorScale, Colormap, Kind as ColormapKind, Labels,
    Length, Look, NumberFormat, Numbering, Options, PRESETS, PageSize, PresetRow, Range, ScaleKind,
    Theme, ThemeName, colormaps, shape_text, short, short_count,
};
pub use hinton_format::{
    Checkpoint, DEQUANTISED, Error as FormatError, ErrorKind, FORMATS, FormatRow, Limits, Warning,
};
pub use hinton_render::films::{
    FILMS, FilmError, FilmReport, FilmRow, FilmWriter, FrameSource, RawPicture,
};
pub use hinton_render::{
    Graphics, OUTPUTS, OutputRow, RenderError, RenderOptions, TerminalOptions,
};
pub use hinton_run::{
    NewStep, NewTensor, Run, RunKind, RunOptions, RunTensor, RunWriter, Step as RunStep, is_pace,
    is_run_folder, open_run_watched, run_of,
};
pub use hinton_scene::{
    Color, Coverage, FontFile, FontSource, Scene, Typeface, coverage, set_font_source, visible,
};
pub use hinton_tensor::{
    Bytes, Cancelled, Dtype, Endian, Fold, Memory, Progress, Quiet, ReadError, Slice, Summary,
    Tensor, TensorError, View, Work, summarize,
};

/// Opens a training run: a file with a list of arrays or with an array over time, a folder or a
/// list of checkpoints, or a run folder. Reads the headers of every step, but no values.
///
/// # Errors
/// Returns [`Error::Run`] if the paths cannot be read as a run, or no step can be read.
pub fn open_run(paths: &[impl AsRef<Path>], options: &RunOptions) -> Result<Run, Error> {
    let paths: Vec<_> = paths.iter().map(|path| path.as_ref().to_owned()).collect();
    Ok(hinton_run::open_run(&paths, options)?)
}

/// Lists the files and folders in a folder that hold weights, in natural order of their names. Each
/// is treated as a model by itself, even if the folder could be read as a run or a set of shards.
///
/// # Errors
/// Returns an error if the folder cannot be listed, or holds no weights.
pub fn weights_in(folder: impl AsRef<Path>) -> Result<Vec<std::path::PathBuf>, Error> {
    Ok(hinton_run::weights_in(folder.as_ref(), &Limits::default())?)
}

/// Opens a training log (CSV, JSON, JSON lines) as a run that has metrics but no steps; `None` if
/// the file is not a log. With `any_header`, a table is accepted whose header names neither a step
/// nor a metric.
///
/// # Errors
/// Returns an error if the file cannot be read.
pub fn open_log(path: impl AsRef<Path>, any_header: bool) -> Result<Option<Run>, Error> {
    Ok(hinton_run::open_log(path.as_ref(), any_header, &Limits::default())?)
}

/// Opens the logs in a folder as runs that have metrics but no steps. If the folder holds event
/// files of TensorBoard, each folder of event files is a run; else each log is a run. Empty if
/// there are no logs.
///
/// # Errors
/// Returns an error if a folder or a log cannot be read.
pub fn open_logs(folder: impl AsRef<Path>) -> Result<Vec<Run>, Error> {
    Ok(hinton_run::open_logs(folder.as_ref(), &Limits::default())?)
}

/// The state of a file on disk, to detect whether it has changed.
pub use hinton_format::source::{FileState, file_state};

/// Sources of files other than the disk: in memory, in an archive, or in a store that you provide.
pub mod source {
    pub use hinton_format::source::file::Entry;
    pub use hinton_format::source::{Folder, Location};
}

/// Opens a file or folder that is in a [`Folder`](source::Folder) that you provide. Shards next to
/// an index, and data in other files, are found there too. The folder is asked for files by name,
/// and for their bytes by range.
///
/// ```
/// use std::sync::Arc;
///
/// use hinton::source::{Entry, Folder, Location};
/// use hinton::{Bytes, FormatError, Memory};
///
/// /// One file in memory.
/// struct One(Vec<u8>);
///
/// impl Folder for One {
///     fn file(&self, name: &str) -> Result<Option<Arc<dyn Bytes>>, FormatError> {
///         let bytes = || -> Arc<dyn Bytes> { Arc::new(Memory::new(self.0.clone())) };
///         Ok((name == "a.npy").then(bytes))
///     }
///
///     fn list(&self, below: &str) -> Result<Vec<Entry>, FormatError> {
///         let entry = Entry { name: "a.npy".into(), is_dir: false, len: self.0.len() as u64 };
///         Ok(if below.is_empty() { vec![entry] } else { Vec::new() })
///     }
///
///     fn shown(&self, name: &str) -> String {
///         format!("memory/{name}")
///     }
/// }
///
/// let header = "{'descr': '|u1', 'fortran_order': False, 'shape': (2, 2)}       \n";
/// let mut file = b"\x93NUMPY\x01\x00".to_vec();
/// file.extend((header.len() as u16).to_le_bytes());
/// file.extend(header.bytes().chain([1, 2, 3, 4]));
/// let place = Location::remote("memory", Arc::new(One(file))).join("a.npy");
/// let checkpoint = hinton::open_at(&place)?;
/// assert_eq!(checkpoint.tensors[0].shape(), [2, 2]);
/// # Ok::<(), hinton::Error>(())
/// ```
///
/// # Errors
/// Returns the errors of [`open`].
pub fn open_at(location: &source::Location) -> Result<Checkpoint, Error> {
    Ok(hinton_format::open_at(location, &Limits::default())?)
}

/// Lists the folders in a folder on disk, sorted by name, without hidden ones. Empty if the path is
/// not a folder, cannot be read, or is an address.
pub fn folders_in(path: impl AsRef<Path>) -> Vec<std::path::PathBuf> {
    let path = path.as_ref();
    if is_address(path) || !hinton_format::source::file::is_dir(path) {
        return Vec::new();
    }
    let entries = hinton_format::source::file::read_dir(path).unwrap_or_default();
    let is_shown =
        |entry: &hinton_format::source::file::Entry| entry.is_dir && !entry.name.starts_with('.');
    entries.into_iter().filter(is_shown).map(|entry| path.join(entry.name)).collect()
}

/// Opens a file as [`open`] does, with limits that you choose.
///
/// # Errors
/// Returns the errors of [`open`].
pub fn open_with(path: impl AsRef<Path>, limits: &Limits) -> Result<Checkpoint, Error> {
    Ok(hinton_format::open(path.as_ref(), limits)?)
}

/// Whether a path or an address is a file.
pub fn is_file(path: impl AsRef<Path>) -> bool {
    let path = path.as_ref();
    match is_address(path) {
        true => far(path).is_some_and(|place| place.is_file()),
        false => path.is_file(),
    }
}

/// Whether a path or an address is a folder.
pub fn is_folder(path: impl AsRef<Path>) -> bool {
    let path = path.as_ref();
    match is_address(path) {
        true => far(path).is_some_and(|place| place.is_dir()),
        false => path.is_dir(),
    }
}

/// Where an address leads, if anywhere.
fn far(path: &Path) -> Option<source::Location> {
    source::Location::find(path, &Limits::default()).ok()
}

/// Whether a path is an address (`https://…`, `hf://…`) rather than a path on disk. The functions
/// that open paths also open addresses if the program allows it (`hinton_remote::install`).
pub fn is_address(path: impl AsRef<Path>) -> bool {
    hinton_format::source::places::address(path.as_ref()).is_some()
}

/// Opens a weights file, or a folder that holds one checkpoint in shards. Reads headers, but no
/// values. Recognises the format by content, and never executes anything in the file.
///
/// # Errors
/// Returns [`Error::Open`], which names the file, what was expected, what was found, and what to
/// do.
pub fn open(path: impl AsRef<Path>) -> Result<Checkpoint, Error> {
    Ok(hinton_format::open(path.as_ref(), &Limits::default())?)
}
