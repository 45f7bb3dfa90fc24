//! Metrics in files beside the steps: `metrics.jsonl`, `log.json`, Keras's and Lightning's CSV, the
//! `trainer_state.json` of transformers.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use hinton_format::Warning;

use crate::Step;
use crate::json::{self, Json};
use crate::scan::capped;

/// The metrics of one step number, as the log gives them.
#[derive(Debug, Clone, PartialEq)]
pub struct LogRow {
    /// The step's number.
    pub number: u64,
    /// When, in seconds of the clock that the trainer chose.
    pub time: Option<f64>,
    /// Metrics, in the file's order; values may be NaN or infinite.
    pub metrics: Vec<(String, f64)>,
}

/// Names of columns that number the rows; the first wins where two fit equally.
const STEP_KEYS: [&str; 6] = ["step", "global_step", "iteration", "iter", "epoch", "epochs"];
/// The key of the log in the `trainer_state.json` of transformers.
const HISTORY: &str = "log_history";
/// Parts of the names of metrics, by which a table without step numbers is known.
const METRIC_PARTS: [&str; 4] = ["loss", "acc", "error", "mse"];
/// Names of columns that hold the time.
const TIME_KEYS: [&str; 4] = ["time", "timestamp", "wall_time", "elapsed"];

/// The numbers of a table, row by row; what is no number is left out.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Table {
    rows: Vec<Vec<(String, f64)>>,
    /// Whether it came as an object of lists, as Keras's history does, whose places are its epochs.
    is_columns: bool,
}

impl Table {
    /// The table in a text, where there is one: JSON (a list of objects, an object of lists, a list
    /// under `log_history`), JSON lines, or CSV with a header.
    pub(crate) fn read(text: &[u8]) -> Option<Table> {
        let start = text.strip_prefix(b"\xef\xbb\xbf").unwrap_or(text).trim_ascii_start();
        let mut is_columns = false;
        let rows = match start.first()? {
            b'{' | b'[' => match json::parse(text) {
                Ok(json) => {
                    is_columns = matches!(json, Json::Object(_)) && !has_history(&json);
                    of_json(&json)?
                }
                Err(_) => of_lines(text)?,
            },
            _ => of_csv(std::str::from_utf8(text).ok()?)?,
        };
        (!rows.is_empty()).then_some(Table { rows, is_columns })
    }

    /// The rows by step, where a column of the table clearly numbers the steps of a run: at least
    /// half of them are found in it. A history of Keras has no such column; it fits where it has
    /// one place a step. `word` is what the checkpoints' names call their number.
    ///
    /// # Errors
    /// Why it is not used, where it nearly fits; an empty text where it has nothing to do with it.
    pub(crate) fn fit(&self, steps: &[Step], word: &str) -> Result<Fit, String> {
        let numbers: BTreeSet<u64> = steps.iter().map(|step| step.number).collect();
        if self.rows.len() < 2 {
            // One row is a configuration rather than a log.
            return Err(String::new());
        }
        if self.is_columns && !self.is_numbered() {
            return self.by_place(steps);
        }
        let mut best: Option<(usize, bool, &str)> = None;
        for key in STEP_KEYS {
            let found: BTreeSet<u64> = self.numbers(key).collect();
            let hits = numbers.intersection(&found).count();
            let (first, last) = (found.first().unwrap_or(&0), found.last().unwrap_or(&0));
            let other_numbers = format!(
                "its {key}s run from {first} to {last}, which are not the numbers of the steps"
            );
            if is(key, "epoch") && counts_from_zero(&found, &numbers) {
                let mut fit = self.by(key);
                fit.merged.shift_by_one();
                return Ok(Fit { shifted: Some(other_numbers), ..fit });
            }
            if hits < numbers.len() && found.len() == numbers.len() && hits > 0 {
                // One counts from 0 and the other from 1, or they are two runs.
                return Err(other_numbers);
            }
            let named = key == word || (word == "it" && key == "iteration");
            let better = best.is_none_or(|best| (hits, named) > (best.0, best.1));
            if hits > 0 && better {
                best = Some((hits, named, key));
            }
        }
        match best {
            Some((hits, _, key)) if hits * 2 >= numbers.len() && hits >= numbers.len().min(2) => {
                Ok(self.by(key))
            }
            _ => Err(String::new()),
        }
    }

