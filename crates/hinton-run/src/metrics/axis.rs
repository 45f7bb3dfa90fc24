//! What the names of a log's columns mean: which may number its rows, tell the time, or are metrics.

use super::table::{Origin, Table};

/// Names of columns that number the rows; the first wins where two fit equally.
const AXES: [&str; 14] = [
    "step",
    "global_step",
    "iteration",
    "iterations",
    "iter",
    "total_timesteps",
    "timesteps",
    "num_updates",
    "update",
    "updates",
    "epoch",
    "epochs",
    "current_epoch",
    "round",
];
/// Groups that loggers put such a column in: `trainer/global_step`, `time/iterations`.
const AXIS_GROUPS: [&str; 8] =
    ["train", "trainer", "training", "time", "global", "progress", "general", "charts"];
/// Names of columns that hold the time, where their values rise.
const TIMES: [&str; 11] = [
    "time",
    "timestamp",
    "wall_time",
    "walltime",
    "elapsed",
    "elapsed_time",
    "time_elapsed",
    "relative_time",
    "runtime",
    "date",
    "eta",
];
/// Parts of the names of metrics that tell the pace and not the success.
const PACE: [&str; 9] =
    ["time", "second", "samples", "eta", "fps", "per_sec", "memory", "tokens_seen", "total_flos"];
/// Parts of the names of metrics, by which a table without step numbers is known.
const METRIC_PARTS: [&str; 8] =
    ["loss", "acc", "error", "mse", "perplexity", "bleu", "reward", "auc"];

/// A name without the words and signs that loggers put around it: lower case, joined by `_`,
/// without a run's name (`run 1 - _step`) or a group for the trainer's own numbers.
pub(super) fn plain(name: &str) -> String {
    let own = name.rsplit(" - ").next().unwrap_or(name).trim();
    let own = match own.split_once('/') {
        Some((group, rest)) if AXIS_GROUPS.contains(&group.to_ascii_lowercase().as_str()) => rest,
        _ => own,
    };
    own.trim_start_matches('_').to_ascii_lowercase().replace([' ', '-'], "_")
}

/// The index of a name among those that number rows.
pub(super) fn rank(name: &str) -> Option<usize> {
    let plain = plain(name);
    AXES.iter().position(|axis| *axis == plain)
}

/// Whether a column of that name may number the rows.
pub(super) fn is_axis(name: &str) -> bool {
    rank(name).is_some()
}

/// Whether a column of that name may hold the time.
pub(super) fn is_time(name: &str) -> bool {
    TIMES.contains(&plain(name).as_str())
}

/// Whether a metric describes the progress or speed of a training rather than its quality: `epoch`,
/// `iter_time`, `fps`.
pub fn is_pace(name: &str) -> bool {
    let plain = plain(name);
    let is_part = |part: &&str| plain.contains(*part);
    is_axis(name) || is_time(name) || PACE.iter().any(is_part)
}

/// Whether one of the names is that of a metric.
pub(super) fn are_metrics(names: &[String]) -> bool {
    let is_metric = |name: &String| {
        let plain = plain(name);
        METRIC_PARTS.iter().any(|part| plain.contains(part))
    };
    names.iter().any(is_metric)
}

/// Whether a table is the log of a training rather than weights, points or settings.
pub(crate) fn is_log(table: &Table) -> bool {
    let is_one_row = table.rows.len() < 2;
    match table.origin {
        // A header names what it is of; a logger that has just begun has written one row.
        Origin::Csv => table.is_numbered() || are_metrics(&table.names),
        // One object is a configuration as likely as not.
        _ if is_one_row => false,
        Origin::Json => table.is_numbered() || are_metrics(&table.names),
        Origin::Columns => are_metrics(&table.names),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_weights_and_points_are_no_logs() {
        for text in [
            r#"{"epochs": 10, "lr": 0.1}"#,
            r#"{"layers": [64, 32]}"#,
            r#"{"added_tokens": [{"id": 0}, {"id": 1}]}"#,
            "x,y,label\n1,2,0\n3,4,1\n",
            "a,b\n1,2\n",
            "1,2\n3,4\n",
        ] {
            let table = Table::read(text.as_bytes(), false);
            assert!(table.is_none_or(|table| !is_log(&table)), "{text}");
        }
    }
}
