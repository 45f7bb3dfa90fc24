//! Chunks that are too large to be unpacked into memory: read as streams, in order.

use std::collections::BTreeMap;
use std::io::{self, BufReader, Read};
use std::sync::{Arc, Mutex, PoisonError};

use flate2::bufread::{MultiGzDecoder, ZlibDecoder};
use hinton_tensor::{Bytes, ReadError};
use ruzstd::decoding::{DEFAULT_MAX_WINDOW_SIZE, FrameDecoder, StreamingDecoder};

use super::codec::Codec;
use crate::source::ByteReader;
use crate::source::grid::{Answer, Piece};

/// Most streams that are kept; a row of chunks beside each other is read from all of them in turn.
const MOST: usize = 64;
/// Bytes that are unpacked at once on the way to those that are wanted.
const STEP: usize = 64 << 10;

/// Whether chunks packed in this way can be read as streams.
pub(super) fn can_stream(codecs: &[Codec]) -> bool {
    matches!(codecs, [Codec::Zstd | Codec::Gzip | Codec::Zlib])
}

/// The streams of an array, each as far as it was read.
#[derive(Default)]
pub(super) struct Streams(Mutex<BTreeMap<u64, Arc<Mutex<Option<Stream>>>>>);

/// A stream that was read up to `at`.
struct Stream {
    reader: Box<dyn Read + Send>,
    at: u64,
}

impl Streams {
    /// Fills the piece of a chunk from its stream, which starts again for what is behind it.
    ///
    /// # Errors
    /// When the chunk is damaged.
    pub(super) fn fill(
        &self,
        number: u64,
        stored: &Arc<dyn Bytes>,
        codec: Codec,
        piece: Piece<'_>,
    ) -> Answer {
        let slot = {
            let mut streams = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            if streams.len() >= MOST && !streams.contains_key(&number) {
                // Reading goes on to higher numbers.
                streams.pop_first();
            }
            streams.entry(number).or_default().clone()
        };
        let mut stream = slot.lock().unwrap_or_else(PoisonError::into_inner);
        piece.fill(|_, inside, to| {
            let failed = |why: io::Error| ReadError {
                offset: 0,
                len: stored.len(),
                why: format!("a chunk is damaged before its byte {inside}: {why}"),
            };
            // One that failed is not gone on with.
            let mut open = match stream.take().filter(|stream| stream.at <= inside) {
                Some(stream) => stream,
                None => Stream { reader: reader(stored, codec).map_err(failed)?, at: 0 },
            };
            let mut passed = [0; STEP];
            while open.at < inside {
                let len = (inside - open.at).min(STEP as u64) as usize;
                open.reader.read_exact(&mut passed[..len]).map_err(failed)?;
                open.at += len as u64;
            }
            open.reader.read_exact(to).map_err(failed)?;
            open.at += to.len() as u64;
            *stream = Some(open);
            Ok(())
        })
    }
}

fn reader(stored: &Arc<dyn Bytes>, codec: Codec) -> io::Result<Box<dyn Read + Send>> {
    let packed = BufReader::with_capacity(STEP, ByteReader::whole(stored.clone()));
    Ok(match codec {
        Codec::Gzip => Box::new(MultiGzDecoder::new(packed)),
        Codec::Zlib => Box::new(ZlibDecoder::new(packed)),
        Codec::Zstd => {
            let mut decoder = FrameDecoder::new();
            decoder.set_max_window_size(DEFAULT_MAX_WINDOW_SIZE);
            let stream = StreamingDecoder::new_with_decoder(packed, decoder);
            Box::new(stream.map_err(io::Error::other)?)
        }
        other => return Err(io::Error::other(format!("{other:?} is no stream"))),
    })
}
