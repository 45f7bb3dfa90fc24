//! Draws points in space, after each step of a network.
//!
//! This is not a row of [`CHARTS`](crate::CHARTS), which draw matrices. Here the input is points,
//! each with a colour that it keeps through all steps, and a [`Camera`] takes the place of the
//! scales of x and y. Points with one or two coordinates are drawn in a plane with equal axes,
//! points with three in a box. They are drawn in order of depth, in their own colours and without
//! shading.

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

/// What the points keep through all steps: their colours, and the lines between them.
#[derive(Debug, Clone, Copy)]
pub struct Cloud<'a> {
    /// The colours used; at most 32,768.
    pub palette: &'a [Color],
    /// For each point the index of its colour in the palette.
    pub colors: &'a [u16],
    /// Lines between points, as pairs of point indices.
    pub lines: &'a [[u32; 2]],
    /// The key that explains the colours.
    pub key: &'a ColorKey,
}

/// The points after one step.
#[derive(Debug, Clone)]
pub struct SpaceStep<'a> {
    /// The name of the step.
    pub name: String,
    /// More lines of text about the step.
    pub details: Vec<String>,
    /// Number of coordinates in use: up to 2 are drawn in a plane, 3 in a box.
    pub dims: usize,
    /// The points; unused coordinates are 0.
    pub points: Points<'a>,
    /// Arrows and outlines that are transformed like the points.
    pub guides: &'a [Guide],
    /// What is drawn below the points of a plane.
    pub regions: Option<&'a Regions>,
    /// Labels of the axes; empty ones are not shown.
    pub axes: [String; 3],
    /// The region of space that is drawn; `None` fits the points.
    pub range: Option<Box3>,
}

/// An arrow or an outline that shows how space is transformed.
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
    /// The image of the second basis vector, likewise.
    SecondBasis,
    /// The image of the unit square, a closed line.
    Square,
    /// The image of the unit circle, a closed line.
    Circle,
}

impl GuideKind {
    /// Its colour in this theme.
    pub fn color(self, theme: &Theme) -> Color {
        let dark = theme.is_dark();
        match self {
            GuideKind::FirstBasis => Color::rgb(if dark { 0xff5a5f } else { 0xd6202f }),
            GuideKind::SecondBasis => Color::rgb(if dark { 0x2ee67f } else { 0x12863a }),
            GuideKind::Square | GuideKind::Circle => theme.ink,
        }
    }

    /// Whether it is a closed line rather than an arrow.
    pub fn is_closed(self) -> bool {
        matches!(self, GuideKind::Square | GuideKind::Circle)
    }
}

/// Whether the sides of a box are similar enough to be drawn on one scale by default.
pub fn are_alike(range: &Box3) -> bool {
    let sides: [f64; 3] = std::array::from_fn(|axis| range.high[axis] - range.low[axis]);
    let shortest = sides.iter().copied().fold(f64::INFINITY, f64::min);
    range.longest() <= ALIKE * shortest
}

/// A side this many times another is drawn on a scale of its own.
const ALIKE: f64 = 2.0;

/// The class that a network predicts at each position of a plane.
#[derive(Debug, Clone, PartialEq)]
pub struct Regions {
    /// Width in pixels.
    pub columns: usize,
    /// Height in pixels.
    pub rows: usize,
    /// Colours row by row, largest y first.
    pub pixels: Vec<Color>,
    /// The smallest and the largest x.
    pub x: (f64, f64),
    /// The smallest and the largest y.
    pub y: (f64, f64),
}

/// Which parts of the cloud are drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Parts {
    /// Points and the lines between them.
    #[default]
    Both,
    /// Only points.
    Points,
    /// Only lines, if there are any.
    Lines,
}

/// When points are drawn as counts per pixel.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Density {
    /// For more than a hundred thousand points.
    #[default]
    Auto,
    /// Always.
    On,
    /// Never.
    Off,
}

/// Options of a picture of space.
#[derive(Clone)]
pub struct SpaceOptions {
    /// The camera for three dimensions.
    pub camera: Camera,
    /// Whether planes are drawn in a box too, as in films that move between planes and space.
    pub always_box: bool,
    /// Whether all axes of a box have one scale; `None` means yes if no side is more than twice as
    /// long as another.
    pub equal_axes: Option<bool>,
    /// Whether a scale bar replaces the numbers on the axes, for several pictures that each show a
    /// different region of space. The grid lines are then as far apart as the bar is long.
    pub scale_bars: bool,
    /// The style of everything except the points.
    pub style: SpaceStyle,
    /// The colours of page and text.
    pub theme: ThemeName,
    /// The page size; `None` is the size that is needed.
    pub size: Option<PageSize>,
    /// The resolution in pixels per inch.
    pub dpi: f64,
    /// The size of labels in points; `None` depends on the page.
    pub font_size: Option<f64>,
    /// The font of all text; `None` is the embedded font.
    pub font: Option<Typeface>,
    /// Number of steps side by side.
    pub columns: Option<usize>,
    /// The title; an empty text omits it.
    pub title: String,
    /// The parts of the line below the title.
    pub subtitle: Vec<String>,
    /// Notes under the picture.
    pub notes: Vec<String>,
    /// Whether the key of the colours is drawn.
    pub legend: bool,
    /// Number of lines reserved below the name of a step, so that all pictures of a series have one
    /// layout.
    pub detail_lines: usize,
    /// Which parts of the cloud are drawn.
    pub parts: Parts,
    /// Diameter of the points, in points of the page; `None` depends on their number.
    pub point_size: Option<f64>,
    /// When points are drawn as counts per pixel.
    pub density: Density,
}

impl Default for SpaceOptions {
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
        }
    }
}

/// The maximum number of points in a picture.
pub const MOST_POINTS: usize = density::MOST_POINTS;
/// Pictures with more points than this show counts per pixel.
pub const MANY_POINTS: usize = 100_000;

/// Why a picture of space could not be drawn.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum SpaceError {
    /// An error of a chart.
    #[error(transparent)]
    Chart(#[from] ChartError),
    /// The work was cancelled.
    #[error(transparent)]
    Cancelled(#[from] Cancelled),
}

/// Draws the cloud after each of the steps, side by side.
///
/// # Errors
/// Returns an error if there are no steps, more than [`MOST_POINTS`] points, or points without a
/// colour; if the page is too small, or the work was cancelled.
pub fn space(
    cloud: Cloud<'_>,
    steps: &[SpaceStep<'_>],
    options: &SpaceOptions,
    work: Work<'_>,
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
    with_typeface(options.font, || zoomed(cloud, steps, options, work))
}

/// Draws with type of the size that fits the page.
fn zoomed(
    cloud: Cloud<'_>,
    steps: &[SpaceStep<'_>],
    options: &SpaceOptions,
    work: Work<'_>,
) -> Result<Picture, SpaceError> {
    let size =
        options.font_size.unwrap_or_else(|| fitting(options.theme, options.size, options.dpi));
    let zoom = size / DESIGNED;
    if zoom == 1.0 {
        return page::draw(cloud, steps, options, work);
    }
    let inner = SpaceOptions {
        size: options.size.map(|size| smaller(size, options.dpi, zoom)),
        dpi: options.dpi * zoom,
        point_size: options.point_size.map(|size| size / zoom),
        ..options.clone()
    };
    let Picture { scene, notes } = match page::draw(cloud, steps, &inner, work) {
        Err(SpaceError::Chart(error)) => return Err(larger(error, zoom).into()),
        other => other?,
    };
    Ok(Picture { scene: sized(scene.scaled(zoom), options.size, options.dpi), notes })
}
