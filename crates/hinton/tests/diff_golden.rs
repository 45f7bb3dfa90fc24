//! Golden pictures of comparisons: `cargo xtask bless` makes them again; look at them before you commit.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use hinton::diff::{Diff, Rule, diff};
use hinton::{DrawRequest, Picture, Work, open, output_named, render};

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

/// FNV-1a, 64 bits (Fowler, Noll and Vo).
fn hash(bytes: &[u8]) -> u64 {
    let step = |hash: u64, byte: &u8| (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3);
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, step)
}

fn golden(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(name)
}

#[test]
fn comparisons_are_the_golden_ones() {
    let bless = std::env::var_os("HINTON_BLESS").is_some();
    let (mut hashes, mut wrong) = (String::new(), Vec::new());
    for &(name, pair, settings, pattern) in CASES {
        let picture = drawn(pair, settings, pattern);
        let write = |output: &str| {
            render(&picture, output_named(output).unwrap(), &picture.render_options()).unwrap()
        };
        for output in ["svg", "pdf"] {
            writeln!(hashes, "{name}.{output} {:016x}", hash(&write(output))).unwrap();
        }
        let (path, png) = (golden(&format!("diff-{name}.png")), write("png"));
        if bless {
            std::fs::write(&path, &png).unwrap();
        } else if std::fs::read(&path).ok().as_deref() != Some(&png) {
            let actual = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("diff-{name}.png"));
            std::fs::write(&actual, &png).unwrap();
            wrong.push(format!("{} differs; drawn now: {}", path.display(), actual.display()));
        }
    }
    let path = golden("diffs.txt");
    if bless {
        std::fs::write(&path, &hashes).unwrap();
        return;
    }
    let known = std::fs::read_to_string(&path).unwrap_or_default();
    let changed = hashes.lines().filter(|line| !known.lines().any(|one| one == *line));
    wrong.extend(changed.map(|line| format!("{line} is not in {}", path.display())));
    assert!(wrong.is_empty(), "{}\nlook at them, then: cargo xtask bless", wrong.join("\n"));
}
