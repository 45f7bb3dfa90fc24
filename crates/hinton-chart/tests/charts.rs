//! What the charts promise, read off their scenes.

use crate::common;

use common::{cells, draw, items, marks, noise, texts};
use hinton_chart::{
    Annotate, CHARTS, Colormap, Labels, Options, Range, ScaleKind, ThemeName, charts,
};
use hinton_scene::{Color, Item, Segment};
use hinton_tensor::Fold;

fn words(picture: &hinton_chart::Picture) -> String {
    texts(picture).into_iter().map(|text| text.content + "\n").collect()
}

#[test]
fn rows_of_the_table_are_whole() {
    let mut names: Vec<&str> = CHARTS.iter().map(|chart| chart.name).collect();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), CHARTS.len());
    for chart in CHARTS {
        assert!(!chart.about.is_empty() && chart.help.len() > 150, "{}", chart.name);
        assert_eq!(chart.name, chart.name.to_lowercase());
    }
}

#[test]
fn every_chart_draws_every_theme_and_says_range_and_orientation() {
    let matrix = (6, 9, noise(54));
    // Those over steps, and of counts, have tests of their own.
    let of_values =
        |name: &str| matches!(name, "hinton" | "heatmap" | "tiles" | "histogram" | "overview");
    for chart in CHARTS.iter().filter(|chart| of_values(chart.name)) {
        for theme in ThemeName::ALL {
            let mut options = Options::default();
            options.theme = theme;
            let picture = draw(chart.name, std::slice::from_ref(&matrix), &options);
            let words = words(&picture);
            assert!(words.contains("6 × 9"), "{}: {words}", chart.name);
            let turned = chart.name == "histogram" || words.contains("rows");
            assert!(turned, "{}: {words}", chart.name);
            let smallest = matrix.2.iter().copied().fold(f32::MAX, f32::min);
            let range = hinton_chart::short(f64::from(smallest));
            assert!(words.contains(&range), "{}: no {range} in {words}", chart.name);
            assert!(picture.scene.width > 100.0 && picture.scene.height > 50.0);
            for text in texts(&picture) {
                let (x, y) = (text.x, text.y);
                assert!(x >= 0.0 && y >= 0.0 && y <= picture.scene.height, "{text:?}");
                assert!(
                    text.rotation != 0.0 || x + text.width <= picture.scene.width + 0.5,
                    "{text:?}"
                );
            }
        }
    }
}

#[test]
fn ink_is_proportional_to_weight() {
    let values = vec![0.5, -0.25, 0.0, 0.125];
    let picture = draw("hinton", &[(2, 2, values)], &Options::default());
    let drawn = marks(&picture);
    let area = |color: Color| -> Vec<f32> {
        let all = drawn.iter().filter(|marks| marks.fill == color);
        all.flat_map(|marks| &marks.places).map(|[_, _, w, h]| w * h).collect()
    };
    let (white, black) = (area(Color::WHITE), area(Color::BLACK));
    assert_eq!((white.len(), black.len()), (2, 1), "zero draws nothing");
    assert!((white[0] / white[1] - 4.0).abs() < 1e-3);
    assert!((white[0] / black[0] - 2.0).abs() < 1e-3);
}

#[test]
fn ink_stays_when_a_matrix_is_folded() {
    let values = noise(1000 * 1000);
    let picture = draw("hinton", &[(1000, 1000, values.clone())], &Options::default());
    let drawn = marks(&picture);
    let area = |marks: &hinton_scene::Marks| -> f64 {
        marks.places.iter().map(|[_, _, w, h]| f64::from(*w) * f64::from(*h)).sum()
    };
    let [white, black, black_inside, white_inside] = [0, 1, 2, 3].map(|at| area(&drawn[at]));
    assert_eq!((drawn[0].fill, drawn[2].fill), (Color::WHITE, Color::BLACK));
    let sum = |keep: &dyn Fn(f32) -> bool| -> f64 {
        values.iter().filter(|w| keep(**w)).map(|w| f64::from(w.abs())).sum()
    };
    let drawn_ratio = (white - black_inside + white_inside) / (black - white_inside + black_inside);
    let true_ratio = sum(&|w| w > 0.0) / sum(&|w| w < 0.0);
    assert!((drawn_ratio / true_ratio - 1.0).abs() < 1e-3, "{drawn_ratio} {true_ratio}");
    assert!(words(&picture).contains("the ink of 4 × 4 values"), "{}", words(&picture));
    let count: usize = drawn.iter().map(|marks| marks.places.len()).sum();
    assert!(count <= 2 * 256 * 256);
}

