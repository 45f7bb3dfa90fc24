//! What runs hold, for `hinton inspect`.

use std::path::{Path, PathBuf};

use clap::{Arg, ArgAction, ArgMatches};
use hinton::runs::{Run, RunKind, RunOptions, RunTensor};
use hinton::text::visible;
use hinton::{Checkpoint, select};
use serde_json::{Value, json};

use crate::failure::{Failure, run_warnings};
use crate::human;
use crate::table::Table;

/// The run that a path means: where it was asked for one, or the folder is no single checkpoint.
pub(super) fn as_run(path: &Path, asked: bool) -> Result<Option<Run>, Failure> {
    let open = || hinton::runs::open_run(&[path], &RunOptions::default());
    if asked {
        return Ok(Some(open()?));
    }
    if hinton::runs::is_run_folder(path) {
        return Ok(Some(open()?));
    }
    if !hinton::files::is_folder(path) || hinton::open(path).is_ok() {
        return Ok(None);
    }
    match open() {
        Ok(run) if run.kind == RunKind::RunFolder || run.steps.len() > 1 => Ok(Some(run)),
        // A run folder whose run.json cannot be used.
        Err(error)
            if hinton::files::is_file(path.join("run.json"))
                && hinton::files::is_folder(path.join("steps")) =>
        {
            Err(error.into())
        }
        // Where it is no run either, the error of the checkpoint says more.
        _ => Ok(None),
    }
}

/// `--as-run` and `--as-files`, which overrule what a folder is taken for.
pub(super) fn taken_as() -> [Arg; 2] {
    let flag = |name: &'static str, help: &'static str| {
        Arg::new(name).long(name).action(ArgAction::SetTrue).help(help)
    };
    [
        flag("as-run", "Treat every weights file of a folder as a step of a run")
            .conflicts_with("as-files"),
        flag("as-files", "Treat every weights file of a folder as a separate model"),
    ]
}

/// The paths that the argument of that name gives, folders replaced by the weights in them where
/// `--as-files` says so.
pub(super) fn taken_paths(argument: &str, matches: &ArgMatches) -> Result<Vec<PathBuf>, Failure> {
    let paths = matches.get_many::<PathBuf>(argument).into_iter().flatten();
    let mut found = Vec::new();
    for path in paths {
        match matches.get_flag("as-files") && hinton::files::is_folder(path) {
            true => found.extend(hinton::files::weights_in(path)?),
            false => found.push(path.clone()),
        }
    }
    Ok(found)
}

/// As [`as_run`], unless `--as-run` or `--as-files` say what the path is.
pub(super) fn taken_run(
    path: &Path,
    asked: bool,
    matches: &ArgMatches,
) -> Result<Option<Run>, Failure> {
    if matches.get_flag("as-run") {
        let options = RunOptions { every_file: every_file(path, matches), ..RunOptions::default() };
        return Ok(Some(hinton::runs::open_run(&[path], &options)?));
    }
    match matches.get_flag("as-files") {
        true => Ok(None),
        false => as_run(path, asked),
    }
}

/// Whether every weights file of that folder is a step, because `--as-run` says so.
pub(super) fn every_file(path: &Path, matches: &ArgMatches) -> bool {
    matches.get_flag("as-run")
        && hinton::files::is_folder(path)
        && !hinton::runs::is_run_folder(path)
}

/// What a path is that is no run of checkpoints.
pub(super) enum Found {
    File(Checkpoint),
    /// Logs alone: a file of one, or a folder.
    Logs(Vec<Run>),
}

/// Opens a checkpoint, or the logs where there are no weights.
pub(super) fn file_or_logs(path: &Path) -> Result<Found, Failure> {
    match hinton::open(path) {
        Ok(file) => Ok(Found::File(file)),
        // A log in JSON is no table whose numbers could be asked for.
        Err(error) if hinton::files::is_file(path) => match hinton::runs::open_log(path, false) {
            Ok(Some(log)) => Ok(Found::Logs(vec![log])),
            _ => Err(error.into()),
        },
        Err(error) if hinton::files::is_folder(path) => match hinton::runs::open_logs(path)? {
            logs if logs.is_empty() => Err(not_joined(path, error)),
            logs => Ok(Found::Logs(logs)),
        },
        Err(error) => Err(error.into()),
    }
}

