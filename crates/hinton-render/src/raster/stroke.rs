//! Draws lines along paths, with butt ends and mitred corners.

use hinton_scene::{Path, Point, Segment};

use super::canvas::Bounds;
use super::fill::{Filler, flatten};

/// A mitre longer than this many widths is cut off.
const MITRE_LIMIT: f64 = 4.0;

/// One piece of a path as points, in pixels.
struct Piece {
    points: Vec<Point>,
    closed: bool,
    curved: bool,
}

/// Adds the area of a line of `width` pixels along a path to the filler.
///
/// Pieces made of level and upright lines only are moved onto whole pixels, their width rounded, so
/// that axes, ticks and frames are crisp.
pub(super) fn add_stroke(
    filler: &mut Filler,
    bounds: Bounds,
    path: &Path,
    width: f64,
    place: impl Fn(Point) -> Point,
) {
    if !(width > 0.0 && width.is_finite()) {
        return;
    }
    // Half a pixel and thinner stays as thin as it is, but within one row or column of pixels.
    let crisp = (width - 0.5).ceil();
    for mut piece in pieces(path, place) {
        let mut width = width;
        if !piece.curved && is_square(&piece) {
            snap_piece(&mut piece, crisp.max(1.0));
            width = if crisp >= 1.0 { crisp } else { width };
        }
        add_piece(filler, bounds, &piece, width / 2.0);
    }
}

/// The pieces of a path, flattened, without lines of no length.
fn pieces(path: &Path, place: impl Fn(Point) -> Point) -> Vec<Piece> {
    let mut all: Vec<Piece> = Vec::new();
    let fresh = |point| Piece { points: vec![point], closed: false, curved: false };
    let mut now = fresh(place(Point::default()));
    let mut push = |piece: Piece| {
        if piece.points.len() > 1 && piece.points.iter().all(|p| p.x.is_finite() && p.y.is_finite())
        {
            all.push(piece);
        }
    };
    for segment in &path.segments {
        match *segment {
            Segment::Move(to) => push(std::mem::replace(&mut now, fresh(place(to)))),
            Segment::Line(to) => now.line(place(to)),
            Segment::Cubic(one, two, to) => {
                now.curved = true;
                let curve = [now.points[now.points.len() - 1], place(one), place(two), place(to)];
                flatten(curve, |to| now.line(to));
            }
            Segment::Close => {
                let start = now.points[0];
                now.line(start);
                // The corner at the start is stored once.
                if now.points.len() > 2 {
                    now.points.pop();
                    now.closed = true;
                }
                push(std::mem::replace(&mut now, fresh(start)));
            }
        }
    }
    push(now);
    all
}

impl Piece {
    fn line(&mut self, to: Point) {
        if self.points.last() != Some(&to) {
            self.points.push(to);
        }
    }

    /// The point after `at`, round the corner of a closed piece.
    fn after(&self, at: usize) -> Option<usize> {
        let next = at + 1;
        if next < self.points.len() {
            Some(next)
        } else if self.closed {
            Some(0)
        } else {
            None
        }
    }

    fn before(&self, at: usize) -> Option<usize> {
        if at > 0 {
            Some(at - 1)
        } else if self.closed {
            Some(self.points.len() - 1)
        } else {
            None
        }
    }
}

/// Whether every line is level or upright.
fn is_square(piece: &Piece) -> bool {
    (0..piece.points.len()).all(|at| {
        let Some(next) = piece.after(at) else { return true };
        let (one, two) = (piece.points[at], piece.points[next]);
        one.x == two.x || one.y == two.y
    })
}

/// Moves level and upright lines so that both their sides lie on pixel edges, and their free ends
/// onto the nearest pixel edge.
fn snap_piece(piece: &mut Piece, width: f64) {
    let side = |middle: f64| (middle - width / 2.0 + 0.5).floor() + width / 2.0;
    let end = |value: f64| (value + 0.5).floor();
    let snapped = (0..piece.points.len()).map(|at| {
        let here = piece.points[at];
        let beside = [piece.before(at), piece.after(at)];
        let mut lines = beside.iter().flatten().map(|&other| piece.points[other]);
        let upright = lines.clone().any(|other| other.x == here.x);
        let level = lines.any(|other| other.y == here.y);
        Point::new(
            if upright { side(here.x) } else { end(here.x) },
            if level { side(here.y) } else { end(here.y) },
        )
    });
    piece.points = snapped.collect();
}

/// The unit vector from one point to another, turned left.
fn normal(from: Point, to: Point) -> Option<Point> {
    let (dx, dy) = (to.x - from.x, to.y - from.y);
    let length = (dx * dx + dy * dy).sqrt();
    (length > 0.0 && length.is_finite()).then(|| Point::new(-dy / length, dx / length))
}

/// A rectangle for each line and a wedge for each corner, all turned the same way.
fn add_piece(filler: &mut Filler, bounds: Bounds, piece: &Piece, half: f64) {
    let shift =
        |point: Point, by: Point, far: f64| Point::new(point.x + by.x * far, point.y + by.y * far);
    for at in 0..piece.points.len() {
        let here = piece.points[at];
        let Some(next) = piece.after(at) else { continue };
        let there = piece.points[next];
        let Some(side) = normal(here, there) else { continue };
        let quad = [
            shift(here, side, half),
            shift(there, side, half),
            shift(there, side, -half),
            shift(here, side, -half),
        ];
        filler.polygon(bounds, &quad);
        let Some(before) = piece.before(at) else { continue };
        if let Some(old) = normal(piece.points[before], here) {
            add_corner(filler, bounds, here, old, side, half);
        }
    }
}

