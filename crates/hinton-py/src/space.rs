//! What a network does to points, step by step.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use hinton::films::{FilmSettings, film_bytes, film_output_for, film_output_named, save_film_with};
use hinton::look::ThemeName;
use hinton::space::{
    FilmRequest, Model, NetworkRequest, PointSet, Show, ShowRequest, SpaceFilm, SpaceRequest,
    Stage, Values, model, model_of, model_traced, points_of,
};
use hinton::{Error, Work};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyDict};

use crate::checkpoint::Checkpoint;
use crate::errors::{raised, with_cure};
use crate::picture::Picture;
use crate::run::FRAMES;
use crate::tensor::Tensor;
use crate::work::{STOPPING_WORK, Stop, StoppingWork};
use crate::{addresses, arguments, keywords, work};

/// Frames a second where nothing else is said: what a GIF and a notebook show well.
const FPS: f64 = 15.0;

/// Points sent through a network, ready to be drawn.
#[pyclass(frozen, module = "hinton._hinton")]
pub(crate) struct Space {
    model: Model,
    set: PointSet,
    request: ShowRequest,
    film: FilmRequest,
    threads: usize,
    theme: Option<ThemeName>,
    show: Show,
    notes: Vec<String>,
}

/// Where a network comes from: a file or a spec by its text, or tensors in memory.
enum Source<'a> {
    Text(&'a str),
    Open(&'a hinton::Checkpoint),
    Traced(String, Vec<Stage>),
}

/// A step that was computed elsewhere: its name, and a row for each point.
type Step<'py> = (String, PyRef<'py, Tensor>);

/// Sends points through a network: a spec or a path by `text`, tensors in memory by `chain`, or points that
/// were computed elsewhere by `steps`. `points` are the caller's own.
#[pyfunction]
#[pyo3(signature = (text, chain, steps, points, settings, threads=0))]
pub(crate) fn space(
    py: Python<'_>,
    text: &str,
    chain: Option<PyRef<'_, Checkpoint>>,
    steps: Vec<Step<'_>>,
    points: Option<PyRef<'_, Checkpoint>>,
    settings: &Bound<'_, PyDict>,
    threads: usize,
) -> PyResult<Space> {
    let words = arguments::words("space", Some(settings))?;
    let chain = chain.as_ref().map(|chain| &chain.0);
    let points = points.as_ref().map(|points| &points.0);
    let steps: Vec<(String, hinton::Tensor)> =
        steps.iter().map(|(name, tensor)| (name.clone(), tensor.0.tensor.clone())).collect();
    work::run(py, |_| {
        let work = Work { threads: hinton::threads(threads), progress: &STOPPING_WORK };
        let mut asked = SpaceRequest::default();
        for (name, value) in &words {
            asked = asked.set(name, value)?;
        }
        if !asked.has("fps") {
            asked.film.fps = FPS;
        }
        let source = match (chain, steps.is_empty()) {
            (_, false) => Source::Traced(text.to_owned(), stages(&steps)?),
            (Some(chain), _) => Source::Open(chain),
            (None, _) => Source::Text(text),
        };
        let path = matches!(source, Source::Text(_)).then(|| Path::new(text));
        let traced = match &source {
            Source::Traced(_, stages) => stages.first().cloned(),
            _ => None,
        };
        let model = opened(source, &asked.network)?;
        let (set, notes) = match (traced, points) {
            (Some(first), Some(points)) => {
                // The points that were sent, as the first step has them.
                let mut set = points_of(points, &asked.points, first.width)?;
                set.values = first.values;
                (set, Vec::new())
            }
            (None, Some(points)) => {
                (points_of(points, &asked.points, model.input_width())?, Vec::new())
            }
            (_, None) => hinton_cli::space_points(&asked, &model, path)?,
        };
        let mut show = Show::new_with(&model, set.clone(), asked.show.clone(), work)?;
        show.set_progress(Arc::new(StoppingWork));
        let notes = notes.iter().chain(show.notes()).map(|note| keywords::in_keywords(note));
        let notes = notes.collect();
        Ok(Space {
            model,
            set,
            film: asked.film,
            theme: asked.has("theme").then_some(asked.show.options.theme),
            request: asked.show,
            threads,
            show,
            notes,
        })
    })
}

fn opened(source: Source<'_>, request: &NetworkRequest) -> Result<Model, Error> {
    match source {
        Source::Text(text) => {
            addresses::allow(Path::new(text))?;
            model(text, request)
        }
        Source::Open(checkpoint) => model_of(checkpoint, request),
        Source::Traced(title, stages) => model_traced(title, stages),
    }
}

