//! Folders that go away, files of every kind a run is read from, and the shared test files.

#![allow(dead_code)] // Every test file uses some of them.

use std::path::PathBuf;

use hinton_run::{NewStep, NewTensor, Run, RunError, RunOptions, RunWriter, open_run};
use hinton_tensor::Dtype;

pub(crate) use hinton_testing::Folder;
pub(crate) use hinton_testing::files::{f32_bytes, npy, safetensors};

/// Opens files and folders in a folder as a run.
pub(crate) fn open_in(folder: &Folder, names: &[&str]) -> Result<Run, RunError> {
    let paths: Vec<PathBuf> = names.iter().map(|name| folder.path(name)).collect();
    open_run(&paths, &RunOptions::default())
}

/// A safetensors file with one tensor `w` of shape [2, 3], all of one value.
pub(crate) fn one(value: f32) -> Vec<u8> {
    safetensors(&[("w", &[2, 3], &[value; 6])], "")
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
