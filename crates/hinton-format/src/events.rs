//! TensorBoard's event files: the scalars that a trainer wrote while it ran.
//!
//! A file is a list of records, each a length (u64), the checksum of the length, the data, and its
//! checksum, all little-endian; a record is an `Event` in protobuf. A trainer may still be writing
//! the file, so it is read up to its last whole record.
//!
//! Records: <https://www.tensorflow.org/tutorials/load_data/tfrecord>; messages: `event.proto`,
//! `summary.proto` and `tensor.proto` of TensorFlow.

use std::collections::{BTreeMap, HashMap};
use std::path::Path;

use hinton_tensor::f16_to_f32;

use crate::container::protobuf::varint;
use crate::container::table::{crc32c, unmask};
use crate::source::map_file;
use crate::{Error, ErrorKind, Warning};

/// Bytes before the data of a record and behind it.
const BEFORE: usize = 12;
const BEHIND: usize = 4;
/// Most scalars of a file.
const MOST_SCALARS: usize = 50_000_000;
/// What the first event of a file says, in front of a number.
const VERSION: &[u8] = b"brain.Event:";
/// Names of data types in `types.proto`, by number, and the bytes of a value.
const FLOAT: u64 = 1;
const DOUBLE: u64 = 2;
const INT32: u64 = 3;
const INT64: u64 = 9;
const HALF: u64 = 19;
const BFLOAT16: u64 = 14;

/// The contents of an event file.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Events {
    /// The tags of the scalars, in order of first appearance.
    pub tags: Vec<String>,
    /// The scalars, in the file's order.
    pub scalars: Vec<EventScalar>,
    /// What is damaged, truncated or of another kind.
    pub warnings: Vec<Warning>,
}

/// One recorded number of a training.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct EventScalar {
    /// Index of its tag in [`Events::tags`].
    pub tag: usize,
    /// The step.
    pub step: u64,
    /// When it was written, in seconds since 1970.
    pub time: f64,
    /// The value; may be NaN or infinite.
    pub value: f64,
}

/// Whether bytes begin like an event file: with a complete record that states the version.
pub fn is_events(bytes: &[u8]) -> bool {
    let event = bytes.get(BEFORE..).unwrap_or_default();
    event[..event.len().min(64)].windows(VERSION.len()).any(|part| part == VERSION)
}

/// Reads an event file.
///
/// # Errors
/// Returns an error if it cannot be read, is not an event file, or has more than 50 million
/// scalars.
pub fn open_events(path: &Path) -> Result<Events, Error> {
    let name = path.display().to_string();
    let data = map_file(path)?;
    let Some(bytes) = data.slice(0..data.len()) else {
        return Err(Error::new(ErrorKind::Io, "its bytes cannot be addressed").in_file(&name));
    };
    read_events(bytes).map_err(|error| error.in_file(&name))
}

/// Reads an event file from its bytes.
///
/// # Errors
/// Returns the errors of [`open_events`].
pub fn read_events(bytes: &[u8]) -> Result<Events, Error> {
    if !is_events(bytes) {
        return Err(Error::malformed("expected an event file of TensorBoard"));
    }
    let mut reader = Reader::default();
    let mut start = 0;
    let mut damaged = 0u64;
    while start < bytes.len() {
        let Some(record) = record(&bytes[start..]) else {
            reader.events.warnings.push(Warning::file(format!(
                "the record at byte {start} is cut short and not used: it is being written, or its \
                 writer was stopped"
            )));
            break;
        };
        let Ok(data) = record else {
            reader.events.warnings.push(Warning::file(format!(
                "the length of the record at byte {start} is damaged: nothing from there on is read"
            )));
            break;
        };
        let end = start + BEFORE + data.len();
        let stored = little32(&bytes[end..]);
        match unmask(stored) == crc32c(data) {
            true => reader.event(data),
            false => damaged += 1,
        }
        if reader.events.scalars.len() > MOST_SCALARS {
            let message = format!("more than {MOST_SCALARS} scalars, which is the limit");
            return Err(Error::new(ErrorKind::Limit, message));
        }
        start = end + BEHIND;
    }
    if damaged > 0 {
        let message = format!("records whose checksum is wrong, not used: {damaged}");
        reader.events.warnings.push(Warning::file(message));
    }
    for (what, count) in &reader.skipped {
        let message = format!("{what}, not drawn: {count} records");
        reader.events.warnings.push(Warning::file(message));
    }
    Ok(reader.events)
}

/// The data of the record that begins here; `None` where it is cut, an error where its length is
/// not what its checksum says.
fn record(bytes: &[u8]) -> Option<Result<&[u8], ()>> {
    let length: [u8; 8] = bytes.get(..8)?.try_into().ok()?;
    let stored = little32(bytes.get(8..BEFORE)?);
    if unmask(stored) != crc32c(&length) {
        return Some(Err(()));
    }
    let length = usize::try_from(u64::from_le_bytes(length)).ok()?;
    let end = BEFORE.checked_add(length)?;
    bytes.get(end..end.checked_add(BEHIND)?)?;
    Some(Ok(&bytes[BEFORE..end]))
}

