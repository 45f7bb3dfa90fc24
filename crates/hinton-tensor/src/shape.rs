//! Shapes and strides: which element of the data is at which coordinates.

/// Number of elements of a shape; `None` if it does not fit in 64 bits.
pub fn element_count(shape: &[usize]) -> Option<u64> {
    // A zero anywhere makes the tensor empty, whatever the other dimensions claim.
    if shape.contains(&0) {
        return Some(0);
    }
    shape.iter().try_fold(1u64, |count, &dim| count.checked_mul(dim as u64))
}

/// Where the values of a tensor are: its shape, strides and offset, counted in elements.
///
/// The value at coordinates `i` is element `offset + Σ i[k] * strides[k]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct View {
    /// Length of each axis.
    pub shape: Vec<usize>,
    /// Distance in elements between neighbours along each axis; may be zero or negative.
    pub strides: Vec<i64>,
    /// The element at coordinates zero.
    pub offset: u64,
}

impl View {
    /// The view of a packed array in C order (last axis fastest).
    pub fn packed(shape: &[usize]) -> Self {
        View { shape: shape.to_vec(), strides: c_strides(shape), offset: 0 }
    }

    /// The view of a packed array in Fortran order (first axis fastest).
    pub fn packed_fortran(shape: &[usize]) -> Self {
        let mut reversed: Vec<usize> = shape.to_vec();
        reversed.reverse();
        let mut strides = c_strides(&reversed);
        strides.reverse();
        View { shape: shape.to_vec(), strides, offset: 0 }
    }

    /// Number of elements; 0 for an impossible shape, which a [`crate::Tensor`] never has.
    pub fn elements(&self) -> u64 {
        element_count(&self.shape).unwrap_or(0)
    }

    /// The lowest and the highest element touched, both inclusive; `None` for an empty view, and if
    /// the result does not fit in 64 bits or is negative.
    pub fn reach(&self) -> Option<(u64, u64)> {
        if self.elements() == 0 {
            return None;
        }
        let mut low = i64::try_from(self.offset).ok()?;
        let mut high = low;
        for (&dim, &stride) in self.shape.iter().zip(&self.strides) {
            let span = stride.checked_mul(i64::try_from(dim - 1).ok()?)?;
            if span < 0 {
                low = low.checked_add(span)?;
            } else {
                high = high.checked_add(span)?;
            }
        }
        Some((u64::try_from(low).ok()?, u64::try_from(high).ok()?))
    }

    /// Whether the elements are contiguous in C order.
    pub fn is_packed(&self) -> bool {
        let mut expected = 1i64;
        for (&dim, &stride) in self.shape.iter().zip(&self.strides).rev() {
            if dim != 1 && stride != expected {
                return false;
            }
            expected = expected.saturating_mul(dim as i64);
        }
        true
    }

    /// The same elements with another shape, if strides can express it without a copy (the rule of
    /// numpy's `reshape`); `None` if they cannot, or if the numbers of elements differ.
    pub fn reshape(&self, shape: &[usize]) -> Option<View> {
        if element_count(shape)? != element_count(&self.shape)? {
            return None;
        }
        if self.elements() == 0 {
            return Some(View::packed(shape));
        }
        let old: Vec<(usize, i64)> = self
            .shape
            .iter()
            .copied()
            .zip(self.strides.iter().copied())
            .filter(|(dim, _)| *dim != 1)
            .collect();
        let mut strides = vec![0i64; shape.len()];
        let (mut from, mut to) = (0, 0);
        while from < old.len() {
            // Grow both sides until a group of old axes holds as many elements as a group of new.
            let (from_start, to_start) = (from, to);
            let mut old_count = old[from].0;
            from += 1;
            let mut new_count = 1usize;
            while new_count != old_count {
                if new_count < old_count {
                    new_count = new_count.checked_mul(*shape.get(to)?)?;
                    to += 1;
                } else {
                    old_count = old_count.checked_mul(old.get(from)?.0)?;
                    from += 1;
                }
            }
            // The old axes of the group must lie one after the other.
            for pair in old[from_start..from].windows(2) {
                if pair[0].1 != pair[1].1.checked_mul(pair[1].0 as i64)? {
                    return None;
                }
            }
            let mut stride = old[from - 1].1;
            for axis in (to_start..to).rev() {
                strides[axis] = stride;
                stride = stride.checked_mul(shape[axis] as i64)?;
            }
        }
        Some(View { shape: shape.to_vec(), strides, offset: self.offset })
    }
}

fn c_strides(shape: &[usize]) -> Vec<i64> {
    let mut strides = vec![0i64; shape.len()];
    let mut stride = 1i64;
    for axis in (0..shape.len()).rev() {
        strides[axis] = stride;
        stride = stride.saturating_mul(shape[axis] as i64);
    }
    strides
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_do_not_overflow() {
        assert_eq!(element_count(&[]), Some(1));
        assert_eq!(element_count(&[0, usize::MAX, usize::MAX]), Some(0));
        assert_eq!(element_count(&[usize::MAX, 2]), None);
    }

    #[test]
    fn a_column_becomes_a_picture() {
        let column = View { shape: vec![784], strides: vec![10], offset: 3 };
        let picture = column.reshape(&[28, 28]).unwrap();
        assert_eq!(picture, View { shape: vec![28, 28], strides: vec![280, 10], offset: 3 });
    }

    #[test]
    fn reshape_follows_numpy() {
        let packed = View::packed(&[2, 3, 4]);
        assert_eq!(packed.reshape(&[6, 4]).unwrap().strides, [4, 1]);
        assert_eq!(packed.reshape(&[1, 24, 1]).unwrap().strides[1], 1);
        assert_eq!(packed.reshape(&[4, 6]).unwrap().strides, [6, 1]);
        assert!(packed.reshape(&[5, 5]).is_none());
        let transposed = View { shape: vec![4, 3], strides: vec![1, 4], offset: 0 };
        assert!(transposed.reshape(&[12]).is_none());
        assert_eq!(transposed.reshape(&[2, 2, 3]).unwrap().strides, [2, 1, 4]);
        assert_eq!(View::packed(&[1]).reshape(&[]).unwrap().shape, [0usize; 0]);
        assert_eq!(View::packed(&[0, 3]).reshape(&[3, 0]).unwrap().elements(), 0);
    }

    #[test]
    fn reach_sees_negative_strides() {
        let reversed = View { shape: vec![3, 2], strides: vec![-2, 1], offset: 4 };
        assert_eq!(reversed.reach(), Some((0, 5)));
        let below = View { shape: vec![3], strides: vec![-2], offset: 3 };
        assert_eq!(below.reach(), None);
    }

    #[test]
    fn packed_is_recognised() {
        assert!(View::packed(&[3, 1, 2]).is_packed());
        assert!(!View::packed_fortran(&[3, 2]).is_packed());
    }
}
