//! The first fields of a file, as far as its first bytes show them: to tell formats without a magic
//! number from each other.

use super::varint;
use crate::Head;

/// A field near the start of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Sketch<'a> {
    /// Its number.
    pub(crate) number: u64,
    /// Its wire type: 0, 1, 2 or 5.
    pub(crate) kind: u64,
    /// Its value, where it is a variable-length integer.
    pub(crate) integer: u64,
    /// Its content, where it is bytes; as much of it as is there.
    pub(crate) content: &'a [u8],
}

impl Sketch<'_> {
    /// Whether the content is text without control characters (a character cut at its end is fine).
    pub(crate) fn is_text(&self) -> bool {
        let text = match std::str::from_utf8(self.content) {
            Ok(text) => text,
            Err(error) if error.error_len().is_none() => {
                std::str::from_utf8(&self.content[..error.valid_up_to()]).unwrap_or_default()
            }
            Err(_) => return false,
        };
        !text.chars().any(|c| c.is_control() && !c.is_whitespace())
    }
}

/// The fields of a file as far as its head shows them. Where its name says which format it is, one
/// that is shorter than its fields claim is that format, cut.
pub(crate) fn sketch_head<'a>(head: &Head<'a>, extensions: &[&str]) -> Option<Vec<Sketch<'a>>> {
    let cut = || head.has_extension(extensions).then(|| sketch(head.bytes, None)).flatten();
    sketch(head.bytes, head.len).or_else(cut)
}

/// The fields that `bytes` begin with, of a message of `len` bytes; `None` where they are no
/// message. Fields that end behind `bytes` are the last.
pub(crate) fn sketch(bytes: &[u8], len: Option<u64>) -> Option<Vec<Sketch<'_>>> {
    /// Enough to tell by.
    const MOST: usize = 64;
    let mut fields = Vec::new();
    let mut at = 0;
    while at < bytes.len() && fields.len() < MOST {
        // A number that is cut by the end of what is seen says nothing.
        let cut = bytes.len() - at < 20 && len != Some(bytes.len() as u64);
        let Some((tag, tag_len)) = varint(&bytes[at..]) else { return cut.then_some(fields) };
        let mut field = Sketch { number: tag >> 3, kind: tag & 7, integer: 0, content: &[] };
        at += tag_len;
        match field.kind {
            0 | 2 => {
                let Some((value, value_len)) = varint(&bytes[at..]) else {
                    return cut.then_some(fields);
                };
                at += value_len;
                field.integer = value;
            }
            1 => at += 8,
            5 => at += 4,
            _ => return None,
        }
        if field.kind == 2 {
            let left = len.map_or(u64::MAX, |len| len - at.min(len as usize) as u64);
            if field.integer > left {
                return None;
            }
            let end = at.saturating_add(usize::try_from(field.integer).unwrap_or(usize::MAX));
            field.content = &bytes[at.min(bytes.len())..end.min(bytes.len())];
            at = end;
        }
        if field.number == 0 {
            return None;
        }
        fields.push(field);
    }
    Some(fields)
}
