//! Fonts other than the embedded typeface: one chosen by the user, and fallbacks for missing
//! characters.
//!
//! The program may register a source of fonts once. It is asked for one character at a time, and
//! only for characters that no other font has. So pictures without other scripts cost nothing extra
//! and look the same on every machine.

use std::cell::Cell;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use crate::font::{family_name, has_outlines};
use crate::{Font, Item, Scene, Weight};

/// A font file, and one of its faces.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FontFile {
    /// The contents of a TrueType or OpenType file, or of a collection.
    pub data: Vec<u8>,
    /// The index of the face in a collection; else 0.
    pub index: u32,
}

/// Returns a font that has the character, if there is one; always the same font for a character.
pub type FontSource = dyn Fn(char) -> Option<Arc<FontFile>> + Send + Sync;

/// A font for all text; characters that it lacks are set in the embedded typeface.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Typeface(u16);

/// Why a file cannot be used as a typeface; completes the sentence "the file …".
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FontError {
    /// A compressed web font.
    Packed,
    /// A font whose glyphs are bitmaps, like some emoji fonts.
    WithoutOutlines,
    /// Something else.
    NoFont,
}

impl std::fmt::Display for FontError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            FontError::Packed => "is a web font (WOFF): unpack it to a .ttf or .otf file",
            FontError::WithoutOutlines => "is a font whose letters are pictures, not outlines",
            FontError::NoFont => "is not a TrueType or OpenType font (.ttf, .otf, .ttc)",
        })
    }
}

impl std::error::Error for FontError {}

impl Typeface {
    /// Loads a font, which stays in memory until the program ends; the same file is loaded only
    /// once.
    ///
    /// # Errors
    /// Returns an error if it is not a font with outlines.
    pub fn load(file: &FontFile) -> Result<Self, FontError> {
        if let Some(number) = faces().number(file) {
            return Ok(Typeface(number));
        }
        match ttf_parser::Face::parse(&file.data, file.index) {
            Ok(face) if has_outlines(&face) => faces().add(file).map(Typeface),
            Ok(_) => Err(FontError::WithoutOutlines),
            Err(_) if file.data.starts_with(b"wOF") => Err(FontError::Packed),
            Err(_) => Err(FontError::NoFont),
        }
    }

    /// The name of the font family.
    pub fn family(self) -> &'static str {
        Font::numbered(self.0).family()
    }
}

/// Fonts beside the typeface, the first of which has the number [`OWN`].
struct Faces {
    fonts: Vec<&'static Font>,
    /// The files of the source that were read, so that each is read once. The source keeps them.
    sourced: Vec<(Arc<FontFile>, Option<u16>)>,
    by_char: BTreeMap<char, Option<u16>>,
}

/// Numbers of the typeface itself.
const OWN: u16 = 2;

static SOURCE: OnceLock<Box<FontSource>> = OnceLock::new();
static FACES: Mutex<Faces> =
    Mutex::new(Faces { fonts: Vec::new(), sourced: Vec::new(), by_char: BTreeMap::new() });

fn faces() -> MutexGuard<'static, Faces> {
    FACES.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Faces {
    fn number(&self, file: &FontFile) -> Option<u16> {
        let same = |font: &&&Font| font.data() == file.data && font.index() == file.index;
        self.fonts.iter().find(same).map(|font| font.number())
    }

    fn add(&mut self, file: &FontFile) -> Result<u16, FontError> {
        if let Some(number) = self.number(file) {
            return Ok(number);
        }
        let number = u16::try_from(self.fonts.len()).ok().and_then(|count| count.checked_add(OWN));
        let number = number.ok_or(FontError::NoFont)?;
        let data: &'static [u8] = Box::leak(file.data.clone().into_boxed_slice());
        let font = Font::read(data, file.index, number).ok_or(FontError::NoFont)?;
        self.fonts.push(Box::leak(Box::new(font)));
        Ok(number)
    }

    /// The source's font for a character.
    fn sourced(&mut self, c: char) -> Option<u16> {
        let file = SOURCE.get()?(c)?;
        let known = self.sourced.iter().find(|known| Arc::ptr_eq(&known.0, &file));
        let number = match known {
            Some(known) => known.1,
            None => {
                let number = self.add(&file).ok();
                self.sourced.push((file, number));
                number
            }
        };
        let font = self.fonts.get(usize::from(number?.checked_sub(OWN)?))?;
        number.filter(|_| font.glyph(c) != 0)
    }
}

/// Registers a source of fonts for characters that the typeface lacks.
///
/// Only the first call has an effect; returns `false` if a source was already registered. Its fonts
/// stay in memory until the program ends.
pub fn set_font_source(source: Box<FontSource>) -> bool {
    SOURCE.set(source).is_ok()
}

thread_local! {
    static TYPEFACE: Cell<Option<Typeface>> = const { Cell::new(None) };
}

/// Uses `typeface` for all text that `work` sets on this thread; `None` is the embedded typeface.
pub fn with_typeface<T>(typeface: Option<Typeface>, work: impl FnOnce() -> T) -> T {
    /// Puts back what was in use, also when the work panics.
    struct Before(Option<Typeface>);
    impl Drop for Before {
        fn drop(&mut self) {
            TYPEFACE.set(self.0);
        }
    }
    let _before = Before(TYPEFACE.replace(typeface));
    work()
}

