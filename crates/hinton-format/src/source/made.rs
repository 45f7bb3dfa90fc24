//! Bytes that no file contains directly, computed from others on request.

use std::ops::Range;
use std::sync::Arc;

use hinton_tensor::{Bytes, ReadError, range_end};

use super::kept::{Kept, MOST_KEPT};

/// Bytes that are computed as a whole on first use, and cached while there is room, see
/// `source/kept.rs`.
///
/// For encodings in which values cannot be addressed individually, such as lists of variable-length
/// integers.
pub struct Lazy {
    len: u64,
    make: Box<dyn Fn() -> Result<Vec<u8>, ReadError> + Send + Sync>,
    kept: Kept,
}

/// Lazy bytes of more than this are read by one reader at a time.
const SMALL: u64 = MOST_KEPT / 16;

impl Lazy {
    /// `make` returns exactly `len` bytes, or an error.
    pub fn new(
        len: u64,
        make: impl Fn() -> Result<Vec<u8>, ReadError> + Send + Sync + 'static,
    ) -> Self {
        Lazy { len, make: Box::new(make), kept: Kept::new() }
    }

    fn made(&self) -> Result<Arc<Vec<u8>>, ReadError> {
        self.kept.get_or_make(self.len, |room| {
            drop(room);
            let bytes = (self.make)()?;
            if bytes.len() as u64 == self.len {
                return Ok(bytes);
            }
            let why = format!("expected {} decoded bytes, found {}", self.len, bytes.len());
            Err(ReadError::damaged(0, self.len, why))
        })
    }
}

impl Bytes for Lazy {
    fn len(&self) -> u64 {
        self.len
    }

    /// None: what is made may have to make room for others.
    fn slice(&self, _range: Range<u64>) -> Option<&[u8]> {
        None
    }

    fn read_at(&self, offset: u64, buf: &mut [u8]) -> Result<(), ReadError> {
        let end = range_end(offset, buf.len() as u64, self.len)?;
        let bytes = self.made()?;
        buf.copy_from_slice(&bytes[offset as usize..end as usize]);
        Ok(())
    }

    /// Large ones would take each other's room, were many read side by side.
    fn is_sequential(&self) -> bool {
        self.len > SMALL
    }
}

/// As many zeros, to be filled in.
///
/// # Errors
/// Returns an error if there is no memory for them.
pub(crate) fn zeros(len: u64) -> Result<Vec<u8>, ReadError> {
    let fail = || ReadError::memory(0, len, format!("there is no memory for {len} bytes"));
    let size = usize::try_from(len).map_err(|_| fail())?;
    let mut bytes = Vec::new();
    bytes.try_reserve_exact(size).map_err(|_| fail())?;
    bytes.resize(size, 0);
    Ok(bytes)
}

/// Fills a buffer of whole values, the first of which has that index.
type Fill = dyn Fn(u64, &mut [u8]) -> Result<(), ReadError> + Send + Sync;

/// Values of a fixed width, each of which can be computed from its index; nothing is cached.
pub struct Made {
    values: u64,
    width: usize,
    fill: Box<Fill>,
}

impl Made {
    /// `values` values of `width` bytes; `fill(first, buf)` writes those from index `first` on, and
    /// is never asked for more than there are.
    pub fn new(
        values: u64,
        width: usize,
        fill: impl Fn(u64, &mut [u8]) -> Result<(), ReadError> + Send + Sync + 'static,
    ) -> Self {
        Made { values, width: width.max(1), fill: Box::new(fill) }
    }
}

impl Bytes for Made {
    fn len(&self) -> u64 {
        self.values.saturating_mul(self.width as u64)
    }

    fn slice(&self, _range: Range<u64>) -> Option<&[u8]> {
        None
    }

    fn read_at(&self, offset: u64, buf: &mut [u8]) -> Result<(), ReadError> {
        let width = self.width as u64;
        let len = buf.len() as u64;
        let end = range_end(offset, len, self.len())?;
        if buf.is_empty() {
            return Ok(());
        }
        if offset.is_multiple_of(width) && len.is_multiple_of(width) {
            return (self.fill)(offset / width, buf);
        }
        // A range that cuts values: whole ones are made, and what was asked for is taken.
        let first = offset / width;
        let mut whole = vec![0; ((end.div_ceil(width) - first) * width) as usize];
        (self.fill)(first, &mut whole)?;
        let skip = (offset - first * width) as usize;
        buf.copy_from_slice(&whole[skip..skip + buf.len()]);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lazy_bytes_are_made_once_and_checked() {
        let lazy = Lazy::new(4, || Ok(b"abcd".to_vec()));
        let mut buf = [0; 2];
        lazy.read_at(1, &mut buf).unwrap();
        assert_eq!(&buf, b"bc");
        lazy.read_at(2, &mut buf).unwrap();
        assert_eq!(&buf, b"cd");
        assert!(lazy.read_at(3, &mut buf).is_err());
        assert!(lazy.read_at(u64::MAX, &mut buf).is_err());
        let short = Lazy::new(4, || Ok(Vec::new()));
        let error = short.read_at(0, &mut buf).unwrap_err();
        assert!(error.to_string().contains("expected 4 decoded bytes, found 0"), "{error}");
    }

    #[test]
    fn computed_values_are_given_by_any_range() {
        let squares = Made::new(5, 2, |first, buf| {
            for (at, value) in buf.chunks_exact_mut(2).enumerate() {
                let index = first as u16 + at as u16;
                value.copy_from_slice(&(index * index).to_le_bytes());
            }
            Ok(())
        });
        let whole: Vec<u8> = [0u16, 1, 4, 9, 16].iter().flat_map(|v| v.to_le_bytes()).collect();
        for start in 0..=10 {
            for end in start..=10 {
                let mut buf = vec![0xee; end - start];
                squares.read_at(start as u64, &mut buf).unwrap();
                assert_eq!(buf, whole[start..end]);
            }
        }
        assert!(squares.read_at(9, &mut [0; 2]).is_err());
    }
}
