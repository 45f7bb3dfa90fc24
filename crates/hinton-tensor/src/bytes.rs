//! Where values come from: a run of bytes that can be read by range.

use std::ops::Range;
use std::sync::Arc;

/// Bytes that can be read by range: a mapped file, a block of memory, an inflated zip member.
///
/// Offsets are `u64` everywhere, so that files past 4 GiB also work where pointers are small.
pub trait Bytes: Send + Sync {
    /// Number of bytes.
    fn len(&self) -> u64;

    /// Whether there are no bytes at all.
    fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The bytes of `range` without a copy, where they are addressable; `None` where they must be
    /// read, or where the range leaves the data.
    fn slice(&self, range: Range<u64>) -> Option<&[u8]>;

    /// Fills `buf` with the bytes that start at `offset`.
    ///
    /// # Errors
    /// [`ReadError`] when the range leaves the data, or when the file below cannot be read.
    fn read_at(&self, offset: u64, buf: &mut [u8]) -> Result<(), ReadError>;

    /// Whether reading forwards is cheap and jumping backwards is not (a compressed stream).
    /// Readers of many stripes then read them in order.
    fn is_sequential(&self) -> bool {
        false
    }

    /// The byte of the file on disk that the byte at `offset` is; `None` where the file does not have
    /// it as it is (unpacked, decoded or computed bytes) or there is no file.
    fn file_byte(&self, _offset: u64) -> Option<u64> {
        None
    }

    /// Told before ranges are read, in the order in which they are: bytes that lie far away can be
    /// fetched in few requests, and several at a time. Nothing need be read for it, and whatever
    /// was not told can be read as well. Does nothing where bytes are near.
    fn will_read(&self, ranges: &[Range<u64>]) {
        let _ = ranges;
    }

    /// Told before all bytes are read in short pieces far apart, as the columns of a matrix: a compressed
    /// stream may be unpacked whole at once, where it has room. Then it is no longer sequential.
    fn will_jump(&self) {}

    /// About how many bytes are read in the time that it takes until a read elsewhere begins: those
    /// of a gap between two reads that is not worth a jump. 0 where bytes are near: on this machine.
    fn jump(&self) -> u64 {
        0
    }

    /// Where the byte at `offset` lies: a number that tells the data that holds it from all other
    /// data in memory, and the byte of that data. Parts of the same data answer alike, so that
    /// two tensors are known to lie in the same bytes. The number is an address: it orders nothing.
    fn place(&self, offset: u64) -> (usize, u64) {
        (std::ptr::from_ref(self).cast::<()>().addr(), offset)
    }
}

/// A range of bytes could not be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("cannot read {len} bytes at byte {offset}: {why}")]
pub struct ReadError {
    /// First byte asked for.
    pub offset: u64,
    /// Number of bytes asked for.
    pub len: u64,
    /// What went wrong, for people.
    pub why: String,
}

impl ReadError {
    /// The error for a range that leaves data of `have` bytes.
    pub fn past_end(offset: u64, len: u64, have: u64) -> Self {
        ReadError { offset, len, why: format!("the data ends at byte {have}") }
    }
}

/// Bytes held in memory.
#[derive(Clone)]
pub struct Memory(Arc<[u8]>);

impl Memory {
    /// Takes the bytes.
    pub fn new(bytes: impl Into<Arc<[u8]>>) -> Self {
        Memory(bytes.into())
    }
}

impl Bytes for Memory {
    fn len(&self) -> u64 {
        self.0.len() as u64
    }

    fn slice(&self, range: Range<u64>) -> Option<&[u8]> {
        let start = usize::try_from(range.start).ok()?;
        let end = usize::try_from(range.end).ok()?;
        self.0.get(start..end)
    }

    fn read_at(&self, offset: u64, buf: &mut [u8]) -> Result<(), ReadError> {
        let len = buf.len() as u64;
        let end = offset.checked_add(len);
        match end.and_then(|end| self.slice(offset..end)) {
            Some(bytes) => {
                buf.copy_from_slice(bytes);
                Ok(())
            }
            None => Err(ReadError::past_end(offset, len, self.len())),
        }
    }
}
