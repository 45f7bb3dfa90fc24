//! Named sections of a matrix: the rows of attention heads, of experts, of query, key and value.

use std::sync::Arc;

use hinton_scene::{Item, Path, Point, Shape, TextStyle, measure};

use crate::frame::Area;
use crate::labels::nice_step;
use crate::{Extent, Options, Theme};

/// Boundaries closer than this, points, would be a pattern of their own: ticks outside the cells mark them.
const LEAST_PITCH: f64 = 5.0;
/// Even ticks are left out where they lie closer than this.
const LEAST_TICKS: f64 = 1.5;
/// How far a boundary reaches out of the cells, towards the labels.
const OUT: f64 = 4.0;

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

    /// What the sections are, for the user.
    pub fn about(&self) -> &str {
        &self.about
    }

    /// Width of the longest name.
    pub(crate) fn widest(&self, style: TextStyle) -> f64 {
        self.starts.iter().map(|(_, name)| measure(name, style)).fold(0.0, f64::max)
    }

    /// The positions at which a part begins, but for the first.
    fn boundaries(&self) -> impl Iterator<Item = usize> + '_ {
        self.starts.iter().skip(1).map(|(start, _)| *start)
    }

    /// Names and where their middles lie as shares of an axis of this many positions: every name, or every
    /// n-th so that `room` points lie between two on a side of `length` points. None where one alone fits.
    pub(crate) fn labels(&self, count: usize, length: f64, room: f64) -> Vec<(f64, String)> {
        let ends = self.boundaries().chain([count]);
        let middles: Vec<f64> = self
            .starts
            .iter()
            .zip(ends)
            .map(|((start, _), end)| (start + end) as f64 / 2.0 / count.max(1) as f64)
            .collect();
        let is_apart = |step: usize| {
            let chosen: Vec<f64> = middles.iter().copied().step_by(step).collect();
            chosen.windows(2).all(|pair| (pair[1] - pair[0]) * length >= room)
        };
        let step = nice_step(self.starts.len(), is_apart);
        if step >= self.starts.len() {
            return Vec::new();
        }
        let names = self.starts.iter().map(|(_, name)| name.clone());
        middles.iter().copied().zip(names).step_by(step).collect()
    }
}

/// Whether lines part a matrix: pictures that keep to the look of other programs have none.
pub(crate) fn are_drawn(options: &Options) -> bool {
    let look = &options.look;
    (look.area, look.data_margin, look.cell_gap) == (None, None, 0.0)
}

/// What the parts of a matrix are, and the lines between them: a clause of the subtitle for each axis.
pub(crate) fn words(extent: &Extent) -> Vec<String> {
    let clause = |sections: &Option<Arc<Sections>>, count: usize, axis: &str| {
        let sections = sections.as_ref()?;
        // One position each: no line parts them.
        let verb = if sections.starts.len() == count { "are" } else { "fall into" };
        Some(format!("{axis} {verb} {}", sections.about))
    };
    let rows = clause(&extent.row_sections, extent.rows, "rows");
    let cols = clause(&extent.col_sections, extent.cols, "columns");
    rows.into_iter().chain(cols).collect()
}

/// Lines between the parts of a matrix whose cells stand for `block` values each.
pub(crate) fn separators(
    area: &Area,
    extent: &Extent,
    block: (usize, usize),
    theme: &Theme,
) -> Vec<Item> {
    let rect = area.rect;
    let mut path = Path::new();
    let parts = |sections: &Option<Arc<Sections>>, count: usize| {
        sections.clone().filter(|sections| sections.starts.len() < count)
    };
    let (rows, cols) =
        (parts(&extent.row_sections, extent.rows), parts(&extent.col_sections, extent.cols));
    for y in places(&rows, block.0, area.rows, rect.h) {
        let right = if y.is_line { rect.right() } else { rect.x };
        let y = rect.y + y.place;
        path.extend(Path::line(Point::new(rect.x - OUT, y), Point::new(right, y)));
    }
    for x in places(&cols, block.1, area.cols, rect.w) {
        // Above the cells a name may be as wide as its part.
        let (top, bottom) =
            if x.is_line { (rect.y, rect.bottom()) } else { (rect.y - OUT, rect.y) };
        let x = rect.x + x.place;
        path.extend(Path::line(Point::new(x, top), Point::new(x, bottom)));
    }
    if path.segments.is_empty() {
        return Vec::new();
    }
    vec![Shape::stroked(path, theme.ink.alpha(130), 0.6)]
}

/// Where a boundary lies along a side, and whether it crosses the cells.
struct Boundary {
    place: f64,
    is_line: bool,
}

fn places(
    sections: &Option<Arc<Sections>>,
    block: usize,
    cells: usize,
    length: f64,
) -> Vec<Boundary> {
    let Some(sections) = sections else { return Vec::new() };
    let pitch = length / (cells * block.max(1)) as f64;
    let places: Vec<f64> = sections.boundaries().map(|start| start as f64 * pitch).collect();
    let apart = places.windows(2).map(|pair| pair[1] - pair[0]).fold(f64::INFINITY, f64::min);
    if apart < LEAST_TICKS {
        return Vec::new();
    }
    let is_line = apart >= LEAST_PITCH;
    places.into_iter().map(|place| Boundary { place, is_line }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn heads(count: usize, rows: usize) -> Arc<Sections> {
        let parts: Vec<_> = (0..count).map(|head| (rows, format!("head {head}"))).collect();
        Sections::new(&parts, "heads").unwrap()
    }

    fn names(labels: Vec<(f64, String)>) -> Vec<String> {
        labels.into_iter().map(|(_, name)| name).collect()
    }

    #[test]
    fn every_nth_is_named_where_names_would_touch() {
        let sections = heads(12, 32);
        assert_eq!(sections.labels(384, 400.0, 10.0).len(), 12);
        assert_eq!(names(sections.labels(384, 62.0, 10.0))[..2], ["head 0", "head 2"]);
        assert_eq!(names(sections.labels(384, 62.0, 10.0)).len(), 6);
        assert!(sections.labels(384, 9.0, 10.0).is_empty(), "one name alone tells nothing");
        let (middle, _) = sections.labels(384, 400.0, 10.0)[1].clone();
        assert!((middle - 48.0 / 384.0).abs() < 1e-12);
    }

    #[test]
    fn uneven_parts_keep_their_distance() {
        let parts = [(2048, "q".to_owned()), (64, "k".to_owned()), (64, "v".to_owned())];
        let sections = Sections::new(&parts, "").unwrap();
        assert_eq!(names(sections.labels(2176, 400.0, 10.0)), ["q", "k", "v"]);
        assert_eq!(names(sections.labels(2176, 200.0, 10.0)), ["q", "v"]);
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
