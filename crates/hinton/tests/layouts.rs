//! What the axes of a tensor are: by its format, and by its shape where the format does not say.

use std::path::{Path, PathBuf};

use hinton::arrange::{Arrangement, arrange};
use hinton::{DrawRequest, Selected, draw, open, select, tensor_of};
use hinton_scene::Item;

use crate::common::{self, Folder};

fn arranged(shape: &[usize]) -> Arrangement {
    let values: Vec<f32> = (0..shape.iter().product()).map(|at| at as f32).collect();
    let tensor = tensor_of("w", shape, &values).unwrap();
    arrange(&[Selected::whole(tensor)], &DrawRequest::default()).unwrap()
}

#[test]
fn colour_pictures_have_their_channels_last_or_first() {
    let one = arranged(&[20, 30, 3]);
    assert_eq!((one.chart.name, one.panels.len(), one.panels[0].planes.len()), ("tiles", 1, 3));
    assert!(one.panels[0].orientation.contains("axis 2 is red, green, blue"));
    // The second value of the file is green.
    assert_eq!(one.panels[0].planes[1].to_f32().unwrap()[..2], [1.0, 4.0]);
    let several = arranged(&[4, 20, 30, 3]);
    assert_eq!((several.panels.len(), several.panels[1].planes.len()), (4, 3));
    assert_eq!(several.panels[1].shape, [20, 30]);
    // Without a size of pictures or kernels three inputs are no colours.
    assert_eq!(arranged(&[3, 3, 1, 5]).panels[0].planes.len(), 1);
}

#[test]
fn stacks_of_square_matrices_are_a_grid() {
    let heads = arranged(&[2, 4, 40, 40]);
    assert_eq!((heads.chart.name, heads.panels.len(), heads.columns), ("tiles", 8, Some(4)));
    let words = &heads.panels[0].orientation;
    assert!(words.contains("rows ↓ axis 0 (2)") && !words.contains("channels"), "{words}");
}

/// A safetensors file of one matrix, and a `config.json` beside it.
fn model(folder: &Folder, name: &str, shape: [usize; 2], config: &str) -> PathBuf {
    let values: Vec<f32> = (0..shape[0] * shape[1]).map(|at| (at % 7) as f32 - 3.0).collect();
    let one = common::safetensors(&shape, &values);
    let header = String::from_utf8(one[8..one.len() - values.len() * 4].to_vec()).unwrap();
    let header = header.replacen("\"w\"", &format!("{name:?}"), 1);
    let mut bytes = (header.len() as u64).to_le_bytes().to_vec();
    bytes.extend(header.as_bytes());
    bytes.extend(&one[one.len() - values.len() * 4..]);
    let file = folder.path("model.safetensors");
    std::fs::write(&file, bytes).unwrap();
    std::fs::write(folder.path("config.json"), config).unwrap();
    file
}

const QUERY: &str = "model.layers.0.self_attn.q_proj.weight";

/// Texts of the picture of what a pattern means.
fn words(file: &Path, pattern: &str, settings: &[(&str, &str)]) -> Vec<String> {
    let selected = select(&open(file).unwrap(), &[pattern]).unwrap();
    let mut request = DrawRequest::default();
    for (setting, value) in settings {
        request = request.set(setting, value).unwrap();
    }
    let scene = draw(selected, &request).unwrap().scene;
    let text = |item: &Item| match item {
        Item::Text(text) => Some(text.content.clone()),
        _ => None,
    };
    scene.items.iter().filter_map(text).chain([scene.description.clone()]).collect()
}

#[test]
fn heads_that_settings_name_are_parted_and_labelled() {
    let folder = Folder::new();
    let config = r#"{"num_attention_heads": 8, "num_key_value_heads": 2, "hidden_size": 128}"#;
    let file = model(&folder, QUERY, [128, 100], config);
    let whole = words(&file, QUERY, &[]);
    assert!(whole.iter().any(|text| text.contains("rows fall into 8 heads of 16 (config.json)")));
    for head in 0..8 {
        assert!(whole.contains(&format!("head {head}")), "{whole:?}");
    }
    // The folder says the same, a slice keeps the names, a transposed matrix has them above.
    assert_eq!(words(file.parent().unwrap(), QUERY, &[]), whole);
    let slice = words(&file, &format!("{QUERY}[40:96,:70]"), &[]);
    assert!(slice.contains(&"head 2".to_owned()) && slice.contains(&"head 5".to_owned()));
    assert!(!slice.contains(&"head 1".to_owned()) && !slice.contains(&"head 6".to_owned()));
    for turn in [("transpose", ""), ("permute", "1,0")] {
        let turned = words(&file, QUERY, &[turn]);
        assert!(turned.iter().any(|text| text.contains("columns fall into 8 heads")), "{turn:?}");
    }
    // Labels of one's own win.
    let named = words(&file, QUERY, &[("row-labels", "r{}")]);
    assert!(!named.contains(&"head 1".to_owned()) && named.contains(&"r0".to_owned()));
}

#[test]
fn what_does_not_fit_the_settings_is_not_parted() {
    let folder = Folder::new();
    for (name, config) in [
        (QUERY, r#"{"num_attention_heads": 7}"#),
        (QUERY, r#"{"num_attention_heads": 8, "hidden_size": 256}"#),
        (QUERY, r#"{"num_attention_heads": 0}"#),
        (QUERY, "not JSON"),
        ("model.layers.0.mlp.down_proj.weight", r#"{"num_attention_heads": 8}"#),
    ] {
        let file = model(&folder, name, [128, 100], config);
        let words = words(&file, name, &[]);
        assert!(!words.iter().any(|text| text.contains("fall into")), "{name} {config}");
    }
}

/// The models of the package `basic-pitch`, the same weights in four formats, from the folder that
/// `HINTON_WHEELS` names: where wheels are unpacked.
fn models() -> Option<PathBuf> {
    let folder = std::env::var_os("HINTON_WHEELS").map(PathBuf::from)?;
    let models = folder.join("basic_pitch/basic_pitch/saved_models/icassp_2022");
    models.is_dir().then_some(models)
}

/// The pictures of a kernel: their values, in order.
fn pictures(file: &Path, pattern: &str) -> Vec<Vec<f32>> {
    let checkpoint = open(file).unwrap();
    let selected = select(&checkpoint, &[pattern]).unwrap();
    let found = arrange(&selected, &DrawRequest::chart("tiles")).unwrap();
    let words = &found.panels[0].orientation;
    for axis in ["out", "in", "height", "width"] {
        assert!(words.contains(axis), "{}: {words}", file.display());
    }
    let planes = found.panels.iter().flat_map(|panel| &panel.planes);
    planes.map(|plane| plane.to_f32().unwrap()).collect()
}

#[test]
fn one_kernel_gives_the_same_pictures_from_every_format() {
    let Some(models) = models() else {
        println!("skipped: HINTON_WHEELS names no folder with basic_pitch, unpacked");
        return;
    };
    let of = |file: &str, pattern: &str| pictures(&models.join(file), pattern);
    let onnx = of("nmp.onnx", "const_fold_opt__710");
    assert_eq!((onnx.len(), onnx[0].len()), (8, 25));
    assert_eq!(of("nmp.tflite", "*contours-reduced/Conv2D"), onnx);
    assert_eq!(of("nmp", "layer_with_weights-3/kernel/.ATTRIBUTES/*"), onnx);
    assert_eq!(of("nmp.mlpackage", "conv_0_weight_0"), onnx);
}
