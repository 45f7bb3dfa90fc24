//! The paths that fit a pattern, folder by folder.

use std::path::{Component, Path, PathBuf};

use hinton_format::Error;

use super::{Brackets, Glob};
use crate::disk::{self, Kind};

/// Every path that fits the pattern, folder by folder, sorted by name. Names that start with a dot
/// fit only where the pattern has that dot.
pub(crate) fn expand(pattern: &Path) -> Result<Vec<PathBuf>, Error> {
    let mut found = vec![PathBuf::new()];
    for part in pattern.components() {
        let Component::Normal(part) = part else {
            found.iter_mut().for_each(|path| path.push(part));
            continue;
        };
        let text = part.to_string_lossy();
        let glob = Glob::new(&text, Brackets::Set);
        if !glob.has_wildcard() {
            found.iter_mut().for_each(|path| path.push(part));
            found.retain(|path| disk::kind(path).is_some());
            continue;
        }
        let mut next = Vec::new();
        for folder in found {
            let here = if folder.as_os_str().is_empty() { Path::new(".") } else { &folder };
            if disk::kind(here) != Some(Kind::Folder) {
                continue;
            }
            let entries = disk::list(here)?;
            let fitting = entries.iter().filter(|entry| {
                let hidden = entry.name.starts_with('.') && !text.starts_with('.');
                !hidden && glob.fits(&entry.name)
            });
            next.extend(
                fitting.filter_map(|entry| entry.path.file_name().map(|name| folder.join(name))),
            );
        }
        found = next;
    }
    Ok(found)
}
