//! Options for long work: the number of threads, and progress reports that can cancel it.

use std::ops::ControlFlow;

/// Receives the progress of long work, and may cancel it.
pub trait Progress: Sync {
    /// Called when `bytes` more have been read and processed. `Break` cancels the work before
    /// more is read.
    fn advance(&self, bytes: u64) -> ControlFlow<()>;

    /// Called when `done` of `all` steps of runs have been read, by work that reads steps.
    fn looked(&self, _done: usize, _all: usize) {}
}

/// A closure that is told the bytes: `&|bytes| ControlFlow::Continue(())`.
impl<F: Fn(u64) -> ControlFlow<()> + Sync> Progress for F {
    fn advance(&self, bytes: u64) -> ControlFlow<()> {
        self(bytes)
    }
}

/// A [`Progress`] that does nothing and never cancels.
#[derive(Debug, Clone, Copy, Default)]
pub struct Quiet;

impl Progress for Quiet {
    fn advance(&self, _bytes: u64) -> ControlFlow<()> {
        ControlFlow::Continue(())
    }
}

/// The work was cancelled by its [`Progress`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the work was cancelled")]
pub struct Cancelled;

/// How work is done: with how many threads, and who watches it.
///
/// It affects only the time, never the result.
#[derive(Clone, Copy)]
pub struct Work<'a> {
    /// Number of threads to use, at least 1.
    pub threads: usize,
    /// Receives the progress.
    pub progress: &'a dyn Progress,
}

impl Work<'static> {
    /// One thread, no progress reports.
    pub fn quiet() -> Self {
        Work { threads: 1, progress: &Quiet }
    }

    /// This number of threads (0 counts as 1), no progress reports.
    pub fn on(threads: usize) -> Self {
        Work { threads: threads.max(1), progress: &Quiet }
    }

    /// One thread per core, no progress reports.
    pub fn on_all() -> Self {
        Work::on(crate::threads(0))
    }
}

impl<'a> Work<'a> {
    /// This number of threads, one per core if it is 0, reporting to `progress`.
    pub fn new(threads: usize, progress: &'a dyn Progress) -> Self {
        Work { threads: crate::threads(threads), progress }
    }
}

/// The number of threads to use: `wanted`, or one per core if that is 0.
pub fn threads(wanted: usize) -> usize {
    match wanted {
        0 => std::thread::available_parallelism().map_or(1, usize::from),
        wanted => wanted,
    }
}
