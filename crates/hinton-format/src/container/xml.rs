//! XML, as far as files written by programs use it: one tag after another, and a document as a flat
//! list of its elements.
//!
//! Only the five predefined entities and numeric ones are expanded: nothing in a file can make it
//! larger.

use std::borrow::Cow;

use crate::{Error, ErrorKind, Limits};

/// A tag that opens, with its attributes as they stand.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Tag<'a> {
    pub(crate) name: &'a str,
    attributes: &'a str,
    /// The byte at which it begins.
    pub(crate) at: u64,
}

/// What stands in angle brackets.
enum Mark<'a> {
    Open {
        tag: Tag<'a>,
        /// Whether it closes itself, as in `<a/>`.
        is_empty: bool,
    },
    Close {
        name: &'a [u8],
        at: usize,
    },
}

/// Walks over the tags. Texts between them, comments, declarations and sections of CDATA are skipped.
struct Marks<'a> {
    text: &'a [u8],
    at: usize,
}

impl<'a> Marks<'a> {
    /// The first place of a word from a byte on.
    fn place(&self, word: &[u8], from: usize) -> Option<usize> {
        let rest = self.text.get(from..)?;
        rest.windows(word.len()).position(|part| part == word).map(|at| from + at)
    }
}

impl<'a> Iterator for Marks<'a> {
    type Item = Mark<'a>;

    fn next(&mut self) -> Option<Mark<'a>> {
        loop {
            let start =
                self.at + self.text.get(self.at..)?.iter().position(|byte| *byte == b'<')?;
            let rest = &self.text[start..];
            let passed = [(&b"<!--"[..], &b"-->"[..]), (b"<![CDATA[", b"]]>")];
            if let Some((open, close)) = passed.iter().find(|(open, _)| rest.starts_with(open)) {
                self.at = self.place(close, start + open.len())? + close.len();
                continue;
            }
            // The end is the first > outside of quotes.
            let mut quote = None;
            let end = rest.iter().position(|&byte| match (quote, byte) {
                (None, b'"' | b'\'') => {
                    quote = Some(byte);
                    false
                }
                (Some(open), byte) if open == byte => {
                    quote = None;
                    false
                }
                (quote, byte) => quote.is_none() && byte == b'>',
            })?;
            self.at = start + end + 1;
            let inside = &rest[1..end];
            if let Some(name) = inside.strip_prefix(b"/") {
                return Some(Mark::Close { name: name.trim_ascii(), at: start });
            }
            let inside = std::str::from_utf8(inside).unwrap_or_default();
            if inside.is_empty() || inside.starts_with('!') {
                continue;
            }
            let is_empty = inside.ends_with('/') || inside.starts_with('?');
            let inside = inside.trim_end_matches(['/', '?']);
            let (name, attributes) =
                inside.split_once(|c: char| c.is_ascii_whitespace()).unwrap_or((inside, ""));
            return Some(Mark::Open { tag: Tag { name, attributes, at: start as u64 }, is_empty });
        }
    }
}

/// Walks over the tags that open.
pub(crate) struct Tags<'a>(Marks<'a>);

impl<'a> Tags<'a> {
    pub(crate) fn new(text: &'a [u8]) -> Self {
        Tags(Marks { text, at: 0 })
    }
}

impl<'a> Iterator for Tags<'a> {
    type Item = Tag<'a>;

    fn next(&mut self) -> Option<Tag<'a>> {
        self.0.find_map(|mark| match mark {
            Mark::Open { tag, .. } => Some(tag),
            Mark::Close { .. } => None,
        })
    }
}

/// Where an element lies in the text, 20 bytes whatever it holds.
struct Place {
    /// The byte of its tag.
    start: u32,
    /// The first byte behind its tag, and that of the tag that closes it.
    inside: u32,
    close: u32,
    /// The number of the first element behind all that is in it.
    next: u32,
}

/// All elements of a text, in its order.
pub(crate) struct Document<'a> {
    text: &'a [u8],
    places: Vec<Place>,
}

/// An element of a document.
#[derive(Clone, Copy)]
pub(crate) struct Element<'d> {
    document: &'d Document<'d>,
    index: usize,
}