/// The error of a folder, with how to say what it is where it holds several files of weights.
fn not_joined(path: &Path, error: hinton::Error) -> Failure {
    let several = hinton::files::weights_in(path).is_ok_and(|files| files.len() > 1);
    let help = error.help().map(str::to_owned);
    // Of several files one was asked for; of a folder without weights another.
    match help.filter(|help| several && help.starts_with("name the one")) {
        Some(help) => Failure::from(error).with_help(format!(
            "{help}; --as-run takes all of them for steps of a run, --as-files each for a model of its own"
        )),
        None => error.into(),
    }
}

/// The logs that a path means, without weights; none where it is something else.
pub(super) fn logs(path: &Path) -> Result<Vec<Run>, Failure> {
    if hinton::files::is_file(path) {
        return Ok(hinton::runs::open_log(path, false)?.into_iter().collect());
    }
    let is_other = !hinton::files::is_folder(path)
        || hinton::open(path).is_ok()
        || as_run(path, false)?.is_some();
    Ok(if is_other { Vec::new() } else { hinton::runs::open_logs(path)? })
}

/// Opens one checkpoint. What is a run instead is called so, with what can be done with it.
pub(super) fn open_one(path: &Path) -> Result<Checkpoint, Failure> {
    let error = match hinton::open(path) {
        Ok(checkpoint) => return Ok(checkpoint),
        Err(error) => error,
    };
    let run = as_run(path, false).ok().flatten().filter(|run| !run.steps.is_empty());
    let Some(run) = run else { return Err(error.into()) };
    let shown = path.display();
    let count = human::several(run.steps.len() as u64, "step");
    let step = run.steps.last().map(|step| step.name.clone()).unwrap_or_default();
    Err(Failure::work(format!("{shown}: this is a run of {count}, and one of them is wanted"))
        .with_help(format!(
            "name the file of one, such as {step}; `hinton animate {shown} -o film.gif` plays all"
        )))
}

/// A run's report, as JSON or as text.
pub(super) fn report(
    run: &Run,
    patterns: &[String],
    json: bool,
    width: Option<usize>,
) -> Result<String, Failure> {
    let tensors = chosen(run, patterns)?;
    if json {
        let text = hinton::inspect::to_json_pretty(&as_json(run, &tensors));
        return text.map_err(|error| Failure::work(error.to_string()));
    }
    run_warnings(run);
    if run.kind == RunKind::Log {
        return Ok(format!("{}{}", heading(run), metrics(run).text(width)));
    }
    Ok(format!("{}{}\n{}", heading(run), steps(run).text(width), names(run, &tensors).text(width)))
}

/// The tensors that the patterns mean in any step.
fn chosen<'a>(run: &'a Run, patterns: &[String]) -> Result<Vec<&'a RunTensor>, Failure> {
    let all = run.tensor_names();
    if patterns.is_empty() {
        return Ok(all.iter().collect());
    }
    let mut names = std::collections::BTreeSet::new();
    let mut error = None;
    // Tensors appear late or go: steps differ where a span begins.
    let begins: std::collections::BTreeSet<usize> =
        all.iter().flat_map(|tensor| tensor.spans.iter().map(|span| span.first)).collect();
    for step in begins {
        match run
            .checkpoint(step)
            .map_err(hinton::Error::from)
            .and_then(|file| select(&file, patterns))
        {
            Ok(found) => names.extend(found.iter().map(|one| one.tensor.name().to_owned())),
            Err(why) => error = error.or(Some(why)),
        }
    }
    match (names.is_empty(), error) {
        (true, Some(error)) => Err(error.into()),
        _ => Ok(all.iter().filter(|tensor| names.contains(&tensor.name)).collect()),
    }
}

fn heading(run: &Run) -> String {
    let count = |count: usize, noun: &str| human::several(count as u64, noun);
    let holds = match run.kind {
        RunKind::Log => count(run.metric_names().len(), "metric"),
        _ => {
            let tensors = count(run.tensor_names().len(), "tensor");
            format!("{}, {tensors}", count(run.steps.len(), "step"))
        }
    };
    let mut text = format!("{}: {}, {holds}\n", visible(&run.path), run.kind);
    if let Some(trained) = &run.trained {
        text.push_str(&format!("  {}\n", visible(trained)));
    }
    for log in &run.logs {
        text.push_str(&format!("  metrics from {}\n", visible(log)));
    }
    text
}

