//! GGUF: every type against the package `gguf`, every version and byte order, split models, and
//! files that lie.

use crate::common;

use std::path::PathBuf;
use std::sync::Arc;

use hinton_format::{Checkpoint, Error, ErrorKind, Input, Limits, open, open_input};
use hinton_tensor::{Dtype, Memory, Tensor};

fn fixture(name: &str) -> PathBuf {
    common::fixtures().join("gguf").join(name)
}

fn opened(name: &str) -> Checkpoint {
    open(&fixture(name), &Limits::default()).unwrap_or_else(|error| panic!("{error}"))
}

fn tensor<'c>(checkpoint: &'c Checkpoint, name: &str) -> &'c Tensor {
    checkpoint.tensors.iter().find(|tensor| tensor.name() == name).unwrap()
}

fn metadata<'c>(checkpoint: &'c Checkpoint, key: &str) -> &'c str {
    let found = checkpoint.metadata.iter().find(|(name, _)| name == key);
    &found.unwrap_or_else(|| panic!("no {key}")).1
}

fn warnings(checkpoint: &Checkpoint) -> Vec<String> {
    checkpoint.warnings.iter().map(ToString::to_string).collect()
}

/// Compares every tensor `NAME` that has a `NAME.values` beside it, bit for bit; counts them.
fn compare_with_values(checkpoint: &Checkpoint) -> usize {
    let mut count = 0;
    for values in &checkpoint.tensors {
        let Some(name) = values.name().strip_suffix(".values") else { continue };
        let blocks = tensor(checkpoint, name);
        assert_eq!(blocks.shape(), values.shape(), "{name}");
        assert_eq!(blocks.dtype(), Dtype::F32, "{name}");
        assert!(blocks.stored_type().eq_ignore_ascii_case(name) || name == "q", "{name}");
        let (found, wanted) = (blocks.to_f32().unwrap(), values.to_f32().unwrap());
        for (at, (found, wanted)) in found.iter().zip(&wanted).enumerate() {
            let same = found.to_bits() == wanted.to_bits() || (found.is_nan() && wanted.is_nan());
            // Negative zero is zero: numpy's product with a sign gives either.
            let same = same || (*found == 0.0 && *wanted == 0.0);
            assert!(same, "{name} [{at}]: {found} for {wanted}");
        }
        count += 1;
    }
    count
}

#[test]
fn every_type_decodes_as_the_package_gguf_decodes_it() {
    let checkpoint = opened("every_type.gguf");
    assert_eq!(warnings(&checkpoint), [""; 0]);
    assert_eq!(compare_with_values(&checkpoint), 26);
    let plain: Vec<&Tensor> =
        checkpoint.tensors.iter().filter(|tensor| tensor.name().starts_with("plain.")).collect();
    assert_eq!(plain.len(), 8);
    for tensor in plain {
        let scale = if tensor.dtype().is_integer() { 1.0 } else { 0.25 };
        let wanted: Vec<f64> = (0..12).map(|value| f64::from(value - 4) * scale).collect();
        assert_eq!(tensor.to_f64().unwrap(), wanted, "{tensor:?}");
        assert!(tensor.stored().is_none());
    }
}

#[test]
fn parts_of_blocks_are_parts_of_the_whole() {
    let checkpoint = opened("every_type.gguf");
    for tensor in checkpoint.tensors.iter().filter(|tensor| tensor.stored().is_some()) {
        let whole = tensor.to_f32().unwrap();
        let row = tensor.shape()[1];
        let same = |slice: &str, wanted: Vec<f32>| {
            let found = tensor.slice(&slice.parse().unwrap()).unwrap().to_f32().unwrap();
            let bits = |values: Vec<f32>| values.into_iter().map(f32::to_bits).collect::<Vec<_>>();
            assert_eq!(bits(found), bits(wanted), "{}{slice}", tensor.name());
        };
        same("[1,5:37]", whole[row + 5..row + 37].to_vec());
        same("[:,-1]", vec![whole[row - 1], whole[2 * row - 1]]);
        same("[0,::7]", whole[..row].iter().copied().step_by(7).collect());
    }
}

