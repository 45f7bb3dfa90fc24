//! How long the content of frames is, by their headers; blocks are stepped over (RFC 8878, 3.1.1).

use hinton_tensor::Bytes;

use super::super::CUT;
use crate::source::read_vec;
use crate::{Error, ErrorKind};

/// The first bytes of a frame.
pub(super) const MAGIC: [u8; 4] = [0x28, 0xb5, 0x2f, 0xfd];

/// Whether these are the first bytes of a frame that decoders skip, and what is behind them tells
/// nothing else: `0x184D2A50` to `0x184D2A5F`, little-endian.
pub(super) fn is_skippable(bytes: &[u8]) -> bool {
    matches!(bytes, [0x50..=0x5f, 0x2a, 0x4d, 0x18, ..])
}

/// What the header of a frame says.
#[derive(Debug, PartialEq, Eq)]
struct Header {
    /// Bytes of the header.
    len: u64,
    /// Bytes that its blocks unpack to, where it says so.
    content: Option<u64>,
    /// Most bytes that a block looks back.
    window: u64,
    has_checksum: bool,
}

/// Bytes that all frames unpack to; `None` where one does not say so. A window may have `window`
/// bytes at most.
pub(super) fn content_len(data: &dyn Bytes, window: u64) -> Result<Option<u64>, Error> {
    let mut at = 0;
    let mut total = Some(0u64);
    while at < data.len() {
        let start = read_vec(data, at, (data.len() - at).min(LONGEST_HEADER))?;
        if is_skippable(&start) {
            let Some(len) = number(&start, 4, 4) else { return Err(cut(data, at)) };
            at = step(data, at, len.saturating_add(8))?;
            continue;
        }
        let header = header(&start, at)?.ok_or_else(|| cut(data, at))?;
        if header.window > window {
            let message = format!(
                "the zstd frame has a window of {} bytes, the limit is {window}",
                header.window
            );
            return Err(Error::new(ErrorKind::Limit, message).at_byte(at));
        }
        total = total.zip(header.content).and_then(|(sum, len)| sum.checked_add(len));
        if total.is_none() {
            return Ok(None);
        }
        at = step(data, at, header.len)?;
        at = past_blocks(data, at)?;
        at = step(data, at, if header.has_checksum { 4 } else { 0 })?;
    }
    Ok(total)
}

/// Most bytes that a block of the first frame looks back; `None` where the data begins with
/// something else.
pub(crate) fn first_window(data: &dyn Bytes) -> Option<u64> {
    let start = read_vec(data, 0, data.len().min(LONGEST_HEADER)).ok()?;
    header(&start, 0).ok()?.map(|header| header.window)
}

/// Magic number, descriptor, window, dictionary, content.
const LONGEST_HEADER: u64 = 4 + 1 + 1 + 4 + 8;

/// The header of the frame at byte `at`; `None` where it is cut.
fn header(bytes: &[u8], at: u64) -> Result<Option<Header>, Error> {
    let wrong = |message: String| Error::malformed(message).at_byte(at).cure(CUT);
    if bytes.len() >= MAGIC.len() && !bytes.starts_with(&MAGIC) {
        return Err(wrong("expected a frame of zstd or the end of the data here".to_owned()));
    }
    let Some(&descriptor) = bytes.get(4) else { return Ok(None) };
    if descriptor & 0x08 != 0 {
        return Err(wrong("a reserved bit of the zstd frame's header is set".to_owned()));
    }
    let is_single = descriptor & 0x20 != 0;
    let mut len = 5;
    let mut window = 0;
    if !is_single {
        let Some(&byte) = bytes.get(len) else { return Ok(None) };
        let base = 1u64 << (10 + (byte >> 3));
        window = base + base / 8 * u64::from(byte & 7);
        len += 1;
    }
    let dictionary = [0, 1, 2, 4][usize::from(descriptor & 3)];
    let Some(id) = number(bytes, len, dictionary) else { return Ok(None) };
    if id != 0 {
        return Err(Error::new(
            ErrorKind::Unsupported,
            format!("the zstd frame needs the dictionary {id}, which is not in the file"),
        )
        .at_byte(at)
        .cure("unpack it with zstd -d -D and its dictionary first"));
    }
    len += dictionary;
    let size = match descriptor >> 6 {
        0 if is_single => 1,
        0 => 0,
        1 => 2,
        2 => 4,
        _ => 8,
    };
    let Some(content) = number(bytes, len, size) else { return Ok(None) };
    // Two bytes start counting at 256, which one byte can hold.
    let content = if size == 2 { content + 256 } else { content };
    len += size;
    Ok(Some(Header {
        len: len as u64,
        content: (size > 0).then_some(content),
        window: if is_single { content } else { window },
        has_checksum: descriptor & 0x04 != 0,
    }))
}

