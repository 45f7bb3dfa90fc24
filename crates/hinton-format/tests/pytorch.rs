//! PyTorch files: against the truth about real ones, broken ones, and our own fixtures.

use crate::common;
use crate::python_support;

use std::io::Write;

use hinton_format::{Checkpoint, ErrorKind, Limits, open};
use python_support::{
    break_in_every_way, compare, compare_fixtures, data, fixture, fixtures, open_bytes,
};

#[test]
fn real_files_hold_what_is_known_of_them() {
    let Some(data) = data() else { return };
    let mut count = 0;
    for folder in ["pytorch", "sequences/mnist_pth_epochs", "torchscript"] {
        for entry in std::fs::read_dir(data.join(folder)).unwrap() {
            let file = entry.unwrap().path();
            let name = file.file_name().unwrap().to_str().unwrap();
            let truth = format!("{}__{name}.json", folder.replace('/', "__"));
            compare(&file, &data.join("truth").join(truth));
            count += 1;
        }
    }
    assert!(count >= 27, "{count} files");
}

#[test]
fn broken_files_say_what_is_wrong() {
    let Some(data) = data() else { return };
    let error = |name: &str| {
        let path = data.join("malformed").join(name);
        open(&path, &Limits::default()).expect_err(name)
    };
    let missing = error("pt_storage_missing.pt");
    assert_eq!(missing.kind(), ErrorKind::Malformed);
    assert_eq!(missing.tensor(), Some("w"));
    assert!(missing.message().contains("archive/data/0"), "{missing}");
    let outside = error("pt_stride_out_of_range.pt");
    assert_eq!(outside.kind(), ErrorKind::Malformed);
    assert!(outside.message().contains("its data has 16 bytes"), "{outside}");
    let calls = error("pt_calls_os_system.pt");
    assert_eq!(calls.kind(), ErrorKind::Refused);
    assert!(calls.message().contains("os.system"), "{calls}");
    assert!(calls.file().ends_with("pt_calls_os_system.pt"));
}

#[test]
fn fixtures_hold_what_made_them() {
    assert!(compare_fixtures("pytorch") >= 20);
}

#[test]
fn broken_fixtures_never_panic() {
    for file in fixtures("pytorch") {
        break_in_every_way(&file);
    }
}

fn opened(name: &str) -> Checkpoint {
    open(&fixture("pytorch", name), &Limits::default()).unwrap_or_else(|error| panic!("{error}"))
}

fn warnings(checkpoint: &Checkpoint) -> String {
    let lines: Vec<String> = checkpoint.warnings.iter().map(ToString::to_string).collect();
    lines.join("\n")
}

#[test]
fn what_is_not_shown_is_named_and_hides_nothing_else() {
    let odd = warnings(&opened("odd.pt"));
    let parts = "of shape [2, 2], listed as the parts that the file stores";
    assert!(odd.contains(&format!("\"sparse\": a sparse tensor (COO) {parts}")), "{odd}");
    assert!(odd.contains(&format!("\"csr\": a sparse tensor (CSR) {parts}")), "{odd}");
    assert!(odd.contains("\"meta\": a tensor on the meta device"), "{odd}");
    let quantised = warnings(&opened("quantised.pt"));
    assert!(quantised.contains("\"q\": quantised, scale 0.25, zero point 3"), "{quantised}");
    assert!(quantised.contains("\"c\": quantised, a scale for each channel"), "{quantised}");
    assert_eq!(warnings(&opened("complex.pt")), "", "conj is a sign, which is applied");
    let wrapped = warnings(&opened("wrapped.pt"));
    assert!(wrapped.contains(&format!("\"w\": a mynets.Wrapped {parts}")), "{wrapped}");
    assert!(wrapped.contains("\"nested\": a nested tensor, listed as the parts"), "{wrapped}");
    let distributed = warnings(&opened("dtensor.pt"));
    let local = "\"w\": the part that one process had of a torch.distributed.tensor.DTensor of shape \
                 [3, 2]";
    assert!(distributed.contains(local), "{distributed}");
    let module = warnings(&opened("module.pt"));
    assert!(module.contains("mynets.Net"), "{module}");
    assert!(module.contains("torch.nn.modules.linear.Linear"), "{module}");
    for quiet in ["lone.pt", "state_p2.pt", "strided.pt", "dtypes_rare.pt", "checkpoint.pt"] {
        assert_eq!(warnings(&opened(quiet)), "", "{quiet}");
    }
}

