//! One chunk or object: a range of a `.distcp` file that is a file of `torch.save` by itself.

use std::sync::Arc;

use hinton_tensor::Tensor;

use super::index::Place;
use crate::formats::beside::Beside;
use crate::formats::pytorch::zipped;
use crate::source::{Part, read_head};
use crate::{Error, ErrorKind, Input, Limits};

/// Longest object that is looked into for a plain value.
const LONGEST_VALUE: u64 = 1 << 16;

/// What a chunk lies in.
pub(super) enum Source {
    /// A file of `torch.save`, of this chunk alone.
    Saved(Input),
    /// A safetensors file, in which the chunk has the name of its tensor.
    Safetensors(Input),
}

/// What lies at a place.
///
/// # Errors
/// When the file is missing, too short, outside the folder, or holds something else there.
pub(super) fn source(place: &Place, beside: &mut Beside<'_>) -> Result<Source, Error> {
    if let Some(how) = &place.packed {
        let message = format!("its chunks were written with the extension {how:?}: not read");
        return Err(
            Error::new(ErrorKind::Unsupported, message).cure("save it again without _extensions")
        );
    }
    let (name, data) = beside.file(&place.file)?;
    let have = data.len();
    if place.offset.checked_add(place.len).is_none_or(|end| end > have) {
        return Err(Error::malformed(format!(
            "a chunk of it should have {} bytes from byte {} of {:?}, which has {have}",
            place.len, place.offset, place.file
        ))
        .cure(format!("{:?} is cut short: download or copy it again", place.file)));
    }
    let part = |len| -> Result<Input, Error> {
        let data = Arc::new(Part::new(data.clone(), place.offset, len)?);
        Ok(Input { name: name.clone(), path: None, data })
    };
    let rest = part(have - place.offset)?;
    let head = read_head(&*rest.data, 9)?;
    if head.starts_with(b"PK\x03\x04") {
        return part(place.len).map(Source::Saved);
    }
    // With SerializationFormat.SAFETENSORS the offset is that of a whole safetensors file.
    if is_safetensors(&head) {
        return Ok(Source::Safetensors(rest));
    }
    Err(Error::malformed(format!(
        "at byte {} of {:?} there should be a chunk of it: a zip archive or a safetensors file",
        place.offset, place.file
    ))
    .cure(format!("download or copy {:?} again", place.file)))
}

/// Whether bytes start like a safetensors file: a length and a JSON object.
pub(super) fn is_safetensors(head: &[u8]) -> bool {
    head.get(8) == Some(&b'{') && head.get(6..8) == Some(&[0, 0])
}

/// The one tensor of a chunk, and what is to be known about it.
pub(super) fn tensor(input: &Input, limits: &Limits) -> Result<(Tensor, Option<String>), Error> {
    let mut opened = zipped::open(input, limits)?;
    match (opened.tensors.pop(), opened.tensors.is_empty()) {
        (Some(tensor), true) => {
            let note = opened.warnings.into_iter().map(|warning| warning.message).next();
            Ok((tensor, note))
        }
        (Some(_), false) => Err(Error::malformed("a chunk of it holds more than one tensor")),
        (None, _) => {
            let said = opened.warnings.into_iter().find(|warning| !warning.subject.is_empty());
            let why =
                said.map_or_else(|| "a chunk of it holds no tensor".to_owned(), |w| w.message);
            Err(Error::new(ErrorKind::Unsupported, why))
        }
    }
}

/// A plain value as text; `None` for any other object.
pub(super) fn value(
    place: &Place,
    beside: &mut Beside<'_>,
    limits: &Limits,
) -> Result<Option<String>, Error> {
    if place.len > LONGEST_VALUE {
        return Ok(None);
    }
    match source(place, beside)? {
        Source::Saved(input) => zipped::plain_value(&input, limits),
        Source::Safetensors(_) => Ok(None),
    }
}
