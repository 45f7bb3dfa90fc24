//! Count, mean, squared deviations and sum of magnitudes, in mergeable blocks.

/// Values of a block: sums inside a block are taken in one go, blocks merge one by one. Fixed, so
/// that the number of threads changes no bit.
pub(crate) const BLOCK: usize = 2048;

/// Magnitudes whose squares neither overflow nor vanish in `f64`; others are scaled first.
const LARGEST_PLAIN: f64 = 1e140;
const SMALLEST_PLAIN: f64 = 1e-120;
/// The power of two by which others are scaled. The largest `f64`, about 2^1024, becomes 2^424 and
/// the smallest, 2^-1074, becomes 2^-474: squares of both, and sums of them, stay in range.
const SCALE: i32 = 600;

/// Moments of finite values, those divided by 2^`scale`.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub(crate) struct Moments {
    pub(crate) count: u64,
    mean: f64,
    /// What the mean has beyond the last bit of `mean`: values may lie far from zero and close to
    /// each other, and then this is what their deviations hang on.
    rest: f64,
    /// Sum of squared deviations from the mean.
    m2: f64,
    /// Sum of magnitudes.
    abs: f64,
    scale: i32,
}

impl Moments {
    /// Adds others, by the formula of Chan, Golub and LeVeque (1979).
    pub(crate) fn merge(&mut self, other: &Moments) {
        if other.count == 0 {
            return;
        }
        if self.count == 0 {
            *self = *other;
            return;
        }
        // Zeros fit any scale.
        let scale = match (self.abs == 0.0, other.abs == 0.0) {
            (true, _) => other.scale,
            (_, true) => self.scale,
            _ => self.scale.max(other.scale),
        };
        let (mine, theirs) = (self.scaled(scale), other.scaled(scale));
        let (a, b) = (mine.count as f64, theirs.count as f64);
        let delta = (theirs.mean - mine.mean) + (theirs.rest - mine.rest);
        let share = b / (a + b);
        let (mean, rest) = sum_and_rest(mine.mean, mine.rest + delta * share);
        *self = Moments {
            count: mine.count.saturating_add(theirs.count),
            mean,
            rest,
            m2: mine.m2 + theirs.m2 + delta * delta * a * share,
            abs: mine.abs + theirs.abs,
            scale,
        };
    }

    /// As numbers: mean, its rest, squared deviations, magnitudes; and the scale.
    pub(super) fn parts(&self) -> ([f64; 4], i32) {
        ([self.mean, self.rest, self.m2, self.abs], self.scale)
    }

    /// Of such numbers; `None` where no values have them.
    pub(super) fn of_parts(count: u64, numbers: [f64; 4], scale: i32) -> Option<Self> {
        let [mean, rest, m2, abs] = numbers;
        let is_sane = numbers.iter().all(|number| number.is_finite()) && m2 >= 0.0 && abs >= 0.0;
        let is_scale = [-SCALE, 0, SCALE].contains(&scale);
        (is_sane && is_scale).then_some(Moments { count, mean, rest, m2, abs, scale })
    }

    /// The same values `times` over.
    pub(crate) fn repeated(&self, times: u64) -> Self {
        Moments {
            count: self.count.saturating_mul(times),
            m2: self.m2 * times as f64,
            abs: self.abs * times as f64,
            ..*self
        }
    }

    /// Moments of values and how often each occurs. Deviations are taken from one of the values,
    /// then from their mean, with the correction of the two-pass formula (Chan, Golub and LeVeque,
    /// 1983), and every sum is compensated (Neumaier, 1974).
    pub(crate) fn of_counts(counts: &[(f64, u64)]) -> Self {
        let count: u64 = counts.iter().fold(0, |sum, &(_, n)| sum.saturating_add(n));
        let largest = counts.iter().fold(0.0, |largest: f64, &(value, _)| largest.max(value.abs()));
        let scale = scale_for(largest);
        let factor = power_of_two(-scale);
        let fold = |term: &dyn Fn(f64) -> f64| -> f64 {
            compensated(counts.iter().map(|&(value, n)| term(value * factor) * n as f64))
        };
        if count == 0 {
            return Moments::default();
        }
        let about = counts[counts.len() / 2].0 * factor;
        let off = fold(&|value| value - about) / count as f64;
        let squares = fold(&|value| (value - about - off) * (value - about - off));
        let left = fold(&|value| value - about - off);
        let m2 = (squares - left * (left / count as f64)).max(0.0);
        let (mean, rest) = sum_and_rest(about, off);
        Moments { count, mean, rest, m2, abs: fold(&f64::abs), scale }
    }

