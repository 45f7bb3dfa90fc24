//! ML programs (MIL.proto): constants in blocks of operations, most of them in a file beside the
//! model (`weights/weight.bin`; `StorageFormat.hpp` of coremltools).

use std::sync::Arc;

use hinton_tensor::{Bytes, Dtype, Endian, Memory, Tensor, View, element_count};

use super::Reader;
use super::bits::{First, unpacked};
use super::constexpr::{Operands, decompressed};
use crate::container::protobuf::{Encoding, Field, Message, Numbers};
use crate::formats::narrow::narrow;
use crate::source::Part;
use crate::{Error, ErrorKind};

/// The first four bytes of what describes a blob.
const SENTINEL: [u8; 4] = 0xdead_beef_u32.to_le_bytes();
/// What the file of a blob begins with: the folder of the model.
const FOLDER: &str = "@model_path/";

/// How operations begin that stand for a compressed weight.
const COMPRESSED: &str = "constexpr_";

/// A name, and the type and axes of a tensor.
type Output = (String, Option<(u64, Vec<u64>)>);

/// Numbers from the first byte on.
type Numbered = (Dtype, Arc<dyn Bytes>);

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
        38 => return Ok(Kind::Narrow { bits: 6, signed: false }),
        39 => return Ok(Kind::Narrow { bits: 3, signed: false }),
        2 => return Err("skipped: it holds text".to_owned()),
        _ => return Err(format!("skipped: its type {number} is not supported")),
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

