//! Summaries of parts: of every file there is, cut anywhere, merged in any order.

use std::path::PathBuf;

use hinton::check::check;
use hinton::inspect::inspect;
use hinton::summary::{Piece, Task, do_task, merge, opened, part, plan};
use hinton::{Checkpoint, Error, Work, open};
use hinton_testing::Numbers;
use proptest::prelude::*;

use crate::common::files::files;
use crate::common::{Folder, checkpoint, counting};

/// The shared test files; `None`, and the test counts as skipped, where there are none.
fn shared() -> Option<PathBuf> {
    hinton_testing::shared("data")
}

fn done(file: &Checkpoint, task: &Task, threads: usize) -> Vec<u8> {
    // Through its text, as it travels.
    let task = Task::parse(&task.to_json()).unwrap();
    do_task(file, &task, Work::on(threads)).unwrap()
}

fn whole(file: &Checkpoint) -> Vec<u8> {
    done(file, &part(file, 1, 1).unwrap(), 3)
}

fn merged(parts: Vec<Vec<u8>>) -> Result<Vec<u8>, Error> {
    let files = (1..).zip(parts).map(|(number, bytes)| Ok((format!("p{number}.hs"), bytes)));
    merge(files, false).map(|merged| merged.bytes)
}

/// Does the tasks on other numbers of threads in an order that looks random, and merges in another.
fn compare(file: &Checkpoint, tasks: &[Task], numbers: &mut Numbers) {
    let mut parts: Vec<Vec<u8>> = Vec::new();
    for task in tasks {
        let at = numbers.below(parts.len() + 1);
        parts.insert(at, done(file, task, 1 + numbers.below(4)));
    }
    assert_eq!(merged(parts).unwrap(), whole(file), "{}", file.path);
}

/// What statistics alone tell of a file.
fn found(file: &Checkpoint) -> Vec<(&'static str, String, u64)> {
    const KINDS: [&str; 9] =
        ["nan", "inf", "huge", "zero", "constant", "siblings", "faint", "outlier", "subnormal"];
    let report = check(file, &[] as &[&str], Work::quiet()).unwrap();
    let findings = report.findings.into_iter();
    let findings = findings.filter(|finding| KINDS.contains(&finding.kind.name));
    findings.map(|finding| (finding.kind.name, finding.tensor, finding.count)).collect()
}

/// What is found of these kinds, in full, where a tensor lies in C order: with the places.
fn placed(file: &Checkpoint, of: &Checkpoint) -> Vec<hinton::check::Finding> {
    const KINDS: [&str; 5] = ["nan", "inf", "zero", "dead-rows", "dead-columns"];
    let is_plain = |name: &str| {
        let tensor = of.tensors.iter().find(|tensor| tensor.name() == name).unwrap();
        let plain = hinton::tensors::View::packed(tensor.shape());
        tensor.view().strides == plain.strides
    };
    let findings = check(file, &[] as &[&str], Work::quiet()).unwrap().findings.into_iter();
    findings.filter(|one| KINDS.contains(&one.kind.name) && is_plain(&one.tensor)).collect()
}

/// Tasks with checks merge to the whole with checks, and what is found in it is what is found in the file.
fn compare_checks(file: &Checkpoint, tasks: &[Task]) {
    let with = |task: &Task| done(file, &task.clone().with_checks(), 2);
    let whole = with(&part(file, 1, 1).unwrap());
    let parts: Vec<Vec<u8>> = tasks.iter().rev().map(with).collect();
    assert_eq!(merged(parts).unwrap(), whole, "{}", file.path);
    let summary = opened("x.hs", whole).unwrap();
    let (of_file, of_summary) = (placed(file, file), placed(&summary, file));
    // A whole row or column of NaN is told as one where there are values.
    let is_line = |one: &hinton::check::Finding| {
        let mut same = of_file.iter().filter(|other| other.tensor == one.tensor);
        same.any(|other| other.kind == one.kind && other.message.starts_with("all of "))
    };
    let without = |found: &[hinton::check::Finding]| -> Vec<hinton::check::Finding> {
        found.iter().filter(|one| !is_line(one)).cloned().collect()
    };
    assert_eq!(without(&of_summary), without(&of_file), "{}", file.path);
}

