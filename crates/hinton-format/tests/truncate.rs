//! Every fixture cut at every length, and with every byte flipped: an error or a right answer,
//! never a panic.

use crate::common;

use std::path::PathBuf;

use common::read_all;
use hinton_format::{FORMATS, Limits};
use hinton_testing::Outcomes;

/// Every fixture of every format, small enough to be cut at every length.
fn fixtures() -> Vec<(PathBuf, Vec<u8>)> {
    let folders = FORMATS.iter().map(|row| common::fixtures().join(row.name));
    folders
        .filter(|folder| folder.is_dir())
        .flat_map(|folder| common::files(&folder))
        .filter(|path| path.file_name().is_none_or(|name| name != "truth.json"))
        .map(|path| (path.clone(), std::fs::read(path).unwrap()))
        .collect()
}

/// Formats that are one thing after another, with nothing that tells how many there should be:
/// protocol buffers, files of rwkv.cpp, PaddlePaddle and KataGo. By their folders.
const OPEN_ENDED: [&str; 11] = [
    "/onnx/",
    "/tfgraph/",
    "/coreml/",
    "/caffe/",
    "/caffe2/",
    "/leela/",
    "/ggml/",
    "/ggjt/",
    "/pdiparams/",
    "/katago/",
    "/mindspore/",
];

/// Small bounds: a lie about sizes must not cost memory or time.
fn limits() -> Limits {
    let mut limits = Limits::default();
    limits.header_bytes = 1 << 20;
    limits.inflate_bytes = 1 << 20;
    limits.held_bytes = 1 << 20;
    limits.pickle_steps = 1 << 16;
    limits.fields = 1 << 20;
    limits
}

/// Places to cut: every length of a small file, some eight hundred of a larger one.
fn lengths(len: usize) -> impl Iterator<Item = usize> {
    (0..len).step_by(len.div_ceil(800).max(1))
}

#[test]
fn a_cut_file_is_an_error_or_reads_right() {
    for (path, bytes) in fixtures() {
        let name = path.display().to_string();
        let whole = read_all(&name, &bytes, &limits());
        for len in lengths(bytes.len()) {
            let Ok(cut) = read_all(&name, &bytes[..len], &limits()) else { continue };
            // A text that ends early is a shorter text, as are floats without names; nothing in
            // them tells.
            let is_plain = ["/csv/", "/darknet/"].iter().any(|part| name.contains(part));
            if is_plain || name.ends_with(".yml") {
                continue;
            }
            // They begin with numbers in text, which alone are a table.
            let is_text = ["/llama2c/", "/word2vec/", "/katago/", "/ncnn/"]
                .iter()
                .any(|part| name.contains(part));
            if is_text && len < 64 {
                continue;
            }
            // Variables one after another, and nothing that counts them.
            if name.contains("/matlab/") {
                let whole = whole.as_ref().unwrap();
                assert!(whole.starts_with(&cut), "{name} cut at {len}");
                continue;
            }
            // One that ends between two things is a shorter one; nothing in it tells.
            if OPEN_ENDED.iter().any(|folder| name.contains(folder)) {
                let whole = whole.as_ref().unwrap();
                assert!(whole.starts_with(&cut), "{name} cut at {len}");
                continue;
            }
            assert_eq!(Ok(cut), whole, "{name} cut at {len}");
        }
    }
}

#[test]
fn a_flipped_byte_never_panics() {
    let outcomes = Outcomes::default();
    for (path, bytes) in fixtures() {
        let name = path.display().to_string();
        for at in lengths(bytes.len()) {
            for mask in [0x01, 0x10, 0x80, 0xff] {
                let mut flipped = bytes.clone();
                flipped[at] ^= mask;
                outcomes.count(read_all(&name, &flipped, &limits()).is_ok());
            }
        }
    }
    outcomes.at_least(100_000, 100_000);
}

#[test]
fn a_cut_shard_is_an_error_that_names_it() {
    let folder = std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join("cut_shard");
    std::fs::create_dir_all(&folder).unwrap();
    for file in common::files(&common::fixtures().join("sharded")) {
        std::fs::copy(&file, folder.join(file.file_name().unwrap())).unwrap();
    }
    let shard = folder.join("model-00002-of-00002.safetensors");
    let bytes = std::fs::read(&shard).unwrap();
    for len in 0..bytes.len() {
        std::fs::write(&shard, &bytes[..len]).unwrap();
        let error = hinton_format::open(&folder, &limits()).unwrap_err();
        assert_eq!(error.file(), shard.display().to_string(), "cut at {len}: {error}");
    }
}
