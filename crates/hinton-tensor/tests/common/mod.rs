//! Plain, slow counterparts of what the crate does fast, and sources of bytes.
#![allow(dead_code, missing_docs)]

use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use hinton_tensor::{Bytes, Dtype, Endian, Memory, ReadError, Tensor, View};

/// Bytes that can be read but not addressed.
pub(crate) struct Readable(pub(crate) Vec<u8>);

impl Bytes for Readable {
    fn len(&self) -> u64 {
        self.0.len() as u64
    }

    fn slice(&self, _range: Range<u64>) -> Option<&[u8]> {
        None
    }

    fn read_at(&self, offset: u64, buf: &mut [u8]) -> Result<(), ReadError> {
        let end = offset as usize + buf.len();
        let Some(bytes) = self.0.get(offset as usize..end) else {
            return Err(ReadError::past_end(offset, buf.len() as u64, self.len()));
        };
        buf.copy_from_slice(bytes);
        Ok(())
    }
}

/// Bytes of a stream: reading backwards is refused.
pub(crate) struct Stream {
    bytes: Readable,
    at: AtomicU64,
}

impl Stream {
    pub(crate) fn new(bytes: Vec<u8>) -> Self {
        Stream { bytes: Readable(bytes), at: AtomicU64::new(0) }
    }
}

impl Bytes for Stream {
    fn len(&self) -> u64 {
        self.bytes.len()
    }

    fn slice(&self, _range: Range<u64>) -> Option<&[u8]> {
        None
    }

    fn read_at(&self, offset: u64, buf: &mut [u8]) -> Result<(), ReadError> {
        let before = self.at.swap(offset + buf.len() as u64, Ordering::SeqCst);
        if before > offset {
            let why = format!("backwards from {before}");
            return Err(ReadError::system(offset, buf.len() as u64, why));
        }
        self.bytes.read_at(offset, buf)
    }

    fn is_sequential(&self) -> bool {
        true
    }
}

/// Numbers that look random and never change.
pub(crate) struct Random(pub(crate) u64);

