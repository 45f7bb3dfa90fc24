//! Names of axes and legends, the middle of the colours, and what tells lines apart in print.

use crate::common;

use common::{build, draw, items, line_panel, noise, texts};
use hinton_chart::{ColorScale, Options, Picture, ScaleKind, Span, Theme, ThemeName};
use hinton_scene::{Color, Item, Text};

fn named() -> Options {
    let mut options = Options::default();
    options.x_label = Some("input unit".to_owned());
    options.y_label = Some("output unit".to_owned());
    options.legend_title = Some("weight".to_owned());
    options
}

fn find(picture: &Picture, content: &str) -> Option<Text> {
    texts(picture).into_iter().find(|text| text.content == content)
}

/// Whether two level or upright texts touch.
fn touch(one: &Text, two: &Text) -> bool {
    let area = |text: &Text| match text.rotation {
        0.0 => (text.x, text.x + text.width, text.y - text.style.size * 0.7, text.y),
        _ => (text.x - text.style.size * 0.7, text.x, text.y - text.width, text.y),
    };
    let (a, b) = (area(one), area(two));
    a.0 < b.1 && b.0 < a.1 && a.2 < b.3 && b.2 < a.3
}

#[test]
fn axes_have_the_names_that_were_asked_for() {
    for chart in ["hinton", "heatmap", "histogram", "curve", "distribution", "confusion"] {
        let shape = if chart == "confusion" { (7, 7) } else { (6, 9) };
        let values: Vec<f32> = match chart {
            "confusion" => (0..49).map(|count| (count % 5) as f32).collect(),
            _ => noise(54),
        };
        for size in [None, "8.5cm".parse().ok(), "84x119cm".parse().ok()] {
            let mut options = named();
            options.size = size;
            let picture = draw(chart, &[(shape.0, shape.1, values.clone())], &options);
            let x = find(&picture, "input unit").unwrap_or_else(|| panic!("{chart}: x"));
            let y = find(&picture, "output unit").unwrap_or_else(|| panic!("{chart}: y"));
            assert_eq!(x.rotation, 0.0);
            assert_eq!(y.rotation, -90.0);
            assert!(y.x > 0.0 && y.x < picture.scene.width / 3.0, "{chart}: {y:?}");
            for other in texts(&picture) {
                let is_level = other.rotation == 0.0 || other.rotation == -90.0;
                for name in [&x, &y] {
                    let is_other = other.content != name.content && is_level;
                    assert!(!is_other || !touch(name, &other), "{chart}: {name:?} on {other:?}");
                }
            }
        }
    }
}

#[test]
fn a_colour_bar_has_a_title_wherever_it_lies() {
    for (chart, size) in [("heatmap", None), ("tiles", None), ("heatmap", "8.5cm".parse().ok())] {
        let mut options = named();
        options.size = size;
        let picture = draw(chart, &[(6, 9, noise(54))], &options);
        let title = find(&picture, "weight").unwrap_or_else(|| panic!("{chart}"));
        assert!(title.y < picture.scene.height && title.x < picture.scene.width);
        for other in texts(&picture).iter().filter(|other| other.content != "weight") {
            assert!(other.rotation != 0.0 || !touch(&title, other), "{chart}: on {other:?}");
        }
    }
}

#[test]
fn another_value_than_zero_has_the_middle_colour() {
    let mut options = Options::default();
    options.center = Some(1.0);
    let theme = Theme::named(ThemeName::Light);
    let scale = ColorScale::fit(&options, &theme, &Span::of_values(0.5, 3.0), false);
    assert_eq!(scale.color(1.0), Color::WHITE);
    assert!(!scale.zero_is_middle());
    // Both sides reach as far, and what has no values is left out of the bar.
    assert_eq!(scale.high(), 3.0);
    assert_ne!(scale.color(0.5), scale.color(1.5));
    let picture = draw("heatmap", &[(2, 2, vec![0.5, 1.0, 1.5, 3.0])], &options);
    assert!(picture.notes.iter().any(|note| note.contains("middle colour is 1")));
}

#[test]
fn a_lower_threshold_tells_smaller_powers_apart() {
    let theme = Theme::named(ThemeName::Light);
    let span = Span::of_values(-1.0, 1.0);
    let mut options = Options::default();
    options.scale = ScaleKind::Symlog;
    let usual = ColorScale::fit(&options, &theme, &span, false);
    options.symlog_threshold = Some(1e-12);
    let low = ColorScale::fit(&options, &theme, &span, false);
    let apart = |scale: &ColorScale| scale.position(1e-6) - scale.position(1e-9);
    assert!(apart(&low) > 20.0 * apart(&usual));
    assert_eq!((low.position(0.0), low.position(1.0)), (0.5, 1.0));
}

#[test]
fn steps_stand_on_a_logarithmic_axis() {
    let points: Vec<(f64, f64)> =
        [0.0, 1.0, 10.0, 100.0, 1000.0].map(|x| (x, 1.0 / (1.0 + x))).into();
    let mut options = Options::default();
    options.log_x = true;
    let picture = build("curve", &[line_panel("loss", "", &points)], &options);
    let at = |label: &str| find(&picture, label).map(|text| text.x + text.width / 2.0).unwrap();
    let (one, ten, hundred) = (at("10"), at("100"), at("1000"));
    assert!(((ten - one) / (hundred - ten) - 1.0).abs() < 0.1, "{one} {ten} {hundred}");
    assert!(find(&picture, "0").is_some());
}

#[test]
fn lines_differ_in_dash_in_print() {
    let line = |name: &str| line_panel(name, "", &[(0.0, 1.0), (9.0, 2.0)]);
    let pieces = |theme: ThemeName| -> Vec<usize> {
        let mut options = Options::default();
        options.theme = theme;
        let picture = build("curve", &["a", "b", "c"].map(line), &options);
        let segments = |color: Color| {
            let lines = items(&picture).into_iter().filter_map(|item| match item {
                Item::Shape(shape) if shape.stroke.is_some_and(|s| s.color == color) => {
                    Some(shape.path.segments.len())
                }
                _ => None,
            });
            lines.max().unwrap_or(0)
        };
        Theme::named(theme).series[..3].iter().map(|&color| segments(color)).collect()
    };
    let print = pieces(ThemeName::Paper);
    assert!(print[0] < print[1] && print[1] < print[2], "{print:?}");
    let screen = pieces(ThemeName::Light);
    assert!(screen[1] < print[1], "{screen:?}");
}
