//! A vector as bars in order, and its sorted values next to them.

use hinton_scene::{Align, Baseline, Color, Item, Path, Point, Rect, Shape, fit, measure};
use hinton_tensor::reduce::Mark;
use hinton_tensor::{Fold, Grid, GridRequest, Summary};

use super::common;
use super::{ChartRow, Lays, Need};
use crate::axes::{Axis, PlaceName, Plot, numbers_width, x_name, y_name, y_name_width};
use crate::frame::{LINE, Page, text};
use crate::labels::{Positions, labels, nice_step};
use crate::span::is_on_offset;
use crate::{ChartError, Extent, Labels, Options, Panel, Picture, Range, Theme};
use hinton_words::significant;

pub(super) const ROW: ChartRow = ChartRow {
    name: "bars",
    called: "bars",
    about: "a vector as bars in order, next to its sorted values",
    help: "Every value is a bar from zero: up where it is positive, down where it is negative; if there \
           are more values than pixels, a bar is the value with the largest magnitude of a block, and the picture says so. \
           At the right the same values are sorted, on the same axis: how many are near zero, how long \
           the tails are, whether few stand out. If all values are farther from zero than from each other, \
           bars begin at their mean (folded ones at the value nearest to zero), and the picture says so. `range` sets the ends, `center` where bars begin, `log` \
           makes the axis logarithmic on both sides of zero. Values that are not finite are marked above \
           their place and listed.",
    heeds: &["range", "center", "row-labels", "col-labels", "x-label", "y-label", "reduce", "log"],
    need,
    build,
    share: None,
    legend_alone: None,
    lays: Lays::Matrices,
    plays: true,
};

/// Widths of the bars' plot and of the sorted values' on a page that takes what it needs, points.
const WIDTHS: (f64, f64) = (400.0, 120.0);
/// Height of the plots on such a page: of one vector, and of each of several.
const HEIGHTS: (f64, f64) = (170.0, 90.0);
/// Widest bar, and narrowest plot of bars, points.
const WIDEST: f64 = 24.0;
const NARROWEST: f64 = 130.0;
/// Between the two plots.
const GAP: f64 = 14.0;
/// Height of the name above each of several plots.
const HEAD: f64 = LINE + 3.0;
/// Fewest values whose order is worth drawing.
const WORTH_SORTING: usize = 16;
/// Narrowest page with room for both plots.
const ROOM_FOR_BOTH: f64 = 210.0;
/// The name of the vertical axis.
const OWN_Y: &str = "value";
/// Most vectors above one another.
const MOST: usize = 8;
/// Longest name of a bar, points.
const LONGEST_NAME: f64 = 90.0;
/// Points of the line of sorted values where not all are at hand.
const QUANTILES: usize = 400;
/// Most places of values that are not finite that are listed.
const MOST_LISTED: usize = 8;

fn need(extents: &[Extent], options: &Options) -> Need {
    let page = Page::new(options);
    let room = page.width().map_or(WIDTHS.0, |_| page.room().0);
    let most = room.floor().clamp(16.0, 8_000.0) as usize;
    let fold = match options.reduce {
        None | Some(Fold::Ink | Fold::Rms) => Fold::Extreme,
        Some(fold) => fold,
    };
    let request =
        GridRequest { max_rows: most, max_cols: most, fold, sample_bytes: None, quantiles: true };
    Need::Grids(vec![request; extents.len()])
}

/// One vector, and how it is laid out.
struct Vector<'a> {
    panel: &'a Panel,
    grid: &'a Grid,
    /// Values in all, and in a bar.
    count: usize,
    block: usize,
    labels: &'a Labels,
    is_column: bool,
}

