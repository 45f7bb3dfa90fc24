//! Shared by the charts of matrices: texts, notes, statistics over all panels.

use hinton_tensor::{Fold, Summary};

use crate::distinct::distinct;
use crate::math::decade;
use crate::span::is_centred;
use crate::words::Words;
use crate::{ChartError, ColorScale, Extent, Options, Panel, Span, short, short_count};
use hinton_words::significant;

/// What all panels are together.
pub(super) struct Whole {
    /// Statistics that legend and words follow: over all values of all panels, and of all pictures
    /// that are shown beside this one.
    pub(super) summary: Summary,
    /// Statistics that sizes follow.
    pub(super) scale: Summary,
    /// What the cells span that colours follow.
    pub(super) span: Span,
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
    let own = || Span::of_panels(panels, options);
    let span = match (options.over_cells, &options.over) {
        _ if options.own_range => own(),
        (Some(over), _) => over,
        (None, Some(over)) => Span::of_summary(over, options, is_picture(panels)),
        (None, None) => own(),
    };
    Ok(Whole {
        summary,
        scale,
        span,
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
    panels.iter().all(Panel::is_picture)
}

/// How cells are folded where nothing was asked for: by root mean square where colours have a middle,
/// so that structure shows at every size; by mean where they have none, and the sign would be lost.
pub(super) fn default_fold(options: &Options) -> Fold {
    match options.reduce {
        Some(fold) => fold,
        // How large values are says nothing of how far they lie from another middle than zero.
        None if is_centred(options, false) && options.center.is_none() => Fold::Rms,
        None => Fold::Mean,
    }
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
    notes.extend(precision_note(panels, summary));
    notes.extend(options.notes.iter().cloned());
    notes.extend(match options.over {
        Some(_) => vec![format!("over all steps: {}", figures(summary))],
        None if same(panels, |panel| panel.name.clone()).is_some() => vec![figures(summary)],
        // Figures over different tensors would be of nothing.
        None => figures_of_each(panels),
    });
    Words { title, subtitle, notes, legend_height: 0.0 }
}

/// Folded cells are 32-bit floats; what these cannot hold is said.
fn precision_note(panels: &[Panel], summary: &Summary) -> Option<String> {
    if panels.iter().flat_map(|panel| &panel.grids).all(|grid| grid.block == (1, 1)) {
        return None;
    }
    let largest = summary.max_abs().unwrap_or(0.0);
    if largest > f64::from(f32::MAX) {
        Some("values past 3.4e38 are drawn as 3.4e38".to_owned())
    } else if largest > 0.0 && largest < f64::from(f32::MIN_POSITIVE) {
        Some("values this small are drawn as zero".to_owned())
    } else {
        None
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
    match panels {
        [panel] => panel.label(),
        _ => super::over::title(panels, "tensors"),
    }
}

/// The names of panels, without what all of them share: the part alone, where all are of one tensor.
pub(super) fn names(panels: &[Panel]) -> Vec<String> {
    let one_tensor = panels.iter().all(|panel| panel.name == panels[0].name);
    let name = |panel: &Panel| {
        if one_tensor && !panel.part.is_empty() { panel.part.clone() } else { panel.label() }
    };
    distinct(&panels.iter().map(name).collect::<Vec<_>>())
}

/// Smallest, largest, mean and spread in one line, with as many digits as tell the ends apart.
pub(super) fn figures(summary: &Summary) -> String {
    match (summary.min(), summary.max(), summary.mean(), summary.std()) {
        (Some(min), Some(max), Some(mean), Some(std)) => {
            let digits = digits_apart(min, max);
            let [min, max, mean] = [min, max, mean].map(|value| significant(value, digits));
            format!("min {min} · max {max} · mean {mean} · std {}", short(std))
        }
        _ => "no finite value".to_owned(),
    }
}

/// Most tensors whose figures are written.
const MOST_FIGURES: usize = 4;

/// The figures of each of a few tensors; of more the smallest and largest value alone.
fn figures_of_each(panels: &[Panel]) -> Vec<String> {
    if panels.len() <= MOST_FIGURES {
        let one =
            |(name, panel): (String, &Panel)| match (panel.summary.mean(), panel.summary.std()) {
                (Some(mean), Some(std)) => {
                    format!("{name}: mean {}, std {}", short(mean), short(std))
                }
                _ => format!("{name}: no finite value"),
            };
        return names(panels).into_iter().zip(panels).map(one).collect();
    }
    let all = merged(panels);
    match (all.min(), all.max()) {
        (Some(min), Some(max)) => vec![format!("values from {} to {}", short(min), short(max))],
        _ => vec!["no finite value".to_owned()],
    }
}

/// Significant digits that tell values between two ends apart, at least 3.
pub(crate) fn digits_apart(min: f64, max: f64) -> i32 {
    let (largest, span) = (min.abs().max(max.abs()), max - min);
    if !(span > 0.0 && largest.is_finite() && span.is_finite()) {
        return 3;
    }
    (decade(largest) - decade(span) + 3).clamp(3, 15)
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
            Fold::Rms if grids().any(|grid| !grid.balance.is_empty()) => {
                format!("each cell is the RMS of {block}; its hue shows their signs, grey is mixed")
            }
            Fold::Mean | Fold::Rms => format!("each cell is the mean of {block}"),
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

/// Where a symmetric logarithmic scale is linear.
pub(super) fn linear_note(scale: &ColorScale) -> Option<String> {
    let linear = short(scale.linear_below()?);
    Some(format!("colours are linear within ±{linear} and logarithmic beyond"))
}

/// What a person should know about the colours.
pub(super) fn scale_notes(scale: &ColorScale) -> Vec<String> {
    if scale.map().kind() != crate::Kind::Diverging {
        return Vec::new();
    }
    if scale.zero_is_middle() {
        let one_sided = scale.low() > 0.0 || scale.high() < 0.0;
        let note = "zero keeps the middle colour; a sequential map such as `cmap=viridis` spreads \
                    this range over all its colours";
        return if one_sided { vec![note.to_owned()] } else { Vec::new() };
    }
    if let Some(center) = scale.center() {
        return vec![format!("the middle colour is {}", short(center))];
    }
    let middle = (scale.low() + scale.high()) / 2.0;
    vec![format!("the middle colour of {} is {}, not zero", scale.map().name(), short(middle))]
}
