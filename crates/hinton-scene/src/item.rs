//! The items of a scene.

use crate::{Color, Path, Rect, Text};

/// A picture with all positions, colours and text resolved.
#[derive(Debug, Clone, PartialEq)]
pub struct Scene {
    /// Width of the page in points.
    pub width: f64,
    /// Height of the page in points.
    pub height: f64,
    /// Colour of the page; `None` is transparent.
    pub background: Option<Color>,
    /// The title in one line, used for SVG and PDF.
    pub title: String,
    /// A description of what it shows, for readers who cannot see it.
    pub description: String,
    /// The items, in the order in which they are drawn.
    pub items: Vec<Item>,
}

/// One thing to draw.
#[derive(Debug, Clone, PartialEq)]
pub enum Item {
    /// A filled or stroked path.
    Shape(Shape),
    /// One line of text.
    Text(Text),
    /// A bitmap.
    Image(Image),
    /// Cells of a heat map.
    Cells(Cells),
    /// Many marks of one colour.
    Marks(Marks),
    /// Dots and lines of many colours.
    Dots(Dots),
    /// Several items, optionally clipped.
    Group(Group),
}

/// A filled or stroked path.
#[derive(Debug, Clone, PartialEq)]
pub struct Shape {
    /// The path.
    pub path: Path,
    /// Fill colour (non-zero rule).
    pub fill: Option<Color>,
    /// The line along it.
    pub stroke: Option<Stroke>,
}

/// A line along a path, with butt ends and mitred corners.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Stroke {
    /// Colour.
    pub color: Color,
    /// Width in points.
    pub width: f64,
}

/// A bitmap; each pixel is drawn as a sharp rectangle.
#[derive(Debug, Clone, PartialEq)]
pub struct Image {
    /// Its position and size.
    pub rect: Rect,
    /// Width in pixels.
    pub width: usize,
    /// Height in pixels.
    pub height: usize,
    /// `width * height` colours, row by row.
    pub pixels: Vec<Color>,
}

/// A grid of coloured cells without seams: cells divide `rect` evenly.
#[derive(Debug, Clone, PartialEq)]
pub struct Cells {
    /// The area of the whole grid.
    pub rect: Rect,
    /// Number of rows of cells.
    pub rows: usize,
    /// Number of columns of cells.
    pub cols: usize,
    /// The colours used; at most 65,536.
    pub palette: Vec<Color>,
    /// For each cell the index of its colour in `palette`, row by row.
    pub cells: Vec<u16>,
}

/// The shape of a mark.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MarkShape {
    /// The rectangle itself.
    Rect,
    /// The ellipse inscribed in the rectangle.
    Disc,
}

/// Many marks of one colour.
#[derive(Debug, Clone, PartialEq)]
pub struct Marks {
    /// The colour of all marks.
    pub fill: Color,
    /// The shape of all marks.
    pub shape: MarkShape,
    /// The rectangle of each mark: x, y, width, height.
    pub places: Vec<[f32; 4]>,
}

/// Dots and lines of many colours, drawn in order: points in space, farthest first.
#[derive(Debug, Clone, PartialEq)]
pub struct Dots {
    /// The colours used; at most 65,536.
    pub palette: Vec<Color>,
    /// Diameter of a dot in points.
    pub diameter: f64,
    /// Width of a line in points; it has butt ends.
    pub width: f64,
    /// The dots and lines, in the order in which they are drawn. Those with non-finite coordinates
    /// or without a colour are not drawn.
    pub pieces: Vec<Piece>,
}

/// A dot or a line; `color` is an index into the palette.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Piece {
    /// A disc.
    Dot {
        /// Its centre: x, y.
        at: [f32; 2],
        /// Its colour.
        color: u16,
    },
    /// A straight line.
    Line {
        /// Its start: x, y.
        from: [f32; 2],
        /// Its end.
        to: [f32; 2],
        /// Its colour.
        color: u16,
    },
}

/// Several items.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Group {
    /// A label for tools and screen readers; may be empty.
    pub label: String,
    /// A rectangle outside of which nothing is drawn.
    pub clip: Option<Rect>,
    /// The items, in the order in which they are drawn.
    pub items: Vec<Item>,
}

impl Shape {
    /// An item for a filled path.
    pub fn filled(path: Path, fill: Color) -> Item {
        Item::Shape(Shape { path, fill: Some(fill), stroke: None })
    }

    /// An item for a stroked path.
    pub fn stroked(path: Path, color: Color, width: f64) -> Item {
        Item::Shape(Shape { path, fill: None, stroke: Some(Stroke { color, width }) })
    }
}

impl Cells {
    /// The colour of the cell at (row, col); `None` if there is no such cell.
    pub fn color(&self, row: usize, col: usize) -> Option<Color> {
        if col >= self.cols {
            return None;
        }
        let at = *self.cells.get(row * self.cols + col)?;
        self.palette.get(usize::from(at)).copied()
    }
}
