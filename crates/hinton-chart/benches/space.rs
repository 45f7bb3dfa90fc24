//! Speed of pictures of space, in memory and on one thread: `cargo bench -p hinton-chart`. A word
//! after `--` runs only the cases whose name holds it.
#![allow(missing_docs)]

use hinton_tensor::Work;
use std::hint::black_box;
use std::time::Instant;

use hinton_chart::Colormap;
use hinton_chart::space::{
    Camera, Cloud, ColorKey, Density, Points, SpaceOptions, SpaceStep, space,
};
use hinton_render::raster::Artist;
use hinton_scene::Color;

fn main() {
    let only = std::env::args().nth(1).filter(|word| !word.starts_with("--"));
    let only = only.as_deref().unwrap_or("");
    for count in [1_000_000, 10_000_000] {
        counting(only, count);
    }
    for count in [10_000, 100_000] {
        turning(only, count);
    }
}

/// Points to a density image of 1000 pixels a side: projected, counted, coloured. No pixels of the
/// page are drawn and no file is written.
fn counting(only: &str, count: usize) {
    let values = noise(count * 2);
    let set = Set::of(count);
    let options =
        SpaceOptions { density: Density::On, size: "1000x1000px".parse().ok(), ..plain() };
    case(only, &format!("count {count} points in a plane"), || {
        let step = step(Points::new(&values, 2), 2);
        black_box(space(set.cloud(), &[step], &options, Work::quiet()).unwrap());
    });
}

/// A turn of the camera: the scene made again and drawn, 900 pixels a side.
fn turning(only: &str, count: usize) {
    let values = noise(count * 3);
    let set = Set::of(count);
    let mut artist = Artist::default();
    let mut turn = 0.0;
    case(only, &format!("turn {count} points in space"), || {
        turn += 1.0;
        let camera = Camera { azimuth: turn, ..Camera::default() };
        let options = SpaceOptions {
            camera,
            density: Density::Off,
            size: "900x900px".parse().ok(),
            ..plain()
        };
        let step = step(Points::new(&values, 3), 3);
        let picture = space(set.cloud(), &[step], &options, Work::quiet()).unwrap();
        black_box(artist.draw(&picture.scene, options.dpi / 72.0).unwrap());
    });
}

fn plain() -> SpaceOptions {
    SpaceOptions { legend: false, ..SpaceOptions::default() }
}

fn step(points: Points<'_>, dims: usize) -> SpaceStep<'_> {
    SpaceStep {
        name: "Input".to_owned(),
        details: Vec::new(),
        dims,
        points,
        guides: &[],
        regions: None,
        axes: Default::default(),
        range: None,
    }
}

/// The colours of this many points.
struct Set {
    palette: Vec<Color>,
    colors: Vec<u16>,
}

impl Set {
    fn of(count: usize) -> Self {
        let map = Colormap::house(false);
        let colors = (0..count).map(|at| (at * 256 / count) as u16).collect();
        Set { palette: (0..256).map(|at| map.color(at as f64 / 255.0)).collect(), colors }
    }

    fn cloud(&self) -> Cloud<'_> {
        Cloud { palette: &self.palette, colors: &self.colors, lines: &[], key: &ColorKey::None }
    }
}

/// Numbers that fall as normal ones do, nearly.
fn noise(count: usize) -> Vec<f32> {
    let mut state: u64 = 0x1234_5678_9abc_def1;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 40) as f32 / (1u64 << 23) as f32 - 1.0
    };
    (0..count).map(|_| (0..6).map(|_| next()).sum()).collect()
}

/// The best of several runs.
fn case(only: &str, name: &str, mut todo: impl FnMut()) {
    if !name.contains(only) {
        return;
    }
    let mut best = f64::INFINITY;
    for _ in 0..9 {
        let begun = Instant::now();
        todo();
        best = best.min(begun.elapsed().as_secs_f64());
    }
    println!("{name:<40} {:8.2} ms", best * 1e3);
}
