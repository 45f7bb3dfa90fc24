//! MAT-files of version 5: variables one after another, each maybe compressed, structs and cells
//! holding others.

use std::sync::Arc;

use hinton_tensor::{Bytes, Dtype, Endian, Tensor, View, element_count};

use super::broken::Broken;
use super::element::{Element, Elements, dtype_of, kind};
use super::{sparse, words};
use crate::formats::notes::{Skipped, check_path};
use crate::source::coding::ZLIB;
use crate::source::inflate;
use crate::source::{Inflate, Made, read_vec};
use crate::{Checkpoint, Error, ErrorKind, Input, Limits};

/// Bytes before the first variable.
const HEADER: u64 = 128;

/// Longest name, and longest text that becomes metadata.
const TEXT: u64 = 1 << 16;

/// Classes of arrays (`mx…_CLASS` in the specification).
mod class {
    pub(super) const CELL: u32 = 1;
    pub(super) const STRUCT: u32 = 2;
    pub(super) const OBJECT: u32 = 3;
    pub(super) const CHAR: u32 = 4;
    pub(super) const SPARSE: u32 = 5;
    pub(super) const DOUBLE: u32 = 6;
    pub(super) const UINT8: u32 = 9;
    pub(super) const UINT64: u32 = 15;
    pub(super) const FUNCTION: u32 = 16;
    pub(super) const OPAQUE: u32 = 17;
}

/// Adds the variables of a file that starts with `start`.
pub(super) fn open(
    input: &Input,
    start: &[u8],
    limits: &Limits,
    checkpoint: &mut Checkpoint,
) -> Result<(), Error> {
    let endian = match start.get(126..128) {
        Some(b"IM") => Endian::Little,
        Some(b"MI") => Endian::Big,
        _ => {
            return Err(Error::malformed("expected IM or MI, the byte order, at byte 126")
                .at_byte(126)
                .cure("the file is cut or damaged: download or copy it again"));
        }
    };
    let text = String::from_utf8_lossy(&start[..116]);
    let text = text.trim_end_matches(['\0', ' ']);
    checkpoint.metadata.push(("header".to_owned(), text.to_owned()));
    let mut variables = Elements::new(input.data.clone(), HEADER, input.data.len(), endian);
    let mut file =
        File { input, limits, checkpoint, skipped: Skipped::default(), broken: Broken::default() };
    while variables.left() > 0 {
        let element = variables.next()?;
        file.guarded(&variables, element)?;
    }
    let File { skipped, broken, checkpoint, .. } = file;
    broken.finish(skipped, checkpoint)
}

struct File<'a> {
    input: &'a Input,
    limits: &'a Limits,
    checkpoint: &'a mut Checkpoint,
    skipped: Skipped,
    broken: Broken,
}

/// What stands before the data of every array.
struct Head {
    complex: bool,
    logical: bool,
    dims: Vec<usize>,
    name: String,
}

