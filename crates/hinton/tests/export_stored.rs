//! `--stored`: what goes out is what lies in the file.

use crate::common;

use std::path::PathBuf;

use common::Folder;
use hinton::export::{EXPORTS, Export, named};
use hinton::tensors::Endian;
use hinton::{Checkpoint, Dtype, Error, Quiet, Selected, Tensor, open, select};
use serde_json::Value;

const ALL: &[&str] = &[];

fn fixture(name: &str) -> Checkpoint {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../hinton-format/tests/fixtures");
    open(folder.join(name)).unwrap()
}

/// What comes back from a file of that kind, and what was said.
fn there_and_back(file: &Checkpoint, patterns: &[&str], kind: &str) -> (Checkpoint, Vec<String>) {
    let folder = Folder::new();
    let path = folder.path(&format!("out.{kind}"));
    let selected = select(file, patterns).unwrap();
    let export = Export::stored(&selected, named(kind).unwrap()).unwrap();
    let notes = export.save(&path, &Quiet).unwrap();
    let back = open(&path).unwrap();
    // In memory, since the folder goes away.
    let tensors = back.tensors.iter().map(|tensor| tensor.to_memory().unwrap()).collect();
    (Checkpoint { tensors, ..back }, notes)
}

fn refused(file: &Checkpoint, pattern: &str) -> Error {
    let selected = select(file, &[pattern]).unwrap();
    Export::stored(&selected, &EXPORTS[0]).err().unwrap()
}

fn fnv(bytes: &[u8]) -> String {
    let hash = bytes.iter().fold(0xCBF2_9CE4_8422_2325u64, |state, byte| {
        (state ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01B3)
    });
    format!("{hash:016x}")
}

/// The notes under `stored` of a safetensors file.
fn types(file: &Checkpoint) -> Value {
    let told = file.metadata.iter().find(|(key, _)| key == "stored");
    told.map_or(Value::Null, |(_, json)| serde_json::from_str(json).unwrap())
}

/// Truth is what the packages `gguf` and `safetensors` say (data/stored.py).
#[test]
fn bytes_are_those_that_the_original_libraries_see() {
    let truth: Value = serde_json::from_str(include_str!("data/stored.json")).unwrap();
    for (name, tensors) in truth.as_object().unwrap() {
        let file = fixture(name);
        let (back, _) = there_and_back(&file, ALL, "safetensors");
        let blocks = name.ends_with(".gguf");
        for (tensor, told) in tensors.as_object().unwrap() {
            let found = back.tensors.iter().find(|one| one.name() == tensor).unwrap();
            let shape = serde_json::to_value(found.shape()).unwrap();
            assert_eq!(shape, told[1], "{name}: {tensor}");
            let bytes = found.packed_bytes().unwrap();
            assert_eq!(fnv(&bytes), told[2].as_str().unwrap(), "{name}: {tensor}");
            if blocks {
                assert_eq!(found.dtype(), Dtype::U8);
                assert_eq!(types(&back)[tensor], told[0], "{name}: {tensor}");
            } else {
                let dtype = told[0].as_str().unwrap().replace('_', "");
                let own = found.dtype().name().replace('_', "");
                assert!(own.eq_ignore_ascii_case(&dtype), "{name}: {tensor}: {own} {dtype}");
            }
        }
        if !blocks {
            // Nothing that was computed, and nothing twice.
            assert_eq!(back.tensors.iter().filter(|one| !one.is_derived()).count(), {
                tensors.as_object().unwrap().len()
            });
        }
    }
}

#[test]
fn blocks_are_rows_of_bytes_in_every_kind_of_file() {
    let file = fixture("gguf/every_type.gguf");
    let expected = file.tensors.iter().find(|one| one.name() == "Q4_K").unwrap();
    let raw = &expected.stored().unwrap().blocks().unwrap().raw;
    let mut bytes = vec![0; 288];
    raw.read_at(0, &mut bytes).unwrap();
    for row in EXPORTS {
        let (back, notes) = there_and_back(&file, &["Q4_K"], row.name);
        assert_eq!(back.tensors[0].shape(), [2, 144], "{}", row.name);
        let values = back.tensors[0].to_f32().unwrap();
        assert_eq!(values, bytes.iter().map(|byte| f32::from(*byte)).collect::<Vec<_>>());
        assert_eq!(
            notes,
            [
                "1 tensor is written as bytes of Q4_K blocks, u8: 144 bytes for each 256 values of a row"
            ]
        );
    }
    let (row, _) = there_and_back(&file, &["Q4_K[1]"], "npy");
    assert_eq!(row.tensors[0].packed_bytes().unwrap(), bytes[144..]);
    let error = refused(&file, "Q4_K[:,3:]");
    assert!(error.to_string().contains("blocks of Q4_K hold 256 values each"), "{error}");
}

