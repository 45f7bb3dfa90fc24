//! Codes of 8 bits times scales: FP8 of DeepSeek, vLLM and ComfyUI, MXFP8, INT8 of bitsandbytes and quanto.
//!
//! FP8: a scale for the tensor, for each row, or for blocks of it (`weight_block_size`, 128 x 128);
//! `weight_scale_inv` is a factor too, whatever its name (DeepSeek-V3, `inference/kernel.py`,
//! `weight_dequant`). INT8: `SCB` is the largest magnitude of a row, which the code 127 stands for
//! (bitsandbytes, `int8_vectorwise_dequant`). MXFP8: blocks of 32 in a row, with powers of two as bytes.

use hinton_tensor::{Dtype, ReadError, Tensor};

use super::bitnet;
use super::microscaled::{self, Scale};
use super::parts::{Rows, Values};
use super::{Found, Weight};

const FLOATS: &[Dtype] = &[Dtype::F32, Dtype::F16, Dtype::Bf16, Dtype::F8E8m0, Dtype::F64];

/// Codes, and a scale for each block of them.
struct Scaled {
    codes: Values,
    scales: Values,
    rows: u64,
    width: u64,
    /// Rows and columns of a block.
    block: (u64, u64),
    /// Rows of one matrix, where several lie one after the other, and rows of its scales.
    matrix: (u64, u64),
    /// Scales of a row of blocks.
    across: u64,
    /// What scales are multiplied by.
    factor: f32,
}

impl Rows for Scaled {
    fn rows(&self) -> u64 {
        self.rows
    }

    fn width(&self) -> u64 {
        self.width
    }

    fn row(&self, row: u64, first: u64, out: &mut [f32]) -> Result<(), ReadError> {
        self.codes.f32(row * self.width + first, out)?;
        let (rows, scale_rows) = self.matrix;
        let line = row / rows * scale_rows + row % rows / self.block.0;
        let mut at = first;
        let mut out = out;
        while !out.is_empty() {
            let scale = self.scales.one(line * self.across + at / self.block.1)?;
            let left = usize::try_from(self.block.1 - at % self.block.1).unwrap_or(usize::MAX);
            let (now, later) = out.split_at_mut(left.min(out.len()));
            if self.factor == 1.0 {
                now.iter_mut().for_each(|value| *value *= scale);
            } else {
                now.iter_mut().for_each(|value| *value = *value * scale * self.factor);
            }
            at += now.len() as u64;
            out = later;
        }
        Ok(())
    }
}

/// FP8 or INT8 beside a scale; FP4 of DeepSeek, two codes a byte.
pub(super) fn find(found: &Found<'_>) -> Result<Option<Weight>, String> {
    let Some(codes) = found.part(".weight") else { return Ok(None) };
    let last = |tensor: &Tensor| tensor.shape().last().copied().unwrap_or(0);
    let is_four_bit = codes.dtype().bits() == 8
        && found.tensor.dtype() == Dtype::F8E8m0
        && last(codes).is_multiple_of(16)
        && last(found.tensor) == last(codes) / 16
        && codes.shape().len() == found.tensor.shape().len()
        && codes.dtype().is_integer();
    if is_four_bit {
        let name = codes.name().to_owned();
        let scales = found.tensor;
        return microscaled::weight(("from MXFP4", name), codes, scales, 32, Scale::Power)
            .map(Some);
    }
    if codes.dtype() == Dtype::U8 {
        return bitnet::find(found, codes);
    }
    beside(found, codes, codes.name().to_owned())
}

/// quanto: `weight._data` and `weight._scale`; the stem is the weight's name.
pub(super) fn find_quanto(found: &Found<'_>) -> Result<Option<Weight>, String> {
    let Some(codes) = found.part("._data") else { return Ok(None) };
    beside(found, codes, found.stem.to_owned())
}

