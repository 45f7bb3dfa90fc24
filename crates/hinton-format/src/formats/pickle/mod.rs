//! Pickles of numpy arrays and of plain lists of numbers.

mod known;
mod metadata;
mod numbers;
mod numpy;
mod reader;
mod walk;

use std::sync::Arc;

use hinton_tensor::{Bytes, Memory};

use super::FormatRow;
use crate::container::pickle::{Pickle, load, starts_like_pickle};
use crate::source::read_vec;
use crate::{Checkpoint, Error, ErrorKind, Head, Input, Limits, Sniff};

pub(crate) use metadata::plain_value;
pub(crate) use reader::{Leaf, Placed, Raw, Reader, Storages, Stored};
pub(crate) use walk::{Found, walk};

/// Pickles of numpy arrays.
pub(crate) const ROW: FormatRow = FormatRow {
    name: "pickle",
    about: "pickled numpy arrays: a list, tuple, dict or nest of them; never executed",
    help: "\
Pickles of protocols 0 to 5 as written by Python 2 and 3 with numpy 1 and 2, and by array.array. \
Arrays keep their place as a name: `0`, `1`, `a.b.0`; a lone array is named after the file. Lists of \
numbers, nested or not, become tensors as numpy.array would make them; numbers, strings and other \
lists go to the metadata. Nothing is executed: a pickle that names a function which can run code is \
refused by that name, objects of other classes are named in a warning and what is stored in them, or \
given to calls that are not made, is shown: arrays of JAX, CuPy, Flax, Theano and Paddle, estimators \
of scikit-learn. Files of joblib are read, arrays of objects as what they hold. Structured arrays, \
out-of-band buffers and extension codes are not read. Layout: Lib/pickletools.py of CPython and ndarray.__reduce__ of numpy",
    quantised: "",
    extensions: &["pkl", "pickle", "p", "pck", "obj", "dat", "data", "joblib", "pdparams", "pdopt"],
    sniff,
    open,
};

/// The integer that starts files of torch.save before 1.6, as a LONG1 and as protocols 0 and 1
/// write it.
const TORCH_MAGIC: &[u8] = b"\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19";
const TORCH_MAGIC_TEXT: &[u8] = b"L119547037146038801333356L\n.";

/// Whether the first bytes are those of a file of torch.save before 1.6.
pub(crate) fn is_legacy_torch(head: &[u8]) -> bool {
    // PROTO comes before the number, and a FRAME from protocol 4 on.
    let start = &head[..head.len().min(32)];
    start.starts_with(TORCH_MAGIC_TEXT)
        || (start.first() == Some(&0x80)
            && start.windows(TORCH_MAGIC.len()).any(|part| part == TORCH_MAGIC))
}

fn sniff(head: &Head<'_>) -> Sniff {
    if is_legacy_torch(head.bytes) {
        return Sniff::No;
    }
    match head.bytes {
        // PROTO with a protocol of its own, and an opcode that pickles of it go on with.
        [0x80, 2..=5, next, ..] if next.is_ascii_graphic() || (0x80..=0x97).contains(next) => {
            Sniff::Certain
        }
        // Protocols 0 and 1 have no magic number: the bytes must run.
        [b'(' | b'c' | b']' | b'}' | b')' | b'l' | b'd', ..] if runs(head) => Sniff::Likely,
        [b'I' | b'F' | b'L' | b'S' | b'V' | b'U' | b'X' | b'G' | b'K' | b'N', ..]
            if head.has_extension(ROW.extensions) && runs(head) =>
        {
            Sniff::Likely
        }
        _ => Sniff::No,
    }
}

fn runs(head: &Head<'_>) -> bool {
    let whole = head.len.is_none_or(|len| len <= head.bytes.len() as u64);
    // A small file that was cut is still a pickle where its name says so.
    starts_like_pickle(head.bytes, whole && !head.has_extension(ROW.extensions))
}

/// What the pickle at a byte of other data holds, and the byte behind it. Names begin with
/// `prefix`; one array that is the whole is called `lone`.
///
/// # Errors
/// As those of opening a pickle; `Ok` where it is sound and holds no array.
pub(crate) fn inside(
    data: &Arc<dyn Bytes>,
    start: u64,
    (file, prefix, lone): (&str, &str, &str),
    limits: &Limits,
) -> Result<(Found, u64), Error> {
    let data = addressable(data, limits)?;
    let pickle = load(whole(&data), usize::try_from(start).unwrap_or(usize::MAX), limits)?;
    let mut reader = Reader::new(&pickle, data.clone(), file, limits);
    reader.lists_are_arrays = true;
    reader.prefix = prefix;
    let found = walk(&mut reader, lone)?;
    Ok((found, pickle.end() as u64))
}

fn open(input: &Input, limits: &Limits) -> Result<Checkpoint, Error> {
    let data = addressable(&input.data, limits)?;
    let stream = whole(&data);
    let pickle = load(stream, 0, limits)?;
    let mut reader = Reader::new(&pickle, data.clone(), &input.name, limits);
    reader.lists_are_arrays = true;
    let mut found = walk(&mut reader, input.stem())?;
    if found.tensors.is_empty() {
        return Err(nothing(&reader, &found));
    }
    let rest = stream.len() - pickle.end();
    if rest > 0 {
        let message = format!("{rest} bytes follow the pickle and are not read");
        found.warnings.push(crate::Warning::file(message));
    }
    Ok(Checkpoint::of_file(input, ROW.name, found.metadata, found.tensors, found.warnings))
}

/// Why a pickle without any array is not shown.
fn nothing(reader: &Reader<'_>, found: &Found) -> Error {
    if let Some(skipped) = &found.first_skipped {
        return skipped.clone();
    }
    if let Some(error) = refused_call(reader.pickle) {
        return error;
    }
    let kind = reader.pickle.kind(reader.pickle.root());
    Error::new(ErrorKind::Unrecognised, format!("a pickle of {kind}: there is no array in it"))
}

/// The refusal of a pickle without any array that calls something unknown.
pub(crate) fn refused_call(pickle: &Pickle<'_>) -> Option<Error> {
    let unknown = known::first_unknown_call(pickle)?;
    let message = format!(
        "the pickle calls {}: refused, nothing was executed, and there is no array beside it",
        unknown.shown()
    );
    Some(Error::new(ErrorKind::Refused, message).at_byte(unknown.byte))
}

/// The bytes as one slice of memory can show them: as they are where they are mapped or in memory,
/// else a copy, where they are no more than an index may have.
pub(crate) fn addressable(data: &Arc<dyn Bytes>, limits: &Limits) -> Result<Arc<dyn Bytes>, Error> {
    let len = data.len();
    if data.slice(0..len).is_some() {
        return Ok(data.clone());
    }
    // Arrays lie in a pickle beside what leads to them.
    let most = limits.header_bytes.max(limits.inflate_bytes);
    if len > most {
        return Err(Error::new(
            ErrorKind::Limit,
            format!(
                "the pickle has {len} bytes that must be unpacked to memory, the limit is {most}"
            ),
        )
        .cure("unpack the file and open it unpacked"));
    }
    Ok(Arc::new(Memory::new(read_vec(&**data, 0, len)?)))
}

/// All bytes of [`addressable`] data.
pub(crate) fn whole(data: &Arc<dyn Bytes>) -> &[u8] {
    data.slice(0..data.len()).unwrap_or(&[])
}
