//! Lays tensors out as matrices, following a plan.

mod lines;

use std::sync::Arc;

use hinton_chart::{Lays, Numbering, Sections, is_on_offset, shape_text as times, short_count};
use hinton_scene::visible;
use hinton_tensor::Tensor;
use hinton_weights::{Error, Selected, Structure, addressable, structure_of};

use super::PanelSource;
use super::plan::{self, Kernels, Plan};
use crate::DrawRequest;
use crate::settings::wants_cells;

/// A tensor as it was asked for: sliced, transposed, reshaped.
pub(super) struct Prepared {
    pub(super) tensor: Tensor,
    name: String,
    part: String,
    /// Shape before transposing and reshaping.
    shape: Vec<usize>,
    dtype: &'static str,
    /// What each axis is, for people.
    axes: Vec<String>,
    /// The numbers of each axis' positions.
    numbers: Vec<Numbering>,
    /// Whether its axes were reversed, and whether it was reshaped.
    turned: bool,
    reshaped: bool,
    /// Whether its axes were brought into another order.
    permuted: bool,
    /// One picture for each position of this axis, because only so the reshape fits.
    each_fits: Option<usize>,
    /// What the columns of a table are called; empty where that is not known.
    columns: Vec<String>,
    /// What its rows are called, likewise.
    rows: Vec<String>,
    /// Which axes are out, in, height and width, where its format says so.
    kernel: Option<[usize; 4]>,
    /// What the settings of its model say of parts of it, and the shape of the whole tensor.
    structure: Option<(Arc<Structure>, Vec<usize>)>,
    /// Which axis of the whole tensor each axis is.
    of_whole: Vec<usize>,
    /// Which of several files or runs it is of; empty where there is one.
    of: String,
}

/// Rows or columns with more names than this are numbered.
const MOST_NAMED: usize = 400;

impl Prepared {
    /// The tensor's name, after that of its file or run where there are several.
    fn full_name(&self) -> String {
        if self.of.is_empty() { self.name.clone() } else { format!("{} {}", self.of, self.name) }
    }

    /// Whether its format says what its axes are.
    pub(super) fn knows_axes(&self) -> bool {
        self.kernel.is_some()
    }

    /// What its rows and its columns are called, where that is known and they are few enough to be read.
    pub(super) fn names(&self) -> [Vec<String>; 2] {
        let few =
            |names: &Vec<String>| if names.len() > MOST_NAMED { Vec::new() } else { names.clone() };
        [few(&self.rows), few(&self.columns)]
    }

    /// Name and slice, escaped.
    pub(super) fn label(&self) -> String {
        visible(&format!("{}{}", self.name, self.part)).into_owned()
    }
}

impl Prepared {
    /// The parts of its rows and of its columns that the settings of its model tell apart.
    pub(super) fn sections(&self) -> [Option<Arc<Sections>>; 2] {
        let Some((structure, shape)) = &self.structure else { return [None, None] };
        let &[rows, cols] = self.tensor.shape() else { return [None, None] };
        let parts = structure.parts(&self.name, shape);
        let of = |axis: usize, count: usize| {
            let numbers = *self.numbers.get(axis)?;
            let sections = parts.get(*self.of_whole.get(axis)?)?.as_ref()?;
            sections.sliced(count, |index| numbers.number(index))
        };
        [of(0, rows), of(1, cols)]
    }

    /// A slice of the tensor in the file that takes positions from `shown` on, as many again;
    /// `None` where what is drawn is no longer in the file's axes.
    fn slice_after(&self, axis: usize, shown: usize) -> Option<String> {
        if shown == 0 || self.reshaped || self.permuted || !self.part.is_empty() {
            return None;
        }
        let shape = self.tensor.shape();
        let stop = (*shape.get(axis)?).min(shown.saturating_mul(2));
        let axis = if self.turned { shape.len() - 1 - axis } else { axis };
        Some(format!("a slice such as [{}{shown}:{stop}]", ":,".repeat(axis)))
    }
}

