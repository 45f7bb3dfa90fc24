//! A folder: the index in it, its numbered shards, or its one weights file.

use std::path::Path;

use super::{ROW, join, listed};
use crate::formats::pytorch::dcp;
use crate::formats::{gguf, safetensors};
use crate::open::{open_shard, recognise};
use crate::source::file::{self, Entry};
use crate::{Checkpoint, Error, ErrorKind, Input, Limits, open, quantised};

/// Most files of a folder that are looked into.
const MOST_FILES: usize = 5_000;

/// Formats whose files are numbered parts; their names are the files' extensions too.
const SPLIT: [&str; 2] = [safetensors::ROW.name, gguf::ROW.name];

/// Opens what a folder holds.
///
/// # Errors
/// When it holds no weights, or several files that do not belong together.
pub(crate) fn open_folder(path: &Path, limits: &Limits) -> Result<Checkpoint, Error> {
    // An .mlpackage of Core ML, whose manifest names what is always there.
    let model = path.join("Data/com.apple.CoreML/model.mlmodel");
    if file::is_file(&model) {
        let mut checkpoint = open(&model, limits)?;
        checkpoint.path = path.display().to_string();
        return Ok(checkpoint);
    }
    let entries = file::read_dir(path)?;
    let names: Vec<&str> = entries.iter().map(|entry| entry.name.as_str()).collect();
    if let Some(main) = dcp::file_of(path, &names) {
        let mut checkpoint = open(&path.join(main), limits)?;
        checkpoint.path = path.display().to_string();
        return Ok(checkpoint);
    }
    let files: Vec<Entry> = entries
        .into_iter()
        .filter(|entry| !entry.is_dir && !entry.name.starts_with('.') && entry.len > 0)
        .collect();
    if let Some(index) = choose_index(&files)? {
        let mut checkpoint = open(&path.join(index), limits)?;
        checkpoint.path = path.display().to_string();
        return Ok(checkpoint);
    }
    // What TensorFlow saves beside it belongs to it.
    if let Some(model) = files.iter().find(|file| file.name == "saved_model.pb") {
        let mut checkpoint = open(&path.join(&model.name), limits)?;
        checkpoint.path = path.display().to_string();
        return Ok(checkpoint);
    }
    if files.len() > MOST_FILES {
        return Err(Error::new(
            ErrorKind::Limit,
            format!("the folder has {} files; {MOST_FILES} are looked into", files.len()),
        )
        .cure("name the weights file"));
    }
    let mut weights: Vec<(&str, &str)> = Vec::new();
    let mut later = None;
    for entry in &files {
        match recognise(&path.join(&entry.name), limits) {
            Ok(row) => weights.push((&entry.name, row.name)),
            // Weights of a format that is known, but not read yet.
            Err(error) if error.kind() == ErrorKind::Unsupported => {
                later.get_or_insert_with(|| format!("{:?}: {}", entry.name, error.message()));
            }
            Err(_) => {}
        }
    }
    match weights.as_slice() {
        [] => Err(nothing(&files, later)),
        [(only, _)] => {
            let mut checkpoint = open(&path.join(only), limits)?;
            checkpoint.path = path.display().to_string();
            Ok(checkpoint)
        }
        several => match numbered(several)? {
            // The first part of a split GGUF finds the others.
            Some(names) if several.iter().all(|(_, format)| *format == gguf::ROW.name) => {
                let mut checkpoint = open(&path.join(names[0]), limits)?;
                checkpoint.path = path.display().to_string();
                Ok(checkpoint)
            }
            Some(names) => open_numbered(path, &names, limits),
            None => Err(ambiguous(several)),
        },
    }
}

