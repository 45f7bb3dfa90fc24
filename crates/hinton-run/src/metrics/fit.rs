//! How a log matches the steps of a run.

use std::collections::{BTreeMap, BTreeSet};

use super::Metrics;
use super::axis::{self, are_metrics, is_axis, plain};
use super::table::{Origin, Row, Table};
use crate::{Step, json};

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
        axes.sort_by_key(|&column| axis::rank(&self.names[column]));
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
        if !axis::is_time(&self.names[column]) {
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
