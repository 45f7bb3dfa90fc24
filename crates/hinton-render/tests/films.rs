//! Films as independent decoders see them: how many pictures, their times, every pixel.

use crate::film;

use std::fmt::Write as _;
use std::io::Cursor;
use std::ops::ControlFlow;
use std::sync::atomic::{AtomicUsize, Ordering};

use film::{
    Picture, decode_apng, decode_gif, decode_png, decode_webp, film, folder, options, row, scene,
    write,
};
use hinton_render::films::{
    FILMS, FilmError, FilmOptions, FilmWriter, Frame, FrameSource, SourceError, writer,
};
use hinton_scene::Color;
use hinton_testing::{Golden, hash};

const SIZE: [f64; 2] = [93.5, 67.0];

/// The pictures of `frames`, those that look alike joined and their times added up.
fn drawn(frames: &Vec<Frame>, options: &FilmOptions) -> Vec<Picture> {
    let mut pictures: Vec<Picture> = Vec::new();
    for (frame, (_, bytes)) in frames.iter().zip(folder(frames, options)) {
        let mut picture = decode_png(&bytes);
        picture.ms = u64::from(frame.duration_ms);
        match pictures.last_mut() {
            Some(last) if last.pixels == picture.pixels => last.ms += picture.ms,
            _ => pictures.push(picture),
        }
    }
    pictures
}

/// The times that pictures should have when the ends of frames are rounded to whole units.
fn rounded(pictures: &[Picture], unit: u64) -> Vec<u64> {
    let (mut exact, mut stored) = (0, 0);
    let round = |picture: &Picture| {
        exact += picture.ms;
        let end = (exact + unit / 2) / unit * unit;
        let length = end - stored;
        stored = end;
        length
    };
    pictures.iter().map(round).collect()
}

#[track_caller]
fn assert_same(got: &[Picture], want: &[Picture], unit: u64, what: &str) {
    assert_eq!(got.len(), want.len(), "{what}: pictures");
    for (at, (got, want)) in got.iter().zip(want).enumerate() {
        let wrong = got.pixels.iter().zip(&want.pixels).position(|(one, two)| one != two);
        assert_eq!(wrong, None, "{what}: a pixel of picture {at}");
        assert_eq!(got.pixels.len(), want.pixels.len(), "{what}");
    }
    let times: Vec<u64> = got.iter().map(|picture| picture.ms).collect();
    assert_eq!(times, rounded(want, unit), "{what}");
}

#[test]
fn a_gif_is_the_indexed_pictures_pixel_by_pixel() {
    for annotated in [false, true] {
        for count in [1, 2, 12] {
            let frames = film(count, annotated, SIZE);
            let options = FilmOptions { indexed: true, ..options(2) };
            let (bytes, report) = write("gif", &frames, &options).unwrap();
            let (got, want) = (decode_gif(&bytes), drawn(&frames, &options));
            assert_same(&got, &want, 10, &format!("{count} {annotated}"));
            assert_eq!((report.frames, report.pictures), (count, got.len()));
            assert_eq!(report.duration_ms, got.iter().map(|picture| picture.ms).sum::<u64>());
            assert_eq!((report.width, report.height), (187, 134));
            assert_eq!(report.notes, Vec::<String>::new());
        }
    }
}

#[test]
fn apng_and_webp_lose_nothing() {
    for (name, decode) in
        [("apng", decode_apng as fn(&[u8]) -> Vec<Picture>), ("webp", decode_webp)]
    {
        for (annotated, clear) in [(false, false), (true, false), (false, true)] {
            for count in [1, 2, 12] {
                let mut frames = film(count, annotated, SIZE);
                if clear {
                    frames.iter_mut().for_each(|frame| frame.scene.background = None);
                }
                let (bytes, report) = write(name, &frames, &options(2)).unwrap();
                let (got, want) = (decode(&bytes), drawn(&frames, &options(2)));
                assert_same(&got, &want, 1, &format!("{name} {count} {annotated} {clear}"));
                assert_eq!((report.frames, report.pictures), (count, want.len()));
                assert_eq!(report.duration_ms, got.iter().map(|picture| picture.ms).sum::<u64>());
            }
        }
    }
}