impl Font {
    /// The font that text is set in on this thread, see [`with_typeface`].
    pub fn in_use(weight: Weight) -> &'static Font {
        match TYPEFACE.get() {
            None => Font::get(weight),
            Some(typeface) => Font::numbered(typeface.0),
        }
    }

    /// The font with this [number](Font::number); the embedded typeface if there is none.
    pub fn numbered(number: u16) -> &'static Font {
        match number {
            0 => Font::get(Weight::Regular),
            1 => Font::get(Weight::SemiBold),
            _ => {
                let found = faces().fonts.get(usize::from(number - OWN)).copied();
                found.unwrap_or_else(|| Font::get(Weight::Regular))
            }
        }
    }
}

/// The font for a character of text set in `first`: that one, the typeface, or what the source has.
pub(crate) fn font_for(c: char, first: &'static Font, weight: Weight) -> Option<&'static Font> {
    let near = [first, Font::get(weight)].into_iter().find(|font| font.glyph(c) != 0);
    near.or_else(|| {
        let mut faces = faces();
        let number = match faces.by_char.get(&c) {
            Some(&known) => known,
            None => {
                let number = faces.sourced(c);
                faces.by_char.insert(c, number);
                number
            }
        }?;
        faces.fonts.get(usize::from(number - OWN)).copied()
    })
}

/// Whether a character has no form of its own but changes its neighbours: joiners and selectors.
pub(crate) fn is_joiner(c: char) -> bool {
    matches!(c, '\u{200c}' | '\u{200d}' | '\u{fe0e}' | '\u{fe0f}')
}

/// The characters in the texts of a scene that no font has; they are drawn as escapes.
pub fn lacking_characters(scene: &Scene) -> BTreeSet<char> {
    fn collect(items: &[Item], lacking: &mut BTreeSet<char>) {
        for item in items {
            match item {
                Item::Group(group) => collect(&group.items, lacking),
                Item::Text(text) if !text.is_plain() => {
                    let first = Font::numbered(text.font);
                    let lacks = |&c: &char| {
                        !is_joiner(c) && font_for(c, first, text.style.weight).is_none()
                    };
                    lacking.extend(text.content.chars().filter(lacks));
                }
                _ => {}
            }
        }
    }
    let mut lacking = BTreeSet::new();
    collect(&scene.items, &mut lacking);
    lacking
}

/// The characters of one face in a font file.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Coverage {
    /// The name of the font family.
    pub family: String,
    /// Its characters, as ranges with both ends inclusive; empty for a face without outlines.
    pub ranges: Vec<(char, char)>,
}

impl Coverage {
    /// Whether it has the character.
    pub fn has(&self, c: char) -> bool {
        let after = self.ranges.partition_point(|range| range.1 < c);
        self.ranges.get(after).is_some_and(|range| range.0 <= c)
    }
}

/// The coverage of each face of a font file, in order; empty if it is not a font.
pub fn coverage(data: &[u8]) -> Vec<Coverage> {
    let faces = ttf_parser::fonts_in_collection(data).unwrap_or(1);
    (0..faces.min(MOST_FACES)).map(|index| face_coverage(data, index).unwrap_or_default()).collect()
}

/// Most faces of a collection that are looked at.
const MOST_FACES: u32 = 64;
/// Most characters of a face that are listed: a broken table may name each many times.
const MOST_CHARACTERS: usize = 1 << 20;

fn face_coverage(data: &[u8], index: u32) -> Option<Coverage> {
    let face = ttf_parser::Face::parse(data, index).ok().filter(has_outlines)?;
    let mut all: Vec<char> = Vec::new();
    for table in face.tables().cmap?.subtables.into_iter().filter(|table| table.is_unicode()) {
        table.codepoints(|number| {
            let c = char::from_u32(number).filter(|_| all.len() < MOST_CHARACTERS);
            all.extend(c.filter(|_| table.glyph_index(number).is_some_and(|glyph| glyph.0 != 0)));
        });
    }
    all.sort_unstable();
    all.dedup();
    let mut ranges: Vec<(char, char)> = Vec::new();
    for c in all {
        match ranges.last_mut() {
            Some(last) if last.1 as u32 + 1 == c as u32 => last.1 = c,
            _ => ranges.push((c, c)),
        }
    }
    Some(Coverage { family: family_name(&face), ranges })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn coverage_lists_the_characters_of_a_font() {
        let face = &coverage(Font::get(Weight::Regular).data())[0];
        assert!(face.has('a') && face.has('Δ') && !face.has('飞') && !face.has('\0'));
        assert_eq!(face.family, "Inter");
        assert_eq!(coverage(b"no font"), [Coverage::default()]);
    }

    #[test]
    fn what_is_no_font_is_said() {
        let error = |data: &[u8]| Typeface::load(&FontFile { data: data.to_vec(), index: 0 });
        assert_eq!(error(b"hello"), Err(FontError::NoFont));
        assert_eq!(error(b"wOF2...."), Err(FontError::Packed));
        assert!(FontError::Packed.to_string().contains(".ttf"));
    }

    #[test]
    fn a_typeface_is_loaded_once_and_in_use_only_for_its_work() {
        let data = Font::get(Weight::SemiBold).data().to_vec();
        let file = FontFile { data, index: 0 };
        let typeface = Typeface::load(&file).unwrap();
        assert_eq!(Typeface::load(&file), Ok(typeface));
        assert!(typeface.family().starts_with("Inter"));
        let inside = with_typeface(Some(typeface), || Font::in_use(Weight::Regular).number());
        assert_eq!(inside, typeface.0);
        assert!(Font::in_use(Weight::Regular).is_typeface());
    }
}
