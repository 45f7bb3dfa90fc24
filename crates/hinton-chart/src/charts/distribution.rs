//! The distribution of a tensor's values over the steps of a run, as bands of quantiles.

use hinton_scene::{Align, Baseline, Color, Item, Path, Point, Rect, Shape, fit};

use super::common;
use super::over::{self, band, edge, hatched};
use super::{ChartRow, Lays, Need};
use crate::axes::{self, Axis, BELOW, Plot, numbers_width, whole_text, y_name_width};
use crate::colorbar::{Swatch, legend_height, low_swatches_height, swatches_in};
use crate::frame::{LINE, Page, facet_grid, text};
use crate::words::Words;
use crate::{
    ChartError, Extent, Options, Panel, Picture, Range, Spread, Theme, shape_text, short,
    short_count,
};

pub(super) const ROW: ChartRow = ChartRow {
    name: "distribution",
    called: "a distribution",
    about: "the distribution of a tensor's values over the steps of a run: bands of quantiles",
    help: "The position along x is the step number. The bands hold all values (palest), 98, 90 and 50 % of them \
           (strongest); the line is the median. Several tensors have one plot each; the same tensor of several runs shares an axis. Quantiles are of \
           the finite values: steps with NaN or infinities are marked at the edge and counted, steps \
           without any finite value and steps that lack the tensor are hatched, and where the shape changes the bands \
           break. Runs side by side have separate axes if their scales differ tenfold. If steps spread over more \
           than a factor of 10,000, or with `log`, the axis is logarithmic on both sides of zero. If there are more steps than pixels, each column of pixels spans all of its steps. `range` sets the ends of the axis; robust \
           is from the least 1 % to the largest 99 % quantile. Quantiles of 32-bit values are within \
           0.8 %, least and largest exact.",
    heeds: &["range", "x-label", "y-label", "columns", "legend", "log"],
    need: |_: &[Extent], _: &Options| Need::Spreads,
    build,
    share: None,
    legend_alone: None,
    lays: Lays::Whole,
    plays: false,
};

/// Width and height of one plot alone, and of one of several, on a page that takes what it needs.
const NATURAL: [(f64, f64); 2] = [(440.0, 240.0), (290.0, 160.0)];
/// From this factor between the scales of runs on each has its own, and from this factor between the
/// spreads of steps on the axis is logarithmic.
const APART: f64 = 10.0;
const WIDE: f64 = 1e4;
/// Height of a plot whose page has a width only, as a share of it.
const FLAT: f64 = 0.52;
/// Space between plots, points.
const BETWEEN: (f64, f64) = (18.0, 12.0);
/// The name of the vertical axis.
const OWN_Y: &str = "value";
/// The bands: which quantiles, what they hold, and how much of the colour they have.
const BANDS: [(usize, usize, &str, f64); 4] =
    [(0, 8, "all values", 0.16), (1, 7, "98 %", 0.30), (2, 6, "90 %", 0.46), (3, 5, "50 %", 0.70)];
const MEDIAN: usize = 4;
/// Most tensors that are named one by one in notes.
const MOST_NAMED: usize = 3;

