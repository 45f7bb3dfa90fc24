//! Findings from the values of a tensor.

use std::collections::{BTreeMap, BTreeSet};

use hinton_tensor::examine::Blocks;
use hinton_tensor::{
    Cancelled, Dtype, Looked, Summary, SummaryPart, Tensor, TensorError, Work, examine, find_first,
    same_bits, summarize,
};
use hinton_words::{short, short_count, visible};

use super::place::{place, share_bytes};
use super::{CheckRow, Finding, MOST_PLACES, kinds};
use crate::{Error, Selected};

/// Fewer values than this have no outliers.
const ENOUGH: u64 = 1000;
/// An outlier is this many times as large as the rest: what is left without this share of the values
/// (and at least one) at each end.
const FAR: f64 = 100.0;
const SHARE: f64 = 0.0005;
/// Above this magnitude the squares of weights overflow f32, or do after a few sums.
const HUGE: f64 = 1e15;
/// Below this root mean square a matrix of at least this many values does next to nothing.
const FAINT: f64 = 1e-5;
const ENOUGH_WEIGHTS: u64 = 64;
/// Parts of the names of what an optimizer keeps, which may well be small.
const STATE: [&str; 5] = ["optim", "exp_avg", "moment", "adam", "velocity"];
/// Rows are compared in matrices of at most this many values, and at least this many columns: in
/// narrow ones equal rows are chance.
const MOST_COMPARED: u64 = 16 << 20;
const FEWEST_EQUAL: usize = 3;
/// From this share of the values on, subnormal numbers are reported.
const MANY_SUBNORMAL: f64 = 0.1;
/// From this share on, values at the end of a narrow range are.
const MANY_SATURATED: f64 = 0.01;

/// What is found by reading, and how large the tensors are.
pub(super) struct Found {
    pub(super) found: Vec<Finding>,
    pub(super) sizes: Vec<Size>,
}

/// How large the values of a tensor are.
pub(super) struct Size {
    pub(super) label: String,
    pub(super) shape: Vec<usize>,
    /// Root of the mean of the squares of the finite values.
    pub(super) rms: f64,
}

