//! Examines a tensor's values for problems, in the same pass that computes its statistics.
//!
//! One pass reads every value once. It computes statistics, finds rows and columns that are all
//! zero, and a digest that identifies tensors with the same bytes. Values are read again only if
//! the statistics show a problem (NaN, an infinity, an outlier), and only up to its first
//! occurrence.

mod blocks;
mod lines;
mod looked;
mod part;
mod ranges;

use std::ops::Range;

use crate::decode::le;
use crate::digest::{fold, of_stripe};
use crate::read::{Layout, Piece, Source, for_each};
use crate::summary::{Counter, FEW, Moments, joined};
use crate::{Dtype, Progress, Quiet, Summary, Tensor, TensorError, Work, summarize};
pub use blocks::{Blocks, Look, MOST_BLOCKS, Odd, OddBlocks};
use lines::Lines;
pub use looked::{Looked, MOST_ROWS};
pub use part::examine_part;

/// Values of a stripe; part of the digest.
const STRIPE: u64 = 128 << 10;

/// The results of one pass over a tensor.
#[derive(Debug, Clone, PartialEq)]
pub struct Examination {
    /// Statistics of all values.
    pub summary: Summary,
    /// Indices on axis 0 at which every value is zero. Empty for tensors with fewer than two axes,
    /// and if all rows are zero.
    pub zero_rows: Vec<usize>,
    /// Indices on axis 1 at which every value is zero, likewise. Also empty if a row has more than
    /// [`MOST_COLUMNS`] values; then [`columns_seen`](Examination::columns_seen) is false.
    pub zero_columns: Vec<usize>,
    /// Whether columns were examined.
    pub columns_seen: bool,
    /// Suspicious blocks, if the tensor is quantised in blocks.
    pub blocks: Blocks,
    /// A digest of dtype, shape and the bytes in C order. Equal tensors have equal digests; tensors
    /// with equal digests must still be compared.
    pub digest: u128,
}

/// The maximum number of values at one index of axis 0 for which columns are examined.
pub const MOST_COLUMNS: usize = lines::MOST_COLUMNS;

/// Examines a tensor, reading every value once, in stripes on all threads.
///
/// # Errors
/// Returns an error if its bytes cannot be read or the work was cancelled.
pub fn examine(tensor: &Tensor, work: Work<'_>) -> Result<Examination, TensorError> {
    let elements = tensor.elements();
    if elements == 0 {
        return Ok(gather(tensor, Vec::new()));
    }
    let source = Source::new(tensor);
    let layout = Layout::c_order(tensor.view());
    // A table of counts costs more than a few values, which are sorted below.
    let counter = if elements <= FEW { Counter::without_quantiles } else { Counter::new };
    let state = || State {
        counter: counter(tensor.dtype()),
        piece: Piece::default(),
        moments: Vec::new(),
        digests: Vec::new(),
        lines: Lines::new(tensor.shape(), tensor.dtype()),
        seen: blocks::Seen::default(),
    };
    let stripes = elements.div_ceil(STRIPE);
    let look = blocks::of(tensor);
    let at_once = layout.stripes_at_once(&source, STRIPE, work.threads);
    let turns = stripes.div_ceil(at_once);
    if layout.jumps(&source) {
        source.will_jump();
    }
    let states = for_each(turns, source.is_sequential(), work, state, |state, turn| {
        let first = turn.index * at_once;
        let last = stripes.min(first + at_once);
        let band = first * STRIPE..elements.min(last * STRIPE);
        layout.load(&source, band, &mut state.piece)?;
        turn.pass();
        if let Some(look) = look {
            for index in first..last {
                state.seen.look(look, index, stripes).map_err(|error| tensor.read_error(error))?;
            }
        }
        Ok(state.add(first, source.size()))
    })?;
    let mut found = gather(tensor, states);
    if elements <= FEW {
        // Sorted instead of counted: exact.
        found.summary = summarize(tensor, Work { progress: &Quiet, ..work })?;
    }
    Ok(found)
}

/// What a thread has seen.
struct State<'t> {
    counter: Counter,
    piece: Piece<'t>,
    moments: Vec<(u64, Moments)>,
    digests: Vec<(u64, u128)>,
    lines: Option<Lines>,
    seen: blocks::Seen,
}

impl State<'_> {
    /// Looks at the stripes in `piece`, the first of which has that number; returns their bytes.
    fn add(&mut self, first: u64, size: usize) -> u64 {
        let all = self.piece.bytes();
        for (index, bytes) in (first..).zip(all.chunks(STRIPE as usize * size)) {
            let part = self.counter.add(bytes);
            if part.count > 0 {
                self.moments.push((index, part));
            }
            self.digests.push((index, of_stripe(bytes)));
            if let Some(lines) = &mut self.lines {
                lines.add(index * STRIPE, bytes);
            }
        }
        all.len() as u64
    }
}

