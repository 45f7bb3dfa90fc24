//! Numbers of fewer than eight bits one after the other; they may cross bytes.

use std::sync::Arc;

use hinton_tensor::Bytes;

use crate::source::{Made, read_vec};

/// Which bits of a byte the first number is in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum First {
    /// The low ones, as in ML programs.
    Low,
    /// The high ones, as in neural networks.
    High,
}

/// `count` numbers of `bits` bits from byte `start` of `data` on, one to a byte.
pub(super) fn unpacked(
    data: Arc<dyn Bytes>,
    start: u64,
    count: u64,
    bits: u64,
    first_in: First,
) -> Made {
    let fill = move |first: u64, buf: &mut [u8]| {
        let from = first * bits / 8;
        let to = ((first + buf.len() as u64) * bits).div_ceil(8);
        let packed = read_vec(&*data, start + from, to - from)?;
        for (at, code) in buf.iter_mut().enumerate() {
            let bit = (first + at as u64) * bits - from * 8;
            let byte = (bit / 8) as usize;
            let next = packed.get(byte + 1).copied().unwrap_or(0);
            let pair = [packed[byte], next];
            *code = match first_in {
                First::Low => (u16::from_le_bytes(pair) >> (bit % 8) & ((1 << bits) - 1)) as u8,
                First::High => (u16::from_be_bytes(pair) << (bit % 8) >> (16 - bits)) as u8,
            };
        }
        Ok(())
    };
    Made::new(count, 1, fill)
}

#[cfg(test)]
mod tests {
    use super::*;
    use hinton_tensor::Memory;

    #[test]
    fn numbers_cross_bytes_and_are_read_from_any_place() {
        // 3, 5, 7, 1 and 62 of six bits.
        let stream = 3u64 | 5 << 6 | 7 << 12 | 1 << 18 | 62 << 24;
        let data = Arc::new(Memory::new(stream.to_le_bytes()[..4].to_vec()));
        let numbers = unpacked(data, 0, 5, 6, First::Low);
        let mut all = [0; 5];
        numbers.read_at(0, &mut all).unwrap();
        assert_eq!(all, [3, 5, 7, 1, 62]);
        let mut last = [0; 2];
        numbers.read_at(3, &mut last).unwrap();
        assert_eq!(last, [1, 62]);
    }
}
