//! A recorded run: space folds while the network learns.

use std::path::{Path, PathBuf};

use hinton_chart::space::{Box3, Regions, SpaceOptions, SpaceStep, space};
use hinton_chart::{Length, PageSize};
use hinton_render::films::{Frame, FrameSource, SourceError};
use hinton_run::{Run, RunOptions, open_run};

use super::model::of_run_step;
use super::place::Placement;
use super::{FilmRequest, NetworkRequest, PointRequest, PointSource, Show, ShowRequest, points};
use crate::save::Playable;
use crate::{Error, Picture};

/// Most steps of a run that are shown; of more an even choice.
const MOST_STEPS: usize = 400;
/// Size of the picture, points of the page.
const SIZE: (f64, f64) = (720.0, 404.0);

/// Points of a large data set that are shown unless another number is asked for.
const SHOWN_POINTS: usize = 2000;

/// The points that a run was trained on, where its settings name them and they are still there.
pub fn run_points(path: &Path) -> Option<PointRequest> {
    if !super::is_run(path) {
        return None;
    }
    let run = open_run(&[path.to_owned()], &RunOptions::default()).ok()?;
    let settings: serde_json::Value = serde_json::from_str(run.settings.as_deref()?).ok()?;
    let text = |name: &str| settings.get(name).and_then(serde_json::Value::as_str);
    let seed = settings.get("seed").and_then(serde_json::Value::as_u64).unwrap_or(0);
    let name = text("data")?;
    if let Some(path) = text("path").map(PathBuf::from) {
        let labels = text("labels").map(PathBuf::from).filter(|labels| labels.is_file());
        let source = PointSource::File(path.clone());
        return path.exists().then(|| PointRequest { source, labels, ..PointRequest::default() });
    }
    if let (Some(folder), Some(row)) = (text("folder"), crate::train::row(name)) {
        let images = Path::new(folder).join(row.files.first()?.name);
        let count = Some(SHOWN_POINTS);
        let source = PointSource::File(images.clone());
        return images.exists().then(|| PointRequest { source, count, ..PointRequest::default() });
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
    places: Vec<[f32; 3]>,
    regions: Option<Regions>,
}

/// A film of a recorded run: the plane of the input with the regions of the classes, and the points
/// after the last step.
pub struct RunFilm<'a> {
    first: Show<'a>,
    moments: Vec<Moment>,
    range: Box3,
    durations: Vec<u32>,
    options: SpaceOptions<'a>,
    notes: Vec<String>,
}

impl std::fmt::Debug for RunFilm<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("RunFilm").field("frames", &self.moments.len()).finish_non_exhaustive()
    }
}

