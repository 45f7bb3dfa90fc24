//! A long run of changed GGUF, rwkv.cpp and quantised safetensors files, by hand:
//! `HINTON_FUZZ_SECONDS=600 cargo test -p hinton-format --test it block_fuzz -- --ignored --nocapture`.

use crate::common;
use crate::python_support;

use std::time::{Duration, Instant};

use hinton_format::Limits;
use python_support::{Numbers, open_with, read_all};

/// Numbers that sizes and offsets are likely to be wrong about.
const SIZES: [u64; 12] =
    [0, 1, 2, 31, 255, 1 << 31, u32::MAX as u64, 1 << 32, 1 << 60, 1 << 62, 1 << 63, u64::MAX];

fn change(bytes: &mut Vec<u8>, numbers: &mut Numbers) {
    for _ in 0..=numbers.below(4) {
        // Heads decide more than data.
        let reach = if numbers.below(4) > 0 { bytes.len().min(700) } else { bytes.len() };
        let at = numbers.below(reach);
        match numbers.below(7) {
            0 => bytes[at] = numbers.next() as u8,
            1 => bytes[at] ^= 1 << numbers.below(8),
            2 if numbers.below(4) == 0 => bytes.truncate(at.max(1)),
            2 | 3 => {
                let size = SIZES[numbers.below(SIZES.len())];
                let width = if numbers.below(2) == 0 { 4 } else { 8 };
                let mut size = size.to_le_bytes();
                if numbers.below(4) == 0 {
                    size.reverse();
                }
                let end = (at + width).min(bytes.len());
                bytes[at..end].copy_from_slice(&size[..end - at]);
            }
            4 => {
                let end = (at + numbers.below(16)).min(bytes.len());
                bytes.drain(at..end);
            }
            5 => {
                let digit = bytes[at..].iter().position(u8::is_ascii_digit);
                if let Some(digit) = digit {
                    bytes[at + digit] = b'0' + numbers.below(10) as u8;
                }
            }
            _ => {
                let end = (at + numbers.below(64)).min(bytes.len());
                let part = bytes[at..end].to_vec();
                let to = numbers.below(bytes.len());
                bytes.splice(to..to, part);
            }
        }
        if bytes.is_empty() {
            bytes.push(b'G');
        }
    }
}

fn corpus(folder: &str) -> Vec<(String, Vec<u8>)> {
    let files = common::files(&common::fixtures().join(folder)).into_iter();
    files.map(|path| (path.display().to_string(), std::fs::read(path).unwrap())).collect()
}

#[test]
#[ignore = "minutes of work, run by hand"]
fn changed_files_never_panic_and_always_end() {
    let seconds = std::env::var("HINTON_FUZZ_SECONDS").ok();
    let seconds = Duration::from_secs(seconds.and_then(|s| s.parse().ok()).unwrap_or(60));
    let seed = std::env::var("HINTON_FUZZ_SEED").ok().and_then(|s| s.parse().ok()).unwrap_or(6);
    for folder in ["gguf", "ggml", "quantised"] {
        let corpus = corpus(folder);
        let mut numbers = Numbers(seed);
        let (mut rounds, mut opened, mut values, mut slowest) = (0u64, 0u64, 0u64, Duration::ZERO);
        let start = Instant::now();
        while start.elapsed() < seconds / 3 {
            let (name, bytes) = &corpus[numbers.below(corpus.len())];
            let mut bytes = bytes.clone();
            change(&mut bytes, &mut numbers);
            let begun = Instant::now();
            let checkpoint = open_with(name, &bytes, &Limits::default());
            if let Ok(checkpoint) = &checkpoint {
                opened += 1;
                values += checkpoint.tensors.len() as u64;
            }
            read_all(checkpoint);
            slowest = slowest.max(begun.elapsed());
            rounds += 1;
        }
        println!(
            "{folder}: {rounds} files changed, {opened} opened with {values} tensors, slowest {slowest:?}"
        );
        assert!(slowest.as_secs() < 5);
    }
}
