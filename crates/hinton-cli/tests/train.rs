//! `hinton train` as a person runs it: its lines, its records, killed, stopped, offline and online.

use crate::support;

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use hinton::runs::RunOptions;
use support::Folder;

/// MNIST among the shared test files; `None`, and the test counts as skipped, where it is not there.
fn mnist() -> Option<PathBuf> {
    hinton_testing::shared("data/mnist")
}

#[test]
fn an_epoch_is_a_line() {
    let folder = Folder::new();
    let said = folder.run(&["train", "--epochs", "3", "-o", "weights.png", "--record", "run"]);
    assert_eq!(said.code, 0, "{}", said.err);
    let lines: Vec<&str> = said.out.lines().collect();
    assert_eq!(lines.len(), 5, "{}", said.out);
    for (line, start) in
        [(lines[0], "epoch 1/3  "), (lines[2], "epoch 2/3"), (lines[3], "epoch 3/3")]
    {
        assert!(line.starts_with(start) && line.contains("s  accuracy 0."), "{line}");
        assert!(line.contains("  loss "), "{line}");
    }
    for line in [lines[1], lines[4]] {
        let words: Vec<&str> = line.split(' ').collect();
        let ["weights", "from", low, "to", high] = words[..] else { panic!("{line}") };
        assert!(low.parse::<f64>().unwrap() < 0.0 && high.parse::<f64>().unwrap() > 0.0, "{line}");
    }
    assert!(said.err.contains("see it with: hinton draw run"), "{}", said.err);
    assert!(folder.read("weights.png").starts_with(b"\x89PNG"));
    let said = folder.run(&[
        "animate",
        "run",
        "-t",
        "weight",
        "--each",
        "column",
        "--reshape",
        "8x8",
        "-o",
        "w.gif",
    ]);
    assert_eq!(said.code, 0, "{}", said.err);
    let said = folder.run(&["train", "--resume", "run"]);
    assert_eq!(said.code, 2);
    assert!(said.err.contains("its 3 epochs are done") && said.err.contains("--epochs 10"));
    let said = folder.run(&["train", "--resume", "run", "--epochs", "2"]);
    assert_eq!((said.code, said.out.lines().count()), (0, 3), "{}", said.err);
    let whole = folder.run(&["train", "--epochs", "5", "--record", "whole"]);
    assert_eq!(whole.code, 0);
    let weights = |run: &str| {
        let run =
            hinton::runs::open_run(&[folder.path().join(run)], &RunOptions::default()).unwrap();
        let last = run.steps.len() - 1;
        run.tensor(last, "weight").unwrap().unwrap().to_f32().unwrap()
    };
    assert_eq!(weights("run"), weights("whole"));
}

#[test]
fn four_points_are_enough() {
    let folder = Folder::new();
    folder.write("xor.csv", b"a,b,y\n0,0,0\n0,1,1\n1,0,1\n1,1,0\n");
    let words = ["train", "xor.csv", "--labels", "y", "--model", "2-8-tanh-2", "--epochs", "2"];
    let said = folder.run(&words);
    assert_eq!(said.code, 0, "{}", said.err);
    assert!(said.err.contains("no points are set apart"), "{}", said.err);
    let said = folder.run(&[&words[..], &["--validation", "0"]].concat());
    assert_eq!(said.code, 0, "{}", said.err);
}

#[test]
fn wrong_words_are_told_before_the_work() {
    let folder = Folder::new();
    for (words, message, help) in [
        (&["train", "nosuch"][..], "no data \"nosuch\"", "give a file"),
        (&["train", "--model", "64-tanhh-10"], "did you mean tanh?", "layers: linear, tanh"),
        (&["train", "--model", "nett"], "no model \"nett\"", "softmax, lenet"),
        (&["train", "--model", "64-9"], "9 scores, but digits has 10", "end the model with -10"),
        (&["train", "--lr", "-1"], "--lr -1", ""),
        (&["train", "--validation", "5000"], "1797 points", "set apart up to 1796"),
        (&["train", "--live"], "--live draws in a terminal", "--record RUN"),
        (&["train", "-o", "weights.xyz"], "xyz", ""),
        (&["train", "mnist", "--data", "nowhere"], "there is no train-images", "--data FOLDER"),
        (
            &["train", "--record", "run", "--record-every", "never"],
            "\"never\"",
            "--record-every 100",
        ),
    ] {
        let said = folder.run(words);
        assert_ne!(said.code, 0, "{words:?}");
        assert!(said.err.contains(message) && said.err.contains(help), "{words:?}: {}", said.err);
        assert!(said.out.is_empty(), "{words:?}: {}", said.out);
    }
}

