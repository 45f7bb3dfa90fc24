//! The part of space that is drawn.

/// Smallest and largest coordinate of each axis.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Box3 {
    /// Smallest x, y, z.
    pub low: [f64; 3],
    /// Largest x, y, z.
    pub high: [f64; 3],
}

impl Box3 {
    /// Around nothing yet.
    pub const EMPTY: Box3 = Box3 { low: [f64::INFINITY; 3], high: [f64::NEG_INFINITY; 3] };

    /// Around all points; coordinates that are not finite count for nothing.
    pub fn around<'a>(points: impl IntoIterator<Item = &'a [f32; 3]>) -> Self {
        let (mut low, mut high) = ([f32::INFINITY; 3], [f32::NEG_INFINITY; 3]);
        for point in points {
            for axis in 0..3 {
                // `min` and `max` leave NaN out; what is infinite must not count either.
                let value = point[axis];
                let value = if value.is_finite() { value } else { f32::NAN };
                low[axis] = low[axis].min(value);
                high[axis] = high[axis].max(value);
            }
        }
        Box3 { low: low.map(f64::from), high: high.map(f64::from) }
    }

    /// Around both.
    pub fn and(self, other: Box3) -> Box3 {
        Box3 {
            low: std::array::from_fn(|axis| self.low[axis].min(other.low[axis])),
            high: std::array::from_fn(|axis| self.high[axis].max(other.high[axis])),
        }
    }

    /// Length of the longest side; 0 around nothing.
    pub fn longest(&self) -> f64 {
        (0..3).map(|axis| self.high[axis] - self.low[axis]).fold(0.0, f64::max)
    }

    /// Larger by `share` of each side, at each end. A side without a length gets that of the longest,
    /// or one that fits the size of its numbers.
    pub fn padded(self, share: f64) -> Box3 {
        let longest = self.longest();
        let mut padded = self;
        for axis in 0..3 {
            let (low, high) = (self.low[axis], self.high[axis]);
            let (low, high) = if low <= high { (low, high) } else { (0.0, 0.0) };
            let length = high - low;
            let more = match () {
                () if length > 0.0 => length * share,
                () if longest > 0.0 => longest / 2.0,
                () => low.abs().max(1.0) / 2.0,
            };
            padded.low[axis] = low - more;
            padded.high[axis] = high + more;
        }
        padded
    }

    /// With the middle where it is and every side as long as the longest.
    pub fn cube(self) -> Box3 {
        let half = self.longest() / 2.0;
        let middle = |axis: usize| (self.low[axis] + self.high[axis]) / 2.0;
        Box3 {
            low: std::array::from_fn(|axis| middle(axis) - half),
            high: std::array::from_fn(|axis| middle(axis) + half),
        }
    }

    /// Part of the way (0 to 1) to another.
    pub fn towards(self, other: Box3, share: f64) -> Box3 {
        let mix = |from: f64, to: f64| from + (to - from) * share;
        Box3 {
            low: std::array::from_fn(|axis| mix(self.low[axis], other.low[axis])),
            high: std::array::from_fn(|axis| mix(self.high[axis], other.high[axis])),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn odd_coordinates_count_for_nothing() {
        let points = [[1.0, f32::NAN, 0.0], [-2.0, 3.0, f32::INFINITY]];
        let around = Box3::around(&points);
        assert_eq!((around.low, around.high), ([-2.0, 3.0, 0.0], [1.0, 3.0, 0.0]));
        let padded = around.padded(0.1);
        assert_eq!(padded.low, [-2.3, 1.5, -1.5]);
        let nothing = Box3::EMPTY.padded(0.1);
        assert_eq!((nothing.low, nothing.high), ([-0.5; 3], [0.5; 3]));
        assert_eq!(padded.cube().longest(), padded.longest());
    }
}
