//! Points, rectangles and paths, in points (1/72 inch), with x to the right and y down.

/// A position on the page.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Point {
    /// Distance from the left edge.
    pub x: f64,
    /// Distance from the top edge.
    pub y: f64,
}

impl Point {
    /// The point at (x, y).
    pub const fn new(x: f64, y: f64) -> Self {
        Point { x, y }
    }
}

/// An axis-parallel rectangle.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Rect {
    /// Left edge.
    pub x: f64,
    /// Top edge.
    pub y: f64,
    /// Width, not negative.
    pub w: f64,
    /// Height, not negative.
    pub h: f64,
}

impl Rect {
    /// The rectangle with this top left corner and size.
    pub const fn new(x: f64, y: f64, w: f64, h: f64) -> Self {
        Rect { x, y, w, h }
    }

    /// The x coordinate of the right edge.
    pub fn right(&self) -> f64 {
        self.x + self.w
    }

    /// The y coordinate of the bottom edge.
    pub fn bottom(&self) -> f64 {
        self.y + self.h
    }

    /// The centre.
    pub fn center(&self) -> Point {
        Point::new(self.x + self.w / 2.0, self.y + self.h / 2.0)
    }

    /// The rectangle reduced by `by` on every side (enlarged if negative).
    pub fn inset(&self, by: f64) -> Rect {
        let w = (self.w - 2.0 * by).max(0.0);
        let h = (self.h - 2.0 * by).max(0.0);
        Rect::new(self.x + by, self.y + by, w, h)
    }

    /// The rectangle moved by `dx` and `dy`.
    pub fn moved(&self, dx: f64, dy: f64) -> Rect {
        Rect { x: self.x + dx, y: self.y + dy, ..*self }
    }
}

/// A segment of a path.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Segment {
    /// Starts a new subpath.
    Move(Point),
    /// A straight line.
    Line(Point),
    /// A cubic Bézier curve: two control points and the end.
    Cubic(Point, Point, Point),
    /// Closes the subpath with a line to its start.
    Close,
}

/// A path of lines and curves; areas are filled by the non-zero rule.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Path {
    /// The segments, in order.
    pub segments: Vec<Segment>,
}

/// Control point distance that makes a quarter circle of radius 1 (error below 3e-4).
const QUARTER: f64 = 0.552_284_749_830_793_6;

impl Path {
    /// An empty path.
    pub fn new() -> Self {
        Path::default()
    }

    /// A straight line.
    pub fn line(from: Point, to: Point) -> Self {
        Path { segments: vec![Segment::Move(from), Segment::Line(to)] }
    }

    /// A polyline, optionally closed.
    pub fn polyline(points: &[Point], closed: bool) -> Self {
        let mut path = Path::new();
        for (at, &point) in points.iter().enumerate() {
            path.segments.push(if at == 0 { Segment::Move(point) } else { Segment::Line(point) });
        }
        if closed && !points.is_empty() {
            path.segments.push(Segment::Close);
        }
        path
    }

    /// A rectangle.
    pub fn rect(rect: Rect) -> Self {
        let Rect { x, y, .. } = rect;
        let corners =
            [(x, y), (rect.right(), y), (rect.right(), rect.bottom()), (x, rect.bottom())];
        Path::polyline(&corners.map(|(x, y)| Point::new(x, y)), true)
    }

    /// A circle.
    pub fn circle(center: Point, radius: f64) -> Self {
        let at = |dx: f64, dy: f64| Point::new(center.x + dx * radius, center.y + dy * radius);
        let k = QUARTER;
        Path {
            segments: vec![
                Segment::Move(at(1.0, 0.0)),
                Segment::Cubic(at(1.0, k), at(k, 1.0), at(0.0, 1.0)),
                Segment::Cubic(at(-k, 1.0), at(-1.0, k), at(-1.0, 0.0)),
                Segment::Cubic(at(-1.0, -k), at(-k, -1.0), at(0.0, -1.0)),
                Segment::Cubic(at(k, -1.0), at(1.0, -k), at(1.0, 0.0)),
                Segment::Close,
            ],
        }
    }

    /// Appends the segments of another path.
    pub fn extend(&mut self, other: Path) {
        self.segments.extend(other.segments);
    }
}
