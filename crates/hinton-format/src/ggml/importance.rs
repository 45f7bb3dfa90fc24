//! The `IQ` types: codes are indices of points in grids, with separate signs, or of sixteen
//! unevenly spaced values.

use super::grids::{GRID_1, GRID_2_S, GRID_2_XS, GRID_2_XXS, GRID_3_S, GRID_3_XXS};
use super::{each, half, u16_at, u32_at};

/// The sixteen values of IQ4_NL and IQ4_XS.
const UNEVEN: [f32; 16] =
    [-127., -104., -83., -65., -49., -35., -22., -10., 1., 13., 25., 38., 53., 69., 89., 113.];

/// Eight signs of which the file has seven: an even number of them is negative.
#[inline(always)]
fn even(seven: u32) -> u8 {
    let seven = (seven & 127) as u8;
    seven | ((seven.count_ones() as u8 & 1) << 7)
}

/// Grid points times a scale; bit `k` of `signs` makes value `k` negative.
#[inline(always)]
fn signed<const N: usize>(out: &mut [f32; N], scale: f32, point: &[i8; N], signs: u8) {
    for (at, (out, &point)) in out.iter_mut().zip(point).enumerate() {
        let value = scale * f32::from(point);
        *out = f32::from_bits(value.to_bits() ^ u32::from(signs >> at & 1) << 31);
    }
}

/// d; for each 32 values four numbers of points, then four times seven signs and a scale.
pub(super) fn iq2_xxs(bytes: &[u8], out: &mut [f32]) {
    each::<66, 256>(bytes, out, |block, out| {
        let d = half(block, 0);
        let groups = out.as_chunks_mut::<32>().0.iter_mut();
        for (out, codes) in groups.zip(block[2..].as_chunks::<8>().0) {
            let word = u32_at(codes, 4);
            let scale = d * (0.5 + (word >> 28) as f32) * 0.25;
            for (at, out) in out.as_chunks_mut::<8>().0.iter_mut().enumerate() {
                let point = &GRID_2_XXS[usize::from(codes[at])];
                signed(out, scale, point, even(word >> (7 * at)));
            }
        }
    });
}

/// d; 32 words of a number of 9 bits and seven signs; 16 scales of 4 bits.
pub(super) fn iq2_xs(bytes: &[u8], out: &mut [f32]) {
    each::<74, 256>(bytes, out, |block, out| {
        let (d, scales) = (half(block, 0), &block[66..]);
        for (at, out) in out.as_chunks_mut::<8>().0.iter_mut().enumerate() {
            let word = u16_at(block, 2 + 2 * at);
            let scale = scale_2(d, scales, at / 2);
            let point = &GRID_2_XS[usize::from(word & 511)];
            signed(out, scale, point, even(u32::from(word >> 9)));
        }
    });
}

/// d; 32 low bytes of numbers; 32 bytes of signs; 32 times two upper bits; 16 scales of 4 bits.
pub(super) fn iq2_s(bytes: &[u8], out: &mut [f32]) {
    each::<82, 256>(bytes, out, |block, out| {
        let d = half(block, 0);
        let (low, signs, high, scales) =
            (&block[2..34], &block[34..66], &block[66..74], &block[74..]);
        for (at, out) in out.as_chunks_mut::<8>().0.iter_mut().enumerate() {
            let upper = usize::from(high[at / 4] >> (2 * (at % 4)) & 3);
            let point = &GRID_2_S[usize::from(low[at]) | upper << 8];
            signed(out, scale_2(d, scales, at / 2), point, signs[at]);
        }
    });
}

/// The scale of 16 values.
#[inline(always)]
fn scale_2(d: f32, scales: &[u8], at: usize) -> f32 {
    d * (0.5 + f32::from(scales[at / 2] >> (4 * (at % 2)) & 15)) * 0.25
}

/// d; 64 numbers of points of four; for each 32 values four times seven signs and a scale.
pub(super) fn iq3_xxs(bytes: &[u8], out: &mut [f32]) {
    each::<98, 256>(bytes, out, |block, out| {
        let (d, numbers) = (half(block, 0), &block[2..66]);
        for (at, out) in out.as_chunks_mut::<8>().0.iter_mut().enumerate() {
            let word = u32_at(block, 66 + at / 4 * 4);
            let scale = d * (0.5 + (word >> 28) as f32) * 0.5;
            let signs = even(word >> (7 * (at % 4)));
            let [first, second] = out.as_chunks_mut::<4>().0 else { return };
            signed(first, scale, &GRID_3_XXS[usize::from(numbers[2 * at])], signs);
            signed(second, scale, &GRID_3_XXS[usize::from(numbers[2 * at + 1])], signs >> 4);
        }
    });
}

