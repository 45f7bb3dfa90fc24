//! The tensors of one step of each run.

use hinton_chart::{Labels, short_count};
use hinton_picture::Picture;
use hinton_run::Run;
use hinton_tensor::Work;
use hinton_weights::{Error, Selected, select};

use super::{RunRequest, known, run_names};
use crate::arrange::arrange;
use crate::{DrawRequest, draw_arrangement_with};

/// The tensors that the patterns mean in the step that was asked for, or in the last that has them;
/// of several runs all in one picture, on one scale.
pub(super) fn draw(
    runs: &[&Run],
    patterns: &[String],
    request: &RunRequest,
    work: Work<'_>,
) -> Result<Picture, Error> {
    let mut draw = request.draw.clone();
    let mut selected: Vec<Selected> = Vec::new();
    for (run, name) in runs.iter().zip(run_names(runs)) {
        let (at, mut found) = chosen(run, patterns, request.step)?;
        let of = if runs.len() > 1 { format!("{name}: ") } else { String::new() };
        draw.options.notes.push(format!("{of}{}", words(run, at)));
        if runs.len() > 1 {
            found.iter_mut().for_each(|one| one.of.clone_from(&name));
        }
        selected.extend(found);
    }
    if selected.is_empty() {
        return Err(Error::unfit("the step holds no tensors", ""));
    }
    learn_from_settings(runs[0], &selected, &mut draw);
    if runs.len() > 1 && draw.chart.is_none() {
        // A chart that was asked for draws all on one scale.
        draw.chart = Some(arrange(&selected[..1], &draw)?.chart.name.to_owned());
    }
    let mut picture = match draw.panels {
        None => draw_arrangement_with(&arrange(&selected, &draw)?, &draw, work)?,
        Some(_) => crate::draw_with(selected, &draw, work)?,
    };
    picture.notes.extend(draw.options.notes.iter().skip(request.draw.options.notes.len()).cloned());
    Ok(picture)
}

/// Class names and the shape of pictures for what the patterns mean in the last step that has it,
/// where the settings of the run tell them and the request leaves them open.
pub(crate) fn learn(run: &Run, patterns: &[String], draw: &mut DrawRequest) {
    // What cannot be found is reported when it is drawn.
    if run.settings.is_some()
        && !patterns.is_empty()
        && let Ok((_, selected)) = chosen(run, patterns, None)
    {
        learn_from_settings(run, &selected, draw);
    }
}

/// Class names and the shape of pictures, where the settings of the run tell them.
fn learn_from_settings(run: &Run, selected: &[Selected], draw: &mut DrawRequest) {
    let [first, ..] = selected else { return };
    let shape = first.tensor.shape();
    if draw.chart.as_deref() == Some("confusion")
        && draw.options.row_labels == Labels::Auto
        && let Some(names) = shape.first().and_then(|&count| known::classes(run, count))
    {
        draw.options.row_labels = Labels::List(names);
    }
    let is_free = draw.chart.is_none() && draw.each.is_none() && draw.reshape.is_none();
    let is_whole = first.part.is_empty() && !draw.transpose && draw.permute.is_none();
    let alike = selected.iter().all(|one| one.tensor.shape() == shape);
    if let (true, Some((each, shape))) = (is_free && is_whole && alike, known::pictures(run, shape))
    {
        draw.each = Some(each);
        draw.reshape = Some(shape);
    }
}

/// The step, and what the patterns mean in it.
fn chosen(
    run: &Run,
    patterns: &[String],
    step: Option<u64>,
) -> Result<(usize, Vec<Selected>), Error> {
    let found = |at: usize| -> Result<(usize, Vec<Selected>), Error> {
        Ok((at, select(&run.checkpoint(at)?, patterns)?))
    };
    if let Some(number) = step {
        let at = run.steps.iter().rposition(|step| step.number == number);
        return found(at.ok_or_else(|| no_step(run, number))?);
    }
    let mut error = None;
    for at in (0..run.steps.len()).rev() {
        match found(at) {
            Ok(found) => return Ok(found),
            Err(why) => error = error.or(Some(why)),
        }
    }
    Err(error.unwrap_or_else(|| Error::unfit("the run has no steps", "")))
}

fn no_step(run: &Run, number: u64) -> Error {
    let numbers: Vec<u64> = run.steps.iter().map(|step| step.number).collect();
    let after = numbers.partition_point(|&other| other < number);
    let near: Vec<String> = [after.checked_sub(1), Some(after)]
        .into_iter()
        .flatten()
        .filter_map(|at| numbers.get(at).map(u64::to_string))
        .collect();
    Error::unfit(
        format!("`step={number}`: the run has no such step"),
        format!("the nearest are {}", near.join(" and ")),
    )
}

/// Which step it is.
pub(super) fn words(run: &Run, at: usize) -> String {
    let number = run.steps[at].number;
    let count = run.steps.len();
    let place = match count - 1 - at {
        _ if count == 1 => "the only one".to_owned(),
        0 => format!("the last of {}", short_count(count as u64)),
        _ => format!("{} of {}", short_count(at as u64 + 1), short_count(count as u64)),
    };
    format!("step {}, {place}", short_count(number))
}
