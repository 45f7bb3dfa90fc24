//! The input and output of charts.

use std::sync::Arc;

use hinton_scene::Scene;
use hinton_tensor::spectrum::Spectrum;
use hinton_tensor::{Grid, Summary};

use crate::{Numbering, Sections, shape_text};

/// The size of a panel, which a chart is given before values are read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Extent {
    /// Number of rows of values.
    pub rows: usize,
    /// Number of columns of values.
    pub cols: usize,
    /// How the rows are numbered.
    pub row_numbers: Numbering,
    /// How the columns are numbered.
    pub col_numbers: Numbering,
    /// Named sections of the rows, such as attention heads.
    pub row_sections: Option<Arc<Sections>>,
    /// Named sections of the columns.
    pub col_sections: Option<Arc<Sections>>,
    /// The index in the file of each row, if they were reordered.
    pub row_order: Option<Arc<[usize]>>,
    /// The index in the file of each column, if they were reordered.
    pub col_order: Option<Arc<[usize]>>,
}

impl Extent {
    /// This number of rows and columns, numbered from 0.
    pub fn new(rows: usize, cols: usize) -> Self {
        let numbers = Numbering::default();
        Extent {
            rows,
            cols,
            row_numbers: numbers,
            col_numbers: numbers,
            row_sections: None,
            col_sections: None,
            row_order: None,
            col_order: None,
        }
    }
}

/// A tensor, or a slice of one, ready to draw.
#[derive(Debug, Clone)]
pub struct Panel {
    /// The tensor's name, as in the file.
    pub name: String,
    /// The slice, such as `[0,:,:]`; or the number of one of several pictures of the tensor (`3`);
    /// else empty.
    pub part: String,
    /// The shape of what is shown, before it was laid out as a matrix.
    pub shape: Vec<usize>,
    /// The name of its dtype.
    pub dtype: &'static str,
    /// What the rows and columns are, for the user: `rows ↓ axis 0 (784), columns → axis 1 (10)`.
    pub orientation: String,
    /// Which picture of the tensor this is, as its axis numbers it; `None` for a whole tensor or
    /// slice.
    pub number: Option<i64>,
    /// The size of the matrix before it was reduced.
    pub extent: Extent,
    /// The values: one grid, or three for a colour picture (red, green, blue), or none if the chart
    /// only needs statistics.
    pub grids: Vec<Grid>,
    /// Statistics of all values.
    pub summary: Summary,
    /// Statistics of this panel over all pictures that are shown next to this one, such as all
    /// steps of a run; `None` for a single picture.
    pub over: Option<Arc<Summary>>,
    /// Its data along an axis, such as the steps of a run; empty if the chart does not need any.
    pub course: Course,
}

impl Panel {
    /// The name and the slice or number as one text.
    pub fn label(&self) -> String {
        format!("{}{}", self.name, self.part)
    }

    /// The statistics that its scale is fitted to: over all pictures that are shown together, or of
    /// this one.
    pub fn span(&self) -> &Summary {
        self.over.as_deref().unwrap_or(&self.summary)
    }

    /// Whether its values are bytes, like the images of a data set.
    pub fn is_picture(&self) -> bool {
        self.dtype == "u8"
    }

    /// The shape as text: `784 × 10`.
    pub fn shape_text(&self) -> String {
        shape_text(&self.shape)
    }
}

/// The data of a panel along an axis: the steps of a run, or the indices of a vector.
#[derive(Debug, Clone, PartialEq, Default)]
pub enum Course {
    /// No such data.
    #[default]
    None,
    /// A value at each position. Positions are finite and never decrease; values may be NaN or
    /// infinite.
    Line(Vec<(f64, f64)>),
    /// The distribution of a tensor's values at each position; positions never decrease.
    Spreads(Vec<Spread>),
    /// The singular values of a matrix; `None` if it has none because some values are not finite.
    Spectrum(Option<Box<Spectrum>>),
    /// Measures of a tensor at each position; positions never decrease.
    Measures(Vec<Measures>),
}

