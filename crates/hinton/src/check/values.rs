//! What the values themselves tell.

use std::collections::{BTreeMap, BTreeSet};

use hinton_scene::visible;
use hinton_tensor::examine::Blocks;
use hinton_tensor::{
    Cancelled, Dtype, Examination, Tensor, TensorError, Work, examine, find_first, same_bits,
};

use super::place::{place, share_bytes};
use super::{CheckRow, Finding, MOST_PLACES, kinds};
use crate::{Error, Selected, short, short_count};

/// Fewer values than this have no outliers.
const ENOUGH: u64 = 1000;
/// An outlier is so many times as large as the rest: what is left without this share of the values
/// (and at least one) at each end.
const FAR: f64 = 100.0;
const SHARE: f64 = 0.0005;
/// From this share of the values on, subnormal numbers are told of.
const MANY_SUBNORMAL: f64 = 0.1;
/// From this share on, values at the end of a narrow range are.
const MANY_SATURATED: f64 = 0.01;

/// What is found by reading.
pub(super) fn findings(selected: &[Selected], work: Work<'_>) -> Result<Vec<Finding>, Error> {
    let mut found = Vec::new();
    let mut seen: BTreeMap<u128, Vec<usize>> = BTreeMap::new();
    for (index, one) in selected.iter().enumerate() {
        let label = one.label();
        let part = match of_tensor(&one.tensor, &label, work) {
            Ok((digest, part)) => {
                // Constants are equal by nature; views of the same bytes are told as such.
                if let Some(digest) = digest {
                    seen.entry(digest).or_default().push(index);
                }
                part
            }
            Err(error) if is_cancelled(&error) => return Err(error.into()),
            Err(error) => vec![Finding::of(kinds::UNREADABLE, &label, error.what())],
        };
        found.extend(part);
    }
    for places in seen.values().filter(|places| places.len() > 1) {
        found.extend(duplicates(selected, places)?);
    }
    Ok(found)
}

fn is_cancelled(error: &TensorError) -> bool {
    matches!(error, TensorError::Cancelled(Cancelled))
}

/// The findings of one tensor; its digest, where it makes sense to compare.
fn of_tensor(
    tensor: &Tensor,
    label: &str,
    work: Work<'_>,
) -> Result<(Option<u128>, Vec<Finding>), TensorError> {
    let examined = examine(tensor, work)?;
    let summary = &examined.summary;
    let mut found = Vec::new();
    let mut first_of = |kind, count: u64, what: &str, wanted: &dyn Fn(f64) -> bool| {
        if count == 0 {
            return Ok(());
        }
        let place =
            find_first(tensor, wanted, Work { threads: 1, progress: &hinton_tensor::Quiet })?;
        found.push(at_first(kind, label, tensor, count, what, place));
        Ok::<(), TensorError>(())
    };
    first_of(kinds::NAN, summary.nan, "NaN", &f64::is_nan)?;
    first_of(kinds::INFINITY, summary.pos_inf, "+inf", &|value| value == f64::INFINITY)?;
    first_of(kinds::INFINITY, summary.neg_inf, "-inf", &|value| value == f64::NEG_INFINITY)?;
    if let Some((limit, count)) = outliers(&examined) {
        let what = format!("of magnitude {} or more, 100 times the rest,", short(limit));
        first_of(kinds::OUTLIER, count, &what, &|value| value.is_finite() && value.abs() >= limit)?;
    }
    let is_constant = summary.finite() == summary.elements && summary.min() == summary.max();
    if is_constant && summary.elements > 1 {
        found.push(constant(tensor, label, &examined));
    }
    found.extend(dead(
        kinds::DEAD_ROWS,
        label,
        "positions of axis 0",
        &examined.zero_rows,
        tensor.shape().first(),
    ));
    let columns = &examined.zero_columns;
    found.extend(dead(
        kinds::DEAD_COLUMNS,
        label,
        "positions of axis 1",
        columns,
        tensor.shape().get(1),
    ));
    found.extend(subnormal(tensor, label, &examined));
    found.extend(saturated(tensor, label, &examined));
    if !is_constant {
        found.extend(blocks(label, &examined.blocks));
    }
    let compares = !is_constant && summary.elements > 1;
    Ok((compares.then_some(examined.digest), found))
}

fn at_first(
    kind: &'static CheckRow,
    label: &str,
    tensor: &Tensor,
    count: u64,
    what: &str,
    place: Option<Vec<usize>>,
) -> Finding {
    let of_all = match tensor.elements() {
        all if all == count => "all".to_owned(),
        all => short_count(all),
    };
    let at = place.as_ref().map_or(String::new(), |place| format!(", the first at {place:?}"));
    let message = match of_all.as_str() {
        "all" => format!("all {} values are {what}", short_count(count)),
        of_all => format!("{} of {of_all} values are {what}{at}", short_count(count)),
    };
    let places = place.into_iter().collect();
    Finding { count, places, ..Finding::of(kind, label, message.replace(",,", ",")) }
}

