//! hinton's own run folder: `run.json`, `steps/<number>.safetensors`, `metrics.jsonl`. Described in
//! docs/run-format.md.

use std::path::{Path, PathBuf};

use hinton_format::{Checkpoint, Error, ErrorKind, Warning};

use crate::disk::{self, Entry, Kind};
use crate::json::{self, Json};
use crate::metrics::{Line, LogRow, Metrics};
use crate::open::Watch;
use crate::run::{Sources, check_inside, open_step};
use crate::scan::{Scan, capped, numbered, oddities};
use crate::series::{all_broken, broken, of_step, ties_and_gaps};
use crate::{RUN_FORMAT, RUN_VERSION, Run, RunError, RunKind, RunOptions, Step, natural_cmp};

/// The file that says what the folder is.
pub(crate) const RUN_JSON: &str = "run.json";
/// The folder of the steps.
pub(crate) const STEPS: &str = "steps";
/// The file of the metrics.
pub(crate) const METRICS: &str = "metrics.jsonl";
/// End of the names of steps.
pub(crate) const STEP_END: &str = ".safetensors";

/// Most bytes of `run.json` and of `metrics.jsonl`.
const RUN_JSON_BYTES: u64 = 16 << 20;
const METRICS_BYTES: u64 = 256 << 20;
/// Keys of `run.json` that have a meaning.
const KEYS: [&str; 4] = ["format", "version", "trained", "settings"];

/// What `run.json` says.
pub(crate) enum About {
    /// It is of a run folder.
    Run { version: Json, trained: Option<String>, settings: Option<String>, unknown: Vec<String> },
    /// It is the file of another program.
    Other,
    /// It cannot be read: why.
    Damaged(String),
    /// There is none.
    Missing,
}

/// Reads `run.json`.
pub(crate) fn about(folder: &Path) -> About {
    let path = folder.join(RUN_JSON);
    if disk::kind(&path).is_none() {
        return About::Missing;
    }
    let read = check_inside(&path, folder).and_then(|()| disk::read(&path, RUN_JSON_BYTES));
    let text = match read {
        Ok(text) => text,
        Err(error) => return About::Damaged(error.message().to_owned()),
    };
    let json = match json::parse(&text) {
        Ok(json) => json,
        Err(why) => return About::Damaged(why),
    };
    if json.get("format").and_then(Json::text) != Some(RUN_FORMAT) {
        return About::Other;
    }
    let Json::Object(pairs) = &json else { return About::Other };
    let unknown = pairs.iter().map(|pair| pair.0.clone());
    About::Run {
        version: json.get("version").cloned().unwrap_or(Json::Null),
        trained: json.get("trained").and_then(Json::text).map(str::to_owned),
        settings: json.get("settings").filter(|json| **json != Json::Null).map(Json::to_string),
        unknown: unknown.filter(|key| !KEYS.contains(&key.as_str())).collect(),
    }
}

/// Whether a folder is a run folder: `run.json` says so, or cannot say anything beside `steps/`.
pub(crate) fn is_one(folder: &Path) -> bool {
    match about(folder) {
        About::Run { .. } => true,
        About::Other => false,
        About::Damaged(_) => disk::kind(&folder.join(STEPS)) == Some(Kind::Folder),
        About::Missing => {
            let numbered = |entry: &Entry| number_of(&entry.name).is_some();
            let steps = folder.join(STEPS);
            disk::kind(&steps) == Some(Kind::Folder)
                && disk::list(&steps).is_ok_and(|entries| entries.iter().any(numbered))
        }
    }
}

/// The number in `<number>.safetensors`.
pub(crate) fn number_of(name: &str) -> Option<u64> {
    let digits = name.strip_suffix(STEP_END)?;
    let plain = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    if plain { digits.parse().ok() } else { None }
}

