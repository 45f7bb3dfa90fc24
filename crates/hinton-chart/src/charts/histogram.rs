//! The distribution of values: counts in equal bins, several tensors overlaid.

use hinton_scene::{Align, Baseline, Color, Item, Path, Point, Rect, Shape, fit};

use hinton_tensor::{Summary, whole_bins};

use super::common;
use super::{ChartRow, Lays, Need};
use crate::axes::{x_name, y_name, y_name_width};
use crate::colorbar::{
    Swatch, about, is_low, legend_height, low_swatches_height, nonfinite, swatches_in,
};
use crate::distinct::distinct;
use crate::frame::{Layout, Page, text};
use crate::math::{ln, log10, pow10};
use crate::scale::widen;
use crate::ticks::{even_ticks, tick_texts};
use crate::{
    ChartError, Extent, Options, Panel, Picture, Range, ScaleKind, Theme, short, short_count,
};

pub(super) const ROW: ChartRow = ChartRow {
    name: "histogram",
    called: "a histogram",
    about: "the distribution of values, several tensors overlaid; `log` for logarithmic counts",
    help: "Counts of the finite values in equal bins over one range for all tensors; several tensors are \
           overlaid as outlines, each as a share of its own values so that small tensors are visible next \
           to large ones. `log` makes the counts logarithmic, `bins` sets their number, `range` the ends; \
           values outside are counted beside the picture. NaN and infinities are counted, never drawn. \
           For 32-bit values counts come from a table of 65,536 classes (0.8 % wide), which limits the precision \
           of narrow bins.",
    heeds: &["range", "x-label", "y-label", "legend", "log", "bins"],
    need: |_: &[Extent], _: &Options| Need::Summaries,
    build,
    share: Some(share),
    legend_alone: None,
    lays: Lays::Whole,
    plays: true,
};

/// Width and height of the plot on a page that takes what it needs, points.
const NATURAL: (f64, f64) = (400.0, 220.0);
/// Room for the numbers at the left and below.
const LEFT: f64 = 40.0;
const BELOW: f64 = 30.0;
/// Whole numbers that span no more than this get a bin each.
const MOST_WHOLE_BINS: usize = 100;
/// Whole numbers past this have no neighbour one away.
const LARGEST_WHOLE: f64 = (1u64 << 52) as f64;
/// Most tensors that can be distinguished.
const MOST_SERIES: usize = 8;

struct Series {
    label: String,
    color: Color,
    heights: Vec<f64>,
}

impl Series {
    /// Counts in `bins` bins between low and high, each divided by `whole`.
    fn new(
        label: String,
        summary: &Summary,
        (low, high, bins): (f64, f64, usize),
        whole: f64,
        color: Color,
    ) -> Series {
        let counts = summary.histogram(low, high, bins);
        let heights = counts.into_iter().map(|count| count as f64 / whole).collect();
        Series { label, color, heights }
    }
}

