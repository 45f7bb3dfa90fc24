//! `cargo xtask test`: everything a change must pass. It needs Rust and nothing else; what needs
//! Node, a browser or Python is done where they are, and said where they aren't.

use std::time::Instant;

use crate::{Failure, arrows, demo, dist, licences, new, python, reference, shell, web};

/// One thing that must hold.
struct Step {
    name: &'static str,
    run: fn() -> Result<(), Failure>,
}

/// In order: what fails quickly comes first.
const STEPS: &[Step] = &[
    Step { name: "format", run: format },
    Step { name: "arrows", run: || arrows::run(&[]) },
    Step { name: "licences", run: || licences::run(&[]) },
    Step { name: "lints", run: lints },
    Step { name: "tests", run: tests },
    Step { name: "MP4", run: mp4 },
    Step { name: "buckets", run: buckets },
    Step { name: "templates", run: new::check },
    Step { name: "web", run: || web::run(&["--check".to_string()]) },
    Step { name: "browser", run: || web::run(&["--test".to_string()]) },
    Step { name: "Python", run: || python::run(&[]) },
    Step { name: "documentation", run: documentation },
    Step { name: "demo", run: || demo::run(&[]) },
    Step { name: "packages", run: packages },
    Step { name: "reference", run: || reference::run(&["--check".to_string()]) },
];

pub(crate) fn run(_arguments: &[String]) -> Result<(), Failure> {
    let start = Instant::now();
    for (index, step) in STEPS.iter().enumerate() {
        println!("── {} ({} of {})", step.name, index + 1, STEPS.len());
        let begun = Instant::now();
        (step.run)().map_err(|failure| format!("{}: {failure}", step.name))?;
        println!("   {}: {:.1} s", step.name, begun.elapsed().as_secs_f64());
    }
    println!("── all well after {:.0} s", start.elapsed().as_secs_f64());
    Ok(())
}

fn format() -> Result<(), Failure> {
    if !shell::works(shell::cargo().args(["fmt", "--version"])) {
        println!("rustfmt is not installed: the format was not checked");
        return Ok(());
    }
    shell::run(shell::cargo().args(["fmt", "--all", "--check"]))
}

fn lints() -> Result<(), Failure> {
    if !shell::works(shell::cargo().args(["clippy", "--version"])) {
        println!("clippy is not installed: the lints were not checked");
        return Ok(());
    }
    let mut clippy = shell::cargo();
    clippy.args(["clippy", "--quiet", "--workspace", "--all-targets"]);
    clippy.args(["--features", "hinton-remote/cloud"]);
    shell::run(clippy.args(["--", "-D", "warnings"]))
}

/// Unit tests, tests of the crates from outside, and the examples in the documentation.
fn tests() -> Result<(), Failure> {
    shell::run(shell::cargo().args(["test", "--quiet", "--workspace"]))
}

/// The films' tests with the encoder of MP4, which takes a C++ compiler: the library alone, in the
/// profile of the tests, for most of the cost is the encoder's own source, built once.
fn mp4() -> Result<(), Failure> {
    let compilers = ["c++", "g++", "clang++", "cl"];
    if !compilers.iter().any(|name| shell::works(shell::program(name).arg("--version"))) {
        println!("there is no C++ compiler: MP4 was not checked");
        return Ok(());
    }
    let mut tests = shell::cargo();
    tests.args(["test", "--quiet", "--package", "hinton-render", "--features", "mp4"]);
    shell::run(tests.args(["--lib", "--test", "it"]))
}

/// The tests of buckets, whose crates are not in every build.
fn buckets() -> Result<(), Failure> {
    let mut tests = shell::cargo();
    tests.args(["test", "--quiet", "--package", "hinton-remote", "--features", "cloud"]);
    shell::run(tests.args(["--lib", "--test", "it"]))
}

/// What people install is made of the program of the tests, unpacked in a clean folder and used.
fn packages() -> Result<(), Failure> {
    dist::run(&["--profile", "dev", "--check", "--no-wheel"].map(str::to_owned))
}

/// The documentation builds, and no link in it is broken.
fn documentation() -> Result<(), Failure> {
    let mut doc = shell::cargo();
    doc.args(["doc", "--quiet", "--workspace", "--lib", "--no-deps"])
        .env("RUSTDOCFLAGS", "-D warnings");
    shell::run(&mut doc)
}
