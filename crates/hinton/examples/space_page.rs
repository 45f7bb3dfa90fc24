//! Writes pages of points through small networks: `cargo run -p hinton --example space_page -- FOLDER`.
//!
//! The page's own tests (`cargo xtask web --test`) turn and play them.

use std::path::Path;

use hinton::look::{Color, Colormap};
use hinton::space::html::{
    Axes, Legend, Morph, PageRegions, PointPictures, SpaceFrame, SpacePage, html,
};
use hinton::space::{Guide, GuideKind};

type Points = Vec<[f32; 3]>;

/// A linear map: rows are outputs, the third input of flat points is 0.
type Matrix = [[f32; 3]; 3];

const W1: Matrix = [[3.0, 0.0, 0.0], [0.0, 3.0, 0.0], [6.0, 6.0, 0.0]];
const H: Matrix = [[0.42, -0.31, 0.54], [-0.27, 0.5, 0.12], [0.33, 0.21, -0.48]];
const SMALL: Matrix = [[0.6, -0.3, 0.0], [0.2, 0.5, 0.0], [0.5, 0.4, 0.0]];
const W3: Matrix = [[0.9, -0.4, 0.5], [-0.3, 0.8, 0.6], [0.0, 0.0, 0.0]];

fn main() -> std::io::Result<()> {
    let folder = std::env::args().nth(1).unwrap_or_else(|| "target/space-pages".into());
    let folder = Path::new(&folder);
    std::fs::create_dir_all(folder)?;
    let pages = [
        ("fold", fold(&SMALL)),
        ("stretch", fold(&W1)),
        ("rings", rings()),
        ("wheel", wheel()),
        ("plane", plane()),
        ("depth", depth()),
        ("extreme", extreme()),
        ("one", SpacePage { frames: vec![input(mesh(9))], ..mesh_page("One step", 9) }),
        ("empty", SpacePage { title: "Nothing".into(), ..SpacePage::default() }),
        ("hostile", hostile()),
        ("long", long()),
    ];
    for (name, page) in pages {
        let path = folder.join(format!("{name}.html"));
        let bytes = html(&page);
        println!("{}: {} bytes", path.display(), bytes.len());
        std::fs::write(path, bytes)?;
    }
    Ok(())
}

/// A mesh of 10,000 points through 2-3-tanh-3-tanh-2.
fn fold(first: &Matrix) -> SpacePage {
    let input = input(mesh(100));
    let wide = linear("After Linear Layer (2D -> 3D)", &input, first, 3, 2);
    let bent = tanh("+ tanh", &wide);
    let hidden = linear("+ Hidden Layer (3D -> 3D)", &bent, &H, 3, 3);
    let bent_again = tanh("+ tanh", &hidden);
    let flat = linear("+ Linear Layer (3D -> 2D)", &bent_again, &W3, 2, 3);
    SpacePage {
        frames: vec![input, wide, bent, hidden, bent_again, flat],
        ..mesh_page("2-3-tanh-3-tanh-2", 100)
    }
}

/// Two rings that a network of tanh pulls apart: labels, few points, no lines.
fn rings() -> SpacePage {
    let (blue, orange) = (Color::rgb(0x0072b2), Color::rgb(0xd55e00));
    let points: Points = (0..400)
        .map(|point| {
            let angle = point as f32 * 0.618 * std::f32::consts::TAU;
            let radius = if point % 2 == 0 { 0.9 } else { 2.1 } + (point as f32 * 7.7).sin() * 0.18;
            [radius * angle.cos(), radius * angle.sin(), 0.0]
        })
        .collect();
    let input = input(points);
    let map = [[1.1, 0.2, 0.0], [-0.3, 1.0, 0.0], [0.7, -0.9, 0.0]];
    let wide = linear("After Linear Layer (2D -> 3D)", &input, &map, 3, 2);
    let bent = tanh("+ tanh", &wide);
    SpacePage {
        title: "Two rings through 2-3-tanh".into(),
        colors: (0..400).map(|point| if point % 2 == 0 { blue } else { orange }).collect(),
        legend: Legend::Labels(vec![("inner ring".into(), blue), ("outer ring".into(), orange)]),
        notes: vec!["400 of 60,000 points are shown: every 150th".into()],
        frames: vec![input, wide, bent],
        ..SpacePage::default()
    }
}

