//! Zarr folders: fixtures against what zarr-python and TensorStore read in them; what is skipped,
//! and what is damaged.

use crate::common;

use std::sync::Arc;

use common::{check_truth, fixture, metadata, warnings};
use hinton_format::source::file::Entry;
use hinton_format::source::{Folder, InMemory};
use hinton_format::{Checkpoint, Error, ErrorKind, Limits, open, open_folder};
use hinton_tensor::{Bytes, ReadError, Slice, Tensor};

#[test]
fn fixtures_hold_what_the_originals_read_in_them() {
    check_truth("zarr");
}

/// A tensor of a fixture by its name.
fn tensor<'a>(checkpoint: &'a Checkpoint, name: &str) -> &'a Tensor {
    checkpoint.tensors.iter().find(|tensor| tensor.name() == name).unwrap()
}

#[test]
fn every_codec_gives_the_same_values() {
    let checkpoint = fixture("zarr/packed");
    let plain = tensor(&checkpoint, "plain").to_f64().unwrap();
    assert_eq!(plain[899], 128.0);
    assert_eq!(checkpoint.tensors.len(), 22);
    for tensor in &checkpoint.tensors {
        assert_eq!(tensor.to_f64().unwrap(), plain, "{}", tensor.name());
    }
    let found = warnings(&checkpoint);
    assert_eq!(found.len(), 1, "{found:?}");
    assert!(
        found[0].starts_with("\"bz2\": skipped: its chunks are packed with \"bz2\"; zstd, gzip")
    );
}

#[test]
fn slices_are_those_of_the_whole() {
    for group in ["v2", "v3"] {
        for tensor in &fixture(&format!("zarr/{group}")).tensors {
            let (whole, shape) = (tensor.to_f64().unwrap(), tensor.shape());
            let [rows, columns] = *shape else { continue };
            for row in 0..rows {
                let slice: Slice = format!("[{row},::-1]").parse().unwrap();
                let mut part = tensor.slice(&slice).unwrap().to_f64().unwrap();
                part.reverse();
                let same = part
                    .iter()
                    .zip(&whole[row * columns..])
                    .all(|(a, b)| a.to_bits() == b.to_bits());
                assert!(same, "{} {slice}", tensor.name());
            }
        }
    }
}

#[test]
fn chunks_too_large_to_be_held_are_read_as_streams() {
    let mut limits = Limits::default();
    limits.held_bytes = 100;
    for group in ["packed", "v3"] {
        let folder = common::fixtures().join("zarr").join(group);
        let held = fixture(&format!("zarr/{group}"));
        let mut streamed = 0;
        for own in &open(&folder, &limits).unwrap().tensors {
            let whole = tensor(&held, own.name());
            let bits = |tensor: &Tensor| -> Vec<u64> {
                tensor.to_f64().unwrap().into_iter().map(f64::to_bits).collect()
            };
            assert_eq!(bits(own), bits(whole), "{}", own.name());
            // From the end to the start too.
            let turned = |tensor: &Tensor| bits(&tensor.slice(&"[::-1]".parse().unwrap()).unwrap());
            if own.data().is_sequential() {
                assert_eq!(turned(own), turned(whole), "{}", own.name());
                streamed += 1;
            }
        }
        assert_eq!(streamed, if group == "packed" { 4 } else { 0 }, "{group}");
    }
}

#[test]
fn attributes_are_metadata() {
    let checkpoint = fixture("zarr/v2");
    assert_eq!(checkpoint.format, "zarr");
    assert_eq!(metadata(&checkpoint, "about"), Some("of version 2"));
    assert_eq!(metadata(&checkpoint, "n"), Some("3"));
    assert_eq!(metadata(&checkpoint, "named@unit"), Some("metres"));
    let checkpoint = fixture("zarr/v3");
    assert_eq!(metadata(&checkpoint, "about"), Some("of version 3"));
    assert_eq!(metadata(&checkpoint, "group/plain@unit"), Some("metres"));
}

/// Opens files in memory.
fn opened(files: &[(&str, &[u8])]) -> Result<Checkpoint, Error> {
    limited(files, &Limits::default())
}

fn limited(files: &[(&str, &[u8])], limits: &Limits) -> Result<Checkpoint, Error> {
    open_folder("here", Arc::new(in_memory(files)), limits).map(Option::unwrap)
}

fn in_memory(files: &[(&str, &[u8])]) -> InMemory {
    InMemory(files.iter().map(|(name, bytes)| ((*name).to_owned(), Arc::from(*bytes))).collect())
}

