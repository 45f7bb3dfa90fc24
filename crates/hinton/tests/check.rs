//! What is wrong with files is found, named, and nothing else is.

use crate::common;

use std::path::Path;

use common::{Folder, checkpoint, data};
use hinton::check::{CHECKS, CheckReport, check, check_path, check_run};
use hinton::runs::{RunOptions, open_run};
use hinton::{Checkpoint, Tensor, Work, tensor_of};
use hinton_run::{NewStep, NewTensor, RunWriter};
use hinton_tensor::Dtype;

const NONE: &[&str] = &[];

fn of(tensors: Vec<Tensor>) -> Checkpoint {
    Checkpoint { tensors, ..checkpoint(&[]) }
}

fn report(file: &Checkpoint) -> CheckReport {
    check(file, NONE, Work::on(2)).unwrap()
}

/// Kind, tensor and message of each finding.
fn lines(report: &CheckReport) -> Vec<String> {
    let line =
        |one: &hinton::check::Finding| format!("{} {}: {}", one.kind.name, one.tensor, one.message);
    report.findings.iter().map(line).collect()
}

fn ramp(count: usize) -> Vec<f32> {
    (0..count).map(|at| 0.1 + (at % 89) as f32).collect()
}

#[test]
fn rows_are_whole() {
    for row in CHECKS {
        assert_eq!(hinton::check::named(row.name), Some(*row));
        assert_eq!(CHECKS.iter().filter(|other| other.name == row.name).count(), 1);
        assert!(row.about.len() > 10 && !row.about.ends_with('.'), "{}", row.name);
    }
    assert!(CHECKS.is_sorted_by_key(|row| !row.is_fault), "faults first");
}

#[test]
fn a_sound_file_has_nothing_wrong() {
    let file = of(vec![tensor_of("w", &[30, 40], &ramp(1200)).unwrap()]);
    let report = report(&file);
    assert_eq!(lines(&report), [""; 0]);
    assert_eq!((report.tensors, report.values), (1, 1200));
}

#[test]
fn values_that_are_no_numbers_are_faults_with_their_first_place() {
    let mut values = ramp(1200);
    values[41] = f32::NAN;
    values[1199] = f32::NAN;
    values[7] = f32::NEG_INFINITY;
    let file = of(vec![
        tensor_of("w", &[30, 40], &values).unwrap(),
        tensor_of("gone", &[2], &[f32::NAN; 2]).unwrap(),
    ]);
    let report = report(&file);
    assert_eq!(
        lines(&report),
        [
            "nan w: 2 of 1,200 values are NaN, the first at [1, 1]",
            "nan gone: all 2 values are NaN",
            "inf w: 1 of 1,200 values are -inf, the first at [0, 7]",
        ]
    );
    assert_eq!(report.faults().count(), 3);
    assert_eq!((report.findings[0].count, &report.findings[0].places), (2, &vec![vec![1, 1]]));
}

#[test]
fn what_is_worth_a_look_is_noted() {
    let mut dead = ramp(1200);
    dead[40..80].fill(0.0);
    (0..30).for_each(|row| dead[row * 40 + 5] = -0.0);
    let mut far = ramp(1200);
    far[600] = -1e6;
    let small: Vec<f32> = (0..1200).map(|at| if at % 4 == 0 { 1e-39 } else { 1.0 }).collect();
    let codes: Vec<i8> = (0..1200).map(|at| if at % 10 == 0 { -128 } else { 5 }).collect();
    let file = of(vec![
        tensor_of("dead", &[30, 40], &dead).unwrap(),
        tensor_of("far", &[30, 40], &far).unwrap(),
        tensor_of("zero", &[3, 4], &[0.0f32; 12]).unwrap(),
        tensor_of("one", &[3], &[1.0f64; 3]).unwrap(),
        tensor_of("scalar", &[], &[1.0f32]).unwrap(),
        tensor_of("small", &[1200], &small).unwrap(),
        tensor_of("codes", &[1200], &codes).unwrap(),
        tensor_of("again", &[30, 40], &dead).unwrap(),
    ]);
    let report = report(&file);
    assert_eq!(
        lines(&report),
        [
            "duplicate again: equal to dead, and stored again",
            "zero zero: all 12 values are zero",
            "constant one: all 3 values are 1",
            "dead-rows dead: 1 of 30 positions of axis 0 hold nothing but zeros: 1",
            "dead-rows again: 1 of 30 positions of axis 0 hold nothing but zeros: 1",
            "dead-columns dead: 1 of 40 positions of axis 1 hold nothing but zeros: 5",
            "dead-columns again: 1 of 40 positions of axis 1 hold nothing but zeros: 5",
            "outlier far: 1 of 1,200 values are of magnitude 8810 or more, 100 times the rest, the \
             largest 1e6, the first at [15, 0]",
            "subnormal small: 300 of 1,200 values are below 1.18e−38 in magnitude, where f32 loses \
             precision",
            "saturated codes: 120 of 1,200 values are at ±127, the end of i8",
        ]
    );
    assert_eq!(report.faults().count(), 0);
    let mut allowed = report.clone();
    allowed.allow(&[hinton::check::named("outlier").unwrap()]);
    assert_eq!(allowed.findings.len(), report.findings.len() - 1);
}

