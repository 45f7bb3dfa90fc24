//! Decodes bytes to numbers, for every dtype.
//!
//! Complex values become their magnitude, booleans 0 and 1. Integers with more digits than the
//! float, and `f64` as `f32`, are rounded to nearest; values outside the float's range become
//! infinite.

pub(crate) mod half;
pub(crate) mod le;
pub(crate) mod small;

use crate::read::{Layout, Piece, Source, swap};
use crate::{Dtype, Endian, Tensor, TensorError};

/// Elements decoded at once, where they have to be gathered first.
const PIECE: u64 = 32 << 10;
/// Bytes brought into little-endian order at once.
const SWAPPED: usize = 4 << 10;

/// The value of an IEEE 754 binary16 pattern.
#[inline(always)]
pub fn f16_to_f32(bits: u16) -> f32 {
    half::f16(bits)
}

/// Decodes packed values of `dtype` to `f32`, as many as both `bytes` and `out` hold.
pub fn decode_f32(dtype: Dtype, endian: Endian, bytes: &[u8], out: &mut [f32]) {
    decode(dtype, endian, bytes, out, le::to_f32);
}

/// Decodes packed values of `dtype` to `f64`, as many as both `bytes` and `out` hold. Exact for
/// every dtype except 64-bit integers beyond 2^53.
pub fn decode_f64(dtype: Dtype, endian: Endian, bytes: &[u8], out: &mut [f64]) {
    decode(dtype, endian, bytes, out, le::to_f64);
}

fn decode<T>(
    dtype: Dtype,
    endian: Endian,
    bytes: &[u8],
    out: &mut [T],
    kernel: fn(Dtype, &[u8], &mut [T]),
) {
    let mut buffer = [0u8; SWAPPED];
    if !dtype.is_byte_sized() {
        let held = bytes.len() as u64 * 8 / dtype.bits();
        let held = usize::try_from(held).unwrap_or(usize::MAX).min(out.len());
        for (part, out) in out[..held].chunks_mut(SWAPPED).enumerate() {
            for (index, code) in buffer[..out.len()].iter_mut().enumerate() {
                *code = small::packed_code(bytes, dtype.bits(), (part * SWAPPED + index) as u64);
            }
            kernel(dtype, &buffer[..out.len()], out);
        }
    } else if endian == Endian::Little || dtype.bits() == 8 {
        kernel(dtype, bytes, out);
    } else {
        let values = SWAPPED / (dtype.bits() / 8) as usize;
        for (part, out) in bytes.chunks(SWAPPED).zip(out.chunks_mut(values)) {
            let part_of_buffer = &mut buffer[..part.len()];
            part_of_buffer.copy_from_slice(part);
            swap(dtype, part_of_buffer);
            kernel(dtype, part_of_buffer, out);
        }
    }
}

pub(crate) fn packed_bytes(tensor: &Tensor) -> Result<Vec<u8>, TensorError> {
    let source = Source::new(tensor);
    let len = tensor.byte_len();
    let mut out = room_for(tensor, len)?;
    if !tensor.dtype().is_byte_sized() {
        // Such tensors are packed from a whole byte on, or they would not have been made.
        out.resize(len as usize, 0u8);
        let skipped = tensor.dtype().bytes_of(tensor.view().offset).unwrap_or(u64::MAX);
        let read = tensor.data().read_at(tensor.start().saturating_add(skipped), &mut out);
        return read.map(|()| out).map_err(|error| tensor.read_error(error));
    }
    if let Some(held) = held(tensor, &source)? {
        return packed_bytes(&held);
    }
    let layout = Layout::c_order(tensor.view());
    let size = source.size() as u64;
    for first in (0..tensor.elements()).step_by(PIECE as usize) {
        let begin = out.len();
        let end = (first + PIECE).min(tensor.elements());
        // Grown piece by piece: what is cleared is still in the cache when it is filled.
        out.resize((end * size) as usize, 0);
        layout.load_into(&source, first, &mut out[begin..])?;
    }
    Ok(out)
}

/// The values in memory, where they must be read and their axes lie in another order than they are
/// asked for (a transposed matrix that is inflated or decoded): read in the order they lie in, each
/// once, instead of value by value.
fn held(tensor: &Tensor, source: &Source<'_>) -> Result<Option<Tensor>, TensorError> {
    if source.is_in_memory() || tensor.elements() == 0 {
        return Ok(None);
    }
    let strides = &tensor.view().strides;
    let mut order: Vec<usize> = (0..strides.len()).collect();
    order.sort_by_key(|&axis| std::cmp::Reverse(strides[axis].unsigned_abs()));
    let long = order.iter().filter(|&&axis| tensor.shape()[axis] > 1);
    if strides.contains(&0) || long.is_sorted() {
        return Ok(None);
    }
    let mut back = vec![0; order.len()];
    for (at, &axis) in order.iter().enumerate() {
        back[axis] = at;
    }
    tensor.permute(&order)?.to_memory()?.permute(&back).map(Some)
}

pub(crate) fn to_f32(tensor: &Tensor) -> Result<Vec<f32>, TensorError> {
    to_floats(tensor, le::to_f32)
}

pub(crate) fn to_f64(tensor: &Tensor) -> Result<Vec<f64>, TensorError> {
    to_floats(tensor, le::to_f64)
}

fn to_floats<T: Copy + Default>(
    tensor: &Tensor,
    kernel: fn(Dtype, &[u8], &mut [T]),
) -> Result<Vec<T>, TensorError> {
    let source = Source::new(tensor);
    if let Some(held) = held(tensor, &source)? {
        return to_floats(&held, kernel);
    }
    let layout = Layout::c_order(tensor.view());
    let mut out = room_for(tensor, tensor.elements())?;
    let mut piece = Piece::default();
    for first in (0..tensor.elements()).step_by(PIECE as usize) {
        let begin = out.len();
        let end = (first + PIECE).min(tensor.elements());
        out.resize(end as usize, T::default());
        layout.load(&source, first..end, &mut piece)?;
        kernel(tensor.dtype(), piece.bytes(), &mut out[begin..]);
    }
    Ok(out)
}

/// Room for `count` values; an error instead of the end of the process where memory has none (a
/// view of stride zero claims any number of elements).
pub(crate) fn room_for<T>(tensor: &Tensor, count: u64) -> Result<Vec<T>, TensorError> {
    let mut out = Vec::new();
    match usize::try_from(count).ok().and_then(|count| out.try_reserve_exact(count).ok()) {
        Some(()) => Ok(out),
        None => Err(TensorError::OutOfMemory {
            name: tensor.name().to_owned(),
            shape: tensor.shape().to_vec(),
        }),
    }
}
