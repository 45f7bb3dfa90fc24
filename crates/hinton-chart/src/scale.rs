//! Colour scales: map values to colours.

use std::sync::OnceLock;

use hinton_scene::Color;
use hinton_tensor::reduce::Mark;

use crate::math::ln;
use crate::span::{Span, is_centred, is_on_offset};
use crate::{Colormap, Options, Range, ScaleKind, Theme};

/// A colour scale, which maps values to colours; one for everything in a picture.
#[derive(Debug, Clone, PartialEq)]
pub struct ColorScale {
    map: Colormap,
    low: f64,
    high: f64,
    /// The value in the middle of a map that has one.
    center: f64,
    /// Distance from it at the ends of such a map; `None` when the map spans low..high.
    reach: Option<f64>,
    /// Magnitude below which a symlog scale is linear; `None` is a share of the largest.
    linear: Option<f64>,
    kind: ScaleKind,
    specials: [Color; 3],
    /// Most colours in two directions; `None` where there may be many.
    two_way_levels: Option<usize>,
}

/// Steps of hue from grey to an end of the map, and the same where colours are few.
const HUES: (usize, usize) = (8, 4);

/// Share of the largest magnitude below which symlog is linear.
const SYMLOG_LINEAR: f64 = 1e-3;

impl ColorScale {
    /// The scale that the options request, for cells with this span; `is_picture` says that they
    /// are pictures made of bytes.
    pub fn fit(options: &Options, theme: &Theme, span: &Span, is_picture: bool) -> Self {
        let is_centred = is_centred(options, is_picture);
        let center = options.center.filter(|_| is_centred).unwrap_or(0.0);
        let is_on_offset = is_centred
            && options.center.is_none()
            && matches!(options.range, None | Some(Range::Data | Range::Robust))
            && options.cmap.is_none()
            && is_on_offset(span.min, span.max);
        let is_centred = is_centred && !is_on_offset;
        let map = options.cmap.unwrap_or_else(|| match (is_picture, is_on_offset) {
            (true, _) => Colormap::named("gray").unwrap_or_else(|| Colormap::house(false)),
            (_, true) => Colormap::sequential(theme.is_dark()),
            _ => Colormap::house(theme.is_dark()),
        });
        let map = options.levels.map_or(map, |most| map.with_levels(most));
        let (min, max) = if span.min > span.max { (0.0, 0.0) } else { (span.min, span.max) };
        let (low, high) = if span.low > span.high { (0.0, 0.0) } else { (span.low, span.high) };
        let (low, high) = match options.range {
            None | Some(Range::Robust | Range::Symmetric) if is_centred => {
                let reach = (low - center).abs().max((high - center).abs());
                let (low, high) = one_sided(-reach, reach, min - center, max - center);
                (center + low, center + high)
            }
            _ => (low, high),
        };
        let (low, high) = widen(low, high);
        let reach = is_centred.then(|| (low - center).abs().max((high - center).abs()));
        let specials = [theme.nan, theme.pos_inf, theme.neg_inf];
        let (two_way_levels, linear, kind) =
            (options.levels, options.symlog_threshold, options.scale);
        ColorScale { map, low, high, center, reach, linear, kind, specials, two_way_levels }
    }

    /// The smallest value that has its own colour.
    pub fn low(&self) -> f64 {
        self.low
    }

    /// The largest value that has its own colour.
    pub fn high(&self) -> f64 {
        self.high
    }

    /// The colour map.
    pub fn map(&self) -> Colormap {
        self.map
    }

    /// How values are distributed over the colours.
    pub fn kind(&self) -> ScaleKind {
        self.kind
    }

    /// Whether the middle of the map is exactly zero.
    pub fn zero_is_middle(&self) -> bool {
        self.reach.is_some() && self.center == 0.0
    }

    /// The value in the middle of the map, where it was asked for.
    pub(crate) fn center(&self) -> Option<f64> {
        (self.reach.is_some() && self.center != 0.0).then_some(self.center)
    }

    /// Magnitude below which a symlog scale is linear, where it was asked for.
    pub(crate) fn linear(&self) -> Option<f64> {
        self.linear
    }

    /// Magnitude below which a symlog scale is linear; `None` for other scales.
    pub(crate) fn linear_below(&self) -> Option<f64> {
        let reach = self.reach.unwrap_or_else(|| self.low.abs().max(self.high.abs()));
        let linear = self.linear.unwrap_or(SYMLOG_LINEAR * reach);
        (self.kind == ScaleKind::Symlog).then_some(linear)
    }

