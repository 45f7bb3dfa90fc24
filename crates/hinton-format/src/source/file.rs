//! Access to the file system: mapped files, and the files next to them. No other module of the
//! crate accesses it.

use std::fs::{self, File};
use std::io::{self, Read, Seek, SeekFrom};
use std::ops::Range;
use std::path::{Component, Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use hinton_tensor::{Bytes, ReadError, ReadErrorKind, range_end};
use memmap2::Mmap;

use crate::words::io_fault;
use crate::{Error, ErrorKind, nearest};

/// Opens a file for reading: memory-mapped if the system supports it, else with read calls.
///
/// # Errors
/// [`ErrorKind::Io`] for a missing file (the error suggests similar names), a folder, or a file
/// without permission; [`ErrorKind::Unrecognised`] for an empty file.
pub fn map_file(path: &Path) -> Result<Arc<dyn Bytes>, Error> {
    open_file(path, false)
}

/// As [`map_file`]; `by_position` leaves the map out.
pub(crate) fn open_file(path: &Path, by_position: bool) -> Result<Arc<dyn Bytes>, Error> {
    let named = |error: Error| error.in_file(&path.display().to_string());
    let file = File::open(path).map_err(|error| named(open_error(path, &error)))?;
    let metadata = file.metadata().map_err(|error| named(open_error(path, &error)))?;
    if metadata.is_dir() {
        return Err(named(Error::new(ErrorKind::Io, "this is a folder, expected a file")));
    }
    if metadata.is_file() && metadata.len() == 0 {
        return Err(named(empty_file()));
    }
    if by_position && metadata.is_file() {
        return positioned(file, metadata.len()).map_err(|error| named(open_error(path, &error)));
    }
    match map(&file) {
        Ok(map) if !map.is_empty() => Ok(Arc::new(Mapped { map, file: kept_open(file) })),
        _ => positioned(file, metadata.len()).map_err(|error| named(open_error(path, &error))),
    }
}

/// Bytes of a file; `None` where there is none.
pub(crate) fn len(path: &Path) -> Option<u64> {
    fs::metadata(path).ok().filter(fs::Metadata::is_file).map(|metadata| metadata.len())
}

/// What is said of an empty file, wherever it comes from.
pub(crate) fn empty_file() -> Error {
    Error::new(ErrorKind::Unrecognised, "the file is empty: it has 0 bytes")
        .cure("a download or a save did not finish: fetch or write it again")
}

/// One entry of a folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Its name in the folder (invalid Unicode is replaced).
    pub name: String,
    /// Whether it is a folder, following links.
    pub is_dir: bool,
    /// Its length in bytes; 0 for folders.
    pub len: u64,
}

/// Lists the entries of a folder, sorted by name.
///
/// # Errors
/// [`ErrorKind::Io`] if the folder cannot be read.
pub fn read_dir(path: &Path) -> Result<Vec<Entry>, Error> {
    let failed = |error: io::Error| open_error(path, &error).in_file(&path.display().to_string());
    let mut entries = Vec::new();
    for entry in fs::read_dir(path).map_err(failed)? {
        let entry = entry.map_err(failed)?;
        // A dangling link has no metadata; it is listed all the same.
        let metadata = fs::metadata(entry.path()).ok();
        entries.push(Entry {
            name: entry.file_name().to_string_lossy().into_owned(),
            is_dir: metadata.as_ref().is_some_and(fs::Metadata::is_dir),
            len: metadata.filter(fs::Metadata::is_file).map_or(0, |metadata| metadata.len()),
        });
    }
    entries.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(entries)
}

/// Whether there is a folder at `path`, following links.
pub fn is_dir(path: &Path) -> bool {
    path.is_dir()
}

/// Whether there is a file at `path`, following links.
pub fn is_file(path: &Path) -> bool {
    path.is_file()
}

/// Whether a name that a file gives for a file beside it stays in its folder, or below it.
pub(crate) fn is_below(name: &str) -> bool {
    let plain = |part: Component<'_>| matches!(part, Component::Normal(_));
    let odd = |byte: u8| matches!(byte, b'\\' | b':' | 0);
    !name.is_empty() && Path::new(name).components().all(plain) && !name.bytes().any(odd)
}

/// What lies at a name below a folder.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum There {
    Nothing,
    Folder,
    File,
}

