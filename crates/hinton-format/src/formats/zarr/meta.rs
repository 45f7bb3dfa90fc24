//! What the metadata of an array says, whichever version of zarr wrote it.

mod v2;
mod v3;

use serde_json::Value;

use super::codec::Codec;
use super::streamed;
use super::value::Kind;
use crate::{Error, ErrorKind, Limits};

/// Names of the files that describe an array: of version 2, and of version 3.
pub(crate) const V2_ARRAY: &str = ".zarray";
pub(crate) const V3_NODE: &str = "zarr.json";

/// An array in chunks.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Array {
    pub(super) shape: Vec<u64>,
    pub(super) kind: Kind,
    /// Which axis of the array the axes of a chunk are, the slowest first.
    pub(super) order: Vec<usize>,
    /// Extent of a chunk along each axis of the array.
    pub(super) chunk: Vec<u64>,
    /// Chunks lie together in shards of that kind.
    pub(super) shards: Option<Shards>,
    /// What a chunk went through, in order.
    pub(super) codecs: Vec<Codec>,
    /// Bytes of an element where no chunk was written; none for zeros.
    pub(super) fill: Vec<u8>,
    pub(super) keys: Keys,
}

/// Chunks that lie together under one key, with an index of where each is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Shards {
    /// Extent of a shard along each axis of the array.
    pub(super) extent: Vec<u64>,
    /// Whether the index is at the start, else at the end.
    pub(super) index_first: bool,
    /// Whether a checksum ends the index.
    pub(super) is_checked: bool,
}

/// How the key of a chunk is made of its place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Keys {
    /// Whether `c` begins it.
    pub(super) lettered: bool,
    pub(super) separator: char,
}

impl Keys {
    /// The key of the chunk at a place.
    pub(super) fn key(self, place: &[u64]) -> String {
        let mut parts: Vec<String> = Vec::new();
        if self.lettered {
            parts.push("c".to_owned());
        } else if place.is_empty() {
            parts.push("0".to_owned());
        }
        parts.extend(place.iter().map(u64::to_string));
        parts.join(&self.separator.to_string())
    }
}

/// What a metadata file describes.
#[derive(Debug)]
pub(crate) enum Described {
    Array(Box<Array>),
    /// Something with more nodes below it.
    Group,
}

/// Reads a metadata file: `name` is that of the file.
///
/// # Errors
/// [`ErrorKind::Unsupported`] and [`ErrorKind::Limit`] for an array that is to be skipped with a
/// word; [`ErrorKind::Malformed`] for damage.
pub(crate) fn read(name: &str, json: &Value, limits: &Limits) -> Result<Described, Error> {
    if !json.is_object() {
        return Err(Error::malformed(format!("{name} is not a JSON object")));
    }
    let expected = if name == V3_NODE { 3 } else { 2 };
    let version = json.get("zarr_format").and_then(Value::as_u64);
    if version != Some(expected) {
        let found = version.map_or("nothing".to_owned(), |version| version.to_string());
        let message = format!("zarr_format in {name} is {found}, expected {expected}");
        return Err(Error::malformed(message));
    }
    let array = match name {
        V2_ARRAY => v2::array(json)?,
        V3_NODE => match json.get("node_type").and_then(Value::as_str) {
            Some("array") => v3::array(json)?,
            Some("group") => return Ok(Described::Group),
            other => return Err(Error::malformed(format!("node_type in {name} is {other:?}"))),
        },
        _ => return Ok(Described::Group),
    };
    check(&array, limits)?;
    Ok(Described::Array(Box::new(array)))
}

/// Refuses shapes and chunks that cannot be.
fn check(array: &Array, limits: &Limits) -> Result<(), Error> {
    let Array { shape, chunk, .. } = array;
    let limit = |message: String| Error::new(ErrorKind::Limit, message);
    if shape.len() > limits.axes {
        let (have, most) = (shape.len(), limits.axes);
        return Err(limit(format!("the shape has {have} axes, the limit is {most}")));
    }
    if chunk.len() != shape.len() || chunk.contains(&0) {
        let message = format!("chunks of {chunk:?} do not fit a shape of {shape:?}");
        return Err(Error::malformed(message));
    }
    if let Some(Shards { extent, .. }) = &array.shards {
        let fits = |(shard, chunk): (&u64, &u64)| *shard > 0 && shard.is_multiple_of(*chunk);
        if extent.len() != chunk.len() || !extent.iter().zip(chunk).all(fits) {
            let message = format!("shards of {extent:?} are not a multiple of chunks of {chunk:?}");
            return Err(Error::malformed(message));
        }
    }
    let element = array.kind.dtype.bits() / 8;
    let bytes = chunk.iter().try_fold(element, |size, dim| size.checked_mul(*dim));
    let most = limits.held_bytes;
    // What is not packed is read in place, what is packed in a simple way as a stream.
    let any = array.codecs.is_empty() || streamed::way(&array.codecs).is_some();
    if bytes.is_none_or(|bytes| bytes > most && !any) {
        return Err(limit(format!("a chunk of {chunk:?} elements is more than {most} bytes")));
    }
    Ok(())
}

/// A list of lengths under a key.
fn lengths(json: &Value, key: &str) -> Result<Vec<u64>, Error> {
    let odd = || Error::malformed(format!("its metadata has no list of lengths {key:?}"));
    let list = json.get(key).and_then(Value::as_array).ok_or_else(odd)?;
    list.iter().map(|item| item.as_u64().ok_or_else(odd)).collect()
}

fn unsupported(message: String) -> Error {
    Error::new(ErrorKind::Unsupported, message)
}