#[test]
fn looking_up_attributes_is_named_and_refuses_nothing() {
    let attributes = warnings(&opened("attributes.pt"));
    let looked_up = "builtins.getattr would look these up, which is not done: ";
    assert!(attributes.contains("mynets.Outer.Inner"), "{attributes}");
    assert!(attributes.contains("….method"), "{attributes}");
    assert!(attributes.contains(looked_up), "{attributes}");
    assert!(attributes.contains("functools.partial"), "{attributes}");
}

#[test]
fn an_optimizer_alone_is_said_to_be_one() {
    let optimizer = opened("optimizer.pt");
    assert_eq!(
        common::warnings(&optimizer),
        [
            "it holds the state of an optimizer and no weights; those are in another file of the same \
         training"
        ]
    );
    assert_eq!(optimizer.tensors.len(), 6);
}

#[test]
fn tar_archives_are_opened_by_what_is_in_them() {
    let tar = opened("tar.pt");
    assert_eq!(tar.format, "pytorch");
    assert_eq!(tar.metadata, [("epoch".to_owned(), "4".to_owned())]);
    assert_eq!(warnings(&tar), "\"row\": a storage without a shape, shown as a row");
    let bytes = std::fs::read(fixture("pytorch", "tar.pt")).unwrap();
    for name in ["weights", "weights.csv", "weights.tar"] {
        assert_eq!(open_bytes(name, &bytes).unwrap().tensors.len(), 5, "{name}");
    }
    let at = |name: &[u8]| bytes.windows(name.len()).position(|part| part == name).unwrap();
    // A storage of more elements than there are bytes.
    let mut long = bytes.clone();
    let count = at(b"FloatStorage");
    let count = count + bytes[count..].windows(8).position(|w| w == 12u64.to_le_bytes()).unwrap();
    long[count] = 0xff;
    let error = open_bytes("long.pt", &long).unwrap_err();
    assert!(error.message().contains("storage \"1\" should have 255 elements"), "{error}");
    // A tensor over a storage that is not there.
    let mut lost = bytes.clone();
    let key = at(b"X\x03\x00\x00\x00101");
    lost[key + 7] = b'9';
    let error = open_bytes("lost.pt", &lost).unwrap_err();
    assert!(error.message().contains("no tensor and no storage \"109\""), "{error}");
    assert_eq!(error.tensor(), Some("state.w"));
    let end = at(b"storages\0") + 600;
    let cut = open_bytes("cut.pt", &bytes[..end]).unwrap_err();
    assert!(cut.message().contains(&format!("the archive has {end} in all")), "{cut}");
}

#[test]
fn an_empty_state_dict_opens() {
    let empty = opened("empty.pt");
    assert!(empty.tensors.is_empty());
    assert_eq!(warnings(&empty), "the file holds no tensor");
}

#[test]
fn settings_of_a_checkpoint_are_metadata() {
    let metadata = opened("checkpoint.pt").metadata;
    let has = |name: &str, value: &str| {
        let found = metadata.iter().any(|(key, text)| key == name && text == value);
        assert!(found, "{name} = {value} in {metadata:?}");
    };
    has("epoch", "3");
    has("loss", "0.25");
    has("optimizer.param_groups.0.lr", "0.01");
    has("optimizer.param_groups.0.betas", "[0.9,0.999]");
    has("args.arch", "linear");
    has("args.sizes", "[3,2]");
    has("args.seed", "null");
    assert!(metadata.iter().all(|(key, _)| !key.contains("_metadata")), "{metadata:?}");
}

#[test]
fn numbers_of_numpy_are_metadata_too() {
    let metadata = opened("numpy_beside.pt").metadata;
    assert_eq!(metadata, [("best".to_owned(), "0.5".to_owned())]);
}

#[test]
fn a_cut_legacy_file_names_storage_and_byte() {
    let bytes = std::fs::read(fixture("pytorch", "legacy_p2.pt")).unwrap();
    let error = open_bytes("cut.pt", &bytes[..bytes.len() - 4]).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Malformed);
    assert!(error.byte().is_some());
    assert!(error.message().contains("elements of 4 bytes, "), "{error}");
    assert!(error.cure_text().unwrap().contains("cut short"));
}

