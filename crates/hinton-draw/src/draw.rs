//! Draws tensors.

use hinton_chart::{
    Course, Labels, Length, Measures, Need, NumberFormat, Options, PageSize, Panel, Spread, charts,
    letter_height, lettered, preset,
};
use hinton_picture::Picture;
use hinton_picture::fonts::noted;
use hinton_tensor::reduce::Mark;
use hinton_tensor::{Fold, GridRequest, Summary, Tensor, Work, reduce, summarize};
use hinton_weights::inspect::{Singular, singular};
use hinton_weights::{Error, Selected};

use crate::arrange::{Arrangement, Each, Order, PanelSource, Permute, Reshape, arrange, ordered};
use crate::figure::{PanelScale, draw_panels_with};

/// Above this many bytes an overview reads a sample of each large tensor.
const READ_WHOLE: u64 = 2 << 30;
/// Bytes that such an overview reads in all, and at least of each tensor.
const SAMPLE: (u64, u64) = (512 << 20, 16 << 10);
/// The same of files at addresses, whose bytes come over a network.
const READ_WHOLE_FAR: u64 = 512 << 20;
const SAMPLE_FAR: (u64, u64) = (256 << 20, 64 << 10);

/// What to draw, and how. `Default` leaves every choice to the tensors' shapes.
#[derive(Clone, Default)]
#[non_exhaustive]
pub struct DrawRequest {
    /// The name of the chart, see [`CHARTS`](hinton_chart::CHARTS); `None` chooses by shape.
    pub chart: Option<String>,
    /// How the picture looks.
    pub options: Options,
    /// Whether the order of the axes is reversed before anything else: a matrix is transposed.
    pub transpose: bool,
    /// A new order of the axes, applied after `transpose`.
    pub permute: Option<Permute>,
    /// A new shape for the values; with `each`, for those of each picture.
    pub reshape: Option<Reshape>,
    /// The axis of which each index is a picture of its own.
    pub each: Option<Each>,
    /// The order of rows and columns; `None` keeps the file's order.
    pub order: Option<Order>,
    /// Draws tensors side by side as panels of one figure, each as it would be drawn by itself; the
    /// value says whether they share a scale. `None` draws all tensors as one picture.
    pub panels: Option<PanelScale>,
    /// The letter above the picture, or above the first panel. With `None`, a single picture has no
    /// letter, and panels start with `a`.
    pub label: Option<String>,
    /// Names of the settings that were [set](DrawRequest::set), to report those that have no
    /// effect.
    pub given: Vec<&'static str>,
    /// Whether a note reports the smallest and the largest value, with six digits.
    pub says_range: bool,
}

impl std::fmt::Debug for DrawRequest {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("DrawRequest")
            .field("chart", &self.chart)
            .field("options", &self.options)
            .field("transpose", &self.transpose)
            .field("permute", &self.permute)
            .field("reshape", &self.reshape)
            .field("each", &self.each)
            .finish_non_exhaustive()
    }
}

impl DrawRequest {
    /// A request for the chart with this name.
    pub fn chart(name: &str) -> Self {
        DrawRequest { chart: Some(name.to_owned()), ..DrawRequest::default() }
    }

    /// A request with the settings of a named preset; see [`PRESETS`](hinton_chart::PRESETS).
    ///
    /// # Errors
    /// Returns an error if the name is unknown; the error lists the known ones.
    pub fn preset(name: &str) -> Result<Self, Error> {
        let row = preset(name)?;
        let mut request = DrawRequest::chart(row.chart);
        request.transpose = row.transpose;
        request.says_range = row.says_range;
        (row.apply)(&mut request.options);
        Ok(request)
    }

    /// Sets one of the [`SETTINGS`](crate::SETTINGS) by its name on the command line: `.set("cmap",
    /// "viridis")?`.
    ///
    /// # Errors
    /// Returns an error if the name is unknown, or the setting does not accept the value.
    pub fn set(mut self, setting: &str, value: &str) -> Result<Self, Error> {
        crate::settings::set(&mut self, setting, value)?;
        Ok(self)
    }

