//! `hinton._hinton`: the extension module that the Python package in `python/` uses.
//!
//! This crate only converts between Python's values and the library's. What users see
//! (`hinton.open`, `hinton.draw` …) is written in Python on top of these functions.
#![deny(unsafe_code)]

mod addresses;
mod arguments;
mod checkpoint;
mod diff;
mod errors;
mod files;
mod keywords;
mod lent;
mod picture;
mod run;
mod space;
mod summary;
mod tensor;
mod train;
mod viewing;
mod work;

use std::ffi::OsString;

use pyo3::prelude::*;

/// A chart of the table: name, one line, help.
#[pyfunction]
fn charts() -> Vec<(&'static str, &'static str, &'static str)> {
    hinton::look::CHARTS.iter().map(|row| (row.name, row.about, row.help)).collect()
}

/// A colour map of the table: name, kind, and its colours as (red, green, blue) of 0 to 255.
type Map = (&'static str, &'static str, Vec<(u8, u8, u8)>);

/// Every colour map of the table.
#[pyfunction]
fn colormaps() -> Vec<Map> {
    let colors = |map: &hinton::look::Colormap| {
        let colors = (0..map.len()).map(|index| map.entry(index));
        colors.map(|color| (color.r, color.g, color.b)).collect()
    };
    let rows = hinton::look::colormaps();
    rows.map(|row| {
        let map = hinton::look::Colormap::named(row.name);
        (row.name, row.kind.name(), map.as_ref().map(colors).unwrap_or_default())
    })
    .collect()
}

/// Layers that networks of one's own may have: names.
#[pyfunction]
fn layers() -> Vec<&'static str> {
    hinton::train::LAYERS.iter().map(|row| row.name).collect()
}

/// Does what a command line says, in this process; gives back the exit code.
#[pyfunction]
fn main(py: Python<'_>, words: Vec<OsString>) -> u8 {
    py.detach(|| hinton_cli::run(words))
}

/// The extension module.
#[pymodule]
fn _hinton(module: &Bound<'_, PyModule>) -> PyResult<()> {
    hinton_cli::use_system_fonts();
    module.add("__version__", env!("CARGO_PKG_VERSION"))?;
    module.add_class::<checkpoint::Checkpoint>()?;
    module.add_class::<tensor::Tensor>()?;
    module.add_class::<picture::Picture>()?;
    module.add_class::<run::Runs>()?;
    module.add_class::<run::Film>()?;
    module.add_class::<run::Recorder>()?;
    module.add_class::<diff::Diff>()?;
    module.add_class::<space::Space>()?;
    module.add_class::<train::Trained>()?;
    module.add_function(wrap_pyfunction!(arguments::command_keywords, module)?)?;
    module.add_function(wrap_pyfunction!(space::space, module)?)?;
    module.add_function(wrap_pyfunction!(train::train, module)?)?;
    module.add_class::<viewing::Viewing>()?;
    module.add_function(wrap_pyfunction!(addresses::notes_of_addresses, module)?)?;
    module.add_function(wrap_pyfunction!(addresses::limit_downloads, module)?)?;
    module.add_function(wrap_pyfunction!(diff::compare, module)?)?;
    module.add_function(wrap_pyfunction!(diff::diff_conditions, module)?)?;
    module.add_function(wrap_pyfunction!(viewing::view_paths, module)?)?;
    module.add_function(wrap_pyfunction!(viewing::view_checkpoints, module)?)?;
    module.add_function(wrap_pyfunction!(viewing::page_of, module)?)?;
    module.add_function(wrap_pyfunction!(run::open_runs, module)?)?;
    module.add_function(wrap_pyfunction!(run::run_of, module)?)?;
    module.add_function(wrap_pyfunction!(run::is_run, module)?)?;
    module.add_function(wrap_pyfunction!(charts, module)?)?;
    module.add_function(wrap_pyfunction!(layers, module)?)?;
    module.add_function(wrap_pyfunction!(colormaps, module)?)?;
    module.add_function(wrap_pyfunction!(keywords::settings, module)?)?;
    module.add_function(wrap_pyfunction!(checkpoint::open, module)?)?;
    module.add_function(wrap_pyfunction!(files::open_files, module)?)?;
    module.add_function(wrap_pyfunction!(checkpoint::of_tensors, module)?)?;
    module.add_function(wrap_pyfunction!(lent::lend, module)?)?;
    module.add_function(wrap_pyfunction!(summary::plan_summary, module)?)?;
    module.add_function(wrap_pyfunction!(summary::do_summary_task, module)?)?;
    module.add_function(wrap_pyfunction!(summary::merge_summaries, module)?)?;
    module.add_function(wrap_pyfunction!(summary::open_summary, module)?)?;
    module.add_function(wrap_pyfunction!(main, module)?)?;
    Ok(())
}