fn little32(bytes: &[u8]) -> u32 {
    bytes.first_chunk().map_or(0, |bytes| u32::from_le_bytes(*bytes))
}

#[derive(Default)]
struct Reader {
    events: Events,
    /// Where a tag stands; only looked up, never walked.
    index: HashMap<String, usize>,
    /// Kinds of summaries that hold no scalar, and how many there are of each.
    skipped: BTreeMap<&'static str, u64>,
}

impl Reader {
    /// Adds the scalars of an `Event`.
    fn event(&mut self, event: &[u8]) {
        let (mut time, mut step) = (f64::NAN, 0);
        for (number, value) in fields(event) {
            match (number, value) {
                (1, Value::Fixed64(bits)) => time = f64::from_bits(bits),
                // A step is signed, and no training has a negative one.
                (2, Value::Varint(number)) => step = i64::max(number as i64, 0) as u64,
                _ => {}
            }
        }
        for (number, value) in fields(event) {
            if let (5, Value::Bytes(summary)) = (number, value) {
                for (number, value) in fields(summary) {
                    if let (1, Value::Bytes(value)) = (number, value) {
                        self.summary(value, step, time);
                    }
                }
            }
        }
    }

    /// Adds one value of a `Summary`.
    fn summary(&mut self, summary: &[u8], step: u64, time: f64) {
        let (mut tag, mut scalar, mut kind) = (&b""[..], None, None);
        for (number, value) in fields(summary) {
            match (number, value) {
                (1, Value::Bytes(text)) => tag = text,
                (2, Value::Fixed32(bits)) => scalar = Some(f64::from(f32::from_bits(bits))),
                (4, _) => kind = Some("images"),
                (5, _) => kind = Some("histograms"),
                (6, _) => kind = Some("sounds"),
                (8, Value::Bytes(tensor)) => match scalar_of(tensor) {
                    Some(value) => scalar = Some(value),
                    None => kind = Some("tensors of several values, texts or pictures"),
                },
                _ => {}
            }
        }
        match (scalar, kind) {
            (Some(value), _) => {
                let tag = self.tag(tag);
                self.events.scalars.push(EventScalar { tag, step, time, value });
            }
            (None, Some(kind)) => *self.skipped.entry(kind).or_default() += 1,
            (None, None) => {}
        }
    }

    fn tag(&mut self, tag: &[u8]) -> usize {
        let tag = String::from_utf8_lossy(tag);
        if let Some(&index) = self.index.get(tag.as_ref()) {
            return index;
        }
        let index = self.events.tags.len();
        self.events.tags.push(tag.clone().into_owned());
        self.index.insert(tag.into_owned(), index);
        index
    }
}

/// The value of a `TensorProto` of one number.
fn scalar_of(tensor: &[u8]) -> Option<f64> {
    let mut dtype = 0;
    let mut content = None;
    let mut found = None;
    for (number, value) in fields(tensor) {
        match (number, value) {
            (1, Value::Varint(number)) => dtype = number,
            // A shape without axes has no fields; an axis of another length is no scalar.
            (2, Value::Bytes(shape)) if !is_of_one(shape) => return None,
            (4, Value::Bytes(bytes)) => content = Some(bytes),
            (5, Value::Fixed32(bits)) => found = Some(f64::from(f32::from_bits(bits))),
            (5, Value::Bytes(bytes)) => found = Some(of_bytes(FLOAT, bytes)?),
            (6, Value::Fixed64(bits)) => found = Some(f64::from_bits(bits)),
            (6, Value::Bytes(bytes)) => found = Some(of_bytes(DOUBLE, bytes)?),
            (7 | 10 | 11, Value::Varint(number)) => found = Some(number as i64 as f64),
            (7 | 10 | 11, Value::Bytes(bytes)) => {
                let (number, len) = varint(bytes)?;
                found = (len == bytes.len()).then_some(number as i64 as f64);
            }
            (13, Value::Varint(bits)) => found = half(dtype, u16::try_from(bits).ok()?),
            (13, Value::Bytes(bytes)) => {
                let (bits, len) = varint(bytes)?;
                found = half(dtype, u16::try_from(bits).ok().filter(|_| len == bytes.len())?);
            }
            _ => {}
        }
    }
    found.or_else(|| of_bytes(dtype, content?))
}

/// Whether all axes of a `TensorShapeProto` have one place.
fn is_of_one(shape: &[u8]) -> bool {
    fields(shape).all(|(number, axis)| match (number, axis) {
        (2, Value::Bytes(axis)) => {
            fields(axis).all(|(number, size)| number != 1 || matches!(size, Value::Varint(1)))
        }
        _ => true,
    })
}

