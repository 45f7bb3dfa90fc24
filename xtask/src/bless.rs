//! `cargo xtask bless`: makes the golden pictures again and names those that changed.

use std::collections::BTreeMap;
use std::path::PathBuf;

use crate::{Failure, shell};

/// The crates that have golden pictures.
const PACKAGES: &[&str] = &["hinton-render", "hinton-chart", "hinton"];

/// The variable that makes a golden test write instead of compare.
const VARIABLE: &str = "HINTON_BLESS";

/// Each file and its bytes.
type Files = BTreeMap<PathBuf, Vec<u8>>;

pub(crate) fn run(_arguments: &[String]) -> Result<(), Failure> {
    let before = golden_files()?;
    let mut tests = shell::cargo();
    tests.args(["test", "--quiet", "--tests", "--no-fail-fast"]).env(VARIABLE, "1");
    for package in PACKAGES {
        tests.args(["--package", package]);
    }
    let outcome = shell::run(&mut tests);
    let changes = changes(&before, &golden_files()?);
    for change in &changes {
        println!("{change}");
    }
    println!("{} files changed; look at each before you commit it", changes.len());
    outcome
}

/// Every file of those crates that is not source.
fn golden_files() -> Result<Files, Failure> {
    let mut files = Files::new();
    for package in PACKAGES {
        for path in shell::files_under(&shell::root().join("crates").join(package))? {
            if path.extension().is_none_or(|extension| extension != "rs" && extension != "toml") {
                let bytes = std::fs::read(&path)?;
                files.insert(path, bytes);
            }
        }
    }
    Ok(files)
}

fn changes(before: &Files, after: &Files) -> Vec<String> {
    let mut changes = Vec::new();
    for (path, bytes) in after {
        match before.get(path) {
            None => changes.push(format!("new      {}", shell::shown(path))),
            Some(old) if old != bytes => changes.push(format!("changed  {}", shell::shown(path))),
            Some(_) => {}
        }
    }
    let gone = before.keys().filter(|path| !after.contains_key(*path));
    changes.extend(gone.map(|path| format!("gone     {}", shell::shown(path))));
    changes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn new_changed_and_gone_files_are_named_and_the_same_are_not() {
        let files = |list: &[(&str, &str)]| -> Files {
            list.iter()
                .map(|(path, text)| (PathBuf::from(path), text.as_bytes().to_vec()))
                .collect()
        };
        let before = files(&[("a.png", "1"), ("b.png", "1"), ("c.png", "1")]);
        let after = files(&[("a.png", "1"), ("b.png", "2"), ("d.png", "1")]);
        let expected = ["changed  b.png", "new      d.png", "gone     c.png"];
        assert_eq!(changes(&before, &after), expected);
    }
}
