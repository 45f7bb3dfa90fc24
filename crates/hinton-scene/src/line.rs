//! The glyphs of one line of text: which font has each character, and in which direction the text
//! runs.

use std::borrow::Cow;
use std::fmt::Write as _;
use std::ops::Range;

use unicode_bidi::{BidiClass, BidiInfo, Level, bidi_class};

use crate::faces::{font_for, is_joiner};
use crate::{Font, Glyph, TextStyle};

/// Glyphs from left to right, and the length of the line, points.
pub(crate) fn set(content: &str, style: TextStyle) -> (Vec<Glyph>, f64) {
    let first = Font::in_use(style.weight);
    let mut line = Line { style, first, glyphs: Vec::with_capacity(content.len()), pen: 0.0 };
    if content.chars().all(|c| first.glyph(c) != 0 && !runs_leftward(c)) {
        line.part(first, content, false);
        return (line.glyphs, line.pen);
    }
    let content = line.drawable(content);
    // The frame of every picture is English, so its lines begin at the left.
    let bidi = BidiInfo::new(&content, Some(Level::ltr()));
    for paragraph in &bidi.paragraphs {
        let (levels, runs) = bidi.visual_runs(paragraph, paragraph.range.clone());
        for run in runs {
            let leftward = levels.get(run.start).is_some_and(Level::is_rtl);
            line.run(&content[run], leftward);
        }
    }
    (line.glyphs, line.pen)
}

/// Whether the character belongs to the one before it: marks, joiners and selectors.
pub(crate) fn clings(c: char) -> bool {
    is_joiner(c) || bidi_class(c) == BidiClass::NSM
}

fn runs_leftward(c: char) -> bool {
    matches!(bidi_class(c), BidiClass::R | BidiClass::AL)
}

/// A line that is being set.
struct Line {
    style: TextStyle,
    /// The font that all is set in that it has.
    first: &'static Font,
    glyphs: Vec<Glyph>,
    pen: f64,
}

impl Line {
    fn font_for(&self, c: char) -> Option<&'static Font> {
        font_for(c, self.first, self.style.weight)
    }

    /// `content` with escapes like `\u{4e2d}` for what no font has.
    fn drawable<'a>(&self, content: &'a str) -> Cow<'a, str> {
        let lacks = |c: char| !is_joiner(c) && self.font_for(c).is_none();
        if !content.chars().any(lacks) {
            return Cow::Borrowed(content);
        }
        let mut drawn = String::with_capacity(content.len() * 2);
        let mut after_escape = false;
        for c in content.chars() {
            if lacks(c) {
                // Writing to a String cannot fail.
                let _ = write!(drawn, "\\u{{{:x}}}", c as u32);
                after_escape = true;
            } else if !(after_escape && is_joiner(c)) {
                drawn.push(c);
                after_escape = false;
            }
        }
        Cow::Owned(drawn)
    }

    /// Characters of one direction.
    fn run(&mut self, text: &str, leftward: bool) {
        let mut parts = self.parts(text);
        if leftward {
            parts.reverse();
        }
        for (font, range) in parts {
            self.part(font, &text[range], leftward);
        }
    }

    /// Neighbours that one font has, in the order in which they are read.
    fn parts(&self, text: &str) -> Vec<(&'static Font, Range<usize>)> {
        let mut parts: Vec<(&Font, Range<usize>)> = Vec::new();
        for (start, c) in text.char_indices() {
            let end = start + c.len_utf8();
            if let Some((font, range)) = parts.last_mut()
                && (is_joiner(c) || clings(c) && font.glyph(c) != 0)
            {
                range.end = end;
                continue;
            }
            let font = self.font_for(c).unwrap_or(self.first);
            match parts.last_mut() {
                Some(last) if last.0.number() == font.number() => last.1.end = end,
                _ => parts.push((font, start..end)),
            }
        }
        parts
    }

    /// Characters of one direction that one font has.
    fn part(&mut self, font: &'static Font, text: &str, leftward: bool) {
        match (font.is_typeface(), leftward) {
            (true, false) => self.typeface(font, text.chars()),
            (true, true) => self.typeface(font, text.chars().rev().map(mirrored)),
            (false, _) => self.shaped(font, text, leftward),
        }
    }

    fn typeface(&mut self, font: &Font, chars: impl Iterator<Item = char>) {
        let (face, size) = (font.number(), self.style.size);
        for c in chars.filter(|&c| !is_joiner(c)) {
            let id = font.glyph(c);
            if let Some(before) = self.glyphs.last().filter(|before| before.face == face) {
                self.pen += font.kerning(before.id, id) * size;
            }
            self.glyphs.push(Glyph { id, face, x: self.pen, up: 0.0, c });
            self.pen += font.advance(id) * size;
        }
    }

    fn shaped(&mut self, font: &Font, text: &str, leftward: bool) {
        let size = self.style.size;
        for glyph in font.shape(text, leftward) {
            let c = text.get(glyph.cluster..).and_then(|rest| rest.chars().next());
            self.glyphs.push(Glyph {
                id: glyph.id,
                face: font.number(),
                x: self.pen + glyph.right * size,
                up: glyph.up * size,
                c: c.unwrap_or(' '),
            });
            self.pen += glyph.advance * size;
        }
    }
}

/// Brackets open the other way in text that runs to the left.
fn mirrored(c: char) -> char {
    const PAIRS: [(char, char); 6] =
        [('(', ')'), ('[', ']'), ('{', '}'), ('<', '>'), ('«', '»'), ('≤', '≥')];
    let other = |&(open, close): &(char, char)| match c {
        _ if c == open => Some(close),
        _ if c == close => Some(open),
        _ => None,
    };
    PAIRS.iter().find_map(other).unwrap_or(c)
}