impl File<'_> {
    /// Adds a variable; one that is damaged hides no other.
    fn guarded(&mut self, variables: &Elements, element: Element) -> Result<(), Error> {
        let done = self.variable(variables, element);
        self.broken.guard(done, self.checkpoint)
    }

    fn variable(&mut self, variables: &Elements, element: Element) -> Result<(), Error> {
        let Element { kind, at, len } = element;
        match kind {
            kind::MATRIX => self.array(&mut variables.inside(element), None, 0),
            kind::COMPRESSED => {
                let damaged = |error: hinton_tensor::ReadError| {
                    Error::of_read(&error, &*error.why)
                        .at_byte(at)
                        .cure("the file is cut or damaged: download or copy it again")
                };
                // The size it inflates to is in the tag inside.
                let tag = inflate::head(&ZLIB, &variables.data, (at, len), 8, self.limits)
                    .map_err(damaged)?;
                let Some(size) = tag.get(4..8).and_then(|size| size.try_into().ok()) else {
                    return Err(Error::malformed("a compressed element of no size").at_byte(at));
                };
                let size = match variables.endian {
                    Endian::Little => u32::from_le_bytes(size),
                    Endian::Big => u32::from_be_bytes(size),
                };
                let whole = 8 + u64::from(size);
                let inflated = Inflate::new(
                    &ZLIB,
                    variables.data.clone(),
                    (at, len),
                    whole,
                    None,
                    self.limits,
                )
                .map_err(damaged)?;
                let mut inside = Elements::new(Arc::new(inflated), 0, whole, variables.endian);
                let element = inside.next()?;
                if element.kind != kind::MATRIX {
                    let message = format!("a compressed element of type {}", element.kind);
                    return Err(Error::malformed(message).at_byte(at));
                }
                self.array(&mut inside.inside(element), None, 0).map_err(|error| {
                    let byte = error.byte().map_or(String::new(), |byte| {
                        format!(", at byte {byte} of what it inflates to")
                    });
                    let message = format!("in the compressed variable{byte}: {}", error.message());
                    let name = error.tensor().map(str::to_owned);
                    let error = Error::new(error.kind(), message).at_byte(at);
                    match name {
                        Some(name) => error.for_tensor(name),
                        None => error,
                    }
                })
            }
            _ => {
                self.skipped.add("", format!("skipped: an element of type {kind} at byte {at}"));
                Ok(())
            }
        }
    }

    /// Adds an array; `path` names one that lies in another.
    fn array(
        &mut self,
        parts: &mut Elements,
        path: Option<String>,
        depth: usize,
    ) -> Result<(), Error> {
        // An empty place of a cell or struct.
        if parts.left() == 0 {
            return Ok(());
        }
        let limit = self.limits.depth;
        if depth > limit {
            let message = format!("arrays are nested deeper than {limit}");
            return Err(Error::new(ErrorKind::Limit, message).at_byte(parts.at));
        }
        let flags = parts.numbers(2, "array flags")?;
        let flags = flags.first().copied().unwrap_or(0);
        let class = flags & 0xff;
        if class == class::OPAQUE {
            let name = parts.name(TEXT, "name")?;
            parts.name(TEXT, "type system")?;
            let class = parts.name(TEXT, "class name")?;
            self.skipped.add(path.unwrap_or(name), words::object(&class));
            return Ok(());
        }
        let dims = parts.numbers(self.limits.axes as u64, "dimensions")?;
        if let Some(dim) = dims.iter().find(|dim| **dim > i32::MAX as u32) {
            let message = format!("a dimension of {}, which cannot be", *dim as i32);
            return Err(Error::malformed(message).at_byte(parts.at));
        }
        let name = parts.name(TEXT, "name")?;
        if path.is_none() && name.is_empty() && class == class::UINT8 {
            self.skipped.add(name, words::WORKSPACE);
            return Ok(());
        }
        let head = Head {
            complex: flags & 0x800 != 0,
            logical: flags & 0x200 != 0,
            dims: dims.iter().map(|dim| *dim as usize).collect(),
            name: path.unwrap_or(name),
        };
        match class {
            class::CELL => self.cell(parts, &head, depth),
            class::STRUCT => self.structure(parts, &head, depth),
            class::OBJECT => {
                parts.name(TEXT, "class name")?;
                self.structure(parts, &head, depth)
            }
            class::CHAR => self.text(parts, head),
            class::SPARSE => {
                let told = (head.dims.as_slice(), head.complex, head.logical);
                let (file, name) = (self.input.name.clone(), head.name.clone());
                let made = sparse::of_v5(parts, &name, &file, told, self.limits);
                let word = match made.map_err(|error| error.for_tensor(name.as_str()))? {
                    Ok((tensor, word)) => {
                        self.room()?;
                        self.checkpoint.tensors.push(tensor);
                        word
                    }
                    Err(why) => why,
                };
                self.skipped.add(name, word);
                Ok(())
            }
            class::DOUBLE..=class::UINT64 => {
                let name = head.name.clone();
                self.numbers(parts, head).map_err(|error| error.for_tensor(name))
            }
            class::FUNCTION => {
                self.skipped.add(head.name, words::FUNCTION);
                Ok(())
            }
            _ => {
                self.skipped.add(head.name, format!("skipped: an array of class {class}"));
                Ok(())
            }
        }
    }

    fn cell(&mut self, parts: &mut Elements, head: &Head, depth: usize) -> Result<(), Error> {
        for place in 1..=count(&head.dims) {
            let path = format!("{}{{{place}}}", head.name);
            self.inner(parts, path, depth)?;
        }
        Ok(())
    }

    fn structure(&mut self, parts: &mut Elements, head: &Head, depth: usize) -> Result<(), Error> {
        let width = parts.numbers(1, "length of field names")?;
        let width = width.first().map_or(0, |width| *width as usize);
        let names =
            parts.bytes(&[kind::INT8, kind::UINT8], self.limits.header_bytes, "field names")?;
        if width == 0 && !names.is_empty() {
            return Err(Error::malformed("field names of no length").at_byte(parts.at));
        }
        if names.len() < width.max(1) {
            return Ok(());
        }
        let places = count(&head.dims);
        for place in 1..=places {
            // Made one by one: names of a byte each would take many times their bytes.
            for field in names.chunks_exact(width.max(1)) {
                let field = field.split(|byte| *byte == 0).next().unwrap_or(&[]);
                let field = String::from_utf8_lossy(field);
                let path = match places {
                    1 => format!("{}.{field}", head.name),
                    _ => format!("{}({place}).{field}", head.name),
                };
                self.inner(parts, path, depth)?;
            }
        }
        Ok(())
    }

    /// An array in a cell or struct.
    fn inner(&mut self, parts: &mut Elements, path: String, depth: usize) -> Result<(), Error> {
        check_path(&path).map_err(|error| error.at_byte(parts.at))?;
        let named = |error: Error| error.for_tensor(path.clone());
        let element = parts.next().map_err(named)?;
        if element.kind != kind::MATRIX {
            let message = format!("expected an array, found an element of type {}", element.kind);
            return Err(named(Error::malformed(message).at_byte(element.at)));
        }
        self.array(&mut parts.inside(element), Some(path), depth + 1)
    }

    /// A line of text becomes metadata.
    fn text(&mut self, parts: &mut Elements, head: Head) -> Result<(), Error> {
        if head.dims.contains(&0) {
            self.checkpoint.metadata.push((head.name, String::new()));
            return Ok(());
        }
        let element = parts.next()?;
        let lines = head.dims.first().copied().unwrap_or(1);
        if lines != 1 || element.len > TEXT {
            self.skipped.add(head.name, format!("skipped: texts of shape {:?}", head.dims));
            return Ok(());
        }
        let bytes = read_vec(&*parts.data, element.at, element.len)?;
        let text = match element.kind {
            kind::UTF16 | kind::UINT16 => {
                let units: Vec<u16> = bytes
                    .as_chunks::<2>()
                    .0
                    .iter()
                    .map(|unit| match parts.endian {
                        Endian::Little => u16::from_le_bytes(*unit),
                        Endian::Big => u16::from_be_bytes(*unit),
                    })
                    .collect();
                String::from_utf16_lossy(&units)
            }
            kind::INT8 | 2 | kind::UTF8 => String::from_utf8_lossy(&bytes).into_owned(),
            other => {
                self.skipped.add(head.name, format!("skipped: text as values of type {other}"));
                return Ok(());
            }
        };
        self.checkpoint.metadata.push((head.name, text));
        Ok(())
    }

    /// Whether there is room for one more array.
    fn room(&self) -> Result<(), Error> {
        let limit = self.limits.tensors;
        match self.checkpoint.tensors.len() < limit {
            true => Ok(()),
            false => {
                let message = format!("there are more than {limit} arrays");
                Err(Error::new(ErrorKind::Limit, message))
            }
        }
    }

    fn numbers(&mut self, parts: &mut Elements, head: Head) -> Result<(), Error> {
        self.room()?;
        let real = self.part(parts, &head)?;
        let Head { complex, logical, dims, name, .. } = head;
        let (dtype, start, data): (Dtype, u64, Arc<dyn Bytes>) = if complex {
            let imaginary = parts.next()?;
            let dtype = dtype_of(real.kind).filter(|_| real.kind == imaginary.kind);
            let Some((dtype, width)) = dtype.and_then(complex_of) else {
                let why = "skipped: its complex values are stored as integers or of two types";
                self.skipped.add(name, why);
                return Ok(());
            };
            if real.len != imaginary.len {
                let message = format!("{} bytes real, {} imaginary", real.len, imaginary.len);
                return Err(Error::malformed(message).at_byte(imaginary.at));
            }
            (dtype, 0, Arc::new(interleaved(&parts.data, real, imaginary, width)))
        } else {
            let dtype = match dtype_of(real.kind) {
                Some(Dtype::U8 | Dtype::I8) if logical => Dtype::Bool,
                Some(dtype) => dtype,
                None => {
                    let why = format!("skipped: numbers of type {}", real.kind);
                    self.skipped.add(name, why);
                    return Ok(());
                }
            };
            (dtype, real.at, parts.data.clone())
        };
        let view = View::packed_fortran(&dims);
        let file = self.input.name.as_str();
        self.checkpoint.tensors.push(Tensor::new(
            name,
            file,
            dtype,
            parts.endian,
            view,
            start,
            data,
        )?);
        Ok(())
    }

    /// The element of the real values, which must be as many as the shape says.
    fn part(&self, parts: &mut Elements, head: &Head) -> Result<Element, Error> {
        let real = parts.next()?;
        let bytes = dtype_of(real.kind)
            .map(|dtype| element_count(&head.dims).and_then(|elements| dtype.bytes_of(elements)));
        match bytes {
            Some(needs) if needs != Some(real.len) => {
                let message =
                    format!("shape {:?} does not fit {} bytes of data", head.dims, real.len);
                Err(Error::malformed(message).at_byte(real.at))
            }
            _ => Ok(real),
        }
    }
}

/// Places of a cell or struct array; each takes bytes of the file, so that a lie ends early.
fn count(dims: &[usize]) -> u64 {
    element_count(dims).unwrap_or(u64::MAX)
}

/// The complex dtype of parts of a dtype, and the bytes of a part.
fn complex_of(part: Dtype) -> Option<(Dtype, usize)> {
    match part {
        Dtype::F32 => Some((Dtype::C64, 4)),
        Dtype::F64 => Some((Dtype::C128, 8)),
        _ => None,
    }
}

/// Real and imaginary parts lie apart in the file, side by side in a complex value.
fn interleaved(data: &Arc<dyn Bytes>, real: Element, imaginary: Element, width: usize) -> Made {
    let data = data.clone();
    let fill = move |first: u64, out: &mut [u8]| {
        let mut part = vec![0; out.len() / 2];
        for (place, element) in [real, imaginary].into_iter().enumerate() {
            data.read_at(element.at + first * width as u64, &mut part)?;
            for (value, from) in out.chunks_exact_mut(2 * width).zip(part.chunks_exact(width)) {
                value[place * width..][..width].copy_from_slice(from);
            }
        }
        Ok(())
    };
    Made::new(real.len / width as u64, 2 * width, fill)
}
