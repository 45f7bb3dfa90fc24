//! Which values of a tensor lie in which file, where several files hold it together.

use std::sync::Arc;

/// A box of a tensor's values that lies in one file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FilePart {
    /// The file, as people and errors name it.
    pub file: Arc<str>,
    /// First position and length on each axis; none is empty.
    pub axes: Vec<(u64, u64)>,
}

impl FilePart {
    /// How many of its values are among the first `count` of a tensor of that shape, in C order.
    pub fn among_first(&self, shape: &[usize], count: u64) -> u64 {
        let mut left = count;
        let mut found = 0u64;
        let mut stride: u64 = shape.iter().fold(1, |all, len| all.saturating_mul(*len as u64));
        let mut own: u64 = self.axes.iter().fold(1, |all, axis| all.saturating_mul(axis.1));
        if count >= stride {
            return own;
        }
        for (&length, &(start, len)) in shape.iter().zip(&self.axes) {
            (stride, own) = (stride / (length as u64).max(1), own / len.max(1));
            let (at, rest) = (left / stride.max(1), left % stride.max(1));
            found += at.saturating_sub(start).min(len) * own;
            if at < start || at >= start + len {
                return found;
            }
            left = rest;
        }
        found
    }

    /// The numbers, in C order, of its first value and of the one behind its last.
    pub fn reach(&self, shape: &[usize]) -> (u64, u64) {
        let number = |of: &dyn Fn(&(u64, u64)) -> u64| {
            let axes = self.axes.iter().zip(shape);
            axes.fold(0u64, |sum, (axis, len)| {
                sum.saturating_mul(*len as u64).saturating_add(of(axis))
            })
        };
        let last = number(&|(start, len)| start + len.saturating_sub(1));
        (number(&|(start, _)| *start), last.saturating_add(1))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_counted_as_one_by_one() {
        let shape = [4usize, 5, 3];
        let boxes = [
            [(0, 4), (0, 5), (0, 3)],
            [(1, 2), (0, 5), (0, 3)],
            [(0, 4), (2, 2), (0, 3)],
            [(3, 1), (4, 1), (2, 1)],
            [(0, 1), (1, 3), (1, 2)],
        ];
        for axes in boxes {
            let part = FilePart { file: "f".into(), axes: axes.to_vec() };
            let is_in = |number: u64| {
                let at = [number / 15, number / 3 % 5, number % 3];
                at.iter().zip(axes).all(|(at, (start, len))| (start..start + len).contains(at))
            };
            for count in 0..=60 {
                let expected = (0..count).filter(|number| is_in(*number)).count() as u64;
                assert_eq!(part.among_first(&shape, count), expected, "{axes:?} {count}");
            }
            let (first, end) = part.reach(&shape);
            let inside: Vec<u64> = (0..60).filter(|number| is_in(*number)).collect();
            assert_eq!((first, end - 1), (inside[0], inside[inside.len() - 1]));
        }
    }
}
