//! A value of the metadata, as text.

use super::header::Reader;
use crate::{Error, ErrorKind};

/// Longest list that is shown whole.
const WHOLE: u64 = 16;
/// Items at the start of longer lists.
const FIRST: u64 = 8;

/// A value that was read.
#[derive(Debug, Default)]
pub(super) struct Value {
    /// As it is shown to the user; complete lists are JSON.
    pub(super) text: String,
    /// Where it is a whole number not below zero, the number.
    pub(super) whole: Option<u64>,
}

/// One of the types of values.
struct Kind {
    code: u32,
    /// What several of them are called.
    plural: &'static str,
    /// Bytes of one; 0 where that differs.
    size: u64,
    /// The text of one, and the number it is.
    show: fn(&mut Reader<'_>) -> Result<Value, Error>,
}

/// `enum gguf_type` of `gguf.h`.
const KINDS: [Kind; 13] = [
    Kind { code: 0, plural: "u8", size: 1, show: |r| Ok(whole(u8::from_le_bytes(one(r)?))) },
    Kind { code: 1, plural: "i8", size: 1, show: |r| Ok(signed(i8::from_le_bytes(one(r)?))) },
    Kind { code: 2, plural: "u16", size: 2, show: |r| Ok(whole(u16::from_le_bytes(one(r)?))) },
    Kind { code: 3, plural: "i16", size: 2, show: |r| Ok(signed(i16::from_le_bytes(one(r)?))) },
    Kind { code: 4, plural: "u32", size: 4, show: |r| Ok(whole(u32::from_le_bytes(one(r)?))) },
    Kind { code: 5, plural: "i32", size: 4, show: |r| Ok(signed(i32::from_le_bytes(one(r)?))) },
    Kind { code: 6, plural: "f32", size: 4, show: |r| Ok(float(f32::from_le_bytes(one(r)?))) },
    Kind { code: 7, plural: "bool", size: 1, show: truth },
    Kind { code: TEXT, plural: "texts", size: 0, show: text },
    Kind { code: LIST, plural: "lists", size: 0, show: list },
    Kind { code: 10, plural: "u64", size: 8, show: |r| Ok(whole(u64::from_le_bytes(one(r)?))) },
    Kind { code: 11, plural: "i64", size: 8, show: |r| Ok(signed(i64::from_le_bytes(one(r)?))) },
    Kind { code: 12, plural: "f64", size: 8, show: |r| Ok(float(f64::from_le_bytes(one(r)?))) },
];

const TEXT: u32 = 8;
const LIST: u32 = 9;

fn one<const N: usize>(reader: &mut Reader<'_>) -> Result<[u8; N], Error> {
    reader.cursor.number("a number")
}

fn whole(value: impl Into<u64>) -> Value {
    let value = value.into();
    Value { text: value.to_string(), whole: Some(value) }
}

fn signed(value: impl Into<i64>) -> Value {
    let value = value.into();
    Value { text: value.to_string(), whole: value.try_into().ok() }
}

fn float(value: impl std::fmt::Debug) -> Value {
    Value { text: format!("{value:?}"), whole: None }
}

fn truth(reader: &mut Reader<'_>) -> Result<Value, Error> {
    let [byte] = one(reader)?;
    Ok(Value { text: (byte != 0).to_string(), whole: None })
}

fn text(reader: &mut Reader<'_>) -> Result<Value, Error> {
    Ok(Value { text: reader.text("a text")?, whole: None })
}

fn kind(reader: &mut Reader<'_>) -> Result<&'static Kind, Error> {
    let at = reader.cursor.at();
    let code = reader.cursor.u32("the type of a value")?;
    KINDS.iter().find(|kind| kind.code == code).ok_or_else(|| {
        Error::malformed(format!("{code} is not a type of a value (0 to 12)")).at_byte(at)
    })
}

/// The next type and value.
pub(super) fn read(reader: &mut Reader<'_>) -> Result<Value, Error> {
    let kind = kind(reader)?;
    (kind.show)(reader)
}

/// The next value as a list of texts, at most `most`; `None` where it is something else.
pub(super) fn texts(reader: &mut Reader<'_>, most: usize) -> Result<Option<Vec<String>>, Error> {
    if kind(reader)?.code != LIST {
        return Ok(None);
    }
    let (kind, count) = list_of(reader)?;
    if kind.code != TEXT {
        return Ok(None);
    }
    let count = usize::try_from(count).unwrap_or(usize::MAX).min(most);
    (0..count).map(|_| reader.text("a text")).collect::<Result<_, _>>().map(Some)
}

/// The type of a list's items, and how many there are.
fn list_of(reader: &mut Reader<'_>) -> Result<(&'static Kind, u64), Error> {
    let at = reader.cursor.at();
    let kind = kind(reader)?;
    let count = reader.count("the length of a list")?;
    let each = match kind.code {
        TEXT => reader.count_bytes(),
        LIST => 4 + reader.count_bytes(),
        _ => kind.size,
    };
    let left = reader.cursor.left();
    if count > left / each {
        return Err(Error::malformed(format!(
            "a list claims {count} {}, the {left} bytes that follow cannot hold them",
            kind.plural
        ))
        .at_byte(at)
        .cure(super::CUT));
    }
    Ok((kind, count))
}

/// A list: its items' type, its length, the items.
fn list(reader: &mut Reader<'_>) -> Result<Value, Error> {
    if reader.depth == 0 {
        let message = "lists are nested deeper than the limit";
        return Err(Error::new(ErrorKind::Limit, message).at_byte(reader.cursor.at()));
    }
    let (kind, count) = list_of(reader)?;
    reader.depth -= 1;
    let text = items(reader, kind, count)?;
    reader.depth += 1;
    Ok(Value { text, whole: None })
}

/// All items, or the length, the first ones and the last.
fn items(reader: &mut Reader<'_>, kind: &Kind, count: u64) -> Result<String, Error> {
    let first = if count <= WHOLE { count } else { FIRST };
    let mut text = String::from("[");
    for index in 0..first {
        if index > 0 {
            text.push_str(", ");
        }
        push(reader, kind, &mut text)?;
    }
    if first < count {
        skip(reader, kind, count - first - 1)?;
        text.push_str(", …, ");
        push(reader, kind, &mut text)?;
        text.insert_str(0, &format!("{count} {}: ", kind.plural));
    }
    text.push(']');
    Ok(text)
}

fn push(reader: &mut Reader<'_>, kind: &Kind, out: &mut String) -> Result<(), Error> {
    let value = (kind.show)(reader)?;
    if kind.code == TEXT {
        // A string always has a JSON text.
        out.push_str(&serde_json::to_string(&value.text).unwrap_or_default());
    } else {
        out.push_str(&value.text);
    }
    Ok(())
}

/// Goes past `count` items that are not shown.
fn skip(reader: &mut Reader<'_>, kind: &Kind, count: u64) -> Result<(), Error> {
    match kind.code {
        TEXT => {
            for _ in 0..count {
                let len = reader.count("the length of a text")?;
                reader.cursor.skip(len, "a text")?;
            }
            Ok(())
        }
        LIST => (0..count).try_for_each(|_| (kind.show)(reader).map(|_| ())),
        // Cannot overflow: the bytes left were counted.
        _ => reader.cursor.skip(count * kind.size, "the items of a list"),
    }
}