/// Looks for a name that is below a folder, see [`is_below`]. Links on the way from the folder on
/// are followed where they stay in it or lead to where a tool keeps the folder's files, see
/// [`keeps`]; links on the way to the folder are not looked at. There is nothing only where the
/// system says so: what cannot be reached might be there.
///
/// # Errors
/// [`ErrorKind::Refused`] for a link that leads out of the folder, and for what is neither file nor
/// folder; [`ErrorKind::Io`] for a link that leads nowhere, and for what may not be looked at.
pub(crate) fn look_below(folder: &Path, name: &str) -> Result<There, Error> {
    let mut path = folder.to_owned();
    let mut found = None;
    for part in Path::new(name).components() {
        path.push(part);
        let failed = |error: io::Error| open_error(&path, &error).in_file(&shown(&path));
        let own = match fs::symlink_metadata(&path) {
            Ok(own) => own,
            Err(error) if is_absent(&error) => return Ok(There::Nothing),
            Err(error) => return Err(failed(error)),
        };
        found = Some(own.file_type());
        if own.is_symlink() {
            found = Some(fs::metadata(&path).map_err(failed)?.file_type());
            if !stays_below(&path, folder) {
                return Err(leads_out(&path, "the folder").in_file(&shown(&path)));
            }
        }
    }
    match found {
        None => Ok(There::Nothing),
        Some(kind) if kind.is_dir() => Ok(There::Folder),
        Some(kind) if kind.is_file() => Ok(There::File),
        Some(_) => Err(no_file().in_file(&shown(&path))),
    }
}

/// Whether nothing lies at `path`, not even a link that leads nowhere. What may not be looked at
/// is something.
pub(crate) fn is_missing(path: &Path) -> bool {
    fs::symlink_metadata(path).is_err_and(|error| is_absent(&error))
}

fn is_absent(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory)
}

/// Checks that the file at `path`, which the file at `model` names, lies beside it or below, or
/// where links lead from `model` too, and that it is no pipe or device, which could be waited for
/// without end. A file that is missing is reported elsewhere.
///
/// # Errors
/// [`ErrorKind::Refused`] where it does not.
pub(crate) fn check_beside(path: &Path, model: &Path) -> Result<(), Error> {
    if !stays_beside(path, model) {
        return Err(leads_out(path, "the folder of what names it"));
    }
    let odd = |kind: fs::FileType| !kind.is_file() && !kind.is_dir();
    if fs::metadata(path).is_ok_and(|behind| odd(behind.file_type())) {
        return Err(no_file().in_file(&shown(path)));
    }
    Ok(())
}

/// Whether what lies at `path`, wherever links lead, lies in the folder of the file `model`, where
/// links lead from that file too, or where a tool keeps the folder's files, see [`keeps`].
fn stays_beside(path: &Path, model: &Path) -> bool {
    let Ok(target) = fs::canonicalize(path) else { return true };
    let real = fs::canonicalize(model).ok();
    let of_model = real.as_deref().and_then(Path::parent);
    let folder = real_folder(model.parent().unwrap_or(Path::new("")));
    of_model.is_some_and(|folder| target.starts_with(folder))
        || folder.is_ok_and(|folder| keeps(&folder, &target))
}

/// Whether what lies at `path`, wherever links lead, lies in that folder, or where a tool keeps its
/// files, see [`keeps`].
fn stays_below(path: &Path, folder: &Path) -> bool {
    let Ok(target) = fs::canonicalize(path) else { return false };
    real_folder(folder).is_ok_and(|folder| keeps(&folder, &target))
}

/// Whether a file or folder lies in a folder, or in what tools keep for it and put links to in it:
/// the objects of git-annex in the repository that it lies in, the blobs of Hugging Face's cache
/// beside the snapshot that it lies in. Both paths are without links.
fn keeps(folder: &Path, target: &Path) -> bool {
    let annexed = |above: &Path| target.starts_with(above.join(".git/annex/objects"));
    let cached = |above: &Path| {
        let model = above.parent().filter(|_| above.ends_with("snapshots"));
        // Since version 2 of huggingface_hub all repositories of the cache share blobs too.
        let is_repository = |model: &Path| {
            let name = model.file_name().unwrap_or_default().to_string_lossy();
            ["models--", "datasets--", "spaces--"].iter().any(|start| name.starts_with(start))
        };
        let shared = model.filter(|model| is_repository(model)).and_then(Path::parent);
        let stores = [model, shared].into_iter().flatten();
        stores.map(|store| store.join("blobs")).any(|blobs| target.starts_with(blobs))
    };
    target.starts_with(folder) || folder.ancestors().any(|above| annexed(above) || cached(above))
}

fn real_folder(folder: &Path) -> io::Result<PathBuf> {
    fs::canonicalize(if folder.as_os_str().is_empty() { Path::new(".") } else { folder })
}

fn leads_out(path: &Path, of: &str) -> Error {
    let message = format!("{:?} is a link that leads out of {of}", shown(path));
    Error::new(ErrorKind::Refused, message)
        .cure("get the model from a source you trust; put the file itself there, if it is yours")
}

fn no_file() -> Error {
    Error::new(ErrorKind::Refused, "it is a pipe or a device, expected a file")
        .cure("get the model from a source you trust")
}

fn shown(path: &Path) -> String {
    path.display().to_string()
}

