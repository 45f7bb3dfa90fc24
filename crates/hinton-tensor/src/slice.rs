//! Slices in numpy's notation: `[0, :, ::2, -1]`, `[..., 3]`.

use std::fmt;
use std::str::FromStr;

/// What a slice takes from one axis.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Index {
    /// One index; the axis is removed. Negative indices count from the end.
    At(i64),
    /// `start:stop:step`; omitted parts are `None`.
    Range {
        /// First index.
        start: Option<i64>,
        /// Index after the last.
        stop: Option<i64>,
        /// Distance between indices, not zero; negative runs backwards.
        step: i64,
    },
    /// `...`: all axes that are not named.
    Rest,
}

/// A slice of a tensor: one [`Index`] for each named axis; unnamed axes are taken whole.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Slice(pub Vec<Index>);

/// The error for text that is not a slice.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "{text:?} is not a slice: {why} (numpy's notation, such as [0,:,:], [:,3], [::2], [...,-1])"
)]
pub struct SliceError {
    text: String,
    why: String,
}

impl Index {
    /// The positions this index takes from an axis of length `len`: first, step and how many.
    /// `At` is in range or `None`; ranges are clamped as numpy clamps them.
    pub(crate) fn resolve(self, len: usize) -> Option<(usize, i64, usize)> {
        let len = i64::try_from(len).ok()?;
        match self {
            Index::At(at) => {
                let at = if at < 0 { at.checked_add(len)? } else { at };
                (0..len).contains(&at).then_some((at as usize, 1, 1))
            }
            Index::Rest => Some((0, 1, len as usize)),
            Index::Range { start, stop, step } => {
                let (low, high) = if step > 0 { (0, len) } else { (-1, len - 1) };
                let place = |at: i64| {
                    let at = if at < 0 { at.saturating_add(len) } else { at };
                    at.clamp(low, high)
                };
                let first = start.map_or(if step > 0 { low } else { high }, place);
                let end = stop.map_or(if step > 0 { high } else { low }, place);
                let span = if step > 0 { end - first } else { first - end };
                if span <= 0 {
                    return Some((0, step, 0));
                }
                let count = (span as u64).div_ceil(step.unsigned_abs());
                Some((first as usize, step, count as usize))
            }
        }
    }
}

impl FromStr for Slice {
    type Err = SliceError;

    /// Reads `0,:,::2` with or without the brackets around it.
    fn from_str(text: &str) -> Result<Self, SliceError> {
        let error = |why: &str| SliceError { text: text.to_owned(), why: why.to_owned() };
        let mut inner = text.trim();
        if let Some(rest) = inner.strip_prefix('[') {
            inner = rest.strip_suffix(']').ok_or_else(|| error("the ] is missing"))?;
        }
        let mut indexes = Vec::new();
        for part in inner.split(',').map(str::trim) {
            indexes.push(match part {
                "" if inner.trim().is_empty() => return Err(error("it is empty")),
                "" => return Err(error("a position is empty")),
                "..." | "…" => Index::Rest,
                _ => parse_index(part).map_err(|why| error(&why))?,
            });
        }
        if indexes.iter().filter(|index| **index == Index::Rest).count() > 1 {
            return Err(error("... may stand only once"));
        }
        Ok(Slice(indexes))
    }
}

fn parse_index(part: &str) -> Result<Index, String> {
    let number = |text: &str| -> Result<Option<i64>, String> {
        match text.trim() {
            "" => Ok(None),
            text => text.parse().map(Some).map_err(|_| format!("{text:?} is not a whole number")),
        }
    };
    let pieces: Vec<&str> = part.split(':').collect();
    match pieces[..] {
        [at] => Ok(Index::At(number(at)?.ok_or("a position is empty")?)),
        [start, stop] => Ok(Index::Range { start: number(start)?, stop: number(stop)?, step: 1 }),
        [start, stop, step] => match number(step)?.unwrap_or(1) {
            0 => Err("a step of 0 goes nowhere".to_owned()),
            step => Ok(Index::Range { start: number(start)?, stop: number(stop)?, step }),
        },
        _ => Err(format!("{part:?} has too many colons")),
    }
}

impl fmt::Display for Index {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Index::At(at) => write!(f, "{at}"),
            Index::Rest => f.write_str("..."),
            Index::Range { start, stop, step } => {
                if let Some(start) = start {
                    write!(f, "{start}")?;
                }
                f.write_str(":")?;
                if let Some(stop) = stop {
                    write!(f, "{stop}")?;
                }
                if step != 1 { write!(f, ":{step}") } else { Ok(()) }
            }
        }
    }
}

impl fmt::Display for Slice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[")?;
        for (at, index) in self.0.iter().enumerate() {
            if at > 0 {
                f.write_str(",")?;
            }
            write!(f, "{index}")?;
        }
        f.write_str("]")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn notation_reads_and_prints() {
        for text in ["[0,:,:,:]", "[:,3]", "[-1]", "[::2]", "[1:5:2,...]", "[5:1:-1]"] {
            assert_eq!(text.parse::<Slice>().unwrap().to_string(), text);
        }
        assert_eq!(" [ 0 , : ] ".parse::<Slice>().unwrap().to_string(), "[0,:]");
        assert_eq!("0,1:2".parse::<Slice>().unwrap().to_string(), "[0,1:2]");
    }

    #[test]
    fn nonsense_is_refused_with_a_reason() {
        for (text, why) in [
            ("[]", "empty"),
            ("[0", "missing"),
            ("[a]", "whole number"),
            ("[::0]", "nowhere"),
            ("[1:2:3:4]", "colons"),
            ("[...,...]", "once"),
            ("[0,,1]", "empty"),
        ] {
            let error = text.parse::<Slice>().unwrap_err().to_string();
            assert!(error.contains(why), "{text}: {error}");
        }
    }

    #[test]
    fn ranges_clamp_like_numpy() {
        let taken = |text: &str, len: usize| {
            let slice: Slice = text.parse().unwrap();
            let (first, step, count) = slice.0[0].resolve(len)?;
            Some((0..count as i64).map(|k| first as i64 + k * step).collect::<Vec<_>>())
        };
        assert_eq!(taken("[1:3]", 5), Some(vec![1, 2]));
        assert_eq!(taken("[-2:]", 5), Some(vec![3, 4]));
        assert_eq!(taken("[::-2]", 5), Some(vec![4, 2, 0]));
        assert_eq!(taken("[3:0:-1]", 5), Some(vec![3, 2, 1]));
        assert_eq!(taken("[10:20]", 5), Some(vec![]));
        assert_eq!(taken("[-100:2]", 5), Some(vec![0, 1]));
        assert_eq!(taken("[::-1]", 0), Some(vec![]));
        assert_eq!(taken("[-5]", 5), Some(vec![0]));
        assert_eq!(taken("[5]", 5), None);
        assert_eq!(taken("[-6]", 5), None);
        assert_eq!(taken("[-9223372036854775808:9223372036854775807]", 2), Some(vec![0, 1]));
    }
}
