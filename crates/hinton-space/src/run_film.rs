//! Films of a recorded run: how space is transformed while the network learns.

use std::path::{Path, PathBuf};

use std::sync::Arc;

use hinton_chart::space::{Box3, Guide, Regions, SpaceOptions, SpaceStep, space};
use hinton_chart::{Length, PageSize};
use hinton_picture::{Picture, Playable};
use hinton_render::films::{Frame, FrameSource, SourceError};
use hinton_run::{Run, RunOptions, open_run};
use hinton_tensor::{Progress, Work};
use hinton_weights::{Error, is_file};

use super::model::{is_there, of_run_step};
use super::place::Placement;
use super::show::space_fault;
use super::{FilmRequest, NetworkRequest, PointRequest, PointSource, Show, ShowRequest, points};

/// Most steps of a run that are shown; of more an even choice.
const MOST_STEPS: usize = 400;
/// Most layers that are shown side by side; of more an even choice.
const MOST_LAYERS: usize = 6;
/// Most places of points in memory: 12 bytes each.
const MOST_PLACES: usize = 24_000_000;
/// Frames before and after one that its part of space is evened out over, as a share of all.
const EVENED: usize = 40;
/// Side of a layer's picture for this many in a row, points of the page.
const SIDES: [f64; 4] = [400.0, 300.0, 235.0, 215.0];
/// Room for the key beside them, and for margins.
const KEY_AND_MARGINS: f64 = 84.0 + 32.0;
/// Between two pictures.
const GAP: f64 = 16.0;

/// Points of a large data set that are shown unless another number is asked for.
const SHOWN_POINTS: usize = 2000;

/// The points that a run was trained on, if its settings name them and they can still be found.
pub fn run_points(path: &Path) -> Option<PointRequest> {
    if !super::is_run(path) {
        return None;
    }
    points_of_run(&open_run(&[path.to_owned()], &RunOptions::default()).ok()?)
}

/// As [`run_points`], of a run that is open.
pub fn points_of_run(run: &Run) -> Option<PointRequest> {
    let settings: serde_json::Value = serde_json::from_str(run.settings.as_deref()?).ok()?;
    let text = |name: &str| settings.get(name).and_then(serde_json::Value::as_str);
    let seed = settings.get("seed").and_then(serde_json::Value::as_u64).unwrap_or(0);
    let name = text("data")?;
    if let Some(path) = text("path").map(PathBuf::from) {
        let labels = text("labels").map(PathBuf::from).filter(|labels| is_file(labels));
        let source = PointSource::File(path.clone());
        return is_there(&path).then(|| PointRequest { source, labels, ..PointRequest::default() });
    }
    if let (Some(folder), Some(row)) = (text("folder"), hinton_weights::data_sets::row(name)) {
        let images = Path::new(folder).join(row.files.first()?.name);
        let count = Some(SHOWN_POINTS);
        let source = PointSource::File(images.clone());
        return is_there(&images).then(|| PointRequest {
            source,
            count,
            ..PointRequest::default()
        });
    }
    let source: PointSource = name.parse().ok()?;
    matches!(source, PointSource::Data(_)).then(|| PointRequest {
        source,
        seed,
        ..PointRequest::default()
    })
}

/// What is shown of one step of the run.
struct Moment {
    number: u64,
    words: String,
    regions: Option<Regions>,
    layers: Vec<Layer>,
}

/// The points after one layer.
struct Layer {
    places: Vec<[f32; 3]>,
    guides: Vec<Guide>,
    /// The part of space that is drawn.
    range: Box3,
}

/// A film of a recorded run: the points after every layer while the network learns and, in the
/// plane of the input, the regions of the classes. Each layer has its own zoom, which follows the
/// points, and a scale bar.
pub struct RunFilm {
    last: Show,
    /// Which steps of the network are shown.
    layers: Vec<usize>,
    /// What is said under their names.
    details: Vec<Vec<String>>,
    moments: Vec<Moment>,
    durations: Vec<u32>,
    options: SpaceOptions,
    notes: Vec<String>,
}

impl std::fmt::Debug for RunFilm {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("RunFilm").field("frames", &self.moments.len()).finish_non_exhaustive()
    }
}

/// Makes a film of a recorded run.
///
/// Principal components, for layers with more than three dimensions, are fitted to the last step
/// and kept.
///
/// # Errors
/// Returns an error if no step can be read as a network, or the points do not fit.
pub fn run_film(
    run: &Run,
    network: &NetworkRequest,
    point_request: &PointRequest,
    request: ShowRequest,
    timing: FilmRequest,
) -> Result<RunFilm, Error> {
    run_film_with(run, network, point_request, request, timing, Work::on_all())
}

