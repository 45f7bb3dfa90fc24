//! Statistics of a tensor's values, from one pass, mergeable.
//!
//! Counts, minimum, maximum and the sums are of every value. Quantiles and histograms come from a
//! table of 65,536 counts. For dtypes of at most 16 bits that is one count for each pattern, so
//! everything is exact. For wider ones it is the upper 16 bits of the value as `f32`: bins at most
//! 2^-7 (0.8 %) of the value wide; magnitudes that `f32` has not as normal numbers have bins as
//! wide, in a table of their own. Subnormal numbers of `f32` below 1e-40 count as zero. Where every value is such a bin's edge (small integers, bfloat16 kept as
//! `f32`), and for tensors of few values, wider dtypes are exact too.

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

/// Tensors of at most so many values are sorted instead of counted in a table.
pub(crate) const FEW: u64 = 4096;
/// Values of a stripe; a multiple of a block of moments, and part of their order.
const STRIPE: u64 = 128 << 10;

/// What the values of a tensor are like. Figures are over the *finite* values, as `f64` (64-bit
/// integers past 2^53 are rounded to it, complex values count by their magnitude); NaN and
/// infinities are counted beside them.
#[derive(Debug, Clone, PartialEq)]
pub struct Summary {
    /// All values.
    pub elements: u64,
    /// Values that are not a number.
    pub nan: u64,
    /// Values that are +∞.
    pub pos_inf: u64,
    /// Values that are −∞.
    pub neg_inf: u64,
    /// Values that are exactly zero (of either sign).
    pub zeros: u64,
    min: f64,
    max: f64,
    moments: Moments,
    distribution: Distribution,
}

impl Summary {
    /// No values yet.
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

    /// Values that are finite.
    pub fn finite(&self) -> u64 {
        self.elements - self.nan - self.pos_inf - self.neg_inf
    }

    /// Smallest finite value; `None` where there is none.
    pub fn min(&self) -> Option<f64> {
        (self.finite() > 0).then_some(self.min)
    }

    /// Largest finite value; `None` where there is none.
    pub fn max(&self) -> Option<f64> {
        (self.finite() > 0).then_some(self.max)
    }

    /// Mean of the finite values; `None` where there is none.
    pub fn mean(&self) -> Option<f64> {
        Some(self.moments.mean().clamp(self.min()?, self.max()?))
    }

    /// Population standard deviation of the finite values (numpy's `std`); `None` where there is
    /// none.
    pub fn std(&self) -> Option<f64> {
        // The sums of equal values are rounded; their spread is not.
        let spread = if self.min == self.max { 0.0 } else { self.moments.std() };
        (self.finite() > 0).then_some(spread)
    }

    /// Kurtosis of the finite values: the mean of ((x − mean) / std)⁴, 3 for a normal distribution
    /// (not less 3, as some define it). `None` where there is no value, no spread, or no table of
    /// values. Where quantiles are [exact](Summary::is_exact), so is it but for rounding; else values count as the middle of
    /// their bin, which is off by less than 3 %.
    pub fn kurtosis(&self) -> Option<f64> {
        let (mean, std) = (self.mean()?, self.std().filter(|&std| std > 0.0)?);
        let fourth = |value: f64| {
            let square = (value - mean) / std * ((value - mean) / std);
            square * square
        };
        let (sum, count) = self.distribution.sum_of(fourth);
        (count == self.finite()).then(|| sum / count as f64)
    }

    /// Euclidean norm of the finite values: sqrt(Σ x²); `None` where there is none. Infinite only
    /// where the norm itself passes the range of `f64`.
    pub fn l2(&self) -> Option<f64> {
        (self.finite() > 0).then(|| self.moments.l2())
    }

    /// Root mean square of the finite values: sqrt(Σ x² / n); `None` where there is none.
    pub fn rms(&self) -> Option<f64> {
        let finite = self.finite() as f64;
        let rms = self.l2()? / finite.sqrt();
        // The norm may pass the range of `f64` where the mean square does not.
        Some(if rms.is_finite() { rms } else { self.max_abs()? })
    }

