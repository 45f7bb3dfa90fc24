//! What `-t` means.

use crate::common;

use common::checkpoint;
use hinton::tensors::is_glob;
use hinton::{Checkpoint, Fault, select};

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

/// A GGUF file of `w`, 2 x 64 of Q4_1, and `norm`, two numbers. Codes go up from 0 to 15 and down again;
/// block `b` has the scale 2^b and the minimum b.
fn quantised() -> Vec<u8> {
    let mut file = b"GGUF\x03\0\0\0".to_vec();
    file.extend(2u64.to_le_bytes());
    file.extend(0u64.to_le_bytes());
    for (name, shape, kind, start) in [("w", &[64u64, 2][..], 3u32, 0u64), ("norm", &[2], 0, 96)] {
        file.extend((name.len() as u64).to_le_bytes());
        file.extend(name.as_bytes());
        file.extend((shape.len() as u32).to_le_bytes());
        shape.iter().for_each(|len| file.extend(len.to_le_bytes()));
        file.extend(kind.to_le_bytes());
        file.extend(start.to_le_bytes());
    }
    file.resize(file.len().next_multiple_of(32), 0);
    for block in 0..4u16 {
        let half = [0x0000u16, 0x3c00, 0x4000, 0x4200][usize::from(block)];
        file.extend((0x3c00 + (block << 10)).to_le_bytes());
        file.extend(half.to_le_bytes());
        file.extend((0..16u8).map(|at| at | (15 - at) << 4));
    }
    file.resize(file.len().next_multiple_of(32), 0);
    file.extend([1f32.to_le_bytes(), 2f32.to_le_bytes()].concat());
    file
}

fn blocks() -> Checkpoint {
    let folder = common::Folder::new();
    let path = folder.path("w.gguf");
    std::fs::write(&path, quantised()).unwrap();
    hinton::open(&path).unwrap()
}

#[test]
fn codes_scales_and_offsets_are_tensors() {
    let file = blocks();
    let one = |pattern: &str| {
        let mut found = select(&file, &[pattern]).unwrap();
        assert_eq!(found.len(), 1, "{pattern}");
        let one = found.remove(0);
        (one.label(), one.tensor.shape().to_vec(), one.tensor.to_f32().unwrap())
    };
    let codes: Vec<f32> = (0..16).chain((0..16).rev()).map(|code| code as f32).collect();
    let (label, shape, values) = one("w@codes");
    assert_eq!((label.as_str(), &shape[..]), ("w@codes", &[2, 64][..]));
    assert_eq!(values, codes.repeat(4));
    assert_eq!(one("w@scales"), ("w@scales".to_owned(), vec![2, 2], vec![1., 2., 4., 8.]));
    assert_eq!(one("w@offsets"), ("w@offsets".to_owned(), vec![2, 2], vec![0., 1., 2., 3.]));
    assert_eq!(one("w@codes[1,30:34]").2, [1., 0., 0., 1.]);
    // Of a glob those that have them.
    assert_eq!(one("*@scales[1]").2, [4., 8.]);
    let decoded = one("w").2;
    for (at, value) in decoded.into_iter().enumerate() {
        let (scale, offset) = ([1., 2., 4., 8.][at / 32], [0., 1., 2., 3.][at / 32]);
        assert_eq!(value, scale * codes[at % 32] + offset);
    }
}

#[test]
fn tensors_without_codes_say_so() {
    let file = blocks();
    let error = |pattern: &str| {
        let error = select(&file, &[pattern]).unwrap_err();
        (error.to_string(), error.help().unwrap_or_default().to_owned())
    };
    let (message, help) = error("norm@codes");
    assert!(message.contains("\"norm\" (f32) has no codes"), "{message}");
    assert!(help.contains("leave out the @"), "{help}");
    assert!(error("n*@scales").0.contains("has no scales"));
    assert!(error("w@code").0.contains("there is no tensor"), "{:?}", error("w@code"));
    assert!(error("v@codes").0.contains("there is no tensor"));
}
