//! Reduces a matrix of any size to a grid with no more cells than a page has room for.

mod cells;
mod direct;
mod fold;
mod foldable;
mod plan;

use std::sync::{Mutex, PoisonError};

use crate::decode::room_for;
use crate::read::{Source, for_each};
use crate::summary::{Counter, FEW, joined};
use crate::{Dtype, Summary, Tensor, TensorError, Window, Work, summarize};
use cells::Tile;
use fold::{Job, Worker};
use plan::{Axis, Plan};

pub use foldable::Foldable;

/// The rule by which a block of values becomes one cell.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Fold {
    /// The mean of the finite values.
    #[default]
    Mean,
    /// The value with the largest magnitude, with its sign, so that a single outlier stays visible.
    Extreme,
    /// The largest value.
    Max,
    /// The smallest value.
    Min,
    /// Two planes: the root mean square of the finite values, and the balance of their signs. Noise
    /// keeps its strength however many values a cell covers, whereas a mean would fade.
    Rms,
    /// Two planes: the mean of the positive parts and the mean of the magnitudes of the negative
    /// parts, so that the inked area of a Hinton diagram stays proportional to |w|.
    Ink,
}

/// The size of the grid that a chart has room for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct GridRequest {
    /// The maximum number of rows of cells, at least 1.
    pub max_rows: usize,
    /// The maximum number of columns of cells, at least 1.
    pub max_cols: usize,
    /// How a block becomes a cell.
    pub fold: Fold,
    /// For a quick preview: if the tensor has more bytes than this, only evenly spaced rows are
    /// read (columns, if columns are contiguous in memory). They hold about this number of bytes,
    /// and include at least one row of each block. `None` reads everything.
    pub sample_bytes: Option<u64>,
    /// Whether the summary has quantiles and histograms. Without them it takes less time and
    /// memory, which matters for many tensors. For tensors with few values it always has them.
    pub quantiles: bool,
}

impl GridRequest {
    /// A request for at most this number of rows and columns of cells, reading every value.
    pub fn new(max_rows: usize, max_cols: usize, fold: Fold) -> Self {
        GridRequest { max_rows, max_cols, fold, sample_bytes: None, quantiles: true }
    }
}

/// A window of a matrix, to be folded into cells whose blocks are counted from the start of the
/// matrix.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TileRequest {
    /// The window, and how many values make a cell. Its rows and columns must begin at block
    /// boundaries, so that its cells are those of the whole matrix.
    pub window: Window,
    /// How a block becomes a cell.
    pub fold: Fold,
    /// For a quick preview: if the window has more bytes than this, only evenly spaced rows are
    /// read, as in [`GridRequest::sample_bytes`]. `None` reads everything.
    pub sample_bytes: Option<u64>,
}

/// The maximum number of cells of a grid with [exact values](Grid::exact): more than a page has
/// room for as text.
pub const EXACT: usize = 1 << 16;

