//! Protocol buffers by their wire format: fields and the byte ranges of their values, without
//! copies.
//!
//! No code is generated from a schema, and no message is held in memory: a format asks a
//! [`Message`] for its fields one by one, and enters those it knows. Depth and the number of fields
//! are limited, and every length is checked against the enclosing message.
//!
//! Wire format: <https://protobuf.dev/programming-guides/encoding/>.

mod numbers;
mod sketch;

use std::cell::Cell;
use std::ops::Range;
use std::sync::Arc;

use hinton_tensor::{Bytes, ReadError};

pub use self::numbers::{Encoding, Numbers};
pub(crate) use self::sketch::{Sketch, sketch, sketch_head};
use crate::source::read_vec;
use crate::{Error, ErrorKind, Limits};

const CUT: &str = "the file is cut or damaged: download or copy it again";

/// Bytes read at once where the data is not addressable.
const WINDOW: u64 = 4096;

/// Bytes that hold a protobuf message, with the remaining limits for reading them.
pub struct Wire {
    data: Arc<dyn Bytes>,
    depth: usize,
    fields_left: Cell<u64>,
}

/// A message: a range of the bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Message {
    start: u64,
    end: u64,
    depth: usize,
}

/// One field of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Field {
    /// The field's number in the schema.
    pub number: u64,
    /// The offset of its tag.
    pub at: u64,
    /// Its value.
    pub value: Value,
    depth: usize,
}

/// The value of a field, as encoded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Value {
    /// A variable-length integer.
    Varint(u64),
    /// Eight bytes, little-endian.
    Fixed64(u64),
    /// Four bytes, little-endian.
    Fixed32(u32),
    /// A message, text, bytes or packed numbers: `start..end`.
    Bytes(u64, u64),
}

impl Wire {
    /// Takes all of `data` as one message.
    pub fn new(data: Arc<dyn Bytes>, limits: &Limits) -> Self {
        Wire { data, depth: limits.depth, fields_left: Cell::new(limits.fields) }
    }

    /// The outermost message.
    pub fn root(&self) -> Message {
        Message { start: 0, end: self.data.len(), depth: 0 }
    }

    /// The fields of a message, in the file's order. The iterator ends after an error.
    pub fn fields(&self, message: Message) -> Fields<'_> {
        Fields { wire: self, message, at: message.start, window: Vec::new(), window_start: 0 }
    }

    /// Enters the message in a field.
    ///
    /// # Errors
    /// Returns an error if the field is a number, or nested too deeply.
    pub fn enter(&self, field: &Field) -> Result<Message, Error> {
        let Range { start, end } = field.range()?;
        let depth = field.depth + 1;
        if depth > self.depth {
            let message = format!("messages are nested deeper than {}", self.depth);
            return Err(Error::new(ErrorKind::Limit, message).at_byte(field.at));
        }
        Ok(Message { start, end, depth })
    }

    /// Reads a field as text; invalid UTF-8 is replaced.
    ///
    /// # Errors
    /// Returns an error if the field is a number, or longer than a name or note can be (1 MiB).
    pub fn text(&self, field: &Field) -> Result<String, Error> {
        const LONGEST: u64 = 1 << 20;
        let Range { start, end } = field.range()?;
        if end - start > LONGEST {
            let message = format!("a text of {} bytes; {LONGEST} are read", end - start);
            return Err(Error::new(ErrorKind::Limit, message).at_byte(field.at));
        }
        let bytes = read_vec(&*self.data, start, end - start)?;
        Ok(String::from_utf8_lossy(&bytes).into_owned())
    }

    /// Appends the integers of a repeated field, packed or single, as encoded (not zigzag), up to
    /// `most` in the whole list.
    ///
    /// # Errors
    /// Returns an error if they are not variable-length integers, or too many.
    pub fn integers(&self, field: &Field, list: &mut Vec<u64>, most: usize) -> Result<(), Error> {
        let many = || {
            let message = format!("a list of more than {most} numbers");
            Error::new(ErrorKind::Limit, message).at_byte(field.at)
        };
        let before = list.len();
        match field.value {
            Value::Varint(value) => list.push(value),
            Value::Bytes(start, end) => {
                // Each number has a byte at least.
                if end - start > 10 * most as u64 {
                    return Err(many());
                }
                let bytes = read_vec(&*self.data, start, end - start)?;
                for value in varints(&bytes) {
                    list.push(value.ok_or_else(|| field.odd("variable-length integers"))?);
                }
            }
            _ => return Err(field.odd("variable-length integers")),
        }
        debug_assert!(list.len() >= before);
        if list.len() > most { Err(many()) } else { Ok(()) }
    }

    /// The underlying bytes.
    pub fn data(&self) -> &Arc<dyn Bytes> {
        &self.data
    }
}

