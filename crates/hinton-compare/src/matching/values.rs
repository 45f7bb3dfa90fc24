//! Matches tensors by their values, if their names are not informative.

use std::collections::{BTreeMap, BTreeSet};

use hinton_tensor::{Tensor, TensorError};

use super::shapes;
use crate::relative_error;

/// Most tensors of one size on one side that are tried against each other.
const MOST: usize = 64;
/// The largest error of a sample that still says that two are the same.
const LARGEST_ERROR: f64 = 0.5;
/// The next best candidate must be so much worse.
const BETTER: f64 = 5.0;

/// Two that are each other's best by far.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Closest {
    /// Index of the first.
    pub(super) a: usize,
    /// Of the second.
    pub(super) b: usize,
    /// The relative error of a sample.
    pub(super) error: f64,
    /// That of the next best candidate of either.
    pub(super) next: Option<f64>,
}

/// Pairs of those left over whose samples agree and agree with no other.
pub(super) fn closest(
    a: &[Tensor],
    left_a: &BTreeSet<usize>,
    b: &[Tensor],
    left_b: &BTreeSet<usize>,
) -> Result<Vec<Closest>, TensorError> {
    let (of_a, of_b) = (by_size(a, left_a), by_size(b, left_b));
    let mut pairs = Vec::new();
    for (size, indexes_a) in of_a {
        let Some(indexes_b) = of_b.get(&size) else { continue };
        if size.0 < 2 || indexes_a.len() > MOST || indexes_b.len() > MOST {
            continue;
        }
        let mut errors = Vec::new();
        for &index_a in &indexes_a {
            for &index_b in indexes_b {
                let agreed = shapes::agree(&a[index_a], &b[index_b], None)?;
                if let Some((one, other, _)) = agreed {
                    let error = relative_error(&one, &other)?;
                    errors.push((
                        index_a,
                        index_b,
                        if error.is_nan() { f64::INFINITY } else { error },
                    ));
                }
            }
        }
        pairs.extend(clear(&errors));
    }
    pairs.sort_by_key(|pair: &Closest| pair.a);
    Ok(pairs)
}

/// Those that are each other's best by far.
fn clear(errors: &[(usize, usize, f64)]) -> Vec<Closest> {
    let mut pairs = Vec::new();
    for &(a, b, error) in errors.iter().filter(|one| one.2 <= LARGEST_ERROR) {
        let others = errors.iter().filter(|one| (one.0 == a) != (one.1 == b));
        let next = others.map(|one| one.2).min_by(f64::total_cmp);
        if next.is_none_or(|next| next > 0.0 && error * BETTER <= next) {
            pairs.push(Closest { a, b, error, next });
        }
    }
    pairs
}

/// Indexes by number of values and sorted lengths of axes; constants and the like say nothing.
fn by_size(tensors: &[Tensor], left: &BTreeSet<usize>) -> BTreeMap<(u64, Vec<usize>), Vec<usize>> {
    let mut sizes: BTreeMap<(u64, Vec<usize>), Vec<usize>> = BTreeMap::new();
    for &index in left {
        let tensor = &tensors[index];
        let mut lengths: Vec<usize> =
            tensor.shape().iter().copied().filter(|&len| len != 1).collect();
        lengths.sort_unstable();
        sizes.entry((tensor.elements(), lengths)).or_default().push(index);
    }
    sizes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_clear_pairs_are_taken() {
        let errors = [(0, 0, 0.01), (0, 1, 1.4), (1, 0, 1.4), (1, 1, 0.02)];
        let pair = |a, b, error| Closest { a, b, error, next: Some(1.4) };
        assert_eq!(clear(&errors), [pair(0, 0, 0.01), pair(1, 1, 0.02)]);
        // Two that are the same tell nothing about which is which.
        assert!(clear(&[(0, 0, 0.0), (0, 1, 0.0)]).is_empty());
        assert!(clear(&[(0, 0, 0.1), (0, 1, 0.3)]).is_empty());
        assert!(clear(&[(0, 0, 0.9)]).is_empty());
    }
}
