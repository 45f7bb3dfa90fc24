//! Comparison of two models.

use hinton::Work;
use hinton::diff::{CONDITIONS, Rule, conditions, diff, to_csv, to_markdown};
use pyo3::prelude::*;

use crate::checkpoint::{Checkpoint, bytes_of};
use crate::errors::raised;
use crate::work;

/// Two checkpoints, tensor by tensor, measured.
#[pyclass(frozen, module = "hinton._hinton")]
pub(crate) struct Diff(hinton::diff::Diff);

/// Matches the tensors of two checkpoints and measures each pair.
#[pyfunction]
pub(crate) fn compare(
    py: Python<'_>,
    a: &Checkpoint,
    b: &Checkpoint,
    patterns: Vec<String>,
    rule: &str,
    threads: usize,
) -> PyResult<Diff> {
    let words = Rule::WORDS.map(|(word, _)| word).join(", ");
    let rule = Rule::WORDS.into_iter().find(|(word, _)| *word == rule).ok_or_else(|| {
        let message = format!("match {rule:?}: there is no such rule");
        raised(hinton::Error::Request { message, help: Some(format!("rules are {words}")) })
    })?;
    let amount = bytes_of("diff", a.0.tensors.iter().chain(&b.0.tensors));
    Ok(Diff(work::run_told(py, amount, |stop| {
        let mut found = diff(&a.0, &b.0, &patterns, rule.1)?;
        found.read(Work { threads: hinton::threads(threads), progress: stop })?;
        Ok(found)
    })?))
}

/// The conditions under which a comparison fails: how they are written, and one line each.
#[pyfunction]
pub(crate) fn diff_conditions() -> Vec<(String, &'static str)> {
    CONDITIONS.iter().map(|row| (row.form(), row.about)).collect()
}

#[pymethods]
impl Diff {
    /// Whether both hold the same tensors with equal values in the same types.
    #[getter]
    fn is_same(&self) -> bool {
        self.0.is_same()
    }

    /// The norm of all differences over that of the first model's values.
    #[getter]
    fn relative(&self) -> Option<f64> {
        self.0.relative()
    }

    /// What differs, in sentences.
    #[getter]
    fn summary(&self) -> Vec<String> {
        self.0.summary()
    }

    /// The JSON that `hinton diff --json` prints.
    fn json(&self) -> String {
        // A comparison is always written: its types are the library's own.
        hinton::inspect::to_json(&self.0).unwrap_or_default()
    }

    /// A line for each tensor.
    fn csv(&self) -> String {
        to_csv(&self.0)
    }

    /// Markdown with this many tensors at most.
    fn markdown(&self, most: usize) -> String {
        to_markdown(&self.0, most)
    }

    /// The conditions that are met, one sentence each.
    fn failures(&self, text: &str) -> PyResult<Vec<String>> {
        let conditions = conditions(text).map_err(raised)?;
        Ok(conditions.iter().filter_map(|condition| condition.failure(&self.0)).collect())
    }
}
