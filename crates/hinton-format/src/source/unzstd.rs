//! Small runs of zstd data (RFC 8878), unpacked at once through `ruzstd`.

use std::io::Read;

use ruzstd::decoding::{FrameDecoder, StreamingDecoder};

/// First bytes of a frame that holds data, and of one that is skipped (the low half byte is free).
const FRAME: u32 = 0xfd2f_b528;
const SKIPPED: u32 = 0x184d_2a50;

/// What a reader sets aside for a frame, however little comes out of it: no more than this, which is
/// what the standard asks of every reader (3.1.1.1.2), or than may come out of it.
const WINDOW: u64 = 8 << 20;

/// What `packed` unpacks to: no more than `most` bytes. Checksums are compared.
///
/// # Errors
/// What is wrong with it.
pub(crate) fn unzstd(packed: &[u8], most: usize) -> Result<Vec<u8>, String> {
    let mut out = Vec::new();
    let mut rest = packed;
    while let Some(start) = rest.first_chunk::<4>() {
        match u32::from_le_bytes(*start) {
            FRAME => frame(&mut rest, most, &mut out)?,
            magic if magic & !0xf == SKIPPED => {
                let len = rest.get(4..8).and_then(|len| len.try_into().ok());
                let len = len.map(u32::from_le_bytes).ok_or("a skipped frame is cut")?;
                rest = rest.get(8 + len as usize..).ok_or("a skipped frame is cut")?;
            }
            magic => return Err(format!("it begins with {magic:08x}, which is no zstd frame")),
        }
    }
    if rest.is_empty() && !packed.is_empty() {
        Ok(out)
    } else {
        Err("it ends in the middle of a zstd frame".to_owned())
    }
}

/// Unpacks one frame, and moves on behind it.
fn frame(rest: &mut &[u8], most: usize, out: &mut Vec<u8>) -> Result<(), String> {
    let failed = |error: &dyn std::fmt::Display| format!("its zstd data is damaged: {error}");
    let mut decoder = FrameDecoder::new();
    decoder.set_max_window_size((most as u64).checked_next_power_of_two().unwrap_or(0).max(WINDOW));
    let mut stream =
        StreamingDecoder::new_with_decoder(&mut *rest, decoder).map_err(|error| failed(&error))?;
    let left = (most - out.len()) as u64;
    (&mut stream).take(left + 1).read_to_end(out).map_err(|error| failed(&error))?;
    if out.len() > most {
        return Err(format!("it unpacks to more than {most} bytes"));
    }
    let decoder = stream.into_frame_decoder();
    match (decoder.get_checksum_from_data(), decoder.get_calculated_checksum()) {
        (Some(expected), Some(found)) if expected != found => {
            Err(format!("its checksum is {found:08x}, expected {expected:08x}"))
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `zstd` of "abcabc…" (60 letters) with its checksum, by the original.
    const ABC: &[u8] = b"(\xb5/\xfd$<M\x00\x00\x18abc\x01\x00\xf6tC8K /";

    #[test]
    fn frames_are_unpacked_and_checked() {
        let text = b"abc".repeat(20);
        assert_eq!(unzstd(ABC, 60).unwrap(), text);
        assert!(unzstd(ABC, 59).unwrap_err().contains("more than 59"));
        let skipped = b"\x51\x2a\x4d\x18\x02\0\0\0xy";
        let two = [ABC, skipped, ABC].concat();
        assert_eq!(unzstd(&two, 120).unwrap(), text.repeat(2));
        for len in 0..ABC.len() {
            assert!(unzstd(&ABC[..len], 60).is_err(), "{len}");
        }
        let mut flipped = ABC.to_vec();
        *flipped.last_mut().unwrap() ^= 1;
        assert!(unzstd(&flipped, 60).unwrap_err().contains("checksum"));
        assert!(unzstd(b"abcdefgh", 60).unwrap_err().contains("no zstd frame"));
    }
}
