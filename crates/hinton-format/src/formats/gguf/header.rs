//! The head of a GGUF file: metadata and the list of tensors.

use std::collections::BTreeSet;

use hinton_tensor::{Bytes, Endian};

use super::CUT;
use super::value::{self, Value};
use crate::source::Cursor;
use crate::{Error, ErrorKind, Limits, Warning};

/// The first four bytes, whatever the byte order.
pub(super) const MAGIC: &[u8; 4] = b"GGUF";
/// Alignment of files that say nothing of it.
const ALIGNMENT: u64 = 32;

/// What stands before the tensors' bytes.
#[derive(Debug)]
pub(super) struct Header {
    pub(super) version: u32,
    pub(super) endian: Endian,
    /// Keys and values as text, in the file's order.
    pub(super) metadata: Vec<(String, String)>,
    /// The keys whose values are whole numbers not below zero.
    pub(super) numbers: Vec<(String, u64)>,
    pub(super) alignment: u64,
    pub(super) infos: Vec<Info>,
    /// The byte that tensors' offsets count from.
    pub(super) data_start: u64,
    pub(super) warnings: Vec<Warning>,
}

/// One tensor of the list.
#[derive(Debug)]
pub(super) struct Info {
    pub(super) name: String,
    /// Slowest axis first.
    pub(super) shape: Vec<usize>,
    pub(super) kind: u32,
    pub(super) offset: u64,
    /// The byte at which its entry stands.
    pub(super) at: u64,
}

impl Header {
    /// The first byte from `byte` on that is aligned.
    pub(super) fn aligned(&self, byte: u64) -> Option<u64> {
        byte.checked_next_multiple_of(self.alignment)
    }

    /// A whole number of the metadata.
    pub(super) fn number(&self, key: &str) -> Option<u64> {
        self.numbers.iter().find(|(name, _)| name == key).map(|(_, number)| *number)
    }
}

/// How the numbers of a version lie.
pub(super) struct Reader<'a> {
    pub(super) cursor: Cursor<'a>,
    /// Version 1 counts in 32 bits, later ones in 64.
    narrow: bool,
    /// Texts that were no UTF-8.
    pub(super) lossy: usize,
    pub(super) depth: usize,
}

impl Reader<'_> {
    /// A count, a length, or a dimension.
    pub(super) fn count(&mut self, what: &str) -> Result<u64, Error> {
        match self.narrow {
            true => self.cursor.u32(what).map(u64::from),
            false => self.cursor.u64(what),
        }
    }

    /// Bytes of a [`count`](Reader::count).
    pub(super) fn count_bytes(&self) -> u64 {
        if self.narrow { 4 } else { 8 }
    }

    /// A text behind its length.
    pub(super) fn text(&mut self, what: &str) -> Result<String, Error> {
        let len = self.count(what)?;
        let bytes = self.cursor.take(len, what)?;
        let text = String::from_utf8_lossy(&bytes);
        let lossy = matches!(text, std::borrow::Cow::Owned(_));
        let text = text.into_owned();
        self.lossy += usize::from(lossy);
        Ok(text)
    }
}

/// What stands first, and the reader behind it.
struct Start<'a> {
    reader: Reader<'a>,
    version: u32,
    endian: Endian,
    tensors: u64,
    pairs: u64,
}

fn start<'a>(data: &'a dyn Bytes, limits: &Limits) -> Result<Start<'a>, Error> {
    let mut cursor = Cursor::new(data, Endian::Little, limits);
    if cursor.take(4, "the magic number")?[..] != *MAGIC {
        return Err(Error::malformed("expected a file that starts with \"GGUF\"").at_byte(0));
    }
    let (version, endian) = version(cursor.u32("the version")?)?;
    cursor.set_endian(endian);
    let mut reader = Reader { cursor, narrow: version == 1, lossy: 0, depth: limits.depth };
    // A tensor has a name, a number of axes, a type and an offset; a pair a key, a type and a value.
    let tensors = claimed(&mut reader, "tensors", 16)?;
    let pairs = claimed(&mut reader, "entries of metadata", 5)?;
    for (count, what) in [(tensors, "tensors"), (pairs, "entries of metadata")] {
        if count > limits.tensors as u64 {
            let limit = limits.tensors;
            let message = format!("the file has {count} {what}, the limit is {limit}");
            return Err(Error::new(ErrorKind::Limit, message).at_byte(8));
        }
    }
    Ok(Start { reader, version, endian, tensors, pairs })
}

/// The texts of a list of the metadata, at most `most`; `None` where there is no such list.
///
/// # Errors
/// Returns the errors of [`read`].
pub(super) fn texts(
    data: &dyn Bytes,
    key: &str,
    most: usize,
    limits: &Limits,
) -> Result<Option<Vec<String>>, Error> {
    let Start { mut reader, pairs, .. } = start(data, limits)?;
    for _ in 0..pairs {
        if reader.text("a key")? == key {
            return value::texts(&mut reader, most);
        }
        value::read(&mut reader)?;
    }
    Ok(None)
}

