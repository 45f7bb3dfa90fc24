//! Which files of a folder are the steps of a run, and what a folder that is one step holds.

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use hinton_format::{Checkpoint, Error, ErrorKind, Limits, Warning, index_of, is_one_folder, open};

use super::Item;
use super::beside::is_log;
use super::order::quoted;
use crate::disk::{self, Entry, Kind};
use crate::run::open_step;
use crate::scan::capped;
use crate::{RunError, name, natural_cmp};

/// Files of a folder whose content is looked at to tell what all of their pattern are.
const PROBES: usize = 8;
/// Names of the weights among other files in the folder of one step, the likeliest first.
const WEIGHTS: [&str; 7] = [
    "model",
    "pytorch_model",
    "adapter_model",
    "diffusion_pytorch_model",
    "flax_model",
    "weights",
    "state_dict",
];
/// Parts of names of what a trainer keeps beside its weights.
const NO_WEIGHTS: [&str; 4] = ["optim", "sched", "rng", "scaler"];

/// The steps of a folder.
pub(super) struct Chosen {
    pub(super) items: Vec<Item>,
    pub(super) others: Vec<Entry>,
    pub(super) warnings: Vec<Warning>,
}

/// Entries whose names differ in their numbers only.
struct Group {
    pattern: String,
    entries: Vec<Entry>,
}

impl Group {
    /// Whether its entries can be steps one after another.
    fn is_series(&self) -> bool {
        self.entries.len() > 1 && self.pattern.contains('#')
    }

    /// Whether its name is that of what a trainer keeps beside its weights.
    fn is_beside(&self) -> bool {
        let lower = self.pattern.to_ascii_lowercase();
        NO_WEIGHTS.iter().any(|part| lower.contains(part))
    }

    /// Series with the most steps first; what is beside the weights last.
    fn rank(&self) -> (bool, Reverse<usize>) {
        (self.is_beside(), Reverse(self.entries.len()))
    }
}

/// Chooses the steps: the largest series of names that hold weights. Without one, every weights
/// file is a step; a checkpoint in several files is one step.
///
/// # Errors
/// When the folder cannot be listed or holds no weights.
pub(super) fn choose(path: &Path, limits: &Limits) -> Result<Chosen, RunError> {
    if is_one_folder(path) {
        return one_step(path, limits);
    }
    let mut others = Vec::new();
    let mut groups: Vec<Group> = Vec::new();
    let mut is_sharded = false;
    for group in grouped(disk::list(path)?) {
        let shards = group.entries.iter().any(|entry| name::is_shard(&entry.name));
        let index = group.entries.iter().any(|entry| entry.name.ends_with(".index.json"));
        is_sharded |= shards || index;
        if !shards && !index && holds_weights(&group, limits) {
            groups.push(group);
        } else {
            others.extend(group.entries);
        }
    }
    groups
        .sort_by(|a, b| a.rank().cmp(&b.rank()).then_with(|| natural_cmp(&a.pattern, &b.pattern)));
    let first_is_series = groups.first().is_some_and(Group::is_series);
    if !first_is_series && (is_sharded || groups.is_empty()) {
        return one_step(path, limits);
    }
    let mut warnings = Vec::new();
    let mut items = Vec::new();
    let mut outside: Vec<String> = Vec::new();
    for (at, group) in groups.into_iter().enumerate() {
        if at == 0 || !(first_is_series || group.is_beside()) {
            let led_out = group.entries.iter().filter(|entry| leads_out(entry, path));
            outside.extend(led_out.map(|entry| entry.name.clone()));
            let item = |entry: Entry| Item { label: entry.name, path: entry.path };
            items.extend(group.entries.into_iter().map(item));
            continue;
        }
        let names: Vec<&str> = group.entries.iter().map(|entry| entry.name.as_str()).collect();
        warnings.push(Warning::file(format!(
            "left out, because other names have the steps: {}; to see them, name them",
            quoted(&names)
        )));
    }
    others.retain(|entry| !is_part(&entry.name, &items));
    let mut warnings = capped(warnings, "groups of files left out");
    if !outside.is_empty() {
        let names: Vec<&str> = outside.iter().map(String::as_str).collect();
        let message = format!("links that lead out of the folder: {}", quoted(&names));
        warnings.push(Warning::file(message));
    }
    Ok(Chosen { items, others, warnings })
}

