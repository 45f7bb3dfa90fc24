//! Wrapped files: every way of packing gives what the plain file gives, and damage is told.

use crate::common;

use std::io::Write;
use std::sync::Arc;

use common::{files, fixtures, read_all};
use hinton_format::{ErrorKind, Input, Limits, open, open_input};
use hinton_tensor::Memory;
use hinton_testing::Outcomes;

/// Limits under which everything packed is a stream.
fn streaming() -> Limits {
    let mut limits = Limits::default();
    limits.inflate_bytes = 64;
    limits
}

fn limits() -> [Limits; 2] {
    [Limits::default(), streaming()]
}

fn packed(name: &str) -> Vec<u8> {
    std::fs::read(fixtures().join("packed").join(name)).unwrap()
}

fn fails(name: &str, bytes: &[u8], limits: &Limits) -> hinton_format::Error {
    let input = Input { name: name.to_owned(), path: None, data: Arc::new(Memory::new(bytes)) };
    open_input(&input, limits).expect_err(name)
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut packer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    packer.write_all(bytes).unwrap();
    packer.finish().unwrap()
}

fn zstd(bytes: &[u8]) -> Vec<u8> {
    ruzstd::encoding::compress_to_vec(bytes, ruzstd::encoding::CompressionLevel::Fastest)
}

fn xz(bytes: &[u8]) -> Vec<u8> {
    let options = lzma_rust2::XzOptions::with_preset(0);
    let mut packer = lzma_rust2::XzWriter::new(Vec::new(), options).unwrap();
    packer.write_all(bytes).unwrap();
    packer.finish().unwrap()
}

type Pack = fn(&[u8]) -> Vec<u8>;
const PACKERS: [(&str, Pack); 3] = [("gz", gzip), ("zst", zstd), ("xz", xz)];

#[test]
fn every_way_of_packing_gives_the_plain_tensors() {
    let plain = read_all("plain.safetensors", &packed("plain.safetensors"), &Limits::default());
    let plain = plain.unwrap();
    assert_eq!(plain.len(), 2);
    for path in files(&fixtures().join("packed")) {
        for limits in limits() {
            let checkpoint = open(&path, &limits).unwrap_or_else(|error| panic!("{error}"));
            assert_eq!(checkpoint.format, "safetensors");
            assert_eq!(common::metadata(&checkpoint, "made"), Some("by make.py"));
            let found = read_all("x.safetensors", &std::fs::read(&path).unwrap(), &limits);
            assert_eq!(found.unwrap(), plain, "{}", path.display());
        }
    }
}

#[test]
fn every_fixture_wrapped_in_each_wrapper_gives_the_same() {
    let mut count = 0;
    for folder in std::fs::read_dir(fixtures()).unwrap() {
        let folder = folder.unwrap().path();
        if !folder.is_dir() || ["tar", "packed"].iter().any(|name| folder.ends_with(name)) {
            continue;
        }
        for path in files(&folder) {
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            let bytes = std::fs::read(&path).unwrap();
            let is_wrapped = bytes.starts_with(b"\x1f\x8b");
            let Ok(plain) = read_all(&name, &bytes, &Limits::default()) else { continue };
            if is_wrapped {
                continue;
            }
            count += 1;
            for (extension, pack) in PACKERS {
                let name = format!("{name}.{extension}");
                let found = read_all(&name, &pack(&bytes), &Limits::default());
                assert_eq!(found.as_ref(), Ok(&plain), "{name}");
            }
        }
    }
    assert!(count > 60, "{count}");
}

#[test]
fn one_larger_than_may_be_held_is_streamed() {
    let values: Vec<f32> = (0..100_000u32).map(|number| (number % 1001) as f32).collect();
    let mut npy = b"\x93NUMPY\x01\x00\x76\x00".to_vec();
    npy.extend(b"{'descr': '<f4', 'fortran_order': False, 'shape': (1000, 100), }");
    npy.resize(127, b' ');
    npy.push(b'\n');
    npy.extend(values.iter().flat_map(|value| value.to_le_bytes()));
    let mut limits = streaming();
    // Windows are smaller than what is unpacked.
    limits.held_bytes = 300_000;
    for name in ["raw.npy.zst", "raw.npy.xz", "raw.npy.gz"] {
        let packed = match name.rsplit('.').next() {
            Some("zst") => zstd_frames(&npy),
            Some("xz") => lzma2_of_4096(&npy),
            _ => gzip(&npy),
        };
        assert!(packed.len() < npy.len());
        let data = Arc::new(Memory::new(packed));
        let input = Input { name: name.to_owned(), path: None, data };
        let checkpoint = open_input(&input, &limits).unwrap();
        let tensor = &checkpoint.tensors[0];
        assert_eq!(tensor.name(), "raw");
        for _ in 0..6 {
            let found = tensor.to_f64().unwrap();
            assert!(found.iter().zip(&values).all(|(found, value)| *found == f64::from(*value)));
        }
    }
}

