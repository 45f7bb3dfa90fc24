//! Folders of files that belong together: on disk, in memory, or elsewhere.

use std::collections::BTreeMap;
use std::ops::Bound;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use hinton_tensor::{Bytes, Memory};

use super::file::{self, Entry, There};
use crate::{Error, ErrorKind};

/// Provides files by their names relative to a folder, with `/` as separator. Names outside of it
/// are rejected.
pub trait Folder: Send + Sync {
    /// The bytes of a file. `None` only if there is no file with this name, so that an unreadable
    /// file is never mistaken for a missing one.
    ///
    /// # Errors
    /// Returns an error if the name leads out of the folder, directly or through a link, or the
    /// file cannot be reached or read, or is empty.
    fn file(&self, name: &str) -> Result<Option<Arc<dyn Bytes>>, Error>;

    /// Lists the entries of the subfolder `below`, sorted by name; those of the folder itself if
    /// `below` is empty. Empty if there is no such subfolder.
    ///
    /// # Errors
    /// Returns an error if the name leads out of the folder, directly or through a link, or it
    /// cannot be read.
    fn list(&self, below: &str) -> Result<Vec<Entry>, Error>;

    /// Announces the files that will be opened, so that they can be checked together if each takes
    /// a while. Does nothing for local files. Failures are reported by [`Folder::file`].
    fn will_open(&self, _names: &[&str]) {}

    /// The name of a file of this folder as shown to the user.
    fn shown(&self, name: &str) -> String;
}

/// Refuses names that lead out of the folder.
pub(crate) fn check(name: &str) -> Result<(), Error> {
    if file::is_below(name) {
        return Ok(());
    }
    let message = format!("it names the file {name:?}, which is not in its folder");
    Err(Error::new(ErrorKind::Refused, message).cure("get it from a source you trust"))
}

/// The entries of the subfolder `below` in a map of files by name, sorted by name. Does not iterate
/// over the contents of further subfolders.
pub fn entries<F>(files: &BTreeMap<String, F>, below: &str, len: impl Fn(&F) -> u64) -> Vec<Entry> {
    let start = if below.is_empty() { String::new() } else { format!("{below}/") };
    let mut found: Vec<Entry> = Vec::new();
    let mut from = Bound::Included(start.clone());
    while let Some((name, file)) = files.range((from, Bound::Unbounded)).next() {
        let Some(rest) = name.strip_prefix(&start) else { break };
        match rest.split_once('/') {
            Some((folder, _)) => {
                found.push(Entry { name: folder.to_owned(), is_dir: true, len: 0 });
                // '0' comes behind '/', so this comes behind everything in that folder.
                from = Bound::Included(format!("{start}{folder}0"));
            }
            None => {
                found.push(Entry { name: rest.to_owned(), is_dir: false, len: len(file) });
                from = Bound::Excluded(name.clone());
            }
        }
    }
    found.sort_by(|a, b| a.name.cmp(&b.name));
    found.dedup_by(|a, b| a.name == b.name);
    found
}

/// A folder on disk. Links in it are followed if they stay inside, or lead to where git-annex or
/// the Hugging Face cache stores files for it.
#[derive(Debug, Clone)]
pub struct Disk(pub PathBuf);

impl Folder for Disk {
    fn file(&self, name: &str) -> Result<Option<Arc<dyn Bytes>>, Error> {
        check(name)?;
        file_below(&self.0, name, false)
    }

    fn list(&self, below: &str) -> Result<Vec<Entry>, Error> {
        if below.is_empty() {
            let is_here = self.0.as_os_str().is_empty();
            return file::read_dir(if is_here { Path::new(".") } else { &self.0 });
        }
        check(below)?;
        match file::look_below(&self.0, below)? {
            There::Folder => file::read_dir(&self.0.join(below)),
            There::File | There::Nothing => Ok(Vec::new()),
        }
    }

    fn shown(&self, name: &str) -> String {
        self.0.join(name).display().to_string()
    }
}

/// A file of a folder on disk; `None` where there is none of that name.
pub(super) fn file_below(
    folder: &Path,
    name: &str,
    by_position: bool,
) -> Result<Option<Arc<dyn Bytes>>, Error> {
    match file::look_below(folder, name)? {
        There::File => file::open_file(&folder.join(name), by_position).map(Some),
        There::Folder | There::Nothing => Ok(None),
    }
}

/// A subfolder of another folder.
pub struct Below {
    folder: Arc<dyn Folder>,
    name: String,
}

