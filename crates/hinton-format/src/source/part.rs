//! A range of other bytes, without a copy.

use std::ops::Range;
use std::sync::Arc;

use hinton_tensor::{Bytes, ReadError, range_end};

/// The bytes `start..start + len` of other bytes.
#[derive(Clone)]
pub struct Part {
    whole: Arc<dyn Bytes>,
    start: u64,
    len: u64,
}

impl Part {
    /// Takes a range of `whole`.
    ///
    /// # Errors
    /// Returns an error if the range is out of bounds.
    pub fn new(whole: Arc<dyn Bytes>, start: u64, len: u64) -> Result<Self, ReadError> {
        range_end(start, len, whole.len())?;
        Ok(Part { whole, start, len })
    }
}

impl Bytes for Part {
    fn len(&self) -> u64 {
        self.len
    }

    fn slice(&self, range: Range<u64>) -> Option<&[u8]> {
        if range.start > range.end || range.end > self.len {
            return None;
        }
        // Cannot overflow: `start + len` was checked to lie inside the whole.
        self.whole.slice(self.start + range.start..self.start + range.end)
    }

    fn read_at(&self, offset: u64, buf: &mut [u8]) -> Result<(), ReadError> {
        range_end(offset, buf.len() as u64, self.len)?;
        self.whole.read_at(self.start + offset, buf)
    }

    fn is_sequential(&self) -> bool {
        self.whole.is_sequential()
    }

    fn file_byte(&self, offset: u64) -> Option<u64> {
        self.whole.file_byte(self.start.checked_add(offset)?)
    }

    fn will_jump(&self) {
        self.whole.will_jump();
    }

    fn will_read(&self, ranges: &[Range<u64>]) {
        let inside =
            ranges.iter().filter(|range| range.start <= range.end && range.end <= self.len);
        let ranges: Vec<_> =
            inside.map(|range| self.start + range.start..self.start + range.end).collect();
        self.whole.will_read(&ranges);
    }

    fn jump(&self) -> u64 {
        self.whole.jump()
    }

    fn place(&self, offset: u64) -> (usize, u64) {
        self.whole.place(self.start.saturating_add(offset))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use hinton_tensor::Memory;

    #[test]
    fn a_part_is_a_window_and_no_more() {
        let whole: Arc<dyn Bytes> = Arc::new(Memory::new(*b"0123456789"));
        let part = Part::new(whole.clone(), 2, 5).unwrap();
        assert_eq!(part.slice(0..5), Some(&b"23456"[..]));
        assert_eq!(part.slice(1..6), None, "the byte behind the part is not its own");
        let mut buf = [0; 2];
        part.read_at(3, &mut buf).unwrap();
        assert_eq!(&buf, b"56");
        assert!(part.read_at(4, &mut buf).is_err());
        assert!(part.read_at(u64::MAX, &mut buf).is_err());
        let inner: Arc<dyn Bytes> = Arc::new(part);
        let again = Part::new(inner, 1, 2).unwrap();
        assert_eq!(again.place(1), whole.place(4), "a part of a part lies in the whole");
        let other: Arc<dyn Bytes> = Arc::new(Memory::new(*b"0123456789"));
        assert_ne!(other.place(4), whole.place(4));
        assert!(Part::new(whole.clone(), 8, 3).is_err());
        assert!(Part::new(whole, u64::MAX, 2).is_err());
    }
}
