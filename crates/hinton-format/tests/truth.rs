//! The shared test files against what their own libraries read in them.

use crate::common;

use std::path::Path;

use hinton_format::{Checkpoint, Limits, open};
use hinton_tensor::{Dtype, Index, Slice, Tensor, Work, summary::summarize};
use serde_json::Value;

/// Kinds of the truth files that this test reads.
const KINDS: [&str; 16] = [
    "safetensors",
    "npy",
    "npz",
    "idx",
    "idx.gz",
    "hdf5",
    "keras-h5",
    "keras-v3",
    "mat",
    "flax-msgpack",
    "onnx",
    "gguf",
    "ggml-rwkv",
    "tf-checkpoint",
    "tflite",
    "coreml",
];

/// serde_json reads numbers to the last bit but one.
const JSON: f64 = 4.0 * f64::EPSILON;

#[test]
fn every_shared_file_reads_as_its_own_library_reads_it() {
    let Some(data) = common::shared_data() else { return };
    let mut checked = 0;
    for path in common::files(&data.join("truth")) {
        let truth: Value = serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
        if KINDS.contains(&truth["kind"].as_str().unwrap()) {
            compare(&data.join(truth["file"].as_str().unwrap()), &truth);
            checked += 1;
        }
    }
    println!("{checked} files");
    assert!(checked >= 30, "only {checked} truth files of our kinds");
}

fn compare(path: &Path, truth: &Value) {
    let file = path.display();
    let all = truth["tensors"].as_array().unwrap();
    // Texts are no tensors; a warning or the metadata tells of them.
    let expected: Vec<&Value> = all.iter().filter(|truth| truth["dtype"] != "string").collect();
    let checkpoint = match open(path, &Limits::default()) {
        Ok(checkpoint) => checkpoint,
        // Object arrays: numpy refuses them too.
        Err(error) => {
            assert!(expected.is_empty(), "{error}");
            return;
        }
    };
    let stored = checkpoint.tensors.iter().filter(|tensor| !tensor.is_derived());
    assert_eq!(stored.count(), expected.len(), "{file}");
    compare_metadata(&file.to_string(), &checkpoint, truth);
    for truth in expected {
        let name = truth["name"].as_str().unwrap();
        let found = checkpoint.tensors.iter().find(|tensor| tensor.name() == name);
        // A lone array has no name of its own.
        let tensor = if name.is_empty() { checkpoint.tensors.first() } else { found };
        let tensor = tensor.unwrap_or_else(|| panic!("{file} has no {name:?}"));
        let mut tensor = tensor.clone();
        if truth["layer"].is_string() {
            // coremltools gives lists; the shapes are those of the layers.
            tensor = tensor.reshape(&[tensor.elements() as usize]).unwrap();
        }
        compare_tensor(&format!("{file} {name}"), &tensor, truth);
    }
}

/// The keys and values of a GGUF file; of long lists the length, the first three and the last.
fn compare_metadata(file: &str, checkpoint: &Checkpoint, truth: &Value) {
    let Some(pairs) = truth["notes"][0]["kv"].as_object() else { return };
    let pairs = pairs.iter().filter(|(key, _)| !key.starts_with("GGUF."));
    for (key, value) in pairs {
        let found = checkpoint.metadata.iter().find(|(name, _)| name == key);
        let (_, text) = found.unwrap_or_else(|| panic!("{file} has no {key}"));
        match &value[1] {
            Value::String(expected) => assert_eq!(text, expected, "{file} {key}"),
            Value::Object(list) => {
                let json = |item: &Value| match item {
                    Value::Number(number) if number.is_f64() => {
                        format!("{:?}", number.as_f64().unwrap() as f32)
                    }
                    item => item.to_string(),
                };
                let items = |name: &str| -> Vec<String> {
                    list[name].as_array().unwrap().iter().map(json).collect()
                };
                let n = list["n"].as_u64().unwrap();
                let start = if n > 16 { format!("{n} ") } else { String::new() };
                assert!(text.starts_with(&start), "{file} {key}: {text}");
                let first = format!("[{}", items("first").join(", "));
                assert!(text.contains(&first), "{file} {key}: {text} lacks {first}");
                let last = format!("{}]", items("last").concat());
                assert!(text.ends_with(&last), "{file} {key}: {text} lacks {last}");
            }
            Value::Number(number) if number.is_f64() => {
                let found: f64 = text.parse().unwrap();
                let expected = number.as_f64().unwrap();
                assert!((found - expected).abs() <= 1e-7 * expected.abs(), "{file} {key}: {text}");
            }
            other => assert_eq!(*text, other.to_string(), "{file} {key}"),
        }
    }
}

