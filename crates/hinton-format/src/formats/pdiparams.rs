//! PaddlePaddle's `.pdiparams`: the parameters of a program, one after another, without their names,
//! which the `.pdmodel` beside it has.
//!
//! Layout: `SerializeToStream` in `paddle/phi/core/framework/dense_tensor_serialize.cc` and
//! `paddle/fluid/framework/framework.proto` of <https://github.com/PaddlePaddle/Paddle>.

use hinton_tensor::{Dtype, Endian, Tensor, View, element_count};

use super::FormatRow;
use super::notes::check_path;
use crate::container::protobuf::{Message, Wire};
use crate::source::{Cursor, Part};
use crate::{Checkpoint, Error, ErrorKind, Head, Input, Limits, Sniff, Warning};

/// The row of the table.
pub(crate) const ROW: FormatRow = FormatRow {
    name: "pdiparams",
    about: "parameters of PaddlePaddle for inference (.pdiparams)",
    help: "Read: every tensor with its shape and type, named as the .pdmodel of the same name beside it \
           says; without one they are called 0, 1, 2 in the file's order. Models whose program is .json \
           (PaddlePaddle 3) have numbers too. .pdparams are pickles and open as such. Layout: \
           dense_tensor_serialize.cc and framework.proto of PaddlePaddle",
    quantised: "",
    extensions: &["pdiparams"],
    sniff,
    open,
};

/// Version 0, no level of detail, version 0, and a `TensorDesc` that begins with its type.
fn sniff(head: &Head<'_>) -> Sniff {
    let Some((start, [2..=255, _, 0, 0, 0x08, ..])) = head.bytes.split_at_checked(16) else {
        return Sniff::No;
    };
    if start == [0; 16] { Sniff::Certain } else { Sniff::No }
}

/// `VarType.Type`.
fn dtype_of(code: u64) -> Option<Dtype> {
    Some(match code {
        0 => Dtype::Bool,
        1 => Dtype::I16,
        2 => Dtype::I32,
        3 => Dtype::I64,
        4 => Dtype::F16,
        5 => Dtype::F32,
        6 => Dtype::F64,
        20 => Dtype::U8,
        21 => Dtype::I8,
        22 => Dtype::Bf16,
        23 => Dtype::C64,
        24 => Dtype::C128,
        32 => Dtype::F8E4m3,
        33 => Dtype::F8E5m2,
        _ => return None,
    })
}

/// Longest `TensorDesc`.
const LONGEST: u32 = 4096;

fn open(input: &Input, limits: &Limits) -> Result<Checkpoint, Error> {
    let mut cursor = Cursor::whole(&*input.data, Endian::Little);
    let mut tensors = Vec::new();
    while cursor.left() > 0 {
        if tensors.len() >= limits.tensors {
            let message = format!("the file has more than {} tensors, the limit", limits.tensors);
            return Err(Error::new(ErrorKind::Limit, message).at_byte(cursor.at()));
        }
        let name = tensors.len().to_string();
        tensors.push(tensor(&mut cursor, &name, input, limits)?);
    }
    let mut warnings = Vec::new();
    let mut files = vec![input.name.clone()];
    match names(input, limits)? {
        Some((file, names)) if names.len() == tensors.len() => {
            files.push(file);
            tensors = tensors.into_iter().zip(names).map(|(one, name)| one.named(name)).collect();
        }
        Some((file, names)) => warnings.push(Warning::file(format!(
            "{file} names {} parameters, the file has {}: they are numbered",
            names.len(),
            tensors.len()
        ))),
        None => warnings.push(Warning::file(
            "names are in the program (.pdmodel), which is not beside it: they are numbered",
        )),
    }
    Ok(Checkpoint {
        path: input.name.clone(),
        format: ROW.name,
        metadata: Vec::new(),
        tensors,
        files,
        warnings,
    })
}

