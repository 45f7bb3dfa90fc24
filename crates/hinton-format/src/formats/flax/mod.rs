//! Flax: parameters of JAX models as `flax.serialization` writes them, nested dictionaries in
//! MessagePack with arrays as extensions.
//!
//! Layout: `flax/serialization.py` of <https://github.com/google/flax>

pub(crate) mod msgpack;

use std::sync::Arc;

use hinton_tensor::{Bytes, Dtype, Endian, Memory, Tensor, View, element_count};

use self::msgpack::{Run, Value, Walker};
use super::FormatRow;
use super::notes::{Skipped, check_path, distinct};
use crate::source::{Joined, Part, read_vec};
use crate::{Checkpoint, Error, ErrorKind, Head, Input, Limits, Sniff, Warning};

/// The row of the table.
pub(crate) const ROW: FormatRow = FormatRow {
    name: "flax",
    about: "Flax checkpoints: nested dictionaries of arrays in MessagePack (flax_model.msgpack)",
    help: "Read: what flax.serialization.to_bytes writes: arrays and scalars of numpy in nested \
           dictionaries and lists, named by their path (`params/Dense_0/kernel`), also arrays cut \
           into pieces of 1 GiB. Plain numbers and texts (the step, say) are metadata. Arrays \
           of other types are skipped with a warning. Layout: flax/serialization.py",
    quantised: "",
    extensions: &["msgpack", "flax"],
    sniff,
    open,
};

/// Extensions of flax.serialization.
mod extension {
    pub(super) const ARRAY: i8 = 1;
    pub(super) const COMPLEX: i8 = 2;
    pub(super) const SCALAR: i8 = 3;
}

/// The first key of an array in pieces.
const CHUNKED: &str = "__msgpack_chunked_array__";

/// Longest key, and longest text that becomes metadata.
const TEXT: u64 = 1 << 16;

/// Most plain values that become metadata.
const PLAIN: usize = 10_000;

fn sniff(head: &Head<'_>) -> Sniff {
    let is_map = matches!(head.bytes.first(), Some(0x81..=0x8f | 0xde | 0xdf));
    if is_map && leads_to_array(head.bytes).is_some() {
        Sniff::Certain
    } else if is_map && head.has_extension(ROW.extensions) {
        Sniff::Likely
    } else {
        Sniff::No
    }
}

/// Whether maps with names as keys lead to an array.
fn leads_to_array(bytes: &[u8]) -> Option<()> {
    let data = Memory::new(bytes);
    // What a value holds may lie behind the head.
    let mut walker = Walker::new(&data, 0, u64::MAX);
    let Ok(Value::Map(1..)) = walker.next() else { return None };
    loop {
        let Value::Text(key) = walker.next().ok()? else { return None };
        let key = read_vec(&data, key.at, key.len.min(TEXT)).ok()?;
        if key.iter().any(u8::is_ascii_control) {
            return None;
        }
        match walker.next().ok()? {
            Value::Extension(extension::ARRAY | extension::SCALAR, _) => return Some(()),
            Value::List(_) | Value::Extension(..) => return None,
            _ => {}
        }
    }
}

fn open(input: &Input, limits: &Limits) -> Result<Checkpoint, Error> {
    let data = &*input.data;
    let mut walker = Walker::new(data, 0, data.len());
    let mut tree = Tree {
        input,
        limits,
        tensors: Vec::new(),
        metadata: Vec::new(),
        plain: 0,
        path_bytes: 0,
        skipped: Skipped::default(),
    };
    tree.value(&mut walker, "", 0)?;
    let mut warnings = tree.skipped.warnings();
    if tree.plain > PLAIN {
        let more = tree.plain - PLAIN;
        warnings.push(Warning::file(format!("{more} more plain values are not listed")));
    }
    if walker.left() > 0 {
        let left = walker.left();
        warnings.push(Warning::file(format!("{left} bytes after the values belong to no tensor")));
    }
    distinct(&mut tree.tensors, &mut warnings);
    Ok(Checkpoint::of_file(input, ROW.name, tree.metadata, tree.tensors, warnings))
}

/// What has been found in the nested dictionaries.
struct Tree<'a> {
    input: &'a Input,
    limits: &'a Limits,
    tensors: Vec<Tensor>,
    metadata: Vec<(String, String)>,
    /// Plain values met.
    plain: usize,
    /// Bytes of the paths of all values: a name that stands once is before everything below it.
    path_bytes: u64,
    skipped: Skipped,
}

/// An array as it lies in the file.
struct Array {
    shape: Vec<usize>,
    dtype: String,
    bytes: Run,
}

