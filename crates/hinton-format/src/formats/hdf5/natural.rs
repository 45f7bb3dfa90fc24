//! Names in the order people expect: `dense_2` before `dense_10`.

use std::cmp::Ordering;

/// Compares names; runs of digits by their size. Names that differ never compare as equal.
pub(super) fn compare(a: &str, b: &str) -> Ordering {
    let (mut left, mut right) = (a, b);
    while !left.is_empty() && !right.is_empty() {
        let (mine, yours) = (take(&mut left), take(&mut right));
        let order = match (number(mine), number(yours)) {
            (Some(mine), Some(yours)) => (mine.len(), mine).cmp(&(yours.len(), yours)),
            _ => mine.cmp(yours),
        };
        if order != Ordering::Equal {
            return order;
        }
    }
    left.len().cmp(&right.len()).then_with(|| a.cmp(b))
}

/// Takes a run of digits, or of what are none.
fn take<'a>(text: &mut &'a str) -> &'a str {
    let digits = text.starts_with(|letter: char| letter.is_ascii_digit());
    let end = text.find(|letter: char| letter.is_ascii_digit() != digits).unwrap_or(text.len());
    let (run, rest) = text.split_at(end);
    *text = rest;
    run
}

/// Digits without the zeros before them: longer is larger.
fn number(run: &str) -> Option<&str> {
    run.starts_with(|letter: char| letter.is_ascii_digit()).then(|| run.trim_start_matches('0'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_in_names_count() {
        let mut names = ["dense_10", "dense_2", "dense", "b", "dense_02", "dense_2/a", "9", "10"];
        names.sort_by(|a, b| compare(a, b));
        assert_eq!(
            names,
            ["9", "10", "b", "dense", "dense_02", "dense_2", "dense_2/a", "dense_10"]
        );
    }
}
