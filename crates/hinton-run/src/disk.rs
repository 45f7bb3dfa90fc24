//! Access to the file system: folder listings, small text files, and the writing of run folders. No
//! other module of this crate accesses it, except that `hinton-format` opens checkpoints.
//!
//! What is read may also be at an address, see [`places`]: a folder on the Hub, files dropped on a
//! page.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use hinton_format::source::{Location, places};
use hinton_format::{Error, ErrorKind, Limits, io_fault};

use crate::RunError;

/// Most entries of a folder that are listed.
const MOST_ENTRIES: usize = 2_000_000;

/// What an entry is, behind links.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    File,
    Folder,
    /// A pipe, a device, a link that leads nowhere.
    Other,
}

/// One entry of a folder.
#[derive(Debug, Clone)]
pub(crate) struct Entry {
    /// Its name (characters that are no Unicode replaced).
    pub(crate) name: String,
    pub(crate) path: PathBuf,
    pub(crate) kind: Kind,
    /// Whether the entry itself is a symbolic link.
    pub(crate) is_link: bool,
}

/// Where an address leads; `None` for a path on disk.
fn far(path: &Path) -> Option<Result<Location, Error>> {
    places::address(path)?;
    Some(Location::find(path, &Limits::default()))
}

/// The entries of a folder at an address. The file or folder of a name has the address of the folder, a
/// `/` and that name.
fn list_far(path: &Path, location: &Location) -> Result<Vec<Entry>, Error> {
    let folder = shown(path);
    let folder = folder.trim_end_matches('/');
    let entries = location.entries()?.into_iter().map(|entry| Entry {
        path: format!("{folder}/{}", entry.name).into(),
        name: entry.name,
        kind: if entry.is_dir { Kind::Folder } else { Kind::File },
        is_link: false,
    });
    Ok(entries.collect())
}

/// The first bytes of a file at an address, at most this many.
fn head_far(location: &Location, most: u64) -> Result<Vec<u8>, Error> {
    let bytes = location.open()?;
    let mut head = vec![0; bytes.len().min(most) as usize];
    let read = bytes.read_at(0, &mut head);
    read.map_err(|error| Error::from(error).in_file(&location.display().to_string()))?;
    Ok(head)
}

/// The entries of a folder, sorted by name.
pub(crate) fn list(path: &Path) -> Result<Vec<Entry>, Error> {
    if let Some(location) = far(path) {
        return list_far(path, &location?);
    }
    let failed = |error: io::Error| read_error(path, &error);
    let mut entries = Vec::new();
    for entry in fs::read_dir(path).map_err(failed)? {
        if entries.len() == MOST_ENTRIES {
            let message = format!("the folder has more than {MOST_ENTRIES} entries");
            return Err(Error::new(ErrorKind::Limit, message).in_file(&shown(path)));
        }
        let entry = entry.map_err(failed)?;
        let is_link = entry.file_type().is_ok_and(|kind| kind.is_symlink());
        let path = entry.path();
        let name = entry.file_name().to_string_lossy().into_owned();
        entries.push(Entry { name, kind: kind(&path).unwrap_or(Kind::Other), path, is_link });
    }
    entries.sort_by(|a, b| a.name.cmp(&b.name).then_with(|| a.path.cmp(&b.path)));
    Ok(entries)
}

/// What lies at `path`, links followed; `None` where there is nothing.
pub(crate) fn kind(path: &Path) -> Option<Kind> {
    if let Some(location) = far(path) {
        let location = location.ok()?;
        return if location.is_dir() {
            Some(Kind::Folder)
        } else if location.is_file() {
            Some(Kind::File)
        } else {
            None
        };
    }
    let metadata = fs::metadata(path).ok()?;
    Some(if metadata.is_file() {
        Kind::File
    } else if metadata.is_dir() {
        Kind::Folder
    } else {
        Kind::Other
    })
}

/// Whether the path itself is a symbolic link.
pub(crate) fn is_link(path: &Path) -> bool {
    path.is_symlink()
}

/// The path with all links resolved; `None` where there is nothing. There are no links at addresses.
pub(crate) fn real(path: &Path) -> Option<PathBuf> {
    if places::address(path).is_some() {
        return kind(path).map(|_| path.to_owned());
    }
    fs::canonicalize(path).ok()
}

/// A copy of a small regular file of at most `most` bytes. A copy, not a map: it may grow or be cut
/// while it is read.
pub(crate) fn read(path: &Path, most: u64) -> Result<Vec<u8>, Error> {
    if let Some(location) = far(path) {
        let bytes = head_far(&location?, most + 1)?;
        return within(bytes, most, path);
    }
    let failed = |error: io::Error| read_error(path, &error);
    if kind(path) == Some(Kind::Other) {
        let message = "it is a pipe or a device, expected a file";
        return Err(Error::new(ErrorKind::Refused, message).in_file(&shown(path)));
    }
    let mut bytes = Vec::new();
    File::open(path).map_err(failed)?.take(most + 1).read_to_end(&mut bytes).map_err(failed)?;
    within(bytes, most, path)
}

