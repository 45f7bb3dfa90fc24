//! `zarr.json` of version 3.
//!
//! Layout: <https://zarr-specs.readthedocs.io/en/latest/v3/core/index.html>; shards:
//! <https://zarr-specs.readthedocs.io/en/latest/v3/codecs/sharding-indexed/index.html>

use hinton_tensor::Endian;
use serde_json::Value;

use super::super::codec::{self, Codec};
use super::super::value::{self, Kind};
use super::{Array, Keys, Shards, lengths, unsupported};
use crate::Error;

/// Keys that an array may have and that change nothing of its values.
const HARMLESS: [&str; 12] = [
    "zarr_format",
    "node_type",
    "shape",
    "data_type",
    "chunk_grid",
    "chunk_key_encoding",
    "fill_value",
    "codecs",
    "attributes",
    "dimension_names",
    "storage_transformers",
    "consolidated_metadata",
];

pub(super) fn array(json: &Value) -> Result<Array, Error> {
    let shape = lengths(json, "shape")?;
    let kind = value::kind(json.get("data_type").unwrap_or(&Value::Null))?;
    let (grid, settings) = named(json.get("chunk_grid").unwrap_or(&Value::Null))?;
    if grid != "regular" {
        return Err(unsupported(format!("its chunks are {grid:?}; regular ones are read")));
    }
    let outer = lengths(settings, "chunk_shape")?;
    understood(json)?;
    let pipeline = pipeline(json.get("codecs"), shape.len())?;
    let (chunk, shards, pipeline) = match pipeline.shards {
        None => (outer, None, pipeline),
        Some(settings) => {
            if pipeline.order.is_some() || !pipeline.codecs.is_empty() {
                let message = "its shards are transposed or packed as a whole, which is not read";
                return Err(unsupported(message.to_owned()));
            }
            let (shards, chunk) = self::shards(settings, outer)?;
            let inner = self::pipeline(settings.get("codecs"), shape.len())?;
            if inner.shards.is_some() {
                return Err(unsupported(
                    "its shards are nested in shards, which is not supported".to_owned(),
                ));
            }
            (chunk, Some(shards), inner)
        }
    };
    let kind = Kind { endian: pipeline.endian, ..kind };
    Ok(Array {
        order: pipeline.order.unwrap_or_else(|| (0..shape.len()).collect()),
        fill: value::fill(json.get("fill_value").unwrap_or(&Value::Null), kind)?,
        keys: keys(json.get("chunk_key_encoding"))?,
        codecs: pipeline.codecs,
        shape,
        kind,
        chunk,
        shards,
    })
}

/// Refuses what an extension adds and does not say that it may be ignored.
fn understood(json: &Value) -> Result<(), Error> {
    for (key, value) in json.as_object().into_iter().flatten() {
        let ignorable = value.get("must_understand") == Some(&Value::Bool(false));
        if !HARMLESS.contains(&key.as_str()) && !ignorable {
            return Err(unsupported(format!("its metadata has {key:?}, which is not understood")));
        }
    }
    match json.get("storage_transformers").and_then(Value::as_array).map(Vec::as_slice) {
        None | Some([]) => Ok(()),
        Some(_) => Err(unsupported("it has storage transformers, which are not read".to_owned())),
    }
}

/// Name and settings of `{"name": …, "configuration": …}`, or of a lone name.
fn named(json: &Value) -> Result<(&str, &Value), Error> {
    const NONE: &Value = &Value::Null;
    match json {
        Value::String(name) => Ok((name, NONE)),
        other => match other.get("name").and_then(Value::as_str) {
            Some(name) => Ok((name, other.get("configuration").unwrap_or(NONE))),
            None => Err(Error::malformed(format!("its metadata has {other} where a name belongs"))),
        },
    }
}

/// A list of codecs.
struct Pipeline<'a> {
    order: Option<Vec<usize>>,
    endian: Endian,
    codecs: Vec<Codec>,
    /// Settings of shards, which then stand for bytes.
    shards: Option<&'a Value>,
}

