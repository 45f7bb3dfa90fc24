//! What `hinton::diff` finds, against numpy: `fixtures/diff/make_diff.py` made files and truth.

use std::path::{Path, PathBuf};

use hinton::diff::{Change, Diff, Found, Rule, conditions, diff, to_csv, to_markdown};
use hinton::{Work, open};
use serde_json::Value;

fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/diff").join(name)
}

fn compared(a: &str, b: &str, rule: Rule) -> Diff {
    let (a, b) = (open(fixture(a)).unwrap(), open(fixture(b)).unwrap());
    let mut found = diff(&a, &b, &[] as &[&str], rule).unwrap();
    found.read(Work::on(2)).unwrap();
    found
}

fn json(found: &Diff) -> Value {
    serde_json::from_str(&hinton::inspect::to_json(found).unwrap()).unwrap()
}

/// Every number that numpy gave is the one that was found, to 12 digits.
fn agrees_with_numpy(found: &Diff, case: &str) {
    let truth = std::fs::read_to_string(fixture("truth.json")).unwrap();
    let truth: Value = serde_json::from_str(&truth).unwrap();
    let truth = truth[case].as_object().unwrap();
    let found = json(found);
    let matched = found["matched"].as_array().unwrap();
    assert_eq!(matched.len(), truth.len());
    for one in matched {
        let name = one["a"].as_str().unwrap();
        for (key, expected) in truth[name].as_object().unwrap() {
            let got = &one[key];
            match (got.as_f64(), expected.as_f64()) {
                _ if expected[0].is_array() => crate::diff_pairs::is_as_numpy(got, expected, key),
                (Some(got), Some(expected)) => {
                    let slack = 1e-12 * expected.abs().max(1e-300);
                    // Sums of differences cancel; they are compared with what was added.
                    let slack = if key == "mean_difference" { 1e-15 } else { slack };
                    assert!((got - expected).abs() <= slack, "{name} {key}: {got} {expected}");
                }
                _ => assert_eq!(got, expected, "{name} {key}"),
            }
        }
    }
}

#[test]
fn measures_are_those_of_numpy() {
    agrees_with_numpy(
        &compared("tuned_a.safetensors", "tuned_b.safetensors", Rule::Exact),
        "tuned",
    );
    agrees_with_numpy(&compared("tuned_a.safetensors", "cast_b.safetensors", Rule::Exact), "cast");
}

#[test]
fn a_file_is_the_same_as_itself() {
    let found = compared("tuned_b.safetensors", "tuned_b.safetensors", Rule::default());
    assert!(found.is_same());
    assert_eq!(found.summary(), ["identical: 9 tensors, 1,805 values, all equal"]);
    assert_eq!(found.relative(), Some(0.0));
}

#[test]
fn the_summary_says_first_what_differs() {
    let found = compared("tuned_a.safetensors", "tuned_b.safetensors", Rule::default());
    assert!(!found.is_same());
    let summary = found.summary();
    assert!(summary[0].starts_with("5 of 9 tensors changed, "), "{summary:?}");
    assert_eq!(summary[1], "NaN came: 1 in layers.1.k_proj.weight");
    assert_eq!(summary[2], "infinities came: 1 in layers.1.k_proj.weight");
    assert_eq!(summary[3], "4 identical, 5 changed");
    let kinds =
        "in layers.*: q_proj.weight in 2 of 2, k_proj.weight in 1 of 2 layers; unchanged 1 kind";
    assert_eq!(summary[4], kinds);
    assert_eq!(found.by_change()[0].a.name(), "layers.1.k_proj.weight");
}

#[test]
fn a_cast_is_known_as_such() {
    let found = compared("tuned_a.safetensors", "cast_b.safetensors", Rule::default());
    let summary = found.summary();
    assert!(
        summary[0].starts_with("the same up to rounding: 6 of 9 tensors changed"),
        "{summary:?}"
    );
    let line =
        "f32 → bf16: 8 tensors, none changed by more than a cast to bf16 does by itself (0.166 %)";
    assert!(summary.iter().any(|one| one == line), "{summary:?}");
    // Within one step of bf16, every one.
    for pair in &found.pairs {
        let measures = pair.measures.as_ref().unwrap();
        assert_eq!(measures.within_step, measures.elements, "{}", pair.a.name());
    }
}

#[test]
fn prefixes_and_grown_vocabularies_are_seen_through() {
    let found = compared("tuned_a.safetensors", "wrapped_b.safetensors", Rule::Names);
    assert_eq!(found.pairs.len(), 8);
    assert!(found.pairs.iter().all(|pair| pair.found == Found::Prefix("module.".into())));
    assert!(found.pairs.iter().all(|pair| pair.is_equal()));
    let grown = found.pairs.iter().find(|pair| pair.a.name() == "embed.weight").unwrap();
    assert_eq!(grown.change, Change::Rows { a: 40, b: 48 });
    assert_eq!(found.only_b[0].name(), "module.head.weight");
    assert!(!found.is_same());
    let exact = compared("tuned_a.safetensors", "wrapped_b.safetensors", Rule::Exact);
    assert_eq!(
        exact.summary()[0],
        "nothing in common: no tensor of one file was found in the other"
    );
}

