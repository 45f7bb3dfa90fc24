//! Attributes: names with small values, as text for the user.

use hinton_tensor::{Dtype, Memory, Tensor, View};
use serde_json::Value;
use std::sync::Arc;

use super::datatype::{self, Datatype, Kind};
use super::file::{Fields, H5File};
use super::fractal::FractalHeap;
use super::object::{self, Message, Object, kind};
use super::{btree2, heap, layout};
use crate::Error;

/// Most values of an attribute that are read.
const MOST_VALUES: u64 = 1 << 16;

/// An attribute and its value.
pub(super) struct Attribute {
    pub(super) name: String,
    pub(super) value: Value,
}

impl Attribute {
    /// The value as text: a text unchanged, everything else as JSON.
    pub(super) fn text(&self) -> String {
        match &self.value {
            Value::String(text) => text.clone(),
            other => other.to_string(),
        }
    }

    /// The texts of a list of texts.
    pub(super) fn texts(&self) -> Vec<String> {
        let list = self.value.as_array().into_iter().flatten();
        list.filter_map(|text| text.as_str().map(str::to_owned)).collect()
    }
}

/// All attributes of an object, in the file's order.
pub(super) fn attributes(file: &H5File, object: &Object) -> Result<Vec<Attribute>, Error> {
    let mut found = Vec::new();
    for message in object.messages.iter().filter(|message| message.kind == kind::ATTRIBUTE) {
        let message = object::resolve(file, message)?;
        found.push(attribute(file, &mut message.fields(file, "attribute"))?);
    }
    let Some(message) = object.find(file, kind::ATTRIBUTE_INFO)? else { return Ok(found) };
    let mut fields = message.fields(file, "attribute info");
    fields.version(0..=0)?;
    if fields.u8()? & 1 != 0 {
        fields.u16()?;
    }
    if let (Some(heap), Some(tree)) = (fields.address()?, fields.address()?) {
        let heap = FractalHeap::read(file, heap)?;
        for (record, at) in btree2::records(file, tree, &[8])?.iter() {
            let bytes = heap.object(file, record)?;
            found.push(attribute(file, &mut Fields::new(&bytes, at, file.frame, "attribute"))?);
        }
    }
    Ok(found)
}

fn attribute(file: &H5File, fields: &mut Fields<'_>) -> Result<Attribute, Error> {
    let version = fields.version(1..=3)?;
    let flags = fields.u8()?;
    let sizes = [fields.u16()?, fields.u16()?, fields.u16()?].map(usize::from);
    if version == 3 {
        fields.u8()?;
    }
    let pad = |size: usize| if version == 1 { size.next_multiple_of(8) } else { size };
    let name = fields.take(pad(sizes[0]))?;
    let name = name.split(|byte| *byte == 0).next().unwrap_or(&[]);
    let name = String::from_utf8_lossy(name).into_owned();
    let at = fields.at();
    let mut part = Fields::new(fields.take(pad(sizes[1]))?, at, file.frame, "datatype");
    let datatype = if version > 1 && flags & 1 != 0 {
        let message = object::shared(file, &mut part, kind::DATATYPE)?;
        datatype::read(&mut message.fields(file, "datatype"))?
    } else {
        datatype::read(&mut part)?
    };
    let at = fields.at();
    let space = fields.take(pad(sizes[2]))?;
    let space = layout::space(&mut Fields::new(space, at, file.frame, "dataspace"), &file.limits)?;
    let value = match space {
        None => Value::Null,
        Some(space) => {
            let shape = space.shape().unwrap_or_default();
            value(file, fields, &datatype, &shape)
        }
    };
    Ok(Attribute { name, value })
}

/// The value as JSON; what cannot be read is said in its place, so that one odd attribute hides
/// nothing.
fn value(file: &H5File, fields: &mut Fields<'_>, datatype: &Datatype, shape: &[usize]) -> Value {
    let count = hinton_tensor::element_count(shape).filter(|count| *count <= MOST_VALUES);
    let Some(count) = count else {
        return Value::String(format!("(an array of shape {shape:?}, not shown)"));
    };
    let size = usize::try_from(datatype.size).unwrap_or(usize::MAX);
    let Ok(bytes) = fields.take(size.saturating_mul(count as usize)) else {
        return Value::String("(its value is cut short)".to_owned());
    };
    if size == 0 {
        return Value::Null;
    }
    let mut values = Vec::new();
    for element in bytes.chunks_exact(size) {
        match element_value(file, element, datatype) {
            Some(value) => values.push(value),
            None => return Value::String(described(&datatype.kind)),
        }
    }
    if shape.is_empty() { values.pop().unwrap_or(Value::Null) } else { Value::Array(values) }
}

fn described(kind: &Kind) -> String {
    match kind {
        Kind::Reference => "(references to other objects, not shown)".to_owned(),
        Kind::Opaque => "(opaque bytes, not shown)".to_owned(),
        Kind::Other(what) => format!("({what}, not shown)"),
        _ => "(damaged)".to_owned(),
    }
}

fn element_value(file: &H5File, bytes: &[u8], datatype: &Datatype) -> Option<Value> {
    match &datatype.kind {
        Kind::Text => {
            let text = bytes.split(|byte| *byte == 0).next()?;
            Some(Value::String(String::from_utf8_lossy(text).into_owned()))
        }
        Kind::Number(dtype, endian) => {
            let data = Arc::new(Memory::new(bytes));
            let view = View::packed(&[]);
            let tensor = Tensor::new("", "", *dtype, *endian, view, 0, data).ok()?;
            Some(number(tensor.to_f64().ok()?.first().copied()?, *dtype))
        }
        // MATLAB writes a name as a list of letters.
        Kind::Varying { text, of } if *text || (of.kind == Kind::Text && of.size == 1) => {
            let mut fields = Fields::new(bytes, 0, file.frame, "text");
            let len = fields.u32().ok()? as usize;
            let Some(at) = fields.address().ok()? else {
                return Some(Value::String(String::new()));
            };
            let index = fields.u32().ok()?;
            if len == 0 {
                return Some(Value::String(String::new()));
            }
            let text = heap::global_object(file, at, index).ok()?;
            let text = text.get(..len)?.split(|byte| *byte == 0).next()?;
            Some(Value::String(String::from_utf8_lossy(text).into_owned()))
        }
        _ => None,
    }
}

fn number(value: f64, dtype: Dtype) -> Value {
    if dtype == Dtype::Bool {
        return Value::Bool(value != 0.0);
    }
    if dtype.is_integer() && value.abs() < 9e15 {
        return Value::from(value as i64);
    }
    // JSON has no NaN and no infinities.
    serde_json::Number::from_f64(value)
        .map_or_else(|| Value::String(value.to_string()), Value::Number)
}

/// Reads a message of the kind as a datatype.
pub(super) fn datatype_of(file: &H5File, message: &Message) -> Result<Datatype, Error> {
    datatype::read(&mut message.fields(file, "datatype"))
}
