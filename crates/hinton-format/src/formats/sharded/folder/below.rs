//! What lies in the folders below a folder.

use super::{MOST_FILES, cache, files, listed, nothing, open_folder, tell, whole};
use crate::formats::archive;
use crate::source::Location;
use crate::source::file::Entry;
use crate::{Checkpoint, Error, ErrorKind, Limits, Warning};

/// Folders in which repositories keep the model of the folder above once more, in another format.
const COPIES: [&str; 7] = ["onnx", "original", "openvino", "coreml", "gguf", "metal", "tflite"];

/// A folder that holds weights.
pub(crate) struct Group {
    /// The folder.
    pub(crate) folder: Location,
    /// The weights files in it, by their paths below the folder where the search began.
    pub(crate) files: Vec<String>,
}

/// Every folder with weights from `place` on, in the order of their names, a folder before those
/// in it. Copies of a model in the folders of [`COPIES`] below it are no weights of their own.
///
/// # Errors
/// When there are too many files, or a folder cannot be read.
pub(crate) fn groups(place: &Location, limits: &Limits) -> Result<Vec<Group>, Error> {
    let mut found = Vec::new();
    let mut seen = 0;
    look(place, "", 0, false, limits, &mut seen, &mut found)?;
    Ok(found)
}

fn look(
    place: &Location,
    below: &str,
    depth: usize,
    above: bool,
    limits: &Limits,
    seen: &mut usize,
    found: &mut Vec<Group>,
) -> Result<(), Error> {
    if let Ok(Some(snapshot)) = cache::snapshot(place) {
        return look(&snapshot, below, depth + 1, above, limits, seen, found);
    }
    let files = files(place)?;
    // Folders count too: links could lead around in circles of them.
    *seen += 1 + files.len();
    if *seen > MOST_FILES {
        let message = format!("there are more than {MOST_FILES} files; so many are looked into");
        return Err(Error::new(ErrorKind::Limit, message).cure("name the weights file"));
    }
    let path =
        |name: &str| if below.is_empty() { name.to_owned() } else { format!("{below}/{name}") };
    if let Some(file) = whole(place, &files)? {
        let name = file.strip_prefix(&**place).unwrap_or(&file).display().to_string();
        found.push(Group { folder: place.clone(), files: vec![path(&name)] });
        return Ok(());
    }
    let weights = tell(place, &files, limits).weights;
    // An archive in an archive, or a table, is not what is looked for.
    let names: Vec<String> = weights
        .iter()
        .filter(|(_, format)| !archive::is_name(format))
        .map(|(name, _)| path(name))
        .collect();
    let has_weights = !names.is_empty();
    if has_weights {
        found.push(Group { folder: place.clone(), files: names });
    }
    if depth >= limits.depth {
        return Ok(());
    }
    for entry in place.entries()? {
        let is_copy = (has_weights || above) && COPIES.contains(&entry.name.as_str());
        if entry.is_dir && !is_ignored(&entry.name) && !is_copy {
            let inner = place.join(&entry.name);
            look(&inner, &path(&entry.name), depth + 1, has_weights || above, limits, seen, found)?;
        }
    }
    Ok(())
}

/// Folders that programs leave behind.
pub(crate) fn is_ignored(name: &str) -> bool {
    name.starts_with('.') || name == "__MACOSX"
}

/// Opens the copy of a model below a folder that has no weights of its own; other weights below
/// it are named in the error.
pub(super) fn open_only(
    place: &Location,
    beside: &[Entry],
    later: Option<String>,
    limits: &Limits,
) -> Result<Checkpoint, Error> {
    // What cannot be looked into is no better an error than that there is nothing.
    let groups = groups(place, limits).unwrap_or_default();
    let name =
        |group: &Group| group.folder.file_name().map(|name| name.to_string_lossy().into_owned());
    match groups.as_slice() {
        [] => Err(nothing(beside, later)),
        [only] if name(only).is_some_and(|name| COPIES.contains(&name.as_str())) => {
            let mut checkpoint = open_folder(&only.folder, limits)?;
            let note =
                format!("the weights are those of the folder {:?}", name(only).unwrap_or_default());
            checkpoint.warnings.push(Warning::file(note));
            Ok(checkpoint)
        }
        several => {
            Err(scattered(several, "the folder holds no weights itself; below it there are"))
        }
    }
}

/// The error for weights in several folders.
pub(crate) fn scattered(groups: &[Group], said: &str) -> Error {
    let names: Vec<&str> =
        groups.iter().flat_map(|group| group.files.iter().map(String::as_str)).collect();
    let error = Error::new(ErrorKind::Unrecognised, format!("{said} {}", listed(&names)));
    match groups.first() {
        Some(group) => {
            error.cure(format!("name the one to open, such as {}", group.folder.shown()))
        }
        None => error,
    }
}
