//! Statistics of a part of a tensor's values. Merged, they equal those of the whole bit for bit.
//!
//! Sums of floating-point numbers depend on their order, so a tensor is split only between stripes,
//! and the result of a stripe is never split. Counts merge in any order; moments are kept
//! separately until those of all earlier stripes are present. Hence any way to split a tensor gives
//! the same bytes.

use std::ops::Range;

use super::counter::{Counts, patterns};
use super::{Counter, FEW, Moments, STRIPE, Seen, Summary, counted, gathered, sorted};
use crate::examine::Looked;
use crate::read::{Layout, Source};
use crate::{Dtype, Tensor, TensorError, Work};

/// What parts of a tensor's statistics must agree on in order to merge.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Folding {
    /// The dtype of the values.
    pub dtype: Dtype,
    /// Number of values that are stored, each counted once.
    pub elements: u64,
    /// How often the tensor repeats them; 1 unless a stride is zero.
    pub repeats: u64,
}

impl Folding {
    /// Number of values per stripe; the last one may have fewer.
    pub const STRIPE: u64 = STRIPE;

    /// That of this tensor.
    pub fn of(tensor: &Tensor) -> Self {
        let (layout, repeats) = Layout::memory_order(tensor.view());
        match tensor.elements() {
            0 => Folding { dtype: tensor.dtype(), elements: 0, repeats: 1 },
            _ => Folding { dtype: tensor.dtype(), elements: layout.elements(), repeats },
        }
    }

    /// Number of stripes.
    pub fn stripes(&self) -> u64 {
        self.elements.div_ceil(STRIPE)
    }

    /// Number of values in these stripes.
    pub fn elements_of(&self, stripes: &Range<u64>) -> u64 {
        let end = stripes.end.saturating_mul(STRIPE).min(self.elements);
        end.saturating_sub(stripes.start.saturating_mul(STRIPE))
    }

    /// Whether the values are so few that they are kept themselves.
    pub(super) fn is_few(&self) -> bool {
        self.elements <= FEW
    }

    /// Whether moments come from the counts.
    pub(super) fn is_counted(&self) -> bool {
        self.dtype.bits() <= 16
    }
}

/// Two parts cannot be merged, or bytes are not a part.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct PartError(pub(super) String);

impl PartError {
    pub(crate) fn new(text: impl Into<String>) -> Self {
        PartError(text.into())
    }
}

/// Statistics of some of the stripes of a tensor.
#[derive(Debug, Clone, PartialEq)]
pub struct SummaryPart {
    pub(super) folding: Folding,
    /// The stripes, in rising order and never side by side.
    pub(super) stripes: Vec<Range<u64>>,
    pub(super) seen: SeenPart,
    /// What a check needs besides, where it was looked at.
    pub(super) looked: Option<Looked>,
}

/// What was seen in them.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum SeenPart {
    /// All values of a small tensor: the finite ones in rising order with their counts, and how many are
    /// NaN, +∞ and −∞.
    Few { values: Vec<(f64, u64)>, nan: u64, pos_inf: u64, neg_inf: u64 },
    /// Counts, and moments in order: of the stripes from the first on, merged, and of each later one.
    Many { counts: Counts, lead: Moments, later: Vec<(u64, Moments)> },
}

impl SummaryPart {
    /// Statistics of no stripes.
    pub fn empty(folding: Folding) -> Self {
        let seen = match folding.is_few() {
            true => SeenPart::Few { values: Vec::new(), nan: 0, pos_inf: 0, neg_inf: 0 },
            false => SeenPart::Many {
                counts: Counter::new(folding.dtype).counts(),
                lead: Moments::default(),
                later: Vec::new(),
            },
        };
        SummaryPart { folding, stripes: Vec::new(), seen, looked: None }
    }

    /// Of all values of a small tensor, in rising order.
    pub(crate) fn of_few(folding: Folding, sorted: Vec<f64>) -> Self {
        let stripes = std::iter::once(0..folding.stripes()).collect();
        SummaryPart { folding, stripes, seen: few(sorted), looked: None }
    }

