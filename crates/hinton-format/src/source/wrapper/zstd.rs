//! Zstandard (RFC 8878): frames one behind another, each of which may say how long it is.

mod frame;

use std::io::{self, BufRead, Read};
use std::sync::Arc;

use hinton_tensor::Bytes;
use ruzstd::decoding::errors::{FrameDecoderError, ReadFrameHeaderError};
use ruzstd::decoding::{BlockDecodingStrategy, FrameDecoder};

use super::Wrapper;
use crate::source::coding::{Coding, Source};
use crate::{Error, Limits};

/// A block of one repeated byte: 128 KiB in 4 bytes (RFC 8878, 3.1.1.2).
const BEST_RATIO: u64 = 32 << 10;

pub(crate) const CODING: Coding = Coding {
    what: "zstd data",
    best_ratio: BEST_RATIO,
    open: |source, window| frames(source, window),
};

pub(super) const ROW: Wrapper = Wrapper {
    name: "zstd",
    extension: "zst",
    starts: |bytes| bytes.starts_with(&frame::MAGIC) || frame::is_skippable(bytes),
    coding: &CODING,
    promised: len,
};

fn len(data: &Arc<dyn Bytes>, limits: &Limits) -> Result<Option<u64>, Error> {
    frame::content_len(&**data, limits.held_bytes)
}

fn frames(source: Source, window: u64) -> Box<dyn Read + Send> {
    let decoder = new_decoder(window);
    Box::new(Frames { source, decoder, window, is_open: false })
}

fn new_decoder(window: u64) -> FrameDecoder {
    let mut decoder = FrameDecoder::new();
    decoder.set_max_window_size(window);
    decoder
}

/// The content of all frames, one behind another.
struct Frames {
    source: Source,
    decoder: FrameDecoder,
    window: u64,
    is_open: bool,
}

impl Read for Frames {
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

impl Frames {
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
                Err(error) => return Err(io::Error::other(error)),
            }
        }
    }

    fn skip(&mut self, len: u64) -> io::Result<()> {
        let skipped = io::copy(&mut self.source.by_ref().take(len), &mut io::sink())?;
        if skipped < len {
            let why = format!("a skippable frame of {len} bytes ends after {skipped}");
            return Err(io::Error::new(io::ErrorKind::UnexpectedEof, why));
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
                Err(io::Error::other(why))
            }
            _ => Ok(()),
        }
    }
}
