//! Comparison of two checkpoints: matched tensors, and their differences as tensors.

use std::sync::{Arc, OnceLock};

use hinton::arrange::matrix_shape;
use hinton::diff::{Change, Found, Rule, diff};
use hinton_tensor::{Computed, Decode, Dtype, Endian, ReadError, Tensor, View, Work};

use crate::sources::{Entry, Holds, Source};
use crate::values::window;

/// Tensors that can only be read from the beginning on are kept in memory up to this many bytes.
const MOST_KEPT: u64 = 256 << 20;

/// A tensor of the first source and the same one of the second.
pub(crate) struct Pair {
    pub(crate) a: usize,
    /// The second source's, in the first one's axes.
    pub(crate) b: usize,
    /// The second less the first, value by value.
    pub(crate) difference: usize,
    /// How they were found to be the same, where it is not by name alone.
    pub(crate) how: Option<String>,
}

/// What is compared with what.
#[derive(Default)]
pub(crate) struct Pairs {
    pub(crate) found: Vec<Pair>,
    /// In words, what has no counterpart.
    pub(crate) rest: Option<String>,
}

/// Matches the tensors of two checkpoints; and the tensors that are made of both, whose numbers follow
/// those of `entries`. Nothing where there are not exactly two.
pub(crate) fn compared(all: &[Source], entries: &[Entry]) -> (Pairs, Vec<Tensor>) {
    let [Source { holds: Holds::File(a), .. }, Source { holds: Holds::File(b), .. }] = all else {
        return (Pairs::default(), Vec::new());
    };
    let none: [&str; 0] = [];
    let matched = match diff(a, b, &none, Rule::default()) {
        Ok(matched) => matched,
        Err(error) => {
            let rest = Some(format!("the two could not be compared: {error}"));
            return (Pairs { found: Vec::new(), rest }, Vec::new());
        }
    };
    let numbers = |source: usize| -> std::collections::BTreeMap<&str, usize> {
        let of_source = entries.iter().enumerate().filter(|(_, entry)| entry.source == source);
        of_source.map(|(id, entry)| (entry.name.as_str(), id)).collect()
    };
    let (ids_a, ids_b) = (numbers(0), numbers(1));
    let (mut found, mut made) = (Vec::new(), Vec::new());
    let mut in_parts = 0;
    for pair in &matched.pairs {
        let ids = ids_a.get(pair.a.name()).zip(ids_b.get(pair.b.name()));
        let is_whole = !matches!(pair.change, Change::Part { .. } | Change::Rows { .. });
        let (Some((&a, &b)), true) = (ids, is_whole) else {
            in_parts += 1;
            continue;
        };
        // Axes that were split to bring rows into the first one's order are joined again.
        let shape = &entries[a].shape;
        let (Ok(first), Ok(second)) = (pair.a.reshape(shape), pair.b.reshape(shape)) else {
            in_parts += 1;
            continue;
        };
        let Some(difference) = difference(&first, &second) else {
            in_parts += 1;
            continue;
        };
        let mut number = |tensor: Tensor| {
            made.push(tensor);
            entries.len() + made.len() - 1
        };
        let b = match pair.change {
            Change::None => b,
            _ => number(second),
        };
        found.push(Pair {
            a,
            b,
            difference: number(difference),
            how: how(&pair.found, &pair.change),
        });
    }
    let counts = [
        (matched.only_a.len(), "only in the first"),
        (matched.only_b.len(), "only in the second"),
        (matched.unlike.len(), "of different shapes"),
        (in_parts, "the same in part only"),
    ];
    let words = counts.iter().filter(|(count, _)| *count > 0);
    let words: Vec<String> = words.map(|(count, what)| format!("{count} {what}")).collect();
    let rest = (!words.is_empty()).then(|| format!("tensors not compared: {}", words.join(", ")));
    (Pairs { found, rest }, made)
}

