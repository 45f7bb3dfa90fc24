//! Films by ffmpeg: what it gets is what was drawn; where it is absent or fails nothing is left.

use crate::decode;
use crate::support;

use std::process::Command;

use decode::decode_png;
use support::{Folder, safetensors, said};

const FILM: [&str; 8] = ["animate", "run", "--as", "heatmap", "--fps", "4", "--hold", "0.5,1"];

fn run_folder(folder: &Folder) {
    std::fs::create_dir(folder.path().join("run")).unwrap();
    for step in 1..=3u8 {
        let mut bytes = safetensors(&["w"]);
        let last = bytes.len() - 4;
        bytes.splice(last.., (f32::from(step) * 3.0).to_le_bytes());
        folder.write(&format!("run/epoch_{step}.safetensors"), &bytes);
    }
}

/// Whether there is an ffmpeg; where not, the test counts as skipped.
fn is_there() -> bool {
    let found = Command::new("ffmpeg").arg("-version").output().is_ok();
    if !found {
        hinton_testing::skip("ffmpeg", "there is no ffmpeg");
    }
    found
}

/// Red, green and blue of every pixel of every picture, as ffmpeg decodes the file.
fn decoded(folder: &Folder, file: &str) -> Vec<u8> {
    let path = folder.path().join(file).to_string_lossy().into_owned();
    let words = ["-v", "error", "-i", &path, "-f", "rawvideo", "-pix_fmt", "rgb24", "-"];
    let output = Command::new("ffmpeg").args(words).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    output.stdout
}

#[test]
fn a_codec_that_loses_nothing_loses_nothing() {
    let folder = Folder::new();
    run_folder(&folder);
    if !is_there() {
        return;
    }
    // Even sides, or the film would have a line more than the pictures.
    let size = ["--size", "800x600px"];
    folder.ok(&[&FILM[..], &size, &["-o", "frames/"]].concat());
    let said = folder.run(&[&FILM[..], &size, &["--codec", "ffv1", "-o", "film.mkv"]].concat());
    if said.err.contains("has no encoder") {
        hinton_testing::skip("ffmpeg", &said.err);
        return;
    }
    assert_eq!((said.code, said.err.as_str()), (0, ""));
    let film = decoded(&folder, "film.mkv");
    // Held for half a second, a quarter, and a second, at four pictures a second.
    let mut want = Vec::new();
    for (at, beats) in [2, 1, 4].into_iter().enumerate() {
        let picture = decode_png(&folder.read(&format!("frames/frame_000{at}.png")));
        let rgb: Vec<u8> = picture.pixels.iter().flat_map(|&[r, g, b, _]| [r, g, b]).collect();
        (0..beats).for_each(|_| want.extend_from_slice(&rgb));
    }
    assert_eq!(film.len(), want.len());
    assert!(film == want, "a pixel differs");
    assert_eq!(folder.made(), ["film.mkv", "frames", "run"]);
}

#[test]
fn every_codec_writes_a_film_of_that_length() {
    let folder = Folder::new();
    run_folder(&folder);
    if !is_there() {
        return;
    }
    for (codec, file) in [
        ("h264", "a.mp4"),
        ("h265", "b.mp4"),
        ("av1", "c.webm"),
        ("vp9", "d.webm"),
        ("prores", "e.mov"),
    ] {
        let words = ["--size", "201x151px", "--codec", codec, "-o", file];
        let said = folder.run(&[&FILM[..], &words].concat());
        if said.err.contains("has no encoder") {
            hinton_testing::skip("ffmpeg", &said.err);
            continue;
        }
        assert_eq!(said.code, 0, "{codec}: {}", said.err);
        // Odd sides have a line more.
        assert_eq!(decoded(&folder, file).len(), 7 * 202 * 152 * 3, "{codec}");
    }
    folder.ok(&[&FILM[..], &["--ffmpeg", "-c:v mpeg4 -q:v 2", "-o", "f.avi"]].concat());
    let text = folder.fails(1, &[&FILM[..], &["--ffmpeg", "-c:v nope", "-o", "g.mp4"]].concat());
    assert!(text.starts_with("error: ffmpeg failed: ") && text.contains("nope"), "{text}");
    let made = folder.made();
    assert!(!made.iter().any(|name| name.contains("tmp") || name == "g.mp4"), "{made:?}");
}

#[test]
fn without_ffmpeg_that_is_said() {
    let folder = Folder::new();
    run_folder(&folder);
    folder.write("film.mp4", b"before");
    for words in [["--codec", "h264"], ["--ffmpeg", "-c:v libx264"]] {
        let words = [&FILM[..], &words, &["-o", "film.mp4"]].concat();
        let said = said(folder.command(&words).env("PATH", folder.path()).output().unwrap());
        assert_eq!(said.code, 1);
        assert!(
            said.err.starts_with("error: ffmpeg is not installed\nhelp: install"),
            "{}",
            said.err
        );
    }
    assert_eq!(folder.read("film.mp4"), b"before");
    assert_eq!(folder.made(), ["film.mp4", "run"]);
}

#[test]
fn files_that_need_ffmpeg_say_how() {
    let folder = Folder::new();
    run_folder(&folder);
    let fails = |words: &[&str]| folder.fails(2, &[&FILM[..], words].concat());
    assert!(fails(&["-o", "x.webm"]).contains("add --codec vp9"));
    assert!(fails(&["-o", "x.mov"]).contains("add --codec prores"));
    if !hinton::films::FILMS.iter().any(|row| row.name == "mp4") {
        let text = fails(&["-o", "x.mp4"]);
        assert!(text.contains("add --codec h264") && text.contains("--features mp4"), "{text}");
    }
    assert!(fails(&["--codec", "vp8", "-o", "x.webm"]).contains("there are h264, h265"));
    assert!(fails(&["--codec", "vp9", "-o", "x.gif"]).contains(".webm, .mkv, .mp4"));
    assert!(fails(&["--codec", "vp9", "-o", "x"]).contains(".webm, .mkv, .mp4"));
    assert!(fails(&["--ffmpeg", "-c copy", "-o", "x"]).contains("no extension"));
    assert!(fails(&["--codec", "vp9", "--strip", "3", "-o", "x.webm"]).contains("--strip"));
    assert_eq!(folder.made(), ["run"]);
}

