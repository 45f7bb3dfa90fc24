//! Files that are a pickle: of numpy arrays, of plain lists of numbers, of objects of the libraries
//! below.

use std::sync::Arc;

use hinton_tensor::Bytes;

use super::FormatRow;
use super::pytorch::{self, is_legacy_torch};
use super::unpickle::{Found, Libraries, Reader, addressable, refused_call, walk, whole};
use crate::container::pickle::{load, starts_like_pickle};
use crate::{Checkpoint, Error, ErrorKind, Head, Input, Limits, Sniff};

/// The libraries whose arrays are read in any pickle.
const LIBRARIES: Libraries = &[pytorch::LIBRARY];

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
    let mut reader = Reader::new(&pickle, data.clone(), file, limits).with(LIBRARIES);
    reader.lists_are_arrays = true;
    reader.prefix = prefix;
    let found = walk(&mut reader, lone)?;
    Ok((found, pickle.end() as u64))
}

fn open(input: &Input, limits: &Limits) -> Result<Checkpoint, Error> {
    let data = addressable(&input.data, limits)?;
    let stream = whole(&data);
    let pickle = load(stream, 0, limits)?;
    let mut reader = Reader::new(&pickle, data.clone(), &input.name, limits).with(LIBRARIES);
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
    if let Some(error) = refused_call(reader.pickle, LIBRARIES) {
        return error;
    }
    let kind = reader.pickle.kind(reader.pickle.root());
    Error::new(ErrorKind::Unrecognised, format!("a pickle of {kind}: there is no array in it"))
}
