//! Parses the settings of films: `--show change`, `--steps 0..100:5`.

use std::str::FromStr;

use hinton_weights::Error;

/// What a film shows of a tensor at each step.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Show {
    /// Its values.
    #[default]
    Value,
    /// The difference from the step shown before.
    Change,
    /// The difference from the first step shown.
    TotalChange,
}

impl Show {
    /// The words, for help texts.
    pub const WORDS: [&str; 3] = ["value", "change", "total-change"];
}

impl FromStr for Show {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        match text.trim().to_ascii_lowercase().as_str() {
            "value" | "values" => Ok(Show::Value),
            "change" => Ok(Show::Change),
            "total-change" => Ok(Show::TotalChange),
            _ => Err(Error::request(
                format!("`show` {text:?}: expected value, change or total-change"),
                "change is the difference from the step before, total-change from the first",
            )),
        }
    }
}

/// A range of steps of a run, by their numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StepRange {
    /// The smallest number.
    pub first: u64,
    /// The largest number, inclusive.
    pub last: u64,
    /// Of the steps in the range, every `every`-th is shown; at least 1.
    pub every: usize,
}

impl Default for StepRange {
    fn default() -> Self {
        StepRange { first: 0, last: u64::MAX, every: 1 }
    }
}

impl StepRange {
    /// Places of the steps that are shown, of all their numbers.
    pub(super) fn places(&self, numbers: &[u64]) -> Vec<usize> {
        let is_in = |at: &usize| (self.first..=self.last).contains(&numbers[*at]);
        (0..numbers.len()).filter(is_in).step_by(self.every.max(1)).collect()
    }
}

impl FromStr for StepRange {
    type Err = Error;

    /// Reads `0..100`, `..100`, `50..`, `0..100:5`, `:5` and a lone number.
    fn from_str(text: &str) -> Result<Self, Error> {
        let error = || {
            Error::request(
                format!("`steps` {text:?}: expected FIRST..LAST or FIRST..LAST:EVERY"),
                "0..100:5 shows every fifth of the steps numbered 0 to 100; :10 every tenth of all",
            )
        };
        let (range, every) = match text.trim().split_once(':') {
            Some((range, every)) => (range, every.trim().parse().map_err(|_| error())?),
            None => (text.trim(), 1),
        };
        let number = |word: &str, open: u64| match word.trim() {
            "" => Ok(open),
            word => word.parse().map_err(|_| error()),
        };
        let (first, last) = match range.split_once("..") {
            Some((first, last)) => (number(first, 0)?, number(last, u64::MAX)?),
            None if range.is_empty() && text.contains(':') => (0, u64::MAX),
            None => {
                let only = range.parse().map_err(|_| error())?;
                (only, only)
            }
        };
        if every == 0 || first > last {
            return Err(error());
        }
        Ok(StepRange { first, last, every })
    }
}

/// Which metric is written under the picture.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Metric {
    /// The loss, else the accuracy, else another metric of the run.
    #[default]
    Auto,
    /// None.
    Off,
    /// The metric with this name.
    Named(String),
}

impl From<&str> for Metric {
    fn from(word: &str) -> Self {
        match word {
            "auto" => Metric::Auto,
            "off" | "none" | "" => Metric::Off,
            name => Metric::Named(name.to_owned()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_are_read() {
        let range = |first, last, every| StepRange { first, last, every };
        for (text, wanted) in [
            ("0..100:5", range(0, 100, 5)),
            ("..100", range(0, 100, 1)),
            ("50..", range(50, u64::MAX, 1)),
            (":10", range(0, u64::MAX, 10)),
            ("..:2", range(0, u64::MAX, 2)),
            ("7", range(7, 7, 1)),
        ] {
            assert_eq!(text.parse::<StepRange>().unwrap(), wanted, "{text}");
        }
        for bad in ["", "a..b", "5..1", "0..9:0", "0..9:x", "-1..3", "1.5"] {
            assert!(bad.parse::<StepRange>().is_err(), "{bad}");
        }
        assert_eq!(range(2, 9, 2).places(&[0, 2, 4, 6, 8, 10]), [1, 3]);
    }

    #[test]
    fn shows_have_words() {
        for word in Show::WORDS {
            assert!(word.parse::<Show>().is_ok());
        }
        assert!("delta".parse::<Show>().is_err());
    }
}
