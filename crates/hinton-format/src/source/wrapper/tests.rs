//! Wrapped data: its length, and its bytes in memory and as a stream.

use super::*;
use flate2::Compression;
use flate2::write::GzEncoder;
use hinton_tensor::Memory;
use std::io::Write;
use std::ops::Range;
use std::sync::atomic::{AtomicBool, Ordering};

fn gzipped(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

#[test]
fn gzip_is_measured_and_read() {
    let gzip = &gzip::ROW;
    let text: Vec<u8> = (0..100_000u32).flat_map(|n| n.wrapping_mul(n).to_le_bytes()).collect();
    let mut file = gzipped(&text[..1_000]);
    file.extend(gzipped(&text[1_000..]));
    for limits in [Limits::default(), Limits { inflate_bytes: 1000, ..Limits::default() }] {
        let data: Arc<dyn Bytes> = Arc::new(Memory::new(file.clone()));
        assert_eq!(gzip.head(&data, 7, &limits).unwrap(), text[..7]);
        let whole = gzip.open(&data, &limits).unwrap();
        assert_eq!(read_head(&*whole, u64::MAX).unwrap(), text);
    }
    for cut in [5, 15, file.len() / 2, file.len() - 1] {
        let data: Arc<dyn Bytes> = Arc::new(Memory::new(file[..cut].to_vec()));
        assert!(gzip.open(&data, &Limits::default()).is_err(), "cut at {cut}");
        assert!(
            gzip.open(&data, &Limits { inflate_bytes: 1000, ..Limits::default() }).is_err(),
            "cut at {cut}, streamed"
        );
    }
    let at = file.len() - 5;
    file[at] ^= 1;
    let data: Arc<dyn Bytes> = Arc::new(Memory::new(file));
    assert!(gzip.open(&data, &Limits::default()).is_err());
}

/// Packed data during whose reading someone cancels.
struct Cancelling(Memory, &'static AtomicBool);

impl Bytes for Cancelling {
    fn len(&self) -> u64 {
        self.0.len()
    }

    fn slice(&self, _range: Range<u64>) -> Option<&[u8]> {
        None
    }

    fn read_at(&self, offset: u64, buf: &mut [u8]) -> Result<(), ReadError> {
        // The header and the first block are read before.
        if offset > 50_000 {
            self.1.store(true, Ordering::Relaxed);
        }
        self.0.read_at(offset, buf)
    }
}

#[test]
fn unpacking_stops_when_it_is_cancelled_and_goes_on_afterwards() {
    static STOP: AtomicBool = AtomicBool::new(false);
    let zeros = vec![0u8; 64 << 20];
    let file = gzipped(&zeros);
    assert!(file.len() > 200_000, "{}", file.len());
    let limits = |inflate_bytes: u64| Limits {
        inflate_bytes,
        cancel: crate::Cancel::when(&STOP),
        ..Limits::default()
    };
    // While it is opened, to be kept or only counted.
    for inflate_bytes in [1000, 128 << 20] {
        STOP.store(false, Ordering::Relaxed);
        let data: Arc<dyn Bytes> = Arc::new(Cancelling(Memory::new(file.clone()), &STOP));
        let Err(error) = gzip::ROW.open(&data, &limits(inflate_bytes)) else {
            panic!("it was opened, and cancelled meanwhile");
        };
        assert_eq!(error.read_kind(), ReadErrorKind::Cancelled, "{error}");
    }
    // While values are read, far from the beginning.
    STOP.store(false, Ordering::Relaxed);
    let data: Arc<dyn Bytes> = Arc::new(Memory::new(file));
    let whole = gzip::ROW.open(&data, &limits(1000)).unwrap();
    STOP.store(true, Ordering::Relaxed);
    let error = whole.read_at(60 << 20, &mut [1; 10]).unwrap_err();
    assert_eq!(error.kind, ReadErrorKind::Cancelled);
    STOP.store(false, Ordering::Relaxed);
    let mut last = [1; 10];
    whole.read_at(60 << 20, &mut last).unwrap();
    assert_eq!(last, [0; 10]);
}

#[test]
fn names_lose_one_wrapper() {
    assert_eq!(unwrapped_name("w.npy.gz"), "w.npy");
    assert_eq!(unwrapped_name("w.tar.ZST"), "w.tar");
    assert_eq!(unwrapped_name("w.npy"), "w.npy");
    assert_eq!(names(), "gzip, zstd, xz, zlib, bzip2 and lz4");
}
