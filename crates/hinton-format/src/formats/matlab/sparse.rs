//! Sparse matrices of MATLAB, shown with their zeros.

use std::sync::Arc;

use hinton_tensor::{Bytes, Dtype, Endian, Memory, ReadError, Tensor, View, element_count};

use super::element::{Element, Elements, dtype_of, kind};
use crate::source::once::Once;
use crate::source::{self, read_vec};
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
    ReadError::damaged(0, 0, format!("a sparse value is outside shape {shape:?}"))
}

/// Numbers of one width, one after another.
pub(super) struct Run {
    data: Arc<dyn Bytes>,
    start: u64,
    /// All their bytes.
    len: u64,
    width: u64,
    endian: Endian,
}

impl Run {
    /// The values of a tensor in the order of storage.
    pub(super) fn of(tensor: &Tensor) -> Run {
        let width = tensor.dtype().bits() / 8;
        let (data, len) = (tensor.data().clone(), tensor.elements().saturating_mul(width));
        Run { data, start: tensor.start(), len, width, endian: tensor.endian() }
    }

    pub(super) fn empty() -> Run {
        let data = Arc::new(Memory::new(Vec::new()));
        Run { data, start: 0, len: 0, width: 8, endian: Endian::Little }
    }

    fn of_element(parts: &Elements, element: Element, width: u64) -> Run {
        let (data, endian) = (parts.data.clone(), parts.endian);
        Run { data, start: element.at, len: element.len, width, endian }
    }

    fn bytes(&self, first: u64, count: u64) -> Result<Vec<u8>, ReadError> {
        read_vec(
            &*self.data,
            self.start + first.saturating_mul(self.width),
            count.saturating_mul(self.width),
        )
    }

    /// Numbers that count something.
    fn numbers(&self, first: u64, count: u64) -> Result<Vec<u64>, ReadError> {
        let number = |bytes: &[u8]| {
            let push = |number: u64, byte: &u8| number << 8 | u64::from(*byte);
            match self.endian {
                Endian::Little => bytes.iter().rev().fold(0, push),
                Endian::Big => bytes.iter().fold(0, push),
            }
        };
        let bytes = self.bytes(first, count)?;
        Ok(bytes.chunks_exact(self.width as usize).map(number).collect())
    }

    fn count(&self) -> u64 {
        self.len / self.width
    }
}

/// A sparse matrix: rows of the values (`ir`), where each column begins among them (`jc`), the values (`pr`).
pub(super) struct Parts {
    pub(super) shape: [usize; 2],
    pub(super) rows: Run,
    pub(super) columns: Run,
    pub(super) values: Run,
}

/// A tensor and what to say of it; a remark in place of it where it is skipped.
pub(super) type Made = Result<(Tensor, String), String>;

/// A sparse array of version 5.
pub(super) fn of_v5(
    parts: &mut Elements,
    name: &str,
    file: &str,
    (dims, complex, logical): (&[usize], bool, bool),
    limits: &Limits,
) -> Result<Made, Error> {
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
    let [ir, jc] = [ir, jc].map(|element| Run::of_element(parts, element, 4));
    // MATLAB calls the values of a logical matrix doubles, and stores a byte of each.
    let counted = jc.numbers(columns as u64, 1)?.first().copied().unwrap_or(0);
    if logical && pr.len < counted.saturating_mul(dtype.bits() / 8) && pr.len >= counted {
        dtype = Dtype::U8;
    }
    let values = Run::of_element(parts, pr, dtype.bits() / 8);
    let parts = Parts { shape: [rows, columns], rows: ir, columns: jc, values };
    filled(parts, name, file, (dtype, logical), limits)
}

