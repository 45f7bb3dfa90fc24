//! Tasks: which stripes of which tensors to summarise, as one line of JSON each.

use std::ops::Range;

use hinton_format::summary::{SummaryFacts, SummarySource};
use hinton_format::{Checkpoint, json_fault};
use hinton_tensor::{Folding, Tensor, View};
use serde::ser::{Serialize, SerializeMap, Serializer};
use serde_json::Value;

use super::files::Rows;
use crate::Error;
use crate::inspect::to_json;

/// What a task says that it is.
const TASK: &str = "summary";
/// The version of tasks.
const VERSION: u64 = 1;

/// A part of a checkpoint whose statistics are computed independently.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Task {
    /// The path or address of the checkpoint.
    pub path: String,
    /// Identifies the checkpoint that was planned, see [`SummarySource::identity`].
    pub source: String,
    /// Which part it is, counted from 1, and the number of parts.
    pub part: (u64, u64),
    /// About how many bytes of the checkpoint it reads.
    pub bytes: u64,
    /// The file that it reads, if the tensors of the checkpoint are distributed over several files and
    /// it reads one of them.
    pub file: Option<String>,
    /// About how many of the bytes are in other files.
    pub elsewhere: u64,
    /// Whether to collect what a check needs, in addition to the statistics.
    pub checks: bool,
    /// The stripes to read.
    pub pieces: Vec<Piece>,
}

/// Stripes of one tensor.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Piece {
    /// The index of the tensor in its checkpoint.
    pub tensor: usize,
    /// Its name.
    pub name: String,
    /// The range of stripes, each of 131,072 values in the order of memory.
    pub stripes: Range<u64>,
    /// The rows (indices of axis 0) that they cover, if rows are contiguous; for the user.
    pub rows: Option<Range<u64>>,
}

/// Splits a checkpoint into parts of at most about `chunk` bytes each, as equal as stripes allow.
///
/// If several files hold a tensor together, parts are cut along the files, so that a part reads one
/// file or several whole ones. The same checkpoint gives the same tasks.
///
/// # Errors
/// Returns an error if the few values that distinguish it from other checkpoints of the same shape
/// cannot be read.
pub fn plan(checkpoint: &Checkpoint, chunk: u64) -> Result<Vec<Task>, Error> {
    let whole = Whole::of(checkpoint)?;
    let count = whole.rows.count(chunk);
    Ok((1..=count).map(|number| whole.task(checkpoint, number, count)).collect())
}

/// One of several equal parts of a checkpoint, by its number.
///
/// Numbers count from 1, and `of` is the number of parts: it is the task at that position in a
/// [`plan`] with so many.
///
/// # Errors
/// Returns an error if there is no such part; and the errors of [`plan`].
pub fn part(checkpoint: &Checkpoint, number: u64, of: u64) -> Result<Task, Error> {
    if number == 0 || number > of {
        let message = format!("there is no part {number} of {of}");
        return Err(Error::request(message, "parts are numbered from 1: 1/64 to 64/64"));
    }
    Ok(Whole::of(checkpoint)?.task(checkpoint, number, of))
}

/// A checkpoint, and how it is cut.
struct Whole {
    source: SummarySource,
    identity: String,
    rows: Rows,
}

impl Whole {
    fn of(checkpoint: &Checkpoint) -> Result<Self, Error> {
        let source = SummarySource::of(checkpoint)?;
        let rows = Rows::of(checkpoint, &source);
        Ok(Whole { identity: source.identity(), source, rows })
    }

    fn task(&self, checkpoint: &Checkpoint, number: u64, of: u64) -> Task {
        let chosen = self.rows.part(number, of);
        let piece = |(index, stripes): (usize, Range<u64>)| {
            let (tensor, facts) = (&checkpoint.tensors[index], &self.source.tensors[index]);
            let rows = rows(tensor, facts, &stripes);
            Piece { tensor: index, name: facts.name.clone(), stripes, rows }
        };
        Task {
            path: checkpoint.path.clone(),
            source: self.identity.clone(),
            part: (number, of),
            bytes: chosen.bytes,
            file: chosen.file,
            elsewhere: chosen.elsewhere,
            checks: false,
            pieces: chosen.stripes.into_iter().map(piece).collect(),
        }
    }
}

/// The rows that stripes touch, where the tensor lies in C order.
fn rows(tensor: &Tensor, facts: &SummaryFacts, stripes: &Range<u64>) -> Option<Range<u64>> {
    let rows = *facts.shape.first()? as u64;
    let is_plain =
        *tensor.view() == View { offset: tensor.view().offset, ..View::packed(&facts.shape) };
    let row = facts.values.checked_div(rows).filter(|_| is_plain && facts.repeats == 1)?;
    let end = (stripes.end * Folding::STRIPE).min(facts.values);
    Some(stripes.start * Folding::STRIPE / row..end.div_ceil(row))
}

