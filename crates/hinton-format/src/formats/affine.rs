//! Affine quantisation: `value = (stored - zero point) * scale`, computed as values are read.

use std::sync::Arc;

use hinton_tensor::{Dtype, Endian, ReadError, Stored, Tensor, View, decode_f64};

use crate::Error;
use crate::source::once::Once;
use crate::source::{Made, read_vec};

/// Scales and zero points, and which of them belongs to which value.
#[derive(Debug, Clone)]
pub(crate) struct Affine {
    /// The scales, as many as `steps` says.
    pub(crate) scales: Tensor,
    /// The zero points, one a scale; zeros where there are none.
    pub(crate) zeros: Option<Tensor>,
    /// Which scale a value has.
    pub(crate) steps: Steps,
}

/// Which scale a value has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Steps {
    /// One for all.
    Whole,
    /// One for each position of an axis of `len` positions, each `inner` values apart.
    Axis { len: u64, inner: u64 },
    /// One for each run of `block` positions of such an axis.
    Blocks { len: u64, inner: u64, block: u64 },
}

impl Steps {
    /// One scale for each position of an axis.
    pub(crate) fn of_axis(shape: &[usize], axis: usize) -> Option<Steps> {
        let (len, inner) = axis_of(shape, axis)?;
        Some(Steps::Axis { len, inner })
    }

    /// One scale for each run of `block` positions of an axis.
    pub(crate) fn of_blocks(shape: &[usize], axis: usize, block: u64) -> Option<Steps> {
        let (len, inner) = axis_of(shape, axis)?;
        (block > 0).then_some(Steps::Blocks { len, inner, block })
    }

    /// How many scales there must be for this many values.
    fn count(self, values: u64) -> u64 {
        match self {
            Steps::Whole => 1,
            Steps::Axis { len, .. } => len,
            Steps::Blocks { len, inner, block } => {
                let outer = values / len.saturating_mul(inner).max(1);
                outer.saturating_mul(len.div_ceil(block)).saturating_mul(inner)
            }
        }
    }

    fn of(self, value: u64) -> u64 {
        match self {
            Steps::Whole => 0,
            Steps::Axis { len, inner } => value / inner % len,
            Steps::Blocks { len, inner, block } => {
                let (outer, position) = (value / (inner * len), value / inner % len);
                (outer * len.div_ceil(block) + position / block) * inner + value % inner
            }
        }
    }
}

fn axis_of(shape: &[usize], axis: usize) -> Option<(u64, u64)> {
    let len = *shape.get(axis)? as u64;
    let inner = shape[axis + 1..].iter().fold(1u64, |all, dim| all.saturating_mul(*dim as u64));
    Some((len, inner))
}

/// The dequantised tensor, f32, under another name; its values are computed when read.
///
/// # Errors
/// Where scales or zero points are not as many as the values ask for.
pub(crate) fn dequantised(stored: &Tensor, affine: &Affine, name: &str) -> Result<Tensor, Error> {
    let values = stored.elements();
    let needs = affine.steps.count(values);
    let zeros = affine.zeros.as_ref().map(Tensor::elements);
    if affine.scales.elements() != needs || zeros.is_some_and(|zeros| zeros != needs) {
        let message = format!(
            "expected {needs} scales and as many zero points, found {} and {}",
            affine.scales.elements(),
            zeros.map_or("none".to_owned(), |zeros| zeros.to_string())
        );
        return Err(Error::malformed(message).for_tensor(stored.name()));
    }
    let parts: Vec<Tensor> =
        [stored, &affine.scales].into_iter().chain(&affine.zeros).cloned().collect();
    let (source, affine) = (stored.clone(), affine.clone());
    let numbers: Once<Numbers> = Once::new();
    let fill = move |first: u64, buf: &mut [u8]| {
        let numbers = numbers.get(|| Numbers::read(&affine))?;
        let stored = stored_values(&source, first, buf.len() as u64 / 4)?;
        for (at, (value, out)) in stored.iter().zip(buf.chunks_exact_mut(4)).enumerate() {
            let step = affine.steps.of(first + at as u64) as usize;
            let value = (value - numbers.zeros[step]) as f32 * numbers.scales[step];
            out.copy_from_slice(&value.to_le_bytes());
        }
        Ok(())
    };
    let data = Arc::new(Made::new(values, 4, fill));
    let view = View::packed(stored.shape());
    let tensor = Tensor::new(name, stored.file(), Dtype::F32, Endian::Little, view, 0, data)?;
    Ok(tensor.stored_as(Stored::derived("from codes", parts)))
}