#[test]
fn a_storage_shorter_than_it_says_is_malformed() {
    let mut bytes = std::fs::read(fixture("pytorch", "lone.pt")).unwrap();
    // The number of elements in the persistent id: BININT1 6, then TUPLE.
    let at = bytes.windows(3).position(|part| part == b"K\x06t").unwrap();
    bytes[at + 1] = 7;
    let error = open_bytes("lies.pt", &bytes).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Malformed);
    assert_eq!(error.tensor(), Some("tensor"));
    assert!(error.message().contains("should have 28 bytes from byte 0, it has 24"), "{error}");
}

#[test]
fn values_are_not_copied_out_of_a_stored_archive() {
    for tensor in &opened("strided.pt").tensors {
        assert!(tensor.data().slice(0..tensor.data().len()).is_some());
    }
}

#[test]
fn gzip_around_them_is_looked_through() {
    for name in ["strided.pt", "deflated.pt", "legacy_p2.pt"] {
        let bytes = std::fs::read(fixture("pytorch", name)).unwrap();
        let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        packed.write_all(&bytes).unwrap();
        let packed = open_bytes(&format!("{name}.gz"), &packed.finish().unwrap()).unwrap();
        let plain = opened(name);
        assert_eq!(packed.tensors.len(), plain.tensors.len());
        for (one, other) in packed.tensors.iter().zip(&plain.tensors) {
            assert_eq!(one.name(), other.name());
            assert_eq!(one.to_f64().unwrap(), other.to_f64().unwrap(), "{}", one.name());
        }
    }
}

#[test]
fn the_name_does_not_matter() {
    for name in ["state_p2.pt", "legacy_p2.pt", "legacy_p1.pt", "scripted.pt"] {
        let bytes = std::fs::read(fixture("pytorch", name)).unwrap();
        for other in ["weights", "weights.csv", "weights.npz", "weights.pkl"] {
            assert_eq!(open_bytes(other, &bytes).unwrap().format, "pytorch", "{name} as {other}");
        }
    }
}

#[test]
fn archives_of_torch_export_are_as_they_were_written() {
    common::check_truth("pt2");
    let checkpoint = common::fixture("pt2/new.pt2");
    assert_eq!(checkpoint.format, "pt2");
    assert_eq!(common::metadata(&checkpoint, "archive_version"), Some("0"));
    let said = common::warnings(&checkpoint);
    let expected = [
        "\"sparse\": skipped: it is sparse, or laid out by a library of its own",
        "\"sub\": skipped: it is pickled, as tensors of classes of their own are",
    ];
    assert_eq!(said, expected);
}

#[test]
fn what_an_archive_of_torch_export_says_is_checked() {
    let path = common::fixtures().join("pt2/new.pt2");
    let bytes = std::fs::read(&path).unwrap();
    let error = |from: &str, to: &str| {
        assert_eq!(from.len(), to.len());
        let mut bytes = bytes.clone();
        let found = bytes.windows(from.len()).position(|part| part == from.as_bytes()).unwrap();
        bytes[found..found + to.len()].copy_from_slice(to.as_bytes());
        common::read_all("net.pt2", &bytes, &Limits::default()).unwrap_err()
    };
    let said = error("\"weight_0\"", "\"weight_9\"");
    assert!(said.contains("\"net/data/weights/weight_9\" is not in the archive"), "{said}");
    // Sizes, strides and offsets that leave the member.
    let said = error("{\"as_int\": 3}", "{\"as_int\": 9}");
    assert!(said.contains("fc.weight"), "{said}");
    let said = error("\"storage_offset\": {\"as_int\": 0}", "\"storage_offset\": {\"as_int\": 5}");
    assert!(said.contains("fc."), "{said}");
    let said = error("{\"config\": {\"fc", "{\"config\": [\"fc");
    assert!(said.contains("model_weights_config.json"), "{said}");
}

#[test]
fn public_archives_of_torch_export_open() {
    let Some(data) = common::shared_data() else { return };
    let folder = data.join("../field/torch-export-pt2");
    if !folder.is_dir() {
        println!("skipped: there is no folder {}", folder.display());
        return;
    }
    for name in ["new.pt2", "old.pt2"] {
        let checkpoint = hinton_format::open(&folder.join(name), &Limits::default()).unwrap();
        assert_eq!(checkpoint.format, "pt2", "{name}");
        assert!(!checkpoint.tensors.is_empty(), "{name}");
        common::read_values(&checkpoint);
    }
}
