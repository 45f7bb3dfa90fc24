//! Statistics of a checkpoint that is too large for one machine.
//!
//! The work is planned as a list of tasks ([`plan`]), each of which can be done anywhere and in any
//! order ([`do_task`]), and the results are combined ([`merge`]) to exactly the bytes that one pass
//! over the whole would give. A [`Task`] is a line of text, so any engine that maps a function over
//! a list can run it.
//!
//! ```
//! # let folder = std::env::temp_dir().join(format!("hinton-doc-summary-{}", std::process::id()));
//! # std::fs::create_dir_all(&folder)?;
//! # let path = folder.join("digits.safetensors");
//! # hinton::export(hinton::train::digits("softmax", 1)?.tensors, &path)?;
//! use hinton::{Work, open, summary};
//!
//! let model = open(path)?;
//! // Each task reads about a gigabyte.
//! let tasks = summary::plan(&model, 1 << 30)?;
//! let done = tasks.iter().enumerate().map(|(index, task)| {
//!     Ok((format!("task {index}"), summary::do_task(&model, task, Work::quiet())?))
//! });
//! let whole = summary::merge(done, false)?;
//! assert_eq!(whole.known, whole.all);
//! # std::fs::remove_dir_all(&folder)?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

pub use hinton_tensor::{Folding, Looked, PartError, SummaryPart};
pub use hinton_weights::summary::*;
