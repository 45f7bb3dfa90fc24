//! Rows of query and key weights in the order that a rotary embedding needs.
//!
//! llama.cpp stores them so that the two values that are rotated together are neighbours; Hugging
//! Face stores all first values of a head before all second ones (`permute` in llama.cpp's
//! `convert_hf_to_gguf.py`). Files do not state which order they use, nor always the number of
//! heads, so the values decide.

use hinton_tensor::{Tensor, TensorError};

use super::Change;
use crate::relative_error;

/// A permutation is taken where its error is so much smaller.
pub(super) const BETTER: f64 = 5.0;
/// Errors below this leave nothing to explain: no quantisation in use is coarser by much.
pub(super) const SMALL: f64 = 0.02;
/// Most rows of a head.
const LARGEST_HEAD: usize = 512;

/// Both with the permutation undone, where one of them is GGUF's query or key weight and undoing it
/// brings them clearly closer.
pub(super) fn undone(
    a: &Tensor,
    b: &Tensor,
    heads: Option<Heads>,
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
    // What the files say of heads is tried first, and believed where the values agree.
    if let Some(head) = heads.and_then(|heads| heads.rows_of(if is_first { a } else { b })) {
        let (a, b) = views(a, b, head, is_first)?;
        let error = relative_error(&a, &b)?;
        if error * BETTER <= as_is {
            return Ok(Some((a, b, Change::Rotary { head, errors: (error, as_is) })));
        }
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

/// The attention heads of a model, from its config.json or from GGUF metadata.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Heads {
    /// Number of query heads.
    pub query: usize,
    /// Number of key and value heads.
    pub key: usize,
}

impl Heads {
    /// Rows of a head of a query or key weight that GGUF names; `None` where they do not fit its shape.
    fn rows_of(self, tensor: &Tensor) -> Option<usize> {
        let is_query = tensor.name().split('.').any(|part| part == "attn_q");
        let (rows, heads) = (tensor.shape()[0], if is_query { self.query } else { self.key });
        let fits = heads > 0 && rows.is_multiple_of(heads);
        Some(rows / heads.max(1)).filter(|head| fits && head.is_multiple_of(2) && *head >= 4)
    }
}

/// Whether it is called as GGUF calls what llama.cpp permutes.
fn is_permuted(name: &str) -> bool {
    name.split('.').any(|part| matches!(part, "attn_q" | "attn_k"))
}

/// Both as heads x halves x pairs (x inputs), or heads x pairs x halves where the first one's rows are
/// permuted, as `is_first` says: in its order.
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
        if is_permuted != is_first {
            order.swap(1, 2);
        }
        split.permute(&order)
    };
    Ok((split(a, is_first)?, split(b, !is_first)?))
}