fn open_error(path: &Path, error: &io::Error) -> Error {
    match error.kind() {
        io::ErrorKind::NotFound => {
            if let Ok(target) = fs::read_link(path) {
                let message = format!("it is a link that leads nowhere: to {:?}", shown(&target));
                return Error::new(ErrorKind::Io, message)
                    .cure("fetch the file that it stands for, with git annex get or the like");
            }
            let missing = Error::new(ErrorKind::Io, "there is no such file or folder");
            match near_names(path).as_slice() {
                [] => missing.cure("check the path"),
                names => missing.cure(format!("did you mean {}?", names.join(" or "))),
            }
        }
        io::ErrorKind::PermissionDenied => {
            Error::new(ErrorKind::Io, "it may not be read: permission denied")
                .cure("ask for the right to read it (chmod u+r, or its owner)")
        }
        _ => Error::new(ErrorKind::Io, format!("it cannot be read: {}", io_fault(error))),
    }
}

/// Up to three names in the folder of `path` that are spelt nearly as its own.
fn near_names(path: &Path) -> Vec<String> {
    let Some(wanted) = path.file_name().map(|name| name.to_string_lossy()) else {
        return Vec::new();
    };
    let folder = match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    };
    let Ok(entries) = fs::read_dir(folder) else { return Vec::new() };
    let entries = entries.take(10_000).filter_map(Result::ok);
    let mut names: Vec<String> =
        entries.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect();
    // The system lists a folder in any order.
    names.sort();
    let near = 2 + wanted.chars().count() / 5;
    let ranked = nearest(names.iter().map(String::as_str), &wanted).into_iter();
    let ranked = ranked.take_while(|(far, _)| *far <= near).take(3);
    ranked.map(|(_, name)| format!("{name:?}")).collect()
}

/// The state of a file, to detect whether it has changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FileState {
    /// Its length in bytes.
    pub len: u64,
    /// When it was last changed: a number that increases with each change, in no particular unit.
    pub changed: i128,
    /// The file's number in its file system (inode), if it has one; else 0.
    pub number: u64,
}

/// The state of a file or folder; `None` if there is none, or access is denied.
pub fn file_state(path: &Path) -> Option<FileState> {
    let metadata = fs::metadata(path).ok()?;
    let (changed, number) = changed(&metadata);
    Some(FileState { len: metadata.len(), changed, number })
}

#[cfg(unix)]
fn changed(metadata: &fs::Metadata) -> (i128, u64) {
    use std::os::unix::fs::MetadataExt;
    let seconds = i128::from(metadata.mtime());
    (seconds * 1_000_000_000 + i128::from(metadata.mtime_nsec()), metadata.ino())
}

#[cfg(windows)]
fn changed(metadata: &fs::Metadata) -> (i128, u64) {
    use std::os::windows::fs::MetadataExt;
    (i128::from(metadata.last_write_time()), 0)
}

/// Elsewhere the length must tell.
#[cfg(not(any(unix, windows)))]
fn changed(_metadata: &fs::Metadata) -> (i128, u64) {
    (0, 0)
}

/// A file mapped into memory.
struct Mapped {
    map: Mmap,
    /// The file itself, for reading by position.
    file: Option<File>,
}

/// The file; `None` if so many files are open that opening more could fail.
#[cfg(unix)]
fn kept_open(file: File) -> Option<File> {
    use std::os::fd::AsRawFd;
    /// Systems allow 256 open files or more.
    const MOST: i32 = 128;
    (file.as_raw_fd() < MOST).then_some(file)
}

/// Elsewhere the map is read.
#[cfg(not(unix))]
fn kept_open(_file: File) -> Option<File> {
    None
}

/// Fills `buf` from the file itself, and says whether it could: scattered reads then take what was
/// asked for and no more, where the first touch of a mapped page fetches megabytes around it.
#[cfg(unix)]
fn read_apart(file: &File, offset: u64, buf: &mut [u8]) -> bool {
    std::os::unix::fs::FileExt::read_exact_at(file, buf, offset).is_ok()
}

#[cfg(not(unix))]
fn read_apart(_file: &File, _offset: u64, _buf: &mut [u8]) -> bool {
    false
}

#[allow(unsafe_code)]
fn map(file: &File) -> io::Result<Mmap> {
    // SAFETY: the map is read-only and lives as long as it is read. What the type system cannot
    // promise is that nobody cuts or rewrites the file meanwhile; like every reader of mapped
    // files we ask that of the user (README, "not guaranteed"). No value read from the map is
    // trusted without a check at the time of reading, so changed bytes give other numbers or an
    // error, and no reference into the map outlives the `Mapped`.
    unsafe { Mmap::map(file) }
}

impl Bytes for Mapped {
    fn len(&self) -> u64 {
        self.map.len() as u64
    }

