//! What is said of damaged files has no words of the libraries that met the damage.

use crate::common::{files, fixtures, read_all};

use std::collections::BTreeSet;

use hinton_format::Limits;

/// Words of serde_json, flate2, ruzstd, lzma-rust2, bzip2, lz4_flex, zip and Rust itself.
const THEIRS: &[&str] = &[
    "invalid type",
    "invalid length",
    "missing field",
    "EOF",
    " at line ",
    "expected value",
    "expected ident",
    "trailing",
    "key must be",
    "control character (",
    "invalid gzip",
    "corrupt",
    "deflate decompression",
    "deflate stream",
    "bz2",
    "bzip2:",
    "lz4_flex",
    "LZMA",
    "dict size",
    "os error",
    "Error",
    "Err(",
    "Some(",
    "failed to fill",
    "stream did not contain valid",
    "UTF-8 sequence",
];

/// What is said of a file that is cut or changed at many places.
fn said(name: &str, bytes: &[u8]) -> BTreeSet<String> {
    let mut said = BTreeSet::new();
    for step in 0..60 {
        let at = bytes.len() * step / 60;
        let mut flipped = bytes.to_vec();
        flipped[at] ^= 0x15;
        let mut signed = bytes.to_vec();
        signed[at] = b"{[\"}:,x\xff"[step % 8];
        for damaged in [&bytes[..at], &flipped, &signed] {
            said.extend(read_all(name, damaged, &Limits::default()).err());
        }
    }
    said
}

#[test]
fn damage_is_told_in_our_words() {
    let mut count = 0;
    for folder in
        ["packed", "json", "safetensors", "sharded", "tfjs", "pt2", "keras", "npz", "hdf5", "zip"]
    {
        for path in files(&fixtures().join(folder)) {
            let bytes = std::fs::read(&path).unwrap();
            let name = path.file_name().unwrap().to_str().unwrap();
            if bytes.len() > 200_000 || bytes.is_empty() {
                continue;
            }
            for text in said(name, &bytes) {
                // The names of files are none of it.
                let words = text.replace(name, "");
                let theirs = THEIRS.iter().find(|word| words.contains(**word));
                assert!(theirs.is_none(), "{name}: {text}: {theirs:?}");
                count += 1;
            }
        }
    }
    assert!(count > 200, "only {count} different messages");
}
