//! torch's lazy negation and conjugation: a view whose stored values have other signs than its own.
//!
//! `_rebuild_tensor_v2` gets `{'neg': True}` or `{'conj': True}` (torch/_utils.py). Both only turn
//! signs of floats, which are one bit each.

use std::ops::Range;
use std::sync::Arc;

use hinton_tensor::{Bytes, Dtype, Endian, ReadError};

/// Which bytes of a value hold a sign that turns.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Signs {
    /// Bytes of a value.
    size: u64,
    /// The byte in a value with the sign of the real part, and of the imaginary one.
    turned: [Option<u64>; 2],
}

impl Signs {
    /// The signs that negation and conjugation turn; `None` where none is, or the type has no bit
    /// for it.
    pub(super) fn of(dtype: Dtype, endian: Endian, neg: bool, conj: bool) -> Option<Signs> {
        let size = dtype.bits() / 8;
        let is_float = matches!(dtype, Dtype::F64 | Dtype::F32 | Dtype::F16 | Dtype::Bf16);
        let (real, imaginary) = match dtype.is_complex() {
            true => (neg, neg != conj),
            // The conjugate of a real number is itself.
            false => (neg && is_float, false),
        };
        let part = if dtype.is_complex() { size / 2 } else { size };
        let sign = |start: u64| match endian {
            Endian::Little => start + part - 1,
            Endian::Big => start,
        };
        let turned = [real.then(|| sign(0)), imaginary.then(|| sign(part))];
        (real || imaginary).then_some(Signs { size, turned })
    }
}

/// Values from byte `start` of `data` on, with signs turned.
pub(super) struct Turned {
    pub(super) data: Arc<dyn Bytes>,
    pub(super) start: u64,
    pub(super) signs: Signs,
}

impl Bytes for Turned {
    fn len(&self) -> u64 {
        self.data.len()
    }

    fn slice(&self, _: Range<u64>) -> Option<&[u8]> {
        None
    }

    fn read_at(&self, offset: u64, buf: &mut [u8]) -> Result<(), ReadError> {
        self.data.read_at(offset, buf)?;
        let Signs { size, turned } = self.signs;
        // Where in a value the first byte lies; the start of the data need not be a multiple.
        let first = (offset % size + size - self.start % size) % size;
        for place in turned.into_iter().flatten() {
            let skip = (place + size - first) % size;
            for byte in buf.iter_mut().skip(skip as usize).step_by(size as usize) {
                *byte ^= 0x80;
            }
        }
        Ok(())
    }

    fn is_sequential(&self) -> bool {
        self.data.is_sequential()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use hinton_tensor::Memory;

    #[test]
    fn signs_turn_from_any_byte_on() {
        let bytes: Vec<u8> =
            [1.0f32, 2.0, -3.0, 4.0].iter().flat_map(|v| v.to_le_bytes()).collect();
        let all = |dtype, neg, conj| {
            let signs = Signs::of(dtype, Endian::Little, neg, conj).unwrap();
            let data = Arc::new(Memory::new(bytes.clone()));
            let turned = Turned { data, start: 0, signs };
            let mut whole = vec![0; 16];
            turned.read_at(0, &mut whole).unwrap();
            for from in 0..16 {
                let mut part = vec![0; 16 - from];
                turned.read_at(from as u64, &mut part).unwrap();
                assert_eq!(part, whole[from..]);
            }
            whole.chunks(4).map(|v| f32::from_le_bytes(v.try_into().unwrap())).collect::<Vec<_>>()
        };
        assert_eq!(all(Dtype::F32, true, false), [-1.0, -2.0, 3.0, -4.0]);
        assert_eq!(all(Dtype::C64, false, true), [1.0, -2.0, -3.0, -4.0]);
        assert_eq!(all(Dtype::C64, true, false), [-1.0, -2.0, 3.0, -4.0]);
        assert_eq!(all(Dtype::C64, true, true), [-1.0, 2.0, 3.0, 4.0]);
        assert_eq!(Signs::of(Dtype::I32, Endian::Little, true, false), None);
        assert_eq!(Signs::of(Dtype::F32, Endian::Little, false, true), None);
    }
}
