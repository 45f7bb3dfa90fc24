//! Quantised weights in safetensors, against what numpy computes from the stored tensors.

use crate::common;

use std::path::PathBuf;
use std::sync::Arc;

use hinton_format::{Checkpoint, Limits, open};
use hinton_tensor::{Bytes, Memory, Tensor};
use hinton_testing::Outcomes;

fn fixture(name: &str) -> PathBuf {
    common::fixtures().join("quantised").join(name)
}

fn opened(name: &str) -> Checkpoint {
    open(&fixture(name), &Limits::default()).unwrap_or_else(|error| panic!("{error}"))
}

fn find<'c>(checkpoint: &'c Checkpoint, name: &str) -> Option<&'c Tensor> {
    checkpoint.tensors.iter().find(|tensor| tensor.name() == name)
}

fn warnings(checkpoint: &Checkpoint) -> Vec<String> {
    checkpoint.warnings.iter().map(ToString::to_string).collect()
}

fn words(checkpoint: &Checkpoint) -> Vec<&str> {
    let said = checkpoint.metadata.iter().filter(|(key, _)| key == "dequantised");
    said.map(|(_, text)| text.as_str()).collect()
}

/// Compares each derived weight with the `expected.` one; returns how many.
fn compare(name: &str, kind: &str) -> usize {
    let checkpoint = opened(name);
    let mut count = 0;
    for expected in &checkpoint.tensors {
        let Some(weight_name) = expected.name().strip_prefix("expected.") else { continue };
        let beside = format!("{weight_name} (dequantised)");
        let weight = find(&checkpoint, &beside).or_else(|| find(&checkpoint, weight_name));
        let weight = weight.unwrap_or_else(|| panic!("{name}: no {weight_name}"));
        assert!(weight.is_derived() && weight.stored_len() == 0, "{name}: {weight_name}");
        assert_eq!(weight.stored_type(), kind, "{name}");
        assert_eq!(weight.shape(), expected.shape(), "{name}: {weight_name}");
        assert_eq!(weight.to_f32().unwrap(), expected.to_f32().unwrap(), "{name}: {weight_name}");
        // A part of it is a part of the whole.
        let slice = "[...,1:3,3:9]".parse().unwrap();
        let part = |tensor: &Tensor| tensor.slice(&slice).unwrap().to_f32().unwrap();
        assert_eq!(part(weight), part(expected), "{name}: {weight_name}");
        count += 1;
    }
    count
}

#[test]
fn every_layout_decodes_as_its_library_would() {
    for (name, kind, count) in [
        ("gptq.safetensors", "from GPTQ", 4),
        ("gptq_v2/model.safetensors", "from GPTQ", 1),
        ("gptq_v2", "from GPTQ", 1),
        ("awq.safetensors", "from AWQ", 2),
        ("nf4.safetensors", "from NF4", 2),
        ("int8.safetensors", "from INT8", 1),
        ("mlx_guessed.safetensors", "from MLX", 3),
        ("mlx/model.safetensors", "from MLX", 3),
        ("fp8_block/model.safetensors", "from FP8", 1),
        ("fp8_tensor.safetensors", "from FP8", 1),
        ("fp8_row.safetensors", "from FP8", 1),
        ("fp8_even.safetensors", "from FP8", 1),
        ("mxfp4.safetensors", "from MXFP4", 1),
        ("nvfp4_modelopt.safetensors", "from NVFP4", 1),
        ("nvfp4_packed.safetensors", "from NVFP4", 1),
        ("ct.safetensors", "from INT", 7),
        ("mxfp4_ct.safetensors", "from MXFP4", 1),
        ("mxfp8_ct.safetensors", "from MXFP8", 1),
        ("mxfp4_deepseek.safetensors", "from MXFP4", 1),
        ("mxfp4_mlx.safetensors", "from MXFP4", 1),
        ("mxfp8_mlx.safetensors", "from MXFP8", 1),
        ("nvfp4_mlx.safetensors", "from NVFP4", 1),
        ("fp8_scale.safetensors", "from FP8", 1),
        ("quanto.safetensors", "from INT8", 1),
        ("bitnet/model.safetensors", "from BitNet", 1),
        ("bitnet_auto/model.safetensors", "from BitNet", 1),
        ("hqq.safetensors", "from HQQ", 5),
        ("marlin.safetensors", "from Marlin", 2),
        ("keras_int8.weights.h5", "from INT8", 4),
    ] {
        assert_eq!(compare(name, kind), count, "{name}");
    }
}

