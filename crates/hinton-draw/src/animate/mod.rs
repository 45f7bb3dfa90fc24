//! Films of runs: the same picture of every step, on one scale and in one layout.

mod change;
mod film;
mod look;
mod steps;
mod time;
mod view;
mod words;

use std::sync::Arc;

use hinton_chart::{ChartRow, Length, Options, PageSize, Timeline, charts};
use hinton_run::Run;
use hinton_tensor::Work;
use hinton_weights::Error;

use crate::DrawRequest;
use crate::settings::{Set, not_of_a_request, row_of};
pub use film::Film;
use look::Look;
pub use time::Timing;
use view::Ask;
pub use words::{Metric, Show, StepRange};

/// Most tensors that are set side by side, each with a chart of its own.
const MOST_BESIDE: usize = 4;
/// What a film shows, and how. `Default` shows every step of every tensor, drawn as
/// [`draw`](crate::draw()) would draw it.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct AnimateRequest {
    /// How each picture is drawn.
    pub draw: DrawRequest,
    /// Whether values or their changes are shown.
    pub show: Show,
    /// How fast the film plays.
    pub timing: Timing,
    /// Minimum time for which the first and the last frame are shown, in seconds.
    pub hold: (f64, f64),
    /// Which steps are shown.
    pub steps: StepRange,
    /// Number of interpolated pictures between two steps, mixed cell by cell.
    pub morph: usize,
    /// The metric written under the picture.
    pub metric: Metric,
    /// Memory for the cells of the first pass over the steps, in bytes. If all cells together need
    /// more, each frame reads its step again. The film is the same either way.
    pub memory: usize,
}

impl Default for AnimateRequest {
    fn default() -> Self {
        AnimateRequest {
            draw: DrawRequest::default(),
            show: Show::Value,
            timing: Timing::Auto,
            hold: (0.0, 1.0),
            steps: StepRange::default(),
            morph: 0,
            metric: Metric::Auto,
            memory: 128 << 20,
        }
    }
}

impl AnimateRequest {
    /// A request that draws each picture as `draw` says.
    pub fn of(draw: DrawRequest) -> Self {
        AnimateRequest { draw, ..AnimateRequest::default() }
    }

    /// Sets one of the settings of films or pictures by its name on the command line:
    /// `.set("morph", "4")?`. The range of colours may be `per-frame`: each frame then spans its own
    /// values.
    ///
    /// # Errors
    /// Returns an error if the name is unknown, or the setting does not accept the value.
    pub fn set(mut self, setting: &str, value: &str) -> Result<Self, Error> {
        let row = row_of("animate", setting)?;
        match row.set {
            Set::Draw(_) if row.name == "range" && value == "per-frame" => {
                self.draw.options.own_range = true;
            }
            Set::Draw(_) => self.draw = self.draw.set(setting, value)?,
            Set::Animate(set) => set(&mut self, value)?,
            _ => return Err(not_of_a_request(row)),
        }
        Ok(self)
    }
}

/// Makes a film of tensors of runs. Without patterns it shows every tensor, as in
/// [`select`](hinton_weights::select()).
///
/// All steps are read once first, so that one colour range, one maximum weight and one layout apply
/// to all frames. Changes from step to step are different: each has its own range, unless one is
/// set. Up to four patterns, if no chart is requested, are drawn side by side, each with its own
/// chart and scale. Several runs are drawn side by side too, with one scale for the same tensor.
/// Memory is bounded, however many steps there are.
///
/// # Errors
/// Returns an error if no step has the requested tensors, the request does not fit them, a metric
/// is missing. Single steps that cannot be shown are skipped and reported in [`Film::notes`].
pub fn animate<S: AsRef<str>>(
    runs: &[Run],
    patterns: &[S],
    request: &AnimateRequest,
) -> Result<Film, Error> {
    animate_with(runs, patterns, request, Work::on_all())
}

