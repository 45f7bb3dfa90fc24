//! numpy's arrays and scalars, and Python's `array.array`, as their `__reduce__` writes them.

use hinton_tensor::{Dtype, Endian, View, element_count};

use super::reader::{Leaf, Raw, Reader};
use crate::container::pickle::{Id, Node, Object, Pickle};
use crate::formats::npy::plain;
use crate::{Error, ErrorKind};

/// Whether a callable makes an array.
pub(super) fn is_array(module: &str, name: &str) -> bool {
    match module {
        "numpy.core.multiarray"
        | "numpy._core.multiarray"
        | "numpy.core._multiarray_umath"
        | "numpy._core._multiarray_umath" => matches!(name, "_reconstruct" | "scalar"),
        "numpy.core.numeric" | "numpy._core.numeric" => name == "_frombuffer",
        "numpy.ma.core" | "numpy.ma" => name == "_mareconstruct",
        "array" => name == "_array_reconstructor",
        // Arrays of JAX, which pickle as numpy's.
        "jax._src.array" | "jax._src.device_array" | "jax.interpreters.xla" => {
            matches!(name, "_reconstruct_array" | "reconstruct_device_array" | "_reconstruct")
        }
        "joblib.numpy_pickle" | "sklearn.externals.joblib.numpy_pickle" => {
            name == "NumpyArrayWrapper"
        }
        _ => false,
    }
}

/// The values of an array of Python objects, and its shape; `None` where the object is none.
pub(super) fn objects<'p>(pickle: &'p Pickle<'_>, object: &Object) -> Option<(&'p [Id], &'p [Id])> {
    let (module, name) = pickle.global_name(object.callable)?;
    if name == "NumpyArrayWrapper" && is_array(module, name) {
        // Of joblib an array of objects is a pickle of its own.
        let (inner, _) = object.items.first().and_then(|&inner| pickle.object(inner))?;
        let (_, "_reconstruct") = pickle.global_name(inner.callable)? else { return None };
        return objects(pickle, inner);
    }
    if name != "_reconstruct" {
        return None;
    }
    if !is_array(module, "_reconstruct") {
        return None;
    }
    let Parts { shape, dtype, data, .. } = Parts::of(pickle, *object.state.last()?)?;
    let (call, Some(("numpy", "dtype"))) = pickle.object(dtype)? else { return None };
    let (code, _) = pickle.text_start(*pickle.args(call).first()?, 8)?;
    let code = code.trim_start_matches(['|', '<', '>', '=']);
    let Node::List(items) = pickle.node(data) else { return None };
    code.starts_with('O').then_some((items.as_slice(), pickle.sequence(shape)?))
}

/// The state of an array: `(version, shape, dtype, fortran, data)`.
struct Parts {
    shape: Id,
    dtype: Id,
    fortran: Id,
    data: Id,
}

impl Parts {
    fn of(pickle: &Pickle<'_>, state: Id) -> Option<Parts> {
        let mut parts = pickle.sequence(state).unwrap_or(&[]);
        // Subclasses put numpy's state first, and their own behind it.
        if let Some(inner) = parts.first().and_then(|&first| pickle.sequence(first))
            && inner.len() == 5
            && pickle.sequence(inner[1]).is_some()
        {
            parts = inner;
        }
        match *parts {
            [_, shape, dtype, fortran, data] | [shape, dtype, fortran, data] => {
                Some(Parts { shape, dtype, fortran, data })
            }
            _ => None,
        }
    }
}

/// The array of a call for which [`is_array`] holds.
pub(super) fn build(
    reader: &mut Reader<'_>,
    object: &Object,
    function: &str,
    name: &str,
) -> Result<Leaf, Error> {
    match function {
        "_reconstruct_array" | "reconstruct_device_array" => {
            // The function that makes the array, its arguments, the array's state, that of JAX.
            let state = reader.pickle.args(object).get(2).copied();
            reconstruct(reader, state, name)
        }
        "NumpyArrayWrapper" => joblib(reader, object, name),
        "_reconstruct" => reconstruct(reader, object.state.last().copied(), name),
        "_mareconstruct" => masked(reader, object, name),
        "_frombuffer" => from_buffer(reader, object, name),
        "scalar" => scalar(reader, object, name),
        _ => python_array(reader, object, name),
    }
}

