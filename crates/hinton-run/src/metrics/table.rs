//! Tables of metrics as text: JSON, JSON lines, CSV. Rows and names are unchanged; which column
//! numbers the rows is decided in `axis.rs`.

use std::collections::HashMap;

use super::axis::{is_axis, plain};
use super::csv;
use crate::json::{self, Json};

/// The key of the log in the `trainer_state.json` of transformers.
const HISTORY: &str = "log_history";
/// Columns whose words say which part of the data a row is of.
const PART_NAMES: [&str; 7] = ["mode", "split", "phase", "subset", "stage", "partition", "dataset"];
/// Longest name put before those of an object in an object, and how deep they nest.
const LONGEST_PREFIX: usize = 128;
const DEEPEST: usize = 4;
/// Most bytes of one JSON document: its values take many times as much.
const MOST_JSON: usize = 32 << 20;

/// The numbers of a log, row by row; what is not a number is left out.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Table {
    /// The names of the columns.
    pub(crate) names: Vec<String>,
    pub(crate) rows: Vec<Row>,
    pub(crate) origin: Origin,
    /// Lines that could not be read, the last one not counted.
    pub(crate) unread: usize,
}

/// How a table was written.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Origin {
    /// A row a line, with a header.
    #[default]
    Csv,
    /// Objects.
    Json,
    /// An object of lists, as Keras's history is, whose places are its epochs.
    Columns,
}

/// One row: the numbers by column, and which part of the data it is of (`train`, `val`).
#[derive(Debug, Default, Clone, PartialEq)]
pub(crate) struct Row {
    pub(crate) cells: Vec<(usize, f64)>,
    pub(crate) part: Option<String>,
}

impl Row {
    /// The number in a column.
    pub(crate) fn get(&self, column: usize) -> Option<f64> {
        self.cells.iter().find(|cell| cell.0 == column).map(|cell| cell.1)
    }
}

/// Whether a column tells the part of the data.
pub(crate) fn is_part(name: &str) -> bool {
    PART_NAMES.contains(&plain(name).as_str())
}

impl Table {
    /// The table in a text, where there is one: JSON (a list of objects, an object of lists, a list
    /// under `log_history`), JSON lines, or CSV with a header that names a step or metrics; with
    /// `any_header` whatever it names.
    pub(crate) fn read(text: &[u8], any_header: bool) -> Option<Table> {
        let text = hinton_format::utf8_text(text);
        let start = text.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&text).trim_ascii_start();
        let table = match start.first()? {
            b'{' | b'[' => match whole(&text) {
                Some(json) => of_json(&json)?,
                None => of_lines(start)?,
            },
            _ => csv::read(std::str::from_utf8(start).ok()?, any_header)?,
        };
        (!table.rows.is_empty()).then_some(table)
    }
}

/// A text as one JSON document, where it is one that is short enough to be held as values.
fn whole(text: &[u8]) -> Option<Json> {
    (text.len() <= MOST_JSON).then(|| json::parse(text).ok()).flatten()
}

/// A table that is being put together: names are looked up, not searched for.
#[derive(Default)]
struct Builder {
    table: Table,
    index: HashMap<String, usize>,
}

impl Builder {
    fn column(&mut self, name: &str) -> usize {
        if let Some(&at) = self.index.get(name) {
            return at;
        }
        let at = self.table.names.len();
        self.index.insert(name.to_owned(), at);
        self.table.names.push(name.to_owned());
        at
    }

    /// Adds a row of an object: its numbers, and those of objects in it under joined names.
    fn row(&mut self, json: &Json) -> Option<()> {
        let Json::Object(pairs) = json else { return None };
        let mut row = Row::default();
        self.cells(pairs, "", 0, &mut row);
        self.table.rows.push(row);
        Some(())
    }

    fn cells(&mut self, pairs: &[(String, Json)], prefix: &str, depth: usize, row: &mut Row) {
        for (name, value) in pairs {
            match value {
                Json::Object(inner) if depth < DEEPEST && name.len() <= LONGEST_PREFIX => {
                    // `metrics` is where some loggers keep them, and says nothing of its own.
                    let prefix = match name.as_str() {
                        "metrics" if depth == 0 => String::new(),
                        name => format!("{prefix}{name}/"),
                    };
                    self.cells(inner, &prefix, depth + 1, row);
                }
                Json::Text(word) if depth == 0 && is_part(name) => row.part = Some(word.clone()),
                value => {
                    if let Some(number) = value.number() {
                        let column = self.column(&format!("{prefix}{name}"));
                        row.cells.push((column, number));
                    }
                }
            }
        }
    }

