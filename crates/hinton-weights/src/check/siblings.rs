//! Compares a tensor with its siblings: the same name except for its numbers, and the same shape.

use std::collections::BTreeMap;

use hinton_words::short;

use super::values::Size;
use super::{Finding, kinds};

/// From this factor between a tensor and the median of its siblings on it is reported.
const FAR: f64 = 100.0;
/// Fewer than this have no median that means anything.
const FEWEST: usize = 3;

/// Tensors that are far larger or smaller than their siblings.
pub(super) fn findings(sizes: &[Size]) -> Vec<Finding> {
    let mut groups: BTreeMap<(String, &[usize]), Vec<&Size>> = BTreeMap::new();
    for size in sizes {
        groups.entry((pattern(&size.label), &size.shape)).or_default().push(size);
    }
    let mut found = Vec::new();
    for ((pattern, _), group) in groups.iter().filter(|(_, group)| group.len() >= FEWEST) {
        let mut all: Vec<f64> = group.iter().map(|size| size.rms).collect();
        all.sort_by(f64::total_cmp);
        let median = all[all.len() / 2];
        let is_far = |size: &&&Size| size.rms > FAR * median || size.rms < median / FAR;
        for size in group.iter().filter(is_far) {
            let (rms, usual) = (short(size.rms), short(median));
            let message = format!(
                "its root mean square is {rms}, the median of the {} called {pattern} is {usual}",
                group.len()
            );
            found.push(Finding::of(kinds::SIBLINGS, &size.label, message));
        }
    }
    found
}

/// A name with `*` for each number in it.
fn pattern(name: &str) -> String {
    let mut pattern = String::with_capacity(name.len());
    let mut in_number = false;
    for c in name.chars() {
        if !c.is_ascii_digit() {
            pattern.push(c);
        } else if !in_number {
            pattern.push('*');
        }
        in_number = c.is_ascii_digit();
    }
    pattern
}

#[cfg(test)]
mod tests {
    use super::*;

    fn size(label: &str, shape: &[usize], rms: f64) -> Size {
        Size { label: label.to_owned(), shape: shape.to_vec(), rms }
    }

    #[test]
    fn layers_far_from_their_like_are_found() {
        let mut sizes: Vec<Size> =
            (0..12).map(|at| size(&format!("h.{at}.w"), &[4, 4], 0.02)).collect();
        sizes[7].rms = 2.5;
        sizes[9].rms = 1e-6;
        // Another shape is no sibling, and two are none either.
        sizes.push(size("h.12.w", &[8, 4], 90.0));
        sizes.push(size("a.1.w", &[4], 1.0));
        sizes.push(size("a.2.w", &[4], 1e-9));
        let found = findings(&sizes);
        let names: Vec<&str> = found.iter().map(|one| one.tensor.as_str()).collect();
        assert_eq!(names, ["h.7.w", "h.9.w"]);
        assert!(found[0].message.contains("the 12 called h.*.w is 0.02"), "{}", found[0].message);
    }
}
