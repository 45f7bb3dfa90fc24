//! MAT-files of version 4: matrices one after another, each with a header of 20 bytes.

use std::sync::Arc;

use hinton_tensor::{Bytes, Dtype, Endian, Tensor, View, decode_f64, element_count};

use super::sparse;
use crate::formats::notes::{Skipped, distinct};
use crate::source::{Cursor, Made, read_vec};
use crate::{Checkpoint, Error, ErrorKind, Head, Input, Limits};

/// Bytes of a header, without the name behind it.
const HEADER: u64 = 20;
/// Longest name, its end included; MATLAB's own limit then was 20.
const NAME: u32 = 256;
/// Most characters of a text that becomes metadata.
const TEXT: u64 = 1 << 16;

/// A matrix's header.
struct Matrix {
    endian: Endian,
    dtype: Dtype,
    kind: u32,
    rows: u64,
    columns: u64,
    complex: bool,
    /// Bytes of the name, its end included.
    name: u32,
}

/// The header in these bytes; nothing where a number in it cannot be.
fn matrix(bytes: &[u8]) -> Option<Matrix> {
    let numbers: Vec<[u8; 4]> = bytes.get(..HEADER as usize)?.as_chunks::<4>().0.to_vec();
    let number = |endian, at: usize| match endian {
        Endian::Little => u32::from_le_bytes(numbers[at]),
        Endian::Big => u32::from_be_bytes(numbers[at]),
    };
    // Thousands are the machine: 0 and 1 are today's floats, small end or big end first.
    let endian = match (number(Endian::Little, 0), number(Endian::Big, 0)) {
        (0..1000, _) => Endian::Little,
        (_, 1000..2000) => Endian::Big,
        _ => return None,
    };
    let (kind, rows, columns) = (number(endian, 0) % 1000, number(endian, 1), number(endian, 2));
    let (complex, name) = (number(endian, 3), number(endian, 4));
    let dtype = *[Dtype::F64, Dtype::F32, Dtype::I32, Dtype::I16, Dtype::U16, Dtype::U8]
        .get((kind / 10) as usize)?;
    let fits = kind % 10 <= 2 && complex <= 1 && (2..=NAME).contains(&name);
    fits.then_some(Matrix {
        endian,
        dtype,
        kind: kind % 10,
        rows: rows.into(),
        columns: columns.into(),
        complex: complex == 1,
        name,
    })
}

/// Whether a file that starts like this holds such a matrix: its header, a name, and room for values.
pub(super) fn is_v4(head: &Head<'_>) -> bool {
    let Some(matrix) = matrix(head.bytes) else { return false };
    let Some(name) =
        head.bytes.get(HEADER as usize..).and_then(|rest| rest.get(..matrix.name as usize))
    else {
        return false;
    };
    let Some((0, name)) = name.split_last() else { return false };
    let named = name.first().is_some_and(u8::is_ascii_alphabetic)
        && name.iter().all(|byte| byte.is_ascii_alphanumeric() || *byte == b'_');
    let needs = matrix.bytes().and_then(|bytes| bytes.checked_add(HEADER + u64::from(matrix.name)));
    named && needs.is_some_and(|needs| head.len.is_none_or(|len| needs <= len))
}

impl Matrix {
    /// Bytes of its values, of both parts where they are complex.
    fn bytes(&self) -> Option<u64> {
        let part = self.dtype.bytes_of(self.rows.checked_mul(self.columns)?)?;
        part.checked_mul(if self.complex { 2 } else { 1 })
    }
}

/// Adds the matrices of a file.
pub(super) fn open(
    input: &Input,
    limits: &Limits,
    checkpoint: &mut Checkpoint,
) -> Result<(), Error> {
    let mut skipped = Skipped::default();
    checkpoint.metadata.push(("header".to_owned(), "MATLAB 4".to_owned()));
    let mut cursor = Cursor::whole(&*input.data, Endian::Little);
    while cursor.left() > 0 {
        let at = cursor.at();
        let damaged = |message: &str| {
            Error::malformed(message)
                .at_byte(at)
                .cure("the file is cut or damaged: download or copy it again")
        };
        let header = cursor.take(HEADER, "a header")?.into_owned();
        let matrix = matrix(&header).ok_or_else(|| damaged("there is no header of a matrix"))?;
        let name = cursor.take(matrix.name.into(), "a name")?;
        let name = name.split(|byte| *byte == 0).next().unwrap_or(&[]);
        let name = String::from_utf8_lossy(name).into_owned();
        let bytes = matrix.bytes().ok_or_else(|| damaged("a matrix of too many values"))?;
        let start = cursor.at();
        cursor.skip(bytes, "its values").map_err(|error| error.for_tensor(&*name))?;
        if checkpoint.tensors.len() >= limits.tensors {
            let message = format!("there are more than {} matrices", limits.tensors);
            return Err(Error::new(ErrorKind::Limit, message));
        }
        match matrix.kind {
            1 => match text(input, &matrix, start)? {
                Some(text) => checkpoint.metadata.push((name, text)),
                None => skipped.add(name, "skipped: texts of more than one line"),
            },
            2 => match triplets(input, &matrix, start, &name, limits)? {
                Ok((tensor, word)) => {
                    checkpoint.tensors.push(tensor);
                    skipped.add(name, word);
                }
                Err(why) => skipped.add(name, why),
            },
            _ => checkpoint.tensors.push(numbers(input, &matrix, start, name)?),
        }
    }
    checkpoint.warnings.extend(skipped.warnings());
    distinct(&mut checkpoint.tensors, &mut checkpoint.warnings);
    Ok(())
}