#[test]
fn squares_past_max_weight_fill_their_cell_and_are_marked() {
    let mut options = Options::default();
    options.max_weight = Some(0.25);
    let picture = draw("hinton", &[(1, 2, vec![1.0, 0.25])], &options);
    let places: Vec<[f32; 4]> =
        marks(&picture).iter().flat_map(|marks| marks.places.clone()).collect();
    assert_eq!(places[0][2], places[1][2]);
    assert!(words(&picture).contains("clipped 1"));
    assert!(
        picture.notes.iter().any(|note| note.contains("max-weight 0.25")),
        "{:?}",
        picture.notes
    );
}

#[test]
fn nan_and_infinity_are_loud_and_spoil_nothing() {
    let values = vec![f32::NAN, 0.5, -1.0, f32::INFINITY, f32::NEG_INFINITY, 0.0];
    for chart in ["hinton", "heatmap", "tiles", "overview"] {
        let picture = draw(chart, &[(2, 3, values.clone())], &Options::default());
        let words = words(&picture);
        assert!(words.contains("NaN") && words.contains("−1"), "{chart}: {words}");
    }
    let picture = draw("heatmap", &[(2, 3, values)], &Options::default());
    let drawn = &cells(&picture)[0];
    let theme = hinton_chart::Theme::named(ThemeName::Light);
    assert_eq!(drawn.color(0, 0), Some(theme.nan));
    assert_eq!(drawn.color(1, 0), Some(theme.pos_inf));
    assert_eq!(drawn.color(1, 1), Some(theme.neg_inf));
    assert_eq!(drawn.color(1, 2), Some(Color::WHITE), "zero is white");
    assert_eq!(drawn.color(0, 2), Some(Colormap::house(false).color(0.0)), "-1 is the end");
}

#[test]
fn one_nan_in_a_million_is_pointed_at() {
    let mut values = noise(1000 * 1000);
    values[123_456] = f32::NAN;
    let picture = draw("heatmap", &[(1000, 1000, values)], &Options::default());
    let nan = hinton_chart::Theme::named(ThemeName::Light).nan;
    let drawn = cells(&picture).remove(0).rect;
    let outside = items(&picture).iter().any(|item| match item {
        // A triangle at the right and one below.
        Item::Shape(shape) if shape.fill == Some(nan) => {
            shape.path.segments.iter().all(|segment| match *segment {
                Segment::Move(to) | Segment::Line(to) => {
                    to.x > drawn.right() || to.y > drawn.bottom()
                }
                _ => true,
            })
        }
        _ => false,
    });
    assert!(outside);
    assert!(words(&picture).contains("NaN 1"));
}

#[test]
fn an_outlier_is_seen_however_cells_are_folded() {
    let mut values = vec![0.01f32; 2000 * 2000];
    values[1_234_567] = -9.0;
    for fold in [Fold::Rms, Fold::Mean, Fold::Extreme, Fold::Min] {
        let mut options = Options::default();
        options.reduce = Some(fold);
        let picture = draw("heatmap", &[(2000, 2000, values.clone())], &options);
        let drawn = cells(&picture).remove(0);
        let colors = drawn.cells.iter().map(|&entry| drawn.palette[usize::from(entry)]);
        let negative: Vec<f64> =
            colors.filter(|color| color.b > color.r).map(|color| color.luminance()).collect();
        assert!(negative.len() == 1 && negative[0] < 0.1, "{fold:?}: {negative:?}");
    }
}