impl Kind {
    /// The numbers from byte `start` on, one to a byte where they are narrower.
    fn read(self, data: Arc<dyn Bytes>, start: u64, elements: u64) -> (Dtype, Arc<dyn Bytes>) {
        match self {
            Kind::Plain(dtype) => (dtype, data),
            Kind::Narrow { bits: bits @ (3 | 6), .. } => {
                (Dtype::U8, Arc::new(unpacked(data, start, elements, u64::from(bits), First::Low)))
            }
            Kind::Narrow { bits, signed } => narrow(data, start, elements, bits, signed),
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
        let mut outputs = Vec::new();
        for field in self.fields(message)? {
            match field.number {
                1 => operator = self.wire.text(&field)?,
                3 => {
                    let (name, told) = self.output(&field)?;
                    output = if outputs.is_empty() { name.clone() } else { output };
                    outputs.push((name, told));
                }
                4 => blocks.push(field),
                _ => {}
            }
        }
        let mut operands = Operands::new();
        for (key, value) in self.entries(message, 5)? {
            let name = match (operator.as_str(), key.as_str()) {
                (_, "name") => continue,
                ("const", "val") => format!("{prefix}{output}"),
                _ => format!("{prefix}{output}.{key}"),
            };
            let operand = self.operand(value, &name, &operator)?;
            operands.extend(operand.map(|tensor| (key, tensor)));
        }
        for (key, argument) in self.entries(message, 2)? {
            for binding in self.fields(argument)?.iter().filter(|field| field.number == 1) {
                for field in self.fields(self.wire.enter(binding)?)? {
                    let operand = match field.number {
                        1 => {
                            self.made.get(&format!("{prefix}{}", self.wire.text(&field)?)).cloned()
                        }
                        2 => {
                            let name = format!("{prefix}{output}.{key}");
                            let value = self.wire.enter(&field)?;
                            self.operand(value, &name, &operator)?
                        }
                        _ => None,
                    };
                    operands.extend(operand.map(|tensor| (key.clone(), tensor)));
                }
            }
        }
        if operator.starts_with(COMPRESSED) {
            self.decompress(&operator, &operands, &outputs, prefix)?;
        } else if let (Some(("const", tensor)), true) =
            (operands.remove("val").map(|tensor| (operator.as_str(), tensor)), !output.is_empty())
        {
            self.made.insert(format!("{prefix}{output}"), tensor);
        }
        for block in blocks {
            let block = self.wire.enter(&block)?;
            self.block(block, &format!("{prefix}{output}/"))?;
        }
        Ok(())
    }

    /// The name of an output, and its type where it is a tensor.
    fn output(&self, field: &Field) -> Result<Output, Error> {
        let (mut name, mut told) = (String::new(), None);
        for field in self.fields(self.wire.enter(field)?)? {
            match field.number {
                1 => name = self.wire.text(&field)?,
                2 => told = self.tensor_type(self.wire.enter(&field)?)?,
                _ => {}
            }
        }
        Ok((name, told))
    }

    /// A value, listed where it is one to be listed; the tensor of it where the operation may need it.
    fn operand(
        &mut self,
        message: Message,
        name: &str,
        operator: &str,
    ) -> Result<Option<Tensor>, Error> {
        let named = |error: Error| error.for_tensor(name);
        let before = self.tensors.len();
        self.value(message, name).map_err(named)?;
        if let Some(tensor) = self.tensors.get(before) {
            return Ok(Some(tensor.clone()));
        }
        match operator.starts_with(COMPRESSED) {
            true => self.setting(message, name).map_err(named),
            false => Ok(None),
        }
    }

    /// The numbers of a setting.
    fn setting(&self, message: Message, name: &str) -> Result<Option<Tensor>, Error> {
        let (mut told, mut immediate) = (None, None);
        for field in self.fields(message)? {
            match field.number {
                2 => told = self.tensor_type(self.wire.enter(&field)?)?,
                3 => immediate = Some(field),
                _ => {}
            }
        }
        let (Some((number, dims)), Some(field)) = (told, immediate) else { return Ok(None) };
        let shape: Option<Vec<usize>> = dims.iter().map(|dim| usize::try_from(*dim).ok()).collect();
        let Some((shape, elements)) =
            shape.and_then(|shape| element_count(&shape).map(|count| (shape, count)))
        else {
            return Ok(None);
        };
        let (dtype, (data, start)) = match kind(number) {
            Ok(Kind::Plain(dtype)) if matches!(number, 10..=13) => {
                match self.immediate(&field, elements, number)? {
                    Some(values) => (dtype, values),
                    None => return Ok(None),
                }
            }
            Ok(kind) => match self.integers(&field, elements, kind)? {
                Some((dtype, data)) => (dtype, (data, 0)),
                None => return Ok(None),
            },
            Err(_) => return Ok(None),
        };
        let (file, view) = (self.file.clone(), View::packed(&shape));
        Ok(Some(Tensor::new(name, file, dtype, Endian::Little, view, start, data)?))
    }

    /// Integers in the model: as bytes, or as numbers of 32 bits.
    fn integers(
        &self,
        field: &Field,
        elements: u64,
        kind: Kind,
    ) -> Result<Option<Numbered>, Error> {
        /// A setting is one number, or one for each channel.
        const MOST: usize = 1 << 20;
        for tensor in self.fields(self.wire.enter(field)?)?.iter().filter(|field| field.number == 1)
        {
            for field in self.fields(self.wire.enter(tensor)?)? {
                let inner = self.fields(self.wire.enter(&field)?)?;
                let Some(values) = inner.iter().find(|field| field.number == 1) else { continue };
                match (field.number, kind) {
                    (2, _) => {
                        let mut list = Vec::new();
                        self.wire.integers(values, &mut list, MOST)?;
                        let bytes: Vec<u8> =
                            list.iter().flat_map(|value| (*value as i32).to_le_bytes()).collect();
                        let fits = list.len() as u64 == elements;
                        return Ok(fits.then(|| (Dtype::I32, Arc::new(Memory::new(bytes)) as _)));
                    }
                    (7, kind) => {
                        let range = values.range()?;
                        let needs = elements.saturating_mul(kind.bits()).div_ceil(8);
                        if range.end - range.start != needs {
                            return Ok(None);
                        }
                        let data = Part::new(self.wire.data().clone(), range.start, needs)?;
                        return Ok(Some(kind.read(Arc::new(data), 0, elements)));
                    }
                    _ => {}
                }
            }
        }
        Ok(None)
    }

    /// The weight that a `constexpr_…` operation stands for, beside what it is computed from.
    fn decompress(
        &mut self,
        operator: &str,
        operands: &Operands,
        outputs: &[Output],
        prefix: &str,
    ) -> Result<(), Error> {
        // Of a mask and its values, the values.
        let Some((output, Some((_, dims)))) = outputs.last() else { return Ok(()) };
        let inner = operands.get("indices_mask").or(operands.get("data_mask"));
        let shape: Option<Vec<usize>> = match inner {
            Some(mask) => Some(mask.shape().to_vec()),
            None => dims.iter().map(|dim| usize::try_from(*dim).ok()).collect(),
        };
        let name = format!("{prefix}{output}");
        let made = match shape {
            Some(shape) => decompressed(operator, operands, &name, &shape),
            None => Err("its shape cannot be counted".to_owned()),
        };
        match made {
            Ok(Some(tensor)) => {
                // What is still sparse is made dense by the operation that follows.
                if inner.is_none() {
                    self.tensors.push(tensor.clone());
                }
                self.made.insert(name, tensor);
            }
            Ok(None) => {
                let source = operands.get("source_val").cloned();
                self.made.extend(source.map(|source| (name, source)));
            }
            Err(why) => self.skipped.add(name, format!("not dequantised: {why}")),
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
            Kind::Narrow { .. } => {
                let (dtype, data) = kind.read(data, start, elements);
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
