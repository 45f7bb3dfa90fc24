//! Matrices that a file writes cell by cell, and the numbers of PMML.

use std::collections::BTreeMap;

use crate::container::xml::{Element, unescaped};
use crate::{Error, ErrorKind, Limits};

/// How many values may still be made: a few cells that are written may stand for many that are not.
pub(super) struct Budget(u64);

impl Budget {
    pub(super) fn new(limits: &Limits) -> Self {
        Budget(limits.text_bytes / 8)
    }

    /// Takes some off, for values that stand at an element.
    pub(super) fn take(&mut self, shape: &[usize], element: Element<'_>) -> Result<usize, Error> {
        let count = shape.iter().try_fold(1usize, |all, len| all.checked_mul(*len));
        let rest = count.and_then(|count| self.0.checked_sub(count as u64));
        let (Some(count), Some(rest)) = (count, rest) else {
            let message =
                format!("an array of shape {shape:?} is larger than such a file may have");
            return Err(Error::new(ErrorKind::Limit, message).at_byte(element.at()));
        };
        self.0 = rest;
        Ok(count)
    }
}

/// Numbers with their shape, and what their rows and columns are called.
pub(super) struct Array {
    pub(super) name: String,
    pub(super) shape: Vec<usize>,
    pub(super) values: Vec<f64>,
    pub(super) rows: Vec<String>,
    pub(super) columns: Vec<String>,
}

impl Array {
    pub(super) fn vector(name: impl Into<String>, values: Vec<f64>) -> Self {
        let (rows, columns) = (Vec::new(), Vec::new());
        Array { name: name.into(), shape: vec![values.len()], values, rows, columns }
    }
}

/// A matrix whose cells are found by the names of their row and column; a cell that is not written is 0.
#[derive(Default)]
pub(super) struct Table {
    pub(super) rows: Vec<String>,
    pub(super) columns: Vec<String>,
    places: BTreeMap<String, usize>,
    cells: Vec<(usize, usize, f64)>,
}

impl Table {
    /// One with these columns; others are added as they are met.
    pub(super) fn with_columns(columns: impl IntoIterator<Item = String>) -> Self {
        let mut table = Table::default();
        for name in columns {
            table.column(name);
        }
        table
    }

    /// The number of a column.
    pub(super) fn column(&mut self, name: String) -> usize {
        if let Some(index) = self.places.get(&name) {
            return *index;
        }
        let index = self.columns.len();
        self.columns.push(name.clone());
        self.places.insert(name, index);
        index
    }

    pub(super) fn knows(&self, name: &str) -> bool {
        self.places.contains_key(name)
    }

    /// Adds a row.
    pub(super) fn row(&mut self, name: String) {
        self.rows.push(name);
    }

    /// Sets a cell of the last row.
    pub(super) fn set(&mut self, column: usize, value: f64) {
        self.set_at(self.rows.len().saturating_sub(1), column, value);
    }

    pub(super) fn set_at(&mut self, row: usize, column: usize, value: f64) {
        self.cells.push((row, column, value));
    }

    /// All cells row by row.
    pub(super) fn array(
        self,
        name: impl Into<String>,
        element: Element<'_>,
        budget: &mut Budget,
    ) -> Result<Array, Error> {
        let shape = vec![self.rows.len(), self.columns.len()];
        let mut values = vec![0.0; budget.take(&shape, element)?];
        for (row, column, value) in self.cells {
            values[row * shape[1] + column] = value;
        }
        Ok(Array { name: name.into(), shape, values, rows: self.rows, columns: self.columns })
    }
}

fn wrong(element: Element<'_>, why: String) -> Error {
    Error::malformed(why).at_byte(element.at())
}

/// An attribute, or nothing.
pub(super) fn word(element: Element<'_>, name: &str) -> String {
    element.get(name).unwrap_or_default().into_owned()
}

/// The number in an attribute; `None` where it has none.
pub(super) fn number(element: Element<'_>, name: &str) -> Result<Option<f64>, Error> {
    let Some(text) = element.get(name) else { return Ok(None) };
    parsed(&text).map(Some).ok_or_else(|| {
        let text: String = text.chars().take(40).collect();
        wrong(element, format!("the {name} of <{}> is {text:?}, expected a number", element.name()))
    })
}

/// The count in an attribute.
fn size(element: Element<'_>, name: &str) -> Result<Option<usize>, Error> {
    let size = number(element, name)?;
    Ok(size.map(|size| size as usize))
}

fn parsed(text: &str) -> Option<f64> {
    text.trim().parse().ok()
}