fn build(panels: &[Panel], options: &Options) -> Result<Picture, ChartError> {
    let page = Page::new(options);
    let theme = page.theme.clone();
    check(panels)?;
    let x_name = over::shared_name(panels);
    let mut words = words(panels, options, x_name);
    let facts = facts(panels, x_name);
    words.notes.extend(facts.iter().cloned());
    words.notes.extend(options.notes.iter().cloned());
    words.legend_height = match page.has_low_legend() {
        true => low_swatches_height(BANDS.len() + 5, page.legend_width()),
        false => legend_height(0.0, BANDS.len() + 5),
    };
    let (columns, rows) = match (panels.len(), options.columns) {
        // A narrow page has room for one below the other only.
        (count, None) if page.width().is_some_and(|width| width < 420.0) => (1, count),
        (count, columns) => facet_grid(count, columns.or(Some(count.min(2)))),
    };
    let head = if panels.len() > 1 { LINE + 8.0 } else { 0.0 };
    let size = body_size(&page, columns, rows, head);
    let layout = page.block(size, &words);
    let body = layout.areas[0].rect;
    let cell = (
        (body.w - BETWEEN.0 * (columns - 1) as f64) / columns as f64,
        (body.h - BETWEEN.1 * (rows - 1) as f64) / rows as f64,
    );
    let mut items = Vec::new();
    let mut folded = None;
    for (at, panel) in panels.iter().enumerate() {
        let x = body.x + (at % columns) as f64 * (cell.0 + BETWEEN.0);
        let y = body.y + (at / columns) as f64 * (cell.1 + BETWEEN.1);
        let plot =
            plot(panels, panel, options, Rect::new(x, y + head, cell.0, cell.1 - head), &theme);
        if plot.rect.w < 16.0 || plot.rect.h < 12.0 {
            return Err(page.no_room());
        }
        if panels.len() > 1 {
            let style = theme.name_style();
            let name = fit(&name(panel), style, cell.0);
            items.push(text(&name, x, y + LINE, style, Align::Start, Baseline::Alphabetic));
        }
        let name = if at / columns + 1 == rows || at + columns >= panels.len() {
            axes::x_name(options, x_name)
        } else {
            ""
        };
        items.extend(plot.axes(&theme, name));
        items.extend(axes::y_name(options, OWN_Y, &theme, x, plot.rect));
        let (drawn, count) = drawn(panel, &plot, options, &theme);
        items.extend(drawn);
        folded = folded.max(count);
    }
    if page.legend {
        let list = legend(panels, &theme);
        items.extend(swatches_in(&list, &theme, layout.legend));
    }
    let mut notes = layout.notes.clone();
    notes.extend(facts);
    if let Some(steps) = folded {
        notes.push(format!(
            "of {} steps every column of pixels spans all of its own",
            short_count(steps as u64)
        ));
    }
    Ok(Picture { scene: page.scene(&layout, &words, items), notes })
}

fn check(panels: &[Panel]) -> Result<(), ChartError> {
    let unfit = |what: String, why: &str| {
        Err(ChartError::Unfit { chart: "distribution", what, why: why.to_owned() })
    };
    if panels.is_empty() {
        return unfit("nothing".to_owned(), "no tensor was chosen");
    }
    let finite = |panel: &Panel| panel.course.spreads().iter().any(|s| s.quantiles.is_some());
    if !panels.iter().any(finite) {
        return unfit(format!("{:?}", panels[0].label()), "it has no finite value in any step");
    }
    Ok(())
}

fn name(panel: &Panel) -> String {
    match panel.part.as_str() {
        "" => panel.name.clone(),
        part if part.starts_with('[') => panel.label(),
        part => format!("{} of {part}", panel.name),
    }
}

fn body_size(page: &Page<'_>, columns: usize, rows: usize, head: f64) -> (f64, f64) {
    let one = if columns * rows > 1 { NATURAL[1] } else { NATURAL[0] };
    let (columns, rows) = (columns as f64, rows as f64);
    let gaps = (BETWEEN.0 * (columns - 1.0), BETWEEN.1 * (rows - 1.0));
    let (room_w, room_h) = page.room();
    match (page.width(), page.height()) {
        (None, _) => (one.0 * columns + gaps.0, (one.1 + head) * rows + gaps.1),
        (Some(_), Some(_)) => (room_w, room_h),
        (Some(_), None) => {
            let wide = (room_w - gaps.0) / columns;
            (room_w, ((wide * FLAT).max(96.0) + head) * rows + gaps.1)
        }
    }
}

/// The largest magnitude of a spread.
fn reach(quantiles: &[f64; 9]) -> f64 {
    quantiles[0].abs().max(quantiles[8].abs())
}

/// The largest magnitude over the steps of a panel.
fn panel_reach(panel: &Panel) -> f64 {
    let quantiles = panel.course.spreads().iter().filter_map(|spread| spread.quantiles);
    quantiles.map(|q| reach(&q)).fold(0.0, f64::max)
}

