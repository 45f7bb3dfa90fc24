//! Where the rows of a log that stands alone are placed: by the column that numbers them.

use std::cmp::Reverse;
use std::collections::BTreeSet;

use super::axis::{self, is_axis, is_pace, plain};
use super::table::{Origin, Row, Table};

/// Parts of the data that are trained on.
const TRAINED_ON: [&str; 2] = ["train", "training"];

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
            let rank = |column: usize| Reverse(axis::rank(&table.names[column]));
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

#[cfg(test)]
mod tests {
    use super::super::logs::Alone;
    use super::*;

    /// A metric and its points.
    type Named = (String, Vec<(f64, f64)>);

    /// What numbers the rows of a log alone, and the metrics with their places.
    fn alone(text: &str) -> (String, Vec<Named>) {
        let table = Table::read(text.as_bytes(), false).unwrap();
        assert!(axis::is_log(&table), "{text}");
        let alone = Alone::of(&table, "log.csv");
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
}
