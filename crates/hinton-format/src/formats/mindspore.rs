//! MindSpore's `.ckpt`: a protocol buffer of values, each a name and a tensor; a large tensor comes in
//! pieces of the same name.
//!
//! Layout: `checkpoint.proto` and `mindspore/python/mindspore/train/serialization.py` of
//! <https://gitee.com/mindspore/mindspore>.

use std::sync::Arc;

use hinton_tensor::{Dtype, Endian, Tensor, View, element_count};

use super::FormatRow;
use super::notes::{Skipped, check_path, distinct};
use crate::container::protobuf::{Message, Sketch, Wire, sketch};
use crate::source::{Joined, Part, read_vec};
use crate::{Checkpoint, Error, ErrorKind, Head, Input, Limits, Sniff};

/// The row of the table.
pub(crate) const ROW: FormatRow = FormatRow {
    name: "mindspore",
    about: "checkpoints of MindSpore (.ckpt)",
    help: "Read: every tensor under its name, in every type of whole bytes. Tensors in pieces are joined. The checksum at the end, if there is one, is listed and \
           not checked, since that would read all values. Skipped with a warning: texts, integers of 4 bits, maps (MapTensor). Not \
           read: encrypted checkpoints. Layout: checkpoint.proto and serialization.py of MindSpore",
    quantised: "integers as stored",
    extensions: &["ckpt"],
    sniff,
    open,
};

/// Before the checksum of ten bytes at the file's end.
const CHECKSUM: &[u8] = b"crc_num";
const TRAILER: u64 = 17;

/// The type of a text.
const TEXT: &str = "str";

/// Values, each a name and a tensor with axes, a type in words, bytes.
fn sniff(head: &Head<'_>) -> Sniff {
    let is_one = || {
        // Of a small file the end is seen too.
        let end = head.bytes.len().saturating_sub(TRAILER as usize);
        let is_end = head.bytes[end..].starts_with(CHECKSUM);
        let fields = sketch(if is_end { &head.bytes[..end] } else { head.bytes }, None)?;
        let first = fields.first().filter(|field| (field.number, field.kind) == (1, 2))?;
        let value = sketch(first.content, Some(first.integer))?;
        let [name, tensor] = value.first_chunk::<2>()?;
        let inside = sketch(tensor.content, Some(tensor.integer))?;
        let in_words = |field: &Sketch<'_>| {
            let word = std::str::from_utf8(field.content).ok();
            (field.number, field.kind) == (2, 2)
                && word.is_some_and(|word| dtype_of(word).is_some() || word == TEXT)
        };
        let is_name = (name.number, name.kind) == (1, 2) && name.is_text();
        Some(is_name && (tensor.number, tensor.kind) == (2, 2) && inside.iter().any(in_words))
    };
    if is_one() == Some(true) { Sniff::Certain } else { Sniff::No }
}

/// `tensor_to_ms_type` in serialization.py.
fn dtype_of(name: &str) -> Option<Dtype> {
    Some(match name {
        "Float64" => Dtype::F64,
        "Float32" => Dtype::F32,
        "Float16" => Dtype::F16,
        "BFloat16" => Dtype::Bf16,
        "Int64" => Dtype::I64,
        "Int32" => Dtype::I32,
        "Int16" => Dtype::I16,
        "Int8" => Dtype::I8,
        "UInt64" => Dtype::U64,
        "UInt32" => Dtype::U32,
        "UInt16" => Dtype::U16,
        "UInt8" => Dtype::U8,
        "Bool" => Dtype::Bool,
        "Complex64" => Dtype::C64,
        "Complex128" => Dtype::C128,
        "Float8E4M3FN" => Dtype::F8E4m3,
        "Float8E5M2" => Dtype::F8E5m2,
        _ => return None,
    })
}

/// A tensor, whole or the pieces that were met so far.
struct Open {
    name: String,
    kind: String,
    dims: Vec<u64>,
    pieces: Vec<Part>,
    /// The byte of its description.
    at: u64,
}

