//! What the readers give of the fixtures, value by value, and of files made here on purpose.

use crate::common;

use std::sync::Arc;

use hinton_format::{Checkpoint, Error, ErrorKind, Input, Limits, open, open_input};
use hinton_tensor::{Dtype, Endian, Memory};

fn fixture(name: &str) -> Checkpoint {
    open(&common::fixtures().join(name), &Limits::default()).unwrap()
}

fn values(checkpoint: &Checkpoint, name: &str) -> Vec<f64> {
    let tensor = checkpoint.tensors.iter().find(|tensor| tensor.name() == name).unwrap();
    tensor.to_f64().unwrap()
}

fn warnings(checkpoint: &Checkpoint) -> Vec<String> {
    checkpoint.warnings.iter().map(ToString::to_string).collect()
}

/// The values that make.py calls a ramp: 0, 0.5, -1, 1.5, -2, 2.5 …
fn ramp(count: usize) -> Vec<f64> {
    let value = |at: usize| {
        if at >= 2 && at.is_multiple_of(2) { -(at as f64) / 2.0 } else { at as f64 / 2.0 }
    };
    (0..count).map(value).collect()
}

#[test]
fn safetensors_small() {
    for name in ["safetensors/small.safetensors", "safetensors/small.safetensors.gz"] {
        let checkpoint = fixture(name);
        assert_eq!(checkpoint.format, "safetensors");
        assert_eq!(checkpoint.metadata, [("format".to_owned(), "np".to_owned())]);
        assert_eq!(values(&checkpoint, "layer.weight"), ramp(12));
        assert_eq!(values(&checkpoint, "layer.bias"), ramp(3));
        assert_eq!(values(&checkpoint, "steps"), [7.0]);
        assert_eq!(values(&checkpoint, "mask"), [1.0, 0.0]);
        assert_eq!(values(&checkpoint, "none"), [0.0; 0]);
        assert_eq!(warnings(&checkpoint), [""; 0]);
    }
}

#[test]
fn safetensors_knows_every_dtype_but_one() {
    let checkpoint = fixture("safetensors/dtypes.safetensors");
    let keys: Vec<&str> = checkpoint.metadata.iter().map(|(key, _)| key.as_str()).collect();
    assert_eq!(keys, ["z", "a"], "metadata keeps the file's order");
    for tensor in &checkpoint.tensors {
        assert_eq!(tensor.name(), tensor.dtype().name());
        assert_eq!(tensor.to_f64().unwrap().len(), 4, "{tensor:?}");
    }
    // All that hinton has but C128, which safetensors lacks.
    assert_eq!(checkpoint.tensors.len(), Dtype::ALL.len() - 1);
    assert_eq!(checkpoint.tensors[0].dtype(), Dtype::F64, "tensors keep the file's order");
    assert_eq!(
        warnings(&checkpoint),
        ["\"f3_made_up\": skipped: its dtype \"F3_MADE_UP\" is not supported"]
    );
}

/// A safetensors file of that header and this many bytes of data.
fn safetensors(header: &str, data: usize) -> Result<Checkpoint, Error> {
    let mut bytes = (header.len() as u64).to_le_bytes().to_vec();
    bytes.extend(header.as_bytes());
    bytes.extend(vec![0; data]);
    memory("made.safetensors", &bytes, &Limits::default())
}

fn memory(name: &str, bytes: &[u8], limits: &Limits) -> Result<Checkpoint, Error> {
    let data = Arc::new(Memory::new(bytes));
    open_input(&Input { name: name.to_owned(), path: None, data }, limits)
}

