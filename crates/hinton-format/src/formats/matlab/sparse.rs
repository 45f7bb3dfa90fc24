//! Sparse matrices of MATLAB, shown with their zeros.

use std::sync::{Arc, OnceLock};

use hinton_tensor::{Bytes, Dtype, Endian, ReadError, Tensor, View, element_count};

use super::element::{Element, Elements, dtype_of, kind};
use crate::source::{Made, read_vec};
use crate::{Error, Limits};

/// What is said of one that is shown.
pub(super) fn word(stored: u64, elements: u64) -> String {
    format!("it is sparse: {stored} of {elements} values are stored, the others shown as zeros")
}

/// What is said of one that is not.
pub(super) fn too_large(stored: u64, shape: &[usize]) -> String {
    format!("skipped: it is sparse, {stored} values in shape {shape:?}, too large to be filled in")
}

/// Where in column order a row and a column are.
pub(super) fn place((row, column): (f64, f64), shape: &[usize; 2]) -> Result<usize, ReadError> {
    let inside = |at: f64, len: usize| at >= 0.0 && at < len as f64;
    match inside(row, shape[0]) && inside(column, shape[1]) {
        true => Ok(column as usize * shape[0] + row as usize),
        false => Err(outside(shape)),
    }
}

fn outside(shape: &[usize]) -> ReadError {
    ReadError { offset: 0, len: 0, why: format!("a sparse value lies outside shape {shape:?}") }
}

/// A sparse array of version 5: rows of the values (`ir`), where each column begins among them (`jc`),
/// the values (`pr`). The tensor and what to say of it; a remark in place of it where it is skipped.
pub(super) fn of_v5(
    parts: &mut Elements,
    name: &str,
    file: &str,
    (dims, complex, logical): (&[usize], bool, bool),
    limits: &Limits,
) -> Result<Result<(Tensor, String), String>, Error> {
    let &[rows, columns] = dims else {
        return Err(Error::malformed(format!("a sparse array of {} axes", dims.len())));
    };
    if complex {
        return Ok(Err(format!("skipped: a sparse matrix of complex values, shape {dims:?}")));
    }
    let (ir, jc, pr) = (parts.next()?, parts.next()?, parts.next()?);
    let Some(mut dtype) = dtype_of(pr.kind) else {
        return Ok(Err(format!("skipped: sparse values of type {}", pr.kind)));
    };
    let integers = |one: Element| matches!(one.kind, kind::INT32 | kind::UINT32);
    if !integers(ir) || !integers(jc) || jc.len / 4 != columns as u64 + 1 {
        let message = format!("a sparse matrix whose columns are {} bytes", jc.len);
        return Err(Error::malformed(message).at_byte(jc.at));
    }
    // MATLAB calls the values of a logical matrix doubles, and stores a byte of each.
    let counted = jc.len.checked_sub(4).map(|last| read_vec(&*parts.data, jc.at + last, 4));
    let counted = counted.transpose()?.unwrap_or_default();
    let counted = counted.first_chunk::<4>().map_or(0, |bytes| match parts.endian {
        Endian::Little => u32::from_le_bytes(*bytes),
        Endian::Big => u32::from_be_bytes(*bytes),
    });
    let counted = u64::from(counted);
    if logical && pr.len < counted.saturating_mul(dtype.bits() / 8) && pr.len >= counted {
        dtype = Dtype::U8;
    }
    let width = (dtype.bits() / 8) as usize;
    let values = Sparse {
        data: parts.data.clone(),
        endian: parts.endian,
        shape: [rows, columns],
        rows: ir,
        columns: jc,
        values: pr,
        width,
        starts: OnceLock::new(),
    };
    let stored = counted;
    if ir.len / 4 < stored || pr.len / (width as u64) < stored {
        let message = format!("a sparse matrix of {stored} values in {} bytes", pr.len);
        return Err(Error::malformed(message).at_byte(pr.at));
    }
    let elements = element_count(dims).filter(|all| *all <= limits.held_bytes / width as u64);
    let Some(elements) = elements else { return Ok(Err(too_large(stored, dims))) };
    let endian = parts.endian;
    let fill = move |first: u64, out: &mut [u8]| values.fill(first, out);
    let data = Arc::new(Made::new(elements, width, fill));
    let dtype = match dtype {
        Dtype::U8 | Dtype::I8 if logical => Dtype::Bool,
        dtype => dtype,
    };
    let tensor = Tensor::new(name, file, dtype, endian, View::packed_fortran(dims), 0, data)?;
    Ok(Ok((tensor, word(stored, elements))))
}

