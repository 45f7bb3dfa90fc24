//! Dtypes as zarr's two versions name them, and the values that stand for chunks that are missing.

use hinton_tensor::{Dtype, Endian, decode_f64};
use serde_json::Value;

use crate::formats::{flax, npy};
use crate::{Error, ErrorKind};

/// How single values lie.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Kind {
    pub(super) dtype: Dtype,
    pub(super) endian: Endian,
    /// The low bits of each byte that count, of integers narrower than a byte: TensorStore keeps
    /// them one to a byte, and says nothing of the others.
    pub(super) bits: Option<u32>,
}

/// Integers narrower than a byte.
const NARROW: &[(&str, Dtype, u32)] = &[
    ("int4", Dtype::I8, 4),
    ("int2", Dtype::I8, 2),
    ("uint4", Dtype::U8, 4),
    ("uint2", Dtype::U8, 2),
];

/// The dtype of a metadata file: numpy's (`<f4`), or a name (`bfloat16`, `float32`).
///
/// # Errors
/// [`ErrorKind::Unsupported`] for what are no numbers, or none that can be shown.
pub(super) fn kind(json: &Value) -> Result<Kind, Error> {
    let unsupported = |what: String| Error::new(ErrorKind::Unsupported, what);
    let name = match json {
        Value::String(name) => name.as_str(),
        Value::Array(_) => return Err(unsupported("it holds records of named fields".to_owned())),
        other => match other.get("name").and_then(Value::as_str) {
            Some(name) => name,
            None => return Err(Error::malformed(format!("its dtype is {other}"))),
        },
    };
    if name.starts_with(['<', '>', '|', '=']) {
        let (dtype, endian) = npy::dtype(name)?;
        return Ok(Kind { dtype, endian, bits: None });
    }
    let endian = Endian::Little;
    if let Some((_, dtype, bits)) = NARROW.iter().find(|(narrow, ..)| *narrow == name) {
        return Ok(Kind { dtype: *dtype, endian, bits: Some(*bits) });
    }
    match flax::dtype_of(name) {
        Some(dtype) => Ok(Kind { dtype, endian, bits: None }),
        None => Err(unsupported(format!("its values are {name:?}, which are not read"))),
    }
}

/// Integers of this many low bits as whole bytes.
pub(super) fn widen(bytes: &mut [u8], bits: u32, signed: bool) {
    let free = 8 - bits;
    for byte in bytes {
        let high = *byte << free;
        *byte = if signed { (high.cast_signed() >> free).cast_unsigned() } else { high >> free };
    }
}

/// The bytes of the element that stands where no chunk was written; none for zero.
///
/// # Errors
/// Returns an error if the value is none of that dtype.
pub(super) fn fill(json: &Value, kind: Kind) -> Result<Vec<u8>, Error> {
    let Kind { dtype, endian, .. } = kind;
    let odd = || Error::malformed(format!("its fill value is {json}, which is no {dtype}"));
    let mut bytes = match dtype {
        _ if json.is_null() => Vec::new(),
        Dtype::C64 | Dtype::C128 => {
            let part = if dtype == Dtype::C64 { Dtype::F32 } else { Dtype::F64 };
            let Some([real, imaginary]) = json.as_array().map(Vec::as_slice) else {
                return Err(odd());
            };
            let parts = [real, imaginary].map(|number| float(number, part, endian).ok_or_else(odd));
            let [real, imaginary] = parts;
            [real?, imaginary?].concat()
        }
        Dtype::Bool => match json {
            Value::Bool(value) => vec![u8::from(*value)],
            other => vec![u8::from(other.as_f64().ok_or_else(odd)? != 0.0)],
        },
        _ if dtype.is_integer() => integer(json, dtype, endian).ok_or_else(odd)?,
        _ => float(json, dtype, endian).ok_or_else(odd)?,
    };
    if bytes.iter().all(|byte| *byte == 0) {
        bytes.clear();
    }
    Ok(bytes)
}

fn integer(json: &Value, dtype: Dtype, endian: Endian) -> Option<Vec<u8>> {
    let number = match json {
        Value::Number(number) => match (number.as_i64(), number.as_u64(), number.as_f64()) {
            (Some(number), ..) => i128::from(number),
            (_, Some(number), _) => i128::from(number),
            (_, _, Some(number)) if number.fract() == 0.0 => number as i128,
            _ => return None,
        },
        _ => return None,
    };
    let bits = dtype.bits() as u32;
    let signed = matches!(dtype, Dtype::I8 | Dtype::I16 | Dtype::I32 | Dtype::I64);
    let (low, high) = if signed {
        (-(1i128 << (bits - 1)), (1i128 << (bits - 1)) - 1)
    } else {
        (0, (1i128 << bits) - 1)
    };
    let fits = (low..=high).contains(&number);
    fits.then(|| ordered(number.to_le_bytes()[..bits as usize / 8].to_vec(), endian))
}

