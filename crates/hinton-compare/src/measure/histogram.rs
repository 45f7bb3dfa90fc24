//! Histograms of differences by magnitude, and of the values of one side against the other.

/// Number of cells along each side of a joint histogram.
pub const JOINT: usize = 64;
/// Upper bits of an `f32` that number a bin: sign, exponent and the first three bits behind it.
const BITS: u32 = 12;
/// Number of bins.
pub(super) const BINS: usize = 1 << BITS;

/// A histogram of signed differences, with eight bins per octave.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Histogram {
    counts: Vec<u64>,
}

/// A bin of a [`Histogram`]: differences from `low` to `high`, both of the same sign or zero.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Bin {
    /// The bound nearer to minus infinity.
    pub low: f64,
    /// The other bound.
    pub high: f64,
    /// Number of differences.
    pub count: u64,
}

impl Default for Histogram {
    fn default() -> Self {
        Histogram { counts: vec![0; BINS] }
    }
}

/// Counters that a [`Histogram`] is made of: several for each bin, one beside the other, because neighbours
/// often fall into one bin and an addition would wait for the one before.
pub(super) struct Counter {
    counts: Vec<u64>,
}

/// Counters of a bin.
const COUNTERS: usize = 4;

impl Default for Counter {
    fn default() -> Self {
        Counter { counts: vec![0; BINS * COUNTERS] }
    }
}

impl Counter {
    pub(super) fn add(&mut self, differences: &[f32]) {
        let Some(counts) = self.counts.first_chunk_mut::<{ BINS * COUNTERS }>() else { return };
        let bin = |difference: f32| (difference.to_bits() >> (32 - BITS)) as usize;
        let (whole, rest) = differences.as_chunks::<COUNTERS>();
        for values in whole {
            for (counter, &value) in values.iter().enumerate() {
                counts[bin(value) * COUNTERS + counter] += 1;
            }
        }
        for &value in rest {
            counts[bin(value) * COUNTERS] += 1;
        }
    }

    pub(super) fn add_zeros(&mut self, count: u64) {
        self.counts[0] += count;
    }

    /// What was counted.
    pub(super) fn histogram(&self) -> Histogram {
        let (bins, _) = self.counts.as_chunks::<COUNTERS>();
        Histogram { counts: bins.iter().map(|bin| bin.iter().sum()).collect() }
    }
}

impl Histogram {
    /// Adds the counts of another histogram.
    pub fn merge(&mut self, other: &Histogram) {
        for (count, more) in self.counts.iter_mut().zip(&other.counts) {
            *count += more;
        }
    }

    /// Number of differences counted.
    pub fn total(&self) -> u64 {
        self.counts.iter().sum()
    }

    /// The bins that are not empty, from the most negative difference to the most positive. Zeros
    /// of either sign and magnitudes below 2^-126 are one bin from 0 to 0.
    pub fn bins(&self) -> Vec<Bin> {
        let half = BINS / 2;
        // The lowest eight bins of either sign hold zero and subnormal numbers.
        let tiny = 8;
        let zeros: u64 = [0, half].iter().flat_map(|from| &self.counts[*from..from + tiny]).sum();
        let bounds = |index: usize| {
            let at = |index: usize| f64::from(f32::from_bits((index as u32) << (32 - BITS)));
            let high = if index + 1 >= (0xFF << 3) { f64::from(f32::MAX) } else { at(index + 1) };
            (at(index), high)
        };
        let negative = (half + tiny..BINS).rev().map(|index| {
            let (low, high) = bounds(index - half);
            Bin { low: -high, high: -low, count: self.counts[index] }
        });
        let positive = (tiny..half).map(|index| {
            let (low, high) = bounds(index);
            Bin { low, high, count: self.counts[index] }
        });
        let zero = std::iter::once(Bin { low: 0.0, high: 0.0, count: zeros });
        negative.chain(zero).chain(positive).filter(|bin| bin.count > 0).collect()
    }
}

/// A joint histogram of the values of two tensors at the same positions: [`JOINT`] by [`JOINT`]
/// cells in equal steps from `-range` to `range` on both sides. Values outside count in the
/// outermost cells.
#[derive(Debug, Clone, PartialEq)]
pub struct Joint {
    /// The bound of the cells.
    pub range: f64,
    /// `counts[i * 64 + j]` is the number of positions with the first value in step `i` and the
    /// second in step `j`; steps are counted from `-range`.
    pub counts: Vec<u64>,
    /// One in `every` blocks of 2,048 values was counted; 1 means all.
    pub every: u64,
}

impl Joint {
    pub(super) fn new(range: f64, every: u64) -> Self {
        Joint { range, counts: vec![0; JOINT * JOINT], every }
    }

    pub(super) fn add(&mut self, a: &[f32], b: &[f32]) {
        let scale = (JOINT as f64 / 2.0 / self.range) as f32;
        for (&a, &b) in a.iter().zip(b) {
            self.counts[step(a, scale) * JOINT + step(b, scale)] += 1;
        }
    }

    pub(super) fn merge(&mut self, other: &Joint) {
        for (count, more) in self.counts.iter_mut().zip(&other.counts) {
            *count += more;
        }
    }
}

/// The step of a finite value.
fn step(value: f32, scale: f32) -> usize {
    let place = value * scale + (JOINT / 2) as f32;
    // What is below zero becomes zero.
    (place as usize).min(JOINT - 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bins_hold_what_they_say() {
        let mut counter = Counter::default();
        let values = [0.0, -0.0, 1e-40, 0.25, -0.25, 3e38, -1.0, 1.0, 1.05, 1.126];
        counter.add(&values);
        counter.add_zeros(2);
        let histogram = counter.histogram();
        assert_eq!(histogram.total(), 12);
        let bins = histogram.bins();
        assert!(bins.is_sorted_by(|a, b| a.high <= b.low), "{bins:?}");
        let zero = bins.iter().find(|bin| bin.low == 0.0 && bin.high == 0.0).unwrap();
        assert_eq!(zero.count, 5);
        for value in [0.25f64, -0.25, -1.0, 1.0, 1.05, f64::from(3e38f32)] {
            let holds = |bin: &&Bin| bin.low <= value && value <= bin.high && bin.low != bin.high;
            assert!(bins.iter().any(|bin| holds(&bin)), "{value}");
        }
        let one = bins.iter().find(|bin| bin.low == 1.0).unwrap();
        assert_eq!((one.high, one.count), (1.125, 2));
    }

    #[test]
    fn joint_cells_are_steps_and_ends_catch_the_rest() {
        let mut joint = Joint::new(2.0, 1);
        joint.add(&[-2.0, 0.0, 1.99, 9.0], &[-9.0, 0.0, -1.99, 9.0]);
        for (i, j) in [(0, 0), (32, 32), (63, 0), (63, 63)] {
            assert_eq!(joint.counts[i * JOINT + j], 1, "{i} {j}");
        }
    }
}
