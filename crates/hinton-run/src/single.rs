//! Single files that are runs: a list of arrays, or arrays that have time as one axis.

use std::path::Path;
use std::sync::Arc;

use hinton_format::{Checkpoint, Error, ErrorKind, Warning, open};
use hinton_tensor::Tensor;

use crate::run::Sources;
use crate::scan::{Scan, oddities};
use crate::{Metrics, Run, RunError, RunKind, RunOptions, Step, disk};

/// Formats in which numbered names are places in a list; elsewhere they are layers.
const LIST_FORMATS: [&str; 3] = ["pickle", "npz", "npy"];
/// What may stand before the number of a list's item: `arr_0` is what numpy's savez writes.
const PREFIXES: [&str; 10] =
    ["", "arr", "step", "epoch", "iter", "iteration", "frame", "t", "checkpoint", "ckpt"];
/// Names of one-dimensional arrays that number the steps of an array over time.
const NUMBER_NAMES: [&str; 7] =
    ["step", "steps", "epoch", "epochs", "global_step", "iteration", "iterations"];

/// Most steps of one file; an array without values may claim any length.
const MOST_STEPS: usize = 1_000_000;

/// An opened file and how its tensors are parted into steps.
#[derive(Debug)]
pub(crate) struct Whole {
    checkpoint: Checkpoint,
    layout: Layout,
}

#[derive(Debug)]
enum Layout {
    /// For each step the tensors: index in the file and name in the run.
    List(Vec<Vec<(usize, String)>>),
    /// The axis that is time, and the tensors that have it.
    Axis { axis: usize, tensors: Vec<usize> },
}

impl Whole {
    /// The step as a checkpoint of its own.
    pub(crate) fn checkpoint(&self, step: usize) -> Result<Checkpoint, Error> {
        let whole = &self.checkpoint;
        Ok(Checkpoint {
            path: whole.path.clone(),
            format: whole.format,
            metadata: whole.metadata.clone(),
            tensors: self.tensors(step)?,
            files: whole.files.clone(),
            warnings: Vec::new(),
        })
    }

    /// One tensor of a step.
    pub(crate) fn tensor(&self, step: usize, name: &str) -> Result<Option<Tensor>, Error> {
        Ok(self.tensors(step)?.into_iter().find(|tensor| tensor.name() == name))
    }

    fn tensors(&self, step: usize) -> Result<Vec<Tensor>, Error> {
        let whole = &self.checkpoint.tensors;
        match &self.layout {
            Layout::List(steps) => {
                let parts = steps.get(step).map_or(&[][..], Vec::as_slice);
                Ok(parts.iter().map(|(at, name)| whole[*at].clone().named(name)).collect())
            }
            Layout::Axis { axis, tensors } => {
                let has = tensors.iter().filter(|&&at| step < whole[at].shape()[*axis]);
                let part = |&at: &usize| Ok(whole[at].index_axis(*axis, step)?);
                has.map(part).collect()
            }
        }
    }
}

/// Opens one file as a run.
pub(crate) fn open_file(path: &Path, options: &RunOptions) -> Result<Run, RunError> {
    let checkpoint = open(path, &options.limits)?;
    if let Some(axis) = options.steps_axis {
        return over_axis(checkpoint, axis, options);
    }
    if let Some(list) = List::of(&checkpoint, path) {
        return Ok(of_list(checkpoint, list, options));
    }
    match checkpoint.tensors.as_slice() {
        [only] if only.shape().len() >= 3 => over_axis(checkpoint, 0, options),
        _ => of_one(checkpoint, path, options),
    }
}

/// The steps of a list, and the number of each.
struct List {
    steps: Vec<(u64, Vec<(usize, String)>)>,
    /// Places whose shape is not that of the others.
    odd: bool,
}

