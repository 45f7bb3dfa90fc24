//! What the tests share: folders that go away, files that are made here.
#![allow(dead_code, missing_docs)]

pub(crate) mod files;

use std::path::PathBuf;

use hinton::{Checkpoint, Tensor};

pub(crate) use hinton_testing::Folder;

/// A checkpoint of tensors of these names and shapes, filled with 0, 1, 2 …
pub(crate) fn checkpoint(tensors: &[(&str, &[usize])]) -> Checkpoint {
    Checkpoint {
        path: "model.test".to_owned(),
        format: "test",
        metadata: Vec::new(),
        tensors: tensors.iter().map(|(name, shape)| counting(name, shape)).collect(),
        files: vec!["model.test".to_owned()],
        warnings: Vec::new(),
    }
}

pub(crate) fn counting(name: &str, shape: &[usize]) -> Tensor {
    let count: usize = shape.iter().product();
    let values: Vec<f32> = (0..count).map(|value| value as f32).collect();
    hinton::tensor_of(name, shape, &values).unwrap()
}

/// The shared test files; `None`, and the test counts as skipped, where there are none.
pub(crate) fn data() -> Option<PathBuf> {
    hinton_testing::shared("data")
}

/// A safetensors file of one tensor `w`.
pub(crate) fn safetensors(shape: &[usize], values: &[f32]) -> Vec<u8> {
    hinton_testing::files::safetensors(&[("w", shape, values)], "")
}

/// Writes a file of one tensor `w`, and the folders above it.
pub(crate) fn put(folder: &Folder, name: &str, shape: &[usize], values: &[f32]) {
    folder.put(name, safetensors(shape, values));
}
