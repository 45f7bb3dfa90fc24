//! What the tests of pickles and PyTorch files share.
#![allow(dead_code, reason = "each test binary uses its part")]

use std::path::{Path, PathBuf};
use std::sync::Arc;

use hinton_format::{Checkpoint, Error, Input, Limits, open, open_input};
use hinton_tensor::{Dtype, Memory};
pub(crate) use hinton_testing::Numbers;
use hinton_testing::Outcomes;
use serde_json::Value;

/// The shared test files; `None`, and the test counts as skipped, where there are none.
pub(crate) fn data() -> Option<PathBuf> {
    hinton_testing::shared("data")
}

/// Our own small files of one format, sorted by name.
pub(crate) fn fixtures(format: &str) -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures").join(format);
    let mut files: Vec<PathBuf> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|ext| ext != "py" && ext != "json"))
        .collect();
    files.sort();
    files
}

pub(crate) fn fixture(format: &str, name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures").join(format).join(name)
}

/// Opens bytes under a name.
pub(crate) fn open_bytes(name: &str, bytes: &[u8]) -> Result<Checkpoint, Error> {
    open_with(name, bytes, &Limits::default())
}

pub(crate) fn open_with(name: &str, bytes: &[u8], limits: &Limits) -> Result<Checkpoint, Error> {
    let data = Arc::new(Memory::new(bytes));
    open_input(&Input { name: name.to_owned(), path: None, data }, limits)
}

/// Opens a file and compares every tensor with what is known of it.
pub(crate) fn compare(file: &Path, truth: &Path) {
    let truth: Value = serde_json::from_slice(&std::fs::read(truth).unwrap()).unwrap();
    let checkpoint = open(file, &Limits::default()).unwrap_or_else(|error| panic!("{error}"));
    let wanted = truth["tensors"].as_array().unwrap();
    let names: Vec<&str> = checkpoint.tensors.iter().map(|tensor| tensor.name()).collect();
    let wanted_names: Vec<&str> = wanted.iter().map(|one| one["name"].as_str().unwrap()).collect();
    assert_eq!(names, wanted_names, "{}", file.display());
    for (tensor, wanted) in checkpoint.tensors.iter().zip(wanted) {
        let what = format!("{} {}", file.display(), tensor.name());
        let shape: Vec<u64> = tensor.shape().iter().map(|&length| length as u64).collect();
        assert_eq!(serde_json::json!(shape), wanted["shape"], "{what}");
        assert_eq!(numpy_name(tensor.dtype()), wanted["dtype"].as_str().unwrap(), "{what}");
        let values = tensor.to_f64().unwrap();
        assert_eq!(values.len() as u64, wanted["n"].as_u64().unwrap(), "{what}");
        for sample in wanted["samples"].as_array().into_iter().flatten() {
            let at = sample[0].as_u64().unwrap() as usize;
            let wanted = sample[1].as_f64().unwrap();
            assert!(near(values[at], wanted), "{what} [{at}]: {} for {wanted}", values[at]);
        }
        let sum: f64 = values.iter().map(|value| value.abs()).sum();
        if let Some(wanted) = wanted["sum_abs"].as_f64() {
            assert!((sum - wanted).abs() <= 1e-6 * wanted.abs(), "{what}: {sum} for {wanted}");
        }
    }
}

/// Opens every fixture of a format and compares it with its `truth.json`; returns how many.
pub(crate) fn compare_fixtures(format: &str) -> usize {
    let truth = std::fs::read(fixture(format, "truth.json")).unwrap();
    let truth: Value = serde_json::from_slice(&truth).unwrap();
    let truth = truth.as_object().unwrap();
    let mut count = 0;
    for (name, holds) in truth {
        let holds = holds.as_array().unwrap();
        if holds.is_empty() {
            continue;
        }
        let path = fixture(format, name);
        let checkpoint = open(&path, &Limits::default()).unwrap_or_else(|error| panic!("{error}"));
        let names: Vec<&str> = checkpoint.tensors.iter().map(|tensor| tensor.name()).collect();
        let wanted: Vec<&str> = holds.iter().map(|one| one[0].as_str().unwrap()).collect();
        assert_eq!(names, wanted, "{name}");
        for (tensor, one) in checkpoint.tensors.iter().zip(holds) {
            let what = format!("{name} {}", tensor.name());
            assert_eq!(numpy_name(tensor.dtype()), one[1].as_str().unwrap(), "{what}");
            assert_eq!(serde_json::json!(tensor.shape()), one[2], "{what}");
            let values = tensor.to_f64().unwrap();
            let wanted: Vec<f64> =
                one[3].as_array().unwrap().iter().map(|value| value.as_f64().unwrap()).collect();
            assert_eq!(values.len(), wanted.len(), "{what}");
            let all_near = values.iter().zip(&wanted).all(|(value, wanted)| near(*value, *wanted));
            assert!(all_near, "{what}: {values:?} for {wanted:?}");
        }
        count += 1;
    }
    count
}

/// Whether two numbers are the same, but for the last digit that serde_json may read wrong.
fn near(value: f64, wanted: f64) -> bool {
    (value - wanted).abs() <= 4.0 * f64::EPSILON * wanted.abs()
}

fn numpy_name(dtype: Dtype) -> &'static str {
    match dtype {
        Dtype::F64 => "float64",
        Dtype::F32 => "float32",
        Dtype::F16 => "float16",
        Dtype::Bf16 => "bfloat16",
        Dtype::I64 => "int64",
        Dtype::I32 => "int32",
        Dtype::I16 => "int16",
        Dtype::I8 => "int8",
        Dtype::U8 => "uint8",
        Dtype::U16 => "uint16",
        Dtype::U32 => "uint32",
        Dtype::U64 => "uint64",
        Dtype::C64 => "complex64",
        Dtype::C128 => "complex128",
        Dtype::F8E4m3 => "float8_e4m3fn",
        Dtype::F8E5m2 => "float8_e5m2",
        Dtype::F8E4m3Fnuz => "float8_e4m3fnuz",
        Dtype::F8E5m2Fnuz => "float8_e5m2fnuz",
        Dtype::F4 => "float4",
        Dtype::Bool => "bool",
        other => other.name(),
    }
}

/// The file cut at every length, and with every byte changed in a few ways, must give an error or
/// tensors that can be read; never a panic.
pub(crate) fn break_in_every_way(file: &Path) {
    let name = file.file_name().unwrap().to_str().unwrap();
    let bytes = std::fs::read(file).unwrap();
    let outcomes = Outcomes::default();
    for len in 0..bytes.len() {
        outcomes.count(read_all(open_bytes(name, &bytes[..len])));
    }
    let mut broken = bytes.clone();
    for at in 0..bytes.len() {
        for change in [0x01, 0x80, bytes[at]] {
            broken[at] = bytes[at] ^ change;
            outcomes.count(read_all(open_bytes(name, &broken)));
        }
        broken[at] = bytes[at];
    }
    // Names and values can be anything; what leads to them cannot. Some files are refused as they are.
    let opens = open_bytes(name, &bytes).is_ok();
    outcomes.at_least(if opens { 10 } else { 0 }, bytes.len() / 2);
}

/// Reads every tensor that is not too large to be read in a test; whether the file opened.
pub(crate) fn read_all(checkpoint: Result<Checkpoint, Error>) -> bool {
    let Ok(checkpoint) = checkpoint else { return false };
    for tensor in &checkpoint.tensors {
        if tensor.elements() <= 1 << 16
            && let Ok(values) = tensor.to_f64()
        {
            assert_eq!(values.len() as u64, tensor.elements());
        }
    }
    true
}
