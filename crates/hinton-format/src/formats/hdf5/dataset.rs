//! A dataset as a tensor that has not been read.

use std::sync::Arc;

use hinton_tensor::{Bytes, Dtype, Endian, Tensor, View, element_count};

use super::attribute::{attributes, datatype_of};
use super::chunked::{Chunked, Parts};
use super::datatype::{Datatype, Kind};
use super::file::H5File;
use super::filters;
use super::layout::{self, Chunks, Layout, Space};
use super::object::{Object, kind};
use crate::source::grid::Fill;
use crate::{Error, ErrorKind};

/// Deflate cannot do better than this; a dataset larger than that many times the file holds mostly
/// fill values, or lies.
const BEST_RATIO: u64 = 1032;

/// Whether the object is a dataset.
pub(super) fn is_dataset(object: &Object) -> bool {
    object.has(kind::LAYOUT)
}

/// The dataset as a tensor; `id` tells its chunks apart from those of others.
///
/// # Errors
/// [`ErrorKind::Unsupported`] and [`ErrorKind::Limit`] for one that is to be skipped with a word.
pub(super) fn tensor(file: &H5File, object: &Object, name: &str, id: u64) -> Result<Tensor, Error> {
    let missing = |what: &str| Error::malformed(format!("the dataset has no {what}"));
    let message = object.find(file, kind::DATATYPE)?.ok_or_else(|| missing("datatype"))?;
    let datatype = datatype_of(file, &message)?;
    let message = object.find(file, kind::DATASPACE)?.ok_or_else(|| missing("dataspace"))?;
    let space = layout::space(&mut message.fields(file, "dataspace"), &file.limits)?;
    let space = space.ok_or_else(|| unsupported("it holds no values (its shape is empty)"))?;
    let mut shape = space.shape().ok_or_else(|| missing("shape that can be counted"))?;
    let (dtype, endian) = match &datatype.kind {
        Kind::Number(dtype, endian) => (*dtype, *endian),
        Kind::Opaque => (named_type(file, object, datatype.size)?, Endian::Little),
        Kind::Array(of, dims) => match of.kind {
            Kind::Number(dtype, endian) => {
                shape.extend(dims);
                (dtype, endian)
            }
            _ => return Err(unsupported("it holds arrays of values that are not numbers")),
        },
        other => return Err(unsupported(&what_it_holds(other))),
    };
    if shape.len() > file.limits.axes {
        let (have, limit) = (shape.len(), file.limits.axes);
        let message = format!("the shape has {have} axes, the limit is {limit}");
        return Err(Error::new(ErrorKind::Limit, message));
    }
    let len = element_count(&shape).and_then(|count| dtype.bytes_of(count)).ok_or_else(|| {
        let message = format!("shape {shape:?} of {dtype} is more bytes than 64 bits can count");
        Error::malformed(message)
    })?;
    let (start, data) = storage(file, object, &datatype, space, len, id)?;
    let view = View::packed(&shape);
    Ok(Tensor::new(name, file.name.clone(), dtype, endian, view, start, data)?)
}

/// Floats that h5py has no type for are opaque; Keras names them in the attribute `dtype`
/// (keras/src/saving/saving_lib.py, H5Entry), with the bytes that each takes.
const NAMED: [(&str, u64, Dtype); 3] = [
    ("bfloat16", 2, Dtype::Bf16),
    ("float8_e4m3fn", 1, Dtype::F8E4m3),
    ("float8_e5m2", 1, Dtype::F8E5m2),
];

/// The type of opaque values, as an attribute of the dataset names it.
fn named_type(file: &H5File, object: &Object, size: u64) -> Result<Dtype, Error> {
    let name = attributes(file, object)?.into_iter().find(|one| one.name == "dtype");
    let name = name.map(|one| one.text()).unwrap_or_default();
    let known = NAMED.iter().find(|(known, bytes, _)| *known == name && *bytes == size);
    known.map(|(.., dtype)| *dtype).ok_or_else(|| {
        let named =
            if name.is_empty() { String::new() } else { format!(", which it calls {name:?}") };
        unsupported(&format!("it holds opaque bytes, {size} a value{named}"))
    })
}

fn unsupported(message: &str) -> Error {
    Error::new(ErrorKind::Unsupported, message)
}

