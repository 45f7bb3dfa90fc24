//! The little of Python's literal grammar that numpy's headers use: a dictionary of texts,
//! `True`, `False`, integers, tuples and lists.

/// A value of the header.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Literal {
    Text(String),
    Bool(bool),
    Int(i128),
    Tuple(Vec<Literal>),
    List(Vec<Literal>),
    Dict(Vec<(String, Literal)>),
}

impl Literal {
    /// What it is, with its article, for errors.
    pub(super) fn kind(&self) -> &'static str {
        match self {
            Literal::Text(_) => "a text",
            Literal::Bool(_) => "a boolean",
            Literal::Int(_) => "an integer",
            Literal::Tuple(_) => "a tuple",
            Literal::List(_) => "a list",
            Literal::Dict(_) => "a dictionary",
        }
    }
}

/// Where it went wrong (byte of the text) and why.
type Mistake = (usize, String);

/// Structured dtypes nest; nothing honest nests deeper.
const DEPTH: usize = 16;

/// Reads one value and the white space around it.
pub(super) fn parse(text: &[u8]) -> Result<Literal, Mistake> {
    let mut parser = Parser { text, at: 0 };
    let value = parser.value(0)?;
    parser.skip_space();
    match parser.peek() {
        None => Ok(value),
        Some(_) => Err(parser.mistake("the end")),
    }
}

struct Parser<'a> {
    text: &'a [u8],
    at: usize,
}

impl Parser<'_> {
    fn peek(&self) -> Option<u8> {
        self.text.get(self.at).copied()
    }

    /// White space; numpy pads headers with it, and some writers with zero bytes.
    fn skip_space(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\t' | b'\n' | b'\r' | 0)) {
            self.at += 1;
        }
    }

    /// Takes `byte` and the white space before it, where it comes next.
    fn take(&mut self, byte: u8) -> bool {
        self.skip_space();
        let found = self.peek() == Some(byte);
        self.at += usize::from(found);
        found
    }

    fn mistake(&self, expected: &str) -> Mistake {
        let found = match self.peek() {
            None => "its end".to_owned(),
            Some(byte) if byte.is_ascii_graphic() => format!("{:?}", char::from(byte)),
            Some(byte) => format!("byte 0x{byte:02x}"),
        };
        (self.at, format!("expected {expected}, found {found}"))
    }

    fn value(&mut self, depth: usize) -> Result<Literal, Mistake> {
        if depth > DEPTH {
            return Err((self.at, format!("it nests deeper than {DEPTH}")));
        }
        self.skip_space();
        match self.peek() {
            Some(b'{') => self.dict(depth),
            Some(b'(') => {
                self.at += 1;
                let (items, comma) = self.items(b')', depth)?;
                match <[Literal; 1]>::try_from(items) {
                    // Parentheses around one value without a comma only group.
                    Ok([only]) if !comma => Ok(only),
                    Ok([only]) => Ok(Literal::Tuple(vec![only])),
                    Err(items) => Ok(Literal::Tuple(items)),
                }
            }
            Some(b'[') => {
                self.at += 1;
                Ok(Literal::List(self.items(b']', depth)?.0))
            }
            Some(b'\'' | b'"') => self.text().map(Literal::Text),
            // Python 2 wrote u'…' where the dtype came from unicode.
            Some(b'u' | b'b') if matches!(self.text.get(self.at + 1), Some(b'\'' | b'"')) => {
                self.at += 1;
                self.text().map(Literal::Text)
            }
            Some(b'-' | b'0'..=b'9') => self.int(),
            _ if self.word(b"True") => Ok(Literal::Bool(true)),
            _ if self.word(b"False") => Ok(Literal::Bool(false)),
            _ => Err(self.mistake("a value")),
        }
    }

    fn word(&mut self, word: &[u8]) -> bool {
        let found = self.text.get(self.at..).is_some_and(|rest| rest.starts_with(word));
        self.at += if found { word.len() } else { 0 };
        found
    }

    /// Values up to `close`, and whether a comma stood behind the last.
    fn items(&mut self, close: u8, depth: usize) -> Result<(Vec<Literal>, bool), Mistake> {
        let mut items = Vec::new();
        let mut comma = false;
        loop {
            if self.take(close) {
                return Ok((items, comma));
            }
            if !items.is_empty() && !comma {
                return Err(self.mistake("a comma"));
            }
            items.push(self.value(depth + 1)?);
            comma = self.take(b',');
        }
    }

    fn dict(&mut self, depth: usize) -> Result<Literal, Mistake> {
        self.at += 1;
        let mut entries = Vec::new();
        let mut comma = true;
        loop {
            if self.take(b'}') {
                return Ok(Literal::Dict(entries));
            }
            if !comma {
                return Err(self.mistake("a comma"));
            }
            let Literal::Text(key) = self.value(depth + 1)? else {
                return Err(self.mistake("a text as key"));
            };
            if !self.take(b':') {
                return Err(self.mistake("a colon"));
            }
            entries.push((key, self.value(depth + 1)?));
            comma = self.take(b',');
        }
    }

    fn text(&mut self) -> Result<String, Mistake> {
        let start = self.at;
        let quote = self.peek();
        self.at += 1;
        let mut bytes = Vec::new();
        loop {
            match self.peek() {
                None | Some(b'\n') => return Err((start, "a text that does not end".to_owned())),
                byte if byte == quote => {
                    self.at += 1;
                    let text = String::from_utf8_lossy(&bytes).into_owned();
                    return Ok(text);
                }
                // Names of fields may hold escapes; what they stand for is of no interest here.
                Some(b'\\') => {
                    bytes.extend(self.text.get(self.at + 1));
                    self.at += 2;
                }
                Some(byte) => {
                    bytes.push(byte);
                    self.at += 1;
                }
            }
        }
    }

    fn int(&mut self) -> Result<Literal, Mistake> {
        let start = self.at;
        self.at += usize::from(self.peek() == Some(b'-'));
        while self.peek().is_some_and(|byte| byte.is_ascii_digit()) {
            self.at += 1;
        }
        let digits = std::str::from_utf8(&self.text[start..self.at]).unwrap_or_default();
        let value = digits.parse().map_err(|_| (start, format!("{digits:?} is not an integer")))?;
        // Python 2 wrote long integers as 3L.
        self.at += usize::from(self.peek() == Some(b'L'));
        Ok(Literal::Int(value))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tuples_and_groups() {
        let parsed = |text: &str| parse(text.as_bytes());
        assert_eq!(parsed("()"), Ok(Literal::Tuple(vec![])));
        assert_eq!(parsed("(3,)"), Ok(Literal::Tuple(vec![Literal::Int(3)])));
        assert_eq!(parsed("(3)"), Ok(Literal::Int(3)));
        assert_eq!(parsed("(1, 2L )"), Ok(Literal::Tuple(vec![Literal::Int(1), Literal::Int(2)])));
        assert_eq!(parsed("{'a': [True]} \n\0").unwrap().kind(), "a dictionary");
    }

    #[test]
    fn mistakes_have_a_place() {
        let place = |text: &str| parse(text.as_bytes()).unwrap_err().0;
        assert_eq!(place("(1, 2"), 5);
        assert_eq!(place("(,)"), 1);
        assert_eq!(place("{'a' 1}"), 5);
        assert_eq!(place("{'a': 1} x"), 9);
        assert_eq!(place("'abc"), 0);
        assert_eq!(place("__import__('os')"), 0);
        assert_eq!(place("- "), 0);
        let deep = "(".repeat(100_000);
        assert!(parse(deep.as_bytes()).unwrap_err().1.contains("deeper"));
    }
}
