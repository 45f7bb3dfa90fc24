//! The fonts of the page: the used glyphs of each weight, and what readers need to search and copy
//! the text (ISO 32000-1, 9.7 to 9.10).

use std::collections::BTreeMap;

use hinton_scene::{Font, Glyph, Weight};
use pdf_writer::types::{CidFontType, FontFlags, SystemInfo, UnicodeCmap};
use pdf_writer::{Filter, Finish, Name, Pdf, Rect, Ref, Str};
use subsetter::GlyphRemapper;
use ttf_parser::{RawFace, Tag};

use super::deflated;
use crate::RenderError;
use crate::outputs::font;

const IDENTITY: SystemInfo =
    SystemInfo { registry: Str(b"Adobe"), ordering: Str(b"Identity"), supplement: 0 };

/// What a page uses of a font.
pub(super) struct UsedFont {
    pub(super) font: &'static Font,
    /// The characters, each with its glyph.
    chars: BTreeMap<char, u16>,
    /// The glyphs by their numbers on the page, each with its number in the font and its first
    /// character. The typeface's glyphs keep their numbers, others are counted again.
    glyphs: BTreeMap<u16, (u16, char)>,
    remapper: GlyphRemapper,
}

impl UsedFont {
    pub(super) fn new(font: &'static Font) -> Self {
        let glyphs = BTreeMap::from([(0, (0, '\0'))]);
        UsedFont { font, chars: BTreeMap::new(), glyphs, remapper: GlyphRemapper::new() }
    }

    /// The number of a glyph on the page.
    pub(super) fn code(&mut self, glyph: &Glyph) -> u16 {
        let code = match self.font.is_typeface() {
            true => glyph.id,
            false => self.remapper.remap(glyph.id),
        };
        self.chars.insert(glyph.c, glyph.id);
        self.glyphs.entry(code).or_insert((glyph.id, glyph.c));
        code
    }

    /// The file of the used glyphs, and whether its outlines are of the Compact Font Format.
    fn file(&self) -> Result<(Vec<u8>, bool), RenderError> {
        if self.font.is_typeface() {
            return Ok((font::subset(self.font, &self.chars).unwrap_or_default(), false));
        }
        let unusable = |why: String| RenderError::Encode {
            output: "pdf",
            why: format!("the font {} cannot be embedded: {why}", self.font.family()),
        };
        let (data, index) = (self.font.data(), self.font.index());
        let file = subsetter::subset(data, index, &self.remapper)
            .map_err(|error| unusable(error.to_string()))?;
        let face = RawFace::parse(&file, 0).map_err(|error| unusable(error.to_string()))?;
        Ok(match face.table(Tag::from_bytes(b"CFF ")) {
            Some(outlines) => (outlines.to_vec(), true),
            None => (file, false),
        })
    }
}

/// Writes a font as five objects, numbered by `next`, and returns the first.
pub(super) fn write(
    pdf: &mut Pdf,
    mut next: impl FnMut() -> Ref,
    used: &UsedFont,
) -> Result<Ref, RenderError> {
    let font = used.font;
    let (bytes, is_compact) = used.file()?;
    let [composite, glyphs, descriptor, file, unicode] = std::array::from_fn(|_| next());
    let name = name(font, &used.chars);
    let name = Name(name.as_bytes());
    pdf.type0_font(composite)
        .base_font(name)
        .encoding_predefined(Name(b"Identity-H"))
        .descendant_font(glyphs)
        .to_unicode(unicode);
    let mut cid = pdf.cid_font(glyphs);
    cid.subtype(if is_compact { CidFontType::Type0 } else { CidFontType::Type2 });
    cid.base_font(name).system_info(IDENTITY);
    cid.font_descriptor(descriptor).default_width(0.0);
    if !is_compact {
        cid.cid_to_gid_map_predefined(Name(b"Identity"));
    }
    let thousandths = |em: f64| (em * 1000.0) as f32;
    let mut widths = cid.widths();
    for (&code, &(glyph, _)) in &used.glyphs {
        widths.same(code, code, thousandths(font.advance(glyph)));
    }
    widths.finish();
    cid.finish();
    let (up, down) = (thousandths(font.ascent()), -thousandths(font.descent()));
    let mut about = pdf.font_descriptor(descriptor);
    about
        .name(name)
        .flags(FontFlags::NON_SYMBOLIC)
        // Wide enough for every glyph; readers use it to decide what to draw again.
        .bbox(Rect::new(-1000.0, down - 500.0, 3000.0, up + 500.0))
        .italic_angle(0.0)
        .ascent(up)
        .descent(down)
        .cap_height(thousandths(font.cap_height()))
        .stem_v(if font.weight() == Weight::Regular { 80.0 } else { 120.0 });
    match is_compact {
        true => about.font_file3(file),
        false => about.font_file2(file),
    };
    about.finish();
    let packed = deflated(&bytes)?;
    let mut stream = pdf.stream(file, &packed);
    stream.filter(Filter::FlateDecode);
    match is_compact {
        true => stream.pair(Name(b"Subtype"), Name(b"CIDFontType0C")),
        false => stream.pair(Name(b"Length1"), bytes.len() as i32),
    };
    stream.finish();
    let packed = deflated(&unicode_map(&used.glyphs))?;
    pdf.stream(unicode, &packed).filter(Filter::FlateDecode);
    Ok(composite)
}

/// The characters the glyphs stand for.
fn unicode_map(glyphs: &BTreeMap<u16, (u16, char)>) -> Vec<u8> {
    let mut map = UnicodeCmap::new(Name(b"Custom"), IDENTITY);
    for (&code, &(_, c)) in glyphs.iter().filter(|glyph| *glyph.0 != 0) {
        map.pair(code, c);
    }
    map.finish().into_vec()
}

/// The font's name with the six letters that mark a subset, made from what is in it.
fn name(font: &Font, used: &BTreeMap<char, u16>) -> String {
    let mut hash = 0xCBF2_9CE4_8422_2325u64;
    for &c in used.keys() {
        hash = (hash ^ u64::from(u32::from(c))).wrapping_mul(0x0100_0000_01B3);
    }
    let mut name = String::new();
    for _ in 0..6 {
        name.push(char::from(b'A' + (hash % 26) as u8));
        hash /= 26;
    }
    let style = if font.weight() == Weight::Regular { "Regular" } else { "SemiBold" };
    format!("{name}+{}-{style}", font.family().replace(' ', ""))
}
