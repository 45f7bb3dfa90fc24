//! The display list.

use crate::{Color, Path, Rect, Text};

/// A whole picture.
#[derive(Debug, Clone, PartialEq)]
pub struct Scene {
    /// Width of the page, points.
    pub width: f64,
    /// Height of the page, points.
    pub height: f64,
    /// Colour of the page; `None` is clear.
    pub background: Option<Color>,
    /// What the picture is, one line (the title of an SVG or PDF).
    pub title: String,
    /// What it shows, for those who cannot see it.
    pub description: String,
    /// What is drawn, first below.
    pub items: Vec<Item>,
}

/// One thing to draw.
#[derive(Debug, Clone, PartialEq)]
pub enum Item {
    /// A filled or stroked path.
    Shape(Shape),
    /// One line of text.
    Text(Text),
    /// A picture of pixels.
    Image(Image),
    /// Cells of a heat map.
    Cells(Cells),
    /// Many marks of one colour.
    Marks(Marks),
    /// Dots and lines of many colours.
    Dots(Dots),
    /// Items that belong together, perhaps clipped.
    Group(Group),
}

/// A filled or stroked path.
#[derive(Debug, Clone, PartialEq)]
pub struct Shape {
    /// The path.
    pub path: Path,
    /// Colour inside (non-zero rule).
    pub fill: Option<Color>,
    /// Line along it.
    pub stroke: Option<Stroke>,
}

/// A line along a path: butt ends, mitred corners.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Stroke {
    /// Colour.
    pub color: Color,
    /// Width, points.
    pub width: f64,
}

/// A picture of pixels; each pixel is drawn as a sharp rectangle.
#[derive(Debug, Clone, PartialEq)]
pub struct Image {
    /// Where it goes.
    pub rect: Rect,
    /// Pixels across.
    pub width: usize,
    /// Pixels down.
    pub height: usize,
    /// Row by row, `width * height` colours.
    pub pixels: Vec<Color>,
}

/// A grid of coloured cells without seams: cell (r, c) fills its share of `rect`.
#[derive(Debug, Clone, PartialEq)]
pub struct Cells {
    /// The area of all cells.
    pub rect: Rect,
    /// Rows of cells.
    pub rows: usize,
    /// Columns of cells.
    pub cols: usize,
    /// The colours used; at most 65,536.
    pub palette: Vec<Color>,
    /// Row by row, the colour of each cell as a place in `palette`.
    pub cells: Vec<u16>,
}

/// What a mark looks like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MarkShape {
    /// The rectangle itself.
    Rect,
    /// The ellipse inside the rectangle.
    Disc,
}

/// Many marks of one colour.
#[derive(Debug, Clone, PartialEq)]
pub struct Marks {
    /// Their colour.
    pub fill: Color,
    /// What they look like.
    pub shape: MarkShape,
    /// Where they are: x, y, width, height.
    pub places: Vec<[f32; 4]>,
}

/// Dots and lines of many colours, each laid over those before it: points in space, farthest first.
#[derive(Debug, Clone, PartialEq)]
pub struct Dots {
    /// The colours used; at most 65,536.
    pub palette: Vec<Color>,
    /// Diameter of a dot, points.
    pub diameter: f64,
    /// Width of a line, points; its ends are butt.
    pub width: f64,
    /// What is drawn, first below. What is not finite, or has no colour, is not drawn.
    pub pieces: Vec<Piece>,
}

/// A dot or a line; `color` is a place in the palette.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Piece {
    /// A disc.
    Dot {
        /// Its middle: x, y.
        at: [f32; 2],
        /// Its colour.
        color: u16,
    },
    /// A straight line.
    Line {
        /// Where it begins: x, y.
        from: [f32; 2],
        /// Where it ends.
        to: [f32; 2],
        /// Its colour.
        color: u16,
    },
}

/// Items that belong together.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Group {
    /// What they are, for tools and screen readers; may be empty.
    pub label: String,
    /// Nothing is drawn outside.
    pub clip: Option<Rect>,
    /// The items, first below.
    pub items: Vec<Item>,
}

impl Shape {
    /// A filled path.
    pub fn filled(path: Path, fill: Color) -> Item {
        Item::Shape(Shape { path, fill: Some(fill), stroke: None })
    }

    /// A stroked path.
    pub fn stroked(path: Path, color: Color, width: f64) -> Item {
        Item::Shape(Shape { path, fill: None, stroke: Some(Stroke { color, width }) })
    }
}

impl Cells {
    /// The colour of cell (row, col); `None` outside.
    pub fn color(&self, row: usize, col: usize) -> Option<Color> {
        if col >= self.cols {
            return None;
        }
        let at = *self.cells.get(row * self.cols + col)?;
        self.palette.get(usize::from(at)).copied()
    }
}
