//! Writes run folders, so that they can be read at any moment and survive a crash of the writer.

use std::path::{Path, PathBuf};

use hinton_format::safetensors::{self, Part, Unfit};
use hinton_format::{ErrorKind, Limits};
use hinton_tensor::{Dtype, element_count};

use crate::folder::{About, METRICS, RUN_JSON, STEPS, about, number_of, read_about, step_path};
use crate::json::{self, Json, of_f64};
use crate::metrics::Line;
use crate::run::{check_inside, open_step};
use crate::{LogRow, RUN_FORMAT, RUN_VERSION, RunError, disk};

/// End of the names of temporary files.
const TEMPORARY_END: &str = ".hinton-tmp";

/// Writes a run folder step by step.
///
/// Steps are only ever added. Each is written to a temporary file that is then renamed, so readers
/// see only complete steps, and a writer that is killed loses at most the step it was writing. For
/// protection against power failure see [`RunWriter::durable`]. A folder must have only one writer
/// at a time.
#[derive(Debug)]
pub struct RunWriter {
    folder: PathBuf,
    last: Option<u64>,
    durable: bool,
    removed: Vec<u64>,
}

/// A step to be written.
#[derive(Debug, Clone, Copy, Default)]
pub struct NewStep<'a> {
    /// Its number, higher than those of all earlier steps.
    pub number: u64,
    /// The time of the step in seconds, on any clock; the library reads none.
    pub time: Option<f64>,
    /// Its tensors, at least one.
    pub tensors: &'a [NewTensor<'a>],
    /// Its metrics; values may be NaN or infinite.
    pub metrics: &'a [(&'a str, f64)],
}

/// A tensor to be written.
#[derive(Debug, Clone, Copy)]
pub struct NewTensor<'a> {
    /// Its name, unique within the step.
    pub name: &'a str,
    /// The dtype of its values; any except `c128`.
    pub dtype: Dtype,
    /// Length of each axis.
    pub shape: &'a [usize],
    /// The values in C order (last axis fastest), packed, little-endian.
    pub bytes: &'a [u8],
}

impl RunWriter {
    /// Starts a run in a folder, which is created if it is missing; other files in it are left
    /// alone. `trained` describes what is trained, for the user; `settings` is JSON, or empty.
    ///
    /// # Errors
    /// Returns an error if the folder already holds a run, `settings` is not JSON, or it cannot be
    /// written.
    pub fn create(folder: &Path, trained: &str, settings: &str) -> Result<Self, RunError> {
        let settings = match settings.trim() {
            "" => Json::Object(Vec::new()),
            text => json::parse(text.as_bytes()).map_err(|why| {
                RunError::request(format!("the settings are not JSON: {why}"), "give a JSON object")
            })?,
        };
        if is_taken(folder) {
            return Err(RunError::request(
                format!("{}: there is a run in this folder already", disk::shown(folder)),
                "resume it, or choose another folder",
            ));
        }
        let steps = folder.join(STEPS);
        disk::make_folder(&steps)?;
        check_links(folder)?;
        // A writer that was killed before its first step may have left these.
        disk::remove(&folder.join(temporary(RUN_JSON)));
        remove_temporary(&steps)?;
        let text = |text: &str| Json::Text(text.to_owned());
        let about = Json::Object(vec![
            ("format".to_owned(), text(RUN_FORMAT)),
            ("version".to_owned(), Json::Number(RUN_VERSION.into())),
            ("trained".to_owned(), text(trained)),
            ("settings".to_owned(), settings),
        ]);
        let line = format!("{about}\n");
        let path = folder.join(RUN_JSON);
        disk::write_whole(&path, &temporary(RUN_JSON), false, &[line.as_bytes()])?;
        Ok(RunWriter { folder: folder.to_owned(), last: None, durable: false, removed: Vec::new() })
    }

    /// Resumes a run whose writer ended or was killed. Removes the temporary file that it left, an
    /// incomplete line at the end of the metrics, and steps at the end with incomplete files, as
    /// after a power failure ([`RunWriter::removed`] lists those).
    ///
    /// # Errors
    /// Returns an error if the folder is not a run folder, has a later version, or cannot be
    /// written.
    pub fn resume(folder: &Path) -> Result<Self, RunError> {
        match about(folder) {
            About::Run { .. } => read_about(folder, &mut Vec::new())?,
            _ => {
                return Err(RunError::request(
                    format!(
                        "{}: this is not a run folder that can be resumed",
                        disk::shown(folder)
                    ),
                    "start a new one, or mend its run.json",
                ));
            }
        };
        let steps = folder.join(STEPS);
        disk::make_folder(&steps)?;
        check_links(folder)?;
        remove_temporary(&steps)?;
        let (last, removed) = remove_cut_steps(&steps, folder)?;
        disk::mend_last_line(&folder.join(METRICS), |line| Line::parse(line).is_ok())?;
        Ok(RunWriter { folder: folder.to_owned(), last, durable: false, removed })
    }

