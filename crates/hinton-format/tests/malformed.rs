//! Broken, lying and mistaken files: an error that says what is wrong and what to do, no panic.

use crate::common;

use std::path::Path;

use hinton_format::{Error, ErrorKind, Limits, open};
use hinton_testing::Outcomes;

struct Expected {
    file: &'static str,
    kind: ErrorKind,
    /// What the whole error must name, cure included.
    says: &'static [&'static str],
}

const fn expect(file: &'static str, kind: ErrorKind, says: &'static [&'static str]) -> Expected {
    Expected { file, kind, says }
}

const EXPECTED: &[Expected] = &[
    expect(
        "malformed/st_header_len_2e63.safetensors",
        ErrorKind::Malformed,
        &["at byte 0", "9223372036854775808 bytes", "has 2 bytes after", "download"],
    ),
    expect(
        "malformed/st_header_len_past_end.safetensors",
        ErrorKind::Malformed,
        &["at byte 0", "has 5 bytes after"],
    ),
    expect(
        "malformed/st_offsets_past_end.safetensors",
        ErrorKind::Malformed,
        &["tensor \"a\"", "end at byte 1677 of the file", "the file has 93"],
    ),
    expect(
        "malformed/st_shape_overflow.safetensors",
        ErrorKind::Malformed,
        &["tensor \"a\"", "8589934592", "64 bits"],
    ),
    expect(
        "malformed/npy_header_past_end.npy",
        ErrorKind::Malformed,
        &["at byte 8", "65535 bytes", "has 59 bytes after"],
    ),
    expect(
        "malformed/npy_shape_overflow.npy",
        ErrorKind::Malformed,
        &["9223372036854775807", "64 bits"],
    ),
    expect(
        "malformed/onnx_cut.onnx",
        ErrorKind::Malformed,
        &["at byte", "claims", "bytes, its message has", "download"],
    ),
    expect(
        "malformed/onnx_external_traversal.onnx",
        ErrorKind::Refused,
        &["tensor \"w\"", "../../../../etc/passwd", "outside the folder"],
    ),
    expect(
        "malformed/gguf_2e60_tensors.gguf",
        ErrorKind::Malformed,
        &["at byte 8", "1152921504606846976 tensors", "download"],
    ),
    expect(
        "malformed/gguf_offset_past_end.gguf",
        ErrorKind::Malformed,
        &["tensor \"", "the file has 160", "download"],
    ),
    expect(
        "malformed/gguf_truncated_header.gguf",
        ErrorKind::Malformed,
        &["15 in all", "download"],
    ),
    expect("malformed/html_instead.safetensors", ErrorKind::Unrecognised, &["HTML", "download"]),
    expect(
        "malformed/lfs_pointer.safetensors",
        ErrorKind::Unrecognised,
        &["Git LFS pointer of 130 bytes", "12345 bytes", "git lfs pull"],
    ),
    expect(
        "malicious/picklescan/data2_object_array.npy",
        ErrorKind::Unsupported,
        &["object array", "no list of numbers"],
    ),
    expect("odd/numpy_py3-objarr.npy", ErrorKind::Unsupported, &["object array"]),
];

fn whole_text(error: &Error) -> String {
    format!("{error}\n{}", error.cure_text().unwrap_or_default())
}

#[test]
fn each_broken_file_says_what_is_wrong() {
    let Some(data) = common::shared_data() else { return };
    for Expected { file, kind, says } in EXPECTED {
        let path = data.join(file);
        let error = open(&path, &Limits::default()).err().unwrap_or_else(|| panic!("{file}"));
        let text = whole_text(&error);
        println!("{text}\n");
        assert_eq!(error.kind(), *kind, "{text}");
        assert_eq!(error.file(), path.display().to_string(), "{text}");
        for part in *says {
            assert!(text.contains(part), "{file}: no {part:?} in\n{text}");
        }
    }
}

#[test]
fn whatever_is_in_the_folders_does_no_harm() {
    let Some(data) = common::shared_data() else { return };
    let folders = ["malformed", "malicious/picklescan", "odd", "other", "gguf", "onnx", "keras"];
    let outcomes = Outcomes::default();
    for path in folders.iter().flat_map(|folder| common::files(&data.join(folder))) {
        let opened = open(&path, &Limits::default());
        outcomes.count(opened.is_ok());
        match opened {
            Ok(checkpoint) => {
                for tensor in checkpoint.tensors {
                    // Its values may be damaged; the answer is a value or an error.
                    let _ = tensor.to_f64();
                }
            }
            Err(error) => assert_eq!(error.file(), path.display().to_string()),
        }
    }
    outcomes.at_least(10, 20);
}

#[test]
fn odd_names_are_kept_as_they_are() {
    let Some(data) = common::shared_data() else { return };
    let names = |file: &str| -> Vec<String> {
        let checkpoint = open(&data.join(file), &Limits::default()).unwrap();
        checkpoint.tensors.iter().map(|tensor| tensor.name().to_owned()).collect()
    };
    assert_eq!(
        names("malformed/st_terminal_escape_name.safetensors"),
        ["a\u{1b}]0;pwned\u{7}\u{1b}[31m<img src=x onerror=alert(1)>"]
    );
    assert_eq!(names("malformed/npz_path_traversal.npz"), ["../../../tmp/evil", "/etc/evil"]);
    assert_eq!(names("malicious/picklescan/data2_int_arrays.npz").len(), 2);
}

/// Files are written to a folder of the test's own below the target directory.
fn scratch(name: &str) -> std::path::PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    if folder.exists() {
        std::fs::remove_dir_all(&folder).unwrap();
    }
    std::fs::create_dir_all(&folder).unwrap();
    folder
}

