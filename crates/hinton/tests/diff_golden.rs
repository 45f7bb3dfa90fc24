//! Golden pictures of comparisons, and their titles and descriptions: `cargo xtask bless` makes them again; look at
//! them before you commit.

use std::fmt::Write as _;
use std::path::Path;

use hinton::diff::{Diff, Rule, diff};
use hinton::outputs::output_named;
use hinton::{DrawRequest, Picture, Work, open, render};
use hinton_testing::Golden;

/// The pair, the settings, and the tensor whose values are drawn; none for the map of all.
type Case = (
    &'static str,
    [&'static str; 2],
    &'static [(&'static str, &'static str)],
    Option<&'static str>,
);

const CASES: &[Case] = &[
    ("map", ["tuned_a", "tuned_b"], &[], None),
    ("map-dark", ["tuned_a", "wrapped_b"], &[("theme", "dark")], None),
    ("map-narrow", ["base", "wrapped_grown_b"], &[("size", "8.5cm")], None),
    ("identical", ["small", "small"], &[], None),
    ("values", ["small", "one_value_b"], &[], Some("model.layers.1.self_attn.q_proj.weight")),
    (
        "values-narrow",
        ["small", "one_value_b"],
        &[("size", "8.5cm"), ("theme", "dark")],
        Some("model.layers.1.self_attn.q_proj.weight"),
    ),
];

fn compared([a, b]: [&str; 2], pattern: Option<&str>) -> Diff {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/diff");
    let file = |name: &str| open(folder.join(format!("{name}.safetensors"))).unwrap();
    let patterns: Vec<&str> = pattern.into_iter().collect();
    let mut found = diff(&file(a), &file(b), &patterns, Rule::default()).unwrap();
    found.read(Work::on(2)).unwrap();
    found
}

fn drawn(pair: [&str; 2], settings: &[(&str, &str)], pattern: Option<&str>) -> Picture {
    let mut request = DrawRequest::default();
    request.options.dpi = 72.0;
    for (name, value) in settings {
        request = request.set(name, value).unwrap();
    }
    let found = compared(pair, pattern);
    match pattern {
        Some(_) => found.draw_values(&request.options, Work::on(2)).unwrap(),
        None => found.draw(&request.options).unwrap(),
    }
}

#[test]
fn comparisons_are_the_golden_ones() {
    let mut golden = Golden::of(env!("CARGO_MANIFEST_DIR"), env!("CARGO_TARGET_TMPDIR"));
    let mut words = String::new();
    for &(name, pair, settings, pattern) in CASES {
        let picture = drawn(pair, settings, pattern);
        let png = output_named("png").unwrap();
        let png = render(&picture, png, &picture.render_options()).unwrap();
        golden.picture(&format!("diff-{name}.png"), &png);
        let scene = &picture.scene;
        writeln!(words, "{name}: {:?} {:?}", scene.title, scene.description).unwrap();
    }
    golden.lines("diffs.txt", &words);
    golden.end();
}
