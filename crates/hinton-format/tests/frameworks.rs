//! Flax, MATLAB and Darknet: fixtures against what made them, what is skipped, broken files.

use crate::python_support;

use hinton_format::{Checkpoint, ErrorKind, Limits, open};
use hinton_tensor::Tensor;
use python_support::{compare_fixtures, data, fixture, open_bytes, open_with};

fn opened(format: &str, name: &str) -> Checkpoint {
    open(&fixture(format, name), &Limits::default()).unwrap_or_else(|error| panic!("{error}"))
}

fn warnings(checkpoint: &Checkpoint) -> Vec<String> {
    checkpoint.warnings.iter().map(ToString::to_string).collect()
}

fn metadata(checkpoint: &Checkpoint) -> Vec<(&str, &str)> {
    checkpoint.metadata.iter().map(|(key, value)| (key.as_str(), value.as_str())).collect()
}

#[test]
fn fixtures_hold_what_made_them() {
    assert_eq!(compare_fixtures("flax"), 2);
    assert_eq!(compare_fixtures("matlab"), 10);
    assert_eq!(compare_fixtures("darknet"), 3);
}

#[test]
fn plain_values_of_flax_are_metadata() {
    let checkpoint = opened("flax", "small.msgpack");
    assert_eq!(
        metadata(&checkpoint),
        [
            ("odd/complex", "1 + 2j"),
            ("odd/text", "words"),
            ("odd/none", "null"),
            ("odd/float", "0.5"),
            ("odd/raw", "(3 bytes)"),
            ("step", "1200"),
        ]
    );
    assert_eq!(
        warnings(&checkpoint),
        ["\"texts\": skipped: its values are \"bytes16\", no numbers"]
    );
}

#[test]
fn broken_flax_files_say_what_is_wrong() {
    // {"w": array of shape (3,) with 8 bytes}
    let mut array = vec![0x93, 0x91, 3, 0xa7];
    array.extend(b"float32\xc4\x08");
    array.extend([0; 8]);
    let mut file = vec![0x81, 0xa1, b'w', 0xc7, array.len() as u8, 1];
    file.extend(&array);
    let error = open_bytes("w.msgpack", &file).unwrap_err();
    assert_eq!(error.tensor(), Some("w"));
    assert!(error.message().contains("shape [3] of f32 does not fit 8 bytes"), "{error}");
    let error = open_bytes("w.msgpack", &file[..12]).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Malformed);
    assert!(error.cure_text().unwrap().contains("download"), "{error}");
    let deep = [[0x81, 0xa1, b'a'].repeat(200), [0xc0].to_vec()].concat();
    assert_eq!(open_bytes("w.msgpack", &deep).unwrap_err().kind(), ErrorKind::Limit);
    let long = [&[0xde, 0, 1, 0xda, 0x20, 0][..], &[b'k'; 0x2000], &[0xc0]].concat();
    let error = open_bytes("w.msgpack", &long).unwrap_err();
    assert!(error.message().contains("limit for a path"), "{error}");
}

#[test]
fn matlab_says_what_it_skips() {
    for name in ["plain.mat", "packed.mat"] {
        let checkpoint = opened("matlab", name);
        let header = "MATLAB 5.0 MAT-file, made by make.py";
        let expected = [("header", header), ("words", "some text"), ("net.layers{2}", "relu")];
        assert_eq!(metadata(&checkpoint), expected);
        assert_eq!(warnings(&checkpoint), [""; 0]);
    }
    for name in ["sparse.mat", "sparse_packed.mat"] {
        assert_eq!(
            warnings(&opened("matlab", name)),
            [
                "\"s\": it is sparse: 5 of 20 values are stored, the others shown as zeros",
                "\"none\": it is sparse: 0 of 6 values are stored, the others shown as zeros",
                "\"huge\": skipped: it is sparse, 1 values in shape [268435456, 2], too large to be \
                 filled in",
                "\"z\": skipped: a sparse matrix of complex values, shape [5, 4]",
            ]
        );
    }
    let checkpoint = opened("matlab", "version_4.mat");
    assert_eq!(metadata(&checkpoint), [("header", "MATLAB 4"), ("words", "some text")]);
    assert_eq!(
        warnings(&checkpoint),
        ["\"s\": it is sparse: 5 of 20 values are stored, the others shown as zeros"]
    );
    let checkpoint = opened("matlab", "hdf5.mat");
    assert_eq!(metadata(&checkpoint), [("words", "some text"), ("z@note", "of another program")]);
    let told = warnings(&checkpoint);
    let starts = [
        "left out: what MATLAB stores with texts",
        "\"f\": skipped: a function handle",
        "\"lines\": skipped: texts of shape [2, 2]",
        "\"thing\": skipped: an object of the class DAGNetwork",
    ];
    assert_eq!(told.len(), starts.len(), "{told:?}");
    assert!(told.iter().zip(starts).all(|(told, start)| told.starts_with(start)), "{told:?}");
}

