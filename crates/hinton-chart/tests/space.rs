//! Pictures of space: golden ones, and what must hold of all.

use crate::common;
use hinton_tensor::Work;

use common::noise;
use hinton_chart::space::{
    Box3, Camera, Cloud, ColorKey, Density, Guide, GuideKind, Parts, Regions, SpaceOptions,
    SpaceStep, SpaceStyle, space,
};
use hinton_chart::{Colormap, Picture, ThemeName};
use hinton_render::{OUTPUTS, RenderOptions};
use hinton_scene::{Color, Item, Piece};
use hinton_testing::Golden;

/// Bends like tanh, with operations that are the same everywhere.
fn bend(x: f32) -> f32 {
    x / (1.0 + x.abs())
}

struct Set {
    palette: Vec<Color>,
    colors: Vec<u16>,
    lines: Vec<[u32; 2]>,
    key: ColorKey,
    input: Vec<[f32; 3]>,
    linear: Vec<[f32; 3]>,
    bent: Vec<[f32; 3]>,
}

/// A mesh of side x side points, and what two steps make of it.
fn mesh(side: usize) -> Set {
    let map = Colormap::named("viridis").unwrap();
    let at = |place: usize| place as f32 / (side - 1) as f32 * 10.0 - 5.0;
    let input: Vec<[f32; 3]> =
        (0..side * side).map(|k| [at(k / side), at(k % side), 0.0]).collect();
    let linear: Vec<[f32; 3]> =
        input.iter().map(|&[x, y, _]| [3.0 * x, 3.0 * y, 6.0 * x + 6.0 * y]).collect();
    let bent = linear.iter().map(|&point| point.map(bend)).collect();
    let mut lines = Vec::new();
    for k in 0..side * side {
        if k % side + 1 < side {
            lines.push([k as u32, k as u32 + 1]);
        }
        if k / side + 1 < side {
            lines.push([k as u32, (k + side) as u32]);
        }
    }
    Set {
        palette: (0..256).map(|at| map.entry(at)).collect(),
        colors: (0..side * side).map(|k| (k / side * 255 / (side - 1)) as u16).collect(),
        lines,
        key: ColorKey::Bar { name: "first input".to_owned(), map, low: -5.0, high: 5.0 },
        input,
        linear,
        bent,
    }
}

impl Set {
    fn cloud(&self) -> Cloud<'_> {
        let Set { palette, colors, lines, key, .. } = self;
        Cloud { palette, colors, lines, key }
    }

    fn steps<'a>(
        &'a self,
        guides: &'a [Guide],
        regions: Option<&'a Regions>,
    ) -> Vec<SpaceStep<'a>> {
        let step = |name: &str, dims, points: &'a [[f32; 3]]| SpaceStep {
            name: name.to_owned(),
            details: Vec::new(),
            dims,
            points: points.into(),
            guides: &[],
            regions: None,
            axes: if dims == 3 { ["x", "y", "z"].map(str::to_owned) } else { Default::default() },
            range: None,
        };
        let mut steps = vec![
            step("Input", 2, &self.input[..]),
            step("Linear Layer (2D -> 3D)", 3, &self.linear),
            step("tanh", 3, &self.bent),
        ];
        steps[0].guides = guides;
        steps[0].regions = regions;
        steps[1].details.push("σ 12.7, 3".to_owned());
        steps
    }
}

fn png(picture: &Picture, dpi: f64) -> Vec<u8> {
    write(picture, "png", dpi)
}

fn write(picture: &Picture, output: &str, dpi: f64) -> Vec<u8> {
    let row = OUTPUTS.iter().find(|row| row.name == output).unwrap();
    let mut options = RenderOptions::default();
    options.dpi = dpi;
    (row.write)(&picture.scene, &options).unwrap()
}

fn guides() -> Vec<Guide> {
    let guide = |kind, points: &[[f32; 3]]| Guide { kind, points: points.to_vec() };
    vec![
        guide(GuideKind::Square, &[[0.0; 3], [1.0, 0.0, 0.0], [1.0, 1.0, 0.0], [0.0, 1.0, 0.0]]),
        guide(GuideKind::FirstBasis, &[[0.0; 3], [1.0, 0.0, 0.0]]),
        guide(GuideKind::SecondBasis, &[[0.0; 3], [0.0, 1.0, 0.0]]),
    ]
}

