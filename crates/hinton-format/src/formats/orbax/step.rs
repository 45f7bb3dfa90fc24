//! Which folders are checkpoints of Orbax: an item, a step with items, or a folder of steps.

use std::sync::Arc;

use serde_json::Value;

use super::item::{self, Found};
use super::{METADATA, ROW, STEP_METADATA};
use crate::formats::Holds;
use crate::formats::notes::distinct;
use crate::formats::sharded::listed;
use crate::formats::zarr::{Nodes, text};
use crate::source::file::Entry;
use crate::source::{Below, Folder};
use crate::{Checkpoint, Error, ErrorKind, Limits, Warning};

/// Items whose name says nothing, and does not begin the names of arrays where they are alone.
const UNNAMED: [&str; 2] = ["default", "pytree"];
/// The item of newer versions, which mark the folder of a step with a file.
const NEWER: (&str, &str) = ("state", "orbax.checkpoint");
/// What the name of a folder has while it is written.
const UNFINISHED: &str = ".orbax-checkpoint-tmp";
/// A file in the folder of a JSON item, and the item whose numbers are a step's metrics.
const JSON_ITEM: &str = "metadata";
const METRICS: &str = "metrics";
/// Longest JSON item that becomes metadata.
const LONGEST_JSON: u64 = 1 << 16;
/// Ends of the names of what users store next to steps.
const NOTES: [&str; 8] = ["json", "jsonl", "txt", "md", "yaml", "yml", "log", "gin"];
/// Most folders of a folder that are looked into to tell what it is.
const PROBES: usize = 8;

/// What a folder is.
enum Kind {
    Item,
    Step,
    /// The steps in it, by number.
    Steps(Vec<String>),
    Unfinished,
    Other,
}

/// What a folder is to Orbax.
pub(super) fn holds(name: &str, entries: &[Entry], folder: &dyn Folder) -> Holds {
    match kind(name, entries, folder) {
        Kind::Item | Kind::Step | Kind::Unfinished => Holds::One,
        Kind::Steps(_) => Holds::Several,
        Kind::Other => Holds::Nothing,
    }
}

fn kind(name: &str, entries: &[Entry], folder: &dyn Folder) -> Kind {
    let last = name.trim_end_matches(['/', '\\']).rsplit(['/', '\\']).next().unwrap_or_default();
    let is_step = entries
        .iter()
        .any(|entry| !entry.is_dir && (entry.name == STEP_METADATA || entry.name == NEWER.1));
    let is_item = item::is_item(entries, folder);
    if last.contains(UNFINISHED) && (is_item || is_step || entries.iter().all(|e| e.is_dir)) {
        return Kind::Unfinished;
    }
    if is_item {
        return Kind::Item;
    }
    if is_step {
        return Kind::Step;
    }
    // Files that may be weights themselves say what the folder is.
    let is_note = |entry: &Entry| {
        let ending = entry.name.rsplit_once('.').map_or("", |(_, ending)| ending);
        entry.is_dir || entry.name.starts_with('.') || NOTES.contains(&ending)
    };
    if !entries.iter().all(is_note) {
        return Kind::Other;
    }
    let folders = || entries.iter().filter(|entry| entry.is_dir);
    let mut steps: Vec<(u64, String)> = folders()
        .filter(|entry| !entry.name.contains(UNFINISHED))
        .filter_map(|entry| Some((number(&entry.name)?, entry.name.clone())))
        .collect();
    steps.sort_unstable();
    if steps.iter().rev().take(PROBES).any(|(_, name)| is_below(folder, name)) {
        return Kind::Steps(steps.into_iter().map(|(_, name)| name).collect());
    }
    // Before there was a file of metadata for it, a step had items only.
    if folders().take(PROBES).any(|entry| has_item(folder, &entry.name)) {
        return Kind::Step;
    }
    Kind::Other
}

/// Whether the folder at that name is a step or an item.
fn is_below(folder: &dyn Folder, name: &str) -> bool {
    let Ok(entries) = folder.list(name) else { return false };
    let has_file = |file: &str| entries.iter().any(|entry| !entry.is_dir && entry.name == file);
    let inner = entries.iter().filter(|entry| entry.is_dir).take(PROBES);
    has_file(STEP_METADATA)
        || has_item(folder, name)
        || inner.map(|entry| format!("{name}/{}", entry.name)).any(|item| has_item(folder, &item))
}

fn has_item(folder: &dyn Folder, name: &str) -> bool {
    let names = [METADATA, crate::container::ocdbt::MANIFEST];
    let there =
        |file: &str| folder.file(&format!("{name}/{file}")).is_ok_and(|file| file.is_some());
    names.into_iter().any(there)
}

/// The number at the end of a step's name: `10`, `ckpt_00000010`.
fn number(name: &str) -> Option<u64> {
    let digits = name.bytes().rev().take_while(u8::is_ascii_digit).count();
    let (before, number) = name.split_at(name.len() - digits);
    let fits = before.is_empty() || before.ends_with(['_', '-', '.']);
    if fits { number.parse().ok() } else { None }
}