    /// Whether a column numbers the rows.
    pub(crate) fn is_numbered(&self) -> bool {
        STEP_KEYS.iter().any(|key| self.numbers(key).next().is_some())
    }

    fn numbers<'a>(&'a self, key: &'a str) -> impl Iterator<Item = u64> + 'a {
        self.rows.iter().filter_map(move |row| number(row, key))
    }

    fn by_place(&self, steps: &[Step]) -> Result<Fit, String> {
        let is_metric = |name: &str| METRIC_PARTS.iter().any(|part| name.contains(part));
        let names = || self.rows.iter().flatten().map(|cell| cell.0.to_ascii_lowercase());
        if self.rows.len() != steps.len() || !names().any(|name| is_metric(&name)) {
            return Err(String::new());
        }
        let mut merged = Merged::default();
        for (step, metrics) in steps.iter().zip(&self.rows) {
            merged.add(LogRow { number: step.number, time: None, metrics: metrics.clone() });
        }
        Ok(Fit { key: "place", merged, shifted: None })
    }

    fn by(&self, key: &'static str) -> Fit {
        let mut merged = Merged::default();
        for row in &self.rows {
            let Some(number) = number(row, key) else { continue };
            let mut time = None;
            let mut metrics = Vec::new();
            for (name, value) in row.iter().filter(|cell| !is(&cell.0, key)) {
                if TIME_KEYS.iter().any(|time| is(name, time)) {
                    time = Some(*value);
                } else {
                    metrics.push((name.clone(), *value));
                }
            }
            merged.add(LogRow { number, time, metrics });
        }
        Fit { key, merged, shifted: None }
    }
}

/// Whether a log counts epochs from 0 and the names of the checkpoints from 1, as Keras's CSVLogger
/// and ModelCheckpoint do: every checkpoint has its row one number lower, and the last none of its own.
fn counts_from_zero(found: &BTreeSet<u64>, numbers: &BTreeSet<u64>) -> bool {
    let (Some(&first), Some(&last)) = (found.first(), found.last()) else { return false };
    let has_row = |number: &u64| number.checked_sub(1).is_some_and(|row| found.contains(&row));
    first == 0 && numbers.last() == Some(&(last + 1)) && numbers.iter().all(has_row)
}

/// A table that numbers the steps of a run.
pub(crate) struct Fit {
    /// The column that numbers them, or `place`.
    pub(crate) key: &'static str,
    pub(crate) merged: Merged,
    /// Where the file's epochs count from 0 and these are one higher: how it counts.
    pub(crate) shifted: Option<String>,
}

fn is(name: &str, key: &str) -> bool {
    name.trim().eq_ignore_ascii_case(key)
}

fn number(row: &[(String, f64)], key: &str) -> Option<u64> {
    row.iter().find(|cell| is(&cell.0, key)).and_then(|cell| json::whole(cell.1))
}

type Rows = Vec<Vec<(String, f64)>>;

fn has_history(json: &Json) -> bool {
    matches!(json.get(HISTORY), Some(Json::List(_)))
}

fn of_json(json: &Json) -> Option<Rows> {
    match json {
        Json::List(items) => items.iter().map(of_object).collect(),
        Json::Object(pairs) => {
            if let Some(Json::List(items)) = json.get(HISTORY) {
                return items.iter().map(of_object).collect();
            }
            let columns: Vec<(&String, &Vec<Json>)> = pairs
                .iter()
                .filter_map(|(name, value)| match value {
                    Json::List(values) => Some((name, values)),
                    _ => None,
                })
                .collect();
            if columns.is_empty() {
                // One line of JSON lines.
                return Some(vec![of_object(json)?]);
            }
            let height = columns.iter().map(|column| column.1.len()).max()?;
            let cell = |(name, values): &(&String, &Vec<Json>), at: usize| {
                Some(((*name).clone(), values.get(at)?.number()?))
            };
            let row = |at| columns.iter().filter_map(|column| cell(column, at)).collect();
            Some((0..height).map(row).collect())
        }
        _ => None,
    }
}

