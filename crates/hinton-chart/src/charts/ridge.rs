//! The distributions of many tensors: one outline each, stacked in the order of the layers.

use hinton_scene::{Align, Baseline, Item, Path, Point, Rect, Shape, fit, measure};
use hinton_tensor::outline::{Named, Stack, outline};

use super::common;
use super::{ChartRow, Lays, Need};
use crate::axes::Axis;
use crate::distinct::distinct;
use crate::frame::{LINE, Page, facet_grid, text};
use crate::math::ln;
use crate::scale::widen;
use crate::words::Words;
use crate::{ChartError, Extent, Options, Panel, Picture, Range, Theme, short_count};

pub(super) const ROW: ChartRow = ChartRow {
    name: "ridge",
    called: "ridge lines",
    about: "the distributions of many tensors: one outline each, in the order of the layers",
    help: "A histogram of each tensor as an outline, one above the other: the layers of a model from top to \
           bottom, each kind of tensor in a plot of its own with one range for all its layers. Layers and kinds are \
           found in the names as in an overview. Each outline is as high as its own largest bin, so \
           what is compared is where values lie and how widely they spread; `log` makes the heights logarithmic. \
           The range leaves out the outermost thousandth at either end, unless `range` says otherwise; what lies outside is \
           counted below. NaN and infinities are counted and never drawn.",
    heeds: &["range", "columns", "log", "bins"],
    need: |_: &[Extent], _: &Options| Need::Summaries,
    build,
    share: None,
    legend_alone: None,
    lays: Lays::Model,
    plays: false,
};

/// The maximum number of outlines that are drawn.
pub const MOST: usize = 96;
/// Least and most height of a page's share for each outline on a page that takes what it needs, points.
const PITCH: (f64, f64) = (11.0, 26.0);
/// Height that such a page gives to the outlines of a plot, points.
const TALL: f64 = 190.0;
/// Width of such a page: of one plot, and of several.
const NATURAL: (f64, f64) = (400.0, 620.0);
/// How far an outline reaches over the one above it, as a share of their distance.
const REACH: f64 = 1.7;
/// Bins of an outline.
const BINS: usize = 90;
/// Quantile at which the range ends.
const OUTER: f64 = 0.001;
/// Height of the name above a plot, and of the axis below it, points.
const HEAD: f64 = 14.0;
const FOOT: f64 = 18.0;
/// Space between plots, points.
const GAP: f64 = 18.0;
/// Longest name of an outline as a share of the plot's width.
const NAME: f64 = 0.36;

/// The tensors of one plot.
struct Group {
    name: String,
    /// A panel each, with what it is called there.
    members: Vec<(usize, String)>,
}

fn build(panels: &[Panel], options: &Options) -> Result<Picture, ChartError> {
    let unfit =
        |what: String, why: &str| ChartError::Unfit { chart: "ridge", what, why: why.to_owned() };
    let Some(first) = panels.first() else {
        return Err(unfit("nothing".to_owned(), "no tensor was chosen"));
    };
    if panels.iter().all(|panel| panel.summary.finite() == 0) {
        return Err(unfit(format!("{:?}", first.label()), "it has no finite value"));
    }
    let inner = Options { legend: Some(false), ..options.clone() };
    let page = Page::new(&inner);
    let groups = groups(panels);
    let (room_w, room_h) = page.room();
    let natural = if groups.len() == 1 { NATURAL.0 } else { NATURAL.1 };
    let width = page.width().map_or(natural, |_| room_w);
    let most = ((width + GAP) / (120.0 + GAP)).floor().max(1.0) as usize;
    let columns = options.columns.unwrap_or_else(|| facet_grid(groups.len(), None).0.min(most));
    let columns = columns.clamp(1, groups.len());
    let longest = groups.iter().map(|group| group.members.len()).max().unwrap_or(1) as f64;
    let lines = groups.len().div_ceil(columns);
    let pitch = (TALL / longest).clamp(PITCH.0, PITCH.1);
    let height = match page.height() {
        Some(_) => room_h,
        None => {
            lines as f64 * (HEAD + FOOT + pitch * (longest + REACH - 1.0))
                + (lines - 1) as f64 * GAP / 2.0
        }
    };
    let mut words = words(panels, &groups, options);
    let ranges: Vec<(f64, f64)> =
        groups.iter().map(|group| range(group, panels, options)).collect();
    let facts = facts(panels, &groups, &ranges);
    words.notes.extend(facts.iter().cloned());
    words.notes.extend(options.notes.iter().cloned());
    let layout = page.block((width, height), &words);
    let body = layout.areas[0].rect;
    let cell_w = (body.w + GAP) / columns as f64 - GAP;
    let cell_h = (body.h - (lines - 1) as f64 * GAP / 2.0) / lines as f64;
    let pitch = (cell_h - HEAD - FOOT) / (longest + REACH - 1.0);
    if cell_w < 40.0 || pitch < 3.0 {
        return Err(page.no_room());
    }
    let mut items = Vec::new();
    for (at, (group, range)) in groups.iter().zip(&ranges).enumerate() {
        let place = Rect::new(
            body.x + (at % columns) as f64 * (cell_w + GAP),
            body.y + (at / columns) as f64 * (cell_h + GAP / 2.0),
            cell_w,
            HEAD + FOOT + pitch * (group.members.len() as f64 + REACH - 1.0),
        );
        items.extend(plot(group, panels, *range, place, pitch, options, &page.theme));
    }
    let mut notes = layout.notes.clone();
    notes.extend(facts);
    Ok(Picture { scene: page.scene(&layout, &words, items), notes })
}

