//! Work done before it is asked for: statistics, coarse cells and problems of every tensor.
//!
//! Memory is bounded whatever is viewed: the cells of all tensors of a step share a budget, and
//! steps that are not being viewed are discarded. Reading is bounded too: if a checkpoint is too
//! large to read completely just because it was opened, a share of each tensor is read, and the
//! results are marked as based on a sample.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use hinton::check::check_tensor;
use hinton_tensor::{Fold, GridRequest, Pyramid, Tensor, TensorError, Work, reduce};
use serde_json::{Value, json};

use crate::cache::{self, Cache, Cached};
use crate::known::{Fault, Row};
use crate::query::Query;
use crate::sources::{Entry, Sources};
use crate::{Answer, Refusal};

/// Cells that the finest levels of the pyramids of a step have together: 40 bytes each, and a third more for coarser levels.
const MOST_CELLS: u64 = 3 << 18;
/// Most bytes that are kept, all steps together; beyond, steps that are not looked at are forgotten.
const MOST_BYTES: usize = 96 << 20;
/// Checkpoints of more bytes than this are not read whole ahead, and about how much of them is.
const READ_WHOLE: u64 = 16 << 30;
const SAMPLE: u64 = 1 << 30;
/// The same of files at addresses, whose bytes come over a network.
const READ_WHOLE_FAR: u64 = 512 << 20;
const SAMPLE_FAR: u64 = 256 << 20;
/// Least bytes of a sample of a tensor.
const LEAST_SAMPLE: u64 = 64 << 10;

/// A tensor in a step; tensors of checkpoints are in none.
type Key = (Option<usize>, usize);

/// What is known of a tensor.
struct Known {
    row: Row,
    pyramid: Option<Arc<Pyramid>>,
    /// `None` where they were not looked for yet.
    faults: Option<Box<[Fault]>>,
}

impl Known {
    fn bytes(&self) -> usize {
        let pyramid = self.pyramid.as_ref().map_or(0, |kept| size_of::<Pyramid>() + kept.bytes());
        let faults = self.faults.iter().flatten().map(Fault::bytes).sum::<usize>();
        size_of::<(Key, Known)>() + self.row.bytes() + pyramid + faults
    }
}

/// What was found out so far, and what is next.
#[derive(Default)]
pub(crate) struct Ahead {
    inner: Mutex<Inner>,
}

#[derive(Default)]
struct Inner {
    known: BTreeMap<Key, Known>,
    /// Bytes that all of it takes.
    bytes: usize,
    /// The step that was asked for last, as a number.
    wanted: Option<u64>,
    /// The first tensors whose statistics and faults may be unknown in that step: all before are known.
    next: (usize, usize),
    /// The keys of the checkpoints in the cache, as their files were when it was asked; `None` before.
    keys: Option<Vec<Option<String>>>,
}

impl Inner {
    fn want(&mut self, number: Option<u64>) {
        if self.wanted != number {
            self.wanted = number;
            self.next = (0, 0);
        }
    }

    /// Passes by what is known already.
    fn skip_known(&mut self, sources: &Sources) {
        let (count, number) = (sources.tensors.len(), self.wanted);
        let (mut done, mut checked) = self.next;
        while done < count && self.known.contains_key(&key(sources, number, done)) {
            done += 1;
        }
        let is_checked = |tensor| {
            let known = self.known.get(&key(sources, number, tensor));
            known.is_some_and(|known| known.faults.is_some())
        };
        while checked < done && is_checked(checked) {
            checked += 1;
        }
        self.next = (done, checked);
    }

    /// The next thing to find out.
    fn task(&mut self, sources: &Sources) -> Option<Task> {
        self.skip_known(sources);
        let (count, (done, checked)) = (sources.tensors.len(), self.next);
        match (done < count, checked < count) {
            (true, _) => Some(Task::Statistics(done)),
            (false, true) => Some(Task::Faults(checked)),
            (false, false) => None,
        }
    }