#[test]
fn matlab_7_3_is_read_as_version_5_is() {
    let [old, new] = ["both_5.mat", "both_73.mat"].map(|name| opened("matlab", name));
    let of = |checkpoint: &hinton_format::Checkpoint| {
        let mut all: Vec<_> = checkpoint
            .tensors
            .iter()
            .map(|one| {
                let bits: Vec<u64> = one.to_f64().unwrap().into_iter().map(f64::to_bits).collect();
                (one.name().to_owned(), one.shape().to_vec(), bits)
            })
            .collect();
        all.sort();
        let mut texts = checkpoint.metadata.clone();
        texts.retain(|(key, _)| key != "header");
        texts.sort();
        let mut told = warnings(checkpoint);
        told.sort();
        (all, texts, told)
    };
    let (old, new) = (of(&old), of(&new));
    assert_eq!(old.0.len(), 22);
    assert_eq!(old, new);
    assert!(new.2.contains(
        &"\"dots\": skipped: a sparse matrix of complex values, shape [5, 4]".to_owned()
    ));
}

#[test]
fn cells_that_refer_to_themselves_end() {
    let bytes = std::fs::read(fixture("matlab", "both_73.mat")).unwrap();
    // Each place of each object is put in place of the others.
    let mut told = 0;
    let places: Vec<u64> = (0..bytes.len() as u64 / 8).map(|at| at * 8).collect();
    let references: Vec<usize> = (0..bytes.len() - 8)
        .step_by(8)
        .filter(|at| {
            let value = u64::from_le_bytes(bytes[*at..at + 8].try_into().unwrap());
            value > 800 && value < bytes.len() as u64 && places.contains(&value)
        })
        .collect();
    assert!(references.len() > 50, "{}", references.len());
    for (index, at) in references.iter().enumerate() {
        let other = references[(index * 7 + 3) % references.len()];
        let mut changed = bytes.clone();
        changed.copy_within(other..other + 8, *at);
        if let Ok(checkpoint) = open_bytes("w.mat", &changed) {
            told += checkpoint.warnings.len();
            crate::common::read_values(&checkpoint);
        }
    }
    assert!(told > 0);
}

