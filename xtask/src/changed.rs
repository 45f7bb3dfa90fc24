//! The crates that a change touches: what `cargo xtask test --fast` looks at.

use std::collections::BTreeSet;

use crate::{Failure, shell};

/// Crates that are tested through the facade, as users see them.
const BELOW_FACADE: &[&str] =
    &["hinton-diff", "hinton-draw", "hinton-picture", "hinton-space", "hinton-weights"];

/// Tests the crates with files that differ from the last commit; where none do, those of the last
/// commit.
pub(crate) fn run() -> Result<(), Failure> {
    let crates = crates_of(&files()?);
    if crates.is_empty() {
        println!("no crate was changed");
        return Ok(());
    }
    println!("changed: {}", crates.iter().cloned().collect::<Vec<_>>().join(", "));
    let packages = crates.iter().flat_map(|name| ["--package", name]);
    let packages: Vec<&str> = packages.collect();
    let mut clippy = shell::cargo();
    clippy.args(["clippy", "--quiet"]).args(&packages).args([
        "--all-targets",
        "--",
        "-D",
        "warnings",
    ]);
    shell::run(&mut clippy)?;
    // Examples in the documentation are left to the whole run: each is a program that is linked.
    let mut tests = shell::cargo();
    shell::run(tests.args(["test", "--quiet", "--lib", "--bins", "--tests"]).args(&packages))
}

/// The files that differ from the last commit, new ones too, or those of the last commit.
fn files() -> Result<String, Failure> {
    let git = |words: &[&str]| shell::output(shell::program("git").args(words));
    let changed = git(&["diff", "--name-only", "HEAD"])?;
    let new = git(&["ls-files", "--others", "--exclude-standard"])?;
    match changed.is_empty() && new.is_empty() {
        true => git(&["diff", "--name-only", "HEAD~1", "HEAD"]),
        false => Ok(changed + &new),
    }
}

/// The crates that files belong to, by their paths, a line each; and the one that tests them.
fn crates_of(files: &str) -> BTreeSet<String> {
    let name = |path: &str| {
        let mut parts = path.split('/');
        match (parts.next()?, parts.next()) {
            ("crates", Some(name)) => Some(name.to_owned()),
            ("xtask", Some(_)) => Some("xtask".to_owned()),
            _ => None,
        }
    };
    let mut crates: BTreeSet<String> = files.lines().filter_map(name).collect();
    if BELOW_FACADE.iter().any(|name| crates.contains(*name)) {
        crates.insert("hinton".to_owned());
    }
    crates
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_belongs_to_a_crate_by_its_path() {
        let files =
            "crates/a/src/lib.rs\ncrates/a/Cargo.toml\nxtask/src/main.rs\nREADME.md\nweb/a.ts\n";
        assert_eq!(crates_of(files), BTreeSet::from(["a".to_owned(), "xtask".to_owned()]));
        let crates = crates_of("crates/hinton-draw/src/figure.rs\n");
        assert!(crates.contains("hinton"), "its tests are those of the facade: {crates:?}");
    }
}
