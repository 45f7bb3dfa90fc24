//! Codes of IDST and what they stand for (`ReadQuanData_c` and `load` in ConvolutionCommon.cpp).

use std::sync::Arc;

use hinton_tensor::{Bytes, Dtype, Endian, ReadError, Stored, Tensor, View, decode_f32};

use crate::Error;
use crate::container::flatbuffer::Vector;
use crate::source::once::Once;
use crate::source::{Cursor, Made, Part, read_vec};

/// The codes in a buffer, how many there are and one byte for each: a shape, the values that occur, and for
/// each code the place of its value in as few bits as do, high bits first.
pub(super) fn codes(
    data: &Arc<dyn Bytes>,
    buffer: Vector,
    is_wide: bool,
) -> Result<(u64, Arc<dyn Bytes>), Error> {
    let part = Part::new(data.clone(), buffer.start, buffer.len)?;
    let told = |error: Error| {
        let byte = error.byte().unwrap_or(0);
        error.at_byte(buffer.start + byte)
    };
    let mut cursor = Cursor::whole(&part, Endian::Little);
    let [axes] = cursor.number("the number of axes").map_err(told)?;
    let mut count = 1u64;
    for _ in 0..axes.min(32) {
        let dim = match is_wide {
            true => cursor.u32("the length of an axis").map_err(told)?,
            false => {
                u32::from(u16::from_le_bytes(cursor.number("the length of an axis").map_err(told)?))
            }
        };
        count = count.saturating_mul(u64::from(dim));
    }
    let [number] = cursor.number("the number of values").map_err(told)?;
    let number = if number == 0 { 256 } else { usize::from(number) };
    let mut values: Vec<i8> = cursor
        .take(number as u64, "the values that occur")
        .map_err(told)?
        .iter()
        .map(|byte| byte.cast_signed())
        .collect();
    values.sort_unstable();
    let bits = u64::from((number - 1).checked_ilog2().map_or(1, |bits| bits + 1));
    let start = buffer.start + cursor.at();
    let needs = count.saturating_mul(bits).div_ceil(8);
    if needs > cursor.left() {
        let message =
            format!("{count} codes of {bits} bits need {needs} bytes, {} are there", cursor.left());
        return Err(Error::malformed(message).at_byte(start));
    }
    let data = data.clone();
    let made = Made::new(count, 1, move |first, out| {
        let from = first * bits / 8;
        let to = ((first + out.len() as u64) * bits).div_ceil(8);
        let bytes = read_vec(&*data, start + from, to - from)?;
        for (index, value) in out.iter_mut().enumerate() {
            let bit = (first + index as u64) * bits - from * 8;
            let (byte, shift) = ((bit / 8) as usize, bit % 8);
            let next = bytes.get(byte + 1).copied().unwrap_or(0);
            let pair = u16::from_be_bytes([bytes[byte], next]);
            let place = usize::from(pair << shift >> (16 - bits));
            let Some(own) = values.get(place) else {
                let why = format!("a code is number {place} of {} values", values.len());
                return Err(ReadError::damaged(first + index as u64, 1, why));
            };
            *value = own.cast_unsigned();
        }
        Ok(())
    });
    Ok((count, Arc::new(made)))
}

/// `value = code * scale + least`, with a scale for each equal run of values.
pub(super) struct Scales {
    pub(super) data: Arc<dyn Bytes>,
    /// Scales, or pairs of a least value and a scale.
    pub(super) alpha: Vector,
    pub(super) dtype: Dtype,
    pub(super) has_offsets: bool,
    /// The least code, which stands for the least value.
    pub(super) low: f32,
    pub(super) factor: f32,
}

impl Scales {
    /// The tensor that codes stand for, or why there is none.
    pub(super) fn of(self, codes: &Tensor) -> Result<Tensor, String> {
        let each = if self.has_offsets { 2 } else { 1 };
        let runs = self.alpha.len / each;
        let count = codes.elements();
        if runs == 0 || !self.alpha.len.is_multiple_of(each) || !count.is_multiple_of(runs) {
            return Err(format!(
                "skipped: {} numbers of scales do not fit {count} codes",
                self.alpha.len
            ));
        }
        let (run, source) = (count / runs, codes.clone());
        let pairs: Once<Vec<(f32, f32)>> = Once::new();
        let made = Made::new(count, 4, move |first, out| {
            let pairs = pairs.get(|| self.pairs())?;
            let own = read_vec(&**source.data(), source.start() + first, out.len() as u64 / 4)?;
            for (index, (code, out)) in own.iter().zip(out.chunks_exact_mut(4)).enumerate() {
                let (scale, least) = pairs[((first + index as u64) / run) as usize];
                let value = f32::from(code.cast_signed()) * scale + least;
                out.copy_from_slice(&value.to_le_bytes());
            }
            Ok(())
        });
        let (name, view) = (format!("{}.dequantised", codes.name()), View::packed(codes.shape()));
        let made = Arc::new(made);
        let made = Tensor::new(name, codes.file(), Dtype::F32, Endian::Little, view, 0, made);
        let made = made.map_err(|error| format!("skipped: {error}"))?;
        Ok(made.stored_as(Stored::derived("from IDST", vec![codes.clone()])))
    }

    /// Scale and least value of each run.
    fn pairs(&self) -> Result<Vec<(f32, f32)>, ReadError> {
        let bytes = self.alpha.len * self.dtype.bits() / 8;
        let bytes = read_vec(&*self.data, self.alpha.start, bytes)?;
        let mut alpha = vec![0.0f32; self.alpha.len as usize];
        decode_f32(self.dtype, Endian::Little, &bytes, &mut alpha);
        let (low, factor) = (self.low, self.factor);
        Ok(match self.has_offsets {
            false => alpha.iter().map(|scale| (scale * factor, 0.0)).collect(),
            true => {
                let (pairs, _) = alpha.as_chunks::<2>();
                let least = |least: f32, scale: f32| match low < 0.0 {
                    true => least - low * scale,
                    false => least,
                };
                let pair = |[own, scale]: &[f32; 2]| (scale * factor, least(*own, *scale) * factor);
                pairs.iter().map(pair).collect()
            }
        })
    }
}
