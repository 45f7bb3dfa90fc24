//! Which bytes a tensor occupies, and whether two tensors share them.

use std::collections::BTreeMap;
use std::ops::Range;

use hinton_tensor::Tensor;

/// A tensor's bytes: a number for the data they lie in, and where. `None` for no bytes.
pub(super) fn place(tensor: &Tensor) -> Option<(usize, Range<u64>)> {
    let (low, high) = tensor.view().reach()?;
    let (data, start) = tensor.data().place(tensor.start());
    let from = start.checked_add(tensor.dtype().bytes_of(low)?)?;
    let to = start.checked_add(tensor.dtype().bytes_of(high.checked_add(1)?)?)?;
    Some((data, from..to))
}

/// Whether two tensors are the same bytes, in the same order.
pub(super) fn is_same(a: &Tensor, b: &Tensor) -> bool {
    let same_view = a.shape() == b.shape() && a.view().strides == b.view().strides;
    same_view && a.dtype() == b.dtype() && place(a).is_some_and(|at| Some(at) == place(b))
}

/// Whether two tensors have bytes in common, as far as that can be told from their steps.
pub(super) fn share_bytes(a: &Tensor, b: &Tensor) -> bool {
    let (Some((data_a, at_a)), Some((data_b, at_b))) = (place(a), place(b)) else { return false };
    let meet = at_a.start < at_b.end && at_b.start < at_a.end;
    data_a == data_b && meet && !are_apart((a, at_a.start), (b, at_b.start))
}

/// Whether views pass by each other, though their ranges meet: columns side by side, every second
/// row and the others. False where they wrap around, so that it cannot be told by their steps.
fn are_apart((a, at_a): (&Tensor, u64), (b, at_b): (&Tensor, u64)) -> bool {
    let (Some(of_a), Some(of_b)) = (steps(a), steps(b)) else { return false };
    // Both as boxes in the grid of all steps, the longest first.
    let mut grid: Vec<u64> = of_a.keys().chain(of_b.keys()).copied().collect();
    grid.sort_unstable_by(|one, other| other.cmp(one));
    grid.dedup();
    let origin = at_a.min(at_b);
    match (in_grid(&grid, &of_a, at_a - origin), in_grid(&grid, &of_b, at_b - origin)) {
        (Some(a), Some(b)) => a.iter().zip(&b).any(|(a, b)| a.end <= b.start || b.end <= a.start),
        _ => false,
    }
}

/// The steps of a view in bytes, and how many places each leads to; the last are the bytes of a
/// value. `None` for values narrower than a byte.
fn steps(tensor: &Tensor) -> Option<BTreeMap<u64, u64>> {
    let width = tensor.dtype().bits() / 8;
    let mut steps = BTreeMap::from([(1, width)]);
    for (len, stride) in tensor.shape().iter().zip(&tensor.view().strides) {
        let step = stride.unsigned_abs().checked_mul(width)?;
        if *len > 1 && step > 0 {
            // Two axes of one step are one longer axis.
            let places = steps.entry(step).or_insert(1);
            *places = places.checked_add(*len as u64 - 1)?;
        }
    }
    (width > 0).then_some(steps)
}

/// The box in the grid; `None` where a row of it reaches into the next.
fn in_grid(grid: &[u64], steps: &BTreeMap<u64, u64>, offset: u64) -> Option<Vec<Range<u64>>> {
    let mut rest = offset;
    let mut sides = Vec::with_capacity(grid.len());
    for step in grid {
        let first = rest / step;
        rest %= step;
        sides.push(first..first.checked_add(*steps.get(step).unwrap_or(&1))?);
    }
    let mut reach = 0u64;
    for (step, side) in grid.iter().zip(&sides).rev() {
        if reach >= *step {
            return None;
        }
        reach = (side.end - 1).checked_mul(*step)?.checked_add(reach)?;
    }
    Some(sides)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn whole() -> Tensor {
        let values: Vec<f32> = (0..72).map(|at| at as f32).collect();
        Tensor::from_f32("w", &[6, 12], &values).unwrap()
    }

    /// Whether two slices share bytes, and whether they share a value.
    fn compared(a: &Tensor, b: &Tensor) -> (bool, bool) {
        let values = a.to_f32().unwrap();
        (share_bytes(a, b), b.to_f32().unwrap().iter().any(|value| values.contains(value)))
    }

    #[test]
    fn views_share_bytes_where_they_share_values() {
        let slices = [
            "[:]",
            "[:,:4]",
            "[:,4:8]",
            "[:,8:]",
            "[:,3:5]",
            "[::2]",
            "[1::2]",
            "[::2,::3]",
            "[::2,1::3]",
            "[1:3]",
            "[3:5,2:4]",
            "[:,5]",
            "[2]",
            "[2,6:]",
            "[::-1,:4]",
            "[4:,::-2]",
            "[5,11]",
            "[1::3,::4]",
        ];
        let cut = |slice: &str| whole().slice(&slice.parse().unwrap()).unwrap();
        let base = whole();
        for one in slices {
            for other in slices {
                let (a, b) =
                    (base.slice(&one.parse().unwrap()), base.slice(&other.parse().unwrap()));
                let (a, b) = (a.unwrap(), b.unwrap());
                let (bytes, values) = compared(&a, &b);
                // What wraps around may be said to share bytes though it does not.
                assert!(bytes || !values, "{one} {other}");
                assert!(!share_bytes(&a, &cut(other)), "other data");
            }
        }
        let apart = [("[:,:4]", "[:,4:8]"), ("[::2]", "[1::2]"), ("[:,5]", "[:,4]")];
        for (one, other) in [apart[0], apart[1], apart[2], ("[::2,::3]", "[::2,1::3]")] {
            let (a, b) = (base.slice(&one.parse().unwrap()), base.slice(&other.parse().unwrap()));
            assert_eq!(compared(&a.unwrap(), &b.unwrap()), (false, false), "{one} {other}");
        }
        let turned = base.transpose().unwrap();
        assert!(share_bytes(&base, &turned) && !is_same(&base, &turned));
        assert!(is_same(&base, &base.clone().named("other")));
    }
}
