//! The ranges of bytes that a view touches, to announce them before reading.

use std::ops::Range;

use crate::Tensor;

/// Bytes between two runs that nobody fetches apart: what is told is one range.
const GAP: u64 = 64 << 10;

/// Most ranges; a view of more is told as one range from its first byte to its last.
const MOST: u64 = 1 << 16;

/// The ranges of the tensor's data that its elements lie in, in order, small gaps between them
/// left out of account. Empty for a tensor without elements.
pub(crate) fn spans(tensor: &Tensor) -> Vec<Range<u64>> {
    let view = tensor.view();
    let Some((low, high)) = view.reach() else { return Vec::new() };
    let bits = tensor.dtype().bits();
    let byte = |element: u64| tensor.start().checked_add(element.checked_mul(bits)? / 8);
    let end = |element: u64| {
        let bits = element.checked_add(1)?.checked_mul(bits)?;
        tensor.start().checked_add(bits.div_ceil(8))
    };
    let range = |first: u64, last: u64| Some(byte(first)?..end(last)?);
    let whole = || range(low, high).into_iter().collect::<Vec<_>>();

    let mut axes: Vec<(u64, u64)> = view
        .shape
        .iter()
        .zip(&view.strides)
        .map(|(&len, stride)| (len as u64, stride.unsigned_abs()))
        .filter(|&(len, stride)| len > 1 && stride > 0)
        .collect();
    axes.sort_by_key(|&(_, stride)| std::cmp::Reverse(stride));
    // Elements from the first to the last of one coordinate of the axes so far.
    let mut reach = high - low;
    let mut starts = vec![low];
    for (len, stride) in axes {
        let Some(inner) = stride.checked_mul(len - 1).and_then(|outer| reach.checked_sub(outer))
        else {
            return whole();
        };
        let gap = stride.saturating_sub(inner + 1).saturating_mul(bits) / 8;
        if gap < GAP {
            break;
        }
        if (starts.len() as u64).saturating_mul(len) > MOST {
            return whole();
        }
        starts = starts
            .iter()
            .flat_map(|start| (0..len).map(move |index| start + index * stride))
            .collect();
        reach = inner;
    }
    let ranges: Option<Vec<_>> =
        starts.into_iter().map(|start| range(start, start + reach)).collect();
    ranges.unwrap_or_default()
}

#[cfg(test)]
// Lists of ranges may have one.
#[allow(clippy::single_range_in_vec_init)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::{Bytes, Dtype, Endian, ReadError, View};

    /// As many bytes as are wanted, without holding them.
    struct Zeros(u64);

    impl Bytes for Zeros {
        fn len(&self) -> u64 {
            self.0
        }

        fn slice(&self, _range: Range<u64>) -> Option<&[u8]> {
            None
        }

        fn read_at(&self, _offset: u64, buf: &mut [u8]) -> Result<(), ReadError> {
            buf.fill(0);
            Ok(())
        }
    }

    fn of(slice: &str) -> Vec<Range<u64>> {
        let (rows, columns) = (70_000, 1 << 20);
        let data = Arc::new(Zeros(100 + 2 * rows * columns));
        let view = View::packed(&[rows as usize, columns as usize]);
        let tensor = Tensor::new("w".to_owned(), "f", Dtype::Bf16, Endian::Little, view, 100, data);
        let part = tensor.unwrap().slice(&slice.parse().unwrap()).unwrap();
        spans(&part)
    }

    #[test]
    fn rows_far_apart_are_ranges_and_near_ones_are_one() {
        let row = 2 << 20;
        assert_eq!(of("[3:5]"), [100 + 3 * row..100 + 5 * row]);
        assert_eq!(of("[3:5, :7]"), [100 + 3 * row..114 + 3 * row, 100 + 4 * row..114 + 4 * row]);
        assert_eq!(of("[::-30000]").len(), 3);
        assert_eq!(of("[::-30000]")[0], 100 + 9_999 * row..100 + 10_000 * row);
        // Near enough.
        assert_eq!(of("[3:5, :1040000]"), [100 + 3 * row..100 + 4 * row + 2_080_000]);
        // So many that a list of them is no help.
        assert_eq!(of("[:, 0]"), [100..102 + 69_999 * row]);
        assert_eq!(of("[0:0]"), []);
    }
}