fn reshaped_axes(count: usize) -> Vec<String> {
    (0..count).map(|axis| format!("reshaped axis {axis}")).collect()
}

/// Panels of one tensor.
pub(super) struct Laid {
    pub(super) panels: Vec<PanelSource>,
    /// How many there are, shown or not.
    pub(super) count: usize,
    /// Columns, where the arrangement has a say.
    pub(super) columns: Option<usize>,
    /// A slice that shows pictures which are not, where one does.
    pub(super) others: Option<String>,
}

impl Laid {
    /// Pictures that stand in no grid of their own, all shown.
    fn all(panels: Vec<PanelSource>) -> Self {
        Laid { panels, count: 1, columns: None, others: None }
    }
}

/// Transposes and reshapes as asked.
pub(super) fn prepare(selected: &Selected, request: &DrawRequest) -> Result<Prepared, Error> {
    let mut prepared = Prepared {
        tensor: addressable(&selected.tensor)?,
        name: selected.tensor.name().to_owned(),
        part: selected.part.clone(),
        shape: selected.tensor.shape().to_vec(),
        dtype: selected.tensor.stored_type(),
        axes: selected.axes.iter().map(|&axis| axis_name(selected, axis)).collect(),
        numbers: selected.numbers.clone(),
        turned: false,
        reshaped: false,
        permuted: false,
        each_fits: None,
        columns: selected.columns.clone(),
        rows: selected.rows.clone(),
        kernel: kernel_order(selected),
        structure: structure_of(selected).cloned(),
        of_whole: selected.axes.clone(),
        of: selected.of.clone(),
    };
    if request.transpose {
        prepared.tensor = prepared.tensor.transpose()?;
        prepared.axes.reverse();
        prepared.numbers.reverse();
        prepared.of_whole.reverse();
        prepared.turned = true;
        std::mem::swap(&mut prepared.rows, &mut prepared.columns);
        prepared.kernel = prepared.kernel.map(|order| order.map(|axis| 3 - axis));
    }
    if let Some(permute) = &request.permute {
        let axes = prepared.tensor.shape().len();
        let order = permute.order(axes).ok_or_else(|| cannot_permute(&prepared, permute))?;
        let place = |axis| order.iter().position(|&old| old == axis).unwrap_or_default();
        prepared.tensor = prepared.tensor.permute(order)?;
        prepared.of_whole = order.iter().map(|&axis| prepared.of_whole[axis]).collect();
        prepared.axes = order.iter().map(|&axis| prepared.axes[axis].clone()).collect();
        prepared.numbers = order.iter().map(|&axis| prepared.numbers[axis]).collect();
        prepared.permuted = true;
        if order != [0, 1] {
            std::mem::swap(&mut prepared.rows, &mut prepared.columns);
        }
        prepared.kernel = prepared.kernel.map(|axes| axes.map(place));
    }
    if let (Some(reshape), None) = (&request.reshape, request.each) {
        if let Some(shape) = reshape.fill(prepared.tensor.elements()) {
            prepared.tensor = prepared.tensor.reshape(&shape)?;
            prepared.axes = reshaped_axes(shape.len());
            prepared.numbers = vec![Numbering::default(); shape.len()];
            prepared.reshaped = true;
            prepared.structure = None;
            prepared.columns.clear();
            prepared.rows.clear();
            prepared.kernel = None;
        } else {
            prepared.each_fits = Some(fitting_axis(&prepared, reshape)?);
        }
    }
    Ok(prepared)
}

/// What an axis of the whole tensor is: its number, and what it is of a kernel where the format says so.
fn axis_name(selected: &Selected, axis: usize) -> String {
    match selected.kernel.and_then(|kernel| kernel.names.get(axis).copied()) {
        Some(name) => format!("axis {axis}, {name}"),
        None => format!("axis {axis}"),
    }
}

/// Which axes are out, in, height and width; of a kernel whose every input has filters of its own the
/// inputs stand for the filters.
fn kernel_order(selected: &Selected) -> Option<[usize; 4]> {
    let kernel = selected.kernel.filter(|_| selected.tensor.shape().len() == 4)?;
    let [out, input, height, width] = kernel.order;
    let is_depthwise = selected.tensor.name().to_ascii_lowercase().contains("depthwise");
    let swaps = is_depthwise && kernel.names[0] != "out";
    Some(if swaps { [input, out, height, width] } else { kernel.order })
}

