//! What profiles promise, read off their scenes.

use crate::common;

use common::{build, measured_panel, noise, texts};
use hinton_chart::{Course, MEASURES, Measures, Options, Panel, Picture, ThemeName, charts};

fn words(picture: &Picture) -> String {
    texts(picture).into_iter().map(|text| text.content + "\n").collect()
}

fn layer(at: usize, kind: &str, scale: f32) -> Panel {
    let values: Vec<f32> = noise(48).iter().map(|value| value * scale).collect();
    measured_panel(&format!("model.layers.{at}.{kind}"), 6, 8, &values)
}

/// Twelve layers of four kinds, with an embedding before and a head after.
fn model() -> Vec<Panel> {
    let mut panels = vec![measured_panel("model.embed.weight", 6, 8, &noise(48))];
    for at in 0..12 {
        let scale = 1.0 + at as f32;
        for kind in ["attn.q.weight", "attn.q.bias", "mlp.up.weight", "mlp.up.bias"] {
            panels.push(layer(at, kind, scale));
        }
    }
    panels.push(measured_panel("head.weight", 6, 8, &noise(48)));
    panels
}

#[test]
fn layers_run_right_and_kinds_are_lines() {
    for theme in ThemeName::ALL {
        let mut options = Options::default();
        options.theme = theme;
        let picture = build("profile", &model(), &options);
        let words = words(&picture);
        for expected in [
            "root mean square",
            "standard deviation",
            "largest magnitude",
            "12 layers of model.layers",
            "attn.q.weight",
            "mlp.up.bias",
            "outside of the layers",
            "head",
            "model.embed",
            "no value is exactly zero",
        ] {
            assert!(words.contains(expected), "{expected}: {words}");
        }
        assert!(!words.contains("share of zeros"), "{words}");
        for text in texts(&picture) {
            assert!(text.x >= 0.0 && text.y >= 0.0 && text.y <= picture.scene.height, "{text:?}");
        }
    }
}

#[test]
fn every_measure_can_be_drawn_alone() {
    let mut panels = model();
    panels[3].course = Course::Measures(vec![Measures::of(0.0, &zeros().summary)]);
    for row in MEASURES.iter().filter(|row| row.name != "update") {
        let mut options = Options::default();
        options.measure = Some(row.name);
        let words = words(&build("profile", &panels, &options));
        let titles = MEASURES.iter().filter(|other| words.contains(other.title));
        assert_eq!(titles.count(), 1, "{words}");
    }
    let mut options = Options::default();
    options.measure = Some("update");
    let error = charts::draw(charts::named("profile").unwrap(), &panels, &options).unwrap_err();
    assert!(error.to_string().contains("two recorded steps"), "{error}");
}

fn zeros() -> Panel {
    measured_panel("model.layers.0.mlp.up.weight", 2, 2, &[0.0; 4])
}

#[test]
fn nan_zeros_and_nothing_spoil_no_neighbour() {
    let mut panels = model();
    panels[1] = measured_panel("model.layers.0.attn.q.weight", 1, 3, &[f32::NAN, 2.0, -2.0]);
    panels[3] = zeros();
    panels[9] = measured_panel("model.layers.2.attn.q.weight", 1, 2, &[f32::NAN; 2]);
    let picture = build("profile", &panels, &Options::default());
    let words = words(&picture);
    assert!(words.contains("2 tensors have NaN or infinities"), "{words}");
    assert!(words.contains("a triangle at the foot"), "{words}");
    assert!(words.contains("share of zeros"), "{words}");
    let nothing = [measured_panel("w", 1, 2, &[f32::INFINITY, f32::NAN])];
    // The share of zeros is known even there: none.
    let picture = charts::draw(charts::named("profile").unwrap(), &nothing, &Options::default());
    assert!(picture.is_err());
    assert!(charts::draw(charts::named("profile").unwrap(), &[], &Options::default()).is_err());
}

#[test]
fn a_tensor_alone_and_a_network_of_three_layers_have_profiles() {
    let one =
        build("profile", &[measured_panel("w", 2, 2, &[1.0, 2.0, 3.0, 4.0])], &Options::default());
    assert!(words(&one).contains("2 × 2 f32"));
    let mlp: Vec<Panel> = ["fc1", "fc2", "fc3"]
        .iter()
        .flat_map(|module| {
            ["weight", "bias"]
                .map(|leaf| measured_panel(&format!("{module}.{leaf}"), 2, 3, &noise(6)))
        })
        .collect();
    let words = words(&build("profile", &mlp, &Options::default()));
    for expected in ["fc1", "fc2", "fc3", "weight", "bias", "module"] {
        assert!(words.contains(expected), "{expected}: {words}");
    }
}

#[test]
fn many_kinds_are_thinned_and_that_is_said() {
    let panels: Vec<Panel> = (0..3)
        .flat_map(|at| (0..30).map(move |kind| (at, kind)))
        .map(|(at, kind)| layer(at, &format!("block.kind_{}x.weight", kind + 100), 1.0))
        .collect();
    let picture = build("profile", &panels, &Options::default());
    assert!(
        picture.notes.iter().any(|note| note.contains("the first 24 of 30 lines")),
        "{:?}",
        picture.notes
    );
}

#[test]
fn runs_run_over_steps_and_show_updates() {
    let step = |place: f64, update: Option<f64>| {
        let panel = measured_panel("w", 2, 2, &[1.0, -1.0, 2.0, 0.5]);
        Measures { update, ..Measures::of(place, &panel.summary) }
    };
    let mut panel = measured_panel("fc.weight", 2, 2, &[0.0; 4]);
    panel.orientation = "step".to_owned();
    panel.course =
        Course::Measures(vec![step(0.0, None), step(100.0, Some(0.01)), step(200.0, Some(0.001))]);
    let words = words(&build("profile", &[panel], &Options::default()));
    for expected in ["update / weight", "steps 0 … 200", "step"] {
        assert!(words.contains(expected), "{expected}: {words}");
    }
}

#[test]
fn small_pages_have_room_or_say_so() {
    for size in ["8.5cm", "17cm", "300x200px", "120x80px"] {
        let mut options = Options::default();
        options.size = Some(size.parse().unwrap());
        match charts::draw(charts::named("profile").unwrap(), &model(), &options) {
            Ok(picture) => assert!(picture.scene.width > 50.0),
            Err(error) => assert!(error.to_string().contains("room"), "{size}: {error}"),
        }
    }
}
