//! Legends: the colour bar, and the marks of non-finite values.

use hinton_scene::{Align, Baseline, Cells, Color, Item, Path, Point, Rect, Shape, fit, measure};
use hinton_tensor::{Grid, Summary};

use crate::cells::{cells_beyond, is_two_way};
use crate::frame::{LEGEND_WIDTH, LOW_LEGEND, Page, text};
use crate::math::{decade, pow10};
use crate::ticks::{even_ticks, tick_texts};
use crate::{ColorScale, ScaleKind, Span, Theme, short, short_count};

/// Width of the bar.
const BAR: f64 = 10.0;
/// Tallest bar.
const TALLEST: f64 = 170.0;
/// Height of a bar that lies below the data.
const LOW_BAR: f64 = 7.0;
/// Height of a field of two directions that lies below the data.
const LOW_FIELD: f64 = 18.0;
/// Width that a swatch takes in a line below the data.
const LOW_SWATCH: f64 = 90.0;
/// Height of one line of the legend.
const LINE: f64 = 12.0;

/// What a colour bar explains: the scale, and the cells that are coloured by it.
pub(crate) struct Key<'a> {
    pub(crate) scale: &'a ColorScale,
    pub(crate) theme: &'a Theme,
    /// Statistics of the values, for those that are not finite.
    pub(crate) summary: &'a Summary,
    pub(crate) cells: KeyCells,
    /// What the colours mean, above the bar.
    pub(crate) title: Option<&'a str>,
}

/// What a colour bar has to say about the cells.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct KeyCells {
    /// Whether cells are coloured in two directions, by root mean square and balance of signs.
    pub(crate) is_two_way: bool,
    /// Whether all values are true or false, and each has a cell: two colours, and none between.
    pub(crate) is_bool: bool,
    /// Whether a cell stands for several values.
    pub(crate) are_folded: bool,
    /// How many cells lie above and below the range; `None` where the picture is one of a series,
    /// whose legend is the same in all.
    pub(crate) beyond: Option<(u64, u64)>,
    /// Whether some cell of the pictures lies above and below the range.
    pub(crate) is_beyond: (bool, bool),
}

impl KeyCells {
    /// Of these grids; `span` is that of all pictures shown beside this one, and `are_many` says
    /// that there are others.
    pub(crate) fn new<'g>(
        grids: impl Iterator<Item = &'g Grid> + Clone,
        scale: &ColorScale,
        span: &Span,
        are_many: bool,
    ) -> KeyCells {
        let counts = grids.clone().map(|grid| cells_beyond(grid, scale));
        let beyond = counts.fold((0, 0), |sum, one| (sum.0 + one.0, sum.1 + one.1));
        KeyCells {
            is_two_way: grids.clone().any(|grid| is_two_way(grid, scale)),
            is_bool: false,
            are_folded: grids.clone().any(|grid| grid.block != (1, 1)),
            beyond: (!are_many).then_some(beyond),
            is_beyond: (span.max > scale.high(), span.min < scale.low()),
        }
    }

    /// A note on the cells that lie beyond the range; `None` where there is none.
    pub(crate) fn note(&self, scale: &ColorScale, span: &Span) -> Option<String> {
        if self.is_beyond == (false, false) {
            return None;
        }
        let (low, high) = (short(scale.low()), short(scale.high()));
        let range = if scale.low() == -scale.high() {
            format!("±{high}")
        } else {
            format!("{low} to {high}")
        };
        let count = self.beyond.map(|(above, below)| above + below);
        let what = match (self.are_folded, count) {
            (true, Some(1)) => "1 cell lies",
            (false, Some(1)) => "1 value lies",
            (true, _) => "cells lie",
            (false, _) => "values lie",
        };
        let what = match count {
            Some(1) => what.to_owned(),
            Some(count) => format!("{} {what}", short_count(count)),
            None => format!("some {what}"),
        };
        let ends = match self.is_beyond {
            // Of values themselves the page gives the ends in its figures.
            _ if !self.are_folded => String::new(),
            (true, true) => format!(", from {} to {}", short(span.min), short(span.max)),
            (true, false) => format!(", up to {}", short(span.max)),
            (false, _) => format!(", down to {}", short(span.min)),
        };
        Some(format!("colours span {range}; {what} beyond{ends}"))
    }
}

