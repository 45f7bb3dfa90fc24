//! What lies below a point of a scene, for areas that are rectangles.

use hinton_scene::{Cells, Color, Path, Point, Rect, Segment, Text, Weight, turn};

use super::over;

/// Only so many areas are looked through, the last first.
const MOST: usize = 1024;

enum Ground<'a> {
    Fill(Rect, Color),
    Cells(&'a Cells),
}

/// The areas drawn so far.
pub(super) struct Grounds<'a> {
    page: Color,
    areas: Vec<Ground<'a>>,
}

impl<'a> Grounds<'a> {
    pub(super) fn new(page: Color) -> Self {
        Grounds { page, areas: Vec::new() }
    }

    /// Adds a filled path when it is a rectangle.
    pub(super) fn add_fill(&mut self, path: &Path, color: Color) {
        if let [Segment::Move(a), Segment::Line(_), Segment::Line(c), ..] = path.segments[..] {
            let rect = Rect::new(a.x.min(c.x), a.y.min(c.y), (c.x - a.x).abs(), (c.y - a.y).abs());
            if rect.w > 0.0 && rect.h > 0.0 {
                self.areas.push(Ground::Fill(rect, color));
            }
        }
    }

    pub(super) fn add_cells(&mut self, cells: &'a Cells) {
        self.areas.push(Ground::Cells(cells));
    }

    /// The colour at a point, and whether it is that of a cell.
    pub(super) fn at(&self, point: Point) -> (Color, bool) {
        let first = self.areas.len().saturating_sub(MOST);
        for area in self.areas[first..].iter().rev() {
            match area {
                Ground::Fill(rect, color) if holds(rect, point) => return (*color, false),
                Ground::Cells(cells) if holds(&cells.rect, point) => {
                    let share = |at: f64, length: f64, count: usize| {
                        ((at / length * count as f64) as usize).min(count.saturating_sub(1))
                    };
                    let row = share(point.y - cells.rect.y, cells.rect.h, cells.rows);
                    let col = share(point.x - cells.rect.x, cells.rect.w, cells.cols);
                    if let Some(color) = cells.color(row, col) {
                        return (over(self.page, color), true);
                    }
                }
                _ => {}
            }
        }
        (self.page, false)
    }
}

fn holds(rect: &Rect, point: Point) -> bool {
    point.x >= rect.x && point.x < rect.right() && point.y >= rect.y && point.y < rect.bottom()
}

/// The middle of a text.
pub(super) fn middle(text: &Text) -> Point {
    let (sin, cos) = turn(text.rotation);
    let cap = hinton_scene::Font::get(Weight::Regular).cap_height();
    let (along, up) = (text.width / 2.0, text.style.size * cap / 2.0);
    Point::new(text.x + along * cos + up * sin, text.y + along * sin - up * cos)
}
