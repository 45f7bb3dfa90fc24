//! Numeric axes: positions of values on the page, round ticks, grid lines.

use hinton_scene::{Align, Baseline, Item, Path, Point, Rect, Shape, Text, fit, measure};

use crate::frame::text;
use crate::labels::upright;
use crate::math::{log10, pow10};
use crate::scale::widen;
use crate::ticks::{even_ticks, tick_texts};
use crate::{Options, Theme, short, short_count};

/// Whole numbers are written out below this; above it an `f64` does not tell neighbours apart.
const WRITTEN_OUT: f64 = 1e15;
/// Space between the numbers and the plot, points.
const NUMBER_GAP: f64 = 6.0;
/// Height below a plot for numbers and the name of the axis, points.
pub(crate) const BELOW: f64 = 30.0;

/// From a value to a share of an axis.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Axis {
    low: f64,
    high: f64,
    scale: Scale,
}

/// How values become lengths.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Scale {
    Even,
    /// Of no values: it has no numbers.
    Empty,
    /// For values above zero.
    Logarithmic,
    /// For values of both signs: even around zero, up to about this magnitude, and logarithmic
    /// beyond it on both sides.
    BothSides(f64),
}

impl Axis {
    /// An even axis; one value stands in its middle.
    pub(crate) fn even(low: f64, high: f64) -> Axis {
        let (low, high) = widen(low, high);
        Axis { low, high, scale: Scale::Even }
    }

    /// The axis of no values, without numbers.
    pub(crate) fn empty() -> Axis {
        Axis { low: -1.0, high: 1.0, scale: Scale::Empty }
    }

    /// An even axis with space below and above: that share of what is between.
    pub(crate) fn roomy(low: f64, high: f64, below: f64, above: f64) -> Axis {
        // Halves and ends, because sums of f64 may pass what f64 holds.
        let span = high / 2.0 - low / 2.0;
        let low = (low - 2.0 * span * below).max(-f64::MAX);
        Axis::even(low, (high + 2.0 * span * above).min(f64::MAX))
    }

    /// A logarithmic axis over positive values; one value stands in its middle.
    pub(crate) fn logarithmic(low: f64, high: f64) -> Axis {
        let low = low.max(f64::MIN_POSITIVE);
        let (low, high) = if low < high { (low, high) } else { (low / 2.0, low * 2.0) };
        Axis { low, high, scale: Scale::Logarithmic }
    }

    /// A logarithmic axis for values of both signs, even between `-linear` and `linear`.
    pub(crate) fn both_sides(low: f64, high: f64, linear: f64) -> Axis {
        let (low, high) = widen(low, high);
        Axis { low, high, scale: Scale::BothSides(linear.max(f64::MIN_POSITIVE)) }
    }

    /// Whether the value has a place on the axis.
    pub(crate) fn holds(&self, value: f64) -> bool {
        (self.low..=self.high).contains(&value)
    }

    /// Where the value lies: 0 at the low end, 1 at the high one; not cut at the ends. What is not
    /// above zero lies below a logarithmic axis.
    pub(crate) fn share(&self, value: f64) -> f64 {
        let length = match self.scale {
            Scale::Logarithmic if value <= 0.0 => return -1.0,
            Scale::Logarithmic => log10,
            Scale::BothSides(linear) => {
                let length = |value: f64| value.signum() * log10(1.0 + (value / linear).abs());
                let (low, high) = (length(self.low), length(self.high));
                return (length(value) - low) / (high - low);
            }
            // Halves, because a difference of two f64 may pass what f64 holds.
            Scale::Even | Scale::Empty => |value: f64| value / 2.0,
        };
        let (low, high) = (length(self.low), length(self.high));
        (length(value) - low) / (high - low)
    }

    /// Round values along the axis and how they are written, about `most`.
    pub(crate) fn ticks(&self, most: usize) -> Vec<(f64, String)> {
        let ticks = match self.scale {
            Scale::Empty => Vec::new(),
            Scale::Even => self.even_ticks(most),
            Scale::Logarithmic => self.powers(most),
            Scale::BothSides(linear) => self.signed_powers(linear, most),
        };
        let labels = match self.scale {
            Scale::Even => tick_texts(&ticks),
            _ => ticks.iter().map(|&tick| short(tick)).collect(),
        };
        ticks.into_iter().zip(labels).collect()
    }