/// The colour bar with numbers, and under it the counts of NaN, infinities and cells past the range.
pub(crate) fn colorbar(key: &Key<'_>, place: Rect) -> Vec<Item> {
    let theme = key.theme;
    if let Some(title) = key.title.filter(|title| !title.is_empty()) {
        let style = theme.label();
        let title = fit(title, style, place.w);
        let title = text(&title, place.x, place.y + 1.0, style, Align::Start, Baseline::Top);
        let below = Rect { y: place.y + LINE, h: place.h - LINE, ..place };
        let mut items = colorbar(&Key { title: None, ..*key }, below);
        items.push(title);
        return items;
    }
    let oddities = oddities(key);
    if key.cells.is_bool {
        return swatches_in(&truths(key), theme, place);
    }
    if is_low(place) {
        return low_colorbar(key, place, &oddities);
    }
    if key.summary.finite() == 0 {
        // There is nothing whose colour a bar could explain.
        return swatches(&oddities, theme, place.x, place.y + 3.0);
    }
    let lines = swatch_lines(&oddities);
    let words = if key.cells.is_two_way { WORDS } else { 0.0 };
    let room = place.h - lines as f64 * LINE - 10.0 - words;
    let width = if key.cells.is_two_way { FIELD } else { BAR };
    let bar = Rect::new(place.x, place.y + 3.0, width, room.clamp(40.0, TALLEST));
    let items_of = if key.cells.is_two_way { two_way_field } else { plain_bar };
    let mut items = items_of(key, bar);
    items.extend(swatches(&oddities, theme, place.x, bar.bottom() + 12.0 + words));
    items.push(Shape::stroked(Path::rect(bar), theme.line, 0.5));
    items
}

/// Height of the words under a field of two directions.
const WORDS: f64 = 22.0;
/// Width of that field.
const FIELD: f64 = 30.0;

/// The colours of a scale from low to high.
fn plain_bar(key: &Key<'_>, bar: Rect) -> Vec<Item> {
    let mut items = vec![bar_cells(key.scale, bar)];
    let labels = tick_labels(key.scale, bar.h);
    let y = |value: f64| bar.bottom() - key.scale.share(value) * bar.h;
    items.extend(ticks(key.theme, bar, labels.into_iter().map(|(v, text)| (y(v), text))));
    items
}

/// The field of two directions: the root mean square runs up from zero, the balance of signs right
/// from all negative to all positive.
fn two_way_field(key: &Key<'_>, bar: Rect) -> Vec<Item> {
    const COLUMNS: usize = 15;
    let Key { scale, theme, .. } = *key;
    let rows = (bar.h / 2.0) as usize;
    let reach = scale.low().abs().max(scale.high().abs());
    let magnitudes = scale.magnitudes();
    let entry = |at: usize| {
        let (row, col) = (at / COLUMNS, at % COLUMNS);
        let share = 1.0 - row as f64 / (rows - 1) as f64;
        let balance = 2.0 * col as f64 / (COLUMNS - 1) as f64 - 1.0;
        scale.two_way_index(magnitudes.value_at(share), balance)
    };
    let mut items = vec![Item::Cells(Cells {
        rect: bar,
        rows,
        cols: COLUMNS,
        palette: scale.two_way_palette(),
        cells: (0..rows * COLUMNS).map(entry).collect(),
    })];
    let labels = tick_labels(&magnitudes, bar.h).into_iter().filter(|(v, _)| *v <= reach);
    let y = |value: f64| bar.bottom() - magnitudes.share(value) * bar.h;
    items.extend(ticks(theme, bar, labels.map(|(v, text)| (y(v), text))));
    let style = theme.label();
    // Clear of the number beside the lower end.
    let below = bar.bottom() + 3.0;
    let name_top = bar.bottom() + 7.0;
    for (word, x, align) in [
        ("−", bar.x + 1.0, Align::Start),
        ("±", bar.center().x, Align::Middle),
        ("+", bar.right() - 1.0, Align::End),
    ] {
        items.push(text(word, x, below, style, align, Baseline::Top));
    }
    items.push(text("signs", bar.right() + 6.0, name_top, style, Align::Start, Baseline::Top));
    items
}

