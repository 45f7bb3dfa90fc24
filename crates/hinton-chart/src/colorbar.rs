//! Legends: the colour bar, and what is odd in the data.

use hinton_scene::{Align, Baseline, Cells, Color, Item, Path, Point, Rect, Shape};
use hinton_tensor::Summary;

use crate::frame::text;
use crate::math::{decade, pow10};
use crate::ticks::{even_ticks, tick_texts};
use crate::{ColorScale, ScaleKind, Theme, short_count};

/// Width of the bar.
const BAR: f64 = 10.0;
/// Tallest bar.
const TALLEST: f64 = 170.0;
/// Height of one line of the legend.
const LINE: f64 = 12.0;

/// The colour bar with numbers, and under it the counts of NaN, infinities and values past the
/// range.
pub(crate) fn colorbar(
    scale: &ColorScale,
    theme: &Theme,
    place: Rect,
    summary: &Summary,
) -> Vec<Item> {
    let oddities = oddities(scale, theme, summary);
    let room = place.h - oddities.len() as f64 * LINE - 10.0;
    let bar = Rect::new(place.x, place.y + 3.0, BAR, room.clamp(40.0, TALLEST));
    let mut items = vec![bar_cells(scale, bar)];
    items.push(Shape::stroked(Path::rect(bar), theme.line, 0.5));

    let style = theme.label();
    let mut ticks = Path::new();
    for (value, label) in tick_labels(scale, bar.h) {
        let y = bar.bottom() - scale.share(value) * bar.h;
        ticks.extend(Path::line(Point::new(bar.right(), y), Point::new(bar.right() + 3.0, y)));
        items.push(text(&label, bar.right() + 6.0, y, style, Align::Start, Baseline::Middle));
    }
    items.push(Shape::stroked(ticks, theme.line, 0.5));
    items.extend(swatches(&oddities, theme, place.x, bar.bottom() + 12.0));
    items
}

/// A line of the legend: a colour and what it stands for.
pub(crate) struct Swatch {
    pub(crate) color: Color,
    pub(crate) label: String,
}

/// Small squares with a word each, one below the other.
pub(crate) fn swatches(list: &[Swatch], theme: &Theme, x: f64, top: f64) -> Vec<Item> {
    let mut items = Vec::new();
    for (at, swatch) in list.iter().enumerate() {
        let y = top + at as f64 * LINE;
        let square = Rect::new(x + 1.0, y, 7.0, 7.0);
        items.push(Shape::filled(Path::rect(square), swatch.color));
        items.push(Shape::stroked(Path::rect(square), theme.line, 0.4));
        let middle = y + 3.5;
        items.push(text(
            &swatch.label,
            x + BAR + 6.0,
            middle,
            theme.label(),
            Align::Start,
            Baseline::Middle,
        ));
    }
    items
}

/// Height that [`colorbar`] needs; where the scale may be another in pictures beside this one, for
/// all of them.
pub(crate) fn colorbar_height(
    scale: &ColorScale,
    theme: &Theme,
    summary: &Summary,
    varies: bool,
) -> f64 {
    let swatches = match varies {
        true => nonfinite(theme, summary).len() + 2,
        false => oddities(scale, theme, summary).len(),
    };
    legend_height(66.0, swatches)
}

/// Height of a legend of `base` points with so many swatches under it.
pub(crate) fn legend_height(base: f64, swatches: usize) -> f64 {
    base + if swatches > 0 { 8.0 + swatches as f64 * LINE } else { 0.0 }
}

/// What is in the data that the colour bar does not show.
fn oddities(scale: &ColorScale, theme: &Theme, summary: &Summary) -> Vec<Swatch> {
    let mut list = nonfinite(theme, summary);
    // Values on the edge have the edge's own colour; those past it are counted.
    let past = |low: f64, high: f64| {
        let count = summary.histogram(low, high, 1).first().copied().unwrap_or(0);
        about(summary, count)
    };
    let (min, max) = (summary.min().unwrap_or(0.0), summary.max().unwrap_or(0.0));
    if max > scale.high() {
        let count = past(scale.high().next_up(), max);
        let color = scale.color(scale.high());
        list.push(Swatch { color, label: format!("above {count}") });
    }
    if min < scale.low() {
        let count = past(min, scale.low().next_down());
        let color = scale.color(scale.low());
        list.push(Swatch { color, label: format!("below {count}") });
    }
    list
}

/// A count from the distribution of values: with ≈ where that is close and not exact.
pub(crate) fn about(summary: &Summary, count: u64) -> String {
    format!("{}{}", if summary.is_exact() { "" } else { "≈" }, short_count(count))
}

/// One line each for NaN, +∞ and −∞, where there are any.
pub(crate) fn nonfinite(theme: &Theme, summary: &Summary) -> Vec<Swatch> {
    [
        (summary.nan, theme.nan, "NaN"),
        (summary.pos_inf, theme.pos_inf, "+∞"),
        (summary.neg_inf, theme.neg_inf, "−∞"),
    ]
    .into_iter()
    .filter(|(count, _, _)| *count > 0)
    .map(|(count, color, what)| Swatch { color, label: format!("{what} {}", short_count(count)) })
    .collect()
}

/// The bar itself: the map's own entries, so no colour is shown that the picture cannot have.
fn bar_cells(scale: &ColorScale, bar: Rect) -> Item {
    let map = scale.map();
    let first = map.index(scale.position(scale.low()));
    let last = map.index(scale.position(scale.high()));
    let entries: Vec<u16> = (first..=last.max(first)).rev().map(|at| at as u16).collect();
    Item::Cells(Cells {
        rect: bar,
        rows: entries.len(),
        cols: 1,
        palette: scale.palette(),
        cells: entries,
    })
}

/// Values worth a number along a bar of that height, and how they are written.
fn tick_labels(scale: &ColorScale, height: f64) -> Vec<(f64, String)> {
    let most = ((height / 20.0) as usize).clamp(2, 8);
    let values = match scale.kind() {
        ScaleKind::Linear => match even_ticks(scale.low(), scale.high(), most) {
            ticks if ticks.len() > 2 => ticks,
            // A short bar has room for its ends, which tell more than one round number.
            _ => spaced(scale, height, vec![scale.low(), scale.high(), 0.0]),
        },
        ScaleKind::Sqrt | ScaleKind::Symlog => bent_ticks(scale, height),
    };
    let labels = tick_texts(&values);
    values.into_iter().zip(labels).collect()
}

/// Zero, the ends, and powers of ten between them, as far as they stay apart.
fn bent_ticks(scale: &ColorScale, height: f64) -> Vec<f64> {
    let (low, high) = (scale.low(), scale.high());
    let mut wanted = vec![low, high];
    if low < 0.0 && high > 0.0 {
        wanted.push(0.0);
    }
    let top = decade(low.abs().max(high.abs()));
    for exponent in (top - 3..=top).rev() {
        let power = pow10(exponent);
        wanted.extend([power, -power].into_iter().filter(|value| (low..=high).contains(value)));
    }
    spaced(scale, height, wanted)
}

/// Those of the values inside the scale that stay apart on a bar of that height, the first ones
/// first.
fn spaced(scale: &ColorScale, height: f64, wanted: Vec<f64>) -> Vec<f64> {
    let mut kept: Vec<f64> = Vec::new();
    for value in wanted.into_iter().filter(|value| (scale.low()..=scale.high()).contains(value)) {
        let apart = |other: &f64| (scale.share(value) - scale.share(*other)).abs() * height >= 11.0;
        if kept.iter().all(apart) {
            kept.push(value);
        }
    }
    kept.sort_by(f64::total_cmp);
    kept
}
