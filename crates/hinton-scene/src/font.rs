//! The typeface, embedded: the same text has the same width on every machine.

use std::sync::OnceLock;

use ttf_parser::kern::Subtable;
use ttf_parser::{Face, GlyphId, OutlineBuilder};

use crate::{Path, Point, Segment};

/// Weight of the type.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Weight {
    /// For nearly everything.
    #[default]
    Regular,
    /// For titles.
    SemiBold,
}

/// One face of the typeface.
pub struct Font {
    face: Face<'static>,
    data: &'static [u8],
    weight: Weight,
    /// The glyphs of the ASCII characters: nearly all that is ever asked for.
    ascii: [u16; 128],
    /// The table of kerning, found once.
    kerning: Option<Subtable<'static>>,
}

static REGULAR: &[u8] = include_bytes!("../assets/fonts/Inter-Regular.ttf");
static SEMI_BOLD: &[u8] = include_bytes!("../assets/fonts/Inter-SemiBold.ttf");

/// A glyph's outline in units of the em (1 = the font size), y up, origin on the baseline.
pub type Outline = Path;

impl Font {
    /// The face of that weight.
    pub fn get(weight: Weight) -> &'static Font {
        static FONTS: OnceLock<[Font; 2]> = OnceLock::new();
        let fonts = FONTS.get_or_init(|| {
            let load = |data: &'static [u8], weight| {
                let face = Face::parse(data, 0).expect("the embedded font is tested to parse");
                let ascii = std::array::from_fn(|at| glyph(&face, char::from(at as u8)));
                let kerning = face.tables().kern.and_then(|kern| {
                    kern.subtables.into_iter().find(|table| table.horizontal && !table.variable)
                });
                Font { face, data, weight, ascii, kerning }
            };
            [load(REGULAR, Weight::Regular), load(SEMI_BOLD, Weight::SemiBold)]
        });
        match weight {
            Weight::Regular => &fonts[0],
            Weight::SemiBold => &fonts[1],
        }
    }

    /// The TrueType file.
    pub fn data(&self) -> &'static [u8] {
        self.data
    }

    /// Its weight.
    pub fn weight(&self) -> Weight {
        self.weight
    }

    /// The family name used in SVG and PDF.
    pub fn family(&self) -> &'static str {
        "Inter"
    }

    /// Units to the em in the file.
    pub fn units_per_em(&self) -> f64 {
        f64::from(self.face.units_per_em())
    }

    /// Height of a capital, in em.
    pub fn cap_height(&self) -> f64 {
        self.em(self.face.capital_height().unwrap_or(self.face.ascender()))
    }

    /// Height above the baseline, in em.
    pub fn ascent(&self) -> f64 {
        self.em(self.face.ascender())
    }

    /// Depth below the baseline, in em, positive.
    pub fn descent(&self) -> f64 {
        -self.em(self.face.descender())
    }

    /// The glyph of a character; glyph 0 (a box) where the face has none.
    pub fn glyph(&self, c: char) -> u16 {
        self.ascii.get(c as usize).copied().unwrap_or_else(|| glyph(&self.face, c))
    }

    /// How far a glyph moves the pen, in em.
    pub fn advance(&self, glyph: u16) -> f64 {
        f64::from(self.face.glyph_hor_advance(GlyphId(glyph)).unwrap_or(0)) / self.units_per_em()
    }

    /// What is added between two glyphs, in em.
    pub fn kerning(&self, left: u16, right: u16) -> f64 {
        let table = self.kerning.as_ref();
        let units = table.and_then(|table| table.glyphs_kerning(GlyphId(left), GlyphId(right)));
        self.em(units.unwrap_or(0))
    }

    /// The outline of a glyph.
    pub fn outline(&self, glyph: u16) -> Outline {
        let mut pen = Pen { path: Path::new(), at: Point::default(), em: self.units_per_em() };
        self.face.outline_glyph(GlyphId(glyph), &mut pen);
        pen.path
    }

    fn em(&self, units: i16) -> f64 {
        f64::from(units) / self.units_per_em()
    }
}

fn glyph(face: &Face<'_>, c: char) -> u16 {
    face.glyph_index(c).map_or(0, |glyph| glyph.0)
}

/// Collects an outline, turning quadratic curves into cubic ones.
struct Pen {
    path: Path,
    at: Point,
    em: f64,
}

impl Pen {
    fn point(&self, x: f32, y: f32) -> Point {
        Point::new(f64::from(x) / self.em, f64::from(y) / self.em)
    }
}

impl OutlineBuilder for Pen {
    fn move_to(&mut self, x: f32, y: f32) {
        self.at = self.point(x, y);
        self.path.segments.push(Segment::Move(self.at));
    }

    fn line_to(&mut self, x: f32, y: f32) {
        self.at = self.point(x, y);
        self.path.segments.push(Segment::Line(self.at));
    }

    fn quad_to(&mut self, x1: f32, y1: f32, x: f32, y: f32) {
        let (from, control, to) = (self.at, self.point(x1, y1), self.point(x, y));
        let toward = |end: Point| {
            let third = |end: f64, control: f64| end + (control - end) * 2.0 / 3.0;
            Point::new(third(end.x, control.x), third(end.y, control.y))
        };
        self.path.segments.push(Segment::Cubic(toward(from), toward(to), to));
        self.at = to;
    }

    fn curve_to(&mut self, x1: f32, y1: f32, x2: f32, y2: f32, x: f32, y: f32) {
        let to = self.point(x, y);
        self.path.segments.push(Segment::Cubic(self.point(x1, y1), self.point(x2, y2), to));
        self.at = to;
    }

    fn close(&mut self) {
        self.path.segments.push(Segment::Close);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_faces_load_and_digits_are_tabular() {
        for weight in [Weight::Regular, Weight::SemiBold] {
            let font = Font::get(weight);
            let width = font.advance(font.glyph('0'));
            assert!(width > 0.4);
            for digit in '1'..='9' {
                assert_eq!(font.advance(font.glyph(digit)), width, "{digit}");
            }
            for c in "ABCxyz0123456789 .,;:_/()[]{}+-−×÷±≈≤≥∞σμΔ→↓…·–—".chars()
            {
                assert_ne!(font.glyph(c), 0, "no glyph for {c:?}");
            }
            assert!(!font.outline(font.glyph('g')).segments.is_empty());
            assert!(font.cap_height() > 0.6 && font.cap_height() < 0.8);
        }
    }
}
