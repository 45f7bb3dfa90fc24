//! The files that tests of everything go through.

use std::path::{Path, PathBuf};

/// The files below a folder in the order of their names, without those that are broken on purpose and
/// those that say how others were read.
pub(crate) fn files(folder: &Path) -> Vec<PathBuf> {
    let mut entries: Vec<PathBuf> =
        std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    entries.sort();
    let mut found = Vec::new();
    for path in entries {
        let name = path.file_name().unwrap().to_str().unwrap();
        match path.is_dir() {
            true if ["malformed", "malicious", "truth"].contains(&name) => {}
            true => found.extend(files(&path)),
            false => found.push(path),
        }
    }
    found
}
