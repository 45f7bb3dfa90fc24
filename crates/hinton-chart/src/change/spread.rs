//! Draws how many values changed by how much, up and down.

use hinton_scene::{Align, Baseline, Color, Item, Path, Point, Rect, Shape, fit, measure};

use super::Step;
use crate::axes::{Axis, BELOW, Plot};
use crate::frame::{LINE, Page, text};
use crate::math::log10;
use crate::words::{Words, counted};
use crate::{ChartError, Colormap, Options, Picture, Theme, short, short_count};

/// Size of the plot on a page that takes what it needs, and its height as a share of its width.
const NATURAL: (f64, f64) = (420.0, 210.0);
const FLAT: f64 = 0.52;
/// Room for the numbers of the vertical axis.
const LEFT: f64 = 34.0;
/// The smallest differences, this share of all, are drawn as one bar an octave wide: they say little
/// and reach far.
const TAIL: f64 = 0.004;

pub(super) fn build(
    steps: &[Step],
    scale: Option<f64>,
    options: &Options,
) -> Result<Picture, ChartError> {
    let inner = Options { legend: Some(false), ..options.clone() };
    let page = Page::new(&inner);
    let total: u64 = steps.iter().map(|step| step.count).sum();
    let moved: Vec<&Step> = steps.iter().filter(|step| !is_zero(step)).collect();
    let equal = total - moved.iter().map(|step| step.count).sum::<u64>();
    let words = words(options, equal, total);
    let (room_w, room_h) = page.room();
    let size = match (page.width(), page.height()) {
        (None, _) => (NATURAL.0, NATURAL.1 + BELOW),
        (Some(_), None) => (room_w, room_w * FLAT + BELOW),
        (Some(_), Some(_)) => (room_w, room_h),
    };
    let layout = page.block(size, &words);
    let area = layout.areas[0].rect;
    let rect = Rect::new(area.x + LEFT, area.y, area.w - LEFT - 4.0, area.h - BELOW);
    if rect.w < 30.0 || rect.h < 24.0 {
        return Err(page.no_room());
    }
    let theme = &page.theme;
    let mut items = Vec::new();
    match sizes(&moved) {
        None => {
            let style = theme.label();
            let center = rect.center();
            items.push(text(
                "no value changed",
                center.x,
                center.y,
                style,
                Align::Middle,
                Baseline::Middle,
            ));
        }
        Some((low, high)) => {
            let bars = [bars(&moved, low, true), bars(&moved, low, false)];
            let top = bars.iter().flatten().map(|bar| height(bar, total)).fold(0.0, f64::max);
            let reach = scale.filter(|scale| *scale > high && *scale < high * 1e4).unwrap_or(high);
            let plot = Plot {
                rect,
                x: Axis::logarithmic(low / 2.0, reach * 1.25),
                y: Axis::even(-top * 1.08, top * 1.08),
                whole: false,
            };
            items.extend(axes(&plot, theme));
            items.extend(scale.map(|scale| scale_line(&plot, scale, theme)).into_iter().flatten());
            let map = options.cmap.unwrap_or_else(|| Colormap::house(theme.is_dark()));
            for (bars, sign) in bars.iter().zip([1.0, -1.0]) {
                let color = map.color(0.5 + 0.32 * sign);
                items.push(outline(bars, sign, total, &plot, color));
            }
            items.extend(sides(&plot, theme));
        }
    }
    Ok(Picture { scene: page.scene(&layout, &words, items), notes: layout.notes })
}

fn is_zero(step: &Step) -> bool {
    step.low == 0.0 && step.high == 0.0
}

fn words(options: &Options, equal: u64, total: u64) -> Words {
    let title = options.title.clone().unwrap_or_else(|| "How far values moved".to_owned());
    let mut subtitle = Vec::new();
    if total > 0 && equal > 0 {
        let equal_share = super::map::percent(equal as f64 / total as f64);
        subtitle.push(format!("{equal_share} of {} values did not move", short_count(total)));
    } else {
        subtitle.push(counted(total as usize, "value", "values"));
    }
    subtitle.push("share of the values for each doubling of the size".to_owned());
    Words { title, subtitle, notes: options.notes.clone(), legend_height: 0.0 }
}

/// The least and the largest size of a difference that is drawn.
fn sizes(moved: &[&Step]) -> Option<(f64, f64)> {
    let mut sizes: Vec<(f64, f64, u64)> = moved.iter().map(|step| size(step)).collect();
    sizes.sort_by(|a, b| a.0.total_cmp(&b.0));
    let high = sizes.iter().map(|size| size.1).fold(0.0, f64::max);
    let all: u64 = sizes.iter().map(|size| size.2).sum();
    let mut below = 0;
    let low = sizes.iter().find(|size| {
        below += size.2;
        below as f64 > all as f64 * TAIL
    });
    low.filter(|low| low.0 > 0.0 || high > 0.0).map(|low| (low.0.max(high * 1e-30), high))
}

