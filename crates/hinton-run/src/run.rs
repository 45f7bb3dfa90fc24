//! A run: its steps and its tensors, which are read one at a time.

use std::collections::HashSet;
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use hinton_format::{Checkpoint, Error, ErrorKind, Limits, Warning};
use hinton_tensor::{Dtype, Tensor};

use crate::single::Whole;
use crate::{Metrics, disk, memory, series};

/// What a run was opened from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum RunKind {
    /// One file with a list of arrays, one per step.
    List,
    /// One file with arrays that have time as one axis.
    Axis,
    /// A folder or a list of checkpoints.
    Checkpoints,
    /// A log with metrics only.
    Log,
    /// A run folder (`run.json`, `steps/`, `metrics.jsonl`).
    RunFolder,
    /// Tensors in memory.
    Memory,
}

impl fmt::Display for RunKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            RunKind::List => "a list of arrays",
            RunKind::Axis => "arrays over time",
            RunKind::Checkpoints => "checkpoints",
            RunKind::Log => "a log of metrics",
            RunKind::RunFolder => "a run folder",
            RunKind::Memory => "arrays in memory",
        })
    }
}

/// An ordered series of steps. Names, shapes and metrics are known; values are read on request.
#[derive(Debug, Clone)]
pub struct Run {
    /// The path as the caller gave it; if several, the first one and the number of others.
    pub path: String,
    /// What it was opened from.
    pub kind: RunKind,
    /// The steps by number; those with the same number are in natural order of their names.
    pub steps: Vec<Step>,
    /// Warnings for the user: files that were skipped, step numbers that are duplicate or missing,
    /// tensors that change their shape, appear late or are missing from a step.
    pub warnings: Vec<Warning>,
    /// What was trained, from `run.json`.
    pub trained: Option<String>,
    /// The settings of the training as JSON text, from `run.json`.
    pub settings: Option<String>,
    /// All metrics by step number, including steps between those that have tensors.
    pub metrics: Metrics,
    /// What the step numbers count: `step`, `epoch`.
    pub axis: String,
    /// The files that the metrics come from, as shown to the user.
    pub logs: Vec<String>,
    pub(crate) tensors: Vec<RunTensor>,
    pub(crate) sources: Sources,
    pub(crate) limits: Limits,
}

/// One step of a run.
#[derive(Debug, Clone, PartialEq)]
pub struct Step {
    /// Its number (epoch, iteration or position). Numbers never decrease from step to step and may
    /// be any `u64`.
    pub number: u64,
    /// Its name: the file or folder, or its position in the file (`[3]`).
    pub name: String,
    /// The time it was saved, in seconds on the trainer's clock.
    pub time: Option<f64>,
    /// Metrics, in their file's order; values may be NaN or infinite.
    pub metrics: Vec<(String, f64)>,
    /// The error, if the step cannot be read.
    pub broken: Option<Error>,
}

impl Step {
    /// A step with this number and name, and so far nothing else.
    pub fn new(number: u64, name: impl Into<String>) -> Self {
        Step { number, name: name.into(), time: None, metrics: Vec::new(), broken: None }
    }

    /// The value of the metric with this name.
    pub fn metric(&self, name: &str) -> Option<f64> {
        self.metrics.iter().find(|metric| metric.0 == name).map(|metric| metric.1)
    }
}

/// A tensor of a run: which steps have it, and with which shapes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunTensor {
    /// Its name, exactly as in the files.
    pub name: String,
    /// Where it exists, in order. Neighbouring spans differ in shape or dtype, or have steps
    /// between them.
    pub spans: Vec<Span>,
}

/// A range of steps in which a tensor keeps its shape and dtype.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Span {
    /// Index of the first step (into [`Run::steps`]).
    pub first: usize,
    /// Index of the last step, inclusive.
    pub last: usize,
    /// The dtype of its values.
    pub dtype: Dtype,
    /// Length of each axis.
    pub shape: Vec<usize>,
}

impl RunTensor {
    /// The span that contains the step with this index; `None` if the step does not have the
    /// tensor.
    pub fn at(&self, step: usize) -> Option<&Span> {
        let after = self.spans.partition_point(|span| span.last < step);
        self.spans.get(after).filter(|span| span.first <= step)
    }

    /// The indices of the steps that have it, in order.
    pub fn steps(&self) -> impl Iterator<Item = usize> + '_ {
        self.spans.iter().flat_map(|span| span.first..=span.last)
    }

    /// Whether its shape differs between steps.
    pub fn changes_shape(&self) -> bool {
        self.spans.windows(2).any(|pair| pair[0].shape != pair[1].shape)
    }

    /// Its shape in the first step that has it.
    pub fn shape(&self) -> &[usize] {
        self.spans.first().map_or(&[], |span| &span.shape)
    }

    /// The dtype of its values in the first step that has it.
    pub fn dtype(&self) -> Option<Dtype> {
        self.spans.first().map(|span| span.dtype)
    }
}

