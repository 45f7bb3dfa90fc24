//! Training runs: anything that has steps, as one ordered series.
//!
//! [`open_run`] opens a file with a list of arrays or with an array over time, a folder or list of
//! checkpoints in any format that `hinton` reads, or a run folder. It gives a [`Run`]: steps in
//! order, each with a number, possibly a time and metrics, and named tensors that are read on
//! request. [`RunWriter`] writes run folders, which can be read while they are being written.
//!
//! Nothing is skipped silently: a step that cannot be read stays in the list with its error, and
//! anything unusual (a tensor that changes its shape, skipped files, duplicate step numbers) is a
//! warning.
//!
//! Internal to `hinton`: this crate may change without notice.
#![deny(unsafe_code)]

mod disk;
mod error;
mod folder;
pub mod glob;
mod json;
mod memory;
mod metrics;
mod name;
mod open;
mod run;
mod scan;
mod series;
mod single;
mod write;

pub use error::RunError;
pub use hinton_format::Warning;
pub use hinton_tensor::natural_cmp;
pub use memory::run_of;
pub use metrics::{LogRow, Metrics, is_pace, open_log, open_logs};
pub use open::{RunOptions, is_run_folder, open_run, open_run_watched};
pub use run::{Run, RunKind, RunTensor, Span, Step};
pub use series::weights_in;
pub use write::{NewStep, NewTensor, RunWriter, is_unbegun, remove_run, run_settings};

/// The value of `format` in `run.json`.
pub const RUN_FORMAT: &str = "hinton-run";
/// The version of run folders that is written, and the highest that is read.
pub const RUN_VERSION: u64 = 1;
