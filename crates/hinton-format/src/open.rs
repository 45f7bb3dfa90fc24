//! Opens a path: a file or folder of any format.

use std::path::Path;
use std::sync::Arc;

use hinton_tensor::Bytes;

use crate::formats::{FOLDERS, FolderRow, Holds, archive, sharded, summary};
use crate::source::wrapper::{self, Wrapper, unwrapped_name};
use crate::source::{Disk, Folder, Location, read_head, read_vec};
use crate::{
    Checkpoint, Error, ErrorKind, FORMATS, FormatRow, Head, Limits, Sniff, adapter, foreign,
    lookalike, quantised,
};

/// A format, and how sure it is: [`Sniff::No`] where only the extension speaks for it.
type Found = (&'static FormatRow, Sniff);

/// Bytes that are looked at to tell what a file is.
const HEAD: u64 = 4096;

/// A file to be opened: its bytes and its name.
#[derive(Clone)]
pub struct Input {
    /// The path as the user gave it, for names and errors.
    pub name: String,
    /// Its location, for formats with data in other files next to it; `None` for bytes in memory.
    pub path: Option<Location>,
    /// Its bytes, already decompressed if the file is wrapped in gzip or the like.
    pub data: Arc<dyn Bytes>,
}

impl Input {
    /// Opens a file on disk or at an address.
    ///
    /// # Errors
    /// Returns an error if it cannot be read, see [`map_file`](crate::source::map_file).
    pub fn from_path(path: &Path) -> Result<Self, Error> {
        Input::at(&Location::find(path, &Limits::default())?)
    }

    /// Opens the file at a location.
    ///
    /// # Errors
    /// Returns an error if it cannot be read, see [`Location::open`].
    pub fn at(location: &Location) -> Result<Self, Error> {
        let data = location.open()?;
        Ok(Input { name: location.display().to_string(), path: Some(location.clone()), data })
    }

    /// The limits for a file that takes as much on disk as this one.
    fn limits(&self, limits: &Limits) -> Limits {
        let disk = self.path.as_ref().and_then(Location::disk_len);
        limits.for_disk(disk.unwrap_or_else(|| self.data.len()))
    }

    /// All bytes, of a file that describes tensors and holds none; `what` it is, for the error.
    ///
    /// # Errors
    /// Returns an error if it has more bytes than the limit, or cannot be read.
    pub(crate) fn whole(&self, what: &str, limit: u64) -> Result<Vec<u8>, Error> {
        let len = self.data.len();
        if len > limit {
            let message = format!("the {what} has {len} bytes, the limit is {limit}");
            return Err(Error::new(ErrorKind::Limit, message));
        }
        Ok(read_vec(&*self.data, 0, len)?)
    }

    /// The file's name without folder, extension and the extension of a wrapper such as `.gz`. It
    /// is the name of the tensor in a file that holds a single unnamed one.
    pub fn stem(&self) -> &str {
        let file = self.name.rsplit(['/', '\\']).next().unwrap_or_default();
        let unpacked = unwrapped_name(file);
        match unpacked.rsplit_once('.') {
            Some((stem, _)) if !stem.is_empty() => stem,
            _ => unpacked,
        }
    }
}

/// Opens a file, or a folder that holds one checkpoint. Reads headers, but no values.
///
/// # Errors
/// Returns [`Error`], which names the file, what was expected, what was found, and what to do.
pub fn open(path: &Path, limits: &Limits) -> Result<Checkpoint, Error> {
    open_at(&archive::locate(path, limits)?, limits)
}

/// Opens a file or folder at a location, as [`open`] does: in any [`Folder`].
///
/// # Errors
/// Returns the errors of [`open`].
pub fn open_at(location: &Location, limits: &Limits) -> Result<Checkpoint, Error> {
    if location.is_dir() {
        let name = location.display().to_string();
        let opened = match open_folder(&name, Arc::new(location.clone()), limits) {
            Ok(None) => sharded::open_folder(location, limits),
            Ok(Some(checkpoint)) => Ok(checkpoint),
            Err(error) => Err(error),
        };
        return opened.map_err(|error| error.in_file(&name));
    }
    open_input(&Input::at(location)?, limits)
}

/// Opens a folder in a format that consists of a folder, on disk or elsewhere; `None` if it has no
/// such format.
///
/// # Errors
/// Returns the errors of [`open`].
pub fn open_folder(
    name: &str,
    folder: Arc<dyn Folder>,
    limits: &Limits,
) -> Result<Option<Checkpoint>, Error> {
    let entries = folder.list("")?;
    let holds = |row: &FolderRow| (row.holds)(name, &entries, &*folder) != Holds::Nothing;
    let row = FOLDERS.iter().find(|row| holds(row));
    let opened = row.map(|row| (row.open)(name, folder, limits)).transpose();
    opened.map_err(|error| error.in_file(name))
}

/// Whether a folder is one checkpoint in a format that consists of a folder, whatever its contents;
/// false for a folder of several checkpoints.
pub fn is_one_folder(path: &Path) -> bool {
    let folder = Disk(path.to_owned());
    let Ok(entries) = folder.list("") else { return false };
    let name = path.display().to_string();
    FOLDERS.iter().any(|row| (row.holds)(&name, &entries, &folder) == Holds::One)
}

/// Opens bytes with a name. Recognises the format by content, and decompresses one layer of gzip,
/// zstd, xz, zlib, bzip2 or LZ4.
///
/// # Errors
/// Returns the errors of [`open`].
pub fn open_input(input: &Input, limits: &Limits) -> Result<Checkpoint, Error> {
    let limits = &input.limits(limits);
    let mut checkpoint = detect(input, limits)
        .and_then(|found| open_as(found, input, limits))
        .map_err(|error| error.in_file(&input.name))?;
    // A summary is of an opened checkpoint: whatever belongs to that is in it.
    if checkpoint.format == summary::ROW.name {
        return Ok(checkpoint);
    }
    let folder = input.path.as_ref().map(Location::folder);
    quantised::add(&mut checkpoint, folder.as_ref(), limits);
    adapter::add(&mut checkpoint, folder.as_ref());
    sharded::add_beside(&mut checkpoint, folder.as_ref());
    Ok(checkpoint)
}

/// Opens a file that an index names; it may be of any format, but no index itself, so that no
/// circle of files can be opened forever.
pub(crate) fn open_shard(input: &Input, limits: &Limits) -> Result<Checkpoint, Error> {
    let limits = &input.limits(limits);
    let opened = detect(input, limits).and_then(|(row, sniff)| {
        let itself = match row.name {
            name if name == sharded::ROW.name => "an index",
            _ if archive::is_archive(row) => "an archive",
            _ => return open_as((row, sniff), input, limits),
        };
        let message = format!("an index names it as a shard, but it is {itself} itself");
        Err(Error::new(ErrorKind::Refused, message))
    });
    opened.map_err(|error| error.in_file(&input.name))
}

/// The format of a file, without opening it, and how sure that is: [`Sniff::No`] where only its
/// extension speaks for it.
///
/// # Errors
/// Where it is not supported, or cannot be read.
pub(crate) fn recognise(location: &Location, limits: &Limits) -> Result<Found, Error> {
    detect(&Input::at(location)?, limits)
}

/// The format of a file, by its first bytes; of packed data, by the first bytes in it.
fn detect(input: &Input, limits: &Limits) -> Result<Found, Error> {
    let Some(wrapper) = wrapper::around(&*input.data)? else {
        return choose(input);
    };
    let len = wrapper.len(&input.data, limits)?;
    // Of a large file that is of no use, no more than this is unpacked.
    let start = wrapper.head(&input.data, HEAD, limits)?;
    choose_by(&Head { bytes: &start, len, name: &input.name })
}

fn open_as(found: Found, input: &Input, limits: &Limits) -> Result<Checkpoint, Error> {
    let Some(wrapper) = wrapper::around(&*input.data)? else {
        return read_as(found, input, limits);
    };
    let unpacked = unpacked(wrapper, input, limits)?;
    // Now the length is known, and some formats can be told better.
    read_as(choose(&unpacked)?, &unpacked, limits)
}

/// Reads it as that format. Where only the extension speaks for the format, what its reader says
/// of other content is no news: the file is no format that is known.
fn read_as((row, sniff): Found, input: &Input, limits: &Limits) -> Result<Checkpoint, Error> {
    let opened = (row.open)(input, limits);
    let is_guess = sniff == Sniff::No;
    let says_nothing = |kind| matches!(kind, ErrorKind::Malformed | ErrorKind::Unrecognised);
    match opened {
        Err(error) if is_guess && says_nothing(error.kind()) => {
            let start = read_head(&*input.data, HEAD)?;
            let len = Some(input.data.len());
            Err(foreign::unknown(&Head { bytes: &start, len, name: &input.name }, Some(row)))
        }
        opened => opened,
    }
}

fn unpacked(wrapper: &Wrapper, input: &Input, limits: &Limits) -> Result<Input, Error> {
    let data = wrapper.open(&input.data, limits)?;
    Ok(Input { name: input.name.clone(), path: input.path.clone(), data })
}

fn choose(input: &Input) -> Result<Found, Error> {
    let start = read_head(&*input.data, HEAD)?;
    choose_by(&Head { bytes: &start, len: Some(input.data.len()), name: &input.name })
}

/// The format that a file is of. Certain formats come first, then look-alikes with a magic
/// number and formats that are known and not read, then likely formats (those of the file's extension before others), then the other
/// look-alikes. The extension alone decides only where the content says nothing.
fn choose_by(head: &Head<'_>) -> Result<Found, Error> {
    let answers: Vec<Sniff> = FORMATS.iter().map(|row| (row.sniff)(head)).collect();
    let best = |wanted: Sniff| {
        let rows = || {
            FORMATS.iter().zip(&answers).filter(|(_, found)| **found == wanted).map(|(row, _)| row)
        };
        rows().find(|row| head.has_extension(row.extensions)).or_else(|| rows().next())
    };
    if let Some(row) = best(Sniff::Certain) {
        return Ok((row, Sniff::Certain));
    }
    if let Some(error) = lookalike::find(head, Sniff::Certain) {
        return Err(error);
    }
    if let Some(error) = foreign::find(head) {
        return Err(error);
    }
    if let Some(row) = best(Sniff::Likely) {
        return Ok((row, Sniff::Likely));
    }
    if let Some(error) = lookalike::find(head, Sniff::Likely) {
        return Err(error);
    }
    let named = FORMATS.iter().find(|row| head.has_extension(row.extensions));
    named.map(|row| (row, Sniff::No)).ok_or_else(|| foreign::unknown(head, None))
}

#[cfg(test)]
mod tests {
    use super::*;
    use hinton_tensor::Memory;

    fn input(name: &str, bytes: &[u8]) -> Input {
        Input { name: name.to_owned(), path: None, data: Arc::new(Memory::new(bytes)) }
    }

    #[test]
    fn stems_lose_folder_and_extension() {
        for name in ["a/b/w.npy.gz", "w.npy.zst", "w.npy.XZ", "w.tgz"] {
            assert_eq!(input(name, b"").stem(), "w");
        }
        assert_eq!(input("layers.0.weight.csv", b"").stem(), "layers.0.weight");
        assert_eq!(input(".hidden", b"").stem(), ".hidden");
        assert_eq!(input("C:\\x\\w.npy", b"").stem(), "w");
    }

    #[test]
    fn unknown_bytes_are_shown_and_the_formats_listed() {
        let error = open_input(&input("x.xyz", b"\x01\x02ab\xff"), &Limits::default()).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unrecognised);
        assert_eq!(error.file(), "x.xyz");
        assert!(error.message().contains("01 02 61 62 ff (\"..ab.\")"), "{error}");
        assert!(error.cure_text().unwrap().contains("safetensors"));
    }
}
