//! Training runs: reading, drawing, animating and writing them.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use hinton::films::{
    AnimateRequest, FilmSettings, animate_with, film_bytes, film_output_for, film_output_named,
    save_film_with,
};
use hinton::runs::{
    NewStep, NewTensor, RunOptions, RunRequest, RunWriter, Step as RunStep, draw_runs_with,
};
use hinton::{Error, Work};
use pyo3::exceptions::PyIndexError;
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyDict};

use crate::checkpoint::Checkpoint;
use crate::errors::raised;
use crate::picture::Picture;
use crate::tensor::Tensor;
use crate::work::{Amount, Stop, StoppingWork, Uncounted};
use crate::{addresses, arguments, keywords, work};

/// One or several runs: metrics are known, tensors are read when they are asked for.
#[pyclass(frozen, module = "hinton._hinton")]
pub(crate) struct Runs(Arc<Vec<hinton::runs::Run>>);

/// Opens a run for each path.
#[pyfunction]
pub(crate) fn open_runs(py: Python<'_>, paths: Vec<PathBuf>) -> PyResult<Runs> {
    let runs = work::run(py, |_| {
        let options = RunOptions { limits: work::limits(), ..RunOptions::default() };
        let open = |path: &PathBuf| {
            addresses::allow(path)?;
            hinton::runs::open_run(&[path], &options)
        };
        paths.iter().map(open).collect::<Result<Vec<_>, Error>>()
    })?;
    Ok(Runs(Arc::new(runs)))
}

/// A run of checkpoints in memory, each with its number, in order.
#[pyfunction]
pub(crate) fn run_of(name: &str, steps: Vec<(u64, PyRef<'_, Checkpoint>)>) -> PyResult<Runs> {
    let steps = steps.iter().map(|(number, checkpoint)| {
        let name = checkpoint.0.path.clone();
        let step = RunStep { number: *number, name, time: None, metrics: Vec::new(), broken: None };
        (step, checkpoint.0.tensors.clone())
    });
    let run = hinton::runs::run_of(name, steps.collect());
    Ok(Runs(Arc::new(vec![run.map_err(|error| raised(error.into()))?])))
}

/// Whether a path is a run folder.
#[pyfunction]
pub(crate) fn is_run(path: PathBuf) -> bool {
    hinton::runs::is_run_folder(&path)
}

/// A step: its number, when it was taken in seconds, and its metrics.
type Step = (u64, Option<f64>, Vec<(String, f64)>);

#[pymethods]
impl Runs {
    /// The paths they were opened from.
    #[getter]
    fn paths(&self) -> Vec<String> {
        self.0.iter().map(|run| run.path.clone()).collect()
    }

    /// What was trained, where the run says it.
    fn trained(&self, run: usize) -> PyResult<Option<String>> {
        Ok(self.run(run)?.trained.clone())
    }

    /// The settings of the training as JSON, where the run says them.
    fn settings(&self, run: usize) -> PyResult<Option<String>> {
        Ok(self.run(run)?.settings.clone())
    }

    /// What a person should know of all of them.
    #[getter]
    fn warnings(&self) -> Vec<String> {
        let warnings = self.0.iter().flat_map(|run| &run.warnings);
        warnings.map(ToString::to_string).collect()
    }

    /// The steps that have tensors.
    fn steps(&self, run: usize) -> PyResult<Vec<Step>> {
        let steps = self.run(run)?.steps.iter();
        Ok(steps.map(|step| (step.number, step.time, step.metrics.clone())).collect())
    }

    /// Names of the metrics.
    fn metric_names(&self, run: usize) -> PyResult<Vec<String>> {
        Ok(self.run(run)?.metric_names().into_iter().map(str::to_owned).collect())
    }

    /// A metric over all rows that have it: number of the step, value.
    fn series(&self, run: usize, metric: &str) -> PyResult<Vec<(u64, f64)>> {
        Ok(self.run(run)?.series(metric))
    }

    /// Names of the tensors of any step.
    fn tensor_names(&self, run: usize) -> PyResult<Vec<String>> {
        Ok(self.run(run)?.tensor_names().iter().map(|tensor| tensor.name.clone()).collect())
    }

    /// The tensors of a step, counted from 0.
    fn checkpoint(&self, py: Python<'_>, run: usize, step: usize) -> PyResult<Checkpoint> {
        let opened = self.run(run)?;
        if step >= opened.steps.len() {
            return Err(PyIndexError::new_err(format!("step {step} of {}", opened.steps.len())));
        }
        Ok(Checkpoint(work::run(py, |_| Ok(opened.checkpoint(step)?))?))
    }

    /// Draws them: a page, metrics, spreads or the tensors of a step.
    #[pyo3(signature = (patterns, metrics, step=None, threads=0, **settings))]
    fn draw(
        &self,
        py: Python<'_>,
        patterns: Vec<String>,
        metrics: Vec<String>,
        step: Option<u64>,
        threads: usize,
        settings: Option<&Bound<'_, PyDict>>,
    ) -> PyResult<Picture> {
        let words = keywords::words(settings)?;
        Ok(Picture(work::run(py, |stop| {
            let mut request = RunRequest::of(keywords::request(&words)?);
            request.metrics = metrics;
            request.step = step;
            draw_runs_with(&self.0, &patterns, &request, Work::new(threads, stop))
        })?))
    }

    /// What is to be played. Nothing is read yet.
    #[pyo3(signature = (patterns, film, threads=0, **settings))]
    fn animate(
        &self,
        patterns: Vec<String>,
        film: &Bound<'_, PyDict>,
        threads: usize,
        settings: Option<&Bound<'_, PyDict>>,
    ) -> PyResult<Film> {
        let mut words = arguments::words("animate", Some(film))?;
        words.extend(keywords::words(settings)?);
        Ok(Film { runs: Arc::clone(&self.0), patterns, threads, words })
    }
}

impl Runs {
    fn run(&self, index: usize) -> PyResult<&hinton::runs::Run> {
        self.0.get(index).ok_or_else(|| PyIndexError::new_err(format!("run {index}")))
    }
}

/// A film of runs, drawn when it is saved.
#[pyclass(frozen, module = "hinton._hinton")]
pub(crate) struct Film {
    runs: Arc<Vec<hinton::runs::Run>>,
    patterns: Vec<String>,
    threads: usize,
    /// The settings of the film and of its pictures.
    words: arguments::Words,
}

/// What is counted while a film is drawn. How many there will be is known when all steps were looked at.
pub(crate) const FRAMES: Amount = Amount { what: "film", unit: "frame", total: 0 };

impl Film {
    /// Looks at all steps and hands the film on; gives what came of it, and notes.
    fn play<T: Send>(
        &self,
        py: Python<'_>,
        todo: impl FnOnce(&mut hinton::films::Film, &Stop) -> Result<T, Error> + Send,
    ) -> PyResult<(T, Vec<String>)> {
        let (done, notes) = work::run_told(py, FRAMES, |stop| {
            let reading = Uncounted(stop);
            let mut request = AnimateRequest::default();
            for (name, value) in &self.words {
                request = request.set(name, value)?;
            }
            let work = Work::new(self.threads, &reading);
            let mut film = animate_with(&self.runs, &self.patterns, &request, work)?;
            film.set_progress(Arc::new(StoppingWork));
            let notes = film.notes().to_vec();
            Ok((todo(&mut film, stop)?, notes))
        })?;
        Ok((done, notes.iter().map(|note| keywords::in_keywords(note)).collect()))
    }
}

#[pymethods]
impl Film {
    /// Writes it to a file or a folder of pictures; the name chooses. Plays this many times, 0 forever.
    fn save(&self, py: Python<'_>, path: PathBuf, loops: u16) -> PyResult<Vec<String>> {
        let output = film_output_for(&path).map_err(raised)?;
        let settings = FilmSettings::new(loops, false);
        let (report, mut notes) = self.play(py, |film, stop| {
            save_film_with(film, &path, output, settings, &mut |done, _| stop.reached(done))
        })?;
        notes.extend(report.notes.iter().map(|note| keywords::in_keywords(note)));
        Ok(notes)
    }

    /// The bytes of an output that is one file: `gif`, `apng`, `webp`.
    fn encode<'py>(
        &self,
        py: Python<'py>,
        output: &str,
        loops: u16,
    ) -> PyResult<(Bound<'py, PyBytes>, Vec<String>)> {
        let output = film_output_named(output).map_err(raised)?;
        let settings = FilmSettings::new(loops, false);
        let ((bytes, report), mut notes) = self.play(py, |film, stop| {
            film_bytes(film, output, settings, &mut |done| stop.reached(done))
        })?;
        notes.extend(report.notes.iter().map(|note| keywords::in_keywords(note)));
        Ok((PyBytes::new(py, &bytes), notes))
    }

    /// A strip of this many of its pictures side by side.
    fn strip(&self, py: Python<'_>, count: usize) -> PyResult<Picture> {
        Ok(Picture(self.play(py, |film, _| film.strip(count))?.0))
    }
}

