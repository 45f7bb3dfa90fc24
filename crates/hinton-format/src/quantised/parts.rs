//! The stored tensors of a quantised weight, read by range.

use std::borrow::Cow;
use std::sync::Arc;

use hinton_tensor::examine::{Look, Odd};
use hinton_tensor::{Bytes, Decode, Dtype, Endian, ReadError, Tensor, decode_f32};

/// A matrix whose values are computed row by row.
pub(super) trait Rows: Send + Sync {
    /// Number of rows.
    fn rows(&self) -> u64;

    /// Values of a row.
    fn width(&self) -> u64;

    /// Fills `out` with the values of a row from column `first` on.
    fn row(&self, row: u64, first: u64, out: &mut [f32]) -> Result<(), ReadError>;

    /// Blocks that have a scale of their own; 0 where they are not looked at.
    fn blocks(&self) -> u64 {
        0
    }

    /// Pieces of work in which [`look`](Rows::look) does them.
    fn turns(&self) -> u64 {
        0
    }

    /// Tells of the odd blocks of that piece, each by the number of its first value.
    fn look(&self, _turn: u64, _tell: &mut dyn FnMut(u64, Odd)) -> Result<(), ReadError> {
        Ok(())
    }
}

/// The rows one after another.
pub(super) struct Whole(pub(super) Arc<dyn Rows>);

impl Look for Whole {
    fn blocks(&self) -> u64 {
        self.0.blocks()
    }

    fn turns(&self) -> u64 {
        self.0.turns()
    }

    fn look(&self, turn: u64, tell: &mut dyn FnMut(u64, Odd)) -> Result<(), ReadError> {
        self.0.look(turn, tell)
    }
}

/// What a scale says of its block; nothing where codes decide.
pub(super) fn odd_scale(scale: f32) -> Option<Odd> {
    match scale {
        _ if !scale.is_finite() => Some(Odd::Broken),
        0.0 => Some(Odd::Empty),
        _ => None,
    }
}

impl Decode for Whole {
    fn values(&self) -> u64 {
        self.0.rows().saturating_mul(self.0.width())
    }

    fn decode(&self, first: u64, mut out: &mut [f32]) -> Result<(), ReadError> {
        let width = self.0.width();
        let mut at = first;
        while !out.is_empty() {
            let (row, col) = (at / width, at % width);
            let count = usize::try_from(width - col).unwrap_or(usize::MAX).min(out.len());
            let (now, later) = out.split_at_mut(count);
            self.0.row(row, col, now)?;
            at += count as u64;
            out = later;
        }
        Ok(())
    }
}

/// The values of a stored tensor by their number in C order.
pub(super) struct Values {
    data: Arc<dyn Bytes>,
    start: u64,
    dtype: Dtype,
    endian: Endian,
    /// Bytes of a value.
    size: u64,
}

impl Values {
    /// The values of a tensor that lies packed.
    ///
    /// # Errors
    /// Why not.
    pub(super) fn of(tensor: &Tensor) -> Result<Self, String> {
        let view = tensor.view();
        let dtype = tensor.dtype();
        if !view.is_packed() || !dtype.is_byte_sized() {
            return Err(format!("{:?} is not contiguous", tensor.name()));
        }
        let size = dtype.bits() / 8;
        // Checked to lie inside when the tensor was made.
        let start = tensor.start() + view.offset * size;
        let (data, endian) = (tensor.data().clone(), tensor.endian());
        Ok(Values { data, start, dtype, endian, size })
    }

    /// As [`of`](Values::of), where the tensor is of that shape and one of those dtypes.
    ///
    /// # Errors
    /// Why not.
    pub(super) fn fitting(
        tensor: Option<&Tensor>,
        what: &str,
        shape: &[usize],
        dtypes: &[Dtype],
    ) -> Result<Self, String> {
        let tensor = tensor.ok_or_else(|| format!("there are no {what}"))?;
        let (name, dtype) = (tensor.name(), tensor.dtype());
        if tensor.shape() != shape {
            return Err(format!("{name:?} has shape {:?}, expected {shape:?}", tensor.shape()));
        }
        if !dtypes.contains(&dtype) {
            return Err(format!("{name:?} is {dtype}, expected {}", dtypes[0]));
        }
        Values::of(tensor)
    }

    /// The same bytes as values of another dtype, numbered in that one.
    ///
    /// # Errors
    /// Where they are words in big-endian order, whose bytes lie the other way round.
    pub(super) fn seen_as(mut self, dtype: Dtype) -> Result<Self, String> {
        if self.endian == Endian::Big && self.size > 1 {
            return Err("its words are big-endian".to_owned());
        }
        (self.dtype, self.size) = (dtype, dtype.bits() / 8);
        Ok(self)
    }

    fn bytes(&self, first: u64, count: usize) -> Result<Cow<'_, [u8]>, ReadError> {
        let from = self.start + first * self.size;
        let len = count * self.size as usize;
        if let Some(bytes) = self.data.slice(from..from + len as u64) {
            return Ok(Cow::Borrowed(bytes));
        }
        let mut bytes = vec![0; len];
        self.data.read_at(from, &mut bytes)?;
        Ok(Cow::Owned(bytes))
    }

    /// Fills `out` with the values from number `first` on.
    pub(super) fn f32(&self, first: u64, out: &mut [f32]) -> Result<(), ReadError> {
        decode_f32(self.dtype, self.endian, &self.bytes(first, out.len())?, out);
        Ok(())
    }

    /// The value of that number.
    pub(super) fn one(&self, at: u64) -> Result<f32, ReadError> {
        let mut value = [0.0];
        self.f32(at, &mut value)?;
        Ok(value[0])
    }

    /// `count` bytes of a tensor of bytes.
    pub(super) fn u8(&self, first: u64, count: usize) -> Result<Cow<'_, [u8]>, ReadError> {
        self.bytes(first, count)
    }

    /// `count` words of a tensor of 32-bit integers.
    pub(super) fn u32(&self, first: u64, count: usize) -> Result<Vec<u32>, ReadError> {
        let bytes = self.bytes(first, count)?;
        let word = match self.endian {
            Endian::Little => u32::from_le_bytes,
            Endian::Big => u32::from_be_bytes,
        };
        Ok(bytes.as_chunks::<4>().0.iter().map(|bytes| word(*bytes)).collect())
    }
}

/// The number of `bits` bits at number `at` of words that are filled from their lowest bit on,
/// without gaps.
#[inline(always)]
pub(super) fn code(words: &[u32], bits: u32, at: u64) -> u32 {
    let bit = at * u64::from(bits);
    let (word, shift) = ((bit / 32) as usize, (bit % 32) as u32);
    let low = u64::from(words[word]);
    let high = match shift + bits > 32 {
        true => u64::from(words[word + 1]),
        false => 0,
    };
    ((low | high << 32) >> shift) as u32 & ((1 << bits) - 1)
}

/// An error about what stored values say, rather than about reading them.
pub(super) fn lie(why: String) -> ReadError {
    ReadError::damaged(0, 0, why)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_may_cross_words() {
        // 32 codes of 3 bits: 0, 1, 2 … mod 8.
        let stream = (0..32u64).fold(0u128, |bits, at| bits | u128::from(at % 8) << (3 * at));
        let words = [stream as u32, (stream >> 32) as u32, (stream >> 64) as u32];
        for at in 0..32 {
            assert_eq!(u64::from(code(&words, 3, at)), at % 8);
        }
        assert_eq!(code(&[0x8765_4321], 4, 7), 8);
        assert_eq!(code(&[0x8765_4321], 8, 1), 0x43);
    }
}
