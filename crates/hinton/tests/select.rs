//! What `-t` means.

use crate::common;

use common::checkpoint;
use hinton::{Checkpoint, Fault, is_glob, select};

fn model() -> Checkpoint {
    checkpoint(&[
        ("conv1.weight", &[4, 3, 5, 5]),
        ("conv1.bias", &[4]),
        ("fc.weight", &[10, 6]),
        ("fc.bias", &[10]),
        ("w[0]", &[2, 2]),
        ("blocks[0].w", &[3, 4]),
        ("odd*name", &[2]),
    ])
}

fn labels(patterns: &[&str]) -> Vec<String> {
    let file = model();
    select(&file, patterns).unwrap().iter().map(|one| one.label()).collect()
}

#[test]
fn names_globs_and_slices_pick_tensors() {
    assert_eq!(labels(&["fc.bias"]), ["fc.bias"]);
    assert_eq!(labels(&["*.bias"]), ["conv1.bias", "fc.bias"]);
    assert_eq!(labels(&["fc.*", "conv1.bias"]), ["fc.weight", "fc.bias", "conv1.bias"]);
    assert_eq!(labels(&["fc.weight[:,3]"]), ["fc.weight[:,3]"]);
    assert_eq!(labels(&["*.weight[0]"]), ["conv1.weight[0]", "fc.weight[0]"]);
    assert_eq!(labels(&[]).len(), 7);
}

#[test]
fn nothing_is_taken_twice() {
    assert_eq!(labels(&["fc.*", "fc.bias", "*.bias"]), ["fc.weight", "fc.bias", "conv1.bias"]);
    assert_eq!(labels(&["fc.bias", "fc.bias[0:2]"]), ["fc.bias", "fc.bias[0:2]"]);
}

#[test]
fn names_may_hold_brackets_and_stars() {
    let file = model();
    let shape = |pattern: &str| select(&file, &[pattern]).unwrap()[0].tensor.shape().to_vec();
    assert_eq!(shape("w[0]"), [2, 2]);
    assert_eq!(shape("w[0][1]"), [2]);
    assert_eq!(shape("blocks[0].w"), [3, 4]);
    assert_eq!(shape("blocks[0].w[:,1]"), [3]);
    assert_eq!(shape("blocks[0].*[0]"), [4]);
    assert_eq!(shape("odd*name"), [2]);
    assert!(!is_glob(&file, "odd*name"));
    assert!(is_glob(&file, "odd*"));
    assert!(is_glob(&file, "*.weight[0]"));
    assert!(!is_glob(&file, "fc.weight[0]"));
}

#[test]
fn a_slice_alone_means_the_only_tensor() {
    let one = checkpoint(&[("w", &[3, 4])]);
    assert_eq!(select(&one, &["[1]"]).unwrap()[0].label(), "w[1]");
    let error = select(&model(), &["[1]"]).unwrap_err();
    assert!(error.to_string().contains("of which tensor? There are 7"), "{error}");
}

#[test]
fn wrong_names_offer_the_nearest() {
    let error = select(&model(), &["fc.wieght"]).unwrap_err();
    assert_eq!(error.to_string(), "model.test: there is no tensor \"fc.wieght\"");
    let help = error.help().unwrap();
    assert!(help.starts_with("the nearest names are \"fc.weight\", "), "{help}");
    assert_eq!(help.matches('"').count(), 6);
    assert_eq!(error.fault(), Fault::Work);
    let error = select(&model(), &["weight"]).unwrap_err();
    assert!(error.help().unwrap().contains("\"fc.weight\""), "{:?}", error.help());
    let error = select(&model(), &["wrong[0]"]).unwrap_err();
    assert!(error.to_string().contains("\"wrong\""), "{error}");
}

#[test]
fn globs_without_a_match_show_some_names() {
    let error = select(&model(), &["conv2.*"]).unwrap_err();
    assert_eq!(error.to_string(), "model.test: no tensor matches \"conv2.*\"");
    assert_eq!(
        error.help().unwrap(),
        "the file has \"conv1.weight\", \"conv1.bias\", \"fc.weight\" and 4 more"
    );
}

#[test]
fn slices_that_do_not_fit_say_why() {
    let text = |pattern: &str| select(&model(), &[pattern]).unwrap_err().to_string();
    assert!(text("fc.weight[10]").contains("outside axis 0, which has 10"));
    assert!(text("fc.weight[0,0,0]").contains("names 3 axes, it has 2"));
    let error = select(&model(), &["fc.weight[a]"]).unwrap_err();
    assert!(error.to_string().contains("\"a\" is not a whole number"), "{error}");
    assert_eq!(error.fault(), Fault::Request);
}

#[test]
fn hostile_names_are_shown_escaped() {
    let file = checkpoint(&[("\u{1b}[31mred\u{202e}", &[2])]);
    let error = select(&file, &["red"]).unwrap_err();
    assert!(error.help().unwrap().contains("\\u{1b}[31mred\\u{202e}"), "{:?}", error.help());
}