/// The numbers of an object, and those of an object `metrics` in it.
fn of_object(json: &Json) -> Option<Vec<(String, f64)>> {
    let Json::Object(pairs) = json else { return None };
    let mut row = Vec::new();
    for (name, value) in pairs {
        match (value, value.number()) {
            (_, Some(number)) => row.push((name.clone(), number)),
            (Json::Object(inner), _) if name == "metrics" => {
                let number = |pair: &(String, Json)| Some((pair.0.clone(), pair.1.number()?));
                row.extend(inner.iter().filter_map(number));
            }
            _ => {}
        }
    }
    Some(row)
}

/// JSON lines; the last may be cut short.
fn of_lines(text: &[u8]) -> Option<Rows> {
    let lines: Vec<&[u8]> =
        text.split(|byte| *byte == b'\n').filter(|line| !line.trim_ascii().is_empty()).collect();
    let mut rows = Vec::new();
    for (at, line) in lines.iter().enumerate() {
        match json::parse(line).ok().and_then(|json| of_object(&json)) {
            Some(row) => rows.push(row),
            None if at > 0 && at + 1 == lines.len() => {}
            None => return None,
        }
    }
    Some(rows)
}

/// A table with a header, parted by commas, semicolons or tabs. Cells that are no numbers (empty
/// ones too) are left out.
fn of_csv(text: &str) -> Option<Rows> {
    let mut lines = text.trim_start_matches('\u{feff}').lines();
    let header = lines.next()?;
    let parted = |c: char| header.contains(c);
    let separator = [',', ';', '\t'].into_iter().find(|&c| parted(c))?;
    let clean = |cell: &str| cell.trim().trim_matches('"').trim().to_owned();
    let names: Vec<String> = header.split(separator).map(clean).collect();
    if !names.iter().any(|name| STEP_KEYS.iter().any(|key| is(name, key))) {
        return None;
    }
    let row = |line: &str| {
        let cells = names.iter().zip(line.split(separator));
        cells.filter_map(|(name, cell)| Some((name.clone(), clean(cell).parse().ok()?))).collect()
    };
    Some(lines.map(row).collect())
}

/// Rows put together by their number.
#[derive(Debug, Default)]
pub(crate) struct Merged {
    rows: BTreeMap<u64, LogRow>,
    /// Where a metric stands in a row that has been added to; only looked up, never walked.
    index: HashMap<u64, HashMap<String, usize>>,
    /// For each metric that had two values for one step, how often.
    twice: BTreeMap<String, u64>,
}

impl Merged {
    /// Adds a row. Where a metric has a value already, the later one holds.
    pub(crate) fn add(&mut self, row: LogRow) {
        let number = row.number;
        let empty = || LogRow { number, time: None, metrics: Vec::new() };
        let known = self.rows.entry(number).or_insert_with(empty);
        known.time = row.time.or(known.time);
        let index = self.index.entry(number).or_default();
        // Other ways of adding do not keep the index.
        for (place, (name, _)) in known.metrics.iter().enumerate().skip(index.len()) {
            index.entry(name.clone()).or_insert(place);
        }
        for (name, value) in row.metrics {
            match index.get(&name) {
                None => {
                    index.insert(name.clone(), known.metrics.len());
                    known.metrics.push((name, value));
                }
                Some(&place) => {
                    let metric = &mut known.metrics[place];
                    if metric.1.to_bits() != value.to_bits() {
                        *self.twice.entry(name).or_default() += 1;
                    }
                    metric.1 = value;
                }
            }
        }
    }

    /// Counts from one higher.
    fn shift_by_one(&mut self) {
        self.index.clear();
        for (number, mut row) in std::mem::take(&mut self.rows) {
            row.number = number.saturating_add(1);
            self.rows.insert(row.number, row);
        }
    }

    /// Adds what a row knows and the rows so far do not.
    pub(crate) fn fill(&mut self, row: LogRow) {
        if row.time.is_none() && row.metrics.is_empty() {
            return;
        }
        let empty = LogRow { number: row.number, time: None, metrics: Vec::new() };
        give(&row, self.rows.entry(row.number).or_insert(empty));
    }

