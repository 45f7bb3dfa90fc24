//! What may be wrong with a tensor's values, from the pass that also takes its statistics.
//!
//! One pass reads every value once: statistics, rows and columns that are zero throughout, and a
//! digest that finds tensors with the same bytes. Only where the statistics say that there is
//! something to be found (NaN, an infinity, a value far outside) are values read again, up to the
//! first of each.

mod blocks;
mod digest;
mod lines;

use crate::decode::le;
use crate::read::{Layout, Piece, Source, for_each};
use crate::summary::{Counter, FEW, Moments, joined};
use crate::{Dtype, Quiet, Summary, Tensor, TensorError, Work, summarize};
pub use blocks::{Blocks, Look, MOST_BLOCKS, Odd, OddBlocks};
use digest::{fold, of_stripe};
use lines::Lines;

/// Values of a stripe; part of the digest.
const STRIPE: u64 = 128 << 10;

/// What one pass over a tensor found.
#[derive(Debug, Clone, PartialEq)]
pub struct Examination {
    /// Statistics of all values.
    pub summary: Summary,
    /// Positions on axis 0 at which every value is zero; empty for tensors of fewer than two axes,
    /// and where all are.
    pub zero_rows: Vec<usize>,
    /// Positions on axis 1 at which every value is zero; likewise. Empty too where a row has more
    /// than [`MOST_COLUMNS`] values: then [`columns_seen`](Examination::columns_seen) is false.
    pub zero_columns: Vec<usize>,
    /// Whether columns were looked at.
    pub columns_seen: bool,
    /// What is odd about its blocks of codes, where it has any.
    pub blocks: Blocks,
    /// A digest of dtype, shape and the bytes in C order. Equal tensors have equal digests; that
    /// equal digests are equal tensors is to be checked.
    pub digest: u128,
}

/// Most values in a position of axis 0 for which columns are looked at.
pub const MOST_COLUMNS: usize = lines::MOST_COLUMNS;

/// Reads every value once, in stripes on all threads.
///
/// # Errors
/// When its bytes cannot be read or the work is cancelled.
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
        match (&mut lines, state.lines) {
            (Some(all), Some(part)) => all.merge(&part),
            (all, part) => *all = part,
        }
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

/// The coordinates of the first value in C order for which `wanted` holds; `None` where there is
/// none. Values come as `f64`; reading ends with the stripe of the first.
///
/// # Errors
/// When its bytes cannot be read or the work is cancelled.
pub fn find_first(
    tensor: &Tensor,
    wanted: impl Fn(f64) -> bool,
    work: Work<'_>,
) -> Result<Option<Vec<usize>>, TensorError> {
    let source = Source::new(tensor);
    let layout = Layout::c_order(tensor.view());
    let elements = tensor.elements();
    let mut piece = Piece::default();
    let mut values = Vec::new();
    let mut first = 0;
    while first < elements {
        let count = STRIPE.min(elements - first);
        layout.load(&source, first..first + count, &mut piece)?;
        values.resize(count as usize, 0.0);
        le::to_f64(tensor.dtype(), piece.bytes(), &mut values);
        if let Some(at) = values.iter().position(|&value| wanted(value)) {
            return Ok(Some(coordinates(tensor.shape(), first + at as u64)));
        }
        if work.progress.advance(piece.bytes().len() as u64).is_break() {
            return Err(crate::Cancelled.into());
        }
        first += count;
    }
    Ok(None)
}

/// Whether two tensors have the same dtype, shape and bits. Reading ends at the first difference.
///
/// # Errors
/// When bytes of either cannot be read.
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
    /// The smallest positive normal number of a floating dtype whose subnormal numbers the
    /// statistics can tell; `None` for `f64` (they lie below what its bins resolve), dtypes without
    /// subnormal numbers, and those of 8 bits and fewer, where they are in ordinary use.
    pub fn smallest_normal(self) -> Option<f64> {
        match self {
            Dtype::F32 | Dtype::Bf16 => Some(f64::from(f32::MIN_POSITIVE)),
            Dtype::F16 => Some(1.0 / 16384.0),
            _ => None,
        }
    }
}
