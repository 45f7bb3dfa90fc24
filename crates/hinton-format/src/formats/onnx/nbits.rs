//! Weights that operators of ONNX Runtime take as codes in blocks: `MatMulNBits` and
//! `GatherBlockQuantized` of the domain `com.microsoft`.
//!
//! Layout: docs/ContribOperators.md of ONNX Runtime. Codes of 2, 4 or 8 bits, the first in the lowest bits
//! of a byte; the value is (code - zero point) * scale. Without zero points the middle of the range stands
//! for zero, or 0 where the codes are signed.

use std::sync::Arc;

use hinton_tensor::{Dtype, Endian, ReadError, Stored, Tensor, View};

use crate::formats::affine::{Affine, Steps, dequantised};
use crate::source::{Made, read_vec};
use crate::{Error, Limits};

/// The integers among the attributes that say how codes lie.
#[derive(Debug, Default, Clone, Copy)]
pub(super) struct Sizes {
    /// `K`: columns of the weight turned, the inputs.
    pub(super) columns: Option<u64>,
    /// `N`: rows of the weight turned, the outputs.
    pub(super) rows: Option<u64>,
    pub(super) bits: Option<u64>,
    pub(super) block: Option<u64>,
    pub(super) quantise_axis: Option<i64>,
}

/// The tensors that a node takes.
pub(super) struct Parts<'a> {
    pub(super) codes: &'a Tensor,
    pub(super) scales: &'a Tensor,
    pub(super) zeros: Option<&'a Tensor>,
}

/// Codes of `bits` bits in rows of whole bytes.
struct Codes {
    tensor: Tensor,
    bits: u64,
    /// Bytes of a row.
    stride: u64,
}

impl Codes {
    /// The codes of a row from column `first` on.
    fn read(&self, row: u64, first: u64, count: u64) -> Result<Vec<u8>, ReadError> {
        let each = 8 / self.bits;
        let (from, until) = (first / each, (first + count).div_ceil(each));
        let start = self.tensor.start() + row * self.stride + from;
        let bytes = read_vec(&**self.tensor.data(), start, until - from)?;
        let mask = (1u16 << self.bits) as u8;
        let mask = mask.wrapping_sub(1);
        let code = |column: u64| {
            let byte = bytes[(column / each - from) as usize];
            byte >> (column % each * self.bits) & mask
        };
        Ok((first..first + count).map(code).collect())
    }
}

const FLOATS: [Dtype; 3] = [Dtype::F32, Dtype::F16, Dtype::Bf16];

enum Zeros {
    Middle,
    Codes(Codes),
    Floats(Tensor),
}

/// The weight of a `MatMulNBits`, as a `MatMul` would have it: inputs down, outputs right.
///
/// # Errors
/// Where its parts do not fit, and why.
pub(super) fn matrix(parts: &Parts<'_>, sizes: Sizes, name: &str) -> Result<Tensor, Error> {
    let fail = |why: String| Error::malformed(why).for_tensor(name);
    let Sizes { columns: Some(columns), rows: Some(rows), block: Some(block), .. } = sizes else {
        return Err(fail("its node has no K, N or block_size".to_owned()));
    };
    let bits = sizes.bits.unwrap_or(4);
    if ![2, 4, 8].contains(&bits) || block == 0 || !(block * bits).is_multiple_of(8) {
        return Err(fail(format!("codes of {bits} bits in blocks of {block} are not decoded")));
    }
    let blocks = columns.div_ceil(block);
    let stride = blocks.checked_mul(block).and_then(|width| width.checked_mul(bits));
    let stride = stride.ok_or_else(|| fail("its rows are too long".to_owned()))? / 8;
    let all = rows.checked_mul(blocks).ok_or_else(|| fail("it is too large".to_owned()))?;
    let is_bytes = |tensor: &Tensor| tensor.dtype() == Dtype::U8 && tensor.view().is_packed();
    if !is_bytes(parts.codes) || Some(parts.codes.elements()) != rows.checked_mul(stride) {
        let (shape, dtype) = (parts.codes.shape(), parts.codes.dtype());
        let why = format!("codes of {dtype} {shape:?} do not fit {rows} rows of {stride} bytes");
        return Err(fail(why));
    }
    if parts.scales.elements() != all || !parts.scales.view().is_packed() {
        let found = parts.scales.elements();
        return Err(fail(format!("{found} scales do not fit {rows} rows of {blocks} blocks")));
    }
    let packed = blocks.saturating_mul(bits).div_ceil(8);
    let zeros = match parts.zeros {
        None => Zeros::Middle,
        Some(zeros) if is_bytes(zeros) && zeros.elements() == rows.saturating_mul(packed) => {
            Zeros::Codes(Codes { tensor: zeros.clone(), bits, stride: packed })
        }
        Some(zeros) if FLOATS.contains(&zeros.dtype()) && zeros.elements() == all => {
            Zeros::Floats(zeros.clone())
        }
        Some(zeros) => {
            let (shape, dtype) = (zeros.shape(), zeros.dtype());
            return Err(fail(format!("zero points of {dtype} {shape:?} do not fit the codes")));
        }
    };
    let shape: Option<Vec<usize>> =
        [rows, columns].iter().map(|&len| usize::try_from(len).ok()).collect();
    let shape = shape.ok_or_else(|| fail("it is too large".to_owned()))?;
    let values = rows.checked_mul(columns).ok_or_else(|| fail("it is too large".to_owned()))?;
    let codes = Codes { tensor: parts.codes.clone(), bits, stride };
    let scales = parts.scales.clone();
    let fill = move |first: u64, buf: &mut [u8]| {
        let mut out = buf.as_chunks_mut::<4>().0;
        let mut index = first;
        while !out.is_empty() {
            let (row, column) = (index / columns, index % columns);
            let left = block.min(columns - column / block * block) - column % block;
            let count = left.min(out.len() as u64);
            let (now, later) = out.split_at_mut(count as usize);
            let place = row * blocks + column / block;
            let scale = one(&scales, place)?;
            let zero = match &zeros {
                Zeros::Middle => (1u32 << (bits - 1)) as f32,
                Zeros::Codes(zeros) => f32::from(zeros.read(row, column / block, 1)?[0]),
                Zeros::Floats(zeros) => one(zeros, place)?,
            };
            for (out, code) in now.iter_mut().zip(codes.read(row, column, count)?) {
                *out = ((f32::from(code) - zero) * scale).to_le_bytes();
            }
            index += count;
            out = later;
        }
        Ok(())
    };
    let data = Arc::new(Made::new(values, 4, fill));
    let view = View::packed(&shape);
    let file = parts.codes.file();
    let tensor = Tensor::new(name, file, Dtype::F32, Endian::Little, view, 0, data)?.transpose()?;
    let used = [parts.codes, parts.scales].into_iter().chain(parts.zeros).cloned();
    Ok(tensor.stored_as(Stored::derived("from MatMulNBits", used.collect::<Vec<_>>())))
}

