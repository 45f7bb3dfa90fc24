//! The text forms of protocol 0: numbers, quoted strings, escaped unicode.

/// An integer written in decimal digits.
pub(super) enum Digits {
    /// It fits.
    Small(i128),
    /// It is an integer of more than 128 bits.
    Huge,
}

/// A decimal integer with an optional sign and surrounding spaces; `None` where it is none.
pub(super) fn integer(line: &[u8]) -> Option<Digits> {
    let text = line.trim_ascii();
    let digits = text.strip_prefix(b"-").or(text.strip_prefix(b"+")).unwrap_or(text);
    if digits.is_empty() || !digits.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let text = std::str::from_utf8(text).ok()?;
    Some(text.parse().map_or(Digits::Huge, Digits::Small))
}

/// A little-endian two's-complement integer of any length.
pub(super) fn two_complement(bytes: &[u8]) -> Digits {
    let negative = bytes.last().is_some_and(|byte| byte & 0x80 != 0);
    let fill = if negative { 0xff } else { 0 };
    let mut wide = [fill; 16];
    if bytes.len() <= 16 {
        wide[..bytes.len()].copy_from_slice(bytes);
    } else {
        wide.copy_from_slice(&bytes[..16]);
        let sign_agrees = (wide[15] & 0x80 != 0) == negative;
        if !sign_agrees || bytes[16..].iter().any(|&byte| byte != fill) {
            return Digits::Huge;
        }
    }
    Digits::Small(i128::from_le_bytes(wide))
}

/// A float as Python's `repr` writes it.
pub(super) fn float(line: &[u8]) -> Option<f64> {
    std::str::from_utf8(line).ok()?.trim().parse().ok()
}

/// The argument of STRING: a Python-2 string literal in quotes, with its escapes. `None` where the
/// quotes or an escape are broken.
pub(super) fn quoted(line: &[u8]) -> Option<Vec<u8>> {
    let line = line.trim_ascii();
    let quote = *line.first()?;
    if line.len() < 2 || !matches!(quote, b'\'' | b'"') || line.last() != Some(&quote) {
        return None;
    }
    let mut bytes = line[1..line.len() - 1].iter().copied().peekable();
    let mut out = Vec::with_capacity(line.len() - 2);
    while let Some(byte) = bytes.next() {
        if byte != b'\\' {
            out.push(byte);
            continue;
        }
        match bytes.next()? {
            b'n' => out.push(b'\n'),
            b't' => out.push(b'\t'),
            b'r' => out.push(b'\r'),
            b'a' => out.push(7),
            b'b' => out.push(8),
            b'f' => out.push(12),
            b'v' => out.push(11),
            b'x' => {
                let high = char::from(bytes.next()?).to_digit(16)?;
                let low = char::from(bytes.next()?).to_digit(16)?;
                out.push((high * 16 + low) as u8);
            }
            digit @ b'0'..=b'7' => {
                let mut value = u32::from(digit - b'0');
                for _ in 0..2 {
                    match bytes.peek() {
                        Some(next @ b'0'..=b'7') => value = value * 8 + u32::from(next - b'0'),
                        _ => break,
                    }
                    bytes.next();
                }
                out.push(value as u8);
            }
            other @ (b'\\' | b'\'' | b'"') => out.push(other),
            // Python keeps the backslash of an escape it does not know.
            other => out.extend([b'\\', other]),
        }
    }
    Some(out)
}

