//! Computes how many values of two tensors must differ, whatever their order.

use std::cmp::Ordering;

use super::Summary;
use super::distribution::{Distribution, edge, rank};

impl Summary {
    /// A lower bound on the number of values that differ from those in `other`, which has the same
    /// number of values: those that one tensor has more often than the other, so that no order
    /// makes them equal. `None` if the tensors have different numbers of values.
    ///
    /// 0 means that each value occurs equally often in both if both are [exact](Summary::is_exact),
    /// and else that each bin (0.8 % of the value) does. In either case they may be at other
    /// positions.
    pub fn changed_at_least(&self, other: &Summary) -> Option<u64> {
        if self.elements != other.elements {
            return None;
        }
        let odd = |one: &Summary| [one.nan, one.pos_inf, one.neg_inf];
        let odd = odd(self).into_iter().zip(odd(other)).map(|(a, b)| a.min(b)).sum::<u64>();
        let finite = shared(&self.distribution, &other.distribution);
        let by_counts = self.elements.saturating_sub(odd.saturating_add(finite));
        // These are of every value, where bins are not.
        let by_zeros = self.zeros.abs_diff(other.zeros);
        let ends = |one: &Summary| (one.min(), one.max());
        Some(by_counts.max(by_zeros).max(u64::from(ends(self) != ends(other))))
    }
}

/// How many values both have in common at most: of each value, or of each bin, the smaller count.
fn shared(a: &Distribution, b: &Distribution) -> u64 {
    match (a, b) {
        (Distribution::Values(a), Distribution::Values(b)) => common(a, b, f64::total_cmp),
        (a, b) => {
            let (a, b) = (coarse(a), coarse(b));
            common(&a, &b, |a, b| rank(*a).cmp(&rank(*b)))
        }
    }
}

/// Bins in rising order; those of what `f32` has not as normal numbers count as zero, for dtypes do not
/// bin them alike.
fn coarse(distribution: &Distribution) -> Vec<(u32, u64)> {
    let mut bins: Vec<(u32, u64)> = Vec::new();
    for &(key, count) in distribution.bins().iter() {
        let key = if edge(key).abs() < f64::from(f32::MIN_POSITIVE) { 0 } else { key };
        match bins.last_mut() {
            Some(last) if last.0 == key => last.1 = last.1.saturating_add(count),
            _ => bins.push((key, count)),
        }
    }
    bins
}

fn common<K>(a: &[(K, u64)], b: &[(K, u64)], order: impl Fn(&K, &K) -> Ordering) -> u64 {
    let (mut i, mut j, mut sum) = (0, 0, 0u64);
    while let (Some(one), Some(other)) = (a.get(i), b.get(j)) {
        let found = order(&one.0, &other.0);
        if found.is_eq() {
            sum = sum.saturating_add(one.1.min(other.1));
        }
        i += usize::from(found.is_le());
        j += usize::from(found.is_ge());
    }
    sum
}