fn build(panels: &[Panel], options: &Options) -> Result<Picture, ChartError> {
    let page = Page::new(options);
    let summary = common::span(panels, options);
    let unfit = |what: String, why: &str| ChartError::Unfit {
        chart: "histogram",
        what,
        why: why.to_owned(),
    };
    if panels.is_empty() {
        return Err(unfit("nothing".to_owned(), "no tensor was chosen"));
    }
    if summary.finite() == 0 {
        return Err(unfit(format!("{:?}", panels[0].label()), "it has no finite value"));
    }
    let (low, high, bins) = bins(panels, options, &summary);

    // More than can be distinguished become one: the values of all tensors together.
    let merged = panels.len() > MOST_SERIES;
    let several = panels.len() > 1 && !merged;
    let theme = page.theme.clone();
    let series = series(panels, &theme, (low, high, bins));

    let mut words = common::words(panels, "tensors", options, &summary);
    words.subtitle.truncate(1);
    words.subtitle.push(
        if several { "share of values in each bin" } else { "count of values in each bin" }
            .to_owned(),
    );
    let ends = tick_texts(&[low, high]);
    words.subtitle.push(format!("{bins} bins over {} … {}", ends[0], ends[1]));
    let mut notes = Vec::new();
    if merged {
        notes.push(format!(
            "{} tensors are drawn as one: {MOST_SERIES} at most can be told apart",
            panels.len()
        ));
    }
    words.notes.extend(notes.iter().cloned());
    let lists_nothing =
        options.over.is_none() && options.range.is_none() && nonfinite(&theme, &summary).is_empty();
    words.legend_height = match page.has_low_legend() {
        // Most histograms of one tensor have nothing to list.
        true if !several && lists_nothing => 0.0,
        true => low_swatches_height(series.len() + 4, page.legend_width()),
        false => legend_height(0.0, series.len() + 4),
    };
    let layout = page.block(plot_size(&page), &words);
    notes.extend(layout.notes.clone());
    let area = layout.areas[0].rect;
    let own_y = if several { "share of values" } else { "count" };
    let left = LEFT + y_name_width(options, own_y, &theme);
    let plot = Rect::new(area.x + left, area.y, area.w - left, area.h - BELOW);
    if plot.w < 20.0 || plot.h < 20.0 {
        return Err(page.no_room());
    }
    let heights = Heights::new(&series, options);

    let mut items = axes(&page, plot, (low, high), &heights, several);
    items.extend(y_name(options, own_y, &theme, area.x, plot));
    for one in &series {
        items.extend(bars(one, plot, &heights, !several));
    }
    let base =
        Path::line(Point::new(plot.x, plot.bottom()), Point::new(plot.right(), plot.bottom()));
    items.push(Shape::stroked(base, theme.soft, 1.2));
    if low < 0.0 && high > 0.0 {
        let x = plot.x + plot.w * (0.0 - low) / (high - low);
        let line = Path::line(Point::new(x, plot.y), Point::new(x, plot.bottom()));
        items.push(Shape::stroked(line, theme.soft.alpha(120), 0.6));
    }
    if page.legend {
        items.extend(legend(&page, &layout, &series, panels, (low, high)));
    }
    Ok(Picture { scene: page.scene(&layout, &words, items), notes })
}

/// The bins of each tensor: counts, or shares where there are several; more than can be distinguished
/// become one.
fn series(panels: &[Panel], theme: &Theme, bins: (f64, f64, usize)) -> Vec<Series> {
    if panels.len() > MOST_SERIES {
        let all = common::merged(panels);
        return vec![Series::new("all tensors".to_owned(), &all, bins, 1.0, theme.series[0])];
    }
    let labels: Vec<String> = panels.iter().map(Panel::label).collect();
    let one = |((panel, label), color): ((&Panel, String), Color)| {
        let whole = if panels.len() > 1 { panel.summary.finite().max(1) as f64 } else { 1.0 };
        Series::new(label, &panel.summary, bins, whole, color)
    };
    panels.iter().zip(distinct(&labels)).zip(theme.series).map(one).collect()
}

/// Widens the axis of counts so that the bars of this picture fit too.
fn share(panels: &[Panel], options: &mut Options) {
    let bins = bins(panels, options, &common::span(panels, options));
    let series = series(panels, &Theme::named(options.theme), bins);
    let Some((least, top)) = ends(&series) else { return };
    let (low, high) = options.count_axis.unwrap_or((least, top));
    options.count_axis = Some((low.min(least), high.max(top)));
}

/// Least and largest height above nothing; `None` where all bins are empty.
fn ends(series: &[Series]) -> Option<(f64, f64)> {
    let all = || series.iter().flat_map(|one| one.heights.iter().copied()).filter(|h| *h > 0.0);
    let top = all().fold(0.0, f64::max);
    (top > 0.0).then(|| (all().fold(top, f64::min), top))
}

fn plot_size(page: &Page<'_>) -> (f64, f64) {
    let (room_w, room_h) = page.room();
    match (page.width(), page.height()) {
        (None, _) => (NATURAL.0 + LEFT, NATURAL.1 + BELOW),
        (Some(_), None) => (room_w, room_w * NATURAL.1 / NATURAL.0),
        (Some(_), Some(_)) => (room_w, room_h),
    }
}

