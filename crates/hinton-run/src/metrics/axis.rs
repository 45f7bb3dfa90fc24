//! Determines which column of a log numbers its rows, and how a log matches the steps of a run.

use std::collections::{BTreeMap, BTreeSet};

use super::Metrics;
use super::table::{Origin, Row, Table};
use crate::{Step, json};

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
/// Parts of the data that are trained on.
const TRAINED_ON: [&str; 2] = ["train", "training"];

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

/// The place of a name among those that number rows.
fn rank(name: &str) -> Option<usize> {
    let plain = plain(name);
    AXES.iter().position(|axis| *axis == plain)
}

/// Whether a column of that name may number the rows.
pub(super) fn is_axis(name: &str) -> bool {
    rank(name).is_some()
}

/// Whether a metric describes the progress or speed of a training rather than its quality: `epoch`,
/// `iter_time`, `fps`.
pub fn is_pace(name: &str) -> bool {
    let plain = plain(name);
    let is_part = |part: &&str| plain.contains(*part);
    is_axis(name) || TIMES.contains(&plain.as_str()) || PACE.iter().any(is_part)
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

/// What numbers the rows of a log that stands alone.
pub(super) struct Places {
    /// What is counted: `step`, `epoch`; `row` where no column counts anything.
    pub(super) word: String,
    /// The column it comes from.
    pub(super) column: Option<usize>,
    /// The place of each row; `None` for rows before the first that has one.
    pub(super) rows: Vec<Option<f64>>,
    /// Rows that have no number of their own and stand at that of the row before.
    pub(super) carried: usize,
}

impl Places {
    /// The column with the most distinct numbers, among those that are called as if they numbered
    /// rows; where it starts again with each epoch, the epochs and its fractions of them.
    pub(super) fn of(table: &Table) -> Places {
        let axes = columns(table);
        let best = axes.iter().max_by(|a, b| {
            let rank = |column: usize| std::cmp::Reverse(rank(&table.names[column]));
            (a.1.len().cmp(&b.1.len())).then_with(|| rank(a.0).cmp(&rank(b.0)))
        });
        let only = |axis: &&(usize, BTreeSet<u64>)| axis.1.len() > 1 || !repeats(table);
        let Some(&(column, _)) = best.filter(only) else {
            let from = if table.origin == Origin::Columns { 1 } else { 0 };
            let word = if from == 1 { "epoch" } else { "row" };
            let rows = (0..table.rows.len()).map(|row| Some((row + from) as f64)).collect();
            return Places { word: word.to_owned(), column: None, rows, carried: 0 };
        };
        let is_epoch = |column: &usize| plain(&table.names[*column]).contains("epoch");
        let (epochs, others): (Vec<usize>, Vec<usize>) =
            axes.iter().map(|axis| axis.0).partition(is_epoch);
        let within = if is_epoch(&column) { others.first().copied() } else { Some(column) };
        let rows = epochs.first().zip(within).and_then(|(&epoch, it)| fractions(table, epoch, it));
        if let Some(rows) = rows {
            let column = within;
            return Places { word: "epoch".to_owned(), column, rows, carried: 0 };
        }
        let mut last = None;
        let mut carried = 0;
        let place = |row: &Row| {
            let own = row.get(column).filter(|place| place.is_finite() && *place >= 0.0);
            carried += usize::from(own.is_none() && last.is_some() && !row.cells.is_empty());
            last = own.or(last);
            last
        };
        let rows = table.rows.iter().map(place).collect();
        let word = match plain(&table.names[column]).as_str() {
            "global_step" => "step".to_owned(),
            "iter" | "iterations" => "iteration".to_owned(),
            "epochs" | "current_epoch" => "epoch".to_owned(),
            "updates" | "num_updates" => "update".to_owned(),
            other => other.to_owned(),
        };
        Places { word, column: Some(column), rows, carried }
    }
}

/// The columns that may number the rows, with the numbers in them.
fn columns(table: &Table) -> Vec<(usize, BTreeSet<u64>)> {
    let named = (0..table.names.len()).filter(|&column| is_axis(&table.names[column]));
    let numbers = |column| {
        let places = table.rows.iter().filter_map(move |row: &Row| row.get(column));
        // The bits of numbers from zero on are in their order.
        places.filter(|place| place.is_finite() && *place >= 0.0).map(f64::to_bits).collect()
    };
    let found = named.map(|column| (column, numbers(column)));
    found.filter(|axis: &(usize, BTreeSet<u64>)| !axis.1.is_empty()).collect()
}

/// Whether a column that is no axis has values in several rows: of one step they would hide one
/// another.
fn repeats(table: &Table) -> bool {
    let mut seen = BTreeSet::new();
    let mut metrics = table.rows.iter().flat_map(|row| {
        let is_metric = |cell: &&(usize, f64)| !is_pace(&table.names[cell.0]);
        row.cells.iter().filter(is_metric).map(|cell| (cell.0, row.part.as_deref()))
    });
    metrics.any(|metric| !seen.insert(metric))
}

/// Epochs with fractions, where a column counts from its start again in each of them, as the logs
/// of mmdetection do.
fn fractions(table: &Table, epoch: usize, within: usize) -> Option<Vec<Option<f64>>> {
    if epoch == within {
        return None;
    }
    let both = |row: &Row| Some((row.get(epoch)?, row.get(within)?));
    let is_trained_on = |row: &&Row| {
        row.part.as_deref().is_none_or(|part| TRAINED_ON.contains(&part.to_lowercase().as_str()))
    };
    let pairs: Vec<(f64, f64)> = table.rows.iter().filter(is_trained_on).filter_map(both).collect();
    let (mut next, mut again) = (0, 0);
    for pair in pairs.windows(2) {
        next += usize::from(pair[1].0 > pair[0].0);
        again += usize::from(pair[1].0 > pair[0].0 && pair[1].1 <= pair[0].1);
    }
    let most = pairs.iter().map(|pair| pair.1).fold(0.0, f64::max);
    if next == 0 || again < next || most < 1.0 {
        return None;
    }
    let first = pairs.iter().map(|pair| pair.0).fold(f64::INFINITY, f64::min);
    let from = if first >= 1.0 { 1.0 } else { 0.0 };
    let place = |row: &Row| {
        let (epoch, part) = (row.get(epoch)?, row.get(within));
        // What is measured between epochs stands at the end of the one before.
        let part = part.filter(|_| is_trained_on(&row)).map_or(1.0, |part| part / most);
        Some(epoch - from + part).filter(|place| place.is_finite() && *place >= 0.0)
    };
    Some(table.rows.iter().map(place).collect())
}

/// A log that numbers the steps of a run.
pub(crate) struct Fit {
    /// The column that numbers them, or `place`.
    pub(crate) key: String,
    pub(crate) metrics: Metrics,
    /// Where the file's epochs count from 0 and these are one higher: how it counts.
    pub(crate) shifted: Option<String>,
}

/// Why a table is not the log of a run.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Misfit {
    /// It has nothing to do with the run.
    Unrelated,
    /// It nearly fits: what speaks against it.
    Near(String),
}

