//! Other files next to the checkpoints: logs with metrics, and files to ignore.

use std::path::PathBuf;

use hinton_format::Warning;

use super::order::quoted;
use crate::disk::{self, Entry, Kind};
use crate::metrics::{self, Fit, Metrics, Misfit, Table};
use crate::scan::numbered;
use crate::{Run, Step, natural_cmp};

/// Most bytes of a log beside checkpoints, and most logs.
const LOG_BYTES: u64 = 16 << 20;
const MOST_LOGS: usize = 50;

/// Entries that are no steps.
pub(super) struct Others {
    pub(super) entries: Vec<Entry>,
    /// A log that may lie in the last checkpoint's folder.
    pub(super) inner: Option<PathBuf>,
    /// Whether those that are not used are to be told.
    pub(super) are_said: bool,
}

/// The table in a file, where it may be a log.
fn table(entry: &Entry) -> Option<Table> {
    if entry.kind != Kind::File || !metrics::has_log_name(&entry.name) {
        return None;
    }
    Table::read(&disk::read(&entry.path, LOG_BYTES).ok()?, false)
}

/// Whether a file holds numbered rows of metrics rather than weights.
pub(super) fn is_log(entry: &Entry) -> bool {
    table(entry).is_some_and(|table| metrics::is_log(&table))
}

fn not_used(name: &str, why: &str) -> Warning {
    Warning::about(name, format!("its metrics are not used: {why}"))
}

/// The metrics of an event file, where at least half of the steps have some.
fn of_events(entry: &Entry, steps: &[Step]) -> Result<Option<Fit>, String> {
    let (metrics, _) = metrics::events::read(&entry.path).map_err(|error| error.to_string())?;
    let known = metrics.numbers();
    let hits = steps.iter().filter(|step| known.contains(&step.number)).count();
    let fits = hits * 2 >= steps.len() && hits >= steps.len().min(2);
    Ok(fits.then(|| Fit { key: "step".to_owned(), metrics, shifted: None }))
}

/// Gives the steps the metrics of the logs that clearly belong to them, and tells of the rest.
pub(super) fn add_logs(run: &mut Run, mut others: Others, word: &str) {
    others.entries.sort_by(|a, b| natural_cmp(&a.name, &b.name));
    if let Some(path) = others.inner.filter(|path| disk::kind(path) == Some(Kind::File)) {
        let mut parts: Vec<_> =
            path.iter().rev().take(2).map(|part| part.to_string_lossy()).collect();
        parts.reverse();
        let name = parts.join("/");
        others.entries.push(Entry { name, path, kind: Kind::File, is_link: false });
    }
    let mut merged = Metrics::default();
    let mut unused = Vec::new();
    let mut fits: Vec<(&str, Fit)> = Vec::new();
    let mut tables = 0;
    for entry in &others.entries {
        if tables < MOST_LOGS && metrics::events::is_event_file(&entry.path, &entry.name) {
            tables += 1;
            match of_events(entry, &run.steps) {
                Ok(Some(fit)) => fits.push((entry.name.as_str(), fit)),
                Ok(None) => unused.push(entry.name.as_str()),
                Err(why) => run.warnings.push(not_used(&entry.name, &why)),
            }
            continue;
        }
        let table = if tables < MOST_LOGS { table(entry) } else { None };
        let Some(table) = table else {
            unused.push(entry.name.as_str());
            continue;
        };
        tables += 1;
        match table.fit(&run.steps, word) {
            Ok(fit) => fits.push((entry.name.as_str(), fit)),
            Err(Misfit::Unrelated) => unused.push(&entry.name),
            Err(Misfit::Near(why)) => run.warnings.push(not_used(&entry.name, &why)),
        }
    }
    // Beside a log with the numbers of the steps, one that counts from 0 is of something else.
    let is_exact = fits.iter().any(|(_, fit)| fit.shifted.is_none());
    for (name, fit) in fits {
        if let Some(numbers) = &fit.shifted {
            if is_exact {
                run.warnings.push(not_used(name, numbers));
                continue;
            }
            let message = "its epochs count from 0, those of the checkpoints from 1: each \
                           checkpoint has the metrics of the epoch one lower";
            run.warnings.push(Warning::about(name, message));
        }
        run.logs.push(format!("{name} (by {})", fit.key));
        if run.logs.len() == 1 && fit.key != "place" {
            run.axis.clone_from(&fit.key);
        }
        merged.join(fit.metrics);
    }
    if others.are_said && !unused.is_empty() {
        let message = format!("not part of the run: {}", quoted(&unused));
        run.warnings.push(Warning::file(message));
    }
    run.warnings.extend(merged.warnings());
    merged.give_to(&mut run.steps);
    if !merged.is_empty() {
        let known = merged.numbers();
        let numbers = run.steps.iter().map(|step| step.number);
        let without: Vec<u64> = numbers.filter(|number| !known.contains(number)).collect();
        if !without.is_empty() {
            let message = format!("the log has no metrics of {}", numbered(&without));
            run.warnings.push(Warning::file(message));
        }
    }
    run.metrics = merged;
}
