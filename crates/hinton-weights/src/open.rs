//! Opening: files and folders on disk, at addresses, in memory, or in a store that the caller provides.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use hinton_format::source::Location;
use hinton_format::source::file::{Entry, is_dir, read_dir};
use hinton_format::{Checkpoint, Input, Limits};
use hinton_run::{Run, RunOptions};
use hinton_tensor::Bytes;

use crate::Error;

/// Opens a weights file, or a folder that holds one checkpoint in shards.
///
/// Reads headers, but no values. Recognises the format by content, and never executes anything in
/// the file.
///
/// # Errors
/// Returns [`Error::Open`], which names the file, what was expected, what was found, and what to
/// do.
pub fn open(path: impl AsRef<Path>) -> Result<Checkpoint, Error> {
    Ok(hinton_format::open(path.as_ref(), &Limits::default())?)
}

/// Opens a file as [`open`] does, with limits that you choose.
///
/// # Errors
/// Returns the errors of [`open`].
pub fn open_with(path: impl AsRef<Path>, limits: &Limits) -> Result<Checkpoint, Error> {
    Ok(hinton_format::open(path.as_ref(), limits)?)
}

/// Opens a file or folder that is in a [`Folder`](hinton_format::source::Folder) that you provide.
///
/// Shards next to an index, and data in other files, are found there too. The folder is asked for
/// files by name, and for their bytes by range.
///
/// ```
/// use std::sync::Arc;
///
/// use hinton::files::{Entry, Folder, Location};
/// use hinton::errors::FormatError;
/// use hinton::{Bytes, Memory};
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
/// let checkpoint = hinton::files::open_at(&place)?;
/// assert_eq!(checkpoint.tensors[0].shape(), [2, 2]);
/// # Ok::<(), hinton::Error>(())
/// ```
///
/// # Errors
/// Returns the errors of [`open`].
pub fn open_at(location: &Location) -> Result<Checkpoint, Error> {
    Ok(hinton_format::open_at(location, &Limits::default())?)
}

/// Opens a weights file whose bytes are in memory, or are read by a [`Bytes`] that you provide.
///
/// Its format is recognised by its content; `name` names it in errors, and an unnamed array in it.
/// Files next to it do not exist: for shards, see [`open_at`].
///
/// ```
/// let csv = "1,2,3\n4,5,6\n".as_bytes();
/// let bytes = std::sync::Arc::new(hinton::Memory::new(csv));
/// let checkpoint = hinton::open_bytes("table.csv", bytes)?;
/// assert_eq!(checkpoint.tensors[0].shape(), [2, 3]);
/// # Ok::<(), hinton::Error>(())
/// ```
///
/// # Errors
/// Returns the errors of [`open`].
pub fn open_bytes(name: impl Into<String>, data: Arc<dyn Bytes>) -> Result<Checkpoint, Error> {
    let input = Input { name: name.into(), path: None, data };
    Ok(hinton_format::open_input(&input, &Limits::default())?)
}

/// Opens a training run: a file with a list of arrays or with an array over time, a folder or a
/// list of checkpoints, or a run folder.
///
/// Reads the headers of every step, but no values.
///
/// # Errors
/// Returns [`Error::Run`] if the paths cannot be read as a run, or no step can be read.
pub fn open_run(paths: &[impl AsRef<Path>], options: &RunOptions) -> Result<Run, Error> {
    let paths: Vec<_> = paths.iter().map(|path| path.as_ref().to_owned()).collect();
    Ok(hinton_run::open_run(&paths, options)?)
}

/// Lists the files and folders in a folder that hold weights, in natural order of their names.
///
/// Each is treated as a model by itself, even if the folder could be read as a run or a set of
/// shards.
///
/// # Errors
/// Returns an error if the folder cannot be listed, or holds no weights.
pub fn weights_in(folder: impl AsRef<Path>) -> Result<Vec<PathBuf>, Error> {
    Ok(hinton_run::weights_in(folder.as_ref(), &Limits::default())?)
}

/// Opens a training log (CSV, JSON, JSON lines) as a run that has metrics but no steps; `None` if
/// the file is not a log.
///
/// With `any_header`, a table is accepted whose header names neither a step nor a metric.
///
/// # Errors
/// Returns an error if the file cannot be read.
pub fn open_log(path: impl AsRef<Path>, any_header: bool) -> Result<Option<Run>, Error> {
    Ok(hinton_run::open_log(path.as_ref(), any_header, &Limits::default())?)
}

/// Opens the logs in a folder as runs that have metrics but no steps.
///
/// If the folder holds event files of TensorBoard, each folder of event files is a run; else each
/// log is a run. Empty if there are no logs.
///
/// # Errors
/// Returns an error if a folder or a log cannot be read.
pub fn open_logs(folder: impl AsRef<Path>) -> Result<Vec<Run>, Error> {
    Ok(hinton_run::open_logs(folder.as_ref(), &Limits::default())?)
}

/// Lists the folders in a folder on disk, sorted by name, without hidden ones.
///
/// Empty if the path is not a folder, cannot be read, or is an address.
pub fn folders_in(path: impl AsRef<Path>) -> Vec<PathBuf> {
    let path = path.as_ref();
    if is_address(path) || !is_dir(path) {
        return Vec::new();
    }
    let entries = read_dir(path).unwrap_or_default();
    let is_shown = |entry: &Entry| entry.is_dir && !entry.name.starts_with('.');
    entries.into_iter().filter(is_shown).map(|entry| path.join(entry.name)).collect()
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
fn far(path: &Path) -> Option<Location> {
    Location::find(path, &Limits::default()).ok()
}

/// Whether a path is an address (`https://…`, `hf://…`) rather than a path on disk.
///
/// The functions that open paths also open addresses if the program allows it
/// (`hinton_remote::install`).
pub fn is_address(path: impl AsRef<Path>) -> bool {
    hinton_format::source::places::address(path.as_ref()).is_some()
}
