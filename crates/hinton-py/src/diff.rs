//! Comparison of two models.

use hinton::Work;
use hinton::diff::{
    CONDITIONS, Rule, StatisticsDiff, conditions, diff, diff_statistics, is_summary, to_csv,
    to_markdown,
};
use pyo3::prelude::*;

use crate::checkpoint::{Checkpoint, bytes_of};
use crate::errors::raised;
use crate::work;

/// Two checkpoints, tensor by tensor, measured.
#[pyclass(frozen, module = "hinton._hinton")]
pub(crate) struct Diff(Compared);

/// What was compared.
enum Compared {
    Values(hinton::diff::Diff),
    /// Where one of both is a summary.
    Statistics(StatisticsDiff),
}

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
        let work = Work { threads: hinton::threads(threads), progress: stop };
        if is_summary(&a.0) || is_summary(&b.0) {
            let mut found = diff_statistics(&a.0, &b.0, &patterns, rule.1)?;
            found.read(work)?;
            return Ok(Compared::Statistics(found));
        }
        let mut found = diff(&a.0, &b.0, &patterns, rule.1)?;
        found.read(work)?;
        Ok(Compared::Values(found))
    })?))
}

/// The conditions under which a comparison fails: how they are written, and one line each.
#[pyfunction]
pub(crate) fn diff_conditions() -> Vec<(String, &'static str)> {
    CONDITIONS.iter().map(|row| (row.form(), row.about)).collect()
}

#[pymethods]
impl Diff {
    /// Whether both hold the same tensors with equal values in the same types; of summaries, with equal
    /// statistics.
    #[getter]
    fn is_same(&self) -> bool {
        match &self.0 {
            Compared::Values(found) => found.is_same(),
            Compared::Statistics(found) => found.is_same(),
        }
    }

    /// The norm of all differences over that of the first model's values; none of summaries.
    #[getter]
    fn relative(&self) -> Option<f64> {
        match &self.0 {
            Compared::Values(found) => found.relative(),
            Compared::Statistics(_) => None,
        }
    }

    /// What differs, in sentences.
    #[getter]
    fn summary(&self) -> Vec<String> {
        match &self.0 {
            Compared::Values(found) => found.summary(),
            Compared::Statistics(found) => found.summary(),
        }
    }

    /// The JSON that `hinton diff --json` prints.
    fn json(&self) -> String {
        // A comparison is always written: its types are the library's own.
        match &self.0 {
            Compared::Values(found) => hinton::inspect::to_json(found),
            Compared::Statistics(found) => hinton::inspect::to_json(found),
        }
        .unwrap_or_default()
    }

    /// A line for each tensor.
    fn csv(&self) -> String {
        match &self.0 {
            Compared::Values(found) => to_csv(found),
            Compared::Statistics(found) => found.to_csv(),
        }
    }

    /// Markdown with this many tensors at most.
    fn markdown(&self, most: usize) -> String {
        match &self.0 {
            Compared::Values(found) => to_markdown(found, most),
            Compared::Statistics(found) => found.to_markdown(most),
        }
    }

    /// The conditions that are met, one sentence each.
    fn failures(&self, text: &str) -> PyResult<Vec<String>> {
        let conditions = conditions(text).map_err(raised)?;
        let failure = |condition: &hinton::diff::Condition| match &self.0 {
            Compared::Values(found) => Ok(condition.failure(found)),
            Compared::Statistics(found) => condition.failure_of_statistics(found),
        };
        let found: Result<Vec<_>, _> = conditions.iter().map(failure).collect();
        Ok(found.map_err(raised)?.into_iter().flatten().collect())
    }
}
