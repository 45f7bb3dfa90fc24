//! Draws what surrounds the points: a plane with a grid, or a box with walls.

use hinton_scene::{Align, Baseline, Item, Path, Point, Rect, Shape, TextStyle};

use super::Box3;
use super::camera::Lens;
use super::style::Colors;
use crate::frame::text;
use crate::ticks::{even_ticks, tick_texts};

/// Space between a tick and its number.
const TICK: f64 = 3.0;
/// Length of a dash, and of the space after it.
const DASH: (f64, f64) = (2.2, 1.1);

/// A grid's line, dashed where the style has it so.
fn grid_line(path: &mut Path, from: Point, to: Point, dashed: bool) {
    if !dashed {
        path.extend(Path::line(from, to));
        return;
    }
    let (dx, dy) = (to.x - from.x, to.y - from.y);
    let length = (dx * dx + dy * dy).sqrt();
    let at = |far: f64| {
        let share = (far / length).min(1.0);
        Point::new(from.x + dx * share, from.y + dy * share)
    };
    let mut far = 0.0;
    while far < length {
        path.extend(Path::line(at(far), at(far + DASH.0)));
        far += DASH.0 + DASH.1;
    }
}

/// Grid, zero lines and frame of a plane, and the numbers beside it.
pub(crate) struct Plane {
    /// What lies below the points.
    pub(crate) below: Vec<Item>,
    /// What lies above them.
    pub(crate) above: Vec<Item>,
}

/// What axes are drawn from.
pub(crate) struct Axes<'a> {
    pub(crate) data: &'a Box3,
    pub(crate) lens: &'a Lens,
    pub(crate) names: &'a [String; 3],
    pub(crate) colors: &'a Colors,
    /// Type of the numbers.
    pub(crate) numbers: TextStyle,
    /// Whether a bar as long as the space between two lines of the grid is drawn instead of numbers.
    pub(crate) bar: bool,
}

/// Spaces between lines of the grid, at most, where a bar says how long they are.
const MOST_SPACES: usize = 5;

