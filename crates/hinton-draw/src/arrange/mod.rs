//! Turns tensors into panels: chooses the chart, and which axes are rows and columns.

mod lay;
mod order;
mod plan;
mod words;

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use hinton_chart::{CHARTS, ChartRow, Extent, Lays, Numbering, Sections, charts};
use hinton_scene::visible;
use hinton_tensor::Tensor;
use hinton_tensor::outline::{Aside, Named, aside};
use hinton_weights::{Error, Selected};

use crate::DrawRequest;
pub use lay::{matrix_orientation, matrix_shape};
pub(crate) use order::ordered;
pub use order::{Order, OrderBy};
pub use words::{Each, Permute, Reshape};

/// Most pictures that a chart of tiles shows.
const MOST_TILES: usize = 4_096;
/// Most pictures of one tensor that are shown where no chart was asked for: more are too small.
const MOST_UNASKED: usize = 256;

/// A panel before its values are read.
#[derive(Debug, Clone)]
pub struct PanelSource {
    /// The tensor's name as in the file; if this is one of several pictures of a tensor, with its
    /// slice.
    pub name: String,
    /// The slice that was taken, or which picture of the tensor this is; empty for a whole tensor.
    pub part: String,
    /// The shape of what is shown, before it was laid out as a matrix: of the tensor, of the slice,
    /// or of one of several pictures.
    pub shape: Vec<usize>,
    /// The name of its dtype.
    pub dtype: &'static str,
    /// Describes what the rows and columns are, for the user.
    pub orientation: String,
    /// The matrices to draw: one, or three for red, green and blue; none for an empty tensor.
    pub planes: Vec<Tensor>,
    /// Which picture of the tensor this is, as its axis numbers it; `None` for a whole tensor.
    pub number: Option<i64>,
    /// How rows and columns are numbered.
    pub numbers: [Numbering; 2],
    /// Named sections of rows and columns, such as attention heads.
    pub sections: [Option<Arc<Sections>>; 2],
    /// For each row and each column its index in the file, if they were reordered.
    pub orders: [Option<Arc<[usize]>>; 2],
    /// Positions of the columns along an axis, such as step numbers; empty if they are the column
    /// numbers.
    pub places: Arc<[f64]>,
}

impl PanelSource {
    /// The number of rows and columns of its matrices.
    pub(crate) fn extent(&self) -> Extent {
        match self.planes.first().map(|plane| plane.shape()) {
            Some(&[rows, cols]) => {
                let [row_numbers, col_numbers] = self.numbers;
                let [row_sections, col_sections] = self.sections.clone();
                let [row_order, col_order] = self.orders.clone();
                Extent {
                    rows,
                    cols,
                    row_numbers,
                    col_numbers,
                    row_sections,
                    col_sections,
                    row_order,
                    col_order,
                }
            }
            _ => Extent::new(0, 0),
        }
    }

    /// Whether its values come over a network.
    pub(crate) fn is_far(&self) -> bool {
        self.planes.iter().any(|plane| plane.data().jump() > 0)
    }

    /// Bytes of its values.
    pub(crate) fn bytes(&self) -> u64 {
        self.planes.iter().map(Tensor::byte_len).fold(0, u64::saturating_add)
    }
}

/// Panels, and the chart that draws them.
pub struct Arrangement {
    /// The chart, as requested or as chosen by shape.
    pub chart: &'static ChartRow,
    /// The panels, in order.
    pub panels: Vec<PanelSource>,
    /// The name of the file, if one chart shows the whole file.
    pub title: Option<String>,
    /// The number of columns of tiles, if the arrangement determines it.
    pub columns: Option<usize>,
    /// Names of the rows and columns of its only matrix, if the file names them.
    pub names: [Vec<String>; 2],
    /// Notes for the user: what was assumed, and what is not shown.
    pub notes: Vec<String>,
}

/// The name of the file that holds all tensors; of their folder, where they lie in several.
fn file_title(prepared: &[lay::Prepared]) -> Option<String> {
    let mut files: Vec<&Path> = prepared.iter().map(|one| Path::new(one.tensor.file())).collect();
    files.sort_unstable();
    files.dedup();
    let whole = match files[..] {
        [file] => file,
        [first, ..] => {
            first.parent().filter(|&folder| files.iter().all(|f| f.parent() == Some(folder)))?
        }
        [] => return None,
    };
    Some(whole.file_name()?.to_string_lossy().into_owned())
}

