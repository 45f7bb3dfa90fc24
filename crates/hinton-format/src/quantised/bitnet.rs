//! BitNet b1.58 as transformers packs it: -1, 0 and 1 as codes of 2 bits, and one scale.
//!
//! Layout: `pack_weights` in `src/transformers/integrations/bitnet.py` of transformers. Byte `row` of a
//! column holds rows `row`, `row + n`, `row + 2n` and `row + 3n`, from its lowest bits on, where n is the
//! number of rows of bytes. `BitLinear` divides by the scale, `AutoBitLinear` multiplies by it.

use hinton_tensor::{Dtype, ReadError, Tensor};

use super::parts::{Rows, Values};
use super::{Found, Weight};

const FLOATS: &[Dtype] = &[Dtype::F32, Dtype::F16, Dtype::Bf16];

struct Ternary {
    codes: Values,
    scale: Values,
    /// Rows of bytes.
    packed: u64,
    width: u64,
    divided: bool,
}

impl Rows for Ternary {
    fn rows(&self) -> u64 {
        self.packed * 4
    }

    fn width(&self) -> u64 {
        self.width
    }

    fn row(&self, row: u64, first: u64, out: &mut [f32]) -> Result<(), ReadError> {
        let scale = self.scale.one(0)?;
        let shift = row / self.packed * 2;
        let bytes = self.codes.u8(row % self.packed * self.width + first, out.len())?;
        for (out, byte) in out.iter_mut().zip(bytes.iter()) {
            let code = f32::from(byte >> shift & 3) - 1.0;
            *out = if self.divided { code / scale } else { code * scale };
        }
        Ok(())
    }
}

/// The weight of these codes beside one scale, where the model's settings say that it is BitNet.
///
/// # Errors
/// Where its parts do not fit.
pub(super) fn find(found: &Found<'_>, codes: &Tensor) -> Result<Option<Weight>, String> {
    let is_bitnet = found.config.text("quant_method") == Some("bitnet");
    let (&[packed, width], Dtype::U8, true) = (codes.shape(), codes.dtype(), is_bitnet) else {
        return Ok(None);
    };
    let rows = packed.checked_mul(4).ok_or("it has more rows than can be counted")?;
    let scale = found.tensor;
    if scale.elements() != 1 || !FLOATS.contains(&scale.dtype()) {
        let (dtype, shape) = (scale.dtype(), scale.shape());
        return Err(format!("expected one scale, found {dtype} {shape:?}"));
    }
    let divided = found.config.text("linear_class") != Some("autobitlinear");
    let ternary = Ternary {
        codes: Values::of(codes)?,
        scale: Values::of(scale)?,
        packed: packed as u64,
        width: width as u64,
        divided,
    };
    Ok(Some(Weight {
        kind: "from BitNet",
        name: codes.name().to_owned(),
        shape: vec![rows, width],
        turned: false,
        rows: Box::new(ternary),
        words: "-1, 0 and 1 with one scale for each tensor".to_owned(),
        guess: None,
    }))
}
