//! Numbers over steps as lines: losses, accuracies, any vector; several overlaid.

use hinton_scene::{Color, Item, MarkShape, Marks, Path, Point, Rect, Shape};

use super::common;
use super::over::{self, Odd};
use super::{ChartRow, Lays, Need};
use crate::axes::{self, Axis, BELOW, Plot, numbers_width, whole_text, y_name_width};
use crate::dash::dashed;
use crate::distinct::distinct;
use crate::end_labels::{self, EndLabel};
use crate::frame::Page;
use crate::smooth::{reduced, smoothed};
use crate::words::{Words, counted};
use crate::{
    ChartError, Extent, Options, Panel, Picture, Range, Theme, ThemeName, short, short_count,
};

pub(super) const ROW: ChartRow = ChartRow {
    name: "curve",
    called: "a curve",
    about: "numbers over steps as lines: loss, accuracy, any vector; several runs overlaid",
    help: "One line for each metric of each run, or for each row of numbers of a file; the position along x is \
           the step number, so steps may be uneven. Each line is named at its end with its last value; its \
           best value (the lowest loss, the highest accuracy) has a ring and is written below. Runs differ in colour, \
           metrics of one run in the dash of the line. If there are more points than pixels, every column of pixels shows its \
           smallest and its largest value, so no spike is lost. NaN and infinities break the line, are \
           marked at the edges and counted. `smooth=N` draws the mean of N points over the paled values, \
           `log` makes the axis of values logarithmic, which is the default if a line spans more than a factor of 10,000 \
           (accuracies and learning rates excepted); `range` sets its ends.",
    heeds: &["range", "x-label", "y-label", "legend", "line-width", "log", "log-x", "smooth"],
    need: |_: &[Extent], _: &Options| Need::Lines,
    build,
    share: None,
    legend_alone: None,
    lays: Lays::Lines,
    plays: false,
};

/// Width and height of the plot on a page that takes what it needs, points.
const NATURAL: (f64, f64) = (420.0, 230.0);
/// Values that span more than this are shown on a logarithmic axis.
const WIDE: f64 = 1e4;
/// Most lines whose best values are written below the plot.
const MOST_WORDS: usize = 4;
/// Height of a plot whose page has a width only, as a share of it.
const FLAT: f64 = 0.5;
/// Most lines that can be distinguished: colours times dashes.
const MOST_LINES: usize = 24;
/// Lines of at most this many points show each of them.
const FEW_POINTS: usize = 60;
/// Widest line, and that of a line so dense that it becomes an area, points.
const WIDTHS: (f64, f64) = (1.4, 0.8);
/// Lengths of ink and space, points; the first is a whole line.
const DASHES: [&[f64]; 5] = [&[], &[5.0, 2.5], &[1.5, 2.0], &[7.0, 2.0, 1.5, 2.0], &[10.0, 3.0]];

/// One line, as it is drawn.
struct Line<'a> {
    label: String,
    color: Color,
    dash: &'static [f64],
    points: &'a [(f64, f64)],
    /// The running means over its points, in pieces; empty where it is not smoothed.
    smooth: Vec<Vec<(f64, f64)>>,
    /// Where its best value is, by the metric's name.
    best: Vec<Best>,
    /// Whether it is never a reason for a logarithmic axis.
    is_even: bool,
}

impl Line<'_> {
    fn is_smooth(&self) -> bool {
        !self.smooth.is_empty()
    }

    /// The last point that has a place.
    fn end(&self) -> Option<(f64, f64)> {
        match self.smooth.last().and_then(|piece| piece.last()) {
            Some(end) => Some(*end),
            None => self.points.iter().rev().find(|point| point.1.is_finite()).copied(),
        }
    }
}

/// A value worth a ring.
struct Best {
    word: &'static str,
    point: (f64, f64),
}

