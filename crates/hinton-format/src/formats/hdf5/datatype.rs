//! The datatype message: which of our dtypes the values are, or what they are instead.

use hinton_tensor::{Dtype, Endian};

use super::file::Fields;
use crate::Error;

/// What one element of a dataset or attribute is.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Kind {
    /// A number.
    Number(Dtype, Endian),
    /// A small array in every element: more axes at the end of the shape.
    Array(Box<Datatype>, Vec<usize>),
    /// A text of fixed size.
    Text,
    /// A text or a list of any length, which lies in a heap.
    Varying { text: bool, of: Box<Datatype> },
    /// The place of another object.
    Reference,
    /// Bytes without a meaning of their own.
    Opaque,
    /// Not a number; the name of the type, for messages.
    Other(String),
}

/// The type of an element, and the bytes it takes.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Datatype {
    pub(super) size: u64,
    pub(super) kind: Kind,
}

/// Types in types are read to this depth.
const DEPTH: usize = 16;

/// Reads a datatype message.
pub(super) fn read(fields: &mut Fields<'_>) -> Result<Datatype, Error> {
    at_depth(fields, 0)
}

fn at_depth(fields: &mut Fields<'_>, depth: usize) -> Result<Datatype, Error> {
    if depth > DEPTH {
        return Err(fields.wrong(format!("a datatype in more than {DEPTH} datatypes")));
    }
    let first = fields.u8()?;
    let (version, class) = (first >> 4, first & 15);
    let bits = fields.uint(3)? as u32;
    let size = u64::from(fields.u32()?);
    let kind = match class {
        0 => integer(fields, bits, size)?,
        1 => float(fields, bits, size)?,
        2 => Kind::Other("dates or times".to_owned()),
        3 => Kind::Text,
        4 => {
            fields.take(4)?;
            Kind::Other("bit fields".to_owned())
        }
        5 => {
            // Its tag.
            fields.take((bits & 0xff).next_multiple_of(8) as usize)?;
            Kind::Opaque
        }
        6 => compound(fields, version, bits & 0xffff, size, depth)?,
        7 if bits & 15 == 0 => Kind::Reference,
        7 => Kind::Other("references to regions of other objects".to_owned()),
        8 => enumeration(fields, version, bits & 0xffff, depth)?,
        9 => {
            let of = Box::new(at_depth(fields, depth + 1)?);
            Kind::Varying { text: bits & 15 == 1, of }
        }
        10 => array(fields, version, size, depth)?,
        11 => match at_depth(fields, depth + 1)?.kind {
            Kind::Number(dtype, endian) => complex(dtype, endian, size),
            _ => Kind::Other("complex values of no numbers".to_owned()),
        },
        _ => Kind::Other(format!("values of class {class}")),
    };
    Ok(Datatype { size, kind })
}

fn endian(bits: u32) -> Endian {
    if bits & 1 == 0 { Endian::Little } else { Endian::Big }
}

fn integer(fields: &mut Fields<'_>, bits: u32, size: u64) -> Result<Kind, Error> {
    let (shift, precision) = (fields.u16()?, fields.u16()?);
    let dtype = match (size, bits & 8 != 0) {
        (1, true) => Dtype::I8,
        (2, true) => Dtype::I16,
        (4, true) => Dtype::I32,
        (8, true) => Dtype::I64,
        (1, false) => Dtype::U8,
        (2, false) => Dtype::U16,
        (4, false) => Dtype::U32,
        (8, false) => Dtype::U64,
        _ => return Ok(Kind::Other(format!("integers of {size} bytes"))),
    };
    if shift != 0 || u64::from(precision) != 8 * size {
        return Ok(Kind::Other(format!("integers of {precision} bits in {size} bytes")));
    }
    Ok(Kind::Number(dtype, endian(bits)))
}