    /// Sum of the magnitudes of the finite values: Σ |x|, the L1 norm; `None` where there is none.
    pub fn sum_abs(&self) -> Option<f64> {
        (self.finite() > 0).then(|| self.moments.sum_abs())
    }

    /// Mean magnitude of the finite values; `None` where there is none.
    pub fn mean_abs(&self) -> Option<f64> {
        (self.finite() > 0).then(|| self.moments.mean_abs())
    }

    /// Largest magnitude of a finite value; `None` where there is none.
    pub fn max_abs(&self) -> Option<f64> {
        Some(self.min()?.abs().max(self.max()?.abs()))
    }

    /// The `q` quantile (0 to 1) of the finite values, by numpy's `linear` method; `None` where
    /// there is none, and for a `q` outside 0 to 1.
    ///
    /// Exact where [`is_exact`](Summary::is_exact), else within a bin (0.8 % of the value). The
    /// quantiles 0 and 1 are the exact minimum and maximum.
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

    /// How many finite values have a magnitude in `(0, limit)`. Exact where
    /// [`is_exact`](Summary::is_exact), and where `limit` is a power of two that `f32` has; else the
    /// bin that holds the limit counts in part.
    pub fn smaller_than(&self, limit: f64) -> u64 {
        self.distribution.within(limit).saturating_sub(self.zeros)
    }

    /// How many finite values have a magnitude of `limit` or more; exact as
    /// [`smaller_than`](Summary::smaller_than).
    pub fn at_least(&self, limit: f64) -> u64 {
        self.finite().saturating_sub(self.distribution.within(limit))
    }

    /// Whether quantiles and histograms are exact (dtypes of at most 16 bits, few values, or few
    /// different simple ones); else they are within 0.8 % of the value.
    pub fn is_exact(&self) -> bool {
        matches!(self.distribution, Distribution::Values(_))
    }

    /// Counts of finite values in `bins` equal bins over `[low, high]`, both ends included (a value
    /// on an edge counts above it, as numpy's `histogram`); values outside are not counted. All
    /// zero where the range is empty or not finite.
    pub fn histogram(&self, low: f64, high: f64, bins: usize) -> Vec<u64> {
        let mut counts = vec![0; bins];
        if bins > 0 && low <= high && low.is_finite() && high.is_finite() && self.finite() > 0 {
            self.distribution.histogram((low, high), &mut counts, (self.min, self.max));
        }
        counts
    }

    /// Counts of finite values that are whole numbers, in at most `most` bins from the least to the
    /// greatest, see [`whole_bins`]; no bin where there is no finite value.
    pub fn integer_histogram(&self, most: usize) -> Vec<u64> {
        let (Some(min), Some(max)) = (self.min(), self.max()) else { return Vec::new() };
        // Past this whole numbers have no neighbour one away.
        if min.abs().max(max.abs()) >= (1u64 << 52) as f64 {
            return self.histogram(min, max, most);
        }
        let (low, high, bins) = whole_bins(min, max, most);
        self.histogram(low, high, bins)
    }

    /// Adds the values another summary has seen. Exact distributions stay exact while they hold at
    /// most 65,536 different values; else both are binned.
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

/// Equal bins for whole numbers from `low` to `high`, at most `most` of them: from where to where
/// they reach (half a number beyond the outermost) and how many. Each holds as many whole numbers as
/// the others, so that even counts look even.
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

/// One pass over all values of a tensor of any number of axes, in stripes on all threads.
///
/// Memory is one stripe per thread (up to 2 MB) and 48 bytes per 131,072 values. Where statistics came
/// with the tensor ([`Tensor::known`]), nothing is read.
///
/// # Errors
/// When its bytes cannot be read or the work is cancelled.
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
type Seen = (Counter, Vec<(u64, Moments)>);

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