/// A sparse matrix with its zeros.
pub(super) fn filled(
    parts: Parts,
    name: &str,
    file: &str,
    (dtype, is_logical): (Dtype, bool),
    limits: &Limits,
) -> Result<Made, Error> {
    let dims = parts.shape;
    let (endian, width) = (parts.values.endian, parts.values.width);
    let last = parts.columns.count().checked_sub(1);
    let stored = last.map(|last| parts.columns.numbers(last, 1)).transpose()?.unwrap_or_default();
    let stored = stored.first().copied().unwrap_or(0);
    if parts.rows.count() < stored || parts.values.count() < stored {
        let message = format!("a sparse matrix of {stored} values in {} bytes", parts.values.len);
        return Err(Error::malformed(message).at_byte(parts.values.start));
    }
    let elements = element_count(&dims).filter(|all| *all <= limits.held_bytes / width);
    let Some(elements) = elements else { return Ok(Err(too_large(stored, &dims))) };
    let values = Sparse { parts, starts: Once::new() };
    let fill = move |first: u64, out: &mut [u8]| values.fill(first, out);
    let data = Arc::new(source::Made::new(elements, width as usize, fill));
    let dtype = match dtype {
        Dtype::U8 | Dtype::I8 if is_logical => Dtype::Bool,
        dtype => dtype,
    };
    let tensor = Tensor::new(name, file, dtype, endian, View::packed_fortran(&dims), 0, data)?;
    Ok(Ok((tensor, word(stored, elements))))
}

/// Most values of a column whose rows are in any order.
const LONGEST_UNORDERED: u64 = 1 << 16;

/// Where each column begins among the values; whether rows rise in every column.
type Starts = (Vec<u64>, bool);

struct Sparse {
    parts: Parts,
    starts: Once<Starts>,
}

impl Sparse {
    /// Where each column begins among the values, and whether rows rise in every column.
    ///
    /// # Errors
    /// Returns an error if columns overlap, or rows in a long column do not rise, as MATLAB's do:
    /// all of it would have to be looked through for every part of it.
    fn read_starts(&self) -> Result<Starts, ReadError> {
        /// Rows that are looked at in one go.
        const AT_ONCE: u64 = 1 << 16;
        let Parts { shape, rows, columns, .. } = &self.parts;
        let starts = columns.numbers(0, shape[1] as u64 + 1)?;
        if !starts.is_sorted() {
            return Err(outside(&self.parts.shape));
        }
        let stored = starts.last().copied().unwrap_or(0);
        let (mut above, mut column, mut rise) = (None, 0, true);
        for first in (0..stored).step_by(AT_ONCE as usize) {
            let rows = rows.numbers(first, AT_ONCE.min(stored - first))?;
            for (index, row) in (first..).zip(rows) {
                while starts.get(column).is_some_and(|start| *start <= index) {
                    (above, column) = (None, column + 1);
                }
                rise &= above.is_none_or(|above| above < row);
                above = Some(row);
            }
        }
        let longest = starts.windows(2).map(|pair| pair[1] - pair[0]).max().unwrap_or(0);
        if !rise && longest > LONGEST_UNORDERED {
            let why = format!("{longest} rows of a sparse column of shape {shape:?} do not rise");
            return Err(ReadError::damaged(rows.start, rows.len, why));
        }
        Ok((starts, rise))
    }

    /// The first of the values in a range of one column that lies in that row or below it.
    fn search(&self, row: u64, (mut from, mut to): (u64, u64)) -> Result<u64, ReadError> {
        while from < to {
            let middle = from + (to - from) / 2;
            let found = self.parts.rows.numbers(middle, 1)?;
            if found.first().is_some_and(|found| *found < row) {
                from = middle + 1;
            } else {
                to = middle;
            }
        }
        Ok(from)
    }

    /// Fills in values from number `first` on, down the columns.
    fn fill(&self, first: u64, out: &mut [u8]) -> Result<(), ReadError> {
        let (starts, rise) = self.starts.get(|| self.read_starts())?;
        out.fill(0);
        let width = self.parts.values.width as usize;
        let height = self.parts.shape[0].max(1) as u64;
        let end = first + (out.len() / width) as u64;
        let columns = (first / height) as usize..end.div_ceil(height) as usize;
        for column in columns {
            let (Some(&from), Some(&to)) = (starts.get(column), starts.get(column + 1)) else {
                return Err(outside(&self.parts.shape));
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
            let rows = self.parts.rows.numbers(from, to - from)?;
            let values = self.parts.values.bytes(from, to - from)?;
            for (row, value) in rows.into_iter().zip(values.chunks_exact(width)) {
                if row >= height {
                    return Err(outside(&self.parts.shape));
                }
                let number = column as u64 * height + row;
                if (first..end).contains(&number) {
                    let at = (number - first) as usize * width;
                    out[at..at + width].copy_from_slice(value);
                }
            }
        }
        Ok(())
    }
}
