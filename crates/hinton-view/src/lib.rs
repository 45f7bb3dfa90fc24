//! The logic of the viewer: answers questions about weights files and runs, without sockets, clock
//! or page.
//!
//! A [`Viewer`] is opened with paths and [answers](Viewer::answer) questions, which are written
//! like the end of an address: a route such as `tiles` and a query such as `q=3.r.2.0.0`. Files are
//! referred to by number, so nothing can be requested that the viewer was not opened with. A server
//! forwards questions from HTTP; a page that contains this crate calls it directly.
//!
//! Internal to `hinton`: this crate may change without notice.
#![forbid(unsafe_code)]

mod answer;
mod background;
mod cache;
mod catalogue;
mod colours;
mod events;
mod export;
mod groups;
mod half;
mod known;
mod map;
mod overview;
mod pairs;
mod pictures;
mod placed;
mod query;
mod routes;
mod sources;
mod tiles;
mod values;
mod view;

use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError, RwLock};

use hinton::Checkpoint;
use hinton_tensor::Work;

pub use answer::{Answer, Refusal};
pub use cache::Cache;
pub use export::{BUDGET, Exported};
pub use hinton::{Error, Progress, Quiet};
pub use routes::{ROUTES, Route};

use serde_json::json;

use background::Ahead;
use events::Events;
use query::Query;
use sources::{Source, Sources};

/// Opened files and runs, which answer questions from any number of threads.
pub struct Viewer {
    paths: Vec<PathBuf>,
    state: RwLock<Arc<State>>,
    events: Events,
    threads: usize,
    cache: Option<Arc<dyn Cache>>,
}

/// The sources as they are now, and what is known of them.
struct State {
    sources: Sources,
    /// Catalogues by the shape of the map that was asked for, the one used last at the end.
    catalogues: Mutex<Vec<(map::Shape, Arc<Catalogue>)>>,
    ahead: Arc<Ahead>,
}

/// The catalogue as the page reads it, and where things are on its map.
struct Catalogue {
    answer: Answer,
    layout: map::Layout,
}

/// Catalogues that are kept: that of a window and of one of another shape.
const MOST_CATALOGUES: usize = 2;

impl State {
    fn open(paths: &[PathBuf]) -> Result<Self, Error> {
        let sources: Vec<Vec<Source>> =
            paths.iter().map(|path| Source::all_of(path)).collect::<Result<_, _>>()?;
        Ok(State::of(sources.into_iter().flatten().collect()))
    }

    fn of(sources: Vec<Source>) -> Self {
        let (catalogues, ahead) = (Mutex::default(), Arc::default());
        State { sources: Sources::new(sources), catalogues, ahead }
    }

    /// The catalogue for a window of that shape.
    fn catalogue(&self, shape: map::Shape) -> Arc<Catalogue> {
        let mut made = self.catalogues.lock().unwrap_or_else(PoisonError::into_inner);
        let one = match made.iter().position(|(other, _)| *other == shape) {
            Some(place) => made.remove(place),
            None => {
                let layout = map::layout(&self.sources, shape);
                let answer = Answer::text(catalogue::catalogue(&self.sources, &layout));
                (shape, Arc::new(Catalogue { answer, layout }))
            }
        };
        made.push(one.clone());
        if made.len() > MOST_CATALOGUES {
            made.remove(0);
        }
        one.1
    }
}

impl Viewer {
    /// Opens weights files, folders that hold one, and training runs. Reads headers, but no values.
    /// Each question is answered on at most `threads` threads.
    ///
    /// # Errors
    /// Returns an error if a path cannot be opened.
    pub fn open(paths: &[PathBuf], threads: usize) -> Result<Self, Error> {
        let viewer = Viewer {
            paths: paths.to_vec(),
            state: RwLock::new(Arc::new(State::open(paths)?)),
            events: Events::default(),
            threads: threads.max(1),
            cache: None,
        };
        viewer.events.changed(&viewer.state().sources);
        Ok(viewer)
    }

    /// A viewer of checkpoints that are already open, for example in memory. Changes to them are
    /// not detected.
    pub fn of(checkpoints: Vec<Checkpoint>, threads: usize) -> Self {
        let state = State::of(checkpoints.into_iter().map(Source::of).collect());
        Viewer {
            paths: Vec::new(),
            state: RwLock::new(Arc::new(state)),
            events: Events::default(),
            threads: threads.max(1),
            cache: None,
        }
    }

