//! Folders of `torch.distributed.checkpoint`: `.metadata` says which tensors there are and where
//! their chunks lie, `__0_0.distcp` and its like hold the chunks, each a file of `torch.save`.

mod assemble;
mod index;
mod item;

use self::assemble::Assembly;
use self::index::Index;
use crate::container::pickle::load;
use crate::formats::FormatRow;
use crate::formats::{safetensors, unpickle};
use crate::source::Location;
use crate::{Checkpoint, Error, ErrorKind, Head, Input, Limits, Sniff, Warning};

/// Folders of PyTorch's distributed checkpoints.
pub(crate) const ROW: FormatRow = FormatRow {
    name: "dcp",
    about: "a folder of torch.distributed.checkpoint: .metadata and *.distcp; never executed",
    help: "\
Read: a folder with `.metadata` and `.distcp` files, by the folder, by its `.metadata` or by one of \
the `.distcp` files, which stands for all of them; also `__0.metadata`, `__1.metadata` and so on, \
which every rank wrote for itself. Tensors have the names of the state dict, optimizer state too; \
one that is sharded is joined from its chunks, along any axes, and its values are read by range. \
Numbers, texts and lists of them go to the metadata, other Python objects are counted in a warning. \
A tensor whose chunks are missing, overlap or leave holes is named in a warning and not shown. \
Files lie beside `.metadata` or below it, never elsewhere. Chunks may be files of torch.save or of \
safetensors; those written with an extension (zstd) are not read. Layout: torch/distributed/checkpoint/metadata.py and \
filesystem.py.",
    quantised: "the integers that are stored",
    extensions: &["metadata", "distcp"],
    sniff,
    open,
};

/// What every such folder has, unless each rank wrote for itself.
const METADATA: &str = ".metadata";

/// What ends the names of files with chunks.
const CHUNKS: &str = "distcp";

/// Most files of ranks that are put together.
const MOST_RANKS: usize = 5_000;

fn sniff(head: &Head<'_>) -> Sniff {
    let has = |part: &[u8]| head.bytes.windows(part.len()).any(|window| window == part);
    let is_chunks = head.has_extension(&[CHUNKS]);
    if is_chunks && (head.bytes.starts_with(b"PK\x03\x04") || item::is_safetensors(head.bytes)) {
        return Sniff::Certain;
    }
    // The class is torch.distributed.checkpoint.metadata.Metadata, torch.distributed._shard.… before
    // torch 2.0, or one that Megatron derives from it; the first attribute is always this.
    if head.bytes.first() == Some(&0x80) && has(b"state_dict_metadata") && has(b"Metadata") {
        return Sniff::Certain;
    }
    if is_chunks { Sniff::Likely } else { Sniff::No }
}

/// The file of a folder that opens its distributed checkpoint, where it holds one.
pub(crate) fn file_of(folder: &Location, names: &[&str]) -> Option<String> {
    let limits = Limits::default();
    let is_ours = |name: &str| {
        let recognised = crate::open::recognise(&folder.join(name), &limits);
        recognised.is_ok_and(|(row, _)| row.name == ROW.name)
    };
    if folder.join(METADATA).is_file() && is_ours(METADATA) {
        return Some(METADATA.to_owned());
    }
    let ending = |ending: &str| {
        let ending = format!(".{ending}");
        names.iter().copied().find(|name| name.starts_with("__") && name.ends_with(&ending))
    };
    let file = ending("metadata").filter(|name| is_ours(name)).or_else(|| ending(CHUNKS))?;
    Some(file.to_owned())
}

fn open(input: &Input, limits: &Limits) -> Result<Checkpoint, Error> {
    let start = crate::source::read_head(&*input.data, 9)?;
    let head = Head { bytes: &start, len: None, name: &input.name };
    // The pickles start with PROTO, the files of chunks never do.
    if start.first() == Some(&0x80) || !head.has_extension(&[CHUNKS]) {
        return open_metadata(input, limits);
    }
    let metadata = match metadata_beside(input) {
        Ok(metadata) => metadata,
        Err(error) if item::is_safetensors(&start) => return alone(input, &error, limits),
        Err(error) => return Err(error),
    };
    let mut checkpoint =
        open_metadata(&metadata, limits).map_err(|error| error.in_file(&metadata.name))?;
    checkpoint.path.clone_from(&input.name);
    Ok(checkpoint)
}

