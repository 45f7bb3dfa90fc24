//! Fills areas by the exact share of every pixel that they cover.
//!
//! Every edge adds, in each row that it crosses, the area that it encloses to its right to a row of
//! sums; the running total along the row is the coverage. Overlapping areas with the same
//! orientation are limited to full coverage, which is the non-zero rule except for up to one pixel
//! at the edges.

use hinton_scene::{Path, Point, Segment};

use super::canvas::Bounds;

/// Farthest a flattened curve may lie from the true one, pixels.
const FLATNESS: f64 = 0.05;
/// Sums that are looked at together.
const BLOCK: usize = 32;
/// Most lines a curve is made of.
const MOST_LINES: f64 = 1000.0;

/// An edge that goes down from (x0, y0) to (x1, y1); `sign` is -1 where the path goes up.
#[derive(Debug, Clone, Copy)]
struct Edge {
    x0: f64,
    y0: f64,
    x1: f64,
    y1: f64,
    sign: f64,
}

/// Collects the edges of an area and turns them into coverage; made once, used for many areas.
#[derive(Debug, Default)]
pub(super) struct Filler {
    edges: Vec<Edge>,
    active: Vec<Edge>,
    sums: Vec<f32>,
}

impl Filler {
    /// Adds a path, in pixels after `place`.
    pub(super) fn path(&mut self, bounds: Bounds, path: &Path, place: impl Fn(Point) -> Point) {
        let (mut start, mut at) = (Point::default(), Point::default());
        for segment in &path.segments {
            match *segment {
                Segment::Move(to) => {
                    self.line(bounds, at, start);
                    at = place(to);
                    start = at;
                }
                Segment::Line(to) => {
                    let to = place(to);
                    self.line(bounds, at, to);
                    at = to;
                }
                Segment::Cubic(one, two, to) => {
                    let curve = [at, place(one), place(two), place(to)];
                    flatten(curve, |to| {
                        self.line(bounds, at, to);
                        at = to;
                    });
                }
                Segment::Close => {
                    self.line(bounds, at, start);
                    at = start;
                }
            }
        }
        self.line(bounds, at, start);
    }

    /// Adds a polygon, turned so that its inside counts positive whichever way it goes round.
    pub(super) fn polygon(&mut self, bounds: Bounds, points: &[Point]) {
        let Some(&last) = points.last() else { return };
        let mut area = 0.0;
        let mut before = last;
        for &point in points {
            area += before.x * point.y - point.x * before.y;
            before = point;
        }
        before = last;
        for &point in points {
            if area >= 0.0 {
                self.line(bounds, before, point);
            } else {
                self.line(bounds, point, before);
            }
            before = point;
        }
    }

    /// Adds a line, cut to the bounds. What lies left of them is moved onto their left edge, where
    /// it still covers all to its right; what lies right of them is moved onto the right edge.
    fn line(&mut self, bounds: Bounds, from: Point, to: Point) {
        let finite = [from.x, from.y, to.x, to.y].iter().all(|value| value.is_finite());
        if from.y == to.y || !finite || bounds.is_empty() {
            return;
        }
        let (top, bottom, sign) = if from.y < to.y { (from, to, 1.0) } else { (to, from, -1.0) };
        let slope = (bottom.x - top.x) / (bottom.y - top.y);
        let (y0, y1) = (top.y.max(bounds.y0 as f64), bottom.y.min(bounds.y1 as f64));
        if y0 >= y1 {
            return;
        }
        // `max` and `min`, not `clamp`: they turn the NaN of an overflowing slope into a number.
        let x_at = |y: f64| {
            let x = if y == bottom.y { bottom.x } else { top.x + (y - top.y) * slope };
            x.max(top.x.min(bottom.x)).min(top.x.max(bottom.x))
        };
        let (left, right) = (bounds.x0 as f64, bounds.x1 as f64);
        // The heights at which the line crosses the left and the right edge, in order.
        let mut cuts = [y0, y0, y0, y1];
        let crossing = |x: f64| {
            let inside = (top.x < x) != (bottom.x < x);
            if inside { (top.y + (x - top.x) / slope).clamp(y0, y1) } else { y0 }
        };
        let (one, two) = (crossing(left), crossing(right));
        cuts[1] = one.min(two);
        cuts[2] = one.max(two);
        for pair in cuts.windows(2) {
            let (y0, y1) = (pair[0], pair[1]);
            if y0 < y1 {
                let (x0, x1) = (x_at(y0).clamp(left, right), x_at(y1).clamp(left, right));
                self.edges.push(Edge { x0, y0, x1, y1, sign });
            }
        }
    }

