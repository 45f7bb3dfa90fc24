//! Statistics of a tensor's values, computed in one pass and mergeable.
//!
//! Counts, minimum, maximum and sums cover every value. Quantiles and histograms come from a table
//! of 65,536 counts. For dtypes of at most 16 bits there is one count per bit pattern, so
//! everything is exact. For wider dtypes the pattern is the upper 16 bits of the value as `f32`, so
//! bins are at most 2^-7 (0.8 %) of the value wide; values outside the normal range of `f32` have
//! bins of the same relative width in a separate table. Subnormal numbers of `f32` below 1e-40
//! count as zero. Wider dtypes are exact too if there are few values, or if every value is the edge
//! of a bin (small integers, bfloat16 stored as `f32`).

mod apart;
mod coded;
mod counter;
mod distribution;
mod moments;
mod part;
mod table;

pub(crate) use counter::Counter;
pub(crate) use moments::Moments;
pub use part::{Folding, PartError, SummaryPart, summarize_part};

use std::ops::Range;

use crate::decode::le;
use crate::read::{Layout, Piece, Source, for_each};
use crate::{Tensor, TensorError, Work};
use distribution::Distribution;

/// Tensors of at most this many values are sorted instead of counted in a table.
pub(crate) const FEW: u64 = 4096;
/// Values of a stripe; a multiple of a block of moments, and part of their order.
const STRIPE: u64 = 128 << 10;

/// Statistics of the values of a tensor.
///
/// They cover the *finite* values as `f64` (64-bit integers beyond 2^53 are rounded, complex values
/// count by their magnitude); non-finite values are counted separately.
#[derive(Debug, Clone, PartialEq)]
pub struct Summary {
    /// Number of values.
    pub elements: u64,
    /// Number of values that are NaN.
    pub nan: u64,
    /// Number of values that are +∞.
    pub pos_inf: u64,
    /// Number of values that are −∞.
    pub neg_inf: u64,
    /// Number of values that are exactly zero, of either sign.
    pub zeros: u64,
    min: f64,
    max: f64,
    moments: Moments,
    distribution: Distribution,
}

impl Summary {
    /// A summary of no values.
    pub fn empty() -> Self {
        Summary::of_counts([])
    }

    /// Of values and their counts; the finite ones in rising order.
    fn of_counts(counts: impl IntoIterator<Item = (f64, u64)>) -> Self {
        let (mut elements, mut nan, mut pos_inf, mut neg_inf) = (0, 0, 0, 0);
        let finite = counts.into_iter().filter(|&(value, count)| {
            elements += count;
            nan += if value.is_nan() { count } else { 0 };
            pos_inf += if value == f64::INFINITY { count } else { 0 };
            neg_inf += if value == f64::NEG_INFINITY { count } else { 0 };
            value.is_finite()
        });
        let mut finite: Vec<(f64, u64)> = finite.collect();
        finite.sort_by(|a, b| a.0.total_cmp(&b.0));
        let moments = Moments::of_counts(&finite);
        let zeros = finite.iter().filter(|(value, _)| *value == 0.0).map(|(_, count)| count).sum();
        let min = finite.first().map_or(f64::INFINITY, |first| first.0 + 0.0);
        let max = finite.last().map_or(f64::NEG_INFINITY, |last| last.0 + 0.0);
        let distribution = Distribution::of_sorted(finite);
        Summary { elements, nan, pos_inf, neg_inf, zeros, min, max, moments, distribution }
    }

    /// Number of finite values.
    pub fn finite(&self) -> u64 {
        self.elements - self.nan - self.pos_inf - self.neg_inf
    }

    /// Smallest finite value; `None` if there is none.
    pub fn min(&self) -> Option<f64> {
        (self.finite() > 0).then_some(self.min)
    }

    /// Largest finite value; `None` if there is none.
    pub fn max(&self) -> Option<f64> {
        (self.finite() > 0).then_some(self.max)
    }

    /// Mean of the finite values; `None` if there are none.
    pub fn mean(&self) -> Option<f64> {
        Some(self.moments.mean().clamp(self.min()?, self.max()?))
    }

    /// Population standard deviation of the finite values (numpy's `std`); `None` if there are
    /// none.
    pub fn std(&self) -> Option<f64> {
        // The sums of equal values are rounded; their spread is not.
        let spread = if self.min == self.max { 0.0 } else { self.moments.std() };
        (self.finite() > 0).then_some(spread)
    }

