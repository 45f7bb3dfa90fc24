//! Many small pictures on one colour scale: class templates, filters, kernels, images.

use hinton_scene::{Align, Baseline, Color, Image, Item, Rect, fit};
use hinton_tensor::reduce::Mark;
use hinton_tensor::{Grid, GridRequest, Summary};

use super::common::{self, Whole};
use super::{ChartRow, Lays, Need};
use crate::cells::cells_item;
use crate::colorbar::{Key, KeyCells, Swatch, colorbar, colorbar_height, nonfinite, swatches_in};
use crate::frame::{Area, CellRule, LINE, Page, frame, text};
use crate::span::is_on_offset;
use crate::{ChartError, ColorScale, Extent, Options, Panel, Picture, ScaleKind, Theme};
use hinton_words::significant;

pub(super) const ROW: ChartRow = ChartRow {
    name: "tiles",
    called: "tiles",
    about: "many small pictures on one colour scale: class weights, filters, kernels, images",
    help: "One picture for each column, row or leading index: what each class of a classifier looks for \
           (784 x 10 weights as ten pictures of 28 x 28), the filters of a first layer, convolution \
           kernels (in grey per channel, or in colour where there are three input channels: each then \
           scaled with all others, mid-grey is zero), images of a data set. All tiles share ONE colour \
           scale, so they can be compared.",
    heeds: &[
        "cmap",
        "range",
        "scale",
        "center",
        "symlog-threshold",
        "legend-title",
        "columns",
        "reduce",
        "legend",
    ],
    need,
    build,
    share: None,
    legend_alone: None,
    lays: Lays::Tiles,
    plays: true,
};

const RULE: CellRule = CellRule {
    largest: 24.0,
    smallest_pixels: 1.0,
    square: true,
    border: 0.0,
    least: (0.0, 0.0),
    beside: (0.0, 0.0),
};
/// Height of a tile's label.
const LABEL: f64 = LINE + 2.0;
/// Width aimed at for all tiles together, points.
const NATURAL_WIDTH: f64 = 460.0;
/// Largest and smallest tile on a page that takes what it needs, points.
const TILE: (f64, f64) = (14.0, 96.0);
/// Space between tiles while their size is sought, points.
const SPACE: f64 = 5.0;
/// Tiles narrower than this have no room for a label, points.
const LABELLED: f64 = 22.0;

fn need(extents: &[Extent], options: &Options) -> Need {
    let page = Page::new(options);
    let fold = common::default_fold(options);
    let (max_rows, max_cols) = match options.size {
        Some(size) if size.height.is_some() => page.most_cells(extents, RULE),
        // A page of given width grows downwards.
        Some(_) => {
            let columns = options.columns.unwrap_or_else(|| wide_columns(extents.len())).max(1);
            let pixels = page.room().0 / columns as f64 * options.dpi / 72.0;
            (pixels as usize, pixels as usize)
        }
        // The page grows with the number of tiles; a tile needs no more cells than it has pixels.
        None => {
            let pixels = natural_tile(extents.len(), options) * options.dpi / 72.0;
            (pixels as usize, pixels as usize)
        }
    };
    let (max_rows, max_cols) = (max_rows.max(1), max_cols.max(1));
    Need::Grids(vec![
        GridRequest { max_rows, max_cols, fold, sample_bytes: None, quantiles: true };
        extents.len()
    ])
}

/// Side of one of this many tiles on a page that takes what it needs, points.
fn natural_tile(count: usize, options: &Options) -> f64 {
    let columns = options.columns.unwrap_or_else(|| wide_columns(count)).max(1);
    ((NATURAL_WIDTH - SPACE * (columns - 1) as f64) / columns as f64).clamp(TILE.0, TILE.1)
}

