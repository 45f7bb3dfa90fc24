//! Comma-separated values: one line per row.

use std::fmt::Write as _;
use std::io::Write;

use hinton_tensor::{Dtype, Progress, Tensor};

use super::{ExportRow, Stop, Told, only, pieces};
use crate::{Error, Selected};

pub(super) const ROW: ExportRow = ExportRow {
    name: "csv",
    about: "One matrix or vector as text; every value reads back as it was",
    extension: "csv",
    holds: |dtype| !dtype.is_complex(),
    write,
};

fn write(
    tensors: &[Selected],
    _told: &Told,
    out: &mut dyn Write,
    progress: &dyn Progress,
) -> Result<Vec<String>, Stop> {
    let tensor = only(tensors, ".csv")?;
    if tensor.dtype().is_complex() {
        return Err(Stop::Other(Error::unfit(
            format!(".csv has no complex values, the tensor is {}", tensor.dtype()),
            "write .npy instead",
        )));
    }
    let columns = match *tensor.shape() {
        [] | [_] => 1,
        [_, columns] => columns,
        ref shape => {
            return Err(Stop::Other(Error::unfit(
                format!(".csv holds a matrix, the tensor has {} axes: {shape:?}", shape.len()),
                "slice it, as in -t 'NAME[0,:,:]', or write .npy",
            )));
        }
    };
    pieces(tensor, progress, |piece| {
        let mut text = String::new();
        for line in texts(piece)?.chunks(columns.max(1)) {
            // Writing to a String cannot fail.
            let _ = writeln!(text, "{}", line.join(","));
        }
        Ok(out.write_all(text.as_bytes())?)
    })?;
    Ok(Vec::new())
}

/// Each value in the fewest digits that read back as the same value.
fn texts(piece: &Tensor) -> Result<Vec<String>, Stop> {
    let whole = |bytes: &[u8], read: fn([u8; 8]) -> String| -> Vec<String> {
        bytes.as_chunks::<8>().0.iter().map(|bytes| read(*bytes)).collect()
    };
    Ok(match piece.dtype() {
        // Past 2^53 a float would lose digits.
        Dtype::I64 => whole(&piece.packed_bytes()?, |b| i64::from_le_bytes(b).to_string()),
        Dtype::U64 => whole(&piece.packed_bytes()?, |b| u64::from_le_bytes(b).to_string()),
        Dtype::F64 => piece.to_f64()?.into_iter().map(float).collect(),
        dtype if dtype.is_integer() => {
            piece.to_f64()?.into_iter().map(|value| format!("{value:.0}")).collect()
        }
        _ => piece.to_f32()?.into_iter().map(float).collect(),
    })
}

/// `0.1`, `1e-30`, `nan`, `inf`: as Python writes them.
fn float<T: std::fmt::Debug>(value: T) -> String {
    let text = format!("{value:?}");
    if text == "NaN" { "nan".to_owned() } else { text }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_read_back_as_they_were() {
        for value in [0.1, -0.0, 1.0 / 3.0, 5e-324, f64::MAX, 123_456_789.125] {
            assert_eq!(float(value).parse::<f64>().unwrap().to_bits(), value.to_bits());
        }
        assert_eq!(float(0.1f32), "0.1");
        assert_eq!(float(f32::NAN), "nan");
        assert_eq!(float(f32::NEG_INFINITY), "-inf");
    }
}
