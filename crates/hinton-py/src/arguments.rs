//! Settings of commands as Python's keyword arguments, from the library's table.

use hinton::settings::{Set, SettingRow, Takes};
use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;
use pyo3::types::{PyBool, PyDict, PyString};

use crate::errors::with_cure;
use crate::keywords::{not_a_flag, number};

/// The settings of a command that are keywords: those of a request of its own. Those of pictures are
/// in the library's table; what a program does by itself is a method or none.
fn rows(command: &str) -> impl Iterator<Item = &'static SettingRow> {
    let is_own =
        |row: &&SettingRow| matches!(row.set, Set::Space(_) | Set::Train(_) | Set::Animate(_));
    hinton::settings::of(command).filter(is_own)
}

/// Those of all commands.
fn all() -> impl Iterator<Item = &'static SettingRow> {
    ["space", "train", "animate"].into_iter().flat_map(rows)
}

/// An argument as a keyword: name, whether it takes `"nothing"` (a flag) or a `"value"`, one line, choices.
type Keyword = (String, &'static str, String, Vec<&'static str>);

/// The keywords of `space`, `train` or `animate`, in the order of the table.
#[pyfunction]
pub(crate) fn command_keywords(command: &str) -> Vec<Keyword> {
    let rows = rows(command).map(|row| {
        let takes = if row.takes == Takes::Nothing { "nothing" } else { "value" };
        let about = crate::keywords::in_keywords(&row.line());
        (keyword(row), takes, about, (row.choices)())
    });
    rows.collect()
}

/// What an argument is called in Python: `as` is a word of the language, and what a flag switches off is
/// `False`.
fn keyword(row: &SettingRow) -> String {
    match row.name {
        "as" => "marks".to_owned(),
        // The first argument of `train` is the data; this is the folder of its files.
        "data" => "folder".to_owned(),
        name => name.strip_prefix("no-").unwrap_or(name).replace('-', "_"),
    }
}

/// The keyword of an argument of that name, of any of these commands.
pub(crate) fn keyword_named(name: &str) -> Option<String> {
    all().find(|row| row.name == name).map(keyword)
}

/// What a keyword of any of these commands takes, for those who gave something else.
pub(crate) fn takes(named: &str) -> Option<String> {
    let row = all().find(|row| keyword(row) == named)?;
    Some(match (row.choices)()[..] {
        [] => format!("{named}: {}", crate::keywords::in_keywords(&row.line())),
        ref names => format!("there are {}", names.join(", ")),
    })
}

/// Settings as the library takes them: name and value.
pub(crate) type Words = Vec<(&'static str, String)>;

/// What keyword arguments say, in the order of the table. `None` means that it was not said.
///
/// # Errors
/// `TypeError` for an unknown keyword or a value of a wrong type.
pub(crate) fn words(
    command: &'static str,
    keywords: Option<&Bound<'_, PyDict>>,
) -> PyResult<Words> {
    let mut words = Words::new();
    let Some(keywords) = keywords else { return Ok(words) };
    for (key, _) in keywords {
        let key: String = key.extract()?;
        if !rows(command).any(|row| keyword(row) == key) {
            return Err(unknown(keywords.py(), command, &key));
        }
    }
    for row in rows(command) {
        if let Some(value) = keywords.get_item(keyword(row))?.filter(|value| !value.is_none()) {
            words.extend(said(row, &value)?.into_iter().map(|value| (row.name, value)));
        }
    }
    Ok(words)
}

fn unknown(py: Python<'_>, command: &str, key: &str) -> PyErr {
    let names: Vec<String> = rows(command).map(keyword).collect();
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

/// The values of one setting; a flag that is set has an empty one.
fn said(row: &SettingRow, value: &Bound<'_, PyAny>) -> PyResult<Vec<String>> {
    if row.takes == Takes::Nothing {
        let wrong = || not_a_flag(&keyword(row));
        let flag = value.cast::<PyBool>().map_err(|_| wrong())?.is_true();
        let is_said = flag != row.name.starts_with("no-");
        return Ok(Vec::from_iter(is_said.then(String::new)));
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
    Ok(match row.takes {
        Takes::Values(_) => parts,
        _ if row.name == "size" => vec![parts.join("x")],
        _ => vec![parts.join(",")],
    })
}

/// A number, a text or a path.
fn text(keyword: &str, value: &Bound<'_, PyAny>) -> PyResult<String> {
    match value.getattr("__fspath__") {
        Ok(path) => path.call0()?.extract(),
        Err(_) => number(keyword, value),
    }
}
