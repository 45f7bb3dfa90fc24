//! What the charts over steps promise, read off their scenes: curves, distributions, confusion
//! matrices.

use crate::common;

use common::{build, cells, draw, items, line_panel, spread_panel, texts};
use hinton_chart::{
    Annotate, ChartError, Labels, Options, Panel, Picture, Theme, ThemeName, charts,
};
use hinton_scene::{Color, Item, Point, Segment};

fn words(picture: &Picture) -> String {
    texts(picture).into_iter().map(|text| text.content + "\n").collect()
}

fn says(picture: &Picture, wanted: &[&str]) {
    let words = words(picture);
    // Sentences may be broken into lines.
    let running = words.replace('\n', " ");
    for one in wanted {
        assert!(words.contains(one) || running.contains(one), "no {one:?} in\n{words}");
    }
}

fn refused(chart: &str, panels: &[Panel], options: &Options) -> String {
    let error: ChartError =
        charts::draw(charts::named(chart).unwrap(), panels, options).unwrap_err();
    error.to_string()
}

/// All ends of lines drawn in that colour.
fn points(picture: &Picture, color: Color) -> Vec<Point> {
    let mut points = Vec::new();
    for item in items(picture) {
        let Item::Shape(shape) = item else { continue };
        let stroke = shape.stroke.is_some_and(|stroke| stroke.color == color);
        for segment in shape.path.segments.iter().filter(|_| stroke) {
            if let Segment::Move(to) | Segment::Line(to) = segment {
                points.push(*to);
            }
        }
    }
    points
}

fn filled(picture: &Picture, color: Color) -> usize {
    let is_filled = |item: &Item| matches!(item, Item::Shape(shape) if shape.fill == Some(color));
    items(picture).iter().filter(|item| is_filled(item)).count()
}

fn light() -> Theme {
    Theme::named(ThemeName::Light)
}

fn line(values: &[f64]) -> Vec<(f64, f64)> {
    values.iter().enumerate().map(|(at, &value)| (at as f64, value)).collect()
}

#[test]
fn a_curve_says_its_steps_last_and_best_values() {
    let panels = [
        line_panel("loss", "", &[(0.0, 2.0), (1_500.0, 0.25), (3_000.0, 0.5)]),
        line_panel("validation_loss", "", &[(1_500.0, 0.75), (3_000.0, 0.7)]),
    ];
    let picture = build("curve", &panels, &Options::default());
    says(
        &picture,
        &[
            "loss, validation_loss",
            "2 lines",
            "steps 0 … 3,000",
            "lowest 0.25 at step 1,500",
            "0.5",
            "validation_loss: lowest 0.7 at step 3,000",
            "step",
        ],
    );
    let colors = [light().series[0], light().series[1]];
    assert!(colors.iter().all(|color| points(&picture, *color).len() > 1));
}

#[test]
fn places_are_proportional_to_step_numbers() {
    let picture =
        build("curve", &[line_panel("m", "", &[(0.0, 1.0), (10.0, 2.0), (100.0, 3.0)])], &{
            let mut options = Options::default();
            options.legend = Some(false);
            options
        });
    let drawn = points(&picture, light().series[0]);
    let line = &drawn[..3];
    let share = (line[1].x - line[0].x) / (line[2].x - line[0].x);
    assert!((share - 0.1).abs() < 1e-9, "{share}");
}

#[test]
fn one_spike_among_many_thousand_points_is_drawn_and_said() {
    let mut values = vec![0.5; 200_000];
    values[123_456] = 90.0;
    values[77_777] = -40.0;
    let picture = build("curve", &[line_panel("loss", "", &line(&values))], &Options::default());
    let drawn = points(&picture, light().series[0]);
    assert!(drawn.len() < 10_000, "{}", drawn.len());
    let calm = drawn[0].y;
    assert!(drawn.iter().any(|point| point.y < calm - 20.0), "the spike up");
    assert!(drawn.iter().any(|point| point.y > calm + 20.0), "the spike down");
    says(
        &picture,
        &["of 200,000 points every column of pixels shows the smallest and the largest"],
    );
}