    /// Keeps what was found out, and forgets what is not looked at where that is too much.
    fn keep(&mut self, key: Key, known: Known) {
        self.bytes += known.bytes();
        if let Some(before) = self.known.insert(key, known) {
            self.bytes -= before.bytes();
        }
        while self.bytes > MOST_BYTES {
            let of_a_step = |(found, _): (&Key, &Known)| *found;
            let first = self.known.range((Some(0), 0)..).next().map(of_a_step);
            let last = self.known.last_key_value().map(of_a_step);
            let is_other = |found: &Key| found.0.is_some() && found.0 != key.0;
            let Some(other) = [first, last].into_iter().flatten().find(is_other) else { return };
            self.bytes -= self.known.remove(&other).map_or(0, |known| known.bytes());
        }
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

    /// Bytes of all that is kept.
    pub(crate) fn bytes(&self) -> usize {
        self.lock().bytes
    }

    /// Takes what the cache has of the checkpoints: once, before anything is read. What was cached
    /// beside other checkpoints, in cells of another size, is computed again.
    pub(crate) fn restore(&self, sources: &Sources, cache: &dyn Cache) {
        if self.lock().keys.is_some() {
            return;
        }
        let may_be_cached = !is_sampled(sources);
        let key = |source: usize| cache::key_of(sources, source).filter(|_| may_be_cached);
        let mut keys: Vec<Option<String>> = (0..sources.all.len()).map(key).collect();
        for (source, key) in keys.iter_mut().enumerate() {
            let Some(entry) = key.as_ref().and_then(|key| cache.load(key)) else { continue };
            let of_source = |entry: &&Entry| entry.source == source;
            let all = sources.tensors.iter().filter(of_source).count();
            let found = cache::read(sources, source, &entry);
            let mut taken = 0;
            for Cached { tensor, row, faults, pyramid } in found {
                let [rows, cols] = sources.tensors[tensor].matrix;
                let most = cells_of(sources, rows as u64 * cols as u64);
                if pyramid.is_of((rows, cols), most) {
                    let known =
                        Known { row, pyramid: Some(Arc::new(pyramid)), faults: Some(faults) };
                    self.lock().keep((None, tensor), known);
                    taken += 1;
                }
            }
            // What came from the cache whole is not stored again.
            if taken == all {
                *key = None;
            }
        }
        self.lock().keys = Some(keys);
    }

    /// Stores what is known of checkpoints, once it is all: those whose files are as they were.
    pub(crate) fn store(&self, sources: &Sources, cache: &dyn Cache) {
        let mut inner = self.lock();
        if inner.task(sources).is_some() {
            return;
        }
        let keys = inner.keys.replace(vec![None; sources.all.len()]).unwrap_or_default();
        for (source, key) in keys.into_iter().enumerate() {
            let Some(key) = key.filter(|key| cache::key_of(sources, source).as_ref() == Some(key))
            else {
                continue;
            };
            let own = inner.known.range((None, 0)..(Some(0), 0));
            let known = own.filter(|((_, tensor), _)| sources.tensors[*tensor].source == source);
            let known = known.filter_map(|((_, tensor), known)| {
                let Known { row, pyramid, faults } = known;
                Some((*tensor, row, faults.as_deref()?, pyramid.as_deref()?))
            });
            cache.store(&key, &cache::entry_of(sources, known));
        }
    }

    /// Does the next thing for the step that was asked for last; `false` where nothing is left to do.
    pub(crate) fn next(&self, sources: &Sources, work: Work<'_>) -> bool {
        let (number, task) = {
            let mut inner = self.lock();
            (inner.wanted, inner.task(sources))
        };
        match task {
            None => false,
            Some(Task::Statistics(tensor)) => {
                let Some(known) = learnt(sources, number, tensor, work) else { return false };
                self.lock().keep(key(sources, number, tensor), known);
                true
            }
            Some(Task::Faults(tensor)) => {
                let key = key(sources, number, tensor);
                let found = self.faults_of_sample(&key);
                let found = found.or_else(|| faults(sources, number, tensor, work));
                let Some(found) = found else { return false };
                let mut inner = self.lock();
                // Another step may have been looked at meanwhile, and this one forgotten.
                if let Some(mut known) = inner.known.remove(&key) {
                    inner.bytes -= known.bytes();
                    known.faults = Some(found);
                    inner.keep(key, known);
                }
                true
            }
        }
    }

    /// The faults that a sample showed; `None` where all values were read.
    fn faults_of_sample(&self, key: &Key) -> Option<Box<[Fault]>> {
        match &self.lock().known.get(key)?.row {
            Row::Read(figures) if figures.sampled() > 1 => Some(figures.faults().into()),
            _ => None,
        }
    }

    /// Statistics and faults of a range of tensors.
    pub(crate) fn statistics(&self, sources: &Sources, query: &Query) -> Result<Answer, Refusal> {
        let number: Option<u64> = query.get("s")?;
        let count = sources.tensors.len();
        let first = query.get("from")?.unwrap_or(0).min(count);
        let end = query.get("to")?.unwrap_or(count).clamp(first, count);
        let mut inner = self.lock();
        inner.want(number);
        inner.skip_known(sources);
        let (done, checked) = inner.next;
        let known = |tensor: usize| inner.known.get(&key(sources, number, tensor));
        let rows = (first..end).filter_map(|tensor| Some(known(tensor)?.row.json(tensor)));
        let rows: Vec<Value> = rows.collect();
        // Faults are found after all statistics: whoever has these need not be told them again.
        let first_faults = query.get("faults")?.unwrap_or(first).min(end);
        let found = (first_faults..end).filter_map(|tensor| {
            let found = known(tensor)?.faults.as_ref()?;
            Some(found.iter().map(move |fault| fault.json(tensor)))
        });
        let faults: Vec<Value> = found.flatten().collect();
        let note = is_sampled(sources).then_some(
            "the model is too large to be read whole ahead: statistics in the list come of samples, \
             and faults outside of them are not found",
        );
        Ok(Answer::json(&json!({
            "done": done,
            "of": count,
            "checked": checked,
            "rows": rows,
            "faults": faults,
            "note": note,
        })))
    }
}

/// The key of a tensor: a checkpoint has no steps, whatever is asked.
fn key(sources: &Sources, number: Option<u64>, tensor: usize) -> Key {
    let source = sources.tensors[tensor].source;
    (sources.step(source, number).unwrap_or(Some(usize::MAX)), tensor)
}

fn is_cancelled(error: &TensorError) -> bool {
    matches!(error, TensorError::Cancelled(_))
}

/// Whether there is too much to read all of it ahead of questions.
pub(crate) fn is_sampled(sources: &Sources) -> bool {
    sources.bytes() > if sources.are_far() { READ_WHOLE_FAR } else { READ_WHOLE }
}

/// Statistics and coarse cells; `None` where the work was stopped.
fn learnt(sources: &Sources, number: Option<u64>, tensor: usize, work: Work<'_>) -> Option<Known> {
    let of = |row, pyramid| Known { row, pyramid, faults: None };
    let failed = |message: String| of(Row::Failed(message.into()), None);
    let matrix = match sources.matrix(tensor, number) {
        Ok(matrix) => matrix,
        Err(Refusal::Question(message) | Refusal::Work(message)) => return Some(failed(message)),
        Err(Refusal::NoRoute) => return None,
    };
    // A summary has statistics and no values to make cells of.
    if let Some(part) = matrix.known() {
        let (summary, all) = (part.summary(), matrix.elements());
        if summary.elements == 0 && all > 0 {
            return Some(failed("the summary does not cover it".to_owned()));
        }
        let row = Row::of(&summary, all.div_ceil(summary.elements.max(1)).max(1));
        return Some(of(row, None));
    }
    let found = match is_sampled(sources) {
        true => sampled(sources, &matrix, work).map(|row| of(row, None)),
        false => {
            let pyramid = Pyramid::build(&matrix, cells(sources, &matrix), work);
            pyramid.map(|(pyramid, summary)| of(Row::of(&summary, 1), Some(Arc::new(pyramid))))
        }
    };
    match found {
        Ok(known) => Some(known),
        Err(error) if is_cancelled(&error) => None,
        Err(error) => Some(failed(hinton::Error::from(error).to_string())),
    }
}

/// How many cells a tensor's pyramid may have: half of all are shared out evenly, so that a small
/// tensor among large ones has some, and half as the values are.
fn cells(sources: &Sources, matrix: &Tensor) -> usize {
    cells_of(sources, matrix.elements())
}

/// The same for a tensor of this many values.
fn cells_of(sources: &Sources, elements: u64) -> usize {
    let even = MOST_CELLS / 2 / sources.tensors.len().max(1) as u64;
    let share = elements as f64 / sources.elements().max(1) as f64;
    even as usize + (MOST_CELLS as f64 / 2.0 * share) as usize
}

/// Statistics of a share of a tensor's values.
fn sampled(sources: &Sources, matrix: &Tensor, work: Work<'_>) -> Result<Row, TensorError> {
    let share = matrix.byte_len() as f64 / sources.bytes().max(1) as f64;
    let all = if sources.are_far() { SAMPLE_FAR } else { SAMPLE };
    let bytes = ((all as f64 * share) as u64).max(LEAST_SAMPLE);
    let request =
        GridRequest { sample_bytes: Some(bytes), ..GridRequest::new(1, 1, Fold::default()) };
    let grid = reduce(matrix, request, work)?;
    let all = matrix.elements();
    Ok(Row::of(&grid.summary, all.div_ceil(grid.summary.elements.max(1)).max(1)))
}

/// The faults of a tensor; `None` where the work was stopped.
fn faults(
    sources: &Sources,
    number: Option<u64>,
    tensor: usize,
    work: Work<'_>,
) -> Option<Box<[Fault]>> {
    // What changed is no fault of a file.
    if sources.tensors[tensor].is_made {
        return Some(Box::default());
    }
    let Ok(stored) = sources.tensor(tensor, number) else { return Some(Box::default()) };
    let found = match check_tensor(&stored, work) {
        Ok(found) => found,
        Err(hinton::Error::Tensor(error)) if is_cancelled(&error) => return None,
        Err(_) => return Some(Box::default()),
    };
    let [_, cols] = sources.tensors[tensor].matrix;
    Some(found.into_iter().map(|finding| Fault::of(finding, &stored, cols)).collect())
}
