//! Opens files at addresses, with settings from the environment as in the command.

use std::path::Path;

use hinton::Error;
use pyo3::prelude::*;

use crate::errors::raised;
use crate::work;

/// Lets a path open, where it is an address.
pub(crate) fn allow(path: &Path) -> Result<(), Error> {
    match hinton::files::is_address(path) {
        true => {
            hinton_cli::embed(work::is_stopping);
            hinton_cli::open_addresses()
        }
        false => Ok(()),
    }
}

/// What a person should know of addresses that were read since this was called last.
#[pyfunction]
pub(crate) fn notes_of_addresses() -> Vec<String> {
    hinton_cli::notes_of_addresses()
}

/// From now on at most this many bytes more are downloaded in this process: a size such as `500MB`, or no limit.
#[pyfunction]
pub(crate) fn limit_downloads(most: Option<&str>) -> PyResult<()> {
    hinton_cli::embed(work::is_stopping);
    hinton_cli::limit_downloads(most).map_err(raised)
}