/// The metadata of version 2, with one entry changed.
fn v2(key: &str, value: &str) -> Vec<u8> {
    let mut json = serde_json::json!({
        "zarr_format": 2, "shape": [2, 3], "chunks": [2, 3], "dtype": "<f4", "order": "C",
        "compressor": null, "filters": null, "fill_value": 0,
    });
    json[key] = serde_json::from_str(value).unwrap();
    json.to_string().into_bytes()
}

/// The metadata of version 3, of int16 in shards of two chunks of two, with one entry changed.
fn v3(key: &str, value: &str) -> Vec<u8> {
    let mut json = serde_json::json!({
        "zarr_format": 3, "node_type": "array", "shape": [4], "data_type": "int16", "fill_value": 0,
        "chunk_grid": {"name": "regular", "configuration": {"chunk_shape": [4]}},
        "chunk_key_encoding": {"name": "default"},
        "codecs": [{"name": "sharding_indexed", "configuration": {
            "chunk_shape": [2], "codecs": [{"name": "bytes", "configuration": {"endian": "little"}}],
            "index_codecs": [{"name": "bytes", "configuration": {"endian": "little"}}],
        }}],
    });
    json[key] = serde_json::from_str(value).unwrap();
    json.to_string().into_bytes()
}

#[test]
fn metadata_that_cannot_be_is_an_error_that_names_it() {
    for (key, value, says) in [
        ("zarr_format", "7", "zarr_format in .zarray is 7, expected 2"),
        ("shape", "[-1]", "no list of lengths \"shape\""),
        ("shape", "[2]", "chunks of [2, 3] do not fit a shape of [2]"),
        ("shape", "[4294967296, 4294967296]", "cannot be counted"),
        ("chunks", "[0, 3]", "chunks of [0, 3] do not fit"),
        ("dtype", "\"<x4\"", "\"<x4\" is not a numpy dtype"),
        ("dtype", "3", "its dtype is 3"),
        ("order", "\"K\"", "its order is \"K\""),
        ("fill_value", "\"x\"", "its fill value is \"x\", which is no f32"),
        ("filters", "[{}]", "has no id"),
    ] {
        let error = opened(&[(".zarray", &v2(key, value))]).unwrap_err();
        assert_eq!((error.kind(), error.file()), (ErrorKind::Malformed, ".zarray"), "{error}");
        assert!(error.message().contains(says), "{key}: {error}");
    }
    let error = opened(&[("zarr.json", b"{\"zarr_format\": 3")]).unwrap_err();
    assert!(error.message().contains("not JSON"), "{error}");
}

#[test]
fn what_is_not_read_is_skipped_with_a_word() {
    let skipped = |name, text: &[u8]| warnings(&opened(&[(name, text)]).unwrap()).join("\n");
    for (key, value, says) in [
        ("dtype", "[[\"a\", \"<f4\"]]", "records of named fields"),
        ("dtype", "\"<U4\"", "texts"),
        ("dtype", "\"|O\"", "object array"),
        ("dtype", "\"float8_e3m4\"", "\"float8_e3m4\", which are not read"),
        ("compressor", "{\"id\": \"lzma\"}", "packed with \"lzma\""),
    ] {
        assert!(skipped(".zarray", &v2(key, value)).contains(says), "{value}");
    }
    // Too large to be unpacked at once; what is not packed is read in place, zstd as a stream.
    let large = String::from_utf8(v2("chunks", "[4000000000, 1]")).unwrap();
    assert_eq!(skipped(".zarray", large.as_bytes()), "");
    let packed = |id: &str| {
        large.replace("\"compressor\":null", &format!("\"compressor\":{{\"id\":{id:?}}}"))
    };
    assert_eq!(skipped(".zarray", packed("zstd").as_bytes()), "");
    assert!(
        skipped(".zarray", packed("blosc").as_bytes()).contains("is more than 1073741824 bytes")
    );
    for (key, value, says) in [
        ("data_type", "\"string\"", "\"string\", which are not read"),
        ("chunk_grid", "{\"name\": \"rectilinear\"}", "its chunks are \"rectilinear\""),
        ("codecs", "[{\"name\": \"vlen-utf8\"}]", "went through \"vlen-utf8\""),
        ("storage_transformers", "[{}]", "storage transformers"),
        ("novelty", "{}", "has \"novelty\", which is not understood"),
        ("chunk_key_encoding", "{\"name\": \"fancy\"}", "in the way \"fancy\""),
    ] {
        assert!(skipped("zarr.json", &v3(key, value)).contains(says), "{value}");
    }
    assert_eq!(skipped("zarr.json", &v3("novelty", "{\"must_understand\": false}")), "");
}

