//! Finds what is below a point of a scene, for rectangular areas.

use hinton_scene::{Cells, Color, Path, Point, Rect, Segment, Text, Weight, turn};

use super::{is_clear, over};

/// Only this many areas are looked through, the last first.
const MOST: usize = 1024;

/// Most colours of areas over one another: four that let through, with their borders.
const MOST_TINTS: usize = 48;

enum Ground<'a> {
    Fill(Rect, Color),
    Cells(&'a Cells),
}

/// The areas drawn so far.
pub(super) struct Grounds<'a> {
    page: Color,
    areas: Vec<Ground<'a>>,
    /// Colours that areas which let through have, alone and over one another, and their borders.
    tints: Vec<Color>,
}

impl<'a> Grounds<'a> {
    pub(super) fn new(page: Color) -> Self {
        Grounds { page, areas: Vec::new(), tints: Vec::new() }
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

    /// Where a fill lets through, whatever its outline, it may lie over any that does. Gives the
    /// colours that this makes, `seen` is the one on its own ground.
    pub(super) fn add_tints(&mut self, seen: Color, fill: Color) -> Vec<Color> {
        if !is_clear(fill) {
            return Vec::new();
        }
        let mut made: Vec<Color> = self.tints.iter().map(|&below| over(below, fill)).collect();
        made.retain(|color| !self.tints.contains(color));
        made.truncate(MOST_TINTS.saturating_sub(self.tints.len()));
        self.tints.extend(&made);
        self.add_tint(seen);
        made
    }

    /// The colour of a border of such an area: the next may lie over it.
    pub(super) fn add_tint(&mut self, color: Color) {
        if self.tints.len() < MOST_TINTS && !self.tints.contains(&color) {
            self.tints.push(color);
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