/// Whether the runs that have this tensor differ so much that one axis would hide some of them.
fn own_scales(panels: &[Panel], name: &str) -> bool {
    let reaches =
        || panels.iter().filter(|one| one.name == name).map(panel_reach).filter(|r| *r > 0.0);
    reaches().fold(0.0, f64::max) / APART > reaches().fold(f64::MAX, f64::min)
}

/// Whether the axis of a panel is logarithmic by itself.
fn is_wide(panel: &Panel) -> bool {
    let quantiles = panel.course.spreads().iter().filter_map(|spread| spread.quantiles);
    let reaches = || quantiles.clone().map(|q| reach(&q)).filter(|reach| *reach > 0.0);
    reaches().fold(0.0, f64::max) / WIDE > reaches().fold(f64::MAX, f64::min)
}

/// The axes of a panel: places of all panels, values of those of the same name.
fn plot(panels: &[Panel], panel: &Panel, options: &Options, place: Rect, theme: &Theme) -> Plot {
    let spreads = || panels.iter().flat_map(|panel| panel.course.spreads());
    let first = spreads().map(|spread| spread.place).fold(f64::MAX, f64::min);
    let last = spreads().map(|spread| spread.place).fold(f64::MIN, f64::max);
    let x =
        if first < last { Axis::even(first, last) } else { Axis::even(first - 1.0, last + 1.0) };
    let robust = options.range == Some(Range::Robust);
    let (under, over) = if robust { (1, 7) } else { (0, 8) };
    let is_own = own_scales(panels, &panel.name);
    let is_shown = |one: &&Panel| match is_own {
        true => std::ptr::eq(*one, panel),
        false => one.name == panel.name,
    };
    let same = panels.iter().filter(is_shown);
    let quantiles =
        || same.clone().flat_map(|one| one.course.spreads()).filter_map(|s| s.quantiles);
    let low = quantiles().map(|q| q[under]).fold(f64::MAX, f64::min);
    let high = quantiles().map(|q| q[over]).fold(f64::MIN, f64::max);
    let (low, high) = if low > high { (-1.0, 1.0) } else { (low, high) };
    let linear =
        quantiles().map(|q| reach(&q)).filter(|reach| *reach > 0.0).fold(f64::MAX, f64::min);
    let is_wide = options.range.is_none() && same.clone().any(is_wide);
    let y = match options.range {
        Some(Range::Fixed(low, high)) => Axis::even(low, high),
        Some(Range::Symmetric) => {
            let reach = low.abs().max(high.abs());
            Axis::even(-reach, reach)
        }
        _ if is_wide || (options.log_counts && linear < f64::MAX) => {
            Axis::both_sides(low, high, if is_wide { linear } else { linear / 10.0 })
        }
        _ => Axis::roomy(low, high, 0.03, 0.03),
    };
    let left = y_name_width(options, OWN_Y, theme) + numbers_width(&y, place.h - BELOW, theme);
    let rect = Rect::new(place.x + left, place.y, place.w - left, place.h - BELOW);
    let whole = spreads().all(|spread| spread.place.fract() == 0.0);
    Plot { rect, x, y, whole }
}

