//! The embedded typeface, which gives text the same width on every machine, and other fonts.

use std::sync::OnceLock;

use rustybuzz::ttf_parser::name_id;
use rustybuzz::{Direction, Feature, UnicodeBuffer};

use ttf_parser::kern::Subtable;
use ttf_parser::{Face, GlyphId, OutlineBuilder, Tag};

use crate::{Path, Point, Segment};

/// The weight of a font.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Weight {
    /// For nearly all text.
    #[default]
    Regular,
    /// For titles.
    SemiBold,
}

/// A font: a face of the embedded typeface, or another one.
pub struct Font {
    face: Face<'static>,
    /// Sets text in other scripts; the typeface needs none of that.
    shaper: Option<rustybuzz::Face<'static>>,
    number: u16,
    data: &'static [u8],
    index: u32,
    family: &'static str,
    weight: Weight,
    /// The glyphs of the ASCII characters: nearly all that is ever asked for.
    ascii: [u16; 128],
    /// The table of kerning, found once.
    kerning: Option<Subtable<'static>>,
}

static REGULAR: &[u8] = include_bytes!("../assets/fonts/Inter-Regular.ttf");
static SEMI_BOLD: &[u8] = include_bytes!("../assets/fonts/Inter-SemiBold.ttf");

/// The outline of a glyph, in units of the em (1 is the font size), y up, with its origin on the
/// baseline.
pub type Outline = Path;

impl Font {
    /// The face of the embedded typeface with this weight.
    pub fn get(weight: Weight) -> &'static Font {
        static FONTS: OnceLock<[Font; 2]> = OnceLock::new();
        let fonts = FONTS.get_or_init(|| {
            let load = |data: &'static [u8], weight| {
                let face = Face::parse(data, 0).expect("the embedded font is tested to parse");
                let kerning = face.tables().kern.and_then(|kern| {
                    kern.subtables.into_iter().find(|table| table.horizontal && !table.variable)
                });
                let ascii = ascii(&face);
                let number = u16::from(weight == Weight::SemiBold);
                let (shaper, index, family) = (None, 0, "Inter");
                Font { face, shaper, number, data, index, family, weight, ascii, kerning }
            };
            [load(REGULAR, Weight::Regular), load(SEMI_BOLD, Weight::SemiBold)]
        });
        match weight {
            Weight::Regular => &fonts[0],
            Weight::SemiBold => &fonts[1],
        }
    }

    /// A font beside the typeface; `None` for what is no font with outlines.
    pub(crate) fn read(data: &'static [u8], index: u32, number: u16) -> Option<Font> {
        let shaper = rustybuzz::Face::from_slice(data, index)?;
        let face = Face::parse(data, index).ok().filter(has_outlines)?;
        let family: &'static str = Box::leak(family_name(&face).into_boxed_str());
        let (ascii, shaper) = (ascii(&face), Some(shaper));
        let (weight, kerning) = (Weight::Regular, None);
        Some(Font { face, shaper, number, data, index, family, weight, ascii, kerning })
    }

    /// Its number: 0 and 1 are the faces of the embedded typeface; others are numbered in the order
    /// in which they were loaded. It does not change while the program runs.
    pub fn number(&self) -> u16 {
        self.number
    }

    /// Whether it is a face of the embedded typeface, which is the same on every machine.
    pub fn is_typeface(&self) -> bool {
        self.shaper.is_none()
    }

    /// The contents of the TrueType or OpenType file, or of a collection.
    pub fn data(&self) -> &'static [u8] {
        self.data
    }

    /// The index of the face in a collection; else 0.
    pub fn index(&self) -> u32 {
        self.index
    }

    /// Its weight.
    pub fn weight(&self) -> Weight {
        self.weight
    }

    /// The name of the font family in SVG and PDF.
    pub fn family(&self) -> &'static str {
        self.family
    }

    /// Number of units per em in the file.
    pub fn units_per_em(&self) -> f64 {
        f64::from(self.face.units_per_em())
    }

    /// Height of capital letters, in em.
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

    /// The glyph of a character; glyph 0 (a box) if the face does not have it.
    pub fn glyph(&self, c: char) -> u16 {
        self.ascii.get(c as usize).copied().unwrap_or_else(|| glyph(&self.face, c))
    }

    /// The advance width of a glyph, in em.
    pub fn advance(&self, glyph: u16) -> f64 {
        f64::from(self.face.glyph_hor_advance(GlyphId(glyph)).unwrap_or(0)) / self.units_per_em()
    }

    /// The kerning between two glyphs, in em.
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

    /// The glyphs of a text, from left to right. Digits have one width where the font knows how, and
    /// letters stay apart where joining them is only a matter of looks.
    pub(crate) fn shape(&self, text: &str, leftward: bool) -> Vec<Shaped> {
        let Some(face) = &self.shaper else { return Vec::new() };
        let mut buffer = UnicodeBuffer::new();
        buffer.push_str(text);
        buffer.set_direction(match leftward {
            true => Direction::RightToLeft,
            false => Direction::LeftToRight,
        });
        buffer.guess_segment_properties();
        let feature = |name: &[u8; 4], value| Feature::new(Tag::from_bytes(name), value, ..);
        let features = [feature(b"tnum", 1), feature(b"liga", 0), feature(b"clig", 0)];
        let set = rustybuzz::shape(face, &features, buffer);
        let em = |units: i32| f64::from(units) / self.units_per_em();
        let glyphs = set.glyph_infos().iter().zip(set.glyph_positions());
        glyphs
            .map(|(info, place)| Shaped {
                id: u16::try_from(info.glyph_id).unwrap_or(0),
                cluster: info.cluster as usize,
                advance: em(place.x_advance),
                right: em(place.x_offset),
                up: em(place.y_offset),
            })
            .collect()
    }

    fn em(&self, units: i16) -> f64 {
        f64::from(units) / self.units_per_em()
    }
}

fn glyph(face: &Face<'_>, c: char) -> u16 {
    face.glyph_index(c).map_or(0, |glyph| glyph.0)
}

fn ascii(face: &Face<'_>) -> [u16; 128] {
    std::array::from_fn(|code| glyph(face, char::from(code as u8)))
}

/// Whether its glyphs are shapes; those of some emoji fonts are pictures.
pub(crate) fn has_outlines(face: &Face<'_>) -> bool {
    let tables = face.tables();
    tables.glyf.is_some() || tables.cff.is_some()
}

/// The family's name, of letters, digits, blanks and hyphens only: it stands in style sheets.
pub(crate) fn family_name(face: &Face<'_>) -> String {
    let named = |id| {
        let mut names = face.names().into_iter().filter(move |name| name.name_id == id);
        names.find_map(|name| name.to_string())
    };
    let name = named(name_id::TYPOGRAPHIC_FAMILY).or_else(|| named(name_id::FAMILY));
    let keeps = |c: &char| c.is_ascii_alphanumeric() || matches!(c, ' ' | '-');
    let name: String = name.unwrap_or_default().chars().filter(keeps).take(60).collect();
    match name.trim() {
        "" => "Unnamed".to_owned(),
        name => name.to_owned(),
    }
}

/// A glyph that was set by its font, sizes in em.
pub(crate) struct Shaped {
    pub(crate) id: u16,
    /// Byte of the text that it begins to stand for.
    pub(crate) cluster: usize,
    pub(crate) advance: f64,
    pub(crate) right: f64,
    pub(crate) up: f64,
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
