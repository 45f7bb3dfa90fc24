//! What formats say in the same words: names that occur twice, tensors that are skipped.

use std::collections::{BTreeMap, BTreeSet};

use hinton_tensor::Tensor;

use crate::{Error, ErrorKind, Warning};

/// Longest path of names in names, in bytes. A name that stands once in a file may stand before
/// the names of everything below it, so that a small file could otherwise take much memory.
const LONGEST_PATH: usize = 4096;

/// Refuses paths that are too long.
pub(crate) fn check_path(path: &str) -> Result<(), Error> {
    let len = path.len();
    if len <= LONGEST_PATH {
        return Ok(());
    }
    let start: String = path.chars().take(40).collect();
    let message =
        format!("the name {start:?}… has {len} bytes, the limit for a path is {LONGEST_PATH}");
    Err(Error::new(ErrorKind::Limit, message))
}

/// Most warnings for one reason; the rest is counted.
const MOST: usize = 20;

/// Gives tensors whose name an earlier one has a name of their own: `name`, `name#2`, `name#3` …
pub(crate) fn distinct(tensors: &mut [Tensor], warnings: &mut Vec<Warning>) {
    let mut taken: BTreeSet<String> = BTreeSet::new();
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    let mut renamed = Skipped::default();
    for tensor in tensors {
        if taken.insert(tensor.name().to_owned()) {
            continue;
        }
        let name = tensor.name().to_owned();
        let count = counts.entry(name.clone()).or_insert(1);
        let other = loop {
            *count += 1;
            let other = format!("{name}#{count}");
            if taken.insert(other.clone()) {
                break other;
            }
        };
        *tensor = tensor.clone().named(&*other);
        renamed.add(other, "the file has this name more than once; # tells them apart");
    }
    warnings.extend(renamed.warnings());
}

/// Tensors and why each is skipped, in order.
#[derive(Debug, Default)]
pub(crate) struct Skipped(Vec<(String, String)>);

impl Skipped {
    /// Notes one; `why` is a whole remark, e.g. `skipped: it holds text`.
    pub(crate) fn add(&mut self, name: impl Into<String>, why: impl Into<String>) {
        self.0.push((name.into(), why.into()));
    }

    /// A warning for each, but no more than 20 for one reason; the others are counted.
    pub(crate) fn warnings(self) -> Vec<Warning> {
        let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
        let mut warnings = Vec::new();
        for (name, why) in &self.0 {
            let count = counts.entry(why).or_default();
            *count += 1;
            if *count <= MOST {
                warnings.push(Warning::about(name, why));
            }
        }
        for (why, count) in counts {
            if count > MOST {
                warnings.push(Warning::file(format!("{} more tensors: {why}", count - MOST)));
            }
        }
        warnings
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_become_distinct() {
        let tensor = |name: &str| Tensor::from_f32(name, &[1], &[0.0]).unwrap();
        let mut tensors = ["a", "a", "a#2", "a", "b"].map(tensor);
        let mut warnings = Vec::new();
        distinct(&mut tensors, &mut warnings);
        let names: Vec<&str> = tensors.iter().map(Tensor::name).collect();
        assert_eq!(names, ["a", "a#2", "a#2#2", "a#3", "b"]);
        assert_eq!(warnings.len(), 3);
    }

    #[test]
    fn many_for_one_reason_are_counted() {
        let mut skipped = Skipped::default();
        for index in 0..25 {
            skipped.add(format!("t{index}"), "skipped: it holds text");
        }
        let warnings = skipped.warnings();
        assert_eq!(warnings.len(), MOST + 1);
        assert_eq!(warnings[MOST].to_string(), "5 more tensors: skipped: it holds text");
    }
}
