//! `hinton plan`, `hinton task` and `hinton summary`: processes that know nothing of each other.

use std::io::Write as _;
use std::process::{Command, Stdio};

use crate::hub::{Files, Manner, answer};
use crate::server::Server;
use crate::support::{Folder, Said, said};

/// A safetensors file of one f32 matrix [400, 1000] and a small bf16 vector.
fn model() -> Vec<u8> {
    let header = r#"{"w":{"dtype":"F32","shape":[400,1000],"data_offsets":[0,1600000]},"b":{"dtype":"BF16","shape":[5000],"data_offsets":[1600000,1610000]}}"#;
    let mut file = (header.len() as u64).to_le_bytes().to_vec();
    file.extend_from_slice(header.as_bytes());
    for value in 0..400_000u32 {
        file.extend_from_slice(&((f64::from(value) * 0.7).sin() as f32).to_le_bytes());
    }
    (0..5000u16).for_each(|value| file.extend_from_slice(&(0x3F00 + value % 700).to_le_bytes()));
    file
}

fn folder() -> Folder {
    let folder = Folder::new();
    folder.write("m.safetensors", &model());
    folder.ok(&["summary", "m.safetensors", "-o", "whole.hs"]);
    folder
}

#[test]
fn tasks_in_processes_of_their_own_merge_to_the_whole() {
    let folder = folder();
    let lines = folder.ok(&["plan", "m.safetensors", "--chunk", "600kB"]).out;
    assert_eq!(lines, folder.ok(&["plan", "m.safetensors", "--chunk", "600kB"]).out);
    let lines: Vec<&str> = lines.lines().collect();
    assert_eq!(lines.len(), 3);
    assert!(lines[1].contains(r#""part":[2,3]"#) && lines[1].contains(r#""rows":["#));
    // As text on four threads, from a file on one, from standard input: two processes at once.
    let text = folder.command(&["task", lines[0], "-o", "1.hs", "--threads", "4"]).spawn().unwrap();
    let mut piped = folder.command(&["task", "-", "-o", "-"]);
    let piped = piped.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn();
    let mut piped = piped.unwrap();
    piped.stdin.take().unwrap().write_all(lines[2].as_bytes()).unwrap();
    folder.write("2.json", format!("{}\n", lines[1]).as_bytes());
    folder.ok(&["task", "@2.json", "-o", "2.hs", "--threads", "1"]);
    assert!(said(text.wait_with_output().unwrap()).code == 0);
    let third = said(piped.wait_with_output().unwrap());
    assert_eq!(third.code, 0);
    folder.write("3.hs", &third.bytes);
    folder.ok(&["summary", "merge", "3.hs", "1.hs", "2.hs", "-o", "all.hs"]);
    assert_eq!(folder.read("all.hs"), folder.read("whole.hs"));
    // A folder is the summaries in it.
    std::fs::create_dir(folder.path().join("parts")).unwrap();
    ["1.hs", "2.hs", "3.hs"]
        .iter()
        .for_each(|name| folder.write(&format!("parts/{name}"), &folder.read(name)));
    folder.ok(&["summary", "merge", "parts/", "-o", "all.hs"]);
    assert_eq!(folder.read("all.hs"), folder.read("whole.hs"));
    // Once more gives the same bytes; so does the part by its number.
    folder.ok(&["task", lines[1], "-o", "again.hs", "--threads", "4"]);
    folder.ok(&["summary", "m.safetensors", "--part", "2/3", "-o", "part.hs", "--threads", "2"]);
    assert_eq!(folder.read("again.hs"), folder.read("2.hs"));
    assert_eq!(folder.read("part.hs"), folder.read("2.hs"));
}

#[test]
fn a_summary_is_inspected_as_its_file_is() {
    let folder = folder();
    let rows = |path: &str| {
        let out = folder.ok(&["inspect", path, "--stats"]).out;
        let rows: Vec<String> = out
            .lines()
            .filter(|line| line.starts_with("w  ") || line.starts_with("b  "))
            .map(str::to_owned)
            .collect();
        rows
    };
    assert_eq!(rows("whole.hs"), rows("m.safetensors"));
    assert_eq!(rows("whole.hs").len(), 2);
    let sorted = |path: &str| folder.ok(&["inspect", path, "--sort", "norm", "--json"]).out;
    let tensors = |text: String| text[text.find("\"tensors\":[").unwrap()..].to_owned();
    assert_eq!(tensors(sorted("whole.hs")), tensors(sorted("m.safetensors")));
    // What is drawn of statistics needs no values, and is what is drawn where nothing is asked.
    let svg = |path: &str, more: &[&str]| {
        let args = ["draw", path, "--title", "w", "-o", "-", "--format", "svg"];
        let said = folder.run(&[&args[..], more].concat());
        assert_eq!(said.code, 0, "{}", said.err);
        said.bytes
    };
    let bars = svg("m.safetensors", &["-t", "w", "--as", "histogram"]);
    assert!(svg("whole.hs", &["-t", "w", "--as", "histogram"]) == bars);
    assert!(svg("whole.hs", &["-t", "w"]) == bars);
    assert!(svg("whole.hs", &[]) == svg("m.safetensors", &["--as", "profile"]));
    // Checks that need values say that they were not done.
    let checked = folder.ok(&["check", "whole.hs"]).out;
    assert!(checked.contains("nothing wrong, 1 note"), "{checked}");
    assert!(checked.contains("there are statistics and no values"), "{checked}");
    let error = folder.fails(1, &["export", "whole.hs", "-t", "w", "-o", "w.npy"]);
    let expected =
        "a summary holds statistics and no values: name the file that it is of, m.safetensors";
    assert!(error.contains(expected), "{error}");
    assert!(error.contains("help: a summary can be inspected"), "{error}");
    // So does whatever else takes values.
    for args in [
        &["draw", "whole.hs", "-t", "w", "--as", "heatmap", "-o", "x.png"][..],
        &["draw", "whole.hs", "-t", "w[0:10]", "-o", "x.png"],
        &["inspect", "whole.hs", "--spectrum"],
    ] {
        let error = folder.fails(1, args);
        assert!(
            error.contains(expected) && error.contains("help: a summary can be inspected"),
            "{error}"
        );
    }
}

#[test]
fn summaries_are_compared_by_their_statistics() {
    let folder = folder();
    let mut changed = model();
    let len = changed.len();
    // The last value of `b` becomes a NaN of bfloat16.
    changed[len - 2..].copy_from_slice(&[0xC0, 0x7F]);
    folder.write("n.safetensors", &changed);
    folder.ok(&["summary", "n.safetensors", "-o", "n.hs"]);
    for (a, b) in [("whole.hs", "n.hs"), ("whole.hs", "n.safetensors"), ("m.safetensors", "n.hs")] {
        let said = folder.run(&["diff", a, b]);
        assert_eq!(said.code, 1, "{}", said.err);
        assert!(
            said.out.contains("\nstatistics of 1 of 2 tensors differ, at least 1 value changed\n"),
            "{}",
            said.out
        );
        assert!(said.out.contains("\nNaN: 0 → 1 in b\n"), "{}", said.out);
        assert!(said.out.contains("where values lie is not known"), "{}", said.out);
    }
    let said = folder.run(&["diff", "whole.hs", "n.hs", "--json"]);
    assert!(said.out.contains("\"compared\":\"statistics\""), "{}", said.out);
    assert!(said.out.contains("\"changed_at_least\":1"), "{}", said.out);
    assert_eq!(folder.run(&["diff", "whole.hs", "m.safetensors"]).code, 0);
    assert_eq!(folder.run(&["diff", "whole.hs", "n.hs", "--fail-on", "shape,missing"]).code, 0);
    let said = folder.run(&["diff", "whole.hs", "n.hs", "--fail-on", "nan"]);
    assert_eq!((said.code, said.err.as_str()), (1, "note: fails on nan: 1 tensor\n"));
    let svg = folder.run(&["diff", "whole.hs", "n.hs", "-o", "-", "--format", "svg"]);
    assert!(String::from_utf8_lossy(&svg.bytes).contains("share of values"));
    let compared = folder.ok(&["inspect", "whole.hs", "n.hs", "--compare"]).out;
    assert!(compared.contains("NaN: 0 → 1 in b"), "{compared}");
    for (args, expected) in [
        (&["--align"][..], "--align takes values, and a summary has none"),
        (&["--spectrum"], "--spectrum takes values, and a summary has none"),
        (&["--fail-on", "rel>0.1"], "takes values, and a summary has none"),
        (&["-o", "x.html"], "a page shows values, and a summary has none"),
        (&["-t", "w[0:2]"], "a summary is of whole tensors, not of slices"),
    ] {
        let error = folder.fails(2, &[&["diff", "whole.hs", "n.hs"], args].concat());
        assert!(error.contains(expected), "{error}");
    }
}

#[test]
fn missing_and_foreign_parts_are_told() {
    let folder = folder();
    for number in ["1", "2", "3"] {
        let part = format!("{number}/3");
        folder.ok(&["summary", "m.safetensors", "--part", &part, "-o", &format!("p{number}.hs")]);
    }
    let error = folder.fails(1, &["summary", "merge", "p3.hs", "p1.hs", "-o", "x.hs"]);
    assert!(
        error.starts_with("error: parts are missing: stripes 2 to 2 of 4 of w\nhelp: "),
        "{error}"
    );
    assert!(!folder.made().contains(&"x.hs".to_owned()));
    let said = folder.run(&["summary", "merge", "p3.hs", "p1.hs", "-o", "x.hs", "--partial"]);
    assert_eq!((said.code, said.err.as_str()), (0, "note: it knows 4 of 5 stripes\n"));
    let notes = folder.run(&["inspect", "x.hs", "--stats"]).err;
    assert!(notes.contains("knows 4 of 5 stripes"), "{notes}");
    // The file changed between two parts: other values, then another shape.
    let line = folder.ok(&["plan", "m.safetensors"]).out;
    let mut changed = model();
    changed[200] ^= 1;
    folder.write("m.safetensors", &changed);
    folder.ok(&["summary", "m.safetensors", "--part", "2/3", "-o", "p2.hs"]);
    let error = folder.fails(1, &["summary", "merge", "p1.hs", "p2.hs", "p3.hs", "-o", "x.hs"]);
    assert!(
        error.contains("p1.hs and p2.hs are of different checkpoints: the values in it differ")
    );
    let error = folder.fails(1, &["task", line.trim(), "-o", "x.hs"]);
    assert!(error.contains("m.safetensors is not the checkpoint that was planned"), "{error}");
    let mut cut = folder.read("p1.hs");
    cut.truncate(cut.len() - 9);
    folder.write("p1.hs", &cut);
    let error = folder.fails(1, &["summary", "merge", "p1.hs", "p3.hs", "-o", "x.hs"]);
    assert!(error.contains("p1.hs: at byte") && error.contains("its checksum is wrong"), "{error}");
}

#[test]
fn tasks_with_checks_merge_to_a_summary_that_is_checked_as_the_file_is() {
    let folder = folder();
    let mut changed = model();
    let start = changed.len() - 10_000 - 1_600_000;
    // Two rows of zeros, and a NaN in row 200.
    changed[start + 40_000..start + 48_000].fill(0);
    changed[start + 800_012..start + 800_016].copy_from_slice(&f32::NAN.to_le_bytes());
    folder.write("m.safetensors", &changed);
    folder.ok(&["summary", "m.safetensors", "--checks", "-o", "whole.hs"]);
    let lines = folder.ok(&["plan", "m.safetensors", "--chunk", "600kB", "--checks"]).out;
    for (number, line) in lines.lines().enumerate() {
        assert!(line.contains(r#","checks":true,"#), "{line}");
        folder.ok(&["task", line, "-o", &format!("{number}.hs")]);
    }
    folder.ok(&["summary", "merge", "2.hs", "0.hs", "1.hs", "-o", "all.hs"]);
    assert_eq!(folder.read("all.hs"), folder.read("whole.hs"));
    let checked = |name: &str| {
        let said = folder.run(&["check", name]);
        assert_eq!(said.code, 1, "{}", said.out);
        let lines: Vec<String> = said.out.lines().skip(1).map(str::to_owned).collect();
        lines.into_iter().filter(|line| !line.contains("skipped")).collect::<Vec<_>>()
    };
    let found = checked("all.hs");
    assert_eq!(found, checked("m.safetensors"));
    assert!(found[0].contains("1 of 400,000 values are NaN, the first at [200, 3]"), "{found:?}");
    assert!(found.iter().any(|line| line.contains("2 of 400 positions of axis 0")), "{found:?}");
}

#[test]
fn folders_of_ranks_are_planned_along_their_files() {
    let folder = Folder::new();
    let ranks = concat!(env!("CARGO_MANIFEST_DIR"), "/../hinton-format/tests/fixtures/dcp");
    let planned = folder.run(&["plan", ranks, "--chunk", "64B"]);
    assert_eq!(planned.code, 0, "{}", planned.err);
    assert!(planned.err.contains("a task reads the values of one"), "{}", planned.err);
    assert!(planned.out.lines().all(|line| line.contains("_0.distcp\",\"elsewhere\":")));
    for (number, line) in planned.out.lines().enumerate() {
        folder.ok(&["task", line, "-o", &format!("{number}.hs")]);
    }
    folder.ok(&["summary", "merge", ".", "-o", "all.hs.whole"]);
    folder.ok(&["summary", ranks, "-o", "whole.hs"]);
    assert_eq!(folder.read("all.hs.whole"), folder.read("whole.hs"));
}

#[test]
fn wrong_words_are_usage() {
    let folder = folder();
    for (args, expected) in [
        (&["task", "{}", "-o", "x.hs"][..], "this is no task"),
        (&["summary", "a", "b", "-o", "x.hs"], "a summary is of one checkpoint, not of 2"),
        (&["summary", "m.safetensors", "--part", "0/3", "-o", "x.hs"], "a part is such as 3/64"),
        (&["summary", "m.safetensors", "--partial", "-o", "x.hs"], "--partial is for merging"),
        (&["summary", "merge", "whole.hs", "--part", "1/2", "-o", "x"], "--part is for reading"),
        (&["summary", "merge", "-o", "x"], "there is no summary to merge"),
        (&["plan", "m.safetensors", "--chunk", "0"], "it is a size of nothing"),
    ] {
        let error = folder.fails(2, args);
        assert!(error.contains(expected), "{error}");
    }
    let error = folder.fails(1, &["task", "@nothing.json", "-o", "x.hs"]);
    assert!(error.contains("cannot read the task in nothing.json"), "{error}");
    assert!(
        folder.fails(1, &["summary", "merge", "m.safetensors", "-o", "x"]).contains("HINTONHS")
    );
}

/// A repository on a server, and the command with what it needs to find it.
fn far(folder: &Folder, server: &Server, args: &[&str]) -> Said {
    said(folder.command(args).env("HF_ENDPOINT", server.url("")).output().unwrap())
}

#[test]
fn tasks_far_away_read_what_they_are_of() {
    let folder = Folder::new();
    // 8 MB of values.
    let header = r#"{"w":{"dtype":"F32","shape":[2000,1000],"data_offsets":[0,8000000]}}"#;
    let mut file = (header.len() as u64).to_le_bytes().to_vec();
    file.extend_from_slice(header.as_bytes());
    (0..2_000_000u32).for_each(|value| file.extend((value as f32).sin().to_le_bytes()));
    let files: Files = [("model.safetensors".to_owned(), file.clone())].into_iter().collect();
    let server = Server::new(move |seen| answer(&files, Manner::default(), seen));
    let plan = far(&folder, &server, &["plan", "hf://org/name", "--chunk", "2MB"]);
    assert_eq!(plan.code, 0, "{}", plan.err);
    let tasks: Vec<&str> = plan.out.lines().collect();
    assert_eq!(tasks.len(), 4);
    for (number, task) in tasks.iter().enumerate() {
        // The address stands in the file alone.
        folder.write("task.json", task.as_bytes());
        let out = format!("{number}.hs");
        let done = far(&folder, &server, &["task", "@task.json", "-o", &out]);
        assert_eq!(done.code, 0, "{}", done.err);
        // 2 MB and the ends of blocks, of 8 MB.
        let read = done.err.split("read ").nth(1).and_then(|rest| rest.split(' ').next());
        let read: f64 = read.unwrap().parse().unwrap();
        assert!(
            (1.0..3.0).contains(&read) && done.err.contains(" MB of 8.00 MB in "),
            "{}",
            done.err
        );
    }
    let merged = folder.run(&["summary", "merge", "3.hs", "0.hs", "2.hs", "1.hs", "-o", "all.hs"]);
    assert_eq!(merged.code, 0, "{}", merged.err);
    let tensors = |path: &str| {
        let out = folder.ok(&["inspect", path, "--stats", "--json"]).out;
        out[out.find("\"stats\":").unwrap()..].to_owned()
    };
    folder.write("model.safetensors", &file);
    assert_eq!(tensors("all.hs"), tensors("model.safetensors"));
    // Other values of the same shape are another checkpoint.
    file[100] ^= 1;
    let files: Files = [("model.safetensors".to_owned(), file)].into_iter().collect();
    let changed = Server::new(move |seen| answer(&files, Manner::default(), seen));
    let done = far(&folder, &changed, &["task", tasks[0], "-o", "x.hs"]);
    assert!(
        done.code == 1 && done.err.contains("is not the checkpoint that was planned"),
        "{}",
        done.err
    );
}

/// The reader of docs/summary-format.md, as it stands there.
#[test]
fn the_documented_reader_reads_what_is_written() {
    let python = std::env::var_os("HINTON_PYTHON").unwrap_or_else(|| "python3".into());
    let has_numpy = Command::new(&python).args(["-c", "import numpy"]).output();
    if !has_numpy.is_ok_and(|output| output.status.success()) {
        let why = format!("{python:?} has no numpy; set HINTON_PYTHON");
        hinton_testing::skip("python", &why);
        return;
    }
    let folder = folder();
    let page = include_str!("../../../docs/summary-format.md");
    let reader =
        page.split("```python\n").nth(1).and_then(|rest| rest.split("```").next()).unwrap();
    folder.write("reader.py", reader.as_bytes());
    let script = folder.path().join("reader.py");
    let run = |name: &str| {
        let path = folder.path().join(name);
        let read = said(Command::new(&python).arg(&script).arg(path).output().unwrap());
        assert_eq!(read.code, 0, "{}", read.err);
        read
    };
    let read = run("whole.hs");
    // The second version, whole and in part, says the same and more.
    folder.ok(&["summary", "m.safetensors", "--checks", "-o", "checks.hs"]);
    folder.ok(&["summary", "m.safetensors", "--checks", "--part", "2/3", "-o", "part.hs"]);
    assert_eq!(run("checks.hs").out, read.out);
    assert_eq!(run("part.hs").out.lines().count(), 2);
    let report = folder.ok(&["inspect", "m.safetensors", "--stats", "--json"]).out;
    let report: serde_json::Value = serde_json::from_str(&report).unwrap();
    let tensors = report["tensors"].as_array().unwrap();
    assert_eq!(read.out.lines().count(), tensors.len());
    for (line, tensor) in read.out.lines().zip(tensors) {
        let found: serde_json::Value = serde_json::from_str(line).unwrap();
        assert_eq!(found["name"], tensor["name"]);
        for key in ["min", "max", "mean", "std"] {
            let (a, b) = (found[key].as_f64().unwrap(), tensor["stats"][key].as_f64().unwrap());
            assert!(
                (a - b).abs() <= 1e-12 * b.abs().max(1e-3),
                "{} {key}: {a} {b}",
                tensor["name"]
            );
        }
    }
}
