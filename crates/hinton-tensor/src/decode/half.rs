//! The two 16-bit floats.

/// The value of an IEEE 754 binary16 pattern. Plain selects, so that loops over it vectorise.
#[inline(always)]
pub(crate) fn f16(bits: u16) -> f32 {
    let sign = u32::from(bits & 0x8000) << 16;
    let magnitude = u32::from(bits & 0x7FFF);
    // Exponent bias 15 becomes 127; all ones stay all ones (infinities and NaN).
    let rebias = if magnitude >= 0x7C00 { 224 << 23 } else { 112 << 23 };
    let normal = (magnitude << 13) + rebias;
    // Subnormals count steps of 2^-24; exact in f32.
    let subnormal = (magnitude as i32 as f32 * (1.0 / 16_777_216.0)).to_bits();
    let value = if magnitude < 0x0400 { subnormal } else { normal };
    f32::from_bits(sign | value)
}

/// The value of a bfloat16 pattern.
#[inline(always)]
pub(crate) fn bf16(bits: u16) -> f32 {
    f32::from_bits(u32::from(bits) << 16)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// IEEE 754-2008, 3.4, word for word.
    fn plain(bits: u16) -> f64 {
        let sign = if bits >> 15 == 1 { -1.0 } else { 1.0 };
        let exponent = i32::from(bits >> 10 & 31);
        let fraction = f64::from(bits & 1023) / 1024.0;
        match exponent {
            31 if fraction == 0.0 => sign * f64::INFINITY,
            31 => f64::NAN,
            0 => sign * fraction * 2f64.powi(-14),
            _ => sign * (1.0 + fraction) * 2f64.powi(exponent - 15),
        }
    }

    #[test]
    fn every_binary16() {
        for bits in 0..=u16::MAX {
            let (fast, slow) = (f64::from(f16(bits)), plain(bits));
            assert!(
                fast.to_bits() == slow.to_bits() || (fast.is_nan() && slow.is_nan()),
                "{bits:04x}: {fast} is not {slow}"
            );
        }
    }

    #[test]
    fn some_bfloat16() {
        assert_eq!(bf16(0x3F80), 1.0);
        assert_eq!(bf16(0xC049), -3.140625);
        assert_eq!(bf16(0x0001), f32::from_bits(0x0001_0000));
        assert_eq!(bf16(0x7F80), f32::INFINITY);
        assert!(bf16(0x7FC0).is_nan());
    }
}