#[test]
fn what_is_stored_is_told_in_its_own_bytes() {
    let checkpoint = opened("every_type.gguf");
    for (name, bytes) in [("Q4_K", 288), ("Q8_0", 136), ("IQ1_S", 100), ("MXFP4", 68)] {
        let tensor = tensor(&checkpoint, name);
        assert_eq!((tensor.stored_type(), tensor.stored_len()), (name, bytes));
        assert_eq!(tensor.stored().unwrap().blocks().unwrap().raw.len(), bytes);
    }
    let plain = tensor(&checkpoint, "plain.BF16");
    assert_eq!((plain.stored_type(), plain.stored_len()), ("bf16", 24));
}

#[test]
fn both_byte_orders_and_every_version() {
    let checkpoint = opened("big_endian.gguf");
    assert_eq!(compare_with_values(&checkpoint), 5);
    assert_eq!(metadata(&checkpoint, "made.width"), "-7");
    assert!(metadata(&checkpoint, "GGUF").starts_with("version 3, big-endian; shapes in numpy's"));
    assert_eq!(tensor(&checkpoint, "plain.F16").to_f64().unwrap()[..3], [-1.0, -0.75, -0.5]);
    assert_eq!(warnings(&checkpoint), [""; 0]);
    for (name, version) in [("version_1.gguf", "version 1"), ("version_2.gguf", "version 2")] {
        let checkpoint = opened(name);
        assert!(metadata(&checkpoint, "GGUF").starts_with(version));
        assert_eq!(metadata(&checkpoint, "tokens"), "[\"a\", \"bc\"]");
        assert_eq!(tensor(&checkpoint, "w").to_f64().unwrap(), [0., 1., 2., 3., 4., 5.]);
        assert_eq!(compare_with_values(&checkpoint), 1);
    }
}

#[test]
fn metadata_of_every_type() {
    let checkpoint = opened("metadata.gguf");
    for (key, value) in [
        ("a.u8", "200"),
        ("a.i8", "-100"),
        ("a.u16", "60000"),
        ("a.i16", "-30000"),
        ("a.u32", "4000000000"),
        ("a.i32", "-2000000000"),
        ("a.f32", "0.1"),
        ("a.bool", "true"),
        ("a.u64", "9223372036854775813"),
        ("a.i64", "-4611686018427387904"),
        ("a.f64", "0.1"),
        ("a.nan", "NaN"),
        ("a.text", "ünï ✓\n\"quoted\""),
        ("a.latin", "caf\u{fffd}"),
        ("none", "[]"),
        ("nested", "[[1, 2], [], [3]]"),
        (
            "tokens",
            "100 texts: [\"t0\", \"t1\", \"t2\", \"t3\", \"t4\", \"t5\", \"t6\", \"t7\", …, \"t99\"]",
        ),
    ] {
        assert_eq!(metadata(&checkpoint, key), value, "{key}");
    }
    assert!(metadata(&checkpoint, "scores").starts_with("100 f32: [0.0, -1.0, -2.0,"));
    assert!(metadata(&checkpoint, "scores").ends_with(", …, -99.0]"));
    assert_eq!(
        warnings(&checkpoint),
        ["1 names or texts are not valid UTF-8: invalid bytes are shown as \u{fffd}"]
    );
    assert_eq!(tensor(&checkpoint, "scalar").to_f64().unwrap(), [2.5]);
    assert_eq!(tensor(&checkpoint, "none").shape(), [0, 4]);
    assert_eq!(tensor(&checkpoint, "w").to_f64().unwrap(), [0., 1., 2., 3., 4., 5.]);
}

