//! The inner loops: sums in a fixed number of lanes, so that vectors and plain code add in the same
//! order.

use hinton_tensor::simd::{self, Kernel};

/// Values looked at together.
pub(super) const BLOCK: usize = 2048;
/// Sums that run side by side: enough that an addition need not wait for the one before.
const LANES: usize = 16;

/// Sums over places whose values are finite on both sides.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(super) struct Sums {
    /// Σ a².
    pub(super) aa: f64,
    /// Σ b².
    pub(super) bb: f64,
    /// Σ a·b.
    pub(super) ab: f64,
    /// Σ (b − a)².
    pub(super) dd: f64,
    /// Σ (b − a).
    pub(super) d: f64,
}

impl Sums {
    pub(super) fn add(&mut self, other: &Sums) {
        self.aa += other.aa;
        self.bb += other.bb;
        self.ab += other.ab;
        self.dd += other.dd;
        self.d += other.d;
    }

    /// Whether every sum is a number: no value was NaN or infinite, and no square too large.
    pub(super) fn is_finite(&self) -> bool {
        [self.aa, self.bb, self.ab, self.dd, self.d].iter().all(|sum| sum.is_finite())
    }
}

/// The sum of the squares of values.
pub(super) fn squares(a: &[f32]) -> f64 {
    // To choose a version takes longer than a few values.
    if a.len() < 8 * LANES { Squares(a).run::<false>() } else { simd::run(Squares(a)) }
}

/// What is counted in a block without NaN and infinities.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Counts {
    /// Places with the same bits.
    pub(super) equal: u32,
    /// Places that differ by at most one step of a dtype.
    pub(super) within: u32,
    /// Places whose values are of opposite sign.
    pub(super) flips: u32,
}

/// What one block of both sides holds.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Found {
    pub(super) sums: Sums,
    pub(super) counts: Counts,
    /// The largest magnitude of a difference; means nothing where a value is NaN.
    pub(super) largest: f32,
}

/// Looks at a block of values and writes `d[i] = b[i] - a[i]`, rounded to single precision. `step` is the
/// distance of neighbours at 1, `least` the smallest step there is.
pub(super) fn block(a: &[f32], b: &[f32], d: &mut [f32], step: f32, least: f32) -> Found {
    simd::run(Block { a, b, d, step, least })
}

/// Places whose magnitude is this, in order.
pub(super) fn places_of(magnitude: f32, d: &[f32]) -> impl Iterator<Item = usize> {
    const CHUNK: usize = 64;
    let is_it = move |value: &f32| value.abs() == magnitude;
    // Most chunks have none, which vectors find without looking for the place.
    let has_it = move |chunk: &[f32]| chunk.iter().fold(false, |any, value| any | is_it(value));
    let chunks = d.chunks(CHUNK).enumerate().filter(move |(_, chunk)| has_it(chunk));
    chunks.flat_map(move |(number, chunk)| {
        let places = chunk.iter().enumerate().filter(move |(_, value)| is_it(value));
        places.map(move |(place, _)| number * CHUNK + place)
    })
}

/// Adds the square of each to its own sum.
pub(super) fn add_squares(d: &[f32], sums: &mut [f64]) {
    simd::run(AddSquares { d, sums });
}

#[derive(Clone)]
struct Squares<'v>(&'v [f32]);

impl Kernel for Squares<'_> {
    type Output = f64;

    #[inline(always)]
    fn run<const WIDE: bool>(self) -> f64 {
        summed(self.0, self.0, |value, _| value * value)
    }
}

struct AddSquares<'v> {
    d: &'v [f32],
    sums: &'v mut [f64],
}

impl Kernel for AddSquares<'_> {
    type Output = ();

    #[inline(always)]
    fn run<const WIDE: bool>(self) {
        for (&d, sum) in self.d.iter().zip(self.sums) {
            *sum += f64::from(d) * f64::from(d);
        }
    }
}

struct Block<'v> {
    a: &'v [f32],
    b: &'v [f32],
    d: &'v mut [f32],
    step: f32,
    least: f32,
}

impl Kernel for Block<'_> {
    type Output = Found;

    #[inline(always)]
    fn run<const WIDE: bool>(self) -> Found {
        let Block { a, b, d, step, least } = self;
        let sums = sums(a, b, d);
        Found { sums, counts: counts(a, b, d, step, least), largest: largest(d) }
    }
}

