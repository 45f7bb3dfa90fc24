//! The cells of a matrix at a coarse level, cached so that coarser tiles need not read its values.

use std::ops::Range;

use crate::reduce::{Foldable, Mark, foldable};
use crate::tiling::{Levels, TILE, Tiling, Window};
use crate::{Fold, Grid, Summary, Tensor, TensorError, Work};

/// Lowest level that a pyramid keeps: cells below are read from the file about as fast.
const LOWEST: u32 = 3;
/// Levels above the one at which a matrix is one tile: at the last of them a tile is one cell.
const ABOVE: u32 = 8;

/// The cells of a matrix at one level. Tiles at this level and all coarser ones are folded from
/// them.
///
/// Adding sums rounds in a different order than adding values, so a cell at a coarser level may
/// differ in the last bit of its `f32` from the one that [`tile`](crate::tile()) reads from the
/// file.
#[derive(Debug, Clone)]
pub struct Pyramid {
    tiling: Tiling,
    levels: Levels,
    /// Rows and columns of cells.
    cells: (usize, usize),
    folded: Vec<Foldable>,
}

impl Pyramid {
    /// Reads every value of a matrix once, and computes cells and statistics. The level is the
    /// finest with at most `most_cells` cells (at least one cell); a cell takes 40 bytes.
    ///
    /// # Errors
    /// Returns an error if the tensor does not have two axes, its bytes cannot be read, or the work
    /// was cancelled.
    pub fn build(
        tensor: &Tensor,
        most_cells: usize,
        work: Work<'_>,
    ) -> Result<(Pyramid, Summary), TensorError> {
        let &[rows, cols] = tensor.shape() else {
            let why = format!("a matrix has two axes, it has {}", tensor.shape().len());
            return Err(tensor.shape_error(why));
        };
        let tiling = Tiling::new(rows, cols);
        let fits = |&level: &u32| {
            let (down, across) = tiling.cells((level, level));
            down.saturating_mul(across) <= most_cells
        };
        let highest = tiling.coarsest() + ABOVE;
        let level = (LOWEST..=highest).find(fits).unwrap_or(highest);
        let levels = (level, level);
        let (folded, summary) = foldable(tensor, tiling.block(levels), work)?;
        Ok((Pyramid { tiling, levels, cells: tiling.cells(levels), folded }, summary))
    }

    /// The levels of the cells.
    pub fn levels(&self) -> Levels {
        self.levels
    }

    /// Memory used, in bytes.
    pub fn bytes(&self) -> usize {
        self.folded.len() * size_of::<Foldable>()
    }

    /// The tile at row `row` and column `col` of `levels`; `None` if the levels are finer than
    /// those of the cells, or there is no such tile. The grid has no statistics.
    pub fn tile(&self, levels: Levels, row: usize, col: usize, fold: Fold) -> Option<Grid> {
        let block = self.tiling.block(levels);
        let own = self.tiling.block(self.levels);
        if block.0 < own.0 || block.1 < own.1 {
            return None;
        }
        let window = self.tiling.tile(levels, row, col)?;
        let (rows, cols) = window.cells();
        // Both are powers of two.
        let step = (block.0 / own.0, block.1 / own.1);
        let part = |first: usize, step: usize, all: usize| -> Range<usize> {
            first * step..all.min((first + 1) * step)
        };
        let mut sums = Vec::with_capacity(rows * cols);
        for cell_row in 0..rows {
            for cell_col in 0..cols {
                let down = part(row * TILE + cell_row, step.0, self.cells.0);
                let across = part(col * TILE + cell_col, step.1, self.cells.1);
                let mut sum = Foldable::default();
                for line in down {
                    let first = line * self.cells.1;
                    for cell in &self.folded[first + across.start..first + across.end] {
                        sum.add(cell);
                    }
                }
                sums.push(sum);
            }
        }
        Some(grid(&window, (rows, cols), &sums, fold))
    }

    /// The whole matrix in at most `most` cells per side, or in more if it has no coarser cells.
    pub fn whole(&self, most: usize, fold: Fold) -> Option<Grid> {
        let fits = |&level: &u32| {
            let (down, across) = self.tiling.cells((level, level));
            down <= most && across <= most
        };
        let level = (self.levels.0..=self.tiling.coarsest() + ABOVE).find(fits)?;
        self.tile((level, level), 0, 0, fold)
    }
}

/// Cells as a grid.
fn grid(window: &Window, (rows, cols): (usize, usize), sums: &[Foldable], fold: Fold) -> Grid {
    let second = |of: fn(&Foldable) -> f32| sums.iter().map(of).collect::<Vec<f32>>();
    let is_single = window.block == (1, 1);
    let values = match fold {
        Fold::Rms if is_single => second(Foldable::mean),
        Fold::Rms => second(Foldable::rms),
        Fold::Mean => second(Foldable::mean),
        Fold::Extreme => second(Foldable::extreme),
        Fold::Max => second(|cell| cell.ends().1),
        Fold::Min => second(|cell| cell.ends().0),
        Fold::Ink => second(|cell| cell.ink().0),
    };
    let has_marks = sums.iter().any(|cell| cell.mark() != Mark::None);
    let shape = (window.rows.len(), window.cols.len());
    Grid {
        rows,
        cols,
        block: window.block,
        fold,
        values,
        negative: if fold == Fold::Ink { second(|cell| cell.ink().1) } else { Vec::new() },
        balance: match fold {
            Fold::Rms if !is_single => second(Foldable::balance),
            _ => Vec::new(),
        },
        marks: if has_marks { sums.iter().map(Foldable::mark).collect() } else { Vec::new() },
        exact: Vec::new(),
        shape,
        read: shape,
        summary: Summary::empty(),
    }
}
