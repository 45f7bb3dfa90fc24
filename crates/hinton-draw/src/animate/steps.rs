//! Which steps are shown, and the metric shown with them.

use hinton_chart::{MetricLine, Timeline};
use hinton_run::Run;
use hinton_weights::{Error, run_name};

use super::{AnimateRequest, Metric, Show, StepRange};

/// Parts of names of metrics that people look at first, in order.
const FAVOURITES: [&str; 3] = ["loss", "acc", "error"];
/// Columns of logs that tell the pace and not the success.
const NOT_METRICS: [&str; 8] =
    ["lr", "learning_rate", "time", "epoch", "step", "seconds", "grad_norm", "samples"];

/// A step of each run at one number.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Moment {
    /// The number of the step.
    pub(super) number: u64,
    /// Its index in each run.
    pub(super) steps: Vec<usize>,
    /// Its place in time: the number, or the position where numbers tie.
    pub(super) time: f64,
}

/// The steps that are shown: of several runs those that all of them have.
pub(super) fn moments(
    runs: &[Run],
    range: StepRange,
    notes: &mut Vec<String>,
) -> Result<Vec<Moment>, Error> {
    let Some((first, others)) = runs.split_first() else {
        return Err(Error::unfit("there is no run to play", ""));
    };
    let numbers: Vec<u64> = first.steps.iter().map(|step| step.number).collect();
    let mut all: Vec<Moment> = Vec::new();
    let ties = numbers.windows(2).any(|pair| pair[0] == pair[1]);
    for (at, &number) in numbers.iter().enumerate() {
        let steps = others.iter().map(|run| match ties {
            // Numbers that tie do not tell which step is meant: the position does.
            true => (at < run.steps.len()).then_some(at),
            false => run.steps.iter().position(|step| step.number == number),
        });
        if let Some(mut steps) = steps.collect::<Option<Vec<usize>>>() {
            steps.insert(0, at);
            let time = if ties { at as f64 } else { number as f64 };
            all.push(Moment { number, steps, time });
        }
    }
    for (at, run) in runs.iter().enumerate() {
        let alone = run.steps.len() - all.len().min(run.steps.len());
        if alone > 0 && all.iter().all(|moment| moment.steps.len() > at) {
            notes.push(format!("{alone} steps of {} are in no other run: left out", run_name(run)));
        }
    }
    if let Some(run) = runs.iter().find(|run| run.steps.is_empty()) {
        return Err(Error::unfit(
            format!("{}: the run has no steps yet", run.path),
            "try again when it has saved one",
        ));
    }
    if all.is_empty() {
        return Err(Error::unfit("the runs have no step number in common", "play them one by one"));
    }
    let chosen = range.places(&all.iter().map(|moment| moment.number).collect::<Vec<_>>());
    if chosen.is_empty() {
        let (low, high) = (all[0].number, all[all.len() - 1].number);
        let message = format!("`steps`: the run has no such step, only {low} to {high}");
        return Err(Error::missing(message, ""));
    }
    Ok(chosen.into_iter().map(|at| all[at].clone()).collect())
}

/// The band under the pictures.
pub(super) fn timeline(
    runs: &[Run],
    moments: &[Moment],
    request: &AnimateRequest,
) -> Result<Timeline, Error> {
    let metric = metric(runs, &request.metric)?;
    let last = moments.iter().map(|moment| moment.number).max().unwrap_or(0);
    let longest = match (request.show, request.morph) {
        (_, 1..) => format!("between {last} and {last}"),
        (Show::Value, _) => format!("step {last}"),
        _ => format!("step {last} − step {last}"),
    };
    let ties = moments.windows(2).any(|pair| pair[0].number == pair[1].number);
    let ends = (moments.first(), moments.last());
    let span = match ends {
        (Some(first), Some(last)) => (first.time, last.time),
        _ => (0.0, 0.0),
    };
    let lines = metric.iter().flat_map(|name| {
        runs.iter().enumerate().map(move |(at, run)| MetricLine {
            label: if runs.len() > 1 { run_name(run) } else { String::new() },
            points: points(run, at, name, ties.then_some(moments)),
        })
    });
    let lines = lines.collect();
    Ok(Timeline { span, metric: metric.unwrap_or_default(), lines, longest })
}

/// The metric of a run over time.
fn points(run: &Run, at: usize, name: &str, positions: Option<&[Moment]>) -> Vec<(f64, f64)> {
    if let Some(moments) = positions {
        let value = |moment: &Moment| {
            let step = run.steps.get(*moment.steps.get(at)?)?;
            Some((moment.time, step.metric(name)?))
        };
        return moments.iter().filter_map(value).collect();
    }
    run.curve(name)
}

/// The name of the metric that is shown.
fn metric(runs: &[Run], asked: &Metric) -> Result<Option<String>, Error> {
    let mut names: Vec<&str> = Vec::new();
    for name in runs.iter().flat_map(Run::metric_names) {
        if !names.contains(&name) {
            names.push(name);
        }
    }
    match asked {
        Metric::Off => Ok(None),
        Metric::Named(name) if names.contains(&name.as_str()) => Ok(Some(name.clone())),
        Metric::Named(name) => {
            let message = format!("`metric` {name:?}: the run has no such metric");
            Err(Error::missing(
                message,
                match names.is_empty() {
                    true => "it has none at all".to_owned(),
                    false => format!("there are {}", names.join(", ")),
                },
            ))
        }
        Metric::Auto => {
            let favourite = |word: &&str| {
                names.iter().find(|name| name.to_ascii_lowercase().contains(*word)).copied()
            };
            let known = FAVOURITES.iter().find_map(favourite);
            let other = || names.iter().find(|name| !NOT_METRICS.contains(name)).copied();
            Ok(known.or_else(other).map(str::to_owned))
        }
    }
}
