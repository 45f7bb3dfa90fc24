//! The bytes that hold a tensor's values, which can be read by range.

use std::ops::Range;
use std::sync::Arc;

use crate::ReadError;

/// Bytes that can be read by range: a memory-mapped file, a buffer, a decompressed zip member.
///
/// Offsets are `u64` everywhere, so that files larger than 4 GiB also work on 32-bit systems.
pub trait Bytes: Send + Sync {
    /// Number of bytes.
    fn len(&self) -> u64;

    /// Whether there are no bytes.
    fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The bytes of `range` without a copy, if they are in memory; `None` if they must be read, or
    /// if the range is out of bounds.
    fn slice(&self, range: Range<u64>) -> Option<&[u8]>;

    /// Fills `buf` with the bytes that start at `offset`.
    ///
    /// # Errors
    /// Returns [`ReadError`] if the range is out of bounds, or the underlying file cannot be read.
    fn read_at(&self, offset: u64, buf: &mut [u8]) -> Result<(), ReadError>;

    /// Whether reading forwards is cheap and seeking backwards is expensive (a compressed stream).
    /// Stripes are then read in order.
    fn is_sequential(&self) -> bool {
        false
    }

    /// The offset in the file on disk of the byte at `offset`; `None` if the file does not contain
    /// this byte unchanged (decompressed, decoded or computed bytes), or there is no file.
    fn file_byte(&self, _offset: u64) -> Option<u64> {
        None
    }

    /// Announces the ranges that will be read, in this order, so that bytes of a remote file can be
    /// fetched in few requests, several at a time. It is only a hint: announced ranges need not be
    /// read, and others may be. Does nothing for local bytes.
    fn will_read(&self, _ranges: &[Range<u64>]) {}

    /// Announces that all bytes will be read in short pieces far apart, such as the columns of a
    /// matrix. A compressed stream may then be decompressed into memory as a whole, if there is
    /// room, and is no longer sequential.
    fn will_jump(&self) {}

    /// The number of bytes that can be read in the time it takes to start a read elsewhere: a gap
    /// between two reads of up to this size is cheaper to read than to skip. 0 for local bytes.
    fn jump(&self) -> u64 {
        0
    }

    /// Identifies the byte at `offset` across all data in memory: a number for the buffer that
    /// holds it, and the byte's offset in that buffer. Two tensors share bytes if these are equal.
    /// The number is an address and has no meaningful order.
    fn place(&self, offset: u64) -> (usize, u64) {
        (std::ptr::from_ref(self).cast::<()>().addr(), offset)
    }
}

/// Bytes held in memory.
#[derive(Clone)]
pub struct Memory(Arc<[u8]>);

impl Memory {
    /// Wraps the bytes.
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