/// The value of that number of a packed tensor.
fn one(tensor: &Tensor, index: u64) -> Result<f32, ReadError> {
    let size = tensor.dtype().bits() / 8;
    let bytes = read_vec(&**tensor.data(), tensor.start() + index * size, size)?;
    let mut value = [0.0];
    hinton_tensor::decode_f32(tensor.dtype(), tensor.endian(), &bytes, &mut value);
    Ok(value[0])
}

/// The table of a `GatherBlockQuantized`.
///
/// # Errors
/// Where its parts do not fit, and why.
pub(super) fn table(
    parts: &Parts<'_>,
    sizes: Sizes,
    name: &str,
    limits: &Limits,
) -> Result<Tensor, Error> {
    let fail = |why: String| Error::malformed(why).for_tensor(name);
    let block = sizes.block.unwrap_or(128);
    let bits = sizes.bits.unwrap_or(4);
    let axes = parts.codes.shape().len();
    let axis = match sizes.quantise_axis.unwrap_or(1) {
        axis if axis < 0 => axis.saturating_add(axes as i64),
        axis => axis,
    };
    let axis = usize::try_from(axis).ok().filter(|&axis| axis < axes && axes <= limits.axes);
    let axis = axis.ok_or_else(|| fail("its quantize_axis is not one of its axes".to_owned()))?;
    let is_packed = parts.codes.dtype() == Dtype::U8 && parts.codes.stored().is_none();
    // Codes that ONNX declares as bytes follow the layout of MatMulNBits, along the last axis.
    if is_packed && axis + 1 == axes {
        let &[ref lead @ .., bytes] = parts.codes.shape() else {
            return Err(fail("its codes have no axes".to_owned()));
        };
        let rows = lead.iter().product::<usize>() as u64;
        let per_byte = 8 / bits.clamp(1, 8);
        let whole = (bytes as u64).saturating_mul(per_byte);
        let stored = parts.scales.shape().last().copied().unwrap_or(0) as u64;
        if whole.div_ceil(block.max(1)) == stored {
            let (rows, columns) = (Some(rows), Some(whole));
            let sizes = Sizes { columns, rows, bits: Some(bits), block: Some(block), ..sizes };
            let mut shape = lead.to_vec();
            shape.push(usize::try_from(whole).map_err(|error| fail(error.to_string()))?);
            let turned = matrix(parts, sizes, name)?;
            let stored = Stored::derived(
                "from GatherBlockQuantized",
                turned.stored().map(|stored| stored.parts().to_vec()).unwrap_or_default(),
            );
            return Ok(turned.transpose()?.reshape(&shape)?.stored_as(stored));
        }
    }
    let steps = Steps::of_blocks(parts.codes.shape(), axis, block);
    let steps = steps.ok_or_else(|| fail("its scales do not fit its shape".to_owned()))?;
    let affine = Affine { scales: parts.scales.clone(), zeros: parts.zeros.cloned(), steps };
    dequantised(parts.codes, &affine, name)
}
