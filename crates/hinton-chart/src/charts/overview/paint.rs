//! Draws the tiles, bars and texts of a map.

use hinton_scene::{Align, Baseline, Cells, Color, Item, Path, Point, Rect, Shape, Text};
use hinton_tensor::Summary;

use crate::cells::cells_item;
use crate::math::{log10, pow10};
use crate::model_map::{ModelMap, Tile, mosaic};
use crate::{ColorScale, Colormap, Options, Panel, Span, Theme, short, short_count};

/// A tensor's RMS is remarkable where it is this many times that of its siblings, or as many times less.
const FAR: f64 = 10.0;
/// Fewest siblings to be compared with.
const SIBLINGS: usize = 4;
/// The root mean square of the finite values.
pub(super) fn rms(summary: &Summary) -> Option<f64> {
    summary.rms()
}

/// What the tiles of a map have in common.
pub(super) struct Paint<'a> {
    panels: &'a [Panel],
    options: &'a Options,
    theme: &'a Theme,
    /// Decades that the bars span.
    decades: Option<(i32, i32)>,
    /// Names of tensors far from their siblings, and with values that are not finite.
    pub(super) far: Vec<String>,
    pub(super) odd: usize,
    /// Tensors all of whose values, of those that were read, are zero.
    zero: usize,
    is_far: Vec<bool>,
}

impl<'a> Paint<'a> {
    pub(super) fn new(
        panels: &'a [Panel],
        map: &ModelMap,
        options: &'a Options,
        theme: &'a Theme,
    ) -> Self {
        let all: Vec<Option<f64>> = panels.iter().map(|panel| rms(panel.span())).collect();
        let positive = || all.iter().flatten().copied().filter(|&rms| rms > 0.0);
        let low = positive().fold(f64::INFINITY, f64::min);
        let high = positive().fold(0.0, f64::max);
        let decades = (low <= high).then(|| {
            let (first, last) = (log10(low).floor() as i32, log10(high).ceil() as i32);
            (first, last.max(first + 1))
        });
        let now: Vec<Option<f64>> = panels.iter().map(|panel| rms(&panel.summary)).collect();
        let is_far = far(map, &now);
        let is_odd = |panel: &&Panel| panel.span().finite() < panel.span().elements;
        Paint {
            far: panels
                .iter()
                .zip(&is_far)
                .filter(|(_, is_far)| **is_far)
                .map(|(panel, _)| panel.label())
                .collect(),
            odd: panels.iter().filter(is_odd).count(),
            zero: panels.iter().filter(|panel| panel.span().max_abs() == Some(0.0)).count(),
            panels,
            options,
            theme,
            decades,
            is_far,
        }
    }

    pub(super) fn is_dark(&self) -> bool {
        self.theme.is_dark()
    }

    pub(super) fn items(&self, map: &ModelMap, origin: (f64, f64)) -> Vec<Item> {
        let mut items = Vec::new();
        for tile in &map.tiles {
            self.tile(tile, origin, &mut items);
        }
        for label in &map.labels {
            let (x, y) = (label.x + origin.0, label.y + origin.1);
            let (turn, baseline) = match label.is_upright {
                true => (-90.0, Baseline::Middle),
                false => (0.0, Baseline::Top),
            };
            items.push(Item::Text(Text::rotated(
                &label.text,
                x,
                y,
                label.style,
                label.align,
                baseline,
                turn,
            )));
        }
        items
    }

    fn tile(&self, tile: &Tile, origin: (f64, f64), items: &mut Vec<Item>) {
        let rect = tile.rect.moved(origin.0, origin.1);
        let scale = self.scale(&tile.members);
        let places = mosaic(rect, tile.members.len());
        for (&member, place) in tile.members.iter().zip(&places) {
            items.push(self.cells(&self.panels[member], *place, &scale));
        }
        let faults = |member: &&usize| {
            let span = self.panels[**member].span();
            span.finite() < span.elements
        };
        if tile.members.iter().any(|member| faults(&member)) {
            items.push(outline(rect, self.theme.nan, 1.4));
            // A flag that stands out where colours do not.
            let (x, y) = (rect.right() + 1.5, rect.y - 1.5);
            let flag = [Point::new(x - 6.0, y), Point::new(x, y), Point::new(x, y + 6.0)];
            items.push(Shape::filled(Path::polyline(&flag, true), self.theme.nan));
        } else if tile.members.iter().any(|&member| self.is_far[member]) {
            items.push(outline(rect, self.theme.alarm, 1.0));
        } else {
            items.push(outline(rect, self.theme.line, 0.35));
        }
        self.bar(tile, tile.bar.moved(origin.0, origin.1), items);
    }

