//! A long run of changed files, by hand: `cargo test --release -p hinton-format --test it pickle_fuzz
//! -- --ignored --nocapture`.

use crate::python_support;

use std::io::{Cursor, Read, Write};

use hinton_format::Limits;
use python_support::{Numbers, data, fixtures, open_with, read_all};
use zip::write::SimpleFileOptions;

/// Bytes that mean something in a pickle.
const TOKENS: &[&[u8]] = &[
    b"(",
    b".",
    b"0",
    b"1",
    b"2",
    b"R",
    b"b",
    b"t",
    b"l",
    b"d",
    b"e",
    b"u",
    b"s",
    b"a",
    b"Q",
    b"\x81",
    b"\x85",
    b"\x86",
    b"\x87",
    b"\x94",
    b"\x93",
    b"h\x00",
    b"h\x01",
    b"h\x02",
    b"q\x00",
    b"N",
    b"K\x00",
    b"K\x01",
    b"]",
    b"}",
    b")",
    b"\x8f",
    b"\x90",
    b"\x91",
    b"J\xff\xff\xff\xff",
    b"\x8a\x08\xff\xff\xff\xff\xff\xff\xff\x7f",
    b"ctorch._utils\n_rebuild_tensor_v2\n",
    b"ctorch._utils\n_rebuild_parameter\n",
    b"cnumpy.core.multiarray\n_reconstruct\n",
    b"cnumpy.core.multiarray\nscalar\n",
    b"c_codecs\nencode\n",
    b"ccollections\nOrderedDict\n",
    b"ctorch.storage\n_load_from_bytes\n",
    b"cnumpy\ndtype\n",
    b"cmine\nThing\n",
    b"ctorch\nFloatStorage\n",
    b"ctorch\nSize\n",
];

fn change(bytes: &mut Vec<u8>, numbers: &mut Numbers) {
    for _ in 0..=numbers.below(4) {
        let at = numbers.below(bytes.len());
        match numbers.below(6) {
            0 => bytes[at] = numbers.next() as u8,
            1 => bytes[at] ^= 1 << numbers.below(8),
            2 => bytes.truncate(at.max(1)),
            3 => {
                let token = TOKENS[numbers.below(TOKENS.len())];
                bytes.splice(at..at, token.iter().copied());
            }
            4 => {
                let end = (at + numbers.below(16)).min(bytes.len());
                bytes.drain(at..end);
            }
            _ => {
                let end = (at + numbers.below(64)).min(bytes.len());
                let part = bytes[at..end].to_vec();
                let to = numbers.below(bytes.len());
                bytes.splice(to..to, part);
            }
        }
        if bytes.is_empty() {
            bytes.push(b'.');
        }
    }
}

/// The archive with another `data.pkl`; `None` where it is no archive.
fn with_changed_pickle(bytes: &[u8], numbers: &mut Numbers) -> Option<Vec<u8>> {
    let mut old = zip::ZipArchive::new(Cursor::new(bytes)).ok()?;
    let mut new = zip::ZipWriter::new(Cursor::new(Vec::new()));
    let options = SimpleFileOptions::default().compression_method(zip::CompressionMethod::Stored);
    for index in 0..old.len() {
        let mut member = old.by_index(index).ok()?;
        let name = member.name().ok()?.into_owned();
        let mut content = Vec::new();
        member.read_to_end(&mut content).ok()?;
        if name.ends_with(".pkl") {
            change(&mut content, numbers);
        }
        new.start_file(name, options).ok()?;
        new.write_all(&content).ok()?;
    }
    Some(new.finish().ok()?.into_inner())
}

#[test]
#[ignore = "minutes of work, run by hand"]
fn changed_files_never_panic_and_always_end() {
    let mut files = fixtures("pickle");
    files.extend(fixtures("pytorch"));
    if let Some(data) = data() {
        for folder in ["malicious/picklescan", "pytorch"] {
            for entry in std::fs::read_dir(data.join(folder)).unwrap() {
                files.push(entry.unwrap().path());
            }
        }
    }
    let corpus: Vec<(String, Vec<u8>)> = files
        .iter()
        .map(|path| {
            let name = path.file_name().unwrap().to_str().unwrap().to_owned();
            (name, std::fs::read(path).unwrap())
        })
        .filter(|(_, bytes)| bytes.len() < 8192)
        .collect();
    let mut numbers = Numbers(8);
    let (mut opened, mut slowest) = (0u64, std::time::Duration::ZERO);
    for _ in 0..ROUNDS {
        let (name, bytes) = &corpus[numbers.below(corpus.len())];
        let inside =
            if numbers.below(4) > 0 { with_changed_pickle(bytes, &mut numbers) } else { None };
        let bytes = inside.unwrap_or_else(|| {
            let mut bytes = bytes.clone();
            change(&mut bytes, &mut numbers);
            bytes
        });
        let start = std::time::Instant::now();
        let checkpoint = open_with(name, &bytes, &Limits::default());
        opened += u64::from(checkpoint.is_ok());
        read_all(checkpoint);
        let took = start.elapsed();
        if took > slowest {
            slowest = took;
            println!("{name}: {} bytes took {took:?}", bytes.len());
        }
    }
    println!("{ROUNDS} files changed, {opened} opened, slowest {slowest:?}");
    assert!(slowest.as_secs() < 2);
}

const ROUNDS: u64 = 10_000_000;
