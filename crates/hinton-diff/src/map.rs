//! Pairs of tensors named by the user: a file with lines `A = B operations`.

use std::str::FromStr;

use hinton_format::Checkpoint;
use hinton_tensor::Tensor;
use hinton_weights::{Error, select};
use hinton_words::visible;

/// Most lines.
const MOST_LINES: usize = 100_000;

/// Which tensor of the second file corresponds to which tensor of the first, and what is applied to
/// it first.
///
/// Each line is `A = B`: names as `-t` accepts them, with or without a slice. `*` in A matches any
/// part of a name, and in B stands for the same part. Operations on B may follow: `transpose`,
/// `permute 1,0,2`, `reshape 8x16`, `rotary 64` (the rows of heads of 64 in the other rotary
/// order). `A = -` skips A, and `- = B` skips B. Lines that begin with `#` are comments.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct TensorMap {
    rows: Vec<Row>,
}

#[derive(Debug, Clone, PartialEq)]
struct Row {
    line: usize,
    /// `None` where the other is left out.
    a: Option<String>,
    b: Option<String>,
    operations: Vec<Operation>,
}

#[derive(Debug, Clone, PartialEq)]
enum Operation {
    Transpose,
    Permute(Vec<usize>),
    Reshape(Vec<usize>),
    Rotary(usize),
}

/// A pair that a map names.
pub(super) struct Named {
    pub(super) a: Tensor,
    pub(super) b: Tensor,
    /// What was done with the second, in words; empty where nothing was.
    pub(super) operations: String,
}

/// What a map says of two files.
#[derive(Default)]
pub(super) struct Resolved {
    pub(super) pairs: Vec<Named>,
    /// Names of the tensors that a map speaks of, in the first and in the second file.
    pub(super) used_a: Vec<String>,
    pub(super) used_b: Vec<String>,
}

impl FromStr for TensorMap {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        let mut rows = Vec::new();
        for (index, line) in text.lines().enumerate().take(MOST_LINES) {
            let line = line.trim();
            if !line.is_empty() && !line.starts_with('#') {
                rows.push(row(index + 1, line)?);
            }
        }
        Ok(TensorMap { rows })
    }
}

fn row(line: usize, text: &str) -> Result<Row, Error> {
    let wrong = |what: &str| {
        Error::request(
            format!("map: line {line}: {what}: {:?}", visible(text)),
            "lines are 'A = B', with transpose, permute 1,0, reshape 8x16 or rotary 64 behind B; \
             'A = -' leaves A out",
        )
    };
    let (a, rest) = text.split_once(" = ").ok_or_else(|| wrong("no ' = '"))?;
    let mut words = rest.split_whitespace();
    let name = |name: &str| (name != "-").then(|| name.to_owned());
    let a = name(a.trim());
    let b = name(words.next().ok_or_else(|| wrong("no name behind ="))?);
    let mut operations = Vec::new();
    while let Some(word) = words.next() {
        let mut numbers = |separator: char| -> Option<Vec<usize>> {
            words.next()?.split(separator).map(|number| number.trim().parse().ok()).collect()
        };
        let operation = match word {
            "transpose" => Some(Operation::Transpose),
            "permute" => numbers(',').map(Operation::Permute),
            "reshape" => numbers('x').map(Operation::Reshape),
            "rotary" => numbers(',').and_then(|all| match all.as_slice() {
                [head] if *head > 0 && head.is_multiple_of(2) => Some(Operation::Rotary(*head)),
                _ => None,
            }),
            _ => None,
        };
        operations.push(operation.ok_or_else(|| wrong(&format!("{word} is not an operation")))?);
    }
    let is_empty = a.is_none() && b.is_none();
    if is_empty || (!operations.is_empty() && (a.is_none() || b.is_none())) {
        return Err(wrong("there is nothing to compare"));
    }
    Ok(Row { line, a, b, operations })
}

impl TensorMap {
    /// The pairs that it means in two files.
    pub(super) fn resolve(&self, a: &Checkpoint, b: &Checkpoint) -> Result<Resolved, Error> {
        let mut found = Resolved::default();
        for row in &self.rows {
            row.add(a, b, &mut found)?;
        }
        Ok(found)
    }
}

impl Row {
    fn add(&self, a: &Checkpoint, b: &Checkpoint, found: &mut Resolved) -> Result<(), Error> {
        let names: Vec<(Option<String>, Option<String>)> = match (&self.a, &self.b) {
            (Some(one), other) if one.contains('*') && !one.contains('[') => a
                .tensors
                .iter()
                .filter_map(|tensor| {
                    let parts = captured(one, tensor.name())?;
                    let other = other.as_ref().map(|other| filled(other, &parts));
                    Some((Some(tensor.name().to_owned()), other))
                })
                .collect(),
            (None, Some(other)) if other.contains('*') && !other.contains('[') => {
                let is_meant = |tensor: &&Tensor| captured(other, tensor.name()).is_some();
                let meant = b.tensors.iter().filter(is_meant);
                meant.map(|tensor| (None, Some(tensor.name().to_owned()))).collect()
            }
            (one, other) => vec![(one.clone(), other.clone())],
        };
        if names.is_empty() {
            let pattern = self.a.as_ref().or(self.b.as_ref()).map_or("", String::as_str);
            return Err(self.error(format!("{} means no tensor", visible(pattern)), ""));
        }
        for (name_a, name_b) in names {
            let one = name_a.map(|name| self.one(a, &name)).transpose()?;
            let other = name_b.map(|name| self.one(b, &name)).transpose()?;
            found.used_a.extend(one.iter().map(|one| one.0.clone()));
            found.used_b.extend(other.iter().map(|one| one.0.clone()));
            if let (Some((_, one)), Some((_, other))) = (one, other) {
                found.pairs.push(self.pair(one, other)?);
            }
        }
        Ok(())
    }

