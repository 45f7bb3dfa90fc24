//! Singular values of matrices in descending order, on logarithmic axes.

use hinton_scene::{Align, Baseline, Color, Item, Path, Point, Rect, Shape};
use hinton_tensor::spectrum::Spectrum;

use super::common;
use super::over;
use super::{ChartRow, Lays, Need};
use crate::axes::{Axis, BELOW, Plot, numbers_width};
use crate::dash::dashed;
use crate::distinct::distinct;
use crate::end_labels::{self, EndLabel};
use crate::frame::{Page, text};
use crate::math::{ln, pow10};
use crate::words::Words;
use crate::{
    ChartError, Colormap, Extent, Options, Panel, Picture, Range, Theme, short, short_count,
};

pub(super) const ROW: ChartRow = ChartRow {
    name: "spectrum",
    called: "a spectrum",
    about: "singular values of matrices: which directions matter, what is noise, how low the rank is",
    help: "The singular values of each matrix, the largest first, on logarithmic axes: by how much it stretches \
           space along each of its axes. A flat line is a matrix without preferred directions, a steep one has low \
           rank. For one matrix the dashed line is the edge of Marchenko and Pastur, where the values of noise of the \
           same size and root mean square end; what lies above it is structure. For several matrices, a ring on each \
           line marks it. Written below are the effective rank (Roy and Vetterli 2007), the stable rank (sum of squares \
           over the largest square), the condition number, and a power law fitted to the largest eigenvalues (Clauset \
           and others 2009), dotted, which is a heuristic. The grey band is what rounding of the stored values \
           leaves. All values are computed of matrices whose shorter side is up to 2,048; of larger ones the 64 \
           largest are estimated with random vectors, and the picture says so. Tensors of more axes are matrices of \
           the first axis and all others. Matrices with NaN or infinities have none and are named. \
           Inspecting with `spectrum` gives the same as numbers.",
    heeds: &["range", "legend", "line-width"],
    need: |_: &[Extent], _: &Options| Need::Spectra,
    build,
    share: None,
    legend_alone: None,
    lays: Lays::Whole,
    plays: false,
};

/// Width and height of the plot on a page that takes what it needs, points.
const NATURAL: (f64, f64) = (440.0, 270.0);
/// Height of a plot whose page has a width only, as a share of it.
const FLAT: f64 = 0.62;
/// The maximum number of lines that are drawn in distinguishable ways.
pub const MOST: usize = 24;
/// Most matrices whose figures are written below the plot.
const MOST_WORDS: usize = 4;
/// Values less than this share of the largest are not drawn.
const LEAST: f64 = 1e-18;
/// Lines of at most this many values show each of them.
const FEW_POINTS: usize = 40;
/// Where the colours of many lines end: the bright end of the map is lost on white.
const RAMP: (f64, f64) = (0.0, 0.86);
const DASH: &[f64] = &[5.0, 3.0];
const DOTS: &[f64] = &[1.2, 2.0];

/// One matrix, as it is drawn.
struct Line<'a> {
    name: String,
    color: Color,
    spectrum: &'a Spectrum,
}

impl Line<'_> {
    /// Its values and their numbers, from 1; those that are zero have no place.
    fn points(&self) -> Vec<(f64, f64)> {
        let least = self.spectrum.largest() * LEAST;
        let values = self.spectrum.values.iter().enumerate();
        values
            .filter(|(_, value)| **value > least && value.is_finite())
            .map(|(at, value)| ((at + 1) as f64, *value))
            .collect()
    }
}

