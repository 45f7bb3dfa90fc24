//! What the charts of matrices share: words, notes, statistics over all panels.

use hinton_tensor::{Fold, Summary};

use crate::words::Words;
use crate::{ChartError, ColorScale, Extent, Options, Panel, short, short_count};

/// What all panels are together.
pub(super) struct Whole {
    /// Statistics that legend and words follow: over all values of all panels, and of all pictures
    /// that are shown beside this one.
    pub(super) summary: Summary,
    /// Statistics that colours and sizes follow.
    pub(super) scale: Summary,
    /// Rows and columns of values of each.
    pub(super) extents: Vec<Extent>,
    /// Rows and columns of cells of each.
    pub(super) cells: Vec<Extent>,
}

/// Gathers the panels; there must be at least one, each with values.
pub(super) fn whole(
    chart: &'static str,
    panels: &[Panel],
    options: &Options,
) -> Result<Whole, ChartError> {
    let unfit = |what: &str, why: &str| ChartError::Unfit {
        chart,
        what: what.to_owned(),
        why: why.to_owned(),
    };
    if panels.is_empty() {
        return Err(unfit("nothing", "no tensor was chosen"));
    }
    for panel in panels {
        let grid = panel.grids.first().ok_or_else(|| unfit(&panel.label(), "it has no values"))?;
        if grid.values.is_empty() {
            let why = format!("its shape is {} and it has no values", panel.shape_text());
            return Err(unfit(&format!("{:?}", panel.label()), &why));
        }
    }
    let cells = panels.iter().map(|panel| {
        let grid = &panel.grids[0];
        Extent::new(grid.rows, grid.cols)
    });
    let summary = span(panels, options);
    let scale = if options.own_range { merged(panels) } else { summary.clone() };
    Ok(Whole {
        summary,
        scale,
        extents: panels.iter().map(|panel| panel.extent.clone()).collect(),
        cells: cells.collect(),
    })
}

/// Statistics over everything that is shown beside this picture, or over its panels.
pub(super) fn span(panels: &[Panel], options: &Options) -> Summary {
    match &options.over {
        Some(over) => Summary::clone(over),
        None => merged(panels),
    }
}

/// Statistics over all panels.
pub(super) fn merged(panels: &[Panel]) -> Summary {
    let mut all = Summary::empty();
    for panel in panels {
        all.merge(&panel.summary);
    }
    all
}

/// Whether the panels are pictures made of bytes (such as the images of a data set).
pub(super) fn is_picture(panels: &[Panel]) -> bool {
    panels.iter().all(|panel| panel.dtype == "u8")
}

/// Title, subtitle and notes of a page of panels.
pub(super) fn words(panels: &[Panel], noun: &str, options: &Options, summary: &Summary) -> Words {
    let title = options.title.clone().unwrap_or_else(|| default_title(panels));
    let mut subtitle = Vec::new();
    let shape = same(panels, Panel::shape_text);
    let dtype = same(panels, |panel| panel.dtype.to_owned()).unwrap_or_default();
    match (panels, shape) {
        ([panel], _) => subtitle.push(format!("{} {dtype}", panel.shape_text())),
        (_, Some(shape)) => {
            subtitle.push(format!("{} {noun}, each {shape} {dtype}", panels.len()));
        }
        (_, None) => {
            subtitle.push(format!("{} {noun} {dtype}", panels.len()).trim_end().to_owned())
        }
    }
    let orientation = same(panels, |panel| panel.orientation.clone());
    subtitle
        .push(orientation.unwrap_or_else(|| "first axes run down, the others right".to_owned()));
    // What was done to the values comes first: it may not be cut off on a small page.
    let mut notes = reduction_notes(panels);
    notes.extend(precision_note(summary));
    notes.extend(options.notes.iter().cloned());
    notes.push(match options.over {
        Some(_) => format!("over all steps: {}", figures(summary)),
        None => figures(summary),
    });
    Words { title, subtitle, notes, legend_height: 0.0 }
}

/// Folded cells and squares are 32-bit floats; what these cannot hold is said.
fn precision_note(summary: &Summary) -> Option<String> {
    let largest = summary.max_abs().unwrap_or(0.0);
    match () {
        () if largest > f64::from(f32::MAX) => {
            Some("values past 3.4e38 are drawn as 3.4e38 where cells are folded".to_owned())
        }
        () if largest > 0.0 && largest < f64::from(f32::MIN_POSITIVE) => {
            Some("values this small are drawn as zero where cells are folded".to_owned())
        }
        () => None,
    }
}

