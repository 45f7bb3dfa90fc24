//! TensorFlow: checkpoints of both versions and graphs, value by value, and files made to lie.

use crate::common;

use std::path::{Path, PathBuf};

use common::{fixture, metadata, warnings};
use hinton_format::{Checkpoint, ErrorKind, Limits, open};
use hinton_testing::Outcomes;

#[test]
fn checkpoints_of_every_kind_are_read() {
    common::check_truth("tfcheckpoint");
}

#[test]
fn graphs_and_saved_models_are_read() {
    common::check_truth("tfgraph");
}

#[test]
fn what_is_not_shown_is_said() {
    let plain = fixture("tfcheckpoint/plain.index");
    assert_eq!(plain.format, "tfcheckpoint");
    assert_eq!(warnings(&plain), ["\"words\": skipped: it holds text"]);
    assert_eq!(metadata(&plain, "objects"), Some("2"));
    assert_eq!(metadata(&plain, "variables"), Some("layer-1/kernel = dense/kernel"));
    assert_eq!(plain.files.len(), 2);
    assert_eq!(fixture("tfcheckpoint/parts.index").files.len(), 4);
    let saved = fixture("tfgraph/saved");
    assert_eq!(saved.format, "tfgraph");
    let said = ["2 constants of one value or of text are not listed"];
    assert_eq!(warnings(&saved), said);
    assert_eq!(metadata(&saved, "tags"), Some("serve"));
    assert_eq!(metadata(&saved, "tensorflow"), Some("2.16.1"));
}

#[test]
fn a_graph_without_its_variables_says_where_they_are() {
    let Some(data) = common::shared_data() else { return };
    let saved = data.join("tensorflow/saved_model_half_plus_two_tf2_cpu/saved_model.pb");
    let alone = Path::new(env!("CARGO_TARGET_TMPDIR")).join("saved_model_alone.pb");
    std::fs::copy(&saved, &alone).unwrap();
    let says = |path: &Path| {
        let found = open(path, &Limits::default()).unwrap();
        found.warnings.iter().any(|one| one.message.contains("open the whole folder"))
    };
    assert!(says(&alone) && !says(&saved));
}

/// The files of a checkpoint in a folder of the test's own.
fn copied(name: &str, to: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(to);
    if folder.exists() {
        std::fs::remove_dir_all(&folder).unwrap();
    }
    std::fs::create_dir_all(&folder).unwrap();
    for file in common::files(&common::fixtures().join("tfcheckpoint")) {
        let own = file.file_name().unwrap().to_str().unwrap().to_owned();
        if own.split('.').next() == Some(name) {
            std::fs::copy(&file, folder.join(own)).unwrap();
        }
    }
    folder.join(format!("{name}.index"))
}

#[test]
fn a_missing_or_short_data_file_is_named() {
    let index = copied("parts", "tf_missing");
    let shard = index.with_file_name("parts.data-00001-of-00003");
    let bytes = std::fs::read(&shard).unwrap();
    for len in 1..bytes.len() {
        std::fs::write(&shard, &bytes[..len]).unwrap();
        let error = open(&index, &Limits::default()).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Malformed, "cut at {len}: {error}");
        assert!(error.tensor().is_some(), "{error}");
    }
    std::fs::remove_file(&shard).unwrap();
    let error = open(&index, &Limits::default()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Io);
    assert!(error.message().contains("\"parts.data-00001-of-00003\", which is missing"), "{error}");
    assert!(error.cure_text().unwrap().contains("it belongs to the index"));
}

#[test]
fn a_data_file_says_which_index_opens_it() {
    let index = copied("plain", "tf_data");
    let data = index.with_file_name("plain.data-00000-of-00001");
    let error = open(&data, &Limits::default()).unwrap_err();
    assert!(error.message().contains("opened by \"plain.index\""), "{error}");
    // The folder holds one checkpoint, in two files.
    std::fs::write(index.with_file_name("checkpoint"), "model_checkpoint_path: \"plain\"\n")
        .unwrap();
    assert_eq!(open(index.parent().unwrap(), &Limits::default()).unwrap().format, "tfcheckpoint");
}

#[test]
fn an_index_cut_or_changed_anywhere_is_an_error_or_right() {
    let index = copied("parts", "tf_changed");
    let whole = open(&index, &Limits::default()).unwrap();
    let names = |one: &Checkpoint| format!("{:?}", one.tensors);
    let bytes = std::fs::read(&index).unwrap();
    for len in 1..bytes.len() {
        std::fs::write(&index, &bytes[..len]).unwrap();
        assert!(open(&index, &Limits::default()).is_err(), "cut at {len}");
    }
    let outcomes = Outcomes::default();
    for at in 0..bytes.len() {
        let mut changed = bytes.clone();
        changed[at] ^= 0x55;
        std::fs::write(&index, &changed).unwrap();
        // Every block has a checksum; what is outside them does not matter to the values.
        let opened = open(&index, &Limits::default());
        outcomes.count(opened.is_ok());
        if let Ok(checkpoint) = opened {
            assert_eq!(names(&checkpoint), names(&whole), "changed at {at}");
        }
    }
    outcomes.at_least(20, bytes.len() / 2);
}