/// A group for each kind of tensor that layers have, and one for all others.
fn groups(panels: &[Panel]) -> Vec<Group> {
    let labels: Vec<String> = panels.iter().map(Panel::label).collect();
    let named: Vec<Named<'_>> = labels
        .iter()
        .zip(panels)
        .map(|(name, panel)| Named { name, shape: &panel.shape })
        .collect();
    let found = outline(&named);
    let mut groups: Vec<Group> = Vec::new();
    let mut others: Vec<usize> = found.first.clone();
    for stack in &found.stacks {
        match stack.pattern.as_str() {
            "" => others.extend(stack.members().copied()),
            _ => groups.extend(of_stack(stack, found.stacks.len() > 1)),
        }
    }
    others.extend(found.last.iter().chain(&found.scalars));
    others.retain(|&tensor| panels[tensor].summary.elements > 0);
    if !others.is_empty() {
        let names: Vec<String> = others.iter().map(|&tensor| labels[tensor].clone()).collect();
        let name = if groups.is_empty() { "" } else { "outside of the layers" };
        let members = others.into_iter().zip(distinct(&names)).collect();
        groups.push(Group { name: name.to_owned(), members });
    }
    groups
}

fn of_stack(stack: &Stack, is_one_of_several: bool) -> Vec<Group> {
    let group = |(index, kind): (usize, &hinton_tensor::outline::Kind)| {
        let members = (0..stack.layers.len()).flat_map(|layer| {
            let label = &stack.layers[layer].label;
            let tensors = stack.cell(layer, index);
            tensors.iter().enumerate().map(move |(expert, &tensor)| match tensors.len() {
                1 => (tensor, label.clone()),
                _ => (tensor, format!("{label}:{expert}")),
            })
        });
        let name = match is_one_of_several {
            true => format!("{} {}", stack.pattern, kind.name),
            false => kind.name.clone(),
        };
        let name = if kind.name.is_empty() { stack.pattern.clone() } else { name };
        Group { name, members: members.collect() }
    };
    stack.kinds.iter().enumerate().map(group).collect()
}

/// The ends of the axis of a plot.
fn range(group: &Group, panels: &[Panel], options: &Options) -> (f64, f64) {
    let summaries = || group.members.iter().map(|member| &panels[member.0].summary);
    let least = |q: f64| summaries().filter_map(|s| s.quantile(q)).fold(f64::MAX, f64::min);
    let most = |q: f64| summaries().filter_map(|s| s.quantile(q)).fold(f64::MIN, f64::max);
    let (low, high) = match options.range {
        Some(Range::Fixed(low, high)) => return (low, high),
        Some(Range::Data) => (least(0.0), most(1.0)),
        Some(Range::Symmetric) => {
            let reach = least(0.0).abs().max(most(1.0).abs());
            (-reach, reach)
        }
        Some(Range::Robust) => (least(0.01), most(0.99)),
        None => (least(OUTER), most(1.0 - OUTER)),
    };
    if low > high { (-1.0, 1.0) } else { widen(low, high) }
}

/// What is not drawn.
fn facts(panels: &[Panel], groups: &[Group], ranges: &[(f64, f64)]) -> Vec<String> {
    let mut facts = Vec::new();
    let mut outside = 0u64;
    let mut all = 0u64;
    let mut odd: Vec<String> = Vec::new();
    for (group, (low, high)) in groups.iter().zip(ranges) {
        for panel in group.members.iter().map(|member| &panels[member.0]) {
            let inside: u64 = panel.summary.histogram(*low, *high, 1).iter().sum();
            outside += panel.summary.finite().saturating_sub(inside);
            all += panel.summary.finite();
            if panel.summary.finite() < panel.summary.elements {
                odd.push(panel.label());
            }
        }
    }
    if outside > 0 {
        let share = crate::short(100.0 * outside as f64 / all as f64);
        facts
            .push(format!("{} values ({share} %) lie outside of the ranges", short_count(outside)));
    }
    if let Some(first) = odd.first() {
        facts.push(match odd.len() {
            1 => format!("{first} has NaN or infinities, not drawn"),
            count => format!("{count} tensors have NaN or infinities, not drawn, such as {first}"),
        });
    }
    facts
}

