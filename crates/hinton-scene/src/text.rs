//! One line of text, measured and placed: every glyph has its position before an output sees it.

use std::borrow::Cow;
use std::fmt::Write as _;

use crate::{Color, Font, Weight, visible};

/// How a text is set.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct TextStyle {
    /// Font size, points.
    pub size: f64,
    /// Weight.
    pub weight: Weight,
    /// Colour.
    pub color: Color,
}

/// Which point of the text lies on the given x.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Align {
    /// Its left end.
    #[default]
    Start,
    /// Its middle.
    Middle,
    /// Its right end.
    End,
}

/// Which height of the text lies on the given y.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Baseline {
    /// The line that letters stand on.
    #[default]
    Alphabetic,
    /// Half the height of a capital: figures look centred.
    Middle,
    /// The top of a capital.
    Top,
}

/// A glyph and its place along the line.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Glyph {
    /// Its number in the font.
    pub id: u16,
    /// Distance from the start of the text along the line, points.
    pub x: f64,
    /// The character it stands for.
    pub c: char,
}

/// One line of text with every glyph placed.
#[derive(Debug, Clone, PartialEq)]
pub struct Text {
    /// The characters, already made [`visible`]. Those that the typeface lacks (other scripts,
    /// emoji) are written as escapes too: as identical boxes they could not be told apart.
    pub content: String,
    /// Start of the baseline.
    pub x: f64,
    /// Height of the baseline.
    pub y: f64,
    /// Turned by so many degrees clockwise around (x, y).
    pub rotation: f64,
    /// Size, weight, colour.
    pub style: TextStyle,
    /// The glyphs.
    pub glyphs: Vec<Glyph>,
    /// Length of the line, points.
    pub width: f64,
    /// Which end stays where it is, should an output have wider or narrower letters of its own.
    pub align: Align,
}

impl Text {
    /// Sets `content` so that its `align` point lies on `x` and its `baseline` height on `y`.
    pub fn new(
        content: &str,
        x: f64,
        y: f64,
        style: TextStyle,
        align: Align,
        baseline: Baseline,
    ) -> Self {
        Text::rotated(content, x, y, style, align, baseline, 0.0)
    }

    /// The same, turned clockwise by `degrees` around (x, y).
    pub fn rotated(
        content: &str,
        x: f64,
        y: f64,
        style: TextStyle,
        align: Align,
        baseline: Baseline,
        degrees: f64,
    ) -> Self {
        let content = drawable(content, style.weight).into_owned();
        let (glyphs, width) = set(&content, style);
        let back = match align {
            Align::Start => 0.0,
            Align::Middle => width / 2.0,
            Align::End => width,
        };
        let cap = Font::get(style.weight).cap_height() * style.size;
        let down = match baseline {
            Baseline::Alphabetic => 0.0,
            Baseline::Middle => cap / 2.0,
            Baseline::Top => cap,
        };
        let (sin, cos) = turn(degrees);
        let (x, y) = (x - back * cos - down * sin, y - back * sin + down * cos);
        Text { content, x, y, rotation: degrees, style, glyphs, width, align }
    }
}

/// Sine and cosine of an angle in degrees, exact for quarter turns.
///
/// The series is summed here because the last bit of the system's `sin` differs between machines.
pub fn turn(degrees: f64) -> (f64, f64) {
    let degrees = degrees.rem_euclid(360.0);
    let quarter = (degrees / 90.0 + 0.5).floor();
    let x = (degrees - quarter * 90.0) * std::f64::consts::PI / 180.0;
    let (mut sin, mut cos, mut term) = (0.0, 0.0, 1.0);
    for k in 0..20 {
        match k % 4 {
            0 => cos += term,
            1 => sin += term,
            2 => cos -= term,
            _ => sin -= term,
        }
        term *= x / f64::from(k + 1);
    }
    match quarter as i64 % 4 {
        0 => (sin, cos),
        1 => (cos, -sin),
        2 => (-sin, -cos),
        _ => (-cos, sin),
    }
}

/// Width of a line of text, points.
pub fn measure(content: &str, style: TextStyle) -> f64 {
    set(&drawable(content, style.weight), style).1
}

/// `content`, [`visible`], with escapes like `\u{4e2d}` for what the typeface lacks.
fn drawable(content: &str, weight: Weight) -> Cow<'_, str> {
    let font = Font::get(weight);
    let content = visible(content);
    if content.chars().all(|c| font.glyph(c) != 0) {
        return content;
    }
    let mut drawn = String::with_capacity(content.len() * 2);
    for c in content.chars() {
        if font.glyph(c) == 0 {
            // Writing to a String cannot fail.
            let _ = write!(drawn, "\\u{{{:x}}}", c as u32);
        } else {
            drawn.push(c);
        }
    }
    Cow::Owned(drawn)
}