/// Writes a run folder.
#[pyclass(frozen, module = "hinton._hinton")]
pub(crate) struct Recorder(Mutex<RunWriter>);

#[pymethods]
impl Recorder {
    /// Starts a run in a folder that has none, or goes on with the one that is there.
    #[new]
    fn new(path: PathBuf, trained: &str, settings: &str, resume: bool) -> PyResult<Self> {
        let writer = match resume && hinton::runs::is_run_folder(&path) {
            true => RunWriter::resume(&path),
            false => RunWriter::create(&path, trained, settings),
        };
        Ok(Recorder(Mutex::new(writer.map_err(|error| raised(error.into()))?)))
    }

    /// The last step that has tensors.
    #[getter]
    fn last(&self) -> Option<u64> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).last()
    }

    /// Adds a step, or without tensors a row of metrics. The interpreter goes on meanwhile.
    fn write(
        &self,
        py: Python<'_>,
        number: u64,
        time: Option<f64>,
        tensors: Vec<PyRef<'_, Tensor>>,
        metrics: Vec<(String, f64)>,
    ) -> PyResult<()> {
        let tensors: Vec<hinton::Tensor> =
            tensors.iter().map(|tensor| tensor.0.tensor.clone()).collect();
        let written = py.detach(|| {
            let mut writer = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            let metrics: Vec<(&str, f64)> =
                metrics.iter().map(|(name, value)| (name.as_str(), *value)).collect();
            if tensors.is_empty() {
                return Ok(writer.log(number, time, &metrics)?);
            }
            let values = tensors.iter().map(hinton::Tensor::packed_bytes);
            let values = values.collect::<Result<Vec<_>, _>>()?;
            let parts = tensors.iter().zip(&values).map(|(tensor, bytes)| NewTensor {
                name: tensor.name(),
                dtype: tensor.dtype(),
                shape: tensor.shape(),
                bytes,
            });
            let parts: Vec<NewTensor<'_>> = parts.collect();
            writer.append(&NewStep { number, time, tensors: &parts, metrics: &metrics })?;
            Ok::<(), Error>(())
        });
        written.map_err(raised)
    }
}
