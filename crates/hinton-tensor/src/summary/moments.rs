//! Count, mean, squared deviations and sum of magnitudes, in blocks that merge.

/// Values of a block: sums inside a block are taken in one go, blocks merge one by one. Fixed, so
/// that the number of threads changes no bit.
pub(crate) const BLOCK: usize = 2048;

/// Lanes of the block sums. Fixed too: it is part of the order of additions.
const LANES: usize = 8;

/// Magnitudes whose squares neither overflow nor vanish in `f64`; others are scaled first.
const LARGEST_PLAIN: f64 = 1e140;
const SMALLEST_PLAIN: f64 = 1e-120;
/// The power of two by which others are scaled.
const SCALE: i32 = 500;

/// Moments of finite values, those divided by 2^`scale`.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub(crate) struct Moments {
    pub(crate) count: u64,
    mean: f64,
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
        let delta = theirs.mean - mine.mean;
        let share = b / (a + b);
        *self = Moments {
            count: mine.count.saturating_add(theirs.count),
            mean: mine.mean + delta * share,
            m2: mine.m2 + theirs.m2 + delta * delta * a * share,
            abs: mine.abs + theirs.abs,
            scale,
        };
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

    /// Moments of values and how often each occurs.
    pub(crate) fn of_counts(counts: &[(f64, u64)]) -> Self {
        let count: u64 = counts.iter().fold(0, |sum, &(_, n)| sum.saturating_add(n));
        let largest = counts.iter().fold(0.0, |largest: f64, &(value, _)| largest.max(value.abs()));
        let scale = scale_for(largest);
        let factor = power_of_two(-scale);
        let fold = |term: &dyn Fn(f64) -> f64| -> f64 {
            counts.iter().map(|&(value, n)| term(value * factor) * n as f64).sum()
        };
        if count == 0 {
            return Moments::default();
        }
        let mean = fold(&|value| value) / count as f64;
        let m2 = fold(&|value| (value - mean) * (value - mean));
        Moments { count, mean, m2, abs: fold(&f64::abs), scale }
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
            m2: self.m2 * factor * factor,
            abs: self.abs * factor,
            scale,
            ..*self
        }
    }
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

/// 2^`exponent`, for exponents of normal `f64`.
fn power_of_two(exponent: i32) -> f64 {
    f64::from_bits(((1023 + exponent) as u64) << 52)
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
    let mut sum = [0.0f64; LANES];
    let mut squares = [0.0f64; LANES];
    let mut abs = [0.0f64; LANES];
    let mut min = [first; LANES];
    let mut max = [first; LANES];
    let mut zeros = [0u32; LANES];
    let (chunks, rest) = values.as_chunks::<LANES>();
    for chunk in chunks {
        for lane in 0..LANES {
            let value = chunk[lane];
            let off = value.wide() - about;
            sum[lane] += off;
            squares[lane] += off * off;
            abs[lane] += value.wide().abs();
            min[lane] = if value < min[lane] { value } else { min[lane] };
            max[lane] = if value > max[lane] { value } else { max[lane] };
            zeros[lane] += u32::from(value == T::default());
        }
    }
    for (lane, &value) in rest.iter().enumerate() {
        let off = value.wide() - about;
        sum[lane] += off;
        squares[lane] += off * off;
        abs[lane] += value.wide().abs();
        min[lane] = if value < min[lane] { value } else { min[lane] };
        max[lane] = if value > max[lane] { value } else { max[lane] };
        zeros[lane] += u32::from(value == T::default());
    }
    let abs: f64 = abs.iter().sum();
    // Finite values can have an infinite sum too.
    if !abs.is_finite() && !values.iter().all(|value| value.wide().is_finite()) {
        return None;
    }
    let min = min.into_iter().fold(first, |a, b| if b < a { b } else { a }).wide();
    let max = max.into_iter().fold(first, |a, b| if b > a { b } else { a }).wide();
    let zeros = zeros.iter().map(|&zeros| u64::from(zeros)).sum();
    let largest = min.abs().max(max.abs());
    if scale_for(largest) != 0 {
        // Rare: once more, with care. Values count once each.
        let counts: Vec<(f64, u64)> = values.iter().map(|value| (value.wide(), 1)).collect();
        return Some(Block { moments: Moments::of_counts(&counts), min, max, zeros });
    }
    let count = values.len() as f64;
    let sum: f64 = sum.iter().sum();
    let squares: f64 = squares.iter().sum();
    let m2 = (squares - sum * (sum / count)).max(0.0);
    let mean = about + sum / count;
    let moments = Moments { count: values.len() as u64, mean, m2, abs, scale: 0 };
    Some(Block { moments, min, max, zeros })
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