#[test]
fn what_is_not_finite_breaks_the_line_is_marked_and_counted() {
    let values = [1.0, 2.0, f64::NAN, f64::NAN, 1.5, f64::INFINITY, 2.0, f64::NEG_INFINITY];
    let picture = build("curve", &[line_panel("m", "", &line(&values))], &Options::default());
    let theme = light();
    assert_eq!(filled(&picture, theme.nan), 1);
    assert_eq!(filled(&picture, theme.pos_inf), 1);
    assert_eq!(filled(&picture, theme.neg_inf), 1);
    says(
        &picture,
        &[
            "2 values are NaN, the first at 2",
            "1 value is +∞, at 5",
            "1 value is −∞, at 7",
            "highest 2",
        ],
    );
    assert!(picture.notes.iter().any(|note| note.contains("NaN")));
    // No line leads over the gap.
    let line = points(&picture, theme.series[0]);
    assert!(line.len() >= 2);
    let only_nan = build("curve", &[line_panel("m", "", &line_of_nan())], &Options::default());
    says(&only_nan, &["3 values are NaN"]);
}

fn line_of_nan() -> Vec<(f64, f64)> {
    line(&[f64::NAN; 3])
}

#[test]
fn values_without_a_place_on_a_logarithmic_axis_are_counted() {
    let mut options = Options::default();
    options.log_counts = true;
    let values = [100.0, 10.0, 0.0, -1.0, 0.001];
    let picture = build("curve", &[line_panel("m", "", &line(&values))], &options);
    says(&picture, &["2 values are not above zero", "0.01", "logarithmic"]);
    let negative = build("curve", &[line_panel("m", "", &line(&[-1.0, -2.0]))], &options);
    assert!(
        !words(&negative).contains("not above zero"),
        "nothing is left to draw on such an axis"
    );
}

#[test]
fn smoothing_is_said_and_short_lines_keep_their_values() {
    let mut options = Options::default();
    options.smooth = Some(10);
    let values: Vec<f64> = (0..100).map(|at| f64::from(at % 2)).collect();
    let panels = [line_panel("loss", "", &line(&values)), line_panel("v", "", &line(&[0.5, 1.0]))];
    let picture = build("curve", &panels, &options);
    says(
        &picture,
        &[
            "strong: the mean of 11 points; pale: the values",
            "lines of few points are not smoothed",
        ],
    );
    assert!(!points(&picture, light().series[0].alpha(70)).is_empty(), "the values, pale");
    let short = build("curve", &panels[1..], &options);
    says(&short, &["too few points for means of 11"]);
}

#[test]
fn odd_lines_are_drawn() {
    let options = Options::default();
    for points in [
        vec![(7.0, 0.5)],
        line(&[3.0, 3.0, 3.0]),
        line(&[0.0; 4]),
        line(&[-f64::MAX, f64::MAX]),
        vec![(0.0, 1.0), (1.8e19, 2.0)],
        vec![(1.8e19, 1.0)],
        vec![(5.0, 1.0), (5.0, 2.0)],
        line(&[1e-320, 2e-320]),
    ] {
        for log in [false, true] {
            let mut options = options.clone();
            options.log_counts = log;
            let picture = build("curve", &[line_panel("m", "", &points)], &options);
            for point in items(&picture).iter().flat_map(ends) {
                assert!(point.x.is_finite() && point.y.is_finite(), "{points:?}");
                assert!(
                    (-1.0..=picture.scene.width + 1.0).contains(&point.x),
                    "{points:?} {point:?}"
                );
                assert!((-1.0..=picture.scene.height + 1.0).contains(&point.y), "{points:?}");
            }
        }
    }
    assert!(refused("curve", &[line_panel("m", "", &[])], &options).contains("it has no values"));
    assert!(refused("curve", &[], &options).contains("no line"));
    let many = vec![line_panel("m", "", &[(0.0, 1.0)]); 25];
    assert!(refused("curve", &many, &options).contains("at most 24"));
}

fn ends(item: &Item) -> Vec<Point> {
    let Item::Shape(shape) = item else { return Vec::new() };
    let end = |segment: &Segment| match segment {
        Segment::Move(to) | Segment::Line(to) | Segment::Cubic(_, _, to) => Some(*to),
        Segment::Close => None,
    };
    shape.path.segments.iter().filter_map(end).collect()
}

