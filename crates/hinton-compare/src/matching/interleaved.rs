//! Query, key and value in one tensor, interleaved by head.
//!
//! GPT-NeoX and BLOOM store heads x (query, key, value) x rows of a head; Falcon stores, for each
//! head of keys, the queries that share it, their key and their value. llama.cpp and newer models
//! store all queries before all keys (`convert_hf_to_gguf.py`, `GPTNeoXModel`, `BloomModel`,
//! `FalconModel`). The number of heads is not in the file, so the values decide.

use hinton_tensor::{Tensor, TensorError};

use super::rotary::{BETTER, SMALL};
use super::{Change, fused, names};
use crate::relative_error;

/// Most groups of heads that are tried.
const MOST_GROUPS: usize = 512;

/// Parts of a fused tensor, each beside the tensor that the other file has, in the order of its rows.
pub(super) struct Split {
    pub(super) pieces: Vec<(Tensor, Tensor)>,
    pub(super) groups: usize,
    /// The relative error of a sample so, and with the parts one after the other.
    pub(super) errors: (f64, f64),
}

/// The parts that `whole` holds interleaved, where that brings them clearly closer than one after the other.
pub(super) fn split(whole: &Tensor, parts: &[&Tensor]) -> Result<Option<Split>, TensorError> {
    let lengths: Vec<usize> =
        parts.iter().map(|part| part.shape().first().copied().unwrap_or(0)).collect();
    let as_is = mean_error(&pieces(whole, parts, 1)?)?;
    if as_is.is_nan() || as_is <= SMALL {
        return Ok(None);
    }
    let fewest = lengths.iter().copied().min().unwrap_or(0).min(MOST_GROUPS);
    let fits = |groups: &usize| lengths.iter().all(|length| length.is_multiple_of(*groups));
    let mut best: Option<(f64, usize)> = None;
    for groups in (2..=fewest).filter(fits) {
        let error = mean_error(&pieces(whole, parts, groups)?)?;
        if best.is_none_or(|(least, _)| error < least) {
            best = Some((error, groups));
        }
    }
    let Some((error, groups)) = best.filter(|(error, _)| error * BETTER <= as_is) else {
        return Ok(None);
    };
    let pieces = pieces(whole, parts, groups)?;
    Ok(Some(Split { pieces, groups, errors: (error, as_is) }))
}

/// Rows of the whole beside each part, both as groups x rows of a group (x inputs).
fn pieces(
    whole: &Tensor,
    parts: &[&Tensor],
    groups: usize,
) -> Result<Vec<(Tensor, Tensor)>, TensorError> {
    let rows = whole.shape()[0];
    let rest = &whole.shape()[1..];
    let whole = whole.reshape(&[&[groups, rows / groups], rest].concat())?;
    let mut first = 0;
    let mut found = Vec::new();
    for part in parts {
        let count = part.shape()[0] / groups;
        let rows = fused::positions(&whole, 1, first, count)?;
        let name = format!("{}[{} of each group]", whole.name(), part_word(part.name()));
        found.push((rows.named(name), part.reshape(&[&[groups, count], rest].concat())?));
        first += count;
    }
    Ok(found)
}

/// What a part is called: `q_proj`.
fn part_word(name: &str) -> String {
    let name = names::canonical(name);
    let mut parts = name.rsplit('.').skip(1);
    parts.next().unwrap_or("part").to_owned()
}

fn mean_error(pieces: &[(Tensor, Tensor)]) -> Result<f64, TensorError> {
    let mut sum = 0.0;
    for (one, other) in pieces {
        sum += relative_error(other, one)?;
    }
    Ok(sum / pieces.len().max(1) as f64)
}

/// Both with the rows in one order, where each holds query, key and value of as many heads and one of them
/// head by head, and that brings them clearly closer.
pub(super) fn undone(
    a: &Tensor,
    b: &Tensor,
) -> Result<Option<(Tensor, Tensor, Change)>, TensorError> {
    let rows = a.shape().first().copied().unwrap_or(0);
    if a.name() == b.name() || !is_fused(a.name()) || !is_fused(b.name()) || !rows.is_multiple_of(3)
    {
        return Ok(None);
    }
    let as_is = relative_error(a, b)?;
    if as_is.is_nan() || as_is <= SMALL {
        return Ok(None);
    }
    let mut best: Option<(f64, usize, bool)> = None;
    let counts =
        (2..=(rows / 3).min(MOST_GROUPS)).filter(|heads| (rows / 3).is_multiple_of(*heads));
    for (heads, is_first) in counts.flat_map(|heads| [(heads, true), (heads, false)]) {
        let (a, b) = by_heads(a, b, heads, is_first)?;
        let error = relative_error(&a, &b)?;
        if best.is_none_or(|(least, ..)| error < least) {
            best = Some((error, heads, is_first));
        }
    }
    let Some((error, groups, is_first)) = best.filter(|(error, ..)| error * BETTER <= as_is) else {
        return Ok(None);
    };
    let (a, b) = by_heads(a, b, groups, is_first)?;
    Ok(Some((a, b, Change::Interleaved { groups, rows, errors: (error, as_is) })))
}

fn is_fused(name: &str) -> bool {
    names::canonical(name).contains("self_attn.qkv_proj")
}

/// Both in the first one's order; `is_first` says that it is the one that keeps them head by head.
fn by_heads(
    a: &Tensor,
    b: &Tensor,
    heads: usize,
    is_first: bool,
) -> Result<(Tensor, Tensor), TensorError> {
    let split = |tensor: &Tensor, by_head: bool| {
        let (rows, rest) = (tensor.shape()[0], &tensor.shape()[1..]);
        let parts =
            if by_head { [heads, 3, rows / heads / 3] } else { [3, heads, rows / heads / 3] };
        tensor.reshape(&[&parts, rest].concat())
    };
    let (a, b) = (split(a, is_first)?, split(b, !is_first)?);
    let mut order: Vec<usize> = (0..b.shape().len()).collect();
    order.swap(0, 1);
    let b = b.permute(&order)?;
    Ok((a, b))
}
