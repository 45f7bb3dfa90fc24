//! What a file holds: names, shapes, sizes, and on request statistics, as values or as JSON.
//!
//! ```
//! use hinton::inspect::inspect;
//! use hinton::{Work, train};
//!
//! let model = train::digits("softmax", 1)?;
//! let mut report = inspect(&model, &["weight", "bias"])?;
//! assert_eq!(report.parameters(), 64 * 10 + 10);
//! // So far no value has been read.
//! report.summarize(Work::quiet())?;
//! assert!(report.to_json()?.contains("\"mean\""));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

pub use hinton_tensor::spectrum::{PowerLaw, Spectrum};
pub use hinton_weights::inspect::*;