#[test]
fn runs_differ_in_colour_and_metrics_in_dash() {
    let mut panels = Vec::new();
    for run in ["a", "b"] {
        for metric in ["loss", "validation_loss"] {
            panels.push(line_panel(metric, run, &line(&[1.0, 0.5])));
        }
    }
    let picture = build("curve", &panels, &Options::default());
    says(&picture, &["a loss", "a validation_loss", "b validation_loss"]);
    let pieces = |color: Color| points(&picture, color).len();
    assert_eq!(pieces(light().series[0]), pieces(light().series[1]));
    assert_eq!(pieces(light().series[2]), 0);
    assert!(pieces(light().series[0]) > 20, "dashes");
}

#[test]
fn a_small_page_keeps_the_plot() {
    let panels: Vec<Panel> =
        (0..12).map(|at| line_panel(&format!("metric {at}"), "", &line(&[1.0, 2.0]))).collect();
    let mut options = Options::default();
    options.size = "90x60pt".parse().ok();
    let picture = build("curve", &panels, &options);
    assert!(picture.notes.iter().any(|note| note.contains("no room")), "{:?}", picture.notes);
    options.size = "10x8pt".parse().ok();
    assert!(refused("curve", &panels, &options).contains("no room"));
}

/// The least and the largest y of all filled areas of that colour.
fn reach(picture: &Picture, color: Color) -> (f64, f64) {
    let mut ys: Vec<f64> = Vec::new();
    for item in items(picture) {
        if matches!(&item, Item::Shape(shape) if shape.fill == Some(color)) {
            ys.extend(ends(&item).iter().map(|point| point.y));
        }
    }
    (ys.iter().copied().fold(f64::MAX, f64::min), ys.iter().copied().fold(f64::MIN, f64::max))
}

#[test]
fn bands_hold_the_quantiles() {
    let values: Vec<f32> = (0..=100).map(|at| at as f32 / 100.0).collect();
    let steps = [(0, values.clone()), (50, values.clone()), (100, values)];
    let mut options = Options::default();
    options.range = "0..1".parse().ok();
    let panels = [spread_panel("w", &steps)];
    let words = build("distribution", &panels, &options);
    // The legend has the colours too.
    options.legend = Some(false);
    let picture = build("distribution", &panels, &options);
    let theme = light();
    let band = |strength: f64| reach(&picture, theme.page.mix(theme.series[0], strength));
    let (top, bottom) = band(0.16);
    let height = bottom - top;
    for (strength, share) in [(0.30, 0.98), (0.46, 0.90), (0.70, 0.50)] {
        let (from, to) = band(strength);
        assert!(((to - from) / height - share).abs() < 1e-4, "{share}");
        assert!(((from - top) - (bottom - to)).abs() < 1e-3, "in the middle");
    }
    says(&words, &["median", "50 %", "all values", "3 steps, 0 … 100", "least 0 · largest 1"]);
}

#[test]
fn a_step_of_nan_is_said_and_spoils_no_other() {
    let calm = vec![-1.0f32, 0.0, 1.0];
    let steps = [
        (0, calm.clone()),
        (10, vec![f32::NAN, 0.5, 1.0]),
        (20, vec![f32::NAN; 3]),
        (30, vec![]),
        (40, vec![0.0, f32::INFINITY, 1.0]),
        (50, calm.clone()),
        (60, vec![-1.0, 1.0]),
    ];
    let picture = build("distribution", &[spread_panel("w", &steps)], &Options::default());
    says(
        &picture,
        &[
            "NaN in 2 steps (4 values), the first at step 10",
            "±∞ in 1 step (1 value), the first at step 40",
            "missing in 1 step, the first is 30",
            "from step 60 its shape is 2, 3 before",
            "NaN: 2 steps",
            "least −1 · largest 1",
        ],
    );
    for one in ["NaN in 2", "missing", "its shape is 2"] {
        assert!(picture.notes.iter().any(|note| note.contains(one)), "{:?}", picture.notes);
    }
    let alone = build("distribution", &[spread_panel("w", &[(0, calm.clone()), (50, calm)])], &{
        let mut options = Options::default();
        options.legend = Some(false);
        options
    });
    assert!(filled(&alone, light().nan) == 0 && filled(&picture, light().nan) > 0);
}

