//! Drawn pictures: as bytes of any output, as pixels, as files.

use std::path::PathBuf;

use hinton::outputs::{Graphics, RenderOptions, output_named, pixels};
use hinton::{render, save_with};
use pyo3::prelude::*;
use pyo3::types::PyBytes;

use crate::errors::raised;
use crate::work;

/// A picture, resolved to the last number.
#[pyclass(frozen, module = "hinton._hinton")]
pub(crate) struct Picture(pub(crate) hinton::Picture);

impl Picture {
    /// Options for this many pixels to the inch, or those it was drawn for.
    fn options(&self, dpi: Option<f64>) -> RenderOptions {
        let mut options = self.0.render_options();
        options.dpi = dpi.unwrap_or(options.dpi);
        options
    }
}

#[pymethods]
impl Picture {
    /// What a person should know that the picture may not say.
    #[getter]
    fn notes(&self) -> Vec<String> {
        self.0.notes.iter().map(|note| crate::keywords::in_keywords(note)).collect()
    }

    /// Width and height in points, 1/72 inch.
    #[getter]
    fn size(&self) -> (f64, f64) {
        (self.0.scene.width, self.0.scene.height)
    }

    /// Pixels to the inch that it was drawn for.
    #[getter]
    fn dpi(&self) -> f64 {
        self.0.dpi
    }

    /// Its title and what it shows, for those who cannot see it.
    #[getter]
    fn description(&self) -> (String, String) {
        (self.0.scene.title.clone(), self.0.scene.description.clone())
    }

    /// The bytes of an output: `png`, `svg`, `pdf`.
    #[pyo3(signature = (output, dpi=None))]
    fn encode<'py>(
        &self,
        py: Python<'py>,
        output: &str,
        dpi: Option<f64>,
    ) -> PyResult<Bound<'py, PyBytes>> {
        let row = output_named(output).map_err(raised)?;
        let bytes = work::run(py, |_| render(&self.0, row, &self.options(dpi)))?;
        Ok(PyBytes::new(py, &bytes))
    }

    /// The picture in characters, for a terminal of this many columns and rows: in 24-bit colours, in 256,
    /// or in letters.
    fn text(&self, py: Python<'_>, columns: usize, rows: usize, colors: u32) -> PyResult<String> {
        let mut options = self.options(None);
        options.terminal.columns = columns;
        options.terminal.rows = rows;
        options.terminal.graphics = match colors {
            0 => Graphics::Ascii,
            256 => Graphics::Colors256,
            _ => Graphics::TrueColor,
        };
        let row = output_named("terminal").map_err(raised)?;
        let bytes = work::run(py, |_| render(&self.0, row, &options))?;
        Ok(String::from_utf8_lossy(&bytes).into_owned())
    }

    /// What the command would print of it in the terminal of this process.
    fn printed(&self, py: Python<'_>) -> PyResult<String> {
        let mut options = self.options(None);
        options.terminal = hinton_cli::terminal_options();
        let row = output_named("terminal").map_err(raised)?;
        let bytes = work::run(py, |_| render(&self.0, row, &options))?;
        Ok(String::from_utf8_lossy(&bytes).into_owned())
    }

    /// Writes a file whole or not at all; the extension chooses the output.
    #[pyo3(signature = (path, dpi=None))]
    fn save(&self, py: Python<'_>, path: PathBuf, dpi: Option<f64>) -> PyResult<()> {
        work::run(py, |_| save_with(&self.0, &path, &self.options(dpi)))
    }

    /// Width, height, and red, green, blue and opacity of each pixel from the top left on.
    #[pyo3(signature = (dpi=None))]
    fn pixels<'py>(
        &self,
        py: Python<'py>,
        dpi: Option<f64>,
    ) -> PyResult<(usize, usize, Bound<'py, PyBytes>)> {
        let drawn = work::run(py, |_| pixels(&self.0, &self.options(dpi)))?;
        Ok((drawn.width, drawn.height, PyBytes::new(py, &drawn.rgba)))
    }
}