#[test]
fn cells_never_outnumber_pixels() {
    for size in ["300x200px", "640x640px", "90mm", "2000x500px"] {
        for (rows, cols) in [(3000, 50), (50, 3000), (1500, 1500), (1, 5000)] {
            let mut options = Options::default();
            options.size = Some(size.parse().unwrap());
            let picture = draw("heatmap", &[(rows, cols, vec![0.5; rows * cols])], &options);
            let drawn = &cells(&picture)[0];
            let pixels = |points: f64| points * options.dpi / 72.0;
            let across = pixels(drawn.rect.w) / drawn.cols as f64;
            let down = pixels(drawn.rect.h) / drawn.rows as f64;
            assert!(across > 0.8 && down > 0.8, "{size} {rows}x{cols}: {across} {down}");
            assert!(drawn.rect.right() <= picture.scene.width);
            assert!(drawn.rect.bottom() <= picture.scene.height);
        }
    }
}

#[test]
fn annotations_fit_their_cells() {
    let values: Vec<f32> = noise(64).iter().map(|value| value * 1000.0).collect();
    let widths = |annotate: &str, size: &str| {
        let mut options = Options::default();
        options.annotate = annotate.parse::<Annotate>().unwrap();
        options.size = Some(size.parse().unwrap());
        options.row_labels = Labels::Off;
        options.col_labels = Labels::Off;
        let picture = draw("heatmap", &[(8, 8, values.clone())], &options);
        let drawn = cells(&picture).remove(0);
        let inside = |x: f64, y: f64| {
            x > drawn.rect.x
                && x < drawn.rect.right()
                && y > drawn.rect.y
                && y < drawn.rect.bottom()
        };
        let written: Vec<f64> = texts(&picture)
            .into_iter()
            .filter(|text| inside(text.x + text.width / 2.0, text.y - 2.0))
            .map(|text| text.width)
            .collect();
        (written, drawn.rect.w / 8.0, picture.notes)
    };
    let (written, pitch, notes) = widths("{:.9f}", "10x10in");
    assert_eq!(written.len(), 64);
    assert!(written.iter().all(|width| *width < pitch) && notes.is_empty());
    let (written, pitch, notes) = widths("{:.9f}", "4x4in");
    assert_eq!(written.len(), 64);
    assert!(written.iter().all(|width| *width < pitch));
    assert!(notes.iter().any(|note| note.contains("rounded")), "{notes:?}");
    let (written, _, notes) = widths("{:.9f}", "3x3cm");
    assert!(written.is_empty());
    assert!(notes.iter().any(|note| note.contains("too small")), "{notes:?}");
}

#[test]
fn ranges_are_kept_and_what_lies_outside_is_said() {
    let mut options = Options::default();
    options.range = Some(Range::Fixed(-0.125, 0.125));
    let picture = draw("heatmap", &[(2, 2, vec![0.125, -5.0, 0.0625, 3.0])], &options);
    let words = words(&picture);
    // The value on the edge is inside.
    assert!(words.contains("1 value\nabove 0.125"), "{words}");
    assert!(words.contains("1 value\nbelow −0.125"), "{words}");
    let drawn = &cells(&picture)[0];
    let map = Colormap::house(false);
    assert_eq!(drawn.color(0, 0), Some(map.color(1.0)));
    assert_eq!(drawn.color(1, 0), Some(map.color(0.75)));
}

#[test]
fn empty_and_nonfinite_tensors_do_not_panic() {
    for values in [vec![], vec![f32::NAN; 4], vec![f32::INFINITY; 4], vec![0.0; 4]] {
        for chart in CHARTS {
            let matrix = (values.len() / 2, 2, values.clone());
            let extents = [hinton_chart::Extent::new(matrix.0, 2)];
            let options = Options::default();
            let ask = match charts::needs(chart, &extents, &options) {
                hinton_chart::Need::Grids(requests) => requests.into_iter().next(),
                _ => None,
            };
            let panel = common::panel("w", matrix.0, matrix.1, &matrix.2, ask);
            if let Err(error) = charts::draw(chart, &[panel], &options) {
                assert!(error.to_string().contains(chart.name), "{error}");
            }
        }
    }
}