/// Codes beside a scale, under that name.
fn beside(found: &Found<'_>, codes: &Tensor, name: String) -> Result<Option<Weight>, String> {
    let scales = found.tensor;
    let is_mx = scales.dtype() == Dtype::U8;
    let kind = match codes.dtype() {
        Dtype::F8E4m3 | Dtype::F8E5m2 if is_mx => "from MXFP8",
        Dtype::F8E4m3 | Dtype::F8E5m2 | Dtype::F8E4m3Fnuz | Dtype::F8E5m2Fnuz => "from FP8",
        Dtype::I8 if !is_mx => "from INT8",
        _ => return Ok(None),
    };
    if !is_mx && !FLOATS.contains(&scales.dtype()) {
        return Err(format!("its scales are {}", scales.dtype()));
    }
    let (&[ref lead @ .., rows, width], shape) = (codes.shape(), scales.shape()) else {
        return Ok(None);
    };
    let one_each = scales.elements() == 1;
    let (block, down, across) = match shape {
        _ if one_each => ((rows, width), 1, 1),
        [own @ .., down, 1] if own == lead && *down == rows => ((1, width), rows, 1),
        [down] if lead.is_empty() && *down == rows => ((1, width), rows, 1),
        [own @ .., down, across] if own == lead => {
            let block = block(found, (rows, width), (*down, *across))?;
            (block, *down, *across)
        }
        _ => return Err(mismatch(codes, scales)),
    };
    let words = match (one_each, block) {
        (true, _) => "one scale for each tensor".to_owned(),
        (_, (1, _)) if across == 1 => "one scale a row".to_owned(),
        (_, (down, across)) => format!("one scale for {down} x {across} codes"),
    };
    // A scale for the whole tensor is one for all its matrices.
    let count: usize = lead.iter().product();
    let matrix = if one_each { (rows * count).max(1) } else { rows.max(1) };
    let block = if one_each { (matrix, width) } else { block };
    let rows = Scaled {
        codes: Values::of(codes)?,
        scales: if is_mx {
            Values::of(scales)?.seen_as(Dtype::F8E8m0)?
        } else {
            Values::of(scales)?
        },
        rows: (rows * count) as u64,
        width: width as u64,
        block: (block.0.max(1) as u64, block.1.max(1) as u64),
        matrix: (matrix as u64, down as u64),
        across: across as u64,
        factor: 1.0,
    };
    Ok(Some(Weight {
        kind,
        name,
        shape: codes.shape().to_vec(),
        turned: false,
        rows: Box::new(rows),
        words,
        guess: None,
    }))
}

fn mismatch(codes: &Tensor, scales: &Tensor) -> String {
    format!("scales of shape {:?} do not fit codes of {:?}", scales.shape(), codes.shape())
}

/// Rows and columns of a block: as the settings say, 128, or what divides evenly.
fn block(
    found: &Found<'_>,
    (rows, width): (usize, usize),
    (down, across): (usize, usize),
) -> Result<(usize, usize), String> {
    let fits = |&(block_rows, block_cols): &(usize, usize)| {
        rows.div_ceil(block_rows) == down && width.div_ceil(block_cols) == across
    };
    if let Some(block) = found.config.block().filter(fits) {
        return Ok(block);
    }
    if fits(&(128, 128)) {
        return Ok((128, 128));
    }
    let even = down > 0 && across > 0 && rows % down == 0 && width % across == 0;
    match even && rows > 0 && width > 0 {
        true => Ok((rows / down, width / across)),
        false => Err(format!("{down} x {across} scales do not fit {rows} x {width} codes")),
    }
}

/// INT8 of bitsandbytes: `weight` and `SCB`.
pub(super) fn find_int8(found: &Found<'_>) -> Result<Option<Weight>, String> {
    let Some(codes) = found.part(".weight").filter(|tensor| tensor.dtype() == Dtype::I8) else {
        return Ok(None);
    };
    let &[rows, width] = codes.shape() else { return Ok(None) };
    if let Some(format) = found.part(".weight_format") {
        let format = Values::of(format)?.one(0).map_err(|error| error.to_string())?;
        if format != 0.0 {
            return Err(format!("its codes are in tiles (weight_format {format}), not in rows"));
        }
    }
    let scales = Values::fitting(Some(found.tensor), "scales", &[rows], &[Dtype::F32])?;
    let scaled = Scaled {
        codes: Values::of(codes)?,
        scales,
        rows: rows as u64,
        width: width as u64,
        block: (1, width.max(1) as u64),
        matrix: (rows.max(1) as u64, rows as u64),
        across: 1,
        factor: 1.0 / 127.0,
    };
    Ok(Some(Weight {
        kind: "from INT8",
        name: codes.name().to_owned(),
        shape: codes.shape().to_vec(),
        turned: false,
        rows: Box::new(scaled),
        words: "one scale a row (bitsandbytes)".to_owned(),
        guess: None,
    }))
}

/// MXFP8 of MLX: four codes of E4M3 a word, and powers of two for blocks of 32.
pub(super) fn mlx(found: &Found<'_>, codes: &Tensor, name: String) -> Result<Weight, String> {
    let &[ref lead @ .., words] = codes.shape() else {
        return Err("its codes are one number".to_owned());
    };
    let width = words.checked_mul(4).ok_or("its rows are longer than can be counted")?;
    let mut shape = lead.to_vec();
    shape.push(width / 32);
    let scales = Values::fitting(Some(found.tensor), "scales", &shape, &[Dtype::U8])?;
    *shape.last_mut().unwrap_or(&mut 0) = width;
    let rows = lead.iter().product::<usize>();
    let scaled = Scaled {
        codes: Values::of(codes)?.seen_as(Dtype::F8E4m3)?,
        scales: scales.seen_as(Dtype::F8E8m0)?,
        rows: rows as u64,
        width: width as u64,
        block: (1, 32),
        matrix: (rows.max(1) as u64, rows as u64),
        across: (width / 32) as u64,
        factor: 1.0,
    };
    Ok(Weight {
        kind: "from MXFP8",
        name,
        shape,
        turned: false,
        rows: Box::new(scaled),
        words: "blocks of 32".to_owned(),
        guess: None,
    })
}