fn build(panels: &[Panel], options: &Options) -> Result<Picture, ChartError> {
    let unfit = |what: String, why: &str| ChartError::Unfit {
        chart: "spectrum",
        what,
        why: why.to_owned(),
    };
    let Some(first) = panels.first() else {
        return Err(unfit("nothing".to_owned(), "no matrix was chosen"));
    };
    // Names stand at the ends of the lines, not in a legend of the page's.
    let inner = Options { legend: Some(false), ..options.clone() };
    let page = Page::new(&inner);
    let theme = page.theme.clone();
    let lines = lines(panels, &theme);
    if lines.is_empty() {
        let why = match panels.iter().any(|panel| panel.course.spectrum().is_some()) {
            true => "all its values are zero: so are its singular values",
            false => "it has NaN or infinities, and so no singular values",
        };
        return Err(unfit(format!("{:?}", first.label()), why));
    }
    let size = over::plot_size(&page, NATURAL, FLAT);
    let facts = facts(panels, &lines);
    let mut words = words(panels, &lines, options);
    words.notes.extend(facts.iter().cloned());
    words.notes.extend(options.notes.iter().cloned());
    let layout = page.block(size, &words);
    let body = layout.areas[0].rect;
    let mut plot = axes(&lines, body, options);
    let named = options.legend.unwrap_or(true) && lines.len() > 1;
    let left = numbers_width(&plot.y, body.h - BELOW, &theme);
    let labels = |plot: &Plot| if named { end_labels(&lines, plot) } else { Vec::new() };
    let strip = end_labels::width(&labels(&plot), &theme, body.w * 0.36);
    let bare = end_labels::LEAD / 2.0;
    plot.rect = Rect::new(body.x + left, body.y, body.w - left - strip.max(bare), body.h - BELOW);
    if plot.rect.w < 20.0 || plot.rect.h < 16.0 {
        return Err(page.no_room());
    }
    let mut items = Vec::new();
    items.extend(rounding(&lines, &plot, &theme));
    items.extend(plot.axes(&theme, "number of the singular value"));
    let alone = lines.len() == 1;
    for line in &lines {
        if alone {
            items.extend(guides(line, &plot, &theme));
        }
        items.extend(line_items(line, &plot, alone, options, &theme));
    }
    let mut notes = layout.notes.clone();
    let labels = labels(&plot);
    match end_labels::items(&labels, &theme, plot.rect, strip) {
        Some(found) => items.extend(found),
        None if labels.is_empty() => {}
        None => notes.push("there is no room for the names of the lines".to_owned()),
    }
    notes.extend(facts);
    Ok(Picture { scene: page.scene(&layout, &words, items), notes })
}

/// The matrices that have singular values above zero.
fn lines<'a>(panels: &'a [Panel], theme: &Theme) -> Vec<Line<'a>> {
    let is_drawn = |panel: &&Panel| panel.course.spectrum().is_some_and(|s| s.largest() > 0.0);
    let drawn: Vec<&Panel> = panels.iter().filter(is_drawn).take(MOST).collect();
    let names: Vec<String> = drawn.iter().map(|panel| panel.label()).collect();
    let ramp = Colormap::named("viridis");
    let count = drawn.len();
    let color = |at: usize| match ramp {
        // More than the colours of series: from first to last.
        Some(map) if count > theme.series.len() => {
            let share = at as f64 / (count - 1) as f64;
            let share = if theme.is_dark() { 1.0 - share } else { share };
            let (low, high) = if theme.is_dark() { (1.0 - RAMP.1, 1.0) } else { RAMP };
            map.color(low + share * (high - low))
        }
        _ => theme.series[at % theme.series.len()],
    };
    let line = |(at, (panel, name)): (usize, (&'a Panel, String))| {
        Some(Line { name, color: color(at), spectrum: panel.course.spectrum()? })
    };
    drawn.into_iter().zip(distinct(&names)).enumerate().filter_map(line).collect()
}

