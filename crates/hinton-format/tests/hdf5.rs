//! HDF5 and Keras: fixtures against h5py's answers, what is skipped, and broken files.

use crate::python_support;

use hinton_format::{Checkpoint, ErrorKind, Limits, open};
use hinton_tensor::Slice;
use python_support::{compare_fixtures, data, fixture, open_bytes, open_with};

fn opened(format: &str, name: &str) -> Checkpoint {
    open(&fixture(format, name), &Limits::default()).unwrap_or_else(|error| panic!("{error}"))
}

fn warnings(checkpoint: &Checkpoint) -> Vec<String> {
    checkpoint.warnings.iter().map(ToString::to_string).collect()
}

#[test]
fn fixtures_hold_what_h5py_reads_in_them() {
    assert!(compare_fixtures("hdf5") >= 15);
    assert_eq!(compare_fixtures("keras"), 2);
}

#[test]
fn what_is_no_numbers_is_named_and_hides_nothing() {
    for libver in ["earliest", "latest"] {
        let found = warnings(&opened("hdf5", &format!("types_{libver}.h5")));
        let expected = [
            "\"odd/bytes\": skipped: it holds texts",
            "\"odd/kind\": a committed datatype, which holds no values",
            "\"odd/lists\": skipped: it holds lists of different lengths",
            "\"odd/long\": skipped: it holds floats of 16 bytes with bias 16383",
            "\"odd/null\": skipped: it holds no values (its shape is empty)",
            "\"odd/records\": skipped: it holds records of named fields (\"x\", \"n\")",
            "\"odd/reference\": skipped: it holds references to other objects",
            "\"odd/text\": skipped: it holds texts",
        ];
        assert_eq!(found, expected, "{libver}");
        let found = warnings(&opened("hdf5", &format!("chunked_{libver}.h5")));
        assert_eq!(found.len(), 1, "{found:?}");
        assert!(found[0].contains("packed with scale-offset packing"), "{found:?}");
    }
    let found = warnings(&opened("hdf5", "virtual.h5"));
    assert!(found[0].contains("\"elsewhere\": skipped: its values are in another file"));
    assert!(found[1].contains("\"gathered\": skipped: it is a virtual dataset"));
}

#[test]
fn links_are_followed_inside_the_file_and_once() {
    let checkpoint = opened("hdf5", "links.h5");
    assert_eq!(
        warnings(&checkpoint),
        [
            "\"group/up\": the same group as \"\", listed there",
            "\"nowhere\": a link to \"/gone\", listed there",
            "\"outside\": a link into the file \"links.h5\"; other files are not opened",
            "\"soft\": a link to \"/group/w\", listed there",
            "\"twin\": the same group as \"group\", listed there",
        ]
    );
}

#[test]
fn attributes_are_metadata() {
    for libver in ["earliest", "latest"] {
        let metadata = opened("hdf5", &format!("types_{libver}.h5")).metadata;
        let mut metadata: Vec<(&str, &str)> =
            metadata.iter().map(|(key, value)| (key.as_str(), value.as_str())).collect();
        metadata.sort_unstable();
        let expected = [
            ("a@unit", "m"),
            ("bytes", "fixed"),
            ("half", "0.5"),
            ("list", "[0,1,2]"),
            ("nothing", "null"),
            ("text", "any length"),
            ("texts", "[\"a\",\"bc\"]"),
            ("yes", "true"),
        ];
        assert_eq!(metadata, expected, "{libver}");
    }
    let metadata = opened("hdf5", "dense.h5").metadata;
    assert_eq!(metadata.len(), 13);
    let large = metadata.iter().find(|(key, _)| key == "large").unwrap();
    assert_eq!(large.1, "x".repeat(5000));
    let metadata = opened("hdf5", "keras_order.h5").metadata;
    assert_eq!(metadata.len(), 2, "what is only order is not listed: {metadata:?}");
    let checkpoint = opened("keras", "deflated.keras");
    let keys: Vec<&str> = checkpoint.metadata.iter().map(|(key, _)| key.as_str()).collect();
    let expected =
        ["date_saved", "keras_version", "model_config", "model.weights.h5:layers/dense@name"];
    assert_eq!(keys, expected);
    assert_eq!(
        warnings(&checkpoint),
        ["\"assets/words.txt\": skipped: it is not an HDF5 file of weights"]
    );
}

