//! A progress bar on a terminal, for work that takes a while, and nothing elsewhere.

use std::io::IsTerminal;
use std::ops::ControlFlow;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::sync::{Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use hinton::Progress;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressState, ProgressStyle};

use crate::interrupt;

/// Work that is done sooner shows no bar.
const PATIENCE: Duration = Duration::from_millis(500);

/// How often a sign of life moves.
const BEAT: Duration = Duration::from_millis(100);

/// Counts bytes; shows a bar once the work takes longer than a moment.
pub(crate) struct Bar {
    total: AtomicU64,
    done: AtomicU64,
    begun: Instant,
    shows: bool,
    bar: Mutex<Option<ProgressBar>>,
}

impl Bar {
    /// A bar for work of a size that is not known yet.
    pub(crate) fn new() -> Self {
        Bar {
            total: AtomicU64::new(0),
            done: AtomicU64::new(0),
            begun: Instant::now(),
            shows: std::io::stderr().is_terminal(),
            bar: Mutex::new(None),
        }
    }

    /// So many bytes are to be read besides those known of.
    pub(crate) fn expect(&self, bytes: u64) {
        self.total.fetch_add(bytes, Ordering::Relaxed);
    }

    fn show(&self) {
        let total = self.total.load(Ordering::Relaxed);
        let done = self.done.load(Ordering::Relaxed).min(total);
        let mut shown = self.bar.lock().unwrap_or_else(PoisonError::into_inner);
        shown.get_or_insert_with(|| start(total)).set_position(done);
    }
}

fn start(total: u64) -> ProgressBar {
    let bar = ProgressBar::with_draw_target(Some(total), ProgressDrawTarget::stderr());
    let template = "reading {wide_bar} {bytes} of {total_bytes}, {eta} left";
    if let Ok(style) = ProgressStyle::with_template(template) {
        bar.set_style(style);
    }
    bar
}

impl Progress for Bar {
    fn advance(&self, bytes: u64) -> ControlFlow<()> {
        self.done.fetch_add(bytes, Ordering::Relaxed);
        if self.shows && self.begun.elapsed() > PATIENCE {
            self.show();
        }
        interrupt::flow()
    }
}

/// Counts bytes in one bar, and the steps that have been read in another.
pub(crate) struct Reading<'a> {
    pub(crate) bar: &'a Bar,
    pub(crate) looking: &'a Count,
}

impl Progress for Reading<'_> {
    fn advance(&self, bytes: u64) -> ControlFlow<()> {
        self.bar.advance(bytes)
    }

    fn looked(&self, done: usize, all: usize) {
        self.looking.show(done, all);
    }
}

impl Drop for Bar {
    fn drop(&mut self) {
        if let Some(bar) = self.bar.lock().unwrap_or_else(PoisonError::into_inner).take() {
            bar.finish_and_clear();
        }
    }
}

/// Counts things that are all alike, such as frames; shows how many are done, how fast and what time
/// is left, once the work takes longer than a moment.
pub(crate) struct Count {
    doing: &'static str,
    what: &'static str,
    begun: Instant,
    shows: bool,
    bar: Mutex<Option<ProgressBar>>,
}

impl Count {
    /// A bar that says `doing` this many `what`.
    pub(crate) fn new(doing: &'static str, what: &'static str) -> Self {
        let shows = std::io::stderr().is_terminal();
        Count { doing, what, begun: Instant::now(), shows, bar: Mutex::new(None) }
    }

    /// Sets how much is done, and of how much.
    pub(crate) fn show(&self, done: usize, all: usize) {
        if !self.shows || self.begun.elapsed() < PATIENCE {
            return;
        }
        let mut shown = self.bar.lock().unwrap_or_else(PoisonError::into_inner);
        shown.get_or_insert_with(|| self.start(all as u64)).set_position(done as u64);
    }

    fn start(&self, all: u64) -> ProgressBar {
        let bar = ProgressBar::with_draw_target(Some(all), ProgressDrawTarget::stderr());
        let Count { doing, what, .. } = self;
        let template = format!(
            "{doing} {{wide_bar}} {{pos}} of {{len}} {what}, {{rate}} a second, {{eta}} left"
        );
        if let Ok(style) = ProgressStyle::with_template(&template) {
            bar.set_style(style.with_key("rate", rate));
        }
        bar
    }

    /// Takes the bar away.
    pub(crate) fn finish(&self) {
        if let Some(bar) = self.bar.lock().unwrap_or_else(PoisonError::into_inner).take() {
            bar.finish_and_clear();
        }
    }
}

impl Drop for Count {
    fn drop(&mut self) {
        self.finish();
    }
}

/// Things a second with two digits: `16`, `0.52`.
fn rate(state: &ProgressState, text: &mut dyn std::fmt::Write) {
    let rate = state.per_sec();
    let digits = if rate < 1.0 { 2 } else { usize::from(rate < 10.0) };
    // What cannot be shown is left out.
    let _ = write!(text, "{rate:.digits$}");
}

/// Says what is being done where nobody can tell how much is left, once it takes longer than a
/// moment.
pub(crate) struct Wait {
    over: Option<(mpsc::Sender<()>, JoinHandle<()>)>,
}

impl Wait {
    /// Work that `doing` names: `sending the points through the network`.
    pub(crate) fn new(doing: &'static str) -> Self {
        if !std::io::stderr().is_terminal() {
            return Wait { over: None };
        }
        let (end, ended) = mpsc::channel();
        let thread = std::thread::Builder::new().spawn(move || {
            if ended.recv_timeout(PATIENCE) != Err(RecvTimeoutError::Timeout) {
                return;
            }
            let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr());
            if let Ok(style) = ProgressStyle::with_template("{spinner} {msg}, {elapsed}") {
                bar.set_style(style);
            }
            bar.set_message(doing);
            while ended.recv_timeout(BEAT) == Err(RecvTimeoutError::Timeout) {
                bar.tick();
            }
            bar.finish_and_clear();
        });
        Wait { over: thread.ok().map(|thread| (end, thread)) }
    }
}

impl Drop for Wait {
    fn drop(&mut self) {
        if let Some((end, thread)) = self.over.take() {
            drop(end);
            // It only draws: where it failed there is nothing to take away.
            let _ = thread.join();
        }
    }
}