fn build(panels: &[Panel], options: &Options) -> Result<Picture, ChartError> {
    let mut page = Page::new(options);
    // What would be in a legend is said in words.
    page.legend = false;
    let vectors = vectors(panels, options)?;
    let summary = common::span(panels, options);
    let is_folded = vectors.iter().any(|vector| vector.block > 1);
    let base = base(&summary, is_folded, options);
    let y = y_axis(&summary, options, base);
    let theme = page.theme.clone();

    let mut words = common::words(panels, "vectors", options, &summary);
    words.subtitle.truncate(1);
    let is_sorted = page.room().0 >= ROOM_FOR_BOTH
        && vectors.iter().any(|vector| vector.count >= WORTH_SORTING);
    words.subtitle.push(match is_sorted {
        true => "values in order; right: sorted".to_owned(),
        false => "values in order".to_owned(),
    });
    if options.center.is_none() && base != 0.0 {
        let which = if is_folded { "the value nearest to zero" } else { "the mean" };
        words.notes.insert(0, format!("bars begin at {which}, {}", in_digits(base, &summary)));
    }
    // Where others beside this picture have such values it keeps the line, so that all are laid out alike.
    let keeps_line = options.over.is_some() && summary.finite() < summary.elements;
    let is_named = vectors.len() > 1;
    words.notes.extend(vectors.iter().filter_map(|vector| vector.odd_note(is_named, keeps_line)));

    let heads = if vectors.len() > 1 { HEAD } else { 0.0 };
    let below = LINE + 8.0 + vectors.iter().map(|one| one.names_height(&theme)).fold(0.0, f64::max);
    let layout = page.block(size(&page, &vectors, is_sorted, below), &words);
    let area = layout.areas[0].rect;
    let pitch = area.h / vectors.len() as f64;
    let left =
        numbers_width(&y, pitch - below - heads, &theme) + y_name_width(options, OWN_Y, &theme);
    let share = if is_sorted { WIDTHS.1 / (WIDTHS.0 + WIDTHS.1) } else { 0.0 };
    let sorted_w = ((area.w - left) * share).min(WIDTHS.1 * 1.5).round();
    let bars_w = area.w - left - sorted_w - if is_sorted { GAP } else { 0.0 };
    let mut items = Vec::new();
    for (index, vector) in vectors.iter().enumerate() {
        let top = area.y + index as f64 * pitch;
        let rect = Rect::new(area.x + left, top + heads, bars_w, pitch - below - heads);
        if rect.w < 20.0 || rect.h < 14.0 {
            return Err(page.no_room());
        }
        if heads > 0.0 {
            let name = fit(&vector.panel.label(), theme.name_style(), area.w - left);
            let style = theme.name_style();
            items.push(text(&name, rect.x, top, style, Align::Start, Baseline::Top));
        }
        let x = Axis::even(-0.5, vector.count as f64 - 0.5);
        let plot = Plot { rect, x, y, whole: true };
        items.extend(plot.named_axes(&theme, &vector.place_names(rect.w, &theme)));
        items.extend(vector.bars(&plot, base, &theme));
        items.extend(y_name(options, OWN_Y, &theme, area.x, rect));
        if is_sorted {
            let sorted = Rect::new(rect.right() + GAP, rect.y, sorted_w, rect.h);
            items.extend(vector.sorted(&Plot { rect: sorted, ..plot }, base, &theme));
        }
        if index + 1 == vectors.len() {
            let y = area.bottom() - LINE;
            let style = theme.label();
            let name = x_name(options, "position");
            let top = Baseline::Top;
            items.push(text(name, rect.center().x, y, style, Align::Middle, top));
            if is_sorted {
                let x = rect.right() + GAP + sorted_w / 2.0;
                items.push(text("share of values", x, y, style, Align::Middle, top));
            }
        }
    }
    let notes = layout.notes.clone();
    Ok(Picture { scene: page.scene(&layout, &words, items), notes })
}