/// Bands, median, zero line, and marks for what is odd; and how many steps there were where not
/// each has a place of its own.
fn drawn(
    panel: &Panel,
    plot: &Plot,
    options: &Options,
    theme: &Theme,
) -> (Vec<Item>, Option<usize>) {
    let spreads = panel.course.spreads();
    let pixels = options.dpi / 72.0;
    let column = |place: f64| (plot.at_x(place) * pixels).floor() as i64;
    let columns = (plot.rect.w * pixels).max(1.0) as usize;
    let is_dense = spreads.len() > columns;
    let mut items = Vec::new();
    items.extend(gaps(spreads, plot, theme));
    let pieces = pieces(spreads);
    for (at, &(low, high, _, strength)) in BANDS.iter().enumerate() {
        let color = tint(theme, strength);
        let areas = pieces.iter().map(|piece| {
            let points = quantiles(piece, is_dense.then_some(&column));
            area(&points, plot, (low, high), at)
        });
        let mut path = Path::new();
        areas.for_each(|area| path.extend(area));
        items.push(Shape::filled(path, color));
    }
    let mut median = Path::new();
    for piece in &pieces {
        let points = quantiles(piece, is_dense.then_some(&column));
        let point = |(place, q): &(f64, [f64; 9])| plot.point((*place, q[MEDIAN]));
        let line: Vec<Point> = points.iter().map(point).collect();
        match line[..] {
            [only] => {
                let x = inside(only.x, plot);
                let side = |by: f64| Point::new(x + by, only.y);
                median.extend(Path::line(side(-LONE), side(LONE)));
            }
            _ => median.extend(Path::polyline(&line, false)),
        }
    }
    items.push(Shape::stroked(median, theme.series[0].mix(theme.ink, 0.55), 1.2));
    if plot.y.holds(0.0) {
        let y = plot.at_y(0.0);
        let zero = Path::line(Point::new(plot.rect.x, y), Point::new(plot.rect.right(), y));
        items.push(Shape::stroked(zero, theme.ink.alpha(150), 0.7));
    }
    items.extend(marks(spreads, plot, theme));
    (items, is_dense.then_some(spreads.len()))
}

/// Half the width of a step that stands alone, points.
const LONE: f64 = 5.0;

/// The middle of a bar so that it does not cover the numbers beside the plot.
fn inside(x: f64, plot: &Plot) -> f64 {
    x.min(plot.rect.right() - LONE).max(plot.rect.x + LONE)
}

fn tint(theme: &Theme, strength: f64) -> Color {
    theme.page.mix(theme.series[0], strength)
}

/// Neighbouring steps with finite values and one shape.
fn pieces(spreads: &[Spread]) -> Vec<&[Spread]> {
    let parts = spreads.split(|spread| spread.quantiles.is_none());
    parts
        .flat_map(|part| part.chunk_by(|a, b| a.shape == b.shape))
        .filter(|p| !p.is_empty())
        .collect()
}

/// The quantiles at each place, or of each column of pixels: the widest of its steps.
fn quantiles(piece: &[Spread], column: Option<&impl Fn(f64) -> i64>) -> Vec<(f64, [f64; 9])> {
    let mut points: Vec<(f64, [f64; 9])> = Vec::new();
    for spread in piece {
        let Some(of) = spread.quantiles else { continue };
        let same = |last: &&mut (f64, [f64; 9])| {
            column.is_some_and(|column| column(last.0) == column(spread.place))
        };
        match points.last_mut().filter(same) {
            Some(last) => {
                for (at, value) in of.into_iter().enumerate().filter(|(at, _)| *at != MEDIAN) {
                    let wider = if at < MEDIAN { f64::min } else { f64::max };
                    last.1[at] = wider(last.1[at], value);
                }
            }
            None => points.push((spread.place, of)),
        }
    }
    points
}

/// The area between two quantiles; a bar where there is one step only.
fn area(points: &[(f64, [f64; 9])], plot: &Plot, (low, high): (usize, usize), band: usize) -> Path {
    if let [(place, q)] = points {
        let (top, bottom) = (plot.at_y(q[high]), plot.at_y(q[low]));
        // Narrower outside, as the ends of a box plot are.
        let half = LONE * [0.4, 0.6, 0.8, 1.0][band];
        let x = inside(plot.at_x(*place), plot);
        let rect = Rect::new(x - half, top, 2.0 * half, (bottom - top).max(0.3));
        return Path::rect(rect);
    }
    let upper = points.iter().map(|(place, q)| plot.point((*place, q[high])));
    let lower = points.iter().rev().map(|(place, q)| plot.point((*place, q[low])));
    Path::polyline(&upper.chain(lower).collect::<Vec<_>>(), true)
}

