//! The metrics of a run: numbers by name and step, stored as columns.

mod axis;
mod csv;
pub(crate) mod events;
mod fit;
mod line;
mod logs;
mod places;
mod table;

use std::collections::{BTreeMap, HashMap, HashSet};

use hinton_format::Warning;

use crate::Step;
use crate::scan::capped;

pub(crate) use axis::is_log;
pub use axis::is_pace;
pub(crate) use fit::{Fit, Misfit};
pub(crate) use line::Line;
pub use logs::{open_log, open_logs};
pub(crate) use table::Table;

/// The metrics of one step, as read from a log.
#[derive(Debug, Clone, PartialEq)]
pub struct LogRow {
    /// The number of the step.
    pub number: u64,
    /// The time in seconds, on the trainer's clock.
    pub time: Option<f64>,
    /// Metrics, in the file's order; values may be NaN or infinite.
    pub metrics: Vec<(String, f64)>,
}

/// Extensions of files that may be logs.
const LOG_EXTENSIONS: [&str; 7] = ["json", "jsonl", "ndjson", "csv", "tsv", "log", "txt"];

/// Whether a file may be a log by its name.
pub(crate) fn has_log_name(name: &str) -> bool {
    let extension = name.rsplit_once('.').map(|parts| parts.1.to_ascii_lowercase());
    extension.is_some_and(|extension| LOG_EXTENSIONS.contains(&extension.as_str()))
}

/// Metrics over steps. Each name has a column of values in the order of the steps.
///
/// If a log has several values of a metric for one step, the last one counts.
#[derive(Debug, Clone, Default)]
pub struct Metrics {
    columns: Vec<Column>,
    /// Where a name stands in `columns`; only looked up, never walked.
    index: HashMap<String, usize>,
    times: BTreeMap<u64, f64>,
    /// The places of numbers that only count: of epochs such as 0.25. Empty where a number is its
    /// own place.
    places: Vec<f64>,
}

#[derive(Debug, Clone)]
struct Column {
    name: String,
    /// Step numbers, rising once [`Metrics::settle`] was called, and values.
    points: Vec<(u64, f64)>,
    /// How many values gave way to a later one of the same step.
    replaced: u64,
}