impl<'a> Document<'a> {
    /// Reads where the elements are.
    ///
    /// # Errors
    /// Where an element is not closed or another one is, and where there are too many.
    pub(crate) fn parse(text: &'a [u8], limits: &Limits) -> Result<Self, Error> {
        let limit = |what: String, at: u64| Error::new(ErrorKind::Limit, what).at_byte(at);
        if u32::try_from(text.len()).is_err() {
            return Err(limit("the text has more than 4 GiB".to_owned(), 0));
        }
        let most = usize::try_from(limits.header_bytes / 16).unwrap_or(usize::MAX);
        let mut places: Vec<Place> = Vec::new();
        let mut open: Vec<(usize, &str)> = Vec::new();
        let mut marks = Marks { text, at: 0 };
        while let Some(mark) = marks.next() {
            match mark {
                Mark::Open { tag, is_empty } => {
                    if tag.name.starts_with('?') {
                        continue;
                    }
                    if open.is_empty() && !places.is_empty() {
                        let what = format!("<{}> follows the root element", shown(tag.name));
                        return Err(Error::malformed(what).at_byte(tag.at));
                    }
                    if places.len() >= most || open.len() >= limits.depth {
                        let depth = limits.depth;
                        let what = format!("more than {most} elements, or {depth} in each other");
                        return Err(limit(what, tag.at));
                    }
                    let inside = marks.at as u32;
                    let index = places.len();
                    let next = index as u32 + 1;
                    places.push(Place { start: tag.at as u32, inside, close: inside, next });
                    if !is_empty {
                        open.push((index, tag.name));
                    }
                }
                Mark::Close { name, at } => {
                    let Some((index, expected)) = open.pop() else {
                        let what = "a tag closes what none has opened";
                        return Err(Error::malformed(what).at_byte(at as u64));
                    };
                    if name != expected.as_bytes() {
                        let found = String::from_utf8_lossy(name);
                        let (expected, found) = (shown(expected), shown(&found));
                        let what = format!("expected </{expected}>, found </{found}>");
                        return Err(Error::malformed(what).at_byte(at as u64));
                    }
                    let next = places.len() as u32;
                    let place = &mut places[index];
                    (place.close, place.next) = (at as u32, next);
                }
            }
        }
        if let Some((index, name)) = open.last() {
            let what = format!("<{}> is not closed before the text ends", shown(name));
            return Err(Error::malformed(what)
                .at_byte(places[*index].start.into())
                .cure("the file is cut or damaged: download or copy it again"));
        }
        if places.is_empty() {
            return Err(Error::malformed("the text has no element"));
        }
        Ok(Document { text, places })
    }

    /// The element around all others.
    pub(crate) fn root(&self) -> Element<'_> {
        Element { document: self, index: 0 }
    }
}

/// The start of a name, for an error.
fn shown(name: &str) -> String {
    name.chars().take(60).collect()
}

impl<'d> Element<'d> {
    fn place(&self) -> &'d Place {
        &self.document.places[self.index]
    }

    pub(crate) fn tag(&self) -> Tag<'d> {
        let found = Tags::new(&self.document.text[self.place().start as usize..]).next();
        let tag = found.unwrap_or(Tag { name: "", attributes: "", at: 0 });
        Tag { at: self.at(), ..tag }
    }

    pub(crate) fn name(&self) -> &'d str {
        self.tag().name
    }

    /// The value of an attribute.
    pub(crate) fn get(&self, wanted: &str) -> Option<Cow<'d, str>> {
        self.tag().get(wanted)
    }

    /// The byte at which it begins.
    pub(crate) fn at(&self) -> u64 {
        self.place().start.into()
    }

    /// The bytes between its tags.
    pub(crate) fn inside(&self) -> std::ops::Range<usize> {
        self.place().inside as usize..self.place().close as usize
    }

    /// What stands between its tags, with the tags in it.
    pub(crate) fn text(&self) -> &'d [u8] {
        &self.document.text[self.inside()]
    }

    /// The elements in it, not those in them.
    pub(crate) fn children(&self) -> impl Iterator<Item = Element<'d>> + use<'d> {
        let (document, end) = (self.document, self.place().next as usize);
        let mut index = self.index + 1;
        std::iter::from_fn(move || {
            let element = (index < end).then_some(Element { document, index })?;
            index = element.place().next as usize;
            Some(element)
        })
    }

    /// The first element in it of that name.
    pub(crate) fn child(&self, name: &str) -> Option<Element<'d>> {
        self.children().find(|child| child.name() == name)
    }
}

impl<'a> Tag<'a> {
    /// The value of an attribute.
    pub(crate) fn get(&self, wanted: &str) -> Option<Cow<'a, str>> {
        let mut rest = self.attributes;
        loop {
            let (name, behind) = rest.split_once('=')?;
            let behind = behind.trim_start();
            let quote = behind.chars().next().filter(|c| matches!(c, '"' | '\''))?;
            let (value, behind) = behind[1..].split_once(quote)?;
            if name.trim() == wanted {
                return Some(unescaped(value));
            }
            rest = behind;
        }
    }
}

