//! The presets against what the originals define: sides of squares, colours of cells, places of
//! labels. The numbers of the first test were read off matplotlib's own axes.

use crate::common;

use common::{cells, draw, marks, noise, texts};
use hinton_chart::{Colormap, Options, PRESETS, preset};
use hinton_scene::{Color, Item};

fn options(name: &str) -> Options {
    let mut options = Options::default();
    (preset(name).unwrap().apply)(&mut options);
    options
}

#[test]
fn presets_name_charts_and_are_unique() {
    let mut names: Vec<&str> = PRESETS.iter().map(|preset| preset.name).collect();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), PRESETS.len());
    for preset in PRESETS {
        assert!(hinton_chart::charts::named(preset.chart).is_some(), "{}", preset.name);
        assert!(preset.help.len() > 100, "{}", preset.name);
    }
    let error = preset("nope").err().unwrap().to_string();
    assert!(error.contains("mnist-weights"), "{error}");
}

/// numpy's `rand(20, 20) - 0.5` of the legacy seed 19680801, as the demo has it.
fn gallery_matrix() -> Vec<f32> {
    let file = include_bytes!("../../hinton/assets/demo/hinton_demo.npy");
    let values = &file[file.len() - 400 * 8..];
    values
        .chunks_exact(8)
        .map(|bytes| f64::from_le_bytes(bytes.try_into().unwrap()) as f32)
        .collect()
}

#[test]
fn hinton_squares_lie_where_matplotlib_puts_them() {
    let matrix = gallery_matrix();
    // The preset transposes: row i of the original runs along x.
    let transposed: Vec<f32> = (0..400).map(|at| matrix[(at % 20) * 20 + at / 20]).collect();
    let picture = draw("hinton", &[(20, 20, transposed.clone())], &options("matplotlib-hinton"));
    let scene = &picture.scene;
    let to_pixels = 100.0 / 72.0;
    assert!((scene.width * to_pixels - 640.0).abs() < 1e-6);
    assert!((scene.height * to_pixels - 480.0).abs() < 1e-6);

    // matplotlib: x limits [-1.4879, 20.4931], y limits [20.4920, -1.4971], axes 369.6 pixels high.
    let (x0, x1, y0, y1) = (-1.4879, 20.4931, -1.4971, 20.4920);
    let pitch = 369.6 / (y1 - y0);
    let left = 640.0 * 0.5125 - pitch * (x1 - x0) / 2.0;
    let top = 480.0 * 0.12;
    let drawn = marks(&picture);
    let count: usize = drawn.iter().map(|marks| marks.places.len()).sum();
    assert_eq!(count, 400);
    for marks in drawn {
        for [x, y, w, h] in marks.places.iter().map(|place| place.map(|v| f64::from(v) * to_pixels))
        {
            let column = (((x + w / 2.0) - left) / pitch + x0).round();
            let row = (((y + h / 2.0) - top) / pitch + y0).round();
            let value = f64::from(transposed[row as usize * 20 + column as usize]);
            assert_eq!(marks.fill, if value > 0.0 { Color::WHITE } else { Color::BLACK });
            // Side sqrt(|w| / 0.5) of a cell, and an edge line 1 pt wide.
            let side = (value.abs() / 0.5).sqrt() * pitch + to_pixels;
            assert!((w - side).abs() < 0.01 && (h - side).abs() < 0.01, "{w} {h} {side}");
            let center = left + (column - x0) * pitch;
            assert!((x + w / 2.0 - center).abs() < 0.02, "{} {center}", x + w / 2.0);
            let middle = top + (row - y0) * pitch;
            assert!((y + h / 2.0 - middle).abs() < 0.02, "{} {middle}", y + h / 2.0);
        }
    }
    assert!(texts(&picture).is_empty());
}

