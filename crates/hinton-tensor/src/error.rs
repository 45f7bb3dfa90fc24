//! Errors about a tensor of an open file.

use crate::{Cancelled, ReadError};

/// A view cannot be made, or values cannot be read. Each error names the tensor.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TensorError {
    /// Shape, strides and offset reach beyond the bytes that hold the tensor.
    #[error(
        "tensor {name:?}: shape {shape:?} of {dtype} needs bytes {needs}, its data has {have} bytes"
    )]
    OutOfBytes {
        /// Tensor name.
        name: String,
        /// Its shape.
        shape: Vec<usize>,
        /// Its dtype's name.
        dtype: &'static str,
        /// The range of bytes it would need, as text for the user.
        needs: String,
        /// Number of bytes that exist.
        have: u64,
    },
    /// The number of elements does not fit in 64 bits.
    #[error("tensor {name:?}: shape {shape:?} has more elements than 64 bits can count")]
    TooManyElements {
        /// Tensor name.
        name: String,
        /// Its shape.
        shape: Vec<usize>,
    },
    /// A slice, reshape or transpose does not fit the shape.
    #[error("tensor {name:?} of shape {shape:?}: {why}")]
    Shape {
        /// Tensor name.
        name: String,
        /// Its shape.
        shape: Vec<usize>,
        /// What was requested, expected and found.
        why: String,
    },
    /// The values do not fit in memory.
    #[error("tensor {name:?} of shape {shape:?} has more values than memory has room for")]
    OutOfMemory {
        /// Tensor name.
        name: String,
        /// Its shape.
        shape: Vec<usize>,
    },
    /// Bytes could not be read.
    #[error("tensor {name:?} in {file}: {source}")]
    Read {
        /// Tensor name.
        name: String,
        /// File that holds it.
        file: String,
        /// The reason.
        source: ReadError,
    },
    /// The work was cancelled.
    #[error(transparent)]
    Cancelled(#[from] Cancelled),
}

impl TensorError {
    /// The name of the tensor; `None` if the work was cancelled.
    pub fn tensor(&self) -> Option<&str> {
        match self {
            TensorError::OutOfBytes { name, .. }
            | TensorError::TooManyElements { name, .. }
            | TensorError::Shape { name, .. }
            | TensorError::OutOfMemory { name, .. }
            | TensorError::Read { name, .. } => Some(name),
            TensorError::Cancelled(_) => None,
        }
    }

    /// What is wrong, without the tensor's name, for reports that show the name elsewhere.
    pub fn what(&self) -> String {
        let whole = self.to_string();
        let name = self.tensor().map(|name| format!("tensor {name:?}")).unwrap_or_default();
        let what = whole.strip_prefix(&name).unwrap_or(&whole);
        what.trim_start_matches([':', ' ']).to_owned()
    }
}
