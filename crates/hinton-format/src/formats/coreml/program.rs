//! ML programs (MIL.proto): constants in blocks of operations, most of them in a file beside the
//! model (`weights/weight.bin`; `StorageFormat.hpp` of coremltools).

use std::sync::Arc;

use hinton_tensor::{Bytes, Dtype, Endian, Tensor, View, element_count};

use super::Reader;
use crate::container::protobuf::{Encoding, Field, Message, Numbers};
use crate::formats::narrow::narrow;
use crate::{Error, ErrorKind};

/// The first four bytes of what is told of a blob.
const SENTINEL: [u8; 4] = 0xdead_beef_u32.to_le_bytes();
/// What the file of a blob begins with: the folder of the model.
const FOLDER: &str = "@model_path/";

/// Bytes, and the first in them that belongs to a value.
type Values = (Arc<dyn Bytes>, u64);

/// `DataType` of MIL.proto.
#[derive(Clone, Copy)]
enum Kind {
    Plain(Dtype),
    Narrow { bits: u32, signed: bool },
}

fn kind(number: u64) -> Result<Kind, String> {
    Ok(Kind::Plain(match number {
        1 => Dtype::Bool,
        10 => Dtype::F16,
        11 => Dtype::F32,
        12 => Dtype::F64,
        13 => Dtype::Bf16,
        21 => Dtype::I8,
        22 => Dtype::I16,
        23 => Dtype::I32,
        24 => Dtype::I64,
        31 => Dtype::U8,
        32 => Dtype::U16,
        33 => Dtype::U32,
        34 => Dtype::U64,
        40 => Dtype::F8E4m3,
        41 => Dtype::F8E5m2,
        25 => return Ok(Kind::Narrow { bits: 4, signed: true }),
        35 => return Ok(Kind::Narrow { bits: 4, signed: false }),
        36 => return Ok(Kind::Narrow { bits: 2, signed: false }),
        37 => return Ok(Kind::Narrow { bits: 1, signed: false }),
        2 => return Err("skipped: it holds text".to_owned()),
        _ => return Err(format!("skipped: its type {number} is none that hinton reads")),
    }))
}

impl Kind {
    fn bits(self) -> u64 {
        match self {
            Kind::Plain(dtype) => dtype.bits(),
            Kind::Narrow { bits, .. } => u64::from(bits),
        }
    }
}

