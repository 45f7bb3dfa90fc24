//! Scenes: pictures in which everything is resolved, which every output of `hinton` draws.
//!
//! A [`Scene`] has final positions in points (1/72 inch, y down), final colours and measured text.
//! It knows nothing about data, scales or options; an output is a loop over its [`Item`]s. Since no
//! output lays anything out, the same scene has the same layout in every output.
//!
//! Internal to `hinton`: this crate may change without notice.
#![forbid(unsafe_code)]

mod color;
mod faces;
mod font;
mod geometry;
mod item;
mod line;
mod scaled;
mod text;

pub use color::Color;
pub use faces::{
    Coverage, FontError, FontFile, FontSource, Typeface, coverage, lacking_characters,
    set_font_source, with_typeface,
};
pub use font::{Font, Outline, Weight};
pub use geometry::{Path, Point, Rect, Segment};
pub use hinton_words::visible;
pub use item::{Cells, Dots, Group, Image, Item, MarkShape, Marks, Piece, Scene, Shape, Stroke};
pub use text::{Align, Baseline, Glyph, Text, TextStyle, fit, measure, turn};
