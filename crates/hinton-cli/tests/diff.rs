//! `hinton diff` as a person or a script of CI uses it.

use crate::support;

use std::path::Path;

use support::{Folder, Said};

/// The pairs that `make_diff.py` made, in a folder of this test's own.
fn folder() -> Folder {
    let folder = Folder::new();
    let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("../hinton/tests/fixtures/diff");
    for name in ["tuned_a", "tuned_b", "cast_b", "wrapped_b"] {
        let name = format!("{name}.safetensors");
        folder.write(&name, &std::fs::read(fixtures.join(&name)).unwrap());
    }
    folder
}

fn diff(folder: &Folder, b: &str, more: &[&str]) -> Said {
    folder.run(&[&["diff", "tuned_a.safetensors", b], more].concat())
}

#[test]
fn exit_codes_are_those_of_diff() {
    let folder = folder();
    let same = diff(&folder, "tuned_a.safetensors", &[]);
    assert_eq!((same.code, same.err.as_str()), (0, ""));
    assert!(same.out.contains("\nidentical: 9 tensors"), "{}", same.out);
    assert_eq!(diff(&folder, "tuned_b.safetensors", &[]).code, 1);
    assert_eq!(diff(&folder, "cast_b.safetensors", &[]).code, 1);
    let missing = diff(&folder, "nothing.safetensors", &[]);
    assert_eq!((missing.code, missing.out.as_str()), (2, ""));
    assert!(missing.err.starts_with("error: "), "{}", missing.err);
    folder.write("broken.safetensors", b"\xff\x00\x00\x00\x00\x00\x00\x00{");
    assert_eq!(diff(&folder, "broken.safetensors", &[]).code, 2);
}

#[test]
fn what_changed_most_comes_first() {
    let folder = folder();
    let text = diff(&folder, "tuned_b.safetensors", &[]).out;
    let lines: Vec<&str> = text.lines().collect();
    assert!(lines[2].starts_with("5 of 9 tensors changed"), "{text}");
    let head = lines.iter().position(|line| line.starts_with("NAME")).unwrap();
    assert!(lines[head + 1].starts_with("layers.1.k_proj.weight"), "{text}");
    assert!(lines[head + 1].contains("1 NaN came, 1 inf came"), "{text}");
    assert_eq!(lines.len(), head + 6, "{text}");
    let all = diff(&folder, "tuned_b.safetensors", &["--all", "--sort", "file"]).out;
    assert_eq!(all.lines().count(), lines.len() + 4, "{all}");
}

#[test]
fn conditions_decide_the_exit_code() {
    let folder = folder();
    let met = diff(&folder, "tuned_b.safetensors", &["--fail-on", "nan,rel>9"]);
    assert_eq!(met.code, 1);
    assert_eq!(met.err, "note: fails on nan: layers.1.k_proj.weight\n");
    let none = diff(&folder, "tuned_b.safetensors", &["--fail-on", "rel>9,dtype,missing"]);
    assert_eq!((none.code, none.err.as_str()), (0, ""));
    let wrong = diff(&folder, "tuned_b.safetensors", &["--fail-on", "rel=9"]);
    assert_eq!(wrong.code, 2);
    assert!(wrong.err.contains("conditions are rel>N"), "{}", wrong.err);
}

#[test]
fn programs_read_json_csv_and_markdown() {
    let folder = folder();
    let json = diff(&folder, "wrapped_b.safetensors", &["--json"]);
    let json: serde_json::Value = serde_json::from_str(&json.out).unwrap();
    assert_eq!((&json["version"], &json["same"]), (&1.into(), &false.into()));
    assert_eq!(json["matched"][1]["found"], "prefix");
    assert_eq!(json["only_a"][0]["name"], "steps");
    let csv = diff(&folder, "tuned_b.safetensors", &["--csv"]).out;
    assert!(csv.starts_with("a,b,how,") && csv.lines().count() == 10, "{csv}");
    let markdown = diff(&folder, "tuned_b.safetensors", &["--markdown"]).out;
    assert!(markdown.contains("| tensor | changed | relative | cast |"), "{markdown}");
    let both = diff(&folder, "tuned_b.safetensors", &["--csv", "--json"]);
    assert_eq!(both.code, 2);
}

#[test]
fn only_the_tensors_that_are_named_are_compared() {
    let folder = folder();
    let some = diff(&folder, "tuned_b.safetensors", &["-t", "layers.0.k*", "-t", "*.norm.weight"]);
    assert_eq!(some.code, 0);
    assert!(some.out.contains("identical: 3 tensors"), "{}", some.out);
    let none = diff(&folder, "tuned_b.safetensors", &["-t", "nothing.*"]);
    assert_eq!((none.code, none.out.as_str()), (2, ""));
    let row = diff(&folder, "tuned_b.safetensors", &["-t", "layers.1.q_proj.weight[3]"]);
    assert!(row.out.contains("1 of 1 tensor changed"), "{}", row.out);
}