#[test]
fn a_killed_training_is_read_and_gone_on_with() {
    let folder = Folder::new();
    let words = ["train", "--epochs", "100000", "--record-every", "5", "--record"];
    for (index, milliseconds) in [60u64, 150, 310, 700].into_iter().enumerate() {
        let name = format!("run{index}");
        let mut child = folder
            .command(&[&words[..], &[name.as_str()]].concat())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        // Until it has begun, then a while.
        while !folder.path().join(&name).join("steps/0.safetensors").exists() {
            std::thread::yield_now();
        }
        let until = std::time::Instant::now() + Duration::from_millis(milliseconds);
        while std::time::Instant::now() < until {
            std::thread::yield_now();
        }
        // SIGKILL.
        child.kill().unwrap();
        child.wait().unwrap();
        let path = folder.path().join(&name);
        let run = hinton::runs::open_run(&[&path], &RunOptions::default()).unwrap();
        assert!(run.steps.iter().all(|step| step.broken.is_none()));
        for step in 0..run.steps.len() {
            assert!(run.tensor(step, "weight").unwrap().unwrap().to_f32().is_ok());
        }
        let last = run.steps.last().unwrap().number;
        let said = folder.run(&["train", "--resume", &name, "--epochs", "1"]);
        assert_eq!(said.code, 0, "{}", said.err);
        // As if it had not been killed.
        let end = (last / 45 + 1) * 45;
        let straight = format!("straight{index}");
        let epochs = (end / 45).to_string();
        let said = folder.run(&["train", "--epochs", &epochs, "--record", &straight]);
        assert_eq!(said.code, 0, "{}", said.err);
        let weights = |name: &str| {
            let run = hinton::runs::open_run(&[folder.path().join(name)], &RunOptions::default())
                .unwrap();
            let at = run.steps.iter().position(|step| step.number == end).unwrap();
            run.tensor(at, "weight").unwrap().unwrap().to_f32().unwrap()
        };
        assert_eq!(weights(&name), weights(&straight), "killed after step {last}");
    }
}

#[cfg(unix)]
#[test]
fn ctrl_c_writes_the_run_and_says_how_to_go_on() {
    let folder = Folder::new();
    let child = folder
        .command(&["train", "--epochs", "100000", "--record", "run"])
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    while !folder.path().join("run/steps/45.safetensors").exists() {
        std::thread::yield_now();
    }
    let id = child.id().to_string();
    assert!(std::process::Command::new("kill").args(["-INT", &id]).status().unwrap().success());
    let output = child.wait_with_output().unwrap();
    let err = String::from_utf8_lossy(&output.stderr);
    assert!(err.contains("resume with: hinton train --resume run"), "{err}");
    let run = hinton::runs::open_run(&[folder.path().join("run")], &RunOptions::default()).unwrap();
    let step = run.steps.last().unwrap().number;
    assert!(err.contains(&format!("stopped after step {step};")), "{err}");
    assert!(run.warnings.iter().all(|warning| !warning.to_string().contains("broken")));
}

#[test]
fn time_can_be_limited() {
    let folder = Folder::new();
    let said = folder.run(&["train", "--epochs", "1000000", "--time-limit", "0.2"]);
    assert_eq!(said.code, 0, "{}", said.err);
    assert!(
        said.err.contains("the time is over") && said.err.contains("--record RUN"),
        "{}",
        said.err
    );
}

