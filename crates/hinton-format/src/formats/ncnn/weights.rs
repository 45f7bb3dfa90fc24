//! Values from the `.bin`, one weight behind another (`ModelBinFromDataReader` in `src/modelbin.cpp`).

use std::sync::Arc;

use hinton_tensor::{Bytes, Dtype, Endian, Tensor, View, element_count};

use super::layers::{ScaleSteps, Storage, Weight};
use crate::Error;
use crate::formats::affine::{Affine, dequantised};
use crate::source::{Made, read_vec};

/// The marks before values.
const F16: u32 = 0x0130_6b47;
const I8: u32 = 0x000d_4b38;
const F32: u32 = 0x0002_c056;
/// Bytes of a table of 256 values in f32.
const TABLE: u64 = 1024;

/// Values: their type, the byte of the first, what holds them.
type Values = (Dtype, u64, Arc<dyn Bytes>);

/// A place in the file of weights.
pub(super) struct Weights {
    file: String,
    data: Arc<dyn Bytes>,
    at: u64,
}

impl Weights {
    pub(super) fn new(file: String, data: Arc<dyn Bytes>) -> Self {
        Weights { file, data, at: 0 }
    }

    /// Bytes behind what was read.
    pub(super) fn left(&self) -> u64 {
        self.data.len().saturating_sub(self.at)
    }

    /// The next weight.
    pub(super) fn next(&mut self, name: &str, weight: &Weight) -> Result<Tensor, Error> {
        self.read(name, weight).map_err(|error| error.in_file(&self.file).for_tensor(name))
    }

    fn read(&mut self, name: &str, weight: &Weight) -> Result<Tensor, Error> {
        let shape = &weight.shape;
        // ncnn counts in 32 bits.
        let count =
            element_count(shape).filter(|count| *count <= u64::from(i32::MAX.unsigned_abs()));
        let Some(count) = count else {
            let message = format!("its shape {shape:?} has more values than ncnn can count");
            return Err(Error::malformed(message).at_byte(self.at));
        };
        let (dtype, start, data) = match weight.storage {
            Storage::Plain => (Dtype::F32, self.skip(count * 4)?, self.data.clone()),
            Storage::Marked => self.marked(count)?,
            Storage::Packed(bits) => self.packed(shape, count, bits)?,
        };
        let (file, view) = (self.file.as_str(), View::packed(shape));
        Ok(Tensor::new(name, file, dtype, Endian::Little, view, start, data)?)
    }

    /// The mark before values, and the sum of its bytes.
    fn mark(&mut self) -> Result<(u32, u32), Error> {
        let at = self.skip(4)?;
        let mut bytes = [0; 4];
        self.data.read_at(at, &mut bytes)?;
        Ok((u32::from_le_bytes(bytes), bytes.iter().map(|byte| u32::from(*byte)).sum()))
    }

    fn marked(&mut self, count: u64) -> Result<Values, Error> {
        let own = self.data.clone();
        Ok(match self.mark()? {
            (F16, _) => (Dtype::F16, self.skip((count * 2).next_multiple_of(4))?, own),
            (I8, _) => (Dtype::I8, self.skip(count.next_multiple_of(4))?, own),
            (F32, _) | (_, 0) => (Dtype::F32, self.skip(count * 4)?, own),
            _ => {
                let table = self.skip(TABLE)?;
                let start = self.skip(count.next_multiple_of(4))?;
                (Dtype::F32, 0, looked_up(own, table, start, count))
            }
        })
    }

    /// Rows of integers of this many bits; not every version of ncnn has a mark before them.
    fn packed(&mut self, shape: &[usize], count: u64, bits: u32) -> Result<Values, Error> {
        let from = self.at;
        if !matches!(self.mark(), Ok((I8, _))) {
            self.at = from;
        }
        let rows = shape.first().map_or(0, |rows| *rows as u64);
        let width = count / rows.max(1);
        let row = (width * u64::from(bits)).div_ceil(8);
        let start = self.skip((rows * row).next_multiple_of(4))?;
        Ok((Dtype::I8, 0, unpacked(self.data.clone(), start, (count, width), (row, bits))))
    }

    /// Goes on by as many bytes; where they begin.
    fn skip(&mut self, len: u64) -> Result<u64, Error> {
        let from = self.at;
        match from.checked_add(len).filter(|end| *end <= self.data.len()) {
            Some(end) => {
                self.at = end;
                Ok(from)
            }
            None => {
                let have = self.data.len();
                let message =
                    format!("its values need {len} bytes here, the file has {have} in all");
                Err(Error::malformed(message)
                    .at_byte(from)
                    .cure("the file is cut, or is not the .bin of this .param: get both again"))
            }
        }
    }
}