/// Opens the folder.
///
/// # Errors
/// Returns an error if it is no step and has several, or was not finished; when something is
/// missing or damaged.
pub(super) fn open(
    name: &str,
    folder: Arc<dyn Folder>,
    limits: &Limits,
) -> Result<Checkpoint, Error> {
    let entries = folder.list("")?;
    let mut found = Found { nodes: Nodes::new(limits), files: Vec::new(), warnings: Vec::new() };
    match kind(name, &entries, &*folder) {
        Kind::Item => {
            step_metadata(&*folder, &mut found)?;
            item::add(&folder, "", &mut found, limits)?;
        }
        Kind::Step => step(&folder, &entries, &mut found, limits)?,
        Kind::Steps(steps) => match steps.as_slice() {
            [only] => {
                let below: Arc<dyn Folder> = Arc::new(Below::new(folder, only)?);
                let mut checkpoint = open(&format!("{name}/{only}"), below, limits)?;
                name.clone_into(&mut checkpoint.path);
                return Ok(checkpoint);
            }
            steps => return Err(several(name, steps)),
        },
        Kind::Unfinished => return Err(unfinished()),
        Kind::Other => {
            let message = "the folder holds no Orbax checkpoint";
            return Err(Error::new(ErrorKind::Unrecognised, message).cure("name another folder"));
        }
    }
    let Found { nodes, files, mut warnings } = found;
    let Nodes { mut tensors, metadata, skipped, .. } = nodes;
    warnings.extend(skipped.warnings());
    distinct(&mut tensors, &mut warnings);
    Ok(Checkpoint { path: name.to_owned(), format: ROW.name, metadata, tensors, files, warnings })
}

fn several(name: &str, steps: &[String]) -> Error {
    let names: Vec<&str> = steps.iter().map(String::as_str).collect();
    let newest = names.last().copied().unwrap_or_default();
    let message = format!("the folder has {} steps of a run: {}", steps.len(), listed(&names));
    let place = name.trim_end_matches('/');
    Error::new(ErrorKind::Unrecognised, message)
        .cure(format!("name one, e.g. {place}/{newest}; together they are a run"))
}

fn unfinished() -> Error {
    let message = "Orbax did not finish this save: it writes to a folder of this name and renames \
                   it when all is there";
    Error::new(ErrorKind::Unrecognised, message).cure("open an earlier step")
}

/// A step: its items, each below its name, or the only one without.
fn step(
    folder: &Arc<dyn Folder>,
    entries: &[Entry],
    found: &mut Found<'_>,
    limits: &Limits,
) -> Result<(), Error> {
    step_metadata(&**folder, found)?;
    let mut items: Vec<(&str, Arc<dyn Folder>)> = Vec::new();
    for entry in entries.iter().filter(|entry| entry.is_dir) {
        let name = entry.name.as_str();
        let below: Arc<dyn Folder> = Arc::new(Below::new(folder.clone(), name)?);
        let inside = below.list("")?;
        if name.contains(UNFINISHED) {
            let said = "Orbax did not finish writing this item, so it is left out";
            found.warnings.push(Warning::about(name, said).as_fault());
        } else if item::is_item(&inside, &*below) {
            items.push((name, below));
        } else {
            json_item(name, &*below, found)?;
        }
    }
    let newer = entries.iter().any(|entry| entry.name == NEWER.1);
    let unnamed = |name: &str| UNNAMED.contains(&name) || newer && name == NEWER.0;
    match items.as_slice() {
        [] => {
            let message = "the step has no item with arrays";
            Err(Error::new(ErrorKind::Unrecognised, message).cure("name another step"))
        }
        [(only, below)] if unnamed(only) => item::add(below, "", found, limits),
        items => items
            .iter()
            .try_for_each(|(name, below)| item::add(below, &format!("{name}/"), found, limits)),
    }
}

/// What is said of a step: metrics and custom metadata.
fn step_metadata(folder: &dyn Folder, found: &mut Found<'_>) -> Result<(), Error> {
    let json = item::optional(folder, STEP_METADATA, &mut found.nodes)?;
    for part in ["custom_metadata", "metrics"] {
        for (key, value) in json.get(part).and_then(|part| part.as_object()).into_iter().flatten() {
            found.nodes.note(key.clone(), text(value))?;
        }
    }
    Ok(())
}

/// An item without arrays: the numbers of metrics, one by one, or other JSON as a text. It is beside
/// the arrays, which can be read without it.
fn json_item(name: &str, folder: &dyn Folder, found: &mut Found<'_>) -> Result<(), Error> {
    let file = if name == METRICS { METRICS } else { JSON_ITEM };
    let (said, is_fault) = match folder.file(file) {
        Ok(None) => ("it has neither arrays nor JSON of Orbax".to_owned(), false),
        Ok(Some(data)) if data.len() > LONGEST_JSON => {
            let len = data.len();
            (format!("its JSON has {len} bytes, the limit is {LONGEST_JSON}"), false)
        }
        Ok(Some(data)) => match found.nodes.json(&*data) {
            Ok(json) => return json_texts(name, &json, found),
            Err(error) if error.kind() == ErrorKind::Limit => {
                return Err(error.in_file(&folder.shown(file)));
            }
            Err(error) => (error.message().to_owned(), true),
        },
        Err(error) => (error.message().to_owned(), true),
    };
    let warning = Warning::about(name, format!("this item of the step is left out: {said}"));
    found.warnings.push(if is_fault { warning.as_fault() } else { warning });
    Ok(())
}

fn json_texts(name: &str, json: &Value, found: &mut Found<'_>) -> Result<(), Error> {
    match json.as_object().filter(|_| name == METRICS) {
        Some(metrics) => {
            metrics.iter().try_for_each(|(key, value)| found.nodes.note(key.clone(), text(value)))
        }
        None => found.nodes.note(name.to_owned(), json.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_end_with_their_number() {
        assert_eq!(number("10"), Some(10));
        assert_eq!(number("ckpt_00000010"), Some(10));
        assert_eq!(number("layer10"), None);
        assert_eq!(number("default"), None);
        assert_eq!(number("99999999999999999999"), None);
    }
}
