//! Compressed bytes, decompressed when they are read: members of archives, packed elements, wrapped
//! files.

use std::io::Read;
use std::ops::Range;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use flate2::Crc;
use hinton_tensor::{Bytes, ReadError, ReadErrorKind, range_end};

use super::coding::{Coding, Source, cancelled_by};
use super::kept::Kept;
use crate::words::{fault_kind, packed_fault};
use crate::{Cancel, Limits};

/// Compressed bytes that are decompressed when they are used. Small ones are decompressed as a
/// whole on first use; large ones are streamed, and the stream is restarted to read anything before
/// its position. If it had to be restarted several times, or is read in pieces far apart, it is
/// decompressed as a whole too, up to `Limits::held_bytes`. Bytes that were decompressed as a whole
/// are cached while there is room, see `source/kept.rs`.
pub struct Inflate {
    packed: Packed,
    len: u64,
    kept: Kept,
    /// Whether it is streamed; no longer once it was asked for in no order.
    is_streamed: AtomicBool,
    stream: Mutex<Stream>,
    may_hold: bool,
}

/// How often a stream starts again before it is kept in memory: a summary and a picture of a large
/// file read it once each, and memory for it would be wasted.
const RESTARTS: u32 = 3;

/// After this many reads that pass over most of the bytes, as of the columns of a matrix, the stream would have to
/// start again soon.
const SKIPS: u64 = 64;

/// Where the compressed bytes lie, and how they are packed.
#[derive(Clone)]
pub(super) struct Packed {
    pub(super) data: Arc<dyn Bytes>,
    pub(super) start: u64,
    pub(super) len: u64,
    pub(super) coding: &'static Coding,
    /// The CRC-32 of what comes out, where a container promises one.
    pub(super) crc: Option<u32>,
    /// Most bytes that a reader keeps of what it gave.
    pub(super) window: u64,
    pub(super) cancel: Cancel,
}

/// A reader of what is packed.
pub(super) struct Opened {
    pub(super) decoder: Box<dyn Read + Send>,
    taken: Arc<AtomicU64>,
    start: u64,
}

impl Opened {
    /// The byte of the packed data at which the reader stands.
    pub(super) fn byte(&self) -> u64 {
        self.start.saturating_add(self.taken.load(Ordering::Relaxed))
    }
}

impl Packed {
    pub(super) fn open(&self) -> Opened {
        let (source, taken) = Source::new(self.data.clone(), self.start, self.len);
        let decoder = cancelled_by((self.coding.open)(source, self.window), self.cancel);
        Opened { decoder, taken, start: self.start }
    }

    /// What is said where `at` bytes came out, and then something went wrong.
    pub(super) fn damaged(&self, at: u64, why: &str) -> String {
        format!("the {} is damaged after {at} unpacked bytes: {why}", self.coding.what)
    }
}

/// Where the streaming stands.
#[derive(Default)]
struct Stream {
    cursor: Option<Cursor>,
    restarts: u32,
    /// Reads that skipped bytes, the bytes they skipped, and those they gave.
    skips: u64,
    skipped: u64,
    given: u64,
}

impl Stream {
    /// Notes a read; whether it is time to inflate all, were it only for once.
    fn is_scattered(&mut self, offset: u64, len: u64) -> bool {
        match &self.cursor {
            Some(cursor) if cursor.position > offset => {
                self.restarts = self.restarts.saturating_add(1);
                return self.restarts == RESTARTS;
            }
            Some(cursor) if cursor.position < offset => {
                self.skips += 1;
                self.skipped = self.skipped.saturating_add(offset - cursor.position);
                self.given = self.given.saturating_add(len);
            }
            _ => {}
        }
        self.skips == SKIPS && self.skipped / 16 > self.given
    }
}

/// A stream that has been read up to `position`.
struct Cursor {
    opened: Opened,
    position: u64,
    crc: Crc,
}