    /// Of what threads have seen of stripes, of which there is at least one.
    pub(crate) fn of_many(folding: Folding, stripes: Range<u64>, seen: Vec<Seen>) -> Self {
        let (counter, mut later) = gathered(seen);
        let mut lead = Moments::default();
        if stripes.start == 0 {
            fold_lead(&mut lead, &mut later, stripes.end);
        }
        let counts = counter.map(|counter| counter.counts()).unwrap_or_default();
        let seen = SeenPart::Many { counts, lead, later };
        SummaryPart { folding, stripes: std::iter::once(stripes).collect(), seen, looked: None }
    }

    /// What a check needs to know besides, where parts were made with it.
    pub fn looked(&self) -> Option<&Looked> {
        self.looked.as_ref()
    }

    /// With what a check needs to know of the same stripes.
    pub fn with_looked(mut self, looked: Looked) -> Self {
        self.looked = Some(looked);
        self
    }

    /// Its statistics alone.
    pub(crate) fn without_looked(mut self) -> Self {
        self.looked = None;
        self
    }

    /// How many values are NaN, +∞ and −∞.
    pub(crate) fn odd(&self) -> [u64; 3] {
        let summary = self.summary();
        [summary.nan, summary.pos_inf, summary.neg_inf]
    }

    /// What other parts must agree on to merge with this one.
    pub fn folding(&self) -> Folding {
        self.folding
    }

    /// The stripes it covers, in ascending order; adjacent stripes form one range.
    pub fn stripes(&self) -> &[Range<u64>] {
        &self.stripes
    }

    /// The stripes it does not cover.
    pub fn missing(&self) -> Vec<Range<u64>> {
        let mut missing = Vec::new();
        let mut next = 0;
        for range in &self.stripes {
            if next < range.start {
                missing.push(next..range.start);
            }
            next = range.end;
        }
        if next < self.folding.stripes() {
            missing.push(next..self.folding.stripes());
        }
        missing
    }

    /// Whether it covers every stripe.
    pub fn is_whole(&self) -> bool {
        self.missing().is_empty()
    }

    /// Adds the stripes of another part. Adding the same part twice is the same as adding it once.
    ///
    /// # Errors
    /// Returns an error if the other part is of a tensor with a different [`Folding`], or the two
    /// overlap without being identical.
    pub fn merge(&mut self, other: &SummaryPart) -> Result<(), PartError> {
        if self.folding != other.folding {
            return Err(PartError(format!(
                "one part is of {} values of {}, another of {} of {}",
                self.folding.elements,
                self.folding.dtype,
                other.folding.elements,
                other.folding.dtype
            )));
        }
        if self == other || other.stripes.is_empty() {
            return Ok(());
        }
        if self.stripes.is_empty() {
            self.clone_from(other);
            return Ok(());
        }
        if self.looked.is_some() != other.looked.is_some() {
            return Err(PartError("one part was made with checks, another without".to_owned()));
        }
        let joined = joined_ranges(&self.stripes, &other.stripes)?;
        let mine = std::mem::replace(&mut self.stripes, joined);
        let leads = self.stripes.first().filter(|first| first.start == 0).map_or(0, |f| f.end);
        let (
            SeenPart::Many { counts, lead, later },
            SeenPart::Many { counts: more, lead: their_lead, later: their_later },
        ) = (&mut self.seen, &other.seen)
        else {
            // Small tensors have one stripe, which cannot be known twice in two ways.
            return Err(PartError("two parts know the same values".to_owned()));
        };
        counts.merge(more);
        // At most one of them begins at the first stripe.
        if their_lead.count > 0 {
            *lead = *their_lead;
        }
        later.extend_from_slice(their_later);
        later.sort_unstable_by_key(|(index, _)| *index);
        fold_lead(lead, later, leads);
        if let (Some(looked), Some(more)) = (&mut self.looked, &other.looked) {
            looked.merge(&mine, more, &other.stripes, leads);
        }
        Ok(())
    }

