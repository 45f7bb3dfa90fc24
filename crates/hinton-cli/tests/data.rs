//! Real, broken and hostile files: the binary always answers, and never with a panic.

use crate::support;

use std::path::{Path, PathBuf};

use support::{Folder, data};

fn files(folder: &Path, found: &mut Vec<PathBuf>) {
    let Ok(entries) = std::fs::read_dir(folder) else { return };
    let mut paths: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    for path in paths {
        if path.is_dir() { files(&path, found) } else { found.push(path) }
    }
}

#[test]
fn every_file_gets_an_answer() {
    let Some(data) = data() else { return };
    let folder = Folder::new();
    let mut all = Vec::new();
    files(&data, &mut all);
    let (mut opened, mut refused) = (0, 0);
    for path in &all {
        let path = path.to_str().unwrap();
        let said = folder.run(&["inspect", path, "--json", "--stats"]);
        match said.code {
            0 => {
                let report: serde_json::Value = serde_json::from_str(&said.out)
                    .unwrap_or_else(|error| panic!("{path}: {error}: {}", said.out));
                let drawn = folder.run(&["draw", path, "-o", "x.png"]);
                let tensors = report["tensors"].as_array().unwrap();
                // A log of metrics has none, and is drawn as its curves.
                let is_log = !report["metrics"].is_null();
                let empty = !is_log && tensors.iter().all(|tensor| tensor["elements"] == 0);
                assert_eq!(drawn.code, i32::from(empty), "{path}: {}", drawn.err);
                opened += 1;
            }
            1 => {
                assert!(said.err.starts_with("error: "), "{path}: {}", said.err);
                assert!(said.err.contains(path), "{path}: {}", said.err);
                assert!(said.err.lines().count() <= 3, "{path}: {}", said.err);
                refused += 1;
            }
            code => panic!("{path}: exit code {code}: {}", said.err),
        }
    }
    println!("{opened} opened, {refused} refused");
    assert!(opened > 40 && refused > 20, "{opened} {refused}");
}

#[test]
fn good_pictures_without_options() {
    let Some(data) = data() else { return };
    let folder = Folder::new();
    for (path, words) in [
        ("pytorch/lpips_v0.1_alex.pth", &["5 tensors", "lin0.model.1.weight"][..]),
        ("numpy/karynaur_mnist_weights.npz", &["arr_0", "784 × 128"]),
        ("pickle/dlfs_ch03_sample_weight.pkl", &["W1", "784 × 50"]),
        ("safetensors/crafted_sharded_mlp", &["fc1.weight", "64 × 784"]),
    ] {
        let path = data.join(path);
        let said = folder.run(&["draw", path.to_str().unwrap(), "-o", "-", "--format", "svg"]);
        assert_eq!(said.code, 0, "{}", said.err);
        for word in words {
            assert!(said.out.contains(word), "{}: {word}", path.display());
        }
    }
}
