//! Logs without checkpoints: their metrics are all that is known about the run.

use std::path::{Path, PathBuf};

use hinton_format::{ErrorKind, Limits, Warning};

use super::axis::is_log;
use super::places::Places;
use super::table::Table;
use super::{Metrics, events, has_log_name};
use crate::disk::{self, Kind};
use crate::json;
use crate::run::Sources;
use crate::{Run, RunError, RunKind, natural_cmp};

/// Most bytes of a log.
const LOG_BYTES: u64 = 256 << 20;
/// How deep folders of event files lie, how many folders are looked at, and how many runs opened.
const DEEPEST: usize = 4;
const MOST_FOLDERS: usize = 1000;
const MOST_RUNS: usize = 24;
/// What stands before the tag in the names of files that TensorBoard exports.
const TAG: &str = "tag-";

/// Opens a training log (CSV, JSON, JSON lines) as a run without steps; `None` if the file is not a
/// log. With `any_header`, a table is accepted whose header names neither a step nor a metric.
///
/// # Errors
/// Returns an error if the file cannot be read.
pub fn open_log(path: &Path, any_header: bool, limits: &Limits) -> Result<Option<Run>, RunError> {
    let name = path.file_name().map(|name| name.to_string_lossy()).unwrap_or_default();
    if events::is_event_file(path, &name) {
        return of_event_files(path, &[path.to_owned()], limits).map(Some);
    }
    if disk::kind(path) != Some(Kind::File) || !has_log_name(&name) {
        return Ok(None);
    }
    let text = match disk::read(path, LOG_BYTES.min(limits.text_bytes)) {
        // What is too long for a log may be a table of weights.
        Err(error) if error.kind() == ErrorKind::Limit => return Ok(None),
        text => text?,
    };
    let Some(table) = Table::read(&text, any_header) else { return Ok(None) };
    drop(text);
    if !(any_header || is_log(&table)) {
        return Ok(None);
    }
    let alone = Alone::of(&table, &name);
    if alone.metrics.is_empty() {
        return Ok(None);
    }
    let mut warnings = alone.warnings;
    warnings.extend(alone.metrics.warnings());
    Ok(Some(of_metrics(path, alone.word, alone.metrics, warnings, limits)))
}

/// Opens a folder of logs as runs without steps. Looks for event files of TensorBoard in the folder
/// and, like `tensorboard --logdir`, in its subfolders to a depth of a few levels; each folder that
/// has some is a run. If there are none, each other log in the folder itself is a run.
///
/// # Errors
/// Returns an error if a folder cannot be listed, or a log cannot be read.
pub fn open_logs(folder: &Path, limits: &Limits) -> Result<Vec<Run>, RunError> {
    if disk::kind(folder) != Some(Kind::Folder) {
        return Ok(Vec::new());
    }
    let mut runs = Vec::new();
    let mut folders = vec![(folder.to_owned(), 0)];
    let mut looked = 0;
    while let Some((path, depth)) = folders.pop() {
        looked += 1;
        if runs.len() == MOST_RUNS || looked > MOST_FOLDERS {
            break;
        }
        let mut entries = disk::list(&path)?;
        entries.sort_by(|a, b| natural_cmp(&a.name, &b.name));
        let is_one = |entry: &&disk::Entry| events::is_event_file(&entry.path, &entry.name);
        let files: Vec<PathBuf> =
            entries.iter().filter(is_one).map(|entry| entry.path.clone()).collect();
        if !files.is_empty() {
            runs.push(of_event_files(&path, &files, limits)?);
        }
        // The last is taken first; a link could lead back to where it came from.
        let inside = entries.iter().rev().filter(|it| it.kind == Kind::Folder && !it.is_link);
        folders.extend(inside.map(|it| (it.path.clone(), depth + 1)).filter(|it| it.1 <= DEEPEST));
    }
    // What holds nothing but texts and pictures shows nothing beside runs with numbers.
    let (mut runs, without): (Vec<Run>, Vec<Run>) =
        runs.into_iter().partition(|run| !run.metrics.is_empty());
    if runs.is_empty() {
        let mut entries = disk::list(folder)?;
        entries.sort_by(|a, b| natural_cmp(&a.name, &b.name));
        for entry in entries.iter().take(MOST_FOLDERS) {
            runs.extend(open_log(&entry.path, false, limits)?);
            if runs.len() == MOST_RUNS {
                break;
            }
        }
    }
    Ok(if runs.is_empty() { without } else { runs })
}

