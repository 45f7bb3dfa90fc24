//! How far two tensors of one shape are from each other.

use crate::decode::le;
use crate::read::{Layout, Piece, Source, for_each};
use crate::{Tensor, TensorError, Work};

/// Values of a stripe; part of the order of additions.
const STRIPE: u64 = 128 << 10;

/// The differences of two tensors, value by value.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Difference {
    /// Places whose values are not equal (two NaN count as equal, as do zeros of either sign).
    pub differing: u64,
    /// Largest magnitude of a difference of finite values.
    pub largest: f64,
    /// Euclidean norm of the differences of finite values: sqrt(Σ (a − b)²).
    pub l2: f64,
    /// Places where one is finite and the other is not.
    pub broken: u64,
}

/// Compares two tensors of the same shape; their dtypes may differ.
///
/// # Errors
/// When the shapes differ, bytes cannot be read, or the work is cancelled.
pub fn difference(a: &Tensor, b: &Tensor, work: Work<'_>) -> Result<Difference, TensorError> {
    if a.shape() != b.shape() {
        return Err(b.shape_error(format!("it is compared with the shape {:?}", a.shape())));
    }
    let elements = a.elements();
    if elements == 0 {
        return Ok(Difference::default());
    }
    let (of_a, of_b) = (Side::new(a), Side::new(b));
    let in_order = of_a.source.is_sequential() || of_b.source.is_sequential();
    let state = || (Loaded::default(), Loaded::default(), Vec::new());
    let states = for_each(elements.div_ceil(STRIPE), in_order, work, state, |state, turn| {
        let (from_a, from_b, parts) = state;
        let first = turn.index * STRIPE;
        let stripe = first..elements.min(first + STRIPE);
        of_a.load(stripe.clone(), from_a)?;
        of_b.load(stripe, from_b)?;
        turn.pass();
        parts.push((turn.index, of_stripe(&from_a.values, &from_b.values)));
        Ok((from_a.piece.bytes().len() + from_b.piece.bytes().len()) as u64)
    })?;
    let mut parts: Vec<(u64, Part)> = states.into_iter().flat_map(|(_, _, parts)| parts).collect();
    parts.sort_unstable_by_key(|(index, _)| *index);
    let mut all = Part::default();
    for (_, part) in parts {
        all.differing += part.differing;
        all.broken += part.broken;
        all.largest = all.largest.max(part.largest);
        all.squares += part.squares;
    }
    let Part { differing, broken, largest, squares } = all;
    Ok(Difference { differing, largest, l2: squares.sqrt(), broken })
}

/// A tensor, ready to be read in C order.
struct Side<'t> {
    tensor: &'t Tensor,
    source: Source<'t>,
    layout: Layout,
}

#[derive(Default)]
struct Loaded<'t> {
    piece: Piece<'t>,
    values: Vec<f64>,
}

impl<'t> Side<'t> {
    fn new(tensor: &'t Tensor) -> Self {
        Side { tensor, source: Source::new(tensor), layout: Layout::c_order(tensor.view()) }
    }

    fn load(&self, stripe: std::ops::Range<u64>, into: &mut Loaded<'t>) -> Result<(), TensorError> {
        into.values.resize((stripe.end - stripe.start) as usize, 0.0);
        self.layout.load(&self.source, stripe, &mut into.piece)?;
        le::to_f64(self.tensor.dtype(), into.piece.bytes(), &mut into.values);
        Ok(())
    }
}

#[derive(Default)]
struct Part {
    differing: u64,
    broken: u64,
    largest: f64,
    squares: f64,
}

fn of_stripe(a: &[f64], b: &[f64]) -> Part {
    let mut part = Part::default();
    for (&a, &b) in a.iter().zip(b) {
        if a == b || (a.is_nan() && b.is_nan()) {
            continue;
        }
        part.differing += 1;
        if a.is_finite() && b.is_finite() {
            let off = a - b;
            part.largest = part.largest.max(off.abs());
            part.squares += off * off;
        } else {
            part.broken += 1;
        }
    }
    part
}