#[test]
fn checks_of_merged_parts_find_what_checks_of_the_file_find() {
    let folder = Folder::new();
    let value = |index: usize| ((index as f64 * 0.7).sin() * 0.1) as f32;
    let matrix = |rows: usize, columns: usize, change: &dyn Fn(usize, usize, f32) -> f32| {
        let values = (0..rows * columns).map(|at| change(at / columns, at % columns, value(at)));
        values.collect::<Vec<f32>>()
    };
    let dead = matrix(900, 500, &|row, column, value| {
        let is_dead = [3, 4, 700].contains(&row) || [0, 499].contains(&column);
        if is_dead { 0.0 } else { value }
    });
    let odd = matrix(900, 500, &|row, column, value| match (row, column) {
        (600, 7) | (601, 8) => f32::NAN,
        (2, 3) => f32::INFINITY,
        (899, 499) => f32::NEG_INFINITY,
        _ => value,
    });
    let twice = matrix(600, 300, &|_, _, value| value);
    let tensors = [
        ("dead", vec![900, 500], dead),
        ("odd", vec![900, 500], odd),
        ("twice", vec![600, 300], twice.clone()),
        ("again", vec![600, 300], twice.clone()),
        ("turned", vec![300, 600], twice),
        ("zero", vec![20, 20], vec![0.0; 400]),
    ];
    let tensors =
        tensors.map(|(name, shape, values)| hinton::tensor_of(name, &shape, &values).unwrap());
    let path = folder.path("m.safetensors");
    hinton::export(tensors, &path).unwrap();
    let file = open(&path).unwrap();
    let tasks: Vec<Task> = (1..=7).map(|number| part(&file, number, 7).unwrap()).collect();
    compare_checks(&file, &tasks);
    let whole = done(&file, &part(&file, 1, 1).unwrap().with_checks(), 2);
    let summary = opened("x.hs", whole.clone()).unwrap();
    let all = |file: &Checkpoint| check(file, &[] as &[&str], Work::quiet()).unwrap().findings;
    let of_file = all(&file);
    let kinds: Vec<(&str, &str)> =
        of_file.iter().map(|one| (one.kind.name, one.tensor.as_str())).collect();
    let expected = [
        ("nan", "odd"),
        ("inf", "odd"),
        ("inf", "odd"),
        ("duplicate", "again"),
        ("zero", "zero"),
        ("dead-rows", "dead"),
        ("dead-columns", "dead"),
    ];
    assert_eq!(kinds, expected, "the truth that was written into the file");
    let of_summary = all(&summary);
    let (skipped, found): (Vec<_>, Vec<_>) =
        of_summary.into_iter().partition(|one| one.kind.name == "skipped");
    assert!(skipped[0].message.starts_with("there are digests and no values: equal rows"));
    let without = |findings: &[hinton::check::Finding]| -> Vec<hinton::check::Finding> {
        findings.iter().filter(|one| one.kind.name != "duplicate").cloned().collect()
    };
    assert_eq!(without(&found), without(&of_file), "with messages and places");
    let twin = found.iter().find(|one| one.kind.name == "duplicate").unwrap();
    assert_eq!(
        (twin.tensor.as_str(), twin.message.as_str()),
        ("again", "equal to twice by a digest of all bytes: stored again, or shared")
    );
    // Of a part nothing is said that the other parts could change.
    let half = opened("x.hs", done(&file, &tasks[3].clone().with_checks(), 1)).unwrap();
    let kinds: Vec<&str> = all(&half).iter().map(|one| one.kind.name).collect();
    assert!(!kinds.contains(&"dead-rows") && !kinds.contains(&"dead-columns"), "{kinds:?}");
    // Parts with and without do not merge.
    let mixed = vec![done(&file, &tasks[0].clone().with_checks(), 1), done(&file, &tasks[1], 1)];
    let error = merged(mixed).unwrap_err().to_string();
    assert!(error.contains("one part was made with checks, another without"), "{error}");
    // Without checks the first version is written, with them the second.
    assert_eq!((whole[8], done(&file, &part(&file, 1, 1).unwrap(), 1)[8]), (2, 1));
}