#[test]
fn pictures_go_into_files_and_the_terminal() {
    let folder = folder();
    for (file, start) in [("x.png", &b"\x89PNG"[..]), ("x.svg", b"<"), ("x.pdf", b"%PDF")] {
        let drawn = diff(&folder, "tuned_b.safetensors", &["-o", file]);
        assert_eq!((drawn.code, drawn.out.as_str()), (1, ""), "{}", drawn.err);
        assert!(std::fs::read(folder.path().join(file)).unwrap().starts_with(start), "{file}");
    }
    let same = diff(&folder, "tuned_a.safetensors", &["-o", "same.png", "--theme", "dark"]);
    assert_eq!(same.code, 0, "{}", same.err);
    let some = diff(&folder, "tuned_b.safetensors", &["-t", "layers.1.q*", "-o", "one.svg"]);
    assert_eq!(some.code, 1);
    let text = std::fs::read_to_string(folder.path().join("one.svg")).unwrap();
    assert!(text.contains("b − a"), "{text}");
    let shown = diff(&folder, "tuned_b.safetensors", &["--format", "terminal"]);
    assert!(shown.code == 1 && !shown.out.is_empty());
    let wrong = diff(&folder, "tuned_b.safetensors", &["-o", "x.xyz"]);
    assert_eq!(wrong.code, 2, "{}", wrong.err);
}

#[test]
fn one_argument_is_a_run() {
    let folder = folder();
    let read = |name: &str| std::fs::read(folder.path().join(name)).unwrap();
    let (a, b) = (read("tuned_a.safetensors"), read("tuned_b.safetensors"));
    std::fs::create_dir(folder.path().join("run")).unwrap();
    folder.write("run/step-1.safetensors", &a);
    folder.write("run/step-2.safetensors", &a);
    folder.write("run/step-3.safetensors", &b);
    let text = folder.ok(&["diff", "run"]).out;
    assert!(text.contains("step 2 → 3 changed most"), "{text}");
    assert!(text.contains("conv.weight") && text.contains("·█"), "{text}");
    let json = folder.ok(&["diff", "run", "--json"]).out;
    let json: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!(json["steps"].as_array().unwrap().len(), 3);
    folder.ok(&["diff", "run", "-o", "steps.png"]);
    assert!(folder.read("steps.png").starts_with(b"\x89PNG"));
    let wrong = folder.fails(2, &["diff", "tuned_a.safetensors"]);
    assert!(wrong.contains("is one file"), "{wrong}");
    let wrong = folder.fails(2, &["diff", "run", "--csv"]);
    assert!(wrong.contains("--csv compares two files"), "{wrong}");
}

#[test]
fn a_page_holds_both_files_and_a_film_what_each_step_changed() {
    let folder = folder();
    let page = diff(&folder, "tuned_b.safetensors", &["-o", "x.html"]);
    assert_eq!(page.code, 1, "{}", page.err);
    let page = String::from_utf8(folder.read("x.html")).unwrap();
    assert!(page.starts_with("<!") && page.contains("</html>"));
    assert!(page.contains("tuned_a.safetensors") && page.contains("tuned_b.safetensors"));
    // Nothing is fetched from anywhere.
    assert!(!page.contains("src=\"http") && !page.contains("href=\"http"));
    let (a, b) = (folder.read("tuned_a.safetensors"), folder.read("tuned_b.safetensors"));
    std::fs::create_dir(folder.path().join("run")).unwrap();
    for (step, bytes) in [(1, &a), (2, &b), (3, &a)] {
        folder.write(&format!("run/step-{step}.safetensors"), bytes);
    }
    let said = folder.run(&["diff", "run", "-t", "conv.weight", "-o", "film.gif"]);
    assert_eq!(
        (said.code, said.err.contains("step 1 is compared with")),
        (0, true),
        "{}",
        said.err
    );
    let film = folder.read("film.gif");
    assert!(film.starts_with(b"GIF89a"));
    // A block of graphic control begins each frame; the first step has nothing before it.
    let frames = film.windows(3).filter(|bytes| bytes == &[0x21, 0xF9, 0x04]).count();
    assert!(frames >= 2, "{frames} frames");
}

#[test]
fn spectra_tell_of_low_rank() {
    let folder = folder();
    let text = diff(&folder, "tuned_b.safetensors", &["--spectrum", "--all"]).out;
    assert!(text.contains("LoRA of rank 2") && !text.contains("LoRA of rank 1"), "{text}");
}
