//! The cells of a matrix at a coarse level, cached so that coarser tiles need not read its values.

mod file;

use std::ops::Range;

use crate::reduce::{Foldable, Mark, foldable};
use crate::tiling::{Levels, TILE, Tiling, Window};
use crate::{Fold, Grid, Summary, Tensor, TensorError, Work};

/// Lowest level that a pyramid keeps: a tile of those below is read from the file in a few milliseconds, and
/// their cells would take as much room as a half of the values.
const LOWEST: u32 = 4;
/// Levels above the one at which a matrix is one tile: at the last of them a tile is one cell.
const ABOVE: u32 = 8;

/// The cells of a matrix at one level and all coarser ones, each of which is folded from the one
/// below it, so that a tile of any of these levels is found quickly.
///
/// Adding sums rounds in a different order than adding values, so a cell at a coarser level may
/// differ in the last bit of its `f32` from the one that [`tile`](crate::tile()) reads from the
/// file.
#[derive(Debug, Clone, PartialEq)]
pub struct Pyramid {
    tiling: Tiling,
    /// The cells of rising levels, down to a single cell.
    layers: Vec<Layer>,
}

/// The cells of one level.
#[derive(Debug, Clone, PartialEq)]
struct Layer {
    level: u32,
    /// Rows and columns of cells.
    cells: (usize, usize),
    folded: Vec<Foldable>,
}

impl Pyramid {
    /// Reads every value of a matrix once, and computes cells and statistics. The lowest level is
    /// the finest with at most `most_cells` cells (at least one cell). A cell takes 40 bytes; those
    /// of the coarser levels together are a third as many (of a single row or column, as many).
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
        let level = lowest(&tiling, most_cells);
        let levels = (level, level);
        let (folded, summary) = foldable(tensor, tiling.block(levels), work)?;
        let layers = layers(&tiling, Layer { level, cells: tiling.cells(levels), folded });
        Ok((Pyramid { tiling, layers }, summary))
    }

    /// Whether it is what [`build`](Pyramid::build) makes of a matrix of this shape.
    pub fn is_of(&self, (rows, cols): (usize, usize), most_cells: usize) -> bool {
        let tiling = Tiling::new(rows, cols);
        self.tiling == tiling && self.levels().0 == lowest(&tiling, most_cells)
    }

    /// The lowest levels of the cells.
    pub fn levels(&self) -> Levels {
        let level = self.layers.first().map_or(0, |layer| layer.level);
        (level, level)
    }

    /// Memory used, in bytes.
    pub fn bytes(&self) -> usize {
        let cells: usize = self.layers.iter().map(|layer| layer.folded.len()).sum();
        cells * size_of::<Foldable>()
    }

    /// The tile at row `row` and column `col` of `levels`; `None` if the levels are finer than
    /// those of the cells, or there is no such tile. The grid has no statistics.
    pub fn tile(&self, levels: Levels, row: usize, col: usize, fold: Fold) -> Option<Grid> {
        let block = self.tiling.block(levels);
        let own = |layer: &Layer| self.tiling.block((layer.level, layer.level));
        let fits = |layer: &&Layer| {
            let own = own(layer);
            own.0 <= block.0 && own.1 <= block.1
        };
        let layer = self.layers.iter().rev().find(fits)?;
        let own = own(layer);
        let window = self.tiling.tile(levels, row, col)?;
        let (rows, cols) = window.cells();
        // Both are powers of two.
        let step = (block.0 / own.0, block.1 / own.1);
        let first = (row * TILE * step.0, col * TILE * step.1);
        let sums: Vec<Foldable> = match step {
            (1, 1) => {
                let lines = layer.folded.chunks_exact(layer.cells.1.max(1)).skip(first.0);
                lines.take(rows).flat_map(|line| &line[first.1..][..cols]).copied().collect()
            }
            _ => folded(layer, first, step, (rows, cols)),
        };
        Some(grid(&window, (rows, cols), &sums, fold))
    }

    /// The whole matrix in at most `most` cells per side, or in more if it has no coarser cells.
    pub fn whole(&self, most: usize, fold: Fold) -> Option<Grid> {
        let fits = |&level: &u32| {
            let (down, across) = self.tiling.cells((level, level));
            down <= most && across <= most
        };
        let level = (self.levels().0..=self.tiling.coarsest() + ABOVE).find(fits)?;
        self.tile((level, level), 0, 0, fold)
    }
}

/// The finest level that pyramids keep with at most this number of cells.
fn lowest(tiling: &Tiling, most_cells: usize) -> u32 {
    let fits = |&level: &u32| {
        let (down, across) = tiling.cells((level, level));
        down.saturating_mul(across) <= most_cells
    };
    (LOWEST..=highest(tiling)).find(fits).unwrap_or(highest(tiling))
}

/// The highest level at which the cells of a matrix can be told apart.
fn highest(tiling: &Tiling) -> u32 {
    tiling.coarsest() + ABOVE
}

/// A layer and all coarser ones, until one has a single cell.
fn layers(tiling: &Tiling, lowest: Layer) -> Vec<Layer> {
    let mut layers = vec![lowest];
    while let Some(below) = layers.last() {
        if below.folded.len() <= 1 {
            break;
        }
        let (finer, coarser) = ((below.level, below.level), (below.level + 1, below.level + 1));
        let (own, block) = (tiling.block(finer), tiling.block(coarser));
        let cells = tiling.cells(coarser);
        // An axis that is one block already is not halved any more.
        let step = (block.0 / own.0, block.1 / own.1);
        let folded = folded(below, (0, 0), step, cells);
        layers.push(Layer { level: coarser.0, cells, folded });
    }
    layers
}

/// Coarser cells, each of `step` rows and columns of a layer, from cell `first` on.
fn folded(
    layer: &Layer,
    first: (usize, usize),
    step: (usize, usize),
    (rows, cols): (usize, usize),
) -> Vec<Foldable> {
    let part = |first: usize, index: usize, step: usize, all: usize| -> Range<usize> {
        let start = first + index * step;
        start..all.min(start + step)
    };
    let mut sums = vec![Foldable::default(); rows * cols];
    for (row, sums) in sums.chunks_exact_mut(cols.max(1)).enumerate() {
        for line in part(first.0, row, step.0, layer.cells.0) {
            let line = &layer.folded[line * layer.cells.1..][..layer.cells.1];
            for (col, sum) in sums.iter_mut().enumerate() {
                line[part(first.1, col, step.1, line.len())].iter().for_each(|cell| sum.add(cell));
            }
        }
    }
    sums
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
