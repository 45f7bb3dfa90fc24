//! Chooses which files of a folder are the steps of a run, and what a folder that is one step
//! holds.

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use hinton_format::{Checkpoint, Error, ErrorKind, Limits, Warning, index_of, is_one_folder, open};

use super::Item;
use super::beside::is_log;
use super::order::{metadata_number, quoted};
use crate::disk::{self, Entry, Kind};
use crate::name::{self, Sign};
use crate::run::open_step;
use crate::scan::capped;
use crate::{RunError, natural_cmp};

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

/// Folders in which trainers keep the steps of a run.
const PLACES: [&str; 5] = ["checkpoints", "weights", "ckpts", "snapshots", "models"];

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
    /// What says that their numbers are steps.
    sign: Sign,
    /// Whether they are steps one after another.
    is_series: bool,
}

impl Group {
    /// Whether its entries are steps one after another: a word in their names says so, or nothing
    /// says otherwise and they hold the same tensors.
    fn is_series(&self, limits: &Limits) -> bool {
        self.entries.len() > 1
            && match self.sign {
                Sign::Word => true,
                Sign::Bare => alike(self.probes(), limits),
                Sign::Other(_) | Sign::Nothing => false,
            }
    }

    /// A few of its entries.
    fn probes(&self) -> impl Iterator<Item = &Entry> {
        let step = self.entries.len().div_ceil(PROBES).max(1);
        self.entries.iter().step_by(step)
    }

    /// Whether its name is that of what a trainer keeps beside its weights.
    fn is_beside(&self) -> bool {
        let lower = self.pattern.to_ascii_lowercase();
        NO_WEIGHTS.iter().any(|part| lower.contains(part))
    }

    /// Series with the most steps first; what is beside the weights last.
    fn rank(&self) -> (bool, bool, Reverse<usize>) {
        (self.is_beside(), !self.is_series, Reverse(self.entries.len()))
    }
}