impl Axes<'_> {
    /// The axes of a plane that fills `rect`.
    pub(crate) fn plane(&self, rect: Rect) -> Plane {
        let Axes { data, lens, names, colors, numbers, bar } = *self;
        let most = |length: f64| match bar {
            true => MOST_SPACES,
            false => ((length / 42.0) as usize).clamp(2, 10),
        };
        let (mut grid, mut zero, mut ticks) = (Path::new(), Path::new(), Path::new());
        let mut above = Vec::new();
        for axis in 0..2 {
            let length = if axis == 0 { rect.w } else { rect.h };
            let values = even_ticks(data.low[axis], data.high[axis], most(length));
            for (&value, label) in values.iter().zip(tick_texts(&values)) {
                let mut point = [0.0; 3];
                point[axis] = value;
                let at = lens.see(point).at[axis];
                let is_zero = label == "0" && !colors.dashed;
                let path = if is_zero { &mut zero } else { &mut grid };
                let (from, to) = match axis {
                    0 => (Point::new(at, rect.y), Point::new(at, rect.bottom())),
                    _ => (Point::new(rect.x, at), Point::new(rect.right(), at)),
                };
                grid_line(path, from, to, colors.dashed);
                if bar {
                    continue;
                }
                let (x, y) = if axis == 0 { (at, rect.bottom()) } else { (rect.x, at) };
                let (from, to) = match axis {
                    0 => (Point::new(x, y), Point::new(x, y - TICK)),
                    _ => (Point::new(x, y), Point::new(x + TICK, y)),
                };
                ticks.extend(Path::line(from, to));
                above.push(match axis {
                    0 => text(&label, x, y + TICK + 1.0, numbers, Align::Middle, Baseline::Top),
                    _ => text(&label, x - TICK - 1.0, y, numbers, Align::End, Baseline::Middle),
                });
            }
        }
        let mut below = vec![Shape::stroked(grid, colors.grid, 0.5)];
        if !zero.segments.is_empty() {
            below.push(Shape::stroked(zero, colors.zero, 0.6));
        }
        above.insert(0, Shape::stroked(Path::rect(rect), colors.edge, 0.6));
        if colors.dashed {
            above.push(Shape::stroked(ticks, colors.edge, 0.6));
        }
        if bar {
            let unit = lens.see([1.0, 0.0, 0.0]).at[0] - lens.see([0.0; 3]).at[0];
            let from = Point::new(rect.x, rect.bottom() + TICK + 3.0);
            if let Some((length, label)) = self.bar_of(0) {
                let to = Point::new(from.x + length * unit, from.y);
                above.push(self.bar_line(from, to));
                let (x, y) = (to.x + 4.0, to.y);
                above.push(text(&label, x, y, numbers, Align::Start, Baseline::Middle));
            }
        }
        if !names[0].is_empty() {
            let y = rect.bottom() + numbers.size * 2.0 + 3.0;
            above.push(text(&names[0], rect.center().x, y, numbers, Align::Middle, Baseline::Top));
        }
        if !names[1].is_empty() {
            // Above the corner: turned letters beside the axis would take the room of the numbers.
            let (x, y) = (rect.x - 2.0, rect.y - 4.0);
            above.push(text(&names[1], x, y, numbers, Align::Start, Baseline::Alphabetic));
        }
        Plane { below, above }
    }

    /// How long the bar of an axis is, and how that is written.
    fn bar_of(&self, axis: usize) -> Option<(f64, String)> {
        let values = even_ticks(self.data.low[axis], self.data.high[axis], MOST_SPACES);
        let [first, second, ..] = values[..] else { return None };
        let length = second - first;
        let label = tick_texts(&[0.0, length]).pop()?;
        Some((length, label))
    }

    /// A thick line with ends.
    fn bar_line(&self, from: Point, to: Point) -> Item {
        let (dx, dy) = (to.x - from.x, to.y - from.y);
        let length = (dx * dx + dy * dy).sqrt().max(1e-9);
        let (nx, ny) = (-dy / length * 2.0, dx / length * 2.0);
        let mut path = Path::line(from, to);
        for end in [from, to] {
            let (a, b) = (Point::new(end.x - nx, end.y - ny), Point::new(end.x + nx, end.y + ny));
            path.extend(Path::line(a, b));
        }
        Shape::stroked(path, self.colors.theme.ink, 0.9)
    }

    /// The walls behind everything, with their grids, and the numbers along the edges.
    pub(crate) fn walls(&self, side: f64) -> Plane {
        let Axes { data, lens, colors, .. } = *self;
        let most = if self.bar { MOST_SPACES } else { ((side / 46.0) as usize).clamp(2, 8) };
        let ticks: [Vec<f64>; 3] =
            std::array::from_fn(|axis| even_ticks(data.low[axis], data.high[axis], most));
        let place = |point: [f64; 3]| {
            let [x, y] = lens.see(point).at;
            Point::new(x, y)
        };
        let mut below = Vec::new();
        let (mut grid, mut edges) = (Path::new(), Path::new());
        let backs = back_walls(data, lens);
        for &(axis, high) in &backs {
            let (one, two) = ((axis + 1) % 3, (axis + 2) % 3);
            let mut corner = [high; 3];
            let corners =
                [(false, false), (true, false), (true, true), (false, true)].map(|(a, b)| {
                    (corner[one], corner[two]) = (a, b);
                    place(corner_point(data, corner))
                });
            below.push(Shape::filled(Path::polyline(&corners, true), colors.wall));
            edges.extend(Path::polyline(&corners, true));
            for (along, across) in [(one, two), (two, one)] {
                for &value in &ticks[along] {
                    let mut point = corner_point(data, [high; 3]);
                    point[along] = value;
                    let end = |high: bool| {
                        let mut point = point;
                        point[across] = if high { data.high[across] } else { data.low[across] };
                        place(point)
                    };
                    grid_line(&mut grid, end(false), end(true), colors.dashed);
                }
            }
        }
        below.push(Shape::stroked(grid, colors.grid, 0.5));
        below.push(Shape::stroked(edges, colors.edge, 0.6));
        let mut above = Vec::new();
        let middle = place(std::array::from_fn(|axis| (data.low[axis] + data.high[axis]) / 2.0));
        for (axis, ticks) in ticks.iter().enumerate() {
            if let Some(edge) = outer_edge(data, lens, axis, &backs) {
                self.numbers_along(&mut above, edge, axis, ticks, middle);
            }
        }
        Plane { below, above }
    }

    /// Ticks, numbers and the name along an edge, away from the middle of the box.
    fn numbers_along(
        &self,
        items: &mut Vec<Item>,
        edge: Corner,
        axis: usize,
        ticks: &[f64],
        middle: Point,
    ) {
        let Axes { data, lens, names, colors, numbers, bar } = *self;
        let place = |value: f64| {
            let mut point = corner_point(data, edge);
            point[axis] = value;
            let [x, y] = lens.see(point).at;
            Point::new(x, y)
        };
        let (from, to) = (place(data.low[axis]), place(data.high[axis]));
        let (dx, dy) = (to.x - from.x, to.y - from.y);
        let length = (dx * dx + dy * dy).sqrt().max(1e-9);
        let (mut nx, mut ny) = (-dy / length, dx / length);
        let half = Point::new((from.x + to.x) / 2.0, (from.y + to.y) / 2.0);
        if nx * (half.x - middle.x) + ny * (half.y - middle.y) < 0.0 {
            (nx, ny) = (-nx, -ny);
        }
        let out = |at: Point, far: f64| Point::new(at.x + nx * far, at.y + ny * far);
        // Letters are wider than high: they stand off by what the direction needs.
        let align = match nx {
            nx if nx > 0.35 => Align::Start,
            nx if nx < -0.35 => Align::End,
            _ => Align::Middle,
        };
        let mut path = Path::line(from, to);
        if let (true, 0, Some((long, label))) = (bar, axis, self.bar_of(0)) {
            let ends = [data.low[0], data.low[0] + long].map(|value| out(place(value), TICK + 1.0));
            items.push(self.bar_line(ends[0], ends[1]));
            let middle = Point::new((ends[0].x + ends[1].x) / 2.0, (ends[0].y + ends[1].y) / 2.0);
            let away = out(middle, 4.0 + ny.abs() * numbers.size * 0.45);
            items.push(text(&label, away.x, away.y, numbers, align, Baseline::Middle));
        }
        for (&value, label) in ticks.iter().zip(tick_texts(ticks)).filter(|_| !bar) {
            let at = place(value);
            path.extend(Path::line(at, out(at, TICK)));
            let away = out(at, TICK + 2.5 + ny.abs() * numbers.size * 0.45);
            items.push(text(&label, away.x, away.y, numbers, align, Baseline::Middle));
        }
        items.push(Shape::stroked(path, colors.edge, 0.6));
        if !names[axis].is_empty() {
            let away = out(half, numbers.size * if bar { 2.0 } else { 3.4 });
            items.push(text(&names[axis], away.x, away.y, numbers, align, Baseline::Middle));
        }
    }
}