    /// Gives the coverage of everything added, as spans `(row, first column, column after, 0..=255)`
    /// from the top left on, and forgets it. Spans of no coverage are left out.
    pub(super) fn spans(&mut self, bounds: Bounds, mut span: impl FnMut(usize, usize, usize, u8)) {
        self.edges.sort_by(|a, b| a.y0.total_cmp(&b.y0));
        let width = bounds.x1.saturating_sub(bounds.x0);
        self.sums.resize(width + 2, 0.0);
        self.active.clear();
        let (mut next, left) = (0, bounds.x0 as f64);
        let mut y = match self.edges.first() {
            Some(edge) => edge.y0 as usize,
            None => return,
        };
        while next < self.edges.len() || !self.active.is_empty() {
            if self.active.is_empty() {
                y = y.max(self.edges[next].y0 as usize);
            }
            let (top, bottom) = (y as f64, (y + 1) as f64);
            while next < self.edges.len() && self.edges[next].y0 < bottom {
                self.active.push(self.edges[next]);
                next += 1;
            }
            let (mut first, mut last) = (width, 0);
            for edge in &self.active {
                let slope = (edge.x1 - edge.x0) / (edge.y1 - edge.y0);
                let x_at = |y: f64| {
                    let x = edge.x0 + (y - edge.y0) * slope;
                    x.max(edge.x0.min(edge.x1)).min(edge.x0.max(edge.x1)) - left
                };
                let (y0, y1) = (edge.y0.max(top), edge.y1.min(bottom));
                let (x0, x1) = (x_at(y0), x_at(y1));
                add_edge(&mut self.sums, x0.min(x1), x0.max(x1), (y1 - y0) * edge.sign);
                first = first.min(x0.min(x1) as usize);
                last = last.max(x0.max(x1) as usize + 2);
            }
            self.active.retain(|edge| edge.y1 > bottom);
            let last = last.min(width);
            sweep(&mut self.sums, first, last, |x0, x1, coverage| {
                span(y, bounds.x0 + x0, bounds.x0 + x1, coverage);
            });
            // What was added right of the last column belongs to no pixel.
            self.sums[last..].iter_mut().take(2).for_each(|sum| *sum = 0.0);
            y += 1;
        }
        self.edges.clear();
    }
}

/// Adds to a row of sums an edge from `left` to `right` that is `height` of a pixel high: the
/// differences, from pixel to pixel, of the area right of it.
fn add_edge(sums: &mut [f32], left: f64, right: f64, height: f64) {
    let first = left as usize;
    let begin = left - first as f64;
    if right <= (first + 1) as f64 {
        let middle = 0.5 * (left + right) - first as f64;
        sums[first] += (height * (1.0 - middle)) as f32;
        sums[first + 1] += (height * middle) as f32;
        return;
    }
    // A trapezium in the first and in the last pixel, a steady climb between.
    let climb = 1.0 / (right - left);
    let last = right.ceil() as usize - 1;
    let end = right - last as f64;
    let area_first = 0.5 * climb * (1.0 - begin) * (1.0 - begin);
    let area_last = 0.5 * climb * end * end;
    sums[first] += (height * area_first) as f32;
    if last == first + 1 {
        sums[last] += (height * (1.0 - area_first - area_last)) as f32;
    } else {
        let area_second = climb * (1.5 - begin);
        sums[first + 1] += (height * (area_second - area_first)) as f32;
        for sum in &mut sums[first + 2..last] {
            *sum += (height * climb) as f32;
        }
        let before_last = area_second + (last - first - 2) as f64 * climb;
        sums[last] += (height * (1.0 - before_last - area_last)) as f32;
    }
    sums[last + 1] += (height * area_last) as f32;
}

/// Turns the sums of columns `first..last` into spans of equal coverage, and clears them.
fn sweep(sums: &mut [f32], first: usize, last: usize, mut span: impl FnMut(usize, usize, u8)) {
    let mut total = 0.0f32;
    let mut x = first;
    while x < last {
        total += sums[x];
        sums[x] = 0.0;
        let start = x;
        x += 1;
        // Wide areas by blocks, which vectors look at at once.
        while x + BLOCK <= last
            && sums[x..x + BLOCK].iter().fold(0, |any, sum| any | sum.to_bits()) == 0
        {
            x += BLOCK;
        }
        while x < last && sums[x] == 0.0 {
            x += 1;
        }
        let coverage = (total.abs().min(1.0) * 255.0 + 0.5) as u8;
        if coverage > 0 {
            span(start, x, coverage);
        }
    }
}