/// Chooses the steps: the largest series of names that hold weights, and the file without a number
/// that ends it. Without one, every weights file is a step where a name or metadata say so; a
/// checkpoint in several files is one step.
///
/// # Errors
/// Returns an error if the folder cannot be listed, holds no weights, or weights that nothing calls
/// steps.
pub(super) fn choose(path: &Path, limits: &Limits) -> Result<Chosen, RunError> {
    if is_one_folder(path) {
        return one_step(path, &[], limits);
    }
    let mut others = Vec::new();
    let mut groups: Vec<Group> = Vec::new();
    let mut is_sharded = false;
    let entries = disk::list(path)?;
    let indexed: Vec<String> =
        entries.iter().filter_map(|entry| keras_index(&entry.name)).map(str::to_owned).collect();
    for group in grouped(entries) {
        let is_shard = |name: &str| {
            name::is_shard(name) || indexed.iter().any(|stem| is_keras_shard(name, stem))
        };
        let shards = group.entries.iter().any(|entry| is_shard(&entry.name));
        let index = group
            .entries
            .iter()
            .any(|entry| entry.name.ends_with(".index.json") || keras_index(&entry.name).is_some());
        is_sharded |= shards || index;
        if !shards && !index && holds_weights(&group, limits) {
            let is_series = group.is_series(limits);
            groups.push(Group { is_series, ..group });
        } else {
            others.extend(group.entries);
        }
    }
    groups
        .sort_by(|a, b| a.rank().cmp(&b.rank()).then_with(|| natural_cmp(&a.pattern, &b.pattern)));
    if groups.is_empty()
        && !is_sharded
        && let Some(mut chosen) = place_below(path, limits)
    {
        chosen.others.extend(others);
        return Ok(chosen);
    }
    let first_is_series = groups.first().is_some_and(|group| group.is_series);
    if !first_is_series && (is_sharded || !is_numbered(&groups, limits)) {
        return one_step(path, &groups, limits);
    }
    let last = groups.first().and_then(|first| ends(first, &groups, limits));
    let mut warnings = Vec::new();
    let mut items = Vec::new();
    let mut outside: Vec<String> = Vec::new();
    for (at, group) in groups.into_iter().enumerate() {
        if at == 0 || last == Some(at) || !(first_is_series || group.is_beside()) {
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

/// Every file of a folder that holds weights, because the caller says so.
///
/// # Errors
/// Returns an error if the folder cannot be listed, or there is none.
pub(super) fn every_file(path: &Path, limits: &Limits) -> Result<Chosen, RunError> {
    let (mut items, mut others) = (Vec::new(), Vec::new());
    for group in grouped(disk::list(path)?) {
        match holds_weights(&group, limits) {
            true => items.extend(group.entries),
            false => others.extend(group.entries),
        }
    }
    if items.is_empty() {
        return Err(RunError::request(
            format!("{}: there are no weights in it", disk::shown(path)),
            "name a folder with weights files",
        ));
    }
    items.sort_by(|a, b| natural_cmp(&a.name, &b.name));
    let items = items.into_iter().map(|entry| Item { label: entry.name, path: entry.path });
    Ok(Chosen { items: items.collect(), others, warnings: Vec::new() })
}

/// One checkpoint in several files, or nothing: the format's reader says what it has.
///
/// # Errors
/// Returns an error if it is neither. Of several weights files the error says why they are taken
/// for no steps.
fn one_step(path: &Path, groups: &[Group], limits: &Limits) -> Result<Chosen, RunError> {
    if let Err(error) = open(path, limits) {
        let files: Vec<&str> =
            groups.iter().flat_map(|group| &group.entries).map(|entry| &*entry.name).collect();
        if files.len() < 2 || error.kind() != ErrorKind::Unrecognised {
            return Err(error.into());
        }
        let other = groups.iter().find_map(|group| match group.sign {
            Sign::Other(what) if group.entries.len() > 1 => Some(what),
            _ => None,
        });
        let why = match other {
            Some(what) => format!("the number in their names is {what}, no step"),
            None => "nothing in their names or metadata numbers them".to_owned(),
        };
        let names = quoted(&files);
        return Err(RunError::request(
            format!(
                "{}: these are not taken for steps of a run: {names}; {why}",
                disk::shown(path)
            ),
            "name one of them, or say that they are steps (as-run) or models of their own (as-files)",
        ));
    }
    let label = path.file_name().map_or(disk::shown(path), |name| name.to_string_lossy().into());
    let items = vec![Item { label, path: path.to_owned() }];
    let said = "the folder is one checkpoint in several files: the run has one step";
    Ok(Chosen { items, others: Vec::new(), warnings: vec![Warning::file(said)] })
}

/// The steps in a folder below in which trainers keep them, where this one has only its logs; or those
/// of the one folder in this one that is such a run, as `lightning_logs` has `version_0`.
fn place_below(path: &Path, limits: &Limits) -> Option<Chosen> {
    if let Some(chosen) = place_in(path, limits) {
        return Some(chosen);
    }
    let entries = disk::list(path).ok()?;
    let folders = entries.into_iter().filter(|entry| entry.kind == Kind::Folder && !entry.is_link);
    let mut runs = folders
        .take(MOST_FOLDERS)
        .filter_map(|entry| Some((place_in(&entry.path, limits)?, entry)));
    let (mut chosen, folder) = runs.next().filter(|_| runs.next().is_none())?;
    let steps = chosen.items.iter().filter_map(|item| item.path.parent()).next()?.to_owned();
    // Its logs lie beside the steps' folder.
    let logs = disk::list(&folder.path).ok()?.into_iter().filter(|entry| entry.path != steps);
    chosen.others.extend(logs);
    let message = format!("the run is that of the folder {:?}, the only one here", folder.name);
    chosen.warnings.insert(0, Warning::file(message));
    Some(chosen)
}

/// Most folders in a folder that are looked at for a run.
const MOST_FOLDERS: usize = 200;

/// The steps in a folder of this one in which trainers keep them.
fn place_in(path: &Path, limits: &Limits) -> Option<Chosen> {
    let place = PLACES.iter().map(|name| path.join(name)).find(|place| {
        disk::kind(place) == Some(Kind::Folder)
            && disk::real(place)
                .is_some_and(|real| disk::real(path).is_some_and(|root| real.starts_with(root)))
    })?;
    let mut chosen = choose(&place, limits).ok().filter(|chosen| chosen.items.len() > 1)?;
    let name = place.file_name().unwrap_or_default().to_string_lossy();
    chosen.warnings.insert(0, Warning::file(format!("the steps are those of the folder {name:?}")));
    Some(chosen)
}

/// Whether weights without a series are steps all the same: one has a step's number in its name, or
/// all have different ones in their metadata.
fn is_numbered(groups: &[Group], limits: &Limits) -> bool {
    let weights = || groups.iter().filter(|group| !group.is_beside());
    if weights().any(|group| group.sign == Sign::Word) {
        return true;
    }
    if weights().any(|group| matches!(group.sign, Sign::Other(_))) {
        return false;
    }
    let entries = weights().flat_map(|group| &group.entries);
    let number = |entry: &Entry| metadata_number(&open_step(&entry.path, None, limits).ok()?);
    let numbers: Option<Vec<u64>> = entries.take(PROBES).map(number).collect();
    numbers.is_some_and(|mut numbers| {
        let count = numbers.len();
        numbers.sort_unstable();
        numbers.dedup();
        count > 1 && numbers.len() == count
    })
}

/// The group of one file that ends a series: its name is that of the others without the number, as
/// `lora.safetensors` is beside `lora-000002.safetensors`, and it holds the same tensors.
fn ends(series: &Group, groups: &[Group], limits: &Limits) -> Option<usize> {
    let plain = ["-#", "_#", ".#", "#"].into_iter().find_map(|number| {
        let (before, after) = series.pattern.split_once(number)?;
        Some(format!("{before}{after}")).filter(|plain| !plain.contains('#'))
    })?;
    let at = groups.iter().position(|group| group.pattern == plain && group.entries.len() == 1)?;
    let both = series.entries.first().into_iter().chain(&groups[at].entries);
    (series.is_series && alike(both, limits)).then_some(at)
}

/// Whether all that can be read hold the same tensors: names, types and shapes.
fn alike<'a>(entries: impl Iterator<Item = &'a Entry>, limits: &Limits) -> bool {
    let mut opened = entries.filter_map(|entry| open_step(&entry.path, None, limits).ok());
    let Some(first) = opened.next() else { return true };
    opened.all(|other| {
        let mut pairs = first.tensors.iter().zip(&other.tensors);
        // The name of a lone array is that of its file.
        let lone = first.tensors.len() == 1;
        first.tensors.len() == other.tensors.len()
            && pairs.all(|(a, b)| {
                (lone || a.name() == b.name()) && a.dtype() == b.dtype() && (a.shape() == b.shape())
            })
    })
}

/// The stem of a model of Keras in several files, where the name is that of its index.
fn keras_index(name: &str) -> Option<&str> {
    name.strip_suffix(".weights.json")
}

/// Whether a name is that of a shard of Keras: `stem_00001.weights.h5`.
fn is_keras_shard(name: &str, stem: &str) -> bool {
    let middle = name.strip_prefix(stem).and_then(|rest| rest.strip_suffix(".weights.h5"));
    middle.is_some_and(|middle| {
        middle.strip_prefix('_').is_some_and(|digits| digits.bytes().all(|b| b.is_ascii_digit()))
    })
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
    let group = |(pattern, entries): (String, Vec<Entry>)| {
        let names: Vec<&str> = entries.iter().map(|entry| entry.name.as_str()).collect();
        Group { sign: Sign::of(&names), pattern, entries, is_series: false }
    };
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
    group.probes().any(|entry| match open_step(&entry.path, None, limits) {
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
/// Returns an error if it holds none, or several and none of them has a name that weights have.
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
