//! Tests that cannot run here are counted.

use std::io::Write;
use std::path::{Path, PathBuf};

/// The environment variable that names the file to which skipped tests are appended: a line each,
/// what is needed, a tab, the test, a tab, and why. `cargo xtask test` sets it and prints the lines.
pub const SKIPS: &str = "HINTON_SKIPS";

/// Reports that the calling test cannot run. `need` is one word for what is missing (`data`, `python`,
/// `ffmpeg` …), by which `cargo xtask test --may-skip` allows it.
pub fn skip(need: &str, why: &str) {
    let thread = std::thread::current();
    let test = thread.name().unwrap_or("a test without a name");
    println!("skipped: {test}: {why}");
    if let Some(path) = std::env::var_os(SKIPS) {
        append_skip(Path::new(&path), need, test, why);
    }
}

/// Appends a line to a file of skipped tests, as [`skip`] does to the one that [`SKIPS`] names.
///
/// # Panics
/// Panics if it cannot be written.
pub fn append_skip(path: &Path, need: &str, test: &str, why: &str) {
    // One write of one line: tests of several threads and processes append to the same file.
    let line = format!("{need}\t{test}\t{}\n", why.replace(['\n', '\t'], " "));
    let file = std::fs::OpenOptions::new().create(true).append(true).open(path);
    let written = file.and_then(|mut file| file.write_all(line.as_bytes()));
    written.unwrap_or_else(|error| panic!("{}: {error}", path.display()));
}

/// A file or folder among the shared test files, by its path below `shared` beside the repository:
/// `data/mnist`, `field/…`, `hostile`. The environment variable `HINTON_DATA` gives the folder `data`
/// another place. `None` where there is nothing; the test is then counted as skipped.
#[must_use]
pub fn shared(below: &str) -> Option<PathBuf> {
    let beside = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared");
    let (first, rest) = below.split_once('/').unwrap_or((below, ""));
    let moved = std::env::var_os("HINTON_DATA").filter(|_| first == "data");
    let path = moved.map_or_else(|| beside.join(below), |data| PathBuf::from(data).join(rest));
    // A path without `..` and links: readers compare it with those of files that they find.
    let found = path.canonicalize().ok();
    if found.is_none() {
        skip("data", &format!("there is no {}; set HINTON_DATA", path.display()));
    }
    found
}
