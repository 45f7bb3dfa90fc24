//! Small scenes that together use everything a scene can hold.

use hinton_scene::{
    Align, Baseline, Cells, Color, Group, Image, Item, MarkShape, Marks, Path, Point, Rect, Scene,
    Segment, Shape, Stroke, Text, TextStyle, Weight,
};

/// Every scene with its name.
pub(crate) fn scenes() -> Vec<(&'static str, Scene)> {
    vec![
        ("shapes", shapes()),
        ("texts", texts()),
        ("cells", cells()),
        ("many_cells", many_cells()),
        ("marks", marks()),
        ("groups", groups()),
        ("clear", clear()),
        ("hostile", hostile()),
    ]
}

fn page(width: f64, height: f64, title: &str, items: Vec<Item>) -> Scene {
    Scene {
        width,
        height,
        background: Some(Color::WHITE),
        title: title.to_string(),
        description: format!("A test picture: {title}."),
        items,
    }
}

const INK: Color = Color::rgb(0x1F2933);

fn style(size: f64, weight: Weight, color: Color) -> TextStyle {
    TextStyle { size, weight, color }
}

/// Lines thin and thick, corners, curves, areas.
fn shapes() -> Scene {
    let zigzag = [(10.0, 40.0), (30.0, 10.0), (50.0, 40.0), (56.0, 12.0), (62.0, 40.0)];
    let zigzag = zigzag.map(|(x, y)| Point::new(x, y));
    let mut ring = Path::circle(Point::new(95.0, 25.0), 16.0);
    ring.extend(Path::polyline(
        &[(95.0, 17.0), (87.0, 25.0), (95.0, 33.0), (103.0, 25.0)].map(|(x, y)| Point::new(x, y)),
        true,
    ));
    let wave = Path {
        segments: vec![
            Segment::Move(Point::new(10.0, 70.0)),
            Segment::Cubic(
                Point::new(40.0, 40.0),
                Point::new(70.0, 100.0),
                Point::new(110.0, 62.0),
            ),
        ],
    };
    page(
        120.0,
        90.0,
        "shapes",
        vec![
            Item::Shape(Shape {
                path: Path::rect(Rect::new(5.0, 5.0, 110.0, 80.0)),
                fill: Some(Color::rgb(0xF4F1EA)),
                stroke: Some(Stroke { color: INK, width: 0.5 }),
            }),
            Shape::stroked(Path::polyline(&zigzag, false), Color::rgb(0xB2182B), 3.0),
            Shape::filled(ring, Color::rgb(0x2166AC).alpha(160)),
            Shape::stroked(wave, Color::rgb(0x1B7837), 1.5),
            Shape::stroked(Path::line(Point::new(10.0, 78.3), Point::new(110.0, 78.3)), INK, 0.75),
            Shape::stroked(Path::line(Point::new(60.2, 60.0), Point::new(60.2, 82.0)), INK, 0.25),
        ],
    )
}

/// Sizes, weights, colours, turns, signs.
fn texts() -> Scene {
    let plain = |content: &str, y: f64, size: f64| {
        let style = style(size, Weight::Regular, INK);
        Item::Text(Text::new(content, 8.0, y, style, Align::Start, Baseline::Alphabetic))
    };
    let title = style(11.0, Weight::SemiBold, INK);
    let pale = style(8.0, Weight::Regular, Color::WHITE);
    let label = style(8.0, Weight::Regular, INK);
    page(
        200.0,
        110.0,
        "texts: größe Δw ≤ 0.5",
        vec![
            Item::Text(Text::new(
                "fc1.weight",
                8.0,
                16.0,
                title,
                Align::Start,
                Baseline::Alphabetic,
            )),
            plain("784 × 300, −0.41 … 0.38, AVATAR Type", 30.0, 9.0),
            plain("Each square’s area is |w| (7 pt)", 42.0, 7.0),
            plain("ten points: Hamburgefonstiv", 56.0, 10.0),
            Shape::filled(Path::rect(Rect::new(8.0, 64.0, 110.0, 18.0)), Color::rgb(0x123456)),
            Item::Text(Text::new(
                "pale on dark 0.123",
                63.0,
                73.0,
                pale,
                Align::Middle,
                Baseline::Middle,
            )),
            Item::Text(Text::rotated(
                "turned 30°",
                130.0,
                60.0,
                label,
                Align::Start,
                Baseline::Alphabetic,
                -30.0,
            )),
            Item::Text(Text::rotated(
                "upwards",
                190.0,
                100.0,
                label,
                Align::Start,
                Baseline::Alphabetic,
                -90.0,
            )),
            Item::Text(Text::new(
                "right end",
                182.0,
                102.0,
                label,
                Align::End,
                Baseline::Alphabetic,
            )),
            Item::Text(Text::new(
                "日 no glyph",
                8.0,
                102.0,
                label,
                Align::Start,
                Baseline::Alphabetic,
            )),
        ],
    )
}

