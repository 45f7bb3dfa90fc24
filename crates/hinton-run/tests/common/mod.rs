//! Folders that go away, files of every kind a run is read from, and the shared test files.

#![allow(dead_code)] // Every test file uses some of them.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use hinton_run::{NewStep, NewTensor, Run, RunError, RunOptions, RunWriter, open_run};
use hinton_tensor::Dtype;

/// A folder for one test; it goes away with it.
pub(crate) struct Folder(pub(crate) PathBuf);

impl Folder {
    pub(crate) fn new() -> Self {
        static COUNT: AtomicU64 = AtomicU64::new(0);
        let count = COUNT.fetch_add(1, Ordering::Relaxed);
        let name = format!("hinton-run-{}-{count}", std::process::id());
        let path = std::env::temp_dir().join(name);
        std::fs::create_dir_all(&path).unwrap();
        Folder(path)
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }

    /// Writes a file, and the folders above it.
    pub(crate) fn put(&self, name: &str, bytes: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, bytes).unwrap();
        path
    }

    pub(crate) fn open(&self, names: &[&str]) -> Result<Run, RunError> {
        let paths: Vec<PathBuf> = names.iter().map(|name| self.path(name)).collect();
        open_run(&paths, &RunOptions::default())
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// The shared test files: `HINTON_DATA`, or `shared/data` beside the repository; `None` (said
/// aloud) where there are none.
pub(crate) fn shared_data() -> Option<PathBuf> {
    let beside = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data");
    let folder = std::env::var_os("HINTON_DATA").map_or(beside, PathBuf::from);
    if folder.is_dir() {
        return Some(folder);
    }
    println!("skipped: there is no folder {}; set HINTON_DATA", folder.display());
    None
}

pub(crate) fn f32_bytes(values: &[f32]) -> Vec<u8> {
    values.iter().flat_map(|value| value.to_le_bytes()).collect()
}

/// A safetensors file of f32 tensors: names, shapes, values; with metadata as JSON text.
pub(crate) fn safetensors(tensors: &[(&str, &[usize], &[f32])], metadata: &str) -> Vec<u8> {
    let mut header = String::from("{");
    if !metadata.is_empty() {
        header += &format!("\"__metadata__\":{metadata},");
    }
    let (mut entries, mut data) = (Vec::new(), Vec::new());
    for (name, shape, values) in tensors {
        let start = data.len();
        data.extend(f32_bytes(values));
        entries.push(format!(
            "\"{name}\":{{\"dtype\":\"F32\",\"shape\":{shape:?},\"data_offsets\":[{start},{}]}}",
            data.len()
        ));
    }
    header += &entries.join(",");
    header += "}";
    let mut bytes = (header.len() as u64).to_le_bytes().to_vec();
    bytes.extend(header.as_bytes());
    bytes.extend(data);
    bytes
}

/// A safetensors file with one tensor `w` of shape [2, 3], all of one value.
pub(crate) fn one(value: f32) -> Vec<u8> {
    safetensors(&[("w", &[2, 3], &[value; 6])], "")
}

/// A `.npy` file of f32.
pub(crate) fn npy(shape: &[usize], values: &[f32]) -> Vec<u8> {
    let dims: Vec<String> = shape.iter().map(usize::to_string).collect();
    let comma = if shape.len() == 1 { "," } else { "" };
    let header = format!(
        "{{'descr': '<f4', 'fortran_order': False, 'shape': ({}{comma}), }}\n",
        dims.join(", ")
    );
    let mut bytes = b"\x93NUMPY\x01\x00".to_vec();
    bytes.extend((header.len() as u16).to_le_bytes());
    bytes.extend(header.as_bytes());
    bytes.extend(f32_bytes(values));
    bytes
}

/// A zip archive of stored members.
pub(crate) fn zip(members: &[(&str, Vec<u8>)]) -> Vec<u8> {
    let (mut bytes, mut index) = (Vec::new(), Vec::new());
    for (name, data) in members {
        let offset = bytes.len() as u32;
        let mut common = Vec::new();
        for field in [20u16, 0, 0, 0, 0] {
            common.extend(field.to_le_bytes());
        }
        for field in [crc32(data), data.len() as u32, data.len() as u32] {
            common.extend(field.to_le_bytes());
        }
        common.extend((name.len() as u16).to_le_bytes());
        common.extend(0u16.to_le_bytes());
        bytes.extend(b"PK\x03\x04");
        bytes.extend(&common);
        bytes.extend(name.as_bytes());
        bytes.extend(data);
        index.extend(b"PK\x01\x02\x14\x00");
        index.extend(&common);
        index.extend([0u8; 10]);
        index.extend(offset.to_le_bytes());
        index.extend(name.as_bytes());
    }
    let (start, len, count) = (bytes.len() as u32, index.len() as u32, members.len() as u16);
    bytes.extend(index);
    bytes.extend(b"PK\x05\x06\x00\x00\x00\x00");
    bytes.extend(count.to_le_bytes());
    bytes.extend(count.to_le_bytes());
    bytes.extend(len.to_le_bytes());
    bytes.extend(start.to_le_bytes());
    bytes.extend(0u16.to_le_bytes());
    bytes
}

fn crc32(data: &[u8]) -> u32 {
    !data.iter().fold(!0u32, |crc, byte| {
        (0..8).fold(crc ^ u32::from(*byte), |crc, _| {
            if crc & 1 == 1 { (crc >> 1) ^ 0xedb8_8320 } else { crc >> 1 }
        })
    })
}

/// Appends a step with one tensor `w` of shape [rows, 3], all of the step's number.
pub(crate) fn append(writer: &mut RunWriter, number: u64, rows: usize) -> Result<(), RunError> {
    let bytes = f32_bytes(&vec![number as f32; rows * 3]);
    let w = NewTensor { name: "w", dtype: Dtype::F32, shape: &[rows, 3], bytes: &bytes };
    writer.append(&NewStep {
        number,
        time: Some(number as f64 / 2.0),
        tensors: &[w],
        metrics: &[("loss", 1.0 / (number + 1) as f64)],
    })
}

pub(crate) fn numbers(run: &Run) -> Vec<u64> {
    run.steps.iter().map(|step| step.number).collect()
}

/// The values of a tensor in a step.
pub(crate) fn values(run: &Run, step: usize, name: &str) -> Vec<f32> {
    run.tensor(step, name).unwrap().unwrap().to_f32().unwrap()
}

/// Whether a warning has these words.
pub(crate) fn says(run: &Run, words: &str) -> bool {
    run.warnings.iter().any(|warning| warning.to_string().contains(words))
}

/// All warnings, for messages of failed tests.
pub(crate) fn said(run: &Run) -> String {
    run.warnings.iter().map(|warning| format!("{warning}\n")).collect()
}
