//! What is opened of an archive.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;

use super::is_archive;
use super::members::Members;
use crate::formats::sharded::{self, groups, is_ignored, listed, scattered};
use crate::open::{open_folder, recognise};
use crate::source::Location;
use crate::{Checkpoint, Error, ErrorKind, Input, Limits, Warning};

/// Opens the one checkpoint in an archive.
///
/// # Errors
/// Returns an error if there is none, or several that do not belong together.
pub(super) fn open(input: &Input, members: Members, limits: &Limits) -> Result<Checkpoint, Error> {
    let path = input.path.as_ref().map_or(Path::new(&input.name), Location::path).to_owned();
    let names: Vec<String> = members.names().map(str::to_owned).collect();
    let left_out = members.left_out.clone();
    let root = members.root(path);
    if names.is_empty() {
        return Err(Error::new(ErrorKind::Unrecognised, "this is an archive with no file in it")
            .cure("choose the weights file"));
    }
    let (mut checkpoint, opened) = find(&root, &names, limits)?;
    checkpoint.path.clone_from(&input.name);
    checkpoint.warnings.extend(notes(&root, &names, &left_out, &opened));
    Ok(checkpoint)
}

/// The checkpoint in an archive, and the files and folders that are opened for it.
fn find(
    root: &Location,
    names: &[String],
    limits: &Limits,
) -> Result<(Checkpoint, Vec<String>), Error> {
    if let Some(found) = whole(root, limits)? {
        return Ok(found);
    }
    let folder = only(root, names, limits)?;
    if let Some(found) = whole(&folder, limits)? {
        return Ok(found);
    }
    let checkpoint = sharded::open_folder(&folder, limits)?;
    let opened = checkpoint.files.clone();
    Ok((checkpoint, opened))
}

/// The checkpoint that a folder is, of a format that is a folder, and what is opened by that:
/// everything in it.
fn whole(folder: &Location, limits: &Limits) -> Result<Option<(Checkpoint, Vec<String>)>, Error> {
    let name = folder.display().to_string();
    let checkpoint = open_folder(&name, Arc::new(folder.clone()), limits)?;
    Ok(checkpoint.map(|checkpoint| (checkpoint, vec![name])))
}

/// The one folder of an archive that has weights.
fn only(root: &Location, names: &[String], limits: &Limits) -> Result<Location, Error> {
    let groups = groups(root, limits)?;
    match groups.as_slice() {
        [] => Err(nothing(root, names, limits)),
        [only] => Ok(only.folder.clone()),
        _ => Err(scattered(&groups, "the archive holds several checkpoints:")),
    }
}

/// What is said of members that were not opened.
fn notes(
    root: &Location,
    names: &[String],
    left_out: &[(String, &str)],
    opened: &[String],
) -> Vec<Warning> {
    let opened: BTreeSet<&Path> = opened.iter().map(Path::new).collect();
    let is_open =
        |name: &str| root.join(name).path().ancestors().any(|above| opened.contains(above));
    let is_noise = |name: &str| name.split('/').any(is_ignored);
    let others: Vec<&str> =
        names.iter().map(String::as_str).filter(|name| !is_open(name) && !is_noise(name)).collect();
    let mut notes = Vec::new();
    if !others.is_empty() {
        let message = format!("of the archive these members are left out: {}", listed(&others));
        notes.push(Warning::file(message));
    }
    let mut reasons: Vec<&str> = left_out.iter().map(|(_, why)| *why).collect();
    reasons.sort_unstable();
    reasons.dedup();
    for why in reasons {
        let names: Vec<&str> = left_out
            .iter()
            .filter(|(_, other)| *other == why)
            .map(|(name, _)| name.as_str())
            .collect();
        notes.push(Warning::file(format!("members are left out ({why}): {}", listed(&names))));
    }
    notes
}

fn nothing(root: &Location, names: &[String], limits: &Limits) -> Error {
    let shown: Vec<&str> = names.iter().map(String::as_str).collect();
    let mut message =
        format!("the archive holds no weights that hinton reads; it has {}", listed(&shown));
    // What is known of a member says more.
    for name in names.iter().take(100) {
        match recognise(&root.join(name), limits) {
            Ok((row, _)) if is_archive(row) => {
                return Error::new(
                    ErrorKind::Refused,
                    format!("{name:?} is an archive inside the archive; one layer is opened"),
                )
                .cure("unpack the outer archive first");
            }
            Err(error) if matches!(error.kind(), ErrorKind::Unsupported | ErrorKind::Limit) => {
                message = format!("{message}; {name:?}: {}", error.message());
                break;
            }
            _ => {}
        }
    }
    Error::new(ErrorKind::Unrecognised, message).cure("choose an archive with weights in it")
}
