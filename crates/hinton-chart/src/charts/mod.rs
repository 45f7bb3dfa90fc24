//! The charts: one file each, one row each.

use hinton_scene::{Item, Scene, with_typeface};
use hinton_tensor::GridRequest;

use crate::math::next_power_of_two;
use crate::zoom::{DESIGNED, designed, label_size, zoomed};
use crate::{ChartError, Extent, Options, Panel, Picture};

mod bars;
mod common;
mod confusion;
mod curve;
mod distribution;
mod heatmap;
mod hinton;
mod histogram;
mod margins;
mod over;
mod overview;
mod profile;
mod ridge;
mod spectrum;
mod tiles;

pub use overview::FEW as FEW_IN_OVERVIEW;
pub use profile::{MEASURES, MeasureRow, measure};
pub use ridge::MOST as MOST_RIDGES;
pub use spectrum::MOST as MOST_SPECTRA;

/// What a chart needs to be told of each panel before it can draw.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Need {
    /// Statistics of the values only.
    Summaries,
    /// The [figures](crate::Course::Measures) of the values of each panel.
    Measures,
    /// The [singular values](crate::Course::Spectrum) of each panel, a matrix.
    Spectra,
    /// A grid for each panel, no larger than asked.
    Grids(Vec<GridRequest>),
    /// The values of each panel, which is one row, as a [line](crate::Course::Line).
    Lines,
    /// The [spread](crate::Course::Spreads) of each panel's values, at every place there is.
    Spreads,
}

/// A way to draw numbers.
pub struct ChartRow {
    /// Its name.
    pub name: &'static str,
    /// One line.
    pub about: &'static str,
    /// A paragraph: what it shows, how to read it, where it comes from.
    pub help: &'static str,
    /// What it needs to draw panels of these extents on a page with labels of the designed size.
    need: fn(&[Extent], &Options) -> Need,
    /// Draws the panels on such a page.
    build: fn(&[Panel], &Options) -> Result<Picture, ChartError>,
    /// Widens in the options what all pictures of a series must share and statistics do not tell;
    /// called with the panels of each picture before the first is drawn. `None` where there is
    /// nothing such.
    pub share: Option<fn(&[Panel], &mut Options)>,
    /// Whether there is a picture of it for each step of a run. Others show all steps, or all layers,
    /// in one.
    pub plays: bool,
}

impl ChartRow {
    /// What it needs to draw panels of these extents on that page.
    pub fn needs(&self, extents: &[Extent], options: &Options) -> Need {
        with_typeface(options.font, || match label_size(options) / DESIGNED {
            1.0 => (self.need)(extents, options),
            zoom => (self.need)(extents, &designed(options, zoom)),
        })
    }

    /// Draws the panels, with type, lines and margins that fit the page.
    ///
    /// # Errors
    /// When the panels do not fit the chart, or the page has no room.
    pub fn draw(&self, panels: &[Panel], options: &Options) -> Result<Picture, ChartError> {
        with_typeface(options.font, || zoomed(options, |options| (self.build)(panels, options)))
    }
}

/// Every chart.
pub const CHARTS: &[ChartRow] = &[
    hinton::ROW,
    heatmap::ROW,
    tiles::ROW,
    bars::ROW,
    histogram::ROW,
    curve::ROW,
    distribution::ROW,
    confusion::ROW,
    overview::ROW,
    profile::ROW,
    ridge::ROW,
    spectrum::ROW,
];

/// Charts whose legend may stand apart from the picture, and what draws it.
type Legend = fn(&[Panel], &Options) -> Scene;
const LEGENDS: [(&str, Legend); 2] =
    [("heatmap", heatmap::legend_alone), ("hinton", hinton::legend_alone)];

/// Whether several pictures of a chart can share a legend.
pub fn has_legend_of_its_own(chart: &ChartRow) -> bool {
    LEGENDS.iter().any(|(name, _)| *name == chart.name)
}

/// The legend of pictures of these panels, which have one scale by the options, for a place below them all; an
/// empty scene for a chart that [has none](has_legend_of_its_own).
pub fn legend_alone(chart: &ChartRow, panels: &[Panel], options: &Options) -> Scene {
    let legend = LEGENDS.iter().find(|(name, _)| *name == chart.name);
    let empty = || scene_of(Vec::new(), 0.0, 0.0);
    legend.map_or_else(empty, |(_, draw)| with_typeface(options.font, || draw(panels, options)))
}

/// Items on a scene of that size that has no words of its own.
fn scene_of(items: Vec<Item>, width: f64, height: f64) -> Scene {
    let (title, description) = (String::new(), String::new());
    Scene { width, height, background: None, title, description, items }
}

/// The magnitude that fills a cell of a Hinton diagram of values up to that magnitude.
pub fn weight_that_fills(largest: f64) -> f64 {
    if largest > 0.0 { next_power_of_two(largest) } else { 1.0 }
}

/// The chart of that name.
pub fn named(name: &str) -> Option<&'static ChartRow> {
    CHARTS.iter().find(|chart| chart.name == name)
}
