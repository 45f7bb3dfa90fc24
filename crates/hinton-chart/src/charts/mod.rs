//! The charts: one file and one row each.

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

/// The data that a chart needs of each panel in order to draw it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Need {
    /// Statistics of the values only.
    Summaries,
    /// The [measures](crate::Course::Measures) of the values of each panel.
    Measures,
    /// The [singular values](crate::Course::Spectrum) of each panel, which is a matrix.
    Spectra,
    /// A grid for each panel, no larger than requested.
    Grids(Vec<GridRequest>),
    /// The values of each panel, which has a single row, as a [line](crate::Course::Line).
    Lines,
    /// The [spread](crate::Course::Spreads) of each panel's values, at every position along the
    /// axis.
    Spreads,
}

/// A chart: a way to draw tensors.
pub struct ChartRow {
    /// Its name.
    pub name: &'static str,
    /// What a sentence calls a picture of it, with its article: "a heat map".
    pub called: &'static str,
    /// A description in one line.
    pub about: &'static str,
    /// A description in a paragraph: what it shows, how to read it, where it comes from.
    pub help: &'static str,
    /// The settings that affect it, by their names, of those that do not affect every chart.
    pub heeds: &'static [&'static str],
    /// What it needs to draw panels of these extents on a page with labels of the designed size.
    need: fn(&[Extent], &Options) -> Need,
    /// Draws the panels on such a page.
    build: fn(&[Panel], &Options) -> Result<Picture, ChartError>,
    /// Extends the options with what all pictures of a series must share and statistics do not
    /// cover. It is called with the panels of each picture, before the first is drawn. `None` if
    /// there is nothing to share.
    share: Option<fn(&[Panel], &mut Options)>,
    /// Whether a film has one picture of it per step of a run. Other charts show all steps, or all
    /// layers, in one picture.
    pub plays: bool,
}

// Panels are not for users of `hinton`, who see the rows: hence functions beside the row, not methods.

/// The data that a chart needs to draw panels of these extents on this page.
pub fn needs(chart: &ChartRow, extents: &[Extent], options: &Options) -> Need {
    with_typeface(options.font, || match label_size(options) / DESIGNED {
        1.0 => (chart.need)(extents, options),
        zoom => (chart.need)(extents, &designed(options, zoom)),
    })
}

/// Draws the panels, with text, lines and margins in proportion to the page.
///
/// # Errors
/// Returns an error if the panels do not fit the chart, or the page is too small.
pub fn draw(chart: &ChartRow, panels: &[Panel], options: &Options) -> Result<Picture, ChartError> {
    with_typeface(options.font, || zoomed(options, |options| (chart.build)(panels, options)))
}

/// Whether the pictures of a series must [share] more than a range.
pub fn has_to_share(chart: &ChartRow) -> bool {
    chart.share.is_some()
}

/// Extends the options with what all pictures of a series must share and statistics do not cover. It
/// is called with the panels of each picture, before the first is drawn.
pub fn share(chart: &ChartRow, panels: &[Panel], options: &mut Options) {
    if let Some(share) = chart.share {
        share(panels, options);
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

/// Whether several pictures of this chart can share one legend.
pub fn has_legend_of_its_own(chart: &ChartRow) -> bool {
    LEGENDS.iter().any(|(name, _)| *name == chart.name)
}

/// Draws the legend of panels that share one scale, set by the options, to be placed below all of
/// them. The scene is empty if the chart [has no separate legend](has_legend_of_its_own).
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

/// The magnitude at which a square fills its cell, in a Hinton diagram of values up to `largest`.
pub fn weight_that_fills(largest: f64) -> f64 {
    if largest > 0.0 { next_power_of_two(largest) } else { 1.0 }
}

/// The chart with this name.
pub fn named(name: &str) -> Option<&'static ChartRow> {
    CHARTS.iter().find(|chart| chart.name == name)
}