fn vectors<'a>(panels: &'a [Panel], options: &'a Options) -> Result<Vec<Vector<'a>>, ChartError> {
    let unfit = |what: String, why: String| ChartError::Unfit { chart: "bars", what, why };
    if panels.is_empty() {
        return Err(unfit("nothing".to_owned(), "no tensor was chosen".to_owned()));
    }
    if panels.len() > MOST {
        let why = format!("at most {MOST} vectors fit above one another; choose some of them");
        return Err(unfit(format!("{} tensors", panels.len()), why));
    }
    let one = |panel: &'a Panel| {
        let what = || format!("{:?}", panel.label());
        let grid = panel.grids.first().filter(|grid| !grid.values.is_empty());
        let grid = grid.ok_or_else(|| unfit(what(), "it has no values".to_owned()))?;
        let (rows, cols) = grid.shape;
        let is_column = cols == 1 && rows > 1;
        if rows != 1 && !is_column {
            let shape = panel.shape_text();
            let why = format!("its shape is {shape}; choose a row or a column, or another chart");
            return Err(unfit(what(), why));
        }
        Ok(Vector {
            panel,
            grid,
            count: rows.max(cols),
            block: grid.block.0.max(grid.block.1),
            // A vector has one side, whichever its file says it is.
            labels: match &options.col_labels {
                Labels::Auto => &options.row_labels,
                labels => labels,
            },
            is_column,
        })
    };
    panels.iter().map(one).collect()
}

/// Where bars begin: at zero, or within values that lie farther from zero than from one another,
/// whose differences would not be seen. Folded bars are of values of largest magnitude, which all lie
/// on one side of the mean.
fn base(summary: &Summary, is_folded: bool, options: &Options) -> f64 {
    let (min, max) = (summary.min().unwrap_or(0.0), summary.max().unwrap_or(0.0));
    let is_free = matches!(options.range, None | Some(Range::Data | Range::Robust));
    let own = match (is_free && !options.log_counts && is_on_offset(min, max), is_folded) {
        (false, _) => None,
        (true, true) => Some(if min > 0.0 { min } else { max }),
        (true, false) => summary.mean(),
    };
    options.center.or(own).unwrap_or(0.0)
}

/// A value with as many digits as tell the values apart.
fn in_digits(value: f64, summary: &Summary) -> String {
    let (min, max) = (summary.min().unwrap_or(value), summary.max().unwrap_or(value));
    significant(value, common::digits_apart(min, max))
}

/// From the least to the greatest value and where bars begin, with some space.
fn y_axis(summary: &Summary, options: &Options, base: f64) -> Axis {
    let (min, max) = (summary.min().unwrap_or(base), summary.max().unwrap_or(base));
    let reach = min.abs().max(max.abs());
    let (low, high) = match options.range {
        Some(Range::Fixed(low, high)) => return Axis::even(low, high),
        _ if summary.finite() == 0 => return Axis::empty(),
        Some(Range::Symmetric) => (-reach, reach),
        Some(Range::Robust) => (
            summary.quantile(0.01).unwrap_or(min).min(base),
            summary.quantile(0.99).unwrap_or(max).max(base),
        ),
        Some(Range::Data) | None => (min.min(base), max.max(base)),
    };
    if options.log_counts && reach > 0.0 {
        let linear = options.symlog_threshold.unwrap_or(reach / 1e3);
        return Axis::both_sides(low, high, linear);
    }
    let space = |end: f64| if end == base { 0.0 } else { 0.05 };
    Axis::roomy(low, high, space(low), space(high))
}

/// Size of everything, on the page there is.
fn size(page: &Page<'_>, vectors: &[Vector<'_>], is_sorted: bool, below: f64) -> (f64, f64) {
    let (room_w, room_h) = page.room();
    let count = vectors.iter().map(|vector| vector.count).max().unwrap_or(1) as f64;
    let height = if vectors.len() > 1 { HEIGHTS.1 + HEAD } else { HEIGHTS.0 };
    let all = (height + below) * vectors.len() as f64;
    match (page.width(), page.height()) {
        (None, _) => {
            let bars = (count * WIDEST).clamp(NARROWEST, WIDTHS.0);
            let sorted = if is_sorted { WIDTHS.1 + GAP } else { 0.0 };
            (bars + sorted + 40.0, all)
        }
        (Some(_), None) => (room_w, (room_w * 0.45).max(height.min(room_w)) + below * 0.5),
        (Some(_), Some(_)) => (room_w, room_h),
    }
}

