//! What a chart is given, and what it gives back.

use std::sync::Arc;

use hinton_scene::Scene;
use hinton_tensor::spectrum::Spectrum;
use hinton_tensor::{Grid, Summary};

use crate::Sections;

/// What a chart is told before values are read: how large each panel is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Extent {
    /// Rows of values.
    pub rows: usize,
    /// Columns of values.
    pub cols: usize,
    /// The numbers of the rows.
    pub row_numbers: Numbering,
    /// The numbers of the columns.
    pub col_numbers: Numbering,
    /// Parts of the rows that are known by name, such as attention heads.
    pub row_sections: Option<Arc<Sections>>,
    /// The same of the columns.
    pub col_sections: Option<Arc<Sections>>,
    /// Which position of the file each row is, where they were put in another order.
    pub row_order: Option<Arc<[usize]>>,
    /// The same of the columns.
    pub col_order: Option<Arc<[usize]>>,
}

impl Extent {
    /// So many rows and columns, numbered from 0.
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

/// The numbers that positions of an axis have: in a slice those of the whole tensor, so that
/// row 0 of `[1:5]` is called 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Numbering {
    /// The number of the first position.
    pub first: i64,
    /// From one number to the next; negative where the axis was reversed.
    pub step: i64,
}

impl Default for Numbering {
    /// 0, 1, 2 …
    fn default() -> Self {
        Numbering { first: 0, step: 1 }
    }
}

impl Numbering {
    /// The number of a position.
    pub fn number(self, at: usize) -> i64 {
        let at = i64::try_from(at).unwrap_or(i64::MAX);
        self.first.saturating_add(self.step.saturating_mul(at))
    }
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
    /// Which picture of a tensor this is, as its axis numbers it; `None` of a tensor or slice whole.
    pub number: Option<i64>,
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
    /// What it is along an axis such as the steps of a run; empty where the chart asked for none.
    pub course: Course,
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

    /// Whether it is made of bytes, as the images of a data set are.
    pub fn is_picture(&self) -> bool {
        self.dtype == "u8"
    }

    /// The shape as people write it: `784 × 10`.
    pub fn shape_text(&self) -> String {
        shape_text(&self.shape)
    }
}

/// What a panel is along an axis: the steps of a run, the positions of a vector.
#[derive(Debug, Clone, PartialEq, Default)]
pub enum Course {
    /// Nothing of the kind.
    #[default]
    None,
    /// A number at each place. Places are finite and never fall; a value may be NaN or infinite.
    Line(Vec<(f64, f64)>),
    /// How the values of a tensor spread at each place; places never fall.
    Spreads(Vec<Spread>),
    /// The singular values of a matrix; `None` where it has none, because not all of it is finite.
    Spectrum(Option<Box<Spectrum>>),
    /// Figures of a tensor at each place; places never fall.
    Measures(Vec<Measures>),
}

impl Course {
    /// Numbers at their places; none where it is something else.
    pub fn line(&self) -> &[(f64, f64)] {
        match self {
            Course::Line(points) => points,
            _ => &[],
        }
    }

    /// Spreads at their places; none where it is something else.
    pub fn spreads(&self) -> &[Spread] {
        match self {
            Course::Spreads(spreads) => spreads,
            _ => &[],
        }
    }

    /// Singular values; `None` where there are none, or it is something else.
    pub fn spectrum(&self) -> Option<&Spectrum> {
        match self {
            Course::Spectrum(spectrum) => spectrum.as_deref(),
            _ => None,
        }
    }

    /// Figures at their places; none where it is something else.
    pub fn measures(&self) -> &[Measures] {
        match self {
            Course::Measures(measures) => measures,
            _ => &[],
        }
    }
}

/// Figures of the values of a tensor at one place, over those that are finite.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Measures {
    /// Where it is: the number of the step.
    pub place: f64,
    /// Root mean square; `None` where no value is finite.
    pub rms: Option<f64>,
    /// Standard deviation; `None` where no value is finite.
    pub std: Option<f64>,
    /// Largest magnitude; `None` where no value is finite.
    pub max: Option<f64>,
    /// Share of values that are exactly zero, 0 to 1; `None` where there are no values.
    pub zeros: Option<f64>,
    /// Norm of what was added since the place before, over the norm of what was there; `None` where
    /// nothing was before, or it was all zeros.
    pub update: Option<f64>,
    /// Values that are not a number, or infinite.
    pub odd: u64,
}

impl Measures {
    /// The figures of those values at a place.
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

/// How the values of a tensor spread at one place: a summary in a few numbers.
#[derive(Debug, Clone, PartialEq)]
pub struct Spread {
    /// Where it is: the number of the step.
    pub place: f64,
    /// The tensor's shape there; `None` where it is not there.
    pub shape: Option<Vec<usize>>,
    /// All values.
    pub elements: u64,
    /// Those that are not a number.
    pub nan: u64,
    /// Those that are infinite, of either sign.
    pub infinite: u64,
    /// The [`QUANTILES`](Spread::QUANTILES) of the finite values; `None` where there is none.
    pub quantiles: Option<[f64; 9]>,
}

impl Spread {
    /// Which quantiles are kept: the least value, 1, 5, 25, 50, 75, 95 and 99 % and the largest.
    pub const QUANTILES: [f64; 9] = [0.0, 0.01, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99, 1.0];

    /// The spread of those values at a place.
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

    /// Nothing there.
    pub fn missing(place: f64) -> Spread {
        Spread { place, shape: None, elements: 0, nan: 0, infinite: 0, quantiles: None }
    }
}

/// A shape as people write it: `784 × 10`; `one value` without axes.
pub fn shape_text(shape: &[usize]) -> String {
    match shape {
        [] => "one value".to_owned(),
        shape => shape.iter().map(usize::to_string).collect::<Vec<_>>().join(" × "),
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
