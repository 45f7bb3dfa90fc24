//! Checks how a file is structured: what its reader noticed, and where the tensors' bytes are.

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::ops::Range;

use hinton_format::Checkpoint;
use hinton_tensor::Tensor;
use hinton_words::visible;

use super::place::{is_same, place, share_bytes};
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

/// Most tensors that are compared with one behind them in the same bytes.
const MOST_OPEN: usize = 16;

/// Whole tensors that are the same bytes, and those whose bytes overlap otherwise.
fn overlaps(selected: &[Selected]) -> Vec<Finding> {
    // The address only tells data apart; files come in the order of the tensors.
    let mut files: BTreeMap<usize, usize> = BTreeMap::new();
    let mut places: Vec<(usize, Range<u64>, usize)> = Vec::new();
    for (index, one) in selected.iter().enumerate().filter(|(_, one)| one.part.is_empty()) {
        if let Some((data, range)) = place(&one.tensor).filter(|(_, range)| !range.is_empty()) {
            let next = files.len();
            places.push((*files.entry(data).or_insert(next), range, index));
        }
    }
    places.sort_by_key(|(file, range, index)| (*file, range.start, Reverse(range.end), *index));
    let mut found: Vec<(usize, Finding)> = Vec::new();
    // Those before it that reach into where one starts.
    let mut open: Vec<&(usize, Range<u64>, usize)> = Vec::new();
    for this in &places {
        let (file, range, index) = this;
        open.retain(|(other, reach, _)| other == file && reach.end > range.start);
        let tensor = &selected[*index].tensor;
        let others = || open.iter().map(|(_, _, other)| &selected[*other].tensor);
        let finding = match others().find(|other| is_same(other, tensor)) {
            Some(same) => Some(shared(same, tensor, range)),
            None => others()
                .find(|other| share_bytes(other, tensor))
                .map(|other| overlap(other, tensor)),
        };
        found.extend(finding.map(|finding| (*index, finding)));
        if open.len() < MOST_OPEN {
            open.push(this);
        } else if let Some(shortest) = open.iter_mut().min_by_key(|(_, reach, _)| reach.end)
            && shortest.1.end < range.end
        {
            *shortest = this;
        }
    }
    found.sort_by_key(|(index, _)| *index);
    found.into_iter().map(|(_, finding)| finding).collect()
}

fn shared(other: &Tensor, tensor: &Tensor, range: &Range<u64>) -> Finding {
    let message =
        format!("the same {} bytes as {}", range.end - range.start, visible(other.name()));
    Finding::of(kinds::SHARED, tensor.name(), message)
}

fn overlap(other: &Tensor, tensor: &Tensor) -> Finding {
    let (_, reach) = place(other).unwrap_or_default();
    let (_, range) = place(tensor).unwrap_or_default();
    let (from, to) = (range.start.max(reach.start), range.end.min(reach.end));
    let some = if fills(other, &reach) && fills(tensor, &range) { "" } else { "some of the " };
    let message = format!("{some}bytes {from} to {to} belong to {} too", visible(other.name()));
    Finding::of(kinds::OVERLAP, tensor.name(), message)
}

/// Whether a tensor has no gaps in its range.
fn fills(tensor: &Tensor, range: &Range<u64>) -> bool {
    tensor.byte_len() == range.end - range.start && !tensor.view().strides.contains(&0)
}
