//! Checkpoints as steps of a run, through the command: films, strips, pages, curves and lists.

use crate::support;

use serde_json::Value;
use support::{Folder, safetensors};

const MLP: &str = "digits_mlp.safetensors";

fn json(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_else(|error| panic!("{error}: {text}"))
}

/// Three checkpoints of one matrix of which one value grows.
fn checkpoints(folder: &Folder) {
    std::fs::create_dir(folder.path().join("run")).unwrap();
    for step in 1..=3u8 {
        let mut bytes = safetensors(&["w"]);
        // The last value is the one that differs.
        let last = bytes.len() - 4;
        bytes.splice(last.., (f32::from(step) * 3.0).to_le_bytes());
        folder.write(&format!("run/epoch_{step}.safetensors"), &bytes);
    }
}

#[test]
fn runs_become_films_and_strips() {
    let folder = Folder::new();
    checkpoints(&folder);
    for file in ["w.gif", "w.webp", "w.apng", "w.png"] {
        let words = ["animate", "run", "-t", "w", "--as", "heatmap", "--fps", "10", "-o", file];
        let said = folder.run(&words);
        assert_eq!(said.code, 0, "{}", said.err);
        // A film in a picture's name is said to be one.
        assert_eq!(said.err.contains("this is a film (apng)"), file == "w.png", "{}", said.err);
    }
    let gif = folder.read("w.gif");
    assert!(gif.starts_with(b"GIF89a"));
    let delay = [0x21, 0xf9, 4];
    let frames = gif.windows(3).filter(|bytes| *bytes == delay).count();
    assert_eq!(frames, 3);
    folder.ok(&["animate", "run", "--strip", "2", "-o", "strip.svg"]);
    let strip = String::from_utf8(folder.read("strip.svg")).unwrap();
    assert!(strip.contains("step 1") && strip.contains("step 3") && !strip.contains("step 2"));
    folder.ok(&["animate", "run", "--morph", "1", "--range", "per-frame", "-o", "frames/"]);
    assert_eq!(std::fs::read_dir(folder.path().join("frames")).unwrap().count(), 5);
    let said = folder.run(&["animate", "run", "--show", "change", "-o", "c.gif"]);
    assert_eq!((said.code, said.err.as_str()), (0, "note: step 1 is compared with, not shown\n"));
    assert_eq!(
        folder.made(),
        ["c.gif", "frames", "run", "strip.svg", "w.apng", "w.gif", "w.png", "w.webp"]
    );
}

#[test]
fn films_that_make_no_sense_are_refused() {
    let folder = Folder::new();
    checkpoints(&folder);
    fn animate<'a>(args: &[&'a str]) -> Vec<&'a str> {
        [&["animate", "run"], args].concat()
    }
    assert!(folder.fails(2, &animate(&["-o", "w.bmp"])).contains(".gif"));
    assert!(folder.fails(2, &animate(&["-o", "w.gif", "--steps", "5..1"])).contains("--steps"));
    assert!(folder.fails(2, &animate(&["-o", "w.gif", "--hold", "x"])).contains("--hold"));
    assert!(folder.fails(2, &animate(&["-o", "w.gif", "--fps", "0"])).contains("--fps"));
    assert!(folder.fails(1, &animate(&["-o", "w.gif", "--metric", "loss"])).contains("--metric"));
    assert!(folder.fails(1, &animate(&["-o", "w.gif", "-t", "v"])).contains("no tensor"));
    assert_eq!(folder.made(), ["run"]);
}

#[test]
fn steps_of_runs_are_listed() {
    let folder = Folder::new();
    checkpoints(&folder);
    let text = folder.ok(&["inspect", "run"]).out;
    assert!(text.starts_with("run: checkpoints, 3 steps, 1 tensor\n"), "{text}");
    assert!(text.contains("epoch_2.safetensors") && text.contains("1 to 3"), "{text}");
    let report = json(&folder.ok(&["inspect", "run", "--json"]).out);
    assert_eq!(report["steps"][2]["number"], 3);
    assert_eq!(report["tensors"][0]["spans"][0]["shape"], serde_json::json!([2, 3]));
    let said = folder.run(&["inspect", MLP, "--steps"]);
    assert!(said.err.contains("note: ") && said.err.contains("one step"), "{}", said.err);
    let one = said.out;
    assert!(one.contains("1 step,"), "{one}");
}

