//! Compressed bytes read as if they were not: deflate (zip members) and gzip, through `flate2`.

use std::io::{BufReader, Read};
use std::ops::Range;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use flate2::Crc;
use flate2::bufread::{DeflateDecoder, MultiGzDecoder, ZlibDecoder};
use hinton_tensor::{Bytes, ReadError};

use super::ByteReader;
use crate::{Error, Limits};

/// Deflate cannot do better than 1032 to 1 (RFC 1951: 258 bytes in two bits), so a larger promise
/// is a lie and is refused before memory is asked for.
const BEST_RATIO: u64 = 1032;

/// Compressed bytes that inflate when they are used: small ones once, into memory, on the first
/// use; large ones as a stream that starts again when asked for something behind it. One that has
/// had to start again several times is kept in memory too, up to `Limits::held_bytes`.
pub struct Inflate {
    packed: Packed,
    len: u64,
    /// Filled on first use, for those that fit; `None` for streamed ones.
    memory: Option<OnceLock<Result<Vec<u8>, ReadError>>>,
    stream: Mutex<Stream>,
    /// A streamed one that has been asked for in no order.
    held: OnceLock<Vec<u8>>,
    may_hold: bool,
}

/// How often a stream starts again before it is kept in memory: a summary and a picture of a large
/// file read it once each, and memory for it would be wasted.
const RESTARTS: u32 = 3;

/// Where the compressed bytes lie, and how they are wrapped.
#[derive(Clone)]
struct Packed {
    data: Arc<dyn Bytes>,
    start: u64,
    len: u64,
    wrapper: Wrapper,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Wrapper {
    /// Bare deflate, with the checksum that its container promises.
    Deflate { crc: u32 },
    /// Gzip members one behind another; they carry their own checksums.
    Gzip,
    /// zlib, which carries its own checksum.
    Zlib,
}

impl Packed {
    fn open(&self) -> Box<dyn Read + Send> {
        let reader = BufReader::with_capacity(
            1 << 16,
            ByteReader::new(self.data.clone(), self.start, self.len),
        );
        match self.wrapper {
            Wrapper::Deflate { .. } => Box::new(DeflateDecoder::new(reader)),
            Wrapper::Gzip => Box::new(MultiGzDecoder::new(reader)),
            Wrapper::Zlib => Box::new(ZlibDecoder::new(reader)),
        }
    }

    fn what(&self) -> &'static str {
        match self.wrapper {
            Wrapper::Deflate { .. } => "compressed member",
            Wrapper::Gzip => "gzip data",
            Wrapper::Zlib => "compressed element",
        }
    }
}

/// Where the streaming stands.
#[derive(Default)]
struct Stream {
    cursor: Option<Cursor>,
    restarts: u32,
}

/// A stream that has been read up to `position`.
struct Cursor {
    decoder: Box<dyn Read + Send>,
    position: u64,
    crc: Crc,
}

impl Inflate {
    /// Bare deflate: `packed_len` bytes at `start` of `data` that inflate to `len` bytes with the
    /// CRC-32 `crc`.
    ///
    /// # Errors
    /// When the range leaves the data, or `len` is more than so few bytes can inflate to.
    pub fn deflate(
        data: Arc<dyn Bytes>,
        start: u64,
        packed_len: u64,
        len: u64,
        crc: u32,
        limits: &Limits,
    ) -> Result<Self, ReadError> {
        Inflate::checked(data, start, packed_len, len, Wrapper::Deflate { crc }, limits)
    }

    /// zlib data: `packed_len` bytes at `start` of `data` that inflate to `len` bytes.
    ///
    /// # Errors
    /// As [`Inflate::deflate`].
    pub fn zlib(
        data: Arc<dyn Bytes>,
        start: u64,
        packed_len: u64,
        len: u64,
        limits: &Limits,
    ) -> Result<Self, ReadError> {
        Inflate::checked(data, start, packed_len, len, Wrapper::Zlib, limits)
    }

