//! The settings of pictures, films, spaces and trainings by name: the same on the command line, in
//! Rust and in Python.
//!
//! A setting is a row. Help, the reference, the options of the command line and Python's keywords
//! are made from the rows, so a new setting is a row, and the field that it sets.

mod clash;
mod film;
mod picture;
mod row;
mod space;
mod training;
mod values;

use hinton_chart::{Annotate, CHARTS, ScaleKind};
use hinton_run::RunOptions;

use crate::{DrawRequest, Error, FilmSettings};
pub use clash::{Clash, clash};
use hinton_weights::near;
pub use row::{Kind, Scope, Set, SettingRow, Takes};

/// Every setting of a picture, in the order in which they are applied: a preset first, and the
/// others on top of it.
pub const SETTINGS: &[SettingRow] = &picture::ROWS;

/// The settings of spaces.
const SPACES: &[SettingRow] = &space::ROWS;

/// Every setting of every command: those of spaces, films and trainings, then those of pictures.
/// Different commands may have settings of one name.
pub fn all() -> impl Iterator<Item = &'static SettingRow> {
    [SPACES, film::ROWS, training::ROWS, SETTINGS].into_iter().flatten()
}

/// The settings of a command, such as `"animate"`: its own first, then those of its pictures. In
/// this order they are applied.
pub fn of(command: &str) -> impl Iterator<Item = &'static SettingRow> {
    all().filter(move |row| row.commands.contains(&command))
}

/// The number of rows of all parts.
const fn count(parts: &[&[SettingRow]]) -> usize {
    let (mut at, mut rows) = (0, 0);
    while at < parts.len() {
        rows += parts[at].len();
        at += 1;
    }
    rows
}

/// The rows of all parts as one table.
const fn joined<const N: usize>(parts: &[&[SettingRow]]) -> [SettingRow; N] {
    let mut all = [SettingRow::PLAIN; N];
    let (mut part, mut row, mut to) = (0, 0, 0);
    while part < parts.len() {
        if row < parts[part].len() {
            all[to] = parts[part][row];
            row += 1;
            to += 1;
        } else {
            part += 1;
            row = 0;
        }
    }
    all
}

/// The setting with this name.
pub fn named(name: &str) -> Option<&'static SettingRow> {
    SETTINGS.iter().find(|row| row.name == name)
}

/// The row of that name among those of a command.
///
/// # Errors
/// Returns an error if there is none; the error names the nearest ones.
pub(crate) fn row_of(command: &str, name: &str) -> Result<&'static SettingRow, Error> {
    of(command).find(|row| row.name == name).ok_or_else(|| {
        let nearest = near::nearest(of(command).map(|row| row.name), name);
        let help = format!("the nearest settings are {nearest}");
        Error::request(format!("there is no setting {name:?}"), help)
    })
}

/// What a program does by itself is not set on a request.
pub(crate) fn not_of_a_request(row: &SettingRow) -> Error {
    let by = match row.set {
        Set::Open(_) => "RunOptions",
        Set::Save(_) => "FilmSettings",
        Set::Program(by) => by,
        _ => "another request",
    };
    Error::request(format!("{} is no setting of this request", row.name), format!("see {by}"))
}

pub(crate) fn set(request: &mut DrawRequest, name: &str, value: &str) -> Result<(), Error> {
    let row = row_of("draw", name)?;
    let Set::Draw(set) = row.set else { return Err(not_of_a_request(row)) };
    set(request, value)?;
    request.given.push(row.name);
    Ok(())
}

/// Sets how a run is opened by a setting's name on the command line: `steps-axis`.
///
/// # Errors
/// Returns an error if the name is unknown, or the setting does not accept the value.
pub fn set_open(options: &mut RunOptions, name: &str, value: &str) -> Result<(), Error> {
    let row = row_of("animate", name)?;
    let Set::Open(set) = row.set else { return Err(not_of_a_request(row)) };
    set(options, value)
}

/// Sets how a film is saved by a setting's name on the command line: `loop`, `indexed`.
///
/// # Errors
/// Returns an error if the name is unknown, or the setting does not accept the value.
pub fn set_save(settings: &mut FilmSettings, name: &str, value: &str) -> Result<(), Error> {
    let row = row_of("animate", name)?;
    let Set::Save(set) = row.set else { return Err(not_of_a_request(row)) };
    set(settings, value)
}

/// Whether what was said is about colours or written values, which that chart has none of.
pub(crate) fn wants_cells(request: &DrawRequest, chart: &str) -> bool {
    let options = &request.options;
    // Bars have ends and a beginning as colours have.
    let range = options.range.is_some() || options.center.is_some();
    options.cmap.is_some()
        || (range && chart != "bars")
        || options.scale != ScaleKind::Linear
        || matches!(options.annotate, Annotate::On | Annotate::As(_))
}

/// What was said and changes nothing in that chart, one sentence each.
pub(crate) fn without_effect(request: &DrawRequest, chart: &str) -> Vec<String> {
    let is_said = |row: &&SettingRow| request.given.contains(&row.name) && !row.affects(chart);
    let row = CHARTS.iter().find(|row| row.name == chart);
    let called = row.map_or(chart, |row| row.called);
    let unheeded = SETTINGS.iter().filter(is_said);
    unheeded.map(|row| format!("`{}` has no effect on {called}", row.name)).collect()
}