impl Inflate {
    /// `packed_len` bytes at `start` of `data` that unpack to `len` bytes, with the CRC-32 `crc`
    /// where that is known.
    ///
    /// # Errors
    /// Returns an error if the range leaves the data, or `len` is more than so few bytes can unpack
    /// to.
    pub(crate) fn new(
        coding: &'static Coding,
        data: Arc<dyn Bytes>,
        (start, packed_len): (u64, u64),
        len: u64,
        crc: Option<u32>,
        limits: &Limits,
    ) -> Result<Self, ReadError> {
        range_end(start, packed_len, data.len())?;
        let ratio = coding.best_ratio;
        if len > packed_len.saturating_mul(ratio) {
            let why = format!(
                "the {} claims to unpack from {packed_len} to {len} bytes; it cannot do better \
                 than {ratio} to 1",
                coding.what
            );
            return Err(ReadError::damaged(start, packed_len, why));
        }
        let window = limits.held_bytes;
        let cancel = limits.cancel;
        let packed = Packed { data, start, len: packed_len, coding, crc, window, cancel };
        Ok(Inflate::measured(packed, len, limits))
    }

    /// Data that is known to unpack to `len` bytes.
    fn measured(packed: Packed, len: u64, limits: &Limits) -> Self {
        let is_streamed = AtomicBool::new(len > limits.inflate_bytes);
        let stream = Mutex::new(Stream::default());
        let may_hold = len <= limits.held_bytes;
        Inflate { packed, len, kept: Kept::new(), is_streamed, stream, may_hold }
    }

    /// Data whose length was found by unpacking all of it, with what came out where that was kept.
    pub(super) fn counted(
        packed: Packed,
        len: u64,
        bytes: Option<Vec<u8>>,
        limits: &Limits,
    ) -> Self {
        let mut inflate = Inflate::measured(packed, len, limits);
        if let Some(bytes) = bytes {
            inflate.kept = Kept::with(bytes);
            inflate.is_streamed = AtomicBool::new(false);
        }
        inflate
    }

    /// All of it.
    fn inflated(&self) -> Result<Arc<Vec<u8>>, ReadError> {
        self.kept.get_or_make(self.len, |room| self.inflate_whole(room))
    }

    /// Into memory that another has left.
    fn inflate_whole(&self, mut bytes: Vec<u8>) -> Result<Vec<u8>, ReadError> {
        bytes.clear();
        let size = usize::try_from(self.len).unwrap_or(usize::MAX);
        // One byte of room more than promised: `read_to_end` then sees the end without growing.
        bytes.try_reserve_exact(size.saturating_add(1)).map_err(|_| self.no_room())?;
        let mut opened = self.packed.open();
        let read = opened.decoder.by_ref().take(self.len.saturating_add(1)).read_to_end(&mut bytes);
        if let Err(error) = read {
            return Err(self.stopped(opened.byte(), bytes.len() as u64, &error));
        }
        let mut crc = Crc::new();
        crc.update(&bytes);
        self.check_end(opened.byte(), bytes.len() as u64, &crc)?;
        Ok(bytes)
    }

    /// Compares what came out with what was promised; the reader stands at `byte`.
    fn check_end(&self, byte: u64, found: u64, crc: &Crc) -> Result<(), ReadError> {
        let len = self.len;
        if found < len {
            let why = format!("it ends there, {len} bytes were declared");
            return Err(self.fails(byte, found, &why));
        }
        if found > len {
            let why = format!("it is longer than the {len} bytes that were declared");
            return Err(self.fails(byte, len, &why));
        }
        match self.packed.crc {
            Some(promised) if promised != crc.sum() => {
                let why = format!("its CRC-32 is {:08x}, expected {promised:08x}", crc.sum());
                Err(self.fails(byte, len, &why))
            }
            _ => Ok(()),
        }
    }

    /// The error at a byte of the packed data, after `at` bytes that came out of it.
    fn fails(&self, byte: u64, at: u64, why: &str) -> ReadError {
        let end = self.packed.start.saturating_add(self.packed.len);
        let why = self.packed.damaged(at, why);
        ReadError::damaged(byte, end.saturating_sub(byte), why)
    }

    /// The error where the decoder stopped, at a byte of the packed data.
    fn stopped(&self, byte: u64, count: u64, error: &std::io::Error) -> ReadError {
        let mut stopped = self.fails(byte, count, &packed_fault(error));
        stopped.kind = fault_kind(error);
        if stopped.kind != ReadErrorKind::Damaged {
            let (what, why) = (self.packed.coding.what, packed_fault(error));
            stopped.why =
                format!("the {what} cannot be read on, after {count} unpacked bytes: {why}");
        }
        stopped
    }

    fn no_room(&self) -> ReadError {
        let Packed { start, len, coding, .. } = &self.packed;
        let why = format!("there is no memory for the {} bytes of the {}", self.len, coding.what);
        ReadError::memory(*start, *len, why)
    }

