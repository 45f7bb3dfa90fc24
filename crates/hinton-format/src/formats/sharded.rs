//! Models split into several files: by an index (`*.index.json`) or by numbered names.
//!
//! The index is that of Hugging Face's transformers: `{"metadata": {…}, "weight_map": {"tensor":
//! "file", …}}`.

mod folder;
mod index;

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use hinton_tensor::Tensor;

pub(crate) use self::folder::add_beside;
pub use self::folder::{CONFIG, CONFIGURED};
pub(crate) use self::folder::{groups, is_ignored, open_folder, scattered};
use self::index::Index;
use super::FormatRow;
use crate::open::open_shard;
use crate::source::{Location, file};
use crate::{Checkpoint, Error, ErrorKind, Head, Input, Limits, Sniff, Warning, lookalike};

/// The row of the table.
pub(crate) const ROW: FormatRow = FormatRow {
    name: "sharded",
    about: "a model in several files: by an index (*.index.json), or as a folder",
    help: "Read: an index that names which file holds which tensor (`weight_map`), a folder with \
           such an index, and a folder of files named like model-00001-of-00003.safetensors; \
           Keras' .weights.json with its shards, whose weights have the names that `keras` gives. The \
           shards are next to the index or below it, never elsewhere; a missing one is an error. \
           Tensors come shard by shard, the shards sorted by name. Tensors that the index lists \
           and no shard has, or the other way, are warnings. The checkpoint's format is that of \
           its shards. Layout: the weight_map of Hugging Face's transformers",
    quantised: "those of its shards",
    extensions: &["index.json", "weights.json"],
    sniff,
    open,
};

/// Most warnings of one kind; the rest is counted.
const MOST_WARNINGS: usize = 20;

fn sniff(head: &Head<'_>) -> Sniff {
    let Some(text) = lookalike::text(head) else { return Sniff::No };
    if !text.trim_start().starts_with('{') {
        Sniff::No
    } else if text.contains("\"weight_map\"") {
        Sniff::Certain
    } else if head.has_extension(ROW.extensions) {
        Sniff::Likely
    } else {
        Sniff::No
    }
}

fn open(input: &Input, limits: &Limits) -> Result<Checkpoint, Error> {
    let index = index::parse(&input.whole("index", limits.header_bytes)?, limits)?;
    for shard in &index.files {
        check_inside(shard)?;
    }
    let Some(path) = &input.path else {
        return Err(Error::new(
            ErrorKind::Unsupported,
            "an index can only be opened as a file, with its shards beside it",
        ));
    };
    let folder = path.folder();
    folder.will_open_below(index.files.iter().map(String::as_str));
    if let Some(stale) = folder::stale(&folder, &input.name, &index, limits)? {
        return Ok(stale);
    }
    check_present(&folder, &index.files)?;
    for shard in &index.files {
        folder.join(shard).check_beside(path)?;
    }

    let mut shards = Vec::with_capacity(index.files.len());
    for shard in &index.files {
        shards.push(open_shard(&Input::at(&folder.join(shard))?, limits)?);
    }
    shards.extend(strays(&folder, path, &index, &shards, limits)?);
    combine(input, &index, shards, limits)
}

/// Tensors that the index lists and its shards do not have, from numbered shards beside them that
/// it does not name.
fn strays(
    folder: &Location,
    path: &Location,
    index: &Index,
    shards: &[Checkpoint],
    limits: &Limits,
) -> Result<Option<Checkpoint>, Error> {
    let held: BTreeSet<&str> =
        shards.iter().flat_map(|shard| &shard.tensors).map(Tensor::name).collect();
    let lost: BTreeSet<&str> = index.tensors.iter().map(|(name, _)| name.as_str()).collect();
    let lost: BTreeSet<&str> = lost.difference(&held).copied().collect();
    if lost.is_empty() {
        return Ok(None);
    }
    let mut found: Vec<Checkpoint> = Vec::new();
    for name in folder::unlisted_shards(folder, &index.files)? {
        let shard = folder.join(&name);
        shard.check_beside(path)?;
        let Ok(mut shard) = open_shard(&Input::at(&shard)?, limits) else { continue };
        shard.tensors.retain(|tensor| lost.contains(tensor.name()));
        if !shard.tensors.is_empty() {
            found.push(shard);
        }
    }
    if found.is_empty() { Ok(None) } else { join("", found, limits).map(Some) }
}

/// A shard lies in the folder of its index, or below it.
fn check_inside(shard: &str) -> Result<(), Error> {
    if !file::is_below(shard) {
        return Err(Error::new(
            ErrorKind::Refused,
            format!("the index names the shard {shard:?}, which is not in its folder"),
        )
        .cure("get the model from a source you trust"));
    }
    Ok(())
}

