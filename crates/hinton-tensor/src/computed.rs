//! Values that are computed on demand from other bytes: from the blocks of a quantised tensor, or
//! from codes with separate scales.

use std::ops::Range;
use std::sync::Arc;

use crate::{Bytes, ReadError, range_end};

/// Values decoded at once: their bytes stay in the fastest cache until they are copied.
const BATCH: usize = 4 << 10;

/// A rule that computes `f32` values by their index.
pub trait Decode: Send + Sync {
    /// Number of values.
    fn values(&self) -> u64;

    /// Number of values that are decoded together, at least 1. Ranges passed to
    /// [`decode`](Decode::decode) begin and end at multiples of it, or end at the last value.
    fn unit(&self) -> usize {
        1
    }

    /// Fills `out` with the values that start at index `first`.
    ///
    /// # Errors
    /// Returns [`ReadError`] if the underlying bytes cannot be read.
    fn decode(&self, first: u64, out: &mut [f32]) -> Result<(), ReadError>;
}

impl<D: Decode + ?Sized> Decode for Arc<D> {
    fn values(&self) -> u64 {
        (**self).values()
    }

    fn unit(&self) -> usize {
        (**self).unit()
    }

    fn decode(&self, first: u64, out: &mut [f32]) -> Result<(), ReadError> {
        (**self).decode(first, out)
    }
}

/// Decoded values as bytes: contiguous little-endian `f32`. Only the blocks that a range touches
/// are decoded, and nothing is cached.
pub struct Computed<D>(D);

impl<D: Decode> Computed<D> {
    /// The bytes of the values that `rule` computes.
    pub fn new(rule: D) -> Self {
        Computed(rule)
    }
}

impl<D: Decode> Bytes for Computed<D> {
    fn len(&self) -> u64 {
        self.0.values().saturating_mul(4)
    }

    fn slice(&self, range: Range<u64>) -> Option<&[u8]> {
        (range.start == range.end && range.end <= self.len()).then_some(&[])
    }

    fn read_at(&self, offset: u64, mut buf: &mut [u8]) -> Result<(), ReadError> {
        let end = range_end(offset, buf.len() as u64, self.len())?;
        if buf.is_empty() {
            return Ok(());
        }
        let unit = self.0.unit().max(1);
        let batch = (BATCH / unit).max(1) * unit;
        let mut first = offset / 4 / unit as u64 * unit as u64;
        let stop = (end.div_ceil(4).div_ceil(unit as u64) * unit as u64).min(self.0.values());
        let mut values = vec![0.0; usize::try_from(stop - first).unwrap_or(batch).min(batch)];
        let mut skip = (offset - first * 4) as usize;
        while !buf.is_empty() {
            let count = usize::try_from(stop - first).unwrap_or(batch).min(batch);
            let values = &mut values[..count];
            self.0.decode(first, values)?;
            let (now, later) = buf.split_at_mut(buf.len().min(count * 4 - skip));
            copy(values, skip, now);
            buf = later;
            first += count as u64;
            skip = 0;
        }
        Ok(())
    }
}

/// The bytes of `values` from byte `skip` on.
fn copy(values: &[f32], skip: usize, out: &mut [u8]) {
    let (whole, rest) = out.as_chunks_mut::<4>();
    if skip.is_multiple_of(4) && rest.is_empty() {
        for (out, value) in whole.iter_mut().zip(&values[skip / 4..]) {
            *out = value.to_le_bytes();
        }
        return;
    }
    for (index, out) in out.iter_mut().enumerate() {
        let at = skip + index;
        *out = values[at / 4].to_le_bytes()[at % 4];
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Mutex;

    /// Values 0, 1, 2 … that come `unit` at a time; remembers what was asked for.
    struct Counting {
        values: u64,
        unit: usize,
        asked: Mutex<Vec<(u64, usize)>>,
    }

    fn counting(values: u64, unit: usize) -> Counting {
        Counting { values, unit, asked: Mutex::default() }
    }

    impl Decode for Counting {
        fn values(&self) -> u64 {
            self.values
        }

        fn unit(&self) -> usize {
            self.unit
        }

        fn decode(&self, first: u64, out: &mut [f32]) -> Result<(), ReadError> {
            self.asked.lock().unwrap().push((first, out.len()));
            out.iter_mut().zip(first..).for_each(|(out, value)| *out = value as f32);
            Ok(())
        }
    }

    #[test]
    fn any_range_is_a_part_of_the_whole() {
        let whole: Vec<u8> = (0..100).flat_map(|value| (value as f32).to_le_bytes()).collect();
        for unit in [1, 7, 32, 100] {
            let bytes = Computed::new(counting(100, unit));
            assert_eq!(bytes.len(), 400);
            for start in 0..=400 {
                for len in [0, 1, 3, 4, 8, 130, 400] {
                    let mut buf = vec![0; len];
                    let read = bytes.read_at(start as u64, &mut buf);
                    match whole.get(start..start + len) {
                        Some(part) => assert_eq!((read, &buf[..]), (Ok(()), part)),
                        None => assert!(read.is_err()),
                    }
                }
            }
            assert!(bytes.read_at(u64::MAX, &mut [0; 4]).is_err());
        }
    }

    #[test]
    fn only_the_units_of_the_range_are_decoded() {
        let bytes = Computed::new(counting(1_000_000, 256));
        bytes.read_at(4 * 300, &mut [0; 4]).unwrap();
        assert_eq!(*bytes.0.asked.lock().unwrap(), [(256, 256)]);
        bytes.0.asked.lock().unwrap().clear();
        bytes.read_at(4 * 255, &mut [0; 4 * 5000]).unwrap();
        assert_eq!(*bytes.0.asked.lock().unwrap(), [(0, 4096), (4096, 1280)]);
        bytes.0.asked.lock().unwrap().clear();
        bytes.read_at(4 * 999_999, &mut [0; 4]).unwrap();
        assert_eq!(*bytes.0.asked.lock().unwrap(), [(999_936, 64)]);
    }
}
