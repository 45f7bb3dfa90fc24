//! The loops over values: sums in fixed lanes, so that vectors and plain code add in one order.

/// Values looked at together.
pub(super) const BLOCK: usize = 2048;
/// Sums that run side by side.
const LANES: usize = 8;

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

/// Σ a², for places where both sides are equal.
pub(super) fn squares(a: &[f32]) -> f64 {
    let mut lanes = [0.0f64; LANES];
    let (whole, rest) = a.as_chunks::<LANES>();
    for values in whole {
        for (lane, &value) in lanes.iter_mut().zip(values) {
            *lane += f64::from(value) * f64::from(value);
        }
    }
    for (lane, &value) in lanes.iter_mut().zip(rest) {
        *lane += f64::from(value) * f64::from(value);
    }
    total(lanes)
}

/// The sums of one block, and `d[i] = b[i] - a[i]`.
pub(super) fn sums(a: &[f32], b: &[f32], d: &mut [f32]) -> Sums {
    let mut lanes = [[0.0f64; LANES]; 5];
    let mut add = |a: &[f32], b: &[f32], d: &mut [f32]| {
        for (index, ((&a, &b), d)) in a.iter().zip(b).zip(d).enumerate() {
            let (wide_a, wide_b) = (f64::from(a), f64::from(b));
            let off = wide_b - wide_a;
            *d = off as f32;
            lanes[0][index] += wide_a * wide_a;
            lanes[1][index] += wide_b * wide_b;
            lanes[2][index] += wide_a * wide_b;
            lanes[3][index] += off * off;
            lanes[4][index] += off;
        }
    };
    let (whole_a, rest_a) = a.as_chunks::<LANES>();
    let (whole_b, rest_b) = b.as_chunks::<LANES>();
    let (whole_d, rest_d) = d.as_chunks_mut::<LANES>();
    for ((a, b), d) in whole_a.iter().zip(whole_b).zip(whole_d) {
        add(a, b, d);
    }
    add(rest_a, rest_b, rest_d);
    let [aa, bb, ab, dd, d] = lanes.map(total);
    Sums { aa, bb, ab, dd, d }
}

fn total(lanes: [f64; LANES]) -> f64 {
    let [a, b, c, d, e, f, g, h] = lanes;
    ((a + e) + (b + f)) + ((c + g) + (d + h))
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

/// Counts a block; `step` is the distance of neighbours at 1, `least` the smallest step there is.
pub(super) fn counts(a: &[f32], b: &[f32], d: &[f32], step: f32, least: f32) -> Counts {
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
pub(super) fn largest(d: &[f32]) -> f32 {
    let mut lanes = [0.0f32; LANES];
    let (whole, rest) = d.as_chunks::<LANES>();
    for values in whole {
        for (lane, value) in lanes.iter_mut().zip(values) {
            let value = value.abs();
            *lane = if value > *lane { value } else { *lane };
        }
    }
    let most = lanes.iter().copied().fold(0.0f32, f32::max);
    rest.iter().map(|value| value.abs()).fold(most, f32::max)
}

/// Σ d² of a run of values.
pub(super) fn squared(d: &[f32]) -> f64 {
    squares(d)
}

/// Adds the square of each to its own sum.
pub(super) fn add_squares(d: &[f32], sums: &mut [f64]) {
    for (&d, sum) in d.iter().zip(sums) {
        *sum += f64::from(d) * f64::from(d);
    }
}
