//! The distribution of tensors over the steps of runs.

use hinton_chart::{Course, Extent, Panel, Spread, charts};
use hinton_picture::Picture;
use hinton_run::Run;
use hinton_tensor::{Summary, TensorError, Work, summarize};
use hinton_weights::{Error, Selected, select};

use super::{RunRequest, run_names};

/// Most tensors that are shown without being asked.
const MOST_UNASKED: usize = 4;
/// Most that can be shown.
const MOST: usize = 24;

/// Distributions of the tensors that the patterns mean, or of the first learned ones.
pub(super) fn draw(
    runs: &[&Run],
    patterns: &[String],
    request: &RunRequest,
    work: Work<'_>,
) -> Result<Picture, Error> {
    let (panels, mut notes) = panels(runs, patterns, work)?;
    let Some(chart) = charts::named("distribution") else {
        return Err(Error::unfit("there is no chart of distributions", ""));
    };
    let mut options = request.draw.options.clone();
    options.notes.extend(notes.iter().cloned());
    let mut built = charts::draw(chart, &panels, &options)?;
    notes.append(&mut built.notes);
    notes.extend(crate::settings::without_effect(&request.draw, chart.name));
    Ok(Picture { scene: built.scene, notes, dpi: options.dpi })
}

fn panels(
    runs: &[&Run],
    patterns: &[String],
    work: Work<'_>,
) -> Result<(Vec<Panel>, Vec<String>), Error> {
    let mut notes = Vec::new();
    let most = (MOST_UNASKED / runs.len()).max(1);
    let count = runs.iter().map(|run| run.steps.len()).sum();
    let mut panels: Vec<Panel> = Vec::new();
    let mut done = 0;
    for (run, name) in runs.iter().zip(run_names(runs)) {
        let patterns = match patterns {
            [] => unasked(run, most, &mut notes)?,
            patterns => patterns.to_vec(),
        };
        let mut tensors = Gathered::default();
        let mut error = None;
        for at in 0..run.steps.len() {
            match step(run, at, &patterns, work) {
                Ok(found) => tensors.add(at, found),
                Err(Error::Tensor(stop @ TensorError::Cancelled(_))) => return Err(stop.into()),
                Err(why) => error = error.or(Some(why)),
            }
            done += 1;
            work.progress.looked(done, count);
        }
        if tensors.all.is_empty() {
            return Err(error.unwrap_or_else(|| Error::unfit("the run has no steps", "")));
        }
        let part = if runs.len() > 1 { name } else { String::new() };
        panels.extend(tensors.panels(run, &part));
    }
    if panels.len() > MOST {
        return Err(Error::unfit(
            format!("{} tensors are more than can be shown at once (at most {MOST})", panels.len()),
            "choose fewer with -t",
        ));
    }
    // The same tensor of several runs side by side.
    let mut names: Vec<String> = Vec::new();
    for panel in &panels {
        if !names.contains(&panel.name) {
            names.push(panel.name.clone());
        }
    }
    panels.sort_by_key(|panel| names.iter().position(|name| *name == panel.name));
    Ok((panels, notes))
}

/// The names of the tensors that are shown where none was asked for.
fn unasked(run: &Run, most: usize, notes: &mut Vec<String>) -> Result<Vec<String>, Error> {
    let learned = hinton_weights::learned(run);
    if learned.is_empty() {
        let message = "the run has no tensor of floating-point numbers that is not optimizer state";
        return Err(Error::unfit(message, "name one: -t NAME"));
    }
    if learned.len() > most {
        let first = if most == 1 { "the first".to_owned() } else { format!("the first {most}") };
        let note = format!("{first} of {} tensors; -t names others", learned.len());
        if !notes.contains(&note) {
            notes.push(note);
        }
    }
    Ok(learned.into_iter().take(most).map(|tensor| tensor.name.clone()).collect())
}

/// The spreads of a step: what each is of, its dtype and its spread.
fn step(run: &Run, at: usize, patterns: &[String], work: Work<'_>) -> Result<Vec<Found>, Error> {
    let checkpoint = run.checkpoint(at)?;
    let place = run.steps[at].number as f64;
    // A pattern that means nothing in this step may mean something in another.
    let mut chosen: Vec<Selected> = Vec::new();
    let mut error = None;
    for pattern in patterns {
        match select(&checkpoint, &[pattern]) {
            Ok(found) => chosen.extend(found),
            Err(why) => error = error.or(Some(why)),
        }
    }
    if let (true, Some(error)) = (chosen.is_empty(), error) {
        return Err(error);
    }
    let spread = |one: &Selected| {
        let summary = summarize(&one.tensor, work)?;
        let spread = Spread::of(place, one.tensor.shape(), &summary);
        Ok(Found { label: one.label(), dtype: one.tensor.dtype().name(), spread })
    };
    chosen.iter().map(spread).collect()
}

/// A tensor of a step.
struct Found {
    label: String,
    dtype: &'static str,
    spread: Spread,
}

/// A tensor over the steps that have it: their indices and its spreads.
struct OverSteps {
    label: String,
    dtype: &'static str,
    spreads: Vec<(usize, Spread)>,
}

/// Tensors over steps, in order of first appearance.
#[derive(Default)]
struct Gathered {
    all: Vec<OverSteps>,
}

impl Gathered {
    fn add(&mut self, at: usize, found: Vec<Found>) {
        for Found { label, dtype, spread } in found {
            match self.all.iter_mut().find(|one| one.label == label) {
                Some(one) => one.spreads.push((at, spread)),
                None => self.all.push(OverSteps { label, dtype, spreads: vec![(at, spread)] }),
            }
        }
    }

    /// A panel each; steps that lack the tensor are there as missing.
    fn panels(self, run: &Run, part: &str) -> Vec<Panel> {
        self.all.into_iter().map(|one| one.panel(run, part)).collect()
    }
}

impl OverSteps {
    fn panel(self, run: &Run, part: &str) -> Panel {
        let mut there = self.spreads.into_iter().peekable();
        let spread = |at: usize| match there.next_if(|one| one.0 == at) {
            Some((_, spread)) => spread,
            None => Spread::missing(run.steps[at].number as f64),
        };
        let all: Vec<Spread> = (0..run.steps.len()).map(spread).collect();
        let shape = all.iter().find_map(|spread| spread.shape.clone()).unwrap_or_default();
        Panel {
            name: self.label,
            part: part.to_owned(),
            extent: Extent::new(1, all.len()),
            shape,
            dtype: self.dtype,
            orientation: "step".to_owned(),
            number: None,
            grids: Vec::new(),
            summary: Summary::empty(),
            over: None,
            course: Course::Spreads(all),
        }
    }
}
