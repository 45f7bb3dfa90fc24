//! `cargo xtask bench`: hinton beside the Python way, on the same machine in one run.
//!
//! The kernel counts the CPU seconds of whole processes (benches/measure.py), start-up included,
//! so what is compared is what a person waits for. Peers are the scripts of benches/peers/ in a
//! virtual environment made here; inputs are written once into target/bench/.

mod cases;
mod measure;
mod report;

use std::path::{Path, PathBuf};

use crate::{Failure, shell};
use cases::{CASES, Case, Peer};
use measure::Cost;

/// Where things are.
struct Places {
    hinton: PathBuf,
    python: PathBuf,
    files: PathBuf,
}

/// What one case cost.
struct Outcome {
    case: &'static Case,
    ours: Cost,
    /// One for each of the case's peers; nothing where it was left out for being slow.
    peers: Vec<Option<Cost>>,
}

pub(crate) fn run(arguments: &[String]) -> Result<(), Failure> {
    let slow = arguments.iter().any(|word| word == "--slow");
    let write = arguments.iter().any(|word| word == "--write");
    let chosen = chosen(arguments)?;
    if write && chosen.len() < CASES.len() {
        return Err("--write wants all the cases, for docs/benchmarks.md shows all".into());
    }
    let places = prepare()?;
    let mut outcomes = Vec::new();
    for case in chosen {
        let outcome = measure_case(case, &places, slow)?;
        println!("{}", report::lines(&outcome));
        outcomes.push(outcome);
    }
    if write {
        let path = shell::root().join("docs/benchmarks.md");
        std::fs::write(&path, report::page(&outcomes, &report::machine(&places.python)?))?;
        println!("wrote {}", shell::shown(&path));
    }
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
fn prepare() -> Result<Places, Failure> {
    if !shell::works(shell::program("python3").arg("--version")) {
        return Err("no python3 here: the benchmark needs it to measure and to compare".into());
    }
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
    shell::run(inputs.arg(peers.join("inputs.py")).arg(&files))?;
    Ok(Places { hinton, python, files })
}

fn measure_case(case: &'static Case, places: &Places, slow: bool) -> Result<Outcome, Failure> {
    let command = our_command(case, places);
    let ours = measure::median(&places.python, &command, case.runs)?;
    let mut peers = Vec::new();
    for peer in case.peers {
        if peer.slow && !slow {
            peers.push(None);
            continue;
        }
        let command = peer_command(peer, places);
        let runs = if peer.slow { 1 } else { case.runs.min(3) };
        peers.push(Some(measure::median(&places.python, &command, runs)?));
    }
    Ok(Outcome { case, ours, peers })
}

fn our_command(case: &Case, places: &Places) -> Vec<String> {
    let mut words = vec![places.hinton.to_string_lossy().into_owned()];
    words.extend(case.ours.iter().map(|word| placed(word, &places.files)));
    words
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