    /// The same for an axis of whole numbers such as steps: none between them, written out.
    pub(crate) fn whole_ticks(&self, most: usize) -> Vec<(f64, String)> {
        let ticks = self.even_ticks(most).into_iter().filter(|tick| tick.fract() == 0.0);
        ticks.map(|tick| (tick, whole_text(tick))).collect()
    }

    fn even_ticks(&self, most: usize) -> Vec<f64> {
        let ticks = even_ticks(self.low, self.high, most.max(1));
        ticks.into_iter().filter(|&tick| self.holds(tick)).collect()
    }

    /// Zero, and powers of ten on both sides of it.
    fn signed_powers(&self, linear: f64, most: usize) -> Vec<f64> {
        let first = log10(linear).ceil() as i32;
        let reach = self.low.abs().max(self.high.abs());
        let last = (log10(reach) + 1e-9).floor() as i32;
        let sides = if self.low < 0.0 && self.high > 0.0 { 2 } else { 1 };
        let room = (most / sides).max(1) as i32;
        let step = ((last - first) / room + 1).max(1);
        // From the largest inward, so that the far end has a number.
        let powers: Vec<f64> =
            (0..).map(|at| last - at * step).take_while(|&p| p >= first).map(pow10).collect();
        let below = powers.iter().map(|power| -power);
        let above = powers.iter().rev().copied();
        below.chain([0.0]).chain(above).filter(|&tick| self.holds(tick)).collect()
    }

    /// Powers of ten; with 2 and 5 times each where they are few; even numbers where there is none.
    fn powers(&self, most: usize) -> Vec<f64> {
        let (first, last) =
            ((log10(self.low) - 1e-9).ceil() as i32, (log10(self.high) + 1e-9).floor() as i32);
        if last - first >= 2 {
            let step = ((last - first) as usize / most.max(1) + 1).max(1);
            return (first..=last).step_by(step).map(pow10).filter(|&t| self.holds(t)).collect();
        }
        let all =
            (first - 1..=last).map(pow10).flat_map(|power| [1.0, 2.0, 5.0].map(|n| n * power));
        let ticks: Vec<f64> = all.filter(|&tick| self.holds(tick)).collect();
        if ticks.len() > 1 { ticks } else { self.even_ticks(most) }
    }
}

/// A whole number such as a step's, written out where that is exact.
pub(crate) fn whole_text(value: f64) -> String {
    match value {
        value if value.fract() != 0.0 || value.abs() >= WRITTEN_OUT => short(value),
        value if value < 0.0 => format!("−{}", short_count(-value as u64)),
        value => short_count(value as u64),
    }
}

/// A plot with two axes.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Plot {
    pub(crate) rect: Rect,
    pub(crate) x: Axis,
    pub(crate) y: Axis,
    /// Whether places along x are whole numbers.
    pub(crate) whole: bool,
}

impl Plot {
    pub(crate) fn at_x(&self, place: f64) -> f64 {
        self.rect.x + self.x.share(place) * self.rect.w
    }

    /// Cut at the edges of the plot.
    pub(crate) fn at_y(&self, value: f64) -> f64 {
        self.rect.bottom() - self.y.share(value).clamp(0.0, 1.0) * self.rect.h
    }

    pub(crate) fn point(&self, (place, value): (f64, f64)) -> Point {
        Point::new(self.at_x(place), self.at_y(value))
    }

    /// Values of y worth a number.
    fn y_ticks(&self) -> Vec<(f64, String)> {
        y_ticks(&self.y, self.rect.h)
    }