    /// Draws one picture per column, row or index of an axis.
    pub fn each(mut self, each: Each) -> Self {
        self.each = Some(each);
        self
    }

    /// Gives the values a new shape; with [`each`](DrawRequest::each), those of each picture.
    pub fn reshape(mut self, shape: impl Into<Reshape>) -> Self {
        self.reshape = Some(shape.into());
        self
    }

    /// Reverses the order of the axes: a matrix is transposed.
    pub fn transposed(mut self) -> Self {
        self.transpose = !self.transpose;
        self
    }

    /// Sets how the picture looks.
    pub fn options(mut self, options: Options) -> Self {
        self.options = options;
        self
    }

    /// The letter above the first panel of a figure.
    pub(crate) fn label_of_first(&self) -> &str {
        self.label.as_deref().unwrap_or("a")
    }
}

/// Draws tensors, or [selected](hinton_weights::select()) tensors and slices, with one thread per
/// core.
///
/// # Errors
/// Returns an error if the request does not fit the tensors, or values cannot be read.
pub fn draw<T>(tensors: T, request: &DrawRequest) -> Result<Picture, Error>
where
    T: IntoIterator,
    T::Item: Into<Selected>,
{
    draw_with(tensors, request, Work::on_all())
}

/// As [`draw`], with this number of threads, reporting to a [`Progress`](hinton_tensor::Progress),
/// which may cancel the work.
///
/// The picture is the same for any number of threads.
///
/// # Errors
/// Returns the errors of [`draw`], and an error if the work was cancelled.
pub fn draw_with<T>(tensors: T, request: &DrawRequest, work: Work<'_>) -> Result<Picture, Error>
where
    T: IntoIterator,
    T::Item: Into<Selected>,
{
    let selected: Vec<Selected> = tensors.into_iter().map(Into::into).collect();
    if request.panels.is_some() {
        let groups: Vec<Vec<Selected>> = selected.into_iter().map(|one| vec![one]).collect();
        return draw_panels_with(&groups, request, work);
    }
    draw_arrangement_with(&arrange(&selected, request)?, request, work)
}

impl Arrangement {
    /// Number of bytes that drawing will read, for a progress bar.
    pub fn bytes(&self) -> u64 {
        let sample = self.sample_bytes().unwrap_or(u64::MAX);
        self.panels.iter().map(|panel| panel.bytes().min(sample)).fold(0, u64::saturating_add)
    }

    /// Most bytes of each tensor that are read, where that is less than all.
    pub(crate) fn sample_bytes(&self) -> Option<u64> {
        let all = self.panels.iter().map(PanelSource::bytes).fold(0, u64::saturating_add);
        let is_far = self.panels.iter().any(PanelSource::is_far);
        let (most, (budget, least)) =
            if is_far { (READ_WHOLE_FAR, SAMPLE_FAR) } else { (READ_WHOLE, SAMPLE) };
        let share = budget / (self.panels.len() as u64).max(1);
        (self.chart.name == "overview" && all > most).then_some(share.max(least))
    }
}

/// Draws panels that were laid out by [`arrange`](arrange()), with one thread per core.
///
/// # Errors
/// Returns the errors of [`draw`].
pub fn draw_arrangement(
    arrangement: &Arrangement,
    request: &DrawRequest,
) -> Result<Picture, Error> {
    draw_arrangement_with(arrangement, request, Work::on_all())
}

/// As [`draw_arrangement`], with this number of threads, reporting to a
/// [`Progress`](hinton_tensor::Progress), which may cancel the work.
///
/// # Errors
/// Returns the errors of [`draw_with`].
pub fn draw_arrangement_with(
    arrangement: &Arrangement,
    request: &DrawRequest,
    work: Work<'_>,
) -> Result<Picture, Error> {
    let letter = request.label.as_deref().unwrap_or_default();
    let mut options = options_of(arrangement, &request.options);
    if let (Some(size), false) = (options.size, letter.is_empty()) {
        // The letter takes its room from the picture, not from the page.
        let left = |height: Length| height.points(options.dpi) - letter_height(&options);
        let height = size.height.map(|height| Length::Points(left(height).max(1.0)));
        options.size = Some(PageSize { height, ..size });
    }
    let panels = panels_of(arrangement, &options, request, work)?;
    let mut built = charts::draw(arrangement.chart, &panels, &options)?;
    let mut notes = arrangement.notes.clone();
    notes.append(&mut built.notes);
    notes.extend(crate::settings::without_effect(request, arrangement.chart.name));
    if request.says_range {
        notes.extend(range_note(&panels));
    }
    let scene = lettered(built.scene, letter, &request.options);
    Ok(noted(Picture { scene, notes, dpi: options.dpi }))
}

/// How an arrangement is drawn: as was asked, and as it knows itself where nothing was.
pub(crate) fn options_of(arrangement: &Arrangement, asked: &Options) -> Options {
    let mut options = asked.clone();
    options.columns = options.columns.or(arrangement.columns);
    options.title = options.title.or_else(|| arrangement.title.clone());
    options.notes.extend(arrangement.notes.iter().cloned());
    if matches!(arrangement.chart.name, "heatmap" | "hinton") {
        let [rows, columns] = &arrangement.names;
        for (labels, names) in [(&mut options.row_labels, rows), (&mut options.col_labels, columns)]
        {
            if *labels == Labels::Auto && !names.is_empty() {
                *labels = Labels::List(names.clone());
            }
        }
    }
    options
}

/// The values of an arrangement's panels, as its chart needs them for a picture with those options.
pub(crate) fn panels_of(
    arrangement: &Arrangement,
    options: &Options,
    request: &DrawRequest,
    work: Work<'_>,
) -> Result<Vec<Panel>, Error> {
    let sorted = match request.order {
        Some(order) if is_sortable(arrangement.chart.name) => {
            Some(ordered(&arrangement.panels, order)?)
        }
        _ => None,
    };
    let sources = sorted.as_ref().unwrap_or(&arrangement.panels);
    let extents: Vec<_> = sources.iter().map(PanelSource::extent).collect();
    let need = charts::needs(arrangement.chart, &extents, options);
    let sample = arrangement.sample_bytes();
    read_all(sources, &need, sample, work)
}

/// Whether a chart shows rows and columns that may stand in any order.
fn is_sortable(chart: &str) -> bool {
    crate::settings::named("order").is_some_and(|row| row.affects(chart))
}

/// Panels of more tensors than this are read side by side, one by a thread.
const MANY: usize = 64;

/// The values of all panels.
fn read_all(
    sources: &[PanelSource],
    need: &Need,
    sample: Option<u64>,
    work: Work<'_>,
) -> Result<Vec<Panel>, Error> {
    let one =
        |(index, source): (usize, &PanelSource), work| read(source, index, need, sample, work);
    // What is unpacked while it is read is read in its order, by one thread.
    let is_sequential =
        |source: &PanelSource| source.planes.iter().any(|plane| plane.data().is_sequential());
    let is_light = matches!(need, Need::Grids(_) | Need::Measures);
    if sources.len() <= MANY || !is_light || sources.iter().any(is_sequential) {
        return sources.iter().enumerate().map(|source| one(source, work)).collect();
    }
    let alone = |source| one(source, Work { threads: 1, ..work });
    let pieces: Vec<_> = sources.iter().enumerate().collect();
    hinton_tensor::share_out(pieces, work.threads, alone).into_iter().collect()
}

/// The smallest and the largest value of all panels: `weights [-0.537, 0.605]`.
fn range_note(panels: &[Panel]) -> Option<String> {
    let mut all = Summary::empty();
    panels.iter().for_each(|panel| all.merge(&panel.summary));
    let digits: NumberFormat = ".6g".parse().ok()?;
    let text = |value: f64| digits.write(value).replace('−', "-");
    Some(format!("weights [{}, {}]", text(all.min()?), text(all.max()?)))
}

/// The values of a panel, as the chart needs them.
pub(crate) fn read(
    source: &PanelSource,
    at: usize,
    need: &Need,
    sample: Option<u64>,
    work: Work<'_>,
) -> Result<Panel, Error> {
    let mut grids = Vec::new();
    let mut summary = Summary::empty();
    let mut course = Course::None;
    for plane in &source.planes {
        match need {
            Need::Summaries => summary.merge(&summarize(plane, work)?),
            Need::Measures => {
                let measures = Measures::of(0.0, &summarize(plane, work)?);
                course = Course::Measures(vec![measures]);
            }
            Need::Spectra => {
                course = Course::Spectrum(match singular(plane, work)? {
                    Singular::Values(spectrum) => Some(Box::new(spectrum)),
                    Singular::NotFinite(_) => None,
                });
            }
            Need::Lines => course = Course::Line(line(plane, source, work)?),
            Need::Spreads => {
                summary.merge(&summarize(plane, work)?);
                let place = source.number.unwrap_or(0) as f64;
                course = Course::Spreads(vec![Spread::of(place, &source.shape, &summary)]);
            }
            Need::Grids(requests) => {
                let Some(mut request) = requests.get(at).copied() else { continue };
                request.sample_bytes = request.sample_bytes.or(sample);
                let mut grid = reduce(plane, request, work)?;
                // Moved, not copied: a summary may hold 65,536 counts, and there may be many panels.
                let of_plane = std::mem::take(&mut grid.summary);
                match source.planes.len() {
                    1 => summary = of_plane,
                    _ => summary.merge(&of_plane),
                }
                grids.push(grid);
            }
        }
    }
    Ok(Panel {
        name: source.name.clone(),
        part: source.part.clone(),
        shape: source.shape.clone(),
        dtype: source.dtype,
        orientation: source.orientation.clone(),
        number: source.number,
        extent: source.extent(),
        grids,
        summary,
        over: None,
        course,
    })
}

/// Most values of a line that are kept one by one.
const MOST_POINTS: u64 = 1 << 22;
/// Most blocks that a longer line is folded into.
const MOST_BLOCKS: usize = 1 << 16;

/// The values of one row at their places. Of a very long one the smallest and the largest of blocks,
/// and a NaN or infinity where a block has one.
fn line(row: &Tensor, source: &PanelSource, work: Work<'_>) -> Result<Vec<(f64, f64)>, Error> {
    let place = |at: usize| match source.places.get(at) {
        Some(&place) => place,
        None => source.numbers[1].number(at) as f64,
    };
    if row.elements() <= MOST_POINTS {
        let values = row.to_f64()?;
        return Ok(values.into_iter().enumerate().map(|(at, value)| (place(at), value)).collect());
    }
    let fold = |fold| reduce(row, GridRequest::new(1, MOST_BLOCKS, fold), work);
    let (low, high) = (fold(Fold::Min)?, fold(Fold::Max)?);
    let mut points = Vec::with_capacity(3 * low.cols);
    for at in 0..low.cols {
        let here = place(at * low.block.1);
        let odd = match low.marks.get(at).copied().unwrap_or_default() {
            Mark::None => None,
            Mark::NegInf => Some(f64::NEG_INFINITY),
            Mark::PosInf | Mark::BothInf => Some(f64::INFINITY),
            Mark::Nan => Some(f64::NAN),
        };
        points.extend([low.value(at), high.value(at)].into_iter().chain(odd).map(|v| (here, v)));
    }
    Ok(points)
}
