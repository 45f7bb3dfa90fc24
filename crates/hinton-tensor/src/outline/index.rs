//! Finds the numbers in tensor names that are indices of repeated layers or modules.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use super::Named;

/// Most numbers of a name that are looked at.
const MOST_NUMBERS: usize = 12;
/// A name longer than this has no indices.
const MOST_BYTES: usize = 1_000;
/// Each name behind the number must be there for this many of its values on average ...
const LEAST_SHARED: f64 = 1.5;
/// ... and for such a share of them.
const LEAST_FILL: f64 = 0.25;

/// The indices of a name: where its digits are, and what stands before and behind each.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Indices(pub(super) Vec<Range<usize>>);

impl Indices {
    /// The name with its first `depth` indices replaced by `{}`, up to the last of them.
    pub(super) fn head(&self, name: &str, depth: usize) -> String {
        let mut head = String::new();
        let mut from = 0;
        for range in &self.0[..depth] {
            head.push_str(&name[from..range.start]);
            head.push_str("{}");
            from = range.end;
        }
        head
    }

    /// What stands behind the first `depth` indices, those after them replaced by `{}`.
    pub(super) fn tail(&self, name: &str, depth: usize) -> String {
        let mut from = self.0[depth - 1].end;
        let mut tail = String::new();
        for range in &self.0[depth..] {
            tail.push_str(&name[from..range.start]);
            tail.push_str("{}");
            from = range.end;
        }
        tail.push_str(&name[from..]);
        tail
    }

    /// The values of the indices.
    pub(super) fn numbers(&self, name: &str, indices: Range<usize>) -> Vec<u64> {
        self.0[indices].iter().map(|range| value(&name[range.clone()])).collect()
    }
}

fn value(digits: &str) -> u64 {
    digits.parse().unwrap_or(u64::MAX)
}

/// A tensor whose name is still being read.
struct Reading {
    tensor: usize,
    /// The name up to `cursor`, indices replaced by `{}`.
    head: String,
    cursor: usize,
    indices: Indices,
}

/// The indices in the name of each tensor. A number is one where the names behind it repeat for its
/// values, and are those of several modules: `layers.0`, `experts.7`, but not `conv1.weight`,
/// `ln_2.bias` or `mlp.0.weight`.
pub(super) fn find(tensors: &[Named<'_>], order: &[usize]) -> Vec<Indices> {
    let mut found = vec![Indices::default(); tensors.len()];
    let mut active: Vec<Reading> = order
        .iter()
        .filter(|&&tensor| tensors[tensor].name.len() <= MOST_BYTES)
        .map(|&tensor| Reading {
            tensor,
            head: String::new(),
            cursor: 0,
            indices: Indices::default(),
        })
        .collect();
    for _ in 0..MOST_NUMBERS {
        let mut groups: BTreeMap<String, Vec<(Reading, Range<usize>)>> = BTreeMap::new();
        for reading in active {
            let name = tensors[reading.tensor].name;
            match next_number(name, reading.cursor, reading.indices.0.is_empty()) {
                Some(range) => {
                    let key = format!("{}{}{{}}", reading.head, &name[reading.cursor..range.start]);
                    groups.entry(key).or_default().push((reading, range));
                }
                None => found[reading.tensor] = reading.indices,
            }
        }
        active = Vec::new();
        for (key, group) in groups {
            let repeats = repeats(tensors, &group);
            for (mut reading, range) in group {
                let name = tensors[reading.tensor].name;
                if repeats {
                    reading.head.clone_from(&key);
                    reading.indices.0.push(range.clone());
                } else {
                    reading.head.push_str(&name[reading.cursor..range.end]);
                }
                reading.cursor = range.end;
                active.push(reading);
            }
        }
        if active.is_empty() {
            break;
        }
    }
    active.into_iter().for_each(|reading| found[reading.tensor] = reading.indices);
    found
}

/// The next run of digits from `cursor` on that may be an index: one between separators, or, as the
/// first of a name, one at the end of a word (`layer1.`).
fn next_number(name: &str, cursor: usize, is_first: bool) -> Option<Range<usize>> {
    let bytes = name.as_bytes();
    let is_separator = |byte: &u8| b"./_-[]:() ".contains(byte);
    let mut start = cursor;
    while start < bytes.len() {
        if !bytes[start].is_ascii_digit() {
            start += 1;
            continue;
        }
        let end = start + bytes[start..].iter().take_while(|byte| byte.is_ascii_digit()).count();
        let before = start.checked_sub(1).map(|index| bytes[index]);
        let bounded = before.is_none_or(|byte| is_separator(&byte));
        let attached = is_first && before.is_some_and(|byte| byte.is_ascii_alphabetic());
        if (bounded || attached) && bytes.get(end).is_some_and(is_separator) {
            return Some(start..end);
        }
        start = end;
    }
    None
}

/// Whether the names behind a number repeat for its values.
fn repeats(tensors: &[Named<'_>], group: &[(Reading, Range<usize>)]) -> bool {
    let mut values = BTreeSet::new();
    let mut seen = BTreeSet::new();
    let mut tails = BTreeSet::new();
    for (reading, range) in group {
        let name = tensors[reading.tensor].name;
        let tail = &name[range.end..];
        values.insert(value(&name[range.clone()]));
        seen.insert((value(&name[range.clone()]), tail));
        tails.insert(tail);
    }
    let (units, kinds, pairs) = (values.len(), tails.len(), seen.len() as f64);
    let is_deep = |tail: &&str| tail[1..].contains(['.', '/']);
    units > 1
        && pairs >= LEAST_SHARED * kinds as f64
        && pairs >= LEAST_FILL * (units * kinds) as f64
        && modules(&tails) > 1
        && tails.iter().any(is_deep)
}

/// How many different modules the names behind a number belong to.
fn modules(tails: &BTreeSet<&str>) -> usize {
    let module = |tail: &&str| tail.rfind(['.', '/']).map_or(0, |end| end);
    tails.iter().map(|tail| &tail[..module(tail)]).collect::<BTreeSet<&str>>().len()
}
