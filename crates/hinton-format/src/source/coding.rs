//! Compression methods that give a stream which can only be read from its start.

use std::io::{BufReader, Read};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use flate2::bufread::{DeflateDecoder, ZlibDecoder};
use hinton_tensor::Bytes;

use super::ByteReader;
use crate::Cancel;
use crate::words::carried;

/// One way of packing.
#[derive(Debug)]
pub(crate) struct Coding {
    /// What errors call such data: `gzip data`.
    pub(crate) what: &'static str,
    /// No such data unpacks to more than this many times its length, so a larger promise is a lie
    /// and is refused before memory is asked for.
    pub(crate) best_ratio: u64,
    /// A reader of what is packed, which keeps no more than this many bytes of what it gave.
    pub(crate) open: fn(Source, u64) -> Box<dyn Read + Send>,
}

/// Deflate cannot do better than 1032 to 1 (RFC 1951: 258 bytes in two bits).
pub(super) const DEFLATE_RATIO: u64 = 1032;

/// Bare deflate (RFC 1951), whose checksum its container knows.
pub(crate) const DEFLATE: Coding = Coding {
    what: "compressed member",
    best_ratio: DEFLATE_RATIO,
    open: |source, _| Box::new(DeflateDecoder::new(source)),
};

/// zlib (RFC 1950), which carries its own checksum.
pub(crate) const ZLIB: Coding = Coding {
    what: "compressed element",
    best_ratio: DEFLATE_RATIO,
    open: |source, _| Box::new(ZlibDecoder::new(source)),
};

/// Packed bytes, read one after the other.
pub(crate) struct Source {
    reader: BufReader<ByteReader>,
    taken: Arc<AtomicU64>,
}

impl Source {
    /// The `len` bytes from `start` on, and how many of them have been taken so far.
    pub(crate) fn new(data: Arc<dyn Bytes>, start: u64, len: u64) -> (Source, Arc<AtomicU64>) {
        let reader = BufReader::with_capacity(1 << 16, ByteReader::new(data, start, len));
        let taken = Arc::new(AtomicU64::new(0));
        (Source { reader, taken: taken.clone() }, taken)
    }
}

/// A reader that stops when it is cancelled: what is packed small may be gigabytes of zeros.
struct Cancelled<R> {
    reader: R,
    cancel: Cancel,
}

/// A decoder that stops when it is cancelled.
pub(crate) fn cancelled_by(reader: Box<dyn Read + Send>, cancel: Cancel) -> Box<dyn Read + Send> {
    Box::new(Cancelled { reader, cancel })
}

impl<R: Read> Read for Cancelled<R> {
    fn read(&mut self, buf: &mut [u8]) -> std::io::Result<usize> {
        self.cancel.check().map_err(|error| carried(&error))?;
        self.reader.read(buf)
    }
}

impl Read for Source {
    fn read(&mut self, buf: &mut [u8]) -> std::io::Result<usize> {
        let count = self.reader.read(buf)?;
        self.taken.fetch_add(count as u64, Ordering::Relaxed);
        Ok(count)
    }
}

impl std::io::BufRead for Source {
    fn fill_buf(&mut self) -> std::io::Result<&[u8]> {
        self.reader.fill_buf()
    }

    fn consume(&mut self, count: usize) {
        self.taken.fetch_add(count as u64, Ordering::Relaxed);
        self.reader.consume(count);
    }
}
