//! Vectors as bars: what stands where.

use crate::common;

use common::{build, draw, items, noise, panel, texts};
use hinton_chart::{Labels, Options, Picture, Theme, charts};
use hinton_scene::{Color, Item, Path, Segment};
use hinton_tensor::{Fold, GridRequest};

/// Corners of all that is filled with a colour.
fn filled(items: &[Item], color: Color) -> Vec<(f64, f64)> {
    let corners = |path: &Path| -> Vec<(f64, f64)> {
        let point = |segment: &Segment| match segment {
            Segment::Move(point) | Segment::Line(point) => Some((point.x, point.y)),
            _ => None,
        };
        path.segments.iter().filter_map(point).collect()
    };
    let shapes = items.iter().filter_map(|item| match item {
        Item::Shape(shape) if shape.fill == Some(color) => Some(corners(&shape.path)),
        _ => None,
    });
    shapes.flatten().collect()
}

/// A grid with a cell for each value of a small matrix.
fn ask() -> GridRequest {
    GridRequest { quantiles: true, ..GridRequest::new(100, 100, Fold::Extreme) }
}

fn theme() -> Theme {
    Theme::named(Default::default())
}

#[test]
fn bars_reach_their_values_from_zero() {
    let picture = draw("bars", &[(1, 4, vec![2.0, -1.0, 0.0, 1.0])], &Options::default());
    let all = items(&picture);
    let (up, down) = (filled(&all, theme().series[1]), filled(&all, theme().series[0]));
    let height = |corners: &[(f64, f64)]| {
        let ys = || corners.iter().map(|corner| corner.1);
        ys().fold(f64::MIN, f64::max) - ys().fold(f64::MAX, f64::min)
    };
    // Two bars up (2 and 1), one down (1).
    assert!((height(&up) / height(&down) - 2.0).abs() < 1e-9, "{up:?} {down:?}");
    let least = |corners: &[(f64, f64)]| corners.iter().map(|c| c.1).fold(f64::MAX, f64::min);
    let most = |corners: &[(f64, f64)]| corners.iter().map(|c| c.1).fold(f64::MIN, f64::max);
    assert!((most(&up) - least(&down)).abs() < 1e-9, "both begin at zero");
}

#[test]
fn a_center_moves_where_bars_begin() {
    let mut options = Options::default();
    let values: Vec<f32> = noise(64).iter().map(|value| 1.0 + value).collect();
    let below = |options: &Options| {
        filled(&items(&draw("bars", &[(1, 64, values.clone())], options)), theme().series[0]).len()
    };
    assert_eq!(below(&options), 0);
    options.center = Some(1.0);
    assert!(below(&options) > 0);
}

#[test]
fn a_column_is_a_vector_and_a_matrix_is_not() {
    let options = Options::default();
    let column = draw("bars", &[(40, 1, noise(40))], &options);
    let row = draw("bars", &[(1, 40, noise(40))], &options);
    assert_eq!(filled(&items(&column), theme().series[1]), filled(&items(&row), theme().series[1]));
    let chart = charts::named("bars").unwrap();
    let error =
        charts::draw(chart, &[panel("w", 3, 4, &noise(12), Some(ask()))], &options).unwrap_err();
    assert!(error.to_string().contains("3 × 4"), "{error}");
}

#[test]
fn values_that_are_not_finite_are_marked_and_listed() {
    let mut values = noise(50);
    values[7] = f32::NAN;
    values[30] = f32::NEG_INFINITY;
    let picture = draw("bars", &[(1, 50, values)], &Options::default());
    assert!(picture.scene.description.contains("not finite: 7, 30"), "{:?}", picture.scene);
    let all = items(&picture);
    assert_eq!(filled(&all, theme().nan).len(), 3);
    assert_eq!(filled(&all, theme().neg_inf).len(), 3);
}

#[test]
fn long_vectors_are_folded_and_say_so() {
    let mut values = noise(30_000);
    values[12_345] = 40.0;
    let picture = draw("bars", &[(1, 30_000, values)], &Options::default());
    let words = &picture.scene.description;
    assert!(words.contains("largest magnitude of 1 × "), "{words}");
    let up = filled(&items(&picture), theme().series[1]);
    let top = up.iter().map(|corner| corner.1).fold(f64::MAX, f64::min);
    // One bar and, sorted, no more than the last of the quantiles reach the outlier.
    let high = up.iter().filter(|corner| corner.1 == top);
    assert!((2..=5).contains(&high.count()));
}

#[test]
fn names_stand_below_their_bars() {
    let mut options = Options::default();
    options.col_labels = Labels::List(["cat", "dog", "fish"].map(str::to_owned).into());
    let picture = draw("bars", &[(1, 3, vec![1.0, 2.0, 3.0])], &options);
    let place = |word: &str| {
        let all = texts(&picture);
        all.iter().find(|text| text.content == word).map(|text| text.x).unwrap()
    };
    assert!(place("cat") < place("dog") && place("dog") < place("fish"));
}

#[test]
fn several_stand_above_one_another_on_one_axis() {
    let panels = [("a", 1.0), ("b", 10.0)].map(|(name, factor)| {
        let values: Vec<f32> = noise(30).iter().map(|value| value * factor).collect();
        panel(name, 1, 30, &values, Some(ask()))
    });
    let picture = build("bars", &panels, &Options::default());
    let names: Vec<String> = texts(&picture).into_iter().map(|text| text.content).collect();
    assert!(names.contains(&"a".to_owned()) && names.contains(&"b".to_owned()));
}

/// Whether a text of the picture has these words in it.
fn says(picture: &Picture, words: &str) -> bool {
    texts(picture).iter().any(|text| text.content.contains(words))
}

#[test]
fn values_far_from_zero_show_how_they_differ() {
    let options = Options::default();
    let far: Vec<f32> = noise(64).iter().map(|value| 1000.0 + value).collect();
    let picture = draw("bars", &[(1, 64, far)], &options);
    let all = items(&picture);
    let (up, down) = (filled(&all, theme().series[1]), filled(&all, theme().series[0]));
    assert!(!up.is_empty() && !down.is_empty(), "above and below the mean");
    assert!(says(&picture, "bars begin at the mean"));
    // Folded bars are of the largest magnitudes: none of them is above the value nearest to zero.
    let many: Vec<f32> = noise(40_000).iter().map(|value| -1000.0 - value).collect();
    let picture = draw("bars", &[(1, 40_000, many)], &options);
    assert!(filled(&items(&picture), theme().series[1]).is_empty());
    assert!(says(&picture, "bars begin at the value nearest to zero"));
}

#[test]
fn an_axis_of_no_finite_value_has_no_numbers() {
    let picture = draw("bars", &[(1, 8, vec![f32::NAN; 8])], &Options::default());
    assert!(says(&picture, "no finite value"));
    assert!(!says(&picture, "0.5"));
}