impl Reader<'_> {
    /// `Program`: its functions, and the blocks of each.
    pub(super) fn program(&mut self, message: Message, prefix: &str) -> Result<(), Error> {
        self.networks += 1;
        let functions = self.entries(message, 2)?;
        let several = functions.len() > 1;
        for (name, function) in functions {
            // Most programs have one function, main.
            let prefix = if several { format!("{prefix}{name}/") } else { prefix.to_owned() };
            for (_, block) in self.entries(function, 3)? {
                self.block(block, &prefix)?;
            }
        }
        Ok(())
    }

    /// The entries of a map from texts to messages.
    fn entries(&self, message: Message, number: u64) -> Result<Vec<(String, Message)>, Error> {
        let mut entries = Vec::new();
        for field in self.fields(message)?.iter().filter(|field| field.number == number) {
            let (mut key, mut value) = (String::new(), None);
            for field in self.fields(self.wire.enter(field)?)? {
                match field.number {
                    1 => key = self.wire.text(&field)?,
                    2 => value = Some(self.wire.enter(&field)?),
                    _ => {}
                }
            }
            entries.extend(value.map(|value| (key, value)));
        }
        Ok(entries)
    }

    /// `Block`: its operations, and the blocks in them.
    fn block(&mut self, message: Message, prefix: &str) -> Result<(), Error> {
        for field in self.fields(message)? {
            if field.number == 3 {
                self.operation(&field, prefix)?;
            }
        }
        Ok(())
    }

    /// `Operation`: a constant is called what it gives; other values of an operation stand below
    /// that, by their own names.
    fn operation(&mut self, field: &Field, prefix: &str) -> Result<(), Error> {
        self.layers += 1;
        let message = self.wire.enter(field)?;
        let (mut operator, mut output, mut blocks) = (String::new(), String::new(), Vec::new());
        for field in self.fields(message)? {
            match field.number {
                1 => operator = self.wire.text(&field)?,
                3 if output.is_empty() => {
                    for field in self.fields(self.wire.enter(&field)?)? {
                        if field.number == 1 {
                            output = self.wire.text(&field)?;
                        }
                    }
                }
                4 => blocks.push(field),
                _ => {}
            }
        }
        for (key, value) in self.entries(message, 5)? {
            let name = match (operator.as_str(), key.as_str()) {
                (_, "name") => continue,
                ("const", "val") => format!("{prefix}{output}"),
                _ => format!("{prefix}{output}.{key}"),
            };
            self.value(value, &name).map_err(|error| error.for_tensor(&*name))?;
        }
        for (key, argument) in self.entries(message, 2)? {
            for binding in self.fields(argument)?.iter().filter(|field| field.number == 1) {
                for field in self.fields(self.wire.enter(binding)?)? {
                    if field.number == 2 {
                        let name = format!("{prefix}{output}.{key}");
                        let value = self.wire.enter(&field)?;
                        self.value(value, &name).map_err(|error| error.for_tensor(&*name))?;
                    }
                }
            }
        }
        for block in blocks {
            let block = self.wire.enter(&block)?;
            self.block(block, &format!("{prefix}{output}/"))?;
        }
        Ok(())
    }

    /// `Value`: a tensor in the model, or in a file beside it.
    fn value(&mut self, message: Message, name: &str) -> Result<(), Error> {
        let (mut told, mut immediate, mut blob) = (None, None, None);
        for field in self.fields(message)? {
            match field.number {
                2 => told = self.tensor_type(self.wire.enter(&field)?)?,
                3 => immediate = Some(field),
                5 => blob = Some(field),
                _ => {}
            }
        }
        // Lists, tuples and dictionaries hold settings.
        let Some((number, dims)) = told else { return Ok(()) };
        let shape: Option<Vec<usize>> = dims.iter().map(|dim| usize::try_from(*dim).ok()).collect();
        let kind = match (kind(number), number) {
            (Ok(kind), _) => kind,
            (Err(_), 2) => return Ok(()),
            (Err(why), _) => {
                self.skipped.add(name, why);
                return Ok(());
            }
        };
        let counted = shape.and_then(|shape| {
            let elements = element_count(&shape)?;
            Some((elements.checked_mul(kind.bits())?.div_ceil(8), elements, shape))
        });
        let Some((bytes, elements, shape)) = counted else {
            let message = format!("its shape {dims:?} cannot be counted");
            return Err(Error::malformed(message));
        };
        let (file, (data, start)) = match (&blob, &immediate) {
            (Some(blob), _) => self.blob(blob, bytes)?,
            // Axes, strides and other settings of operations are lists of a few integers.
            (None, Some(field)) if elements > 1 && matches!(number, 10..=13) => {
                match self.immediate(field, elements, number)? {
                    Some(values) => (self.file.clone(), values),
                    None => return Ok(()),
                }
            }
            _ => {
                self.settings += 1;
                return Ok(());
            }
        };
        let (dtype, data, start) = match kind {
            Kind::Plain(dtype) => (dtype, data, start),
            Kind::Narrow { bits, signed } => {
                let (dtype, data) = narrow(data, start, elements, bits, signed);
                (dtype, data, 0)
            }
        };
        let view = View::packed(&shape);
        self.tensors.push(Tensor::new(name, file, dtype, Endian::Little, view, start, data)?);
        if self.tensors.len() > self.limits.tensors {
            let message = format!("it has more tensors than {}", self.limits.tensors);
            return Err(Error::new(ErrorKind::Limit, message));
        }
        Ok(())
    }

    /// The data type and the lengths of the axes of a `ValueType`, where it is a tensor.
    fn tensor_type(&self, message: Message) -> Result<Option<(u64, Vec<u64>)>, Error> {
        let Some(field) = self.fields(message)?.into_iter().find(|field| field.number == 1) else {
            return Ok(None);
        };
        let (mut number, mut dims) = (0, Vec::new());
        for field in self.fields(self.wire.enter(&field)?)? {
            match field.number {
                1 => number = field.integer()?,
                3 => {
                    let mut size = 0;
                    for field in self.fields(self.wire.enter(&field)?)? {
                        for field in self.fields(self.wire.enter(&field)?)? {
                            size = field.integer()?;
                        }
                    }
                    dims.push(size);
                }
                _ => {}
            }
        }
        if dims.len() > self.limits.axes {
            let message = format!("it has {} axes, the limit is {}", dims.len(), self.limits.axes);
            return Err(Error::malformed(message));
        }
        Ok(Some((number, dims)))
    }

    /// `BlobFileValue`: 64 bytes that tell where the values lie, in a file beside the model.
    fn blob(&mut self, field: &Field, bytes: u64) -> Result<(Arc<str>, Values), Error> {
        let (mut file, mut offset) = (String::new(), 0);
        for field in self.fields(self.wire.enter(field)?)? {
            match field.number {
                1 => file = self.wire.text(&field)?,
                2 => offset = field.integer()?,
                _ => {}
            }
        }
        let location = file.strip_prefix(FOLDER).unwrap_or(&file);
        let (file, data) = self.beside.file(location)?;
        let mut head = [0; 24];
        data.read_at(offset, &mut head)?;
        let long =
            |at: usize| head[at..at + 8].iter().rev().fold(0, |all, b| all << 8 | u64::from(*b));
        let (size, start) = (long(8), long(16));
        if head[..4] != SENTINEL {
            let message = format!("there is no blob at byte {offset} of {location:?}");
            return Err(Error::malformed(message));
        }
        let inside = start.checked_add(size).is_some_and(|end| end <= data.len());
        if size < bytes || !inside {
            let message = format!(
                "it needs {bytes} bytes, its blob in {location:?} has {size} of {}",
                data.len()
            );
            return Err(Error::malformed(message));
        }
        Ok((file.as_str().into(), (data, start)))
    }

    /// The floats of a `TensorValue`; `None` where it has none.
    fn immediate(
        &self,
        field: &Field,
        elements: u64,
        number: u64,
    ) -> Result<Option<Values>, Error> {
        let tensor = self.fields(self.wire.enter(field)?)?;
        for tensor in tensor.iter().filter(|field| field.number == 1) {
            for field in self.fields(self.wire.enter(tensor)?)? {
                let message = self.wire.enter(&field)?;
                let encoding = match (field.number, number) {
                    (1, 11) => Encoding::Fixed(4),
                    (6, 12) => Encoding::Fixed(8),
                    // Halves are bytes.
                    (7, 10 | 13) => {
                        let fields = self.fields(message)?;
                        let Some(values) = fields.iter().find(|field| field.number == 1) else {
                            continue;
                        };
                        let range = values.range()?;
                        let (needs, have) = (2 * elements, range.end - range.start);
                        if have != needs {
                            let message = format!("it needs {needs} bytes, it has {have}");
                            return Err(Error::malformed(message).at_byte(range.start));
                        }
                        return Ok(Some((self.wire.data().clone(), range.start)));
                    }
                    _ => continue,
                };
                let mut numbers = Numbers::new(message, 1, encoding);
                for field in self.fields(message)? {
                    if field.number == 1 {
                        numbers.add(&field)?;
                    }
                }
                let width = if number == 12 { 8 } else { 4 };
                return numbers.values(&self.wire, elements, width, self.limits).map(Some);
            }
        }
        Ok(None)
    }
}