/// The rings with what lies over and under them: arrows, regions of the classes, points that are
/// pictures.
fn plane() -> SpacePage {
    let mut page = rings();
    let classes = [Color::rgb(0x0072b2), Color::rgb(0xd55e00)];
    let (side, reach) = (60, 2.5);
    let at = |place: usize| (place as f64 + 0.5) / side as f64 * 2.0 * reach - reach;
    let cells = (0..side * side).map(|cell| {
        let (x, y) = (at(cell % side), at(cell / side));
        u8::from((x * x + y * y).sqrt() > 1.5)
    });
    page.frames[0].regions = Some(PageRegions {
        columns: side,
        rows: side,
        x: (-reach, reach),
        y: (-reach, reach),
        colors: classes.to_vec(),
        cells: cells.collect(),
    });
    let arrow = |to: [f32; 3]| vec![[0.0; 3], to.map(|value| value / 2.0), to];
    for (frame, size) in page.frames.iter_mut().zip([1.0, 1.5, 0.8]) {
        frame.own_axes = frame.dims > 2;
        frame.guides = vec![
            Guide { kind: GuideKind::FirstBasis, points: arrow([size, 0.0, 0.0]) },
            Guide { kind: GuideKind::SecondBasis, points: arrow([0.0, size, 0.0]) },
        ];
    }
    let pixels = (0..400u32).flat_map(|point| [0, (point % 256) as u8, 255, 128]).collect();
    page.pictures = Some(PointPictures { width: 2, height: 2, pixels });
    SpacePage { title: "Rings with regions, arrows and pictures".into(), ..page }
}

/// Colours that tell both coordinates of the input.
fn wheel() -> SpacePage {
    let color = |x: f32, y: f32| {
        let byte = |share: f32| (share * 255.0) as u32;
        let (x, y) = (x / 10.0 + 0.5, y / 10.0 + 0.5);
        Color::rgb(byte(x) << 16 | byte(1.0 - (x + y) / 2.0) << 8 | byte(y))
    };
    let input = input(mesh(60));
    let at = |index: i32| index as f32 / 2.0 - 4.75;
    let row = |y: i32| (0..20).map(|x| color(at(x), at(19 - y))).collect();
    let map = linear("Linear Layer (2D -> 3D)", &input, &SMALL, 3, 2);
    let bent = tanh("+ tanh", &map);
    SpacePage {
        colors: input.points.iter().map(|point| color(point[0], point[1])).collect(),
        legend: Legend::Plane {
            labels: ["first input", "second input"].map(String::from),
            low: [-5.0; 2],
            high: [5.0; 2],
            colors: (0..20).map(row).collect(),
        },
        frames: vec![input, map, bent],
        ..mesh_page("Both coordinates", 60)
    }
}

/// Two points, one behind the other as seen along x; the near one comes first.
fn depth() -> SpacePage {
    let points = vec![[1.0, 0.0, 0.0], [-1.0, 0.0, 0.0]];
    let mut only = frame("Input", String::new(), 3, points, Morph::LinearMap);
    (only.axes.low, only.axes.high) = ([-1.0; 3], [1.0; 3]);
    SpacePage {
        title: "Depth".into(),
        frames: vec![only],
        colors: vec![Color::rgb(0xd55e00), Color::rgb(0x0072b2)],
        ..SpacePage::default()
    }
}

/// Values at the ends of what f32 holds, far from zero, and all the same.
fn extreme() -> SpacePage {
    let scaled = |name: &str, scale: f32, shift: f32| {
        let points = mesh(9).into_iter().map(|point| point.map(|value| value * scale + shift));
        frame(name, String::new(), 3, points.collect(), Morph::LinearMap)
    };
    let frames = vec![
        scaled("huge", 6e37, 0.0),
        scaled("tiny", 1e-39, 0.0),
        scaled("far", 1.0, 1e6),
        scaled("one place", 0.0, -1e30),
    ];
    SpacePage { frames, ..mesh_page("Extremes", 9) }
}

