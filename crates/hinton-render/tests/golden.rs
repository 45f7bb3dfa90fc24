//! Golden pictures: small scenes in every output. `cargo xtask bless` writes them again; look at each one that
//! changed before you commit it.
//!
//! PNG files are compared as pixels. What the encoders write is compared exactly here and nowhere else: of PNG and
//! PDF files and coloured terminal lines a hash is kept, and of the fonts inside SVG files.

use crate::common;

use std::fmt::Write as _;

use hinton_render::{Graphics, OUTPUTS, RenderOptions};
use hinton_scene::Scene;
use hinton_testing::{Golden, hash};

fn golden() -> Golden {
    Golden::of(env!("CARGO_MANIFEST_DIR"), env!("CARGO_TARGET_TMPDIR"))
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

/// Golden files are small.
fn small<'a>(name: &str, bytes: &'a [u8]) -> &'a [u8] {
    assert!(bytes.len() <= 12_000, "{name} has {} bytes", bytes.len());
    bytes
}

#[test]
fn pictures_are_the_golden_ones() {
    let mut golden = golden();
    for (name, scene) in common::scenes() {
        let png = write(&scene, "png", &options(Graphics::TrueColor));
        golden.picture(&format!("{name}.png"), small(name, &png));
    }
    golden.end();
}

#[test]
fn outputs_write_the_golden_bytes() {
    let (mut golden, mut hashes) = (golden(), String::new());
    for (name, scene) in common::scenes() {
        let plain = options(Graphics::TrueColor);
        let svg = without_fonts(&write(&scene, "svg", &plain));
        golden.bytes(&format!("{name}.svg"), small(name, &svg));
        let lines = write(&scene, "terminal", &options(Graphics::Ascii));
        golden.bytes(&format!("{name}.txt"), small(name, &lines));
        for output in ["png", "pdf"] {
            writeln!(hashes, "{name}.{output} {:016x}", hash(&write(&scene, output, &plain)))
                .unwrap();
        }
        for (kind, graphics) in GRAPHICS {
            let bytes = write(&scene, "terminal", &options(graphics));
            writeln!(hashes, "{name}.{kind} {:016x}", hash(&bytes)).unwrap();
        }
    }
    golden.lines("hashes.txt", &hashes);
    golden.end();
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
