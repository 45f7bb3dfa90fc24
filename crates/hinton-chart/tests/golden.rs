//! Golden pictures: every chart and preset. `cargo xtask bless` writes them again; look at
//! each one that changed before you commit it.
//!
//! They are compared as pixels. What pixels do not show, title and description, is in a text beside them; what
//! the encoders make of a scene is compared in hinton-render.

use crate::common;

use std::fmt::Write as _;

use common::{draw, noise};
use hinton_chart::{
    Annotate, Colormap, Labels, Options, PRESETS, Picture, Range, ScaleKind, ThemeName,
};
use hinton_render::{OUTPUTS, RenderOptions};
use hinton_scene::Scene;
use hinton_testing::Golden;

type Matrix = (usize, usize, Vec<f32>);

/// A picture: its name, chart, matrices and options.
struct Case {
    name: String,
    chart: &'static str,
    matrices: Vec<Matrix>,
    options: Options,
}

fn case(
    name: &str,
    chart: &'static str,
    matrices: Vec<Matrix>,
    set: impl Fn(&mut Options),
) -> Case {
    let mut options = Options::default();
    options.dpi = 72.0;
    set(&mut options);
    Case { name: name.to_owned(), chart, matrices, options }
}

fn cases() -> Vec<Case> {
    let square = || (8, 8, noise(64));
    let odd = || (2, 3, vec![0.5, f32::NAN, -0.25, f32::INFINITY, f32::NEG_INFINITY, 0.0]);
    let tiles = |count: usize| -> Vec<Matrix> {
        noise(count * 25).chunks(25).map(|tile| (5, 5, tile.to_vec())).collect()
    };
    let mut all = vec![
        case("hinton", "hinton", vec![square()], |_| {}),
        case("hinton_odd_dark", "hinton", vec![odd()], |options| {
            options.theme = ThemeName::Dark;
            options.max_weight = Some(0.25);
        }),
        case("hinton_folded", "hinton", vec![(300, 300, noise(90_000))], |options| {
            options.size = "200x200px".parse().ok();
        }),
        case("heatmap", "heatmap", vec![square()], |_| {}),
        case("heatmap_odd_dark", "heatmap", vec![odd()], |options| {
            options.theme = ThemeName::Dark;
        }),
        case("heatmap_names_paper", "heatmap", vec![(3, 4, noise(12))], |options| {
            options.theme = ThemeName::Paper;
            options.annotate = Annotate::As("{:.3f}".parse().unwrap());
            options.row_labels = Labels::Pattern("input {}".to_owned());
            options.col_labels = Labels::Pattern("a longer name {}".to_owned());
        }),
        case("heatmap_viridis_symlog", "heatmap", vec![(1, 40, noise(40))], |options| {
            options.cmap = Colormap::named("viridis");
            options.scale = ScaleKind::Symlog;
            options.range = Some(Range::Robust);
        }),
        case("heatmap_facets", "heatmap", vec![square(), odd(), (4, 1, noise(4))], |_| {}),
        case("tiles", "tiles", tiles(10), |_| {}),
        case("tiles_dark", "tiles", tiles(7), |options| options.theme = ThemeName::Dark),
        case("histogram", "histogram", vec![(20, 20, noise(400))], |_| {}),
        case("histogram_log", "histogram", vec![square(), (40, 40, noise(1600))], |options| {
            options.log_counts = true;
        }),
        case("curve", "curve", vec![(2, 12, falling(24))], |_| {}),
        case("curve_odd_log_dark", "curve", vec![(1, 14, odd_line())], |options| {
            options.theme = ThemeName::Dark;
            options.log_counts = true;
        }),
        case(
            "curve_smooth",
            "curve",
            vec![(1, 900, falling(900)), (1, 4, falling(4))],
            |options| {
                options.smooth = Some(41);
                options.size = "300x200px".parse().ok();
            },
        ),
        case("distribution", "distribution", vec![(7, 40, growing(7, 40))], |_| {}),
        case(
            "distribution_odd_dark",
            "distribution",
            vec![(6, 20, with_nan(growing(6, 20))), (1, 20, noise(20))],
            |options| options.theme = ThemeName::Dark,
        ),
        case("confusion", "confusion", vec![(4, 4, counts())], |options| {
            options.row_labels =
                Labels::List(["cat", "dog", "bird", "fish"].map(str::to_owned).into());
        }),
        case("confusion_odd_dark", "confusion", vec![(3, 3, odd_counts())], |options| {
            options.theme = ThemeName::Dark;
        }),
        case(
            "overview",
            "overview",
            vec![square(), odd(), (1, 30, noise(30)), (60, 6, noise(360))],
            |_| {},
        ),
    ];
    all.push(case("bars", "bars", vec![(1, 40, with_nan(noise(40)))], |options| {
        options.size = Some("360px".parse().unwrap());
    }));
    all.push(case("profile", "profile", profiled(), |options| {
        options.size = Some("360px".parse().unwrap());
    }));
    all.push(case("profile_one_dark", "profile", profiled(), |options| {
        options.theme = ThemeName::Dark;
        options.measure = Some("max");
    }));
    all.push(case("ridge", "ridge", profiled(), |options| {
        options.size = Some("360px".parse().unwrap());
    }));
    all.push(case("spectrum", "spectrum", vec![(24, 40, decaying(960))], |_| {}));
    all.push(case(
        "spectrum_several_dark",
        "spectrum",
        vec![(24, 40, decaying(960)), (8, 8, falling(64)), odd()],
        |options| options.theme = ThemeName::Dark,
    ));
    for preset in PRESETS {
        let matrices = if preset.chart == "tiles" { tiles(10) } else { vec![(4, 6, noise(24))] };
        all.push(case(&format!("preset_{}", preset.name), preset.chart, matrices, preset.apply));
    }
    all
}