fn pictures() -> Vec<(&'static str, Picture, f64)> {
    let set = mesh(13);
    let guides = guides();
    let regions = Regions {
        columns: 2,
        rows: 2,
        pixels: [0xffe0d0, 0xd0e8ff, 0xd0e8ff, 0xffe0d0].map(Color::rgb).to_vec(),
        x: (-5.0, 5.0),
        y: (-5.0, 5.0),
    };
    let house = |theme| SpaceOptions {
        theme,
        dpi: 48.0,
        title: "2-3-tanh".to_owned(),
        subtitle: vec!["169 points".to_owned()],
        ..SpaceOptions::default()
    };
    let draw = |steps: &[SpaceStep<'_>], options: &SpaceOptions| {
        space(set.cloud(), steps, options, Work::quiet()).unwrap()
    };
    let all = set.steps(&guides, Some(&regions));
    let black = SpaceOptions {
        style: SpaceStyle::Black,
        dpi: 50.0,
        size: "300x300px".parse().ok(),
        legend: false,
        parts: Parts::Points,
        ..SpaceOptions::default()
    };
    let many = noise(20_000);
    let points: Vec<[f32; 3]> =
        many.chunks_exact(2).map(|p| [bend(p[0] * 9.0), bend(p[1] * 9.0), 0.0]).collect();
    let colors: Vec<u16> = points.iter().map(|p| ((p[0] + 1.0) * 127.0) as u16).collect();
    let classes = ColorKey::Classes {
        name: String::new(),
        classes: vec![(Color::rgb(0xd55e00), "low".to_owned())],
    };
    let cloud = Cloud { palette: &set.palette, colors: &colors, lines: &[], key: &classes };
    let step = SpaceStep { points: (&points).into(), regions: None, guides: &[], ..all[0].clone() };
    let density = SpaceOptions { density: Density::On, ..house(ThemeName::Dark) };
    let cube = SpaceOptions {
        camera: Camera { azimuth: 35.0, elevation: -20.0, ..Camera::default() },
        equal_axes: Some(true),
        ..house(ThemeName::Paper)
    };
    vec![
        ("space", draw(&all, &house(ThemeName::Light)), 48.0),
        ("space_dark", draw(&all, &house(ThemeName::Dark)), 48.0),
        ("space_black", draw(&all[2..], &black), 50.0),
        ("space_black_plane", draw(&all[..1], &black), 50.0),
        ("space_below", draw(&all[1..2], &cube), 48.0),
        ("space_density", space(cloud, &[step], &density, Work::quiet()).unwrap(), 48.0),
    ]
}

#[test]
fn pictures_are_the_golden_ones() {
    let mut golden = Golden::of(env!("CARGO_MANIFEST_DIR"), env!("CARGO_TARGET_TMPDIR"));
    for (name, picture, dpi) in pictures() {
        golden.picture(&format!("{name}.png"), &png(&picture, dpi));
        for output in ["svg", "pdf"] {
            assert!(!write(&picture, output, dpi).is_empty());
        }
    }
    golden.end();
}

/// The pieces of a picture, with their colours.
fn pieces(picture: &Picture) -> Vec<(Piece, Color)> {
    let dots = common::items(picture).into_iter().filter_map(|item| match item {
        Item::Dots(dots) => Some(dots),
        _ => None,
    });
    let color = |piece: &Piece| match *piece {
        Piece::Dot { color, .. } | Piece::Line { color, .. } => usize::from(color),
    };
    dots.flat_map(|dots| {
        let palette = dots.palette.clone();
        dots.pieces.into_iter().map(move |piece| (piece, palette[color(&piece)]))
    })
    .collect()
}

#[test]
fn colours_are_the_input_points_own_from_every_side() {
    let set = mesh(7);
    let steps = set.steps(&[], None);
    for azimuth in [-170.0, -60.0, 10.0, 120.0] {
        let camera = Camera { azimuth, ..Camera::default() };
        let options = SpaceOptions { camera, ..SpaceOptions::default() };
        let picture = space(set.cloud(), &steps[2..], &options, Work::quiet()).unwrap();
        let mut seen: Vec<Color> = pieces(&picture)
            .iter()
            .filter(|(piece, _)| matches!(piece, Piece::Dot { .. }))
            .map(|(_, color)| *color)
            .collect();
        let mut want: Vec<Color> =
            set.colors.iter().map(|&at| set.palette[usize::from(at)]).collect();
        seen.sort();
        want.sort();
        assert_eq!(seen, want, "no colour is shaded");
    }
}

#[test]
fn planes_have_equal_axes() {
    let set = mesh(5);
    let mut points = set.input.clone();
    points.iter_mut().for_each(|point| point[1] *= 0.25);
    let step = SpaceStep { points: (&points).into(), ..set.steps(&[], None)[0].clone() };
    let picture = space(set.cloud(), &[step], &SpaceOptions::default(), Work::quiet()).unwrap();
    let dots: Vec<[f32; 2]> = pieces(&picture)
        .iter()
        .filter_map(|(piece, _)| match piece {
            Piece::Dot { at, .. } => Some(*at),
            Piece::Line { .. } => None,
        })
        .collect();
    let (first, right, up) = (dots[0], dots[20], dots[4]);
    let across = (right[0] - first[0]) / 10.0;
    let down = (first[1] - up[1]) / 2.5;
    assert!((across - down).abs() < 1e-3 * across, "{across} {down}");
}

