//! Writes the subset of a font file that a picture uses.
//!
//! The tables follow the OpenType specification 1.9: `glyf`, `loca`, `cmap` (format 12), and the
//! table directory. Glyphs keep their numbers, so those in a scene's texts stay valid.

use std::collections::{BTreeMap, BTreeSet};

use hinton_scene::{Font, Item, Scene};
use ttf_parser::{RawFace, Tag};

/// Tables kept as they are. `OS/2`, `name` and `post` matter to browsers only.
const KEPT: [&[u8; 4]; 7] = [b"OS/2", b"hhea", b"hmtx", b"maxp", b"name", b"post", b"head"];

/// The characters a scene shows in each font, by the font's number, each with its glyph.
pub(super) fn used(scene: &Scene) -> BTreeMap<u16, BTreeMap<char, u16>> {
    let mut used = BTreeMap::new();
    collect(&scene.items, &mut used);
    used
}

fn collect(items: &[Item], used: &mut BTreeMap<u16, BTreeMap<char, u16>>) {
    for item in items {
        match item {
            Item::Group(group) => collect(&group.items, used),
            Item::Text(text) => {
                for glyph in &text.glyphs {
                    used.entry(glyph.face).or_default().insert(glyph.c, glyph.id);
                }
            }
            _ => {}
        }
    }
}

/// Numbers of the fonts that a scene's texts are set in in place of the typeface.
pub(super) fn typefaces(scene: &Scene) -> BTreeSet<u16> {
    fn collect(items: &[Item], found: &mut BTreeSet<u16>) {
        for item in items {
            match item {
                Item::Group(group) => collect(&group.items, found),
                Item::Text(text) => {
                    found.insert(text.font);
                }
                _ => {}
            }
        }
    }
    let mut found = BTreeSet::new();
    collect(&scene.items, &mut found);
    found.retain(|&number| !Font::numbered(number).is_typeface());
    found
}

/// A font file with only these characters and glyph 0; the whole file should it be made in a way
/// not known here. A face of such a collection has no file of its own.
pub(super) fn subset(font: &Font, used: &BTreeMap<char, u16>) -> Option<Vec<u8>> {
    let is_single = ttf_parser::fonts_in_collection(font.data()).is_none();
    let whole = || is_single.then(|| font.data().to_vec());
    cut(font.data(), font.index(), used).or_else(whole)
}

fn cut(data: &[u8], index: u32, used: &BTreeMap<char, u16>) -> Option<Vec<u8>> {
    let face = RawFace::parse(data, index).ok()?;
    let table = |name: &[u8; 4]| face.table(Tag::from_bytes(name));
    let (glyf, loca) = (table(b"glyf")?, table(b"loca")?);
    let long = *table(b"head")?.get(51)? == 1;
    let count = usize::from(u16_at(table(b"maxp")?, 4)?);
    let offset = |glyph: usize| -> Option<usize> {
        if long {
            Some(u32::from_be_bytes(loca.get(glyph * 4..glyph * 4 + 4)?.try_into().ok()?) as usize)
        } else {
            Some(usize::from(u16_at(loca, glyph * 2)?) * 2)
        }
    };
    let outline = |glyph: u16| -> Option<&[u8]> {
        glyf.get(offset(usize::from(glyph))?..offset(usize::from(glyph) + 1)?)
    };
    let mut wanted: BTreeSet<u16> = BTreeSet::from([0]);
    let mut waiting: Vec<u16> = used.values().copied().collect();
    while let Some(glyph) = waiting.pop() {
        if wanted.insert(glyph) {
            waiting.extend(components(outline(glyph)?)?);
        }
    }
    let (mut new_glyf, mut new_loca) = (Vec::new(), Vec::new());
    for glyph in 0..u16::try_from(count).ok()? {
        push_offset(&mut new_loca, new_glyf.len(), long)?;
        if wanted.contains(&glyph) {
            new_glyf.extend_from_slice(outline(glyph)?);
            new_glyf.resize(new_glyf.len().next_multiple_of(4), 0);
        }
    }
    push_offset(&mut new_loca, new_glyf.len(), long)?;
    let mut tables: BTreeMap<[u8; 4], Vec<u8>> =
        KEPT.iter().filter_map(|&&name| Some((name, table(&name)?.to_vec()))).collect();
    tables.insert(*b"glyf", new_glyf);
    tables.insert(*b"loca", new_loca);
    tables.insert(*b"cmap", character_map(used));
    Some(file(tables))
}

fn u16_at(data: &[u8], at: usize) -> Option<u16> {
    Some(u16::from_be_bytes(data.get(at..at + 2)?.try_into().ok()?))
}

fn push_offset(loca: &mut Vec<u8>, offset: usize, long: bool) -> Option<()> {
    if long {
        loca.extend_from_slice(&u32::try_from(offset).ok()?.to_be_bytes());
    } else {
        loca.extend_from_slice(&u16::try_from(offset / 2).ok()?.to_be_bytes());
    }
    Some(())
}

/// The glyphs that a composite glyph is made of.
fn components(outline: &[u8]) -> Option<Vec<u16>> {
    let mut parts = Vec::new();
    // An empty outline, or a number of contours that is not negative: not composite.
    if outline.is_empty() || u16_at(outline, 0)? < 0x8000 {
        return Some(parts);
    }
    let mut at = 10;
    loop {
        let flags = u16_at(outline, at)?;
        parts.push(u16_at(outline, at + 2)?);
        let offsets = if flags & 0x0001 != 0 { 4 } else { 2 };
        let scales = match flags & 0x00C8 {
            0x0008 => 2,
            0x0040 => 4,
            0x0080 => 8,
            _ => 0,
        };
        at += 4 + offsets + scales;
        if flags & 0x0020 == 0 {
            return Some(parts);
        }
    }
}