/// The axis of a matrix whose positions each fill the shape: columns of [784, 10] fill 28 x 28.
fn fitting_axis(prepared: &Prepared, reshape: &super::Reshape) -> Result<usize, Error> {
    if let [rows, cols] = *prepared.tensor.shape() {
        if reshape.fill(rows as u64).is_some() {
            return Ok(1);
        }
        if reshape.fill(cols as u64).is_some() {
            return Ok(0);
        }
    }
    Err(does_not_fill(prepared, reshape, prepared.tensor.elements()))
}

fn cannot_permute(prepared: &Prepared, permute: &super::Permute) -> Error {
    let shape = prepared.tensor.shape();
    let all = (0..shape.len()).map(|axis| axis.to_string()).collect::<Vec<_>>().join(",");
    Error::unfit(
        format!(
            "`permute={permute}`: {} has {} axes (shape {})",
            prepared.label(),
            shape.len(),
            times(shape)
        ),
        match shape.len() {
            0 | 1 => "there is nothing to bring into another order: leave it out".to_owned(),
            _ => format!("name each axis once: {all} in the order that is wanted"),
        },
    )
}

fn does_not_fill(prepared: &Prepared, reshape: &super::Reshape, values: u64) -> Error {
    Error::unfit(
        format!(
            "`reshape={reshape}`: the {} values of {} (shape {}) do not fill it",
            short_count(values),
            prepared.label(),
            times(prepared.tensor.shape())
        ),
        "with `each=column` or `each=row` each of them is reshaped",
    )
}

/// Whether the tensor is taken apart because only so the reshape fits.
pub(super) fn fits_each(prepared: &Prepared) -> bool {
    prepared.each_fits.is_some()
}

/// Most whole numbers of a vector that are drawn one by one without being asked.
const MANY_WHOLE: u64 = 64;

/// The chart that suits this tensor alone.
pub(super) fn default_chart(prepared: &Prepared, request: &DrawRequest) -> &'static str {
    if prepared.each_fits.is_some() || request.each.is_some() {
        return "tiles";
    }
    let chart = plan::default(prepared.tensor.shape(), prepared.kernel).0;
    match chart {
        "hinton" | "bars" if wants_cells(request, chart) => "heatmap",
        // Squares that are all as large show nothing.
        "hinton" if request.options.max_weight.is_none() && is_far_from_zero(prepared) => "heatmap",
        // Labels, indices, token numbers: how often, not which is the largest.
        "bars" if prepared.tensor.dtype().is_integer() && is_long(prepared) => "histogram",
        _ => chart,
    }
}

/// Whether the values, which are few, lie farther from zero than from one another.
fn is_far_from_zero(prepared: &Prepared) -> bool {
    // What cannot be read is an error when it is drawn.
    let values = prepared.tensor.to_f64().unwrap_or_default();
    let finite = || values.iter().copied().filter(|value| value.is_finite());
    is_on_offset(finite().fold(f64::INFINITY, f64::min), finite().fold(f64::NEG_INFINITY, f64::max))
}

fn is_long(prepared: &Prepared) -> bool {
    prepared.tensor.elements() > MANY_WHOLE
}

/// How the tensor becomes pictures.
pub(super) fn plan(prepared: &Prepared, request: &DrawRequest, lays: Lays) -> Result<Plan, Error> {
    if matches!(lays, Lays::Whole | Lays::Model) && request.each.is_none() {
        return Ok(Plan::Matrix);
    }
    let shape = prepared.tensor.shape();
    let axis = match request.each {
        Some(each) => Some(each.axis(shape.len()).ok_or_else(|| no_axis(prepared))?),
        None => prepared.each_fits,
    };
    let Some(axis) = axis else {
        return Ok(match &request.chart {
            None => plan::default(shape, prepared.kernel).1,
            Some(_) => plan::for_chart(lays, shape, prepared.kernel),
        });
    };
    let values = prepared.tensor.elements() / (shape[axis] as u64).max(1);
    let shape = match &request.reshape {
        Some(reshape) => {
            let fits = reshape.fill(values);
            Some(fits.ok_or_else(|| does_not_fill(prepared, reshape, values))?)
        }
        None => None,
    };
    Ok(Plan::Each { axis, shape })
}

