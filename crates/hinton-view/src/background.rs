//! What is found out ahead of questions: statistics, coarse cells and faults of every tensor.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use hinton::Summary;
use hinton::check::{Finding, check_tensor};
use hinton_tensor::{Pyramid, Tensor, TensorError, Work};
use serde_json::{Value, json};

use crate::answer::{number, number_or_null};
use crate::query::Query;
use crate::sources::Sources;
use crate::values::rms;
use crate::{Answer, Refusal};

/// Bins of the histogram of a row.
const BINS: usize = 24;
/// Share of the values that it leaves out at each end.
const TAIL: f64 = 0.001;
/// Cells that all pyramids have together, 40 bytes each.
const MOST_CELLS: u64 = 2 << 20;
/// Most places of a kind of fault in one tensor.
const MOST_PLACES: usize = 8;
/// Tensors and steps that are kept; beyond, the oldest step is forgotten.
const MOST_KEPT: usize = 200_000;

/// A tensor in a step.
type Key = (Option<usize>, usize);

/// What is known of a tensor.
#[derive(Clone)]
pub(crate) struct Known {
    /// Statistics as JSON, or why there are none.
    row: Value,
    pub(crate) pyramid: Option<Arc<Pyramid>>,
}

/// What was found out so far, and what is next.
#[derive(Default)]
pub(crate) struct Ahead {
    inner: Mutex<Inner>,
}

#[derive(Default)]
struct Inner {
    known: BTreeMap<Key, Known>,
    faults: BTreeMap<Key, Vec<Value>>,
    /// The step that was asked for last, as a number.
    wanted: Option<u64>,
    /// The first tensors whose statistics and faults may be unknown in that step.
    places: (usize, usize),
}

impl Inner {
    fn want(&mut self, number: Option<u64>) {
        if self.wanted != number {
            self.wanted = number;
            self.places = (0, 0);
        }
    }

    /// The next thing to find out.
    fn task(&mut self, sources: &Sources) -> Option<Task> {
        let (count, number) = (sources.tensors.len(), self.wanted);
        while self.places.0 < count && self.known.contains_key(&key(sources, number, self.places.0))
        {
            self.places.0 += 1;
        }
        if self.places.0 < count {
            return Some(Task::Statistics(self.places.0));
        }
        while self.places.1 < count
            && self.faults.contains_key(&key(sources, number, self.places.1))
        {
            self.places.1 += 1;
        }
        (self.places.1 < count).then_some(Task::Faults(self.places.1))
    }
}

/// One thing to find out.
enum Task {
    Statistics(usize),
    Faults(usize),
}

impl Ahead {
    fn lock(&self) -> std::sync::MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The coarse cells of a tensor, where they are known.
    pub(crate) fn pyramid(&self, step: Option<usize>, tensor: usize) -> Option<Arc<Pyramid>> {
        self.lock().known.get(&(step, tensor))?.pyramid.clone()
    }

    /// Does the next thing for the step that was asked for last; `false` where nothing is left to do.
    pub(crate) fn next(&self, sources: &Sources, work: Work<'_>) -> bool {
        let (number, task) = {
            let mut inner = self.lock();
            (inner.wanted, inner.task(sources))
        };
        let Some(task) = task else { return false };
        match task {
            Task::Statistics(tensor) => {
                let Some(known) = learnt(sources, number, tensor, work) else { return false };
                let mut inner = self.lock();
                inner.known.insert(key(sources, number, tensor), known);
                forget(&mut inner.known, number.is_some());
            }
            Task::Faults(tensor) => {
                let Some(found) = faults(sources, number, tensor, work) else { return false };
                let mut inner = self.lock();
                inner.faults.insert(key(sources, number, tensor), found);
                forget(&mut inner.faults, number.is_some());
            }
        }
        true
    }

    /// Statistics and faults of a range of tensors.
    pub(crate) fn statistics(&self, sources: &Sources, query: &Query) -> Result<Answer, Refusal> {
        let number: Option<u64> = query.get("s")?;
        let count = sources.tensors.len();
        let first = query.get("from")?.unwrap_or(0).min(count);
        let end = query.get("to")?.unwrap_or(count).clamp(first, count);
        let mut inner = self.lock();
        inner.want(number);
        let key = |tensor: usize| key(sources, number, tensor);
        let done = (0..count).filter(|&tensor| inner.known.contains_key(&key(tensor))).count();
        let checked = (0..count).filter(|&tensor| inner.faults.contains_key(&key(tensor))).count();
        let rows =
            (first..end).filter_map(|tensor| Some(inner.known.get(&key(tensor))?.row.clone()));
        let rows: Vec<Value> = rows.collect();
        // Faults are found after all statistics: whoever has these need not be told them again.
        let first_faults = query.get("faults")?.unwrap_or(first).min(end);
        let faults = (first_faults..end).filter_map(|tensor| inner.faults.get(&key(tensor)));
        let faults: Vec<Value> = faults.flatten().cloned().collect();
        Ok(Answer::json(&json!({
            "done": done,
            "of": count,
            "checked": checked,
            "rows": rows,
            "faults": faults,
        })))
    }
}