    /// The position of a value in the map, 0 to 1; values outside the range map to its ends.
    pub fn position(&self, value: f64) -> f64 {
        let value = value.clamp(self.low, self.high);
        match self.reach {
            Some(reach) => 0.5 + 0.5 * self.bend(value - self.center, reach),
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
        let linear = self.linear.map_or(SYMLOG_LINEAR, |linear| (linear / reach).max(1e-300));
        let bent = match self.kind {
            ScaleKind::Linear => share,
            ScaleKind::Sqrt => share.sqrt(),
            ScaleKind::Symlog => ln(1.0 + share / linear) / ln(1.0 + 1.0 / linear),
        };
        bent.copysign(value)
    }

    /// The index in [`palette`](ColorScale::palette) of the colour of a cell, from its value and
    /// its mark.
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

    /// The colours of the map, followed by those of NaN, +∞ and −∞.
    pub fn palette(&self) -> Vec<Color> {
        (0..self.map.len()).map(|at| self.map.entry(at)).chain(self.specials).collect()
    }

    /// The colours of cells that hold a root mean square and a balance of signs: those of
    /// [`palette`](ColorScale::palette), then those between the two ends of the map.
    pub(crate) fn two_way_palette(&self) -> Vec<Color> {
        let mut colors = self.palette();
        let hues = self.hues();
        let depths = self.depths();
        for depth in 1..=depths {
            let share = depth as f64 / depths as f64;
            let ends = [-1.0, 1.0].map(|sign| self.map.color(0.5 + sign * 0.5 * share));
            let grey = grey(ends.map(Color::luminance).iter().sum::<f64>() / 2.0);
            for hue in 1..2 * hues {
                let end = ends[usize::from(hue > hues)];
                let off = hue.abs_diff(hues) as f64 / hues as f64;
                colors.push(grey.mix(end, off));
            }
        }
        colors
    }

    /// The entry of [`two_way_palette`](ColorScale::two_way_palette) for a root mean square and a
    /// balance of signs (−1 to 1).
    pub(crate) fn two_way_index(&self, rms: f64, balance: f64) -> u16 {
        self.two_way_entry(self.depth(rms), self.hue(balance))
    }

    /// How many steps from the middle of the map a root mean square is.
    pub(crate) fn depth(&self, rms: f64) -> usize {
        let reach = self.reach.unwrap_or(1.0);
        let share = self.bend(rms.min(reach), reach);
        (share * self.depths() as f64 + 0.5) as usize
    }

    /// Which hue a balance of signs (−1 to 1) has, from one end of the map over grey to the other.
    pub(crate) fn hue(&self, balance: f64) -> usize {
        ((balance.clamp(-1.0, 1.0) + 1.0) * self.hues() as f64 + 0.5) as usize
    }

    /// The entry of [`two_way_palette`](ColorScale::two_way_palette) for a depth and a hue.
    pub(crate) fn two_way_entry(&self, depth: usize, hue: usize) -> u16 {
        let (hues, depths) = (self.hues(), self.depths());
        let entry = match hue {
            _ if depth == 0 => self.map.index(0.5),
            0 => self.map.index(0.5 - 0.5 * depth as f64 / depths as f64),
            hue if hue == 2 * hues => self.map.index(0.5 + 0.5 * depth as f64 / depths as f64),
            hue => self.map.len() + self.specials.len() + (depth - 1) * (2 * hues - 1) + hue - 1,
        };
        entry as u16
    }

    /// The same scale for magnitudes alone, from zero to the end.
    pub(crate) fn magnitudes(&self) -> ColorScale {
        let reach = self.low.abs().max(self.high.abs());
        ColorScale { low: 0.0, high: reach, reach: Some(reach), ..self.clone() }
    }

    /// The value at a position (0 to 1) on the colour bar, from low to high.
    pub fn value_at(&self, share: f64) -> f64 {
        // The share rises with the value: halving finds it, whatever the scale's measure.
        let (mut low, mut high) = (self.low, self.high);
        for _ in 0..40 {
            let middle = low + (high - low) / 2.0;
            if self.share(middle) < share { low = middle } else { high = middle }
        }
        high
    }

    /// Steps of hue from grey to an end of the map.
    fn hues(&self) -> usize {
        if self.two_way_levels.is_some() { HUES.1 } else { HUES.0 }
    }

    /// Steps from the middle of the map to its ends, where cells are coloured in two directions.
    fn depths(&self) -> usize {
        let whole = self.map.len() / 2;
        match self.two_way_levels {
            Some(levels) => (levels / (2 * HUES.1 + 1)).clamp(2, whole.max(2)),
            None => whole,
        }
    }

    /// The colour of a finite value.
    pub fn color(&self, value: f64) -> Color {
        self.map.color(self.position(value))
    }
}

/// The grey of that relative luminance.
fn grey(luminance: f64) -> Color {
    static GREYS: OnceLock<[f64; 256]> = OnceLock::new();
    let of = |level: usize| Color { r: level as u8, g: level as u8, b: level as u8, a: 255 };
    let greys = GREYS.get_or_init(|| std::array::from_fn(|level| of(level).luminance()));
    let above = greys.partition_point(|&grey| grey < luminance).min(255);
    let below = above.saturating_sub(1);
    of(if luminance - greys[below] < greys[above] - luminance { below } else { above })
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
    if low < high {
        (low, high)
    } else if low == 0.0 {
        (-1.0, 1.0)
    } else {
        (low - low.abs() / 2.0, low + low.abs() / 2.0)
    }
}
