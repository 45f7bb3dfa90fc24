//! Runs long work without the interpreter's lock, and listens for Ctrl-C.

use std::ops::ControlFlow;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::time::Duration;

use hinton::files::Cancel;
use hinton::{Error, Limits, Progress};
use pyo3::exceptions::{PyException, PyRuntimeError};
use pyo3::prelude::*;

use crate::errors::raised;

/// How often signals are looked for. Below a tenth of a second a stop feels immediate.
const LISTEN: Duration = Duration::from_millis(50);

/// How often it listens before it shows how far the work is. Most works are done sooner.
const PATIENCE: u32 = 30;

/// How much there is to do, for those who wait.
#[derive(Clone, Copy)]
pub(crate) struct Amount {
    /// What is done: `"draw"`.
    pub(crate) what: &'static str,
    /// What is counted: `"B"`, `"frame"`, `"epoch"`.
    pub(crate) unit: &'static str,
    /// How many there are; 0 where nobody knows.
    pub(crate) total: u64,
}

/// Works that were asked to stop and have not ended yet.
static STOPPING: AtomicUsize = AtomicUsize::new(0);

/// Set while any work is asked to stop: what decompresses files looks at it.
static IS_STOPPING: AtomicBool = AtomicBool::new(false);

/// The limits with which files are opened: Ctrl-C stops their decompression too.
pub(crate) fn limits() -> Limits {
    let mut limits = Limits::default();
    limits.cancel = Cancel::when(&IS_STOPPING);
    limits
}

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

/// Stops the work at its next stripe once it is set, and knows how far it is.
#[derive(Default)]
pub(crate) struct Stop {
    is_set: AtomicBool,
    done: AtomicU64,
}

impl Progress for Stop {
    fn advance(&self, bytes: u64) -> ControlFlow<()> {
        self.done.fetch_add(bytes, Ordering::Relaxed);
        self.flow()
    }
}

impl Stop {
    /// For work that is told by its callback whether to go on.
    pub(crate) fn flow(&self) -> ControlFlow<()> {
        match self.is_set.load(Ordering::Relaxed) {
            true => ControlFlow::Break(()),
            false => ControlFlow::Continue(()),
        }
    }

    /// The same, where this many frames or epochs are done.
    pub(crate) fn reached(&self, done: usize) -> ControlFlow<()> {
        self.done.store(done as u64, Ordering::Relaxed);
        self.flow()
    }
}

/// Stops as the work does, and counts nothing: for parts of a work that are no unit of it.
pub(crate) struct Uncounted<'a>(pub(crate) &'a Stop);

impl Progress for Uncounted<'_> {
    fn advance(&self, _bytes: u64) -> ControlFlow<()> {
        self.0.flow()
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
    listened(py, None, todo)
}

/// The same for work that may take long: how far it is is shown by `hinton._progress`.
///
/// # Errors
/// Returns the errors of [`run`].
pub(crate) fn run_told<T: Send>(
    py: Python<'_>,
    amount: Amount,
    todo: impl FnOnce(&Stop) -> Result<T, Error> + Send,
) -> PyResult<T> {
    listened(py, Some(amount), todo)
}

fn listened<T: Send>(
    py: Python<'_>,
    amount: Option<Amount>,
    todo: impl FnOnce(&Stop) -> Result<T, Error> + Send,
) -> PyResult<T> {
    let stop = Stop::default();
    let result = py.detach(|| {
        let (done, finished) = channel::<()>();
        std::thread::scope(|scope| {
            let stop = &stop;
            let work = move || {
                let result = todo(stop);
                // Whoever listens may have gone.
                let _ = done.send(());
                result
            };
            let worker = match std::thread::Builder::new().spawn_scoped(scope, work) {
                Ok(worker) => worker,
                Err(error) => {
                    return Err(PyRuntimeError::new_err(format!(
                        "no thread can be started: {error}"
                    )));
                }
            };
            let mut shown = Shown::default();
            let mut interrupted = None;
            while let Err(RecvTimeoutError::Timeout) = finished.recv_timeout(LISTEN) {
                if interrupted.is_none() {
                    interrupted = Python::attach(|py| {
                        py.check_signals()?;
                        match amount {
                            Some(amount) => {
                                shown.tell(py, amount, stop.done.load(Ordering::Relaxed))
                            }
                            None => Ok(()),
                        }
                    })
                    .err();
                    if interrupted.is_some() {
                        stop.is_set.store(true, Ordering::Relaxed);
                        STOPPING.fetch_add(1, Ordering::Relaxed);
                        IS_STOPPING.store(true, Ordering::Relaxed);
                    }
                }
            }
            shown.end();
            if interrupted.is_some() && STOPPING.fetch_sub(1, Ordering::Relaxed) == 1 {
                IS_STOPPING.store(false, Ordering::Relaxed);
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

/// What those who wait see. A fault of it is no fault of the work.
#[derive(Default)]
struct Shown {
    listened: u32,
    bar: Option<Py<PyAny>>,
}

impl Shown {
    /// # Errors
    /// What a signal raised meanwhile: it ends the work, as elsewhere.
    fn tell(&mut self, py: Python<'_>, amount: Amount, done: u64) -> PyResult<()> {
        self.listened += 1;
        if self.listened == PATIENCE {
            let begin = || -> PyResult<Bound<'_, PyAny>> {
                let module = py.import("hinton._progress")?;
                module.call_method1("begin", (amount.what, amount.unit, amount.total))
            };
            let bar = but_faults(py, begin())?.filter(|bar| !bar.is_none());
            self.bar = bar.map(Bound::unbind);
        }
        if let Some(bar) = &self.bar {
            but_faults(py, bar.call_method1(py, "reach", (done,)))?;
        }
        Ok(())
    }

    /// Takes it away.
    fn end(self) {
        if let Some(bar) = self.bar {
            Python::attach(|py| bar.call_method0(py, "close").ok());
        }
    }
}

/// A fault of a bar is none of the work; `KeyboardInterrupt` and its like are no faults.
fn but_faults<T>(py: Python<'_>, told: PyResult<T>) -> PyResult<Option<T>> {
    match told {
        Ok(value) => Ok(Some(value)),
        Err(error) if error.is_instance_of::<PyException>(py) => Ok(None),
        Err(signal) => Err(signal),
    }
}
