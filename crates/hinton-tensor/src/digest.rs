//! A fast digest of bytes, to find tensors that may be equal. It is not secure: two different
//! tensors can be made to have the same digest, so equality is verified afterwards.

use crate::{Dtype, Tensor};

/// Odd numbers with well-mixed bits: the first eight words of the fractional part of the golden
/// ratio and of square roots of small primes.
const KEYS: [u64; 4] =
    [0x9E37_79B9_7F4A_7C15, 0xBB67_AE85_84CA_A73B, 0x3C6E_F372_FE94_F82B, 0xA54F_F53A_5F1D_36F1];

/// Of the bytes of one stripe.
pub(crate) fn of_stripe(bytes: &[u8]) -> u128 {
    let mut lanes = KEYS;
    let (blocks, rest) = bytes.as_chunks::<32>();
    for block in blocks {
        for (lane, word) in block.as_chunks::<8>().0.iter().enumerate() {
            lanes[lane] = mixed(lanes[lane], u64::from_le_bytes(*word), KEYS[lane]);
        }
    }
    let mut last = [0; 32];
    last[..rest.len()].copy_from_slice(rest);
    for (lane, word) in last.as_chunks::<8>().0.iter().enumerate() {
        lanes[lane] = mixed(lanes[lane], u64::from_le_bytes(*word), KEYS[lane]);
    }
    let low = mixed(mixed(lanes[0], lanes[1], KEYS[2]), bytes.len() as u64, KEYS[0]);
    let high = mixed(mixed(lanes[2], lanes[3], KEYS[0]), bytes.len() as u64, KEYS[2]);
    u128::from(low) | u128::from(high) << 64
}

/// Of a tensor: its dtype, its shape and the digests of its stripes in order.
pub(crate) fn fold(tensor: &Tensor, stripes: impl Iterator<Item = u128>) -> u128 {
    stripes.fold(seed(tensor.shape(), tensor.dtype()), with_stripe)
}

/// Of a tensor, before its first stripe.
pub(crate) fn seed(shape: &[usize], dtype: Dtype) -> u128 {
    let name = dtype.name().bytes().fold(0, |sum, byte| mixed(sum, byte.into(), KEYS[3]));
    shape.iter().fold(name, |sum, &len| mixed(sum, len as u64, KEYS[1])).into()
}

/// Of what was before, and the digest of the next stripe.
pub(crate) fn with_stripe(sum: u128, stripe: u128) -> u128 {
    let low = mixed(sum as u64, stripe as u64, KEYS[0]);
    let high = mixed((sum >> 64) as u64, (stripe >> 64) as u64, KEYS[2]);
    u128::from(low) | u128::from(high) << 64
}

fn mixed(state: u64, word: u64, key: u64) -> u64 {
    (state ^ word).wrapping_mul(key).rotate_left(29)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_byte_and_the_length_count() {
        let bytes: Vec<u8> = (0..100).collect();
        let whole = of_stripe(&bytes);
        for at in 0..bytes.len() {
            let mut other = bytes.clone();
            other[at] ^= 0x40;
            assert_ne!(of_stripe(&other), whole, "{at}");
            assert_ne!(of_stripe(&bytes[..at]), whole, "{at}");
        }
        assert_ne!(of_stripe(&[0; 8]), of_stripe(&[0; 16]));
    }
}