fn build(panels: &[Panel], options: &Options) -> Result<Picture, ChartError> {
    let page = Page::new(options);
    let Whole { summary, span, cells, .. } = common::whole("tiles", panels, options)?;
    let scale = ColorScale::fit(options, &page.theme, &span, common::is_picture(panels));
    let grids = panels.iter().flat_map(|panel| &panel.grids);
    let are_many = options.over.is_some() && !options.own_range;
    let key_cells = KeyCells::new(grids, &scale, &span, are_many);
    let title = options.legend_title.as_deref();
    let key = Key { scale: &scale, theme: &page.theme, summary: &summary, cells: key_cells, title };
    let colored = panels.iter().any(|panel| panel.grids.len() == 3);

    let mut words = common::words(panels, "pictures", options, &summary);
    words.notes.splice(..0, key_cells.note(&scale, &span));
    words.legend_height = colorbar_height(&key, &page, options.own_range);
    let plan = TilePlan::new(&page, &cells, panels.len());
    let mut items = Vec::new();
    // The body is one block to the page's layout; the tiles are placed inside it here.
    let layout = page.block(plan.size(), &words);
    let origin = layout.areas[0].rect;
    let names = common::names(panels);
    for (at, panel) in panels.iter().enumerate() {
        let rect = plan.tile(at, &cells[at], origin);
        let grid = &panel.grids[0];
        let area = Area { rect, rows: grid.rows, cols: grid.cols };
        items.push(match panel.grids.as_slice() {
            [red, green, blue] => rgb_item([red, green, blue], &area, &scale, &page.theme),
            _ => cells_item(grid, rect, &scale),
        });
        let (color, width) = options.look.frame.unwrap_or((page.theme.line, 0.4));
        items.push(frame(rect, color, width));
        let number = panel.number.unwrap_or(at as i64);
        items.extend(plan.label(&page, &names[at], number, rect));
    }
    if options.look.empty_tiles {
        let (color, width) = options.look.frame.unwrap_or((page.theme.line, 0.4));
        for at in panels.len()..plan.columns * plan.rows {
            items.push(frame(plan.tile(at, &cells[0], origin), color, width));
        }
    }
    if page.legend && colored {
        let list = rgb_legend(&scale, &page.theme, &summary);
        items.extend(swatches_in(&list, &page.theme, layout.legend));
    } else if page.legend {
        items.extend(colorbar(&key, layout.legend));
    }
    let mut notes = common::reduction_notes(panels);
    notes.extend(layout.notes.clone());
    if !colored {
        notes.extend(common::scale_notes(&scale));
    }
    Ok(Picture { scene: page.scene(&layout, &words, items), notes })
}

/// Where tiles go.
struct TilePlan {
    columns: usize,
    rows: usize,
    /// Width and height of the largest tile, points.
    tile: (f64, f64),
    /// From one tile's corner to the next one's.
    step: (f64, f64),
    labels: bool,
    /// Whether the space between tiles was given.
    spaced: bool,
}

impl TilePlan {
    fn new(page: &Page<'_>, cells: &[Extent], count: usize) -> TilePlan {
        let options = page.options;
        let look = &options.look;
        let rows_of = cells.iter().map(|cell| cell.rows).max().unwrap_or(1) as f64;
        let cols_of = cells.iter().map(|cell| cell.cols).max().unwrap_or(1) as f64;
        let (room_w, room_h) = page.room();
        let gap = look.tile_gap;
        let fixed = page.width().is_some();
        let labels_wanted = look.tile_label.is_some() || count <= 400 && look.area.is_none();

        // Tries every number of columns and keeps the one with the largest tiles.
        let fit = |columns: usize| {
            let rows = count.div_ceil(columns);
            let share = gap.unwrap_or(0.0);
            let label = if labels_wanted && gap.is_none() { LABEL } else { 0.0 };
            let space = if gap.is_some() { 0.0 } else { SPACE };
            let room_w = if fixed { room_w } else { NATURAL_WIDTH };
            let across = (room_w - space * (columns - 1) as f64)
                / (columns as f64 + share * (columns - 1) as f64);
            let down = (room_h - (label + space) * rows as f64 + space)
                / (rows as f64 + share * (rows - 1) as f64);
            let bounded = page.height().is_some();
            let unit = across / cols_of;
            let unit = if bounded { unit.min(down / rows_of) } else { unit };
            let slot =
                if gap.is_some() { (across, down) } else { (unit * cols_of, unit * rows_of) };
            (rows, unit, slot)
        };
        let columns = options.columns.unwrap_or_else(|| natural_columns(count, page, &fit));
        let columns = columns.clamp(1, count.max(1)).max(options.columns.unwrap_or(1).min(64));
        let (rows, unit, slot) = fit(columns);
        let pixel = 72.0 / options.dpi;
        let unit = if fixed {
            unit
        } else {
            let largest = (TILE.1 / cols_of.max(rows_of)).min(RULE.largest);
            let unit = unit.min(largest).max(TILE.0 / cols_of.max(rows_of)).max(pixel);
            if unit >= 2.0 * pixel { (unit / pixel).floor() * pixel } else { unit }
        };
        let tile = (unit * cols_of, unit * rows_of);
        let labels = look.tile_label.is_some() || labels_wanted && tile.0 >= LABELLED;
        let step = match gap {
            Some(share) => (slot.0 * (1.0 + share), slot.1 * (1.0 + share)),
            None => {
                let space = (tile.0 * 0.08).clamp(2.0, 8.0);
                (tile.0 + space, tile.1 + space + if labels { LABEL } else { 0.0 })
            }
        };
        TilePlan { columns, rows, tile, step, labels, spaced: gap.is_some() }
    }

    /// Width and height of all tiles together.
    fn size(&self) -> (f64, f64) {
        let width = self.step.0 * (self.columns - 1) as f64 + self.tile.0;
        // Where the space between tiles is given, labels lie in it.
        let label = if self.labels && !self.spaced { LABEL } else { 0.0 };
        (width, self.step.1 * (self.rows - 1) as f64 + self.tile.1 + label)
    }

