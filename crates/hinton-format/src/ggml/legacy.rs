//! Blocks of 32 codes with one scale, and for the types `_1` a smallest value.

use super::{each, half, u32_at};

/// d, then 16 bytes of two codes; the low halves are the first 16 values.
pub(super) fn q4_0(bytes: &[u8], out: &mut [f32]) {
    each::<18, 32>(bytes, out, |block, out| {
        let d = half(block, 0);
        for (at, byte) in block[2..].iter().enumerate() {
            out[at] = d * (i32::from(byte & 15) - 8) as f32;
            out[at + 16] = d * (i32::from(byte >> 4) - 8) as f32;
        }
    });
}

/// d and m, then codes as Q4_0.
pub(super) fn q4_1(bytes: &[u8], out: &mut [f32]) {
    each::<20, 32>(bytes, out, |block, out| {
        let (d, m) = (half(block, 0), half(block, 2));
        for (at, byte) in block[4..].iter().enumerate() {
            out[at] = d * f32::from(byte & 15) + m;
            out[at + 16] = d * f32::from(byte >> 4) + m;
        }
    });
}

/// d, the 32 fifth bits, then the lower four as Q4_0.
pub(super) fn q5_0(bytes: &[u8], out: &mut [f32]) {
    each::<22, 32>(bytes, out, |block, out| {
        let (d, fifth) = (half(block, 0), u32_at(block, 2));
        for (at, byte) in block[6..].iter().enumerate() {
            let (low, high) = five(*byte, fifth, at);
            out[at] = d * (low as i32 - 16) as f32;
            out[at + 16] = d * (high as i32 - 16) as f32;
        }
    });
}

/// d and m, then codes as Q5_0.
pub(super) fn q5_1(bytes: &[u8], out: &mut [f32]) {
    each::<24, 32>(bytes, out, |block, out| {
        let (d, m, fifth) = (half(block, 0), half(block, 2), u32_at(block, 4));
        for (at, byte) in block[8..].iter().enumerate() {
            let (low, high) = five(*byte, fifth, at);
            out[at] = d * low as f32 + m;
            out[at + 16] = d * high as f32 + m;
        }
    });
}

/// Codes `at` and `at + 16` with their fifth bits.
#[inline(always)]
fn five(byte: u8, fifth: u32, at: usize) -> (u32, u32) {
    let low = u32::from(byte & 15) | (fifth >> at & 1) << 4;
    let high = u32::from(byte >> 4) | (fifth >> (at + 16) & 1) << 4;
    (low, high)
}

/// d, then 32 signed bytes.
pub(super) fn q8_0(bytes: &[u8], out: &mut [f32]) {
    each::<34, 32>(bytes, out, |block, out| {
        let d = half(block, 0);
        for (out, byte) in out.iter_mut().zip(&block[2..]) {
            *out = f32::from(*byte as i8) * d;
        }
    });
}

/// d and d times the sum of the codes (for products; not needed here), then 32 signed bytes.
pub(super) fn q8_1(bytes: &[u8], out: &mut [f32]) {
    each::<36, 32>(bytes, out, |block, out| {
        let d = half(block, 0);
        for (out, byte) in out.iter_mut().zip(&block[4..]) {
            *out = f32::from(*byte as i8) * d;
        }
    });
}