/// Most values of a column whose rows are in any order.
const LONGEST_UNORDERED: u32 = 1 << 16;

/// Where each column begins among the values; whether rows rise in every column.
type Starts = (Vec<u32>, bool);

struct Sparse {
    data: Arc<dyn Bytes>,
    endian: Endian,
    shape: [usize; 2],
    rows: Element,
    columns: Element,
    values: Element,
    width: usize,
    starts: OnceLock<Result<Starts, ReadError>>,
}

impl Sparse {
    fn numbers(&self, from: Element, first: u64, count: u64) -> Result<Vec<u32>, ReadError> {
        let bytes = read_vec(&*self.data, from.at + first * 4, count * 4)?;
        let number = match self.endian {
            Endian::Little => u32::from_le_bytes,
            Endian::Big => u32::from_be_bytes,
        };
        Ok(bytes.as_chunks::<4>().0.iter().map(|bytes| number(*bytes)).collect())
    }

    /// Where each column begins among the values, and whether rows rise in every column.
    ///
    /// # Errors
    /// When columns overlap, or rows in a long column do not rise, as MATLAB's do: all of it would
    /// have to be looked through for every part of it.
    fn read_starts(&self) -> Result<Starts, ReadError> {
        /// Rows that are looked at in one go.
        const AT_ONCE: u64 = 1 << 16;
        let starts = self.numbers(self.columns, 0, self.shape[1] as u64 + 1)?;
        if !starts.is_sorted() {
            return Err(outside(&self.shape));
        }
        let stored = u64::from(starts.last().copied().unwrap_or(0));
        let (mut above, mut column, mut rise) = (None, 0, true);
        for first in (0..stored).step_by(AT_ONCE as usize) {
            let rows = self.numbers(self.rows, first, AT_ONCE.min(stored - first))?;
            for (index, row) in (first..).zip(rows) {
                while starts.get(column).is_some_and(|start| u64::from(*start) <= index) {
                    (above, column) = (None, column + 1);
                }
                rise &= above.is_none_or(|above| above < row);
                above = Some(row);
            }
        }
        let longest = starts.windows(2).map(|pair| pair[1] - pair[0]).max().unwrap_or(0);
        if !rise && longest > LONGEST_UNORDERED {
            let why =
                format!("{longest} rows of a sparse column of shape {:?} do not rise", self.shape);
            return Err(ReadError { offset: self.rows.at, len: self.rows.len, why });
        }
        Ok((starts, rise))
    }

    /// The first of the values in a range of one column that lies in that row or below it.
    fn search(&self, row: u64, (mut from, mut to): (u32, u32)) -> Result<u32, ReadError> {
        while from < to {
            let middle = from + (to - from) / 2;
            let found = self.numbers(self.rows, u64::from(middle), 1)?;
            if found.first().is_some_and(|found| u64::from(*found) < row) {
                from = middle + 1;
            } else {
                to = middle;
            }
        }
        Ok(from)
    }

    /// Fills in values from number `first` on, down the columns.
    fn fill(&self, first: u64, out: &mut [u8]) -> Result<(), ReadError> {
        let starts = self.starts.get_or_init(|| self.read_starts());
        let (starts, rise) = starts.as_ref().map_err(ReadError::clone)?;
        out.fill(0);
        let height = self.shape[0].max(1) as u64;
        let end = first + (out.len() / self.width) as u64;
        let columns = (first / height) as usize..end.div_ceil(height) as usize;
        for column in columns {
            let (Some(&from), Some(&to)) = (starts.get(column), starts.get(column + 1)) else {
                return Err(outside(&self.shape));
            };
            // Of a tall column only the part that is asked for.
            let top = column as u64 * height;
            let (from, to) = match rise {
                true => {
                    let from = self.search(first.saturating_sub(top), (from, to))?;
                    (from, self.search((end - top).min(height), (from, to))?)
                }
                false => (from, to),
            };
            let (from, count) = (u64::from(from), u64::from(to - from));
            let rows = self.numbers(self.rows, from, count)?;
            let width = self.width as u64;
            let values = read_vec(&*self.data, self.values.at + from * width, count * width)?;
            for (row, value) in rows.into_iter().zip(values.chunks_exact(self.width)) {
                if u64::from(row) >= height {
                    return Err(outside(&self.shape));
                }
                let number = column as u64 * height + u64::from(row);
                if (first..end).contains(&number) {
                    let at = (number - first) as usize * self.width;
                    out[at..at + self.width].copy_from_slice(value);
                }
            }
        }
        Ok(())
    }
}
