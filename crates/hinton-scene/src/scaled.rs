//! Scales and moves scenes, with everything in them that has a position or a size.

use crate::{Cells, Dots, Glyph, Group, Image, Item, Marks, Path, Piece, Point, Rect, Scene};
use crate::{Segment, Shape, Stroke, Text, TextStyle};

/// `at * factor + shift`, in both directions.
#[derive(Debug, Clone, Copy)]
struct Change {
    factor: f64,
    dx: f64,
    dy: f64,
}

impl Scene {
    /// The same picture scaled by `factor`: page, positions, lines and text. If the factor is not a
    /// positive number, the page has no size, and no output can render it.
    pub fn scaled(&self, factor: f64) -> Scene {
        let change = Change { factor, dx: 0.0, dy: 0.0 };
        Scene {
            width: self.width * factor,
            height: self.height * factor,
            background: self.background,
            title: self.title.clone(),
            description: self.description.clone(),
            items: change.items(&self.items),
        }
    }

    /// The same page, with everything on it moved right by `dx` and down by `dy` points.
    pub fn moved(&self, dx: f64, dy: f64) -> Scene {
        let items = Change { factor: 1.0, dx, dy }.items(&self.items);
        Scene { items, ..self.clone() }
    }
}

impl Item {
    /// The picture as one item, scaled by `factor` from the page's top left corner, then moved
    /// right by `dx` and down by `dy` points.
    pub fn placed(&self, factor: f64, dx: f64, dy: f64) -> Item {
        Change { factor, dx, dy }.item(self)
    }
}

impl Change {
    fn items(self, items: &[Item]) -> Vec<Item> {
        items.iter().map(|item| self.item(item)).collect()
    }

    fn item(self, item: &Item) -> Item {
        match item {
            Item::Shape(shape) => Item::Shape(Shape {
                path: self.path(&shape.path),
                fill: shape.fill,
                stroke: shape.stroke.map(|stroke| Stroke {
                    color: stroke.color,
                    width: stroke.width * self.factor,
                }),
            }),
            Item::Text(text) => Item::Text(self.text(text)),
            Item::Image(image) => {
                Item::Image(Image { rect: self.rect(image.rect), ..image.clone() })
            }
            Item::Cells(cells) => {
                Item::Cells(Cells { rect: self.rect(cells.rect), ..cells.clone() })
            }
            Item::Marks(marks) => {
                let place = |place: &[f32; 4]| {
                    let [x, y, w, h] = place.map(f64::from);
                    let Rect { x, y, w, h } = self.rect(Rect::new(x, y, w, h));
                    [x as f32, y as f32, w as f32, h as f32]
                };
                let places = marks.places.iter().map(place).collect();
                Item::Marks(Marks { fill: marks.fill, shape: marks.shape, places })
            }
            Item::Dots(dots) => Item::Dots(self.dots(dots)),
            Item::Group(group) => Item::Group(Group {
                label: group.label.clone(),
                clip: group.clip.map(|clip| self.rect(clip)),
                items: self.items(&group.items),
            }),
        }
    }

    fn text(self, text: &Text) -> Text {
        let Point { x, y } = self.point(Point::new(text.x, text.y));
        let glyph = |glyph: &Glyph| Glyph {
            x: glyph.x * self.factor,
            up: glyph.up * self.factor,
            ..*glyph
        };
        Text {
            content: text.content.clone(),
            x,
            y,
            rotation: text.rotation,
            style: TextStyle { size: text.style.size * self.factor, ..text.style },
            font: text.font,
            glyphs: text.glyphs.iter().map(glyph).collect(),
            width: text.width * self.factor,
            align: text.align,
        }
    }

    fn dots(self, dots: &Dots) -> Dots {
        let place = |[x, y]: [f32; 2]| {
            let Point { x, y } = self.point(Point::new(f64::from(x), f64::from(y)));
            [x as f32, y as f32]
        };
        let piece = |piece: &Piece| match *piece {
            Piece::Dot { at, color } => Piece::Dot { at: place(at), color },
            Piece::Line { from, to, color } => {
                Piece::Line { from: place(from), to: place(to), color }
            }
        };
        Dots {
            palette: dots.palette.clone(),
            diameter: dots.diameter * self.factor,
            width: dots.width * self.factor,
            pieces: dots.pieces.iter().map(piece).collect(),
        }
    }

    fn path(self, path: &Path) -> Path {
        let segment = |segment: &Segment| match *segment {
            Segment::Move(to) => Segment::Move(self.point(to)),
            Segment::Line(to) => Segment::Line(self.point(to)),
            Segment::Cubic(one, two, to) => {
                Segment::Cubic(self.point(one), self.point(two), self.point(to))
            }
            Segment::Close => Segment::Close,
        };
        Path { segments: path.segments.iter().map(segment).collect() }
    }

    fn point(self, point: Point) -> Point {
        Point::new(point.x * self.factor + self.dx, point.y * self.factor + self.dy)
    }

