//! `.npy`: numpy's format for one array.
//!
//! Layout: numpy's `numpy.lib.format`, versions 1.0, 2.0 and 3.0
//! (<https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html>).

pub(crate) mod element;
mod literal;
mod long;
mod record;

use std::sync::Arc;

use hinton_tensor::{Bytes, View, element_count};

use self::element::{Element, Values, is_objects, raw_note};
pub(crate) use self::element::{dtype, plain};
use self::literal::Literal;
use self::record::Record;
use super::{FormatRow, pickle};
use crate::source::{Part, read_head, read_vec};
use crate::{Checkpoint, Error, ErrorKind, Head, Input, Limits, Sniff, Warning};

/// The row of the table.
pub(crate) const ROW: FormatRow = FormatRow {
    name: "npy",
    about: "one numpy array",
    help: "Read: versions 1 to 3, C and Fortran order, both byte orders, booleans, integers, \
           floats of 2, 4 and 8 bytes, complex numbers; long doubles, rounded to f64; of ml_dtypes \
           what numpy's header still tells (`|V2` is bfloat16, `<f1` is float8_e5m2). The tensor is \
           named after the file; of a structured array each field of numbers is a tensor. \
           An array of Python objects is a pickle, whose arrays are shown as in `pickle`; nothing \
           is executed. Several arrays one behind another, as Equinox and repeated calls of \
           np.save write them, are named 0, 1, 2 and so on; a line of JSON before them is \
           metadata. Not read: texts, dates. Layout: numpy.lib.format",
    quantised: "",
    extensions: &["npy", "eqx"],
    sniff,
    open,
};

pub(crate) const MAGIC: &[u8] = b"\x93NUMPY";
/// Enough for nearly every header; longer ones are read in a second step.
const FIRST_READ: u64 = 256;

fn sniff(head: &Head<'_>) -> Sniff {
    let starts = head.bytes.starts_with(MAGIC) || json_line(head.bytes).is_some();
    if starts { Sniff::Certain } else { Sniff::No }
}

/// Bytes of a line of JSON with an array behind it, as Equinox's users write their settings.
fn json_line(bytes: &[u8]) -> Option<usize> {
    let end = bytes.iter().position(|byte| *byte == b'\n')? + 1;
    (bytes.starts_with(b"{") && bytes[end..].starts_with(MAGIC)).then_some(end)
}

fn open(input: &Input, limits: &Limits) -> Result<Checkpoint, Error> {
    let mut checkpoint = Checkpoint::of_file(input, ROW.name, Vec::new(), Vec::new(), Vec::new());
    let mut start = 0;
    let starts_with_json = read_head(&*input.data, 1)? == b"{";
    let want = if starts_with_json { LONGEST_LINE } else { 0 };
    if let Some(end) = json_line(&read_head(&*input.data, want)?) {
        let line = read_vec(&*input.data, 0, end as u64)?;
        let line = String::from_utf8_lossy(&line).trim().to_owned();
        checkpoint.metadata.push(("header".to_owned(), line));
        start = end as u64;
    }
    let len = input.data.len();
    let mut arrays = Arrays { names: Vec::new(), checkpoint };
    loop {
        let rest: Arc<dyn Bytes> = match start {
            0 => input.data.clone(),
            _ => Arc::new(Part::new(input.data.clone(), start, len - start)?),
        };
        // Whether others follow is known once the first has been read.
        let name = if arrays.names.is_empty() { input.stem() } else { "" };
        let end = start
            + arrays.add(&rest, name, &input.name, limits).map_err(|error| {
                if start == 0 { error } else { error.for_tensor(arrays.names.len().to_string()) }
            })?;
        let more =
            (end < len).then(|| read_vec(&*input.data, end, (len - end).min(8))).transpose()?;
        match more {
            Some(more) if more.starts_with(MAGIC) => start = end,
            Some(_) => {
                let message = format!("{} bytes after the values belong to no tensor", len - end);
                arrays.checkpoint.warnings.push(Warning::file(message).as_fault());
                return Ok(arrays.numbered());
            }
            None => return Ok(arrays.numbered()),
        }
    }
}

/// Longest line of JSON before the arrays.
const LONGEST_LINE: u64 = 1 << 20;

/// Arrays one after another.
struct Arrays {
    /// For each the number of tensors that it gave.
    names: Vec<usize>,
    checkpoint: Checkpoint,
}

