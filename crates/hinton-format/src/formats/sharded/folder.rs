//! A folder: the index in it, its numbered shards, or its one weights file.

mod below;
mod cache;
mod choose;
mod configured;
mod numbered;

use super::index::Index;
use super::{ROW, join, listed};
use crate::formats::pytorch::dcp;
use crate::formats::{csv, gguf, json};
use crate::open::{open_at, open_shard, recognise};
use crate::source::Location;
use crate::source::file::Entry;
use crate::{
    Checkpoint, Error, ErrorKind, FORMATS, Head, Input, Limits, Sniff, Warning, quantised,
};

pub(crate) use configured::add_beside;
pub use configured::{CONFIG, CONFIGURED};

pub(crate) use below::{groups, is_ignored, scattered};

/// Most files of a folder that are looked into.
const MOST_FILES: usize = 5_000;

/// Opens what a folder holds.
///
/// # Errors
/// Returns an error if it holds no weights, or several files that do not belong together.
pub(crate) fn open_folder(folder: &Location, limits: &Limits) -> Result<Checkpoint, Error> {
    let snapshot = cache::snapshot(folder)?;
    let place = snapshot.as_ref().unwrap_or(folder);
    let files = files(place)?;
    let mut checkpoint = match whole(place, &files)? {
        Some(file) => {
            let mut checkpoint = open_at(&file, limits)?;
            let is_index = file.file_name().ends_with(".json");
            checkpoint.warnings.extend(choose::beside(&files, &checkpoint.files, is_index));
            checkpoint
        }
        None => open_loose(place, &files, limits)?,
    };
    checkpoint.path = folder.display().to_string();
    configured::add(&mut checkpoint, place);
    Ok(checkpoint)
}

/// The files of a folder that are looked at.
fn files(place: &Location) -> Result<Vec<Entry>, Error> {
    let entries = place.entries()?.into_iter();
    Ok(entries
        .filter(|entry| !entry.is_dir && !entry.name.starts_with('.') && entry.len > 0)
        .collect())
}

/// The file that stands for the whole folder, where there is one by its name.
fn whole(place: &Location, files: &[Entry]) -> Result<Option<Location>, Error> {
    // An .mlpackage of Core ML, whose manifest names what is always there.
    let model = place.join("Data/com.apple.CoreML/model.mlmodel");
    if model.is_file() {
        return Ok(Some(model));
    }
    let names: Vec<&str> = files.iter().map(|file| file.name.as_str()).collect();
    if let Some(main) = dcp::file_of(place, &names) {
        return Ok(Some(place.join(main)));
    }
    if let Some(index) = choose_index(files)? {
        return Ok(Some(place.join(index)));
    }
    // What TensorFlow saves beside it belongs to it.
    let saved = files.iter().find(|file| file.name == "saved_model.pb");
    Ok(saved.map(|file| place.join(&file.name)))
}

/// A weights file by its name in its folder, and the name of its format.
type Weights<'a> = (&'a str, &'static str);

/// What the files of a folder are.
#[derive(Default)]
struct Told<'a> {
    weights: Vec<Weights<'a>>,
    /// Files that have the extension of a format, and nothing else of it.
    by_name: Vec<Weights<'a>>,
    /// The first that is of a format not read yet.
    later: Option<String>,
}

/// Which of the files are weights.
fn tell<'a>(place: &Location, files: &'a [Entry], limits: &Limits) -> Told<'a> {
    let mut told = Told::default();
    let files: Vec<&Entry> = files.iter().filter(|file| is_worth_a_look(place, file)).collect();
    place.will_open_below(files.iter().map(|file| file.name.as_str()));
    for entry in files {
        match recognise(&place.join(&entry.name), limits) {
            Ok((row, Sniff::No)) => told.by_name.push((&entry.name, row.name)),
            Ok((row, _)) => told.weights.push((&entry.name, row.name)),
            // Weights of a format that is known, but not read yet.
            Err(error) if error.kind() == ErrorKind::Unsupported => {
                let message = || format!("{:?}: {}", entry.name, error.message());
                told.later.get_or_insert_with(message);
            }
            Err(_) => {}
        }
    }
    if told.weights.is_empty() {
        // Their reader can say what is wrong with them.
        told.weights = std::mem::take(&mut told.by_name);
    }
    told
}

/// Whether the format is one of tables and texts, which may lie beside weights and be none.
fn is_table(format: &str) -> bool {
    format == csv::ROW.name || format == json::ROW.name
}

/// Whether a file is looked into to tell what it is. Far away each look is a request: there the
/// extension decides which are.
fn is_worth_a_look(place: &Location, file: &Entry) -> bool {
    let head = Head { bytes: &[], len: Some(file.len), name: &file.name };
    !place.is_remote()
        || FORMATS
            .iter()
            .any(|row| *row.name != *csv::ROW.name && head.has_extension(row.extensions))
}

