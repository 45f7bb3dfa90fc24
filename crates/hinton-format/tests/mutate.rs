//! Changed files of the formats without a compressed layer, for as long as one likes, by hand:
//! `MUTATE_SECONDS=600 cargo test -p hinton-format --test it mutate -- --ignored --nocapture`.
//! A few rounds run with the other tests.

use crate::common;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use hinton_format::container::table::{self, Entry};
use hinton_format::formats::open_as;
use hinton_format::{FORMATS, FormatRow, Input, Limits};
use hinton_tensor::Memory;

/// The rows whose fixtures are changed.
const ROWS: [&str; 8] =
    ["onnx", "tfcheckpoint", "tfgraph", "tflite", "coreml", "caffe", "dcp", "ggjt"];

/// xorshift64* (Vigna 2016): the same changes in every run.
struct Numbers(u64);

impl Numbers {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d)
    }

    fn below(&mut self, most: usize) -> usize {
        (self.next() % most.max(1) as u64) as usize
    }
}

/// One to four changes: a bit, a byte, a run set to something extreme, bytes put in, out, or moved.
fn changed(bytes: &[u8], numbers: &mut Numbers) -> Vec<u8> {
    let mut out = bytes.to_vec();
    for _ in 0..=numbers.below(4) {
        let at = numbers.below(out.len());
        let len = (1 + numbers.below(8)).min(out.len() - at);
        match numbers.below(7) {
            0 if !out.is_empty() => out[at] ^= 1 << numbers.below(8),
            1 if !out.is_empty() => out[at] = numbers.next() as u8,
            2 => out[at..at + len].fill(0xff),
            3 => out[at..at + len].fill(0),
            4 => drop(out.drain(at..at + len)),
            5 => {
                let from = numbers.below(out.len() - len + 1);
                let piece = out[from..from + len].to_vec();
                out.splice(at..at, piece);
            }
            _ => {
                let huge = [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f];
                out.splice(at..at, huge[numbers.below(huge.len())..].iter().copied());
            }
        }
    }
    out
}

/// Tight bounds: no file of a few kilobytes may cost more.
fn limits() -> Limits {
    let mut limits = Limits::default();
    limits.header_bytes = 1 << 20;
    limits.held_bytes = 1 << 20;
    limits.fields = 1 << 18;
    limits
}

/// Opens the bytes as the row says, and reads what is not too large; whether it opened.
fn read(row: &FormatRow, path: &Path, bytes: Vec<u8>) -> bool {
    let data = Arc::new(Memory::new(bytes));
    let input = Input { name: path.display().to_string(), path: Some(path.into()), data };
    let Ok(checkpoint) = open_as(row, &input, &limits()) else { return false };
    common::read_values(&checkpoint);
    true
}

/// A table of one block, with its checksums, so that changes reach what is behind them.
fn rebuilt(entries: &[(Vec<u8>, Vec<u8>)]) -> Vec<u8> {
    let varint = |mut value: usize| {
        let mut out = Vec::new();
        while value > 0x7f {
            out.push(value as u8 | 0x80);
            value >>= 7;
        }
        out.push(value as u8);
        out
    };
    let block = |entries: &[(Vec<u8>, Vec<u8>)]| {
        let mut out = Vec::new();
        for (key, value) in entries {
            out.extend([vec![0], varint(key.len()), varint(value.len())].concat());
            out.extend([&key[..], value].concat());
        }
        out.extend([0, 0, 0, 0, 1, 0, 0, 0]);
        out
    };
    let mut file = Vec::new();
    let mut add = |content: Vec<u8>| {
        let handle = [varint(file.len()), varint(content.len())].concat();
        file.extend(content);
        file.push(0);
        handle
    };
    // The checksum is of the content and the byte behind it.
    let sum = |bytes: &[u8]| {
        let mut crc = !0u32;
        for byte in bytes {
            crc ^= u32::from(*byte);
            for _ in 0..8 {
                crc = if crc & 1 == 1 { crc >> 1 ^ 0x82f6_3b78 } else { crc >> 1 };
            }
        }
        (!crc).rotate_right(15).wrapping_add(0xa282_ead8).to_le_bytes()
    };
    let content = block(entries);
    let size = content.len();
    let data = add(content);
    file.extend(sum(&file[..=size]));
    let start = file.len();
    let content = block(&[(b"\xff".to_vec(), data)]);
    let index = [varint(start), varint(content.len())].concat();
    file.extend(content);
    file.push(0);
    let sum = sum(&file[start..]);
    file.extend(sum);
    let mut footer = [vec![0, 0], index].concat();
    footer.resize(40, 0);
    file.extend(footer);
    file.extend(0xdb47_7524_8b80_fb57_u64.to_le_bytes());
    file
}

