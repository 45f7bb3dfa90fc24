//! Ctrl-C and requests to end (SIGINT, SIGTERM), in one place.
//!
//! As long as nothing is half done they end the program at once, as they end any program. Work that
//! leaves something behind when it is cut off, such as a file that is being written, runs
//! [`gently`]: there the first signal only raises a flag. The work sees it through its
//! [`Progress`](hinton::Progress) or through [`flow`], stops, and removes what is unfinished; then
//! `main` ends the program [as the signal would have](end), so that a shell's loop ends too. A second
//! signal ends it at once wherever it is.

use std::ops::ControlFlow;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, LazyLock, OnceLock};

use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::{flag, low_level};

/// What a signal does, and what has been.
struct State {
    /// Whether a signal ends the program where it is.
    at_once: Arc<AtomicBool>,
    /// The signal that was seen; 0 is none.
    seen: Arc<AtomicUsize>,
}

static STATE: LazyLock<State> = LazyLock::new(|| {
    let state = State { at_once: Arc::new(AtomicBool::new(true)), seen: Arc::default() };
    for signal in [SIGINT, SIGTERM] {
        // They are done in this order. Where the system lets no one listen, signals end the program
        // as they always do.
        let _ = flag::register_conditional_default(signal, Arc::clone(&state.at_once));
        let number = usize::try_from(signal).unwrap_or(1);
        let _ = flag::register_usize(signal, Arc::clone(&state.seen), number);
        let _ = flag::register(signal, Arc::clone(&state.at_once));
    }
    state
});

/// What a program that is not the command says of stopping. Its signals are its own.
static EMBEDDED: OnceLock<fn() -> bool> = OnceLock::new();

/// Declares that another program calls this library: signals are left to that program, and
/// `is_stopped` is asked whether work should be cancelled. Only the first call has an effect.
pub fn embed(is_stopped: fn() -> bool) {
    EMBEDDED.get_or_init(|| is_stopped);
}

/// While it lives, the first signal asks the work to stop and does not end the program.
pub(crate) struct Gently(());

/// Begins work that is to be stopped gently.
pub(crate) fn gently() -> Gently {
    if EMBEDDED.get().is_none() && !asked() {
        STATE.at_once.store(false, Ordering::SeqCst);
    }
    Gently(())
}

impl Drop for Gently {
    fn drop(&mut self) {
        if EMBEDDED.get().is_none() {
            STATE.at_once.store(true, Ordering::SeqCst);
        }
    }
}

/// Whether the work was asked to stop.
pub(crate) fn asked() -> bool {
    match EMBEDDED.get() {
        Some(is_stopped) => is_stopped(),
        None => STATE.seen.load(Ordering::SeqCst) != 0,
    }
}

/// [`asked`], for work that is told by its callback whether to go on.
pub(crate) fn flow() -> ControlFlow<()> {
    if asked() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
}

/// Ends the program as the signal that was seen would have; returns where there was none.
pub(crate) fn end() {
    if EMBEDDED.get().is_some() {
        return;
    }
    let signal = STATE.seen.load(Ordering::SeqCst);
    if let (true, Ok(signal)) = (signal != 0, i32::try_from(signal)) {
        let _ = low_level::emulate_default_handler(signal);
    }
}
