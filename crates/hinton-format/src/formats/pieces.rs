//! One tensor whose slices lie in several places: partitioned variables of TensorFlow, chunks of
//! PyTorch's distributed checkpoints.

use std::sync::Arc;

use hinton_tensor::{Bytes, ReadError};

use crate::Error;
use crate::source::Made;

/// One axis of a slice: where it starts and how long it is; `None` for all of the axis.
pub(crate) type Extent = (u64, Option<u64>);

/// A slice of a tensor, and where its values lie, packed.
pub(crate) struct Part {
    /// First position and length on each axis.
    axes: Vec<(u64, u64)>,
    /// Values that stand next to each other in the slice and in the whole: those of a run of
    /// positions of `axis`, each of `inner` values.
    axis: usize,
    inner: u64,
    pub(crate) data: Arc<dyn Bytes>,
    pub(crate) start: u64,
}

/// The extents as first positions and lengths, checked to lie in the shape.
pub(crate) fn axes(extents: &[Extent], shape: &[usize]) -> Result<Vec<(u64, u64)>, Error> {
    let outside =
        || Error::malformed(format!("a slice {extents:?} of it leaves its shape {shape:?}"));
    if extents.len() != shape.len() {
        return Err(outside());
    }
    let each = extents.iter().zip(shape).map(|((start, len), dim)| {
        let dim = *dim as u64;
        let len = len.unwrap_or(dim.saturating_sub(*start));
        let fits = start.checked_add(len).is_some_and(|end| end <= dim);
        fits.then_some((*start, len)).ok_or_else(outside)
    });
    each.collect()
}

impl Part {
    pub(crate) fn new(
        axes: Vec<(u64, u64)>,
        shape: &[usize],
        data: Arc<dyn Bytes>,
        start: u64,
    ) -> Self {
        let full = |axis: usize| axes[axis] == (0, shape[axis] as u64);
        let axis = (0..axes.len()).rev().find(|axis| !full(*axis)).unwrap_or(0);
        let inner =
            shape.iter().skip(axis + 1).fold(1u64, |all, dim| all.saturating_mul(*dim as u64));
        Part { axes, axis, inner, data, start }
    }

    pub(crate) fn elements(&self) -> u64 {
        self.axes.iter().fold(1, |all, (_, len)| all.saturating_mul(*len))
    }

    /// Where the value at a position lies in the slice, and how many follow it there as in the
    /// whole; `None` where it is not in the slice.
    fn find(&self, position: &[u64]) -> Option<(u64, u64)> {
        let mut flat = 0;
        for (at, (start, len)) in position.iter().zip(&self.axes) {
            let within = at.checked_sub(*start).filter(|within| within < len)?;
            flat = flat * len + within;
        }
        let Some((start, len)) = self.axes.get(self.axis) else { return Some((flat, 1)) };
        // Positions left on the axis, less what is gone of the first.
        let left = (start + len - position[self.axis]) * self.inner;
        Some((flat, left - flat % self.inner.max(1)))
    }
}

/// Most slices that are asked one after the other.
const FEW: usize = 4;

/// Slices in a tree of boxes: the one that holds a position is found without asking all of them.
enum Tree {
    Few(Vec<Part>),
    /// Two halves, and the box around both: first position and end on each axis.
    Halves(Vec<(u64, u64)>, Box<[Tree; 2]>),
}

impl Tree {
    /// Slices halved along the axis on which most of them lie side by side, and so on.
    fn new(mut parts: Vec<Part>) -> Tree {
        if parts.len() <= FEW {
            return Tree::Few(parts);
        }
        let around = around(&parts);
        let axis = longest(&parts);
        parts.sort_by_key(|part| part.axes.get(axis).map_or(0, |(start, _)| *start));
        let second = parts.split_off(parts.len() / 2);
        Tree::Halves(around, Box::new([Tree::new(parts), Tree::new(second)]))
    }

    /// The slice that holds a position, where in it, and how many values follow there.
    fn find(&self, position: &[u64]) -> Option<(&Part, u64, u64)> {
        match self {
            Tree::Few(parts) => parts
                .iter()
                .find_map(|part| part.find(position).map(|(flat, run)| (part, flat, run))),
            Tree::Halves(around, halves) => {
                let mut axes = position.iter().zip(around);
                let is_inside = axes.all(|(at, (start, end))| start <= at && at < end);
                halves.iter().filter(|_| is_inside).find_map(|half| half.find(position))
            }
        }
    }
}