fn range(options: &Options, summary: &Summary) -> (f64, f64) {
    let (min, max) = (summary.min().unwrap_or(0.0), summary.max().unwrap_or(0.0));
    let (low, high) = match options.range {
        Some(Range::Fixed(low, high)) => (low, high),
        Some(Range::Symmetric) => (-min.abs().max(max.abs()), min.abs().max(max.abs())),
        Some(Range::Robust) => {
            (summary.quantile(0.01).unwrap_or(min), summary.quantile(0.99).unwrap_or(max))
        }
        Some(Range::Data) | None => (min, max),
    };
    widen(low, high)
}

/// From where to where bins reach, and how many there are.
fn bins(panels: &[Panel], options: &Options, summary: &Summary) -> (f64, f64, usize) {
    let (low, high) = range(options, summary);
    let is_whole = |panel: &Panel| is_integer(panel.dtype);
    // Beside values of other types they set the bins where a bin is no narrower than a number.
    let wide = (high - low) / default_bins(panels) as f64 >= 1.0;
    let integers = panels.iter().all(is_whole) || wide && panels.iter().any(is_whole);
    let small = low.abs().max(high.abs()) < LARGEST_WHOLE;
    match options.bins {
        Some(bins) => (low, high, bins.clamp(1, 4096)),
        // Whole numbers stand in the middle of a bin, and every bin has as many of them.
        None if integers && small => {
            let few = high - low < MOST_WHOLE_BINS as f64;
            whole_bins(low, high, if few { MOST_WHOLE_BINS } else { default_bins(panels) })
        }
        None => (low, high, default_bins(panels)),
    }
}

/// Whether a dtype of that name holds whole numbers.
fn is_integer(dtype: &str) -> bool {
    hinton_tensor::Dtype::from_name(dtype).is_some_and(hinton_tensor::Dtype::is_integer)
}

/// About the square root of the number of values, so that few values make few bars.
fn default_bins(panels: &[Panel]) -> usize {
    let values = |panel: &Panel| match panel.over {
        // The same in all pictures, whatever is finite in each.
        Some(_) => panel.summary.elements,
        None => panel.summary.finite(),
    };
    let most = panels.iter().map(values).max().unwrap_or(1);
    ((most as f64).sqrt() as usize).clamp(8, 100)
}

/// From a count (or share) to a height between 0 and 1.
struct Heights {
    top: f64,
    /// On a logarithmic axis: the least that is drawn.
    floor: Option<f64>,
}

impl Heights {
    fn new(series: &[Series], options: &Options) -> Heights {
        let log = options.log_counts;
        let (least, top) = options.count_axis.or_else(|| ends(series)).unwrap_or((1.0, 1.0));
        // One bar of the least count still shows: the axis begins below it.
        Heights { top: if log { top } else { top * 1.04 }, floor: log.then_some(least / 2.0) }
    }

    fn share(&self, height: f64) -> f64 {
        match self.floor {
            Some(_) if height <= 0.0 => 0.0,
            Some(floor) => (ln(height / floor) / (ln(self.top / floor) * 1.03)).clamp(0.0, 1.0),
            None => height / self.top,
        }
    }

    fn ticks(&self) -> Vec<f64> {
        match self.floor {
            None => even_ticks(0.0, self.top, 5),
            Some(floor) => {
                let (first, last) =
                    (log10(floor).ceil() as i32, (log10(self.top) + 1e-9).floor() as i32);
                if last - first < 2 {
                    // Too few powers of ten to read the axis by: 1, 2 and 5 of each.
                    let all = (first - 1..=last).map(pow10).flat_map(|p| [p, 2.0 * p, 5.0 * p]);
                    return all.filter(|tick| (floor..=self.top * 1.001).contains(tick)).collect();
                }
                let step = ((last - first) / 6 + 1) as usize;
                (first..=last).step_by(step).map(pow10).collect()
            }
        }
    }
}

