//! Integers of compressed-tensors: codes of one to eight bits in words of 32, as many as fit whole, the
//! first in the lowest bits; a scale and perhaps a zero point for each group of a row.
//!
//! compressed-tensors, `compressors/quantized_compressors/pack_quantized.py`: a code is the value plus
//! half of the range, and so is a zero point where it is packed, down the columns. `weight_g_idx` is the
//! group of each column (activation ordering).

use hinton_tensor::examine::Odd;
use hinton_tensor::{Dtype, ReadError};

use super::parts::{Rows, Values, lie, odd_scale};
use super::{Found, Weight, microscaled};
use crate::source::once::Once;

const WORDS: &[Dtype] = &[Dtype::I32, Dtype::U32];
const SCALES: &[Dtype] = &[Dtype::Bf16, Dtype::F16, Dtype::F32];
/// Bits of a code where the settings do not say, the usual first.
const BITS: [u32; 8] = [4, 8, 2, 3, 1, 6, 5, 7];

struct Packed {
    codes: Values,
    scales: Values,
    zeros: Zeros,
    /// The group of each column, where they may not be in order.
    order: Option<Values>,
    groups: Once<Option<Vec<u32>>>,
    rows: u64,
    width: u64,
    bits: u32,
    /// Columns of a group.
    group: u64,
    /// Groups of a row; scales of a row, or one for the tensor.
    count: u64,
    one_scale: bool,
}

/// What stands for zero.
enum Zeros {
    /// The middle of the range.
    Middle,
    /// A signed number for each group.
    Plain(Values),
    /// Codes, packed down the columns.
    Packed(Values),
}

/// Codes in a word of 32 bits.
fn in_a_word(bits: u32) -> u64 {
    u64::from(32 / bits)
}

impl Packed {
    /// The columns' groups, where they are not in order.
    fn order(&self) -> Result<Option<&[u32]>, ReadError> {
        let Some(order) = &self.order else { return Ok(None) };
        let read = || {
            let groups = order.u32(0, self.width as usize)?;
            // The library writes -1 where nothing was ordered.
            if groups.contains(&u32::MAX) {
                return Ok(None);
            }
            match groups.iter().position(|&group| u64::from(group) >= self.count) {
                None => Ok(Some(groups)),
                Some(column) => Err(lie(format!(
                    "weight_g_idx puts column {column} into group {}, there are {}",
                    groups[column], self.count
                ))),
            }
        };
        self.groups.get(read).map(Option::as_deref)
    }

    /// The codes of a row from column `first` on.
    fn codes(&self, row: u64, first: u64, count: usize) -> Result<Vec<u32>, ReadError> {
        let each = in_a_word(self.bits);
        let across = self.width.div_ceil(each);
        let from = first / each;
        let until = (first + count as u64).div_ceil(each);
        let words = self.codes.u32(row * across + from, (until - from) as usize)?;
        let mask = (1u32 << self.bits) - 1;
        let code = |column: u64| {
            let word = words[(column / each - from) as usize];
            word >> ((column % each) as u32 * self.bits) & mask
        };
        Ok((first..first + count as u64).map(code).collect())
    }

    /// Scales and zeros of all groups of a row, zeros as codes.
    fn scales(&self, row: u64) -> Result<(Vec<f32>, Vec<i32>), ReadError> {
        let count = self.count as usize;
        let mut scales = vec![0.0; count];
        match self.one_scale {
            true => scales[0] = self.scales.one(0)?,
            false => self.scales.f32(row * self.count, &mut scales)?,
        }
        let middle = 1i32 << (self.bits - 1);
        let zeros = match &self.zeros {
            Zeros::Middle => vec![middle; count],
            Zeros::Plain(zeros) => {
                let bytes = zeros.u8(if self.one_scale { 0 } else { row * self.count }, count)?;
                bytes.iter().map(|&byte| i32::from(byte as i8) + middle).collect()
            }
            Zeros::Packed(zeros) => {
                let each = in_a_word(self.bits);
                let words = zeros.u32(row / each * self.count, count)?;
                let (shift, mask) = ((row % each) as u32 * self.bits, (1u32 << self.bits) - 1);
                words.into_iter().map(|word| (word >> shift & mask) as i32).collect()
            }
        };
        Ok((scales, zeros))
    }
}

impl Rows for Packed {
    fn rows(&self) -> u64 {
        self.rows
    }

    fn width(&self) -> u64 {
        self.width
    }

    fn row(&self, row: u64, first: u64, out: &mut [f32]) -> Result<(), ReadError> {
        let order = self.order()?;
        let (scales, zeros) = self.scales(row)?;
        let codes = self.codes(row, first, out.len())?;
        for ((column, code), out) in (first..).zip(codes).zip(out) {
            let group = match order {
                Some(order) => order[column as usize] as usize,
                None => (column / self.group) as usize,
            };
            *out = (code as i32 - zeros[group]) as f32 * scales[group];
        }
        Ok(())
    }

    fn blocks(&self) -> u64 {
        self.rows * self.count
    }

    fn turns(&self) -> u64 {
        self.rows
    }