    /// The RMS as a length; of several tensors from the smallest to the largest.
    fn bar(&self, tile: &Tile, rect: Rect, items: &mut Vec<Item>) {
        let all = || tile.members.iter().filter_map(|&member| rms(&self.panels[member].summary));
        let Some((first, last)) = self.decades else { return };
        if all().next().is_none() {
            return;
        }
        let share = |rms: f64| match rms > 0.0 {
            true => ((log10(rms) - f64::from(first)) / f64::from(last - first)).clamp(0.0, 1.0),
            false => 0.0,
        };
        let low = share(all().fold(f64::INFINITY, f64::min));
        let high = share(all().fold(0.0, f64::max));
        items.push(Shape::filled(Path::rect(rect), self.theme.line.alpha(90)));
        let is_far = tile.members.iter().any(|&member| self.is_far[member]);
        let color = if is_far { self.theme.alarm } else { self.theme.soft };
        let solid = Rect { w: (rect.w * low).max(0.4), ..rect };
        items.push(Shape::filled(Path::rect(solid), color));
        if high > low {
            let rest = Rect { x: rect.x + solid.w, w: (rect.w * high - solid.w).max(0.0), ..rect };
            items.push(Shape::filled(Path::rect(rest), color.alpha(120)));
        }
    }

    /// The colours of a tile: one range for all that is in it.
    fn scale(&self, members: &[usize]) -> ColorScale {
        let panels = || members.iter().map(|&member| &self.panels[member]);
        let is_picture = panels().all(Panel::is_picture);
        let over = panels().filter_map(|panel| panel.over.as_deref());
        let span = if self.options.own_range || over.clone().next().is_none() {
            let grids = panels().flat_map(|panel| &panel.grids);
            Span::of_cells(grids, self.options, is_picture)
        } else {
            let mut all = Summary::empty();
            over.for_each(|one| all.merge(one));
            Span::of_summary(&all, self.options, is_picture)
        };
        // One map for all weights, offset or not: tiles of one kind are compared down a column, and
        // the page has one key.
        let house = (!is_picture).then(|| Colormap::house(self.theme.is_dark()));
        let options = Options { cmap: self.options.cmap.or(house), ..self.options.clone() };
        ColorScale::fit(&options, self.theme, &span, is_picture)
    }

    fn cells(&self, panel: &Panel, rect: Rect, scale: &ColorScale) -> Item {
        let Some(grid) = panel.grids.first().filter(|grid| !grid.values.is_empty()) else {
            return outline(rect, self.theme.line, 0.35);
        };
        let mut item = cells_item(grid, rect, scale);
        if let Item::Cells(cells) = &mut item {
            keep_used_colors(cells);
            // A vector runs along the longer side of its strip.
            if cells.rows == 1 && rect.h > rect.w {
                std::mem::swap(&mut cells.rows, &mut cells.cols);
            }
        }
        item
    }