/// Weights of four layers, two kinds each: the third has a NaN, one tensor is all zeros.
fn profiled() -> Vec<Matrix> {
    let scaled = |at: usize| -> Vec<f32> {
        noise(30).iter().map(|value| value * 4f32.powi(at as i32 - 4)).collect()
    };
    let mut all: Vec<Matrix> = (0..8).map(|at| (5, 6, scaled(at))).collect();
    all[5].2[3] = f32::NAN;
    all[2].2.fill(0.0);
    all
}

/// Values that fall like powers of their number.
fn decaying(count: usize) -> Vec<f32> {
    (0..count).map(|at| 9.0 / (1.0 + at as f32 * at as f32)).collect()
}

/// Values that fall, with noise.
fn falling(count: usize) -> Vec<f32> {
    let noise = noise(count);
    (0..count).map(|at| 1.0 / (1.0 + at as f32 * 0.3) + noise[at] * 0.05).collect()
}

fn odd_line() -> Vec<f32> {
    let mut values: Vec<f32> = (0..14).map(|at| 100.0 / (1 + at * at) as f32).collect();
    values[3] = f32::NAN;
    values[4] = f32::NAN;
    values[7] = f32::INFINITY;
    values[9] = 0.0;
    values[11] = f32::NEG_INFINITY;
    values
}

/// Rows of values that spread more and more.
fn growing(rows: usize, cols: usize) -> Vec<f32> {
    let noise = noise(rows * cols);
    let row = |at: usize| (at / cols) as f32;
    (0..rows * cols).map(|at| noise[at] * (0.2 + row(at)) + 0.1 * row(at)).collect()
}

/// A NaN in the third row of six, nothing but NaN in the fifth.
fn with_nan(mut values: Vec<f32>) -> Vec<f32> {
    let cols = values.len() / 6;
    values[2 * cols] = f32::NAN;
    values[4 * cols..5 * cols].fill(f32::NAN);
    values
}

fn counts() -> Vec<f32> {
    vec![90., 8., 0., 2., 15., 75., 5., 5., 0., 1., 48., 1., 0., 0., 0., 1200.]
}

fn odd_counts() -> Vec<f32> {
    vec![5., f32::NAN, 1., 0., 0., 0., 2., 3., 5.]
}

fn png(picture: &Picture, dpi: f64) -> Vec<u8> {
    let row = OUTPUTS.iter().find(|row| row.name == "png").unwrap();
    let mut options = RenderOptions::default();
    options.dpi = dpi;
    (row.write)(&picture.scene, &options).unwrap()
}

#[test]
fn pictures_are_the_golden_ones() {
    let mut golden = Golden::of(env!("CARGO_MANIFEST_DIR"), env!("CARGO_TARGET_TMPDIR"));
    let mut words = String::new();
    for Case { name, chart, matrices, options } in cases() {
        let picture = draw(chart, &matrices, &options);
        golden.picture(&format!("{name}.png"), &png(&picture, options.dpi));
        let Scene { title, description, .. } = &picture.scene;
        writeln!(words, "{name}: {title:?} {description:?}").unwrap();
    }
    golden.lines("words.txt", &words);
    golden.end();
}

#[test]
fn every_chart_and_preset_has_a_golden_picture() {
    let cases = cases();
    for chart in hinton_chart::CHARTS {
        assert!(cases.iter().any(|case| case.chart == chart.name), "{}", chart.name);
    }
    assert!(cases.len() < 45, "golden pictures are few");
}
