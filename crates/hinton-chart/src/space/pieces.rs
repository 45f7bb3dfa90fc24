//! Turns points and lines into pieces of a scene, farthest first.

use hinton_scene::Piece;

use super::Points;
use super::camera::Lens;

/// The pieces of points and lines. In a plane the lines lie below the points; in space all are
/// sorted by how far they are from the eye, a line by its middle.
pub(crate) fn pieces(
    points: Points<'_>,
    places: &[u16],
    lines: &[[u32; 2]],
    lens: &Lens,
    line_color: impl Fn(u16) -> u16,
    has_depth: bool,
    draws_points: bool,
) -> Vec<Piece> {
    let see = |point: [f32; 3]| {
        let there = lens.see(point.map(f64::from));
        (there.at.map(|value| value as f32), there.near as f32)
    };
    let place = |at: usize| places.get(at).copied().unwrap_or(0);
    if !has_depth && lines.is_empty() && draws_points {
        let dot = |(at, point)| Piece::Dot { at: see(point).0, color: place(at) };
        return points.iter().enumerate().map(dot).collect();
    }
    let seen: Vec<([f32; 2], f32)> = points.iter().map(see).collect();
    let line = |&[from, to]: &[u32; 2]| {
        let (from, to) = (from as usize, to as usize);
        let color = line_color(place(from));
        Some(Piece::Line { from: seen.get(from)?.0, to: seen.get(to)?.0, color })
    };
    let dot = |at: usize| Piece::Dot { at: seen[at].0, color: place(at) };
    let dots = if draws_points { points.len() } else { 0 };
    if !has_depth {
        return lines.iter().filter_map(line).chain((0..dots).map(dot)).collect();
    }
    let middle = |&[from, to]: &[u32; 2]| {
        let near = |at: u32| seen.get(at as usize).map_or(0.0, |seen| seen.1);
        (near(from) + near(to)) / 2.0
    };
    let near = seen[..dots].iter().map(|seen| seen.1).chain(lines.iter().map(middle));
    let order = farthest_first(near.collect());
    let piece = |at: u32| {
        let at = at as usize;
        if at < dots { Some(dot(at)) } else { line(&lines[at - dots]) }
    };
    order.into_iter().filter_map(piece).collect()
}

/// The places of the numbers, smallest first; equal ones as they stand. Radix sort: four times as
/// fast as comparing.
fn farthest_first(keys: Vec<f32>) -> Vec<u32> {
    const BITS: u32 = 11;
    let mut now: Vec<(u32, u32)> =
        keys.iter().zip(0..).map(|(&key, at)| (ordered(key), at)).collect();
    let mut next = vec![(0, 0); now.len()];
    for round in 0..3 {
        let digit = |key: u32| (key >> (round * BITS)) as usize & ((1 << BITS) - 1);
        let mut starts = [0usize; 1 << BITS];
        now.iter().for_each(|&(key, _)| starts[digit(key)] += 1);
        let mut sum = 0;
        for start in &mut starts {
            (*start, sum) = (sum, sum + *start);
        }
        for &pair in &now {
            let start = &mut starts[digit(pair.0)];
            next[*start] = pair;
            *start += 1;
        }
        std::mem::swap(&mut now, &mut next);
    }
    now.into_iter().map(|(_, at)| at).collect()
}

/// Bits in the order of the numbers.
fn ordered(key: f32) -> u32 {
    let bits = key.to_bits();
    if bits >> 31 == 1 { !bits } else { bits | 1 << 31 }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::space::{Box3, Camera};

    #[test]
    fn numbers_are_sorted_and_equals_keep_their_order() {
        let keys = vec![3.0, -1.0, 0.5, -1.0, f32::MIN, 1e-20, 3.0, 0.0, f32::MAX];
        let mut want: Vec<u32> = (0..9).collect();
        want.sort_by(|&a, &b| keys[a as usize].total_cmp(&keys[b as usize]));
        assert_eq!(farthest_first(keys), want);
    }

    #[test]
    fn what_is_nearer_comes_later() {
        let data = Box3 { low: [-1.0; 3], high: [1.0; 3] };
        let lens = Lens::new(&Camera::ABOVE, &data, [1.0; 3], [0.0; 2], 1.0);
        let points = [[0.0, 0.0, 0.9], [0.0, 0.0, -0.9], [0.5, 0.0, 0.0], [-0.5, 0.0, 0.1]];
        let all = pieces(
            (&points[..]).into(),
            &[0, 1, 2, 3],
            &[[2, 3]],
            &lens,
            |color| color,
            true,
            true,
        );
        let colors: Vec<(bool, u16)> = all
            .iter()
            .map(|piece| match *piece {
                Piece::Dot { color, .. } => (true, color),
                Piece::Line { color, .. } => (false, color),
            })
            .collect();
        assert_eq!(colors, [(true, 1), (true, 2), (false, 2), (true, 3), (true, 0)]);
        let flat = pieces(
            (&points[..]).into(),
            &[0, 1, 2, 3],
            &[[2, 3]],
            &lens,
            |color| color,
            false,
            true,
        );
        assert!(matches!(flat[0], Piece::Line { .. }));
        assert!(
            pieces((&points[..]).into(), &[], &[[0, 9]], &lens, |color| color, true, false)
                .is_empty()
        );
    }
}
