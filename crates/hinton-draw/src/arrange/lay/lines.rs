//! Vectors and tables as lines, for curves.

use std::sync::Arc;

use hinton_chart::{Numbering, shape_text};
use hinton_scene::visible;
use hinton_tensor::Tensor;
use hinton_weights::Error;

use super::{Laid, PanelSource, Prepared};

/// Most columns of a table that are lines side by side, its places not counted.
const MOST_COLUMNS: usize = 24;

/// A line for a vector, for each column of a tall table, for each row of a wide one.
pub(super) fn lay(prepared: &Prepared) -> Result<Laid, Error> {
    let tensor = &prepared.tensor;
    let panels = match *tensor.shape() {
        [] => vec![line(prepared, tensor.reshape(&[1, 1])?, String::new(), Along::default())],
        [length] => {
            let numbers = prepared.numbers[0];
            let along = Along { numbers, ..Along::default() };
            vec![line(prepared, tensor.reshape(&[1, length])?, String::new(), along)]
        }
        // A table whose columns have names is read down, however short.
        [rows, columns]
            if (rows >= columns || !prepared.columns.is_empty()) && columns <= MOST_COLUMNS + 1 =>
        {
            of_columns(prepared)?
        }
        [rows, _] if rows <= MOST_COLUMNS => of_rows(prepared)?,
        _ => return Err(unfit(prepared)),
    };
    let count = panels.len();
    Ok(Laid { panels, count, columns: None, others: None })
}

fn unfit(prepared: &Prepared) -> Error {
    let name = visible(prepared.tensor.name());
    Error::unfit(
        format!(
            "{} has the shape {}: a curve needs a vector, or a table of at most {MOST_COLUMNS} lines",
            prepared.label(),
            shape_text(prepared.tensor.shape())
        ),
        format!("choose a line with a slice, such as -t '{name}[0,:]', or some: -t '{name}[:8]'"),
    )
}

/// What the places of a line are.
struct Along {
    numbers: Numbering,
    places: Arc<[f64]>,
    name: String,
}

impl Default for Along {
    fn default() -> Self {
        let name = "position".to_owned();
        Along { numbers: Numbering::default(), places: Arc::default(), name }
    }
}

/// Columns; the first is their places where it rises all the way.
fn of_columns(prepared: &Prepared) -> Result<Vec<PanelSource>, Error> {
    let tensor = &prepared.tensor;
    let columns = tensor.shape()[1];
    let column = |at: usize| -> Result<Tensor, Error> {
        let column = tensor.index_axis(1, at)?;
        Ok(column.reshape(&[1, tensor.shape()[0]])?)
    };
    let name = |at: usize| match prepared.columns.get(at) {
        Some(name) if !name.is_empty() => name.clone(),
        _ => format!("column {}", prepared.numbers[1].number(at)),
    };
    let places = if columns > 1 { rising(&column(0)?)? } else { None };
    let first = usize::from(places.is_some());
    let lines = (first..columns).map(|at| {
        let along = match &places {
            Some(places) => Along { places: Arc::clone(places), name: name(0), ..Along::default() },
            None => Along { numbers: prepared.numbers[0], ..Along::default() },
        };
        let label =
            if columns > 1 || !prepared.columns.is_empty() { name(at) } else { String::new() };
        Ok(line(prepared, column(at)?, label, along))
    });
    lines.collect()
}

fn of_rows(prepared: &Prepared) -> Result<Vec<PanelSource>, Error> {
    let [rows, columns] = *prepared.tensor.shape() else { return Ok(Vec::new()) };
    let lines = (0..rows).map(|at| {
        let row = prepared.tensor.index_axis(0, at)?.reshape(&[1, columns])?;
        let along = Along { numbers: prepared.numbers[1], ..Along::default() };
        let number = prepared.numbers[0].number(at);
        let label = if rows > 1 { format!("row {number}") } else { String::new() };
        Ok(line(prepared, row, label, along))
    });
    lines.collect()
}

/// Most values that are looked at to find places.
const MOST_PLACES: u64 = 1 << 22;

/// The values of a column, where they rise all the way.
fn rising(column: &Tensor) -> Result<Option<Arc<[f64]>>, Error> {
    if column.elements() > MOST_PLACES || column.elements() < 2 {
        return Ok(None);
    }
    let values = column.to_f64()?;
    let rises = values.iter().all(|value| value.is_finite())
        && values.windows(2).all(|pair| pair[0] < pair[1]);
    Ok(rises.then(|| values.into()))
}

/// One line; `label` names it among those of its table.
fn line(prepared: &Prepared, row: Tensor, label: String, along: Along) -> PanelSource {
    // Places may not fall.
    let numbers = if along.numbers.step > 0 { along.numbers } else { Numbering::default() };
    let whole = super::whole(prepared, vec![row]);
    // Lines of several files differ in colour by their part.
    let (name, part) = match (label.as_str(), prepared.of.as_str()) {
        ("", "") => (whole.name, whole.part),
        ("", of) => (format!("{}{}", prepared.name, prepared.part), of.to_owned()),
        (_, of) => (label, of.to_owned()),
    };
    PanelSource {
        name,
        part,
        orientation: along.name,
        numbers: [Numbering::default(), numbers],
        places: along.places,
        ..whole
    }
}