impl Vector<'_> {
    fn number(&self, position: usize) -> i64 {
        let extent = &self.panel.extent;
        let numbers = if self.is_column { extent.row_numbers } else { extent.col_numbers };
        numbers.number(position)
    }

    /// Labels where they were asked for, else round numbers.
    fn place_names(&self, width: f64, theme: &Theme) -> Vec<(f64, PlaceName)> {
        let style = theme.label();
        let pitch = width / self.count as f64;
        let extent = &self.panel.extent;
        let numbers = if self.is_column { extent.row_numbers } else { extent.col_numbers };
        let widest = measure(&self.number(0).to_string(), style)
            .max(measure(&self.number(self.count - 1).to_string(), style));
        let step = nice_step(self.count, |step| step as f64 * pitch >= widest + 8.0);
        let all = Positions { count: self.count, numbers, order: None };
        let found = labels(self.labels, all, step, style.size * 1.2, pitch);
        let is_level = matches!(self.labels, Labels::Auto)
            || found.iter().all(|(_, label)| measure(label, style) + 4.0 <= pitch);
        let name = |(share, label): (f64, String)| {
            let place = share * self.count as f64 - 0.5;
            let name = match is_level {
                true => PlaceName::Level(label),
                false => PlaceName::Upright(fit(&label, style, LONGEST_NAME)),
            };
            (place, name)
        };
        found.into_iter().map(name).collect()
    }

    /// Height of names below the plot, beyond a line of numbers.
    fn names_height(&self, theme: &Theme) -> f64 {
        let list = match self.labels {
            Labels::Auto | Labels::Off => return LINE,
            _ => self.place_names(WIDTHS.0, theme),
        };
        let height = |name: &PlaceName| match name {
            PlaceName::Upright(name) => measure(name, theme.label()) + 4.0,
            _ => LINE,
        };
        list.iter().map(|(_, name)| height(name)).fold(LINE, f64::max)
    }

    fn mark(&self, index: usize) -> Mark {
        self.grid.marks.get(index).copied().unwrap_or_default()
    }

    /// Bars from the base, and marks over what is not finite.
    fn bars(&self, plot: &Plot, base: f64, theme: &Theme) -> Vec<Item> {
        let zero = plot.at_y(base);
        let mut paths = (Path::new(), Path::new());
        let mut marks: Vec<(Color, Path)> = Vec::new();
        let width = plot.rect.w * self.block as f64 / self.count as f64;
        // Bars that are wide enough stand apart.
        let gap = if width >= 4.0 { (width * 0.15).min(3.0) } else { 0.0 };
        for index in 0..self.grid.values.len() {
            let (first, last) = (index * self.block, ((index + 1) * self.block).min(self.count));
            let (left, right) = (plot.at_x(first as f64 - 0.5), plot.at_x(last as f64 - 0.5));
            let value = self.grid.value(index);
            if value.is_finite() && value != base {
                let end = plot.at_y(value);
                let rect = Rect::new(
                    left + gap / 2.0,
                    end.min(zero),
                    right - left - gap,
                    (end - zero).abs(),
                );
                let path = if value > base { &mut paths.0 } else { &mut paths.1 };
                path.extend(Path::rect(rect));
            }
            if let Some(color) = color_of(self.mark(index), theme) {
                let (x, y) = ((left + right) / 2.0, plot.rect.y);
                let corners = [(x, y + 5.0), (x - 2.5, y), (x + 2.5, y)];
                let triangle = Path::polyline(&corners.map(|(x, y)| Point::new(x, y)), true);
                match marks.iter_mut().find(|(found, _)| *found == color) {
                    Some((_, path)) => path.extend(triangle),
                    None => marks.push((color, triangle)),
                }
            }
        }
        let line = Path::line(Point::new(plot.rect.x, zero), Point::new(plot.rect.right(), zero));
        let mut items = Vec::new();
        for (path, color) in [(paths.0, theme.series[1]), (paths.1, theme.series[0])] {
            if !path.segments.is_empty() {
                items.push(Shape::filled(path, color));
            }
        }
        items.push(Shape::stroked(line, theme.soft, 0.8));
        items.extend(marks.into_iter().map(|(color, path)| Shape::filled(path, color)));
        items
    }

    /// The values from the least to the greatest, over their share of all.
    fn sorted(&self, plot: &Plot, base: f64, theme: &Theme) -> Vec<Item> {
        let values = self.sorted_values();
        let count = values.len() as f64;
        let rect = plot.rect;
        let style = theme.label();
        let mut grid = Path::new();
        for (tick, _) in plot.y.ticks((rect.h / 26.0).clamp(2.0, 8.0) as usize) {
            let y = plot.at_y(tick);
            grid.extend(Path::line(Point::new(rect.x, y), Point::new(rect.right(), y)));
        }
        let mut items = vec![Shape::stroked(grid, theme.line.alpha(90), 0.5)];
        let is_wide = rect.w >= 90.0;
        for (share, label) in [(0.0, "0"), (0.5, "50 %"), (1.0, "100 %")] {
            if share == 0.5 && !is_wide {
                continue;
            }
            let (x, y) = (rect.x + share * rect.w, rect.bottom() + 5.0);
            let align = match share {
                0.0 => Align::Start,
                1.0 => Align::End,
                _ => Align::Middle,
            };
            items.push(text(label, x, y, style, align, Baseline::Top));
        }
        let zero = plot.at_y(base);
        let x = |index: usize| rect.x + rect.w * index as f64 / count;
        for (is_above, color) in [(true, theme.series[1]), (false, theme.series[0])] {
            let inside = |value: f64| if is_above { value > base } else { value < base };
            let Some(first) = values.iter().position(|&value| inside(value)) else { continue };
            let end = first + values[first..].iter().take_while(|&&value| inside(value)).count();
            let mut outline = vec![Point::new(x(first), zero)];
            for (index, &value) in values.iter().enumerate().take(end).skip(first) {
                let y = plot.at_y(value);
                outline.extend([Point::new(x(index), y), Point::new(x(index + 1), y)]);
            }
            outline.push(Point::new(x(end), zero));
            items.push(Shape::filled(Path::polyline(&outline, true), color));
        }
        let line = Path::line(Point::new(rect.x, zero), Point::new(rect.right(), zero));
        items.push(Shape::stroked(line, theme.soft, 0.8));
        items
    }

    /// All finite values where each has a bar, else quantiles.
    fn sorted_values(&self) -> Vec<f64> {
        if self.block > 1 {
            let share = |index: usize| (index as f64 + 0.5) / QUANTILES as f64;
            let quantile = |index: usize| self.panel.summary.quantile(share(index));
            return (0..QUANTILES).filter_map(quantile).collect();
        }
        let all = (0..self.grid.values.len()).map(|index| self.grid.value(index));
        let mut values: Vec<f64> = all.filter(|value| value.is_finite()).collect();
        values.sort_by(f64::total_cmp);
        values
    }

    /// Where values are not finite.
    fn odd_note(&self, is_named: bool, keeps_line: bool) -> Option<String> {
        let whose = if is_named { format!(" of {}", self.panel.label()) } else { String::new() };
        let all = 0..self.grid.values.len();
        let places: Vec<usize> = all.filter(|&index| self.mark(index) != Mark::None).collect();
        let Some(&last) = places.last() else {
            return keeps_line.then(|| format!("not finite{whose}: none"));
        };
        let number = |index: &usize| self.number(index * self.block).to_string();
        let mut list = places.iter().take(MOST_LISTED).map(number).collect::<Vec<_>>().join(", ");
        if places.len() > MOST_LISTED {
            list = format!("{list} … {}", number(&last));
        }
        let about = if self.block > 1 { "about " } else { "" };
        Some(format!("not finite{whose}: {about}{list}, marked above"))
    }
}

fn color_of(mark: Mark, theme: &Theme) -> Option<Color> {
    match mark {
        Mark::None => None,
        Mark::Nan => Some(theme.nan),
        Mark::PosInf | Mark::BothInf => Some(theme.pos_inf),
        Mark::NegInf => Some(theme.neg_inf),
    }
}
