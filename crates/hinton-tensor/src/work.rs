//! How long work runs: on how many threads, who is told, who may stop it.

use std::ops::ControlFlow;

/// Told how much of a long work is done; may stop it.
pub trait Progress: Sync {
    /// `bytes` more have been read and folded. `Break` stops the work at the next stripe.
    fn advance(&self, bytes: u64) -> ControlFlow<()>;
}

/// Tells nobody and never stops.
#[derive(Debug, Clone, Copy, Default)]
pub struct Quiet;

impl Progress for Quiet {
    fn advance(&self, _bytes: u64) -> ControlFlow<()> {
        ControlFlow::Continue(())
    }
}

/// The work was stopped by its [`Progress`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the work was cancelled")]
pub struct Cancelled;

/// How a long work is done. The result never depends on it, only the time.
#[derive(Clone, Copy)]
pub struct Work<'a> {
    /// Threads to use, at least 1.
    pub threads: usize,
    /// Who is told.
    pub progress: &'a dyn Progress,
}

impl Work<'static> {
    /// One thread, nobody told.
    pub fn quiet() -> Self {
        Work { threads: 1, progress: &Quiet }
    }

    /// So many threads (0 counts as 1), nobody told.
    pub fn on(threads: usize) -> Self {
        Work { threads: threads.max(1), progress: &Quiet }
    }
}
