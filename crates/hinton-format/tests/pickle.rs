//! Pickles: against the truth about real ones, hostile ones, and our own fixtures.

mod python_support;

use hinton_format::{ErrorKind, Limits, open};
use python_support::{compare, data};

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