    fn checked(
        data: Arc<dyn Bytes>,
        start: u64,
        packed_len: u64,
        len: u64,
        wrapper: Wrapper,
        limits: &Limits,
    ) -> Result<Self, ReadError> {
        if start.checked_add(packed_len).is_none_or(|end| end > data.len()) {
            return Err(ReadError::past_end(start, packed_len, data.len()));
        }
        if len > packed_len.saturating_mul(BEST_RATIO) {
            let why = format!(
                "the member claims to inflate from {packed_len} to {len} bytes; \
                 deflate cannot do better than {BEST_RATIO} to 1"
            );
            return Err(ReadError { offset: start, len: packed_len, why });
        }
        let packed = Packed { data, start, len: packed_len, wrapper };
        Ok(Inflate::new(packed, len, limits))
    }

    fn new(packed: Packed, len: u64, limits: &Limits) -> Self {
        let memory = (len <= limits.inflate_bytes).then(OnceLock::new);
        let stream = Mutex::new(Stream::default());
        let may_hold = len <= limits.held_bytes;
        Inflate { packed, len, memory, stream, held: OnceLock::new(), may_hold }
    }

    fn inflated(&self) -> Option<&Result<Vec<u8>, ReadError>> {
        self.memory.as_ref().map(|memory| memory.get_or_init(|| self.inflate_whole()))
    }

    fn inflate_whole(&self) -> Result<Vec<u8>, ReadError> {
        let mut bytes = Vec::new();
        let size = usize::try_from(self.len).unwrap_or(usize::MAX);
        // One byte of room more than promised: `read_to_end` then sees the end without growing.
        bytes
            .try_reserve_exact(size.saturating_add(1))
            .map_err(|_| self.fails(0, "there is not enough memory"))?;
        let mut decoder = self.packed.open().take(self.len.saturating_add(1));
        if let Err(error) = decoder.read_to_end(&mut bytes) {
            return Err(self.fails(bytes.len() as u64, &error.to_string()));
        }
        let mut crc = Crc::new();
        crc.update(&bytes);
        self.check_end(bytes.len() as u64, &crc)?;
        Ok(bytes)
    }

    /// Compares what came out with what was promised.
    fn check_end(&self, found: u64, crc: &Crc) -> Result<(), ReadError> {
        let len = self.len;
        if found < len {
            return Err(self.fails(found, &format!("it ends there, {len} bytes were promised")));
        }
        if found > len {
            return Err(self.fails(len, &format!("it goes on, but only {len} bytes were promised")));
        }
        match self.packed.wrapper {
            Wrapper::Deflate { crc: promised } if promised != crc.sum() => {
                let why = format!("its CRC-32 is {:08x}, expected {promised:08x}", crc.sum());
                Err(self.fails(len, &why))
            }
            _ => Ok(()),
        }
    }

    fn fails(&self, at: u64, why: &str) -> ReadError {
        let what = self.packed.what();
        let why = format!("the {what} is damaged after {at} inflated bytes: {why}");
        ReadError { offset: self.packed.start, len: self.packed.len, why }
    }

    /// Moves the stream to `offset` and fills `buf` from there.
    fn stream(&self, offset: u64, buf: &mut [u8]) -> Result<(), ReadError> {
        let mut stream = self.stream.lock().unwrap_or_else(PoisonError::into_inner);
        if stream.cursor.as_ref().is_some_and(|cursor| cursor.position > offset) {
            stream.restarts = stream.restarts.saturating_add(1);
            // Where memory has no room the stream goes on, and this is not tried again.
            if self.may_hold
                && stream.restarts == RESTARTS
                && let Ok(bytes) = self.inflate_whole()
            {
                let _ = self.held.set(bytes);
                stream.cursor = None;
            }
        }
        if let Some(bytes) = self.held.get() {
            buf.copy_from_slice(&bytes[offset as usize..][..buf.len()]);
            return Ok(());
        }
        // Taken out and put back only after success: a stream that failed is started again.
        let mut cursor = match stream.cursor.take() {
            Some(cursor) if cursor.position <= offset => cursor,
            _ => Cursor { decoder: self.packed.open(), position: 0, crc: Crc::new() },
        };
        let mut scratch = [0u8; 1 << 14];
        while cursor.position < offset {
            let step = usize::try_from(offset - cursor.position).unwrap_or(usize::MAX);
            let step = step.min(scratch.len());
            self.pull(&mut cursor, &mut scratch[..step])?;
        }
        self.pull(&mut cursor, buf)?;
        stream.cursor = Some(cursor);
        Ok(())
    }

