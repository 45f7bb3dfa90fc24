//! Points in space: what a network does to them, step by step.
//!
//! This is no row of [`CHARTS`](crate::CHARTS): those draw matrices. Here points come in, each with a
//! colour that it keeps through all steps, and a [`Camera`] takes the place of the scales of x and y.
//! Points of one or two coordinates are drawn in a plane with equal axes, points of three in a box,
//! each piece in its true depth order and in its own colour, unshaded.

mod axes;
mod box3;
mod camera;
mod density;
mod facet;
mod key;
mod page;
mod pieces;
mod points;
mod style;

use hinton_scene::{Color, Typeface, with_typeface};
use hinton_tensor::{Cancelled, Work};

use crate::zoom::{DESIGNED, fitting, larger, sized, smaller};
use crate::{ChartError, PageSize, Picture, Theme, ThemeName};

pub use box3::Box3;
pub use camera::{Camera, Projection};
pub use key::ColorKey;
pub use points::Points;
pub use style::SpaceStyle;

/// The points that go through all steps: their colours, and the lines between them.
#[derive(Debug, Clone, Copy)]
pub struct Cloud<'a> {
    /// The colours used; at most 32,768.
    pub palette: &'a [Color],
    /// For each point the place of its colour in the palette.
    pub colors: &'a [u16],
    /// Lines between points, each by the places of both.
    pub lines: &'a [[u32; 2]],
    /// What the colours mean.
    pub key: &'a ColorKey,
}

/// The points after one step.
#[derive(Debug, Clone)]
pub struct SpaceStep<'a> {
    /// What the step is.
    pub name: String,
    /// What else is to be said of it, a line each.
    pub details: Vec<String>,
    /// Coordinates that mean something: up to 2 are drawn in a plane, 3 in a box.
    pub dims: usize,
    /// The points; coordinates from `dims` on are 0.
    pub points: Points<'a>,
    /// Arrows and outlines that go through the steps as the points do.
    pub guides: &'a [Guide],
    /// What lies below the points of a plane.
    pub regions: Option<&'a Regions>,
    /// Names of the axes; empty ones are not written.
    pub axes: [String; 3],
    /// The part of space that is drawn; `None` is what the points need.
    pub range: Option<Box3>,
}

/// An arrow or an outline.
#[derive(Debug, Clone, PartialEq)]
pub struct Guide {
    /// What it shows.
    pub kind: GuideKind,
    /// Its points, in order.
    pub points: Vec<[f32; 3]>,
}

/// What a guide shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum GuideKind {
    /// The image of the first basis vector: an arrow from the first point to the last.
    FirstBasis,
    /// The image of the second.
    SecondBasis,
    /// The image of the unit square, a closed line.
    Square,
    /// The image of the unit circle, a closed line.
    Circle,
}

impl GuideKind {
    /// Its colour on a page of that theme.
    pub fn color(self, theme: &Theme) -> Color {
        let dark = theme.is_dark();
        match self {
            GuideKind::FirstBasis => Color::rgb(if dark { 0xff5a5f } else { 0xd6202f }),
            GuideKind::SecondBasis => Color::rgb(if dark { 0x2ee67f } else { 0x12863a }),
            GuideKind::Square | GuideKind::Circle => theme.ink,
        }
    }

    /// Whether it is a closed line, no arrow.
    pub fn is_closed(self) -> bool {
        matches!(self, GuideKind::Square | GuideKind::Circle)
    }
}

/// Whether the sides of a box are so alike that they are drawn on one scale unless something else is
/// asked for.
pub fn are_alike(range: &Box3) -> bool {
    let sides: [f64; 3] = std::array::from_fn(|axis| range.high[axis] - range.low[axis]);
    let shortest = sides.iter().copied().fold(f64::INFINITY, f64::min);
    range.longest() <= ALIKE * shortest
}

/// A side so many times another is drawn on a scale of its own.
const ALIKE: f64 = 2.0;

/// Which class each place of a plane is given.
#[derive(Debug, Clone, PartialEq)]
pub struct Regions {
    /// Pixels across.
    pub columns: usize,
    /// Pixels down.
    pub rows: usize,
    /// Colours row by row, largest y first.
    pub pixels: Vec<Color>,
    /// Smallest and largest x.
    pub x: (f64, f64),
    /// Smallest and largest y.
    pub y: (f64, f64),
}

/// What is drawn of the cloud.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Parts {
    /// Points and the lines between them.
    #[default]
    Both,
    /// Points alone.
    Points,
    /// Lines alone, where there are any.
    Lines,
}

/// When points become counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Density {
    /// Above a hundred thousand points.
    #[default]
    Auto,
    /// Always.
    On,
    /// Never.
    Off,
}

