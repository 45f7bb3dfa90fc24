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
    assert_eq!(summary[1], "4 identical, 5 changed");
    let kinds =
        "in layers.*: q_proj.weight in 2 of 2, k_proj.weight in 1 of 2 layers; unchanged 1 kind";
    assert_eq!(summary[2], kinds);
    assert_eq!(summary[3], "NaN came: 1 in layers.1.k_proj.weight");
    assert_eq!(summary[4], "infinities came: 1 in layers.1.k_proj.weight");
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
