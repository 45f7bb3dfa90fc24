//! Runs that are odd, hostile or still being written, through the command: what cannot be shown is
//! told, what can is shown.

use crate::decode;
use crate::support;

use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};

use support::{Folder, Said, pause};

/// A safetensors file of f32 tensors.
fn tensors(tensors: &[(&str, &[usize], f32)]) -> Vec<u8> {
    let (mut entries, mut data) = (Vec::new(), Vec::new());
    for (name, shape, value) in tensors {
        let begin = data.len();
        for at in 0..shape.iter().product::<usize>() {
            data.extend_from_slice(&(value * (at + 1) as f32).to_le_bytes());
        }
        let end = data.len();
        entries.push(format!(
            "\"{name}\":{{\"dtype\":\"F32\",\"shape\":{shape:?},\"data_offsets\":[{begin},{end}]}}"
        ));
    }
    let header = format!("{{{}}}", entries.join(","));
    let mut file = (header.len() as u64).to_le_bytes().to_vec();
    file.extend_from_slice(header.as_bytes());
    file.extend_from_slice(&data);
    file
}

/// A run folder of steps of these tensors.
fn run(folder: &Folder, steps: &[&[(&str, &[usize], f32)]]) {
    std::fs::create_dir_all(folder.path().join("run/steps")).unwrap();
    folder.write("run/run.json", br#"{"format":"hinton-run","version":1}"#);
    for (step, all) in steps.iter().enumerate() {
        folder.write(&format!("run/steps/{step}.safetensors"), &tensors(all));
    }
}

/// Plays it, and gives what was said and the number of pictures.
fn play(folder: &Folder, more: &[&str]) -> (Said, usize) {
    let _ = std::fs::remove_file(folder.path().join("film.gif"));
    let said = folder.run(&[&["animate", "run", "-o", "film.gif"], more].concat());
    let is_there = folder.path().join("film.gif").exists();
    assert_eq!(is_there, said.code == 0, "{}", said.err);
    let pictures = if is_there { decode::decode_gif(&folder.read("film.gif")).len() } else { 0 };
    (said, pictures)
}

/// Plays it, expects this many pictures, and these words among the notes.
#[track_caller]
fn plays(folder: &Folder, pictures: usize, words: &[&str]) {
    let (said, seen) = play(folder, &[]);
    assert_eq!((said.code, seen), (0, pictures), "{}", said.err);
    for word in words {
        assert!(said.err.contains(word), "{word}: {}", said.err);
    }
    // The list of steps says as much.
    assert_eq!(folder.run(&["inspect", "run"]).code, 0);
}

const W: &[usize] = &[2, 3];

#[test]
fn steps_that_are_missing() {
    let folder = Folder::new();
    run(&folder, &[&[("w", W, 1.0)], &[("w", W, 2.0)], &[("w", W, 3.0)]]);
    std::fs::remove_file(folder.path().join("run/steps/1.safetensors")).unwrap();
    let line =
        |step: u8| format!("{{\"step\":{step},\"saved\":true,\"metrics\":{{\"loss\":{step}}}}}\n");
    folder.write("run/metrics.jsonl", (0..5).map(line).collect::<String>().as_bytes());
    plays(&folder, 2, &["calls them saved, but there is no file: steps 1, 3 and 4"]);
}

#[test]
fn what_does_not_belong_there() {
    let folder = Folder::new();
    run(&folder, &[&[("w", W, 1.0)], &[("w", W, 2.0)]]);
    folder.write("run/steps/notes.txt", b"hello");
    folder.write("run/steps/2.safetensors", b"\x08\0\0\0\0\0\0\0no");
    folder.write("run/steps/-3.safetensors", &tensors(&[("w", W, 1.0)]));
    folder.write("run/steps/.4.safetensors.tmp", b"half");
    std::fs::create_dir(folder.path().join("run/steps/5.safetensors")).unwrap();
    folder
        .write("run/metrics.jsonl", b"{\"step\":0,\"loss\":NaN}\nno json\n{\"step\":\"x\"}\n{\"st");
    folder.write("run/secret\x1b[31m.txt", b"");
    let words = ["\"notes.txt\"", "-3.safetensors", "steps 2 and 5 are left out: cannot be read"];
    plays(&folder, 2, &words);
    let said = folder.run(&["inspect", "run"]);
    assert!(!said.err.contains('\x1b') && !said.out.contains('\x1b'));
}

#[test]
fn shapes_and_names_that_change() {
    let folder = Folder::new();
    let other: &[usize] = &[3, 2];
    run(&folder, &[&[("w", W, 1.0)], &[("w", other, 2.0)], &[("w", W, 3.0)], &[("v", W, 4.0)]]);
    let words = ["step 1 is left out: w is 3 × 2 there, and 2 × 3 before", "step 3 is left out: "];
    plays(&folder, 2, &words);
    // What appears late is told and does not keep its step from being shown.
    let folder = Folder::new();
    run(&folder, &[&[("w", W, 1.0)], &[("w", W, 2.0), ("late", W, 2.0)]]);
    plays(&folder, 2, &["\"late\": it appears late, in step 1"]);
    // What goes keeps it.
    let folder = Folder::new();
    run(&folder, &[&[("w", W, 1.0), ("v", W, 1.0)], &[("w", W, 2.0)]]);
    plays(&folder, 1, &["step 1 is left out: v is missing there"]);
}

#[test]
fn steps_without_a_finite_value() {
    let nan = f32::NAN;
    for chart in ["heatmap", "hinton", "tiles", "histogram", "overview"] {
        let folder = Folder::new();
        run(&folder, &[&[("w", W, 1.0)], &[("w", W, nan)], &[("w", W, 2.0)]]);
        for more in
            [&[][..], &["--show", "total-change"], &["--morph", "1"], &["--range", "per-frame"]]
        {
            let (said, pictures) = play(&folder, &[&["--as", chart][..], more].concat());
            assert!(said.code == 0 && pictures > 1, "{chart} {more:?} {pictures}: {}", said.err);
        }
        let folder = Folder::new();
        run(&folder, &[&[("w", W, nan)], &[("w", W, f32::INFINITY)]]);
        let (said, _) = play(&folder, &["--as", chart]);
        // There is no picture of how nothing spreads.
        let code = i32::from(chart == "histogram");
        assert_eq!(said.code, code, "{chart}: {}", said.err);
        assert!(code == 0 || said.err.contains("no finite value"), "{}", said.err);
    }
}

#[test]
fn runs_that_cannot_be_played() {
    let fails = |folder: &Folder, text: &str| {
        let (said, _) = play(folder, &[]);
        assert_eq!(said.code, 1, "{}", said.err);
        assert!(said.err.contains(text) && said.err.contains("\nhelp: "), "{text}: {}", said.err);
    };
    let folder = Folder::new();
    run(&folder, &[]);
    fails(&folder, "run: the run has no steps yet");
    assert!(folder.run(&["inspect", "run"]).out.contains("a run folder, 0 steps"));
    folder.write("run/run.json", br#"{"format":"hinton-run","version":7}"#);
    fails(&folder, "version 7");
    assert!(folder.fails(1, &["inspect", "run"]).contains("version 7"));
    let folder = Folder::new();
    run(&folder, &[&[("w", &[0, 3], 1.0)]]);
    let (said, _) = play(&folder, &[]);
    assert!(said.code == 1 && said.err.contains("has no values"), "{}", said.err);
    let folder = Folder::new();
    folder.write("run", b"");
    fails(&folder, "run");
}

/// Adds steps as docs/run-format.md says, until told to stop.
fn write_steps(home: &Path, stop: &AtomicBool) {
    let steps = home.join("steps");
    for step in 3u32.. {
        if stop.load(Ordering::Relaxed) {
            return;
        }
        let file = tensors(&[("w", W, step as f32)]);
        let temporary = steps.join(".new");
        // Half a file first, for those who look at the wrong moment.
        std::fs::write(&temporary, &file[..file.len() / 2]).unwrap();
        std::fs::write(&temporary, &file).unwrap();
        std::fs::rename(&temporary, steps.join(format!("{step}.safetensors"))).unwrap();
        let mut log = std::fs::read(home.join("metrics.jsonl")).unwrap_or_default();
        log.extend_from_slice(
            format!("{{\"step\":{step},\"loss\":{}}}\n", 1.0 / f64::from(step)).as_bytes(),
        );
        std::fs::write(home.join("metrics.jsonl"), log).unwrap();
        pause(std::time::Duration::from_millis(2));
    }
}

#[test]
fn a_run_plays_while_it_is_written() {
    let folder = Folder::new();
    run(&folder, &[&[("w", W, 0.0)], &[("w", W, 1.0)], &[("w", W, 2.0)]]);
    let (home, stop) = (folder.path().join("run"), AtomicBool::new(false));
    let mut lengths = Vec::new();
    std::thread::scope(|scope| {
        scope.spawn(|| write_steps(&home, &stop));
        for _ in 0..6 {
            let (said, pictures) = play(&folder, &["--as", "hinton", "--size", "300px"]);
            lengths.push((said.code, pictures, said.err));
        }
        stop.store(true, Ordering::Relaxed);
    });
    for (code, pictures, said) in &lengths {
        assert!(*code == 0 && *pictures >= 3, "{pictures}: {said}");
        assert!(!said.contains("left out") && !said.contains("cannot be read"), "{said}");
    }
    assert!(lengths.windows(2).all(|pair| pair[0].1 <= pair[1].1), "steps are only added");
    assert!(lengths[5].1 > lengths[0].1, "it grew while it was read");
}

#[test]
fn files_that_the_shell_has_listed_are_one_run() {
    let folder = Folder::new();
    run(&folder, &[&[("w", W, 1.0)], &[("w", W, 2.0)], &[("w", W, 3.0)]]);
    let files = ["run/steps/0.safetensors", "run/steps/1.safetensors", "run/steps/2.safetensors"];
    folder.ok(&[&["animate"], &files[..], &["-o", "film.gif"]].concat());
    assert_eq!(decode::decode_gif(&folder.read("film.gif")).len(), 3);
    // Two runs stay two.
    folder.ok(&["animate", "run", "run", "-o", "two.gif"]);
    let width = |name: &str| decode::decode_gif(&folder.read(name))[0].width;
    assert!(width("two.gif") > width("film.gif"));
}

#[test]
fn films_go_to_standard_output() {
    let folder = Folder::new();
    run(&folder, &[&[("w", W, 1.0)], &[("w", W, 2.0)]]);
    folder.ok(&["animate", "run", "-o", "film.gif"]);
    assert_eq!(folder.ok(&["animate", "run", "-o", "-"]).bytes, folder.read("film.gif"));
    folder.ok(&["animate", "run", "-o", "film.webp"]);
    let webp = folder.ok(&["animate", "run", "--format", "webp", "-o", "-"]).bytes;
    assert_eq!(webp, folder.read("film.webp"));
    assert!(
        folder.ok(&["animate", "run", "--strip", "2", "-o", "-"]).bytes.starts_with(b"\x89PNG")
    );
    assert!(
        folder.fails(2, &["animate", "run", "--format", "frames", "-o", "-"]).contains("folder")
    );
    assert!(
        folder.fails(2, &["animate", "run", "--format", "mpg", "-o", "x"]).contains("gif, apng")
    );
    assert!(folder.fails(2, &["animate", "run", "--strip", "2", "-o", "x.gif"]).contains(".svg"));
    assert_eq!(folder.made(), ["film.gif", "film.webp", "run"]);
}

#[test]
fn options_without_effect_are_said() {
    let folder = Folder::new();
    run(&folder, &[&[("w", W, 1.0)], &[("w", W, 2.0)]]);
    let said = |words: &[&str]| folder.run(&[&["animate", "run"], words].concat()).err;
    assert!(
        said(&["--indexed", "-o", "x.gif"]).starts_with("note: --indexed has no effect on gif")
    );
    assert!(said(&["--loop", "2", "-o", "x/"]).starts_with("note: --loop has no effect on frames"));
    assert_eq!(said(&["--loop", "2", "-o", "x.gif"]), "");
}

#[test]
fn a_run_is_no_checkpoint() {
    let folder = Folder::new();
    run(&folder, &[&[("w", W, 1.0)], &[("w", W, 2.0)]]);
    let text = folder.fails(1, &["export", "run/steps", "-o", "x.npy"]);
    assert!(
        text.contains("this is a run of 2 steps") && text.contains("`hinton animate run"),
        "{text}"
    );
}

#[test]
fn a_log_alone_is_curves() {
    let folder = Folder::new();
    folder.write("log.csv", b"Wall time,Step,Value\n1700000000.5,0,0.9\n1700000001.5,100,0.8\n");
    folder.write("log.jsonl", b"{\"step\": 0, \"loss\": 2}\n{\"step\": 5, \"loss\": 1}\n{\"st");
    folder.ok(&["draw", "log.csv", "-o", "log.svg"]);
    let said = folder.run(&["draw", "log.csv", "log.jsonl", "-o", "both.svg"]);
    assert_eq!(said.code, 0, "{}", said.err);
    assert!(said.err.contains("log.csv without loss: left out"), "{}", said.err);
    folder.ok(&["draw", "log.jsonl", "--metric", "l*", "-o", "loss.svg"]);
    let said = folder.ok(&["inspect", "log.csv"]).out;
    assert!(said.contains("a log of metrics, 1 metric\n"), "{said}");
    assert!(said.contains("(by step)") && !said.contains("Wall time"), "{said}");
    // Asked for as a table it is one.
    folder.ok(&["draw", "log.csv", "--as", "heatmap", "-o", "table.svg"]);
    assert!(folder.ok(&["inspect", "log.csv", "--stats"]).out.contains("f64"));
    let said = folder.fails(1, &["draw", "log.csv", "--metric", "los*", "-o", "x.svg"]);
    assert!(said.contains("Value"), "{said}");
}
