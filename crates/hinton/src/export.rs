//! The values themselves, in files that other programs read: npy, npz, CSV, safetensors.
//!
//! [`export`](crate::export()) is enough for most programs; an [`Export`] says more exactly what is
//! written, and reports its progress.
//!
//! ```
//! use hinton::export::{Export, named};
//! use hinton::{Quiet, Selected, tensor_of};
//!
//! let weights = tensor_of("w", &[2, 2], &[1.0_f32, -2.0, 0.5, 4.0])?;
//! let selected = [Selected::from(weights)];
//! let mut text = Vec::new();
//! Export::values(&selected, named("csv")?).write(&mut text, &Quiet)?;
//! assert!(String::from_utf8_lossy(&text).contains("-2"));
//! # Ok::<(), hinton::Error>(())
//! ```

pub use hinton_weights::export::*;
