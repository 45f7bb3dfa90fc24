//! Decodes text in the encodings that common programs write.

use std::borrow::Cow;

/// Converts text to UTF-8: text that begins with the byte order mark of UTF-16 is decoded (lone
/// surrogates become U+FFFD), other text is unchanged. A byte order mark at the start is removed.
pub fn utf8_text(text: &[u8]) -> Cow<'_, [u8]> {
    let unit: fn([u8; 2]) -> u16 = match text {
        [0xff, 0xfe, ..] => u16::from_le_bytes,
        [0xfe, 0xff, ..] => u16::from_be_bytes,
        [0xef, 0xbb, 0xbf, rest @ ..] => return Cow::Borrowed(rest),
        text => return Cow::Borrowed(text),
    };
    let units = text[2..].chunks_exact(2).map(|pair| unit([pair[0], pair[1]]));
    let decoded: String =
        char::decode_utf16(units).map(|unit| unit.unwrap_or(char::REPLACEMENT_CHARACTER)).collect();
    Cow::Owned(decoded.into_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_orders_of_utf_16_are_decoded() {
        for order in [u16::to_le_bytes, u16::to_be_bytes] {
            let bytes: Vec<u8> = "\u{feff}1,ä\n😀".encode_utf16().flat_map(order).collect();
            assert_eq!(&*utf8_text(&bytes), "1,ä\n😀".as_bytes());
        }
        assert_eq!(&*utf8_text(b"\xef\xbb\xbfa"), b"a");
        assert_eq!(&*utf8_text(b"a"), b"a");
        // A lone half of a pair and an odd byte at the end.
        assert_eq!(&*utf8_text(&[0xff, 0xfe, 0x00, 0xd8, 0x61]), "\u{fffd}".as_bytes());
    }
}