fn copy_shards(name: &str) -> std::path::PathBuf {
    let folder = scratch(name);
    for file in common::files(&common::fixtures().join("sharded")) {
        std::fs::copy(&file, folder.join(file.file_name().unwrap())).unwrap();
    }
    folder
}

const INDEX: &str = "model.safetensors.index.json";

#[test]
fn a_missing_shard_is_named_with_its_cure() {
    let folder = copy_shards("missing_shard");
    std::fs::remove_file(folder.join("model-00002-of-00002.safetensors")).unwrap();
    let error = open(&folder, &Limits::default()).unwrap_err();
    let text = whole_text(&error);
    assert_eq!(error.kind(), ErrorKind::Io);
    assert_eq!(error.file(), folder.join(INDEX).display().to_string());
    assert!(text.contains("1 of its 2 shards are missing: \"model-00002-of-00002"), "{text}");
    assert!(text.contains("download \"model-00002-of-00002.safetensors\" into"), "{text}");
    // The same without the index, from the numbers in the names.
    std::fs::remove_file(folder.join(INDEX)).unwrap();
    std::fs::copy(
        folder.join("model-00001-of-00002.safetensors"),
        folder.join("model-00003-of-00002.safetensors"),
    )
    .unwrap();
    let error = open(&folder, &Limits::default()).unwrap_err();
    assert!(error.message().contains("\"model-00002-of-00002.safetensors\" is missing"), "{error}");
}

#[test]
fn numbered_shards_open_without_an_index() {
    let folder = copy_shards("no_index");
    let with = open(&folder, &Limits::default()).unwrap();
    std::fs::remove_file(folder.join(INDEX)).unwrap();
    let without = open(&folder, &Limits::default()).unwrap();
    assert_eq!(without.tensors.len(), 3);
    assert_eq!(format!("{:?}", with.tensors), format!("{:?}", without.tensors));
    assert_eq!(without.files.len(), 2);
}

#[test]
fn an_index_that_leaves_its_folder_is_refused() {
    for shard in ["../x.safetensors", "/etc/passwd", "a/../../x", "..\\\\x", "C:x", "", "."] {
        let folder = scratch("leaving");
        let text = format!(r#"{{"weight_map": {{"w": "{shard}"}}}}"#);
        std::fs::write(folder.join("x.index.json"), text).unwrap();
        let error = open(&folder, &Limits::default()).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Refused, "{shard:?}: {error}");
    }
    let folder = scratch("circle");
    std::fs::write(folder.join("x.index.json"), r#"{"weight_map": {"w": "x.index.json"}}"#)
        .unwrap();
    let error = open(&folder, &Limits::default()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Refused, "{error}");
}

#[test]
fn an_index_and_shards_that_differ_are_warnings() {
    let folder = copy_shards("differing");
    let text = std::fs::read_to_string(folder.join(INDEX)).unwrap();
    let text = text
        .replace("\"a.bias\": \"model-00001", "\"a.gone\": \"model-00001")
        .replace("\"b.weight\": \"model-00002", "\"b.weight\": \"model-00001")
        .replace("\"a.weight\"", "\"c\": \"model-00002-of-00002.safetensors\", \"a.weight\"");
    std::fs::write(folder.join(INDEX), text).unwrap();
    let checkpoint = open(&folder, &Limits::default()).unwrap();
    assert_eq!(checkpoint.tensors.len(), 3, "nothing is dropped");
    let warnings: Vec<String> = checkpoint.warnings.iter().map(ToString::to_string).collect();
    assert_eq!(
        warnings,
        [
            "\"a.gone\": the index lists it, but no shard has it",
            "\"c\": the index lists it, but no shard has it",
            "\"b.weight\": it is in another shard than the index says",
            "\"a.bias\": a shard has it, but the index does not list it",
        ]
    );
}

#[test]
fn folders_without_one_answer_say_what_they_hold() {
    let folder = scratch("several");
    let error = open(&folder, &Limits::default()).unwrap_err();
    assert!(error.message().contains("no files"), "{error}");
    std::fs::write(folder.join("notes.txt"), "no weights here").unwrap();
    let error = open(&folder, &Limits::default()).unwrap_err();
    assert!(error.message().contains("\"notes.txt\""), "{error}");
    for (from, to) in [("npy/small.npy", "a.npy"), ("csv/plain.csv", "b.csv")] {
        std::fs::copy(common::fixtures().join(from), folder.join(to)).unwrap();
        if to == "a.npy" {
            let only = open(&folder, &Limits::default()).unwrap();
            assert_eq!((only.format, only.tensors[0].name()), ("npy", "a"));
        }
    }
    let error = open(&folder, &Limits::default()).unwrap_err();
    assert!(error.message().contains("\"a.npy\", \"b.csv\""), "{error}");
    let empty = folder.join("empty.npy");
    std::fs::write(&empty, "").unwrap();
    let error = open(&empty, &Limits::default()).unwrap_err();
    assert!(whole_text(&error).contains("0 bytes"), "{error}");
}