/// Steps without the tensor, or without a finite value in it: hatched up to their neighbours.
fn gaps(spreads: &[Spread], plot: &Plot, theme: &Theme) -> Vec<Item> {
    let mut items = Vec::new();
    let mut at = 0;
    while at < spreads.len() {
        let is_gap = |spread: &Spread| spread.quantiles.is_none();
        let count = spreads[at..].iter().take_while(|spread| is_gap(spread)).count();
        if count > 0 {
            let place = |at: usize| plot.at_x(spreads[at].place);
            let from = if at > 0 { place(at - 1) } else { place(at) - 1.5 };
            let end = at + count;
            let to = if end < spreads.len() { place(end) } else { place(end - 1) + 1.5 };
            let (from, to) = (from.max(plot.rect.x), to.min(plot.rect.right()));
            let is_nan = spreads[at..end].iter().any(|spread| spread.elements > 0);
            let color = if is_nan { theme.nan } else { theme.line };
            let rect = Rect::new(from, plot.rect.y, (to - from).max(0.5), plot.rect.h);
            items.push(hatched(rect, color.alpha(170), 0.6));
        }
        at += count.max(1);
    }
    items
}

/// Marks at the lower edge for NaN, at the upper one for infinities; a line where the shape changes.
fn marks(spreads: &[Spread], plot: &Plot, theme: &Theme) -> Vec<Item> {
    let stretches = |is: &dyn Fn(&Spread) -> bool| -> Vec<(f64, f64)> {
        let runs = spreads.chunk_by(|a, b| is(a) == is(b)).filter(|run| is(&run[0]));
        runs.map(|run| (run[0].place, run[run.len() - 1].place)).collect()
    };
    let nan = stretches(&|spread| spread.nan > 0);
    let infinite = stretches(&|spread| spread.infinite > 0);
    let mut items = Vec::new();
    items.extend(band(&nan, plot, theme.nan.alpha(30)));
    items.extend(edge(&nan, plot, plot.rect.bottom() - over::EDGE, theme.nan));
    items.extend(edge(&infinite, plot, plot.rect.y, theme.pos_inf));
    let mut changes = Path::new();
    for (before, after) in shape_changes(spreads) {
        let x = (plot.at_x(before.place) + plot.at_x(after.place)) / 2.0;
        let line = Path::line(Point::new(x, plot.rect.y), Point::new(x, plot.rect.bottom()));
        changes.extend(line);
    }
    if !changes.segments.is_empty() {
        items.push(Shape::stroked(changes, theme.soft, 0.8));
    }
    items
}

/// Steps between which the shape changes.
fn shape_changes(spreads: &[Spread]) -> Vec<(&Spread, &Spread)> {
    let there: Vec<&Spread> = spreads.iter().filter(|spread| spread.shape.is_some()).collect();
    there.windows(2).filter(|p| p[0].shape != p[1].shape).map(|p| (p[0], p[1])).collect()
}

fn legend(panels: &[Panel], theme: &Theme) -> Vec<Swatch> {
    let median = theme.series[0].mix(theme.ink, 0.55);
    let mut list = vec![Swatch { color: median, label: "median".to_owned() }];
    list.extend(BANDS.iter().rev().map(|&(_, _, label, strength)| Swatch {
        color: tint(theme, strength),
        label: label.to_owned(),
    }));
    let spreads = || panels.iter().flat_map(|panel| panel.course.spreads());
    // Steps of several tensors are the same steps.
    let mut odd = |is: fn(&Spread) -> bool, color: Color, what: &str| {
        let mut places: Vec<f64> =
            spreads().filter(|spread| is(spread)).map(|spread| spread.place).collect();
        places.sort_by(f64::total_cmp);
        places.dedup();
        if !places.is_empty() {
            let label = format!("{what}: {}", steps(places.len()));
            list.push(Swatch { color, label });
        }
    };
    odd(|spread| spread.nan > 0, theme.nan, "NaN");
    odd(|spread| spread.infinite > 0, theme.pos_inf, "±∞");
    list
}

fn steps(count: usize) -> String {
    format!("{} step{}", short_count(count as u64), if count == 1 { "" } else { "s" })
}