/// Shape and dtype, where all panels have one.
pub(super) fn shape_of_all(panels: &[Panel]) -> Option<String> {
    let dtype = same(panels, |panel| panel.dtype)?;
    let shape = same(panels, Panel::shape_text)?;
    (!dtype.is_empty()).then(|| format!("{shape} {dtype}"))
}

/// What all panels have in common, if they do.
fn same<T: PartialEq>(panels: &[Panel], of: impl Fn(&Panel) -> T) -> Option<T> {
    let first = of(panels.first()?);
    panels.iter().all(|panel| of(panel) == first).then_some(first)
}

fn default_title(panels: &[Panel]) -> String {
    let first = panels[0].name.as_str();
    let mut names: Vec<&str> = panels.iter().map(|panel| panel.name.as_str()).collect();
    names.dedup();
    match (panels.len(), names.len()) {
        (1, _) => panels[0].label(),
        (_, 1) => first.to_owned(),
        (_, count) => format!("{count} tensors: {first} …"),
    }
}

/// The names of panels: the part alone, where all are of one tensor.
pub(super) fn names(panels: &[Panel]) -> Vec<String> {
    let one_tensor = panels.iter().all(|panel| panel.name == panels[0].name);
    let name = |panel: &Panel| {
        if one_tensor && !panel.part.is_empty() { panel.part.clone() } else { panel.label() }
    };
    panels.iter().map(name).collect()
}

/// Smallest, largest, mean and spread in one line.
pub(super) fn figures(summary: &Summary) -> String {
    match (summary.min(), summary.max(), summary.mean(), summary.std()) {
        (Some(min), Some(max), Some(mean), Some(std)) => format!(
            "min {} · max {} · mean {} · std {}",
            short(min),
            short(max),
            short(mean),
            short(std)
        ),
        _ => "no finite value".to_owned(),
    }
}

/// How values were folded into cells, and what was not read.
pub(super) fn reduction_notes(panels: &[Panel]) -> Vec<String> {
    let mut notes = Vec::new();
    let grids = || panels.iter().flat_map(|panel| &panel.grids);
    if let Some(grid) = grids().find(|grid| grid.block != (1, 1)) {
        let rows = grids().map(|grid| grid.block.0).max().unwrap_or(1);
        let cols = grids().map(|grid| grid.block.1).max().unwrap_or(1);
        let up_to = if grids().all(|other| other.block == grid.block) { "" } else { "up to " };
        let block =
            format!("{up_to}{} × {} values", short_count(rows as u64), short_count(cols as u64));
        notes.push(match grid.fold {
            Fold::Mean => format!("each cell is the mean of {block}"),
            Fold::Extreme => format!("each cell is the value of largest magnitude of {block}"),
            Fold::Max => format!("each cell is the largest of {block}"),
            Fold::Min => format!("each cell is the smallest of {block}"),
            Fold::Ink => format!("white and black areas are the ink of {block}, + and −"),
        });
    }
    let mut read = 0.0f64;
    let mut all = 0.0f64;
    for grid in panels.iter().flat_map(|panel| &panel.grids) {
        read += grid.read.0 as f64 * grid.read.1 as f64;
        all += grid.shape.0 as f64 * grid.shape.1 as f64;
    }
    if read < all {
        notes.push(format!("sampled: {} % of the values were read", short(100.0 * read / all)));
    }
    notes
}

/// What a person should know about the colours.
pub(super) fn scale_notes(scale: &ColorScale) -> Vec<String> {
    if scale.map().kind() != crate::Kind::Diverging {
        return Vec::new();
    }
    if scale.zero_is_middle() {
        let one_sided = scale.low() > 0.0 || scale.high() < 0.0;
        let note = "zero keeps the middle colour; a sequential map such as --cmap viridis spreads \
                    this range over all its colours";
        return if one_sided { vec![note.to_owned()] } else { Vec::new() };
    }
    let middle = (scale.low() + scale.high()) / 2.0;
    vec![format!("the middle colour of {} is {}, not zero", scale.map().name(), short(middle))]
}
