//! Arguments of commands as Python's keyword arguments, from the commands' own tables.

use std::sync::LazyLock;

use hinton_cli::{ArgumentRow, arguments};
use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;
use pyo3::types::{PyBool, PyDict, PyString};

use crate::errors::with_cure;
use crate::keywords::{not_a_flag, number};

static SPACE: LazyLock<Vec<ArgumentRow>> = LazyLock::new(|| arguments("space"));
static TRAIN: LazyLock<Vec<ArgumentRow>> = LazyLock::new(|| arguments("train"));

fn rows(command: &str) -> &'static [ArgumentRow] {
    match command {
        "space" => &SPACE,
        _ => &TRAIN,
    }
}

/// An argument as a keyword: name, whether it takes `"nothing"` (a flag) or a `"value"`, one line, choices.
type Keyword = (String, &'static str, String, Vec<String>);

/// The keywords of `space` or `train`, in the order of the command's help.
#[pyfunction]
pub(crate) fn command_keywords(command: &str) -> Vec<Keyword> {
    let rows = rows(command).iter().map(|row| {
        let takes = if row.takes_value { "value" } else { "nothing" };
        let about = crate::keywords::in_keywords(&row.about);
        (keyword(row), takes, about, row.choices.clone())
    });
    rows.collect()
}

/// What an argument is called in Python: `as` is a word of the language, and what a flag switches off is
/// `False`.
fn keyword(row: &ArgumentRow) -> String {
    match row.name.as_str() {
        "as" => "marks".to_owned(),
        // The first argument of `train` is the data; this is the folder of its files.
        "data" => "folder".to_owned(),
        name => name.strip_prefix("no-").unwrap_or(name).replace('-', "_"),
    }
}

/// Options of `animate` that are keywords of the same name.
const FILMS: [&str; 7] = ["duration", "fps", "hold", "metric", "morph", "show", "steps"];

/// The keyword of an argument of that name, of any of these commands.
pub(crate) fn keyword_named(name: &str) -> Option<String> {
    let mut all = SPACE.iter().chain(TRAIN.iter());
    let of_films = || FILMS.contains(&name).then(|| name.to_owned());
    all.find(|row| row.name == name).map(keyword).or_else(of_films)
}

/// What a keyword of any of these commands takes, for those who gave something else.
pub(crate) fn takes(named: &str) -> Option<String> {
    let row = SPACE.iter().chain(TRAIN.iter()).find(|row| keyword(row) == named)?;
    Some(match row.choices[..] {
        [] => format!("{named}: {}", crate::keywords::in_keywords(&row.about)),
        ref names => format!("there are {}", names.join(", ")),
    })
}

/// What keyword arguments say, as words of the command: `--scale=2`. `None` means that it was not said.
///
/// # Errors
/// `TypeError` for an unknown keyword or a value of a wrong type.
pub(crate) fn words(
    command: &'static str,
    keywords: Option<&Bound<'_, PyDict>>,
) -> PyResult<Vec<String>> {
    let mut words = Vec::new();
    let Some(keywords) = keywords else { return Ok(words) };
    for (key, value) in keywords {
        let key: String = key.extract()?;
        let row = rows(command).iter().find(|row| keyword(row) == key);
        let row = row.ok_or_else(|| unknown(keywords.py(), command, &key))?;
        if !value.is_none() {
            words.extend(said(row, &value)?);
        }
    }
    Ok(words)
}

fn unknown(py: Python<'_>, command: &str, key: &str) -> PyErr {
    let names: Vec<String> = rows(command).iter().map(keyword).collect();
    let near = || -> PyResult<Vec<String>> {
        let matches = py.import("difflib")?.getattr("get_close_matches")?;
        matches.call1((key, names.clone()))?.extract()
    };
    let cure = match near() {
        Ok(near) if !near.is_empty() => format!("did you mean {}?", near.join(" or ")),
        _ => format!("there are {}", names.join(", ")),
    };
    let error = PyTypeError::new_err(format!("{command}() has no keyword {key:?}"));
    with_cure(error, Some(&cure))
}

/// The words of one argument.
fn said(row: &ArgumentRow, value: &Bound<'_, PyAny>) -> PyResult<Vec<String>> {
    let name = &row.name;
    if !row.takes_value {
        let wrong = || not_a_flag(&keyword(row));
        let flag = value.cast::<PyBool>().map_err(|_| wrong())?.is_true();
        let is_said = flag != name.starts_with("no-");
        return Ok(if is_said { vec![format!("--{name}")] } else { Vec::new() });
    }
    if value.is_instance_of::<PyBool>() {
        let error = PyTypeError::new_err(format!("{}: expected a value", keyword(row)));
        return Err(with_cure(error, takes(&keyword(row)).as_deref()));
    }
    let parts: Vec<String> = match (value.is_instance_of::<PyString>(), value.try_iter()) {
        (false, Ok(parts)) => {
            let parts = parts.map(|part| number(&keyword(row), &part?));
            parts.collect::<PyResult<Vec<String>>>()?
        }
        _ => vec![text(&keyword(row), value)?],
    };
    Ok(match name.as_str() {
        // Each of these is a word of its own.
        "weights" => parts.iter().map(|part| format!("--{name}={part}")).collect(),
        "size" => vec![format!("--{name}={}", parts.join("x"))],
        _ => vec![format!("--{name}={}", parts.join(","))],
    })
}

/// A number, a text or a path.
fn text(keyword: &str, value: &Bound<'_, PyAny>) -> PyResult<String> {
    match value.getattr("__fspath__") {
        Ok(path) => path.call0()?.extract(),
        Err(_) => number(keyword, value),
    }
}
