//! `TensorShapeProto`, `TensorSliceProto` and `TensorProto`.

use std::ops::Range;
use std::sync::Arc;

use hinton_tensor::{Bytes, Dtype, Endian, Tensor, View, element_count};

use super::dtype::{dtype, skipped};
use crate::container::protobuf::{Encoding, Field, Message, Numbers, Wire};
use crate::formats::pieces::Extent;
use crate::source::{Made, read_vec};
use crate::{Error, Limits};

/// The lengths of the axes.
pub(super) fn shape(wire: &Wire, field: &Field, limits: &Limits) -> Result<Vec<usize>, Error> {
    let mut shape = Vec::new();
    for field in wire.fields(wire.enter(field)?) {
        let field = field?;
        if field.number != 2 {
            continue;
        }
        let mut size = 0;
        for field in wire.fields(wire.enter(&field)?) {
            let field = field?;
            if field.number == 1 {
                size = field.integer()?;
            }
        }
        let signed = i64::try_from(size).ok().and_then(|size| usize::try_from(size).ok());
        let Some(size) = signed else {
            let message = format!("an axis has the length {}", size as i64);
            return Err(Error::malformed(message).at_byte(field.at));
        };
        shape.push(size);
        if shape.len() > limits.axes {
            let message = format!("it has more axes than {}", limits.axes);
            return Err(Error::malformed(message).at_byte(field.at));
        }
    }
    Ok(shape)
}

/// The axes of a slice.
pub(super) fn slice(wire: &Wire, field: &Field, limits: &Limits) -> Result<Vec<Extent>, Error> {
    let mut extents = Vec::new();
    for field in wire.fields(wire.enter(field)?) {
        let field = field?;
        if field.number != 1 {
            continue;
        }
        let (mut start, mut len) = (0, None);
        for field in wire.fields(wire.enter(&field)?) {
            let field = field?;
            match field.number {
                1 => start = field.integer()?,
                2 => len = Some(field.integer()?),
                _ => {}
            }
        }
        extents.push((start, len));
        if extents.len() > limits.axes {
            let message = format!("a slice has more axes than {}", limits.axes);
            return Err(Error::malformed(message).at_byte(field.at));
        }
    }
    Ok(extents)
}

/// The type of values, the bytes they lie in, and the first of those.
type Values = (Dtype, Arc<dyn Bytes>, u64);

/// A `TensorProto`: where its values lie, and none of them.
pub(super) struct Proto {
    pub(super) data_type: u64,
    shape: Vec<usize>,
    content: Option<Range<u64>>,
    /// The typed fields; only one may hold numbers.
    typed: Vec<(u64, Numbers)>,
    /// `float8_val`, whose bits are bytes.
    bytes: Option<Range<u64>>,
    at: u64,
}

/// Typed fields: number and encoding.
const TYPED: [(u64, Encoding); 10] = [
    (5, Encoding::Fixed(4)),
    (6, Encoding::Fixed(8)),
    (7, Encoding::Varint),
    (9, Encoding::Fixed(4)),
    (10, Encoding::Varint),
    (11, Encoding::Varint),
    (12, Encoding::Fixed(8)),
    (13, Encoding::Varint),
    (16, Encoding::Varint),
    (17, Encoding::Varint),
];

impl Proto {
    pub(super) fn read(wire: &Wire, message: Message, limits: &Limits) -> Result<Self, Error> {
        let mut proto = Proto {
            data_type: 0,
            shape: Vec::new(),
            content: None,
            typed: Vec::new(),
            bytes: None,
            at: message.start(),
        };
        for field in wire.fields(message) {
            let field = field?;
            match field.number {
                1 => proto.data_type = field.integer()?,
                2 => proto.shape = shape(wire, &field, limits)?,
                4 => proto.content = Some(field.range()?),
                18 => proto.bytes = Some(field.range()?),
                number => {
                    let Some((_, encoding)) = TYPED.iter().find(|(own, _)| *own == number) else {
                        continue;
                    };
                    let known = proto.typed.iter().position(|(own, _)| *own == number);
                    let at = known.unwrap_or_else(|| {
                        proto.typed.push((number, Numbers::new(message, number, *encoding)));
                        proto.typed.len() - 1
                    });
                    proto.typed[at].1.add(&field)?;
                }
            }
        }
        Ok(proto)
    }

    /// Whether it holds text.
    pub(super) fn is_text(&self) -> bool {
        self.data_type == 7
    }

