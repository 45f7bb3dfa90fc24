//! One chunk or object: a range of a `.distcp` file that is a file of `torch.save` by itself.

use std::sync::Arc;

use hinton_tensor::{Bytes, Tensor};

use super::index::Place;
use crate::formats::beside::Beside;
use crate::formats::pytorch::zipped;
use crate::source::{Part, read_head};
use crate::{Error, ErrorKind, Input, Limits};

/// Longest object that is looked into for a plain value.
const LONGEST_VALUE: u64 = 1 << 16;

/// The file of `torch.save` at a place.
pub(super) fn input(place: &Place, beside: &mut Beside<'_>) -> Result<Input, Error> {
    if let Some(how) = &place.packed {
        let message = format!("its chunks were written with the extension {how:?}: not read");
        return Err(
            Error::new(ErrorKind::Unsupported, message).cure("save it again without _extensions")
        );
    }
    let (file, data) = beside.file(&place.file)?;
    let have = data.len();
    if place.offset.checked_add(place.len).is_none_or(|end| end > have) {
        return Err(Error::malformed(format!(
            "a chunk of it should have {} bytes from byte {} of {:?}, which has {have}",
            place.len, place.offset, place.file
        ))
        .cure(format!("{:?} is cut short: download or copy it again", place.file)));
    }
    let data: Arc<dyn Bytes> = Arc::new(Part::new(data, place.offset, place.len)?);
    if !read_head(&*data, 4)?.starts_with(b"PK\x03\x04") {
        return Err(no_zip(place, beside));
    }
    Ok(Input { name: file, path: None, data })
}

/// What is said of a chunk that is no file of `torch.save`.
fn no_zip(place: &Place, beside: &mut Beside<'_>) -> Error {
    let head = beside.file(&place.file).ok().and_then(|(_, data)| read_head(&*data, 64).ok());
    // The header of a safetensors file is a length and a JSON object.
    if head.is_some_and(|head| head.get(8..10) == Some(b"{\"")) {
        let message =
            "its chunks were written with SerializationFormat.SAFETENSORS: not read as a folder";
        let cure = format!("open {:?} under a name that ends with .safetensors", place.file);
        return Error::new(ErrorKind::Unsupported, message).cure(cure);
    }
    Error::malformed(format!(
        "byte {} of {:?} should begin a chunk of it, a zip archive, and does not",
        place.offset, place.file
    ))
    .cure(format!("download or copy {:?} again", place.file))
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
    zipped::plain_value(&input(place, beside)?, limits)
}