/// Opens a run folder. A trainer may write to it meanwhile: what is whole is shown.
pub(crate) fn open(folder: &Path, options: &RunOptions, watch: Watch<'_>) -> Result<Run, RunError> {
    let mut warnings = Vec::new();
    let (trained, settings) = read_about(folder, &mut warnings)?;
    // Metrics before steps: a step is on disk before its line, so every line finds its step.
    let lines = read_metrics(folder, &mut warnings);
    let found = find_steps(folder, &mut warnings)?;

    let total = found.len();
    let mut scan = Scan::default();
    let (mut steps, mut paths) = (Vec::with_capacity(total), Vec::with_capacity(total));
    let mut told = Vec::new();
    let mut metrics = Metrics::default();
    lines.iter().for_each(|line| metrics.push_row(&line.row));
    let mut inside = Metrics::default();
    for (at, (number, entry)) in found.into_iter().enumerate() {
        let mut step =
            Step { number, name: entry.name, time: None, metrics: Vec::new(), broken: None };
        match open_step(&entry.path, Some(folder), &options.limits) {
            Ok(checkpoint) => {
                scan.add(at, checkpoint.tensors.iter());
                check_number(&step, &checkpoint, &mut told);
                inside.push_row(&row_of(number, &checkpoint));
                told.extend(checkpoint.warnings.into_iter().map(|one| of_step(&step.name, one)));
            }
            Err(error) => step.broken = Some(error),
        }
        steps.push(step);
        paths.push(entry.path);
        if watch(at + 1, total).is_break() {
            return Err(RunError::Cancelled);
        }
    }
    if let Some(error) = all_broken(&steps) {
        return Err(error.into());
    }
    if steps.is_empty() {
        warnings.push(Warning::file("there are no steps yet"));
    }
    say_lost(&lines, &steps, &mut warnings);
    metrics.settle();
    inside.settle();
    metrics.join(inside);
    warnings.extend(metrics.warnings());
    metrics.give_to(&mut steps);
    let numbers: Vec<(u64, &str)> =
        steps.iter().map(|step| (step.number, step.name.as_str())).collect();
    warnings.extend(ties_and_gaps(&numbers));
    let tensors = scan.finish();
    warnings.extend(broken(&steps));
    warnings.extend(capped(told, "warnings of single steps"));
    warnings.extend(oddities(&tensors, &steps));
    let logs = if lines.is_empty() { Vec::new() } else { vec![METRICS.to_owned()] };
    Ok(Run {
        path: disk::shown(folder),
        kind: RunKind::RunFolder,
        steps,
        warnings,
        trained,
        settings,
        metrics,
        axis: "step".to_owned(),
        logs,
        tensors,
        sources: Sources::Files { paths, root: Some(folder.to_owned()), lone: None },
        limits: options.limits,
    })
}

/// What was trained and with what settings.
///
/// # Errors
/// Returns an error if the folder is of a version that is not read.
pub(crate) fn read_about(
    folder: &Path,
    warnings: &mut Vec<Warning>,
) -> Result<(Option<String>, Option<String>), Error> {
    let file = disk::shown(&folder.join(RUN_JSON));
    match about(folder) {
        About::Run { version, trained, settings, unknown } => {
            match version.whole() {
                Some(1..=RUN_VERSION) => {}
                Some(later) if later > RUN_VERSION => {
                    let message = format!(
                        "this run folder is of version {later}; up to {RUN_VERSION} is read"
                    );
                    let error = Error::new(ErrorKind::Unsupported, message).in_file(&file);
                    return Err(error.cure("open it with a newer hinton"));
                }
                _ => {
                    let message = format!(
                        "its version is {version}, expected a number from 1: read as {RUN_VERSION}"
                    );
                    warnings.push(Warning::about(RUN_JSON, message));
                }
            }
            if !unknown.is_empty() {
                let unknown: Vec<&str> = unknown.iter().map(String::as_str).collect();
                let message =
                    format!("keys without a meaning: {}", crate::series::quoted(&unknown));
                warnings.push(Warning::about(RUN_JSON, message));
            }
            Ok((trained, settings))
        }
        About::Damaged(why) => {
            let message = format!("it cannot be read, the settings are unknown: {why}");
            warnings.push(Warning::about(RUN_JSON, message));
            Ok((None, None))
        }
        About::Missing | About::Other => {
            let message = "it is not there: what was trained is unknown";
            warnings.push(Warning::about(RUN_JSON, message));
            Ok((None, None))
        }
    }
}

