//! What a chart is: a row of the table.

use hinton_scene::{Scene, with_typeface};
use hinton_tensor::GridRequest;

use crate::zoom::{DESIGNED, designed, label_size, zoomed};
use crate::{ChartError, Extent, Options, Panel, Picture};

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

/// How tensors become the panels of a chart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lays {
    /// Each is a matrix: its first axis runs down, the others run right.
    Matrices,
    /// Each is as many pictures as its shape suggests, such as convolution kernels.
    Tiles,
    /// Each row is a line.
    Lines,
    /// Each as a whole, whatever its shape.
    Whole,
    /// Each as a whole, and all together are one picture of a model: what is no weight of it is
    /// left out.
    Model,
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
    pub(super) need: fn(&[Extent], &Options) -> Need,
    /// Draws the panels on such a page.
    pub(super) build: fn(&[Panel], &Options) -> Result<Picture, ChartError>,
    /// Extends the options with what all pictures of a series must share and statistics do not
    /// cover. It is called with the panels of each picture, before the first is drawn. `None` if
    /// there is nothing to share.
    pub(super) share: Option<fn(&[Panel], &mut Options)>,
    /// Draws its legend alone, below several pictures that share one scale. `None` if the legend
    /// cannot stand apart.
    pub(super) legend_alone: Option<fn(&[Panel], &Options) -> Scene>,
    /// How tensors become its panels.
    pub(super) lays: Lays,
    /// Whether a film has one picture of it per step of a run. Other charts show all steps, or all
    /// layers, in one picture.
    pub plays: bool,
}

impl ChartRow {
    /// Whether several pictures of it can share one legend.
    pub fn has_legend_alone(&self) -> bool {
        self.legend_alone.is_some()
    }
}

// Panels are not for users of `hinton`, who see the rows: hence functions beside the row, not methods.

/// How tensors become the panels of a chart.
pub fn lays(chart: &ChartRow) -> Lays {
    chart.lays
}

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

/// Draws the legend of panels that share one scale, set by the options, to be placed below all
/// of them; `None` if the chart has no legend that can stand apart.
pub fn legend_alone(chart: &ChartRow, panels: &[Panel], options: &Options) -> Option<Scene> {
    let draw = chart.legend_alone?;
    Some(with_typeface(options.font, || draw(panels, options)))
}