    pub(crate) fn mean(&self) -> f64 {
        self.mean * power_of_two(self.scale)
    }

    pub(crate) fn std(&self) -> f64 {
        (self.m2 / self.count as f64).sqrt() * power_of_two(self.scale)
    }

    pub(crate) fn l2(&self) -> f64 {
        (self.m2 + self.mean * self.mean * self.count as f64).sqrt() * power_of_two(self.scale)
    }

    pub(crate) fn sum_abs(&self) -> f64 {
        self.abs * power_of_two(self.scale)
    }

    pub(crate) fn mean_abs(&self) -> f64 {
        self.abs / self.count as f64 * power_of_two(self.scale)
    }

    fn scaled(&self, scale: i32) -> Moments {
        let factor = power_of_two(self.scale - scale);
        Moments {
            mean: self.mean * factor,
            rest: self.rest * factor,
            m2: self.m2 * factor * factor,
            abs: self.abs * factor,
            scale,
            ..*self
        }
    }
}

/// The sum of two numbers, rounded, and what rounding left out (Knuth's TwoSum).
fn sum_and_rest(a: f64, b: f64) -> (f64, f64) {
    let sum = a + b;
    let of_b = sum - a;
    let rest = (a - (sum - of_b)) + (b - of_b);
    (sum, if rest.is_finite() { rest } else { 0.0 })
}

/// A sum that keeps what each addition rounds off.
fn compensated(terms: impl Iterator<Item = f64>) -> f64 {
    let (sum, lost) = terms.fold((0.0, 0.0), |(sum, lost), term| {
        let (sum, rest) = sum_and_rest(sum, term);
        (sum, lost + rest)
    });
    sum + lost
}

fn scale_for(largest: f64) -> i32 {
    if largest > LARGEST_PLAIN {
        SCALE
    } else if largest < SMALLEST_PLAIN && largest > 0.0 {
        -SCALE
    } else {
        0
    }
}

/// 2^`exponent`; zero below the exponents of normal `f64`, so that what is scaled so far down (the
/// smallest values beside the largest) counts as nothing.
fn power_of_two(exponent: i32) -> f64 {
    match u64::try_from(1023 + exponent) {
        Ok(biased) if biased > 0 => f64::from_bits(biased.min(2047) << 52),
        _ => 0.0,
    }
}

/// What one look at a block tells.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Block {
    pub(crate) moments: Moments,
    pub(crate) min: f64,
    pub(crate) max: f64,
    pub(crate) zeros: u64,
}

/// One pass over finite values; of others, `None`. At most [`BLOCK`] of them.
///
/// Sums are taken about the first value: it is one of the values, so that what cancels is at most
/// `count` times the variance, and one pass is as good as two.
pub(crate) fn block<T: Value>(values: &[T]) -> Option<Block> {
    let Some(&first) = values.first() else {
        let (min, max) = (f64::INFINITY, f64::NEG_INFINITY);
        return Some(Block { moments: Moments::default(), min, max, zeros: 0 });
    };
    let about = first.wide();
    let [sum, squares, abs] = sums(values, about);
    // Finite values can have an infinite sum too.
    if !abs.is_finite() && !values.iter().all(|value| value.wide().is_finite()) {
        return None;
    }
    let (min, max) = ends(values, first);
    let (min, max) = (min.wide(), max.wide());
    let zeros = zeros(values);
    let largest = min.abs().max(max.abs());
    if scale_for(largest) != 0 {
        // Rare: once more, with care. Values count once each.
        let counts: Vec<(f64, u64)> = values.iter().map(|value| (value.wide(), 1)).collect();
        return Some(Block { moments: Moments::of_counts(&counts), min, max, zeros });
    }
    let count = values.len() as f64;
    let m2 = (squares - sum * (sum / count)).max(0.0);
    let (mean, rest) = sum_and_rest(about, sum / count);
    let moments = Moments { count: values.len() as u64, mean, rest, m2, abs, scale: 0 };
    Some(Block { moments, min, max, zeros })
}

