//! NF4 and FP4 of bitsandbytes: two codes of four bits a byte, the first in the upper half; blocks
//! with their largest magnitude (`absmax`), which may be quantised itself. The shape and the size of
//! blocks are JSON in a tensor of bytes.
//!
//! bitsandbytes, `functional.py`: `dequantize_4bit`, `QuantState.from_dict`.

use hinton_tensor::examine::Odd;
use hinton_tensor::{Dtype, ReadError, Tensor, element_count};
use serde_json::Value;

use super::parts::{Rows, Values, odd_scale};
use super::{Found, Weight};
use crate::words::json_fault;

/// Longest description that is read.
const LONGEST: u64 = 1 << 16;

struct FourBit {
    codes: Values,
    map: [f32; 16],
    absmax: Absmax,
    values: u64,
    block: u64,
}

/// The largest magnitudes of blocks.
enum Absmax {
    Plain(Values),
    /// Codes of 8 bits with a map and blocks of their own, and what is added.
    Nested {
        codes: Values,
        map: Vec<f32>,
        absmax: Values,
        block: u64,
        offset: f32,
    },
}

impl Absmax {
    fn of(&self, at: u64) -> Result<f32, ReadError> {
        match self {
            Absmax::Plain(values) => values.one(at),
            Absmax::Nested { codes, map, absmax, block, offset } => {
                let code = codes.u8(at, 1)?[0];
                Ok(map[usize::from(code)] * absmax.one(at / block)? + offset)
            }
        }
    }
}

impl Rows for FourBit {
    fn rows(&self) -> u64 {
        1
    }

    fn width(&self) -> u64 {
        self.values
    }

    fn row(&self, _row: u64, first: u64, out: &mut [f32]) -> Result<(), ReadError> {
        let from = first / 2;
        let count = ((first + out.len() as u64).div_ceil(2) - from) as usize;
        let bytes = self.codes.u8(from, count)?;
        let mut scale = (u64::MAX, 0.0);
        for (at, out) in (first..).zip(out) {
            let block = at / self.block;
            if scale.0 != block {
                scale = (block, self.absmax.of(block)?);
            }
            let byte = bytes[(at / 2 - from) as usize];
            let code = if at.is_multiple_of(2) { byte >> 4 } else { byte & 15 };
            *out = self.map[usize::from(code)] * scale.1;
        }
        Ok(())
    }

    fn blocks(&self) -> u64 {
        self.values.div_ceil(self.block)
    }

    fn turns(&self) -> u64 {
        self.blocks()
    }

    fn look(&self, block: u64, tell: &mut dyn FnMut(u64, Odd)) -> Result<(), ReadError> {
        let first = block * self.block;
        let count = self.block.min(self.values - first);
        let bytes = self.codes.u8(first / 2, count.div_ceil(2) as usize)?;
        let top = self.map.iter().fold(0.0f32, |top, value| top.max(value.abs()));
        let at_end = |code: u8| self.map[usize::from(code)].abs() == top;
        let is_full = || bytes.iter().all(|byte| at_end(byte >> 4) && at_end(byte & 15));
        let odd = odd_scale(self.absmax.of(block)?);
        if let Some(odd) = odd.or_else(|| is_full().then_some(Odd::Full)) {
            tell(first, odd);
        }
        Ok(())
    }
}

/// The weight of an `absmax`; the stem is its name.
pub(super) fn find(found: &Found<'_>) -> Result<Option<Weight>, String> {
    let Some(codes) = found.part("").filter(|codes| codes.dtype() == Dtype::U8) else {
        return Ok(None);
    };
    let Some(state) = found.starting(".quant_state.bitsandbytes__").next() else {
        return Ok(None);
    };
    let state = description(state)?;
    let shape = shape(&state, codes)?;
    let values = element_count(&shape).unwrap_or(0);
    let block =
        size(&state["blocksize"]).ok_or("its blocksize is not a whole number above zero")?;
    let blocks = usize::try_from(values.div_ceil(block)).map_err(|error| error.to_string())?;
    let map = table(found.part(".quant_map"), 16)?;
    let map: [f32; 16] = map.try_into().map_err(|_| "its map has not 16 values")?;
    let weight = FourBit {
        codes: Values::of(codes)?,
        map,
        absmax: absmax(found, &state, blocks)?,
        values,
        block,
    };
    let kind = match state["quant_type"].as_str() {
        Some("nf4") => "from NF4",
        Some("fp4") => "from FP4",
        other => return Err(format!("its type is {other:?}, expected nf4 or fp4")),
    };
    let twice =
        if matches!(weight.absmax, Absmax::Nested { .. }) { ", scales of 8 bits" } else { "" };
    Ok(Some(Weight {
        kind,
        name: found.stem.to_owned(),
        shape,
        turned: false,
        rows: Box::new(weight),
        words: format!("blocks of {block}{twice} (bitsandbytes)"),
        guess: None,
    }))
}

fn description(state: &Tensor) -> Result<Value, String> {
    if state.dtype() != Dtype::U8 || state.elements() > LONGEST {
        return Err("its description is not a short tensor of bytes".to_owned());
    }
    let bytes = state.packed_bytes().map_err(|error| error.to_string())?;
    serde_json::from_slice(&bytes)
        .map_err(|error| format!("its description is not JSON: {}", json_fault(&error)))
}

fn size(value: &Value) -> Option<u64> {
    value.as_u64().filter(|&size| size > 0)
}

/// The shape of the weight, which the codes fill.
fn shape(state: &Value, codes: &Tensor) -> Result<Vec<usize>, String> {
    let shape: Option<Vec<usize>> = state["shape"]
        .as_array()
        .filter(|shape| shape.len() <= 8)
        .and_then(|shape| shape.iter().map(|len| usize::try_from(len.as_u64()?).ok()).collect());
    let shape = shape.ok_or("its description has no shape")?;
    match element_count(&shape).map(|count| count.div_ceil(2)) {
        Some(bytes) if bytes == codes.elements() => Ok(shape),
        _ => Err(format!("{} bytes of codes do not fill shape {shape:?}", codes.elements())),
    }
}

fn table(tensor: Option<&Tensor>, len: usize) -> Result<Vec<f32>, String> {
    let values = Values::fitting(tensor, "values of codes", &[len], &[Dtype::F32])?;
    let mut table = vec![0.0; len];
    values.f32(0, &mut table).map_err(|error| error.to_string())?;
    Ok(table)
}

fn absmax(found: &Found<'_>, state: &Value, blocks: usize) -> Result<Absmax, String> {
    let floats = &[Dtype::F32, Dtype::F16, Dtype::Bf16];
    if found.tensor.dtype() != Dtype::U8 {
        return Values::fitting(Some(found.tensor), "scales", &[blocks], floats).map(Absmax::Plain);
    }
    let block = size(&state["nested_blocksize"]).ok_or("it has no nested_blocksize")?;
    let nested = usize::try_from((blocks as u64).div_ceil(block)).unwrap_or(usize::MAX);
    Ok(Absmax::Nested {
        codes: Values::fitting(Some(found.tensor), "scales", &[blocks], &[Dtype::U8])?,
        map: table(found.part(".nested_quant_map"), 256)?,
        absmax: Values::fitting(
            found.part(".nested_absmax"),
            "scales of scales",
            &[nested],
            floats,
        )?,
        block,
        offset: state["nested_offset"].as_f64().unwrap_or(0.0) as f32,
    })
}
