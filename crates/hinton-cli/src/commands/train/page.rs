//! The page that shows a training while it goes on: a viewer of the run that is being recorded.

use std::path::PathBuf;
use std::sync::Arc;

use super::super::view::opens;
use crate::failure::note;
use crate::interrupt;
use crate::viewing::{Listening, Viewing};

/// A run in the browser, from its first recorded step on.
pub(super) struct Page<'a> {
    folder: PathBuf,
    /// Answers on a thread of its own, which ends when the page does.
    answer: Box<dyn FnMut(Arc<Viewing>) + 'a>,
    threads: usize,
    /// Whether a browser is to be opened.
    is_opened: bool,
    viewing: Option<Arc<Viewing>>,
    /// Whether no further attempt is worth it: it listens, or the system does not let it.
    is_settled: bool,
}

impl<'a> Page<'a> {
    pub(super) fn new(
        folder: PathBuf,
        threads: usize,
        is_opened: bool,
        answer: impl FnMut(Arc<Viewing>) + 'a,
    ) -> Self {
        let answer = Box::new(answer);
        Page { folder, answer, threads, is_opened, viewing: None, is_settled: false }
    }

    /// Begins to listen as soon as there is a step to show, and says where.
    pub(super) fn begin(&mut self) {
        if self.is_settled || !hinton::runs::is_run_folder(&self.folder) {
            return;
        }
        let viewing = match Viewing::open(
            std::slice::from_ref(&self.folder),
            self.threads,
            &Listening::default(),
        ) {
            Ok(viewing) if viewing.has_tensors() => Arc::new(viewing),
            // Nothing is recorded yet, or a step is half written.
            _ => return,
        };
        self.is_settled = true;
        // The words behind the key are those of the page's own addresses.
        let address = format!("{}&v=1&follow=1", viewing.address());
        note(&format!("the training in the browser: {address}"));
        if self.is_opened && !opens(&address) {
            note("no browser could be opened: open the address above");
        }
        (self.answer)(Arc::clone(&viewing));
        self.viewing = Some(viewing);
    }

    /// Keeps the page alive until the program is interrupted.
    pub(super) fn stay(mut self) {
        self.begin();
        if self.viewing.is_none() || interrupt::asked() {
            return;
        }
        note("the page stays until it is interrupted (Ctrl-C)");
        loop {
            std::thread::park();
        }
    }
}

impl Drop for Page<'_> {
    fn drop(&mut self) {
        if let Some(viewing) = &self.viewing {
            viewing.stop();
        }
    }
}
