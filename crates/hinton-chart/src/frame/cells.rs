//! How large a cell is: as large as the page and the rule of its chart allow.

use super::{NATURAL_MOST, Page};
use crate::Extent;

/// Longest side it aims at.
const NATURAL_SIDE: f64 = 440.0;
/// A matrix is drawn at most this many times as long as it is wide, where its cells need not be square.
const LONGEST: usize = 4;

/// How cells may be shaped.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct CellRule {
    /// Largest side of a cell on a page that takes what it needs, points.
    pub(crate) largest: f64,
    /// Smallest side worth drawing, device pixels.
    pub(crate) smallest_pixels: f64,
    /// Whether cells stay square however long the matrix.
    pub(crate) square: bool,
    /// Ground that reaches past the cells on every side, points.
    pub(crate) border: f64,
    /// Least width and height of a cell on a page that takes what it needs, points.
    pub(crate) least: (f64, f64),
    /// Room right of the cells and below them, for what belongs to their rows and columns; of a page
    /// with one area.
    pub(crate) beside: (f64, f64),
}

impl Page<'_> {
    /// Width and height of one cell.
    pub(super) fn pitch(
        &self,
        rows: usize,
        cols: usize,
        room: (f64, f64),
        rule: CellRule,
        facets: bool,
    ) -> (f64, f64) {
        let pixel = 72.0 / self.options.dpi;
        let (rows, cols) = (rows.max(1) as f64, cols.max(1) as f64);
        if self.width.is_none() {
            let long = rows.max(cols);
            let side = (long * pixel).clamp(NATURAL_SIDE, NATURAL_MOST);
            // Several areas share the page.
            let side = if facets { side.min(room.0.min(room.1)) } else { side };
            let even = whole_pixels((side / long).min(rule.largest), pixel);
            if rule.square {
                return (even, even);
            }
            if rule.least.0 > even || rule.least.1 > even {
                let enough = |least: f64| (even.max(least) / pixel).ceil() * pixel;
                return (enough(rule.least.0), enough(rule.least.1));
            }
            // A long strip is made thick enough to see.
            let thick = |short: f64| {
                whole_pixels(
                    (side / LONGEST as f64 / short).clamp(even, rule.largest.max(even)),
                    pixel,
                )
            };
            return if cols >= rows {
                (even, thick(rows).max(even))
            } else {
                (thick(cols).max(even), even)
            };
        }
        let width = room.0 / cols;
        // A page without a height is as high as the matrix needs, up to its width.
        let height = if self.height.is_some() { room.1 / rows } else { (room.0 / rows).max(pixel) };
        let even = width.min(height);
        if rule.square || self.options.look.cell_gap > 0.0 {
            return (even, even);
        }
        if self.height.is_none() {
            let even = width.min(rule.largest * 2.0).min((room.0 / rows).max(pixel));
            let thick =
                |short: f64| (room.0 / LONGEST as f64 / short).clamp(even, rule.largest.max(even));
            return if cols >= rows { (even, thick(rows)) } else { (thick(cols).min(width), even) };
        }
        // On a page of given size a long matrix may stretch to a quarter of its length.
        let (long_w, long_h) = (even * cols, even * rows);
        let stretch = |short: f64, long: f64, room: f64, count: f64| {
            short.max((long / LONGEST as f64).min(room) / count)
        };
        if long_w >= long_h {
            (even, stretch(even, long_w, room.1, rows))
        } else {
            (stretch(even, long_h, room.0, cols), even)
        }
    }
}

/// The most cells that leave a folded matrix its proportions: blocks are square unless the short
/// side would be less than a quarter of the long one.
pub(super) fn in_proportion(
    extent: &Extent,
    (most_rows, most_cols): (usize, usize),
) -> (usize, usize) {
    let (rows, cols) = (extent.rows.max(1), extent.cols.max(1));
    let block = rows.div_ceil(most_rows.max(1)).max(cols.div_ceil(most_cols.max(1)));
    if block == 1 {
        return (most_rows, most_cols);
    }
    let least = (rows.max(cols).div_ceil(block) / LONGEST).max(1);
    let side = |values: usize, most: usize| values.div_ceil(block).max(least).min(most);
    (side(rows, most_rows), side(cols, most_cols))
}

pub(super) fn largest(cells: &[Extent]) -> (usize, usize) {
    let rows = cells.iter().map(|cell| cell.rows).max().unwrap_or(1);
    let cols = cells.iter().map(|cell| cell.cols).max().unwrap_or(1);
    (rows.max(1), cols.max(1))
}

/// The length cut to whole device pixels, where it has at least two.
fn whole_pixels(length: f64, pixel: f64) -> f64 {
    let pixels = length / pixel;
    if pixels >= 2.0 { pixels.floor() * pixel } else { length }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folded_matrices_keep_their_proportions() {
        let cells = |rows, cols, most| in_proportion(&Extent::new(rows, cols), most);
        assert_eq!(cells(4096, 11_008, (1280, 1280)), (456, 1224));
        assert_eq!(cells(11_008, 4096, (1280, 1280)), (1224, 456));
        // Long ones are drawn thicker than they are, so that their cells are seen.
        assert_eq!(cells(100, 100_000, (1280, 1280)), (316, 1266));
        assert_eq!(cells(20, 30, (1280, 1280)), (1280, 1280));
    }
}
