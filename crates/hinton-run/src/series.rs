//! Opens a folder or a list of checkpoints as a run.

mod beside;
mod choose;
mod lone;
mod order;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use hinton_format::{Error, Limits, Warning};

use crate::open::Watch;
use crate::run::{Sources, open_step};
use crate::scan::{Scan, capped, oddities};
use crate::{Metrics, Run, RunError, RunKind, RunOptions, Step, disk};

use self::beside::Others;
pub(crate) use self::choose::open_folder;
pub(crate) use self::order::{metadata_number, quoted, ties_and_gaps};

/// A checkpoint that becomes a step.
#[derive(Debug, Clone)]
pub(crate) struct Item {
    /// What tells it from the others: its name, with folders where those differ.
    pub(crate) label: String,
    pub(crate) path: PathBuf,
}

/// Opens a folder of checkpoints.
pub(crate) fn of_folder(
    path: &Path,
    options: &RunOptions,
    watch: Watch<'_>,
) -> Result<Run, RunError> {
    let chosen = match options.every_file {
        true => choose::every_file(path, &options.limits)?,
        false => choose::choose(path, &options.limits)?,
    };
    let (mut run, word) = assemble(chosen.items, options, watch)?;
    run.path = disk::shown(path);
    run.warnings.splice(0..0, chosen.warnings);
    let inner = trainer_state(&run);
    let others = Others { entries: chosen.others, inner, are_said: true };
    beside::add_logs(&mut run, others, &word);
    Ok(run)
}

/// Lists the files and folders in a folder that hold weights, in natural order of their names.
///
/// # Errors
/// Returns an error if the folder cannot be listed, or holds no weights.
pub fn weights_in(folder: &Path, limits: &Limits) -> Result<Vec<PathBuf>, RunError> {
    let chosen = choose::every_file(folder, limits)?;
    Ok(chosen.items.into_iter().map(|item| item.path).collect())
}

/// Opens checkpoints that the caller named one by one.
pub(crate) fn of_list(
    paths: &[PathBuf],
    options: &RunOptions,
    watch: Watch<'_>,
) -> Result<Run, RunError> {
    for path in paths {
        if disk::kind(path).is_none() {
            // The format's reader names near files.
            hinton_format::open(path, &options.limits)?;
        }
    }
    let labels = labels(paths);
    let items = paths.iter().zip(labels);
    let items = items.map(|(path, label)| Item { label, path: path.clone() }).collect();
    let (mut run, word) = assemble(items, options, watch)?;
    run.path = format!("{} and {} more", disk::shown(&paths[0]), paths.len() - 1);
    let parent = paths[0].parent().map(Path::to_owned);
    let mut entries = Vec::new();
    if let Some(parent) = parent.filter(|one| paths.iter().all(|path| path.parent() == Some(one))) {
        let here = if parent.as_os_str().is_empty() { PathBuf::from(".") } else { parent };
        // Without the right to list the folder there are no logs to find.
        entries = disk::list(&here).unwrap_or_default();
        let named: BTreeSet<_> = paths.iter().filter_map(|path| path.file_name()).collect();
        entries.retain(|entry| entry.path.file_name().is_none_or(|name| !named.contains(name)));
    }
    let inner = trainer_state(&run);
    // What the caller did not name is not part of the run, and nothing to be told.
    beside::add_logs(&mut run, Others { entries, inner, are_said: false }, &word);
    Ok(run)
}

/// Where the trainer of transformers keeps its log: in the folder of the last step.
fn trainer_state(run: &Run) -> Option<PathBuf> {
    match &run.sources {
        Sources::Files { paths, .. } => paths.last().map(|path| path.join("trainer_state.json")),
        Sources::Whole(_) | Sources::Memory(_) => None,
    }
}