fn float(json: &Value, dtype: Dtype, endian: Endian) -> Option<Vec<u8>> {
    let number = match json {
        Value::Number(number) => number.as_f64()?,
        Value::String(text) => match text.as_str() {
            "NaN" => f64::NAN,
            "Infinity" => f64::INFINITY,
            "-Infinity" => f64::NEG_INFINITY,
            // Version 3 also writes the bits.
            bits => {
                let digits = bits.strip_prefix("0x")?;
                let bits = u64::from_str_radix(digits, 16).ok()?;
                let size = (dtype.bits() / 8) as usize;
                return (digits.len() == 2 * size)
                    .then(|| ordered(bits.to_le_bytes()[..size].to_vec(), endian));
            }
        },
        _ => return None,
    };
    let bytes = match dtype {
        Dtype::F64 => number.to_le_bytes().to_vec(),
        Dtype::F32 => (number as f32).to_le_bytes().to_vec(),
        narrow => nearest(number, narrow)?,
    };
    Some(ordered(bytes, endian))
}

/// The code of a float of one or two bytes whose value is nearest; of two as near the even one.
fn nearest(number: f64, dtype: Dtype) -> Option<Vec<u8>> {
    let bits = dtype.bits();
    if !matches!(bits, 8 | 16) {
        return None;
    }
    let mut best: Option<(f64, u16)> = None;
    for code in 0..=u16::MAX >> (16 - bits) {
        let mut value = [0.0];
        decode_f64(dtype, Endian::Little, &code.to_le_bytes()[..bits as usize / 8], &mut value);
        let far = match (value[0].is_nan(), number.is_nan()) {
            (true, true) => 0.0,
            _ if value[0] == number => 0.0,
            _ => (value[0] - number).abs(),
        };
        let better = best.is_none_or(|(least, _)| far < least || far == least && code & 1 == 0);
        // Of the two zeros, and of the many NaN, the first.
        if !far.is_nan() && better && best.is_none_or(|(least, _)| least > 0.0) {
            best = Some((far, code));
        }
    }
    let (_, code) = best?;
    Some(code.to_le_bytes()[..bits as usize / 8].to_vec())
}

fn ordered(mut little: Vec<u8>, endian: Endian) -> Vec<u8> {
    if endian == Endian::Big {
        little.reverse();
    }
    little
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn narrow_integers_fill_their_byte() {
        let mut bytes = [0x08, 0xf7, 0x0f, 0x31];
        widen(&mut bytes, 4, true);
        assert_eq!(bytes, [0xf8, 7, 0xff, 1]);
        widen(&mut bytes, 2, false);
        assert_eq!(bytes, [0, 3, 3, 1]);
    }

    #[test]
    fn fill_values_become_the_bytes_of_an_element() {
        let kind = |dtype| Kind { dtype, endian: Endian::Little, bits: None };
        let of = |value: Value, dtype| fill(&value, kind(dtype)).unwrap();
        assert_eq!(of(json!(1.5), Dtype::F32), 1.5f32.to_le_bytes());
        assert!(of(json!(0), Dtype::F32).is_empty());
        assert!(of(json!(null), Dtype::I8).is_empty());
        assert_eq!(of(json!("0x7fc00001"), Dtype::F32), [1, 0, 0xc0, 0x7f]);
        assert_eq!(of(json!("-Infinity"), Dtype::F16), [0, 0xfc]);
        assert_eq!(of(json!(1.0), Dtype::Bf16), [0x80, 0x3f]);
        assert_eq!(of(json!(-2.0), Dtype::F8E4m3), [0xc0]);
        assert_eq!(of(json!(-1), Dtype::I16), [0xff, 0xff]);
        assert_eq!(of(json!(u64::MAX), Dtype::U64), [0xff; 8]);
        assert_eq!(of(json!(true), Dtype::Bool), [1]);
        assert_eq!(of(json!([0, 1]), Dtype::C64), [0, 0, 0, 0, 0, 0, 0x80, 0x3f]);
        let big = Kind { endian: Endian::Big, ..kind(Dtype::U16) };
        assert_eq!(fill(&json!(258), big).unwrap(), [1, 2]);
        let nan = of(json!("NaN"), Dtype::Bf16);
        assert!(f32::from_bits(u32::from(u16::from_le_bytes([nan[0], nan[1]])) << 16).is_nan());
        for (value, dtype) in
            [(json!(300), Dtype::U8), (json!(0.5), Dtype::I8), (json!("x"), Dtype::F32)]
        {
            assert!(fill(&value, kind(dtype)).is_err(), "{value}");
        }
    }
}
