//! Draws metrics of runs as curves.

use std::collections::{HashMap, HashSet};

use hinton_chart::{Course, Extent, Panel, Sheet, SheetPart, charts};
use hinton_picture::Picture;
use hinton_run::{Run, RunKind, is_pace};
use hinton_scene::Scene;
use hinton_tensor::Summary;
use hinton_weights::{Error, near};

use super::{RunRequest, run_names, trouble};

/// Parts of names of metrics that people look at first, in order.
const FAVOURITES: [&str; 2] = ["loss", "acc"];
/// What the names of metrics on data that was not trained on begin with.
const PARTS: [&str; 8] = ["validation", "valid", "val", "training", "train", "test", "eval", "dev"];
/// Those of data that was not trained on.
const HELD_OUT: [&str; 4] = ["val", "test", "eval", "dev"];
/// Most quantities of logs that are shown without being asked for.
pub(super) const MOST_OF_LOGS: usize = 12;
/// Values of a line that are smoothed without being asked: this many of a noisy line make a page's
/// picture readable.
const NOISY: usize = 400;

/// Metrics of one quantity: they share an axis.
pub(super) struct Family {
    /// `loss` of `validation_loss`.
    pub(super) quantity: String,
    pub(super) names: Vec<String>,
}

/// Curves of the metrics that were asked for; each quantity has a plot.
pub(super) fn draw(runs: &[&Run], request: &RunRequest) -> Result<Picture, Error> {
    let mut families = match request.metrics.as_slice() {
        [] if are_logs(runs) => ranked(runs)?,
        [] => favourites(runs)?,
        wanted => asked(runs, wanted)?,
    };
    let mut left_out = Vec::new();
    if request.metrics.is_empty() && families.len() > MOST_OF_LOGS {
        left_out.push(not_shown(&families[MOST_OF_LOGS..]));
        families.truncate(MOST_OF_LOGS);
    }
    if let [only] = families.as_slice() {
        return one(runs, only, request);
    }
    let mut sheet = Sheet::new(&request.draw.options);
    let alarm = trouble::of_metrics(runs);
    sheet.set_alarm(alarm.clone());
    let mut scenes: Vec<Scene> = Vec::new();
    let mut notes: Vec<String> = alarm.into_iter().chain(left_out.iter().cloned()).collect();
    for family in &families {
        let mut request = sized(request, sheet.half());
        let smooth = &mut request.draw.options.smooth;
        *smooth = smooth.or_else(|| smoothing(runs, family));
        let picture = one(runs, family, &request)?;
        scenes.push(picture.scene);
        for note in picture.notes {
            if !notes.contains(&note) {
                notes.push(note);
            }
        }
    }
    let title = request.draw.options.title.clone().unwrap_or_else(|| run_names(runs).join(", "));
    let part = SheetPart { heading: String::new(), scenes };
    let scene = sheet.page(&title, &[], &[part], &left_out);
    Ok(Picture { scene, notes, dpi: request.draw.options.dpi })
}

/// The same request for a picture of that width, which the chart titles itself.
pub(super) fn sized(request: &RunRequest, width: f64) -> RunRequest {
    let mut request = request.clone();
    request.draw.options = Sheet::options(&request.draw.options, width);
    request
}

/// One plot.
pub(super) fn one(runs: &[&Run], family: &Family, request: &RunRequest) -> Result<Picture, Error> {
    let mut panels = Vec::new();
    for (run, name) in runs.iter().zip(run_names(runs)) {
        for metric in &family.names {
            let points = run.curve(metric);
            if !points.is_empty() {
                let part = if runs.len() > 1 { name.clone() } else { String::new() };
                panels.push(panel(metric, part, &run.axis, points));
            }
        }
    }
    let Some(chart) = charts::named("curve") else {
        return Err(Error::unfit("there is no chart of curves", ""));
    };
    let options = &request.draw.options;
    let built = charts::draw(chart, &panels, options)?;
    let mut notes = built.notes;
    notes.extend(left_out(runs, family));
    notes.extend(crate::settings::without_effect(&request.draw, chart.name));
    Ok(Picture { scene: built.scene, notes, dpi: options.dpi })
}

