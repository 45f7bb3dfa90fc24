//! Dashed lines.

use hinton_scene::{Path, Point};

/// A polyline in dashes of those lengths of ink and space.
pub(crate) fn dashed(points: &[Point], lengths: &[f64]) -> Path {
    let whole: f64 = lengths.iter().sum();
    if whole <= 0.0 {
        return Path::polyline(points, false);
    }
    let mut path = Path::new();
    let mut ink: Vec<Point> = points.first().copied().into_iter().collect();
    let (mut at, mut left) = (0, lengths[0]);
    for pair in points.windows(2) {
        let (from, to) = (pair[0], pair[1]);
        let length = ((to.x - from.x) * (to.x - from.x) + (to.y - from.y) * (to.y - from.y)).sqrt();
        let mut done = 0.0;
        while length - done > left {
            done += left;
            let share = done / length;
            let turn =
                Point::new(from.x + (to.x - from.x) * share, from.y + (to.y - from.y) * share);
            if at % 2 == 0 {
                ink.push(turn);
                path.extend(Path::polyline(&ink, false));
            }
            ink = vec![turn];
            at = (at + 1) % lengths.len();
            left = lengths[at];
        }
        left -= length - done;
        if at % 2 == 0 {
            ink.push(to);
        }
    }
    if at % 2 == 0 && ink.len() > 1 {
        path.extend(Path::polyline(&ink, false));
    }
    path
}

#[cfg(test)]
mod tests {
    use super::*;
    use hinton_scene::Segment;

    #[test]
    fn dashes_have_their_lengths_around_corners() {
        let corner = [Point::new(0.0, 0.0), Point::new(3.0, 0.0), Point::new(3.0, 30.0)];
        let path = dashed(&corner, &[5.0, 5.0]);
        let moves: Vec<Point> = path
            .segments
            .iter()
            .filter_map(|segment| match segment {
                Segment::Move(to) => Some(*to),
                _ => None,
            })
            .collect();
        let wanted = [(0.0, 0.0), (3.0, 7.0), (3.0, 17.0), (3.0, 27.0)];
        assert_eq!(moves, wanted.map(|(x, y)| Point::new(x, y)));
        assert_eq!(dashed(&corner, &[]).segments.len(), 3);
        assert!(dashed(&[], &[5.0, 5.0]).segments.is_empty());
    }
}
