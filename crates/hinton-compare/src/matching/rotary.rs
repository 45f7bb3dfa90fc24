//! Rows of query and key weights in the order that a rotary embedding wants.
//!
//! llama.cpp stores them so that the two values that are rotated together are neighbours; Hugging
//! Face keeps all first values of a head before all second ones (`permute` in llama.cpp's
//! `convert_hf_to_gguf.py`). Which models are permuted is not written in the file, nor always how
//! many heads there are, so what the values say decides.

use hinton_tensor::{Tensor, TensorError};

use super::Change;
use crate::relative_error;

/// A permutation is taken where its error is so much smaller.
const BETTER: f64 = 5.0;
/// Errors below this leave nothing to explain: no quantisation in use is coarser by much.
const SMALL: f64 = 0.02;
/// Most rows of a head.
const LARGEST_HEAD: usize = 512;

/// Both with the permutation undone, where one of them is GGUF's query or key weight and undoing it
/// brings them clearly closer.
pub(super) fn undone(
    a: &Tensor,
    b: &Tensor,
) -> Result<Option<(Tensor, Tensor, Change)>, TensorError> {
    let is_first = match (is_permuted(a.name()), is_permuted(b.name())) {
        (true, false) => true,
        (false, true) => false,
        _ => return Ok(None),
    };
    let rows = a.shape().first().copied().unwrap_or(0);
    let as_is = relative_error(a, b)?;
    // NaN is no reason to look further.
    if as_is.is_nan() || as_is <= SMALL {
        return Ok(None);
    }
    let mut best: Option<(f64, usize)> = None;
    let heads = (4..=rows.min(LARGEST_HEAD)).step_by(2).filter(|head| rows.is_multiple_of(*head));
    for head in heads {
        let (a, b) = views(a, b, head, is_first)?;
        let error = relative_error(&a, &b)?;
        if best.is_none_or(|(least, _)| error < least) {
            best = Some((error, head));
        }
    }
    let Some((error, head)) = best.filter(|(error, _)| error * BETTER <= as_is) else {
        return Ok(None);
    };
    let (a, b) = views(a, b, head, is_first)?;
    Ok(Some((a, b, Change::Rotary { head, errors: (error, as_is) })))
}

/// Whether it is called as GGUF calls what llama.cpp permutes.
fn is_permuted(name: &str) -> bool {
    name.split('.').any(|part| matches!(part, "attn_q" | "attn_k"))
}

/// Both as heads x halves x pairs (x inputs); `is_first` says whose rows are permuted.
fn views(
    a: &Tensor,
    b: &Tensor,
    head: usize,
    is_first: bool,
) -> Result<(Tensor, Tensor), TensorError> {
    let split = |tensor: &Tensor, is_permuted: bool| {
        let (rows, rest) = (tensor.shape()[0], &tensor.shape()[1..]);
        let parts =
            if is_permuted { [rows / head, head / 2, 2] } else { [rows / head, 2, head / 2] };
        let split = tensor.reshape(&[&parts, rest].concat())?;
        let mut order: Vec<usize> = (0..split.shape().len()).collect();
        if is_permuted {
            order.swap(1, 2);
        }
        split.permute(&order)
    };
    Ok((split(a, is_first)?, split(b, !is_first)?))
}