#[test]
fn no_extreme_is_lost_among_many_steps() {
    let mut steps: Vec<(u64, Vec<f32>)> = (0..5_000).map(|at| (at, vec![-1.0, 0.0, 1.0])).collect();
    steps[3_333].1 = vec![-9.0, 0.0, 9.0];
    let mut options = Options::default();
    options.legend = Some(false);
    let picture = build("distribution", &[spread_panel("w", &steps)], &options);
    let theme = light();
    let (top, bottom) = reach(&picture, theme.page.mix(theme.series[0], 0.16));
    let zero = (top + bottom) / 2.0;
    let calm = points(&picture, theme.series[0].mix(theme.ink, 0.55));
    assert!((calm[0].y - zero).abs() < 1e-6 && bottom - top > 150.0, "{top} {bottom}");
    assert!(
        picture.notes.iter().any(|note| note.contains("of 5,000 steps")),
        "{:?}",
        picture.notes
    );
    let ends: usize = items(&picture).iter().map(|item| ends(item).len()).sum();
    assert!(ends < 20_000, "{ends}");
}

#[test]
fn odd_distributions_are_drawn() {
    for steps in [
        vec![(7, vec![0.5f32; 4])],
        vec![(0, vec![2.0f32]), (u64::MAX, vec![3.0])],
        vec![(5, vec![1.0f32, 2.0]), (5, vec![2.0, 3.0])],
        vec![(0, vec![f32::MIN, f32::MAX]), (1, vec![0.0, 0.0])],
        vec![(0, vec![]), (1, vec![1.0f32]), (2, vec![])],
    ] {
        let picture = build("distribution", &[spread_panel("w", &steps)], &Options::default());
        for point in items(&picture).iter().flat_map(ends) {
            assert!(point.x.is_finite() && point.y.is_finite(), "{steps:?}");
        }
    }
    let nothing = [spread_panel("w", &[(0, vec![f32::NAN; 2]), (1, vec![])])];
    let error = refused("distribution", &nothing, &Options::default());
    assert!(error.contains("no finite value in any step"), "{error}");
}

#[test]
fn tensors_have_a_plot_each_and_runs_one_axis() {
    let mut panels = Vec::new();
    for (run, reach) in [("a", 1.0f32), ("b", 4.0)] {
        let mut panel = spread_panel("w", &[(0, vec![-reach, reach]), (9, vec![-reach, reach])]);
        panel.part = run.to_owned();
        panels.push(panel);
    }
    let picture = build("distribution", &panels, &Options::default());
    says(&picture, &["w of a", "w of b"]);
    let texts = texts(&picture);
    let ticks = texts.iter().filter(|text| text.content == "4").count();
    assert_eq!(ticks % 2, 0, "both axes have the same numbers");
}

fn confusion(values: Vec<f32>, options: &Options) -> Picture {
    let classes = (values.len() as f64).sqrt() as usize;
    draw("confusion", &[(classes, classes, values)], options)
}

#[test]
fn a_confusion_matrix_says_accuracy_counts_and_the_worst() {
    let mut options = Options::default();
    options.row_labels = Labels::List(["cat", "dog"].map(str::to_owned).into());
    let picture = confusion(vec![30.0, 10.0, 0.0, 1_000.0], &options);
    says(
        &picture,
        &[
            "accuracy 0.9904",
            "1,030 of 1,040 right",
            "true class",
            "predicted class",
            "cat",
            "dog",
            "most often cat is taken for dog: 10 times, 25 % of its examples",
            "1,000",
        ],
    );
    let written = texts(&picture);
    assert!(written.iter().filter(|text| text.content == "dog").count() == 2, "rows and columns");
    let zero = |text: &&hinton_scene::Text| text.content == "0";
    assert_eq!(written.iter().filter(zero).count(), 0, "zeros are blank");
}

#[test]
fn colours_are_shares_of_the_row() {
    let picture = confusion(vec![1.0, 1.0, 500.0, 500.0], &Options::default());
    let drawn = &cells(&picture)[0];
    assert_eq!(drawn.color(0, 0), drawn.color(1, 1), "however many examples");
    assert_eq!(drawn.color(0, 1), drawn.color(1, 0));
    assert_ne!(drawn.color(0, 0), drawn.color(0, 1), "right and mistaken differ in hue");
    // Values are read by contrast.
    for (at, text) in texts(&picture).iter().filter(|text| text.content == "500").enumerate() {
        let ground = drawn.color(1, at).unwrap();
        assert!(text.style.color.contrast(ground) >= 4.5);
    }
    let mut options = Options::default();
    options.annotate = Annotate::As(".0%".parse().unwrap());
    says(&confusion(vec![1.0, 1.0, 500.0, 500.0], &options), &["50%"]);
}

