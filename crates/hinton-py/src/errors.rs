//! The library's errors as Python's exceptions.

use std::path::Path;

use hinton::errors::ErrorKind;
use hinton::{Error, Fault};
use pyo3::exceptions::{
    PyFileExistsError, PyFileNotFoundError, PyKeyError, PyOSError, PyPermissionError, PyValueError,
};
use pyo3::prelude::*;

use crate::keywords::{in_keywords, takes_of_first};

/// The exception for an error: `ValueError` for a request that makes no sense, `KeyError` for what is
/// not there, `OSError` for files. Each has the attributes `kind`, a word to tell errors apart by, and
/// `cure`, what to do or `None`, which it shows under its traceback too.
pub(crate) fn raised(error: Error) -> PyErr {
    // What the command calls an option is a function here.
    let said = |text: &str| in_keywords(text).replace("max-download", "max_download");
    let text = error.to_string();
    // The option of patterns is the first argument here.
    let text = text.strip_prefix("-t ").unwrap_or(&text).to_owned();
    let message = said(&text);
    // A value that a setting does not take is cured by one that it takes.
    let taken = || takes_of_first(&text).filter(|_| error.fault() == Fault::Request);
    let cure = error.help().map(said).or_else(taken);
    let exception = exception(&error, message);
    // An exception that takes no attribute is raised all the same.
    Python::attach(|py| exception.value(py).setattr("kind", kind(&error))).ok();
    with_cure(exception, cure.as_deref())
}

/// Files have the kinds of [`ErrorKind`] in small letters: `io`, `malformed`, `refused` …
fn kind(error: &Error) -> String {
    match error {
        Error::Open(opened) => format!("{:?}", opened.kind()).to_lowercase(),
        Error::Write { .. } => "write".to_owned(),
        Error::Missing { .. } => "missing".to_owned(),
        Error::Unfit { .. } => "unfit".to_owned(),
        _ if error.fault() == Fault::Request => "request".to_owned(),
        _ => "work".to_owned(),
    }
}

/// The same exception with what to do about it.
pub(crate) fn with_cure(exception: PyErr, cure: Option<&str>) -> PyErr {
    Python::attach(|py| {
        let value = exception.value(py);
        // An exception that takes no attribute is raised all the same.
        let _ = value.setattr("cure", cure);
        if let Some(cure) = cure.filter(|cure| !cure.is_empty()) {
            let _ = value.call_method1("add_note", (format!("help: {cure}"),));
        }
    });
    exception
}

/// The same exception with a cure, where it has none of its own.
pub(crate) fn or_cure(exception: PyErr, cure: &str) -> PyErr {
    let has_one =
        Python::attach(|py| exception.value(py).getattr("cure").is_ok_and(|cure| !cure.is_none()));
    if has_one { exception } else { with_cure(exception, Some(cure)) }
}

fn exception(error: &Error, message: String) -> PyErr {
    match error {
        Error::Open(opened) => {
            let is_gone = opened.kind() == ErrorKind::Io
                && !opened.file().is_empty()
                && !Path::new(opened.file()).exists();
            match is_gone {
                true => PyFileNotFoundError::new_err(message),
                false => PyOSError::new_err(message),
            }
        }
        Error::Write { source, .. } => match source.as_ref().map(std::io::Error::kind) {
            Some(std::io::ErrorKind::NotFound) => PyFileNotFoundError::new_err(message),
            Some(std::io::ErrorKind::PermissionDenied) => PyPermissionError::new_err(message),
            Some(std::io::ErrorKind::AlreadyExists) => PyFileExistsError::new_err(message),
            _ => PyOSError::new_err(message),
        },
        Error::Missing { .. } => PyKeyError::new_err(message),
        _ if error.fault() == Fault::Request => PyValueError::new_err(message),
        // Values that cannot be read, as when a file ends too early.
        Error::Run(_) | Error::Tensor(hinton::errors::TensorError::Read { .. }) => {
            PyOSError::new_err(message)
        }
        _ => PyValueError::new_err(message),
    }
}
