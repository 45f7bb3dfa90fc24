//! Numbers of fewer than eight bits behind one another, low bits first; they may cross bytes.

use std::sync::Arc;

use hinton_tensor::Bytes;

use crate::source::{Made, read_vec};

/// `count` numbers of `bits` bits from byte `start` of `data` on, one to a byte.
pub(super) fn unpacked(data: Arc<dyn Bytes>, start: u64, count: u64, bits: u64) -> Made {
    let fill = move |first: u64, buf: &mut [u8]| {
        let from = first * bits / 8;
        let to = ((first + buf.len() as u64) * bits).div_ceil(8);
        let packed = read_vec(&*data, start + from, to - from)?;
        for (at, code) in buf.iter_mut().enumerate() {
            let bit = (first + at as u64) * bits - from * 8;
            let byte = (bit / 8) as usize;
            let next = packed.get(byte + 1).copied().unwrap_or(0);
            let pair = u16::from_le_bytes([packed[byte], next]) >> (bit % 8);
            *code = (pair & ((1 << bits) - 1)) as u8;
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
        let numbers = unpacked(data, 0, 5, 6);
        let mut all = [0; 5];
        numbers.read_at(0, &mut all).unwrap();
        assert_eq!(all, [3, 5, 7, 1, 62]);
        let mut last = [0; 2];
        numbers.read_at(3, &mut last).unwrap();
        assert_eq!(last, [1, 62]);
    }
}
