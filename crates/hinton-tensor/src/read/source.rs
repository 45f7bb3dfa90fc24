//! Reads sequences of a tensor's elements, from memory or from bytes that must be read.

use std::ops::Range;

use super::spans::spans;
use crate::decode::small;
use crate::{Dtype, Endian, Tensor, TensorError};

/// Most bytes read at once to pick scattered elements from.
const SPAN: u64 = 64 << 10;

/// A tensor's elements by number, as little-endian bytes. Codes narrower than a byte come one to a
/// byte.
pub(crate) struct Source<'t> {
    tensor: &'t Tensor,
    /// Bytes of one element as handed out.
    size: usize,
    /// The tensor's bytes from its lowest element on, where they are addressable.
    memory: Option<&'t [u8]>,
    /// The lowest element.
    low: u64,
}

/// Bytes on loan from a [`Source`], or gathered from it.
#[derive(Default)]
pub(crate) struct Piece<'t> {
    borrowed: Option<&'t [u8]>,
    buffer: Vec<u8>,
    used: usize,
}

impl<'t> Piece<'t> {
    /// The values, packed.
    pub(crate) fn bytes(&self) -> &[u8] {
        self.borrowed.unwrap_or(&self.buffer[..self.used])
    }

    pub(crate) fn lend(&mut self, bytes: &'t [u8]) {
        self.borrowed = Some(bytes);
    }

    /// Room for `len` bytes; what it holds is arbitrary.
    pub(crate) fn room(&mut self, len: usize) -> &mut [u8] {
        self.borrowed = None;
        self.used = len;
        if self.buffer.len() < len {
            self.buffer.resize(len, 0);
        }
        &mut self.buffer[..len]
    }
}

impl<'t> Source<'t> {
    /// The elements of a tensor, which will be read: data that lies far away is told so.
    pub(crate) fn new(tensor: &'t Tensor) -> Self {
        let source = Source::untold(tensor);
        source.tell();
        source
    }

    /// Tells data that lies far away that all elements will be read.
    pub(crate) fn tell(&self) {
        if self.memory.is_none() {
            self.tensor.data().will_read(&spans(self.tensor));
        }
    }

    /// Tells data that lies far away which elements will be read, where not all are.
    pub(crate) fn tell_of(&self, elements: impl Iterator<Item = Range<u64>>) {
        let data = self.tensor.data();
        if self.memory.is_some() || data.jump() == 0 {
            return;
        }
        let (start, bits) = (self.tensor.start(), self.tensor.dtype().bits());
        let byte = |element: u64| element.checked_mul(bits);
        let bytes = elements.filter_map(|range| {
            Some(start + byte(range.start)? / 8..start + byte(range.end)?.div_ceil(8))
        });
        data.will_read(&bytes.collect::<Vec<_>>());
    }

    /// The elements of a tensor, of which not all may be read.
    pub(crate) fn untold(tensor: &'t Tensor) -> Self {
        let dtype = tensor.dtype();
        let size = usize::try_from(dtype.bits().div_ceil(8)).unwrap_or(1);
        let reach = tensor.view().reach();
        let (low, high) = reach.unwrap_or((0, 0));
        let memory = reach.and_then(|_| {
            let from = tensor.start().checked_add(dtype.bytes_of(low)?)?;
            let to = tensor.start().checked_add(dtype.bytes_of(high.checked_add(1)?)?)?;
            tensor.data().slice(from..to).filter(|bytes| bytes.len() as u64 == to - from)
        });
        Source { tensor, size, memory, low }
    }

    /// Elements that are read by position even where they are addressable.
    pub(crate) fn read_apart(tensor: &'t Tensor) -> Self {
        Source { memory: None, ..Source::untold(tensor) }
    }

    /// Bytes of one element as handed out.
    pub(crate) fn size(&self) -> usize {
        self.size
    }

    /// Whether no value is narrower than a byte.
    pub(crate) fn is_byte_sized(&self) -> bool {
        self.tensor.dtype().is_byte_sized()
    }

    /// Whether all bytes are addressable.
    pub(crate) fn is_in_memory(&self) -> bool {
        self.memory.is_some()
    }

    /// Tells compressed data that its elements will be read far apart.
    pub(crate) fn will_jump(&self) {
        if self.memory.is_none() {
            self.tensor.data().will_jump();
        }
    }

    /// Whether stripes should be read in order.
    pub(crate) fn is_sequential(&self) -> bool {
        self.memory.is_none() && self.tensor.data().is_sequential()
    }

