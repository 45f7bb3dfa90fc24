//! Bytes to numbers, for every dtype.

use crate::{Dtype, Endian, Tensor, TensorError};

/// Decodes packed values of `dtype` into `out`, as `f32`.
pub fn decode_f32(_dtype: Dtype, _endian: Endian, _bytes: &[u8], _out: &mut [f32]) {}

pub(crate) fn packed_bytes(_tensor: &Tensor) -> Result<Vec<u8>, TensorError> {
    Ok(Vec::new())
}
pub(crate) fn to_f32(_tensor: &Tensor) -> Result<Vec<f32>, TensorError> {
    Ok(Vec::new())
}
pub(crate) fn to_f64(_tensor: &Tensor) -> Result<Vec<f64>, TensorError> {
    Ok(Vec::new())
}
