//! A temporary folder for one test.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};

/// A new, empty folder below the system's folder for temporary files. It is removed when the value
/// is dropped.
#[derive(Debug)]
pub struct Folder(PathBuf);

impl Folder {
    /// Creates the folder.
    ///
    /// # Panics
    /// Panics if the system cannot create it.
    #[must_use]
    pub fn new() -> Self {
        static COUNT: AtomicUsize = AtomicUsize::new(0);
        let count = COUNT.fetch_add(1, Ordering::Relaxed);
        let path = std::env::temp_dir().join(format!("hinton-test-{}-{count}", std::process::id()));
        std::fs::create_dir_all(&path)
            .unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        Folder(path)
    }

    /// The path of the folder.
    #[must_use]
    pub fn root(&self) -> &Path {
        &self.0
    }

    /// The path of a file or folder in it, which may not exist.
    #[must_use]
    pub fn path(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }

    /// Writes a file, and creates the folders above it. Returns its path.
    ///
    /// # Panics
    /// Panics if it cannot be written.
    pub fn put(&self, name: &str, bytes: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path(name);
        if let Some(above) = path.parent() {
            std::fs::create_dir_all(above)
                .unwrap_or_else(|error| panic!("{}: {error}", above.display()));
        }
        std::fs::write(&path, bytes).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        path
    }

    /// The bytes of a file in it.
    ///
    /// # Panics
    /// Panics if it cannot be read.
    #[must_use]
    pub fn read(&self, name: &str) -> Vec<u8> {
        std::fs::read(self.path(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
    }

    /// Names of the files and folders in it, sorted.
    ///
    /// # Panics
    /// Panics if it cannot be listed.
    #[must_use]
    pub fn names(&self) -> Vec<String> {
        let entries = std::fs::read_dir(&self.0)
            .unwrap_or_else(|error| panic!("{}: {error}", self.0.display()));
        let mut names: Vec<String> = entries
            .filter_map(Result::ok)
            .map(|entry| entry.file_name().to_string_lossy().into_owned())
            .collect();
        names.sort();
        names
    }
}

impl Default for Folder {
    fn default() -> Self {
        Folder::new()
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        // The system removes what is left of it.
        let _ = std::fs::remove_dir_all(&self.0);
    }
}
