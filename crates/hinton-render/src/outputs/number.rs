//! Numbers as short text: three decimals, no trailing zeros.

/// Thousandths, rounded; what is not a number counts as 0, what is far outside any page is cut off.
pub(super) fn thousandths(value: f64) -> i64 {
    // `as` turns NaN into 0.
    let scaled = (value * 1000.0).clamp(-1e12, 1e12);
    (if scaled < 0.0 { scaled - 0.5 } else { scaled + 0.5 }) as i64
}

/// Appends a number with up to three decimals.
pub(super) fn push(out: &mut Vec<u8>, value: f64) {
    push_thousandths(out, thousandths(value));
}

/// Appends a number given in thousandths.
pub(super) fn push_thousandths(out: &mut Vec<u8>, value: i64) {
    if value < 0 {
        out.push(b'-');
    }
    let value = value.unsigned_abs();
    let (whole, part) = (value / 1000, value % 1000);
    if whole > 0 || part == 0 {
        push_whole(out, whole);
    }
    if part > 0 {
        let digits =
            [b'0' + (part / 100) as u8, b'0' + (part / 10 % 10) as u8, b'0' + (part % 10) as u8];
        let length = 3 - digits.iter().rev().take_while(|&&digit| digit == b'0').count();
        out.push(b'.');
        out.extend_from_slice(&digits[..length]);
    }
}

/// Appends a whole number.
pub(super) fn push_whole(out: &mut Vec<u8>, mut value: u64) {
    let mut digits = [0; 20];
    let mut at = digits.len();
    loop {
        at -= 1;
        digits[at] = b'0' + (value % 10) as u8;
        value /= 10;
        if value == 0 {
            break;
        }
    }
    out.extend_from_slice(&digits[at..]);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_short_and_near() {
        let text = |value: f64| {
            let mut out = Vec::new();
            push(&mut out, value);
            String::from_utf8(out).unwrap()
        };
        let pairs = [
            (0.0, "0"),
            (-0.0, "0"),
            (-0.0004, "0"),
            (0.5, ".5"),
            (-0.25, "-.25"),
            (12.0, "12"),
            (1234.5678, "1234.568"),
            (0.001, ".001"),
            (10.010, "10.01"),
            (-7.9996, "-8"),
            (f64::NAN, "0"),
            (f64::INFINITY, "1000000000"),
        ];
        for (value, want) in pairs {
            assert_eq!(text(value), want);
        }
        for at in -5000..5000 {
            let value = f64::from(at) * 0.037;
            let back: f64 = text(value).replace("-.", "-0.").parse().unwrap();
            assert!((back - value).abs() <= 0.000_500_001, "{value}");
        }
    }
}
