//! Pickles: against the truth about real ones, hostile ones, and our own fixtures.

use crate::python_support;

use hinton_format::{Checkpoint, ErrorKind, Limits, open};
use python_support::{
    break_in_every_way, compare, compare_fixtures, data, fixture, fixtures, open_bytes,
};

#[test]
fn real_files_hold_what_is_known_of_them() {
    let Some(data) = data() else { return };
    for name in [
        "crafted_animation_data.obj",
        "crafted_mnist100_py2_proto2.pkl.gz",
        "dlfs_ch03_sample_weight.pkl",
    ] {
        let truth = data.join("truth").join(format!("pickle__{name}.json"));
        compare(&data.join("pickle").join(name), &truth);
    }
}

#[test]
fn hostile_files_are_refused_by_name() {
    let Some(data) = data() else { return };
    for (name, called) in [
        ("data2_GHSA-46h3-79wf-xr6c.pkl", "builtins.__import__"),
        ("data2_malicious1_crc.zip", "builtins.eval"),
        ("data_malicious1.zip", "builtins.eval"),
        ("data_malicious11.pkl", "os.system"),
        ("data_malicious1_v0.pkl", "__builtin__.eval"),
        ("data_malicious1_v4.pkl", "builtins.eval"),
        ("data_malicious3.pkl", "httplib.HTTPSConnection"),
    ] {
        let path = data.join("malicious/picklescan").join(name);
        let error = open(&path, &Limits::default()).expect_err(name);
        assert_eq!(error.kind(), ErrorKind::Refused, "{error}");
        assert!(error.message().contains(called), "{error}");
        assert!(error.message().contains("nothing was executed"), "{error}");
    }
}

#[test]
fn harmless_pickles_without_arrays_say_so() {
    let Some(data) = data() else { return };
    for name in ["data_benign0_v0.pkl", "data_benign0_v3.pkl"] {
        let path = data.join("malicious/picklescan").join(name);
        let error = open(&path, &Limits::default()).expect_err(name);
        assert_eq!(error.kind(), ErrorKind::Unrecognised, "{error}");
        assert!(error.message().contains("a pickle of a list: there is no array in it"), "{error}");
    }
}

#[test]
fn fixtures_hold_what_made_them() {
    assert!(compare_fixtures("pickle") >= 20);
}

#[test]
fn broken_fixtures_never_panic() {
    for file in fixtures("pickle") {
        break_in_every_way(&file);
    }
}

fn opened(name: &str) -> Checkpoint {
    open(&fixture("pickle", name), &Limits::default()).unwrap_or_else(|error| panic!("{error}"))
}

fn warnings(checkpoint: &Checkpoint) -> String {
    let lines: Vec<String> = checkpoint.warnings.iter().map(ToString::to_string).collect();
    lines.join("\n")
}

#[test]
fn what_is_not_shown_is_named() {
    let objects = warnings(&opened("objects.pkl"));
    assert_eq!(objects, "", "an array of objects is what it holds");
    let structured = warnings(&opened("structured.pkl"));
    assert!(structured.contains("\"s\": an array of structured type \"V8\""), "{structured}");
    assert!(structured.contains("\"t\": an array of text"), "{structured}");
    assert!(structured.contains("\"d\": an array of dates"), "{structured}");
    let masked = warnings(&opened("masked.pkl"));
    assert!(masked.contains("\"m\": a masked array: the mask is not applied"), "{masked}");
    let custom = warnings(&opened("custom_p2.pkl"));
    assert!(custom.contains("not called, so that only what the file stores"), "{custom}");
    assert!(custom.contains("mymodels.Net"), "{custom}");
    let beside = warnings(&opened("calls_beside.pkl"));
    assert!(beside.contains("mymodule.make_thing"), "{beside}");
    let keys = warnings(&opened("keys.pkl"));
    assert!(keys.contains("\"1#2\": the file has this name more than once"), "{keys}");
    assert_eq!(warnings(&opened("nest_np2_p4.pkl")), "");
    assert_eq!(warnings(&opened("nest_py2_p2.pkl")), "");
}

#[test]
fn a_file_of_nothing_but_calls_is_refused_by_name() {
    let error = open(&fixture("pickle", "calls_only.pkl"), &Limits::default()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Refused);
    assert!(error.message().contains("mymodule.make_thing: refused"), "{error}");
    let error = open(&fixture("pickle", "objects_only.pkl"), &Limits::default()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unrecognised);
    assert!(error.message().contains("there is no array in it"), "{error}");
}

#[test]
fn references_out_of_the_file_are_named() {
    let error = open_bytes("data.pkl", b"\x80\x02}U\x01wK\x07Qs.").unwrap_err();
    assert_eq!(error.tensor(), Some("w"));
    assert!(error.message().contains("named in an unknown way"), "{error}");
    let storage = b"\x80\x02(U\x07storagectorch\nFloatStorage\nU\x010U\x03cpuK\x04tQ.";
    let error = open_bytes("data.pkl", storage).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unsupported);
    assert!(error.message().contains("a part of a torch file"), "{error}");
}

#[test]
fn settings_are_metadata_and_long_ones_are_cut() {
    let metadata = opened("settings.pkl").metadata;
    let text = |name: &str| {
        let found = metadata.iter().find(|(key, _)| key == name);
        found.unwrap_or_else(|| panic!("no {name} in {metadata:?}")).1.as_str()
    };
    assert_eq!(text("lr"), "0.1");
    assert_eq!(text("tags"), "[\"a\",\"b\"]");
    assert_eq!(text("on"), "true");
    assert_eq!(text("none"), "null");
    assert_eq!(text("big"), "an integer of more than 128 bits");
    assert_eq!(text("deep.shape"), "[2,3]");
    assert!(text("deep.text").ends_with("x… (2000 bytes)"), "{}", text("deep.text"));
    assert_eq!(metadata.len(), 7);
    assert_eq!(metadata[0].0, "lr");
}

#[test]
fn arrays_are_not_copied_out_of_the_stream() {
    for tensor in &opened("nest_np2_p4.pkl").tensors {
        let is_list = matches!(tensor.name(), "table" | "ints" | "ragged.0" | "ragged.1");
        assert_eq!(tensor.start() == 0, is_list, "{}", tensor.name());
    }
}

#[test]
fn the_name_does_not_matter() {
    for name in ["lone.pkl", "nest_py2_p0.pkl", "nest_np2_p0.pkl", "nest_np1_p1.pkl"] {
        let bytes = std::fs::read(fixture("pickle", name)).unwrap();
        for other in ["weights", "weights.csv", "weights.pt"] {
            assert_eq!(open_bytes(other, &bytes).unwrap().format, "pickle", "{name} as {other}");
        }
    }
    for (name, text) in [
        ("a.csv", "1,2\n3,4\n"),
        ("b.txt", "(1 2)\n"),
        ("c.csv", "c0,c1\n1,2\n"),
        ("d.csv", "column\nvalue\n1\n"),
        ("e.csv", "I,F\n1,2\n"),
        ("f.csv", "N\n.5\n"),
    ] {
        let format = open_bytes(name, text.as_bytes()).map(|checkpoint| checkpoint.format);
        assert_ne!(format.ok(), Some("pickle"), "{name}");
    }
}