#[test]
fn an_apng_of_few_colours_has_a_palette() {
    let mut frames = film(12, false, SIZE);
    for (at, frame) in frames.iter_mut().enumerate() {
        let Some(hinton_scene::Item::Cells(grid)) = frame.scene.items.first_mut() else { panic!() };
        grid.cells.iter_mut().enumerate().for_each(|(cell, level)| {
            *level = ((cell + at * (cell % 3)) % 60) as u16;
        });
        frame.scene.items.truncate(1);
    }
    let (bytes, _) = write("apng", &frames, &options(2)).unwrap();
    let mut decoder = png::Decoder::new(Cursor::new(&bytes));
    let info = decoder.read_header_info().unwrap();
    assert_eq!(info.color_type, png::ColorType::Indexed);
    assert_same(&decode_apng(&bytes), &drawn(&frames, &options(1)), 1, "indexed");
    frames[8] = film(9, true, SIZE).remove(8);
    let (bytes, _) = write("apng", &frames, &options(2)).unwrap();
    assert_same(&decode_apng(&bytes), &drawn(&frames, &options(1)), 1, "late colours");
}

#[test]
fn cells_of_a_gif_are_exact_and_edges_are_near() {
    for annotated in [false, true] {
        let frames = film(6, annotated, SIZE);
        let indexed = drawn(&frames, &FilmOptions { indexed: true, ..options(1) });
        let full = drawn(&frames, &options(1));
        for (at, (indexed, full)) in indexed.iter().zip(&full).enumerate() {
            let cells = scene(if at < 4 { at } else { at + 1 }, annotated, SIZE);
            let Some(hinton_scene::Item::Cells(grid)) = cells.items.first() else { panic!() };
            for (row, col) in (0..4).flat_map(|row| (0..5).map(move |col| (row, col))) {
                // A corner of the cell, where no text is.
                let x = ((grid.rect.x + col as f64 * grid.rect.w / 5.0) * 2.0) as usize + 3;
                let y = ((grid.rect.y + row as f64 * grid.rect.h / 4.0) * 2.0) as usize + 3;
                let Color { r, g, b, a } = grid.color(row, col).unwrap();
                assert_eq!(indexed.pixels[y * indexed.width + x], [r, g, b, a], "{row} {col}");
            }
            // Text on cells has three shades, other text sixteen; the disc on its line is left out.
            let steps = if annotated { 70 } else { 12 };
            for (at, (one, two)) in indexed.pixels.iter().zip(&full.pixels).enumerate() {
                let (x, y) = (at % indexed.width, at / indexed.width);
                let off = one.iter().zip(two).map(|(one, two)| one.abs_diff(*two)).max();
                assert!(off <= Some(steps) || (x > 135 && y > 110), "{x} {y}: {one:?} {two:?}");
            }
        }
    }
}

#[test]
fn colours_that_are_told_are_as_good_as_those_that_are_found() {
    let frames = film(9, true, SIZE);
    let mut colors = hinton_render::films::FilmColors::new();
    for frame in &frames {
        colors.add_scene(&frame.scene);
    }
    let told = FilmOptions { colors: Some(colors), ..options(1) };
    let (told, _) = write("gif", &frames, &told).unwrap();
    assert!(told == write("gif", &frames, &options(1)).unwrap().0);
}

#[test]
fn threads_change_nothing() {
    let frames = film(23, true, SIZE);
    for row in FILMS {
        let bytes = |threads: usize| match writer(row) {
            FilmWriter::File(_) => {
                vec![write(row.name, &frames, &options(threads)).unwrap().0]
            }
            FilmWriter::Folder(_) => {
                folder(&frames, &options(threads)).into_iter().map(|file| file.1).collect()
            }
        };
        let one = bytes(1);
        for threads in [0, 2, 5] {
            assert!(bytes(threads) == one, "{} {threads}", row.name);
        }
    }
}