    /// Adds the rows of another log; what is known already stays.
    pub(crate) fn join(&mut self, other: Merged) {
        for (number, row) in other.rows {
            let empty = LogRow { number, time: None, metrics: Vec::new() };
            give(&row, self.rows.entry(number).or_insert(empty));
        }
        for (name, count) in other.twice {
            *self.twice.entry(name).or_default() += count;
        }
    }

    /// What is odd about the rows.
    pub(crate) fn warnings(&self) -> Vec<Warning> {
        let said = self.twice.iter().map(|(name, count)| {
            let message =
                format!("the metric has several values for {count} steps: the last holds");
            Warning::about(name.as_str(), message)
        });
        capped(said.collect(), "metrics with several values")
    }

    /// Gives each step the metrics of its number that it does not have.
    pub(crate) fn give_to(&self, steps: &mut [Step]) {
        for step in steps {
            let Some(row) = self.rows.get(&step.number) else { continue };
            step.time = step.time.or(row.time);
            add_new(&row.metrics, &mut step.metrics);
        }
    }

    /// The rows, by number.
    pub(crate) fn into_rows(self) -> Vec<LogRow> {
        self.rows.into_values().collect()
    }
}

fn give(from: &LogRow, to: &mut LogRow) {
    to.time = to.time.or(from.time);
    add_new(&from.metrics, &mut to.metrics);
}

fn add_new(from: &[(String, f64)], to: &mut Vec<(String, f64)>) {
    let mut known: HashSet<String> = to.iter().map(|metric| metric.0.clone()).collect();
    for (name, value) in from {
        if known.insert(name.clone()) {
            to.push((name.clone(), *value));
        }
    }
}

/// A line of the `metrics.jsonl` of a run folder.
pub(crate) struct Line {
    pub(crate) row: LogRow,
    /// Whether the tensors of the step were saved too.
    pub(crate) saved: bool,
}

