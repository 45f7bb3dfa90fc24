//! Whether a file is sound: NaNs, dead units, repeated rows and much else, found in one pass.
//!
//! Every kind of [`Finding`] is a row of [`CHECKS`], which says what it means and what to do.
//!
//! ```
//! use hinton::check::check_tensor;
//! use hinton::{Work, tensor_of};
//!
//! let weights = tensor_of("w", &[2, 2], &[1.0_f32, f32::NAN, 0.5, 2.0])?;
//! let findings = check_tensor(&weights, Work::quiet())?;
//! assert_eq!(findings[0].kind.name, "nan");
//! # Ok::<(), hinton::Error>(())
//! ```

pub use hinton_weights::check::*;