fn entry(name: &str, dtype: &str, shape: &str, begin: u64, end: u64) -> String {
    format!(r#""{name}":{{"dtype":"{dtype}","shape":{shape},"data_offsets":[{begin},{end}]}}"#)
}

#[test]
fn safetensors_lies_are_told_apart() {
    let error = |header: String, data: usize| safetensors(&header, data).unwrap_err().to_string();
    let two = |second: String| format!("{{{},{second}}}", entry("a", "F32", "[2]", 0, 8));

    let text = error(two(entry("b", "F32", "[2]", 4, 12)), 12);
    assert!(
        text.contains("tensor \"b\"") && text.contains("overlaps that of tensor \"a\""),
        "{text}"
    );
    let text = error(two(entry("a", "F32", "[2]", 8, 16)), 16);
    assert!(text.contains("tensor \"a\": the header names it twice"), "{text}");
    let text = error(two(entry("b", "F32", "[3]", 8, 16)), 16);
    assert!(text.contains("needs 12 bytes, its data has 8"), "{text}");
    let text = error(two(entry("b", "F32", "[2]", 16, 8)), 16);
    assert!(text.contains("starts at 16 and ends before that, at 8"), "{text}");
    let text = error(two(entry("b", "F4", "[3]", 8, 10)), 10);
    assert!(text.contains("3 values of 4 bits do not fill whole bytes"), "{text}");
    let text = error(two(entry("b", "F32", "[-1]", 8, 16)), 16);
    assert!(
        text.contains("tensor \"b\"")
            && text.contains("a whole number that is not negative, found -1"),
        "{text}"
    );
    let text = error(two(r#""b":{"dtype":"F32","shape":[2]}"#.to_owned()), 16);
    assert!(
        text.contains("tensor \"b\"") && text.contains("\"data_offsets\" is missing"),
        "{text}"
    );
    let text = error(two(r#""b":{"dtype":"F32","dtype":"F16"}"#.to_owned()), 16);
    assert!(text.contains("dtype is there twice"), "{text}");
    let text = error(two(r#""b":[]"#.to_owned()), 16);
    assert!(text.contains("expected a map with dtype"), "{text}");
    let deep = format!("{{\"a\":{}1{}}}", "[".repeat(100_000), "]".repeat(100_000));
    assert!(safetensors(&deep, 0).is_err());
    let text = error(two(entry("b", "F32", &format!("[{}1]", "1,".repeat(99)), 8, 12)), 12);
    assert!(text.contains("100 axes, the limit is 64"), "{text}");
    // The byte is where the reader stopped.
    let error = safetensors("{\"a\": x}", 0).unwrap_err();
    assert_eq!((error.byte(), error.tensor()), (Some(8 + 6), Some("a")));
}

#[test]
fn safetensors_oddities_are_warnings() {
    let header = format!("{{{},{}}}", entry("b", "U8", "[2]", 6, 8), entry("a", "U8", "[2]", 0, 2));
    let checkpoint = safetensors(&header, 10).unwrap();
    let names: Vec<&str> = checkpoint.tensors.iter().map(|tensor| tensor.name()).collect();
    assert_eq!(names, ["b", "a"], "the header's order, not the data's");
    let start = 8 + header.len();
    assert_eq!(
        warnings(&checkpoint),
        [(4, start + 2), (2, start + 8)].map(|(count, at)| format!(
            "{count} bytes at byte {at} belong to no tensor; other readers may refuse the file"
        ))
    );
    let nested = safetensors(r#"{"__metadata__":{"n":{"a":[1]},"t":"x"}}   "#, 0).unwrap();
    assert_eq!(nested.metadata[0].1, r#"{"a":[1]}"#);
    assert_eq!(warnings(&nested), ["metadata \"n\" is not a text"]);
    // An empty tensor may claim any other length.
    let header = format!("{{{}}}", entry("e", "F32", "[0,18446744073709551615]", 0, 0));
    assert_eq!(safetensors(&header, 0).unwrap().tensors[0].elements(), 0);
}

#[test]
fn limits_hold() {
    let bytes = std::fs::read(common::fixtures().join("safetensors/small.safetensors")).unwrap();
    let kind = |change: fn(&mut Limits)| {
        let mut limits = Limits::default();
        change(&mut limits);
        memory("x.safetensors", &bytes, &limits).map_err(|error| error.kind()).err()
    };
    assert_eq!(kind(|_| {}), None);
    assert_eq!(kind(|limits| limits.header_bytes = 10), Some(ErrorKind::Limit));
    assert!(kind(|limits| limits.tensors = 2).is_some());
    assert!(kind(|limits| limits.axes = 1).is_some());
    let mut limits = Limits::default();
    limits.text_bytes = 5;
    let error = memory("x.csv", b"1,2\n3,4\n", &limits).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Limit);
}

#[test]
fn npy_of_every_kind() {
    for name in ["npy/small.npy", "npy/small.npy.gz"] {
        let checkpoint = fixture(name);
        assert_eq!(checkpoint.tensors[0].shape(), [3, 4]);
        assert_eq!(values(&checkpoint, "small"), ramp(12));
    }
    let fortran = fixture("npy/big_endian_fortran.npy");
    assert_eq!(fortran.tensors[0].endian(), Endian::Big);
    assert_eq!(values(&fortran, "big_endian_fortran"), ramp(6));
    assert_eq!(values(&fixture("npy/scalar.npy"), "scalar"), [5.0]);
    assert_eq!(fixture("npy/scalar.npy").tensors[0].shape(), [0; 0]);
    assert_eq!(values(&fixture("npy/version_2.npy"), "version_2"), ramp(3));
    assert_eq!(values(&fixture("npy/version_3.npy"), "version_3"), ramp(3));
    let complex = fixture("npy/complex.npy");
    assert_eq!(complex.tensors[0].dtype(), Dtype::C64);
    let path = common::fixtures().join("npy/objects.npy");
    let error = open(&path, &Limits::default()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unsupported);

    let mut bytes = std::fs::read(common::fixtures().join("npy/small.npy")).unwrap();
    bytes.extend([0; 3]);
    let longer = memory("w.npy", &bytes, &Limits::default()).unwrap();
    assert_eq!(warnings(&longer), ["3 bytes after the values belong to no tensor"]);
}

#[test]
fn npz_stored_deflated_and_mixed() {
    let stored = fixture("npz/stored.npz");
    assert_eq!(values(&stored, "w"), ramp(12));
    assert_eq!(values(&stored, "b"), ramp(3));
    let first = &stored.tensors[0];
    assert!(first.data().slice(0..1).is_some(), "stored members are not copied");
    // In memory and streamed.
    for inflate_bytes in [1 << 20, 100] {
        let mut limits = Limits::default();
        limits.inflate_bytes = inflate_bytes;
        let deflated = open(&common::fixtures().join("npz/deflated.npz"), &limits).unwrap();
        assert_eq!(deflated.tensors[0].data().is_sequential(), inflate_bytes == 100);
        assert_eq!(values(&deflated, "w"), [0.0; 400]);
        assert_eq!(values(&deflated, "b"), ramp(3));
        assert_eq!(values(&deflated, "w"), [0.0; 400], "a second time");
    }
    let mixed = fixture("npz/mixed.npz");
    assert_eq!(mixed.tensors.len(), 1);
    assert_eq!(warnings(&mixed), ["\"names.npy\": skipped: the values are texts (\"<U1\")"]);
}

#[test]
fn idx_bytes_and_floats() {
    let bytes: Vec<f64> = (0..24).map(f64::from).collect();
    for name in ["idx/small-idx3-ubyte", "idx/small-idx3-ubyte.gz"] {
        let checkpoint = fixture(name);
        assert_eq!(checkpoint.tensors[0].shape(), [2, 3, 4]);
        assert_eq!(values(&checkpoint, "small-idx3-ubyte"), bytes);
    }
    assert_eq!(values(&fixture("idx/floats.idx"), "floats"), ramp(6));
    let with = |bytes: &[u8]| memory("w-ubyte", bytes, &Limits::default());
    let error = with(&[0, 0, 8, 1, 0, 0, 0, 9, 1, 2]).unwrap_err().to_string();
    assert!(error.contains("needs 9 bytes, the file has 2 bytes after"), "{error}");
    let longer = with(&[0, 0, 8, 1, 0, 0, 0, 1, 1, 2]).unwrap();
    assert_eq!(warnings(&longer), ["1 bytes after the values belong to no tensor"]);
}

#[test]
fn csv_with_names() {
    let named = fixture("csv/named.tsv");
    assert_eq!(named.metadata[0], ("columns".to_owned(), r#"["x","y"]"#.to_owned()));
    assert_eq!(named.metadata[1], ("rows".to_owned(), r#"["first","second"]"#.to_owned()));
    let found = values(&named, "named");
    assert!(found[1].is_nan());
    assert_eq!([found[0], found[2], found[3]], [1.0, f64::INFINITY, -0.2]);
    assert_eq!(values(&fixture("csv/spaces.txt"), "spaces")[8..], [4.0, -4.0]);
    assert_eq!(values(&fixture("csv/plain.csv"), "plain"), ramp(6));
}

#[test]
fn gzip_within_gzip_and_cut_gzip_are_errors() {
    use std::io::Write;
    let small = std::fs::read(common::fixtures().join("npy/small.npy.gz")).unwrap();
    let mut twice = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    twice.write_all(&small).unwrap();
    let error = memory("w.npy.gz", &twice.finish().unwrap(), &Limits::default()).unwrap_err();
    assert_eq!(error.cure_text(), Some("decompress it first"), "{error}");
    let bytes = std::fs::read(common::fixtures().join("npy/small.npy.gz")).unwrap();
    for len in 3..bytes.len() {
        let error = memory("w.npy.gz", &bytes[..len], &Limits::default()).unwrap_err();
        assert!(matches!(error.kind(), ErrorKind::Malformed | ErrorKind::Unrecognised), "{error}");
    }
}

/// Numbers of every size, the same on every run (Knuth's MMIX generator).
fn numbers(count: usize) -> Vec<f64> {
    let mut state = 1u64;
    let mut next = || {
        state = state.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        f64::from_bits(state)
    };
    (0..count).map(|_| next()).map(|number| if number.is_nan() { 0.1 } else { number }).collect()
}

#[test]
fn csv_reads_back_every_number_to_the_last_bit() {
    let numbers = numbers(3000);
    for (separator, columns) in [(",", 3), (";", 7), ("\t", 1), (" ", 250)] {
        let rows: Vec<&[f64]> = numbers.chunks_exact(columns).collect();
        let line = |row: &&[f64]| {
            row.iter().map(|number| format!("{number:e}")).collect::<Vec<_>>().join(separator)
        };
        let text = rows.iter().map(line).collect::<Vec<_>>().join("\n");
        let checkpoint = memory("w.csv", text.as_bytes(), &Limits::default()).unwrap();
        let found = values(&checkpoint, "w");
        let expected = rows.concat();
        assert_eq!(found.len(), expected.len(), "separated by {separator:?}");
        for (found, expected) in found.iter().zip(&expected) {
            assert_eq!(found.to_bits(), expected.to_bits(), "{expected:e}");
        }
    }
    let whole: Vec<f64> = (0..3000).map(|at| f64::from(at) * 1e11).collect();
    let text: Vec<String> = whole.iter().map(|number| format!("{number}")).collect();
    let checkpoint = memory("w.csv", text.join("\n").as_bytes(), &Limits::default()).unwrap();
    assert_eq!(values(&checkpoint, "w"), whole);
}

/// numpy's own rounding of long doubles, and its fields of a structured array.
#[test]
fn long_doubles_and_records_are_numpys() {
    let bits = |checkpoint: &Checkpoint, name: &str| -> Vec<u64> {
        // Of what is not a number the sign and the payload mean nothing.
        let bits = |value: f64| if value.is_nan() { 0x7ff8 << 48 } else { value.to_bits() };
        values(checkpoint, name).into_iter().map(bits).collect()
    };
    let long = fixture("npy/long.npy");
    assert_eq!(bits(&long, "long"), bits(&fixture("npy/long_as_f64.npy"), "long_as_f64"));
    let (record, fields) = (fixture("npy/record.npy"), fixture("npz/record_fields.npz"));
    assert_eq!(record.tensors.len(), fields.tensors.len());
    for field in &fields.tensors {
        let name = format!("record.{}", field.name());
        let found = record.tensors.iter().find(|tensor| tensor.name() == name).unwrap();
        assert_eq!(found.shape(), field.shape(), "{name}");
        assert_eq!(found.to_f64().unwrap(), field.to_f64().unwrap(), "{name}");
    }
    let told = warnings(&record).join("\n");
    assert!(told.contains("the field \"in.name\" is left out"), "{told}");
}
