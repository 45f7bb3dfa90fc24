//! What spectra and ridge lines promise, read off their scenes.

use crate::common;

use common::{build, noise, panel, spectrum_panel, texts};
use hinton_chart::{Course, Options, Panel, Picture, charts};
use hinton_tensor::Dtype;
use hinton_tensor::spectrum::Spectrum;

fn words(picture: &Picture) -> String {
    texts(picture).into_iter().map(|text| text.content + "\n").collect()
}

/// A matrix with these singular values.
fn of(name: &str, shape: (usize, usize), values: Vec<f64>, is_sketch: bool) -> Panel {
    let squares = values.iter().map(|value| value * value).sum::<f64>();
    let spectrum = match is_sketch {
        true => Spectrum::sketched(shape, values, squares * 2.0, Dtype::F32),
        false => Spectrum::exact(shape.0, shape.1, values, Dtype::F32),
    };
    Panel { course: Course::Spectrum(Some(Box::new(spectrum))), ..panel(name, 1, 1, &[1.0], None) }
}

fn refused(panels: &[Panel]) -> String {
    let drawn = charts::draw(charts::named("spectrum").unwrap(), panels, &Options::default());
    drawn.unwrap_err().to_string()
}

#[test]
fn a_matrix_alone_has_its_figures_written() {
    let values: Vec<f64> = (1..=64).map(|rank| 4.0 / f64::from(rank)).collect();
    let words = words(&build("spectrum", &[of("w", (64, 80), values, false)], &Options::default()));
    for expected in [
        "64 singular values",
        "4 … 0.0625",
        "effective rank",
        "of 64",
        "stable rank 1.63",
        "condition 64",
        "above the edge of noise",
        "edge of noise",
        "power law, alpha",
        "a heuristic",
        "number of the singular value",
    ] {
        assert!(words.contains(expected), "{expected}: {words}");
    }
}

#[test]
fn what_has_no_values_is_named_and_spoils_no_neighbour() {
    let good = of("good", (3, 3), vec![3.0, 2.0, 0.0], false);
    let bad = spectrum_panel("bad", 2, 2, &[f32::NAN, 1.0, 1.0, 1.0]);
    let zero = of("zero", (2, 2), vec![0.0, 0.0], false);
    let words = words(&build("spectrum", &[good, bad.clone(), zero.clone()], &Options::default()));
    for expected in [
        "bad has NaN or infinities",
        "1 matrix is all zeros",
        "1 value is zero and not drawn",
        "rank 2 (others are rounding)",
    ] {
        assert!(words.contains(expected), "{expected}: {words}");
    }
    assert!(refused(&[bad]).contains("NaN"));
    assert!(refused(&[zero]).contains("zero"));
    assert!(refused(&[]).contains("no matrix"));
}

#[test]
fn estimates_are_called_so() {
    let one = of("large", (4096, 4096), vec![8.0, 4.0, 2.0], true);
    let words = words(&build("spectrum", &[one], &Options::default()));
    for expected in ["the 3 largest of 4,096 singular values, estimated", "none is too large"] {
        assert!(words.contains(expected), "{expected}: {words}");
    }
    assert!(!words.contains("condition") && !words.contains("effective rank"), "{words}");
}

#[test]
fn many_matrices_are_lines_of_a_ramp() {
    let many: Vec<Panel> = (0..30)
        .map(|at| of(&format!("layers.{at}.q.weight"), (8, 8), vec![f64::from(at) + 1.0; 8], false))
        .collect();
    let picture = build("spectrum", &many, &Options::default());
    let words = words(&picture);
    assert!(words.contains("the first 24 of 30 matrices"), "{words}");
    for size in ["8.5cm", "300x200px"] {
        let mut options = Options::default();
        options.size = Some(size.parse().unwrap());
        assert!(
            charts::draw(charts::named("spectrum").unwrap(), &many[..4], &options).is_ok(),
            "{size}"
        );
    }
}

#[test]
fn extremes_of_numbers_are_drawn() {
    for values in [vec![f64::MAX, 1.0], vec![1e-300, 1e-310], vec![1.0], vec![5.0; 40]] {
        let count = values.len();
        let told = format!("{count} singular value");
        let picture =
            build("spectrum", &[of("w", (count, count), values, false)], &Options::default());
        assert!(words(&picture).contains(&told), "{told}: {}", words(&picture));
        for text in texts(&picture) {
            let inside = |at: f64, side: f64| (0.0..=side).contains(&at);
            let scene = &picture.scene;
            assert!(inside(text.x, scene.width) && inside(text.y, scene.height), "{text:?}");
        }
    }
}

fn layer(at: usize, kind: &str, values: &[f32]) -> Panel {
    panel(&format!("model.layers.{at}.{kind}.weight"), 1, values.len(), values, None)
}

#[test]
fn ridges_are_a_plot_for_each_kind() {
    let mut panels = vec![panel("embed.weight", 4, 4, &noise(16), None)];
    for at in 0..5 {
        panels.push(layer(at, "attn.q", &noise(200)));
        panels.push(layer(at, "mlp.up", &noise(300)));
    }
    panels.push(layer(5, "attn.q", &[f32::NAN, 1.0, f32::INFINITY]));
    panels.push(layer(5, "mlp.up", &[f32::NAN]));
    let picture = build("ridge", &panels, &Options::default());
    let words = words(&picture);
    for expected in [
        "attn.q.weight",
        "mlp.up.weight",
        "outside of the layers",
        "first layer above, last below",
        "2 tensors have NaN or infinities",
        "no finite value",
    ] {
        assert!(words.contains(expected), "{expected}: {words}");
    }
    for text in texts(&picture) {
        assert!(text.x >= 0.0 && text.y >= 0.0 && text.y <= picture.scene.height, "{text:?}");
    }
}

#[test]
fn ridges_take_one_tensor_and_say_what_lies_outside() {
    let mut options = Options::default();
    let values: Vec<f32> = noise(5000).iter().map(|value| value * value * value).collect();
    options.range = Some("-0.01..0.01".parse().unwrap());
    options.log_counts = true;
    let words = words(&build("ridge", &[layer(0, "q", &values)], &options));
    assert!(words.contains("lie outside of the ranges"), "{words}");
    assert!(words.contains("logarithmic"), "{words}");
    let nan = [layer(0, "q", &[f32::NAN])];
    let error =
        charts::draw(charts::named("ridge").unwrap(), &nan, &Options::default()).unwrap_err();
    assert!(error.to_string().contains("no finite value"), "{error}");
    // A dead tensor beside living ones.
    let dead = [layer(0, "q", &[0.0; 30]), layer(1, "q", &noise(30))];
    build("ridge", &dead, &Options::default());
    build("ridge", &dead[..1], &Options::default());
}