fn words(panels: &[Panel], groups: &[Group], options: &Options) -> Words {
    let count = short_count(panels.len() as u64);
    let title = match (&options.title, panels) {
        (Some(title), _) => title.clone(),
        (None, [one]) => one.label(),
        (None, _) => format!("{count} tensors: how values spread"),
    };
    let mut subtitle = Vec::new();
    match common::shape_of_all(panels) {
        Some(shape) if panels.len() == 1 => subtitle.push(shape),
        Some(shape) => subtitle.push(format!("{count} tensors, each {shape}")),
        None => subtitle.push(format!("{count} tensors")),
    }
    if groups.iter().any(|group| group.members.len() > 1) {
        subtitle.push("first layer above, last below".to_owned());
    }
    subtitle.push(match options.log_counts {
        true => "counts on logarithmic axes, each as high as its largest".to_owned(),
        false => "each as high as its own largest bin".to_owned(),
    });
    if groups.len() > 1 {
        subtitle.push("each plot has its own range".to_owned());
    }
    Words { title, subtitle, notes: Vec::new(), legend_height: 0.0 }
}

/// The outlines of one kind.
fn plot(
    group: &Group,
    panels: &[Panel],
    (low, high): (f64, f64),
    place: Rect,
    pitch: f64,
    options: &Options,
    theme: &Theme,
) -> Vec<Item> {
    let style = theme.label();
    let mut items = Vec::new();
    let name = fit(&group.name, theme.name_style(), place.w);
    items.push(text(&name, place.x, place.y, theme.name_style(), Align::Start, Baseline::Top));
    let widest = group.members.iter().map(|member| measure(&member.1, style)).fold(0.0, f64::max);
    let label_w = widest.min(place.w * NAME) + 5.0;
    let rect =
        Rect::new(place.x + label_w, place.y + HEAD, place.w - label_w, place.h - HEAD - FOOT);
    let axis = Axis::even(low, high);
    let x = |value: f64| rect.x + axis.share(value) * rect.w;
    // The values' axis, and zero.
    let mut grid = Path::new();
    let ticks = axis.ticks((rect.w / 46.0).clamp(1.0, 8.0) as usize);
    let mut free = f64::MIN;
    for (tick, label) in &ticks {
        let at = x(*tick);
        grid.extend(Path::line(Point::new(at, rect.y), Point::new(at, rect.bottom())));
        let half = measure(label, style) / 2.0;
        if at - half > free && at + half <= place.right() + 6.0 {
            items.push(text(label, at, rect.bottom() + 4.0, style, Align::Middle, Baseline::Top));
            free = at + half + 4.0;
        }
    }
    items.insert(0, Shape::stroked(grid, theme.line.alpha(70), 0.5));
    if axis.holds(0.0) {
        let zero = Path::line(Point::new(x(0.0), rect.y), Point::new(x(0.0), rect.bottom()));
        items.push(Shape::stroked(zero, theme.soft.alpha(130), 0.6));
    }
    let bins = options.bins.unwrap_or(BINS).clamp(1, 4096);
    let color = theme.series[0];
    for (row, (member, label)) in group.members.iter().enumerate() {
        let summary = &panels[*member].summary;
        let base = rect.y + pitch * (row as f64 + REACH);
        let counts = summary.histogram(low, high, bins);
        let top = counts.iter().copied().max().unwrap_or(0);
        let height = |count: u64| match (top, options.log_counts) {
            (0, _) => 0.0,
            (_, true) => ln(1.0 + count as f64) / ln(1.0 + top as f64),
            (_, false) => count as f64 / top as f64,
        };
        let step = rect.w / bins as f64;
        let mut outline = vec![Point::new(rect.x, base)];
        outline.extend(counts.iter().enumerate().map(|(at, &count)| {
            let x = rect.x + (at as f64 + 0.5) * step;
            Point::new(x, base - height(count) * pitch * REACH)
        }));
        outline.push(Point::new(rect.right(), base));
        if top > 0 {
            let area = Path::polyline(&outline, true);
            items.push(Shape::filled(area.clone(), theme.page.alpha(225)));
            items.push(Shape::filled(area, color.alpha(70)));
            items.push(Shape::stroked(Path::polyline(&outline, false), color, 0.9));
        } else {
            let line = Path::line(Point::new(rect.x, base), Point::new(rect.right(), base));
            items.push(Shape::stroked(line, theme.line, 0.7));
        }
        let is_odd = summary.finite() < summary.elements;
        let style = hinton_scene::TextStyle {
            color: if is_odd { theme.nan } else { style.color },
            ..style
        };
        let label = fit(label, style, label_w - 5.0);
        items.push(text(&label, rect.x - 5.0, base, style, Align::End, Baseline::Alphabetic));
        let said = match (summary.finite(), top, is_odd) {
            (0, _, _) => "no finite value",
            (_, 0, _) => "all outside of the range",
            (_, _, true) => "has NaN or infinities",
            _ => continue,
        };
        if pitch >= LINE * 0.8 && rect.w > 90.0 {
            items.push(text(
                said,
                rect.right(),
                base - 2.0,
                style,
                Align::End,
                Baseline::Alphabetic,
            ));
        }
    }
    items
}