/// As [`run_film`], with this number of threads, which frames are drawn with, too, reporting to a
/// [`Progress`], which may cancel the work. While frames are drawn, see [`RunFilm::set_progress`].
///
/// # Errors
/// Returns the errors of [`run_film`], and an error if the work was cancelled.
pub fn run_film_with(
    run: &Run,
    network: &NetworkRequest,
    point_request: &PointRequest,
    request: ShowRequest,
    timing: FilmRequest,
    work: Work<'_>,
) -> Result<RunFilm, Error> {
    let readable: Vec<usize> =
        (0..run.steps.len()).filter(|&index| run.steps[index].broken.is_none()).collect();
    let Some(&last) = readable.last() else {
        return Err(Error::unfit(format!("{}: no step can be read", run.path), ""));
    };
    let mut notes = Vec::new();
    let model = of_run_step(run, last, network)?;
    let set = points::points(point_request, model.input_width())?;
    let end = Show::new_with(&model, set.clone(), request.clone(), work)?;
    let layers = chosen(end.shown.len());
    if layers.len() < end.shown.len() {
        let (shown, all) = (layers.len(), end.shown.len());
        notes.push(format!("{shown} of {all} steps of the network are shown"));
    }
    let room = MOST_PLACES / (set.len() * layers.len()).max(1);
    let count = readable.len().min(MOST_STEPS).min(room.max(2));
    if count < readable.len() {
        notes.push(format!("{count} of {} steps, evenly chosen", readable.len()));
    }
    let placements: Vec<Placement> = end.placements.clone();
    if layers.iter().any(|&at| !matches!(placements[at], Placement::Direct)) {
        notes.push("directions are fitted to the last step and kept in all".to_owned());
    }
    let mut moments = Vec::with_capacity(count);
    for place in 0..count {
        let index = readable[place * (readable.len() - 1) / (count - 1).max(1)];
        let model = of_run_step(run, index, network)?;
        let (set, request) = (set.clone(), request.clone());
        let show = Show::with_placements(&model, set, request, Some(&placements), work)?;
        moments.push(moment(&run.steps[index], show, &layers));
    }
    even_out(&mut moments, layers.len());
    let durations = durations(moments.len(), &timing)?;
    let mut options = end.options();
    options.scale_bars = true;
    options.equal_axes = Some(true);
    let columns = options.columns.unwrap_or(match layers.len() {
        few @ 1..=4 => few,
        _ => 3,
    });
    let side = SIDES[columns.clamp(1, SIDES.len()) - 1];
    let width = columns as f64 * (side + GAP) - GAP + KEY_AND_MARGINS;
    options.size = options.size.or(Some(PageSize { width: Length::Points(width), height: None }));
    options.columns = Some(columns);
    options.notes.clear();
    options.title =
        format!("{} · {}", run.trained.as_deref().unwrap_or(&run.path), model_words(&end));
    if let Some(trained) = run.trained.as_deref().filter(|name| name.contains(&model_words(&end))) {
        trained.clone_into(&mut options.title);
    }
    notes.extend(end.notes().iter().filter(|note| !note.starts_with("step ")).cloned());
    let words = |&at: &usize| placements[at].words(&end.stages()[at]).into_iter().collect();
    let details = layers.iter().map(words).collect();
    Ok(RunFilm { last: end, layers, details, moments, durations, options, notes })
}

/// The steps of a network that are shown, the first and the last among them.
fn chosen(all: usize) -> Vec<usize> {
    match all <= MOST_LAYERS {
        true => (0..all).collect(),
        false => (0..MOST_LAYERS).map(|at| at * (all - 1) / (MOST_LAYERS - 1)).collect(),
    }
}

/// One step of the run; the points' own part of space for each layer.
fn moment(step: &hinton_run::Step, show: Show, layers: &[usize]) -> Moment {
    let mut words = vec![format!("step {}", step.number)];
    for metric in ["epoch", "loss", "validation_loss"] {
        if let Some(value) = step.metric(metric) {
            words.push(format!("{} {}", metric.replace('_', " "), hinton_chart::short(value)));
        }
    }
    words.extend(show.accuracy().map(|right| format!("{:.1} % right", right * 100.0)));
    let layer = |&at: &usize| {
        let places: Vec<[f32; 3]> = show.places(at).iter().collect();
        let guides = show.shown[at].guides.clone();
        let around = |points: &Vec<[f32; 3]>| Box3::around(points.into());
        let range = guides.iter().map(|guide| around(&guide.points));
        let range = range.fold(around(&places), Box3::and);
        Layer { places, guides, range }
    };
    let layers = layers.iter().map(layer).collect();
    let regions = show.shown.into_iter().next().and_then(|first| first.regions);
    Moment { number: step.number, words: words.join(" · "), regions, layers }
}

