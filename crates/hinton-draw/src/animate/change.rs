//! Differences between the cells of two steps, and pictures interpolated between them.

use std::sync::Arc;

use hinton_chart::{Course, Panel};
use hinton_tensor::reduce::Mark;
use hinton_tensor::{Grid, Summary, Tensor, Work, summarize};
use hinton_weights::Error;

/// What a panel is `after` less what it was `before`, cell by cell. Where either has a value that is
/// not finite, the difference is not a number.
pub(super) fn difference(before: &Panel, after: &Panel) -> Result<Panel, Error> {
    cell_by_cell(before, after, |before, after| after - before)
}

/// The panel that lies between two, `share` (0 to 1) of the way.
pub(super) fn between(before: &Panel, after: &Panel, share: f64) -> Result<Panel, Error> {
    cell_by_cell(before, after, |before, after| before + (after - before) * share)
}

fn cell_by_cell(
    before: &Panel,
    after: &Panel,
    combine: impl Fn(f64, f64) -> f64,
) -> Result<Panel, Error> {
    let mut panel = Panel {
        name: after.name.clone(),
        part: after.part.clone(),
        number: after.number,
        shape: after.shape.clone(),
        // A difference of bytes is none.
        dtype: "f32",
        orientation: after.orientation.clone(),
        extent: after.extent.clone(),
        grids: Vec::with_capacity(after.grids.len()),
        summary: Summary::empty(),
        over: after.over.clone(),
        course: Course::None,
    };
    for (one, other) in before.grids.iter().zip(&after.grids) {
        let grid = grid(one, other, &combine)?;
        panel.summary.merge(&grid.summary);
        panel.grids.push(grid);
    }
    Ok(panel)
}

fn grid(before: &Grid, after: &Grid, combine: impl Fn(f64, f64) -> f64) -> Result<Grid, Error> {
    let cells = |before: &[f32], after: &[f32]| -> Vec<f32> {
        let pairs = before.iter().zip(after);
        pairs.map(|(&a, &b)| combine(f64::from(a), f64::from(b)) as f32).collect()
    };
    let mark = |grid: &Grid, at: usize| grid.marks.get(at).copied().unwrap_or_default();
    let mut values = cells(&before.values, &after.values);
    let mut negative = cells(&before.negative, &after.negative);
    let balance = cells(&before.balance, &after.balance);
    let mut exact: Vec<f64> = match before.exact.len() == after.exact.len() {
        true => before.exact.iter().zip(&after.exact).map(|(&a, &b)| combine(a, b)).collect(),
        false => Vec::new(),
    };
    let mut marks = Vec::new();
    if !(before.marks.is_empty() && after.marks.is_empty()) {
        marks.resize(values.len(), Mark::None);
        for at in 0..values.len() {
            if mark(before, at) == Mark::None && mark(after, at) == Mark::None {
                continue;
            }
            marks[at] = Mark::Nan;
            values[at] = f32::NAN;
            if let Some(exact) = exact.get_mut(at) {
                *exact = f64::NAN;
            }
            if let Some(negative) = negative.get_mut(at) {
                *negative = f32::NAN;
            }
        }
    }
    // Of the two planes of ink the statistics are those of their difference.
    let signed: Vec<f32> = match negative.is_empty() {
        true => values.clone(),
        false => values.iter().zip(&negative).map(|(one, other)| one - other).collect(),
    };
    let tensor = Tensor::from_f32("", &[after.rows, after.cols], &signed)?;
    Ok(Grid {
        rows: after.rows,
        cols: after.cols,
        block: after.block,
        fold: after.fold,
        values,
        exact,
        negative,
        balance,
        marks,
        shape: after.shape,
        read: after.read,
        summary: summarize(&tensor, Work::quiet())?,
    })
}

/// The panel of a step that lies between: it keeps the dtype of its neighbours.
pub(super) fn in_between(
    before: &[Panel],
    after: &[Panel],
    share: f64,
) -> Result<Arc<Vec<Panel>>, Error> {
    let pairs = before.iter().zip(after);
    let panels = pairs.map(|(one, other)| {
        let mut panel = between(one, other, share)?;
        panel.dtype = other.dtype;
        Ok(panel)
    });
    Ok(Arc::new(panels.collect::<Result<_, Error>>()?))
}
