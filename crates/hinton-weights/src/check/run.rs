//! Checks every step of a run. Each finding is reported once, at the first step that has it.

use std::collections::BTreeMap;

use hinton_run::Run;
use hinton_tensor::Work;
use hinton_words::{short, short_count};

use super::values::Size;
use super::{CheckReport, Finding, check_sized, kinds, sort};
use crate::Error;

/// Weights that are this many times as large as in the first step have diverged.
const GROWTH: f64 = 1e4;

/// A finding, and the steps that have it.
struct Seen {
    finding: Finding,
    first: u64,
    steps: usize,
}

/// Checks the tensors that match the patterns (all, without patterns) in every step of a run.
///
/// If a tensor has the same kind of finding in several steps, only the first is reported.
///
/// # Errors
/// Returns an error if a pattern matches nothing in any step, or the work was cancelled. Steps that
/// cannot be read are findings.
pub fn check_run<S: AsRef<str>>(
    run: &Run,
    patterns: &[S],
    work: Work<'_>,
) -> Result<CheckReport, Error> {
    let mut seen: Vec<Seen> = Vec::new();
    // Where a finding stands; only looked up, never walked.
    let mut index: BTreeMap<(&str, String, String), usize> = BTreeMap::new();
    let mut start: BTreeMap<String, f64> = BTreeMap::new();
    let mut values = 0u64;
    let mut checked = 0;
    let mut missing = None;
    for (at, step) in run.steps.iter().enumerate() {
        let mut found = Vec::new();
        match run.checkpoint(at) {
            Ok(checkpoint) => match check_sized(&checkpoint, patterns, work) {
                Ok((report, sizes)) => {
                    checked += 1;
                    values = values.saturating_add(report.values);
                    found.extend(report.findings);
                    found.extend(growth(&sizes, &mut start));
                }
                // A tensor may appear late.
                Err(
                    error @ (Error::Missing { .. } | Error::Unfit { .. } | Error::Request { .. }),
                ) => missing = missing.or(Some(error)),
                Err(error) => return Err(error),
            },
            Err(error) => found.push(Finding::of(kinds::UNREADABLE, "", error.message())),
        }
        for finding in found {
            // What concerns the file is distinguished by what it says.
            let what =
                if finding.tensor.is_empty() { finding.message.clone() } else { String::new() };
            let key = (finding.kind.name, finding.tensor.clone(), what);
            match index.get(&key) {
                Some(&place) => seen[place].steps += 1,
                None => {
                    index.insert(key, seen.len());
                    seen.push(Seen { finding, first: step.number, steps: 1 });
                }
            }
        }
    }
    if let (0, Some(error)) = (checked, missing) {
        return Err(error);
    }
    let mut findings: Vec<Finding> = run
        .warnings
        .iter()
        .map(|warning| Finding::of(kinds::SKIPPED, &warning.subject, warning.message.as_str()))
        .collect();
    // Broken steps are findings of their own.
    findings.retain(|finding| !finding.message.contains("cannot be read"));
    let loss = crate::loss_words(run);
    findings.extend(loss.map(|what| Finding::of(kinds::DIVERGED, "", what)));
    // What a training begins with says nothing once it has begun.
    let begins = |seen: &Seen| {
        let is_start = run.steps.first().is_some_and(|step| step.number == seen.first);
        let is_blank = [kinds::ZERO, kinds::CONSTANT].contains(&seen.finding.kind);
        is_start && is_blank && seen.steps == 1 && run.steps.len() > 1
    };
    seen.retain(|seen| !begins(seen));
    findings.extend(seen.into_iter().map(|seen| seen.told(run.steps.len())));
    sort(&mut findings);
    Ok(CheckReport {
        path: run.path.clone(),
        format: "run",
        tensors: run.tensor_names().len(),
        values,
        findings,
    })
}

impl Seen {
    fn told(self, all: usize) -> Finding {
        let Seen { mut finding, first, steps } = self;
        let step = short_count(first);
        let place = match steps {
            1 => format!("step {step}"),
            _ if steps == all => format!("every step, in step {step}"),
            _ => format!("{} steps, the first is {step}", short_count(steps as u64)),
        };
        finding.message = format!("{place}: {}", finding.message);
        finding
    }
}

/// Tensors that are far larger than in the first step that has them.
fn growth(sizes: &[Size], start: &mut BTreeMap<String, f64>) -> Vec<Finding> {
    let mut found = Vec::new();
    for size in sizes {
        let first = *start.entry(size.label.clone()).or_insert(size.rms);
        if first > 0.0 && size.rms / GROWTH > first {
            let (now, then) = (short(size.rms), short(first));
            let message = format!("its root mean square is {now}, in the first step {then}");
            found.push(Finding::of(kinds::GROWTH, &size.label, message));
        }
    }
    found
}
