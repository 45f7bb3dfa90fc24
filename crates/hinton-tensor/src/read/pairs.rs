//! Reads two tensors of the same shape in parallel.

use std::ops::Range;

use super::{Layout, Piece, Source, for_each};
use crate::decode::le;
use crate::{Dtype, Tensor, TensorError, Work};

/// Number of values of each tensor that are loaded at once: once decoded, they fit in a core's
/// cache.
pub const STRIPE: u64 = 32 << 10;

/// The corresponding values of two tensors: the same number, at the same coordinates.
pub struct Stripe<'p> {
    /// The index of the part of the work that it belongs to.
    pub part: u64,
    /// The index of its first value, in C order.
    pub first: u64,
    /// Values of the first tensor.
    pub a: Packed<'p>,
    /// Values of the second tensor.
    pub b: Packed<'p>,
}

/// Contiguous little-endian values; codes narrower than a byte take one byte each.
#[derive(Clone, Copy)]
pub struct Packed<'p> {
    /// Their type.
    pub dtype: Dtype,
    /// Their bytes.
    pub bytes: &'p [u8],
}

impl<'p> Packed<'p> {
    /// The size of one value here, in bytes.
    pub fn size(&self) -> usize {
        size_of_one(self.dtype)
    }

    /// Number of values.
    pub fn len(&self) -> usize {
        self.bytes.len() / self.size()
    }

    /// Whether there are no values.
    pub fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }

    /// The values in `range`, which must be in bounds.
    pub fn part(&self, range: Range<usize>) -> Packed<'p> {
        let size = self.size();
        Packed { dtype: self.dtype, bytes: &self.bytes[range.start * size..range.end * size] }
    }

    /// Decodes as many values as both `self` and `out` hold.
    pub fn to_f32(&self, out: &mut [f32]) {
        le::to_f32(self.dtype, self.bytes, out);
    }

    /// Decodes as many values as both `self` and `out` hold.
    pub fn to_f64(&self, out: &mut [f64]) {
        le::to_f64(self.dtype, self.bytes, out);
    }
}

fn size_of_one(dtype: Dtype) -> usize {
    usize::try_from(dtype.bits().div_ceil(8)).unwrap_or(1)
}

/// Reads two tensors of the same shape in C order, in stripes of at most [`STRIPE`] values, on the
/// threads of `work`. The work is divided into parts of `part` values (the last one may have
/// fewer). All stripes of a part go to the same state, in order and without interruption; which
/// state gets which part is arbitrary. Returns the states in no particular order.
///
/// # Errors
/// Returns an error if the shapes differ, bytes cannot be read, or the work was cancelled.
pub fn side_by_side<S: Send>(
    a: &Tensor,
    b: &Tensor,
    part: u64,
    work: Work<'_>,
    state: impl Fn() -> S + Sync,
    todo: impl Fn(&mut S, Stripe<'_>) + Sync,
) -> Result<Vec<S>, TensorError> {
    if a.shape() != b.shape() {
        return Err(b.shape_error(format!("it is compared with the shape {:?}", a.shape())));
    }
    let elements = a.elements();
    let part = part.max(1);
    let (of_a, of_b) = (Side::new(a), Side::new(b));
    let in_order = of_a.source.is_sequential() || of_b.source.is_sequential();
    let state = || (Piece::default(), Piece::default(), state());
    let states = for_each(elements.div_ceil(part), in_order, work, state, |state, turn| {
        let (from_a, from_b, state) = state;
        let begin = turn.index * part;
        let end = elements.min(begin.saturating_add(part));
        let mut unreported = 0;
        let mut first = begin;
        while first < end {
            turn.advance(std::mem::take(&mut unreported))?;
            let stripe = first..end.min(first + STRIPE);
            of_a.layout.load(&of_a.source, stripe.clone(), from_a)?;
            of_b.layout.load(&of_b.source, stripe.clone(), from_b)?;
            if stripe.end == end {
                turn.pass();
            }
            let (a, b) = (packed(a, from_a), packed(b, from_b));
            unreported = (a.bytes.len() + b.bytes.len()) as u64;
            todo(state, Stripe { part: turn.index, first, a, b });
            first = stripe.end;
        }
        Ok(unreported)
    })?;
    Ok(states.into_iter().map(|(_, _, state)| state).collect())
}

fn packed<'p>(tensor: &Tensor, piece: &'p Piece<'_>) -> Packed<'p> {
    Packed { dtype: tensor.dtype(), bytes: piece.bytes() }
}

struct Side<'t> {
    source: Source<'t>,
    layout: Layout,
}

