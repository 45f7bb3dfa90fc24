//! `WeightParams`: floats, halves, or codes with their scales.

use std::ops::Range;
use std::sync::Arc;

use hinton_tensor::{Bytes, Dtype, Endian, Stored, Tensor, TensorError, View, element_count};

use super::bits::{First, unpacked};
use crate::container::protobuf::{Encoding, Message, Numbers, Wire};
use crate::source::{Made, read_vec};
use crate::{Error, Limits};

/// The weights of a field: where they lie, and how they are quantised.
pub(super) struct Weights {
    floats: Numbers,
    halves: Option<Range<u64>>,
    codes: Option<Range<u64>>,
    signed: Option<Range<u64>>,
    quantised: Option<Quantised>,
}

/// `QuantizationParams`.
struct Quantised {
    bits: u64,
    scales: Vec<f32>,
    biases: Vec<f32>,
    table: Vec<f32>,
}

/// Most scales, and most entries of a table.
const MOST: u64 = 1 << 24;

impl Weights {
    pub(super) fn read(wire: &Wire, message: Message) -> Result<Self, Error> {
        let mut weights = Weights {
            floats: Numbers::new(message, 1, Encoding::Fixed(4)),
            halves: None,
            codes: None,
            signed: None,
            quantised: None,
        };
        let own = |range: Range<u64>| (!range.is_empty()).then_some(range);
        for field in wire.fields(message) {
            let field = field?;
            match field.number {
                1 => weights.floats.add(&field)?,
                2 => weights.halves = own(field.range()?),
                30 => weights.codes = own(field.range()?),
                31 => weights.signed = own(field.range()?),
                40 => weights.quantised = Some(Quantised::read(wire, wire.enter(&field)?)?),
                _ => {}
            }
        }
        Ok(weights)
    }

    /// The weights as they are stored, and once more where they are quantised; a remark in place of
    /// them where they are skipped. `shape` holds where it has as many values.
    pub(super) fn tensors(
        &self,
        wire: &Wire,
        name: &str,
        file: &Arc<str>,
        shape: Option<Vec<usize>>,
        limits: &Limits,
    ) -> Result<Result<Vec<Tensor>, String>, Error> {
        let data = wire.data().clone();
        let make = |name: &str, shape: &[usize], dtype, data: Arc<dyn Bytes>, start| {
            let (file, view) = (file.clone(), View::packed(shape));
            Tensor::new(name, file, dtype, Endian::Little, view, start, data)
        };
        let wanted = shape.filter(|shape| !shape.is_empty());
        let wanted = wanted.and_then(|shape| Some((element_count(&shape)?, shape)));
        let fitted = |count: u64| match &wanted {
            Some((own, shape)) if *own == count => shape.clone(),
            _ => vec![count as usize],
        };
        if let Some(count) = self.floats.count().filter(|count| *count > 0) {
            let (data, start) = self.floats.values(wire, count, 4, limits)?;
            return Ok(Ok(vec![make(name, &fitted(count), Dtype::F32, data, start)?]));
        }
        if let Some(halves) = &self.halves {
            let count = (halves.end - halves.start) / 2;
            return Ok(Ok(vec![make(name, &fitted(count), Dtype::F16, data, halves.start)?]));
        }
        let (range, dtype) = match (&self.codes, &self.signed) {
            (Some(range), _) => (range, Dtype::U8),
            (None, Some(range)) => (range, Dtype::I8),
            (None, None) => return Ok(Err("skipped: its values are not in the file".to_owned())),
        };
        let bits = match &self.quantised {
            Some(quantised) if dtype == Dtype::U8 => quantised.bits,
            Some(_) => 8,
            None => return Ok(Err("skipped: the encoding of its values is not stated".to_owned())),
        };
        if !(1..=8).contains(&bits) {
            let message = format!("its codes have {bits} bits, expected 1 to 8");
            return Err(Error::malformed(message));
        }
        let fits = (range.end - range.start).saturating_mul(8) / bits;
        // The last byte may be filled up with bits that are no code.
        let count = match &wanted {
            Some((own, _)) if own.saturating_mul(bits).div_ceil(8) == range.end - range.start => {
                *own
            }
            _ => fits,
        };
        let shape = fitted(count);
        let codes: Arc<dyn Bytes> = match bits {
            8 => Arc::new(crate::source::Part::new(data, range.start, count)?),
            _ => Arc::new(unpacked(data, range.start, count, bits, First::High)),
        };
        let stored = make(name, &shape, dtype, codes.clone(), 0)?;
        let quantised = self.quantised.as_ref().filter(|one| one.is_told());
        let Some(quantised) = quantised else { return Ok(Ok(vec![stored])) };
        let values = quantised.values(codes, count, &shape, dtype == Dtype::I8)?;
        let dequantised = make(&format!("{name}.dequantised"), &shape, Dtype::F32, values, 0)?;
        let mut parts = vec![stored.clone()];
        parts.extend(quantised.parts(name)?);
        let how = if quantised.table.is_empty() { "from codes" } else { "from a table" };
        Ok(Ok(vec![stored, dequantised.stored_as(Stored::derived(how, parts))]))
    }
}

