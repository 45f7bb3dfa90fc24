//! Sets of integers as ranges, in ascending order and never adjacent.

use std::ops::Range;

/// The numbers in any of some ranges.
pub(super) fn joined(ranges: impl IntoIterator<Item = Range<u64>>) -> Vec<Range<u64>> {
    let mut all: Vec<Range<u64>> = ranges.into_iter().filter(|range| !range.is_empty()).collect();
    all.sort_unstable_by_key(|range| range.start);
    let mut joined: Vec<Range<u64>> = Vec::new();
    for range in all {
        match joined.last_mut() {
            Some(last) if range.start <= last.end => last.end = last.end.max(range.end),
            _ => joined.push(range),
        }
    }
    joined
}

/// The numbers of one set that are not in another.
pub(super) fn without(set: &[Range<u64>], other: &[Range<u64>]) -> Vec<Range<u64>> {
    let mut left = Vec::new();
    let mut next = 0;
    for range in set {
        let mut start = range.start;
        // Both rise: what ends before this range is behind for good.
        while other.get(next).is_some_and(|one| one.end <= start) {
            next += 1;
        }
        let mut at = next;
        while let Some(cut) = other.get(at).filter(|one| one.start < range.end) {
            if start < cut.start {
                left.push(start..cut.start);
            }
            start = start.max(cut.end);
            at += 1;
        }
        if start < range.end {
            left.push(start..range.end);
        }
    }
    left
}

#[cfg(test)]
mod tests {
    use super::*;

    fn numbers(set: &[Range<u64>]) -> Vec<u64> {
        set.iter().cloned().flatten().collect()
    }

    #[test]
    fn sets_of_all_kinds_are_those_of_their_numbers() {
        // Every pair of sets of the numbers 0 to 6.
        let set = |bits: u32| {
            let numbers = (0..7u64).filter(|number| bits >> number & 1 == 1);
            joined(numbers.map(|number| number..number + 1))
        };
        for a in 0..128 {
            assert!(set(a).windows(2).all(|pair| pair[0].end < pair[1].start));
            for b in 0..128 {
                let expected: Vec<u64> =
                    (0..7).filter(|number| (a & !b) >> number & 1 == 1).collect();
                assert_eq!(numbers(&without(&set(a), &set(b))), expected);
            }
        }
        assert_eq!(numbers(&joined([3..5, 0..2, 2..2, 1..3])), [0, 1, 2, 3, 4]);
    }
}
