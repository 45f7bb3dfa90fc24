//! The smallest and largest cells of a picture, and the colour range fitted to them.

use hinton_tensor::{Grid, Summary};

use crate::{Colormap, Kind, Options, Panel, Range};

/// Share of the cells that colours reach to where the largest are far beyond the others.
const MOST_CELLS: f64 = 0.995;
/// How far beyond: this many times the magnitude that most cells stay within.
const FAR: f64 = 2.0;
/// Share of the cells at each end that [`Range::Robust`] leaves out.
const ROBUST: f64 = 0.01;

/// The smallest and the largest cell of one or more pictures, and the range that their colours
/// should span.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Span {
    /// The smallest finite cell; +∞ if there is none.
    pub min: f64,
    /// The largest finite cell; −∞ if there is none.
    pub max: f64,
    /// The range that the settings ask for.
    pub(crate) low: f64,
    pub(crate) high: f64,
}

impl Span {
    /// The span of no cells.
    pub const EMPTY: Span = Span {
        min: f64::INFINITY,
        max: f64::NEG_INFINITY,
        low: f64::INFINITY,
        high: f64::NEG_INFINITY,
    };

    /// The span from `min` to `max`, with colours over all of it.
    pub fn of_values(min: f64, max: f64) -> Span {
        Span { min, max, low: min, high: max }
    }

    /// The span of the cells of these grids; `is_picture` says that they are pictures made of
    /// bytes.
    pub fn of_cells<'g>(
        grids: impl Iterator<Item = &'g Grid>,
        options: &Options,
        is_picture: bool,
    ) -> Span {
        let is_centred = is_centred(options, is_picture);
        let cells: Vec<f64> = grids
            .flat_map(|grid| (0..grid.values.len()).map(|at| cell_value(grid, at, is_centred)))
            .filter(|value| value.is_finite())
            .collect();
        let min = cells.iter().copied().fold(f64::INFINITY, f64::min);
        let max = cells.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        if min > max {
            return Span::EMPTY;
        }
        let largest = min.abs().max(max.abs());
        let (low, high) = match options.range {
            Some(Range::Fixed(low, high)) => (low, high),
            Some(Range::Data) => (min, max),
            Some(Range::Symmetric) => (-largest, largest),
            Some(Range::Robust) => between(cells, ROBUST, (min, max)),
            None if is_centred && options.center.is_some() => {
                let center = options.center.unwrap_or(0.0);
                let largest = (min - center).abs().max((max - center).abs());
                let away = cells.iter().map(|cell| cell - center).collect();
                let reach = typical_magnitude(away, largest);
                (center - reach, center + reach)
            }
            None if is_picture || is_on_offset(min, max) => (min, max),
            None if is_centred => {
                let reach = typical_magnitude(cells, largest);
                (-reach, reach)
            }
            None => {
                let (low, high) = between(cells, 1.0 - MOST_CELLS, (min, max));
                let far = FAR * (high - low);
                let far = if far > 0.0 { far } else { f64::INFINITY };
                (if high - min > far { low } else { min }, if max - low > far { high } else { max })
            }
        };
        Span { min, max, low, high }
    }

    /// The span of the cells of panels, with the colours that a chart of them uses.
    pub fn of_panels(panels: &[Panel], options: &Options) -> Span {
        let is_picture = panels.iter().all(Panel::is_picture);
        Span::of_cells(panels.iter().flat_map(|panel| &panel.grids), options, is_picture)
    }

    /// The span of values of which only the statistics are known.
    pub fn of_summary(values: &Summary, options: &Options, is_picture: bool) -> Span {
        let (Some(min), Some(max)) = (values.min(), values.max()) else { return Span::EMPTY };
        let largest = min.abs().max(max.abs());
        let (low, high) = match options.range {
            Some(Range::Fixed(low, high)) => (low, high),
            Some(Range::Robust) => (
                values.quantile(ROBUST).unwrap_or(min),
                values.quantile(1.0 - ROBUST).unwrap_or(max),
            ),
            Some(Range::Symmetric) => (-largest, largest),
            None if is_centred(options, is_picture) && !is_on_offset(min, max) => {
                (-largest, largest)
            }
            Some(Range::Data) | None => (min, max),
        };
        Span { min, max, low, high }
    }

    /// Extends it to include another span.
    pub fn join(&mut self, other: &Span) {
        self.min = self.min.min(other.min);
        self.max = self.max.max(other.max);
        self.low = self.low.min(other.low);
        self.high = self.high.max(other.high);
    }
}

/// Whether the colours that the options ask for have zero in their middle.
pub(crate) fn is_centred(options: &Options, is_picture: bool) -> bool {
    let is_diverging = |map: Colormap| map.kind() == Kind::Diverging;
    options.cmap.map_or(!is_picture, is_diverging) && options.look.zero_is_middle
}

/// Whether values are farther from zero than from each other: their variation is small compared
/// with what they have in common.
pub fn is_on_offset(min: f64, max: f64) -> bool {
    min < max && min.abs().min(max.abs()) > max - min && (min > 0.0) == (max > 0.0)
}

/// The value a cell is coloured by: with colours that have a middle its own, with its sign; with
/// others the root mean square, where that is what it holds.
pub(crate) fn cell_value(grid: &Grid, at: usize, is_centred: bool) -> f64 {
    match grid.balance.is_empty() || is_centred {
        true => grid.value(at),
        false => grid.values.get(at).map_or(f64::NAN, |&value| f64::from(value)),
    }
}

/// The magnitude that 99.5 % of the cells other than zero stay within, where the largest is more
/// than twice that; else the largest.
fn typical_magnitude(mut cells: Vec<f64>, largest: f64) -> f64 {
    cells.retain(|&value| value != 0.0);
    let rank = (cells.len() as f64 * MOST_CELLS).ceil() as usize;
    let beyond = cells.len() - rank.min(cells.len());
    // Most pictures have more than that in the upper half, and nothing is to be sorted.
    if cells.iter().filter(|value| value.abs() > largest / FAR).count() > beyond || rank == 0 {
        return largest;
    }
    // Magnitudes as integers are in the same order.
    let mut magnitudes: Vec<u64> = cells.iter().map(|value| value.abs().to_bits()).collect();
    let (_, typical, _) = magnitudes.select_nth_unstable(rank - 1);
    f64::from_bits(*typical)
}

/// The cells that the given share lies below and above; of few cells the least and the greatest.
fn between(mut cells: Vec<f64>, share: f64, (min, max): (f64, f64)) -> (f64, f64) {
    let outside = (cells.len() as f64 * share).floor() as usize;
    if outside == 0 || 2 * outside >= cells.len() {
        return (min, max);
    }
    let last = cells.len() - 1;
    let low = *cells.select_nth_unstable_by(outside, f64::total_cmp).1;
    let high = *cells.select_nth_unstable_by(last - outside, f64::total_cmp).1;
    (low, high)
}