/// `content`, shortened with … in the middle until it is no wider than `width`. Both ends of a
/// tensor's name tell something, so the middle goes first.
pub fn fit(content: &str, style: TextStyle, width: f64) -> String {
    if measure(content, style) <= width {
        return drawable(content, style.weight).into_owned();
    }
    // Characters as they are drawn, so that no escape is cut.
    let mut buffer = [0; 4];
    let chars: Vec<String> = content
        .chars()
        .map(|c| drawable(c.encode_utf8(&mut buffer), style.weight).into_owned())
        .collect();
    // The widest that fits, by bisection over how many characters stay.
    let shorten = |keep: usize| -> String {
        let head = keep / 2;
        let tail = keep - head;
        let (head, tail) = (&chars[..head], &chars[chars.len() - tail..]);
        format!("{}…{}", head.concat(), tail.concat())
    };
    let (mut low, mut high) = (0, chars.len().saturating_sub(1));
    while low < high {
        let middle = (low + high).div_ceil(2);
        if measure(&shorten(middle), style) <= width {
            low = middle;
        } else {
            high = middle - 1;
        }
    }
    if low == 0 { String::new() } else { shorten(low) }
}

fn set(content: &str, style: TextStyle) -> (Vec<Glyph>, f64) {
    let font = Font::get(style.weight);
    let mut glyphs: Vec<Glyph> = Vec::with_capacity(content.len());
    let mut x = 0.0;
    for c in content.chars() {
        let id = font.glyph(c);
        if let Some(before) = glyphs.last() {
            x += font.kerning(before.id, id) * style.size;
        }
        glyphs.push(Glyph { id, x, c });
        x += font.advance(id) * style.size;
    }
    (glyphs, x)
}

#[cfg(test)]
mod tests {
    use super::*;

    const STYLE: TextStyle = TextStyle { size: 10.0, weight: Weight::Regular, color: Color::BLACK };

    #[test]
    fn anchors_place_the_line() {
        let width = measure("Weights: 3", STYLE);
        let set = |align| Text::new("Weights: 3", 100.0, 50.0, STYLE, align, Baseline::Alphabetic);
        assert_eq!(set(Align::Start).x, 100.0);
        assert_eq!(set(Align::Middle).x, 100.0 - width / 2.0);
        assert_eq!(set(Align::End).x, 100.0 - width);
        let top = Text::new("X", 0.0, 0.0, STYLE, Align::Start, Baseline::Top);
        assert!((top.y - 10.0 * Font::get(Weight::Regular).cap_height()).abs() < 1e-12);
    }

    #[test]
    fn a_quarter_turn_swaps_the_axes() {
        let down = Text::rotated("abc", 10.0, 20.0, STYLE, Align::End, Baseline::Alphabetic, 90.0);
        assert!((down.x - 10.0).abs() < 1e-12);
        assert!((down.y - (20.0 - down.width)).abs() < 1e-12);
    }

    #[test]
    fn turns_match_the_library() {
        for degrees in [-30.0f64, 0.0, 30.0, 45.0, 90.0, 120.0, 180.0, 270.0, 300.0, 359.0] {
            let (sin, cos) = turn(degrees);
            assert!((sin - degrees.to_radians().sin()).abs() < 1e-12, "{degrees}");
            assert!((cos - degrees.to_radians().cos()).abs() < 1e-12, "{degrees}");
        }
    }

    #[test]
    fn long_names_lose_their_middle() {
        let name = "model.layers.0.self_attn.q_proj.weight";
        let short = fit(name, STYLE, 100.0);
        assert!(short.starts_with("model.") && short.ends_with("weight") && short.contains('…'));
        assert!(measure(&short, STYLE) <= 100.0);
        assert_eq!(fit(name, STYLE, 1000.0), name);
        assert_eq!(fit("abc", STYLE, 0.0), "");
    }

    #[test]
    fn what_the_typeface_lacks_is_written_as_escapes() {
        let set = |name| Text::new(name, 0.0, 0.0, STYLE, Align::Start, Baseline::Top);
        for (name, drawn) in [
            ("中.weight", "\\u{4e2d}.weight"),
            ("文.weight", "\\u{6587}.weight"),
            ("שלום", "\\u{5e9}\\u{5dc}\\u{5d5}\\u{5dd}"),
            ("fc🙂", "fc\\u{1f642}"),
            ("größe Δ", "größe Δ"),
        ] {
            let text = set(name);
            assert_eq!(text.content, drawn);
            assert!(text.glyphs.iter().all(|glyph| glyph.id != 0), "{name}");
            let glyphs: String = text.glyphs.iter().map(|glyph| glyph.c).collect();
            assert_eq!(glyphs, drawn, "the glyphs are those of the content");
            assert_eq!(measure(name, STYLE), text.width);
        }
        let short = fit("model.中文中文中文中文.weight", STYLE, 120.0);
        assert!(measure(&short, STYLE) <= 120.0 && short.contains('…'), "{short}");
        let (head, tail) = short.split_once('…').unwrap();
        for part in [head, tail] {
            assert_eq!(part.matches("\\u{").count(), part.matches('}').count(), "{short}");
        }
    }

    #[test]
    fn hostile_names_are_made_visible() {
        let text = Text::new("\u{1b}[2Jx", 0.0, 0.0, STYLE, Align::Start, Baseline::Top);
        assert_eq!(text.content, "\\u{1b}[2Jx");
    }
}