impl Below {
    /// The subfolder with this name.
    ///
    /// # Errors
    /// Returns an error if the name leads out of the outer folder.
    pub fn new(folder: Arc<dyn Folder>, name: &str) -> Result<Self, Error> {
        check(name)?;
        Ok(Below { folder, name: name.to_owned() })
    }

    fn inside(&self, name: &str) -> String {
        if name.is_empty() { self.name.clone() } else { format!("{}/{name}", self.name) }
    }
}

impl Folder for Below {
    fn file(&self, name: &str) -> Result<Option<Arc<dyn Bytes>>, Error> {
        check(name)?;
        self.folder.file(&self.inside(name))
    }

    fn list(&self, below: &str) -> Result<Vec<Entry>, Error> {
        self.folder.list(&self.inside(below))
    }

    fn will_open(&self, names: &[&str]) {
        let inside: Vec<String> = names.iter().map(|name| self.inside(name)).collect();
        self.folder.will_open(&inside.iter().map(String::as_str).collect::<Vec<_>>());
    }

    fn shown(&self, name: &str) -> String {
        self.folder.shown(&self.inside(name))
    }
}

/// A folder in memory.
#[derive(Clone, Default)]
pub struct InMemory(pub BTreeMap<String, Arc<[u8]>>);

impl Folder for InMemory {
    fn file(&self, name: &str) -> Result<Option<Arc<dyn Bytes>>, Error> {
        check(name)?;
        let bytes = self.0.get(name).cloned();
        Ok(bytes.map(|bytes| -> Arc<dyn Bytes> { Arc::new(Memory::new(bytes)) }))
    }

    fn list(&self, below: &str) -> Result<Vec<Entry>, Error> {
        Ok(entries(&self.0, below, |bytes| bytes.len() as u64))
    }

    fn shown(&self, name: &str) -> String {
        name.to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_are_those_of_one_level() {
        let names = ["a", "a-b", "a/b", "a/c/d", "a0", "b/c", "b.c", "b/d/e", "\u{e4}/x"];
        let files = names.map(|name| (name.to_owned(), name.len() as u64)).into();
        let of = |below: &str| -> Vec<(String, bool, u64)> {
            let found = entries(&files, below, |len| *len).into_iter();
            found.map(|entry| (entry.name, entry.is_dir, entry.len)).collect()
        };
        let file = |name: &str, len| (name.to_owned(), false, len);
        let folder = |name: &str| (name.to_owned(), true, 0);
        // Of a file and a folder of one name it is the file.
        let top = [file("a", 1), file("a-b", 3), file("a0", 2), folder("b"), file("b.c", 3)];
        assert_eq!(of(""), [&top[..], &[folder("\u{e4}")]].concat());
        assert_eq!(of("a"), [file("b", 3), folder("c")]);
        assert_eq!(of("b"), [file("c", 3), folder("d")]);
        assert_eq!(of("b/d"), [file("e", 5)]);
        assert_eq!(of("none"), []);
    }

    #[test]
    fn folders_hold_what_is_below_them_and_no_more() {
        let files = [("a/b/c", "1"), ("a/d", "22"), ("a/b/e", "3"), ("f", "4")];
        let files = files.map(|(name, text)| (name.to_owned(), Arc::from(text.as_bytes())));
        let folder = InMemory(files.into());
        let names = |below: &str| -> Vec<(String, bool)> {
            let entries = folder.list(below).unwrap().into_iter();
            entries.map(|entry| (entry.name, entry.is_dir)).collect()
        };
        assert_eq!(names(""), [("a".to_owned(), true), ("f".to_owned(), false)]);
        assert_eq!(names("a"), [("b".to_owned(), true), ("d".to_owned(), false)]);
        assert_eq!(names("a/d"), []);
        assert_eq!(folder.file("a/d").unwrap().unwrap().len(), 2);
        assert!(folder.file("a/b").unwrap().is_none());
        let disk = Disk(PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("src"));
        assert!(disk.file("lib.rs").unwrap().is_some());
        assert!(disk.file("source").unwrap().is_none());
        assert!(disk.list("source").unwrap().iter().any(|entry| entry.name == "folder.rs"));
        for name in ["../Cargo.toml", "/etc/passwd", "source/../lib.rs", ""] {
            assert_eq!(disk.file(name).err().unwrap().kind(), ErrorKind::Refused, "{name}");
            assert_eq!(folder.file(name).err().unwrap().kind(), ErrorKind::Refused, "{name}");
        }
    }
}
