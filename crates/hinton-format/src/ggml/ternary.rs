//! Values of one or two kinds and a scale: -d and d; -d, 0 and d.

use super::{each, half};

/// d, then 128 bits: set for d, else -d.
pub(super) fn q1_0(bytes: &[u8], out: &mut [f32]) {
    each::<18, 128>(bytes, out, |block, out| {
        let d = half(block, 0);
        for (out, byte) in out.as_chunks_mut::<8>().0.iter_mut().zip(&block[2..]) {
            for (bit, out) in out.iter_mut().enumerate() {
                *out = if byte >> bit & 1 == 1 { d } else { -d };
            }
        }
    });
}

/// 52 bytes of five digits of base 3 (the last four hold four), then d. A byte is the number of
/// its digits as a fraction of 256, rounded up: times 3, the part above 256 is the next digit.
pub(super) fn tq1_0(bytes: &[u8], out: &mut [f32]) {
    const POWERS: [u8; 5] = [1, 3, 9, 27, 81];
    each::<54, 256>(bytes, out, |block, out| {
        let d = half(block, 52);
        let mut done = 0;
        for (part, digits) in [(&block[..32], 5), (&block[32..48], 5), (&block[48..52], 4)] {
            for power in &POWERS[..digits] {
                for (out, byte) in out[done..].iter_mut().zip(part) {
                    let digit = (u16::from(byte.wrapping_mul(*power)) * 3) >> 8;
                    *out = d * (i32::from(digit) - 1) as f32;
                }
                done += part.len();
            }
        }
    });
}

/// 256 codes of 2 bits, four times 32 in 32 bytes, then d.
pub(super) fn tq2_0(bytes: &[u8], out: &mut [f32]) {
    each::<66, 256>(bytes, out, |block, out| {
        let d = half(block, 64);
        for (group, out) in out.as_chunks_mut::<32>().0.iter_mut().enumerate() {
            let codes = &block[group / 4 * 32..][..32];
            for (out, byte) in out.iter_mut().zip(codes) {
                *out = d * (i32::from(byte >> (2 * (group % 4)) & 3) - 1) as f32;
            }
        }
    });
}
