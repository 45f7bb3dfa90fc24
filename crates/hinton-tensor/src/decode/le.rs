//! Little-endian values, whole bytes each, to `f32` and `f64`.
//!
//! Everything that reads tensors converts their bytes to this form first (see `read`), so that each
//! dtype is decoded in one place. Codes narrower than a byte take one byte each.

use crate::Dtype;
use crate::decode::{half, small};

/// Decodes as many values as `bytes` and `out` both hold.
pub(crate) fn to_f32(dtype: Dtype, bytes: &[u8], out: &mut [f32]) {
    match dtype {
        Dtype::F64 => each(bytes, out, |b| f64::from_le_bytes(b) as f32),
        Dtype::F32 => each(bytes, out, f32::from_le_bytes),
        Dtype::F16 => each(bytes, out, |b| half::f16(u16::from_le_bytes(b))),
        Dtype::Bf16 => each(bytes, out, |b| half::bf16(u16::from_le_bytes(b))),
        Dtype::I64 => each(bytes, out, |b| i64::from_le_bytes(b) as f32),
        Dtype::I32 => each(bytes, out, |b| i32::from_le_bytes(b) as f32),
        Dtype::I16 => each(bytes, out, |b| f32::from(i16::from_le_bytes(b))),
        Dtype::U64 => each(bytes, out, |b| u64::from_le_bytes(b) as f32),
        Dtype::U32 => each(bytes, out, |b| u32::from_le_bytes(b) as f32),
        Dtype::U16 => each(bytes, out, |b| f32::from(u16::from_le_bytes(b))),
        Dtype::C64 => each(bytes, out, |b| magnitude_c64(b) as f32),
        Dtype::C128 => each(bytes, out, |b| magnitude_c128(b) as f32),
        Dtype::I8 => each(bytes, out, |[b]| f32::from(b as i8)),
        Dtype::U8 => each(bytes, out, |[b]| f32::from(b)),
        Dtype::Bool => each(bytes, out, |[b]| f32::from(u8::from(b != 0))),
        Dtype::F8E4m3
        | Dtype::F8E5m2
        | Dtype::F8E4m3Fnuz
        | Dtype::F8E5m2Fnuz
        | Dtype::F8E8m0
        | Dtype::F6E2m3
        | Dtype::F6E3m2
        | Dtype::F4 => {
            if let Some(values) = small::values(dtype) {
                each(bytes, out, |[b]| values[usize::from(b)]);
            }
        }
    }
}

/// Decodes as many values as `bytes` and `out` both hold.
pub(crate) fn to_f64(dtype: Dtype, bytes: &[u8], out: &mut [f64]) {
    match dtype {
        Dtype::F64 => each(bytes, out, f64::from_le_bytes),
        Dtype::F32 => each(bytes, out, |b| f64::from(f32::from_le_bytes(b))),
        Dtype::F16 => each(bytes, out, |b| f64::from(half::f16(u16::from_le_bytes(b)))),
        Dtype::Bf16 => each(bytes, out, |b| f64::from(half::bf16(u16::from_le_bytes(b)))),
        Dtype::I64 => each(bytes, out, |b| i64::from_le_bytes(b) as f64),
        Dtype::I32 => each(bytes, out, |b| f64::from(i32::from_le_bytes(b))),
        Dtype::I16 => each(bytes, out, |b| f64::from(i16::from_le_bytes(b))),
        Dtype::U64 => each(bytes, out, |b| u64::from_le_bytes(b) as f64),
        Dtype::U32 => each(bytes, out, |b| f64::from(u32::from_le_bytes(b))),
        Dtype::U16 => each(bytes, out, |b| f64::from(u16::from_le_bytes(b))),
        Dtype::C64 => each(bytes, out, magnitude_c64),
        Dtype::C128 => each(bytes, out, magnitude_c128),
        Dtype::I8
        | Dtype::U8
        | Dtype::Bool
        | Dtype::F8E4m3
        | Dtype::F8E5m2
        | Dtype::F8E4m3Fnuz
        | Dtype::F8E5m2Fnuz
        | Dtype::F8E8m0
        | Dtype::F6E2m3
        | Dtype::F6E3m2
        | Dtype::F4 => {
            if let Some(values) = small::values(dtype) {
                each(bytes, out, |[b]| f64::from(values[usize::from(b)]));
            }
        }
    }
}

#[inline(always)]
fn each<const N: usize, T>(bytes: &[u8], out: &mut [T], decode: impl Fn([u8; N]) -> T) {
    let (values, _) = bytes.as_chunks::<N>();
    for (value, out) in values.iter().zip(out) {
        *out = decode(*value);
    }
}

/// sqrt(re² + im²); squares of `f32` neither overflow nor vanish in `f64`.
fn magnitude_c64(bytes: [u8; 8]) -> f64 {
    let [a, b, c, d, e, f, g, h] = bytes;
    let real = f64::from(f32::from_le_bytes([a, b, c, d]));
    let imaginary = f64::from(f32::from_le_bytes([e, f, g, h]));
    magnitude(real, imaginary)
}

fn magnitude_c128(bytes: [u8; 16]) -> f64 {
    let (halves, _) = bytes.as_chunks::<8>();
    magnitude(f64::from_le_bytes(halves[0]), f64::from_le_bytes(halves[1]))
}

/// The magnitude of a complex number: infinite when a part is (as C's `hypot`), else NaN when a
/// part is. Own arithmetic, so that every machine gives the same bits.
fn magnitude(real: f64, imaginary: f64) -> f64 {
    const UP: f64 = f64::from_bits((1023 + 600) << 52);
    const DOWN: f64 = f64::from_bits((1023 - 600) << 52);
    if real.is_infinite() || imaginary.is_infinite() {
        return f64::INFINITY;
    }
    let root = |a: f64, b: f64| (a * a + b * b).sqrt();
    let largest = real.abs().max(imaginary.abs());
    if largest > 1e150 {
        root(real * DOWN, imaginary * DOWN) * UP
    } else if largest < 1e-150 {
        root(real * UP, imaginary * UP) * DOWN
    } else {
        root(real, imaginary)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn magnitudes() {
        assert_eq!(magnitude(3.0, -4.0), 5.0);
        assert_eq!(magnitude(3e300, 4e300), 5e300);
        assert_eq!(
            magnitude(3.0 * 2f64.powi(-1000), 4.0 * 2f64.powi(-1000)),
            5.0 * 2f64.powi(-1000)
        );
        assert_eq!(magnitude(0.0, 0.0), 0.0);
        assert_eq!(magnitude(f64::NAN, f64::NEG_INFINITY), f64::INFINITY);
        assert!(magnitude(f64::NAN, 1.0).is_nan());
    }
}
