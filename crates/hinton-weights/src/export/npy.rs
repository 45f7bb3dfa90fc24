//! numpy's `.npy`, version 1.0: <https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html>.

use std::io::Write;

use hinton_tensor::{Dtype, Progress, Tensor};

use super::{ExportRow, Stop, Told, only, pieces};
use crate::Selected;

pub(super) const ROW: ExportRow = ExportRow {
    name: "npy",
    about: "One tensor for numpy; dtypes that numpy has not become float32",
    extension: "npy",
    holds: |dtype| descr(dtype).is_some(),
    write,
};

fn write(
    tensors: &[Selected],
    _told: &Told,
    out: &mut dyn Write,
    progress: &dyn Progress,
) -> Result<Vec<String>, Stop> {
    let tensor = only(tensors, ".npy")?;
    Ok(write_array(tensor, out, progress)?.into_iter().collect())
}

/// One tensor as a file of numpy; returns what the user should know about it.
pub(super) fn write_array(
    tensor: &Tensor,
    out: &mut dyn Write,
    progress: &dyn Progress,
) -> Result<Option<String>, Stop> {
    let kept = descr(tensor.dtype());
    out.write_all(&header(kept.unwrap_or("<f4"), tensor.shape()))?;
    pieces(tensor, progress, |piece| {
        match kept {
            Some(_) => out.write_all(&bytes(piece)?)?,
            None => {
                let values = piece.to_f32()?;
                let bytes: Vec<u8> = values.iter().flat_map(|value| value.to_le_bytes()).collect();
                out.write_all(&bytes)?;
            }
        }
        Ok(())
    })?;
    Ok(match kept {
        Some(_) => None,
        None => Some(format!("numpy has no {}: the values are written as float32", tensor.dtype())),
    })
}

/// The values as numpy keeps them: booleans are 0 or 1 there.
fn bytes(piece: &Tensor) -> Result<Vec<u8>, Stop> {
    let mut bytes = piece.packed_bytes()?;
    if piece.dtype() == Dtype::Bool {
        bytes.iter_mut().for_each(|byte| *byte = u8::from(*byte != 0));
    }
    Ok(bytes)
}

/// numpy's name of a dtype; `None` where it has none.
pub(super) fn descr(dtype: Dtype) -> Option<&'static str> {
    Some(match dtype {
        Dtype::F64 => "<f8",
        Dtype::F32 => "<f4",
        Dtype::F16 => "<f2",
        Dtype::I64 => "<i8",
        Dtype::I32 => "<i4",
        Dtype::I16 => "<i2",
        Dtype::I8 => "|i1",
        Dtype::U64 => "<u8",
        Dtype::U32 => "<u4",
        Dtype::U16 => "<u2",
        Dtype::U8 => "|u1",
        Dtype::Bool => "|b1",
        Dtype::C64 => "<c8",
        Dtype::C128 => "<c16",
        _ => return None,
    })
}

/// The header, padded so that the values begin at a multiple of 64 bytes.
fn header(descr: &str, shape: &[usize]) -> Vec<u8> {
    let axes: Vec<String> = shape.iter().map(|axis| format!("{axis},")).collect();
    let shape = match axes.as_slice() {
        [one] => format!("({one})"),
        axes => format!("({})", axes.join(" ").trim_end_matches(',')),
    };
    let mut text = format!("{{'descr': '{descr}', 'fortran_order': False, 'shape': {shape}, }}");
    let before = 10;
    let padding = 64 - (before + text.len() + 1) % 64;
    text.push_str(&" ".repeat(padding % 64));
    text.push('\n');
    let mut header = b"\x93NUMPY\x01\x00".to_vec();
    // At most 64 axes of 20 digits: far below 65,535 bytes.
    header.extend_from_slice(&(text.len() as u16).to_le_bytes());
    header.extend_from_slice(text.as_bytes());
    header
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_are_numpys() {
        for (shape, text) in [
            (&[][..], "'shape': (), }"),
            (&[3], "'shape': (3,), }"),
            (&[2, 3], "'shape': (2, 3), }"),
        ] {
            let header = header("<f4", shape);
            assert_eq!(header.len() % 64, 0);
            assert_eq!(header.last(), Some(&b'\n'));
            assert!(String::from_utf8_lossy(&header).contains(text), "{shape:?}");
        }
    }
}
