//! TensorFlow Lite: a FlatBuffer of subgraphs, tensors and the buffers that hold their values.
//!
//! Layout: <https://github.com/tensorflow/tensorflow/blob/master/tensorflow/compiler/mlir/lite/schema/schema.fbs>.

use std::sync::Arc;

use hinton_tensor::{Bytes, Dtype, Endian, Memory, Tensor, View, element_count};

use super::FormatRow;
use super::affine::{Affine, Steps, dequantised};
use super::narrow::narrow;
use super::notes::{Skipped, distinct};
use crate::container::flatbuffer::{Flat, Table, Vector};
use crate::{Checkpoint, Error, ErrorKind, Head, Input, Limits, Sniff};

/// The row of the table.
pub(crate) const ROW: FormatRow = FormatRow {
    name: "tflite",
    about: "a model for TensorFlow Lite (LiteRT)",
    help: "Read: the tensors that have values in the file, of every subgraph and every type of \
           numbers; integers of 4 bits are unpacked to i8. Tensors of the second and later subgraphs \
           stand below the subgraph's name. A quantised tensor is listed as it is stored, and once \
           more as NAME.dequantised, f32, computed as it is read: (stored - zero point) * scale, \
           with one scale or one for each position of an axis; `quantised` in the metadata tells the \
           scales. Texts and sparse tensors are skipped with a warning. \
           Layout: schema.fbs of TensorFlow Lite",
    quantised: "integers with scales: as stored and dequantised",
    extensions: &["tflite", "lite"],
    sniff,
    open,
};

fn sniff(head: &Head<'_>) -> Sniff {
    if head.bytes.get(4..8) == Some(b"TFL3") { Sniff::Certain } else { Sniff::No }
}

/// The types of values (`TensorType`), by their number.
fn kind(number: u8) -> Result<Kind, String> {
    Ok(Kind::Plain(match number {
        0 => Dtype::F32,
        1 => Dtype::F16,
        2 => Dtype::I32,
        3 => Dtype::U8,
        4 => Dtype::I64,
        6 => Dtype::Bool,
        7 => Dtype::I16,
        8 => Dtype::C64,
        9 => Dtype::I8,
        10 => Dtype::F64,
        11 => Dtype::C128,
        12 => Dtype::U64,
        15 => Dtype::U32,
        16 => Dtype::U16,
        18 => Dtype::Bf16,
        17 => return Ok(Kind::Narrow { bits: 4, signed: true }),
        19 => return Ok(Kind::Narrow { bits: 2, signed: true }),
        20 => return Ok(Kind::Narrow { bits: 4, signed: false }),
        5 => return Err("skipped: it holds text".to_owned()),
        _ => return Err(format!("skipped: its type {number} is not supported")),
    }))
}

#[derive(Clone, Copy)]
enum Kind {
    Plain(Dtype),
    Narrow { bits: u32, signed: bool },
}

impl Kind {
    fn bits(self) -> u64 {
        match self {
            Kind::Plain(dtype) => dtype.bits(),
            Kind::Narrow { bits, .. } => u64::from(bits),
        }
    }
}

struct Reader<'a> {
    flat: Flat,
    input: &'a Input,
    file: Arc<str>,
    limits: &'a Limits,
    /// Where the values of each buffer lie.
    buffers: Vec<Option<Vector>>,
    tensors: Vec<Tensor>,
    skipped: Skipped,
    quantised: Vec<String>,
}

fn open(input: &Input, limits: &Limits) -> Result<Checkpoint, Error> {
    let flat = Flat::new(input.data.clone(), limits);
    let model = flat.root()?;
    let mut metadata = Vec::new();
    if let Some(at) = flat.field(model, 0)? {
        metadata.push(("version".to_owned(), u32::from_le_bytes(flat.number(at)?).to_string()));
    }
    let description = flat.text_in(model, 3)?;
    if !description.is_empty() {
        metadata.push(("description".to_owned(), description));
    }
    let mut reader = Reader {
        flat,
        input,
        file: input.name.as_str().into(),
        limits,
        buffers: Vec::new(),
        tensors: Vec::new(),
        skipped: Skipped::default(),
        quantised: Vec::new(),
    };
    reader.buffers(model)?;
    let graphs: Vec<Table> = reader.flat.tables_in(model, 2)?.collect::<Result<_, _>>()?;
    for (index, graph) in graphs.into_iter().enumerate() {
        reader.subgraph(index, graph)?;
    }
    if !reader.quantised.is_empty() {
        metadata.push(("quantised".to_owned(), reader.quantised.join("; ")));
    }
    let mut warnings = reader.skipped.warnings();
    distinct(&mut reader.tensors, &mut warnings);
    Ok(Checkpoint::of_file(input, ROW.name, metadata, reader.tensors, warnings))
}

