//! From tensors to bytes: every chart, every output, every setting.

use crate::common;

use std::ops::ControlFlow;
use std::sync::atomic::{AtomicU64, Ordering};

use common::{Folder, checkpoint, counting};
use hinton::arrange::{arrange, draw_arrangement_with};
use hinton::errors::TensorError;
use hinton::look::{CHARTS, Labels};
use hinton::outputs::{OUTPUTS, output_for, output_named};
use hinton::settings::{SETTINGS, Scope, Takes};
use hinton::{DrawRequest, Error, Progress, Selected, Work, draw, draw_with, render, save};

#[test]
fn every_chart_draws_every_shape() {
    for chart in CHARTS {
        for shape in [&[][..], &[7], &[3, 4], &[784, 10], &[4, 5, 6], &[4, 3, 5, 5], &[2; 6]] {
            let tensor = counting("w", shape);
            let drawn = draw([tensor], &DrawRequest::chart(chart.name));
            let picture = match (drawn, chart.name) {
                // These need lines, squares and matrices, and say so.
                (Err(error), "curve" | "confusion" | "spectrum" | "bars") => {
                    assert!(
                        error.to_string().contains(&hinton::text::shape_text(shape)),
                        "{error}"
                    );
                    continue;
                }
                (drawn, _) => drawn.unwrap(),
            };
            assert!(!picture.scene.items.is_empty(), "{} {shape:?}", chart.name);
        }
    }
}

#[test]
fn every_output_writes_a_file() {
    let folder = Folder::new();
    let picture = draw([counting("w", &[3, 4])], &DrawRequest::default()).unwrap();
    for output in OUTPUTS {
        let bytes = render(&picture, output, &picture.render_options()).unwrap();
        assert!(!bytes.is_empty(), "{}", output.name);
        for extension in output.extensions {
            let path = folder.path(&format!("w.{}", extension.to_uppercase()));
            save(&picture, &path).unwrap();
            assert_eq!(std::fs::read(&path).unwrap(), bytes, "{extension}");
        }
    }
}

#[test]
fn unknown_extensions_list_those_there_are() {
    let error = output_for("a.bmp".as_ref()).err().unwrap();
    assert_eq!(error.to_string(), "a.bmp: no output has the extension .bmp");
    assert!(error.help().unwrap().contains(".png, .svg, .pdf"), "{:?}", error.help());
    assert!(output_for("a".as_ref()).err().unwrap().to_string().contains("no extension"));
}

#[test]
fn the_number_of_threads_changes_nothing() {
    let tensor = counting("w", &[700, 900]);
    let bytes = |threads: usize| {
        let request = DrawRequest::chart("heatmap");
        let picture = draw_with([tensor.clone()], &request, Work::on(threads)).unwrap();
        render(&picture, &OUTPUTS[0], &picture.render_options()).unwrap()
    };
    assert_eq!(bytes(1), bytes(5));
}

#[test]
fn settings_are_rows_that_hold() {
    for (at, row) in SETTINGS.iter().enumerate() {
        assert!(!row.about.is_empty(), "{}", row.name);
        assert!(SETTINGS[..at].iter().all(|other| other.name != row.name), "{} twice", row.name);
        for choice in (row.choices)() {
            DrawRequest::default().set(row.name, choice).unwrap();
        }
        if let Takes::Value(_) = row.takes {
            let wrong = DrawRequest::default().set(row.name, "\u{1}");
            let takes_any = matches!(
                row.name,
                "title"
                    | "row-labels"
                    | "col-labels"
                    | "x-label"
                    | "y-label"
                    | "legend-title"
                    | "label"
            );
            assert_eq!(wrong.is_err(), !takes_any, "{}", row.name);
        }
    }
    let error = DrawRequest::default().set("cmpa", "viridis").unwrap_err();
    assert!(error.help().unwrap().contains("\"cmap\""), "{:?}", error.help());
}

#[test]
fn settings_after_a_preset_win() {
    let request = DrawRequest::preset("matplotlib-heatmap").unwrap();
    let request = request.set("cmap", "RdBu_r").unwrap().set("dpi", "72").unwrap();
    assert_eq!(request.options.cmap.unwrap().name(), "RdBu_r");
    assert_eq!(request.options.dpi, 72.0);
    assert_eq!(request.chart.as_deref(), Some("heatmap"));
    let picture = draw([counting("w", &[8, 10])], &request).unwrap();
    assert_eq!(picture.dpi, 72.0);
}

