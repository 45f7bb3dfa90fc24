//! `hinton view`: what it prints, and that "copy as command" tells the truth.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use hinton_view::{Quiet, Viewer};

fn hinton() -> Command {
    Command::new(env!("CARGO_BIN_EXE_hinton"))
}

fn folder(name: &str) -> PathBuf {
    let folder = std::env::temp_dir().join(format!("hinton-cli-{name}-{}", std::process::id()));
    let _ = std::fs::remove_dir_all(&folder);
    std::fs::create_dir_all(&folder).unwrap();
    folder
}

fn model(folder: &Path) -> PathBuf {
    let path = folder.join("it's a model.safetensors");
    let wave =
        |count: usize| -> Vec<f32> { (0..count).map(|at| (at * 37 % 101) as f32 - 50.0).collect() };
    let tensors = [
        hinton::tensor_of("fc 1.weight", &[70, 90], &wave(6300)).unwrap(),
        hinton::tensor_of("conv", &[4, 3, 5, 5], &wave(300)).unwrap(),
        hinton::tensor_of("bias", &[7], &wave(7)).unwrap(),
    ];
    hinton::export(tensors, &path).unwrap();
    path
}

#[test]
fn the_command_of_a_picture_makes_the_picture() {
    let folder = folder("command");
    let viewer = Viewer::open(&[model(&folder)], 2).unwrap();
    for query in [
        "t=0",
        "t=0&map=viridis&range=-20,20&scale=symlog&dark=1",
        "t=0&fold=e&format=svg&as=heatmap",
        "t=0&v=%5B3:9,::2%5D1/0&format=svg",
        "t=1",
        "t=1&v=%5B0%5D&format=pdf",
        "t=2&theme=paper",
    ] {
        let picture = viewer.answer("picture", query, &Quiet).unwrap().bytes;
        let answer = viewer.answer("command", query, &Quiet).unwrap().bytes;
        let answer: serde_json::Value = serde_json::from_slice(&answer).unwrap();
        let words: Vec<String> = serde_json::from_value(answer["words"].clone()).unwrap();
        let made = folder.join(words.last().unwrap());
        let mut command = hinton();
        command.args(&words[1..words.len() - 1]).arg(&made);
        let output = command.output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        assert!(std::fs::read(&made).unwrap() == picture, "{query}: {}", answer["command"]);
        // The same as one line for a shell.
        if cfg!(unix) {
            let line = answer["command"].as_str().unwrap();
            let read = Command::new("sh").arg("-c").arg(format!("printf '%s\\n' {line}")).output();
            let read = String::from_utf8(read.unwrap().stdout).unwrap();
            assert_eq!(read.lines().collect::<Vec<_>>(), words);
        }
    }
    std::fs::remove_dir_all(&folder).unwrap();
}

#[test]
fn the_address_is_printed_and_answers_until_the_program_is_ended() {
    let folder = folder("address");
    let mut process = hinton()
        .arg("view")
        .arg(model(&folder))
        .args(["--no-open"])
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut line = String::new();
    BufReader::new(process.stdout.as_mut().unwrap()).read_line(&mut line).unwrap();
    let rest = line.trim_end().strip_prefix("http://127.0.0.1:").unwrap();
    let (port, key) = rest.split_once("/#k=").unwrap();
    assert_eq!(key.len(), 32);
    let mut stream = std::net::TcpStream::connect(("127.0.0.1", port.parse().unwrap())).unwrap();
    let request = format!(
        "GET /api/catalogue HTTP/1.1\r\nHost: localhost\r\nX-Hinton-Key: {key}\r\nConnection: close\r\n\r\n"
    );
    std::io::Write::write_all(&mut stream, request.as_bytes()).unwrap();
    let mut answer = String::new();
    std::io::Read::read_to_string(&mut stream, &mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 200") && answer.contains("fc 1.weight"), "{answer}");
    process.kill().unwrap();
    process.wait().unwrap();
    std::fs::remove_dir_all(&folder).unwrap();
}

#[test]
fn what_cannot_be_served_is_said() {
    for (words, why) in [
        (vec!["view", "/nowhere.safetensors"], "no such file"),
        (vec!["view", "Cargo.toml", "--no-open"], "text, not weights"),
        (vec!["view", "x", "--port", "70000"], "70000"),
        (vec!["view", "x", "--host", "evil.example"], "evil.example"),
    ] {
        let output = hinton().args(words).output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr).to_lowercase();
        assert!(!output.status.success() && said.contains(why), "{said}");
    }
}
