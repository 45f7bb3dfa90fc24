//! zstd data (RFC 8878), decompressed frame by frame with `ruzstd`: as a stream, or at once.

use std::io::{self, BufRead, Read};

use ruzstd::decoding::errors::{FrameDecoderError, ReadFrameHeaderError};
use ruzstd::decoding::{BlockDecodingStrategy, FrameDecoder};

use crate::words::{packed_fault, said};

/// What the standard asks of every reader to set aside for a frame (3.1.1.1.2).
pub(crate) const WINDOW: u64 = 8 << 20;

/// What `packed` unpacks to: no more than `most` bytes. Checksums are compared.
///
/// # Errors
/// What is wrong with it.
pub(crate) fn unzstd(packed: &[u8], most: usize) -> Result<Vec<u8>, String> {
    if packed.is_empty() {
        return Err("there is no zstd frame".to_owned());
    }
    // No more need be looked back than may come out.
    let window = (most as u64).checked_next_power_of_two().unwrap_or(0).max(WINDOW);
    let mut out = Vec::new();
    Frames::new(packed, window)
        .take((most as u64).saturating_add(1))
        .read_to_end(&mut out)
        .map_err(|error| format!("its zstd data is damaged: {}", packed_fault(&error)))?;
    if out.len() > most {
        return Err(format!("it unpacks to more than {most} bytes"));
    }
    Ok(out)
}

/// The content of all frames, one after another. Each is compared with its checksum where its end
/// is read.
pub(crate) struct Frames<R> {
    source: R,
    decoder: FrameDecoder,
    window: u64,
    is_open: bool,
}

impl<R: BufRead> Read for Frames<R> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        if buf.is_empty() {
            return Ok(0);
        }
        loop {
            if !self.is_open && !self.next_frame()? {
                return Ok(0);
            }
            let count = self.decoder.read(buf)?;
            if count > 0 {
                return Ok(count);
            }
            if self.decoder.is_finished() {
                self.check_frame()?;
                self.is_open = false;
            } else {
                let one = BlockDecodingStrategy::UptoBlocks(1);
                self.decoder.decode_blocks(&mut self.source, one).map_err(io::Error::other)?;
            }
        }
    }
}

impl<R: BufRead> Frames<R> {
    /// Reads frames that look back no more than `window` bytes.
    pub(crate) fn new(source: R, window: u64) -> Self {
        Frames { source, decoder: new_decoder(window), window, is_open: false }
    }

    /// Goes on to the next frame that holds data; false at the end.
    fn next_frame(&mut self) -> io::Result<bool> {
        loop {
            if self.source.fill_buf()?.is_empty() {
                return Ok(false);
            }
            // Used again, it would reserve the whole window, however little comes.
            self.decoder = new_decoder(self.window);
            match self.decoder.init(&mut self.source) {
                Ok(()) => {
                    self.is_open = true;
                    return Ok(true);
                }
                Err(FrameDecoderError::ReadFrameHeaderError(ReadFrameHeaderError::SkipFrame {
                    length,
                    ..
                })) => self.skip(u64::from(length))?,
                Err(FrameDecoderError::ReadFrameHeaderError(
                    ReadFrameHeaderError::BadMagicNumber(magic),
                )) => {
                    let why = format!("it continues with {magic:08x}, which is not a zstd frame");
                    return Err(said(why));
                }
                Err(FrameDecoderError::WindowSizeTooBig { requested, max }) => {
                    let why = format!("it looks back {requested} bytes, the limit is {max}");
                    return Err(said(why));
                }
                Err(FrameDecoderError::DictNotProvided { dict_id }) => {
                    return Err(said(format!("it is packed with dictionary {dict_id}")));
                }
                Err(error) => return Err(io::Error::other(error)),
            }
        }
    }

    fn skip(&mut self, len: u64) -> io::Result<()> {
        let skipped = io::copy(&mut self.source.by_ref().take(len), &mut io::sink())?;
        if skipped < len {
            let why = format!("a skippable frame of {len} bytes ends after {skipped}");
            return Err(said(why));
        }
        Ok(())
    }

    /// Compares a frame that has been read with its checksum.
    fn check_frame(&self) -> io::Result<()> {
        let Some(promised) = self.decoder.get_checksum_from_data() else { return Ok(()) };
        match self.decoder.get_calculated_checksum() {
            Some(found) if found != promised => {
                let why =
                    format!("the checksum of its frame is {found:08x}, expected {promised:08x}");
                Err(said(why))
            }
            _ => Ok(()),
        }
    }
}

fn new_decoder(window: u64) -> FrameDecoder {
    let mut decoder = FrameDecoder::new();
    decoder.set_max_window_size(window);
    decoder
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
        assert!(
            unzstd(b"abcdefgh", 60).unwrap_err().contains("64636261, which is not a zstd frame")
        );
        assert!(unzstd(b"", 60).is_err());
    }
}
