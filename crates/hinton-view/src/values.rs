//! Exact values: of a window, of a single cell, along a row or column; and statistics of a tensor.

use hinton_chart::short;
use hinton_tensor::reduce::Mark;
use hinton_tensor::{
    Fold, Index, Slice, Summary, Tensor, TileRequest, Tiling, Work, summarize, tile,
};
use serde_json::{Value, json};

use crate::answer::{number, number_or_null};
use crate::query::Query;
use crate::sources::{Sources, byte_of};
use crate::view::Views;
use crate::{Answer, Refusal};

/// Most values of a window.
const MOST: usize = 1 << 16;
/// Bins of a histogram, and most cells of a profile.
const BINS: usize = 128;
const MOST_CELLS: usize = 4096;
/// Shares of the values whose quantiles are told.
const QUANTILES: [f64; 11] = [0.001, 0.005, 0.01, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99, 0.995, 0.999];

/// The values of a window, row by row.
pub(crate) fn window(
    tensor: &Tensor,
    rows: std::ops::Range<usize>,
    cols: std::ops::Range<usize>,
    work: Work<'_>,
) -> Result<Vec<f64>, Refusal> {
    // Values narrower than a byte can't be cut.
    if !tensor.dtype().is_byte_sized() {
        let window = hinton_tensor::Window { rows, cols, block: (1, 1) };
        let request = TileRequest { window, fold: Fold::Mean, sample_bytes: None };
        let grid = tile(tensor, &request, work)?;
        return Ok(grid.values.iter().map(|&value| f64::from(value)).collect());
    }
    let part = |range: std::ops::Range<usize>| Index::Range {
        start: Some(range.start as i64),
        stop: Some(range.end as i64),
        step: 1,
    };
    Ok(tensor.slice(&Slice(vec![part(rows), part(cols)]))?.to_f64()?)
}

fn shape(tensor: &Tensor) -> Result<(usize, usize), Refusal> {
    match *tensor.shape() {
        [rows, cols] => Ok((rows, cols)),
        _ => Err(Refusal::Work("the tensor is not a matrix".to_owned())),
    }
}

/// The matrix that a question is about.
fn asked(sources: &Sources, query: &Query) -> Result<Tensor, Refusal> {
    let tensor = query.need("t")?;
    sources.viewed(tensor, query.get("s")?, Views::read(query)?.of(tensor))
}

/// The values of rows `r0..r1` and columns `c0..c1`.
pub(crate) fn exact(sources: &Sources, query: &Query, work: Work<'_>) -> Result<Answer, Refusal> {
    let tensor = asked(sources, query)?;
    let (rows, cols) = shape(&tensor)?;
    let range = |first: &str, end: &str, len: usize| -> Result<_, Refusal> {
        let (first, end): (usize, usize) = (query.need(first)?, query.need(end)?);
        match first <= end && end <= len {
            true => Ok(first..end),
            false => Err(Refusal::question(format!("{first} to {end} is not within 0 to {len}"))),
        }
    };
    let (rows, cols) = (range("r0", "r1", rows)?, range("c0", "c1", cols)?);
    if rows.len().saturating_mul(cols.len()) > MOST {
        return Err(Refusal::question(format!("more than {MOST} values are asked for at once")));
    }
    let width = cols.len().max(1);
    let values = window(&tensor, rows, cols, work)?;
    let lines = values.chunks(width).map(|line| line.iter().map(|&v| number(v)).collect());
    Ok(Answer::json(&json!({ "values": lines.collect::<Vec<Value>>() })))
}

/// One value, its index in the tensor, and where it lies.
pub(crate) fn value(sources: &Sources, query: &Query, work: Work<'_>) -> Result<Answer, Refusal> {
    let (id, step) = (query.need("t")?, query.get("s")?);
    let (row, col): (usize, usize) = (query.need("r")?, query.need("c")?);
    let views = Views::read(query)?;
    let view = views.of(id);
    let stored = sources.stored(id, step, view.and_then(|view| view.component))?;
    let matrix = sources.viewed(id, step, view)?;
    let (rows, cols) = shape(&matrix)?;
    if row >= rows || col >= cols {
        let message = format!("row {row}, column {col} is outside of {rows} x {cols}");
        return Err(Refusal::question(message));
    }
    let found = window(&matrix, row..row + 1, col..col + 1, work)?;
    let value = found.first().copied().unwrap_or(f64::NAN);
    let (entry, frame) = (sources.entry(id)?, sources.frame(id, view)?);
    let index = frame.index(row, col);
    let [row_name, col_name] = [0, 1].map(|side| match frame.axes()[side][..] {
        // Of a block there are several names.
        [axis] if frame.shape()[axis] == entry.shape[axis] => {
            let (of, name) = sources.name_of(id, axis, index[axis])?;
            Some(json!({ "of": of, "name": name }))
        }
        _ => None,
    });
    let steps = index.iter().zip(&stored.view().strides);
    let element = steps.fold(0i64, |all, (&place, stride)| all + place as i64 * stride);
    let byte = match (u64::try_from(element), stored.stored()) {
        (Ok(element), None) => byte_of(&stored, element),
        _ => None,
    };
    Ok(Answer::json(&json!({
        "value": number(value),
        "text": digits(value),
        "index": index,
        "file": stored.file(),
        "byte": byte,
        "row": row_name,
        "col": col_name,
    })))
}

/// A value in the fewest digits that tell it from every other, those of `f32` where it is one.
fn digits(value: f64) -> String {
    if !value.is_finite() {
        return short(value);
    }
    let narrow = value as f32;
    let text = match f64::from(narrow) == value {
        true => format!("{narrow:?}"),
        false => format!("{value:?}"),
    };
    text.strip_suffix(".0").unwrap_or(&text).replace('-', "−")
}