#[test]
fn every_shared_file_is_the_sum_of_its_parts() {
    let Some(folder) = shared() else { return };
    let paths = files(&folder);
    let mut numbers = Numbers(17);
    let mut looked_at = 0;
    let scratch = Folder::new();
    for path in &paths {
        let Ok(file) = open(path) else { continue };
        let readable = file
            .tensors
            .iter()
            .all(|tensor| hinton::tensors::summarize(tensor, Work::on(2)).is_ok());
        if !readable || file.tensors.is_empty() {
            continue;
        }
        looked_at += 1;
        let bytes = 1 + numbers.below(1 << 20) as u64;
        compare(&file, &plan(&file, bytes).unwrap(), &mut numbers);
        let of = 1 + numbers.below(9) as u64;
        let tasks: Vec<Task> = (1..=of).map(|number| part(&file, number, of).unwrap()).collect();
        compare(&file, &tasks, &mut numbers);
        compare_checks(&file, &tasks);
        // What is opened of it reports what the file reports.
        let saved = scratch.path("all.hs");
        std::fs::write(&saved, whole(&file)).unwrap();
        let summary = open(&saved).unwrap();
        let report = |file: &Checkpoint| {
            let mut report = inspect(file, &[] as &[&str]).unwrap();
            report.summarize(Work::quiet()).unwrap();
            let json = report.to_json().unwrap();
            json[json.find("\"tensors\":[").unwrap()..].to_owned()
        };
        assert_eq!(report(&summary), report(&file), "{}", path.display());
        assert_eq!(found(&summary), found(&file), "{}", path.display());
    }
    assert!(looked_at > 50, "{looked_at} files only");
    println!("{looked_at} files");
}

#[test]
fn wrong_parts_are_refused_and_missing_ones_named() {
    let file = checkpoint(&[("a", &[3]), ("big", &[500, 1000]), ("b", &[2])]);
    let parts: Vec<Vec<u8>> =
        (1..=3).map(|number| done(&file, &part(&file, number, 3).unwrap(), 2)).collect();
    let [one, two, three] = [0, 1, 2].map(|at| parts[at].clone());
    let error = |parts: Vec<Vec<u8>>| merged(parts).unwrap_err().to_string();
    assert_eq!(
        error(vec![three.clone()]),
        "parts are missing: stripes 0 to 0 of 1 of a; stripes 0 to 2 of 4 of big"
    );
    assert_eq!(error(vec![]), "there is no summary to merge");
    // The same once more, and parts merged before.
    let again = vec![two.clone(), one.clone(), two.clone(), three.clone()];
    assert_eq!(merged(again).unwrap(), whole(&file));
    let partial = |parts: Vec<Vec<u8>>| {
        merge(parts.into_iter().map(|bytes| Ok(("p.hs".to_owned(), bytes))), true).unwrap()
    };
    let first = partial(vec![two.clone(), one.clone()]);
    assert_eq!((first.known, first.all), (4, 6));
    assert_eq!(merged(vec![three.clone(), first.bytes.clone()]).unwrap(), whole(&file));
    assert!(
        error(vec![two, three.clone(), first.bytes])
            .contains("tensor \"big\": two parts that are not the same know the stripes")
    );
    // Another checkpoint: another name, other values.
    let other = Checkpoint { path: "other.test".to_owned(), ..file.clone() };
    assert_eq!(
        error(vec![one.clone(), whole(&other)]),
        "p1.hs and p2.hs are of different checkpoints: the paths \"model.test\" and \"other.test\" differ"
    );
    let mut changed = file.clone();
    changed.tensors[1] = hinton::tensor_of("big", &[500, 1000], &vec![1.0f32; 500_000]).unwrap();
    assert!(error(vec![one.clone(), whole(&changed)]).ends_with("the values in it differ"));
    changed.tensors[1] = counting("big", &[1000, 500]);
    assert!(error(vec![one, whole(&changed)]).contains("the tensors \"big f32 [500, 1000]\" and"));
    assert!(
        error(vec![three, b"no summary".to_vec()]).starts_with("p2.hs: at byte 0: it does not")
    );
}