fn ramp(count: usize) -> Vec<Color> {
    let (low, high) = (Color::rgb(0xFFFFE5), Color::rgb(0x004529));
    (0..count).map(|at| low.mix(high, at as f64 / (count - 1) as f64)).collect()
}

/// A heat map with room for numbers and a colour bar.
fn cells() -> Scene {
    let (rows, cols) = (5, 7);
    let palette = ramp(16);
    let places: Vec<u16> = (0..rows * cols).map(|at| (at * 7 % 16) as u16).collect();
    let rect = Rect::new(10.3, 10.7, 90.0, 64.0);
    let grid = Cells { rect, rows, cols, palette: palette.clone(), cells: places };
    let mut items = vec![Item::Cells(grid.clone())];
    for row in 0..rows {
        for col in 0..cols {
            let color = grid.color(row, col).unwrap_or(Color::WHITE);
            let style = style(6.0, Weight::Regular, color.readable(INK, Color::WHITE));
            let x = rect.x + (col as f64 + 0.5) * rect.w / cols as f64;
            let y = rect.y + (row as f64 + 0.5) * rect.h / rows as f64;
            let number = format!("{:.2}", (row * cols + col) as f64 / 35.0);
            items.push(Item::Text(Text::new(
                &number,
                x,
                y,
                style,
                Align::Middle,
                Baseline::Middle,
            )));
        }
    }
    let bar: Vec<Color> = ramp(64).into_iter().rev().collect();
    items.push(Item::Image(Image {
        rect: Rect::new(106.0, 10.7, 6.0, 64.0),
        width: 1,
        height: 64,
        pixels: bar,
    }));
    page(120.0, 85.0, "cells", items)
}

/// More cells than pixels, and more than vector outputs write as paths.
fn many_cells() -> Scene {
    let side = 150;
    let places = (0..side * side).map(|at| ((at % side) * (at / side) % 32) as u16).collect();
    let grid = Cells {
        rect: Rect::new(4.0, 4.0, 52.0, 52.0),
        rows: side,
        cols: side,
        palette: ramp(32),
        cells: places,
    };
    page(60.0, 60.0, "many cells", vec![Item::Cells(grid)])
}

/// Squares by area and discs, in two colours, on grey.
fn marks() -> Scene {
    let mut squares = [Vec::new(), Vec::new()];
    let mut discs = Vec::new();
    for row in 0..6 {
        for col in 0..8 {
            let at = row * 8 + col;
            let side = ((at * 7 % 11) as f32 / 10.0).sqrt() * 10.0;
            let (x, y) = (10.0 + col as f32 * 10.0, 10.0 + row as f32 * 10.0);
            let place = [x + 5.0 - side / 2.0, y + 5.0 - side / 2.0, side, side];
            squares[at % 2].push(place);
            if at % 5 == 0 {
                discs.push([x + 2.0, y + 3.0, 6.0, 4.0]);
            }
        }
    }
    let [white, black] = squares;
    let marks = |fill, shape, places| Item::Marks(Marks { fill, shape, places });
    page(
        100.0,
        80.0,
        "marks",
        vec![
            Shape::filled(Path::rect(Rect::new(10.0, 10.0, 80.0, 60.0)), Color::rgb(0x808080)),
            marks(Color::WHITE, MarkShape::Rect, white),
            marks(Color::BLACK, MarkShape::Rect, black),
            marks(Color::rgb(0xD6604D).alpha(200), MarkShape::Disc, discs),
        ],
    )
}

