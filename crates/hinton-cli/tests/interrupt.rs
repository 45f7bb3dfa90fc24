//! Ctrl-C and SIGTERM at any moment: no half file, nothing temporary left behind.
#![cfg(unix)]

use crate::support;

use std::os::unix::process::ExitStatusExt as _;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use support::{Folder, pause};

const SIGINT: i32 = 2;
const SIGTERM: i32 = 15;

fn send(child: &Child, signal: i32) {
    let (signal, id) = (format!("-{signal}"), child.id().to_string());
    // It may have ended by itself.
    let _ = Command::new("kill").args([&signal, &id]).stderr(Stdio::null()).status();
}

fn start(folder: &Folder, args: &[&str]) -> Child {
    let mut command = folder.command(args);
    command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap()
}

/// An array over time: 60 steps of a 32 x 32 matrix.
fn run_of_matrices(folder: &Folder) {
    let mut header = "{'descr': '<f4', 'fortran_order': False, 'shape': (60, 32, 32), }".to_owned();
    header.push_str(&" ".repeat(117 - header.len()));
    let mut file = b"\x93NUMPY\x01\x00\x76\x00".to_vec();
    file.extend_from_slice(header.as_bytes());
    file.push(b'\n');
    let values = (0..60 * 32 * 32).map(|at| ((at * 7919) % 1000) as f32 / 500.0 - 1.0);
    values.for_each(|value| file.extend_from_slice(&value.to_le_bytes()));
    folder.write("run.npy", &file);
}

/// Temporary files in the folder and in those in it.
fn left_behind(folder: &Folder) -> Vec<String> {
    let mut names = folder.made();
    for name in folder.made() {
        let Ok(inside) = std::fs::read_dir(folder.path().join(name)) else { continue };
        names.extend(inside.map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned()));
    }
    names.retain(|name| name.contains("hinton-tmp"));
    names
}

/// Runs it and sends a signal after a share of the time that it takes.
fn cut_off(folder: &Folder, args: &[&str], after: Duration, signal: i32) -> ExitStatus {
    let mut child = start(folder, args);
    pause(after);
    send(&child, signal);
    child.wait().unwrap()
}

#[test]
fn films_are_whole_or_not_there() {
    let folder = Folder::new();
    run_of_matrices(&folder);
    let film = ["animate", "run.npy", "--size", "600x500px", "--as", "heatmap", "-o", "film.gif"];
    let begun = Instant::now();
    assert!(start(&folder, &film).wait().unwrap().success());
    let whole = (begun.elapsed(), folder.read("film.gif"));
    let (mut stopped, mut ended) = (0, 0);
    for round in 0..24u32 {
        folder.write("film.gif", b"before");
        let after = whole.0 * (round * 37 % 24) / 20;
        let signal = if round % 2 == 0 { SIGINT } else { SIGTERM };
        let status = cut_off(&folder, &film, after, signal);
        let found = folder.read("film.gif");
        assert_eq!(left_behind(&folder), [""; 0], "after {after:?}");
        if status.success() {
            ended += 1;
            assert!(found == whole.1, "a film that ended well is whole");
            continue;
        }
        stopped += 1;
        assert_eq!(status.signal(), Some(signal), "the shell is told: {status}");
        assert!(found == b"before" || found == whole.1, "half a film after {after:?}");
    }
    assert!(stopped > 0, "{ended} of 24 ended before the signal");
}

#[test]
fn a_stopped_command_says_so_and_keeps_what_was_there() {
    let folder = Folder::new();
    run_of_matrices(&folder);
    folder.write("film.gif", b"before");
    let film =
        ["animate", "run.npy", "--morph", "50", "--size", "1200x1000px", "--as", "heatmap", "-o"];
    for (target, is_begun) in [("film.gif", ".hinton-tmp"), ("frames/", "frames")] {
        let mut command = folder.command(&[&film[..], &[target]].concat());
        let mut child = command.stderr(Stdio::piped()).spawn().unwrap();
        while !folder.made().iter().any(|name| name.ends_with(is_begun)) {
            assert!(child.try_wait().unwrap().is_none(), "done before it could be interrupted");
            std::thread::yield_now();
        }
        send(&child, SIGINT);
        let output = child.wait_with_output().unwrap();
        assert_eq!(output.status.signal(), Some(SIGINT));
        let said = String::from_utf8(output.stderr).unwrap();
        assert!(said.ends_with("error: stopped before the end; what was unfinished is removed\n"));
        assert_eq!(left_behind(&folder), [""; 0]);
    }
    assert_eq!(folder.read("film.gif"), b"before");
    // Pictures of a folder that were done are whole.
    for entry in std::fs::read_dir(folder.path().join("frames")).unwrap() {
        let bytes = std::fs::read(entry.unwrap().path()).unwrap();
        assert!(bytes.ends_with(b"IEND\xaeB`\x82"));
    }
}

#[test]
fn the_second_signal_ends_at_once() {
    let folder = Folder::new();
    // A pipe that nobody empties: the program waits in the middle of its work.
    assert!(
        Command::new("mkfifo").arg(folder.path().join("full")).status().is_ok_and(|s| s.success())
    );
    run_of_matrices(&folder);
    let path = folder.path().join("full");
    let (mut child, reader) = std::thread::scope(|scope| {
        let reader = scope.spawn(|| std::fs::File::open(&path).unwrap());
        let child = start(&folder, &["export", "run.npy", "-o", "full", "--format", "npy"]);
        (child, reader.join().unwrap())
    });
    pause(Duration::from_millis(200));
    send(&child, SIGINT);
    pause(Duration::from_millis(200));
    assert!(child.try_wait().unwrap().is_none(), "the first asks, and the work is stuck");
    send(&child, SIGINT);
    assert_eq!(child.wait().unwrap().signal(), Some(SIGINT));
    drop(reader);
}

#[test]
fn exports_and_pictures_leave_nothing() {
    let folder = Folder::new();
    run_of_matrices(&folder);
    for args in [
        &["export", "run.npy", "-o", "out.csv"][..],
        &["draw", "run.npy", "-t", "run[0]", "--as", "hinton", "-o", "out.svg"],
        &["demo", "gallery"],
    ] {
        for after in [1, 5, 10, 20, 40, 80] {
            cut_off(&folder, args, Duration::from_millis(after), SIGTERM);
            assert_eq!(left_behind(&folder), [""; 0], "{args:?} after {after} ms");
        }
    }
}
