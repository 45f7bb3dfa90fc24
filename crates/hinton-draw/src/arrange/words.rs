//! Parses the settings of arrangement: `--each column`, `--reshape 28x28`, `--permute 1,0,2`.

use std::str::FromStr;

use hinton_weights::Error;

/// The axis along which a tensor is split into several pictures.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Each {
    /// One picture per column (the last axis).
    Column,
    /// One picture per row (the first axis).
    Row,
    /// One picture per index of this axis; a negative axis counts from the last.
    Axis(i64),
}

impl Each {
    /// The axis it means of a tensor with this many; `None` where there is none.
    pub(super) fn axis(self, axes: usize) -> Option<usize> {
        let count = i64::try_from(axes).ok()?;
        let axis = match self {
            Each::Column => count - 1,
            Each::Row => 0,
            Each::Axis(axis) if axis < 0 => axis.checked_add(count)?,
            Each::Axis(axis) => axis,
        };
        usize::try_from(axis).ok().filter(|&axis| axis < axes)
    }
}

impl FromStr for Each {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        match text.trim().to_ascii_lowercase().as_str() {
            "column" | "columns" | "col" => Ok(Each::Column),
            "row" | "rows" => Ok(Each::Row),
            other => other.parse().map(Each::Axis).map_err(|_| {
                Error::request(
                    format!("`each` {text:?}: expected column, row or the number of an axis"),
                    "for one picture a column: `each=column`",
                )
            }),
        }
    }
}

/// A shape to give to values; the length of one axis may be left to be computed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reshape(Vec<Option<usize>>);

impl Reshape {
    /// The shape for this many values; `None` where they do not fill it.
    pub(super) fn fill(&self, elements: u64) -> Option<Vec<usize>> {
        let known =
            self.0.iter().flatten().try_fold(1u64, |all, &axis| all.checked_mul(axis as u64))?;
        let open = self.0.contains(&None);
        let rest = if open { elements.checked_div(known)? } else { 1 };
        if known.checked_mul(rest)? != elements {
            return None;
        }
        let rest = usize::try_from(rest).ok()?;
        Some(self.0.iter().map(|axis| axis.unwrap_or(rest)).collect())
    }
}

impl From<&[usize]> for Reshape {
    fn from(shape: &[usize]) -> Self {
        Reshape(shape.iter().copied().map(Some).collect())
    }
}

impl<const N: usize> From<[usize; N]> for Reshape {
    fn from(shape: [usize; N]) -> Self {
        Reshape::from(shape.as_slice())
    }
}

impl std::fmt::Display for Reshape {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let axes = self.0.iter().map(|axis| axis.map_or("-1".to_owned(), |axis| axis.to_string()));
        f.write_str(&axes.collect::<Vec<_>>().join("x"))
    }
}

impl FromStr for Reshape {
    type Err = Error;

    /// Reads `28x28`, `3x5x5`, `-1x28`; commas and × also part the axes.
    fn from_str(text: &str) -> Result<Self, Error> {
        let error = || {
            Error::request(
                format!("`reshape` {text:?}: expected lengths of axes such as 28x28"),
                "one axis may be -1: it takes what is left",
            )
        };
        let part = |word: &str| match word.trim() {
            "-1" => Ok(None),
            word => match word.parse::<usize>() {
                Ok(length) if length > 0 => Ok(Some(length)),
                _ => Err(error()),
            },
        };
        let axes = text.split(['x', 'X', '×', ',']).map(part).collect::<Result<Vec<_>, _>>()?;
        if axes.iter().filter(|axis| axis.is_none()).count() > 1 {
            return Err(error());
        }
        Ok(Reshape(axes))
    }
}

/// An order of axes: axis `k` of the result is axis `self.0[k]` of the tensor, counted from 0.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Permute(Vec<usize>);

impl Permute {
    /// The order for a tensor with this many axes; `None` where it does not name each of them.
    pub(super) fn order(&self, axes: usize) -> Option<&[usize]> {
        (self.0.len() == axes).then_some(&self.0)
    }
}

impl std::fmt::Display for Permute {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let axes = self.0.iter().map(ToString::to_string);
        f.write_str(&axes.collect::<Vec<_>>().join(","))
    }
}

impl FromStr for Permute {
    type Err = Error;

    /// Reads `1,0,2`.
    fn from_str(text: &str) -> Result<Self, Error> {
        let error = || {
            Error::request(
                format!("`permute` {text:?}: expected the numbers of all axes, each once"),
                "as in 0,2,1, which exchanges the last two of three; the first axis is 0",
            )
        };
        let read = |word: &str| word.trim().parse::<usize>().map_err(|_| error());
        let order = text.split(',').map(read).collect::<Result<Vec<_>, _>>()?;
        let mut sorted = order.clone();
        sorted.sort_unstable();
        match sorted.into_iter().eq(0..order.len()) {
            true => Ok(Permute(order)),
            false => Err(error()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn orders_name_each_axis_once() {
        let order: Permute = "2, 0,1".parse().unwrap();
        assert_eq!(order.order(3), Some(&[2, 0, 1][..]));
        assert_eq!((order.order(2), order.to_string()), (None, "2,0,1".to_owned()));
        for bad in ["", "0,0", "1", "0,2", "a", "-1,0", "0,1,"] {
            assert!(bad.parse::<Permute>().is_err(), "{bad}");
        }
    }

    #[test]
    fn shapes_are_read_and_filled() {
        let fill = |text: &str, count| text.parse::<Reshape>().unwrap().fill(count);
        assert_eq!(fill("28x28", 784), Some(vec![28, 28]));
        assert_eq!(fill("3,5,5", 75), Some(vec![3, 5, 5]));
        assert_eq!(fill("-1x28", 784), Some(vec![28, 28]));
        assert_eq!(fill("28x28", 785), None);
        assert_eq!(fill("-1x3", 4), None);
        assert_eq!(fill("99999999999x99999999999", 5), None);
        for bad in ["", "28x", "axb", "-1x-1", "0x3", "-2x2"] {
            assert!(bad.parse::<Reshape>().is_err(), "{bad}");
        }
        assert_eq!("-1×28".parse::<Reshape>().unwrap().to_string(), "-1x28");
    }

    #[test]
    fn axes_are_named_or_counted() {
        let axis = |text: &str, axes| text.parse::<Each>().unwrap().axis(axes);
        assert_eq!(axis("column", 2), Some(1));
        assert_eq!(axis("row", 2), Some(0));
        assert_eq!(axis("1", 3), Some(1));
        assert_eq!(axis("-1", 3), Some(2));
        assert_eq!(axis("3", 3), None);
        assert_eq!(axis("-4", 3), None);
        assert_eq!(axis("column", 0), None);
        assert!("diagonal".parse::<Each>().is_err());
    }
}
