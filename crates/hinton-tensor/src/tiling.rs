//! The geometry of tiles: a matrix divided into squares of cells, at several levels of detail.
//!
//! At level L of an axis, a cell covers 2^L of its values, and a tile holds at most [`TILE`] by
//! [`TILE`] cells. Rows and columns have the same level, unless a matrix is shown with unequal
//! scales. Blocks are counted from the first value of the matrix, so a cell is the same in whatever
//! window it is requested. The last blocks and tiles of an axis are cut off at its end. An axis
//! shorter than a block is one block, so a row of a million values keeps its single row at every
//! level.

use std::ops::Range;

/// The maximum number of rows and of columns of cells in a tile.
pub const TILE: usize = 256;
/// The highest level: no axis in memory is longer than a block of it.
const MOST: u32 = usize::BITS - 2;

/// The levels of rows and columns.
pub type Levels = (u32, u32);

/// The tiles of a matrix.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Tiling {
    /// Rows and columns of the matrix.
    pub shape: (usize, usize),
}

/// The values that a tile covers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Window {
    /// Range of rows of the matrix.
    pub rows: Range<usize>,
    /// Range of columns of the matrix.
    pub cols: Range<usize>,
    /// Rows and columns of values per cell; the last cells may cover fewer.
    pub block: (usize, usize),
}

impl Window {
    /// Number of rows and columns of cells.
    pub fn cells(&self) -> (usize, usize) {
        (self.rows.len().div_ceil(self.block.0), self.cols.len().div_ceil(self.block.1))
    }

    /// Number of values.
    pub fn values(&self) -> u64 {
        self.rows.len() as u64 * self.cols.len() as u64
    }
}

impl Tiling {
    /// The tiles of a matrix with this number of rows and columns.
    pub fn new(rows: usize, cols: usize) -> Self {
        Tiling { shape: (rows, cols) }
    }

    /// Rows and columns of values per cell at these levels.
    pub fn block(&self, levels: Levels) -> (usize, usize) {
        let side = |len: usize, level: u32| {
            let enough = len.max(1).checked_next_power_of_two().unwrap_or(1 << MOST);
            (1usize << level.min(MOST)).min(enough)
        };
        (side(self.shape.0, levels.0), side(self.shape.1, levels.1))
    }

    /// Number of rows and columns of cells at these levels.
    pub fn cells(&self, levels: Levels) -> (usize, usize) {
        self.all(self.block(levels)).cells()
    }

    /// Number of rows and columns of tiles at these levels.
    pub fn tiles(&self, levels: Levels) -> (usize, usize) {
        let (rows, cols) = self.cells(levels);
        (rows.div_ceil(TILE), cols.div_ceil(TILE))
    }

    /// The lowest level (of both axes) at which one tile holds the whole matrix.
    pub fn coarsest(&self) -> u32 {
        (0..=MOST)
            .find(|&level| {
                let (down, across) = self.tiles((level, level));
                down <= 1 && across <= 1
            })
            .unwrap_or(MOST)
    }

    /// The window of the tile at row `row` and column `col`; `None` if there is no such tile.
    pub fn tile(&self, levels: Levels, row: usize, col: usize) -> Option<Window> {
        let block = self.block(levels);
        let part = |at: usize, block: usize, len: usize| {
            let first = at.checked_mul(TILE)?.checked_mul(block).filter(|&first| first < len)?;
            Some(first..len.min(first.saturating_add(TILE.saturating_mul(block))))
        };
        Some(Window {
            rows: part(row, block.0, self.shape.0)?,
            cols: part(col, block.1, self.shape.1)?,
            block,
        })
    }

    /// The whole matrix, in cells of this block size.
    pub fn all(&self, block: (usize, usize)) -> Window {
        Window { rows: 0..self.shape.0, cols: 0..self.shape.1, block }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tiles_of_every_level_cover_each_value_once() {
        for shape in [(1, 1), (256, 256), (257, 256), (1, 1000), (300, 5000), (70_000, 3)] {
            let tiling = Tiling::new(shape.0, shape.1);
            for level in (0..=tiling.coarsest() + 1).flat_map(|l| [(l, l), (l, 0), (0, l)]) {
                let (down, across) = tiling.tiles(level);
                let (mut values, mut cells) = (0, 0);
                for row in 0..down {
                    for col in 0..across {
                        let window = tiling.tile(level, row, col).unwrap();
                        assert_eq!(window.rows.start % window.block.0, 0);
                        let (rows, cols) = window.cells();
                        assert!(rows <= TILE && cols <= TILE);
                        values += window.values();
                        cells += rows * cols;
                    }
                }
                assert_eq!(values, (shape.0 * shape.1) as u64, "{shape:?} {level:?}");
                assert_eq!(cells, tiling.cells(level).0 * tiling.cells(level).1);
                assert_eq!(tiling.tile(level, down, 0), None);
                assert_eq!(tiling.tile(level, 0, across), None);
            }
            assert_eq!(tiling.tiles((tiling.coarsest(), tiling.coarsest())), (1, 1));
        }
    }

    #[test]
    fn extremes_have_no_overflow() {
        let tiling = Tiling::new(usize::MAX, 1);
        assert_eq!(tiling.block((0, 0)), (1, 1));
        assert!(tiling.tile((u32::MAX, u32::MAX), 0, 0).is_some());
        assert_eq!(tiling.tile((60, 60), usize::MAX, 0), None);
        assert_eq!(Tiling::new(0, 5).tiles((0, 0)), (0, 1));
        assert_eq!(Tiling::new(0, 5).tile((0, 0), 0, 0), None);
        assert_eq!(Tiling::new(1, 1_000_000).block((4, 4)), (1, 16));
        assert_eq!(Tiling::new(3, 1_000_000).block((4, 4)), (4, 16));
    }
}