/// Ends of the sizes of a step, the smaller first, and its count.
fn size(step: &Step) -> (f64, f64, u64) {
    let (low, high) = (step.low.abs(), step.high.abs());
    (low.min(high), low.max(high), step.count)
}

/// Bars of one side by rising size: from, to, count. What is smaller than `least` is one bar.
fn bars(moved: &[&Step], least: f64, is_up: bool) -> Vec<(f64, f64, u64)> {
    let side = moved.iter().filter(|step| (step.high > 0.0) == is_up);
    let mut bars: Vec<(f64, f64, u64)> = side.map(|step| size(step)).collect();
    bars.sort_by(|a, b| a.0.total_cmp(&b.0));
    let below: u64 = bars.iter().filter(|bar| bar.0 < least).map(|bar| bar.2).sum();
    bars.retain(|bar| bar.0 >= least);
    if below > 0 {
        bars.insert(0, (least / 2.0, least, below));
    }
    bars
}

/// The share of the values for each doubling of the size: bars of any width have equal areas for
/// equal counts.
fn height(&(low, high, count): &(f64, f64, u64), total: u64) -> f64 {
    let doublings = log10(high / low) / log10(2.0);
    count as f64 / total.max(1) as f64 / doublings.max(1e-3)
}

/// The bars of one side as one filled shape on the middle line.
fn outline(bars: &[(f64, f64, u64)], sign: f64, total: u64, plot: &Plot, color: Color) -> Item {
    let base = plot.at_y(0.0);
    let mut path = Path::new();
    for bar in bars {
        let (left, right) = (plot.at_x(bar.0).max(plot.rect.x), plot.at_x(bar.1));
        let y = plot.at_y(sign * height(bar, total));
        let rect = Rect::new(left, y.min(base), (right - left).max(0.3), (y - base).abs().max(0.5));
        path.extend(Path::rect(rect));
    }
    Shape::filled(path, color)
}

/// Grid, numbers and the name of the axis; shares count both ways from the middle.
fn axes(plot: &Plot, theme: &Theme) -> Vec<Item> {
    let style = theme.label();
    let rect = plot.rect;
    let mut grid = Path::new();
    let mut items = Vec::new();
    for (tick, _) in plot.y.ticks((rect.h / 30.0).clamp(2.0, 6.0) as usize) {
        let y = plot.at_y(tick);
        grid.extend(Path::line(Point::new(rect.x, y), Point::new(rect.right(), y)));
        let label = super::map::percent(tick.abs());
        items.push(text(&label, rect.x - 5.0, y, style, Align::End, Baseline::Middle));
    }
    items.insert(0, Shape::stroked(grid, theme.line.alpha(90), 0.5));
    let bottom = rect.bottom();
    let mut marks = Path::line(Point::new(rect.x, bottom), Point::new(rect.right(), bottom));
    let mut taken = f64::NEG_INFINITY;
    for (tick, label) in plot.x.ticks((rect.w / 45.0).clamp(2.0, 8.0) as usize) {
        let x = plot.at_x(tick);
        marks.extend(Path::line(Point::new(x, bottom), Point::new(x, bottom + 3.0)));
        let half = measure(&label, style) / 2.0;
        if x - half > taken {
            taken = x + half + 4.0;
            items.push(text(&label, x, bottom + 6.0, style, Align::Middle, Baseline::Top));
        }
    }
    items.push(Shape::stroked(marks, theme.soft, 0.8));
    let middle = Point::new(rect.x, plot.at_y(0.0));
    items.push(Shape::stroked(
        Path::line(middle, Point::new(rect.right(), middle.y)),
        theme.soft,
        0.6,
    ));
    let name = fit("size of the difference b − a (logarithmic)", style, rect.w + LEFT);
    items.push(text(&name, rect.center().x, bottom + 18.0, style, Align::Middle, Baseline::Top));
    items
}

/// Where the first model's values lie: what a difference is to be compared with.
fn scale_line(plot: &Plot, scale: f64, theme: &Theme) -> Vec<Item> {
    if !plot.x.holds(scale) {
        return Vec::new();
    }
    let x = plot.at_x(scale);
    let line = Path::line(Point::new(x, plot.rect.y), Point::new(x, plot.rect.bottom()));
    let label = format!("RMS of a: {}", short(scale));
    let is_left = x + 4.0 + measure(&label, theme.label()) > plot.rect.right();
    let (x_text, align) = if is_left { (x - 4.0, Align::End) } else { (x + 4.0, Align::Start) };
    let style = theme.label();
    vec![
        Shape::stroked(line, theme.soft, 0.8),
        text(&label, x_text, plot.rect.y + 2.0, style, align, Baseline::Top),
    ]
}

/// What is above the middle line, and what below.
fn sides(plot: &Plot, theme: &Theme) -> Vec<Item> {
    let style = theme.label();
    let x = plot.rect.x + 4.0;
    vec![
        text("up (b > a)", x, plot.rect.y + 2.0, style, Align::Start, Baseline::Top),
        text("down (b < a)", x, plot.rect.bottom() - LINE, style, Align::Start, Baseline::Top),
    ]
}
