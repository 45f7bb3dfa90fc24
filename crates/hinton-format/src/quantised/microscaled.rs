//! Floats of four bits, two a byte, the first in the lower half, with a scale for each block.
//!
//! MXFP4 as in gpt-oss: `NAME_blocks` of 32 codes and `NAME_scales`, powers of two as bytes (OCP
//! "Microscaling Formats (MX)" 1.0; transformers, `integrations/mxfp4.py`). NVFP4: blocks of 16 with
//! FP8 scales, `weight_scale`, and one more for the tensor: times `weight_scale_2` (TensorRT Model
//! Optimizer), or divided by `weight_global_scale`, beside `weight_packed` (compressed-tensors). MXFP4
//! of compressed-tensors is `weight_packed` and `weight_scale`, of DeepSeek `weight` and `scale`, of MLX
//! `weight` in words and `scales`, as is its NVFP4, without a scale for the tensor.

use hinton_tensor::examine::Odd;
use hinton_tensor::{Dtype, ReadError, Tensor};

use super::parts::{Rows, Values, odd_scale};
use super::{Found, Weight};

/// The values of E2M1.
const VALUES: [f32; 16] =
    [0., 0.5, 1., 1.5, 2., 3., 4., 6., -0., -0.5, -1., -1.5, -2., -3., -4., -6.];

pub(super) struct Microscaled {
    codes: Values,
    scales: Values,
    rows: u64,
    /// Blocks of a row.
    blocks: u64,
    /// Values of a block.
    block: u64,
    scale: Scale,
}

/// What a block's scale means.
pub(super) enum Scale {
    /// Its power of two.
    Power,
    /// Its value times another.
    Times(f32),
    /// Its value by another.
    By(f32),
}

impl Rows for Microscaled {
    fn rows(&self) -> u64 {
        self.rows
    }

    fn width(&self) -> u64 {
        self.blocks * self.block
    }

    fn row(&self, row: u64, first: u64, out: &mut [f32]) -> Result<(), ReadError> {
        let start = row * self.blocks;
        let from = first / 2;
        let count = ((first + out.len() as u64).div_ceil(2) - from) as usize;
        let bytes = self.codes.u8(start * self.block / 2 + from, count)?;
        let block = first / self.block;
        let blocks = ((first + out.len() as u64).div_ceil(self.block) - block) as usize;
        let mut scales = vec![0.0; blocks];
        self.load_scales(start + block, &mut scales)?;
        for (at, out) in (first..).zip(out) {
            let byte = bytes[(at / 2 - from) as usize];
            let code = if at.is_multiple_of(2) { byte & 15 } else { byte >> 4 };
            *out = VALUES[usize::from(code)] * scales[(at / self.block - block) as usize];
        }
        Ok(())
    }

    fn blocks(&self) -> u64 {
        self.rows * self.blocks
    }

    fn turns(&self) -> u64 {
        self.rows
    }

    fn look(&self, row: u64, tell: &mut dyn FnMut(u64, Odd)) -> Result<(), ReadError> {
        let mut scales = vec![0.0; self.blocks as usize];
        self.load_scales(row * self.blocks, &mut scales)?;
        let each = (self.block / 2) as usize;
        let codes = self.codes.u8(row * self.blocks * self.block / 2, scales.len() * each)?;
        for (at, (scale, codes)) in scales.iter().zip(codes.chunks_exact(each)).enumerate() {
            // The largest value is the code 7, with or without its sign.
            let is_full = || codes.iter().all(|byte| byte & 0x77 == 0x77);
            if let Some(odd) = odd_scale(*scale).or_else(|| is_full().then_some(Odd::Full)) {
                tell(row * self.width() + at as u64 * self.block, odd);
            }
        }
        Ok(())
    }
}

impl Microscaled {
    fn load_scales(&self, first: u64, out: &mut [f32]) -> Result<(), ReadError> {
        match self.scale {
            Scale::Power => {
                let codes = self.scales.u8(first, out.len())?;
                out.iter_mut().zip(&*codes).for_each(|(out, code)| *out = power(*code));
                return Ok(());
            }
            Scale::Times(other) => {
                self.scales.f32(first, out)?;
                out.iter_mut().for_each(|scale| *scale *= other);
            }
            Scale::By(other) => {
                self.scales.f32(first, out)?;
                out.iter_mut().for_each(|scale| *scale /= other);
            }
        }
        Ok(())
    }
}

