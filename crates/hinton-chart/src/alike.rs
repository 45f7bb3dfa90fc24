//! One number format for all values of a matrix, so that digits are aligned.

use hinton_tensor::Summary;

use crate::math::decade;
use crate::number::NumberFormat;
use crate::span::is_on_offset;

/// Decades between the typical and the largest value beyond which powers of ten are written.
const DECADES: i32 = 3;
/// Share of the values other than zero that may be written as zero.
const LOST: f64 = 0.1;
/// Most digits behind the point, and least whole number that is written with a power of ten.
const MOST_DECIMALS: i32 = 6;
const LARGE: f64 = 1e6;

/// What the digits of many values depend on.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Magnitudes {
    min: f64,
    max: f64,
    /// The median magnitude of the values other than zero, the lower one of two.
    typical: f64,
    is_whole: bool,
}

impl Magnitudes {
    /// Of these values; those that are not finite do not count.
    pub(crate) fn of(values: impl Iterator<Item = f64>) -> Magnitudes {
        let values: Vec<f64> = values.filter(|value| value.is_finite()).collect();
        let fold = |start, choose: fn(f64, f64) -> f64| values.iter().copied().fold(start, choose);
        let mut sizes: Vec<f64> =
            values.iter().map(|value| value.abs()).filter(|&size| size > 0.0).collect();
        sizes.sort_by(f64::total_cmp);
        Magnitudes {
            min: fold(f64::INFINITY, f64::min),
            max: fold(f64::NEG_INFINITY, f64::max),
            typical: sizes.get(sizes.len().saturating_sub(1) / 2).copied().unwrap_or(0.0),
            is_whole: sizes.iter().all(|size| size.fract() == 0.0),
        }
    }

    /// Of values whose statistics alone are known.
    pub(crate) fn of_summary(values: &Summary) -> Magnitudes {
        let quartiles = [0.25, 0.75].map(|share| values.quantile(share).unwrap_or(0.0).abs());
        Magnitudes {
            min: values.min().unwrap_or(f64::INFINITY),
            max: values.max().unwrap_or(f64::NEG_INFINITY),
            typical: quartiles[0].max(quartiles[1]),
            is_whole: false,
        }
    }

    /// The format that shows `digits` digits of a typical value: as many behind the point in all, or
    /// powers of ten in all where values lie too far apart for that.
    pub(crate) fn format(self, digits: usize) -> NumberFormat {
        let largest = self.min.abs().max(self.max.abs());
        let behind_first = digits.max(1) - 1;
        if self.is_whole && (self.min > self.max || largest < LARGE) {
            return NumberFormat::aligned(0);
        }
        // What tells values apart that all lie far from zero is their distance from each other.
        let is_on_offset = is_on_offset(self.min, self.max);
        let typical = if is_on_offset { (self.max - self.min) / 4.0 } else { self.typical };
        let typical = if typical > 0.0 { typical } else { largest };
        let decimals = behind_first as i32 - decade(typical);
        let is_wide = !is_on_offset && decade(largest) - decade(typical) > DECADES;
        match largest < LARGE && decimals <= MOST_DECIMALS && !is_wide {
            true => NumberFormat::aligned(decimals.max(0) as usize),
            false => NumberFormat::powers(behind_first),
        }
    }
}

/// The format for these values, where they are all that is shown.
pub(crate) fn format_of(values: &[f64], digits: usize) -> NumberFormat {
    let format = Magnitudes::of(values.iter().copied()).format(digits);
    let are_there = values.iter().filter(|value| value.is_finite() && **value != 0.0).count();
    let are_lost = values.iter().filter(|&&value| format.loses(value)).count();
    match are_lost as f64 > LOST * are_there as f64 {
        true => NumberFormat::powers(digits.max(1) - 1),
        false => format,
    }
}

#[cfg(test)]
mod tests {
    use hinton_tensor::{Tensor, Work, summarize};

    use super::*;

    fn written(values: &[f64], digits: usize) -> Vec<String> {
        let format = format_of(values, digits);
        values.iter().map(|&value| format.write(value)).collect()
    }

    #[test]
    fn all_values_have_as_many_digits_behind_the_point() {
        assert_eq!(
            written(&[1.0, 0.351, -0.5, 12.0, 0.0], 2),
            ["1.00", "0.35", "−0.50", "12.00", "0"]
        );
        assert_eq!(written(&[3.0, -14.0, 0.0], 2), ["3", "−14", "0"]);
        assert_eq!(written(&[0.0312, 0.0298, -0.041], 3), ["0.0312", "0.0298", "−0.0410"]);
    }

    #[test]
    fn values_far_apart_are_powers_of_ten() {
        let values = [1.0, 0.97, 2.4e-4, 4.6e-5, 0.0];
        assert_eq!(written(&values, 2), ["1.0e0", "9.7e−1", "2.4e−4", "4.6e−5", "0"]);
        assert_eq!(written(&[2.5e9, 1e-3], 1)[0], "2e9");
    }

    #[test]
    fn values_on_an_offset_are_told_apart() {
        assert_eq!(
            written(&[999.997, 1000.0, 1000.0031], 2),
            ["999.9970", "1000.0000", "1000.0031"]
        );
    }

    #[test]
    fn statistics_alone_give_the_same_format() {
        let values: Vec<f64> = (1..200).map(|i| f64::from(i) * 0.001 - 0.1).collect();
        let numbers: Vec<f32> = values.iter().map(|&value| value as f32).collect();
        let tensor = Tensor::from_f32("w", &[numbers.len()], &numbers);
        let summary = summarize(&tensor.unwrap(), Work::quiet()).unwrap();
        assert_eq!(Magnitudes::of_summary(&summary).format(2), format_of(&values, 2));
    }
}
