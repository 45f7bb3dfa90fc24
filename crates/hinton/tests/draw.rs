//! From tensors to bytes: every chart, every output, every setting.

mod common;

use std::ops::ControlFlow;
use std::sync::atomic::{AtomicU64, Ordering};

use common::{Folder, checkpoint, counting};
use hinton::arrange::arrange;
use hinton::settings::Takes;
use hinton::{
    CHARTS, DrawRequest, Error, OUTPUTS, Progress, SETTINGS, Selected, TensorError, draw,
    draw_arrangement, output_for, render, save,
};

#[test]
fn every_chart_draws_every_shape() {
    for chart in CHARTS {
        for shape in [&[][..], &[7], &[3, 4], &[784, 10], &[4, 5, 6], &[4, 3, 5, 5], &[2; 6]] {
            let tensor = counting("w", shape);
            let picture = draw([tensor], &DrawRequest::chart(chart.name)).unwrap();
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
        let mut request = DrawRequest::chart("heatmap");
        request.threads = threads;
        let picture = draw([tensor.clone()], &request).unwrap();
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
            let takes_any = matches!(row.name, "title" | "row-labels" | "col-labels");
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
        assert!(error.to_string().contains(&format!("--{setting}")), "{error}");
    }
}

/// Counts what is read; stops after so many bytes.
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
    let mut request = DrawRequest::chart("heatmap");
    request.progress = &all;
    let arrangement = arrange(&selected, &request).unwrap();
    assert_eq!(arrangement.bytes(), 4_000_000);
    draw_arrangement(&arrangement, &request).unwrap();
    assert_eq!(all.read.load(Ordering::Relaxed), 4_000_000);
    let none = counter(0);
    request.progress = &none;
    let error = draw_arrangement(&arrangement, &request).unwrap_err();
    assert!(matches!(error, Error::Tensor(TensorError::Cancelled(_))), "{error}");
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