fn pipeline(json: Option<&Value>, axes: usize) -> Result<Pipeline<'_>, Error> {
    let list = json.and_then(Value::as_array);
    let list = list.ok_or_else(|| Error::malformed("its metadata has no list of codecs"))?;
    let mut found =
        Pipeline { order: None, endian: Endian::Little, codecs: Vec::new(), shards: None };
    // Values become bytes once; before that they are values, and bytes behind it.
    let mut is_bytes = false;
    for codec in list {
        let (name, settings) = named(codec)?;
        match name {
            "transpose" if !is_bytes && found.order.is_none() => {
                found.order = order(settings, axes)?;
            }
            "bytes" if !is_bytes => {
                is_bytes = true;
                found.endian = endian(settings)?;
            }
            "sharding_indexed" if !is_bytes => {
                is_bytes = true;
                found.shards = Some(settings);
            }
            _ if is_bytes => found.codecs.push(codec::codec(name, settings)?),
            other => {
                let message = format!("its values went through {other:?}, which is not undone");
                return Err(unsupported(message));
            }
        }
    }
    if is_bytes {
        Ok(found)
    } else {
        Err(Error::malformed("none of its codecs makes bytes of values"))
    }
}

fn endian(settings: &Value) -> Result<Endian, Error> {
    match settings.get("endian").and_then(Value::as_str) {
        Some("little") | None => Ok(Endian::Little),
        Some("big") => Ok(Endian::Big),
        Some(other) => Err(Error::malformed(format!("its byte order is {other:?}"))),
    }
}

/// The order of a transpose; `None` where it changes nothing. Drafts of the specification also had
/// `C` and `F`.
fn order(settings: &Value, axes: usize) -> Result<Option<Vec<usize>>, Error> {
    let odd = || Error::malformed(format!("its transpose is {settings}, of {axes} axes"));
    let order: Vec<usize> = match settings.get("order").ok_or_else(odd)? {
        Value::String(letter) if letter == "C" => (0..axes).collect(),
        Value::String(letter) if letter == "F" => (0..axes).rev().collect(),
        Value::Array(list) => {
            let place = |item: &Value| item.as_u64().and_then(|at| usize::try_from(at).ok());
            list.iter().map(|item| place(item).ok_or_else(odd)).collect::<Result<_, _>>()?
        }
        _ => return Err(odd()),
    };
    let mut sorted = order.clone();
    sorted.sort_unstable();
    if !sorted.iter().copied().eq(0..axes) {
        return Err(odd());
    }
    Ok((!order.is_sorted()).then_some(order))
}

/// The shards, and the extent of the chunks in them.
fn shards(settings: &Value, extent: Vec<u64>) -> Result<(Shards, Vec<u64>), Error> {
    let index_first = match settings.get("index_location").and_then(Value::as_str) {
        Some("end") | None => false,
        Some("start") => true,
        Some(other) => return Err(Error::malformed(format!("its index_location is {other:?}"))),
    };
    let index = pipeline(settings.get("index_codecs"), 0)?;
    let is_checked = match index.codecs[..] {
        [] => false,
        [Codec::Crc32c] => true,
        _ => {
            return Err(unsupported(
                "the index of its shards is packed, which is not read".to_owned(),
            ));
        }
    };
    if index.endian == Endian::Big || index.shards.is_some() {
        let message = "the index of its shards is written in a way that is not read";
        return Err(unsupported(message.to_owned()));
    }
    Ok((Shards { extent, index_first, is_checked }, lengths(settings, "chunk_shape")?))
}

fn keys(json: Option<&Value>) -> Result<Keys, Error> {
    let (name, settings) = named(json.unwrap_or(&Value::Null))?;
    let (lettered, usual) = match name {
        "default" => (true, '/'),
        "v2" => (false, '.'),
        other => return Err(unsupported(format!("its chunks have keys in the way {other:?}"))),
    };
    let separator = match settings.get("separator").and_then(Value::as_str) {
        None => usual,
        Some("/") => '/',
        Some(".") => '.',
        Some(other) => return Err(Error::malformed(format!("its separator is {other:?}"))),
    };
    Ok(Keys { lettered, separator })
}
