//! Opens runs of any kind.

use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use hinton_format::source::places;
use hinton_format::{Error, ErrorKind, Limits};

use crate::disk::{self, Kind};
use crate::glob::{self, Brackets, Glob};
use crate::{Run, RunError, folder, open_log, series, single};

/// How to open a run.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct RunOptions {
    /// The axis that is time in the arrays of one file. If `None`, axis 0 of a file with a single
    /// array of three or more axes is taken as time, unless the file holds a list.
    pub steps_axis: Option<usize>,
    /// Whether every weights file of a folder is a step, regardless of names and metadata.
    pub every_file: bool,
    /// Limits on the cost of opening each checkpoint.
    pub limits: Limits,
}

/// Told after each step that was looked at: how many are done, and of how many. `Break` stops.
pub(crate) type Watch<'a> = &'a mut dyn FnMut(usize, usize) -> ControlFlow<()>;

/// Opens one or more paths as one run:
///
/// - One file: a log of metrics (CSV, JSON, JSON lines), a list of arrays (`.npz`, pickle), an
///   array over time, or a checkpoint (one step).
/// - One folder: a run folder, a folder of checkpoints (files, or folders such as
///   `checkpoint-500/`), or one checkpoint in several files.
/// - Several files and folders, or a pattern that matches some (`epoch_*.npz`): each is a
///   checkpoint.
///
/// Reads the headers of every step once. The only values it reads are those of one-dimensional
/// arrays next to an array over time, which are step numbers and metrics.
///
/// # Errors
/// Returns an error if a path or pattern matches nothing, or no step can be read; the error is then
/// that of the first step. If only some steps cannot be read, that is not an error: they stay in
/// the list as broken.
pub fn open_run(paths: &[PathBuf], options: &RunOptions) -> Result<Run, RunError> {
    open_run_watched(paths, options, &mut |_, _| ControlFlow::Continue(()))
}

/// As [`open_run`]. After each step, `watch` is called with the number of steps examined and of all
/// steps; it may cancel the work.
///
/// # Errors
/// Returns the errors of [`open_run`], and [`RunError::Cancelled`].
pub fn open_run_watched(
    paths: &[PathBuf],
    options: &RunOptions,
    watch: &mut dyn FnMut(usize, usize) -> ControlFlow<()>,
) -> Result<Run, RunError> {
    let found = expand(paths)?;
    let lone_folder = match found.as_slice() {
        [] => {
            return Err(RunError::request("no path is given", "name a file, a folder or several"));
        }
        [only] => disk::kind(only) == Some(Kind::Folder),
        _ => false,
    };
    let lone = found.len() == 1;
    if options.steps_axis.is_some() && (!lone || lone_folder) {
        return Err(RunError::request(
            "the axis that is time was named, which is for one file with arrays over time",
            "name one file, or leave the axis out",
        ));
    }
    if let Some(run) = found.iter().find(|path| !lone && is_run_folder(path)) {
        return Err(RunError::request(
            format!("{}: this is a run by itself, not a step of another run", disk::shown(run)),
            "open runs one by one",
        ));
    }
    let mut run = match found.as_slice() {
        [only] if lone_folder && folder::is_one(only) => folder::open(only, options, watch)?,
        [only] if lone_folder => series::of_folder(only, options, watch)?,
        [only] => match open_log(only, false, &options.limits)? {
            Some(log) if options.steps_axis.is_none() => log,
            _ => single::open_file(only, options)?,
        },
        several => series::of_list(several, options, watch)?,
    };
    if let [only] = paths {
        run.path = disk::shown(only);
    }
    Ok(run)
}

/// Whether a folder is a run folder: it has a `run.json` that says so, or `steps/` and a `run.json`
/// that cannot be read.
pub fn is_run_folder(path: &Path) -> bool {
    disk::kind(path) == Some(Kind::Folder) && folder::is_one(path)
}

/// The paths, patterns replaced by what they mean.
fn expand(paths: &[PathBuf]) -> Result<Vec<PathBuf>, RunError> {
    let mut found = Vec::new();
    for path in paths {
        // A file may be called `a[1].npz`; an address is one file, whatever marks are in it.
        let is_pattern = disk::kind(path).is_none()
            && places::address(path).is_none()
            && Glob::new(&path.to_string_lossy(), Brackets::Set).has_wildcard();
        if !is_pattern {
            found.push(path.clone());
            continue;
        }
        let matching = glob::expand(path)?;
        if matching.is_empty() {
            let message = "no file or folder fits this pattern";
            let error = Error::new(ErrorKind::Io, message).in_file(&disk::shown(path));
            return Err(error.cure("check the folder, and the pattern for the number").into());
        }
        found.extend(matching);
    }
    Ok(found)
}
