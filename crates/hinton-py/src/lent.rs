//! Memory of Python objects: arrays become tensors in place, without a copy.

use std::ops::Range;
use std::ptr::NonNull;
use std::sync::Arc;

use hinton::errors::ReadError;
use hinton::tensors::{Endian, View};
use hinton::{Bytes, Dtype};
use pyo3::buffer::PyUntypedBuffer;
use pyo3::exceptions::{PyTypeError, PyValueError};
use pyo3::prelude::*;

use crate::checkpoint::MEMORY;
use crate::errors::{raised, with_cure};
use crate::tensor::Tensor;

/// The bytes between the lowest and the highest that an array touches. The buffer keeps the object
/// alive, and its memory where it is, until this is dropped.
struct Lent {
    start: NonNull<u8>,
    len: usize,
    _buffer: PyUntypedBuffer,
}

// The memory is only read, and the buffer that holds it may be released by any thread.
#[allow(unsafe_code)]
unsafe impl Send for Lent {}
#[allow(unsafe_code)]
unsafe impl Sync for Lent {}

impl Lent {
    #[allow(unsafe_code)]
    fn bytes(&self) -> &[u8] {
        // The object promised these bytes by the buffer protocol, and keeps them as long as the buffer
        // lives. Like a mapped file they may be written to by others meanwhile; then values are old or
        // new ones, and the documentation says so.
        unsafe { std::slice::from_raw_parts(self.start.as_ptr(), self.len) }
    }
}

impl Bytes for Lent {
    fn len(&self) -> u64 {
        self.len as u64
    }

    fn slice(&self, range: Range<u64>) -> Option<&[u8]> {
        let start = usize::try_from(range.start).ok()?;
        let end = usize::try_from(range.end).ok()?;
        self.bytes().get(start..end)
    }

    fn read_at(&self, offset: u64, buf: &mut [u8]) -> Result<(), ReadError> {
        let len = buf.len() as u64;
        let end = offset.checked_add(len);
        match end.and_then(|end| self.slice(offset..end)) {
            Some(bytes) => {
                buf.copy_from_slice(bytes);
                Ok(())
            }
            None => Err(ReadError::past_end(offset, len, Bytes::len(self))),
        }
    }

    /// All of the process's memory is one place, so that views of one array are known as such.
    fn place(&self, offset: u64) -> (usize, u64) {
        (0, self.start.addr().get() as u64 + offset)
    }
}

/// What helps where memory can't be read where it lies.
const COPY: &str = "`numpy.ascontiguousarray(…)` copies it into one piece";

/// A tensor of the memory that an object lends by the buffer protocol, of any strides, without a copy.
///
/// `dtype` names the values where the object cannot (bf16 as 16-bit integers). With `scalar` the array of
/// one value that is lent stands for a number without axes, which cannot lend itself.
#[pyfunction]
#[pyo3(signature = (name, object, dtype=None, scalar=false))]
pub(crate) fn lend(
    name: &str,
    object: &Bound<'_, PyAny>,
    dtype: Option<&str>,
    scalar: bool,
) -> PyResult<Tensor> {
    let buffer = PyUntypedBuffer::get(object)?;
    if buffer.suboffsets().is_some_and(|offsets| offsets.iter().any(|&offset| offset >= 0)) {
        let error =
            PyTypeError::new_err(format!("{name:?}: its values lie in many pieces of memory"));
        return Err(with_cure(error, Some(COPY)));
    }
    let (of_format, endian) = of_format(&buffer.format().to_string_lossy(), buffer.item_size());
    let dtype = match dtype {
        Some(name) => Dtype::from_name(name),
        None => of_format,
    };
    let size = buffer.item_size();
    let dtype = dtype.filter(|dtype| dtype.bits() == size as u64 * 8).ok_or_else(|| {
        let error = PyTypeError::new_err(format!(
            "{name:?}: values of {size} bytes of the format {:?} are not numbers that hinton knows",
            buffer.format().to_string_lossy()
        ));
        with_cure(error, Some("`numpy.asarray(…).astype(float)` makes numbers of it"))
    })?;
    let shape = buffer.shape();
    let bytes = Reach::of(shape, buffer.strides(), size).ok_or_else(|| {
        let message = format!("{name:?}: its strides are not multiples of the size of its values");
        with_cure(PyValueError::new_err(message), Some(COPY))
    })?;
    let view = View {
        shape: if scalar { Vec::new() } else { shape.to_vec() },
        strides: if scalar { Vec::new() } else { bytes.strides },
        offset: bytes.before as u64 / size as u64,
    };
    let first = buffer.buf_ptr().cast::<u8>().wrapping_sub(bytes.before);
    let start = NonNull::new(first).unwrap_or(NonNull::dangling());
    let data = Arc::new(Lent { start, len: bytes.len, _buffer: buffer });
    let made = hinton::Tensor::new(name, MEMORY, dtype, endian, view, 0, data);
    Ok(Tensor::whole(made.map_err(|error| raised(error.into()))?))
}

