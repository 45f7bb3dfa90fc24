//! Text in other scripts: fonts of a source take over where the typeface lacks characters, letters
//! join, and lines run both ways. The fonts are made by `fonts/make.py`.

use std::sync::Arc;

use hinton_scene::{
    Align, Baseline, Color, Font, FontFile, Item, Scene, Text, TextStyle, Typeface, Weight, fit,
    lacking_characters, measure, set_font_source, with_typeface,
};

const BOXES: &[u8] = include_bytes!("fonts/boxes.ttf");
const STYLE: TextStyle = TextStyle { size: 10.0, weight: Weight::Regular, color: Color::BLACK };

/// One font for all characters, though it lacks most. The same file is the same font.
fn with_source() {
    let file = Arc::new(FontFile { data: BOXES.to_vec(), index: 0 });
    let source = move |c: char| {
        let again = || Arc::new(FontFile { data: BOXES.to_vec(), index: 0 });
        Some(if c == '飞' { again() } else { file.clone() })
    };
    // The tests of this file share it.
    set_font_source(Box::new(source));
}

fn set(content: &str) -> Text {
    Text::new(content, 0.0, 0.0, STYLE, Align::Start, Baseline::Alphabetic)
}

/// Advances of the glyphs in thousandths of the em, from left to right.
fn widths(content: &str) -> Vec<i64> {
    let glyphs = set(content).glyphs;
    let width = |face, id| (Font::numbered(face).advance(id) * 1000.0).round() as i64;
    glyphs.iter().map(|glyph| width(glyph.face, glyph.id)).collect()
}

#[test]
fn other_scripts_are_set_in_the_font_that_has_them() {
    with_source();
    let text = set("飞机 x");
    assert_eq!(text.content, "飞机 x");
    assert_eq!(widths("飞机"), [1000, 950]);
    let faces: Vec<u16> = text.glyphs.iter().map(|glyph| glyph.face).collect();
    assert!(faces[0] == faces[1] && faces[2] == 0 && faces[3] == 0, "{faces:?}");
    assert!(!Font::numbered(faces[0]).is_typeface());
    assert!(!text.is_plain(), "viewers set it with fonts of their own");
    assert_eq!(measure("飞机", STYLE), 19.5);
    assert!(!Font::numbered(faces[0]).outline(text.glyphs[0].id).segments.is_empty());
}

#[test]
fn lines_run_both_ways() {
    with_source();
    // Read from the right: the last letter stands leftmost, numbers run from the left.
    let order = |content: &str| set(content).glyphs.iter().map(|g| g.c).collect::<String>();
    assert_eq!(order("x \u{5d0}\u{5d1}"), "x \u{5d1}\u{5d0}");
    // Brackets open the other way.
    assert_eq!(order("\u{5d0}(\u{5d1}"), "\u{5d1})\u{5d0}");
    assert_eq!(order("aאc"), "aאc");
    let right = set("אx");
    assert!(right.glyphs[0].x < right.glyphs[1].x);
}

#[test]
fn letters_join_by_their_neighbours() {
    with_source();
    assert_eq!(widths("ب"), [700]);
    // From left to right: the last form, the middle one, the first.
    assert_eq!(widths("ببب"), [680, 320, 300]);
}

#[test]
fn what_no_font_has_is_an_escape_and_is_listed() {
    with_source();
    let text = set("\u{5d2}飞");
    let drawn: String = text.glyphs.iter().map(|glyph| glyph.c).collect();
    assert!(drawn.contains("\\u{5d2}"), "{drawn}");
    assert_eq!(text.content, "\u{5d2}飞");
    let scene = Scene {
        width: 10.0,
        height: 10.0,
        background: None,
        title: String::new(),
        description: String::new(),
        items: vec![Item::Text(text), Item::Text(set("größe"))],
    };
    assert_eq!(lacking_characters(&scene).into_iter().collect::<String>(), "\u{5d2}");
}

#[test]
fn a_typeface_sets_what_it_has_and_inter_the_rest() {
    with_source();
    let typeface = Typeface::load(&FontFile { data: BOXES.to_vec(), index: 0 }).unwrap();
    assert_eq!(typeface.family(), "Boxes");
    let text = with_typeface(Some(typeface), || set("abc"));
    let own: Vec<bool> = text.glyphs.iter().map(|g| Font::numbered(g.face).is_typeface()).collect();
    assert_eq!(own, [false, false, true]);
    assert!(text.is_plain());
    assert_eq!(text.font, text.glyphs[0].face);
    assert!(set("abc").glyphs.iter().all(|glyph| glyph.face == 0));
    let width = with_typeface(Some(typeface), || measure("ab", STYLE));
    assert!((width - 10.6).abs() < 1e-9);
}

#[test]
fn marks_stay_with_their_letters_when_a_name_is_shortened() {
    with_source();
    let name = "e\u{301}".repeat(40);
    let short = fit(&name, STYLE, 60.0);
    assert!(short.contains('…'));
    for part in short.split('…').filter(|part| !part.is_empty()) {
        assert!(part.starts_with('e') && part.ends_with('\u{301}'), "{short}");
    }
}

#[test]
fn hostile_text_is_set_without_panic() {
    with_source();
    for text in [
        "\u{202e}abc",
        "א\u{202d}1",
        "ب\u{301}\u{301}",
        "\u{200d}飞\u{fe0f}",
        "(]א[)",
        "\u{10ffff}",
    ] {
        let text = set(text);
        assert!(text.width.is_finite());
        assert!(text.glyphs.iter().all(|glyph| glyph.x.is_finite()));
    }
}
