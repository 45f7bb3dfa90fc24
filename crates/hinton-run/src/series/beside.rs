//! What lies beside the checkpoints: logs with metrics, and files that are none of ours.

use std::path::PathBuf;

use hinton_format::Warning;

use super::order::quoted;
use crate::disk::{self, Entry, Kind};
use crate::log::{Fit, Merged, Table};
use crate::scan::numbered;
use crate::{Run, natural_cmp};

/// Extensions of files that may be logs.
const LOG_EXTENSIONS: [&str; 6] = ["json", "jsonl", "ndjson", "csv", "tsv", "log"];
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
    let extension = entry.name.rsplit_once('.')?.1.to_ascii_lowercase();
    if entry.kind != Kind::File || !LOG_EXTENSIONS.contains(&extension.as_str()) {
        return None;
    }
    Table::read(&disk::read(&entry.path, LOG_BYTES).ok()?)
}

/// Whether a file holds numbered rows of metrics rather than weights.
pub(super) fn is_log(entry: &Entry) -> bool {
    table(entry).is_some_and(|table| table.is_numbered())
}

fn not_used(name: &str, why: &str) -> Warning {
    Warning::about(name, format!("its metrics are not used: {why}"))
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
    let mut merged = Merged::default();
    let mut unused = Vec::new();
    let mut fits: Vec<(&str, Fit)> = Vec::new();
    let mut tables = 0;
    for entry in &others.entries {
        let table = if tables < MOST_LOGS { table(entry) } else { None };
        let Some(table) = table else {
            unused.push(entry.name.as_str());
            continue;
        };
        tables += 1;
        match table.fit(&run.steps, word) {
            Ok(fit) => fits.push((entry.name.as_str(), fit)),
            Err(why) if why.is_empty() => unused.push(&entry.name),
            Err(why) => run.warnings.push(not_used(&entry.name, &why)),
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
        merged.join(fit.merged);
    }
    if others.are_said && !unused.is_empty() {
        let message = format!("no part of the run: {}", quoted(&unused));
        run.warnings.push(Warning::file(message));
    }
    run.warnings.extend(merged.warnings());
    merged.give_to(&mut run.steps);
    run.log = merged.into_rows();
    if !run.log.is_empty() {
        let has = |number| run.log.binary_search_by_key(&number, |row| row.number).is_ok();
        let numbers = run.steps.iter().map(|step| step.number);
        let without: Vec<u64> = numbers.filter(|number| !has(*number)).collect();
        if !without.is_empty() {
            let message = format!("the log has no metrics of {}", numbered(&without));
            run.warnings.push(Warning::file(message));
        }
    }
}
