//! Inputs of a dense layer after a convolution, in the order in which each library flattens.
//!
//! PyTorch flattens channels x height x width, Keras height x width x channels. The file of a dense
//! layer does not state the number of channels, so the values decide.

use hinton_tensor::{Tensor, TensorError};

use super::shapes::is_kernel;
use super::{Change, rotary::BETTER, rotary::SMALL};
use crate::relative_error;

/// Most channels that are tried.
const MOST_CHANNELS: usize = 4096;

/// Both with the order undone, where one of them is Keras's weight, `b` is turned to the axes of `a`, and
/// undoing it brings them clearly closer.
pub(super) fn undone(
    a: &Tensor,
    b: &Tensor,
) -> Result<Option<(Tensor, Tensor, Change)>, TensorError> {
    let &[rows, columns] = a.shape() else { return Ok(None) };
    // Values narrower than a byte can't be put in another order without a copy.
    if !a.dtype().is_byte_sized() || !b.dtype().is_byte_sized() {
        return Ok(None);
    }
    if rows == 0 || columns == 0 {
        return Ok(None);
    }
    // Keras's has its inputs first.
    best(a, b, is_kernel(a.name()))
}

/// The number of channels that brings both clearly closest; `is_first` says that the first is Keras's.
fn best(
    a: &Tensor,
    b: &Tensor,
    is_first: bool,
) -> Result<Option<(Tensor, Tensor, Change)>, TensorError> {
    let (rows, columns) = (a.shape()[0], a.shape()[1]);
    let inputs = if is_first { rows } else { columns };
    let as_is = relative_error(a, b)?;
    if as_is.is_nan() || as_is <= SMALL {
        return Ok(None);
    }
    let mut best: Option<(f64, usize)> = None;
    let counts = (2..=(inputs / 2).min(MOST_CHANNELS)).filter(|&c| inputs.is_multiple_of(c));
    for channels in counts {
        let (a, b) = views(a, b, channels, is_first)?;
        let error = relative_error(&a, &b)?;
        if best.is_none_or(|(least, _)| error < least) {
            best = Some((error, channels));
        }
    }
    let Some((error, channels)) = best.filter(|(error, _)| error * BETTER <= as_is) else {
        return Ok(None);
    };
    let (a, b) = views(a, b, channels, is_first)?;
    let change = Change::Flattened { channels, shape: [rows, columns], errors: (error, as_is) };
    Ok(Some((a, b, change)))
}

/// As [`undone`], where names do not say which of the two is Keras's: both are tried, for matrices of
/// which one has the lengths of the other turned.
pub(super) fn found(
    a: &Tensor,
    b: &Tensor,
) -> Result<Option<(Tensor, Tensor, Change)>, TensorError> {
    let (&[rows, columns], &[rows_b, columns_b]) = (a.shape(), b.shape()) else { return Ok(None) };
    let is_turned = (rows, columns) == (columns_b, rows_b);
    if !is_turned || !a.dtype().is_byte_sized() || !b.dtype().is_byte_sized() {
        return Ok(None);
    }
    let b = b.transpose()?;
    let one = best(a, &b, true)?;
    let other = best(a, &b, false)?;
    let error = |found: &Option<(Tensor, Tensor, Change)>| match found {
        Some((_, _, Change::Flattened { errors, .. })) => errors.0,
        _ => f64::INFINITY,
    };
    let (one_error, other_error) = (error(&one), error(&other));
    Ok(if one_error <= other_error { one } else { other })
}

/// Both with the inputs as channels x places; `is_first` says that the first is Keras's, which has
/// places x channels, and its inputs on axis 0.
fn views(
    a: &Tensor,
    b: &Tensor,
    channels: usize,
    is_first: bool,
) -> Result<(Tensor, Tensor), TensorError> {
    let axis = usize::from(!is_first);
    let split = |tensor: &Tensor, by_place: bool| {
        let places = tensor.shape()[axis] / channels;
        let parts = if by_place { [places, channels] } else { [channels, places] };
        let mut shape = tensor.shape().to_vec();
        shape.splice(axis..=axis, parts);
        let tensor = tensor.reshape(&shape)?;
        let mut order: Vec<usize> = (0..3).collect();
        if by_place {
            order.swap(axis, axis + 1);
        }
        tensor.permute(&order)
    };
    // Places in the first one's order, so that rows and columns are the first one's.
    let (a, b) = (split(a, is_first)?, split(b, !is_first)?);
    match is_first {
        false => Ok((a, b)),
        true => {
            let back: [usize; 3] = [1, 0, 2];
            Ok((a.permute(&back)?, b.permute(&back)?))
        }
    }
}
