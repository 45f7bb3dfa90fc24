//! `.npy`: numpy's format for one array.
//!
//! Layout: numpy's `numpy.lib.format`, versions 1.0, 2.0 and 3.0
//! (<https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html>).

mod literal;

use std::sync::Arc;

use hinton_tensor::{Bytes, Dtype, Endian, Tensor, View, element_count};

use self::literal::Literal;
use super::{FormatRow, pickle};
use crate::source::{Part, read_head, read_vec};
use crate::{Checkpoint, Error, ErrorKind, Head, Input, Limits, Sniff, Warning};

/// The row of the table.
pub(crate) const ROW: FormatRow = FormatRow {
    name: "npy",
    about: "one numpy array",
    help: "Read: versions 1 to 3, C and Fortran order, both byte orders, booleans, integers, \
           floats of 2, 4 and 8 bytes, complex numbers; of ml_dtypes what numpy's header still \
           tells (`|V2` is bfloat16, `<f1` is float8_e5m2). The tensor is named after the file. \
           An array of Python objects is a pickle, whose arrays are shown as in `pickle`; nothing \
           is executed. Several arrays one behind another, as Equinox and repeated calls of \
           np.save write them, are named 0, 1, 2 and so on; a line of JSON before them is \
           metadata. Not read: structured arrays, texts, dates, long doubles. Layout: numpy.lib.format",
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
    let mut checkpoint = Checkpoint {
        path: input.name.clone(),
        format: ROW.name,
        metadata: Vec::new(),
        tensors: Vec::new(),
        files: vec![input.name.clone()],
        warnings: Vec::new(),
    };
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
                let message = format!("{} bytes behind the values belong to no tensor", len - end);
                arrays.checkpoint.warnings.push(Warning::file(message).as_fault());
                return Ok(arrays.numbered());
            }
            None => return Ok(arrays.numbered()),
        }
    }
}

/// Longest line of JSON before the arrays.
const LONGEST_LINE: u64 = 1 << 20;

