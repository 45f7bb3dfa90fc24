//! Training of small networks.

use std::ops::ControlFlow;

use hinton::train::{Outcome, TrainRequest};
use hinton_cli::Points;
use pyo3::prelude::*;
use pyo3::types::PyDict;

use crate::checkpoint::Checkpoint;
use crate::picture::Picture;
use crate::work::Amount;
use crate::{arguments, keywords, work};

/// An epoch: number, seconds, loss and accuracy of the points set apart, loss of its steps.
type Epoch = (u64, f64, f64, f64, f64);

/// What a training gave.
#[pyclass(frozen, module = "hinton._hinton")]
pub(crate) struct Trained {
    weights: hinton::Checkpoint,
    picture: hinton::Picture,
    epochs: Vec<Epoch>,
    outcome: (&'static str, String, Option<String>),
    notes: Vec<String>,
}

/// Trains; `data` names points inside the program or a file, `arrays` are the caller's own. `settings` are
/// those of the training and of the picture of what was learned.
#[pyfunction]
#[pyo3(signature = (data, arrays, training, threads=0, **settings))]
pub(crate) fn train(
    py: Python<'_>,
    data: Option<String>,
    arrays: Option<PyRef<'_, Checkpoint>>,
    training: &Bound<'_, PyDict>,
    threads: usize,
    settings: Option<&Bound<'_, PyDict>>,
) -> PyResult<Trained> {
    let words = arguments::words("train", Some(training))?;
    let drawn = keywords::words(settings)?;
    let arrays = arrays.as_ref().map(|arrays| &arrays.0);
    hinton_cli::embed(work::is_stopping);
    let amount = Amount { what: "train", unit: "epoch", total: 0 };
    work::run_told(py, amount, |stop| {
        // Wrong settings are told before the work.
        let request = keywords::request(&drawn)?;
        let asked = words
            .iter()
            .try_fold(TrainRequest::default(), |asked, (name, value)| asked.set(name, value))?;
        if let Some(clash) = asked.clash() {
            return Err(clash.into());
        }
        let points = match (arrays, &data) {
            (Some(arrays), _) => Points::Open(arrays),
            (None, Some(name)) => Points::Named(name),
            (None, None) => Points::Unnamed,
        };
        let threads = hinton::threads(threads);
        let mut epochs = Vec::new();
        let mut told = |report: Option<&hinton::train::EpochReport>| -> ControlFlow<()> {
            epochs.extend(report.map(|one| {
                let (apart, steps) = (&one.validation, &one.training);
                let accuracy = apart.accuracy();
                (one.epoch, one.seconds, apart.mean_loss(), accuracy, steps.mean_loss())
            }));
            stop.reached(epochs.len())
        };
        let ((weights, picture, outcome), notes) =
            hinton_cli::train(&asked, points, threads, &mut told, |session, outcome| {
                Ok((session.checkpoint()?, session.picture(&request)?, words_of(outcome)))
            })?;
        Ok(Trained { weights, picture, epochs, outcome, notes })
    })
}

/// How it ended: a word, a sentence, and what to do about it.
fn words_of(outcome: &Outcome) -> (&'static str, String, Option<String>) {
    match outcome {
        Outcome::Finished => ("finished", String::new(), None),
        Outcome::Stopped => ("stopped", "the time was over".to_owned(), None),
        Outcome::Patience { best } => {
            ("patience", format!("the loss got no smaller since epoch {best}"), None)
        }
        Outcome::Diverged { step, what, advice } => (
            "diverged",
            format!("training diverged at step {step}: {what} is not finite"),
            Some(keywords::in_keywords(advice)),
        ),
    }
}

#[pymethods]
impl Trained {
    /// The parameters, and what the optimiser remembers.
    #[getter]
    fn weights(&self) -> Checkpoint {
        Checkpoint(self.weights.clone())
    }

    /// What was learned.
    #[getter]
    fn picture(&self) -> Picture {
        Picture(self.picture.clone())
    }

    /// Every epoch: number, seconds, loss and accuracy of the points set apart, loss of its steps.
    #[getter]
    fn epochs(&self) -> Vec<Epoch> {
        self.epochs.clone()
    }

    /// How it ended: a word, a sentence, what to do about it.
    #[getter]
    fn outcome(&self) -> (&'static str, String, Option<String>) {
        self.outcome.clone()
    }

    /// What was assumed.
    #[getter]
    fn notes(&self) -> Vec<String> {
        self.notes.iter().map(|note| keywords::in_keywords(note)).collect()
    }
}