    /// Columns side by side: the first of each is of the first row.
    fn columns(&mut self, columns: &[(String, &Vec<Json>)]) {
        let height = columns.iter().map(|column| column.1.len()).max().unwrap_or(0);
        self.table.rows = vec![Row::default(); height];
        self.table.origin = Origin::Columns;
        for (name, values) in columns {
            let column = self.column(name);
            for (row, value) in self.table.rows.iter_mut().zip(*values) {
                row.cells.extend(value.number().map(|number| (column, number)));
            }
        }
    }

    fn finish(mut self, origin: Origin) -> Table {
        self.table.origin = origin;
        self.table
    }
}

/// The numbers of an object's pairs.
pub(super) fn numbers_of(pairs: &[(String, Json)]) -> impl Iterator<Item = (String, f64)> {
    pairs.iter().filter_map(|pair| Some((pair.0.clone(), pair.1.number()?)))
}

fn of_json(json: &Json) -> Option<Table> {
    let mut builder = Builder::default();
    match json {
        Json::List(items) => {
            if let Some(table) = of_triples(items) {
                return Some(table);
            }
            items.iter().try_for_each(|item| builder.row(item))?;
        }
        Json::Object(pairs) => {
            if let Some(items) = rows_inside(pairs) {
                items.iter().try_for_each(|item| builder.row(item))?;
                return Some(builder.finish(Origin::Json));
            }
            let columns = lists(pairs);
            if !columns.is_empty() {
                builder.columns(&columns);
                return Some(builder.finish(Origin::Columns));
            }
            // One line of JSON lines.
            builder.row(json)?;
        }
        _ => return None,
    }
    Some(builder.finish(Origin::Json))
}

/// The rows of a log that lies in an object: under `log_history`, or as the only list of objects.
fn rows_inside(pairs: &[(String, Json)]) -> Option<&Vec<Json>> {
    let list = |pair: &'_ (String, Json)| {
        matches!(&pair.1, Json::List(items)
        if items.len() > 1 && items.iter().all(|item| matches!(item, Json::Object(_))))
    };
    let named = pairs.iter().find(|pair| pair.0 == HISTORY);
    let mut lists = pairs.iter().filter(|pair| list(pair));
    let only = lists.next().filter(|_| lists.next().is_none());
    match named.or(only).map(|pair| &pair.1) {
        Some(Json::List(items)) => Some(items),
        _ => None,
    }
}

/// The lists of an object, and those of objects in it.
fn lists(pairs: &[(String, Json)]) -> Vec<(String, &Vec<Json>)> {
    let is_column = |values: &[Json]| values.iter().any(|value| value.number().is_some());
    let mut found = Vec::new();
    for (name, value) in pairs {
        match value {
            Json::List(values) if is_column(values) => found.push((name.clone(), values)),
            Json::Object(inner) if name.len() <= LONGEST_PREFIX => {
                for (inner_name, value) in inner {
                    if let Json::List(values) = value
                        && is_column(values)
                    {
                        found.push((format!("{name}/{inner_name}"), values));
                    }
                }
            }
            _ => {}
        }
    }
    found
}

/// What TensorBoard gives for one scalar as JSON: lists of wall time, step and value.
fn of_triples(items: &[Json]) -> Option<Table> {
    const NAMES: [&str; 3] = ["Wall time", "Step", "Value"];
    /// Seconds since 1970 at the time of the first TensorBoard.
    const EARLIEST: f64 = 1.4e9;
    let row = |item: &Json| {
        let Json::List(cells) = item else { return None };
        let [time, step, value] = cells.as_slice() else { return None };
        let (time, step) = (time.number()?, step.whole()? as f64);
        let is_time = time > EARLIEST;
        let cells = vec![(0, time), (1, step), (2, value.number()?)];
        is_time.then_some(Row { cells, part: None })
    };
    let rows: Vec<Row> = items.iter().map(row).collect::<Option<_>>()?;
    let names = NAMES.map(str::to_owned).to_vec();
    Some(Table { names, rows, origin: Origin::Json, unread: 0 })
}

/// JSON lines. The last may be cut short; of the others most are to be objects.
fn of_lines(text: &[u8]) -> Option<Table> {
    let mut builder = Builder::default();
    let mut unread = 0;
    let mut lines = text.split(|byte| *byte == b'\n').map(<[u8]>::trim_ascii).peekable();
    while let Some(line) = lines.next() {
        if line.is_empty() {
            continue;
        }
        let is_read = json::parse(line).ok().and_then(|json| builder.row(&json)).is_some();
        let is_last = lines.peek().is_none();
        let is_cut = is_last && !builder.table.rows.is_empty();
        if !is_read && !is_cut {
            unread += 1;
            if unread > builder.table.rows.len() {
                return None;
            }
        }
    }
    builder.table.unread = unread;
    Some(builder.finish(Origin::Json))
}

/// Whether a header speaks of a log: it names what numbers rows.
pub(super) fn names_a_step(names: &[String]) -> bool {
    names.iter().any(|name| is_axis(name))
}