/// A program in the place of ffmpeg.
#[cfg(unix)]
fn stand_in(folder: &Folder, script: &str) -> std::ffi::OsString {
    use std::os::unix::fs::PermissionsExt as _;
    let home = folder.path().join("bin");
    std::fs::create_dir_all(&home).unwrap();
    std::fs::write(home.join("ffmpeg"), format!("#!/bin/sh\n{script}\n")).unwrap();
    std::fs::set_permissions(home.join("ffmpeg"), std::fs::Permissions::from_mode(0o755)).unwrap();
    std::env::join_paths([home, "/usr/bin".into(), "/bin".into()]).unwrap()
}

#[test]
#[cfg(unix)]
fn an_ffmpeg_that_fails_leaves_nothing() {
    let folder = Folder::new();
    run_folder(&folder);
    let words = [&FILM[..], &["--ffmpeg", "-x", "-o", "film.mp4"]].concat();
    for (script, told) in [
        ("echo 'no room on the disk' >&2; exit 3", "error: ffmpeg failed: no room on the disk\n"),
        ("head -c 100000 > /dev/null; exit 4", "error: ffmpeg failed and did not say why"),
        ("cat > /dev/null; exit 5", "error: ffmpeg failed and did not say why"),
        // More than a pipe holds, while frames come.
        (
            "head -c 300000 /dev/zero | tr '\\0' x >&2; cat > /dev/null; exit 6",
            "error: ffmpeg failed: xxx",
        ),
        ("head -c 10 > /dev/null", "error: ffmpeg did not take all frames"),
    ] {
        let path = stand_in(&folder, script);
        let said = said(folder.command(&words).env("PATH", path).output().unwrap());
        assert_eq!(said.code, 1, "{script}: {}", said.err);
        assert!(said.err.starts_with(told), "{script}: {}", said.err);
        assert_eq!(folder.made(), ["bin", "run"], "{script}");
    }
}

/// ffmpeg 5 says nothing where the disk is full, and ends as if all were well.
#[test]
#[cfg(unix)]
fn a_film_that_is_not_whole_replaces_nothing() {
    let folder = Folder::new();
    run_folder(&folder);
    folder.write("film.mp4", b"before");
    folder.write("film.webp", b"before");
    // The second time it is asked to read what it wrote.
    let script = |reads: &str| {
        format!(
            "case \"$*\" in *-encoders*) echo ' V libx264 x'; echo ' V libwebp_anim x'; exit 0;; \
             *null*) {reads};; esac; cat > /dev/null; for last; do :; done; \
             printf 'RIFF\\377\\0\\0\\0WEBPjunk' > \"$last\""
        )
    };
    let cut = "echo 'moov atom not found' >&2; exit 1";
    let short = "printf 'frame=2\\nprogress=continue\\nframe=6\\nprogress=end\\n'; exit 0";
    for (codec, file, reads, told) in [
        ("h264", "film.mp4", cut, "moov atom not found"),
        ("h264", "film.mp4", short, "6 of 7 pictures are in it"),
        ("webp", "film.webp", short, "it is shorter than its head says"),
    ] {
        let path = stand_in(&folder, &script(reads));
        let words = [&FILM[..], &["--codec", codec, "-o", file]].concat();
        let said = said(folder.command(&words).env("PATH", path).output().unwrap());
        assert_eq!(said.code, 1, "{told}: {}", said.err);
        assert!(said.err.contains(told) && said.err.contains("is the disk full?"), "{}", said.err);
        assert_eq!(folder.read(file), b"before");
    }
    let whole = "echo frame=7; exit 0";
    let path = stand_in(&folder, &script(whole));
    let words = [&FILM[..], &["--codec", "h264", "-o", "film.mp4"]].concat();
    let said = said(folder.command(&words).env("PATH", path).output().unwrap());
    assert_eq!(said.code, 0, "{}", said.err);
}

#[test]
#[cfg(unix)]
fn ffmpeg_is_stopped_too() {
    use std::os::unix::process::ExitStatusExt as _;
    let folder = Folder::new();
    run_folder(&folder);
    let words =
        [&FILM[..], &["--morph", "900", "--size", "900x900px", "--ffmpeg", "-x", "-o", "film.mp4"]]
            .concat();
    let path = stand_in(&folder, "trap '' INT TERM; echo $$ > id; exec cat > /dev/null");
    let mut child = folder.command(&words).env("PATH", path).spawn().unwrap();
    while !folder.made().iter().any(|name| name == "id") {
        assert!(child.try_wait().unwrap().is_none(), "done before it could be interrupted");
        std::thread::yield_now();
    }
    let kill = Command::new("kill").args(["-2", &child.id().to_string()]).status().unwrap();
    assert!(kill.success());
    assert_eq!(child.wait().unwrap().signal(), Some(2));
    let id = String::from_utf8(folder.read("id")).unwrap();
    let alive = Command::new("kill").args(["-0", id.trim()]).output().unwrap().status.success();
    assert!(!alive, "ffmpeg goes on");
    assert_eq!(folder.made(), ["bin", "id", "run"]);
}