#[test]
fn offline_never_tries() {
    let folder = Folder::new();
    let mut command = folder.command(&["train", "mnist", "--offline"]);
    let output = command
        .env("HINTON_CACHE", "cache")
        .env("HINTON_MIRROR", "http://127.0.0.1:9")
        .output()
        .unwrap();
    let err = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1));
    assert!(
        err.contains("no train-images-idx3-ubyte.gz") && err.contains("without --offline"),
        "{err}"
    );
    assert!(!folder.path().join("cache").exists());
}

/// What a server does with a request.
#[derive(Clone, Copy, PartialEq)]
enum Answers {
    /// Well, and knows of ranges.
    Whole,
    /// Cuts each connection after this many bytes of the body.
    Cut(usize),
    /// Cuts as well, and does not know of ranges the first times.
    Anew,
    /// Other bytes than it should.
    Wrong,
    /// That there is no such file.
    Missing,
    /// An error of its own, the first times.
    Failing,
}

/// Serves the files of a folder; tells what was asked for: path, and where it should begin.
fn serve(
    listener: &TcpListener,
    files: &Path,
    answers: Answers,
    asked: &Mutex<Vec<(String, usize)>>,
    stop: &AtomicBool,
) {
    let count = AtomicUsize::new(0);
    for stream in listener.incoming() {
        if stop.load(Ordering::SeqCst) {
            return;
        }
        let mut stream = stream.unwrap();
        let Some((path, from)) = request(&mut stream) else { continue };
        asked.lock().unwrap().push((path.clone(), from));
        let turn = count.fetch_add(1, Ordering::SeqCst);
        let name = path.rsplit('/').next().unwrap_or_default();
        let mut body = std::fs::read(files.join(name)).unwrap_or_default();
        let (status, from) = match answers {
            Answers::Missing => ("404 Not Found", 0),
            Answers::Failing if turn < 2 => ("503 Service Unavailable", 0),
            Answers::Anew if turn < 2 => ("200 OK", 0),
            _ if from > 0 => ("206 Partial Content", from),
            _ => ("200 OK", 0),
        };
        if !status.starts_with('2') {
            body = b"no".to_vec();
        }
        if answers == Answers::Wrong {
            body.iter_mut().for_each(|byte| *byte ^= 1);
        }
        let body = &body[from.min(body.len())..];
        let end = match answers {
            Answers::Cut(bytes) => bytes.min(body.len()),
            Answers::Anew if turn < 2 => body.len() / 2,
            _ => body.len(),
        };
        let head = format!(
            "HTTP/1.1 {status}\r\ncontent-length: {}\r\nconnection: close\r\n\r\n",
            body.len()
        );
        let _ = stream.write_all(head.as_bytes()).and_then(|()| stream.write_all(&body[..end]));
    }
}

/// The path that is asked for, and where the range begins.
fn request(stream: &mut TcpStream) -> Option<(String, usize)> {
    let mut text = Vec::new();
    let mut byte = [0];
    while !text.ends_with(b"\r\n\r\n") {
        if stream.read(&mut byte).ok()? == 0 {
            return None;
        }
        text.push(byte[0]);
    }
    let text = String::from_utf8_lossy(&text).to_lowercase();
    let path = text.split(' ').nth(1)?.to_owned();
    let from = text
        .lines()
        .find_map(|line| line.strip_prefix("range: bytes=")?.strip_suffix('-')?.parse().ok());
    Some((path, from.unwrap_or(0)))
}

/// Runs a training of an epoch against a server; gives exit code, standard error, and what was asked.
fn against(answers: Answers, files: &Path, folder: &Folder) -> (i32, String, Vec<(String, usize)>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let base = format!("http://{}", listener.local_addr().unwrap());
    let asked = Mutex::new(Vec::new());
    let stop = AtomicBool::new(false);
    let output = std::thread::scope(|scope| {
        scope.spawn(|| serve(&listener, files, answers, &asked, &stop));
        let output = folder
            .command(&["train", "mnist", "--epochs", "1"])
            .env("HINTON_CACHE", folder.path().join("cache"))
            .env("HINTON_MIRROR", &base)
            .output();
        stop.store(true, Ordering::SeqCst);
        // The server waits for one more connection.
        let _ = TcpStream::connect(listener.local_addr().unwrap());
        output.unwrap()
    });
    let err = String::from_utf8_lossy(&output.stderr).into_owned();
    (output.status.code().unwrap_or(-1), err, asked.into_inner().unwrap())
}