#[test]
fn mnist_tiles_share_one_range_from_min_to_max() {
    let weights = noise(784 * 10);
    let tile = |class: usize| (0..784).map(|pixel| weights[pixel * 10 + class]).collect::<Vec<_>>();
    let tiles: Vec<_> = (0..10).map(|class| (28, 28, tile(class))).collect();
    let picture = draw("tiles", &tiles, &options("mnist-weights"));
    let (min, max) =
        weights.iter().fold((f32::MAX, f32::MIN), |(low, high), &w| (low.min(w), high.max(w)));
    let seismic = Colormap::named("seismic").unwrap();
    let drawn = cells(&picture);
    assert_eq!(drawn.len(), 10);
    for (class, drawn) in drawn.iter().enumerate() {
        for (at, &value) in tile(class).iter().enumerate() {
            let position = f64::from(value - min) / f64::from(max - min);
            let expected = seismic.color(position);
            let color = drawn.color(at / 28, at % 28).unwrap();
            let off = color.r.abs_diff(expected.r).max(color.b.abs_diff(expected.b));
            // Rounding may fall on either side of a border between two colours.
            assert!(off <= 8, "{color:?} {expected:?}");
        }
    }
    // matplotlib's 3 x 4 axes: 101.2 pixels wide, 30 % apart.
    let pixels = 100.0 / 72.0;
    let (first, second, fifth) = (drawn[0].rect, drawn[1].rect, drawn[4].rect);
    assert!((first.x * pixels - 80.0).abs() < 0.5, "{}", first.x * pixels);
    assert!((first.w * pixels - 101.22).abs() < 0.1);
    assert!(((second.x - first.x) * pixels - 131.6).abs() < 0.1);
    assert!(((fifth.y - first.y) * pixels - 133.5).abs() < 0.5);
    let labels: Vec<String> = texts(&picture).into_iter().map(|text| text.content).collect();
    assert_eq!(labels, (0..10).map(|class| format!("Weights: {class}")).collect::<Vec<_>>());
    let frames = common::items(&picture)
        .iter()
        .filter(|item| matches!(item, Item::Shape(shape) if shape.stroke.is_some()))
        .count();
    assert_eq!(frames, 12, "two frames stay empty");
    assert!(picture.notes.iter().any(|note| note.contains("not zero")), "{:?}", picture.notes);
}

#[test]
fn heatmap_cells_are_ylgn_over_the_given_range_and_labels_turn() {
    let values: Vec<f32> = noise(8 * 16).iter().map(|value| value.abs() * 0.04).collect();
    let picture = draw("heatmap", &[(8, 16, values.clone())], &options("matplotlib-heatmap"));
    let map = Colormap::named("YlGn").unwrap();
    let drawn = &cells(&picture)[0];
    for (at, &value) in values.iter().enumerate() {
        let expected = map.color(f64::from(value) / 0.05);
        assert_eq!(drawn.color(at / 16, at % 16).unwrap(), expected);
    }
    assert_eq!(map.color(0.0).hex(), "#ffffe5");
    // Cells are square, 84.1 pixels in the original.
    let pixels = 100.0 / 72.0;
    let pitch = drawn.rect.w / 16.0;
    assert!((drawn.rect.h / 8.0 - pitch).abs() < 1e-9);
    assert!((pitch * pixels - 84.1).abs() < 2.0, "{}", pitch * pixels);

    let texts = texts(&picture);
    let label = |content: &str| texts.iter().find(|text| text.content == content).unwrap();
    for row in 0..8 {
        let text = label(&format!("embed_dim_{row}"));
        assert!(text.x + text.width < drawn.rect.x);
        let middle = drawn.rect.y + (row as f64 + 0.5) * pitch;
        assert!((text.y - middle).abs() < text.style.size, "row {row}");
    }
    for col in 0..16 {
        let text = label(&format!("orig_dim_{col}"));
        assert_eq!(text.rotation, 30.0);
        let (sin, cos) = hinton_scene::turn(30.0);
        let end = (text.x + text.width * cos, text.y + text.width * sin);
        assert!((end.0 - (drawn.rect.x + (col as f64 + 0.5) * pitch)).abs() < 0.01, "column {col}");
        assert!(end.1 < drawn.rect.y && end.1 > drawn.rect.y - 12.0);
    }
    // Nine decimals in every cell, inside it, readable on its colour.
    for (at, &value) in values.iter().enumerate() {
        let written = format!("{value:.9}");
        let text = texts.iter().filter(|text| text.content == written).find(|text| {
            let x = drawn.rect.x + ((at % 16) as f64 + 0.5) * pitch;
            (text.x + text.width / 2.0 - x).abs() < 0.01
        });
        let text = text.unwrap_or_else(|| panic!("no {written}"));
        assert!(text.width < pitch - 3.0);
        let ground = drawn.color(at / 16, at % 16).unwrap();
        assert!(ground.contrast(text.style.color) >= 4.5);
    }
}
