//! Settings of pictures as Python's keyword arguments, from the library's table.

use hinton::settings::{Mention, SETTINGS, SettingRow, Takes, named, respelled};
use hinton::{DrawRequest, Error};
use pyo3::exceptions::{PyTypeError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::{PyBool, PyDict, PyString};

use crate::errors::with_cure;

/// A setting of the table as a keyword: its name, whether it takes `"nothing"` (a flag), a `"value"` or
/// `"perhaps"` one, one line, a paragraph, its choices, and the charts that heed it (empty: all).
type Keyword = (String, &'static str, String, String, Vec<&'static str>, Vec<&'static str>);

/// The keywords of `draw`, in the order of the table. What the command line switches off by a word of
/// its own (`--no-legend`) is `False` here and no keyword.
#[pyfunction]
pub(crate) fn settings() -> Vec<Keyword> {
    let rows = SETTINGS.iter().filter(|row| opposite(row).is_none());
    rows.map(|row| {
        let takes = match row.takes {
            Takes::Nothing => "nothing",
            Takes::Value(_) | Takes::Values(_) => "value",
            Takes::Perhaps(_) => "perhaps",
        };
        let (about, help) = (in_keywords(&row.line()), in_keywords(&row.full_help()));
        (keyword(row), takes, about, help, (row.choices)(), row.charts())
    })
    .collect()
}

/// What a setting is called in Python. `as` is a word of the language.
fn keyword(row: &SettingRow) -> String {
    match row.name {
        "as" => "chart".to_owned(),
        name => name.replace('-', "_"),
    }
}

/// The setting that this one switches off.
fn opposite(row: &SettingRow) -> Option<&'static SettingRow> {
    named(row.name.strip_prefix("no-")?)
}

/// Settings as the library takes them: name and value.
pub(crate) type Words = Vec<(&'static str, String)>;

/// What keyword arguments say, in the order of the table. `None` means that it was not said.
///
/// # Errors
/// `TypeError` for an unknown keyword or a value of a wrong type.
pub(crate) fn words(keywords: Option<&Bound<'_, PyDict>>) -> PyResult<Words> {
    let mut words = Words::new();
    let Some(keywords) = keywords else { return Ok(words) };
    refuse_unknown(keywords)?;
    for row in SETTINGS.iter().filter(|row| opposite(row).is_none()) {
        let value = keywords.get_item(keyword(row))?.filter(|value| !value.is_none());
        words.extend(value.map(|value| word(row, &value)).transpose()?.flatten());
    }
    Ok(words)
}

/// The request that they make.
///
/// # Errors
/// A value that a setting does not take.
pub(crate) fn request(words: &Words) -> Result<DrawRequest, Error> {
    words.iter().try_fold(DrawRequest::default(), |request, (name, value)| request.set(name, value))
}

fn refuse_unknown(keywords: &Bound<'_, PyDict>) -> PyResult<()> {
    let known: Vec<String> =
        SETTINGS.iter().filter(|row| opposite(row).is_none()).map(keyword).collect();
    for (key, _) in keywords {
        let key: String = key.extract()?;
        if known.contains(&key) {
            continue;
        }
        // The library knows the nearest of its own words.
        let near = DrawRequest::default().set(&key.replace('_', "-"), "");
        let cure = near.err().as_ref().and_then(Error::help).map(|help| help.replace('-', "_"));
        let unknown = PyTypeError::new_err(format!("draw() has no keyword {key:?}"));
        return Err(with_cure(unknown, cure.as_deref()));
    }
    Ok(())
}

/// A Python value as the table's word and text; `None` where it says nothing.
fn word(
    row: &'static SettingRow,
    value: &Bound<'_, PyAny>,
) -> PyResult<Option<(&'static str, String)>> {
    if let Ok(flag) = value.cast::<PyBool>() {
        return of_flag(row, flag.is_true());
    }
    if row.takes == Takes::Nothing {
        return Err(not_a_flag(&keyword(row)));
    }
    let is_labels = row.name.ends_with("-labels");
    let text = match value.cast::<PyString>() {
        Ok(text) => text.to_string(),
        Err(_) => match value.try_iter().ok() {
            None => number(&keyword(row), value)?,
            Some(parts) => {
                let parts = parts.map(|part| number(&keyword(row), &part?));
                let parts = parts.collect::<PyResult<Vec<String>>>()?;
                match row.name {
                    "range" => parts.join(".."),
                    // A list of one line is a list too.
                    _ if is_labels => parts.iter().map(|line| format!("{line}\n")).collect(),
                    _ => parts.join("x"),
                }
            }
        },
    };
    Ok(Some((row.name, text)))
}

fn of_flag(row: &'static SettingRow, flag: bool) -> PyResult<Option<(&'static str, String)>> {
    let off = SETTINGS.iter().find(|other| other.name.strip_prefix("no-") == Some(row.name));
    match (row.takes, flag) {
        (Takes::Nothing | Takes::Perhaps(_), true) => Ok(Some((row.name, String::new()))),
        (_, false) if off.is_some() => Ok(off.map(|off| (off.name, String::new()))),
        (Takes::Nothing, false) => Ok(None),
        (Takes::Value(_), false) if row.name.ends_with("-labels") => {
            Ok(Some((row.name, "off".to_owned())))
        }
        (Takes::Value(_), false) if row.name == "title" => Ok(Some((row.name, String::new()))),
        _ => {
            let said = if flag { "True" } else { "False" };
            let error = PyValueError::new_err(format!(
                "{}: {said} is not a value of this setting",
                keyword(row)
            ));
            Err(with_cure(error, Some(&cure_of(row))))
        }
    }
}

/// What a keyword takes, for those who gave something else.
fn takes(keyword: &str) -> Option<String> {
    match SETTINGS.iter().find(|row| self::keyword(row) == keyword) {
        Some(row) => Some(cure_of(row)),
        None => crate::arguments::takes(keyword),
    }
}

/// What the first setting that a sentence of the library names takes.
pub(crate) fn takes_of_first(text: &str) -> Option<String> {
    let mut names = Vec::new();
    respelled(text, |mention| {
        if let Mention::Setting { name, .. } | Mention::Given(name) = mention {
            names.push(name.to_owned());
        }
        None
    });
    names.iter().find_map(|name| match named(name) {
        Some(row) => Some(cure_of(row)),
        None => crate::arguments::takes(&crate::arguments::keyword_named(name)?),
    })
}

/// What a setting takes, for those who gave something else.
fn cure_of(row: &SettingRow) -> String {
    match (row.choices)()[..] {
        [] => format!("{}: {}", keyword(row), in_keywords(&row.line())),
        ref names => format!("there are {}", names.join(", ")),
    }
}

pub(crate) fn not_a_flag(name: &str) -> PyErr {
    let error = PyTypeError::new_err(format!("{name}: expected True or False"));
    with_cure(error, Some(&format!("{name}=True switches it on")))
}

/// A number or a text that a keyword was given, as the table reads it. Objects that merely print themselves are
/// refused, for what they print is no value.
pub(crate) fn number(keyword: &str, value: &Bound<'_, PyAny>) -> PyResult<String> {
    if let Ok(text) = value.cast::<PyString>() {
        return Ok(text.to_string());
    }
    if let Ok(whole) = value.extract::<i64>() {
        return Ok(whole.to_string());
    }
    match value.extract::<f64>() {
        Ok(number) => Ok(number.to_string()),
        Err(_) => {
            let kind = value.get_type().name()?;
            let message = format!("{keyword}: expected a number or a text, not {kind}");
            Err(with_cure(PyTypeError::new_err(message), takes(keyword).as_deref()))
        }
    }
}

/// A sentence of the library in the words of Python: `` `cmap` "x" `` becomes `cmap="x"`.
pub(crate) fn in_keywords(text: &str) -> String {
    let said = respelled(text, |mention| match mention {
        Mention::Setting { name, value } => Some(match (said_as(name)?, value) {
            (Said::Off(name), _) => format!("{name}=False"),
            (Said::Name(name), None) => name,
            (Said::Name(name), Some(value)) => format!("{name}={}", literal(value)),
        }),
        Mention::Given(name) => Some(match said_as(name)? {
            Said::Off(name) => format!("{name}=False "),
            Said::Name(name) => format!("{name}="),
        }),
        Mention::List("colormaps") => Some("`hinton.colormaps()`".to_owned()),
        Mention::List("charts") => Some("`hinton.charts()`".to_owned()),
        Mention::List(name) => Some(format!("`hinton list {name}`")),
    });
    without_patterns(said)
}

/// A value in a sentence as Python writes it: numbers and placeholders such as `FILE` as they are.
fn literal(value: &str) -> String {
    let is_placeholder = value.chars().all(|c| c.is_ascii_uppercase() || "_,".contains(c));
    let is_quoted = value.starts_with('\'') || value.starts_with('"');
    match is_placeholder || is_quoted || value.parse::<f64>().is_ok() {
        true => value.to_owned(),
        false => format!("\"{value}\""),
    }
}

/// A sentence whose tensors are named by an argument, not by `-t`. Command lines in it stay what they are.
fn without_patterns(text: String) -> String {
    if !text.contains("-t") || COMMAND_WORDS.iter().any(|word| text.contains(word)) {
        return text;
    }
    let said = [
        ("name a matrix with -t", "name a matrix"),
        (" with -t", " by name"),
        ("as in -t ", "as in "),
        ("-t names", "an argument names"),
        ("-t NAME", "\"NAME\""),
        ("-t '", "'"),
    ];
    said.iter().fold(text, |text, (option, argument)| text.replace(option, argument))
}

/// What an option of the command is in Python.
enum Said {
    /// A keyword.
    Name(String),
    /// A keyword that is `False`.
    Off(String),
}

fn said_as(option: &str) -> Option<Said> {
    match named(option) {
        Some(row) => Some(match opposite(row) {
            Some(on) => Said::Off(keyword(on)),
            None => Said::Name(keyword(row)),
        }),
        None => crate::arguments::keyword_named(option).map(Said::Name),
    }
}

/// How command lines in sentences begin.
const COMMAND_WORDS: [&str; 6] = [
    "hinton draw ",
    "hinton animate ",
    "hinton train ",
    "hinton space ",
    "hinton inspect ",
    "hinton export ",
];