impl Reader<'_> {
    /// `Buffer`: bytes inside the FlatBuffer, or a range behind it (files past 2 GiB).
    fn buffers(&mut self, model: Table) -> Result<(), Error> {
        for buffer in self.flat.tables_in(model, 4)? {
            let buffer = buffer?;
            let own = self.flat.vector_in(buffer, 0, 1)?.filter(|vector| vector.len > 0);
            let long = |index| -> Result<u64, Error> {
                let at = self.flat.field(buffer, index)?;
                Ok(at.map(|at| self.flat.number(at)).transpose()?.map_or(0, u64::from_le_bytes))
            };
            let (start, len) = (long(1)?, long(2)?);
            // An offset of 1 is a place that was never filled in.
            let behind = (start > 1 && len > 0).then_some(Vector { start, len });
            if let Some(Vector { start, len }) = behind {
                let have = self.input.data.len();
                if start.checked_add(len).is_none_or(|end| end > have) {
                    let message = format!("a buffer of {len} bytes leaves the file of {have}");
                    return Err(Error::malformed(message).at_byte(start));
                }
            }
            self.buffers.push(own.or(behind));
        }
        Ok(())
    }

    fn subgraph(&mut self, index: usize, graph: Table) -> Result<(), Error> {
        let name = self.flat.text_in(graph, 4)?;
        let prefix = match (index, name.as_str()) {
            (0, _) => String::new(),
            (_, "") => format!("subgraph.{index}/"),
            (_, name) => format!("{name}/"),
        };
        let tensors: Vec<Table> = self.flat.tables_in(graph, 0)?.collect::<Result<_, _>>()?;
        for (index, tensor) in tensors.into_iter().enumerate() {
            let name = match self.flat.text_in(tensor, 3)? {
                name if name.is_empty() => format!("{prefix}tensor.{index}"),
                name => format!("{prefix}{name}"),
            };
            self.tensor(tensor, &name).map_err(|error| error.for_tensor(&*name))?;
            if self.tensors.len() > self.limits.tensors {
                let message = format!("it has more tensors than {}", self.limits.tensors);
                return Err(Error::new(ErrorKind::Limit, message));
            }
        }
        Ok(())
    }

    /// `Tensor`: kept where it has values in the file.
    fn tensor(&mut self, table: Table, name: &str) -> Result<(), Error> {
        let buffer = match self.flat.field(table, 2)? {
            Some(at) => u32::from_le_bytes(self.flat.number(at)?) as usize,
            None => 0,
        };
        // The first buffer is empty: what the model computes has it.
        let Some(values) = self.buffers.get(buffer).copied().flatten() else { return Ok(()) };
        let number = match self.flat.field(table, 1)? {
            Some(at) => u8::from_le_bytes(self.flat.number(at)?),
            None => 0,
        };
        let kind = match kind(number) {
            Ok(kind) => kind,
            Err(why) => {
                self.skipped.add(name, why);
                return Ok(());
            }
        };
        if self.flat.field(table, 6)?.is_some() {
            self.skipped.add(name, "skipped: it is sparse, and only its other values are stored");
            return Ok(());
        }
        let dims = self.flat.numbers_in::<4>(table, 0)?;
        if dims.len() > self.limits.axes {
            let message = format!("it has {} axes, the limit is {}", dims.len(), self.limits.axes);
            return Err(Error::malformed(message));
        }
        let shape: Option<Vec<usize>> =
            dims.iter().map(|dim| usize::try_from(i32::from_le_bytes(*dim)).ok()).collect();
        let counted = shape.and_then(|shape| {
            let elements = element_count(&shape)?;
            let bytes = elements.checked_mul(kind.bits())?.div_ceil(8);
            Some((shape, elements, bytes))
        });
        let Some((shape, elements, bytes)) = counted else {
            return Err(Error::malformed("its shape cannot be counted").at_byte(values.start));
        };
        if bytes != values.len {
            let message =
                format!("shape {shape:?} needs {bytes} bytes, its data has {}", values.len);
            return Err(Error::malformed(message).at_byte(values.start));
        }
        let whole = self.input.data.clone();
        let (dtype, data, start): (_, Arc<dyn Bytes>, _) = match kind {
            Kind::Plain(dtype) => (dtype, whole, values.start),
            Kind::Narrow { bits, signed } => {
                let (dtype, data) = narrow(whole, values.start, elements, bits, signed);
                (dtype, data, 0)
            }
        };
        let (file, view) = (self.file.clone(), View::packed(&shape));
        let tensor = Tensor::new(name, file, dtype, Endian::Little, view, start, data)?;
        self.tensors.push(tensor.clone());
        match self.flat.table_in(table, 4)? {
            Some(quantisation) => self.dequantised(&tensor, quantisation),
            None => Ok(()),
        }
    }

    /// `QuantizationParameters`: the tensor once more, dequantised, where it is quantised.
    fn dequantised(&mut self, tensor: &Tensor, table: Table) -> Result<(), Error> {
        let scales: Vec<f32> =
            self.flat.numbers_in(table, 2)?.into_iter().map(f32::from_le_bytes).collect();
        let zeros: Vec<i64> =
            self.flat.numbers_in(table, 3)?.into_iter().map(i64::from_le_bytes).collect();
        if scales.is_empty() || !tensor.dtype().is_integer() {
            return Ok(());
        }
        let axis = match self.flat.field(table, 6)? {
            Some(at) => i32::from_le_bytes(self.flat.number(at)?),
            None => 0,
        };
        // A list has one axis, whichever the quantiser names.
        let axis = if tensor.shape().len() == 1 { 0 } else { axis };
        let name = format!("{}.dequantised", tensor.name());
        let steps = match (scales.len(), usize::try_from(axis)) {
            (1, _) => Some(Steps::Whole),
            (_, Ok(axis)) => Steps::of_axis(tensor.shape(), axis),
            (_, Err(_)) => None,
        };
        let affine = steps.and_then(|steps| {
            let called = |part: &str| format!("{}.{part}", tensor.name());
            let scales = Tensor::from_f32(called("scale"), &[scales.len()], &scales).ok()?;
            let zeros = match zeros.is_empty() {
                true => None,
                false => Some(longs(called("zero_point"), &zeros)?),
            };
            Some(Affine { scales, zeros, steps })
        });
        match affine.map(|affine| dequantised(tensor, &affine, &name)) {
            Some(Ok(made)) => {
                self.quantised.push(described(tensor.name(), &scales, &zeros, axis));
                self.tensors.push(made);
            }
            Some(Err(error)) => self.skipped.add(name, format!("skipped: {}", error.message())),
            None => self.skipped.add(name, "skipped: its scales do not fit its shape"),
        }
        Ok(())
    }
}

fn longs(name: String, values: &[i64]) -> Option<Tensor> {
    let bytes: Vec<u8> = values.iter().flat_map(|value| value.to_le_bytes()).collect();
    let (view, data) = (View::packed(&[values.len()]), Arc::new(Memory::new(bytes)));
    Tensor::new(name, "memory", Dtype::I64, Endian::Little, view, 0, data).ok()
}

/// Scales and zero points in a few words.
fn described(name: &str, scales: &[f32], zeros: &[i64], axis: i32) -> String {
    let low = scales.iter().copied().fold(f32::INFINITY, f32::min);
    let high = scales.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let scale = match scales.len() {
        1 => format!("scale {low}"),
        count => format!("{count} scales along axis {axis}, {low} to {high}"),
    };
    let zero = match (zeros.iter().min(), zeros.iter().max()) {
        (Some(low), Some(high)) if low == high => format!("zero point {low}"),
        (Some(low), Some(high)) => format!("zero points {low} to {high}"),
        _ => "no zero point".to_owned(),
    };
    format!("{name}: {scale}, {zero}")
}
