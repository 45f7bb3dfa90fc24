//! Opcodes that make values: numbers, strings, containers; and the memo.

use super::machine::{FALSE, Machine, NONE, Step, TRUE, wrong};
use super::opcode as op;
use super::text::{self, Digits};
use super::{Blob, Id, Node};

impl Machine<'_> {
    pub(super) fn number(&mut self, code: u8) -> Step<()> {
        let node = match code {
            op::BININT => Node::Int(i128::from(i32::from_le_bytes(self.cursor.array()?))),
            op::BININT1 => Node::Int(i128::from(u8::from_le_bytes(self.cursor.array()?))),
            op::BININT2 => Node::Int(i128::from(u16::from_le_bytes(self.cursor.array()?))),
            op::BINFLOAT => Node::Float(f64::from_be_bytes(self.cursor.array()?)),
            op::LONG1 => {
                let [len] = self.cursor.array()?;
                from_digits(text::two_complement(self.cursor.take(u64::from(len))?))
            }
            op::LONG4 => {
                let len = i32::from_le_bytes(self.cursor.array()?);
                let Ok(len) = u64::try_from(len) else {
                    return wrong(format!("LONG4 has a negative length, {len}"));
                };
                from_digits(text::two_complement(self.cursor.take(len)?))
            }
            op::FLOAT => {
                let (_, line) = self.line()?;
                match text::float(line) {
                    Some(value) => Node::Float(value),
                    None => return wrong("FLOAT is not followed by a number"),
                }
            }
            op::INT => {
                let (_, line) = self.line()?;
                match line {
                    b"00" => return self.push(FALSE),
                    b"01" => return self.push(TRUE),
                    _ => match text::integer(line) {
                        Some(digits) => from_digits(digits),
                        None => return wrong("INT is not followed by a decimal integer"),
                    },
                }
            }
            _ => {
                let (_, line) = self.line()?;
                let line = line.strip_suffix(b"L").unwrap_or(line);
                match text::integer(line) {
                    Some(digits) => from_digits(digits),
                    None => return wrong("LONG is not followed by a decimal integer"),
                }
            }
        };
        self.make(node)
    }

    pub(super) fn text_line(&mut self, code: u8) -> Step<()> {
        let (_, line) = self.line()?;
        self.charge(line.len())?;
        let node = if code == op::STRING {
            match text::quoted(line) {
                Some(bytes) => Node::ByteStr(Blob::Owned(bytes.into())),
                None => return wrong("STRING is not followed by a quoted string"),
            }
        } else {
            match text::raw_unicode(line) {
                Some(text) => Node::Str(Blob::Owned(text.into_bytes().into())),
                None => return wrong("UNICODE has a broken escape"),
            }
        };
        self.make(node)
    }

    /// Strings and bytes that start with their length.
    pub(super) fn counted(&mut self, code: u8) -> Step<()> {
        let len = match code {
            op::SHORT_BINSTRING | op::SHORT_BINUNICODE | op::SHORT_BINBYTES => {
                u64::from(u8::from_le_bytes(self.cursor.array()?))
            }
            op::BINUNICODE | op::BINBYTES => u64::from(u32::from_le_bytes(self.cursor.array()?)),
            op::BINSTRING => {
                let len = i32::from_le_bytes(self.cursor.array()?);
                match u64::try_from(len) {
                    Ok(len) => len,
                    Err(_) => return wrong(format!("BINSTRING has a negative length, {len}")),
                }
            }
            _ => u64::from_le_bytes(self.cursor.array()?),
        };
        let start = self.cursor.skip(len)?;
        let blob = Blob::Span { start, len: self.cursor.at - start };
        let node = match code {
            op::SHORT_BINSTRING | op::BINSTRING => Node::ByteStr(blob),
            op::SHORT_BINBYTES | op::BINBYTES | op::BINBYTES8 => Node::Bytes(blob),
            op::BYTEARRAY8 => Node::ByteArray(blob),
            _ => {
                if !text::is_python_utf8(&self.cursor.bytes[start..self.cursor.at]) {
                    return wrong("a str is not UTF-8");
                }
                Node::Str(blob)
            }
        };
        self.make(node)
    }

    pub(super) fn collect(&mut self, code: u8) -> Step<()> {
        let who = op::name(code).unwrap_or("an opcode");
        let items = match code {
            op::TUPLE1 | op::TUPLE2 | op::TUPLE3 => {
                let mut items = vec![NONE; usize::from(code - op::TUPLE1) + 1];
                for item in items.iter_mut().rev() {
                    *item = self.pop(who)?;
                }
                items
            }
            _ => self.take_marked(who)?,
        };
        self.charge(items.len() * size_of::<Id>())?;
        let node = match code {
            op::LIST => Node::List(items),
            op::DICT => Node::Dict(pairs(&items, who)?),
            op::FROZENSET => Node::FrozenSet(items.into()),
            _ => Node::Tuple(items.into()),
        };
        self.make(node)
    }

    /// Adds to a container below the mark, or to what a call would have made.
    pub(super) fn fill(&mut self, code: u8) -> Step<()> {
        let who = op::name(code).unwrap_or("an opcode");
        let items = match code {
            op::APPEND => vec![self.pop(who)?],
            op::SETITEM => {
                let value = self.pop(who)?;
                vec![self.pop(who)?, value]
            }
            _ => self.take_marked(who)?,
        };
        self.charge(items.len() * size_of::<Id>())?;
        let target = self.peek(who)?;
        let is_pairs = matches!(code, op::SETITEM | op::SETITEMS);
        let kind = match &mut self.nodes[target.index()] {
            Node::List(list) if !is_pairs && code != op::ADDITEMS => {
                list.extend(items);
                return Ok(());
            }
            Node::Set(set) if code == op::ADDITEMS => {
                set.extend(items);
                return Ok(());
            }
            Node::Dict(dict) if is_pairs => {
                dict.extend(pairs(&items, who)?);
                return Ok(());
            }
            Node::Object(object) if is_pairs => {
                object.pairs.extend(pairs(&items, who)?);
                return Ok(());
            }
            Node::Object(object) => {
                object.items.extend(items);
                return Ok(());
            }
            other => other.kind(),
        };
        wrong(format!("{who} cannot add to {kind}"))
    }

    pub(super) fn memo_index(&mut self, code: u8) -> Step<u64> {
        Ok(match code {
            op::BINGET | op::BINPUT => u64::from(u8::from_le_bytes(self.cursor.array()?)),
            op::LONG_BINGET | op::LONG_BINPUT => {
                u64::from(u32::from_le_bytes(self.cursor.array()?))
            }
            op::MEMOIZE => self.memo.count(),
            _ => {
                let (_, line) = self.line()?;
                match text::integer(line) {
                    Some(Digits::Small(value)) if u64::try_from(value).is_ok() => value as u64,
                    _ => return wrong("the memo's index is not a number"),
                }
            }
        })
    }

    pub(super) fn get(&mut self, code: u8) -> Step<()> {
        let index = self.memo_index(code)?;
        match self.memo.get(index) {
            Some(id) => self.push(id),
            None => wrong(format!("the pickle uses memo {index} before it is set")),
        }
    }

    pub(super) fn put(&mut self, code: u8) -> Step<()> {
        let index = self.memo_index(code)?;
        let top = self.peek(op::name(code).unwrap_or("PUT"))?;
        self.charge(self.memo.growth(index))?;
        self.memo.put(index, top);
        Ok(())
    }
}

fn from_digits(digits: Digits) -> Node {
    match digits {
        Digits::Small(value) => Node::Int(value),
        Digits::Huge => Node::HugeInt,
    }
}

fn pairs(items: &[Id], who: &str) -> Step<Vec<(Id, Id)>> {
    if !items.len().is_multiple_of(2) {
        return wrong(format!("{who} finds {} values, which are not pairs", items.len()));
    }
    Ok(items.chunks_exact(2).map(|pair| (pair[0], pair[1])).collect())
}
