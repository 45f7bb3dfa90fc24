//! Computes which class a network predicts at each position of the plane.

use hinton_chart::space::{Box3, Regions};
use hinton_scene::Color;
use hinton_tensor::Work;
use hinton_weights::Error;

use super::html::PageRegions;
use super::{Model, Precision, Stage};

/// Places across and down, of a picture and of one among many.
pub(crate) const FINE: usize = 360;
pub(crate) const COARSE: usize = 180;
/// How much of a class's colour lies on the page.
const STRENGTH: f64 = 0.3;

/// The same regions for a page in a browser: one cell of this many, in the strong colours of the classes.
pub(crate) fn for_page(regions: &Regions, classes: &[Color], page: Color) -> PageRegions {
    let pale: Vec<Color> = classes.iter().map(|&class| page.mix(class, STRENGTH)).collect();
    let place = |pixel: &Color| pale.iter().position(|color| color == pixel).unwrap_or(0) as u8;
    let every = regions.columns.div_ceil(COARSE).max(1);
    let rows = regions.pixels.chunks(regions.columns.max(1)).step_by(every);
    let cells: Vec<u8> = rows.flat_map(|row| row.iter().step_by(every).map(place)).collect();
    PageRegions {
        columns: regions.columns.div_ceil(every),
        rows: regions.rows.div_ceil(every),
        x: regions.x,
        y: regions.y,
        colors: classes.to_vec(),
        cells,
    }
}

/// The regions of a plane, in pale colours of the classes.
pub(crate) fn regions(
    model: &Model,
    plane: Box3,
    side: usize,
    classes: &[Color],
    page: Color,
    work: Work<'_>,
) -> Result<Regions, Error> {
    let at = |axis: usize, place: usize| {
        let share = (place as f64 + 0.5) / side as f64;
        plane.low[axis] + (plane.high[axis] - plane.low[axis]) * share
    };
    let mut values = Vec::with_capacity(side * side * 2);
    for row in 0..side {
        for column in 0..side {
            // The first row is the highest.
            values.extend([at(0, column), at(1, side - 1 - row)]);
        }
    }
    let stages = model.trace(values, Precision::F32, work)?;
    let pale: Vec<Color> = classes.iter().map(|&class| page.mix(class, STRENGTH)).collect();
    let pixels = match stages.last() {
        Some(last) => (0..side * side).map(|place| pale[class(last, place).min(pale.len() - 1)]),
        None => return Err(Error::unfit("the network has no steps", "")),
    };
    Ok(Regions {
        columns: side,
        rows: side,
        pixels: pixels.collect(),
        x: (plane.low[0], plane.high[0]),
        y: (plane.low[1], plane.high[1]),
    })
}

/// The class of a point: the place of its largest value; of a single one, whether it is above the
/// middle (a half after a sigmoid, else zero).
pub(crate) fn class(last: &Stage, point: usize) -> usize {
    let mut row = vec![0.0; last.width];
    last.values.row(point, &mut row);
    if let [value] = row[..] {
        let middle = if last.label == "Sigmoid" { 0.5 } else { 0.0 };
        return usize::from(value > middle);
    }
    let largest = |best: (usize, f64), (at, value): (usize, f64)| {
        if value > best.1 { (at, value) } else { best }
    };
    row.into_iter().enumerate().fold((0, f64::NEG_INFINITY), largest).0
}
