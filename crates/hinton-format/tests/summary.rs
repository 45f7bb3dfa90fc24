//! Summaries: what they hold, and bytes that are none.

use std::sync::Arc;

use hinton_format::summary::{MAGIC, NO_VALUES, SummaryFile};
use hinton_format::{Checkpoint, Error, ErrorKind, Input, Limits, open, open_input};
use hinton_tensor::{Memory, Summary, Tensor, Work, summarize};
use hinton_testing::Outcomes;

use crate::common::fixtures;

fn fixture(name: &str) -> Vec<u8> {
    std::fs::read(fixtures().join("summary").join(name)).unwrap()
}

fn opened(bytes: Vec<u8>) -> Result<Checkpoint, Error> {
    let data = Arc::new(Memory::new(bytes));
    open_input(&Input { name: "x.hs".to_owned(), path: None, data }, &Limits::default())
}

fn checksum(bytes: &[u8]) -> u32 {
    // CRC-32 from its definition.
    !bytes.iter().fold(u32::MAX, |sum, &byte| {
        (0..8).fold(sum ^ u32::from(byte), |sum, _| {
            sum >> 1 ^ if sum & 1 == 1 { 0xEDB8_8320 } else { 0 }
        })
    })
}

/// The bytes with the checksum that they should have.
fn summed(mut bytes: Vec<u8>) -> Vec<u8> {
    let end = bytes.len() - 4;
    let sum = checksum(&bytes[..end]);
    bytes[end..].copy_from_slice(&sum.to_le_bytes());
    bytes
}

fn stats(tensor: &Tensor) -> Summary {
    summarize(tensor, Work::quiet()).unwrap()
}

#[test]
fn statistics_are_those_of_the_values_that_were_summarised() {
    let file = open(&fixtures().join("summary/whole.hs"), &Limits::default()).unwrap();
    assert!(file.warnings.is_empty());
    assert_eq!(file.metadata[0], ("summary of".to_owned(), "made.safetensors".to_owned()));
    let names: Vec<&str> = file.tensors.iter().map(Tensor::name).collect();
    assert_eq!(names, ["few", "bytes", "halves", "floats", "wide"]);
    let of = |shape: &[usize], value: &dyn Fn(usize) -> f32| {
        let values: Vec<f32> = (0..shape.iter().product()).map(value).collect();
        stats(&Tensor::from_f32("t", shape, &values).unwrap())
    };
    // As make.py has them.
    let few = [0.0, -1.5, 2.25, 2.25, f32::NAN, f32::INFINITY];
    assert_eq!(stats(&file.tensors[0]), of(&[2, 3], &|index| few[index]));
    let floats = of(&[300, 1000], &|index| (((index % 17) as f64 - 8.0) * 0.1) as f32);
    assert_eq!(stats(&file.tensors[3]), floats);
    let bytes = stats(&file.tensors[1]);
    assert_eq!((bytes.elements, bytes.min(), bytes.max()), (5000, Some(0.0), Some(12.0)));
    assert_eq!(stats(&file.tensors[2]).quantile(0.5), Some(1.015625));
    assert_eq!(stats(&file.tensors[4]).zeros, 1500);
    // Views of all values have them too, others do not.
    assert_eq!(stats(&file.tensors[3].transpose().unwrap()), floats);
    let part = file.tensors[3].slice(&"[0]".parse().unwrap()).unwrap();
    let error = summarize(&part, Work::quiet()).unwrap_err().to_string();
    assert!(
        error.contains(&format!("{NO_VALUES}: name the file that it is of, made.saf")),
        "{error}"
    );
    assert!(file.tensors[0].to_f32().is_err());
}

#[test]
fn a_part_says_what_it_knows() {
    let file = opened(fixture("part.hs")).unwrap();
    assert_eq!(
        file.warnings[0].message,
        "the summary knows 1 of 7 stripes of its tensors: statistics of 5 of 5 tensors are of a part of \
         their values"
    );
    assert_eq!(stats(&file.tensors[3]).elements, 131_072);
    assert_eq!(stats(&file.tensors[0]).elements, 0);
    let bytes = fixture("part.hs");
    let part = SummaryFile::decode(&bytes, &Limits::default(), None).unwrap();
    assert_eq!(part.encode(), bytes);
    assert_eq!(part.missing()[3], (3, vec![0..1, 2..3]));
}