impl Message {
    /// Size of the message in bytes.
    pub fn len(&self) -> u64 {
        self.end - self.start
    }

    /// Whether it is empty, and so has no fields.
    pub fn is_empty(&self) -> bool {
        self.start == self.end
    }

    /// The offset of its first byte in the file.
    pub fn start(&self) -> u64 {
        self.start
    }
}

impl Field {
    /// Reads the value as an integer.
    ///
    /// # Errors
    /// Returns an error if the value is of another kind.
    pub fn integer(&self) -> Result<u64, Error> {
        match self.value {
            Value::Varint(value) => Ok(value),
            _ => Err(self.odd("an integer")),
        }
    }

    /// Reads the value as a 32-bit float.
    ///
    /// # Errors
    /// Returns an error if the value is of another kind.
    pub fn float(&self) -> Result<f32, Error> {
        match self.value {
            Value::Fixed32(bits) => Ok(f32::from_bits(bits)),
            _ => Err(self.odd("a float")),
        }
    }

    /// The byte range of a string, message or packed numbers.
    ///
    /// # Errors
    /// Returns an error if the value is a number.
    pub fn range(&self) -> Result<Range<u64>, Error> {
        match self.value {
            Value::Bytes(start, end) => Ok(start..end),
            _ => Err(self.odd("bytes")),
        }
    }

    fn odd(&self, expected: &str) -> Error {
        let found = match self.value {
            Value::Varint(_) => "an integer",
            Value::Fixed64(_) => "eight bytes",
            Value::Fixed32(_) => "four bytes",
            Value::Bytes(..) => "bytes",
        };
        let message = format!("field {} holds {found}, expected {expected}", self.number);
        Error::malformed(message).at_byte(self.at).cure(CUT)
    }
}

/// The fields of one message; see [`Wire::fields`].
pub struct Fields<'a> {
    wire: &'a Wire,
    message: Message,
    at: u64,
    window: Vec<u8>,
    window_start: u64,
}

impl Iterator for Fields<'_> {
    type Item = Result<Field, Error>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.at >= self.message.end {
            return None;
        }
        let field = self.field();
        if field.is_err() {
            self.at = self.message.end;
        }
        Some(field)
    }
}

impl Fields<'_> {
    fn field(&mut self) -> Result<Field, Error> {
        let at = self.at;
        match self.wire.fields_left.get().checked_sub(1) {
            Some(left) => self.wire.fields_left.set(left),
            None => {
                return Err(Error::new(ErrorKind::Limit, "it has too many fields").at_byte(at));
            }
        }
        let tag = self.varint()?;
        let (number, kind) = (tag >> 3, tag & 7);
        if number == 0 {
            return Err(Error::malformed("a field has the number 0").at_byte(at).cure(CUT));
        }
        let value = match kind {
            0 => Value::Varint(self.varint()?),
            1 => Value::Fixed64(u64::from_le_bytes(self.fixed()?)),
            2 => {
                let len = self.varint()?;
                let start = self.at;
                let left = self.message.end - start;
                if len > left {
                    let message =
                        format!("field {number} claims {len} bytes, its message has {left} more");
                    return Err(Error::malformed(message).at_byte(at).cure(CUT));
                }
                self.at += len;
                Value::Bytes(start, self.at)
            }
            5 => Value::Fixed32(u32::from_le_bytes(self.fixed()?)),
            _ => {
                let message = format!("field {number} is of wire type {kind}, which is not used");
                return Err(Error::malformed(message).at_byte(at).cure(CUT));
            }
        };
        Ok(Field { number, at, value, depth: self.message.depth })
    }

    /// Up to 16 bytes that stand next, fewer at the end of the message.
    fn peek(&mut self) -> Result<&[u8], ReadError> {
        let end = self.message.end.min(self.at.saturating_add(16));
        if let Some(bytes) = self.wire.data.slice(self.at..end) {
            return Ok(bytes);
        }
        let held = self.window_start..self.window_start + self.window.len() as u64;
        if self.at < held.start || end > held.end {
            let len = WINDOW.min(self.message.end - self.at);
            self.window = read_vec(&*self.wire.data, self.at, len)?;
            self.window_start = self.at;
        }
        let from = (self.at - self.window_start) as usize;
        Ok(&self.window[from..from + (end - self.at) as usize])
    }

    fn varint(&mut self) -> Result<u64, Error> {
        let at = self.at;
        match varint(self.peek()?) {
            Some((value, len)) => {
                self.at += len as u64;
                Ok(value)
            }
            None => {
                let message = "a variable-length integer has no end";
                Err(Error::malformed(message).at_byte(at).cure(CUT))
            }
        }
    }

    fn fixed<const N: usize>(&mut self) -> Result<[u8; N], Error> {
        let at = self.at;
        match self.peek()?.first_chunk::<N>().copied() {
            Some(bytes) => {
                self.at += N as u64;
                Ok(bytes)
            }
            None => {
                let message = format!("a number of {N} bytes is cut");
                Err(Error::malformed(message).at_byte(at).cure(CUT))
            }
        }
    }
}