impl Random {
    pub(crate) fn next(&mut self) -> u64 {
        // SplitMix64, Steele, Lea and Flood 2014.
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    pub(crate) fn bytes(&mut self, len: usize) -> Vec<u8> {
        (0..len.div_ceil(8)).flat_map(|_| self.next().to_le_bytes()).take(len).collect()
    }

    /// From -1 to 1, more often near 0.
    pub(crate) fn normal(&mut self) -> f64 {
        let mut uniform = || self.next() as f64 / u64::MAX as f64;
        uniform() - uniform()
    }
}

/// A small float, straight from its definition.
fn small(code: u32, exponent: u32, mantissa: u32, bias: i32, nan: impl Fn(u32) -> bool) -> f64 {
    if nan(code) {
        return f64::NAN;
    }
    let sign = if code >> (exponent + mantissa) & 1 == 1 { -1.0 } else { 1.0 };
    let power = (code >> mantissa & ((1 << exponent) - 1)) as i32;
    let fraction = f64::from(code & ((1 << mantissa) - 1)) / f64::from(1u32 << mantissa);
    if power == 0 {
        sign * fraction * 2f64.powi(1 - bias)
    } else {
        sign * (1.0 + fraction) * 2f64.powi(power - bias)
    }
}

fn ieee_small(code: u32, exponent: u32, mantissa: u32, bias: i32) -> f64 {
    let infinity = ((1 << exponent) - 1) << mantissa;
    let magnitude = code & ((1 << (exponent + mantissa)) - 1);
    if magnitude == infinity {
        let negative = code >> (exponent + mantissa) & 1 == 1;
        return if negative { f64::NEG_INFINITY } else { f64::INFINITY };
    }
    small(code, exponent, mantissa, bias, |_| magnitude > infinity)
}

/// The value of element `index` of packed values, straight from the dtype's definition.
pub(crate) fn plain_value(dtype: Dtype, endian: Endian, bytes: &[u8], index: usize) -> f64 {
    let bits = dtype.bits() as usize;
    if bits < 8 {
        let code = (0..bits)
            .map(|bit| index * bits + bit)
            .enumerate()
            .map(|(place, bit)| u32::from(bytes[bit / 8] >> (bit % 8) & 1) << place)
            .sum();
        return match dtype {
            Dtype::F4 => small(code, 2, 1, 1, |_| false),
            Dtype::F6E2m3 => small(code, 2, 3, 1, |_| false),
            _ => small(code, 3, 2, 3, |_| false),
        };
    }
    let mut own = bytes[index * bits / 8..(index + 1) * bits / 8].to_vec();
    if endian == Endian::Big {
        let part = if dtype.is_complex() { own.len() / 2 } else { own.len() };
        own.chunks_mut(part).for_each(|part| part.reverse());
    }
    let whole = own.iter().rev().fold(0u128, |whole, &byte| whole << 8 | u128::from(byte));
    let code = whole as u32;
    match dtype {
        Dtype::F64 => f64::from_bits(whole as u64),
        Dtype::F32 => f64::from(f32::from_bits(code)),
        Dtype::F16 => ieee_small(code, 5, 10, 15),
        Dtype::Bf16 => f64::from(f32::from_bits(code << 16)),
        Dtype::F8E4m3 => small(code, 4, 3, 7, |code| code & 0x7F == 0x7F),
        Dtype::F8E5m2 => ieee_small(code, 5, 2, 15),
        Dtype::F8E4m3Fnuz => small(code, 4, 3, 8, |code| code == 0x80),
        Dtype::F8E5m2Fnuz => small(code, 5, 2, 16, |code| code == 0x80),
        Dtype::F8E8m0 if code == 255 => f64::NAN,
        Dtype::F8E8m0 => 2f64.powi(code as i32 - 127),
        Dtype::I64 => whole as i64 as f64,
        Dtype::I32 => f64::from(whole as i32),
        Dtype::I16 => f64::from(whole as i16),
        Dtype::I8 => f64::from(whole as i8),
        Dtype::U64 | Dtype::U32 | Dtype::U16 | Dtype::U8 => whole as u64 as f64,
        Dtype::Bool => f64::from(u8::from(whole != 0)),
        Dtype::C64 => {
            let part = |bits: u128| f64::from(f32::from_bits(bits as u32));
            part(whole).hypot(part(whole >> 32))
        }
        Dtype::C128 => f64::from_bits(whole as u64).hypot(f64::from_bits((whole >> 64) as u64)),
        _ => unreachable!(),
    }
}

/// The elements of a view in C order.
pub(crate) fn plain_elements(view: &View) -> Vec<usize> {
    let mut elements = vec![view.offset as i64];
    for (&len, &stride) in view.shape.iter().zip(&view.strides) {
        elements = elements
            .iter()
            .flat_map(|first| (0..len as i64).map(move |at| first + at * stride))
            .collect();
    }
    elements.into_iter().map(|element| element as usize).collect()
}

/// The values of a tensor in C order; `bytes` are those it was made of, from byte 0.
pub(crate) fn plain_values(tensor: &Tensor, bytes: &[u8]) -> Vec<f64> {
    let bytes = &bytes[tensor.start() as usize..];
    let elements = plain_elements(tensor.view());
    let value = |element| plain_value(tensor.dtype(), tensor.endian(), bytes, element);
    elements.into_iter().map(value).collect()
}

/// A tensor whose element 0 lies at byte `start`.
pub(crate) fn tensor_of(
    dtype: Dtype,
    endian: Endian,
    view: View,
    start: u64,
    data: Arc<dyn Bytes>,
) -> Tensor {
    Tensor::new("w", "test", dtype, endian, view, start, data).unwrap()
}

/// A packed little-endian tensor.
pub(crate) fn packed(dtype: Dtype, shape: &[usize], bytes: Vec<u8>) -> Tensor {
    let data = Arc::new(Memory::new(bytes));
    tensor_of(dtype, Endian::Little, View::packed(shape), 0, data)
}

/// Equal, or both not a number, or (where digits are lost) neighbours.
pub(crate) fn close(a: f64, b: f64, tolerance: f64) -> bool {
    a == b || (a.is_nan() && b.is_nan()) || (a - b).abs() <= tolerance * a.abs().max(b.abs())
}

/// A view with these strides whose lowest element is 0, and the number of elements it needs.
pub(crate) fn view_of(shape: &[usize], strides: &[i64]) -> (View, usize) {
    let mut view = View { shape: shape.to_vec(), strides: strides.to_vec(), offset: 1 << 40 };
    let Some((low, high)) = view.reach() else {
        view.offset = 0;
        return (view, 0);
    };
    view.offset -= low;
    (view, (high - low + 1) as usize)
}