    /// Kurtosis of the finite values: the mean of ((x − mean) / std)⁴, which is 3 for a normal
    /// distribution (3 is not subtracted). `None` if there are no values, they are all equal, or
    /// quantiles were not requested. Where quantiles are [exact](Summary::is_exact), so is the
    /// kurtosis except for rounding; else each value counts as the middle of its bin, an error of
    /// less than 3 %.
    pub fn kurtosis(&self) -> Option<f64> {
        let (mean, std) = (self.mean()?, self.std().filter(|&std| std > 0.0)?);
        let fourth = |value: f64| {
            let square = (value - mean) / std * ((value - mean) / std);
            square * square
        };
        let (sum, count) = self.distribution.sum_of(fourth);
        (count == self.finite()).then(|| sum / count as f64)
    }

    /// Euclidean norm of the finite values: sqrt(Σ x²); `None` if there are none. Infinite only if
    /// the norm itself exceeds the range of `f64`.
    pub fn l2(&self) -> Option<f64> {
        (self.finite() > 0).then(|| self.moments.l2())
    }

    /// Root mean square of the finite values: sqrt(Σ x² / n); `None` if there are none.
    pub fn rms(&self) -> Option<f64> {
        let finite = self.finite() as f64;
        let rms = self.l2()? / finite.sqrt();
        // The norm may pass the range of `f64` where the mean square does not.
        Some(if rms.is_finite() { rms } else { self.max_abs()? })
    }

    /// Sum of the magnitudes of the finite values: Σ |x|, the L1 norm; `None` if there are none.
    pub fn sum_abs(&self) -> Option<f64> {
        (self.finite() > 0).then(|| self.moments.sum_abs())
    }

    /// Mean magnitude of the finite values; `None` if there are none.
    pub fn mean_abs(&self) -> Option<f64> {
        (self.finite() > 0).then(|| self.moments.mean_abs())
    }

    /// Largest magnitude of a finite value; `None` if there are none.
    pub fn max_abs(&self) -> Option<f64> {
        Some(self.min()?.abs().max(self.max()?.abs()))
    }

    /// The `q` quantile (0 to 1) of the finite values, by numpy's `linear` method; `None` if there
    /// are no values, or `q` is outside 0 to 1.
    ///
    /// Exact if [`is_exact`](Summary::is_exact), else accurate to one bin (0.8 % of the value). The
    /// quantiles 0 and 1 are always the exact minimum and maximum.
    pub fn quantile(&self, q: f64) -> Option<f64> {
        let (min, max) = (self.min()?, self.max()?);
        if !(0.0..=1.0).contains(&q) {
            return None;
        }
        let last = self.finite() - 1;
        let place = q * last as f64;
        let below = (place.floor() as u64).min(last);
        let above = below.saturating_add(1).min(last);
        let low = if below == 0 { min } else { self.distribution.at(below)? };
        let high = if above == last { max } else { self.distribution.at(above)? };
        let low = if below == last { max } else { low };
        let share = place - place.floor();
        let step = high - low;
        let value = if !step.is_finite() {
            // The difference of two f64 may pass what f64 holds.
            low * (1.0 - share) + high * share
        } else if share < 0.5 {
            low + step * share
        } else {
            // From the nearer end, as numpy.
            high - step * (1.0 - share)
        };
        Some(value.clamp(min, max))
    }

    /// Number of finite values with a magnitude in `(0, limit)`. Exact if
    /// [`is_exact`](Summary::is_exact), and if `limit` is a power of two that `f32` can represent;
    /// else the bin that contains the limit is counted in proportion.
    pub fn smaller_than(&self, limit: f64) -> u64 {
        self.distribution.within(limit).saturating_sub(self.zeros)
    }

    /// Number of finite values with a magnitude of at least `limit`; as exact as
    /// [`smaller_than`](Summary::smaller_than).
    pub fn at_least(&self, limit: f64) -> u64 {
        self.finite().saturating_sub(self.distribution.within(limit))
    }

    /// Whether quantiles and histograms are exact (dtypes of at most 16 bits, few values, or few
    /// different values); else they are accurate to 0.8 % of the value.
    pub fn is_exact(&self) -> bool {
        matches!(self.distribution, Distribution::Values(_))
    }