fn build(panels: &[Panel], options: &Options) -> Result<Picture, ChartError> {
    // Names stand at the ends of the lines, not in a legend of the page's.
    let inner = Options { legend: Some(false), ..options.clone() };
    let page = Page::new(&inner);
    let theme = page.theme.clone();
    let lines = lines(panels, &theme, options)?;
    let x_name = over::shared_name(panels);
    let drawn = Drawn::new(&lines, options);

    let size = over::plot_size(&page, NATURAL, FLAT);
    let mut words = words(panels, &lines, &drawn, options, x_name);
    let dense = lines.iter().map(|line| line.points.len()).max();
    let dense = dense.filter(|&points| is_dense(points, size.0, options));
    let facts: Vec<String> = drawn.words(&lines).into_iter().chain(dense.map(density)).collect();
    words.notes.extend(facts.iter().cloned());
    if lines.len() <= MOST_WORDS {
        words.notes.extend(best_words(&lines, x_name));
    }
    words.notes.extend(options.notes.iter().cloned());
    let layout = page.block(size, &words);
    let body = layout.areas[0].rect;
    let mut plot = drawn.plot(&lines, body, options)?;
    let named = options.legend.unwrap_or(true);
    let mut labels = if named { end_labels(&lines, &plot) } else { Vec::new() };
    let own_y = own_y(panels, &words.title);
    let left =
        y_name_width(options, own_y, &theme) + numbers_width(&plot.y, body.h - BELOW, &theme);
    let strip = end_labels::width(&labels, &theme, body.w * 0.36);
    let bare = end_labels::LEAD / 2.0;
    plot.rect = Rect::new(body.x + left, body.y, body.w - left - strip.max(bare), body.h - BELOW);
    if plot.rect.w < 20.0 || plot.rect.h < 16.0 {
        return Err(page.no_room());
    }
    if named {
        labels = end_labels(&lines, &plot);
    }

    let mut items = plot.axes(&theme, axes::x_name(options, x_name));
    items.extend(axes::y_name(options, own_y, &theme, body.x, plot.rect));
    items.extend(drawn.odd.items(&plot, &theme));
    // Dense lines below, so that those of few points are seen.
    let mut order: Vec<usize> = (0..lines.len()).collect();
    order.sort_by_key(|&at| std::cmp::Reverse(lines[at].points.len()));
    for at in order {
        items.extend(line_items(&lines[at], &plot, size.0, options, &theme));
    }
    let mut notes = layout.notes.clone();
    match end_labels::items(&labels, &theme, plot.rect, strip) {
        Some(found) => items.extend(found),
        None if labels.is_empty() => {}
        None => notes.push("there is no room for the names of the lines".to_owned()),
    }
    notes.extend(facts);
    Ok(Picture { scene: page.scene(&layout, &words, items), notes })
}

/// The name of the vertical axis: the metric, where there is one and the title does not say it.
fn own_y<'a>(panels: &'a [Panel], title: &str) -> &'a str {
    let name = panels.first().map_or("", |panel| panel.name.as_str());
    let is_shared = panels.iter().all(|panel| panel.name == name);
    if is_shared && !title.starts_with(name) { name } else { "" }
}

/// Whether so many points are more than a plot of about that width shows one by one.
fn is_dense(points: usize, width: f64, options: &Options) -> bool {
    points as f64 > 2.0 * width * options.dpi / 72.0
}

fn density(points: usize) -> String {
    let points = short_count(points as u64);
    format!("of {points} points every column of pixels shows the smallest and the largest")
}

