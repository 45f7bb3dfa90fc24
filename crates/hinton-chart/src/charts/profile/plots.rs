//! Draws the plots of a profile, and the key below them.

use hinton_scene::{Align, Baseline, Color, Item, Path, Point, Rect, Shape, Stroke, fit, measure};

use super::super::over;
use super::MeasureRow;
use super::table::{Line, Table};
use crate::axes::{Axis, PlaceName, Plot, numbers_width};
use crate::dash::dashed;
use crate::frame::{LINE, text};
use crate::{Theme, ThemeName};

/// Height of the name above a plot, points.
pub(super) const HEAD: f64 = 15.0;
/// Space between plots side by side, points.
pub(super) const GAP: f64 = 16.0;
/// Longest name of a place that is written upright, points.
const LONGEST_NAME: f64 = 84.0;
/// Lines of more points have no dots.
const FEW_POINTS: usize = 60;
/// Widest column of the key, and length of the piece of line in it, points.
const KEY: (f64, f64) = (170.0, 16.0);
/// Lengths of ink and space, points; the first is a whole line.
const DASHES: [&[f64]; 5] = [&[], &[4.0, 2.0], &[1.2, 1.8], &[7.0, 2.0, 1.2, 2.0], &[9.0, 3.0]];

/// The colour and dash of each line.
pub(super) struct Styles<'a> {
    lines: Vec<Style<'a>>,
}

struct Style<'a> {
    line: &'a Line,
    name: String,
    color: Color,
    dash: &'static [f64],
}

impl<'a> Styles<'a> {
    /// Colours tell modules apart, dashes their leaves; colours the leaves where there is one module.
    pub(super) fn new(table: &'a Table, theme: &Theme) -> Styles<'a> {
        let unique = |name: fn(&Line) -> &str| {
            let mut all: Vec<&str> = Vec::new();
            for line in table.lines.iter().filter(|line| line.joined) {
                if !all.contains(&name(line)) {
                    all.push(name(line));
                }
            }
            all
        };
        let (modules, mut leaves) = (unique(|line| &line.module), unique(|line| &line.leaf));
        // Weights have whole lines, in whichever order the file is.
        leaves.sort_by_key(|leaf| leaf.contains("bias"));
        let style = |line: &'a Line| {
            let place = |all: &[&str], name: &str| all.iter().position(|one| *one == name);
            let module = place(&modules, &line.module).unwrap_or(0);
            let leaf = place(&leaves, &line.leaf).unwrap_or(0);
            let (color, dash) = if modules.len() > 1 { (module, leaf) } else { (leaf, 0) };
            let dash = dash + color / theme.series.len();
            // In print colours may be greys.
            let dash = if theme.name == ThemeName::Paper { dash + color } else { dash };
            let dash = dash % DASHES.len();
            let name = match (line.joined, line.module.as_str(), line.leaf.as_str()) {
                (false, _, "") => "outside of the layers".to_owned(),
                (false, _, leaf) => format!("outside of the layers: {leaf}"),
                (true, "", "") => "tensor".to_owned(),
                (true, "", leaf) => leaf.to_owned(),
                (true, module, leaf) if leaves.len() < 2 || leaf.is_empty() => module.to_owned(),
                (true, module, leaf) => format!("{module}.{leaf}"),
            };
            let color = match line.joined {
                true => theme.series[color % theme.series.len()],
                false => theme.soft,
            };
            Style { line, name, color, dash: DASHES[dash] }
        };
        Styles { lines: table.lines.iter().map(style).collect() }
    }

    /// Whether there is anything to tell apart.
    fn has_key(&self) -> bool {
        self.lines.len() > 1 || self.lines.iter().any(|style| !style.name.is_empty())
    }

    /// Columns of the key, and the width of each.
    fn key_columns(&self, width: f64) -> (usize, f64) {
        let style = Theme::named(crate::ThemeName::Light).label();
        let widest = self.lines.iter().map(|one| measure(&one.name, style)).fold(0.0, f64::max);
        let column = (widest + KEY.1 + 18.0).min(KEY.0).min(width);
        let columns = ((width / column).floor() as usize).clamp(1, self.lines.len().max(1));
        (columns, width / columns as f64)
    }