/// The box around slices: first position and end on each axis.
fn around(parts: &[Part]) -> Vec<(u64, u64)> {
    let mut around = vec![(u64::MAX, 0); parts.first().map_or(0, |part| part.axes.len())];
    for part in parts {
        for ((first, end), (start, len)) in around.iter_mut().zip(&part.axes) {
            *first = (*first).min(*start);
            *end = (*end).max(start.saturating_add(*len));
        }
    }
    around
}

/// The axis along which slices lie furthest apart, for their length.
fn longest(parts: &[Part]) -> usize {
    let axes = parts.first().map_or(0, |part| part.axes.len());
    let apart = |axis: usize| {
        let extents = || parts.iter().filter_map(move |part| part.axes.get(axis));
        let starts = || extents().map(|(start, _)| *start);
        let spread = starts().max().unwrap_or(0) - starts().min().unwrap_or(0);
        let len = extents().map(|(_, len)| *len).max().unwrap_or(0).max(1);
        // In shares of a length, so that two slices of uneven lengths count.
        (u128::from(spread) << 32) / u128::from(len)
    };
    (0..axes).max_by_key(|axis| apart(*axis)).unwrap_or(0)
}

/// The whole tensor's values, `width` bytes each.
///
/// # Errors
/// Where the slices have more or fewer values than the whole.
pub(crate) fn join(
    parts: Vec<Part>,
    shape: &[usize],
    elements: u64,
    width: u64,
) -> Result<Arc<dyn Bytes>, Error> {
    let have: u64 = parts.iter().map(Part::elements).fold(0, u64::saturating_add);
    if have != elements {
        let message = format!("it has {elements} values, its {} slices have {have}", parts.len());
        return Err(Error::malformed(message));
    }
    let shape: Vec<u64> = shape.iter().map(|dim| *dim as u64).collect();
    let tree = Tree::new(parts);
    let fill = move |first: u64, buf: &mut [u8]| {
        let mut rest = buf;
        let mut at = first;
        while !rest.is_empty() {
            let position = position(at, &shape);
            let asked = rest.len() as u64 / width;
            let Some((part, flat, run)) = tree.find(&position) else {
                let why = format!("no slice of the tensor holds its value {at}");
                return Err(ReadError::damaged(at * width, width, why));
            };
            let count = run.clamp(1, asked);
            let (own, behind) = rest.split_at_mut((count * width) as usize);
            part.data.read_at(part.start + flat * width, own)?;
            rest = behind;
            at += count;
        }
        Ok(())
    };
    Ok(Arc::new(Made::new(elements, width as usize, fill)))
}

fn position(mut flat: u64, shape: &[u64]) -> Vec<u64> {
    let mut position = vec![0; shape.len()];
    for (at, dim) in position.iter_mut().zip(shape).rev() {
        *at = flat % dim;
        flat /= dim;
    }
    position
}

#[cfg(test)]
mod tests {
    use super::*;
    use hinton_tensor::Memory;

    /// A tensor of bytes that count up, cut along its axes.
    fn joined(shape: &[usize], cuts: &[&[Extent]]) -> Vec<u8> {
        let elements: usize = shape.iter().product();
        let dims: Vec<u64> = shape.iter().map(|dim| *dim as u64).collect();
        let part = |extents: &&[Extent]| {
            let axes = axes(extents, shape).unwrap();
            let inside = |flat: &usize| {
                let position = position(*flat as u64, &dims);
                position
                    .iter()
                    .zip(&axes)
                    .all(|(at, (start, len))| *at >= *start && at - start < *len)
            };
            let values: Vec<u8> = (0..elements).filter(inside).map(|flat| flat as u8).collect();
            Part::new(axes, shape, Arc::new(Memory::new(values)), 0)
        };
        let parts = cuts.iter().map(part).collect();
        let whole = join(parts, shape, elements as u64, 1).unwrap();
        let mut out = vec![0; elements];
        // From the middle on, and all of it.
        whole.read_at(elements as u64 / 2, &mut out[elements / 2..]).unwrap();
        assert!(
            out[elements / 2..].iter().enumerate().all(|(at, v)| *v as usize == at + elements / 2)
        );
        whole.read_at(0, &mut out).unwrap();
        out
    }

