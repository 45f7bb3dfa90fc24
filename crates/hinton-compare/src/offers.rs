//! Suggests unmatched tensors that may be the same; they are never assumed to be.

use std::collections::BTreeMap;

use hinton_tensor::{Tensor, TensorError, read_values};

/// Most tensors of one shape on one side that are looked at.
const MOST: usize = 64;
/// Fewest values: fewer say nothing by how they are spread.
const FEWEST: u64 = 64;
/// The largest distance of histograms that is worth a word.
const FARTHEST: f64 = 0.2;
/// Runs of values that are read, and values of a run.
const RUNS: u64 = 32;
const RUN: u64 = 1024;

/// Two tensors that may be the same, with values in an unknown order.
#[derive(Debug, Clone, PartialEq)]
pub struct Offer {
    /// The name in the first file.
    pub a: String,
    /// The name in the second file.
    pub b: String,
    /// The distance between the histograms of samples: half the sum of the differences of shares,
    /// from 0 (the same) to 1. It does not depend on the order of the values.
    pub distance: f64,
}

/// Suggests for unmatched tensors the closest tensors of the other file, by the lengths of their
/// axes and the distribution of their values; each at most once, closest first.
///
/// # Errors
/// Returns an error if bytes cannot be read.
pub fn offers(a: &[Tensor], b: &[Tensor]) -> Result<Vec<Offer>, TensorError> {
    let (of_a, of_b) = (by_lengths(a), by_lengths(b));
    let mut found = Vec::new();
    for (lengths, members_a) in of_a {
        let Some(members_b) = of_b.get(&lengths) else { continue };
        if members_a.len() > MOST || members_b.len() > MOST {
            continue;
        }
        let shares = |members: &[&Tensor]| -> Result<Vec<_>, TensorError> {
            members.iter().map(|tensor| shares(tensor)).collect()
        };
        let (shares_a, shares_b) = (shares(&members_a)?, shares(members_b)?);
        let mut all: Vec<(f64, usize, usize)> = Vec::new();
        for (index_a, one) in shares_a.iter().enumerate() {
            for (index_b, other) in shares_b.iter().enumerate() {
                let distance = distance(one, other);
                if distance <= FARTHEST {
                    all.push((distance, index_a, index_b));
                }
            }
        }
        all.sort_by(|one, other| one.0.total_cmp(&other.0));
        let (mut used_a, mut used_b) = (vec![false; members_a.len()], vec![false; members_b.len()]);
        for (distance, index_a, index_b) in all {
            if used_a[index_a] || used_b[index_b] {
                continue;
            }
            (used_a[index_a], used_b[index_b]) = (true, true);
            let name = |tensor: &Tensor| tensor.name().to_owned();
            found.push(Offer {
                a: name(members_a[index_a]),
                b: name(members_b[index_b]),
                distance,
            });
        }
    }
    found.sort_by(|one, other| one.distance.total_cmp(&other.distance));
    Ok(found)
}

/// Tensors by the sorted lengths of their axes.
fn by_lengths(tensors: &[Tensor]) -> BTreeMap<Vec<usize>, Vec<&Tensor>> {
    let mut found: BTreeMap<Vec<usize>, Vec<&Tensor>> = BTreeMap::new();
    for tensor in tensors.iter().filter(|tensor| tensor.elements() >= FEWEST) {
        let mut lengths: Vec<usize> =
            tensor.shape().iter().copied().filter(|&length| length != 1).collect();
        lengths.sort_unstable();
        found.entry(lengths).or_default().push(tensor);
    }
    found
}

/// The share of the values of a sample with each sign, exponent and first two bits behind it.
fn shares(tensor: &Tensor) -> Result<BTreeMap<u32, f64>, TensorError> {
    let elements = tensor.elements();
    let runs = if tensor.data().is_sequential() { 1 } else { RUNS.min(elements.div_ceil(RUN)) };
    let mut values = vec![0.0; RUN.min(elements) as usize];
    let last = elements - values.len() as u64;
    let mut counts: BTreeMap<u32, u64> = BTreeMap::new();
    for run in 0..runs {
        let steps = u128::from(runs.max(2) - 1);
        let first = (u128::from(last) * u128::from(run) / steps) as u64;
        read_values(tensor, first, &mut values)?;
        for value in &values {
            // Zero of either sign is one.
            let bits = if *value == 0.0 { 0 } else { (*value as f32).to_bits() >> 21 };
            *counts.entry(bits).or_default() += 1;
        }
    }
    let all = counts.values().sum::<u64>().max(1) as f64;
    Ok(counts.into_iter().map(|(bits, count)| (bits, count as f64 / all)).collect())
}

fn distance(one: &BTreeMap<u32, f64>, other: &BTreeMap<u32, f64>) -> f64 {
    let missing = other.iter().filter(|(bits, _)| !one.contains_key(bits)).map(|(_, share)| share);
    let common = one.iter().map(|(bits, share)| (share - other.get(bits).unwrap_or(&0.0)).abs());
    (missing.sum::<f64>() + common.sum::<f64>()) / 2.0
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tensor(name: &str, shape: &[usize], scale: f32) -> Tensor {
        let count: usize = shape.iter().product();
        let values: Vec<f32> = (0..count)
            .map(|index| ((index * 37 % count) as f32 / count as f32 - 0.5) * scale)
            .collect();
        Tensor::from_f32(name, shape, &values).unwrap()
    }

    #[test]
    fn the_closest_histograms_are_offered_whatever_the_order() {
        let a = [tensor("p", &[16, 20], 1.0), tensor("q", &[16, 20], 9.0), tensor("r", &[4], 1.0)];
        let mut turned = a[0].to_f32().unwrap();
        turned.reverse();
        let b = [
            tensor("x", &[20, 16], 9.0),
            Tensor::from_f32("y", &[20, 16], &turned).unwrap(),
            tensor("z", &[16, 20], 1000.0),
            tensor("w", &[4], 1.0),
        ];
        let found = offers(&a, &b).unwrap();
        let names: Vec<(&str, &str)> =
            found.iter().map(|one| (one.a.as_str(), one.b.as_str())).collect();
        assert!(names.contains(&("p", "y")) && names.contains(&("q", "x")), "{found:?}");
        assert_eq!(found.len(), 2);
        assert_eq!(found[0].distance, 0.0);
        assert!(offers(&a, &[]).unwrap().is_empty());
    }
}
