//! The YAML and the JSON that a FileStorage writes. JSON is what YAML calls its flow style.

use std::ops::Range;

use super::number::{count, number};
use super::tree::{Kind, Label, Tree, trimmed};
use crate::{Error, Limits};

/// Part of a line: how far it is indented, and where it stands.
#[derive(Clone)]
struct Line {
    indent: usize,
    range: Range<usize>,
}

pub(super) struct Reader<'a> {
    tree: Tree<'a>,
    text: &'a [u8],
    at: usize,
    /// What stands behind a `-` in its line, as a line of its own.
    pending: Option<Line>,
}

/// What a value is said to be, by its tag.
enum Tag {
    None,
    Binary,
    Label(Label),
}

const NO_NAME: Range<usize> = 0..0;

/// The tree of some YAML.
pub(super) fn yaml<'a>(text: &'a [u8], limits: &Limits) -> Result<Tree<'a>, Error> {
    let mut reader = Reader { tree: Tree::new(text, limits)?, text, at: 0, pending: None };
    let root = reader.tree.begin(NO_NAME, Kind::Map, 0)?;
    while let Some(line) = reader.peek() {
        reader.entries(line.indent)?;
        if let Some(behind) = reader.peek()
            && behind.range.start == line.range.start
        {
            return Err(wrong("expected a name and a colon", line.range.start));
        }
    }
    reader.tree.end(root);
    Ok(reader.tree)
}

/// The tree of some JSON.
pub(super) fn json<'a>(text: &'a [u8], limits: &Limits) -> Result<Tree<'a>, Error> {
    let mut reader = Reader { tree: Tree::new(text, limits)?, text, at: 0, pending: None };
    reader.skip_space();
    reader.flow(NO_NAME)?;
    reader.skip_space();
    match reader.at == text.len() {
        true => Ok(reader.tree),
        false => Err(wrong("expected the end of the text", reader.at)),
    }
}

fn wrong(what: &str, at: usize) -> Error {
    Error::malformed(what).at_byte(at as u64)
}

impl<'a> Reader<'a> {
    /// The next line that says something, without taking it.
    fn peek(&mut self) -> Option<Line> {
        if let Some(line) = &self.pending {
            return Some(line.clone());
        }
        loop {
            let rest = self.text.get(self.at..).filter(|rest| !rest.is_empty())?;
            let len = rest.iter().position(|byte| *byte == b'\n').unwrap_or(rest.len());
            let line = &rest[..len];
            let indent = line.iter().take_while(|byte| **byte == b' ').count();
            let says = line[indent..].trim_ascii();
            let is_mark = indent == 0
                && [&b"%"[..], b"---", b"..."].iter().any(|mark| says.starts_with(mark));
            if says.is_empty() || says.starts_with(b"#") || is_mark {
                self.at += len + 1;
                continue;
            }
            let start = self.at + indent;
            let end = start + line[indent..].trim_ascii_end().len();
            return Some(Line { indent, range: start..end });
        }
    }

    /// Goes on behind a line, or to a place in it.
    fn go_to(&mut self, at: usize) {
        self.pending = None;
        self.at = at;
    }

    fn is_item(&self, line: &Line) -> bool {
        matches!(&self.text[line.range.clone()], [b'-'] | [b'-', b' ', ..])
    }

    /// The entries of a map that are indented so far.
    fn entries(&mut self, indent: usize) -> Result<(), Error> {
        while let Some(line) =
            self.peek().filter(|line| line.indent == indent && !self.is_item(line))
        {
            let (name, behind) = self.key(line.range.clone())?;
            self.go_to(behind);
            self.value(name, behind..line.range.end, indent, false)?;
        }
        Ok(())
    }

    /// The name before a colon, and the byte behind the colon.
    fn key(&self, range: Range<usize>) -> Result<(Range<usize>, usize), Error> {
        let inside = &self.text[range.clone()];
        let close = match inside.first() {
            Some(b'"') => inside[1..].iter().position(|byte| *byte == b'"').map_or(0, |at| at + 2),
            _ => 0,
        };
        let colon = inside[close..].iter().position(|byte| *byte == b':').map(|at| close + at);
        let Some(colon) = colon else {
            return Err(wrong("expected a name and a colon", range.start));
        };
        let colon = range.start + colon;
        Ok((trimmed(self.text, range.start..colon), colon + 1))
    }

