//! Tests that did not run: counted, named, and a failure where nobody allowed them.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use crate::{Failure, shell};

/// The file of this process, once there is one.
static FILE: OnceLock<PathBuf> = OnceLock::new();

/// What may be missing, by the word of [`hinton_testing::skip`].
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum May {
    /// Anything: the machine of someone who develops.
    All,
    /// These alone.
    These(Vec<String>),
}

impl May {
    /// From a list with commas.
    pub(crate) fn parse(words: &str) -> Self {
        let words = words.split(',').map(str::trim).filter(|word| !word.is_empty());
        May::These(words.map(str::to_owned).collect())
    }

    fn allows(&self, need: &str) -> bool {
        match self {
            May::All => true,
            May::These(words) => words.iter().any(|word| word == need),
        }
    }
}

/// Counts something that was not checked, and says so: for lack of what, what, and why.
pub(crate) fn skip(need: &str, what: &str, why: &str) {
    println!("skipped: {what}: {why}");
    if let Some(path) = file() {
        hinton_testing::append_skip(path, need, what, why);
    }
}

/// The file that skipped tests are appended to, once [`begin`] was called.
pub(crate) fn file() -> Option<&'static Path> {
    FILE.get().map(PathBuf::as_path)
}

/// An empty file that tests of this process and of those it starts append to from now on.
pub(crate) fn begin() -> Result<&'static Path, Failure> {
    let path = shell::target_dir()?.join("skipped.txt");
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder)?;
    }
    std::fs::write(&path, "")?;
    Ok(FILE.get_or_init(|| path))
}

/// Prints what was skipped, and fails where some of it was not allowed.
pub(crate) fn end(path: &Path, may: &May) -> Result<(), Failure> {
    let (text, refused) = report(&shell::read(path)?, may);
    print!("{text}");
    match refused.as_slice() {
        [] => Ok(()),
        needs => Err(format!("skipped for lack of {}", needs.join(", ")).into()),
    }
}

/// The report of the lines that tests wrote, and what is missing that may not be.
fn report(lines: &str, may: &May) -> (String, Vec<String>) {
    let mut needs: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    let mut count = 0;
    for line in lines.lines() {
        let mut parts = line.splitn(3, '\t');
        let (need, test) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
        let line = format!("     {test}: {}\n", parts.next().unwrap_or_default());
        let tests = needs.entry(need).or_default();
        // A test that asks for several files is skipped once.
        if !tests.iter().any(|known| known.starts_with(&format!("     {test}: "))) {
            tests.push(line);
            count += 1;
        }
    }
    if count == 0 {
        return ("── nothing was skipped\n".to_owned(), Vec::new());
    }
    let mut text = format!("── {count} tests or checks were skipped\n");
    for (need, tests) in &needs {
        let words = if may.allows(need) { "" } else { ", which is not allowed here" };
        text.push_str(&format!("   for lack of {need} ({}{words}):\n", tests.len()));
        tests.iter().for_each(|test| text.push_str(test));
    }
    let refused = needs.keys().filter(|need| !may.allows(need)).map(ToString::to_string);
    (text, refused.collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    const LINES: &str = "data\ta::b\tthere is no x\ndata\ta::b\tthere is no y\nffmpeg\tc\tnone\n";

    #[test]
    fn each_test_is_counted_once_and_named() {
        let (text, refused) = report(LINES, &May::All);
        assert!(text.starts_with("── 2 tests or checks were skipped\n"), "{text}");
        assert!(text.contains("for lack of data (1):\n     a::b: there is no x\n"), "{text}");
        assert!(refused.is_empty());
        assert_eq!(report("", &May::These(Vec::new())).0, "── nothing was skipped\n");
    }

    #[test]
    fn what_was_not_allowed_is_a_failure() {
        let (text, refused) = report(LINES, &May::parse("data, tmux"));
        assert_eq!(refused, ["ffmpeg"]);
        assert!(text.contains("ffmpeg (1, which is not allowed here)"), "{text}");
        assert_eq!(report(LINES, &May::parse("")).1, ["data", "ffmpeg"]);
    }
}
