//! Two files side by side.

use std::collections::BTreeMap;

use hinton_format::Checkpoint;
use hinton_tensor::{Difference, Summary, Tensor, Work, difference, summarize};
use serde::ser::{Serialize, SerializeMap, Serializer};

use crate::{Error, Selected, select};

/// Two files, tensor by tensor.
#[derive(Debug, Clone)]
pub struct Comparison {
    /// The tensors of the first file in its order, then those that only the second has.
    pub pairs: Vec<Pair>,
}

/// One name in two files.
#[derive(Debug, Clone)]
pub struct Pair {
    /// The name, with the slice that was asked for.
    pub name: String,
    /// In the first file.
    pub first: Option<Tensor>,
    /// In the second.
    pub second: Option<Tensor>,
    /// How far the values are from each other, once [`Comparison::read`] has looked; and the norm of
    /// the first.
    pub difference: Option<(Difference, Option<f64>)>,
}

impl Pair {
    /// How the two differ, in a word or two, by what is known so far.
    pub fn verdict(&self) -> &'static str {
        match (&self.first, &self.second) {
            (None, _) => "only in the second",
            (_, None) => "only in the first",
            (Some(a), Some(b)) if a.shape() != b.shape() => "shapes differ",
            (Some(a), Some(b)) if a.dtype() != b.dtype() => match &self.difference {
                Some((difference, _)) if difference.differing == 0 => "equal, dtypes differ",
                Some(_) => "values and dtypes differ",
                None => "dtypes differ",
            },
            _ => match &self.difference {
                Some((difference, _)) if difference.differing == 0 => "equal",
                Some(_) => "values differ",
                None => "same shape",
            },
        }
    }

    /// The norm of the difference over the norm of the first: 0.01 is a change of 1 %. `None` where
    /// values have not been read or the first is zero throughout.
    pub fn relative(&self) -> Option<f64> {
        let (difference, norm) = self.difference.as_ref()?;
        norm.filter(|norm| *norm > 0.0).map(|norm| difference.l2 / norm)
    }
}

/// Puts the tensors of two files beside one another, by name. Reads no values.
///
/// # Errors
/// As [`select`], where a pattern means nothing in both files.
pub fn compare<S: AsRef<str>>(
    first: &Checkpoint,
    second: &Checkpoint,
    patterns: &[S],
) -> Result<Comparison, Error> {
    let (left, right) = match (select(first, patterns), select(second, patterns)) {
        // A tensor that one file lacks is what a comparison is to show.
        (Err(error), Err(_)) => return Err(error),
        (left, right) => (left.unwrap_or_default(), right.unwrap_or_default()),
    };
    let mut others: BTreeMap<String, (usize, Selected)> =
        right.into_iter().enumerate().map(|(at, one)| (one.label(), (at, one))).collect();
    let mut pairs = Vec::new();
    for one in left {
        let name = one.label();
        let second = others.remove(&name).map(|(_, other)| other.tensor);
        pairs.push(Pair { name, first: Some(one.tensor), second, difference: None });
    }
    let mut rest: Vec<(String, (usize, Selected))> = others.into_iter().collect();
    rest.sort_by_key(|(_, (at, _))| *at);
    pairs.extend(rest.into_iter().map(|(name, (_, one))| Pair {
        name,
        first: None,
        second: Some(one.tensor),
        difference: None,
    }));
    Ok(Comparison { pairs })
}

impl Comparison {
    /// Bytes that [`read`](Comparison::read) reads.
    pub fn bytes(&self) -> u64 {
        let sides = |pair: &Pair| match (&pair.first, &pair.second) {
            (Some(a), Some(b)) if a.shape() == b.shape() => {
                a.byte_len().saturating_mul(2).saturating_add(b.byte_len())
            }
            _ => 0,
        };
        self.pairs.iter().map(sides).fold(0, u64::saturating_add)
    }

    /// Reads the values of those that have one shape, and says how far they are from each other.
    ///
    /// # Errors
    /// When values cannot be read, or the work was stopped.
    pub fn read(&mut self, work: Work<'_>) -> Result<(), Error> {
        for pair in &mut self.pairs {
            if let (Some(a), Some(b)) = (&pair.first, &pair.second)
                && a.shape() == b.shape()
            {
                let norm = Summary::l2(&summarize(a, work)?);
                pair.difference = Some((difference(a, b, work)?, norm));
            }
        }
        Ok(())
    }
}

impl Serialize for Comparison {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(1))?;
        map.serialize_entry("tensors", &self.pairs)?;
        map.end()
    }
}

impl Serialize for Pair {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let shape = |side: &Option<Tensor>| side.as_ref().map(|tensor| tensor.shape().to_vec());
        let dtype = |side: &Option<Tensor>| side.as_ref().map(|tensor| tensor.dtype().name());
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("name", &self.name)?;
        map.serialize_entry("verdict", self.verdict())?;
        map.serialize_entry("shapes", &[shape(&self.first), shape(&self.second)])?;
        map.serialize_entry("dtypes", &[dtype(&self.first), dtype(&self.second)])?;
        if let Some((difference, _)) = &self.difference {
            map.serialize_entry("differing", &difference.differing)?;
            map.serialize_entry("largest", &difference.largest)?;
            map.serialize_entry("l2", &difference.l2)?;
            map.serialize_entry("relative", &self.relative())?;
        }
        map.end()
    }
}
