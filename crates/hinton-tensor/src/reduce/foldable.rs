//! Cells that can be combined into larger cells.

use super::Mark;

/// The sums of the values of a cell, which can be added: any [fold](crate::Fold) can be computed
/// from the combined sums of any number of cells.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Foldable {
    /// Σ v of the finite values.
    sum: f64,
    /// Σ |v|.
    magnitudes: f64,
    /// Σ v².
    squares: f64,
    /// Least and greatest finite value; crossed where there is none.
    low: f32,
    high: f32,
    /// How many values are finite, and in the upper bits which non-finite values there are. Together
    /// they take eight bytes: a cell has 40.
    counted: u64,
}

const NAN: u64 = 1 << 61;
const POS_INF: u64 = 1 << 62;
const NEG_INF: u64 = 1 << 63;
/// The bits of the count: no tensor has that many values.
const COUNT: u64 = NAN - 1;

impl Default for Foldable {
    /// Of no values.
    fn default() -> Self {
        Foldable {
            sum: 0.0,
            magnitudes: 0.0,
            squares: 0.0,
            low: f32::INFINITY,
            high: f32::NEG_INFINITY,
            counted: 0,
        }
    }
}

impl Foldable {
    pub(super) fn new(
        (sum, magnitudes, squares): (f64, f64, f64),
        (low, high): (f32, f32),
        count: u64,
        mark: Mark,
    ) -> Self {
        let odd = match mark {
            Mark::None => 0u64,
            Mark::Nan => NAN,
            Mark::PosInf => POS_INF,
            Mark::NegInf => NEG_INF,
            Mark::BothInf => POS_INF | NEG_INF,
        };
        Foldable { sum, magnitudes, squares, low, high, counted: count.min(COUNT) | odd }
    }

    /// The length of a cell as bytes.
    pub const BYTES: usize = 40;

    /// The cell as bytes, little-endian: the three sums, the two ends, the count with its marks.
    pub fn to_bytes(&self) -> [u8; Self::BYTES] {
        let mut bytes = [0; Self::BYTES];
        for (index, sum) in [self.sum, self.magnitudes, self.squares].into_iter().enumerate() {
            bytes[8 * index..][..8].copy_from_slice(&sum.to_le_bytes());
        }
        bytes[24..28].copy_from_slice(&self.low.to_le_bytes());
        bytes[28..32].copy_from_slice(&self.high.to_le_bytes());
        bytes[32..].copy_from_slice(&self.counted.to_le_bytes());
        bytes
    }

    /// The cell that [`to_bytes`](Foldable::to_bytes) wrote.
    pub fn from_bytes(bytes: &[u8; Self::BYTES]) -> Self {
        let words = bytes.as_chunks::<8>().0;
        let sum = |index: usize| f64::from_le_bytes(words[index]);
        let [a, b, c, d, e, f, g, h] = words[3];
        Foldable {
            sum: sum(0),
            magnitudes: sum(1),
            squares: sum(2),
            low: f32::from_le_bytes([a, b, c, d]),
            high: f32::from_le_bytes([e, f, g, h]),
            counted: u64::from_le_bytes(words[4]),
        }
    }

    /// Adds the values of another cell.
    #[inline]
    pub fn add(&mut self, other: &Foldable) {
        self.sum += other.sum;
        self.magnitudes += other.magnitudes;
        self.squares += other.squares;
        self.low = if other.low < self.low { other.low } else { self.low };
        self.high = if other.high > self.high { other.high } else { self.high };
        let count = (self.count() + other.count()).min(COUNT);
        self.counted = count | (self.counted | other.counted) & !COUNT;
    }

    /// How many finite values there are.
    pub fn count(&self) -> u64 {
        self.counted & COUNT
    }

    /// The mean of the finite values; NaN if there are none.
    pub fn mean(&self) -> f32 {
        self.over(self.sum)
    }

    /// The root mean square of the finite values; NaN if there are none.
    pub fn rms(&self) -> f32 {
        match self.count() {
            0 => f32::NAN,
            count => (self.squares / count as f64).sqrt() as f32,
        }
    }

    /// Σ v / Σ |v|, from −1 to 1; 0 if all values are zero.
    pub fn balance(&self) -> f32 {
        match self.magnitudes > 0.0 {
            true => (self.sum / self.magnitudes).clamp(-1.0, 1.0) as f32,
            false => 0.0,
        }
    }

    /// The value with the largest magnitude, the positive one of two; NaN if there are none.
    pub fn extreme(&self) -> f32 {
        let (low, high) = self.ends();
        if high >= -low { high } else { low }
    }

    /// The smallest and the largest finite value; NaN if there are none.
    pub fn ends(&self) -> (f32, f32) {
        if self.low <= self.high { (self.low, self.high) } else { (f32::NAN, f32::NAN) }
    }

    /// The means over all values of the positive parts and of the magnitudes of the negative parts.
    pub fn ink(&self) -> (f32, f32) {
        let parts = [self.magnitudes + self.sum, self.magnitudes - self.sum];
        let [positive, negative] = parts.map(|twice| self.over(twice.max(0.0) / 2.0));
        (positive, negative)
    }

    /// Which non-finite values the cell holds.
    pub fn mark(&self) -> Mark {
        match self.counted & !COUNT {
            odd if odd & NAN != 0 => Mark::Nan,
            0 => Mark::None,
            POS_INF => Mark::PosInf,
            NEG_INF => Mark::NegInf,
            _ => Mark::BothInf,
        }
    }

    fn over(&self, sum: f64) -> f32 {
        match self.count() {
            0 => f32::NAN,
            count => (sum / count as f64) as f32,
        }
    }
}
