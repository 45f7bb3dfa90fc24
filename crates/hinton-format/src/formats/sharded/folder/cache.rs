//! The folder in which `huggingface_hub` keeps a downloaded model: `models--ORG--NAME` with
//! `blobs/`, `refs/` and `snapshots/COMMIT/`, whose files are links to blobs (docs of
//! `huggingface_hub`, "Manage your cache").

use super::listed;
use crate::source::{Location, read_head};
use crate::{Error, ErrorKind};

/// Most bytes of the name of a commit.
const LONGEST_COMMIT: u64 = 128;

/// The snapshot that a folder of the cache stands for: what `refs/main` names, or the only one;
/// `None` where it is no folder of the cache.
///
/// # Errors
/// Where there is no snapshot, or several and nothing chooses.
pub(super) fn snapshot(folder: &Location) -> Result<Option<Location>, Error> {
    let snapshots = folder.join("snapshots");
    if !snapshots.is_dir() || !(folder.join("refs").is_dir() || folder.join("blobs").is_dir()) {
        return Ok(None);
    }
    let entries = snapshots.entries()?;
    let names: Vec<&str> =
        entries.iter().filter(|entry| entry.is_dir).map(|entry| entry.name.as_str()).collect();
    let main = commit(&folder.join("refs/main"));
    let named = names.iter().find(|name| main.as_deref() == Some(**name));
    match (named, names.as_slice()) {
        (Some(name), _) | (None, [name]) => Ok(Some(snapshots.join(name))),
        (None, []) => Err(Error::new(
            ErrorKind::Unrecognised,
            "this is a folder of Hugging Face's cache without a snapshot",
        )
        .cure("download the model again: hf download ORG/NAME")),
        (None, several) => Err(Error::new(
            ErrorKind::Unrecognised,
            format!(
                "this is a folder of Hugging Face's cache with {} snapshots, and refs/main names \
                 none of them: {}",
                several.len(),
                listed(several)
            ),
        )
        .cure(format!("name the one to open, such as {}", snapshots.join(several[0]).display()))),
    }
}

/// The commit that a reference names.
fn commit(reference: &Location) -> Option<String> {
    let bytes = read_head(&*reference.is_file().then(|| reference.open().ok())??, LONGEST_COMMIT);
    let text = String::from_utf8(bytes.ok()?).ok()?;
    Some(text.trim().to_owned())
}