/// Makes the part of space of each layer follow the points softly: the mean, over the frames around
/// one, of what holds the points of the frames around those. The points always fit.
fn even_out(moments: &mut [Moment], layers: usize) {
    let reach = (moments.len() / EVENED).clamp(0, 10);
    let around = |at: usize, all: usize| at.saturating_sub(reach)..(at + reach + 1).min(all);
    for layer in 0..layers {
        let own: Vec<Box3> = moments.iter().map(|moment| moment.layers[layer].range).collect();
        let all = own.len();
        let wide: Vec<Box3> = (0..all)
            .map(|at| own[around(at, all)].iter().copied().fold(Box3::EMPTY, Box3::and))
            .map(|range| range.padded(super::show::PADDING))
            .collect();
        for (at, moment) in moments.iter_mut().enumerate() {
            let near = &wide[around(at, all)];
            let mean = |end: fn(&Box3, usize) -> f64, axis: usize| {
                near.iter().map(|range| end(range, axis)).sum::<f64>() / near.len() as f64
            };
            moment.layers[layer].range = Box3 {
                low: std::array::from_fn(|axis| mean(|range, axis| range.low[axis], axis)),
                high: std::array::from_fn(|axis| mean(|range, axis| range.high[axis], axis)),
            };
        }
    }
}

/// The model in a line, out of the title.
fn model_words(show: &Show) -> String {
    show.title().split(" · ").nth(1).unwrap_or_default().to_owned()
}

fn durations(frames: usize, timing: &FilmRequest) -> Result<Vec<u32>, Error> {
    let seconds = timing.duration.unwrap_or((frames as f64 / 12.0).clamp(2.0, 20.0));
    if !(seconds > 0.0 && seconds <= 3600.0) {
        let message = format!("`duration={seconds}`: expected a number above 0, at most 3600");
        return Err(Error::request(message, ""));
    }
    let each = seconds * 1000.0 / frames.max(1) as f64;
    let end = |frame: usize| (each * frame as f64 + 0.5) as u32;
    let mut durations: Vec<u32> =
        (0..frames).map(|frame| (end(frame + 1) - end(frame)).max(10)).collect();
    if let Some(last) = durations.last_mut() {
        // Time to look at the end before it begins again.
        *last += 1500;
    }
    Ok(durations)
}

impl RunFilm {
    /// Reports how points are counted for frames, from any of the threads that draw them; it may stop
    /// the film in the middle of a frame.
    pub fn set_progress(&mut self, progress: Arc<dyn Progress + Send + Sync>) {
        self.last.set_progress(progress);
    }

    /// Notes for the user, one sentence each.
    pub fn notes(&self) -> &[String] {
        &self.notes
    }

    /// Draws the frame at `index`.
    ///
    /// # Errors
    /// Returns an error if there is no such frame, or the page is too small.
    pub fn picture(&self, index: usize) -> Result<Picture, Error> {
        let Some(moment) = self.moments.get(index) else {
            let message = format!("there is no frame {index}, the film has {}", self.moments.len());
            return Err(Error::unfit(message, ""));
        };
        let mut steps: Vec<SpaceStep<'_>> = Vec::with_capacity(self.layers.len());
        for ((&at, layer), details) in self.layers.iter().zip(&moment.layers).zip(&self.details) {
            let mut step = self.last.step(at);
            step.points = (&layer.places).into();
            step.guides = &layer.guides;
            step.range = Some(layer.range);
            step.details.clone_from(details);
            step.regions = moment.regions.as_ref().filter(|_| at == 0);
            steps.push(step);
        }
        let mut options = self.options.clone();
        options.subtitle = vec![moment.words.clone()];
        let picture =
            space(self.last.cloud(), &steps, &options, self.last.work()).map_err(space_fault)?;
        Ok(Picture { scene: picture.scene, notes: picture.notes, dpi: options.dpi })
    }

    /// The numbers of the steps that are shown.
    pub fn steps(&self) -> Vec<u64> {
        self.moments.iter().map(|moment| moment.number).collect()
    }
}

impl FrameSource for RunFilm {
    fn len(&self) -> usize {
        self.durations.len()
    }

    fn frame(&self, index: usize) -> Result<Frame, SourceError> {
        let picture = self.picture(index)?;
        Ok(Frame { scene: picture.scene, duration_ms: self.durations[index] })
    }
}

impl Playable for RunFilm {
    fn dpi(&self) -> f64 {
        self.options.dpi
    }

    fn rate(&self) -> f64 {
        // The last is held.
        let moving = self.durations.len().saturating_sub(1).max(1);
        let time: u32 = self.durations.iter().take(moving).sum();
        1000.0 * moving as f64 / f64::from(time.max(1))
    }

    fn threads(&self) -> usize {
        self.last.work().threads
    }

    fn limit_colors(&mut self) -> Result<(), Error> {
        self.last.limit_colors()
    }
}
