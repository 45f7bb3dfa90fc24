//! Numbers as a FileStorage writes them, and their bytes.

use hinton_tensor::{Dtype, f16_to_f32};

/// The words between white space and commas; those that are a lone `-`, which begins a line of a
/// sequence in YAML, and comments of XML are skipped.
pub(super) fn words(text: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut rest = text;
    std::iter::from_fn(move || {
        loop {
            let is_space = |byte: &u8| byte.is_ascii_whitespace() || *byte == b',';
            let start = rest.iter().position(|byte| !is_space(byte))?;
            rest = &rest[start..];
            if rest.starts_with(b"<!--") {
                let end = rest.windows(3).position(|part| part == b"-->")?;
                rest = &rest[end + 3..];
                continue;
            }
            let end = rest.iter().position(is_space).unwrap_or(rest.len());
            let (word, behind) = rest.split_at(end);
            rest = behind;
            if word != b"-" {
                return Some(word);
            }
        }
    })
}

/// A number, and whether it is not an integer of 32 bits.
pub(super) fn number(word: &[u8]) -> Option<(f64, bool)> {
    let text = std::str::from_utf8(word).ok()?;
    let digits = text.strip_prefix(['-', '+']).unwrap_or(text);
    let sign = if text.starts_with('-') { -1.0 } else { 1.0 };
    if digits.eq_ignore_ascii_case(".inf") {
        return Some((sign * f64::INFINITY, true));
    }
    if digits.eq_ignore_ascii_case(".nan") {
        return Some((f64::NAN, true));
    }
    if !digits.starts_with(|c: char| c.is_ascii_digit() || c == '.') {
        return None;
    }
    let value: f64 = text.parse().ok()?;
    let is_integer = digits.bytes().all(|byte| byte.is_ascii_digit());
    Some((value, !is_integer || !(-2_147_483_648.0..2_147_483_648.0).contains(&value)))
}

/// How many numbers a text is, and whether one of them is not an integer; `None` where it is not only numbers.
pub(super) fn count(text: &[u8]) -> Option<(u32, bool)> {
    let (mut count, mut is_real) = (0u32, false);
    for word in words(text) {
        is_real |= number(word)?.1;
        count += 1;
    }
    (count > 0).then_some((count, is_real))
}

/// The type of the letter that a matrix names in `dt`; that of handles, `r`, is none.
pub(super) fn dtype(letter: u8) -> Option<Dtype> {
    Some(match letter {
        b'u' => Dtype::U8,
        b'c' => Dtype::I8,
        b'w' => Dtype::U16,
        b's' => Dtype::I16,
        b'i' => Dtype::I32,
        b'f' => Dtype::F32,
        b'd' => Dtype::F64,
        b'h' => Dtype::F16,
        _ => return None,
    })
}

/// Adds a value as little-endian bytes, as near as the type can hold it.
pub(super) fn encode(value: f64, dtype: Dtype, out: &mut Vec<u8>) {
    match dtype {
        Dtype::U8 => out.push(value.round_ties_even() as u8),
        Dtype::I8 => out.push((value.round_ties_even() as i8).cast_unsigned()),
        Dtype::U16 => out.extend((value.round_ties_even() as u16).to_le_bytes()),
        Dtype::I16 => out.extend((value.round_ties_even() as i16).to_le_bytes()),
        Dtype::I32 => out.extend((value.round_ties_even() as i32).to_le_bytes()),
        Dtype::F16 => out.extend(half(value as f32).to_le_bytes()),
        Dtype::F32 => out.extend((value as f32).to_le_bytes()),
        _ => out.extend(value.to_le_bytes()),
    }
}

/// The nearest number of 16 bits, of two the even one.
fn half(value: f32) -> u16 {
    const INFINITY: u16 = 0x7c00;
    let sign = if value.is_sign_negative() { 0x8000 } else { 0 };
    let size = value.abs();
    if size.is_nan() {
        return 0x7e00;
    }
    let (mut low, mut high) = (0, INFINITY);
    while low < high {
        let middle = (low + high) / 2;
        if f16_to_f32(middle) < size {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    if low == 0 || f16_to_f32(low) == size {
        return sign | low;
    }
    // Half of the way to infinity is as far as from the largest number to the one below it.
    let above = if low == INFINITY { 65_536.0 } else { f16_to_f32(low) };
    let below = f16_to_f32(low - 1);
    let up = size - below > above - size || (size - below == above - size && low % 2 == 0);
    sign | if up { low } else { low - 1 }
}

/// What base64 stands for; `None` where a character is none of it. White space is skipped.
pub(super) fn base64(text: &[u8]) -> Option<Vec<u8>> {
    let mut out = Vec::with_capacity(text.len() / 4 * 3);
    let (mut bits, mut have) = (0u32, 0);
    for &byte in text.iter().filter(|byte| !byte.is_ascii_whitespace() && **byte != b'=') {
        let value = match byte {
            b'A'..=b'Z' => byte - b'A',
            b'a'..=b'z' => byte - b'a' + 26,
            b'0'..=b'9' => byte - b'0' + 52,
            b'+' => 62,
            b'/' => 63,
            _ => return None,
        };
        bits = bits << 6 | u32::from(value);
        have += 6;
        if have >= 8 {
            have -= 8;
            out.push((bits >> have) as u8);
        }
    }
    Some(out)
}

/// How many bytes base64 of that text stands for.
pub(super) fn base64_len(text: &[u8]) -> usize {
    text.iter().filter(|byte| !byte.is_ascii_whitespace() && **byte != b'=').count() * 3 / 4
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_of_every_form() {
        for (text, value, is_real) in [
            ("1", 1.0, false),
            ("-12", -12.0, false),
            ("1.", 1.0, true),
            ("-2.e-3", -0.002, true),
            ("4294967296", 4_294_967_296.0, true),
            ("-.Inf", f64::NEG_INFINITY, true),
        ] {
            assert_eq!(number(text.as_bytes()), Some((value, is_real)), "{text}");
        }
        assert!(number(b".Nan").is_some_and(|(value, is_real)| value.is_nan() && is_real));
        for text in ["", "-", "inf", "nan", "infinity", "a1", "1x", ".", "1 2"] {
            assert_eq!(number(text.as_bytes()), None, "{text}");
        }
        assert_eq!(count(b" 1, 2.5\n - 3 <!-- 4 --> -5"), Some((4, true)));
        assert_eq!((count(b"1 x"), count(b" ")), (None, None));
    }

    #[test]
    fn every_half_is_itself_and_others_are_rounded() {
        for bits in (0..=0x7c00).chain(0x8000..=0xfc00u16) {
            assert_eq!(half(f16_to_f32(bits)), bits);
        }
        for (value, bits) in [
            (65_519.0, 0x7bff),
            (65_520.0, 0x7c00),
            (1e9, 0x7c00),
            (1e-9, 0),
            // Half of the way between 1 and the next, and between that one and the next.
            (1.000_488_3, 0x3c00),
            (1.001_464_8, 0x3c02),
            (-0.333_333_34, 0xb555),
        ] {
            assert_eq!(half(value), bits, "{value}");
        }
        assert!(f16_to_f32(half(f32::NAN)).is_nan());
    }

    #[test]
    fn base64_with_breaks() {
        assert_eq!(base64(b"aGlu\n dG9u").unwrap(), b"hinton");
        assert_eq!(base64(b"aGk=").unwrap(), b"hi");
        assert_eq!(base64(b"a*b="), None);
        assert_eq!((base64_len(b"aGlu\n dG9u"), base64_len(b"aGk=")), (6, 2));
    }
}