/// Runs that have none of these metrics.
fn left_out(runs: &[&Run], family: &Family) -> Option<String> {
    let has_none = |run: &Run| family.names.iter().all(|name| run.series(name).is_empty());
    let names = run_names(runs);
    let without: Vec<&str> = runs
        .iter()
        .zip(&names)
        .filter(|(run, _)| has_none(run))
        .map(|(_, name)| name.as_str())
        .collect();
    let names = family.names.join(", ");
    (!without.is_empty()).then(|| format!("{} without {names}: left out", without.join(", ")))
}

/// A metric as a panel of one row.
fn panel(metric: &str, part: String, axis: &str, mut points: Vec<(f64, f64)>) -> Panel {
    points.sort_by(|a, b| a.0.total_cmp(&b.0));
    Panel {
        name: metric.to_owned(),
        part,
        shape: vec![points.len()],
        // The chart says the number of points; how they were stored says nothing.
        dtype: "",
        orientation: axis.to_owned(),
        number: None,
        extent: Extent::new(1, points.len()),
        grids: Vec::new(),
        summary: Summary::empty(),
        over: None,
        course: Course::Line(points),
    }
}

/// How many points a noisy line is smoothed over on a page; `None` where no line is.
pub(super) fn smoothing(runs: &[&Run], family: &Family) -> Option<usize> {
    let lengths =
        runs.iter().flat_map(|run| family.names.iter().map(|name| run.series(name).len()));
    lengths.max().filter(|&most| most > NOISY).map(|most| most / 50 * 2 + 1)
}

/// The names of the metrics of all runs.
fn all_names<'r>(runs: &[&'r Run]) -> Vec<&'r str> {
    let mut seen = HashSet::new();
    let names = runs.iter().flat_map(|run| run.metric_names());
    names.filter(|name| seen.insert(*name)).collect()
}

/// Metrics by quantity, in order of first appearance; training before validation.
fn families<'n>(names: impl IntoIterator<Item = &'n str>) -> Vec<Family> {
    let mut families: Vec<Family> = Vec::new();
    // Where a quantity stands; only looked up, never walked.
    let mut index: HashMap<String, usize> = HashMap::new();
    for name in names {
        let quantity = quantity(name);
        let place = *index.entry(quantity.clone()).or_insert(families.len());
        if place == families.len() {
            families.push(Family { quantity, names: Vec::new() });
        }
        families[place].names.push(name.to_owned());
    }
    for family in &mut families {
        family.names.sort_by_key(|name| is_held_out(name));
    }
    families
}

/// Whether a metric is of data that was not trained on.
fn is_held_out(name: &str) -> bool {
    let lower = name.to_ascii_lowercase();
    let is_part = |part: &&str| lower.starts_with(*part) || lower.ends_with(&format!("/{part}"));
    HELD_OUT.iter().any(is_part)
}

/// What a metric measures: its name without the part of the data that it is of.
fn quantity(name: &str) -> String {
    // W&B writes the name of the run before that of the metric.
    let lower = name.rsplit(" - ").next().unwrap_or(name).to_ascii_lowercase();
    const SIGNS: [char; 5] = ['_', '-', '/', '.', ' '];
    let first = |part: &str| lower.strip_prefix(part)?.strip_prefix(SIGNS);
    let last = |part: &str| lower.strip_suffix(part)?.strip_suffix(SIGNS);
    let cut = PARTS.iter().find_map(|part| first(part).or_else(|| last(part)));
    let cut = cut.filter(|rest| !rest.is_empty()).map(str::to_owned);
    match cut.unwrap_or(lower).as_str() {
        "acc" => "accuracy".to_owned(),
        other => other.to_owned(),
    }
}