/// One checkpoint in several files, or nothing: the format's reader says what it has.
fn one_step(path: &Path, limits: &Limits) -> Result<Chosen, RunError> {
    open(path, limits)?;
    let label = path.file_name().map_or(disk::shown(path), |name| name.to_string_lossy().into());
    let items = vec![Item { label, path: path.to_owned() }];
    let said = "the folder is one checkpoint in several files: the run has one step";
    Ok(Chosen { items, others: Vec::new(), warnings: vec![Warning::file(said)] })
}

/// Whether a file is part of a step: what lies beside the index of a TensorFlow checkpoint.
fn is_part(name: &str, items: &[Item]) -> bool {
    let is_step = |index: &str| items.iter().any(|item| item.label == index);
    match index_of(name) {
        Some(index) => is_step(&index),
        // Where TensorFlow keeps the name of the last one.
        None => name == "checkpoint" && items.iter().any(|item| item.label.ends_with(".index")),
    }
}

/// Whether an entry is a link to something outside its folder. Stores of models are made of such
/// links, so they are followed, but not in silence.
fn leads_out(entry: &Entry, folder: &Path) -> bool {
    let inside = |real: PathBuf| disk::real(folder).is_some_and(|root| real.starts_with(root));
    entry.is_link && !disk::real(&entry.path).is_some_and(inside)
}

fn grouped(entries: Vec<Entry>) -> Vec<Group> {
    let mut groups: BTreeMap<String, Vec<Entry>> = BTreeMap::new();
    for entry in entries {
        let mut pattern = name::pattern(&entry.name);
        if entry.kind == Kind::Folder {
            pattern.push('/');
        }
        groups.entry(pattern).or_default().push(entry);
    }
    let group = |(pattern, entries)| Group { pattern, entries };
    groups.into_iter().map(group).collect()
}

/// Whether one of a few files of the group holds weights, or would if it were whole or of a format
/// that is read.
fn holds_weights(group: &Group, limits: &Limits) -> bool {
    let hidden = group.pattern.starts_with('.');
    let unnumbered_folder = group.pattern.ends_with('/') && !group.pattern.contains('#');
    if hidden || unnumbered_folder {
        return false;
    }
    let entries = &group.entries;
    let step = entries.len().div_ceil(PROBES).max(1);
    entries.iter().step_by(step).any(|entry| match open_step(&entry.path, None, limits) {
        Ok(_) => !is_log(entry),
        Err(error) => match error.kind() {
            ErrorKind::Unrecognised => false,
            // What cannot be read at all may be a step only where others say so.
            ErrorKind::Io => entry.kind == Kind::File,
            _ => !is_log(entry) && entry.kind != Kind::Other,
        },
    })
}

/// Opens the checkpoint in a folder, such as `checkpoint-500/`, in which a trainer's other files may
/// lie beside the weights.
///
/// # Errors
/// When it holds none, or several and none of them has a name that weights have.
pub(crate) fn open_folder(path: &Path, limits: &Limits) -> Result<Checkpoint, Error> {
    let error = match open(path, limits) {
        Err(error) if error.kind() == ErrorKind::Unrecognised => error,
        opened => return opened,
    };
    let entries = disk::list(path)?;
    let stem = |entry: &Entry| entry.name.split('.').next().unwrap_or_default().to_owned();
    let mut likely: Vec<(usize, bool, &Entry)> = entries
        .iter()
        .filter(|entry| entry.kind == Kind::File && !entry.name.ends_with(".json"))
        .filter_map(|entry| {
            let rank = WEIGHTS.iter().position(|name| *name == stem(entry))?;
            Some((rank, !entry.name.ends_with(".safetensors"), entry))
        })
        .collect();
    likely.sort_by_key(|one| (one.0, one.1));
    for (.., entry) in likely {
        let Ok(mut checkpoint) = open(&entry.path, limits) else { continue };
        checkpoint.path = disk::shown(path);
        return Ok(checkpoint);
    }
    Err(error)
}
