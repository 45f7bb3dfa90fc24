//! The fonts of the page: the used glyphs of each weight, with what a reader needs to search and
//! copy the text (ISO 32000-1, 9.7 to 9.10).

use std::collections::BTreeMap;

use hinton_scene::{Font, Weight};
use pdf_writer::types::{CidFontType, FontFlags, SystemInfo, UnicodeCmap};
use pdf_writer::{Filter, Finish, Name, Pdf, Rect, Ref, Str};

use super::deflated;
use crate::RenderError;
use crate::outputs::font;

const IDENTITY: SystemInfo =
    SystemInfo { registry: Str(b"Adobe"), ordering: Str(b"Identity"), supplement: 0 };

/// Writes a font as five objects, numbered by `next`, and returns the first.
pub(super) fn write(
    pdf: &mut Pdf,
    mut next: impl FnMut() -> Ref,
    weight: Weight,
    used: &BTreeMap<char, u16>,
) -> Result<Ref, RenderError> {
    let face = Font::get(weight);
    let [composite, glyphs, descriptor, file, unicode] = std::array::from_fn(|_| next());
    let name = name(face, used);
    let name = Name(name.as_bytes());
    pdf.type0_font(composite)
        .base_font(name)
        .encoding_predefined(Name(b"Identity-H"))
        .descendant_font(glyphs)
        .to_unicode(unicode);
    let mut cid = pdf.cid_font(glyphs);
    cid.subtype(CidFontType::Type2).base_font(name).system_info(IDENTITY);
    cid.font_descriptor(descriptor).default_width(0.0);
    cid.cid_to_gid_map_predefined(Name(b"Identity"));
    let mut ids: Vec<u16> = used.values().copied().chain([0]).collect();
    ids.sort_unstable();
    ids.dedup();
    let mut widths = cid.widths();
    for id in ids {
        widths.same(id, id, (face.advance(id) * 1000.0) as f32);
    }
    widths.finish();
    cid.finish();
    let thousandths = |em: f64| (em * 1000.0) as f32;
    let (up, down) = (thousandths(face.ascent()), -thousandths(face.descent()));
    pdf.font_descriptor(descriptor)
        .name(name)
        .flags(FontFlags::NON_SYMBOLIC)
        // Wide enough for every glyph; readers use it to decide what to draw anew.
        .bbox(Rect::new(-1000.0, down - 500.0, 3000.0, up + 500.0))
        .italic_angle(0.0)
        .ascent(up)
        .descent(down)
        .cap_height(thousandths(face.cap_height()))
        .stem_v(if weight == Weight::Regular { 80.0 } else { 120.0 })
        .font_file2(file);
    let bytes = font::subset(face, used);
    let packed = deflated(&bytes)?;
    let mut stream = pdf.stream(file, &packed);
    stream.filter(Filter::FlateDecode).pair(Name(b"Length1"), bytes.len() as i32);
    stream.finish();
    let packed = deflated(&unicode_map(used))?;
    pdf.stream(unicode, &packed).filter(Filter::FlateDecode);
    Ok(composite)
}

/// The characters the glyphs stand for.
fn unicode_map(used: &BTreeMap<char, u16>) -> Vec<u8> {
    let mut characters: BTreeMap<u16, char> = BTreeMap::new();
    for (&c, &id) in used {
        // Of several characters with one glyph the first.
        characters.entry(id).or_insert(c);
    }
    let mut map = UnicodeCmap::new(Name(b"Custom"), IDENTITY);
    for (&id, &c) in &characters {
        map.pair(id, c);
    }
    map.finish().into_vec()
}

/// The font's name with the six letters that mark a subset, made from what is in it.
fn name(face: &Font, used: &BTreeMap<char, u16>) -> String {
    let mut hash = 0xCBF2_9CE4_8422_2325u64;
    for &c in used.keys() {
        hash = (hash ^ u64::from(u32::from(c))).wrapping_mul(0x0100_0000_01B3);
    }
    let mut name = String::new();
    for _ in 0..6 {
        name.push(char::from(b'A' + (hash % 26) as u8));
        hash /= 26;
    }
    let style = if face.weight() == Weight::Regular { "Regular" } else { "SemiBold" };
    format!("{name}+{}-{style}", face.family())
}
