//! The run folder: written, read back, read while written, and made by an enemy.

use crate::common;

use common::{Folder, append, numbers, one, open_in, safetensors, said, says, values};
use hinton_run::{NewStep, NewTensor, RunError, RunKind, RunWriter, is_run_folder};
use hinton_tensor::Dtype;

fn written(folder: &Folder, steps: &[u64]) -> RunWriter {
    let settings = r#"{"lr": 0.1, "batch": 32, "a": [1, null]}"#;
    let mut writer = RunWriter::create(folder.root(), "softmax on MNIST", settings).unwrap();
    steps.iter().for_each(|step| append(&mut writer, *step, 2).unwrap());
    writer
}

#[test]
fn what_is_written_is_read() {
    let folder = Folder::new();
    let mut writer = written(&folder, &[0, 9, 10, 100]);
    writer.log(50, None, &[("loss", 0.5), ("bad", f64::NAN)]).unwrap();
    assert_eq!(writer.last(), Some(100));
    assert!(is_run_folder(folder.root()));
    let run = open_in(&folder, &["."]).unwrap();
    assert_eq!(run.kind, RunKind::RunFolder);
    assert_eq!(numbers(&run), [0, 9, 10, 100]);
    assert_eq!(run.trained.as_deref(), Some("softmax on MNIST"));
    assert_eq!(run.settings.as_deref(), Some(r#"{"lr":0.1,"batch":32,"a":[1,null]}"#));
    assert_eq!(values(&run, 2, "w"), [10.0; 6]);
    assert_eq!((run.steps[1].time, run.steps[1].metric("loss")), (Some(4.5), Some(0.1)));
    let numbers: Vec<u64> = run.series("loss").iter().map(|point| point.0).collect();
    assert_eq!(numbers, [0, 9, 10, 50, 100]);
    assert_eq!(run.metric_names(), ["loss", "bad"]);
    assert_eq!(said(&run), "");
}

#[test]
fn every_dtype_of_safetensors_is_written() {
    let folder = Folder::new();
    let mut writer = RunWriter::create(folder.root(), "", "").unwrap().durable();
    let names: Vec<String> = Dtype::ALL.iter().map(|dtype| dtype.name().to_owned()).collect();
    let bytes = [0u8; 64];
    let all = Dtype::ALL.iter().zip(&names).filter(|(dtype, _)| **dtype != Dtype::C128);
    // Four values of any dtype fill whole bytes.
    let tensors: Vec<NewTensor<'_>> = all
        .map(|(&dtype, name)| {
            let len = dtype.bytes_of(4).unwrap() as usize;
            NewTensor { name, dtype, shape: &[2, 2], bytes: &bytes[..len] }
        })
        .collect();
    writer.append(&NewStep { number: 1, tensors: &tensors, ..NewStep::default() }).unwrap();
    let run = open_in(&folder, &["."]).unwrap();
    assert_eq!(run.tensor_names().len(), Dtype::ALL.len() - 1);
    for tensor in run.tensor_names() {
        assert_eq!(tensor.dtype().unwrap().name(), tensor.name);
    }
}

#[test]
fn the_writer_refuses_what_would_not_be_a_run() {
    let folder = Folder::new();
    let mut writer = written(&folder, &[5]);
    let error = append(&mut writer, 5, 2).unwrap_err();
    assert!(error.to_string().contains("step 5 comes after step 5"), "{error}");
    assert!(append(&mut writer, 4, 2).is_err());

    let w = NewTensor { name: "w", dtype: Dtype::F32, shape: &[3], bytes: &[0; 12] };
    let refused = |tensors: &[NewTensor<'_>], words: &str| {
        let mut writer = RunWriter::resume(folder.root()).unwrap();
        let step = NewStep { number: 6, tensors, ..NewStep::default() };
        let error = writer.append(&step).unwrap_err().to_string();
        assert!(error.contains(words), "{error}");
    };
    refused(&[], "step 6 has no tensors");
    refused(&[w, w], "\"w\": its name is taken");
    refused(&[NewTensor { shape: &[4], ..w }], "12 bytes do not fill shape [4] of f32");
    refused(&[NewTensor { shape: &[usize::MAX, 9], ..w }], "do not fill");
    refused(&[NewTensor { dtype: Dtype::C128, ..w }], "safetensors has no c128");
    refused(&[NewTensor { name: "__metadata__", ..w }], "its name is taken");

    let error = RunWriter::create(folder.root(), "", "").unwrap_err();
    assert!(error.to_string().contains("there is a run in this folder already"));
    assert!(error.cure_text().unwrap().contains("resume"));
    let other = Folder::new();
    assert!(RunWriter::create(other.root(), "", "{").unwrap_err().to_string().contains("not JSON"));
    assert!(matches!(RunWriter::resume(other.root()), Err(RunError::Request { .. })));
    let file = other.put("file", "x");
    assert!(matches!(RunWriter::create(&file, "", ""), Err(RunError::Write { .. })));
    assert_eq!(numbers(&open_in(&folder, &["."]).unwrap()), [5]);
}

#[test]
fn a_run_without_steps_is_a_run() {
    let folder = Folder::new();
    written(&folder, &[]);
    let run = open_in(&folder, &["."]).unwrap();
    assert!(run.steps.is_empty() && run.tensor_names().is_empty());
    assert!(says(&run, "there are no steps yet"));
    assert!(run.checkpoint(0).is_err());
}

#[test]
fn two_writers_do_not_overwrite_each_other() {
    let folder = Folder::new();
    let mut first = written(&folder, &[1]);
    let mut second = RunWriter::resume(folder.root()).unwrap();
    append(&mut first, 2, 4).unwrap();
    let error = append(&mut second, 2, 2).unwrap_err();
    assert!(error.to_string().contains("another writer"), "{error}");
    assert_eq!(values(&open_in(&folder, &["."]).unwrap(), 1, "w").len(), 12);
}

#[test]
fn a_run_is_read_while_it_is_written() {
    let folder = Folder::new();
    let mut writer = written(&folder, &[]);
    const LAST: u64 = 300;
    std::thread::scope(|scope| {
        scope.spawn(|| {
            (1..=LAST).for_each(|step| append(&mut writer, step, 500).unwrap());
        });
        let mut seen = 0;
        while seen < LAST {
            let run = open_in(&folder, &["."]).unwrap();
            let have = numbers(&run);
            assert_eq!(have, (1..=have.len() as u64).collect::<Vec<_>>());
            assert!(have.len() as u64 >= seen, "steps do not go away");
            seen = have.len() as u64;
            for (at, step) in run.steps.iter().enumerate() {
                assert_eq!(step.broken, None, "step {}", step.number);
                assert!(step.metric("loss").is_some(), "step {}", step.number);
                if at + 5 > run.steps.len() {
                    assert_eq!(values(&run, at, "w"), vec![step.number as f32; 1500]);
                }
            }
            assert!(!says(&run, "no file"), "{}", said(&run));
        }
    });
}

#[test]
fn metrics_cut_at_every_byte_lose_their_last_line_only() {
    let folder = Folder::new();
    written(&folder, &[1, 2, 3]);
    let whole = std::fs::read(folder.path("metrics.jsonl")).unwrap();
    for cut in 0..whole.len() {
        folder.put("metrics.jsonl", &whole[..cut]);
        let run = open_in(&folder, &["."]).unwrap();
        assert_eq!(numbers(&run), [1, 2, 3]);
        // What the lines do not say any more, the steps do.
        for step in &run.steps {
            assert_eq!(step.metric("loss"), Some(1.0 / (step.number + 1) as f64), "cut at {cut}");
            assert_eq!(step.time, Some(step.number as f64 / 2.0));
        }
        let before = whole[..cut].last().is_none_or(|byte| *byte == b'\n');
        let ends = whole[cut] == b'\n';
        assert_eq!(says(&run, "its last line is cut short"), !before && !ends, "cut at {cut}");

        // A writer that goes on leaves whole lines only.
        let mut writer = RunWriter::resume(folder.root()).unwrap();
        writer.log(9, None, &[("loss", 0.0)]).unwrap();
        let run = open_in(&folder, &["."]).unwrap();
        assert_eq!(said(&run), "", "cut at {cut}");
        assert_eq!(run.series("loss").len(), 4);
    }
}

#[test]
fn a_step_cut_at_every_byte_is_the_only_one_lost() {
    let folder = Folder::new();
    written(&folder, &[1, 2, 3]);
    let whole = std::fs::read(folder.path("steps/3.safetensors")).unwrap();
    for cut in 0..whole.len() {
        // As a writer leaves it that is killed: under the temporary name.
        std::fs::remove_file(folder.path("steps/3.safetensors")).ok();
        folder.put("steps/.3.safetensors.hinton-tmp", &whole[..cut]);
        folder.put("metrics.jsonl", "");
        let run = open_in(&folder, &["."]).unwrap();
        assert_eq!(numbers(&run), [1, 2]);
        assert!(says(&run, "a temporary file: a step is being written"));
        let mut writer = RunWriter::resume(folder.root()).unwrap();
        assert_eq!(writer.last(), Some(2));
        assert!(!folder.path("steps/.3.safetensors.hinton-tmp").exists());
        append(&mut writer, 3, 2).unwrap();
        assert_eq!(numbers(&open_in(&folder, &["."]).unwrap()), [1, 2, 3]);
        // As a disk leaves it that lost its power: under its own name.
        folder.put("steps/3.safetensors", &whole[..cut]);
        let run = open_in(&folder, &["."]).unwrap();
        assert_eq!(numbers(&run), [1, 2, 3]);
        assert!(run.steps[2].broken.is_some(), "cut at {cut}");
        assert_eq!(values(&run, 1, "w"), [2.0; 6]);
        // It is gone on with from the step before.
        let mut writer = RunWriter::resume(folder.root()).unwrap();
        assert_eq!((writer.last(), writer.removed()), (Some(2), &[3][..]), "cut at {cut}");
        append(&mut writer, 3, 2).unwrap();
        assert!(open_in(&folder, &["."]).unwrap().steps[2].broken.is_none());
        assert!(RunWriter::resume(folder.root()).unwrap().removed().is_empty());
    }
}

#[test]
fn a_writer_killed_before_its_first_step_leaves_a_folder_that_can_be_used() {
    // Between making run.json and giving it its name.
    let folder = Folder::new();
    folder.put(".run.json.hinton-tmp", "{");
    assert!(hinton_run::is_unbegun(folder.root()));
    written(&folder, &[]);
    assert!(!folder.path(".run.json.hinton-tmp").exists());
    // Between run.json and the first step.
    folder.put("steps/.0.safetensors.hinton-tmp", "cut");
    written(&folder, &[1, 2]);
    assert_eq!(said(&open_in(&folder, &["."]).unwrap()), "");
    assert!(RunWriter::create(folder.root(), "", "").is_err(), "now it is a run");
    // A run.json whose bytes never came to the disk.
    let empty = Folder::new();
    empty.put("run.json", "");
    assert!(hinton_run::is_unbegun(empty.root()));
    written(&empty, &[1]);
    // What is not ours stays: settings of another program, metrics, steps.
    for (name, text) in [
        ("run.json", "{\"format\": \"other\"}"),
        ("metrics.jsonl", "{\"step\": 1}\n"),
        ("steps/1.safetensors", "cut"),
    ] {
        let other = Folder::new();
        other.put(name, text);
        assert!(!hinton_run::is_unbegun(other.root()), "{name}");
        assert!(RunWriter::create(other.root(), "", "").is_err(), "{name}");
    }
}

#[test]
fn only_damaged_steps_at_the_end_are_removed() {
    let folder = Folder::new();
    written(&folder, &[1, 2, 3]);
    folder.put("steps/2.safetensors", "cut");
    folder.put("steps/7.safetensors", "cut");
    folder.put("steps/18446744073709551615.safetensors", "");
    let writer = RunWriter::resume(folder.root()).unwrap();
    assert_eq!((writer.last(), writer.removed()), (Some(3), &[u64::MAX, 7][..]));
    assert!(folder.path("steps/2.safetensors").exists());
}

#[test]
fn hostile_steps() {
    let folder = Folder::new();
    written(&folder, &[1, 2, 3, 4]);
    std::fs::remove_file(folder.path("steps/2.safetensors")).unwrap();
    folder.put("steps/18446744073709551615.safetensors", one(8.0));
    folder.put("steps/18446744073709551616.safetensors", one(8.0));
    folder.put("steps/99999999999999999999999999.safetensors", one(8.0));
    folder.put(
        "steps/007.safetensors",
        safetensors(&[("w", &[9, 3], &[7.0; 27])], r#"{"step":"8"}"#),
    );
    folder.put("steps/7.safetensors", one(7.0));
    folder.put("steps/-1.safetensors", one(7.0));
    folder.put("steps/readme.txt", "x");
    folder.put("steps/5.safetensors/inner", "x");
    folder.put("notes.md", "x");
    let run = open_in(&folder, &["."]).unwrap();
    assert_eq!(numbers(&run), [1, 3, 4, 5, 7, 7, u64::MAX]);
    assert!(run.steps[3].broken.is_some(), "a folder is no step");
    for words in [
        "calls them saved, but there is no file: step 2",
        "\"18446744073709551616.safetensors\": not part of the run: its name is not a number",
        "\"99999999999999999999999999.safetensors\"",
        "\"-1.safetensors\"",
        "\"readme.txt\": not part of the run",
        "\"notes.md\": not part of the run",
        "several steps have the number 7: \"007.safetensors\", \"7.safetensors\"",
        "its metadata say step \"8\"; the name holds",
        "its shape changes from [2, 3] to [9, 3] in step 7",
    ] {
        assert!(says(&run, words), "{words}\n{}", said(&run));
    }
}

#[test]
fn a_run_json_that_lies() {
    let folder = Folder::new();
    written(&folder, &[1, 2]);
    let opened = |text: &[u8]| {
        folder.put("run.json", text);
        open_in(&folder, &["."])
    };
    let later = opened(br#"{"format": "hinton-run", "version": 2}"#).unwrap_err();
    assert!(later.to_string().contains("of version 2"), "{later}");
    assert!(later.cure_text().unwrap().contains("newer"));
    let odd = opened(br#"{"format": "hinton-run", "version": -3, "steps": 99}"#).unwrap();
    assert!(says(&odd, "its version is -3") && says(&odd, "keys without a meaning: \"steps\""));
    assert_eq!(odd.steps.len(), 2);
    let wrong = opened(br#"{"format": "hinton-run", "version": 1, "trained": [1], "settings": 5}"#);
    let wrong = wrong.unwrap();
    assert_eq!((wrong.trained, wrong.settings.as_deref()), (None, Some("5")));
    for damaged in [&b"{\"format\": \"hinton-run\", \"ver"[..], b"", "[".repeat(9999).as_bytes()] {
        let run = opened(damaged).unwrap();
        assert_eq!(run.kind, RunKind::RunFolder);
        assert!(says(&run, "it cannot be read, the settings are unknown"), "{}", said(&run));
    }
    std::fs::remove_file(folder.path("run.json")).unwrap();
    let missing = open_in(&folder, &["."]).unwrap();
    assert!(says(&missing, "it is not there"));
    // The run.json of another program does not make a run folder.
    let other = Folder::new();
    other.put("run.json", r#"{"format": "other"}"#);
    other.put("e1.safetensors", one(1.0));
    other.put("e2.safetensors", one(2.0));
    assert!(!is_run_folder(other.root()));
    assert_eq!(open_in(&other, &["."]).unwrap().kind, RunKind::Checkpoints);
}

#[test]
fn hostile_metrics() {
    let folder = Folder::new();
    written(&folder, &[1, 2]);
    let lines = "\u{feff}{\"step\": 1, \"metrics\": {\"loss\": 1e999}}\n[]\n{\"step\": \"x\"}\n\
                 {\"step\": 2, \"metrics\": {\"loss\": 7}}\n{\"step\": 2, \"metrics\": {\"loss\": 8}}\n\
                 {\"step\": 1e300}\n{\"step\": 18446744073709551615, \"loss\": -Infinity}\n\0\u{7f}\n";
    folder.put("metrics.jsonl", lines);
    let run = open_in(&folder, &["."]).unwrap();
    assert_eq!(run.steps[0].metric("loss"), Some(0.5), "from the step itself");
    assert_eq!(run.steps[1].metric("loss"), Some(8.0));
    assert_eq!(run.series("loss").last(), Some(&(u64::MAX, f64::NEG_INFINITY)));
    for words in ["line 1 is not used", "line 2 is not used", "line 3 is not used: its step is"] {
        assert!(says(&run, words), "{words}\n{}", said(&run));
    }
    assert!(says(&run, "\"loss\": the metric has several values for 1 steps"), "{}", said(&run));
    folder.put("metrics.jsonl", "x\n".repeat(10_000));
    let run = open_in(&folder, &["."]).unwrap();
    assert!(run.warnings.len() < 30 && says(&run, "9980 more lines"), "{}", said(&run));
}

#[cfg(unix)]
#[test]
fn links_out_of_the_run_folder_are_refused() {
    use std::os::unix::fs::symlink;
    let secret = Folder::new();
    let file = secret.put("1.safetensors", one(1.0));
    let text = secret.put("text", "{\"step\": 1, \"metrics\": {\"secret\": 1}}\n");
    let folder = Folder::new();
    written(&folder, &[1, 2]);
    symlink(&file, folder.path("steps/3.safetensors")).unwrap();
    symlink("2.safetensors", folder.path("steps/4.safetensors")).unwrap();
    std::fs::remove_file(folder.path("metrics.jsonl")).unwrap();
    symlink(&text, folder.path("metrics.jsonl")).unwrap();
    let run = open_in(&folder, &["."]).unwrap();
    assert_eq!(numbers(&run), [1, 2, 3, 4]);
    let error = run.steps[2].broken.as_ref().unwrap().to_string();
    assert!(error.contains("leads out of the run folder"), "{error}");
    assert!(run.checkpoint(2).is_err());
    assert!(run.steps[3].broken.is_none(), "a link inside is fine");
    assert!(says(&run, "\"metrics.jsonl\": not used: it is a link that leads out"));
    assert!(run.series("secret").is_empty());
    // A link that comes later is refused when the step is read.
    std::fs::remove_file(folder.path("steps/1.safetensors")).unwrap();
    symlink(&file, folder.path("steps/1.safetensors")).unwrap();
    assert!(run.tensor(0, "w").is_err());

    assert!(RunWriter::resume(folder.root()).is_err());
    std::fs::remove_file(&text).unwrap();
    assert!(RunWriter::resume(folder.root()).is_err(), "nor is a new file made behind a link");

    let moved = Folder::new();
    written(&moved, &[1]);
    std::fs::rename(moved.path("steps"), secret.path("steps")).unwrap();
    symlink(secret.path("steps"), moved.path("steps")).unwrap();
    assert!(open_in(&moved, &["."]).unwrap_err().to_string().contains("leads out"));
    assert!(RunWriter::resume(moved.root()).is_err(), "nothing is written through it");
}

#[cfg(unix)]
#[test]
fn pipes_are_not_waited_for() {
    let folder = Folder::new();
    written(&folder, &[1]);
    for number in 1..=2 {
        folder.put(&format!("list/e{number}.safetensors"), one(0.0));
    }
    let pipes = ["steps/2.safetensors", "list/e3.safetensors", "list/log.json"];
    std::fs::remove_file(folder.path("metrics.jsonl")).unwrap();
    for name in pipes.into_iter().chain(["metrics.jsonl"]) {
        let made = std::process::Command::new("mkfifo").arg(folder.path(name)).status();
        if !made.is_ok_and(|status| status.success()) {
            println!("skipped: there is no mkfifo");
            return;
        }
    }
    let run = open_in(&folder, &["."]).unwrap();
    assert!(run.steps[1].broken.as_ref().unwrap().to_string().contains("a pipe or a device"));
    assert!(says(&run, "\"metrics.jsonl\": not used: it is a pipe or a device"), "{}", said(&run));
    let list = open_in(&folder, &["list"]).unwrap();
    assert!(list.steps.len() == 3 && list.steps[2].broken.is_some());
    assert!(says(&list, "not part of the run: \"log.json\""), "{}", said(&list));
    let error = open_in(&folder, &[".", "list"]).unwrap_err();
    assert!(error.to_string().contains("a run by itself"), "{error}");
}
