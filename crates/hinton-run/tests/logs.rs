//! Logs that stand alone or beside checkpoints: files of trainers, event files of TensorBoard.

use crate::common;

use std::path::Path;

use common::{Folder, one, open_in, said, says};
use hinton_format::Limits;
use hinton_run::{Run, RunKind, open_log, open_logs};

/// See `make_events.py` beside it.
const EVENTS: &[u8] =
    include_bytes!("../../hinton-format/tests/fixtures/events.out.tfevents.1700000000.host");

fn log(path: &Path) -> Option<Run> {
    open_log(path, false, &Limits::default()).unwrap()
}

fn logs(path: &Path) -> Vec<Run> {
    open_logs(path, &Limits::default()).unwrap()
}

#[test]
fn an_event_file_is_a_run_of_its_scalars() {
    let folder = Folder::new();
    let path = folder.put("events.out.tfevents.1700000000.host", EVENTS);
    let run = log(&path).unwrap();
    assert_eq!((run.kind, run.axis.as_str(), run.steps.len()), (RunKind::Log, "step", 0));
    assert_eq!(run.series("loss/train"), [(0, 2.0), (10, 1.0), (20, 0.5)]);
    assert_eq!(run.curve("half"), [(5.0, 1.0), (6.0, -2.0)]);
    assert!(says(&run, "histograms, not drawn: 1 records"), "{}", said(&run));
    // As a run of its own it opens like any other.
    let opened = open_in(&folder, &["events.out.tfevents.1700000000.host"]).unwrap();
    assert_eq!(opened.kind, RunKind::Log);
}

#[test]
fn folders_of_event_files_are_runs() {
    let folder = Folder::new();
    for name in ["train/events.out.tfevents.1.a", "train/events.out.tfevents.2.a"] {
        folder.put(&format!("logs/{name}"), EVENTS);
    }
    folder.put("logs/validation/events.out.tfevents.1.v2", EVENTS);
    folder.put("logs/validation/notes.txt", "no log");
    let runs = logs(&folder.path("logs"));
    let names: Vec<&str> = runs.iter().filter_map(|run| run.path.rsplit('/').next()).collect();
    assert_eq!(names, ["train", "validation"]);
    // What a trainer wrote again after it went on counts once.
    assert_eq!(runs[0].series("loss/train").len(), 3);
    folder.put("plain/loss.csv", "step,loss\n1,2\n2,1\n");
    folder.put("plain/points.csv", "x,y\n1,2\n2,1\n");
    let runs = logs(&folder.path("plain"));
    assert_eq!(runs.len(), 1);
    assert_eq!(runs[0].series("loss"), [(1, 2.0), (2, 1.0)]);
    assert!(logs(&folder.path("plain/loss.csv")).is_empty());
}

#[test]
fn event_files_beside_checkpoints_are_their_metrics() {
    let folder = Folder::new();
    for step in [10, 20] {
        folder.put(&format!("run/step_{step}.safetensors"), one(1.0));
    }
    folder.put("run/events.out.tfevents.1700000000.host", EVENTS);
    let run = open_in(&folder, &["run"]).unwrap();
    assert_eq!(run.steps[0].metric("loss/train"), Some(1.0));
    assert_eq!(run.series("loss/train").len(), 3);
    assert!(run.logs[0].contains("tfevents"), "{:?}", run.logs);
    assert!(!said(&run).contains("not part of the run"), "{}", said(&run));
}

#[test]
fn texts_in_utf_16_are_logs() {
    let folder = Folder::new();
    let bytes: Vec<u8> = "\u{feff}epoch\tloss\r\n1\t2\r\n2\t1\r\n"
        .encode_utf16()
        .flat_map(u16::to_le_bytes)
        .collect();
    let run = log(&folder.put("log.csv", bytes)).unwrap();
    assert_eq!((run.axis.as_str(), run.series("loss")), ("epoch", vec![(1, 2.0), (2, 1.0)]));
}

#[test]
fn the_logs_of_others_are_read() {
    let Some(data) = hinton_testing::shared("data") else { return };
    let field = data.with_file_name("field");
    let folder = field.join("curves-of-real-logs");
    if !folder.is_dir() {
        return println!("skipped: there is no folder {}", folder.display());
    }
    let lightning = log(&folder.join("lightning_metrics.csv")).unwrap();
    assert_eq!(lightning.series("train_loss"), [(9, 0.5), (19, 0.3)]);
    assert_eq!(lightning.series("val_loss"), [(10, 0.45), (20, 0.35)]);
    let board = log(&folder.join("tensorboard_export.csv")).unwrap();
    assert_eq!(board.metric_names(), ["Value"]);
    assert_eq!(board.series("Value")[..2], [(0, 0.99), (100, 0.98)]);
    let first = log(&folder.join("first_epoch.csv")).unwrap();
    assert_eq!(first.series("loss"), [(5, 0.3)]);
}