    fn look(&self, row: u64, tell: &mut dyn FnMut(u64, Odd)) -> Result<(), ReadError> {
        let order = self.order()?;
        let (scales, _) = self.scales(row)?;
        let end = (1u32 << self.bits) - 1;
        let mut firsts = vec![None; scales.len()];
        let mut at_end = vec![true; scales.len()];
        for (column, code) in self.codes(row, 0, self.width as usize)?.into_iter().enumerate() {
            let group = match order {
                Some(order) => order[column] as usize,
                None => column / self.group as usize,
            };
            firsts[group].get_or_insert(column as u64);
            at_end[group] &= code == 0 || code == end;
        }
        for ((scale, first), is_full) in scales.into_iter().zip(firsts).zip(at_end) {
            let Some(first) = first else { continue };
            if let Some(odd) = odd_scale(scale).or(is_full.then_some(Odd::Full)) {
                tell(row * self.width + first, odd);
            }
        }
        Ok(())
    }
}

/// The weight of `weight_packed`: integers in words, or floats of four bits in bytes.
pub(super) fn find(found: &Found<'_>) -> Result<Option<Weight>, String> {
    if found.tensor.dtype() == Dtype::U8 {
        return microscaled::find_packed(found);
    }
    let Some(scales) = found.part(".weight_scale") else { return Ok(None) };
    if !WORDS.contains(&found.tensor.dtype()) {
        return Ok(None);
    }
    let &[rows, across] = found.tensor.shape() else {
        return Err(format!("its codes have shape {:?}, expected a matrix", found.tensor.shape()));
    };
    let (bits, width) = sizes(found, rows, across)?;
    let (count, one_scale) = match *scales.shape() {
        [own, count] if own == rows && count > 0 => (count, false),
        [own] if own == rows && rows > 1 => (1, false),
        _ if scales.elements() == 1 => (1, true),
        _ => return Err(format!("scales of shape {:?} do not fit {rows} rows", scales.shape())),
    };
    let group = group(found, width, count)?;
    let zeros = match found.part(".weight_zero_point") {
        None => Zeros::Middle,
        Some(zeros) if zeros.dtype() == Dtype::I8 && zeros.elements() == scales.elements() => {
            Zeros::Plain(Values::of(zeros)?)
        }
        zeros => {
            let shape = [rows.div_ceil(in_a_word(bits) as usize), count];
            Zeros::Packed(Values::fitting(zeros, "zero points", &shape, WORDS)?)
        }
    };
    let order = match found.part(".weight_g_idx") {
        Some(order) => Some(Values::fitting(Some(order), "groups", &[width], WORDS)?),
        None => None,
    };
    let is_ordered = order.is_some();
    let packed = Packed {
        codes: Values::of(found.tensor)?,
        scales: Values::fitting(Some(scales), "scales", scales.shape(), SCALES)?,
        zeros,
        order,
        groups: Once::new(),
        rows: rows as u64,
        width: width as u64,
        bits,
        group: group as u64,
        count: count as u64,
        one_scale,
    };
    let words = match (count, one_scale) {
        (_, true) => format!("{bits} bits, one scale for each tensor"),
        (1, _) => format!("{bits} bits, one scale a row"),
        _ if is_ordered => format!("{bits} bits in groups of {group}, with an order of columns"),
        _ => format!("{bits} bits in groups of {group}"),
    };
    Ok(Some(Weight {
        kind: "from INT",
        name: format!("{}.weight", found.stem),
        shape: vec![rows, width],
        turned: false,
        rows: Box::new(packed),
        words: format!("{words} (compressed-tensors)"),
        guess: None,
    }))
}

/// Bits of a code and columns: as `weight_shape` and the settings say, else as they fit.
fn sizes(found: &Found<'_>, rows: usize, across: usize) -> Result<(u32, usize), String> {
    let said = || {
        let bits = found.config.groups().filter_map(|(bits, _)| u32::try_from(bits?).ok());
        bits.filter(|bits| (1..=8).contains(bits))
    };
    let Some(shape) = found.part(".weight_shape") else {
        let bits = said().next().unwrap_or(BITS[0]);
        let width = across.checked_mul(in_a_word(bits) as usize);
        return Ok((bits, width.ok_or("its rows are longer than can be counted")?));
    };
    if shape.elements() != 2 || !shape.dtype().is_integer() {
        return Err("its weight_shape is not two whole numbers".to_owned());
    }
    let shape = shape.to_f64().map_err(|error| error.to_string())?;
    let width = shape[1] as usize;
    let fits = |bits: &u32| width > 0 && width.div_ceil(in_a_word(*bits) as usize) == across;
    if shape[0] != rows as f64 {
        return Err(format!("its weight_shape says {} rows, its codes have {rows}", shape[0]));
    }
    let bits = said().find(fits).or_else(|| BITS.into_iter().find(fits));
    let bits = bits.ok_or_else(|| {
        format!("{across} words a row hold {width} codes of no number of bits from 1 to 8")
    })?;
    Ok((bits, width))
}

/// Columns of a group; the last may have fewer.
fn group(found: &Found<'_>, width: usize, count: usize) -> Result<usize, String> {
    let fits = |group: &usize| *group > 0 && width.div_ceil(*group) == count;
    let said = found.config.groups().filter_map(|(_, group)| usize::try_from(group?).ok());
    said.chain([width.div_ceil(count)])
        .find(fits)
        .ok_or_else(|| format!("{count} groups of scales do not fit {width} columns"))
}