/// Makes a film of a recorded run.
///
/// Directions of more than three dimensions are fitted to the last step and kept, and one part of
/// space is drawn in all frames.
///
/// # Errors
/// When no step can be read as a network, or the points do not fit.
pub fn run_film<'a>(
    run: &Run,
    network: &NetworkRequest,
    point_request: &PointRequest,
    request: ShowRequest<'a>,
    timing: FilmRequest,
) -> Result<RunFilm<'a>, Error> {
    let readable: Vec<usize> =
        (0..run.steps.len()).filter(|&index| run.steps[index].broken.is_none()).collect();
    let Some(&last) = readable.last() else {
        return Err(Error::missing(format!("{}: no step can be read", run.path), ""));
    };
    let mut notes = Vec::new();
    let count = readable.len().min(MOST_STEPS);
    if count < readable.len() {
        notes.push(format!("{count} of {} steps, evenly chosen", readable.len()));
    }
    let model = of_run_step(run, last, network)?;
    let set = points::points(point_request, model.input_width())?;
    let end = Show::new(&model, set.clone(), request.clone())?;
    let at = end.shown.len() - 1;
    let placements: Vec<Placement> = end.placements.clone();
    if !matches!(placements[at], Placement::Direct) {
        notes.push("directions are fitted to the last step and kept in all".to_owned());
    }
    let mut moments = Vec::with_capacity(count);
    let mut range = Box3::EMPTY;
    for place in 0..count {
        let index = readable[place * (readable.len() - 1) / count.max(2).saturating_sub(1).max(1)];
        let model = of_run_step(run, index, network)?;
        let show = Show::with_placements(&model, set.clone(), request.clone(), Some(&placements))?;
        let step = &run.steps[index];
        let mut words = vec![format!("step {}", step.number)];
        for metric in ["epoch", "loss", "validation_loss", "accuracy", "validation_accuracy"] {
            if let Some(value) = step.metric(metric) {
                words.push(format!("{} {}", metric.replace('_', " "), crate::short(value)));
            }
        }
        words.extend(show.accuracy().map(|right| format!("{:.1} % right", right * 100.0)));
        let places: Vec<[f32; 3]> = show.places(at).iter().collect();
        range = range.and(Box3::around((&places).into()));
        let regions = show.shown.into_iter().next().and_then(|first| first.regions);
        moments.push(Moment { number: step.number, words: words.join(" · "), places, regions });
    }
    let durations = durations(moments.len(), &timing)?;
    let mut options = end.options();
    let (width, height) = SIZE;
    let length = |points: f64| Length::Points(points);
    options.size =
        options.size.or(Some(PageSize { width: length(width), height: Some(length(height)) }));
    options.columns = options.columns.or(Some(2));
    options.notes.clear();
    options.title =
        format!("{} · {}", run.trained.as_deref().unwrap_or(&run.path), model_words(&end));
    notes.extend(end.notes().iter().filter(|note| !note.starts_with("step ")).cloned());
    let range = range.padded(super::show::PADDING);
    Ok(RunFilm { first: end, moments, range, durations, options, notes })
}

/// The model in a line, out of the title.
fn model_words(show: &Show<'_>) -> String {
    show.title().split(" · ").nth(1).unwrap_or_default().to_owned()
}

fn durations(frames: usize, timing: &FilmRequest) -> Result<Vec<u32>, Error> {
    let seconds = timing.duration.unwrap_or((frames as f64 / 12.0).clamp(2.0, 20.0));
    if !(seconds > 0.0 && seconds <= 3600.0) {
        let message = format!("--duration {seconds}: expected a number above 0, at most 3600");
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

impl RunFilm<'_> {
    /// What a person should know, one sentence each.
    pub fn notes(&self) -> &[String] {
        &self.notes
    }

    /// One frame as a picture.
    ///
    /// # Errors
    /// When there is no such frame, or its page has no room.
    pub fn picture(&self, index: usize) -> Result<Picture, Error> {
        let Some(moment) = self.moments.get(index) else {
            let message = format!("there is no frame {index}, the film has {}", self.moments.len());
            return Err(Error::missing(message, ""));
        };
        let last = self.first.shown.len() - 1;
        let mut input = self.first.step(0);
        input.regions = moment.regions.as_ref();
        input.details.clear();
        let mut output = self.first.step(last);
        output.points = (&moment.places).into();
        output.guides = &[];
        output.range = Some(self.range);
        output.name = format!("After {}", output.name);
        output.details.retain(|detail| !detail.starts_with("singular"));
        let steps: Vec<SpaceStep<'_>> = if last == 0 { vec![output] } else { vec![input, output] };
        let mut options = self.options.clone();
        options.subtitle = vec![moment.words.clone()];
        let picture = space(self.first.cloud(), &steps, &options)?;
        Ok(Picture { scene: picture.scene, notes: picture.notes, dpi: options.dpi })
    }

    /// The numbers of the steps that are shown.
    pub fn steps(&self) -> Vec<u64> {
        self.moments.iter().map(|moment| moment.number).collect()
    }
}

impl FrameSource for RunFilm<'_> {
    fn len(&self) -> usize {
        self.durations.len()
    }

    fn frame(&self, index: usize) -> Result<Frame, SourceError> {
        let picture = self.picture(index)?;
        Ok(Frame { scene: picture.scene, duration_ms: self.durations[index] })
    }
}

impl Playable for RunFilm<'_> {
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
        self.options.work.threads
    }

    fn limit_colors(&mut self) -> Result<(), Error> {
        self.first.limit_colors()
    }
}
