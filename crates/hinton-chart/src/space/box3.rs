//! Bounding boxes in three dimensions.

use super::Points;

/// Points that are looked at side by side.
const ABREAST: usize = 8;

/// A bounding box: the smallest and largest coordinate along each axis.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Box3 {
    /// Smallest x, y, z.
    pub low: [f64; 3],
    /// Largest x, y, z.
    pub high: [f64; 3],
}

impl Box3 {
    /// A box around no points.
    pub const EMPTY: Box3 = Box3 { low: [f64::INFINITY; 3], high: [f64::NEG_INFINITY; 3] };

    /// The box around all points; non-finite coordinates are ignored.
    pub fn around(points: Points<'_>) -> Self {
        match points.width() {
            1 => bounds::<1>(points.values()),
            2 => bounds::<2>(points.values()),
            _ => bounds::<3>(points.values()),
        }
    }

    /// The box around both boxes.
    pub fn and(self, other: Box3) -> Box3 {
        Box3 {
            low: std::array::from_fn(|axis| self.low[axis].min(other.low[axis])),
            high: std::array::from_fn(|axis| self.high[axis].max(other.high[axis])),
        }
    }

    /// Length of the longest side; 0 for an empty box.
    pub fn longest(&self) -> f64 {
        (0..3).map(|axis| self.high[axis] - self.low[axis]).fold(0.0, f64::max)
    }

    /// Extends the box by `share` of each side, at both ends. A side of zero length gets the length
    /// of the longest, or one in proportion to its coordinates.
    pub fn padded(self, share: f64) -> Box3 {
        let longest = self.longest();
        let mut padded = self;
        for axis in 0..3 {
            let (low, high) = (self.low[axis], self.high[axis]);
            let (low, high) = if low <= high { (low, high) } else { (0.0, 0.0) };
            let length = high - low;
            let more = if length > 0.0 {
                length * share
            } else if longest > 0.0 {
                longest / 2.0
            } else {
                low.abs().max(1.0) / 2.0
            };
            padded.low[axis] = low - more;
            padded.high[axis] = high + more;
        }
        padded
    }

    /// A cube with the same centre, and sides as long as the longest.
    pub fn cube(self) -> Box3 {
        let half = self.longest() / 2.0;
        let middle = |axis: usize| (self.low[axis] + self.high[axis]) / 2.0;
        Box3 {
            low: std::array::from_fn(|axis| middle(axis) - half),
            high: std::array::from_fn(|axis| middle(axis) + half),
        }
    }

    /// Interpolates between this box (0) and another (1).
    pub fn towards(self, other: Box3, share: f64) -> Box3 {
        let mix = |from: f64, to: f64| from + (to - from) * share;
        Box3 {
            low: std::array::from_fn(|axis| mix(self.low[axis], other.low[axis])),
            high: std::array::from_fn(|axis| mix(self.high[axis], other.high[axis])),
        }
    }
}

/// Smallest and largest of each of `W` numbers a point; the other coordinates are 0.
///
/// Minima and maxima are kept for several points side by side, which vectors do at once.
fn bounds<const W: usize>(values: &[f32]) -> Box3 {
    let mut low = [[f32::INFINITY; W]; ABREAST];
    let mut high = [[f32::NEG_INFINITY; W]; ABREAST];
    let (points, _) = values.as_chunks::<W>();
    let (blocks, rest) = points.as_chunks::<ABREAST>();
    let mut take = |points: &[[f32; W]]| {
        for ((low, high), point) in low.iter_mut().zip(&mut high).zip(points) {
            for axis in 0..W {
                let value = point[axis];
                // What is infinite does not count, and no comparison with NaN is true.
                let value = if value.abs() < f32::INFINITY { value } else { f32::NAN };
                low[axis] = if value < low[axis] { value } else { low[axis] };
                high[axis] = if value > high[axis] { value } else { high[axis] };
            }
        }
    };
    blocks.iter().for_each(|block| take(block));
    take(rest);
    let mut around = Box3 { low: [0.0; 3], high: [0.0; 3] };
    if points.is_empty() {
        return Box3::EMPTY;
    }
    for axis in 0..W {
        let each = |all: &[[f32; W]; ABREAST]| all.map(|point| f64::from(point[axis]));
        around.low[axis] = each(&low).into_iter().fold(f64::INFINITY, f64::min);
        around.high[axis] = each(&high).into_iter().fold(f64::NEG_INFINITY, f64::max);
    }
    around
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn odd_coordinates_count_for_nothing() {
        let points = [[1.0, f32::NAN, 0.0], [-2.0, 3.0, f32::INFINITY]];
        let around = Box3::around(Points::from(&points[..]));
        assert_eq!((around.low, around.high), ([-2.0, 3.0, 0.0], [1.0, 3.0, 0.0]));
        let padded = around.padded(0.1);
        assert_eq!(padded.low, [-2.3, 1.5, -1.5]);
        let plane = Box3::around(Points::new(&[1.0, 5.0, -2.0, f32::NAN, 0.5, 7.0], 2));
        assert_eq!((plane.low, plane.high), ([-2.0, 5.0, 0.0], [1.0, 7.0, 0.0]));
        let many: Vec<f32> = (0..1001).map(|at| ((at * 37) % 1001) as f32).collect();
        let line = Box3::around(Points::new(&many, 1));
        assert_eq!((line.low[0], line.high[0], line.high[1]), (0.0, 1000.0, 0.0));
        let nothing = Box3::EMPTY.padded(0.1);
        assert_eq!((nothing.low, nothing.high), ([-0.5; 3], [0.5; 3]));
        assert_eq!(padded.cube().longest(), padded.longest());
    }
}