/// A text with its entities as the characters that they stand for.
pub(crate) fn unescaped(value: &str) -> Cow<'_, str> {
    if !value.contains('&') {
        return Cow::Borrowed(value);
    }
    let mut out = String::with_capacity(value.len());
    let mut rest = value;
    while let Some((before, behind)) = rest.split_once('&') {
        out.push_str(before);
        let entity = behind.split_once(';').and_then(|(word, rest)| Some((entity(word)?, rest)));
        match entity {
            Some((c, behind)) => {
                out.push(c);
                rest = behind;
            }
            None => {
                out.push('&');
                rest = behind;
            }
        }
    }
    out.push_str(rest);
    Cow::Owned(out)
}

fn entity(word: &str) -> Option<char> {
    match word {
        "amp" => Some('&'),
        "lt" => Some('<'),
        "gt" => Some('>'),
        "quot" => Some('"'),
        "apos" => Some('\''),
        _ => {
            let digits = word.strip_prefix('#')?;
            let number = match digits.strip_prefix('x') {
                Some(digits) => u32::from_str_radix(digits, 16).ok()?,
                None => digits.parse().ok()?,
            };
            char::from_u32(number)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_and_attributes_are_found() {
        let text = br#"<?xml version="1.0"?><!-- <layer/> --><net name='a &lt;b&#33;' version="11">
            text <layer id="0" type = "Const" note="x > y"/></net><cut a="#;
        let tags: Vec<Tag<'_>> = Tags::new(text).collect();
        let names: Vec<&str> = tags.iter().map(|tag| tag.name).collect();
        assert_eq!(names, ["?xml", "net", "layer"]);
        assert_eq!(tags[1].get("name").unwrap(), "a <b!");
        assert_eq!(tags[1].get("version").unwrap(), "11");
        assert_eq!(tags[2].get("type").unwrap(), "Const");
        assert_eq!(tags[2].get("note").unwrap(), "x > y");
        assert!(tags[2].get("none").is_none());
        assert_eq!(text[tags[2].at as usize], b'<');
    }

    #[test]
    fn a_document_is_walked_by_its_elements() {
        let text = b"<?xml version='1.0'?><!DOCTYPE a><a><b x='1'>one<!-- <c> --></b><b/><c>2<d> 3 </d></c></a>\n";
        let document = Document::parse(text, &Limits::default()).unwrap();
        let root = document.root();
        let names: Vec<&str> = root.children().map(|child| child.name()).collect();
        assert_eq!((root.name(), names), ("a", vec!["b", "b", "c"]));
        let first = root.child("b").unwrap();
        assert_eq!((first.get("x").as_deref(), first.text()), (Some("1"), &b"one<!-- <c> -->"[..]));
        let inner = root.child("c").and_then(|c| c.child("d")).unwrap();
        assert_eq!((inner.text(), inner.children().count()), (&b" 3 "[..], 0));
        assert_eq!(&text[inner.at() as usize..][..3], b"<d>");
    }

    #[test]
    fn a_document_that_does_not_close_is_an_error() {
        let told = |text: &str| match Document::parse(text.as_bytes(), &Limits::default()) {
            Ok(_) => panic!("{text}"),
            Err(error) => error.message().to_owned(),
        };
        assert_eq!(told("<a><b></a>"), "expected </b>, found </a>");
        assert_eq!(told("<a><b>"), "<b> is not closed before the text ends");
        assert_eq!(told("</a>"), "a tag closes what none has opened");
        assert_eq!(told("<a/><b/>"), "<b> follows the root element");
        assert_eq!(told("text"), "the text has no element");
        let limits = Limits { header_bytes: 32, ..Limits::default() };
        let many = Document::parse(b"<a><b/><b/></a>", &limits).err().unwrap();
        assert!(many.message().contains("more than 2 elements"), "{many}");
        assert!(told(&"<a>".repeat(200)).contains("128 in each other"));
    }

    #[test]
    fn odd_attributes_are_none() {
        for text in
            ["<a b>", "<a b=c>", "<a b=\"c>", "<a =>", "<>", "< a=\"b\">", "<a b=\"&#xd800;&x;\">"]
        {
            for tag in Tags::new(text.as_bytes()) {
                let _ = tag.get("b");
            }
        }
    }
}
