//! Shared by the charts over steps: texts, and marks for values that cannot be placed.

use hinton_scene::{Color, Item, Path, Point, Rect, Shape};

use crate::axes::{Plot, whole_text};
use crate::distinct::together;
use crate::frame::Page;
use crate::{Panel, Theme, short_count};

/// Thickness of marks at the edges of a plot, and how far they reach past their place, points.
pub(super) const EDGE: f64 = 4.0;
const WIDER: f64 = 1.6;

/// What runs right, as all panels call it.
pub(super) fn shared_name(panels: &[Panel]) -> &str {
    let first = panels.first().map_or("", |panel| panel.orientation.as_str());
    let is_same = panels.iter().all(|panel| panel.orientation == first);
    if is_same && !first.is_empty() { first } else { "position" }
}

/// The names of what is shown, few enough to read.
pub(super) fn title(panels: &[Panel], noun: &str) -> String {
    let mut names: Vec<String> = Vec::new();
    for panel in panels {
        if !names.contains(&panel.name) {
            names.push(panel.name.clone());
        }
    }
    match names.len() {
        0..=3 => together(&names),
        count => format!("{count} {noun}: {}", together(&names)),
    }
}

/// Size of a plot with its axes and names.
pub(super) fn plot_size(page: &Page<'_>, natural: (f64, f64), flat: f64) -> (f64, f64) {
    let (room_w, room_h) = page.room();
    match (page.width(), page.height()) {
        (None, _) => natural,
        (Some(_), None) => (room_w, (room_w * flat).max(110.0)),
        (Some(_), Some(_)) => (room_w, room_h),
    }
}

/// Stretches of places at which values are not finite, or have no place on the axis.
#[derive(Debug, Default)]
pub(super) struct Odd {
    nan: Vec<(f64, f64)>,
    pos_inf: Vec<(f64, f64)>,
    neg_inf: Vec<(f64, f64)>,
    below: Vec<(f64, f64)>,
    /// How many NaN, +∞ and −∞.
    counts: [u64; 3],
    first: [Option<f64>; 3],
}

impl Odd {
    /// Adds what is odd in a line of (place, value); `below` says which finite values have no place.
    pub(super) fn line(&mut self, points: &[(f64, f64)], below: impl Fn(f64) -> bool) {
        let stretches = |is: &dyn Fn(f64) -> bool| {
            let mut found: Vec<(f64, f64)> = Vec::new();
            let mut is_open = false;
            for &(place, value) in points {
                match (is(value), is_open) {
                    (true, true) => found.last_mut().into_iter().for_each(|last| last.1 = place),
                    (true, false) => found.push((place, place)),
                    (false, _) => {}
                }
                is_open = is(value);
            }
            found
        };
        self.nan.extend(stretches(&f64::is_nan));
        self.pos_inf.extend(stretches(&|value| value == f64::INFINITY));
        self.neg_inf.extend(stretches(&|value| value == f64::NEG_INFINITY));
        self.below.extend(stretches(&below));
        let kinds: [&dyn Fn(f64) -> bool; 3] =
            [&f64::is_nan, &|v| v == f64::INFINITY, &|v| v == f64::NEG_INFINITY];
        for (at, is) in kinds.iter().enumerate() {
            self.counts[at] += points.iter().filter(|point| is(point.1)).count() as u64;
            let first = points.iter().find(|point| is(point.1)).map(|point| point.0);
            self.first[at] = match (self.first[at], first) {
                (Some(one), Some(other)) => Some(one.min(other)),
                (one, other) => one.or(other),
            };
        }
    }

    /// How many there are, and from where on.
    pub(super) fn words(&self) -> Vec<String> {
        let kinds = ["NaN", "+∞", "−∞"].into_iter().zip(self.counts).zip(self.first);
        let words = kinds.filter_map(|((what, count), first)| {
            let first = whole_text(first?);
            Some(match count {
                1 => format!("1 value is {what}, at {first}"),
                count => format!("{} values are {what}, the first at {first}", short_count(count)),
            })
        });
        words.collect()
    }

    /// Bands over the plot and thick marks at its edges: NaN and −∞ below, +∞ above.
    pub(super) fn items(&self, plot: &Plot, theme: &Theme) -> Vec<Item> {
        let (top, bottom) = (plot.rect.y, plot.rect.bottom());
        let mut items = Vec::new();
        items.extend(band(&self.nan, plot, theme.nan.alpha(36)));
        for (stretches, y, color) in [
            (&self.below, bottom - EDGE, theme.soft),
            (&self.neg_inf, bottom - EDGE, theme.neg_inf),
            (&self.pos_inf, top, theme.pos_inf),
            (&self.nan, bottom - EDGE, theme.nan),
        ] {
            items.extend(edge(stretches, plot, y, color));
        }
        items
    }
}

/// Bands over the whole height of the plot.
pub(super) fn band(stretches: &[(f64, f64)], plot: &Plot, color: Color) -> Option<Item> {
    filled(stretches, plot, (plot.rect.y, plot.rect.h), color)
}

/// Marks of some thickness at an edge of the plot.
pub(super) fn edge(stretches: &[(f64, f64)], plot: &Plot, y: f64, color: Color) -> Option<Item> {
    filled(stretches, plot, (y, EDGE), color)
}

fn filled(
    stretches: &[(f64, f64)],
    plot: &Plot,
    (y, height): (f64, f64),
    color: Color,
) -> Option<Item> {
    let mut path = Path::new();
    let mut done = f64::MIN;
    let mut places: Vec<(f64, f64)> =
        stretches.iter().map(|&(from, to)| (plot.at_x(from), plot.at_x(to))).collect();
    places.sort_by(|a, b| a.0.total_cmp(&b.0));
    for (from, to) in places {
        // Wide enough to be seen; what is covered already is not covered twice.
        let (from, to) = ((from - WIDER).max(done), to + WIDER);
        if to > from {
            path.extend(Path::rect(Rect::new(from, y, to - from, height)));
            done = to;
        }
    }
    (!path.segments.is_empty()).then(|| Shape::filled(path, color))
}

/// Slanted lines inside a rectangle: nothing is known there.
pub(super) fn hatched(rect: Rect, color: Color, width: f64) -> Item {
    const APART: f64 = 4.0;
    let mut path = Path::new();
    let mut shift = APART / 2.0 - rect.h;
    while shift < rect.w {
        // The line from (shift, bottom) up to the right at 45 degrees, cut at the sides.
        let (from, to) = (shift.max(0.0), (shift + rect.h).min(rect.w));
        if to > from {
            let y = |x: f64| rect.bottom() - (x - shift);
            let point = |x: f64| Point::new(rect.x + x, y(x));
            path.extend(Path::line(point(from), point(to)));
        }
        shift += APART;
    }
    Shape::stroked(path, color, width)
}