/// How a picture of space is drawn.
#[derive(Clone)]
pub struct SpaceOptions<'a> {
    /// Where three dimensions are looked at from.
    pub camera: Camera,
    /// Whether planes are drawn in a box too, as the films do that pass from one to the other.
    pub always_box: bool,
    /// Whether all axes of a box have one scale; `None` where no side is more than twice
    /// another.
    pub equal_axes: Option<bool>,
    /// Whether a scale bar takes the place of the numbers on the axes, for pictures in a row that each
    /// have their own part of space; the lines of the grid are as far apart as it is long.
    pub scale_bars: bool,
    /// Look of everything but the points.
    pub style: SpaceStyle,
    /// Colours of page and type.
    pub theme: ThemeName,
    /// Page size; `None` is what is needed.
    pub size: Option<PageSize>,
    /// Pixels to the inch.
    pub dpi: f64,
    /// Size of labels, points; `None` goes by the page.
    pub font_size: Option<f64>,
    /// Font of all text; `None` is the embedded one.
    pub font: Option<Typeface>,
    /// Steps side by side.
    pub columns: Option<usize>,
    /// Title; an empty one leaves it out.
    pub title: String,
    /// Parts of the line under the title.
    pub subtitle: Vec<String>,
    /// Notes under the picture.
    pub notes: Vec<String>,
    /// Whether the key of the colours is drawn.
    pub legend: bool,
    /// Lines that are kept under the name of a step, so that pictures of a series have one layout.
    pub detail_lines: usize,
    /// What is drawn of the cloud.
    pub parts: Parts,
    /// Diameter of the points, in points of the page; `None` goes by their number.
    pub point_size: Option<f64>,
    /// When points become counts.
    pub density: Density,
    /// Threads, and who may stop it.
    pub work: Work<'a>,
}

impl Default for SpaceOptions<'_> {
    fn default() -> Self {
        SpaceOptions {
            camera: Camera::default(),
            always_box: false,
            equal_axes: None,
            scale_bars: false,
            style: SpaceStyle::House,
            theme: ThemeName::Light,
            size: None,
            dpi: 144.0,
            font_size: None,
            font: None,
            columns: None,
            title: String::new(),
            subtitle: Vec::new(),
            notes: Vec::new(),
            legend: true,
            detail_lines: 0,
            parts: Parts::Both,
            point_size: None,
            density: Density::Auto,
            work: Work::quiet(),
        }
    }
}

/// Most points of a picture.
pub const MOST_POINTS: usize = density::MOST_POINTS;
/// Above so many points a picture counts them.
pub const MANY_POINTS: usize = 100_000;

/// Why a picture of space could not be drawn.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum SpaceError {
    /// As for charts.
    #[error(transparent)]
    Chart(#[from] ChartError),
    /// The work was stopped.
    #[error(transparent)]
    Cancelled(#[from] Cancelled),
}

/// Draws the cloud after each of the steps, one beside the other.
///
/// # Errors
/// Without a step, with more than [`MOST_POINTS`] points, with points that have no colour, or on a
/// page that is too small; when the work was stopped.
pub fn space(
    cloud: Cloud<'_>,
    steps: &[SpaceStep<'_>],
    options: &SpaceOptions<'_>,
) -> Result<Picture, SpaceError> {
    let unfit =
        |what: String, why: &str| ChartError::Unfit { chart: "space", what, why: why.to_owned() };
    if steps.is_empty() {
        return Err(unfit("no steps".to_owned(), "there is nothing to show").into());
    }
    for step in steps {
        if step.points.len() > MOST_POINTS {
            let what = format!("{} points", step.points.len());
            let why = format!("a picture shows at most {MOST_POINTS}");
            return Err(unfit(what, &why).into());
        }
        if step.points.len() != cloud.colors.len() {
            let what = format!("{} points with {} colours", step.points.len(), cloud.colors.len());
            return Err(unfit(what, "each point needs one").into());
        }
    }
    with_typeface(options.font, || zoomed(cloud, steps, options))
}

/// Draws with type of the size that fits the page.
fn zoomed(
    cloud: Cloud<'_>,
    steps: &[SpaceStep<'_>],
    options: &SpaceOptions<'_>,
) -> Result<Picture, SpaceError> {
    let size =
        options.font_size.unwrap_or_else(|| fitting(options.theme, options.size, options.dpi));
    let zoom = size / DESIGNED;
    if zoom == 1.0 {
        return page::draw(cloud, steps, options);
    }
    let inner = SpaceOptions {
        size: options.size.map(|size| smaller(size, options.dpi, zoom)),
        dpi: options.dpi * zoom,
        point_size: options.point_size.map(|size| size / zoom),
        ..options.clone()
    };
    let Picture { scene, notes } = match page::draw(cloud, steps, &inner) {
        Err(SpaceError::Chart(error)) => return Err(larger(error, zoom).into()),
        other => other?,
    };
    Ok(Picture { scene: sized(scene.scaled(zoom), options.size, options.dpi), notes })
}