fn words(panels: &[Panel], options: &Options, x_name: &str) -> Words {
    let title = match panels {
        [panel] => name(panel),
        panels => over::title(panels, "tensors"),
    };
    let title = options.title.clone().unwrap_or(title);
    let mut subtitle = vec!["quantiles of the values".to_owned()];
    let places: Vec<f64> =
        panels.iter().flat_map(|panel| panel.course.spreads()).map(|spread| spread.place).collect();
    let first = places.iter().copied().fold(f64::MAX, f64::min);
    let last = places.iter().copied().fold(f64::MIN, f64::max);
    let most = panels.iter().map(|panel| panel.course.spreads().len()).max().unwrap_or(0);
    if most > 1 {
        let (first, last) = (whole_text(first), whole_text(last));
        subtitle.push(format!("{} {x_name}s, {first} … {last}", short_count(most as u64)));
    } else {
        subtitle.push(format!("{x_name} {}", whole_text(first)));
    }
    subtitle.extend(common::shape_of_all(panels));
    let is_log = options.log_counts || panels.iter().any(is_wide);
    if options.range.is_none() && is_log {
        subtitle.push("logarithmic on both sides of zero".to_owned());
    }
    let mut notes = Vec::new();
    if panels.iter().any(|panel| own_scales(panels, &panel.name)) {
        notes.push("runs whose scales differ tenfold have an axis each".to_owned());
    }
    if let [panel] = panels {
        let quantiles = || panel.course.spreads().iter().filter_map(|spread| spread.quantiles);
        let low = quantiles().map(|q| q[0]).fold(f64::MAX, f64::min);
        let high = quantiles().map(|q| q[8]).fold(f64::MIN, f64::max);
        notes.push(format!("least {} · largest {}", short(low), short(high)));
    }
    Words { title, subtitle, notes, legend_height: 0.0 }
}

/// What is odd: NaN, missing steps, changes of shape.
fn facts(panels: &[Panel], x_name: &str) -> Vec<String> {
    let mut facts = Vec::new();
    for panel in panels {
        let of = if panels.len() > 1 { format!("{}: ", name(panel)) } else { String::new() };
        facts.extend(panel_facts(panel, x_name).into_iter().map(|fact| format!("{of}{fact}")));
    }
    let most = if panels.len() > 1 { 2 * MOST_NAMED } else { usize::MAX };
    if facts.len() > most {
        let more = facts.len() - most;
        facts.truncate(most);
        facts.push(format!("and {more} more such notes"));
    }
    facts
}

fn panel_facts(panel: &Panel, x_name: &str) -> Vec<String> {
    let spreads = panel.course.spreads();
    let mut facts = Vec::new();
    for (what, count) in [("NaN", (|s| s.nan) as fn(&Spread) -> u64), ("±∞", |s| s.infinite)] {
        let having: Vec<&Spread> = spreads.iter().filter(|spread| count(spread) > 0).collect();
        if let Some(first) = having.first() {
            let values: u64 =
                having.iter().map(|spread| count(spread)).fold(0, u64::saturating_add);
            facts.push(format!(
                "{what} in {} ({} value{}), the first at {x_name} {}",
                steps(having.len()),
                short_count(values),
                if values == 1 { "" } else { "s" },
                whole_text(first.place)
            ));
        }
    }
    let missing: Vec<&Spread> = spreads.iter().filter(|spread| spread.shape.is_none()).collect();
    if let Some(first) = missing.first() {
        let (count, first) = (steps(missing.len()), whole_text(first.place));
        facts.push(format!("missing in {count}, the first is {first}"));
    }
    let changes = shape_changes(spreads);
    for (before, after) in changes.iter().take(MOST_NAMED) {
        let shape = |spread: &Spread| shape_text(spread.shape.as_deref().unwrap_or(&[]));
        let place = whole_text(after.place);
        facts.push(format!(
            "from {x_name} {place} its shape is {}, {} before",
            shape(after),
            shape(before)
        ));
    }
    if changes.len() > MOST_NAMED {
        facts.push(format!("its shape changes {} times", changes.len()));
    }
    facts
}