    /// Moves the stream to `offset` and fills `buf` from there.
    fn stream(&self, offset: u64, buf: &mut [u8]) -> Result<(), ReadError> {
        let mut stream = self.stream.lock().unwrap_or_else(PoisonError::into_inner);
        // Where memory has no room the stream goes on, and this is not tried again.
        let is_scattered = stream.is_scattered(offset, buf.len() as u64);
        if is_scattered && self.may_hold && self.inflated().is_ok() {
            self.is_streamed.store(false, Ordering::Relaxed);
            stream.cursor = None;
        }
        if !self.is_streamed.load(Ordering::Relaxed) {
            drop(stream);
            return self.copy(offset, buf);
        }
        // Taken out and put back only after success: a stream that failed is started again.
        let mut cursor = match stream.cursor.take() {
            Some(cursor) if cursor.position <= offset => cursor,
            _ => Cursor { opened: self.packed.open(), position: 0, crc: Crc::new() },
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

    /// Copies a range inside `len` out of what is inflated whole.
    fn copy(&self, offset: u64, buf: &mut [u8]) -> Result<(), ReadError> {
        let bytes = self.inflated()?;
        // Fits: the range lies inside `len`, and this many bytes came out.
        buf.copy_from_slice(&bytes[offset as usize..][..buf.len()]);
        Ok(())
    }

    fn pull(&self, cursor: &mut Cursor, buf: &mut [u8]) -> Result<(), ReadError> {
        if buf.is_empty() {
            return Ok(());
        }
        let mut filled = 0;
        while filled < buf.len() {
            match cursor.opened.decoder.read(&mut buf[filled..]) {
                Ok(0) => {
                    let found = cursor.position + filled as u64;
                    return self.check_end(cursor.opened.byte(), found, &cursor.crc);
                }
                Ok(count) => filled += count,
                Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
                Err(error) => {
                    let found = cursor.position + filled as u64;
                    return Err(self.stopped(cursor.opened.byte(), found, &error));
                }
            }
        }
        cursor.crc.update(buf);
        cursor.position += buf.len() as u64;
        if cursor.position == self.len {
            let more = cursor.opened.decoder.read(&mut [0]);
            let byte = cursor.opened.byte();
            let more = more.map_err(|error| self.stopped(byte, self.len, &error))?;
            self.check_end(byte, self.len + more as u64, &cursor.crc)?;
        }
        Ok(())
    }
}

impl Bytes for Inflate {
    fn len(&self) -> u64 {
        self.len
    }

    /// None: what is inflated may have to make room for others.
    fn slice(&self, _range: Range<u64>) -> Option<&[u8]> {
        None
    }

    fn read_at(&self, offset: u64, buf: &mut [u8]) -> Result<(), ReadError> {
        let len = buf.len() as u64;
        range_end(offset, len, self.len)?;
        match self.is_streamed.load(Ordering::Relaxed) {
            true => self.stream(offset, buf),
            false => self.copy(offset, buf),
        }
    }

    fn is_sequential(&self) -> bool {
        self.is_streamed.load(Ordering::Relaxed)
    }

    fn will_jump(&self) {
        // Where there is no room, or it is damaged, the stream says so when it gets there.
        if self.is_sequential() && self.may_hold && self.inflated().is_ok() {
            self.is_streamed.store(false, Ordering::Relaxed);
        }
    }
}

/// The first bytes, at most `want`, of packed data, without unpacking the rest. Fewer come back
/// where the data ends or is cut.
///
/// # Errors
/// Returns an error if the data is damaged before any byte came out.
pub(crate) fn head(
    coding: &'static Coding,
    data: &Arc<dyn Bytes>,
    (start, len): (u64, u64),
    want: u64,
    limits: &Limits,
) -> Result<Vec<u8>, ReadError> {
    let window = limits.held_bytes;
    let cancel = limits.cancel;
    let packed = Packed { data: data.clone(), start, len, coding, crc: None, window, cancel };
    let mut bytes = Vec::new();
    let mut opened = packed.open();
    match opened.decoder.by_ref().take(want).read_to_end(&mut bytes) {
        Err(error) if bytes.is_empty() => {
            let why = format!("the {} is damaged: {}", coding.what, packed_fault(&error));
            let byte = opened.byte();
            let left = start.saturating_add(len).saturating_sub(byte);
            Err(ReadError::new(fault_kind(&error), byte, left, why))
        }
        _ => Ok(bytes),
    }
}

#[cfg(test)]
mod tests;