/// Values by their places in a table of 256.
fn looked_up(data: Arc<dyn Bytes>, table: u64, start: u64, count: u64) -> Arc<dyn Bytes> {
    Arc::new(Made::new(count, 4, move |first, out| {
        let values = read_vec(&*data, table, TABLE)?;
        let places = read_vec(&*data, start + first, out.len() as u64 / 4)?;
        for (place, out) in places.iter().zip(out.chunks_exact_mut(4)) {
            out.copy_from_slice(&values[usize::from(*place) * 4..][..4]);
        }
        Ok(())
    }))
}

/// Signed integers of a few bits, low bits first; each row of `width` begins a byte.
fn unpacked(
    data: Arc<dyn Bytes>,
    start: u64,
    (count, width): (u64, u64),
    (row_bytes, bits): (u64, u32),
) -> Arc<dyn Bytes> {
    Arc::new(Made::new(count, 1, move |first, out| {
        let (mut index, mut rest) = (first, out);
        while !rest.is_empty() {
            let (row, column) = (index / width, index % width);
            let (own, behind) = rest.split_at_mut((width - column).min(rest.len() as u64) as usize);
            let from = column * u64::from(bits) / 8;
            let to = ((column + own.len() as u64) * u64::from(bits)).div_ceil(8);
            let bytes = read_vec(&*data, start + row * row_bytes + from, to - from)?;
            for (position, value) in own.iter_mut().enumerate() {
                let bit = (column + position as u64) * u64::from(bits) - from * 8;
                let (byte, shift) = ((bit / 8) as usize, bit % 8);
                let high = bytes.get(byte + 1).map_or(0, |byte| u16::from(*byte) << 8);
                let code = ((u16::from(bytes[byte]) | high) >> shift) as u8;
                // Shifted up and down again, so that the highest bit becomes the sign.
                let unused = 8 - bits;
                *value = ((code << unused).cast_signed() >> unused).cast_unsigned();
            }
            index += own.len() as u64;
            rest = behind;
        }
        Ok(())
    }))
}

/// The weight that codes stand for, `code / scale`; `None` where the values are no codes.
pub(super) fn dequantised_by(
    codes: &Tensor,
    scales: &Tensor,
    steps: ScaleSteps,
) -> Result<Option<Tensor>, Error> {
    if codes.dtype() != Dtype::I8 {
        return Ok(None);
    }
    let Some(steps) = steps.of(codes.shape(), codes.elements(), scales.elements()) else {
        let message =
            format!("{} scales do not fit its shape {:?}", scales.elements(), codes.shape());
        return Err(Error::malformed(message).for_tensor(codes.name()));
    };
    let affine = Affine { scales: inverse(scales)?, zeros: None, steps };
    let name = format!("{}.dequantised", codes.name());
    dequantised(codes, &affine, &name).map(Some)
}

/// 1 / scale; a scale of 0 belongs to values that are all 0.
fn inverse(scales: &Tensor) -> Result<Tensor, Error> {
    let (data, start) = (scales.data().clone(), scales.start());
    let made = Made::new(scales.elements(), 4, move |first, out| {
        data.read_at(start + first * 4, out)?;
        for value in out.as_chunks_mut::<4>().0 {
            let scale = f32::from_le_bytes(*value);
            *value = if scale == 0.0 { 0.0 } else { 1.0 / scale }.to_le_bytes();
        }
        Ok(())
    });
    let (file, view) = (scales.file(), View::packed(&[scales.elements() as usize]));
    Ok(Tensor::new(scales.name(), file, Dtype::F32, Endian::Little, view, 0, Arc::new(made))?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use hinton_tensor::Memory;

    #[test]
    fn rows_of_narrow_integers_begin_a_byte() {
        // Rows of three values of 6 bits, 18 bits in 3 bytes: 1, -1, 31 and -32, 0, 5.
        let rows: [[i32; 3]; 2] = [[1, -1, 31], [-32, 0, 5]];
        let packed: Vec<u8> = rows
            .iter()
            .flat_map(|row| {
                let bits =
                    row.iter().rev().fold(0u32, |all, value| all << 6 | (*value as u32 & 63));
                bits.to_le_bytes()[..3].to_vec()
            })
            .collect();
        let data = unpacked(Arc::new(Memory::new(packed)), 0, (6, 3), (3, 6));
        for first in 0..6 {
            let mut out = vec![0; 6 - first];
            data.read_at(first as u64, &mut out).unwrap();
            let found: Vec<i32> = out.iter().map(|byte| i32::from(byte.cast_signed())).collect();
            assert_eq!(found, rows.concat()[first..]);
        }
    }
}