/// Statistics of all values of a tensor.
pub(crate) fn stats(sources: &Sources, query: &Query, work: Work<'_>) -> Result<Answer, Refusal> {
    let tensor = asked(sources, query)?;
    let summary = summarize(&tensor, work)?;
    Ok(Answer::json(&of_summary(&summary)))
}

/// The root mean square of the finite values.
pub(crate) fn rms(summary: &Summary) -> Option<f64> {
    summary.l2().map(|l2| l2 / (summary.finite() as f64).sqrt())
}

/// Statistics as JSON.
fn of_summary(summary: &Summary) -> Value {
    let quantiles = QUANTILES
        .iter()
        .map(|&share| (share.to_string(), number_or_null(summary.quantile(share))))
        .collect::<serde_json::Map<_, _>>();
    let (min, max) = (summary.min(), summary.max());
    let histogram = match (min, max) {
        (Some(min), Some(max)) => {
            // A single value has a bin of its own.
            let (low, high) = if min < max { (min, max) } else { (min - 0.5, min + 0.5) };
            let edge = |at: usize| low + (high - low) * (at as f64 / BINS as f64);
            json!({
                "edges": (0..=BINS).map(|at| number(edge(at))).collect::<Vec<_>>(),
                "counts": summary.histogram(low, high, BINS),
            })
        }
        _ => Value::Null,
    };
    json!({
        "count": summary.elements,
        "min": number_or_null(min),
        "max": number_or_null(max),
        "mean": number_or_null(summary.mean()),
        "rms": number_or_null(rms(summary)),
        "kurtosis": number_or_null(summary.kurtosis()),
        "std": number_or_null(summary.std()),
        "meanAbs": number_or_null(summary.mean_abs()),
        "nan": summary.nan,
        "inf": summary.pos_inf + summary.neg_inf,
        "posInf": summary.pos_inf,
        "negInf": summary.neg_inf,
        "zeros": summary.zeros,
        "quantiles": quantiles,
        "exact": summary.is_exact(),
        "histogram": histogram,
        "sampled": false,
    })
}

/// The values along a row or a column, in at most this many cells.
pub(crate) fn profile(sources: &Sources, query: &Query, work: Work<'_>) -> Result<Answer, Refusal> {
    let tensor = asked(sources, query)?;
    let (rows, cols) = shape(&tensor)?;
    let (row, col): (Option<usize>, Option<usize>) = (query.get("row")?, query.get("col")?);
    let outside = |place: usize, len: usize| {
        Refusal::question(format!("{place} is outside, there are {len}"))
    };
    let (length, is_row, place) = match (row, col) {
        (Some(row), None) if row < rows => (cols, true, row),
        (None, Some(col)) if col < cols => (rows, false, col),
        (Some(row), None) => return Err(outside(row, rows)),
        (None, Some(col)) => return Err(outside(col, cols)),
        _ => return Err(Refusal::question("expected row= or col=")),
    };
    let first = query.get("from")?.unwrap_or(0).min(length);
    let end = query.get("to")?.unwrap_or(length).clamp(first, length);
    let most = query.get("cells")?.unwrap_or(1024).clamp(1, MOST_CELLS);
    let block = (end - first).div_ceil(most).max(1);
    let level = block.next_power_of_two().trailing_zeros();
    let levels = if is_row { (0, level) } else { (level, 0) };
    let block = Tiling::new(rows, cols).block(levels);
    // Cells are anchored to the tensor.
    let side = if is_row { block.1 } else { block.0 };
    let (first, along) = (first / side * side, first / side * side..end);
    let across = place..place + 1;
    let (rows, cols) = if is_row { (across, along) } else { (along, across) };
    let fold = |fold| {
        let window = hinton_tensor::Window { rows: rows.clone(), cols: cols.clone(), block };
        tile(&tensor, &TileRequest { window, fold, sample_bytes: None }, work)
    };
    let mean = fold(Fold::Mean)?;
    let values = |grid: &hinton_tensor::Grid| -> Vec<Value> {
        let value = |index: usize| match grid.marks.get(index).copied().unwrap_or_default() {
            Mark::Nan => number(f64::NAN),
            Mark::PosInf | Mark::BothInf => number(f64::INFINITY),
            Mark::NegInf => number(f64::NEG_INFINITY),
            Mark::None => number(grid.value(index)),
        };
        (0..grid.values.len()).map(value).collect()
    };
    let mut profile =
        json!({ "first": first, "count": end - first, "block": side, "values": values(&mean) });
    if side > 1 {
        profile["low"] = json!(values(&fold(Fold::Min)?));
        profile["high"] = json!(values(&fold(Fold::Max)?));
    }
    Ok(Answer::json(&profile))
}

/// The metrics of a run, or of all runs.
pub(crate) fn series(sources: &Sources, query: &Query) -> Result<Answer, Refusal> {
    let wanted: Option<usize> = query.get("source")?;
    let is_wanted = |&(index, _): &(usize, &crate::sources::Source)| {
        wanted.is_none_or(|wanted| wanted == index)
    };
    let mut curves = Vec::new();
    for (index, source) in sources.all.iter().enumerate().filter(is_wanted) {
        let Some(run) = source.run() else { continue };
        for name in run.metric_names() {
            let points = run.curve(name);
            curves.push(json!({
                "source": index,
                "name": name,
                "pace": hinton::runs::is_pace(name),
                "axis": run.axis,
                "steps": points.iter().map(|point| number(point.0)).collect::<Vec<_>>(),
                "values": points.iter().map(|point| number(point.1)).collect::<Vec<_>>(),
            }));
        }
    }
    Ok(Answer::json(&json!({ "curves": curves })))
}