/// Clips inside clips.
fn groups() -> Scene {
    let stripes = |color: Color| -> Vec<Item> {
        let stripe = |at: usize| {
            let x = at as f64 * 8.0;
            Shape::stroked(Path::line(Point::new(x, 0.0), Point::new(x + 30.0, 60.0)), color, 3.0)
        };
        (0..10).map(stripe).collect()
    };
    let inner = Item::Group(Group {
        label: "inner <&>".to_string(),
        clip: Some(Rect::new(30.0, 0.0, 25.0, 40.0)),
        items: stripes(Color::rgb(0xE08214)),
    });
    let mut items = stripes(Color::rgb(0x542788));
    items.push(inner);
    let outer =
        Group { label: "outer".to_string(), clip: Some(Rect::new(10.0, 10.0, 60.0, 40.0)), items };
    page(80.0, 60.0, "groups", vec![Item::Group(outer)])
}

/// No background, and colours that let through.
fn clear() -> Scene {
    let mut grid_palette = ramp(3);
    grid_palette[1].a = 100;
    let grid = Cells {
        rect: Rect::new(30.0, 8.0, 24.0, 24.0),
        rows: 2,
        cols: 2,
        palette: grid_palette,
        cells: vec![0, 1, 1, 2],
    };
    let mut scene = page(
        60.0,
        40.0,
        "clear",
        vec![
            Shape::filled(
                Path::circle(Point::new(20.0, 20.0), 14.0),
                Color::rgb(0xD73027).alpha(128),
            ),
            Shape::filled(
                Path::circle(Point::new(32.0, 20.0), 10.0),
                Color::rgb(0x4575B4).alpha(128),
            ),
            Item::Cells(grid),
        ],
    );
    scene.background = None;
    scene
}

/// Names with markup and escapes, numbers that are none, lengths that lie.
fn hostile() -> Scene {
    let style = style(7.0, Weight::Regular, INK);
    let name = "</text><script>alert(1)</script>\u{1b}[31m]]>&amp;\"'\u{0}\u{fffe}";
    let nan = f64::NAN;
    let mut scene = page(
        160.0,
        40.0,
        name,
        vec![
            Item::Text(Text::new(name, 4.0, 12.0, style, Align::Start, Baseline::Alphabetic)),
            Shape::stroked(
                Path::polyline(
                    &[Point::new(nan, 1.0), Point::new(20.0, nan), Point::new(1e300, -1e300)],
                    true,
                ),
                INK,
                1.0,
            ),
            Shape::filled(
                Path::polyline(
                    &[Point::new(-1e12, 30.0), Point::new(1e12, 30.0), Point::new(1e12, 36.0)],
                    true,
                ),
                Color::rgb(0xFEE090),
            ),
            Item::Cells(Cells {
                rect: Rect::new(4.0, 20.0, 20.0, 8.0),
                rows: 3,
                cols: 5,
                palette: ramp(2),
                cells: vec![0, 1, 9],
            }),
            Item::Image(Image {
                rect: Rect::new(nan, 0.0, 1.0, 1.0),
                width: 9,
                height: 9,
                pixels: Vec::new(),
            }),
            Item::Marks(Marks {
                fill: INK,
                shape: MarkShape::Disc,
                places: vec![
                    [f32::NAN, 0.0, 1.0, 1.0],
                    [f32::INFINITY; 4],
                    [30.0, 20.0, -4.0, 4.0],
                ],
            }),
            Item::Group(Group {
                label: name.to_string(),
                clip: Some(Rect::new(nan, nan, nan, nan)),
                items: vec![Shape::filled(Path::rect(Rect::new(0.0, 0.0, 160.0, 40.0)), INK)],
            }),
        ],
    );
    scene.description = format!("{name}\nsecond line");
    scene
}
