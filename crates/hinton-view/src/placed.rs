//! A tensor on the map, and the level of detail at which it is drawn there.

use hinton_tensor::Levels;

/// Squeezed by more than this, an axis folds on its own; as in the page.
const SQUARE: f64 = 2.0;
/// How much smaller than a pixel a cell may be: 2^0.01.
const SLACK: f64 = 1.006_955_550_056_718_9;

/// A tensor on the map.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Placed {
    pub(crate) rows: usize,
    pub(crate) cols: usize,
    /// Width and height on the map, units.
    pub(crate) w: f64,
    pub(crate) h: f64,
}

impl Placed {
    /// The levels at which the page draws it where a unit of the map is `zoom` pixels: no cell is
    /// smaller than a pixel. The same rule as in `web/viewer/map/plan.ts`.
    pub(crate) fn levels_at(&self, zoom: f64) -> Levels {
        let (rows, cols) = (level(self.rows, self.h * zoom), level(self.cols, self.w * zoom));
        let (height, width) = (self.h / self.rows as f64, self.w / self.cols as f64);
        if self.rows == 1 {
            (cols, cols)
        } else if self.cols == 1 {
            (rows, rows)
        } else if height.max(width) / height.min(width) > SQUARE {
            (rows, cols)
        } else {
            (rows.max(cols), rows.max(cols))
        }
    }
}

/// The lowest level at which this many values have a pixel for each cell, or one cell.
fn level(extent: usize, pixels: f64) -> u32 {
    let mut level = 0;
    let mut enough = pixels.max(1e-9) * SLACK;
    while extent as f64 > enough && extent > 1usize << level {
        level += 1;
        enough *= 2.0;
    }
    level
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_cell_is_smaller_than_a_pixel() {
        for (extent, pixels, expected) in [
            (1, 10.0, 0),
            (100, 100.0, 0),
            (101, 100.0, 1),
            (30_000, 60.0, 9),
            (7, 0.0, 3),
            (8, 0.1, 3),
        ] {
            assert_eq!(level(extent, pixels), expected, "{extent} on {pixels}");
        }
    }
}
