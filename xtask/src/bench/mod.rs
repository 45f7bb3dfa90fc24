//! `cargo xtask bench`: hinton beside the Python way, on the same machine in one run.
//!
//! The kernel counts the CPU seconds of whole processes (benches/measure.py), start-up included,
//! so what is compared is what a person waits for. Peers are the scripts of benches/peers/ in a
//! virtual environment made here; inputs are written once into target/bench/.

mod cases;
mod measure;
mod report;
mod tiles;

use std::path::{Path, PathBuf};

use crate::{Failure, shell};
use cases::{CASES, Case, Peer};
use measure::{Cost, Missed};

/// Where things are.
struct Places {
    hinton: PathBuf,
    /// With the feature `mp4`; `None` where it was not asked for or cannot be built.
    with_mp4: Option<PathBuf>,
    python: PathBuf,
    files: PathBuf,
}

/// What one case cost.
struct Outcome {
    case: &'static Case,
    ours: Cost,
    /// One for each of the case's peers, or why it was left out.
    peers: Vec<Result<Cost, String>>,
}

pub(crate) fn run(arguments: &[String]) -> Result<(), Failure> {
    let slow = arguments.iter().any(|word| word == "--slow");
    let write = arguments.iter().any(|word| word == "--write");
    if arguments.iter().any(|word| word == "tiles") {
        return tiles::run(write);
    }
    let chosen = chosen(arguments)?;
    if write && chosen.len() < CASES.len() {
        return Err("--write wants all the cases, for docs/benchmarks.md shows all".into());
    }
    let places = prepare(&chosen)?;
    let mut outcomes = Vec::new();
    for case in chosen {
        let Some(outcome) = measure_case(case, &places, slow)? else {
            println!("{}\n  left out: this machine builds no hinton with MP4", case.about);
            continue;
        };
        println!("{}", report::lines(&outcome));
        outcomes.push(outcome);
    }
    if write {
        let path = shell::root().join("docs/benchmarks.md");
        let page = report::page(&outcomes, &report::machine(&places.python)?);
        // The Python package is measured by `cargo xtask python bench`.
        let python = std::fs::read_to_string(&path).ok().and_then(|old| report::python_of(&old));
        let page = python.map_or(page.clone(), |section| report::with_python(&page, &section));
        let viewer =
            report::of_viewer(&std::fs::read_to_string(&path).unwrap_or_default()).to_owned();
        std::fs::write(&path, page + &viewer)?;
        println!("wrote {}", shell::shown(&path));
    }
    Ok(())
}

/// Writes what `cargo xtask python bench` measured into docs/benchmarks.md.
pub(crate) fn write_python(measured: &str) -> Result<(), Failure> {
    let path = shell::root().join("docs/benchmarks.md");
    std::fs::write(&path, report::with_python(&shell::read(&path)?, measured))?;
    println!("wrote {}", shell::shown(&path));
    Ok(())
}

/// The cases named, or all.
fn chosen(arguments: &[String]) -> Result<Vec<&'static Case>, Failure> {
    let mut chosen: Vec<&Case> = Vec::new();
    for word in arguments.iter().filter(|word| !matches!(word.as_str(), "--slow" | "--write")) {
        let found: Vec<&Case> =
            CASES.iter().filter(|case| case.name.contains(word.as_str())).collect();
        if found.is_empty() {
            let names: Vec<&str> = CASES.iter().map(|case| case.name).collect();
            return Err(format!("no case has {word:?} in its name: {}", names.join(", ")).into());
        }
        chosen.extend(found);
    }
    if chosen.is_empty() {
        chosen.extend(CASES);
    }
    Ok(chosen)
}

