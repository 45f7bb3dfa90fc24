//! Long work: without the interpreter's lock, and with an ear for Ctrl-C.

use std::ops::ControlFlow;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::time::Duration;

use hinton::{Error, Progress};
use pyo3::prelude::*;

use crate::errors::raised;

/// How often signals are looked for. Below a tenth of a second a stop feels immediate.
const LISTEN: Duration = Duration::from_millis(50);

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
                    stop.0.store(interrupted.is_some(), Ordering::Relaxed);
                }
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
