//! numpy's long doubles, which are as wide as the machine's: read as `f64`, rounded to the nearest.
//!
//! x86 has 80 bits in 12 or 16 bytes (Intel 64 and IA-32 Architectures, volume 1, 4.2.2), others have
//! 128 (binary128 of IEEE 754-2019, 3.6). numpy's header says the same of both, `<f16`; the values tell.

use std::sync::Arc;

use hinton_tensor::{Bytes, Dtype, Endian};

use crate::source::{Made, read_head, read_vec};
use crate::{Error, ErrorKind};

/// How wide a long double is, and whether values are pairs of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Long {
    bytes: usize,
    pub(crate) is_complex: bool,
    endian: Endian,
}

/// Bits behind a sign and an exponent of 15 bits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Layout {
    /// 64 bits, the first of them written: `1.…`.
    X87,
    /// 112 bits, the first of 113 left out.
    Quad,
}

/// What is said of them.
pub(crate) const NOTE: &str = "long doubles: read as f64, rounded to the nearest";

/// Values that are looked at to tell the layout.
const SAMPLE: u64 = 4096;
/// Values that are made at once.
const PART: usize = 1 << 13;

impl Long {
    /// Of numpy's `descr`, such as `<f16`, `<f12`, `<c32`.
    pub(crate) fn of(descr: &str) -> Option<Long> {
        let endian = if descr.starts_with('>') { Endian::Big } else { Endian::Little };
        let (bytes, is_complex) = match descr.trim_start_matches(['<', '>', '=', '|']) {
            "f12" => (12, false),
            "f16" => (16, false),
            "c24" => (12, true),
            "c32" => (16, true),
            _ => return None,
        };
        Some(Long { bytes, is_complex, endian })
    }

    /// Bytes of a value in the file.
    pub(crate) fn width(&self) -> u64 {
        self.bytes as u64 * if self.is_complex { 2 } else { 1 }
    }

    pub(crate) fn dtype(&self) -> Dtype {
        if self.is_complex { Dtype::C128 } else { Dtype::F64 }
    }

    /// The values as `f64`, which are not held: they are made from `data`, which has nothing else.
    ///
    /// # Errors
    /// Returns an error if the first values cannot be read, or are of no known layout.
    pub(crate) fn rounded(self, data: Arc<dyn Bytes>) -> Result<Arc<dyn Bytes>, Error> {
        let bytes = self.bytes as u64;
        let sample = read_head(&*data, (SAMPLE * bytes).min(data.len() / bytes * bytes))?;
        let layout = self.layout(&sample).ok_or_else(|| {
            let message = format!(
                "floats of {} bytes whose layout is neither that of x86 nor IEEE's binary128",
                self.bytes
            );
            Error::new(ErrorKind::Unsupported, message).cure("save them as float64")
        })?;
        let count = data.len() / bytes;
        let fill = move |first: u64, out: &mut [u8]| {
            // In parts: the packed values take twice the memory of the others.
            for (index, part) in out.chunks_mut(8 * PART).enumerate() {
                let (start, len) = ((first + (index * PART) as u64) * bytes, part.len() as u64 / 8);
                let packed = read_vec(&*data, start, len * bytes)?;
                for (value, long) in part.chunks_exact_mut(8).zip(packed.chunks_exact(self.bytes)) {
                    value.copy_from_slice(&layout.value(self.word(long)).to_le_bytes());
                }
            }
            Ok(())
        };
        Ok(Arc::new(Made::new(count, 8, fill)))
    }

    /// The bytes of a value as a number, those that are missing 0.
    fn word(&self, bytes: &[u8]) -> u128 {
        let mut word = [0; 16];
        word[..bytes.len()].copy_from_slice(bytes);
        match self.endian {
            Endian::Little => u128::from_le_bytes(word),
            Endian::Big => u128::from_be_bytes(word),
        }
    }

    /// The layout in which more of the values are plausible numbers.
    fn layout(&self, sample: &[u8]) -> Option<Layout> {
        if self.bytes == 16 && self.endian == Endian::Big {
            return Some(Layout::Quad);
        }
        let words = || sample.chunks_exact(self.bytes).map(|bytes| self.word(bytes));
        if self.bytes == 12 {
            return words().all(is_x87).then_some(Layout::X87);
        }
        let count =
            |test: fn(u128) -> bool| words().filter(|word| *word != 0 && test(*word)).count();
        let x87 = count(|word| is_x87(word) && is_usual(word >> 64));
        let quad = count(|word| is_usual(word >> 112));
        let is_quad = quad > x87 || quad == x87 && !words().all(is_x87);
        Some(if is_quad { Layout::Quad } else { Layout::X87 })
    }
}

/// Whether the bit before the point is that of every number of x86 which is not tiny.
fn is_x87(word: u128) -> bool {
    (word >> 63 & 1 == 1) == (word >> 64 & 0x7fff != 0)
}

/// Whether an exponent is that of a `f64`, or of what is not a number.
fn is_usual(exponent: u128) -> bool {
    let exponent = exponent & 0x7fff;
    exponent == 0x7fff || exponent.abs_diff(16383) <= 1100
}

