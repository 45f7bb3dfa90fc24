//! Runs the real binary in a folder of its own.
#![allow(dead_code)]

use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};

static COUNT: AtomicUsize = AtomicUsize::new(0);

/// Small trained networks, made once by `tools/assets/make_demo_weights.py`.
const WEIGHTS: &[(&str, &[u8])] = &[
    (
        "digits_softmax.safetensors",
        include_bytes!("../../../hinton/tests/fixtures/demo/digits_softmax.safetensors"),
    ),
    (
        "digits_mlp.safetensors",
        include_bytes!("../../../hinton/tests/fixtures/demo/digits_mlp.safetensors"),
    ),
    (
        "digits_conv.safetensors",
        include_bytes!("../../../hinton/tests/fixtures/demo/digits_conv.safetensors"),
    ),
];

/// The files that every folder has.
fn files() -> impl Iterator<Item = &'static (&'static str, &'static [u8])> {
    hinton::demo::FILES.iter().chain(WEIGHTS)
}

/// A folder of this test's own, with the demo's data and trained networks in it.
pub(crate) struct Folder(PathBuf);

/// What the binary said.
pub(crate) struct Said {
    pub(crate) code: i32,
    pub(crate) out: String,
    pub(crate) err: String,
    pub(crate) bytes: Vec<u8>,
}

impl Folder {
    pub(crate) fn new() -> Self {
        let name =
            format!("hinton-cli-{}-{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
        let path = std::env::temp_dir().join(name);
        std::fs::create_dir_all(&path).unwrap();
        for (name, bytes) in files() {
            std::fs::write(path.join(name), bytes).unwrap();
        }
        Folder(path)
    }

    pub(crate) fn path(&self) -> &Path {
        &self.0
    }

    pub(crate) fn read(&self, name: &str) -> Vec<u8> {
        std::fs::read(self.0.join(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
    }

    pub(crate) fn write(&self, name: &str, bytes: &[u8]) {
        std::fs::write(self.0.join(name), bytes).unwrap();
    }

    /// Names of what is in it, sorted, without the demo's files.
    pub(crate) fn made(&self) -> Vec<String> {
        let entries = std::fs::read_dir(&self.0).unwrap();
        let names = entries.map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned());
        let demo = |name: &String| files().any(|(file, _)| file == name);
        let mut names: Vec<String> = names.filter(|name| !demo(name)).collect();
        names.sort();
        names
    }

    /// The binary in this folder, with an environment that says nothing of a terminal.
    pub(crate) fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_hinton"));
        command.args(args).current_dir(&self.0).env_clear().stdin(Stdio::null());
        command
    }

    pub(crate) fn run(&self, args: &[&str]) -> Said {
        said(self.command(args).output().unwrap())
    }

    /// Runs it and expects success and no message.
    pub(crate) fn ok(&self, args: &[&str]) -> Said {
        let said = self.run(args);
        assert_eq!((said.code, said.err.as_str()), (0, ""), "{args:?}");
        said
    }

    /// Runs it and expects that exit code and an error; returns the message.
    pub(crate) fn fails(&self, code: i32, args: &[&str]) -> String {
        let said = self.run(args);
        assert_eq!(said.code, code, "{args:?}: {}", said.err);
        assert!(said.err.starts_with("error: "), "{args:?}: {}", said.err);
        assert_eq!(said.out, "", "{args:?}");
        said.err
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// Lets time pass.
pub(crate) fn pause(time: std::time::Duration) {
    let begun = std::time::Instant::now();
    while begun.elapsed() < time {
        std::thread::yield_now();
    }
}

pub(crate) fn said(output: Output) -> Said {
    Said {
        code: output.status.code().unwrap_or(-1),
        out: String::from_utf8_lossy(&output.stdout).into_owned(),
        err: String::from_utf8_lossy(&output.stderr).into_owned(),
        bytes: output.stdout,
    }
}

/// A safetensors file of f32 tensors of these names, each [2, 3] with values 0 to 5.
pub(crate) fn safetensors(names: &[&str]) -> Vec<u8> {
    let entries: Vec<String> = names
        .iter()
        .enumerate()
        .map(|(at, name)| {
            let (begin, end) = (at * 24, at * 24 + 24);
            let name = serde_json::to_string(name).unwrap();
            format!("{name}:{{\"dtype\":\"F32\",\"shape\":[2,3],\"data_offsets\":[{begin},{end}]}}")
        })
        .collect();
    let header = format!("{{{}}}", entries.join(","));
    let mut file = (header.len() as u64).to_le_bytes().to_vec();
    file.extend_from_slice(header.as_bytes());
    for _ in names {
        (0..6).for_each(|value| file.extend_from_slice(&(value as f32).to_le_bytes()));
    }
    file
}

/// The shared test files; `None`, and the test counts as skipped, where there are none.
pub(crate) fn data() -> Option<PathBuf> {
    hinton_testing::shared("data")
}
