//! What is said in words: names, numbers and shapes as text, and the errors of charts, outputs and
//! films.
//!
//! Charts say it in pictures, and reports in text; neither needs the other for it. The errors are
//! here rather than where they occur, so that one type holds every error of hinton, below the
//! crates that draw.
#![forbid(unsafe_code)]

mod axis;
mod chart_error;
mod escape;
mod film_error;
mod mention;
mod number;
mod render_error;

pub use axis::{Numbering, Sections, shape_text};
pub use chart_error::ChartError;
pub use escape::visible;
pub use film_error::{FilmError, SourceError};
pub use mention::{Mention, respelled};
pub use number::{short, short_count, significant, trim};
pub use render_error::{MOST_PIXELS, MOST_SIDE, PixelLimit, RenderError};
