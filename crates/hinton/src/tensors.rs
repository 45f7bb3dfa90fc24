//! Step 2, what was opened: tensors, slices of them, and their statistics.
//!
//! A [`Tensor`](crate::Tensor) is lazy: it knows where its values are, and reads them only on
//! request. [`select`](crate::select) picks tensors by name, glob and slice;
//! [`tensor`](crate::tensor()) and [`tensor_of`](crate::tensor_of) make them from arrays and slices
//! of your program. [`summarize`] computes the statistics of one tensor in one pass.
//!
//! ```
//! use hinton::tensors::summarize;
//! use hinton::{Work, tensor_of};
//!
//! let weights = tensor_of("w", &[2, 3], &[1.0_f32, -2.0, 0.0, 4.0, 0.5, -0.5])?;
//! let summary = summarize(&weights, Work::quiet())?;
//! assert_eq!((summary.min(), summary.max()), (Some(-2.0), Some(4.0)));
//! assert_eq!(summary.mean(), Some(0.5));
//! # Ok::<(), hinton::Error>(())
//! ```

pub use hinton_format::KernelAxes;
pub use hinton_tensor::examine::{Look, Odd};
pub use hinton_tensor::{
    Blocks, Component, Components, Endian, FilePart, Index, Slice, Stored, Summary, View, summarize,
};
pub use hinton_weights::{AxisNames, Element, NamesOf, is_glob, names_of_table, select_from};
