//! `.zarray` of version 2.
//!
//! Layout: <https://zarr-specs.readthedocs.io/en/latest/v2/v2.0.html>

use serde_json::Value;

use super::super::{codec, value};
use super::{Array, Keys, lengths};
use crate::Error;

pub(super) fn array(json: &Value) -> Result<Array, Error> {
    let shape = lengths(json, "shape")?;
    let kind = value::kind(json.get("dtype").unwrap_or(&Value::Null))?;
    let axes = 0..shape.len();
    let order = match json.get("order").and_then(Value::as_str) {
        Some("C") | None => axes.collect(),
        Some("F") => axes.rev().collect(),
        Some(other) => {
            return Err(Error::malformed(format!("its order is {other:?}, expected C or F")));
        }
    };
    let mut codecs = Vec::new();
    if let Some(filters) = json.get("filters").and_then(Value::as_array) {
        for filter in filters {
            codecs.push(named(filter)?);
        }
    }
    if let Some(compressor) = json.get("compressor").filter(|json| !json.is_null()) {
        codecs.push(named(compressor)?);
    }
    let separator = match json.get("dimension_separator").and_then(Value::as_str) {
        Some("/") => '/',
        Some(".") | None => '.',
        Some(other) => {
            return Err(Error::malformed(format!("its dimension_separator is {other:?}")));
        }
    };
    Ok(Array {
        chunk: lengths(json, "chunks")?,
        fill: value::fill(json.get("fill_value").unwrap_or(&Value::Null), kind)?,
        shape,
        kind,
        order,
        shards: None,
        codecs,
        keys: Keys { lettered: false, separator },
    })
}

fn named(json: &Value) -> Result<codec::Codec, Error> {
    let name = json.get("id").and_then(Value::as_str);
    let name = name.ok_or_else(|| Error::malformed("a filter or compressor has no id"))?;
    codec::codec(name, json)
}
