//! Serves the viewer from this process.

use std::path::PathBuf;

use hinton_cli::Listening;
use pyo3::prelude::*;
use pyo3::types::PyBytes;

use crate::checkpoint::Checkpoint;
use crate::errors::raised;
use crate::{addresses, work};

/// A viewer and the socket it answers on.
#[pyclass(frozen, module = "hinton._hinton")]
pub(crate) struct Viewing(hinton_cli::Viewing);

/// Where to listen: host, port, names of the server, address behind a proxy.
type Place = (String, u16, Vec<String>, Option<String>);

fn listening((host, port, names, base_url): Place) -> PyResult<Listening> {
    let host = host.parse().map_err(|_| {
        raised(hinton::Error::Request {
            message: format!("host {host:?} is not a network address"),
            help: Some("\"127.0.0.1\" is this machine alone, \"0.0.0.0\" all networks".to_owned()),
        })
    })?;
    Ok(Listening { host, port, names, base_url })
}

/// Opens files and runs for viewing, and a socket.
#[pyfunction]
pub(crate) fn view_paths(
    py: Python<'_>,
    paths: Vec<PathBuf>,
    threads: usize,
    at: Place,
) -> PyResult<Viewing> {
    let at = listening(at)?;
    Ok(Viewing(work::run(py, |_| {
        paths.iter().try_for_each(|path| addresses::allow(path))?;
        hinton_cli::Viewing::open(&paths, threads, &at)
    })?))
}

/// The same for what is open already.
#[pyfunction]
pub(crate) fn view_checkpoints(
    checkpoints: Vec<PyRef<'_, Checkpoint>>,
    threads: usize,
    at: Place,
) -> PyResult<Viewing> {
    let opened = checkpoints.iter().map(|checkpoint| checkpoint.0.clone()).collect();
    let viewing = hinton_cli::Viewing::of(opened, threads, &listening(at)?);
    Ok(Viewing(viewing.map_err(raised)?))
}

/// The page of a viewer with its data inside, of what is open already; and what of the data is in it.
#[pyfunction]
pub(crate) fn page_of<'py>(
    py: Python<'py>,
    checkpoints: Vec<PyRef<'_, Checkpoint>>,
    threads: usize,
    budget: u64,
) -> PyResult<(Bound<'py, PyBytes>, String)> {
    let opened: Vec<_> = checkpoints.iter().map(|checkpoint| checkpoint.0.clone()).collect();
    let (page, note) =
        work::run(py, move |stop| hinton_cli::page_of(opened, threads, budget, stop))?;
    Ok((PyBytes::new(py, &page), note))
}

#[pymethods]
impl Viewing {
    /// The address of the page, with the key in it.
    #[getter]
    fn address(&self) -> &str {
        self.0.address()
    }

    /// Bytes of all values that are viewed.
    #[getter]
    fn bytes(&self) -> u64 {
        self.0.bytes()
    }

    /// One page that shows the same without a server, and what of the data is in it.
    fn page<'py>(&self, py: Python<'py>, budget: u64) -> PyResult<(Bound<'py, PyBytes>, String)> {
        let (page, note) = work::run(py, |stop| self.0.page(budget, stop))?;
        Ok((PyBytes::new(py, &page), note))
    }

    /// Answers until it is stopped. The interpreter goes on meanwhile.
    fn serve(&self, py: Python<'_>) -> PyResult<()> {
        py.detach(|| self.0.serve()).map_err(raised)
    }

    /// Ends it.
    fn stop(&self) {
        self.0.stop();
    }
}