/// One `DenseTensor`: versions, levels of detail, a description, values.
fn tensor(
    cursor: &mut Cursor<'_>,
    name: &str,
    input: &Input,
    limits: &Limits,
) -> Result<Tensor, Error> {
    let at = cursor.at();
    let named = |error: Error| error.for_tensor(name);
    let version = cursor.u32("a version")?;
    let levels = cursor.u64("the number of levels")?;
    if version != 0 || levels > 16 {
        let message = format!("expected version 0 and a few levels, found {version} and {levels}");
        return Err(named(Error::malformed(message).at_byte(at)));
    }
    for _ in 0..levels {
        let len = cursor.u64("a level")?;
        cursor.skip(len, "a level")?;
    }
    let version = cursor.u32("the version of a tensor")?;
    let len = cursor.u32("the length of its description")?;
    let described_at = cursor.at();
    if version != 0 || len > LONGEST {
        let message =
            format!("expected version 0 and a description, found {version} and {len} bytes");
        return Err(named(Error::malformed(message).at_byte(described_at)));
    }
    cursor.skip(u64::from(len), "its description").map_err(named)?;
    let part = Part::new(input.data.clone(), described_at, u64::from(len))?;
    let wire = Wire::new(std::sync::Arc::new(part), limits);
    let (mut code, mut dims) = (None, Vec::new());
    for field in wire.fields(wire.root()) {
        let field = field?;
        match field.number {
            1 => code = Some(field.integer()?),
            2 => wire.integers(&field, &mut dims, limits.axes)?,
            _ => {}
        }
    }
    let wrong = |why: String| named(Error::malformed(why).at_byte(described_at));
    let dtype = code
        .and_then(dtype_of)
        .ok_or_else(|| wrong(format!("its type {} is not supported", code.unwrap_or_default())))?;
    let shape: Option<Vec<usize>> = dims.iter().map(|dim| usize::try_from(*dim).ok()).collect();
    let shape = shape.ok_or_else(|| wrong(format!("its shape {dims:?} is impossible")))?;
    let bytes = element_count(&shape).and_then(|count| dtype.bytes_of(count));
    let bytes = bytes.ok_or_else(|| wrong(format!("its shape {shape:?} cannot be counted")))?;
    let start = cursor.at();
    cursor.skip(bytes, "its values").map_err(named)?;
    let (view, data) = (View::packed(&shape), input.data.clone());
    Ok(Tensor::new(name, input.name.as_str(), dtype, Endian::Little, view, start, data)?)
}

/// The names of the parameters that the program beside the file lists: in the order of names, as
/// they are saved. `None` where there is no program.
fn names(input: &Input, limits: &Limits) -> Result<Option<(String, Vec<String>)>, Error> {
    let Some(own) = &input.path else { return Ok(None) };
    let path = own.folder().join(format!("{}.pdmodel", input.stem()));
    if path.is_missing() {
        return Ok(None);
    }
    path.check_beside(own)?;
    let wire = Wire::new(path.open()?, limits);
    let mut names = Vec::new();
    for field in wire.fields(wire.root()) {
        let field = field?;
        if field.number != 1 {
            continue;
        }
        // `BlockDesc.vars`.
        for field in wire.fields(wire.enter(&field)?) {
            let field = field?;
            if field.number == 3 {
                names.extend(parameter(&wire, wire.enter(&field)?)?);
            }
            if names.len() > limits.tensors {
                let message = format!("the program has more than {} parameters", limits.tensors);
                return Err(Error::new(ErrorKind::Limit, message));
            }
        }
    }
    names.sort_unstable();
    names.dedup();
    Ok(Some((path.display().to_string(), names)))
}

/// The name of a `VarDesc` that is kept: what is fed and fetched is no parameter.
fn parameter(wire: &Wire, variable: Message) -> Result<Option<String>, Error> {
    /// `VarType.DENSE_TENSOR`.
    const TENSOR: u64 = 7;
    let (mut name, mut kept, mut is_tensor) = (String::new(), false, false);
    for field in wire.fields(variable) {
        let field = field?;
        match field.number {
            1 => name = wire.text(&field)?,
            2 => {
                for field in wire.fields(wire.enter(&field)?) {
                    let field = field?;
                    is_tensor |= field.number == 1 && field.integer()? == TENSOR;
                }
            }
            3 => kept = field.integer()? != 0,
            _ => {}
        }
    }
    check_path(&name)?;
    Ok((kept && is_tensor).then_some(name))
}