    /// Elements `first..first + count` without a copy, where they lie in memory as they should.
    pub(crate) fn borrow(&self, first: u64, count: u64) -> Option<&'t [u8]> {
        let as_is = self.tensor.endian() == Endian::Little || self.size == 1;
        if !as_is || !self.tensor.dtype().is_byte_sized() {
            return None;
        }
        let from = self.place(first)?;
        let len = usize::try_from(count).ok()?.checked_mul(self.size)?;
        self.memory?.get(from..from.checked_add(len)?)
    }

    /// Fills `out` with the elements `first`, `first + stride` …
    pub(crate) fn run(&self, first: u64, stride: i64, out: &mut [u8]) -> Result<(), TensorError> {
        if !self.tensor.dtype().is_byte_sized() {
            return self.codes(first, out);
        }
        let count = out.len() / self.size;
        let stride = if count <= 1 { 1 } else { stride };
        match self.memory {
            Some(memory) => {
                let from = self.place(first).unwrap_or(usize::MAX);
                gather(memory, from, stride, self.size, out);
            }
            None if stride == 1 => self.read(first, out)?,
            None => self.pick(first, stride, out)?,
        }
        if self.tensor.endian() == Endian::Big {
            swap(self.tensor.dtype(), out);
        }
        Ok(())
    }

    /// Byte of `memory` where an element lies.
    fn place(&self, element: u64) -> Option<usize> {
        usize::try_from(element.checked_sub(self.low)?).ok()?.checked_mul(self.size)
    }

    fn read(&self, first: u64, out: &mut [u8]) -> Result<(), TensorError> {
        let from = self.tensor.start() + first * self.size as u64;
        self.tensor.data().read_at(from, out).map_err(|error| self.tensor.read_error(error))
    }

    /// Scattered elements by reading: spans that hold several, else one by one.
    fn pick(&self, first: u64, stride: i64, out: &mut [u8]) -> Result<(), TensorError> {
        let step = stride.unsigned_abs().saturating_mul(self.size as u64);
        let at_once = (SPAN / step.max(1)).clamp(1, 1 << 16) as usize;
        let mut span = Vec::new();
        let mut element = first;
        for part in out.chunks_mut(at_once * self.size) {
            let count = part.len() / self.size;
            let reach = (count as u64 - 1) * stride.unsigned_abs();
            let lowest = if stride < 0 { element - reach } else { element };
            span.resize((reach as usize + 1) * self.size, 0);
            self.read(lowest, &mut span)?;
            let from = (element - lowest) as usize * self.size;
            gather(&span, from, stride, self.size, part);
            element = element.wrapping_add_signed(stride.wrapping_mul(count as i64));
        }
        Ok(())
    }

    /// Codes of 4 or 6 bits, one to a byte of `out`.
    fn codes(&self, first: u64, out: &mut [u8]) -> Result<(), TensorError> {
        let bits = self.tensor.dtype().bits();
        // The lowest element begins a byte, and eight codes fill whole bytes: counted from it, parts
        // begin and end at whole bytes.
        let base = self.tensor.start() + self.low * bits / 8;
        let first = first - self.low;
        let head = first % 8;
        let mut packed = Vec::new();
        let mut done = 0;
        while done < out.len() {
            let skip = if done == 0 { head } else { 0 };
            let begin = first + done as u64 - skip;
            let count = (out.len() - done).min((SPAN - skip) as usize);
            let bytes = (skip + count as u64) * bits;
            let from = begin / 8 * bits;
            let len = bytes.div_ceil(8);
            let part: &[u8] = match self.memory {
                Some(memory) => memory.get(from as usize..(from + len) as usize).unwrap_or(&[]),
                None => {
                    packed.resize(len as usize, 0);
                    let read = self.tensor.data().read_at(base + from, &mut packed);
                    read.map_err(|error| self.tensor.read_error(error))?;
                    &packed
                }
            };
            for (index, code) in out[done..done + count].iter_mut().enumerate() {
                *code = small::packed_code(part, bits, skip + index as u64);
            }
            done += count;
        }
        Ok(())
    }
}

/// Copies elements of `size` bytes, `stride` elements apart, the first at byte `from`.
fn gather(bytes: &[u8], from: usize, stride: i64, size: usize, out: &mut [u8]) {
    if stride == 1 {
        if let Some(part) = bytes.get(from..from.saturating_add(out.len())) {
            out.copy_from_slice(part);
        }
        return;
    }
    match size {
        1 => gather_sized::<1>(bytes, from, stride, out),
        2 => gather_sized::<2>(bytes, from, stride, out),
        4 => gather_sized::<4>(bytes, from, stride, out),
        8 => gather_sized::<8>(bytes, from, stride, out),
        _ => gather_sized::<16>(bytes, from, stride, out),
    }
}

fn gather_sized<const N: usize>(bytes: &[u8], from: usize, stride: i64, out: &mut [u8]) {
    let step = (stride as isize).wrapping_mul(N as isize);
    let mut at = from;
    for value in out.as_chunks_mut::<N>().0 {
        if let Some(source) = bytes.get(at..).and_then(|rest| rest.first_chunk::<N>()) {
            *value = *source;
        }
        at = at.wrapping_add_signed(step);
    }
}

/// Turns big-endian values into little-endian ones, or back.
pub(crate) fn swap(dtype: Dtype, bytes: &mut [u8]) {
    // Complex values swap each part on its own.
    let width = if dtype.is_complex() { dtype.bits() / 2 } else { dtype.bits() };
    match width {
        16 => bytes.as_chunks_mut::<2>().0.iter_mut().for_each(|value| value.reverse()),
        32 => bytes.as_chunks_mut::<4>().0.iter_mut().for_each(|value| value.reverse()),
        64 => bytes.as_chunks_mut::<8>().0.iter_mut().for_each(|value| value.reverse()),
        _ => {}
    }
}
