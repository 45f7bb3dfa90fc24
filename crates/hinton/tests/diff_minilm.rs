//! A real sentence encoder against its own half-precision, INT8 and Q8_0 versions, where the variable
//! HINTON_MINILM names its model.safetensors: `fixtures/diff/make_minilm.py` makes the versions and
//! numpy's truth.

use std::path::{Path, PathBuf};
use std::process::Command;

use hinton::diff::{Diff, Rule, diff};
use hinton::{Work, open};
use serde_json::Value;

use crate::diff_pairs::is_as_numpy;

/// The model, and a folder with its versions; `None`, with a word, where something is missing.
fn made() -> Option<(PathBuf, PathBuf)> {
    let Some(model) = std::env::var_os("HINTON_MINILM").map(PathBuf::from) else {
        println!("skipped: HINTON_MINILM names no model.safetensors of all-MiniLM-L6-v2");
        return None;
    };
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/diff/make_minilm.py");
    let folder = std::env::temp_dir().join(format!("hinton-minilm-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let python = std::env::var_os("HINTON_PYTHON").unwrap_or_else(|| "python3".into());
    let ran = Command::new(python).arg(script).arg(&model).arg(&folder).output();
    let said = match ran {
        Ok(output) if output.status.success() => return Some((model, folder)),
        Ok(output) if output.status.code() == Some(77) => output.stderr,
        Ok(output) => panic!("{}", String::from_utf8_lossy(&output.stderr)),
        Err(error) => error.to_string().into_bytes(),
    };
    println!("skipped: {}", String::from_utf8_lossy(&said).trim());
    std::fs::remove_dir_all(folder).unwrap();
    None
}

fn compared(a: &Path, b: &Path) -> Diff {
    let (a, b) = (open(a).unwrap(), open(b).unwrap());
    let mut found = diff(&a, &b, &[] as &[&str], Rule::default()).unwrap();
    found.read(Work::on(2)).unwrap();
    found
}

#[test]
fn minilm_against_its_own_versions() {
    let Some((model, folder)) = made() else { return };
    let truth = std::fs::read_to_string(folder.join("truth.json")).unwrap();
    let truth: Value = serde_json::from_str(&truth).unwrap();
    for (file, case, words) in [
        (
            "fp16.safetensors",
            "fp16",
            "f32 → f16: 103 tensors, none changed by more than a cast to f16",
        ),
        ("int8.safetensors", "int8", "f32 → INT8: 37 tensors"),
        ("q8_0.gguf", "q8_0", "f32 → Q8_0: 37 tensors, none changed by more than a cast to Q8_0"),
    ] {
        let found = compared(&model, &folder.join(file));
        let said = found.summary().join("\n");
        assert!(said.contains(words), "{case}: {said}");
        let json: Value = serde_json::from_str(&hinton::inspect::to_json(&found).unwrap()).unwrap();
        let matched = json["matched"].as_array().unwrap();
        let truth = truth[case].as_object().unwrap();
        assert_eq!(matched.len(), truth.len(), "{case}: {said}");
        for one in matched {
            let name = one["a"].as_str().unwrap();
            for (key, want) in truth[name].as_object().unwrap() {
                is_as_numpy(&one[key], want, &format!("{case} {name} {key}"));
            }
        }
        let only: Vec<&str> = found.only_a.iter().map(hinton::Tensor::name).collect();
        let missing = ["embeddings.position_ids", "pooler.dense.bias", "pooler.dense.weight"];
        assert_eq!(only, if case == "q8_0" { &missing[..] } else { &[] }, "{case}");
        assert!(found.only_b.is_empty() && found.unlike.is_empty(), "{case}: {said}");
        assert!(found.draw(&hinton::look::Options::default()).is_ok());
    }
    std::fs::remove_dir_all(folder).unwrap();
}
