//! Panels of values for the tests.
#![allow(dead_code)]

use hinton_chart::{Extent, Need, Options, Panel, Picture, charts};
use hinton_scene::{Cells, Item, Marks, Text};
use hinton_tensor::{GridRequest, Tensor, Work, reduce, summarize};

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
    }
}

/// Draws matrices of (rows, columns, values).
pub(crate) fn draw(
    chart: &str,
    matrices: &[(usize, usize, Vec<f32>)],
    options: &Options,
) -> Picture {
    let chart = charts::named(chart).unwrap();
    let extents: Vec<Extent> =
        matrices.iter().map(|&(rows, cols, _)| Extent::new(rows, cols)).collect();
    let asks = match (chart.need)(&extents, options) {
        Need::Summaries => vec![None; matrices.len()],
        Need::Grids(requests) => requests.into_iter().map(Some).collect(),
    };
    let panels: Vec<Panel> = matrices
        .iter()
        .zip(asks)
        .map(|((rows, cols, values), ask)| panel("w", *rows, *cols, values, ask))
        .collect();
    (chart.build)(&panels, options).unwrap()
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
