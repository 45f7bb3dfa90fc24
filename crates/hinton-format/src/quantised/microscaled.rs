//! MXFP4 as in gpt-oss: `NAME_blocks` with 32 codes of four bits in 16 bytes, the first in the lower
//! half, and `NAME_scales`, powers of two as bytes.
//!
//! OCP "Microscaling Formats (MX)" 1.0; transformers, `integrations/mxfp4.py`.

use hinton_tensor::{Dtype, ReadError};

use super::parts::{Rows, Values};
use super::{Found, Weight};

/// The values of E2M1.
const VALUES: [f32; 16] =
    [0., 0.5, 1., 1.5, 2., 3., 4., 6., -0., -0.5, -1., -1.5, -2., -3., -4., -6.];

struct Microscaled {
    codes: Values,
    scales: Values,
    rows: u64,
    /// Blocks of a row.
    blocks: u64,
}

impl Rows for Microscaled {
    fn rows(&self) -> u64 {
        self.rows
    }

    fn width(&self) -> u64 {
        self.blocks * 32
    }

    fn row(&self, row: u64, first: u64, out: &mut [f32]) -> Result<(), ReadError> {
        let start = row * self.blocks;
        let from = first / 2;
        let count = ((first + out.len() as u64).div_ceil(2) - from) as usize;
        let bytes = self.codes.u8(start * 16 + from, count)?;
        let block = first / 32;
        let blocks = ((first + out.len() as u64).div_ceil(32) - block) as usize;
        let scales = self.scales.u8(start + block, blocks)?;
        for (at, out) in (first..).zip(out) {
            let byte = bytes[(at / 2 - from) as usize];
            let code = if at.is_multiple_of(2) { byte & 15 } else { byte >> 4 };
            *out = VALUES[usize::from(code)] * power(scales[(at / 32 - block) as usize]);
        }
        Ok(())
    }
}

/// 2^(code - 127).
fn power(code: u8) -> f32 {
    match code {
        0 => f32::from_bits(1 << 22),
        255 => f32::NAN,
        code => f32::from_bits(u32::from(code) << 23),
    }
}

/// The weight of `NAME_blocks`.
pub(super) fn find(found: &Found<'_>) -> Result<Option<Weight>, String> {
    let Some(scales) = found.part("_scales") else { return Ok(None) };
    let &[ref lead @ .., blocks, 16] = found.tensor.shape() else { return Ok(None) };
    let bytes = |tensor: &hinton_tensor::Tensor| tensor.dtype() == Dtype::U8;
    if lead.is_empty() || !bytes(found.tensor) || !bytes(scales) {
        return Ok(None);
    }
    let mut grouped = lead.to_vec();
    grouped.push(blocks);
    let scales = Values::fitting(Some(scales), "scales", &grouped, &[Dtype::U8])?;
    let codes = Values::of(found.tensor)?;
    let rows = lead.iter().product::<usize>() as u64;
    let mut shape = lead.to_vec();
    shape.push(blocks.checked_mul(32).ok_or("its rows are longer than can be counted")?);
    Ok(Some(Weight {
        kind: "from MXFP4",
        name: found.stem.to_owned(),
        shape,
        turned: false,
        rows: Box::new(Microscaled { codes, scales, rows, blocks: blocks as u64 }),
        words: "blocks of 32".to_owned(),
        guess: None,
    }))
}
