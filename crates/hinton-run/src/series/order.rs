//! The order of checkpoints, and the number of each: from its name, else from its metadata, else
//! from its position.

use std::collections::BTreeMap;

use hinton_format::{Checkpoint, Limits, Warning};

use super::Item;
use crate::run::open_step;
use crate::scan::{capped, numbered};
use crate::{Step, json, name, natural_cmp};

/// Metadata that holds the number of a step, the most exact first.
const NUMBER_KEYS: [&str; 7] =
    ["global_step", "step", "steps", "iteration", "iter", "epoch", "epochs"];
/// Ends of the names of metadata that are metrics.
const METRIC_ENDS: [&str; 8] =
    ["loss", "accuracy", "acc", "error", "perplexity", "lr", "learning_rate", "score"];

/// Checkpoints in order, each with its step.
pub(super) struct Ordered {
    pub(super) steps: Vec<(Item, Step)>,
    /// What the names call their number: `epoch`, `step`, or nothing.
    pub(super) word: String,
    pub(super) warnings: Vec<Warning>,
}

/// Orders checkpoints by number, those of equal number in natural order.
pub(super) fn order(mut items: Vec<Item>, limits: &Limits) -> Ordered {
    items.sort_by(|a, b| natural_cmp(&a.label, &b.label).then_with(|| a.path.cmp(&b.path)));
    let labels: Vec<&str> = items.iter().map(|item| item.label.as_str()).collect();
    let named = name::read(&labels);
    let word = named.first().map_or(String::new(), |named| named.word.clone());
    let mut all: Vec<(Option<u64>, Item, Step)> = Vec::with_capacity(items.len());
    for (item, named) in items.into_iter().zip(named) {
        let from_metadata = || metadata_number(&open_step(&item.path, None, limits).ok()?);
        let number = named.number.or_else(from_metadata);
        let step = Step {
            number: 0,
            name: item.label.clone(),
            time: None,
            metrics: named.metrics,
            broken: None,
        };
        all.push((number, item, step));
    }
    // The sort keeps natural order among equals.
    all.sort_by_key(|one| (one.0.is_none(), one.0));

    let mut warnings = Vec::new();
    let first_free = all.iter().filter_map(|one| one.0).max().map(|most| most.saturating_add(1));
    let without: Vec<&str> =
        all.iter().filter(|one| one.0.is_none()).map(|one| one.1.label.as_str()).collect();
    match (without.len(), first_free) {
        (0, _) | (1, None) => {}
        (_, None) => warnings.push(Warning::file(
            "neither names nor metadata number the steps: they are numbered from 0 in natural \
             order of their names",
        )),
        (_, Some(free)) => warnings.push(Warning::file(format!(
            "no step number in {}: placed last, numbered from {free}",
            quoted(&without)
        ))),
    }
    let mut next = first_free.unwrap_or(0);
    let mut steps = Vec::with_capacity(all.len());
    for (number, item, mut step) in all {
        step.number = number.unwrap_or(next);
        if number.is_none() {
            next = next.saturating_add(1);
        }
        steps.push((item, step));
    }
    let numbers: Vec<(u64, &str)> =
        steps.iter().map(|(_, step)| (step.number, step.name.as_str())).collect();
    warnings.extend(ties_and_gaps(&numbers));
    Ordered { steps, word, warnings }
}

/// Up to ten names, quoted, and how many more there are.
pub(crate) fn quoted(names: &[&str]) -> String {
    const MOST: usize = 10;
    let mut text: Vec<String> = names.iter().take(MOST).map(|name| format!("{name:?}")).collect();
    if names.len() > MOST {
        text.push(format!("and {} more", names.len() - MOST));
    }
    text.join(", ")
}

/// What is odd about numbers in order: those that several steps have, and gaps in an otherwise
/// even row.
pub(crate) fn ties_and_gaps(numbers: &[(u64, &str)]) -> Vec<Warning> {
    let mut ties = Vec::new();
    for group in numbers.chunk_by(|a, b| a.0 == b.0).filter(|group| group.len() > 1) {
        let names: Vec<&str> = group.iter().map(|one| one.1).collect();
        let message = format!("several steps have the number {}: {}", group[0].0, quoted(&names));
        ties.push(Warning::file(message));
    }
    let mut warnings = capped(ties, "numbers that several steps have");
    warnings.extend(gaps(numbers));
    warnings
}