fn no_axis(prepared: &Prepared) -> Error {
    let shape = prepared.tensor.shape();
    Error::unfit(
        format!("`each`: {} has no such axis, its shape is {}", prepared.label(), times(shape)),
        match shape.len() {
            0 => "it is a single number: leave `each` out".to_owned(),
            axes => format!("its axes are numbered 0 to {}", axes - 1),
        },
    )
}

/// Lays the tensor out as planned, at most `room` panels.
pub(super) fn lay(prepared: &Prepared, plan: &Plan, room: usize) -> Result<Laid, Error> {
    if prepared.tensor.elements() == 0 {
        let empty = PanelSource { part: prepared.part.clone(), ..whole(prepared, Vec::new()) };
        return Ok(Laid::all(vec![empty]));
    }
    match plan {
        Plan::Matrix => Ok(Laid::all(if room > 0 { vec![matrix(prepared)?] } else { Vec::new() })),
        Plan::Each { axis, shape } => each(prepared, *axis, shape.as_deref(), room),
        Plan::Lines => lines::lay(prepared),
        Plan::Kernels { order, kind } => kernels(prepared, order, *kind, room),
        Plan::Color => color(prepared),
    }
}

fn whole(prepared: &Prepared, planes: Vec<Tensor>) -> PanelSource {
    PanelSource {
        name: prepared.full_name(),
        part: prepared.part.clone(),
        shape: prepared.shape.clone(),
        dtype: prepared.dtype,
        orientation: orientation(prepared.tensor.shape(), &prepared.axes),
        planes,
        number: None,
        numbers: matrix_numbers(prepared.tensor.shape(), &prepared.numbers),
        sections: [None, None],
        orders: [None, None],
        places: Arc::default(),
    }
}

fn matrix(prepared: &Prepared) -> Result<PanelSource, Error> {
    Ok(whole(prepared, vec![as_matrix(&prepared.tensor)?]))
}

/// One picture of several, of a tensor of this name.
fn picture(prepared: &Prepared, shape: &[usize], planes: Vec<Tensor>) -> PanelSource {
    PanelSource {
        name: format!("{}{}", prepared.full_name(), prepared.part),
        part: String::new(),
        shape: shape.to_vec(),
        dtype: prepared.dtype,
        orientation: String::new(),
        planes,
        number: None,
        numbers: [Numbering::default(); 2],
        sections: [None, None],
        orders: [None, None],
        places: Arc::default(),
    }
}

fn each(
    prepared: &Prepared,
    axis: usize,
    shape: Option<&[usize]>,
    room: usize,
) -> Result<Laid, Error> {
    let tensor = &prepared.tensor;
    let count = tensor.shape()[axis];
    let mut axes = prepared.axes.clone();
    let axis_name = axes.remove(axis);
    let mut numbers = prepared.numbers.clone();
    let own = numbers.remove(axis);
    if let Some(shape) = shape {
        axes = reshaped_axes(shape.len());
        numbers = vec![Numbering::default(); shape.len()];
    }
    let of = times(tensor.shape());
    let what = match (tensor.shape().len(), axis) {
        (2, 0) => format!("each row ({axis_name}) of {of}"),
        (2, 1) => format!("each column ({axis_name}) of {of}"),
        _ => format!("{axis_name} of {of}, one by one"),
    };
    let mut panels = Vec::new();
    for at in 0..count.min(room) {
        let mut one = tensor.index_axis(axis, at)?;
        if let Some(shape) = shape {
            one = one.reshape(shape)?;
        }
        let (planes, numbers) = match (one.shape(), numbers.as_slice()) {
            (size, &[_, rows, cols]) if is_color(size) => (channels(&one)?, [rows, cols]),
            (size, numbers) => (vec![as_matrix(&one)?], matrix_numbers(size, numbers)),
        };
        let orientation = match axes.as_slice() {
            [color, ..] if is_color(one.shape()) => format!("{what} · {color} is red, green, blue"),
            _ if shape.is_some() => what.clone(),
            [] | [_] => what.clone(),
            [rows, columns] => format!("{what} · rows ↓ {rows} · columns → {columns}"),
            axes => format!("{what} · {}", orientation(one.shape(), axes)),
        };
        let number = own.number(at);
        panels.push(PanelSource {
            part: number.to_string(),
            number: Some(number),
            orientation,
            numbers,
            ..picture(prepared, one.shape(), planes)
        });
    }
    let others = prepared.slice_after(axis, panels.len());
    Ok(Laid { panels, count, columns: None, others })
}