/// Sums of the values less `about`, of its squares, and of the values' magnitudes.
fn sums<T: Value>(values: &[T], about: f64) -> [f64; 3] {
    let (chunks, rest) = values.as_chunks();
    let [mut sum, mut squares, mut abs] = sums_in_lanes(chunks, about);
    for (lane, value) in rest.iter().enumerate() {
        let off = value.wide() - about;
        sum[lane] += off;
        squares[lane] += off * off;
        abs[lane] += value.wide().abs();
    }
    [sum.iter().sum(), squares.iter().sum(), abs.iter().sum()]
}

/// The least and the greatest value.
fn ends<T: Value>(values: &[T], first: T) -> (T, T) {
    let (chunks, rest) = values.as_chunks();
    let [min, max] = ends_in_lanes(chunks, first);
    let min = min.iter().chain(rest).fold(first, |a, &b| if b < a { b } else { a });
    let max = max.iter().chain(rest).fold(first, |a, &b| if b > a { b } else { a });
    (min, max)
}

/// Lanes of the sums. Fixed, as part of the order of additions.
const SUM_LANES: usize = 4;
/// Lanes of the extremes.
const END_LANES: usize = 16;

// The next two are compiled to vectors as they stand: a function of its own, a plain loop for each
// step, the lanes handed back as they are. Written otherwise they were up to eight times slower.

#[inline(never)]
fn sums_in_lanes<T: Value>(chunks: &[[T; SUM_LANES]], about: f64) -> [[f64; SUM_LANES]; 3] {
    let mut sum = [0.0; SUM_LANES];
    let mut squares = [0.0; SUM_LANES];
    let mut abs = [0.0; SUM_LANES];
    for chunk in chunks {
        let mut value = [0.0; SUM_LANES];
        let mut off = [0.0; SUM_LANES];
        for lane in 0..SUM_LANES {
            value[lane] = chunk[lane].wide();
        }
        for lane in 0..SUM_LANES {
            off[lane] = value[lane] - about;
        }
        for lane in 0..SUM_LANES {
            sum[lane] += off[lane];
        }
        for lane in 0..SUM_LANES {
            squares[lane] += off[lane] * off[lane];
        }
        for lane in 0..SUM_LANES {
            abs[lane] += value[lane].abs();
        }
    }
    [sum, squares, abs]
}

#[inline(never)]
fn ends_in_lanes<T: Value>(chunks: &[[T; END_LANES]], first: T) -> [[T; END_LANES]; 2] {
    let mut min = [first; END_LANES];
    let mut max = [first; END_LANES];
    for chunk in chunks {
        for lane in 0..END_LANES {
            min[lane] = if chunk[lane] < min[lane] { chunk[lane] } else { min[lane] };
        }
        for lane in 0..END_LANES {
            max[lane] = if chunk[lane] > max[lane] { chunk[lane] } else { max[lane] };
        }
    }
    [min, max]
}

/// How many values are zero, of either sign.
#[inline(never)]
fn zeros<T: Value>(values: &[T]) -> u64 {
    // At most a block of values: no overflow.
    let zeros: u32 = values.iter().map(|value| u32::from(*value == T::default())).sum();
    u64::from(zeros)
}

/// A float that moments are taken of.
pub(crate) trait Value: Copy + PartialOrd + Default {
    /// The value, exactly.
    fn wide(self) -> f64;
}

impl Value for f32 {
    #[inline(always)]
    fn wide(self) -> f64 {
        f64::from(self)
    }
}

impl Value for f64 {
    #[inline(always)]
    fn wide(self) -> f64 {
        self
    }
}