/// From which magnitude on values are far outside, and how many are.
fn outliers(examined: &Examination) -> Option<(f64, u64)> {
    let summary = &examined.summary;
    if summary.finite() < ENOUGH {
        return None;
    }
    // The quantile of a whole place, so that no outlier is mixed into it.
    let last = (summary.finite() - 1) as f64;
    let place = ((last * SHARE).floor() + 1.0) / last;
    let rest = summary.quantile(place)?.abs().max(summary.quantile(1.0 - place)?.abs());
    let limit = rest * FAR;
    let is_far = rest > 0.0 && limit.is_finite() && summary.max_abs()? >= limit;
    is_far.then(|| (limit, summary.at_least(limit).max(1)))
}

fn constant(tensor: &Tensor, label: &str, examined: &Examination) -> Finding {
    let value = examined.summary.min().unwrap_or(0.0);
    let count = tensor.elements();
    let (kind, message) = if value == 0.0 {
        (kinds::ZERO, format!("all {} values are zero", short_count(count)))
    } else {
        let value = short(value);
        (kinds::CONSTANT, format!("all {} values are {value}", short_count(count)))
    };
    Finding { count, ..Finding::of(kind, label, message) }
}

fn dead(
    kind: &'static CheckRow,
    label: &str,
    what: &str,
    places: &[usize],
    all: Option<&usize>,
) -> Option<Finding> {
    let all = (*all?) as u64;
    if places.is_empty() {
        return None;
    }
    let shown: Vec<String> = places.iter().take(MOST_PLACES).map(usize::to_string).collect();
    let more = if places.len() > MOST_PLACES { " …" } else { "" };
    let count = places.len() as u64;
    let message = format!(
        "{} of {} {what} hold nothing but zeros: {}{more}",
        short_count(count),
        short_count(all),
        shown.join(", ")
    );
    let places = places.iter().take(MOST_PLACES).map(|&place| vec![place]).collect();
    Some(Finding { count, places, ..Finding::of(kind, label, message) })
}

fn subnormal(tensor: &Tensor, label: &str, examined: &Examination) -> Option<Finding> {
    let limit = tensor.dtype().smallest_normal()?;
    let count = examined.summary.smaller_than(limit);
    let all = examined.summary.elements;
    if count == 0 || (count as f64) < MANY_SUBNORMAL * all as f64 {
        return None;
    }
    let message = format!(
        "{} of {} values are below {} in magnitude, where {} loses precision",
        short_count(count),
        short_count(all),
        short(limit),
        tensor.dtype()
    );
    Some(Finding { count, ..Finding::of(kinds::SUBNORMAL, label, message) })
}

/// Codes of 8 bits or fewer at the end of their range.
fn saturated(tensor: &Tensor, label: &str, examined: &Examination) -> Option<Finding> {
    let end = match tensor.dtype() {
        Dtype::F8E4m3 => 448.0,
        Dtype::F8E4m3Fnuz => 240.0,
        Dtype::F8E5m2 | Dtype::F8E5m2Fnuz => 57344.0,
        Dtype::I8 => 127.0,
        _ => return None,
    };
    let summary = &examined.summary;
    let count = summary.at_least(end);
    if summary.finite() < ENOUGH || (count as f64) < MANY_SATURATED * summary.elements as f64 {
        return None;
    }
    let message = format!(
        "{} of {} values are at ±{}, the end of {}",
        short_count(count),
        short_count(summary.elements),
        short(end),
        tensor.dtype()
    );
    Some(Finding { count, ..Finding::of(kinds::SATURATED, label, message) })
}

/// Blocks of quantised tensors.
fn blocks(label: &str, blocks: &Blocks) -> impl Iterator<Item = Finding> {
    let all = blocks.looked_at;
    let kinds = [
        (kinds::BROKEN_BLOCKS, &blocks.broken, "have a scale that is infinite or not a number"),
        (kinds::EMPTY_BLOCKS, &blocks.empty, "have a scale of zero"),
        (kinds::SATURATED_BLOCKS, &blocks.full, "have every code at an end of its range"),
    ];
    let found = kinds.map(|(kind, odd, what)| {
        let first = odd.first.first().filter(|_| odd.count > 0)?;
        let message = format!(
            "{} of {} blocks {what}, the first at {first:?}",
            short_count(odd.count),
            short_count(all)
        );
        let places = odd.first.iter().take(MOST_PLACES).cloned().collect();
        Some(Finding { count: odd.count, places, ..Finding::of(kind, label, message) })
    });
    found.into_iter().flatten()
}

/// Of tensors with one digest, those that are equal to the first and lie elsewhere; of those that
/// lie in one place, the first.
fn duplicates(selected: &[Selected], places: &[usize]) -> Result<Vec<Finding>, Error> {
    let mut found = Vec::new();
    let Some((&first, others)) = places.split_first() else { return Ok(found) };
    let original = &selected[first];
    let mut known = BTreeSet::new();
    for &other in others {
        let one = &selected[other];
        let at = place(&one.tensor).map(|(data, range)| (data, range.start, range.end));
        let is_known = at.is_some_and(|at| !known.insert(at));
        if is_known || share_bytes(&original.tensor, &one.tensor) {
            continue;
        }
        if same_bits(&original.tensor, &one.tensor)? {
            let name = original.label();
            let message = format!("equal to {}, and stored again", visible(&name));
            found
                .push(Finding { count: 1, ..Finding::of(kinds::DUPLICATE, &one.label(), message) });
        }
    }
    Ok(found)
}