impl Tree<'_> {
    fn value(&mut self, walker: &mut Walker<'_>, path: &str, depth: usize) -> Result<(), Error> {
        let at = walker.at;
        let limit = self.limits.depth;
        if depth > limit {
            let message = format!("values are nested deeper than {limit}");
            return Err(Error::new(ErrorKind::Limit, message).at_byte(at));
        }
        check_path(path).map_err(|error| error.at_byte(at))?;
        self.path_bytes += path.len() as u64;
        let most = self.limits.header_bytes;
        if self.path_bytes > most {
            let message = format!("the names of its values are more than {most} bytes, the limit");
            return Err(Error::new(ErrorKind::Limit, message).at_byte(at));
        }
        match walker.next()? {
            Value::Map(count) => self.map(walker, count, path, depth)?,
            Value::List(count) => {
                for index in 0..count {
                    self.value(walker, &join(path, &index.to_string()), depth + 1)?;
                }
            }
            Value::Extension(extension::ARRAY | extension::SCALAR, run) => {
                let array = self.array(run).map_err(|error| error.for_tensor(path))?;
                let pieces = vec![array.bytes];
                self.tensor(path, array.shape, &array.dtype, pieces)?;
            }
            Value::Extension(extension::COMPLEX, run) => {
                let mut parts = Walker::new(&*self.input.data, run.at, run.at + run.len);
                parts.next()?;
                let (real, imaginary) = (plain(parts.next()?), plain(parts.next()?));
                self.plain_value(path, format!("{real} + {imaginary}j"));
            }
            Value::Extension(kind, _) => {
                self.skipped.add(path, format!("skipped: an extension {kind} that Flax has not"));
            }
            Value::Text(run) if run.len <= TEXT => {
                let text = self.text(run)?;
                self.plain_value(path, text);
            }
            Value::Text(run) | Value::Binary(run) => {
                self.plain_value(path, format!("({} bytes)", run.len));
            }
            other => self.plain_value(path, plain(other)),
        }
        Ok(())
    }

    fn map(
        &mut self,
        walker: &mut Walker<'_>,
        count: u64,
        path: &str,
        depth: usize,
    ) -> Result<(), Error> {
        for index in 0..count {
            let at = walker.at;
            let key = match walker.next()? {
                Value::Text(run) if run.len <= TEXT => self.text(run)?,
                Value::Int(number) => number.to_string(),
                other => {
                    let what = other.name();
                    let message = format!("the key of a value is {what}; Flax has names there");
                    return Err(Error::new(ErrorKind::Unsupported, message).at_byte(at));
                }
            };
            if index == 0 && key == CHUNKED {
                return self.chunked(walker, count, path).map_err(|error| error.for_tensor(path));
            }
            self.value(walker, &join(path, &key), depth + 1)?;
        }
        Ok(())
    }

    /// An array in pieces, whose first key has been read: its shape, and the pieces, both as maps
    /// from "0", "1" …
    fn chunked(&mut self, walker: &mut Walker<'_>, count: u64, path: &str) -> Result<(), Error> {
        walker.next()?;
        let (mut shape, mut pieces) = (Vec::new(), Vec::new());
        for _ in 1..count {
            let at = walker.at;
            let Value::Text(key) = walker.next()? else {
                return Err(Error::malformed("an array in pieces has odd keys").at_byte(at));
            };
            let key = if key.len <= TEXT { self.text(key)? } else { String::new() };
            let Value::Map(entries) = walker.next()? else {
                return Err(Error::malformed("an array in pieces has odd values").at_byte(at));
            };
            for place in 0..entries {
                let at = walker.at;
                let number = match walker.next()? {
                    Value::Text(run) if run.len < 20 => self.text(run)?,
                    _ => String::new(),
                };
                if number != place.to_string() {
                    let message = format!("expected piece {place}, found {number:?}");
                    return Err(Error::malformed(message).at_byte(at));
                }
                match (key.as_str(), walker.next()?) {
                    ("shape", Value::Int(dim)) => shape.push(length(dim, at)?),
                    ("chunks", Value::Extension(extension::ARRAY, run)) => {
                        pieces.push(self.array(run)?);
                    }
                    _ => {
                        let message = format!("an array in pieces has an odd {key:?}");
                        return Err(Error::malformed(message).at_byte(at));
                    }
                }
            }
        }
        let dtype = pieces.first().map(|piece| piece.dtype.clone()).unwrap_or_default();
        if pieces.iter().any(|piece| piece.dtype != dtype) {
            return Err(Error::malformed("the pieces of an array have different dtypes"));
        }
        self.tensor(path, shape, &dtype, pieces.iter().map(|piece| piece.bytes).collect())
    }

    /// The inside of an array's extension: shape, name of the dtype, bytes.
    fn array(&self, run: Run) -> Result<Array, Error> {
        let odd =
            |what: &str| Error::malformed(format!("the array's {what} is odd")).at_byte(run.at);
        let mut walker = Walker::new(&*self.input.data, run.at, run.at + run.len);
        let Value::List(3) = walker.next()? else { return Err(odd("content")) };
        let Value::List(axes) = walker.next()? else { return Err(odd("shape")) };
        if axes > self.limits.axes as u64 {
            let limit = self.limits.axes;
            let message = format!("the shape has {axes} axes, the limit is {limit}");
            return Err(Error::new(ErrorKind::Limit, message).at_byte(run.at));
        }
        let mut shape = Vec::new();
        for _ in 0..axes {
            let Value::Int(dim) = walker.next()? else { return Err(odd("shape")) };
            shape.push(length(dim, run.at)?);
        }
        let dtype = match walker.next()? {
            Value::Text(name) if name.len <= TEXT => self.text(name)?,
            _ => return Err(odd("dtype")),
        };
        let (Value::Binary(bytes) | Value::Text(bytes)) = walker.next()? else {
            return Err(odd("data"));
        };
        Ok(Array { shape, dtype, bytes })
    }

    fn tensor(
        &mut self,
        path: &str,
        shape: Vec<usize>,
        dtype: &str,
        pieces: Vec<Run>,
    ) -> Result<(), Error> {
        let limit = self.limits.tensors;
        if self.tensors.len() >= limit {
            let message = format!("there are more than {limit} arrays");
            return Err(Error::new(ErrorKind::Limit, message).for_tensor(path));
        }
        let Some(dtype) = dtype_of(dtype) else {
            self.skipped.add(path, format!("skipped: its values are {dtype:?}, no numbers"));
            return Ok(());
        };
        let needs = element_count(&shape).and_then(|count| dtype.bytes_of(count));
        let have = pieces.iter().fold(0u64, |sum, piece| sum.saturating_add(piece.len));
        if needs != Some(have) {
            let at = pieces.first().map_or(0, |piece| piece.at);
            let message = format!("shape {shape:?} of {dtype} does not fit {have} bytes of data");
            return Err(Error::malformed(message).for_tensor(path).at_byte(at));
        }
        let whole = self.input.data.clone();
        let (start, data): (u64, Arc<dyn Bytes>) = match pieces[..] {
            [Run { at, .. }] => (at, whole),
            _ => {
                let parts: Result<Vec<Part>, _> = pieces
                    .iter()
                    .map(|piece| Part::new(whole.clone(), piece.at, piece.len))
                    .collect();
                (0, Arc::new(Joined::new(parts?)))
            }
        };
        let name = if path.is_empty() { self.input.stem() } else { path };
        let view = View::packed(&shape);
        let file = self.input.name.as_str();
        self.tensors.push(Tensor::new(name, file, dtype, Endian::Little, view, start, data)?);
        Ok(())
    }

    fn text(&self, run: Run) -> Result<String, Error> {
        let bytes = read_vec(&*self.input.data, run.at, run.len)?;
        Ok(String::from_utf8_lossy(&bytes).into_owned())
    }

    fn plain_value(&mut self, path: &str, value: String) {
        self.plain += 1;
        if self.plain <= PLAIN {
            self.metadata.push((path.to_owned(), value));
        }
    }
}

