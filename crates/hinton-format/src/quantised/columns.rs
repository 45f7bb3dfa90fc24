//! GPTQ and AWQ: codes, zeros and scales of a matrix that lies with its inputs down and its outputs
//! right; the model's weight is that matrix turned.
//!
//! GPTQ packs codes down the columns, zeros along the rows, both as bits without gaps, and stores
//! zeros less 1 (`gptq_v2` does not): AutoGPTQ, `qlinear_cuda_old.py`. AWQ packs eight codes of
//! four bits along the rows in the order 0, 2, 4, 6, 1, 3, 5, 7: AutoAWQ, `packing_utils.py`.

use hinton_tensor::{Dtype, ReadError};

use super::parts::{Rows, Values, code, lie};
use super::{Found, Weight};

const WORDS: &[Dtype] = &[Dtype::I32, Dtype::U32];
const SCALES: &[Dtype] = &[Dtype::F16, Dtype::Bf16, Dtype::F32];
/// Where AWQ has the code of column `k` of eight.
const PLACES: [u64; 8] = [0, 4, 1, 5, 2, 6, 3, 7];

/// How codes and zeros lie.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Packing {
    Gptq {
        bits: u32,
        /// Added to stored zeros.
        plus: u32,
    },
    Awq,
}

struct Columns {
    packing: Packing,
    codes: Values,
    zeros: Values,
    scales: Values,
    /// The group of each row, where they are not in order.
    groups: Option<Values>,
    /// Rows, columns, and rows of a group.
    rows: u64,
    width: u64,
    group: u64,
    /// Number of groups.
    count: u64,
}

impl Rows for Columns {
    fn rows(&self) -> u64 {
        self.rows
    }

    fn width(&self) -> u64 {
        self.width
    }

    fn row(&self, row: u64, first: u64, out: &mut [f32]) -> Result<(), ReadError> {
        let group = self.group_of(row)?;
        self.scales.f32(group * self.width + first, out)?;
        match self.packing {
            Packing::Gptq { bits, plus } => self.gptq(row, group, first, out, bits, plus),
            Packing::Awq => self.awq(row, group, first, out),
        }
    }
}

impl Columns {
    fn group_of(&self, row: u64) -> Result<u64, ReadError> {
        let Some(groups) = &self.groups else { return Ok(row / self.group) };
        let group = u64::from(groups.u32(row, 1)?[0]);
        match group < self.count {
            true => Ok(group),
            false => {
                let groups = self.count;
                Err(lie(format!("g_idx puts row {row} into group {group}, there are {groups}")))
            }
        }
    }

    /// `out` holds the scales.
    fn gptq(
        &self,
        row: u64,
        group: u64,
        first: u64,
        out: &mut [f32],
        bits: u32,
        plus: u32,
    ) -> Result<(), ReadError> {
        let bit = row * u64::from(bits);
        let (word, shift) = (bit / 32, (bit % 32) as u32);
        let low = self.codes.u32(word * self.width + first, out.len())?;
        // A code of three bits may go on in the word below.
        let high = match shift + bits > 32 {
            true => self.codes.u32((word + 1) * self.width + first, out.len())?,
            false => Vec::new(),
        };
        let mask = (1u64 << bits) - 1;
        let across = (self.width * u64::from(bits)).div_ceil(32);
        let from = first * u64::from(bits) / 32;
        let until = ((first + out.len() as u64) * u64::from(bits)).div_ceil(32);
        let zeros = self.zeros.u32(group * across + from, (until - from) as usize)?;
        // Codes of the words read are counted from the first bit of the first word.
        let skip = (first * u64::from(bits) - from * 32) as u32;
        for (index, out) in out.iter_mut().enumerate() {
            let high = high.get(index).copied().unwrap_or(0);
            let stored = (u64::from(low[index]) | u64::from(high) << 32) >> shift & mask;
            let zero = skipped(&zeros, bits, skip, index as u64);
            let zero = u64::from(zero + plus) & mask;
            *out *= (stored as i64 - zero as i64) as f32;
        }
        Ok(())
    }

