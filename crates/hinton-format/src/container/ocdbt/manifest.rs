//! The manifest: how the database is made, and the roots of its newest versions.

use super::block::{CUT, Fields, Kind, body};
use super::node::Child;
use super::paths::Paths;
use super::{MANIFEST, Place};
use crate::source::Folder;
use crate::{Error, ErrorKind, Limits};

/// Most bytes of a manifest.
const LONGEST: u64 = 16 << 20;

/// What a manifest says.
enum Manifest {
    /// The root of the newest version; `None` for one without keys.
    Root(Option<Child>),
    /// The versions are in files of their own, numbered.
    Numbered,
}

/// The root of the newest version; `None` where it has no keys.
///
/// # Errors
/// Returns an error if a manifest is missing or damaged.
pub(super) fn root(folder: &dyn Folder, limits: &Limits) -> Result<Option<Child>, Error> {
    let (manifest, id) = read(folder, MANIFEST, limits)?;
    if let Manifest::Root(root) = manifest {
        return Ok(root);
    }
    let Some(name) = newest(folder)? else {
        let message =
            "it says that numbered manifests are next to it (manifest.000…), but none does";
        return Err(Error::malformed(message).in_file(&folder.shown(MANIFEST)).cure(CUT));
    };
    let shown = folder.shown(&name);
    match read(folder, &name, limits)? {
        (Manifest::Root(root), own) if own == id => Ok(root),
        (Manifest::Root(_), _) => {
            let message = format!("it belongs to another database than {MANIFEST:?} beside it");
            Err(Error::malformed(message).in_file(&shown).cure(CUT))
        }
        (Manifest::Numbered, _) => {
            let message = "it is a numbered manifest, but leads to numbered ones again";
            Err(Error::malformed(message).in_file(&shown).cure(CUT))
        }
    }
}

/// The numbered manifest with the highest number.
fn newest(folder: &dyn Folder) -> Result<Option<String>, Error> {
    let numbered = |name: &str| {
        let digits = name.strip_prefix("manifest.").unwrap_or_default();
        digits.len() == 16 && digits.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
    };
    // They all have the same length.
    let names = folder.list("")?.into_iter().map(|entry| entry.name);
    Ok(names.filter(|name| numbered(name)).max())
}

/// Reads a manifest; also gives the database's identifier.
fn read(folder: &dyn Folder, name: &str, limits: &Limits) -> Result<(Manifest, [u8; 16]), Error> {
    let named = |error: Error| error.in_file(&folder.shown(name));
    let data = folder.file(name)?.ok_or_else(|| {
        let message = "the manifest of the database is missing";
        named(Error::new(ErrorKind::Io, message).cure(format!("copy {name:?} again")))
    })?;
    let mut budget = LONGEST.min(limits.header_bytes);
    body(&*data, Kind::Manifest, &mut budget)
        .and_then(|body| parse(&body, &mut budget))
        .map_err(named)
}

fn parse(body: &[u8], budget: &mut u64) -> Result<(Manifest, [u8; 16]), Error> {
    let mut fields = Fields::new(body, "manifest");
    let mut id = [0; 16];
    id.copy_from_slice(fields.take(16)?);
    let kind = fields.varint()?;
    let (_most_inline, _most_decoded, _arity) = (fields.varint()?, fields.varint()?, fields.u8()?);
    match fields.varint()? {
        0 => {}
        1 => drop(fields.take(4)?),
        other => return Err(fields.wrong(&format!("its nodes are packed in way {other}"))),
    }
    match kind {
        0 => Ok((Manifest::Root(newest_version(&mut fields, budget)?), id)),
        1 => {
            fields.end()?;
            Ok((Manifest::Numbered, id))
        }
        other => {
            let message =
                format!("the manifest is of kind {other}; 0 (single) and 1 (numbered) are read");
            Err(Error::new(ErrorKind::Unsupported, message))
        }
    }
}

/// The last of the versions that the manifest lists; older ones lie in a tree that is not needed.
fn newest_version(fields: &mut Fields<'_>, budget: &mut u64) -> Result<Option<Child>, Error> {
    let paths = Paths::read(fields, "", budget)?;
    let count = fields.count(8)?;
    let generations = fields.varints(count)?;
    let heights = fields.take(count)?;
    let (files, starts) = (fields.varints(count)?, fields.varints(count)?);
    let lens = fields.varints(count)?;
    if !generations.is_sorted() {
        return Err(fields.wrong("its versions are not in order"));
    }
    let Some(last) = count.checked_sub(1) else {
        return Err(fields.wrong("it lists no version"));
    };
    if starts[last] == u64::MAX && lens[last] == u64::MAX {
        return Ok(None);
    }
    let place: Place = paths.place(fields, files[last], starts[last], lens[last])?;
    Ok(Some(Child { place, height: heights[last], prefix: Vec::new() }))
}