fn join(path: &str, name: &str) -> String {
    if path.is_empty() { name.to_owned() } else { format!("{path}/{name}") }
}

fn length(dim: i128, at: u64) -> Result<usize, Error> {
    usize::try_from(dim).map_err(|_| {
        Error::malformed(format!("the shape has a length of {dim}, which cannot be")).at_byte(at)
    })
}

fn plain(value: Value) -> String {
    match value {
        Value::Bool(value) => value.to_string(),
        Value::Int(value) => value.to_string(),
        Value::Float(value) => value.to_string(),
        Value::Nil => "null".to_owned(),
        other => format!("{other:?}"),
    }
}

/// The dtype of numpy's and ml_dtypes' name.
pub(super) fn dtype_of(name: &str) -> Option<Dtype> {
    Some(match name {
        "float64" => Dtype::F64,
        "float32" => Dtype::F32,
        "float16" => Dtype::F16,
        "bfloat16" => Dtype::Bf16,
        "float8_e4m3fn" => Dtype::F8E4m3,
        "float8_e5m2" => Dtype::F8E5m2,
        "float8_e4m3fnuz" => Dtype::F8E4m3Fnuz,
        "float8_e5m2fnuz" => Dtype::F8E5m2Fnuz,
        "float8_e8m0fnu" => Dtype::F8E8m0,
        "int64" => Dtype::I64,
        "int32" => Dtype::I32,
        "int16" => Dtype::I16,
        "int8" => Dtype::I8,
        "uint64" => Dtype::U64,
        "uint32" => Dtype::U32,
        "uint16" => Dtype::U16,
        "uint8" => Dtype::U8,
        "bool" => Dtype::Bool,
        "complex64" => Dtype::C64,
        "complex128" => Dtype::C128,
        _ => return None,
    })
}
