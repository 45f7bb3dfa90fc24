//! INT8 of Keras 3: `quantize("int8")` of Dense, EinsumDense of a matrix, and Embedding.
//!
//! Layout: `save_own_variables` in `keras/src/layers/core/dense.py` and `embedding.py` of Keras: the codes are
//! variable 0, their scale is the last one. The value is the code divided by the scale of its column, in an
//! embedding of its row.

use hinton_tensor::{Dtype, ReadError};

use super::parts::{Rows, Values};
use super::{Found, Weight};

struct Divided {
    codes: Values,
    scales: Values,
    rows: u64,
    width: u64,
    /// Whether a row has a scale, rather than a column.
    by_row: bool,
}

impl Rows for Divided {
    fn rows(&self) -> u64 {
        self.rows
    }

    fn width(&self) -> u64 {
        self.width
    }

    fn row(&self, row: u64, first: u64, out: &mut [f32]) -> Result<(), ReadError> {
        self.codes.f32(row * self.width + first, out)?;
        if self.by_row {
            let scale = self.scales.one(row)?;
            out.iter_mut().for_each(|value| *value /= scale);
            return Ok(());
        }
        let mut scales = vec![0.0; out.len()];
        self.scales.f32(first, &mut scales)?;
        out.iter_mut().zip(scales).for_each(|(value, scale)| *value /= scale);
        Ok(())
    }
}

/// The weight of a scale that is variable 1 or 2 of a layer, of which 0 are the codes.
pub(super) fn find(found: &Found<'_>) -> Result<Option<Weight>, String> {
    let Some(codes) = found.part("/vars/0") else { return Ok(None) };
    let (scales, &[rows, width], Dtype::I8) = (found.tensor, codes.shape(), codes.dtype()) else {
        return Ok(None);
    };
    // A bias is variable 1 where the scale is variable 2.
    let follows = scales.name().strip_suffix("/vars/1").map(|layer| format!("{layer}/vars/2"));
    if follows.is_some_and(|name| found.by_name.contains_key(name.as_str())) {
        return Ok(None);
    }
    let &[count] = scales.shape() else { return Ok(None) };
    if scales.dtype() != Dtype::F32 {
        return Ok(None);
    }
    let by_row = match (count == rows, count == width) {
        (true, true) => found.stem.contains("embedding"),
        (true, false) => true,
        (false, true) => false,
        (false, false) => {
            return Err(format!("{count} scales do not fit codes of shape {:?}", codes.shape()));
        }
    };
    if found.config.is_keras_int4() {
        return Err("the model has layers of 4 bits, whose codes are not decoded".to_owned());
    }
    let divided = Divided {
        codes: Values::of(codes)?,
        scales: Values::of(scales)?,
        rows: rows as u64,
        width: width as u64,
        by_row,
    };
    Ok(Some(Weight {
        kind: "from INT8",
        name: codes.name().to_owned(),
        shape: vec![rows, width],
        turned: false,
        rows: Box::new(divided),
        words: format!("one scale a {} (Keras)", if by_row { "row" } else { "column" }),
        guess: None,
    }))
}