#[test]
fn what_was_done_is_said_and_what_was_guessed_is_a_warning() {
    let gptq = opened("gptq.safetensors");
    assert_eq!(
        words(&gptq),
        [
            "1 weight from GPTQ: 4 bits in groups of 32; 1 weight from GPTQ: 8 bits in groups of 32; \
          1 weight from GPTQ: 2 bits in groups of 16; 1 weight from GPTQ: 3 bits in groups of 32; \
          shown beside what is stored"
        ]
    );
    assert_eq!(warnings(&gptq), [""; 0]);
    // Behind the tensor it was told by, and nothing stored is hidden.
    let names: Vec<&str> = gptq.tensors.iter().map(Tensor::name).collect();
    let at = names.iter().position(|name| *name == "a.qweight").unwrap();
    assert_eq!(names[at + 1], "a.weight");
    assert!(names.contains(&"a.g_idx") && names.contains(&"a.scales"));

    let mlx = opened("mlx_guessed.safetensors");
    assert_eq!(warnings(&mlx).len(), 3, "{:?}", warnings(&mlx));
    assert!(warnings(&mlx).iter().any(|said| said
        == "from MLX: no config.json says how, so 4 bits in groups of 64 are guessed; 8 bits in \
            groups of 32, 2 bits in groups of 128 would fit too"));
    assert_eq!(warnings(&opened("mlx/model.safetensors")), [""; 0]);
    assert!(find(&mlx, "a.weight").is_some() && find(&mlx, "a.weight (dequantised)").is_some());
}

#[test]
fn codes_of_marlin_are_told_by_their_shape() {
    let marlin = opened("marlin.safetensors");
    assert_eq!(
        words(&marlin),
        [
            "1 weight from Marlin: 4 bits in groups of 16; 1 weight from Marlin: 4 bits in groups of 48; \
          shown beside what is stored"
        ]
    );
    assert_eq!(warnings(&marlin), [""; 0]);
    // An output at a time, across the tiles.
    let [whole, stored] = ["a.weight", "expected.a.weight"].map(|name| find(&marlin, name));
    let whole = whole.unwrap().clone();
    for slice in ["[60:70]", "[:,17]", "[::31,5:40]"] {
        let part =
            |tensor: &Tensor| tensor.slice(&slice.parse().unwrap()).unwrap().to_f32().unwrap();
        assert_eq!(part(&whole), part(stored.unwrap()), "{slice}");
    }
}

#[test]
fn codes_are_remarked_on_and_nothing_else_is() {
    let remarks = |checkpoint: &Checkpoint| -> Vec<(String, String)> {
        let tensors = checkpoint.tensors.iter();
        tensors.filter_map(|one| Some((one.name().to_owned(), one.remark()?.to_owned()))).collect()
    };
    let ct = remarks(&opened("mxfp4_ct.safetensors"));
    let text = "codes of a.weight, shown as stored";
    assert_eq!(ct, [("a.weight_packed".to_owned(), text.to_owned())]);
    let gptq = remarks(&opened("gptq.safetensors"));
    assert!(gptq.iter().all(|(name, _)| name.ends_with(".qweight")) && gptq.len() == 4, "{gptq:?}");

    let checkpoint = opened("unknown_codes.safetensors");
    let unknown = "codes of a quantised weight, shown as stored: hinton does not know their layout";
    let expected = [
        ("a.q_weight", "packed codes of EXL2, shown as stored"),
        ("b.B", "packed codes of Marlin, shown as stored"),
        ("c.weight_packed", unknown),
        ("d.weight", unknown),
    ];
    let found = remarks(&checkpoint);
    let found: Vec<(&str, &str)> =
        found.iter().map(|(name, text)| (name.as_str(), text.as_str())).collect();
    assert_eq!(found.len(), expected.len(), "{found:?}");
    for row in expected {
        assert!(found.contains(&row), "{row:?} is not in {found:?}");
    }
    // Each is a note too.
    assert_eq!(warnings(&checkpoint).len(), 4, "{:?}", warnings(&checkpoint));
    // A slice of codes is still codes.
    let part = find(&checkpoint, "b.B").unwrap().slice(&"[0]".parse().unwrap()).unwrap();
    assert!(part.remark().is_some());
}