/// Which non-finite values a cell holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[repr(u8)]
pub enum Mark {
    /// None: all values are finite.
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

/// A reduced matrix, ready to draw: every cell covers a block of `block` values.
#[derive(Debug, Clone)]
pub struct Grid {
    /// Number of rows of cells.
    pub rows: usize,
    /// Number of columns of cells.
    pub cols: usize,
    /// Rows and columns of values in one cell (the last row and column of cells may cover fewer);
    /// `(1, 1)` if the matrix was not reduced.
    pub block: (usize, usize),
    /// How blocks became cells.
    pub fold: Fold,
    /// One value per cell, row by row; NaN if the block has no finite value. For [`Fold::Ink`], the
    /// positive plane. For [`Fold::Rms`], the root mean square, which is never negative, unless
    /// each cell is a single value: it then keeps its sign.
    pub values: Vec<f32>,
    /// For [`Fold::Ink`], the negative plane (magnitudes); else empty.
    pub negative: Vec<f32>,
    /// For [`Fold::Rms`] with several values per cell, how one-sided the finite values of each cell
    /// are: Σ v / Σ |v|. 1 if all are positive, −1 if all are negative, near 0 if both signs weigh
    /// the same (and 0 if all are zero). Else empty.
    pub balance: Vec<f32>,
    /// One mark per cell; empty if every value is finite.
    pub marks: Vec<Mark>,
    /// The values as `f64`, with their signs whatever the fold, for matrices small enough that
    /// their numbers are shown as text: if nothing was reduced, the dtype has values that `f32`
    /// cannot represent (`f64`, `c128`, integers of 32 and 64 bits), and there are at most
    /// [`EXACT`] cells. Else empty. NaN for non-finite values.
    pub exact: Vec<f64>,
    /// Rows and columns of the tensor.
    pub shape: (usize, usize),
    /// Rows and columns that were read: those of `shape`, or fewer rows or columns if a sample was
    /// requested.
    pub read: (usize, usize),
    /// Statistics of all values that were read, from the same pass.
    pub summary: Summary,
}

impl Grid {
    /// Whether cells and summary come from a sample of the rows or columns.
    pub fn is_sampled(&self) -> bool {
        self.read != self.shape
    }

