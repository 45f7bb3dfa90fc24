//! Repeated numbers: packed (one run of bytes), single (a field each), or both, as a writer likes.

use std::ops::Range;
use std::sync::Arc;

use hinton_tensor::{Bytes, ReadError};

use super::{Field, Message, Value, Wire, varint};
use crate::source::{Lazy, read_vec};
use crate::{Error, ErrorKind, Limits};

/// How each number is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Encoding {
    /// In this many bytes, little-endian: 4 or 8.
    Fixed(usize),
    /// As a variable-length integer.
    Varint,
}

/// A repeated field of numbers, found and not read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Numbers {
    message: Message,
    number: u64,
    encoding: Encoding,
    pieces: u64,
    bytes: u64,
    /// The last packed run.
    run: Option<Range<u64>>,
}

impl Numbers {
    /// The field `number` of `message`, of which no piece has been seen yet.
    pub fn new(message: Message, number: u64, encoding: Encoding) -> Self {
        Numbers { message, number, encoding, pieces: 0, bytes: 0, run: None }
    }

    /// Takes note of a piece: a packed run or a single number.
    ///
    /// # Errors
    /// Returns an error if it is written in another way than the numbers of this field are.
    pub fn add(&mut self, field: &Field) -> Result<(), Error> {
        self.bytes += match (field.value, self.encoding) {
            (Value::Bytes(start, end), _) => {
                self.run = Some(start..end);
                end - start
            }
            (Value::Fixed32(_), Encoding::Fixed(4)) => 4,
            (Value::Fixed64(_), Encoding::Fixed(8)) => 8,
            (Value::Varint(_), Encoding::Varint) => 1,
            _ => return Err(field.odd("numbers of another kind")),
        };
        self.pieces += 1;
        Ok(())
    }

    /// The message that holds them.
    pub fn message(&self) -> Message {
        self.message
    }

    /// Whether there are no numbers.
    pub fn is_empty(&self) -> bool {
        self.bytes == 0
    }

    /// How many there are, where their width tells it.
    pub fn count(&self) -> Option<u64> {
        match self.encoding {
            Encoding::Fixed(width) => Some(self.bytes / width as u64),
            Encoding::Varint => None,
        }
    }

    /// How many there are, counted.
    ///
    /// # Errors
    /// Returns an error if the bytes cannot be read.
    pub fn counted(&self, wire: &Wire) -> Result<u64, Error> {
        if let Some(count) = self.count() {
            return Ok(count);
        }
        let mut count = 0;
        for field in wire.fields(self.message) {
            let field = field?;
            match field.value {
                Value::Varint(_) if field.number == self.number => count += 1,
                Value::Bytes(start, end) if field.number == self.number => {
                    let mut at = start;
                    while at < end {
                        let bytes = read_vec(&*wire.data, at, (end - at).min(1 << 16))?;
                        count += bytes.iter().filter(|byte| **byte < 0x80).count() as u64;
                        at += bytes.len() as u64;
                    }
                }
                _ => {}
            }
        }
        Ok(count)
    }

    /// The numbers as `count` values of `width` bytes each, little-endian, and the byte at which
    /// they start: where they lie as they are, the file's own bytes, else bytes that are decoded
    /// when first read. Of integers, the lower bytes are taken.
    ///
    /// # Errors
    /// Returns an error if there are more or fewer than `count`, or they are more than may be held
    /// in memory.
    pub fn values(
        &self,
        wire: &Wire,
        count: u64,
        width: usize,
        limits: &Limits,
    ) -> Result<(Arc<dyn Bytes>, u64), Error> {
        let needs = count.checked_mul(width as u64);
        let fits = match self.encoding {
            Encoding::Fixed(own) => own == width && needs == Some(self.bytes),
            // Integers take 1 to 10 bytes each; how many there are is known once they are read.
            Encoding::Varint => {
                let longest = if self.run.is_some() { self.bytes } else { self.pieces };
                count <= longest && self.bytes <= count.saturating_mul(10)
            }
        };
        let (Some(needs), true) = (needs, fits) else {
            let message = format!(
                "expected {count} numbers, found {} bytes in {} pieces",
                self.bytes, self.pieces
            );
            return Err(Error::malformed(message).at_byte(self.message.start));
        };
        if let (Encoding::Fixed(_), Some(run), 1) = (self.encoding, &self.run, self.pieces) {
            return Ok((wire.data.clone(), run.start));
        }
        if needs > limits.held_bytes {
            let message = format!(
                "its numbers are written so that they must be decoded in memory: {needs} bytes, \
                 the limit is {}",
                limits.held_bytes
            );
            return Err(Error::new(ErrorKind::Limit, message).at_byte(self.message.start));
        }
        let (data, numbers, limits) = (wire.data.clone(), self.clone(), *limits);
        let decoded = Lazy::new(needs, move || {
            numbers.decode(&Wire::new(data.clone(), &limits), needs, width)
        });
        Ok((Arc::new(decoded), 0))
    }