/// The argument of UNICODE, in Python's `raw-unicode-escape`: Latin-1 with `\uXXXX` and
/// `\UXXXXXXXX`. `None` where such an escape is broken. Surrogate pairs join; lone surrogates become
/// U+FFFD.
pub(super) fn raw_unicode(line: &[u8]) -> Option<String> {
    let mut units: Vec<u32> = Vec::with_capacity(line.len());
    let mut rest = line;
    while let Some((&byte, after)) = rest.split_first() {
        rest = after;
        if byte != b'\\' {
            units.push(u32::from(byte));
            continue;
        }
        let digits = match rest.first() {
            Some(b'u') => 4,
            Some(b'U') => 8,
            other => {
                units.push(u32::from(b'\\'));
                if let Some(&other) = other {
                    units.push(u32::from(other));
                    rest = &rest[1..];
                }
                continue;
            }
        };
        let hex = rest.get(1..1 + digits)?;
        let mut value = 0u32;
        for &digit in hex {
            value = (value << 4) | char::from(digit).to_digit(16)?;
        }
        if value > 0x10_ffff {
            return None;
        }
        units.push(value);
        rest = &rest[1 + digits..];
    }
    let mut out = String::with_capacity(line.len());
    let mut units = units.into_iter().peekable();
    while let Some(unit) = units.next() {
        let low = units.peek().copied().filter(|low| (0xdc00..0xe000).contains(low));
        if let (0xd800..0xdc00, Some(low)) = (unit, low) {
            units.next();
            let joined = 0x10000 + ((unit - 0xd800) << 10) + (low - 0xdc00);
            out.push(char::from_u32(joined).unwrap_or(char::REPLACEMENT_CHARACTER));
        } else {
            out.push(char::from_u32(unit).unwrap_or(char::REPLACEMENT_CHARACTER));
        }
    }
    Some(out)
}

/// Whether bytes are UTF-8, lone surrogates allowed (Python pickles them as `surrogatepass`).
pub(super) fn is_python_utf8(mut bytes: &[u8]) -> bool {
    loop {
        let error = match std::str::from_utf8(bytes) {
            Ok(_) => return true,
            Err(error) => error,
        };
        match &bytes[error.valid_up_to()..] {
            [0xed, 0xa0..=0xbf, 0x80..=0xbf, rest @ ..] => bytes = rest,
            _ => return false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn small(digits: Option<Digits>) -> Option<i128> {
        match digits {
            Some(Digits::Small(value)) => Some(value),
            _ => None,
        }
    }

    #[test]
    fn integers_are_pythons() {
        assert_eq!(small(integer(b" -12 ")), Some(-12));
        assert_eq!(small(integer(b"1x")), None);
        assert!(integer(b"-").is_none());
        assert!(matches!(integer(&[b'9'; 50]), Some(Digits::Huge)));
        assert_eq!(small(Some(two_complement(&[]))), Some(0));
        assert_eq!(small(Some(two_complement(&[0xff]))), Some(-1));
        assert_eq!(small(Some(two_complement(&[0xff, 0]))), Some(255));
        let mut long = vec![0xff; 20];
        assert_eq!(small(Some(two_complement(&long))), Some(-1));
        long[19] = 0;
        assert!(matches!(two_complement(&long), Digits::Huge));
        let mut top = vec![0; 17];
        top[15] = 0x80;
        assert!(matches!(two_complement(&top), Digits::Huge));
    }

    #[test]
    fn escapes_are_pythons() {
        assert_eq!(quoted(br"'a\n\x41\101\\\'\q'").unwrap(), b"a\nAA\\'\\q");
        assert_eq!(quoted(br"'\x4'"), None);
        assert_eq!(quoted(b"'"), None);
        assert_eq!(quoted(br"'\'"), None);
        assert_eq!(raw_unicode(b"\\u20ac\xe9\\n\\\\u0041").unwrap(), "€é\\n\\\\u0041");
        assert_eq!(raw_unicode(br"\U0001f600\ud83d\ude00\ud83d").unwrap(), "😀😀\u{fffd}");
        assert_eq!(raw_unicode(br"\u12"), None);
        assert_eq!(raw_unicode(br"\U00110000"), None);
        assert!(is_python_utf8(b"a\xed\xa0\x80b"));
        assert!(!is_python_utf8(b"a\xff"));
    }
}
