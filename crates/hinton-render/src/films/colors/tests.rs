use hinton_scene::{Align, Baseline, Cells, Rect, Text, TextStyle, Weight};

use super::*;

fn ramp(count: usize) -> Vec<Color> {
    let (low, high) = (Color::rgb(0xFFFFE5), Color::rgb(0x004529));
    (0..count).map(|at| low.mix(high, at as f64 / (count - 1) as f64)).collect()
}

/// A heat map of as many cells as levels, perhaps with text in each, and a title.
fn scene(levels: usize, annotated: bool) -> Scene {
    let rect = Rect::new(10.0, 20.0, levels as f64 * 20.0, 20.0);
    let grid = Cells {
        rect,
        rows: 1,
        cols: levels,
        palette: ramp(levels),
        cells: (0..levels as u16).collect(),
    };
    let mut items = vec![Item::Cells(grid.clone())];
    let text = |content: &str, x: f64, y: f64, color: Color| {
        let style = TextStyle { size: 7.0, weight: Weight::Regular, color };
        Item::Text(Text::new(content, x, y, style, Align::Middle, Baseline::Middle))
    };
    if annotated {
        for (at, level) in grid.palette.iter().enumerate() {
            let color = level.readable(Color::BLACK, Color::WHITE);
            items.push(text("0.12", 20.0 + at as f64 * 20.0, 30.0, color));
        }
    }
    items.push(text("title", 40.0, 10.0, Color::rgb(0x1F2933)));
    Scene {
        width: levels as f64 * 20.0 + 20.0,
        height: 50.0,
        background: Some(Color::WHITE),
        title: String::new(),
        description: String::new(),
        items,
    }
}

fn palette(scene: &Scene) -> (Palette, Option<String>) {
    let mut colors = FilmColors::new();
    colors.add_scene(scene);
    colors.palette()
}

#[test]
fn the_promised_levels_fit_and_every_cell_is_exact() {
    for annotated in [false, true] {
        let (palette, note) = palette(&scene(map_levels(annotated), annotated));
        assert_eq!(note, None);
        for level in ramp(map_levels(annotated)) {
            assert!(palette.colors().contains(&level), "{level:?} {annotated}");
        }
        assert!(palette.colors().len() <= MOST);
        assert!(palette.text_steps() >= 2, "{}", palette.text_steps());
    }
}

#[test]
fn text_on_cells_has_its_half_steps() {
    let scene = scene(map_levels(true), true);
    let (palette, _) = palette(&scene);
    let mut artist = crate::raster::Artist::with_text_steps(palette.text_steps());
    let canvas = artist.draw(&scene, 2.0).unwrap();
    for pixel in canvas.pixels() {
        let [r, g, b, a] = *pixel;
        assert!(palette.colors().contains(&Color { r, g, b, a }), "{pixel:?}");
    }
}

#[test]
fn more_levels_than_fit_are_merged_and_it_is_said() {
    for (levels, annotated) in [(256, true), (300, false), (700, true)] {
        let (palette, note) = palette(&scene(levels, annotated));
        assert!(note.unwrap().contains("nearest"), "{levels}");
        assert!(palette.colors().len() <= MOST);
        assert!(palette.text_steps() >= 2, "{levels} {annotated}");
        // No cell is far from the colour it should have.
        let off = |level: Color| {
            let far = |other: &Color| {
                level
                    .r
                    .abs_diff(other.r)
                    .max(level.g.abs_diff(other.g))
                    .max(level.b.abs_diff(other.b))
            };
            palette.colors().iter().map(far).min().unwrap_or(255)
        };
        let worst = ramp(levels).into_iter().map(off).max().unwrap();
        assert!(worst <= 3, "{levels} {annotated}: {worst}");
    }
}

#[test]
fn the_order_of_scenes_changes_nothing() {
    let (one, two) = (scene(50, true), scene(90, false));
    let colors = |scenes: [&Scene; 2]| {
        let mut colors = FilmColors::new();
        scenes.into_iter().for_each(|scene| colors.add_scene(scene));
        colors
    };
    assert_eq!(colors([&one, &two]).palette(), colors([&two, &one]).palette());
    let mut merged = FilmColors::new();
    for scene in [&two, &one] {
        let mut colors = FilmColors::new();
        colors.add_scene(scene);
        merged.merge(&colors);
    }
    assert_eq!(merged, colors([&one, &two]));
}

#[test]
fn levels_of_a_map_are_as_good_as_the_scenes() {
    let scene = scene(100, true);
    let mut told = FilmColors::new();
    told.add_levels(&ramp(100), |level| Some(level.readable(Color::BLACK, Color::WHITE)));
    let mut first = scene.clone();
    first.items.retain(|item| !matches!(item, Item::Cells(_)));
    first.items.drain(..first.items.len() - 1);
    told.add_scene(&first);
    let mut seen = FilmColors::new();
    seen.add_scene(&scene);
    assert_eq!(told, seen);
}

#[test]
fn many_plain_colours_are_no_panic() {
    let mut scene = scene(4, false);
    for at in 0..900u32 {
        let rect = Rect::new(f64::from(at % 30), f64::from(at / 30), 1.0, 1.0);
        let color = Color::rgb(at * 18_000).alpha(if at % 7 == 0 { 90 } else { 255 });
        scene.items.push(hinton_scene::Shape::filled(hinton_scene::Path::rect(rect), color));
    }
    let (palette, note) = palette(&scene);
    assert_eq!(palette.colors().len(), MOST);
    assert!(note.is_some());
}

#[test]
fn areas_that_let_through_are_exact_over_one_another() {
    use hinton_scene::{Path, Point, Shape};
    let mut scene = scene(4, false);
    let fills = [0x0072B2, 0xD55E00, 0x009E73].map(|color| Color::rgb(color).alpha(40));
    let corners = [(10.0, 40.0), (30.0, 2.0), (50.0, 40.0), (31.0, 44.0)];
    let outline: Vec<Point> = corners.iter().map(|&(x, y)| Point::new(x, y)).collect();
    for fill in fills {
        scene.items.push(Shape::filled(Path::polyline(&outline, true), fill));
    }
    let (palette, note) = palette(&scene);
    assert_eq!(note, None);
    for chosen in 1..8 {
        let laid = fills.iter().enumerate().filter(|(at, _)| chosen >> at & 1 == 1);
        let seen = laid.fold(Color::WHITE, |below, (_, &fill)| over(below, fill));
        assert!(palette.colors().contains(&seen), "{chosen:03b}");
    }
}