/// In words, how a pair was found; none where it is plain.
fn how(found: &Found, change: &Change) -> Option<String> {
    let found = match found {
        Found::Name => None,
        Found::Prefix(prefix) => Some(format!("names agree but for {prefix:?}")),
        Found::Map(_) => Some("named by the user".to_owned()),
        Found::Convention => Some("another library's name for the same".to_owned()),
        Found::Values { error, .. } => {
            Some(format!("found by values, which differ by {error:.1e}"))
        }
    };
    let change = match change {
        Change::Axes { .. } => Some("the second one's axes in another order".to_owned()),
        Change::Rotary { .. } => Some("rows of each head in the other order".to_owned()),
        Change::Interleaved { .. } => Some("query, key and value in the other order".to_owned()),
        Change::Flattened { .. } => Some("inputs in the other order of flattening".to_owned()),
        Change::Reshaped => Some("the second one reshaped".to_owned()),
        Change::Expert { number } => Some(format!("expert {number} of a stack")),
        Change::Aligned { .. } => Some("units in the other one's order".to_owned()),
        Change::Tied => Some("the head of one is the embedding of the other".to_owned()),
        Change::Exponential { .. } => Some("minus the exponential of one of them".to_owned()),
        Change::None | Change::Part { .. } | Change::Rows { .. } => None,
    };
    let words: Vec<String> = found.into_iter().chain(change).collect();
    (!words.is_empty()).then(|| words.join("; "))
}

/// The second less the first, computed where it is read; none where they have no common rows.
fn difference(a: &Tensor, b: &Tensor) -> Option<Tensor> {
    let shape = matrix_shape(a.shape());
    let matrix = |tensor: &Tensor| match tensor.shape() == shape {
        true => Some(tensor.clone()),
        false => tensor.reshape(&shape).ok(),
    };
    let (rule, values) =
        (Minus { a: Side::new(matrix(a)?), b: Side::new(matrix(b)?), shape }, a.shape());
    let data = Arc::new(Computed::new(rule));
    let (dtype, endian) = (Dtype::F32, Endian::Little);
    Tensor::new(a.name(), "difference", dtype, endian, View::packed(values), 0, data).ok()
}

/// A matrix that is read row by row.
struct Side {
    tensor: Tensor,
    /// Where only reading from the beginning on is cheap.
    kept: OnceLock<Tensor>,
}

impl Side {
    fn new(tensor: Tensor) -> Self {
        Side { tensor, kept: OnceLock::new() }
    }

    fn tensor(&self) -> &Tensor {
        if !self.tensor.data().is_sequential() || self.tensor.byte_len() > MOST_KEPT {
            return &self.tensor;
        }
        self.kept.get_or_init(|| self.tensor.to_memory().unwrap_or_else(|_| self.tensor.clone()))
    }
}

/// Values of `b` less those of `a`.
struct Minus {
    a: Side,
    b: Side,
    shape: [usize; 2],
}

impl Decode for Minus {
    fn values(&self) -> u64 {
        self.shape[0] as u64 * self.shape[1] as u64
    }

    fn unit(&self) -> usize {
        self.shape[1].max(1)
    }

    fn decode(&self, first: u64, out: &mut [f32]) -> Result<(), ReadError> {
        let unit = self.unit() as u64;
        let row = (first / unit) as usize;
        let rows = row..row + out.len() / self.unit();
        let read = |side: &Side| {
            window(side.tensor(), rows.clone(), 0..self.shape[1], Work::quiet()).map_err(|error| {
                let why = String::from_utf8_lossy(&error.as_json()).into_owned();
                ReadError::damaged(first * 4, out.len() as u64 * 4, why)
            })
        };
        let (a, b) = (read(&self.a)?, read(&self.b)?);
        for (out, (a, b)) in out.iter_mut().zip(a.iter().zip(&b)) {
            *out = (b - a) as f32;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tensor(shape: &[usize], values: &[f32]) -> Tensor {
        Tensor::from_f32("w", shape, values).unwrap()
    }

    #[test]
    fn differences_are_the_second_less_the_first() {
        let a = tensor(&[2, 3], &[1.0, 2.0, 3.0, 4.0, f32::NAN, 6.0]);
        let b = tensor(&[2, 3], &[1.5, 2.0, 1.0, f32::INFINITY, 5.0, 6.25]);
        let found = difference(&a, &b).unwrap().to_f32().unwrap();
        assert_eq!(found[..4], [0.5, 0.0, -2.0, f32::INFINITY]);
        assert!(found[4].is_nan() && found[5] == 0.25);
        // Part of a row, and other axes.
        let turned = tensor(&[3, 2], &[1.0, 4.0, 2.0, 5.0, 3.0, 6.0]).transpose().unwrap();
        let part = difference(&tensor(&[2, 3], &[0.0; 6]), &turned).unwrap();
        let part = part.slice(&"[1,1:]".parse().unwrap()).unwrap();
        assert_eq!(part.to_f32().unwrap(), [5.0, 6.0]);
        let flat = difference(&tensor(&[4], &[1.0; 4]), &tensor(&[4], &[1.0, 2.0, 3.0, 4.0]));
        assert_eq!(flat.unwrap().to_f32().unwrap(), [0.0, 1.0, 2.0, 3.0]);
    }
}