fn compare_tensor(what: &str, tensor: &Tensor, truth: &Value) {
    let shape: Vec<usize> = serde_json::from_value(truth["shape"].clone()).unwrap();
    assert_eq!(tensor.shape(), shape, "{what}");
    // The truth of GGUF has the dtype of the values that its library gives.
    if truth["qtype"].is_null() {
        assert_eq!(tensor.dtype(), dtype(truth["dtype"].as_str().unwrap()), "{what}");
    }
    if let Some(kind) = truth["qtype"].as_str() {
        assert!(tensor.stored_type().eq_ignore_ascii_case(kind), "{what}: {tensor:?}");
    }
    if let Some(bytes) = truth["n_bytes"].as_u64() {
        assert_eq!(tensor.stored_len(), bytes, "{what}: bytes as stored");
    }
    let summary = summarize(tensor, Work::on(2)).unwrap();
    assert_eq!(Some(summary.elements), truth["n"].as_u64(), "{what}");
    assert_eq!(Some(summary.nan), truth["n_nan"].as_u64(), "{what}: NaN");
    assert_eq!(Some(summary.pos_inf + summary.neg_inf), truth["n_inf"].as_u64(), "{what}: inf");
    let size = |figure: &str| truth[figure].as_f64().unwrap_or(0.0).abs();
    let scale = size("min").max(size("max")).max(1e-3);
    for (figure, found, tolerance) in
        [("min", summary.min(), JSON), ("max", summary.max(), JSON), ("mean", summary.mean(), 1e-6)]
    {
        match (found, truth[figure].as_f64()) {
            (Some(found), Some(expected)) => assert!(
                (found - expected).abs() <= tolerance * scale,
                "{what}: {figure} is {found}, expected {expected}"
            ),
            (found, expected) => assert_eq!(found, expected, "{what}: {figure}"),
        }
    }
    for sample in truth["samples"].as_array().into_iter().flatten() {
        let (at, expected) = (sample[0].as_u64().unwrap() as usize, sample[1].as_f64());
        let found = value_at(tensor, at);
        // JSON has no NaN; the truth says null.
        match expected {
            Some(expected) => assert!(
                (found - expected).abs() <= JSON * expected.abs(),
                "{what}: value {at} is {found}, expected {expected}"
            ),
            None => assert!(!found.is_finite(), "{what}: value {at} is {found}"),
        }
    }
}

/// The value at a flat index in C order, whatever order the tensor lies in.
fn value_at(tensor: &Tensor, flat: usize) -> f64 {
    let mut rest = flat;
    let mut position: Vec<Index> = Vec::new();
    for dim in tensor.shape().iter().rev() {
        position.push(Index::At((rest % dim) as i64));
        rest /= dim;
    }
    position.reverse();
    tensor.slice(&Slice(position)).unwrap().to_f64().unwrap()[0]
}

/// The truth spells dtypes as each library does.
fn dtype(name: &str) -> Dtype {
    let spelt = match name.trim_start_matches(['<', '>', '|']) {
        "f4" => "f32",
        "f8" => "f64",
        "i4" => "i32",
        "i8" if name.len() == 3 => "i64",
        "u8" if name.len() == 3 => "u64",
        "u1" | "uint8" | "UINT8" => "u8",
        "float32" | "FLOAT" | "FLOAT32" => "f32",
        "float16" | "FLOAT16" => "f16",
        "float64" => "f64",
        "INT8" => "i8",
        "int32" | "INT32" => "i32",
        "int64" | "INT64" => "i64",
        other => other,
    };
    Dtype::from_name(spelt).unwrap_or_else(|| panic!("dtype {name}"))
}

#[test]
fn the_sharded_model_opens_as_index_and_as_folder() {
    let Some(data) = common::shared_data() else { return };
    let folder = data.join("safetensors/crafted_sharded_mlp");
    let whole = open(&folder, &Limits::default()).unwrap();
    let index = open(&folder.join("model.safetensors.index.json"), &Limits::default()).unwrap();
    assert_eq!(whole.warnings, []);
    assert_eq!(whole.format, "safetensors");
    assert_eq!(whole.path, folder.display().to_string());
    assert_eq!(whole.files.len(), 4);
    let names = |tensors: &[Tensor]| -> Vec<String> {
        tensors.iter().map(|tensor| tensor.name().to_owned()).collect()
    };
    assert!(!whole.tensors.is_empty());
    assert_eq!(names(&whole.tensors), names(&index.tensors));
}
