//! Data sets: points with their classes.

mod digits;
mod toys;

use crate::sparse::SparseRows;
use crate::{Real, Shape};

pub use digits::digits;
pub use toys::{TOYS, ToyRow};

/// A data set: points with their classes.
#[derive(Debug, Clone)]
pub struct DataSet {
    /// Its name.
    pub name: String,
    /// The shape of a point.
    pub input: Shape,
    /// Names of the classes.
    pub classes: Vec<String>,
    /// The points.
    pub inputs: Inputs,
    /// The class of each point.
    pub labels: Vec<u32>,
}

/// A copy, to be shared by what keeps it. Large data are shared from the beginning.
impl From<&DataSet> for std::sync::Arc<DataSet> {
    fn from(data: &DataSet) -> Self {
        data.clone().into()
    }
}

/// Points as rows of values.
#[derive(Debug, Clone)]
pub enum Inputs {
    /// Every value, row after row.
    Dense {
        /// Number of values of a point.
        width: usize,
        /// The values.
        values: Vec<f32>,
    },
    /// Only the values that are not zero.
    Sparse(SparseRows<f32>),
}

impl Inputs {
    /// Points of `width` values, stored without zeros if most values are zero.
    pub fn new(width: usize, values: Vec<f32>) -> Self {
        match SparseRows::new(&values, width, |value| value == 0.0, |value| value) {
            Some(rows) => Inputs::Sparse(rows),
            None => Inputs::Dense { width, values },
        }
    }

    /// Points of `width` bytes, each divided by `divisor`.
    pub fn of_bytes(width: usize, bytes: &[u8], divisor: f32) -> Self {
        let table: [f32; 256] = std::array::from_fn(|byte| byte as f32 / divisor);
        let real = |byte: u8| table[usize::from(byte)];
        match SparseRows::new(bytes, width, |byte| byte == 0, real) {
            Some(rows) => Inputs::Sparse(rows),
            None => Inputs::Dense { width, values: bytes.iter().map(|byte| real(*byte)).collect() },
        }
    }

    /// Number of points.
    pub fn len(&self) -> usize {
        match self {
            Inputs::Dense { width, values } => values.len() / (*width).max(1),
            Inputs::Sparse(rows) => rows.len(),
        }
    }

    /// Whether there are no points.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Number of values of a point.
    pub fn width(&self) -> usize {
        match self {
            Inputs::Dense { width, .. } => *width,
            Inputs::Sparse(rows) => rows.width(),
        }
    }

    /// All values of the points with these indices.
    pub fn gather(&self, which: &[u32]) -> Vec<f32> {
        let width = self.width();
        let mut rows = vec![0.0; which.len() * width];
        for (row, out) in which.iter().zip(rows.chunks_exact_mut(width.max(1))) {
            let row = *row as usize;
            match self {
                Inputs::Dense { values, .. } => {
                    out.copy_from_slice(&values[row * width..][..width])
                }
                Inputs::Sparse(rows) => rows.write(row, out),
            }
        }
        rows
    }
}

impl DataSet {
    /// Number of points.
    pub fn len(&self) -> usize {
        self.labels.len()
    }

    /// Whether there are no points.
    pub fn is_empty(&self) -> bool {
        self.labels.is_empty()
    }

    /// A hash of the points and their classes, to verify that training resumes with the same data.
    /// Not secure against deliberate collisions.
    pub fn fingerprint(&self) -> u64 {
        let mut hash = 0xcbf2_9ce4_8422_2325u64;
        // FNV-1a by words instead of bytes.
        let mut mix = |word: u64| {
            hash = (hash ^ word).wrapping_mul(0x0000_0100_0000_01b3).rotate_left(29);
        };
        mix(self.len() as u64);
        mix(self.inputs.width() as u64);
        self.labels.iter().for_each(|label| mix(u64::from(*label)));
        match &self.inputs {
            Inputs::Dense { values, .. } => {
                values.iter().for_each(|value| mix(u64::from(value.to_bits())));
            }
            Inputs::Sparse(rows) => (0..rows.len()).for_each(|row| {
                let (columns, values) = rows.row(row);
                let pairs = columns.iter().zip(values);
                pairs.for_each(|(column, value)| {
                    mix(u64::from(*column) << 32 | u64::from(value.to_bits()));
                });
            }),
        }
        hash
    }
}

/// Some points, in the form that a network takes them.
#[derive(Debug, Clone, Copy)]
pub enum Rows<'a, R> {
    /// All values.
    Dense(&'a [R]),
    /// The rows with these indices, without their zeros.
    Sparse(&'a SparseRows<R>, &'a [u32]),
}

impl<R: Real> Rows<'_, R> {
    /// Number of values, including zeros.
    pub fn values(&self) -> usize {
        match self {
            Rows::Dense(values) => values.len(),
            Rows::Sparse(rows, which) => rows.width() * which.len(),
        }
    }
}