    fn decode(&self, wire: &Wire, needs: u64, width: usize) -> Result<Vec<u8>, ReadError> {
        let start = self.message.start;
        let no_room = || ReadError::memory(start, needs, "there is not enough memory");
        let fail = |why: String| ReadError::damaged(start, needs, why);
        let needs = usize::try_from(needs).map_err(|_| no_room())?;
        let mut out = Vec::new();
        out.try_reserve_exact(needs).map_err(|_| no_room())?;
        for field in wire.fields(self.message) {
            let field = field.map_err(|error| {
                ReadError::new(error.read_kind(), start, needs as u64, error.to_string())
            })?;
            if field.number != self.number {
                continue;
            }
            match field.value {
                Value::Varint(value) => out.extend_from_slice(&value.to_le_bytes()[..width]),
                Value::Fixed32(value) => out.extend_from_slice(&value.to_le_bytes()),
                Value::Fixed64(value) => out.extend_from_slice(&value.to_le_bytes()),
                Value::Bytes(start, end) => {
                    let bytes = read_vec(&*wire.data, start, end - start)?;
                    match self.encoding {
                        Encoding::Fixed(_) => out.extend_from_slice(&bytes),
                        Encoding::Varint => unpack(&bytes, width, needs, &mut out)
                            .map_err(|why| ReadError::damaged(start, end - start, why))?,
                    }
                }
            }
            if out.len() > needs {
                break;
            }
        }
        if out.len() == needs {
            return Ok(out);
        }
        let more = if out.len() > needs { "more" } else { "fewer" };
        Err(fail(format!("expected {} numbers, found {more}", needs / width)))
    }
}

fn unpack(bytes: &[u8], width: usize, needs: usize, out: &mut Vec<u8>) -> Result<(), String> {
    let mut rest = bytes;
    while !rest.is_empty() && out.len() <= needs {
        let Some((value, len)) = varint(rest) else {
            return Err("a variable-length integer has no end".to_owned());
        };
        out.extend_from_slice(&value.to_le_bytes()[..width]);
        rest = &rest[len..];
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use hinton_tensor::Memory;

    fn numbers(bytes: &[u8], encoding: Encoding) -> (Wire, Numbers) {
        let wire = Wire::new(Arc::new(Memory::new(bytes)), &Limits::default());
        let mut numbers = Numbers::new(wire.root(), 4, encoding);
        for field in wire.fields(wire.root()) {
            numbers.add(&field.unwrap()).unwrap();
        }
        (wire, numbers)
    }

    fn read(bytes: &[u8], encoding: Encoding, count: u64, width: usize) -> Result<Vec<u8>, String> {
        let (wire, numbers) = numbers(bytes, encoding);
        let (data, start) = numbers
            .values(&wire, count, width, &Limits::default())
            .map_err(|error| error.to_string())?;
        read_vec(&*data, start, count * width as u64).map_err(|error| error.to_string())
    }

    #[test]
    fn one_packed_run_is_not_copied() {
        let bytes = b"\x22\x08\x00\x00\x80\x3f\x00\x00\x00\x40";
        let (wire, found) = numbers(bytes, Encoding::Fixed(4));
        let (data, start) = found.values(&wire, 2, 4, &Limits::default()).unwrap();
        assert_eq!((data.len(), start), (10, 2));
        assert!(found.values(&wire, 3, 4, &Limits::default()).is_err());
    }

    #[test]
    fn singles_and_runs_are_joined() {
        let bytes = b"\x25\x00\x00\x80\x3f\x22\x04\x00\x00\x00\x40";
        let joined = [0, 0, 0x80, 0x3f, 0, 0, 0, 0x40];
        assert_eq!(read(bytes, Encoding::Fixed(4), 2, 4), Ok(joined.to_vec()));
        // 150 and -1, packed, then 5 alone.
        let mut bytes = vec![0x22, 12, 0x96, 0x01];
        bytes.extend([0xff; 9]);
        bytes.extend([0x01, 0x20, 5]);
        let wide = [150, 0, 255, 255, 5, 0];
        assert_eq!(read(&bytes, Encoding::Varint, 3, 2), Ok(wide.to_vec()));
        for count in [2, 4] {
            let error = read(&bytes, Encoding::Varint, count, 2).unwrap_err();
            assert!(error.contains(&format!("expected {count} numbers")), "{error}");
        }
        assert!(read(&bytes, Encoding::Varint, 1 << 40, 2).is_err());
    }
}