#[test]
fn runs_become_pages_curves_and_single_steps() {
    let folder = Folder::new();
    checkpoints(&folder);
    let log = b"{\"epoch\":1,\"loss\":2}\n{\"epoch\":2,\"loss\":1}\n{\"epoch\":3,\"loss\":NaN}\n";
    folder.write("run/metrics.jsonl", log);
    let svg = |args: &[&str]| {
        let said = folder.run(&[&["draw", "run"], args, &["-o", "x.svg"]].concat());
        assert_eq!(said.code, 0, "{}", said.err);
        (String::from_utf8(folder.read("x.svg")).unwrap(), said.err)
    };
    let (page, notes) = svg(&[]);
    for words in ["Learning", "How values spread", "At the last step", "3 recorded steps"] {
        assert!(page.contains(words), "{words}");
    }
    assert!(notes.contains("note: no confusion matrix is recorded"), "{notes}");
    let (curve, notes) = svg(&["--metric", "loss"]);
    assert!(curve.contains("lowest 1 at epoch 2"), "{curve}");
    assert!(notes.contains("1 value is NaN, at 3"), "{notes}");
    assert!(svg(&["-t", "w", "--step", "2"]).0.contains("step 2, 2 of 3"));
    assert!(svg(&["-t", "w", "--as", "distribution"]).0.contains("3 steps, 1 … 3"));
    let text = folder.fails(1, &["draw", "run", "--step", "9", "-o", "y.svg"]);
    assert!(text.contains("help: the nearest are 3"), "{text}");
    let text = folder.fails(2, &["draw", "run", MLP, "-o", "y.svg"]);
    assert!(text.contains("is a training run"), "{text}");
    let text = folder.fails(2, &["draw", "run", "-o", "{}.svg"]);
    assert!(text.contains("hinton animate RUN"), "{text}");
    let text = folder.fails(2, &["animate", "run", "--as", "curve", "-o", "y.gif"]);
    assert!(text.contains("draw the run with --as curve"), "{text}");
}

/// What a folder is taken for is overruled by a word.
#[test]
fn a_folder_is_what_is_said() {
    let folder = Folder::new();
    std::fs::create_dir(folder.path().join("dates")).unwrap();
    for day in ["01", "02"] {
        folder.write(&format!("dates/m_2023-01-{day}.safetensors"), &safetensors(&["w"]));
    }
    let text = folder.fails(1, &["inspect", "dates"]);
    assert!(text.contains("--as-run takes all of them for steps"), "{text}");
    let said = folder.run(&["inspect", "dates", "--as-run"]);
    let run = said.out;
    assert!(said.code == 0 && said.err.contains("numbered from 0"), "{}", said.err);
    assert!(run.contains("checkpoints, 2 steps, 1 tensor"), "{run}");
    let files = folder.ok(&["inspect", "dates", "--as-files"]).out;
    assert_eq!(files.matches("safetensors, 1 tensor").count(), 2, "{files}");
    checkpoints(&folder);
    let files = folder.ok(&["check", "run", "--as-files"]).out;
    assert_eq!(files.matches("nothing wrong").count(), 3, "{files}");
    assert_eq!(folder.run(&["draw", "dates", "--as-run", "-o", "x.png"]).code, 0);
    folder.fails(2, &["inspect", "dates", "--as-run", "--as-files"]);
}

/// The same words in a film and in a comparison.
#[test]
fn films_and_comparisons_take_a_folder_as_is_said() {
    let folder = Folder::new();
    std::fs::create_dir(folder.path().join("dates")).unwrap();
    for day in ["01", "02"] {
        folder.write(&format!("dates/m_2023-01-{day}.safetensors"), &safetensors(&["w"]));
    }
    folder.fails(2, &["animate", "dates", "-t", "w", "-o", "x.gif"]);
    // That the steps are numbered by their place is said.
    let as_run = |args: &[&str]| {
        let said = folder.run(args);
        assert!(said.code == 0 && said.err.contains("numbered from 0"), "{args:?}: {}", said.err);
        said.out
    };
    as_run(&["animate", "dates", "--as-run", "-t", "w", "-o", "x.gif"]);
    assert!(folder.read("x.gif").starts_with(b"GIF89a"));
    let text = folder.fails(2, &["animate", "dates", "--as-files", "-o", "y.gif"]);
    assert!(text.contains("each of the 2 files holds one step"), "{text}");

    folder.fails(2, &["diff", "dates"]);
    let steps = as_run(&["diff", "dates", "--as-run"]);
    assert!(steps.starts_with("dates"), "{steps}");
    as_run(&["diff", "dates", "--as-run", "-o", "change.gif"]);
    let files = folder.ok(&["diff", "dates", "--as-files"]).out;
    assert!(files.contains("identical: 1 tensor"), "{files}");
    folder.write("dates/m_2023-01-03.safetensors", &safetensors(&["w"]));
    let text = folder.fails(2, &["diff", "dates", "--as-files"]);
    assert!(text.contains("wants two files, 3 are named") && text.contains("m_2023"), "{text}");
    let one = "dates/m_2023-01-01.safetensors";
    let text = folder.fails(2, &["diff", "dates", one, "--as-run"]);
    assert!(text.contains("a run is compared with no other file"), "{text}");
}
