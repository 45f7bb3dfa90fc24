//! Finds suspicious blocks: their scales are zero, NaN or infinite, or all their codes are at an
//! end of their range. One function per type; the layouts are those of the decoders in the
//! neighbouring files.
//! Codes that are indices into a grid (IQ1 to IQ3) have no ends of a range, and codes of one bit or
//! of three values (Q1_0, TQ1_0, TQ2_0) are always at the ends.

use hinton_tensor::examine::Odd;
use hinton_tensor::f16_to_f32;

use super::{half, u16_at};

/// What such scales say, and else whether the block is full. The first multiplies the codes: where
/// it alone is zero the block is a constant, and its codes mean nothing.
fn told<const N: usize>(scales: [f32; N], is_full: impl FnOnce() -> bool) -> Option<Odd> {
    if scales.iter().any(|scale| !scale.is_finite()) {
        Some(Odd::Broken)
    } else if scales.iter().all(|scale| *scale == 0.0) {
        Some(Odd::Empty)
    } else {
        (scales[0] != 0.0 && is_full()).then_some(Odd::Full)
    }
}

/// Whether each half of every byte is 0 or 15: its bits are equal.
fn halves_at_ends(bytes: &[u8]) -> bool {
    bytes.iter().all(|byte| (byte ^ byte >> 1) & 0x77 == 0)
}

/// Whether each quarter of every byte is 0 or 3.
fn quarters_at_ends(bytes: &[u8]) -> bool {
    bytes.iter().all(|byte| (byte ^ byte >> 1) & 0x55 == 0)
}

/// Whether every signed byte is ±127 or -128.
fn bytes_at_ends(bytes: &[u8]) -> bool {
    bytes.iter().all(|byte| matches!(byte, 127..=129))
}

/// Codes of four bits, of which the highest of each half is repeated in a fifth: the `at`th bit.
fn fives_at_ends(bytes: &[u8], fifth: impl Fn(usize, bool) -> u8) -> bool {
    halves_at_ends(bytes)
        && bytes
            .iter()
            .enumerate()
            .all(|(at, byte)| byte >> 3 & 1 == fifth(at, false) && byte >> 7 == fifth(at, true))
}

pub(super) fn only_scale(block: &[u8]) -> Option<Odd> {
    told([half(block, 0)], || false)
}

pub(super) fn q4_0(block: &[u8]) -> Option<Odd> {
    told([half(block, 0)], || halves_at_ends(&block[2..18]))
}

pub(super) fn q4_1(block: &[u8]) -> Option<Odd> {
    told([half(block, 0), half(block, 2)], || halves_at_ends(&block[4..20]))
}

pub(super) fn q5_0(block: &[u8]) -> Option<Odd> {
    told([half(block, 0)], || old_fives(&block[2..6], &block[6..22]))
}

pub(super) fn q5_1(block: &[u8]) -> Option<Odd> {
    told([half(block, 0), half(block, 2)], || old_fives(&block[4..8], &block[8..24]))
}

/// The fifth bits of the lower halves, then those of the upper ones.
fn old_fives(high: &[u8], codes: &[u8]) -> bool {
    fives_at_ends(codes, |at, upper| {
        let bit = at + 16 * usize::from(upper);
        high[bit / 8] >> (bit % 8) & 1
    })
}

pub(super) fn q8_0(block: &[u8]) -> Option<Odd> {
    told([half(block, 0)], || bytes_at_ends(&block[2..34]))
}

pub(super) fn q8_1(block: &[u8]) -> Option<Odd> {
    told([half(block, 0)], || bytes_at_ends(&block[4..36]))
}

pub(super) fn q2_k(block: &[u8]) -> Option<Odd> {
    told([half(block, 80), half(block, 82)], || quarters_at_ends(&block[16..80]))
}

pub(super) fn q3_k(block: &[u8]) -> Option<Odd> {
    told([half(block, 108)], || {
        let (high, codes) = (&block[..32], &block[32..96]);
        quarters_at_ends(codes)
            && codes.iter().enumerate().all(|(at, byte)| {
                // Quarter k of byte l of half n has its third bit in bit 4n + k of byte l.
                (0..4).all(|k| byte >> (2 * k) & 1 == high[at % 32] >> (at / 32 * 4 + k) & 1)
            })
    })
}

pub(super) fn q4_k(block: &[u8]) -> Option<Odd> {
    told([half(block, 0), half(block, 2)], || halves_at_ends(&block[16..144]))
}

pub(super) fn q5_k(block: &[u8]) -> Option<Odd> {
    told([half(block, 0), half(block, 2)], || {
        let high = &block[16..48];
        fives_at_ends(&block[48..176], |at, upper| {
            high[at % 32] >> (at / 32 * 2 + usize::from(upper)) & 1
        })
    })
}

pub(super) fn q6_k(block: &[u8]) -> Option<Odd> {
    told([half(block, 208)], || {
        let (low, high) = (&block[..128], &block[128..192]);
        halves_at_ends(low)
            && quarters_at_ends(high)
            && low.iter().enumerate().all(|(at, byte)| {
                // Bytes l and l + 32 of a half of 64 share the byte l of the upper bits.
                let upper = high[at / 64 * 32 + at % 32] >> (at % 64 / 32 * 2);
                byte >> 3 & 1 == upper & 1 && byte >> 7 == upper >> 4 & 1
            })
    })
}

pub(super) fn q8_k(block: &[u8]) -> Option<Odd> {
    let scale = f32::from_le_bytes([block[0], block[1], block[2], block[3]]);
    told([scale], || bytes_at_ends(&block[4..260]))
}

