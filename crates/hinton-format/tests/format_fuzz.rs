//! A long run of changed files of every format with fixtures, by hand: `cargo test --release -p
//! hinton-format --test it format_fuzz -- --ignored --nocapture`. `ROUNDS` and `FORMATS` (a list with
//! commas) in the environment say how long and of what.

use crate::common;
use crate::python_support;

use std::time::{Duration, Instant};

use hinton_format::formats::open_as;
use hinton_format::{FORMATS, Input, Limits};
use hinton_tensor::Memory;
use python_support::Numbers;

/// Numbers that break things where a length, an address or a count stands.
const NUMBERS: &[u64] = &[
    0,
    1,
    2,
    7,
    8,
    0x7f,
    0x80,
    0xff,
    0x100,
    0x7fff,
    0x8000,
    0xffff,
    0x7fff_ffff,
    0x8000_0000,
    0xffff_ffff,
    0x7fff_ffff_ffff_ffff,
    0x8000_0000_0000_0000,
    u64::MAX,
];

fn change(bytes: &mut Vec<u8>, others: &[(String, Vec<u8>)], numbers: &mut Numbers) {
    for _ in 0..=numbers.below(4) {
        let at = numbers.below(bytes.len());
        match numbers.below(8) {
            0 => bytes[at] = numbers.next() as u8,
            1 => bytes[at] ^= 1 << numbers.below(8),
            2 => bytes.truncate(at.max(1)),
            3 | 4 => {
                let number = NUMBERS[numbers.below(NUMBERS.len())];
                let width = 1 << numbers.below(4);
                let little = number.to_le_bytes();
                for (byte, value) in bytes[at..].iter_mut().zip(&little[..width]) {
                    *byte = *value;
                }
            }
            5 => {
                // An eight-byte number copied from elsewhere: an address that leads to another's.
                let from = numbers.below(bytes.len());
                let part: Vec<u8> = bytes[from..].iter().take(8).copied().collect();
                for (byte, value) in bytes[at..].iter_mut().zip(part) {
                    *byte = value;
                }
            }
            6 => {
                let end = (at + numbers.below(64)).min(bytes.len());
                let part = bytes[at..end].to_vec();
                let to = numbers.below(bytes.len());
                bytes.splice(to..to, part);
            }
            _ => {
                let (_, other) = &others[numbers.below(others.len())];
                let from = numbers.below(other.len());
                for (byte, value) in bytes[at..].iter_mut().zip(&other[from..]).take(64) {
                    *byte = *value;
                }
            }
        }
    }
}

#[test]
#[ignore = "minutes of work, run by hand"]
fn changed_files_never_panic_and_always_end() {
    let rounds = std::env::var("ROUNDS").ok().and_then(|text| text.parse().ok());
    let rounds: u64 = rounds.unwrap_or(1_000_000);
    let wanted = std::env::var("FORMATS").unwrap_or_default();
    let mut limits = Limits::default();
    limits.header_bytes = 1 << 20;
    limits.inflate_bytes = 1 << 16;
    limits.text_bytes = 1 << 20;
    limits.pickle_steps = 1 << 16;
    for row in FORMATS
        .iter()
        .filter(|row| wanted.is_empty() || wanted.split(',').any(|name| name == row.name))
    {
        let corpus: Vec<(String, Vec<u8>)> = common::files(&common::fixtures().join(row.name))
            .into_iter()
            .filter(|path| path.extension().is_none_or(|ending| ending != "json"))
            .map(|path| (path.display().to_string(), std::fs::read(path).unwrap()))
            .filter(|(_, bytes)| !bytes.is_empty())
            .collect();
        let mut numbers = Numbers(row.name.len() as u64);
        let (mut opened, mut read, mut slowest) = (0u64, 0u64, Duration::ZERO);
        for _ in 0..rounds {
            let (name, bytes) = &corpus[numbers.below(corpus.len())];
            let mut bytes = bytes.clone();
            change(&mut bytes, &corpus, &mut numbers);
            let start = Instant::now();
            let data = std::sync::Arc::new(Memory::new(bytes));
            let input = Input { name: name.clone(), path: None, data };
            let Ok(checkpoint) = open_as(row, &input, &limits) else { continue };
            opened += 1;
            for tensor in &checkpoint.tensors {
                if tensor.elements() <= 1 << 16
                    && let Ok(values) = tensor.to_f64()
                {
                    assert_eq!(values.len() as u64, tensor.elements());
                    read += 1;
                }
            }
            let took = start.elapsed();
            if took > slowest {
                slowest = took;
                println!("{name}: took {took:?}");
            }
        }
        println!(
            "{}: {rounds} files changed, {opened} opened, {read} tensors read, slowest {slowest:?}",
            row.name
        );
        assert!(slowest.as_secs() < 5);
    }
}
