//! MessagePack, one value after another, as places in the file: nothing is copied.
//!
//! Layout: <https://github.com/msgpack/msgpack/blob/master/spec.md>

use hinton_tensor::Bytes;

use crate::Error;

/// A run of bytes in the file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Run {
    pub(crate) at: u64,
    pub(crate) len: u64,
}

/// A value, or the head of one that holds others.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Value {
    Nil,
    Bool(bool),
    Int(i128),
    Float(f64),
    Text(Run),
    Binary(Run),
    /// So many values follow.
    List(u64),
    /// So many keys follow, each with its value.
    Map(u64),
    /// Bytes of a kind that the program defines.
    Extension(i8, Run),
}

impl Value {
    /// What it is, with its article.
    pub(crate) fn name(&self) -> &'static str {
        match self {
            Value::Nil => "nothing (nil)",
            Value::Bool(_) => "a boolean",
            Value::Int(_) => "an integer",
            Value::Float(_) => "a float",
            Value::Text(_) => "a text",
            Value::Binary(_) => "bytes",
            Value::List(_) => "a list",
            Value::Map(_) => "a map",
            Value::Extension(..) => "a value of a kind of its own",
        }
    }
}

/// Reads values one after another.
pub(crate) struct Walker<'a> {
    data: &'a dyn Bytes,
    pub(crate) at: u64,
    end: u64,
}

impl<'a> Walker<'a> {
    /// Reads from `at` up to `end`.
    pub(crate) fn new(data: &'a dyn Bytes, at: u64, end: u64) -> Self {
        Walker { data, at, end }
    }

    /// Bytes that are left.
    pub(crate) fn left(&self) -> u64 {
        self.end - self.at
    }

    /// The next value. Behind texts, binaries and extensions comes what follows them.
    pub(crate) fn next(&mut self) -> Result<Value, Error> {
        let at = self.at;
        let first = self.uint(1)? as u8;
        Ok(match first {
            0x00..=0x7f => Value::Int(first.into()),
            0x80..=0x8f => Value::Map(u64::from(first & 15)),
            0x90..=0x9f => Value::List(u64::from(first & 15)),
            0xa0..=0xbf => Value::Text(self.run(u64::from(first & 31))?),
            0xc0 => Value::Nil,
            0xc2 | 0xc3 => Value::Bool(first == 0xc3),
            0xc4..=0xc6 => {
                let len = self.uint(1 << (first - 0xc4))?;
                Value::Binary(self.run(len)?)
            }
            0xc7..=0xc9 => {
                let len = self.uint(1 << (first - 0xc7))?;
                let kind = self.uint(1)? as i8;
                Value::Extension(kind, self.run(len)?)
            }
            0xca => Value::Float(f32::from_bits(self.uint(4)? as u32).into()),
            0xcb => Value::Float(f64::from_bits(self.uint(8)?)),
            0xcc..=0xcf => Value::Int(self.uint(1 << (first - 0xcc))?.into()),
            0xd0..=0xd3 => {
                let width = 1 << (first - 0xd0);
                let bits = 64 - 8 * width as u32;
                // The sign is moved to the top and back.
                Value::Int((((self.uint(width)? << bits) as i64) >> bits).into())
            }
            0xd4..=0xd8 => {
                let kind = self.uint(1)? as i8;
                Value::Extension(kind, self.run(1 << (first - 0xd4))?)
            }
            0xd9..=0xdb => {
                let len = self.uint(1 << (first - 0xd9))?;
                Value::Text(self.run(len)?)
            }
            0xdc | 0xdd => Value::List(self.uint(2 << (first - 0xdc))?),
            0xde | 0xdf => Value::Map(self.uint(2 << (first - 0xde))?),
            0xe0..=0xff => Value::Int((first as i8).into()),
            0xc1 => {
                return Err(Error::malformed("0xc1 begins no value of MessagePack").at_byte(at));
            }
        })
    }

    /// A big-endian number of `count` bytes, at most 8.
    fn uint(&mut self, count: usize) -> Result<u64, Error> {
        let mut bytes = [0; 8];
        let run = self.run(count as u64)?;
        self.data.read_at(run.at, &mut bytes[8 - count..])?;
        Ok(u64::from_be_bytes(bytes))
    }

    fn run(&mut self, len: u64) -> Result<Run, Error> {
        let at = self.at;
        match at.checked_add(len) {
            Some(end) if end <= self.end => {
                self.at = end;
                Ok(Run { at, len })
            }
            _ => {
                Err(Error::malformed(format!("{len} bytes are expected, {} are left", self.left()))
                    .at_byte(at)
                    .cure("the file is cut or damaged: download or copy it again"))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use hinton_tensor::Memory;

    fn values(bytes: &[u8]) -> Result<Vec<Value>, Error> {
        let data = Memory::new(bytes);
        let mut walker = Walker::new(&data, 0, bytes.len() as u64);
        let mut values = Vec::new();
        while walker.left() > 0 {
            values.push(walker.next()?);
        }
        Ok(values)
    }

    #[test]
    fn every_kind_of_value() {
        let found = values(&[
            0x05, 0xff, 0xd0, 0x80, 0xd1, 0x80, 0x00, 0xd3, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
            0xff, 0xfe, 0xcd, 0x01, 0x00, 0xcf, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
        ]);
        let ints = [5, -1, -128, -32768, -2, 256, i128::from(u64::MAX)];
        assert_eq!(found.unwrap(), ints.map(Value::Int));
        let found = values(&[0xc0, 0xc3, 0xca, 0x3f, 0x80, 0, 0, 0xcb, 0xc0, 0, 0, 0, 0, 0, 0, 0]);
        let expected = [Value::Nil, Value::Bool(true), Value::Float(1.0), Value::Float(-2.0)];
        assert_eq!(found.unwrap(), expected);
        let run = |at, len| Run { at, len };
        let found = values(&[0xa1, 7, 0xd9, 1, 7, 0xc4, 2, 7, 7, 0xd5, 3, 7, 7, 0xc7, 1, 0xff, 7]);
        let expected = [
            Value::Text(run(1, 1)),
            Value::Text(run(4, 1)),
            Value::Binary(run(7, 2)),
            Value::Extension(3, run(11, 2)),
            Value::Extension(-1, run(16, 1)),
        ];
        assert_eq!(found.unwrap(), expected);
        let found = values(&[0x92, 0x81, 0xdc, 1, 0, 0xdf, 0, 0, 0, 2]);
        let expected = [Value::List(2), Value::Map(1), Value::List(256), Value::Map(2)];
        assert_eq!(found.unwrap(), expected);
    }

    #[test]
    fn what_is_cut_or_none_is_an_error() {
        assert!(values(&[0xc1]).unwrap_err().message().contains("0xc1"));
        let error = values(&[0xc6, 0xff, 0xff, 0xff, 0xff, 1]).unwrap_err();
        assert!(error.message().contains("4294967295 bytes are expected, 1 are left"), "{error}");
        assert_eq!(error.byte(), Some(5));
        assert!(values(&[0xcd, 1]).is_err());
    }
}
