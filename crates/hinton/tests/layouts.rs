//! What the axes of a tensor are: by its format, and by its shape where the format does not say.

use std::path::{Path, PathBuf};

use hinton::arrange::{Arrangement, arrange};
use hinton::{DrawRequest, Selected, open, select, tensor_of};

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
