//! Detects changes: of files on disk, and of the steps of a run.

use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};

use hinton::files::{FileState, file_state};
use serde_json::{Value, json};

use crate::sources::{Holds, Source, Sources};

/// Most events that are kept for pages that ask late.
const MOST: usize = 1024;

/// The events so far, and how the files were when they were looked at last.
#[derive(Default)]
pub(crate) struct Events(Mutex<Log>);

#[derive(Default)]
struct Log {
    /// The number of the first event that is kept.
    first: usize,
    events: Vec<Value>,
    states: Vec<Vec<Option<FileState>>>,
}

impl Events {
    /// The indices of the sources whose files are not what they were; the first time none.
    pub(crate) fn changed(&self, sources: &Sources) -> Vec<usize> {
        let now: Vec<Vec<Option<FileState>>> = sources
            .all
            .iter()
            .map(|source| watched(source).iter().map(|p| file_state(p)).collect())
            .collect();
        let mut log = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let before = std::mem::replace(&mut log.states, now);
        if before.is_empty() {
            return Vec::new();
        }
        let differs = |&source: &usize| before.get(source) != log.states.get(source);
        (0..sources.all.len()).filter(differs).collect()
    }

    /// Adds an event.
    pub(crate) fn add(&self, event: Value) {
        let mut log = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        log.events.push(event);
        if log.events.len() > MOST {
            log.events.remove(0);
            log.first += 1;
        }
    }

    /// The events from a number on, and the number of the next.
    pub(crate) fn since(&self, number: usize) -> Value {
        let log = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let skipped = number.saturating_sub(log.first).min(log.events.len());
        json!({ "now": log.first + log.events.len(), "events": log.events[skipped..] })
    }
}

/// The files whose change means that a source has changed.
pub(crate) fn watched(source: &Source) -> Vec<PathBuf> {
    match &source.holds {
        Holds::File(file) => file.files.iter().map(PathBuf::from).collect(),
        Holds::Made(_) => Vec::new(),
        Holds::Run(_) => {
            ["", "run.json", "metrics.jsonl", "steps"].map(|name| source.path.join(name)).to_vec()
        }
    }
}
