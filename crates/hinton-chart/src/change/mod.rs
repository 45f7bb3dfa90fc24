//! Draws the changes between two models: a map of their tensors, a histogram of the differences,
//! and single tensors side by side.

mod against;
mod map;
mod pair;
mod spread;
mod steps;

use hinton_scene::{Color, Item, Path, Point, Rect, Shape, with_typeface};
use hinton_tensor::Grid;

use crate::math::{log10, pow10};
use crate::zoom::zoomed;
use crate::{ChartError, Colormap, Options, Picture};

/// A tensor of one or both models, and how it changed.
#[derive(Debug, Clone, PartialEq)]
pub struct Changed {
    /// Its full name, which determines its position on the map.
    pub name: String,
    /// Its label on the map.
    pub label: String,
    /// Its shape.
    pub shape: Vec<usize>,
    /// Its dtype; both dtypes if they differ between the files.
    pub dtype: String,
    /// How it changed.
    pub state: State,
}

/// How a tensor changed.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum State {
    /// All values are equal.
    Equal,
    /// Some values differ.
    Moved {
        /// The norm of the difference divided by that of the first tensor; `None` if the first is
        /// all zeros.
        relative: Option<f64>,
        /// Whether non-finite values appeared or disappeared.
        is_odd: bool,
    },
    /// Only the first model has the tensor.
    OnlyFirst,
    /// Only the second model has the tensor.
    OnlySecond,
    /// Both models have the tensor, in shapes that cannot be compared.
    OtherShape,
}

/// The number of differences between two bounds of the same sign. `low` and `high` are both 0 for
/// values that are equal.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Step {
    /// The bound nearer to minus infinity.
    pub low: f64,
    /// The other bound.
    pub high: f64,
    /// Number of differences.
    pub count: u64,
}

/// A joint histogram of the values of two models, with square cells.
#[derive(Debug, Clone, PartialEq)]
pub struct Against {
    /// Number of cells along each side.
    pub side: usize,
    /// `counts[i * side + j]` is the number of positions whose value is in step `i` of the first
    /// model and in step `j` of the second; steps are counted from `-range`. Values beyond the
    /// range count in the outermost steps.
    pub counts: Vec<u64>,
    /// Both axes extend from `-range` to `range`.
    pub range: f64,
    /// The unit of the axes.
    pub unit: AgainstUnit,
    /// Whether the counts are estimated from a sample of the values.
    pub is_sampled: bool,
}

/// The unit of the axes of an [`Against`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AgainstUnit {
    /// Values of one tensor.
    Values,
    /// Values of several tensors, each divided by its own range: four times the root mean square of
    /// both models' values, or their largest magnitude if that is smaller.
    Ranges,
}

/// A tensor of two models, and their difference.
#[derive(Debug, Clone)]
pub struct Beside {
    /// Labels of the first, the second and the difference.
    pub names: [String; 3],
    /// The first, the second, and the second minus the first, all reduced in the same way.
    pub grids: [Grid; 3],
    /// The rows that changed most, by their index in the whole matrix.
    pub rows: Vec<usize>,
    /// The columns that changed most.
    pub columns: Vec<usize>,
    /// Lines of text under its title.
    pub about: Vec<String>,
}

/// Draws a map of all tensors, coloured by how much each changed.
///
/// # Errors
/// Returns an error if the page is too small.
pub fn map(tensors: &[Changed], options: &Options) -> Result<Picture, ChartError> {
    with_typeface(options.font, || zoomed(options, |options| map::build(tensors, options)))
}

/// Draws how many values changed by how much. `scale` is a size for comparison: the root mean
/// square of the first model's values.
///
/// # Errors
/// Returns an error if the page is too small.
pub fn spread(
    steps: &[Step],
    scale: Option<f64>,
    options: &Options,
) -> Result<Picture, ChartError> {
    with_typeface(options.font, || zoomed(options, |options| spread::build(steps, scale, options)))
}

/// Draws values of the second model against those of the first: scaling, clipping and rounding are
/// visible as shapes.
///
/// # Errors
/// Returns an error if the page is too small.
pub fn against(against: &Against, options: &Options) -> Result<Picture, ChartError> {
    with_typeface(options.font, || zoomed(options, |options| against::build(against, options)))
}

/// Draws a tensor of both models and the difference side by side: the two on one scale, the
/// difference on its own scale.
///
/// # Errors
/// Returns an error if the page is too small.
pub fn beside(tensor: &Beside, options: &Options) -> Result<Picture, ChartError> {
    with_typeface(options.font, || zoomed(options, |options| pair::build(tensor, options)))
}