/// What the elements of an array are.
enum Elements {
    /// Numbers.
    Plain(Dtype, Endian),
    /// Something else, for messages.
    Odd(String),
    /// Python objects.
    Objects,
}

/// `NumpyArrayWrapper` with a dict as its state, and its bytes or the array of objects.
fn joblib(reader: &mut Reader<'_>, object: &Object, name: &str) -> Result<Leaf, Error> {
    let pickle = reader.pickle;
    let (Some(&state), [data]) = (object.state.last(), object.items.as_slice()) else {
        return Ok(Leaf::unsupported("an array of joblib whose contents the pickle does not give"));
    };
    let Node::Bytes(_) = pickle.node(*data) else { return Ok(Leaf::Alias(*data)) };
    let found = |wanted: &str| {
        let Node::Dict(pairs) = pickle.node(state) else { return None };
        let is_it = |key: Id| pickle.text_start(key, 64).is_some_and(|(key, _)| key == wanted);
        pairs.iter().take(64).find(|(key, _)| is_it(*key)).map(|(_, value)| *value)
    };
    let (Some(shape), Some(dtype)) = (found("shape"), found("dtype")) else {
        return Ok(Leaf::unsupported("an array of joblib without a shape or a dtype"));
    };
    let fortran = found("order").and_then(|order| pickle.text(order)).is_some_and(|o| o == "F");
    finish(reader, name, dtype, shape, fortran, *data)
}

/// `_reconstruct(class, (0,), b'b')` with the state `(version, shape, dtype, fortran, data)`.
fn reconstruct(reader: &mut Reader<'_>, state: Option<Id>, name: &str) -> Result<Leaf, Error> {
    let Some(state) = state else {
        return Ok(Leaf::unsupported("an array whose contents the pickle does not give"));
    };
    let Some(parts) = Parts::of(reader.pickle, state) else {
        return Ok(Leaf::unsupported("an array of a class whose state is not numpy's"));
    };
    let fortran = reader.pickle.int(parts.fortran).unwrap_or(0) != 0;
    finish(reader, name, parts.dtype, parts.shape, fortran, parts.data)
}

/// `_mareconstruct(class, base, (0,), b'b')` with the state
/// `(version, shape, dtype, fortran, data, mask, fill)`.
fn masked(reader: &mut Reader<'_>, object: &Object, name: &str) -> Result<Leaf, Error> {
    let pickle = reader.pickle;
    let state = object.state.last().and_then(|&state| pickle.sequence(state));
    let Some(&[_, shape, dtype, fortran, data, _, _]) = state else {
        return Ok(Leaf::unsupported("a masked array whose state is not numpy's"));
    };
    let fortran = pickle.int(fortran).unwrap_or(0) != 0;
    Ok(match finish(reader, name, dtype, shape, fortran, data)? {
        Leaf::Tensor(tensor, _) => {
            Leaf::Tensor(tensor, Some("a masked array: the mask is not applied".to_owned()))
        }
        other => other,
    })
}

/// `_frombuffer(buffer, dtype, shape, order[, axes])`, protocol 5.
fn from_buffer(reader: &mut Reader<'_>, object: &Object, name: &str) -> Result<Leaf, Error> {
    let pickle = reader.pickle;
    let (buffer, dtype, shape, order, axes) = match *pickle.args(object) {
        [buffer, dtype, shape, order] => (buffer, dtype, shape, order, None),
        [buffer, dtype, shape, order, axes] => (buffer, dtype, shape, order, Some(axes)),
        _ => return Ok(Leaf::unsupported("an array of a buffer with unknown arguments")),
    };
    let order = pickle.text(order).unwrap_or_default();
    let leaf = finish(reader, name, dtype, shape, order == "F", buffer)?;
    let axes = axes.filter(|&axes| !matches!(pickle.node(axes), Node::None));
    match (leaf, axes) {
        (Leaf::Tensor(tensor, note), Some(axes)) if order == "K" => {
            let axes = reader.shape(axes, "order of axes")?;
            Ok(Leaf::Tensor(tensor.permute(&axes)?, note))
        }
        (leaf, _) => Ok(leaf),
    }
}