#[test]
fn nothing_to_show_is_an_error() {
    for row in FILMS {
        let none: &Vec<Frame> = &Vec::new();
        let result = match writer(row) {
            FilmWriter::File(write) => {
                write(none, &mut Cursor::new(Vec::new()), &options(2), &mut |_| {
                    ControlFlow::Continue(())
                })
            }
            FilmWriter::Folder(write) => {
                write(none, &mut |_, _| Ok(()), &options(2), &mut |_| ControlFlow::Continue(()))
            }
        };
        assert!(matches!(result, Err(FilmError::Empty)), "{}", row.name);
    }
}

/// A source of many frames that fails at one, and counts what it was asked for.
struct Failing {
    frame: Frame,
    at: usize,
    asked: AtomicUsize,
}

impl FrameSource for Failing {
    fn len(&self) -> usize {
        100_000
    }

    fn frame(&self, index: usize) -> Result<Frame, SourceError> {
        self.asked.fetch_add(1, Ordering::Relaxed);
        if index == self.at {
            return Err("the step cannot be read".into());
        }
        Ok(self.frame.clone())
    }
}

/// Runs a row of any kind with colours that are known.
fn run(
    row: &hinton_render::films::FilmRow,
    source: &dyn FrameSource,
    threads: usize,
    watch: &mut dyn FnMut(usize) -> ControlFlow<()>,
) -> Result<hinton_render::films::FilmReport, FilmError> {
    let mut options = options(threads);
    let mut colors = hinton_render::films::FilmColors::new();
    colors.add_scene(&scene(0, false, SIZE));
    options.colors = Some(colors);
    match writer(row) {
        FilmWriter::File(write) => write(source, &mut Cursor::new(Vec::new()), &options, watch),
        FilmWriter::Folder(write) => write(source, &mut |_, _| Ok(()), &options, watch),
    }
}

#[test]
fn a_frame_that_cannot_be_made_ends_the_film() {
    for row in FILMS {
        for threads in [1, 4] {
            let frame = Frame { scene: scene(0, false, SIZE), duration_ms: 40 };
            let source = Failing { frame, at: 7, asked: AtomicUsize::new(0) };
            let error = run(row, &source, threads, &mut |_| ControlFlow::Continue(())).unwrap_err();
            assert_eq!(error.to_string(), "frame 7: the step cannot be read", "{}", row.name);
            assert!(source.asked.into_inner() < 40);
        }
    }
}

