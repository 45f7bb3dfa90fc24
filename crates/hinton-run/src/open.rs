//! Opening a run, whatever it is.

use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use hinton_format::source::places;
use hinton_format::{Error, ErrorKind, Limits};

use crate::disk::{self, Kind};
use crate::{Run, RunError, folder, glob, open_log, series, single};

/// How a run is opened.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct RunOptions {
    /// The axis of the arrays in one file that is time. Without it a file that holds one array of
    /// three or more axes is taken to have time on axis 0, unless it holds a list.
    pub steps_axis: Option<usize>,
    /// Whether every weights file of a folder is a step, whatever names and metadata say.
    pub every_file: bool,
    /// Bounds on what opening each checkpoint may cost.
    pub limits: Limits,
}

/// Told after each step that was looked at: how many are done, and of how many. `Break` stops.
pub(crate) type Watch<'a> = &'a mut dyn FnMut(usize, usize) -> ControlFlow<()>;

/// Opens what the paths mean as one run:
///
/// - one file: a log of metrics (CSV, JSON, JSON lines), a list of arrays (`.npz`, pickle), an array over time, or a checkpoint (one step);
/// - one folder: a run folder, a folder of checkpoints (files, or folders such as
///   `checkpoint-500/`), or one checkpoint in several files;
/// - several files and folders, or a pattern (`epoch_*.npz`) that means some: each is a checkpoint.
///
/// Reads the headers of every step once, and no values but those of one-dimensional arrays that
/// stand beside an array over time as step numbers and metrics.
///
/// # Errors
/// When a path or pattern means nothing, or no step can be read; then the first step's error is
/// given. One step that cannot be read is no error: it stays in the list as broken.
pub fn open_run(paths: &[PathBuf], options: &RunOptions) -> Result<Run, RunError> {
    open_run_watched(paths, options, &mut |_, _| ControlFlow::Continue(()))
}

/// As [`open_run`]; `watch` is told after each step how many of how many have been looked at, and
/// may stop the work.
///
/// # Errors
/// As [`open_run`], and [`RunError::Cancelled`].
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
            format!("{}: this is a run of its own, and no step of another", disk::shown(run)),
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

/// Whether a folder is a run folder: it has a `run.json` that says so, or `steps/` with a
/// `run.json` that cannot be read.
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
            && glob::is_glob(&path.to_string_lossy());
        if !is_pattern {
            found.push(path.clone());
            continue;
        }
        let matching = glob::expand(path)?;
        if matching.is_empty() {
            let message = "no file or folder fits this pattern";
            let error = Error::new(ErrorKind::Io, message).in_file(&disk::shown(path));
            return Err(error.cure("check the folder, and what stands for the number").into());
        }
        found.extend(matching);
    }
    Ok(found)
}