/// The bytes changed: of a table, now and then its entries instead.
fn next(row: &FormatRow, bytes: &[u8], entries: &[Entry], numbers: &mut Numbers) -> Vec<u8> {
    if row.name != "tfcheckpoint" || entries.is_empty() || numbers.below(8) == 0 {
        return changed(bytes, numbers);
    }
    let mut own: Vec<(Vec<u8>, Vec<u8>)> =
        entries.iter().map(|entry| (entry.key.clone(), entry.value.clone())).collect();
    let at = numbers.below(own.len());
    match numbers.below(8) {
        0 => own[at].0 = changed(&own[at].0, numbers),
        1 => drop(own.remove(at)),
        _ => own[at].1 = changed(&own[at].1, numbers),
    }
    rebuilt(&own)
}

fn run(for_seconds: Option<u64>) {
    let mut numbers = Numbers(0x9e37_79b9_7f4a_7c15);
    for name in ROWS {
        let row = FORMATS.iter().find(|row| row.name == name).unwrap();
        let mut folders = vec![common::fixtures().join(name)];
        let below = ["external", "saved", "training", "dtypes"];
        folders.extend(below.map(|folder| folders[0].join(folder)));
        let files = folders
            .iter()
            .filter(|folder| folder.is_dir())
            .flat_map(|folder| common::files(folder));
        let corpus: Vec<(PathBuf, Vec<u8>, Vec<Entry>)> = files
            .map(|path| {
                let bytes = std::fs::read(&path).unwrap();
                let entries = table::read(&Memory::new(bytes.as_slice()), &limits());
                (path, bytes, entries.unwrap_or_default())
            })
            .filter(|(path, ..)| {
                let file = path.file_name().unwrap().to_string_lossy();
                // Data beside a model.
                let beside = file.ends_with(".bin") && name != "ggjt";
                !file.contains(".data-") && !file.ends_with(".json") && !beside
            })
            .collect();
        let (mut tried, mut opened, start) = (0u64, 0u64, Instant::now());
        let more = |tried: u64| match for_seconds {
            Some(seconds) => start.elapsed() < Duration::from_secs(seconds),
            None => tried < 2_000,
        };
        while more(tried) {
            let (path, bytes, entries) = &corpus[numbers.below(corpus.len())];
            let bytes = next(row, bytes, entries, &mut numbers);
            opened += u64::from(read(row, path, bytes));
            tried += 1;
        }
        println!("{name}: {tried} changed files, {opened} opened, {:?}", start.elapsed());
        // Both what opens and what is refused is looked at, in whatever format.
        let refused = tried - opened;
        assert!(opened > tried / 50 && refused > tried / 50, "{name}: {opened} of {tried} opened");
    }
}

#[test]
fn changed_files_never_panic() {
    run(None);
}

#[test]
#[ignore = "as long as MUTATE_SECONDS says, for each format; run by hand"]
fn changed_files_never_panic_for_long() {
    let seconds = std::env::var("MUTATE_SECONDS").ok().and_then(|text| text.parse().ok());
    run(Some(seconds.unwrap_or(60)));
}