/// The weight of codes of four bits that fill rows of `shape` bytes, with a scale for each block.
///
/// # Errors
/// Where scales do not fit the codes.
pub(super) fn weight(
    (kind, name): (&'static str, String),
    codes: &Tensor,
    scales: &Tensor,
    block: usize,
    scale: Scale,
) -> Result<Weight, String> {
    let &[ref lead @ .., stored] = codes.shape() else {
        return Err("its codes are one number".to_owned());
    };
    let too_long = || "its rows are longer than can be counted".to_owned();
    let bytes = stored.checked_mul((codes.dtype().bits() / 8) as usize).ok_or_else(too_long)?;
    let width = bytes.checked_mul(2).ok_or_else(too_long)?;
    if lead.is_empty() || width % block != 0 {
        return Err(format!("rows of {width} codes are not a whole number of blocks of {block}"));
    }
    let blocks = width / block;
    let mut grouped = lead.to_vec();
    grouped.push(blocks);
    let scales = Values::fitting(Some(scales), "scales", &grouped, &[scales.dtype()])?;
    let scales = match scale {
        Scale::Power => scales.seen_as(Dtype::U8)?,
        Scale::Times(_) | Scale::By(_) => scales.seen_as(Dtype::F8E4m3)?,
    };
    let mut shape = lead.to_vec();
    shape.push(width);
    let rows = lead.iter().product::<usize>() as u64;
    let (blocks, block) = (blocks as u64, block as u64);
    let codes = Values::of(codes)?.seen_as(Dtype::U8)?;
    Ok(Weight {
        kind,
        name,
        shape,
        turned: false,
        rows: Box::new(Microscaled { codes, scales, rows, blocks, block, scale }),
        words: format!("blocks of {block}"),
        guess: None,
    })
}

/// MXFP4 of compressed-tensors: bytes of codes, and powers of two as bytes.
pub(super) fn find_packed(found: &Found<'_>) -> Result<Option<Weight>, String> {
    let Some(scales) = found.part(".weight_scale") else { return Ok(None) };
    if scales.dtype() != Dtype::U8 && scales.dtype() != Dtype::F8E8m0 {
        return Ok(None);
    }
    let name = format!("{}.weight", found.stem);
    weight(("from MXFP4", name), found.tensor, scales, 32, Scale::Power).map(Some)
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
        rows: Box::new(Microscaled {
            codes,
            scales,
            rows,
            blocks: blocks as u64,
            block: 32,
            scale: Scale::Power,
        }),
        words: "blocks of 32".to_owned(),
        guess: None,
    }))
}

/// NVFP4: the weight of the scale of the whole tensor.
pub(super) fn find_nvfp4(found: &Found<'_>) -> Result<Option<Weight>, String> {
    let (codes, by) = match (found.part(".weight_packed"), found.part(".weight")) {
        (Some(codes), _) => (codes, true),
        (None, Some(codes)) => (codes, false),
        (None, None) => return Ok(None),
    };
    let &[ref lead @ .., bytes] = codes.shape() else { return Ok(None) };
    if codes.dtype() != Dtype::U8 || lead.is_empty() || !bytes.is_multiple_of(8) {
        return Ok(None);
    }
    let scales = found.part(".weight_scale").ok_or("there are no scales")?;
    if scales.dtype() != Dtype::F8E4m3 {
        return Err(format!("{:?} is {}, expected f8_e4m3", scales.name(), scales.dtype()));
    }
    if found.tensor.elements() != 1 {
        return Err(format!("{:?} is not one number", found.tensor.name()));
    }
    let other = Values::of(found.tensor)?.one(0).map_err(|error| error.to_string())?;
    let scale = if by { Scale::By(other) } else { Scale::Times(other) };
    let name = format!("{}.weight", found.stem);
    weight(("from NVFP4", name), codes, scales, 16, scale).map(Some)
}
