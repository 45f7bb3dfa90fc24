//! Reads files through a Python object: of fsspec, of obstore, or anything with `seek` and `read`.
//!
//! The object is one of `hinton._files`, with `size(name)`, `read(name, start, stop)` and
//! `list(name)`. It is asked for blocks, which are cached, since readers of headers read a few
//! bytes at a time.

use std::collections::VecDeque;
use std::ops::Range;
use std::sync::{Arc, Mutex, PoisonError};

use hinton::Bytes;
use hinton::errors::{ErrorKind, FormatError, ReadError};
use hinton::files::{Entry, Folder, Location};
use pyo3::prelude::*;
use pyo3::types::PyBytes;

use crate::checkpoint::Checkpoint;
use crate::work;

/// Bytes that are asked for at once where fewer are wanted.
const BLOCK: u64 = 256 << 10;
/// Blocks of a file that are kept.
const KEPT: usize = 64;

/// Opens what an object reads: the file or folder of that name.
#[pyfunction]
pub(crate) fn open_files(
    py: Python<'_>,
    files: Py<PyAny>,
    root: String,
    name: String,
) -> PyResult<Checkpoint> {
    // The root of a file system has no name.
    let root = if root.is_empty() { ".".to_owned() } else { root };
    let folder = Arc::new(Files { files: Arc::new(files), root: root.clone() });
    Ok(Checkpoint(work::run(py, move |_| {
        let root = Location::remote(root, folder);
        hinton::files::open_at(&if name.is_empty() { root } else { root.join(name) })
    })?))
}

/// An object of `hinton._files` as a folder.
struct Files {
    files: Arc<Py<PyAny>>,
    root: String,
}

impl Files {
    /// What an exception of Python says, as an error of opening.
    fn failed(&self, name: &str, error: &PyErr) -> FormatError {
        FormatError::new(ErrorKind::Io, said(error)).in_file(&self.shown(name))
    }
}

/// Kind and text of an exception in one line.
fn said(error: &PyErr) -> String {
    let text = error.to_string();
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

impl Folder for Files {
    fn file(&self, name: &str) -> Result<Option<Arc<dyn Bytes>>, FormatError> {
        let size = Python::attach(|py| {
            let size = self.files.call_method1(py, "size", (name,))?;
            size.extract::<Option<u64>>(py)
        });
        let len = size.map_err(|error| self.failed(name, &error))?;
        Ok(len.map(|len| -> Arc<dyn Bytes> {
            Arc::new(File {
                files: self.files.clone(),
                name: name.to_owned(),
                len,
                kept: Mutex::default(),
            })
        }))
    }

    fn list(&self, below: &str) -> Result<Vec<Entry>, FormatError> {
        let listed = Python::attach(|py| {
            let listed = self.files.call_method1(py, "list", (below,))?;
            listed.extract::<Vec<(String, bool, u64)>>(py)
        });
        let listed = listed.map_err(|error| self.failed(below, &error))?;
        let mut entries: Vec<Entry> =
            listed.into_iter().map(|(name, is_dir, len)| Entry { name, is_dir, len }).collect();
        entries.sort_by(|one, other| one.name.cmp(&other.name));
        Ok(entries)
    }

    fn shown(&self, name: &str) -> String {
        if name.is_empty() { self.root.clone() } else { format!("{}/{name}", self.root) }
    }
}

/// One file of such an object.
struct File {
    files: Arc<Py<PyAny>>,
    name: String,
    len: u64,
    /// Blocks by their numbers, the latest last.
    kept: Mutex<VecDeque<(u64, Arc<[u8]>)>>,
}

impl File {
    /// Bytes as the object gives them: exactly those of the range.
    fn asked(&self, range: Range<u64>, into: &mut [u8]) -> Result<(), ReadError> {
        let (offset, len) = (range.start, range.end - range.start);
        let wrong = |why: String| ReadError::system(offset, len, why);
        Python::attach(|py| {
            let given = self.files.call_method1(py, "read", (&self.name, range.start, range.end));
            let given = given.map_err(|error| wrong(said(&error)))?;
            let bytes = given
                .cast_bound::<PyBytes>(py)
                .map_err(|_| wrong("what was read is not bytes".to_owned()))?
                .as_bytes();
            if bytes.len() != into.len() {
                return Err(wrong(format!("{} bytes were read, not {len}", bytes.len())));
            }
            into.copy_from_slice(bytes);
            Ok(())
        })
    }

    fn block(&self, number: u64) -> Result<Arc<[u8]>, ReadError> {
        let kept = || self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, block)) = kept().iter().find(|(own, _)| *own == number) {
            return Ok(block.clone());
        }
        let start = number * BLOCK;
        let end = (start + BLOCK).min(self.len);
        let mut bytes = vec![0; (end - start) as usize];
        self.asked(start..end, &mut bytes)?;
        let block: Arc<[u8]> = bytes.into();
        let mut all = kept();
        all.push_back((number, block.clone()));
        if all.len() > KEPT {
            all.pop_front();
        }
        Ok(block)
    }
}

impl Bytes for File {
    fn len(&self) -> u64 {
        self.len
    }

    fn slice(&self, _range: Range<u64>) -> Option<&[u8]> {
        None
    }

    fn read_at(&self, offset: u64, buf: &mut [u8]) -> Result<(), ReadError> {
        let len = buf.len() as u64;
        let end = offset.checked_add(len).filter(|end| *end <= self.len);
        let end = end.ok_or_else(|| ReadError::past_end(offset, len, self.len))?;
        if len >= BLOCK {
            return self.asked(offset..end, buf);
        }
        let mut place = offset;
        let mut rest = buf;
        while !rest.is_empty() {
            let block = self.block(place / BLOCK)?;
            let skip = (place % BLOCK) as usize;
            let count = (block.len() - skip).min(rest.len());
            let (now, later) = rest.split_at_mut(count);
            now.copy_from_slice(&block[skip..skip + count]);
            rest = later;
            place += count as u64;
        }
        Ok(())
    }

    fn file_byte(&self, offset: u64) -> Option<u64> {
        Some(offset)
    }

    /// A gap of fewer bytes is read rather than asked around.
    fn jump(&self) -> u64 {
        BLOCK
    }
}