/// Whether a picture's first axis is red, green and blue.
fn is_color(shape: &[usize]) -> bool {
    matches!(*shape, [3, rows, cols] if rows > 1 && cols > 1)
}

fn kernels(
    prepared: &Prepared,
    order: &[usize; 4],
    kind: Kernels,
    room: usize,
) -> Result<Laid, Error> {
    let tensor = prepared.tensor.permute(order)?;
    let axes = order.map(|axis| prepared.axes[axis].as_str());
    let &[outputs, inputs, height, width] = tensor.shape() else {
        return Err(Error::unfit("a convolution has four axes", ""));
    };
    let shape = [height, width];
    let of = times(prepared.tensor.shape());
    let filters = format!("each filter ({}) of {of}", axes[0]);
    // What runs down and right in each picture, where that is known.
    let inside = match prepared.knows_axes() {
        true => format!(" · in each: rows ↓ {} · columns → {}", axes[2], axes[3]),
        false => String::new(),
    };
    let orientation = match kind {
        Kernels::Grey => format!("{filters}{inside}"),
        Kernels::Color => format!("{filters} · {} is red, green, blue{inside}", axes[1]),
        Kernels::Pictures => {
            format!("each picture ({}) of {of} · {} is red, green, blue", axes[0], axes[1])
        }
        Kernels::Stack => format!(
            "rows ↓ {} ({}) · columns → {} ({}) of {of}, a matrix each: rows ↓ {} · columns → {}",
            axes[0],
            short_count(outputs as u64),
            axes[1],
            short_count(inputs as u64),
            axes[2],
            axes[3]
        ),
        Kernels::Grid => format!(
            "rows ↓ filters, {} ({}) · columns → channels, {} ({}) of {of}{inside}",
            axes[0],
            short_count(outputs as u64),
            axes[1],
            short_count(inputs as u64)
        ),
    };
    let [filter_numbers, channel_numbers, rows, cols] = order.map(|axis| prepared.numbers[axis]);
    let mut panels = Vec::new();
    let mut push = |part: String, number: Option<i64>, planes| {
        let orientation = orientation.clone();
        let numbers = [rows, cols];
        let one = picture(prepared, &shape, planes);
        panels.push(PanelSource { part, number, orientation, numbers, ..one });
    };
    if !kind.is_grid() {
        for output in 0..outputs.min(room) {
            let number = filter_numbers.number(output);
            push(number.to_string(), Some(number), channels(&tensor.index_axis(0, output)?)?);
        }
        let others = prepared.slice_after(order[0], panels.len());
        return Ok(Laid { panels, count: outputs, columns: None, others });
    }
    let count = outputs.saturating_mul(inputs);
    // Whole rows only: half a filter would be mistaken for one.
    let shown = if count > room { room / inputs * inputs } else { count };
    for at in 0..shown {
        let filter = tensor.index_axis(0, at / inputs)?;
        let plane = filter.index_axis(0, at % inputs)?;
        let filter = filter_numbers.number(at / inputs);
        push(format!("{filter},{}", channel_numbers.number(at % inputs)), None, vec![plane]);
    }
    if panels.is_empty() && room > 0 {
        return Ok(Laid::all(vec![matrix(prepared)?]));
    }
    let others = prepared.slice_after(order[0], panels.len() / inputs);
    Ok(Laid { panels, count, columns: Some(inputs), others })
}

