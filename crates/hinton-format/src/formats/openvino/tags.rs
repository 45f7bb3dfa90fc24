//! The tags of some XML, one after another: as much of it as a file written by a program has.
//!
//! No entities but the five that XML knows and numbers, no tree: nothing is built, so that nothing
//! can grow.

use std::borrow::Cow;

/// A tag that opens, with its attributes as they stand.
#[derive(Debug, Clone, Copy)]
pub(super) struct Tag<'a> {
    pub(super) name: &'a str,
    attributes: &'a str,
    /// The byte at which it begins.
    pub(super) at: u64,
}

/// Walks over the tags that open. Texts between them, comments and tags that close are passed over.
pub(super) struct Tags<'a> {
    text: &'a [u8],
    at: usize,
}

impl<'a> Tags<'a> {
    pub(super) fn new(text: &'a [u8]) -> Self {
        Tags { text, at: 0 }
    }

    /// The first place of a word from a byte on.
    fn place(&self, word: &[u8], from: usize) -> Option<usize> {
        let rest = self.text.get(from..)?;
        rest.windows(word.len()).position(|part| part == word).map(|at| from + at)
    }
}

impl<'a> Iterator for Tags<'a> {
    type Item = Tag<'a>;

    fn next(&mut self) -> Option<Tag<'a>> {
        loop {
            let start = self.place(b"<", self.at)?;
            let rest = &self.text[start..];
            if rest.starts_with(b"<!--") {
                self.at = self.place(b"-->", start)? + 3;
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
            let inside = std::str::from_utf8(&rest[1..end]).unwrap_or_default();
            if inside.is_empty() || inside.starts_with(['/', '!']) {
                continue;
            }
            let inside = inside.trim_end_matches(['/', '?']);
            let (name, attributes) =
                inside.split_once(|c: char| c.is_ascii_whitespace()).unwrap_or((inside, ""));
            return Some(Tag { name, attributes, at: start as u64 });
        }
    }
}

impl<'a> Tag<'a> {
    /// The value of an attribute.
    pub(super) fn get(&self, wanted: &str) -> Option<Cow<'a, str>> {
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

fn unescaped(value: &str) -> Cow<'_, str> {
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