    /// Uses a cache for the results of [`work_ahead`](Viewer::work_ahead): those of checkpoints on
    /// disk are stored once they are complete, and taken from it as long as their files do not
    /// change.
    #[must_use]
    pub fn with_cache(self, cache: Arc<dyn Cache>) -> Self {
        Viewer { cache: Some(cache), ..self }
    }

    /// Answers a question, given as the name of a route and its query, encoded as in an address.
    ///
    /// # Errors
    /// A [`Refusal`], which says whether the question or the work failed.
    pub fn answer(
        &self,
        route: &str,
        query: &str,
        progress: &dyn Progress,
    ) -> Result<Answer, Refusal> {
        let row = ROUTES.iter().find(|row| row.name == route).ok_or(Refusal::NoRoute)?;
        let query = Query::read(query)?;
        query.check(row.names)?;
        (row.answer)(self, &query, Work { threads: self.threads, progress })
    }

    /// Does one unit of work that is likely to be needed: the statistics and coarse cells of one
    /// tensor, or its problems. Returns `false` if there is nothing left to do for now, or the work
    /// was cancelled.
    ///
    /// Reads one whole tensor, on one thread. Call it repeatedly when there is time to spare.
    pub fn work_ahead(&self, progress: &dyn Progress) -> bool {
        let state = self.state();
        if let Some(cache) = &self.cache {
            state.ahead.restore(&state.sources, cache.as_ref());
        }
        let more = state.ahead.next(&state.sources, Work { threads: 1, progress });
        if let Some(cache) = self.cache.as_ref().filter(|_| !more) {
            state.ahead.store(&state.sources, cache.as_ref());
        }
        more
    }

    /// Looks whether files have changed and opens those that have; then the events from a number on.
    fn events(&self, since: usize) -> Answer {
        let state = self.state();
        let changed = self.events.changed(&state.sources);
        if !changed.is_empty() {
            match State::open(&self.paths) {
                Ok(mut now) => {
                    let grow = |&source: &usize| grows(source, &state.sources, &now.sources);
                    if changed.iter().all(grow) {
                        now.ahead = Arc::clone(&state.ahead);
                    }
                    for &source in &changed {
                        self.note_change(source, &state.sources, &now.sources);
                    }
                    *self.state.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(now);
                }
                // It may be half written. What was opened stays, and the next change is looked at.
                Err(error) => self.events.add(json!({
                    "kind": "broken", "source": changed[0], "text": error.to_string(),
                })),
            }
        }
        Answer::json(&self.events.since(since))
    }

    /// A run that has grown has new steps; anything else is to be looked at again.
    fn note_change(&self, source: usize, before: &Sources, now: &Sources) {
        if !grows(source, before, now) {
            return self.events.add(json!({ "kind": "changed", "source": source }));
        }
        let (old, new) = (before.step_numbers(source), now.step_numbers(source));
        for number in &new[old.len()..] {
            self.events.add(json!({ "kind": "step", "source": source, "number": number }));
        }
        if new.len() == old.len() {
            self.events.add(json!({ "kind": "metrics", "source": source }));
        }
    }

    /// Size of all values of all steps as stored in files, in bytes.
    pub fn bytes(&self) -> u64 {
        let state = self.state();
        let of = |entry: &sources::Entry| {
            let steps = state.sources.step_numbers(entry.source).len().max(1) as u64;
            entry.bytes.saturating_mul(steps)
        };
        state.sources.tensors.iter().map(of).fold(0, u64::saturating_add)
    }

    /// Memory used by the results of [`work_ahead`](Viewer::work_ahead), in bytes.
    pub fn kept_bytes(&self) -> usize {
        self.state().ahead.bytes()
    }

    fn state(&self) -> Arc<State> {
        Arc::clone(&self.state.read().unwrap_or_else(PoisonError::into_inner))
    }

    fn catalogue(&self, query: &Query) -> Result<Answer, Refusal> {
        Ok(self.state().catalogue(map::Shape::read(query)?).answer.clone())
    }

    fn overview(&self, query: &Query, work: Work<'_>) -> Result<Answer, Refusal> {
        let state = self.state();
        let catalogue = state.catalogue(map::Shape::read(query)?);
        overview::overview(&state, &catalogue.layout, query, work)
    }
}

/// Whether a source is the run that it was, with no more than steps added.
fn grows(source: usize, before: &Sources, now: &Sources) -> bool {
    let is_run = now.all.get(source).is_some_and(|source| source.run().is_some());
    let names = |sources: &Sources| sources.tensors.iter().map(|one| one.name.clone()).collect();
    let (old, new): (Vec<String>, Vec<String>) = (names(before), names(now));
    is_run && old == new && now.step_numbers(source).starts_with(&before.step_numbers(source))
}
