//! Points after one step of a network.

use std::sync::Arc;

use hinton_chart::{NumberFormat, short};
use hinton_net::Real;
use hinton_net::linear_map::{determinant, singular_values};

/// Numbers in single or double precision, row after row. Clones share them.
#[derive(Debug, Clone, PartialEq)]
pub enum Values {
    /// Single precision.
    F32(Arc<Vec<f32>>),
    /// Double precision.
    F64(Arc<Vec<f64>>),
}

impl From<Vec<f32>> for Values {
    fn from(values: Vec<f32>) -> Self {
        Values::F32(Arc::new(values))
    }
}

impl From<Vec<f64>> for Values {
    fn from(values: Vec<f64>) -> Self {
        Values::F64(Arc::new(values))
    }
}

impl Values {
    /// The number of values.
    pub fn len(&self) -> usize {
        match self {
            Values::F32(values) => values.len(),
            Values::F64(values) => values.len(),
        }
    }

    /// Whether there are no values.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The number at index `at`.
    pub fn get(&self, at: usize) -> f64 {
        match self {
            Values::F32(values) => f64::from(values[at]),
            Values::F64(values) => values[at],
        }
    }

    /// Iterates over the numbers in order.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = f64> {
        (0..self.len()).map(|at| self.get(at))
    }

    /// In single precision; the same numbers where they are.
    pub(crate) fn single(&self) -> Arc<Vec<f32>> {
        match self {
            Values::F32(values) => values.clone(),
            Values::F64(values) => Arc::new(values.iter().map(|&value| value as f32).collect()),
        }
    }

    /// The first that is not finite.
    pub(crate) fn first_odd(&self) -> Option<usize> {
        match self {
            Values::F32(values) => first_odd(values),
            Values::F64(values) => first_odd(values),
        }
    }

    /// Smallest and largest number in a column of rows of `width`; infinities the wrong way round
    /// where there is none.
    pub(crate) fn range(&self, width: usize, column: usize) -> (f64, f64) {
        match self {
            Values::F32(values) => range(values, width, column),
            Values::F64(values) => range(values, width, column),
        }
    }

    /// What becomes of two columns of each row of `width`.
    pub(crate) fn map_rows<R>(
        &self,
        width: usize,
        columns: [usize; 2],
        of: impl Fn(f64, f64) -> R,
    ) -> Vec<R> {
        let [x, y] = columns;
        match self {
            Values::F32(values) => {
                values.chunks_exact(width).map(|row| of(row[x].into(), row[y].into())).collect()
            }
            Values::F64(values) => {
                values.chunks_exact(width).map(|row| of(row[x], row[y])).collect()
            }
        }
    }

    /// Fills `row` with the row of that number.
    pub(crate) fn row(&self, at: usize, row: &mut [f64]) {
        let width = row.len();
        for (column, value) in row.iter_mut().enumerate() {
            *value = self.get(at * width + column);
        }
    }
}

/// Numbers that are looked at together: vectors do several at once, and a block without a fault
/// is skipped.
const BLOCK: usize = 512;

fn first_odd<T: Real>(values: &[T]) -> Option<usize> {
    let is_odd = |block: &[T]| block.iter().fold(false, |odd, value| odd | !value.is_finite());
    let block = values.chunks(BLOCK).position(is_odd)?;
    let from = block * BLOCK;
    values[from..].iter().position(|value| !value.is_finite()).map(|at| from + at)
}

fn range<T: Real>(values: &[T], width: usize, column: usize) -> (f64, f64) {
    let start = (T::of(f64::INFINITY), T::of(f64::NEG_INFINITY));
    // Several side by side: each waits for the one before it in its own place only.
    let mut found = [start; 8];
    for block in values.chunks(found.len() * width) {
        for ((low, high), row) in found.iter_mut().zip(block.chunks_exact(width)) {
            let value = row[column];
            *low = if value < *low { value } else { *low };
            *high = if value > *high { value } else { *high };
        }
    }
    let (low, high) = (f64::INFINITY, f64::NEG_INFINITY);
    found
        .iter()
        .fold((low, high), |(low, high), found| (low.min(found.0.f64()), high.max(found.1.f64())))
}

/// A linear map: a matrix, and perhaps a bias.
#[derive(Debug, Clone, PartialEq)]
pub struct LinearMap {
    /// Number of output values.
    pub rows: usize,
    /// Number of input values.
    pub columns: usize,
    /// The matrix row by row: row r has the weights of output r.
    pub weights: Vec<f64>,
    /// The bias that is added to the output; empty if there is none.
    pub bias: Vec<f64>,
}

/// Points after one step, or the input.
#[derive(Debug, Clone, PartialEq)]
pub struct Stage {
    /// The name of the step in the network: `0`, `fc1`, `/conv1/Conv`; empty for the input.
    pub name: String,
    /// A label for the user: `Input`, `Linear Layer (2D → 3D)`, `Tanh`.
    pub label: String,
    /// The number of values of a point.
    pub width: usize,
    /// The points.
    pub values: Values,
    /// The matrix that the step multiplies by, if it is a linear map.
    pub map: Option<LinearMap>,
}

