//! Every real file in every command: it works, or says why not as a person expects.

use crate::files::files;
use crate::support;

use std::sync::atomic::{AtomicUsize, Ordering};

use support::{Folder, Said, data};

/// Files that are no weights, and what is said of them.
const NONE: &[(&str, &str)] = &[
    ("odd/numpy_py3-objarr.npy", "this is an object array"),
    (".cfg", "Darknet's description of a network"),
    (".data-00000-of-00001", "name the .index file beside it"),
];

/// Files with tensors of which a command has nothing to do: its first word, and what is said.
const NOTHING: &[(&str, &str, &str)] = &[
    ("gguf/ggml-vocab-llama-spm.gguf", "draw", "the file holds no tensors"),
    ("gguf/ggml-vocab-llama-spm.gguf", "export", "the file holds no tensors"),
    ("pytorch/burn_empty.pt", "draw", "there is nothing to draw"),
];

/// Logs, which are curves and no weights, and what a command that needs weights says of them.
const LOGS: &[(&str, &str)] = &[("log.json", "the log of a training")];

/// Files with NaN and infinities in them, put there on purpose.
const FAULTS: &[&str] = &["safetensors/crafted_some_dtypes.safetensors"];

/// Whether standard error has notes and warnings only.
fn is_quiet(said: &Said) -> bool {
    let known = ["note: ", "warning: ", "  "];
    said.err.lines().all(|line| known.iter().any(|word| line.starts_with(word)))
}

fn every_command(folder: &Folder, path: &str) {
    let refused = NONE.iter().find(|(end, _)| path.ends_with(end));
    for args in [
        &["inspect", path, "--stats"][..],
        &["draw", path, "-o", "x.png"],
        &["draw", path],
        &["draw", path, "-o", "-", "--format", "svg"],
        &["export", path, "-o", "x.npz"],
        &["export", path, "--stored", "-o", "x.safetensors"],
        &["check", path],
    ] {
        let said = folder.run(args);
        let what = format!("{args:?}: {}{}", said.err, if said.code == 0 { "" } else { &said.out });
        let nothing = NOTHING.iter().find(|(end, word, _)| path.ends_with(end) && args[0] == *word);
        let log = LOGS.iter().find(|(end, _)| path.ends_with(end) && args[0] == "export");
        let expected = refused.or(log).map(|(_, text)| *text).or(nothing.map(|(_, _, text)| *text));
        if let Some(text) = expected {
            assert_eq!(said.code, 1, "{what}");
            // A file that cannot be opened is what check reports.
            let place = if args[0] == "check" { &said.out } else { &said.err };
            assert!(place.contains(text), "{what}");
            continue;
        }
        let is_fault = args[0] == "check" && FAULTS.iter().any(|end| path.ends_with(end));
        assert_eq!(said.code, i32::from(is_fault), "{what}");
        assert!(is_quiet(&said), "{what}");
        let made = match args {
            [.., "x.png"] => folder.read("x.png").starts_with(b"\x89PNG"),
            [.., "svg"] => said.out.starts_with("<svg") || said.out.contains("<svg "),
            [.., "x.npz"] => folder.read("x.npz").starts_with(b"PK"),
            [.., "x.safetensors"] => folder.read("x.safetensors").len() > 8,
            _ => said.out.lines().count() > usize::from(args[0] == "draw"),
        };
        assert!(made, "{what}");
    }
    let npz = folder.path().join("x.npz");
    if npz.exists() {
        folder.ok(&["inspect", "x.npz"]);
        std::fs::remove_file(npz).unwrap();
    }
}

#[test]
fn every_command_on_every_file() {
    let Some(data) = data() else { return };
    let paths = files(&data).into_iter().map(|path| path.to_str().unwrap().to_owned());
    // Pages about the data are none of it.
    let all: Vec<String> = paths.filter(|path| !path.ends_with(".md")).collect();
    assert!(all.len() > 100, "{} files", all.len());
    let next = AtomicUsize::new(0);
    let worker = || {
        let folder = Folder::new();
        while let Some(path) = all.get(next.fetch_add(1, Ordering::Relaxed)) {
            every_command(&folder, path);
        }
    };
    std::thread::scope(|scope| {
        scope.spawn(worker);
        scope.spawn(worker);
    });
}