#[test]
fn the_second_version_adds_checks_and_changes_no_statistics() {
    let read = |name: &str| SummaryFile::decode(&fixture(name), &Limits::default(), None).unwrap();
    let (plain, checks) = (read("part.hs"), read("checks.hs"));
    assert_eq!((fixture("part.hs")[8], fixture("checks.hs")[8]), (1, 2));
    assert_eq!(checks.encode(), fixture("checks.hs"));
    assert_eq!(plain.source, checks.source);
    for (number, part) in &checks.parts {
        let other = &plain.parts[number];
        assert_eq!((part.stripes(), part.summary()), (other.stripes(), other.summary()));
        let looked = part.looked().unwrap();
        // `floats` has no row of zeros, and one value in 17 is zero: in no column all are.
        let shape = &checks.source.tensors[*number].shape;
        assert_eq!(looked.first(shape), [None, None, None]);
        assert_eq!(looked.zero_rows().unwrap().count() + looked.zero_columns().unwrap().count(), 0);
    }
    assert!(!checks.parts.is_empty());
    // The first version with what the second adds is none.
    let mut bytes = fixture("checks.hs");
    bytes[8] = 1;
    let error = opened(summed(bytes)).unwrap_err().to_string();
    assert!(error.contains("bytes are left behind its record"), "{error}");
}

#[test]
fn cut_and_changed_files_are_errors() {
    for name in ["whole.hs", "part.hs", "checks.hs"] {
        let (bytes, outcomes) = (fixture(name), Outcomes::default());
        for len in 0..bytes.len() {
            assert!(SummaryFile::decode(&bytes[..len], &Limits::default(), None).is_err(), "{len}");
        }
        for at in 0..bytes.len() {
            for flip in [1, 0x80, 0xFF] {
                let mut changed = bytes.clone();
                changed[at] ^= flip;
                assert!(SummaryFile::decode(&changed, &Limits::default(), None).is_err(), "{at}");
                // With a right checksum they are an error, or a summary that says something else.
                let opened = opened(summed(changed));
                outcomes.count(opened.is_ok());
                if let Ok(file) = opened {
                    file.tensors.iter().for_each(|tensor| drop(stats(tensor)));
                }
            }
        }
        outcomes.at_least(300, 2000);
        let more = [&bytes[..bytes.len() - 4], &[0; 8]].concat();
        assert!(opened(summed(more)).is_err());
    }
}

#[test]
fn errors_say_what_was_expected() {
    let head = |text: &str| {
        let mut bytes = MAGIC.to_vec();
        bytes.extend(1u32.to_le_bytes());
        bytes.extend((text.len() as u32).to_le_bytes());
        bytes.extend(text.as_bytes());
        bytes.extend([0; 8]);
        summed(bytes)
    };
    let of = |tensor: &str| {
        head(&format!(
            r#"{{"path":"","format":"","stripe":131072,"sample":"","files":[{{"name":"f"}}],"tensors":[{tensor}]}}"#
        ))
    };
    let mut version = fixture("whole.hs");
    version[8] = 3;
    let mut long = fixture("whole.hs");
    long[12..16].fill(0xFF);
    let mut changed = fixture("whole.hs");
    changed[100] ^= 1;
    for (bytes, expected) in [
        (version, "x.hs: at byte 8: the summary has version 3, expected 1 or 2"),
        (summed(long), "its head has 4294967295 bytes, more than there are"),
        (changed, "its checksum is wrong: its bytes have"),
        (MAGIC.to_vec(), "the summary is cut short"),
        (head("[]"), "the head of the summary has stripes of another length than 131072 values"),
        (head("{"), "the head of the summary is not JSON"),
        (of(""), ""),
        (of("{}"), "the head of the summary has a tensor that is none"),
        (
            of(r#"{"name":"w","file":0,"dtype":"f32","shape":[9],"values":8,"repeats":1}"#),
            "has a tensor that is none",
        ),
        (
            of(r#"{"name":"w","file":1,"dtype":"f32","shape":[8],"values":8,"repeats":1}"#),
            "has a tensor in no file",
        ),
        // Values past what can be counted, and no bytes for them.
        (
            of(
                r#"{"name":"w","file":0,"dtype":"f64","shape":[4611686018427387904],"values":4611686018427387904,"repeats":1}"#,
            ),
            "",
        ),
    ] {
        let found = opened(bytes);
        match expected {
            // Whatever it is, it ends.
            "" => drop(found),
            expected => {
                let error = found.map(drop).unwrap_err();
                assert!(error.to_string().contains(expected), "{error}");
            }
        }
    }
    let error = opened(head("[]")).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Malformed);
}
