//! Other fonts in SVG and PDF. They are made by `../../hinton-scene/tests/fonts/make.py`.

use hinton_render::{OUTPUTS, RenderOptions};
use hinton_scene::{
    Align, Baseline, Color, FontFile, Item, Scene, Text, TextStyle, Typeface, Weight, with_typeface,
};

const TRUETYPE: &[u8] = include_bytes!("../../hinton-scene/tests/fonts/boxes.ttf");
const COMPACT: &[u8] = include_bytes!("../../hinton-scene/tests/fonts/boxes.otf");

fn written(output: &str, data: &[u8], content: &str) -> String {
    let typeface = Typeface::load(&FontFile { data: data.to_vec(), index: 0 }).unwrap();
    let style = TextStyle { size: 10.0, weight: Weight::Regular, color: Color::BLACK };
    let text = with_typeface(Some(typeface), || {
        Text::new(content, 5.0, 15.0, style, Align::Start, Baseline::Alphabetic)
    });
    let scene = Scene {
        width: 60.0,
        height: 20.0,
        background: None,
        title: String::new(),
        description: String::new(),
        items: vec![Item::Text(text)],
    };
    let row = OUTPUTS.iter().find(|row| row.name == output).unwrap();
    let bytes = (row.write)(&scene, &RenderOptions::default()).unwrap();
    String::from_utf8_lossy(&bytes).into_owned()
}

#[test]
fn svg_holds_the_font_and_places_each_character() {
    for (data, mime) in [(TRUETYPE, "font/ttf"), (COMPACT, "font/otf")] {
        let svg = written("svg", data, "ab");
        assert!(svg.contains("@font-face{font-family:'Boxes'"), "{svg}");
        assert!(svg.contains(mime), "{svg}");
        assert!(svg.contains("x=\"5 10.2\""), "{svg}");
        assert!(svg.contains("font-family=\"'Boxes',Inter"), "{svg}");
    }
}

#[test]
fn svg_leaves_joining_letters_to_the_viewer() {
    let svg = written("svg", TRUETYPE, "ببב");
    assert!(svg.contains(">ببב</text>"), "{svg}");
    assert!(svg.contains(" x=\"5\""), "{svg}");
}

#[test]
fn pdf_embeds_the_used_glyphs_of_either_kind_of_outline() {
    for (data, kind) in [(TRUETYPE, "/FontFile2"), (COMPACT, "/FontFile3")] {
        let pdf = written("pdf", data, "ab");
        assert!(pdf.contains("+Boxes-Regular") && pdf.contains(kind), "{kind}");
        assert!(!pdf.contains("Inter"));
    }
}

#[test]
fn the_same_picture_is_the_same_whatever_was_drawn_before() {
    let first = written("pdf", COMPACT, "飞a");
    // The first of these may make TRUETYPE the first font of the process.
    written("pdf", TRUETYPE, "b");
    assert_eq!(first, written("pdf", COMPACT, "飞a"));
}