    /// The items of a sequence that are indented so far.
    fn items(&mut self, indent: usize) -> Result<(), Error> {
        while let Some(line) =
            self.peek().filter(|line| line.indent == indent && self.is_item(line))
        {
            let behind = line.range.start + 1;
            let rest = &self.text[behind..line.range.end];
            let start = behind + rest.len() - rest.trim_ascii_start().len();
            let inside = start..line.range.end;
            let first = self.text[inside.clone()].first();
            let is_nested = match first {
                None | Some(b'"' | b'[' | b'{' | b'!' | b'|') => false,
                Some(b'-') => self.text[start + 1..inside.end].starts_with(b" "),
                Some(_) => {
                    let inside = &self.text[inside.clone()];
                    inside.ends_with(b":") || inside.windows(2).any(|pair| pair == b": ")
                }
            };
            if is_nested {
                let within = start - line.range.start + line.indent;
                self.pending = Some(Line { indent: within, range: inside });
                self.block(NO_NAME, within)?;
            } else {
                self.go_to(behind);
                self.value(NO_NAME, behind..line.range.end, indent, true)?;
            }
        }
        Ok(())
    }

    /// Lines that are indented so far, as a map or a sequence.
    fn block(&mut self, name: Range<usize>, indent: usize) -> Result<usize, Error> {
        let Some(line) = self.peek() else { return self.tree.value(name, NO_NAME) };
        let is_sequence = self.is_item(&line);
        if is_sequence && let Some(numbers) = self.numbers(&line) {
            return self.tree.value(name, numbers);
        }
        let kind = if is_sequence { Kind::Sequence } else { Kind::Map };
        let index = self.tree.begin(name, kind, line.range.start)?;
        match is_sequence {
            true => self.items(indent)?,
            false => self.entries(indent)?,
        }
        self.tree.end(index);
        Ok(index)
    }

    /// Where the items of a sequence stand that are two numbers or more and nothing else; they are taken then.
    fn numbers(&mut self, first: &Line) -> Option<Range<usize>> {
        if self.pending.is_some() {
            return None;
        }
        let (before, mut end, mut items) = (self.at, first.range.end, 0);
        while let Some(line) =
            self.peek().filter(|line| line.indent == first.indent && self.is_item(line))
        {
            if number(self.text[line.range.start + 1..line.range.end].trim_ascii()).is_none() {
                self.at = before;
                return None;
            }
            (self.at, end) = (line.range.end, line.range.end);
            items += 1;
        }
        let all = first.range.start..end;
        // Comments between them are no numbers.
        let is_all = items > 1 && count(&self.text[all.clone()]).is_some();
        if !is_all {
            self.at = before;
        }
        is_all.then_some(all)
    }

    /// A value that begins in this part of a line; `indent` is that of the line.
    fn value(
        &mut self,
        name: Range<usize>,
        mut range: Range<usize>,
        indent: usize,
        is_item: bool,
    ) -> Result<usize, Error> {
        let mut tag = Tag::None;
        range.start = self.behind_space(range.clone());
        if self.text[range.clone()].starts_with(b"!") {
            let inside = &self.text[range.clone()];
            let len = inside.iter().position(u8::is_ascii_whitespace).unwrap_or(inside.len());
            let word = String::from_utf8_lossy(&inside[..len]);
            let word = word.trim_start_matches(['!', '<']).trim_end_matches('>');
            let word = word.rsplit([':', '!']).next().unwrap_or_default();
            tag = if word == "binary" { Tag::Binary } else { Tag::Label(Label::of(word)) };
            range.start = self.behind_space(range.start + len..range.end);
        }
        let index = match self.text[range.clone()].first() {
            None | Some(b'#') => {
                self.go_to(range.end);
                // A sequence may stand as far left as the name of its map.
                let next = self.peek();
                let is_in = |line: &Line| {
                    line.indent > indent
                        || (!is_item && line.indent == indent && self.is_item(line))
                };
                match next.filter(is_in) {
                    Some(line) => self.block(name, line.indent)?,
                    None => self.tree.push(name, Kind::Text, range.end..range.end)?,
                }
            }
            Some(b'[' | b'{') => {
                self.go_to(range.start);
                self.flow(name)?
            }
            Some(b'|') => {
                self.go_to(range.end);
                let mut end = range.end;
                while let Some(line) = self.peek().filter(|line| line.indent > indent) {
                    (self.at, end) = (line.range.end, line.range.end);
                }
                let kind = if matches!(tag, Tag::Binary) { Kind::Binary } else { Kind::Text };
                self.tree.push(name, kind, (range.start + 1).min(end)..end)?
            }
            Some(b'"' | b'\'') => {
                self.go_to(range.end);
                let text = trimmed(self.text, range);
                self.tree.push(name, Kind::Text, text)?
            }
            Some(_) => {
                self.go_to(range.end);
                let inside = &self.text[range.clone()];
                let comment = inside.windows(2).position(|pair| pair == b" #");
                let end = comment.map_or(range.end, |at| range.start + at);
                let text = trimmed(self.text, range.start..end);
                self.tree.value(name, text)?
            }
        };
        if let Tag::Label(label) = tag {
            self.tree.label(index, label);
        }
        Ok(index)
    }