#[test]
fn slices_of_chunked_datasets_are_those_of_the_whole() {
    for libver in ["earliest", "latest"] {
        for tensor in opened("hdf5", &format!("chunked_{libver}.h5")).tensors {
            let whole = tensor.to_memory().unwrap();
            for slice in ["[1:4]", "[::-1]", "[...,1]", "[1:,::2]", "[-1]"] {
                let slice: Slice = slice.parse().unwrap();
                let (Ok(part), Ok(expected)) = (tensor.slice(&slice), whole.slice(&slice)) else {
                    continue;
                };
                let part = part.to_f64().unwrap();
                assert_eq!(part, expected.to_f64().unwrap(), "{} {slice}", tensor.name());
            }
        }
    }
}

#[test]
fn bytes_are_read_from_any_place_on() {
    for name in ["chunked_earliest.h5", "chunked_latest.h5"] {
        for tensor in opened("hdf5", name).tensors {
            let len = tensor.byte_len();
            let whole = hinton_format::source::read_vec(&**tensor.data(), tensor.start(), len);
            let whole = whole.unwrap();
            for offset in (0..len).step_by(5) {
                for take in [1, 3, 30, 64] {
                    let take = take.min(len - offset);
                    let mut part = vec![0; take as usize];
                    tensor.data().read_at(tensor.start() + offset, &mut part).unwrap();
                    assert_eq!(part, whole[offset as usize..][..take as usize], "{offset} {take}");
                }
            }
        }
    }
}

#[test]
fn damaged_chunks_are_errors_of_their_tensor() {
    let bytes = std::fs::read(fixture("hdf5", "user_block.h5")).unwrap();
    let at = bytes.windows(2).rposition(|pair| pair == [0x78, 0x5e]).unwrap();
    let mut broken = bytes.clone();
    broken[at + 4] ^= 0xff;
    let checkpoint = open_bytes("w.h5", &broken).unwrap();
    let error = checkpoint.tensors[0].to_f64().unwrap_err().to_string();
    assert!(error.contains("chunk") && error.contains("\"w\""), "{error}");
}

#[test]
fn a_cut_file_says_how_much_is_missing() {
    let bytes = std::fs::read(fixture("hdf5", "compact.h5")).unwrap();
    let error = open_bytes("w.h5", &bytes[..1000]).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Malformed);
    assert!(error.message().contains("says 1424 bytes, the file has 1000"), "{error}");
    assert!(error.cure_text().unwrap().contains("download"), "{error}");
    let Some(data) = data() else { return };
    let error = open(&data.join("malformed/h5_cut.h5"), &Limits::default()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Malformed);
    assert!(error.message().contains("its superblock says"), "{error}");
}

#[test]
fn metadata_has_a_limit() {
    let bytes = std::fs::read(fixture("hdf5", "dense.h5")).unwrap();
    let mut limits = Limits::default();
    limits.header_bytes = 2000;
    let error = open_with("w.h5", &bytes, &limits).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Limit);
    assert!(error.message().contains("limit of 2000 bytes"), "{error}");
}

#[test]
fn archives_without_weights_say_so() {
    let mut bytes = std::fs::read(fixture("keras", "stored.keras")).unwrap();
    for at in 0..bytes.len() - 10 {
        if &bytes[at..at + 10] == b"weights.h5" {
            bytes[at..at + 10].copy_from_slice(b"weights.xx");
        }
    }
    let error = open_bytes("w.keras", &bytes).unwrap_err();
    assert!(error.message().contains("no member .weights.h5"), "{error}");
}