/// Lays tensors out as the request says, or by their shape where it says nothing.
///
/// Without a chart, the shape decides:
///
/// - A single number is a heat map.
/// - A vector is drawn as bars, or, if it is long and of whole numbers, as a histogram.
/// - A matrix is a Hinton diagram if both sides are at most 64, else a heat map.
/// - `[784, n]` and `[n, 784]` with at most 64 classes are one 28 x 28 picture per class.
/// - A tensor of three axes is one picture per index of the first axis.
/// - Convolution kernels (in PyTorch's or Keras' order) are one picture each, in colour if they
///   have three channels.
/// - A tensor of more axes is a heat map whose columns are all axes but the first.
///
/// Several tensors are drawn as an overview, each on its own scale; if a chart is requested, they
/// are drawn side by side on one scale.
///
/// # Errors
/// Returns an error if the chart is unknown, a reshape or an axis does not fit, or there is nothing
/// to draw.
pub fn arrange(selected: &[Selected], request: &DrawRequest) -> Result<Arrangement, Error> {
    if selected.is_empty() {
        return Err(Error::unfit("there is no tensor to draw", ""));
    }
    let of_statistics = chart_of_statistics(selected, request);
    let request = of_statistics.as_ref().unwrap_or(request);
    let mut notes = Vec::new();
    let mut prepared: Vec<lay::Prepared> =
        selected.iter().map(|one| lay::prepare(one, request)).collect::<Result<_, _>>()?;
    let chart = choose(&prepared, request)?;
    // Large pictures say that a tensor is empty; a tile of a map, and other charts, have nothing to show of it.
    if chart.name != "overview" || prepared.len() > charts::FEW_IN_OVERVIEW {
        leave_out_empty(&mut prepared, &mut notes)?;
    }
    if is_of_model(chart) {
        notes.extend(put_aside(&mut prepared));
    }
    few_enough(chart.name, &mut prepared, &mut notes)?;
    let mut panels = Vec::new();
    let mut columns = None;
    let mut total = 0usize;
    let mut others = None;
    let mut names = [Vec::new(), Vec::new()];
    for tensor in &prepared {
        let plan = lay::plan(tensor, request, charts::lays(chart))?;
        if plan::is_keras(&plan) && !tensor.knows_axes() {
            notes.push(format!(
                "{} is read as [height, width, in, out], as Keras stores convolutions",
                tensor.label()
            ));
        }
        let is_asked = request.chart.is_some() || request.each.is_some();
        let is_grid = matches!(plan, plan::Plan::Kernels { kind, .. } if kind.is_grid());
        let most = if is_asked || is_grid { MOST_TILES } else { MOST_UNASKED };
        let room = match is_of_model(chart) {
            true => most,
            false => most.min(MOST_TILES - panels.len()),
        };
        let laid = lay::lay(tensor, &plan, room)?;
        total = total.saturating_add(laid.count);
        others = laid.others;
        columns = columns.or(laid.columns);
        panels.extend(laid.panels);
    }
    if let ([tensor], [panel]) = (prepared.as_slice(), panels.as_mut_slice()) {
        let is_whole = |plane: &Tensor| plane.shape() == tensor.tensor.shape();
        if panel.planes.iter().all(is_whole) {
            panel.sections = tensor.sections();
            names = tensor.names();
        }
    }
    if total > panels.len() {
        let first = hinton_chart::short_count(panels.len() as u64);
        let all = hinton_chart::short_count(total as u64);
        // Of several tensors one slice would not fit all.
        let others = others.filter(|_| prepared.len() == 1);
        let others = others.map_or(String::new(), |slice| format!("; {slice} shows others"));
        notes.push(format!("the first {first} of {all} pictures are shown{others}"));
    }
    if prepared.iter().any(|tensor| tensor.tensor.dtype().is_complex()) {
        notes.push("complex values are shown by their magnitude".to_owned());
    }
    let derived = selected.iter().filter(|one| one.tensor.is_derived()).count();
    if chart.name == "overview" && derived > 0 && derived < selected.len() {
        let are = if derived == 1 { "is" } else { "are" };
        notes.push(format!("{derived} of them {are} dequantised from others of the file"));
    }
    notes.extend(remarks(selected));
    let is_whole = chart.name == "overview" || (is_of_model(chart) && prepared.len() > 1);
    let title = if is_whole { file_title(&prepared) } else { None };
    Ok(Arrangement { chart, panels, title, columns, names, notes })
}

/// Whether a chart shows the tensors of a model together, rather than each for itself.
fn is_of_model(chart: &ChartRow) -> bool {
    charts::lays(chart) == Lays::Model
}

/// Leaves out what some charts have no line for: of a spectrum tensors that are no matrices, and of both
/// what is more than can be distinguished. That is said.
fn few_enough(
    chart: &str,
    prepared: &mut Vec<lay::Prepared>,
    notes: &mut Vec<String>,
) -> Result<(), Error> {
    let (most, noun) = match chart {
        "ridge" => (charts::MOST_RIDGES, "tensors"),
        "spectrum" => (charts::MOST_SPECTRA, "matrices"),
        _ => return Ok(()),
    };
    let is_matrix = |one: &lay::Prepared| hinton_weights::inspect::is_matrix(&one.tensor);
    let others = prepared.iter().filter(|one| !is_matrix(one)).count();
    if chart == "spectrum" && others == prepared.len() {
        let (name, shape) = match prepared.first() {
            Some(one) => (one.label(), hinton_chart::shape_text(one.tensor.shape())),
            None => return Ok(()),
        };
        return Err(Error::unfit(
            format!("{name} has the shape {shape}: singular values are those of matrices"),
            "name a matrix with -t",
        ));
    }
    // Vectors have few values; where there are too many outlines, matrices are shown.
    if others > 0 && others < prepared.len() && (chart == "spectrum" || prepared.len() > most) {
        prepared.retain(is_matrix);
        notes.push(format!("{others} tensors of one axis or none are not shown"));
    }
    if prepared.len() > most {
        notes.push(format!("the first {most} of {} {noun}; -t names others", prepared.len()));
        prepared.truncate(most);
    }
    Ok(())
}