    /// The statistics of the stripes it covers: of all values of the tensor, if it covers every
    /// stripe.
    pub fn summary(&self) -> Summary {
        let mut summary = match &self.seen {
            SeenPart::Few { values, nan, pos_inf, neg_inf } => {
                // Each value for itself, as it was read: sums of rounded numbers are the same then.
                let each = |&(value, count): &(f64, u64)| (0..count).map(move |_| (value, 1));
                let others = [(f64::NAN, *nan), (f64::INFINITY, *pos_inf)];
                let others = others.into_iter().chain([(f64::NEG_INFINITY, *neg_inf)]);
                Summary::of_counts(values.iter().flat_map(each).chain(others))
            }
            SeenPart::Many { counts, lead, later } => {
                let mut moments = *lead;
                later.iter().for_each(|(_, part)| moments.merge(part));
                Counter::of_counts(self.folding.dtype, counts).summary(moments)
            }
        };
        if self.folding.repeats > 1 && summary.elements > 0 {
            summary.repeat(self.folding.repeats);
        }
        summary
    }

    /// Whether the numbers in it fit each other, so that statistics can be made of them.
    pub(super) fn check(&self) -> Result<(), PartError> {
        let wrong = |what: &str| Err(PartError(what.to_owned()));
        let mut known = 0u64;
        let mut next = 0;
        for range in &self.stripes {
            if range.start < next || range.start >= range.end || range.end > self.folding.stripes()
            {
                return wrong("its stripes are not in order, or outside the tensor");
            }
            // Neighbours are one range.
            next = range.end.saturating_add(1);
            known += self.folding.elements_of(range);
        }
        let leads = self.stripes.first().filter(|first| first.start == 0).map_or(0, |f| f.end);
        match &self.seen {
            SeenPart::Few { values, nan, pos_inf, neg_inf } => {
                let rising = values.is_sorted_by(|a, b| a.0 < b.0);
                let plain = values.iter().all(|(value, count)| value.is_finite() && *count > 0);
                let counts = values.iter().map(|(_, count)| *count);
                if !rising || !plain {
                    return wrong("its values are not in order");
                }
                if total(counts.chain([*nan, *pos_inf, *neg_inf])) != Some(known) {
                    return wrong("its counts are not those of its values");
                }
            }
            SeenPart::Many { counts, lead, later } => {
                counts_fit(&self.folding, counts, known)?;
                let inside = |index: &u64| self.stripes.iter().any(|range| range.contains(index));
                let placed = later.iter().all(|(index, _)| inside(index) && *index >= leads);
                if !placed || !later.is_sorted_by(|a, b| a.0 < b.0) || leads == 0 && lead.count > 0
                {
                    return wrong("its moments are of stripes that it does not know");
                }
                let of_values = match self.folding.is_counted() {
                    true => 0,
                    false => known - counts.nan - counts.pos_inf - counts.neg_inf,
                };
                let all = later.iter().map(|(_, moments)| moments.count).chain([lead.count]);
                if total(all) != Some(of_values) {
                    return wrong("its moments are not of as many values as it knows");
                }
            }
        }
        Ok(())
    }
}

/// Whether counts are those of this many values.
fn counts_fit(folding: &Folding, counts: &Counts, known: u64) -> Result<(), PartError> {
    let wrong = |what: &str| Err(PartError(what.to_owned()));
    let rising = counts.table.is_sorted_by(|a, b| a.0 < b.0)
        && counts.extreme.is_sorted_by(|a, b| a.0 < b.0);
    let inside = counts.table.iter().all(|one| usize::from(one.0) < patterns(folding.dtype))
        && counts.extreme.iter().all(|one| (one.0 as usize) < super::distribution::KEYS);
    if !rising || !inside {
        return wrong("its patterns are not in order");
    }
    let others = total([counts.nan, counts.pos_inf, counts.neg_inf]);
    let finite = others.and_then(|others| known.checked_sub(others));
    // Only 32-bit floats are counted with infinities and NaN among them.
    let counted =
        if folding.is_counted() || folding.dtype == Dtype::F32 { Some(known) } else { finite };
    let table = counts.table.iter().map(|one| one.1);
    let sum = total(table.chain(counts.extreme.iter().map(|one| one.1)));
    if sum.is_none() || sum != counted || counts.seen != known {
        return wrong("its counts are not those of its values");
    }
    let has_ends = finite.is_some_and(|finite| finite > 0) && !folding.is_counted();
    let ends_fit = match has_ends {
        true => counts.min.is_finite() && counts.max.is_finite() && counts.min <= counts.max,
        false => counts.min == f64::INFINITY && counts.max == f64::NEG_INFINITY,
    };
    if !ends_fit || finite.is_none_or(|finite| counts.zeros > finite) {
        return wrong("its least and greatest value do not fit its counts");
    }
    Ok(())
}