/// Most rows and columns of a matrix that is written out.
const MOST_ROWS: usize = 16;
const MOST_COLUMNS: usize = 8;
/// Largest side of a matrix whose stretches are found.
const MOST_STRETCHED: usize = 256;

impl LinearMap {
    /// Its singular values: the factors by which it stretches space, largest first. `None` if the
    /// matrix is too large to compute them quickly.
    pub fn stretches(&self) -> Option<Vec<f64>> {
        (self.rows.min(self.columns) <= MOST_STRETCHED && self.rows.max(self.columns) <= 4096)
            .then(|| singular_values(&self.weights, self.rows, self.columns))
    }

    /// Its determinant: the factor by which it changes areas and volumes, negative if it mirrors.
    /// `None` if the number of dimensions changes, or the matrix is too large to compute it
    /// quickly.
    pub fn determinant(&self) -> Option<f64> {
        (self.rows == self.columns && self.rows <= MOST_STRETCHED)
            .then(|| determinant(&self.weights, self.rows))
    }

    /// The matrix with four decimals, its singular values and determinant.
    pub fn text(&self) -> String {
        let decimals = NumberFormat::fixed(4);
        let ascii = |number: String| number.replace('−', "-");
        let number = |value: f64| ascii(decimals.write(value));
        let columns = self.columns.min(MOST_COLUMNS);
        let rows = self.rows.min(MOST_ROWS);
        let cells: Vec<Vec<String>> = (0..rows)
            .map(|row| {
                (0..columns).map(|at| number(self.weights[row * self.columns + at])).collect()
            })
            .collect();
        let width = cells.iter().flatten().map(String::len).max().unwrap_or(0);
        let more = if self.columns > columns { " …" } else { "" };
        let mut text = String::new();
        for (at, row) in cells.iter().enumerate() {
            let row: Vec<String> = row.iter().map(|cell| format!("{cell:>width$}")).collect();
            let open = if at == 0 { "[[" } else { " [" };
            let close = if at + 1 == self.rows { "]]" } else { "]" };
            text.push_str(&format!("{open}{}{more}{close}\n", row.join("  ")));
        }
        if self.rows > rows {
            text.push_str(&format!(" … {} x {} in all]\n", self.rows, self.columns));
        } else if self.columns > columns {
            text.push_str(&format!(" {} x {} in all\n", self.rows, self.columns));
        }
        if !self.bias.is_empty() && self.bias.iter().any(|&value| value != 0.0) {
            let shown: Vec<String> =
                self.bias.iter().take(MOST_COLUMNS).map(|&value| number(value)).collect();
            let more = if self.bias.len() > MOST_COLUMNS { " …" } else { "" };
            text.push_str(&format!("bias [{}{more}]\n", shown.join("  ")));
        }
        if let Some(stretches) = self.stretches() {
            let shown: Vec<String> =
                stretches.iter().take(MOST_COLUMNS).map(|&value| number(value)).collect();
            let more = if stretches.len() > MOST_COLUMNS { " …" } else { "" };
            text.push_str(&format!("singular values {}{more}\n", shown.join("  ")));
        }
        if let Some(determinant) = self.determinant() {
            // A small one is not zero.
            let is_lost = determinant != 0.0 && determinant.abs() < 5e-5;
            let shown = if is_lost { ascii(short(determinant)) } else { number(determinant) };
            text.push_str(&format!("determinant {shown}\n"));
        }
        text
    }

    /// The same in half a line, for pictures.
    pub(crate) fn words(&self) -> Option<String> {
        let stretches = self.stretches()?;
        let shown: Vec<String> =
            stretches.iter().take(4).map(|&value| hinton_chart::short(value)).collect();
        let more = if stretches.len() > 4 { " …" } else { "" };
        let determinant = match self.determinant() {
            Some(determinant) if self.rows <= 16 => {
                format!(" · determinant {}", hinton_chart::short(determinant))
            }
            _ => String::new(),
        };
        Some(format!("singular values {}{more}{determinant}", shown.join(", ")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_map_is_written_as_a_matrix() {
        let map = LinearMap {
            rows: 3,
            columns: 2,
            weights: vec![3.0, 0.0, 0.0, 3.0, 6.0, -6.0],
            bias: Vec::new(),
        };
        assert_eq!(
            map.text(),
            "[[ 3.0000   0.0000]\n [ 0.0000   3.0000]\n [ 6.0000  -6.0000]]\n\
             singular values 9.0000  3.0000\n"
        );
        let square = LinearMap {
            rows: 2,
            columns: 2,
            weights: vec![0.0, 1.0, 1.0, 0.0],
            bias: vec![0.5, 0.0],
        };
        assert!(
            square.text().ends_with(
                "bias [0.5000  0.0000]\nsingular values 1.0000  1.0000\ndeterminant -1.0000\n"
            ),
            "{}",
            square.text()
        );
        assert_eq!(square.words().unwrap(), "singular values 1, 1 · determinant −1");
        let large = LinearMap { rows: 20, columns: 10, weights: vec![1.0; 200], bias: Vec::new() };
        assert!(large.text().contains("… 20 x 10 in all]"), "{}", large.text());
    }
}