impl Line {
    /// # Errors
    /// Why it is no line of metrics.
    pub(crate) fn parse(text: &[u8]) -> Result<Line, String> {
        let json = json::parse(text)?;
        let Json::Object(pairs) = &json else {
            return Err("it is no JSON object".to_owned());
        };
        let step = json.get("step").ok_or("it names no step")?;
        let number = step.whole().ok_or_else(|| format!("its step is {step}, expected a count"))?;
        let mut metrics = Vec::new();
        for (name, value) in pairs {
            match (name.as_str(), value) {
                ("step" | "time" | "saved", _) => {}
                ("metrics", Json::Object(_)) => {
                    metrics.extend(of_object(value).unwrap_or_default())
                }
                (name, value) => metrics.extend(value.number().map(|it| (name.to_owned(), it))),
            }
        }
        let time = json.get("time").and_then(Json::number);
        let saved = json.get("saved") == Some(&Json::Bool(true));
        Ok(Line { row: LogRow { number, time, metrics }, saved })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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

    fn fitted(text: &str, numbers: &[u64], word: &str) -> Result<(String, Vec<LogRow>), String> {
        let table = Table::read(text.as_bytes()).ok_or("no table")?;
        let fit = table.fit(&steps(numbers), word)?;
        Ok((fit.key.to_owned(), fit.merged.into_rows()))
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
        let table = Table::read(b"step,a\n1,2\n1,3\n").unwrap();
        let fit = table.fit(&steps(&[1]), "").unwrap();
        assert!(fit.merged.warnings()[0].message.contains("several values for 1 steps"));
    }

    #[test]
    fn what_does_not_clearly_match_is_not_used() {
        let log = "epoch,loss\n0,1\n1,2\n2,3\n";
        let error = fitted(log, &[2, 3, 4], "epoch").unwrap_err();
        assert!(error.contains("epochs run from 0 to 2"), "{error}");
        assert_eq!(fitted(log, &[10, 20, 30, 40], "epoch"), Err(String::new()));
        assert!(Table::read(b"{\"a\": \"b\"}").unwrap().fit(&steps(&[1]), "").is_err());
        assert_eq!(Table::read(b"no table at all"), None);
        assert_eq!(Table::read(b"a,b\n1,2\n"), None);
        assert_eq!(Table::read(b"[1, 2]"), None);
        assert_eq!(Table::read(b""), None);
    }

    #[test]
    fn a_log_of_keras_counts_from_zero_and_its_checkpoints_from_one() {
        let log = "epoch,loss,val_loss\n0,1.0,1.2\n1,0.5,0.6\n2,0.25,\n";
        for numbers in [&[1, 2, 3][..], &[1, 3]] {
            let fit = Table::read(log.as_bytes()).unwrap().fit(&steps(numbers), "").ok().unwrap();
            assert!(fit.shifted.is_some() && fit.key == "epoch");
            let rows = fit.merged.into_rows();
            assert_eq!(rows[0], row(1, &[("loss", 1.0), ("val_loss", 1.2)]));
            assert_eq!(rows[2], row(3, &[("loss", 0.25)]));
        }
        // Steps are counted by the trainer itself; a log that goes on is another run's.
        for (log, numbers) in [
            ("step,loss\n0,1\n1,2\n2,3\n", [1, 2, 3]),
            ("epoch,loss\n0,1\n1,2\n2,3\n3,4\n", [1, 2, 3]),
        ] {
            let fit = Table::read(log.as_bytes()).unwrap().fit(&steps(&numbers), "");
            assert!(!fit.is_ok_and(|fit| fit.shifted.is_some()), "{log}");
        }
    }

    #[test]
    fn many_metrics_of_one_step_are_looked_up() {
        // Searched for one by one, 200,000 names would take minutes.
        let metrics: Vec<(String, f64)> = (0..200_000).map(|at| (format!("m{at}"), 1.0)).collect();
        let one = LogRow { number: 1, time: None, metrics };
        let mut merged = Merged::default();
        merged.add(one.clone());
        merged.add(one.clone());
        merged.fill(one.clone());
        assert!(merged.warnings().is_empty());
        let mut steps = steps(&[1]);
        merged.give_to(&mut steps);
        assert_eq!(steps[0].metrics, one.metrics);
    }

    #[test]
    fn a_history_without_numbers_fits_by_place() {
        let history = r#"{"loss": [3, 2, 1], "val_acc": [0.5, 0.6]}"#;
        let (key, rows) = fitted(history, &[10, 20, 30], "").unwrap();
        assert_eq!(key, "place");
        assert_eq!(rows[1], row(20, &[("loss", 2.0), ("val_acc", 0.6)]));
        assert_eq!(rows[2], row(30, &[("loss", 1.0)]));
        assert_eq!(fitted(history, &[10, 20], ""), Err(String::new()));
        assert_eq!(fitted(r#"{"layers": [64, 32]}"#, &[1, 2], ""), Err(String::new()));
        // A configuration is no log, even where a number of it is that of a step.
        assert_eq!(fitted(r#"{"epochs": 10, "lr": 0.1}"#, &[5, 10], ""), Err(String::new()));
    }

    proptest::proptest! {
        #[test]
        fn any_text_can_be_read(text in "[\\[{}\\]\":, a-z0-9.\n-]{0,60}|.*") {
            let _ = Line::parse(text.as_bytes());
            if let Some(table) = Table::read(text.as_bytes()) {
                let _ = table.fit(&steps(&[0, 1, 2]), "epoch").map(|fit| fit.merged.into_rows());
            }
        }
    }

    #[test]
    fn lines_of_a_run_folder() {
        let line =
            br#"{"step": 7, "saved": true, "time": 1.5, "metrics": {"loss": NaN, "step": 2}}"#;
        let line = Line::parse(line).unwrap();
        assert!(line.saved);
        assert_eq!((line.row.number, line.row.time), (7, Some(1.5)));
        assert!(line.row.metrics[0].1.is_nan());
        assert_eq!(line.row.metrics[1], ("step".to_owned(), 2.0));
        let flat = Line::parse(br#"{"step": 7, "loss": 0.5, "note": "x"}"#).unwrap();
        assert_eq!(flat.row, row(7, &[("loss", 0.5)]));
        assert!(Line::parse(b"[]").is_err());
        assert!(Line::parse(b"{}").is_err());
        assert!(Line::parse(b"{\"step\": -1}").is_err());
        assert!(Line::parse(b"{\"step\": 18446744073709551615}").is_ok());
    }
}