#[test]
fn a_point_without_a_place_is_told_and_spoils_nothing() {
    let set = mesh(5);
    let mut points = set.bent.clone();
    points[3] = [f32::NAN, 0.0, 0.0];
    points[4] = [0.0, f32::INFINITY, 0.0];
    let step = SpaceStep { points: (&points).into(), ..set.steps(&[], None)[2].clone() };
    let picture = space(set.cloud(), &[step], &SpaceOptions::default(), Work::quiet()).unwrap();
    assert_eq!(picture.notes, ["tanh: 2 points are not finite and not drawn"]);
    let dots = pieces(&picture);
    let placed = dots.iter().filter(|(piece, _)| match piece {
        Piece::Dot { at, .. } => at.iter().all(|value| value.is_finite() && value.abs() < 2000.0),
        Piece::Line { .. } => false,
    });
    assert_eq!(placed.count(), 23);
}

#[test]
fn what_cannot_be_drawn_is_refused() {
    let set = mesh(5);
    let steps = set.steps(&[], None);
    let refused = |cloud: Cloud<'_>, steps: &[SpaceStep<'_>], options: &SpaceOptions| {
        space(cloud, steps, options, Work::quiet()).unwrap_err().to_string()
    };
    let options = SpaceOptions::default();
    assert!(refused(set.cloud(), &[], &options).contains("no steps"));
    let few = Cloud { colors: &set.colors[..3], ..set.cloud() };
    assert!(refused(few, &steps, &options).contains("25 points with 3 colours"));
    let small = SpaceOptions { size: "60x60px".parse().ok(), ..SpaceOptions::default() };
    assert!(refused(set.cloud(), &steps, &small).contains("no room"));
}

#[test]
fn a_range_that_is_given_is_kept() {
    let set = mesh(5);
    let mut step = set.steps(&[], None)[0].clone();
    step.range = Some(Box3 { low: [-100.0; 3], high: [100.0; 3] });
    let picture = space(set.cloud(), &[step], &SpaceOptions::default(), Work::quiet()).unwrap();
    let texts: Vec<String> = common::texts(&picture).into_iter().map(|text| text.content).collect();
    assert!(texts.iter().any(|text| text == "100"), "{texts:?}");
}

#[test]
fn all_of_a_page_of_given_size_is_on_it() {
    let set = mesh(5);
    let mut steps: Vec<SpaceStep<'_>> =
        (0..6).map(|at| set.steps(&[], None)[at % 3].clone()).collect();
    for step in &mut steps {
        step.name = "Linear Layer (16D → 16D)".to_owned();
        step.details =
            vec!["singular values 12.7, 3.21, 0.25".to_owned(), "determinant −0.0885".to_owned()];
    }
    for size in ["900x640px", "600x900px", "1200x500px", "500x500px"] {
        let options = SpaceOptions {
            size: size.parse().ok(),
            title: "2-16-tanh-16-tanh-2".to_owned(),
            ..SpaceOptions::default()
        };
        let picture = space(set.cloud(), &steps, &options, Work::quiet()).unwrap();
        let (width, height) = (picture.scene.width, picture.scene.height);
        for text in common::texts(&picture) {
            let is_inside =
                (0.0..=width).contains(&text.x) && (0.0..=height - 4.0).contains(&text.y);
            assert!(is_inside, "{size}: {:?} at {}, {}", text.content, text.x, text.y);
        }
        let dots: Vec<[f64; 2]> = pieces(&picture)
            .into_iter()
            .filter_map(|(piece, _)| match piece {
                Piece::Dot { at, .. } => Some(at.map(f64::from)),
                Piece::Line { .. } => None,
            })
            .collect();
        assert_eq!(dots.len(), 6 * 25, "{size}");
        let is_inside = |[x, y]: &[f64; 2]| (0.0..=width).contains(x) && (0.0..=height).contains(y);
        assert!(dots.iter().all(is_inside), "{size}");
        // What the picture is about is not the smallest thing on it.
        let spread = dots[..25].iter().map(|[x, _]| *x);
        let side = spread.clone().fold(f64::MIN, f64::max) - spread.fold(f64::MAX, f64::min);
        assert!(side > 0.1 * width.min(height), "{size}: {side} of {width} x {height}");
    }
}
