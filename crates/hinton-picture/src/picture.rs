//! A picture with the notes that belong to it.

use hinton_render::RenderOptions;
use hinton_scene::Scene;

/// A picture that has been drawn, ready to be saved.
#[derive(Debug, Clone)]
pub struct Picture {
    /// The scene: all positions, colours and text, resolved.
    pub scene: Scene,
    /// Notes for the user that the picture itself may not show, one sentence each.
    pub notes: Vec<String>,
    /// The resolution it was drawn for, in pixels per inch.
    pub dpi: f64,
}

impl Picture {
    /// Options that render it at the resolution it was drawn for.
    pub fn render_options(&self) -> RenderOptions {
        let mut options = RenderOptions::default();
        options.dpi = self.dpi;
        options
    }
}