struct Numbers {
    scales: Vec<f32>,
    zeros: Vec<f64>,
}

impl Numbers {
    fn read(affine: &Affine) -> Result<Self, ReadError> {
        let values = |tensor: &Tensor| {
            let bytes = tensor.byte_len();
            tensor.to_f64().map_err(|error| ReadError::of_tensor(0, bytes, &error))
        };
        let scales: Vec<f32> =
            values(&affine.scales)?.into_iter().map(|scale| scale as f32).collect();
        let zeros = match &affine.zeros {
            Some(zeros) => values(zeros)?,
            None => vec![0.0; scales.len()],
        };
        Ok(Numbers { scales, zeros })
    }
}

/// Values of a packed little-endian tensor.
fn stored_values(tensor: &Tensor, first: u64, count: u64) -> Result<Vec<f64>, ReadError> {
    let bits = tensor.dtype().bits();
    // Types narrower than a byte come two to a byte.
    let skip = if bits < 8 { first % 2 } else { 0 };
    let start = tensor.start() + (first - skip) * bits / 8;
    let bytes = ((count + skip) * bits).div_ceil(8);
    let bytes = read_vec(&**tensor.data(), start, bytes)?;
    let mut values = vec![0.0; (count + skip) as usize];
    decode_f64(tensor.dtype(), tensor.endian(), &bytes, &mut values);
    values.drain(..skip as usize);
    Ok(values)
}

#[cfg(test)]
mod tests {
    use super::*;
    use hinton_tensor::Memory;

    fn stored(shape: &[usize]) -> Tensor {
        let count: usize = shape.iter().product();
        let bytes: Vec<u8> = (0..count as u8).collect();
        let data = Arc::new(Memory::new(bytes));
        Tensor::new("q", "f", Dtype::U8, Endian::Little, View::packed(shape), 0, data).unwrap()
    }

    fn list(values: &[f32]) -> Tensor {
        Tensor::from_f32("s", &[values.len()], values).unwrap()
    }

    fn read(shape: &[usize], steps: Steps, scales: &[f32], zeros: &[f32]) -> Vec<f32> {
        let affine = Affine { scales: list(scales), zeros: Some(list(zeros)), steps };
        dequantised(&stored(shape), &affine, "w").unwrap().to_f32().unwrap()
    }

    #[test]
    fn one_scale_or_one_for_each_position_or_block() {
        let shape = [2, 4];
        let halved = read(&shape, Steps::Whole, &[0.5], &[2.0]);
        assert_eq!(halved, [-1.0, -0.5, 0.0, 0.5, 1.0, 1.5, 2.0, 2.5]);
        let rows = read(&shape, Steps::of_axis(&shape, 0).unwrap(), &[1.0, 10.0], &[0.0, 4.0]);
        assert_eq!(rows, [0.0, 1.0, 2.0, 3.0, 0.0, 10.0, 20.0, 30.0]);
        let columns = Steps::of_axis(&shape, 1).unwrap();
        let columns = read(&shape, columns, &[1.0, 2.0, 3.0, 4.0], &[0.0; 4]);
        assert_eq!(columns, [0.0, 2.0, 6.0, 12.0, 4.0, 10.0, 18.0, 28.0]);
        let blocks = Steps::of_blocks(&shape, 1, 2).unwrap();
        let blocks = read(&shape, blocks, &[1.0, 10.0, 100.0, 1000.0], &[0.0; 4]);
        assert_eq!(blocks, [0.0, 1.0, 20.0, 30.0, 400.0, 500.0, 6000.0, 7000.0]);
    }

    #[test]
    fn scales_that_do_not_fit_are_an_error() {
        let affine = Affine { scales: list(&[1.0, 2.0]), zeros: None, steps: Steps::Whole };
        assert!(dequantised(&stored(&[3]), &affine, "w").is_err());
        assert!(Steps::of_axis(&[2], 1).is_none());
    }
}
