//! Draws named sections of a matrix: the rows of attention heads, of experts, of query, key and value.

use std::sync::Arc;

use hinton_scene::{Item, Path, Point, Shape, TextStyle, measure};

use crate::frame::Area;
use crate::labels::nice_step;
use crate::{Extent, Options, Sections, Theme};

/// Boundaries closer than this, points, would be a pattern of their own: ticks outside the cells mark them.
const LEAST_PITCH: f64 = 5.0;
/// Even ticks are left out where they lie closer than this.
const LEAST_TICKS: f64 = 1.5;
/// How far a boundary reaches out of the cells, towards the labels.
const OUT: f64 = 4.0;

/// Width of the longest name.
pub(crate) fn widest(sections: &Sections, style: TextStyle) -> f64 {
    sections.starts().iter().map(|(_, name)| measure(name, style)).fold(0.0, f64::max)
}

/// The positions at which a part begins, but for the first.
fn boundaries(sections: &Sections) -> impl Iterator<Item = usize> + '_ {
    sections.starts().iter().skip(1).map(|(start, _)| *start)
}

/// Names and where their middles lie as shares of an axis of this many positions: every name, or every
/// n-th so that `room` points lie between two on a side of `length` points. None where one alone fits.
pub(crate) fn labels(
    sections: &Sections,
    count: usize,
    length: f64,
    room: f64,
) -> Vec<(f64, String)> {
    let starts = sections.starts();
    let ends = boundaries(sections).chain([count]);
    let middles: Vec<f64> = starts
        .iter()
        .zip(ends)
        .map(|((start, _), end)| (start + end) as f64 / 2.0 / count.max(1) as f64)
        .collect();
    let is_apart = |step: usize| {
        let chosen: Vec<f64> = middles.iter().copied().step_by(step).collect();
        chosen.windows(2).all(|pair| (pair[1] - pair[0]) * length >= room)
    };
    let step = nice_step(starts.len(), is_apart);
    if step >= starts.len() {
        return Vec::new();
    }
    let names = starts.iter().map(|(_, name)| name.clone());
    middles.iter().copied().zip(names).step_by(step).collect()
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
        let verb = if sections.starts().len() == count { "are" } else { "fall into" };
        Some(format!("{axis} {verb} {}", sections.about()))
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
        sections.clone().filter(|sections| sections.starts().len() < count)
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
    let places: Vec<f64> = boundaries(sections).map(|start| start as f64 * pitch).collect();
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
        assert_eq!(labels(&sections, 384, 400.0, 10.0).len(), 12);
        assert_eq!(names(labels(&sections, 384, 62.0, 10.0))[..2], ["head 0", "head 2"]);
        assert_eq!(names(labels(&sections, 384, 62.0, 10.0)).len(), 6);
        assert!(labels(&sections, 384, 9.0, 10.0).is_empty(), "one name alone tells nothing");
        let (middle, _) = labels(&sections, 384, 400.0, 10.0)[1].clone();
        assert!((middle - 48.0 / 384.0).abs() < 1e-12);
    }

    #[test]
    fn uneven_parts_keep_their_distance() {
        let parts = [(2048, "q".to_owned()), (64, "k".to_owned()), (64, "v".to_owned())];
        let sections = Sections::new(&parts, "").unwrap();
        assert_eq!(names(labels(&sections, 2176, 400.0, 10.0)), ["q", "k", "v"]);
        assert_eq!(names(labels(&sections, 2176, 200.0, 10.0)), ["q", "v"]);
    }
}