/// Fills the open side of a corner between lines with the normals `old` and `new`.
fn add_corner(filler: &mut Filler, bounds: Bounds, at: Point, old: Point, new: Point, half: f64) {
    let turn = old.x * new.y - old.y * new.x;
    let along = old.x * new.x + old.y * new.y;
    if turn == 0.0 {
        return;
    }
    // The open side lies where the line turns away from.
    let far = if turn > 0.0 { -half } else { half };
    let one = Point::new(at.x + old.x * far, at.y + old.y * far);
    let two = Point::new(at.x + new.x * far, at.y + new.y * far);
    // The tip is the sum of the normals, stretched; its length over half the width is
    // sqrt(2 / (1 + cos)).
    let stretch = far / (1.0 + along);
    if 2.0 <= MITRE_LIMIT * MITRE_LIMIT * (1.0 + along) {
        let tip = Point::new(at.x + (old.x + new.x) * stretch, at.y + (old.y + new.y) * stretch);
        filler.polygon(bounds, &[at, one, tip, two]);
    } else {
        filler.polygon(bounds, &[at, one, two]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::raster::canvas::Canvas;
    use crate::raster::testing::{Random, coverage_by_samples};

    const SIDE: usize = 24;

    fn stroke(path: &Path, width: f64) -> Vec<f64> {
        let bounds = Canvas::new(SIDE, SIDE, [0; 4]).bounds();
        let mut filler = Filler::default();
        add_stroke(&mut filler, bounds, path, width, |point| point);
        let mut all = vec![0.0; SIDE * SIDE];
        filler.spans(bounds, |y, x0, x1, coverage| {
            all[y * SIDE + x0..y * SIDE + x1].fill(f64::from(coverage) / 255.0);
        });
        all
    }

    #[test]
    fn slanted_lines_have_their_width_and_butt_ends() {
        let mut random = Random::new(2);
        for _ in 0..100 {
            let mut pick = || Point::new(random.between(2.0, 22.0), random.between(2.0, 22.0));
            let (one, two) = (pick(), pick());
            let width = random.between(0.3, 5.0);
            let (dx, dy) = (two.x - one.x, two.y - one.y);
            let length = (dx * dx + dy * dy).sqrt();
            let inside = |x: f64, y: f64| {
                let along = ((x - one.x) * dx + (y - one.y) * dy) / length;
                let off = ((x - one.x) * dy - (y - one.y) * dx) / length;
                along > 0.0 && along < length && off.abs() < width / 2.0
            };
            let want = coverage_by_samples(SIDE, SIDE, 16, inside);
            for (got, want) in stroke(&Path::line(one, two), width).iter().zip(want) {
                assert!((got - want).abs() < 0.08, "{got} {want} {one:?} {two:?} {width}");
            }
        }
    }

    #[test]
    fn corners_are_mitred_until_they_are_too_sharp() {
        let at = |x: f64, y: f64| Point::new(x, y);
        // A right angle at (12, 4), opening downwards: the tip lies 2 * sqrt(2) above.
        let roof =
            stroke(&Path::polyline(&[at(4.0, 12.0), at(12.0, 4.0), at(20.0, 12.0)], false), 4.0);
        assert!(roof[2 * SIDE + 11] > 0.9 && roof[SIDE + 11] > 0.1 && roof[11] == 0.0);
        // A needle: the tip would lie far outside.
        let needle =
            stroke(&Path::polyline(&[at(11.0, 23.0), at(12.0, 8.0), at(13.0, 23.0)], false), 2.0);
        assert!(needle[8 * SIDE + 12] > 0.5 && needle[5 * SIDE + 12] == 0.0);
    }

    #[test]
    fn level_lines_are_crisp() {
        let line = Path::line(Point::new(3.2, 10.3), Point::new(18.9, 10.3));
        let thin = stroke(&line, 1.2);
        let dark: Vec<usize> = (0..SIDE * SIDE).filter(|&at| thin[at] > 0.0).collect();
        assert_eq!(dark, (10 * SIDE + 3..10 * SIDE + 19).collect::<Vec<_>>());
        assert!(dark.iter().all(|&at| thin[at] == 1.0));
        // Too thin to fill a pixel: grey, not gone.
        assert!(
            stroke(&line, 0.3).iter().filter(|&&covered| (covered - 0.3).abs() < 0.01).count()
                == 16
        );
    }

    #[test]
    fn a_frame_is_closed_and_crisp() {
        let frame = stroke(&Path::rect(hinton_scene::Rect::new(3.3, 4.4, 10.0, 9.0)), 2.0);
        assert!(frame.iter().all(|&covered| covered == 0.0 || covered == 1.0));
        // Outside 12 x 11 pixels, inside 8 x 7.
        assert_eq!(frame.iter().filter(|&&covered| covered == 1.0).count(), 12 * 11 - 8 * 7);
    }

    #[test]
    fn a_point_has_no_line() {
        let at = Point::new(5.0, 5.0);
        assert!(stroke(&Path::line(at, at), 3.0).iter().all(|&covered| covered == 0.0));
        assert!(stroke(&Path::polyline(&[at], true), 3.0).iter().all(|&covered| covered == 0.0));
    }
}