    /// The tensor of that name, and its name without a slice.
    fn one(&self, file: &Checkpoint, name: &str) -> Result<(String, Tensor), Error> {
        let found = select(file, &[name])
            .map_err(|error| self.error(error.to_string(), error.help().unwrap_or_default()))?;
        match found.as_slice() {
            [one] => {
                let whole = one.tensor.name().to_owned();
                Ok((whole, one.tensor.clone().named(one.label())))
            }
            _ => Err(self.error(format!("{} means several tensors", visible(name)), "")),
        }
    }

    fn pair(&self, a: Tensor, b: Tensor) -> Result<Named, Error> {
        let name = b.name().to_owned();
        let (mut a, mut b) = (a, b);
        let mut words = Vec::new();
        for operation in &self.operations {
            (a, b) = operation.apply(a, b).map_err(|error| self.error(error.to_string(), ""))?;
            words.push(operation.words());
        }
        if a.shape() != b.shape() {
            let shapes = (hinton_chart::shape_text(a.shape()), hinton_chart::shape_text(b.shape()));
            return Err(self.error(
                format!(
                    "{} has the shape {}, {} {}",
                    visible(a.name()),
                    shapes.0,
                    visible(&name),
                    shapes.1
                ),
                "transpose, permute or reshape behind the second name makes shapes agree",
            ));
        }
        Ok(Named { a, b: b.named(name), operations: words.join(", ") })
    }

    fn error(&self, what: String, help: &str) -> Error {
        Error::request(format!("map: line {}: {what}", self.line), help.to_owned())
    }
}

impl Operation {
    fn words(&self) -> String {
        let list = |numbers: &[usize], separator: &str| {
            numbers.iter().map(usize::to_string).collect::<Vec<_>>().join(separator)
        };
        match self {
            Operation::Transpose => "transposed".to_owned(),
            Operation::Permute(order) => format!("axes {}", list(order, ",")),
            Operation::Reshape(shape) => format!("reshaped to {}", list(shape, " × ")),
            Operation::Rotary(head) => format!("rows of heads of {head} reordered"),
        }
    }

    fn apply(&self, a: Tensor, b: Tensor) -> Result<(Tensor, Tensor), hinton_tensor::TensorError> {
        Ok(match self {
            Operation::Transpose => (a, b.transpose()?),
            Operation::Permute(order) => (a, b.permute(order)?),
            Operation::Reshape(shape) => (a, b.reshape(shape)?),
            Operation::Rotary(head) => {
                let heads = |tensor: &Tensor, halves: [usize; 2]| {
                    let (rows, rest) = tensor.shape().split_first().unwrap_or((&1, &[]));
                    let shape = [&[rows / head, halves[0], halves[1]], rest].concat();
                    tensor.reshape(&shape)
                };
                let split = heads(&b, [head / 2, 2])?;
                let mut order: Vec<usize> = (0..split.shape().len()).collect();
                order.swap(1, 2);
                (heads(&a, [2, head / 2])?, split.permute(&order)?)
            }
        })
    }
}

/// The parts of a name that the stars of a pattern stand for: the shortest, none empty.
fn captured<'n>(pattern: &str, name: &'n str) -> Option<Vec<&'n str>> {
    let Some((before, after)) = pattern.split_once('*') else {
        return (pattern == name).then(Vec::new);
    };
    let rest = name.strip_prefix(before)?;
    let ends = rest.char_indices().skip(1).map(|(end, _)| end).chain([rest.len()]);
    ends.filter(|end| *end > 0).find_map(|end| {
        let mut parts = captured(after, &rest[end..])?;
        parts.insert(0, &rest[..end]);
        Some(parts)
    })
}

/// A pattern with its stars replaced by these parts, in order.
fn filled(pattern: &str, parts: &[&str]) -> String {
    let mut parts = parts.iter();
    let mut text = String::new();
    for letter in pattern.chars() {
        match (letter, if letter == '*' { parts.next() } else { None }) {
            ('*', Some(part)) => text.push_str(part),
            (letter, _) => text.push(letter),
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_read_and_wrong_ones_told() {
        let map: TensorMap =
            "# notes\n\na.w = b.w transpose\nx = -\n- = y\nq = r rotary 4 reshape 2x3"
                .parse()
                .unwrap();
        assert_eq!(map.rows.len(), 4);
        assert_eq!(map.rows[0].operations, [Operation::Transpose]);
        assert_eq!(map.rows[3].operations, [Operation::Rotary(4), Operation::Reshape(vec![2, 3])]);
        for (wrong, why) in [
            ("a b", "line 1: no ' = '"),
            ("a = b\nc = d turned", "line 2: turned is not an operation"),
            ("- = -", "nothing to compare"),
            ("a = b rotary 3", "rotary is not an operation"),
            ("a = b permute", "permute is not an operation"),
        ] {
            let error = wrong.parse::<TensorMap>().unwrap_err().to_string();
            assert!(error.contains(why), "{error}");
        }
    }

    #[test]
    fn stars_stand_for_the_same_part() {
        let parts = captured("layers.*.mlp.*.weight", "layers.12.mlp.up.weight").unwrap();
        assert_eq!(parts, ["12", "up"]);
        assert_eq!(filled("blk.*.ffn_*.weight", &parts), "blk.12.ffn_up.weight");
        assert!(captured("layers.*.x", "layers..x").is_none());
        assert!(captured("w", "w").is_some() && captured("w", "wx").is_none());
    }
}