/// The event files of one folder as a run: a trainer that goes on starts a new one.
fn of_event_files(path: &Path, files: &[PathBuf], limits: &Limits) -> Result<Run, RunError> {
    let mut all = Metrics::default();
    let mut warnings = Vec::new();
    for file in files {
        let (metrics, said) = events::read(file)?;
        let name = file.file_name().map(|name| name.to_string_lossy().into_owned());
        let of_file = |one: Warning| match files.len() {
            1 => one,
            _ => Warning::about(name.clone().unwrap_or_default(), one.message),
        };
        warnings.extend(said.into_iter().map(of_file));
        // Of equal steps those of the later file hold.
        let mut newer = metrics;
        newer.join(all);
        all = newer;
    }
    warnings.extend(all.warnings());
    Ok(of_metrics(path, "step".to_owned(), all, warnings, limits))
}

/// A run of metrics alone.
fn of_metrics(
    path: &Path,
    axis: String,
    metrics: Metrics,
    warnings: Vec<Warning>,
    limits: &Limits,
) -> Run {
    let name = path.file_name().map(|name| name.to_string_lossy().into_owned());
    Run {
        path: disk::shown(path),
        kind: RunKind::Log,
        steps: Vec::new(),
        warnings,
        trained: None,
        settings: None,
        logs: vec![format!("{} (by {axis})", name.unwrap_or_default())],
        axis,
        metrics,
        tensors: Vec::new(),
        sources: Sources::Files { paths: Vec::<PathBuf>::new(), root: None, lone: None },
        limits: *limits,
    }
}

/// The metrics of a table of which nothing else is known.
pub(super) struct Alone {
    pub(super) word: String,
    pub(super) metrics: Metrics,
    warnings: Vec<Warning>,
}

impl Alone {
    pub(super) fn of(table: &Table, file: &str) -> Alone {
        let places = Places::of(table);
        let mut warnings = Vec::new();
        if table.unread > 0 {
            let message =
                format!("{} lines are not rows of metrics and were skipped", table.unread);
            warnings.push(Warning::file(message));
        }
        if places.carried > 0 {
            let message = format!(
                "{} rows name no {}: they stand at that of the row before",
                places.carried, places.word
            );
            warnings.push(Warning::file(message));
        }
        let (numbers, values) = numbers(&places.rows);
        let mut metrics = table.metrics(places.column, &numbers);
        metrics.set_places(values);
        // TensorBoard calls the one metric of an export "Value", and the file after its tag.
        if let Some((_, tag)) = file.rsplit_once('.').map_or(file, |name| name.0).rsplit_once(TAG)
            && metrics.names().eq(["Value"])
        {
            metrics.rename("Value", tag);
        }
        Alone { word: places.word, metrics, warnings }
    }
}

/// The number of each row. Where places are no whole numbers, the distinct ones are counted, and
/// given too.
fn numbers(places: &[Option<f64>]) -> (Vec<Option<u64>>, Vec<f64>) {
    let all_whole = places.iter().flatten().all(|place| json::whole(*place).is_some());
    if all_whole {
        return (places.iter().map(|place| place.and_then(json::whole)).collect(), Vec::new());
    }
    let mut distinct: Vec<f64> = places.iter().flatten().copied().collect();
    distinct.sort_by(f64::total_cmp);
    distinct.dedup();
    let number = |place: f64| distinct.partition_point(|other| *other < place) as u64;
    (places.iter().map(|place| place.map(number)).collect(), distinct)
}
