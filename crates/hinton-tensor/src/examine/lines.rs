//! Finds rows and columns in which every value is zero, from the bits of the values.

use crate::Dtype;

/// Most values in a row for which columns are looked at: their bits are kept by each thread.
pub(super) const MOST_COLUMNS: usize = 1 << 20;

/// The bits of all values, or-ed along each row and column.
pub(super) struct Lines {
    /// Positions of axis 0.
    rows: usize,
    /// Positions of axis 1.
    columns: usize,
    /// Values behind each position of axis 0.
    width: u64,
    /// Bytes of a value.
    size: usize,
    /// Bits that zeros may have: the signs.
    signs: u64,
    /// Which rows have a value that is not zero.
    row_has: Vec<bool>,
    /// The bytes of a row, or-ed over all rows; empty where rows are too wide.
    column_bits: Vec<u8>,
}

impl Lines {
    /// For a tensor of two axes or more; `None` of others, and of dtypes that have no zero.
    pub(super) fn new(shape: &[usize], dtype: Dtype) -> Option<Self> {
        let (&[rows, columns], rest) = shape.split_first_chunk::<2>()?;
        let signs = sign_bits(dtype)?;
        let width = rest.iter().try_fold(columns, |product, &len| product.checked_mul(len))?;
        let size = usize::try_from(dtype.bits().div_ceil(8)).ok()?;
        if rows == 0 || width == 0 {
            return None;
        }
        let kept = if width <= MOST_COLUMNS { width * size } else { 0 };
        Some(Lines {
            rows,
            columns,
            width: width as u64,
            size,
            signs,
            row_has: vec![false; rows],
            column_bits: vec![0; kept],
        })
    }

    /// Adds values in C order, the first of that number.
    pub(super) fn add(&mut self, first: u64, mut bytes: &[u8]) {
        let mut number = first;
        while !bytes.is_empty() {
            let (row, column) = (number / self.width, number % self.width);
            let left = (self.width - column).min((bytes.len() / self.size) as u64);
            if left == 0 {
                return;
            }
            let (part, later) = bytes.split_at(left as usize * self.size);
            let from = column as usize * self.size;
            let bits = match self.column_bits.get_mut(from..from + part.len()) {
                Some(kept) => or_into(kept, part),
                None => or_of(part),
            };
            if let Some(has) = self.row_has.get_mut(row as usize) {
                *has |= bits & !self.signs != 0;
            }
            number += left;
            bytes = later;
        }
    }

    /// Adds what another thread saw to what is gathered so far; both are `None` if the tensor has no
    /// lines to look at.
    pub(super) fn gather(all: &mut Option<Lines>, part: Option<Lines>) {
        match (all, part) {
            (Some(all), Some(part)) => all.merge(&part),
            (all, part) => *all = part,
        }
    }

    /// Adds what another thread has seen.
    pub(super) fn merge(&mut self, other: &Lines) {
        self.row_has.iter_mut().zip(&other.row_has).for_each(|(mine, theirs)| *mine |= theirs);
        self.column_bits
            .iter_mut()
            .zip(&other.column_bits)
            .for_each(|(mine, theirs)| *mine |= theirs);
    }

    /// Whether nothing but zeros was seen at a position of axis 0.
    pub(super) fn is_zero_row(&self, row: usize) -> bool {
        self.row_has.get(row) == Some(&false)
    }

    /// Whether nothing but zeros was seen at a position of axis 1; false where rows are too wide.
    pub(super) fn is_zero_column(&self, column: usize) -> bool {
        let behind = self.column_bits.len() / self.columns;
        let bits = self.column_bits.get(column * behind..(column + 1) * behind);
        bits.is_some_and(|bits| !bits.is_empty() && or_of(bits) & !self.signs == 0)
    }

    /// The positions of axis 0 with nothing but zeros; `None` where that is all of them.
    pub(super) fn rows(&self) -> Option<Vec<usize>> {
        let zero: Vec<usize> = (0..self.rows).filter(|&row| !self.row_has[row]).collect();
        (zero.len() < self.rows).then_some(zero)
    }

    /// The positions of axis 1 with nothing but zeros; `None` where rows are too wide.
    pub(super) fn columns(&self) -> Option<Vec<usize>> {
        if self.column_bits.is_empty() {
            return None;
        }
        let behind = self.column_bits.len() / self.columns;
        let is_zero = |bits: &[u8]| or_of(bits) & !self.signs == 0;
        let all = self.column_bits.chunks(behind).map(is_zero);
        let zero: Vec<usize> =
            all.enumerate().filter(|(_, zero)| *zero).map(|(column, _)| column).collect();
        Some(if zero.len() < self.columns { zero } else { Vec::new() })
    }
}

/// Whether the pattern 0 is the number zero, so that zeros are seen in the bits.
pub(super) fn has_zero(dtype: Dtype) -> bool {
    sign_bits(dtype).is_some()
}

/// The sign bits of the values in eight bytes; `None` where the pattern 0 is not the number zero.
fn sign_bits(dtype: Dtype) -> Option<u64> {
    Some(match dtype {
        Dtype::F8E8m0 => return None,
        Dtype::F64 | Dtype::C128 => 0x8000_0000_0000_0000,
        Dtype::F32 | Dtype::C64 => 0x8000_0000_8000_0000,
        Dtype::F16 | Dtype::Bf16 => 0x8000_8000_8000_8000,
        Dtype::F8E4m3 | Dtype::F8E5m2 => 0x8080_8080_8080_8080,
        Dtype::F6E2m3 | Dtype::F6E3m2 => 0x2020_2020_2020_2020,
        Dtype::F4 => 0x0808_0808_0808_0808,
        _ => 0,
    })
}

/// Ors `bytes` into `kept`; the or of all words of eight bytes. Values begin at the first byte.
fn or_into(kept: &mut [u8], bytes: &[u8]) -> u64 {
    let mut all = 0;
    let (words, rest) = bytes.as_chunks::<8>();
    let (kept_words, kept_rest) = kept.as_chunks_mut::<8>();
    for (mine, word) in kept_words.iter_mut().zip(words) {
        let word = u64::from_le_bytes(*word);
        *mine = (u64::from_le_bytes(*mine) | word).to_le_bytes();
        all |= word;
    }
    kept_rest.iter_mut().zip(rest).for_each(|(mine, byte)| *mine |= byte);
    all | padded(rest)
}

/// The or of all words of eight bytes.
fn or_of(bytes: &[u8]) -> u64 {
    let (words, rest) = bytes.as_chunks::<8>();
    words.iter().fold(padded(rest), |all, word| all | u64::from_le_bytes(*word))
}

fn padded(rest: &[u8]) -> u64 {
    let mut word = [0; 8];
    word[..rest.len()].copy_from_slice(rest);
    u64::from_le_bytes(word)
}
