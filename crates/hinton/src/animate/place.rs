//! Scenes moved, made smaller, and set beside one another.

use hinton_scene::{Item, Path, Point, Rect, Scene, Segment, Text};

/// A move after a change of size, the same in both directions.
#[derive(Clone, Copy)]
struct Place {
    scale: f64,
    dx: f64,
    dy: f64,
}

impl Place {
    fn point(self, point: Point) -> Point {
        Point::new(point.x * self.scale + self.dx, point.y * self.scale + self.dy)
    }

    fn rect(self, rect: Rect) -> Rect {
        let Point { x, y } = self.point(Point::new(rect.x, rect.y));
        Rect::new(x, y, rect.w * self.scale, rect.h * self.scale)
    }

    fn path(self, path: &mut Path) {
        for segment in &mut path.segments {
            *segment = match *segment {
                Segment::Move(to) => Segment::Move(self.point(to)),
                Segment::Line(to) => Segment::Line(self.point(to)),
                Segment::Cubic(a, b, to) => {
                    Segment::Cubic(self.point(a), self.point(b), self.point(to))
                }
                Segment::Close => Segment::Close,
            };
        }
    }

    fn text(self, text: &mut Text) {
        let at = self.point(Point::new(text.x, text.y));
        (text.x, text.y) = (at.x, at.y);
        text.style.size *= self.scale;
        text.width *= self.scale;
        text.glyphs.iter_mut().for_each(|glyph| glyph.x *= self.scale);
    }

    fn item(self, item: &mut Item) {
        match item {
            Item::Shape(shape) => {
                self.path(&mut shape.path);
                if let Some(stroke) = &mut shape.stroke {
                    stroke.width *= self.scale;
                }
            }
            Item::Text(text) => self.text(text),
            Item::Image(image) => image.rect = self.rect(image.rect),
            Item::Cells(cells) => cells.rect = self.rect(cells.rect),
            Item::Marks(marks) => {
                for place in &mut marks.places {
                    let [x, y, w, h] = place.map(f64::from);
                    let rect = self.rect(Rect::new(x, y, w, h));
                    *place = [rect.x, rect.y, rect.w, rect.h].map(|side| side as f32);
                }
            }
            Item::Group(group) => {
                group.clip = group.clip.map(|clip| self.rect(clip));
                group.items.iter_mut().for_each(|item| self.item(item));
            }
        }
    }
}

/// Scenes in rows of `columns`, each `scale` times its size. Without a scene the page is empty.
pub(super) fn in_rows(scenes: Vec<Scene>, columns: usize, scale: f64) -> Scene {
    let columns = columns.max(1);
    let widest = scenes.chunks(columns).map(|row| row.iter().map(|scene| scene.width).sum::<f64>());
    let mut page = Scene {
        width: widest.fold(0.0, f64::max) * scale,
        height: 0.0,
        background: scenes.first().and_then(|scene| scene.background),
        title: scenes.first().map(|scene| scene.title.clone()).unwrap_or_default(),
        description: String::new(),
        items: Vec::new(),
    };
    let mut said: Vec<String> = Vec::new();
    let (mut x, mut row_height) = (0.0, 0.0f64);
    for (at, mut scene) in scenes.into_iter().enumerate() {
        if at % columns == 0 {
            page.height += row_height;
            (x, row_height) = (0.0, 0.0);
        }
        let place = Place { scale, dx: x, dy: page.height };
        scene.items.iter_mut().for_each(|item| place.item(item));
        page.items.append(&mut scene.items);
        x += scene.width * scale;
        row_height = row_height.max(scene.height * scale);
        if !said.contains(&scene.description) {
            said.push(scene.description);
        }
    }
    page.height += row_height;
    page.description = said.join(" · ");
    page
}