    /// The value of cell `at` (counted row by row), as exactly as it is known. For [`Fold::Ink`],
    /// the positive plane minus the negative one; for [`Fold::Rms`], the root mean square with the
    /// sign of the cell's [balance](Grid::balance). NaN if the cell has no finite value, or does
    /// not exist.
    pub fn value(&self, at: usize) -> f64 {
        if let Some(&exact) = self.exact.get(at) {
            return exact;
        }
        let value = self.values.get(at).map_or(f64::NAN, |&value| f64::from(value));
        match (self.negative.get(at), self.balance.get(at)) {
            (Some(&negative), _) => value - f64::from(negative),
            (None, Some(&balance)) if balance < 0.0 => -value,
            (None, _) => value,
        }
    }
}

/// Reduces a tensor of two axes (rows run down, columns run right), in stripes on all threads.
///
/// Blocks are `ceil(rows / max_rows)` by `ceil(columns / max_cols)` values, so there are `ceil(rows
/// / block)` by `ceil(columns / block)` cells. Finite values outside the range of `f32` are clamped
/// to it. Needs memory for one stripe per thread (up to 1 MB) and for the cells.
///
/// # Errors
/// Returns an error if the tensor does not have two axes, its bytes cannot be read, or the work was
/// cancelled.
pub fn reduce(tensor: &Tensor, request: GridRequest, work: Work<'_>) -> Result<Grid, TensorError> {
    let &[rows, cols] = tensor.shape() else {
        let why = format!("a matrix has two axes, it has {}", tensor.shape().len());
        return Err(tensor.shape_error(why));
    };
    if tensor.elements() == 0 {
        return Ok(empty((rows, cols), request));
    }
    let source = Source::untold(tensor);
    let in_order = source.is_sequential();
    let plan = Plan::new(tensor, &request, source.size() as u64, in_order)
        .ok_or_else(|| tensor.shape_error("it has not two axes".to_owned()))?;
    let exact = is_exact(tensor, &request);
    if (exact || tensor.elements() <= FEW) && !source.is_in_memory() {
        // Few values are looked at more than once: they are read once, in the order they lie in.
        let held = match plan.transposed && tensor.dtype().is_byte_sized() {
            true => tensor.transpose()?.to_memory()?.transpose()?,
            false => tensor.to_memory()?,
        };
        return reduce(&held, request, work);
    }
    let shown = shown_as(&plan, (request.max_rows, request.max_cols));
    let fold = shown.fold(request.fold);
    // Rows far apart are read by themselves: a map would fetch what lies between them too.
    let is_sampled = plan.rows.all_read() < plan.rows.len && tensor.elements() > FEW;
    let source = if is_sampled { Source::read_apart(tensor) } else { source };
    if is_sampled {
        source.tell_of(plan.rows_read());
    } else {
        source.tell();
    }
    let job = Job { source: &source, plan: &plan, dtype: tensor.dtype(), fold, again: false };
    let (down, across) = plan.tiles();
    // Few values have a summary of their own, without a table; a sample has not.
    let few = tensor.elements() <= FEW && plan.rows.all_read() == plan.rows.len;
    let counter = match request.quantiles {
        true => Counter::new,
        false => Counter::without_quantiles,
    };
    let state = || Worker::new(fold, false, (!few).then(|| counter(tensor.dtype())));
    let workers =
        for_each(down * across, in_order, work, state, |worker, turn| job.tile(worker, turn))?;
    let mut tiles = Vec::new();
    let mut seen = Vec::new();
    for worker in workers {
        tiles.extend(worker.tiles);
        seen.extend(worker.counter.map(|counter| (counter, worker.moments)));
    }
    let summary = if few {
        summarize(tensor, Work::quiet())?
    } else {
        let mut summary = joined(seen);
        summary.repeat((plan.rows.repeats as u64).saturating_mul(plan.cols.repeats as u64));
        summary
    };
    let shown = (shown, request.fold);
    let mut grid = assembled(tensor, &plan, (rows, cols), shown, tiles, summary)?;
    if exact {
        grid.exact = tensor.to_f64()?;
        grid.exact.iter_mut().filter(|value| !value.is_finite()).for_each(|v| *v = f64::NAN);
    }
    Ok(grid)
}

/// Reduces a window of a tensor of two axes to cells of a given block size.
///
/// The cells are those of the whole matrix, bit for bit, for any window and any number of threads.
/// If rows are sampled, the sample depends on the window.
///
/// The grid has no statistics, and its `shape` is that of the window. Values narrower than a byte
/// are read in place.
///
/// # Errors
/// Returns an error if the tensor does not have two axes, the window is out of bounds, bytes cannot
/// be read, or the work was cancelled.
pub fn tile(tensor: &Tensor, request: &TileRequest, work: Work<'_>) -> Result<Grid, TensorError> {
    let window = &request.window;
    match *tensor.shape() {
        [rows, cols] if window.rows.end <= rows && window.cols.end <= cols => {}
        _ => {
            let why = format!("it has no rows {:?} and columns {:?}", window.rows, window.cols);
            return Err(tensor.shape_error(why));
        }
    }
    let shape = (window.rows.len(), window.cols.len());
    if window.values() == 0 {
        return Ok(empty(shape, GridRequest::new(shape.0, shape.1, request.fold)));
    }
    let source = Source::untold(tensor);
    if !source.is_in_memory() && tensor.elements() <= FEW {
        return tile(&tensor.to_memory()?, request, work);
    }
    let in_order = source.is_sequential();
    let plan = Plan::of_window(tensor, request, source.size() as u64)
        .ok_or_else(|| tensor.shape_error("it has not two axes".to_owned()))?;
    source.tell_of(plan.rows_read());
    let shown = shown_as(&plan, shape);
    let fold = shown.fold(request.fold);
    let job = Job { source: &source, plan: &plan, dtype: tensor.dtype(), fold, again: false };
    let (down, across) = plan.tiles();
    let state = || Worker::new(fold, false, None);
    let workers =
        for_each(down * across, in_order, work, state, |worker, turn| job.tile(worker, turn))?;
    let tiles = workers.into_iter().flat_map(|worker| worker.tiles).collect();
    assembled(tensor, &plan, shape, (shown, request.fold), tiles, Summary::empty())
}

/// All cells of a matrix in sums that can be folded again, row by row, and the statistics of all
/// values from the same pass.
///
/// # Errors
/// Returns the errors of [`reduce`].
pub(crate) fn foldable(
    tensor: &Tensor,
    block: (usize, usize),
    work: Work<'_>,
) -> Result<(Vec<Foldable>, Summary), TensorError> {
    let &[rows, cols] = tensor.shape() else {
        return Err(tensor.shape_error("it has not two axes".to_owned()));
    };
    if tensor.elements() == 0 {
        return Ok((Vec::new(), Summary::empty()));
    }
    let source = Source::new(tensor);
    if !source.is_in_memory() && tensor.elements() <= FEW {
        return foldable(&tensor.to_memory()?, block, work);
    }
    let window = Window { rows: 0..rows, cols: 0..cols, block };
    let (down, across) = window.cells();
    let request = TileRequest { window, fold: Fold::Rms, sample_bytes: None };
    let plan = Plan::of_window(tensor, &request, source.size() as u64)
        .ok_or_else(|| tensor.shape_error("it has not two axes".to_owned()))?;
    let (dtype, fold) = (tensor.dtype(), Fold::Rms);
    let job = Job { source: &source, plan: &plan, dtype, fold, again: true };
    let few = tensor.elements() <= FEW;
    let state = || Worker::new(fold, true, (!few).then(|| Counter::new(dtype)));
    let mut cells = room_for(tensor, down as u64 * across as u64)?;
    cells.resize(down * across, Foldable::default());
    let Shown { down: axis_down, right, rows, cols, .. } = shown_as(&plan, (rows, cols));
    let places = Places { plan: &plan, down: axis_down, right, rows, cols };
    let cells = Mutex::new(cells);
    let (tiles_down, tiles_across) = plan.tiles();
    let turns = tiles_down * tiles_across;
    let workers = for_each(turns, source.is_sequential(), work, state, |worker, turn| {
        let bytes = job.tile(worker, turn)?;
        // Put where they belong at once: sums take more room than the values of a tile.
        let mut cells = cells.lock().unwrap_or_else(PoisonError::into_inner);
        worker.tiles.drain(..).for_each(|tile| places.put(&tile, &tile.foldable, &mut cells));
        Ok(bytes)
    })?;
    let seen = workers.into_iter().filter_map(|worker| Some((worker.counter?, worker.moments)));
    let summary = if few { summarize(tensor, Work::quiet())? } else { joined(seen) };
    Ok((cells.into_inner().unwrap_or_else(PoisonError::into_inner), summary))
}

/// Whether a grid keeps its values as `f64`.
fn is_exact(tensor: &Tensor, request: &GridRequest) -> bool {
    let whole = tensor.shape().iter().zip([request.max_rows, request.max_cols]);
    let wide = matches!(
        tensor.dtype(),
        Dtype::F64 | Dtype::C128 | Dtype::I64 | Dtype::I32 | Dtype::U64 | Dtype::U32
    );
    wide && tensor.elements() <= EXACT as u64
        && whole.into_iter().all(|(&len, most)| len <= most.max(1))
}

fn empty(shape: (usize, usize), request: GridRequest) -> Grid {
    let block = |len: usize, most: usize| len.div_ceil(most.max(1)).max(1);
    let block = (block(shape.0, request.max_rows), block(shape.1, request.max_cols));
    Grid {
        rows: shape.0.div_ceil(block.0),
        cols: shape.1.div_ceil(block.1),
        block,
        fold: request.fold,
        values: Vec::new(),
        negative: Vec::new(),
        balance: Vec::new(),
        marks: Vec::new(),
        exact: Vec::new(),
        shape,
        read: shape,
        summary: Summary::empty(),
    }
}

/// The grid from its tiles, the right way round.
fn assembled(
    tensor: &Tensor,
    plan: &Plan,
    shape: (usize, usize),
    (shown, fold): (Shown<'_>, Fold),
    tiles: Vec<Tile>,
    summary: Summary,
) -> Result<Grid, TensorError> {
    let Shown { down, right, block, rows, cols } = shown;
    let cells = rows as u64 * cols as u64;
    let room = |wanted: bool| -> Result<Vec<f32>, TensorError> {
        let mut room = room_for(tensor, if wanted { cells } else { 0 })?;
        room.resize(if wanted { rows * cols } else { 0 }, 0.0);
        Ok(room)
    };
    let mut grid = Grid {
        rows,
        cols,
        block,
        fold,
        values: room(true)?,
        negative: room(fold == Fold::Ink)?,
        balance: room(fold == Fold::Rms && !shown.is_unfolded())?,
        marks: Vec::new(),
        exact: Vec::new(),
        shape,
        read: (down.all_read() * down.repeats, right.all_read() * right.repeats),
        summary,
    };
    if tiles.iter().any(|tile| !tile.marks.is_empty()) {
        grid.marks = vec![Mark::None; rows * cols];
    }
    let places = Places { plan, down, right, rows, cols };
    for tile in &tiles {
        places.put(tile, &tile.values, &mut grid.values);
        let second = if fold == Fold::Ink { &mut grid.negative } else { &mut grid.balance };
        places.put(tile, &tile.second, second);
        places.put(tile, &tile.marks, &mut grid.marks);
    }
    Ok(grid)
}

/// Where the cells of a plan go in the grid.
struct Places<'p> {
    plan: &'p Plan,
    down: &'p Axis,
    right: &'p Axis,
    rows: usize,
    cols: usize,
}

impl Places<'_> {
    /// Puts something of each of a tile's cells into its place; `from` may be empty.
    fn put<T: Copy>(&self, tile: &Tile, from: &[T], into: &mut [T]) {
        let lines = from.chunks_exact(tile.cols.len()).zip(tile.rows.clone());
        for (line, row) in lines {
            if self.plan.transposed || self.down.repeats > 1 || self.right.repeats > 1 {
                for (&what, col) in line.iter().zip(tile.cols.clone()) {
                    let place = if self.plan.transposed { (col, row) } else { (row, col) };
                    self.put_one(place, what, into);
                }
            } else {
                let first = row * self.cols + tile.cols.start;
                into[first..first + line.len()].copy_from_slice(line);
            }
        }
    }