/// A matrix of numbers; the imaginary parts of complex ones lie behind the real ones.
fn numbers(input: &Input, matrix: &Matrix, start: u64, name: String) -> Result<Tensor, Error> {
    let view = View::packed_fortran(&[matrix.rows as usize, matrix.columns as usize]);
    let whole = input.data.clone();
    let half = matrix.bytes().unwrap_or(0) / 2;
    let width = (matrix.dtype.bits() / 8) as usize;
    let (dtype, start, data): (_, _, Arc<dyn Bytes>) = match (matrix.complex, matrix.dtype) {
        (false, dtype) => (dtype, start, whole),
        (true, Dtype::F32 | Dtype::F64) => {
            let dtype = if width == 4 { Dtype::C64 } else { Dtype::C128 };
            let fill = move |first: u64, out: &mut [u8]| {
                let mut part = vec![0; out.len() / 2];
                for (place, start) in [start, start + half].into_iter().enumerate() {
                    whole.read_at(start + first * width as u64, &mut part)?;
                    for (value, from) in
                        out.chunks_exact_mut(2 * width).zip(part.chunks_exact(width))
                    {
                        value[place * width..][..width].copy_from_slice(from);
                    }
                }
                Ok(())
            };
            (dtype, 0, Arc::new(Made::new(half / width as u64, 2 * width, fill)))
        }
        (true, dtype) => {
            let message = format!("complex values of {dtype}: not read");
            return Err(Error::new(ErrorKind::Unsupported, message).for_tensor(name));
        }
    };
    Ok(Tensor::new(name, input.name.as_str(), dtype, matrix.endian, view, start, data)?)
}

/// A line of text: characters as numbers.
fn text(input: &Input, matrix: &Matrix, start: u64) -> Result<Option<String>, Error> {
    if matrix.rows > 1 || matrix.columns > TEXT {
        return Ok(None);
    }
    let values = values(&input.data, matrix, start, matrix.rows * matrix.columns)?;
    let char_of = |value: f64| char::from_u32(value as u32).unwrap_or(char::REPLACEMENT_CHARACTER);
    Ok(Some(values.into_iter().map(char_of).collect()))
}

fn values(
    data: &Arc<dyn Bytes>,
    matrix: &Matrix,
    start: u64,
    count: u64,
) -> Result<Vec<f64>, hinton_tensor::ReadError> {
    let bytes = read_vec(&**data, start, count * matrix.dtype.bits() / 8)?;
    let mut out = vec![0.0; count as usize];
    decode_f64(matrix.dtype, matrix.endian, &bytes, &mut out);
    Ok(out)
}

/// A sparse matrix: columns of rows, columns and values, counted from 1; the last row is the shape.
fn triplets(
    input: &Input,
    matrix: &Matrix,
    start: u64,
    name: &str,
    limits: &Limits,
) -> Result<Result<(Tensor, String), String>, Error> {
    let (count, width) = (matrix.rows, matrix.dtype.bits() / 8);
    if matrix.columns != 3 || matrix.complex || count == 0 {
        return Ok(Err("skipped: a sparse matrix of complex values".to_owned()));
    }
    let one = |at: u64| values(&input.data, matrix, start + at * width, 1).map(|one| one[0]);
    let (rows, columns) = (one(count - 1)?, one(2 * count - 1)?);
    let (stored, shape) = (count - 1, [rows as usize, columns as usize]);
    let Some(elements) = element_count(&shape).filter(|_| rows >= 0.0 && columns >= 0.0) else {
        return Err(Error::malformed("a sparse matrix of an impossible shape").for_tensor(name));
    };
    if elements > limits.held_bytes / 8 {
        return Ok(Err(sparse::too_large(stored, &shape)));
    }
    let (data, own) = (input.data.clone(), matrix.endian);
    let (dtype, whole) = (matrix.dtype, count * 3);
    let make = move || {
        let bytes = read_vec(&*data, start, whole * width)?;
        let mut list = vec![0.0; whole as usize];
        decode_f64(dtype, own, &bytes, &mut list);
        let (rows, rest) = list.split_at(count as usize);
        let (columns, values) = rest.split_at(count as usize);
        let mut out = crate::source::made::zeros(elements * 8)?;
        for ((row, column), value) in rows.iter().zip(columns).zip(values).take(stored as usize) {
            let place = sparse::place((*row - 1.0, *column - 1.0), &shape)?;
            out[place * 8..place * 8 + 8].copy_from_slice(&value.to_le_bytes());
        }
        Ok(out)
    };
    let data = Arc::new(crate::source::Lazy::new(elements * 8, make));
    let (file, view) = (input.name.as_str(), View::packed_fortran(&shape));
    let tensor = Tensor::new(name, file, Dtype::F64, Endian::Little, view, 0, data)?;
    Ok(Ok((tensor, sparse::word(stored, elements))))
}
