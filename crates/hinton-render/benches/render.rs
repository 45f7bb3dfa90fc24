//! How long outputs take: `cargo bench -p hinton-render [-- NAME]`. Prints the best of several runs.

use std::hint::black_box;
use std::time::Instant;

use hinton_render::raster;
use hinton_render::{OUTPUTS, RenderOptions};
use hinton_scene::{
    Align, Baseline, Cells, Color, Item, MarkShape, Marks, Path, Rect, Scene, Shape, Text,
    TextStyle, Weight,
};

fn main() {
    let only: Vec<String> =
        std::env::args().skip(1).filter(|word| !word.starts_with('-')).collect();
    for (name, scene) in scenes() {
        if !only.is_empty() && !only.iter().any(|word| name.contains(word.as_str())) {
            continue;
        }
        report(name, "pixels", || {
            raster::draw(&scene, 2.0).map(|canvas| canvas.pixels().len() * 4)
        });
        let options = RenderOptions::default();
        for row in OUTPUTS {
            report(name, row.name, || (row.write)(&scene, &options).map(|bytes| bytes.len()));
        }
    }
}

/// Runs the work a few times and prints its best time and the bytes it made.
fn report(name: &str, output: &str, work: impl Fn() -> Result<usize, hinton_render::RenderError>) {
    let mut best = f64::INFINITY;
    let mut bytes = Ok(0);
    let start = Instant::now();
    for _ in 0..20 {
        let before = Instant::now();
        bytes = black_box(work());
        best = best.min(before.elapsed().as_secs_f64());
        if start.elapsed().as_secs_f64() > 2.0 {
            break;
        }
    }
    match bytes {
        Ok(bytes) => println!("{name:24} {output:10} {:9.2} ms {bytes:10} bytes", best * 1e3),
        Err(error) => println!("{name:24} {output:10} {error}"),
    }
}

fn scenes() -> Vec<(&'static str, Scene)> {
    vec![
        ("hinton 20x20 1000px", hinton(20, 500.0)),
        ("hinton 256x256 1400px", hinton(256, 700.0)),
        ("hinton 1024x1024 2000px", hinton(1024, 1000.0)),
        ("annotated 8x16 1500x1000", annotated()),
        ("heat map 1800x1800", heat_map()),
        ("cells 2000x2000", cells(2000, 1000.0)),
        ("cells 100x100 2000px", cells(100, 1000.0)),
    ]
}

fn page(width: f64, height: f64, items: Vec<Item>) -> Scene {
    Scene {
        width,
        height,
        background: Some(Color::WHITE),
        title: "Bench".to_string(),
        description: String::new(),
        items,
    }
}

/// A number in 0..1 that looks random.
fn noise(at: usize) -> f64 {
    let mixed = (at as u64 + 1).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    ((mixed ^ (mixed >> 29)).wrapping_mul(0xBF58_476D_1CE4_E5B9) >> 11) as f64 / (1u64 << 53) as f64
}

fn hinton(count: usize, side: f64) -> Scene {
    let inside = side - 60.0;
    let share = inside / count as f64;
    let mut places = [Vec::new(), Vec::new()];
    for at in 0..count * count {
        let value = noise(at) * 2.0 - 1.0;
        let size = value.abs().sqrt() * share;
        let x = 30.0 + (at % count) as f64 * share + (share - size) / 2.0;
        let y = 30.0 + (at / count) as f64 * share + (share - size) / 2.0;
        let place = [x as f32, y as f32, size as f32, size as f32];
        places[usize::from(value < 0.0)].push(place);
    }
    let [white, black] = places;
    let marks = |fill, places| Item::Marks(Marks { fill, shape: MarkShape::Rect, places });
    let style = TextStyle { size: 9.0, weight: Weight::Regular, color: Color::BLACK };
    let title = "fc1.weight, 256 x 256, area is |w|, -0.41 to 0.38";
    page(
        side,
        side,
        vec![
            Shape::filled(Path::rect(Rect::new(30.0, 30.0, inside, inside)), Color::rgb(0x808080)),
            marks(Color::WHITE, white),
            marks(Color::BLACK, black),
            Item::Text(Text::new(title, 30.0, 20.0, style, Align::Start, Baseline::Alphabetic)),
        ],
    )
}

fn ramp() -> Vec<Color> {
    let (low, high) = (Color::rgb(0xFFFFE5), Color::rgb(0x004529));
    (0..256).map(|at| low.mix(high, f64::from(at) / 255.0)).collect()
}

fn cells(count: usize, side: f64) -> Scene {
    let cells = (0..count * count).map(|at| (noise(at) * 256.0) as u16).collect();
    let rect = Rect::new(0.0, 0.0, side, side);
    let grid = Cells { rect, rows: count, cols: count, palette: ramp(), cells };
    page(side, side, vec![Item::Cells(grid)])
}

/// Cells of 256 colours and text beside them: more than 256 colours in all.
fn heat_map() -> Scene {
    let mut scene = cells(1800, 900.0);
    scene.width = 1000.0;
    scene.height = 1000.0;
    let style = TextStyle { size: 9.0, weight: Weight::Regular, color: Color::rgb(0x102A43) };
    let title = "fc1.weight, 8192 x 8192, reduced to 1800 x 1800";
    scene.items.push(Item::Text(Text::new(title, 30.0, 950.0, style, Align::Start, Baseline::Top)));
    scene
}

fn annotated() -> Scene {
    let (rows, cols) = (8, 16);
    let rect = Rect::new(60.0, 40.0, 660.0, 440.0);
    let places = (0..rows * cols).map(|at| (noise(at) * 256.0) as u16).collect();
    let grid = Cells { rect, rows, cols, palette: ramp(), cells: places };
    let mut items = vec![Item::Cells(grid.clone())];
    for at in 0..rows * cols {
        let color = grid.color(at / cols, at % cols).unwrap_or(Color::WHITE);
        let color = color.readable(Color::BLACK, Color::WHITE);
        let style = TextStyle { size: 9.0, weight: Weight::Regular, color };
        let x = rect.x + ((at % cols) as f64 + 0.5) * rect.w / cols as f64;
        let y = rect.y + ((at / cols) as f64 + 0.5) * rect.h / rows as f64;
        let number = format!("{:.2}", noise(at) * 2.0 - 1.0);
        items.push(Item::Text(Text::new(&number, x, y, style, Align::Middle, Baseline::Middle)));
    }
    page(750.0, 500.0, items)
}