/// The one little-endian value in these bytes.
fn of_bytes(dtype: u64, bytes: &[u8]) -> Option<f64> {
    match dtype {
        FLOAT => Some(f32::from_le_bytes(bytes.try_into().ok()?).into()),
        DOUBLE => Some(f64::from_le_bytes(bytes.try_into().ok()?)),
        INT32 => Some(i32::from_le_bytes(bytes.try_into().ok()?).into()),
        INT64 => Some(i64::from_le_bytes(bytes.try_into().ok()?) as f64),
        _ => half(dtype, u16::from_le_bytes(bytes.try_into().ok()?)),
    }
}

/// A number of 16 bits.
fn half(dtype: u64, bits: u16) -> Option<f64> {
    match dtype {
        HALF => Some(f16_to_f32(bits).into()),
        BFLOAT16 => Some(f32::from_bits(u32::from(bits) << 16).into()),
        _ => None,
    }
}

/// The value of a field of protobuf.
#[derive(Clone, Copy)]
enum Value<'a> {
    Varint(u64),
    Fixed64(u64),
    Fixed32(u32),
    Bytes(&'a [u8]),
}

/// The fields of a message; ends where it is not well formed.
fn fields(mut message: &[u8]) -> impl Iterator<Item = (u64, Value<'_>)> {
    std::iter::from_fn(move || {
        let (tag, len) = varint(message)?;
        message = &message[len..];
        let value = match tag & 7 {
            0 => {
                let (number, len) = varint(message)?;
                message = &message[len..];
                Value::Varint(number)
            }
            1 => {
                let (bytes, rest) = message.split_first_chunk()?;
                message = rest;
                Value::Fixed64(u64::from_le_bytes(*bytes))
            }
            2 => {
                let (size, len) = varint(message)?;
                let rest = &message[len..];
                let (bytes, rest) = rest.split_at_checked(usize::try_from(size).ok()?)?;
                message = rest;
                Value::Bytes(bytes)
            }
            5 => {
                let (bytes, rest) = message.split_first_chunk()?;
                message = rest;
                Value::Fixed32(u32::from_le_bytes(*bytes))
            }
            _ => return None,
        };
        Some((tag >> 3, value))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Written by tensorboardX and by its protobuf classes: `tests/fixtures/make_events.py`.
    const FIXTURE: &[u8] = include_bytes!("../tests/fixtures/events.out.tfevents.1700000000.host");

    fn series(events: &Events, tag: &str) -> Vec<(u64, f64)> {
        let index = events.tags.iter().position(|one| one == tag).unwrap();
        let of_tag = events.scalars.iter().filter(|scalar| scalar.tag == index);
        of_tag.map(|scalar| (scalar.step, scalar.value)).collect()
    }

    #[test]
    fn both_encodings_are_read() {
        let events = read_events(FIXTURE).unwrap();
        assert_eq!(series(&events, "loss/train"), [(0, 2.0), (10, 1.0), (20, 0.5)]);
        // As TensorFlow 2 writes them: tensors of one value, of several types.
        for tag in ["float", "double", "content", "half", "bfloat16", "int", "shape"] {
            assert_eq!(series(&events, tag), [(5, 1.0), (6, -2.0)], "{tag}");
        }
        assert!(series(&events, "odd")[0].1.is_nan());
        assert_eq!(series(&events, "odd")[1], (2, f64::INFINITY));
        assert_eq!(events.scalars[0].time, 1_700_000_000.5);
        let said: Vec<String> = events.warnings.iter().map(ToString::to_string).collect();
        assert_eq!(
            said,
            [
                "histograms, not drawn: 1 records",
                "tensors of several values, texts or pictures, not drawn: 2 records",
            ]
        );
    }

    #[test]
    fn a_file_that_is_being_written_is_read_to_its_last_whole_record() {
        let whole = read_events(FIXTURE).unwrap();
        let mut most = 0;
        for end in 0..FIXTURE.len() {
            let Ok(events) = read_events(&FIXTURE[..end]) else {
                assert!(end < 64, "{end}");
                continue;
            };
            assert!(whole.scalars.len() >= events.scalars.len() && events.scalars.len() >= most);
            most = events.scalars.len();
        }
        let cut = read_events(&FIXTURE[..FIXTURE.len() - 1]).unwrap();
        assert!(cut.warnings[0].message.contains("is cut short"), "{:?}", cut.warnings);
    }

    #[test]
    fn damage_is_found_by_its_checksum() {
        let whole = read_events(FIXTURE).unwrap();
        for place in 64..FIXTURE.len() {
            let mut bytes = FIXTURE.to_vec();
            bytes[place] ^= 0x10;
            let events = read_events(&bytes).unwrap();
            assert!(events.scalars.len() <= whole.scalars.len());
            assert_ne!(events.warnings, whole.warnings, "{place}");
        }
        assert!(read_events(b"no events").is_err());
    }
}
