//! `cargo xtask bless`: makes the golden pictures again, names those that changed, and leaves a page on which each
//! is seen before and after.

mod page;

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use page::{Change, page};

use crate::{Failure, shell};

/// The crates that have golden pictures.
const PACKAGES: &[&str] = &["hinton-render", "hinton-chart", "hinton"];

/// Each file and its bytes.
type Files = BTreeMap<PathBuf, Vec<u8>>;

pub(crate) fn run(_arguments: &[String]) -> Result<(), Failure> {
    let before = golden_files()?;
    let mut tests = shell::cargo();
    // Their tests have the word in their names; all others would take a minute and write nothing.
    tests.args(["test", "--quiet", "--test", "it", "--no-fail-fast", "golden"]);
    tests.env(hinton_testing::BLESS, "1");
    for package in PACKAGES {
        tests.args(["--package", package]);
    }
    let outcome = shell::run(&mut tests);
    let after = golden_files()?;
    let changes = changes(&before, &after);
    for change in &changes {
        println!("{}", line(change));
    }
    if changes.is_empty() {
        println!("no golden file changed");
        return outcome;
    }
    let path = shell::target_dir()?.join("golden.html");
    std::fs::write(&path, page(&changes))?;
    println!("{} files changed; look at each before you commit it:", changes.len());
    println!("{}", path.display());
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

/// The files that are not the same, by path.
fn changes<'a>(before: &'a Files, after: &'a Files) -> Vec<Change<'a>> {
    let paths: BTreeSet<&PathBuf> = before.keys().chain(after.keys()).collect();
    let change = |path: &PathBuf| {
        let [before, after] = [before, after].map(|files| files.get(path).map(Vec::as_slice));
        (before != after).then(|| Change { name: shell::shown(path), before, after })
    };
    paths.into_iter().filter_map(change).collect()
}

fn line(change: &Change<'_>) -> String {
    let word = match (change.before, change.after) {
        (None, _) => "new",
        (_, None) => "gone",
        _ => "changed",
    };
    format!("{word:<9}{}", change.name)
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
        let lines: Vec<String> = changes(&before, &after).iter().map(line).collect();
        assert_eq!(lines, ["changed  b.png", "gone     c.png", "new      d.png"]);
    }
}
