//! Turns grids into coloured cells on one scale, for every chart of matrices.

use hinton_scene::{Cells, Color, Item, Rect};
use hinton_tensor::Grid;
use hinton_tensor::reduce::Mark;

use crate::ColorScale;
use crate::span::cell_value;

/// The cells of one grid in the colours of a scale.
///
/// A cell that holds the root mean square of several values is coloured in two directions where the
/// scale has zero in its middle: how far from the middle by its root mean square, which hue by the
/// [balance](Grid::balance) of its signs, from one end of the map over grey to the other.
pub(crate) fn cells_item(grid: &Grid, rect: Rect, scale: &ColorScale) -> Item {
    let palette = match is_two_way(grid, scale) {
        true => scale.two_way_palette(),
        false => scale.palette(),
    };
    let cells = (0..grid.values.len()).map(|at| cell_entry(grid, at, scale)).collect();
    Item::Cells(Cells { rect, rows: grid.rows, cols: grid.cols, palette, cells })
}

/// The entry of the palette that a cell has.
fn cell_entry(grid: &Grid, at: usize, scale: &ColorScale) -> u16 {
    let mark = grid.marks.get(at).copied().unwrap_or_default();
    match (mark, grid.balance.get(at)) {
        (Mark::None, Some(&balance)) if scale.zero_is_middle() && grid.values[at].is_finite() => {
            scale.two_way_index(f64::from(grid.values[at]), f64::from(balance))
        }
        _ => scale.index(cell_value(grid, at, scale.zero_is_middle()), mark),
    }
}

/// Whether cells of a grid are coloured in two directions.
pub(crate) fn is_two_way(grid: &Grid, scale: &ColorScale) -> bool {
    scale.zero_is_middle() && !grid.balance.is_empty()
}

/// The colour of every cell, row by row.
pub(crate) fn cell_colors(grid: &Grid, scale: &ColorScale) -> Vec<Color> {
    let palette = match is_two_way(grid, scale) {
        true => scale.two_way_palette(),
        false => scale.palette(),
    };
    let entry = |at| palette[usize::from(cell_entry(grid, at, scale))];
    (0..grid.values.len()).map(entry).collect()
}

/// How many cells lie above and below the range of a scale.
pub(crate) fn cells_beyond(grid: &Grid, scale: &ColorScale) -> (u64, u64) {
    let mut beyond = (0, 0);
    for at in 0..grid.values.len() {
        if grid.marks.get(at).is_some_and(|mark| *mark != Mark::None) {
            continue;
        }
        let value = cell_value(grid, at, scale.zero_is_middle());
        beyond.0 += u64::from(value > scale.high());
        beyond.1 += u64::from(value < scale.low());
    }
    beyond
}