impl Arrays {
    /// Adds the array at the start of `data`; gives the byte behind it.
    fn add(
        &mut self,
        data: &Arc<dyn Bytes>,
        name: &str,
        file: &str,
        limits: &Limits,
    ) -> Result<u64, Error> {
        if self.names.len() >= limits.tensors {
            let limit = limits.tensors;
            let message = format!("the file has more arrays than the limit of {limit}");
            return Err(Error::new(ErrorKind::Limit, message));
        }
        let before = self.checkpoint.tensors.len();
        let header = Header::read(&|want| Ok(read_head(&**data, want)?), limits)?;
        let end = add(&header, data, ("", name), (file, limits), &mut self.checkpoint)?;
        self.names.push(self.checkpoint.tensors.len() - before);
        Ok(end)
    }

    /// The checkpoint; of several arrays each tensor is called after its array's place.
    fn numbered(mut self) -> Checkpoint {
        if self.names.len() > 1 {
            let mut tensors = self.checkpoint.tensors.iter_mut();
            for (index, count) in self.names.iter().enumerate() {
                for (inner, tensor) in tensors.by_ref().take(*count).enumerate() {
                    let place = match (inner, *count) {
                        (_, 1) => index.to_string(),
                        _ => format!("{index}.{}", tensor.name()),
                    };
                    *tensor = tensor.clone().named(place);
                }
            }
        }
        self.checkpoint
    }
}

/// Adds what the array at the start of `data` holds to a checkpoint; gives the byte behind it.
/// What is in an array of objects is named below the prefix, a lone array by the second name.
///
/// # Errors
/// As those of [`Header::tensor`], and of pickles.
pub(crate) fn add(
    header: &Header,
    data: &Arc<dyn Bytes>,
    (prefix, name): (&str, &str),
    (file, limits): (&str, &Limits),
    checkpoint: &mut Checkpoint,
) -> Result<u64, Error> {
    let (count, end) = match &header.values {
        Values::Objects => {
            return add_objects(
                header.data_start,
                data,
                (prefix, name),
                (file, limits),
                checkpoint,
            );
        }
        Values::Numbers(element) => header.end(data.len(), element.width(), &element.shown()),
        Values::Record(record) => {
            header.end(data.len(), record.size, &format!("records of {} bytes", record.size))
        }
    }
    .map_err(|error| error.for_tensor(name))?;
    if let Some(note) = header.note {
        checkpoint.warnings.push(Warning::about(name, note));
    }
    match &header.values {
        Values::Numbers(element) => {
            let place = (header.data_start, end - header.data_start);
            let view = header.view();
            checkpoint.tensors.push(element.tensor(name, file, view, data.clone(), place)?);
        }
        Values::Record(record) => {
            record::add(header, record, (data, count), (name, file), limits, checkpoint)?;
        }
        Values::Objects => {}
    }
    Ok(end)
}

/// Adds the arrays of the pickle that an array of objects is.
fn add_objects(
    data_start: u64,
    data: &Arc<dyn Bytes>,
    (prefix, name): (&str, &str),
    (file, limits): (&str, &Limits),
    checkpoint: &mut Checkpoint,
) -> Result<u64, Error> {
    let (found, end) = pickle::inside(data, data_start, (file, prefix, name), limits)?;
    if found.tensors.is_empty() {
        let nothing = || {
            let message = "this is an object array: its values are Python objects, and there is no \
                           array and no list of numbers among them";
            Error::new(ErrorKind::Unsupported, message)
                .cure("save the numbers with a dtype of numbers")
        };
        return Err(found.first_skipped.unwrap_or_else(nothing));
    }
    let place = |key: String| if prefix.is_empty() { key } else { format!("{prefix}.{key}") };
    checkpoint.tensors.extend(found.tensors);
    checkpoint.warnings.extend(found.warnings);
    let metadata = found.metadata.into_iter().map(|(key, value)| (place(key), value));
    checkpoint.metadata.extend(metadata);
    Ok(end)
}

/// What stands before the values.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Header {
    pub(crate) values: Values,
    pub(crate) fortran: bool,
    pub(crate) shape: Vec<usize>,
    /// Byte at which the values start.
    pub(crate) data_start: u64,
    /// What the user should know about the dtype.
    pub(crate) note: Option<&'static str>,
}

