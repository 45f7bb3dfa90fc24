//! A log that stands alone: its metrics are all that is known of the run.

use std::path::{Path, PathBuf};

use hinton_format::{Limits, Warning};

use super::axis::{Places, is_log};
use super::table::Table;
use super::{Metrics, has_log_name};
use crate::disk::{self, Kind};
use crate::json;
use crate::run::Sources;
use crate::{Run, RunError, RunKind};

/// Most bytes of a log.
const LOG_BYTES: u64 = 256 << 20;
/// What stands before the tag in the names of files that TensorBoard exports.
const TAG: &str = "tag-";

/// Opens a log of a training (CSV, JSON, JSON lines) as a run without steps; `None` where the file
/// is none. `any_header` also takes a table whose header names neither a step nor a metric.
///
/// # Errors
/// When the file cannot be read.
pub fn open_log(path: &Path, any_header: bool, limits: &Limits) -> Result<Option<Run>, RunError> {
    let name = path.file_name().map(|name| name.to_string_lossy()).unwrap_or_default();
    if disk::kind(path) != Some(Kind::File) || !has_log_name(&name) {
        return Ok(None);
    }
    let text = disk::read(path, LOG_BYTES.min(limits.text_bytes))?;
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

/// A run of metrics alone.
pub(super) fn of_metrics(
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
        sources: Sources::Files { paths: Vec::<PathBuf>::new(), root: None },
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
            let message = format!("{} lines are no rows of metrics and not used", table.unread);
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