/// The paths without the folders they share.
fn labels(paths: &[PathBuf]) -> Vec<String> {
    let parts = |path: &PathBuf| -> Vec<String> {
        path.iter().map(|part| part.to_string_lossy().into_owned()).collect()
    };
    let all: Vec<Vec<String>> = paths.iter().map(parts).collect();
    let most = all.iter().map(Vec::len).min().unwrap_or(1).saturating_sub(1);
    let shared = (0..most).take_while(|&at| all.iter().all(|one| one[at] == all[0][at])).count();
    all.iter().map(|parts| parts[shared..].join("/")).collect()
}

/// Puts the steps in order and looks at the header of each. Also gives the word that the names
/// have for their number.
fn assemble(
    items: Vec<Item>,
    options: &RunOptions,
    watch: Watch<'_>,
) -> Result<(Run, String), RunError> {
    let total = items.len();
    let ordered = order::order(items, &options.limits);
    let mut warnings = ordered.warnings;
    let lone_name = lone::name(ordered.steps.iter().map(|(item, _)| item.label.as_str()));
    // As the files name their tensors, and as one where each holds one that is called after it.
    let (mut scan, mut lone) = (Scan::default(), Some(Scan::default()));
    let mut steps = Vec::with_capacity(total);
    let mut paths = Vec::with_capacity(total);
    let mut told = Vec::new();
    for (at, (item, mut step)) in ordered.steps.into_iter().enumerate() {
        match open_step(&item.path, None, &options.limits) {
            Ok(checkpoint) => {
                scan.add(at, checkpoint.tensors.iter());
                lone = lone.filter(|_| lone::is_one(&item.label, &checkpoint.tensors));
                if let (Some(lone), [tensor]) = (&mut lone, checkpoint.tensors.as_slice()) {
                    lone.add(at, std::iter::once(&tensor.clone().named(&lone_name)));
                }
                order::add_metadata_metrics(&mut step, &checkpoint);
                told.extend(checkpoint.warnings.into_iter().map(|one| of_step(&step.name, one)));
            }
            Err(error) => step.broken = Some(error),
        }
        steps.push(step);
        paths.push(item.path);
        if watch(at + 1, total).is_break() {
            return Err(RunError::Cancelled);
        }
    }
    if let Some(error) = all_broken(&steps) {
        return Err(error.into());
    }
    let lone = lone.filter(|_| total > 1);
    let lone_name = lone.is_some().then_some(lone_name);
    let tensors = lone.unwrap_or(scan).finish();
    warnings.extend(broken(&steps));
    warnings.extend(capped(told, "warnings of single steps"));
    warnings.extend(oddities(&tensors, &steps));
    let run = Run {
        path: String::new(),
        kind: RunKind::Checkpoints,
        steps,
        warnings,
        trained: None,
        settings: None,
        metrics: Metrics::default(),
        axis: "step".to_owned(),
        logs: Vec::new(),
        tensors,
        sources: Sources::Files { paths, root: None, lone: lone_name },
        limits: options.limits,
    };
    Ok((run, ordered.word))
}

/// The warning of one step's checkpoint, as one of the run.
pub(crate) fn of_step(step: &str, warning: Warning) -> Warning {
    let message = match warning.subject.as_str() {
        "" => warning.message,
        subject => format!("{subject:?}: {}", warning.message),
    };
    Warning::about(step, message)
}

/// The first step's error, where no step can be read.
pub(crate) fn all_broken(steps: &[Step]) -> Option<Error> {
    let mut errors = steps.iter().map(|step| step.broken.as_ref());
    let first = errors.next()??.clone();
    errors.all(|error| error.is_some()).then_some(first)
}

/// A warning for each step that cannot be read.
pub(crate) fn broken(steps: &[Step]) -> Vec<Warning> {
    let said = steps.iter().filter_map(|step| {
        let error = step.broken.as_ref()?;
        Some(Warning::about(&*step.name, format!("step {} cannot be read: {error}", step.number)))
    });
    capped(said.collect(), "steps that cannot be read")
}