impl Metrics {
    /// The names, in order of first appearance.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.columns.iter().map(|column| column.name.as_str())
    }

    /// Whether there are no metrics.
    pub fn is_empty(&self) -> bool {
        self.columns.is_empty()
    }

    /// The values of a metric with their step numbers; empty if there is no such metric.
    pub fn series(&self, name: &str) -> &[(u64, f64)] {
        self.index.get(name).map_or(&[], |&at| &self.columns[at].points)
    }

    /// The position of a step number along the axis: the number itself, except for fractions of
    /// epochs.
    pub fn place(&self, number: u64) -> f64 {
        let counted = usize::try_from(number).ok().and_then(|at| self.places.get(at));
        counted.copied().unwrap_or(number as f64)
    }

    /// Adds a value; [`Metrics::settle`] is to be called after the last one.
    pub(crate) fn push(&mut self, name: &str, number: u64, value: f64) {
        let at = match self.index.get(name) {
            Some(&at) => at,
            None => {
                self.index.insert(name.to_owned(), self.columns.len());
                let name = name.to_owned();
                self.columns.push(Column { name, points: Vec::new(), replaced: 0 });
                self.columns.len() - 1
            }
        };
        self.columns[at].points.push((number, value));
    }

    /// Gives a metric another name, where it has none with that name already.
    pub(crate) fn rename(&mut self, from: &str, to: &str) {
        if !self.index.contains_key(to)
            && let Some(at) = self.index.remove(from)
        {
            self.columns[at].name = to.to_owned();
            self.index.insert(to.to_owned(), at);
        }
    }

    /// Adds when a step was; a later time holds.
    pub(crate) fn push_time(&mut self, number: u64, time: Option<f64>) {
        self.times.extend(time.map(|time| (number, time)));
    }

    /// Adds a row.
    pub(crate) fn push_row(&mut self, row: &LogRow) {
        self.push_time(row.number, row.time);
        row.metrics.iter().for_each(|(name, value)| self.push(name, row.number, *value));
    }

    /// The numbers only count; these are their places.
    pub(crate) fn set_places(&mut self, places: Vec<f64>) {
        self.places = places;
    }

    /// Puts every column in order of its steps; of several values for one step the last stays.
    pub(crate) fn settle(&mut self) {
        for column in &mut self.columns {
            // Stable: what was added later stays behind what was added before.
            column.points.sort_by_key(|point| point.0);
            let replaced = &mut column.replaced;
            column.points.dedup_by(|later, kept| {
                let is_same = later.0 == kept.0;
                if is_same {
                    *replaced += u64::from(later.1.to_bits() != kept.1.to_bits());
                    kept.1 = later.1;
                }
                is_same
            });
        }
    }

    /// Adds what other metrics know and these do not; both are settled.
    pub(crate) fn join(&mut self, other: Metrics) {
        for column in other.columns {
            let known: HashSet<u64> =
                self.series(&column.name).iter().map(|point| point.0).collect();
            for (number, value) in column.points {
                if !known.contains(&number) {
                    self.push(&column.name, number, value);
                }
            }
            if let Some(&at) = self.index.get(&column.name) {
                self.columns[at].replaced += column.replaced;
            }
        }
        for (number, time) in other.times {
            self.times.entry(number).or_insert(time);
        }
        self.settle();
    }

    /// The numbers of all steps that have a value or a time.
    pub(crate) fn numbers(&self) -> HashSet<u64> {
        let points = self.columns.iter().flat_map(|column| &column.points);
        points.map(|point| point.0).chain(self.times.keys().copied()).collect()
    }

    /// Gives each step the metrics of its number that it does not have.
    pub(crate) fn give_to(&self, steps: &mut [Step]) {
        let mut at: HashMap<u64, Vec<usize>> = HashMap::new();
        steps.iter().enumerate().for_each(|(index, step)| {
            at.entry(step.number).or_default().push(index);
        });
        let own: Vec<HashSet<String>> = steps
            .iter()
            .map(|step| step.metrics.iter().map(|metric| metric.0.clone()).collect())
            .collect();
        for step in steps.iter_mut() {
            step.time = step.time.or(self.times.get(&step.number).copied());
        }
        for column in &self.columns {
            for (number, value) in &column.points {
                for &index in at.get(number).into_iter().flatten() {
                    if !own[index].contains(&column.name) {
                        steps[index].metrics.push((column.name.clone(), *value));
                    }
                }
            }
        }
    }

    /// What is odd about the columns.
    pub(crate) fn warnings(&self) -> Vec<Warning> {
        let mut replaced: Vec<&Column> =
            self.columns.iter().filter(|column| column.replaced > 0).collect();
        replaced.sort_by(|a, b| a.name.cmp(&b.name));
        let said = replaced.iter().map(|column| {
            let count = column.replaced;
            let message =
                format!("the metric has several values for {count} steps: the last holds");
            Warning::about(column.name.as_str(), message)
        });
        capped(said.collect(), "metrics with several values")
    }

    #[cfg(test)]
    pub(crate) fn rows(&self) -> Vec<LogRow> {
        let mut numbers: Vec<u64> = self.numbers().into_iter().collect();
        numbers.sort_unstable();
        let value = |column: &Column, number: u64| {
            let found = column.points.iter().find(|point| point.0 == number)?;
            Some((column.name.clone(), found.1))
        };
        let row = |number: u64| LogRow {
            number,
            time: self.times.get(&number).copied(),
            metrics: self.columns.iter().filter_map(|column| value(column, number)).collect(),
        };
        numbers.into_iter().map(row).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_value_of_a_step_holds() {
        let mut metrics = Metrics::default();
        for (number, value) in [(2, 1.0), (1, 2.0), (2, 3.0), (2, 3.0)] {
            metrics.push("loss", number, value);
        }
        metrics.settle();
        assert_eq!(metrics.series("loss"), [(1, 2.0), (2, 3.0)]);
        assert_eq!(metrics.warnings().len(), 1);
        assert!(metrics.warnings()[0].message.contains("several values for 1 steps"));
        let mut other = Metrics::default();
        other.push("loss", 2, 9.0);
        other.push("loss", 4, 4.0);
        other.push("accuracy", 4, 0.5);
        other.settle();
        metrics.join(other);
        assert_eq!(metrics.series("loss"), [(1, 2.0), (2, 3.0), (4, 4.0)]);
        assert_eq!(metrics.names().collect::<Vec<_>>(), ["loss", "accuracy"]);
    }

    #[test]
    fn many_names_take_no_longer_than_they_are_many() {
        // 200,000 names for each of two steps: looked up one by one they would take minutes.
        let mut metrics = Metrics::default();
        for number in 0..2 {
            (0..200_000).for_each(|at| metrics.push(&format!("m{at}"), number, 0.0));
        }
        metrics.settle();
        let step = |number| Step {
            number,
            name: String::new(),
            time: None,
            metrics: Vec::new(),
            broken: None,
        };
        let mut steps = vec![step(0), step(1), step(2)];
        metrics.give_to(&mut steps);
        let counts: Vec<usize> = steps.iter().map(|step| step.metrics.len()).collect();
        assert_eq!(counts, [200_000, 200_000, 0]);
    }
}