/// Reads the head of a file.
///
/// # Errors
/// Returns an error if it is cut, lies, or passes a limit.
pub(super) fn read(data: &dyn Bytes, limits: &Limits) -> Result<Header, Error> {
    let Start { mut reader, version, endian, tensors, pairs } = start(data, limits)?;
    let mut header = Header {
        version,
        endian,
        metadata: Vec::new(),
        numbers: Vec::new(),
        alignment: ALIGNMENT,
        infos: Vec::new(),
        data_start: 0,
        warnings: Vec::new(),
    };
    read_metadata(&mut reader, pairs, &mut header)?;
    for _ in 0..tensors {
        header.infos.push(read_info(&mut reader, limits)?);
    }
    let end = reader.cursor.at();
    header.data_start = header
        .aligned(end)
        .ok_or_else(|| Error::malformed("the data would start past 2^64 bytes").at_byte(end))?;
    if reader.lossy > 0 {
        let message = format!(
            "{} names or texts are not valid UTF-8: invalid bytes are shown as \u{fffd}",
            reader.lossy
        );
        header.warnings.push(Warning::file(message));
    }
    Ok(header)
}

/// The version and the byte order: a version in the wrong order has its low half empty.
fn version(read: u32) -> Result<(u32, Endian), Error> {
    let (version, endian) = match read & 0xffff {
        0 => (read.swap_bytes(), Endian::Big),
        _ => (read, Endian::Little),
    };
    if (1..=3).contains(&version) {
        return Ok((version, endian));
    }
    let message = format!("its version is {version}; hinton reads versions 1 to 3");
    Err(Error::new(ErrorKind::Unsupported, message)
        .at_byte(4)
        .cure("convert it with a newer llama.cpp, or get the file again"))
}

/// A number of things of at least `each` bytes, for which there are bytes left.
fn claimed(reader: &mut Reader<'_>, what: &str, each: u64) -> Result<u64, Error> {
    let at = reader.cursor.at();
    let count = reader.count("a count")?;
    let left = reader.cursor.left();
    if count > left / each {
        return Err(Error::malformed(format!(
            "the file claims {count} {what}, the {left} bytes that follow cannot hold them"
        ))
        .at_byte(at)
        .cure(CUT));
    }
    Ok(count)
}

fn read_metadata(reader: &mut Reader<'_>, pairs: u64, header: &mut Header) -> Result<(), Error> {
    let mut keys = BTreeSet::new();
    for _ in 0..pairs {
        let key = reader.text("a key")?;
        let at = reader.cursor.at();
        let value = value::read(reader).map_err(|error| error.for_tensor(&key))?;
        if !keys.insert(key.clone()) {
            header.warnings.push(Warning::about(key.as_str(), "the metadata has it twice"));
        }
        if key == "general.alignment" {
            header.alignment = alignment(&value, at)?;
            if !header.alignment.is_power_of_two() {
                let message = format!("{} is not a power of two", header.alignment);
                header.warnings.push(Warning::about(key.as_str(), message));
            }
        }
        if let Some(number) = value.whole {
            header.numbers.push((key.clone(), number));
        }
        header.metadata.push((key, value.text));
    }
    Ok(())
}

fn alignment(value: &Value, at: u64) -> Result<u64, Error> {
    match value.whole {
        Some(alignment) if alignment > 0 && alignment <= u64::from(u32::MAX) => Ok(alignment),
        _ => Err(Error::malformed(format!(
            "general.alignment is {}, expected a power of two like {ALIGNMENT}",
            value.text
        ))
        .at_byte(at)
        .cure("get the file again from its source")),
    }
}

fn read_info(reader: &mut Reader<'_>, limits: &Limits) -> Result<Info, Error> {
    let at = reader.cursor.at();
    let name = reader.text("a tensor's name")?;
    let fail = |error: Error| error.for_tensor(&name);
    let axes = reader.cursor.u32("its number of axes").map_err(fail)?;
    if axes as usize > limits.axes {
        let message = format!("it has {axes} axes, the limit is {}", limits.axes);
        return Err(fail(Error::new(ErrorKind::Limit, message).at_byte(at)));
    }
    let mut shape = Vec::with_capacity(axes as usize);
    for _ in 0..axes {
        let len = reader.count("the length of an axis").map_err(fail)?;
        let len = usize::try_from(len).map_err(|_| {
            let message = format!("an axis of {len} values is more than this machine can count");
            fail(Error::malformed(message).at_byte(at))
        })?;
        shape.push(len);
    }
    // The file has the fastest axis first.
    shape.reverse();
    let kind = reader.cursor.u32("its type").map_err(fail)?;
    let offset = reader.cursor.u64("its offset").map_err(fail)?;
    Ok(Info { name, shape, kind, offset, at })
}