/// `scalar(dtype, bytes)`.
fn scalar(reader: &mut Reader<'_>, object: &Object, name: &str) -> Result<Leaf, Error> {
    let &[dtype, data] = reader.pickle.args(object) else {
        return Ok(Leaf::unsupported("a numpy scalar with unknown arguments"));
    };
    let (dtype, endian) = match elements(reader, dtype) {
        Elements::Plain(dtype, endian) => (dtype, endian),
        other => return Ok(refuse(other)),
    };
    let Some(raw) = reader.raw(data)? else {
        return Ok(Leaf::unsupported("a numpy scalar whose value is not bytes"));
    };
    packed(reader, name, (dtype, endian), View::packed(&[]), &raw)
}

/// An array of `dtype` and `shape` over the bytes of `data`.
fn finish(
    reader: &mut Reader<'_>,
    name: &str,
    dtype: Id,
    shape: Id,
    fortran: bool,
    data: Id,
) -> Result<Leaf, Error> {
    let (dtype, endian) = match elements(reader, dtype) {
        Elements::Plain(dtype, endian) => (dtype, endian),
        other => return Ok(refuse(other)),
    };
    let shape = reader.shape(shape, "shape")?;
    let Some(raw) = reader.raw(data)? else {
        let kind = reader.pickle.kind(data);
        return Err(Error::malformed(format!("its values are {kind}, not bytes")));
    };
    let view = if fortran { View::packed_fortran(&shape) } else { View::packed(&shape) };
    packed(reader, name, (dtype, endian), view, &raw)
}

/// A tensor that must fill its bytes exactly, as numpy demands.
fn packed(
    reader: &Reader<'_>,
    name: &str,
    (dtype, endian): (Dtype, Endian),
    view: View,
    raw: &Raw,
) -> Result<Leaf, Error> {
    let needs = element_count(&view.shape).and_then(|count| dtype.bytes_of(count));
    if needs != Some(raw.len) {
        let needs = needs.map_or("more than 2^64".to_owned(), |needs| needs.to_string());
        return Err(Error::malformed(format!(
            "shape {:?} of {dtype} needs {needs} bytes, the pickle holds {}",
            view.shape, raw.len
        )));
    }
    Ok(Leaf::Tensor(reader.tensor(name, (dtype, endian), view, raw)?, None))
}

fn refuse(elements: Elements) -> Leaf {
    match elements {
        Elements::Objects => Leaf::Skipped(
            Error::new(
                ErrorKind::Refused,
                "an array of Python objects: refused, what they are cannot be known without \
                 running code",
            )
            .cure("save it as an array of numbers"),
        ),
        Elements::Odd(what) => Leaf::unsupported(format!("an array of {what}: not read")),
        Elements::Plain(..) => Leaf::unsupported("an array"),
    }
}

/// The dtype of `numpy.dtype(code, align, copy)` with the state `(version, order, …)`, or of a type
/// named by itself (`numpy.float32`, `ml_dtypes.bfloat16`).
fn elements(reader: &Reader<'_>, id: Id) -> Elements {
    let pickle = reader.pickle;
    if let Some(global) = pickle.global(id) {
        return match type_name(&global.module, &global.name) {
            Some(dtype) => Elements::Plain(dtype, Endian::Little),
            None => Elements::Odd(global.shown()),
        };
    }
    let Some((object, Some(("numpy", "dtype")))) = pickle.object(id) else {
        return match pickle.object(id).and_then(|(object, _)| pickle.global(object.callable)) {
            // numpy 1.25 and later write some dtypes as a call of their class.
            Some(global) => Elements::Odd(global.shown()),
            None => Elements::Odd(format!("{} for a dtype", pickle.kind(id))),
        };
    };
    let Some(&code) = pickle.args(object).first() else {
        return Elements::Odd("a dtype without a name".to_owned());
    };
    if let Some(global) = pickle.global(code) {
        return match type_name(&global.module, &global.name) {
            Some(dtype) => Elements::Plain(dtype, state_order(reader, object)),
            None => Elements::Odd(global.shown()),
        };
    }
    let Some(code) = pickle.text(code) else {
        return Elements::Odd("a dtype without a name".to_owned());
    };
    let (order, code) = match code.as_bytes().first() {
        Some(b'>') => (Some(Endian::Big), &code[1..]),
        Some(b'<' | b'|' | b'=') => (Some(Endian::Little), &code[1..]),
        _ => (None, &*code),
    };
    let endian = order.unwrap_or_else(|| state_order(reader, object));
    match (type_code(code), code.as_bytes().first()) {
        (Some(dtype), _) => Elements::Plain(dtype, endian),
        (None, Some(b'O')) => Elements::Objects,
        (None, Some(b'V')) => Elements::Odd(format!("structured type {code:?}")),
        (None, Some(b'U' | b'S' | b'a')) => Elements::Odd(format!("text ({code:?})")),
        (None, Some(b'M' | b'm')) => Elements::Odd(format!("dates ({code:?})")),
        (None, _) => Elements::Odd(format!("type {code:?}")),
    }
}