#[test]
fn a_film_stops_when_asked_and_few_frames_are_made_ahead() {
    for row in FILMS {
        for threads in [1, 4] {
            let frame = Frame { scene: scene(0, false, SIZE), duration_ms: 40 };
            let source = Failing { frame, at: usize::MAX, asked: AtomicUsize::new(0) };
            let mut asked = 0;
            let mut stop = |_: usize| {
                asked += 1;
                if asked < 10 { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
            };
            let error = run(row, &source, threads, &mut stop).unwrap_err();
            assert!(matches!(error, FilmError::Cancelled), "{}: {error}", row.name);
            assert!(source.asked.into_inner() < 50, "{}", row.name);
        }
    }
}

#[test]
fn frames_of_another_size_are_refused() {
    let mut frames = film(6, false, SIZE);
    frames[5] = Frame { scene: scene(5, false, [80.0, 67.0]), duration_ms: 40 };
    for row in FILMS {
        let result = run(row, &frames, 3, &mut |_| ControlFlow::Continue(()));
        let error = result.unwrap_err();
        // An mp4 has even sides.
        let first = if row.name == "mp4" { 188 } else { 187 };
        let want = format!("frame 5 has 160 x 134 pixels and the first {first} x 134");
        assert!(error.to_string().starts_with(&want), "{}: {error}", row.name);
    }
}

#[test]
fn short_and_long_times_are_kept_as_well_as_can_be() {
    let mut frames = film(4, false, SIZE);
    for (frame, ms) in frames.iter_mut().zip([8, 8, 700_000, 20]) {
        frame.duration_ms = ms;
    }
    let (bytes, report) = write("gif", &frames, &options(1)).unwrap();
    let times: Vec<u64> = decode_gif(&bytes).iter().map(|picture| picture.ms).collect();
    assert_eq!(times, [10, 10, 655_350, 44_650, 20]);
    assert_eq!(report.duration_ms, 700_040);
    assert!(report.notes[0].starts_with("frames of 8 ms: browsers"), "{:?}", report.notes);
}

#[test]
fn a_film_plays_as_often_as_asked() {
    let frames = film(2, false, SIZE);
    let repeat = |loop_count: u16| {
        let options = FilmOptions { loop_count, ..options(1) };
        let (bytes, _) = write("gif", &frames, &options).unwrap();
        let mut decoder = gif::DecodeOptions::new().read_info(Cursor::new(bytes)).unwrap();
        while decoder.read_next_frame().unwrap().is_some() {}
        decoder.repeat()
    };
    assert_eq!(repeat(0), gif::Repeat::Infinite);
    assert_eq!(repeat(1), gif::Repeat::Finite(0));
    assert_eq!(repeat(3), gif::Repeat::Finite(2));
}

#[test]
fn clear_pages_are_white_in_a_gif() {
    let mut frames = film(3, false, SIZE);
    for frame in &mut frames {
        frame.scene.background = None;
    }
    let white = film(3, false, SIZE);
    let write = |frames: &Vec<Frame>| write("gif", frames, &options(1)).unwrap().0;
    assert!(write(&frames) == write(&white));
}

#[test]
fn more_colours_than_fit_are_told() {
    let mut frames = film(3, true, SIZE);
    for frame in &mut frames {
        let Some(hinton_scene::Item::Cells(grid)) = frame.scene.items.first_mut() else { panic!() };
        (grid.rows, grid.cols) = (20, 30);
        grid.palette = (0..600u32).map(|at| Color::rgb(at * 27_000)).collect();
        grid.cells = (0..600).collect();
    }
    let options = FilmOptions { indexed: true, ..options(2) };
    let (bytes, report) = write("gif", &frames, &options).unwrap();
    assert!(report.notes[0].contains("are shown as the nearest of"), "{:?}", report.notes);
    assert_same(&decode_gif(&bytes), &drawn(&frames, &options), 10, "overflow");
}

/// The output of a program; `None`, and a word about it, where it is absent.
fn program(name: &str, arguments: &[&str]) -> Option<Vec<u8>> {
    let output = std::process::Command::new(name).args(arguments).output();
    match output {
        Ok(output) if output.status.success() => Some(output.stdout),
        Ok(output) => {
            let told = String::from_utf8_lossy(&output.stderr).into_owned();
            assert!(told.contains("ModuleNotFoundError"), "{name} {arguments:?}: {told}");
            println!("skipped: {name} lacks a module");
            None
        }
        Err(_) => {
            println!("skipped: there is no {name}");
            None
        }
    }
}

fn file(name: &str, bytes: &[u8]) -> String {
    let path = std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    std::fs::write(&path, bytes).unwrap();
    path.to_str().unwrap().to_owned()
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

#[test]
fn pillow_sees_what_was_drawn() {
    let frames = film(12, true, SIZE);
    let indexed = FilmOptions { indexed: true, ..options(2) };
    for (name, unit, options) in
        [("gif", 10, indexed), ("apng", 1, options(2)), ("webp", 1, options(2))]
    {
        let (bytes, _) = write(name, &frames, &options).unwrap();
        let path = file(&format!("pillow.{name}"), &bytes);
        let Some(seen) = program("python3", &["-c", PILLOW, &path]) else { return };
        let want = drawn(&frames, &options);
        let length = 4 + 4 * want[0].pixels.len();
        let picture = |bytes: &[u8]| Picture {
            width: want[0].width,
            ms: u64::from(u32::from_le_bytes([bytes[0], bytes[1], bytes[2], bytes[3]])),
            pixels: bytes[4..].as_chunks().0.to_vec(),
        };
        let got: Vec<Picture> = seen.chunks(length).map(picture).collect();
        assert_same(&got, &want, unit, name);
    }
}

#[cfg(feature = "mp4")]
mod mp4 {
    use super::*;

    #[test]
    fn the_index_comes_first_and_boxes_add_up() {
        let (bytes, report) = write("mp4", &film(12, true, SIZE), &options(2)).unwrap();
        assert_eq!((report.width, report.height, report.pictures), (188, 134, 11));
        let (mut at, mut names) = (0, Vec::new());
        while at < bytes.len() {
            let four =
                |at: usize| bytes[at..at + 4].iter().fold(0, |n, b| n << 8 | usize::from(*b));
            names.push(String::from_utf8_lossy(&bytes[at + 4..at + 8]).into_owned());
            at += if four(at) == 1 { four(at + 12) } else { four(at) };
        }
        assert_eq!(at, bytes.len());
        assert_eq!(names, ["ftyp", "moov", "free", "mdat"]);
    }

    #[test]
    fn ffmpeg_sees_the_frames_and_their_times() {
        for (count, size) in [(1, [40.0, 30.0]), (12, SIZE), (300, [30.0, 20.0])] {
            let frames = film(count, false, size);
            let (bytes, report) = write("mp4", &frames, &options(2)).unwrap();
            let path = file(&format!("ffmpeg{count}.mp4"), &bytes);
            let entries = "packet=pts_time,duration_time,flags";
            let probe = ["-v", "error", "-show_entries", entries, "-of", "csv=p=0", &path];
            let Some(seen) = program("ffprobe", &probe) else { return };
            let seen = String::from_utf8(seen).unwrap();
            let want = drawn(&frames, &options(1));
            let mut start = 0;
            let lines: Vec<&str> = seen.lines().collect();
            assert_eq!((lines.len(), report.pictures), (want.len(), want.len()));
            for (at, (line, want)) in lines.iter().zip(&want).enumerate() {
                let fields: Vec<&str> = line.split(',').collect();
                let ms = |text: &str| (text.parse::<f64>().unwrap() * 1000.0).round() as u64;
                assert_eq!((ms(fields[0]), ms(fields[1])), (start, want.ms), "picture {at}");
                assert_eq!(fields[2].starts_with('K'), at % 250 == 0, "picture {at}");
                start += want.ms;
            }
            let raw = ["-v", "error", "-i", &path, "-fps_mode", "passthrough", "-f", "rawvideo"];
            let raw = [&raw[..], &["-pix_fmt", "rgba", "-"]].concat();
            let Some(pixels) = program("ffmpeg", &raw) else { return };
            let (width, height) = (report.width, report.height);
            assert_eq!(pixels.len(), want.len() * width * height * 4);
            for (picture, want) in pixels.chunks(width * height * 4).zip(&want) {
                let rows = want.pixels.chunks(want.width).zip(picture.chunks(width * 4));
                let off = rows.flat_map(|(want, got)| want.iter().zip(got.as_chunks::<4>().0));
                let off = off.map(|(want, got)| {
                    (0..3).map(|at| u64::from(want[at].abs_diff(got[at])).pow(2)).sum::<u64>()
                });
                let mean = off.sum::<u64>() as f64 / want.pixels.len() as f64 / 3.0;
                assert!(mean.sqrt() < 14.0, "{mean}");
            }
        }
    }

    #[test]
    fn too_large_or_small_is_said() {
        for size in [[2000.0, 20.0], [4.0, 30.0]] {
            let frames = vec![Frame { scene: scene(0, false, size), duration_ms: 40 }];
            let error = write("mp4", &frames, &options(1)).unwrap_err();
            assert!(error.to_string().contains("mp4 cannot hold pictures of"), "{error}");
        }
    }
}

#[test]
fn films_have_the_golden_bytes() {
    let (frames, mut lines) = (film(7, true, SIZE), String::new());
    for row in FILMS.iter().filter(|row| !["frames", "mp4"].contains(&row.name)) {
        let (bytes, _) = write(row.name, &frames, &options(2)).unwrap();
        writeln!(lines, "{} {} {:016x}", row.name, bytes.len(), hash(&bytes)).unwrap();
    }
    assert_eq!(row("gif").extensions, ["gif"]);
    let mut golden = Golden::of(env!("CARGO_MANIFEST_DIR"), env!("CARGO_TARGET_TMPDIR"));
    golden.lines("films.txt", &lines);
    golden.end();
}