#[test]
fn a_task_is_of_one_checkpoint() {
    let file = checkpoint(&[("w", &[500, 1000])]);
    let tasks = plan(&file, 1_000_000).unwrap();
    assert_eq!(tasks.len(), 2);
    assert_eq!(tasks, plan(&file, 1_000_000).unwrap());
    assert_eq!(
        tasks[1].pieces,
        [Piece { tensor: 0, name: "w".to_owned(), stripes: 2..4, rows: Some(262..500) }]
    );
    assert_eq!(plan(&file, 1).unwrap().len(), 4, "no part is less than a stripe");
    assert_eq!(plan(&checkpoint(&[]), 1).unwrap().len(), 1);
    let mut other = file.clone();
    other.tensors[0] = counting("w", &[1000, 500]);
    let error = do_task(&other, &tasks[0], Work::quiet()).unwrap_err().to_string();
    assert!(error.contains("model.test is not the checkpoint that was planned"), "{error}");
    let mut wrong = tasks[0].clone();
    wrong.pieces[0].stripes = 3..9;
    let error = do_task(&file, &wrong, Work::quiet()).unwrap_err().to_string();
    assert!(error.contains("the stripes 3 to 9 are asked for, it has 4"), "{error}");
    wrong.pieces[0].name = "v".to_owned();
    let error = do_task(&file, &wrong, Work::quiet()).unwrap_err().to_string();
    assert_eq!(error, "model.test: tensor 0 is not \"v\"");
    assert!(part(&file, 0, 3).is_err() && part(&file, 4, 3).is_err());
    for (line, expected) in [
        ("", "this is no task"),
        ("{}", "this is no task: it is not a task of a summary"),
        (r#"{"task":"summary","version":2}"#, "the task has version 2, expected 1"),
        (r#"{"task":"summary","version":1}"#, "something in it is missing or of another type"),
    ] {
        let error = Task::parse(line).unwrap_err().to_string();
        assert!(error.contains(expected), "{error}");
    }
    // Names that would break lines or terminals travel as escapes.
    let odd = checkpoint(&[("a\n\u{202e}\"b", &[3])]);
    let line = part(&odd, 1, 1).unwrap().to_json();
    assert!(line.contains("a\\n\\u202e\\\"b") && !line.contains('\n'), "{line}");
    assert_eq!(Task::parse(&line).unwrap(), part(&odd, 1, 1).unwrap());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]

    #[test]
    fn any_parts_of_any_shapes(
        shapes in proptest::collection::vec((1usize..900, 1usize..900), 1..5),
        of in 1u64..12,
        seed: u64,
    ) {
        let shapes: Vec<[usize; 2]> = shapes.into_iter().map(|(a, b)| [a, b]).collect();
        let names = ["a", "b", "c", "d", "e"];
        let named: Vec<(&str, &[usize])> =
            names.into_iter().zip(shapes.iter().map(|shape| &shape[..])).collect();
        let file = checkpoint(&named);
        let tasks: Vec<Task> = (1..=of).map(|number| part(&file, number, of).unwrap()).collect();
        compare(&file, &tasks, &mut Numbers(seed));
    }
}