#[test]
fn a_line_of_nan_is_one_fault_and_odd_layers_are_named() {
    let mut column = ramp(1200);
    (0..30).for_each(|row| column[row * 40 + 7] = f32::NAN);
    let mut equal = ramp(40);
    equal.copy_within(0..10, 20);
    let mut huge = ramp(100);
    huge[3] = 2.5e21;
    let scaled = |scale: f32| -> Vec<f32> { ramp(64).iter().map(|value| value * scale).collect() };
    let layer = |at: usize, scale| tensor_of(format!("h.{at}.w"), &[8, 8], &scaled(scale)).unwrap();
    let mut tensors = vec![
        tensor_of("column", &[30, 40], &column).unwrap(),
        tensor_of("equal", &[4, 10], &equal).unwrap(),
        tensor_of("huge", &[10, 10], &huge).unwrap(),
        tensor_of(
            "faint",
            &[10, 10],
            &ramp(100).iter().map(|value| value * 1e-9).collect::<Vec<f32>>(),
        )
        .unwrap(),
    ];
    tensors.extend((0..4).map(|at| layer(at, if at == 2 { 500.0 } else { 1.0 + at as f32 })));
    let found = lines(&report(&of(tensors)));
    let expected = [
        "nan column: all of column 7 is NaN (30 values)",
        "huge huge: 1 of 100 values are above 1e15, the largest 2.5e21",
        "equal-rows equal: 2 of 4 rows are equal to another: 0, 2",
        "siblings h.2.w: its root mean square is ",
        "faint faint: the root mean square of its values is ",
    ];
    assert_eq!(found.len(), expected.len(), "{found:?}");
    for (line, start) in found.iter().zip(expected) {
        assert!(line.starts_with(start), "{line}");
    }
}

#[test]
fn every_step_of_a_run_is_checked() {
    let folder = Folder::new();
    let path = folder.path("run");
    let mut writer = RunWriter::create(&path, "", "").unwrap();
    for step in 0..4u64 {
        let scale = if step == 3 { f32::NAN } else { 100f32.powi(3 * step as i32) };
        let bytes: Vec<u8> =
            ramp(64).iter().flat_map(|value| (value * scale).to_le_bytes()).collect();
        let shape = &[8, 8];
        let tensors = [NewTensor { name: "w", dtype: Dtype::F32, shape, bytes: &bytes }];
        let step = NewStep { number: 10 * step, tensors: &tensors, ..NewStep::default() };
        writer.append(&step).unwrap();
    }
    let run = open_run(&[path], &RunOptions::default()).unwrap();
    let found = lines(&check_run(&run, NONE, Work::on(2)).unwrap());
    let has = |words: &str| found.iter().any(|line| line.contains(words));
    assert!(has("nan w: step 30: all 64 values are NaN"), "{found:?}");
    assert!(has("growth w: 2 steps, the first is 10: its root mean square is"), "{found:?}");
    assert!(check_run(&run, &["other"], Work::on(2)).is_err());
}