#[test]
fn weights_of_public_layouts_are_those_of_their_truth() {
    let folder = "field/packed-weights-shown-raw";
    let Some(folder) = hinton_testing::shared(folder) else { return };
    for (name, kind) in [
        ("ct_int4", "from INT"),
        ("mxfp4_ct", "from MXFP4"),
        ("mlx_mxfp4", "from MXFP4"),
        ("mlx_mxfp8", "from MXFP8"),
        ("mlx_nvfp4", "from NVFP4"),
        ("fp8_ds_scale", "from FP8"),
        ("fp8_ue8m0", "from FP8"),
        ("quanto8", "from INT8"),
    ] {
        let open = |file: &str| open(&folder.join(name).join(file), &Limits::default()).unwrap();
        let (checkpoint, truth) = (open("model.safetensors"), open("truth.npz"));
        let truth = &truth.tensors[0];
        let derived: Vec<&Tensor> =
            checkpoint.tensors.iter().filter(|one| one.is_derived()).collect();
        assert_eq!(derived.len(), 1, "{name}");
        assert_eq!(derived[0].stored_type(), kind, "{name}");
        assert_eq!(derived[0].shape(), truth.shape(), "{name}");
        assert_eq!(derived[0].to_f32().unwrap(), truth.to_f32().unwrap(), "{name}");
    }
    for name in ["exl2", "gptq_marlin"] {
        let path = folder.join(name).join("model.safetensors");
        let checkpoint = open(&path, &Limits::default()).unwrap();
        assert!(checkpoint.tensors.iter().any(|one| one.remark().is_some()), "{name}");
    }
}

#[test]
fn codes_of_keras_are_weights_beside_its_other_layers() {
    let path = "field/packed-weights-shown-raw/keras_int8.keras";
    let Some(path) = hinton_testing::shared(path) else { return };
    let checkpoint = open(&path, &Limits::default()).unwrap();
    let derived: Vec<&Tensor> = checkpoint.tensors.iter().filter(|one| one.is_derived()).collect();
    assert_eq!(derived.len(), 2);
    for weight in derived {
        let stem = weight.name().strip_suffix("/0 (dequantised)").unwrap();
        let part =
            |number: u8| find(&checkpoint, &format!("{stem}/{number}")).unwrap().to_f32().unwrap();
        let (codes, scales) = (part(0), part(2));
        let each = codes.iter().zip(scales.iter().cycle());
        let expected: Vec<f32> = each.map(|(code, scale)| code / scale).collect();
        assert_eq!(weight.to_f32().unwrap(), expected);
        // A kernel has as many codes as weights: none is beyond what Keras draws at the start.
        assert!(expected.iter().all(|value| value.abs() < 1.0), "{expected:?}");
    }
}

#[test]
fn parts_that_do_not_fit_leave_codes_that_are_said_to_be_codes() {
    // The number of bits, in `a.nbits`.
    let bytes = std::fs::read(fixture("hqq.safetensors")).unwrap();
    let start = find(&opened("hqq.safetensors"), "a.nbits").unwrap().start() as usize;
    for (bits, why) in
        [(2, "do not fit a weight"), (3, "expected a matrix of i32"), (200, "200 bits")]
    {
        let mut bytes = bytes.clone();
        bytes[start] = bits;
        let data: Arc<dyn Bytes> = Arc::new(Memory::new(bytes));
        let input = hinton_format::Input { name: "h.safetensors".to_owned(), path: None, data };
        let checkpoint = hinton_format::open_input(&input, &Limits::default()).unwrap();
        assert!(find(&checkpoint, "a.weight").is_none());
        let said = warnings(&checkpoint);
        assert!(said.iter().any(|text| text.contains(why)), "{said:?}");
        let codes = find(&checkpoint, "a.W_q").unwrap();
        assert_eq!(codes.remark(), Some("packed codes of HQQ, shown as stored"));
    }
}