    /// What the bars and colours mean, on one line that begins at (x, y).
    pub(super) fn key(&self, x: f64, y: f64, width: f64) -> Vec<Item> {
        let style = hinton_scene::TextStyle { size: 7.0, ..self.theme.label() };
        let mut items = Vec::new();
        let mut x = x;
        let write = |text: &str, x: &mut f64, items: &mut Vec<Item>| {
            let text = Text::new(text, *x, y, style, Align::Start, Baseline::Top);
            *x += text.width + 5.0;
            items.push(Item::Text(text));
        };
        let palette: Vec<Color> = (0..=40)
            .map(|step| {
                let map =
                    self.options.cmap.unwrap_or_else(|| Colormap::house(self.theme.is_dark()));
                map.color(f64::from(step) / 40.0)
            })
            .collect();
        write("−", &mut x, &mut items);
        let rect = Rect::new(x, y, 44.0, 6.0);
        let cells = (0..palette.len()).map(|index| index as u16).collect();
        items.push(Item::Cells(Cells { rect, rows: 1, cols: palette.len(), palette, cells }));
        items.push(outline(rect, self.theme.line, 0.35));
        x += 48.0;
        write("+", &mut x, &mut items);
        x += 10.0;
        if let Some((first, last)) = self.decades {
            write("RMS", &mut x, &mut items);
            write(&short(pow10(first)), &mut x, &mut items);
            let rect = Rect::new(x, y + 2.0, 44.0, BAR_KEY);
            items.push(Shape::filled(Path::rect(rect), self.theme.line.alpha(90)));
            let half = Rect { w: 26.0, ..rect };
            items.push(Shape::filled(Path::rect(half), self.theme.soft));
            x += 48.0;
            write(&short(pow10(last)), &mut x, &mut items);
            if x < width * 0.7 {
                write("(logarithmic)", &mut x, &mut items);
            }
        }
        items
    }
}

/// Height of the bar in the key.
const BAR_KEY: f64 = 2.5;

/// Which tensors have an RMS far from the median of their kind in their stack.
fn far(map: &ModelMap, all: &[Option<f64>]) -> Vec<bool> {
    let mut kinds: std::collections::BTreeMap<(usize, usize), Vec<usize>> =
        std::collections::BTreeMap::new();
    for tile in &map.tiles {
        if let Some(kind) = tile.kind {
            kinds.entry(kind).or_default().extend(&tile.members);
        }
    }
    let mut is_far = vec![false; all.len()];
    for members in kinds.values() {
        let mut known: Vec<f64> = members.iter().filter_map(|&member| all[member]).collect();
        known.sort_by(f64::total_cmp);
        let Some(&median) = known.get(known.len() / 2) else { continue };
        if known.len() < SIBLINGS || median <= 0.0 {
            continue;
        }
        for &member in members {
            let Some(rms) = all[member] else { continue };
            is_far[member] = rms > median * FAR || rms < median / FAR;
        }
    }
    is_far
}

/// Drops the colours that no cell has.
fn keep_used_colors(cells: &mut Cells) {
    const UNUSED: u16 = u16::MAX;
    let mut place = vec![UNUSED; cells.palette.len()];
    let mut used = Vec::new();
    for cell in &mut cells.cells {
        let entry = usize::from(*cell);
        if place[entry] == UNUSED {
            place[entry] = used.len() as u16;
            used.push(cells.palette[entry]);
        }
        *cell = place[entry];
    }
    used.shrink_to_fit();
    cells.palette = used;
}

fn outline(rect: Rect, color: Color, width: f64) -> Item {
    Shape::stroked(Path::rect(rect), color, width)
}

/// What a person should know of all tiles.
pub(super) fn notes(paint: &Paint<'_>) -> Vec<String> {
    let mut notes = Vec::new();
    if paint.odd > 0 {
        let tensors = if paint.odd == 1 { "tensor has" } else { "tensors have" };
        notes.push(format!(
            "{} {tensors} NaN or infinities (flagged)",
            short_count(paint.odd as u64)
        ));
    }
    if paint.zero > 0 {
        let tensors = if paint.zero == 1 { "tensor is" } else { "tensors are" };
        notes.push(format!(
            "{} {tensors} zero in every value that was read",
            short_count(paint.zero as u64)
        ));
    }
    if let [first, rest @ ..] = paint.far.as_slice() {
        let more =
            if rest.is_empty() { String::new() } else { format!(" and {} more", rest.len()) };
        notes.push(format!(
            "framed in red, an RMS 10 times from the median of its kind or more: {first}{more}"
        ));
    }
    notes
}

/// Whether tiles show magnitude and sign apart.
pub(super) fn shows_sides(panels: &[Panel]) -> bool {
    panels.iter().flat_map(|panel| &panel.grids).any(|grid| !grid.balance.is_empty())
}
