//! Colour scales as thresholds between colours.
//!
//! A viewer that colours cells itself, for example on a graphics card, does not need the formula of
//! a scale: it counts the thresholds that a value reaches, and takes the colour with that index. So
//! it shows exactly the colours of the pictures, whatever its arithmetic.

use hinton_scene::Color;
use hinton_tensor::reduce::Mark;

use crate::ColorScale;

/// The colours of single values, as thresholds.
#[derive(Debug, Clone, PartialEq)]
pub struct Steps {
    /// The values at which the colour changes, in ascending order; a value equal to a threshold has
    /// reached it.
    pub thresholds: Vec<f32>,
    /// The colours by number of thresholds reached; one more than there are thresholds.
    pub colors: Vec<Color>,
}

/// The colours of cells that hold a root mean square and a balance of signs, as thresholds.
#[derive(Debug, Clone, PartialEq)]
pub struct TwoWaySteps {
    /// Thresholds of the root mean square.
    pub strength: Vec<f32>,
    /// Thresholds of the balance; none if the balance does not affect the colour.
    pub balance: Vec<f32>,
    /// The colours: for each step of strength, those of all steps of balance.
    pub colors: Vec<Color>,
}

impl ColorScale {
    /// The colours of finite `f32` values.
    pub fn steps(&self) -> Steps {
        let palette = self.palette();
        let index = |value: f32| usize::from(self.index(f64::from(value), Mark::None));
        let (thresholds, indices) = steps_of((f32::MIN, f32::MAX), index);
        Steps { thresholds, colors: indices.into_iter().map(|index| palette[index]).collect() }
    }

    /// The colours of cells that hold a root mean square and a balance. If zero is not in the
    /// middle of the map, they depend on the root mean square only.
    pub fn two_way_steps(&self) -> TwoWaySteps {
        if !self.zero_is_middle() {
            let Steps { thresholds, colors } = self.steps();
            return TwoWaySteps { strength: thresholds, balance: Vec::new(), colors };
        }
        let palette = self.two_way_palette();
        let (strength, depths) = steps_of((0.0, f32::MAX), |rms| self.depth(f64::from(rms)));
        let (balance, hues) = steps_of((-1.0, 1.0), |balance| self.hue(f64::from(balance)));
        let entry = |depth: &usize, hue: &usize| usize::from(self.two_way_entry(*depth, *hue));
        let colors = depths
            .iter()
            .flat_map(|depth| hues.iter().map(move |hue| (depth, hue)))
            .map(|(depth, hue)| palette[entry(depth, hue)])
            .collect();
        TwoWaySteps { strength, balance, colors }
    }
}

/// Where a function that never falls changes between two values, and what it gives there: one more.
fn steps_of((low, high): (f32, f32), of: impl Fn(f32) -> usize) -> (Vec<f32>, Vec<usize>) {
    let last = of(high);
    let mut given = vec![of(low)];
    let mut thresholds = Vec::new();
    let mut from = place(low);
    while let Some(&now) = given.last()
        && now < last
    {
        // The first place behind `from` with something else.
        let (mut before, mut behind) = (from, place(high));
        while behind - before > 1 {
            let middle = before + (behind - before) / 2;
            if of(value(middle)) > now { behind = middle } else { before = middle }
        }
        thresholds.push(value(behind));
        given.push(of(value(behind)));
        from = behind;
    }
    (thresholds, given)
}

/// The place of a value among all values of `f32` in rising order.
fn place(value: f32) -> u32 {
    let bits = value.to_bits();
    if value.is_sign_negative() { !bits } else { bits | 1 << 31 }
}

/// The value at a place.
fn value(place: u32) -> f32 {
    let is_positive = place >> 31 == 1;
    f32::from_bits(if is_positive { place & !(1 << 31) } else { !place })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Colormap, Options, Range, ScaleKind, Span, Theme, ThemeName};

    fn scales() -> Vec<ColorScale> {
        let mut scales = Vec::new();
        for map in [None, Some("viridis"), Some("RdBu_r"), Some("hinton"), Some("tab10")] {
            for kind in [ScaleKind::Linear, ScaleKind::Sqrt, ScaleKind::Symlog] {
                for (low, high) in [(-0.37, 0.37), (0.0, 3.0), (-1e-30, 2e-30), (-8.0, -1.0)] {
                    for name in [ThemeName::Light, ThemeName::Dark] {
                        let cmap = map.and_then(Colormap::named);
                        let range = Some(Range::Fixed(low, high));
                        let options = Options { cmap, scale: kind, range, ..Options::default() };
                        let theme = Theme::named(name);
                        let span = Span::of_values(low, high);
                        scales.push(ColorScale::fit(&options, &theme, &span, false));
                    }
                }
            }
        }
        scales
    }

    fn reached(thresholds: &[f32], value: f32) -> usize {
        thresholds.iter().filter(|&&threshold| place(threshold) <= place(value)).count()
    }

    #[test]
    fn every_value_of_16_bits_has_the_colour_of_the_scale() {
        for scale in scales() {
            let (steps, palette) = (scale.steps(), scale.palette());
            assert_eq!(steps.colors.len(), steps.thresholds.len() + 1);
            let places: Vec<u32> = steps.thresholds.iter().map(|&one| place(one)).collect();
            assert!(places.is_sorted());
            for bits in 0..=u16::MAX {
                let value = f32::from_bits(u32::from(bits) << 16);
                if !value.is_finite() {
                    continue;
                }
                let count = places.partition_point(|&one| one <= place(value));
                let entry = usize::from(scale.index(f64::from(value), Mark::None));
                assert_eq!(steps.colors[count], palette[entry], "{value} {scale:?}");
            }
        }
    }

    #[test]
    fn strength_and_balance_have_the_colours_of_the_scale() {
        for scale in scales().into_iter().filter(ColorScale::zero_is_middle) {
            let (steps, palette) = (scale.two_way_steps(), scale.two_way_palette());
            let hues = steps.balance.len() + 1;
            assert_eq!(steps.colors.len(), hues * (steps.strength.len() + 1));
            for bits in (0..0x7F80u32).step_by(7) {
                let rms = f32::from_bits(bits << 16);
                let depth = reached(&steps.strength, rms);
                for balance in [-1.0, -0.99, -0.5, -1e-3, -0.0, 0.0, 0.06, 0.0625, 0.7, 1.0] {
                    let hue = reached(&steps.balance, balance);
                    let entry = scale.two_way_index(f64::from(rms), f64::from(balance));
                    let color = steps.colors[depth * hues + hue];
                    assert_eq!(color, palette[usize::from(entry)], "{rms} {balance} {scale:?}");
                }
            }
        }
    }

    #[test]
    fn places_are_in_the_order_of_values() {
        for one in [f32::MIN, -1.0, -f32::MIN_POSITIVE, -0.0, 0.0, 1e-40, 1.0, f32::MAX] {
            assert_eq!(value(place(one)).to_bits(), one.to_bits());
        }
        assert!(place(-1.0) < place(-1e-40) && place(-0.0) + 1 == place(0.0));
    }
}