/// Marks at the right of a bar, with their numbers.
fn ticks(theme: &Theme, bar: Rect, labels: impl Iterator<Item = (f64, String)>) -> Vec<Item> {
    let style = theme.label();
    let mut marks = Path::new();
    let mut items = Vec::new();
    for (y, label) in labels {
        marks.extend(Path::line(Point::new(bar.right(), y), Point::new(bar.right() + 3.0, y)));
        items.push(text(&label, bar.right() + 6.0, y, style, Align::Start, Baseline::Middle));
    }
    items.push(Shape::stroked(marks, theme.line, 0.5));
    items
}

/// Whether a legend in that place lies below the data: wide and low.
pub(crate) fn is_low(place: Rect) -> bool {
    place.w > LEGEND_WIDTH
}

/// The same below the data: the bar lies, its numbers under it, the counts in lines below.
fn low_colorbar(key: &Key<'_>, place: Rect, odd: &[Swatch]) -> Vec<Item> {
    let (scale, theme) = (key.scale, key.theme);
    let mut items = Vec::new();
    let bottom = if key.cells.is_two_way {
        let field = Rect::new(place.x, place.y, place.w - 10.0, LOW_FIELD);
        items.extend(low_field(key, field));
        field.bottom()
    } else {
        let bar = Rect::new(place.x, place.y, place.w, LOW_BAR);
        let Item::Cells(upright) = bar_cells(scale, bar) else { return items };
        let entries = upright.cells.iter().rev();
        let colors = entries.map(|&entry| upright.palette[usize::from(entry)]).collect();
        items.extend(low_bar(bar, colors, &low_ticks(scale, bar.w), theme));
        bar.bottom()
    };
    items.extend(swatches_in(odd, theme, Rect { y: bottom + 16.0, ..place }));
    items
}

/// Numbers for a bar of that width, at shares of its length.
fn low_ticks(scale: &ColorScale, width: f64) -> Vec<(f64, String)> {
    let labels = tick_labels(scale, width * 0.6).into_iter();
    labels.map(|(value, label)| (scale.share(value), label)).collect()
}

/// The field of two directions, lying: the root mean square runs right from zero, the balance of
/// signs up from all negative to all positive.
fn low_field(key: &Key<'_>, field: Rect) -> Vec<Item> {
    const ROWS: usize = 9;
    const COLUMNS: usize = 120;
    let Key { scale, theme, .. } = *key;
    let magnitudes = scale.magnitudes();
    let entry = |at: usize| {
        let share = (at % COLUMNS) as f64 / (COLUMNS - 1) as f64;
        let balance = 1.0 - 2.0 * (at / COLUMNS) as f64 / (ROWS - 1) as f64;
        scale.two_way_index(magnitudes.value_at(share), balance)
    };
    let cells = Item::Cells(Cells {
        rect: field,
        rows: ROWS,
        cols: COLUMNS,
        palette: scale.two_way_palette(),
        cells: (0..ROWS * COLUMNS).map(entry).collect(),
    });
    let mut items = low_marks(field, &low_ticks(&magnitudes, field.w), theme);
    items.insert(0, cells);
    for (sign, y) in [("+", field.y + 3.5), ("−", field.bottom() - 3.5)] {
        let x = field.right() + 3.0;
        items.push(text(sign, x, y, theme.label(), Align::Start, Baseline::Middle));
    }
    items
}