/// A setting, a value for it, and settings said before it so that it can be seen.
type Said = (&'static str, &'static str, &'static [(&'static str, &'static str)]);

const SAID: &[Said] = &[
    ("cmap", "viridis", &[]),
    ("range", "-3..2", &[]),
    ("scale", "sqrt", &[]),
    ("center", "3", &[]),
    ("symlog-threshold", "0.5", &[]),
    ("x-label", "input", &[]),
    ("y-label", "output", &[]),
    ("legend-title", "weight", &[]),
    ("log-x", "", &[]),
    ("order", "both", &[]),
    ("margins", "", &[]),
    ("annotate", ".1f", &[]),
    ("row-labels", "row {}", &[]),
    ("col-labels", "col {}", &[]),
    ("columns", "1", &[]),
    ("max-weight", "1000", &[]),
    ("reduce", "max", &[]),
    ("legend", "", &[("no-legend", "")]),
    ("line-width", "5", &[]),
    ("log", "", &[]),
    ("bins", "3", &[]),
    ("smooth", "5", &[]),
    ("measure", "max", &[]),
    ("shares", "column", &[]),
];

#[test]
fn settings_name_the_charts_that_heed_them() {
    // One matrix that is large for the page, and two of them.
    let tensors = |chart: &str| {
        let (large, small): (&[usize], &[usize]) = match chart {
            "curve" | "bars" => (&[3000], &[40]),
            "confusion" => (&[70, 70], &[6, 6]),
            // Each is decomposed for every setting.
            "spectrum" => (&[60, 40], &[6, 4]),
            _ => (&[1600, 1200], &[6, 4]),
        };
        let two = match chart {
            // Kinds of tensor in layers, a plot each.
            "ridge" => ["h.0.a.w", "h.0.b.w", "h.1.a.w", "h.1.b.w"]
                .map(|name| counting(name, small))
                .into(),
            _ => vec![counting("v", small), counting("w", small)],
        };
        [vec![counting("w", large)], vec![counting("w", small)], two]
    };
    let svg = |tensors: &[hinton::Tensor], request: &DrawRequest| {
        let picture = draw(tensors.to_vec(), request).unwrap();
        (render(&picture, output_named("svg").unwrap(), &Default::default()).unwrap(), picture)
    };
    for name in CHARTS.iter().flat_map(|chart| chart.heeds) {
        let row = SETTINGS.iter().find(|row| row.name == *name);
        assert!(row.is_some_and(|row| row.scope == Scope::Some), "{name}");
    }
    for row in SETTINGS {
        let said = SAID.iter().find(|said| said.0 == row.name);
        assert_eq!(said.is_none(), row.scope == Scope::Every, "{}", row.name);
        assert!(row.scope == Scope::Every || !row.charts().is_empty(), "{}", row.name);
        let Some((name, value, before)) = said else { continue };
        for chart in CHARTS {
            let mut plain = DrawRequest::chart(chart.name);
            for (name, value) in *before {
                plain = plain.set(name, value).unwrap();
            }
            let set = plain.clone().set(name, value).unwrap();
            let note = format!("`{name}` has no effect on ");
            let mut changes = false;
            for tensors in tensors(chart.name) {
                let (bytes, picture) = svg(&tensors, &set);
                changes |= bytes != svg(&tensors, &plain).0;
                let is_said = picture.notes.iter().any(|text| text.starts_with(&note));
                assert_eq!(is_said, !row.affects(chart.name), "{name} {}", chart.name);
            }
            // A histogram writes at its axis that it does not heed the scale.
            let says_so =
                matches!(*name, "scale" | "symlog-threshold") && chart.name == "histogram";
            assert_eq!(changes, row.affects(chart.name) || says_so, "{name} {}", chart.name);
        }
    }
}

#[test]
fn what_is_said_about_colours_chooses_cells() {
    let chart = |setting: &str, value: &str| {
        let request = DrawRequest::default().set(setting, value).unwrap();
        arrange(&[Selected::whole(counting("w", &[6, 4]))], &request).unwrap().chart.name
    };
    for (setting, value) in [
        ("cmap", "viridis"),
        ("range", "0..1"),
        ("scale", "sqrt"),
        ("center", "1"),
        ("annotate", ""),
    ] {
        assert_eq!(chart(setting, value), "heatmap", "{setting}");
    }
    for (setting, value) in [("no-annotate", ""), ("scale", "linear"), ("max-weight", "2")] {
        assert_eq!(chart(setting, value), "hinton", "{setting}");
    }
    let request = DrawRequest::chart("hinton").set("cmap", "viridis").unwrap();
    let picture = draw([counting("w", &[6, 4])], &request).unwrap();
    assert_eq!(picture.notes, ["`cmap` has no effect on a Hinton diagram"]);
    // What a preset sets was not said.
    let request = DrawRequest::preset("mnist-weights").unwrap().set("as", "hinton").unwrap();
    let picture = draw([counting("w", &[6, 4])], &request).unwrap();
    assert!(picture.notes.iter().all(|note| !note.contains("no effect")), "{:?}", picture.notes);
}

#[test]
fn the_preset_of_the_tutorials_says_the_range() {
    let values = [-0.537_031_25_f32, 0.25, 0.125, 0.604_882_8];
    let tensor = hinton::tensor_of("w", &[2, 2], &values).unwrap();
    let notes = |request: DrawRequest| draw([tensor.clone()], &request).unwrap().notes;
    let said = "weights [-0.537031, 0.604883]".to_owned();
    assert!(notes(DrawRequest::preset("mnist-weights").unwrap()).contains(&said));
    assert!(notes(DrawRequest::default().set("preset", "mnist-weights").unwrap()).contains(&said));
    assert!(!notes(DrawRequest::chart("tiles")).contains(&said));
}

#[test]
fn lines_of_labels_are_a_list_whatever_they_hold() {
    let labels =
        |value: &str| DrawRequest::default().set("row-labels", value).unwrap().options.row_labels;
    let list = |words: &[&str]| Labels::List(words.iter().map(|word| word.to_string()).collect());
    assert_eq!(labels("a {}\nb\n"), list(&["a {}", "b"]));
    assert_eq!(labels("unit {}"), Labels::Pattern("unit {}".to_owned()));
    assert_eq!(labels("a,b"), list(&["a", "b"]));
}

#[test]
fn numbers_of_settings_are_checked() {
    for (setting, value) in [
        ("dpi", "0"),
        ("dpi", "nan"),
        ("bins", "0"),
        ("bins", "2.5"),
        ("columns", "-1"),
        ("max-weight", "0"),
        ("max-weight", "inf"),
        ("range", "1..0"),
        ("row-labels", ""),
    ] {
        let error = DrawRequest::default().set(setting, value).unwrap_err();
        assert!(error.to_string().contains(&format!("`{setting}`")), "{error}");
    }
}

/// Counts what is read; stops after this many bytes.
struct Counter {
    read: AtomicU64,
    most: u64,
}

impl Progress for Counter {
    fn advance(&self, bytes: u64) -> ControlFlow<()> {
        match self.read.fetch_add(bytes, Ordering::Relaxed) + bytes > self.most {
            true => ControlFlow::Break(()),
            false => ControlFlow::Continue(()),
        }
    }
}

#[test]
fn progress_knows_how_much_there_is_and_may_stop() {
    let selected = [Selected::whole(counting("w", &[1000, 1000]))];
    let counter = |most| Counter { read: AtomicU64::new(0), most };
    let all = counter(u64::MAX);
    let request = DrawRequest::chart("heatmap");
    let arrangement = arrange(&selected, &request).unwrap();
    assert_eq!(arrangement.bytes(), 4_000_000);
    draw_arrangement_with(&arrangement, &request, Work::new(1, &all)).unwrap();
    assert_eq!(all.read.load(Ordering::Relaxed), 4_000_000);
    let none = counter(0);
    let error = draw_arrangement_with(&arrangement, &request, Work::new(1, &none)).unwrap_err();
    assert!(matches!(error, Error::Tensor(TensorError::Cancelled(_))), "{error}");
    // A closure is a progress too.
    let stops = |_: u64| ControlFlow::Break(());
    let error = draw_with(selected, &request, Work::new(2, &stops)).unwrap_err();
    assert!(matches!(error, Error::Tensor(TensorError::Cancelled(_))), "{error}");
}

/// Threads and programs that bind to this library keep them.
fn is_kept<T: Send + Sync + 'static>() {}

#[test]
fn requests_and_films_borrow_nothing() {
    is_kept::<DrawRequest>();
    is_kept::<hinton::runs::RunRequest>();
    is_kept::<hinton::films::AnimateRequest>();
    is_kept::<hinton::films::Film>();
    is_kept::<hinton::space::SpaceRequest>();
    is_kept::<hinton::space::Show>();
    is_kept::<hinton::space::SpaceFilm>();
    is_kept::<hinton::space::RunFilm>();
    is_kept::<hinton::train::Session>();
    is_kept::<hinton::train::TrainRequest>();
    is_kept::<hinton::inspect::InspectReport>();
    is_kept::<hinton::films::Poster<hinton::films::Film>>();
}

#[test]
fn arrays_of_any_strides_are_drawn_as_they_are() {
    let array = ndarray::Array2::from_shape_fn((3, 5), |(row, col)| (row * 5 + col) as f64);
    let turned = hinton::tensor("w", &array.t()).unwrap();
    assert_eq!(turned.shape(), [5, 3]);
    assert_eq!(turned.to_f64().unwrap()[..4], [0., 5., 10., 1.]);
    let bools = hinton::tensor_of("b", &[2], &[true, false]).unwrap();
    assert_eq!(bools.to_f32().unwrap(), [1., 0.]);
    let bytes = hinton::tensor("u", &ndarray::arr1(&[250u8, 3])).unwrap();
    assert_eq!(bytes.dtype(), hinton::Dtype::U8);
    assert!(hinton::tensor_of("x", &[3], &[1i32, 2]).is_err());
}

#[test]
fn a_whole_file_is_an_overview_of_all() {
    let file = checkpoint(&[("a", &[4, 4]), ("empty", &[0]), ("c", &[10, 3, 3, 3])]);
    let request = DrawRequest::default();
    let none: [&str; 0] = [];
    let all = hinton::select(&file, &none).unwrap();
    let picture = draw(all, &request).unwrap();
    let bytes = render(&picture, output_for("x.svg".as_ref()).unwrap(), &Default::default());
    let svg = String::from_utf8(bytes.unwrap()).unwrap();
    for name in ["3 tensors", "empty"] {
        assert!(svg.contains(name) || picture.scene.title.contains(name), "{name}");
    }
}