    /// Where tile `at` goes, for a picture of that many cells.
    fn tile(&self, at: usize, cells: &Extent, origin: Rect) -> Rect {
        let (column, row) = (at % self.columns, at / self.columns);
        let unit =
            (self.tile.0 / cells.cols.max(1) as f64).min(self.tile.1 / cells.rows.max(1) as f64);
        let x = origin.x + column as f64 * self.step.0;
        let y = origin.y + row as f64 * self.step.1;
        Rect::new(x, y, unit * cells.cols as f64, unit * cells.rows as f64)
    }

    fn label(&self, page: &Page<'_>, name: &str, number: i64, rect: Rect) -> Option<Item> {
        if !self.labels {
            return None;
        }
        let look = &page.options.look;
        let mut style = page.theme.name_style();
        style.size = look.label_size.unwrap_or(style.size);
        let label = match &look.tile_label {
            Some(pattern) => pattern.replace("{}", &number.to_string()),
            None => name.to_owned(),
        };
        // Labels of the house may be shortened to their tile; those of a preset stand as they are.
        let label =
            if look.tile_label.is_some() { label } else { fit(&label, style, self.step.0 - 2.0) };
        let (x, y) = (rect.center().x, rect.bottom() + 3.5);
        Some(text(&label, x, y, style, Align::Middle, Baseline::Top))
    }
}

/// As many columns as give the largest tiles on a page of given size, or a wide block.
fn natural_columns(
    count: usize,
    page: &Page<'_>,
    fit: &dyn Fn(usize) -> (usize, f64, (f64, f64)),
) -> usize {
    if page.height().is_some() {
        let most = count.min(256);
        let better = |best: usize, columns: usize| {
            if fit(columns).1 > fit(best).1 { columns } else { best }
        };
        return (1..=most).fold(1, better);
    }
    wide_columns(count)
}

/// As many columns as make a block about a third wider than high, with a full last row where the
/// number allows it.
fn wide_columns(count: usize) -> usize {
    let ideal = (1..=count).find(|side| side * side * 3 >= count * 4).unwrap_or(1);
    let near = (ideal.saturating_sub(ideal / 4).max(1)..=ideal + ideal / 3)
        .filter(|columns| count.is_multiple_of(*columns))
        .min_by_key(|columns| columns.abs_diff(ideal));
    near.unwrap_or(ideal).min(48)
}

/// What white, grey and black mean in a picture in colour, and what is odd in it.
fn rgb_legend(scale: &ColorScale, theme: &Theme, summary: &Summary) -> Vec<Swatch> {
    let (black, white) = rgb_ends(scale);
    let digits = common::digits_apart(black, white);
    let grey =
        |hex: u32, value: f64| Swatch { color: Color::rgb(hex), label: significant(value, digits) };
    let mut list = vec![grey(0xffffff, white), grey(0x000000, black)];
    if !is_on_offset(black, white) {
        list[0].label.push_str(" in r, g, b");
    }
    if black < 0.0 && white > 0.0 {
        list.insert(1, grey(0x808080, 0.0));
    }
    list.extend(nonfinite(theme, summary));
    list
}

/// The values that are black and white in a picture in colour: zero is black or mid-grey, unless
/// values lie farther from zero than from one another.
fn rgb_ends(scale: &ColorScale) -> (f64, f64) {
    let (low, high) = (scale.low(), scale.high());
    let reach = low.abs().max(high.abs());
    if is_on_offset(low, high) {
        (low, high)
    } else if low < 0.0 {
        (-reach, reach)
    } else {
        (0.0, reach)
    }
}

/// A picture in colour: each channel's position on the shared scale.
fn rgb_item(planes: [&Grid; 3], area: &Area, scale: &ColorScale, theme: &Theme) -> Item {
    let (black, white) = rgb_ends(scale);
    let channel = |value: f64| {
        let share = match black < 0.0 && white > 0.0 {
            true => 0.5 + 0.5 * value / white,
            false => (value - black) / (white - black),
        };
        let share = match scale.kind() {
            ScaleKind::Linear => share,
            _ => scale.position(value),
        };
        (share.clamp(0.0, 1.0) * 255.0 + 0.5) as u8
    };
    let pixel = |at: usize| {
        let odd = planes.iter().find_map(|plane| plane.marks.get(at).filter(|m| **m != Mark::None));
        match odd {
            Some(Mark::NegInf) => theme.neg_inf,
            Some(Mark::PosInf | Mark::BothInf) => theme.pos_inf,
            Some(_) => theme.nan,
            None => {
                let [r, g, b] = planes.map(|plane| channel(plane.value(at)));
                Color { r, g, b, a: 255 }
            }
        }
    };
    let count = planes.iter().map(|plane| plane.values.len()).min().unwrap_or(0);
    Item::Image(Image {
        rect: area.rect,
        width: planes[0].cols,
        height: planes[0].rows,
        pixels: (0..count).map(pixel).collect(),
    })
}
