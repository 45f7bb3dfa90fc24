//! The row of an output.

use hinton_scene::Scene;

use super::RenderOptions;
use crate::RenderError;

/// An output: a way to render a scene.
pub struct OutputRow {
    /// Its name.
    pub name: &'static str,
    /// A description in one line.
    pub about: &'static str,
    /// A description in a paragraph: what is vector, what is pixels, what it is good for.
    pub help: &'static str,
    /// The extensions that select it, without the dot.
    pub extensions: &'static [&'static str],
    /// Media type.
    pub mime: &'static str,
    /// Renders the scene.
    pub write: fn(&Scene, &RenderOptions) -> Result<Vec<u8>, RenderError>,
}