    pub(super) fn key_height(&self, width: f64) -> f64 {
        if !self.has_key() {
            return 0.0;
        }
        let (columns, _) = self.key_columns(width);
        LINE + self.lines.len().div_ceil(columns) as f64 * LINE
    }

    /// A piece of each line with its name, down the columns.
    pub(super) fn key(&self, x: f64, y: f64, width: f64, theme: &Theme) -> Vec<Item> {
        if !self.has_key() {
            return Vec::new();
        }
        let (columns, pitch) = self.key_columns(width);
        let rows = self.lines.len().div_ceil(columns);
        let mut items = Vec::new();
        for (at, one) in self.lines.iter().enumerate() {
            let left = x + (at / rows) as f64 * pitch;
            let middle = y + ((at % rows) as f64 + 0.5) * LINE;
            if one.line.joined {
                let ends = [Point::new(left, middle), Point::new(left + KEY.1, middle)];
                items.push(Shape::stroked(dashed(&ends, one.dash), one.color, 1.5));
            } else {
                items.push(dot(Point::new(left + KEY.1 / 2.0, middle), one, theme));
            }
            let room = pitch - KEY.1 - 14.0;
            let name = fit(&one.name, theme.label(), room);
            let x = left + KEY.1 + 5.0;
            items.push(text(&name, x, middle, theme.label(), Align::Start, Baseline::Middle));
        }
        items
    }
}

/// How places are named on an axis of that width.
fn place_names(table: &Table, width: f64, theme: &Theme) -> Vec<(f64, PlaceName)> {
    let style = theme.label();
    let last = table.places.last().map_or(1.0, |place| place.x);
    let pitch = width / (last + 1.0);
    let is_number = |label: &str| label.bytes().all(|b| b.is_ascii_digit() || b == b'.');
    let widest = table
        .places
        .iter()
        .filter(|place| is_number(&place.label))
        .map(|place| measure(&place.label, style))
        .fold(0.0, f64::max);
    // Numbers of layers are written as often as they keep apart.
    let every = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 5000]
        .into_iter()
        .find(|&every| pitch * f64::from(every) >= widest + 5.0)
        .unwrap_or(5000) as usize;
    let mut of_section = 0usize;
    let mut previous = f64::MIN;
    let mut last_upright = f64::MIN;
    let name = |place: &super::table::Place| {
        of_section = if place.x - previous > 1.0 { 0 } else { of_section + 1 };
        previous = place.x;
        let is_level = is_number(&place.label) || measure(&place.label, style) + 6.0 <= pitch;
        let name = match (is_number(&place.label), is_level) {
            (true, _) if of_section.is_multiple_of(every) => PlaceName::Level(place.label.clone()),
            (false, true) => PlaceName::Level(place.label.clone()),
            (false, false) if (place.x - last_upright) * pitch >= 9.0 => {
                last_upright = place.x;
                PlaceName::Upright(fit(&place.label, style, LONGEST_NAME))
            }
            _ => PlaceName::None,
        };
        (place.x, name)
    };
    table.places.iter().map(name).collect()
}

/// Height that the names of places need below a plot of that width.
pub(super) fn names_height(table: &Table, width: f64, theme: &Theme) -> f64 {
    let names = place_names(table, width - 36.0, theme);
    let height = names.iter().map(|(_, name)| match name {
        PlaceName::Upright(name) => measure(name, theme.label()) + 8.0,
        _ => 2.0 * LINE + 6.0,
    });
    height.fold(2.0 * LINE + 6.0, f64::max)
}

/// Height between two plots above one another: numbers of steps, and a name.
pub(super) fn between(table: &Table) -> f64 {
    HEAD + if table.is_over_steps() { 2.0 * LINE } else { LINE }
}

/// Plots in columns.
pub(super) struct Grid {
    pub(super) body: Rect,
    pub(super) columns: usize,
    /// Height of the names of places, below the last plot of each column.
    pub(super) names_h: f64,
}

