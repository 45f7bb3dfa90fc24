//! Data that is read from its front to its back, a stretch at a time.

use hinton_tensor::Bytes;

use crate::Error;
use crate::source::read_vec;

/// Bytes that are read at once, where no more are wanted.
const STEP: u64 = 64 << 10;

/// A stretch of data that moves on with its reader, so that a stream need not start again.
pub(super) struct Stretch<'d> {
    data: &'d dyn Bytes,
    /// Bytes of the data from `start` on; none where they are addressable.
    held: Vec<u8>,
    start: u64,
}

impl<'d> Stretch<'d> {
    pub(super) fn new(data: &'d dyn Bytes) -> Self {
        Stretch { data, held: Vec::new(), start: 0 }
    }

    /// How many bytes the data has from `at` on.
    pub(super) fn left(&self, at: u64) -> u64 {
        self.data.len().saturating_sub(at)
    }

    /// Bytes from `at` on: at least `want`, or those that are left.
    ///
    /// # Errors
    /// Returns an error if they cannot be read.
    pub(super) fn from(&mut self, at: u64, want: u64) -> Result<&[u8], Error> {
        let (data, len) = (self.data, self.data.len());
        let at = at.min(len);
        if let Some(bytes) = data.slice(at..len) {
            return Ok(bytes);
        }
        let end = self.start + self.held.len() as u64;
        if at < self.start || at.saturating_add(want).min(len) > end {
            // What was read behind `at` stays.
            match usize::try_from(at.wrapping_sub(self.start)) {
                Ok(skip) if at >= self.start && skip <= self.held.len() => {
                    self.held.drain(..skip);
                }
                _ => self.held.clear(),
            }
            self.start = at;
            let from = at + self.held.len() as u64;
            let until = at.saturating_add(want.max(STEP)).min(len);
            self.held.extend(read_vec(data, from, until.saturating_sub(from))?);
        }
        Ok(&self.held[(at - self.start) as usize..])
    }
}