    /// The steps at the end of the run that [`RunWriter::resume`] removed because their files were
    /// incomplete, last step first.
    pub fn removed(&self) -> &[u64] {
        &self.removed
    }

    /// The same writer, waiting after each step until it is on disk: a power failure then loses at
    /// most the step that was being written. Slower by the time the disk takes, often milliseconds
    /// per step.
    pub fn durable(mut self) -> Self {
        self.durable = true;
        self
    }

    /// The number of the last step that was written.
    pub fn last(&self) -> Option<u64> {
        self.last
    }

    /// Adds a step.
    ///
    /// # Errors
    /// Returns an error if its number is not higher than the last, a tensor's bytes do not match
    /// its shape, a name occurs twice, or it cannot be written. The run is then unchanged, with one
    /// exception: if only the line of metrics cannot be written, the step is in the run, with the
    /// metrics in its own file.
    pub fn append(&mut self, step: &NewStep<'_>) -> Result<(), RunError> {
        if let Some(last) = self.last.filter(|last| step.number <= *last) {
            return Err(RunError::request(
                format!("step {} comes after step {last}: steps are only added", step.number),
                "number the steps upwards, or start a new run folder",
            ));
        }
        let beginning = beginning(step)?;
        let mut parts: Vec<&[u8]> = vec![&beginning];
        parts.extend(step.tensors.iter().map(|tensor| tensor.bytes));
        let path = step_path(&self.folder, step.number);
        if disk::kind(&path).is_some() {
            return Err(RunError::request(
                format!("{}: another writer has written this step", disk::shown(&path)),
                "give each run its own folder",
            ));
        }
        let name = format!("{}.safetensors", step.number);
        disk::write_whole(&path, &temporary(&name), self.durable, &parts)?;
        self.last = Some(step.number);
        self.line(step, true)
    }

    /// Adds metrics without tensors, between the steps; any step number is accepted.
    ///
    /// # Errors
    /// Returns an error if they cannot be written.
    pub fn log(
        &mut self,
        number: u64,
        time: Option<f64>,
        metrics: &[(&str, f64)],
    ) -> Result<(), RunError> {
        self.line(&NewStep { number, time, tensors: &[], metrics }, false)
    }

    /// Adds several rows of metrics without tensors, in one write.
    ///
    /// # Errors
    /// Returns an error if they cannot be written.
    pub fn log_rows(&mut self, rows: &[LogRow]) -> Result<(), RunError> {
        let mut lines = String::new();
        for LogRow { number, time, metrics } in rows {
            let metrics: Vec<(&str, f64)> =
                metrics.iter().map(|(name, value)| (name.as_str(), *value)).collect();
            let step = NewStep { number: *number, time: *time, tensors: &[], metrics: &metrics };
            lines.push_str(&line(&step, false));
        }
        match lines.as_str() {
            "" => Ok(()),
            lines => disk::append(&self.folder.join(METRICS), lines.as_bytes(), self.durable),
        }
    }

    fn line(&self, step: &NewStep<'_>, saved: bool) -> Result<(), RunError> {
        let line = line(step, saved);
        disk::append(&self.folder.join(METRICS), line.as_bytes(), self.durable)
    }
}

/// A step's line of metrics, with its end.
fn line(step: &NewStep<'_>, saved: bool) -> String {
    let mut pairs = vec![("step".to_owned(), Json::Number(step.number.into()))];
    if saved {
        pairs.push(("saved".to_owned(), Json::Bool(true)));
    }
    pairs.extend(step.time.map(|time| ("time".to_owned(), of_f64(time))));
    pairs.push(("metrics".to_owned(), metrics_json(step.metrics)));
    format!("{}\n", Json::Object(pairs))
}

/// Removes the run in a folder: `run.json`, the metrics and the steps. Other files and the folder
/// itself are kept. Does nothing if there is no run.
///
/// # Errors
/// Returns an error if the folder cannot be listed, or links in the run lead out of the folder.
pub fn remove_run(folder: &Path) -> Result<(), RunError> {
    if disk::kind(&folder.join(RUN_JSON)).is_none() {
        return Ok(());
    }
    check_links(folder)?;
    let steps = folder.join(STEPS);
    if disk::kind(&steps).is_some() {
        for entry in disk::list(&steps)? {
            let path = steps.join(&entry.name);
            if number_of(&entry.name).is_some() && !entry.is_link {
                disk::remove(&path);
            }
        }
    }
    // The file that makes it a run goes last.
    disk::remove(&folder.join(METRICS));
    disk::remove(&folder.join(RUN_JSON));
    Ok(())
}

/// Whether a folder holds a run that has begun. A `run.json` of ours, or a damaged one, without a
/// step and without metrics was left by a writer that was killed before its first step.
fn is_taken(folder: &Path) -> bool {
    let steps = disk::list(&folder.join(STEPS)).unwrap_or_default();
    let metrics = folder.join(METRICS);
    let has_metrics = disk::head(&metrics, 1).map_or(true, |bytes| !bytes.is_empty());
    steps.iter().any(|entry| !is_temporary(&entry.name))
        || has_metrics
        || matches!(about(folder), About::Other)
}

