//! GPTQ and AWQ: codes, zeros and scales of a matrix that lies with its inputs down and its outputs
//! right; the model's weight is that matrix turned.
//!
//! GPTQ packs codes down the columns, zeros along the rows, both as bits without gaps, and stores
//! zeros less 1 (`gptq_v2` does not): AutoGPTQ, `qlinear_cuda_old.py`. AWQ packs eight codes of
//! four bits along the rows in the order 0, 2, 4, 6, 1, 3, 5, 7: AutoAWQ, `packing_utils.py`.

use hinton_tensor::examine::Odd;
use hinton_tensor::{Dtype, ReadError};

use super::parts::{Rows, Values, code, lie, odd_scale};
use super::{Found, Weight};
use crate::source::once::Once;

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
    /// Those with their rows, sorted, once they were asked for.
    sorted: Once<Vec<(u32, u64)>>,
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

    fn blocks(&self) -> u64 {
        self.count * self.width
    }

    fn turns(&self) -> u64 {
        self.count
    }

    fn look(&self, group: u64, tell: &mut dyn FnMut(u64, Odd)) -> Result<(), ReadError> {
        let rows = self.rows_of(group)?;
        let Some(&first) = rows.first() else { return Ok(()) };
        let mut scales = vec![0.0; self.width as usize];
        self.scales.f32(group * self.width, &mut scales)?;
        let mut left: Vec<usize> = Vec::new();
        for (column, scale) in scales.into_iter().enumerate() {
            match odd_scale(scale) {
                Some(odd) => tell(first * self.width + column as u64, odd),
                None => left.push(column),
            }
        }
        // After a few rows no column is left whose codes were all at an end.
        for row in rows {
            self.keep_ends(row, &mut left)?;
            if left.is_empty() {
                return Ok(());
            }
        }
        left.into_iter().for_each(|column| tell(first * self.width + column as u64, Odd::Full));
        Ok(())
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

    /// The rows of a group, in their order.
    fn rows_of(&self, group: u64) -> Result<Vec<u64>, ReadError> {
        let Some(groups) = &self.groups else {
            let first = group * self.group;
            return Ok((first..self.rows.min(first + self.group)).collect());
        };
        let sorted = self.sorted.get(|| {
            let all = groups.u32(0, self.rows as usize)?;
            let mut pairs: Vec<(u32, u64)> = all.into_iter().zip(0..).collect();
            pairs.sort_unstable();
            Ok(pairs)
        })?;
        let from = sorted.partition_point(|(own, _)| u64::from(*own) < group);
        let own = sorted[from..].iter().take_while(|(own, _)| u64::from(*own) == group);
        Ok(own.map(|(_, row)| *row).collect())
    }

    /// Keeps the columns whose code in that row is the lowest or the highest there is.
    fn keep_ends(&self, row: u64, columns: &mut Vec<usize>) -> Result<(), ReadError> {
        match self.packing {
            Packing::Awq => {
                let codes = self.codes.u32(row * (self.width / 8), (self.width / 8) as usize)?;
                columns.retain(|column| {
                    let place = column / 8 * 8 + PLACES[column % 8] as usize;
                    [0, 15].contains(&code(&codes, 4, place as u64))
                });
            }
            Packing::Gptq { bits, .. } => {
                let bit = row * u64::from(bits);
                let (word, shift, width) = (bit / 32, (bit % 32) as u32, self.width as usize);
                let low = self.codes.u32(word * self.width, width)?;
                let high = match shift + bits > 32 {
                    true => self.codes.u32((word + 1) * self.width, width)?,
                    false => vec![0; width],
                };
                let mask = (1u64 << bits) - 1;
                columns.retain(|&column| {
                    let both = u64::from(low[column]) | u64::from(high[column]) << 32;
                    [0, mask].contains(&(both >> shift & mask))
                });
            }
        }
        Ok(())
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
        return Err("codes and scales are not matrices".to_owned());
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
        sorted: Once::new(),
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