/// Decodes the first variable-length integer of `bytes`, and its length; `None` if it is
/// incomplete.
pub fn varint(bytes: &[u8]) -> Option<(u64, usize)> {
    let mut value = 0u64;
    for (place, byte) in bytes.iter().take(10).enumerate() {
        value |= u64::from(byte & 0x7f) << (7 * place);
        if byte & 0x80 == 0 {
            return Some((value, place + 1));
        }
    }
    None
}

/// Decodes every variable-length integer of `bytes`; the last item is `None` if it is incomplete.
pub fn varints(bytes: &[u8]) -> impl Iterator<Item = Option<u64>> + '_ {
    let mut rest = bytes;
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        let found = varint(rest);
        rest = found.map_or(&[][..], |(_, len)| &rest[len..]);
        Some(found.map(|(value, _)| value))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use hinton_tensor::Memory;

    fn wire(bytes: &[u8]) -> Wire {
        Wire::new(Arc::new(Memory::new(bytes)), &Limits::default())
    }

    fn values(bytes: &[u8]) -> Result<Vec<(u64, Value)>, String> {
        let wire = wire(bytes);
        let fields = wire.fields(wire.root());
        fields
            .map(|field| field.map(|field| (field.number, field.value)))
            .collect::<Result<_, _>>()
            .map_err(|error| error.to_string())
    }

    #[test]
    fn the_examples_of_the_specification() {
        assert_eq!(values(&[0x08, 0x96, 0x01]), Ok(vec![(1, Value::Varint(150))]));
        assert_eq!(values(b"\x12\x07testing"), Ok(vec![(2, Value::Bytes(2, 9))]));
        assert_eq!(values(&[0x0d, 0, 0, 0x80, 0x3f]), Ok(vec![(1, Value::Fixed32(0x3f80_0000))]));
        let eight = [0x09, 1, 0, 0, 0, 0, 0, 0, 0];
        assert_eq!(values(&eight), Ok(vec![(1, Value::Fixed64(1))]));
        assert_eq!(values(b""), Ok(vec![]));
    }

    #[test]
    fn what_is_cut_or_odd_is_named_with_its_byte() {
        for (bytes, says) in [
            (&[0x08][..], "at byte 1: a variable-length integer has no end"),
            (&[0xff; 11], "at byte 0: a variable-length integer has no end"),
            (b"\x08\x01\x12\x07test", "at byte 2: field 2 claims 7 bytes, its message has 4 more"),
            (&[0x0d, 0, 0], "at byte 1: a number of 4 bytes is cut"),
            (&[0x0b], "field 1 is of wire type 3, which is not used"),
            (&[0x00], "a field has the number 0"),
        ] {
            let error = values(bytes).unwrap_err();
            assert!(error.contains(says), "{error}");
        }
    }

    #[test]
    fn depth_and_fields_are_bounded() {
        // A message in a message in a message …
        let mut bytes = Vec::new();
        for _ in 0..40 {
            let mut outer = vec![0x0a, bytes.len() as u8];
            outer.extend(&bytes);
            bytes = outer;
        }
        let limits = Limits { depth: 10, ..Limits::default() };
        let wire = Wire::new(Arc::new(Memory::new(bytes)), &limits);
        let mut message = wire.root();
        let error = loop {
            let field = wire.fields(message).next().unwrap().unwrap();
            match wire.enter(&field) {
                Ok(inner) => message = inner,
                Err(error) => break error,
            }
        };
        assert_eq!(error.kind(), ErrorKind::Limit);
        let limits = Limits { fields: 3, ..Limits::default() };
        let wire = Wire::new(Arc::new(Memory::new([0x08, 0].repeat(4))), &limits);
        let error = wire.fields(wire.root()).collect::<Result<Vec<_>, _>>().unwrap_err();
        assert_eq!((error.kind(), error.byte()), (ErrorKind::Limit, Some(6)));
    }

    #[test]
    fn lists_come_packed_and_single() {
        let wire = wire(&[0x0a, 3, 0x01, 0x96, 0x01, 0x08, 7]);
        let mut list = Vec::new();
        for field in wire.fields(wire.root()) {
            wire.integers(&field.unwrap(), &mut list, 3).unwrap();
        }
        assert_eq!(list, [1, 150, 7]);
        let field = wire.fields(wire.root()).next().unwrap().unwrap();
        assert!(wire.integers(&field, &mut list, 3).is_err());
    }
}
