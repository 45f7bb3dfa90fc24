//! Values as the upper 16 bits of `f32`, the encoding of tiles.

/// The quiet NaN that stands for a value that is one.
pub(crate) const NAN: u16 = 0x7FC0;
/// The NaN of a cell that has a NaN among its values.
pub(crate) const HAS_NAN: u16 = 0x7FC1;

/// The upper half of a value, rounded to the nearest, ties to even. NaN stays a quiet NaN, a value
/// other than zero does not become zero, and a finite one does not become infinite.
pub(crate) fn upper_half(value: f32) -> u16 {
    let bits = value.to_bits();
    let sign = (bits >> 16) as u16 & 0x8000;
    if value.is_nan() {
        return sign | NAN;
    }
    if value.is_infinite() {
        return (bits >> 16) as u16;
    }
    let odd = (bits >> 16) & 1;
    let rounded = ((bits + 0x7FFF + odd) >> 16) as u16;
    match rounded & 0x7FFF {
        0 if value != 0.0 => sign | 1,
        0x7F80 => sign | 0x7F7F,
        _ => rounded,
    }
}

/// Whether a value is what its upper half stands for.
pub(crate) fn is_exact(value: f32) -> bool {
    value.to_bits() & 0xFFFF == 0 || value.is_nan()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn widened(half: u16) -> f32 {
        f32::from_bits(u32::from(half) << 16)
    }

    #[test]
    fn halves_of_16_bits_stay_what_they_are() {
        for half in 0..=u16::MAX {
            let value = widened(half);
            match value.is_nan() {
                true => assert!(widened(upper_half(value)).is_nan()),
                false => assert_eq!(upper_half(value), half),
            }
            assert!(is_exact(value));
        }
    }

    #[test]
    fn rounding_is_to_the_nearest_and_keeps_what_a_value_is() {
        // 1 + 2^-8 lies between 1 and 1 + 2^-7: the even one is 1.
        assert_eq!(widened(upper_half(1.0 + 2f32.powi(-8))), 1.0);
        assert_eq!(widened(upper_half(1.0 + 3.0 * 2f32.powi(-8))), 1.0 + 2f32.powi(-6));
        assert_eq!(widened(upper_half(0.3)), 0.30078125);
        for value in [1e-45f32, -1e-45, f32::MAX, f32::MIN] {
            let half = widened(upper_half(value));
            assert!(half.is_finite() && half != 0.0 && half.signum() == value.signum(), "{value}");
        }
        assert_eq!(upper_half(-0.0), 0x8000);
        assert_eq!(upper_half(f32::NEG_INFINITY), 0xFF80);
        assert!(!is_exact(0.1) && is_exact(0.5));
    }
}
