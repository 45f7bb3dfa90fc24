//! A model on one page, whatever its number of tensors.

use crate::common;

use common::{cells, noise, texts};
use hinton_chart::{Extent, Need, Options, Panel, Picture, ThemeName, charts};

/// A language model: names and shapes in little.
fn model(layers: usize, experts: usize) -> Vec<(String, usize, usize)> {
    let mut all = vec![("model.embed_tokens.weight".to_owned(), 40, 8)];
    for layer in 0..layers {
        let mut put = |name: &str, rows, cols| {
            all.push((format!("model.layers.{layer}.{name}"), rows, cols));
        };
        put("input_layernorm.weight", 1, 8);
        put("self_attn.q_proj.weight", 8, 8);
        put("self_attn.k_proj.weight", 4, 8);
        for expert in 0..experts {
            put(&format!("mlp.experts.{expert}.up_proj.weight"), 12, 8);
            put(&format!("mlp.experts.{expert}.down_proj.weight"), 8, 12);
        }
        put("scale", 1, 1);
    }
    all.push(("lm_head.weight".to_owned(), 40, 8));
    all
}

fn draw(
    model: &[(String, usize, usize)],
    options: &Options,
    change: &dyn Fn(&str, &mut [f32]),
) -> Picture {
    let chart = charts::named("overview").unwrap();
    let extents: Vec<Extent> =
        model.iter().map(|(_, rows, cols)| Extent::new(*rows, *cols)).collect();
    let Need::Grids(asks) = charts::needs(chart, &extents, options) else {
        panic!("it draws cells")
    };
    let panel = |((name, rows, cols), ask): (&(String, usize, usize), _)| {
        let mut values = noise(rows * cols);
        change(name, &mut values);
        common::panel(name, *rows, *cols, &values, Some(ask))
    };
    let panels: Vec<Panel> = model.iter().zip(asks).map(panel).collect();
    charts::draw(chart, &panels, options).unwrap()
}

fn as_it_is(_: &str, _: &mut [f32]) {}

fn words(picture: &Picture) -> String {
    texts(picture).into_iter().map(|text| text.content + "\n").collect()
}

#[test]
fn a_model_of_any_size_fits_one_page() {
    for (layers, experts) in [(1, 1), (4, 1), (33, 1), (400, 1), (80, 124)] {
        let model = model(layers, experts);
        for size in [None, Some("900x1000px"), Some("640px"), Some("8.5cm")] {
            let mut options = Options::default();
            options.size = size.map(|size| size.parse().unwrap());
            let picture = draw(&model, &options, &as_it_is);
            let (width, height) = (picture.scene.width, picture.scene.height);
            let what = format!("{} tensors on {size:?}: {width} x {height}", model.len());
            assert!(height <= 1100.0 && width <= 800.0, "{what}");
            let inside = |rect: hinton_scene::Rect| {
                rect.x >= 0.0 && rect.right() <= width + 0.5 && rect.bottom() <= height + 0.5
            };
            let drawn = cells(&picture);
            let outside = drawn.iter().filter(|cells| !inside(cells.rect)).count();
            assert_eq!(outside, 0, "{what}");
            // Each matrix once, and the key; of the single values, none is a tile outside of layers.
            assert!(drawn.len() >= model.len() - layers, "{what}: {} tiles", drawn.len());
        }
    }
}

#[test]
fn rows_are_layers_in_natural_order_and_columns_kinds() {
    let picture = draw(&model(12, 1), &Options::default(), &as_it_is);
    let texts = texts(&picture);
    let place = |word: &str| {
        let found = texts.iter().find(|text| text.content == word);
        found
            .map(|text| (text.x, text.y))
            .unwrap_or_else(|| panic!("no {word}: {}", words(&picture)))
    };
    assert!(place("2").1 < place("3").1);
    assert!(place("self_attn.q_proj").0 < place("self_attn.k_proj").0);
    assert!(place("model.embed_tokens.weight").1 < place("0").1);
    assert!(place("lm_head.weight").1 > place("11").1);
}

#[test]
fn layers_that_share_a_row_are_announced() {
    let said = words(&draw(&model(400, 1), &Options::default(), &as_it_is));
    assert!(said.contains("layers share a row"), "{said}");
    let said = words(&draw(&model(4, 16), &Options::default(), &as_it_is));
    assert!(said.contains("up to 16 experts in one tile"), "{said}");
}

#[test]
fn a_dead_and_a_broken_layer_are_marked() {
    let change = |name: &str, values: &mut [f32]| {
        if name.contains("layers.3.self_attn.q") {
            values.iter_mut().for_each(|value| *value *= 1e-6);
        }
        if name.contains("layers.5.self_attn.k") {
            values[3] = f32::NAN;
        }
    };
    for theme in [ThemeName::Light, ThemeName::Dark] {
        let mut options = Options::default();
        options.theme = theme;
        let picture = draw(&model(8, 1), &options, &change);
        let said = words(&picture) + &picture.notes.join("\n");
        assert!(said.contains("1 tensor has NaN"), "{said}");
        assert!(said.contains("model.layers.3.self_attn.q_proj.weight"), "{said}");
        let whole = words(&draw(&model(8, 1), &options, &as_it_is));
        assert!(!whole.contains("NaN") && !whole.contains("framed"), "{whole}");
    }
}
