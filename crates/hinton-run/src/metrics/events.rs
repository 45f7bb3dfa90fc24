//! Event files of TensorBoard as metrics.

use std::path::Path;

use hinton_format::{Events, Warning, is_events, open_events};

use super::Metrics;
use crate::disk::{self, Kind};
use crate::scan::capped;

/// What the names of event files hold.
const NAME: &str = "tfevents";
/// Bytes by which an event file is known.
const HEAD: u64 = 128;

/// Whether a file is an event file: by its name, or by how it begins where the name says nothing.
pub(crate) fn is_event_file(path: &Path, name: &str) -> bool {
    if disk::kind(path) != Some(Kind::File) {
        return false;
    }
    let may_be = name.contains(NAME) || !name.contains('.') || name.ends_with(".v2");
    may_be && disk::head(path, HEAD).is_ok_and(|head| is_events(&head))
}

/// The scalars of an event file.
///
/// # Errors
/// Returns an error if it cannot be read.
pub(crate) fn read(path: &Path) -> Result<(Metrics, Vec<Warning>), hinton_format::Error> {
    let events = open_events(path)?;
    let warnings = capped(events.warnings.clone(), "notes of an event file");
    Ok((of_events(&events), warnings))
}

fn of_events(events: &Events) -> Metrics {
    let mut metrics = Metrics::default();
    for scalar in &events.scalars {
        metrics.push(&events.tags[scalar.tag], scalar.step, scalar.value);
        metrics.push_time(scalar.step, Some(scalar.time).filter(|time| time.is_finite()));
    }
    metrics.settle();
    metrics
}