impl Header {
    /// Reads the header; `read(n)` gives the first `n` bytes, or all where there are fewer.
    ///
    /// # Errors
    /// [`ErrorKind::Refused`] for object arrays, [`ErrorKind::Unsupported`] for values that are no
    /// numbers, [`ErrorKind::Malformed`] for the rest.
    pub(crate) fn read(
        read: &dyn Fn(u64) -> Result<Vec<u8>, Error>,
        limits: &Limits,
    ) -> Result<Header, Error> {
        let mut bytes = read(FIRST_READ)?;
        if !bytes.starts_with(MAGIC) {
            return Err(Error::malformed(format!(
                "expected \\x93NUMPY, found {}",
                crate::lookalike::first_bytes(&bytes)
            ))
            .at_byte(0));
        }
        let (text_start, len) = header_length(&bytes)?;
        if len > limits.header_bytes {
            let limit = limits.header_bytes;
            let message = format!("the header has {len} bytes, the limit is {limit}");
            return Err(Error::new(ErrorKind::Limit, message).at_byte(8));
        }
        let data_start = text_start + len;
        if data_start > bytes.len() as u64 {
            bytes = read(data_start)?;
        }
        let Some(text) = bytes.get(text_start as usize..data_start as usize) else {
            return Err(cut(format!(
                "the header claims {len} bytes, the file has {} bytes after its length",
                (bytes.len() as u64).saturating_sub(text_start)
            ))
            .at_byte(8));
        };
        let literal = literal::parse(text).map_err(|(byte, message)| {
            Error::malformed(format!("the header is not a dictionary of numpy: {message}"))
                .at_byte(text_start + byte as u64)
        })?;
        Header::from_literal(literal, data_start, limits).map_err(|error| error.at_byte(text_start))
    }

    fn from_literal(literal: Literal, data_start: u64, limits: &Limits) -> Result<Header, Error> {
        let Literal::Dict(entries) = literal else {
            return Err(Error::malformed("the header is not a dictionary"));
        };
        let (mut descr, mut fortran, mut shape) = (None, None, None);
        for (key, value) in entries {
            let twice = match (key.as_str(), value) {
                ("descr", value) => descr.replace(value).is_some(),
                ("fortran_order", Literal::Bool(value)) => fortran.replace(value).is_some(),
                ("shape", Literal::Tuple(value)) => shape.replace(value).is_some(),
                ("fortran_order" | "shape", value) => {
                    return Err(Error::malformed(format!(
                        "{key} is {}, expected {}",
                        value.kind(),
                        if key == "shape" { "a tuple" } else { "True or False" }
                    )));
                }
                _ => return Err(Error::malformed(format!("the header has a key {key:?}"))),
            };
            if twice {
                return Err(Error::malformed(format!("the header names {key} twice")));
            }
        }
        let missing = |key: &str| Error::malformed(format!("the header does not name {key}"));
        let shape = shape_of(shape.ok_or_else(|| missing("shape"))?, limits)?;
        let fortran = fortran.ok_or_else(|| missing("fortran_order"))?;
        let mut note = None;
        let values = match descr.ok_or_else(|| missing("descr"))? {
            Literal::Text(descr) if is_objects(&descr) => Values::Objects,
            Literal::Text(descr) => {
                note = raw_note(&descr);
                Values::Numbers(Element::of(&descr)?)
            }
            Literal::List(fields) => Values::Record(Record::of(&fields)?),
            other => {
                let kind = other.kind();
                return Err(Error::malformed(format!("descr is {kind}, expected a text")));
            }
        };
        Ok(Header { values, fortran, shape, data_start, note })
    }

    /// How many values there are, each of `width` bytes, and the byte behind them.
    ///
    /// # Errors
    /// Returns an error if they do not fit in the data, of which there are `len` bytes.
    fn end(&self, len: u64, width: u64, what: &str) -> Result<(u64, u64), Error> {
        let Header { shape, data_start, .. } = self;
        let count = element_count(shape);
        let bytes = count.and_then(|count| Some((count, count.checked_mul(width)?)));
        let Some((count, bytes)) = bytes else {
            return Err(Error::malformed(format!(
                "shape {shape:?} of {what} is more bytes than 64 bits can count, the file has {len}"
            ))
            .at_byte(8)
            .cure("its header is wrong: get the file again from its source"));
        };
        let have = len.saturating_sub(*data_start);
        if bytes > have {
            return Err(cut(format!(
                "shape {shape:?} of {what} needs {bytes} bytes, the file has {have} behind its \
                 header"
            ))
            .at_byte(*data_start));
        }
        Ok((count, data_start + bytes))
    }

