//! Checkpoints: the tensors of a file, a model or some arrays, not yet read.

use std::path::PathBuf;

use hinton::inspect::inspect;
use hinton::{Work, check, draw_with, export, select, threads};
use pyo3::prelude::*;
use pyo3::types::PyDict;

use crate::errors::raised;
use crate::picture::Picture;
use crate::tensor::Tensor;
use crate::work::Amount;
use crate::{addresses, keywords, work};

/// Named tensors of a file, a folder of shards, or memory.
#[pyclass(frozen, module = "hinton._hinton")]
pub(crate) struct Checkpoint(pub(crate) hinton::Checkpoint);

/// Opens a weights file, or a folder that holds one in shards; reads headers and no values.
#[pyfunction]
pub(crate) fn open(py: Python<'_>, path: PathBuf) -> PyResult<Checkpoint> {
    Ok(Checkpoint(work::run(py, |_| {
        addresses::allow(&path)?;
        hinton::open_with(&path, &work::limits())
    })?))
}

/// What a tensor in memory has for a file as long as it belongs to no model.
pub(crate) const MEMORY: &str = "memory";

/// Tensors in memory under one name, such as those of a model. Pictures call it the model's.
#[pyfunction]
pub(crate) fn of_tensors(path: String, tensors: Vec<PyRef<'_, Tensor>>) -> PyResult<Checkpoint> {
    let tensors = tensors.iter().map(|tensor| of_model(&tensor.0.tensor, &path));
    let tensors = tensors.collect::<PyResult<Vec<_>>>()?;
    Ok(Checkpoint(hinton::Checkpoint {
        path,
        format: MEMORY,
        metadata: Vec::new(),
        tensors,
        files: Vec::new(),
        warnings: Vec::new(),
    }))
}

/// A tensor of memory as one of that model; others are of their files.
fn of_model(tensor: &hinton::Tensor, model: &str) -> PyResult<hinton::Tensor> {
    if tensor.file() != MEMORY {
        return Ok(tensor.clone());
    }
    let (view, data) = (tensor.view().clone(), tensor.data().clone());
    let (dtype, endian, start) = (tensor.dtype(), tensor.endian(), tensor.start());
    let named = hinton::Tensor::new(tensor.name(), model, dtype, endian, view, start, data);
    named.map_err(|error| raised(error.into()))
}

/// Bytes of tensors that are to be read.
pub(crate) fn bytes_of<'a>(
    what: &'static str,
    tensors: impl IntoIterator<Item = &'a hinton::Tensor>,
) -> Amount {
    let total = tensors.into_iter().map(hinton::Tensor::byte_len).sum();
    Amount { what, unit: "B", total }
}

#[pymethods]
impl Checkpoint {
    /// The path it was opened from, or what its tensors were taken from.
    #[getter]
    fn path(&self) -> &str {
        &self.0.path
    }

    /// The name of the format.
    #[getter]
    fn format(&self) -> &'static str {
        self.0.format
    }

    /// The files that were opened: one, or the shards.
    #[getter]
    fn files(&self) -> Vec<String> {
        self.0.files.clone()
    }

    /// Metadata of the file, in its order; nested values are JSON.
    #[getter]
    fn metadata(&self) -> Vec<(String, String)> {
        self.0.metadata.clone()
    }

    /// What a person should know: things skipped, odd or assumed.
    #[getter]
    fn warnings(&self) -> Vec<String> {
        self.0.warnings.iter().map(ToString::to_string).collect()
    }

    /// Names of the tensors, in the file's order.
    #[getter]
    fn names(&self) -> Vec<String> {
        self.0.tensors.iter().map(|tensor| tensor.name().to_owned()).collect()
    }

    /// The tensors that patterns mean: names, globs, each with a slice or not. Without any, all.
    fn select(&self, patterns: Vec<String>) -> PyResult<Vec<Tensor>> {
        let selected = select(&self.0, &patterns).map_err(raised)?;
        Ok(selected.into_iter().map(Tensor).collect())
    }

    /// What it holds as JSON, the same that `hinton inspect --json` prints; with `statistics` every
    /// value is read.
    fn inspect(&self, py: Python<'_>, patterns: Vec<String>, statistics: bool) -> PyResult<String> {
        work::run_told(py, bytes_of("statistics", &self.0.tensors), |stop| {
            let mut report = inspect(&self.0, &patterns)?;
            if statistics {
                report.summarize(Work { threads: threads(0), progress: stop })?;
            }
            // A report is always written: its types are the library's own.
            Ok(report.to_json().unwrap_or_default())
        })
    }

    /// What is wrong with it as JSON, the same that `hinton check --json` prints.
    fn check(&self, py: Python<'_>, patterns: Vec<String>) -> PyResult<String> {
        work::run_told(py, bytes_of("check", &self.0.tensors), |stop| {
            let work = Work { threads: threads(0), progress: stop };
            let report = check::check(&self.0, &patterns, work)?;
            Ok(hinton::inspect::to_json(&report).unwrap_or_default())
        })
    }

    /// Draws the tensors that the patterns mean.
    #[pyo3(signature = (patterns, threads=0, **settings))]
    fn draw(
        &self,
        py: Python<'_>,
        patterns: Vec<String>,
        threads: usize,
        settings: Option<&Bound<'_, PyDict>>,
    ) -> PyResult<Picture> {
        let words = keywords::words(settings)?;
        let selected = select(&self.0, &patterns).map_err(raised)?;
        let amount = bytes_of("draw", selected.iter().map(|one| &one.tensor));
        Ok(Picture(work::run_told(py, amount, |stop| {
            draw_with(selected, &keywords::request(&words)?, Work::new(threads, stop))
        })?))
    }

    /// Writes the tensors that the patterns mean to a file of another format.
    fn export(
        &self,
        py: Python<'_>,
        patterns: Vec<String>,
        path: PathBuf,
    ) -> PyResult<Vec<String>> {
        work::run(py, |_| export(select(&self.0, &patterns)?, &path))
    }
}