/// The byte order in the state of a dtype: `(version, order, …)`.
fn state_order(reader: &Reader<'_>, dtype: &Object) -> Endian {
    let pickle = reader.pickle;
    let order = dtype
        .state
        .last()
        .and_then(|&state| pickle.sequence(state))
        .and_then(|state| state.get(1))
        .and_then(|&order| pickle.text(order));
    if order.as_deref() == Some(">") { Endian::Big } else { Endian::Little }
}

/// numpy's kind and size, in the longer and shorter words that pickles have besides.
fn type_code(code: &str) -> Option<Dtype> {
    match code {
        "e" => Some(Dtype::F16),
        "?" => Some(Dtype::Bool),
        "bfloat16" => Some(Dtype::Bf16),
        // Under numpy alone ml_dtypes' bfloat16 is two raw bytes, its float8_e5m2 a float of one.
        code => plain(code),
    }
}

/// The dtype of a type of numpy or ml_dtypes.
fn type_name(module: &str, name: &str) -> Option<Dtype> {
    match (module, name) {
        ("numpy", name) => Some(match name {
            "float16" | "half" => Dtype::F16,
            "float32" | "single" => Dtype::F32,
            "float64" | "double" | "float_" => Dtype::F64,
            "int8" | "byte" => Dtype::I8,
            "int16" => Dtype::I16,
            "int32" => Dtype::I32,
            "int64" => Dtype::I64,
            "uint8" | "ubyte" => Dtype::U8,
            "uint16" => Dtype::U16,
            "uint32" => Dtype::U32,
            "uint64" => Dtype::U64,
            "bool_" | "bool" => Dtype::Bool,
            "complex64" => Dtype::C64,
            "complex128" => Dtype::C128,
            _ => return None,
        }),
        ("ml_dtypes" | "jax.numpy", name) => Some(match name {
            "bfloat16" => Dtype::Bf16,
            "float8_e4m3fn" => Dtype::F8E4m3,
            "float8_e5m2" => Dtype::F8E5m2,
            "float8_e4m3fnuz" => Dtype::F8E4m3Fnuz,
            "float8_e5m2fnuz" => Dtype::F8E5m2Fnuz,
            "float8_e8m0fnu" => Dtype::F8E8m0,
            _ => return None,
        }),
        _ => None,
    }
}

/// `_array_reconstructor(class, typecode, machine format, bytes)`; the formats are those of
/// CPython's `Modules/arraymodule.c`.
fn python_array(reader: &mut Reader<'_>, object: &Object, name: &str) -> Result<Leaf, Error> {
    let pickle = reader.pickle;
    let &[_, _, format, data] = pickle.args(object) else {
        return Ok(Leaf::unsupported("an array.array with unknown arguments"));
    };
    let dtype = match pickle.int(format) {
        Some(0) => Dtype::U8,
        Some(1) => Dtype::I8,
        Some(2 | 3) => Dtype::U16,
        Some(4 | 5) => Dtype::I16,
        Some(6 | 7) => Dtype::U32,
        Some(8 | 9) => Dtype::I32,
        Some(10 | 11) => Dtype::U64,
        Some(12 | 13) => Dtype::I64,
        Some(14 | 15) => Dtype::F32,
        Some(16 | 17) => Dtype::F64,
        _ => return Ok(Leaf::unsupported("an array.array of characters: not read")),
    };
    let is_big = pickle.int(format).is_some_and(|format| format > 1 && format % 2 == 1);
    let endian = if is_big { Endian::Big } else { Endian::Little };
    let Some(raw) = reader.raw(data)? else {
        return Err(Error::malformed("an array.array whose values are not bytes"));
    };
    let size = dtype.bits() / 8;
    if !raw.len.is_multiple_of(size) {
        return Err(Error::malformed(format!(
            "{} bytes are not a whole number of {dtype}",
            raw.len
        )));
    }
    let len = usize::try_from(raw.len / size).unwrap_or(usize::MAX);
    packed(reader, name, (dtype, endian), View::packed(&[len]), &raw)
}