/// The lines, distinguished by run and metric.
fn lines<'a>(
    panels: &'a [Panel],
    theme: &Theme,
    options: &Options,
) -> Result<Vec<Line<'a>>, ChartError> {
    let unfit = |what: &str, why: &str| ChartError::Unfit {
        chart: "curve",
        what: what.to_owned(),
        why: why.to_owned(),
    };
    if panels.is_empty() {
        return Err(unfit("nothing", "there is no line to draw"));
    }
    if panels.len() > MOST_LINES {
        let why = format!("at most {MOST_LINES} can be told apart; choose some of them");
        return Err(unfit(&format!("{} lines", panels.len()), &why));
    }
    let of = |key: fn(&Panel) -> &str| {
        let mut all: Vec<&str> = Vec::new();
        for panel in panels {
            if !all.contains(&key(panel)) {
                all.push(key(panel));
            }
        }
        all
    };
    let (names, parts) = (of(|panel| &panel.name), of(|panel| &panel.part));
    let line = |panel: &'a Panel| {
        let place = |all: &[&str], key: &str| all.iter().position(|one| *one == key).unwrap_or(0);
        let (name, part) = (place(&names, &panel.name), place(&parts, &panel.part));
        // Colours tell runs apart where there are several, else metrics.
        let (color, dash) = if parts.len() > 1 { (part, name) } else { (name, 0) };
        let dash = dash + color / theme.series.len();
        // In print colours may be greys.
        let dash = if theme.name == ThemeName::Paper { dash + color } else { dash };
        let points = panel.course.line();
        let smooth = smooth_pieces(points, options);
        let all: Vec<(f64, f64)> = smooth.iter().flatten().copied().collect();
        Line {
            label: match (names.len(), parts.len()) {
                (1, 2..) => panel.part.clone(),
                (_, 1) => panel.label(),
                _ => format!("{} {}", panel.part, panel.name),
            },
            color: theme.series[color % theme.series.len()],
            dash: DASHES[dash % DASHES.len()],
            points,
            best: best(&panel.name, if smooth.is_empty() { points } else { &all }),
            is_even: reads_evenly(&panel.name),
            smooth,
        }
    };
    let mut lines: Vec<Line<'_>> = panels.iter().map(line).collect();
    let labels: Vec<String> = lines.iter().map(|line| line.label.clone()).collect();
    for (line, label) in lines.iter_mut().zip(distinct(&labels)) {
        line.label = label;
    }
    Ok(lines)
}

/// Running means of each piece of a line that is long enough; a mean over most of a line would show
/// nothing of it.
fn smooth_pieces(points: &[(f64, f64)], options: &Options) -> Vec<Vec<(f64, f64)>> {
    match options.smooth {
        Some(window) if window > 1 && points.len() >= window.saturating_mul(2) => {
            let pieces = points.split(|point| !point.1.is_finite());
            pieces.filter(|piece| !piece.is_empty()).map(|piece| smoothed(piece, window)).collect()
        }
        _ => Vec::new(),
    }
}

/// Parts of names of metrics that are to fall, and of those that are to rise.
const TO_FALL: [&str; 7] = ["loss", "err", "perplexity", "ppl", "mse", "mae", "nll"];
const TO_RISE: [&str; 8] = ["acc", "f1", "auc", "precision", "recall", "score", "bleu", "iou"];

/// The best of the values by the metric's name; the lowest and the highest where it does not tell.
fn best(name: &str, points: &[(f64, f64)]) -> Vec<Best> {
    let name = name.to_ascii_lowercase();
    let is = |words: &[&str]| words.iter().any(|word| name.contains(word));
    let finite = || points.iter().copied().filter(|point| point.1.is_finite());
    let lowest = || finite().reduce(|best, point| if point.1 < best.1 { point } else { best });
    let highest = || finite().reduce(|best, point| if point.1 > best.1 { point } else { best });
    let low = lowest().map(|point| Best { word: "lowest", point });
    let high = highest().map(|point| Best { word: "highest", point });
    match (is(&TO_FALL), is(&TO_RISE)) {
        (true, _) => low.into_iter().collect(),
        (false, true) => high.into_iter().collect(),
        _ => low.into_iter().chain(high).collect(),
    }
}

/// What of the lines has a place on the axes, and what has none.
struct Drawn {
    odd: Odd,
    /// Values that a logarithmic axis has no place for, and values past `--range`.
    below_log: usize,
    outside: usize,
    smooth: Option<usize>,
    logarithmic: bool,
}

/// Whether the values of a line span so much that an even axis would show its largest alone.
/// Shares that are to rise, and schedules of learning rates, are read on even axes.
fn is_wide(line: &Line<'_>) -> bool {
    let positive = || line.points.iter().map(|point| point.1).filter(|value| *value > 0.0);
    let finite = || positive().filter(|value| value.is_finite());
    let (low, high) = (finite().fold(f64::MAX, f64::min), finite().fold(0.0, f64::max));
    !line.is_even && low < high && high / WIDE > low
}

/// Whether a metric of that name is read on an even axis whatever it spans.
fn reads_evenly(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    let is_rate = name == "lr" || name.contains("learning_rate") || name.contains("lr/");
    is_rate || TO_RISE.iter().any(|word| name.contains(word))
}