/// What is found by reading.
pub(super) fn findings(selected: &[Selected], work: Work<'_>) -> Result<Found, Error> {
    let mut found = Vec::new();
    let mut sizes = Vec::new();
    let mut seen: BTreeMap<u128, Vec<usize>> = BTreeMap::new();
    for (index, one) in selected.iter().enumerate() {
        let label = one.label();
        // Of values that are repeated without end, each once.
        let once = crate::repeated::once(&one.tensor).map(|(once, _)| once);
        let part = match of_tensor(once.as_ref().unwrap_or(&one.tensor), &label, work) {
            Ok((digest, rms, part)) => {
                let digest = digest.filter(|_| once.is_none());
                let shape = one.tensor.shape().to_vec();
                let is_float = !one.tensor.dtype().is_integer();
                let rms = rms.filter(|_| is_float && one.part.is_empty());
                sizes.extend(rms.map(|rms| Size { label: label.clone(), shape, rms }));
                // Constants are equal by nature; views of the same bytes are reported as such.
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
    Ok(Found { found, sizes })
}

fn is_cancelled(error: &TensorError) -> bool {
    matches!(error, TensorError::Cancelled(Cancelled))
}

/// What is found of one tensor: its digest, where it makes sense to compare; the root of the mean of
/// its squares; the findings.
type OfTensor = (Option<u128>, Option<f64>, Vec<Finding>);

/// Examines one tensor.
fn of_tensor(tensor: &Tensor, label: &str, work: Work<'_>) -> Result<OfTensor, TensorError> {
    if let Some(part) = tensor.known() {
        return Ok(of_known(tensor, label, part));
    }
    let examined = examine(tensor, work)?;
    let summary = &examined.summary;
    let mut found = Vec::new();
    let mut first_of = |kind, count: u64, what: &str, wanted: &dyn Fn(f64) -> bool| {
        if count == 0 {
            return Ok(());
        }
        let place =
            find_first(tensor, wanted, Work { threads: 1, progress: &hinton_tensor::Quiet })?;
        found.push(counted(kind, label, tensor.elements(), count, what, place));
        Ok::<(), TensorError>(())
    };
    let whole = whole_line(tensor, summary, work)?;
    if whole.is_none() {
        first_of(kinds::NAN, summary.nan, "NaN", &f64::is_nan)?;
    }
    first_of(kinds::INFINITY, summary.pos_inf, "+inf", &|value| value == f64::INFINITY)?;
    first_of(kinds::INFINITY, summary.neg_inf, "-inf", &|value| value == f64::NEG_INFINITY)?;
    if let Some((limit, count)) = outliers(summary) {
        let what = far(limit, summary);
        first_of(kinds::OUTLIER, count, &what, &|value| value.is_finite() && value.abs() >= limit)?;
    }
    let is_constant = is_constant(summary);
    if is_constant && summary.elements > 1 {
        found.push(constant(label, summary));
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
    found.extend(subnormal(tensor, label, summary));
    found.extend(saturated(tensor, label, summary));
    if !is_constant {
        found.extend(blocks(label, &examined.blocks));
    }
    found.extend(whole.map(|(what, place)| Finding {
        count: summary.nan,
        places: vec![place],
        ..Finding::of(kinds::NAN, label, what)
    }));
    found.extend(huge(tensor, label, summary));
    found.extend(faint(tensor, label, summary, is_constant));
    if !is_constant {
        found.extend(equal_rows(tensor, label)?);
    }
    let compares = !is_constant && summary.elements > 1;
    let rms = rms(summary).filter(|_| !is_constant);
    Ok((compares.then_some(examined.digest), rms, found))
}

/// What a summary tells of a tensor whose values are elsewhere: what follows from statistics, and from what was
/// looked at besides where it was made with checks.
fn of_known(tensor: &Tensor, label: &str, part: &SummaryPart) -> OfTensor {
    let summary = &part.summary();
    // Of a part of the values it is not known what the others change.
    let looked = part.looked().filter(|_| part.is_whole());
    let [nan, pos_inf, neg_inf] =
        looked.map(|looked| looked.first(tensor.shape())).unwrap_or_default();
    let mut found = Vec::new();
    let mut some = |kind, count: u64, what: &str, place| {
        if count > 0 {
            found.push(counted(kind, label, summary.elements, count, what, place));
        }
    };
    some(kinds::NAN, summary.nan, "NaN", nan);
    some(kinds::INFINITY, summary.pos_inf, "+inf", pos_inf);
    some(kinds::INFINITY, summary.neg_inf, "-inf", neg_inf);
    if let Some((limit, count)) = outliers(summary) {
        some(kinds::OUTLIER, count, far(limit, summary).trim_end_matches(','), None);
    }
    let is_constant = is_constant(summary);
    if is_constant && summary.elements > 1 {
        found.push(constant(label, summary));
    }
    if let Some(looked) = looked.filter(|_| !is_constant) {
        let rows: Vec<usize> = looked.zero_rows().into_iter().flatten().collect();
        let columns: Vec<usize> = looked.zero_columns().into_iter().flatten().collect();
        let (row, column) = (tensor.shape().first(), tensor.shape().get(1));
        found.extend(dead(kinds::DEAD_ROWS, label, "positions of axis 0", &rows, row));
        found.extend(dead(kinds::DEAD_COLUMNS, label, "positions of axis 1", &columns, column));
    }
    found.extend(subnormal(tensor, label, summary));
    found.extend(saturated(tensor, label, summary));
    found.extend(huge(tensor, label, summary));
    found.extend(faint(tensor, label, summary, is_constant));
    let digest = looked.filter(|_| !is_constant && summary.elements > 1).map(Looked::digest);
    (digest, rms(summary).filter(|_| !is_constant), found)
}

/// What far values are, in words.
fn far(limit: f64, summary: &Summary) -> String {
    let largest = summary.max_abs().unwrap_or(limit);
    format!(
        "of magnitude {} or more, 100 times the rest, the largest {},",
        short(limit),
        short(largest)
    )
}

fn is_constant(summary: &Summary) -> bool {
    summary.finite() == summary.elements && summary.min() == summary.max()
}

fn rms(summary: &Summary) -> Option<f64> {
    Some(summary.l2()? / (summary.finite() as f64).sqrt())
}

/// Where the NaN of a matrix are one whole row or column: what to say, and the first of them.
fn whole_line(
    tensor: &Tensor,
    summary: &Summary,
    work: Work<'_>,
) -> Result<Option<(String, Vec<usize>)>, TensorError> {
    let &[rows, columns] = tensor.shape() else { return Ok(None) };
    let is_line = summary.nan == rows as u64 || summary.nan == columns as u64;
    if summary.nan < 2 || summary.nan == summary.elements || !is_line {
        return Ok(None);
    }
    let quiet = Work { threads: 1, progress: &hinton_tensor::Quiet };
    let Some(first) = find_first(tensor, f64::is_nan, quiet)? else { return Ok(None) };
    for (axis, name) in [(1, "column"), (0, "row")] {
        let line = tensor.index_axis(axis, first[axis])?;
        if line.elements() == summary.nan && summarize(&line, work)?.nan == summary.nan {
            let count = short_count(summary.nan);
            let what = format!("all of {name} {} is NaN ({count} values)", first[axis]);
            return Ok(Some((what, first)));
        }
    }
    Ok(None)
}

/// Weights whose squares overflow f32, or nearly. Attention masks hold the least value of their
/// type on purpose, throughout.
fn huge(tensor: &Tensor, label: &str, summary: &Summary) -> Option<Finding> {
    let largest = summary.max_abs().filter(|largest| *largest > HUGE)?;
    if tensor.dtype().is_integer() || is_mask(summary) {
        return None;
    }
    let count = summary.at_least(HUGE).max(1);
    let message = format!(
        "{} of {} values are above {}, the largest {}",
        short_count(count),
        short_count(summary.elements),
        short(HUGE),
        short(largest)
    );
    Some(Finding { count, ..Finding::of(kinds::HUGE, label, message) })
}

/// Whether the large values are all one and the least, as those of a mask are.
fn is_mask(summary: &Summary) -> bool {
    let is_one_sided = summary.max().is_some_and(|max| max.abs() < 2.0);
    is_one_sided && summary.min() == summary.quantile(0.05)
}

/// A matrix so small that it does next to nothing.
fn faint(tensor: &Tensor, label: &str, summary: &Summary, is_constant: bool) -> Option<Finding> {
    let rms = rms(summary)?;
    let is_state = STATE.iter().any(|part| label.to_ascii_lowercase().contains(part));
    let is_matrix = tensor.shape().len() > 1 && summary.elements >= ENOUGH_WEIGHTS;
    let is_faint = rms < FAINT && !tensor.dtype().is_integer();
    (is_faint && is_matrix && !is_state && !is_constant).then(|| {
        let message = format!("the root mean square of its values is {}", short(rms));
        Finding::of(kinds::FAINT, label, message)
    })
}

/// Rows of a matrix that are equal and not zero.
fn equal_rows(tensor: &Tensor, label: &str) -> Result<Option<Finding>, TensorError> {
    let &[rows, columns] = tensor.shape() else { return Ok(None) };
    let is_small = tensor.elements() <= MOST_COMPARED && !tensor.dtype().is_integer();
    if rows < 2 || columns < FEWEST_EQUAL || !is_small {
        return Ok(None);
    }
    let values = tensor.to_f32()?;
    // By their bits; -0 and 0 differ, and units that do the same have the same bits.
    let mut sorted: Vec<(Vec<u32>, usize)> = Vec::with_capacity(rows);
    for (row, values) in values.chunks_exact(columns).enumerate() {
        if values.iter().any(|value| *value != 0.0) && values.iter().all(|value| value.is_finite())
        {
            sorted.push((values.iter().map(|value| value.to_bits()).collect(), row));
        }
    }
    sorted.sort_unstable();
    let mut groups: Vec<Vec<usize>> = sorted
        .chunk_by(|a, b| a.0 == b.0)
        .filter(|group| group.len() > 1)
        .map(|group| group.iter().map(|one| one.1).collect())
        .collect();
    groups.sort_unstable();
    let Some(first) = groups.first() else { return Ok(None) };
    let count: usize = groups.iter().map(Vec::len).sum();
    let shown: Vec<String> = first.iter().take(MOST_PLACES).map(usize::to_string).collect();
    let more = if first.len() > MOST_PLACES { " …" } else { "" };
    let others = match groups.len() {
        1 => String::new(),
        groups => format!("; {groups} groups in all"),
    };
    let message = format!(
        "{} of {} rows are equal to another: {}{more}{others}",
        short_count(count as u64),
        short_count(rows as u64),
        shown.join(", ")
    );
    let places = first.iter().take(MOST_PLACES).map(|&row| vec![row]).collect();
    let count = count as u64;
    Ok(Some(Finding { count, places, ..Finding::of(kinds::EQUAL_ROWS, label, message) }))
}

/// So many of all values are something, the first at a place where that is known.
fn counted(
    kind: &'static CheckRow,
    label: &str,
    all: u64,
    count: u64,
    what: &str,
    place: Option<Vec<usize>>,
) -> Finding {
    let of_all = match all {
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
fn outliers(summary: &Summary) -> Option<(f64, u64)> {
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

fn constant(label: &str, summary: &Summary) -> Finding {
    let value = summary.min().unwrap_or(0.0);
    let count = summary.elements;
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

fn subnormal(tensor: &Tensor, label: &str, summary: &Summary) -> Option<Finding> {
    let limit = tensor.dtype().smallest_normal()?;
    let count = summary.smaller_than(limit);
    let all = summary.elements;
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
fn saturated(tensor: &Tensor, label: &str, summary: &Summary) -> Option<Finding> {
    let end = match tensor.dtype() {
        Dtype::F8E4m3 => 448.0,
        Dtype::F8E4m3Fnuz => 240.0,
        Dtype::F8E5m2 | Dtype::F8E5m2Fnuz => 57344.0,
        Dtype::I8 => 127.0,
        _ => return None,
    };
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
        let name = original.label();
        if original.tensor.known().is_some() {
            // Where they lie is not known, so these may be the same bytes.
            let name = visible(&name);
            let message =
                format!("equal to {name} by a digest of all bytes: stored again, or shared");
            found
                .push(Finding { count: 1, ..Finding::of(kinds::DUPLICATE, &one.label(), message) });
            continue;
        }
        if same_bits(&original.tensor, &one.tensor)? {
            let message = format!("equal to {}, and stored again", visible(&name));
            found
                .push(Finding { count: 1, ..Finding::of(kinds::DUPLICATE, &one.label(), message) });
        }
    }
    Ok(found)
}