/// Which bytes around its first value an array touches.
struct Reach {
    /// Bytes before the first value.
    before: usize,
    /// Bytes in all.
    len: usize,
    /// Strides in values.
    strides: Vec<i64>,
}

impl Reach {
    /// `None` where strides are no multiples of the values' size, or pass the address space.
    fn of(shape: &[usize], strides: &[isize], size: usize) -> Option<Reach> {
        let size = isize::try_from(size).ok().filter(|size| *size > 0)?;
        let (mut low, mut high) = (0isize, size);
        let mut in_values = Vec::with_capacity(strides.len());
        let is_empty = shape.contains(&0);
        for (&axis, &stride) in shape.iter().zip(strides) {
            // The stride of an axis of one position means nothing.
            let stride = if axis > 1 { stride } else { 0 };
            if stride % size != 0 {
                return None;
            }
            in_values.push(i64::try_from(stride / size).ok()?);
            let span = stride.checked_mul(isize::try_from(axis.saturating_sub(1)).ok()?)?;
            low = low.checked_add(span.min(0))?;
            high = high.checked_add(span.max(0))?;
        }
        if is_empty {
            return Some(Reach { before: 0, len: 0, strides: in_values });
        }
        let len = usize::try_from(high.checked_sub(low)?).ok()?;
        Some(Reach { before: low.unsigned_abs(), len, strides: in_values })
    }
}

/// The dtype and byte order of a format of the module `struct`, for values of that size.
fn of_format(format: &str, size: usize) -> (Option<Dtype>, Endian) {
    let (order, kind) = match format.as_bytes() {
        [order @ (b'<' | b'>' | b'=' | b'@' | b'!'), kind @ ..] => (*order, kind),
        kind => (b'@', kind),
    };
    let native = if cfg!(target_endian = "big") { Endian::Big } else { Endian::Little };
    let endian = match order {
        b'<' => Endian::Little,
        b'>' | b'!' => Endian::Big,
        _ => native,
    };
    let dtype = match (kind, size) {
        (b"?", 1) => Some(Dtype::Bool),
        (b"e", 2) => Some(Dtype::F16),
        (b"f", 4) => Some(Dtype::F32),
        (b"d", 8) => Some(Dtype::F64),
        (b"Zf", 8) => Some(Dtype::C64),
        (b"Zd", 16) => Some(Dtype::C128),
        (b"b" | b"h" | b"i" | b"l" | b"q" | b"n", 1) => Some(Dtype::I8),
        (b"b" | b"h" | b"i" | b"l" | b"q" | b"n", 2) => Some(Dtype::I16),
        (b"b" | b"h" | b"i" | b"l" | b"q" | b"n", 4) => Some(Dtype::I32),
        (b"b" | b"h" | b"i" | b"l" | b"q" | b"n", 8) => Some(Dtype::I64),
        (b"B" | b"H" | b"I" | b"L" | b"Q" | b"N", 1) => Some(Dtype::U8),
        (b"B" | b"H" | b"I" | b"L" | b"Q" | b"N", 2) => Some(Dtype::U16),
        (b"B" | b"H" | b"I" | b"L" | b"Q" | b"N", 4) => Some(Dtype::U32),
        (b"B" | b"H" | b"I" | b"L" | b"Q" | b"N", 8) => Some(Dtype::U64),
        _ => None,
    };
    (dtype, endian)
}
