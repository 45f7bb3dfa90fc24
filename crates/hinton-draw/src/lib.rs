//! Draws what a request says: tensors laid out by their shape, runs over their steps, films.
//!
//! A [`DrawRequest`] says what and how; [`settings`] are the same by name, as the command line and
//! Python have them.
//!
//! Internal to `hinton`, which re-exports what users need: this crate may change without notice.
#![forbid(unsafe_code)]

pub mod animate;
pub mod arrange;
pub mod runs;
pub mod settings;
pub mod space;
pub mod training;

mod draw;
mod figure;

pub use animate::{AnimateRequest, Film, animate, animate_with};
pub use arrange::{Each, Order, OrderBy, Permute, Reshape};
pub use runs::{RunRequest, draw_runs, draw_runs_with};
pub use settings::SETTINGS;

use hinton_picture::FilmSettings;
use hinton_weights::Error;

pub use draw::{DrawRequest, draw, draw_arrangement, draw_arrangement_with, draw_with};
pub use figure::{PanelScale, draw_panels, draw_panels_with};