/// Steps with their points in double precision, row after row.
fn stages(steps: &[(String, hinton::Tensor)]) -> Result<Vec<Stage>, Error> {
    let stage = |(index, (label, tensor)): (usize, &(String, hinton::Tensor))| {
        let rows = tensor.shape().first().copied().unwrap_or(1).max(1);
        let values = tensor.to_f64()?;
        let name = if index == 0 { String::new() } else { (index - 1).to_string() };
        let width = values.len() / rows;
        Ok(Stage { name, label: label.clone(), width, values: Values::from(values), map: None })
    };
    steps.iter().enumerate().map(stage).collect()
}

impl Space {
    /// The same once more, for a film, which takes it away.
    fn again(&self) -> Result<Show, Error> {
        let work = Work::new(self.threads, &STOPPING_WORK);
        let mut show = Show::new_with(&self.model, self.set.clone(), self.request.clone(), work)?;
        show.set_progress(Arc::new(StoppingWork));
        Ok(show)
    }

    fn play<T: Send>(
        &self,
        py: Python<'_>,
        todo: impl FnOnce(&mut SpaceFilm, &Stop) -> Result<T, Error> + Send,
    ) -> PyResult<T> {
        work::run_told(py, FRAMES, |stop| todo(&mut self.again()?.film(self.film)?, stop))
    }
}

#[pymethods]
impl Space {
    /// The network's name.
    #[getter]
    fn title(&self) -> &str {
        self.show.title()
    }

    /// What was assumed, reduced or left out.
    #[getter]
    fn notes(&self) -> Vec<String> {
        self.notes.clone()
    }

    /// The share of points whose class is that of their label.
    #[getter]
    fn accuracy(&self) -> Option<f64> {
        self.show.accuracy()
    }

    /// A heading for each step, and its weights as text.
    #[getter]
    fn weights(&self) -> Vec<(String, String)> {
        self.show.weights()
    }

    /// Names of the steps, the input first.
    #[getter]
    fn steps(&self) -> Vec<String> {
        self.show.stages().iter().map(|stage| stage.label.clone()).collect()
    }

    /// The points after each step.
    fn tensors(&self) -> PyResult<Vec<Tensor>> {
        let tensors = self.show.tensors().map_err(raised)?;
        Ok(tensors.into_iter().map(Tensor::whole).collect())
    }

    /// All steps on one page.
    fn page(&self, py: Python<'_>) -> PyResult<Picture> {
        Ok(Picture(work::run(py, |_| self.show.page())?))
    }

    /// A step by its index; negative ones count from the end.
    fn picture(&self, py: Python<'_>, step: isize) -> PyResult<Picture> {
        let count = self.show.stages().len();
        let index =
            if step < 0 { count.checked_add_signed(step) } else { usize::try_from(step).ok() };
        let index = index.filter(|index| *index < count).ok_or_else(|| {
            let cure = format!("there are 0 (the input) to {}", count.saturating_sub(1));
            let error =
                PyValueError::new_err(format!("step {step}: the network has {count} steps"));
            with_cure(error, Some(&cure))
        })?;
        Ok(Picture(work::run(py, |_| self.show.page_of(&[index]))?))
    }

    /// The page that turns in a browser, as one HTML file.
    fn html<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyBytes>> {
        let page = work::run(py, |_| Ok(self.show.html(self.theme)))?;
        Ok(PyBytes::new(py, &page))
    }

    /// Writes the film to a file or a folder of pictures.
    fn save_film(&self, py: Python<'_>, path: PathBuf, loops: u16) -> PyResult<Vec<String>> {
        let output = film_output_for(&path).map_err(raised)?;
        let settings = FilmSettings::new(loops, false);
        let report = self.play(py, |film, stop| {
            save_film_with(film, &path, output, settings, &mut |done, _| stop.reached(done))
        })?;
        Ok(report.notes)
    }

    /// The bytes of a film: `gif`, `apng`, `webp`.
    fn encode_film<'py>(
        &self,
        py: Python<'py>,
        output: &str,
        loops: u16,
    ) -> PyResult<(Bound<'py, PyBytes>, Vec<String>)> {
        let output = film_output_named(output).map_err(raised)?;
        let settings = FilmSettings::new(loops, false);
        let (bytes, report) = self.play(py, |film, stop| {
            film_bytes(film, output, settings, &mut |done| stop.reached(done))
        })?;
        Ok((PyBytes::new(py, &bytes), report.notes))
    }
}