/// Names that try to break out, values that are no numbers, edges to nowhere.
fn hostile() -> SpacePage {
    let name = "</script><script>document.title = 'broken'</script><img src=http://127.0.0.1:9/x onerror=alert(1)>{{hinton:data}}";
    let mut first = input(mesh(9));
    first.name = name.into();
    first.detail = format!("{name}\n<!-- <b>");
    first.axes.names[0] = "<b>x</b>".into();
    let mut second = first.clone();
    second.points[4] = [f32::NAN, 0.0, 0.0];
    second.points[5] = [f32::INFINITY, 0.0, 0.0];
    second.points.truncate(70);
    let mut page = SpacePage { frames: vec![first, second], ..mesh_page(name, 9) };
    page.lines.push([0, 4_000_000_000]);
    page.notes.push(name.into());
    page.legend = Legend::Labels(vec![(name.into(), Color::BLACK)]);
    page
}

/// Many steps, as of a training run, with a cut among them.
fn long() -> SpacePage {
    let frames = (0..120).map(|step| {
        let turn = step as f32 * 0.05;
        let map = [[turn.cos(), -turn.sin(), 0.0], [turn.sin(), turn.cos(), 0.0], [0.0; 3]];
        let mut frame = linear(&format!("Step {}", step * 100), &input(mesh(21)), &map, 2, 2);
        if step == 60 {
            frame.morph = Morph::Cut;
        }
        frame
    });
    SpacePage { frames: frames.collect(), ..mesh_page("A run of 120 steps", 21) }
}

/// A square mesh over -5 to 5, coloured by its first coordinate.
fn mesh_page(title: &str, side: u32) -> SpacePage {
    let colors = (0..side * side).map(|point| viridis((point / side) as f64 / (side - 1) as f64));
    let right = (0..side * side - side).map(|point| [point, point + side]);
    let up =
        (0..side * side).filter(|point| point % side + 1 < side).map(|point| [point, point + 1]);
    SpacePage {
        title: title.into(),
        colors: colors.collect(),
        lines: right.chain(up).collect(),
        legend: Legend::Ramp {
            label: "first input coordinate".into(),
            low: -5.0,
            high: 5.0,
            colors: (0..=20).map(|at| viridis(f64::from(at) / 20.0)).collect(),
        },
        ..SpacePage::default()
    }
}

fn mesh(side: u32) -> Points {
    let at = |index: u32| index as f32 / (side - 1) as f32 * 10.0 - 5.0;
    (0..side * side).map(|point| [at(point / side), at(point % side), 0.0]).collect()
}

fn viridis(share: f64) -> Color {
    Colormap::named("viridis").map_or(Color::BLACK, |map| map.color(share))
}

fn input(points: Points) -> SpaceFrame {
    frame("Input", String::new(), 2, points, Morph::LinearMap)
}

fn linear(name: &str, before: &SpaceFrame, map: &Matrix, dims: usize, inputs: usize) -> SpaceFrame {
    let points = before.points.iter().map(|point| {
        map.map(|row| row.iter().zip(point).map(|(weight, value)| weight * value).sum())
    });
    let rows = map[..dims]
        .iter()
        .map(|row| row[..inputs].iter().map(|weight| format!("{weight:>9.4}")).collect::<String>());
    let detail = format!("weight [{dims}, {inputs}]\n{}", rows.collect::<Vec<_>>().join("\n"));
    frame(name, detail, dims, points.collect(), Morph::LinearMap)
}

fn tanh(name: &str, before: &SpaceFrame) -> SpaceFrame {
    let points = before.points.iter().map(|point| point.map(f32::tanh)).collect();
    frame(name, String::new(), before.dims, points, Morph::Activation)
}

fn frame(name: &str, detail: String, dims: usize, points: Points, morph: Morph) -> SpaceFrame {
    let axes = Axes::around(&points);
    SpaceFrame { name: name.into(), detail, dims, axes, points, morph, ..SpaceFrame::default() }
}