    /// Counts the finite values in `bins` equal bins over `[low, high]`, both ends inclusive. A
    /// value on an edge belongs to the bin above it, as in numpy's `histogram`; values outside are
    /// not counted. All counts are zero if the range is empty or not finite.
    pub fn histogram(&self, low: f64, high: f64, bins: usize) -> Vec<u64> {
        let mut counts = vec![0; bins];
        if bins > 0 && low <= high && low.is_finite() && high.is_finite() && self.finite() > 0 {
            self.distribution.histogram((low, high), &mut counts, (self.min, self.max));
        }
        counts
    }

    /// Counts finite values that are whole numbers, in at most `most` bins from the smallest to the
    /// largest, see [`whole_bins`]. No bins if there are no finite values.
    pub fn integer_histogram(&self, most: usize) -> Vec<u64> {
        let (Some(min), Some(max)) = (self.min(), self.max()) else { return Vec::new() };
        // Past this whole numbers have no neighbour one away.
        if min.abs().max(max.abs()) >= (1u64 << 52) as f64 {
            return self.histogram(min, max, most);
        }
        let (low, high, bins) = whole_bins(min, max, most);
        self.histogram(low, high, bins)
    }

    /// Adds the statistics of another summary. Exact distributions stay exact up to 65,536
    /// different values; beyond that, both are binned.
    pub fn merge(&mut self, other: &Summary) {
        self.elements = self.elements.saturating_add(other.elements);
        self.nan += other.nan;
        self.pos_inf += other.pos_inf;
        self.neg_inf += other.neg_inf;
        self.zeros += other.zeros;
        self.min = self.min.min(other.min);
        self.max = self.max.max(other.max);
        self.moments.merge(&other.moments);
        self.distribution.merge(&other.distribution);
    }

    /// The same values `times` over.
    pub(crate) fn repeat(&mut self, times: u64) {
        for count in [
            &mut self.elements,
            &mut self.nan,
            &mut self.pos_inf,
            &mut self.neg_inf,
            &mut self.zeros,
        ] {
            *count = count.saturating_mul(times);
        }
        self.moments = self.moments.repeated(times);
        self.distribution.repeat(times);
    }
}

/// Equal bins for whole numbers from `low` to `high`, at most `most` of them: the lower and upper
/// edge (half a number beyond the outermost values), and the number of bins. Each bin covers the
/// same number of whole numbers, so that even counts look even.
pub fn whole_bins(low: f64, high: f64, most: usize) -> (f64, f64, usize) {
    let (low, high) = (low.floor(), high.ceil());
    let numbers = high - low + 1.0;
    let narrowest = (numbers / most.max(1) as f64).ceil().max(1.0);
    // Of widths up to twice that, the one whose last bin lacks the fewest numbers.
    let lacks = |width: f64| (numbers / width).ceil() * width - numbers;
    let mut best = narrowest;
    for step in 1..=(narrowest.min(64.0) as usize) {
        let width = narrowest + step as f64;
        if lacks(width) < lacks(best) {
            best = width;
        }
    }
    let bins = (numbers / best).ceil();
    (low - 0.5, low - 0.5 + bins * best, bins as usize)
}

impl Default for Summary {
    fn default() -> Self {
        Summary::empty()
    }
}

/// Computes the statistics of a tensor with any number of axes, in one pass, in stripes on all
/// threads.
///
/// Needs memory for one stripe per thread (up to 2 MB) and 48 bytes per 131,072 values. If
/// statistics came with the tensor ([`Tensor::known`]), nothing is read.
///
/// # Errors
/// Returns an error if its bytes cannot be read or the work was cancelled.
pub fn summarize(tensor: &Tensor, work: Work<'_>) -> Result<Summary, TensorError> {
    if let Some(part) = tensor.known() {
        return Ok(part.summary());
    }
    let source = Source::new(tensor);
    let (layout, repeats) = Layout::memory_order(tensor.view());
    let elements = layout.elements();
    if tensor.elements() == 0 {
        return Ok(Summary::empty());
    }
    let mut summary = if elements <= FEW {
        of_few(tensor, &source, &layout, elements, work)?
    } else {
        of_many(tensor, &source, &layout, elements, work)?
    };
    if repeats > 1 {
        summary.repeat(repeats);
    }
    Ok(summary)
}