impl List {
    /// The list that the numbered names of a file make, if its items look alike: `0`, `1` …;
    /// `arr_0` …; `epoch_3.fc.weight` …
    fn of(checkpoint: &Checkpoint, path: &Path) -> Option<List> {
        if !LIST_FORMATS.contains(&checkpoint.format) || checkpoint.tensors.len() < 2 {
            return None;
        }
        let mut items: Vec<(u64, usize, &str)> = Vec::new();
        let mut prefix = None;
        for (at, tensor) in checkpoint.tensors.iter().enumerate() {
            let (head, rest) = tensor.name().split_once(['.', '/']).unwrap_or((tensor.name(), ""));
            let digits = head.trim_start_matches(|c: char| !c.is_ascii_digit());
            let word = &head[..head.len() - digits.len()];
            if *prefix.get_or_insert(word) != word || !is_prefix(word) {
                return None;
            }
            items.push((digits.parse().ok()?, at, rest));
        }
        // Equal numbers stay in the file's order.
        items.sort_by_key(|item| item.0);
        let lone = name_of_lone(path);
        let mut steps: Vec<(u64, Vec<(usize, String)>)> = Vec::new();
        for (number, at, rest) in items {
            let name = if rest.is_empty() { lone.clone() } else { rest.to_owned() };
            match steps.last_mut() {
                Some(last) if last.0 == number => last.1.push((at, name)),
                _ => steps.push((number, vec![(at, name)])),
            }
        }
        let odd = alike(checkpoint, &steps)?;
        (steps.len() > 1).then_some(List { steps, odd })
    }
}

/// Whether the items are alike: `Some(false)` where all have the same names and shapes,
/// `Some(true)` where more than half are as the first, `None` where they are no steps of one thing.
fn alike(checkpoint: &Checkpoint, steps: &[(u64, Vec<(usize, String)>)]) -> Option<bool> {
    let first = &steps.first()?.1;
    let tensors = &checkpoint.tensors;
    let same = |step: &&(u64, Vec<(usize, String)>)| {
        let mut pairs = first.iter().zip(&step.1);
        first.len() == step.1.len()
            && pairs.all(|(a, b)| a.1 == b.1 && tensors[a.0].shape() == tensors[b.0].shape())
    };
    let same = steps.iter().filter(same).count();
    let many = steps.len() >= 4 && same * 2 > steps.len();
    (same == steps.len() || many).then_some(same < steps.len())
}

fn is_prefix(word: &str) -> bool {
    let word = word.trim_end_matches(['_', '-', '=', ' ', '[']).to_ascii_lowercase();
    PREFIXES.contains(&word.as_str())
}

/// What the one tensor of a list is called: the file's stem.
fn name_of_lone(path: &Path) -> String {
    let file = path.file_name().map(|name| name.to_string_lossy().into_owned());
    let file = file.unwrap_or_default();
    let stem = hinton_format::unwrapped_name(&file);
    let stem = stem.rsplit_once('.').map_or(stem, |(stem, _)| stem);
    if stem.is_empty() { "value".to_owned() } else { stem.to_owned() }
}

fn of_list(checkpoint: Checkpoint, list: List, options: &RunOptions) -> Run {
    let mut warnings = checkpoint.warnings.clone();
    if list.odd {
        let message = "not all items of the list have the same shapes";
        warnings.push(Warning::file(message));
    }
    let steps = list.steps.iter().map(|(number, _)| step(*number, format!("[{number}]"))).collect();
    let layout = Layout::List(list.steps.into_iter().map(|step| step.1).collect());
    finish(RunKind::List, checkpoint, layout, steps, warnings, options)
}

