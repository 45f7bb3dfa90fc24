//! Locations of files: on disk, in an archive, or at an address.

use std::borrow::Cow;
use std::path::{self, Path, PathBuf};
use std::sync::Arc;

use hinton_tensor::Bytes;

use super::file::{self, Entry};
use super::{Disk, Folder, folder, places};
use crate::{Error, ErrorKind, Limits, nearest};

/// A path, and what it is a path in: the disk, an archive or a remote folder. Related files are
/// found relative to a file's location, so a model in an archive opens like one in a folder.
#[derive(Clone)]
pub struct Location {
    path: PathBuf,
    /// The folder that it lies in where that is none on disk.
    within: Option<Within>,
    /// Whether its files on disk are read by position, see [`Limits::by_position`].
    by_position: bool,
}

/// A folder that is none on disk.
#[derive(Clone)]
struct Within {
    /// Its own path.
    root: PathBuf,
    folder: Arc<dyn Folder>,
    kind: WithinKind,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum WithinKind {
    Archive,
    Remote,
}

/// What a location is in.
enum Place<'a> {
    Disk,
    /// The archive or the folder far away that it is in, and its name there with `/` between the
    /// parts; empty for the folder of everything.
    Member(String, &'a dyn Folder),
    /// Not in the folder that it should be in. It is looked for nowhere else.
    Outside,
}

impl Location {
    /// The folder of everything in an archive that lies at `path`.
    pub(crate) fn root_of(path: PathBuf, archive: Arc<dyn Folder>) -> Self {
        let within = Within { root: path.clone(), folder: archive, kind: WithinKind::Archive };
        Location { path, within: Some(within), by_position: false }
    }

    /// The location of a path on disk, read as the limits say.
    pub(crate) fn on_disk(path: &Path, limits: &Limits) -> Self {
        Location { by_position: limits.by_position, ..Location::from(path) }
    }

    /// The folder at an address.
    pub fn remote(root: impl Into<PathBuf>, folder: Arc<dyn Folder>) -> Self {
        let root = root.into();
        let within = Within { root: root.clone(), folder, kind: WithinKind::Remote };
        Location { path: root, within: Some(within), by_position: false }
    }

    /// The location that a path refers to: an address if it is one, see [`places`], else a path on
    /// disk.
    ///
    /// # Errors
    /// Returns an error if it is an address that nothing can open, or opening it fails.
    pub fn find(path: &Path, limits: &Limits) -> Result<Self, Error> {
        match places::address(path) {
            Some(address) => places::find(address),
            None => Ok(Location::on_disk(path, limits)),
        }
    }

    fn is_within(&self, kind: WithinKind) -> bool {
        self.within.as_ref().is_some_and(|within| within.kind == kind)
    }

    /// Bytes on disk of what it lies in: of itself, or of its archive; `None` where that cannot be
    /// told.
    pub(crate) fn disk_len(&self) -> Option<u64> {
        file::len(self.within.as_ref().map_or(&self.path, |within| &within.root))
    }

    /// Whether it is in an archive.
    pub fn is_in_archive(&self) -> bool {
        self.is_within(WithinKind::Archive)
    }

    /// Whether it is remote, so that accessing its files takes time.
    pub fn is_remote(&self) -> bool {
        self.is_within(WithinKind::Remote)
    }

    /// Its path or address, for names and comparisons. What it names need not be on disk: files are
    /// reached by the location, never by this.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Its path or address as text.
    pub fn display(&self) -> path::Display<'_> {
        self.path.display()
    }

