//! `cargo xtask test`: everything a change must pass. It needs Rust and nothing else; what needs
//! Node, a browser or Python runs where they are, and counts as skipped elsewhere.

use std::time::Instant;

use crate::skips::{self, May};
use crate::{
    Failure, arrows, changed, demo, dist, facade, licences, new, python, reference, shell, wasm,
    web,
};

/// One thing that must hold.
struct Step {
    name: &'static str,
    /// About how long it takes from nothing on two cores; empty for seconds.
    cost: &'static str,
    run: fn() -> Result<(), Failure>,
}

/// In order: what fails quickly comes first.
const STEPS: &[Step] = &[
    Step { name: "format", cost: "", run: format },
    Step { name: "arrows", cost: "", run: || arrows::run(&[]) },
    Step { name: "licences", cost: "", run: || licences::run(&[]) },
    Step { name: "lints", cost: "4 minutes", run: lints },
    Step { name: "tests", cost: "12 minutes", run: tests },
    Step { name: "MP4", cost: "1 minute", run: mp4 },
    Step { name: "buckets", cost: "1 minute", run: buckets },
    Step { name: "templates", cost: "2 minutes", run: new::check },
    Step { name: "web", cost: "1 minute", run: || web::run(&["--check".to_string()]) },
    Step { name: "browser", cost: "3 minutes", run: || web::run(&["--test".to_string()]) },
    Step { name: "WebAssembly", cost: "1 minute", run: wasm::check },
    Step { name: "Python", cost: "3 minutes", run: || python::run(&[]) },
    Step { name: "documentation", cost: "1 minute", run: documentation },
    Step { name: "demo", cost: "", run: || demo::run(&[]) },
    Step { name: "packages", cost: "1 minute", run: packages },
    Step { name: "reference", cost: "", run: || reference::run(&["--check".to_string()]) },
];

/// What `--fast` does in place of the steps: after a change in one crate, at most a minute or two.
const FAST: &[Step] = &[
    Step { name: "format", cost: "", run: format },
    Step { name: "arrows", cost: "", run: || arrows::run(&[]) },
    Step { name: "changed crates", cost: "", run: changed::run },
];

/// What was asked for.
#[derive(Debug, PartialEq, Eq)]
struct Asked {
    fast: bool,
    /// Indices into [`STEPS`]; empty for all.
    steps: Vec<usize>,
    may_skip: May,
}

impl Asked {
    fn parse(arguments: &[String]) -> Result<Self, Failure> {
        let mut asked = Asked { fast: false, steps: Vec::new(), may_skip: May::All };
        for word in arguments {
            if word == "--fast" {
                asked.fast = true;
            } else if let Some(list) = word.strip_prefix("--may-skip=") {
                asked.may_skip = May::parse(list);
            } else if let Some(index) =
                STEPS.iter().position(|step| step.name.eq_ignore_ascii_case(word))
            {
                asked.steps.push(index);
            } else {
                let names: Vec<&str> = STEPS.iter().map(|step| step.name).collect();
                let names = names.join(", ");
                return Err(format!(
                    "{word:?} is no step; there are {names}, and --fast, --may-skip=NEED,…"
                )
                .into());
            }
        }
        if asked.fast && !asked.steps.is_empty() {
            return Err("--fast chooses its own steps".into());
        }
        asked.steps.sort_unstable();
        asked.steps.dedup();
        Ok(asked)
    }

    fn steps(&self) -> Vec<&'static Step> {
        match (self.fast, self.steps.is_empty()) {
            (true, _) => FAST.iter().collect(),
            (false, true) => STEPS.iter().collect(),
            (false, false) => self.steps.iter().map(|&index| &STEPS[index]).collect(),
        }
    }
}

pub(crate) fn run(arguments: &[String]) -> Result<(), Failure> {
    let asked = Asked::parse(arguments)?;
    let start = Instant::now();
    let skipped = skips::begin()?;
    let steps = asked.steps();
    for (index, step) in steps.iter().enumerate() {
        let cost = match step.cost {
            "" => String::new(),
            cost => format!(", about {cost} from nothing"),
        };
        println!("── {} ({} of {}{cost})", step.name, index + 1, steps.len());
        let begun = Instant::now();
        (step.run)().map_err(|failure| format!("{}: {failure}", step.name))?;
        println!("   {}: {:.1} s", step.name, begun.elapsed().as_secs_f64());
    }
    skips::end(skipped, &asked.may_skip)?;
    println!("── all well after {:.0} s", start.elapsed().as_secs_f64());
    Ok(())
}

fn format() -> Result<(), Failure> {
    if !shell::works(shell::cargo().args(["fmt", "--version"])) {
        skips::skip("rustfmt", "the format was not checked", "rustfmt is not installed");
        return Ok(());
    }
    shell::run(shell::cargo().args(["fmt", "--all", "--check"]))
}

fn lints() -> Result<(), Failure> {
    if !shell::works(shell::cargo().args(["clippy", "--version"])) {
        skips::skip("clippy", "the lints were not checked", "clippy is not installed");
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
        skips::skip("c++", "MP4 was not checked", "there is no C++ compiler");
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

/// The documentation builds, no link in it is broken, and the facade names all that it shows.
fn documentation() -> Result<(), Failure> {
    let pages = shell::target_dir()?.join("doc");
    let libraries = facade::libraries()?;
    facade::prepare(&pages, &libraries)?;
    let mut doc = shell::cargo();
    doc.args(["doc", "--quiet", "--workspace", "--lib", "--no-deps"])
        .env("RUSTDOCFLAGS", "-D warnings");
    shell::run(&mut doc)?;
    facade::check(&pages, &libraries)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(words: &[&str]) -> Result<Asked, Failure> {
        Asked::parse(&words.iter().map(ToString::to_string).collect::<Vec<_>>())
    }

    #[test]
    fn steps_are_named_in_any_order_and_done_in_theirs() {
        let names = |words: &[&str]| -> Vec<&str> {
            asked(words).unwrap().steps().iter().map(|step| step.name).collect()
        };
        assert_eq!(names(&["python", "Format", "format"]), ["format", "Python"]);
        assert_eq!(names(&[]).len(), STEPS.len());
        assert_eq!(names(&["--fast"]).last(), Some(&"changed crates"));
    }

    #[test]
    fn what_is_no_step_is_told_with_those_there_are() {
        let told = asked(&["pyton"]).unwrap_err().to_string();
        assert!(told.contains("\"pyton\" is no step") && told.contains("Python"), "{told}");
        assert!(asked(&["--fast", "lints"]).is_err());
        let may = asked(&["--may-skip=data,tmux"]).unwrap().may_skip;
        assert_eq!(may, May::These(vec!["data".to_owned(), "tmux".to_owned()]));
    }
}