#[test]
fn conditions_name_the_worst() {
    let found = compared("tuned_a.safetensors", "tuned_b.safetensors", Rule::default());
    let failures = |text: &str| -> Vec<String> {
        conditions(text).unwrap().iter().filter_map(|one| one.failure(&found)).collect()
    };
    assert_eq!(failures("nan"), ["nan: layers.1.k_proj.weight"]);
    assert!(failures("max>600, dtype, missing, shape").is_empty());
    assert_eq!(failures("max>400"), ["max>400: steps (500)"]);
    assert!(failures("rel>0.6")[0].starts_with("rel>0.6: layers.1.q_proj.weight (0.649"));
    assert_eq!(failures("changed>0.9")[0], "changed>0.9: steps (1) and 2 more");
}

#[test]
fn tables_have_every_tensor() {
    let found = compared("tuned_a.safetensors", "wrapped_b.safetensors", Rule::Names);
    let csv = to_csv(&found);
    let commas = |line: &str| line.matches(',').count();
    let head = commas(csv.lines().next().unwrap());
    assert_eq!(csv.lines().count(), 1 + 8 + 1 + 1);
    for line in csv.lines().filter(|line| !line.contains('"')) {
        assert_eq!(commas(line), head, "{line}");
    }
    let found = compared("tuned_a.safetensors", "tuned_b.safetensors", Rule::Names);
    let markdown = to_markdown(&found, 2);
    assert_eq!(markdown.matches("| `").count(), 2);
    assert!(markdown.ends_with("and 3 more tensors that changed\n"), "{markdown}");
}

/// What a picture says, as the text of its SVG.
fn drawn(picture: &hinton::Picture) -> String {
    let svg = hinton::outputs::output_named("svg").unwrap();
    let bytes = hinton::render(picture, svg, &picture.render_options()).unwrap();
    String::from_utf8(bytes).unwrap()
}

#[test]
fn a_picture_says_what_changed() {
    let mut found = compared("tuned_a.safetensors", "tuned_b.safetensors", Rule::Exact);
    found.only_b.push(found.pairs[0].b.clone().named("extra.weight"));
    let picture = found.draw(&hinton::look::Options::default()).unwrap();
    let said = format!("{} {}", picture.scene.title, picture.scene.description);
    assert!(said.contains("tuned_a.safetensors → tuned_b.safetensors"), "{said}");
    assert!(said.contains("5 of 9 tensors changed"), "{said}");
    // What went wrong comes first.
    assert!(picture.scene.description.starts_with("NaN came: 1"), "{said}");
    assert!(drawn(&picture).contains("extra.weight"));
    for name in ["png", "svg", "pdf", "terminal"] {
        let output = hinton::outputs::output_named(name).unwrap();
        let bytes = hinton::render(&picture, output, &picture.render_options()).unwrap();
        assert!(bytes.len() > 500, "{name}");
        // The same input, the same bytes.
        let again = found.draw(&hinton::look::Options::default()).unwrap();
        assert_eq!(hinton::render(&again, output, &again.render_options()).unwrap(), bytes);
    }
}

#[test]
fn a_tensor_is_drawn_beside_itself() {
    let (a, b) = (open(fixture("tuned_a.safetensors")), open(fixture("tuned_b.safetensors")));
    let (a, b) = (a.unwrap(), b.unwrap());
    let mut found = diff(&a, &b, &["layers.1.q_proj.weight"], Rule::Exact).unwrap();
    found.read(Work::on(2)).unwrap();
    let picture = found.draw_values(&hinton::look::Options::default(), Work::on(2)).unwrap();
    let text = drawn(&picture);
    for words in ["layers.1.q_proj.weight", "b − a", "rows that moved most"] {
        assert!(text.contains(words), "{words}: {text}");
    }
}

#[test]
fn what_is_identical_or_unread_is_drawn_or_refused() {
    let found = compared("tuned_a.safetensors", "tuned_a.safetensors", Rule::Exact);
    let picture = found.draw(&hinton::look::Options::default()).unwrap();
    let text = drawn(&picture);
    assert!(text.contains("identical: 9 tensors") && !text.contains("How far values moved"));
    let (a, b) = (open(fixture("tuned_a.safetensors")), open(fixture("tuned_b.safetensors")));
    let unread = diff(&a.unwrap(), &b.unwrap(), &[] as &[&str], Rule::Exact).unwrap();
    let error = unread.draw(&hinton::look::Options::default()).unwrap_err().to_string();
    assert!(error.contains("no values were compared"), "{error}");
}

