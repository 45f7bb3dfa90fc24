//! Chunks that are too large to be unpacked into memory: read as streams, in order.

use std::collections::BTreeMap;
use std::io::{self, Read};
use std::sync::{Arc, Mutex, PoisonError};

use hinton_tensor::{Bytes, ReadError};

use super::codec::Codec;
use crate::source::coding::{Coding, Source, ZLIB, cancelled_by};
use crate::source::grid::{Answer, Piece};
use crate::source::unzstd::WINDOW;
use crate::source::wrapper::{GZIP, ZSTD, first_window};
use crate::{Cancel, Limits};

/// Most streams that are kept; a row of chunks side by side is read from all of them in turn.
const MOST: usize = 64;
/// Most bytes that one stream may look back; what zstd's own tool reads without being asked to.
const LARGEST_WINDOW: u64 = 128 << 20;
/// What deflate may look back (RFC 1951).
const DEFLATE_WINDOW: u64 = 32 << 10;

/// How chunks of one codec are read as streams.
pub(super) struct Way {
    codec: Codec,
    coding: &'static Coding,
    /// How far a chunk says that it looks back.
    window: fn(&dyn Bytes) -> Option<u64>,
}

const WAYS: &[Way] = &[
    Way { codec: Codec::Zstd, coding: &ZSTD, window: first_window },
    Way { codec: Codec::Gzip, coding: &GZIP, window: |_| Some(DEFLATE_WINDOW) },
    Way { codec: Codec::Zlib, coding: &ZLIB, window: |_| Some(DEFLATE_WINDOW) },
];

/// How chunks packed in this way are read as streams; `None` where they cannot be.
pub(super) fn way(codecs: &[Codec]) -> Option<&'static Way> {
    match codecs {
        [only] => WAYS.iter().find(|way| way.codec == *only),
        _ => None,
    }
}

/// The streams of an array, each as far as it was read.
pub(super) struct Streams {
    way: &'static Way,
    /// Bytes of a chunk.
    size: u64,
    /// Bytes that all streams together may look back; one alone may take [`WINDOW`].
    held: u64,
    cancel: Cancel,
    kept: Mutex<BTreeMap<u64, Kept>>,
}

/// A stream that is kept.
#[derive(Clone)]
struct Kept {
    stream: Arc<Mutex<Option<Stream>>>,
    /// Bytes that it may look back.
    window: u64,
}

/// A stream that was read up to `at`.
struct Stream {
    reader: Box<dyn Read + Send>,
    at: u64,
}

impl Streams {
    /// Streams of chunks of `size` bytes, in as much memory as the limits allow.
    pub(super) fn new(way: &'static Way, size: u64, limits: &Limits) -> Self {
        let Limits { held_bytes: held, cancel, .. } = *limits;
        Streams { way, size, held, cancel, kept: Mutex::default() }
    }

    /// Fills the piece of a chunk from its stream, which starts again for what is behind it.
    ///
    /// # Errors
    /// Returns an error if the chunk is damaged.
    pub(super) fn fill(&self, number: u64, stored: &Arc<dyn Bytes>, piece: Piece<'_>) -> Answer {
        let Kept { stream, window } = self.kept(number, stored);
        let mut stream = stream.lock().unwrap_or_else(PoisonError::into_inner);
        piece.fill(|_, inside, to| {
            // One that failed is not gone on with.
            let mut open = match stream.take().filter(|stream| stream.at <= inside) {
                Some(stream) => stream,
                None => self.open(stored, window),
            };
            open.pass(inside).and_then(|()| open.take(to, self.size)).map_err(|why| {
                ReadError::damaged(
                    0,
                    stored.len(),
                    format!("a chunk is damaged after its byte {}: {why}", open.at),
                )
            })?;
            *stream = Some(open);
            Ok(())
        })
    }

    /// The stream of a chunk; others are let go to make room.
    fn kept(&self, number: u64, stored: &Arc<dyn Bytes>) -> Kept {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = kept.get(&number) {
            return known.clone();
        }
        // A frame behind the first may look back as far, or as far as all readers must follow.
        let most = self.held.clamp(WINDOW, LARGEST_WINDOW);
        let window = (self.way.window)(&**stored).unwrap_or(most).clamp(WINDOW, most);
        let taken = |kept: &BTreeMap<u64, Kept>| -> u64 {
            kept.values().map(|kept| kept.window).sum::<u64>() + window
        };
        while kept.len() >= MOST || taken(&kept) > self.held {
            // Reading goes on to higher numbers.
            if kept.pop_first().is_none() {
                break;
            }
        }
        kept.entry(number).or_insert(Kept { stream: Arc::default(), window }).clone()
    }

    fn open(&self, stored: &Arc<dyn Bytes>, window: u64) -> Stream {
        let (source, _) = Source::new(stored.clone(), 0, stored.len());
        Stream { reader: cancelled_by((self.way.coding.open)(source, window), self.cancel), at: 0 }
    }
}

impl Stream {
    /// Goes on to byte `to`.
    fn pass(&mut self, to: u64) -> io::Result<()> {
        let len = to.saturating_sub(self.at);
        let passed = io::copy(&mut self.reader.by_ref().take(len), &mut io::sink())?;
        self.at += passed;
        if passed < len { Err(io::ErrorKind::UnexpectedEof.into()) } else { Ok(()) }
    }

    /// Reads the next bytes; behind the last of all `size` there must be no more, and what says so
    /// has compared the checksum.
    fn take(&mut self, to: &mut [u8], size: u64) -> io::Result<()> {
        self.reader.read_exact(to)?;
        self.at += to.len() as u64;
        if self.at == size && self.reader.read(&mut [0])? > 0 {
            return Err(crate::words::said(format!("it is longer than the expected {size} bytes")));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::grid::ChunkGrid;
    use hinton_tensor::Memory;

    #[test]
    fn windows_of_all_streams_together_are_bounded() {
        // Two bytes as they are, in a frame that may look back 128 MiB, or 1 KiB.
        for (window, most) in [(17 << 3, 2), (0, 32)] {
            let frame = [0x28, 0xb5, 0x2f, 0xfd, 0, window, 17, 0, 0, 8, 9];
            let stored: Arc<dyn Bytes> = Arc::new(Memory::new(frame));
            let streams =
                Streams::new(&WAYS[0], 2, &Limits { held_bytes: 256 << 20, ..Limits::default() });
            let grid = ChunkGrid::new(&[200], &[2], 1, u64::MAX).unwrap();
            let mut buf = [0; 200];
            grid.read(0, &mut buf, |number, piece| streams.fill(number, &stored, piece)).unwrap();
            assert_eq!(buf, [8, 9].repeat(100)[..]);
            assert_eq!(streams.kept.lock().unwrap().len(), most);
        }
    }
}