/// A bar that lies, low colours first, with numbers under it at those shares of its length. Numbers
/// at the ends stay above the bar.
pub(crate) fn low_bar(
    bar: Rect,
    colors: Vec<Color>,
    ticks: &[(f64, String)],
    theme: &Theme,
) -> Vec<Item> {
    let cells = Item::Cells(Cells {
        rect: bar,
        rows: 1,
        cols: colors.len(),
        cells: (0..colors.len()).map(|index| index as u16).collect(),
        palette: colors,
    });
    let mut items = low_marks(bar, ticks, theme);
    items.insert(0, cells);
    items
}

/// A frame around a bar that lies, and its numbers.
fn low_marks(bar: Rect, ticks: &[(f64, String)], theme: &Theme) -> Vec<Item> {
    let style = theme.label();
    let mut items = vec![Shape::stroked(Path::rect(bar), theme.line, 0.5)];
    let mut marks = Path::new();
    let mut taken = f64::NEG_INFINITY;
    for (share, label) in ticks {
        let x = bar.x + share * bar.w;
        marks.extend(Path::line(Point::new(x, bar.bottom()), Point::new(x, bar.bottom() + 2.5)));
        let width = measure(label, style);
        let left = (x - width / 2.0).min(bar.right() - width).max(bar.x);
        if left < taken {
            continue;
        }
        taken = left + width + 4.0;
        let y = bar.bottom() + 4.5;
        items.push(text(label, left, y, style, Align::Start, Baseline::Top));
    }
    items.push(Shape::stroked(marks, theme.line, 0.5));
    items
}

/// A line of the legend: a colour and what it stands for.
pub(crate) struct Swatch {
    pub(crate) color: Color,
    pub(crate) label: String,
}

/// Lines that swatches take.
pub(crate) fn swatch_lines(list: &[Swatch]) -> usize {
    list.iter().map(|swatch| swatch.label.lines().count()).sum()
}

/// Small squares with words each, one below the other.
pub(crate) fn swatches(list: &[Swatch], theme: &Theme, x: f64, top: f64) -> Vec<Item> {
    let mut items = Vec::new();
    let mut y = top - LINE;
    for swatch in list {
        y += LINE;
        let square = Rect::new(x + 1.0, y, 7.0, 7.0);
        items.push(Shape::filled(Path::rect(square), swatch.color));
        items.push(Shape::stroked(Path::rect(square), theme.line, 0.4));
        for (at, line) in swatch.label.lines().enumerate() {
            y += if at > 0 { LINE } else { 0.0 };
            let style = theme.label();
            items.push(text(line, x + BAR + 6.0, y + 3.5, style, Align::Start, Baseline::Middle));
        }
    }
    items
}

/// Small squares with a word each: one below the other beside the data, in lines below them.
pub(crate) fn swatches_in(list: &[Swatch], theme: &Theme, place: Rect) -> Vec<Item> {
    if !is_low(place) {
        return swatches(list, theme, place.x, place.y + 3.0);
    }
    let places = low_places(list, theme, place);
    let swatch = |(swatch, (x, y)): (&Swatch, (f64, f64))| {
        let label = swatch.label.replace('\n', " ");
        swatches(&[Swatch { label, ..*swatch }], theme, x, y)
    };
    list.iter().zip(places).flat_map(swatch).collect()
}

/// Lines that swatches take below the data.
pub(crate) fn low_lines(list: &[Swatch], theme: &Theme, place: Rect) -> usize {
    let last = low_places(list, theme, place).last().map_or(place.y, |last| last.1);
    ((last - place.y) / LINE).round() as usize + 1
}

/// Where swatches go in lines below the data.
fn low_places(list: &[Swatch], theme: &Theme, place: Rect) -> Vec<(f64, f64)> {
    let (mut x, mut y) = (place.x, place.y);
    let mut places = Vec::with_capacity(list.len());
    for swatch in list {
        let width = BAR + 6.0 + measure(&swatch.label, theme.label()) + 10.0;
        if x > place.x && x + width > place.right() {
            (x, y) = (place.x, y + LINE);
        }
        places.push((x, y));
        x += width;
    }
    places
}

