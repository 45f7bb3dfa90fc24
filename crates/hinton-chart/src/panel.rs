//! What a chart is given, and what it gives back.

use std::sync::Arc;

use hinton_scene::Scene;
use hinton_tensor::{Grid, Summary};

/// What a chart is told before values are read: how large each panel is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Extent {
    /// Rows of values.
    pub rows: usize,
    /// Columns of values.
    pub cols: usize,
}

/// One tensor (or a slice of one), ready to draw.
#[derive(Debug, Clone)]
pub struct Panel {
    /// The tensor's name, as in the file.
    pub name: String,
    /// The slice taken, `[0,:,:]`, or empty; or which picture of a tensor this is (`3`).
    pub part: String,
    /// Shape of what is shown, before it was laid out as a matrix.
    pub shape: Vec<usize>,
    /// Its dtype's name.
    pub dtype: &'static str,
    /// What runs down and right, for people: `rows ↓ axis 0 (784), columns → axis 1 (10)`.
    pub orientation: String,
    /// Rows and columns of the matrix before it was reduced.
    pub extent: Extent,
    /// The values: one grid; three for a colour picture (red, green, blue); none where the chart
    /// asked for statistics only.
    pub grids: Vec<Grid>,
    /// Statistics of all values.
    pub summary: Summary,
    /// Statistics of this panel over all pictures that are shown beside this one, such as all steps
    /// of a run; `None` where the picture stands alone.
    pub over: Option<Arc<Summary>>,
}

impl Panel {
    /// Name and part as one text.
    pub fn label(&self) -> String {
        format!("{}{}", self.name, self.part)
    }

    /// What its scale is fitted to: all pictures that are shown beside this one, or this one.
    pub fn span(&self) -> &Summary {
        self.over.as_deref().unwrap_or(&self.summary)
    }

    /// The shape as people write it: `784 × 10`.
    pub fn shape_text(&self) -> String {
        match self.shape.as_slice() {
            [] => "one value".to_owned(),
            shape => shape.iter().map(usize::to_string).collect::<Vec<_>>().join(" × "),
        }
    }
}

/// A drawn picture: the scene, and what a person should know that it could not say itself.
#[derive(Debug, Clone)]
pub struct Picture {
    /// The picture.
    pub scene: Scene,
    /// Notes for the person, one sentence each (they are also in the picture where it has a legend).
    pub notes: Vec<String>,
}