#[test]
fn broken_matlab_files_say_what_is_wrong() {
    let bytes = std::fs::read(fixture("matlab", "plain.mat")).unwrap();
    let error = open_bytes("w.mat", &bytes[..150]).unwrap_err();
    assert!(error.message().contains("14 are left"), "{error}");
    let mut odd = bytes.clone();
    odd[126] = b'X';
    let error = open_bytes("w.mat", &odd).unwrap_err();
    assert!(error.message().contains("byte order"), "{error}");
    // The first dimension of Theta1.
    let mut larger = bytes.clone();
    let at = larger.windows(8).position(|eight| eight == [3, 0, 0, 0, 4, 0, 0, 0]).unwrap();
    larger[at] = 5;
    let found = open_bytes("w.mat", &larger).unwrap();
    let told = warnings(&found);
    assert!(told[0].starts_with("\"Theta1\": skipped, it cannot be read, at byte"), "{told:?}");
    assert!(told[0].contains("[5, 4] does not fit 96 bytes"), "{told:?}");
    assert!(found.warnings[0].is_fault && !found.tensors.is_empty());
    // Other programs call dimensions unsigned and names UTF-8.
    let mut other = bytes.clone();
    let tag = at - 8;
    assert_eq!(other[tag..tag + 4], [5, 0, 0, 0]);
    other[tag] = 6;
    assert_eq!(other[at + 8], 1);
    other[at + 8] = 16;
    let (found, plain) =
        (open_bytes("w.mat", &other).unwrap(), open_bytes("w.mat", &bytes).unwrap());
    assert_eq!(found.tensors.len(), plain.tensors.len());
    assert_eq!(found.tensors[0].to_f64().unwrap(), plain.tensors[0].to_f64().unwrap());
    let packed = std::fs::read(fixture("matlab", "packed.mat")).unwrap();
    let mut broken = packed.clone();
    broken[145] ^= 0x55;
    let error = match open_bytes("w.mat", &broken) {
        Ok(checkpoint) if checkpoint.warnings.iter().any(|one| one.is_fault) => {
            warnings(&checkpoint).join("\n")
        }
        Ok(checkpoint) => checkpoint.tensors[0].to_f64().unwrap_err().to_string(),
        Err(error) => error.to_string(),
    };
    assert!(error.contains("damaged") || error.contains("compressed"), "{error}");
    let mut limits = Limits::default();
    limits.depth = 1;
    assert_eq!(open_with("w.mat", &bytes, &limits).unwrap_err().kind(), ErrorKind::Limit);
}

#[test]
fn darknet_says_whether_it_is_split() {
    let whole = opened("darknet", "small.weights");
    assert_eq!(warnings(&whole), [""; 0]);
    assert_eq!(metadata(&whole), [("version", "0.2.5"), ("images_seen", "640")]);
    assert_eq!(whole.files.len(), 2);
    let found = warnings(&opened("darknet", "small.conv.1"));
    assert_eq!(found, ["it holds the first 1 of the 3 layers in the .cfg"]);
    let found = warnings(&opened("darknet", "alone.weights"));
    assert!(found[0].contains("no .cfg with this name"), "{found:?}");
    let bytes = std::fs::read(fixture("darknet", "small.weights")).unwrap();
    let error = open_bytes("w.weights", &bytes[..15]).unwrap_err();
    assert!(error.message().contains("header needs"), "{error}");
    let error = open_bytes("w.weights", &bytes[..22]).unwrap_err();
    assert!(error.message().contains("2 bytes after the last value"), "{error}");
}

#[test]
fn the_shared_yolo_is_split_and_has_every_value() {
    let Some(data) = data() else { return };
    let checkpoint = open(&data.join("other/yolo-fastest.conv.109"), &Limits::default()).unwrap();
    println!("{:?}", checkpoint.warnings);
    assert!(checkpoint.tensors.len() > 100, "{} tensors", checkpoint.tensors.len());
    assert_eq!(checkpoint.tensors.iter().map(Tensor::elements).sum::<u64>(), 210_168);
    let truth = std::fs::read(data.join("truth/other__yolo-fastest.conv.109.json")).unwrap();
    let truth: serde_json::Value = serde_json::from_slice(&truth).unwrap();
    let all: Vec<f64> =
        checkpoint.tensors.iter().flat_map(|tensor| tensor.to_f64().unwrap()).collect();
    let samples = truth["tensors"][0]["samples"].as_array().unwrap();
    assert!(!samples.is_empty());
    for sample in samples {
        let at = sample[0].as_u64().unwrap() as usize;
        assert!((all[at] - sample[1].as_f64().unwrap()).abs() <= 1e-12 * all[at].abs(), "{at}");
    }
    // Variances are of squares: a split in the wrong place would have negative ones.
    for tensor in &checkpoint.tensors {
        if tensor.name().ends_with("rolling_variance") {
            assert!(tensor.to_f64().unwrap().iter().all(|value| *value >= 0.0), "{tensor:?}");
        }
    }
}
