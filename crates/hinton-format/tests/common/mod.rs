//! Where test files lie, and small helpers.

#![allow(dead_code)] // Every test file uses some of them.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use hinton_format::{Input, Limits, open_input};
use hinton_tensor::Memory;

/// The fixtures that are part of the repository.
pub(crate) fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures")
}

/// The shared test files; `None`, and the test counts as skipped, where there are none.
pub(crate) fn shared_data() -> Option<PathBuf> {
    hinton_testing::shared("data")
}

/// The files of a fixture folder, sorted; scripts are left out.
pub(crate) fn files(folder: &Path) -> Vec<PathBuf> {
    let mut files: Vec<PathBuf> = std::fs::read_dir(folder)
        .unwrap_or_else(|error| panic!("{}: {error}", folder.display()))
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.is_file() && path.extension().is_none_or(|ending| ending != "py"))
        .collect();
    files.sort();
    files
}

/// A name and the values as bits, so that NaN equals itself.
pub(crate) type Values = (String, Vec<usize>, Vec<u64>);

/// Opens bytes and reads every value; the message of the first error.
pub(crate) fn read_all(name: &str, bytes: &[u8], limits: &Limits) -> Result<Vec<Values>, String> {
    let data = Arc::new(Memory::new(bytes));
    let input = Input { name: name.to_owned(), path: None, data };
    let checkpoint = open_input(&input, limits).map_err(|error| error.to_string())?;
    let read = |tensor: &hinton_tensor::Tensor| {
        let values = tensor.to_f64().map_err(|error| error.to_string())?;
        let bits = values.into_iter().map(f64::to_bits).collect();
        Ok((tensor.name().to_owned(), tensor.shape().to_vec(), bits))
    };
    checkpoint.tensors.iter().map(read).collect()
}

/// Compares every file that the `truth.json` of a fixture folder lists with what the original
/// library read in it: the same tensors, shapes, dtypes and values, no more and no fewer.
pub(crate) fn check_truth(folder: &str) {
    let folder = fixtures().join(folder);
    let truth = std::fs::read(folder.join("truth.json")).unwrap();
    let truth: serde_json::Value = serde_json::from_slice(&truth).unwrap();
    for (file, expected) in truth.as_object().unwrap() {
        let checkpoint = hinton_format::open(&folder.join(file), &Limits::default())
            .unwrap_or_else(|error| panic!("{error}"));
        let expected = expected.as_object().unwrap();
        let mut found: Vec<&str> = checkpoint.tensors.iter().map(|tensor| tensor.name()).collect();
        let mut wanted: Vec<&str> = expected.keys().map(String::as_str).collect();
        found.sort_unstable();
        wanted.sort_unstable();
        assert_eq!(found, wanted, "{file}");
        for tensor in &checkpoint.tensors {
            let truth = &expected[tensor.name()];
            let what = format!("{file}: {}", tensor.name());
            let shape: Vec<usize> = serde_json::from_value(truth["shape"].clone()).unwrap();
            assert_eq!(tensor.shape(), shape, "{what}");
            assert_eq!(tensor.dtype().name(), truth["dtype"].as_str().unwrap(), "{what}");
            let values = truth["values"].as_array().unwrap().iter().map(|value| {
                // JSON has no infinities and no NaN; they are written as texts.
                value.as_f64().unwrap_or_else(|| value.as_str().unwrap().parse().unwrap())
            });
            let (found, values): (_, Vec<f64>) = (tensor.to_f64().unwrap(), values.collect());
            // serde_json reads numbers to the last bit but one.
            let near = |found: &f64, value: &f64| {
                found.to_bits() == value.to_bits()
                    || (found - value).abs() <= 4.0 * f64::EPSILON * value.abs()
            };
            let same = found.len() == values.len()
                && found.iter().zip(&values).all(|(found, value)| near(found, value));
            assert!(same, "{what}: {found:?}, expected {values:?}");
        }
    }
}

/// A fixture by its path below the folder of fixtures, opened.
pub(crate) fn fixture(name: &str) -> hinton_format::Checkpoint {
    hinton_format::open(&fixtures().join(name), &hinton_format::Limits::default()).unwrap()
}

/// What was noticed when it was opened.
pub(crate) fn warnings(checkpoint: &hinton_format::Checkpoint) -> Vec<String> {
    checkpoint.warnings.iter().map(ToString::to_string).collect()
}

/// The metadata of that key.
pub(crate) fn metadata<'a>(
    checkpoint: &'a hinton_format::Checkpoint,
    key: &str,
) -> Option<&'a str> {
    let pairs = &checkpoint.metadata;
    pairs.iter().find(|(name, _)| name == key).map(|(_, value)| value.as_str())
}

/// Reads every value of a changed file, of large tensors the last: errors are answers too.
pub(crate) fn read_values(checkpoint: &hinton_format::Checkpoint) {
    for tensor in &checkpoint.tensors {
        if tensor.elements() <= 1 << 16
            && let Ok(values) = tensor.to_f64()
        {
            assert_eq!(values.len() as u64, tensor.elements());
        }
        // The end of one that is too large to be read whole.
        if tensor.elements() > 1 << 16 && !tensor.shape().is_empty() {
            let last = vec![hinton_tensor::Index::At(-1); tensor.shape().len()];
            let _ = tensor.slice(&hinton_tensor::Slice(last)).and_then(|one| one.to_f64());
        }
    }
}