impl Layout {
    fn value(self, word: u128) -> f64 {
        let (bits, exponent) = match self {
            Layout::X87 => (63, (word >> 64) as i32 & 0x7fff),
            Layout::Quad => (112, (word >> 112) as i32 & 0x7fff),
        };
        let is_negative = match self {
            Layout::X87 => word >> 79 & 1 == 1,
            Layout::Quad => word >> 127 == 1,
        };
        let fraction = word & ((1 << bits) - 1);
        let size = match exponent {
            0x7fff if fraction == 0 => f64::INFINITY,
            0x7fff => f64::NAN,
            // Tiny numbers have the exponent of the smallest others, without the leading 1.
            0 => scaled(word & ((1 << bits) - 1), 1 - 16383 - bits),
            _ => scaled(1 << bits | fraction, exponent - 16383 - bits),
        };
        if is_negative { -size } else { size }
    }
}

/// `whole` times 2 to the power `exponent`, rounded once, to the nearest, halves to even.
fn scaled(whole: u128, exponent: i32) -> f64 {
    if whole == 0 {
        return 0.0;
    }
    let bits = 128 - whole.leading_zeros() as i32;
    // The place of the highest bit, and of the lowest that a f64 of that size has.
    let top = exponent + bits - 1;
    let last = top.max(-1022) - 52;
    let drop = last - exponent;
    if top > 1023 {
        return f64::INFINITY;
    }
    if drop <= 0 {
        return whole as f64 * power(exponent);
    }
    if drop > bits {
        return 0.0;
    }
    let kept = if drop == 128 { 0 } else { whole >> drop };
    let (rest, half) = (whole - (if drop == 128 { 0 } else { kept << drop }), 1u128 << (drop - 1));
    let up = rest > half || rest == half && kept & 1 == 1;
    (kept + u128::from(up)) as f64 * power(last)
}

/// 2 to a power from -1074 to 1023, exactly.
fn power(exponent: i32) -> f64 {
    match exponent {
        -1022.. => f64::from_bits(((exponent + 1023) as u64) << 52),
        _ => f64::from_bits(1 << (exponent + 1074)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The word of x86 and that of binary128 for a sign, a power of two and the bits behind the point.
    fn words(sign: u128, power: i32, fraction: u64) -> [(Layout, u128); 2] {
        let exponent = (power + 16383) as u128;
        let x87 = sign << 79 | exponent << 64 | 1 << 63 | u128::from(fraction >> 1);
        let quad = sign << 127 | exponent << 112 | u128::from(fraction) << 48;
        [(Layout::X87, x87), (Layout::Quad, quad)]
    }

    #[test]
    fn every_double_is_itself() {
        let mut number = 0x9e37_79b9_7f4a_7c15_u64;
        for _ in 0..20_000 {
            number = number.wrapping_mul(0x2545_f491_4f6c_dd1d).rotate_left(17) ^ 0xa5a5;
            let value = f64::from_bits(number);
            if !value.is_finite() || value == 0.0 || value.is_subnormal() {
                continue;
            }
            let power = (number >> 52 & 0x7ff) as i32 - 1023;
            for (layout, word) in words(u128::from(number >> 63), power, number << 12) {
                assert_eq!(layout.value(word).to_bits(), number, "{layout:?} {value}");
            }
        }
    }

    #[test]
    fn what_lies_between_goes_to_the_nearest() {
        let of =
            |sign, power, fraction| words(sign, power, fraction).map(|(l, word)| l.value(word));
        // A half of the last bit of 1: to even.
        assert_eq!(of(0, 0, 1 << 11), [1.0; 2]);
        assert_eq!(of(0, 0, 1 << 11 | 2), [1.0 + f64::EPSILON; 2]);
        assert_eq!(of(0, 0, 3 << 11), [1.0 + 2.0 * f64::EPSILON; 2]);
        assert_eq!(of(0, 1023, u64::MAX << 1), [f64::INFINITY; 2]);
        assert_eq!(of(1, 5000, 0), [f64::NEG_INFINITY; 2]);
        assert_eq!(of(0, -1074, 0), [f64::from_bits(1); 2]);
        assert_eq!(of(0, -1075, 0), [0.0; 2]);
        assert_eq!(of(0, -1075, 2), [f64::from_bits(1); 2]);
        assert_eq!(of(0, -5000, 0), [0.0; 2]);
        assert_eq!(Layout::X87.value(0x7fff << 64 | 1 << 63), f64::INFINITY);
        assert!(Layout::X87.value(0x7fff << 64 | 3 << 62).is_nan());
        assert_eq!(Layout::Quad.value(1 << 127).to_bits(), (-0.0f64).to_bits());
        assert_eq!(Layout::X87.value(1), 0.0);
    }

    #[test]
    fn the_values_tell_the_layout() {
        let long = Long::of("<f16").unwrap();
        let of = |index: usize, powers: &[i32]| -> Option<Layout> {
            let bytes: Vec<u8> = powers
                .iter()
                .flat_map(|power| words(0, *power, 0x9999_9999_9999_9800)[index].1.to_le_bytes())
                .collect();
            long.layout(&bytes)
        };
        assert_eq!(of(0, &[0, -3, 700]), Some(Layout::X87));
        assert_eq!(of(1, &[0, -3, 700]), Some(Layout::Quad));
        // Whole numbers of binary128 have nothing in the bytes of x86.
        assert_eq!(long.layout(&words(0, 2, 0)[1].1.to_le_bytes()), Some(Layout::Quad));
        assert_eq!(long.layout(&[0; 32]), Some(Layout::X87));
        assert_eq!(Long::of("<f12").unwrap().layout(&[0xff; 12]), Some(Layout::X87));
        assert_eq!(Long::of("<f12").unwrap().layout(&[1; 12]), None);
        assert_eq!(Long::of("<f8"), None);
    }
}