#[test]
fn an_overview_says_what_is_empty_and_crosses_it_out() {
    let ask = hinton_tensor::GridRequest {
        max_rows: 9,
        max_cols: 9,
        fold: Fold::Mean,
        sample_bytes: None,
        quantiles: false,
    };
    let panels = [
        common::panel("empty", 0, 5, &[], Some(ask)),
        common::panel("white", 1, 1, &[0.0], Some(ask)),
    ];
    let chart = CHARTS.iter().find(|chart| chart.name == "overview").unwrap();
    let picture = charts::draw(chart, &panels, &Options::default()).unwrap();
    let words = words(&picture);
    assert!(words.contains("no values (0 × 5)"), "{words}");
    assert_eq!(cells(&picture).len(), 1, "what is empty has no cell");
}

#[test]
fn hostile_names_are_shown_escaped() {
    let tensor_name = "w\u{1b}[31m<script>";
    let ask = hinton_tensor::GridRequest {
        max_rows: 9,
        max_cols: 9,
        fold: Fold::Mean,
        sample_bytes: None,
        quantiles: true,
    };
    let panel = common::panel(tensor_name, 2, 2, &[1.0, 2.0, 3.0, 4.0], Some(ask));
    let chart = hinton_chart::charts::named("heatmap").unwrap();
    let picture = charts::draw(chart, &[panel], &Options::default()).unwrap();
    assert!(words(&picture).contains("w\\u{1b}[31m<script>"));
}

#[test]
fn histograms_count_every_value_once() {
    let values = noise(5000);
    let mut options = Options::default();
    options.bins = Some(20);
    let picture = draw("histogram", &[(50, 100, values)], &options);
    assert!(words(&picture).contains("20 bins"));
}

#[test]
fn values_on_the_edge_of_the_range_are_inside() {
    let mut values = vec![0.0; 300];
    values.extend([0.25; 99]);
    values.push(-0.1);
    let mut options = Options::default();
    options.range = Some(Range::Fixed(0.0, 0.5));
    let words = words(&draw("heatmap", &[(20, 20, values)], &options));
    assert!(words.contains("1 value\nbelow 0\n") && !words.contains("above"), "{words}");
}

#[test]
fn a_logarithmic_scale_says_where_it_is_linear() {
    let matrix = (2, 3, vec![1.0, -0.001, 1e-6, 200.0, 0.0, -1000.0]);
    let said = |options: &Options| {
        draw("heatmap", std::slice::from_ref(&matrix), options).scene.description
    };
    let mut symlog = Options::default();
    symlog.scale = ScaleKind::Symlog;
    symlog.range = Some(Range::Fixed(-1000.0, 1000.0));
    assert!(said(&symlog).contains("linear within ±1 and logarithmic beyond"), "{}", said(&symlog));
    let mut asked = symlog.clone();
    asked.symlog_threshold = Some(0.01);
    assert!(said(&asked).contains("linear within ±0.01"));
    assert!(!said(&Options::default()).contains("linear"));
}

#[test]
fn legends_have_no_sign_and_no_colour_that_nothing_has() {
    let words = |values: Vec<f32>| {
        let picture = draw("hinton", &[(2, 2, values)], &Options::default());
        texts(&picture).into_iter().map(|text| text.content).collect::<Vec<_>>()
    };
    let both = words(vec![1.0, -0.5, 0.25, 0.0]);
    assert!(both.contains(&"±1".to_owned()) && both.contains(&"+".to_owned()));
    let positive = words(vec![1.0, 0.5, 0.25, 0.0]);
    assert!(positive.contains(&"1".to_owned()) && !positive.contains(&"−".to_owned()));
    let negative = words(vec![-1.0, -0.5, -0.25, 0.0]);
    assert!(negative.contains(&"−1".to_owned()) && !negative.contains(&"+".to_owned()));
}

#[test]
fn many_tensors_make_one_histogram_and_it_is_said() {
    let matrices: Vec<_> = (0..12).map(|_| (4, 4, noise(16))).collect();
    let picture = draw("histogram", &matrices, &Options::default());
    assert!(words(&picture).contains("12 tensors are drawn as one"), "{}", words(&picture));
}