/// Cuts a cubic curve into lines; `line` gets the end of each.
pub(super) fn flatten(curve: [Point; 4], mut line: impl FnMut(Point)) {
    let [p0, p1, p2, p3] = curve;
    // Wang's bound: the second differences say how far a chord can lie from the curve.
    let bend = |a: Point, b: Point, c: Point| {
        let (dx, dy) = (a.x - 2.0 * b.x + c.x, a.y - 2.0 * b.y + c.y);
        dx * dx + dy * dy
    };
    let most = bend(p0, p1, p2).max(bend(p1, p2, p3)).sqrt();
    let lines = (0.75 * most / FLATNESS).sqrt().ceil().clamp(1.0, MOST_LINES);
    let count = lines as usize;
    for at in 1..count {
        let t = at as f64 / lines;
        let u = 1.0 - t;
        let [a, b, c, d] = [u * u * u, 3.0 * u * u * t, 3.0 * u * t * t, t * t * t];
        line(Point::new(
            a * p0.x + b * p1.x + c * p2.x + d * p3.x,
            a * p0.y + b * p1.y + c * p2.y + d * p3.y,
        ));
    }
    line(p3);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::raster::canvas::Canvas;
    use crate::raster::testing::{Random, coverage_by_samples, winding};

    fn coverage(filler: &mut Filler, bounds: Bounds, width: usize, height: usize) -> Vec<f64> {
        let mut all = vec![0.0; width * height];
        filler.spans(bounds, |y, x0, x1, coverage| {
            assert!(y < height && x0 < x1 && x1 <= width);
            all[y * width + x0..y * width + x1].fill(f64::from(coverage) / 255.0);
        });
        all
    }

    #[test]
    fn triangles_cover_what_they_cover() {
        let mut random = Random::new(11);
        let bounds = Canvas::new(14, 11, [0; 4]).bounds();
        let mut filler = Filler::default();
        for round in 0..400 {
            // Some reach far outside on every side.
            let far = if round % 3 == 0 { 60.0 } else { 4.0 };
            let points: Vec<Point> = (0..3)
                .map(|_| {
                    Point::new(random.between(-far, 14.0 + far), random.between(-far, 11.0 + far))
                })
                .collect();
            filler.path(bounds, &Path::polyline(&points, true), |point| point);
            let got = coverage(&mut filler, bounds, 14, 11);
            let want = coverage_by_samples(14, 11, 24, |x, y| winding(&points, x, y) != 0);
            for (got, want) in got.iter().zip(want) {
                assert!((got - want).abs() < 0.05, "{got} {want} {points:?}");
            }
        }
    }

    #[test]
    fn areas_within_bounds_are_cut_there() {
        let bounds = Bounds { x0: 3, y0: 2, x1: 9, y1: 7 };
        let mut filler = Filler::default();
        let circle = Path::circle(Point::new(6.3, 4.1), 5.2);
        filler.path(bounds, &circle, |point| point);
        let got = coverage(&mut filler, bounds, 12, 9);
        let inside = |x: f64, y: f64| {
            let within = (3.0..9.0).contains(&x) && (2.0..7.0).contains(&y);
            within && (x - 6.3) * (x - 6.3) + (y - 4.1) * (y - 4.1) < 5.2 * 5.2
        };
        for (got, want) in got.iter().zip(coverage_by_samples(12, 9, 32, inside)) {
            assert!((got - want).abs() < 0.03, "{got} {want}");
        }
    }

    #[test]
    fn a_hole_stays_open_and_overlaps_count_once() {
        let bounds = Canvas::new(20, 20, [0; 4]).bounds();
        let square = |x: f64, size: f64, back: bool| {
            let mut corners = [(x, x), (x + size, x), (x + size, x + size), (x, x + size)];
            if back {
                corners.reverse();
            }
            Path::polyline(&corners.map(|(x, y)| Point::new(x, y)), true)
        };
        let mut filler = Filler::default();
        for (path, back, want) in
            [(square(2.0, 16.0, false), true, 0.0), (square(2.0, 16.0, false), false, 1.0)]
        {
            filler.path(bounds, &path, |point| point);
            filler.path(bounds, &square(6.0, 8.0, back), |point| point);
            let got = coverage(&mut filler, bounds, 20, 20);
            assert_eq!((got[10 * 20 + 10], got[4 * 20 + 4], got[0]), (want, 1.0, 0.0));
        }
    }

    #[test]
    fn wild_numbers_do_no_harm() {
        let bounds = Canvas::new(5, 5, [0; 4]).bounds();
        let wild = [f64::NAN, f64::INFINITY, -1e300, 1e300, 1e-300, f64::MAX, f64::MIN, 2.0, 3.0];
        let mut random = Random::new(5);
        let (mut filler, mut covered) = (Filler::default(), 0);
        for _ in 0..2000 {
            let mut pick = || Point::new(wild[random.below(9)], wild[random.below(9)]);
            let path = Path {
                segments: vec![
                    Segment::Move(pick()),
                    Segment::Line(pick()),
                    Segment::Cubic(pick(), pick(), pick()),
                    Segment::Close,
                ],
            };
            filler.path(bounds, &path, |point| point);
            let coverage = coverage(&mut filler, bounds, 5, 5);
            assert!(coverage.iter().all(|share| (0.0..=1.0).contains(share)), "{path:?}");
            covered += usize::from(coverage.iter().any(|share| *share > 0.0));
        }
        assert!(covered > 20, "{covered} of 2000 paths covered anything");
    }
}