    /// Values of x worth a number, as many as keep apart.
    fn x_ticks(&self, theme: &Theme) -> Vec<(f64, String)> {
        let ticks = |most: usize| match self.whole {
            true => self.x.whole_ticks(most),
            false => self.x.ticks(most),
        };
        let mut most = (self.rect.w / 40.0).clamp(1.0, 10.0) as usize;
        loop {
            let ticks = ticks(most);
            let keep_apart = ticks.windows(2).all(|pair| {
                let half = |at: usize| measure(&pair[at].1, theme.label()) / 2.0;
                self.at_x(pair[1].0) - self.at_x(pair[0].0) >= half(0) + half(1) + 10.0
            });
            if keep_apart || most == 1 {
                return ticks;
            }
            most -= 1;
        }
    }

    /// Grid lines, numbers, and the name of the horizontal axis; drawn first, below the data.
    pub(crate) fn axes(&self, theme: &Theme, x_name: &str) -> Vec<Item> {
        let style = theme.label();
        let bottom = self.rect.bottom();
        let (mut items, mut numbers) = self.grid(theme);
        let mut marks = self.base();
        for (tick, label) in self.x_ticks(theme) {
            let at = self.at_x(tick);
            marks.extend(Path::line(Point::new(at, bottom), Point::new(at, bottom + 3.0)));
            numbers.push(text(&label, at, bottom + 6.0, style, Align::Middle, Baseline::Top));
        }
        items.push(Shape::stroked(marks, theme.soft, 0.8));
        items.extend(numbers);
        let middle = self.rect.center().x;
        items.push(text(x_name, middle, bottom + 18.0, style, Align::Middle, Baseline::Top));
        items
    }

    /// The same where places along x have names: each with its place, written upright where it is
    /// wider than its share of the axis.
    pub(crate) fn named_axes(&self, theme: &Theme, names: &[(f64, PlaceName)]) -> Vec<Item> {
        let style = theme.label();
        let bottom = self.rect.bottom();
        let (mut items, numbers) = self.grid(theme);
        let mut marks = self.base();
        let mut words = numbers;
        for (place, name) in names {
            let x = self.at_x(*place);
            marks.extend(Path::line(Point::new(x, bottom), Point::new(x, bottom + 2.0)));
            words.push(match name {
                PlaceName::Level(name) => {
                    text(name, x, bottom + 5.0, style, Align::Middle, Baseline::Top)
                }
                PlaceName::Upright(name) => Item::Text(Text::rotated(
                    name,
                    x,
                    bottom + 5.0,
                    style,
                    Align::End,
                    Baseline::Middle,
                    -90.0,
                )),
                PlaceName::None => continue,
            });
        }
        items.push(Shape::stroked(marks, theme.soft, 0.8));
        items.extend(words);
        items
    }

    /// Lines across at round values of y, and their numbers.
    fn grid(&self, theme: &Theme) -> (Vec<Item>, Vec<Item>) {
        let (x, right) = (self.rect.x, self.rect.right());
        let mut grid = Path::new();
        let mut numbers = Vec::new();
        for (tick, label) in self.y_ticks() {
            let y = self.at_y(tick);
            grid.extend(Path::line(Point::new(x, y), Point::new(right, y)));
            let style = theme.label();
            numbers.push(text(&label, x - NUMBER_GAP, y, style, Align::End, Baseline::Middle));
        }
        (vec![Shape::stroked(grid, theme.line.alpha(90), 0.5)], numbers)
    }

    /// The line at the foot of the plot.
    fn base(&self) -> Path {
        let bottom = self.rect.bottom();
        Path::line(Point::new(self.rect.x, bottom), Point::new(self.rect.right(), bottom))
    }
}

/// How a place along an axis is named.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum PlaceName {
    /// Not at all: its neighbours are.
    None,
    /// Below the axis, level.
    Level(String),
    /// Below the axis, read upwards.
    Upright(String),
}

/// Width of the name of a vertical axis: the one that was asked for, or the chart's own.
pub(crate) fn y_name_width(options: &Options, own: &str, theme: &Theme) -> f64 {
    match options.y_label.as_deref().unwrap_or(own) {
        "" => 0.0,
        _ => theme.label().size * 1.6,
    }
}