impl Table {
    /// Whether a column numbers the rows.
    pub(crate) fn is_numbered(&self) -> bool {
        let has_number =
            |column: usize| self.rows.iter().any(|row| row.get(column).is_some_and(is_whole));
        (0..self.names.len()).any(|column| is_axis(&self.names[column]) && has_number(column))
    }

    /// The metrics by step, where a column of the table clearly numbers the steps of a run: at
    /// least half of them are found in it. A history of Keras has no such column; it fits where it
    /// has one place a step. `word` is what the checkpoints' names call their number.
    ///
    /// # Errors
    /// Why it is not used.
    pub(crate) fn fit(&self, steps: &[Step], word: &str) -> Result<Fit, Misfit> {
        let numbers: BTreeSet<u64> = steps.iter().map(|step| step.number).collect();
        if self.rows.len() < 2 {
            // One row is a configuration rather than a log.
            return Err(Misfit::Unrelated);
        }
        if self.origin == Origin::Columns && !self.is_numbered() {
            return self.by_place(steps);
        }
        let mut axes: Vec<usize> =
            (0..self.names.len()).filter(|&column| is_axis(&self.names[column])).collect();
        axes.sort_by_key(|&column| rank(&self.names[column]));
        let mut best: Option<(usize, bool, usize)> = None;
        for column in axes {
            let key = plain(&self.names[column]);
            let found: BTreeSet<u64> =
                self.rows.iter().filter_map(|row| json::whole(row.get(column)?)).collect();
            let hits = numbers.intersection(&found).count();
            let (first, last) = (found.first().unwrap_or(&0), found.last().unwrap_or(&0));
            let other_numbers = format!(
                "its {key}s run from {first} to {last}, which are not the numbers of the steps"
            );
            if key == "epoch" && counts_from_zero(&found, &numbers) {
                return Ok(Fit { shifted: Some(other_numbers), ..self.by(column, 1) });
            }
            if hits < numbers.len() && found.len() == numbers.len() && hits > 0 {
                // One counts from 0 and the other from 1, or they are two runs.
                return Err(Misfit::Near(other_numbers));
            }
            let named = key == word || (word == "it" && key == "iteration");
            let better = best.is_none_or(|best| (hits, named) > (best.0, best.1));
            if hits > 0 && better {
                best = Some((hits, named, column));
            }
        }
        match best {
            Some((hits, _, column))
                if hits * 2 >= numbers.len() && hits >= numbers.len().min(2) =>
            {
                Ok(self.by(column, 0))
            }
            _ => Err(Misfit::Unrelated),
        }
    }

