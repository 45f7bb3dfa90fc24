//! Golden pictures: small scenes in every output, exact. `HINTON_BLESS=1 cargo test -p hinton-render
//! --test it golden` writes them again; look at each one that changed (`--example show`) before you commit.
//!
//! Of PDF files and coloured terminal lines a hash is kept, and of the fonts inside SVG files.

use crate::common;

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use hinton_render::{Graphics, OUTPUTS, RenderOptions};
use hinton_scene::Scene;

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden")
}

fn write(scene: &Scene, output: &str, options: &RenderOptions) -> Vec<u8> {
    let row = OUTPUTS.iter().find(|row| row.name == output).unwrap();
    (row.write)(scene, options).unwrap()
}

/// Options for pictures of one pixel a point and a window of 60 x 24.
fn options(graphics: Graphics) -> RenderOptions {
    let mut options = RenderOptions::default();
    options.dpi = 72.0;
    options.terminal.graphics = graphics;
    options.terminal.columns = 60;
    options
}

const GRAPHICS: [(&str, Graphics); 6] = [
    ("kitty", Graphics::Kitty),
    ("iterm2", Graphics::Iterm2),
    ("sixel", Graphics::Sixel),
    ("truecolor", Graphics::TrueColor),
    ("colors256", Graphics::Colors256),
    ("ascii", Graphics::Ascii),
];

/// FNV-1a, 64 bits (Fowler, Noll and Vo).
fn hash(bytes: &[u8]) -> u64 {
    let step = |hash: u64, byte: &u8| (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3);
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, step)
}

/// An SVG file with the fonts inside replaced by their hashes.
fn without_fonts(svg: &[u8]) -> Vec<u8> {
    let mut rest = std::str::from_utf8(svg).unwrap();
    let mut text = String::new();
    let mark = "url(data:font/ttf;base64,";
    while let Some(start) = rest.find(mark) {
        let (before, data) = rest.split_at(start + mark.len());
        let end = data.find(')').unwrap();
        write!(text, "{before}{:016x}", hash(&data.as_bytes()[..end])).unwrap();
        rest = &data[end..];
    }
    text.push_str(rest);
    text.into_bytes()
}

fn pixels(bytes: &[u8]) -> Vec<u8> {
    let mut decoder = png::Decoder::new(std::io::Cursor::new(bytes));
    decoder.set_transformations(png::Transformations::EXPAND | png::Transformations::ALPHA);
    let mut reader = decoder.read_info().unwrap();
    let mut pixels = vec![0; reader.output_buffer_size().unwrap()];
    reader.next_frame(&mut pixels).unwrap();
    pixels
}

#[test]
fn pictures_are_the_golden_ones() {
    let bless = std::env::var_os("HINTON_BLESS").is_some();
    let (mut files, mut hashes) = (Vec::new(), String::new());
    for (name, scene) in common::scenes() {
        let plain = options(Graphics::TrueColor);
        files.push((format!("{name}.png"), write(&scene, "png", &plain)));
        files.push((format!("{name}.svg"), without_fonts(&write(&scene, "svg", &plain))));
        files.push((format!("{name}.txt"), write(&scene, "terminal", &options(Graphics::Ascii))));
        writeln!(hashes, "{name}.pdf {:016x}", hash(&write(&scene, "pdf", &plain))).unwrap();
        for (kind, graphics) in GRAPHICS {
            let bytes = write(&scene, "terminal", &options(graphics));
            writeln!(hashes, "{name}.{kind} {:016x}", hash(&bytes)).unwrap();
        }
    }
    files.push(("hashes.txt".to_owned(), hashes.into_bytes()));
    let mut wrong = Vec::new();
    for (name, bytes) in files {
        assert!(bytes.len() <= 12_000, "{name} has {} bytes: golden files are small", bytes.len());
        let path = folder().join(&name);
        if bless {
            std::fs::write(&path, &bytes).unwrap();
            continue;
        }
        let golden = std::fs::read(&path).unwrap_or_default();
        if golden != bytes {
            let drawn = Path::new(env!("CARGO_TARGET_TMPDIR")).join(&name);
            std::fs::write(&drawn, &bytes).unwrap();
            let same =
                name.ends_with(".png") && !golden.is_empty() && pixels(&golden) == pixels(&bytes);
            let what = if same { "has the same pixels but other bytes" } else { "differs" };
            wrong.push(format!("{} {what}; drawn now: {}", path.display(), drawn.display()));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn the_same_scene_gives_the_same_bytes() {
    for ((name, one), (_, two)) in common::scenes().into_iter().zip(common::scenes()) {
        for row in OUTPUTS {
            let options = RenderOptions::default();
            let (one, two) = ((row.write)(&one, &options), (row.write)(&two, &options));
            assert!(one == two, "{name} {}", row.name);
        }
    }
}
