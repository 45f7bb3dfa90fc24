//! Normalises the values of points before they are sent through a network.

use std::str::FromStr;

use hinton_chart::short;
use hinton_weights::Error;

use super::{PointSet, Values};

/// How the values of points are normalised.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub enum Normalize {
    /// Bytes are divided by 255, other numbers are unchanged.
    #[default]
    Auto,
    /// All values are unchanged: bytes are 0 to 255.
    Raw,
    /// As [`Normalize::Auto`]; then the mean is subtracted and the result divided by the standard
    /// deviation.
    By {
        /// The mean.
        mean: f64,
        /// The standard deviation.
        deviation: f64,
    },
    /// The same, with the mean and the standard deviation of all values of the points.
    Points,
}

impl FromStr for Normalize {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        match text {
            "raw" => return Ok(Normalize::Raw),
            "points" => return Ok(Normalize::Points),
            _ => {}
        }
        let number = |word: &str| word.trim().parse().ok().filter(|value: &f64| value.is_finite());
        let pair = text.split_once(',');
        let pair = pair.and_then(|(mean, deviation)| Some((number(mean)?, number(deviation)?)));
        match pair {
            Some((mean, deviation)) if deviation > 0.0 => Ok(Normalize::By { mean, deviation }),
            _ => Err(Error::request(
                format!(
                    "`normalize` {text:?}: expected MEAN,STD with a STD above 0, raw or points"
                ),
                "MNIST is often normalised by 0.1307,0.3081; raw leaves bytes from 0 to 255, points \
                 takes the mean and the standard deviation of the points that are sent",
            )),
        }
    }
}

impl std::fmt::Display for Normalize {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Normalize::Auto => f.write_str("auto"),
            Normalize::Raw => f.write_str("raw"),
            Normalize::By { mean, deviation } => write!(f, "{mean},{deviation}"),
            Normalize::Points => f.write_str("points"),
        }
    }
}

impl PointSet {
    /// Changes the values as asked; bytes have been divided already where that belongs to it.
    pub(super) fn normalize(&mut self, by: Normalize) -> Result<(), Error> {
        self.normalize = by;
        let (mean, deviation) = match by {
            Normalize::Auto => return Ok(()),
            Normalize::Raw => {
                let note = format!("{}: bytes are sent as they are, from 0 to 255", self.name);
                self.notes.extend(self.is_bytes.then_some(note));
                return Ok(());
            }
            Normalize::By { mean, deviation } => (mean, deviation),
            Normalize::Points => moments(&self.values),
        };
        if !(deviation > 0.0 && deviation.is_finite()) {
            return Err(Error::request(
                format!("`normalize=points`: all values of {} are equal", self.name),
                "say by what: `normalize=MEAN,STD`",
            ));
        }
        let changed = |value: f64| (value - mean) / deviation;
        self.values = match &self.values {
            Values::F32(values) => {
                values.iter().map(|&value| changed(value.into()) as f32).collect::<Vec<_>>().into()
            }
            Values::F64(values) => {
                values.iter().map(|&value| changed(value)).collect::<Vec<_>>().into()
            }
        };
        let (mean, deviation) = (short(mean), short(deviation));
        self.notes.push(format!("normalised: minus {mean}, divided by {deviation}"));
        Ok(())
    }
}

/// Mean and standard deviation of all values.
fn moments(values: &Values) -> (f64, f64) {
    let count = values.len().max(1) as f64;
    let mean = values.iter().sum::<f64>() / count;
    let variance = values.iter().map(|value| (value - mean) * (value - mean)).sum::<f64>() / count;
    (mean, variance.sqrt())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_become_ways_and_others_are_refused() {
        let by = Normalize::By { mean: 0.5, deviation: 0.25 };
        assert_eq!("0.5, 0.25".parse::<Normalize>().unwrap(), by);
        assert_eq!(by.to_string().parse::<Normalize>().unwrap(), by);
        for wrong in ["0.5", "0.5,0", "0.5,-1", "a,b", "nan,1", ""] {
            assert!(wrong.parse::<Normalize>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn values_have_the_mean_and_deviation_asked_for() {
        let set = |by| {
            let mut set = PointSet::new("four".to_owned(), 1, vec![1.0, 2.0, 3.0, 6.0]);
            set.normalize(by).map(|()| set)
        };
        let by = set(Normalize::By { mean: 1.0, deviation: 2.0 }).unwrap();
        assert_eq!(by.values.iter().collect::<Vec<_>>(), [0.0, 0.5, 1.0, 2.5]);
        assert_eq!(by.notes, ["normalised: minus 1, divided by 2"]);
        let (mean, deviation) = moments(&set(Normalize::Points).unwrap().values);
        assert!(mean.abs() < 1e-12 && (deviation - 1.0).abs() < 1e-12);
        let mut equal = PointSet::new("equal".to_owned(), 1, vec![2.0, 2.0]);
        assert!(equal.normalize(Normalize::Points).is_err());
    }
}