/// Opens the weights in a folder that nothing describes.
fn open_loose(place: &Location, files: &[Entry], limits: &Limits) -> Result<Checkpoint, Error> {
    if files.len() > MOST_FILES {
        return Err(Error::new(
            ErrorKind::Limit,
            format!("the folder has {} files; {MOST_FILES} are looked into", files.len()),
        )
        .cure("name the weights file"));
    }
    let Told { weights, by_name, later } = tell(place, files, limits);
    // A log, or a note of a trainer that is a number, beside the folders with the weights.
    let weights = match weights.iter().all(|(_, format)| is_table(format))
        && below::has_weights(place, limits)
    {
        true => Vec::new(),
        false => weights,
    };
    let (chosen, left) = choose::model(weights);
    let mut checkpoint = match chosen.as_slice() {
        [] => return below::open_only(place, files, later, limits),
        [(only, format)] => {
            let mut checkpoint = open_at(&place.join(only), limits)?;
            if let Some(total) =
                numbered::one_of(only).filter(|total| *total > 1 && *format != gguf::ROW.name)
            {
                let message =
                    format!("{} of the {total} shards of this model are missing", total - 1);
                checkpoint.warnings.push(Warning::about(*only, message).as_fault());
            }
            checkpoint
        }
        several => match numbered::shards(several)? {
            // The first part of a split GGUF finds the others.
            Some(names) if several.iter().all(|(_, format)| *format == gguf::ROW.name) => {
                open_at(&place.join(names[0]), limits)?
            }
            Some(names) => open_numbered(place, &names, limits)?,
            None => return Err(ambiguous(place, several)),
        },
    };
    checkpoint.warnings.extend(left);
    let odd: Vec<&str> = by_name.iter().map(|(name, _)| *name).collect();
    checkpoint.warnings.extend(left_out(&odd, "not what the extension says"));
    Ok(checkpoint)
}

/// The numbered shards beside an index that names none of them, and of whose own not all are there:
/// it was left over from another cut of the model.
///
/// # Errors
/// Returns an error if the shards cannot be opened.
pub(super) fn stale(
    folder: &Location,
    name: &str,
    index: &Index,
    limits: &Limits,
) -> Result<Option<Checkpoint>, Error> {
    if !index.files.iter().any(|shard| folder.join(shard).is_missing()) {
        return Ok(None);
    }
    let files = files(folder)?;
    let names: Vec<&str> = files.iter().map(|file| file.name.as_str()).collect();
    let Some(shards) = numbered::full_set(&names) else { return Ok(None) };
    if shards.iter().any(|shard| index.files.iter().any(|listed| listed == shard)) {
        return Ok(None);
    }
    let mut whole = open_numbered(folder, &shards, limits)?;
    let message = format!(
        "the index is of another cut of the model: it names {}, which are not all here; the shards \
         that are here are a full set and were opened",
        listed(&index.files.iter().map(String::as_str).collect::<Vec<_>>())
    );
    whole.warnings.push(Warning::about(name, message).as_fault());
    whole.path = name.to_owned();
    Ok(Some(whole))
}

/// Numbered shards of a folder that are not in a list, in order.
///
/// # Errors
/// Returns an error if the folder cannot be listed.
pub(super) fn unlisted_shards(folder: &Location, listed: &[String]) -> Result<Vec<String>, Error> {
    let names = files(folder)?.into_iter().map(|file| file.name);
    let mut names: Vec<String> = names
        .filter(|name| numbered::one_of(name).is_some() && !listed.contains(name))
        .take(MOST_FILES)
        .collect();
    names.sort_unstable();
    Ok(names)
}

/// The one index of the folder. Of one for safetensors and one for another format, which hold the
/// same model, it is the former.
fn choose_index(files: &[Entry]) -> Result<Option<&str>, Error> {
    let is_index =
        |name: &str| ROW.extensions.iter().any(|ending| name.ends_with(&format!(".{ending}")));
    let names: Vec<&str> =
        files.iter().map(|file| file.name.as_str()).filter(|name| is_index(name)).collect();
    let safe: Vec<&str> =
        names.iter().copied().filter(|name| name.contains(".safetensors.")).collect();
    match (names.as_slice(), safe.as_slice()) {
        ([], _) => Ok(None),
        ([only], _) | (_, [only]) => Ok(Some(only)),
        _ => Err(Error::new(
            ErrorKind::Unrecognised,
            format!("the folder has {} indexes: {}", names.len(), listed(&names)),
        )
        .cure("name the one to open")),
    }
}

fn nothing(files: &[Entry], later: Option<String>) -> Error {
    let names: Vec<&str> = files.iter().map(|file| file.name.as_str()).collect();
    let mut message = match names.as_slice() {
        [] => "the folder holds no files".to_owned(),
        names => format!("the folder holds no weights that hinton reads; it has {}", listed(names)),
    };
    if let Some(later) = later {
        message = format!("{message}; {later}");
    }
    Error::new(ErrorKind::Unrecognised, message).cure("name a weights file, or another folder")
}

fn ambiguous(place: &Location, weights: &[Weights<'_>]) -> Error {
    let names: Vec<&str> = weights.iter().map(|(name, _)| *name).collect();
    let first = names.first().map(|name| place.join(name)).unwrap_or_else(|| place.clone());
    Error::new(
        ErrorKind::Unrecognised,
        format!(
            "the folder has {} weights files and no index that joins them: {}",
            names.len(),
            listed(&names)
        ),
    )
    .cure(format!("name the one to open, such as {}", first.display()))
}

fn open_numbered(place: &Location, names: &[&str], limits: &Limits) -> Result<Checkpoint, Error> {
    place.will_open_below(names.iter().copied());
    let mut shards = Vec::with_capacity(names.len());
    let first = place.join(names.first().copied().unwrap_or_default());
    for name in names {
        let shard = place.join(name);
        shard.check_beside(&first)?;
        shards.push(open_shard(&Input::at(&shard)?, limits)?);
    }
    let mut whole = join(&place.display().to_string(), shards, limits)?;
    quantised::add(&mut whole, Some(place), limits);
    Ok(whole)
}

/// A note about weights that are not opened.
fn left_out(names: &[&str], why: &str) -> Option<Warning> {
    (!names.is_empty()).then(|| Warning::file(format!("left out, {why}: {}", listed(names))))
}
