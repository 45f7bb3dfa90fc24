//! The films that the command writes, as decoders see them that are not ours: every pixel of every
//! frame is what `frames/` holds, and every frame is shown as long as was asked for.

use crate::decode;
use crate::support;

use std::process::Command;

use decode::{Picture, decode_apng, decode_gif, decode_png, decode_webp};
use support::Folder;

/// Steps of the run that is played.
const STEPS: usize = 5;

/// A run folder: a matrix `w` and kernels `k` that change, step 2 as step 1 was, and a loss.
fn run_folder(folder: &Folder) {
    let home = folder.path().join("run");
    std::fs::create_dir_all(home.join("steps")).unwrap();
    folder.write("run/run.json", br#"{"format":"hinton-run","version":1,"trained":"a test"}"#);
    let mut log = String::new();
    for step in 0..STEPS {
        let like = if step == 2 { 1 } else { step };
        let value = |at: usize| ((at * 37 + 5) % 41) as f32 / 10.0 - like as f32 * 0.7;
        let data: Vec<u8> = (0..24 + 36).flat_map(|at| value(at).to_le_bytes()).collect();
        let header = "{\"w\":{\"dtype\":\"F32\",\"shape\":[4,6],\"data_offsets\":[0,96]},\
                      \"k\":{\"dtype\":\"F32\",\"shape\":[4,1,3,3],\"data_offsets\":[96,240]}}";
        let mut file = (header.len() as u64).to_le_bytes().to_vec();
        file.extend_from_slice(header.as_bytes());
        file.extend_from_slice(&data);
        folder.write(&format!("run/steps/{}.safetensors", step * 10), &file);
        log += &format!(
            "{{\"step\":{},\"saved\":true,\"metrics\":{{\"loss\":{}}}}}\n",
            step * 10,
            1.0 / (step + 1) as f64
        );
    }
    folder.write("run/metrics.jsonl", log.as_bytes());
}

/// What is played, and the number of frames that it has.
const FILMS: &[(&str, &[&str], usize)] = &[
    ("heatmap", &["-t", "w", "--as", "heatmap", "--annotate=.2f"], STEPS),
    ("morph", &["-t", "w", "--as", "heatmap", "--no-annotate", "--morph", "2"], 3 * STEPS - 2),
    ("hinton", &["-t", "w", "--as", "hinton", "--metric", "off"], STEPS),
    ("tiles", &["-t", "k", "--show", "total-change", "--theme", "dark"], STEPS - 1),
    ("histogram", &["-t", "*", "--as", "histogram", "--range", "per-frame"], STEPS),
    ("preset", &["-t", "w", "--preset", "matplotlib-heatmap", "--size", "600x400px"], STEPS),
    ("beside", &["-t", "w", "-t", "k"], STEPS),
];

/// How long each frame was asked to be shown, milliseconds: 8 a second, and held at both ends.
fn times(frames: usize) -> Vec<u64> {
    let mut times = vec![125; frames];
    (times[0], times[frames - 1]) = (400, 1200);
    times
}

/// The pictures of a folder, with those times; what looks alike is joined.
fn pictures(folder: &Folder, name: &str, frames: usize) -> Vec<Picture> {
    let mut pictures: Vec<Picture> = Vec::new();
    assert_eq!(std::fs::read_dir(folder.path().join(name)).unwrap().count(), frames);
    for (at, ms) in times(frames).into_iter().enumerate() {
        let picture =
            Picture { ms, ..decode_png(&folder.read(&format!("{name}/frame_{at:04}.png"))) };
        match pictures.last_mut() {
            Some(last) if last.pixels == picture.pixels => last.ms += ms,
            _ => pictures.push(picture),
        }
    }
    pictures
}

/// The times of the pictures in whole units: their ends are rounded, not their lengths.
fn rounded(pictures: &[Picture], unit: u64) -> Vec<u64> {
    let (mut exact, mut stored) = (0, 0);
    let round = |picture: &Picture| {
        exact += picture.ms;
        let end = (exact + unit / 2) / unit * unit;
        end - std::mem::replace(&mut stored, end)
    };
    pictures.iter().map(round).collect()
}

#[track_caller]
fn assert_same(got: &[Picture], want: &[Picture], unit: u64, what: &str) {
    assert_eq!(got.len(), want.len(), "{what}: pictures");
    for (at, (got, want)) in got.iter().zip(want).enumerate() {
        assert_eq!((got.width, got.pixels.len()), (want.width, want.pixels.len()), "{what} {at}");
        let wrong = got.pixels.iter().zip(&want.pixels).filter(|(one, two)| one != two).count();
        assert_eq!(wrong, 0, "{what}: pixels of picture {at}");
    }
    let times: Vec<u64> = got.iter().map(|picture| picture.ms).collect();
    assert_eq!(times, rounded(want, unit), "{what}: times");
}

/// Writes a film to a file or folder.
fn animate(folder: &Folder, words: &[&str], target: &[&str]) {
    let said = folder.run(
        &[&["animate", "run", "--fps", "8", "--hold", "0.4,1.2"], words, &["-o"], target].concat(),
    );
    assert_eq!(said.code, 0, "{words:?} {target:?}: {}", said.err);
}

/// What a program prints; `None`, and the test counts as skipped, where it is absent.
fn seen_by(name: &str, arguments: &[&str]) -> Option<Vec<u8>> {
    let output = Command::new(name).args(arguments).output();
    match output {
        Ok(output) if output.status.success() => Some(output.stdout),
        Ok(output) => {
            let told = String::from_utf8_lossy(&output.stderr).into_owned();
            assert!(told.contains("ModuleNotFoundError"), "{name} {arguments:?}: {told}");
            hinton_testing::skip("python", &format!("{name} lacks a module: {told}"));
            None
        }
        Err(_) => {
            hinton_testing::skip(
                name.trim_end_matches(char::is_numeric),
                &format!("there is no {name}"),
            );
            None
        }
    }
}

/// Prints, for each picture of a film, its time and then all its pixels.
const PILLOW: &str = "
import sys
from PIL import Image
film = Image.open(sys.argv[1])
for at in range(film.n_frames):
    film.seek(at)
    pixels = film.convert('RGBA').tobytes()
    sys.stdout.buffer.write(int(film.info['duration']).to_bytes(4, 'little') + pixels)
";

/// The film as Pillow sees it.
fn by_pillow(path: &str, like: &Picture) -> Option<Vec<Picture>> {
    let seen = seen_by("python3", &["-c", PILLOW, path])?;
    let picture = |bytes: &[u8]| Picture {
        width: like.width,
        ms: u64::from(u32::from_le_bytes([bytes[0], bytes[1], bytes[2], bytes[3]])),
        pixels: bytes[4..].as_chunks().0.to_vec(),
    };
    Some(seen.chunks(4 + 4 * like.pixels.len()).map(picture).collect())
}

/// The pictures as ffmpeg sees them; what it makes of times is its own affair.
fn by_ffmpeg(path: &str, like: &Picture) -> Option<Vec<Picture>> {
    let words = ["-v", "error", "-i", path, "-fps_mode", "passthrough"];
    let words = [&words[..], &["-f", "rawvideo", "-pix_fmt", "rgba", "-"]].concat();
    let seen = seen_by("ffmpeg", &words)?;
    let picture =
        |bytes: &[u8]| Picture { width: like.width, ms: 0, pixels: bytes.as_chunks().0.to_vec() };
    Some(seen.chunks(4 * like.pixels.len()).map(picture).collect())
}

#[test]
fn films_are_the_numbered_pictures() {
    let folder = Folder::new();
    run_folder(&folder);
    for (name, words, frames) in FILMS {
        let file = |extension: &str| format!("{name}.{extension}");
        let (plain, indexed) = (format!("{name}-plain"), format!("{name}-indexed"));
        animate(&folder, words, &[&plain]);
        animate(&folder, words, &[&indexed, "--indexed"]);
        for extension in ["gif", "apng", "webp"] {
            animate(&folder, words, &[&file(extension)]);
        }
        let exact = pictures(&folder, &plain, *frames);
        let few = pictures(&folder, &indexed, *frames);
        let (gif, apng, webp) = (file("gif"), file("apng"), file("webp"));
        assert_same(&decode_gif(&folder.read(&gif)), &few, 10, &gif);
        assert_same(&decode_apng(&folder.read(&apng)), &exact, 1, &apng);
        assert_same(&decode_webp(&folder.read(&webp)), &exact, 1, &webp);
        for (file, want, unit) in [(&gif, &few, 10), (&apng, &exact, 1), (&webp, &exact, 1)] {
            let path = folder.path().join(file).to_string_lossy().into_owned();
            if let Some(got) = by_pillow(&path, &want[0]) {
                assert_same(&got, want, unit, &format!("{file} by Pillow"));
            }
            // This ffmpeg or that plays no WebP.
            if unit == 10
                && let Some(mut got) = by_ffmpeg(&path, &want[0])
            {
                for (got, ms) in got.iter_mut().zip(rounded(want, unit)) {
                    got.ms = ms;
                }
                assert_same(&got, want, unit, &format!("{file} by ffmpeg"));
            }
        }
    }
}

#[test]
fn indexed_pictures_are_near_the_full_colours() {
    let folder = Folder::new();
    run_folder(&folder);
    for (name, words, frames) in FILMS {
        animate(&folder, words, &["plain"]);
        animate(&folder, words, &["indexed", "--indexed"]);
        for at in 0..*frames {
            let [exact, few] = ["plain", "indexed"]
                .map(|home| decode_png(&folder.read(&format!("{home}/frame_{at:04}.png"))));
            let off = exact.pixels.iter().zip(&few.pixels).map(|(one, two)| {
                (0..3).map(|channel| one[channel].abs_diff(two[channel])).max().unwrap_or(0)
            });
            let off: Vec<u8> = off.collect();
            // Cells and grounds are most of a page; edges of letters and marks have few shades.
            let near = off.iter().filter(|&&off| off <= 3).count();
            assert!(near * 100 >= off.len() * 90, "{name} {at}: {near} of {}", off.len());
            let mean = off.iter().map(|&off| f64::from(off)).sum::<f64>() / off.len() as f64;
            assert!(mean < 1.5, "{name} {at}: {mean}");
        }
        for home in ["plain", "indexed"] {
            std::fs::remove_dir_all(folder.path().join(home)).unwrap();
        }
    }
}
