//! Tensors that repeat a few values: PyTorch saves the result of `expand` as a view whose strides
//! are zero, so that a file of one kilobyte may hold 10^12 values.

use hinton_tensor::{Index, Slice, Tensor};

/// Tensors up to this many values are read as they are.
const FEW: u64 = 1 << 32;
/// How often values are repeated at least.
const OFTEN: u64 = 1000;

/// The values that are repeated, and how often, where nobody could want to read all of them.
pub(crate) fn once(tensor: &Tensor) -> Option<(Tensor, u64)> {
    let view = tensor.view();
    let whole = Index::Range { start: None, stop: None, step: 1 };
    let first = Index::Range { start: Some(0), stop: Some(1), step: 1 };
    let mut times = 1u64;
    let mut indexes = Vec::new();
    for (&len, &stride) in view.shape.iter().zip(&view.strides) {
        let is_repeated = stride == 0 && len > 1;
        if is_repeated {
            times = times.saturating_mul(len as u64);
        }
        indexes.push(if is_repeated { first } else { whole });
    }
    if tensor.elements() <= FEW || times < OFTEN {
        return None;
    }
    Some((tensor.slice(&Slice(indexes)).ok()?, times))
}

#[cfg(test)]
mod tests {
    use super::*;
    use hinton_tensor::{Dtype, Endian, Memory, View};
    use std::sync::Arc;

    #[test]
    fn only_what_is_repeated_without_end_is_read_once() {
        let of = |shape: &[usize], strides: &[i64]| {
            let view = View { shape: shape.to_vec(), strides: strides.to_vec(), offset: 0 };
            let data = Arc::new(Memory::new([0u8; 12]));
            Tensor::new("w", "f", Dtype::F32, Endian::Little, view, 0, data).unwrap()
        };
        let (small, times) = once(&of(&[1 << 20, 3, 1 << 20], &[0, 1, 0])).unwrap();
        assert_eq!((small.shape(), times), (&[1, 3, 1][..], 1 << 40));
        assert!(once(&of(&[1 << 20, 3], &[0, 1])).is_none());
    }
}