/// A corner of the box: for each axis whether it is the high end.
type Corner = [bool; 3];

fn corner_point(data: &Box3, corner: Corner) -> [f64; 3] {
    std::array::from_fn(|axis| if corner[axis] { data.high[axis] } else { data.low[axis] })
}

/// Whether the wall of that axis and end is seen from inside: it lies behind everything.
fn is_back(data: &Box3, lens: &Lens, axis: usize, high: bool) -> bool {
    // The winding of its corners on the page tells, in perspective too.
    let (one, two) = ((axis + 1) % 3, (axis + 2) % 3);
    let at = |first: bool, second: bool| {
        let mut corner = [high; 3];
        corner[one] = first;
        corner[two] = second;
        lens.see(corner_point(data, corner)).at
    };
    let (a, b, c, d) = (at(false, false), at(true, false), at(true, true), at(false, true));
    let diagonal = |from: [f64; 2], to: [f64; 2]| [to[0] - from[0], to[1] - from[1]];
    let (p, q) = (diagonal(a, c), diagonal(b, d));
    // y goes down on the page, so what turns left in space turns right here.
    let area = -(p[0] * q[1] - p[1] * q[0]);
    let outward = if high { area } else { -area };
    outward < 0.0
}

fn back_walls(data: &Box3, lens: &Lens) -> Vec<(usize, bool)> {
    let all = (0..3).flat_map(|axis| [(axis, false), (axis, true)]);
    all.filter(|&(axis, high)| is_back(data, lens, axis, high)).collect()
}

/// The edge along an axis that numbers are written at: on the outline of the box, the lowest on the
/// page for x and y, the rightmost for z.
fn outer_edge(data: &Box3, lens: &Lens, axis: usize, backs: &[(usize, bool)]) -> Option<Corner> {
    let (one, two) = ((axis + 1) % 3, (axis + 2) % 3);
    let mut found: Option<(f64, f64, Corner)> = None;
    for (a, b) in [(false, false), (false, true), (true, false), (true, true)] {
        let is_outline = backs.contains(&(one, a)) != backs.contains(&(two, b));
        if !is_outline {
            continue;
        }
        let mut corner = [false; 3];
        (corner[one], corner[two]) = (a, b);
        let mut far = corner;
        far[axis] = true;
        let ends = [corner, far].map(|corner| lens.see(corner_point(data, corner)).at);
        let length = (ends[0][0] - ends[1][0]).abs() + (ends[0][1] - ends[1][1]).abs();
        let (x, y) = (ends[0][0] + ends[1][0], ends[0][1] + ends[1][1]);
        // Seen from its end an edge has no room for numbers.
        let rank = if axis == 2 { x } else { y };
        if length > 24.0 && found.is_none_or(|(best, _, _)| rank > best + 1e-6) {
            found = Some((rank, length, corner));
        }
    }
    found.map(|(_, _, corner)| corner)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::space::Camera;

    #[test]
    fn three_walls_are_behind_everything() {
        let data = Box3 { low: [-2.0, 0.0, 1.0], high: [2.0, 5.0, 3.0] };
        for azimuth in [-170.0, -120.0, -60.0, -10.0, 20.0, 75.0, 130.0] {
            for elevation in [-40.0, -5.0, 10.0, 30.0, 70.0] {
                let camera = Camera { azimuth, elevation, ..Camera::default() };
                let lens = Lens::new(&camera, &data, [1.0, 1.0, 0.8], [0.0; 2], 100.0);
                let backs = back_walls(&data, &lens);
                // In perspective a wall seen almost from its side may be seen from inside as well.
                assert!((3..=5).contains(&backs.len()), "{azimuth} {elevation} {backs:?}");
                let high = azimuth > -90.0 && azimuth < 90.0;
                assert!(backs.contains(&(2, elevation < 0.0)), "{azimuth} {elevation} {backs:?}");
                if azimuth.abs() < 80.0 || azimuth.abs() > 100.0 {
                    assert!(backs.contains(&(0, !high)), "{azimuth} {elevation} {backs:?}");
                }
                for axis in 0..2 {
                    assert!(outer_edge(&data, &lens, axis, &backs).is_some());
                }
            }
        }
    }
}
