//! The size of tensors over the steps of runs, and how much each step changes them.

use hinton_chart::{Course, Extent, Measures, Panel, charts};
use hinton_compare::measure;
use hinton_picture::Picture;
use hinton_run::Run;
use hinton_tensor::{Summary, Tensor, TensorError, Work, summarize};
use hinton_weights::{Error, Selected};

use super::{RunRequest, run_names};

/// Figures of the tensors that the patterns mean, or of all that were learned, over the steps.
pub(super) fn draw(
    runs: &[&Run],
    patterns: &[String],
    request: &RunRequest,
    work: Work<'_>,
) -> Result<Picture, Error> {
    let Some(chart) = charts::named("profile") else {
        return Err(Error::unfit("there is no chart of profiles", ""));
    };
    let count = runs.iter().map(|run| run.steps.len()).sum();
    let mut done = 0;
    let mut panels = Vec::new();
    for (run, name) in runs.iter().zip(run_names(runs)) {
        let part = if runs.len() > 1 { name } else { String::new() };
        panels.extend(of_run(run, patterns, &part, work, &mut || {
            done += 1;
            work.progress.looked(done, count);
        })?);
    }
    let options = &request.draw.options;
    let built = charts::draw(chart, &panels, options)?;
    let mut notes = built.notes;
    notes.extend(crate::settings::without_effect(&request.draw, chart.name));
    Ok(Picture { scene: built.scene, notes, dpi: options.dpi })
}

/// A tensor over the steps that have it.
struct OverSteps {
    label: String,
    dtype: &'static str,
    shape: Vec<usize>,
    measures: Vec<Measures>,
    /// The tensor as it was at the step before, and its norm.
    last: (Tensor, Option<f64>),
}

fn of_run(
    run: &Run,
    patterns: &[String],
    part: &str,
    work: Work<'_>,
    looked: &mut dyn FnMut(),
) -> Result<Vec<Panel>, Error> {
    let learned: Vec<String> =
        hinton_weights::learned(run).iter().map(|one| one.name.clone()).collect();
    let mut tensors: Vec<OverSteps> = Vec::new();
    let mut error = None;
    for at in 0..run.steps.len() {
        let place = run.steps[at].number as f64;
        match hinton_weights::chosen(run, at, patterns, &learned) {
            Ok(found) => {
                for one in &found {
                    add(&mut tensors, one, place, work)?;
                }
            }
            Err(Error::Tensor(stop @ TensorError::Cancelled(_))) => return Err(stop.into()),
            Err(why) => error = error.or(Some(why)),
        }
        looked();
    }
    if tensors.is_empty() {
        let message = "the run has no tensor of floating-point numbers that is not optimizer state";
        let none = || Error::unfit(message, "name one: -t NAME");
        return Err(error.unwrap_or_else(none));
    }
    Ok(tensors.into_iter().map(|one| one.panel(part)).collect())
}

/// Adds what a tensor is at a step.
fn add(
    tensors: &mut Vec<OverSteps>,
    found: &Selected,
    place: f64,
    work: Work<'_>,
) -> Result<(), Error> {
    let summary = summarize(&found.tensor, work)?;
    let mut measures = Measures::of(place, &summary);
    let last = (found.tensor.clone(), summary.l2());
    let label = found.label();
    match tensors.iter_mut().find(|one| one.label == label) {
        Some(one) => {
            if let (true, Some(norm)) = (one.last.0.shape() == found.tensor.shape(), one.last.1)
                && norm > 0.0
            {
                let moved = measure(&one.last.0, &found.tensor, work)?.measures.norm_difference;
                measures.update = Some(moved / norm);
            }
            one.measures.push(measures);
            one.last = last;
        }
        None => tensors.push(OverSteps {
            label,
            dtype: found.tensor.dtype().name(),
            shape: found.tensor.shape().to_vec(),
            measures: vec![measures],
            last,
        }),
    }
    Ok(())
}

impl OverSteps {
    fn panel(self, part: &str) -> Panel {
        Panel {
            name: self.label,
            part: part.to_owned(),
            extent: Extent::new(1, self.measures.len()),
            shape: self.shape,
            dtype: self.dtype,
            orientation: "step".to_owned(),
            number: None,
            grids: Vec::new(),
            summary: Summary::empty(),
            over: None,
            course: Course::Measures(self.measures),
        }
    }
}