/// Chunks that have names of their own, without the metadata that puts them together.
fn alone(input: &Input, missing: &Error, limits: &Limits) -> Result<Checkpoint, Error> {
    let mut checkpoint = (safetensors::ROW.open)(input, limits)?;
    let message =
        format!("only this file's chunks are shown, each as a tensor: {}", missing.message());
    checkpoint.warnings.push(Warning::file(message).as_fault());
    Ok(checkpoint)
}

fn open_metadata(input: &Input, limits: &Limits) -> Result<Checkpoint, Error> {
    let mut index = read(input, limits)?;
    let mut files = vec![input.name.clone()];
    for path in other_ranks(input)? {
        let other = Input::at(&path)?;
        index.merge(read(&other, limits).map_err(|error| error.in_file(&other.name))?, limits)?;
        files.push(other.name);
    }
    let mut checkpoint = Assembly::new(input, &index, limits).checkpoint()?;
    files.append(&mut checkpoint.files);
    checkpoint.files = files;
    Ok(checkpoint)
}

fn read(input: &Input, limits: &Limits) -> Result<Index, Error> {
    let data = unpickle::addressable(&input.data, limits)?;
    let loaded = load(unpickle::whole(&data), 0, limits)?;
    Index::read(&loaded, &data, &input.name, limits)
}

/// The metadata in the folder of a file of chunks.
fn metadata_beside(input: &Input) -> Result<Input, Error> {
    const WHAT: &str = "a .distcp file holds chunks of tensors and does not say of which";
    let Some(path) = &input.path else {
        let message = format!("{WHAT}, which is in the .metadata beside it");
        return Err(Error::new(ErrorKind::Unsupported, message).cure("open it as a file"));
    };
    let file = path.file_name();
    // `__3_0.distcp` was written by rank 3.
    let rank = file.split('_').nth(2).unwrap_or_default();
    let names = [METADATA.to_owned(), format!("__{rank}.metadata")];
    match names.iter().map(|name| path.beside(name)).find(|metadata| !metadata.is_missing()) {
        Some(metadata) => {
            metadata.check_beside(path)?;
            Input::at(&metadata)
        }
        None => {
            let message = format!("{WHAT}; the file .metadata, which does, is missing");
            let cure = format!(
                "copy .metadata into {} too; programs that copy folders leave out names that \
                 start with a dot",
                path.folder().shown_folder()
            );
            Err(Error::new(ErrorKind::Io, message).cure(cure))
        }
    }
}

/// What the other ranks wrote, where this is a rank's own metadata, by number.
fn other_ranks(input: &Input) -> Result<Vec<Location>, Error> {
    let number = |name: &str| -> Option<u64> {
        name.strip_prefix("__")?.strip_suffix(".metadata")?.parse().ok()
    };
    let Some(path) = &input.path else { return Ok(Vec::new()) };
    let Some(own) = number(&path.file_name()) else {
        return Ok(Vec::new());
    };
    let folder = path.folder();
    let mut others: Vec<(u64, String)> = folder
        .entries()?
        .into_iter()
        .filter_map(|entry| Some((number(&entry.name)?, entry.name)))
        .filter(|(number, _)| *number != own)
        .collect();
    if others.len() > MOST_RANKS {
        let message = format!("{} ranks; at most {MOST_RANKS} are joined", others.len());
        return Err(Error::new(ErrorKind::Limit, message));
    }
    others.sort();
    let others: Vec<Location> = others.into_iter().map(|(_, name)| folder.join(name)).collect();
    for other in &others {
        other.check_beside(path)?;
    }
    Ok(others)
}
