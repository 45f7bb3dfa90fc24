//! Formats numbers for reading.

/// The minus sign of print, as wide as a digit.
const MINUS: char = '−';

/// Formats a number in few characters: three significant digits, no trailing zeros, a power of ten
/// if that is shorter.
///
/// `0`, `0.0312`, `−1.2`, `3.4e−5`, `128`.
pub fn short(value: f64) -> String {
    significant(value, 3)
}

/// A number with this many significant digits, zeros at the end cut.
pub fn significant(value: f64, digits: i32) -> String {
    if value.is_nan() {
        return "NaN".to_owned();
    }
    if value.is_infinite() {
        return if value > 0.0 { "+∞".to_owned() } else { "−∞".to_owned() };
    }
    if value == 0.0 {
        return "0".to_owned();
    }
    let exponent = exponent(value.abs());
    let text = if (-4..digits.max(5)).contains(&exponent) {
        let decimals = (digits - 1 - exponent).max(0) as usize;
        trim(&format!("{:.decimals$}", value.abs()))
    } else {
        let scientific = format!("{:.1$e}", value.abs(), (digits - 1).max(0) as usize);
        let (mantissa, power) = scientific.split_once('e').unwrap_or((&scientific, "0"));
        format!("{}e{}", trim(mantissa), power.replace('-', "−"))
    };
    if value < 0.0 { format!("{MINUS}{text}") } else { text }
}

/// The whole decimal exponent e with 10^e ≤ x < 10^(e + 1). Digits are the same on every machine, and
/// logarithms are not.
fn exponent(x: f64) -> i32 {
    let digits = format!("{x:e}");
    digits.split_once('e').and_then(|(_, power)| power.parse().ok()).unwrap_or(0)
}

/// Formats an integer with thousands separators: `50,890`.
pub fn short_count(count: u64) -> String {
    let digits = count.to_string();
    let mut grouped = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}

/// A number without the zeros at its end.
pub fn trim(text: &str) -> String {
    if !text.contains('.') {
        return text.to_owned();
    }
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn short_numbers_are_short() {
        for (value, text) in [
            (0.0, "0"),
            (1.0, "1"),
            (-0.5, "−0.5"),
            (0.031_249, "0.0312"),
            (12_345.0, "12345"),
            (123_456_789.0, "1.23e8"),
            (0.000_034, "3.4e−5"),
            (-1.200_4, "−1.2"),
            (f64::NAN, "NaN"),
            (f64::INFINITY, "+∞"),
        ] {
            assert_eq!(short(value), text);
        }
        assert_eq!(short_count(1_234_567), "1,234,567");
        assert_eq!(short_count(12), "12");
    }

    #[test]
    fn exponents_change_at_powers_of_ten() {
        for power in -300i32..300 {
            let ten: f64 = format!("1e{power}").parse().unwrap();
            assert_eq!(exponent(ten), power);
            assert_eq!(exponent(ten.next_down()), power - 1, "below 1e{power}");
            assert_eq!(exponent(ten.next_up()), power);
        }
        assert_eq!(exponent(f64::from_bits(1)), -324);
        assert_eq!(exponent(f64::MAX), 308);
    }
}