/// A folder of checkpoints: the same twice, then the tuned one.
fn steps_folder(name: &str) -> PathBuf {
    let folder = std::env::temp_dir().join(format!("hinton-{name}-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    for (step, file) in [(10, "tuned_a"), (20, "tuned_a"), (30, "tuned_b")] {
        let from = fixture(&format!("{file}.safetensors"));
        std::fs::copy(from, folder.join(format!("step-{step}.safetensors"))).unwrap();
    }
    folder
}

#[test]
fn the_step_that_changed_most_is_found() {
    let folder = steps_folder("diff-steps");
    let run = hinton::runs::open_run(&[&folder], &hinton::runs::RunOptions::default()).unwrap();
    let found = hinton::diff::diff_steps(&run, &[], Work::on(2), &|_, _| {}).unwrap();
    assert_eq!(found.steps, [10, 20, 30]);
    assert_eq!(found.relative[0], Some(0.0));
    // As between the two files.
    let pair = compared("tuned_a.safetensors", "tuned_b.safetensors", Rule::Exact);
    assert_eq!(found.relative[1], pair.relative());
    let conv = found.tensors.iter().find(|one| one.name == "conv.weight").unwrap();
    assert_eq!(conv.changes[0], hinton::diff::StepChange::Equal);
    let (place, change) = conv.most().unwrap();
    assert!(place == 1 && (change - 0.25).abs() < 1e-6, "{change}");
    let said = found.summary().join("\n");
    assert!(said.contains("20 → 30 changed most"), "{said}");
    assert!(said.contains("NaN or infinities came or went first in layers.1.k_proj"), "{said}");
    let json: Value = serde_json::from_str(&hinton::inspect::to_json(&found).unwrap()).unwrap();
    assert_eq!(json["steps"], serde_json::json!([10, 20, 30]));
    let picture = found.draw(&hinton::look::Options::default()).unwrap();
    assert!(drawn(&picture).contains("conv.weight"));
    let one = ["conv.weight".to_owned()];
    let found = hinton::diff::diff_steps(&run, &one, Work::on(1), &|_, _| {}).unwrap();
    assert_eq!(found.tensors.len(), 1);
    let none = ["nothing".to_owned()];
    assert!(hinton::diff::diff_steps(&run, &none, Work::on(1), &|_, _| {}).is_err());
    std::fs::remove_dir_all(folder).unwrap();
}

#[test]
fn a_change_of_low_rank_is_recognised() {
    let mut found = compared("tuned_a.safetensors", "tuned_b.safetensors", Rule::Exact);
    found.decompose(Work::on(2)).unwrap();
    let low = |name: &str| {
        let pair = found.pairs.iter().find(|pair| pair.a.name() == name).unwrap();
        pair.low_rank().map(|one| one.rank)
    };
    // Made as the product of 16 x 2 and 2 x 16; one value is of rank 1 by itself; a scaled
    // convolution is neither.
    assert_eq!(low("layers.0.q_proj.weight"), Some(2));
    assert_eq!(low("layers.1.q_proj.weight"), None);
    assert_eq!(low("conv.weight"), None);
    let said = found.summary().join("\n");
    assert!(said.contains("like a merged LoRA of rank 2, layers.*.q_proj.weight"), "{said}");
    let json = json(&found);
    let matched = json["matched"].as_array().unwrap();
    let of_q = matched.iter().find(|one| one["a"] == "layers.0.q_proj.weight").unwrap();
    let spectrum = &of_q["spectrum"];
    assert_eq!(spectrum["low_rank"], 2);
    assert!(spectrum["energy_4"].as_f64().unwrap() > 0.999, "{spectrum}");
}

#[test]
fn histograms_are_those_of_numpy() {
    let truth = std::fs::read_to_string(fixture("histograms.json")).unwrap();
    let truth: Value = serde_json::from_str(&truth).unwrap();
    for one in truth.as_array().unwrap() {
        let (case, name) = (one["case"].as_str().unwrap(), one["tensor"].as_str().unwrap());
        let (a, b) = ("tuned_a.safetensors".to_owned(), format!("{case}_b.safetensors"));
        let (a, b) = (open(fixture(&a)).unwrap(), open(fixture(&b)).unwrap());
        let mut found = diff(&a, &b, &[name], Rule::Exact).unwrap();
        found.read(Work::on(2)).unwrap();
        let bins = found.histogram.bins();
        let bins: Vec<Value> =
            bins.iter().map(|bin| serde_json::json!([bin.low, bin.high, bin.count])).collect();
        assert_eq!(Value::from(bins), one["differences"], "{case} {name}");
        let against = found.against.unwrap();
        let range = one["range"].as_f64().unwrap();
        assert!((against.range - range).abs() < 1e-12 * range, "{case} {name}");
        let cells = against.counts.iter().enumerate().filter(|(_, count)| **count > 0);
        let side = against.side;
        let cells: Vec<Value> = cells
            .map(|(index, &count)| serde_json::json!([index / side, index % side, count]))
            .collect();
        assert_eq!(Value::from(cells), one["cells"], "{case} {name}");
    }
}