    fn slice(&self, range: Range<u64>) -> Option<&[u8]> {
        let start = usize::try_from(range.start).ok()?;
        let end = usize::try_from(range.end).ok()?;
        self.map.get(start..end)
    }

    fn read_at(&self, offset: u64, buf: &mut [u8]) -> Result<(), ReadError> {
        let len = buf.len() as u64;
        match offset.checked_add(len).and_then(|end| self.slice(offset..end)) {
            Some(bytes) => {
                if !self.file.as_ref().is_some_and(|file| read_apart(file, offset, buf)) {
                    buf.copy_from_slice(bytes);
                }
                Ok(())
            }
            None => Err(ReadError::past_end(offset, len, self.len())),
        }
    }

    fn file_byte(&self, offset: u64) -> Option<u64> {
        Some(offset)
    }
}

/// A file that is read by position, where mapping is not possible or not wanted.
struct Positioned {
    file: File,
    /// Held while the file's own position is used, where the system has no other way.
    turn: Mutex<()>,
    len: u64,
}

/// `len` is what the file system says; pipes and devices say 0 and are read to their end.
fn positioned(mut file: File, len: u64) -> io::Result<Arc<dyn Bytes>> {
    if len > 0 {
        return Ok(Arc::new(Positioned { file, turn: Mutex::new(()), len }));
    }
    /// Most bytes taken from something that is no regular file.
    const LONGEST_PIPE: u64 = 1 << 30;
    let mut bytes = Vec::new();
    Read::by_ref(&mut file).take(LONGEST_PIPE + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > LONGEST_PIPE {
        return Err(io::Error::other("it is not a regular file and holds more than 1 GiB"));
    }
    Ok(Arc::new(hinton_tensor::Memory::new(bytes)))
}

impl Bytes for Positioned {
    fn len(&self) -> u64 {
        self.len
    }

    fn slice(&self, _range: Range<u64>) -> Option<&[u8]> {
        None
    }

    fn read_at(&self, offset: u64, buf: &mut [u8]) -> Result<(), ReadError> {
        let len = buf.len() as u64;
        range_end(offset, len, self.len)?;
        let failed = |error: io::Error| {
            let kind = match error.kind() {
                io::ErrorKind::UnexpectedEof => ReadErrorKind::PastEnd,
                _ => ReadErrorKind::System,
            };
            ReadError::new(kind, offset, len, io_fault(&error))
        };
        if read_apart(&self.file, offset, buf) {
            return Ok(());
        }
        // Every read seeks first, so a reader that panicked cannot leave a wrong position.
        let _turn = self.turn.lock().unwrap_or_else(PoisonError::into_inner);
        let mut file = &self.file;
        file.seek(SeekFrom::Start(offset)).and_then(|_| file.read_exact(buf)).map_err(failed)
    }

    fn file_byte(&self, offset: u64) -> Option<u64> {
        Some(offset)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mapped_and_positioned_reads_agree() {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("Cargo.toml");
        let whole = fs::read(&path).unwrap();
        let mapped = map_file(&path).unwrap();
        let slow = positioned(File::open(&path).unwrap(), whole.len() as u64).unwrap();
        for data in [&mapped, &slow] {
            assert_eq!(data.len(), whole.len() as u64);
            let mut buf = [0; 20];
            data.read_at(7, &mut buf).unwrap();
            assert_eq!(buf, whole[7..27]);
            assert!(data.read_at(whole.len() as u64 - 3, &mut buf).is_err());
        }
        assert_eq!(mapped.slice(0..10), Some(&whole[..10]));
        assert_eq!(slow.slice(0..10), None);
    }

    #[test]
    fn a_file_that_shrinks_is_an_error_when_it_is_read_by_position() {
        let path = std::env::temp_dir().join(format!("hinton-shrinks-{}", std::process::id()));
        fs::write(&path, [7; 100_000]).unwrap();
        let before = file_state(&path).unwrap();
        let data = open_file(&path, true).unwrap();
        assert_eq!(data.slice(0..10), None);
        let mut buf = [0; 10];
        data.read_at(99_990, &mut buf).unwrap();
        fs::write(&path, [7; 10]).unwrap();
        assert_ne!(file_state(&path), Some(before));
        data.read_at(0, &mut buf).unwrap();
        assert!(data.read_at(99_990, &mut buf).is_err());
        fs::remove_file(&path).unwrap();
        assert_eq!(file_state(&path), None);
    }

    #[test]
    fn a_missing_file_names_its_neighbours() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR"));
        let error = map_file(&folder.join("Crago.toml")).err().unwrap();
        assert_eq!(error.kind(), ErrorKind::Io);
        assert_eq!(error.cure_text(), Some("did you mean \"Cargo.toml\"?"));
        let error = map_file(folder).err().unwrap();
        assert!(error.to_string().contains("folder"), "{error}");
    }
}
