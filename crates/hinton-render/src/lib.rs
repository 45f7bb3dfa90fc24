//! Renders scenes to bytes. Each output is one file in `outputs/` and one row in [`OUTPUTS`]; each
//! output for films is one file in `films/` and one row in [`FILMS`](films::FILMS).
//!
//! An output never lays anything out and never sees a tensor: it draws the items of a
//! [`Scene`](hinton_scene::Scene). The same scene gives the same bytes on every machine.
//!
//! Internal to `hinton`: this crate may change without notice.
#![forbid(unsafe_code)]

pub mod films;
pub mod outputs;
pub mod raster;

pub use hinton_words::{PixelLimit, RenderError};
pub use outputs::terminal::{Graphics, TerminalOptions};
pub use outputs::{
    MOST_PATH_DOTS, OUTPUTS, OutputRow, RenderOptions, base64, check_page, check_size,
};