#[test]
fn a_split_model_opens_by_its_first_part_or_its_folder() {
    let first = opened("split/made-00001-of-00003.gguf");
    let folder = opened("split");
    for whole in [&first, &folder] {
        let names: Vec<&str> = whole.tensors.iter().map(Tensor::name).collect();
        assert_eq!(names, ["w.0", "w.1", "w.2", "w.3"]);
        assert_eq!(whole.files.len(), 3);
        assert_eq!(warnings(whole), [""; 0]);
        assert_eq!(metadata(whole, "split.no"), "0");
        assert_eq!(tensor(whole, "w.3").to_f64().unwrap(), [3.0; 4]);
    }
    assert_eq!(folder.path, fixture("split").display().to_string());
    let second = opened("split/made-00002-of-00003.gguf");
    assert_eq!(second.tensors.len(), 1);
    assert!(warnings(&second)[0].starts_with("this is part 2 of 3; open the first part"));
}

#[test]
fn a_missing_part_is_told() {
    let folder = std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join("gguf_missing_part");
    std::fs::create_dir_all(&folder).unwrap();
    for number in [1, 3] {
        let name = format!("made-{number:05}-of-00003.gguf");
        std::fs::copy(fixture("split").join(&name), folder.join(&name)).unwrap();
    }
    let first = open(&folder.join("made-00001-of-00003.gguf"), &Limits::default()).unwrap();
    assert_eq!(first.tensors.len(), 3);
    assert_eq!(
        warnings(&first),
        ["1 of 3 parts are missing, their tensors are not shown: \"made-00002-of-00003.gguf\""]
    );
    let error = open(&folder, &Limits::default()).unwrap_err();
    assert!(error.to_string().contains("\"made-00002-of-00003.gguf\" is missing"), "{error}");
}

/// A little-endian file of version 3, piece by piece.
#[derive(Default)]
struct Made {
    pairs: Vec<Vec<u8>>,
    infos: Vec<Vec<u8>>,
    data: Vec<u8>,
}

fn text(value: &str) -> Vec<u8> {
    [&(value.len() as u64).to_le_bytes()[..], value.as_bytes()].concat()
}

impl Made {
    fn pair(mut self, key: &str, code: u32, value: &[u8]) -> Self {
        self.pairs.push([text(key), code.to_le_bytes().to_vec(), value.to_vec()].concat());
        self
    }

    fn info(mut self, name: &str, file_shape: &[u64], kind: u32, offset: u64) -> Self {
        let mut info = text(name);
        info.extend((file_shape.len() as u32).to_le_bytes());
        file_shape.iter().for_each(|len| info.extend(len.to_le_bytes()));
        info.extend(kind.to_le_bytes());
        info.extend(offset.to_le_bytes());
        self.infos.push(info);
        self
    }

    fn data(mut self, bytes: usize) -> Self {
        self.data = vec![0; bytes];
        self
    }

    fn open(self) -> Result<Checkpoint, Error> {
        let mut bytes = b"GGUF\x03\0\0\0".to_vec();
        bytes.extend((self.infos.len() as u64).to_le_bytes());
        bytes.extend((self.pairs.len() as u64).to_le_bytes());
        self.pairs.iter().chain(&self.infos).for_each(|part| bytes.extend(part));
        bytes.resize(bytes.len().next_multiple_of(32), 0);
        bytes.extend(self.data);
        memory(bytes)
    }
}

fn memory(bytes: Vec<u8>) -> Result<Checkpoint, Error> {
    let data = Arc::new(Memory::new(bytes));
    let input = Input { name: "made.gguf".to_owned(), path: None, data };
    open_input(&input, &Limits::default())
}

fn made() -> Made {
    Made::default()
}

fn fails(made: Made) -> String {
    let error = made.open().unwrap_err();
    assert_eq!(error.file(), "made.gguf");
    format!("{error} / {}", error.cure_text().unwrap_or_default())
}

