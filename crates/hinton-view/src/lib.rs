//! What a viewer asks of weights files and runs, as functions: no socket, no clock, no page.
//!
//! A [`Viewer`] is opened with paths and [answers](Viewer::answer) questions that are written as the end
//! of an address: a route such as `tiles` and a query such as `q=3.r.2.0.0`. Files are named by number,
//! so nothing can be asked for that the viewer was not opened with. A server passes questions on from
//! HTTP; a page with this crate inside calls it directly.
//!
//! Internal to `hinton`: this crate may change without notice.
#![forbid(unsafe_code)]

mod answer;
mod catalogue;
mod colours;
mod half;
mod map;
mod query;
mod routes;
mod sources;
mod tiles;
mod values;

use std::path::PathBuf;
use std::sync::{Arc, OnceLock, PoisonError, RwLock};

use hinton::Error;
use hinton_tensor::Work;

pub use answer::{Answer, Refusal};
pub use hinton::{Progress, Quiet};
pub use routes::{ROUTES, Route};

use query::Query;
use sources::{Source, Sources};

/// Opened files and runs, ready for questions from any number of threads.
pub struct Viewer {
    state: RwLock<Arc<State>>,
    threads: usize,
}

/// The sources as they are now.
struct State {
    sources: Arc<Sources>,
    catalogue: OnceLock<Answer>,
}

impl Viewer {
    /// Opens paths: weights files, folders that hold one, training runs. Reads headers and no values.
    /// Questions are answered on at most `threads` threads each.
    ///
    /// # Errors
    /// When a path cannot be opened.
    pub fn open(paths: &[PathBuf], threads: usize) -> Result<Self, Error> {
        let sources = paths.iter().map(|path| Source::open(path)).collect::<Result<_, _>>()?;
        let sources = Arc::new(Sources::new(sources));
        let state = State { sources, catalogue: OnceLock::new() };
        Ok(Viewer { state: RwLock::new(Arc::new(state)), threads: threads.max(1) })
    }

    /// Answers a question: a route's name and its query, as they stand in an address.
    ///
    /// # Errors
    /// A [`Refusal`] says whose fault it is.
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

    fn state(&self) -> Arc<State> {
        Arc::clone(&self.state.read().unwrap_or_else(PoisonError::into_inner))
    }

    fn sources(&self) -> Arc<Sources> {
        Arc::clone(&self.state().sources)
    }

    fn catalogue(&self) -> Answer {
        let state = self.state();
        let answer =
            state.catalogue.get_or_init(|| Answer::json(&catalogue::catalogue(&state.sources)));
        answer.clone()
    }
}
