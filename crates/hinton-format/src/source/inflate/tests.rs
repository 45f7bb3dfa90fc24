//! Bytes that inflate, in memory and as a stream.

use super::*;
use crate::source::coding::DEFLATE;
use flate2::Compression;
use flate2::write::DeflateEncoder;
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
            Inflate::new(&DEFLATE, packed.clone(), (0, packed.len()), len, Some(crc), &limits)
                .unwrap();
        assert_eq!(inflate.is_sequential(), limits.inflate_bytes == 1000);
        for offset in [0, 70_000, 399_000, 5, 399_990, 0] {
            let mut buf = [0; 10];
            inflate.read_at(offset, &mut buf).unwrap();
            assert_eq!(buf, text[offset as usize..][..10]);
        }
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
fn a_stream_of_which_columns_are_read_is_held_at_once() {
    let text = text();
    let (packed, crc) = deflated(&text);
    let whole = crate::source::read_head(&*packed, u64::MAX).unwrap();
    let len = text.len() as u64;
    // Columns of 10 bytes of rows of 1000, and all in order in pieces of 500.
    for (step, taken, most, is_held) in [(1000, 10, 4, true), (500, 500, 1, false)] {
        let counted = Arc::new(Counted(Memory::new(whole.clone()), AtomicU64::new(0)));
        let data: Arc<dyn Bytes> = counted.clone();
        let inflate =
            Inflate::new(&DEFLATE, data, (0, packed.len()), len, Some(crc), &streaming()).unwrap();
        for column in 0..if is_held { 20 } else { 1 } {
            for row in 0..len / step {
                let mut buf = vec![0; taken];
                let offset = row * step + column * taken as u64;
                inflate.read_at(offset, &mut buf).unwrap();
                assert_eq!(buf, text[offset as usize..][..taken]);
            }
        }
        assert_eq!(inflate.is_sequential(), !is_held);
        let read = counted.1.load(Ordering::Relaxed);
        assert!(read <= most * packed.len() / 2 + packed.len(), "{read} of {}", packed.len());
    }
}

#[test]
fn a_stream_that_goes_back_again_and_again_is_held() {
    let text = text();
    let (packed, crc) = deflated(&text);
    let whole = crate::source::read_head(&*packed, u64::MAX).unwrap();
    let len = text.len() as u64;
    for held_bytes in [len, len - 1] {
        let counted = Arc::new(Counted(Memory::new(whole.clone()), AtomicU64::new(0)));
        let limits = Limits { held_bytes, ..streaming() };
        let data: Arc<dyn Bytes> = counted.clone();
        let inflate =
            Inflate::new(&DEFLATE, data, (0, packed.len()), len, Some(crc), &limits).unwrap();
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
        assert!(inflate.kept.get().is_none());
        (0..20).for_each(|_| pass());
        let held = held_bytes == len;
        assert_eq!(inflate.is_sequential(), !held);
        assert_eq!(
            inflate.kept.get().map(|bytes| bytes[4..8].to_vec()),
            held.then(|| text[4..8].to_vec())
        );
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
                Inflate::new(&DEFLATE, packed.clone(), (0, packed_len), len, Some(crc), &limits)
                    .unwrap();
            inflate.read_at(len - 1, &mut [0]).map_err(|error| error.why)
        };
        assert_eq!(read_last(len, crc, packed.len()), Ok(()));
        assert!(read_last(len - 1, crc, packed.len()).unwrap_err().contains("is longer than"));
        assert!(read_last(len + 1, crc, packed.len()).unwrap_err().contains("ends there"));
        assert!(read_last(len, crc ^ 1, packed.len()).unwrap_err().contains("CRC-32"));
        assert!(read_last(len, crc, packed.len() - 100).is_err());
    }
    let bomb = Inflate::new(&DEFLATE, packed, (0, 100), 1 << 40, Some(crc), &Limits::default());
    assert!(bomb.err().unwrap().why.contains("1032"));
}