    /// How many values its shape has; `None` where they cannot be counted.
    pub(super) fn elements(&self) -> Option<u64> {
        element_count(&self.shape)
    }

    /// The values in bytes, from a byte on, and their type; a remark where they are skipped.
    pub(super) fn values(
        &self,
        wire: &Wire,
        elements: u64,
        limits: &Limits,
    ) -> Result<Result<Values, String>, Error> {
        let Some(dtype) = dtype(self.data_type) else {
            return Ok(Err(skipped(self.data_type)));
        };
        let width = dtype.bits() / 8;
        let Some(bytes) = elements.checked_mul(width) else {
            return Err(self.odd("its shape is more than 64 bits can count".to_owned()));
        };
        let raw =
            [&self.content, &self.bytes].into_iter().flatten().find(|raw| raw.start < raw.end);
        if let Some(raw) = raw {
            let have = raw.end - raw.start;
            if have == bytes {
                return Ok(Ok((dtype, wire.data().clone(), raw.start)));
            }
            if have > bytes || !have.is_multiple_of(width) {
                return Err(self.odd(format!("it needs {bytes} bytes, its content has {have}")));
            }
            let data = repeated(wire.data().clone(), raw.start, have / width, elements, width);
            return Ok(Ok((dtype, data, 0)));
        }
        let Some((_, numbers)) = self.typed.iter().find(|(_, numbers)| !numbers.is_empty()) else {
            // What is not written is zero.
            let zeros = Made::new(elements, width as usize, |_, buf| {
                buf.fill(0);
                Ok(())
            });
            return Ok(Ok((dtype, Arc::new(zeros), 0)));
        };
        let (count, data, start) = self.typed_values(numbers, wire, dtype, elements, limits)?;
        if count == elements {
            return Ok(Ok((dtype, data, start)));
        }
        Ok(Ok((dtype, repeated(data, start, count, elements, width), 0)))
    }

    /// How many values the typed field has, and where they lie.
    fn typed_values(
        &self,
        numbers: &Numbers,
        wire: &Wire,
        dtype: Dtype,
        elements: u64,
        limits: &Limits,
    ) -> Result<(u64, Arc<dyn Bytes>, u64), Error> {
        let each = if dtype.is_complex() { 2 } else { 1 };
        let width = (dtype.bits() / 8 / each) as usize;
        let count = match numbers.count() {
            Some(count) => count,
            None => numbers.counted(wire)?,
        };
        if count > elements.saturating_mul(each) || !count.is_multiple_of(each) {
            return Err(self.odd(format!("it has {elements} values, but {count} numbers")));
        }
        let (data, start) = numbers.values(wire, count, width, limits)?;
        Ok((count / each, data, start))
    }

    /// The tensor; a remark in place of it where it is skipped.
    pub(super) fn tensor(
        &self,
        wire: &Wire,
        name: &str,
        file: &Arc<str>,
        limits: &Limits,
    ) -> Result<Result<Tensor, String>, Error> {
        let named = |error: Error| error.for_tensor(name).at_byte(self.at);
        let Some(elements) = self.elements() else {
            let message = format!("its shape {:?} is more than 64 bits can count", self.shape);
            return Err(named(Error::malformed(message)));
        };
        let (dtype, data, start) = match self.values(wire, elements, limits).map_err(named)? {
            Ok(values) => values,
            Err(why) => return Ok(Err(why)),
        };
        let (file, view) = (file.clone(), View::packed(&self.shape));
        Ok(Ok(Tensor::new(name, file, dtype, Endian::Little, view, start, data)?))
    }

    fn odd(&self, message: String) -> Error {
        Error::malformed(message).at_byte(self.at)
    }
}

/// `count` values, the last of which stands for all that follow.
fn repeated(
    data: Arc<dyn Bytes>,
    start: u64,
    count: u64,
    elements: u64,
    width: u64,
) -> Arc<dyn Bytes> {
    let fill = move |first: u64, buf: &mut [u8]| {
        let asked = buf.len() as u64 / width;
        let own = count.saturating_sub(first).min(asked);
        let (stored, rest) = buf.split_at_mut((own * width) as usize);
        data.read_at(start + first.min(count) * width, stored)?;
        if !rest.is_empty() {
            let last = read_vec(&*data, start + (count - 1) * width, width)?;
            rest.chunks_exact_mut(width as usize).for_each(|value| value.copy_from_slice(&last));
        }
        Ok(())
    };
    Arc::new(Made::new(elements, width as usize, fill))
}