/// The settings in a folder's `run.json`, as JSON; `None` if there are none, or it is not a run
/// folder. Does not look at the steps.
///
/// # Errors
/// Returns an error if the run has a later version.
pub fn run_settings(folder: &Path) -> Result<Option<String>, RunError> {
    Ok(read_about(folder, &mut Vec::new())?.1)
}

/// Whether a run was started in the folder, but ended before it had a step or settings to resume
/// from. [`RunWriter::create`] then starts it again.
pub fn is_unbegun(folder: &Path) -> bool {
    let temporary = folder.join(temporary(RUN_JSON));
    match about(folder) {
        About::Missing => disk::kind(&temporary).is_some() && !is_taken(folder),
        About::Damaged(_) => !is_taken(folder),
        About::Run { .. } | About::Other => false,
    }
}

fn is_temporary(name: &str) -> bool {
    name.starts_with('.') && name.ends_with(TEMPORARY_END)
}

/// Removes what a killed writer left among the steps.
fn remove_temporary(steps: &Path) -> Result<(), RunError> {
    let left = disk::list(steps)?.into_iter().filter(|entry| is_temporary(&entry.name));
    left.for_each(|entry| disk::remove(&entry.path));
    Ok(())
}

/// Removes the steps behind the last one that can be read, where their content is damaged; links
/// and files that may not be read stay. Returns the last step that is there, and those removed.
fn remove_cut_steps(steps: &Path, folder: &Path) -> Result<(Option<u64>, Vec<u64>), RunError> {
    let entries = disk::list(steps)?.into_iter();
    let mut numbered: Vec<(u64, disk::Entry)> =
        entries.filter_map(|entry| Some((number_of(&entry.name)?, entry))).collect();
    numbered.sort_by_key(|(number, _)| *number);
    let mut removed = Vec::new();
    while let Some((number, entry)) = numbered.last() {
        let is_file = entry.kind == disk::Kind::File && !entry.is_link;
        let opened = open_step(&entry.path, Some(folder), &Limits::default());
        // An empty file, or the start of one, is of no format.
        let is_damaged = opened.is_err_and(|error| {
            matches!(error.kind(), ErrorKind::Malformed | ErrorKind::Unrecognised)
        });
        if !is_file || !is_damaged {
            break;
        }
        disk::remove(&entry.path);
        removed.push(*number);
        numbered.pop();
    }
    Ok((numbered.last().map(|(number, _)| *number), removed))
}

/// Nothing is written through links that lead out of the folder.
fn check_links(folder: &Path) -> Result<(), RunError> {
    check_inside(&folder.join(STEPS), folder)?;
    Ok(check_inside(&folder.join(METRICS), folder)?)
}

fn temporary(name: &str) -> String {
    format!(".{name}{TEMPORARY_END}")
}

fn metrics_json(metrics: &[(&str, f64)]) -> Json {
    let pair = |(name, value): &(&str, f64)| ((*name).to_owned(), of_f64(*value));
    Json::Object(metrics.iter().map(pair).collect())
}

/// The beginning of the file of a step.
fn beginning(step: &NewStep<'_>) -> Result<Vec<u8>, RunError> {
    let wrong = |name: &str, why: String| {
        let message = format!("step {}: tensor {name:?}: {why}", step.number);
        RunError::Request { message, cure: None }
    };
    if step.tensors.is_empty() {
        let message = format!("step {} has no tensors", step.number);
        return Err(RunError::request(message, "write metrics alone with `log`"));
    }
    let mut metadata = vec![("step", step.number.to_string())];
    metadata.extend(step.time.map(|time| ("time", time.to_string())));
    metadata.push(("metrics", metrics_json(step.metrics).to_string()));
    let mut parts = Vec::with_capacity(step.tensors.len());
    for &NewTensor { name, dtype, shape, bytes } in step.tensors {
        parts.push(Part { name, dtype, shape, bytes: bytes.len() as u64 });
    }
    let beginning = safetensors::beginning(&metadata, &parts).map_err(|unfit| {
        let (at, why) = match unfit {
            Unfit::KeptName(at) | Unfit::SameName(at) => (at, "its name is taken".to_owned()),
            Unfit::Dtype(at) => (at, format!("safetensors has no {}", parts[at].dtype)),
            Unfit::TooLarge(at) => (at, "64 bits cannot count the bytes".to_owned()),
        };
        wrong(parts[at].name, why)
    })?;
    for &Part { name, dtype, shape, bytes } in &parts {
        let bits = element_count(shape).and_then(|count| count.checked_mul(dtype.bits()));
        if bits != bytes.checked_mul(8) {
            return Err(wrong(
                name,
                format!("{bytes} bytes do not fill shape {shape:?} of {dtype}"),
            ));
        }
    }
    Ok(beginning)
}