fn gather(tensor: &Tensor, states: Vec<State<'_>>) -> Examination {
    let mut digests = Vec::new();
    let mut lines: Option<Lines> = None;
    let mut counted = Vec::new();
    let mut seen = blocks::Seen::default();
    for state in states {
        digests.extend(state.digests);
        seen.merge(state.seen);
        Lines::gather(&mut lines, state.lines);
        counted.push((state.counter, state.moments));
    }
    digests.sort_unstable_by_key(|(index, _)| *index);
    let (rows, columns) =
        lines.as_ref().map_or((None, None), |lines| (lines.rows(), lines.columns()));
    Examination {
        summary: joined(counted),
        zero_rows: rows.unwrap_or_default(),
        blocks: blocks::of(tensor).map(|look| seen.blocks(tensor, look)).unwrap_or_default(),
        columns_seen: columns.is_some(),
        zero_columns: columns.unwrap_or_default(),
        digest: fold(tensor, digests.into_iter().map(|(_, digest)| digest)),
    }
}

/// Finds the first value in C order for which `wanted` holds, and returns its coordinates; `None`
/// if there is none. Values are passed as `f64`. Reading ends with the stripe of the first match.
///
/// # Errors
/// Returns an error if its bytes cannot be read or the work was cancelled.
pub fn find_first(
    tensor: &Tensor,
    wanted: impl Fn(f64) -> bool,
    work: Work<'_>,
) -> Result<Option<Vec<usize>>, TensorError> {
    let first = find_first_of(tensor, 0..tensor.elements(), wanted, work.progress)?;
    Ok(first.map(|number| coordinates(tensor.shape(), number)))
}

/// The number of the first value in C order among those `range` for which `wanted` holds.
fn find_first_of(
    tensor: &Tensor,
    range: Range<u64>,
    wanted: impl Fn(f64) -> bool,
    progress: &dyn Progress,
) -> Result<Option<u64>, TensorError> {
    let source = Source::new(tensor);
    let layout = Layout::c_order(tensor.view());
    let mut piece = Piece::default();
    let mut values = Vec::new();
    let mut first = range.start;
    while first < range.end {
        let count = STRIPE.min(range.end - first);
        layout.load(&source, first..first + count, &mut piece)?;
        values.resize(count as usize, 0.0);
        le::to_f64(tensor.dtype(), piece.bytes(), &mut values);
        if let Some(at) = values.iter().position(|&value| wanted(value)) {
            return Ok(Some(first + at as u64));
        }
        if progress.advance(piece.bytes().len() as u64).is_break() {
            return Err(crate::Cancelled.into());
        }
        first += count;
    }
    Ok(None)
}

/// Whether two tensors have the same dtype, shape and bits. Reading ends at the first difference.
///
/// # Errors
/// Returns an error if bytes of either tensor cannot be read.
pub fn same_bits(a: &Tensor, b: &Tensor) -> Result<bool, TensorError> {
    if a.dtype() != b.dtype() || a.shape() != b.shape() {
        return Ok(false);
    }
    let (of_a, of_b) = (Source::new(a), Source::new(b));
    // Where both lie alike, in the order in which they lie: any pair of bits is looked at all the same.
    let is_alike = a.view().strides == b.view().strides;
    let layout = |tensor: &Tensor| match is_alike {
        true => Layout::memory_order(tensor.view()).0,
        false => Layout::c_order(tensor.view()),
    };
    let (layout_a, layout_b) = (layout(a), layout(b));
    let (mut from_a, mut from_b) = (Piece::default(), Piece::default());
    let elements = layout_a.elements();
    let mut first = 0;
    while first < elements {
        let stripe = first..elements.min(first + STRIPE);
        layout_a.load(&of_a, stripe.clone(), &mut from_a)?;
        layout_b.load(&of_b, stripe.clone(), &mut from_b)?;
        if from_a.bytes() != from_b.bytes() {
            return Ok(false);
        }
        first = stripe.end;
    }
    Ok(true)
}

/// Where in a tensor of that shape the value of that number (in C order) is.
fn coordinates(shape: &[usize], number: u64) -> Vec<usize> {
    let mut rest = number;
    let mut places: Vec<usize> = shape
        .iter()
        .rev()
        .map(|&len| {
            let place = rest % len.max(1) as u64;
            rest /= len.max(1) as u64;
            place as usize
        })
        .collect();
    places.reverse();
    places
}

impl Dtype {
    /// The smallest positive normal number of a floating-point dtype, if statistics can count the
    /// subnormal numbers below it. `None` for `f64` (its subnormal numbers are below the resolution
    /// of the bins), for dtypes without subnormal numbers, and for dtypes of at most 8 bits, where
    /// they are common.
    pub fn smallest_normal(self) -> Option<f64> {
        match self {
            Dtype::F32 | Dtype::Bf16 => Some(f64::from(f32::MIN_POSITIVE)),
            Dtype::F16 => Some(1.0 / 16384.0),
            _ => None,
        }
    }
}
