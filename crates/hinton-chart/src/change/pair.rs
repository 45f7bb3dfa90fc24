//! Draws a tensor of two models and their difference, side by side.

use hinton_scene::{Align, Baseline, Item, Path, Point, Rect, Shape, fit};
use hinton_tensor::Grid;

use super::Beside;
use crate::cells::cells_item;
use crate::colorbar::{Key, KeyCells, colorbar};
use crate::frame::{Page, frame, text};
use crate::words::Words;
use crate::{ChartError, ColorScale, Options, Picture, Span};

/// Width of three matrices on a page that takes what it needs, points.
const NATURAL: f64 = 640.0;
/// Space between matrices, room for the marks of rows and columns, and height of a name.
const GAP: f64 = 14.0;
const MARKS: f64 = 9.0;
const NAME: f64 = 14.0;
/// Highest matrix, times its width; largest cell, points.
const TALLEST: f64 = 1.6;
const CELL: f64 = 16.0;
/// Height of a colour bar below, with its numbers and counts.
const BAR: f64 = 44.0;
/// Pages narrower than this have the three below one another.
const NARROW: f64 = 330.0;

/// Columns in which the three stand, and the width of one.
fn columns(page: &Page<'_>) -> (usize, f64) {
    let width = page.width().map_or(NATURAL, |_| page.room().0);
    let count = if width < NARROW { 1 } else { 3 };
    (count, (width - GAP * (count - 1) as f64 - MARKS) / count as f64)
}

pub(super) fn cells(options: &Options) -> (usize, usize) {
    let inner = Options { legend: Some(false), ..options.clone() };
    let (_, width) = columns(&Page::new(&inner));
    let most = (width * options.dpi / 72.0).max(1.0);
    ((most * TALLEST) as usize, most as usize)
}

pub(super) fn build(tensor: &Beside, options: &Options) -> Result<Picture, ChartError> {
    let inner = Options { legend: Some(false), ..options.clone() };
    let page = Page::new(&inner);
    let (count, column) = columns(&page);
    let [first, ..] = &tensor.grids;
    let (w, h) = size(first, column);
    let row_height = NAME + MARKS + h + GAP + BAR;
    let height = row_height * (3 / count) as f64;
    let words = words(tensor, options);
    let layout =
        page.block((column * count as f64 + GAP * (count - 1) as f64 + MARKS, height), &words);
    if page.height().is_some_and(|_| height > page.room().1) {
        return Err(page.no_room());
    }
    let origin = layout.areas[0].rect;
    let theme = &page.theme;
    let [a, b, difference] = &tensor.grids;
    let shared = Span::of_cells([a, b].into_iter(), &inner, false);
    let shared = ColorScale::fit(&inner, theme, &shared, false);
    let symmetric = Options { range: None, ..inner.clone() };
    let moved = Span::of_cells([difference].into_iter(), &symmetric, false);
    let moved = ColorScale::fit(&symmetric, theme, &moved, false);
    let mut items = Vec::new();
    for (place, grid) in tensor.grids.iter().enumerate() {
        let (col, row) = if count == 3 { (place, 0) } else { (0, place) };
        let x = origin.x + col as f64 * (column + GAP);
        let y = origin.y + row as f64 * row_height;
        let name = fit(&tensor.names[place], theme.name_style(), column);
        items.push(text(&name, x, y, theme.name_style(), Align::Start, Baseline::Top));
        let rect = Rect::new(x, y + NAME + MARKS, w, h);
        let scale = if place == 2 { &moved } else { &shared };
        items.push(cells_item(grid, rect, scale));
        items.push(frame(rect, theme.line, 0.5));
        if place == 2 {
            items.extend(marks(tensor, grid, rect, page.theme.alarm));
        }
        let bar = Rect::new(x, rect.bottom() + GAP, column.min(190.0), BAR);
        let key = Key {
            scale,
            theme,
            summary: &grid.summary,
            cells: KeyCells {
                is_bool: false,
                is_two_way: crate::cells::is_two_way(grid, scale),
                are_folded: grid.block != (1, 1),
                beyond: None,
                is_beyond: (false, false),
            },
            title: None,
        };
        items.extend(colorbar(&key, bar));
    }
    let notes = layout.notes.clone();
    Ok(Picture { scene: page.scene(&layout, &words, items), notes })
}

/// Width and height of a matrix in a column of that width.
fn size(grid: &Grid, column: f64) -> (f64, f64) {
    let (rows, cols) = (grid.rows.max(1) as f64, grid.cols.max(1) as f64);
    let cell = (column / cols).min(column * TALLEST / rows).min(CELL);
    let (w, h) = (cell * cols, cell * rows);
    // A long strip is made thick enough to see.
    (w.max((h / 4.0).min(column)), h.max(w / 4.0).min(column * TALLEST))
}

/// Small triangles at the rows and columns that moved most.
fn marks(tensor: &Beside, grid: &Grid, rect: Rect, color: hinton_scene::Color) -> Vec<Item> {
    const SIDE: f64 = 2.6;
    let mut path = Path::new();
    let (rows, cols) = (grid.shape.0.max(1) as f64, grid.shape.1.max(1) as f64);
    for &row in &tensor.rows {
        let y = rect.y + (row as f64 + 0.5) / rows * rect.h;
        let x = rect.right() + 1.5;
        path.extend(Path::polyline(
            &[
                Point::new(x, y),
                Point::new(x + 2.0 * SIDE, y - SIDE),
                Point::new(x + 2.0 * SIDE, y + SIDE),
            ],
            true,
        ));
    }
    for &column in &tensor.columns {
        let x = rect.x + (column as f64 + 0.5) / cols * rect.w;
        let y = rect.y - 1.5;
        path.extend(Path::polyline(
            &[
                Point::new(x, y),
                Point::new(x - SIDE, y - 2.0 * SIDE),
                Point::new(x + SIDE, y - 2.0 * SIDE),
            ],
            true,
        ));
    }
    vec![Shape::filled(path, color)]
}

fn words(tensor: &Beside, options: &Options) -> Words {
    let mut subtitle = tensor.about.clone();
    let [first, ..] = &tensor.grids;
    if first.block != (1, 1) {
        let (rows, cols) = first.block;
        subtitle.push(format!("a cell stands for {rows} × {cols} values"));
    }
    subtitle.push("a and b on one scale, the difference on its own".to_owned());
    let list = |what: &str, lines: &[usize]| {
        let shown: Vec<String> = lines.iter().take(4).map(usize::to_string).collect();
        (!shown.is_empty()).then(|| format!("{what} that moved most: {}", shown.join(", ")))
    };
    subtitle.extend(list("rows", &tensor.rows));
    subtitle.extend(list("columns", &tensor.columns));
    let title = options.title.clone().unwrap_or_default();
    Words { title, subtitle, notes: options.notes.clone(), legend_height: 0.0 }
}
