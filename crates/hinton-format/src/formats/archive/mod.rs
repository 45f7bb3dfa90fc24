//! Archives with checkpoints inside: zip and tar. Nothing is unpacked to disk; what lies in them
//! opens as if it lay in a folder.

mod inside;
mod members;

use std::path::{Component, Path};

use self::members::Members;
use super::FormatRow;
use crate::container::{tar, zip};
use crate::source::Location;
use crate::{Checkpoint, Error, ErrorKind, Head, Input, Limits, Sniff, lookalike};

/// Zip archives with files of weights.
pub(crate) const ZIP: FormatRow = FormatRow {
    name: "zip",
    about: "a checkpoint in a zip archive, with the files next to it",
    help: "A zip archive opens as the folder that it holds: one weights file, a model in shards \
           with its index, a folder as Hugging Face has them, a SavedModel, a folder of zarr or \
           Orbax. README, settings and \
           tokenizers beside it are left out, with a note. Of several checkpoints one is named by \
           its path in the archive: models.zip/inner/model.pt. Nothing is unpacked to disk: stored \
           members are read in place, those packed with deflate, zstd or xz as they are used. \
           Zip64 is read; encrypted members and archives inside archives are not. Archives that \
           are a format of their own (PyTorch, .npz, .keras) are opened as such. The checkpoint's \
           format is that of the files inside. Layout: PKWARE's APPNOTE 6.3.10",
    quantised: "those of the file inside",
    extensions: &["zip"],
    sniff: |head| if lookalike::is_zip(head) { Sniff::Likely } else { Sniff::No },
    open: open_zip,
};

/// Tar archives with files of weights.
pub(crate) const TAR: FormatRow = FormatRow {
    name: "tar",
    about: "a checkpoint in a tar archive (also .tar.gz, .tar.zst, .tar.xz)",
    help: "A tar archive opens as the folder that it holds, as `zip` does, also wrapped in gzip, \
           zstd, xz, zlib, bzip2 or LZ4: models.tar.gz/inner/model.pt names one of several checkpoints. ustar, pax \
           and GNU's long names and sizes are read, checksums of headers are compared; links and \
           special files are left out. A packed archive is read from its start to its end once to \
           list what is in it, since tar has no index. The checkpoint's format is that of what \
           is inside. Layout: POSIX.1-2001, and GNU tar's manual",
    quantised: "those of the file inside",
    extensions: &["tar", "tgz", "tzst", "txz", "nemo"],
    sniff: |head| if tar::is_tar(head.bytes) { Sniff::Likely } else { Sniff::No },
    open: open_tar,
};

/// Whether a format is that of archives.
pub(crate) fn is_archive(row: &FormatRow) -> bool {
    is_name(row.name)
}

/// Whether a format of that name is one of archives.
pub(crate) fn is_name(format: &str) -> bool {
    [ZIP.name, TAR.name].contains(&format)
}

/// What a path means: a file or folder on disk or at an address or, if there is none, a member of an
/// archive on the way to it.
///
/// # Errors
/// Returns an error if the archive cannot be opened.
pub fn locate(path: &Path, limits: &Limits) -> Result<Location, Error> {
    let location = Location::find(path, limits)?;
    if location.is_file() || location.is_dir() {
        return Ok(location);
    }
    // What is asked for far away is what was named, not whatever could be an archive.
    let may_be = |above: &Path| {
        let name = above.display().to_string();
        let head = Head { bytes: &[], len: None, name: &name };
        !location.is_remote()
            || head.has_extension(ZIP.extensions)
            || head.has_extension(TAR.extensions)
    };
    let plain = |below: &Path| below.components().all(|part| matches!(part, Component::Normal(_)));
    let on_the_way = path.ancestors().skip(1).filter(|above| !above.as_os_str().is_empty());
    let archive = on_the_way
        .filter(|above| may_be(above))
        .filter_map(|above| Location::find(above, limits).ok())
        .find(Location::is_file);
    let Some(archive) = archive else { return Ok(location) };
    let below = path.strip_prefix(archive.path()).unwrap_or(path);
    let named = |error: Error| error.in_file(&archive.display().to_string());
    if !plain(below) {
        let message = format!("{:?} is not a name in an archive", below.display().to_string());
        return Err(named(Error::new(ErrorKind::Io, message)));
    }
    let input = Input::at(&archive)?;
    let members = Members::open(&input, limits).map_err(named)?;
    let Some(members) = members else {
        let message = "this is a file, not a folder and not an archive";
        return Err(named(Error::new(ErrorKind::Io, message).cure("name the file alone")));
    };
    Ok(members.root(archive.path().to_owned()).join(below))
}

fn open_zip(input: &Input, limits: &Limits) -> Result<Checkpoint, Error> {
    refuse_nested(input)?;
    let zip = zip::Zip::open(input.data.clone(), limits)?;
    // The first bytes of some files of torch.jit.save do not tell.
    if zip.members().iter().any(|member| member.name.ends_with("/data.pkl")) {
        return (super::pytorch::ROW.open)(input, limits);
    }
    inside::open(input, Members::of_zip(zip, limits), limits)
}

fn open_tar(input: &Input, limits: &Limits) -> Result<Checkpoint, Error> {
    refuse_nested(input)?;
    inside::open(input, Members::of_tar(&input.data, limits)?, limits)
}

/// An archive inside an archive could hold another, and so on.
fn refuse_nested(input: &Input) -> Result<(), Error> {
    if input.path.as_ref().is_some_and(Location::is_in_archive) {
        let message = "this is an archive inside an archive; one layer is opened";
        return Err(Error::new(ErrorKind::Refused, message).cure("unpack the outer one first"));
    }
    Ok(())
}