fn over_axis(checkpoint: Checkpoint, axis: usize, options: &RunOptions) -> Result<Run, RunError> {
    let mut warnings = checkpoint.warnings.clone();
    let length = |at: &usize| checkpoint.tensors[*at].shape()[axis];
    let has = |at: &usize| checkpoint.tensors[*at].shape().len() > axis;
    let mut tensors: Vec<usize> = (0..checkpoint.tensors.len()).filter(has).collect();
    let Some(count) = tensors.iter().map(length).max().filter(|count| *count > 0) else {
        let shapes: Vec<String> =
            checkpoint.tensors.iter().take(5).map(|one| format!("{:?}", one.shape())).collect();
        return Err(RunError::request(
            format!(
                "{}: no tensor has steps along axis {axis}; there are {}",
                checkpoint.path,
                shapes.join(", ")
            ),
            "choose the axis that is time; the first is axis 0",
        ));
    };
    if count > MOST_STEPS {
        let message =
            format!("axis {axis} has {count} positions; {MOST_STEPS} steps are the limit");
        return Err(Error::new(ErrorKind::Limit, message).in_file(&checkpoint.path).into());
    }
    for (at, tensor) in checkpoint.tensors.iter().enumerate() {
        if !has(&at) {
            let message = format!("left out: shape {:?} has no axis {axis}", tensor.shape());
            warnings.push(Warning::about(tensor.name(), message));
        }
    }
    let mut steps: Vec<Step> = (0..count).map(|at| step(at as u64, format!("[{at}]"))).collect();
    // Beside arrays over time, lone numbers over time are step numbers and metrics.
    let is_line = |at: &usize| checkpoint.tensors[*at].shape().len() == 1;
    if axis == 0 && !tensors.iter().all(is_line) {
        let lines: Vec<usize> =
            tensors.iter().copied().filter(|at| is_line(at) && length(at) == count).collect();
        for at in lines {
            let tensor = &checkpoint.tensors[at];
            let values = tensor.to_f64().map_err(Error::from)?;
            if NUMBER_NAMES.contains(&tensor.name().to_ascii_lowercase().as_str()) {
                if number_by(&mut steps, &values) {
                    tensors.retain(|other| *other != at);
                } else {
                    let message =
                        "it does not rise in whole numbers: the steps are numbered from 0";
                    warnings.push(Warning::about(tensor.name(), message));
                }
            } else {
                for (step, value) in steps.iter_mut().zip(values) {
                    step.metrics.push((tensor.name().to_owned(), value));
                }
            }
        }
    }
    let layout = Layout::Axis { axis, tensors };
    Ok(finish(RunKind::Axis, checkpoint, layout, steps, warnings, options))
}

/// Numbers the steps by an array, where its values are counts that rise.
fn number_by(steps: &mut [Step], values: &[f64]) -> bool {
    let numbers: Option<Vec<u64>> = values.iter().map(|value| crate::json::whole(*value)).collect();
    let Some(numbers) = numbers.filter(|all| all.windows(2).all(|pair| pair[0] < pair[1])) else {
        return false;
    };
    for (step, number) in steps.iter_mut().zip(numbers) {
        step.number = number;
    }
    true
}

/// A file that holds one state: a run of one step.
fn of_one(checkpoint: Checkpoint, path: &Path, options: &RunOptions) -> Result<Run, RunError> {
    let mut warnings = checkpoint.warnings.clone();
    let message = "the file holds one step: no list of arrays of one shape, and no axis was named \
                   that is time";
    warnings.push(Warning::file(message));
    let label = path
        .file_name()
        .map_or_else(|| disk::shown(path), |name| name.to_string_lossy().into_owned());
    let named = crate::name::read(&[&label]).remove(0);
    let number = named.number.or_else(|| crate::series::metadata_number(&checkpoint)).unwrap_or(0);
    let parts = checkpoint.tensors.iter().enumerate();
    let parts = parts.map(|(at, tensor)| (at, tensor.name().to_owned())).collect();
    let mut only = step(number, label);
    only.metrics = named.metrics;
    let layout = Layout::List(vec![parts]);
    Ok(finish(RunKind::Checkpoints, checkpoint, layout, vec![only], warnings, options))
}

fn step(number: u64, name: String) -> Step {
    Step { number, name, time: None, metrics: Vec::new(), broken: None }
}

fn finish(
    kind: RunKind,
    checkpoint: Checkpoint,
    layout: Layout,
    steps: Vec<Step>,
    mut warnings: Vec<Warning>,
    options: &RunOptions,
) -> Run {
    let path = checkpoint.path.clone();
    let whole = Whole { checkpoint, layout };
    let mut steps = steps;
    let mut scan = Scan::default();
    for (at, step) in steps.iter_mut().enumerate() {
        match whole.tensors(at) {
            Ok(tensors) => scan.add(at, tensors.iter()),
            Err(error) => step.broken = Some(error),
        }
    }
    let tensors = scan.finish();
    warnings.extend(oddities(&tensors, &steps));
    Run {
        path,
        kind,
        steps,
        warnings,
        trained: None,
        settings: None,
        metrics: Metrics::default(),
        axis: "step".to_owned(),
        logs: Vec::new(),
        tensors,
        sources: Sources::Whole(Arc::new(whole)),
        limits: options.limits,
    }
}
