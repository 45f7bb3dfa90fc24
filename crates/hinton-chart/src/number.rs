//! Formats numbers as Python's format specifications say.

use std::str::FromStr;

use hinton_words::{significant, trim};

use crate::ChartError;

/// The format of a number, as in Python's format specification.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NumberFormat {
    before: String,
    after: String,
    plus: bool,
    precision: Option<usize>,
    kind: Kind,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Fixed,
    Scientific,
    /// Python's `g`.
    General,
    /// Ours: this many digits behind the point, and `0` for what is exactly zero.
    Aligned,
    /// Ours: powers of ten in few characters, `4.6e−5`, and `0` for what is exactly zero.
    Powers,
    Percent,
    Whole,
}

const EXPECTED: &str = "expected a number format such as {:.2f}, .3g, %.1e, {:+.2f} or {:.0%}";

impl FromStr for NumberFormat {
    type Err = ChartError;

    /// Reads `{:.2f}` (with text around it), `.2f` or `%.2f`.
    fn from_str(text: &str) -> Result<Self, ChartError> {
        let error = || ChartError::option("annotate", text, EXPECTED);
        let (before, spec, after) = if let Some((before, rest)) = text.split_once('{') {
            let (spec, after) = rest.split_once('}').ok_or_else(error)?;
            let spec =
                if spec.is_empty() { "g" } else { spec.strip_prefix(':').ok_or_else(error)? };
            (before, spec, after)
        } else if let Some((before, rest)) =
            text.split_once('%').filter(|(_, rest)| !rest.is_empty())
        {
            let end = rest.find(|c: char| c.is_ascii_alphabetic()).ok_or_else(error)?;
            (before, &rest[..=end], &rest[end + 1..])
        } else {
            ("", text, "")
        };
        let plus = spec.starts_with('+');
        let spec = spec.trim_start_matches('+');
        let kind_char = spec.chars().last().filter(|c| !c.is_ascii_digit());
        let kind = match kind_char {
            Some('f' | 'F') => Kind::Fixed,
            Some('e' | 'E') => Kind::Scientific,
            Some('g' | 'G') | None => Kind::General,
            Some('%') => Kind::Percent,
            Some('d') => Kind::Whole,
            Some(_) => return Err(error()),
        };
        let digits = kind_char.map_or(spec, |c| &spec[..spec.len() - c.len_utf8()]);
        let precision = match digits.strip_prefix('.') {
            Some(digits) => {
                Some(digits.parse::<usize>().ok().filter(|&p| p <= 17).ok_or_else(error)?)
            }
            None if digits.is_empty() => None,
            None => return Err(error()),
        };
        if after.contains(['{', '}']) {
            return Err(error());
        }
        Ok(NumberFormat {
            before: before.to_owned(),
            after: after.to_owned(),
            plus,
            precision,
            kind,
        })
    }
}

impl NumberFormat {
    /// A fixed number of digits after the decimal point.
    pub fn fixed(precision: usize) -> Self {
        NumberFormat {
            before: String::new(),
            after: String::new(),
            plus: false,
            precision: Some(precision),
            kind: Kind::Fixed,
        }
    }

    /// So many digits after the point; what is exactly zero is `0`.
    pub(crate) fn aligned(precision: usize) -> Self {
        NumberFormat { kind: Kind::Aligned, ..NumberFormat::fixed(precision) }
    }

    /// Powers of ten with this many digits after the point of the first factor, `4.6e−5`; what is
    /// exactly zero is `0`.
    pub(crate) fn powers(precision: usize) -> Self {
        NumberFormat { kind: Kind::Powers, ..NumberFormat::fixed(precision) }
    }

    /// Whether a value other than zero would be written as zero.
    pub(crate) fn loses(&self, value: f64) -> bool {
        let is_lost = |c: char| !c.is_ascii_digit() || c == '0';
        value != 0.0 && value.is_finite() && self.digits(value.abs()).chars().all(is_lost)
    }

    /// The same format with fewer digits; `None` if that is not possible.
    pub fn coarser(&self) -> Option<Self> {
        let least = usize::from(self.kind == Kind::General);
        let precision = self.precision.unwrap_or(6);
        (precision > least).then(|| NumberFormat { precision: Some(precision - 1), ..self.clone() })
    }

