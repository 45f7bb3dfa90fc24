//! Statistics of a part of a tensor, and what a check needs in addition, in one pass.

use std::ops::Range;

use super::lines::Lines;
use super::looked::{Form, Looked};
use super::ranges::joined;
use super::{STRIPE, find_first_of};
use crate::decode::le;
use crate::digest::of_stripe;
use crate::read::{Layout, Piece, Source, for_each};
use crate::summary::{Counter, FEW, Moments};
use crate::{Folding, SummaryPart, Tensor, TensorError, View, Work, summarize_part};

/// Reads stripes as [`summarize_part`] does, and also collects what a check needs, in the same
/// pass. For tensors that are not in C order, only statistics are computed.
///
/// # Errors
/// Returns the errors of [`summarize_part`].
pub fn examine_part(
    tensor: &Tensor,
    stripes: Range<u64>,
    work: Work<'_>,
) -> Result<SummaryPart, TensorError> {
    let view = tensor.view();
    let is_plain = *view == View { offset: view.offset, ..View::packed(tensor.shape()) };
    let folding = Folding::of(tensor);
    let is_inside = stripes.start < stripes.end && stripes.end <= folding.stripes();
    if !is_plain || folding.repeats > 1 || !is_inside {
        return summarize_part(tensor, stripes, work);
    }
    let states = read(tensor, &stripes, work)?;
    let (mut digests, mut counted) = (Vec::new(), Vec::new());
    let mut lines: Option<Lines> = None;
    let mut sorted = Vec::new();
    for state in states {
        digests.extend(state.digests);
        sorted.extend(state.values);
        Lines::gather(&mut lines, state.lines);
        counted.push((state.counter, state.moments));
    }
    digests.sort_unstable_by_key(|(index, _)| *index);
    let form = Form::of(tensor.shape(), tensor.dtype());
    let mut looked = Looked::of_digests(form, digests);
    if let Some(lines) = &lines {
        let known = std::slice::from_ref(&stripes);
        let zero = |lines: Vec<Range<u64>>, is_zero: &dyn Fn(u64) -> bool| {
            let zero = lines.into_iter().flatten().filter(|line| is_zero(*line));
            joined(zero.map(|line| line..line + 1))
        };
        looked.zero_rows = zero(form.rows_of(known), &|row| lines.is_zero_row(row as usize));
        let columns = form.columns_of(known);
        looked.zero_columns = zero(columns, &|column| lines.is_zero_column(column as usize));
    }
    let part = match folding.elements <= FEW {
        true => SummaryPart::of_few(folding, sorted),
        false => SummaryPart::of_many(folding, stripes.clone(), counted),
    };
    let odd = part.odd();
    let is_odd: [fn(f64) -> bool; 3] =
        [f64::is_nan, |value| value == f64::INFINITY, |value| value == f64::NEG_INFINITY];
    for ((first, count), is_odd) in looked.first.iter_mut().zip(odd).zip(is_odd) {
        if count > 0 {
            let end = folding.elements.min(stripes.end.saturating_mul(STRIPE));
            *first = find_first_of(tensor, stripes.start * STRIPE..end, is_odd, work.progress)?;
        }
    }
    Ok(part.with_looked(looked))
}

/// What a thread has seen.
struct State<'t> {
    counter: Counter,
    piece: Piece<'t>,
    moments: Vec<(u64, Moments)>,
    digests: Vec<(u64, u128)>,
    lines: Option<Lines>,
    /// All values of a small tensor, in rising order.
    values: Vec<f64>,
}

fn read<'t>(
    tensor: &'t Tensor,
    stripes: &Range<u64>,
    work: Work<'_>,
) -> Result<Vec<State<'t>>, TensorError> {
    let layout = Layout::c_order(tensor.view());
    let elements = tensor.elements();
    let is_few = elements <= FEW;
    let source = Source::untold(tensor);
    if let Some(stretch) =
        layout.stretch(&(stripes.start * STRIPE..elements.min(stripes.end * STRIPE)))
    {
        source.tell_of([stretch].into_iter());
    }
    let counter = if is_few { Counter::without_quantiles } else { Counter::new };
    let state = || State {
        counter: counter(tensor.dtype()),
        piece: Piece::default(),
        moments: Vec::new(),
        digests: Vec::new(),
        lines: Lines::new(tensor.shape(), tensor.dtype()),
        values: Vec::new(),
    };
    let count = stripes.end - stripes.start;
    for_each(count, source.is_sequential(), work, state, |state, turn| {
        let index = stripes.start + turn.index;
        let first = index * STRIPE;
        layout.load(&source, first..elements.min(first + STRIPE), &mut state.piece)?;
        turn.pass();
        let bytes = state.piece.bytes();
        state.digests.push((index, of_stripe(bytes)));
        if let Some(lines) = &mut state.lines {
            lines.add(first, bytes);
        }
        if is_few {
            state.values.resize(elements as usize, 0.0);
            le::to_f64(tensor.dtype(), bytes, &mut state.values);
            state.values.sort_unstable_by(f64::total_cmp);
            return Ok(bytes.len() as u64);
        }
        let part = state.counter.add(bytes);
        if part.count > 0 {
            state.moments.push((index, part));
        }
        Ok(bytes.len() as u64)
    })
}