#[test]
fn frames_of_zstd_follow_each_other_and_are_checked_in_streams_too() {
    // "abcabc…", 60 letters with their checksum, by the original; a frame that is skipped.
    let frame = b"(\xb5/\xfd$<M\x00\x00\x18abc\x01\x00\xf6tC8K /";
    let chunk = [frame, &b"\x51\x2a\x4d\x18\x02\0\0\0xy"[..], frame].concat();
    let text = String::from_utf8(v2("dtype", "\"|u1\"")).unwrap();
    let text = text.replace("[2,3]", "[1,120]").replace("null", "{\"id\":\"zstd\"}");
    let text = text.replace("\"filters\":{\"id\":\"zstd\"}", "\"filters\":null");
    for held_bytes in [1 << 30, 100] {
        let mut limits = Limits::default();
        limits.held_bytes = held_bytes;
        let read = |chunk: &[u8]| {
            let files = [(".zarray", text.as_bytes()), ("0.0", chunk)];
            let checkpoint = limited(&files, &limits).unwrap();
            let tensor = &checkpoint.tensors[0];
            assert_eq!(tensor.data().is_sequential(), held_bytes == 100);
            tensor.to_f64().map_err(|error| error.to_string())
        };
        let letters: Vec<f64> = b"abc".repeat(40).into_iter().map(f64::from).collect();
        assert_eq!(read(&chunk), Ok(letters));
        for at in [frame.len() - 1, chunk.len() - 1] {
            let mut flipped = chunk.clone();
            flipped[at] ^= 1;
            assert!(read(&flipped).unwrap_err().contains("checksum"), "byte {at}");
        }
        for wrong in [&chunk[..chunk.len() - 1], &chunk[..40], &[&chunk[..], frame].concat()] {
            assert!(read(wrong).unwrap_err().contains("damaged"), "{} bytes", wrong.len());
        }
    }
}

