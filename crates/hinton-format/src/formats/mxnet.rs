//! MXNet's `.params`: a list of arrays and, behind them all, a list of their names.
//!
//! Layout: `NDArray::Save` and `NDArray::Load` in `src/ndarray/ndarray.cc` of <https://github.com/apache/mxnet>.

use hinton_tensor::{Dtype, Endian, Tensor, View, element_count};

use super::FormatRow;
use super::notes::{Skipped, check_path, distinct};
use crate::source::Cursor;
use crate::{Checkpoint, Error, ErrorKind, Head, Input, Limits, Sniff, Warning};

/// The row of the table.
pub(crate) const ROW: FormatRow = FormatRow {
    name: "mxnet",
    about: "parameters of MXNet and Gluon (.params)",
    help: "Read: the arrays under the names of the file, with the `arg:` and `aux:` that Module writes before \
           them; arrays without names are numbered. Every version of the layout (before 0.10, with storage \
           types, with shapes as numpy has them) and every type of numbers. Skipped with a warning: \
           sparse arrays. Layout: ndarray.cc of MXNet",
    quantised: "",
    extensions: &["params"],
    sniff,
    open,
};

/// `kMXAPINDArrayListMagic`, and eight bytes that are reserved.
const MAGIC: &[u8] = b"\x12\x01\0\0\0\0\0\0\0\0\0\0\0\0\0\0";
/// The marks before an array: shapes in 64 bits, storage types, shapes as numpy has them. Without one
/// the number of axes stands there.
const V1: u32 = 0xf993_fac8;
const V2: u32 = 0xf993_fac9;
const V3: u32 = 0xf993_faca;

fn sniff(head: &Head<'_>) -> Sniff {
    if head.bytes.starts_with(MAGIC) { Sniff::Certain } else { Sniff::No }
}

/// `mshadow::TypeFlag`.
fn dtype_of(flag: u32) -> Option<Dtype> {
    Some(match flag {
        0 => Dtype::F32,
        1 => Dtype::F64,
        2 => Dtype::F16,
        3 => Dtype::U8,
        4 => Dtype::I32,
        5 => Dtype::I8,
        6 => Dtype::I64,
        7 => Dtype::Bool,
        8 => Dtype::I16,
        9 => Dtype::U16,
        10 => Dtype::U32,
        11 => Dtype::U64,
        12 => Dtype::Bf16,
        _ => return None,
    })
}

/// An array as it lies in the file.
enum Array {
    Dense {
        dtype: Dtype,
        shape: Vec<usize>,
        start: u64,
    },
    Sparse,
    /// Without a shape, and so without values.
    None,
}

fn open(input: &Input, limits: &Limits) -> Result<Checkpoint, Error> {
    let mut cursor = Cursor::whole(&*input.data, Endian::Little);
    cursor.skip(MAGIC.len() as u64, "the mark")?;
    let count = count(&mut cursor, "the number of arrays", limits)?;
    let mut arrays = Vec::new();
    for index in 0..count {
        arrays
            .push(array(&mut cursor, limits).map_err(|error| error.for_tensor(index.to_string()))?);
    }
    let names = names(&mut cursor, arrays.len(), limits)?;
    let mut warnings = Vec::new();
    if cursor.left() > 0 {
        let message = format!("{} bytes after the names belong to no array", cursor.left());
        warnings.push(Warning::file(message).as_fault());
    }
    let (mut tensors, mut skipped) = (Vec::new(), Skipped::default());
    for (array, name) in arrays.into_iter().zip(names) {
        match array {
            Array::Dense { dtype, shape, start } => {
                let (view, data) = (View::packed(&shape), input.data.clone());
                let file = input.name.as_str();
                tensors.push(Tensor::new(name, file, dtype, Endian::Little, view, start, data)?);
            }
            Array::Sparse => skipped.add(name, "skipped: it is sparse"),
            Array::None => skipped.add(name, "skipped: it has no shape and no values"),
        }
    }
    warnings.extend(skipped.warnings());
    distinct(&mut tensors, &mut warnings);
    Ok(Checkpoint::of_file(input, ROW.name, Vec::new(), tensors, warnings))
}

/// A count of things that have a byte at least.
fn count(cursor: &mut Cursor<'_>, what: &str, limits: &Limits) -> Result<u64, Error> {
    let at = cursor.at();
    let count = cursor.u64(what)?;
    if count > limits.tensors as u64 {
        let message = format!("{what} is {count}, the limit is {}", limits.tensors);
        return Err(Error::new(ErrorKind::Limit, message).at_byte(at));
    }
    if count > cursor.left() {
        let message = format!("{what} is {count}, {} bytes are left", cursor.left());
        return Err(Error::malformed(message).at_byte(at));
    }
    Ok(count)
}

