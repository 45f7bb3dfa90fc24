//! The charts: one file and one row each.

use hinton_scene::{Item, Scene};

use crate::math::next_power_of_two;

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
mod row;
mod spectrum;
mod tiles;

pub use overview::FEW as FEW_IN_OVERVIEW;
pub use profile::{MEASURES, MeasureRow, measure};
pub use ridge::MOST as MOST_RIDGES;
pub use row::{ChartRow, Lays, Need, draw, has_to_share, lays, legend_alone, needs, share};
pub use spectrum::MOST as MOST_SPECTRA;

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
