//! One line of text, measured and laid out: every glyph has its position before an output sees it.

use crate::line::{clings, set};
use crate::{Color, Font, Weight, visible};

/// The style of text.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct TextStyle {
    /// Font size in points.
    pub size: f64,
    /// Font weight.
    pub weight: Weight,
    /// Colour.
    pub color: Color,
}

/// Which point of the text is at the given x.
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

/// Which height of the text is at the given y.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Baseline {
    /// The baseline.
    #[default]
    Alphabetic,
    /// Half the height of a capital letter, so that digits look centred.
    Middle,
    /// The top of a capital letter.
    Top,
}

/// A glyph and its position in the line.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Glyph {
    /// Its number in the font.
    pub id: u16,
    /// The [number](Font::number) of its font.
    pub face: u16,
    /// Distance from the start of the text along the line, in points.
    pub x: f64,
    /// Height above the baseline in points, for combining marks above and below letters.
    pub up: f64,
    /// The character it represents, or the first of several.
    pub c: char,
}

/// One line of text with the position of every glyph.
#[derive(Debug, Clone, PartialEq)]
pub struct Text {
    /// The characters, already [escaped](visible), in reading order.
    pub content: String,
    /// x coordinate of the start of the baseline.
    pub x: f64,
    /// y coordinate of the baseline.
    pub y: f64,
    /// Clockwise rotation around (x, y) in degrees.
    pub rotation: f64,
    /// Size, weight, colour.
    pub style: TextStyle,
    /// The [number](Font::number) of the preferred font, used for every character that it has.
    pub font: u16,
    /// The glyphs from left to right. Characters that no font has are drawn as escapes, because
    /// identical boxes could not be distinguished.
    pub glyphs: Vec<Glyph>,
    /// Length of the line in points.
    pub width: f64,
    /// Which end stays fixed if an output's own letters are wider or narrower.
    pub align: Align,
}

impl Text {
    /// Lays out `content` so that its `align` point is at `x` and its `baseline` height at `y`.
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

    /// Lays out text as [`new`](Text::new) does, rotated clockwise by `degrees` around (x, y).
    pub fn rotated(
        content: &str,
        x: f64,
        y: f64,
        style: TextStyle,
        align: Align,
        baseline: Baseline,
        degrees: f64,
    ) -> Self {
        let content = visible(content).into_owned();
        let (glyphs, width) = set(&content, style);
        let back = match align {
            Align::Start => 0.0,
            Align::Middle => width / 2.0,
            Align::End => width,
        };
        let font = Font::in_use(style.weight);
        let cap = font.cap_height() * style.size;
        let down = match baseline {
            Baseline::Alphabetic => 0.0,
            Baseline::Middle => cap / 2.0,
            Baseline::Top => cap,
        };
        let (sin, cos) = turn(degrees);
        let (x, y) = (x - back * cos - down * sin, y - back * sin + down * cos);
        let font = font.number();
        Text { content, x, y, rotation: degrees, style, font, glyphs, width, align }
    }

    /// Whether each character is a single glyph of its font or of the embedded typeface, in reading
    /// order and on the baseline.
    pub fn is_plain(&self) -> bool {
        let mut chars = self.content.chars();
        let same = |glyph: &Glyph| {
            let is_near = glyph.face == self.font || Font::numbered(glyph.face).is_typeface();
            is_near && glyph.id != 0 && glyph.up == 0.0 && chars.next() == Some(glyph.c)
        };
        self.glyphs.iter().all(same) && chars.next().is_none()
    }
}

/// Sine and cosine of an angle in degrees, exact for multiples of 90.
///
/// Computed as a series, because the last bit of the system's `sin` differs between machines.
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

/// Width of a line of text in points.
pub fn measure(content: &str, style: TextStyle) -> f64 {
    set(&visible(content), style).1
}

/// Shortens `content` in the middle, with …, until it is no wider than `width`. Both ends of a
/// tensor's name are informative, so the middle is removed first.
pub fn fit(content: &str, style: TextStyle, width: f64) -> String {
    if measure(content, style) <= width {
        return visible(content).into_owned();
    }
    // Characters as they are shown, each with its marks, so that nothing is cut that belongs together.
    let mut chars: Vec<String> = Vec::new();
    for c in content.chars() {
        match chars.last_mut() {
            Some(last) if clings(c) => last.push(c),
            _ => chars.push(c.to_string()),
        }
    }
    chars.iter_mut().for_each(|c| *c = visible(c).into_owned());
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
    fn what_no_font_has_is_drawn_as_escapes() {
        let set = |name| Text::new(name, 0.0, 0.0, STYLE, Align::Start, Baseline::Top);
        for (name, drawn) in [
            ("中.weight", "\\u{4e2d}.weight"),
            ("文.weight", "\\u{6587}.weight"),
            ("שלום", "\\u{5e9}\\u{5dc}\\u{5d5}\\u{5dd}"),
            ("fc🙂", "fc\\u{1f642}"),
            ("größe Δ", "größe Δ"),
        ] {
            let text = set(name);
            assert_eq!(text.content, name);
            assert!(text.glyphs.iter().all(|glyph| glyph.id != 0), "{name}");
            let glyphs: String = text.glyphs.iter().map(|glyph| glyph.c).collect();
            assert_eq!(glyphs, drawn);
            assert_eq!(text.is_plain(), name == drawn);
            assert_eq!(measure(name, STYLE), text.width);
        }
        let short = fit("model.中文中文中文中文.weight", STYLE, 120.0);
        assert!(measure(&short, STYLE) <= 120.0 && short.contains('…'), "{short}");
    }

    #[test]
    fn hostile_names_are_made_visible() {
        let text = Text::new("\u{1b}[2Jx", 0.0, 0.0, STYLE, Align::Start, Baseline::Top);
        assert_eq!(text.content, "\\u{1b}[2Jx");
    }
}
