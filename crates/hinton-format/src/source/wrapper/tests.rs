//! Wrapped data: its length, and its bytes in memory and as a stream.

use super::*;
use flate2::Compression;
use flate2::write::GzEncoder;
use hinton_tensor::Memory;
use std::io::Write;

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

#[test]
fn names_lose_one_wrapper() {
    assert_eq!(unwrapped_name("w.npy.gz"), "w.npy");
    assert_eq!(unwrapped_name("w.tar.ZST"), "w.tar");
    assert_eq!(unwrapped_name("w.npy"), "w.npy");
    assert_eq!(names(), "gzip, zstd, xz, zlib, bzip2 and lz4");
}
