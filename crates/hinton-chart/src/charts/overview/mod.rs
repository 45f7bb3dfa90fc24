//! A model on one page: every tensor of a file at a glance.

mod paint;
mod sheet;

use hinton_tensor::GridRequest;

use super::common;
use super::{ChartRow, Lays, Need};
use crate::frame::Page;
use crate::model_map::{self, ModelMap, Place};
use crate::words::{Words, counted};
use crate::{ChartError, Extent, Options, Panel, Picture, short};

pub(super) const ROW: ChartRow = ChartRow {
    name: "overview",
    called: "an overview",
    about: "a whole model on one page: rows are layers, columns are kinds of tensor",
    help: "A map of a model. Layers are found in the names of the tensors, whatever the architecture: \
           each is a row, each kind of tensor in it a column, experts are a mosaic in one tile; \
           embeddings and heads come before and after. Darkness is the root mean square of the values \
           that a cell covers, hue their sign: warm where all are positive, cold where all are negative, \
           grey where both are mixed; zero is white (black on dark pages). Each tile has its own range, \
           so the bar under it shows its RMS, on one logarithmic scale for the whole page: a dead or \
           exploding layer has a bar unlike its column's and is framed in red; tensors with NaN or infinities are \
           flagged. Vectors are thin strips, single values a table. If there are too many layers for a \
           page, several share a row, and the page says so. Files of up to 20 tensors show each as a large picture \
           with its name, shape and range; `reduce`, `cmap` and `range` change the colours as in a heat map.",
    heeds: &["cmap", "range", "scale", "symlog-threshold", "columns", "reduce"],
    need,
    build,
    share: None,
    legend_alone: None,
    lays: Lays::Model,
    plays: true,
};

/// The maximum number of tensors that an overview shows as large pictures; more are shown as a map.
pub const FEW: usize = 20;
/// Above this many tensors a tile has this many colours at most.
const MANY: usize = 256;
const SHADES: usize = 128;
/// Width of the map on a page that takes what it needs, and its most height, points.
const NATURAL: (f64, f64) = (640.0, 800.0);
/// No wider than this, a given page names columns in a list, not along their tops.
const NARROW: f64 = 450.0;
/// Least width of the map there: that of its key.
const LEAST: f64 = 280.0;
/// A page whose width is given may be this many times as high.
const TALL: f64 = 1.5;
/// Or so high, where that is more, points.
const SCREEN: f64 = 480.0;
/// Height of the key below the map.
const KEY: f64 = 16.0;
/// Share of the map that tiles take.
const FILLED: f64 = 0.7;
/// Pixels across a tile: at most, and at least.
const PIXELS: (f64, f64) = (96.0, 6.0);

fn need(extents: &[Extent], options: &Options) -> Need {
    // Of many tensors none has a middle that all share but zero.
    let options = &Options { center: None, ..options.clone() };
    if extents.len() <= FEW {
        return sheet::need(extents, options);
    }
    let page = Page::new(options);
    let (width, height) = room(&page);
    let scale = options.dpi / 72.0;
    // About as much as each tile will have: where it goes is decided by names. Strips take little.
    let matrices = extents.iter().filter(|extent| extent.rows.min(extent.cols) > 1).count();
    let side = (FILLED * width * height / matrices.max(1) as f64).sqrt() * scale;
    let side = side.clamp(PIXELS.1, PIXELS.0 * scale.max(1.0)) as usize;
    let request = |_: &Extent| GridRequest {
        max_rows: side,
        max_cols: side,
        fold: common::default_fold(options),
        sample_bytes: None,
        quantiles: false,
    };
    Need::Grids(extents.iter().map(request).collect())
}

/// Width and most height of the map.
fn room(page: &Page<'_>) -> (f64, f64) {
    let (width, height) = page.room();
    match (page.width(), page.height()) {
        (None, _) => NATURAL,
        (Some(_), None) => (width, (width * TALL).max(SCREEN)),
        (Some(_), Some(_)) => (width, height),
    }
}

fn build(panels: &[Panel], options: &Options) -> Result<Picture, ChartError> {
    // The map has a key of its own below.
    let mut inner = Options { legend: Some(false), center: None, ..options.clone() };
    if panels.len() > MANY {
        // Small tiles show few shades; thousands of large palettes would take seconds and gigabytes.
        inner.levels = inner.levels.or(Some(SHADES));
    }
    let page = Page::new(&inner);
    if panels.len() <= FEW && sheet::fits(panels, &page) {
        return sheet::build(panels, &inner);
    }
    let (width, height) = room(&page);
    let is_narrow = page.width().is_some() && width <= NARROW;
    let map = model_map::fitted(&places(panels), &page.theme, (width, height - KEY), is_narrow);
    if page.height().is_some() && map.height > height {
        return Err(page.no_room());
    }
    let paint = paint::Paint::new(panels, &map, &inner, &page.theme);
    let words = words(panels, options, &map, &paint);
    let map_width = match page.width() {
        Some(_) => map.width,
        None => map.used.max(LEAST),
    };
    let layout = page.block((map_width, map.height + KEY), &words);
    let origin = layout.areas[0].rect;
    // What the words cannot say in a smaller page stays inside it.
    let mut items = paint.items(&map, (origin.x, origin.y));
    if options.legend.unwrap_or(true) {
        items.extend(paint.key(origin.x, origin.y + map.height + 8.0, map_width));
    }
    let mut notes: Vec<String> = common::reduction_notes(panels);
    notes.extend(paint::notes(&paint));
    notes.extend(layout.notes.iter().cloned());
    Ok(Picture { scene: page.scene(&layout, &words, items), notes })
}

/// The panels as a map knows them.
fn places(panels: &[Panel]) -> Vec<Place<'_>> {
    panels.iter().map(place).collect()
}

fn place(panel: &Panel) -> Place<'_> {
    let is_scalar = panel.shape.iter().all(|&length| length == 1);
    let value = || panel.span().min().map_or("not finite".to_owned(), short);
    Place {
        name: &panel.name,
        label: panel.label(),
        shape: &panel.shape,
        dtype: panel.dtype,
        extent: (panel.extent.rows, panel.extent.cols),
        value: is_scalar.then(value),
    }
}

fn words(panels: &[Panel], options: &Options, map: &ModelMap, paint: &paint::Paint<'_>) -> Words {
    let values =
        |panel: &Panel| panel.shape.iter().fold(1u64, |all, &n| all.saturating_mul(n as u64));
    let values: u64 = panels.iter().map(values).fold(0, u64::saturating_add);
    let tensors = counted(panels.len(), "tensor", "tensors");
    let title = options.title.clone().unwrap_or_else(|| tensors.clone());
    let mut subtitle =
        vec![format!("{} in {tensors}", counted(values as usize, "value", "values"))];
    if map.binned > 1 {
        subtitle
            .push(format!("up to {} layers share a row, side by side in its tiles", map.binned));
    }
    if map.experts > 1 {
        subtitle.push(format!("up to {} experts in one tile", map.experts));
    }
    subtitle.push("each tile has its own range".to_owned());
    if paint::shows_sides(panels) {
        let strong = if paint.is_dark() { "bright" } else { "dark" };
        subtitle.push(format!("{strong}: large, hue: sign, grey: both signs mixed"));
    }
    let mut notes = paint::notes(paint);
    notes.extend(options.notes.iter().cloned());
    notes.extend(common::reduction_notes(panels));
    Words { title, subtitle, notes, legend_height: 0.0 }
}
