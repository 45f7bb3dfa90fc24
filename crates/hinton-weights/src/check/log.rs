//! Checks a log without weights: metrics that are not finite, a loss that diverged.

use hinton_run::Run;
use hinton_words::short_count;

use super::{CheckReport, CheckRow, Finding, kinds, sort};

/// The format that a [`CheckReport`] of a log gives; its tensors are the metrics.
pub const LOG: &str = "log";

/// Checks the metrics of a log.
pub fn check_log(log: &Run) -> CheckReport {
    let skipped = log.warnings.iter();
    let mut findings: Vec<Finding> = skipped
        .map(|warning| Finding::of(kinds::SKIPPED, &warning.subject, warning.message.as_str()))
        .collect();
    let loss = crate::loss_words(log);
    findings.extend(loss.map(|what| Finding::of(kinds::DIVERGED, "", what)));
    let mut values = 0u64;
    let names = log.metric_names();
    for name in &names {
        let points = log.curve(name);
        values += points.len() as u64;
        let counts = |kind, what: &str, test: fn(f64) -> bool| {
            let found: Vec<f64> =
                points.iter().filter(|(_, value)| test(*value)).map(|(place, _)| *place).collect();
            finding(kind, name, what, &found, points.len(), &log.axis)
        };
        findings.extend(counts(kinds::NAN, "NaN", f64::is_nan));
        findings.extend(counts(kinds::INFINITY, "infinite", f64::is_infinite));
    }
    sort(&mut findings);
    let path = log.path.clone();
    CheckReport { path, format: LOG, tensors: names.len(), values, findings }
}

/// What is said of the values at these places of the axis.
fn finding(
    kind: &'static CheckRow,
    metric: &str,
    what: &str,
    places: &[f64],
    all: usize,
    axis: &str,
) -> Option<Finding> {
    let first = places.first()?;
    let count = places.len() as u64;
    let (shown, all) = (short_count(count), short_count(all as u64));
    let verb = if count == 1 { "is" } else { "are" };
    let message = format!("{shown} of {all} values {verb} {what}, the first at {axis} {first}");
    Some(Finding { count, ..Finding::of(kind, metric, message) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_counted_and_the_first_is_named() {
        let told = finding(kinds::NAN, "loss", "NaN", &[12.0, 13.0], 40, "step").unwrap();
        assert_eq!(told.message, "2 of 40 values are NaN, the first at step 12");
        assert_eq!((told.tensor.as_str(), told.count), ("loss", 2));
        assert!(finding(kinds::NAN, "loss", "NaN", &[], 40, "step").is_none());
    }
}
