//! Blocks of 256 codes, in sub-blocks of 16 or 32 that have their own scales.

use super::{each, half};

/// 16 pairs of a scale and a minimum, 4 bits each; 256 codes of 2 bits; d and dmin.
pub(super) fn q2_k(bytes: &[u8], out: &mut [f32]) {
    each::<84, 256>(bytes, out, |block, out| {
        let (scales, codes) = (&block[..16], &block[16..80]);
        let (d, dmin) = (half(block, 80), half(block, 82));
        for (sub, out) in out.as_chunks_mut::<16>().0.iter_mut().enumerate() {
            let scale = d * f32::from(scales[sub] & 15);
            let minimum = dmin * f32::from(scales[sub] >> 4);
            let (codes, shift) = two_bits(codes, sub);
            for (out, byte) in out.iter_mut().zip(codes) {
                *out = scale * f32::from(byte >> shift & 3) - minimum;
            }
        }
    });
}

/// The bytes and the shift of the 16 codes of a sub-block, where 32 bytes hold 4 x 32 codes.
#[inline(always)]
fn two_bits(codes: &[u8], sub: usize) -> (&[u8], u32) {
    let first = sub / 8 * 32 + sub % 2 * 16;
    (&codes[first..first + 16], 2 * (sub as u32 / 2 % 4))
}

/// 256 third bits; the lower two; 16 scales of 6 bits; d.
pub(super) fn q3_k(bytes: &[u8], out: &mut [f32]) {
    each::<110, 256>(bytes, out, |block, out| {
        let (third, codes, scales) = (&block[..32], &block[32..96], &block[96..108]);
        let d = half(block, 108);
        for (sub, out) in out.as_chunks_mut::<16>().0.iter_mut().enumerate() {
            let low = scales[sub % 8] >> (4 * (sub / 8)) & 15;
            let high = scales[8 + sub % 4] >> (2 * (sub / 4)) & 3;
            let scale = d * (i32::from(low | high << 4) - 32) as f32;
            let (codes, shift) = two_bits(codes, sub);
            let third = &third[sub % 2 * 16..][..16];
            for (out, (byte, third)) in out.iter_mut().zip(codes.iter().zip(third)) {
                // The offset is taken where the bit is not set.
                let code = i32::from(byte >> shift & 3) - i32::from(!third >> (sub / 2) & 1) * 4;
                *out = scale * code as f32;
            }
        }
    });
}

/// Scale and minimum of a sub-block of 32, of 6 bits each in 12 bytes.
#[inline(always)]
fn scale_and_minimum(packed: &[u8], sub: usize) -> (f32, f32) {
    let (scale, minimum) = if sub < 4 {
        (packed[sub] & 63, packed[sub + 4] & 63)
    } else {
        let rest = packed[sub + 4];
        (rest & 15 | packed[sub - 4] >> 6 << 4, rest >> 4 | packed[sub] >> 6 << 4)
    };
    (f32::from(scale), f32::from(minimum))
}

/// d and dmin; 8 scales and minimums; 256 codes of 4 bits.
pub(super) fn q4_k(bytes: &[u8], out: &mut [f32]) {
    each::<144, 256>(bytes, out, |block, out| {
        let (d, dmin) = (half(block, 0), half(block, 2));
        let (scales, codes) = (&block[4..16], &block[16..]);
        let pairs = out.as_chunks_mut::<64>().0.iter_mut().zip(codes.as_chunks::<32>().0);
        for (pair, (out, codes)) in pairs.enumerate() {
            let (scale, minimum) = scale_and_minimum(scales, 2 * pair);
            let (scale, minimum) = (d * scale, dmin * minimum);
            let (first, second) = out.split_at_mut(32);
            for (out, byte) in first.iter_mut().zip(codes) {
                *out = scale * f32::from(byte & 15) - minimum;
            }
            let (scale, minimum) = scale_and_minimum(scales, 2 * pair + 1);
            let (scale, minimum) = (d * scale, dmin * minimum);
            for (out, byte) in second.iter_mut().zip(codes) {
                *out = scale * f32::from(byte >> 4) - minimum;
            }
        }
    });
}

/// As Q4_K, with 256 fifth bits before the codes.
pub(super) fn q5_k(bytes: &[u8], out: &mut [f32]) {
    each::<176, 256>(bytes, out, |block, out| {
        let (d, dmin) = (half(block, 0), half(block, 2));
        let (scales, fifth, codes) = (&block[4..16], &block[16..48], &block[48..]);
        for (sub, out) in out.as_chunks_mut::<32>().0.iter_mut().enumerate() {
            let (scale, minimum) = scale_and_minimum(scales, sub);
            let (scale, minimum) = (d * scale, dmin * minimum);
            let codes = &codes[sub / 2 * 32..][..32];
            for (out, (byte, fifth)) in out.iter_mut().zip(codes.iter().zip(fifth)) {
                let code = byte >> (4 * (sub % 2)) & 15 | (fifth >> sub & 1) << 4;
                *out = scale * f32::from(code) - minimum;
            }
        }
    });
}

/// 256 lower four bits; 256 upper two; 16 signed scales; d.
pub(super) fn q6_k(bytes: &[u8], out: &mut [f32]) {
    each::<210, 256>(bytes, out, |block, out| {
        let (low, high, scales) = (&block[..128], &block[128..192], &block[192..208]);
        let d = half(block, 208);
        for (group, out) in out.as_chunks_mut::<32>().0.iter_mut().enumerate() {
            let low = &low[group / 4 * 64 + group % 2 * 32..][..32];
            let high = &high[group / 4 * 32..][..32];
            let (shift_low, shift_high) = (4 * (group / 2 % 2), 2 * (group % 4));
            for (half, out) in out.as_chunks_mut::<16>().0.iter_mut().enumerate() {
                let scale = d * f32::from(scales[2 * group + half] as i8);
                let codes = low[16 * half..].iter().zip(&high[16 * half..]);
                for (out, (low, high)) in out.iter_mut().zip(codes) {
                    let code = low >> shift_low & 15 | (high >> shift_high & 3) << 4;
                    *out = scale * (i32::from(code) - 32) as f32;
                }
            }
        }
    });
}

/// d as `f32`, 256 signed bytes, then sums of 16 (for products; not needed here).
pub(super) fn q8_k(bytes: &[u8], out: &mut [f32]) {
    each::<292, 256>(bytes, out, |block, out| {
        let d = f32::from_le_bytes([block[0], block[1], block[2], block[3]]);
        for (out, byte) in out.iter_mut().zip(&block[4..260]) {
            *out = d * f32::from(*byte as i8);
        }
    });
}