fn what_it_holds(kind: &Kind) -> String {
    match kind {
        Kind::Text | Kind::Varying { text: true, .. } => "it holds texts".to_owned(),
        Kind::Varying { .. } => "it holds lists of different lengths".to_owned(),
        Kind::Opaque => "it holds opaque bytes".to_owned(),
        Kind::Reference => "it holds references to other objects".to_owned(),
        Kind::Other(what) => format!("it holds {what}"),
        _ => "it holds no numbers".to_owned(),
    }
}

/// The bytes that the values lie in, and the byte at which they start.
pub(super) fn storage(
    file: &H5File,
    object: &Object,
    datatype: &Datatype,
    space: Space,
    len: u64,
    id: u64,
) -> Result<(u64, Arc<dyn Bytes>), Error> {
    if object.has(kind::EXTERNAL_FILES) {
        return Err(unsupported("its values are in another file, and other files are not opened"));
    }
    let message = object.find(file, kind::LAYOUT)?;
    let message = message.ok_or_else(|| Error::malformed("the dataset has no layout"))?;
    match layout::layout(file, &message)? {
        Layout::Virtual => Err(unsupported(
            "it is a virtual dataset: its values are in other datasets and are not gathered",
        )),
        Layout::Run { at: Some(at), len: stored } => {
            if stored < len {
                let message = format!("its values need {len} bytes, {stored} are stored");
                return Err(Error::malformed(message).at_byte(at));
            }
            Ok((at, file.data.clone()))
        }
        Layout::Run { at: None, .. } => {
            justified(file, len)?;
            Ok((0, Arc::new(Fill::new(fill(file, object, datatype)?, len))))
        }
        Layout::Chunks(chunks) => {
            justified(file, len)?;
            check_chunks(file, &chunks, &space, datatype)?;
            let filters = match object.find(file, kind::FILTERS)? {
                Some(message) => filters::pipeline(file, &message, datatype.size)?,
                None => Vec::new(),
            };
            let fill = fill(file, object, datatype)?;
            let parts = Parts { file: file.afresh(), id, space, chunks, filters, fill };
            let chunked = Chunked::new(parts);
            let chunked =
                chunked.ok_or_else(|| Error::malformed("its chunks are too many to be counted"))?;
            Ok((0, Arc::new(chunked)))
        }
    }
}

/// Refuses datasets that are far larger than the file could hold: few bytes could otherwise ask
/// for any amount of memory and time.
fn justified(file: &H5File, len: u64) -> Result<(), Error> {
    let have = file.data.len();
    let most = have.saturating_mul(BEST_RATIO).saturating_add(file.limits.inflate_bytes);
    if len <= most {
        return Ok(());
    }
    let message = format!("it claims {len} bytes of values, nearly all of them never written");
    Err(Error::new(ErrorKind::Limit, message))
}

fn check_chunks(
    file: &H5File,
    chunks: &Chunks,
    space: &Space,
    datatype: &Datatype,
) -> Result<(), Error> {
    if chunks.extent.len() != space.dims.len() || chunks.element != datatype.size {
        return Err(Error::malformed(format!(
            "chunks of {:?} elements of {} bytes do not fit a shape of {:?} of {} bytes",
            chunks.extent, chunks.element, space.dims, datatype.size
        )));
    }
    let bytes = chunks.extent.iter().try_fold(chunks.element, |size, dim| size.checked_mul(*dim));
    let limit = file.limits.held_bytes;
    if bytes.is_none_or(|bytes| bytes > limit) {
        let extent = &chunks.extent;
        let message = format!("a chunk of {extent:?} elements is more than {limit} bytes");
        return Err(Error::new(ErrorKind::Limit, message));
    }
    Ok(())
}

/// The bytes of an element that was never written; empty for zeros.
fn fill(file: &H5File, object: &Object, datatype: &Datatype) -> Result<Vec<u8>, Error> {
    let (message, old) = match object.find(file, kind::FILL)? {
        Some(message) => (Some(message), false),
        None => (object.find(file, kind::OLD_FILL)?, true),
    };
    let Some(message) = message else { return Ok(Vec::new()) };
    let value = layout::fill_value(file, &message, old)?;
    let fits = value.len() as u64 == datatype.size && value.iter().any(|byte| *byte != 0);
    Ok(if fits { value } else { Vec::new() })
}