/// Where the tensors of the steps lie.
#[derive(Debug, Clone)]
pub(crate) enum Sources {
    /// One file, opened: step `i` is its part `i`.
    Whole(Arc<Whole>),
    /// One checkpoint a step. Where `root` is given, no step may lie outside it. Where `lone` is given,
    /// each holds one array that is called after its file: that is its name in all steps.
    Files { paths: Vec<PathBuf>, root: Option<PathBuf>, lone: Option<String> },
    /// The tensors of each step.
    Memory(Vec<Vec<Tensor>>),
}

impl Run {
    /// The tensors of all steps, in order of first appearance.
    pub fn tensor_names(&self) -> &[RunTensor] {
        &self.tensors
    }

    /// The tensor with this name.
    pub fn find_tensor(&self, name: &str) -> Option<&RunTensor> {
        self.tensors.iter().find(|tensor| tensor.name == name)
    }

    /// The names of all metrics of steps and logs, in order of first appearance.
    pub fn metric_names(&self) -> Vec<&str> {
        let of_steps = self.steps.iter().flat_map(|step| &step.metrics);
        let of_steps = of_steps.map(|metric| metric.0.as_str());
        let mut seen = HashSet::new();
        let names = of_steps.chain(self.metrics.names());
        names.filter(|name| seen.insert(*name)).collect()
    }

    /// A metric over the run, by step number: from the logs, which may cover more steps than have
    /// tensors, or else from the steps.
    pub fn series(&self, metric: &str) -> Vec<(u64, f64)> {
        let logged = self.metrics.series(metric);
        if !logged.is_empty() {
            return logged.to_vec();
        }
        let steps = self.steps.iter();
        steps.filter_map(|step| Some((step.number, step.metric(metric)?))).collect()
    }

    /// As [`Run::series`], by position along the axis, since fractions of epochs are not step
    /// numbers.
    pub fn curve(&self, metric: &str) -> Vec<(f64, f64)> {
        let series = self.series(metric).into_iter();
        series.map(|(number, value)| (self.metrics.place(number), value)).collect()
    }

    /// Opens the checkpoint of a step: headers, but no values. Nothing is cached, so a run of any
    /// length can be played in the memory of one step.
    ///
    /// # Errors
    /// Returns an error if there is no such step, or its file can no longer be read.
    pub fn checkpoint(&self, step: usize) -> Result<Checkpoint, Error> {
        if step >= self.steps.len() {
            let message =
                format!("there is no step of index {step}, the run has {}", self.steps.len());
            return Err(Error::new(ErrorKind::Io, message).in_file(&self.path));
        }
        match &self.sources {
            Sources::Whole(whole) => whole.checkpoint(step),
            Sources::Files { paths, root, lone } => {
                let mut checkpoint = open_step(&paths[step], root.as_deref(), &self.limits)?;
                if let (Some(name), [tensor]) = (lone, checkpoint.tensors.as_mut_slice()) {
                    *tensor = tensor.clone().named(name);
                }
                Ok(checkpoint)
            }
            Sources::Memory(steps) => {
                Ok(memory::checkpoint(&self.steps[step].name, steps[step].clone()))
            }
        }
    }

    /// The tensor with this name in a step; `None` if the step does not have it. Its values are
    /// read on request.
    ///
    /// # Errors
    /// Returns the errors of [`Run::checkpoint`].
    pub fn tensor(&self, step: usize, name: &str) -> Result<Option<Tensor>, Error> {
        if let Sources::Whole(whole) = &self.sources
            && step < self.steps.len()
        {
            return whole.tensor(step, name);
        }
        let checkpoint = self.checkpoint(step)?;
        Ok(checkpoint.tensors.into_iter().find(|tensor| tensor.name() == name))
    }
}

/// Opens the checkpoint of one step, a file or a folder.
pub(crate) fn open_step(
    path: &Path,
    root: Option<&Path>,
    limits: &Limits,
) -> Result<Checkpoint, Error> {
    if let Some(root) = root {
        check_inside(path, root)?;
    }
    match disk::kind(path) {
        Some(disk::Kind::Folder) => series::open_folder(path, limits),
        Some(disk::Kind::Other) => Err(Error::new(
            ErrorKind::Refused,
            "it is a pipe or a device, and a run is read more than once",
        )
        .in_file(&disk::shown(path))),
        _ => hinton_format::open(path, limits),
    }
}

/// A file of a run folder lies in it, wherever links lead.
pub(crate) fn check_inside(path: &Path, root: &Path) -> Result<(), Error> {
    let inside = |real: PathBuf| disk::real(root).is_some_and(|root| real.starts_with(root));
    // A link that leads nowhere would be written through.
    if disk::real(path).map_or(!disk::is_link(path), inside) {
        return Ok(());
    }
    let message = "it is a link that leads out of the run folder; it is not followed";
    Err(Error::new(ErrorKind::Refused, message)
        .in_file(&disk::shown(path))
        .cure("copy the file into the run folder, if you trust it"))
}