/// Arrays one behind another.
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
    if header.is_objects {
        let names = (file, prefix, name);
        let (found, end) = pickle::inside(data, header.data_start, names, limits)?;
        if found.tensors.is_empty() {
            let nothing = || {
                let message = "this is an object array: its values are Python objects, and there is \
                               no array and no list of numbers among them";
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
        return Ok(end);
    }
    let (tensor, end) = header.tensor(name, file.into(), data.clone())?;
    if let Some(note) = header.note {
        checkpoint.warnings.push(Warning::about(name, note));
    }
    checkpoint.tensors.push(tensor);
    Ok(end)
}

/// What stands before the values.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Header {
    pub(crate) dtype: Dtype,
    pub(crate) endian: Endian,
    pub(crate) fortran: bool,
    pub(crate) shape: Vec<usize>,
    /// Byte at which the values start.
    pub(crate) data_start: u64,
    /// Whether the values are Python objects, in a pickle; then the dtype means nothing.
    pub(crate) is_objects: bool,
    /// What a person should know of the dtype.
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
                "the header claims {len} bytes, the file has {} behind its length",
                (bytes.len() as u64).saturating_sub(text_start)
            ))
            .at_byte(8));
        };
        let literal = literal::parse(text).map_err(|(byte, message)| {
            Error::malformed(format!("the header is no dictionary of numpy's: {message}"))
                .at_byte(text_start + byte as u64)
        })?;
        Header::from_literal(literal, data_start, limits).map_err(|error| error.at_byte(text_start))
    }

    fn from_literal(literal: Literal, data_start: u64, limits: &Limits) -> Result<Header, Error> {
        let Literal::Dict(entries) = literal else {
            return Err(Error::malformed("the header is no dictionary"));
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
        let note;
        let (dtype, endian) = match descr.ok_or_else(|| missing("descr"))? {
            Literal::Text(descr) if is_objects(&descr) => {
                let (dtype, endian) = (Dtype::U8, Endian::Little);
                return Ok(Header {
                    dtype,
                    endian,
                    fortran,
                    shape,
                    data_start,
                    is_objects: true,
                    note: None,
                });
            }
            Literal::Text(descr) => {
                note = raw_note(&descr);
                dtype(&descr)?
            }
            Literal::List(_) => {
                return Err(unsupported("the array is structured (its values have named fields)"));
            }
            other => {
                let kind = other.kind();
                return Err(Error::malformed(format!("descr is {kind}, expected a text")));
            }
        };
        Ok(Header { dtype, endian, fortran, shape, data_start, is_objects: false, note })
    }

    /// The array as a tensor of `data`, which starts with this header, and the byte behind its values.
    ///
    /// # Errors
    /// When the values do not fit in the data.
    pub(crate) fn tensor(
        &self,
        name: &str,
        file: Arc<str>,
        data: Arc<dyn Bytes>,
    ) -> Result<(Tensor, u64), Error> {
        let Header { dtype, shape, data_start, .. } = self;
        let bytes = element_count(shape).and_then(|count| dtype.bytes_of(count));
        let Some(bytes) = bytes else {
            return Err(Error::malformed(format!(
                "shape {shape:?} of {dtype} is more bytes than 64 bits can count, the file has {}",
                data.len()
            ))
            .for_tensor(name)
            .at_byte(8)
            .cure("its header lies: get the file again from its source"));
        };
        let have = data.len().saturating_sub(*data_start);
        if bytes > have {
            return Err(cut(format!(
                "shape {shape:?} of {dtype} needs {bytes} bytes, the file has {have} behind its \
                 header"
            ))
            .for_tensor(name)
            .at_byte(*data_start));
        }
        let view = if self.fortran { View::packed_fortran(shape) } else { View::packed(shape) };
        let tensor = Tensor::new(name, file, *dtype, self.endian, view, *data_start, data)?;
        Ok((tensor, data_start + bytes))
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
    let dtype = match kind {
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
        _ => return Err(no_number(descr, kind)),
    };
    Ok((dtype, if order == ">" { Endian::Big } else { Endian::Little }))
}

/// Whether `descr` is that of an array of Python objects.
fn is_objects(descr: &str) -> bool {
    descr.trim_start_matches(['|', '<', '>', '=']).starts_with('O')
}

/// What is said of dtypes of ml_dtypes, whose names numpy's header does not hold.
fn raw_note(descr: &str) -> Option<&'static str> {
    match descr.trim_start_matches(['|', '<', '>', '=']) {
        "V2" => Some(
            "the header says two raw bytes (|V2), which is how numpy stores bfloat16 of JAX: read \
             as bfloat16",
        ),
        "f1" => Some("the header says a float of one byte (f1): read as float8_e5m2 of ml_dtypes"),
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
        _ => Error::malformed(format!("the dtype {descr:?} is none of numpy's")),
    }
}

fn unsupported(message: &str) -> Error {
    Error::new(ErrorKind::Unsupported, message)
}

fn cut(message: String) -> Error {
    Error::malformed(message).cure("the file is cut or damaged: download or copy it again")
}

#[cfg(test)]
mod tests {
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
        assert_eq!((header.dtype, header.endian, header.fortran), (Dtype::F64, Endian::Big, true));
        assert_eq!(header.shape, [4, 3]);
        let old = read("{\"shape\": (3L,), 'descr': u'|u1', 'fortran_order': False}").unwrap();
        assert_eq!((old.dtype, old.shape), (Dtype::U8, vec![3]));
        assert_eq!(read("{'descr':'<f4','fortran_order':False,'shape':()}").unwrap().shape, [0; 0]);
    }

    #[test]
    fn what_is_refused_says_why() {
        let of = |descr: &str| {
            let text = format!("{{'descr': {descr}, 'fortran_order': False, 'shape': (1,), }}");
            read(&text).unwrap_err()
        };
        assert_eq!(of("[('a', '<f4'), ('b', '<i4', (2,))]").kind(), ErrorKind::Unsupported);
        assert!(of("'|V1'").message().contains("4-bit integers"));
        assert!(of("'<U4'").message().contains("texts"));
        assert_eq!(of("'<f16'").kind(), ErrorKind::Unsupported);
        assert_eq!(of("'<x4'").kind(), ErrorKind::Malformed);
        assert_eq!(of("3").kind(), ErrorKind::Malformed);
        let error = read("{'descr': '<f4', 'fortran_order': False, 'shape': (-1,), }").unwrap_err();
        assert!(error.message().contains("-1"));
        let error = read("{'descr': '<f4', 'shape': (1,), }").unwrap_err();
        assert!(error.message().contains("does not name fortran_order"));
        assert_eq!(error.byte(), Some(10));
    }
}
