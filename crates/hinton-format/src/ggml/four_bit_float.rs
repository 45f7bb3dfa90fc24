//! Four-bit floats (E2M1) with an eight-bit scale. ggml doubles the codes' values and halves the
//! scales.

use super::each;

/// The sixteen values, doubled. OCP "Microscaling Formats (MX)" 1.0.
const DOUBLED: [f32; 16] =
    [0., 1., 2., 3., 4., 6., 8., 12., 0., -1., -2., -3., -4., -6., -8., -12.];

/// A scale that is a power of two (E8M0), then 32 codes; the low halves are the first 16 values.
pub(super) fn mxfp4(bytes: &[u8], out: &mut [f32]) {
    each::<17, 32>(bytes, out, |block, out| {
        let scale = half_power(block[0]);
        for (at, byte) in block[1..].iter().enumerate() {
            out[at] = scale * DOUBLED[usize::from(byte & 15)];
            out[at + 16] = scale * DOUBLED[usize::from(byte >> 4)];
        }
    });
}

/// 2^(code - 128); the two smallest are subnormal. 0xff is no NaN here, as in ggml.
fn half_power(code: u8) -> f32 {
    let code = u32::from(code);
    f32::from_bits(if code < 2 { 0x0020_0000 << code } else { (code - 1) << 23 })
}

/// Four scales (E4M3 without sign), then four times 16 codes, low halves first.
pub(super) fn nvfp4(bytes: &[u8], out: &mut [f32]) {
    each::<36, 64>(bytes, out, |block, out| {
        let subs = out.as_chunks_mut::<16>().0.iter_mut().zip(block[4..].as_chunks::<8>().0);
        for ((out, codes), scale) in subs.zip(&block[..4]) {
            let scale = half_scale(*scale);
            for (at, byte) in codes.iter().enumerate() {
                out[at] = scale * DOUBLED[usize::from(byte & 15)];
                out[at + 8] = scale * DOUBLED[usize::from(byte >> 4)];
            }
        }
    });
}

/// Half the value of an E4M3 code without its sign; 0x7f, which is NaN elsewhere, is 0 in ggml.
fn half_scale(code: u8) -> f32 {
    let (power, steps) = (u32::from(code >> 3 & 15), f32::from(code & 7));
    if code == 0x7f {
        return 0.0;
    }
    match power {
        0 => steps * (1.0 / 1024.0),
        // 2^(power - 7 - 1)
        _ => (1.0 + steps / 8.0) * f32::from_bits((power + 119) << 23),
    }
}