/// A folder in which one file has a length that nothing is behind, as a sparse file has.
struct Sparse(InMemory, &'static str);

impl Folder for Sparse {
    fn file(&self, name: &str) -> Result<Option<Arc<dyn Bytes>>, Error> {
        if name == self.1 { Ok(Some(Arc::new(Nothing))) } else { self.0.file(name) }
    }

    fn list(&self, below: &str) -> Result<Vec<Entry>, Error> {
        self.0.list(below)
    }

    fn shown(&self, name: &str) -> String {
        self.0.shown(name)
    }
}

struct Nothing;

impl Bytes for Nothing {
    fn len(&self) -> u64 {
        1 << 40
    }

    fn slice(&self, _range: std::ops::Range<u64>) -> Option<&[u8]> {
        None
    }

    fn read_at(&self, _offset: u64, _buf: &mut [u8]) -> Result<(), ReadError> {
        panic!("memory was asked for, and filled")
    }
}

#[test]
fn stored_lengths_are_not_believed() {
    let read = |name: &str, text: &[u8], sparse| {
        let folder = Sparse(in_memory(&[(name, text)]), sparse);
        let checkpoint = open_folder("here", Arc::new(folder), &Limits::default()).unwrap();
        checkpoint.unwrap().tensors[0].to_f64().unwrap_err().to_string()
    };
    let error = read(".zarray", &v2("compressor", "{\"id\": \"blosc\"}"), "0.0");
    assert!(error.contains("it has 1099511627776 bytes, expected 65563 at most"), "{error}");
    // One shard of 2^34 chunks, whose index would fit in the file.
    let text = String::from_utf8(v3("shape", "[4]")).unwrap();
    let text = text.replace("\"chunk_shape\":[4]", "\"chunk_shape\":[34359738368]");
    let error = read("zarr.json", text.as_bytes(), "c/0");
    assert!(error.contains("its index has 274877906944 bytes, the limit is 268435456"), "{error}");
}

#[test]
fn metadata_has_a_limit_in_all() {
    let mut limits = Limits::default();
    limits.header_bytes = 20_000;
    let array = v2("order", "\"C\"");
    let attributes = format!("{{\"about\": \"{}\"}}", "x".repeat(2_500));
    let names = ["a", "b", "c", "d"].map(|name| [".zarray", ".zattrs"].map(|file| (name, file)));
    let names: Vec<String> =
        names.concat().into_iter().map(|(name, file)| format!("{name}/{file}")).collect();
    let mut files: Vec<(&str, &[u8])> = vec![(".zgroup", b"{\"zarr_format\": 2}")];
    for name in &names {
        let is_array = name.ends_with(".zarray");
        files.push((name, if is_array { &array } else { attributes.as_bytes() }));
    }
    let error = limited(&files, &limits).unwrap_err();
    assert_eq!((error.kind(), error.file()), (ErrorKind::Limit, "d/.zattrs"), "{error}");
    assert!(error.message().contains("more bytes than the limit of 20000"), "{error}");
    assert_eq!(limited(&files[..7], &limits).unwrap().tensors.len(), 3);
}

/// The message of the error of reading the lone tensor.
fn reading(files: &[(&str, &[u8])]) -> Result<Vec<f64>, String> {
    let checkpoint = opened(files).unwrap_or_else(|error| panic!("{error}"));
    checkpoint.tensors[0].to_f64().map_err(|error| error.to_string())
}

#[test]
fn damaged_chunks_say_what_is_wrong() {
    let plain = v2("order", "\"C\"");
    let short = reading(&[(".zarray", &plain), ("0.0", &[0; 20])]).unwrap_err();
    assert!(short.contains("its chunk [0, 0] is damaged: it has 20 bytes, expected 24"), "{short}");
    assert_eq!(reading(&[(".zarray", &plain)]), Ok(vec![0.0; 6]), "a chunk that is missing");
    for (compressor, chunk, says) in [
        ("zstd", &b"(\xb5/\xfd"[..], "damaged"),
        ("gzip", b"\x1f\x8b\x08", "does not inflate"),
        ("lz4", b"\xff\xff\xff\xff\0", "unpacks to 4294967295 bytes"),
        ("blosc", b"\x02\x01\x21\x04\xff\xff\xff\xff\0\0\0\0\x10\0\0\0", "unpacks to 4294967295"),
        ("blosc", b"\x02\x01\x21\x04\x18\0\0\0\0\0\0\0\x10\0\0\0", "blocks are empty"),
        ("blosc", b"\x02\x01\x21\x04\x18\0\0\0\x01\0\0\0\x10\0\0\0", "cut"),
        ("blosc", b"\x05\x01\x21\x04", "cut"),
    ] {
        let text = v2("compressor", &format!("{{\"id\": {compressor:?}}}"));
        let error = reading(&[(".zarray", &text), ("0.0", chunk)]).unwrap_err();
        assert!(error.contains(says), "{compressor}: {error}");
    }
    let mut sum = vec![0; 24];
    sum.extend([1, 2, 3, 4]);
    let text = v2("compressor", "{\"id\": \"crc32c\"}");
    let error = reading(&[(".zarray", &text), ("0.0", &sum)]).unwrap_err();
    assert!(error.contains("checksum"), "{error}");
}

#[test]
fn damaged_shards_say_what_is_wrong() {
    let text = v3("node_type", "\"array\"");
    let shard = |entries: [u64; 4]| -> Vec<u8> {
        let index = entries.into_iter().flat_map(u64::to_le_bytes);
        [1, 0, 2, 0, 3, 0, 4, 0].into_iter().chain(index).collect()
    };
    let read = |shard: &[u8]| reading(&[("zarr.json", &text), ("c/0", shard)]);
    assert_eq!(read(&shard([4, 4, 0, 4])), Ok(vec![3.0, 4.0, 1.0, 2.0]));
    assert_eq!(read(&shard([u64::MAX, u64::MAX, 0, 4])), Ok(vec![0.0, 0.0, 1.0, 2.0]));
    assert!(read(&shard([0, u64::MAX, 0, 4])).unwrap_err().contains("the data ends at byte 40"));
    assert!(read(&shard([0, 2, 0, 4])).unwrap_err().contains("it has 2 bytes, expected 4"));
    assert!(read(&[0; 31]).unwrap_err().contains("an index of [2] chunks does not fit in it"));
    let huge = String::from_utf8(text.clone()).unwrap();
    let huge = huge.replace("\"chunk_shape\":[4]", "\"chunk_shape\":[9223372036854775806]");
    let huge = reading(&[("zarr.json", huge.as_bytes()), ("c/0", &[0; 64])]).unwrap_err();
    assert!(huge.contains("does not fit in it"), "{huge}");
}

#[test]
fn groups_have_a_depth() {
    let names: Vec<String> =
        (0..200).map(|depth| format!("{}.zgroup", "g/".repeat(depth))).collect();
    let group: &[u8] = b"{\"zarr_format\": 2}";
    let files: Vec<(&str, &[u8])> = names.iter().map(|name| (name.as_str(), group)).collect();
    let error = opened(&files).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Limit);
    assert!(error.message().contains("deeper than 128"), "{error}");
}