#[test]
fn tensors_in_the_same_bytes_are_shared_or_overlap() {
    let whole = tensor_of("whole", &[30, 40], &ramp(1200)).unwrap();
    let part = whole.slice(&"[10:12]".parse().unwrap()).unwrap().named("part");
    let turned = whole.transpose().unwrap().named("turned");
    let file = of(vec![whole.clone(), whole.clone().named("tied"), part, turned]);
    let found = lines(&report(&file));
    assert!(found.contains(&"shared tied: the same 4800 bytes as whole".to_owned()), "{found:?}");
    let overlap = "overlap part: bytes 1600 to 1920 belong to whole too".to_owned();
    assert!(found.contains(&overlap), "{found:?}");
    assert!(found.iter().any(|line| line.starts_with("overlap turned: ")), "{found:?}");
    assert!(found.iter().any(|line| line.starts_with("strided turned: ")), "{found:?}");
    assert!(!found.iter().any(|line| line.starts_with("duplicate")), "{found:?}");
}

/// Tied weights of PyTorch: they are stored once, whatever the file.
#[test]
fn views_of_one_storage_are_shared_and_no_duplicates() {
    let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("../hinton-format/tests/fixtures");
    for name in ["tied.pt", "tied_deflated.pt", "tied_legacy.pt"] {
        let path = fixtures.join("pytorch").join(name);
        let found = lines(&check_path(&path, NONE, Work::quiet()).unwrap());
        let of = |kind: &str| -> Vec<&str> {
            found.iter().filter_map(|line| line.strip_prefix(kind)).collect()
        };
        let shared = ["head: the same 96 bytes as embed", "copied_head: the same 96 bytes as copy"];
        assert_eq!(of("shared "), shared, "{name}");
        assert_eq!(of("duplicate "), ["copy: equal to embed, and stored again"], "{name}");
        let overlaps = of("overlap ");
        assert_eq!(overlaps.len(), 2, "left and right lie in embed, side by side: {overlaps:?}");
        for (line, side) in overlaps.iter().zip(["left", "right"]) {
            assert!(line.starts_with(&format!("{side}: some of the bytes ")), "{line}");
            assert!(line.ends_with("belong to embed too"), "{line}");
        }
        assert_eq!(of("strided ").len(), 2);
        assert_eq!(found.len(), 7, "{found:?}");
    }
}

#[test]
fn files_that_cannot_be_opened_are_faults() {
    let folder = Folder::new();
    std::fs::write(folder.path("cut.npy"), b"\x93NUMPY\x01\x00\xff\xff").unwrap();
    let found = check_path(&folder.path("cut.npy"), NONE, Work::quiet()).unwrap();
    assert_eq!(found.findings.len(), 1);
    assert_eq!(found.findings[0].kind.name, "unreadable");
    assert!(
        check_path(Path::new("no-such-file"), NONE, Work::quiet()).unwrap().faults().count() == 1
    );
}

#[test]
fn attributes_that_a_pickle_looks_up_are_named() {
    let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("../hinton-format/tests/fixtures");
    let report = check_path(&fixtures.join("pytorch/attributes.pt"), NONE, Work::quiet()).unwrap();
    assert_eq!(report.tensors, 2);
    assert_eq!(report.faults().count(), 0);
    let found = lines(&report);
    let names = |line: &String| line.contains("builtins.getattr") && line.contains("Outer.Inner");
    assert!(found.iter().any(names), "{found:?}");
}

#[test]
fn real_files() {
    let Some(data) = data() else { return };
    let kinds = |name: &str| -> Vec<&'static str> {
        let report = check_path(&data.join(name), NONE, Work::on(2)).unwrap();
        report.findings.iter().map(|finding| finding.kind.name).collect()
    };
    assert_eq!(kinds("malformed/pt_calls_os_system.pt"), ["refused"]);
    assert_eq!(kinds("malformed/st_offsets_past_end.safetensors"), ["unreadable"]);
    assert_eq!(kinds("pytorch/lpips_v0.1_alex.pth"), ["dead-columns"; 5]);
    assert_eq!(kinds("safetensors/crafted_sharded_mlp"), [""; 0]);
}
