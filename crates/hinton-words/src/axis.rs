//! What the positions of an axis are called: their numbers, and the names of its sections, such as
//! the rows of attention heads, of experts, of query, key and value.

use std::sync::Arc;

/// A shape as text: `784 × 10`; `one value` if there are no axes.
pub fn shape_text(shape: &[usize]) -> String {
    match shape {
        [] => "one value".to_owned(),
        shape => shape.iter().map(usize::to_string).collect::<Vec<_>>().join(" × "),
    }
}

/// The numbers shown for the indices of an axis. A slice uses those of the whole tensor, so that
/// row 0 of `[1:5]` is shown as 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Numbering {
    /// The number of the first index.
    pub first: i64,
    /// The difference between consecutive numbers; negative if the axis was reversed.
    pub step: i64,
}

impl Default for Numbering {
    /// 0, 1, 2 …
    fn default() -> Self {
        Numbering { first: 0, step: 1 }
    }
}

impl Numbering {
    /// The number of an index.
    pub fn number(self, at: usize) -> i64 {
        let at = i64::try_from(at).unwrap_or(i64::MAX);
        self.first.saturating_add(self.step.saturating_mul(at))
    }
}

/// The names of the sections of an axis, and where each begins.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sections {
    /// First position of each part and what it is called; in order, the first at position 0.
    starts: Vec<(usize, String)>,
    /// What the parts are, for people: `12 heads of 32 rows`.
    about: String,
}

impl Sections {
    /// Consecutive sections with these lengths and names. `None` if there are fewer than two, one
    /// is empty, or their total length overflows.
    pub fn new(parts: &[(usize, String)], about: impl Into<String>) -> Option<Arc<Sections>> {
        let mut starts = Vec::with_capacity(parts.len());
        let mut start = 0usize;
        for (length, name) in parts {
            starts.push((start, name.clone()));
            start = start.checked_add(*length).filter(|_| *length > 0)?;
        }
        (starts.len() > 1).then(|| Arc::new(Sections { starts, about: about.into() }))
    }

    /// The sections of a slice: `place` maps each of its `count` indices to an index of the whole
    /// axis.
    pub fn sliced(&self, count: usize, place: impl Fn(usize) -> i64) -> Option<Arc<Sections>> {
        let part = |index: usize| {
            let place = usize::try_from(place(index)).unwrap_or(0);
            self.starts.partition_point(|(start, _)| *start <= place).saturating_sub(1)
        };
        let mut starts: Vec<(usize, String)> = Vec::new();
        let mut last = None;
        for index in 0..count {
            let part = part(index);
            if last != Some(part) {
                starts.push((index, self.starts[part].1.clone()));
                last = Some(part);
            }
        }
        let about = self.about.clone();
        (starts.len() > 1).then(|| Arc::new(Sections { starts, about }))
    }

    /// The first position of each part and its name.
    pub fn starts(&self) -> &[(usize, String)] {
        &self.starts
    }

    /// What the sections are, for the user.
    pub fn about(&self) -> &str {
        &self.about
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn heads(count: usize, rows: usize) -> Arc<Sections> {
        let parts: Vec<_> = (0..count).map(|head| (rows, format!("head {head}"))).collect();
        Sections::new(&parts, "heads").unwrap()
    }

    #[test]
    fn slices_keep_the_names_of_what_they_take() {
        let sections = heads(4, 8);
        let middle = sections.sliced(16, |index| index as i64 + 12).unwrap();
        assert_eq!(middle.starts, [(0, "head 1"), (4, "head 2"), (12, "head 3")].map(owned));
        let reversed = sections.sliced(32, |index| 31 - index as i64).unwrap();
        assert_eq!(reversed.starts[0], (0, "head 3".to_owned()));
        assert!(sections.sliced(8, |index| index as i64).is_none(), "of one head");
        assert!(sections.sliced(0, |_| 0).is_none());
    }

    fn owned((start, name): (usize, &str)) -> (usize, String) {
        (start, name.to_owned())
    }

    #[test]
    fn what_is_no_partition_has_no_sections() {
        assert!(Sections::new(&[], "").is_none());
        assert!(Sections::new(&[(3, "a".into())], "").is_none());
        assert!(Sections::new(&[(3, "a".into()), (0, "b".into())], "").is_none());
        assert!(Sections::new(&[(usize::MAX, "a".into()), (1, "b".into())], "").is_none());
    }
}