/// The bytes of a file, if they are at most this many.
fn within(bytes: Vec<u8>, most: u64, path: &Path) -> Result<Vec<u8>, Error> {
    if bytes.len() as u64 > most {
        let message = format!("the file has more than {most} bytes, which is the limit");
        return Err(Error::new(ErrorKind::Limit, message).in_file(&shown(path)));
    }
    Ok(bytes)
}

/// The first bytes of a regular file, at most this many.
pub(crate) fn head(path: &Path, most: u64) -> Result<Vec<u8>, Error> {
    if let Some(location) = far(path) {
        return head_far(&location?, most);
    }
    let failed = |error: io::Error| read_error(path, &error);
    let mut bytes = Vec::new();
    if kind(path) == Some(Kind::File) {
        File::open(path).map_err(failed)?.take(most).read_to_end(&mut bytes).map_err(failed)?;
    }
    Ok(bytes)
}

/// The path, as it is shown to the user.
pub(crate) fn shown(path: &Path) -> String {
    path.display().to_string()
}

fn read_error(path: &Path, error: &io::Error) -> Error {
    let error = match error.kind() {
        io::ErrorKind::NotFound => {
            Error::new(ErrorKind::Io, "there is no such file or folder").cure("check the path")
        }
        io::ErrorKind::PermissionDenied => {
            Error::new(ErrorKind::Io, "it may not be read: permission denied")
        }
        _ => Error::new(ErrorKind::Io, format!("it cannot be read: {}", io_fault(error))),
    };
    error.in_file(&shown(path))
}

/// Makes a folder and those above it.
pub(crate) fn make_folder(path: &Path) -> Result<(), RunError> {
    fs::create_dir_all(path).map_err(|error| RunError::write(path, error))
}

/// Writes a file whole or not at all: under the name `temporary` in the same folder, then renamed.
/// With `durable` its bytes are on the disk before it takes its name.
pub(crate) fn write_whole(
    path: &Path,
    temporary: &str,
    durable: bool,
    parts: &[&[u8]],
) -> Result<(), RunError> {
    let beside = path.with_file_name(temporary);
    let write = || {
        let mut file = OpenOptions::new().write(true).create_new(true).open(&beside)?;
        parts.iter().try_for_each(|part| file.write_all(part))?;
        if durable {
            file.sync_all()?;
        }
        drop(file);
        fs::rename(&beside, path)?;
        if let Some(folder) = path.parent().filter(|_| durable) {
            // The name is on the disk when its folder is. Some systems have no such call.
            let _ = File::open(folder).and_then(|folder| folder.sync_all());
        }
        Ok(())
    };
    write().map_err(|error: io::Error| {
        // A file of that name that was there before belongs to another writer.
        if error.kind() != io::ErrorKind::AlreadyExists {
            remove(&beside);
        }
        RunError::write(path, error)
    })
}

/// Removes a file, where it can be.
pub(crate) fn remove(path: &Path) {
    // A leftover that will not go is ignored by readers.
    let _ = fs::remove_file(path);
}

/// Adds a line to a file in one write, so that readers see as little as possible of half lines.
pub(crate) fn append(path: &Path, line: &[u8], durable: bool) -> Result<(), RunError> {
    let append = || {
        let mut file = OpenOptions::new().append(true).create(true).open(path)?;
        file.write_all(line)?;
        if durable { file.sync_all() } else { Ok(()) }
    };
    append().map_err(|error: io::Error| RunError::write(path, error))
}

/// Mends the end of a file of lines: a last line without its end is removed, or, where `keep` says
/// that it is whole, ended.
pub(crate) fn mend_last_line(path: &Path, keep: impl Fn(&[u8]) -> bool) -> Result<(), RunError> {
    /// A line of metrics that is longer than this is no line of ours.
    const LONGEST: u64 = 1 << 20;
    let mend = || {
        let mut file = match OpenOptions::new().read(true).write(true).open(path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
            file => file?,
        };
        let len = file.metadata()?.len();
        let start = len.saturating_sub(LONGEST);
        file.seek(SeekFrom::Start(start))?;
        let mut tail = Vec::new();
        Read::by_ref(&mut file).take(LONGEST).read_to_end(&mut tail)?;
        let line = tail.iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1);
        let last = &tail[line..];
        if last.is_empty() {
            return Ok(());
        }
        if start > 0 && line == 0 {
            return Err(io::Error::other("its last line has more than 1 MiB"));
        }
        if keep(last) {
            file.seek(SeekFrom::End(0))?;
            return file.write_all(b"\n");
        }
        file.set_len(start + line as u64)
    };
    mend().map_err(|error| RunError::write(path, error))
}
