//! The row of a layer.

use std::fmt::Debug;

use super::{Arguments, Layer};
use crate::Shape;

/// A kind of layer.
pub struct LayerRow {
    /// Its word in a spec, and its name in lists.
    pub name: &'static str,
    /// Its name in titles of pictures.
    pub title: &'static str,
    /// A description in one line.
    pub about: &'static str,
    /// The formula, the arguments after the word, and special cases.
    pub help: &'static str,
    /// Its syntax: `conv:FILTERS:SIZE[:STRIDE[:PADDING]]`.
    pub usage: &'static str,
    /// A complete spec with this layer.
    pub example: &'static str,
    pub(crate) build: Builders,
}

impl Debug for LayerRow {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "LayerRow({})", self.name)
    }
}

/// Builds a layer from the arguments after its word, for rows of this shape. The error says what is
/// wrong.
pub type BuildFn<R> = fn(&Arguments<'_>, &Shape) -> Result<Box<dyn Layer<R>>, String>;

/// [`BuildFn`] for each type of number.
pub struct Builders {
    pub(crate) f32: BuildFn<f32>,
    pub(crate) f64: BuildFn<f64>,
}