impl Quantised {
    fn read(wire: &Wire, message: Message) -> Result<Self, Error> {
        let mut own = Quantised { bits: 8, scales: vec![], biases: vec![], table: vec![] };
        for field in wire.fields(message) {
            let field = field?;
            match field.number {
                1 => own.bits = field.integer()?,
                101 => {
                    let linear = wire.enter(&field)?;
                    own.scales = floats(wire, linear, 1)?;
                    own.biases = floats(wire, linear, 2)?;
                }
                102 => own.table = floats(wire, wire.enter(&field)?, 1)?,
                _ => {}
            }
        }
        Ok(own)
    }

    /// Whether it says which values the codes are.
    fn is_told(&self) -> bool {
        !self.scales.is_empty() || !self.table.is_empty()
    }

    /// Scales, biases and table as tensors that have no name in the file.
    fn parts(&self, name: &str) -> Result<Vec<Tensor>, TensorError> {
        let all = [("scale", &self.scales), ("bias", &self.biases), ("table", &self.table)];
        let given = all.into_iter().filter(|(_, values)| !values.is_empty());
        given
            .map(|(part, values)| {
                Tensor::from_f32(format!("{name}.{part}"), &[values.len()], values)
            })
            .collect()
    }

    /// The value of each code: from the table, or `code * scale + bias` with a scale for all or for
    /// each position of the first axis.
    fn values(
        &self,
        codes: Arc<dyn Bytes>,
        count: u64,
        shape: &[usize],
        signed: bool,
    ) -> Result<Arc<dyn Bytes>, Error> {
        let channels = shape.first().map_or(1, |first| *first as u64).max(1);
        let given = self.scales.len() as u64;
        if self.table.is_empty() && given != 1 && given != channels {
            let message = format!("{given} scales for {channels} channels");
            return Err(Error::malformed(message));
        }
        if self.table.is_empty() && !matches!(self.biases.len() as u64, 0) {
            let biases = self.biases.len() as u64;
            if biases != given {
                return Err(Error::malformed(format!("{given} scales, but {biases} biases")));
            }
        }
        let each = if given > 1 { (count / channels).max(1) } else { u64::MAX };
        let (scales, biases, table) =
            (self.scales.clone(), self.biases.clone(), self.table.clone());
        let fill = move |first: u64, buf: &mut [u8]| {
            let stored = read_vec(&*codes, first, buf.len() as u64 / 4)?;
            for (at, (code, out)) in stored.iter().zip(buf.chunks_exact_mut(4)).enumerate() {
                let value = if table.is_empty() {
                    let channel = ((first + at as u64) / each) as usize;
                    let code = if signed { f32::from(*code as i8) } else { f32::from(*code) };
                    code * scales[channel] + biases.get(channel).copied().unwrap_or(0.0)
                } else {
                    table.get(usize::from(*code)).copied().unwrap_or(f32::NAN)
                };
                out.copy_from_slice(&value.to_le_bytes());
            }
            Ok(())
        };
        Ok(Arc::new(Made::new(count, 4, fill)))
    }
}

/// The floats of a field, in memory.
fn floats(wire: &Wire, message: Message, number: u64) -> Result<Vec<f32>, Error> {
    let mut numbers = Numbers::new(message, number, Encoding::Fixed(4));
    for field in wire.fields(message) {
        let field = field?;
        if field.number == number {
            numbers.add(&field)?;
        }
    }
    let count = numbers.count().unwrap_or(0);
    if count > MOST {
        return Err(Error::malformed(format!("{count} scales; {MOST} are read")));
    }
    let (data, start) = numbers.values(wire, count, 4, &Limits::default())?;
    let bytes = read_vec(&*data, start, count * 4)?;
    Ok(bytes.as_chunks::<4>().0.iter().map(|chunk| f32::from_le_bytes(*chunk)).collect())
}
