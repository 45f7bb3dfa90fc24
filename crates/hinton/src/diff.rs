//! Two checkpoints compared, or the steps of a run: as values, text, tables and pictures.
//!
//! [`diff`] matches the tensors of two checkpoints by their names, and [`Diff::read`] measures each
//! pair in one pass.
//!
//! ```
//! use hinton::diff::{Rule, diff};
//! use hinton::{Work, train};
//!
//! let (before, after) = (train::digits("softmax", 1)?, train::digits("softmax", 2)?);
//! let mut found = diff(&before, &after, &["weight"], Rule::default())?;
//! found.read(Work::quiet())?;
//! assert!(!found.is_same());
//! # Ok::<(), hinton::Error>(())
//! ```

pub use hinton_chart::change::{Against, AgainstUnit};
pub use hinton_diff::*;
