//! Long work: without the interpreter's lock, and with an ear for Ctrl-C.

use std::ops::ControlFlow;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::time::Duration;

use hinton::{Error, Progress};
use pyo3::prelude::*;

use crate::errors::raised;

/// How often signals are looked for. Below a tenth of a second a stop feels immediate.
const LISTEN: Duration = Duration::from_millis(50);

/// Works that were asked to stop and have not ended yet.
static STOPPING: AtomicUsize = AtomicUsize::new(0);

/// Whether any work was asked to stop: for waits that belong to the whole process.
pub(crate) fn is_stopping() -> bool {
    STOPPING.load(Ordering::Relaxed) > 0
}

/// Stops when any work is to stop: for what outlives the call that made it.
pub(crate) struct StoppingWork;

/// The one there is.
pub(crate) static STOPPING_WORK: StoppingWork = StoppingWork;

impl Progress for StoppingWork {
    fn advance(&self, _bytes: u64) -> ControlFlow<()> {
        match is_stopping() {
            true => ControlFlow::Break(()),
            false => ControlFlow::Continue(()),
        }
    }
}

/// Stops the work at its next stripe once it is set.
#[derive(Default)]
pub(crate) struct Stop(AtomicBool);

impl Progress for Stop {
    fn advance(&self, _bytes: u64) -> ControlFlow<()> {
        self.flow()
    }
}

impl Stop {
    /// For work that is told by its callback whether to go on.
    pub(crate) fn flow(&self) -> ControlFlow<()> {
        match self.0.load(Ordering::Relaxed) {
            true => ControlFlow::Break(()),
            false => ControlFlow::Continue(()),
        }
    }
}

/// Does the work on a thread of its own while this one, which Python sends its signals to, listens.
/// Other Python threads run meanwhile.
///
/// # Errors
/// That of the work, or the exception that a signal raised, `KeyboardInterrupt` as a rule.
pub(crate) fn run<T: Send>(
    py: Python<'_>,
    todo: impl FnOnce(&Stop) -> Result<T, Error> + Send,
) -> PyResult<T> {
    let stop = Stop::default();
    let result = py.detach(|| {
        let (done, finished) = channel::<()>();
        std::thread::scope(|scope| {
            let stop = &stop;
            let worker = scope.spawn(move || {
                let result = todo(stop);
                // Whoever listens may have gone.
                let _ = done.send(());
                result
            });
            let mut interrupted = None;
            while let Err(RecvTimeoutError::Timeout) = finished.recv_timeout(LISTEN) {
                if interrupted.is_none() {
                    interrupted = Python::attach(|py| py.check_signals()).err();
                    if interrupted.is_some() {
                        stop.0.store(true, Ordering::Relaxed);
                        STOPPING.fetch_add(1, Ordering::Relaxed);
                    }
                }
            }
            if interrupted.is_some() {
                STOPPING.fetch_sub(1, Ordering::Relaxed);
            }
            let result = worker.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic));
            match interrupted {
                Some(signal) => Err(signal),
                None => Ok(result),
            }
        })
    })?;
    result.map_err(raised)
}