    fn by_place(&self, steps: &[Step]) -> Result<Fit, Misfit> {
        if self.rows.len() != steps.len() || !are_metrics(&self.names) {
            return Err(Misfit::Unrelated);
        }
        let numbers: Vec<Option<u64>> = steps.iter().map(|step| Some(step.number)).collect();
        Ok(Fit { key: "place".to_owned(), metrics: self.metrics(None, &numbers), shifted: None })
    }

    fn by(&self, column: usize, add: u64) -> Fit {
        let number = |row: &Row| Some(json::whole(row.get(column)?)?.saturating_add(add));
        let numbers: Vec<Option<u64>> = self.rows.iter().map(number).collect();
        let metrics = self.metrics(Some(column), &numbers);
        Fit { key: plain(&self.names[column]), metrics, shifted: None }
    }

    /// The values of all columns but the one that numbers the rows and those of the time, by the
    /// numbers of the rows.
    pub(super) fn metrics(&self, axis: Option<usize>, numbers: &[Option<u64>]) -> Metrics {
        let names = self.metric_names();
        let times: Vec<bool> = (0..self.names.len()).map(|column| self.is_time(column)).collect();
        let parts: BTreeSet<&str> =
            self.rows.iter().filter_map(|row| row.part.as_deref()).collect();
        let mut joined: BTreeMap<(usize, &str), String> = BTreeMap::new();
        let mut metrics = Metrics::default();
        for (row, number) in self.rows.iter().zip(numbers) {
            let Some(number) = *number else { continue };
            for &(column, value) in row.cells.iter().filter(|cell| Some(cell.0) != axis) {
                let Some(name) = &names[column] else { continue };
                match row.part.as_deref().filter(|_| parts.len() > 1) {
                    _ if times[column] => metrics.push_time(number, Some(value)),
                    Some(part) if !is_axis(name) => {
                        let name = joined
                            .entry((column, part))
                            .or_insert_with(|| format!("{}_{name}", part.to_lowercase()));
                        metrics.push(name, number, value);
                    }
                    _ => metrics.push(name, number, value),
                }
            }
        }
        metrics.settle();
        metrics
    }

    /// Whether a column holds the time: it is called so, and never falls.
    fn is_time(&self, column: usize) -> bool {
        if !TIMES.contains(&plain(&self.names[column]).as_str()) {
            return false;
        }
        let values: Vec<f64> = self.rows.iter().filter_map(|row| row.get(column)).collect();
        values.windows(2).all(|pair| pair[0] <= pair[1])
    }

    /// What each column is called as a metric; `None` for columns that say nothing of their own:
    /// the bounds that W&B exports beside a metric.
    fn metric_names(&self) -> Vec<Option<String>> {
        let known: BTreeSet<&str> = self.names.iter().map(String::as_str).collect();
        let is_bound = |name: &str| {
            let base = name.strip_suffix("__MIN").or(name.strip_suffix("__MAX"));
            base.is_some_and(|base| known.contains(base))
        };
        // W&B names columns after the run too, which tells nothing where there is one.
        let prefix = |name: &str| name.rfind(" - ").map(|end| name[..end + 3].to_owned());
        let runs: BTreeSet<Option<String>> =
            self.names.iter().filter(|name| !is_axis(name)).map(|name| prefix(name)).collect();
        let shared = match runs.first() {
            Some(Some(prefix)) if runs.len() == 1 => prefix.as_str(),
            _ => "",
        };
        let named = |name: &String| {
            (!is_bound(name)).then(|| name.strip_prefix(shared).unwrap_or(name).to_owned())
        };
        self.names.iter().map(named).collect()
    }
}