#[test]
fn odd_counts_are_said() {
    let picture = confusion(vec![1.0, f32::NAN, 0.0, 0.0], &Options::default());
    says(&picture, &["1 count is not finite", "1 class has no examples", "1 of 1 right"]);
    let nothing = confusion(vec![0.0; 9], &Options::default());
    says(&nothing, &["no examples"]);
    let matrix = |shape: (usize, usize), values: &[f32]| {
        let ask = hinton_tensor::GridRequest::new(64, 64, hinton_tensor::Fold::Max);
        vec![common::panel("w", shape.0, shape.1, values, Some(ask))]
    };
    let error = |panels: &[Panel]| refused("confusion", panels, &Options::default());
    assert!(error(&matrix((1, 2), &[1.0, 2.0])).contains("is square"));
    assert!(error(&matrix((2, 2), &[1.0, -2.0, 0.0, 0.0])).contains("counts are not negative"));
    assert!(error(&[]).contains("no tensor"));
}

#[test]
fn many_classes_have_colours_and_no_counts() {
    let values: Vec<f32> = (0..200 * 200).map(|at| (at % 7) as f32).collect();
    let picture = confusion(values, &Options::default());
    assert_eq!(cells(&picture)[0].rows, 200);
    assert!(texts(&picture).len() < 120);
}

#[test]
fn every_confusion_matrix_has_one_scale_of_mistakes() {
    let color = |wrong: f32, options: &Options| {
        let picture = confusion(vec![100.0 - wrong, wrong, 0.0, 100.0], options);
        cells(&picture)[0].color(0, 1).unwrap()
    };
    let plain = Options::default();
    let page = hinton_chart::Theme::named(plain.theme).page;
    // Four mistakes of a hundred are faint, a quarter and more have the full colour.
    assert!(color(4.0, &plain).contrast(page) < 1.5, "{:?}", color(4.0, &plain));
    assert_eq!(color(25.0, &plain), color(60.0, &plain));
    assert_ne!(color(12.0, &plain), color(25.0, &plain));
    says(&confusion(vec![96.0, 4.0, 0.0, 100.0], &plain), &["25 % or more"]);
    let mut fine = Options::default();
    fine.range = Some("0..0.04".parse().unwrap());
    assert_eq!(color(4.0, &fine), color(25.0, &plain));
}

#[test]
fn shares_are_of_rows_columns_or_all() {
    let values = vec![30.0, 10.0, 20.0, 40.0];
    let drawn = |of: &str| {
        let mut options = Options::default();
        options.shares_of = of.parse().unwrap();
        confusion(values.clone(), &options)
    };
    says(&drawn("row"), &["of each row", "lowest recall: 1, 66.7 %", "lowest precision: 0, 60 %"]);
    says(&drawn("column"), &["of each column", "60", "80"]);
    says(&drawn("all"), &["of all", "40"]);
    // Rows that sum to 1 are shares already.
    let shares = confusion(vec![0.9, 0.1, 0.25, 0.75], &Options::default());
    says(
        &shares,
        &["mean recall 0.8250", "not counts", "1 is taken for 0: 25 % of its examples", "90"],
    );
    let said: String = texts(&shares).into_iter().map(|text| text.content + "\n").collect();
    assert!(!said.contains("times") && !said.contains("of 2 right"), "{said}");
}

#[test]
fn classes_are_named_beside_one_another_too() {
    let one = (3, 3, vec![9.0, 1.0, 0.0, 2.0, 8.0, 0.0, 0.0, 0.0, 10.0]);
    let mut options = Options::default();
    let names = |options: &Options, name: &str| {
        let picture = draw("confusion", &[one.clone(), one.clone()], options);
        texts(&picture).iter().filter(|text| text.content == name).count()
    };
    assert_eq!(names(&options, "2"), 4 + 2, "rows and columns of both, and a count in each");
    options.row_labels = Labels::List(["a", "b", "c"].map(str::to_owned).into());
    assert_eq!(names(&options, "c"), 4);
}