fn axes(lines: &[Line<'_>], rect: Rect, options: &Options) -> Plot {
    let points = || lines.iter().flat_map(Line::points);
    let most = points().map(|point| point.0).fold(1.0, f64::max);
    let (low, high) = points()
        .map(|point| point.1)
        .fold((f64::MAX, 0.0f64), |(low, high), value| (low.min(value), high.max(value)));
    let (low, high) = match options.range {
        Some(Range::Fixed(low, high)) if high > 0.0 => (low.max(high * LEAST), high),
        _ => {
            // A flat spectrum is drawn flat: at least a factor of ten.
            let room = if high / low < 10.0 { 2.5 } else { 1.4 };
            (low / room, (high * room).min(f64::MAX))
        }
    };
    let x =
        if most > 1.0 { Axis::logarithmic(0.9, most * 1.05) } else { Axis::logarithmic(0.5, 2.0) };
    Plot { rect, x, y: Axis::logarithmic(low, high), whole: false }
}

/// The band that rounding of the stored values leaves: of several matrices the lowest.
fn rounding(lines: &[Line<'_>], plot: &Plot, theme: &Theme) -> Option<Item> {
    let least = lines.iter().map(|line| line.spectrum.rounding()).fold(f64::MAX, f64::min);
    let top = plot.at_y(least);
    let rect = Rect::new(plot.rect.x, top, plot.rect.w, plot.rect.bottom() - top);
    (rect.h > 0.5).then(|| Shape::filled(Path::rect(rect), theme.line.alpha(60)))
}

/// The edge of noise and the power law, with their names.
fn guides(line: &Line<'_>, plot: &Plot, theme: &Theme) -> Vec<Item> {
    let mut items = Vec::new();
    let mut style = theme.label();
    let (left, right) = (plot.rect.x, plot.rect.right());
    let edge = line.spectrum.noise_edge();
    if plot.y.holds(edge) {
        let y = plot.at_y(edge);
        style.color = theme.series[1];
        let ends = [Point::new(left, y), Point::new(right, y)];
        items.push(Shape::stroked(dashed(&ends, DASH), style.color, 0.9));
        let words = "edge of noise";
        items.push(text(words, right - 2.0, y - 3.0, style, Align::End, Baseline::Alphabetic));
    }
    if let Some(law) = line.spectrum.power_law().filter(|law| law.alpha.is_finite()) {
        // The value of rank k: that of the last, times (k / count) to the power of -1 / (2 (alpha - 1)).
        let least = line.spectrum.values[law.count - 1];
        let slope = 0.5 / (law.alpha - 1.0);
        let share = |rank: f64| -slope * ln(rank / law.count as f64) / std::f64::consts::LN_10;
        let value = |rank: f64| least * raised(share(rank));
        let ranks = [1.0, law.count as f64];
        let places: Vec<Point> =
            ranks.iter().map(|&rank| plot.point((rank, value(rank)))).collect();
        style.color = theme.series[2];
        items.push(Shape::stroked(dashed(&places, DOTS), style.color, 1.4));
    }
    items
}

/// 10 to any power, by powers of two of its tenths' digits: the same on every machine.
fn raised(exponent: f64) -> f64 {
    let whole = exponent.floor();
    // The tenth root of ten, halved again and again, is multiplied together bit by bit.
    let mut rest = exponent - whole;
    let mut root = 10f64;
    let mut value = 1.0;
    for _ in 0..40 {
        root = root.sqrt();
        rest *= 2.0;
        if rest >= 1.0 {
            rest -= 1.0;
            value *= root;
        }
    }
    value * pow10(whole.clamp(-320.0, 308.0) as i32)
}

fn line_items(
    line: &Line<'_>,
    plot: &Plot,
    alone: bool,
    options: &Options,
    theme: &Theme,
) -> Vec<Item> {
    let points = line.points();
    let places: Vec<Point> = points.iter().map(|&point| plot.point(point)).collect();
    let width = options.line_width.unwrap_or(if alone { 1.6 } else { 1.2 });
    let mut items = vec![Shape::stroked(Path::polyline(&places, false), line.color, width)];
    if places.len() <= FEW_POINTS {
        items.extend(places.iter().map(|&at| Shape::filled(Path::circle(at, 1.6), line.color)));
    }
    let above = line.spectrum.above_noise();
    if !alone && above > 0 && above < points.len() {
        // On the line, between the last value above the edge and the first below it.
        let (from, to) = (places[above - 1], places[above]);
        let y = plot.at_y(line.spectrum.noise_edge());
        let share =
            if to.y > from.y { ((y - from.y) / (to.y - from.y)).clamp(0.0, 1.0) } else { 0.5 };
        let at = Point::new(from.x + share * (to.x - from.x), from.y + share * (to.y - from.y));
        items.push(Shape::filled(Path::circle(at, 2.4), theme.page));
        items.push(Shape::stroked(Path::circle(at, 2.4), line.color, 1.1));
    }
    items
}

fn end_labels(lines: &[Line<'_>], plot: &Plot) -> Vec<EndLabel> {
    let label = |line: &Line<'_>| {
        let end = *line.points().last()?;
        let detail = match (line.spectrum.effective_rank(), line.spectrum.stable_rank()) {
            (Some(rank), _) => format!("effective rank {}", short(rank)),
            (None, Some(rank)) => format!("stable rank {}", short(rank)),
            _ => String::new(),
        };
        let (name, color, dash) = (line.name.clone(), line.color, &[][..]);
        Some(EndLabel { name, detail, color, dash, end: plot.point(end) })
    };
    lines.iter().filter_map(label).collect()
}

/// What is known of the matrices, and what is not drawn.
fn facts(panels: &[Panel], lines: &[Line<'_>]) -> Vec<String> {
    let mut facts = Vec::new();
    let alone = lines.len() == 1;
    for line in lines.iter().take(if lines.len() > MOST_WORDS { 0 } else { MOST_WORDS }) {
        let figures = figures(line.spectrum);
        match alone {
            true => facts.extend(figures),
            false => {
                facts.push(format!("{}: {}", line.name, figures[..figures.len().min(3)].join(", ")))
            }
        }
    }
    let sketched = lines.iter().filter(|line| line.spectrum.is_sketch).count();
    if sketched > 0 {
        let which = if sketched == lines.len() { "the values" } else { "values of large matrices" };
        facts.push(format!(
            "{which} are the largest alone, estimated with random vectors: none is too large"
        ));
    }
    let zeros: usize =
        lines.iter().map(|line| line.spectrum.values.len() - line.points().len()).sum();
    if zeros > 0 {
        let values = if zeros == 1 { "value is" } else { "values are" };
        facts.push(format!("{} {values} zero and not drawn", short_count(zeros as u64)));
    }
    if !alone {
        facts.push(
            "rings: where values fall below the edge of noise of that size and RMS".to_owned(),
        );
    }
    let odd: Vec<&Panel> = panels.iter().filter(|one| one.course.spectrum().is_none()).collect();
    if let Some(first) = odd.first() {
        facts.push(match odd.len() {
            1 => format!("{} has NaN or infinities, and so no singular values", first.label()),
            count => format!(
                "{count} matrices have NaN or infinities, and so no singular values, such as {}",
                first.label()
            ),
        });
    }
    let drawable = panels.iter().filter_map(|one| one.course.spectrum());
    let flat = drawable.clone().filter(|spectrum| spectrum.largest() == 0.0).count();
    if flat > 0 {
        let matrices = if flat == 1 { "1 matrix is" } else { "several matrices are" };
        facts.push(format!("{matrices} all zeros and not drawn"));
    }
    let drawable = drawable.count() - flat;
    if drawable > lines.len() {
        facts.push(format!("the first {} of {drawable} matrices are drawn", lines.len()));
    }
    facts
}

/// The figures of a matrix, one clause each.
fn figures(spectrum: &Spectrum) -> Vec<String> {
    let mut figures = Vec::new();
    let count = short_count(spectrum.count() as u64);
    if let Some(rank) = spectrum.effective_rank() {
        figures.push(format!("effective rank {} of {count}", short(rank)));
    }
    if let Some(rank) = spectrum.stable_rank() {
        figures.push(format!("stable rank {}", short(rank)));
    }
    if let Some(condition) = spectrum.condition() {
        figures.push(match spectrum.rank() {
            Some(rank) if rank < spectrum.count() => {
                format!("rank {} (others are rounding)", short_count(rank as u64))
            }
            _ => format!("condition {}", short(condition)),
        });
    }
    let above = spectrum.above_noise();
    if above > 0 || !spectrum.is_sketch {
        let at_least =
            if spectrum.is_sketch && above == spectrum.values.len() { "at least " } else { "" };
        let energy = short(100.0 * spectrum.energy(above));
        let values = if above == 1 { "value" } else { "values" };
        figures.push(format!(
            "{at_least}{} {values} above the edge of noise, with {energy} % of the squares",
            short_count(above as u64)
        ));
    }
    if let Some(law) = spectrum.power_law() {
        figures.push(format!(
            "dotted: power law, alpha {} over the {} largest (a heuristic)",
            short(law.alpha),
            short_count(law.count as u64)
        ));
    }
    figures
}

fn words(panels: &[Panel], lines: &[Line<'_>], options: &Options) -> Words {
    let title = options.title.clone().unwrap_or_else(|| over::title(panels, "matrices"));
    let mut subtitle = Vec::new();
    match (lines.len(), common::shape_of_all(panels)) {
        (1, Some(shape)) => subtitle.push(shape),
        (count, Some(shape)) => subtitle.push(format!("{count} matrices, each {shape}")),
        (count, None) => subtitle.push(format!("{count} matrices")),
    }
    let known = lines.iter().map(|line| line.spectrum.values.len()).max().unwrap_or(0);
    let all = lines.iter().map(|line| line.spectrum.count()).max().unwrap_or(0);
    let up_to = if lines.len() > 1 { "up to " } else { "" };
    subtitle.push(match lines.iter().any(|line| line.spectrum.is_sketch) {
        true => format!(
            "the {} largest of {up_to}{} singular values, estimated",
            short_count(known as u64),
            short_count(all as u64)
        ),
        false => format!("{up_to}{} singular values", short_count(all as u64)),
    });
    if let [line] = lines {
        let values = &line.spectrum.values;
        let ends = [values.first(), values.last()].map(|v| short(v.copied().unwrap_or(0.0)));
        subtitle.push(format!("{} … {}", ends[0], ends[1]));
    }
    Words { title, subtitle, notes: Vec::new(), legend_height: 0.0 }
}