    /// The order of the values.
    fn view(&self) -> View {
        match self.fortran {
            true => View::packed_fortran(&self.shape),
            false => View::packed(&self.shape),
        }
    }
}

/// Where the header's text starts, and its length in bytes.
fn header_length(bytes: &[u8]) -> Result<(u64, u64), Error> {
    let short = || cut("the file ends in its first bytes".to_owned()).at_byte(bytes.len() as u64);
    match *bytes.get(6..8).ok_or_else(short)? {
        [1, 0] => {
            let len = bytes.get(8..10).and_then(|len| len.try_into().ok()).ok_or_else(short)?;
            Ok((10, u64::from(u16::from_le_bytes(len))))
        }
        [2 | 3, 0] => {
            let len = bytes.get(8..12).and_then(|len| len.try_into().ok()).ok_or_else(short)?;
            Ok((12, u64::from(u32::from_le_bytes(len))))
        }
        ref version => Err(Error::new(
            ErrorKind::Unsupported,
            format!("this is version {}.{} of npy; 1.0 to 3.0 are read", version[0], version[1]),
        )
        .at_byte(6)),
    }
}

fn shape_of(dims: Vec<Literal>, limits: &Limits) -> Result<Vec<usize>, Error> {
    if dims.len() > limits.axes {
        let (have, limit) = (dims.len(), limits.axes);
        let message = format!("the shape has {have} axes, the limit is {limit}");
        return Err(Error::new(ErrorKind::Limit, message));
    }
    dims.into_iter()
        .map(|dim| match dim {
            Literal::Int(dim) => usize::try_from(dim).map_err(|_| {
                Error::malformed(format!("the shape has a length of {dim}, which cannot be"))
            }),
            other => {
                let kind = other.kind();
                Err(Error::malformed(format!("the shape holds {kind}, expected integers")))
            }
        })
        .collect()
}

fn unsupported(message: &str) -> Error {
    Error::new(ErrorKind::Unsupported, message)
}

fn cut(message: String) -> Error {
    Error::malformed(message).cure("the file is cut or damaged: download or copy it again")
}

#[cfg(test)]
mod tests {
    use hinton_tensor::{Dtype, Endian};

    use super::*;

    fn read(text: &str) -> Result<Header, Error> {
        let mut bytes = MAGIC.to_vec();
        bytes.extend([1, 0]);
        bytes.extend((text.len() as u16).to_le_bytes());
        bytes.extend(text.as_bytes());
        Header::read(
            &|want| Ok(bytes[..bytes.len().min(want as usize)].to_vec()),
            &Limits::default(),
        )
    }

    #[test]
    fn headers_of_every_age() {
        let header =
            read("{'descr': '>f8', 'fortran_order': True, 'shape': (4, 3), }   \n").unwrap();
        let big = Values::Numbers(Element::Plain(Dtype::F64, Endian::Big));
        assert_eq!((header.values, header.fortran), (big, true));
        assert_eq!(header.shape, [4, 3]);
        let old = read("{\"shape\": (3L,), 'descr': u'|u1', 'fortran_order': False}").unwrap();
        let bytes = Values::Numbers(Element::Plain(Dtype::U8, Endian::Little));
        assert_eq!((old.values, old.shape), (bytes, vec![3]));
        assert_eq!(read("{'descr':'<f4','fortran_order':False,'shape':()}").unwrap().shape, [0; 0]);
    }

    #[test]
    fn what_is_refused_says_why() {
        let of = |descr: &str| {
            let text = format!("{{'descr': {descr}, 'fortran_order': False, 'shape': (1,), }}");
            read(&text).unwrap_err()
        };
        assert!(of("'|V1'").message().contains("4-bit integers"));
        assert!(of("'<U4'").message().contains("texts"));
        assert_eq!(of("'<f10'").kind(), ErrorKind::Unsupported);
        assert_eq!(of("'<x4'").kind(), ErrorKind::Malformed);
        assert_eq!(of("3").kind(), ErrorKind::Malformed);
        let error = read("{'descr': '<f4', 'fortran_order': False, 'shape': (-1,), }").unwrap_err();
        assert!(error.message().contains("-1"));
        let error = read("{'descr': '<f4', 'shape': (1,), }").unwrap_err();
        assert!(error.message().contains("does not name fortran_order"));
        assert_eq!(error.byte(), Some(10));
    }
}