/// How each step of a run changed one tensor.
#[derive(Debug, Clone, PartialEq)]
pub struct OverSteps {
    /// Its name.
    pub name: String,
    /// The change at each step, compared with the step before; `None` if either step lacks the
    /// tensor.
    pub states: Vec<Option<State>>,
}

/// Draws a matrix of tensors by steps, coloured by how much each step changed each tensor. `steps`
/// are the labels of the steps, and `axis` says what they count.
///
/// # Errors
/// Returns an error if the page is too small.
pub fn over_steps(
    tensors: &[OverSteps],
    steps: &[String],
    axis: &str,
    options: &Options,
) -> Result<Picture, ChartError> {
    let build = |options: &Options| steps::build(tensors, steps, axis, options);
    with_typeface(options.font, || zoomed(options, build))
}

/// The number of rows and columns of cells that fit in each of three matrices side by side.
pub fn beside_cells(options: &Options) -> (usize, usize) {
    pair::cells(options)
}

/// Colours of relative changes, on a logarithmic scale between two round numbers.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Decades {
    low: f64,
    high: f64,
    map: Colormap,
}

/// Most and fewest times that the largest change is the smallest with a colour of its own.
const MOST_TIMES: f64 = 1e6;
const FEWEST_TIMES: f64 = 10.0;
/// Where on the half of the map the smallest change is: what is white did not change.
const PALEST: f64 = 0.14;

impl Decades {
    /// `None` where nothing has a relative change above zero.
    fn of(changes: impl Iterator<Item = f64>, options: &Options, is_dark: bool) -> Option<Decades> {
        let (low, high) = changes
            .filter(|change| *change > 0.0 && change.is_finite())
            .fold((f64::INFINITY, 0.0f64), |ends, one| (ends.0.min(one), ends.1.max(one)));
        if low > high {
            return None;
        }
        let high = round(high, true);
        let low = round(low.clamp(high / MOST_TIMES, high / FEWEST_TIMES), false);
        let map = options.cmap.unwrap_or_else(|| Colormap::house(is_dark));
        Some(Decades { low, high, map })
    }

    fn share(&self, change: f64) -> f64 {
        if change <= 0.0 {
            return 0.0;
        }
        (log10(change / self.low) / log10(self.high / self.low)).clamp(0.0, 1.0)
    }

    fn color(&self, change: f64) -> Color {
        self.color_at(self.share(change))
    }

    fn color_at(&self, share: f64) -> Color {
        half(self.map, PALEST + (1.0 - PALEST) * share)
    }

    /// Ends, then the powers of ten between them.
    fn ticks(&self) -> Vec<f64> {
        let (first, last) = (log10(self.low).floor() as i32, log10(self.high).ceil() as i32);
        let inside = |tick: &f64| *tick > self.low * 1.01 && *tick < self.high / 1.01;
        let powers = (first..=last).map(pow10).filter(inside);
        [self.low, self.high].into_iter().chain(powers).collect()
    }
}

/// The colour of a share from 0 to 1: of a map with a middle one half, where the middle is nothing.
fn half(map: Colormap, share: f64) -> Color {
    match map.kind() {
        crate::Kind::Diverging => map.color(0.5 + 0.5 * share),
        _ => map.color(share),
    }
}

/// 1, 2 or 5 times a power of ten, at or beyond the value.
fn round(value: f64, is_up: bool) -> f64 {
    let power = log10(value).floor() as i32;
    let steps = [power - 1, power, power + 1];
    let mut all = steps.into_iter().flat_map(|power| [1.0, 2.0, 5.0].map(|n| n * pow10(power)));
    match is_up {
        true => all.find(|step| *step >= value * (1.0 - 1e-9)),
        false => all.rfind(|step| *step <= value * (1.0 + 1e-9)),
    }
    .unwrap_or(value)
}

/// Lines at 45 degrees over a rectangle: rising to the right, or falling.
fn hatch(rect: Rect, is_rising: bool, color: Color) -> Item {
    const PITCH: f64 = 3.2;
    let mut path = Path::new();
    // The line x + y = c (or x - y = c), from edge to edge.
    let (w, h) = (rect.w, rect.h);
    let mut c = PITCH / 2.0;
    while c < w + h {
        let (from, to) = ((c.min(w), (c - w).max(0.0)), ((c - h).max(0.0), c.min(h)));
        let place = |(x, y): (f64, f64)| {
            let y = if is_rising { y } else { h - y };
            Point::new(rect.x + x, rect.y + y)
        };
        path.extend(Path::line(place(from), place(to)));
        c += PITCH;
    }
    Shape::stroked(path, color, 0.6)
}