#[test]
fn downloads_are_resumed_checked_and_kept() {
    let Some(files) = mnist() else { return };
    for answers in [Answers::Whole, Answers::Cut(1_500_000), Answers::Anew, Answers::Failing] {
        let folder = Folder::new();
        let (code, err, asked) = against(answers, &files, &folder);
        assert_eq!(code, 0, "{err}");
        assert!(err.contains("downloading mnist (9.9 MB)"), "{err}");
        assert!(asked.iter().all(|(path, _)| path.starts_with("/mnist/train-")), "{asked:?}");
        if let Answers::Cut(bytes) = answers {
            // Each went on where the one before was cut.
            let begun: Vec<usize> = asked
                .iter()
                .filter(|(path, _)| path.contains("images"))
                .map(|(_, from)| *from)
                .collect();
            assert_eq!(begun, (0..begun.len()).map(|turn| turn * bytes).collect::<Vec<_>>());
        }
        let cached = folder.read("cache/mnist/train-images-idx3-ubyte.gz");
        assert!(cached == std::fs::read(files.join("train-images-idx3-ubyte.gz")).unwrap());
        assert!(!folder.path().join("cache/mnist/train-images-idx3-ubyte.gz.part").exists());
        // The second time nothing is asked for.
        let (code, err, asked) = against(Answers::Missing, &files, &folder);
        assert_eq!((code, asked.len()), (0, 0), "{err}");
    }
}

#[test]
fn downloads_that_fail_are_told() {
    let files = std::env::temp_dir();
    let folder = Folder::new();
    let (code, err, asked) = against(Answers::Missing, &files, &folder);
    assert_eq!((code, asked.len()), (1, 1));
    assert!(err.contains("the server answered 404") && err.contains("put train-images"), "{err}");
    let Some(files) = mnist() else { return };
    let (code, err, _) = against(Answers::Wrong, &files, &folder);
    assert_eq!(code, 1);
    assert!(err.contains("SHA-256") && err.contains("440fcabf"), "{err}");
    assert!(!folder.path().join("cache/mnist/train-images-idx3-ubyte.gz").exists());
    assert!(!folder.path().join("cache/mnist/train-images-idx3-ubyte.gz.part").exists());
    // Nobody is there.
    let output = folder
        .command(&["train", "mnist"])
        .env("HINTON_CACHE", "cache")
        .env("HINTON_MIRROR", "http://127.0.0.1:9")
        .output()
        .unwrap();
    let err = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{err}");
    assert!(err.contains("cannot download mnist"), "{err}");
}

#[test]
fn the_published_mnist_run_comes_out() {
    let Some(files) = mnist() else { return };
    let folder = Folder::new();
    let data = files.to_string_lossy();
    let words =
        ["train", "mnist", "--data", &data, "--epochs", "11", "--record", "run", "-o", "w.png"];
    let said = folder.run(&words);
    assert_eq!(said.code, 0, "{}", said.err);
    let published = [
        "0.8970", "0.9104", "0.9158", "0.9184", "0.9204", "0.9226", "0.9240", "0.9248", "0.9264",
        "0.9260", "0.9260",
    ];
    let lines: Vec<&str> = said.out.lines().filter(|line| line.contains("accuracy")).collect();
    assert_eq!(lines.len(), 11, "{}", said.out);
    for (line, accuracy) in lines.iter().zip(published) {
        assert!(line.contains(&format!("accuracy {accuracy} ")), "{line}, not {accuracy}");
    }
    assert!(said.out.contains("from -0.245477 to 0.206278"), "{}", said.out);
    let said = folder.run(&[
        "animate",
        "run",
        "-t",
        "weight",
        "--preset",
        "mnist-weights",
        "-o",
        "learn.gif",
    ]);
    assert_eq!(said.code, 0, "{}", said.err);
}