    /// Formats a value.
    pub fn write(&self, value: f64) -> String {
        let number =
            if value.is_finite() { self.digits(value.abs()) } else { significant(value, 3) };
        let shows_zero = number.chars().all(|c| !c.is_ascii_digit() || c == '0');
        let sign = if !value.is_finite() {
            ""
        } else if value < 0.0 && !shows_zero {
            // "−0.00" says less than "0.00" takes room for.
            "−"
        } else if self.plus && value >= 0.0 {
            "+"
        } else {
            ""
        };
        format!("{}{sign}{number}{}", self.before, self.after)
    }

    fn digits(&self, value: f64) -> String {
        let precision = self.precision;
        match self.kind {
            Kind::Fixed => format!("{value:.0$}", precision.unwrap_or(6)),
            Kind::Percent => format!("{:.1$}%", value * 100.0, precision.unwrap_or(6)),
            Kind::Whole => format!("{value:.0}"),
            Kind::Aligned | Kind::Powers if value == 0.0 => "0".to_owned(),
            Kind::Aligned => format!("{value:.0$}", precision.unwrap_or(6)),
            Kind::Powers => {
                let (mantissa, power) = scientific(value, precision.unwrap_or(6));
                format!("{mantissa}e{}", power.to_string().replace('-', "−"))
            }
            Kind::General => general(value, precision.unwrap_or(6).max(1)),
            Kind::Scientific => {
                let (mantissa, power) = scientific(value, precision.unwrap_or(6));
                with_power(&mantissa, power)
            }
        }
    }
}

/// Python's `g`: this many significant digits, zeros at the end cut; a power of ten below 1e-4 and
/// where there are more digits than asked for.
fn general(value: f64, digits: usize) -> String {
    if value == 0.0 {
        return "0".to_owned();
    }
    let (mantissa, power) = scientific(value, digits - 1);
    if (-4..digits as i32).contains(&power) {
        let decimals = (digits as i32 - 1 - power).max(0) as usize;
        return trim(&format!("{value:.decimals$}"));
    }
    with_power(&trim(&mantissa), power)
}

/// Mantissa with this many decimals, and the power of ten.
fn scientific(value: f64, decimals: usize) -> (String, i32) {
    let text = format!("{value:.decimals$e}");
    let (mantissa, power) = text.split_once('e').unwrap_or((&text, "0"));
    (mantissa.to_owned(), power.parse().unwrap_or(0))
}

/// `1.2e+04`, as Python writes powers of ten.
fn with_power(mantissa: &str, power: i32) -> String {
    let sign = if power < 0 { '−' } else { '+' };
    format!("{mantissa}e{sign}{:02}", power.abs())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formats_are_pythons() {
        let write = |format: &str, value| format.parse::<NumberFormat>().unwrap().write(value);
        assert_eq!(write("{:.9f}", 0.011_107_43), "0.011107430");
        assert_eq!(write(".2f", -1.005), "−1.00");
        assert_eq!(write("%.3g", 0.012_345), "0.0123");
        assert_eq!(write(".3g", 12345.0), "1.23e+04");
        assert_eq!(write(".3g", 999.6), "1e+03");
        assert_eq!(write("g", 100_000.0), "100000");
        assert_eq!(write("g", 0.000_012), "1.2e−05");
        assert_eq!(write("w={:+.1f}!", 2.0), "w=+2.0!");
        assert_eq!(write("{:.1e}", 12345.0), "1.2e+04");
        assert_eq!(write("{:.0%}", 0.256), "26%");
        assert_eq!(write("d", 3.7), "4");
        assert_eq!(write(".2f", -0.001), "0.00");
        assert_eq!(write(".2f", f64::NAN), "NaN");
        for bad in ["{:.2f", "{:x}", ".99f", "%q", "{0}", "{:.2f}{:.2f}"] {
            assert!(bad.parse::<NumberFormat>().is_err(), "{bad}");
        }
    }

    #[test]
    fn coarser_formats_end() {
        let mut format: NumberFormat = "{:.3f}".parse().unwrap();
        let mut seen = vec![format.write(1.23456)];
        while let Some(next) = format.coarser() {
            format = next;
            seen.push(format.write(1.23456));
        }
        assert_eq!(seen, ["1.235", "1.23", "1.2", "1"]);
    }
}
