//! From a value to a colour.

use hinton_scene::Color;
use hinton_tensor::Summary;
use hinton_tensor::reduce::Mark;

use crate::math::ln;
use crate::{Colormap, Kind, Options, Range, ScaleKind, Theme};

/// Values become colours: one scale for everything in a picture.
#[derive(Debug, Clone, PartialEq)]
pub struct ColorScale {
    map: Colormap,
    low: f64,
    high: f64,
    /// Magnitude at the ends of a map whose middle is zero; `None` when it spans low..high.
    reach: Option<f64>,
    kind: ScaleKind,
    specials: [Color; 3],
}

/// Share of the largest magnitude below which symlog is linear.
const SYMLOG_LINEAR: f64 = 1e-3;

impl ColorScale {
    /// The scale that the options ask for, over all values of these summaries.
    pub fn fit(options: &Options, theme: &Theme, values: &Summary, picture_of_bytes: bool) -> Self {
        let map = options.cmap.unwrap_or_else(|| match (picture_of_bytes, theme.is_dark()) {
            (true, _) => Colormap::named("gray").unwrap_or_else(|| Colormap::house(false)),
            (false, dark) => Colormap::house(dark),
        });
        let map = options.levels.map_or(map, |most| map.with_levels(most));
        let centred = map.kind() == Kind::Diverging && options.look.zero_is_middle;
        let wanted = options.range.unwrap_or(if centred { Range::Symmetric } else { Range::Data });
        let min = values.min().unwrap_or(0.0);
        let max = values.max().unwrap_or(0.0);
        let (low, high) = match wanted {
            Range::Fixed(low, high) => (low, high),
            Range::Data => (min, max),
            Range::Robust => {
                let low = values.quantile(0.01).unwrap_or(min);
                let high = values.quantile(0.99).unwrap_or(max);
                let reach = low.abs().max(high.abs());
                if centred { one_sided(-reach, reach, min, max) } else { (low, high) }
            }
            Range::Symmetric => {
                let reach = min.abs().max(max.abs());
                if centred { one_sided(-reach, reach, min, max) } else { (-reach, reach) }
            }
        };
        let (low, high) = widen(low, high);
        let reach = centred.then(|| low.abs().max(high.abs()));
        let specials = [theme.nan, theme.pos_inf, theme.neg_inf];
        ColorScale { map, low, high, reach, kind: options.scale, specials }
    }

    /// Smallest value that has a colour of its own.
    pub fn low(&self) -> f64 {
        self.low
    }

    /// Largest value that has a colour of its own.
    pub fn high(&self) -> f64 {
        self.high
    }

    /// The colour map.
    pub fn map(&self) -> Colormap {
        self.map
    }

    /// How values spread over the colours.
    pub fn kind(&self) -> ScaleKind {
        self.kind
    }

    /// Whether the middle of the map is exactly zero.
    pub fn zero_is_middle(&self) -> bool {
        self.reach.is_some()
    }

    /// Where a value lies in the map, 0 to 1; values past the range take its ends.
    pub fn position(&self, value: f64) -> f64 {
        let value = value.clamp(self.low, self.high);
        match self.reach {
            Some(reach) => 0.5 + 0.5 * self.bend(value, reach),
            None => {
                let reach = self.low.abs().max(self.high.abs());
                let (low, high) = (self.bend(self.low, reach), self.bend(self.high, reach));
                (self.bend(value, reach) - low) / (high - low)
            }
        }
    }

    /// Where a value lies between low (0) and high (1) on the colour bar: evenly in the scale's
    /// own measure.
    pub(crate) fn share(&self, value: f64) -> f64 {
        let (low, high) = (self.position(self.low), self.position(self.high));
        (self.position(value) - low) / (high - low)
    }

    /// An odd, rising function with bend(reach) = 1.
    fn bend(&self, value: f64, reach: f64) -> f64 {
        let share = value.abs() / reach;
        let bent = match self.kind {
            ScaleKind::Linear => share,
            ScaleKind::Sqrt => share.sqrt(),
            ScaleKind::Symlog => ln(1.0 + share / SYMLOG_LINEAR) / ln(1.0 + 1.0 / SYMLOG_LINEAR),
        };
        bent.copysign(value)
    }

    /// The entry of [`palette`](ColorScale::palette) for a cell: its value, and what is odd in it.
    pub fn index(&self, value: f64, mark: Mark) -> u16 {
        let specials = self.map.len();
        let at = match mark {
            Mark::Nan => specials,
            Mark::PosInf | Mark::BothInf => specials + 1,
            Mark::NegInf => specials + 2,
            Mark::None if value.is_nan() => specials,
            Mark::None => self.map.index(self.position(value)),
        };
        at as u16
    }

    /// The colours of the map, then those of NaN, +∞ and −∞.
    pub fn palette(&self) -> Vec<Color> {
        (0..self.map.len()).map(|at| self.map.entry(at)).chain(self.specials).collect()
    }

    /// The colour of a finite value.
    pub fn color(&self, value: f64) -> Color {
        self.map.color(self.position(value))
    }
}

/// Cuts a symmetric range to the side where values are, when all are on one side.
fn one_sided(low: f64, high: f64, min: f64, max: f64) -> (f64, f64) {
    match (min >= 0.0, max <= 0.0) {
        (true, false) => (0.0, high),
        (false, true) => (low, 0.0),
        _ => (low, high),
    }
}

/// A range that holds more than one value.
pub(crate) fn widen(low: f64, high: f64) -> (f64, f64) {
    match () {
        () if low < high => (low, high),
        () if low == 0.0 => (-1.0, 1.0),
        () => (low - low.abs() / 2.0, low + low.abs() / 2.0),
    }
}
