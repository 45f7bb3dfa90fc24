//! Describes what went wrong in a run, in one sentence: the first bad step, the loss before and
//! after, and the tensor that became non-finite first.

use hinton_chart::{short, short_count};
use hinton_run::Run;
use hinton_scene::visible;
use hinton_tensor::{Summary, TensorError, Work, summarize};
use hinton_weights::{Error, loss_words};

use super::run_names;

/// Weights that are this many times as large as in the first step have diverged.
const GROWTH: f64 = 1e4;
/// From this factor between the scales of runs on each has its own.
const APART: f64 = 10.0;
/// Most values of a step that are read to find the tensor that broke.
const MOST_VALUES: u64 = 64 << 20;

/// What went wrong in the runs, by their metrics and their tensors; `None` where nothing did.
///
/// # Errors
/// Returns an error if the work was stopped.
pub(super) fn of_runs(runs: &[&Run], work: Work<'_>) -> Result<Option<String>, Error> {
    let mut said = Vec::new();
    for (run, name) in runs.iter().zip(run_names(runs)) {
        let parts: Vec<String> =
            loss_words(run).into_iter().chain(tensor_words(run, work)?).collect();
        said.extend(sentence(&parts, &name, runs.len()));
    }
    Ok((!said.is_empty()).then(|| said.join(" ")))
}

/// What the metrics alone tell.
pub(super) fn of_metrics(runs: &[&Run]) -> Option<String> {
    let names = run_names(runs);
    let said: Vec<String> = runs
        .iter()
        .zip(&names)
        .filter_map(|(run, name)| sentence(loss_words(run).as_slice(), name, runs.len()))
        .collect();
    (!said.is_empty()).then(|| said.join(" "))
}

fn sentence(parts: &[String], name: &str, runs: usize) -> Option<String> {
    let of = if runs > 1 { format!("{}: diverged", visible(name)) } else { "Diverged".to_owned() };
    (!parts.is_empty()).then(|| format!("{of}: {}.", parts.join("; ")))
}

/// Whether the last steps of several runs hold a tensor in scales so different that one range would
/// leave some of them blank.
///
/// # Errors
/// Returns an error if the work was stopped.
pub(super) fn scales_differ(runs: &[&Run], name: &str, work: Work<'_>) -> Result<bool, Error> {
    let (mut low, mut high) = (f64::MAX, 0.0f64);
    for run in runs.iter().filter(|_| runs.len() > 1) {
        let Some(last) = run.steps.len().checked_sub(1) else { continue };
        for (_, summary) in summaries(run, last, &[name], work)? {
            let reach = summary.max_abs().filter(|reach| *reach > 0.0);
            low = low.min(reach.unwrap_or(low));
            high = high.max(reach.unwrap_or(high));
        }
    }
    Ok(high / APART > low)
}

/// The tensor that broke first and the step in which it did. What is broken stays so, which is why
/// the last step tells whether to look, and halving finds the first.
fn tensor_words(run: &Run, work: Work<'_>) -> Result<Option<String>, Error> {
    let names: Vec<&str> =
        hinton_weights::learned(run).into_iter().map(|tensor| tensor.name.as_str()).collect();
    let steps: Vec<usize> =
        (0..run.steps.len()).filter(|&at| run.steps[at].broken.is_none()).collect();
    let (Some(&first), Some(&last)) = (steps.first(), steps.last()) else { return Ok(None) };
    let start = summaries(run, first, &names, work)?;
    let broken = |at: usize| -> Result<Option<String>, Error> {
        let found = summaries(run, at, &names, work)?;
        Ok(found.iter().find_map(|(name, summary)| {
            let reach = start.iter().find(|one| one.0 == *name).and_then(|one| one.1.max_abs());
            Some(format!("{} {}", visible(name), fault(summary, reach)?))
        }))
    };
    if broken(last)?.is_none() {
        return Ok(None);
    }
    let (mut low, mut high) = (0, steps.len() - 1);
    while low < high {
        let middle = usize::midpoint(low, high);
        match broken(steps[middle])? {
            Some(_) => high = middle,
            None => low = middle + 1,
        }
    }
    let number = short_count(run.steps[steps[low]].number);
    Ok(broken(steps[low])?.map(|what| format!("in the weights of step {number}, {what}")))
}

/// What is wrong with a tensor; `reach` is its largest magnitude in the first step.
fn fault(summary: &Summary, reach: Option<f64>) -> Option<String> {
    let bad = summary.elements - summary.finite();
    if bad > 0 {
        let all = short_count(summary.elements);
        return Some(match bad == summary.elements {
            true => format!("has no finite value of {all}"),
            false => format!("has {} of {all} values that are NaN or infinite", short_count(bad)),
        });
    }
    let (now, then) = (summary.max_abs()?, reach.filter(|reach| *reach > 0.0)?);
    (now / GROWTH > then).then(|| format!("reaches {}, from {}", short(now), short(then)))
}

/// The summaries of these tensors in a step, as far as they are not too large to be read for this.
fn summaries<'n>(
    run: &Run,
    at: usize,
    names: &[&'n str],
    work: Work<'_>,
) -> Result<Vec<(&'n str, Summary)>, Error> {
    let Ok(checkpoint) = run.checkpoint(at) else { return Ok(Vec::new()) };
    let mut left = MOST_VALUES;
    let mut found = Vec::new();
    for name in names {
        let Some(tensor) = checkpoint.tensors.iter().find(|tensor| tensor.name() == *name) else {
            continue;
        };
        let Some(rest) = left.checked_sub(tensor.elements()) else { continue };
        left = rest;
        match summarize(tensor, work) {
            Ok(summary) => found.push((*name, summary)),
            Err(stop @ TensorError::Cancelled(_)) => return Err(stop.into()),
            // A tensor that cannot be read is reported when it is drawn.
            Err(_) => {}
        }
    }
    Ok(found)
}