impl Course {
    /// The positions with their values; empty for other kinds of data.
    pub fn line(&self) -> &[(f64, f64)] {
        match self {
            Course::Line(points) => points,
            _ => &[],
        }
    }

    /// The distributions; empty for other kinds of data.
    pub fn spreads(&self) -> &[Spread] {
        match self {
            Course::Spreads(spreads) => spreads,
            _ => &[],
        }
    }

    /// The singular values; `None` if there are none, or for other kinds of data.
    pub fn spectrum(&self) -> Option<&Spectrum> {
        match self {
            Course::Spectrum(spectrum) => spectrum.as_deref(),
            _ => None,
        }
    }

    /// The measures; empty for other kinds of data.
    pub fn measures(&self) -> &[Measures] {
        match self {
            Course::Measures(measures) => measures,
            _ => &[],
        }
    }
}

/// Measures of the finite values of a tensor at one position.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Measures {
    /// The position: the number of the step.
    pub place: f64,
    /// Root mean square; `None` if no value is finite.
    pub rms: Option<f64>,
    /// Standard deviation; `None` if no value is finite.
    pub std: Option<f64>,
    /// Largest magnitude; `None` if no value is finite.
    pub max: Option<f64>,
    /// Share of values that are exactly zero, 0 to 1; `None` if there are no values.
    pub zeros: Option<f64>,
    /// Norm of the change since the previous position, divided by the norm of the tensor there;
    /// `None` if there was none, or it was all zeros.
    pub update: Option<f64>,
    /// Number of values that are NaN or infinite.
    pub odd: u64,
}

impl Measures {
    /// The measures of these values at a position.
    pub fn of(place: f64, summary: &Summary) -> Measures {
        let share = summary.zeros as f64 / summary.elements.max(1) as f64;
        Measures {
            place,
            rms: summary.rms(),
            std: summary.std(),
            max: summary.max_abs(),
            zeros: (summary.elements > 0).then_some(share),
            update: None,
            odd: summary.elements - summary.finite(),
        }
    }
}

/// The distribution of a tensor's values at one position, in a few numbers.
#[derive(Debug, Clone, PartialEq)]
pub struct Spread {
    /// The position: the number of the step.
    pub place: f64,
    /// The tensor's shape there; `None` if the tensor is missing.
    pub shape: Option<Vec<usize>>,
    /// Number of values.
    pub elements: u64,
    /// Number of values that are NaN.
    pub nan: u64,
    /// Number of values that are infinite, of either sign.
    pub infinite: u64,
    /// The [`QUANTILES`](Spread::QUANTILES) of the finite values; `None` if there are none.
    pub quantiles: Option<[f64; 9]>,
}

impl Spread {
    /// The quantiles that are recorded: minimum, 1, 5, 25, 50, 75, 95 and 99 %, and maximum.
    pub const QUANTILES: [f64; 9] = [0.0, 0.01, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99, 1.0];

    /// The distribution of these values at a position.
    pub fn of(place: f64, shape: &[usize], summary: &Summary) -> Spread {
        let quantiles: Option<Vec<f64>> =
            Spread::QUANTILES.iter().map(|&q| summary.quantile(q)).collect();
        Spread {
            place,
            shape: Some(shape.to_vec()),
            elements: summary.elements,
            nan: summary.nan,
            infinite: summary.pos_inf + summary.neg_inf,
            quantiles: quantiles.and_then(|all| all.try_into().ok()),
        }
    }

    /// A missing tensor at a position.
    pub fn missing(place: f64) -> Spread {
        Spread { place, shape: None, elements: 0, nan: 0, infinite: 0, quantiles: None }
    }
}

/// A drawn picture: the scene, and notes for the user.
#[derive(Debug, Clone)]
pub struct Picture {
    /// The scene.
    pub scene: Scene,
    /// Notes for the user, one sentence each; they are also in the picture if it has a legend.
    pub notes: Vec<String>,
}