/// Frames of 100,000 bytes.
fn zstd_frames(bytes: &[u8]) -> Vec<u8> {
    bytes.chunks(100_000).flat_map(zstd).collect()
}

/// With a dictionary of 64 KiB.
fn lzma2_of_4096(bytes: &[u8]) -> Vec<u8> {
    let mut options = lzma_rust2::XzOptions::with_preset(0);
    options.lzma_options.dict_size = 1 << 16;
    let mut packer = lzma_rust2::XzWriter::new(Vec::new(), options).unwrap();
    packer.write_all(bytes).unwrap();
    packer.finish().unwrap()
}

/// All that opening and reading may do with hostile bytes: fail.
fn try_all(name: &str, bytes: &[u8]) -> Vec<Result<Vec<common::Values>, String>> {
    limits().iter().map(|limits| read_all(name, bytes, limits)).collect()
}

#[test]
fn cut_at_every_length_is_an_error() {
    for name in ["one.safetensors.gz", "one.safetensors.zst", "one.safetensors.xz"] {
        let whole = packed(name);
        for cut in 0..whole.len() {
            for found in try_all(name, &whole[..cut]) {
                assert!(found.is_err(), "{name} cut at {cut}");
            }
        }
    }
    // Cut between two frames or streams, what remains is whole.
    for name in ["frames.safetensors.zst", "sized_frames.safetensors.zst", "streams.safetensors.xz"]
    {
        let whole = packed(name);
        let plain = read_all(name, &whole, &Limits::default()).unwrap();
        for cut in 0..whole.len() {
            for found in try_all(name, &whole[..cut]) {
                assert!(found.is_err() || found.as_ref() == Ok(&plain), "{name} cut at {cut}");
            }
        }
    }
}

#[test]
fn flipped_bits_are_found_by_the_checksums() {
    for path in files(&fixtures().join("packed")) {
        let name = path.file_name().unwrap().to_str().unwrap();
        if name.starts_with("plain") || name.starts_with("unchecked") {
            continue;
        }
        let mut bytes = std::fs::read(&path).unwrap();
        let plain = read_all(name, &bytes, &Limits::default()).unwrap();
        for at in 0..bytes.len() {
            for bit in [0, 3, 7] {
                bytes[at] ^= 1 << bit;
                let [found, streamed] = limits().map(|limits| read_all(name, &bytes, &limits));
                // Names, time stamps and what is skipped may be anything.
                let same = found.is_err() || found.as_ref() == Ok(&plain);
                assert!(same, "{name}, byte {at}, bit {bit}: {found:?}");
                // A stream is checked when its end is read, which a damaged header may keep it from.
                drop(streamed);
                bytes[at] ^= 1 << bit;
            }
        }
    }
}

#[test]
fn damage_names_the_byte_and_the_cure() {
    let error = fails("w.npy.zst", &packed("one.safetensors.zst")[..100], &Limits::default());
    assert_eq!(error.kind(), ErrorKind::Malformed);
    assert!(
        error.byte().is_some() && error.message().contains("continues past its end"),
        "{error}"
    );
    assert!(error.cure_text().unwrap().contains("again"));
    let error = fails("w.npy.xz", &packed("one.safetensors.xz")[..100], &Limits::default());
    assert_eq!(error.byte(), Some(100));
    assert!(error.message().contains("index at the end"), "{error}");
    let gzip = packed("one.safetensors.gz");
    let error = fails("w.npy.gz", &gzip[..gzip.len() - 4], &Limits::default());
    assert_eq!(error.byte(), Some(gzip.len() as u64 - 4));
    assert!(error.message().contains("damaged after 5"), "{error}");
    let mut bad = packed("one.safetensors.zst");
    *bad.last_mut().unwrap() ^= 1;
    let error = read_all("w.safetensors.zst", &bad, &Limits::default()).unwrap_err();
    assert!(error.contains("checksum of its frame"), "{error}");
    let mut behind = packed("one.safetensors.zst");
    let end = behind.len() as u64;
    behind.extend(b"more of it");
    let error = fails("w.safetensors.zst", &behind, &Limits::default());
    assert_eq!(error.byte(), Some(end));
    assert!(error.message().contains("expected a frame"), "{error}");
}

