//! See neural networks: any weights file becomes a picture.
//!
//! Open, choose, draw, save:
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
//! - [`open`] reads a file's index and no values: safetensors, PyTorch, numpy, pickles, CSV, IDX …
//! - [`select`] picks tensors by name, glob and slice; [`tensor`] and [`tensor_of`] make one of
//!   arrays and slices in memory.
//! - [`draw`] lays them out by their shape, or as a [`DrawRequest`] says.
//! - [`save`] writes PNG, SVG or PDF by the extension, whole or not at all.
//! - [`inspect`](mod@inspect) and [`export`](mod@export) give statistics and the values themselves.
//!
//! The library is silent and pure: it prints nothing, reads no environment and no clock, and the
//! same input gives the same bytes.
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

/// Opens a training run: a file with a list of arrays or an array over time, a folder or a list of
/// checkpoints, or a run folder. Reads the headers of every step and no values.
///
/// # Errors
/// [`Error::Run`] when nothing there can be read as a run, or no step can be read.
pub fn open_run(paths: &[impl AsRef<Path>], options: &RunOptions) -> Result<Run, Error> {
    let paths: Vec<_> = paths.iter().map(|path| path.as_ref().to_owned()).collect();
    Ok(hinton_run::open_run(&paths, options)?)
}

/// The files and folders in a folder that hold weights, in natural order of their names: each a model
/// of its own, whatever the folder could be taken for.
///
/// # Errors
/// When the folder cannot be listed, or there are none.
pub fn weights_in(folder: impl AsRef<Path>) -> Result<Vec<std::path::PathBuf>, Error> {
    Ok(hinton_run::weights_in(folder.as_ref(), &Limits::default())?)
}

/// Opens a log of a training (CSV, JSON, JSON lines) as a run of metrics without steps; `None`
/// where the file is none. `any_header` also takes a table whose header names neither a step nor a
/// metric.
///
/// # Errors
/// When the file cannot be read.
pub fn open_log(path: impl AsRef<Path>, any_header: bool) -> Result<Option<Run>, Error> {
    Ok(hinton_run::open_log(path.as_ref(), any_header, &Limits::default())?)
}

/// Opens the logs in a folder as runs of metrics without steps: event files of TensorBoard, each
/// folder of them a run, or the logs in it, each a run; none where there are none.
///
/// # Errors
/// When a folder or a log cannot be read.
pub fn open_logs(folder: impl AsRef<Path>) -> Result<Vec<Run>, Error> {
    Ok(hinton_run::open_logs(folder.as_ref(), &Limits::default())?)
}

/// What tells that a file was changed since.
pub use hinton_format::source::{FileState, file_state};

/// Files that lie elsewhere than on this disk: in memory, in an archive, in a store of one's own.
pub mod source {
    pub use hinton_format::source::file::Entry;
    pub use hinton_format::source::{Folder, Location};
}

/// Opens a file or folder that lies in a [`Folder`](source::Folder) of one's own. Shards beside an index and data in
/// other files are found there, too; what is asked of the folder is by name and range.
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
/// As [`open`].
pub fn open_at(location: &source::Location) -> Result<Checkpoint, Error> {
    Ok(hinton_format::open_at(location, &Limits::default())?)
}

/// The folders in a folder on disk, by their names; hidden ones are left out. None of what is no folder,
/// cannot be read, or is an address.
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

/// As [`open`], within bounds of one's own.
///
/// # Errors
/// As [`open`].
pub fn open_with(path: impl AsRef<Path>, limits: &Limits) -> Result<Checkpoint, Error> {
    Ok(hinton_format::open(path.as_ref(), limits)?)
}

/// Whether a path, or an address, is that of a file.
pub fn is_file(path: impl AsRef<Path>) -> bool {
    let path = path.as_ref();
    match is_address(path) {
        true => far(path).is_some_and(|place| place.is_file()),
        false => path.is_file(),
    }
}

/// Whether a path, or an address, is that of a folder.
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

/// Whether a path is an address (`https://…`, `hf://…`) and not on this disk. The functions that
/// open paths open addresses where the program lets them (`hinton_remote::install`).
pub fn is_address(path: impl AsRef<Path>) -> bool {
    hinton_format::source::places::address(path.as_ref()).is_some()
}

/// Opens a weights file, or a folder that holds one in shards. Reads headers and no values;
/// decides by content what it is; never executes anything.
///
/// # Errors
/// [`Error::Open`] names the file, what was expected and found, and the cure.
pub fn open(path: impl AsRef<Path>) -> Result<Checkpoint, Error> {
    Ok(hinton_format::open(path.as_ref(), &Limits::default())?)
}