/// Height of this many swatches in a legend of that width below the data.
pub(crate) fn low_swatches_height(count: usize, width: f64) -> f64 {
    let in_line = (width / LOW_SWATCH).floor().max(1.0);
    (count as f64 / in_line).ceil() * LINE
}

/// Height that [`colorbar`] needs; where the scale may be another in pictures beside this one, for
/// all of them.
pub(crate) fn colorbar_height(key: &Key<'_>, page: &Page<'_>, varies: bool) -> f64 {
    if key.title.is_some_and(|title| !title.is_empty()) {
        return LINE + colorbar_height(&Key { title: None, ..*key }, page, varies);
    }
    if key.cells.is_bool {
        return match page.has_low_legend() {
            true => low_swatches_height(2, page.legend_width()),
            false => legend_height(0.0, 2),
        };
    }
    if page.has_low_legend() {
        let swatches = match varies {
            true => nonfinite(key.theme, key.summary).len() + 2,
            false => oddities(key).len(),
        };
        let field = if key.cells.is_two_way { LOW_FIELD - LOW_BAR } else { 0.0 };
        return LOW_LEGEND + field + low_swatches_height(swatches, page.legend_width());
    }
    let lines = match varies {
        true => nonfinite(key.theme, key.summary).len() + 4,
        false => swatch_lines(&oddities(key)),
    };
    legend_height(66.0 + if key.cells.is_two_way { WORDS } else { 0.0 }, lines)
}

/// Height of a legend of `base` points with this many swatches under it.
pub(crate) fn legend_height(base: f64, swatches: usize) -> f64 {
    base + if swatches > 0 { 8.0 + swatches as f64 * LINE } else { 0.0 }
}

/// The colours of true and false.
fn truths(key: &Key<'_>) -> Vec<Swatch> {
    let swatch = |(value, label): (f64, &str)| Swatch {
        color: key.scale.color(value),
        label: label.to_owned(),
    };
    [(1.0, "true (1)"), (0.0, "false (0)")].map(swatch).into()
}

/// What is in the data that the colour bar does not show.
fn oddities(key: &Key<'_>) -> Vec<Swatch> {
    let scale = key.scale;
    let mut list = nonfinite(key.theme, key.summary);
    // What lies on the edge has the edge's own colour; what lies past it is counted.
    let what = |count: Option<u64>| match (count, key.cells.are_folded) {
        (Some(1), true) => "1 cell".to_owned(),
        (Some(1), false) => "1 value".to_owned(),
        (Some(count), true) => format!("{} cells", short_count(count)),
        (Some(count), false) => format!("{} values", short_count(count)),
        (None, true) => "cells".to_owned(),
        (None, false) => "values".to_owned(),
    };
    let ends = [
        (key.cells.is_beyond.0, key.cells.beyond.map(|beyond| beyond.0), "above", scale.high()),
        (key.cells.is_beyond.1, key.cells.beyond.map(|beyond| beyond.1), "below", scale.low()),
    ];
    for (is_beyond, count, word, end) in ends {
        if is_beyond && count != Some(0) {
            let label = format!("{}\n{word} {}", what(count), short(end));
            list.push(Swatch { color: scale.color(end), label });
        }
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
    let labels = match scale.linear() {
        // Over many powers of ten no number needs the digits of the smallest.
        Some(_) => values.iter().map(|&value| short(value)).collect(),
        None => tick_texts(&values),
    };
    values.into_iter().zip(labels).collect()
}

/// Zero, the ends, and powers of ten between them, as far as they stay apart.
fn bent_ticks(scale: &ColorScale, height: f64) -> Vec<f64> {
    let (low, high) = (scale.low(), scale.high());
    let mut wanted = vec![low, high];
    if low < 0.0 && high > 0.0 {
        wanted.push(0.0);
    }
    wanted.extend(scale.center());
    let top = decade(low.abs().max(high.abs()));
    let least = scale.linear().map_or(top - 3, |linear| decade(linear).max(top - 40).min(top));
    for exponent in (least..=top).rev() {
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
