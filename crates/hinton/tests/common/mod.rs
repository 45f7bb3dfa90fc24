//! What the tests share: folders that go away, files that are made here.
#![allow(dead_code, missing_docs)]

pub(crate) mod files;

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};

use hinton::{Checkpoint, Tensor};

static COUNT: AtomicUsize = AtomicUsize::new(0);

/// A folder of this test's own.
pub(crate) struct Folder(PathBuf);

impl Folder {
    pub(crate) fn new() -> Self {
        let name =
            format!("hinton-test-{}-{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
        let path = std::env::temp_dir().join(name);
        std::fs::create_dir_all(&path).unwrap();
        Folder(path)
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }

    /// Names of the files in it, sorted.
    pub(crate) fn files(&self) -> Vec<String> {
        let entries = std::fs::read_dir(&self.0).unwrap();
        let mut names: Vec<String> = entries
            .map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned())
            .collect();
        names.sort();
        names
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

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

/// The folder of real files, where there is one; says so where there is none.
pub(crate) fn data() -> Option<PathBuf> {
    let beside = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data");
    let folder = std::env::var_os("HINTON_DATA").map_or(beside, PathBuf::from);
    if folder.is_dir() {
        return Some(folder);
    }
    println!("skipped: there is no folder {}", folder.display());
    None
}

/// A safetensors file of one tensor `w`.
pub(crate) fn safetensors(shape: &[usize], values: &[f32]) -> Vec<u8> {
    let header = format!(
        "{{\"w\":{{\"dtype\":\"F32\",\"shape\":{shape:?},\"data_offsets\":[0,{}]}}}}",
        values.len() * 4
    );
    let mut bytes = (header.len() as u64).to_le_bytes().to_vec();
    bytes.extend(header.as_bytes());
    bytes.extend(values.iter().flat_map(|value| value.to_le_bytes()));
    bytes
}

/// Writes a file of one tensor `w`, and the folders above it.
pub(crate) fn put(folder: &Folder, name: &str, shape: &[usize], values: &[f32]) {
    let path = folder.path(name);
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(path, safetensors(shape, values)).unwrap();
}