impl<'t> Side<'t> {
    fn new(tensor: &'t Tensor) -> Self {
        Side { source: Source::new(tensor), layout: Layout::c_order(tensor.view()) }
    }
}

/// Reads values as `f64`, in C order, from index `first` on. Fills all of `out`; the range must be
/// in bounds.
///
/// # Errors
/// Returns an error if there are no such values, or their bytes cannot be read.
pub fn read_values(tensor: &Tensor, first: u64, out: &mut [f64]) -> Result<(), TensorError> {
    let end = first.checked_add(out.len() as u64).filter(|&end| end <= tensor.elements());
    let end = end.ok_or_else(|| {
        tensor.shape_error(format!("values {first} and on are asked for, {} of them", out.len()))
    })?;
    if out.is_empty() {
        return Ok(());
    }
    let side = Side::new(tensor);
    let mut piece = Piece::default();
    side.layout.load(&side.source, first..end, &mut piece)?;
    le::to_f64(tensor.dtype(), piece.bytes(), out);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counting(shape: &[usize]) -> Tensor {
        let count: usize = shape.iter().product();
        let values: Vec<f32> = (0..count).map(|value| value as f32).collect();
        Tensor::from_f32("t", shape, &values).unwrap()
    }

    #[test]
    fn parts_come_whole_and_in_order_on_any_number_of_threads() {
        let a = counting(&[300, 1000]);
        let b = counting(&[1000, 300]).transpose().unwrap();
        for threads in 1..4 {
            let seen = side_by_side(
                &a,
                &b,
                70_000,
                Work::on(threads),
                Vec::<(u64, u64, f64, f64)>::new,
                |seen, stripe| {
                    let mut values = vec![0.0; stripe.a.len()];
                    stripe.a.to_f64(&mut values);
                    let of_a: f64 = values.iter().sum();
                    stripe.b.to_f64(&mut values);
                    seen.push((stripe.part, stripe.first, of_a, values.iter().sum()));
                },
            )
            .unwrap();
            for state in &seen {
                let same = |a: &(u64, u64, f64, f64), b: &(u64, u64, f64, f64)| a.0 == b.0;
                assert!(state.chunk_by(same).all(|part| part.is_sorted_by_key(|one| one.1)));
            }
            let mut all = seen.concat();
            all.sort_by_key(|one| one.1);
            assert_eq!(all.iter().map(|one| one.0).max(), Some(4));
            let whole = 299_999.0 * 300_000.0 / 2.0;
            assert_eq!(all.iter().map(|one| one.2).sum::<f64>(), whole);
            assert_eq!(all.iter().map(|one| one.3).sum::<f64>(), whole);
        }
        let error = side_by_side(&a, &counting(&[3]), 1, Work::quiet(), || (), |(), _| {});
        assert!(error.unwrap_err().to_string().contains("compared with the shape [300, 1000]"));
    }

    #[test]
    fn runs_of_values_are_those_of_the_view() {
        let turned = counting(&[2, 3]).transpose().unwrap();
        let mut out = [0.0; 3];
        read_values(&turned, 2, &mut out).unwrap();
        assert_eq!(out, [1.0, 4.0, 2.0]);
        assert!(read_values(&turned, 4, &mut out).is_err());
        read_values(&turned, 6, &mut []).unwrap();
    }
}
