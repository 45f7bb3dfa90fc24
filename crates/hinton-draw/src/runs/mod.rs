//! Draws runs: their metrics, the distribution of their tensors over the steps, the tensors of one
//! step, and a page with all of these.

mod known;
mod metrics;
mod page;
mod profile;
mod spreads;
mod step;
mod trouble;

use hinton_chart::charts;
use hinton_picture::Picture;
use hinton_picture::fonts::noted;
use hinton_run::Run;
use hinton_scene::with_typeface;
use hinton_tensor::Work;
use hinton_weights::{Error, confusion, run_names};

use crate::DrawRequest;
pub(crate) use step::learn;

/// What to draw of runs, and how. `Default` draws the page.
#[derive(Debug, Clone, Default)]
#[non_exhaustive]
pub struct RunRequest {
    /// How it is drawn.
    pub draw: DrawRequest,
    /// The metrics to draw as curves: names, or globs such as `*loss`. If empty, losses and
    /// accuracies are chosen.
    pub metrics: Vec<String>,
    /// The number of the step whose tensors are drawn; `None` is the last step that has them.
    pub step: Option<u64>,
}

impl RunRequest {
    /// A request that draws as `draw` says.
    pub fn of(draw: DrawRequest) -> Self {
        RunRequest { draw, metrics: Vec::new(), step: None }
    }
}

/// Draws runs. What is drawn depends on the request:
///
/// - Only logs: their metrics, one plot per quantity.
/// - No chart, patterns or metrics: a page with curves, distributions, the last confusion matrix
///   and the last weights, as far as the runs have them.
/// - Metrics, or the chart `curve` without patterns: the metrics, all runs in one plot.
/// - The chart `distribution`: the distribution over the steps of the tensors that match the
///   patterns (without patterns, of the first weights).
/// - The chart `profile` without a step: the size over the steps of the tensors that match the
///   patterns (without patterns, of all learned tensors).
/// - Anything else: the tensors of one step, as [`draw`](crate::draw()) draws those of a
///   checkpoint. `confusion` without patterns takes the tensor with that name.
///
/// # Errors
/// Returns an error if a requested run, step, metric or tensor is missing, or values cannot be read.
pub fn draw_runs<S: AsRef<str>>(
    runs: &[Run],
    patterns: &[S],
    request: &RunRequest,
) -> Result<Picture, Error> {
    draw_runs_with(runs, patterns, request, Work::on_all())
}

/// As [`draw_runs`], with this number of threads, reporting to a [`Progress`](hinton_tensor::Progress), which
/// is told how many steps have been read, too, and may cancel the work.
///
/// # Errors
/// Returns the errors of [`draw_runs`], and an error if the work was cancelled.
pub fn draw_runs_with<S: AsRef<str>>(
    runs: &[Run],
    patterns: &[S],
    request: &RunRequest,
    work: Work<'_>,
) -> Result<Picture, Error> {
    let runs: Vec<&Run> = runs.iter().collect();
    let runs = runs.as_slice();
    if runs.is_empty() {
        return Err(Error::unfit("there is no run to draw", ""));
    }
    let patterns: Vec<String> = patterns.iter().map(|one| one.as_ref().to_owned()).collect();
    let chart = request.draw.chart.as_deref();
    if let Some(name) = chart.filter(|name| charts::named(name).is_none()) {
        let known: Vec<&str> = hinton_chart::CHARTS.iter().map(|chart| chart.name).collect();
        let message = format!("there is no chart {name:?}");
        return Err(Error::request(message, format!("there are {}", known.join(", "))));
    }
    with_typeface(request.draw.options.font, || draw_parts(runs, patterns, request, work))
        .map(noted)
}

fn draw_parts(
    runs: &[&Run],
    mut patterns: Vec<String>,
    request: &RunRequest,
    work: Work<'_>,
) -> Result<Picture, Error> {
    let chart = request.draw.chart.as_deref();
    let shape_is_asked = request.draw.each.is_some() || request.draw.reshape.is_some();
    match (chart, patterns.is_empty()) {
        (Some("curve"), true) => metrics::draw(runs, request),
        (None, true) if !request.metrics.is_empty() => metrics::draw(runs, request),
        (None, true) if metrics::are_logs(runs) => metrics::draw(runs, request),
        (Some("distribution"), _) => spreads::draw(runs, &patterns, request, work),
        (Some("profile"), _) if request.step.is_none() => {
            profile::draw(runs, &patterns, request, work)
        }
        (None, true) if !shape_is_asked && request.step.is_none() => {
            page::draw(runs, request, work)
        }
        _ => {
            if chart == Some("confusion") && patterns.is_empty() {
                patterns.extend(confusion(runs[0]).map(str::to_owned));
            }
            step::draw(runs, &patterns, request, work)
        }
    }
}
