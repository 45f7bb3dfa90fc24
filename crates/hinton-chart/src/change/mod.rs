//! What changed between two models: a map of their tensors, how far the values moved, and one tensor
//! beside itself.

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

/// A tensor of one model or of both.
#[derive(Debug, Clone, PartialEq)]
pub struct Changed {
    /// Its full name, which says where on the map it belongs.
    pub name: String,
    /// What it is called on the map.
    pub label: String,
    /// Its shape.
    pub shape: Vec<usize>,
    /// Its dtype; where the other file has another, both.
    pub dtype: String,
    /// What became of it.
    pub state: State,
}

/// What became of a tensor.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum State {
    /// Every value is equal.
    Equal,
    /// Some value is not.
    Moved {
        /// The norm of the difference over that of the first; `None` where the first is all zeros.
        relative: Option<f64>,
        /// Whether NaN or infinities came or went.
        is_odd: bool,
    },
    /// Only the first model has it.
    OnlyFirst,
    /// Only the second has it.
    OnlySecond,
    /// Both have it in shapes that can't be compared.
    OtherShape,
}

/// How many differences lie between two sizes of one sign; `low` and `high` are both 0 for values
/// that are equal.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Step {
    /// The end nearer to minus infinity.
    pub low: f64,
    /// The other end.
    pub high: f64,
    /// How many.
    pub count: u64,
}

/// How often a value of the first model stands where the second has which value: square cells.
#[derive(Debug, Clone, PartialEq)]
pub struct Against {
    /// Cells along each side.
    pub side: usize,
    /// `counts[i * side + j]`: places whose value is in step `i` of the first model and in step `j` of the
    /// second, steps counted from `-range`. Values beyond count in the outermost steps.
    pub counts: Vec<u64>,
    /// Both axes reach from `-range` to `range`.
    pub range: f64,
    /// What the axes count.
    pub unit: AgainstUnit,
    /// Whether the counts were reckoned from a sample of the values.
    pub is_sampled: bool,
}

/// What the axes of an [`Against`] count.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AgainstUnit {
    /// Values of one tensor.
    Values,
    /// Values of several tensors, each divided by its own range: four times the root of the mean square of
    /// both models' values, or their largest magnitude where that is less.
    Ranges,
}

/// One tensor of two models, with what lies between them.
#[derive(Debug, Clone)]
pub struct Beside {
    /// What each of the three is called: the first, the second, their difference.
    pub names: [String; 3],
    /// The first, the second, and the second minus the first, folded alike.
    pub grids: [Grid; 3],
    /// Rows that moved most, by their number in the whole matrix.
    pub rows: Vec<usize>,
    /// Columns that moved most.
    pub columns: Vec<usize>,
    /// What is said of it under its title.
    pub about: Vec<String>,
}

/// A map of all tensors, coloured by how far each moved.
///
/// # Errors
/// When the page has no room for it.
pub fn map(tensors: &[Changed], options: &Options) -> Result<Picture, ChartError> {
    with_typeface(options.font, || zoomed(options, |options| map::build(tensors, options)))
}

/// How many values moved how far. `scale` is a size to compare with: the root mean square of the
/// first model's values.
///
/// # Errors
/// When the page has no room for it.
pub fn spread(
    steps: &[Step],
    scale: Option<f64>,
    options: &Options,
) -> Result<Picture, ChartError> {
    with_typeface(options.font, || zoomed(options, |options| spread::build(steps, scale, options)))
}

/// Values of the second model against those of the first: what scaled, clipped or rounded them is seen as
/// a shape.
///
/// # Errors
/// When the page has no room for it.
pub fn against(against: &Against, options: &Options) -> Result<Picture, ChartError> {
    with_typeface(options.font, || zoomed(options, |options| against::build(against, options)))
}

/// One tensor of both models and the difference, beside one another: the two on one scale, the
/// difference on its own.
///
/// # Errors
/// When the page has no room for it.
pub fn beside(tensor: &Beside, options: &Options) -> Result<Picture, ChartError> {
    with_typeface(options.font, || zoomed(options, |options| pair::build(tensor, options)))
}

/// A tensor over the steps of a run: how far each moved it from the step before.
#[derive(Debug, Clone, PartialEq)]
pub struct OverSteps {
    /// Its name.
    pub name: String,
    /// What became of it at each step; `None` where it is not there, or was not there before.
    pub states: Vec<Option<State>>,
}

/// A matrix of tensors by steps, coloured by how far each step moved each tensor. `steps` names the
/// steps, and `axis` what they are.
///
/// # Errors
/// When the page has no room for it.
pub fn over_steps(
    tensors: &[OverSteps],
    steps: &[String],
    axis: &str,
    options: &Options,
) -> Result<Picture, ChartError> {
    let build = |options: &Options| steps::build(tensors, steps, axis, options);
    with_typeface(options.font, || zoomed(options, build))
}

/// Rows and columns of cells that each of three matrices beside one another has room for.
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