#[test]
fn whole_numbers_beside_others_set_the_bins() {
    let even: Vec<f32> = (0..5100).map(|index| (index % 255) as f32 - 127.0).collect();
    let mut whole = common::panel("codes", 1, even.len(), &even, None);
    whole.dtype = "i8";
    let others = common::panel("weights", 1, 2, &[-0.5, 0.5], None);
    let chart = CHARTS.iter().find(|row| row.name == "histogram").unwrap();
    let picture = charts::draw(chart, &[whole, others], &Options::default()).unwrap();
    // 5 numbers in each of 51 bins: bars of one height.
    let words = words(&picture);
    assert!(words.contains("51 bins over −128 … 128"), "{words}");
}

#[test]
fn counts_are_whole_and_neighbouring_ticks_differ() {
    let values = vec![0.999, 1.0, 1.001];
    let words = words(&draw("histogram", &[(1, 3, values)], &Options::default()));
    let lines: Vec<&str> = words.lines().collect();
    for pair in lines.windows(2) {
        assert_ne!(pair[0], pair[1], "{words}");
    }
}

#[test]
fn facets_of_many_sizes_fill_their_share() {
    let matrices = [(3, 4, noise(12)), (300, 200, noise(60_000)), (2, 2, noise(4))];
    let picture = draw("heatmap", &matrices, &Options::default());
    let drawn = cells(&picture);
    for cells in &drawn[..3] {
        assert!(cells.rect.w.max(cells.rect.h) >= 60.0, "{:?}", cells.rect);
    }
    let many: Vec<_> = (0..40).map(|_| (16, 16, noise(256))).collect();
    let picture = draw("hinton", &many, &Options::default());
    let grounds = items(&picture).iter().filter(|item| matches!(item, Item::Marks(_))).count();
    assert!(grounds >= 80);
    assert!(picture.scene.height > 600.0, "the page grows");
}

#[test]
fn what_a_small_page_leaves_out_is_said() {
    let mut options = Options::default();
    options.size = Some("260x200px".parse().unwrap());
    options.row_labels = Labels::List(vec!["a".to_owned(), "b".to_owned()]);
    let picture = draw("heatmap", &[(8, 8, noise(64))], &options);
    let notes = picture.notes.join("\n");
    assert!(notes.contains("notes") && !notes.contains("legend"), "{notes}");
    assert!(notes.contains("2 labels for 8 rows"), "{notes}");
}

#[test]
fn a_column_of_a_paper_keeps_the_legend_below() {
    for (chart, bar) in [("heatmap", true), ("hinton", false), ("tiles", true)] {
        let at = |size: &str| {
            let mut options = Options::default();
            options.size = size.parse().ok();
            draw(chart, &[(12, 12, noise(144))], &options)
        };
        for size in ["8.5cm", "6cm", "8.5x10cm", "6x6cm"] {
            let picture = at(size);
            assert!(!picture.notes.iter().any(|note| note.contains("legend")), "{chart} {size}");
            let drawn = cells(&picture);
            let low = drawn.iter().skip(1).any(|cells| cells.rect.y > drawn[0].rect.bottom());
            assert_eq!(low, bar, "{chart} {size}");
        }
        // A poster is the same picture, larger.
        let (page, poster) = (at("20x28cm").scene, at("80x112cm").scene);
        let largest = |scene: &hinton_scene::Scene| {
            let sizes = scene.items.iter().filter_map(|item| match item {
                Item::Text(text) => Some(text.style.size),
                _ => None,
            });
            sizes.fold(0.0, f64::max)
        };
        assert!(largest(&poster) > 3.0 * largest(&page), "{chart}");
    }
}

#[test]
fn tiles_on_a_page_of_given_width_keep_their_shape() {
    let tiles: Vec<_> = (0..64).map(|_| (28, 28, noise(784))).collect();
    let mut options = Options::default();
    options.size = "300pt".parse().ok();
    let picture = draw("tiles", &tiles, &options);
    let drawn = cells(&picture);
    assert!(drawn[..64].iter().all(|tile| tile.rows == 28 && tile.cols == 28));
}