    /// One cell; along an axis of stride zero, all.
    fn put_one<T: Copy>(&self, (row, col): (usize, usize), what: T, into: &mut [T]) {
        let along = |axis: &Axis, at: usize, cells: usize| match axis.repeats {
            1 => at..at + 1,
            _ => 0..cells,
        };
        for row in along(self.down, row, self.rows) {
            for col in along(self.right, col, self.cols) {
                into[row * self.cols + col] = what;
            }
        }
    }
}

/// The axes of a plan as the grid shows them.
#[derive(Clone, Copy)]
struct Shown<'p> {
    down: &'p Axis,
    right: &'p Axis,
    block: (usize, usize),
    rows: usize,
    cols: usize,
}

impl Shown<'_> {
    /// Whether every cell is one value.
    fn is_unfolded(&self) -> bool {
        self.block == (1, 1)
    }

    /// How values are folded: a cell of one value is that value, which has a sign.
    fn fold(&self, asked: Fold) -> Fold {
        if asked == Fold::Rms && self.is_unfolded() { Fold::Mean } else { asked }
    }
}

/// The axes as shown in at most this many rows and columns of cells.
fn shown_as(plan: &Plan, (max_rows, max_cols): (usize, usize)) -> Shown<'_> {
    let (down, right) = match plan.transposed {
        true => (&plan.cols, &plan.rows),
        false => (&plan.rows, &plan.cols),
    };
    let (block_rows, rows) = cells_shown(down, max_rows);
    let (block_cols, cols) = cells_shown(right, max_cols);
    Shown { down, right, block: (block_rows, block_cols), rows, cols }
}

/// Values of a cell and number of cells of an axis as the grid shows it.
fn cells_shown(axis: &Axis, most: usize) -> (usize, usize) {
    if axis.repeats == 1 {
        return (axis.block, axis.cells());
    }
    let block = axis.repeats.div_ceil(most.max(1));
    (block, axis.repeats.div_ceil(block))
}