#[test]
fn big_endian_blocks_say_so() {
    let file = fixture("gguf/big_endian.gguf");
    let (back, _) = there_and_back(&file, ALL, "safetensors");
    let types = types(&back);
    let types: Vec<&str> =
        types.as_object().unwrap().values().map(|v| v.as_str().unwrap()).collect();
    assert!(
        !types.is_empty() && types.iter().all(|text| text.ends_with(", big-endian")),
        "{types:?}"
    );
}

#[test]
fn a_computed_weight_stands_for_its_parts() {
    let file = fixture("quantised/gptq.safetensors");
    let weight = file.tensors.iter().find(|one| one.is_derived()).unwrap();
    let stem = weight.name().strip_suffix(".weight").unwrap();
    let (back, notes) = there_and_back(&file, &[weight.name()], "npz");
    let written = back.tensors.iter().filter(|one| !one.is_derived());
    let mut names: Vec<&str> = written.map(Tensor::name).collect();
    names.sort_unstable();
    let mut parts: Vec<String> = file
        .tensors
        .iter()
        .map(|one| one.name().to_owned())
        .filter(|name| {
            let end = name.strip_prefix(stem).unwrap_or_default();
            matches!(end, ".qweight" | ".qzeros" | ".scales" | ".g_idx")
        })
        .collect();
    parts.sort_unstable();
    assert_eq!(names, parts);
    assert_eq!(
        notes,
        ["1 dequantised weight (from GPTQ) left out: what is stored is written instead"]
    );
    let error = refused(&file, &format!("{}[0]", weight.name()));
    assert!(error.to_string().contains("a slice of it is not stored"), "{error}");
    assert!(error.help().is_some_and(|help| help.contains(".qweight")), "{error:?}");
}

/// The truths of the fixtures are coremltools' and what the schema says (their makers).
#[test]
fn codes_go_out_with_their_scales_and_tables() {
    for (folder, name, codes, others) in [
        ("tflite", "quantised.tflite", "rows", &["rows.scale", "rows.zero_point"][..]),
        ("coreml", "quantised.mlmodel", "kmeans3.weights", &["kmeans3.weights.table"]),
        (
            "coreml",
            "quantised.mlmodel",
            "linear4.weights",
            &["linear4.weights.scale", "linear4.weights.bias"],
        ),
        ("onnx", "quantised.onnx", "rows_q", &["rows_scale", "rows_zero"]),
    ] {
        let file = fixture(&format!("{folder}/{name}"));
        let (back, _) = there_and_back(&file, ALL, "safetensors");
        let find = |name: &str| back.tensors.iter().find(|one| one.name() == name);
        let truth = std::fs::read_to_string(format!(
            "{}/../hinton-format/tests/fixtures/{folder}/truth.json",
            env!("CARGO_MANIFEST_DIR")
        ));
        let truth: Value = serde_json::from_str(&truth.unwrap()).unwrap();
        let truth = &truth[name][codes];
        let found = find(codes).unwrap();
        assert_eq!(found.dtype().name(), truth["dtype"].as_str().unwrap(), "{name}: {codes}");
        let values: Vec<f64> = serde_json::from_value(truth["values"].clone()).unwrap();
        assert_eq!(found.to_f64().unwrap(), values, "{name}: {codes}");
        for other in others {
            assert!(find(other).is_some(), "{name}: {other}");
        }
        assert!(back.tensors.iter().all(|one| !one.name().ends_with(".dequantised")), "{name}");
    }
}

#[test]
fn dtypes_that_numpy_has_not_are_their_bits() {
    let folder = Folder::new();
    for dtype in Dtype::ALL {
        let len = dtype.bytes_of(16).unwrap() as usize;
        let bytes: Vec<u8> = (0..len).map(|at| (at * 37 % 256) as u8).collect();
        let data = std::sync::Arc::new(hinton_tensor::Memory::new(bytes.clone()));
        let view = hinton_tensor::View::packed(&[2, 8]);
        let tensor = Tensor::new("w", "m", dtype, Endian::Little, view, 0, data).unwrap();
        let path = folder.path("w.npy");
        let selected = [Selected::whole(tensor)];
        let export = Export::stored(&selected, named("npy").unwrap()).unwrap();
        let notes = export.save(&path, &Quiet).unwrap();
        let back = open(&path).unwrap().tensors.remove(0);
        if dtype != Dtype::Bool {
            assert_eq!(back.packed_bytes().unwrap(), bytes, "{dtype}");
        }
        match dtype {
            Dtype::Bf16 => {
                assert_eq!((back.dtype(), back.shape()), (Dtype::U16, &[2, 8][..]));
                assert_eq!(notes, ["values of bf16 are written as their bits, u16"]);
            }
            Dtype::F8E4m3 => assert_eq!((back.dtype(), back.shape()), (Dtype::U8, &[2, 8][..])),
            Dtype::F4 => assert_eq!((back.dtype(), back.shape()), (Dtype::U8, &[2, 4][..])),
            Dtype::F6E2m3 => assert_eq!((back.dtype(), back.shape()), (Dtype::U8, &[2, 6][..])),
            _ => {}
        }
    }
}
