//! Functions whose last bit differs between system libraries, computed with IEEE 754 operations
//! only, so that the same input gives the same picture on every machine.

/// Natural logarithm of a positive finite number; −∞ for zero and below.
pub(crate) fn ln(x: f64) -> f64 {
    if x <= 0.0 || x.is_nan() {
        return f64::NEG_INFINITY;
    }
    // x = m · 2^e with m in [0.75, 1.5); ln m = 2 artanh((m − 1) / (m + 1)).
    let scaled = if x < f64::MIN_POSITIVE { x * (1u64 << 54) as f64 } else { x };
    let shift = if x < f64::MIN_POSITIVE { -54 } else { 0 };
    let bits = scaled.to_bits();
    let mut exponent = ((bits >> 52) & 0x7ff) as i64 - 1023 + shift;
    let mut m = f64::from_bits((bits & 0x000f_ffff_ffff_ffff) | 0x3ff0_0000_0000_0000);
    if m >= 1.5 {
        m /= 2.0;
        exponent += 1;
    }
    let z = (m - 1.0) / (m + 1.0);
    let square = z * z;
    let mut sum = 0.0;
    for k in (0..18).rev() {
        sum = sum * square + 1.0 / f64::from(2 * k + 1);
    }
    exponent as f64 * std::f64::consts::LN_2 + 2.0 * z * sum
}

/// Logarithm to base 10.
pub(crate) fn log10(x: f64) -> f64 {
    ln(x) / std::f64::consts::LN_10
}

/// 10 to a whole power, exact where f64 can hold it.
pub(crate) fn pow10(exponent: i32) -> f64 {
    // Parsing is correctly rounded on every machine.
    format!("1e{exponent}").parse().unwrap_or(f64::INFINITY)
}

/// The smallest power of two that is at least `x` (> 0): `2 ** ceil(log2(x))`, exactly; the largest number
/// where there is no such power, above 2^1023.
pub(crate) fn next_power_of_two(x: f64) -> f64 {
    let mut power = 1.0;
    while power < x && power < f64::MAX / 2.0 {
        power *= 2.0;
    }
    while power / 2.0 >= x && power > f64::MIN_POSITIVE {
        power /= 2.0;
    }
    if power < x { f64::MAX } else { power }
}

/// The largest whole decimal exponent e with 10^e ≤ x, for x > 0.
pub(crate) fn decade(x: f64) -> i32 {
    let mut exponent = log10(x).floor() as i32;
    if pow10(exponent + 1) <= x {
        exponent += 1;
    }
    if pow10(exponent) > x {
        exponent -= 1;
    }
    exponent
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn logarithms_match_the_library() {
        for x in [5e-324, 1e-310, 1e-300, 1e-5, 0.1, 0.75, 1.0, 1.4999, 1.5, 2.0, 10.0, 1e300] {
            assert!((ln(x) - x.ln()).abs() <= 1e-14 * x.ln().abs().max(1.0), "{x}");
        }
        assert_eq!(ln(0.0), f64::NEG_INFINITY);
    }

    #[test]
    fn powers_are_exact() {
        assert_eq!(next_power_of_two(0.496264), 0.5);
        assert_eq!(next_power_of_two(0.5), 0.5);
        assert_eq!(next_power_of_two(3.0), 4.0);
        assert_eq!(next_power_of_two(1e-9), 2f64.powi(-29));
        assert_eq!(next_power_of_two(8e307), 2f64.powi(1023));
        assert_eq!(next_power_of_two(1e308), f64::MAX);
        assert_eq!((decade(1.0), decade(0.999), decade(1000.0), decade(0.001)), (0, -1, 3, -3));
    }
}