/// Grid lines, numbers and names of the axes.
fn axes(
    page: &Page<'_>,
    plot: Rect,
    range: (f64, f64),
    heights: &Heights,
    shares: bool,
) -> Vec<Item> {
    let theme = &page.theme;
    let style = theme.label();
    let mut items = Vec::new();
    let mut lines = Path::new();
    // Half a value is no count.
    let whole = |tick: &f64| shares || tick.fract() == 0.0;
    for tick in heights.ticks().into_iter().filter(whole) {
        let y = plot.bottom() - heights.share(tick) * plot.h;
        lines.extend(Path::line(Point::new(plot.x, y), Point::new(plot.right(), y)));
        let label = if shares {
            format!("{} %", short(tick * 100.0))
        } else if tick < 1e6 {
            short_count(tick.round() as u64)
        } else {
            short(tick)
        };
        items.push(text(&label, plot.x - 5.0, y, style, Align::End, Baseline::Middle));
    }
    items.push(Shape::stroked(lines, theme.line.alpha(110), 0.5));
    let base =
        Path::line(Point::new(plot.x, plot.bottom()), Point::new(plot.right(), plot.bottom()));
    items.push(Shape::stroked(base, theme.soft, 0.8));
    let (low, high) = range;
    let ticks = even_ticks(low, high, (plot.w / 55.0).clamp(2.0, 10.0) as usize);
    for (tick, label) in ticks.iter().zip(tick_texts(&ticks)) {
        let x = plot.x + plot.w * (tick - low) / (high - low);
        let mark = Path::line(Point::new(x, plot.bottom()), Point::new(x, plot.bottom() + 3.0));
        items.push(Shape::stroked(mark, theme.soft, 0.8));
        items.push(text(&label, x, plot.bottom() + 6.0, style, Align::Middle, Baseline::Top));
    }
    let own = match page.options.scale {
        ScaleKind::Linear => "value",
        _ => "value (linear axis)",
    };
    let kind = x_name(page.options, own);
    let middle = plot.center().x;
    items.push(text(kind, middle, plot.bottom() + 18.0, style, Align::Middle, Baseline::Top));
    items
}

/// One tensor: filled bars when it is alone, an outline over a tint when it is not.
fn bars(series: &Series, plot: Rect, heights: &Heights, alone: bool) -> Vec<Item> {
    let count = series.heights.len() as f64;
    let x = |at: usize| plot.x + plot.w * at as f64 / count;
    let y = |height: f64| plot.bottom() - heights.share(height) * plot.h;
    let mut outline = vec![Point::new(plot.x, plot.bottom())];
    for (at, &height) in series.heights.iter().enumerate() {
        outline.push(Point::new(x(at), y(height)));
        outline.push(Point::new(x(at + 1), y(height)));
    }
    outline.push(Point::new(plot.right(), plot.bottom()));
    let area = Path::polyline(&outline, true);
    if !alone {
        let line = Path::polyline(&outline[1..outline.len() - 1], false);
        return vec![
            Shape::filled(area, series.color.alpha(40)),
            Shape::stroked(line, series.color, 1.1),
        ];
    }
    // Bars that are wide enough stand apart.
    let width = plot.w / count;
    let gap = if width >= 5.0 { 0.75 } else { 0.0 };
    let mut path = Path::new();
    for (at, &height) in series.heights.iter().enumerate().filter(|(_, height)| **height > 0.0) {
        let top = y(height);
        path.extend(Path::rect(Rect::new(
            x(at) + gap / 2.0,
            top,
            width - gap,
            plot.bottom() - top,
        )));
    }
    vec![Shape::filled(path, series.color)]
}

/// Names of the tensors, and what is not in the picture.
fn legend(
    page: &Page<'_>,
    layout: &Layout,
    series: &[Series],
    panels: &[Panel],
    (low, high): (f64, f64),
) -> Vec<Item> {
    let theme = &page.theme;
    let style = theme.label();
    let mut list = Vec::new();
    if series.len() > 1 {
        for one in series {
            let room = if is_low(layout.legend) { 3.0 } else { 1.0 };
            let label = fit(&one.label, style, layout.legend.w / room - 16.0);
            list.push(Swatch { color: one.color, label });
        }
    }
    let all = common::merged(panels);
    list.extend(nonfinite(theme, &all));
    let inside: u64 = all.histogram(low, high, 1).iter().sum();
    let outside = all.finite().saturating_sub(inside);
    if outside > 0 {
        let label = format!("outside {}", about(&all, outside));
        list.push(Swatch { color: theme.line, label });
    }
    swatches_in(&list, theme, layout.legend)
}