    /// `out` holds the scales.
    fn awq(&self, row: u64, group: u64, first: u64, out: &mut [f32]) -> Result<(), ReadError> {
        let across = self.width / 8;
        let from = first / 8;
        let count = ((first + out.len() as u64).div_ceil(8) - from) as usize;
        let codes = self.codes.u32(row * across + from, count)?;
        let zeros = self.zeros.u32(group * across + from, count)?;
        for (index, out) in out.iter_mut().enumerate() {
            let at = first + index as u64 - from * 8;
            let place = at / 8 * 8 + PLACES[(at % 8) as usize];
            let difference = i64::from(code(&codes, 4, place)) - i64::from(code(&zeros, 4, place));
            *out *= difference as f32;
        }
        Ok(())
    }
}

/// Code `at` of a stream that begins `skip` bits into its first word.
#[inline(always)]
fn skipped(words: &[u32], bits: u32, skip: u32, at: u64) -> u32 {
    let bit = u64::from(skip) + at * u64::from(bits);
    let (word, shift) = ((bit / 32) as usize, (bit % 32) as u32);
    let high = if shift + bits > 32 { u64::from(words[word + 1]) } else { 0 };
    ((u64::from(words[word]) | high << 32) >> shift) as u32 & ((1 << bits) - 1)
}

/// The matrix of a `qweight`.
pub(super) fn find(found: &Found<'_>) -> Result<Option<Weight>, String> {
    let (Some(zeros), Some(scales)) = (found.part(".qzeros"), found.part(".scales")) else {
        return Ok(None);
    };
    let (&[down, across], &[count, width]) = (found.tensor.shape(), scales.shape()) else {
        return Err("codes and scales are no matrices".to_owned());
    };
    if [down, across, count, width].contains(&0) {
        return Ok(None);
    }
    let codes = Values::fitting(Some(found.tensor), "codes", &[down, across], WORDS)?;
    let scales = Values::fitting(Some(scales), "scales", &[count, width], SCALES)?;
    let (packing, rows, packed) = if across == width {
        let bits = bits(found, zeros.shape(), width)?;
        let plus = u32::from(found.config.text("checkpoint_format") != Some("gptq_v2"));
        let rows = down * 32 / bits as usize;
        (Packing::Gptq { bits, plus }, rows, (width * bits as usize).div_ceil(32))
    } else if across.checked_mul(8) == Some(width) {
        (Packing::Awq, down, across)
    } else {
        return Err(format!("{across} columns of codes do not fit {width} columns of scales"));
    };
    let zeros = Values::fitting(Some(zeros), "zeros", &[count, packed], WORDS)?;
    let groups = match (packing, found.part(".g_idx")) {
        (Packing::Gptq { .. }, Some(groups)) => {
            Some(Values::fitting(Some(groups), "groups", &[rows], WORDS)?)
        }
        _ => None,
    };
    let group = group(found, rows, count)?;
    let (kind, bits) = match packing {
        Packing::Gptq { bits, .. } => ("from GPTQ", bits),
        Packing::Awq => ("from AWQ", 4),
    };
    let words = format!("{bits} bits in groups of {group}");
    let columns = Columns {
        packing,
        codes,
        zeros,
        scales,
        groups,
        rows: rows as u64,
        width: width as u64,
        group: group as u64,
        count: count as u64,
    };
    Ok(Some(Weight {
        kind,
        name: format!("{}.weight", found.stem),
        shape: vec![rows, width],
        turned: true,
        rows: Box::new(columns),
        words,
        guess: None,
    }))
}

/// Bits of a code of GPTQ, from the width of the zeros.
fn bits(found: &Found<'_>, zeros: &[usize], width: usize) -> Result<u32, String> {
    let fits = |bits: &u32| zeros.last() == Some(&(width * *bits as usize).div_ceil(32));
    let said = found.config.number("bits").and_then(|bits| u32::try_from(bits).ok());
    let said = said.filter(|bits| [2, 3, 4, 8].contains(bits));
    said.filter(fits).or_else(|| [4, 8, 2, 3].into_iter().find(fits)).ok_or_else(|| {
        format!("zeros of shape {zeros:?} fit {width} columns of no number of bits (2, 3, 4, 8)")
    })
}

/// Rows of a group; the last may have fewer.
fn group(found: &Found<'_>, rows: usize, count: usize) -> Result<usize, String> {
    let fits = |group: &usize| *group > 0 && rows.div_ceil(*group) == count;
    let said = found.config.number("group_size").and_then(|group| usize::try_from(group).ok());
    said.filter(fits)
        .or_else(|| Some(rows.div_ceil(count)).filter(fits))
        .ok_or_else(|| format!("{count} groups of scales do not fit {rows} rows"))
}