    fn behind_space(&self, range: Range<usize>) -> usize {
        let inside = &self.text[range.clone()];
        range.end - inside.trim_ascii_start().len()
    }

    /// In flow style: passes over white space and comments.
    fn skip_space(&mut self) {
        loop {
            let rest = self.text.get(self.at..).unwrap_or_default();
            let behind = rest.trim_ascii_start();
            self.at += rest.len() - behind.len();
            let end = match behind {
                [b'#', ..] | [b'/', b'/', ..] => behind.iter().position(|byte| *byte == b'\n'),
                [b'/', b'*', ..] => {
                    behind.windows(2).skip(2).position(|pair| pair == b"*/").map(|at| at + 4)
                }
                _ => return,
            };
            self.at += end.unwrap_or(behind.len());
        }
    }

    /// A value in flow style.
    fn flow(&mut self, name: Range<usize>) -> Result<usize, Error> {
        let start = self.at;
        match self.text.get(start) {
            None => Err(wrong("the text ends where a value should be", start)
                .cure("the file is cut or damaged: download or copy it again")),
            Some(b'[') => {
                if let Some(inside) = self.plain_list(start + 1)
                    && let Some((count, is_real)) = count(&self.text[inside.clone()])
                {
                    self.at = inside.end + 1;
                    return self.tree.push(name, Kind::Numbers { count, is_real }, inside);
                }
                let index = self.tree.begin(name, Kind::Sequence, start)?;
                self.listed(b']', |reader| reader.flow(NO_NAME).map(|_| ()))?;
                self.tree.end(index);
                Ok(index)
            }
            Some(b'{') => {
                let index = self.tree.begin(name, Kind::Map, start)?;
                self.listed(b'}', |reader| {
                    let name = reader.word()?;
                    reader.skip_space();
                    if reader.text.get(reader.at) != Some(&b':') {
                        return Err(wrong("expected a colon after a name", reader.at));
                    }
                    reader.at += 1;
                    reader.skip_space();
                    let is_type = &reader.text[name.clone()] == b"type_id";
                    let value = reader.flow(name)?;
                    if is_type {
                        let text = reader.tree.text_of(value);
                        let label = Label::of(&String::from_utf8_lossy(text));
                        reader.tree.label(index, label);
                    }
                    Ok(())
                })?;
                self.tree.end(index);
                Ok(index)
            }
            Some(b'"' | b'\'') => {
                const BASE64: &[u8] = b"$base64$";
                let text = self.word()?;
                match self.text[text.clone()].starts_with(BASE64) {
                    true => self.tree.push(name, Kind::Binary, text.start + BASE64.len()..text.end),
                    false => self.tree.push(name, Kind::Text, text),
                }
            }
            Some(_) => {
                let text = self.word()?;
                self.tree.value(name, text)
            }
        }
    }

    /// Items between commas up to the byte that closes them.
    fn listed(
        &mut self,
        close: u8,
        mut item: impl FnMut(&mut Self) -> Result<(), Error>,
    ) -> Result<(), Error> {
        let open = self.at;
        self.at += 1;
        loop {
            self.skip_space();
            match self.text.get(self.at) {
                None => {
                    return Err(wrong("a list or map is not closed before the text ends", open)
                        .cure("the file is cut or damaged: download or copy it again"));
                }
                Some(byte) if *byte == close => {
                    self.at += 1;
                    return Ok(());
                }
                Some(b',') => self.at += 1,
                Some(_) => item(self)?,
            }
        }
    }

    /// Where the inside of a list ends in which nothing nests.
    fn plain_list(&self, start: usize) -> Option<Range<usize>> {
        let rest = &self.text[start..];
        let end = rest.iter().position(|byte| b"[]{}\"'#/".contains(byte))?;
        (rest[end] == b']').then_some(start..start + end)
    }

    /// A text in quotes, or up to the next mark of punctuation.
    fn word(&mut self) -> Result<Range<usize>, Error> {
        let start = self.at;
        let rest = &self.text[start..];
        if let Some(quote @ (b'"' | b'\'')) = rest.first() {
            let mut is_escaped = false;
            let end = rest[1..].iter().position(|byte| {
                let ends = byte == quote && !is_escaped;
                is_escaped = *byte == b'\\' && !is_escaped;
                ends
            });
            let Some(end) = end else {
                return Err(wrong("a text in quotes is not closed", start)
                    .cure("the file is cut or damaged: download or copy it again"));
            };
            self.at = start + end + 2;
            return Ok(start + 1..start + 1 + end);
        }
        let end = rest.iter().position(|byte| b",:[]{}\n".contains(byte)).unwrap_or(rest.len());
        if end == 0 {
            return Err(wrong("expected a value", start));
        }
        self.at = start + end;
        Ok(trimmed(self.text, start..start + end))
    }
}
