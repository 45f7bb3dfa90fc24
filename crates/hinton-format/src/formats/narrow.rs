//! Integers narrower than a byte, several to a byte, low bits first: ONNX and TensorFlow Lite.

use std::sync::Arc;

use hinton_tensor::{Bytes, Dtype, ReadError};

use crate::source::{Made, read_vec};

/// `elements` integers of `bits` bits from byte `start` of `data` on, one to a byte: `i8` or `u8`.
pub(crate) fn narrow(
    data: Arc<dyn Bytes>,
    start: u64,
    elements: u64,
    bits: u32,
    signed: bool,
) -> (Dtype, Arc<dyn Bytes>) {
    let dtype = if signed { Dtype::I8 } else { Dtype::U8 };
    let fill = move |first: u64, buf: &mut [u8]| unpack(&*data, start, first, bits, signed, buf);
    (dtype, Arc::new(Made::new(elements, 1, fill)))
}

fn unpack(
    data: &dyn Bytes,
    start: u64,
    first: u64,
    bits: u32,
    signed: bool,
    out: &mut [u8],
) -> Result<(), ReadError> {
    let each = u64::from(8 / bits);
    let (from, to) = (first / each, (first + out.len() as u64).div_ceil(each));
    let packed = read_vec(data, start + from, to - from)?;
    for (at, value) in out.iter_mut().enumerate() {
        let index = first - from * each + at as u64;
        let byte = packed[(index / each) as usize];
        let shift = (index % each) as u32 * bits;
        let code = byte >> shift & ((1 << bits) - 1);
        // A code with its highest bit set is negative.
        let high = signed && code >> (bits - 1) == 1;
        *value = if high { code | !((1 << bits) - 1) } else { code };
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use hinton_tensor::Memory;

    #[test]
    fn narrow_integers_are_unpacked_from_any_value_on() {
        let data = Memory::new(*b"\x21\x8f\x07");
        let read = |first, count, bits, signed| {
            let mut out = vec![0; count];
            unpack(&data, 0, first, bits, signed, &mut out).unwrap();
            out.into_iter().map(|byte| byte as i8).collect::<Vec<i8>>()
        };
        assert_eq!(read(0, 5, 4, true), [1, 2, -1, -8, 7]);
        assert_eq!(read(1, 3, 4, false), [2, 15, 8]);
        assert_eq!(read(0, 8, 2, true), [1, 0, -2, 0, -1, -1, 0, -2]);
        assert_eq!(read(5, 2, 2, false), [3, 0]);
    }
}