fn open(input: &Input, limits: &Limits) -> Result<Checkpoint, Error> {
    let (end, metadata) = checksum(input)?;
    let message = Part::new(input.data.clone(), 0, end)?;
    let wire = Wire::new(Arc::new(message), limits);
    let (mut tensors, mut skipped) = (Vec::new(), Skipped::default());
    let mut last: Option<Open> = None;
    for field in wire.fields(wire.root()) {
        let field = field?;
        if field.number != 1 {
            continue;
        }
        let next = value(&wire, wire.enter(&field)?, limits)?;
        match (&mut last, next) {
            (_, Err(name)) => skipped.add(name, "skipped: it is a map (MapTensor)"),
            (Some(last), Ok(next)) if last.name == next.name && last.kind == next.kind => {
                last.pieces.extend(next.pieces);
            }
            (last, Ok(next)) => {
                if let Some(done) = last.replace(next) {
                    tensors.extend(finish(done, input, &mut skipped)?);
                }
            }
        }
        if tensors.len() > limits.tensors {
            let message = format!("it has more tensors than {}", limits.tensors);
            return Err(Error::new(ErrorKind::Limit, message));
        }
    }
    if let Some(done) = last {
        tensors.extend(finish(done, input, &mut skipped)?);
    }
    let mut warnings = skipped.warnings();
    distinct(&mut tensors, &mut warnings);
    Ok(Checkpoint::of_file(input, ROW.name, metadata, tensors, warnings))
}

/// Where the values end, and the checksum behind them.
fn checksum(input: &Input) -> Result<(u64, Vec<(String, String)>), Error> {
    let len = input.data.len();
    let Some(end) = len.checked_sub(TRAILER) else { return Ok((len, Vec::new())) };
    let trailer = read_vec(&*input.data, end, TRAILER)?;
    let Some([.., a, b, c, d]) = trailer.strip_prefix(CHECKSUM) else {
        return Ok((len, Vec::new()));
    };
    let sum = u32::from_be_bytes([*a, *b, *c, *d]);
    Ok((end, vec![("crc32".to_owned(), format!("{sum:08x}"))]))
}

/// `Checkpoint.Value`: a tag and a tensor. The name alone of a map.
fn value(wire: &Wire, message: Message, limits: &Limits) -> Result<Result<Open, String>, Error> {
    let mut open = Open {
        name: String::new(),
        kind: String::new(),
        dims: Vec::new(),
        pieces: Vec::new(),
        at: message.start(),
    };
    let mut is_map = false;
    for field in wire.fields(message) {
        let field = field?;
        match field.number {
            1 => open.name = wire.text(&field)?,
            2 => tensor(wire, wire.enter(&field)?, limits, &mut open)
                .map_err(|error| error.for_tensor(&*open.name))?,
            3 => is_map = true,
            _ => {}
        }
    }
    check_path(&open.name)?;
    Ok(if is_map { Err(open.name) } else { Ok(open) })
}

/// `TensorProto`: axes, the name of the type, bytes.
fn tensor(wire: &Wire, message: Message, limits: &Limits, open: &mut Open) -> Result<(), Error> {
    for field in wire.fields(message) {
        let field = field?;
        match field.number {
            1 => wire.integers(&field, &mut open.dims, limits.axes)?,
            2 => open.kind = wire.text(&field)?,
            3 => {
                let range = field.range()?;
                let part = Part::new(wire.data().clone(), range.start, range.end - range.start)?;
                open.pieces.push(part);
            }
            _ => {}
        }
    }
    Ok(())
}

/// The tensor of all its pieces; `None` where it is skipped.
fn finish(open: Open, input: &Input, skipped: &mut Skipped) -> Result<Option<Tensor>, Error> {
    let Open { name, kind, dims, mut pieces, at } = open;
    let wrong = |why: String| Error::malformed(why).at_byte(at).for_tensor(&*name);
    let Some(dtype) = dtype_of(&kind) else {
        let why = match &*kind {
            TEXT => "skipped: it holds text".to_owned(),
            _ => format!("skipped: its type {kind:?} is not supported"),
        };
        skipped.add(name, why);
        return Ok(None);
    };
    let dims = dims.iter().map(|dim| usize::try_from(*dim).ok()).collect::<Option<Vec<_>>>();
    let mut shape = dims.ok_or_else(|| wrong("an axis has an impossible length".to_owned()))?;
    let have: u64 = pieces.iter().map(hinton_tensor::Bytes::len).sum();
    // A single number is written as one axis of length 0.
    if shape == [0] && have > 0 {
        shape.clear();
    }
    let needs = element_count(&shape).and_then(|count| dtype.bytes_of(count));
    let needs = needs.ok_or_else(|| wrong(format!("its shape {shape:?} cannot be counted")))?;
    if needs != have {
        return Err(wrong(format!("shape {shape:?} needs {needs} bytes, {have} are there")));
    }
    let data: Arc<dyn hinton_tensor::Bytes> = match (pieces.pop(), pieces.is_empty()) {
        (Some(only), true) => Arc::new(only),
        (last, _) => Arc::new(Joined::new(pieces.into_iter().chain(last).collect())),
    };
    let (file, view) = (input.name.as_str(), View::packed(&shape));
    Ok(Some(Tensor::new(name, file, dtype, Endian::Little, view, 0, data)?))
}