    fn pull(&self, cursor: &mut Cursor, buf: &mut [u8]) -> Result<(), ReadError> {
        if buf.is_empty() {
            return Ok(());
        }
        let mut filled = 0;
        while filled < buf.len() {
            match cursor.decoder.read(&mut buf[filled..]) {
                Ok(0) => return self.check_end(cursor.position + filled as u64, &cursor.crc),
                Ok(count) => filled += count,
                Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
                Err(error) => {
                    return Err(self.fails(cursor.position + filled as u64, &error.to_string()));
                }
            }
        }
        cursor.crc.update(buf);
        cursor.position += buf.len() as u64;
        if cursor.position == self.len {
            let more = cursor
                .decoder
                .read(&mut [0])
                .map_err(|error| self.fails(self.len, &error.to_string()))?;
            self.check_end(self.len + more as u64, &cursor.crc)?;
        }
        Ok(())
    }
}

impl Bytes for Inflate {
    fn len(&self) -> u64 {
        self.len
    }

    fn slice(&self, range: Range<u64>) -> Option<&[u8]> {
        let start = usize::try_from(range.start).ok()?;
        let end = usize::try_from(range.end).ok()?;
        match self.inflated() {
            Some(inflated) => inflated.as_ref().ok()?.get(start..end),
            None => self.held.get()?.get(start..end),
        }
    }

    fn read_at(&self, offset: u64, buf: &mut [u8]) -> Result<(), ReadError> {
        let len = buf.len() as u64;
        if offset.checked_add(len).is_none_or(|end| end > self.len) {
            return Err(ReadError::past_end(offset, len, self.len));
        }
        match self.inflated() {
            Some(Ok(bytes)) => {
                // Fits: the range lies inside `len`, and so many bytes are in memory.
                buf.copy_from_slice(&bytes[offset as usize..][..buf.len()]);
                Ok(())
            }
            Some(Err(error)) => Err(error.clone()),
            None => match self.held.get() {
                Some(bytes) => {
                    buf.copy_from_slice(&bytes[offset as usize..][..buf.len()]);
                    Ok(())
                }
                None => self.stream(offset, buf),
            },
        }
    }

    fn is_sequential(&self) -> bool {
        self.memory.is_none() && self.held.get().is_none()
    }
}

/// The first bytes, at most `want`, of bare deflate, without inflating the rest. Fewer come back
/// where the data ends or is cut.
///
/// # Errors
/// When the data is damaged before any byte came out.
pub fn deflate_head(
    data: &Arc<dyn Bytes>,
    start: u64,
    packed_len: u64,
    want: u64,
) -> Result<Vec<u8>, ReadError> {
    let wrapper = Wrapper::Deflate { crc: 0 };
    head(&Packed { data: data.clone(), start, len: packed_len, wrapper }, want)
}

/// The first bytes, at most `want`, of zlib data, without inflating the rest.
///
/// # Errors
/// When the data is damaged before any byte came out.
pub fn zlib_head(
    data: &Arc<dyn Bytes>,
    start: u64,
    packed_len: u64,
    want: u64,
) -> Result<Vec<u8>, ReadError> {
    let wrapper = Wrapper::Zlib;
    head(&Packed { data: data.clone(), start, len: packed_len, wrapper }, want)
}

/// The first bytes, at most `want`, of gzip data, without inflating the rest.
///
/// # Errors
/// When the data is damaged before any byte came out.
pub fn gzip_head(data: &Arc<dyn Bytes>, want: u64) -> Result<Vec<u8>, ReadError> {
    let len = data.len();
    head(&Packed { data: data.clone(), start: 0, len, wrapper: Wrapper::Gzip }, want)
}

