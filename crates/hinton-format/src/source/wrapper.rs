//! Compression around files of any format: a table with one row per wrapper.

mod bzip2;
mod gzip;
mod lz4;
mod xz;
mod zlib;
mod zstd;

use std::io::Read;
use std::sync::Arc;

use hinton_tensor::{Bytes, ReadError, ReadErrorKind};

use super::coding::Coding;
use super::inflate::{Inflate, Packed, head};
use super::read_head;
use crate::words::{fault_kind, packed_fault};
use crate::{Error, Limits};

pub(crate) use gzip::CODING as GZIP;
pub(crate) use xz::CODING as XZ;
pub(crate) use zstd::{CODING as ZSTD, first_window};

/// A way of packing whole files.
pub(crate) struct Wrapper {
    /// Its name, as users know it.
    pub(crate) name: &'static str,
    /// The extension that it adds to a file's name, without the dot.
    pub(crate) extension: &'static str,
    /// Whether packed data starts like this.
    pub(crate) starts: fn(&[u8]) -> bool,
    coding: &'static Coding,
    /// How long the data says that it unpacks to, where it says so; what it says is checked
    /// when its end is read.
    promised: fn(&Arc<dyn Bytes>, &Limits) -> Promise,
}

/// A length, where the data says one.
type Promise = Result<Option<u64>, Error>;

/// Every wrapper that is looked through.
pub(crate) const WRAPPERS: &[Wrapper] =
    &[gzip::ROW, zstd::ROW, xz::ROW, zlib::ROW, bzip2::ROW, lz4::ROW];

/// Most bytes that tell which wrapper it is.
const MAGIC: u64 = 512;

/// The wrapper that data is packed in.
///
/// # Errors
/// Returns an error if it cannot be read.
pub(crate) fn around(data: &dyn Bytes) -> Result<Option<&'static Wrapper>, Error> {
    Ok(starts_wrapped(&read_head(data, MAGIC)?))
}

/// The wrapper of data that starts with these bytes.
pub(crate) fn starts_wrapped(bytes: &[u8]) -> Option<&'static Wrapper> {
    WRAPPERS.iter().find(|wrapper| (wrapper.starts)(bytes))
}

/// A file's name without the extension of a wrapper, ignoring case: `w.npy` for `w.npy.gz`.
pub fn unwrapped_name(name: &str) -> &str {
    match name.rsplit_once('.') {
        Some((stem, extension))
            if WRAPPERS.iter().any(|known| extension.eq_ignore_ascii_case(known.extension)) =>
        {
            stem
        }
        _ => name,
    }
}

/// The names of the wrappers, for a sentence: `gzip, zstd and xz`.
pub(crate) fn names() -> String {
    let names: Vec<&str> = WRAPPERS.iter().map(|wrapper| wrapper.name).collect();
    match names.split_last() {
        Some((last, rest)) if !rest.is_empty() => format!("{} and {last}", rest.join(", ")),
        _ => names.concat(),
    }
}

impl Wrapper {
    /// The first bytes, at most `want`, of what is packed, without unpacking the rest.
    ///
    /// # Errors
    /// Returns an error if the data is damaged before any byte came out.
    pub(crate) fn head(
        &self,
        data: &Arc<dyn Bytes>,
        want: u64,
        limits: &Limits,
    ) -> Result<Vec<u8>, Error> {
        Ok(head(self.coding, data, (0, data.len()), want, limits)?)
    }

    /// How long the data says that it unpacks to; `None` where it says nothing.
    ///
    /// # Errors
    /// Returns an error if the data is cut or damaged, or asks for more memory than it may.
    pub(crate) fn len(&self, data: &Arc<dyn Bytes>, limits: &Limits) -> Result<Option<u64>, Error> {
        (self.promised)(data, limits)
    }

    /// What is packed, as bytes. Where the data does not say how long it is, it is unpacked once:
    /// into memory when it fits in `limits.inflate_bytes`, else only to count it.
    ///
    /// # Errors
    /// Returns an error if the data is cut or damaged, or promises what cannot be.
    pub(crate) fn open(
        &self,
        data: &Arc<dyn Bytes>,
        limits: &Limits,
    ) -> Result<Arc<dyn Bytes>, Error> {
        let range = (0, data.len());
        match self.len(data, limits)? {
            Some(len) => Inflate::new(self.coding, data.clone(), range, len, None, limits)
                .map(|inflate| Arc::new(inflate) as _)
                .map_err(|error| Error::of_read(&error, &*error.why).at_byte(error.offset)),
            None => self.count(data, limits),
        }
    }

    fn count(&self, data: &Arc<dyn Bytes>, limits: &Limits) -> Result<Arc<dyn Bytes>, Error> {
        let packed = Packed {
            data: data.clone(),
            start: 0,
            len: data.len(),
            coding: self.coding,
            crc: None,
            window: limits.held_bytes,
            cancel: limits.cancel,
        };
        let mut opened = packed.open();
        let mut bytes = Vec::new();
        let fits = opened.decoder.by_ref().take(limits.inflate_bytes).read_to_end(&mut bytes);
        let mut len = bytes.len() as u64;
        let mut failed = fits.err();
        let mut scratch = vec![0u8; 1 << 16];
        while failed.is_none() {
            match opened.decoder.read(&mut scratch) {
                Ok(0) => break,
                Ok(count) => {
                    // It does not fit; what was kept is let go at once.
                    bytes = Vec::new();
                    len = len.saturating_add(count as u64);
                }
                Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
                Err(error) => failed = Some(error),
            }
        }
        if let Some(error) = failed {
            return Err(stopped(&packed, opened.byte(), len, &error));
        }
        let kept = (bytes.len() as u64 == len).then(|| {
            bytes.shrink_to_fit();
            bytes
        });
        Ok(Arc::new(Inflate::counted(packed, len, kept, limits)))
    }
}

/// The error where a decoder stopped: what it says of the data, or why the data could not be read.
fn stopped(packed: &Packed, byte: u64, count: u64, error: &std::io::Error) -> Error {
    let why = packed_fault(error);
    match fault_kind(error) {
        ReadErrorKind::Damaged | ReadErrorKind::PastEnd => {
            Error::malformed(packed.damaged(count, &why)).at_byte(byte).cure(CUT)
        }
        kind => Error::of_read(&ReadError::new(kind, byte, 0, why.clone()), why).at_byte(byte),
    }
}

/// What to do with data that is cut or damaged.
const CUT: &str = "the file is cut or damaged: download or copy it again";

#[cfg(test)]
mod tests;
