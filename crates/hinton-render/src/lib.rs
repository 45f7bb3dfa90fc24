//! Scenes to bytes: one file an output in `outputs/`, one row each in [`OUTPUTS`]; scenes with times
//! to films in `films/`, one row each in [`FILMS`](films::FILMS).
//!
//! An output never lays anything out and never sees a tensor: it draws the items of a
//! [`Scene`](hinton_scene::Scene). The same scene gives the same bytes on every machine.
//!
//! Internal to `hinton`: this crate may change without notice.
#![forbid(unsafe_code)]

mod error;
pub mod films;
pub mod outputs;
pub mod raster;

pub use error::{PixelLimit, RenderError};
pub use outputs::terminal::{Graphics, TerminalOptions};
pub use outputs::{OUTPUTS, OutputRow, RenderOptions, base64, check_page, check_size};