    #[test]
    fn slices_along_any_axis_are_joined() {
        let all: Vec<u8> = (0..24).collect();
        let full = (0, None);
        assert_eq!(joined(&[4, 6], &[&[(0, Some(1)), full], &[(1, Some(3)), full]]), all);
        assert_eq!(joined(&[4, 6], &[&[full, (4, Some(2))], &[full, (0, Some(4))]]), all);
        let middle = [[full, (0, Some(1)), full], [full, (1, Some(2)), full]];
        assert_eq!(joined(&[2, 3, 4], &[&middle[0], &middle[1]]), all);
        let quarters: Vec<[Extent; 2]> = [(0, 0), (0, 3), (2, 0), (2, 3)]
            .map(|(row, column)| [(row, Some(2)), (column, Some(3))])
            .to_vec();
        let quarters: Vec<&[Extent]> = quarters.iter().map(|one| &one[..]).collect();
        assert_eq!(joined(&[4, 6], &quarters), all);
        assert_eq!(joined(&[24], &[&[(0, Some(5))], &[(5, Some(19))]]), all);
    }

    /// The whole cut in boxes of these lengths along its axes.
    fn boxes(shape: [usize; 2], len: [u64; 2]) -> Vec<[Extent; 2]> {
        let cuts = |axis: usize| {
            let dim = shape[axis] as u64;
            (0..dim).step_by(len[axis] as usize).map(move |at| (at, Some(len[axis].min(dim - at))))
        };
        cuts(0).flat_map(|row| cuts(1).map(move |column| [row, column])).collect()
    }

    #[test]
    fn many_slices_in_any_order_are_joined() {
        for (shape, len) in [([12, 20], [3, 4]), ([13, 17], [2, 5]), ([1, 200], [1, 3])] {
            let mut cuts = boxes(shape, len);
            let all: Vec<u8> = (0..shape[0] * shape[1]).map(|at| at as u8).collect();
            for turn in 0..cuts.len() {
                cuts.rotate_left(turn % 5);
                cuts.reverse();
                let cuts: Vec<&[Extent]> = cuts.iter().map(|one| &one[..]).collect();
                assert_eq!(joined(&shape, &cuts), all);
            }
        }
        // Four boxes around a fifth, which no straight cut parts.
        let wheel = |at: u64| {
            let boxes = [
                [(at, 1), (0, 2)],
                [(at, 2), (2, 1)],
                [(at + 2, 1), (1, 2)],
                [(at + 1, 2), (0, 1)],
                [(at + 1, 1), (1, 1)],
            ];
            boxes.map(|axes| axes.map(|(start, len)| (start, Some(len))))
        };
        let cuts: Vec<[Extent; 2]> = (0..4).flat_map(|turn| wheel(3 * turn)).collect();
        let cuts: Vec<&[Extent]> = cuts.iter().map(|one| &one[..]).collect();
        assert_eq!(joined(&[12, 3], &cuts), (0..36).collect::<Vec<u8>>());
    }

    /// How many boxes and slices are asked for a position.
    fn asked(tree: &Tree, position: &[u64]) -> usize {
        match tree {
            Tree::Few(parts) => parts.len(),
            Tree::Halves(around, halves) => {
                let mut axes = position.iter().zip(around);
                let is_inside = axes.all(|(at, (start, end))| start <= at && at < end);
                let below = halves.iter().filter(|_| is_inside).map(|half| asked(half, position));
                1 + below.sum::<usize>()
            }
        }
    }

    #[test]
    fn few_of_many_slices_are_asked_for_a_value() {
        let shape = [500, 500];
        let data: Arc<dyn Bytes> = Arc::new(Memory::new(vec![7; 100]));
        let part = |extents: &[Extent; 2]| {
            Part::new(axes(extents, &shape).unwrap(), &shape, data.clone(), 0)
        };
        let tree = Tree::new(boxes(shape, [10, 10]).iter().map(part).collect());
        for position in [[0, 0], [499, 499], [250, 250], [123, 456]] {
            assert!(tree.find(&position).is_some());
            let asked = asked(&tree, &position);
            assert!(asked < 100, "{asked} of 2,500");
        }
        assert!(tree.find(&[500, 0]).is_none());
    }

    #[test]
    fn slices_that_do_not_fit_are_errors() {
        assert!(axes(&[(1, Some(4))], &[4]).is_err());
        assert!(axes(&[(u64::MAX, Some(2))], &[4]).is_err());
        assert!(axes(&[], &[4]).is_err());
        let twice = || Part::new(vec![(0, 1)], &[2], Arc::new(Memory::new([7])), 0);
        let bytes = join(vec![twice(), twice()], &[2], 2, 1).unwrap();
        let error = bytes.read_at(0, &mut [0; 2]).unwrap_err();
        assert!(error.to_string().contains("no slice of the tensor holds its value 1"), "{error}");
        assert!(join(vec![twice()], &[2], 2, 1).is_err());
    }
}