/// A `cmap` table of one subtable in format 12, one group a character.
fn character_map(used: &BTreeMap<char, u16>) -> Vec<u8> {
    let mut table = Vec::new();
    // Version 0, one subtable: Windows (3), full Unicode (10), at byte 12.
    for number in [0u16, 1, 3, 10, 0, 12, 12, 0] {
        table.extend_from_slice(&number.to_be_bytes());
    }
    let groups = used.len() as u32;
    for number in [16 + 12 * groups, 0, groups] {
        table.extend_from_slice(&number.to_be_bytes());
    }
    for (&c, &glyph) in used {
        for number in [u32::from(c), u32::from(c), u32::from(glyph)] {
            table.extend_from_slice(&number.to_be_bytes());
        }
    }
    table
}

/// A font file of these tables, with its check sums.
fn file(mut tables: BTreeMap<[u8; 4], Vec<u8>>) -> Vec<u8> {
    // The sum over the whole file is stored in `head`, and counted as 0 while it is made.
    if let Some(adjustment) = tables.get_mut(b"head").and_then(|head| head.get_mut(8..12)) {
        adjustment.fill(0);
    }
    let count = tables.len() as u16;
    let power = count.max(1).ilog2() as u16;
    let mut bytes = Vec::new();
    bytes.extend_from_slice(&0x0001_0000u32.to_be_bytes());
    for number in [count, 16 << power, power, (count - (1 << power)) * 16] {
        bytes.extend_from_slice(&number.to_be_bytes());
    }
    let mut offset = 12 + 16 * tables.len();
    let mut head = None;
    for (name, table) in &tables {
        if name == b"head" {
            head = Some(offset);
        }
        bytes.extend_from_slice(name);
        for number in [check_sum(table), offset as u32, table.len() as u32] {
            bytes.extend_from_slice(&number.to_be_bytes());
        }
        offset += table.len().next_multiple_of(4);
    }
    for table in tables.values() {
        bytes.extend_from_slice(table);
        bytes.resize(bytes.len().next_multiple_of(4), 0);
    }
    let adjustment = 0xB1B0_AFBAu32.wrapping_sub(check_sum(&bytes));
    if let Some(place) = head.and_then(|head| bytes.get_mut(head + 8..head + 12)) {
        place.copy_from_slice(&adjustment.to_be_bytes());
    }
    bytes
}

/// The sum of a table's 32-bit numbers.
fn check_sum(table: &[u8]) -> u32 {
    table.chunks(4).fold(0, |sum: u32, chunk| {
        let mut word = [0; 4];
        word[..chunk.len()].copy_from_slice(chunk);
        sum.wrapping_add(u32::from_be_bytes(word))
    })
}

#[cfg(test)]
mod tests {
    use hinton_scene::Weight;

    use super::*;

    struct Lines(Vec<String>);

    impl ttf_parser::OutlineBuilder for Lines {
        fn move_to(&mut self, x: f32, y: f32) {
            self.0.push(format!("M{x},{y}"));
        }
        fn line_to(&mut self, x: f32, y: f32) {
            self.0.push(format!("L{x},{y}"));
        }
        fn quad_to(&mut self, a: f32, b: f32, x: f32, y: f32) {
            self.0.push(format!("Q{a},{b},{x},{y}"));
        }
        fn curve_to(&mut self, a: f32, b: f32, c: f32, d: f32, x: f32, y: f32) {
            self.0.push(format!("C{a},{b},{c},{d},{x},{y}"));
        }
        fn close(&mut self) {
            self.0.push("Z".to_string());
        }
    }

    fn outline(face: &ttf_parser::Face, glyph: u16) -> Vec<String> {
        let mut lines = Lines(Vec::new());
        face.outline_glyph(ttf_parser::GlyphId(glyph), &mut lines);
        lines.0
    }

    #[test]
    fn a_subset_draws_the_same_and_no_more() {
        for weight in [Weight::Regular, Weight::SemiBold] {
            let font = Font::get(weight);
            // é and ü are composed of two glyphs each.
            let used: BTreeMap<char, u16> =
                "Weé ü0.5−Δ".chars().map(|c| (c, font.glyph(c))).collect();
            let bytes = subset(font, &used).unwrap();
            assert!(bytes.len() < font.data().len() / 3, "{}", bytes.len());
            assert_eq!(check_sum(&bytes), 0xB1B0_AFBA);
            let whole = ttf_parser::Face::parse(font.data(), 0).unwrap();
            let part = ttf_parser::Face::parse(&bytes, 0).unwrap();
            for (&c, &glyph) in &used {
                assert_eq!(part.glyph_index(c).map(|glyph| glyph.0), Some(glyph), "{c}");
                assert_eq!(outline(&part, glyph), outline(&whole, glyph), "{c}");
                let id = ttf_parser::GlyphId(glyph);
                assert_eq!(part.glyph_hor_advance(id), whole.glyph_hor_advance(id));
            }
            assert_eq!(part.glyph_index('Q'), None);
            assert!(outline(&part, font.glyph('Q')).is_empty());
        }
    }

    #[test]
    fn a_broken_font_is_refused() {
        let font = Font::get(Weight::Regular);
        let used = BTreeMap::from([('W', font.glyph('W')), ('é', font.glyph('é'))]);
        for length in (0..font.data().len()).step_by(997) {
            // Whatever comes, no panic.
            cut(&font.data()[..length], 0, &used);
        }
        assert_eq!(cut(b"not a font", 0, &used), None);
    }
}