/// The byte behind the last block of the frame whose first block is at `at`.
fn past_blocks(data: &dyn Bytes, mut at: u64) -> Result<u64, Error> {
    loop {
        let next = step(data, at, 3)?;
        let Some(block) = number(&read_vec(data, at, 3)?, 0, 3) else { return Err(cut(data, at)) };
        let size = block >> 3;
        let packed = match (block >> 1) & 3 {
            0 | 2 => size,
            // One byte that is repeated.
            1 => 1,
            _ => {
                let message = "a block of the zstd data is of the reserved type";
                return Err(Error::malformed(message).at_byte(at).cure(CUT));
            }
        };
        at = step(data, next, packed)?;
        if block & 1 == 1 {
            return Ok(at);
        }
    }
}

/// The byte `len` behind `at`, where the data goes that far.
fn step(data: &dyn Bytes, at: u64, len: u64) -> Result<u64, Error> {
    at.checked_add(len).filter(|end| *end <= data.len()).ok_or_else(|| cut(data, at))
}

fn cut(data: &dyn Bytes, at: u64) -> Error {
    let have = data.len();
    Error::malformed(format!(
        "the zstd data is damaged: what begins here continues past its end, at byte {have}"
    ))
    .at_byte(at)
    .cure(CUT)
}

/// A little-endian number of `len` bytes, at most 8; `None` where they are not there.
fn number(bytes: &[u8], at: usize, len: usize) -> Option<u64> {
    let bytes = bytes.get(at..at.checked_add(len)?)?;
    Some(bytes.iter().rev().fold(0, |number, byte| number << 8 | u64::from(*byte)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_are_read_as_the_rfc_says() {
        let of = |bytes: &[u8]| {
            let bytes = [&MAGIC[..], bytes].concat();
            header(&bytes, 0).unwrap().map(|h| (h.len, h.content, h.window, h.has_checksum))
        };
        assert_eq!(of(&[0x00, 0x58]), Some((6, None, 2 << 20, false)));
        assert_eq!(of(&[0x04, 0x07]), Some((6, None, 1920, true)));
        assert_eq!(of(&[0x20, 9]), Some((6, Some(9), 9, false)));
        assert_eq!(of(&[0x60, 1, 0]), Some((7, Some(257), 257, false)));
        assert_eq!(of(&[0x80, 0x58, 1, 0, 0, 1]), Some((10, Some((1 << 24) + 1), 2 << 20, false)));
        assert_eq!(of(&[0xe0, 0, 0, 0, 0, 1, 0, 0, 0]), Some((13, Some(1 << 32), 1 << 32, false)));
        assert_eq!(of(&[0xe0, 0]), None);
        assert_eq!(of(&[0x01, 0x58, 0]), Some((7, None, 2 << 20, false)));
        let error = header(&[&MAGIC[..], &[0x01, 0x58, 7]].concat(), 3).unwrap_err();
        assert!(error.message().contains("dictionary 7"), "{error}");
        assert!(header(&[&MAGIC[..], &[0x08, 0x58]].concat(), 0).is_err());
        assert!(header(b"nothing", 0).unwrap_err().message().contains("expected a frame"));
    }
}
