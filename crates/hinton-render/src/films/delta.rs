//! Finds what changed between two pictures.

use crate::raster::canvas::Bounds;

/// The smallest rectangle that holds every difference of two pictures of one size; `None` when they
/// are equal. `width` counts elements of `T`.
pub(super) fn changed<T: Copy + PartialEq>(
    before: &[T],
    after: &[T],
    width: usize,
) -> Option<Bounds> {
    let width = width.max(1);
    let row = |pixels: &'_ [T], y: usize| -> std::ops::Range<usize> {
        let start = y * width;
        start..(start + width).min(pixels.len())
    };
    let differs = |y: &usize| before[row(before, *y)] != after[row(after, *y)];
    let rows = after.len() / width;
    let y0 = (0..rows).find(differs)?;
    let y1 = (y0..rows).rev().find(differs).map_or(y0, |y| y) + 1;
    let (mut x0, mut x1) = (width, 0);
    for y in y0..y1 {
        let (one, two) = (&before[row(before, y)], &after[row(after, y)]);
        // Only what could widen the rectangle is looked at.
        // Slices are compared many elements at a time, so most rows are done with that.
        if one[..x0] != two[..x0] {
            x0 = (0..x0).find(|&x| one[x] != two[x]).unwrap_or(x0);
        }
        if one[x1..] != two[x1..] {
            x1 = (x1..width).rev().find(|&x| one[x] != two[x]).map_or(x1, |x| x + 1);
        }
    }
    // A single row may have its first difference right of `x1` and its last left of `x0`.
    Some(Bounds { x0: x0.min(x1.saturating_sub(1)), y0, x1: x1.max(x0 + 1), y1 })
}

/// The part of a picture inside a rectangle, row by row.
pub(super) fn cut<T: Copy>(pixels: &[T], width: usize, part: Bounds, to: &mut Vec<T>) {
    to.clear();
    for y in part.y0..part.y1 {
        to.extend_from_slice(&pixels[y * width + part.x0..y * width + part.x1]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::raster::testing::Random;

    #[test]
    fn the_rectangle_is_the_smallest() {
        let mut random = Random::new(3);
        let (width, height) = (13, 9);
        for round in 0..500 {
            let before = vec![0u8; width * height];
            let mut after = before.clone();
            for _ in 0..round % 4 {
                after[random.below(width * height)] = 1;
            }
            let places: Vec<usize> = (0..after.len()).filter(|&at| after[at] != 0).collect();
            let want = places.iter().fold(None, |all: Option<Bounds>, at| {
                let (x, y) = (at % width, at / width);
                let one = Bounds { x0: x, y0: y, x1: x + 1, y1: y + 1 };
                Some(all.map_or(one, |all| Bounds {
                    x0: all.x0.min(x),
                    y0: all.y0.min(y),
                    x1: all.x1.max(x + 1),
                    y1: all.y1.max(y + 1),
                }))
            });
            assert_eq!(changed(&before, &after, width), want, "{places:?}");
        }
    }
}
