//! Panels of values for the tests.
#![allow(dead_code)]

use hinton_chart::{Course, Extent, Measures, Need, Options, Panel, Picture, Spread, charts};
use hinton_scene::{Cells, Item, Marks, Text};
use hinton_tensor::spectrum::Spectrum;
use hinton_tensor::{Dtype, GridRequest, Tensor, Work, reduce, summarize};

/// A panel of a matrix of values, reduced as the chart asks.
pub(crate) fn panel(
    name: &str,
    rows: usize,
    cols: usize,
    values: &[f32],
    ask: Option<GridRequest>,
) -> Panel {
    let tensor = Tensor::from_f32(name, &[rows, cols], values).unwrap();
    let grid = ask.map(|request| reduce(&tensor, request, Work::quiet()).unwrap());
    let summary = match &grid {
        Some(grid) => grid.summary.clone(),
        None => summarize(&tensor, Work::quiet()).unwrap(),
    };
    Panel {
        name: name.to_owned(),
        part: String::new(),
        shape: vec![rows, cols],
        dtype: "f32",
        orientation: "rows ↓ · columns →".to_owned(),
        number: None,
        extent: Extent::new(rows, cols),
        grids: grid.into_iter().collect(),
        summary,
        over: None,
        course: Course::None,
    }
}

/// A panel with numbers at their places.
pub(crate) fn line_panel(name: &str, part: &str, points: &[(f64, f64)]) -> Panel {
    Panel {
        part: part.to_owned(),
        orientation: "step".to_owned(),
        dtype: "",
        course: Course::Line(points.to_vec()),
        ..panel(name, 1, 1, &[0.0], None)
    }
}

/// A panel of a tensor over steps: the number and the values of each; none where it is missing.
pub(crate) fn spread_panel(name: &str, steps: &[(u64, Vec<f32>)]) -> Panel {
    let spread = |(number, values): &(u64, Vec<f32>)| match values.len() {
        0 => Spread::missing(*number as f64),
        count => {
            let tensor = Tensor::from_f32(name, &[count], values).unwrap();
            let summary = summarize(&tensor, Work::quiet()).unwrap();
            Spread::of(*number as f64, &[count], &summary)
        }
    };
    let count = steps.iter().map(|step| step.1.len()).max().unwrap_or(0);
    Panel {
        orientation: "step".to_owned(),
        shape: vec![count],
        course: Course::Spreads(steps.iter().map(spread).collect()),
        ..panel(name, 1, 1, &[0.0], None)
    }
}

/// A panel with singular values: the first values of a matrix stand for them, so that no more than a
/// chart is tested; one that is NaN for a matrix that has none.
pub(crate) fn spectrum_panel(name: &str, rows: usize, cols: usize, values: &[f32]) -> Panel {
    let count = rows.min(cols);
    let mut singular: Vec<f64> = values[..count].iter().map(|x| f64::from(x.abs())).collect();
    singular.sort_by(|a, b| b.total_cmp(a));
    let is_finite = singular.iter().all(|value| value.is_finite());
    let spectrum = Spectrum::exact(rows, cols, singular, Dtype::F32);
    Panel {
        course: Course::Spectrum(is_finite.then(|| Box::new(spectrum))),
        ..panel(name, rows, cols, values, None)
    }
}

/// A panel with the figures of its values.
pub(crate) fn measured_panel(name: &str, rows: usize, cols: usize, values: &[f32]) -> Panel {
    let whole = panel(name, rows, cols, values, None);
    let measures = Measures::of(0.0, &whole.summary);
    Panel { course: Course::Measures(vec![measures]), ..whole }
}

/// Draws panels.
pub(crate) fn build(chart: &str, panels: &[Panel], options: &Options) -> Picture {
    charts::draw(charts::named(chart).unwrap(), panels, options).unwrap()
}