/// The key of a tensor: a checkpoint has no steps, whatever is asked.
fn key(sources: &Sources, number: Option<u64>, tensor: usize) -> Key {
    let source = sources.tensors[tensor].source;
    (sources.step(source, number).unwrap_or(Some(usize::MAX)), tensor)
}

/// Forgets the oldest step where too much is kept.
fn forget<V>(kept: &mut BTreeMap<Key, V>, has_steps: bool) {
    if has_steps && kept.len() > MOST_KEPT {
        kept.pop_first();
    }
}

fn is_cancelled(error: &TensorError) -> bool {
    matches!(error, TensorError::Cancelled(_))
}

/// Statistics and coarse cells; `None` where the work was stopped.
fn learnt(sources: &Sources, number: Option<u64>, tensor: usize, work: Work<'_>) -> Option<Known> {
    let failed =
        |message: String| Known { row: json!({ "t": tensor, "error": message }), pyramid: None };
    let matrix = match sources.matrix(tensor, number) {
        Ok(matrix) => matrix,
        Err(Refusal::Question(message) | Refusal::Work(message)) => return Some(failed(message)),
        Err(Refusal::NoRoute) => return None,
    };
    let share = MOST_CELLS as f64 * matrix.elements() as f64 / sources.elements().max(1) as f64;
    match Pyramid::build(&matrix, share as usize, work) {
        Ok((pyramid, summary)) => {
            let row = row(tensor, &summary);
            Some(Known { row, pyramid: Some(Arc::new(pyramid)) })
        }
        Err(error) if is_cancelled(&error) => None,
        Err(error) => Some(failed(hinton::Error::from(error).to_string())),
    }
}

/// The row of a tensor.
fn row(tensor: usize, summary: &Summary) -> Value {
    let ends = (summary.quantile(TAIL), summary.quantile(1.0 - TAIL));
    let histogram = match ends {
        (Some(low), Some(high)) => json!({
            "low": number(low),
            "high": number(high),
            "counts": summary.histogram(low, high, BINS),
        }),
        _ => Value::Null,
    };
    json!({
        "t": tensor,
        "rms": number_or_null(rms(summary)),
        "mean": number_or_null(summary.mean()),
        "std": number_or_null(summary.std()),
        "min": number_or_null(summary.min()),
        "max": number_or_null(summary.max()),
        "nan": summary.nan,
        "inf": summary.pos_inf + summary.neg_inf,
        "zeros": summary.zeros,
        "kurtosis": number_or_null(summary.kurtosis()),
        "low": histogram["low"],
        "high": histogram["high"],
        "histogram": histogram["counts"],
    })
}

/// The faults of a tensor; `None` where the work was stopped.
fn faults(
    sources: &Sources,
    number: Option<u64>,
    tensor: usize,
    work: Work<'_>,
) -> Option<Vec<Value>> {
    // What changed is no fault of a file.
    if sources.tensors[tensor].is_made {
        return Some(Vec::new());
    }
    let stored: Tensor = sources.tensor(tensor, number).ok()?;
    let found = match check_tensor(&stored, work) {
        Ok(found) => found,
        Err(hinton::Error::Tensor(error)) if is_cancelled(&error) => return None,
        Err(_) => return Some(Vec::new()),
    };
    let [_, cols] = sources.tensors[tensor].matrix;
    Some(found.iter().map(|finding| fault(tensor, finding, &stored, cols)).collect())
}

fn fault(tensor: usize, finding: &Finding, stored: &Tensor, cols: usize) -> Value {
    let places = finding.places.iter().take(MOST_PLACES);
    let at = |place: &Vec<usize>| {
        let steps = place.iter().zip(stored.shape());
        let flat = steps.fold(0usize, |all, (index, length)| all * length + index);
        (place.len() == stored.shape().len() && cols > 0).then(|| [flat / cols, flat % cols])
    };
    let places: Vec<[usize; 2]> = places.filter_map(at).collect();
    json!({
        "t": tensor,
        "code": finding.kind.name,
        "fault": finding.kind.is_fault,
        "text": finding.message,
        "count": finding.count,
        "at": places.first(),
        "places": places,
    })
}
