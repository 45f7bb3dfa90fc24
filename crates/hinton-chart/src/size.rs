//! Page sizes: `15x10in`, `1500x1000px`, `8cm`.

use std::str::FromStr;

use crate::ChartError;

/// A length on the page. Pixels are converted to points by the resolution.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Length {
    /// Points, 1/72 inch.
    Points(f64),
    /// Pixels at the picture's resolution.
    Pixels(f64),
}

impl Length {
    /// The length in points, at a resolution in pixels per inch.
    pub fn points(self, dpi: f64) -> f64 {
        match self {
            Length::Points(points) => points,
            Length::Pixels(pixels) => pixels * 72.0 / dpi,
        }
    }
}

/// The size of a page. Without a height, the chart takes the height it needs.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PageSize {
    /// Width.
    pub width: Length,
    /// Height, if it was given.
    pub height: Option<Length>,
}

const EXPECTED: &str = "expected a width, or width x height, with a unit: 15x10in, 1500x1000px, 8cm, \
                        120x90mm, 360pt";

impl FromStr for PageSize {
    type Err = ChartError;

    fn from_str(text: &str) -> Result<Self, ChartError> {
        let error = || ChartError::option("size", text, EXPECTED);
        let lower = text.trim().to_ascii_lowercase().replace('×', "x");
        let unit_at =
            lower.find(|c: char| c.is_ascii_alphabetic() && c != 'x').unwrap_or(lower.len());
        let (numbers, unit) = lower.split_at(unit_at);
        let length = |number: &str| {
            let number: f64 = number.trim().parse().map_err(|_| error())?;
            if !(number > 0.0 && number < 1e6) {
                return Err(error());
            }
            Ok(match unit.trim() {
                "in" => Length::Points(number * 72.0),
                "cm" => Length::Points(number * 72.0 / 2.54),
                "mm" => Length::Points(number * 72.0 / 25.4),
                "pt" => Length::Points(number),
                "px" => Length::Pixels(number),
                _ => return Err(error()),
            })
        };
        match numbers.split_once('x') {
            Some((width, height)) => {
                Ok(PageSize { width: length(width)?, height: Some(length(height)?) })
            }
            None => Ok(PageSize { width: length(numbers)?, height: None }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn units_are_read() {
        let points = |text: &str| {
            let size: PageSize = text.parse().unwrap();
            (size.width.points(100.0), size.height.map(|height| height.points(100.0)))
        };
        assert_eq!(points("15x10in"), (1080.0, Some(720.0)));
        assert_eq!(points("1500x1000px"), (1080.0, Some(720.0)));
        assert_eq!(points("2.54cm"), (72.0, None));
        assert_eq!(points(" 360 pt "), (360.0, None));
        assert_eq!(points("100×50mm").1.map(f64::round), Some(142.0));
    }

    #[test]
    fn nonsense_names_the_option() {
        for text in ["", "15", "15x10", "axbin", "0in", "-1x5cm", "1x2x3in", "1e9px", "nanpx", "in"]
        {
            let error = text.parse::<PageSize>().unwrap_err().to_string();
            assert!(error.starts_with("`size`"), "{text}: {error}");
        }
    }
}
