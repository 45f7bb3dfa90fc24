//! Statistics in parts: tasks are text and summaries are bytes, so any scheduler can distribute
//! them.

use std::path::{Path, PathBuf};

use hinton::summary::{Task, do_task, merge, opened, plan};
use hinton::{Work, threads};
use pyo3::prelude::*;

use crate::checkpoint::Checkpoint;
use crate::errors::{or_cure, raised};
use crate::work::Amount;
use crate::{addresses, work};

/// The tasks of a checkpoint, each about this many bytes (`256MB`) to read.
#[pyfunction]
pub(crate) fn plan_summary(py: Python<'_>, path: PathBuf, chunk: &str) -> PyResult<Vec<String>> {
    let chunk = hinton_cli::bytes_of(chunk).map_err(raised)?;
    work::run(py, |_| {
        addresses::allow(&path)?;
        let checkpoint = hinton::open(&path)?;
        Ok(plan(&checkpoint, chunk)?.iter().map(Task::to_json).collect())
    })
}

/// Does a task: the bytes of a summary. On this many threads, 0 for one each core.
#[pyfunction]
pub(crate) fn do_summary_task(py: Python<'_>, task: &str, on: usize) -> PyResult<Vec<u8>> {
    let task = Task::parse(task).map_err(raised)?;
    let amount = Amount { what: "statistics", unit: "B", total: task.bytes };
    work::run_told(py, amount, |stop| {
        let path = Path::new(&task.path);
        addresses::allow(path)?;
        let work = Work { threads: threads(on), progress: stop };
        do_task(&hinton::open(path)?, &task, work)
    })
}

/// One summary of many, which come in any order.
#[pyfunction]
pub(crate) fn merge_summaries(
    py: Python<'_>,
    parts: Vec<Vec<u8>>,
    partial: bool,
) -> PyResult<Vec<u8>> {
    work::run(py, |_| {
        let named = (0..).zip(parts).map(|(number, bytes)| Ok((format!("parts[{number}]"), bytes)));
        merge(named, partial).map(|merged| merged.bytes)
    })
    .map_err(|error| or_cure(error, "give what `do` gave for each task of `plan`"))
}

/// A summary as a checkpoint without values.
#[pyfunction]
pub(crate) fn open_summary(py: Python<'_>, name: String, bytes: Vec<u8>) -> PyResult<Checkpoint> {
    let opened = work::run(py, |_| opened(&name, bytes))?;
    Ok(Checkpoint(opened))
}
