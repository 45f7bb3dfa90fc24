//! Concatenates parts of other bytes, without a copy.

use std::ops::Range;

use hinton_tensor::{Bytes, ReadError, range_end};

use super::Part;

/// Several parts, concatenated.
pub struct Joined {
    /// Each with the byte at which it begins.
    parts: Vec<(u64, Part)>,
    len: u64,
}

impl Joined {
    /// Concatenates the parts in this order. Anything beyond 2^64 bytes is cut off.
    pub fn new(parts: Vec<Part>) -> Self {
        let mut len = 0u64;
        let parts = parts.into_iter().map(|part| {
            let start = len;
            len = len.saturating_add(part.len());
            (start, part)
        });
        let parts = parts.collect();
        Joined { parts, len }
    }

    /// The last part that starts at or before a byte.
    fn part_at(&self, offset: u64) -> usize {
        self.parts.partition_point(|(start, _)| *start <= offset).saturating_sub(1)
    }
}

impl Bytes for Joined {
    fn len(&self) -> u64 {
        self.len
    }

    fn slice(&self, range: Range<u64>) -> Option<&[u8]> {
        let (start, part) = self.parts.get(self.part_at(range.start))?;
        part.slice(range.start.checked_sub(*start)?..range.end.checked_sub(*start)?)
    }

    fn read_at(&self, offset: u64, buf: &mut [u8]) -> Result<(), ReadError> {
        let len = buf.len() as u64;
        range_end(offset, len, self.len)?;
        let mut rest = buf;
        let mut at = offset;
        while !rest.is_empty() {
            let (start, part) = &self.parts[self.part_at(at)];
            let left = part.len() - (at - start);
            let count = usize::try_from(left).unwrap_or(usize::MAX).min(rest.len());
            let (own, behind) = rest.split_at_mut(count);
            part.read_at(at - start, own)?;
            rest = behind;
            at += count as u64;
        }
        Ok(())
    }

    fn file_byte(&self, offset: u64) -> Option<u64> {
        let (start, part) = self.parts.get(self.part_at(offset))?;
        part.file_byte(offset.checked_sub(*start)?)
    }

    fn will_jump(&self) {
        self.parts.iter().for_each(|(_, part)| part.will_jump());
    }

    fn will_read(&self, ranges: &[Range<u64>]) {
        for (start, part) in &self.parts {
            let end = start + part.len();
            let meets = ranges.iter().filter(|range| range.start < end && range.end > *start);
            let inside = meets
                .map(|range| range.start.max(*start) - start..range.end.min(end) - start)
                .collect::<Vec<_>>();
            if !inside.is_empty() {
                part.will_read(&inside);
            }
        }
    }

    fn jump(&self) -> u64 {
        self.parts.iter().map(|(_, part)| part.jump()).max().unwrap_or(0)
    }

    fn is_sequential(&self) -> bool {
        self.parts.iter().any(|(_, part)| part.is_sequential())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use hinton_tensor::Memory;
    use std::sync::Arc;

    #[test]
    fn reads_cross_from_part_to_part() {
        let whole: Arc<dyn Bytes> = Arc::new(Memory::new(*b"0123456789"));
        let part = |start, len| Part::new(whole.clone(), start, len).unwrap();
        let joined = Joined::new(vec![part(7, 3), part(4, 0), part(0, 2), part(5, 1)]);
        let expected = b"789015";
        for start in 0..=6u64 {
            for end in start..=6 {
                let mut buf = vec![0; (end - start) as usize];
                joined.read_at(start, &mut buf).unwrap();
                assert_eq!(buf, expected[start as usize..end as usize]);
            }
        }
        assert_eq!(joined.slice(3..5), Some(&b"01"[..]));
        assert_eq!(joined.slice(2..4), None, "it lies in two parts");
        assert!(joined.read_at(5, &mut [0; 2]).is_err());
        assert!(Joined::new(Vec::new()).is_empty());
    }
}