impl Grid {
    /// The place of a plot, or of what stands where one could.
    pub(super) fn cell(&self, table: &Table, at: usize, lines: usize) -> Rect {
        let pitch_x = (self.body.w + GAP) / self.columns as f64;
        let pitch_y = (self.body.h - self.names_h + LINE) / lines as f64;
        let (column, line) = ((at % self.columns) as f64, (at / self.columns) as f64);
        Rect::new(
            self.body.x + column * pitch_x,
            self.body.y + line * pitch_y,
            pitch_x - GAP,
            pitch_y - (between(table) - HEAD),
        )
    }

    /// `None` where there is no room.
    pub(super) fn items(
        &self,
        table: &Table,
        rows: &[&'static MeasureRow],
        styles: &Styles<'_>,
        theme: &Theme,
    ) -> Option<Vec<Item>> {
        let lines = rows.len().div_ceil(self.columns);
        let axes: Vec<Axis> = rows.iter().map(|row| y_axis(table, row)).collect();
        let plot_h = self.cell(table, 0, lines).h - HEAD;
        let left = axes.iter().map(|y| numbers_width(y, plot_h, theme)).fold(0.0, f64::max);
        let mut items = Vec::new();
        for (at, (row, y)) in rows.iter().zip(axes).enumerate() {
            let Rect { x, y: top, w, .. } = self.cell(table, at, lines);
            let rect = Rect::new(x + left, top + HEAD, w - left - 3.0, plot_h);
            if rect.w < 20.0 || rect.h < 14.0 {
                return None;
            }
            let plot = Plot { rect, x: x_axis(table), y, whole: true };
            let is_last = at + self.columns >= rows.len();
            items.push(text(
                title(row, table),
                rect.x,
                top,
                theme.name_style(),
                Align::Start,
                Baseline::Top,
            ));
            items.extend(axes_items(table, &plot, is_last, theme));
            items.extend(odd_items(table, &plot, theme));
            for style in &styles.lines {
                items.extend(line_items(style, row, &plot, theme));
            }
        }
        Some(items)
    }
}

/// What stands above a plot. Over layers an update is what lies between two models: the norm of the
/// difference over that of the first.
fn title(row: &MeasureRow, table: &Table) -> &'static str {
    match row.name {
        "update" if !table.is_over_steps() => "relative change",
        _ => row.title,
    }
}

/// Axes; below the last plots what runs right is named.
fn axes_items(table: &Table, plot: &Plot, is_last: bool, theme: &Theme) -> Vec<Item> {
    let mut items = Vec::new();
    // Lines between runs of layers.
    let mut parts = Path::new();
    for section in table.sections.iter().filter(|section| section.0 > 0.0) {
        let x = plot.at_x(section.0 - 0.75);
        parts.extend(Path::line(Point::new(x, plot.rect.y), Point::new(x, plot.rect.bottom())));
    }
    items.push(Shape::stroked(parts, theme.line.alpha(120), 0.5));
    if table.is_over_steps() {
        items.extend(plot.axes(theme, if is_last { &table.x_name } else { "" }));
        return items;
    }
    let names = match is_last {
        true => place_names(table, plot.rect.w, theme),
        false => table.places.iter().map(|place| (place.x, PlaceName::None)).collect(),
    };
    items.extend(plot.named_axes(theme, &names));
    if is_last {
        let style = theme.label();
        let levels = names.iter().any(|(_, name)| matches!(name, PlaceName::Level(_)));
        for (from, to, name) in table.sections.iter().filter(|_| levels) {
            let (left, right) = (plot.at_x(*from), plot.at_x(*to));
            let name = if name.is_empty() { &table.x_name } else { name };
            let room = (right - left).max(60.0);
            let name = fit(name, style, room);
            let (x, y) = ((left + right) / 2.0, plot.rect.bottom() + 6.0 + LINE);
            items.push(text(&name, x, y, style, Align::Middle, Baseline::Top));
        }
    }
    items
}

fn x_axis(table: &Table) -> Axis {
    if table.is_over_steps() {
        let places = || table.lines.iter().flat_map(|line| &line.points).map(|point| point.x);
        let (low, high) = (places().fold(f64::MAX, f64::min), places().fold(f64::MIN, f64::max));
        return Axis::roomy(low, high, 0.02, 0.02);
    }
    let last = table.places.last().map_or(0.0, |place| place.x);
    Axis::even(-0.6, last + 0.6)
}

