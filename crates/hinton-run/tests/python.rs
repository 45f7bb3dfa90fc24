//! Run folders between Python's safetensors and ours: the example of docs/run-format.md runs as it
//! stands, and what we write loads there. Skipped, with a word, where Python has no safetensors.

use crate::common;

use std::path::Path;
use std::process::Command;

use common::{Folder, append, numbers, open_in, said, values};
use hinton_run::{RunKind, RunWriter};

fn python() -> Option<Command> {
    let name = std::env::var_os("HINTON_PYTHON").unwrap_or_else(|| "python3".into());
    let mut check = Command::new(&name);
    check.args(["-c", "import numpy, safetensors.numpy"]);
    if check.output().is_ok_and(|output| output.status.success()) {
        return Some(Command::new(name));
    }
    let why = format!("{name:?} has no numpy and safetensors; set HINTON_PYTHON");
    hinton_testing::skip("python", &why);
    None
}

fn run(python: &mut Command, folder: &Folder, script: &str) -> String {
    let output = python.args(["-c", script]).current_dir(folder.root()).output().unwrap();
    let errors = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{errors}");
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn the_example_of_the_documentation_makes_a_run() {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/run-format.md");
    let page = std::fs::read_to_string(page).unwrap();
    let script = page.split("```python\n").nth(1).unwrap().split("```").next().unwrap();
    assert!(script.lines().count() <= 15, "the page promises a short one");
    let Some(mut python) = python() else { return };
    let folder = Folder::new();
    run(&mut python, &folder, script);
    let opened = open_in(&folder, &["my-run"]).unwrap();
    assert_eq!(opened.kind, RunKind::RunFolder);
    assert_eq!(numbers(&opened), (0..100).collect::<Vec<u64>>());
    assert_eq!(opened.trained.as_deref(), Some("a random walk"));
    assert_eq!(said(&opened), "");
    let last = values(&opened, 99, "w");
    let size = last.iter().map(|value| f64::from(value.abs())).sum::<f64>() / 80.0;
    assert!((opened.steps[99].metric("size").unwrap() - size).abs() < 1e-5);
}

#[test]
fn python_loads_what_we_write() {
    let Some(mut python) = python() else { return };
    let folder = Folder::new();
    let mut writer =
        RunWriter::create(folder.root(), "a \"quoted\" name\n", "{\"lr\": 0.1}").unwrap();
    append(&mut writer, 7, 2).unwrap();
    let script = "import json\nfrom safetensors import safe_open\n\
        print(json.load(open('run.json'))['trained'] == 'a \"quoted\" name\\n')\n\
        print(json.loads(open('metrics.jsonl').readline())['metrics']['loss'])\n\
        with safe_open('steps/7.safetensors', 'np') as file:\n  \
          print(file.metadata()['step'], file.get_tensor('w').tolist())\n";
    let told = run(&mut python, &folder, script);
    assert_eq!(told, "True\n0.125\n7 [[7.0, 7.0, 7.0], [7.0, 7.0, 7.0]]\n");
}