impl Drawn {
    fn new(lines: &[Line<'_>], options: &Options) -> Drawn {
        let values = || lines.iter().flat_map(|line| line.points.iter().map(|point| point.1));
        let asked = options.log_counts && values().any(|value| value > 0.0);
        let logarithmic = asked || (options.range.is_none() && lines.iter().any(is_wide));
        let logarithmic = logarithmic && (asked || !values().any(|value| value < 0.0));
        let below_log = |value: f64| logarithmic && value.is_finite() && value <= 0.0;
        let mut odd = Odd::default();
        for line in lines {
            odd.line(line.points, below_log);
        }
        let outside = match options.range {
            Some(Range::Fixed(low, high)) => {
                values().filter(|value| value.is_finite() && !(low..=high).contains(value)).count()
            }
            _ => 0,
        };
        Drawn {
            odd,
            below_log: values().filter(|&value| below_log(value)).count(),
            outside,
            smooth: options.smooth.filter(|&window| window > 1),
            logarithmic,
        }
    }

    /// What the user should know.
    fn words(&self, lines: &[Line<'_>]) -> Vec<String> {
        let mut words = Vec::new();
        if let Some(window) = self.smooth {
            let points = window / 2 * 2 + 1;
            let smooth = lines.iter().filter(|line| line.is_smooth()).count();
            if smooth > 0 {
                words.push(format!("strong: the mean of {points} points; pale: the values"));
            }
            match lines.len() - smooth {
                0 => {}
                _ if smooth == 0 => words.push(format!("too few points for means of {points}")),
                _ => words.push("lines of few points are not smoothed".to_owned()),
            }
        }
        words.extend(self.odd.words());
        if self.below_log > 0 {
            let values = count_of_values(self.below_log);
            words.push(format!(
                "{values} not above zero: marked at the foot of the logarithmic axis"
            ));
        }
        if self.outside > 0 {
            let values = count_of_values(self.outside);
            words.push(format!("{values} outside the range: drawn at its edge"));
        }
        words
    }

    /// The axes; their place is not yet settled.
    fn plot(&self, lines: &[Line<'_>], rect: Rect, options: &Options) -> Result<Plot, ChartError> {
        let points = || lines.iter().flat_map(|line| line.points);
        let ends = |values: &mut dyn Iterator<Item = f64>| {
            values
                .fold((f64::MAX, f64::MIN), |(low, high), value| (low.min(value), high.max(value)))
        };
        let x = ends(&mut points().map(|point| point.0));
        if x.0 > x.1 {
            return Err(ChartError::Unfit {
                chart: "curve",
                what: format!("{:?}", lines.first().map_or("", |line| &line.label)),
                why: "it has no values".to_owned(),
            });
        }
        let shown = |value: &f64| value.is_finite() && (!self.logarithmic || *value > 0.0);
        let y = ends(&mut points().map(|point| point.1).filter(shown));
        let y = if y.0 > y.1 { (0.0, 1.0) } else { y };
        let whole = points().all(|point| point.0.fract() == 0.0);
        let least = points().map(|point| point.0).filter(|place| *place > 0.0);
        let least = least.fold(f64::INFINITY, f64::min);
        let is_log = options.log_x && x.0 < x.1 && least.is_finite();
        let whole = whole && !is_log;
        let x = if is_log && x.0 > 0.0 {
            Axis::logarithmic(x.0, x.1)
        } else if is_log {
            // Steps are often counted from zero, which has a place of its own.
            Axis::both_sides(x.0, x.1, least)
        } else if x.0 < x.1 {
            Axis::even(x.0, x.1)
        } else {
            Axis::even(x.0 - 1.0, x.1 + 1.0)
        };
        Ok(Plot { rect, x, y: self.y_axis(y, lines, options), whole })
    }

    fn y_axis(&self, (low, high): (f64, f64), lines: &[Line<'_>], options: &Options) -> Axis {
        let reach = low.abs().max(high.abs());
        match options.range {
            Some(Range::Fixed(low, high)) if self.logarithmic => {
                return Axis::logarithmic(low.max(high * 1e-12), high);
            }
            Some(Range::Fixed(low, high)) => return Axis::even(low, high),
            Some(Range::Symmetric) if !self.logarithmic => return Axis::even(-reach, reach),
            _ => {}
        }
        let (low, high) = match options.range {
            Some(Range::Robust) => robust(lines, self.logarithmic).unwrap_or((low, high)),
            _ => (low, high),
        };
        if self.logarithmic {
            let room = if high / low > 1.0 { 1.06 } else { 1.5 };
            return Axis::logarithmic(low / room, (high * room).min(f64::MAX));
        }
        // Zero is on the axis where values come near it.
        let low = if low >= 0.0 && low <= high * 0.4 { 0.0 } else { low };
        let high = if high <= 0.0 && high >= low * 0.4 { 0.0 } else { high };
        let room = |end: f64| if end == 0.0 { 0.0 } else { 0.04 };
        Axis::roomy(low, high, room(low), room(high))
    }
}

fn count_of_values(count: usize) -> String {
    match count {
        1 => "1 value is".to_owned(),
        count => format!("{} values are", short_count(count as u64)),
    }
}

/// From the 1 % to the 99 % quantile of all finite values.
fn robust(lines: &[Line<'_>], positive: bool) -> Option<(f64, f64)> {
    let values = lines.iter().flat_map(|line| line.points.iter().map(|point| point.1));
    let mut values: Vec<f64> =
        values.filter(|value| value.is_finite() && (!positive || *value > 0.0)).collect();
    values.sort_by(f64::total_cmp);
    let last = values.len().checked_sub(1)?;
    let at = |share: f64| values[(share * last as f64).round() as usize];
    Some((at(0.01), at(0.99)))
}

/// A line, its points where they are few, a ring at its best.
fn line_items(
    line: &Line<'_>,
    plot: &Plot,
    width: f64,
    options: &Options,
    theme: &Theme,
) -> Vec<Item> {
    let mut items = Vec::new();
    let widths = options.line_width.map_or(WIDTHS, |wide| (wide, wide * WIDTHS.1 / WIDTHS.0));
    let pixels = options.dpi / 72.0;
    let column = |place: f64| (plot.at_x(place) * pixels).floor() as i64;
    let is_dense = is_dense(line.points.len(), width, options);
    let stroke = |points: &[(f64, f64)], color: Color, width: f64| {
        let kept = if is_dense { reduced(points, column) } else { points.to_vec() };
        let places: Vec<Point> = kept.into_iter().map(|point| plot.point(point)).collect();
        Shape::stroked(dashed(&places, line.dash), color, width)
    };
    let drawable =
        |point: &(f64, f64)| point.1.is_finite() && plot.y.share(point.1) > -1.0 + f64::EPSILON;
    let mut lone = Vec::new();
    for piece in line.points.split(|point| !drawable(point)) {
        if let [only] = piece {
            lone.push(plot.point(*only));
        }
        if piece.len() < 2 {
            continue;
        }
        let (color, width) = match (line.is_smooth(), is_dense) {
            (true, _) => (line.color.alpha(70), widths.1),
            (false, true) => (line.color, widths.1),
            (false, false) => (line.color, widths.0),
        };
        items.push(stroke(piece, color, width));
    }
    for piece in &line.smooth {
        for part in piece.split(|point| !drawable(point)).filter(|part| part.len() > 1) {
            items.push(stroke(part, line.color, widths.0));
        }
    }
    // A value alone between two that are missing is a dot, however many points there are.
    let few = line.points.len() <= FEW_POINTS;
    let dots: Vec<Point> = match few {
        true => line.points.iter().filter(|p| drawable(p)).map(|&p| plot.point(p)).collect(),
        false => lone,
    };
    items.extend(discs(&dots, line.color));
    for best in line.best.iter().filter(|best| drawable(&best.point)) {
        let at = plot.point(best.point);
        items.push(Shape::filled(Path::circle(at, 2.6), theme.page));
        items.push(Shape::stroked(Path::circle(at, 2.6), line.color, 1.2));
    }
    items
}

/// Small discs.
fn discs(centers: &[Point], fill: Color) -> Option<Item> {
    let radius = if centers.len() > FEW_POINTS / 2 { 1.3 } else { 1.8 };
    let place = |center: &Point| {
        [center.x - radius, center.y - radius, 2.0 * radius, 2.0 * radius].map(|n| n as f32)
    };
    let places: Vec<[f32; 4]> = centers.iter().map(place).collect();
    (!places.is_empty()).then_some(Item::Marks(Marks { fill, shape: MarkShape::Disc, places }))
}

/// The names, and the last values.
fn end_labels(lines: &[Line<'_>], plot: &Plot) -> Vec<EndLabel> {
    let label = |line: &Line<'_>| {
        let last = *line.points.last()?;
        let end = line.end().unwrap_or(last);
        let detail = match line.is_smooth() && last.1.is_finite() {
            true => format!("mean {}", short(end.1)),
            false => short(last.1),
        };
        let (name, color, dash) = (line.label.clone(), line.color, line.dash);
        Some(EndLabel { name, detail, color, dash, end: plot.point(end) })
    };
    lines.iter().filter_map(label).collect()
}

/// Title and the line under it.
fn words(
    panels: &[Panel],
    lines: &[Line<'_>],
    drawn: &Drawn,
    options: &Options,
    x_name: &str,
) -> Words {
    let title = options.title.clone().unwrap_or_else(|| over::title(panels, "curves"));
    let counts = || lines.iter().map(|line| line.points.len());
    let (least, most) = (counts().min().unwrap_or(0), counts().max().unwrap_or(0));
    let points = match least == most {
        true => counted(most, "point", "points"),
        false => format!("{} to {} points", short_count(least as u64), short_count(most as u64)),
    };
    let places = || lines.iter().flat_map(|line| line.points).map(|point| point.0);
    let (first, last) = (places().fold(f64::MAX, f64::min), places().fold(f64::MIN, f64::max));
    let mut subtitle = match lines.len() {
        1 => vec![points],
        count => vec![format!("{count} lines"), points],
    };
    if first <= last {
        let is_word = x_name.bytes().all(|byte| byte.is_ascii_lowercase());
        let noun = match is_word && first < last {
            true => format!("{x_name}s"),
            false => x_name.to_owned(),
        };
        subtitle.push(match first < last {
            true => format!("{noun} {} … {}", whole_text(first), whole_text(last)),
            false => format!("{noun} {}", whole_text(first)),
        });
    }
    if options.log_counts || drawn.logarithmic {
        subtitle.push("values on a logarithmic axis".to_owned());
    }
    let shape = common::shape_of_all(panels);
    subtitle.extend(shape);
    Words { title, subtitle, notes: Vec::new(), legend_height: 0.0 }
}

/// Where each line is best.
fn best_words(lines: &[Line<'_>], x_name: &str) -> Vec<String> {
    let noun = x_name.split(',').next().unwrap_or(x_name);
    let one = |line: &Line<'_>| {
        let best: Vec<String> = line
            .best
            .iter()
            .map(|best| {
                let (place, value) = best.point;
                let of = if line.is_smooth() { " mean" } else { "" };
                format!("{}{of} {} at {noun} {}", best.word, short(value), whole_text(place))
            })
            .collect();
        match (best.is_empty(), lines.len()) {
            (true, _) => None,
            (false, 1) => Some(best.join(", ")),
            (false, _) => Some(format!("{}: {}", line.label, best.join(", "))),
        }
    };
    lines.iter().filter_map(one).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_and_rates_are_read_evenly() {
        for (name, is_even) in [("val_acc", true), ("lr", true), ("lr/pg0", true), ("loss", false)]
        {
            assert_eq!(reads_evenly(name), is_even, "{name}");
        }
    }

    #[test]
    fn names_tell_what_is_best() {
        let points = [(0.0, 2.0), (1.0, f64::NAN), (2.0, 1.0), (3.0, 3.0)];
        let words = |name: &str| -> Vec<(&str, f64)> {
            best(name, &points).iter().map(|best| (best.word, best.point.0)).collect()
        };
        assert_eq!(words("validation_loss"), [("lowest", 2.0)]);
        assert_eq!(words("Accuracy"), [("highest", 3.0)]);
        assert_eq!(words("grad_norm"), [("lowest", 2.0), ("highest", 3.0)]);
        assert!(best("loss", &[(0.0, f64::NAN)]).is_empty());
    }
}