fn head(packed: &Packed, want: u64) -> Result<Vec<u8>, ReadError> {
    let mut bytes = Vec::new();
    match packed.open().take(want).read_to_end(&mut bytes) {
        Err(error) if bytes.is_empty() => {
            let why = format!("the {} is damaged: {error}", packed.what());
            Err(ReadError { offset: packed.start, len: packed.len, why })
        }
        _ => Ok(bytes),
    }
}

/// Gzip data as bytes. Its length is nowhere written (the trailer holds it modulo 2^32), so it is
/// inflated once: into memory when it fits in `limits.inflate_bytes`, else only to count it.
///
/// # Errors
/// When the data is cut or damaged.
pub fn gunzip(data: &Arc<dyn Bytes>, limits: &Limits) -> Result<Arc<dyn Bytes>, Error> {
    let packed = Packed { data: data.clone(), start: 0, len: data.len(), wrapper: Wrapper::Gzip };
    let mut decoder = packed.open();
    let mut bytes = Vec::new();
    let damaged = |at: u64, error: std::io::Error| {
        Error::malformed(format!("the gzip data is damaged after {at} inflated bytes: {error}"))
            .cure("the file is cut or damaged: download or copy it again")
    };
    let fits = decoder.by_ref().take(limits.inflate_bytes).read_to_end(&mut bytes);
    fits.map_err(|error| damaged(bytes.len() as u64, error))?;
    let mut len = bytes.len() as u64;
    let mut scratch = vec![0u8; 1 << 16];
    loop {
        match decoder.read(&mut scratch) {
            Ok(0) => break,
            Ok(count) => {
                // It does not fit; what was kept is let go at once.
                bytes = Vec::new();
                len += count as u64;
            }
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
            Err(error) => return Err(damaged(len, error)),
        }
    }
    let mut inflate = Inflate::new(packed, len, limits);
    if bytes.len() as u64 == len {
        bytes.shrink_to_fit();
        inflate.memory = Some(OnceLock::from(Ok(bytes)));
    }
    Ok(Arc::new(inflate))
}

#[cfg(test)]
mod tests {
    use super::*;
    use flate2::Compression;
    use flate2::write::{DeflateEncoder, GzEncoder};
    use hinton_tensor::Memory;
    use std::io::Write;
    use std::sync::atomic::{AtomicU64, Ordering};

    fn text() -> Vec<u8> {
        (0..100_000u32).flat_map(|number| number.wrapping_mul(number).to_le_bytes()).collect()
    }

    fn deflated(bytes: &[u8]) -> (Arc<dyn Bytes>, u32) {
        let mut encoder = DeflateEncoder::new(Vec::new(), Compression::fast());
        encoder.write_all(bytes).unwrap();
        let mut crc = Crc::new();
        crc.update(bytes);
        (Arc::new(Memory::new(encoder.finish().unwrap())), crc.sum())
    }

    fn gzipped(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    }

    fn streaming() -> Limits {
        Limits { inflate_bytes: 1000, ..Limits::default() }
    }

    #[test]
    fn memory_and_stream_give_the_same_bytes_in_any_order() {
        let text = text();
        let (packed, crc) = deflated(&text);
        for limits in [Limits::default(), streaming()] {
            let len = text.len() as u64;
            let inflate =
                Inflate::deflate(packed.clone(), 0, packed.len(), len, crc, &limits).unwrap();
            assert_eq!(inflate.is_sequential(), limits.inflate_bytes == 1000);
            for offset in [0, 70_000, 399_000, 5, 399_990, 0] {
                let mut buf = [0; 10];
                inflate.read_at(offset, &mut buf).unwrap();
                assert_eq!(buf, text[offset as usize..][..10]);
            }
            assert_eq!(inflate.slice(4..8).is_some(), limits.inflate_bytes != 1000);
            let mut past = [0; 11];
            assert!(inflate.read_at(399_990, &mut past).is_err());
        }
    }

    /// Bytes that count how many of them were read.
    struct Counted(Memory, AtomicU64);

    impl Bytes for Counted {
        fn len(&self) -> u64 {
            self.0.len()
        }

