//! HQQ: codes of 1, 2, 3, 4 or 8 bits with a scale and a zero point for each group.
//!
//! Layout: `hqq/core/bitpack.py` and `hqq/core/quantize.py` of <https://github.com/mobiusml/hqq>, in
//! safetensors as its `state_dict` writes it. Values lie in a matrix of groups: a group is a row (axis 1) or
//! a column (axis 0). Of n rows of packed numbers, number `row` holds rows `row`, `row + n`, `row + 2n` and
//! so on, from its highest bits down. The value is (code - zero) * scale.

use hinton_tensor::{Dtype, ReadError};

use super::parts::{Rows, Values};
use super::{Found, Weight};

const FLOATS: &[Dtype] = &[Dtype::F32, Dtype::F16, Dtype::Bf16];

struct Groups {
    codes: Values,
    scales: Values,
    zeros: Values,
    bits: u64,
    /// Codes in a packed number.
    each: u64,
    /// Rows and columns of the packed numbers.
    packed: (u64, u64),
    /// Whether a group is a column.
    down: bool,
    rows: u64,
    width: u64,
}

impl Rows for Groups {
    fn rows(&self) -> u64 {
        self.rows
    }

    fn width(&self) -> u64 {
        self.width
    }

    fn row(&self, row: u64, first: u64, out: &mut [f32]) -> Result<(), ReadError> {
        let (packed, columns) = self.packed;
        let mask = (1u32 << self.bits) - 1;
        let mut index = row * self.width + first;
        let mut out = out;
        while !out.is_empty() {
            let (line, column) = (index / columns, index % columns);
            let left = usize::try_from(columns - column).unwrap_or(usize::MAX);
            let (now, later) = out.split_at_mut(left.min(out.len()));
            let shift = self.bits * (self.each - 1 - line / packed);
            let start = line % packed * columns + column;
            let words: Vec<u32> = match self.bits {
                3 => self.codes.u32(start, now.len())?,
                _ => self.codes.u8(start, now.len())?.iter().copied().map(u32::from).collect(),
            };
            let (mut scales, mut zeros) = match self.down {
                true => (vec![0.0; now.len()], vec![0.0; now.len()]),
                false => (vec![0.0], vec![0.0]),
            };
            let group = if self.down { column } else { line };
            self.scales.f32(group, &mut scales)?;
            self.zeros.f32(group, &mut zeros)?;
            for (at, (out, word)) in now.iter_mut().zip(words).enumerate() {
                let group = if self.down { at } else { 0 };
                *out = ((word >> shift & mask) as f32 - zeros[group]) * scales[group];
            }
            index += now.len() as u64;
            out = later;
        }
        Ok(())
    }
}

/// The weight of `W_q`, with `scale`, `zero`, `shape`, `nbits` and `axis` beside it.
pub(super) fn find(found: &Found<'_>) -> Result<Option<Weight>, String> {
    let codes = found.tensor;
    let (Some(scales), Some(zeros)) = (found.part(".scale"), found.part(".zero")) else {
        return Err("there is no scale or no zero point".to_owned());
    };
    let numbers = |ending: &str, most: u64| -> Result<Vec<u64>, String> {
        let name = format!("{}{ending}", found.stem);
        let Some(&index) = found.by_name.get(name.as_str()) else {
            return Err(format!("there is no {name:?}"));
        };
        let tensor = &found.tensors[index];
        if !(1..=most).contains(&tensor.elements()) || !tensor.dtype().is_integer() {
            return Err(format!("{name:?} is {} {:?}", tensor.dtype(), tensor.shape()));
        }
        let values = tensor.to_f64().map_err(|error| error.to_string())?;
        Ok(values.into_iter().map(|value| value as u64).collect())
    };
    let (bits, axis) = (numbers(".nbits", 1)?[0], numbers(".axis", 1)?[0]);
    let shape = numbers(".shape", 2)?;
    let &[rows, width] = shape.as_slice() else {
        return Err(format!("its shape is {shape:?}, expected two axes"));
    };
    let (each, dtype) = match bits {
        1 | 2 | 4 | 8 => (8 / bits, Dtype::U8),
        3 => (10, Dtype::I32),
        _ => return Err(format!("codes of {bits} bits are not decoded")),
    };
    let (&[packed, columns], true) = (codes.shape(), codes.dtype() == dtype) else {
        let (found, shape) = (codes.dtype(), codes.shape());
        return Err(format!("its codes are {found} {shape:?}, expected a matrix of {dtype}"));
    };
    let (packed, columns) = (packed as u64, columns as u64);
    let values = rows.checked_mul(width).filter(|&values| values > 0);
    let values = values.ok_or_else(|| format!("its shape is {shape:?}"))?;
    // Codes of 3 bits fill up the last rows.
    let lines = values / columns;
    if !values.is_multiple_of(columns) || lines.div_ceil(each) != packed {
        let stored = codes.shape();
        return Err(format!("codes of shape {stored:?} do not fit a weight of {shape:?}"));
    }
    let groups = if axis == 0 { columns } else { lines };
    for part in [scales, zeros] {
        if part.elements() != groups || !FLOATS.contains(&part.dtype()) {
            let (name, dtype, shape) = (part.name(), part.dtype(), part.shape());
            return Err(format!("{name:?} is {dtype} {shape:?}, expected {groups} numbers"));
        }
    }
    let size = if axis == 0 { lines } else { columns };
    let length = |len: u64| usize::try_from(len).map_err(|_| "it is too large".to_owned());
    let shape = vec![length(rows)?, length(width)?];
    let groups = Groups {
        codes: Values::of(codes)?,
        scales: Values::of(scales)?,
        zeros: Values::of(zeros)?,
        bits,
        each,
        packed: (packed, columns),
        down: axis == 0,
        rows,
        width,
    };
    Ok(Some(Weight {
        kind: "from HQQ",
        name: format!("{}.weight", found.stem),
        shape,
        turned: false,
        rows: Box::new(groups),
        words: format!("{bits} bits in groups of {size}"),
        guess: None,
    }))
}
