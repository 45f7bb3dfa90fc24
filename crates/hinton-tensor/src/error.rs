//! What can go wrong with a tensor once its file is open.

use crate::{Cancelled, ReadError};

/// A view that cannot be made, or values that cannot be read. Each names the tensor.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TensorError {
    /// Shape, strides and offset reach outside the bytes that hold the tensor.
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
        /// The bytes it would touch, as a range for people.
        needs: String,
        /// Bytes there are.
        have: u64,
    },
    /// The number of elements passes what can be counted.
    #[error("tensor {name:?}: shape {shape:?} has more elements than 64 bits can count")]
    TooManyElements {
        /// Tensor name.
        name: String,
        /// Its shape.
        shape: Vec<usize>,
    },
    /// A slice, reshape or transpose that does not fit the shape.
    #[error("tensor {name:?} of shape {shape:?}: {why}")]
    Shape {
        /// Tensor name.
        name: String,
        /// Its shape.
        shape: Vec<usize>,
        /// What was asked, expected and found.
        why: String,
    },
    /// More values than memory has room for.
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
        /// Why.
        source: ReadError,
    },
    /// The work was cancelled.
    #[error(transparent)]
    Cancelled(#[from] Cancelled),
}

impl TensorError {
    /// The tensor concerned; `None` when the work was cancelled.
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

    /// What is wrong, without the tensor's name, for reports that name it themselves.
    pub fn what(&self) -> String {
        let whole = self.to_string();
        let name = self.tensor().map(|name| format!("tensor {name:?}")).unwrap_or_default();
        let what = whole.strip_prefix(&name).unwrap_or(&whole);
        what.trim_start_matches([':', ' ']).to_owned()
    }
}
