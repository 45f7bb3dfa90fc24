//! Groups of tensors that share one colour range, for comparing all tensors.
//!
//! Matrices share one range. Vectors do not share it with them: the gain of a layer norm is close
//! to one, while weights are close to zero. Vectors of one kind, such as the gains of all layers,
//! share a range, and so do the states of the optimizer.

use std::collections::BTreeMap;

use hinton_tensor::Dtype;
use hinton_tensor::outline::{Named, aside};

use crate::pairs::Pairs;
use crate::sources::Entry;

/// Most groups; what belongs to none of the first is together in the last.
const MOST: usize = 96;

/// The groups of all tensors.
#[derive(Default)]
pub(crate) struct Groups {
    /// Members of each; the matrices of weights are the first.
    pub(crate) all: Vec<Vec<usize>>,
    /// The group of each tensor.
    pub(crate) of: Vec<usize>,
}

impl Groups {
    pub(crate) fn of(tensors: &[Entry], pairs: &Pairs) -> Self {
        // A tensor is coloured as the one that it is compared with.
        let mut like: BTreeMap<usize, usize> = BTreeMap::new();
        let mut is_difference = vec![false; tensors.len()];
        for pair in &pairs.found {
            like.insert(pair.b, pair.a);
            like.insert(pair.difference, pair.a);
            is_difference[pair.difference] = true;
        }
        let mut known = BTreeMap::from([((false, String::new()), 0)]);
        let mut all = vec![Vec::new()];
        let mut of = Vec::with_capacity(tensors.len());
        for id in 0..tensors.len() {
            let kind = kind(&tensors[like.get(&id).copied().unwrap_or(id)]);
            let next = all.len();
            let group = match known.len() < MOST {
                true => *known.entry((is_difference[id], kind)).or_insert(next),
                false => known.get(&(is_difference[id], kind)).copied().unwrap_or(MOST),
            };
            if all.len() <= group {
                all.resize(group + 1, Vec::new());
            }
            all[group].push(id);
            of.push(group);
        }
        Groups { all, of }
    }
}

/// What a tensor is compared with others by: nothing for matrices of weights; the name without its
/// numbers for vectors.
fn kind(entry: &Entry) -> String {
    let named = Named { name: &entry.name, shape: &entry.shape };
    if let Some(aside) = aside(named, Dtype::from_name(entry.dtype)) {
        return format!("{aside:?} {}", without_numbers(&entry.name));
    }
    // Counts and indices are no weights.
    if !entry.is_quantised && entry.dtype.starts_with(['i', 'u', 'b']) && entry.dtype != "bf16" {
        return without_numbers(&entry.name);
    }
    match entry.matrix.iter().all(|&length| length > 1) {
        true => String::new(),
        false => without_numbers(&entry.name),
    }
}

fn without_numbers(name: &str) -> String {
    let mut text = String::with_capacity(name.len());
    for c in name.chars() {
        match c.is_ascii_digit() {
            true if text.ends_with('#') => {}
            true => text.push('#'),
            false => text.push(c),
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_count_layers() {
        assert_eq!(without_numbers("h.11.ln_1.bias"), "h.#.ln_#.bias");
    }
}