#[test]
fn lies_are_told_by_name_and_byte() {
    let error = fails(made().pair("general.alignment", 4, &[0; 4]));
    assert!(
        error.contains("at byte 49: general.alignment is 0, expected a power of two"),
        "{error}"
    );
    let error = fails(made().pair("general.alignment", 8, &text("32")));
    assert!(error.contains("general.alignment is 32, expected"), "{error}");
    let error = fails(made().pair("k", 13, &[0; 4]));
    assert!(error.contains("tensor \"k\": at byte 33: 13 is not a type of a value"), "{error}");
    let list = [&6u32.to_le_bytes()[..], &(1u64 << 62).to_le_bytes()].concat();
    let error = fails(made().pair("k", 9, &list));
    assert!(error.contains("a list claims 4611686018427387904 f32"), "{error}");
    let error = fails(made().pair("k", 8, &u64::MAX.to_le_bytes()));
    assert!(error.contains("a text should have 18446744073709551615 bytes here"), "{error}");
    let error = fails(made().info("w", &[100, 2], 12, 0).data(1000));
    assert!(error.contains("\"w\": at byte 24: its rows have 100 values, which is no"), "{error}");
    let error = fails(made().info("w", &[1 << 40, 1 << 40], 0, 0).data(1000));
    assert!(error.contains("more bytes than 64 bits can count"), "{error}");
    let error = fails(made().info("w", &[4], 0, u64::MAX - 8).data(16));
    assert!(error.contains("the file has 80") && error.contains("download"), "{error}");
    let error = fails(made().info("w", &[1; 65], 0, 0).data(16));
    assert!(error.contains("it has 65 axes, the limit is 64"), "{error}");
}

#[test]
fn what_is_odd_is_a_warning() {
    let found = |made: Made| -> (usize, Vec<String>) {
        let checkpoint = made.open().unwrap();
        (checkpoint.tensors.len(), warnings(&checkpoint))
    };
    let (count, said) = found(made().info("a", &[4], 0, 0).info("a", &[4], 0, 32).data(64));
    assert_eq!(count, 1);
    assert_eq!(said, ["\"a\": skipped: the file lists a tensor of that name before"]);
    let (count, said) = found(made().info("a", &[4], 0, 0).info("b", &[4], 0, 8).data(24));
    assert_eq!(count, 2);
    assert_eq!(said.len(), 2, "{said:?}");
    assert_eq!(said[0], "\"b\": its offset 8 is not a multiple of the alignment 32");
    assert!(said[1].starts_with("\"b\": its data from byte"), "{said:?}");
    let (count, said) = found(made().info("a", &[4], 31, 0).info("b", &[4], 99, 8).data(24));
    assert_eq!(count, 0);
    assert_eq!(
        said[0],
        "\"a\": skipped: its type 31 (Q4_0_4_4) was given up by ggml and is not read"
    );
    assert_eq!(said[1], "\"b\": skipped: its type 99 is not a ggml type that hinton knows");
    let (_, said) = found(made().info("a", &[4], 0, 64).data(200));
    assert_eq!(said, ["168 bytes belong to no tensor, the first at byte 64"]);
    let one = 1u32.to_le_bytes();
    let (_, said) = found(made().pair("k", 4, &one).pair("k", 4, &one));
    assert_eq!(said, ["\"k\": the metadata has it twice"]);
    let (_, said) = found(made().pair("general.alignment", 4, &24u32.to_le_bytes()));
    assert_eq!(said, ["\"general.alignment\": 24 is not a power of two"]);
}

#[test]
fn lists_in_lists_end_at_the_limit() {
    let nest = |depth: usize| {
        let inner = [&9u32.to_le_bytes()[..], &1u64.to_le_bytes()].concat().repeat(depth);
        let last = [&0u32.to_le_bytes()[..], &0u64.to_le_bytes()].concat();
        made().pair("k", 9, &[inner, last].concat())
    };
    assert!(nest(100).open().is_ok());
    assert!(fails(nest(10_000)).contains("lists are nested deeper than the limit"));
}

#[test]
fn other_versions_are_named() {
    for (bytes, says) in [
        (b"GGUF\x04\0\0\0", "its version is 4; hinton reads versions 1 to 3"),
        (b"GGUF\0\0\0\x05", "its version is 5"),
        (b"GGUF\0\0\0\0", "its version is 0"),
    ] {
        let error = memory(bytes.to_vec()).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unsupported);
        assert!(error.to_string().contains(says), "{error}");
    }
}