        fn slice(&self, _range: Range<u64>) -> Option<&[u8]> {
            None
        }

        fn read_at(&self, offset: u64, buf: &mut [u8]) -> Result<(), ReadError> {
            self.1.fetch_add(buf.len() as u64, Ordering::Relaxed);
            self.0.read_at(offset, buf)
        }
    }

    #[test]
    fn a_stream_that_goes_back_again_and_again_is_held() {
        let text = text();
        let (packed, crc) = deflated(&text);
        let whole = super::super::read_head(&*packed, u64::MAX).unwrap();
        let len = text.len() as u64;
        for held_bytes in [len, len - 1] {
            let counted = Arc::new(Counted(Memory::new(whole.clone()), AtomicU64::new(0)));
            let limits = Limits { held_bytes, ..streaming() };
            let data: Arc<dyn Bytes> = counted.clone();
            let inflate = Inflate::deflate(data, 0, packed.len(), len, crc, &limits).unwrap();
            let pass = || {
                for offset in [0, 200_000, 399_990] {
                    let mut buf = [0; 10];
                    inflate.read_at(offset, &mut buf).unwrap();
                    assert_eq!(buf, text[offset as usize..][..10]);
                }
            };
            // Looking at it a few times needs no memory.
            (0..3).for_each(|_| pass());
            assert!(inflate.is_sequential());
            assert!(inflate.held.get().is_none());
            (0..20).for_each(|_| pass());
            let held = held_bytes == len;
            assert_eq!(inflate.is_sequential(), !held);
            assert_eq!(inflate.slice(4..8), held.then_some(&text[4..8]));
            let times = counted.1.load(Ordering::Relaxed) / packed.len();
            assert_eq!(times, if held { 4 } else { 23 });
        }
    }

    #[test]
    fn lies_about_length_and_checksum_are_errors() {
        let text = text();
        let (packed, crc) = deflated(&text);
        let len = text.len() as u64;
        for limits in [Limits::default(), streaming()] {
            let read_last = |len: u64, crc: u32, packed_len: u64| {
                let inflate =
                    Inflate::deflate(packed.clone(), 0, packed_len, len, crc, &limits).unwrap();
                inflate.read_at(len - 1, &mut [0]).map_err(|error| error.why)
            };
            assert_eq!(read_last(len, crc, packed.len()), Ok(()));
            assert!(read_last(len - 1, crc, packed.len()).unwrap_err().contains("goes on"));
            assert!(read_last(len + 1, crc, packed.len()).unwrap_err().contains("ends there"));
            assert!(read_last(len, crc ^ 1, packed.len()).unwrap_err().contains("CRC-32"));
            assert!(read_last(len, crc, packed.len() - 100).is_err());
        }
        let bomb = Inflate::deflate(packed, 0, 100, 1 << 40, crc, &Limits::default());
        assert!(bomb.err().unwrap().why.contains("1032"));
    }

    #[test]
    fn gzip_is_measured_and_read() {
        let text = text();
        let mut file = gzipped(&text[..1_000]);
        file.extend(gzipped(&text[1_000..]));
        for limits in [Limits::default(), streaming()] {
            let data: Arc<dyn Bytes> = Arc::new(Memory::new(file.clone()));
            assert_eq!(gzip_head(&data, 7).unwrap(), text[..7]);
            let whole = gunzip(&data, &limits).unwrap();
            assert_eq!(super::super::read_head(&*whole, u64::MAX).unwrap(), text);
        }
        for cut in [5, 15, file.len() / 2, file.len() - 1] {
            let data: Arc<dyn Bytes> = Arc::new(Memory::new(file[..cut].to_vec()));
            assert!(gunzip(&data, &Limits::default()).is_err(), "cut at {cut}");
            assert!(gunzip(&data, &streaming()).is_err(), "cut at {cut}, streamed");
        }
        let at = file.len() - 5;
        file[at] ^= 1;
        let data: Arc<dyn Bytes> = Arc::new(Memory::new(file));
        assert!(gunzip(&data, &Limits::default()).is_err());
    }
}