/// Steps that are missing in a row whose distances are nearly all the same.
fn gaps(numbers: &[(u64, &str)]) -> Option<Warning> {
    const MOST: usize = 1000;
    let pairs = || numbers.windows(2).map(|pair| (pair[0].0, pair[1].0)).filter(|(a, b)| a < b);
    let mut counts: BTreeMap<u64, usize> = BTreeMap::new();
    pairs().for_each(|(a, b)| *counts.entry(b - a).or_default() += 1);
    let total: usize = counts.values().sum();
    let (step, count) = counts.iter().max_by_key(|(step, count)| (**count, u64::MAX - **step))?;
    let even = total >= 4 && count * 4 >= total * 3 && counts.keys().all(|gap| gap % step == 0);
    if !even || counts.len() == 1 {
        return None;
    }
    let between = |(a, b): (u64, u64)| (1..(b - a) / step).map(move |k| a + k * step);
    let missing: Vec<u64> = pairs().flat_map(between).take(MOST).collect();
    let more = if missing.len() == MOST { " and maybe more" } else { "" };
    let every = if *step == 1 { "the row".to_owned() } else { format!("the row of every {step}") };
    Some(Warning::file(format!("{every} has gaps: {}{more} not there", numbered(&missing))))
}

/// The number that a checkpoint's metadata give it.
pub(crate) fn metadata_number(checkpoint: &Checkpoint) -> Option<u64> {
    NUMBER_KEYS.iter().find_map(|wanted| {
        let fits = |key: &str| key.eq_ignore_ascii_case(wanted);
        let mut values = checkpoint.metadata.iter().filter(|(key, _)| fits(key));
        values.find_map(|(_, value)| {
            let value = value.trim();
            value.parse().ok().or_else(|| json::whole(value.parse().ok()?))
        })
    })
}

/// Adds the metrics that a checkpoint's metadata hold: numbers on its first level with the name of
/// a metric, and an epoch beside a step.
pub(super) fn add_metadata_metrics(step: &mut Step, checkpoint: &Checkpoint) {
    for (key, value) in &checkpoint.metadata {
        let lower = key.to_ascii_lowercase();
        let end = lower.rsplit(['_', '-', ' ', '/']).next().unwrap_or_default();
        let is_metric = METRIC_ENDS.contains(&end) || METRIC_ENDS.contains(&lower.as_str());
        let epoch = lower == "epoch" && value.parse() != Ok(step.number);
        if key.contains('.') || !(is_metric || epoch) || step.metric(key).is_some() {
            continue;
        }
        if let Ok(value) = value.trim().parse() {
            step.metrics.push((key.clone(), value));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(numbers: &[u64]) -> Vec<String> {
        let numbers: Vec<(u64, &str)> = numbers.iter().map(|number| (*number, "n")).collect();
        ties_and_gaps(&numbers).iter().map(Warning::to_string).collect()
    }

    #[test]
    fn gaps_are_told_in_even_rows_only() {
        assert_eq!(said(&[1, 2, 3, 4, 6, 7, 8]), ["the row has gaps: step 5 not there"]);
        assert_eq!(
            said(&[0, 10, 20, 30, 40, 70, 80]),
            ["the row of every 10 has gaps: steps 50 and 60 not there"]
        );
        assert_eq!(said(&[0, 2, 3, 4, 5, 8, 10, 12, 15]), [""; 0]);
        assert_eq!(said(&[1, 2, 3]), [""; 0]);
        assert_eq!(said(&[0, 1, 2, 3, 4, u64::MAX]).len(), 1);
    }

    #[test]
    fn ties_are_told() {
        assert_eq!(said(&[1, 2, 2]), ["several steps have the number 2: \"n\", \"n\""]);
    }
}