/// The lines of `metrics.jsonl`. What is no line of metrics is reported and skipped.
fn read_metrics(folder: &Path, warnings: &mut Vec<Warning>) -> Vec<Line> {
    let path = folder.join(METRICS);
    if disk::kind(&path).is_none() {
        return Vec::new();
    }
    let text = match check_inside(&path, folder).and_then(|()| disk::read(&path, METRICS_BYTES)) {
        Ok(text) => text,
        Err(error) => {
            warnings.push(Warning::about(METRICS, format!("not used: {}", error.message())));
            return Vec::new();
        }
    };
    let mut bad = Vec::new();
    let mut lines = Vec::new();
    let is_cut = text.last().is_some_and(|byte| *byte != b'\n');
    let count = text.split(|byte| *byte == b'\n').count();
    for (at, line) in text.split(|byte| *byte == b'\n').enumerate() {
        if line.trim_ascii().is_empty() {
            continue;
        }
        match Line::parse(line) {
            Ok(line) => lines.push(line),
            Err(_) if is_cut && at + 1 == count => bad.push(Warning::about(
                METRICS,
                "its last line is cut short and is not used: it is being written, or its writer \
                 was stopped",
            )),
            Err(why) => {
                bad.push(Warning::about(METRICS, format!("line {} is not used: {why}", at + 1)))
            }
        }
    }
    warnings.extend(capped(bad, "lines of metrics.jsonl that are not used"));
    lines
}

/// The files of the steps in order; tells of everything else that lies beside them.
fn find_steps(folder: &Path, warnings: &mut Vec<Warning>) -> Result<Vec<(u64, Entry)>, Error> {
    let steps = folder.join(STEPS);
    check_inside(&steps, folder)?;
    let mut found = Vec::new();
    let mut said = Vec::new();
    // A writer that was killed early has made none.
    let entries = if disk::kind(&steps).is_some() { disk::list(&steps)? } else { Vec::new() };
    for entry in entries {
        match number_of(&entry.name) {
            // A folder of that name is a step that cannot be read.
            Some(number) => found.push((number, entry)),
            None if entry.name.starts_with('.') => said.push(Warning::about(
                entry.name,
                "a temporary file: a step is being written, or its writer was stopped",
            )),
            None if entry.name.ends_with(STEP_END) => said.push(Warning::about(
                entry.name,
                "not part of the run: its name is not a number up to 2^64",
            )),
            None => said.push(Warning::about(entry.name, "not part of the run")),
        }
    }
    let known = [RUN_JSON, METRICS, STEPS];
    for entry in disk::list(folder)? {
        if !known.contains(&entry.name.as_str()) {
            said.push(Warning::about(entry.name, "not part of the run"));
        }
    }
    warnings.extend(capped(said, "files that are not part of the run"));
    found.sort_by(|a, b| a.0.cmp(&b.0).then_with(|| natural_cmp(&a.1.name, &b.1.name)));
    Ok(found)
}

/// Tells where the file says another number than its name.
fn check_number(step: &Step, checkpoint: &Checkpoint, told: &mut Vec<Warning>) {
    let inside = checkpoint.metadata.iter().find(|(key, _)| key == "step");
    if let Some((_, inside)) = inside
        && inside.parse() != Ok(step.number)
    {
        let message = format!("its metadata say step {inside:?}; the name holds");
        told.push(Warning::about(&*step.name, message));
    }
}

/// The time and metrics in the metadata of a step: they hold where `metrics.jsonl` has no line,
/// because the writer was stopped before it, or never writes one.
fn row_of(number: u64, checkpoint: &Checkpoint) -> LogRow {
    let get = |wanted: &str| {
        checkpoint.metadata.iter().find(|(key, _)| key == wanted).map(|(_, value)| value.as_str())
    };
    let time = get("time").and_then(|time| time.parse().ok());
    let metrics = match get("metrics").map(|text| json::parse(text.as_bytes())) {
        Some(Ok(Json::Object(pairs))) => {
            pairs.into_iter().filter_map(|(name, value)| Some((name, value.number()?))).collect()
        }
        _ => Vec::new(),
    };
    LogRow { number, time, metrics }
}

/// Steps that a line of metrics calls saved, and that are not there.
fn say_lost(lines: &[Line], steps: &[Step], warnings: &mut Vec<Warning>) {
    let has = |number: u64| steps.binary_search_by_key(&number, |step| step.number).is_ok();
    let mut lost: Vec<u64> = lines
        .iter()
        .filter(|line| line.saved && !has(line.row.number))
        .map(|line| line.row.number)
        .collect();
    lost.sort_unstable();
    lost.dedup();
    if !lost.is_empty() {
        let message =
            format!("{METRICS} calls them saved, but there is no file: {}", numbered(&lost));
        warnings.push(Warning::file(message));
    }
}

/// Where a step lies.
pub(crate) fn step_path(folder: &Path, number: u64) -> PathBuf {
    folder.join(STEPS).join(format!("{number}{STEP_END}"))
}
