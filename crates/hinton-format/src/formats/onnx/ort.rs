//! ONNX Runtime's own file (`.ort`): the same graph as a FlatBuffer.
//!
//! Layout: <https://github.com/microsoft/onnxruntime/blob/main/onnxruntime/core/flatbuffers/schema/ort.fbs>.

use hinton_tensor::{Dtype, Endian, Tensor, View, element_count};

use super::dtype::{Layout, kind};
use crate::container::flatbuffer::{Flat, Table};
use crate::formats::FormatRow;
use crate::formats::narrow::narrow;
use crate::formats::notes::{Skipped, check_path, distinct};
use crate::{Checkpoint, Error, ErrorKind, Head, Input, Limits, Sniff};

/// The row of the table.
pub(crate) const ROW: FormatRow = FormatRow {
    name: "ort",
    about: "models of ONNX Runtime (.ort)",
    help: "Read: the initialisers of the graph under their names, every type of numbers; integers of 4 and 2 \
           bits are unpacked to a byte each. Optimised models may hold names that the .onnx has not. Skipped \
           with a warning: texts, sparse tensors, values in a file of their own. Subgraphs (of If, Loop) are \
           not looked at. Layout: ort.fbs of ONNX Runtime",
    quantised: "integers as stored; their scales are tensors beside them",
    extensions: &["ort"],
    sniff,
    open,
};

fn sniff(head: &Head<'_>) -> Sniff {
    if head.bytes.get(4..8) == Some(b"ORTM") { Sniff::Certain } else { Sniff::No }
}

fn open(input: &Input, limits: &Limits) -> Result<Checkpoint, Error> {
    let flat = Flat::new(input.data.clone(), limits);
    let session = flat.root()?;
    let mut metadata = Vec::new();
    let mut text = |key: &str, table, index| {
        let text = flat.text_in(table, index)?;
        if !text.is_empty() {
            metadata.push((key.to_owned(), text));
        }
        Ok::<_, Error>(())
    };
    text("ort_version", session, 0)?;
    let missing = |what: &str| Error::malformed(format!("the file has no {what}"));
    let model = flat.table_in(session, 1)?.ok_or_else(|| missing("model"))?;
    text("producer_name", model, 2)?;
    text("producer_version", model, 3)?;
    text("description", model, 6)?;
    let graph = flat.table_in(model, 7)?.ok_or_else(|| missing("graph"))?;
    let (mut tensors, mut skipped) = (Vec::new(), Skipped::default());
    for initialiser in flat.tables_in(graph, 0)? {
        let initialiser = initialiser?;
        let name = flat.text_in(initialiser, 0)?;
        check_path(&name)?;
        let read = tensor(&flat, initialiser, &name, input, limits);
        match read.map_err(|error| error.for_tensor(&*name))? {
            Ok(tensor) => tensors.push(tensor),
            Err(why) => skipped.add(name, why),
        }
        if tensors.len() > limits.tensors {
            let message = format!("it has more tensors than {}", limits.tensors);
            return Err(Error::new(ErrorKind::Limit, message));
        }
    }
    for sparse in flat.tables_in(graph, 7)?.take(limits.tensors) {
        let values = flat.table_in(sparse?, 0)?;
        let name = values.map(|values| flat.text_in(values, 0)).transpose()?.unwrap_or_default();
        skipped.add(name, "skipped: it is sparse, and only its other values are stored");
    }
    let mut warnings = skipped.warnings();
    distinct(&mut tensors, &mut warnings);
    Ok(Checkpoint::of_file(input, ROW.name, metadata, tensors, warnings))
}

/// One initialiser, or why it is skipped.
fn tensor(
    flat: &Flat,
    table: Table,
    name: &str,
    input: &Input,
    limits: &Limits,
) -> Result<Result<Tensor, String>, Error> {
    let dims = flat.numbers_in::<8>(table, 2)?;
    if dims.len() > limits.axes {
        return Err(Error::malformed(format!("it has {} axes", dims.len())));
    }
    let dims = dims.into_iter().map(|dim| usize::try_from(i64::from_le_bytes(dim)).ok());
    let shape = dims.collect::<Option<Vec<usize>>>();
    let shape = shape.ok_or_else(|| Error::malformed("an axis has an impossible length"))?;
    let code = flat.field(table, 3)?.map(|at| flat.number::<4>(at)).transpose()?;
    let code = code.map_or(0, i32::from_le_bytes);
    let Some(kind) = u64::try_from(code).ok().and_then(kind) else {
        return Ok(Err(format!("skipped: its type {code} is not supported")));
    };
    let elements = element_count(&shape);
    let bits = elements.and_then(|count| count.checked_mul(kind.layout.bits()));
    let (Some(elements), Some(bits)) = (elements, bits) else {
        return Err(Error::malformed(format!("its shape {shape:?} cannot be counted")));
    };
    if kind.layout == Layout::Text {
        return Ok(Err("skipped: it holds text".to_owned()));
    }
    let Some(raw) = flat.vector_in(table, 4, 1)? else {
        return Ok(match elements {
            0 => Ok(empty(name, input, &shape, kind.layout)?),
            _ => Err("skipped: its values are in a file of their own".to_owned()),
        });
    };
    let needs = bits.div_ceil(8);
    if raw.len != needs {
        let message = format!("shape {shape:?} needs {needs} bytes, {} are there", raw.len);
        return Err(Error::malformed(message).at_byte(raw.start));
    }
    let (file, view, data) = (input.name.as_str(), View::packed(&shape), input.data.clone());
    Ok(Ok(match kind.layout {
        Layout::Packed { bits, signed } => {
            let (dtype, data) = narrow(data, raw.start, elements, bits, signed);
            Tensor::new(name, file, dtype, Endian::Little, view, 0, data)?
        }
        Layout::Plain(dtype) => {
            Tensor::new(name, file, dtype, Endian::Little, view, raw.start, data)?
        }
        Layout::Text => return Ok(Err("skipped: it holds text".to_owned())),
    }))
}

fn empty(name: &str, input: &Input, shape: &[usize], layout: Layout) -> Result<Tensor, Error> {
    let dtype = match layout {
        Layout::Plain(dtype) => dtype,
        Layout::Packed { signed: true, .. } => Dtype::I8,
        _ => Dtype::U8,
    };
    let (view, data) = (View::packed(shape), input.data.clone());
    Ok(Tensor::new(name, input.name.as_str(), dtype, Endian::Little, view, 0, data)?)
}
