//! How a file is put together: what its reader noticed, and where the tensors' bytes lie.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;

use hinton_format::Checkpoint;
use hinton_scene::visible;
use hinton_tensor::Tensor;

use super::{Finding, kinds};
use crate::Selected;

/// What is found without reading a value.
pub(super) fn findings(checkpoint: &Checkpoint, selected: &[Selected]) -> Vec<Finding> {
    let mut found: Vec<Finding> = checkpoint
        .warnings
        .iter()
        .map(|warning| {
            let kind = if warning.is_fault { kinds::STRUCTURE } else { kinds::SKIPPED };
            Finding::of(kind, &warning.subject, warning.message.as_str())
        })
        .collect();
    found.extend(strided(selected));
    found.extend(overlaps(selected));
    found
}

fn strided(selected: &[Selected]) -> Vec<Finding> {
    let views = selected.iter().filter(|one| one.part.is_empty() && !one.tensor.view().is_packed());
    views
        .map(|one| {
            let view = one.tensor.view();
            let message = format!("shape {:?} has strides {:?}", view.shape, view.strides);
            Finding::of(kinds::STRIDED, one.tensor.name(), message)
        })
        .collect()
}

/// A tensor's bytes: in which data, and where.
type Place = (usize, Range<u64>);

fn place(tensor: &Tensor) -> Option<Place> {
    let (low, high) = tensor.view().reach()?;
    let from = tensor.start().checked_add(tensor.dtype().bytes_of(low)?)?;
    let to = tensor.start().checked_add(tensor.dtype().bytes_of(high.checked_add(1)?)?)?;
    Some((Arc::as_ptr(tensor.data()).cast::<u8>() as usize, from..to))
}

/// Whole tensors that are the same bytes, and those whose bytes overlap otherwise.
fn overlaps(selected: &[Selected]) -> Vec<Finding> {
    // The address only tells data apart; files come in the order of the tensors.
    let mut files: BTreeMap<usize, usize> = BTreeMap::new();
    let mut places: Vec<(usize, Range<u64>, usize)> = Vec::new();
    for (index, one) in selected.iter().enumerate().filter(|(_, one)| one.part.is_empty()) {
        if let Some((address, range)) = place(&one.tensor).filter(|(_, range)| !range.is_empty()) {
            let next = files.len();
            places.push((*files.entry(address).or_insert(next), range, index));
        }
    }
    places.sort_by_key(|(file, range, index)| (*file, range.start, range.end, *index));
    let mut found: Vec<(usize, Finding)> = Vec::new();
    let mut furthest: Option<&(usize, Range<u64>, usize)> = None;
    for this in &places {
        let (file, range, index) = this;
        let tensor = &selected[*index].tensor;
        let before = furthest.filter(|(other, reach, _)| other == file && reach.end > range.start);
        if let Some((_, reach, other)) = before {
            let other = &selected[*other].tensor;
            let name = visible(other.name());
            let is_same = reach == range && other.view() == tensor.view();
            let finding = if is_same && other.dtype() == tensor.dtype() {
                let message = format!("the same {} bytes as {name}", range.end - range.start);
                Finding::of(kinds::SHARED, tensor.name(), message)
            } else {
                let (from, to) = (range.start, range.end.min(reach.end));
                let message = format!("bytes {from} to {to} belong to {name} too");
                Finding::of(kinds::OVERLAP, tensor.name(), message)
            };
            found.push((*index, finding));
        }
        if before.is_none_or(|(_, reach, _)| reach.end < range.end) {
            furthest = Some(this);
        }
    }
    found.sort_by_key(|(index, _)| *index);
    found.into_iter().map(|(_, finding)| finding).collect()
}