/// Builds what is compared and writes what it works on.
fn prepare(chosen: &[&Case]) -> Result<Places, Failure> {
    if !shell::works(shell::program("python3").arg("--version")) {
        return Err("no python3 here: the benchmark needs it to measure and to compare".into());
    }
    // The last one built is the one that lies there, so the other is put aside.
    let with_mp4 =
        if chosen.iter().any(|case| wants_mp4(case)) { binary_with_mp4()? } else { None };
    let hinton = shell::release_binary()?;
    let files = shell::target_dir()?.join("bench");
    std::fs::create_dir_all(files.join("out"))?;

    let peers = shell::root().join("benches/peers");
    let home = peers.join(".venv");
    let python = home.join("bin").join("python");
    if !python.exists() {
        println!("making {}", shell::shown(&home));
        shell::run(shell::program("python3").args(["-m", "venv"]).arg(&home))?;
    }
    let mut install = shell::program(&python.to_string_lossy());
    install.args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check"]);
    shell::run(install.arg("--requirement").arg(peers.join("requirements.txt")))?;

    println!("inputs in {}", shell::shown(&files));
    let mut inputs = shell::program(&python.to_string_lossy());
    shell::run(inputs.arg(peers.join("inputs.py")).arg(&files).arg(&hinton))?;
    Ok(Places { hinton, with_mp4, python, files })
}

fn wants_mp4(case: &Case) -> bool {
    case.ours.iter().any(|word| word.ends_with(".mp4"))
}

/// A copy of the binary with its MP4 encoder, which takes a C++ compiler.
fn binary_with_mp4() -> Result<Option<PathBuf>, Failure> {
    let mut build = shell::cargo();
    build.args(["build", "--release", "--package", "hinton-cli", "--features", "mp4"]);
    if shell::run(&mut build).is_err() {
        return Ok(None);
    }
    let folder = shell::target_dir()?;
    let name = format!("hinton-mp4{}", std::env::consts::EXE_SUFFIX);
    let copy = folder.join("release").join(name);
    let built = folder.join("release").join(format!("hinton{}", std::env::consts::EXE_SUFFIX));
    std::fs::copy(built, &copy)?;
    Ok(Some(copy))
}

/// `None` where there is no binary for it.
fn measure_case(
    case: &'static Case,
    places: &Places,
    slow: bool,
) -> Result<Option<Outcome>, Failure> {
    let Some(command) = our_command(case, places) else { return Ok(None) };
    let output = output(case.ours, &places.files);
    let ours = match measure::median(&places.python, &command, output.as_deref(), case.runs) {
        Ok(cost) => cost,
        Err(Missed::Lacks(said)) => return Err(said.into()),
        Err(Missed::Failed(failure)) => return Err(failure),
    };
    let mut peers = Vec::new();
    for peer in case.peers {
        if peer.slow && !slow {
            peers.push(Err("it wants --slow".to_owned()));
            continue;
        }
        let command = peer_command(peer, places);
        let runs = if peer.slow { 1 } else { case.runs.min(3) };
        let output = self::output(peer.command, &places.files);
        peers.push(match measure::median(&places.python, &command, output.as_deref(), runs) {
            Ok(cost) => Ok(cost),
            Err(Missed::Lacks(said)) => Err(said),
            Err(Missed::Failed(failure)) => return Err(failure),
        });
    }
    Ok(Some(Outcome { case, ours, peers }))
}

/// The file that a command writes, if it writes one to target/bench/out.
fn output(words: &[&str], files: &Path) -> Option<PathBuf> {
    let last = words.iter().rfind(|word| word.starts_with("@out/"))?;
    Some(PathBuf::from(placed(last, files)))
}

fn our_command(case: &Case, places: &Places) -> Option<Vec<String>> {
    let binary = if wants_mp4(case) { places.with_mp4.as_ref()? } else { &places.hinton };
    let mut words = vec![binary.to_string_lossy().into_owned()];
    words.extend(case.ours.iter().map(|word| placed(word, &places.files)));
    Some(words)
}

fn peer_command(peer: &Peer, places: &Places) -> Vec<String> {
    let (script, arguments) = peer.command.split_first().unwrap_or((&"", &[]));
    let script = shell::root().join("benches/peers").join(script);
    let mut words = vec![places.python.to_string_lossy().into_owned()];
    words.push(script.to_string_lossy().into_owned());
    words.extend(arguments.iter().map(|word| placed(word, &places.files)));
    words
}

/// `@name` is a file of target/bench.
fn placed(word: &str, files: &Path) -> String {
    match word.strip_prefix('@') {
        Some(name) => files.join(name).to_string_lossy().into_owned(),
        None => word.to_string(),
    }
}
