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
    /// Whether they are tables, such as data or a log beside a model.
    is_table: bool,
}

/// Every folder with weights from `place` on, in the order of their names, a folder before those
/// in it. Copies of a model in the folders of [`COPIES`] below it are no weights of their own, nor
/// are tables where there is anything else.
///
/// # Errors
/// Returns an error if there are too many files, or a folder cannot be read.
pub(crate) fn groups(place: &Location, limits: &Limits) -> Result<Vec<Group>, Error> {
    let mut search = Search { limits, seen: 0, found: Vec::new() };
    search.look(place, &Path { below: "", depth: 0, is_in_model: false })?;
    let mut found = search.found;
    if found.iter().any(|group| !group.is_table) {
        found.retain(|group| !group.is_table);
    }
    Ok(found)
}

/// How the search came to a folder.
struct Path<'a> {
    /// The folder's path below where the search began.
    below: &'a str,
    depth: usize,
    /// Whether a folder above has weights.
    is_in_model: bool,
}

impl Path<'_> {
    fn to(&self, name: &str) -> String {
        if self.below.is_empty() { name.to_owned() } else { format!("{}/{name}", self.below) }
    }
}

struct Search<'a> {
    limits: &'a Limits,
    /// Files and folders that were looked at.
    seen: usize,
    found: Vec<Group>,
}

impl Search<'_> {
    fn look(&mut self, place: &Location, path: &Path<'_>) -> Result<(), Error> {
        if path.depth > self.limits.depth {
            return Ok(());
        }
        if let Ok(Some(snapshot)) = cache::snapshot(place) {
            return self.look(&snapshot, &Path { depth: path.depth + 1, ..*path });
        }
        let files = files(place)?;
        // Folders count too: links could lead around in circles of them.
        self.seen += 1 + files.len();
        if self.seen > MOST_FILES {
            let message =
                format!("there are more than {MOST_FILES} files; only that many are examined");
            return Err(Error::new(ErrorKind::Limit, message).cure("name the weights file"));
        }
        if let Some(file) = whole(place, &files)? {
            let name =
                file.path().strip_prefix(place.path()).unwrap_or(file.path()).display().to_string();
            self.add(place, vec![path.to(&name)], false);
            return Ok(());
        }
        let told = tell(place, &files, self.limits);
        // An archive in an archive is not what is looked for.
        let weights = || told.weights.iter().filter(|(_, format)| !archive::is_name(format));
        let names: Vec<String> = weights().map(|(name, _)| path.to(name)).collect();
        let is_in_model = path.is_in_model || !names.is_empty();
        if !names.is_empty() {
            self.add(place, names, weights().all(|(_, format)| super::is_table(format)));
        }
        for entry in place.entries()?.into_iter().filter(|entry| entry.is_dir) {
            let is_copy = is_in_model && COPIES.contains(&entry.name.as_str());
            if !is_ignored(&entry.name) && !is_copy {
                let below = path.to(&entry.name);
                let path = Path { below: &below, depth: path.depth + 1, is_in_model };
                self.look(&place.join(&entry.name), &path)?;
            }
        }
        Ok(())
    }

    fn add(&mut self, folder: &Location, files: Vec<String>, is_table: bool) {
        self.found.push(Group { folder: folder.clone(), files, is_table });
    }
}

/// Whether a folder below has weights that are more than tables.
pub(super) fn has_weights(place: &Location, limits: &Limits) -> bool {
    let groups = groups(place, limits).unwrap_or_default();
    groups.iter().any(|group| !group.is_table && group.folder.path() != place.path())
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
    match groups.as_slice() {
        [] => Err(nothing(beside, later)),
        [only] if COPIES.contains(&&*only.folder.file_name()) => {
            let mut checkpoint = open_folder(&only.folder, limits)?;
            let note = format!("the weights are those of the folder {:?}", only.folder.file_name());
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
    let of_rank = |group: &Group| {
        let name = group.folder.file_name();
        name.starts_with("mp_rank_") || name.starts_with("tp_rank_")
    };
    let mut message = format!("{said} {}", listed(&names));
    if groups.len() > 1 && groups.iter().all(of_rank) {
        message.push_str(
            ", one for each rank: every rank has a slice of the same tensors, and they are not joined",
        );
    }
    let error = Error::new(ErrorKind::Unrecognised, message);
    match groups.first() {
        Some(group) => {
            error.cure(format!("name the one to open, such as {}", group.folder.shown_folder()))
        }
        None => error,
    }
}