/// The names behind the arrays; numbers where there are none.
fn names(cursor: &mut Cursor<'_>, arrays: usize, limits: &Limits) -> Result<Vec<String>, Error> {
    let at = cursor.at();
    let count = count(cursor, "the number of names", limits)?;
    if count == 0 {
        return Ok((0..arrays).map(|index| index.to_string()).collect());
    }
    if count != arrays as u64 {
        let message = format!("{count} names for {arrays} arrays");
        return Err(Error::malformed(message).at_byte(at));
    }
    let mut names = Vec::new();
    for _ in 0..count {
        let len = cursor.u64("the length of a name")?;
        if len > 1 << 16 {
            let message = format!("a name of {len} bytes");
            return Err(Error::new(ErrorKind::Limit, message).at_byte(cursor.at()));
        }
        let name = String::from_utf8_lossy(&cursor.take(len, "a name")?).into_owned();
        check_path(&name)?;
        names.push(name);
    }
    Ok(names)
}

fn array(cursor: &mut Cursor<'_>, limits: &Limits) -> Result<Array, Error> {
    let mark = cursor.u32("the mark of an array")?;
    let mut parts = 0;
    let mut stored = Vec::new();
    if matches!(mark, V2 | V3) {
        let at = cursor.at();
        parts = match cursor.u32("its storage type")? {
            0 => 0,
            1 => 1,
            2 => 2,
            other => {
                let message = format!("its storage type is {other}, 0 to 2 are known");
                return Err(Error::malformed(message).at_byte(at));
            }
        };
        if parts > 0 {
            stored = shape(cursor, limits)?.unwrap_or_default();
        }
    }
    let own = match mark {
        V1 | V2 | V3 => shape(cursor, limits)?,
        axes => Some(old_shape(cursor, axes, limits)?),
    };
    // As numpy has shapes, one of no axes is a single number.
    let own = own.filter(|shape| mark == V3 || !shape.is_empty());
    let Some(own) = own else { return Ok(Array::None) };
    cursor.skip(8, "its device")?;
    let dtype = dtype(cursor)?;
    let mut others = Vec::new();
    for _ in 0..parts {
        let dtype = self::dtype(cursor)?;
        others.push((dtype, shape(cursor, limits)?.unwrap_or_default()));
    }
    let start = cursor.at();
    skip(cursor, dtype, if parts > 0 { &stored } else { &own })?;
    for (dtype, shape) in &others {
        skip(cursor, *dtype, shape)?;
    }
    Ok(match parts {
        0 => Array::Dense { dtype, shape: own, start },
        _ => Array::Sparse,
    })
}

fn dtype(cursor: &mut Cursor<'_>) -> Result<Dtype, Error> {
    let at = cursor.at();
    let flag = cursor.u32("its type")?;
    dtype_of(flag)
        .ok_or_else(|| Error::malformed(format!("its type {flag} is unknown")).at_byte(at))
}

/// Goes over the values of an array.
fn skip(cursor: &mut Cursor<'_>, dtype: Dtype, shape: &[usize]) -> Result<(), Error> {
    let bytes = element_count(shape).and_then(|count| dtype.bytes_of(count)).ok_or_else(|| {
        Error::malformed(format!("its shape {shape:?} cannot be counted")).at_byte(cursor.at())
    })?;
    cursor.skip(bytes, "its values")
}

/// `TShape`: the number of axes in 32 bits, -1 where it is not known, and lengths in 64.
fn shape(cursor: &mut Cursor<'_>, limits: &Limits) -> Result<Option<Vec<usize>>, Error> {
    let axes = cursor.u32("the number of its axes")?;
    if axes == u32::MAX {
        return Ok(None);
    }
    check_axes(cursor, axes, limits)?;
    let mut dims = Vec::new();
    for _ in 0..axes {
        let dim = cursor.u64("the length of an axis")?;
        // A length that is not known is -1.
        dims.push(usize::try_from(dim.cast_signed()).ok());
    }
    Ok(dims.into_iter().collect())
}

/// The shape of the oldest layout, in 32 bits.
fn old_shape(cursor: &mut Cursor<'_>, axes: u32, limits: &Limits) -> Result<Vec<usize>, Error> {
    check_axes(cursor, axes, limits)?;
    (0..axes).map(|_| Ok(cursor.u32("the length of an axis")? as usize)).collect()
}

fn check_axes(cursor: &Cursor<'_>, axes: u32, limits: &Limits) -> Result<(), Error> {
    if axes as usize <= limits.axes {
        return Ok(());
    }
    let message = format!("it has {axes} axes, the limit is {}", limits.axes);
    Err(Error::malformed(message).at_byte(cursor.at()))
}