#[test]
fn an_order_of_columns_that_is_not_there_is_an_error_or_none() {
    let bytes = std::fs::read(fixture("ct.safetensors")).unwrap();
    let checkpoint = opened("ct.safetensors");
    let start = find(&checkpoint, "f.weight_g_idx").unwrap().start() as usize;
    let altered = |group: u32| {
        let mut bytes = bytes.clone();
        bytes[start..start + 4].copy_from_slice(&group.to_le_bytes());
        let data: Arc<dyn Bytes> = Arc::new(Memory::new(bytes));
        let input = hinton_format::Input { name: "c.safetensors".to_owned(), path: None, data };
        let checkpoint = hinton_format::open_input(&input, &Limits::default()).unwrap();
        find(&checkpoint, "f.weight").unwrap().to_f32()
    };
    let error = altered(9).unwrap_err().to_string();
    assert!(error.contains("weight_g_idx puts column 0 into group 9, there are 3"), "{error}");
    // What the library writes where nothing was ordered.
    assert!(altered(u32::MAX).is_ok());
}

/// A copy of a fixture with some header text replaced by text of the same length.
fn altered(name: &str, from: &str, to: &str) -> Result<Checkpoint, hinton_format::Error> {
    assert_eq!(from.len(), to.len());
    let bytes = std::fs::read(fixture(name)).unwrap();
    let at = bytes.windows(from.len()).position(|part| part == from.as_bytes()).unwrap();
    let mut changed = bytes;
    changed[at..at + to.len()].copy_from_slice(to.as_bytes());
    let data: Arc<dyn Bytes> = Arc::new(Memory::new(changed));
    let input = hinton_format::Input { name: name.to_owned(), path: None, data };
    hinton_format::open_input(&input, &Limits::default())
}

#[test]
fn parts_that_do_not_fit_are_shown_as_stored() {
    for (name, from, to, says) in [
        ("fp8_even.safetensors", "[2,2]", "[4,1]", "do not fit 6 x 10 codes"),
        ("fp8_even.safetensors", "[2, 2]", "[4, 1]", "do not fit 6 x 10 codes"),
        ("nf4.safetensors", "\"blocksize\": 64", "\"blocksize\": 00", "description is not JSON"),
        ("nf4.safetensors", "\"shape\": [16,", "\"shape\": [19,", "do not fill shape [19, 24]"),
        ("nf4.safetensors", "\"nf4\"", "\"nf9\"", "its type is Some(\"nf9\")"),
        ("int8.safetensors", "a.weight_format", "a.weight_farmat", ""),
    ] {
        let bytes = std::fs::read(fixture(name)).unwrap();
        if !bytes.windows(from.len()).any(|part| part == from.as_bytes()) {
            continue;
        }
        let checkpoint = altered(name, from, to).unwrap();
        let said = warnings(&checkpoint).join("\n");
        assert!(said.contains(says), "{name}: {said:?} lacks {says:?}");
    }
}

#[test]
fn a_group_that_is_not_there_is_an_error_of_that_weight_only() {
    let mut bytes = std::fs::read(fixture("gptq.safetensors")).unwrap();
    let checkpoint = opened("gptq.safetensors");
    let groups = find(&checkpoint, "a.g_idx").unwrap();
    let at = groups.start() as usize;
    bytes[at..at + 4].copy_from_slice(&99u32.to_le_bytes());
    let data: Arc<dyn Bytes> = Arc::new(Memory::new(bytes));
    let input = hinton_format::Input { name: "g.safetensors".to_owned(), path: None, data };
    let checkpoint = hinton_format::open_input(&input, &Limits::default()).unwrap();
    let error = find(&checkpoint, "a.weight").unwrap().to_f32().unwrap_err().to_string();
    assert!(error.contains("g_idx puts row 0 into group 99, there are 2"), "{error}");
    assert!(find(&checkpoint, "b.weight").unwrap().to_f32().is_ok());
}

#[test]
fn broken_headers_and_values_never_panic() {
    for path in common::files(&common::fixtures().join("quantised")) {
        let name = path.display().to_string();
        let bytes = std::fs::read(&path).unwrap();
        // What stands before the values; all of a file of HDF5, whose headers lie between them.
        let header = match name.ends_with(".safetensors") {
            true => 8 + u64::from_le_bytes(*bytes.first_chunk().unwrap()) as usize,
            false => bytes.len(),
        };
        let outcomes = Outcomes::default();
        let step = (header / 300).max(1);
        for at in (8..header).step_by(step) {
            for mask in [0x01, 0x02, 0x04, 0x10] {
                let mut flipped = bytes.clone();
                flipped[at] ^= mask;
                let read = common::read_all(&name, &flipped, &Limits::default());
                outcomes.count(read.is_ok());
            }
        }
        outcomes.at_least(100, 100);
    }
}