/// Draws matrices of (rows, columns, values); of curves each row is numbers over steps, of
/// distributions each row is the tensor at a step.
pub(crate) fn draw(
    chart: &str,
    matrices: &[(usize, usize, Vec<f32>)],
    options: &Options,
) -> Picture {
    let chart = charts::named(chart).unwrap();
    let extents: Vec<Extent> =
        matrices.iter().map(|&(rows, cols, _)| Extent::new(rows, cols)).collect();
    let asks = match charts::needs(chart, &extents, options) {
        Need::Summaries => vec![None; matrices.len()],
        Need::Grids(requests) => requests.into_iter().map(Some).collect(),
        Need::Measures => {
            let panels = matrices.iter().enumerate().map(|(at, (rows, cols, values))| {
                // Two kinds of tensor in each layer.
                let kind = ["attn.q", "mlp.up"][at % 2];
                measured_panel(&format!("layers.{}.{kind}.weight", at / 2), *rows, *cols, values)
            });
            return build(chart.name, &panels.collect::<Vec<_>>(), options);
        }
        Need::Spectra => {
            let panels = matrices.iter().enumerate().map(|(at, (rows, cols, values))| {
                spectrum_panel(&format!("layers.{at}.w"), *rows, *cols, values)
            });
            return build(chart.name, &panels.collect::<Vec<_>>(), options);
        }
        Need::Lines => {
            let lines = matrices.iter().flat_map(|(_, cols, values)| values.chunks(*cols));
            let point = |(at, value): (usize, &f32)| (10.0 * at as f64, f64::from(*value));
            let panel = |(at, row): (usize, &[f32])| {
                let points: Vec<_> = row.iter().enumerate().map(point).collect();
                line_panel(&format!("metric {at}"), "", &points)
            };
            return build(chart.name, &lines.enumerate().map(panel).collect::<Vec<_>>(), options);
        }
        Need::Spreads => {
            let panel = |(rows, cols, values): &(usize, usize, Vec<f32>)| {
                let row = |at: usize| values[at * cols..(at + 1) * cols].to_vec();
                let steps: Vec<_> = (0..*rows).map(|at| (10 * at as u64, row(at))).collect();
                spread_panel("w", &steps)
            };
            return build(chart.name, &matrices.iter().map(panel).collect::<Vec<_>>(), options);
        }
    };
    let panels: Vec<Panel> = matrices
        .iter()
        .zip(asks)
        .enumerate()
        .map(|(at, ((rows, cols, values), ask))| {
            let name = match chart.name {
                "ridge" => format!("layers.{}.{}.weight", at / 2, ["attn.q", "mlp.up"][at % 2]),
                _ => "w".to_owned(),
            };
            panel(&name, *rows, *cols, values, ask)
        })
        .collect();
    charts::draw(chart, &panels, options).unwrap()
}

/// All items, those in groups too.
pub(crate) fn items(picture: &Picture) -> Vec<Item> {
    fn walk(items: &[Item], all: &mut Vec<Item>) {
        for item in items {
            match item {
                Item::Group(group) => walk(&group.items, all),
                item => all.push(item.clone()),
            }
        }
    }
    let mut all = Vec::new();
    walk(&picture.scene.items, &mut all);
    all
}

pub(crate) fn texts(picture: &Picture) -> Vec<Text> {
    items(picture)
        .into_iter()
        .filter_map(|item| if let Item::Text(text) = item { Some(text) } else { None })
        .collect()
}

pub(crate) fn marks(picture: &Picture) -> Vec<Marks> {
    items(picture)
        .into_iter()
        .filter_map(|item| if let Item::Marks(marks) = item { Some(marks) } else { None })
        .collect()
}

pub(crate) fn cells(picture: &Picture) -> Vec<Cells> {
    items(picture)
        .into_iter()
        .filter_map(|item| if let Item::Cells(cells) = item { Some(cells) } else { None })
        .collect()
}

/// Numbers between -0.5 and 0.5 that look random and are the same everywhere.
pub(crate) fn noise(count: usize) -> Vec<f32> {
    let mut state = 0x2545_f491_4f6c_dd1d_u64;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 40) as f32 / (1u64 << 24) as f32 - 0.5
    };
    (0..count).map(|_| next()).collect()
}
