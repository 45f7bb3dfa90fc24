//! Small files whose structure claims or repeats much (`fuzz/src/amplify.rs`), for every format, through
//! the program within limits of memory and time. Few in a test; for longer by hand:
//! `AMPLIFY_SECONDS=600 cargo test --release -p hinton-cli --test it amplify -- --ignored --nocapture`.
#![cfg(target_os = "linux")]

#[path = "../../../fuzz/src/amplify.rs"]
#[allow(unreachable_pub, reason = "public for the crate of the fuzz targets")]
mod made;

use std::collections::BTreeMap;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::time::{Duration, Instant};

use flate2::Compression;
use flate2::write::GzEncoder;
use made::{Numbers, ROWS, repeated};

use crate::support::Folder;

/// Memory that the program may have in all, KiB: 1 GiB beside itself and its file.
const MEMORY: &str = "1600000";
/// Most bytes of a file on disk.
const MOST_ON_DISK: usize = 10_000_000;
/// What files go through; `check` reads every value.
const COMMANDS: [&[&str]; 6] = [
    &["check"],
    &["inspect", "--stats"],
    &["draw", "-o", "x.png"],
    &["export", "-o", "x.npz"],
    &["animate", "-o", "x.gif"],
    &["space"],
];

#[test]
fn a_few_of_every_format_end_well() {
    let mut numbers = Numbers(7);
    let folder = Folder::new();
    let mut faults = Vec::new();
    for (name, make) in ROWS {
        let bytes = make(&mut numbers, 1 << 15);
        faults.extend(fault(&folder, name, &packed(&bytes), &["check"], 60).1);
    }
    for (name, bytes) in fixtures().iter().step_by(7) {
        let bytes = repeated(&mut numbers, bytes, 1 << 15);
        faults.extend(fault(&folder, name, &bytes, &["check"], 60).1);
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
#[ignore = "minutes of work, run by hand"]
fn many_of_every_format_end_well() {
    let seconds = std::env::var("AMPLIFY_SECONDS").ok().and_then(|text| text.parse().ok());
    let end = Instant::now() + Duration::from_secs(seconds.unwrap_or(60));
    let seed = std::env::var("AMPLIFY_SEED").ok().and_then(|text| text.parse().ok());
    let mut numbers = Numbers(seed.unwrap_or(1));
    let fixtures = fixtures();
    let folder = Folder::new();
    let (mut faults, mut counts) = (Vec::new(), BTreeMap::<String, (u64, Duration)>::new());
    while Instant::now() < end {
        let size = 1 << (10 + numbers.below(18));
        let (name, bytes) = match numbers.below(3) {
            0 => {
                let (name, bytes) = &fixtures[numbers.below(fixtures.len())];
                (name.clone(), repeated(&mut numbers, bytes, size.min(1 << 23)))
            }
            _ => {
                let (name, make) = ROWS[numbers.below(ROWS.len())];
                (name.to_owned(), make(&mut numbers, size))
            }
        };
        let bytes = if numbers.below(3) > 0 { packed(&bytes) } else { bytes };
        if bytes.len() > MOST_ON_DISK {
            continue;
        }
        let command = COMMANDS[numbers.below(COMMANDS.len())];
        let (took, fault) = fault(&folder, &name, &bytes, command, 10);
        let count = counts.entry(name.clone()).or_default();
        *count = (count.0 + 1, count.1.max(took));
        if let Some(fault) = fault {
            println!("{fault}");
            let kept = std::env::temp_dir().join(format!("amplified-{}-{name}", faults.len()));
            std::fs::write(kept, &bytes).unwrap();
            faults.push(fault);
        }
    }
    for (name, (count, slowest)) in &counts {
        println!("{name}: {count} files, the slowest {slowest:.1?}");
    }
    println!("{} files in all", counts.values().map(|count| count.0).sum::<u64>());
    assert!(faults.is_empty(), "{} faults:\n{}", faults.len(), faults.join("\n"));
}

fn packed(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

/// The fixtures of the readers, small ones, by name.
fn fixtures() -> Vec<(String, Vec<u8>)> {
    let mut found: Vec<PathBuf> = Vec::new();
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../hinton-format/tests/fixtures");
    let mut folders = vec![root];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() { folders.push(path) } else { found.push(path) }
        }
    }
    found.sort();
    let is_file = |path: &PathBuf| path.extension().is_none_or(|end| end != "py");
    let read = |path: PathBuf| {
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        (name, std::fs::read(path).unwrap())
    };
    found.into_iter().filter(is_file).map(read).filter(|(_, bytes)| !bytes.is_empty()).collect()
}

/// Runs a command on a file of those bytes: how long it took, and what is wrong with how it ends.
fn fault(
    folder: &Folder,
    name: &str,
    bytes: &[u8],
    command: &[&str],
    seconds: u64,
) -> (Duration, Option<String>) {
    let inside = folder.path().join("amplified");
    let _ = std::fs::remove_dir_all(&inside);
    std::fs::create_dir(&inside).unwrap();
    let name = match bytes.starts_with(b"\x1f\x8b") && !name.ends_with(".gz") {
        true => format!("{name}.gz"),
        false => name.to_owned(),
    };
    let file = inside.join(&name);
    std::fs::write(&file, bytes).unwrap();
    // The metadata of a store stands for its folder.
    let path = if name.starts_with(".z") { &inside } else { &file };
    let start = Instant::now();
    let Output { status, stdout, stderr } = Command::new("sh")
        .args(["-c", "ulimit -v $0; exec timeout \"$@\"", MEMORY, &seconds.to_string()])
        .arg(env!("CARGO_BIN_EXE_hinton"))
        .arg(command[0])
        .arg(path)
        .args(&command[1..])
        .current_dir(folder.path())
        .output()
        .unwrap();
    let took = start.elapsed();
    let all = [stdout, stderr].concat();
    let all = String::from_utf8_lossy(&all);
    let is_bad = !status.code().is_some_and(|code| (0..=2).contains(&code))
        || all.contains("memory allocation")
        || all.contains("panicked");
    let start: String = all.chars().take(300).collect();
    let fault = format!("{command:?} {name} of {} bytes: {status}: {start}", bytes.len());
    (took, is_bad.then_some(fault))
}