/// The numbers of an `Array` or a `REAL-SparseArray`; `None` where it is of texts.
pub(super) fn numbers(
    element: Element<'_>,
    budget: &mut Budget,
) -> Result<Option<Vec<f64>>, Error> {
    let expected = size(element, "n")?;
    if element.name().ends_with("SparseArray") {
        return sparse(element, expected, budget).map(Some);
    }
    if element.get("type").is_some_and(|kind| kind == "string") {
        return Ok(None);
    }
    let text = String::from_utf8_lossy(element.text());
    let text = unescaped(&text);
    let count = text.split_ascii_whitespace().count();
    budget.take(&[count], element)?;
    let mut values = Vec::with_capacity(count);
    for word in text.split_ascii_whitespace() {
        let Some(value) = parsed(word) else {
            let word: String = word.chars().take(40).collect();
            return Err(wrong(element, format!("{word:?} in an array is not a number")));
        };
        values.push(value);
    }
    match expected.is_none_or(|expected| expected == count) {
        true => Ok(Some(values)),
        false => {
            let expected = expected.unwrap_or_default();
            Err(wrong(element, format!("an array has {count} values where n is {expected}")))
        }
    }
}

/// `<Indices>` from 1 on, and as many entries.
fn sparse(element: Element<'_>, n: Option<usize>, budget: &mut Budget) -> Result<Vec<f64>, Error> {
    let listed = |ending: &str| -> Result<Vec<f64>, Error> {
        let list = element.children().find(|child| child.name().ends_with(ending));
        let text = list.map(|list| String::from_utf8_lossy(list.text())).unwrap_or_default();
        let values = text.split_ascii_whitespace().map(parsed);
        values
            .collect::<Option<_>>()
            .ok_or_else(|| wrong(element, "a sparse array holds no numbers".into()))
    };
    let (indices, entries) = (listed("Indices")?, listed("Entries")?);
    let len =
        n.unwrap_or_else(|| indices.iter().fold(0.0, |most: f64, index| most.max(*index)) as usize);
    budget.take(&[len], element)?;
    let mut values = vec![number(element, "defaultValue")?.unwrap_or(0.0); len];
    if indices.len() != entries.len() {
        let message = format!("{} indices for {} entries", indices.len(), entries.len());
        return Err(wrong(element, message));
    }
    for (index, entry) in indices.into_iter().zip(entries) {
        let place = (index as usize).checked_sub(1).and_then(|index| values.get_mut(index));
        *place.ok_or_else(|| wrong(element, format!("index {index} of {len} values")))? = entry;
    }
    Ok(values)
}

/// The values of a `Matrix`, of any kind; `None` where it holds none.
pub(super) fn matrix(element: Element<'_>, budget: &mut Budget) -> Result<Option<Array>, Error> {
    let mut lists = Vec::new();
    for child in element.children().filter(|child| child.name() == "Array") {
        lists.extend(numbers(child, budget)?);
    }
    let kind = word(element, "kind");
    let cell = |cell: Element<'_>, name: &str| -> Result<usize, Error> {
        let index = size(cell, name)?.and_then(|index| index.checked_sub(1));
        index.ok_or_else(|| wrong(cell, format!("its {name} is missing, or 0")))
    };
    let mut cells = Vec::new();
    for (row, list) in lists.iter().enumerate() {
        for (column, value) in list.iter().enumerate() {
            match kind.as_str() {
                "diagonal" => cells.push((column, column, *value)),
                "symmetric" => cells.extend([(row, column, *value), (column, row, *value)]),
                _ => cells.push((row, column, *value)),
            }
        }
    }
    for one in element.children().filter(|child| child.name() == "MatCell") {
        let text = String::from_utf8_lossy(one.text());
        let value = parsed(&text).ok_or_else(|| wrong(one, "a cell is not a number".into()))?;
        let (row, column) = (cell(one, "row")?, cell(one, "col")?);
        cells.push((row, column, value));
        if kind == "symmetric" {
            cells.push((column, row, value));
        }
    }
    let most = |at: fn(&(usize, usize, f64)) -> usize| {
        cells.iter().map(at).max().map_or(0, |most| most.saturating_add(1))
    };
    let rows = size(element, "nbRows")?.unwrap_or_else(|| most(|cell| cell.0));
    let columns = size(element, "nbCols")?.unwrap_or_else(|| most(|cell| cell.1));
    if cells.is_empty() {
        return Ok(None);
    }
    let shape = vec![rows, columns];
    let mut values = vec![0.0; budget.take(&shape, element)?];
    // Cells off the diagonal have a value of their own where most are not written.
    let [diagonal, other] = [number(element, "diagDefault")?, number(element, "offDiagDefault")?];
    if diagonal.is_some() || other.is_some() {
        for (index, value) in values.iter_mut().enumerate() {
            let default = if index / columns == index % columns { diagonal } else { other };
            *value = default.unwrap_or(0.0);
        }
    }
    for (row, column, value) in cells {
        if row >= rows || column >= columns {
            let message =
                format!("a cell at row {row}, column {column} of a {rows} × {columns} matrix");
            return Err(wrong(element, message));
        }
        values[row * columns + column] = value;
    }
    let (rows, columns) = (Vec::new(), Vec::new());
    Ok(Some(Array { name: String::new(), shape, values, rows, columns }))
}
