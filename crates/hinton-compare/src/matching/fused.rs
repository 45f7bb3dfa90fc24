//! Matches a tensor of one file whose rows are several tensors in the other.

use std::collections::BTreeMap;

use hinton_tensor::{Index, Slice, Tensor, TensorError};

use super::names;

/// What holds the rows of what, in that order; head by head in some models, which `interleaved.rs` sees.
const FUSED: &[(&str, &[&str])] = &[
    ("qkv_proj", &["q_proj", "k_proj", "v_proj"]),
    ("in_proj", &["q_proj", "k_proj", "v_proj"]),
    ("qkv", &["q", "k", "v"]),
    ("gate_up_proj", &["gate_proj", "up_proj"]),
];

/// A tensor and the others that are its rows: indexes, the latter in their order.
pub(super) struct Fused {
    pub(super) whole: usize,
    pub(super) parts: Vec<usize>,
}

/// Those of `whole` whose rows are tensors of `parts`, by name and shape.
pub(super) fn find(whole: &[(usize, &Tensor)], parts: &[(usize, &Tensor)]) -> Vec<Fused> {
    let known: BTreeMap<String, (usize, &Tensor)> =
        parts.iter().map(|one| (names::canonical(one.1.name()), *one)).collect();
    let mut found = Vec::new();
    for (index, tensor) in whole {
        // PyTorch's own attention writes `in_proj_weight`.
        let name = names::canonical(&tensor.name().replace("in_proj_", "in_proj."));
        let pieces: Vec<&str> = name.split('.').collect();
        let row = FUSED.iter().find_map(|(fused, parts)| {
            Some((pieces.iter().position(|piece| piece == fused)?, *parts))
        });
        let Some((place, words)) = row else { continue };
        let part = |word: &&str| {
            let mut pieces = pieces.clone();
            pieces[place] = word;
            known.get(&pieces.join(".")).copied()
        };
        let Some(parts) = words.iter().map(part).collect::<Option<Vec<_>>>() else { continue };
        let rows = |tensor: &Tensor| tensor.shape().first().copied().unwrap_or(0);
        let all: usize = parts.iter().map(|(_, part)| rows(part)).fold(0, usize::saturating_add);
        let has_columns = |part: &Tensor| part.shape().get(1..) == tensor.shape().get(1..);
        if rows(tensor) == all && parts.iter().all(|(_, part)| has_columns(part)) {
            let parts = parts.into_iter().map(|(index, _)| index).collect();
            found.push(Fused { whole: *index, parts });
        }
    }
    found
}

/// The `count` positions from `first` on of an axis.
pub(super) fn positions(
    tensor: &Tensor,
    axis: usize,
    first: usize,
    count: usize,
) -> Result<Tensor, TensorError> {
    let place = |place: usize| i64::try_from(place).ok();
    let all = Index::Range { start: None, stop: None, step: 1 };
    let mut indexes = vec![all; axis];
    let (start, stop) = (place(first), place(first.saturating_add(count)));
    indexes.push(Index::Range { start, stop, step: 1 });
    tensor.slice(&Slice(indexes))
}

/// The `count` rows from `first` on, named as a slice.
pub(super) fn rows(tensor: &Tensor, first: usize, count: usize) -> Result<Tensor, TensorError> {
    let place = |row: usize| i64::try_from(row).unwrap_or(i64::MAX);
    let (start, stop) = (place(first), place(first.saturating_add(count)));
    let range = Index::Range { start: Some(start), stop: Some(stop), step: 1 };
    let name = format!("{}[{start}:{stop}]", tensor.name());
    Ok(tensor.slice(&Slice(vec![range]))?.named(name))
}
