//! The JSON header, read in its own order, with every mistake placed at its byte.

use std::fmt;

use serde::Deserializer as _;
use serde::de::{DeserializeSeed, Error as _, IgnoredAny, MapAccess, Visitor};
use serde_json::value::RawValue;

use crate::safetensors::METADATA;
use crate::words::json_fault;
use crate::{Error, Limits, Warning};

/// What the header says.
#[derive(Debug, Default)]
pub(super) struct Header {
    /// `__metadata__`, in its order.
    pub(super) metadata: Vec<(String, String)>,
    /// The tensors, in the header's order.
    pub(super) entries: Vec<Entry>,
    /// Oddities that do no harm.
    pub(super) warnings: Vec<Warning>,
}

/// One tensor as the header has it; nothing is checked yet but the types.
#[derive(Debug)]
pub(super) struct Entry {
    pub(super) name: String,
    pub(super) dtype: String,
    pub(super) shape: Vec<u64>,
    /// Byte range in the data area.
    pub(super) begin: u64,
    pub(super) end: u64,
}

/// Reads the header. Bytes in errors count from the start of the file.
pub(super) fn parse(bytes: &[u8], limits: &Limits) -> Result<Header, Error> {
    let mut reader = HeaderReader { limits, header: Header::default(), current: None };
    let mut json = serde_json::Deserializer::from_slice(bytes);
    let result = json.deserialize_map(&mut reader).and_then(|()| json.end());
    match result {
        Ok(()) => Ok(reader.header),
        Err(error) => Err(json_error(&error, bytes, reader.current)),
    }
}

fn json_error(error: &serde_json::Error, bytes: &[u8], tensor: Option<String>) -> Error {
    let message = json_fault(error);
    let byte = 8 + super::super::json_byte(bytes, error);
    let error = Error::malformed(format!("the header is not as expected: {message}")).at_byte(byte);
    match tensor {
        Some(name) => error.for_tensor(name),
        None => error,
    }
}

struct HeaderReader<'a> {
    limits: &'a Limits,
    header: Header,
    /// The entry being read, for the error.
    current: Option<String>,
}

impl<'de> Visitor<'de> for &mut HeaderReader<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a map of tensors")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        while let Some(name) = map.next_key::<String>()? {
            if name == METADATA {
                let warnings = &mut self.header.warnings;
                self.header.metadata.extend(map.next_value_seed(Metadata(warnings))?);
                continue;
            }
            if self.header.entries.len() >= self.limits.tensors {
                let limit = self.limits.tensors;
                return Err(A::Error::custom(format!("more tensors than the limit of {limit}")));
            }
            self.current = Some(name.clone());
            let entry = map.next_value_seed(EntrySeed { name, axes: self.limits.axes })?;
            self.header.entries.push(entry);
            self.current = None;
        }
        Ok(())
    }
}

/// Reads `__metadata__`: texts by the specification; anything else is kept as JSON text.
struct Metadata<'a>(&'a mut Vec<Warning>);

impl<'de> DeserializeSeed<'de> for Metadata<'_> {
    type Value = Vec<(String, String)>;

    fn deserialize<D: serde::Deserializer<'de>>(self, json: D) -> Result<Self::Value, D::Error> {
        json.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for Metadata<'_> {
    type Value = Vec<(String, String)>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a map of texts in __metadata__")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut metadata = Vec::new();
        // What is no text is never built: a list of numbers takes many times its bytes.
        while let Some((key, value)) = map.next_entry::<String, &RawValue>()? {
            let text = serde_json::from_str::<String>(value.get()).unwrap_or_else(|_| {
                self.0.push(Warning::file(format!("metadata {key:?} is not a text")));
                value.get().to_owned()
            });
            metadata.push((key, text));
        }
        Ok(metadata)
    }
}

struct EntrySeed {
    name: String,
    axes: usize,
}

impl<'de> DeserializeSeed<'de> for EntrySeed {
    type Value = Entry;

    fn deserialize<D: serde::Deserializer<'de>>(self, json: D) -> Result<Entry, D::Error> {
        json.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for EntrySeed {
    type Value = Entry;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a map with dtype, shape and data_offsets")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Entry, A::Error> {
        let (mut dtype, mut shape, mut offsets) = (None, None, None);
        while let Some(key) = map.next_key::<String>()? {
            let twice = match key.as_str() {
                "dtype" => dtype.replace(map.next_value::<String>()?).is_some(),
                "shape" => shape.replace(map.next_value::<Vec<u64>>()?).is_some(),
                "data_offsets" => offsets.replace(map.next_value::<[u64; 2]>()?).is_some(),
                _ => {
                    map.next_value::<IgnoredAny>()?;
                    false
                }
            };
            if twice {
                return Err(A::Error::custom(format!("{key} is there twice")));
            }
        }
        let missing = |field: &'static str| A::Error::missing_field(field);
        let shape: Vec<u64> = shape.ok_or_else(|| missing("shape"))?;
        if shape.len() > self.axes {
            let (have, limit) = (shape.len(), self.axes);
            return Err(A::Error::custom(format!("{have} axes, the limit is {limit}")));
        }
        let [begin, end] = offsets.ok_or_else(|| missing("data_offsets"))?;
        let dtype = dtype.ok_or_else(|| missing("dtype"))?;
        Ok(Entry { name: self.name, dtype, shape, begin, end })
    }
}
