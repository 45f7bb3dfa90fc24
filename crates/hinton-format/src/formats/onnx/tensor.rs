//! `TensorProto`: one tensor, in one of the ways in which it may hold its values.

use std::ops::Range;
use std::sync::Arc;

use hinton_tensor::{Bytes, Endian, Tensor, View, element_count};

use super::dtype::{Kind, Layout, Typed, kind};
use crate::container::protobuf::{Encoding, Message, Numbers, Wire};
use crate::formats::beside::Beside;
use crate::formats::narrow::narrow;
use crate::{Error, ErrorKind, Limits};

/// The fields of a `TensorProto`: where its values lie, and none of them.
pub(super) struct Proto {
    pub(super) name: String,
    dims: Vec<u64>,
    data_type: u64,
    raw: Option<Range<u64>>,
    floats: Numbers,
    doubles: Numbers,
    ints: Numbers,
    longs: Numbers,
    unsigned: Numbers,
    segment: bool,
    external: bool,
    entries: Vec<(String, String)>,
    at: u64,
}

impl Proto {
    pub(super) fn read(wire: &Wire, message: Message, limits: &Limits) -> Result<Self, Error> {
        let numbers = |number, encoding| Numbers::new(message, number, encoding);
        let mut proto = Proto {
            name: String::new(),
            dims: Vec::new(),
            data_type: 0,
            raw: None,
            floats: numbers(4, Encoding::Fixed(4)),
            ints: numbers(5, Encoding::Varint),
            longs: numbers(7, Encoding::Varint),
            doubles: numbers(10, Encoding::Fixed(8)),
            unsigned: numbers(11, Encoding::Varint),
            segment: false,
            external: false,
            entries: Vec::new(),
            at: message.start(),
        };
        for field in wire.fields(message) {
            let field = field?;
            match field.number {
                1 => wire.integers(&field, &mut proto.dims, limits.axes)?,
                2 => proto.data_type = field.integer()?,
                3 => proto.segment = true,
                4 => proto.floats.add(&field)?,
                5 => proto.ints.add(&field)?,
                7 => proto.longs.add(&field)?,
                8 => proto.name = wire.text(&field)?,
                9 => proto.raw = Some(field.range()?),
                10 => proto.doubles.add(&field)?,
                11 => proto.unsigned.add(&field)?,
                13 => proto.entries.push(pair(wire, wire.enter(&field)?)?),
                14 => proto.external = field.integer()? == 1,
                _ => {}
            }
        }
        Ok(proto)
    }

    /// The tensor under that name; a remark in place of it where it is skipped.
    pub(super) fn tensor(
        &self,
        wire: &Wire,
        name: &str,
        file: &Arc<str>,
        beside: &mut Beside<'_>,
        limits: &Limits,
    ) -> Result<Result<Tensor, String>, Error> {
        let named = |error: Error| error.for_tensor(name).at_byte(self.at);
        let Some(kind) = kind(self.data_type) else {
            let number = self.data_type;
            return Ok(Err(format!("skipped: its type {number} is not supported")));
        };
        if kind.layout == Layout::Text {
            return Ok(Err("skipped: it holds text".to_owned()));
        }
        if self.segment {
            return Ok(Err("skipped: only a segment of it is in the file".to_owned()));
        }
        let shape = shape(&self.dims).map_err(named)?;
        let elements = element_count(&shape);
        let bytes = elements.and_then(|count| count.checked_mul(kind.layout.bits()));
        let (Some(elements), Some(bits)) = (elements, bytes) else {
            let message = format!("its shape {shape:?} is more than 64 bits can count");
            return Err(named(Error::malformed(message)));
        };
        let bytes = bits.div_ceil(8);
        let (own_file, data, start) = if self.external {
            let place = beside.place(&self.entries).map_err(named)?;
            let have = place.len.unwrap_or(place.data.len() - place.start);
            let right = if place.len.is_some() { have == bytes } else { have >= bytes };
            if !right {
                return Err(named(wrong_size(&shape, kind, bytes, have)));
            }
            (place.file.as_str().into(), place.data, place.start)
        } else if let Some(raw) = &self.raw {
            let have = raw.end - raw.start;
            if have != bytes {
                return Err(named(wrong_size(&shape, kind, bytes, have)));
            }
            (file.clone(), wire.data().clone(), raw.start)
        } else if self.typed(kind).is_none_or(Numbers::is_empty) && bytes > 0 {
            return Ok(Err("skipped: its values are not in the file".to_owned()));
        } else {
            let width = typed_width(kind);
            let (data, start) = match self.typed(kind) {
                Some(numbers) => {
                    numbers.values(wire, bytes / width, width as usize, limits).map_err(named)?
                }
                None => (wire.data().clone(), 0),
            };
            (file.clone(), data, start)
        };
        build(name, &own_file, kind.layout, &shape, elements, data, start).map(Ok).map_err(named)
    }

    fn typed(&self, kind: &Kind) -> Option<&Numbers> {
        Some(match kind.typed {
            Typed::Floats => &self.floats,
            Typed::Doubles => &self.doubles,
            Typed::Ints => &self.ints,
            Typed::Longs => &self.longs,
            Typed::Unsigned => &self.unsigned,
            Typed::Texts => return None,
        })
    }
}

/// Bytes that one number of the typed field stands for.
fn typed_width(kind: &Kind) -> u64 {
    match kind.typed {
        Typed::Floats => 4,
        Typed::Doubles | Typed::Longs => 8,
        _ => (kind.layout.bits() / 8).max(1),
    }
}

fn wrong_size(shape: &[usize], kind: &Kind, needs: u64, have: u64) -> Error {
    let message =
        format!("shape {shape:?} of {} needs {needs} bytes, its data has {have}", kind.name);
    Error::malformed(message).cure("get the model again from its source")
}

/// Dimensions that this machine can count in.
pub(super) fn shape(dims: &[u64]) -> Result<Vec<usize>, Error> {
    let signed = |dim: u64| i64::try_from(dim).ok().and_then(|dim| usize::try_from(dim).ok());
    dims.iter()
        .map(|dim| {
            let message = || format!("an axis has the length {}", *dim as i64);
            signed(*dim).ok_or_else(|| Error::malformed(message()))
        })
        .collect()
}

fn build(
    name: &str,
    file: &Arc<str>,
    layout: Layout,
    shape: &[usize],
    elements: u64,
    data: Arc<dyn Bytes>,
    start: u64,
) -> Result<Tensor, Error> {
    let (dtype, data, start): (_, Arc<dyn Bytes>, _) = match layout {
        Layout::Plain(dtype) => (dtype, data, start),
        Layout::Packed { bits, signed } => {
            let (dtype, data) = narrow(data, start, elements, bits, signed);
            (dtype, data, 0)
        }
        // Skipped before.
        Layout::Text => return Err(Error::new(ErrorKind::Unsupported, "it holds text")),
    };
    let view = View::packed(shape);
    Ok(Tensor::new(name, file.clone(), dtype, Endian::Little, view, start, data)?)
}

/// A `StringStringEntryProto`.
pub(super) fn pair(wire: &Wire, message: Message) -> Result<(String, String), Error> {
    let (mut key, mut value) = (String::new(), String::new());
    for field in wire.fields(message) {
        let field = field?;
        match field.number {
            1 => key = wire.text(&field)?,
            2 => value = wire.text(&field)?,
            _ => {}
        }
    }
    Ok((key, value))
}