fn is_whole(value: f64) -> bool {
    json::whole(value).is_some()
}

/// Whether a log counts epochs from 0 and the names of the checkpoints from 1, as Keras's CSVLogger
/// and ModelCheckpoint do: every checkpoint has its row one number lower, and the last none of its own.
fn counts_from_zero(found: &BTreeSet<u64>, numbers: &BTreeSet<u64>) -> bool {
    let (Some(&first), Some(&last)) = (found.first(), found.last()) else { return false };
    let has_row = |number: &u64| number.checked_sub(1).is_some_and(|row| found.contains(&row));
    first == 0 && numbers.last() == Some(&(last + 1)) && numbers.iter().all(has_row)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::LogRow;

    fn steps(numbers: &[u64]) -> Vec<Step> {
        let step = |&number: &u64| Step {
            number,
            name: String::new(),
            time: None,
            metrics: Vec::new(),
            broken: None,
        };
        numbers.iter().map(step).collect()
    }

    fn fitted(text: &str, numbers: &[u64], word: &str) -> Result<(String, Vec<LogRow>), Misfit> {
        let table = Table::read(text.as_bytes(), false).unwrap();
        let fit = table.fit(&steps(numbers), word)?;
        Ok((fit.key, fit.metrics.rows()))
    }

    fn row(number: u64, metrics: &[(&str, f64)]) -> LogRow {
        let metrics = metrics.iter().map(|(name, value)| ((*name).to_owned(), *value)).collect();
        LogRow { number, time: None, metrics }
    }

    #[test]
    fn every_kind_of_log_gives_the_same_rows() {
        let expected = vec![row(1, &[("loss", 0.5)]), row(2, &[("loss", 0.25)])];
        for text in [
            r#"[{"epoch": 1, "loss": 0.5}, {"epoch": 2, "loss": 0.25, "note": "x"}]"#,
            "{\"epoch\": 1, \"loss\": 0.5}\n{\"epoch\": 2, \"metrics\": {\"loss\": 0.25}}\n{\"ep",
            r#"{"epoch": [1, 2], "loss": [0.5, 0.25]}"#,
            r#"{"best": 1, "log_history": [{"epoch": 1.0, "loss": 0.5}, {"epoch": 2.0, "loss": 0.25}]}"#,
            "epoch,loss\n1,0.5\n2,0.25\n",
            "\u{feff}\"Epoch\";\"loss\"\r\n1;0.5\r\n2;0.25\r\n",
        ] {
            assert_eq!(fitted(text, &[1, 2], "epoch").unwrap().1, expected, "{text}");
        }
    }

    #[test]
    fn rows_of_one_step_are_put_together() {
        let text = "epoch,step,train,val,time\n0,99,0.5,,1.5\n0,99,,0.75,2.5\n1,199,0.25,,3.5\n";
        let (key, rows) = fitted(text, &[99, 199], "step").unwrap();
        assert_eq!(key, "step");
        assert_eq!(rows[0].time, Some(2.5));
        let metrics = [("epoch", 0.0), ("train", 0.5), ("val", 0.75)];
        assert_eq!(rows[0].metrics, row(0, &metrics).metrics);
        let table = Table::read(b"step,a\n1,2\n1,3\n", false).unwrap();
        let fit = table.fit(&steps(&[1]), "").ok().unwrap();
        assert!(fit.metrics.warnings()[0].message.contains("several values for 1 steps"));
    }

    #[test]
    fn what_does_not_clearly_match_is_not_used() {
        let log = "epoch,loss\n0,1\n1,2\n2,3\n";
        let told = "its epochs run from 0 to 2, which are not the numbers of the steps";
        assert_eq!(fitted(log, &[2, 3, 4], "epoch"), Err(Misfit::Near(told.to_owned())));
        assert_eq!(fitted(log, &[10, 20, 30, 40], "epoch"), Err(Misfit::Unrelated));
        assert!(Table::read(b"{\"a\": 1}", false).unwrap().fit(&steps(&[1]), "").is_err());
        for text in ["no table at all", "a,b\n1,2\n", "[1, 2]", ""] {
            assert_eq!(Table::read(text.as_bytes(), false), None, "{text}");
        }
    }

    #[test]
    fn a_log_of_keras_counts_from_zero_and_its_checkpoints_from_one() {
        let log = "epoch,loss,val_loss\n0,1.0,1.2\n1,0.5,0.6\n2,0.25,\n";
        for numbers in [&[1, 2, 3][..], &[1, 3]] {
            let table = Table::read(log.as_bytes(), false).unwrap();
            let fit = table.fit(&steps(numbers), "").ok().unwrap();
            assert!(fit.shifted.is_some() && fit.key == "epoch");
            let rows = fit.metrics.rows();
            assert_eq!(rows[0], row(1, &[("loss", 1.0), ("val_loss", 1.2)]));
            assert_eq!(rows[2], row(3, &[("loss", 0.25)]));
        }
        // Steps are counted by the trainer itself; a log that goes on is another run's.
        for (log, numbers) in [
            ("step,loss\n0,1\n1,2\n2,3\n", [1, 2, 3]),
            ("epoch,loss\n0,1\n1,2\n2,3\n3,4\n", [1, 2, 3]),
        ] {
            let fit = Table::read(log.as_bytes(), false).unwrap().fit(&steps(&numbers), "");
            assert!(!fit.is_ok_and(|fit| fit.shifted.is_some()), "{log}");
        }
    }

    #[test]
    fn a_history_without_numbers_fits_by_place() {
        let history = r#"{"loss": [3, 2, 1], "val_acc": [0.5, 0.6]}"#;
        let (key, rows) = fitted(history, &[10, 20, 30], "").unwrap();
        assert_eq!(key, "place");
        assert_eq!(rows[1], row(20, &[("loss", 2.0), ("val_acc", 0.6)]));
        assert_eq!(rows[2], row(30, &[("loss", 1.0)]));
        assert_eq!(fitted(history, &[10, 20], ""), Err(Misfit::Unrelated));
        assert_eq!(fitted(r#"{"layers": [64, 32]}"#, &[1, 2], ""), Err(Misfit::Unrelated));
        // A configuration is no log, even where a number of it is that of a step.
        assert_eq!(fitted(r#"{"epochs": 10, "lr": 0.1}"#, &[5, 10], ""), Err(Misfit::Unrelated));
    }

    /// A metric and its points.
    type Named = (String, Vec<(f64, f64)>);

    /// What numbers the rows of a log alone, and the metrics with their places.
    fn alone(text: &str) -> (String, Vec<Named>) {
        let table = Table::read(text.as_bytes(), false).unwrap();
        assert!(is_log(&table), "{text}");
        let alone = super::super::logs::Alone::of(&table, "log.csv");
        let points = |name: &str| {
            let points = alone.metrics.series(name).iter();
            points.map(|(number, value)| (alone.metrics.place(*number), *value)).collect()
        };
        let metrics: Vec<Named> = alone
            .metrics
            .names()
            .filter(|name| !is_pace(name))
            .map(|name| (name.to_owned(), points(name)))
            .collect();
        (alone.word, metrics)
    }

    fn named(name: &str, points: &[(f64, f64)]) -> Named {
        (name.to_owned(), points.to_vec())
    }

    #[test]
    fn the_column_that_numbers_the_rows_may_stand_anywhere() {
        for (text, word, metrics) in [
            // TensorBoard's "download CSV" and JSON.
            (
                "Wall time,Step,Value\n1700000000.25,0,0.99\n1700000072.25,100,0.98\n",
                "step",
                vec![named("Value", &[(0.0, 0.99), (100.0, 0.98)])],
            ),
            (
                "[[1700000000.25, 0, 0.99], [1700000072.25, 100, 0.98]]",
                "step",
                vec![named("Value", &[(0.0, 0.99), (100.0, 0.98)])],
            ),
            // Lightning: rows of training and of validation, empty cells.
            (
                "epoch,step,train_loss,val_loss\n0,9,0.5,\n0,10,,0.45\n1,19,0.3,\n1,20,,nan\n",
                "step",
                vec![named("train_loss", &[(9.0, 0.5), (19.0, 0.3)])],
            ),
            // W&B: the run's name before each metric, bounds beside it.
            (
                "\"Step\",\"eager-1 - _step\",\"eager-1 - loss\",\"eager-1 - loss__MIN\",\"eager-1 - loss__MAX\"\n0,0,1.5,1,2\n5,5,0.5,0,1\n",
                "step",
                vec![named("loss", &[(0.0, 1.5), (5.0, 0.5)])],
            ),
            // A training that went on: the last value of a step holds.
            (
                "step,loss\n0,1\n10,0.5\n20,9\n20,0.25\n30,0.125\n",
                "step",
                vec![named("loss", &[(0.0, 1.0), (10.0, 0.5), (20.0, 0.25), (30.0, 0.125)])],
            ),
            // A logger that has just begun.
            ("step,loss\n5,0.3\n", "step", vec![named("loss", &[(5.0, 0.3)])]),
            // Keras' history: its places are its epochs.
            (
                r#"{"loss": [3, 2], "val_loss": [4, 3]}"#,
                "epoch",
                vec![
                    named("loss", &[(1.0, 3.0), (2.0, 2.0)]),
                    named("val_loss", &[(1.0, 4.0), (2.0, 3.0)]),
                ],
            ),
            // Epochs in fractions, settings in the first line.
            (
                "{\"seed\": 1}\n{\"epoch\": 0.25, \"loss\": 2}\n{\"epoch\": 0.5, \"loss\": 1}\n",
                "epoch",
                vec![named("loss", &[(0.25, 2.0), (0.5, 1.0)])],
            ),
            // No column counts.
            (
                "loss;lr\n2;0,5\n1;0,25\n",
                "row",
                vec![
                    named("loss", &[(0.0, 2.0), (1.0, 1.0)]),
                    named("lr", &[(0.0, 0.5), (1.0, 0.25)]),
                ],
            ),
        ] {
            let (found, mut points) = alone(text);
            points.retain(|(_, points)| points.iter().all(|point| point.1.is_finite()));
            assert_eq!((found.as_str(), points), (word, metrics), "{text}");
        }
    }

    #[test]
    fn iterations_that_start_anew_are_fractions_of_epochs() {
        let text = r#"{"env_info": "x", "seed": 0}
{"mode": "train", "epoch": 1, "iter": 50, "lr": 0.1, "loss": 4.0, "time": 0.5}
{"mode": "train", "epoch": 1, "iter": 100, "lr": 0.1, "loss": 3.0, "time": 0.4}
{"mode": "val", "epoch": 1, "iter": 20, "lr": 0.1, "mAP": 0.25}
{"mode": "train", "epoch": 2, "iter": 50, "lr": 0.1, "loss": 2.0, "time": 0.5}
{"mode": "train", "epoch": 2, "iter": 100, "lr": 0.1, "loss": 1.0, "time": 0.4}
{"mode": "train", "epoch": 3, "iter": 50, "lr": 0.1, "loss": 0.5, "time": 0.4}
"#;
        let (word, metrics) = alone(text);
        assert_eq!(word, "epoch");
        let loss = [(0.5, 4.0), (1.0, 3.0), (1.5, 2.0), (2.0, 1.0), (2.5, 0.5)];
        assert!(metrics.contains(&named("train_loss", &loss)), "{metrics:?}");
        assert!(metrics.contains(&named("val_mAP", &[(1.0, 0.25)])), "{metrics:?}");
    }

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

    #[test]
    fn any_text_can_be_read() {
        // Tables are rare among texts of these characters, so some begin as one.
        let texts = "[\\[{}\\]\":, a-z0-9.\n-]{0,60}|a,b\n[0-9,.\n-]{0,40}|.*";
        let outcomes = hinton_testing::Outcomes::default();
        let mut config = proptest::test_runner::Config::with_cases(256);
        config.failure_persistence = None;
        proptest::proptest!(config, |(text in texts)| {
            for any_header in [false, true] {
                let table = Table::read(text.as_bytes(), any_header);
                outcomes.count(table.is_some());
                if let Some(table) = table {
                    let _ = table.fit(&steps(&[0, 1, 2]), "epoch").map(|fit| fit.metrics.rows());
                    let _ = super::super::logs::Alone::of(&table, "x").metrics.rows();
                }
            }
        });
        outcomes.at_least(10, 100);
    }
}