/// Values side by side, one for each sum that runs.
type Lanes = [f64; LANES];

/// The sums of one block, and `d[i] = b[i] - a[i]`.
///
/// A loop for each: together they are faster than one loop with five sums, whose lanes a compiler weaves
/// into each other.
#[inline(always)]
fn sums(a: &[f32], b: &[f32], d: &mut [f32]) -> Sums {
    for ((&a, &b), d) in a.iter().zip(b).zip(d) {
        *d = (f64::from(b) - f64::from(a)) as f32;
    }
    Sums {
        aa: summed(a, a, |a, _| a * a),
        bb: summed(b, b, |b, _| b * b),
        ab: summed(a, b, |a, b| a * b),
        dd: summed(a, b, |a, b| (b - a) * (b - a)),
        d: summed(a, b, |a, b| b - a),
    }
}

/// The sum of what is made of each pair of values.
#[inline(always)]
fn summed(a: &[f32], b: &[f32], of: impl Fn(f64, f64) -> f64) -> f64 {
    let mut lanes: Lanes = [0.0; LANES];
    let (whole_a, rest_a) = a.as_chunks::<LANES>();
    let (whole_b, rest_b) = b.as_chunks::<LANES>();
    for (a, b) in whole_a.iter().zip(whole_b) {
        for (lane, (&a, &b)) in lanes.iter_mut().zip(a.iter().zip(b)) {
            *lane += of(f64::from(a), f64::from(b));
        }
    }
    for (lane, (&a, &b)) in lanes.iter_mut().zip(rest_a.iter().zip(rest_b)) {
        *lane += of(f64::from(a), f64::from(b));
    }
    total(&lanes)
}

/// The sum of all lanes, in a fixed order. A call of its own: beside a loop its pairs would have the compiler
/// cut the loop's vectors up.
#[inline(never)]
fn total(lanes: &Lanes) -> f64 {
    let mut lanes = *lanes;
    let mut count = LANES;
    while count > 1 {
        count /= 2;
        for lane in 0..count {
            lanes[lane] += lanes[lane + count];
        }
    }
    lanes[0]
}

#[inline(always)]
fn counts(a: &[f32], b: &[f32], d: &[f32], step: f32, least: f32) -> Counts {
    let mut counts = Counts::default();
    for ((&a, &b), &d) in a.iter().zip(b).zip(d) {
        let larger = (a.to_bits() & 0x7FFF_FFFF).max(b.to_bits() & 0x7FFF_FFFF);
        let one = f32::from_bits(larger & 0x7F80_0000) * step;
        let one = if one > least { one } else { least };
        counts.equal += u32::from(a.to_bits() == b.to_bits());
        counts.within += u32::from(d.abs() <= one);
        counts.flips += u32::from((a > 0.0) & (b < 0.0)) + u32::from((a < 0.0) & (b > 0.0));
    }
    counts
}

/// The largest magnitude; without NaN.
#[inline(always)]
fn largest(d: &[f32]) -> f32 {
    // Magnitudes of numbers are ordered as their bits are.
    let bits = |value: &f32| value.to_bits() & 0x7FFF_FFFF;
    f32::from_bits(d.iter().map(bits).fold(0, u32::max))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_version_gives_the_same_bits() {
        let value = |index: usize| ((index * 2_654_435_761) % 10_007) as f32 / 997.0 - 5.0;
        let a: Vec<f32> = (0..BLOCK - 3).map(value).collect();
        let b: Vec<f32> = (0..BLOCK - 3).map(|index| value(index + index % 2)).collect();
        let mut d = vec![0.0; a.len()];
        let first = block(&a, &b, &mut d, 1.0 / 128.0, 1e-40);
        assert!(first.counts.equal > 0 && first.counts.flips > 0 && first.largest > 0.0);
        for (name, found) in simd::run_all(Squares(&a)) {
            assert_eq!(found.to_bits(), squares(&a).to_bits(), "{name}");
        }
        let plain: f64 = a.iter().zip(&b).map(|(&a, &b)| f64::from(a) * f64::from(b)).sum();
        assert!((first.sums.ab - plain).abs() < 1e-9 * plain.abs());
        let mut other = vec![0.0; a.len()];
        let kernel = Block { a: &a, b: &b, d: &mut other, step: 1.0 / 128.0, least: 1e-40 };
        assert_eq!(kernel.run::<false>(), first);
        assert_eq!(other, d);
    }
}