/// As [`animate`], with this number of threads, which the film's frames are drawn with, too,
/// reporting to a [`Progress`](hinton_tensor::Progress).
///
/// It is told how many steps have been read, and may cancel the work. While frames are drawn, see
/// [`Film::set_progress`].
///
/// # Errors
/// Returns the errors of [`animate`], and an error if the work was cancelled.
pub fn animate_with<S: AsRef<str>>(
    runs: &[Run],
    patterns: &[S],
    request: &AnimateRequest,
    work: Work<'_>,
) -> Result<Film, Error> {
    let mut patterns: Vec<String> = patterns.iter().map(|one| one.as_ref().to_owned()).collect();
    one_step_at_a_time(request)?;
    if request.draw.panels.is_some() {
        let message = "`panels`: a film has no panels with letters";
        return Err(Error::request(message, "name several tensors: they play beside one another"));
    }
    if request.draw.order.is_some() {
        let message = "`order`: rows and columns would change places from step to step";
        let help = "draw the matrix of one step, sorted: `step=N` and `order=rows`";
        return Err(Error::request(message, help));
    }
    if request.draw.chart.as_deref() == Some("confusion") && patterns.is_empty() {
        patterns.extend(runs.first().and_then(hinton_weights::confusion).map(str::to_owned));
    }
    let mut notes = Vec::new();
    let moments = steps::moments(runs, request.steps, &mut notes)?;
    let timeline = match captioned(request) {
        true => Some(steps::timeline(runs, &moments, request)?),
        false => None,
    };
    let asks = asks(runs, &patterns, request, timeline.as_ref());
    let mut look = Look::new(request, work, notes);
    let (views, moments) = look.first_views(asks, moments)?;
    let seen = look.all(views, moments)?;
    Film::new(seen, timeline, request, work)
}

/// Charts that show all steps in one picture have none for each step.
fn one_step_at_a_time(request: &AnimateRequest) -> Result<(), Error> {
    let chart = request.draw.chart.as_deref().and_then(charts::named);
    match chart.filter(|chart| !chart.plays) {
        None => Ok(()),
        Some(ChartRow { name, .. }) => Err(Error::request(
            format!("`as={name}` shows all steps in one picture: there is nothing to play"),
            format!("draw the run with `as={name}`"),
        )),
    }
}

/// Whether the picture has a band that says the step. Pictures that say nothing do not.
fn captioned(request: &AnimateRequest) -> bool {
    let is_bare = request.draw.options.title.as_deref() == Some("");
    !is_bare || matches!(request.metric, Metric::Named(_))
}

/// What is shown side by side.
fn asks(
    runs: &[Run],
    patterns: &[String],
    request: &AnimateRequest,
    timeline: Option<&Timeline>,
) -> Vec<Ask> {
    let all = patterns.to_vec();
    let each_alone = (2..=MOST_BESIDE).contains(&all.len()) && request.draw.chart.is_none();
    let groups: Vec<Vec<String>> = match each_alone {
        true => all.into_iter().map(|one| vec![one]).collect(),
        false => vec![all],
    };
    let count = groups.len() * runs.len();
    let band = timeline.map_or(0.0, Timeline::height);
    // A film outlives the call: it shares the runs.
    let shared: Vec<Arc<Run>> = runs.iter().map(|run| Arc::new(run.clone())).collect();
    let mut asks = Vec::new();
    for (group, patterns) in groups.iter().enumerate() {
        for (run_at, run) in runs.iter().enumerate() {
            let mut draw = request.draw.clone();
            crate::runs::learn(run, patterns, &mut draw);
            draw.options.size = room(&draw.options, count, band);
            if runs.len() > 1 && draw.options.title.is_none() {
                let names = patterns.join(", ");
                let parts = [hinton_weights::run_name(run), names];
                let parts: Vec<String> = parts.into_iter().filter(|p| !p.is_empty()).collect();
                draw.options.title = Some(parts.join(" · "));
            }
            // The first steps change most: on one range for all the rest of the film would be blank.
            let has_own = request.show == Show::Change && draw.options.range.is_none();
            draw.options.own_range |= has_own;
            let said = match request.show {
                Show::Value => None,
                Show::Change if draw.options.own_range => {
                    Some("shown: the difference from the step before, each on its own range")
                }
                Show::Change => Some("shown: the difference from the step before"),
                Show::TotalChange => Some("shown: the difference from the first step"),
            };
            draw.options.notes.extend(said.map(str::to_owned));
            let patterns = patterns.clone();
            let (compares, mixes) = (request.show != Show::Value, request.morph > 0);
            let run = Arc::clone(&shared[run_at]);
            asks.push(Ask { run, run_at, patterns, group, request: draw, compares, mixes });
        }
    }
    asks
}

/// The page of one of `count` pictures side by side, above a band.
fn room(options: &Options, count: usize, band: f64) -> Option<PageSize> {
    let size = options.size?;
    let width = size.width.points(options.dpi) / count as f64;
    let height = size.height.map(|height| (height.points(options.dpi) - band).max(1.0));
    Some(PageSize { width: Length::Points(width), height: height.map(Length::Points) })
}