    /// The last part of its path as text; empty for a path that ends in none.
    pub fn file_name(&self) -> Cow<'_, str> {
        self.path.file_name().unwrap_or_default().to_string_lossy()
    }

    /// The file or folder with this name in this folder.
    #[must_use]
    pub fn join(&self, name: impl AsRef<Path>) -> Self {
        let name = name.as_ref();
        let path = match self.is_remote() && !name.as_os_str().is_empty() {
            // Addresses have this mark between their parts on every system.
            true => format!("{}/{}", self.path.display(), name.display()).into(),
            false => self.path.join(name),
        };
        Location { path, ..self.clone() }
    }

    /// Told before files below this folder are opened, see [`Folder::will_open`].
    pub(crate) fn will_open_below<'n>(&self, names: impl IntoIterator<Item = &'n str>) {
        if !self.is_remote() {
            return;
        }
        if let Place::Member(own, folder) = self.place() {
            let start = if own.is_empty() { own } else { format!("{own}/") };
            let names: Vec<String> =
                names.into_iter().map(|name| format!("{start}{name}")).collect();
            folder.will_open(&names.iter().map(String::as_str).collect::<Vec<_>>());
        }
    }

    /// The folder, as it is shown to the user: `.` if its path is empty.
    pub(crate) fn shown_folder(&self) -> String {
        if self.path.as_os_str().is_empty() {
            return ".".to_owned();
        }
        self.path.display().to_string()
    }

    /// The folder that contains it.
    #[must_use]
    pub fn folder(&self) -> Self {
        let folder = self.path.parent().unwrap_or(Path::new(""));
        Location { path: folder.to_owned(), ..self.clone() }
    }

    /// The file or folder with this name in the same folder, or below that.
    #[must_use]
    pub fn beside(&self, name: impl AsRef<Path>) -> Self {
        self.folder().join(name)
    }

    /// Checks that the file, which the file at `model` names, does not lie elsewhere behind a link,
    /// and is no pipe or device.
    ///
    /// # Errors
    /// [`ErrorKind::Refused`] where it does or is one.
    pub(crate) fn check_beside(&self, model: &Location) -> Result<(), Error> {
        if self.within.is_some() {
            return Ok(());
        }
        file::check_beside(&self.path, &model.path)
    }

    fn place(&self) -> Place<'_> {
        let Some(Within { root, folder, .. }) = &self.within else { return Place::Disk };
        let Ok(below) = self.path.strip_prefix(root) else { return Place::Outside };
        let parts: Vec<_> =
            below.components().map(|part| part.as_os_str().to_string_lossy()).collect();
        Place::Member(parts.join("/"), &**folder)
    }

    /// Whether there is a file, following links on disk. A file in an archive may still be
    /// unreadable, for example encrypted.
    pub fn is_file(&self) -> bool {
        match self.place() {
            Place::Disk => file::is_file(&self.path),
            Place::Member(name, archive) => {
                !name.is_empty()
                    && match archive.file(&name) {
                        Ok(found) => found.is_some(),
                        Err(error) => error.kind() != ErrorKind::Refused,
                    }
            }
            Place::Outside => false,
        }
    }

    /// Whether there is nothing. Something that exists but cannot be read is not missing: opening
    /// it gives the reason.
    pub fn is_missing(&self) -> bool {
        match self.place() {
            Place::Disk => file::is_missing(&self.path),
            Place::Member(name, archive) => {
                !self.is_dir() && matches!(archive.file(&name), Ok(None))
            }
            Place::Outside => true,
        }
    }

    /// Whether there is a folder, following links.
    pub fn is_dir(&self) -> bool {
        match self.place() {
            Place::Disk => file::is_dir(&self.path),
            Place::Member(name, archive) => {
                name.is_empty() || archive.list(&name).is_ok_and(|entries| !entries.is_empty())
            }
            Place::Outside => false,
        }
    }

    /// Lists the entries of the folder, sorted by name.
    ///
    /// # Errors
    /// [`ErrorKind::Io`] if it cannot be read.
    pub fn entries(&self) -> Result<Vec<Entry>, Error> {
        match self.place() {
            Place::Disk => Disk(self.path.clone()).list(""),
            Place::Member(name, archive) => archive.list(&name),
            Place::Outside => Err(self.outside()),
        }
    }

    /// The bytes of the file.
    ///
    /// # Errors
    /// Returns an error if there is none, or it cannot be read, see [`map_file`](super::map_file).
    pub fn open(&self) -> Result<Arc<dyn Bytes>, Error> {
        match self.place() {
            Place::Disk => file::open_file(&self.path, self.by_position),
            Place::Member(name, archive) => match self.read(&name, archive)? {
                Some(bytes) => Ok(bytes),
                None => Err(self.missing().in_file(&self.path.display().to_string())),
            },
            Place::Outside => Err(self.outside()),
        }
    }

    /// The bytes of a member; `None` where there is none.
    fn read(&self, name: &str, archive: &dyn Folder) -> Result<Option<Arc<dyn Bytes>>, Error> {
        let named = |error: Error| error.in_file(&self.path.display().to_string());
        let bytes = archive.file(name).map_err(named)?;
        if bytes.as_ref().is_some_and(|bytes| bytes.is_empty()) {
            return Err(named(file::empty_file()));
        }
        Ok(bytes)
    }

    fn outside(&self) -> Error {
        let message = match self.is_remote() {
            true => "this is outside the folder that it should be in",
            false => "this is outside the archive that it should be in",
        };
        Error::new(ErrorKind::Refused, message).in_file(&self.path.display().to_string())
    }

    fn missing(&self) -> Error {
        let message = match self.is_remote() {
            true => "there is no such file or folder",
            false => "there is no such file or folder in the archive",
        };
        let error = Error::new(ErrorKind::Io, message);
        let entries = self.folder().entries().unwrap_or_default();
        let ranked = nearest(entries.iter().map(|entry| entry.name.as_str()), &self.file_name());
        let near: Vec<String> =
            ranked.into_iter().take(3).map(|(_, name)| format!("{name:?}")).collect();
        match near.as_slice() {
            [] => error.cure("check the name"),
            names => error.cure(format!("in its place there is {}", names.join(", "))),
        }
    }
}