fn check_present(folder: &Location, shards: &[String]) -> Result<(), Error> {
    let missing: Vec<&str> =
        shards.iter().map(String::as_str).filter(|shard| folder.join(shard).is_missing()).collect();
    if missing.is_empty() {
        return Ok(());
    }
    let names = listed(&missing);
    Err(Error::new(
        ErrorKind::Io,
        format!("{} of its {} shards are missing: {names}", missing.len(), shards.len()),
    )
    .cure(format!("download {names} into {}", folder.shown_folder())))
}

/// Up to ten names, quoted, and how many more there are.
pub(crate) fn listed(names: &[&str]) -> String {
    const MOST: usize = 10;
    let mut text: Vec<String> = names.iter().take(MOST).map(|name| format!("{name:?}")).collect();
    if names.len() > MOST {
        text.push(format!("and {} more", names.len() - MOST));
    }
    text.join(", ")
}

/// Puts the shards together and compares them with the index.
fn combine(
    input: &Input,
    index: &Index,
    shards: Vec<Checkpoint>,
    limits: &Limits,
) -> Result<Checkpoint, Error> {
    let mut whole = join(&input.name, shards, limits)?;
    let from_index = index.metadata.iter().map(|(key, value)| (key.clone(), value.clone()));
    whole.metadata.extend(from_index);

    // Which shard has a tensor; every name once, since `join` warned of the others.
    let mut held: BTreeMap<&str, &str> = BTreeMap::new();
    for tensor in &whole.tensors {
        held.insert(tensor.name(), tensor.file());
    }
    let mut missing = Vec::new();
    let mut elsewhere = Vec::new();
    for (name, file) in &index.tensors {
        match held.remove(name.as_str()) {
            None => missing.push(name.as_str()),
            Some(found) if !Path::new(found).ends_with(&index.files[*file]) => {
                elsewhere.push(name.as_str());
            }
            Some(_) => {}
        }
    }
    // An index of groups says nothing of single tensors.
    let unlisted: Vec<&str> = match index.tensors.is_empty() {
        true => Vec::new(),
        false => held.into_keys().collect(),
    };
    let mut warnings = Vec::new();
    warn(&mut warnings, &missing, "the index lists it, but no shard has it");
    warn(&mut warnings, &elsewhere, "it is in another shard than the index says");
    warn(&mut warnings, &unlisted, "a shard has it, but the index does not list it");
    whole.warnings.append(&mut warnings);
    whole.files.insert(0, input.name.clone());
    Ok(whole)
}

fn warn(warnings: &mut Vec<Warning>, names: &[&str], message: &str) {
    warnings.extend(
        names.iter().take(MOST_WARNINGS).map(|name| Warning::about(*name, message).as_fault()),
    );
    if names.len() > MOST_WARNINGS {
        let more = names.len() - MOST_WARNINGS;
        warnings.push(Warning::file(format!("{more} more tensors: {message}")).as_fault());
    }
}

/// The shards one behind the other. Metadata that several shards share is kept once; a tensor
/// that two shards have is kept from the first, with a warning.
pub(crate) fn join(
    name: &str,
    shards: Vec<Checkpoint>,
    limits: &Limits,
) -> Result<Checkpoint, Error> {
    let mut whole = Checkpoint {
        path: name.to_owned(),
        format: shards.first().map_or(ROW.name, |shard| shard.format),
        metadata: Vec::new(),
        tensors: Vec::new(),
        files: Vec::new(),
        warnings: Vec::new(),
    };
    let mut names: BTreeMap<String, ()> = BTreeMap::new();
    for shard in shards {
        for (key, value) in shard.metadata {
            if !whole.metadata.contains(&(key.clone(), value.clone())) {
                whole.metadata.push((key, value));
            }
        }
        for tensor in shard.tensors {
            if names.insert(tensor.name().to_owned(), ()).is_none() {
                whole.tensors.push(tensor);
            } else {
                let message = format!("skipped in {}: an earlier shard has it too", tensor.file());
                whole.warnings.push(Warning::about(tensor.name(), message).as_fault());
            }
        }
        whole.warnings.extend(shard.warnings);
        whole.files.extend(shard.files);
    }
    if whole.tensors.len() > limits.tensors {
        let (have, limit) = (whole.tensors.len(), limits.tensors);
        let message = format!("the shards have {have} tensors, the limit is {limit}");
        return Err(Error::new(ErrorKind::Limit, message));
    }
    Ok(whole)
}