impl Serialize for Task {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("task", TASK)?;
        map.serialize_entry("version", &VERSION)?;
        map.serialize_entry("path", &self.path)?;
        map.serialize_entry("source", &self.source)?;
        map.serialize_entry("part", &self.part)?;
        map.serialize_entry("bytes", &self.bytes)?;
        if let Some(file) = &self.file {
            map.serialize_entry("file", file)?;
            map.serialize_entry("elsewhere", &self.elsewhere)?;
        }
        if self.checks {
            map.serialize_entry("checks", &true)?;
        }
        map.serialize_entry("tensors", &self.pieces)?;
        map.end()
    }
}

impl Serialize for Piece {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let pair = |range: &Range<u64>| [range.start, range.end];
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("number", &self.tensor)?;
        map.serialize_entry("name", &self.name)?;
        map.serialize_entry("stripes", &pair(&self.stripes))?;
        if let Some(rows) = &self.rows {
            map.serialize_entry("rows", &pair(rows))?;
        }
        map.end()
    }
}

impl Task {
    /// The same task, which also collects what a check needs: all parts of a checkpoint must have it, or none.
    pub fn with_checks(mut self) -> Self {
        self.checks = true;
        self
    }

    /// Writes the task as one line of JSON.
    pub fn to_json(&self) -> String {
        // Texts and numbers always become JSON.
        to_json(self).unwrap_or_default()
    }

    /// Parses a task from a line of JSON.
    ///
    /// # Errors
    /// Returns an error if the line is not a task, or has another version.
    pub fn parse(line: &str) -> Result<Self, Error> {
        let wrong = |what: &str| {
            Error::request(format!("this is no task: {what}"), "a task is one line of a plan")
        };
        let value: Value =
            serde_json::from_str(line).map_err(|error| wrong(&json_fault(&error)))?;
        if value["task"] != TASK {
            return Err(wrong("it is not a task of a summary"));
        }
        if value["version"] != VERSION {
            let message = format!("the task has version {}, expected {VERSION}", value["version"]);
            return Err(Error::request(message, "plan and do with the same program"));
        }
        Task::of(&value).ok_or_else(|| wrong("something in it is missing or of another type"))
    }

    fn of(value: &Value) -> Option<Self> {
        let text = |value: &Value| Some(value.as_str()?.to_owned());
        let pair = |value: &Value| match value.as_array()?.as_slice() {
            [a, b] => Some((a.as_u64()?, b.as_u64()?)),
            _ => None,
        };
        let range = |value: &Value| pair(value).map(|(start, end)| start..end);
        let piece = |value: &Value| {
            Some(Piece {
                tensor: usize::try_from(value["number"].as_u64()?).ok()?,
                name: text(&value["name"])?,
                stripes: range(&value["stripes"])?,
                rows: range(&value["rows"]),
            })
        };
        Some(Task {
            path: text(&value["path"])?,
            source: text(&value["source"])?,
            part: pair(&value["part"])?,
            bytes: value["bytes"].as_u64()?,
            file: value["file"].as_str().map(str::to_owned),
            elsewhere: value["elsewhere"].as_u64().unwrap_or(0),
            checks: value["checks"] == true,
            pieces: value["tensors"].as_array()?.iter().map(piece).collect::<Option<_>>()?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_task_is_a_line_with_its_keys_in_order() {
        let piece =
            |tensor, name: &str, rows| Piece { tensor, name: name.to_owned(), stripes: 0..2, rows };
        let pieces = vec![piece(1, "w\u{202e}", Some(0..5)), piece(2, "b", None)];
        let task = Task {
            path: "a \"b\".npz".to_owned(),
            source: "00ff00ff".to_owned(),
            part: (2, 3),
            bytes: 10,
            file: Some("s/1".to_owned()),
            elsewhere: 4,
            checks: true,
            pieces,
        };
        assert_eq!(
            task.to_json(),
            concat!(
                r#"{"task":"summary","version":1,"path":"a \"b\".npz","source":"00ff00ff","part":[2,3],"#,
                r#""bytes":10,"file":"s/1","elsewhere":4,"checks":true,"tensors":["#,
                r#"{"number":1,"name":"w\u202e","stripes":[0,2],"rows":[0,5]},"#,
                r#"{"number":2,"name":"b","stripes":[0,2]}]}"#,
            )
        );
        assert_eq!(Task::parse(&task.to_json()).unwrap(), task);
        let plain = Task { file: None, elsewhere: 0, checks: false, pieces: Vec::new(), ..task };
        assert!(plain.to_json().ends_with(r#""bytes":10,"tensors":[]}"#));
        assert_eq!(Task::parse(&plain.to_json()).unwrap(), plain);
    }
}
