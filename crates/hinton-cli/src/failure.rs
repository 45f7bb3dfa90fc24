//! What went wrong, as a person reads it.

use crate::said::in_options;
use std::fmt::Write as _;
use std::io::Write as _;

use hinton::Fault;
use hinton::errors::{ErrorKind, FormatError};
use hinton::text::visible;

/// Why a command did not do its work.
#[derive(Debug)]
pub(crate) struct Failure {
    code: u8,
    message: String,
    help: Option<String>,
    /// Whether it has been said already.
    silent: bool,
}

impl Failure {
    /// The command line was wrong.
    pub(crate) fn usage(message: impl Into<String>, help: impl Into<String>) -> Self {
        Failure { code: 2, message: message.into(), help: Some(help.into()), silent: false }
    }

    /// The input or the work failed.
    pub(crate) fn work(message: impl Into<String>) -> Self {
        Failure { code: 1, message: message.into(), help: None, silent: false }
    }

    /// The same with something to do about it.
    pub(crate) fn with_help(self, help: impl Into<String>) -> Self {
        Failure { help: Some(help.into()), ..self }
    }

    /// The work was asked to stop and did.
    pub(crate) fn stopped() -> Self {
        Failure::work("stopped before the end; what was unfinished is removed")
    }

    /// The work failed, and it has been said.
    pub(crate) fn said(code: u8) -> Self {
        Failure { code, message: String::new(), help: None, silent: true }
    }

    /// The same with another exit code.
    pub(crate) fn coded(self, code: u8) -> Self {
        Failure { code, ..self }
    }

    /// Whether it has been said already.
    pub(crate) fn is_said(&self) -> bool {
        self.silent
    }

    /// The exit code.
    pub(crate) fn code(&self) -> u8 {
        self.code
    }

    /// Says it on standard error.
    pub(crate) fn report(&self) {
        if self.silent {
            return;
        }
        let mut text = format!("error: {}\n", readable(&self.message));
        if let Some(help) = self.help.as_deref().filter(|help| !help.is_empty()) {
            // Writing to a String cannot fail.
            let _ = writeln!(text, "help: {}", readable(help));
        }
        // Where standard error is closed nobody listens.
        let _ = std::io::stderr().write_all(text.as_bytes());
    }
}

impl From<hinton::Error> for Failure {
    fn from(error: hinton::Error) -> Self {
        let code = match error.fault() {
            Fault::Request => 2,
            Fault::Work => 1,
        };
        // What a reader says is about a file, whose names may be those of settings.
        let said = |text: &str| match error {
            hinton::Error::Open(_) => text.to_owned(),
            _ => in_options(text),
        };
        let help = error.help().map(said);
        Failure { code, message: said(&error.to_string()), help, silent: false }
    }
}

impl From<Failure> for hinton::Error {
    fn from(failure: Failure) -> Self {
        let Failure { code, message, help, .. } = failure;
        match code {
            2 => hinton::Error::Request { message, help },
            _ => {
                let error = FormatError::new(ErrorKind::Io, message);
                help.map_or(error.clone(), |help| error.cure(help)).into()
            }
        }
    }
}

/// The system's own words, without Rust's "(os error 2)".
pub(crate) fn plain(error: &std::io::Error) -> String {
    let text = error.to_string();
    text.split(" (os error").next().unwrap_or(&text).to_lowercase()
}

/// Says something a person should know, on standard error.
pub(crate) fn note(text: &str) {
    note_of_file(&in_options(text));
}

/// Says what was noticed in a file, whose names may be those of settings.
fn note_of_file(text: &str) {
    let _ = writeln!(std::io::stderr(), "note: {}", readable(text));
}

/// Most characters of one message, and of its end.
const LONGEST: usize = 4000;
const END: usize = 300;

/// A message as it is shown: escaped, and without its middle where names in it are as long as books.
fn readable(text: &str) -> String {
    let shown = visible(text);
    let count = shown.chars().count();
    if count <= LONGEST {
        return shown.into_owned();
    }
    let start: String = shown.chars().take(LONGEST - END).collect();
    let end: String = shown.chars().skip(count - END).collect();
    format!("{start} … ({} characters) … {end}", count - LONGEST)
}

/// Most warnings of one file that are shown.
const MOST_WARNINGS: usize = 20;

/// Says what was noticed while a run was opened.
pub(crate) fn run_warnings(run: &hinton::runs::Run) {
    say_warnings(run, |_| true);
}

/// The same without what is about single tensors, which pictures of them say themselves.
pub(crate) fn run_warnings_but_tensors(run: &hinton::runs::Run) {
    say_warnings(run, |warning| warning.subject.is_empty());
}

fn say_warnings(run: &hinton::runs::Run, is_said: fn(&hinton::Warning) -> bool) {
    let said = || run.warnings.iter().filter(|warning| is_said(warning));
    for warning in said().take(MOST_WARNINGS) {
        note_of_file(&format!("{}: {warning}", run.path));
    }
    let count = said().count();
    if count > MOST_WARNINGS {
        note(&format!("{}: and {} more notes", run.path, count - MOST_WARNINGS));
    }
}

/// Says what was noticed while a file was opened.
pub(crate) fn warnings(checkpoint: &hinton::Checkpoint) {
    let warnings = &checkpoint.warnings;
    for warning in warnings.iter().take(MOST_WARNINGS) {
        note_of_file(&format!("{}: {warning}", checkpoint.path));
    }
    if warnings.len() > MOST_WARNINGS {
        let more = warnings.len() - MOST_WARNINGS;
        note(&format!(
            "{}: and {more} more notes; `hinton inspect --json` has all",
            checkpoint.path
        ));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_messages_lose_their_middle() {
        assert_eq!(readable("short"), "short");
        let text = format!("the start {} the end", "é".repeat(100_000));
        let shown = readable(&text);
        assert!(shown.starts_with("the start é") && shown.ends_with("é the end"), "{shown}");
        assert!(shown.contains(" … (96018 characters) … "), "{shown}");
        assert!(shown.chars().count() < LONGEST + 50);
        assert!(!readable("\u{1b}[31m").contains('\u{1b}'));
    }
}