pub(super) fn iq4_nl(block: &[u8]) -> Option<Odd> {
    told([half(block, 0)], || halves_at_ends(&block[2..18]))
}

pub(super) fn iq4_xs(block: &[u8]) -> Option<Odd> {
    told([half(block, 0)], || halves_at_ends(&block[8..136]))
}

pub(super) fn iq1_m(block: &[u8]) -> Option<Odd> {
    let scale = (0..4).rev().fold(0, |d, at| d << 4 | u16_at(block, 48 + 2 * at) >> 12);
    told([f16_to_f32(scale)], || false)
}

pub(super) fn tq1_0(block: &[u8]) -> Option<Odd> {
    told([half(block, 52)], || false)
}

pub(super) fn tq2_0(block: &[u8]) -> Option<Odd> {
    told([half(block, 64)], || false)
}

/// Its scale is a power of two, whatever its byte: never zero, never infinite.
pub(super) fn mxfp4(block: &[u8]) -> Option<Odd> {
    sixes(&block[1..]).then_some(Odd::Full)
}

/// Scales of eight bits: 0x7f is zero too.
pub(super) fn nvfp4(block: &[u8]) -> Option<Odd> {
    match block[..4].iter().all(|scale| matches!(scale, 0 | 0x7f)) {
        true => Some(Odd::Empty),
        false => sixes(&block[4..]).then_some(Odd::Full),
    }
}

/// Whether every float of four bits is 6 or -6.
fn sixes(bytes: &[u8]) -> bool {
    bytes.iter().all(|byte| byte & 0x77 == 0x77)
}

#[cfg(test)]
mod tests {
    use super::super::{Blocks, Layout, TYPES};
    use super::*;

    /// Which value each bit of a block changes, where it is one value: a bit of a code.
    fn owners(blocks: &Blocks, block: &[u8]) -> Vec<Option<usize>> {
        let decoded = |block: &[u8]| {
            let mut out = vec![0.0; blocks.values];
            (blocks.decode)(block, &mut out);
            out
        };
        let before = decoded(block);
        let owner = |bit: usize| {
            let mut other = block.to_vec();
            other[bit / 8] ^= 1 << (bit % 8);
            let after = decoded(&other);
            let mut changed = (0..before.len()).filter(|&at| before[at] != after[at]);
            changed.next().filter(|_| changed.next().is_none())
        };
        (0..block.len() * 8).map(owner).collect()
    }

    #[test]
    fn full_is_what_the_decoders_say() {
        let names = [
            "Q4_0", "Q4_1", "Q5_0", "Q5_1", "Q2_K", "Q3_K", "Q4_K", "Q5_K", "Q6_K", "IQ4_NL",
            "IQ4_XS",
        ];
        for name in names {
            let row = TYPES.iter().find(|row| row.name == name).unwrap();
            let Layout::Blocks(blocks) = row.layout else { panic!("{name}") };
            // Scales that are neither zero nor odd.
            let mut block = vec![0x24; blocks.bytes];
            let owners = owners(&blocks, &block);
            assert!((0..blocks.values).all(|value| owners.contains(&Some(value))), "{name}");
            // A third of the codes are the highest, the others the lowest.
            for (bit, owner) in owners.iter().enumerate() {
                if let Some(value) = owner {
                    block[bit / 8] &= !(1 << (bit % 8));
                    block[bit / 8] |= u8::from(value % 3 == 0) << (bit % 8);
                }
            }
            assert_eq!((blocks.odd)(&block), Some(Odd::Full), "{name}");
            for bit in (0..owners.len()).filter(|bit| owners[*bit].is_some()) {
                block[bit / 8] ^= 1 << (bit % 8);
                assert_eq!((blocks.odd)(&block), None, "{name}: bit {bit}");
                block[bit / 8] ^= 1 << (bit % 8);
            }
        }
    }

    #[test]
    fn bytes_and_small_floats_are_full_at_their_ends() {
        let full = |scale: &[u8], code: u8, count: usize| {
            let mut block = scale.to_vec();
            block.resize(scale.len() + count, code);
            block
        };
        for code in [0x7f, 0x80, 0x81] {
            let mut block = full(&[0, 0x3c], code, 32);
            assert_eq!(q8_0(&block), Some(Odd::Full));
            block[20] = 0x7e;
            assert_eq!(q8_0(&block), None);
        }
        assert_eq!(mxfp4(&full(&[0x80], 0xf7, 16)), Some(Odd::Full));
        assert_eq!(mxfp4(&full(&[0x80], 0xf6, 16)), None);
        assert_eq!(nvfp4(&full(&[1, 0, 0, 0], 0x7f, 32)), Some(Odd::Full));
        assert_eq!(nvfp4(&full(&[0, 0x7f, 0, 0], 0x7f, 32)), Some(Odd::Empty));
    }

    #[test]
    fn scales_decide_first() {
        let with = |scales: [u16; 2]| {
            let mut block = vec![0; 20];
            block[..2].copy_from_slice(&scales[0].to_le_bytes());
            block[2..4].copy_from_slice(&scales[1].to_le_bytes());
            q4_1(&block)
        };
        assert_eq!(with([0, 0]), Some(Odd::Empty));
        assert_eq!(with([0x7c00, 0]), Some(Odd::Broken));
        assert_eq!(with([0x3c00, 0xfe00]), Some(Odd::Broken));
        // A constant: what its codes are means nothing.
        assert_eq!(with([0, 0x3c00]), None);
        assert_eq!(with([0x3c00, 0]), Some(Odd::Full));
    }
}
