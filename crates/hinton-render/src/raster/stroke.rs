//! Lines along paths: butt ends, mitred corners.

use hinton_scene::{Path, Point, Segment};

use super::canvas::Bounds;
use super::fill::{Filler, flatten};

/// A mitre longer than so many widths is cut off.
const MITRE_LIMIT: f64 = 4.0;

/// One piece of a path as points, in pixels.
struct Piece {
    points: Vec<Point>,
    closed: bool,
    curved: bool,
}

/// Adds the area of a line of `width` pixels along a path to the filler.
///
/// Pieces made of level and upright lines only are moved onto whole pixels where the width is a
/// pixel or more, so that axes, ticks and frames are crisp.
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
    let crisp = (width + 0.5).floor();
    for mut piece in pieces(path, place) {
        let mut width = width;
        if crisp >= 1.0 && !piece.curved && is_square(&piece) {
            snap_piece(&mut piece, crisp);
            width = crisp;
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