/// A sum that does not pass 64 bits.
fn total(counts: impl IntoIterator<Item = u64>) -> Option<u64> {
    counts.into_iter().try_fold(0u64, |sum, count| sum.checked_add(count))
}

/// Moves what follows without a gap to those that lead.
fn fold_lead(lead: &mut Moments, later: &mut Vec<(u64, Moments)>, leads: u64) {
    let count = later.partition_point(|(index, _)| *index < leads);
    later.drain(..count).for_each(|(_, part)| lead.merge(&part));
}

/// The ranges of both; an error where they meet.
fn joined_ranges(a: &[Range<u64>], b: &[Range<u64>]) -> Result<Vec<Range<u64>>, PartError> {
    let mut all: Vec<Range<u64>> = a.iter().chain(b).cloned().collect();
    all.sort_unstable_by_key(|range| range.start);
    let mut joined: Vec<Range<u64>> = Vec::with_capacity(all.len());
    for range in all {
        match joined.last_mut() {
            Some(last) if range.start < last.end => {
                let end = last.end.min(range.end);
                return Err(PartError(format!(
                    "two parts that are not the same know the stripes {} to {}",
                    range.start,
                    end - 1
                )));
            }
            Some(last) if range.start == last.end => last.end = range.end,
            _ => joined.push(range),
        }
    }
    Ok(joined)
}

/// Reads these stripes of a tensor, and nothing else if its values are contiguous. The same stripes
/// give the same part with any number of threads, and parts of all stripes merge, in any order, to
/// the same whole.
///
/// # Errors
/// Returns an error if the tensor has no such stripes, its bytes cannot be read, or the work was
/// cancelled.
pub fn summarize_part(
    tensor: &Tensor,
    stripes: Range<u64>,
    work: Work<'_>,
) -> Result<SummaryPart, TensorError> {
    let folding = Folding::of(tensor);
    if stripes.start > stripes.end || stripes.end > folding.stripes() {
        return Err(tensor.shape_error(format!(
            "the stripes {} to {} are asked for, it has {}",
            stripes.start,
            stripes.end,
            folding.stripes()
        )));
    }
    if stripes.is_empty() {
        return Ok(SummaryPart::empty(folding));
    }
    let (layout, _) = Layout::memory_order(tensor.view());
    let source = Source::untold(tensor);
    let range = stripes.start * STRIPE..folding.elements.min(stripes.end * STRIPE);
    match layout.stretch(&range) {
        Some(stretch) => source.tell_of([stretch].into_iter()),
        None if stripes == (0..folding.stripes()) => source.tell(),
        None => {}
    }
    Ok(match folding.is_few() {
        true => {
            SummaryPart::of_few(folding, sorted(tensor, &source, &layout, folding.elements, work)?)
        }
        false => {
            let seen = counted(tensor, &source, &layout, stripes.clone(), work)?;
            SummaryPart::of_many(folding, stripes, seen)
        }
    })
}

/// What is kept of few values, which come in rising order.
fn few(sorted: Vec<f64>) -> SeenPart {
    let mut values: Vec<(f64, u64)> = Vec::new();
    let (mut nan, mut pos_inf, mut neg_inf) = (0, 0, 0);
    for value in sorted {
        match value {
            value if value.is_nan() => nan += 1,
            f64::INFINITY => pos_inf += 1,
            f64::NEG_INFINITY => neg_inf += 1,
            value => match values.last_mut() {
                Some(last) if last.0 == value => last.1 += 1,
                // Negative zero becomes plain zero.
                _ => values.push((value + 0.0, 1)),
            },
        }
    }
    SeenPart::Few { values, nan, pos_inf, neg_inf }
}
