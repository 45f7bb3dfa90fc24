//! The table of formats tests itself: whatever a new row forgets fails here.

use crate::common;

use std::path::Path;

use hinton_format::{FORMATS, Limits, open};

#[test]
fn rows_are_complete_and_unique() {
    let mut names: Vec<&str> = FORMATS.iter().map(|row| row.name).collect();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), FORMATS.len(), "two rows have the same name");
    for row in FORMATS {
        let name = row.name;
        let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
        assert!(name.bytes().all(plain), "{name}: a name is lower case");
        assert!(!row.about.is_empty() && row.about.len() < 100, "{name}: one line");
        assert!(row.help.len() > 150, "{name}: say what is read, what is not, and the layout");
        assert!(!row.help.contains("  "), "{name}: doubled spaces in the help");
        for extension in row.extensions {
            assert_eq!(*extension, extension.to_ascii_lowercase(), "{name}");
            assert!(!extension.starts_with('.'), "{name}: {extension} without the dot");
        }
    }
}

/// Rows whose smallest files are megabytes: their own tests make them.
const MADE: [&str; 1] = ["nnue"];

#[test]
fn every_row_has_a_fixture_that_opens_as_it() {
    for row in FORMATS.iter().filter(|row| !MADE.contains(&row.name)) {
        let folder = common::fixtures().join(row.name);
        assert!(folder.is_dir(), "there is no fixture folder {}", folder.display());
        let opened = common::files(&folder).iter().any(|path| opens_as(path, row.name));
        assert!(opened, "no fixture in {} opens as {}", folder.display(), row.name);
    }
}

fn opens_as(path: &Path, format: &str) -> bool {
    match open(path, &Limits::default()) {
        // An index opens as the format of its shards.
        Ok(checkpoint) => checkpoint.format == format || checkpoint.files.len() > 1,
        Err(_) => false,
    }
}

#[test]
fn content_decides_and_not_the_name() {
    let folder = common::fixtures();
    for (fixture, format) in [
        ("safetensors/small.safetensors", "safetensors"),
        ("npy/small.npy", "npy"),
        ("npz/deflated.npz", "npz"),
        ("idx/small-idx3-ubyte", "idx"),
        ("csv/plain.csv", "csv"),
        ("safetensors/small.safetensors.gz", "safetensors"),
        ("npy/small.npy.gz", "npy"),
        ("idx/small-idx3-ubyte.gz", "idx"),
    ] {
        let bytes = std::fs::read(folder.join(fixture)).unwrap();
        for name in ["x", "x.bin", "x.pt", "x.npy", "x.csv", "x.safetensors"] {
            let data = std::sync::Arc::new(hinton_tensor::Memory::new(bytes.clone()));
            let input = hinton_format::Input { name: name.to_owned(), path: None, data };
            let checkpoint = hinton_format::open_input(&input, &Limits::default());
            assert_eq!(checkpoint.map(|opened| opened.format), Ok(format), "{fixture} as {name}");
        }
    }
}

#[test]
fn every_row_has_a_fuzz_target() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz");
    let manifest = std::fs::read_to_string(folder.join("Cargo.toml")).unwrap();
    for row in FORMATS {
        let target = format!("open_{}", row.name);
        assert!(manifest.contains(&format!("name = \"{target}\"")), "fuzz/Cargo.toml: {target}");
        let source = folder.join(format!("fuzz_targets/{target}.rs"));
        let source = std::fs::read_to_string(&source).unwrap();
        assert!(source.contains(&format!("\"{}\"", row.name)), "{target} opens another format");
    }
}