/// Floats say where sign, exponent and mantissa lie and what the bias is.
fn float(fields: &mut Fields<'_>, bits: u32, size: u64) -> Result<Kind, Error> {
    let (shift, precision) = (fields.u16()?, fields.u16()?);
    let (exponent_at, exponent) = (fields.u8()?, fields.u8()?);
    let (mantissa_at, mantissa) = (fields.u8()?, fields.u8()?);
    let bias = fields.u32()?;
    let dtype = match (size, exponent, mantissa, bias) {
        (8, 11, 52, 1023) => Dtype::F64,
        (4, 8, 23, 127) => Dtype::F32,
        (2, 5, 10, 15) => Dtype::F16,
        (2, 8, 7, 127) => Dtype::Bf16,
        (1, 4, 3, 7) => Dtype::F8E4m3,
        (1, 5, 2, 15) => Dtype::F8E5m2,
        _ => return Ok(Kind::Other(format!("floats of {size} bytes with bias {bias}"))),
    };
    // Packed as IEEE 754 packs them: sign, exponent, mantissa, from the top.
    let sign = u64::from(bits >> 8 & 0xff);
    let usual = shift == 0
        && u64::from(precision) == 8 * size
        && mantissa_at == 0
        && exponent_at == mantissa
        && sign == 8 * size - 1
        && bits & 0x40 == 0;
    if !usual {
        return Ok(Kind::Other(format!("floats of {size} bytes in an unusual order")));
    }
    Ok(Kind::Number(dtype, endian(bits)))
}

/// Two floats side by side are a complex number, as h5py and MATLAB write them.
fn compound(
    fields: &mut Fields<'_>,
    version: u8,
    count: u32,
    size: u64,
    depth: usize,
) -> Result<Kind, Error> {
    let mut members = Vec::new();
    for _ in 0..count {
        let name = fields.text(version < 3)?;
        let offset = match version {
            ..3 => u64::from(fields.u32()?),
            _ => fields.uint(width_for(size))?,
        };
        if version == 1 {
            fields.take(28)?;
        }
        members.push((name, offset, at_depth(fields, depth + 1)?));
    }
    if let [(first, 0, real), (second, offset, imaginary)] = &members[..]
        && matches!((&**first, &**second), ("r", "i") | ("real", "imag"))
        && real == imaginary
        && *offset == real.size
        && let Kind::Number(dtype, endian) = real.kind
        && let complex @ Kind::Number(..) = complex(dtype, endian, size)
    {
        return Ok(complex);
    }
    let names: Vec<String> = members.iter().take(8).map(|(name, ..)| format!("{name:?}")).collect();
    Ok(Kind::Other(format!("records of named fields ({})", names.join(", "))))
}

fn complex(part: Dtype, endian: Endian, size: u64) -> Kind {
    match (part, size) {
        (Dtype::F32, 8) => Kind::Number(Dtype::C64, endian),
        (Dtype::F64, 16) => Kind::Number(Dtype::C128, endian),
        _ => Kind::Other(format!("complex values of {size} bytes")),
    }
}

/// Fewest bytes that hold numbers up to `size`.
fn width_for(size: u64) -> usize {
    (64 - size.leading_zeros() as usize).div_ceil(8).max(1)
}

/// h5py writes booleans as an enumeration of FALSE and TRUE; others stay numbers.
fn enumeration(
    fields: &mut Fields<'_>,
    version: u8,
    count: u32,
    depth: usize,
) -> Result<Kind, Error> {
    let base = at_depth(fields, depth + 1)?;
    let names: Result<Vec<String>, Error> = (0..count).map(|_| fields.text(version < 3)).collect();
    let names = names?;
    let size = usize::try_from(base.size).unwrap_or(usize::MAX);
    let values = fields.take(size.saturating_mul(count as usize))?;
    let boolean = names == ["FALSE", "TRUE"] && values == [0, 1];
    Ok(match base.kind {
        Kind::Number(_, endian) if boolean => Kind::Number(Dtype::Bool, endian),
        other => other,
    })
}

fn array(fields: &mut Fields<'_>, version: u8, size: u64, depth: usize) -> Result<Kind, Error> {
    let axes = usize::from(fields.u8()?);
    if version < 3 {
        fields.take(3)?;
    }
    let dims: Result<Vec<usize>, Error> = (0..axes).map(|_| Ok(fields.u32()? as usize)).collect();
    let dims = dims?;
    if version < 3 {
        fields.take(4 * axes)?;
    }
    let base = at_depth(fields, depth + 1)?;
    let count = hinton_tensor::element_count(&dims);
    if count.and_then(|count| count.checked_mul(base.size)) != Some(size) {
        return Err(fields.wrong(format!("arrays {dims:?} do not fill elements of {size} bytes")));
    }
    Ok(Kind::Array(Box::new(base), dims))
}