/// The metrics that were named, each at least once in a run.
fn asked(runs: &[&Run], wanted: &[String]) -> Result<Vec<Family>, Error> {
    let names = all_names(runs);
    let mut chosen: Vec<&str> = Vec::new();
    let mut seen = HashSet::new();
    for pattern in wanted {
        let fits = |name: &&str| *name == pattern || hinton_weights::fits_glob(pattern, name);
        let found: Vec<&str> = names.iter().copied().filter(fits).collect();
        if found.is_empty() {
            return Err(unknown(&names, pattern));
        }
        chosen.extend(found.into_iter().filter(|name| seen.insert(*name)));
    }
    Ok(families(chosen))
}

fn unknown(names: &[&str], pattern: &str) -> Error {
    let message = format!("`metric` {pattern:?}: no run has such a metric");
    Error::unfit(
        message,
        match names.is_empty() {
            true => "they have none at all".to_owned(),
            false => format!("there are {}", near::nearest(names.iter().copied(), pattern)),
        },
    )
}

/// Whether the runs are logs alone.
pub(super) fn are_logs(runs: &[&Run]) -> bool {
    runs.iter().all(|run| run.kind == RunKind::Log)
}

/// The place of a quantity among those that people look at first; `None` behind them.
fn place(family: &Family) -> Option<usize> {
    FAVOURITES.iter().position(|word| family.quantity.contains(word))
}

/// What says by its dots that it is one of many: norms of each tensor's gradient.
pub(super) fn is_plain(family: &Family) -> bool {
    !family.quantity.contains('.')
}

/// Losses, accuracies, then all others but those that tell the pace.
pub(super) fn ranked(runs: &[&Run]) -> Result<Vec<Family>, Error> {
    let mut all = families(all_names(runs));
    all.retain(|family| family.names.iter().any(|name| !is_pace(name)));
    if all.is_empty() {
        let help =
            "name a tensor, with `as=distribution`, or without it for the last step's values";
        return Err(Error::unfit("the run has no metrics to draw", help));
    }
    let rank = |family: &Family| {
        let is_one_of_many = !is_plain(family);
        (is_one_of_many, place(family).unwrap_or(FAVOURITES.len()))
    };
    all.sort_by_key(rank);
    Ok(all)
}

/// Losses and accuracies; where there are none, the first other metric.
pub(super) fn favourites(runs: &[&Run]) -> Result<Vec<Family>, Error> {
    let mut all = ranked(runs)?;
    let is_favourite = |family: &Family| is_plain(family) && place(family).is_some();
    let count = all.iter().take_while(|family| is_favourite(family)).count();
    all.truncate(count.max(1));
    Ok(all)
}

/// Says which quantities there are beside those that are shown.
pub(super) fn not_shown(families: &[Family]) -> String {
    const MOST: usize = 6;
    let names: Vec<&str> =
        families.iter().take(MOST).map(|family| family.quantity.as_str()).collect();
    let more = match families.len().saturating_sub(MOST) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    format!("not shown: {}{more}; choose with `metric`", names.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantities_are_parted_from_the_data() {
        for (name, of) in [
            ("validation_loss", "loss"),
            ("val_acc", "accuracy"),
            ("Train/Loss", "loss"),
            ("loss", "loss"),
            ("test", "test"),
            ("eager-1 - train/loss", "loss"),
            ("Loss/val", "loss"),
            ("accuracy_train", "accuracy"),
            ("grad_norm", "grad_norm"),
            ("value", "value"),
        ] {
            assert_eq!(quantity(name), of, "{name}");
        }
        let found = families(["loss", "accuracy", "validation_loss"]);
        assert_eq!(found.len(), 2);
        assert_eq!(found[0].names, ["loss", "validation_loss"]);
        let found = families(["validation_loss", "loss"]);
        assert_eq!(found[0].names, ["loss", "validation_loss"], "training comes first");
    }
}