/// The axis of a figure over all its values.
fn y_axis(table: &Table, row: &MeasureRow) -> Axis {
    let shown = |value: &f64| !row.logarithmic || *value > 0.0;
    let values = || table.values(row).filter(shown);
    let (low, high) = (values().fold(f64::MAX, f64::min), values().fold(0.0, f64::max));
    match row.logarithmic {
        true if low > high => Axis::logarithmic(0.1, 10.0),
        // At least a factor of two, so that small differences do not look large.
        true => {
            let room = if high / low < 2.0 { 1.5 } else { 1.15 };
            Axis::logarithmic(low / room, (high * room).min(f64::MAX))
        }
        false => Axis::even(0.0, if high > 0.0 { high * 1.06 } else { 1.0 }),
    }
}

/// Marks at the foot where tensors have values that are not finite.
fn odd_items(table: &Table, plot: &Plot, theme: &Theme) -> Vec<Item> {
    let points = table.lines.iter().flat_map(|line| &line.points);
    let mut places: Vec<(f64, f64)> =
        points.filter(|point| point.odd() > 0).map(|point| (point.x, point.x)).collect();
    places.sort_by(|a, b| a.0.total_cmp(&b.0));
    let y = plot.rect.bottom() - over::EDGE;
    let band = over::band(&places, plot, theme.nan.alpha(36));
    band.into_iter().chain(over::edge(&places, plot, y, theme.nan)).collect()
}

/// A kind of tensor in one plot: band, line and dots.
fn line_items(style: &Style<'_>, row: &MeasureRow, plot: &Plot, theme: &Theme) -> Vec<Item> {
    let points: Vec<(f64, [f64; 3])> =
        style.line.points.iter().filter_map(|point| Some((point.x, point.range(row)?))).collect();
    let is_drawn = |value: f64| !row.logarithmic || value > 0.0;
    let mut items = Vec::new();
    if points.iter().any(|(_, [low, _, high])| low < high) {
        let upper = points.iter().map(|&(x, range)| plot.point((x, range[2])));
        let lower = points.iter().rev().map(|&(x, range)| plot.point((x, range[0])));
        let outline: Vec<Point> = upper.chain(lower).collect();
        items.push(Shape::filled(Path::polyline(&outline, true), style.color.alpha(34)));
    }
    let places: Vec<Point> = points
        .iter()
        .filter(|(_, range)| is_drawn(range[1]))
        .map(|&(x, range)| plot.point((x, range[1])))
        .collect();
    if style.line.joined && places.len() > 1 {
        items.push(Shape::stroked(dashed(&places, style.dash), style.color, 1.2));
    }
    if points.len() <= FEW_POINTS || !style.line.joined || places.len() == 1 {
        items.extend(places.iter().map(|&place| dot(place, style, theme)));
    }
    // What a logarithmic axis has no place for.
    for &(x, _) in points.iter().filter(|(_, range)| !is_drawn(range[1])) {
        let (x, y) = (plot.at_x(x), plot.rect.bottom());
        let corners =
            [Point::new(x - 3.0, y - 5.0), Point::new(x + 3.0, y - 5.0), Point::new(x, y)];
        items.push(Shape::filled(Path::polyline(&corners, true), style.color));
    }
    items
}

/// A value: filled, or a ring where its line is dashed or it is a bias outside of layers.
fn dot(place: Point, style: &Style<'_>, theme: &Theme) -> Item {
    let radius = if style.line.joined { 1.5 } else { 2.0 };
    let circle = Path::circle(place, radius);
    let is_ring =
        !style.dash.is_empty() || (!style.line.joined && style.line.leaf.contains("bias"));
    match is_ring {
        true => Item::Shape(Shape {
            path: circle,
            fill: Some(theme.page),
            stroke: Some(Stroke { color: style.color, width: 0.8 }),
        }),
        false => Shape::filled(circle, style.color),
    }
}