/// The name of a vertical axis, read upwards, at the left of all that belongs to its plot.
pub(crate) fn y_name(
    options: &Options,
    own: &str,
    theme: &Theme,
    left: f64,
    plot: Rect,
) -> Option<Item> {
    let name = options.y_label.as_deref().unwrap_or(own);
    if name.is_empty() {
        return None;
    }
    let style = theme.label();
    let name = fit(name, style, plot.h.max(40.0));
    Some(upright(&name, left + style.size / 2.0, plot.center().y, style))
}

/// The name of a horizontal axis: the one that was asked for, or the chart's own.
pub(crate) fn x_name<'a>(options: &'a Options, own: &'a str) -> &'a str {
    options.x_label.as_deref().unwrap_or(own)
}

/// Width that the numbers of a vertical axis need, with the space after them.
pub(crate) fn numbers_width(y: &Axis, height: f64, theme: &Theme) -> f64 {
    let ticks = y_ticks(y, height);
    let widths = ticks.iter().map(|(_, label)| measure(label, theme.label()));
    widths.fold(0.0, f64::max) + NUMBER_GAP
}

fn y_ticks(y: &Axis, height: f64) -> Vec<(f64, String)> {
    y.ticks((height / 26.0).clamp(2.0, 8.0) as usize)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(ticks: Vec<(f64, String)>) -> Vec<String> {
        ticks.into_iter().map(|tick| tick.1).collect()
    }

    #[test]
    fn steps_are_written_out_and_whole() {
        let axis = Axis::even(0.0, 4_730.0);
        assert_eq!(texts(axis.whole_ticks(5)), ["0", "1,000", "2,000", "3,000", "4,000"]);
        assert_eq!(texts(Axis::even(0.0, 2.0).whole_ticks(8)), ["0", "1", "2"]);
        let huge = Axis::even(1.0, 9_007_199_254_740_991.0);
        assert!(texts(huge.whole_ticks(4)).iter().all(|text| text.contains("e15")));
        let far = Axis::even(1e18, 1e18 + 4096.0);
        assert!(far.whole_ticks(4).iter().all(|tick| far.holds(tick.0)));
    }

    #[test]
    fn logarithmic_axes_count_in_powers() {
        assert_eq!(
            texts(Axis::logarithmic(0.0005, 20.0).ticks(8)),
            ["0.001", "0.01", "0.1", "1", "10"]
        );
        assert_eq!(texts(Axis::logarithmic(0.3, 2.5).ticks(8)), ["0.5", "1", "2"]);
        assert!(Axis::logarithmic(0.31, 0.33).ticks(4).len() > 1);
        assert_eq!(Axis::logarithmic(1.0, 100.0).share(10.0), 0.5);
        assert_eq!(Axis::logarithmic(1.0, 100.0).share(0.0), -1.0);
        assert!(Axis::logarithmic(1.0, 1.0).share(1.0) - 0.5 < 1e-12);
    }

    #[test]
    fn both_sides_of_zero_count_in_powers() {
        let axis = Axis::both_sides(-1e6, 1e6, 1.0);
        assert_eq!(axis.share(0.0), 0.5);
        assert!((axis.share(-1e3) + axis.share(1e3) - 1.0).abs() < 1e-12);
        assert!((axis.share(1e6) - 1.0).abs() < 1e-12 && axis.share(-1e6).abs() < 1e-12);
        let ticks = axis.ticks(8);
        assert!(ticks.iter().any(|tick| tick.0 == 0.0) && ticks.len() <= 9, "{ticks:?}");
        assert!(ticks.iter().any(|tick| tick.0 == 1e6) && ticks.iter().any(|tick| tick.0 == -1e6));
        assert!(ticks.windows(2).all(|pair| pair[0].0 < pair[1].0), "{ticks:?}");
    }

    #[test]
    fn ends_may_be_as_far_apart_as_numbers_are() {
        let axis = Axis::even(-f64::MAX, f64::MAX);
        assert_eq!(axis.share(0.0), 0.5);
        assert_eq!(axis.share(f64::MAX), 1.0);
        assert_eq!(Axis::even(3.0, 3.0).share(3.0), 0.5);
    }
}