/// The folder at a location, for formats that are folders.
impl Folder for Location {
    fn file(&self, name: &str) -> Result<Option<Arc<dyn Bytes>>, Error> {
        folder::check(name)?;
        let file = self.join(name);
        match file.place() {
            Place::Disk => folder::file_below(&self.path, name, self.by_position),
            Place::Member(name, archive) => file.read(&name, archive),
            Place::Outside => Err(file.outside()),
        }
    }

    fn list(&self, below: &str) -> Result<Vec<Entry>, Error> {
        if below.is_empty() {
            return self.entries();
        }
        folder::check(below)?;
        match &self.within {
            None => Disk(self.path.clone()).list(below),
            Some(_) => self.join(below).entries(),
        }
    }

    fn will_open(&self, names: &[&str]) {
        self.will_open_below(names.iter().copied());
    }

    fn shown(&self, name: &str) -> String {
        self.join(name).display().to_string()
    }
}

impl From<PathBuf> for Location {
    /// The location of that path on disk.
    fn from(path: PathBuf) -> Self {
        Location { path, within: None, by_position: false }
    }
}

impl From<&Path> for Location {
    fn from(path: &Path) -> Self {
        path.to_owned().into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::InMemory;

    #[test]
    fn a_location_is_a_path_in_what_it_lies_in() {
        let files = [("a/w.npy", "1"), ("a/b/c", "22"), ("d", "3")];
        let files = files.map(|(name, text)| (name.to_owned(), Arc::from(text.as_bytes())));
        let archive: Arc<dyn Folder> = Arc::new(InMemory(files.into()));
        let root = Location::root_of(PathBuf::from("x/m.zip"), archive);
        let file = root.join("a/w.npy");
        assert!(root.is_dir() && root.join("a").is_dir() && file.is_file());
        assert!(!file.is_dir() && !root.is_file() && !root.join("e").is_dir());
        assert_eq!(file.display().to_string(), "x/m.zip/a/w.npy");
        assert!(file.beside("b/c").is_file());
        assert_eq!(file.open().unwrap().len(), 1);
        // What lies beside the archive is none of its files.
        assert!(!root.beside("m.zip").is_file() && !root.folder().is_dir());
        assert!(root.join("../../Cargo.toml").open().is_err());
        // Nor is it looked for on disk.
        let manifest = root.join(Path::new(env!("CARGO_MANIFEST_DIR")).join("Cargo.toml"));
        assert_eq!(manifest.open().err().unwrap().kind(), ErrorKind::Refused);
        assert_eq!(manifest.folder().entries().unwrap_err().kind(), ErrorKind::Refused);
        assert!(!manifest.is_file() && !manifest.folder().is_dir());
        let error = root.join("a/w.npz").open().map(|_| ()).unwrap_err();
        assert_eq!(error.cure_text(), Some("in its place there is \"w.npy\", \"b\""));
        for folder in [root.join("a"), Location::from(Path::new(env!("CARGO_MANIFEST_DIR")))] {
            let names = |below: &str| folder.list(below).unwrap().len();
            assert!(names("") > 1 && names("none") == 0);
            assert_eq!(folder.file("../d").err().unwrap().kind(), ErrorKind::Refused);
            assert!(folder.file("none").unwrap().is_none());
        }
        assert_eq!(root.join("a").file("b/c").unwrap().unwrap().len(), 2);
        assert_eq!(root.join("a").list("b").unwrap()[0].name, "c");
    }
}
