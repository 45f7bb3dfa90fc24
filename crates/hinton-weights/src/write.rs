//! Writes files completely or not at all. Nothing else here writes files.

use std::fs::{self, File, Metadata, OpenOptions};
use std::io::{self, BufWriter, Seek, Write};
use std::path::{Path, PathBuf};

use crate::Error;

/// The file that [`write_with`] writes: what is at its start may be filled in at the end.
pub trait Sink: Write + Seek {}

impl<T: Write + Seek> Sink for T {}

/// Writes a file completely or not at all: to a temporary file next to it, which is then renamed.
///
/// # Errors
/// Returns an error if the file cannot be written. A file that existed before is then unchanged.
pub fn write_bytes(path: &Path, bytes: &[u8]) -> Result<(), Error> {
    write_with(path, |out| out.write_all(bytes).map_err(|error| Error::write(path, error)))
}

/// Creates a folder, and its parents if they are missing.
///
/// # Errors
/// Returns an error if it cannot be created.
pub fn make_folder(path: &Path) -> Result<(), Error> {
    fs::create_dir_all(path).map_err(|error| match error.kind() {
        io::ErrorKind::AlreadyExists | io::ErrorKind::NotADirectory => Error::Write {
            path: path.to_owned(),
            why: "there is a file of that name".to_owned(),
            help: Some("name a folder, or one that is not there yet".to_owned()),
            source: Some(error),
        },
        _ => Error::write(path, error),
    })
}

/// As [`write_bytes`], for files that are written piece by piece.
pub fn write_with(
    path: &Path,
    write: impl FnOnce(&mut dyn Sink) -> Result<(), Error>,
) -> Result<(), Error> {
    let failed = |error| Error::write(path, error);
    let target = Target::of(path)?;
    if target.is_device() {
        // A device or pipe cannot be replaced, only written to.
        let mut out = OpenOptions::new().write(true).open(&target.path).map_err(failed)?;
        return write(&mut out);
    }
    let temporary = Temporary::beside(&target, "").map_err(failed)?;
    let mut out = BufWriter::new(&temporary.file);
    write(&mut out)?;
    out.flush().map_err(failed)?;
    drop(out);
    temporary.replace(&target).map_err(failed)
}

/// As [`write_bytes`], for a file that something else writes, such as another program.
///
/// `write` is given the name of an empty file next to the target, with the same extension, to write
/// over.
///
/// # Errors
/// The error of `write`, or if the file cannot be created. A file that existed before is then
/// unchanged.
pub fn write_by<E: From<Error>>(
    path: &Path,
    write: impl FnOnce(&Path) -> Result<(), E>,
) -> Result<(), E> {
    let failed = |error| E::from(Error::write(path, error));
    let target = Target::of(path)?;
    if target.is_device() {
        return Err(refused(path, "it is not an ordinary file", "name a file").into());
    }
    let extension = path.extension().map(|extension| format!(".{}", extension.to_string_lossy()));
    let extension = extension.unwrap_or_default();
    let temporary = Temporary::beside(&target, &extension).map_err(failed)?;
    write(&temporary.path)?;
    temporary.replace(&target).map_err(failed)
}

/// A file that is to be written or replaced.
struct Target {
    /// Where links lead: a link stays a link, and the file it leads to is replaced.
    path: PathBuf,
    /// What is there.
    before: Option<Metadata>,
}

impl Target {
    fn of(path: &Path) -> Result<Self, Error> {
        let target = fs::canonicalize(path).unwrap_or_else(|_| end_of_links(path));
        let before = fs::metadata(&target).ok();
        if before.as_ref().is_some_and(Metadata::is_dir) {
            return Err(refused(path, "it is a folder", "name a file in it"));
        }
        if before.as_ref().is_some_and(|b| b.is_file() && b.permissions().readonly()) {
            let help = "allow writing to it, or write elsewhere";
            return Err(refused(path, "it may only be read", help));
        }
        Ok(Target { path: target, before })
    }

    fn is_device(&self) -> bool {
        self.before.as_ref().is_some_and(|before| !before.is_file())
    }
}

/// Most links that are followed one after another, as Linux does.
const MOST_LINKS: usize = 40;

/// Where links lead whose last one leads to nothing: the file that is to be made.
fn end_of_links(path: &Path) -> PathBuf {
    let mut target = path.to_owned();
    for _ in 0..MOST_LINKS {
        let Ok(next) = fs::read_link(&target) else { break };
        target = target.parent().unwrap_or(Path::new("")).join(next);
    }
    target
}

fn refused(path: &Path, why: &str, help: &str) -> Error {
    Error::Write {
        path: path.to_owned(),
        why: why.to_owned(),
        help: Some(help.to_owned()),
        source: None,
    }
}

/// A file that goes away unless it takes its final name.
struct Temporary {
    file: File,
    path: PathBuf,
    kept: bool,
}

impl Temporary {
    /// An empty file beside the target that nobody may read who may not read what it replaces.
    fn beside(target: &Target, extension: &str) -> io::Result<Self> {
        let mut options = OpenOptions::new();
        options.write(true).create_new(true);
        #[cfg(unix)]
        if let Some(before) = &target.before {
            use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
            options.mode(before.permissions().mode() & 0o777);
        }
        let target = &target.path;
        let name = target.file_name().ok_or(io::ErrorKind::InvalidFilename)?.to_string_lossy();
        // Names of files may have 255 bytes.
        let name: String = name.chars().take(50).collect();
        let process = std::process::id();
        for attempt in 0.. {
            let path =
                target.with_file_name(format!(".{name}.{process}-{attempt}.hinton-tmp{extension}"));
            match options.open(&path) {
                Ok(file) => return Ok(Temporary { file, path, kept: false }),
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists && attempt < 1000 => {}
                Err(error) => return Err(error),
            }
        }
        Err(io::ErrorKind::AlreadyExists.into())
    }

    /// Takes the target's name and permissions.
    fn replace(mut self, target: &Target) -> io::Result<()> {
        if let Some(before) = &target.before {
            // Where permissions cannot be kept, the file is still worth having.
            let _ = fs::set_permissions(&self.path, before.permissions());
        }
        fs::rename(&self.path, &target.path)?;
        self.kept = true;
        Ok(())
    }
}

impl Drop for Temporary {
    fn drop(&mut self) {
        if !self.kept {
            // Nothing can be done about a file that will not go.
            let _ = fs::remove_file(&self.path);
        }
    }
}
