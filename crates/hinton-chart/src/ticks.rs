//! Chooses ticks along an axis, and formats their numbers.

use crate::math::{decade, pow10};
use hinton_words::significant;

/// Round numbers (1, 2, 2.5 or 5 times a power of ten apart), at most `most` steps.
pub(crate) fn even_ticks(low: f64, high: f64, most: usize) -> Vec<f64> {
    let span = high - low;
    if !(span > 0.0 && span.is_finite()) {
        return vec![low];
    }
    let unit = decade(span / most as f64);
    let steps = [1.0, 2.0, 2.5, 5.0, 10.0, 20.0, 25.0, 50.0];
    let step_of = |factor: f64| if unit < 0 { factor / pow10(-unit) } else { factor * pow10(unit) };
    let step = steps.into_iter().map(step_of).find(|step| span / step <= most as f64);
    let Some(step) = step else { return vec![low, high] };
    let first = (low / step - 1e-9).ceil() as i64;
    let last = (high / step + 1e-9).floor() as i64;
    (first..=last).map(|at| at as f64 * step).collect()
}

/// The ticks written with enough digits to tell them apart.
pub(crate) fn tick_texts(ticks: &[f64]) -> Vec<String> {
    let largest = ticks.iter().map(|tick| tick.abs()).fold(0.0, f64::max);
    let step = ticks.windows(2).map(|pair| (pair[1] - pair[0]).abs()).fold(f64::MAX, f64::min);
    let digits = if largest > 0.0 && step > 0.0 && step < f64::MAX {
        decade(largest) - decade(step) + 2
    } else {
        3
    };
    // A tick that is zero but for rounding is written as zero.
    let whole = |tick: f64| if tick.abs() < step * 1e-9 { 0.0 } else { tick };
    ticks.iter().map(|&tick| significant(whole(tick), digits.clamp(3, 9))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn neighbours_are_told_apart() {
        let ticks = even_ticks(0.999, 1.001, 5);
        let texts = tick_texts(&ticks);
        assert!(texts.windows(2).all(|pair| pair[0] != pair[1]), "{texts:?}");
        assert_eq!(tick_texts(&[-0.5, 0.0, 0.5]), ["−0.5", "0", "0.5"]);
    }

    #[test]
    fn ticks_are_round_and_hold_zero() {
        assert_eq!(even_ticks(-1.0, 1.0, 4), [-1.0, -0.5, 0.0, 0.5, 1.0]);
        assert_eq!(even_ticks(0.0, 0.05, 5), [0.0, 0.01, 0.02, 0.03, 0.04, 0.05]);
        assert_eq!(even_ticks(-0.3, 0.7, 5), [-0.2, 0.0, 0.2, 0.4, 0.6000000000000001]);
        assert_eq!(even_ticks(3.0, 3.0, 5), [3.0]);
    }
}
