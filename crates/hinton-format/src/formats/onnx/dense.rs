//! Sparse tensors (`SparseTensorProto`), with their zeros.

use std::sync::Arc;

use hinton_tensor::{Endian, ReadError, Tensor, View, element_count};

use super::tensor::shape;
use crate::Error;
use crate::source::Lazy;
use crate::source::made::zeros;

/// The dense tensor of values at places: linear indices, or one index an axis in rows. A remark in
/// place of it where it cannot be shown, or would be more than `most` bytes.
pub(super) fn dense(
    name: &str,
    dims: &[u64],
    values: &Tensor,
    places: &Tensor,
    most: u64,
) -> Result<Result<Tensor, String>, Error> {
    let shape = shape(dims)?;
    let stored = values.elements();
    let linear = places.shape().len() == 1;
    let axes = if linear { 1 } else { shape.len() as u64 };
    if places.elements() != stored.saturating_mul(axes) {
        let message = format!(
            "it is sparse: {stored} values, but indices of shape {:?} for {} axes",
            places.shape(),
            shape.len()
        );
        return Err(Error::malformed(message));
    }
    let dtype = values.dtype();
    let bytes = element_count(&shape).and_then(|count| dtype.bytes_of(count));
    let Some(bytes) = bytes else {
        return Err(Error::malformed(format!("its shape {shape:?} is more than can be counted")));
    };
    if bytes > most || !dtype.is_byte_sized() {
        return Ok(Err(format!(
            "skipped: it is sparse, {stored} values in shape {shape:?}, too large to be filled in"
        )));
    }
    let width = (dtype.bits() / 8) as usize;
    let (values, places, own_shape) = (values.clone(), places.clone(), shape.clone());
    let file: Arc<str> = values.file().into();
    let make = move || {
        let fail = |why: String| ReadError::damaged(0, bytes, why);
        let of_tensor = |error: hinton_tensor::TensorError| ReadError::of_tensor(0, bytes, &error);
        let stored = values.packed_bytes().map_err(of_tensor)?;
        let indices = places.to_f64().map_err(of_tensor)?;
        let mut out = zeros(bytes)?;
        let row = if linear { 1 } else { own_shape.len() };
        // A single number has no index.
        let rows = indices.chunks_exact(row.max(1)).map(Some).chain(std::iter::repeat(None));
        for (value, index) in stored.chunks_exact(width).zip(rows) {
            let place = match index {
                None => Some(0),
                Some(index) if linear => Some(index[0] as usize).filter(|_| index[0] >= 0.0),
                Some(index) => flat(index, &own_shape),
            };
            let target =
                place.and_then(|at| out.get_mut(at.checked_mul(width)?..)?.get_mut(..width));
            let Some(target) = target else {
                return Err(fail(format!("a sparse value is outside the shape {own_shape:?}")));
            };
            target.copy_from_slice(value);
        }
        Ok(out)
    };
    let data = Arc::new(Lazy::new(bytes, make));
    let view = View::packed(&shape);
    Ok(Ok(Tensor::new(name, file, dtype, Endian::Little, view, 0, data)?))
}

fn flat(index: &[f64], shape: &[usize]) -> Option<usize> {
    let mut place = 0usize;
    for (at, dim) in index.iter().zip(shape) {
        if *at < 0.0 || *at >= *dim as f64 {
            return None;
        }
        place = place.checked_mul(*dim)?.checked_add(*at as usize)?;
    }
    Some(place)
}
