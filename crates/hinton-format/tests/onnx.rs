//! ONNX: the fixtures against what onnx itself reads in them, and files made to lie.

use crate::common;

use std::sync::Arc;

use hinton_format::{Checkpoint, Error, ErrorKind, Input, Limits, open, open_input};
use hinton_tensor::Memory;

#[test]
fn every_dtype_encoding_and_place_is_read() {
    common::check_truth("onnx");
}

fn fixture(name: &str) -> Checkpoint {
    open(&common::fixtures().join("onnx").join(name), &Limits::default()).unwrap()
}

fn warnings(checkpoint: &Checkpoint) -> Vec<String> {
    checkpoint.warnings.iter().map(ToString::to_string).collect()
}

#[test]
fn what_is_skipped_or_filled_in_is_said() {
    assert_eq!(warnings(&fixture("typed.onnx")), ["\"words\": skipped: it holds text"]);
    assert_eq!(
        warnings(&fixture("graphs.onnx")),
        [
            "\"text\": skipped: it holds text",
            "\"sparse_constant\": it is sparse: 2 of 6 values are stored, the others shown as zeros",
            "\"by_axis\": it is sparse: 2 of 6 values are stored, the others shown as zeros",
            "\"w#2\": the file has this name more than once; # tells them apart",
        ]
    );
    assert_eq!(warnings(&fixture("quantised.onnx")), [""; 0]);
}

#[test]
fn the_model_is_described() {
    let metadata = fixture("graphs.onnx").metadata;
    let value =
        |key: &str| metadata.iter().find(|(name, _)| name == key).map(|(_, value)| &**value);
    assert_eq!(value("ir_version"), Some("10"));
    assert_eq!(value("producer"), Some("make.py"));
    assert_eq!(value("graph"), Some("graphs"));
    assert_eq!(value("opset"), Some("ai.onnx 21"));
    assert!(value("operators").unwrap().starts_with("Constant 9, If 2, Add 1"), "{metadata:?}");
    let external = fixture("external/model.onnx");
    assert_eq!(external.files.len(), 2);
    assert!(external.tensors[0].file().ends_with("weights.bin"));
}

/// A field whose value is bytes.
fn field(number: u8, content: &[u8]) -> Vec<u8> {
    [&[number << 3 | 2, u8::try_from(content.len()).unwrap()], content].concat()
}

/// A model whose graph has one initialiser, a `TensorProto` of these fields.
fn model(tensor: &[&[u8]]) -> Vec<u8> {
    let graph = field(5, &tensor.concat());
    [&[0x08, 8][..], &field(7, &graph)].concat()
}

fn opened(bytes: &[u8]) -> Result<Checkpoint, Error> {
    let data = Arc::new(Memory::new(bytes));
    open_input(&Input { name: "m.onnx".into(), path: None, data }, &Limits::default())
}

const NAME: &[u8] = &[0x42, 1, b'w'];
const FLOAT: &[u8] = &[0x10, 1];

#[test]
fn sizes_that_do_not_fit_are_errors_with_name_and_byte() {
    let dims = &[0x0a, 1, 3][..];
    for (tensor, says) in [
        (vec![NAME, FLOAT, dims, &[0x4a, 4, 0, 0, 0, 0]], "needs 12 bytes, its data has 4"),
        (vec![NAME, FLOAT, dims, &[0x22, 4, 0, 0, 0, 0]], "expected 3 numbers, found 4 bytes"),
        (vec![NAME, &[0x10, 7], dims, &[0x3a, 2, 0, 0]], "expected 3 numbers, found 2 bytes"),
        (
            vec![NAME, FLOAT, &[0x08, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1]],
            "length -1",
        ),
        (
            vec![NAME, FLOAT, &[0x0a, 10, 0xff, 0xff, 0xff, 0xff, 15, 0xff, 0xff, 0xff, 0xff, 15]],
            "64 bits",
        ),
    ] {
        let error = opened(&model(&tensor)).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Malformed, "{error}");
        assert_eq!(error.tensor(), Some("w"), "{error}");
        assert_eq!(error.byte(), Some(6), "{error}");
        assert!(error.message().contains(says), "{error}");
    }
    // As many bytes as there may be, but fewer numbers: told when they are read.
    let checkpoint = opened(&model(&[NAME, &[0x10, 7], dims, &[0x3a, 3, 0x80, 1, 1]])).unwrap();
    let error = checkpoint.tensors[0].to_f64().unwrap_err();
    assert!(error.to_string().contains("expected 3 numbers, found fewer"), "{error}");
}

#[test]
fn a_tensor_that_cannot_be_read_does_not_hide_the_rest() {
    for (tensor, says) in [
        (vec![NAME, &[0x10, 99][..]], "\"w\": skipped: its type 99 is not supported"),
        (
            vec![NAME, FLOAT, &[0x1a, 2, 0x08, 0]],
            "\"w\": skipped: only a segment of it is in the file",
        ),
        (vec![NAME, FLOAT], "\"w\": skipped: its values are not in the file"),
    ] {
        let checkpoint = opened(&model(&tensor)).unwrap();
        assert_eq!(warnings(&checkpoint), [says]);
    }
    assert!(opened(&[0x08, 8, 0x12, 1, b'p']).unwrap_err().message().contains("no graph"));
}

#[test]
fn external_data_stays_in_the_folder_of_the_model() {
    let folder = std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join("onnx_external");
    std::fs::create_dir_all(folder.join("model")).unwrap();
    std::fs::write(folder.join("secret"), [0; 8]).unwrap();
    std::fs::write(folder.join("model/short"), [0; 3]).unwrap();
    let path = folder.join("model/m.onnx");
    let error = |location: &str| {
        let entry = [field(1, b"location"), field(2, location.as_bytes())].concat();
        let external = [&field(13, &entry)[..], &[0x70, 1]].concat();
        std::fs::write(&path, model(&[NAME, FLOAT, &external])).unwrap();
        open(&path, &Limits::default()).unwrap_err()
    };
    let outside = folder.join("secret").display().to_string();
    for location in
        ["../secret", "./../secret", "a/../../secret", &outside, "", ".", "..\\secret", "C:x"]
    {
        let error = error(location);
        assert_eq!(error.kind(), ErrorKind::Refused, "{location:?}: {error}");
        assert!(error.message().contains(&format!("{location:?}")), "{error}");
    }
    let missing = error("gone.bin");
    assert_eq!((missing.kind(), missing.tensor()), (ErrorKind::Io, Some("w")), "{missing}");
    assert!(missing.cure_text().unwrap().contains("download \"gone.bin\" into"));
    let short = error("short");
    assert!(short.message().contains("needs 4 bytes, its data has 3"), "{short}");
}