/// A line for each step, and a column for each metric.
fn steps(run: &Run) -> Table {
    // Headings of tables live as long as the program; metrics are named in their cells.
    let mut table = Table::new(&[">step", "name", "metrics"]);
    for step in &run.steps {
        let metric = |(name, value): &(String, f64)| {
            format!("{} {}", visible(name), human::number(Some(*value)))
        };
        let said = match &step.broken {
            Some(error) => format!("cannot be read: {error}"),
            None => step.metrics.iter().map(metric).collect::<Vec<_>>().join("  "),
        };
        table.push(vec![step.number.to_string(), visible(&step.name).into_owned(), said]);
    }
    table
}

/// A line for each metric of a log.
fn metrics(run: &Run) -> Table {
    let mut table = Table::new(&[
        "metric", ">values", ">from", ">to", ">first", ">last", ">lowest", ">highest",
    ]);
    for name in run.metric_names() {
        let points = run.curve(name);
        let number = |value: Option<f64>| human::number(value);
        let values = || points.iter().map(|point| point.1);
        let finite = || values().filter(|value| value.is_finite());
        let place = |point: Option<&(f64, f64)>| point.map_or(String::new(), |it| it.0.to_string());
        table.push(vec![
            visible(name).into_owned(),
            points.len().to_string(),
            place(points.first()),
            place(points.last()),
            number(values().next()),
            number(values().next_back()),
            number(finite().reduce(f64::min)),
            number(finite().reduce(f64::max)),
        ]);
    }
    table
}

/// A line for each tensor and each shape that it has.
fn names(run: &Run, tensors: &[&RunTensor]) -> Table {
    let mut table = Table::new(&["name", "dtype", "shape", "steps"]);
    for tensor in tensors {
        for span in &tensor.spans {
            let number = |at: usize| run.steps.get(at).map_or(0, |step| step.number);
            let steps = match (number(span.first), number(span.last)) {
                (first, last) if first == last => first.to_string(),
                (first, last) => format!("{first} to {last}"),
            };
            table.push(vec![
                visible(&tensor.name).into_owned(),
                span.dtype.name().to_owned(),
                human::shape(&span.shape),
                steps,
            ]);
        }
    }
    table
}

fn as_json(run: &Run, tensors: &[&RunTensor]) -> Value {
    let number = |at: usize| run.steps.get(at).map_or(0, |step| step.number);
    // JSON has no NaN: null stands for what is no finite number.
    let finite = |value: f64| if value.is_finite() { json!(value) } else { Value::Null };
    let steps = run.steps.iter().map(|step| {
        let metrics = step.metrics.iter().map(|(name, value)| (name.clone(), finite(*value)));
        json!({
            "number": step.number,
            "name": step.name,
            "time": step.time.map(finite),
            "metrics": metrics.collect::<serde_json::Map<_, _>>(),
            "broken": step.broken.as_ref().map(ToString::to_string),
        })
    });
    let tensors = tensors.iter().map(|tensor| {
        let spans = tensor.spans.iter().map(|span| {
            json!({
                "first": number(span.first),
                "last": number(span.last),
                "dtype": span.dtype.name(),
                "shape": span.shape,
            })
        });
        json!({ "name": tensor.name, "spans": spans.collect::<Vec<_>>() })
    });
    let metrics = run.metric_names().into_iter().map(|name| {
        let points =
            run.curve(name).into_iter().map(|(place, value)| json!([place, finite(value)]));
        (name.to_owned(), points.collect::<Value>())
    });
    json!({
        "path": run.path,
        "kind": run.kind.to_string(),
        "axis": run.axis,
        "metrics": metrics.collect::<serde_json::Map<_, _>>(),
        "trained": run.trained,
        "steps": steps.collect::<Vec<_>>(),
        "tensors": tensors.collect::<Vec<_>>(),
        "warnings": run.warnings.iter().map(ToString::to_string).collect::<Vec<_>>(),
    })
}