/// One colour picture, its channels last.
fn color(prepared: &Prepared) -> Result<Laid, Error> {
    let [rows, columns, channel] = [0, 1, 2].map(|axis| prepared.axes[axis].as_str());
    let orientation =
        format!("rows ↓ {rows} · columns → {columns} · {channel} is red, green, blue");
    let planes = channels(&prepared.tensor.permute(&[2, 0, 1])?)?;
    let numbers = [prepared.numbers[0], prepared.numbers[1]];
    Ok(Laid::all(vec![PanelSource { orientation, numbers, ..whole(prepared, planes) }]))
}

/// The matrices of a picture whose first axis is its channels.
fn channels(picture: &Tensor) -> Result<Vec<Tensor>, Error> {
    (0..picture.shape()[0]).map(|channel| Ok(picture.index_axis(0, channel)?)).collect()
}

/// How many leading axes of length 1 say nothing about a tensor of three axes or more.
fn idle_axes(shape: &[usize]) -> usize {
    let ones = shape.iter().take_while(|&&length| length == 1).count();
    if shape.len() > 2 { ones.min(shape.len() - 1) } else { 0 }
}

/// The rows and columns of the matrix that a tensor of this shape is shown as: a vector is one row;
/// in a tensor of more than two axes, all axes but the first are joined.
pub fn matrix_shape(shape: &[usize]) -> [usize; 2] {
    match &shape[idle_axes(shape)..] {
        [] => [1, 1],
        [length] => [1, *length],
        [rows, rest @ ..] => [*rows, rest.iter().product()],
    }
}

/// Describes what the rows and columns of that matrix are, for the user.
pub fn matrix_orientation(shape: &[usize]) -> String {
    let axes: Vec<String> = (0..shape.len()).map(|axis| format!("axis {axis}")).collect();
    orientation(shape, &axes)
}

/// Any tensor as a matrix.
fn as_matrix(tensor: &Tensor) -> Result<Tensor, Error> {
    match tensor.shape().len() {
        2 => Ok(tensor.clone()),
        _ => Ok(tensor.reshape(&matrix_shape(tensor.shape()))?),
    }
}

/// The numbers of the rows and columns of [`as_matrix`]; axes that became one count from 0.
fn matrix_numbers(shape: &[usize], numbers: &[Numbering]) -> [Numbering; 2] {
    let one_by_one = Numbering::default();
    match numbers.get(idle_axes(shape)..).unwrap_or_default() {
        [] => [one_by_one; 2],
        [cols] => [one_by_one, *cols],
        [rows, cols] => [*rows, *cols],
        [rows, ..] => [*rows, one_by_one],
    }
}

fn orientation(shape: &[usize], axes: &[String]) -> String {
    let idle = idle_axes(shape);
    match (&shape[idle..], axes.get(idle..).unwrap_or_default()) {
        ([cols], [axis]) => format!("columns → {axis} ({})", short_count(*cols as u64)),
        ([rows, rest @ ..], [axis, others @ ..]) => {
            let columns = match (rest, others) {
                ([cols], [other]) => format!("{other} ({})", short_count(*cols as u64)),
                _ => format!("{} as one ({})", listed(others), times(rest)),
            };
            format!("rows ↓ {axis} ({}) · columns → {columns}", short_count(*rows as u64))
        }
        _ => "one value".to_owned(),
    }
}

/// `axes 1, 2, 3`.
fn listed(axes: &[String]) -> String {
    // Of `axis 2, in` the name.
    let numbers: Vec<&str> =
        axes.iter().map(|axis| axis.rsplit(' ').next().unwrap_or_default()).collect();
    let kind = if axes.iter().any(|axis| axis.starts_with("reshaped")) { "reshaped " } else { "" };
    format!("{kind}axes {}", numbers.join(", "))
}
