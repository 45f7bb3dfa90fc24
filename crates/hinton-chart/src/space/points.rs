//! Points stored in one slice of numbers.

/// A list of points with one to three coordinates each; missing coordinates are 0.
///
/// ```
/// use hinton_chart::space::Points;
///
/// let plane = Points::new(&[1.0, 2.0, 3.0, 4.0], 2);
/// assert_eq!((plane.len(), plane.get(1)), (2, [3.0, 4.0, 0.0]));
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Points<'a> {
    values: &'a [f32],
    width: usize,
}

impl<'a> Points<'a> {
    /// Points with `width` coordinates, 1 to 3; numbers at the end that do not make a whole point
    /// are ignored.
    pub fn new(values: &'a [f32], width: usize) -> Self {
        let width = width.clamp(1, 3);
        Points { values: &values[..values.len() / width * width], width }
    }

    /// Number of points.
    pub fn len(self) -> usize {
        self.values.len() / self.width
    }

    /// Whether there are no points.
    pub fn is_empty(self) -> bool {
        self.values.is_empty()
    }

    /// Number of coordinates of a point.
    pub fn width(self) -> usize {
        self.width
    }

    /// All coordinates, point after point.
    pub fn values(self) -> &'a [f32] {
        self.values
    }

    /// The point at index `at`.
    ///
    /// # Panics
    /// Panics if there is no such point.
    #[inline]
    pub fn get(self, at: usize) -> [f32; 3] {
        let mut point = [0.0; 3];
        point[..self.width].copy_from_slice(&self.values[at * self.width..][..self.width]);
        point
    }

    /// Iterates over all points in order.
    pub fn iter(self) -> impl ExactSizeIterator<Item = [f32; 3]> + use<'a> {
        (0..self.len()).map(move |at| self.get(at))
    }

    /// The first `count` points.
    pub fn first(self, count: usize) -> Self {
        let end = count.saturating_mul(self.width).min(self.values.len());
        Points { values: &self.values[..end], ..self }
    }

    /// Splits the points into chunks of `count`; the last may be shorter.
    pub fn chunks(self, count: usize) -> impl ExactSizeIterator<Item = Points<'a>> {
        let chunks = self.values.chunks(count.max(1) * self.width);
        chunks.map(move |values| Points { values, ..self })
    }
}

impl<'a> From<&'a [[f32; 3]]> for Points<'a> {
    fn from(points: &'a [[f32; 3]]) -> Self {
        Points { values: points.as_flattened(), width: 3 }
    }
}

impl<'a> From<&'a Vec<[f32; 3]>> for Points<'a> {
    fn from(points: &'a Vec<[f32; 3]>) -> Self {
        points.as_slice().into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn coordinates_that_are_missing_are_zero() {
        let values = [1.0, 2.0, 3.0, 4.0, 5.0];
        let line = Points::new(&values, 1);
        assert_eq!((line.len(), line.get(4)), (5, [5.0, 0.0, 0.0]));
        let plane = Points::new(&values, 2);
        assert_eq!(plane.len(), 2, "the fifth is no point");
        assert_eq!(plane.iter().collect::<Vec<_>>(), [[1.0, 2.0, 0.0], [3.0, 4.0, 0.0]]);
        assert_eq!(plane.first(1).values(), [1.0, 2.0]);
        assert_eq!(plane.first(9), plane);
        let room = vec![[1.0, 2.0, 3.0], [4.0, 5.0, 6.0], [7.0, 8.0, 9.0]];
        let room = Points::from(&room);
        let parts: Vec<usize> = room.chunks(2).map(Points::len).collect();
        assert_eq!((parts, room.get(2)), (vec![2, 1], [7.0, 8.0, 9.0]));
        assert!(Points::new(&[], 2).is_empty());
    }
}