/// d; 64 low bytes of numbers; 64 ninth bits; 32 bytes of signs; 8 scales of 4 bits.
pub(super) fn iq3_s(bytes: &[u8], out: &mut [f32]) {
    each::<110, 256>(bytes, out, |block, out| {
        let d = half(block, 0);
        let (low, ninth, signs, scales) =
            (&block[2..66], &block[66..74], &block[74..106], &block[106..]);
        for (at, out) in out.as_chunks_mut::<4>().0.iter_mut().enumerate() {
            let sub = at / 8;
            let scale = scales[sub / 2] >> (4 * (sub % 2)) & 15;
            let scale = d * f32::from(1 + 2 * scale);
            let number = usize::from(low[at]) | usize::from(ninth[sub] >> (at % 8) & 1) << 8;
            signed(out, scale, &GRID_3_S[number], signs[at / 2] >> (4 * (at % 2)));
        }
    });
}

/// Grid points of -1, 0 and 1, moved by an eighth, times a scale.
#[inline(always)]
fn moved(out: &mut [f32; 8], scale: f32, number: usize, down: bool) {
    let delta = if down { -0.125 } else { 0.125 };
    for (out, &point) in out.iter_mut().zip(&GRID_1[number & 2047]) {
        *out = scale * (f32::from(point) + delta);
    }
}

/// d; 32 low bytes of numbers; for each 32 values a word of four times three upper bits, a scale of
/// three and the sign of the move.
pub(super) fn iq1_s(bytes: &[u8], out: &mut [f32]) {
    each::<50, 256>(bytes, out, |block, out| {
        let (d, low) = (half(block, 0), &block[2..34]);
        for (at, out) in out.as_chunks_mut::<8>().0.iter_mut().enumerate() {
            let word = u16_at(block, 34 + at / 4 * 2);
            let scale = d * f32::from(2 * (word >> 12 & 7) + 1);
            let upper = usize::from(word >> (3 * (at % 4)) & 7);
            moved(out, scale, usize::from(low[at]) | upper << 8, word & 0x8000 != 0);
        }
    });
}

/// 32 low bytes of numbers; 32 times three upper bits and the sign of the move; four words of four
/// scales of three bits, whose upper four bits together are d.
pub(super) fn iq1_m(bytes: &[u8], out: &mut [f32]) {
    each::<56, 256>(bytes, out, |block, out| {
        let (low, high) = (&block[..32], &block[32..48]);
        let words: [u16; 4] = std::array::from_fn(|at| u16_at(block, 48 + 2 * at));
        let d = words.iter().rev().fold(0, |d, word| d << 4 | word >> 12);
        let d = hinton_tensor::f16_to_f32(d);
        for (at, out) in out.as_chunks_mut::<8>().0.iter_mut().enumerate() {
            let scale = words[at / 8] >> (3 * (at / 2 % 4)) & 7;
            let upper = high[at / 2] >> (4 * (at % 2));
            let number = usize::from(low[at]) | usize::from(upper & 7) << 8;
            moved(out, d * f32::from(2 * scale + 1), number, upper & 8 != 0);
        }
    });
}

/// d, then 32 codes; the low halves are the first 16 values.
pub(super) fn iq4_nl(bytes: &[u8], out: &mut [f32]) {
    each::<18, 32>(bytes, out, |block, out| uneven(half(block, 0), &block[2..], out));
}

#[inline(always)]
fn uneven(scale: f32, codes: &[u8], out: &mut [f32; 32]) {
    let (first, second) = out.split_at_mut(16);
    for ((first, second), byte) in first.iter_mut().zip(second).zip(codes) {
        *first = scale * UNEVEN[usize::from(byte & 15)];
        *second = scale * UNEVEN[usize::from(byte >> 4)];
    }
}

/// d; the upper two bits of 8 scales; their lower four; 256 codes.
pub(super) fn iq4_xs(bytes: &[u8], out: &mut [f32]) {
    each::<136, 256>(bytes, out, |block, out| {
        let (d, high, low) = (half(block, 0), u16_at(block, 2), &block[4..8]);
        let subs = out.as_chunks_mut::<32>().0.iter_mut().zip(block[8..].as_chunks::<16>().0);
        for (sub, (out, codes)) in subs.enumerate() {
            let scale = low[sub / 2] >> (4 * (sub % 2)) & 15;
            let scale = u16::from(scale) | (high >> (2 * sub) & 3) << 4;
            uneven(d * (i32::from(scale) - 32) as f32, codes, out);
        }
    });
}