/// What must be known to read the values right, such as that they are codes: of one tensor in full, of
/// several the first names.
fn remarks(selected: &[Selected]) -> Option<String> {
    const MOST_NAMES: usize = 3;
    let remarked: Vec<&Selected> =
        selected.iter().filter(|one| one.tensor.remark().is_some()).collect();
    let name = |one: &Selected| visible(one.tensor.name()).into_owned();
    if let [one] = remarked.as_slice() {
        return Some(format!("{} holds {}", name(one), visible(one.tensor.remark()?)));
    }
    let mut names: Vec<String> = remarked.iter().take(MOST_NAMES).map(|one| name(one)).collect();
    let more = remarked.len() - names.len();
    let last = match more {
        0 => names.pop()?,
        more => format!("{more} more"),
    };
    let first = names.join(", ");
    Some(format!("{first} and {last} hold codes of quantised weights, shown as stored"))
}

/// Leaves out of the map of a model what is no weight of it, such as the state of an optimizer, and
/// says so; unless nothing else was chosen.
fn put_aside(prepared: &mut Vec<lay::Prepared>) -> Vec<String> {
    let reason = |one: &lay::Prepared| {
        let named = Named { name: one.tensor.name(), shape: one.tensor.shape() };
        aside(named, Some(one.tensor.dtype()))
    };
    if prepared.len() <= charts::FEW_IN_OVERVIEW || prepared.iter().all(|one| reason(one).is_some())
    {
        return Vec::new();
    }
    let mut counts: BTreeMap<Aside, (usize, String)> = BTreeMap::new();
    for one in prepared.iter() {
        if let Some(reason) = reason(one) {
            counts.entry(reason).or_insert_with(|| (0, one.label())).0 += 1;
        }
    }
    prepared.retain(|one| reason(one).is_none());
    let note = |(reason, (count, first)): (Aside, (usize, String))| match count {
        1 => format!("not shown: {first}, no weight of the model"),
        count => format!("not shown: {count} {}, such as {first}", reason.words()),
    };
    counts.into_iter().map(note).collect()
}

/// Tensors without values are left out, and that is said.
fn leave_out_empty(
    prepared: &mut Vec<lay::Prepared>,
    notes: &mut Vec<String>,
) -> Result<(), Error> {
    let is_empty = |tensor: &lay::Prepared| tensor.tensor.elements() == 0;
    let mut empty: Vec<String> = Vec::new();
    for tensor in prepared.iter().filter(|tensor| is_empty(tensor)) {
        empty.push(format!(
            "{} (shape {})",
            tensor.label(),
            hinton_chart::shape_text(tensor.tensor.shape())
        ));
    }
    prepared.retain(|tensor| !is_empty(tensor));
    match (empty.as_slice(), prepared.is_empty()) {
        ([], _) => Ok(()),
        ([one], true) => {
            Err(Error::unfit(format!("{one} has no values: there is nothing to draw"), ""))
        }
        (all, true) => {
            let message = format!("{} tensors have no values: there is nothing to draw", all.len());
            Err(Error::unfit(message, ""))
        }
        ([one], false) => {
            notes.push(format!("{one} has no values and is left out"));
            Ok(())
        }
        (all, false) => {
            notes.push(format!("{} tensors have no values and are left out", all.len()));
            Ok(())
        }
    }
}

/// Of tensors that have statistics and no values, what can be drawn where nothing was asked.
fn chart_of_statistics(selected: &[Selected], request: &DrawRequest) -> Option<DrawRequest> {
    let is_asked = request.chart.is_some() || request.each.is_some();
    if is_asked || selected.iter().any(|one| one.tensor.known().is_none()) {
        return None;
    }
    let chart = if selected.len() == 1 { "histogram" } else { "profile" };
    Some(DrawRequest { chart: Some(chart.to_owned()), ..request.clone() })
}

/// The chart that was asked for, or the one that suits.
fn choose(prepared: &[lay::Prepared], request: &DrawRequest) -> Result<&'static ChartRow, Error> {
    let name = match &request.chart {
        Some(name) => name.as_str(),
        None if request.each.is_some() => "tiles",
        None => match prepared {
            [one] => lay::default_chart(one, request),
            several if several.iter().all(lay::fits_each) => "tiles",
            // Each on its own scale: layers may differ a thousandfold.
            _ => "overview",
        },
    };
    charts::named(name).ok_or_else(|| {
        let known: Vec<&str> = CHARTS.iter().map(|chart| chart.name).collect();
        Error::request(
            format!("there is no chart {name:?}"),
            format!("there are {}", known.join(", ")),
        )
    })
}