/// Few values: sorted, so exact and without a table.
fn of_few(
    tensor: &Tensor,
    source: &Source<'_>,
    layout: &Layout,
    elements: u64,
    work: Work<'_>,
) -> Result<Summary, TensorError> {
    let values = sorted(tensor, source, layout, elements, work)?;
    Ok(Summary::of_counts(values.into_iter().map(|value| (value, 1))))
}

/// The values of a small tensor, in rising order.
fn sorted(
    tensor: &Tensor,
    source: &Source<'_>,
    layout: &Layout,
    elements: u64,
    work: Work<'_>,
) -> Result<Vec<f64>, TensorError> {
    let found = for_each(1, false, work, Vec::new, |values, _| {
        let mut piece = Piece::default();
        layout.load(source, 0..elements, &mut piece)?;
        values.resize(elements as usize, 0.0);
        le::to_f64(tensor.dtype(), piece.bytes(), values);
        values.sort_unstable_by(f64::total_cmp);
        Ok(piece.bytes().len() as u64)
    })?;
    Ok(found.into_iter().next().unwrap_or_default())
}

fn of_many(
    tensor: &Tensor,
    source: &Source<'_>,
    layout: &Layout,
    elements: u64,
    work: Work<'_>,
) -> Result<Summary, TensorError> {
    let stripes = 0..elements.div_ceil(STRIPE);
    Ok(joined(counted(tensor, source, layout, stripes, work)?))
}

/// What a thread has seen: counts, and the moments of each stripe that has any.
pub(crate) type Seen = (Counter, Vec<(u64, Moments)>);

/// Folds those stripes of a tensor, the others unread.
fn counted(
    tensor: &Tensor,
    source: &Source<'_>,
    layout: &Layout,
    stripes: Range<u64>,
    work: Work<'_>,
) -> Result<Vec<Seen>, TensorError> {
    let elements = layout.elements();
    let state = || (Counter::new(tensor.dtype()), Piece::default(), Vec::new());
    let count = stripes.end.saturating_sub(stripes.start);
    let states = for_each(count, source.is_sequential(), work, state, |state, turn| {
        let (counter, piece, moments) = state;
        let index = stripes.start + turn.index;
        let first = index * STRIPE;
        layout.load(source, first..elements.min(first + STRIPE), piece)?;
        turn.pass();
        let part = counter.add(piece.bytes());
        if part.count > 0 {
            moments.push((index, part));
        }
        Ok(piece.bytes().len() as u64)
    })?;
    Ok(states.into_iter().map(|(counter, _, moments)| (counter, moments)).collect())
}

/// One summary of what threads have seen: counts in any order, moments in the order of stripes.
pub(crate) fn joined(states: impl IntoIterator<Item = Seen>) -> Summary {
    let (counters, stripes) = gathered(states);
    let mut moments = Moments::default();
    stripes.iter().for_each(|(_, part)| moments.merge(part));
    counters.map_or_else(Summary::empty, |counter| counter.summary(moments))
}

/// What threads have seen in all: counts, and moments in the order of stripes.
fn gathered(states: impl IntoIterator<Item = Seen>) -> (Option<Counter>, Vec<(u64, Moments)>) {
    let mut counters: Option<Counter> = None;
    let mut stripes = Vec::new();
    for (counter, moments) in states {
        stripes.extend(moments);
        match &mut counters {
            Some(all) => all.merge(&counter),
            None => counters = Some(counter),
        }
    }
    stripes.sort_unstable_by_key(|(index, _)| *index);
    (counters, stripes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_bin_holds_as_many_whole_numbers() {
        assert_eq!(whole_bins(0.0, 9.0, 100), (-0.5, 9.5, 10));
        assert_eq!(whole_bins(-127.0, 127.0, 100), (-127.5, 127.5, 85));
        assert_eq!(whole_bins(-128.0, 127.0, 71), (-128.5, 127.5, 64));
        assert_eq!(whole_bins(-8.0, 7.0, 16), (-8.5, 7.5, 16));
        assert_eq!(whole_bins(-127.0, 127.0, 16), (-127.5, 127.5, 15));
        assert_eq!(whole_bins(3.0, 3.0, 16), (2.5, 3.5, 1));
        let (low, high, bins) = whole_bins(0.0, 1e6, 100);
        assert!(bins <= 100 && low == -0.5 && high >= 1e6, "{low} {high} {bins}");
    }
}