#[test]
fn bombs_are_refused() {
    // A frame that promises a terabyte, in one block of one repeated byte.
    let mut frame = b"\x28\xb5\x2f\xfd\xc0\x58".to_vec();
    frame.extend((1u64 << 40).to_le_bytes());
    frame.extend([0x03, 0x00, 0x10, 0x00]);
    let error = fails("w.safetensors.zst", &frame, &Limits::default());
    assert!(error.message().contains("32768 to 1"), "{error}");
    // A window of a terabyte.
    frame[5] = 30 << 3;
    let error = fails("w.safetensors.zst", &frame, &Limits::default());
    assert!(error.message().contains("indow"), "{error}");
    // Zeros: what comes out is small only where it is read as a stream.
    let zeros = vec![0; 40 << 20];
    let mut limits = Limits::default();
    limits.inflate_bytes = 1 << 20;
    limits.held_bytes = 4 << 20;
    for (extension, pack) in PACKERS {
        let bytes = pack(&zeros);
        assert!(bytes.len() < 2 << 20, "{extension}");
        let error = fails(&format!("w.{extension}"), &bytes, &limits);
        assert!(matches!(error.kind(), ErrorKind::Unrecognised), "{error}");
    }
    // The dictionary of one.safetensors.xz has 8 MiB.
    limits.held_bytes = 1 << 20;
    let error = read_all("w.safetensors.xz", &packed("one.safetensors.xz"), &limits).unwrap_err();
    assert!(error.contains("dictionary does not fit in the limit"), "{error}");
}

#[test]
fn layers_and_other_packers_are_refused() {
    let plain = packed("plain.safetensors");
    for (outer, pack) in PACKERS {
        for (inner, pack_inner) in PACKERS {
            let error = fails(
                &format!("w.{inner}.{outer}"),
                &pack(&pack_inner(&plain)),
                &Limits::default(),
            );
            assert!(error.message().contains("one layer is looked through"), "{error}");
        }
    }
    let error = fails("w.7z", b"7z\xbc\xaf\x27\x1c\x00\x04", &Limits::default());
    assert!(error.message().contains("it reads gzip, zstd, xz, zlib, bzip2 and lz4"), "{error}");
}

/// Numbers of a xorshift generator.
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, most: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % most.max(1) as u64) as usize
    }
}

/// The decoders are other people's. Their checksums let few changes through to what is behind
/// them, so files without checksums are changed most.
#[test]
fn changed_data_never_panics() {
    let seconds = std::env::var("MUTATE_SECONDS").ok().and_then(|text| text.parse().ok());
    let end = std::time::Instant::now() + std::time::Duration::from_secs(seconds.unwrap_or(2));
    let mut limits = streaming();
    limits.held_bytes = 1 << 20;
    let mut numbers = Numbers(0x9e37_79b9_7f4a_7c15);
    let (mut rounds, outcomes) = (0, Outcomes::default());
    while rounds < 300 || std::time::Instant::now() < end {
        for path in files(&fixtures().join("packed")) {
            let name = path.file_name().unwrap().to_str().unwrap();
            let mut bytes = std::fs::read(&path).unwrap();
            for _ in 0..=numbers.below(4) {
                let at = numbers.below(bytes.len());
                match numbers.below(4) {
                    0 => bytes[at] ^= 1 << numbers.below(8),
                    1 => bytes[at] = numbers.below(256) as u8,
                    2 => drop(bytes.drain(at..(at + 1 + numbers.below(4)).min(bytes.len()))),
                    _ => bytes.insert(at, numbers.below(256) as u8),
                }
            }
            outcomes.count(read_all(name, &bytes, &Limits::default()).is_ok());
            outcomes.count(read_all(name, &bytes, &limits).is_ok());
        }
        rounds += 1;
    }
    outcomes.at_least(300, 10_000);
}
