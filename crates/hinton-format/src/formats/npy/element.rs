//! What the numbers of an array are, by the words of numpy's header.

use std::sync::Arc;

use hinton_tensor::{Bytes, Dtype, Endian, Tensor, View};

use super::long::{self, Long};
use super::record::Record;
use super::unsupported;
use crate::source::Part;
use crate::{Error, ErrorKind};

/// What the values of an array are.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Values {
    Numbers(Element),
    Record(Record),
    /// Python objects, in a pickle.
    Objects,
}

/// What a number of an array is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Element {
    Plain(Dtype, Endian),
    Long(Long),
}

impl Element {
    /// Of numpy's `descr`.
    ///
    /// # Errors
    /// Returns the errors of [`dtype`].
    pub(crate) fn of(descr: &str) -> Result<Element, Error> {
        match Long::of(descr) {
            Some(long) => Ok(Element::Long(long)),
            None => dtype(descr).map(|(dtype, endian)| Element::Plain(dtype, endian)),
        }
    }

    /// Bytes of a number.
    pub(crate) fn width(&self) -> u64 {
        match self {
            Element::Plain(dtype, _) => dtype.bits() / 8,
            Element::Long(long) => long.width(),
        }
    }

    pub(super) fn shown(&self) -> String {
        match self {
            Element::Plain(dtype, _) => dtype.to_string(),
            Element::Long(_) => "long doubles".to_owned(),
        }
    }

    /// The numbers in a stretch of `data`, which holds as many as the view has.
    pub(super) fn tensor(
        &self,
        name: &str,
        file: &str,
        view: View,
        data: Arc<dyn Bytes>,
        (start, len): (u64, u64),
    ) -> Result<Tensor, Error> {
        Ok(match self {
            Element::Plain(dtype, endian) => {
                Tensor::new(name, file, *dtype, *endian, view, start, data)?
            }
            Element::Long(long) => {
                let numbers = long.rounded(Arc::new(Part::new(data, start, len)?));
                let numbers = numbers.map_err(|error| error.for_tensor(name))?;
                Tensor::new(name, file, long.dtype(), Endian::Little, view, 0, numbers)?
            }
        })
    }
}

/// The dtype of numpy's `descr`: byte order (`<`, `>`, `|`, or `=` and nothing for little), kind,
/// bytes.
///
/// # Errors
/// [`ErrorKind::Refused`] for objects, [`ErrorKind::Unsupported`] for what are no numbers.
pub(crate) fn dtype(descr: &str) -> Result<(Dtype, Endian), Error> {
    let (order, kind) = match descr.as_bytes().first() {
        Some(b'<' | b'>' | b'|' | b'=') => descr.split_at(1),
        _ => ("", descr),
    };
    let dtype = plain(kind).ok_or_else(|| no_number(descr, kind))?;
    Ok((dtype, if order == ">" { Endian::Big } else { Endian::Little }))
}

/// The dtype of numpy's kind and bytes: `f4`. None where there are no numbers, or more than one word a number.
pub(crate) fn plain(kind: &str) -> Option<Dtype> {
    Some(match kind {
        "b1" => Dtype::Bool,
        "i1" => Dtype::I8,
        "i2" => Dtype::I16,
        "i4" => Dtype::I32,
        "i8" => Dtype::I64,
        "u1" => Dtype::U8,
        "u2" => Dtype::U16,
        "u4" => Dtype::U32,
        "u8" => Dtype::U64,
        "f2" => Dtype::F16,
        "f4" => Dtype::F32,
        "f8" => Dtype::F64,
        "c8" => Dtype::C64,
        "c16" => Dtype::C128,
        // Nothing else writes two raw bytes into weights; see `raw_note`.
        "V2" => Dtype::Bf16,
        "f1" => Dtype::F8E5m2,
        _ => return None,
    })
}

/// Whether `descr` is that of an array of Python objects.
pub(super) fn is_objects(descr: &str) -> bool {
    descr.trim_start_matches(['|', '<', '>', '=']).starts_with('O')
}

/// What is said of long doubles, and of dtypes of ml_dtypes, whose names numpy's header does not hold.
pub(super) fn raw_note(descr: &str) -> Option<&'static str> {
    match descr.trim_start_matches(['|', '<', '>', '=']) {
        "V2" => Some(
            "the header says two raw bytes (|V2), which is how numpy stores bfloat16 of JAX: read \
             as bfloat16",
        ),
        "f1" => Some("the header says a float of one byte (f1): read as float8_e5m2 of ml_dtypes"),
        _ if Long::of(descr).is_some() => Some(long::NOTE),
        _ => None,
    }
}

fn no_number(descr: &str, kind: &str) -> Error {
    match kind.as_bytes().first() {
        Some(b'O') => Error::new(
            ErrorKind::Refused,
            "this is an object array: its values are a pickle, which could run code; object \
             arrays are refused, not guessed",
        )
        .cure("save the numbers with a dtype of numbers, e.g. array.astype('float32')"),
        Some(b'V') => unsupported(&format!(
            "the values are raw bytes ({descr:?}); numpy writes 8-bit floats and 4-bit integers of \
             ml_dtypes so, without their name"
        ))
        .cure("save them as float32, or integers as int8, e.g. array.astype('int8')"),
        Some(b'S' | b'a' | b'U') => unsupported(&format!("the values are texts ({descr:?})")),
        Some(b'M' | b'm') => unsupported(&format!("the values are dates or times ({descr:?})")),
        Some(b'f' | b'c') => {
            unsupported(&format!("floats of that size ({descr:?}) differ between machines"))
                .cure("save them as float64")
        }
        _ => Error::malformed(format!("the dtype {descr:?} is not a numpy dtype")),
    }
}