    fn rect(self, rect: Rect) -> Rect {
        let Point { x, y } = self.point(Point::new(rect.x, rect.y));
        Rect::new(x, y, rect.w * self.factor, rect.h * self.factor)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Align, Baseline, Color, MarkShape, Weight};

    /// One of everything, in a group.
    fn scene() -> Scene {
        let style = TextStyle { size: 8.0, weight: Weight::Regular, color: Color::BLACK };
        let rect = Rect::new(10.0, 20.0, 30.0, 40.0);
        let curve = Path::circle(Point::new(5.0, 6.0), 2.0);
        let items = vec![
            Shape::stroked(curve, Color::BLACK, 0.5),
            Item::Text(Text::rotated(
                "AVA 0.5",
                50.0,
                30.0,
                style,
                Align::End,
                Baseline::Middle,
                30.0,
            )),
            Item::Image(Image { rect, width: 1, height: 1, pixels: vec![Color::WHITE] }),
            Item::Cells(Cells {
                rect,
                rows: 1,
                cols: 1,
                palette: vec![Color::BLACK],
                cells: vec![0],
            }),
            Item::Marks(Marks {
                fill: Color::BLACK,
                shape: MarkShape::Disc,
                places: vec![[1.0, 2.0, 3.0, 4.0]],
            }),
            Item::Dots(Dots {
                palette: vec![Color::BLACK],
                diameter: 2.0,
                width: 0.5,
                pieces: vec![
                    Piece::Dot { at: [1.0, 2.0], color: 0 },
                    Piece::Line { from: [3.0, 4.0], to: [5.0, 6.0], color: 0 },
                ],
            }),
        ];
        let group = Group { label: "all".to_owned(), clip: Some(rect), items };
        Scene {
            width: 100.0,
            height: 80.0,
            background: Some(Color::WHITE),
            title: "t".to_owned(),
            description: "d".to_owned(),
            items: vec![Item::Group(group)],
        }
    }

    #[test]
    fn twice_and_half_are_as_before() {
        let scene = scene();
        let twice = scene.scaled(2.0);
        assert_eq!((twice.width, twice.height), (200.0, 160.0));
        assert_ne!(twice.items, scene.items);
        assert_eq!(twice.scaled(0.5), scene);
        let moved = scene.moved(8.0, -4.0);
        assert_eq!((moved.width, moved.height), (100.0, 80.0));
        assert_eq!(moved.items[0], scene.items[0].placed(1.0, 8.0, -4.0));
        assert_ne!(moved.items, scene.items);
        assert_eq!(scene.scaled(1.0), scene);
    }

    #[test]
    fn everything_is_scaled() {
        let Item::Group(group) = &scene().scaled(2.0).items[0] else { panic!() };
        assert_eq!(group.clip, Some(Rect::new(20.0, 40.0, 60.0, 80.0)));
        let [shape, text, image, cells, marks, dots] = &group.items[..] else { panic!() };
        let twice = Rect::new(20.0, 40.0, 60.0, 80.0);
        assert!(matches!(image, Item::Image(image) if image.rect == twice));
        assert!(matches!(cells, Item::Cells(cells) if cells.rect == twice));
        assert!(matches!(marks, Item::Marks(marks) if marks.places == [[2.0, 4.0, 6.0, 8.0]]));
        let Item::Dots(dots) = dots else { panic!() };
        assert_eq!((dots.diameter, dots.width), (4.0, 1.0));
        assert_eq!(dots.pieces[0], Piece::Dot { at: [2.0, 4.0], color: 0 });
        assert_eq!(dots.pieces[1], Piece::Line { from: [6.0, 8.0], to: [10.0, 12.0], color: 0 });
        let Item::Shape(shape) = shape else { panic!() };
        assert_eq!(shape.stroke.map(|stroke| stroke.width), Some(1.0));
        assert_eq!(shape.path, Path::circle(Point::new(10.0, 12.0), 4.0));
        let Item::Text(text) = text else { panic!() };
        let style = TextStyle { size: 16.0, ..text.style };
        // A text set again at twice the size is the text that was scaled.
        let anew = Text::rotated("AVA 0.5", 100.0, 60.0, style, Align::End, Baseline::Middle, 30.0);
        assert!((anew.width - text.width).abs() < 1e-9);
        assert!((anew.x - text.x).abs() < 1e-9 && (anew.y - text.y).abs() < 1e-9);
        assert_eq!(anew.style, text.style);
        for (one, two) in anew.glyphs.iter().zip(&text.glyphs) {
            assert!(one.id == two.id && (one.x - two.x).abs() < 1e-9);
        }
    }

    #[test]
    fn an_item_is_placed_from_the_corner() {
        let Item::Group(group) = scene().items[0].placed(0.5, 100.0, 200.0) else { panic!() };
        assert_eq!(group.clip, Some(Rect::new(105.0, 210.0, 15.0, 20.0)));
    }
}