/// The one index of the folder. Of one for safetensors and one for another format, which hold the
/// same model, it is the former.
fn choose_index(files: &[Entry]) -> Result<Option<&str>, Error> {
    let ending = format!(".{}", ROW.extensions[0]);
    let names: Vec<&str> = files
        .iter()
        .map(|file| file.name.as_str())
        .filter(|name| name.ends_with(&ending))
        .collect();
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

fn ambiguous(weights: &[(&str, &str)]) -> Error {
    let names: Vec<&str> = weights.iter().map(|(name, _)| *name).collect();
    Error::new(
        ErrorKind::Unrecognised,
        format!(
            "the folder has {} weights files and no index that joins them: {}",
            names.len(),
            listed(&names)
        ),
    )
    .cure("name the one to open")
}

/// The names, where all are shards of one model (`model-00001-of-00003.safetensors`), in order.
fn numbered<'a>(weights: &[(&'a str, &str)]) -> Result<Option<Vec<&'a str>>, Error> {
    let mut shards = Vec::new();
    for (name, format) in weights {
        match shard_number(name) {
            Some((stem, number, total)) if SPLIT.contains(format) => {
                shards.push((stem, total, number, *name));
            }
            _ => return Ok(None),
        }
    }
    shards.sort_unstable();
    let Some((stem, total, ..)) = shards.first().copied() else { return Ok(None) };
    let mixed = weights.iter().any(|(_, format)| *format != weights[0].1);
    if mixed || shards.iter().any(|shard| (shard.0, shard.1) != (stem, total)) {
        return Ok(None);
    }
    // The number of files bounds this, not the total that a name claims.
    let missing: Vec<u64> = (1..=total)
        .take(shards.len() + 10)
        .filter(|number| !shards.iter().any(|shard| shard.2 == *number))
        .collect();
    if let Some(first) = missing.first() {
        let ending = weights[0].1;
        let width = shards[0].3.len() - stem.len() - "--of-.".len() - ending.len();
        let file = format!("{stem}-{first:0w$}-of-{total:0w$}.{ending}", w = width / 2);
        return Err(Error::new(
            ErrorKind::Io,
            format!("the folder has {} of {total} shards; {file:?} is missing", shards.len()),
        )
        .cure(format!("download {file:?} into the folder")));
    }
    Ok(Some(shards.into_iter().map(|shard| shard.3).collect()))
}

/// Stem, number and total of `stem-00001-of-00003.safetensors`.
fn shard_number(name: &str) -> Option<(&str, u64, u64)> {
    let (name, _) = name.rsplit_once('.').filter(|(_, ending)| SPLIT.contains(ending))?;
    let (rest, total) = name.rsplit_once("-of-")?;
    let (stem, number) = rest.rsplit_once('-')?;
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if !digits(number) || !digits(total) || number.len() != total.len() {
        return None;
    }
    Some((stem, number.parse().ok()?, total.parse().ok()?))
}

fn open_numbered(path: &Path, names: &[&str], limits: &Limits) -> Result<Checkpoint, Error> {
    let mut shards = Vec::with_capacity(names.len());
    for name in names {
        shards.push(open_shard(&Input::from_path(&path.join(name))?, limits)?);
    }
    let mut whole = join(&path.display().to_string(), shards, limits)?;
    quantised::add(&mut whole, Some(path), limits);
    Ok(whole)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shards_are_told_by_their_names() {
        assert_eq!(shard_number("m-00002-of-00003.safetensors"), Some(("m", 2, 3)));
        assert_eq!(shard_number("m-2-of-00003.safetensors"), None);
        assert_eq!(shard_number("m.safetensors"), None);
        assert_eq!(shard_number("m-00002-of-00003.gguf"), Some(("m", 2, 3)));
        assert_eq!(shard_number("m-00002-of-00003.pt"), None);
        let of = |names: &[&'static str]| {
            let weights: Vec<_> = names.iter().map(|name| (*name, "safetensors")).collect();
            numbered(&weights).map_err(|error| error.to_string())
        };
        let [a, b] = ["m-00001-of-00002.safetensors", "m-00002-of-00002.safetensors"];
        assert_eq!(of(&[b, a]), Ok(Some(vec![a, b])));
        assert_eq!(of(&[a, "n-00002-of-00002.safetensors"]), Ok(None));
        assert_eq!(of(&[a, "other.safetensors"]), Ok(None));
        let error = of(&["m-00001-of-00003.safetensors", "m-00003-of-00003.safetensors"]);
        assert!(error.unwrap_err().contains("\"m-00002-of-00003.safetensors\" is missing"));
    }
}
