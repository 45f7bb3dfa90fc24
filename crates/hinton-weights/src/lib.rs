//! Weights files without pictures: opened, selected, inspected, checked, exported, summarized.
//!
//! Everything here is asked by name and answered with values, text, JSON or a file; nothing knows
//! a chart. [`Error`] is the one error type of hinton, up to the facade.
//!
//! Internal to `hinton`, which re-exports what users need: this crate may change without notice.
#![forbid(unsafe_code)]

pub mod check;
pub mod data_sets;
pub mod export;
pub mod inspect;
pub mod summary;

mod error;
mod input;
mod learned;
mod loss;
mod names;
mod open;
mod repeated;
mod run_names;
mod select;
mod structure;
mod write;

pub use export::export;

pub use error::{Error, Fault};
pub use input::{Element, tensor, tensor_of};
pub use learned::{chosen, confusion, learned};
pub use loss::loss_words;
pub use names::{AxisNames, NamesOf, names_beside, names_of_table};
pub use open::{
    folders_in, is_address, is_file, is_folder, open, open_at, open_bytes, open_log, open_logs,
    open_run, open_with, weights_in,
};
pub use run_names::{run_name, run_names};
pub use select::{
    Selected, addressable, fits_glob, is_glob, near, select, select_from, structure_of,
};
pub use structure::Structure;
pub use write::{Sink, make_folder, write_by, write_bytes, write_with};
