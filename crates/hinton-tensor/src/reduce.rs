//! A matrix of any size, folded to no more cells than a page has room for.

use crate::{Summary, Tensor, TensorError, Work};

/// How a block of values becomes one cell.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Fold {
    /// The mean of the finite values.
    #[default]
    Mean,
    /// The value of largest magnitude, with its sign: a lone outlier stays visible.
    Extreme,
    /// The largest value.
    Max,
    /// The smallest value.
    Min,
    /// Two planes: the mean of the positive parts and the mean of the negative parts (as
    /// magnitudes), so that the ink of a Hinton diagram stays proportional to |w|.
    Ink,
}

/// What a chart has room for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct GridRequest {
    /// Most rows of cells, at least 1.
    pub max_rows: usize,
    /// Most columns of cells, at least 1.
    pub max_cols: usize,
    /// How blocks fold.
    pub fold: Fold,
    /// For a quick look: of a tensor of more bytes than this, only evenly spaced rows are read
    /// (columns, where columns lie together in memory), about as many as this many bytes hold and
    /// at least one of each block. `None` reads everything.
    pub sample_bytes: Option<u64>,
}

impl GridRequest {
    /// At most so many cells, every value read.
    pub fn new(max_rows: usize, max_cols: usize, fold: Fold) -> Self {
        GridRequest { max_rows, max_cols, fold, sample_bytes: None }
    }
}

/// What a cell holds besides finite values.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[repr(u8)]
pub enum Mark {
    /// Finite values only.
    #[default]
    None = 0,
    /// At least one −∞ (and no NaN).
    NegInf = 1,
    /// At least one +∞ (and no NaN).
    PosInf = 2,
    /// Infinities of both signs, no NaN.
    BothInf = 3,
    /// At least one NaN.
    Nan = 4,
}

/// A matrix ready to draw: every cell stands for a block of `block` values.
#[derive(Debug, Clone)]
pub struct Grid {
    /// Rows of cells.
    pub rows: usize,
    /// Columns of cells.
    pub cols: usize,
    /// Rows and columns of values in a cell (the last row and column of cells may hold fewer);
    /// `(1, 1)` when nothing was reduced.
    pub block: (usize, usize),
    /// How blocks were folded.
    pub fold: Fold,
    /// One value a cell, row by row; NaN where a block has no finite value. For [`Fold::Ink`] the
    /// positive plane.
    pub values: Vec<f32>,
    /// For [`Fold::Ink`]: the negative plane (magnitudes); else empty.
    pub negative: Vec<f32>,
    /// One mark a cell, or empty when every value is finite.
    pub marks: Vec<Mark>,
    /// Rows and columns of values of the tensor.
    pub shape: (usize, usize),
    /// Rows and columns of values that were read: `shape`, or fewer of one kind when the request
    /// asked for a sample.
    pub read: (usize, usize),
    /// Statistics of all values read, from the same pass.
    pub summary: Summary,
}

impl Grid {
    /// Whether cells and summary come from a sample of the rows or columns.
    pub fn is_sampled(&self) -> bool {
        self.read != self.shape
    }
}

/// Folds a tensor of two axes (rows run down, columns run right) in stripes on all threads.
///
/// # Errors
/// When the tensor has not two axes, its bytes cannot be read, or the work is cancelled.
pub fn reduce(tensor: &Tensor, request: GridRequest, _work: Work<'_>) -> Result<Grid, TensorError> {
    let _ = (tensor, request);
    Err(tensor.shape_error("soon".to_owned()))
}
